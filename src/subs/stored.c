/* SPDX-License-Identifier: ISC
 *
 * A subscription as the store keeps it, and its way back after a restart. */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

/* Every string of a SubsDialog but the package, which is interned for good. */
static const gsize strings[] = {
  G_STRUCT_OFFSET (SubsDialog, presentity),
  G_STRUCT_OFFSET (SubsDialog, watcher),
  G_STRUCT_OFFSET (SubsDialog, event),
  G_STRUCT_OFFSET (SubsDialog, call_id),
  G_STRUCT_OFFSET (SubsDialog, local_tag),
  G_STRUCT_OFFSET (SubsDialog, remote_tag),
  G_STRUCT_OFFSET (SubsDialog, local_uri),
  G_STRUCT_OFFSET (SubsDialog, remote_uri),
  G_STRUCT_OFFSET (SubsDialog, target),
  G_STRUCT_OFFSET (SubsDialog, instance),
  G_STRUCT_OFFSET (SubsDialog, route_set),
  G_STRUCT_OFFSET (SubsDialog, accept),
  G_STRUCT_OFFSET (SubsDialog, source),
  G_STRUCT_OFFSET (SubsDialog, local_contact),
};

static char **
string_at (SubsDialog *dialog, guint i)
{
  return (char **)(gpointer)((char *)dialog + strings[i]);
}

SubsStored *
subs_stored_copy (const SubsStored *self)
{
  SubsStored *copy = g_memdup2 (self, sizeof *self);

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    *string_at (&copy->dialog, i) = g_strdup (*string_at (&copy->dialog, i));
  copy->dialog.package = g_intern_string (copy->dialog.package);
  copy->dialog.body = subs_body_ref (self->dialog.body);
  copy->body_type = g_strdup (self->body_type);
  copy->body = self->body != NULL ? g_bytes_ref (self->body) : NULL;
  return copy;
}

void
subs_stored_free (SubsStored *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_free (*string_at (&self->dialog, i));
  subs_body_unref (self->dialog.body);
  g_free (self->body_type);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

/* Event as it came, with the rates; NULL: as it is. */
static char *
event_of (const Sub *sub)
{
  GString *event;

  if (sub->shape == NULL || !rates_are_any (&sub->shape->asked))
    return NULL;
  event = g_string_new (sub_event (sub));
  rates_write (&sub->shape->asked, event);
  return g_string_free (event, FALSE);
}

SubsStored *
subs_stored_of (const Sub *sub)
{
  gboolean is_closing = sub->life == LIFE_CLOSING;
  const SubsBody *body = sub->body;
  g_autofree char *event = event_of (sub);
  SubsStored stored = {
    .dialog = *sub_dialog (sub),
    .body_type = body != NULL ? body->type : NULL,
    .body = body != NULL ? body->bytes : NULL,
    .state = is_closing ? SUBS_TERMINATED : sub_state (sub),
    .remote_cseq = sub->remote_cseq,
    .cseq_reserved = sub_cseq_reserved (sub),
    .version_reserved = sub_version_reserved (sub),
    .created_at = sub_created_at (sub),
    .expires_at = sub->expires_at,
  };

  if (event != NULL)
    stored.dialog.event = event;
  return subs_stored_copy (&stored);
}

static LifeState
life_of (SubsState state)
{
  switch (state) {
  case SUBS_PENDING:
    return LIFE_PENDING;
  case SUBS_ACTIVE:
    return LIFE_ACTIVE;
  case SUBS_TERMINATED:
    break;
  }
  return LIFE_ENDING;
}

/* Numbers go on above what was reserved; none of those is usable before the
 * next reservation, so that the first NOTIFY waits for it. */
static void
restore_numbers (Sub *sub, const SubsStored *stored)
{
  sub->limit = MAX (stored->cseq_reserved, stored->version_reserved);
  sub->cseq = sub->version = sub->limit;
}

static void
restore_body (Sub *sub, const SubsStored *stored)
{
  g_autoptr (SubsBody) body = NULL;

  if (stored->body == NULL || stored->body_type == NULL)
    return;
  body = subs_body_new (stored->body_type, stored->body);
  sub_set_body (sub, body);
}

/* A tombstone comes back as ending: whether its terminating NOTIFY had left is
 * not known, so it is sent (again) once the device can be reached. */
Sub *
subs_restore (Subs *self, const SubsStored *stored, gint64 now)
{
  Sub *sub = sub_new (self, &stored->dialog, stored->created_at);

  restore_numbers (sub, stored);
  restore_body (sub, stored);
  sub->life = life_of (stored->state);
  sub->sender = SENDER_SUSPENDED;
  sub->granted = stored->state;
  sub->remote_cseq = stored->remote_cseq;
  sub->expires_at = sub->agreed_until = stored->expires_at;
  if (stored->state == SUBS_TERMINATED) {
    sub->is_unsubscribed = TRUE;
    sub->reason = SUBS_TIMEOUT;
  }
  sub_grant_rates (self, sub, now);
  if (life_is_live (sub))
    self->n_live++;
  table_add (self, sub);
  if (life_is_live (sub))
    table_set_suspended (self, sub);
  sub_touch (self, sub);
  return sub;
}

void
subs_wake (Subs *self, Sub *sub, gint64 now, GArray *actions)
{
  if (sub->life == LIFE_GONE || !sender_is_suspended (sub))
    return;
  sender_move (TURN (self, now, actions), sub, SENDER_RESUMED);
  sub_touch (self, sub);
}
