/* SPDX-License-Identifier: ISC
 *
 * A cap and a queue: see the header. */
#include "sip/lane.h"

OutLane *
out_lane_new (guint cap, guint64 flow)
{
  OutLane *self = g_new0 (OutLane, 1);

  self->cap = cap;
  self->flow = flow;
  return self;
}

void
out_lane_free (OutLane *self)
{
  if (self == NULL)
    return;
  g_return_if_fail (out_lane_is_empty (self));
  g_free (self);
}

void
out_lane_join (OutLane *self, GList *link)
{
  g_queue_push_tail_link (&self->waiting, link);
}

GList *
out_lane_next (OutLane *self)
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
out_lane_leave (OutLane *self, GList *link, gboolean is_sent)
{
  g_queue_unlink (is_sent ? &self->sent : &self->waiting, link);
}

gboolean
out_lane_is_empty (const OutLane *self)
{
  return self->waiting.length == 0 && self->sent.length == 0;
}
