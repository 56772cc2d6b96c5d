/* SPDX-License-Identifier: ISC
 *
 * store/array: arrays that are NULL throughout. */
#include "store/array.h"

#include <string.h>

static guint
size_of (const GByteArray *array)
{
  guint32 wire;

  memcpy (&wire, array->data + 12, sizeof wire);
  return GUINT32_FROM_BE (wire);
}

static void
test_nulls (void)
{
  static const struct {
    const char *texts[3];
    guint n, kept;
  } rows[] = {
    { { NULL, NULL, NULL }, 3, 0 },
    { { NULL }, 1, 0 },
    { { NULL, "", NULL }, 3, 3 },
    { { "", "", "" }, 3, 3 },
    { { NULL, NULL, "a" }, 3, 3 },
    { { "abcd" }, 1, 1 },
    { { NULL }, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GByteArray) array = array_begin (ARRAY_TEXT, rows[i].n);
    guint full;

    for (guint j = 0; j < rows[i].n; j++)
      array_put_text (array, rows[i].texts[j]);
    full = array->len;
    array_drop_nulls (array, rows[i].n);
    g_assert_cmpuint (size_of (array), ==, rows[i].kept);
    g_assert_cmpuint (array->len, ==, rows[i].kept > 0 ? full : ARRAY_FIRST);
  }
}

/* Numbers are never taken for them. */
static void
test_numbers (void)
{
  g_autoptr (GByteArray) array = array_begin (ARRAY_INT64, 2);
  guint full;

  array_put_int64 (array, -1);
  array_put_int64 (array, -1);
  full = array->len;
  array_drop_nulls (array, 2);
  g_assert_cmpuint (array->len, ==, full);
  array_put_null (array);
  array_drop_nulls (array, 3);
  g_assert_cmpuint (size_of (array), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/array/nulls", test_nulls);
  g_test_add_func ("/store/array/numbers", test_numbers);
  return g_test_run ();
}
