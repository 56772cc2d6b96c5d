/* SPDX-License-Identifier: ISC
 *
 * How subscriptions to other domains begin, and who shares them. */
#include "watch-world.h"

#include <string.h>

/* --- the table --- */

static void
test_table (void)
{
  for (guint life = 0; life < N_LIFE; life++)
    for (guint event = 0; event < N_EVENTS; event++) {
      const WatchRow *row = &watch_table[life][event];

      g_assert_nonnull (row->why);
      g_assert_cmpuint (row->to, <=, LIFE_REJECT);
      if (row->to == LIFE_REJECT)
        g_assert_cmpuint (row->actions, ==, 0);
    }
}

/* --- subscribing --- */

static void
test_subscribe (World *w, gconstpointer data)
{
  WatchDialog dialog;
  WatchView view;
  WatchNotify first;

  world_take (w);
  world_expect (w, "new 3600; ");
  g_assert_cmpstr (world_known (w->watch), ==, "unknown");
  watch_dialog (w->watch, &dialog);
  g_assert_cmpstr (dialog.target, ==, "sip:eve@example.net");
  world_answer_with (w, w->cseq,
                     &(WatchAnswer){ .status = 200,
                                     .expires = 1800,
                                     .target = "sip:2xx@192.0.2.9" });
  world_expect (w, "");
  first = world_a_notify (w, "active");
  first.route_set = "<sip:192.0.2.5;lr>, <sip:192.0.2.6;lr>";
  g_assert_cmpint (world_hear (w, &first), ==, WATCH_OK);
  world_expect (w, "active; ");
  watch_dialog (w->watch, &dialog);
  g_assert_cmpstr (dialog.remote_tag, ==, "theirs");
  g_assert_cmpstr (dialog.target, ==, "sip:pa@192.0.2.1");
  g_assert_cmpstr (dialog.route_set, ==,
                   "<sip:192.0.2.5;lr>, <sip:192.0.2.6;lr>");
  watch_look (w->watch, &view);
  g_assert_null (view.body);
  g_assert_cmpuint (view.version, ==, 1);
}

static void
test_early (World *w, gconstpointer data)
{
  world_take (w);
  world_notify_body (w, "<a/>");
  world_expect (w, "new 3600; active; ");
  world_answer (w, 202, 600);
  world_expect (w, "");
  /* A timer fires up to a tick late, which is the next second here. */
  g_assert_cmpuint (world_pass_until (w, "ask 3600; "), <=, 600 - 64 + 1);
}

/* Its 2xx was lost: the dialog is there all the same. */
static void
test_early_lost (World *w, gconstpointer data)
{
  world_take (w);
  world_notify (w, "active");
  world_answer (w, 0, -1);
  world_expect (w, "new 3600; active; ");
  g_assert_cmpuint (world_pass_until (w, "ask 3600; "), <=, 31);
}

static void
test_pending (World *w, gconstpointer data)
{
  world_take (w);
  world_answer (w, 200, 3600);
  world_notify (w, "pending");
  world_expect (w, "new 3600; pending; ");
  world_notify_body (w, "<a/>");
  world_expect (w, "active; ");
  world_notify (w, "pending");
  world_expect (w, "pending; ");
}

static void
test_news (World *w, gconstpointer data)
{
  WatchView view;

  world_come_up (w);
  world_notify_body (w, "<a/>");
  world_expect (w, "active; ");
  world_notify_body (w, "<a/>"); /* nothing new */
  world_notify (w,
                "active"); /* RFC 3856 6.7: no document, the old one stands */
  world_expect (w, "");
  world_notify_body (w, "<b/>");
  world_expect (w, "active; ");
  watch_look (w->watch, &view);
  g_assert_cmpmem (g_bytes_get_data (view.body, NULL),
                   g_bytes_get_size (view.body), "<b/>", 4);
  g_assert_cmpstr (view.content_type, ==, "application/pidf+xml;charset=utf-8");
  g_assert_cmpuint (view.version, ==, 3);
}

static void
test_timer_n (World *w, gconstpointer data)
{
  WatchNotify late;

  world_take (w);
  world_expect (w, "new 3600; ");
  world_answer (w, 200, 3600);
  late = world_a_notify (w, "active");
  g_assert_cmpuint (world_pass_until (w, "terminated:probation; ") - 32, <=, 1);
  g_assert_cmpint (world_hear (w, &late), ==, WATCH_GONE);
  g_assert_cmpuint (world_pass_until (w, "new 3600; "), >=, 30);
}

static void
test_brief (World *w, gconstpointer data)
{
  WatchAnswer brief = { .status = 423, .expires = -1, .min_expires = 7200 };
  g_autofree char *first = NULL;

  world_take (w);
  first = g_strdup (w->call_id);
  world_answer_with (w, w->cseq, &brief);
  world_expect (w, "new 3600; new 7200; ");
  g_assert_cmpstr (w->call_id, !=, first);
  brief.min_expires = 9000; /* not for ever */
  world_answer_with (w, w->cseq, &brief);
  world_expect (w, "terminated:probation; ");
}

static void
test_brief_mad (World *w, gconstpointer data)
{
  world_take (w);
  world_answer_with (w, w->cseq,
                     &(WatchAnswer){ .status = 423, .min_expires = 99999 });
  world_expect (w, "new 3600; terminated:probation; ");
  g_assert_cmpuint (world_pass_until (w, "new 3600; "), >=, 30);
  world_answer_with (w, w->cseq,
                     &(WatchAnswer){ .status = 423, .min_expires = 60 });
  world_pass (w, 1);
  world_expect (w, "");
}

static const struct {
  guint status;
  const char *story; /* of an initial SUBSCRIBE, and a day later */
} REFUSALS[] = {
  { 401, "new 3600; terminated:rejected; " },
  { 403, "new 3600; terminated:rejected; " },
  { 407, "new 3600; terminated:rejected; " },
  { 421, "new 3600; terminated:rejected; " },
  { 489, "new 3600; terminated:rejected; " },
  { 603, "new 3600; terminated:rejected; " },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (REFUSALS); i++) {
    World w = { 0 };

    world_set_up (&w, NULL);
    world_take (&w);
    world_answer (&w, REFUSALS[i].status, -1);
    world_pass (&w, 4000);
    world_expect (&w, REFUSALS[i].story);
    world_tear_down (&w, NULL);
  }
}

static const struct {
  guint status;
  const char *known;
} FAILURES[] = {
  { 0, "terminated:probation; " },    { 302, "terminated:probation; " },
  { 404, "terminated:noresource; " }, { 410, "terminated:noresource; " },
  { 480, "terminated:probation; " },  { 481, "terminated:probation; " },
  { 500, "terminated:probation; " },  { 503, "terminated:probation; " },
  { 604, "terminated:noresource; " },
};

static void
test_back_off (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (FAILURES); i++) {
    World w = { 0 };
    guint wait = 30;

    world_set_up (&w, NULL);
    world_take (&w);
    world_expect (&w, "new 3600; ");
    world_answer (&w, FAILURES[i].status, -1);
    world_expect (&w, FAILURES[i].known);
    for (guint n = 0; n < 9; n++, wait = MIN (wait * 2, 3600)) {
      guint after = world_pass_until (&w, "new 3600; ");

      g_assert_cmpuint (after, >=, wait);
      g_assert_cmpuint (after, <=, wait + wait / 10 + 1);
      world_answer (&w, FAILURES[i].status, -1);
      world_expect (&w, ""); /* it is known already */
    }
    world_tear_down (&w, NULL);
  }
}

static void
test_retry_after (World *w, gconstpointer data)
{
  world_take (w);
  world_answer_with (
      w, w->cseq,
      &(WatchAnswer){ .status = 503, .expires = -1, .retry_after = 300 });
  world_expect (w, "new 3600; terminated:probation; ");
  g_assert_cmpuint (world_pass_until (w, "new 3600; "), >=, 300);
  world_answer_with (w, w->cseq,
                     &(WatchAnswer){ .status = 503, .retry_after = G_MAXUINT });
  g_assert_cmpuint (world_pass_until (w, "new 3600; "), <=, 86400 + 8641);
}

/* --- holders --- */

static void
test_shared (World *w, gconstpointer data)
{
  Watch *first;

  world_come_up (w);
  first = w->watch;
  world_take (w);
  g_assert_true (w->watch == first);
  world_expect (w, "");
  world_drop (w);
  world_expect (w, "");
  world_drop (w);
  world_expect (w, "ask 0; ");
  g_assert_cmpuint (watches_size (w->all), ==, 1);
  world_answer (w, 200, 0);
  world_notify (w, "active"); /* on its way before */
  world_expect (w, "");
  world_end (w, "timeout", -1);
  world_expect (w, "free; ");
  g_assert_cmpuint (watches_size (w->all), ==, 0);
}

/* RFC 4662 7.2: never between users. */
static void
test_not_shared (World *w, gconstpointer data)
{
  world_come_up (w);
  world_take_for (w, "bob@example.com", "sip:eve@example.net", NULL);
  world_expect (w, "new 3600; ");
  g_assert_cmpuint (watches_size (w->all), ==, 2);
}

static void
test_leave_early (World *w, gconstpointer data)
{
  WatchNotify late;

  world_take (w);
  world_answer (w, 200, 3600);
  late = world_a_notify (w, "active");
  world_drop (w);
  world_expect (w, "new 3600; free; ");
  g_assert_cmpint (world_hear (w, &late), ==, WATCH_GONE);
}

static void
test_leave_unheard (World *w, gconstpointer data)
{
  world_come_up (w);
  world_drop (w);
  world_expect (w, "ask 0; ");
  world_answer (w, 200, 0);
  g_assert_cmpuint (world_pass_until (w, "free; ") - 32, <=, 1);
}

static void
test_leave_and_back (World *w, gconstpointer data)
{
  world_come_up (w);
  world_drop (w);
  world_take (w);
  world_expect (w, "ask 0; new 3600; ");
  world_answer (w, 200, 3600);
  world_notify (w, "active");
  world_expect (w, "active; ");
  world_pass (w, 40);
  world_expect (w, "free; "); /* the one before */
  world_drop (w);
  world_expect (w, "ask 0; ");
  world_answer (w, 481, -1);
  world_expect (w, "free; ");
}

static void
test_leave_each (World *w, gconstpointer data)
{
  world_take (w);
  world_answer (w, 403, -1);
  world_drop (w);
  world_expect (w, "new 3600; terminated:rejected; free; ");
  world_take (w);
  world_answer (w, 480, -1);
  world_drop (w);
  world_expect (w, "new 3600; terminated:probation; free; ");
  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  world_drop (w);
  world_expect (w, "ask 0; ");
  world_answer (w, 0, -1);
  world_expect (w, "free; ");
  g_assert_cmpuint (watches_size (w->all), ==, 0);
}

static void
test_bounds (World *w, gconstpointer data)
{
  gboolean is_bounded;
  Watch *first = world_take_for (w, "alice@example.com", "sip:1@example.net",
                                 &is_bounded);

  g_assert_false (is_bounded);
  world_take_for (w, "alice@example.com", "sip:2@example.net", &is_bounded);
  world_expect (w, "new 3600; new 3600; ");
  world_take_for (w, "alice@example.com", "sip:3@example.net", &is_bounded);
  g_assert_true (is_bounded);
  g_assert_cmpstr (world_known (w->watch), ==, "unknown");
  world_take_for (w, "bob@example.com", "sip:3@example.net", &is_bounded);
  world_take_for (w, "carol@example.com", "sip:3@example.net", &is_bounded);
  g_assert_false (is_bounded);
  world_expect (w, "new 3600; new 3600; ");
  world_take_for (w, "dan@example.com", "sip:3@example.net", &is_bounded);
  g_assert_true (is_bounded);
  g_assert_cmpuint (watches_size (w->all), ==, 4);
  g_assert_cmpuint (watches_waiting (w->all), ==, 2);
  world_pass (w, 1);
  world_expect (w, "");
  world_drop (w); /* dan waits no more */
  world_expect (w, "free; ");
  watch_unref (w->watch);
  w->watch = watch_ref (first);
  world_drop (w);
  world_expect (w, "free; ");
  world_pass (w, 1);
  world_expect (w, "new 3600; "); /* alice's third */
  g_assert_cmpuint (watches_waiting (w->all), ==, 0);
}

static void
test_limits_raised (World *w, gconstpointer data)
{
  WatchLimits more = WORLD_LIMITS;
  gboolean is_bounded;

  more.max_per_user = 0;
  watches_set_limits (w->all, &more);
  world_take_for (w, "alice@example.com", "sip:1@example.net", &is_bounded);
  g_assert_true (is_bounded);
  watches_set_limits (w->all, &WORLD_LIMITS);
  world_pass (w, 1);
  world_expect (w, "new 3600; ");
}

#define ADD(PATH, FN)                                                          \
  g_test_add (PATH, World, NULL, world_set_up, FN, world_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/watch/table/complete", test_table);
  ADD ("/watch/rfc6665-4.1.2.1/subscribe", test_subscribe);
  ADD ("/watch/rfc6665-4.1.2.4/notify-before-2xx", test_early);
  ADD ("/watch/rfc6665-4.1.2.4/2xx-lost", test_early_lost);
  ADD ("/watch/rfc6665-4.1.2.4/timer-n", test_timer_n);
  ADD ("/watch/rfc6665-4.1.3/pending", test_pending);
  ADD ("/watch/rfc3856-6.7/news", test_news);
  ADD ("/watch/rfc6665-4.2.1.1/423", test_brief);
  ADD ("/watch/rfc6665-4.2.1.1/423-mad", test_brief_mad);
  g_test_add_func ("/watch/rfc6665-4.1.2.1/refused", test_refused);
  g_test_add_func ("/watch/rfc6665-4.1.2.1/back-off", test_back_off);
  ADD ("/watch/rfc3261-20.33/retry-after", test_retry_after);
  ADD ("/watch/holders/shared", test_shared);
  ADD ("/watch/rfc4662-7.2/not-between-users", test_not_shared);
  ADD ("/watch/rfc6665-4.1.2.3/before-the-notify", test_leave_early);
  ADD ("/watch/rfc6665-4.1.2.3/no-last-notify", test_leave_unheard);
  ADD ("/watch/rfc6665-4.1.2.3/and-back", test_leave_and_back);
  ADD ("/watch/rfc6665-4.1.2.3/from-each-state", test_leave_each);
  ADD ("/watch/bounds/room", test_bounds);
  ADD ("/watch/bounds/raised", test_limits_raised);
  return g_test_run ();
}
