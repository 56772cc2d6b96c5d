/* SPDX-License-Identifier: ISC
 *
 * base/: the timer wheel against a plain sorted list, tokens, counters. */
#include "base/counters.h"
#include "base/ids.h"
#include "base/wheel.h"

#include <string.h>

#define SEC ((gint64)G_USEC_PER_SEC)

typedef struct {
  WheelTimer timer; /* first, so that a timer is its item */
  gint64 fired;
} Item;

typedef struct {
  gint64 now;
  guint fired;
} Run;

static void
fire_cb (WheelTimer *timer, gpointer data)
{
  Run *run = data;

  ((Item *)timer)->fired = run->now;
  run->fired++;
}

static void
test_wheel_never_early (void)
{
  Run run = { .now = 5 * SEC };
  g_autoptr (Wheel) wheel = wheel_new (run.now, fire_cb, &run);
  const gint64 delays[]
      = { 0, 200000, 1 * SEC, 3 * SEC, 17 * SEC, 3600 * SEC, 86400 * 30 * SEC };
  Item items[G_N_ELEMENTS (delays)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    wheel_arm (wheel, &items[i].timer, run.now + delays[i]);
  g_assert_cmpuint (wheel_size (wheel), ==, G_N_ELEMENTS (delays));
  for (guint i = 0; i < G_N_ELEMENTS (delays); i++) {
    run.now = 5 * SEC + delays[i] - 1;
    wheel_advance (wheel, run.now);
    if (delays[i] > 0)
      g_assert_cmpint (items[i].fired, ==, 0);
    run.now = 5 * SEC + delays[i] + 2 * 65536;
    wheel_advance (wheel, run.now);
    g_assert_cmpint (items[i].fired, !=, 0);
  }
  g_assert_cmpuint (wheel_size (wheel), ==, 0);
}

static void
test_wheel_random (void)
{
  enum { N = 2000 };
  Run run = { .now = 1 };
  g_autoptr (Wheel) wheel = wheel_new (run.now, fire_cb, &run);
  g_autofree Item *items = g_new0 (Item, N);
  guint cancelled = 0;

  for (guint i = 0; i < N; i++)
    wheel_arm (wheel, &items[i].timer,
               (gint64)g_test_rand_int_range (0, 40000) * 100000);
  for (guint i = 0; i < N; i += 3, cancelled++)
    wheel_cancel (wheel, &items[i].timer);
  for (guint i = 1; i < N; i += 3) /* moved */
    wheel_arm (wheel, &items[i].timer, items[i].timer.due + 77 * SEC);
  while (run.now < 4200 * SEC) {
    run.now += g_test_rand_int_range (1, 9000000);
    wheel_advance (wheel, run.now);
    for (guint i = 0; i < N; i++)
      if (items[i].fired == run.now)
        g_assert_cmpint (items[i].timer.due, <=, run.now);
      else if (items[i].fired == 0 && i % 3 != 0)
        g_assert_cmpint (items[i].timer.due, >, run.now - 2 * 65536);
  }
  g_assert_cmpuint (run.fired, ==, N - cancelled);
}

typedef struct {
  Item a, b;
  Wheel *wheel;
  guint calls;
} Pair;

static void
cancel_other_cb (WheelTimer *timer, gpointer data)
{
  Pair *pair = data;

  pair->calls++;
  wheel_cancel (pair->wheel, &pair->a.timer);
  wheel_cancel (pair->wheel, &pair->b.timer);
}

static void
test_wheel_cancel_in_callback (void)
{
  Pair pair = { 0 };
  g_autoptr (Wheel) wheel = wheel_new (0, cancel_other_cb, &pair);

  pair.wheel = wheel;
  wheel_arm (wheel, &pair.a.timer, 10);
  wheel_arm (wheel, &pair.b.timer, 10);
  wheel_advance (wheel, SEC);
  g_assert_cmpuint (pair.calls, ==, 1);
  g_assert_cmpuint (wheel_size (wheel), ==, 0);
}

static void
test_token (void)
{
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 5000; i++) {
    char *token = rc_token_new (100);

    g_assert_cmpuint (strlen (token), ==, 20);
    g_assert_cmpuint (strspn (token, "abcdefghijklmnopqrstuvwxyz234567"), ==,
                      20);
    g_assert_true (g_hash_table_add (seen, token));
  }
}

/* Neighbours in time are neighbours in order, and none is another. */
static void
test_token_dated (void)
{
  char before[RC_TOKEN_DATE + 60 / 5 + 1] = "", token[sizeof before];

  for (gint64 second = 32766; second < 32770; second++) {
    rc_token_fill_dated (token, 60, second);
    g_assert_cmpuint (strlen (token), ==, RC_TOKEN_DATE + 12);
    g_assert_cmpuint (strspn (token, "abcdefghijklmnopqrstuvwxyz234567"), ==,
                      RC_TOKEN_DATE + 12);
    g_assert_cmpint (strcmp (before, token), <, 0);
    strcpy (before, token);
    rc_token_fill_dated (token, 60, second);
    g_assert_cmpint (strncmp (before, token, RC_TOKEN_DATE), ==, 0);
    g_assert_cmpstr (before, !=, token);
  }
}

static void
sum_cb (const char *name, gint64 value, gpointer data)
{
  *(gint64 *)data += value;
}

static void
test_counters (void)
{
  g_autoptr (Counters) counters = counters_new ();
  gint64 sum = 0, *cell = counters_cell (counters, "a");

  (*cell)++;
  counters_add (counters, "a", 2);
  counters_add (counters, "b", 5);
  g_assert_true (cell == counters_cell (counters, "a"));
  counters_foreach (counters, sum_cb, &sum);
  g_assert_cmpint (sum, ==, 8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/wheel/never-early", test_wheel_never_early);
  g_test_add_func ("/base/wheel/random", test_wheel_random);
  g_test_add_func ("/base/wheel/cancel-in-callback",
                   test_wheel_cancel_in_callback);
  g_test_add_func ("/base/ids/token", test_token);
  g_test_add_func ("/base/ids/token-dated", test_token_dated);
  g_test_add_func ("/base/counters", test_counters);
  return g_test_run ();
}
