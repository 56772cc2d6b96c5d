/* SPDX-License-Identifier: ISC
 *
 * subs/: thousands of random events with fixed seeds, and a model beside them
 * that knows the rules only: one NOTIFY in flight, none before the commit and
 * none after the end, CSeq and versions upwards and reserved, one NOTIFY after
 * each SUBSCRIBE, and in the end everybody has the newest state, also those who
 * ask for a max-rate, which holds. */
#include "subs/subs.h"

#include <string.h>

#define SEC ((gint64) G_USEC_PER_SEC)
#define N_WATCHERS 6
#define N_SEEDS 40
#define N_STEPS 3000
#define PRESENTITY "alice@example.com"
#define PACED "presence;max-rate=0.05"
#define INTERVAL (20 * SEC)

static const SubsLimits limits = { .min_expires = 60,
                                   .max_expires = 7200,
                                   .default_expires = 3600,
                                   .retry_after_timeout = 60,
                                   .tombstone = 64 };

typedef struct {
  guint64 ticket;
  gboolean is_subscribe; /* a NOTIFY is owed after it */
} Store;

/* What is known of one dialog from outside. */
typedef struct {
  Sub *sub; /* NULL: none at present; with a reference */
  guint index;
  GArray *stores; /* Store: under way, oldest first */
  guint64 reserve;
  SubsStored *row; /* as committed, NULL: none */
  SubsStored *row_under_way;
  guint32 remote_cseq;
  guint32 cseq, version_next; /* last used, next expected at least */
  guint32 reserved;           /* CSeqs known to be in the store */
  gboolean is_fetch, is_committed, is_last_sent, is_gone;
  gboolean owes; /* a NOTIFY for a committed SUBSCRIBE */
  gboolean is_in_flight, is_lost;
  guint shown, carried; /* the state's number: acknowledged, in flight */
  guint64 flow;
  gint64 sent_at; /* the last NOTIFY; 0: none since the start */
} Dialog;

typedef struct {
  Subs *subs;
  GRand *rand;
  gint64 now;
  GArray *actions;
  Dialog dialogs[N_WATCHERS];
  guint state; /* number of the presentity's newest state */
  guint64 last_flow;
  guint serial;
  gboolean is_subscribing; /* the step is a SUBSCRIBE */
} World;

static guint
pick (World *w, guint n)
{
  return g_rand_int_range (w->rand, 0, n);
}

static Dialog *
dialog_of (World *w, const Sub *sub)
{
  for (guint i = 0; i < N_WATCHERS; i++)
    if (w->dialogs[i].sub == sub)
      return &w->dialogs[i];
  return NULL;
}

static void
forget (Dialog *d)
{
  guint index = d->index;

  sub_unref (d->sub);
  g_clear_pointer (&d->stores, g_array_unref);
  subs_stored_free (d->row);
  subs_stored_free (d->row_under_way);
  *d = (Dialog){ .index = index };
}

static void
on_notify (World *w, Dialog *d, const SubsAction *action)
{
  g_assert_true (d->is_committed);
  g_assert_false (d->is_in_flight);
  g_assert_false (d->is_last_sent);
  g_assert_cmpuint (action->cseq, >, d->cseq);
  g_assert_cmpuint (action->cseq, <=, d->reserved);
  if (d->index % 2 == 0 && !action->must && d->sent_at != 0
      && sub_expires_at (d->sub) - w->now > INTERVAL)
    g_assert_cmpint (w->now, >=, d->sent_at + INTERVAL);
  d->sent_at = w->now;
  d->cseq = action->cseq;
  d->is_in_flight = TRUE;
  d->is_lost = FALSE;
  d->owes = FALSE;
  d->carried = w->state;
  if (action->state == SUBS_TERMINATED) {
    g_assert_cmpint (action->reason, !=, SUBS_NO_REASON);
    d->is_last_sent = TRUE;
  }
  if (action->state == SUBS_PENDING)
    g_assert_false (action->wants_body);
  if (action->wants_body) {
    guint32 version = sub_next_version (d->sub);
    g_assert_cmpuint (version, >=, d->version_next);
    d->version_next = version + 1;
  }
}

static void
note_store (World *w, Dialog *d, guint64 ticket)
{
  const Store store = { ticket, w->is_subscribing };

  g_assert_false (d->is_fetch);
  g_array_append_val (d->stores, store);
  subs_stored_free (d->row_under_way);
  d->row_under_way = subs_stored_of (d->sub);
}

static void
carry_out (World *w)
{
  for (guint i = 0; i < w->actions->len; i++) {
    const SubsAction *action = &g_array_index (w->actions, SubsAction, i);
    Dialog *d = dialog_of (w, action->sub);
    g_assert_nonnull (d);
    g_assert_false (d->is_gone);
    switch (action->kind) {
    case SUBS_ACT_STORE:
      note_store (w, d, action->ticket);
      break;
    case SUBS_ACT_RESERVE:
      g_assert_cmpuint (d->reserve, ==, 0);
      d->reserve = action->ticket;
      break;
    case SUBS_ACT_ERASE:
      g_clear_pointer (&d->row, subs_stored_free);
      break;
    case SUBS_ACT_NOTIFY:
      on_notify (w, d, action);
      break;
    case SUBS_ACT_WATCHER:
      g_assert_false (d->is_fetch);
      break;
    case SUBS_ACT_FREE:
      d->is_gone = TRUE;
      sub_unref (d->sub);
      break;
    }
  }
  g_array_set_size (w->actions, 0);
  w->is_subscribing = FALSE;
}

static SubsDialog
make_dialog (World *w, Dialog *d, char *watcher, char *call_id)
{
  g_snprintf (watcher, 40, "w%u@example.com", d->index);
  g_snprintf (call_id, 40, "call-%u", w->serial++);
  return (SubsDialog){ .presentity = PRESENTITY,
                       .watcher = watcher,
                       .package = "presence",
                       .event = d->index % 2 == 0 ? PACED : "presence",
                       .call_id = call_id,
                       .remote_tag = "tag",
                       .target = "sip:w@192.0.2.2",
                       .source = "tcp:192.0.2.2:1",
                       .flow = ++w->last_flow };
}

static void
do_subscribe (World *w, Dialog *d)
{
  char watcher[40], call_id[40];
  SubsDialog dialog = make_dialog (w, d, watcher, call_id);
  gint64 expires = pick (w, 5) == 0 ? 0 : 60 + pick (w, 600);
  guint granted;
  Sub *sub;

  w->is_subscribing = TRUE;
  g_assert_cmpint (subs_create (w->subs, &dialog, 1, expires,
                                pick (w, 3) == 0 ? SUBS_PENDING : SUBS_ACTIVE,
                                w->now, &sub, &granted, w->actions),
                   ==, SUBS_OK);
  g_assert_cmpint (granted, ==, expires);
  d->sub = sub_ref (sub);
  d->stores = g_array_new (FALSE, FALSE, sizeof (Store));
  d->remote_cseq = 1;
  d->is_fetch = expires == 0;
  d->flow = dialog.flow;
}

static void
do_refresh (World *w, Dialog *d)
{
  SubsDialog dialog = { .target = "sip:w@192.0.2.9",
                        .source = "tcp:192.0.2.9:1",
                        .flow = ++w->last_flow };
  gint64 expires = pick (w, 6) == 0 ? 0 : 60 + pick (w, 600);
  guint granted;
  SubsVerdict verdict
      = subs_refresh (w->subs, d->sub, &dialog, d->remote_cseq + 1, expires,
                      w->now, &granted, w->actions);

  if (verdict == SUBS_OK) {
    w->is_subscribing = TRUE;
    d->remote_cseq++;
    d->flow = dialog.flow;
  } else {
    g_assert_cmpint (verdict, ==, SUBS_GONE);
    g_assert_cmpuint (w->actions->len, ==, 0);
  }
}

static void
do_commit (World *w, Dialog *d, gboolean is_done)
{
  Store store = { 0, TRUE }; /* of a fetch */

  if (d->stores->len > 0) {
    store = g_array_index (d->stores, Store, 0);
    g_array_remove_index (d->stores, 0);
  } else if (!d->is_fetch || d->is_committed) {
    return;
  }
  if (!is_done) {
    if (!d->is_committed)
      g_array_set_size (d->stores, 0); /* none of an unwritten row's */
    subs_aborted (w->subs, d->sub, store.ticket, w->now, w->actions);
    return;
  }
  if (!d->is_committed)
    d->reserved = 1000;
  d->is_committed = TRUE;
  if (d->stores->len == 0 && d->row_under_way != NULL) {
    subs_stored_free (d->row);
    d->row = g_steal_pointer (&d->row_under_way);
  }
  d->owes = d->owes || (store.is_subscribe && !d->is_last_sent);
  subs_committed (w->subs, d->sub, store.ticket, w->now, w->actions);
}

static void
do_reserved (World *w, Dialog *d, gboolean is_done)
{
  guint64 ticket = d->reserve;

  if (ticket == 0)
    return;
  d->reserve = 0;
  if (!is_done) {
    subs_aborted (w->subs, d->sub, ticket, w->now, w->actions);
    return;
  }
  d->reserved = sub_cseq_reserved (d->sub);
  if (d->row != NULL) {
    d->row->cseq_reserved = d->reserved;
    d->row->version_reserved = sub_version_reserved (d->sub);
  }
  subs_reserved (w->subs, d->sub, ticket, w->now, w->actions);
}

static void
do_answer (World *w, Dialog *d, SubsNotifyResult result)
{
  if (!d->is_in_flight)
    return;
  d->is_in_flight = FALSE;
  if (result == SUBS_NOTIFY_OK)
    d->shown = d->carried;
  if (result == SUBS_NOTIFY_REFUSED)
    d->is_lost = TRUE;
  subs_notified (w->subs, d->sub, d->cseq, result,
                 result == SUBS_NOTIFY_REFUSED && pick (w, 2) ? 5 : 0, w->now,
                 w->actions);
}

static void
do_change (World *w)
{
  w->state++;
  subs_changed (w->subs, PRESENTITY, "presence", w->now, w->actions);
}

static void
do_decide (World *w, Dialog *d)
{
  guint n = pick (w, 8);

  subs_decide (w->subs, d->sub,
               n == 0  ? SUBS_TERMINATED
               : n < 3 ? SUBS_PENDING
                       : SUBS_ACTIVE,
               SUBS_REJECTED, w->now, w->actions);
}

static void
do_resume (World *w, Dialog *d)
{
  char watcher[40];
  const SubsDevice device = { .watcher = watcher,
                              .contact = sub_dialog (d->sub)->target,
                              .source = "tcp:192.0.2.3:1",
                              .flow = ++w->last_flow };

  g_snprintf (watcher, sizeof watcher, "w%u@example.com", d->index);
  subs_resume (w->subs, &device, w->now, w->actions);
  d->flow = sub_dialog (d->sub)->flow;
}

static void
do_wait (World *w, gdouble seconds)
{
  w->now += (gint64) (seconds * SEC);
  subs_advance (w->subs, w->now, w->actions);
}

/* kill -9: what is committed comes back. */
static void
do_crash (World *w)
{
  SubsStored *rows[N_WATCHERS] = { NULL };
  guint32 versions[N_WATCHERS], cseqs[N_WATCHERS];

  for (guint i = 0; i < N_WATCHERS; i++) {
    Dialog *d = &w->dialogs[i];
    rows[i] = d->is_gone ? NULL : g_steal_pointer (&d->row);
    versions[i] = d->version_next;
    cseqs[i] = d->cseq;
    forget (d);
  }
  subs_free (w->subs);
  w->subs = subs_new (&limits, w->now);
  for (guint i = 0; i < N_WATCHERS; i++) {
    g_autoptr (SubsStored) row = rows[i];
    Dialog *d = &w->dialogs[i];
    if (row == NULL)
      continue;
    d->sub = sub_ref (subs_restore (w->subs, row, w->now));
    d->stores = g_array_new (FALSE, FALSE, sizeof (Store));
    d->row = subs_stored_copy (row);
    d->remote_cseq = row->remote_cseq;
    d->is_committed = TRUE;
    d->cseq = cseqs[i];
    d->version_next = versions[i];
    d->reserved = row->cseq_reserved;
    subs_wake (w->subs, d->sub, w->now, w->actions);
  }
}

static SubsNotifyResult
any_result (World *w)
{
  static const SubsNotifyResult results[]
      = { SUBS_NOTIFY_OK,      SUBS_NOTIFY_OK,        SUBS_NOTIFY_OK,
          SUBS_NOTIFY_OK,      SUBS_NOTIFY_OK,        SUBS_NOTIFY_REFUSED,
          SUBS_NOTIFY_REFUSED, SUBS_NOTIFY_SUSPENDED, SUBS_NOTIFY_SUSPENDED };

  if (pick (w, 40) == 0)
    return SUBS_NOTIFY_DEAD;
  return results[pick (w, G_N_ELEMENTS (results))];
}

static void
step_dialog (World *w, Dialog *d)
{
  switch (pick (w, 12)) {
  case 0:
    do_refresh (w, d);
    break;
  case 1:
  case 2:
  case 3:
    do_commit (w, d, pick (w, 10) != 0);
    break;
  case 4:
    do_reserved (w, d, pick (w, 8) != 0);
    break;
  case 5:
  case 6:
  case 7:
    do_answer (w, d, any_result (w));
    break;
  case 8:
    do_decide (w, d);
    break;
  case 9:
    subs_flow_closed (w->subs, sub_dialog (d->sub)->flow, w->now, w->actions);
    break;
  default:
    do_resume (w, d);
  }
}

static void
step (World *w)
{
  Dialog *d = &w->dialogs[pick (w, N_WATCHERS)];
  guint n = pick (w, 200);

  if (n == 0)
    do_crash (w);
  else if (n < 50)
    do_change (w);
  else if (n < 60)
    do_wait (w, pick (w, 100));
  else if (d->sub == NULL)
    do_subscribe (w, d);
  else if (d->is_gone && !d->is_in_flight)
    forget (d);
  else if (!d->is_gone)
    step_dialog (w, d);
  else
    do_answer (w, d, any_result (w));
  carry_out (w);
}

/* Everything under way ends well, every device is heard of. */
static void
settle (World *w)
{
  do_wait (w, 61); /* what waits for a time */
  carry_out (w);
  for (guint round = 0; round < 8; round++) {
    if (round == 2 || round == 4) { /* for a max-rate */
      do_wait (w, 21);
      carry_out (w);
    }
    for (guint i = 0; i < N_WATCHERS; i++) {
      Dialog *d = &w->dialogs[i];
      while (d->sub != NULL && !d->is_gone
             && (d->stores->len > 0 || (d->is_fetch && !d->is_committed))) {
        do_commit (w, d, TRUE);
        carry_out (w);
      }
      if (d->sub == NULL || d->is_gone)
        continue;
      do_resume (w, d);
      carry_out (w);
      do_reserved (w, d, TRUE);
      carry_out (w);
      do_answer (w, d, SUBS_NOTIFY_OK);
      carry_out (w);
    }
  }
}

static void
assert_settled (World *w)
{
  for (guint i = 0; i < N_WATCHERS; i++) {
    Dialog *d = &w->dialogs[i];
    if (d->sub == NULL || d->is_gone)
      continue;
    g_assert_false (d->is_in_flight);
    g_assert_false (d->owes);
    if (sub_state (d->sub) == SUBS_ACTIVE && !d->is_lost)
      g_assert_cmpuint (d->shown, ==, w->state);
    if (sub_state (d->sub) == SUBS_TERMINATED)
      g_assert_true (d->is_last_sent || d->cseq > 0);
  }
}

static void
world_init (World *w, guint seed)
{
  *w = (World){ .now = 1000 * SEC, .last_flow = 1 };
  w->rand = g_rand_new_with_seed (seed);
  w->subs = subs_new (&limits, w->now);
  w->actions = subs_actions_new ();
  for (guint i = 0; i < N_WATCHERS; i++)
    w->dialogs[i].index = i;
}

static void
world_clear (World *w)
{
  for (guint i = 0; i < N_WATCHERS; i++)
    forget (&w->dialogs[i]);
  subs_free (w->subs);
  g_array_unref (w->actions);
  g_rand_free (w->rand);
}

static void
test_random (gconstpointer data)
{
  guint first = GPOINTER_TO_UINT (data);

  for (guint seed = first; seed < first + N_SEEDS; seed++) {
    World w;
    world_init (&w, seed);
    for (guint i = 0; i < N_STEPS; i++) {
      step (&w);
      if (i % 500 == 499) {
        settle (&w);
        assert_settled (&w);
      }
    }
    do_wait (&w, 10000);
    carry_out (&w);
    for (guint i = 0; i < N_WATCHERS; i++)
      do_answer (&w, &w.dialogs[i], SUBS_NOTIFY_OK);
    carry_out (&w);
    do_wait (&w, 100);
    carry_out (&w);
    g_assert_cmpuint (subs_size (w.subs), ==, 0);
    world_clear (&w);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/subs/rfc6665-4.2.2/random/1", GUINT_TO_POINTER (1),
                        test_random);
  g_test_add_data_func ("/subs/rfc6665-4.2.2/random/1001",
                        GUINT_TO_POINTER (1001), test_random);
  return g_test_run ();
}
