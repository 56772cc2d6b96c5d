/* SPDX-License-Identifier: ISC
 *
 * codec/cpim and codec/composing. */
#include "base/error.h"
#include "codec/composing.h"

#include <string.h>

/* RFC 3862 5.1. */
#define EXAMPLE                                                                \
  "From: MR SANDERS <im:piglet@100akerwood.com>\r\n"                           \
  "To: Depressed Donkey <im:eeyore@100akerwood.com>\r\n"                       \
  "DateTime: 2000-12-13T13:40:00-08:00\r\n"                                    \
  "Subject: the weather will be fine today\r\n"                                \
  "Subject:;lang=fr beau temps prevu pour aujourd'hui\r\n"                     \
  "NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n"                        \
  "Require: MyFeatures.VitalMessageOption\r\n"                                 \
  "MyFeatures.VitalMessageOption: Confirmation-requested\r\n"                  \
  "MyFeatures.WackyMessageOption: Use-silly-font\r\n"                          \
  "\r\n"                                                                       \
  "Content-type: text/xml; charset=utf-8\r\n"                                  \
  "Content-ID: <1234567890@foo.com>\r\n"                                       \
  "\r\n"                                                                       \
  "<body>\r\nHere is the text of my message.\r\n</body>\r\n"

static Cpim *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  Cpim *cpim = NULL;

  cpim_parse (text, strlen (text), &cpim, &error);
  g_assert_no_error (error);
  return cpim;
}

static void
test_example (void)
{
  const char *features = "mid:MessageFeatures@id.foo.com";
  g_autoptr (Cpim) cpim = parse (EXAMPLE);
  g_autofree char *from = cpim_uri (cpim_value (cpim, NULL, "From"));
  g_autofree char *type = mime_header (&cpim->content, "Content-Type");
  const CpimHeader *french = cpim->headers->pdata[4];

  g_assert_cmpstr (from, ==, "im:piglet@100akerwood.com");
  g_assert_cmpstr (cpim_value (cpim, NULL, "DateTime"), ==,
                   "2000-12-13T13:40:00-08:00");
  g_assert_cmpstr (cpim_nth (cpim, NULL, "Subject", 1), ==,
                   "beau temps prevu pour aujourd'hui");
  g_assert_null (cpim_nth (cpim, NULL, "Subject", 2));
  g_assert_cmpstr (french->lang, ==, "fr");
  g_assert_cmpstr (cpim_value (cpim, NULL, "Require"), ==,
                   "MyFeatures.VitalMessageOption");
  g_assert_cmpstr (cpim_value (cpim, features, "VitalMessageOption"), ==,
                   "Confirmation-requested");
  g_assert_null (cpim_value (cpim, NULL, "VitalMessageOption"));
  g_assert_null (cpim_value (cpim, NULL, "cc"));
  g_assert_cmpstr (type, ==, "text/xml; charset=utf-8");
  g_assert_true (g_str_has_prefix (cpim->content.body, "<body>\r\n"));
  g_assert_cmpuint (cpim->content.len, ==, strlen (cpim->content.body));
}

/* 3.4: prefixes are local names, the default may be another namespace. */
static void
test_namespaces (void)
{
  g_autoptr (Cpim) cpim = parse ("a.x: undeclared\r\n"
                                 "NS: a <urn:one>\r\n"
                                 "a.x: one\r\n"
                                 "NS: <urn:two>\r\n"
                                 "x: two\r\n"
                                 "From: not CPIM's\r\n"
                                 "\r\n\r\nhello");

  g_assert_cmpstr (cpim_value (cpim, "urn:one", "x"), ==, "one");
  g_assert_cmpstr (cpim_value (cpim, "urn:two", "x"), ==, "two");
  g_assert_null (cpim_value (cpim, NULL, "From"));
  g_assert_null (((CpimHeader *)cpim->headers->pdata[0])->ns);
  g_assert_cmpuint (cpim->headers->len, ==, 4);
  g_assert_cmpmem (cpim->content.body, cpim->content.len, "hello", 5);
}

/* Names are told apart by case (3); lines and spaces are as clients write. */
static void
test_lenient (void)
{
  g_autoptr (Cpim) cpim
      = parse ("from: no\nFrom:<sip:a@b>\nSubject:  two  words \n\n\nx\n");

  g_assert_cmpstr (cpim_value (cpim, NULL, "From"), ==, "<sip:a@b>");
  g_assert_cmpstr (cpim_value (cpim, NULL, "Subject"), ==, "two  words");
  g_assert_cmpmem (cpim->content.body, cpim->content.len, "x\n", 2);
}

static const char *const wrongs[] = {
  "",
  "From: <sip:a@b>\r\n",
  "From: <sip:a@b>\r\n\r\nhello",
  "From <sip:a@b>\r\n\r\n\r\nhello",
  ": x\r\n\r\n\r\nhello",
  "a b: x\r\n\r\n\r\nhello",
  "A: x\x01\r\n\r\n\r\nhello",
  "A: x\x7f\r\n\r\n\r\nhello",
  "A: \xc3\r\n\r\n\r\nhello",
  "A: x\r\n folded\r\n\r\n\r\nhello",
};

static void
test_wrong (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrongs); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Cpim) cpim = NULL;

    g_assert_false (cpim_parse (wrongs[i], strlen (wrongs[i]), &cpim, &error));
    g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
    g_assert_null (cpim);
  }
}

static void
test_bound (void)
{
  static const char *const lines[] = { "A: b\r\n", "NS: a <urn:b>\r\n" };

  for (guint i = 0; i < 2; i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (Cpim) cpim = NULL;

    for (guint n = 0; n < 129; n++)
      g_string_append (text, lines[i]);
    g_string_append (text, "\r\n\r\nx");
    g_assert_false (cpim_parse (text->str, text->len, &cpim, &error));
    g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
  }
}

/* Cut anywhere it is an error, or the same headers with less of the body. */
static void
test_cut (void)
{
  gsize body = strstr (EXAMPLE, "<body>") - EXAMPLE;

  for (gsize len = 0; len < strlen (EXAMPLE); len++) {
    g_autofree char *cut = g_memdup2 (EXAMPLE, len);
    g_autoptr (Cpim) cpim = NULL;

    g_assert_cmpint (cpim_parse (cut, len, &cpim, NULL), ==, len >= body);
    if (cpim != NULL)
      g_assert_cmpuint (cpim->content.len, ==, len - body);
  }
}

static void
test_uri (void)
{
  static const char *const rows[][2] = { { "<sip:a@b>", "sip:a@b" },
                                         { "Bob <sip:a@b>", "sip:a@b" },
                                         { "\"<x>\" <sip:a@b>", "sip:a@b" },
                                         { "sip:a@b", NULL },
                                         { "<sip:a@b", NULL },
                                         { "<>", NULL },
                                         { "", NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *uri = cpim_uri (rows[i][0]);

    g_assert_cmpstr (uri, ==, rows[i][1]);
  }
  g_assert_null (cpim_uri (NULL));
}

/* What is written is read again; nothing can break out of its line. */
static void
test_write (void)
{
  static const char headers[] = "Content-Type: text/plain";
  MimePart content = { headers, strlen (headers), "\0\r\n\r\nx", 6 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (Cpim) cpim = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (cpim_put_uri (out, "From", "sip:alice@example.com"));
  g_assert_false (cpim_put_uri (out, "To", "sip:x>\r\nTo: <sip:y"));
  g_assert_false (cpim_put_uri (out, "To", ""));
  cpim_put_header (out, "NS", "imdn <urn:ietf:params:imdn>");
  cpim_put_header (out, "imdn.Message-ID", "a\r\n\r\nb\xff");
  cpim_put_content (out, &content);
  cpim_parse ((char *)out->data, out->len, &cpim, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (cpim->headers->len, ==, 2);
  g_assert_cmpstr (cpim_value (cpim, "urn:ietf:params:imdn", "Message-ID"), ==,
                   "a    b\xef\xbf\xbd");
  g_assert_cmpmem (cpim->content.body, cpim->content.len, "\0\r\n\r\nx", 6);
}

static void
test_datetime (void)
{
  g_autofree char *zero = cpim_datetime (0);
  g_autofree char *later = cpim_datetime (1144152975);

  g_assert_cmpstr (zero, ==, "1970-01-01T00:00:00Z");
  g_assert_cmpstr (later, ==, "2006-04-04T12:16:15Z");
  g_assert_null (cpim_datetime (G_MAXINT64));
}

#define COMPOSING "application/im-iscomposing+xml"
#define IN_CPIM(type)                                                          \
  "From: <sip:a@b>\r\n\r\nContent-Type: " type "\r\n\r\n<x/>"

static void
test_composing_is (void)
{
  const char *in = IN_CPIM (COMPOSING), *other = IN_CPIM ("text/plain");

  g_assert_true (composing_is (COMPOSING "; charset=utf-8", NULL, "", 0));
  g_assert_true (composing_is (COMPOSING, "deflate", "\x78", 1));
  g_assert_true (composing_is ("Message/CPIM", NULL, in, strlen (in)));
  g_assert_false (composing_is ("message/cpim", NULL, other, strlen (other)));
  g_assert_false (composing_is ("message/cpim", "deflate", in, strlen (in)));
  g_assert_false (composing_is ("message/cpim", NULL, "", 0));
  g_assert_false (composing_is ("text/plain", NULL, in, strlen (in)));
  g_assert_false (composing_is (NULL, NULL, "", 0));
}

#define DOC(inner)                                                             \
  "<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">" inner        \
  "</isComposing>"

static void
test_composing_parse (void)
{
  static const struct {
    const char *text;
    gboolean is_fine, is_active;
    guint refresh;
  } rows[] = {
    { DOC ("<state>active</state><refresh>90</refresh>"), TRUE, TRUE, 90 },
    { DOC ("<state> idle </state>"), TRUE, FALSE, 0 },
    { DOC ("<state>musing</state><refresh>-1</refresh>"), TRUE, FALSE, 0 },
    { DOC (""), FALSE, FALSE, 0 },
    { "<isComposing><state>active</state></isComposing>", FALSE, FALSE, 0 },
    { "", FALSE, FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    Composing composing;

    g_assert_cmpint (
        composing_parse (rows[i].text, strlen (rows[i].text), &composing, NULL),
        ==, rows[i].is_fine);
    g_assert_cmpint (composing.is_active, ==, rows[i].is_active);
    g_assert_cmpuint (composing.refresh, ==, rows[i].refresh);
  }
}

static void
test_composing_round_trip (void)
{
  for (guint i = 0; i < 4; i++) {
    Composing once = { i % 2 == 0, i / 2 * 90 }, again;
    g_autoptr (GBytes) bytes = composing_write (&once, "text/<plain>");

    g_assert_true (composing_parse (g_bytes_get_data (bytes, NULL),
                                    g_bytes_get_size (bytes), &again, NULL));
    g_assert_cmpint (again.is_active, ==, once.is_active);
    g_assert_cmpuint (again.refresh, ==, once.refresh);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/cpim/rfc3862-5.1/example", test_example);
  g_test_add_func ("/codec/cpim/rfc3862-3.4/namespaces", test_namespaces);
  g_test_add_func ("/codec/cpim/lenient", test_lenient);
  g_test_add_func ("/codec/cpim/wrong", test_wrong);
  g_test_add_func ("/codec/cpim/bound", test_bound);
  g_test_add_func ("/codec/cpim/cut", test_cut);
  g_test_add_func ("/codec/cpim/uri", test_uri);
  g_test_add_func ("/codec/cpim/write", test_write);
  g_test_add_func ("/codec/cpim/rfc3339/datetime", test_datetime);
  g_test_add_func ("/codec/composing/rfc3994-4/is", test_composing_is);
  g_test_add_func ("/codec/composing/rfc3994-4/parse", test_composing_parse);
  g_test_add_func ("/codec/composing/round-trip", test_composing_round_trip);
  return g_test_run ();
}
