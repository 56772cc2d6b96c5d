/* SPDX-License-Identifier: ISC
 *
 * When what waits for PostgreSQL leaves.  Who comes alone waits for nobody; where
 * several came during one batch, the next follows it not sooner than 0.9 ms,
 * unless it has 16 rows: a transaction costs PostgreSQL as much as ten of
 * them. */
#pragma once
#include "port/clock.h"
#include "port/loop.h"

/* So many do not wait for more. */
#define GATHER_ENOUGH 16

typedef struct {
  LoopPort *loop;
  const Clock *clock;
  void (*over) (gpointer data); /* what waits may leave */
  gpointer data;
  gint64 sent_at, until; /* us */
  LoopTimer *timer;
} Gather;

/* loop and clock are borrowed; over is called when gather_holds is no longer
 * true, unless gather_sent or gather_clear came first. */
void gather_init (Gather *self, LoopPort *loop, const Clock *clock,
                  void (*over) (gpointer data), gpointer data);
void gather_clear (Gather *self);

/* Are n rows to wait for more? */
gboolean gather_holds (Gather *self, guint n);
/* A batch leaves; */
void gather_sent (Gather *self);
/* ...and ends, while n wait. */
void gather_ended (Gather *self, guint n);
