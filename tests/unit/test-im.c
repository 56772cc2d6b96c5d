/* SPDX-License-Identifier: ISC
 *
 * im/: the one answer to a forked MESSAGE. */
#include "im/fork.h"

typedef struct {
  const char *path;
  guint n;
  guint statuses[5]; /* of branch 0, 1, ... in this order; 0 ends */
  guint at;          /* index of the answer that goes upstream */
  guint best;        /* branch whose response it is */
} Row;

#define P "/im/rfc3261-16.7/"
static const Row rows[] = {
  { P "single-200", 1, { 200 }, 0, 0 },
  { P "single-404", 1, { 404 }, 0, 0 },
  { P "first-2xx-at-once", 3, { 404, 202, 200 }, 1, 1 },
  { P "2xx-beats-6xx-before-it", 2, { 603, 200 }, 1, 1 },
  { P "6xx-beats-lower-classes", 3, { 302, 404, 603 }, 2, 2 },
  { P "6xx-waits-for-all", 3, { 600, 486, 486 }, 2, 0 },
  { P "lowest-class-3xx", 3, { 500, 486, 302 }, 2, 2 },
  { P "lowest-class-4xx", 3, { 500, 486, 501 }, 2, 1 },
  { P "401-first", 4, { 484, 420, 415, 401 }, 3, 3 },
  { P "407-before-415", 4, { 415, 407, 484, 420 }, 3, 1 },
  { P "415-before-480", 2, { 480, 415 }, 1, 1 },
  { P "420-before-484", 2, { 484, 420 }, 1, 1 },
  { P "484-before-404", 2, { 404, 484 }, 1, 1 },
  { P "404-before-timeout", 2, { 408, 404 }, 1, 1 },
  { P "timeout-before-500", 2, { 500, 408 }, 1, 1 },
  { P "first-of-equals", 3, { 486, 480, 404 }, 2, 0 },
  { P "503-after-500", 2, { 503, 500 }, 1, 1 },
  { P "503-after-504", 2, { 503, 504 }, 1, 1 },
  { P "503-when-nothing-else", 2, { 503, 503 }, 1, 0 },
};
#undef P

static void
test_best (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (ImFork) fork = im_fork_new (row->n);
  guint best = G_MAXUINT;

  for (guint i = 0; i < row->n; i++) {
    ImStep step = im_fork_answer (fork, i, row->statuses[i], &best);

    g_assert_cmpint (step, ==, i == row->at ? IM_ANSWER : IM_WAIT);
    if (step == IM_ANSWER)
      g_assert_cmpuint (best, ==, row->best);
    g_assert_cmpint (im_fork_is_done (fork), ==, i == row->n - 1);
  }
}

/* Whatever the order of arrival, the same kind of answer wins. */
static void
test_any_order (void)
{
  static const guint statuses[] = { 503, 500, 480, 415, 404 };

  for (guint first = 0; first < 5; first++) {
    g_autoptr (ImFork) fork = im_fork_new (5);
    guint best = G_MAXUINT;
    ImStep step = IM_WAIT;

    for (guint i = 0; i < 5; i++) {
      guint branch = (first + i * 2) % 5;

      g_assert_cmpint (step, ==, IM_WAIT);
      step = im_fork_answer (fork, branch, statuses[branch], &best);
    }
    g_assert_cmpint (step, ==, IM_ANSWER);
    g_assert_cmpuint (statuses[best], ==, 415);
  }
}

static void
test_late (void)
{
  g_autoptr (ImFork) fork = im_fork_new (3);
  guint best;
  gint timeout_best;

  g_assert_cmpint (im_fork_answer (fork, 2, 200, &best), ==, IM_ANSWER);
  g_assert_cmpint (im_fork_answer (fork, 0, 200, &best), ==, IM_WAIT);
  g_assert_cmpint (im_fork_timeout (fork, &timeout_best), ==, IM_WAIT);
  g_assert_false (im_fork_is_done (fork));
  g_assert_cmpint (im_fork_answer (fork, 1, 603, &best), ==, IM_WAIT);
  g_assert_true (im_fork_is_done (fork));
}

static void
test_duplicate (void)
{
  g_autoptr (ImFork) fork = im_fork_new (2);
  guint best = G_MAXUINT;

  g_assert_cmpint (im_fork_answer (fork, 0, 486, &best), ==, IM_WAIT);
  g_assert_cmpint (im_fork_answer (fork, 0, 486, &best), ==, IM_WAIT);
  g_assert_cmpint (im_fork_answer (fork, 0, 200, &best), ==, IM_WAIT);
  g_assert_false (im_fork_is_done (fork));
  g_assert_cmpint (im_fork_answer (fork, 1, 404, &best), ==, IM_ANSWER);
  g_assert_cmpuint (best, ==, 0);
}

static void
test_provisional (void)
{
  g_autoptr (ImFork) fork = im_fork_new (1);
  guint best = G_MAXUINT;

  g_assert_cmpint (im_fork_answer (fork, 0, 100, &best), ==, IM_WAIT);
  g_assert_cmpint (im_fork_answer (fork, 0, 183, &best), ==, IM_WAIT);
  g_assert_false (im_fork_is_done (fork));
  g_assert_cmpint (im_fork_answer (fork, 0, 200, &best), ==, IM_ANSWER);
}

static void
test_timeout (void)
{
  g_autoptr (ImFork) silent = im_fork_new (2);
  g_autoptr (ImFork) half = im_fork_new (2);
  guint best;
  gint timeout_best = 7;

  g_assert_cmpint (im_fork_timeout (silent, &timeout_best), ==, IM_ANSWER);
  g_assert_cmpint (timeout_best, ==, -1);
  g_assert_cmpint (im_fork_timeout (silent, &timeout_best), ==, IM_WAIT);
  g_assert_cmpint (im_fork_answer (silent, 0, 200, &best), ==, IM_WAIT);

  g_assert_cmpint (im_fork_answer (half, 1, 415, &best), ==, IM_WAIT);
  g_assert_cmpint (im_fork_timeout (half, &timeout_best), ==, IM_ANSWER);
  g_assert_cmpint (timeout_best, ==, 1);
  g_assert_cmpint (im_fork_answer (half, 0, 200, &best), ==, IM_WAIT);
  g_assert_true (im_fork_is_done (half));
}

static void
test_widest (void)
{
  g_autoptr (ImFork) fork = im_fork_new (IM_FORK_MAX);
  guint best = G_MAXUINT;

  for (guint i = 0; i < IM_FORK_MAX - 1; i++)
    g_assert_cmpint (im_fork_answer (fork, i, 480, &best), ==, IM_WAIT);
  g_assert_cmpint (im_fork_answer (fork, IM_FORK_MAX - 1, 480, &best), ==,
                   IM_ANSWER);
  g_assert_cmpuint (best, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add_data_func (rows[i].path, &rows[i], test_best);
  g_test_add_func ("/im/rfc3261-16.7/any-order", test_any_order);
  g_test_add_func ("/im/fork/late-answers", test_late);
  g_test_add_func ("/im/fork/duplicate-answers", test_duplicate);
  g_test_add_func ("/im/fork/provisional-is-no-answer", test_provisional);
  g_test_add_func ("/im/fork/timeout", test_timeout);
  g_test_add_func ("/im/fork/widest", test_widest);
  return g_test_run ();
}
