/* SPDX-License-Identifier: ISC
 *
 * What concerns many dialogs at once is done at a rate: the first NOTIFYs after a
 * start, the last ones of a drain, what follows a change of everybody's. */
#define G_LOG_DOMAIN "service"
#include "service/judge.h"
#include "service/xcap_events.h"

#define PACE_MS 50

typedef struct {
  guint kinds; /* 1 << PaceKind, several at once */
  Sub *sub;
} Paced;

#define HAS(paced, kind) (((paced)->kinds & (1u << (kind))) != 0)

static void
paced_free (Paced *self)
{
  sub_unref (self->sub);
  g_free (self);
}

void
service_pace (Service *self, PaceKind kind, Sub *sub)
{
  Paced *paced = g_hash_table_lookup (self->pacing, sub);

  if (paced == NULL) {
    paced = g_new0 (Paced, 1);
    paced->sub = sub_ref (sub);
    g_queue_push_tail (&self->paced, paced);
    g_hash_table_insert (self->pacing, sub, paced);
  }
  paced->kinds |= 1u << kind;
}

static void
deactivate (Service *self, Sub *sub)
{
  GArray *actions = subs_actions_new ();

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
do_one (Service *self)
{
  Paced *paced = take (self);

  if (HAS (paced, PACE_DRAIN))
    deactivate (self, paced->sub);
  else if (HAS (paced, PACE_WAKE))
    wake (self, paced->sub);
  else if (HAS (paced, PACE_JUDGE))
    judge (self, paced);
  else if (HAS (paced, PACE_SHOW))
    show (self, paced->sub);
  if (HAS (paced, PACE_READ))
    xcap_events_read_again (self, paced->sub);
  paced_free (paced);
}

static void
pace_cb (gpointer data)
{
  Service *self = data;
  guint many = MAX (1, self->limits.wake_rate * PACE_MS / 1000);

  while (many-- > 0 && self->paced.length > 0)
    do_one (self);
  if (self->paced.length == 0) {
    self->loop->remove_timer (self->loop->self, self->pacer);
    self->pacer = NULL;
  }
}

void
service_pace_start (Service *self)
{
  if (self->pacer == NULL && self->paced.length > 0)
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
  g_hash_table_unref (self->pacing);
}

typedef struct {
  Service *service;
  guint n;
} Draining;

static void
drain_cb (Sub *sub, gpointer data)
{
  Draining *draining = data;

  service_pace (draining->service, PACE_DRAIN, sub);
  draining->n++;
}

guint
service_drain (Service *self)
{
  Draining draining = { self, 0 };

  subs_foreach_all (self->subs, drain_cb, &draining);
  service_pace_start (self);
  return draining.n;
}
