/* SPDX-License-Identifier: ISC
 *
 * The first load: everything in one snapshot, then told in small portions. */
#pragma once
#include "port/store.h"
#include "store/control.h"

typedef struct Load Load;

typedef struct {
  Control *control;
  LoopPort *loop;
  const Clock *clock;
  StoreLoadFns fns;
  gpointer fns_data;
  /* Everything has been told; `changes` is to be read from horizon on, in that
   * life (changes.h, borrowed) of PostgreSQL. */
  void (*done) (guint64 horizon, const char *life, gpointer data);
  gpointer data;
} LoadConfig;

Load *load_new (const LoadConfig *config);
void load_free (Load *self);
/* Control is ready: begins, or begins again after a loss.  Does nothing once
 * everything has been read. */
void load_start (Load *self);
