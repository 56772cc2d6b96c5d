/* SPDX-License-Identifier: ISC
 *
 * A time before which nothing leaves, and its timer. */
#define G_LOG_DOMAIN "store"
#include "store/gather.h"

#define APART ((gint64)900) /* us */

void
gather_init (Gather *self, LoopPort *loop, const Clock *clock,
             void (*over) (gpointer data), gpointer data)
{
  *self = (Gather){ .loop = loop, .clock = clock, .over = over, .data = data };
}

void
gather_clear (Gather *self)
{
  if (self->timer != NULL)
    self->loop->remove_timer (self->loop->self, self->timer);
  self->timer = NULL;
}

static void
over_cb (gpointer data)
{
  Gather *self = data;

  self->timer = NULL;
  self->over (self->data);
}

gboolean
gather_holds (Gather *self, guint n)
{
  gint64 left = self->until - clock_now (self->clock);

  if (left <= 0 || n >= GATHER_ENOUGH)
    return FALSE;
  if (self->timer == NULL)
    self->timer = self->loop->after (
        self->loop->self, (guint)((left + 999) / 1000), over_cb, self);
  return TRUE;
}

void
gather_sent (Gather *self)
{
  gather_clear (self);
  self->sent_at = clock_now (self->clock);
}

void
gather_ended (Gather *self, guint n)
{
  /* Nobody came meanwhile: who comes next need not wait. */
  self->until = n > 1 ? self->sent_at + APART : 0;
}
