/* SPDX-License-Identifier: ISC
 *
 * All subscriptions of this server: what concerns many of them, or comes from
 * the policy and the clock. */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

#include "addr/aor.h"

static void
due_cb (WheelTimer *timer, gpointer data)
{
  Subs *self = data;
  const Turn *turn = TURN (self, self->now, self->actions);
  Sub *sub = SUB_OF (timer, timer);
  gint64 deadline = life_deadline (sub);

  if (deadline != 0 && deadline <= self->now) {
    life_move (turn, sub,
               sender_is_suspended (sub) ? LIFE_EXPIRED_AWAY : LIFE_EXPIRED);
  } else if (sub->retry_at != 0 && sub->retry_at <= self->now) {
    sub->retry_at = 0;
    sub->is_periodic = sub->sender == SENDER_IDLE;
    if (!sub->is_periodic || sub->life == LIFE_ACTIVE)
      sender_move (turn, sub, SENDER_DUE);
    sub->is_periodic = FALSE;
  }
  sub_touch (self, sub);
}

void
subs_advance (Subs *self, gint64 now, GArray *actions)
{
  self->now = now;
  self->actions = actions;
  wheel_advance (self->wheel, now);
  self->actions = NULL;
}

Subs *
subs_new (const SubsLimits *limits, gint64 now)
{
  Subs *self = g_new0 (Subs, 1);

  self->limits = *limits;
  self->wheel = wheel_new (now, due_cb, self);
  table_init (self);
  return self;
}

void
subs_free (Subs *self)
{
  GList *all;

  if (self == NULL)
    return;
  all = g_hash_table_get_keys (self->by_tag);
  table_clear (self);
  wheel_free (self->wheel);
  for (GList *item = all; item != NULL; item = item->next)
    sub_unref (SUB_OF (item->data, ids));
  g_list_free (all);
  g_free (self);
}

void
subs_set_limits (Subs *self, const SubsLimits *limits)
{
  self->limits = *limits;
}

GArray *
subs_actions_new (void)
{
  return g_array_new (FALSE, TRUE, sizeof (SubsAction));
}

static gboolean
is_anybody (Sub *sub, gpointer data)
{
  return TRUE;
}

void
subs_changed (Subs *self, const char *presentity, const char *package,
              gint64 now, GArray *actions)
{
  subs_changed_for (self, presentity, package, is_anybody, NULL, now, actions);
}

void
subs_changed_for (Subs *self, const char *presentity, const char *package,
                  SubsWantsFn wants, gpointer data, gint64 now, GArray *actions)
{
  Topic *topic = table_topic (self, presentity, package);
  SubLink *link = topic == NULL ? NULL : topic->subs;

  for (; link != NULL; link = link->next) { /* nothing ends by a change */
    Sub *sub = SUB_OF (link, in_topic);

    if (wants (sub, data))
      subs_show (self, sub, now, actions);
  }
}

void
subs_show (Subs *self, Sub *sub, gint64 now, GArray *actions)
{
  life_move (TURN (self, now, actions), sub, LIFE_CHANGED);
  sub_touch (self, sub);
}

/* The row is written anew, and a NOTIFY tells the expiry that was cut. */
void
subs_limit (Subs *self, Sub *sub, guint32 limit_at, gint64 now, GArray *actions)
{
  const Turn *turn = TURN (self, now, actions);
  gint64 end = limit_at == 0 || limit_at == SUBS_NO_END
                   ? G_MAXINT64
                   : (gint64)limit_at * G_USEC_PER_SEC;
  gboolean is_cut = sub->expires_at > end;

  if (sub->limit_at == limit_at || !life_is_live (sub))
    return;
  sub->limit_at = limit_at;
  sub->expires_at = MIN (sub->expires_at, end);
  sub->agreed_until = MIN (sub->agreed_until, end);
  sub_grant_rates (self, sub, now);
  write_begin (turn, sub, WRITE_OTHER, sub->remote_cseq);
  if (is_cut) {
    sub->must = TRUE;
    sender_move (turn, sub, SENDER_CHANGED);
  }
  sub_touch (self, sub);
}

void
subs_set_rates (Subs *self, Sub *sub, const char *event, gint64 now)
{
  SubShape *shape = sub->shape;

  if (shape == NULL || !rates_are_any (&shape->asked) || !life_is_live (sub)
      || !sub_is_of_event (sub, event))
    return;
  sub_take_rates (sub, event);
  sub_grant_rates (self, sub, now);
  if (sub->sender == SENDER_IDLE)
    sub->retry_at = sub->shape != NULL ? rate_latest (sub->shape, now) : 0;
  else if (sub->sender == SENDER_PACED)
    sub->retry_at
        = sub->shape != NULL ? MAX (rate_next (sub->shape), now) : now;
  sub_touch (self, sub);
}

static LifeEvent
decision_event (SubsState state)
{
  switch (state) {
  case SUBS_PENDING:
    return LIFE_HOLD;
  case SUBS_ACTIVE:
    return LIFE_ALLOW;
  case SUBS_TERMINATED:
    break;
  }
  return LIFE_REFUSE;
}

void
subs_decide (Subs *self, Sub *sub, SubsState state, SubsReason reason,
             gint64 now, GArray *actions)
{
  Turn turn
      = { .subs = self, .now = now, .actions = actions, .reason = reason };

  life_move (&turn, sub, decision_event (state));
  sub_touch (self, sub);
}

static void
collect (GPtrArray *into, SubLink *link, gsize offset)
{
  for (; link != NULL; link = link->next)
    g_ptr_array_add (into, sub_ref ((Sub *)((char *)link - offset)));
}

void
subs_drop_user (Subs *self, const char *aor, SubsReason reason, gint64 now,
                GArray *actions)
{
  g_autoptr (GPtrArray) subs
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);
  Person *person = table_person (self, aor);

  if (person == NULL)
    return;
  for (Topic *topic = person->topics; topic != NULL; topic = topic->next)
    collect (subs, topic->subs, G_STRUCT_OFFSET (Sub, in_topic));
  collect (subs, person->watching, G_STRUCT_OFFSET (Sub, in_watcher));
  for (guint i = 0; i < subs->len; i++)
    if (((Sub *)subs->pdata[i])->life != LIFE_GONE)
      subs_decide (self, subs->pdata[i], SUBS_TERMINATED, reason, now, actions);
}

void
subs_foreach (Subs *self, const char *presentity, const char *package,
              SubsFn fn, gpointer data)
{
  Topic *topic = table_topic (self, presentity, package);
  SubLink *link = topic == NULL ? NULL : topic->subs;

  for (; link != NULL; link = link->next)
    if (life_is_live (SUB_OF (link, in_topic)))
      fn (SUB_OF (link, in_topic), data);
}

void
subs_foreach_watched (Subs *self, const char *watcher, SubsFn fn, gpointer data)
{
  Person *person = table_person (self, watcher);
  SubLink *link = person == NULL ? NULL : person->watching;

  for (; link != NULL; link = link->next)
    if (life_is_live (SUB_OF (link, in_watcher)))
      fn (SUB_OF (link, in_watcher), data);
}

void
subs_foreach_all (Subs *self, SubsFn fn, gpointer data)
{
  GHashTableIter iter;
  gpointer ids;

  g_hash_table_iter_init (&iter, self->by_tag);
  while (g_hash_table_iter_next (&iter, &ids, NULL))
    fn (SUB_OF (ids, ids), data);
}

guint
subs_count (Subs *self, const char *presentity, const char *package)
{
  const Topic *topic = table_topic (self, presentity, package);

  return topic == NULL ? 0 : topic->n_subs;
}

guint
subs_size (Subs *self)
{
  return self->n_live;
}

const char *
subs_state_name (SubsState state)
{
  switch (state) {
  case SUBS_PENDING:
    return "pending";
  case SUBS_ACTIVE:
    return "active";
  case SUBS_TERMINATED:
    break;
  }
  return "terminated";
}

const char *
subs_reason_name (SubsReason reason)
{
  switch (reason) {
  case SUBS_NO_REASON:
    break;
  case SUBS_DEACTIVATED:
    return "deactivated";
  case SUBS_PROBATION:
    return "probation";
  case SUBS_REJECTED:
    return "rejected";
  case SUBS_TIMEOUT:
    return "timeout";
  case SUBS_GIVEUP:
    return "giveup";
  case SUBS_NORESOURCE:
    return "noresource";
  case SUBS_INVARIANT:
    return "invariant";
  }
  return NULL;
}

guint
subs_suspended (Subs *self, guint max, SubsFn fn, gpointer data)
{
  GHashTableIter iter;
  gpointer sub;

  g_hash_table_iter_init (&iter, self->suspended);
  for (guint i = 0; i < max && g_hash_table_iter_next (&iter, &sub, NULL); i++)
    fn (sub, data);
  return g_hash_table_size (self->suspended);
}
