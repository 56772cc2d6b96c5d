/* SPDX-License-Identifier: ISC
 *
 * Numbers that never go back: the NOTIFY CSeq of a dialog (RFC 3261 12.2.1.1)
 * and the version of its partial documents.  Only numbers are used that the
 * store is known to have reserved, so that a restart goes on above them. */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

gboolean
range_is_dry (const Sub *sub)
{
  return sub->cseq >= sub->limit || sub->version >= sub->limit;
}

/* Asking again after a failure asks for the same numbers. */
void
range_ask (const Turn *turn, Sub *sub)
{
  if (sub->is_fetch || write_newest (sub, WRITE_RESERVE) != NULL)
    return;
  sub->is_reserving = TRUE;
  write_begin (turn, sub, WRITE_RESERVE, sub->remote_cseq);
}

void
range_ask_early (const Turn *turn, Sub *sub)
{
  if (sub->limit - sub->cseq < RANGE_CHUNK / 4
      || sub->limit - sub->version < RANGE_CHUNK / 4)
    range_ask (turn, sub);
}

void
subs_reserved (Subs *self, Sub *sub, guint64 ticket, gint64 now,
               GArray *actions)
{
  g_autoptr (Write) write = write_take (sub, ticket);

  if (write == NULL || write->kind != WRITE_RESERVE || sub->life == LIFE_GONE)
    return;
  sub->limit = sub_cseq_reserved (sub);
  sub->is_reserving = FALSE;
  sender_move (TURN (self, now, actions), sub, SENDER_RANGE);
  sub_touch (self, sub);
}

guint32
sub_next_version (Sub *sub)
{
  g_return_val_if_fail (sub->version < sub->limit, sub->version);
  return sub->version++;
}
