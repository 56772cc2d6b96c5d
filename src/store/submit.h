/* SPDX-License-Identifier: ISC
 *
 * What one call of the port's submit asked for, until it is settled. */
#pragma once
#include "store/call.h"

typedef struct {
  Call *call; /* instead of rows; NULL: rows */
  StoreWrite *writes;
  gsize n;
  gboolean is_durable;
  gboolean is_kept; /* its done has been told STORE_AWAY, if there was one */
  StoreDoneFn done; /* NULL: nobody waits (any more) */
  gpointer data;
  gint64 at; /* us */
} Submit;

/* Takes the writes' contents; the array is copied. */
Submit *submit_new (const StoreWrite *writes, gsize n, gboolean is_durable,
                    StoreDoneFn done, gpointer data, gint64 at);
/* Takes the call. */
Submit *submit_new_call (Call *call, gint64 at);
void submit_free (Submit *self);
/* Calls done, or settles the call, once. */
void submit_settle (Submit *self, StoreOutcome outcome);
