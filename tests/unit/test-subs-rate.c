/* SPDX-License-Identifier: ISC
 *
 * subs/: rates of NOTIFYs (RFC 6446), NOTIFYs that would say nothing new, and
 * watchers who have the newest state already (RFC 5839), on a fake clock. */
#include "subs-world.h"

#include <string.h>

/* Subscribed with this Event, committed, first NOTIFY answered. */
static World *
world_rated (const char *event, gint64 expires)
{
  World *w = world_new ();

  w->event = event;
  world_subscribe (w, expires, SUBS_ACTIVE);
  world_commit (w);
  world_answer (w, SUBS_NOTIFY_OK, 0);
  return w;
}

static void
expect_rates (World *w, const char *text)
{
  g_autofree char *rates = sub_rates (w->sub);

  g_assert_cmpstr (rates, ==, text);
}

/* 9.2, and what is granted of it: 5.3, 6.3, 8. */
static void
test_grant (void)
{
  static const struct {
    const char *event, *rates;
  } rows[] = {
    { "presence", NULL },
    { "presence;max-rate=0.2", ";max-rate=0.2" },
    { "presence; max-rate = 12.5 ;id=7", ";max-rate=12.5" },
    { "presence;MAX-RATE=1", ";max-rate=1" },
    { "presence;max-rate=0.0000000001", ";max-rate=0.0016666667" },
    { "presence;max-rate=0", NULL },
    { "presence;max-rate=100", NULL },
    { "presence;max-rate=1.", NULL },
    { "presence;max-rate=-1", NULL },
    { "presence;max-rate=\"1\"", NULL },
    { "presence;max-rate=0.12345678901", NULL },
    { "presence;max-rate", NULL },
    { "presence;max-rates=1", NULL },
    { "presence;min-rate=0.01", ";min-rate=0.01" },
    { "presence;min-rate=50", ";min-rate=0.5" },
    { "presence;adaptive-min-rate=3", ";adaptive-min-rate=0.5" },
    { "presence;max-rate=0.1;min-rate=0.2", ";max-rate=0.1;min-rate=0.1" },
    { "presence;min-rate=0.2;adaptive-min-rate=0.1", ";adaptive-min-rate=0.1" },
    { "presence;min-rate=0.1;adaptive-min-rate=0.2",
      ";min-rate=0.1;adaptive-min-rate=0.2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (World) w = world_rated (rows[i].event, 3600);

    expect_rates (w, rows[i].rates);
    g_assert_null (strstr (sub_dialog (w->sub)->event, "max-rate="));
    g_assert_cmpint (sub_is_shaped (w->sub), ==, rows[i].rates != NULL);
  }
}

/* One NOTIFY at least before it expires (5.3). */
static void
test_expiry (void)
{
  g_autoptr (World) w = world_rated ("presence;id=7;max-rate=0.001", 100);

  expect_rates (w, ";max-rate=0.01");
  subs_shorten (w->subs, w->sub, 50, w->now);
  expect_rates (w, ";max-rate=0.02");
}

/* 5.2: not more often, and the newest when the interval ends. */
static void
test_max_rate (void)
{
  g_autoptr (World) w = world_rated ("presence;id=7;max-rate=0.1", 3600);

  EXPECT (world_changed (w), "");
  EXPECT (world_wait (w, 9), "");
  EXPECT (world_changed (w), "");
  EXPECT (world_wait (w, 1.1), "NOTIFY 2 active 3589 body");
  EXPECT (world_changed (w), "");
  EXPECT (world_wait (w, 20), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "NOTIFY 3 active 3569 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 30), "");
  EXPECT (world_changed (w), "NOTIFY 4 active 3539 body");
  EXPECT (world_changed (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 10.1), "NOTIFY 5 active 3529 body");
}

/* ...but for a SUBSCRIBE, an approval and the end. */
static void
test_exceptions (void)
{
  g_autoptr (World) w = world_new ();

  w->event = "presence;id=7;max-rate=0.01";
  world_subscribe (w, 3600, SUBS_PENDING);
  EXPECT (world_commit (w), "WATCHER pending, NOTIFY 1 pending 3600");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_decide (w, SUBS_ACTIVE, SUBS_NO_REASON),
          "STORE, WATCHER active, NOTIFY 2 active 3600 body");
  world_commit (w);
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_changed (w), "");
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  EXPECT (world_commit (w), "NOTIFY 3 active 3600 body");
  EXPECT (world_changed (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_decide (w, SUBS_TERMINATED, SUBS_REJECTED),
          "WATCHER terminated rejected, NOTIFY 4 terminated rejected");
}

/* An approval while a NOTIFY is in flight does not wait either. */
static void
test_approved_in_flight (void)
{
  g_autoptr (World) w = world_new ();

  w->event = "presence;id=7;max-rate=0.01";
  world_subscribe (w, 3600, SUBS_PENDING);
  world_commit (w);
  EXPECT (world_decide (w, SUBS_ACTIVE, SUBS_NO_REASON),
          "STORE, WATCHER active");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "NOTIFY 2 active 3600 body");
}

/* 5.1: the next SUBSCRIBE changes or removes it; a store keeps it. */
static void
test_update (void)
{
  g_autoptr (World) w = world_rated ("presence;id=7;max-rate=0.1", 3600);

  world_crash (w);
  expect_rates (w, ";max-rate=0.1");
  g_assert_cmpstr (sub_dialog (w->sub)->event, ==, "presence;id=7");
  EXPECT (world_wake (w), "RESERVE 2000");
  EXPECT (world_reserved (w), "NOTIFY 1001 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_changed (w), "");
  w->event = "presence;id=7";
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  expect_rates (w, NULL);
  g_assert_false (sub_is_shaped (w->sub));
  EXPECT (world_commit (w), "NOTIFY 1002 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_changed (w), "NOTIFY 1003 active 3600 body");
}

/* 9.3: by the answer to a NOTIFY. */
static void
test_update_by_answer (void)
{
  g_autoptr (World) w = world_rated ("presence;id=7;max-rate=0.1", 3600);
  g_autoptr (World) plain = world_active ();

  EXPECT (world_changed (w), "");
  subs_set_rates (w->subs, w->sub, "presence;id=7;max-rate=0.5", w->now);
  expect_rates (w, ";max-rate=0.5");
  EXPECT (world_wait (w, 2.2), "NOTIFY 2 active 3597 body");
  subs_set_rates (w->subs, w->sub, "presence;id=8;max-rate=1", w->now);
  expect_rates (w, ";max-rate=0.5");
  subs_set_rates (plain->subs, plain->sub, "presence;id=7;max-rate=1",
                  plain->now);
  expect_rates (plain, NULL);
}

/* 6.2: at least so often, though nothing changed. */
static void
test_min_rate (void)
{
  g_autoptr (World) w = world_rated ("presence;id=7;min-rate=0.05", 3600);

  EXPECT (world_wait (w, 19), "");
  EXPECT (world_wait (w, 1.1), "NOTIFY 2 active 3579 body");
  EXPECT (world_wait (w, 25), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 0.2), "NOTIFY 3 active 3554 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 10), "");
  EXPECT (world_changed (w), "NOTIFY 4 active 3544 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 19), "");
  EXPECT (world_skip (w), "");
  EXPECT (world_wait (w, 1.1), "NOTIFY 5 active 3524 body");
  EXPECT (world_skip (w), ""); /* the next one is due an interval later */
  EXPECT (world_wait (w, 19), "");
  EXPECT (world_wait (w, 1.1), "NOTIFY 5 active 3504 body");
}

static guint
count_sent (World *w, guint seconds, gboolean is_busy)
{
  guint n = 0;

  for (guint i = 0; i < seconds * 10; i++) {
    if (is_busy && i % 5 == 0 && *world_changed (w) != '\0') {
      n++;
      world_answer (w, SUBS_NOTIFY_OK, 0);
    }
    if (*world_wait (w, 0.1) != '\0') {
      n++;
      world_answer (w, SUBS_NOTIFY_OK, 0);
    }
  }
  return n;
}

/* 7: at the rate in the long run; less after many. */
static void
test_adaptive (void)
{
  g_autoptr (World) w
      = world_rated ("presence;id=7;adaptive-min-rate=0.1", 7200);
  guint n = count_sent (w, 500, FALSE);

  g_assert_cmpuint (n, >=, 45);
  g_assert_cmpuint (n, <=, 55);
  g_assert_cmpuint (count_sent (w, 100, TRUE), ==, 200);
  g_assert_cmpuint (count_sent (w, 60, FALSE), <=, 2);
  n = count_sent (w, 1000, FALSE);
  g_assert_cmpuint (n, >=, 60);
  g_assert_cmpuint (n, <=, 120);
}

/* max-rate holds for what min-rate asks for too. */
static void
test_both (void)
{
  g_autoptr (World) w
      = world_rated ("presence;id=7;max-rate=0.1;min-rate=0.1", 3600);

  for (guint i = 0; i < 5; i++) {
    EXPECT (world_changed (w), "");
    EXPECT (world_wait (w, 9.5), "");
    g_assert_true (g_str_has_prefix (world_wait (w, 0.7), "NOTIFY"));
    world_answer (w, SUBS_NOTIFY_OK, 0);
  }
}

/* A device that is away: one try a minute, and max-rate still holds. */
static void
test_suspended (void)
{
  g_autoptr (World) w = world_rated ("presence;id=7;max-rate=0.1", 3600);

  EXPECT (world_wait (w, 11), "");
  EXPECT (world_changed (w), "NOTIFY 2 active 3589 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_wake (w), "");
  EXPECT (world_wait (w, 10.1), "NOTIFY 3 active 3578 body");
}

/* --- Saying nothing new --- */

static void
test_skip (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_skip (w), "");
  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_changed (w), "");
  EXPECT (world_skip (w), "");
  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_skip (w), "");
}

static gboolean
must (const World *w)
{
  for (guint i = 0; i < w->actions->len; i++) {
    const SubsAction *action = &g_array_index (w->actions, SubsAction, i);

    if (action->kind == SUBS_ACT_NOTIFY)
      return action->must;
  }
  g_assert_not_reached ();
}

/* What a SUBSCRIBE asked for must arrive, however many tries it takes. */
static void
test_must (void)
{
  g_autoptr (World) w = world_active ();

  world_changed (w);
  g_assert_false (must (w));
  world_answer (w, SUBS_NOTIFY_OK, 0);
  world_refresh (w, 11, 3600);
  world_commit (w);
  g_assert_true (must (w));
  g_assert_true (sub_is_owed (w->sub));
  world_answer (w, SUBS_NOTIFY_SUSPENDED, 0);
  world_wait (w, 61);
  g_assert_true (must (w));
  world_answer (w, SUBS_NOTIFY_OK, 0);
  g_assert_false (sub_is_owed (w->sub));
  world_changed (w);
  g_assert_false (must (w));
}

/* RFC 5839 6.3: a refresh and an end without NOTIFY. */
static void
test_quiet (void)
{
  g_autoptr (World) w = world_active ();

  w->is_quiet = TRUE;
  EXPECT (world_refresh (w, 11, 600), "OK: STORE");
  EXPECT (world_refresh (w, 11, 600), "REPEAT: ");
  EXPECT (world_commit (w), "");
  EXPECT (world_refresh (w, 11, 600), "REPEAT: ");
  EXPECT (world_wait (w, 100), "");
  EXPECT (world_changed (w), "NOTIFY 2 active 500 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_refresh (w, 12, 0), "OK: STORE");
  EXPECT (world_commit (w), "WATCHER terminated timeout");
  EXPECT (world_refresh (w, 12, 0), "REPEAT: ");
  EXPECT (world_wait (w, 70), "ERASE, FREE");
}

/* What changes between the SUBSCRIBE and its commit is told. */
static void
test_quiet_then_changed (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_changed (w), "");
  w->is_quiet = TRUE;
  EXPECT (world_refresh (w, 11, 600), "OK: STORE");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), ""); /* it has what changed */
  EXPECT (world_changed (w), "NOTIFY 3 active 3600 body");
  EXPECT (world_commit (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
}

static void
test_quiet_while_away (void)
{
  g_autoptr (World) w = world_active ();

  world_changed (w);
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  w->is_quiet = TRUE;
  EXPECT (world_refresh (w, 11, 600), "OK: STORE");
  EXPECT (world_wake (w), "");
  EXPECT (world_commit (w), "");
  EXPECT (world_wait (w, 70), "");
}

/* --- What the caller keeps --- */

static void
clear_cb (gpointer data)
{
  ++*(guint *)data;
}

static void
test_extra (void)
{
  World *w = world_active ();
  guint n = 0;

  g_assert_null (sub_extra (w->sub));
  sub_set_extra (w->sub, NULL, NULL);
  sub_set_extra (w->sub, &n, clear_cb);
  g_assert_true (sub_extra (w->sub) == &n);
  g_assert_true (sub_is_shaped (w->sub));
  sub_set_extra (w->sub, &n, clear_cb);
  g_assert_cmpuint (n, ==, 0);
  sub_set_extra (w->sub, NULL, NULL);
  g_assert_cmpuint (n, ==, 1);
  g_assert_false (sub_is_shaped (w->sub));
  sub_set_extra (w->sub, &n, clear_cb);
  world_free (w);
  g_assert_cmpuint (n, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/subs/rfc6446-9.2/grant", test_grant);
  g_test_add_func ("/subs/rfc6446-5.3/expiry", test_expiry);
  g_test_add_func ("/subs/rfc6446-5.2/max-rate", test_max_rate);
  g_test_add_func ("/subs/rfc6446-5.2/exceptions", test_exceptions);
  g_test_add_func ("/subs/rfc6446-5.2/approved-in-flight",
                   test_approved_in_flight);
  g_test_add_func ("/subs/rfc6446-5.1/update", test_update);
  g_test_add_func ("/subs/rfc6446-9.3/by-answer", test_update_by_answer);
  g_test_add_func ("/subs/rfc6446-6.2/min-rate", test_min_rate);
  g_test_add_func ("/subs/rfc6446-7/adaptive", test_adaptive);
  g_test_add_func ("/subs/rfc6446-8/both", test_both);
  g_test_add_func ("/subs/rfc6446-5.2/suspended", test_suspended);
  g_test_add_func ("/subs/skip/number-is-free", test_skip);
  g_test_add_func ("/subs/rfc6665-4.2.1/must", test_must);
  g_test_add_func ("/subs/rfc5839-6.3/quiet", test_quiet);
  g_test_add_func ("/subs/rfc5839-6.3/then-changed", test_quiet_then_changed);
  g_test_add_func ("/subs/rfc5839-6.3/while-away", test_quiet_while_away);
  g_test_add_func ("/subs/extra", test_extra);
  return g_test_run ();
}
