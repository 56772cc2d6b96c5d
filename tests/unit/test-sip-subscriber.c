/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBEs to other domains as text, the way they go, and what is read of
 * their answers and of NOTIFYs. */
#include "sip-bytes.h"

#include "sip/parser.h"
#include "sip/subscriber.h"

#include <string.h>

#define CONTACT "sip:192.0.2.9:5060;transport=udp;gr"

static const WatchWish WISH = { .user = "alice@example.com",
                                .from = "sip:alice@example.com",
                                .target = "sip:eve@example.net",
                                .key = "sip:eve@example.net",
                                .package = "presence",
                                .accept = "application/pidf+xml" };

static SipSubscribe
initial (void)
{
  return (SipSubscribe){
    .wish = &WISH,
    .dialog = { .call_id = "c1", .local_tag = "ours", .target = WISH.target },
    .cseq = 1,
    .expires = 3600
  };
}

static SipSubscribe
in_dialog (void)
{
  SipSubscribe it = initial ();

  it.dialog.remote_tag = "theirs";
  it.dialog.target = "sip:pa@192.0.2.1;x=1?Subject=y";
  it.dialog.route_set = "<sip:p1.example.net;lr>, <sip:p2.example.net;lr>";
  it.cseq = 2;
  it.expires = 0;
  return it;
}

static void
expect_written (const SipSubscribe *subscribe, const char *want)
{
  g_autoptr (GString) out = g_string_new (NULL);
  msg_t *msg;

  g_assert_true (subscriber_write (subscribe, CONTACT, out));
  g_assert_cmpstr (out->str, ==, want);
  msg = make_message (out->str, out->len);
  g_assert_null (sip_object (msg)->sip_error);
  msg_destroy (msg);
}

static void
test_write (void)
{
  SipSubscribe it = initial ();

  expect_written (&it, "SUBSCRIBE sip:eve@example.net SIP/2.0\r\n"
                       "From: <sip:alice@example.com>;tag=ours\r\n"
                       "To: <sip:eve@example.net>\r\n"
                       "Call-ID: c1\r\nCSeq: 1 SUBSCRIBE\r\n"
                       "Max-Forwards: 70\r\nContact: <" CONTACT ">\r\n"
                       "Event: presence\r\nAccept: application/pidf+xml\r\n"
                       "Expires: 3600\r\nContent-Length: 0\r\n\r\n");
}

static void
test_write_in_dialog (void)
{
  SipSubscribe it = in_dialog ();

  expect_written (&it,
                  "SUBSCRIBE sip:pa@192.0.2.1;x=1 SIP/2.0\r\n"
                  "Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr>\r\n"
                  "From: <sip:alice@example.com>;tag=ours\r\n"
                  "To: <sip:eve@example.net>;tag=theirs\r\n"
                  "Call-ID: c1\r\nCSeq: 2 SUBSCRIBE\r\n"
                  "Max-Forwards: 70\r\nContact: <" CONTACT ">\r\n"
                  "Event: presence\r\nAccept: application/pidf+xml\r\n"
                  "Expires: 0\r\nContent-Length: 0\r\n\r\n");
}

static void
test_write_sips (void)
{
  SipSubscribe it = initial ();
  g_autoptr (GString) out = g_string_new (NULL);

  it.dialog.target = "sips:eve@example.net";
  g_assert_true (
      subscriber_write (&it, "sip:192.0.2.9:5061;transport=tls;gr", out));
  g_assert_nonnull (strstr (
      out->str, "\r\nContact: <sips:192.0.2.9:5061;transport=tls;gr>\r\n"));
}

static void
expect_illegal (const SipSubscribe *subscribe, const char *contact)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_false (subscriber_write (subscribe, contact, out));
  g_assert_cmpuint (out->len, ==, 0);
}

static void
test_illegal (void)
{
  SipSubscribe it = in_dialog ();
  WatchWish wish = WISH;

  expect_illegal (&it, NULL);
  it.dialog.target = "sip:pa@192.0.2.1\r\nX: y";
  expect_illegal (&it, CONTACT);
  it = in_dialog ();
  it.dialog.remote_tag = "a;b";
  expect_illegal (&it, CONTACT);
  it = in_dialog ();
  it.dialog.route_set = "<sip:a;lr>\n";
  expect_illegal (&it, CONTACT);
  it = initial ();
  it.wish = &wish;
  wish.target = "sip:a@b> <";
  expect_illegal (&it, CONTACT);
  wish = WISH;
  wish.package = "a b";
  expect_illegal (&it, CONTACT);
}

static void
test_way (void)
{
  const WaySize size = { 1000, 65000, 0 };
  SipSubscribe it = initial ();
  g_autofree char *named = subscriber_peer (&it), *routed = NULL;
  g_auto (Way) by_name = { 0 }, by_route = { 0 }, by_address = { 0 };

  subscriber_way (&it, size, &by_name);
  g_assert_cmpint (by_name.kind, ==, WAY_URI);
  g_assert_cmpstr (uri_host (by_name.uri), ==, "example.net");
  g_assert_cmpstr (named, ==, "example.net");
  it = in_dialog ();
  subscriber_way (&it, size, &by_route);
  routed = subscriber_peer (&it);
  g_assert_cmpstr (uri_host (by_route.uri), ==, "p1.example.net");
  g_assert_cmpstr (routed, ==, "p1.example.net");
  it.dialog.route_set = NULL;
  subscriber_way (&it, size, &by_address);
  g_assert_cmpint (by_address.kind, ==, WAY_HOPS);
  it.dialog.route_set = "nonsense";
  subscriber_way (&it, size, &by_address);
  g_assert_cmpint (by_address.kind, ==, WAY_NONE);
  g_assert_null (subscriber_peer (&it));
}

/* --- answers --- */

static const struct {
  const char *status, *headers;
  const char *said; /* status expires min-expires retry-after target */
} ANSWERS[] = {
  { "200 OK", "Expires: 600\r\nContact: \"E\" <sip:pa@192.0.2.1;a=b>;q=1\r\n",
    "200 600 0 0 sip:pa@192.0.2.1;a=b" },
  { "202 Accepted", "", "202 -1 0 0 -" },
  { "423 Interval Too Brief", "Min-Expires: 7200\r\n", "423 -1 7200 0 -" },
  { "503 Busy", "Retry-After: 120 (a while);duration=9\r\n", "503 -1 0 120 -" },
  { "200 OK", "Contact: *\r\n", "200 -1 0 0 -" },
  { "200 OK", "Contact: <tel:+49123>\r\n", "200 -1 0 0 -" },
  { "200 OK", "Contact: <sip:>\r\nExpires: soon\r\n", "200 -1 0 0 -" },
  { "403 No", "Expires: 99999999999999\r\nRetry-After: 99999999999\r\n", NULL },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ANSWERS); i++) {
    g_autofree char *text = g_strdup_printf (
        "SIP/2.0 %s\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: c\r\n"
        "CSeq: 1 SUBSCRIBE\r\n%sContent-Length: 0\r\n\r\n",
        ANSWERS[i].status, ANSWERS[i].headers);
    msg_t *msg = msg_make (sip_default_mclass (), 0, text, strlen (text));
    WatchAnswer answer;
    g_autofree char *said = NULL;

    subscriber_read_answer (msg_home (msg), sip_object (msg), &answer);
    said = g_strdup_printf ("%u %" G_GINT64_FORMAT " %u %u %s", answer.status,
                            answer.expires, answer.min_expires,
                            answer.retry_after,
                            answer.target != NULL ? answer.target : "-");
    if (ANSWERS[i].said != NULL)
      g_assert_cmpstr (said, ==, ANSWERS[i].said);
    msg_destroy (msg);
  }
}

/* --- NOTIFYs --- */

#define OR_NONE(TEXT) ((TEXT) != NULL ? (TEXT) : "-")

static const struct {
  const char *headers, *body;
  const char *said; /* event id state reason expires retry-after target routes
                       type */
} NOTIFIES[] = {
  { "", "", "- 0 - - -1 -1 - - -" },
  { "Event: presence\r\nSubscription-State: active;expires=600\r\n"
    "Contact: <sip:pa@192.0.2.1>\r\n"
    "Record-Route: <sip:a;lr>\r\nRecord-Route: <sip:b;lr>, <sip:c;lr>\r\n"
    "Content-Type: application/pidf+xml;charset=\"utf-8\"\r\n",
    "<a/>",
    "presence 0 active - 600 -1 sip:pa@192.0.2.1 "
    "<sip:a;lr>, <sip:b;lr>, <sip:c;lr> "
    "application/pidf+xml;charset=\"utf-8\"" },
  { "o: presence;id=7\r\nSubscription-State: "
    "terminated;reason=\"probation\";retry-after=5\r\n",
    "", "presence 1 terminated probation -1 5 - - -" },
  { "Subscription-State: Pending;expires=-1\r\n", "",
    "- 0 Pending - 3600 -1 - - -" },
  { "Subscription-State: active;expires=99999999999\r\n", "",
    "- 0 active - 4294967295 -1 - - -" },
};

static void
test_notifies (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (NOTIFIES); i++) {
    g_autofree char *text = g_strdup_printf (
        "NOTIFY sip:127.0.0.1 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\n"
        "From: <sip:eve@example.net>;tag=theirs\r\n"
        "To: <sip:alice@example.com>;tag=ours\r\nCall-ID: c1\r\n"
        "CSeq: 7 NOTIFY\r\n%sContent-Length: %zu\r\n\r\n%s",
        NOTIFIES[i].headers, strlen (NOTIFIES[i].body), NOTIFIES[i].body);
    msg_t *msg = make_message (text, strlen (text));
    WatchNotify it;
    g_autofree char *said = NULL;

    subscriber_read_notify (msg_home (msg), sip_object (msg), &it);
    said = g_strdup_printf (
        "%s %d %s %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s %s %s",
        OR_NONE (it.event), it.has_id, OR_NONE (it.state), OR_NONE (it.reason),
        it.expires, it.retry_after, OR_NONE (it.target), OR_NONE (it.route_set),
        OR_NONE (it.content_type));
    g_assert_null (it.body);
    g_assert_cmpstr (said, ==, NOTIFIES[i].said);
    g_assert_cmpstr (it.call_id, ==, "c1");
    g_assert_cmpstr (it.local_tag, ==, "ours");
    g_assert_cmpstr (it.remote_tag, ==, "theirs");
    g_assert_cmpuint (it.cseq, ==, 7);
    msg_destroy (msg);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  su_init ();
  parser_start ();
  g_test_add_func ("/sip/subscriber/rfc6665-4.1.2.1/write", test_write);
  g_test_add_func ("/sip/subscriber/rfc3261-12.2.1.1/in-dialog",
                   test_write_in_dialog);
  g_test_add_func ("/sip/subscriber/rfc3261-8.1.1.8/sips", test_write_sips);
  g_test_add_func ("/sip/subscriber/illegal", test_illegal);
  g_test_add_func ("/sip/subscriber/rfc3261-8.1.2/way", test_way);
  g_test_add_func ("/sip/subscriber/answers", test_answers);
  g_test_add_func ("/sip/subscriber/rfc6665-4.1.3/notifies", test_notifies);
  return g_test_run ();
}
