/* SPDX-License-Identifier: ISC
 *
 * Rows under way to the store: which SUBSCRIBE each belongs to and what it
 * grants, so that its commit or failure finds what it decided. */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

void
write_begin (const Turn *turn, Sub *sub, WriteKind kind, guint32 previous_cseq)
{
  Write *write = g_new0 (Write, 1), **at = &sub->writes;

  write->ticket = ++turn->subs->last_ticket;
  write->expires_at = sub->expires_at;
  write->previous_cseq = previous_cseq;
  write->kind = kind;
  while (*at != NULL)
    at = &(*at)->next;
  *at = write;
  sub_act (turn, sub, kind == WRITE_RESERVE ? SUBS_ACT_RESERVE : SUBS_ACT_STORE)
      ->ticket
      = write->ticket;
}

Write *
write_take (Sub *sub, guint64 ticket)
{
  Write **at = &sub->writes, *write;

  while (*at != NULL && (*at)->ticket != ticket)
    at = &(*at)->next;
  write = *at;
  if (write != NULL)
    *at = write->next;
  return write;
}

void
write_free (Write *self)
{
  if (self == NULL)
    return;
  subs_body_unref (self->previous_body);
  g_free (self);
}

Write *
write_newest (const Sub *sub, WriteKind kind)
{
  Write *newest = NULL;

  for (Write *write = sub->writes; write != NULL; write = write->next)
    if (write->kind == kind)
      newest = write;
  return newest;
}

static gboolean
is_answer (const Write *write)
{
  return write->kind == WRITE_SUBSCRIBE || write->kind == WRITE_CLOSE;
}

static LifeEvent
committed_event (const Write *write)
{
  if (write->kind == WRITE_CLOSE)
    return write->is_quiet ? LIFE_CLOSE_NOTED : LIFE_CLOSED;
  return write->is_quiet ? LIFE_NOTED : LIFE_COMMITTED;
}

void
subs_committed (Subs *self, Sub *sub, guint64 ticket, gint64 now,
                GArray *actions)
{
  const Turn *turn = TURN (self, now, actions);
  g_autoptr (Write) write = NULL;

  if (ticket == 0 && sub->is_fetch) {
    life_move (turn, sub, LIFE_CLOSED);
    sub_touch (self, sub);
    return;
  }
  write = write_take (sub, ticket);
  if (write == NULL || sub->life == LIFE_GONE || !is_answer (write))
    return;
  if (write->kind == WRITE_SUBSCRIBE)
    sub->agreed_until = write->expires_at;
  life_move (turn, sub, committed_event (write));
  sub_touch (self, sub);
}

/* The SUBSCRIBE that could not be written has not happened: expiry, CSeq and
 * body go back to what still stands. */
static void
undo (Sub *sub, const Write *write)
{
  const Write *newest = write_newest (sub, WRITE_SUBSCRIBE);

  if (!life_is_live (sub))
    return;
  sub->expires_at = newest != NULL ? newest->expires_at : sub->agreed_until;
  if (write->kind == WRITE_CLOSE)
    sub->is_unsubscribed = FALSE;
  if (newest != NULL && newest->ticket > write->ticket)
    return;
  sub->remote_cseq = write->previous_cseq;
  if (write->has_body)
    sub_set_body (sub, write->previous_body);
}

/* A reservation that failed is tried again as a suspended NOTIFY would be. */
static void
abort_reserve (Subs *self, Sub *sub, gint64 now)
{
  if (sub->sender == SENDER_WAITING_RANGE)
    sub->retry_at
        = now + (gint64) self->limits.retry_after_timeout * G_USEC_PER_SEC;
  sub_touch (self, sub);
}

void
subs_aborted (Subs *self, Sub *sub, guint64 ticket, gint64 now, GArray *actions)
{
  const Turn *turn = TURN (self, now, actions);
  g_autoptr (Write) write = NULL;

  if (sub->life == LIFE_GONE)
    return;
  if (ticket == 0 && sub->is_fetch) {
    life_move (turn, sub, LIFE_CLOSE_LOST);
    return;
  }
  write = write_take (sub, ticket);
  if (write != NULL && write->kind == WRITE_RESERVE)
    abort_reserve (self, sub, now);
  if (write == NULL || !is_answer (write))
    return;
  undo (sub, write);
  life_move (turn, sub,
             write->kind == WRITE_CLOSE ? LIFE_CLOSE_LOST : LIFE_ABORTED);
  sub_touch (self, sub);
}
