/* SPDX-License-Identifier: ISC
 *
 * A cap and a queue: see the header. */
#include "sip/lane.h"

Lane *
lane_new (guint cap, guint64 flow)
{
  Lane *self = g_new0 (Lane, 1);

  self->cap = cap;
  self->flow = flow;
  return self;
}

void
lane_free (Lane *self)
{
  if (self == NULL)
    return;
  g_return_if_fail (lane_is_empty (self));
  g_free (self);
}

void
lane_join (Lane *self, GList *link)
{
  g_queue_push_tail_link (&self->waiting, link);
}

GList *
lane_next (Lane *self)
{
  GList *link;

  if (self->sent.length >= self->cap)
    return NULL;
  link = g_queue_pop_head_link (&self->waiting);
  if (link != NULL)
    g_queue_push_tail_link (&self->sent, link);
  return link;
}

void
lane_leave (Lane *self, GList *link, gboolean is_sent)
{
  g_queue_unlink (is_sent ? &self->sent : &self->waiting, link);
}

gboolean
lane_is_empty (const Lane *self)
{
  return self->waiting.length == 0 && self->sent.length == 0;
}
