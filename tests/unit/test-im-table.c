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

/* Each event in each state, met for real. */

#define SEC ((gint64)G_USEC_PER_SEC)
#define NOW (1000 * SEC)

static const char *const present[] = { "desk" };

typedef struct {
  Im *im;
  GArray *actions;
  ImBox *box;
  ImMsg *msg;
  ImLine *line;
} Case;

/* A message with one copy out, in a line of this state. */
static void
case_init (Case *self, ImLife life, ImKeep keep, ImLineState line)
{
  const ImLimits limits = { .alone = 4 * SEC,
                            .fork = 10 * SEC,
                            .idle = 600 * SEC,
                            .retry = 60 * SEC,
                            .max_locks = 1,
                            .max_stored = 10,
                            .chunk = 1,
                            .max_waiting = 4 };

  self->im = im_new (&limits, NOW);
  self->im->now = NOW;
  self->im->present = present;
  self->im->n_present = 1;
  self->actions = self->im->actions = im_actions_new ();
  self->box = im_box_need (self->im, "bob@example.com");
  self->msg = im_msg_new (self->im, self->box, 7, LIFE_SPREAD);
  self->msg->sender = g_strdup ("alice@example.com");
  self->msg->locked = g_ref_string_new ("mobile");
  self->msg->others = g_ptr_array_new ();
  self->msg->expires_at = NOW + 100 * SEC;
  self->line = im_line_need (self->box, "mobile");
  im_line_push (self->im, self->line, self->msg);
  g_array_set_size (self->actions, 0);
  self->line->state = line;
  self->msg->life = life;
  self->msg->keep = keep;
  self->box->n_storing = life == LIFE_STORING || life == LIFE_SHOWN;
  self->box->n_stored = self->box->n_kept = im_msg_is_owed (self->msg);
}

static void
case_clear (Case *self)
{
  im_free (self->im);
  g_array_unref (self->actions);
}

static guint
count (const Case *self, ImActionKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->actions->len; i++)
    n += g_array_index (self->actions, ImAction, i).kind == kind;
  return n;
}

static gboolean
is_answered (guint life)
{
  return life >= LIFE_SHOWN && life < N_LIFE;
}

static void
check_life (ImLife from, ImLifeEvent event, ImKeep keep)
{
  guint to = im_life_table[from][event].to;
  Case c;

  case_init (&c, from, keep, LINE_BUSY);
  if (event == LIFE_TOOK)
    im_msg_answer (c.im, c.msg, "mobile", 200, TRUE);
  im_msg_event (c.im, c.msg, event);
  if (to == LIFE_REJECT) {
    g_assert_cmpint (c.msg->life, ==, from);
    g_assert_cmpuint (c.actions->len, ==, 0);
  } else if (to == LIFE_UNTAKEN) {
    g_assert_cmpint (c.msg->life, ==,
                     keep == IM_REFUSE ? LIFE_OVER : LIFE_STORING);
  } else {
    g_assert_cmpint (c.msg->life, ==, to);
  }
  g_assert_cmpuint (count (&c, IM_ACT_ANSWER), ==,
                    !is_answered (from) && is_answered (c.msg->life));
  g_assert_cmpuint (c.box->n_kept, ==, im_msg_is_owed (c.msg));
  g_assert_cmpuint (c.box->n_stored, ==, c.box->n_kept);
  g_assert_cmpuint (c.box->n_storing, ==,
                    c.msg->life == LIFE_STORING || c.msg->life == LIFE_SHOWN);
  case_clear (&c);
}

/* LIFE_GONE is left out: nobody has such a message in hand but within a call,
 * and LIFE_ENDED leads there when no copy is left, so this one is not ended. */
static void
test_each_life_event (void)
{
  for (guint from = 0; from < LIFE_GONE; from++)
    for (guint event = 0; event < N_LIFE_EVENTS; event++) {
      if (event == LIFE_ENDED && im_life_table[from][event].to == LIFE_GONE)
        continue;
      check_life (from, event, IM_KEEP);
      check_life (from, event, IM_REFUSE);
    }
}

static gboolean
is_one_out (guint line)
{
  return line == LINE_BUSY || line == LINE_AGAIN || line == LINE_LEAVING;
}

static void
check_line (ImLineState from, ImLineEvent event)
{
  guint to = im_line_table[from][event].to;
  Case c;

  case_init (&c, LIFE_TAKEN, IM_KEEP, from);
  if (!is_one_out (from))
    im_copy_free (c.line->out);
  if (event == LINE_TOOK || event == LINE_REFUSED
      || (event == LINE_AWAY && from != LINE_AGAIN))
    if (c.line->out != NULL)
      im_copy_free (c.line->out);
  im_line_move (c.im, c.line, event);
  if (event == LINE_AWAY && from == LINE_AGAIN) {
    /* The same copy once more. */
    g_assert_cmpint (c.line->state, ==, LINE_BUSY);
    g_assert_cmpuint (count (&c, IM_ACT_SEND), ==, 1);
  } else {
    g_assert_cmpint (c.line->state, ==, to == LINE_REJECT ? from : to);
    g_assert_cmpuint (count (&c, IM_ACT_SEND), ==, 0);
  }
  g_assert_cmpint (wheel_is_armed (&c.line->timer), ==,
                   c.line->state == LINE_RESTING && from != LINE_RESTING);
  case_clear (&c);
}

static void
test_each_line_event (void)
{
  for (guint from = 0; from < N_LINE; from++)
    for (guint event = 0; event < N_LINE_EVENTS; event++)
      check_line (from, event);
}

static void
check_box (ImBoxState from, ImBoxEvent event)
{
  guint to = im_box_table[from][event].to;
  gboolean was_reading = from == BOX_LOADING || from == BOX_AGAIN;
  gboolean is_reading;
  Case c;

  case_init (&c, LIFE_TAKEN, IM_KEEP, LINE_BUSY);
  c.box->state = from;
  c.box->upto = 5;
  im_box_move (c.im, c.box, event);
  is_reading = c.box->state == BOX_LOADING || c.box->state == BOX_AGAIN;
  g_assert_cmpint (c.box->state, ==, to == BOX_REJECT ? from : to);
  /* One read at a time, and none without need. */
  g_assert_cmpuint (
      count (&c, IM_ACT_LOAD), ==,
      is_reading && (!was_reading || (from == BOX_AGAIN && to != BOX_AGAIN)));
  if (event == BOX_ASKED)
    g_assert_cmpuint (c.box->upto, ==, from == BOX_AGAIN ? 5 : 0);
  case_clear (&c);
}

static void
test_each_box_event (void)
{
  for (guint from = 0; from < N_BOX; from++)
    for (guint event = 0; event < N_BOX_EVENTS; event++)
      check_box (from, event);
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
  g_test_add_func ("/im/table/each-life-event", test_each_life_event);
  g_test_add_func ("/im/table/each-line-event", test_each_line_event);
  g_test_add_func ("/im/table/each-box-event", test_each_box_event);
  return g_test_run ();
}
