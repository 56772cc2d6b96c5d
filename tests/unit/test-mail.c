/* SPDX-License-Identifier: ISC
 *
 * service/mail over the store in memory: what is stored and delivered, to whom
 * and when, and what the ledger says of it (DESIGN section 6). */
#include "tests/lib/mailbed.h"

#include <string.h>

#define ONE_WAITS "bob@example.com queued"

static void
expect_answer (MailBed *bed, guint n, ServiceVerdict verdict)
{
  g_assert_cmpuint (bed->answers, ==, n);
  g_assert_cmpint (bed->verdict, ==, verdict);
}

static void
expect_out (MailBed *bed, const char *out)
{
  g_assert_cmpstr (mail_bed_out (bed), ==, out);
}

static void
expect_ledger (MailBed *bed, const char *text)
{
  /* It is written behind. */
  fake_loop_run (bed->bed->loop, 2.5);
  g_assert_cmpstr (mail_bed_ledger (bed), ==, text);
}

static void
expect_taken (MailBed *bed, const char *texts)
{
  g_autofree char *taken = mail_bed_take_all (bed);

  g_assert_cmpstr (taken, ==, texts);
}

/* Bob's, and Alice's own phone, which are registered. */
static MailBed *
with_devices (void)
{
  MailBed *bed = mail_bed_new ();

  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_register (bed, BOB, MOBILE, 3600);
  mail_bed_register (bed, ALICE, PHONE, 3600);
  return bed;
}

static void
reply (MailBed *bed, const char *device)
{
  mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                         .device = device,
                                         .recipient = ALICE,
                                         .body = "a reply" });
  fake_loop_settle (bed->bed->loop);
  mail_bed_answer (bed, PHONE, 200);
}

/* --- Forking --- */

static void
test_lock (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  mail_bed_write (bed, ALICE, BOB, "one");
  expect_taken (bed, "desk:live mobile:live");
  reply (bed, MOBILE);
  mail_bed_write (bed, ALICE, BOB, "two");
  expect_taken (bed, "mobile:live");
  reply (bed, DESK);
  mail_bed_write (bed, ALICE, BOB, "three");
  expect_taken (bed, "desk:live");
  mail_bed_write (bed, CAROL, BOB, "of another one");
  expect_taken (bed, "desk:live mobile:live");
}

static void
test_lock_falls (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  reply (bed, MOBILE);
  mail_bed_register (bed, BOB, MOBILE, 0);
  mail_bed_register (bed, BOB, MOBILE, 3600);
  mail_bed_write (bed, ALICE, BOB, "left and came");
  expect_taken (bed, "desk:live mobile:live");
  reply (bed, MOBILE);
  fake_loop_run (bed->bed->loop, 601);
  mail_bed_write (bed, ALICE, BOB, "idle for ten minutes");
  expect_taken (bed, "desk:live mobile:live");
}

static void
test_not_taken (void)
{
  static const guint statuses[] = { 408, 480, 486, 500, 503 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    g_autoptr (MailBed) bed = with_devices ();

    reply (bed, MOBILE);
    bed->answers = 0;
    mail_bed_write (bed, ALICE, BOB, "one");
    expect_out (bed, "mobile:live");
    mail_bed_answer (bed, MOBILE, statuses[i]);
    expect_out (bed, "desk:live");
    mail_bed_answer (bed, DESK, 200);
    expect_answer (bed, 1, SERVICE_RELAYED);
    g_assert_cmpuint (bed->status, ==, 200);
    mail_bed_write (bed, ALICE, BOB, "two");
    expect_taken (bed, "desk:live mobile:live");
  }
}

static void
test_silent (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  reply (bed, MOBILE);
  bed->answers = 0;
  mail_bed_write (bed, ALICE, BOB, "one");
  fake_loop_run (bed->bed->loop, 3.9);
  expect_out (bed, "mobile:live");
  fake_loop_run (bed->bed->loop, 0.2);
  expect_out (bed, "desk:live mobile:live");
  fake_loop_run (bed->bed->loop, 5.8);
  g_assert_cmpuint (bed->answers, ==, 0);
  fake_loop_run (bed->bed->loop, 0.2);
  expect_answer (bed, 1, SERVICE_ACCEPTED);
  mail_bed_answer (bed, DESK, 200);
  mail_bed_answer (bed, MOBILE, 408);
  expect_answer (bed, 1, SERVICE_ACCEPTED);
  expect_ledger (bed, "alice@example.com ended phone=delivered, "
                      "bob@example.com ended desk=delivered mobile=sent");
}

/* --- Stored --- */

static void
test_durable_first (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  mail_bed_write (bed, CAROL, CAROL, "known");
  bed->answers = 0;
  mail_bed_send (bed, &(MailBedMessage){ ALICE, PHONE, BOB, .body = "x" });
  g_assert_cmpuint (bed->answers, ==, 0);
  fake_loop_settle (bed->bed->loop);
  expect_answer (bed, 1, SERVICE_ACCEPTED);
  g_assert_true (g_str_has_suffix (mail_bed_ledger (bed), ONE_WAITS));
}

static MailBed *
with_three (void)
{
  static const char *const texts[] = { "one", "two", "three" };
  MailBed *bed = mail_bed_new ();

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    mail_bed_write (bed, ALICE, BOB, texts[i]);
  expect_answer (bed, 3, SERVICE_ACCEPTED);
  return bed;
}

static void
test_in_order_one_by_one (void)
{
  g_autoptr (MailBed) bed = with_three ();
  const FakeForward *first;

  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "desk:one");
  first = bed->bed->sip->forwards->pdata[0];
  g_assert_cmpint (first->date, ==, 1072281600);
  g_assert_nonnull (strstr (first->headers, "From: <sip:alice@example.com>"));
  mail_bed_answer (bed, DESK, 200);
  expect_out (bed, "desk:two");
  mail_bed_write (bed, ALICE, BOB, "live");
  expect_out (bed, "desk:two");
  expect_taken (bed, "desk:two desk:three desk:live");
}

/* RFC 3428 8: what is sent again has the same names. */
static void
test_sent_again (void)
{
  g_autoptr (MailBed) bed = with_three ();
  g_autofree char *call_id = NULL;
  const FakeForward *forward;

  mail_bed_register (bed, BOB, DESK, 3600);
  forward = bed->bed->sip->forwards->pdata[0];
  call_id = g_strdup (forward->call_id);
  mail_bed_answer (bed, DESK, 408);
  expect_out (bed, "");
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "desk:one");
  forward = bed->bed->sip->forwards->pdata[0];
  g_assert_cmpstr (forward->call_id, ==, call_id);
  mail_bed_answer (bed, DESK, 503);
  fake_loop_run (bed->bed->loop, 31);
  expect_taken (bed, "desk:one desk:two desk:three");
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "");
}

static void
test_who_is_entitled (void)
{
  g_autoptr (MailBed) bed = with_three ();

  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_register (bed, BOB, MOBILE, 3600);
  for (guint i = 0; i < 3; i++)
    mail_bed_answer (bed, DESK, 200);
  expect_out (bed, "mobile:one");
  mail_bed_register (bed, BOB, "third", 3600);
  expect_taken (bed, "mobile:one mobile:two mobile:three");
  mail_bed_register (bed, BOB, "fourth", 3600);
  expect_out (bed, "");
}

static void
test_dies_in_the_middle (void)
{
  g_autoptr (MailBed) bed = with_three ();

  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_answer (bed, DESK, 200);
  expect_out (bed, "desk:two");
  mail_bed_restart (bed);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_taken (bed, "desk:two desk:three");
  mail_bed_restart (bed);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "");
}

/* Nobody answers on its old way any more. */
static void
test_comes_by_another_way (void)
{
  g_autoptr (MailBed) bed = with_three ();

  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "desk:one");
  mail_bed_move (bed, BOB, DESK, "udp:elsewhere");
  expect_out (bed, "desk:one desk:one");
  mail_bed_answer (bed, DESK, 408);
  expect_out (bed, "desk:one");
  expect_taken (bed, "desk:one desk:two desk:three");
  mail_bed_write (bed, ALICE, BOB, "live");
  mail_bed_move (bed, BOB, DESK, "udp:third");
  expect_out (bed, "desk:live desk:live");
  bed->answers = 0;
  mail_bed_answer (bed, DESK, 200); /* on its old way after all */
  expect_answer (bed, 1, SERVICE_RELAYED);
  mail_bed_answer (bed, DESK, 200);
  expect_answer (bed, 1, SERVICE_RELAYED);
  expect_out (bed, "");
}

/* Who came while PostgreSQL was away gets what waits when it is back. */
static void
test_back (void)
{
  g_autoptr (MailBed) bed = with_three ();

  store_mem_set_up (bed->bed->store, FALSE);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "");
  store_mem_set_up (bed->bed->store, TRUE);
  fake_loop_run (bed->bed->loop, 0.5);
  expect_taken (bed, "desk:one desk:two desk:three");
}

static void
test_refused_for_good (void)
{
  g_autoptr (MailBed) bed = with_three ();

  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_answer (bed, DESK, 415);
  expect_taken (bed, "desk:two desk:three");
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "");
  mail_bed_restart (bed);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "");
  mail_bed_register (bed, BOB, MOBILE, 3600);
  expect_taken (bed, "mobile:one");
}

static void
test_best_answer (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  mail_bed_write (bed, ALICE, BOB, "one");
  mail_bed_answer (bed, DESK, 415);
  mail_bed_answer (bed, MOBILE, 480);
  expect_answer (bed, 1, SERVICE_RELAYED);
  g_assert_cmpuint (bed->status, ==, 415);
  expect_ledger (bed, "bob@example.com ended desk=failed mobile=failed");
}

static void
test_nobody_in_time (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  mail_bed_write (bed, ALICE, BOB, "one");
  fake_loop_run (bed->bed->loop, 10.1);
  expect_answer (bed, 1, SERVICE_ACCEPTED);
  mail_bed_answer (bed, DESK, 408);
  mail_bed_answer (bed, MOBILE, 408);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "desk:one");
  mail_bed_answer (bed, DESK, 200);
  expect_out (bed, "");
}

static void
test_full (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  bed->bed->settings.offline_max_per_user = 1;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  mail_bed_write (bed, ALICE, BOB, "one");
  expect_answer (bed, 1, SERVICE_ACCEPTED);
  mail_bed_write (bed, ALICE, BOB, "two");
  expect_answer (bed, 2, SERVICE_UNAVAILABLE);
  g_assert_nonnull (strstr (bed->text, "Too many"));
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_taken (bed, "desk:one");
}

static void
test_expires (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  mail_bed_send (
      bed, &(MailBedMessage){ ALICE, PHONE, BOB, .body = "x", .expires = 30 });
  fake_loop_settle (bed->bed->loop);
  expect_answer (bed, 1, SERVICE_ACCEPTED);
  mail_bed_write (bed, ALICE, BOB, "y");
  fake_loop_run (bed->bed->loop, 31);
  mail_bed_register (bed, BOB, DESK, 2 * 3600);
  expect_taken (bed, "desk:y");
  expect_ledger (bed, "bob@example.com ended =expired, "
                      "bob@example.com ended desk=delivered");
}

static void
test_expires_alone (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  bed->bed->settings.offline_ttl = 30;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  mail_bed_write (bed, ALICE, BOB, "x");
  fake_loop_run (bed->bed->loop, 125);
  expect_ledger (bed, "bob@example.com ended =expired");
}

static void
test_suppressed (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  bed->bed->settings.suppress_offline_im = TRUE;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  mail_bed_write (bed, ALICE, BOB, "x");
  expect_answer (bed, 1, SERVICE_UNAVAILABLE);
  expect_ledger (bed, "bob@example.com ended");
}

static void
set_im (MailBed *bed, gboolean is_on)
{
  bed->bed->settings.im_enabled = is_on;
  bed_set (bed->bed);
  fake_loop_run (bed->bed->loop, 0.2);
}

static void
test_im_off_and_on (void)
{
  g_autoptr (MailBed) bed = with_three ();

  set_im (bed, FALSE);
  mail_bed_write (bed, ALICE, BOB, "four");
  expect_answer (bed, 4, SERVICE_FORBIDDEN);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "");
  set_im (bed, TRUE);
  expect_taken (bed, "desk:one desk:two desk:three");
}

static void
test_im_off_in_the_middle (void)
{
  g_autoptr (MailBed) bed = with_three ();

  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "desk:one");
  set_im (bed, FALSE);
  mail_bed_answer (bed, DESK, 200);
  expect_out (bed, "");
  fake_loop_run (bed->bed->loop, 600);
  expect_out (bed, "");
  set_im (bed, TRUE);
  expect_taken (bed, "desk:two desk:three");
}

/* "Do not disturb" for hours is no refusal of a message. */
static void
test_busy_for_long (void)
{
  static const guint statuses[] = { 408, 480, 486, 503 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    g_autoptr (MailBed) bed = with_three ();

    mail_bed_register (bed, BOB, DESK, 7200);
    for (guint n = 0; n < 20; n++) {
      mail_bed_answer (bed, DESK, statuses[i]);
      fake_loop_run (bed->bed->loop, 31);
    }
    expect_taken (bed, "desk:one desk:two desk:three");
  }
}

static void
test_blocked (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  bed_put_policy (bed->bed, NULL, NULL, BOB "=block " CAROL "=polite_block");
  mail_bed_write (bed, BOB, ALICE, "x");
  expect_answer (bed, 1, SERVICE_FORBIDDEN);
  mail_bed_write (bed, CAROL, ALICE, "x");
  expect_answer (bed, 2, SERVICE_ACCEPTED);
  mail_bed_register (bed, ALICE, DESK, 3600);
  expect_out (bed, "");
  expect_ledger (bed, "");
}

static void
test_away (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  mail_bed_write (bed, ALICE, CAROL, "policy is known");
  mail_bed_write (bed, ALICE, BOB, "policy is known");
  expect_taken (bed, "desk:live mobile:live");
  store_mem_set_up (bed->bed->store, FALSE);
  mail_bed_write (bed, ALICE, CAROL, "x");
  expect_answer (bed, 3, SERVICE_BUSY);
  mail_bed_write (bed, ALICE, BOB, "online");
  expect_taken (bed, "desk:live mobile:live");
  expect_answer (bed, 4, SERVICE_RELAYED);
  store_mem_set_up (bed->bed->store, TRUE);
  fake_loop_run (bed->bed->loop, 60);
  mail_bed_register (bed, CAROL, DESK, 3600);
  expect_taken (bed, "desk:policy is known");
}

static void
test_refused_by_the_store (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  mail_bed_write (bed, ALICE, BOB, "policy is known");
  store_mem_refuse_next (bed->bed->store);
  mail_bed_write (bed, ALICE, BOB, "x");
  expect_answer (bed, 2, SERVICE_BUSY);
  mail_bed_register (bed, BOB, DESK, 3600);
  expect_taken (bed, "desk:policy is known");
}

static void
test_repeated_after_a_restart (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();
  const MailBedMessage message
      = { ALICE, PHONE, BOB, .body = "x", .call_id = "again" };

  for (guint i = 1; i <= 3; i++) {
    mail_bed_send (bed, &message);
    fake_loop_settle (bed->bed->loop);
    expect_answer (bed, i, SERVICE_ACCEPTED);
    g_assert_cmpstr (mail_bed_ledger (bed), ==, ONE_WAITS);
    if (i == 1)
      mail_bed_restart (bed);
  }
}

static void
test_purged (void)
{
  g_autoptr (MailBed) bed = with_three ();

  mail_bed_register (bed, BOB, DESK, 3600);
  expect_out (bed, "desk:one");
  store_mem_purge_messages (bed->bed->store, BOB);
  fake_loop_settle (bed->bed->loop);
  mail_bed_answer (bed, DESK, 200);
  expect_out (bed, "");
  mail_bed_register (bed, BOB, MOBILE, 3600);
  expect_out (bed, "");
}

static void
test_removed_user (void)
{
  g_autoptr (MailBed) bed = with_three ();

  store_mem_drop_user (bed->bed->store, BOB);
  fake_loop_settle (bed->bed->loop);
  mail_bed_write (bed, ALICE, BOB, "x");
  expect_answer (bed, 4, SERVICE_NOT_FOUND);
}

/* --- Ledger and reports --- */

static void
test_ledger_of_live_ones (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  mail_bed_write (bed, ALICE, BOB, "one");
  mail_bed_answer (bed, DESK, 200);
  mail_bed_answer (bed, MOBILE, 486);
  expect_ledger (bed, "bob@example.com ended desk=delivered mobile=failed");
}

#define CPIM_OF(wishes)                                                        \
  "From: <sip:alice@example.com>\r\nTo: <sip:bob@example.com>\r\n"             \
  "NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: m1\r\n"                 \
  "imdn.Disposition-Notification: " wishes "\r\n\r\n"                          \
  "Content-Type: text/plain\r\n\r\nhello"

static void
send_cpim (MailBed *bed, const char *body)
{
  mail_bed_send (bed, &(MailBedMessage){ ALICE, PHONE, BOB,
                                         .content_type = "message/cpim",
                                         .body = body });
  fake_loop_settle (bed->bed->loop);
}

/* RFC 5438 8.1 */
static void
test_stored_is_told (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();
  const FakeForward *notice;

  mail_bed_register (bed, ALICE, PHONE, 3600);
  send_cpim (bed, CPIM_OF ("display"));
  expect_out (bed, "");
  send_cpim (bed, CPIM_OF ("processing"));
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 1);
  notice = bed->bed->sip->forwards->pdata[0];
  g_assert_nonnull (strstr (notice->body, "<stored"));
  g_assert_nonnull (strstr (notice->body, "<message-id>m1<"));
  mail_bed_answer (bed, PHONE, 200);
}

static void
test_displayed (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_cpim (bed, CPIM_OF ("display"));
  g_free (mail_bed_take_all (bed));
  fake_loop_run (bed->bed->loop, 2.5);
  mail_bed_send (
      bed, &(MailBedMessage){
               BOB, DESK, ALICE, .content_type = "message/imdn+xml",
               .body = "<imdn xmlns='urn:ietf:params:xml:ns:imdn'>"
                       "<message-id>m1</message-id><datetime>"
                       "2003-12-24T16:00:00Z</datetime><display-notification>"
                       "<status><displayed/></status></display-notification>"
                       "</imdn>" });
  fake_loop_settle (bed->bed->loop);
  mail_bed_answer (bed, PHONE, 200);
  expect_ledger (bed, "bob@example.com ended desk=displayed mobile=delivered");
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *path;
    void (*fn) (void);
  } tests[] = {
    { "/mail/fork/lock-moves-with-the-reply", test_lock },
    { "/mail/fork/lock-falls", test_lock_falls },
    { "/mail/fork/not-taken-goes-to-others-once", test_not_taken },
    { "/mail/fork/silent", test_silent },
    { "/mail/stored/before-202", test_durable_first },
    { "/mail/stored/rfc3428-8-in-order-one-by-one", test_in_order_one_by_one },
    { "/mail/stored/rfc3428-8-sent-again", test_sent_again },
    { "/mail/stored/entitled", test_who_is_entitled },
    { "/mail/stored/dies-in-the-middle", test_dies_in_the_middle },
    { "/mail/stored/another-way", test_comes_by_another_way },
    { "/mail/stored/postgresql-back", test_back },
    { "/mail/stored/refused-for-good", test_refused_for_good },
    { "/mail/stored/best-answer-and-not", test_best_answer },
    { "/mail/stored/nobody-in-time", test_nobody_in_time },
    { "/mail/stored/full", test_full },
    { "/mail/stored/expires", test_expires },
    { "/mail/stored/expires-though-nobody-comes", test_expires_alone },
    { "/mail/stored/suppressed", test_suppressed },
    { "/mail/stored/im-off-and-on", test_im_off_and_on },
    { "/mail/stored/im-off-in-the-middle", test_im_off_in_the_middle },
    { "/mail/stored/busy-for-long", test_busy_for_long },
    { "/mail/stored/blocked", test_blocked },
    { "/mail/stored/postgresql-away", test_away },
    { "/mail/stored/refused-by-the-store", test_refused_by_the_store },
    { "/mail/stored/repeated-after-a-restart", test_repeated_after_a_restart },
    { "/mail/stored/purged", test_purged },
    { "/mail/stored/removed-user", test_removed_user },
    { "/mail/ledger/live", test_ledger_of_live_ones },
    { "/mail/rfc5438-8.1/stored", test_stored_is_told },
    { "/mail/rfc5438/displayed", test_displayed },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].fn);
  return g_test_run ();
}
