/* SPDX-License-Identifier: ISC
 *
 * service/bodies: documents in the body of a SUBSCRIBE, alone and in
 * multipart/mixed. */
#include "service/bodies.h"

#include "base/error.h"

#include <string.h>

#define LIST "application/resource-lists+xml"
#define MIXED                                                                  \
  "--b1\r\nContent-Type: " LIST "\r\n\r\n<list/>\r\n"                          \
  "--b1\r\nContent-Type: application/simple-filter+xml;charset=utf-8\r\n"      \
  "Content-Transfer-Encoding: base64\r\n\r\nPGYvPg==\r\n"                      \
  "--b1\r\nContent-Type: text/plain\r\n"                                       \
  "Content-Disposition: render;handling=optional\r\n\r\nhello\r\n--b1--\r\n"

static SubsBody *
body_of (const char *type, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return subs_body_new (type, bytes);
}

static void
expect_part (const SubsBody *body, const char *type, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) part = body_part (body, type, &error);

  g_assert_no_error (error);
  if (text == NULL) {
    g_assert_null (part);
    return;
  }
  g_assert_nonnull (part);
  g_assert_cmpmem (g_bytes_get_data (part, NULL), g_bytes_get_size (part), text,
                   strlen (text));
}

static void
test_plain (void)
{
  g_autoptr (SubsBody) body = body_of (FILTER_TYPE, "<f/>");

  expect_part (NULL, FILTER_TYPE, NULL);
  expect_part (body, FILTER_TYPE, "<f/>");
  expect_part (body, LIST, NULL);
}

static void
test_mixed (void)
{
  g_autoptr (SubsBody) body = body_of ("multipart/mixed;boundary=b1", MIXED);
  const char *const both[] = { LIST, FILTER_TYPE };
  const char *const one[] = { NULL, FILTER_TYPE };

  expect_part (body, FILTER_TYPE, "<f/>");
  expect_part (body, LIST, "<list/>");
  expect_part (body, "text/html", NULL);
  g_assert_true (body_is_of (body, both, 2)); /* the text is optional */
  g_assert_false (body_is_of (body, one, 2));
}

static void
test_broken (void)
{
  g_autoptr (SubsBody) body
      = body_of ("multipart/mixed;boundary=b1", "--b1\r\n\r\nno end\r\n");
  g_autoptr (GError) error = NULL;
  const char *const any[] = { FILTER_TYPE, "text/plain" };

  g_assert_null (body_part (body, FILTER_TYPE, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  g_assert_false (body_is_of (body, any, 2));
}

static void
test_with (void)
{
  g_autoptr (SubsBody) list = body_of (LIST, "<list/>");
  g_autoptr (SubsBody) mixed = body_of ("multipart/mixed;boundary=b1", MIXED);
  g_autoptr (GBytes) filter = g_bytes_new_static ("<g/>", 4);
  g_autoptr (SubsBody) alone = body_with (NULL, FILTER_TYPE, filter);
  g_autoptr (SubsBody) both = body_with (list, FILTER_TYPE, filter);
  g_autoptr (SubsBody) again = body_with (mixed, FILTER_TYPE, filter);
  g_autoptr (SubsBody) without = body_with (mixed, FILTER_TYPE, NULL);

  g_assert_cmpstr (alone->type, ==, FILTER_TYPE);
  expect_part (alone, FILTER_TYPE, "<g/>");
  expect_part (both, LIST, "<list/>");
  expect_part (both, FILTER_TYPE, "<g/>");
  expect_part (again, FILTER_TYPE, "<g/>");
  expect_part (again, LIST, "<list/>");
  expect_part (again, "text/plain", "hello");
  expect_part (without, FILTER_TYPE, NULL);
  expect_part (without, LIST, "<list/>");
  g_assert_null (body_with (alone, FILTER_TYPE, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bodies/rfc4660-3.2/plain", test_plain);
  g_test_add_func ("/bodies/rfc2046-5.1.3/mixed", test_mixed);
  g_test_add_func ("/bodies/rfc2046-5.1.1/broken", test_broken);
  g_test_add_func ("/bodies/rfc4660-3.3.3/another-part", test_with);
  return g_test_run ();
}
