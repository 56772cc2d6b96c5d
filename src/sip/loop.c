/* SPDX-License-Identifier: ISC
 *
 * The event loop: port/loop.h on sofia's su_root (epoll).  All su time is
 * CLOCK_REALTIME, so our timers stand on one timerfd of CLOCK_MONOTONIC with a
 * heap of their own and do not notice when somebody sets the clock. */
#define G_LOG_DOMAIN "sip"
#include "sip/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct LoopWatch {
  su_root_t *root;
  int fd, index;
  LoopFdFn fn;
  gpointer data;
};

struct LoopTimer {
  gint64 due;      /* microseconds, monotonic */
  gint64 interval; /* 0: once */
  guint64 serial;  /* of equal due, the one armed first is first */
  guint place;     /* in the heap */
  LoopFn fn;
  gpointer data;
};

typedef struct {
  LoopFn fn;
  gpointer data;
  GDestroyNotify destroy;
} Deferred;

struct SipLoop {
  su_root_t *root;
  LoopPort port;
  int timerfd;
  LoopWatch *clock;
  GPtrArray *heap;    /* LoopTimer, a binary heap by due */
  LoopTimer *running; /* the one-shot timer whose fn is being called */
  guint64 serial;
  gint64 armed; /* when timerfd fires; 0: never */
  GArray *deferred, *spare;
  gboolean is_nudged; /* a message to ourselves is under way */
  gboolean is_quitting;
};

/* Descriptors */

static short
poll_mask (LoopEvents events)
{
  return (events & LOOP_READ ? SU_WAIT_IN : 0)
         | (events & LOOP_WRITE ? SU_WAIT_OUT : 0);
}

static int
ready_cb (SipMagic *magic, su_wait_t *wait, void *data)
{
  LoopWatch *watch = data;
  LoopEvents events = 0;

  if (wait->revents & (SU_WAIT_IN | SU_WAIT_ERR | SU_WAIT_HUP))
    events |= LOOP_READ;
  if (wait->revents & SU_WAIT_OUT)
    events |= LOOP_WRITE;
  if (events != 0)
    watch->fn (watch->fd, events, watch->data);
  return 0;
}

static LoopWatch *
loop_watch (gpointer self, int fd, LoopEvents events, LoopFdFn fn,
            gpointer data)
{
  SipLoop *loop = self;
  LoopWatch *watch;
  su_wait_t wait[1] = { SU_WAIT_INIT };

  /* an empty mask is allowed here but not there */
  if (su_wait_create (wait, fd, SU_WAIT_IN) < 0) {
    g_warning ("cannot watch descriptor %d: %s", fd, g_strerror (errno));
    return NULL;
  }
  wait->events = poll_mask (events);
  watch = g_new (LoopWatch, 1);
  *watch = (LoopWatch){ .root = loop->root, .fd = fd, .fn = fn, .data = data };
  watch->index = su_root_register (loop->root, wait, ready_cb, watch, 0);
  if (watch->index < 0) {
    g_warning ("cannot watch descriptor %d: %s", fd, g_strerror (errno));
    g_clear_pointer (&watch, g_free);
  }
  return watch;
}

static void
loop_set_events (gpointer self, LoopWatch *watch, LoopEvents events)
{
  su_root_eventmask (watch->root, watch->index, watch->fd, poll_mask (events));
}

static void
loop_unwatch (gpointer self, LoopWatch *watch)
{
  if (watch == NULL)
    return;
  su_root_deregister (watch->root, watch->index);
  g_free (watch);
}

/* Timers */

static LoopTimer *
heap_at (SipLoop *self, guint place)
{
  return g_ptr_array_index (self->heap, place);
}

static gboolean
is_before (const LoopTimer *a, const LoopTimer *b)
{
  return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

static void
heap_put (SipLoop *self, LoopTimer *timer, guint place)
{
  g_ptr_array_index (self->heap, place) = timer;
  timer->place = place;
}

static void
heap_up (SipLoop *self, LoopTimer *timer, guint place)
{
  for (; place > 0; place = (place - 1) / 2) {
    LoopTimer *parent = heap_at (self, (place - 1) / 2);

    if (is_before (parent, timer))
      break;
    heap_put (self, parent, place);
  }
  heap_put (self, timer, place);
}

static void
heap_down (SipLoop *self, LoopTimer *timer, guint place)
{
  for (;;) {
    guint child = 2 * place + 1;

    if (child >= self->heap->len)
      break;
    if (child + 1 < self->heap->len
        && is_before (heap_at (self, child + 1), heap_at (self, child)))
      child++;
    if (is_before (timer, heap_at (self, child)))
      break;
    heap_put (self, heap_at (self, child), place);
    place = child;
  }
  heap_put (self, timer, place);
}

static void
heap_add (SipLoop *self, LoopTimer *timer)
{
  timer->serial = self->serial++;
  g_ptr_array_add (self->heap, timer);
  heap_up (self, timer, self->heap->len - 1);
}

static void
heap_remove (SipLoop *self, LoopTimer *timer)
{
  guint place = timer->place;
  LoopTimer *last = heap_at (self, self->heap->len - 1);

  g_ptr_array_set_size (self->heap, self->heap->len - 1);
  if (last == timer)
    return;
  if (place > 0 && is_before (last, heap_at (self, (place - 1) / 2)))
    heap_up (self, last, place);
  else
    heap_down (self, last, place);
}

/* Makes timerfd fire for the earliest timer; one that fires too early, because
 * its timer was removed, does no harm. */
static void
arm (SipLoop *self)
{
  struct itimerspec spec = { 0 };
  gint64 due;

  if (self->heap->len == 0)
    return;
  due = heap_at (self, 0)->due;
  if (self->armed != 0 && self->armed <= due)
    return;
  spec.it_value.tv_sec = due / G_USEC_PER_SEC;
  spec.it_value.tv_nsec = (due % G_USEC_PER_SEC) * 1000;
  timerfd_settime (self->timerfd, TFD_TIMER_ABSTIME, &spec, NULL);
  self->armed = due;
}

static void
fire (SipLoop *self, LoopTimer *timer, gint64 now)
{
  heap_remove (self, timer);
  if (timer->interval > 0) {
    timer->due = MAX (timer->due + timer->interval, now + 1);
    heap_add (self, timer);
    timer->fn (timer->data); /* may have freed it */
    return;
  }
  self->running = timer;
  timer->fn (timer->data);
  self->running = NULL;
  g_free (timer);
}

static void
clock_cb (int fd, LoopEvents events, gpointer data)
{
  SipLoop *self = data;
  gint64 now = g_get_monotonic_time ();
  guint64 times;

  if (read (fd, &times, sizeof times) < 0 && errno != EAGAIN)
    g_warning ("timerfd: %s", g_strerror (errno));
  self->armed = 0;
  while (self->heap->len > 0 && heap_at (self, 0)->due <= now)
    fire (self, heap_at (self, 0), now);
  arm (self);
}

static LoopTimer *
timer_new (SipLoop *self, guint delay_ms, gint64 interval, LoopFn fn,
           gpointer data)
{
  LoopTimer *timer = g_new (LoopTimer, 1);

  /* + 1: never due in the very pass of clock_cb that is going on */
  *timer = (LoopTimer){ .due
                        = g_get_monotonic_time () + 1 + (gint64)delay_ms * 1000,
                        .interval = interval,
                        .fn = fn,
                        .data = data };
  heap_add (self, timer);
  arm (self);
  return timer;
}

static LoopTimer *
loop_every (gpointer self, guint interval_ms, LoopFn fn, gpointer data)
{
  gint64 interval = (gint64)MAX (interval_ms, 1) * 1000;

  return timer_new (self, interval_ms, interval, fn, data);
}

static LoopTimer *
loop_after (gpointer self, guint delay_ms, LoopFn fn, gpointer data)
{
  return timer_new (self, delay_ms, 0, fn, data);
}

static void
loop_remove_timer (gpointer self, LoopTimer *timer)
{
  SipLoop *loop = self;

  if (timer == NULL || timer == loop->running)
    return; /* a one-shot inside its own fn: fire frees it */
  heap_remove (loop, timer);
  g_free (timer);
}

/* The end of a turn.  su_root's prepoll hook comes before sofia's messages and
 * timers and then it waits; so whoever defers also sends the loop a message:
 * while one is queued, su_root does not wait. */

static void nudge (SipLoop *self);

static void
nudged_cb (SipMagic *magic, su_msg_r msg, su_msg_arg_t *arg)
{
  SipLoop *self = *(SipLoop **)(void *)arg;

  self->is_nudged = FALSE;
  if (self->deferred->len > 0)
    nudge (self);
}

static void
nudge (SipLoop *self)
{
  su_msg_r msg = SU_MSG_R_INIT;

  if (self->is_nudged)
    return;
  if (su_msg_create (msg, su_root_task (self->root), su_root_task (self->root),
                     nudged_cb, sizeof (SipLoop *))
      < 0)
    g_error ("out of memory");
  *(SipLoop **)(void *)su_msg_data (msg) = self;
  su_msg_send (msg);
  self->is_nudged = TRUE;
}

static void
deferred_clear (gpointer deferred)
{
  Deferred *one = deferred;

  if (one->destroy != NULL)
    one->destroy (one->data);
}

static GArray *
deferred_array_new (void)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (Deferred));

  g_array_set_clear_func (array, deferred_clear);
  return array;
}

static void
loop_defer (gpointer self, LoopFn fn, gpointer data, GDestroyNotify destroy)
{
  SipLoop *loop = self;
  Deferred one = { fn, data, destroy };

  g_array_append_val (loop->deferred, one);
  nudge (loop);
}

static void
end_of_turn_cb (void *data, su_root_t *root)
{
  SipLoop *self = data;
  GArray *now = self->deferred;

  if (now->len == 0)
    return;
  self->deferred = g_steal_pointer (&self->spare);
  if (self->deferred == NULL)
    self->deferred = deferred_array_new ();
  for (guint i = 0; i < now->len; i++) {
    Deferred *one = &g_array_index (now, Deferred, i);
    one->fn (one->data);
  }
  g_array_set_size (now, 0);
  self->spare = now;
}

/* Life */

SipLoop *
sip_loop_new (void)
{
  SipLoop *self = g_new0 (SipLoop, 1);

  signal (SIGPIPE, SIG_IGN); /* sofia's pongs are sent without MSG_NOSIGNAL */
  if (su_init () < 0 || (self->root = su_root_create (NULL)) == NULL)
    g_error ("cannot create the event loop: %s", g_strerror (errno));
  self->timerfd = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (self->timerfd < 0)
    g_error ("timerfd_create: %s", g_strerror (errno));
  self->heap = g_ptr_array_new ();
  self->deferred = deferred_array_new ();
  self->clock = loop_watch (self, self->timerfd, LOOP_READ, clock_cb, self);
  su_root_add_prepoll (self->root, end_of_turn_cb, self);
  self->port = (LoopPort){ .self = self,
                           .watch = loop_watch,
                           .set_events = loop_set_events,
                           .unwatch = loop_unwatch,
                           .every = loop_every,
                           .after = loop_after,
                           .remove_timer = loop_remove_timer,
                           .defer = loop_defer };
  return self;
}

void
sip_loop_free (SipLoop *self)
{
  if (self == NULL)
    return;
  su_root_remove_prepoll (self->root);
  loop_unwatch (self, self->clock);
  g_array_set_size (self->deferred, 0);
  if (self->is_nudged) /* a message that stays behind keeps the root */
    su_root_step (self->root, 0);
  close (self->timerfd);
  su_root_destroy (self->root);
  su_deinit ();
  g_ptr_array_set_free_func (self->heap, g_free);
  g_ptr_array_unref (self->heap);
  g_array_unref (self->deferred);
  if (self->spare != NULL)
    g_array_unref (self->spare);
  g_free (self);
}

LoopPort *
sip_loop_port (SipLoop *self)
{
  return &self->port;
}

su_root_t *
sip_loop_root (SipLoop *self)
{
  return self->root;
}

void
sip_loop_run (SipLoop *self)
{
  if (!self->is_quitting)
    su_root_run (self->root);
  self->is_quitting = FALSE;
}

void
sip_loop_quit (SipLoop *self)
{
  self->is_quitting = TRUE;
  su_root_break (self->root);
}
