/* SPDX-License-Identifier: ISC
 *
 * service/: what a change of the settings brings to many watchers comes at a
 * rate, each is told the newest state once, and nobody else waits for them.
 * bench/settings-flip measures how long a turn takes with 100,000. */
#include "tests/lib/servicebed.h"

#define PER_WATCHER 100
#define IN_A_TURN 50 /* wake_rate of the bed, 50 ms */

#define OPEN "<tuple id='t'><status><basic>open</basic></status></tuple>"
#define CLOSED "<tuple id='t'><status><basic>closed</basic></status></tuple>"

/* n subscriptions of people elsewhere, to n / PER_WATCHER users. */
static ServiceBed *
many (guint n)
{
  ServiceBed *bed = bed_new ();

  bed->settings.max_watchers = POLICY_NO_LIMIT;
  bed_set (bed);
  for (guint i = 0; i < n; i++) {
    g_autofree char *watcher
        = g_strdup_printf ("w%u@example.net", i / PER_WATCHER);
    g_autofree char *presentity
        = g_strdup_printf ("p%u@example.com", i % (n / PER_WATCHER));

    if (i < n / PER_WATCHER)
      bed_put_user (bed, presentity, POLICY_AS_SETTINGS, POLICY_AS_SETTINGS);
    bed_subscribe (bed, watcher, presentity, "presence", 7200);
    g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
    bed_drain (bed);
  }
  return bed;
}

static void
share (ServiceBed *bed, gboolean is_on)
{
  bed->settings.share_availability = is_on;
  bed_set (bed);
}

/* So many in 50 ms and no more; off, on and off again is one NOTIFY each. */
static void
test_paced (void)
{
  enum { N = 1000 };
  g_autoptr (ServiceBed) bed = many (N);
  guint before = bed->sip->sent;

  fake_loop_run (bed->loop, 2); /* they are not of this very second */
  share (bed, FALSE);
  share (bed, TRUE);
  share (bed, FALSE);
  fake_loop_settle (bed->loop);
  g_assert_cmpuint (bed->sip->sent, ==, before);
  for (guint sent = IN_A_TURN; sent <= N; sent += IN_A_TURN) {
    fake_loop_run (bed->loop, 0.05);
    bed_drain (bed);
    g_assert_cmpuint (bed->sip->sent - before, ==, sent);
  }
  fake_loop_run (bed->loop, 1);
  g_assert_cmpuint (bed->sip->sent - before, ==, N);
}

/* After a start each waits for his turn, but not for what is new: that he is told
 * at once, and once. */
static void
test_news_after_a_start (void)
{
  enum { N = 300 };
  g_autoptr (ServiceBed) bed = many (N);
  guint before;

  bed_subscribe (bed, BOB, ALICE, "presence", 7200);
  bed_subscribe (bed, CAROL, ALICE, "presence", 7200);
  bed_restart (bed);
  before = bed->sip->sent;
  bed_publish (bed, OPEN);
  g_assert_cmpuint (bed->sip->sent - before, ==, 2);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>open");
  bed_expect (bed, CAROL, SUBS_ACTIVE, "<basic>open");
  for (guint i = 0; i <= N / IN_A_TURN; i++) {
    fake_loop_run (bed->loop, 0.05);
    bed_drain (bed);
  }
  g_assert_cmpuint (bed->sip->sent - before, ==, N + 2);
}

/* Alice's own watch is told in the turn of each of her PUBLISHes, however many
 * wait for theirs. */
static void
test_nobody_waits (void)
{
  g_autoptr (ServiceBed) bed = many (5000);

  bed_subscribe (bed, ALICE, ALICE, "presence", 7200);
  bed_drain (bed);
  for (guint i = 0; i < 60; i++) {
    if (i % 20 == 0)
      share (bed, i % 40 != 0);
    bed_publish (bed, i % 2 ? CLOSED : OPEN);
    bed_expect (bed, ALICE, SUBS_ACTIVE, i % 2 ? "closed" : "open");
    fake_loop_run (bed->loop, 0.05);
    bed_drain (bed);
  }
}

/* A line for each of many. */
static void
pass_over (const char *domain, GLogLevelFlags level, const char *text,
           gpointer data)
{
  (void)domain, (void)level, (void)text, (void)data;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_handler ("subs", G_LOG_LEVEL_DEBUG, pass_over, NULL);
  g_test_add_func ("/sharing/paced", test_paced);
  g_test_add_func ("/sharing/nobody-waits", test_nobody_waits);
  g_test_add_func ("/start/news-before-its-turn", test_news_after_a_start);
  return g_test_run ();
}
