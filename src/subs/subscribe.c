/* SPDX-License-Identifier: ISC
 *
 * What a SUBSCRIBE does: create, refresh, end, fetch (RFC 6665 4.2.1, 4.4.3).
 */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

#include "base/log.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define HOUR 3600

/* 423 is for what is below an hour only (RFC 6665 4.2.1.1). */
static gboolean
is_brief (const SubsLimits *limits, gint64 expires)
{
  return expires > 0 && expires < HOUR && expires < limits->min_expires;
}

/* Never longer than asked for. */
static guint
grant (const SubsLimits *limits, const SubsDialog *dialog, gint64 expires)
{
  if (expires < 0)
    expires = limits->default_expires;
  return dialog->is_lasting ? (guint)MIN (expires, G_MAXINT32)
                            : (guint)MIN (expires, (gint64)limits->max_expires);
}

static Sub *
make (Subs *self, const SubsDialog *dialog, guint32 cseq, guint granted,
      SubsState state, gint64 now)
{
  Sub *sub = sub_new (self, dialog, now);

  sub->life = LIFE_NEW;
  sub->sender = SENDER_HELD;
  sub->granted = state;
  sub->remote_cseq = cseq;
  sub->is_fetch = granted == 0;
  sub->expires_at = sub->agreed_until = now + granted * SECOND;
  sub->limit = RANGE_CHUNK;
  sub_grant_rates (self, sub, now);
  table_add (self, sub);
  table_set_flow (self, sub, dialog->flow);
  return sub;
}

SubsVerdict
subs_create (Subs *self, const SubsDialog *dialog, guint32 cseq, gint64 expires,
             SubsState state, gint64 now, Sub **sub_out, guint *granted_out,
             GArray *actions)
{
  Sub *sub;

  g_return_val_if_fail (state != SUBS_TERMINATED, SUBS_GONE);
  if (is_brief (&self->limits, expires))
    return SUBS_BRIEF;
  *granted_out = sub_bound (grant (&self->limits, dialog, expires),
                            dialog->limit_at, now);
  sub = make (self, dialog, cseq, *granted_out, state, now);
  log_debug ("%s subscribes to %s (%s), Call-ID %s: %u s", sub->watcher,
             sub->presentity, sub_package (sub), sub_call_id (sub),
             *granted_out);
  if (!sub->is_fetch)
    write_begin (TURN (self, now, actions), sub, WRITE_SUBSCRIBE, cseq);
  *sub_out = sub;
  return SUBS_OK;
}

/* Ended by its own watcher: its SUBSCRIBE may come again. */
static gboolean
is_ended_by_watcher (const Sub *sub)
{
  return sub->is_fetch || sub->is_unsubscribed;
}

static SubsVerdict
judge (const Subs *self, const Sub *sub, guint32 cseq, gint64 expires)
{
  gboolean is_open = sub->life == LIFE_PENDING || sub->life == LIFE_ACTIVE;

  if (sub->life == LIFE_GONE)
    return SUBS_GONE;
  if (cseq == sub->remote_cseq
      && (sub->life == LIFE_NEW || is_open || is_ended_by_watcher (sub)))
    return SUBS_REPEAT;
  if (!is_open)
    return SUBS_GONE;
  if (cseq < sub->remote_cseq)
    return SUBS_OUT_OF_ORDER;
  return is_brief (&self->limits, expires) ? SUBS_BRIEF : SUBS_OK;
}

/* The NOTIFY of a SUBSCRIBE whose row is under way follows its commit. */
static guint
repeat (const Turn *turn, Sub *sub)
{
  if (sub_is_settled (sub) && !turn->is_quiet)
    life_move (turn, sub, LIFE_REPEATED);
  if (is_ended_by_watcher (sub))
    return 0;
  return sub_seconds_left (sub->expires_at, turn->now);
}

static void
accept_refresh (const Turn *turn, Sub *sub, guint granted, guint32 cseq,
                const SubsDialog *dialog)
{
  SubsBody *body = dialog->body;
  const SubsLimits *limits = &turn->subs->limits;
  g_autoptr (SubsBody) previous_body = subs_body_ref (sub->body);
  guint32 previous = sub->remote_cseq;
  Write *write;

  if (body != NULL)
    sub_set_body (sub, body);
  sub_take_rates (sub, dialog->event);
  sub->remote_cseq = cseq;
  sub->is_unsubscribed = granted == 0;
  sub->expires_at
      = turn->now + (granted == 0 ? limits->tombstone : granted) * SECOND;
  sub_grant_rates (turn->subs, sub, turn->now);
  if (turn->is_quiet) {
    sub->must = FALSE;
    sender_move (turn, sub, SENDER_QUIET);
  }
  life_move (turn, sub, granted == 0 ? LIFE_UNSUBSCRIBE : LIFE_REFRESH);
  for (write = sub->writes; write->next != NULL; write = write->next)
    ;
  write->previous_cseq = previous;
  write->has_body = body != NULL;
  write->is_quiet = turn->is_quiet;
  write->previous_body = g_steal_pointer (&previous_body);
}

static SubsVerdict
refresh (const Turn *turn, Sub *sub, const SubsDialog *dialog, guint32 cseq,
         gint64 expires, guint *granted_out)
{
  Subs *self = turn->subs;
  SubsVerdict verdict = judge (self, sub, cseq, expires);

  if (verdict == SUBS_REPEAT || verdict == SUBS_OK) {
    sub_take_place (sub, dialog);
    table_set_flow (self, sub, dialog->flow);
  }
  if (verdict == SUBS_REPEAT)
    *granted_out = repeat (turn, sub);
  if (verdict == SUBS_OK) {
    *granted_out = sub_bound (grant (&self->limits, dialog, expires),
                              sub->limit_at, turn->now);
    accept_refresh (turn, sub, *granted_out, cseq, dialog);
  }
  sub_touch (self, sub);
  return verdict;
}

SubsVerdict
subs_refresh (Subs *self, Sub *sub, const SubsDialog *dialog, guint32 cseq,
              gint64 expires, gint64 now, guint *granted_out, GArray *actions)
{
  return refresh (TURN (self, now, actions), sub, dialog, cseq, expires,
                  granted_out);
}

SubsVerdict
subs_refresh_quietly (Subs *self, Sub *sub, const SubsDialog *dialog,
                      guint32 cseq, gint64 expires, gint64 now,
                      guint *granted_out, GArray *actions)
{
  const Turn turn
      = { .subs = self, .now = now, .actions = actions, .is_quiet = TRUE };

  return refresh (&turn, sub, dialog, cseq, expires, granted_out);
}

guint
subs_shorten (Subs *self, Sub *sub, guint seconds, gint64 now)
{
  Write *write = write_newest (sub, WRITE_SUBSCRIBE);
  gint64 until = now + seconds * SECOND;

  if (sub->is_fetch || sub->life >= LIFE_CLOSING)
    return 0;
  sub->expires_at = MIN (sub->expires_at, until);
  if (write != NULL)
    write->expires_at = MIN (write->expires_at, until);
  sub_grant_rates (self, sub, now);
  sub_touch (self, sub);
  return sub_seconds_left (sub->expires_at, now);
}
