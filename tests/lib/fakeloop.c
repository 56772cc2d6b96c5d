/* SPDX-License-Identifier: ISC
 *
 * The fake loop of the unit tests. */
#include "fakeloop.h"

#define STEP 50000

struct LoopTimer {
  gint64 due, interval; /* interval 0: once */
  LoopFn fn;
  gpointer data;
  gboolean is_removed;
};

typedef struct {
  LoopFn fn;
  gpointer data;
  GDestroyNotify destroy;
} Deferred;

struct FakeLoop {
  LoopPort port;
  Clock clock;
  gint64 now, wall; /* wall: to be added */
  GPtrArray *timers;
  GQueue deferred;
};

static gint64
now_cb (gpointer self)
{
  return ((FakeLoop *)self)->now;
}

static gint64
wall_cb (gpointer self)
{
  return ((FakeLoop *)self)->now + ((FakeLoop *)self)->wall;
}

static LoopTimer *
add_timer (FakeLoop *self, guint ms, gboolean is_repeated, LoopFn fn,
           gpointer data)
{
  LoopTimer *timer = g_new0 (LoopTimer, 1);

  timer->due = self->now + (gint64)ms * 1000;
  timer->interval = is_repeated ? (gint64)ms * 1000 : 0;
  timer->fn = fn;
  timer->data = data;
  g_ptr_array_add (self->timers, timer);
  return timer;
}

static LoopTimer *
every_cb (gpointer self, guint ms, LoopFn fn, gpointer data)
{
  return add_timer (self, ms, TRUE, fn, data);
}

static LoopTimer *
after_cb (gpointer self, guint ms, LoopFn fn, gpointer data)
{
  return add_timer (self, ms, FALSE, fn, data);
}

static void
remove_timer_cb (gpointer self, LoopTimer *timer)
{
  timer->is_removed = TRUE;
}

static void
defer_cb (gpointer self, LoopFn fn, gpointer data, GDestroyNotify destroy)
{
  Deferred *deferred = g_new (Deferred, 1);

  deferred->fn = fn;
  deferred->data = data;
  deferred->destroy = destroy;
  g_queue_push_tail (&((FakeLoop *)self)->deferred, deferred);
}

FakeLoop *
fake_loop_new (void)
{
  FakeLoop *self = g_new0 (FakeLoop, 1);

  self->now = 1000 * (gint64)G_USEC_PER_SEC;
  fake_loop_set_wall (self, "2003-12-24T16:00:00Z");
  self->timers = g_ptr_array_new_with_free_func (g_free);
  self->clock.now = now_cb;
  self->clock.wall = wall_cb;
  self->clock.self = self;
  self->port.self = self;
  self->port.every = every_cb;
  self->port.after = after_cb;
  self->port.remove_timer = remove_timer_cb;
  self->port.defer = defer_cb;
  return self;
}

static void
sweep (FakeLoop *self)
{
  for (guint i = self->timers->len; i-- > 0;) {
    LoopTimer *timer = g_ptr_array_index (self->timers, i);

    if (timer->is_removed)
      g_ptr_array_remove_index (self->timers, i);
  }
}

void
fake_loop_free (FakeLoop *self)
{
  sweep (self);
  g_assert_cmpuint (self->timers->len, ==, 0);
  g_assert_cmpuint (self->deferred.length, ==, 0);
  g_ptr_array_unref (self->timers);
  g_free (self);
}

LoopPort *
fake_loop_port (FakeLoop *self)
{
  return &self->port;
}

const Clock *
fake_loop_clock (FakeLoop *self)
{
  return &self->clock;
}

void
fake_loop_set_wall (FakeLoop *self, const char *time)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_iso8601 (time, NULL);

  g_assert_nonnull (at);
  self->wall = g_date_time_to_unix (at) * G_USEC_PER_SEC - self->now;
}

void
fake_loop_settle (FakeLoop *self)
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
fire (FakeLoop *self, LoopTimer *timer)
{
  if (timer->interval > 0)
    timer->due += timer->interval;
  else
    timer->is_removed = TRUE;
  timer->fn (timer->data);
}

void
fake_loop_run (FakeLoop *self, double seconds)
{
  gint64 end = self->now + (gint64)(seconds * G_USEC_PER_SEC);

  fake_loop_settle (self);
  while (self->now < end) {
    self->now = MIN (end, self->now + STEP);
    for (guint i = 0; i < self->timers->len; i++) {
      LoopTimer *timer = g_ptr_array_index (self->timers, i);

      while (!timer->is_removed && timer->due <= self->now)
        fire (self, timer);
    }
    sweep (self);
    fake_loop_settle (self);
  }
}
