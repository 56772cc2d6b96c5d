/* SPDX-License-Identifier: ISC
 *
 * sip/loop.h: descriptors, timers and the end of a turn on su_root.  Every test
 * ends by what it waits for; none measures time. */
#include "sip/loop.h"
#include "sip/polling.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  SipLoop *loop;
  LoopPort *port;
  GString *story; /* what happened, one word each */
  int pair[2];
  LoopWatch *watch;
  LoopTimer *timer;
  guint count;
  gint64 past; /* a due time that has been */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->loop = sip_loop_new ();
  f->port = sip_loop_port (f->loop);
  /* su_root looks around every 15 s anyway: not here */
  su_root_set_max_defer (sip_loop_root (f->loop), SU_DURATION_MAX);
  f->story = g_string_new (NULL);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, f->pair), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->watch != NULL)
    f->port->unwatch (f->port->self, f->watch);
  sip_loop_free (f->loop);
  for (int i = 0; i < 2; i++)
    if (f->pair[i] >= 0)
      close (f->pair[i]);
  g_string_free (f->story, TRUE);
}

static void
say (Fixture *f, const char *word)
{
  g_string_append_printf (f->story, "%s%s", f->story->len ? " " : "", word);
}

static void
quit_cb (gpointer data)
{
  Fixture *f = data;

  say (f, "quit");
  sip_loop_quit (f->loop);
}

static void
run (Fixture *f, const char *expected)
{
  sip_loop_run (f->loop);
  g_assert_cmpstr (f->story->str, ==, expected);
}

/* Descriptors */

static void
echo_cb (int fd, LoopEvents events, gpointer data)
{
  Fixture *f = data;
  char c = 0;

  if (events & LOOP_READ) {
    gssize n = read (fd, &c, 1);
    char word[] = { c, 0 };
    say (f, n == 1 ? word : "end");
    if (n != 1)
      sip_loop_quit (f->loop);
  }
  if (events & LOOP_WRITE) {
    say (f, "writable");
    f->port->set_events (f->port->self, f->watch, LOOP_READ);
    g_assert_cmpint (write (f->pair[1], "ab", 2), ==, 2);
    close (f->pair[1]);
    f->pair[1] = -1;
  }
}

/* Level-triggered; a mask of nothing waits; a hang-up is LOOP_READ. */
static void
test_watch (Fixture *f, gconstpointer data)
{
  f->watch = f->port->watch (f->port->self, f->pair[0], 0, echo_cb, f);
  f->port->set_events (f->port->self, f->watch, LOOP_READ | LOOP_WRITE);
  run (f, "writable a b end");
}

static void
unwatch_cb (int fd, LoopEvents events, gpointer data)
{
  Fixture *f = data;

  say (f, "once");
  f->port->unwatch (f->port->self, g_steal_pointer (&f->watch));
  f->port->after (f->port->self, 20, quit_cb, f);
}

static void
test_unwatch_inside (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (write (f->pair[1], "x", 1), ==, 1);
  f->watch
      = f->port->watch (f->port->self, f->pair[0], LOOP_READ, unwatch_cb, f);
  run (f, "once quit");
}

/* The same descriptor twice is refused, not fatal. */
static void
test_watch_twice (Fixture *f, gconstpointer data)
{
  f->watch = f->port->watch (f->port->self, f->pair[0], LOOP_READ, echo_cb, f);
  g_test_expect_message ("sip", G_LOG_LEVEL_WARNING, "cannot watch*");
  g_assert_null (
      f->port->watch (f->port->self, f->pair[0], LOOP_READ, echo_cb, f));
  g_test_assert_expected_messages ();
}

/* Timers */

static void
word_cb (gpointer data)
{
  gpointer *pair = data;

  say (pair[0], pair[1]);
}

static void
test_timer_order (Fixture *f, gconstpointer data)
{
  gpointer a[] = { f, "a" }, b[] = { f, "b" }, c[] = { f, "c" };
  LoopTimer *gone;

  f->port->after (f->port->self, 60, quit_cb, f);
  f->port->after (f->port->self, 40, word_cb, c);
  gone = f->port->after (f->port->self, 10, word_cb, a);
  f->port->after (f->port->self, 20, word_cb, b);
  f->port->after (f->port->self, 0, word_cb, a);
  f->port->remove_timer (f->port->self, gone);
  run (f, "a b c quit");
}

static void
tick_cb (gpointer data)
{
  Fixture *f = data;

  say (f, "tick");
  if (++f->count < 3)
    return;
  f->port->remove_timer (f->port->self, f->timer);
  f->port->after (f->port->self, 30, quit_cb, f);
}

static void
test_timer_every (Fixture *f, gconstpointer data)
{
  f->timer = f->port->every (f->port->self, 5, tick_cb, f);
  run (f, "tick tick tick quit");
}

static void
again_cb (gpointer data)
{
  Fixture *f = data;

  f->port->remove_timer (f->port->self, f->timer); /* itself: harmless */
  if (++f->count == 1000)
    sip_loop_quit (f->loop);
  f->timer = f->port->after (f->port->self, 0, again_cb, f);
}

/* A timer that arms itself with no delay lets the loop go on. */
static void
test_timer_zero (Fixture *f, gconstpointer data)
{
  f->timer = f->port->after (f->port->self, 0, again_cb, f);
  sip_loop_run (f->loop);
  g_assert_cmpuint (f->count, ==, 1000);
}

typedef struct {
  Fixture *f;
  gint64 earliest, latest; /* when it is due: between these */
} Due;

static void
due_cb (gpointer data)
{
  Due *due = data;

  g_assert_cmpint (g_get_monotonic_time (), >=, due->earliest);
  g_assert_cmpint (due->f->past, <=, due->latest);
  due->f->past = MAX (due->f->past, due->earliest);
  due->f->count++;
}

/* The heap under many timers, every third removed again: none early, none
 * before one that was due sooner. */
static void
test_timer_many (Fixture *f, gconstpointer data)
{
  enum { N = 1800 };
  g_autofree Due *dues = g_new0 (Due, N);
  LoopTimer *timers[N];

  for (guint i = 0; i < N; i++) {
    guint delay = (i * 7919) % 50;

    dues[i].f = f;
    dues[i].earliest = g_get_monotonic_time () + delay * 1000;
    timers[i] = f->port->after (f->port->self, delay, due_cb, &dues[i]);
    dues[i].latest = g_get_monotonic_time () + delay * 1000 + 1;
  }
  for (guint i = 0; i < N; i += 3)
    f->port->remove_timer (f->port->self, timers[i]);
  while (f->count < N / 3 * 2)
    su_root_step (sip_loop_root (f->loop), 10);
  g_assert_cmpuint (f->count, ==, N / 3 * 2);
}

static void
never_cb (gpointer data)
{
  g_assert_not_reached ();
}

static void
count_cb (gpointer data)
{
  ++*(guint *)data;
}

/* What is deferred and never runs is destroyed with the loop. */
static void
test_free_deferred (Fixture *f, gconstpointer data)
{
  SipLoop *loop = sip_loop_new ();
  LoopPort *port = sip_loop_port (loop);
  guint n_destroyed = 0;

  port->defer (port->self, never_cb, &n_destroyed, count_cb);
  port->defer (port->self, never_cb, &n_destroyed, NULL);
  sip_loop_free (loop);
  g_assert_cmpuint (n_destroyed, ==, 1);
  f->port->after (f->port->self, 1, quit_cb, f);
}

/* The end of a turn */

static void
second_cb (gpointer data)
{
  say (data, "second");
  sip_loop_quit (((Fixture *)data)->loop);
}

static void
first_cb (gpointer data)
{
  Fixture *f = data;

  say (f, "first");
  f->port->defer (f->port->self, second_cb, f, NULL);
}

/* Nothing else ever happens in these loops: had it waited, it would wait for
 * ever (the test's watchdog). */
static void
test_defer_from_outside (Fixture *f, gconstpointer data)
{
  gpointer a[] = { f, "a" };

  f->port->defer (f->port->self, word_cb, a, NULL);
  f->port->defer (f->port->self, first_cb, f, NULL);
  run (f, "a first second");
}

static void
defer_both_cb (int fd, LoopEvents events, gpointer data)
{
  Fixture *f = data;

  say (f, "event");
  f->port->unwatch (f->port->self, g_steal_pointer (&f->watch));
  f->port->defer (f->port->self, first_cb, f, NULL);
}

static void
test_defer_from_watch (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (write (f->pair[1], "x", 1), ==, 1);
  f->watch
      = f->port->watch (f->port->self, f->pair[0], LOOP_READ, defer_both_cb, f);
  run (f, "event first second");
}

static void
su_timer_cb (SipMagic *magic, su_timer_t *timer, void *data)
{
  Fixture *f = data;

  say (f, "timer");
  f->port->defer (f->port->self, first_cb, f, NULL);
}

/* sofia's own timers run after the hook, right before it waits. */
static void
test_defer_from_sofia_timer (Fixture *f, gconstpointer data)
{
  su_timer_t *timer
      = su_timer_create (su_root_task (sip_loop_root (f->loop)), 5);

  su_timer_set (timer, su_timer_cb, f);
  run (f, "timer first second");
  su_timer_destroy (timer);
}

static void
test_quit_before_run (Fixture *f, gconstpointer data)
{
  sip_loop_quit (f->loop);
  sip_loop_run (f->loop);
  f->port->defer (f->port->self, quit_cb, f, NULL);
  run (f, "quit");
}

/* How the loop waits (sip/polling.h) */

/* Answers `some' at the call that is so many. */
static struct {
  guint n_calls, n_sleeps, some_at;
} waits;

static int
wait_fn (int epoll, struct epoll_event *events, int max, int timeout)
{
  waits.n_calls++;
  waits.n_sleeps += timeout != 0;
  return waits.n_calls >= waits.some_at || timeout != 0;
}

/* It was busy so many per cent of a second; what the test itself takes does not
 * count. */
static Polling
worked (guint percent)
{
  Polling self = { 0 };
  gint64 now = 1;

  for (guint i = 0; i < 1000; i++) {
    polling_begin (&self, now);
    now += 1000 - percent * 10;
    polling_end (&self, now);
    now += percent * 10;
  }
  self.left = 0;
  return self;
}

static void
wait_once (Polling *self, guint some_at, int timeout)
{
  struct epoll_event event;

  waits.n_calls = waits.n_sleeps = 0;
  waits.some_at = some_at;
  g_assert_cmpint (polling_wait (self, wait_fn, 0, &event, 1, timeout), ==,
                   timeout != 0 || some_at == 1);
}

/* One with much to do finds what comes at once without sleeping, and sleeps when
 * nothing comes. */
static void
test_polling_busy (Fixture *f, gconstpointer data)
{
  Polling self = worked (90);

  g_assert_true (self.is_busy);
  wait_once (&self, 1, 1000);
  g_assert_cmpuint (waits.n_sleeps, ==, 0);
  self = worked (90);
  wait_once (&self, G_MAXUINT, 1000);
  g_assert_cmpuint (waits.n_sleeps, ==, 1);
  g_assert_cmpuint (waits.n_calls, >, 1);
}

static void
test_polling_idle (Fixture *f, gconstpointer data)
{
  Polling self = worked (50);

  g_assert_false (self.is_busy);
  wait_once (&self, 2, 1000);
  g_assert_cmpuint (waits.n_calls, ==, 1);
  g_assert_cmpuint (waits.n_sleeps, ==, 1);
}

/* Who does not want to wait does not, and is asked once. */
static void
test_polling_no_wait (Fixture *f, gconstpointer data)
{
  Polling self = worked (90);

  wait_once (&self, G_MAXUINT, 0);
  g_assert_cmpuint (waits.n_calls, ==, 1);
  g_assert_cmpuint (waits.n_sleeps, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  alarm (60);
#define ADD(path, fn)                                                          \
  g_test_add ("/sip/loop/" path, Fixture, NULL, set_up, fn, tear_down)
  ADD ("watch", test_watch);
  ADD ("unwatch-inside", test_unwatch_inside);
  ADD ("watch-twice", test_watch_twice);
  ADD ("timer-order", test_timer_order);
  ADD ("timer-every", test_timer_every);
  ADD ("timer-zero", test_timer_zero);
  ADD ("timer-many", test_timer_many);
  ADD ("defer-from-outside", test_defer_from_outside);
  ADD ("defer-from-watch", test_defer_from_watch);
  ADD ("defer-from-sofia-timer", test_defer_from_sofia_timer);
  ADD ("quit-before-run", test_quit_before_run);
  ADD ("free-deferred", test_free_deferred);
  ADD ("polling-busy", test_polling_busy);
  ADD ("polling-idle", test_polling_idle);
  ADD ("polling-no-wait", test_polling_no_wait);
  return g_test_run ();
}
