/* SPDX-License-Identifier: ISC
 *
 * im/: the tables themselves.  Every pair of state and event has a row with its
 * reason, and the rows keep the rules that hold for all of them. */
#include "im/im-priv.h"

/* What holds for a row of any table of n states whose rejecting target is
 * reject. */
static void
check_row (const ImRule *row, guint n, guint reject, guint pseudo)
{
  g_assert_nonnull (row->why);
  g_assert_true (row->to < n || row->to == reject || row->to == pseudo);
  if (row->to == reject)
    g_assert_cmpuint (row->actions, ==, 0);
}

static void
test_complete (void)
{
  for (guint from = 0; from < N_LIFE; from++)
    for (guint event = 0; event < N_LIFE_EVENTS; event++)
      check_row (&im_life_table[from][event], N_LIFE, LIFE_REJECT,
                 LIFE_UNTAKEN);
  for (guint i = 0; i < N_UNTAKEN; i++)
    check_row (&im_untaken_table[i], N_LIFE, LIFE_REJECT, LIFE_REJECT);
  for (guint from = 0; from < N_LINE; from++)
    for (guint event = 0; event < N_LINE_EVENTS; event++)
      check_row (&im_line_table[from][event], N_LINE, LINE_REJECT, LINE_REJECT);
  for (guint from = 0; from < N_BOX; from++)
    for (guint event = 0; event < N_BOX_EVENTS; event++)
      check_row (&im_box_table[from][event], N_BOX, BOX_REJECT, BOX_REJECT);
}

/* A message that has ended is live or stored no more, whatever happens. */
static void
test_life_only_goes_on (void)
{
  for (guint from = LIFE_TAKEN; from < N_LIFE; from++)
    for (guint event = 0; event < N_LIFE_EVENTS; event++) {
      const ImRule *row = &im_life_table[from][event];

      g_assert_true (row->to >= from || row->to == LIFE_REJECT);
      g_assert_cmpuint (row->actions, ==, 0);
    }
}

/* RFC 3261 17.2: a 2xx moves every live message to an end that has upstream's
 * answer, and is never lost. */
static void
test_2xx_counts (void)
{
  for (guint from = LIFE_ALONE; from < LIFE_GONE; from++) {
    guint to = im_life_table[from][LIFE_TOOK].to;

    g_assert_true (to >= LIFE_SHOWN && to != LIFE_KEPT && to < LIFE_GONE);
  }
}

/* Events of the store come only while something is under way there. */
static void
test_store_events (void)
{
  for (guint from = 0; from < N_LIFE; from++) {
    gboolean is_storing = from == LIFE_STORING || from == LIFE_SHOWN;
    gboolean is_taking = from == LIFE_TAKING || from == LIFE_OVER;

    g_assert_cmpint (im_life_table[from][LIFE_STORED].to != LIFE_REJECT, ==,
                     is_storing);
    g_assert_cmpint (im_life_table[from][LIFE_LOST].to != LIFE_REJECT, ==,
                     is_storing);
    g_assert_cmpint (im_life_table[from][LIFE_WRITTEN].to != LIFE_REJECT, ==,
                     is_taking);
    g_assert_cmpint (im_life_table[from][LIFE_UNWRITTEN].to != LIFE_REJECT, ==,
                     is_taking);
  }
}

/* Only a line with one out can be answered; only one without may send. */
static void
test_one_out (void)
{
  for (guint from = 0; from < N_LINE; from++) {
    gboolean is_out
        = from == LINE_BUSY || from == LINE_AGAIN || from == LINE_LEAVING;

    for (guint event = LINE_TOOK; event <= LINE_AWAY; event++)
      g_assert_cmpint (im_line_table[from][event].to != LINE_REJECT, ==,
                       is_out);
    g_assert_cmpint (im_line_table[from][LINE_SENT].to != LINE_REJECT, ==,
                     from == LINE_IDLE);
    g_assert_cmpint (im_line_table[from][LINE_DUE].to != LINE_REJECT, ==,
                     from == LINE_RESTING);
  }
}

static void
test_reading (void)
{
  for (guint from = 0; from < N_BOX; from++)
    for (guint event = BOX_SOME; event <= BOX_FAILED; event++)
      g_assert_cmpint (im_box_table[from][event].to != BOX_REJECT, ==,
                       from == BOX_LOADING || from == BOX_AGAIN);
}

static void
test_statuses (void)
{
  static const guint settled[]
      = { 413, 415, 416, 420, 488, 493, 600, 603, 604, 606 };
  static const guint again[]
      = { 403, 404, 408, 430, 480, 481, 486, 500, 502, 503, 504 };
  static const guint never[] = { 400, 405, 501, 505, 513 };

  for (guint i = 0; i < G_N_ELEMENTS (settled); i++) {
    g_assert_true (im_is_settled (settled[i]));
    g_assert_cmpint (im_outcome (settled[i]), ==, IM_WILL_NEVER);
  }
  for (guint i = 0; i < G_N_ELEMENTS (again); i++) {
    g_assert_false (im_is_settled (again[i]));
    g_assert_cmpint (im_outcome (again[i]), ==, IM_NOT_THERE);
  }
  for (guint i = 0; i < G_N_ELEMENTS (never); i++) {
    g_assert_false (im_is_settled (never[i]));
    g_assert_cmpint (im_outcome (never[i]), ==, IM_WILL_NEVER);
  }
  g_assert_cmpint (im_outcome (200), ==, IM_TOOK);
  g_assert_cmpint (im_outcome (202), ==, IM_TOOK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/im/table/complete", test_complete);
  g_test_add_func ("/im/table/life-only-goes-on", test_life_only_goes_on);
  g_test_add_func ("/im/table/2xx-counts", test_2xx_counts);
  g_test_add_func ("/im/table/store-events", test_store_events);
  g_test_add_func ("/im/table/rfc3428-8/one-out", test_one_out);
  g_test_add_func ("/im/table/reading", test_reading);
  g_test_add_func ("/im/table/statuses", test_statuses);
  return g_test_run ();
}
