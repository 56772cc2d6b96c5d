/* SPDX-License-Identifier: ISC
 *
 * How the loop waits for events.  To put a thread to sleep and to wake it costs
 * both sides, on a virtual machine as much as a whole request.  So a loop that
 * has much to do looks again for a moment before it sleeps; one that has little
 * to do sleeps at once. */
#pragma once
#include <glib.h>
#include <sys/epoll.h>

/* How much of its time a loop was busy, window by window; zeroed at first. */
typedef struct {
  gint64 since, busy; /* us, of the window that goes on */
  gint64 left;        /* when it last left off waiting; 0: never yet */
  gboolean is_busy;   /* as of the last whole window */
} Polling;

/* It begins to wait, at now (us, of a clock that only goes forward). */
void polling_begin (Polling *self, gint64 now);
/* It has waited. */
void polling_end (Polling *self, gint64 now);

typedef int (*PollingFn) (int epoll, struct epoll_event *events, int max,
                          int timeout);
/* As epoll_wait(2), through fn, which is that. */
int polling_wait (Polling *self, PollingFn fn, int epoll,
                  struct epoll_event *events, int max, int timeout);
