/* SPDX-License-Identifier: ISC
 *
 * A list of timers: see the header. */
#include "store/flushes.h"

typedef struct {
  Flushes *flushes;
  StoreDoneFn done;
  gpointer data;
  LoopTimer *timer;
} Flush;

struct Flushes {
  LoopPort *loop;
  GQueue live; /* Flush */
};

static void
timeout_cb (gpointer data)
{
  Flush *flush = data;

  g_queue_remove (&flush->flushes->live, flush);
  flush->done (STORE_AWAY, flush->data);
  g_free (flush);
}

void
flushes_add (Flushes *self, guint timeout_ms, StoreDoneFn done, gpointer data)
{
  Flush *flush = g_new0 (Flush, 1);

  flush->flushes = self;
  flush->done = done;
  flush->data = data;
  flush->timer
      = self->loop->after (self->loop->self, timeout_ms, timeout_cb, flush);
  g_queue_push_tail (&self->live, flush);
}

gboolean
flushes_is_empty (const Flushes *self)
{
  return self->live.length == 0;
}

void
flushes_settle (Flushes *self)
{
  GQueue due = self->live;
  Flush *flush;

  g_queue_init (&self->live);
  for (GList *l = due.head; l != NULL; l = l->next)
    self->loop->remove_timer (self->loop->self, ((Flush *)l->data)->timer);
  while ((flush = g_queue_pop_head (&due)) != NULL) {
    flush->done (STORE_COMMITTED, flush->data);
    g_free (flush);
  }
}

Flushes *
flushes_new (LoopPort *loop)
{
  Flushes *self = g_new0 (Flushes, 1);

  self->loop = loop;
  return self;
}

void
flushes_free (Flushes *self)
{
  Flush *flush;

  if (self == NULL)
    return;
  while ((flush = g_queue_pop_head (&self->live)) != NULL) {
    self->loop->remove_timer (self->loop->self, flush->timer);
    g_free (flush);
  }
  g_free (self);
}
