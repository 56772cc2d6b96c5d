/* SPDX-License-Identifier: ISC
 *
 * Who waits until everything is written, each for a time of his own. */
#pragma once
#include "port/loop.h"
#include "port/store.h"

typedef struct Flushes Flushes;

Flushes *flushes_new (LoopPort *loop);
/* Nobody is called. */
void flushes_free (Flushes *self);
/* done is called once: by flushes_settle, or with STORE_AWAY after timeout_ms. */
void flushes_add (Flushes *self, guint timeout_ms, StoreDoneFn done,
                  gpointer data);
gboolean flushes_is_empty (const Flushes *self);
/* Everything is written. */
void flushes_settle (Flushes *self);
