/* SPDX-License-Identifier: ISC
 *
 * See subs-world.h. */
#include "subs-world.h"

static const SubsLimits limits = { .min_expires = 60,
                                   .max_expires = 7200,
                                   .default_expires = 3600,
                                   .retry_after_timeout = 60,
                                   .tombstone = 64,
                                   .max_rate_interval = 600,
                                   .min_rate_interval = 2 };

World *
world_new (void)
{
  World *self = g_new0 (World, 1);

  self->now = 1000 * SEC;
  self->subs = subs_new (&limits, self->now);
  self->actions = subs_actions_new ();
  self->trace = g_string_new (NULL);
  self->tickets = g_array_new (FALSE, FALSE, sizeof (guint64));
  return self;
}

void
world_free (World *self)
{
  sub_unref (self->sub);
  subs_free (self->subs);
  g_array_unref (self->actions);
  g_array_unref (self->tickets);
  g_string_free (self->trace, TRUE);
  g_free (self);
}

SubsDialog
world_dialog (void)
{
  return (SubsDialog){
    .presentity = "alice@example.com",
    .watcher = "bob@example.com",
    .package = g_intern_string ("presence"),
    .event = "presence;id=7",
    .call_id = "call-1@192.0.2.2",
    .remote_tag = "bobs-tag",
    .local_uri = "sip:alice@example.com",
    .remote_uri = "sip:bob@example.com",
    .target = "sip:bob@192.0.2.2:5070",
    .source = "udp:192.0.2.2:5070",
    .local_contact = "sip:192.0.2.1",
  };
}

static void
trace_notify (World *self, const SubsAction *action)
{
  self->cseq = action->cseq;
  g_string_append_printf (self->trace, "NOTIFY %u %s", action->cseq,
                          subs_state_name (action->state));
  if (action->state == SUBS_TERMINATED)
    g_string_append_printf (self->trace, " %s",
                            subs_reason_name (action->reason));
  else
    g_string_append_printf (self->trace, " %u", action->expires);
  if (action->wants_body)
    g_string_append (self->trace, " body");
}

static void
trace_watcher (World *self, const SubsAction *action)
{
  const char *reason = subs_reason_name (action->reason);

  g_string_append_printf (self->trace, "WATCHER %s",
                          subs_state_name (action->state));
  if (reason != NULL)
    g_string_append_printf (self->trace, " %s", reason);
}

static void
carry_out (World *self, const SubsAction *action)
{
  if (self->trace->len > 0 && !g_str_has_suffix (self->trace->str, ": "))
    g_string_append (self->trace, ", ");
  switch (action->kind) {
  case SUBS_ACT_STORE:
    g_array_append_val (self->tickets, action->ticket);
    g_string_append (self->trace, "STORE");
    break;
  case SUBS_ACT_RESERVE:
    g_assert_cmpuint (self->reserve, ==, 0);
    self->reserve = action->ticket;
    g_string_append_printf (self->trace, "RESERVE %u",
                            sub_cseq_reserved (action->sub));
    break;
  case SUBS_ACT_ERASE:
    g_string_append (self->trace, "ERASE");
    break;
  case SUBS_ACT_NOTIFY:
    trace_notify (self, action);
    break;
  case SUBS_ACT_WATCHER:
    trace_watcher (self, action);
    break;
  case SUBS_ACT_FREE:
    g_string_append (self->trace, "FREE");
    self->is_gone = TRUE;
    sub_unref (action->sub);
    break;
  }
}

static const char *
trace (World *self)
{
  for (guint i = 0; i < self->actions->len; i++)
    carry_out (self, &g_array_index (self->actions, SubsAction, i));
  return self->trace->str;
}

static GArray *
begin (World *self)
{
  g_array_set_size (self->actions, 0);
  g_string_truncate (self->trace, 0);
  return self->actions;
}

static const char *
verdict_name (SubsVerdict verdict)
{
  static const char *const names[]
      = { "OK: ", "REPEAT: ", "BRIEF: ", "OUT OF ORDER: ", "GONE: " };

  return names[verdict];
}

const char *
world_subscribe_as (World *self, const SubsDialog *dialog, gint64 expires,
                    SubsState state)
{
  GArray *actions = begin (self);
  Sub *sub = NULL;
  SubsVerdict verdict = subs_create (self->subs, dialog, 10, expires, state,
                                     self->now, &sub, &self->granted, actions);

  g_string_append (self->trace, verdict_name (verdict));
  if (verdict == SUBS_OK) {
    sub_unref (self->sub);
    self->sub = sub_ref (sub);
  }
  return trace (self);
}

const char *
world_subscribe (World *self, gint64 expires, SubsState state)
{
  SubsDialog dialog = world_dialog ();

  dialog.body = self->body;
  if (self->event != NULL)
    dialog.event = self->event;
  return world_subscribe_as (self, &dialog, expires, state);
}

const char *
world_refresh (World *self, guint32 cseq, gint64 expires)
{
  SubsDialog dialog = world_dialog ();
  GArray *actions = begin (self);

  dialog.body = self->body;
  if (self->event != NULL)
    dialog.event = self->event;
  g_string_append (
      self->trace,
      verdict_name ((self->is_quiet ? subs_refresh_quietly : subs_refresh) (
          self->subs, self->sub, &dialog, cseq, expires, self->now,
          &self->granted, actions)));
  return trace (self);
}

static guint64
oldest_ticket (World *self)
{
  guint64 ticket;

  g_assert_cmpuint (self->tickets->len, >, 0);
  ticket = g_array_index (self->tickets, guint64, 0);
  g_array_remove_index (self->tickets, 0);
  return ticket;
}

const char *
world_commit (World *self)
{
  guint64 ticket = oldest_ticket (self);

  subs_committed (self->subs, self->sub, ticket, self->now, begin (self));
  return trace (self);
}

const char *
world_abort (World *self)
{
  guint64 ticket = oldest_ticket (self);

  subs_aborted (self->subs, self->sub, ticket, self->now, begin (self));
  return trace (self);
}

const char *
world_commit_fetch (World *self)
{
  subs_committed (self->subs, self->sub, 0, self->now, begin (self));
  return trace (self);
}

const char *
world_reserved (World *self)
{
  guint64 ticket = self->reserve;

  g_assert_cmpuint (ticket, !=, 0);
  self->reserve = 0;
  subs_reserved (self->subs, self->sub, ticket, self->now, begin (self));
  return trace (self);
}

const char *
world_changed (World *self)
{
  subs_changed (self->subs, "alice@example.com", "presence", self->now,
                begin (self));
  return trace (self);
}

const char *
world_decide (World *self, SubsState state, SubsReason reason)
{
  subs_decide (self->subs, self->sub, state, reason, self->now, begin (self));
  return trace (self);
}

const char *
world_answer (World *self, SubsNotifyResult result, guint retry_after)
{
  subs_notified (self->subs, self->sub, self->cseq, result, retry_after,
                 self->now, begin (self));
  return trace (self);
}

const char *
world_skip (World *self)
{
  subs_skipped (self->subs, self->sub, self->cseq, self->now, begin (self));
  return trace (self);
}

const char *
world_wait (World *self, gdouble seconds)
{
  self->now += (gint64) (seconds * SEC);
  subs_advance (self->subs, self->now, begin (self));
  return trace (self);
}

const char *
world_flow_closed (World *self, guint64 flow)
{
  subs_flow_closed (self->subs, flow, self->now, begin (self));
  return trace (self);
}

const char *
world_resume (World *self, const SubsDevice *device)
{
  subs_resume (self->subs, device, self->now, begin (self));
  return trace (self);
}

const char *
world_wake (World *self)
{
  subs_wake (self->subs, self->sub, self->now, begin (self));
  return trace (self);
}

static World *
settled (SubsState state)
{
  World *self = world_new ();

  world_subscribe (self, 3600, state);
  world_commit (self);
  world_answer (self, SUBS_NOTIFY_OK, 0);
  return self;
}

World *
world_active (void)
{
  return settled (SUBS_ACTIVE);
}

World *
world_pending (void)
{
  return settled (SUBS_PENDING);
}

void
world_crash (World *self)
{
  g_autoptr (SubsStored) row = subs_stored_of (self->sub);

  sub_unref (self->sub);
  subs_free (self->subs);
  g_array_set_size (self->tickets, 0);
  self->reserve = 0;
  self->subs = subs_new (&limits, self->now);
  self->sub = sub_ref (subs_restore (self->subs, row, self->now));
}
