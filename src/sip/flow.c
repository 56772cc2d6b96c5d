/* SPDX-License-Identifier: ISC
 *
 * A flow holds no reference of its tport, so that tport's idle timer works: it
 * ends with the pending-error callback, which tport calls when it closes
 * (TPTAG_SDWN_ERROR makes it do so for an orderly close, too). */
#define G_LOG_DOMAIN "sip"
#include "sip/flow.h"

typedef struct {
  Flows *flows;
  guint64 number;
  nta_agent_t *agent;
  tport_t *tport;
  int pending; /* what tport_pend gave */
} Flow;

struct Flows {
  LoopPort *loop;
  TransportClosedFn closed;
  gpointer data;
  guint64 last;
  GHashTable *by_tport, *by_number; /* Flow; the latter owns it */
  GArray *gone;                     /* guint64: to be told at the end of turn */
};

/* What a deferred call holds on to when flows_free comes first. */
static void
tell_cb (gpointer data)
{
  GArray *gone = data;
  Flows *self = g_array_index (gone, Flows *, 0);

  if (self != NULL) {
    self->gone = NULL;
    for (guint i = 1; i < gone->len; i++)
      self->closed (g_array_index (gone, guint64, i), self->data);
  }
}

static void
gone_unref (gpointer gone)
{
  g_array_unref (gone);
}

static void
tell_later (Flows *self, guint64 number)
{
  G_STATIC_ASSERT (sizeof (Flows *) == sizeof (guint64));

  if (self->gone == NULL) {
    self->gone = g_array_new (FALSE, FALSE, sizeof (guint64));
    g_array_append_val (self->gone, self);
    self->loop->defer (self->loop->self, tell_cb, self->gone, gone_unref);
  }
  g_array_append_val (self->gone, number);
}

static void
flow_release (Flow *flow)
{
  tport_release (flow->tport, flow->pending, NULL, NULL, (SipMagic *)flow, 0);
}

static void
closed_cb (nta_agent_t *agent, SipMagic *magic, tport_t *tport, msg_t *msg,
           int error)
{
  Flow *flow = (Flow *)magic;
  Flows *self = flow->flows;

  flow_release (flow);
  tell_later (self, flow->number);
  g_hash_table_remove (self->by_tport, tport);
  g_hash_table_remove (self->by_number, &flow->number);
}

Flows *
flows_new (LoopPort *loop, TransportClosedFn closed, gpointer data)
{
  Flows *self = g_new0 (Flows, 1);

  self->loop = loop;
  self->closed = closed;
  self->data = data;
  self->by_tport = g_hash_table_new (NULL, NULL);
  self->by_number
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  return self;
}

void
flows_free (Flows *self)
{
  GHashTableIter iter;
  gpointer flow;

  if (self == NULL)
    return;
  g_hash_table_iter_init (&iter, self->by_number);
  while (g_hash_table_iter_next (&iter, NULL, &flow))
    flow_release (flow);
  if (self->gone != NULL)
    g_array_index (self->gone, Flows *, 0) = NULL;
  g_hash_table_unref (self->by_tport);
  g_hash_table_unref (self->by_number);
  g_free (self);
}

guint64
flows_number (Flows *self, nta_agent_t *agent, tport_t *tport)
{
  Flow *flow;

  if (tport == NULL || !tport_is_secondary (tport) || tport_is_closed (tport))
    return 0;
  flow = g_hash_table_lookup (self->by_tport, tport);
  if (flow != NULL)
    return flow->number;
  flow = g_new (Flow, 1);
  *flow = (Flow){
    .flows = self, .number = ++self->last, .agent = agent, .tport = tport
  };
  flow->pending = tport_pend (tport, NULL, closed_cb, (SipMagic *)flow);
  if (flow->pending <= 0) {
    g_free (flow);
    return 0;
  }
  g_hash_table_insert (self->by_tport, tport, flow);
  g_hash_table_insert (self->by_number, &flow->number, flow);
  return flow->number;
}

tport_t *
flows_find (Flows *self, guint64 number, nta_agent_t **agent_out)
{
  Flow *flow = g_hash_table_lookup (self->by_number, &number);

  if (flow == NULL || tport_is_closed (flow->tport))
    return NULL;
  if (agent_out != NULL)
    *agent_out = flow->agent;
  return flow->tport;
}

guint
flows_count (Flows *self)
{
  return g_hash_table_size (self->by_number);
}
