/* SPDX-License-Identifier: ISC */
#include "sip/polling.h"

#define WINDOW ((gint64)10000) /* us */
#define BUSY 75                /* per cent of a window */
#define PATIENCE ((gint64)200) /* us that it looks again before it sleeps */

void
polling_begin (Polling *self, gint64 now)
{
  if (self->left == 0) {
    self->since = now;
    return;
  }
  self->busy += now - self->left;
  if (now - self->since < WINDOW)
    return;
  self->is_busy = self->busy * 100 >= (now - self->since) * BUSY;
  self->since = now;
  self->busy = 0;
}

void
polling_end (Polling *self, gint64 now)
{
  self->left = now;
}

/* Something came, or it is time to sleep. */
static int
look_again (PollingFn fn, int epoll, struct epoll_event *events, int max,
            gint64 until)
{
  int n;

  do
    n = fn (epoll, events, max, 0);
  while (n == 0 && g_get_monotonic_time () < until);
  return n;
}

int
polling_wait (Polling *self, PollingFn fn, int epoll,
              struct epoll_event *events, int max, int timeout)
{
  gint64 now = g_get_monotonic_time ();
  int n = 0;

  polling_begin (self, now);
  if (self->is_busy && timeout != 0)
    n = look_again (fn, epoll, events, max, now + PATIENCE);
  if (n == 0)
    n = fn (epoll, events, max, timeout);
  polling_end (self, g_get_monotonic_time ());
  return n;
}
