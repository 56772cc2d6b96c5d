/* SPDX-License-Identifier: ISC
 *
 * One writing connection and what waits for it: batches in the order of
 * submission, one in flight, rows of one key merged; where requests keep coming
 * they gather for a moment.  DESIGN section 3, rules 3 and 5. */
#pragma once
#include "base/counters.h"
#include "port/clock.h"
#include "port/loop.h"
#include "store/submit.h"

typedef struct Lane Lane;

typedef struct {
  const char *dsn;   /* borrowed */
  const char *calls; /* what prepares the statements of calls, by ';' */
  guint hung_after;  /* ms */
  LoopPort *loop;
  const Clock *clock;
  Counters *counters;
  /* Is it safe to write (the advisory lock is ours)? */
  gboolean (*may_write) (gpointer data);
  /* Calls submit_settle (submit, STORE_AWAY) at the end of the turn; the submit
   * stays the lane's and may be gone by then: done and data are copied. */
  void (*answer_away) (StoreDoneFn done, gpointer done_data, gpointer data);
  /* lane_is_away or lane_is_idle changed; not inside a call but lane_kick. */
  void (*changed) (gpointer data);
  /* Call lane_kick at the end of this turn. */
  void (*wants_kick) (gpointer data);
  gpointer data;
} LaneConfig;

Lane *lane_new (const LaneConfig *config);
/* Nobody is called; what has not been committed is lost. */
void lane_free (Lane *self);
/* Begins to connect. */
void lane_start (Lane *self);

/* Takes it. */
void lane_submit (Lane *self, Submit *submit);
/* Sends the next batch if it can. */
void lane_kick (Lane *self);
/* Time goes on: is PostgreSQL hung?  Forgets what must be on disk by now. */
void lane_tick (Lane *self);

/* PostgreSQL does not answer: rows are kept, waiting has no use. */
gboolean lane_is_away (const Lane *self);
/* Nothing waits or is in flight. */
gboolean lane_is_idle (const Lane *self);
/* Needs lane_tick. */
gboolean lane_is_ticking (const Lane *self);
guint lane_kept (const Lane *self);
/* Adds what this lane has to out. */
void lane_lag (Lane *self, StoreLag *out);
