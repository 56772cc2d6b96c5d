/* SPDX-License-Identifier: ISC
 *
 * subs/: the tables themselves.  Every pair of state and event has a row with
 * its reason, and every row, met in every state of the other machine, keeps the
 * rules that hold for all of them. */
#include "subs/subs-priv.h"

#include <string.h>

#define SEC ((gint64)G_USEC_PER_SEC)
#define NOW (1000 * SEC)

static const SubsLimits limits = { .min_expires = 60,
                                   .max_expires = 7200,
                                   .default_expires = 3600,
                                   .retry_after_timeout = 60,
                                   .tombstone = 64 };

static const SubsDialog dialog = {
  .presentity = "alice@example.com",
  .watcher = "bob@example.com",
  .package = "presence",
  .event = "presence",
  .call_id = "call-1",
  .remote_tag = "tag-1",
  .target = "sip:bob@192.0.2.2",
  .source = "udp:192.0.2.2:5060",
};

static void
test_life_is_complete (void)
{
  for (guint from = 0; from < N_LIFE; from++)
    for (guint event = 0; event < N_LIFE_EVENTS; event++) {
      const SubsRow *row = &life_table[from][event];
      g_assert_nonnull (row->why);
      g_assert_true (row->to != N_LIFE && row->to <= LIFE_REJECT);
      if (row->to == LIFE_REJECT)
        g_assert_cmpuint (row->actions, ==, 0);
    }
}

static void
test_sender_is_complete (void)
{
  for (guint from = 0; from < N_SENDER; from++)
    for (guint event = 0; event < N_SENDER_EVENTS; event++) {
      const SubsRow *row = &sender_table[from][event];
      g_assert_nonnull (row->why);
      g_assert_true (row->to != N_SENDER && row->to <= SENDER_REJECT);
      if (row->to == SENDER_REJECT)
        g_assert_cmpuint (row->actions, ==, 0);
    }
}

static void
test_names (void)
{
  for (guint state = 0; state < N_LIFE; state++)
    g_assert_cmpstr (life_name (state), !=, "?");
  for (guint state = 0; state < N_SENDER; state++)
    g_assert_cmpstr (sender_name (state), !=, "?");
  for (SubsState state = 0; state <= SUBS_TERMINATED; state++)
    g_assert_nonnull (subs_state_name (state));
  g_assert_null (subs_reason_name (SUBS_NO_REASON));
  for (SubsReason reason = 1; reason <= SUBS_INVARIANT; reason++)
    g_assert_nonnull (subs_reason_name (reason));
}

/* Life never goes back: the RFC's diagram has no arrow out of terminated. */
static void
test_life_only_goes_on (void)
{
  for (guint from = LIFE_ENDING; from < N_LIFE; from++)
    for (guint event = 0; event < N_LIFE_EVENTS; event++) {
      guint to = life_table[from][event].to;
      g_assert_true (to == LIFE_REJECT || (to >= from && to < N_LIFE));
    }
  for (guint event = 0; event < N_SENDER_EVENTS; event++) {
    guint to = sender_table[SENDER_OVER][event].to;
    g_assert_true (to == SENDER_REJECT || to == SENDER_OVER);
  }
}

typedef struct {
  Subs *subs;
  Sub *sub; /* with a reference */
  GArray *actions;
  Turn turn;
} Case;

static void
case_init (Case *self, LifeState life, SenderState sender)
{
  self->subs = subs_new (&limits, NOW);
  self->actions = subs_actions_new ();
  self->sub = sub_ref (sub_new (self->subs, &dialog, NOW));
  self->sub->life = life;
  self->sub->sender = sender;
  self->sub->granted = SUBS_ACTIVE;
  self->sub->expires_at = self->sub->agreed_until = NOW + 600 * SEC;
  self->sub->limit = RANGE_CHUNK;
  self->subs->n_live = life_is_live (self->sub);
  if (life != LIFE_GONE)
    table_add (self->subs, self->sub);
  else
    sub_unref (self->sub);
  self->turn = (Turn){ .subs = self->subs,
                       .now = NOW,
                       .actions = self->actions,
                       .reason = SUBS_REJECTED,
                       .retry_after = 5 };
}

static void
case_clear (Case *self)
{
  for (guint i = 0; i < self->actions->len; i++)
    if (g_array_index (self->actions, SubsAction, i).kind == SUBS_ACT_FREE)
      sub_unref (self->sub);
  sub_unref (self->sub);
  subs_free (self->subs);
  g_array_unref (self->actions);
}

static guint
count (const Case *self, SubsActionKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->actions->len; i++)
    n += g_array_index (self->actions, SubsAction, i).kind == kind;
  return n;
}

static const SubsAction *
last (const Case *self)
{
  return &g_array_index (self->actions, SubsAction, self->actions->len - 1);
}

static gboolean
is_live (LifeState life)
{
  return life == LIFE_PENDING || life == LIFE_ACTIVE || life == LIFE_CLOSING;
}

/* What holds after any event in any pair of states. */
static void
assert_rules (const Case *self, LifeState from, SenderState sender_from,
              LifeEvent event)
{
  const Sub *sub = self->sub;
  guint n_notify = count (self, SUBS_ACT_NOTIFY);

  g_assert_cmpuint (n_notify, <=, 1);
  g_assert_cmpuint (sub->cseq, ==, n_notify);
  g_assert_cmpuint (count (self, SUBS_ACT_WATCHER), <=, 1);
  g_assert_cmpuint (self->subs->n_live, ==, life_is_live (sub));
  if (n_notify > 0) { /* not before the commit, not after the end */
    g_assert_true (sub->life != LIFE_NEW && from < LIFE_LAST);
    g_assert_cmpint (sub->sender, ==, SENDER_IN_FLIGHT);
    g_assert_true (sender_from != SENDER_OVER);
  }
  if (sub->life == LIFE_TOMB || sub->life == LIFE_GONE)
    g_assert_cmpint (sub->sender, ==, SENDER_OVER);
  if (is_live (from) && !life_is_live (sub)) { /* its end is told once */
    g_assert_cmpuint (count (self, SUBS_ACT_WATCHER), ==, 1);
    g_assert_cmpint (sub->reason, !=, SUBS_NO_REASON);
  }
  g_assert_cmpuint (count (self, SUBS_ACT_FREE), ==,
                    sub->life == LIFE_GONE && from != LIFE_GONE);
  if (sub->life == LIFE_GONE && from != LIFE_GONE) {
    g_assert_cmpint (last (self)->kind, ==, SUBS_ACT_FREE);
    if (event != LIFE_CLOSE_LOST) /* a fetch has no row */
      g_assert_cmpuint (count (self, SUBS_ACT_ERASE), ==, 1);
    g_assert_cmpuint (g_hash_table_size (self->subs->by_tag), ==, 0);
    g_assert_cmpuint (g_hash_table_size (self->subs->by_initial), ==, 0);
    g_assert_cmpuint (g_hash_table_size (self->subs->people), ==, 0);
  }
}

static LifeState
resolve (const SubsRow *row)
{
  return row->to == LIFE_GRANTED ? LIFE_ACTIVE : row->to;
}

/* Where a row leads: its target, or what follows at once from there (ending ->
 * last when the terminating NOTIFY leaves, tomb -> gone without tombstone). */
static gboolean
is_reached (LifeState want, LifeState got)
{
  return got == want || (want == LIFE_ENDING && got == LIFE_LAST)
         || (want == LIFE_TOMB && got == LIFE_GONE);
}

static void
walk_life (LifeState from, SenderState sender, LifeEvent event)
{
  const SubsRow *row = &life_table[from][event];
  Case self;

  case_init (&self, from, sender);
  if (life_move (&self.turn, self.sub, event)) {
    g_assert_true (is_reached (resolve (row), self.sub->life));
    assert_rules (&self, from, sender, event);
  } else {
    g_assert_cmpint (row->to, ==, LIFE_REJECT);
    g_assert_cmpint (self.sub->life, ==, from);
    g_assert_cmpint (self.sub->sender, ==, sender);
    g_assert_cmpuint (self.actions->len, ==, 0);
  }
  case_clear (&self);
}

static gboolean
is_sent (SenderState sender)
{
  return sender == SENDER_IN_FLIGHT || sender == SENDER_IN_FLIGHT_DIRTY
         || sender == SENDER_IN_FLIGHT_ASKED;
}

/* The pairs of states that can be at one time. */
static gboolean
is_possible (LifeState life, SenderState sender)
{
  switch (life) {
  case LIFE_NEW:
    return sender == SENDER_HELD;
  case LIFE_LAST:
    return sender == SENDER_IN_FLIGHT;
  case LIFE_TOMB:
  case LIFE_GONE:
    return sender == SENDER_OVER;
  case LIFE_ENDING: /* with nothing owed it would be LAST */
    return sender == SENDER_IN_FLIGHT_ASKED || sender == SENDER_WAITING_RANGE
           || sender == SENDER_SUSPENDED;
  default:
    return sender != SENDER_HELD && sender != SENDER_OVER;
  }
}

static void
test_walk_life (void)
{
  for (guint life = 0; life < N_LIFE; life++)
    for (guint sender = 0; sender < N_SENDER; sender++)
      for (guint event = 0; event < N_LIFE_EVENTS; event++)
        if (is_possible (life, sender))
          walk_life (life, sender, event);
}

static void
walk_sender (LifeState life, SenderState from, SenderEvent event)
{
  const SubsRow *row = &sender_table[from][event];
  Case self;

  case_init (&self, life, from);
  if (sender_move (&self.turn, self.sub, event)) {
    g_assert_cmpint (self.sub->sender, ==, row->to);
    assert_rules (&self, life, from, N_LIFE_EVENTS);
    if (is_sent (from) && is_sent (row->to))
      g_assert_cmpuint (count (&self, SUBS_ACT_NOTIFY), ==,
                        event == SENDER_OK || event == SENDER_REFUSED
                            || event == SENDER_REFUSED_LATER
                            || event == SENDER_LOST || event == SENDER_SKIPPED);
    if (self.sub->sender == SENDER_BACKOFF && from != SENDER_BACKOFF)
      g_assert_cmpint (self.sub->retry_at, ==, NOW + 5 * SEC);
    if (self.sub->sender == SENDER_SUSPENDED && from != SENDER_SUSPENDED)
      g_assert_cmpint (self.sub->retry_at, ==, NOW + 60 * SEC);
  } else {
    g_assert_cmpint (row->to, ==, SENDER_REJECT);
    g_assert_cmpint (self.sub->sender, ==, from);
    g_assert_cmpuint (self.actions->len, ==, 0);
  }
  case_clear (&self);
}

static void
test_walk_sender (void)
{
  for (guint life = 0; life < N_LIFE; life++)
    for (guint sender = 0; sender < N_SENDER; sender++)
      for (guint event = 0; event < N_SENDER_EVENTS; event++)
        if (is_possible (life, sender) && life != LIFE_NEW && life != LIFE_LAST)
          walk_sender (life, sender, event);
}

/* With no number left a NOTIFY waits, whichever row wanted it. */
static void
test_walk_dry (void)
{
  for (guint sender = 0; sender < N_SENDER; sender++)
    for (guint event = 0; event < N_SENDER_EVENTS; event++) {
      Case self;
      if (event == SENDER_DRY)
        continue;
      case_init (&self, LIFE_ACTIVE, sender);
      self.sub->cseq = RANGE_CHUNK;
      sender_move (&self.turn, self.sub, event);
      g_assert_cmpuint (count (&self, SUBS_ACT_NOTIFY), ==, 0);
      if (self.sub->sender == SENDER_WAITING_RANGE
          && sender != SENDER_WAITING_RANGE)
        g_assert_cmpuint (count (&self, SUBS_ACT_RESERVE), ==, 1);
      case_clear (&self);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/subs/table/life-is-complete", test_life_is_complete);
  g_test_add_func ("/subs/table/sender-is-complete", test_sender_is_complete);
  g_test_add_func ("/subs/table/names", test_names);
  g_test_add_func ("/subs/rfc6665-4.2.2/life-only-goes-on",
                   test_life_only_goes_on);
  g_test_add_func ("/subs/table/walk-life", test_walk_life);
  g_test_add_func ("/subs/table/walk-sender", test_walk_sender);
  g_test_add_func ("/subs/table/walk-dry", test_walk_dry);
  return g_test_run ();
}
