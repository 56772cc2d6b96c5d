/* SPDX-License-Identifier: ISC
 *
 * codec/content. */
#include "codec/content.h"

#include "base/error.h"

#include <string.h>

#define CPIM_HEAD                                                              \
  "From: <sip:alice@example.com>\r\nTo: <sip:x@xmpp.example.com>\r\n"          \
  "DateTime: 2026-01-02T03:04:05Z\r\nSubject: Of ships\r\n"                    \
  "NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: m1\r\n"
#define ASKING "imdn.Disposition-Notification: positive-delivery\r\n"
#define IDLE                                                                   \
  "<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'>"                \
  "<state>idle</state></isComposing>"
#define DELIVERED                                                              \
  "<imdn xmlns='urn:ietf:params:xml:ns:imdn'><message-id>m1</message-id>"      \
  "<datetime>2026-01-02T03:04:05Z</datetime><delivery-notification><status>"   \
  "<delivered/></status></delivery-notification></imdn>"

static Content *
parse (const char *type, const char *bytes, gsize len, int *code_out)
{
  g_autoptr (GError) error = NULL;
  Content *content = NULL;

  *code_out = -1;
  if (content_read (type, NULL, bytes, len, &content, &error))
    return content;
  g_assert_cmpint (error->domain, ==, RC_ERROR);
  *code_out = error->code;
  return NULL;
}

static const struct {
  const char *type, *body, *text; /* NULL: an error */
  int code;
} texts[] = {
  { "text/plain", "hello", "hello", 0 },
  { "Text/Plain ; charset=\"UTF-8\"", "h\xc3\xa9", "h\xc3\xa9", 0 },
  { "text/plain;charset=iso-8859-1", "h\xe9", "h\xc3\xa9", 0 },
  { "text/plain;charset=us-ascii", "h\xc3\xa9", "h\xc3\xa9", 0 },
  { "text/plain", "one\r\ntwo\rthree\n", "one\ntwo\nthree\n", 0 },
  { "text/plain", "<b>&amp;\t", "<b>&amp;\t", 0 },
  { "text/plain", "", "", 0 },
  { NULL, "", "", 0 },
  { NULL, "typeless", NULL, RC_ERROR_UNSUPPORTED },
  { "text/html", "<p>x</p>", NULL, RC_ERROR_UNSUPPORTED },
  { "text/plain;charset=klingon", "x", NULL, RC_ERROR_UNSUPPORTED },
  { "text/plain;charset=utf-16//TRANSLIT", "xx", NULL, RC_ERROR_UNSUPPORTED },
  { "text/plain", "h\xe9", NULL, RC_ERROR_SYNTAX },
  { "text/plain;charset=iso-2022-jp", "\x1b$B\xff\xff", NULL, RC_ERROR_SYNTAX },
  { "text/plain", "bell\x07", NULL, RC_ERROR_SYNTAX },
  { "text/plain", "esc\x1b[2J", NULL, RC_ERROR_SYNTAX },
  { "text/plain", "del\x7f", NULL, RC_ERROR_SYNTAX },
  { "text/plain", "no character \xef\xbf\xbe", NULL, RC_ERROR_SYNTAX },
  { "text/plain", "surrogate \xed\xa0\x80", NULL, RC_ERROR_SYNTAX },
  { "message/cpim", CPIM_HEAD "\r\nContent-Type: text/plain\r\n\r\nin", "in",
    0 },
  { "message/cpim",
    CPIM_HEAD "\r\nContent-Type: text/plain\r\n"
              "Content-Transfer-Encoding: base64\r\n\r\naW4=",
    "in", 0 },
  { "message/cpim", CPIM_HEAD "\r\nContent-Type: text/html\r\n\r\nin", NULL,
    RC_ERROR_UNSUPPORTED },
  { "message/cpim", "no headers", NULL, RC_ERROR_SYNTAX },
  { "multipart/alternative;boundary=b",
    "--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--",
    "plain", 0 },
  { "multipart/mixed;boundary=b",
    "--b\r\nContent-Type: application/resource-lists+xml\r\n\r\n<x/>\r\n"
    "--b\r\n\r\ntypeless\r\n--b--",
    "typeless", 0 },
  { "multipart/mixed;boundary=b",
    "--b\r\nContent-Type: image/png\r\n\r\n\r\n"
    "--b--",
    NULL, RC_ERROR_UNSUPPORTED },
  { "multipart/mixed;boundary=b", "--b\r\n\r\ncut", NULL, RC_ERROR_SYNTAX },
  { "application/im-iscomposing+xml", "<x/>", NULL, RC_ERROR_SYNTAX },
  { "message/imdn+xml", "<x/>", NULL, RC_ERROR_SYNTAX },
};

static void
test_texts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    int code;
    g_autoptr (Content) content
        = parse (texts[i].type, texts[i].body, strlen (texts[i].body), &code);

    g_assert_cmpint (code, ==, texts[i].text ? -1 : texts[i].code);
    if (texts[i].text == NULL)
      continue;
    g_assert_cmpint (content->kind, ==, CONTENT_TEXT);
    g_assert_cmpstr (content->text, ==, texts[i].text);
  }
}

static void
test_zero (void)
{
  static const char utf16[] = "\xff\xfeh\0i\0";
  int code;
  g_autoptr (Content) none = parse ("text/plain", "a\0b", 3, &code);
  g_autoptr (Content) wide = NULL;

  g_assert_cmpint (code, ==, RC_ERROR_SYNTAX);
  wide = parse ("text/plain;charset=UTF-16", utf16, 6, &code);
  g_assert_cmpstr (wide->text, ==, "hi");
}

static void
test_encoded (void)
{
  /* "x" by zlib */
  static const char packed[] = "\x78\x9c\xab\x00\x00\x00\x79\x00\x79";
  g_autoptr (Content) content = NULL, same = NULL;
  g_autoptr (GError) error = NULL, broken = NULL;

  g_assert_false (content_read ("text/plain", "br", "x", 1, &content, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_UNSUPPORTED);
  g_assert_false (
      content_read ("text/plain", "deflate", "x", 1, &content, &broken));
  g_assert_error (broken, RC_ERROR, RC_ERROR_SYNTAX);
  g_assert_true (content_read ("text/plain", "deflate", packed,
                               sizeof packed - 1, &content, NULL));
  g_assert_cmpstr (content->text, ==, "x");
  g_assert_cmpuint (g_bytes_get_size (content->inflated), ==, 1);
  g_assert_true (content_read ("text/plain", "identity", "x", 1, &same, NULL));
  g_assert_null (same->inflated);
}

static void
test_wrapper (void)
{
  static const char asks[]
      = CPIM_HEAD ASKING "\r\nContent-Type: text/plain\r\n\r\nin";
  static const char tells[]
      = CPIM_HEAD ASKING "\r\nContent-Type: message/imdn+xml\r\n\r\n" DELIVERED;
  int code;
  g_autoptr (Content) text = parse ("message/cpim", asks, strlen (asks), &code);
  g_autoptr (Content) report
      = parse ("message/cpim", tells, strlen (tells), &code);
  g_autoptr (Content) idle
      = parse ("application/im-iscomposing+xml", IDLE, strlen (IDLE), &code);

  g_assert_cmpstr (text->subject, ==, "Of ships");
  g_assert_cmpint (text->date, ==, 1767323045);
  g_assert_cmpstr (text->message_id, ==, "m1");
  g_assert_cmpuint (text->wanted, ==, IMDN_POSITIVE);
  g_assert_cmpint (report->kind, ==, CONTENT_REPORT);
  g_assert_cmpint (report->report->status, ==, IMDN_DELIVERED);
  g_assert_cmpuint (report->wanted, ==, 0);
  g_assert_cmpint (idle->kind, ==, CONTENT_COMPOSING);
  g_assert_false (idle->is_composing);
}

static void
test_nesting (void)
{
  g_autoptr (GString) body
      = g_string_new ("From: <sip:a@b>\r\n\r\nContent-Type: text/plain\r\n\r\n"
                      "in");
  int code;

  for (guint depth = 1; depth <= 6; depth++) {
    g_autoptr (Content) content
        = parse (CONTENT_CPIM, body->str, body->len, &code);

    g_assert_cmpint (code, ==, depth <= 4 ? -1 : RC_ERROR_UNSUPPORTED);
    g_string_prepend (body, "From: <sip:a@b>\r\n\r\n"
                            "Content-Type: message/cpim\r\n\r\n");
  }
}

/* Every cut of a wrapper is read, or refused, and gives no half a word of what
 * stands before the text. */
static void
test_cut (void)
{
  static const char whole[]
      = CPIM_HEAD ASKING "\r\nContent-Type: text/plain\r\n\r\nin";

  for (gsize len = 0; len < strlen (whole); len++) {
    g_autofree char *cut = g_memdup2 (whole, len);
    int code;
    g_autoptr (Content) content = parse ("message/cpim", cut, len, &code);

    g_assert_true (code == RC_ERROR_SYNTAX || len + 2 >= strlen (whole));
  }
}

static void
test_round_trip (void)
{
  g_autoptr (GBytes) asking
      = content_write_asking ("sip:x@xmpp.example.com;gr=a%20b",
                              "sip:alice@example.com", 1767323045, "m1", "in");
  g_autoptr (GBytes) report_bytes = NULL, inner = NULL;
  g_autofree char *type = NULL;
  Imdn imdn = { .message_id = (char *)"m1",
                .datetime = (char *)"2026-01-02T03:04:05Z",
                .kind = IMDN_OF_DELIVERY,
                .status = IMDN_FAILED };
  int code;
  gsize len;
  const char *bytes = g_bytes_get_data (asking, &len);
  g_autoptr (Content) text = parse (CONTENT_CPIM, bytes, len, &code);
  g_autoptr (Content) report = NULL;

  g_assert_cmpstr (text->text, ==, "in");
  g_assert_cmpuint (text->wanted, ==, IMDN_POSITIVE);
  g_assert_cmpstr (text->message_id, ==, "m1");
  inner = content_unwrap (asking, &type);
  g_assert_cmpstr (type, ==, CONTENT_PLAIN);
  g_assert_cmpmem (g_bytes_get_data (inner, NULL), g_bytes_get_size (inner),
                   "in", 2);
  report_bytes = content_write_report ("sip:x@xmpp.example.com",
                                       "sip:alice@example.com", 1, "m2", &imdn);
  bytes = g_bytes_get_data (report_bytes, &len);
  report = parse (CONTENT_CPIM, bytes, len, &code);
  g_assert_cmpint (report->report->status, ==, IMDN_FAILED);
  g_assert_null (content_write_asking ("sip:a b", "sip:c", 1, "m", "x"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/content/texts", test_texts);
  g_test_add_func ("/codec/content/zero", test_zero);
  g_test_add_func ("/codec/content/encoded", test_encoded);
  g_test_add_func ("/codec/content/wrapper", test_wrapper);
  g_test_add_func ("/codec/content/nesting", test_nesting);
  g_test_add_func ("/codec/content/cut", test_cut);
  g_test_add_func ("/codec/content/round-trip", test_round_trip);
  return g_test_run ();
}
