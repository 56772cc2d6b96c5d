/* SPDX-License-Identifier: ISC
 *
 * base/limit: token buckets with a fake clock. */
#include "base/limit.h"

#define SEC ((gint64)G_USEC_PER_SEC)

static guint
take_many (Limit *limit, const char *name, guint n, gint64 now)
{
  guint taken = 0;

  for (guint i = 0; i < n; i++)
    taken += limit_take (limit, name, now);
  return taken;
}

static void
test_burst_and_refill (void)
{
  g_autoptr (Limit) limit = limit_new (10, 2, 64);

  g_assert_cmpuint (take_many (limit, "a", 50, SEC), ==, 20);
  g_assert_cmpuint (take_many (limit, "a", 50, SEC + SEC / 2), ==, 5);
  g_assert_cmpuint (take_many (limit, "a", 50, 100 * SEC), ==, 20);
}

static void
test_apart (void)
{
  g_autoptr (Limit) limit = limit_new (1, 2, 64);

  g_assert_cmpuint (take_many (limit, "a", 9, SEC), ==, 2);
  g_assert_cmpuint (take_many (limit, "b", 9, SEC), ==, 2);
  g_assert_cmpuint (take_many (limit, "a", 9, SEC), ==, 0);
}

static void
test_none (void)
{
  g_autoptr (Limit) limit = limit_new (0, 2, 64);

  g_assert_cmpuint (take_many (limit, "a", 1000, SEC), ==, 1000);
  limit_set_rate (limit, 1, 2);
  g_assert_cmpuint (take_many (limit, "a", 1000, SEC), ==, 2);
}

static void
test_has (void)
{
  g_autoptr (Limit) limit = limit_new (1, 2, 64);

  for (guint i = 0; i < 9; i++)
    g_assert_true (limit_has (limit, "a", SEC));
  g_assert_cmpuint (take_many (limit, "a", 9, SEC), ==, 2);
  g_assert_false (limit_has (limit, "a", SEC));
  g_assert_true (limit_has (limit, "a", 2 * SEC));
  limit_set_rate (limit, 0, 1);
  g_assert_true (limit_has (limit, "a", SEC));
}

/* A full table gives the bucket that rested longest to the newcomer; who was
 * just there keeps his. */
static void
test_full_table (void)
{
  g_autoptr (Limit) limit = limit_new (1, 2, 8);
  char name[16];

  for (guint i = 0; i < 8; i++) {
    g_snprintf (name, sizeof name, "n%u", i);
    g_assert_cmpuint (take_many (limit, name, 9, (i + 1) * 1000), ==, 2);
  }
  g_assert_true (limit_take (limit, "newcomer", 9000));
  g_assert_false (limit_take (limit, "n7", 9000));
  g_assert_true (limit_take (limit, "n0", 9000));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/limit/burst-and-refill", test_burst_and_refill);
  g_test_add_func ("/base/limit/apart", test_apart);
  g_test_add_func ("/base/limit/none", test_none);
  g_test_add_func ("/base/limit/has", test_has);
  g_test_add_func ("/base/limit/full-table", test_full_table);
  return g_test_run ();
}
