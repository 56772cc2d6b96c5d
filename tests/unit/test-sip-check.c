/* SPDX-License-Identifier: ISC
 *
 * sip/check: messages as text, and what each is answered; sip/value besides. */
#include "sip/check.h"
#include "sip/parser.h"
#include "sip/value.h"

#include <string.h>

#define START "OPTIONS sip:bob@example.com SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77\r\n"
#define FROM "From: <sip:alice@example.com>;tag=1\r\n"
#define TO "To: <sip:bob@example.com>\r\n"
#define CALL "Call-ID: 1@192.0.2.1\r\n"
#define CSEQ "CSeq: 1 OPTIONS\r\n"
#define END "Content-Length: 0\r\n\r\n"
#define IDS CALL CSEQ

static msg_t *
message (const char *text, gssize len)
{
  return msg_make (sip_default_mclass (), 0, text,
                   len < 0 ? (gssize)strlen (text) : len);
}

/* The status that the text is answered with; 0: it is sane; -1: sofia does not
 * take it for a request. */
static int
status_of (const char *text, gssize len)
{
  const CheckLimits limits = { .max_body = 20, .max_headers = 16 };
  msg_t *msg = message (text, len);
  sip_t *sip = sip_object (msg);
  Checked checked = { 0 };
  const CheckFault *fault;
  int status = -1;

  if (sip != NULL && sip->sip_request != NULL) {
    fault = check_request (sip, &limits, &checked);
    status = fault != NULL ? fault->status : 0;
    if (fault == NULL)
      g_assert_nonnull (checked.to);
  }
  checked_clear (&checked);
  msg_destroy (msg);
  return status;
}

typedef struct {
  const char *name;
  const char *text;
  int status;
} Case;

static const Case cases[] = {
  { "/sip/check/rfc3261-8.1.1/sane", START VIA FROM TO IDS END, 0 },
  { "/sip/check/rfc3856-5/pres-uris",
    START VIA "From: <pres:alice@example.com>;tag=1\r\n"
              "To: <PRES:bob@example.com?a=b>\r\n" IDS END,
    0 },
  { "/sip/check/rfc3860-4/im-uri",
    START VIA FROM "To: <im:bob@example.com>\r\n" IDS END, 0 },
  { "/sip/check/rfc3856-5/pres-uri-without-user",
    START VIA FROM "To: <pres:>\r\n" IDS END, 400 },
  { "/sip/check/rfc4475-3.3.4/other-scheme",
    START VIA FROM "To: <http://example.com>\r\n" IDS END, 400 },
  { "/sip/check/utf8-name",
    START VIA
    "From: \"J\xc3\xbcrgen\" <sip:alice@example.com>;tag=1\r\n" TO IDS END,
    0 },
  { "/sip/check/folded", START VIA FROM TO IDS "Subject: one\r\n two\r\n" END,
    0 },
  { "/sip/check/no-content-length", START VIA FROM TO IDS "\r\n", 0 },
  { "/sip/check/rfc3261-21.5.6/version",
    "OPTIONS sip:bob@example.com SIP/3.0\r\n" VIA FROM TO IDS END, 505 },
  { "/sip/check/rfc3261-8.1.1/no-via", START FROM TO IDS END, 400 },
  { "/sip/check/rfc3261-8.1.1/no-from", START VIA TO IDS END, 400 },
  { "/sip/check/rfc3261-8.1.1/no-to", START VIA FROM IDS END, 400 },
  { "/sip/check/rfc3261-8.1.1/no-call-id", START VIA FROM TO CSEQ END, 400 },
  { "/sip/check/rfc3261-8.1.1/no-cseq", START VIA FROM TO CALL END, 400 },
  { "/sip/check/rfc3261-8.1.1.3/no-from-tag",
    START VIA "From: <sip:alice@example.com>\r\n" TO IDS END, 400 },
  { "/sip/check/rfc3261-17.2.3/no-cookie",
    START "Via: SIP/2.0/UDP 192.0.2.1;branch=1\r\n" FROM TO IDS END, 0 },
  { "/sip/check/rfc3261-8.1.1.7/bare-cookie",
    START "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\r\n" FROM TO IDS END,
    400 },
  { "/sip/check/rfc3261-17.2.3/no-branch",
    START "Via: SIP/2.0/UDP 192.0.2.1\r\n" FROM TO IDS END, 0 },
  { "/sip/check/rfc4475-3.1.2.17/cseq-method",
    START VIA FROM TO CALL "CSeq: 1 REGISTER\r\n" END, 400 },
  { "/sip/check/rfc4475-3.1.2.4/cseq-range",
    START VIA FROM TO CALL "CSeq: 2147483648 OPTIONS\r\n" END, 400 },
  { "/sip/check/rfc4475-3.3.8/two-from", START VIA FROM FROM TO IDS END, 400 },
  { "/sip/check/rfc4475-3.3.8/two-to", START VIA FROM TO TO IDS END, 400 },
  { "/sip/check/rfc4475-3.3.8/two-call-id", START VIA FROM TO IDS CALL END,
    400 },
  { "/sip/check/rfc4475-3.3.8/two-event",
    START VIA FROM TO IDS "Event: presence\r\nEvent: dialog\r\n" END, 400 },
  { "/sip/check/two-subjects-are-harmless",
    START VIA FROM TO IDS "Subject: a\r\nSubject: b\r\n" END, 0 },
  { "/sip/check/bad-date-is-harmless",
    START VIA FROM TO IDS "Date: yesterday\r\n" END, 0 },
  { "/sip/check/no-header", START VIA FROM TO IDS "what is this\r\n" END, 400 },
  { "/sip/check/bad-expires", START VIA FROM TO IDS "Expires: soon\r\n" END,
    400 },
  { "/sip/check/rfc4475-3.1.2.2/body-short",
    START VIA FROM TO IDS "Content-Length: 9\r\n\r\nabc", 400 },
  { "/sip/check/body-too-large",
    START VIA FROM TO IDS "Content-Length: 21\r\n\r\n123456789012345678901",
    413 },
  { "/sip/check/body-largest",
    START VIA FROM TO IDS "Content-Length: 20\r\n\r\n12345678901234567890", 0 },
  { "/sip/check/many-headers",
    START VIA FROM TO IDS
    "X: 1\r\nX: 1\r\nX: 1\r\nX: 1\r\nX: 1\r\nX: 1\r\nX: 1\r\nX: 1\r\nX: 1\r\n"
    "X: 1\r\n" END,
    400 },
  { "/sip/check/control-byte", START VIA FROM TO IDS "Subject: a\x01z\r\n" END,
    400 },
  { "/sip/check/delete-byte",
    START VIA FROM TO IDS "User-Agent: a\x7fz\r\n" END, 400 },
  { "/sip/check/bad-utf8", START VIA FROM TO IDS "X-Any: a\xffz\r\n" END, 400 },
  { "/sip/check/rfc3261-8.2.2.1/scheme",
    "OPTIONS http://example.com/ SIP/2.0\r\n" VIA FROM TO IDS END, 416 },
  { "/sip/check/rfc3261-8.2.2.1/tel",
    "OPTIONS tel:+15551234 SIP/2.0\r\n" VIA FROM TO IDS END, 416 },
  { "/sip/check/no-host", "OPTIONS sip:bob@ SIP/2.0\r\n" VIA FROM TO IDS END,
    400 },
  { "/sip/check/nothing", "OPTIONS sip: SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/half-address",
    "OPTIONS sip:bob@[2001:db8::1 SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/letters-for-a-port",
    "OPTIONS sip:bob@example.com:x SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/rfc4475-3.1.2.7/brackets",
    "OPTIONS <sip:bob@example.com> SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/rfc4475-3.1.2.8/space",
    "OPTIONS sip:bob@example.com; lr SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/two-words",
    "OPTIONS sip:bob smith@example.com \t SIP/2.0 \r\n" VIA FROM TO IDS END,
    400 },
  { "/sip/check/no-scheme",
    "OPTIONS example.com SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/star", "OPTIONS * SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/no-uri", "OPTIONS SIP/2.0\r\n" VIA FROM TO IDS END, -1 },
  { "/sip/check/no-method", "sip:a@ SIP/2.0\r\n" VIA FROM TO IDS END, -1 },
  { "/sip/check/bad-method", "O@PT sip: SIP/2.0\r\n" VIA FROM TO IDS END, -1 },
  { "/sip/check/no-version", "OPTIONS sip:a@\r\n" VIA FROM TO IDS END, -1 },
  { "/sip/check/other-protocol",
    "OPTIONS sip:a@ HTTP/1.1\r\n" VIA FROM TO IDS END, -1 },
  { "/sip/check/bad-version-and-uri",
    "OPTIONS sip:a@ SIP/x@\r\n" VIA FROM TO IDS END, -1 },
  { "/sip/check/rfc4475-3.1.2.9/spaces",
    "OPTIONS  sip:bob@example.com  SIP/2.0\r\n" VIA FROM TO IDS END, 0 },
  { "/sip/check/rfc4475-3.1.2.10/spaces-after",
    "OPTIONS sip:bob@example.com SIP/2.0  \r\n" VIA FROM TO IDS END, 0 },
  { "/sip/check/bad-port",
    "OPTIONS sip:bob@example.com:99999 SIP/2.0\r\n" VIA FROM TO IDS END, 400 },
  { "/sip/check/from-no-host",
    START VIA "From: <sip:alice@>;tag=1\r\n" TO IDS END, 400 },
  { "/sip/check/to-no-host", START VIA FROM "To: <sip:>\r\n" IDS END, 400 },
  { "/sip/check/route-no-host",
    START VIA FROM TO IDS "Route: <sip:;lr>\r\n" END, 400 },
  { "/sip/check/record-route-tel",
    START VIA FROM TO IDS "Record-Route: <tel:+1555;lr>\r\n" END, 400 },
  { "/sip/check/path-no-host",
    START VIA FROM TO IDS "Path: <sip:a@;lr>\r\n" END, 400 },
  { "/sip/check/contact-no-host",
    START VIA FROM TO IDS "Contact: <sip:a@>\r\n" END, 400 },
  { "/sip/check/contact-star", START VIA FROM TO IDS "Contact: *\r\n" END, 0 },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;

  g_assert_cmpint (status_of (c->text, -1), ==, c->status);
}

/* Whatever is cut off, or has a NUL in it, is refused or is no request. */
static void
test_cut (void)
{
  static const char text[]
      = START VIA FROM TO IDS "Content-Length: 3\r\n\r\nabc";

  for (gsize len = 1; len < sizeof text - 1; len++) {
    g_autofree char *holed = g_memdup2 (text, sizeof text);

    g_assert_cmpint (status_of (text, len), !=, 0);
    holed[len] = '\0';
    status_of (holed, sizeof text - 1);
  }
  g_assert_cmpint (status_of (text, sizeof text - 1), ==, 0);
}

static void
test_maddr (void)
{
  const CheckLimits limits = { .max_body = 20, .max_headers = 16 };
  msg_t *msg = message (
      START
      "Via: SIP/2.0/UDP h;maddr=x.example;branch=z9hG4bK7\r\n" FROM TO IDS END,
      -1);
  sip_t *sip = sip_object (msg);
  Checked checked = { 0 };

  g_assert_null (check_request (sip, &limits, &checked));
  g_assert_null (sip->sip_via->v_maddr);
  g_assert_cmpstr (sip->sip_via->v_branch, ==, "z9hG4bK7");
  g_assert_null (msg_params_find (sip->sip_via->v_params, "maddr="));
  checked_clear (&checked);
  msg_destroy (msg);
}

static void
test_extensions (void)
{
  msg_t *msg = message (
      START VIA FROM TO IDS "Require: path, 100rel, foo\r\n" END, -1);
  sip_t *sip = sip_object (msg);
  sip_unsupported_t *found;

  found = check_extensions (msg_home (msg), "path, gruu", sip->sip_require);
  g_assert_nonnull (found);
  g_assert_cmpstr (value_text (msg_home (msg), found), ==, "100rel, foo");
  g_assert_null (
      check_extensions (msg_home (msg), "path,foo,100rel", sip->sip_require));
  g_assert_nonnull (check_extensions (msg_home (msg), "", sip->sip_require));
  g_assert_null (check_extensions (msg_home (msg), "", NULL));
  msg_destroy (msg);
}

static void
test_last_hop (void)
{
  static const struct {
    const char *line;
    gboolean is_last;
  } rows[] = { { "Max-Forwards: 0\r\n", TRUE },
               { "Max-Forwards: 1\r\n", FALSE },
               { "", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text
        = g_strconcat (START VIA FROM TO IDS, rows[i].line, END, NULL);
    msg_t *msg = message (text, -1);

    g_assert_cmpint (check_is_last_hop (sip_object (msg)), ==, rows[i].is_last);
    msg_destroy (msg);
  }
}

static void
test_value_text (void)
{
  msg_t *msg = message (
      START VIA FROM TO IDS
      "Record-Route: <sip:192.0.2.9;lr>\r\nRecord-Route: "
      "<sip:p@192.0.2.8;lr;transport=tcp>\r\n"
      "Event: Presence;id=7;x=\"y\"\r\n"
      "Contact: <sip:a@h>;+sip.instance=\"<urn:uuid:1>\";a=\"b\\\"c\"\r\n" END,
      -1);
  sip_t *sip = sip_object (msg);
  su_home_t *home = msg_home (msg);
  const msg_param_t *params = sip->sip_contact->m_params;

  g_assert_cmpstr (value_text (home, sip->sip_record_route), ==,
                   "<sip:192.0.2.9;lr>, <sip:p@192.0.2.8;lr;transport=tcp>");
  g_assert_cmpstr (value_text (home, sip->sip_event), ==,
                   "Presence;id=7;x=\"y\"");
  g_assert_null (value_text (home, sip->sip_path));
  g_assert_cmpstr (value_param (home, params, "+sip.instance="), ==,
                   "urn:uuid:1");
  g_assert_cmpstr (value_param (home, params, "a="), ==, "b\"c");
  g_assert_null (value_param (home, params, "reg-id="));
  g_assert_cmpstr (value_date (home, 1000000000), ==,
                   "Sun, 09 Sep 2001 01:46:40 GMT");
  msg_destroy (msg);
}

static void
test_value_seconds (void)
{
  g_assert_cmpint (value_seconds (NULL), ==, -1);
  g_assert_cmpint (value_seconds ("0"), ==, 0);
  g_assert_cmpint (value_seconds ("3599"), ==, 3599);
  g_assert_cmpint (value_seconds ("4294967295"), ==, 4294967295);
  g_assert_cmpint (value_seconds ("99999999999999999999999"), ==, 4294967295);
  g_assert_cmpint (value_seconds ("soon"), ==, 3600);
  g_assert_cmpint (value_seconds ("-1"), ==, 3600);
  g_assert_cmpint (value_seconds (""), ==, 3600);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  su_init ();
  parser_start ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].name, &cases[i], test_case);
  g_test_add_func ("/sip/check/cut-and-holes", test_cut);
  g_test_add_func ("/sip/check/maddr", test_maddr);
  g_test_add_func ("/sip/check/rfc3261-8.2.2.3/require", test_extensions);
  g_test_add_func ("/sip/check/rfc3261-16.3/max-forwards", test_last_hop);
  g_test_add_func ("/sip/value/text", test_value_text);
  g_test_add_func ("/sip/value/rfc3261-20.10/seconds", test_value_seconds);
  return g_test_run ();
}
