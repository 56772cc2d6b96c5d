/* SPDX-License-Identifier: ISC
 *
 * Messages across the border (RFC 7572, 7247; XEP-0085, 0184, 0203): service/
 * with phones on one side and a fake XMPP server on the other. */
#include "codec/composing.h"
#include "codec/content.h"
#include "codec/imdn.h"
#include "service/service-priv.h"
#include "service/xmpp-errors.h"
#include "service/xmpp-id.h"
#include "service/xmpp-thread.h"
#include "tests/lib/mailbed.h"

#include <string.h>

#define BALCONY XAVIER "/balcony"
#define ORCHARD XAVIER "/orchard"
#define BOB_DESK "sip:desk@192.0.2.1"

/* --- What the other side does and gets --- */

static void
say (MailBed *bed, const XmppMessage *message)
{
  XmppMessage m = *message;

  m.from = m.from != NULL ? m.from : BALCONY;
  m.to = m.to != NULL ? m.to : BOB;
  m.id = m.id != NULL ? m.id : "s1";
  fake_xmpp_message (bed->bed->xmpp, &m);
  fake_loop_settle (bed->bed->loop);
}

static void
say_text (MailBed *bed, const char *text)
{
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_CHAT, .body = text });
}

static void
expect_nothing (MailBed *bed)
{
  g_assert_cmpuint (bed->bed->xmpp->messages->len, ==, 0);
}

static FakeXmppMessage *
take (MailBed *bed, XmppOutcome outcome, XmppError error)
{
  FakeXmppMessage *note = fake_xmpp_take (bed->bed->xmpp, NULL, outcome, error);

  fake_loop_settle (bed->bed->loop);
  return note;
}

static void
expect_error (MailBed *bed, XmppError error)
{
  g_autoptr (FakeXmppMessage) note = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);

  g_assert_cmpint (note->message.type, ==, XMPP_MESSAGE_ERROR);
  g_assert_cmpint (note->message.error, ==, error);
  g_assert_cmpstr (note->message.to, ==, BALCONY);
  g_assert_cmpstr (note->message.id, ==, "s1");
  expect_nothing (bed);
}

static void
expect_stanza (MailBed *bed, const char *to, const char *body)
{
  g_autoptr (FakeXmppMessage) note = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);

  g_assert_cmpstr (note->message.to, ==, to);
  g_assert_cmpstr (note->message.body, ==, body);
}

/* --- What phones do and get --- */

static MailBed *
with_desk (void)
{
  MailBed *bed = mail_bed_new ();

  mail_bed_register (bed, BOB, DESK, 3600);
  return bed;
}

static const FakeForward *
last_out (MailBed *bed)
{
  GPtrArray *forwards = bed->bed->sip->forwards;

  g_assert_cmpuint (forwards->len, >, 0);
  return forwards->pdata[forwards->len - 1];
}

static void
write_to (MailBed *bed, const char *peer, const char *text)
{
  mail_bed_send (
      bed, &(MailBedMessage){
               .sender = BOB, .device = DESK, .peer = peer, .body = text });
  fake_loop_settle (bed->bed->loop);
}

static void
expect_answer (MailBed *bed, guint n, ServiceVerdict verdict, guint status)
{
  g_assert_cmpuint (bed->answers, ==, n);
  g_assert_cmpint (bed->verdict, ==, verdict);
  if (status > 0)
    g_assert_cmpuint (bed->status, ==, status);
}

static void
expect_ledger (MailBed *bed, const char *text)
{
  fake_loop_run (bed->bed->loop, 2.5); /* it is written behind */
  g_assert_cmpstr (mail_bed_ledger (bed), ==, text);
}

/* --- Tables --- */

static void
test_errors (void)
{
  static const struct {
    guint status;
    XmppError error;
  } rows[] = {
    { 200, XMPP_NO_ERROR },
    { 202, XMPP_NO_ERROR },
    { 301, XMPP_GONE },
    { 302, XMPP_REDIRECT },
    { 399, XMPP_REDIRECT },
    { 403, XMPP_FORBIDDEN },
    { 404, XMPP_ITEM_NOT_FOUND },
    { 413, XMPP_POLICY_VIOLATION },
    { 415, XMPP_NOT_ACCEPTABLE },
    { 480, XMPP_RECIPIENT_UNAVAILABLE },
    { 499, XMPP_BAD_REQUEST },
    { 503, XMPP_INTERNAL_SERVER_ERROR },
    { 504, XMPP_REMOTE_SERVER_TIMEOUT },
    { 599, XMPP_INTERNAL_SERVER_ERROR },
    { 600, XMPP_RECIPIENT_UNAVAILABLE },
    { 606, XMPP_NOT_ACCEPTABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (xmpp_error_of (rows[i].status), ==, rows[i].error);
  for (guint error = 1; error < XMPP_N_ERRORS; error++)
    for (guint bare = 0; bare < 2; bare++) {
      guint status = xmpp_status_of (error, bare);

      g_assert_cmpuint (status, >=, 300);
      g_assert_true (status != 401 && status != 407 && status != 408
                     && status != 503);
    }
  g_assert_cmpuint (xmpp_status_of (XMPP_ITEM_NOT_FOUND, FALSE), ==, 404);
  g_assert_cmpuint (xmpp_status_of (XMPP_ITEM_NOT_FOUND, TRUE), ==, 604);
  g_assert_cmpuint (xmpp_status_of (XMPP_SERVICE_UNAVAILABLE, TRUE), ==, 403);
}

/* An id that is cut, or for somebody else, is none. */
static void
test_ids (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();
  Service *service = bed->bed->service;
  const XmppStanzaId id = { .message = 0x123456789abcdef,
                            .wanted = IMDN_POSITIVE,
                            .imdn_id = "m-1",
                            .attempt = 1 };
  g_autofree char *text = xmpp_id_write (service, ALICE, XAVIER, &id);
  XmppStanzaId out;

  for (gsize len = 0; len < strlen (text); len++) {
    g_autofree char *cut = g_strndup (text, len);

    g_assert_false (xmpp_id_read (service, ALICE, XAVIER, cut, &out));
  }
  g_assert_false (xmpp_id_read (service, ALICE, YVONNE, text, &out));
  g_assert_false (xmpp_id_read (service, BOB, XAVIER, text, &out));
  g_assert_false (xmpp_id_read (service, BOB, XAVIER, NULL, &out));
  g_assert_true (
      xmpp_id_read (service, "Alice@example.com", XAVIER, text, &out));
  g_assert_cmpuint (out.message, ==, id.message);
  g_assert_cmpuint (out.wanted, ==, IMDN_POSITIVE);
  g_assert_cmpuint (out.attempt, ==, 1);
  g_assert_cmpstr (out.imdn_id, ==, "m-1");
}

/* --- From XMPP --- */

static void
test_in (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  const FakeForward *out;

  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_CHAT,
                            .body = "<b>hello</b>\n&",
                            .subject = "Of \r\nVia: x\tships",
                            .lang = "cs",
                            .thread = "e0ffe42b28561960",
                            .chat = XMPP_CHAT_ACTIVE });
  out = last_out (bed);
  g_assert_cmpstr (out->target, ==, BOB_DESK);
  g_assert_cmpstr (out->body, ==, "<b>hello</b>\n&");
  g_assert_cmpstr (out->content_type, ==, CONTENT_PLAIN);
  g_assert_cmpstr (out->call_id, ==, "e0ffe42b28561960");
  g_assert_nonnull (
      strstr (out->headers, "From: <sip:" XAVIER ";gr=balcony>;tag="));
  g_assert_nonnull (strstr (out->headers, "\r\nTo: <sip:" BOB ">\r\n"));
  g_assert_nonnull (
      strstr (out->headers, "\r\nSubject: Of   Via: x ships\r\n"));
  g_assert_nonnull (strstr (out->headers, "\r\nContent-Language: cs\r\n"));
  mail_bed_answer (bed, DESK, 200);
  expect_nothing (bed);
  expect_ledger (bed, "bob@example.com ended desk=delivered");
}

static void
test_in_smuggling (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  const FakeForward *out;

  say (bed, &(XmppMessage){ .from = XAVIER "/a>\";x\xc3\xa9 b",
                            .type = XMPP_MESSAGE_NORMAL,
                            .body = "x",
                            .lang = "en\r\nVia: x",
                            .subject = "\r\n",
                            .thread = "t\r\nVia: x" });
  out = last_out (bed);
  g_assert_nonnull (strstr (out->headers, ";gr=a%3E%22%3Bx%C3%A9%20b>;tag="));
  g_assert_null (strstr (out->headers, "Via"));
  g_assert_null (strstr (out->headers, "Subject"));
  g_assert_null (strstr (out->headers, "Content-Language"));
  g_assert_null (strpbrk (out->call_id, "\r\n :"));
  mail_bed_answer (bed, DESK, 200);
}

/* XEP-0203, and the time that is told to a phone. */
static void
test_in_stamp (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  gint64 now = clock_wall (fake_loop_clock (bed->bed->loop)) / G_USEC_PER_SEC;

  say (bed, &(XmppMessage){ .body = "x", .stamp = now - 3600 });
  g_assert_cmpint (last_out (bed)->date, ==, now - 3600);
  mail_bed_answer (bed, DESK, 200);
  say (bed, &(XmppMessage){ .body = "x", .stamp = now + 86400 });
  g_assert_cmpint (last_out (bed)->date, ==, now);
  mail_bed_answer (bed, DESK, 200);
}

static void
expect_composing (MailBed *bed, XmppChatState state, gboolean is_active)
{
  Composing composing;
  const FakeForward *out;

  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_CHAT, .chat = state });
  out = last_out (bed);
  g_assert_cmpstr (out->content_type, ==, COMPOSING_TYPE);
  g_assert_true (
      composing_parse (out->body, strlen (out->body), &composing, NULL));
  g_assert_cmpint (composing.is_active, ==, is_active);
  mail_bed_answer (bed, DESK, 408);
  expect_nothing (bed);
  mail_bed_register (bed, BOB, DESK, 3600);
}

static void
test_in_composing (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  expect_composing (bed, XMPP_CHAT_COMPOSING, TRUE);
  expect_composing (bed, XMPP_CHAT_PAUSED, FALSE);
  expect_composing (bed, XMPP_CHAT_ACTIVE, FALSE);
  expect_composing (bed, XMPP_CHAT_INACTIVE, FALSE);
  expect_composing (bed, XMPP_CHAT_GONE, FALSE);
  mail_bed_register (bed, BOB, DESK, 0);
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_CHAT,
                            .chat = XMPP_CHAT_COMPOSING });
  expect_nothing (bed);
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 0);
  expect_ledger (bed, "");
}

/* RFC 3994 5: who does not understand it is not bothered again. */
static void
test_in_deaf (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  const XmppMessage typing
      = { .type = XMPP_MESSAGE_CHAT, .chat = XMPP_CHAT_COMPOSING };

  say (bed, &typing);
  mail_bed_answer (bed, DESK, 415);
  say (bed, &typing);
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 0);
  say_text (bed, "x");
  mail_bed_answer (bed, DESK, 200);
}

/* A full JID names a device; what that does not take is for the others. */
static void
test_in_device (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  g_autoptr (FakeXmppMessage) note = NULL;
  const XmppMessage to_mobile
      = { .to = BOB "/urn:uuid:m", .type = XMPP_MESSAGE_CHAT, .body = "one" };
  const XmppMessage to_none
      = { .to = BOB "/old", .type = XMPP_MESSAGE_CHAT, .body = "two" };

  mail_bed_register_as (bed, BOB, MOBILE, "urn:uuid:m");
  say (bed, &to_mobile);
  g_assert_cmpstr (mail_bed_out (bed), ==, "mobile:one");
  mail_bed_answer (bed, MOBILE, 480);
  g_assert_cmpstr (mail_bed_out (bed), ==, "desk:one");
  mail_bed_answer (bed, DESK, 200);
  mail_bed_register_as (bed, BOB, MOBILE, "urn:uuid:m");
  say (bed, &to_none);
  g_assert_cmpstr (mail_bed_out (bed), ==, "desk:two mobile:two");
  g_free (mail_bed_take_all (bed));
  mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                         .device = MOBILE,
                                         .peer = XAVIER,
                                         .resource = "orchard",
                                         .body = "three" });
  fake_loop_settle (bed->bed->loop);
  note = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpstr (note->message.from, ==, BOB "/urn:uuid:m");
  g_assert_cmpstr (note->message.to, ==, ORCHARD);
  /* A resource that is named is not there for ever either. */
  say (bed, &(XmppMessage){ .from = ORCHARD,
                            .type = XMPP_MESSAGE_ERROR,
                            .id = note->message.id,
                            .error = XMPP_ITEM_NOT_FOUND });
  expect_stanza (bed, XAVIER, "three");
}

static void
test_in_server (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  say (bed, &(XmppMessage){ .from = XMPP_DOMAIN,
                            .type = XMPP_MESSAGE_HEADLINE,
                            .body = "going down" });
  g_assert_nonnull (
      strstr (last_out (bed)->headers, "From: <sip:" XMPP_DOMAIN ">;tag="));
  mail_bed_answer (bed, DESK, 200);
}

static void
test_in_refused (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  say (bed, &(XmppMessage){ .to = "nobody@example.com", .body = "x" });
  expect_error (bed, XMPP_ITEM_NOT_FOUND);
  say (bed, &(XmppMessage){ .to = "example.com", .body = "x" });
  expect_error (bed, XMPP_ITEM_NOT_FOUND);
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_ERROR,
                            .error = XMPP_GONE,
                            .to = "nobody@example.com",
                            .body = "x" });
  expect_nothing (bed);
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_HEADLINE,
                            .to = "nobody@example.com",
                            .body = "x" });
  expect_nothing (bed);
  say (bed, &(XmppMessage){ .to = "nobody@example.com",
                            .chat = XMPP_CHAT_COMPOSING });
  expect_nothing (bed);
  bed->bed->settings.im_enabled = FALSE;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  say_text (bed, "x");
  expect_error (bed, XMPP_FORBIDDEN);
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 0);
}

static void
test_in_policy (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();
  const XmppMessage message
      = { .to = ALICE, .type = XMPP_MESSAGE_CHAT, .body = "x" };

  mail_bed_register (bed, ALICE, DESK, 3600);
  bed_put_policy (bed->bed, NULL, NULL, XAVIER "=block");
  say (bed, &message);
  expect_error (bed, XMPP_FORBIDDEN);
  bed_put_policy (bed->bed, NULL, NULL, "@" XMPP_DOMAIN "=polite_block");
  say (bed, &message);
  expect_nothing (bed);
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 0);
}

/* One who sends too much is refused, and nobody else; what he has no answer to is
 * dropped. */
static void
test_in_rate (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  ServiceLimits limits = bed->bed->service->limits;

  limits.xmpp_rate = 1;
  limits.xmpp_burst = 2;
  service_set_limits (bed->bed->service, &limits);
  say_text (bed, "one");
  mail_bed_answer (bed, DESK, 200);
  say (bed, &(XmppMessage){ .from = ORCHARD, .body = "two" });
  mail_bed_answer (bed, DESK, 200);
  say (bed, &(XmppMessage){ .chat = XMPP_CHAT_COMPOSING });
  expect_nothing (bed);
  say_text (bed, "three");
  expect_error (bed, XMPP_RESOURCE_CONSTRAINT);
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 0);
  say (bed, &(XmppMessage){ .from = "yvonne@" XMPP_DOMAIN, .body = "x" });
  mail_bed_answer (bed, DESK, 200);
  fake_loop_run (bed->bed->loop, 1.5);
  say_text (bed, "four");
  mail_bed_answer (bed, DESK, 200);
  expect_nothing (bed);
}

static void
expect_refusal (guint status, XmppError error)
{
  g_autoptr (MailBed) bed = with_desk ();

  say_text (bed, "x");
  mail_bed_answer (bed, DESK, status);
  expect_error (bed, error);
}

static void
test_in_answers (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  expect_refusal (415, XMPP_NOT_ACCEPTABLE);
  expect_refusal (488, XMPP_NOT_ACCEPTABLE);
  expect_refusal (413, XMPP_POLICY_VIOLATION);
  expect_refusal (603, XMPP_RECIPIENT_UNAVAILABLE);
  expect_refusal (604, XMPP_ITEM_NOT_FOUND);
  bed->bed->settings.suppress_offline_im = TRUE;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  say_text (bed, "x");
  expect_error (bed, XMPP_RECIPIENT_UNAVAILABLE);
}

static void
test_in_stored (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();
  g_autofree char *taken = NULL;
  gint64 now = clock_wall (fake_loop_clock (bed->bed->loop)) / G_USEC_PER_SEC;

  say_text (bed, "one");
  say_text (bed, "two");
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_HEADLINE, .body = "news" });
  expect_nothing (bed);
  expect_ledger (bed, "bob@example.com queued, bob@example.com queued, "
                      "bob@example.com ended");
  mail_bed_restart (bed);
  fake_loop_run (bed->bed->loop, 100);
  mail_bed_register (bed, BOB, DESK, 3600);
  g_assert_cmpint (last_out (bed)->date, ==, now);
  taken = mail_bed_take_all (bed);
  g_assert_cmpstr (taken, ==, "desk:one desk:two");
}

static guint32
cseq_of (MailBed *bed, const char *thread, const char *call_id)
{
  guint32 cseq;

  say (bed, &(XmppMessage){ .body = "x", .thread = thread });
  if (call_id != NULL)
    g_assert_cmpstr (last_out (bed)->call_id, ==, call_id);
  else
    g_assert_cmpstr (last_out (bed)->call_id, !=, thread);
  cseq = last_out (bed)->cseq;
  mail_bed_answer (bed, DESK, 200);
  return cseq;
}

static void
test_in_thread (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  guint32 first, second, third;

  fake_loop_set_wall (bed->bed->loop, "2026-05-01T00:00:00Z");
  first = cseq_of (bed, "one", "one");
  cseq_of (bed, "two", "two");
  second = cseq_of (bed, "one", "one");
  cseq_of (bed, "white space", NULL);
  g_assert_cmpuint (second, ==, first + 1);
  mail_bed_restart (bed);
  fake_loop_run (bed->bed->loop, 2);
  third = cseq_of (bed, "one", "one");
  g_assert_cmpuint (third, >, second);
  g_assert_cmpuint (third, <, 1u << 31);
}

static void
test_threads (void)
{
  g_autoptr (XmppThreads) threads = xmpp_threads_new (2);
  static const char *const good[] = { "a", "0815@host", "a-b.c_d" };
  static const char *const bad[]
      = { "a b", "<a>", "a@b@c", "@a", "a@", "h\xc3\xa9", "a\r\nb" };
  g_autofree char *endless = g_strnfill (100000, 'x');
  g_autofree char *hashed = xmpp_thread_call_id (endless);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree char *call_id = xmpp_thread_call_id (good[i]);

    g_assert_cmpstr (call_id, ==, good[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *call_id = xmpp_thread_call_id (bad[i]);

    g_assert_cmpuint (strlen (call_id), ==, 40);
  }
  g_assert_cmpuint (strlen (hashed), ==, 40);
  for (guint i = 0; i < 10; i++) {
    g_autofree char *thread = g_strdup_printf ("t%u", i);
    XmppThreadStep step;

    xmpp_threads_next (threads, XAVIER, BOB, thread, 0, &step);
    g_free (step.call_id);
    g_free (step.from_tag);
    g_assert_cmpuint (xmpp_threads_size (threads), ==, MIN (i + 1, 2));
  }
}

/* The device that replied to an XMPP user gets what he writes then. */
static void
test_in_lock (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  mail_bed_register (bed, BOB, MOBILE, 3600);
  say_text (bed, "one");
  g_assert_cmpstr (mail_bed_out (bed), ==, "desk:one mobile:one");
  g_free (mail_bed_take_all (bed));
  mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                         .device = MOBILE,
                                         .peer = XAVIER,
                                         .body = "a reply" });
  fake_loop_settle (bed->bed->loop);
  expect_stanza (bed, BALCONY, "a reply");
  say_text (bed, "two");
  g_assert_cmpstr (mail_bed_out (bed), ==, "mobile:two");
  mail_bed_answer (bed, MOBILE, 480);
  g_assert_cmpstr (mail_bed_out (bed), ==, "desk:two");
  mail_bed_answer (bed, DESK, 200);
  say_text (bed, "three");
  g_assert_cmpstr (mail_bed_out (bed), ==, "desk:three mobile:three");
  g_free (mail_bed_take_all (bed));
}

/* --- Receipts --- */

static const char *
body_of (const FakeForward *out, Content **content)
{
  g_assert_true (content_read (out->content_type, NULL, out->body,
                               strlen (out->body), content, NULL));
  return (*content)->text;
}

static void
ask_receipt (MailBed *bed, const char *id)
{
  say (bed, &(XmppMessage){ .id = id,
                            .type = XMPP_MESSAGE_CHAT,
                            .body = "h\xc3\xa9",
                            .wants_receipt = TRUE });
}

static void
report_delivered (MailBed *bed, const char *message_id)
{
  g_autofree char *text = g_strdup_printf (
      "From: <sip:bob@example.com>\r\nTo: <sip:" XAVIER ">\r\n\r\n"
      "Content-Type: message/imdn+xml\r\n\r\n"
      "<imdn xmlns='urn:ietf:params:xml:ns:imdn'><message-id>%s</message-id>"
      "<datetime>2026-01-02T03:04:05Z</datetime><delivery-notification>"
      "<status><delivered/></status></delivery-notification></imdn>",
      message_id);

  mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                         .device = DESK,
                                         .peer = XAVIER,
                                         .resource = "balcony",
                                         .content_type = CONTENT_CPIM,
                                         .body = text });
  fake_loop_settle (bed->bed->loop);
}

static void
expect_receipt (MailBed *bed, const char *id)
{
  g_autoptr (FakeXmppMessage) note = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);

  g_assert_cmpstr (note->message.receipt, ==, id);
  g_assert_cmpstr (note->message.to, ==, BALCONY);
  g_assert_null (note->message.body);
  g_assert_false (note->message.wants_receipt);
}

static void
test_receipt_of_phone (void)
{
  static const char *const ids[] = { "s1", "a b%41<\"&'>\xc3\xa9/1" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (MailBed) bed = with_desk ();
    g_autoptr (Content) content = NULL;

    ask_receipt (bed, ids[i]);
    g_assert_cmpstr (body_of (last_out (bed), &content), ==, "h\xc3\xa9");
    g_assert_cmpstr (last_out (bed)->content_type, ==, CONTENT_CPIM);
    g_assert_cmpuint (content->wanted, ==, IMDN_POSITIVE);
    mail_bed_answer (bed, DESK, 200);
    expect_nothing (bed);
    report_delivered (bed, content->message_id);
    expect_receipt (bed, ids[i]);
  }
}

/* A phone that knows no CPIM gets the text, and 200 is its receipt. */
static void
test_receipt_plain (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  ask_receipt (bed, "s1");
  mail_bed_answer (bed, DESK, 415);
  g_assert_cmpstr (mail_bed_out (bed), ==, "desk:h\xc3\xa9");
  g_assert_cmpstr (last_out (bed)->content_type, ==, CONTENT_PLAIN);
  mail_bed_answer (bed, DESK, 200);
  expect_receipt (bed, "s1");
  ask_receipt (bed, "s2");
  g_assert_cmpstr (mail_bed_out (bed), ==, "desk:h\xc3\xa9");
  mail_bed_answer (bed, DESK, 200);
  expect_receipt (bed, "s2");
  ask_receipt (bed, "s1");
  mail_bed_answer (bed, DESK, 415);
  expect_error (bed, XMPP_NOT_ACCEPTABLE);
}

#define ASKING                                                                 \
  "From: <sip:bob@example.com>\r\nTo: <sip:" XAVIER ">\r\n"                    \
  "DateTime: 2003-12-24T15:00:00Z\r\nSubject: Ships\r\n"                       \
  "NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: m-1\r\n"                \
  "imdn.Disposition-Notification: positive-delivery, negative-delivery\r\n"    \
  "\r\nContent-Type: text/plain\r\n\r\nahoy"

static FakeXmppMessage *
ask_report (MailBed *bed)
{
  mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                         .device = DESK,
                                         .peer = XAVIER,
                                         .content_type = CONTENT_CPIM,
                                         .body = ASKING });
  fake_loop_settle (bed->bed->loop);
  return take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
}

static void
expect_report (MailBed *bed, ImdnStatus status)
{
  g_autoptr (Content) content = NULL;

  body_of (last_out (bed), &content);
  g_assert_cmpint (content->kind, ==, CONTENT_REPORT);
  g_assert_cmpint (content->report->status, ==, status);
  g_assert_cmpstr (content->report->message_id, ==, "m-1");
  g_assert_cmpstr (content->report->recipient, ==, "sip:" XAVIER);
  mail_bed_answer (bed, DESK, 200);
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 0);
}

/* Who may not see whether he is there does not learn it from a receipt of
 * ours. */
static void
test_receipt_private (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  ask_receipt (bed, "s1");
  mail_bed_answer (bed, DESK, 415);
  fake_loop_settle (bed->bed->loop);
  bed->bed->settings.share_availability = FALSE;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  mail_bed_answer (bed, DESK, 200);
  fake_loop_settle (bed->bed->loop);
  expect_nothing (bed);
  bed->bed->settings.share_availability = TRUE;
  bed->bed->settings.allow_without_approval = FALSE;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  ask_receipt (bed, "s2");
  mail_bed_answer (bed, DESK, 200);
  fake_loop_settle (bed->bed->loop);
  expect_nothing (bed);
}

static void
test_receipt_of_xmpp (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  g_autoptr (FakeXmppMessage) note = ask_report (bed);

  g_assert_cmpstr (note->message.body, ==, "ahoy");
  g_assert_cmpstr (note->message.subject, ==, "Ships");
  g_assert_cmpint (note->message.stamp, ==, 1072278000);
  g_assert_true (note->message.wants_receipt);
  /* Also after a restart; nobody else can say it; a wrong one is nobody's. */
  mail_bed_restart (bed);
  say (bed, &(XmppMessage){ .from = YVONNE "/x", .receipt = note->message.id });
  say (bed, &(XmppMessage){ .to = CAROL, .receipt = note->message.id });
  say (bed, &(XmppMessage){ .receipt = "rc0-0000000000000000-1-1-m-1" });
  say (bed, &(XmppMessage){ .receipt = "rc" });
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, 0);
  say (bed, &(XmppMessage){ .receipt = note->message.id });
  expect_report (bed, IMDN_DELIVERED);
  expect_nothing (bed);
}

static void
test_bounce (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  g_autoptr (FakeXmppMessage) note = ask_report (bed);

  expect_answer (bed, 1, SERVICE_RELAYED, 200);
  expect_ledger (bed, XAVIER " ended xmpp:" XAVIER "=delivered");
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_ERROR,
                            .id = note->message.id,
                            .error = XMPP_REMOTE_SERVER_NOT_FOUND });
  expect_report (bed, IMDN_FAILED);
  expect_ledger (bed, XAVIER " ended xmpp:" XAVIER "=failed");
  expect_nothing (bed);
}

/* --- To XMPP --- */

static void
test_out (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  g_autoptr (FakeXmppMessage) note = NULL;

  mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                         .device = DESK,
                                         .peer = XAVIER,
                                         .call_id = "call@1",
                                         .subject = "Of ships",
                                         .language = "cs, en",
                                         .body = "<b>a</b>\r\nb" });
  fake_loop_settle (bed->bed->loop);
  g_assert_cmpuint (bed->answers, ==, 0);
  note = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
  expect_answer (bed, 1, SERVICE_RELAYED, 200);
  g_assert_cmpint (note->message.type, ==, XMPP_MESSAGE_CHAT);
  g_assert_cmpstr (note->message.from, ==, BOB);
  g_assert_cmpstr (note->message.to, ==, XAVIER);
  g_assert_cmpstr (note->message.body, ==, "<b>a</b>\nb");
  g_assert_cmpstr (note->message.subject, ==, "Of ships");
  g_assert_cmpstr (note->message.lang, ==, "cs");
  g_assert_cmpstr (note->message.thread, ==, "call@1");
  g_assert_cmpint (note->message.chat, ==, XMPP_CHAT_ACTIVE);
  g_assert_false (note->message.wants_receipt);
  g_assert_cmpint (note->message.stamp, ==, 0);
  expect_ledger (bed, XAVIER " ended xmpp:" XAVIER "=delivered");
}

static void
test_out_composing (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  for (guint active = 0; active < 2; active++) {
    const Composing composing = { .is_active = active };
    g_autoptr (GBytes) body = composing_write (&composing, "text/plain");
    g_autoptr (FakeXmppMessage) note = NULL;

    mail_bed_send (bed,
                   &(MailBedMessage){ .sender = BOB,
                                      .device = DESK,
                                      .peer = XAVIER,
                                      .content_type = COMPOSING_TYPE,
                                      .body = g_bytes_get_data (body, NULL),
                                      .body_len = g_bytes_get_size (body) });
    fake_loop_settle (bed->bed->loop);
    note = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
    g_assert_cmpint (note->message.chat, ==,
                     active ? XMPP_CHAT_COMPOSING : XMPP_CHAT_ACTIVE);
    g_assert_null (note->message.body);
  }
  expect_ledger (bed, "");
}

static const struct {
  const char *type, *body, *subject, *language;
  gboolean is_sips;
  ServiceVerdict verdict;
} refused[] = {
  { "text/html", "<p>x</p>", NULL, NULL, FALSE, SERVICE_BAD_TYPE },
  { "text/plain;charset=klingon", "x", NULL, NULL, FALSE, SERVICE_BAD_TYPE },
  { "text/plain", "h\xe9", NULL, NULL, FALSE, SERVICE_BAD_REQUEST },
  { "text/plain", "\x07", NULL, NULL, FALSE, SERVICE_BAD_REQUEST },
  { "text/plain", "x", "a\r\nb", NULL, FALSE, SERVICE_BAD_REQUEST },
  { "text/plain", "x", "h\xe9", NULL, FALSE, SERVICE_BAD_REQUEST },
  { "text/plain", "x", NULL, "a\nb", FALSE, SERVICE_BAD_REQUEST },
  { "text/plain", "x", NULL, NULL, TRUE, SERVICE_RELAYED },
};

static void
test_out_refused (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                           .device = DESK,
                                           .peer = XAVIER,
                                           .content_type = refused[i].type,
                                           .body = refused[i].body,
                                           .subject = refused[i].subject,
                                           .language = refused[i].language,
                                           .is_sips = refused[i].is_sips });
    expect_answer (bed, i + 1, refused[i].verdict, 0);
    g_assert_nonnull (bed->text);
  }
  g_assert_cmpuint (bed->status, ==, 416);
  expect_nothing (bed);
  mail_bed_send (
      bed, &(MailBedMessage){
               .sender = EVE, .device = DESK, .peer = XAVIER, .body = "x" });
  expect_answer (bed, G_N_ELEMENTS (refused) + 1, SERVICE_FORBIDDEN, 0);
  expect_ledger (bed, "");
}

static void
test_out_returned (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  g_autoptr (FakeXmppMessage) note = NULL;

  write_to (bed, XAVIER, "x");
  note = take (bed, XMPP_REFUSED, XMPP_SERVICE_UNAVAILABLE);
  expect_answer (bed, 1, SERVICE_RELAYED, 403);
  expect_nothing (bed);
  expect_ledger (bed, XAVIER " ended xmpp:" XAVIER "=failed");
}

static void
test_out_stored (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  g_autoptr (FakeXmppMessage) one = NULL, two = NULL, three = NULL;
  gint64 now = clock_wall (fake_loop_clock (bed->bed->loop)) / G_USEC_PER_SEC;

  write_to (bed, XAVIER, "one");
  fake_xmpp_link (bed->bed->xmpp, FALSE);
  fake_loop_settle (bed->bed->loop);
  expect_answer (bed, 1, SERVICE_ACCEPTED, 0);
  write_to (bed, XAVIER, "two");
  expect_answer (bed, 2, SERVICE_ACCEPTED, 0);
  expect_nothing (bed);
  fake_loop_run (bed->bed->loop, 100);
  mail_bed_restart (bed); /* the link is up then */
  fake_loop_run (bed->bed->loop, 1);
  one = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
  two = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpstr (one->message.body, ==, "one");
  g_assert_cmpint (one->message.stamp, ==, now);
  g_assert_cmpstr (two->message.body, ==, "two");
  expect_nothing (bed);
  expect_ledger (bed, XAVIER " ended xmpp:" XAVIER "=delivered, " XAVIER
                             " ended xmpp:" XAVIER "=delivered");
  fake_xmpp_link (bed->bed->xmpp, FALSE);
  write_to (bed, XAVIER, "three");
  fake_xmpp_link (bed->bed->xmpp, TRUE);
  fake_loop_run (bed->bed->loop, 1);
  three = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpstr (three->message.body, ==, "three");
}

static void
test_out_suppressed (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  bed->bed->settings.suppress_offline_im = TRUE;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  write_to (bed, XAVIER, "one");
  fake_xmpp_link (bed->bed->xmpp, FALSE);
  fake_loop_settle (bed->bed->loop);
  expect_answer (bed, 1, SERVICE_UNAVAILABLE, 0);
  write_to (bed, XAVIER, "two");
  expect_answer (bed, 2, SERVICE_UNAVAILABLE, 0);
  fake_xmpp_link (bed->bed->xmpp, TRUE);
  fake_loop_run (bed->bed->loop, 60);
  expect_nothing (bed);
}

/* A stored one that is refused has nobody else to wait for; what is behind it
 * goes on.  One that may pass is tried again. */
static void
test_out_stored_refused (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  fake_xmpp_link (bed->bed->xmpp, FALSE);
  mail_bed_send (bed, &(MailBedMessage){ .sender = BOB,
                                         .device = DESK,
                                         .peer = XAVIER,
                                         .content_type = CONTENT_CPIM,
                                         .body = ASKING });
  fake_loop_settle (bed->bed->loop);
  write_to (bed, XAVIER, "two");
  fake_xmpp_link (bed->bed->xmpp, TRUE);
  fake_loop_run (bed->bed->loop, 1);
  fake_xmpp_message_free (take (bed, XMPP_REFUSED, XMPP_FORBIDDEN));
  expect_report (bed, IMDN_FAILED);
  fake_xmpp_message_free (take (bed, XMPP_REFUSED, XMPP_REMOTE_SERVER_TIMEOUT));
  expect_nothing (bed);
  fake_loop_run (bed->bed->loop, 31);
  expect_stanza (bed, XAVIER, "two");
  expect_ledger (bed, XAVIER " ended xmpp:" XAVIER "=failed, " XAVIER
                             " ended xmpp:" XAVIER "=delivered");
}

static void
test_out_resource (void)
{
  g_autoptr (MailBed) bed = with_desk ();

  write_to (bed, XAVIER, "to all");
  expect_stanza (bed, XAVIER, "to all");
  say_text (bed, "a reply");
  mail_bed_answer (bed, DESK, 200);
  write_to (bed, XAVIER, "to the balcony");
  expect_stanza (bed, BALCONY, "to the balcony");
  say (bed, &(XmppMessage){ .from = ORCHARD, .body = "moved" });
  mail_bed_answer (bed, DESK, 200);
  write_to (bed, XAVIER, "to the orchard");
  expect_stanza (bed, ORCHARD, "to the orchard");
  say (bed, &(XmppMessage){ .from = BALCONY, .chat = XMPP_CHAT_COMPOSING });
  mail_bed_answer (bed, DESK, 200);
  write_to (bed, XAVIER, "nothing automatic moves it");
  expect_stanza (bed, ORCHARD, "nothing automatic moves it");
  fake_xmpp_show (bed->bed->xmpp, BALCONY, BOB, XMPP_UNAVAILABLE);
  write_to (bed, XAVIER, "another one left");
  expect_stanza (bed, ORCHARD, "another one left");
  fake_xmpp_show (bed->bed->xmpp, ORCHARD, BOB, XMPP_UNAVAILABLE);
  write_to (bed, XAVIER, "left");
  expect_stanza (bed, XAVIER, "left");
  say_text (bed, "back");
  mail_bed_answer (bed, DESK, 200);
  fake_loop_run (bed->bed->loop, 601);
  write_to (bed, XAVIER, "idle");
  expect_stanza (bed, XAVIER, "idle");
}

/* At once, or later: once to the bare JID. */
static void
test_out_resource_gone (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  g_autoptr (FakeXmppMessage) first = NULL, again = NULL, late = NULL;

  say_text (bed, "here");
  mail_bed_answer (bed, DESK, 200);
  write_to (bed, XAVIER, "one");
  first = take (bed, XMPP_REFUSED, XMPP_SERVICE_UNAVAILABLE);
  g_assert_cmpstr (first->message.to, ==, BALCONY);
  g_assert_cmpuint (bed->answers, ==, 0);
  again = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpstr (again->message.to, ==, XAVIER);
  g_assert_cmpstr (again->message.body, ==, "one");
  g_assert_cmpstr (again->message.id, !=, first->message.id);
  expect_answer (bed, 1, SERVICE_RELAYED, 200);
  say_text (bed, "here");
  mail_bed_answer (bed, DESK, 200);
  write_to (bed, XAVIER, "two");
  late = take (bed, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpstr (late->message.to, ==, BALCONY);
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_ERROR,
                            .id = late->message.id,
                            .error = XMPP_RECIPIENT_UNAVAILABLE });
  expect_stanza (bed, XAVIER, "two");
  say (bed, &(XmppMessage){ .type = XMPP_MESSAGE_ERROR,
                            .id = late->message.id,
                            .error = XMPP_RECIPIENT_UNAVAILABLE });
  expect_nothing (bed);
  expect_ledger (bed, "bob@example.com ended desk=delivered, " XAVIER
                      " ended xmpp:" XAVIER "=delivered, "
                      "bob@example.com ended desk=delivered, " XAVIER
                      " ended xmpp:" XAVIER "=failed");
}

static void
sent_cb (const ServiceSent *sent, const char *error, gpointer data)
{
  g_assert_null (error);
  *(guint *)data = sent->n_taken;
}

/* An administrator's, to both sides. */
static void
test_out_broadcast (void)
{
  g_autoptr (MailBed) bed = with_desk ();
  static const char *const to[]
      = { "sip:" XAVIER, "sip:bob@example.com", "sip:" YVONNE, NULL };
  const ServiceSend send = { .from = ALICE, .to = to, .text = "fire drill" };
  g_autofree char *out = NULL, *taken = NULL;
  guint n = 0;

  service_send (bed->bed->service, &send, sent_cb, &n);
  fake_loop_settle (bed->bed->loop);
  g_assert_cmpuint (n, ==, 3);
  fake_loop_run (bed->bed->loop, 1);
  taken = mail_bed_take_all (bed);
  g_assert_cmpstr (taken, ==, "desk:fire drill");
  out = fake_xmpp_drain (bed->bed->xmpp);
  g_assert_cmpstr (out, ==,
                   "chat " ALICE " > " XAVIER ": fire drill\n"
                   "chat " ALICE " > " YVONNE ": fire drill\n");
}

/* --- Whatever happens --- */

#define CHANCE_STEPS 400
static const char *const peers[] = { XAVIER, YVONNE };

typedef struct {
  MailBed *bed;
  guint sent;
  GHashTable *taken;                /* text -> how often */
  guint last[G_N_ELEMENTS (peers)]; /* number of the last one that was taken for
                                       the first time */
} Chance;

/* No line is ever full: what is left on disk then comes behind live ones. */
#define CHANCE_WAITING 30

static void
chance_send (Chance *self)
{
  g_autofree char *text = NULL;

  if (self->sent - g_hash_table_size (self->taken) >= CHANCE_WAITING)
    return;
  text = g_strdup_printf ("%u", ++self->sent);
  mail_bed_send (self->bed,
                 &(MailBedMessage){ .sender = BOB,
                                    .device = DESK,
                                    .peer = peers[self->sent % 2],
                                    .body = g_intern_string (text) });
}

/* In order, whatever was stored between. */
static void
note_taken (Chance *self, const char *text)
{
  guint number = (guint)atoi (text), *last = &self->last[number % 2];

  if (g_hash_table_contains (self->taken, text))
    return;
  g_hash_table_add (self->taken, g_strdup (text));
  g_assert_cmpuint (number, >, *last);
  *last = number;
}

static void
chance_take (Chance *self)
{
  g_autoptr (FakeXmppMessage) note = NULL;

  if (self->bed->bed->xmpp->messages->len == 0)
    return;
  note = take (self->bed, XMPP_TAKEN, XMPP_NO_ERROR);
  note_taken (self, note->message.body);
}

static void
chance_step (Chance *self)
{
  FakeXmpp *xmpp = self->bed->bed->xmpp;
  gint dice = g_test_rand_int_range (0, 100);

  if (dice < 45)
    chance_send (self);
  else if (dice < 80)
    chance_take (self);
  else if (dice < 88)
    fake_loop_run (self->bed->bed->loop, g_test_rand_double_range (0.1, 12));
  else if (dice < 96)
    fake_xmpp_link (xmpp, !xmpp->is_up);
  else if (self->bed->answers == self->sent)
    mail_bed_restart (self->bed);
  if (dice % 3 == 0)
    fake_loop_settle (self->bed->bed->loop);
}

static void
chance_finish (Chance *self)
{
  FakeXmpp *xmpp = self->bed->bed->xmpp;

  if (!xmpp->is_up)
    fake_xmpp_link (xmpp, TRUE);
  for (guint i = 0; i < 40; i++) {
    fake_loop_run (self->bed->bed->loop, 1);
    while (xmpp->messages->len > 0)
      chance_take (self);
  }
  g_assert_cmpuint (self->bed->answers, ==, self->sent);
  g_assert_cmpuint (g_hash_table_size (self->taken), ==, self->sent);
}

/* What was accepted comes through, in order, whenever the link goes down and the
 * server ends. */
static void
test_chance (void)
{
  for (guint round = 0; round < 20; round++) {
    g_autoptr (MailBed) bed = with_desk ();
    Chance chance = { .bed = bed };

    chance.taken
        = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < CHANCE_STEPS; i++)
      chance_step (&chance);
    chance_finish (&chance);
    g_hash_table_unref (chance.taken);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, fn) g_test_add_func ("/service/xmpp-message/" path, fn)
  ADD ("rfc7247-7/errors", test_errors);
  ADD ("rfc7572-4/in", test_in);
  ADD ("in/smuggling", test_in_smuggling);
  ADD ("xep0203/in-stamp", test_in_stamp);
  ADD ("xep0085/in-composing", test_in_composing);
  ADD ("rfc3994-5/deaf", test_in_deaf);
  ADD ("rfc6121-8.5.3/device", test_in_device);
  ADD ("in/server", test_in_server);
  ADD ("in/refused", test_in_refused);
  ADD ("out/ids", test_ids);
  ADD ("in/policy", test_in_policy);
  ADD ("in/rate", test_in_rate);
  ADD ("in/answers", test_in_answers);
  ADD ("in/stored", test_in_stored);
  ADD ("rfc7572-4/in-thread", test_in_thread);
  ADD ("threads", test_threads);
  ADD ("in/lock", test_in_lock);
  ADD ("xep0184/of-phone", test_receipt_of_phone);
  ADD ("xep0184/plain", test_receipt_plain);
  ADD ("xep0184-8/private", test_receipt_private);
  ADD ("xep0184/of-xmpp", test_receipt_of_xmpp);
  ADD ("out/bounce", test_bounce);
  ADD ("rfc7572-5/out", test_out);
  ADD ("xep0085/out-composing", test_out_composing);
  ADD ("out/refused", test_out_refused);
  ADD ("out/returned", test_out_returned);
  ADD ("out/stored", test_out_stored);
  ADD ("out/suppressed", test_out_suppressed);
  ADD ("out/stored-refused", test_out_stored_refused);
  ADD ("out/resource", test_out_resource);
  ADD ("out/resource-gone", test_out_resource_gone);
  ADD ("out/broadcast", test_out_broadcast);
  ADD ("out/random", test_chance);
  return g_test_run ();
}
