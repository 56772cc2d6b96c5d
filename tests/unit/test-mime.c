/* SPDX-License-Identifier: ISC
 *
 * codec/mime: header fields, transfer encodings, multipart bodies. */
#include "base/error.h"
#include "codec/mime.h"

#include <string.h>

static void
test_is (void)
{
  g_assert_true (mime_is ("text/plain", "text/plain"));
  g_assert_true (mime_is (" Text/PLAIN ; charset=utf-8", "text/plain"));
  g_assert_true (mime_is ("text/plain;charset=utf-8", "text/plain"));
  g_assert_false (mime_is ("text/plainer", "text/plain"));
  g_assert_false (mime_is ("text", "text/plain"));
  g_assert_false (mime_is ("", "text/plain"));
  g_assert_false (mime_is (NULL, "text/plain"));
}

typedef struct {
  const char *value, *name, *expected;
} ParamRow;

static const ParamRow params[] = {
  { "a/b;boundary=x", "boundary", "x" },
  { "a/b; Boundary = x ; c=d", "boundary", "x" },
  { "a/b;\r\n boundary=x", "boundary", "x" },
  { "a/b;c=d;boundary=\"x y\"", "boundary", "x y" },
  { "a/b;boundary=\"x\\\"y\"", "boundary", "x\"y" },
  { "a/b;c=\"boundary=no;\";boundary=yes", "boundary", "yes" },
  { "a/b;flag;boundary=x", "boundary", "x" },
  { "a/b;boundary=", "boundary", "" },
  { "a/b;boundary", "boundary", NULL },
  { "a/b;boundary=\"x", "boundary", NULL },
  { "a/b;boundary=\"x\\", "boundary", NULL },
  { "a/b;xboundary=x", "boundary", NULL },
  { "a/b", "boundary", NULL },
  { "a/b;", "boundary", NULL },
  { "a/b;;", "boundary", NULL },
  { "a/b x;boundary=y", "boundary", "y" },
};

static void
test_params (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (params); i++) {
    g_autofree char *got = mime_param (params[i].value, params[i].name);

    g_assert_cmpstr (got, ==, params[i].expected);
  }
  g_assert_null (mime_param (NULL, "boundary"));
}

static void
test_headers (void)
{
  static const char text[] = "Content-Type: text/plain;\r\n charset=utf-8\r\n"
                             "content-disposition :render\r\n"
                             "X:\r\n"
                             "\r\n"
                             "Content-ID: body\r\n";
  MimePart part;
  g_autofree char *type = NULL, *disposition = NULL, *empty = NULL;

  g_assert_true (mime_split (text, strlen (text), &part));
  type = mime_header (&part, "content-type");
  disposition = mime_header (&part, "Content-Disposition");
  empty = mime_header (&part, "x");
  g_assert_cmpstr (type, ==, "text/plain; charset=utf-8");
  g_assert_cmpstr (disposition, ==, "render");
  g_assert_cmpstr (empty, ==, "");
  g_assert_null (mime_header (&part, "Content-ID"));
  g_assert_null (mime_header (&part, "Content"));
  g_assert_cmpmem (part.body, part.len, "Content-ID: body\r\n", 18);
}

static void
test_split (void)
{
  MimePart part;

  g_assert_true (mime_split ("\r\nx", 3, &part));
  g_assert_cmpuint (part.headers_len, ==, 0);
  g_assert_cmpmem (part.body, part.len, "x", 1);
  g_assert_true (mime_split ("a: b\n\n", 6, &part));
  g_assert_cmpuint (part.len, ==, 0);
  g_assert_false (mime_split ("a: b\r\n", 6, &part));
  g_assert_false (mime_split ("", 0, &part));
}

typedef struct {
  const char *headers, *body, *expected; /* expected NULL: code */
  gint code;
} DecodeRow;

#define CTE "Content-Transfer-Encoding: "
static const DecodeRow decodings[] = {
  { "", "a=3D", "a=3D", 0 },
  { CTE "8bit", "a=3D", "a=3D", 0 },
  { CTE "Binary", "a=3D", "a=3D", 0 },
  { CTE "base64", "aGVs\r\nbG8=\r\n", "hello", 0 },
  { CTE "BASE64", "", "", 0 },
  { CTE "base64", "aGVs*G8=", NULL, RC_ERROR_SYNTAX },
  { CTE "base64", "aGVsbG8", NULL, RC_ERROR_SYNTAX },
  { CTE "quoted-printable", "h=C3=A9=\r\n o=\n!", "h\xc3\xa9 o!", 0 },
  { CTE "quoted-printable", "h=C", NULL, RC_ERROR_SYNTAX },
  { CTE "quoted-printable", "h=", NULL, RC_ERROR_SYNTAX },
  { CTE "quoted-printable", "h=XY", NULL, RC_ERROR_SYNTAX },
  { CTE "x-uuencode", "h", NULL, RC_ERROR_UNSUPPORTED },
};
#undef CTE

static void
test_decode (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (decodings); i++) {
    const DecodeRow *row = &decodings[i];
    MimePart part = { row->headers, strlen (row->headers), row->body,
                      strlen (row->body) };
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) got = mime_decode (&part, &error);

    if (row->expected == NULL) {
      g_assert_null (got);
      g_assert_error (error, RC_ERROR, row->code);
      continue;
    }
    g_assert_no_error (error);
    g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got),
                     row->expected, strlen (row->expected));
  }
}

#define TYPE "multipart/mixed;boundary=\"b b\""
#define BODY                                                                   \
  "preamble\r\n--b b\r\nContent-Type: text/plain\r\n\r\none\r\n--b bc\r\n"     \
  "--b b \t\r\n\r\ntwo\r\n\r\n--b b\r\nX: y\r\n\r\n\r\n--b b--"

static void
assert_part (const GArray *parts, guint index, const char *body)
{
  const MimePart *part = &g_array_index (parts, MimePart, index);

  g_assert_cmpmem (part->body, part->len, body, strlen (body));
}

static void
test_multipart (void)
{
  static const char *const tails[]
      = { "", "\r\n", "\r\nepilogue\r\n--b b\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (tails); i++) {
    g_autofree char *text = g_strconcat (BODY, tails[i], NULL);
    g_autoptr (GArray) parts = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *type = NULL;

    multipart_parse (text, strlen (text), TYPE, 3, &parts, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (parts->len, ==, 3);
    assert_part (parts, 0, "one\r\n--b bc");
    assert_part (parts, 1, "two\r\n");
    assert_part (parts, 2, "");
    type = mime_header (&g_array_index (parts, MimePart, 0), "Content-Type");
    g_assert_cmpstr (type, ==, "text/plain");
  }
}

/* Line ends of LF alone, and NUL bytes. */
static void
test_multipart_bytes (void)
{
  static const char text[] = "--b b\nA: b\n\n\0x\n\n--b b--\n";
  g_autoptr (GArray) parts = NULL;

  g_assert_true (
      multipart_parse (text, sizeof text - 1, TYPE, 3, &parts, NULL));
  g_assert_cmpmem (g_array_index (parts, MimePart, 0).body,
                   g_array_index (parts, MimePart, 0).len, "\0x\n", 3);
}

typedef struct {
  const char *type, *body;
  gint code;
} WrongRow;

static const WrongRow wrongs[] = {
  { "multipart/mixed", BODY, RC_ERROR_SYNTAX },
  { "multipart/mixed;boundary=\"\"", BODY, RC_ERROR_SYNTAX },
  { "multipart/mixed;boundary=\"b \"", BODY, RC_ERROR_SYNTAX },
  { "multipart/mixed;boundary=a*b", BODY, RC_ERROR_SYNTAX },
  { "multipart/mixed;boundary=c", BODY, RC_ERROR_SYNTAX },
  { "multipart/mixed;boundary=01234567890123456789012345678901234567890123456"
    "789012345678901234567890",
    BODY, RC_ERROR_SYNTAX },
  { TYPE, "", RC_ERROR_SYNTAX },
  { TYPE, "--b b--", RC_ERROR_SYNTAX },
  { TYPE, "--b b\r\n\r\nx\r\n", RC_ERROR_SYNTAX },
  { TYPE,
    "--b b\r\n\r\n1\r\n--b b\r\n\r\n2\r\n--b b\r\n\r\n3\r\n--b b\r\n\r\n4\r\n"
    "--b b--",
    RC_ERROR_BOUND },
};

static void
test_multipart_wrong (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrongs); i++) {
    g_autoptr (GArray) parts = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_false (multipart_parse (wrongs[i].body, strlen (wrongs[i].body),
                                     wrongs[i].type, 3, &parts, &error));
    g_assert_error (error, RC_ERROR, wrongs[i].code);
    g_assert_null (parts);
  }
}

/* A body that was cut is refused, wherever. */
static void
test_multipart_cut (void)
{
  for (gsize len = 0; len < strlen (BODY); len++) {
    g_autofree char *cut = g_memdup2 (BODY, len);
    g_autoptr (GArray) parts = NULL;

    g_assert_false (multipart_parse (cut, len, TYPE, 3, &parts, NULL));
  }
}

static void
test_multipart_round_trip (void)
{
  static const char head[] = "Content-Type: text/plain\r\nX: y";
  const MimePart parts[] = { { head, strlen (head), "one\r\n", 5 },
                             { NULL, 0, "\0--", 3 },
                             { head, strlen (head), NULL, 0 } };
  g_autofree char *boundary = NULL, *type = NULL;
  g_autoptr (GBytes) bytes = multipart_write (parts, 3, &boundary);
  g_autoptr (GArray) again = NULL;
  g_autoptr (GError) error = NULL;

  type = g_strdup_printf ("multipart/mixed;boundary=%s", boundary);
  multipart_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   type, 3, &again, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->len, ==, 3);
  for (guint i = 0; i < 3; i++) {
    const MimePart *part = &g_array_index (again, MimePart, i);
    g_autofree char *x = mime_header (part, "X");

    g_assert_cmpmem (part->body, part->len, parts[i].body, parts[i].len);
    g_assert_cmpstr (x, ==, i == 1 ? NULL : "y");
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/mime/is", test_is);
  g_test_add_func ("/codec/mime/rfc2045-5.1/parameters", test_params);
  g_test_add_func ("/codec/mime/headers", test_headers);
  g_test_add_func ("/codec/mime/split", test_split);
  g_test_add_func ("/codec/mime/rfc2045-6/decode", test_decode);
  g_test_add_func ("/codec/multipart/rfc2046-5.1.1/parts", test_multipart);
  g_test_add_func ("/codec/multipart/bytes", test_multipart_bytes);
  g_test_add_func ("/codec/multipart/wrong", test_multipart_wrong);
  g_test_add_func ("/codec/multipart/cut", test_multipart_cut);
  g_test_add_func ("/codec/multipart/round-trip", test_multipart_round_trip);
  return g_test_run ();
}
