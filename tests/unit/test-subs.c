/* SPDX-License-Identifier: ISC
 *
 * subs/: SUBSCRIBEs, expiry and policy on a fake clock, clause by clause.  Each
 * line is one call and all that it wants done. */
#include "subs-world.h"

#include <string.h>

static void
test_first_notify_after_commit (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 3600, SUBS_ACTIVE), "OK: STORE");
  g_assert_cmpuint (w->granted, ==, 3600);
  g_assert_false (sub_is_settled (w->sub));
  g_assert_cmpuint (subs_size (w->subs), ==, 0);
  EXPECT (world_changed (w), "");
  EXPECT (world_commit (w), "WATCHER active, NOTIFY 1 active 3600 body");
  g_assert_true (sub_is_settled (w->sub));
  g_assert_cmpuint (subs_size (w->subs), ==, 1);
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
}

static void
test_pending_has_no_body (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, -1, SUBS_PENDING), "OK: STORE");
  EXPECT (world_commit (w), "WATCHER pending, NOTIFY 1 pending 3600");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_changed (w), "");
  EXPECT (world_decide (w, SUBS_PENDING, 0), "");
}

static void
test_intervals (void)
{
  static const struct {
    gint64 expires;
    const char *want;
    guint granted;
  } rows[] = {
    { -1, "OK: STORE", 3600 },
    { 59, "BRIEF: ", 0 },
    { 1, "BRIEF: ", 0 },
    { 60, "OK: STORE", 60 },
    { 7200, "OK: STORE", 7200 },
    { G_MAXUINT32, "OK: STORE", 7200 },
    { 0, "OK: ", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (World) w = world_new ();
    EXPECT (world_subscribe (w, rows[i].expires, SUBS_ACTIVE), rows[i].want);
    g_assert_cmpuint (w->granted, ==, rows[i].granted);
  }
}

/* RFC 6665 4.2.1.1: 423 only below one hour, whatever the minimum is. */
static void
test_brief_only_below_an_hour (void)
{
  g_autoptr (World) w = world_new ();

  subs_set_limits (w->subs, &(SubsLimits){ .min_expires = 5000,
                                           .max_expires = 7200,
                                           .default_expires = 6000,
                                           .retry_after_timeout = 60,
                                           .tombstone = 64 });
  EXPECT (world_subscribe (w, 3599, SUBS_ACTIVE), "BRIEF: ");
  EXPECT (world_subscribe (w, 3600, SUBS_ACTIVE), "OK: STORE");
}

/* Weeks, whatever max_expires says. */
static void
test_lasting (void)
{
  g_autoptr (World) w = world_new ();
  SubsDialog dialog = world_dialog ();

  dialog.is_lasting = TRUE;
  EXPECT (world_subscribe_as (w, &dialog, 30 * 86400, SUBS_ACTIVE),
          "OK: STORE");
  g_assert_cmpuint (w->granted, ==, 30 * 86400);
  world_commit (w);
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 29 * 86400), "");
  g_assert_cmpuint (subs_size (w->subs), ==, 1);
}

static void
test_refresh_extends (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_wait (w, 3000), "");
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  g_assert_cmpuint (w->granted, ==, 3600);
  EXPECT (world_commit (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 3599), "");
  EXPECT (world_wait (w, 1.2),
          "WATCHER terminated timeout, NOTIFY 3 terminated timeout body");
}

static void
test_refresh_of_pending (void)
{
  g_autoptr (World) w = world_pending ();

  EXPECT (world_refresh (w, 11, 600), "OK: STORE");
  EXPECT (world_commit (w), "NOTIFY 2 pending 600");
}

static void
test_refresh_brief (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_refresh (w, 11, 30), "BRIEF: ");
  EXPECT (world_refresh (w, 11, 60), "OK: STORE");
}

/* No NOTIFY lengthens before the refresh is committed (RFC 6665 4.2.2). */
static void
test_uncommitted_refresh_is_not_told (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_wait (w, 3000), "");
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  EXPECT (world_changed (w), "NOTIFY 2 active 600 body");
  EXPECT (world_commit (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "NOTIFY 3 active 3600 body");
}

static void
test_refresh_under_way_does_not_expire (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_wait (w, 3599), "");
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  EXPECT (world_wait (w, 2), "");
  EXPECT (world_commit (w), "NOTIFY 2 active 3598 body");
}

static void
test_refresh_aborted_keeps_expiry (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_wait (w, 3000), "");
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  EXPECT (world_abort (w), "");
  g_assert_cmpint (sub_expires_at (w->sub), ==, (1000 + 3600) * SEC);
  g_assert_cmpuint (sub_remote_cseq (w->sub), ==, 10);
  EXPECT (world_wait (w, 601),
          "WATCHER terminated timeout, NOTIFY 2 terminated timeout body");
}

/* Two refreshes under way: each commit gives what its own answer said. */
static void
test_two_refreshes_under_way (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_refresh (w, 11, 600), "OK: STORE");
  EXPECT (world_refresh (w, 12, 1200), "OK: STORE");
  EXPECT (world_commit (w), "NOTIFY 2 active 600 body");
  EXPECT (world_abort (w), "");
  g_assert_cmpint (sub_expires_at (w->sub), ==, (1000 + 600) * SEC);
  g_assert_cmpuint (sub_remote_cseq (w->sub), ==, 11);
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
}

static void
test_create_aborted_vanishes (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 3600, SUBS_ACTIVE), "OK: STORE");
  EXPECT (world_abort (w), "ERASE, FREE");
  g_assert_cmpuint (subs_size (w->subs), ==, 0);
  EXPECT (world_changed (w), "");
}

static void
test_shorten (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 3600, SUBS_ACTIVE), "OK: STORE");
  g_assert_cmpuint (subs_shorten (w->subs, w->sub, 120, w->now), ==, 120);
  g_assert_cmpuint (subs_shorten (w->subs, w->sub, 500, w->now), ==, 120);
  EXPECT (world_commit (w), "WATCHER active, NOTIFY 1 active 120 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 121),
          "WATCHER terminated timeout, NOTIFY 2 terminated timeout body");
}

static void
test_cseq_order (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_refresh (w, 9, 3600), "OUT OF ORDER: ");
  EXPECT (world_refresh (w, 10, 3600), "REPEAT: NOTIFY 2 active 3600 body");
  g_assert_cmpuint (w->granted, ==, 3600);
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  EXPECT (world_refresh (w, 11, 3600), "REPEAT: ");
  EXPECT (world_refresh (w, 10, 3600), "OUT OF ORDER: ");
}

static void
test_unsubscribe (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_refresh (w, 11, 0), "OK: STORE");
  g_assert_cmpuint (w->granted, ==, 0);
  EXPECT (world_changed (w), "");
  EXPECT (world_commit (w),
          "WATCHER terminated timeout, NOTIFY 2 terminated timeout body");
  EXPECT (world_changed (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  g_assert_cmpuint (subs_size (w->subs), ==, 0);
}

static void
test_tombstone (void)
{
  g_autoptr (World) w = world_active ();
  g_autoptr (SubsStored) row = NULL;

  EXPECT (world_refresh (w, 11, 0), "OK: STORE");
  row = subs_stored_of (w->sub);
  g_assert_cmpint (row->state, ==, SUBS_TERMINATED);
  g_assert_cmpint (row->expires_at, ==, w->now + 64 * SEC);
  EXPECT (world_refresh (w, 11, 0), "REPEAT: ");
  EXPECT (world_refresh (w, 12, 3600), "GONE: ");
  world_commit (w);
  EXPECT (world_refresh (w, 11, 0), "REPEAT: ");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_refresh (w, 11, 0), "REPEAT: ");
  g_assert_cmpuint (w->granted, ==, 0);
  EXPECT (world_refresh (w, 12, 3600), "GONE: ");
  EXPECT (world_wait (w, 63), "");
  EXPECT (world_wait (w, 1.2), "ERASE, FREE");
  EXPECT (world_refresh (w, 11, 0), "GONE: ");
}

/* RFC 3857 4.7.1: approved is who was pending; who is let in at once only
 * subscribed. */
static void
test_approved (void)
{
  g_autoptr (World) active = world_active (), pending = world_pending ();
  g_autoptr (World) early = world_new ();

  g_assert_false (sub_is_approved (active->sub));
  g_assert_false (sub_is_approved (pending->sub));
  world_decide (pending, SUBS_ACTIVE, SUBS_NO_REASON);
  g_assert_true (sub_is_approved (pending->sub));
  world_decide (pending, SUBS_PENDING, SUBS_NO_REASON);
  g_assert_false (sub_is_approved (pending->sub));
  world_subscribe (early, 3600, SUBS_PENDING);
  world_decide (early, SUBS_ACTIVE, SUBS_NO_REASON);
  world_commit (early);
  g_assert_false (sub_is_approved (early->sub));
}

static void
test_unsubscribe_aborted_goes_on (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_refresh (w, 11, 0), "OK: STORE");
  EXPECT (world_changed (w), "");
  EXPECT (world_abort (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 3601),
          "WATCHER terminated timeout, NOTIFY 3 terminated timeout body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "ERASE, FREE");
}

static void
test_unsubscribe_while_in_flight (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_refresh (w, 11, 0), "OK: STORE");
  EXPECT (world_commit (w), "WATCHER terminated timeout");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0),
          "NOTIFY 3 terminated timeout body");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 5), "");
}

/* The device itself has ended the dialog: nothing follows a 481, and the
 * unsubscription under way is answered all the same. */
static void
test_dead_while_closing (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_refresh (w, 11, 0), "OK: STORE");
  EXPECT (world_answer (w, SUBS_NOTIFY_DEAD, 0), "WATCHER terminated timeout");
  EXPECT (world_commit (w), "");
  EXPECT (world_refresh (w, 11, 0), "REPEAT: ");
  EXPECT (world_wait (w, 65), "ERASE, FREE");
}

static void
test_fetch (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 0, SUBS_ACTIVE), "OK: ");
  g_assert_true (sub_is_fetch (w->sub));
  EXPECT (world_commit_fetch (w), "NOTIFY 1 terminated timeout body");
  EXPECT (world_refresh (w, 10, 0), "REPEAT: ");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "FREE");
}

static void
test_fetch_of_pending (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 0, SUBS_PENDING), "OK: ");
  EXPECT (world_commit_fetch (w), "NOTIFY 1 terminated timeout");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "FREE");
}

static void
test_expiry (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_wait (w, 3600.1),
          "WATCHER terminated timeout, NOTIFY 2 terminated timeout body");
  EXPECT (world_refresh (w, 11, 3600), "GONE: ");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "ERASE, FREE");
}

static void
test_policy (void)
{
  g_autoptr (World) w = world_pending ();

  EXPECT (world_decide (w, SUBS_ACTIVE, 0),
          "STORE, WATCHER active, NOTIFY 2 active 3600 body");
  EXPECT (world_commit (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_decide (w, SUBS_PENDING, 0),
          "STORE, WATCHER pending, NOTIFY 3 pending 3600");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_decide (w, SUBS_TERMINATED, SUBS_REJECTED),
          "WATCHER terminated rejected, NOTIFY 4 terminated rejected");
  EXPECT (world_decide (w, SUBS_ACTIVE, 0), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "ERASE, FREE");
}

static void
test_policy_before_commit (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 3600, SUBS_PENDING), "OK: STORE");
  EXPECT (world_decide (w, SUBS_ACTIVE, 0), "STORE");
  EXPECT (world_commit (w), "WATCHER active, NOTIFY 1 active 3600 body");
  EXPECT (world_commit (w), "");
}

static void
test_held_before_commit (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 3600, SUBS_ACTIVE), "OK: STORE");
  EXPECT (world_decide (w, SUBS_PENDING, 0), "STORE");
  EXPECT (world_commit (w), "WATCHER pending, NOTIFY 1 pending 3600");
}

static void
test_pending_repeated (void)
{
  g_autoptr (World) w = world_pending ();

  EXPECT (world_refresh (w, 10, 3600), "REPEAT: NOTIFY 2 pending 3600");
}

/* A row under way that no SUBSCRIBE waits for delays no NOTIFY. */
static void
test_repeated_beside_decision (void)
{
  g_autoptr (World) w = world_pending ();

  world_decide (w, SUBS_ACTIVE, 0);
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_refresh (w, 10, 3600), "REPEAT: NOTIFY 3 active 3600 body");
}

static void
test_pending_ends (void)
{
  g_autoptr (World) expired = world_pending ();
  g_autoptr (World) away = world_pending ();
  g_autoptr (World) dead = world_pending ();

  EXPECT (world_wait (expired, 3601),
          "WATCHER terminated timeout, NOTIFY 2 terminated timeout");
  EXPECT (world_answer (expired, SUBS_NOTIFY_OK, 0), "ERASE, FREE");
  EXPECT (world_refresh (away, 10, 3600), "REPEAT: NOTIFY 2 pending 3600");
  EXPECT (world_wait (away, 3599), "");
  EXPECT (world_answer (away, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_wait (away, 2), "WATCHER terminated timeout, ERASE, FREE");
  EXPECT (world_refresh (dead, 10, 3600), "REPEAT: NOTIFY 2 pending 3600");
  EXPECT (world_answer (dead, SUBS_NOTIFY_DEAD, 0),
          "WATCHER terminated timeout, ERASE, FREE");
}

/* The policy's word while an unsubscription is under way. */
static void
test_policy_while_closing (void)
{
  g_autoptr (World) allowed = world_pending ();
  g_autoptr (World) held = world_active ();
  g_autoptr (World) refused = world_active ();

  world_refresh (allowed, 11, 0);
  EXPECT (world_decide (allowed, SUBS_ACTIVE, 0), "");
  EXPECT (world_abort (allowed), "NOTIFY 2 active 3600 body");
  world_refresh (held, 11, 0);
  EXPECT (world_decide (held, SUBS_PENDING, 0), "");
  EXPECT (world_commit (held),
          "WATCHER terminated timeout, NOTIFY 2 terminated timeout");
  world_refresh (refused, 11, 0);
  EXPECT (world_decide (refused, SUBS_TERMINATED, SUBS_REJECTED),
          "WATCHER terminated rejected, NOTIFY 2 terminated rejected");
  EXPECT (world_commit (refused), "");
  EXPECT (world_answer (refused, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_refresh (refused, 11, 0), "REPEAT: ");
  EXPECT (world_wait (refused, 65), "ERASE, FREE");
}

/* ...and while the terminating NOTIFY waits for the one in flight: rights that
 * were taken back meanwhile count. */
static void
test_policy_while_ending (void)
{
  static const SubsState words[] = { SUBS_PENDING, SUBS_TERMINATED };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    g_autoptr (World) w = world_active ();
    EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
    EXPECT (world_wait (w, 3601), "WATCHER terminated timeout");
    EXPECT (world_decide (w, words[i], SUBS_REJECTED), "");
    EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "NOTIFY 3 terminated timeout");
  }
}

static void
test_dead_while_ending (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_wait (w, 3601), "WATCHER terminated timeout");
  EXPECT (world_answer (w, SUBS_NOTIFY_DEAD, 0), "ERASE, FREE");
}

/* The terminating NOTIFY waits for the one in flight, but not for ever. */
static void
test_end_not_told_in_time (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_wait (w, 3601), "WATCHER terminated timeout");
  EXPECT (world_wait (w, 65), "ERASE, FREE");
}

/* ...and not for Retry-After. */
static void
test_end_before_retry_after (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 9000), "");
  EXPECT (world_wait (w, 3601),
          "WATCHER terminated timeout, NOTIFY 3 terminated timeout body");
}

static void
test_fetch_given_up (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 0, SUBS_ACTIVE), "OK: ");
  subs_aborted (w->subs, w->sub, 0, w->now, w->actions);
  g_assert_cmpuint (w->actions->len, ==, 1);
  g_assert_cmpint (g_array_index (w->actions, SubsAction, 0).kind, ==,
                   SUBS_ACT_FREE);
  sub_unref (w->sub);
}

static void
test_refused_before_commit (void)
{
  g_autoptr (World) w = world_new ();

  EXPECT (world_subscribe (w, 3600, SUBS_ACTIVE), "OK: STORE");
  EXPECT (world_decide (w, SUBS_TERMINATED, SUBS_NORESOURCE), "");
  EXPECT (world_commit (w),
          "WATCHER terminated noresource, NOTIFY 1 terminated noresource");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "ERASE, FREE");
}

static void
test_drop_user (void)
{
  g_autoptr (World) w = world_active ();
  g_autoptr (GArray) actions = subs_actions_new ();

  subs_drop_user (w->subs, "carol@example.com", SUBS_REJECTED, w->now, actions);
  g_assert_cmpuint (actions->len, ==, 0);
  subs_drop_user (w->subs, "BOB@example.com", SUBS_REJECTED, w->now, actions);
  g_assert_cmpuint (actions->len, ==, 2);
  g_assert_cmpint (g_array_index (actions, SubsAction, 1).kind, ==,
                   SUBS_ACT_NOTIFY);
  g_assert_cmpint (g_array_index (actions, SubsAction, 1).reason, ==,
                   SUBS_REJECTED);
}

static SubsBody *
body_of (const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return subs_body_new ("application/resource-lists+xml", bytes);
}

static void
expect_body (World *world, const char *text)
{
  gsize len;
  const char *bytes
      = g_bytes_get_data (sub_dialog (world->sub)->body->bytes, &len);

  g_assert_cmpmem (bytes, len, text, strlen (text));
}

/* RFC 5875 4.4: a later one replaces it, a SUBSCRIBE without keeps it; one that
 * could not be written has not happened. */
static void
test_body (void)
{
  g_autoptr (SubsBody) one = body_of ("one"), two = body_of ("two");
  g_autoptr (World) w = world_new ();

  w->body = one;
  EXPECT (world_subscribe (w, 3600, SUBS_ACTIVE), "OK: STORE");
  world_commit (w);
  world_answer (w, SUBS_NOTIFY_OK, 0);
  w->body = NULL;
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  expect_body (w, "one");
  w->body = two;
  EXPECT (world_refresh (w, 12, 3600), "OK: STORE");
  expect_body (w, "two");
  world_commit (w);
  world_abort (w);
  expect_body (w, "one");
  world_crash (w);
  expect_body (w, "one");
  g_assert_cmpstr (sub_dialog (w->sub)->body->type, ==,
                   "application/resource-lists+xml");
  w->body = two;
  EXPECT (world_refresh (w, 11, 3600), "REPEAT: RESERVE 2000");
  expect_body (w, "one");
}

/* A list that was brought by the first SUBSCRIBE of two is not lost when the
 * second cannot be written. */
static void
test_body_of_two_refreshes (void)
{
  g_autoptr (SubsBody) one = body_of ("one"), two = body_of ("two");
  g_autoptr (World) w = world_active ();

  g_assert_null (sub_dialog (w->sub)->body);
  w->body = one;
  world_refresh (w, 11, 3600);
  w->body = two;
  world_refresh (w, 12, 3600);
  world_commit (w);
  expect_body (w, "two");
  world_abort (w);
  expect_body (w, "one");
}

#define ADD(path, fn) g_test_add_func ("/subs/" path, fn)

static void
add_subscribe_tests (void)
{
  ADD ("rfc6665-4.2.1.2/notify-after-commit", test_first_notify_after_commit);
  ADD ("rfc5875-4.4/body-kept-replaced-undone", test_body);
  ADD ("rfc5875-4.4/body-of-two-refreshes", test_body_of_two_refreshes);
  ADD ("rfc6665-4.2.1.3/pending-has-no-body", test_pending_has_no_body);
  ADD ("rfc6665-4.2.1.1/intervals", test_intervals);
  ADD ("rfc6665-4.2.1.1/brief-below-an-hour", test_brief_only_below_an_hour);
  ADD ("rfc6665-4.2.1.4/refresh-extends", test_refresh_extends);
  ADD ("rfc6665-4.2.1.4/refresh-of-pending", test_refresh_of_pending);
  ADD ("lasting", test_lasting);
  ADD ("rfc6665-4.2.1.4/refresh-brief", test_refresh_brief);
  ADD ("rfc6665-4.2.2/uncommitted-not-told",
       test_uncommitted_refresh_is_not_told);
  ADD ("commit/refresh-does-not-expire",
       test_refresh_under_way_does_not_expire);
  ADD ("commit/refresh-aborted", test_refresh_aborted_keeps_expiry);
  ADD ("commit/two-refreshes", test_two_refreshes_under_way);
  ADD ("commit/create-aborted", test_create_aborted_vanishes);
  ADD ("commit/shorten", test_shorten);
  ADD ("rfc3261-12.2.2/cseq-order", test_cseq_order);
  ADD ("rfc6665-4.2.1.4/unsubscribe", test_unsubscribe);
  ADD ("rfc6665-4.2.1.4/tombstone", test_tombstone);
  ADD ("rfc6665-4.2.1.4/unsubscribe-aborted", test_unsubscribe_aborted_goes_on);
  ADD ("rfc6665-4.2.1.4/unsubscribe-in-flight",
       test_unsubscribe_while_in_flight);
  ADD ("rfc6665-4.2.2/dead-while-closing", test_dead_while_closing);
  ADD ("rfc6665-4.4.3/fetch", test_fetch);
  ADD ("rfc6665-4.4.3/fetch-of-pending", test_fetch_of_pending);
  ADD ("rfc6665-4.2.1.4/expiry", test_expiry);
  ADD ("rfc3857-4.7.1/policy", test_policy);
  ADD ("rfc3857-4.7.1/policy-before-commit", test_policy_before_commit);
  ADD ("rfc3857-4.7.1/refused-before-commit", test_refused_before_commit);
  ADD ("policy/drop-user", test_drop_user);
}

static void
add_end_tests (void)
{
  ADD ("rfc3857-4.7.1/held-before-commit", test_held_before_commit);
  ADD ("rfc3261-12.2.2/pending-repeated", test_pending_repeated);
  ADD ("rfc3261-12.2.2/repeated-beside-decision",
       test_repeated_beside_decision);
  ADD ("rfc3857-4.7.1/approved", test_approved);
  ADD ("rfc6665-4.2.2/pending-ends", test_pending_ends);
  ADD ("rfc6665-4.2.2/policy-while-closing", test_policy_while_closing);
  ADD ("rfc6665-4.2.2/policy-while-ending", test_policy_while_ending);
  ADD ("rfc6665-4.2.2/dead-while-ending", test_dead_while_ending);
  ADD ("rfc6665-4.2.2/end-not-told-in-time", test_end_not_told_in_time);
  ADD ("rfc6665-4.2.2/end-before-retry-after", test_end_before_retry_after);
  ADD ("rfc6665-4.4.3/fetch-given-up", test_fetch_given_up);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_subscribe_tests ();
  add_end_tests ();
  return g_test_run ();
}
