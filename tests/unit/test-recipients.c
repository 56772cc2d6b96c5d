/* SPDX-License-Identifier: ISC
 *
 * codec/recipients. */
#include "base/error.h"
#include "codec/recipients.h"

#include <string.h>

#define HEAD                                                                   \
  "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\" "           \
  "xmlns:cp=\"urn:ietf:params:xml:ns:copycontrol\"><list>"
#define TAIL "</list></resource-lists>"
#define ENTRY(uri, rest) "<entry uri=\"" uri "\" " rest "/>"
#define TO "cp:copyControl=\"to\""
#define CC "cp:copyControl=\"cc\""
#define BCC "cp:copyControl=\"bcc\""
#define HIDE " cp:anonymize=\"true\""

/* RFC 5364, figure 3. */
#define FIGURE_3                                                               \
  HEAD ENTRY ("sip:bill@example.com", TO)                                      \
      ENTRY ("sip:randy@example.net", TO HIDE)                                 \
          ENTRY ("sip:eddy@example.com", TO HIDE)                              \
              ENTRY ("sip:joe@example.org", CC)                                \
                  ENTRY ("sip:carol@example.net", CC HIDE)                     \
                      ENTRY ("sip:ted@example.net", BCC)                       \
                          ENTRY ("sip:andy@example.com", BCC) TAIL

static void
add (GPtrArray *list, const char *text)
{
  g_autoptr (GError) error = NULL;

  recipients_parse (text, strlen (text), 10, list, &error);
  g_assert_no_error (error);
}

/* One recipient a line: kind, "?" for anonymous, URI. */
static char *
shown (const GPtrArray *list)
{
  static const char *const kinds[] = { "to", "cc", "bcc" };
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++) {
    const Recipient *recipient = list->pdata[i];

    g_string_append_printf (out, "%s%s %s\n", kinds[recipient->kind],
                            recipient->is_anonymous ? "?" : "", recipient->uri);
  }
  return g_string_free (out, FALSE);
}

static const struct {
  const char *text, *expected;
} lists[] = {
  { FIGURE_3, "to sip:bill@example.com\nto? sip:randy@example.net\n"
              "to? sip:eddy@example.com\ncc sip:joe@example.org\n"
              "cc? sip:carol@example.net\nbcc sip:ted@example.net\n"
              "bcc sip:andy@example.com\n" },
  /* The default is bcc; 1 and 0 are booleans. */
  { HEAD ENTRY ("sip:a@b", "") ENTRY ("sip:c@d", "cp:anonymize=\"1\"")
        ENTRY ("sip:e@f", "cp:anonymize=\"0\"") TAIL,
    "bcc sip:a@b\nbcc? sip:c@d\nbcc sip:e@f\n" },
  /* Once, with the highest kind, and hidden if that is asked for anywhere. */
  { HEAD ENTRY ("sip:a@b", BCC) ENTRY ("sip:A@b", "") ENTRY ("sip:a@B", CC HIDE)
        ENTRY ("sip:a@b", TO) TAIL,
    "to? sip:a@b\nbcc sip:A@b\n" },
  /* RFC 5365 7.3: headers and method of a URI are not ours to follow. */
  { HEAD ENTRY ("sip:a@b;method=INVITE;user=phone?Subject=x&amp;body=y", "")
        ENTRY ("sip:a@b;user=phone", TO) TAIL,
    "to sip:a@b;user=phone\n" },
  { HEAD ENTRY ("sip:who?me@b?Subject=x", TO) TAIL, "to sip:who?me@b\n" },
  { HEAD "<list><list>" ENTRY ("sip:a@b", "") "</list></list>" TAIL,
    "bcc sip:a@b\n" },
  { HEAD ENTRY ("tel:+1-201-555", TO) ENTRY ("tel:+1201555", CC) TAIL,
    "to tel:+1-201-555\n" },
  { HEAD "<display-name>x</display-name><x xmlns='urn:x'/>" TAIL, "" },
};

static void
test_lists (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    g_autoptr (GPtrArray) list = recipients_new ();
    g_autofree char *got = NULL;

    add (list, lists[i].text);
    got = shown (list);
    g_assert_cmpstr (got, ==, lists[i].expected);
  }
}

/* RFC 5363 4.1: several lists are one. */
static void
test_several (void)
{
  g_autoptr (GPtrArray) list = recipients_new ();
  g_autofree char *got = NULL;

  add (list, HEAD ENTRY ("sip:a@b", CC) TAIL);
  add (list, HEAD ENTRY ("sip:c@d", TO) ENTRY ("sip:a@b", TO) TAIL);
  got = shown (list);
  g_assert_cmpstr (got, ==, "to sip:a@b\nto sip:c@d\n");
}

static const struct {
  const char *text;
  gint code;
  const char *named; /* in the message */
} wrongs[] = {
  { "", RC_ERROR_SYNTAX, "" },
  { "<resource-lists/>", RC_ERROR_SYNTAX, "" },
  { HEAD ENTRY ("sip:a@b", "") ENTRY ("bob", "") TAIL, RC_ERROR_SYNTAX,
    "\"bob\"" },
  { HEAD "<entry/>" TAIL, RC_ERROR_SYNTAX, "no uri" },
  { HEAD ENTRY ("sip:", "") TAIL, RC_ERROR_SYNTAX, "\"sip:\"" },
  { HEAD ENTRY ("xmpp:a@b", "") TAIL, RC_ERROR_SYNTAX, "\"xmpp:a@b\"" },
  { HEAD ENTRY ("sip:a@b", "cp:copyControl=\"too\"") TAIL, RC_ERROR_SYNTAX,
    "copyControl" },
  { HEAD ENTRY ("sip:a@b", "cp:anonymize=\"yes\"") TAIL, RC_ERROR_SYNTAX,
    "anonymize" },
  { HEAD "<entry-ref ref=\"x\"/>" TAIL, RC_ERROR_UNSUPPORTED, "entry-ref" },
  { HEAD "<external anchor=\"x\"/>" TAIL, RC_ERROR_UNSUPPORTED, "external" },
  { "<!DOCTYPE x>" HEAD ENTRY ("sip:a@b", "") TAIL, RC_ERROR_SYNTAX,
    "DOCTYPE" },
};

static void
test_wrong (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrongs); i++) {
    g_autoptr (GPtrArray) list = recipients_new ();
    g_autoptr (GError) error = NULL;

    g_assert_false (recipients_parse (wrongs[i].text, strlen (wrongs[i].text),
                                      10, list, &error));
    g_assert_error (error, RC_ERROR, wrongs[i].code);
    g_assert_nonnull (strstr (error->message, wrongs[i].named));
  }
}

/* Duplicates do not count. */
static void
test_maximum (void)
{
  g_autoptr (GPtrArray) list = recipients_new ();
  g_autoptr (GString) text = g_string_new (HEAD);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 20; i++)
    g_string_append_printf (text, "<entry uri=\"sip:u%u@b\"/>", i % 10);
  add (list, g_string_append (text, TAIL)->str);
  g_assert_cmpuint (list->len, ==, 10);
  g_assert_false (recipients_parse (HEAD ENTRY ("sip:c@d", TO) TAIL,
                                    strlen (HEAD ENTRY ("sip:c@d", TO) TAIL),
                                    10, list, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
}

static void
test_list_cut (void)
{
  for (gsize len = 0; len < strlen (FIGURE_3); len++) {
    g_autofree char *cut = g_memdup2 (FIGURE_3, len);
    g_autoptr (GPtrArray) list = recipients_new ();

    g_assert_false (recipients_parse (cut, len, 10, list, NULL));
  }
}

/* RFC 5364, figure 4. */
static void
test_history (void)
{
  g_autoptr (GPtrArray) list = recipients_new ();
  g_autoptr (GBytes) history = NULL;
  g_autofree char *text = NULL;

  add (list, FIGURE_3);
  history = recipients_write_history (list);
  text = g_strndup (g_bytes_get_data (history, NULL),
                    g_bytes_get_size (history));
  g_assert_cmpstr (
      text, ==,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\" "
      "xmlns:cp=\"urn:ietf:params:xml:ns:copycontrol\"><list>"
      "<entry uri=\"sip:bill@example.com\" cp:copyControl=\"to\"/>"
      "<entry uri=\"sip:anonymous@anonymous.invalid\" cp:copyControl=\"to\""
      " cp:count=\"2\"/>"
      "<entry uri=\"sip:joe@example.org\" cp:copyControl=\"cc\"/>"
      "<entry uri=\"sip:anonymous@anonymous.invalid\" cp:copyControl=\"cc\""
      " cp:count=\"1\"/>"
      "</list></resource-lists>\n");
}

static void
test_no_history (void)
{
  g_autoptr (GPtrArray) list = recipients_new ();

  g_assert_null (recipients_write_history (list));
  add (list, HEAD ENTRY ("sip:a@b", BCC HIDE) TAIL);
  g_assert_null (recipients_write_history (list));
}

/* A MESSAGE to many. */

#define TYPE "multipart/mixed;boundary=\"boundary1\""
#define PART(headers, body) "--boundary1\r\n" headers "\r\n" body "\r\n"
#define TEXT_PART PART ("Content-Type: text/plain\r\n", "Hello World!")
#define LIST_HEADERS                                                           \
  "Content-Type: application/resource-lists+xml\r\n"                           \
  "Content-Disposition: recipient-list\r\n"
#define LIST_PART PART (LIST_HEADERS, FIGURE_3)
#define END "--boundary1--\r\n"
#define MESSAGE TEXT_PART LIST_PART END

static ListMessage *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  ListMessage *message = NULL;

  list_message_parse (text, strlen (text), TYPE, 10, &message, &error);
  g_assert_no_error (error);
  return message;
}

static void
assert_one (const char *text, const char *type, const char *disposition,
            const char *body)
{
  g_autoptr (ListMessage) message = parse (text);
  g_autofree char *got_type = NULL, *got_disposition = NULL;
  g_autoptr (GBytes) got
      = list_message_write (message, NULL, &got_type, &got_disposition);

  g_assert_cmpstr (got_type, ==, type);
  g_assert_cmpstr (got_disposition, ==, disposition);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), body,
                   strlen (body));
}

static void
test_one_part (void)
{
  assert_one (MESSAGE, "text/plain", NULL, "Hello World!");
  assert_one (LIST_PART PART ("", "x") END, "text/plain", NULL, "x");
  assert_one (PART ("Content-Type: image/png\r\n"
                    "Content-Disposition: icon\r\n"
                    "Content-Transfer-Encoding: base64\r\n",
                    "aGVsbG8=") LIST_PART END,
              "image/png", "icon", "hello");
  assert_one (TEXT_PART PART (LIST_HEADERS
                              "Content-Transfer-Encoding: quoted-printable\r\n",
                              "<resource-lists xmlns=3D\"urn:ietf:params:xml:"
                              "ns:resource-lists\"><list><entry=\r\n uri=3D\""
                              "sip:a@b\"/></list></resource-lists>") END,
              "text/plain", NULL, "Hello World!");
}

static void
assert_part (const GArray *parts, guint index, const char *type,
             const char *disposition)
{
  const MimePart *part = &g_array_index (parts, MimePart, index);
  g_autofree char *got_type = mime_header (part, "Content-Type");
  g_autofree char *got = mime_header (part, "Content-Disposition");

  g_assert_cmpstr (got_type, ==, type);
  g_assert_cmpstr (got, ==, disposition);
  g_assert_null (mime_header (part, "Content-Transfer-Encoding"));
}

static void
test_with_history (void)
{
  g_autoptr (ListMessage) message
      = parse (TEXT_PART PART ("Content-Type: image/png\r\n"
                               "Content-Transfer-Encoding:\r\n base64\r\n"
                               "X: y\r\n",
                               "aGVsbG8=") LIST_PART END);
  g_autoptr (GBytes) history = recipients_write_history (message->recipients);
  g_autofree char *type = NULL, *disposition = NULL;
  g_autoptr (GBytes) body
      = list_message_write (message, history, &type, &disposition);
  g_autoptr (GArray) parts = NULL;

  g_assert_null (disposition);
  g_assert_true (multipart_parse (g_bytes_get_data (body, NULL),
                                  g_bytes_get_size (body), type, 3, &parts,
                                  NULL));
  g_assert_cmpuint (parts->len, ==, 3);
  assert_part (parts, 0, "text/plain", NULL);
  assert_part (parts, 1, "image/png", NULL);
  assert_part (parts, 2, "application/resource-lists+xml",
               "recipient-list-history; handling=optional");
  g_assert_cmpmem (g_array_index (parts, MimePart, 1).body,
                   g_array_index (parts, MimePart, 1).len, "hello", 5);
}

static const struct {
  const char *type, *text;
  gint code;
} wrong_messages[] = {
  { "text/plain", MESSAGE, RC_ERROR_SYNTAX },
  { "multipart/mixed", MESSAGE, RC_ERROR_SYNTAX },
  { NULL, MESSAGE, RC_ERROR_SYNTAX },
  { TYPE, TEXT_PART END, RC_ERROR_SYNTAX },
  { TYPE, LIST_PART END, RC_ERROR_SYNTAX },
  { TYPE, TEXT_PART PART (LIST_HEADERS, HEAD TAIL) END, RC_ERROR_SYNTAX },
  { TYPE, TEXT_PART PART (LIST_HEADERS, "") END, RC_ERROR_SYNTAX },
  { TYPE,
    TEXT_PART PART ("Content-Type: text/plain\r\n"
                    "Content-Disposition: recipient-list\r\n",
                    FIGURE_3) END,
    RC_ERROR_UNSUPPORTED },
  { TYPE,
    TEXT_PART PART (LIST_HEADERS "Content-Encoding: deflate\r\n", "x") END,
    RC_ERROR_UNSUPPORTED },
  { TYPE,
    TEXT_PART PART (LIST_HEADERS "Content-Transfer-Encoding: x\r\n", FIGURE_3)
        END,
    RC_ERROR_UNSUPPORTED },
};

static void
test_wrong_messages (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrong_messages); i++) {
    g_autoptr (ListMessage) message = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_false (list_message_parse (
        wrong_messages[i].text, strlen (wrong_messages[i].text),
        wrong_messages[i].type, 10, &message, &error));
    g_assert_error (error, RC_ERROR, wrong_messages[i].code);
    g_assert_null (message);
  }
}

/* Half a message goes to nobody. */
static void
test_message_cut (void)
{
  for (gsize len = 0; len < strlen (MESSAGE) - 2; len++) {
    g_autofree char *cut = g_memdup2 (MESSAGE, len);
    g_autoptr (ListMessage) message = NULL;

    g_assert_false (list_message_parse (cut, len, TYPE, 10, &message, NULL));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/recipients/rfc5364-4/lists", test_lists);
  g_test_add_func ("/codec/recipients/rfc5363-4.1/several", test_several);
  g_test_add_func ("/codec/recipients/wrong", test_wrong);
  g_test_add_func ("/codec/recipients/maximum", test_maximum);
  g_test_add_func ("/codec/recipients/cut", test_list_cut);
  g_test_add_func ("/codec/recipients/rfc5364-6/history", test_history);
  g_test_add_func ("/codec/recipients/no-history", test_no_history);
  g_test_add_func ("/codec/list-message/rfc5365-7.3/one-part", test_one_part);
  g_test_add_func ("/codec/list-message/rfc5365-7.3/history",
                   test_with_history);
  g_test_add_func ("/codec/list-message/wrong", test_wrong_messages);
  g_test_add_func ("/codec/list-message/cut", test_message_cut);
  return g_test_run ();
}
