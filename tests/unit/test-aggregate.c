/* SPDX-License-Identifier: ISC
 *
 * service/aggregate: notifications of a message to many in one MESSAGE (RFC
 * 5438 8.3). */
#include "tests/lib/mailbed.h"

#include <string.h>

#define LIST                                                                   \
  "--b\r\nContent-Type: message/cpim\r\n\r\n"                                  \
  "From: <sip:alice@example.com>\r\nTo: <sip:example.com>\r\n"                 \
  "NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: many1\r\n"              \
  "DateTime: 2026-01-01T00:00:00Z\r\n"                                         \
  "imdn.Disposition-Notification: positive-delivery\r\n\r\n"                   \
  "Content-Type: text/plain\r\n\r\nhello\r\n"                                  \
  "--b\r\nContent-Type: application/resource-lists+xml\r\n"                    \
  "Content-Disposition: recipient-list\r\n\r\n"                                \
  "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>"     \
  "<entry uri=\"sip:bob@example.com\"/><entry uri=\"sip:carol@example.com\"/>" \
  "</list></resource-lists>\r\n--b--\r\n"

#define IMDN(id)                                                               \
  "<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\"><message-id>" id                \
  "</message-id><datetime>2026-01-01T00:00:00Z</datetime>"                     \
  "<delivery-notification><status><delivered/></status>"                       \
  "</delivery-notification></imdn>"

static void
send_imdn (MailBed *bed, const char *sender, const char *device,
           const char *body)
{
  mail_bed_send (bed, &(MailBedMessage){ .sender = sender,
                                         .device = device,
                                         .recipient = ALICE,
                                         .content_type = "message/imdn+xml",
                                         .body = body });
  fake_loop_settle (bed->bed->loop);
}

/* Alice, on her phone, has written to both, and both got it. */
static MailBed *
with_list (void)
{
  MailBed *bed = mail_bed_new ();
  g_autofree char *taken = NULL;

  mail_bed_register (bed, ALICE, PHONE, 3600);
  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_register (bed, CAROL, MOBILE, 3600);
  mail_bed_send (
      bed, &(MailBedMessage){ .sender = ALICE,
                              .device = PHONE,
                              .content_type = "multipart/mixed;boundary=b",
                              .body = LIST,
                              .is_many = TRUE });
  fake_loop_run (bed->bed->loop, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_ACCEPTED);
  taken = mail_bed_take_all (bed);
  g_assert_nonnull (strstr (taken, DESK));
  g_assert_nonnull (strstr (taken, MOBILE));
  return bed;
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (; (text = strstr (text, what)) != NULL; text += strlen (what))
    n++;
  return n;
}

/* Nobody is answered before the one MESSAGE has been taken. */
static void
test_gathered (void)
{
  g_autoptr (MailBed) bed = with_list ();
  guint before = bed->answers;
  const char *out;

  send_imdn (bed, BOB, DESK, IMDN ("many1"));
  send_imdn (bed, CAROL, MOBILE, IMDN ("many1"));
  g_assert_cmpstr (mail_bed_out (bed), ==, "");
  fake_loop_run (bed->bed->loop, 2.5);
  out = mail_bed_out (bed);
  g_assert_cmpuint (count (out, PHONE ":"), ==, 1);
  g_assert_cmpuint (count (out, "<message-id>many1</message-id>"), ==, 2);
  g_assert_nonnull (strstr (out, "multipart/mixed"));
  g_assert_nonnull (strstr (out, "From: <sip:example.com>"));
  g_assert_cmpuint (bed->answers, ==, before);
  mail_bed_answer (bed, PHONE, 200);
  g_assert_cmpuint (bed->answers, ==, before + 2);
  g_assert_cmpint (bed->verdict, ==, SERVICE_ACCEPTED);
}

/* What is about another message, or nobody's, goes alone. */
static void
test_others_alone (void)
{
  g_autoptr (MailBed) bed = with_list ();

  send_imdn (bed, BOB, DESK, IMDN ("another"));
  g_assert_cmpstr (mail_bed_out (bed), ==, PHONE ":live");
  mail_bed_answer (bed, PHONE, 200);
}

/* The sender is not there any more: stored, and then they are answered. */
static void
test_stored (void)
{
  g_autoptr (MailBed) bed = with_list ();
  g_autofree char *taken = NULL;
  guint before = bed->answers;

  mail_bed_register (bed, ALICE, PHONE, 0);
  send_imdn (bed, BOB, DESK, IMDN ("many1"));
  fake_loop_run (bed->bed->loop, 2.5);
  g_assert_cmpuint (bed->answers, ==, before + 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_ACCEPTED);
  mail_bed_register (bed, ALICE, PHONE, 3600);
  taken = mail_bed_take_all (bed);
  g_assert_nonnull (strstr (taken, "many1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aggregate/rfc5438-8.3/gathered", test_gathered);
  g_test_add_func ("/aggregate/rfc5438-8.3/others-alone", test_others_alone);
  g_test_add_func ("/aggregate/rfc5438-8.3/stored", test_stored);
  return g_test_run ();
}
