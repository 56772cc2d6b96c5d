/* SPDX-License-Identifier: ISC
 *
 * What concerns many dialogs at once is done at a rate: the first NOTIFYs after a
 * start, what a change of the settings or of everybody's brings, and the last ones
 * of a drain.  Those of the queue come first, then those of the sweep. */
#define G_LOG_DOMAIN "service"
#include "service/judge.h"
#include "service/lists.h"
#include "service/profile.h"
#include "service/xcap_events.h"
#include "service/xmpp-presence.h"

#include "addr/aor.h"

#include <string.h>

#define PACE_MS 50
/* Items of a sweep that are passed over for each that it concerns. */
#define SKIPPED_MAX 20

typedef struct {
  guint kinds; /* PACE_KINDs, several at once */
  Sub *sub;
} Paced;

#define HAS(paced, kind) (((paced)->kinds & PACE_KIND (kind)) != 0)

/* Everything that was in the table at a time.  To make it is all that the turn
 * of a change has to do. */
struct Sweep {
  GArray *items; /* Paced */
  guint next;
  gint64 at; /* when it was made */
};

static void
paced_free (Paced *self)
{
  sub_unref (self->sub);
  g_free (self);
}

void
service_pace (Service *self, PaceKind kind, Sub *sub)
{
  GList *link = g_hash_table_lookup (self->pacing, sub);

  if (link == NULL) {
    Paced *paced = g_new0 (Paced, 1);

    paced->sub = sub_ref (sub);
    g_queue_push_tail (&self->paced, paced);
    link = g_queue_peek_tail_link (&self->paced);
    g_hash_table_insert (self->pacing, sub, link);
  }
  ((Paced *)link->data)->kinds |= PACE_KIND (kind);
}

/* An XMPP user would take it for the end of his authorization. */
static void
deactivate (Service *self, Sub *sub)
{
  GArray *actions;

  if (xmpp_presence_is_watcher (sub_dialog (sub)))
    return;
  actions = subs_actions_new ();
  subs_decide (self->subs, sub, SUBS_TERMINATED, SUBS_DEACTIVATED,
               service_now (self), actions);
  service_act (self, actions);
}

static void
show (Service *self, Sub *sub)
{
  GArray *actions = subs_actions_new ();

  subs_show (self->subs, sub, service_now (self), actions);
  service_act (self, actions);
}

static Paced *
take (Service *self)
{
  Paced *paced = g_queue_pop_head (&self->paced);

  if (paced != NULL)
    g_hash_table_remove (self->pacing, paced->sub);
  return paced;
}

static void
wake (Service *self, Sub *sub)
{
  if (!xcap_events_restore (self, sub, TRUE))
    judge_again (self, sub, JUDGE_WAKE);
}

static void
judge (Service *self, const Paced *paced)
{
  xcap_events_restore (self, paced->sub, FALSE);
  judge_again (self, paced->sub,
               HAS (paced, PACE_SHOW) ? JUDGE_SHOW : JUDGE_ONLY);
}

static void
carry_out (Service *self, const Paced *paced)
{
  if (HAS (paced, PACE_DRAIN))
    deactivate (self, paced->sub);
  else if (HAS (paced, PACE_WAKE))
    wake (self, paced->sub);
  else if (HAS (paced, PACE_JUDGE))
    judge (self, paced);
  else if (HAS (paced, PACE_SHOW) || HAS (paced, PACE_PROFILE))
    show (self, paced->sub);
  if (HAS (paced, PACE_READ)) {
    xcap_events_read_again (self, paced->sub);
    lists_read_again (self, paced->sub);
  }
}

/* --- Before its turn --- */

static void
collect_waiting_cb (Sub *sub, gpointer data)
{
  g_ptr_array_add (data, sub_ref (sub));
}

/* One that has not been told since the start. */
static void
hurry (Service *self, Sub *sub)
{
  GList *link = g_hash_table_lookup (self->pacing, sub);
  Paced *paced = link != NULL ? link->data : NULL;

  if (paced == NULL || !HAS (paced, PACE_WAKE))
    return;
  g_hash_table_remove (self->pacing, sub);
  g_queue_delete_link (&self->paced, link);
  carry_out (self, paced);
  paced_free (paced);
}

void
service_wake_watchers (Service *self, const char *presentity)
{
  g_autoptr (GPtrArray) subs = NULL;

  if (self->paced.length == 0)
    return;
  subs = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);
  subs_foreach (self->subs, presentity, g_intern_static_string ("presence"),
                collect_waiting_cb, subs);
  for (guint i = 0; i < subs->len; i++)
    hurry (self, subs->pdata[i]);
}

/* --- The sweep --- */

static guint
n_swept (const Sweep *self)
{
  return self != NULL ? self->items->len - self->next : 0;
}

static void
clear_item (gpointer data)
{
  sub_unref (((Paced *)data)->sub);
}

static Sweep *
sweep_new (guint n)
{
  Sweep *self = g_new0 (Sweep, 1);

  self->items = g_array_sized_new (FALSE, FALSE, sizeof (Paced), n);
  g_array_set_clear_func (self->items, clear_item);
  return self;
}

static void
sweep_free (Sweep *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->items);
  g_free (self);
}

static void
sweep_add (Sweep *self, Sub *sub, guint kinds)
{
  Paced item = { kinds, sub_ref (sub) };

  g_array_append_val (self->items, item);
}

/* Those that wait first; then those it is through with.  What they point to is
 * not touched: there are many. */
static void
sweep_rewind (Sweep *self, guint kinds)
{
  GArray *items
      = g_array_sized_new (FALSE, FALSE, sizeof (Paced), self->items->len + 1);
  guint len = self->items->len;

  for (guint i = 0; i < len; i++) {
    guint at = (self->next + i) % len;
    Paced item = g_array_index (self->items, Paced, at);

    item.kinds = at >= self->next ? item.kinds | kinds : kinds;
    g_array_append_val (items, item);
  }
  g_array_set_clear_func (self->items, NULL);
  g_array_unref (self->items);
  g_array_set_clear_func (items, clear_item);
  self->items = items;
  self->next = 0;
}

typedef struct {
  Sweep *sweep;
  gint64 after; /* only those made later */
  guint kinds;
} Collecting;

static void
collect_cb (Sub *sub, gpointer data)
{
  const Collecting *collecting = data;

  if (sub_created_at (sub) > collecting->after)
    sweep_add (collecting->sweep, sub, collecting->kinds);
}

void
service_sweep (Service *self, guint kinds)
{
  Collecting collecting = { .after = G_MININT64, .kinds = kinds };

  if (self->sweep == NULL) {
    self->sweep = sweep_new (subs_size (self->subs));
  } else {
    /* created_at is to a second: one of that second may be there twice, but
     * none is missing */
    collecting.after = self->sweep->at - G_USEC_PER_SEC;
    sweep_rewind (self->sweep, kinds);
  }
  self->sweep->at = service_now (self);
  collecting.sweep = self->sweep;
  subs_foreach_all (self->subs, collect_cb, &collecting);
  service_pace_start (self);
}

/* But for the client policy settings are about presence, and nobody is judged by
 * himself; a user's own setting goes before the one of all. */
static guint
concerning (Service *self, const Paced *item)
{
  const SubsDialog *dialog = sub_dialog (item->sub);
  const StoreUser *user;
  guint kinds;

  if (HAS (item, PACE_DRAIN))
    return item->kinds;
  if (strcmp (dialog->package, UA_PROFILE) == 0)
    return item->kinds & PACE_KIND (PACE_PROFILE);
  kinds = item->kinds & ~PACE_KIND (PACE_PROFILE);
  if (kinds == 0 || !policy_is_personal (dialog->package)
      || aor_equal (dialog->watcher, dialog->presentity))
    return 0;
  user = service_user (self, dialog->presentity);
  if (user != NULL && user->share_availability != POLICY_AS_SETTINGS)
    return kinds & ~PACE_KIND (PACE_SHOW);
  return kinds;
}

/* The next that it concerns, as far as that is near.  A reference. */
static Paced
sweep_take (Service *self)
{
  Sweep *sweep = self->sweep;
  Paced item = { 0 };

  for (guint i = 0; i <= SKIPPED_MAX && n_swept (sweep) > 0; i++) {
    item = g_array_index (sweep->items, Paced, sweep->next++);
    item.kinds = concerning (self, &item);
    if (item.kinds != 0)
      break;
  }
  sub_ref (item.sub);
  if (n_swept (sweep) == 0)
    g_clear_pointer (&self->sweep, sweep_free);
  return item;
}

static void
sweep_one (Service *self)
{
  Paced item = sweep_take (self);

  carry_out (self, &item);
  sub_unref (item.sub);
}

/* --- The pace --- */

guint
service_n_paced (Service *self)
{
  return self->paced.length + n_swept (self->sweep);
}

static void
do_one (Service *self)
{
  Paced *paced = take (self);

  if (paced == NULL) {
    sweep_one (self);
    return;
  }
  carry_out (self, paced);
  paced_free (paced);
}

static void
pace_cb (gpointer data)
{
  Service *self = data;
  guint many = MAX (1, self->limits.wake_rate * PACE_MS / 1000);

  while (many-- > 0 && service_n_paced (self) > 0)
    do_one (self);
  if (service_n_paced (self) == 0) {
    self->loop->remove_timer (self->loop->self, self->pacer);
    self->pacer = NULL;
  }
}

void
service_pace_start (Service *self)
{
  if (self->pacer == NULL && service_n_paced (self) > 0)
    self->pacer = self->loop->every (self->loop->self, PACE_MS, pace_cb, self);
}

void
service_pace_free (Service *self)
{
  Paced *paced;

  if (self->pacer != NULL)
    self->loop->remove_timer (self->loop->self, self->pacer);
  while ((paced = take (self)) != NULL)
    paced_free (paced);
  g_clear_pointer (&self->sweep, sweep_free);
  g_hash_table_unref (self->pacing);
}

guint
service_drain (Service *self)
{
  service_sweep (self, PACE_KIND (PACE_DRAIN));
  return service_n_paced (self);
}
