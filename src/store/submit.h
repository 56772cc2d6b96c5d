/* SPDX-License-Identifier: ISC
 *
 * What one call of the port's submit asked for, until it is settled. */
#pragma once
#include "port/store.h"

typedef struct {
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
void submit_free (Submit *self);
/* Calls done, once. */
void submit_settle (Submit *self, StoreOutcome outcome);
