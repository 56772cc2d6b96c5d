/* SPDX-License-Identifier: ISC
 *
 * What the two files of a lane share: lane-send.c forms and sends batches, lane.c
 * does the rest. */
#pragma once
#include "store/connection.h"
#include "store/gather.h"
#include "store/kept.h"
#include "store/lane.h"

struct Lane {
  LaneConfig config;
  Connection *connection;
  char *setup;
  Kept *kept;        /* goes first */
  GQueue queue;      /* Submit */
  GPtrArray *flight; /* Submit in order, NULL once settled; NULL: none */
  guint settled;     /* of flight, while replaying */
  gboolean is_replay;
  gint64 sent_at;
  Gather gather;
  gint64 slowest; /* us: of the batches since lane_lag */
  gboolean is_away;
  gboolean has_calls, is_preparing; /* their statements, in this session */
  GQueue statements; /* Call in the order of results, NULL for others */
  GQueue busy;       /* Submit of calls that are to be sent again */
  GQueue recent;     /* Submit committed softly; at is the time of the commit */
  char sqlstate[6];  /* of the first error since the last sync */
  char *error;
  gint64 *n_batches, *n_rows, *n_refused, *n_away, *n_lost;
};

/* Rows of a submit; a call for many counts as so many. */
guint lane_weight (const Submit *submit);
/* What goes next, as many submits as one transaction takes: Submit. */
GPtrArray *lane_take_batch (Lane *self);
/* Sends the flight, whole or (is_replay) each submit by itself. */
void lane_send_flight (Lane *self, gboolean is_replay);
/* Of any of n submits. */
gboolean lane_is_durable (Submit *const *submits, guint n);
gboolean lane_has_call (Submit *const *submits, guint n);
