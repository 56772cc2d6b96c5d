/* SPDX-License-Identifier: ISC
 *
 * A loop for tests on poll(2). */
#include "tests/lib/testloop.h"

#include <poll.h>

struct LoopWatch {
  int fd;
  LoopEvents events;
  LoopFdFn fn;
  gpointer data;
  gboolean is_gone;
};

struct LoopTimer {
  gint64 due;
  guint interval; /* ms; 0: once */
  LoopFn fn;
  gpointer data;
  gboolean is_gone;
};

typedef struct {
  LoopFn fn;
  gpointer data;
  GDestroyNotify destroy;
} Deferred;

struct TestLoop {
  LoopPort port;
  GPtrArray *watches, *timers; /* removed ones stay till the end of the turn */
  GQueue deferred;
};

static LoopWatch *
add_watch (gpointer loop, int fd, LoopEvents events, LoopFdFn fn, gpointer data)
{
  TestLoop *self = loop;
  LoopWatch *watch = g_new0 (LoopWatch, 1);

  *watch = (LoopWatch){ fd, events, fn, data, FALSE };
  g_ptr_array_add (self->watches, watch);
  return watch;
}

static void
set_events (gpointer loop, LoopWatch *watch, LoopEvents events)
{
  watch->events = events;
}

static void
unwatch (gpointer loop, LoopWatch *watch)
{
  watch->is_gone = TRUE;
}

static LoopTimer *
add_timer (TestLoop *self, guint delay_ms, guint interval_ms, LoopFn fn,
           gpointer data)
{
  LoopTimer *timer = g_new0 (LoopTimer, 1);

  timer->due = g_get_monotonic_time () + (gint64)delay_ms * 1000;
  timer->interval = interval_ms;
  timer->fn = fn;
  timer->data = data;
  g_ptr_array_add (self->timers, timer);
  return timer;
}

static LoopTimer *
every (gpointer loop, guint interval_ms, LoopFn fn, gpointer data)
{
  return add_timer (loop, interval_ms, interval_ms, fn, data);
}

static LoopTimer *
after (gpointer loop, guint delay_ms, LoopFn fn, gpointer data)
{
  return add_timer (loop, delay_ms, 0, fn, data);
}

static void
remove_timer (gpointer loop, LoopTimer *timer)
{
  timer->is_gone = TRUE;
}

static void
defer (gpointer loop, LoopFn fn, gpointer data, GDestroyNotify destroy)
{
  TestLoop *self = loop;
  Deferred *deferred = g_new0 (Deferred, 1);

  deferred->fn = fn;
  deferred->data = data;
  deferred->destroy = destroy;
  g_queue_push_tail (&self->deferred, deferred);
}

static void
run_deferred (TestLoop *self)
{
  Deferred *deferred;

  while ((deferred = g_queue_pop_head (&self->deferred)) != NULL) {
    deferred->fn (deferred->data);
    if (deferred->destroy != NULL)
      deferred->destroy (deferred->data);
    g_free (deferred);
  }
}

static void
run_timers (TestLoop *self)
{
  gint64 now = g_get_monotonic_time ();
  guint n = self->timers->len; /* those added meanwhile: next turn */

  for (guint i = 0; i < n; i++) {
    LoopTimer *timer = g_ptr_array_index (self->timers, i);

    if (timer->is_gone || timer->due > now)
      continue;
    if (timer->interval > 0)
      timer->due = now + (gint64)timer->interval * 1000;
    else
      timer->is_gone = TRUE;
    timer->fn (timer->data);
  }
}

static void
sweep (TestLoop *self)
{
  for (guint i = self->watches->len; i-- > 0;)
    if (((LoopWatch *)g_ptr_array_index (self->watches, i))->is_gone)
      g_ptr_array_remove_index_fast (self->watches, i);
  for (guint i = self->timers->len; i-- > 0;)
    if (((LoopTimer *)g_ptr_array_index (self->timers, i))->is_gone)
      g_ptr_array_remove_index (self->timers, i);
}

static int
wait_for (TestLoop *self, int timeout_ms)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < self->timers->len; i++) {
    LoopTimer *timer = g_ptr_array_index (self->timers, i);
    gint64 left = MAX ((timer->due - now + 999) / 1000, 0);

    timeout_ms = (int)MIN (left, timeout_ms);
  }
  return self->deferred.length > 0 ? 0 : timeout_ms;
}

static void
run_watches (TestLoop *self, const struct pollfd *fds, guint n)
{
  for (guint i = 0; i < n; i++) {
    LoopWatch *watch = g_ptr_array_index (self->watches, i);
    LoopEvents events = 0;

    if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
      events |= LOOP_READ;
    if (fds[i].revents & POLLOUT)
      events |= LOOP_WRITE;
    if (events != 0 && !watch->is_gone)
      watch->fn (watch->fd, events, watch->data);
  }
}

void
test_loop_turn (TestLoop *self, int timeout_ms)
{
  guint n = self->watches->len;
  g_autofree struct pollfd *fds = g_new0 (struct pollfd, n);

  for (guint i = 0; i < n; i++) {
    LoopWatch *watch = g_ptr_array_index (self->watches, i);

    fds[i].fd = watch->fd;
    fds[i].events = (watch->events & LOOP_READ ? POLLIN : 0)
                    | (watch->events & LOOP_WRITE ? POLLOUT : 0);
  }
  if (poll (fds, n, wait_for (self, timeout_ms)) > 0)
    run_watches (self, fds, n);
  run_timers (self);
  run_deferred (self);
  sweep (self);
}

gboolean
test_loop_run_until (TestLoop *self, gboolean (*is_done) (gpointer data),
                     gpointer data, guint timeout_ms)
{
  gint64 end = g_get_monotonic_time () + (gint64)timeout_ms * 1000;

  while (!is_done (data)) {
    if (g_get_monotonic_time () > end)
      return FALSE;
    test_loop_turn (self, 20);
  }
  return TRUE;
}

static gboolean
is_set (gpointer data)
{
  return *(const gboolean *)data;
}

gboolean
test_loop_run_until_set (TestLoop *self, const gboolean *flag, guint timeout_ms)
{
  return test_loop_run_until (self, is_set, (gpointer)flag, timeout_ms);
}

LoopPort *
test_loop_port (TestLoop *self)
{
  return &self->port;
}

TestLoop *
test_loop_new (void)
{
  TestLoop *self = g_new0 (TestLoop, 1);

  self->watches = g_ptr_array_new_with_free_func (g_free);
  self->timers = g_ptr_array_new_with_free_func (g_free);
  self->port = (LoopPort){ .self = self,
                           .watch = add_watch,
                           .set_events = set_events,
                           .unwatch = unwatch,
                           .every = every,
                           .after = after,
                           .remove_timer = remove_timer,
                           .defer = defer };
  return self;
}

void
test_loop_free (TestLoop *self)
{
  if (self == NULL)
    return;
  run_deferred (self);
  g_ptr_array_unref (self->watches);
  g_ptr_array_unref (self->timers);
  g_free (self);
}

static gint64
now_cb (gpointer self)
{
  return g_get_monotonic_time ();
}

const Clock *
test_clock (void)
{
  static const Clock clock = { now_cb, NULL, NULL };

  return &clock;
}
