/* SPDX-License-Identifier: ISC
 *
 * NOTIFYs, refreshes and ends of subscriptions to other domains. */
#include "watch-world.h"

#include <string.h>

/* --- matching --- */

typedef struct {
  const char *what;
  WatchVerdict verdict;
} Match;

static void
spoil (WatchNotify *it, const char *what)
{
  if (g_str_equal (what, "call-id"))
    it->call_id = "other";
  else if (g_str_equal (what, "our-tag"))
    it->local_tag = "other";
  else if (g_str_equal (what, "no-tag"))
    it->local_tag = NULL;
  else if (g_str_equal (what, "fork"))
    it->remote_tag = "second";
  else if (g_str_equal (what, "event"))
    it->event = "dialog";
  else if (g_str_equal (what, "id"))
    it->has_id = TRUE;
  else if (g_str_equal (what, "no-event"))
    it->event = NULL;
  else if (g_str_equal (what, "no-state"))
    it->state = NULL;
  else if (g_str_equal (what, "odd-state"))
    it->state = "dozing";
  else if (g_str_equal (what, "old"))
    it->cseq = 1;
  else if (g_str_equal (what, "type"))
    it->content_type = "application/pidf";
  else if (g_str_equal (what, "no-type"))
    it->content_type = NULL;
  else if (g_str_equal (what, "second-type"))
    it->content_type = "MULTIPART/Related; boundary=a";
}

static const Match MATCHES[] = {
  { "call-id", WATCH_GONE },  { "our-tag", WATCH_GONE },
  { "no-tag", WATCH_GONE },   { "fork", WATCH_GONE },
  { "event", WATCH_GONE },    { "id", WATCH_GONE },
  { "no-event", WATCH_GONE }, { "no-state", WATCH_BAD },
  { "odd-state", WATCH_BAD }, { "old", WATCH_OUT_OF_ORDER },
  { "type", WATCH_BAD_TYPE }, { "no-type", WATCH_BAD_TYPE },
  { "nothing", WATCH_OK },    { "second-type", WATCH_OK },
};

static void
test_match (World *w, gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("<b/>", 4);

  world_come_up (w);
  world_notify (w, "active");
  for (guint i = 0; i < G_N_ELEMENTS (MATCHES); i++) {
    WatchNotify it = world_a_notify (w, "active");

    it.body = body;
    it.content_type = "application/pidf+xml";
    spoil (&it, MATCHES[i].what);
    g_assert_cmpint (world_hear (w, &it), ==, MATCHES[i].verdict);
    world_expect (w, MATCHES[i].verdict == WATCH_OK ? "active; " : "");
  }
}

static void
test_repeated (World *w, gconstpointer data)
{
  WatchNotify it;

  world_come_up (w);
  it = world_a_notify (w, "pending");
  g_assert_cmpint (world_hear (w, &it), ==, WATCH_OK);
  world_expect (w, "pending; ");
  it.state = "active";
  g_assert_cmpint (world_hear (w, &it), ==, WATCH_OK);
  world_expect (w, "");
}

static void
test_large (World *w, gconstpointer data)
{
  g_autoptr (GBytes) large = g_bytes_new_static ("123456789012345678901", 21);
  WatchNotify it;

  world_come_up (w);
  it = world_a_notify (w, "active");
  it.content_type = "application/pidf+xml";
  it.body = large;
  g_assert_cmpint (world_hear (w, &it), ==, WATCH_TOO_LARGE);
  world_expect (w, "");
}

/* --- refreshing --- */

static void
test_refresh (World *w, gconstpointer data)
{
  guint after;

  world_come_up (w);
  after = world_pass_until (w, "ask 3600; ");
  g_assert_cmpuint (after, <=, 3600 - 64);
  g_assert_cmpuint (after, >=, 3600 - 64 - 360);
  world_answer_with (w, w->cseq,
                     &(WatchAnswer){ .status = 200,
                                     .expires = 1000,
                                     .target = "sip:new@192.0.2.2" });
  world_notify (w, "active");
  after = world_pass_until (w, "ask 3600; ");
  g_assert_cmpuint (after, <=, 1000 - 64);
  world_answer (w, 204, 1000); /* RFC 5839: no NOTIFY will come */
  world_pass (w, 40);
  world_expect (w, "");
}

static void
test_refresh_overtaken (World *w, gconstpointer data)
{
  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  world_notify (w, "active");
  world_answer (w, 200, 3600);
  world_pass (w, 600); /* no Timer N */
  world_expect (w, "");
}

static void
test_refresh_expires (World *w, gconstpointer data)
{
  WatchNotify it;

  world_come_up (w);
  it = world_a_notify (w, "active");
  it.expires = 200;
  world_hear (w, &it);
  /* A timer fires up to a tick late, which is the next second here. */
  g_assert_cmpuint (world_pass_until (w, "ask 3600; "), <=, 200 - 64 + 1);
  world_answer (w, 200, 0); /* nobody has us ask all the time */
  it = world_a_notify (w, "active");
  it.expires = 1;
  world_hear (w, &it);
  g_assert_cmpuint (world_pass_until (w, "ask 3600; "), >=, 27);
}

static void
test_refresh_no_dialog (World *w, gconstpointer data)
{
  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  world_answer (w, 481, -1);
  world_expect (w, "new 3600; ");
  g_assert_cmpstr (world_known (w->watch), ==, "active");
  world_answer (w, 200, 3600);
  world_notify (w, "active");
  world_expect (w, "");
}

static void
test_refresh_ends (World *w, gconstpointer data)
{
  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  world_answer (w, 480, -1);
  world_expect (w, "terminated:probation; ");
  world_pass_until (w, "new 3600; ");
}

static void
test_refresh_fails (World *w, gconstpointer data)
{
  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  world_answer (w, 500, -1);
  g_assert_cmpuint (world_pass_until (w, "ask 3600; ") - 30, <=, 1);
  world_answer (w, 500, -1);
  world_pass_until (w, "ask 3600; ");
  world_answer (w, 500, -1);
  for (guint n = 0; n < 20 && w->story->len == 0; n++) {
    while (w->story->len == 0)
      world_pass (w, 1);
    if (!g_str_equal (w->story->str, "ask 3600; "))
      break;
    world_expect (w, "ask 3600; ");
    world_answer (w, 500, -1);
  }
  world_expect (w, "new 3600; "); /* it expired */
}

static void
test_refresh_barred (World *w, gconstpointer data)
{
  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  world_answer (w, 403, -1);
  g_assert_cmpuint (world_pass_until (w, "new 3600; "), >=, 60);
  world_answer (w, 403, -1);
  world_expect (w, "terminated:rejected; ");
}

static void
test_refresh_timer_n (World *w, gconstpointer data)
{
  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  world_answer (w, 200, 3600);
  g_assert_cmpuint (world_pass_until (w, "new 3600; ") - 32, <=, 1);
  g_assert_cmpuint (world_pass_until (w, "terminated:probation; ") - 32, <=, 1);
}

static void
test_late_answer (World *w, gconstpointer data)
{
  guint32 first;

  world_come_up (w);
  world_pass_until (w, "ask 3600; ");
  first = w->cseq;
  world_answer (w, 481, -1);
  world_expect (w, "new 3600; ");
  world_answer_with (w, first, &(WatchAnswer){ .status = 403 });
  world_expect (w, "");
  g_assert_cmpstr (world_known (w->watch), ==, "active");
}

/* --- ends --- */

static const struct {
  const char *reason;
  gint64 retry_after;
  const char *story;
  guint from, to; /* seconds until it is tried again; 0: never */
} ENDS[] = {
  { "deactivated", 500, "new 3600; ", 0, 0 },
  { "timeout", 500, "new 3600; ", 0, 0 },
  { "probation", -1, "terminated:probation; ", 30, 34 },
  { "probation", 500, "terminated:probation; ", 500, 551 },
  { "giveup", -1, "terminated:giveup; ", 30, 34 },
  { "giveup", 500, "terminated:giveup; ", 500, 551 },
  { NULL, -1, "terminated:probation; ", 30, 34 },
  { NULL, 500, "terminated:probation; ", 500, 551 },
  { "odd", 500, "terminated:probation; ", 500, 551 },
  { "rejected", 5, "terminated:rejected; ", 0, 0 },
  { "noresource", 5, "terminated:noresource; ", 0, 0 },
  { "Invariant", 5, "terminated:invariant; ", 0, 0 },
};

static void
test_ends (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ENDS); i++) {
    World w = { 0 };
    WatchNotify late;
    guint after;

    world_set_up (&w, NULL);
    world_come_up (&w);
    late = world_a_notify (&w, "active");
    late.call_id = g_strdup (late.call_id);
    late.local_tag = g_strdup (late.local_tag);
    world_end (&w, ENDS[i].reason, ENDS[i].retry_after);
    world_expect (&w, ENDS[i].story);
    g_assert_cmpint (world_hear (&w, &late), ==, WATCH_GONE);
    if (ENDS[i].from > 0) {
      after = world_pass_until (&w, "new 3600; ");
      g_assert_cmpuint (after, >=, ENDS[i].from);
      g_assert_cmpuint (after, <=, ENDS[i].to);
    } else if (strcmp (ENDS[i].story, "new 3600; ") != 0) {
      world_pass (&w, 4000);
      world_expect (&w, "");
    }
    g_free ((char *)late.call_id);
    g_free ((char *)late.local_tag);
    world_tear_down (&w, NULL);
  }
}

/* Who ends each dialog at once is asked less and less often. */
static void
test_ends_at_once (World *w, gconstpointer data)
{
  world_come_up (w);
  world_end (w, "deactivated", -1);
  world_expect (w, "new 3600; ");
  world_answer (w, 200, 3600);
  world_end (w, "deactivated", -1);
  world_expect (w, "terminated:deactivated; ");
  g_assert_cmpuint (world_pass_until (w, "new 3600; "), >=, 60);
  world_notify (w, "active");
  world_answer (w, 200, 3600);
  world_end (w, "timeout", -1);
  world_expect (w, "active; terminated:timeout; ");
  g_assert_cmpuint (world_pass_until (w, "new 3600; "), >=, 120);
  world_notify (w, "active");
  world_answer (w, 200, 3600);
  world_pass (w, 61); /* it has lasted: all is forgiven */
  world_end (w, "deactivated", -1);
  world_expect (w, "active; new 3600; ");
}

#define ADD(PATH, FN)                                                          \
  g_test_add (PATH, World, NULL, world_set_up, FN, world_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/watch/rfc6665-4.4.1/match", test_match);
  ADD ("/watch/rfc3261-12.2.2/repeated", test_repeated);
  ADD ("/watch/bounds/body", test_large);
  ADD ("/watch/rfc6665-4.1.2.2/refresh", test_refresh);
  ADD ("/watch/rfc6665-4.1.2.2/notify-before-2xx", test_refresh_overtaken);
  ADD ("/watch/rfc6665-4.1.3/expires", test_refresh_expires);
  ADD ("/watch/rfc6665-4.1.2.2/481", test_refresh_no_dialog);
  ADD ("/watch/rfc6665-4.1.2.2/480-ends", test_refresh_ends);
  ADD ("/watch/rfc6665-4.1.2.2/500-does-not-end", test_refresh_fails);
  ADD ("/watch/rfc6665-4.1.2.2/403-does-not-end", test_refresh_barred);
  ADD ("/watch/rfc6665-4.1.2.2/timer-n", test_refresh_timer_n);
  ADD ("/watch/rfc6665-4.1.2.2/late-answer", test_late_answer);
  g_test_add_func ("/watch/rfc6665-4.1.3/reasons", test_ends);
  ADD ("/watch/rfc6665-4.1.3/deactivated-in-a-loop", test_ends_at_once);
  return g_test_run ();
}
