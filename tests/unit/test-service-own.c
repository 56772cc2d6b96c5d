/* SPDX-License-Identifier: ISC
 *
 * service/: what a user subscribes to at his own address: the number of messages
 * that wait (message-summary, RFC 3842). */
#include "tests/lib/servicebed.h"

/* --- message-summary --- */

static void
sent_cb (const ServiceSent *sent, const char *error, gpointer data)
{
  g_assert_null (error);
  g_assert_cmpuint (sent->n_taken, ==, 1);
}

static void
send_one (ServiceBed *bed)
{
  const ServiceSend message = {
    .from = BOB, .to = (const char *const[]){ "sip:" ALICE, NULL }, .text = "x"
  };

  service_send (bed->service, &message, sent_cb, NULL);
  fake_loop_run (bed->loop, 0.1); /* copies are paced */
}

static void
watch_summary (ServiceBed *bed)
{
  bed_subscribe (bed, ALICE, ALICE, "message-summary", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
}

static void
expect_summary (ServiceBed *bed, guint n)
{
  g_autoptr (FakeNotify) notify
      = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
  g_autofree char *expected
      = g_strdup_printf ("Messages-Waiting: %s\r\n"
                         "Message-Account: sip:" ALICE "\r\n"
                         "Text-Message: %u/0\r\n",
                         n > 0 ? "yes" : "no", n);

  fake_loop_settle (bed->loop);
  g_assert_cmpstr (notify->content_type, ==,
                   "application/simple-message-summary");
  g_assert_cmpstr (notify->body, ==, expected);
}

/* RFC 3842 3.11: the first at once, the others once a second. */
static void
test_summary_pace (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  send_one (bed);
  watch_summary (bed);
  expect_summary (bed, 1);
  send_one (bed);
  expect_summary (bed, 2);
  for (guint i = 0; i < 5; i++)
    send_one (bed);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
  fake_loop_run (bed->loop, 0.6);
  expect_summary (bed, 7);
  store_mem_purge_messages (bed->store, ALICE);
  fake_loop_run (bed->loop, 0.5);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
  fake_loop_run (bed->loop, 0.7);
  expect_summary (bed, 0);
  fake_loop_run (bed->loop, 3);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
  send_one (bed);
  expect_summary (bed, 1);
}

static void
test_summary_restart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  watch_summary (bed);
  expect_summary (bed, 0);
  send_one (bed);
  expect_summary (bed, 1);
  send_one (bed);
  bed_restart (bed);
  fake_loop_run (bed->loop, 1);
  expect_summary (bed, 2);
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
  g_test_add_func ("/message-summary/rfc3842-3.11/pace", test_summary_pace);
  g_test_add_func ("/message-summary/restart", test_summary_restart);
  return g_test_run ();
}
