/* SPDX-License-Identifier: ISC
 *
 * MESSAGEs of our own making, and what of a request goes end to end: from a
 * request to header lines to a request.  No socket. */
#include "sip-bytes.h"

#include "sip/check.h"
#include "sip/describe.h"
#include "sip/forward.h"
#include "sip/instant.h"
#include "sip/parser.h"
#include "sip/value.h"

#include <string.h>

#define FROM                                                                   \
  "From: \"Bob, \\\"the\\\" B\xc3\xb6\" <sip:bob@example.com>;tag=f1\r\n"
#define TO "To: Alice <sip:alice@example.com>\r\n"
#define ENDS "From: <sip:bob@example.com>;tag=f1\r\n" TO

#define REQUEST(HEADERS)                                                       \
  "MESSAGE sip:alice@example.com SIP/2.0\r\n"                                  \
  "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa;rport\r\n" HEADERS          \
  "Call-ID: m1\r\nCSeq: 1 MESSAGE\r\n"                                         \
  "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"

static char *
described (const char *text, gsize len, gboolean is_trusted)
{
  msg_t *msg = make_message (text, len);
  char *lines = describe_headers (sip_object (msg), is_trusted);

  msg_destroy (msg);
  return lines;
}

#define DESCRIBED(HEADERS, IS_TRUSTED)                                         \
  described (REQUEST (HEADERS), sizeof REQUEST (HEADERS) - 1, IS_TRUSTED)

static SipMessage
a_message (const char *headers)
{
  return (SipMessage){ .call_id = "m1@192.0.2.9",
                       .cseq = 7,
                       .headers = headers,
                       .expires = -1,
                       .content_type = "text/plain;charset=utf-8" };
}

/* NULL: it cannot be written. */
static char *
made (const SipMessage *message, const SipTarget *target)
{
  guint status;
  msg_t *msg = instant_make (message, target, &status);
  char *text;
  size_t len;

  g_assert_cmpuint (status, ==, msg != NULL ? 0 : 400);
  if (msg == NULL)
    return NULL;
  text = bytes_of (msg, &len);
  msg_destroy (msg);
  return text;
}

static const SipTarget device = { .target = "sip:alice@10.0.0.9:6060;ob" };

/* --- describe --- */

#define KEPT                                                                   \
  FROM TO "Subject: a, b and c\r\n"                                            \
          "Priority: urgent\r\n"                                               \
          "Reply-To: \"B\" <sip:desk@example.com>\r\n"                         \
          "In-Reply-To: a@b, c@d\r\n"                                          \
          "Organization: Wir & Co\r\n"                                         \
          "User-Agent: Phone/1.0 (x)\r\n"                                      \
          "Accept-Language: de\r\n"                                            \
          "Referred-By: <sip:carol@example.com>\r\n"                           \
          "Content-Encoding: deflate\r\n"                                      \
          "Content-Language: de\r\n"                                           \
          "Content-Disposition: render;handling=optional\r\n"                  \
          "Geolocation: <cid:a@example.com>\r\n"                               \
          "MIME-Version: 1.0\r\n"                                              \
          "X-Odd: one, \"two\" ;three\r\n"

#define DROPPED                                                                \
  "Route: <sip:192.0.2.1;lr>\r\nRecord-Route: <sip:192.0.2.2;lr>\r\n"          \
  "Max-Forwards: 70\r\nContact: <sip:bob@192.0.2.9>\r\n"                       \
  "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\nExpires: 60\r\n"                     \
  "Require: one\r\nProxy-Require: two\r\nSupported: three\r\n"                 \
  "Authorization: Digest username=\"b\", response=\"1\"\r\n"                   \
  "Proxy-Authorization: Digest username=\"b\", response=\"2\"\r\n"             \
  "Timestamp: 5\r\nPath: <sip:192.0.2.3;lr>\r\n"                               \
  "P-Preferred-Identity: <sip:eve@example.com>\r\n"                            \
  "P-Access-Network-Info: cell\r\n"                                            \
  "P-Charging-Vector: icid-value=1\r\n"                                        \
  "Security-Verify: digest\r\n"

static void
test_describe_kept (void)
{
  g_autofree char *lines = DESCRIBED (DROPPED KEPT, FALSE);

  g_assert_cmpstr (lines, ==, KEPT);
}

/* Compact names, folds, what sofia cannot read, and a second Subject. */
static void
test_describe_forms (void)
{
  g_autofree char *lines = DESCRIBED ("f: <sip:bob@example.com>;tag=f1\r\n"
                                      "t: Alice <sip:alice@example.com>\r\n"
                                      "m: <sip:bob@192.0.2.9>\r\nk: x\r\n"
                                      "X-Odd: one\r\n\t  two\r\n three\r\n"
                                      "s: first\r\nSubject: second\r\n"
                                      "Retry-After: never, ever\r\n",
                                      FALSE);

  g_assert_cmpstr (lines, ==,
                   ENDS "X-Odd: one two three\r\nSubject: first\r\n");
}

static void
test_describe_identity (void)
{
#define SAID "P-Asserted-Identity: <sip:bob@example.com>\r\n"
  g_autofree char *trusted = DESCRIBED (ENDS SAID, TRUE);
  g_autofree char *untrusted = DESCRIBED (ENDS SAID, FALSE);
  g_autofree char *hidden = DESCRIBED (ENDS SAID "Privacy: id\r\n", TRUE);

  g_assert_cmpstr (trusted, ==, ENDS SAID);
  g_assert_cmpstr (untrusted, ==, ENDS);
  g_assert_cmpstr (hidden, ==, ENDS "Privacy: id\r\n");
}

static void
test_describe_long (void)
{
  g_autofree char *value = g_strnfill (5000, 'v');
  g_autofree char *text
      = g_strdup_printf (REQUEST (ENDS "X-Long: %s\r\n"), value);
  g_autofree char *want = g_strdup_printf (ENDS "X-Long: %s\r\n", value);
  g_autofree char *lines = described (text, strlen (text), FALSE);

  g_assert_cmpstr (lines, ==, want);
}

/* --- a MESSAGE --- */

static void
test_bytes (void)
{
  SipMessage message = a_message (KEPT);
  g_autoptr (GBytes) body = g_bytes_new_static ("h\0\r\ni", 5);
  guint status;
  msg_t *msg;
  g_autofree char *text = NULL;
  size_t len;

  message.date = 1289690940;
  message.expires = 3600;
  message.body = body;
  msg = instant_make (&message, &device, &status);
  g_assert_cmpuint (status, ==, 0);
  text = bytes_of (msg, &len);
  msg_destroy (msg);
  g_assert_cmpstr (text, ==,
                   "MESSAGE sip:alice@10.0.0.9:6060;ob SIP/2.0\r\n"
                   "Max-Forwards: 70\r\n" KEPT
                   "Call-ID: m1@192.0.2.9\r\nCSeq: 7 MESSAGE\r\n"
                   "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\n"
                   "Expires: 3600\r\n"
                   "Content-Type: text/plain;charset=utf-8\r\n"
                   "Content-Length: 5\r\n\r\nh");
  g_assert_cmpmem (text + len - 5, 5, "h\0\r\ni", 5);
}

/* What is not given is not there, and never a Contact (RFC 3428 4). */
static void
test_bare (void)
{
  SipMessage message = a_message (ENDS);
  g_autofree char *text = NULL;

  message.content_type = NULL;
  text = made (&message, &device);
  g_assert_cmpstr (text, ==,
                   "MESSAGE sip:alice@10.0.0.9:6060;ob SIP/2.0\r\n"
                   "Max-Forwards: 70\r\n" ENDS
                   "Call-ID: m1@192.0.2.9\r\nCSeq: 7 MESSAGE\r\n"
                   "Content-Length: 0\r\n\r\n");
}

static void
test_round_trip (void)
{
  g_autofree char *lines = DESCRIBED (DROPPED KEPT, FALSE);
  SipMessage message = a_message (lines);
  g_autofree char *text = made (&message, &device);
  g_autofree char *again = described (text, strlen (text), FALSE);

  g_assert_cmpstr (again, ==, lines);
}

static const char *
random_of (const char *const *list, guint n)
{
  return list[g_test_rand_int_range (0, (gint32)n)];
}

#define RANDOM_OF(LIST) random_of (LIST, G_N_ELEMENTS (LIST))

static void
add_pieces (GString *out)
{
  static const char *const pieces[]
      = { "a",      " ", "\"",     "\\",      ",",        ";",
          "=",      "<", ">",      "sip:a@b", "\xc3\xa4", "\r\n ",
          "\r\n\t", ":", "\"q,\"", "(x)",     "17",       "%00",
          "*",      "?", "tag=1",  "@",       ";a=\"b\"", "/" };

  for (gint n = g_test_rand_int_range (0, 8); n > 0; n--)
    g_string_append (out, RANDOM_OF (pieces));
}

/* Header lines that peers might send, right and wrong. */
static char *
random_headers (void)
{
  static const char *const names[] = { "Subject",
                                       "s",
                                       "Reply-To",
                                       "Organization",
                                       "User-Agent",
                                       "Accept",
                                       "Call-Info",
                                       "Content-Disposition",
                                       "Priority",
                                       "Referred-By",
                                       "b",
                                       "Privacy",
                                       "In-Reply-To",
                                       "Accept-Contact",
                                       "a",
                                       "Request-Disposition",
                                       "Event",
                                       "Retry-After",
                                       "Warning",
                                       "MIME-Version",
                                       "X-Odd",
                                       "X(Odd)",
                                       "X@",
                                       "Geolocation",
                                       "Session-Expires",
                                       "P-Asserted-Identity",
                                       "Reason",
                                       "Content-Language",
                                       "Alert-Info",
                                       "Allow",
                                       "Identity",
                                       "e" };
  GString *out = g_string_new (NULL);

  for (gint lines = g_test_rand_int_range (1, 5); lines > 0; lines--) {
    g_string_append_printf (out, "%s:", RANDOM_OF (names));
    add_pieces (out);
    g_string_append (out, "\r\n");
  }
  return g_string_free (out, FALSE);
}

/* Often a legal one with something odd in it. */
static char *
random_request (void)
{
  g_autofree char *headers = random_headers ();
  GString *out = g_string_new ("MESSAGE sip:alice@example.com SIP/2.0\r\n"
                               "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\n"
                               "From: ");

  if (g_test_rand_bit ())
    add_pieces (out);
  g_string_append (out, "<sip:bob@example.com>;tag=f1");
  if (g_test_rand_bit ()) {
    g_string_append (out, ";x=");
    add_pieces (out);
  }
  g_string_append (out, "\r\n" TO "Call-ID: m1\r\nCSeq: 1 MESSAGE\r\n"
                        "Content-Type: text/plain");
  if (g_test_rand_bit ()) {
    g_string_append (out, ";x=");
    add_pieces (out);
  }
  g_string_append_printf (out, "\r\n%sContent-Length: 2\r\n\r\nhi", headers);
  return g_string_free (out, FALSE);
}

static gboolean
is_sane (msg_t *msg)
{
  static const CheckLimits limits = { .max_body = 100, .max_headers = 100 };
  Checked checked = { 0 };
  gboolean result
      = sip_object (msg)->sip_request != NULL
        && check_request (sip_object (msg), &limits, &checked) == NULL;

  checked_clear (&checked);
  return result;
}

/* Whatever is taken can be sent again: else it would be stored for ever. */
static void
test_always_sent (void)
{
  guint sane = 0;

  for (guint i = 0; i < 20000; i++) {
    g_autofree char *text = random_request ();
    msg_t *msg = msg_make (sip_default_mclass (), 0, text, strlen (text));

    if (is_sane (msg)) {
      g_autofree char *lines = describe_headers (sip_object (msg), TRUE);
      SipMessage message = a_message (lines);
      g_autofree char *sent = NULL;

      message.content_type
          = value_text (msg_home (msg), sip_object (msg)->sip_content_type);
      sent = made (&message, &device);
      sane++;
      if (sent == NULL)
        g_error ("described but not sent: %s%s\nof %s", lines,
                 message.content_type, text);
    }
    msg_destroy (msg);
  }
  g_assert_cmpuint (sane, >, 1000);
}

typedef struct {
  SipTarget target;
  const char *start, *way;
} TargetRow;

static void
test_target (void)
{
  static const TargetRow rows[] = {
    { { "sip:alice@example.com;gr=urn:x", NULL, "udp:203.0.113.5:7000", 0 },
      "MESSAGE sip:alice@example.com;gr=urn:x SIP/2.0\r\nMax-Forwards: ",
      "sip:203.0.113.5:7000;transport=udp" },
    { { "sip:alice@10.0.0.9?Subject=x&Route=y", NULL, NULL, 3 },
      "MESSAGE sip:alice@10.0.0.9 SIP/2.0\r\nMax-Forwards: ",
      NULL },
    { { "sip:alice@10.0.0.9", "<sip:192.0.2.1:5080;lr>,<sip:192.0.2.2;lr>",
        NULL, 0 },
      "MESSAGE sip:alice@10.0.0.9 SIP/2.0\r\nMax-Forwards: ",
      "sip:192.0.2.1:5080;transport=udp" },
  };

  const ForwardSizes sizes = { WAY_UDP_MAX, 1300 };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    SipMessage message = a_message (ENDS);
    g_auto (Way) way = { 0 };
    char url[WAY_URL_MAX];
    guint status;
    msg_t *msg = instant_make (&message, &rows[i].target, &status);
    size_t len;
    g_autofree char *text = bytes_of (msg, &len);

    if (!g_str_has_prefix (text, rows[i].start))
      g_error ("row %u: %s", i, text);
    g_assert_true ((rows[i].target.path != NULL)
                   == (strstr (text, "\r\nRoute: <sip:192.0.2.1:5080;lr>\r\n"
                                     "Route: <sip:192.0.2.2;lr>\r\n")
                       != NULL));
    forward_way (msg, &rows[i].target, &sizes, &way);
    g_assert_cmpuint (way.flow, ==, rows[i].target.flow);
    if (rows[i].way != NULL) {
      way_hop_url (&way.hops[0], url);
      g_assert_cmpstr (url, ==, rows[i].way);
    }
    msg_destroy (msg);
  }
}

#define FROM_B "From: <sip:bob@example.com>;tag=f1\r\n"

static void
test_illegal_headers (void)
{
  static const char *const bad[] = {
    "",
    FROM_B,
    TO,
    "From: <sip:bob@example.com>\r\n" TO, /* no tag */
    FROM_B FROM_B TO,
    ENDS TO,
    "From: bob;tag=\r\n" TO,
    ENDS "X-Odd: 1",
    ENDS "X-Odd: 1\n",
    ENDS "X-Odd: 1\nX: 2\r\n",
    ENDS "X-Odd: 1\rX: 2\r\n",
    ENDS "X-Odd: 1\r\n folded\r\n",
    ENDS "X-Odd: \x01\r\n",
    ENDS "X-Odd: \x7f\r\n",
    ENDS "X-Odd: \xff\r\n",
    ENDS "\r\n",
    ENDS "\r\nbody",
    ENDS "no header\r\n",
    ENDS ": nothing\r\n",
    ENDS "X Y: two words\r\n",
    ENDS "Subject: a\r\nSubject: b\r\n",
    ENDS "Via: SIP/2.0/UDP 192.0.2.1\r\n",
    ENDS "v: SIP/2.0/UDP 192.0.2.1\r\n",
    ENDS "ROUTE : <sip:192.0.2.1;lr>\r\n",
    ENDS "Contact: <sip:bob@192.0.2.9>\r\n",
    ENDS "l: 0\r\n",
    ENDS "Content-Length: 0\r\n",
    ENDS "Call-ID: other\r\n",
    ENDS "CSeq: 1 MESSAGE\r\n",
    ENDS "Max-Forwards: 1\r\n",
    ENDS "Require: x\r\n",
    ENDS "Proxy-Authorization: Digest x=1\r\n",
    ENDS "P-Charging-Vector: icid-value=1\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    SipMessage message = a_message (bad[i]);
    g_autofree char *text = made (&message, &device);

    if (text != NULL)
      g_error ("taken: %s", bad[i]);
  }
}

static void
test_illegal_fields (void)
{
  static const SipMessage bad[] = {
    { NULL, 7, ENDS, 0, -1, NULL, NULL },
    { "", 7, ENDS, 0, -1, NULL, NULL },
    { "a b", 7, ENDS, 0, -1, NULL, NULL },
    { "a\r\nX: y", 7, ENDS, 0, -1, NULL, NULL },
    { "a\xff", 7, ENDS, 0, -1, NULL, NULL },
    { "a", 0x80000000, ENDS, 0, -1, NULL, NULL },
    { "a", 7, NULL, 0, -1, NULL, NULL },
    { "a", 7, ENDS, -1, -1, NULL, NULL },
    { "a", 7, ENDS, G_MAXINT64, -1, NULL, NULL },
    { "a", 7, ENDS, 0, -2, NULL, NULL },
    { "a", 7, ENDS, 0, G_MAXINT64, NULL, NULL },
    { "a", 7, ENDS, 0, -1, "", NULL },
    { "a", 7, ENDS, 0, -1, "text/plain\r\nX: y", NULL },
    { "a", 7, ENDS, 0, -1, "nonsense", NULL },
  };
  static const SipTarget targets[] = {
    { NULL, NULL, NULL, 3 },
    { "", NULL, NULL, 3 },
    { "alice", NULL, NULL, 3 },
    { "tel:+4930123", NULL, NULL, 3 },
    { "sip:alice@example.com SIP/2.0\r\nX: y", NULL, NULL, 3 },
    { "sip:alice@10.0.0.9", "nonsense", NULL, 0 },
    { "sip:alice@10.0.0.9", "<sip:a;lr>;x\r\nX: y", NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *text = made (&bad[i], &device);

    if (text != NULL)
      g_error ("row %u is taken", i);
  }
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    SipMessage message = a_message (ENDS);
    g_autofree char *text = made (&message, &targets[i]);

    if (text != NULL)
      g_error ("target %u is taken", i);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  su_init ();
  parser_start ();
  g_test_add_func ("/describe/rfc3261-16.6/kept", test_describe_kept);
  g_test_add_func ("/describe/rfc3261-7.3.1/forms", test_describe_forms);
  g_test_add_func ("/describe/rfc3325-5/identity", test_describe_identity);
  g_test_add_func ("/describe/long", test_describe_long);
  g_test_add_func ("/instant/rfc3428-4/bytes", test_bytes);
  g_test_add_func ("/instant/rfc3428-4/bare", test_bare);
  g_test_add_func ("/instant/round-trip", test_round_trip);
  g_test_add_func ("/instant/always-sent", test_always_sent);
  g_test_add_func ("/instant/rfc3261-8.1.1.1/target", test_target);
  g_test_add_func ("/instant/illegal-headers", test_illegal_headers);
  g_test_add_func ("/instant/illegal-fields", test_illegal_fields);
  return g_test_run ();
}
