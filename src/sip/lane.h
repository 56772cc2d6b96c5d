/* SPDX-License-Identifier: ISC
 *
 * How many client transactions may be unanswered at a time on one way out, and
 * who waits for his turn: first come, first served.  Knows nothing of SIP. */
#pragma once
#include <glib.h>

/* nta's cost per retransmission grows with what is unanswered over UDP, and a
 * TCP connection takes 1,000 messages into its queue (stack.md section 1). */
#define LANE_UDP_NOTIFY 2000
#define LANE_UDP_FORWARD 1500
#define LANE_UDP_SILENT 500 /* to who left the last one unanswered */
#define LANE_SUBSCRIBE 500  /* to other domains, however they go */
#define LANE_STREAM 800     /* each connection */

typedef struct {
  guint cap;
  guint64 flow;   /* the connection; 0: not of one connection */
  GQueue waiting; /* links of who waits */
  GQueue sent;    /* links of who is unanswered */
} OutLane;

OutLane *out_lane_new (guint cap, guint64 flow);
/* Both queues must be empty: the links are their owners'. */
void out_lane_free (OutLane *self);

/* Puts link at the end of those who wait. */
void out_lane_join (OutLane *self, GList *link);
/* The next whose turn it is, moved to sent; NULL when nobody waits or the cap
 * is reached. */
GList *out_lane_next (OutLane *self);
/* Takes link, which is in waiting or in sent, out. */
void out_lane_leave (OutLane *self, GList *link, gboolean is_sent);
gboolean out_lane_is_empty (const OutLane *self);
