/* SPDX-License-Identifier: ISC
 *
 * Client transactions of requests other than INVITE (RFC 3261 17.1.2): by UDP a
 * request is sent again after 0.5, 1, 2, 4, 4 ... s (timer E) until a final
 * answer comes, and given up after 32 s (timer F).  The branch names the
 * transaction's slot, so that nothing is searched. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define T1 (500 * 1000)
#define T2 (4000 * 1000)
#define TIMER_F (64 * (gint64)T1)
#define TRIES 10

typedef struct {
  guint32 slot, gen;
  gint64 due;
} Due;

/* All in one queue wait equally long, so that it is in order. */
typedef struct {
  GArray *dues;
  guint head;
} Queue;

struct Txs {
  Load *load;
  GPtrArray *slots;
  GArray *spare;
  Queue queues[TRIES + 1]; /* the last one: of connections */
  guint n_resent;
};

Txs *
txs_new (Load *load)
{
  Txs *self = g_new0 (Txs, 1);

  self->load = load;
  self->slots = g_ptr_array_new ();
  self->spare = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i <= TRIES; i++)
    self->queues[i].dues = g_array_new (FALSE, FALSE, sizeof (Due));
  return self;
}

guint
tx_n_resent (const Txs *self)
{
  return self->n_resent;
}

static Tx *
spare_tx (Txs *self)
{
  Tx *tx;

  if (self->spare->len > 0) {
    guint32 slot = g_array_index (self->spare, guint32, self->spare->len - 1);

    g_array_set_size (self->spare, self->spare->len - 1);
    return g_ptr_array_index (self->slots, slot);
  }
  tx = g_new0 (Tx, 1);
  tx->text = g_string_sized_new (1024);
  tx->slot = self->slots->len;
  g_ptr_array_add (self->slots, tx);
  return tx;
}

Tx *
tx_begin (Txs *self, guint conn, TxFn fn, guint32 op, gint64 began)
{
  Tx *tx = spare_tx (self);

  tx->gen++;
  tx->op = op;
  tx->conn = conn;
  tx->fn = fn;
  tx->began = began;
  tx->tries = 0;
  tx->is_live = TRUE;
  g_snprintf (tx->branch, sizeof tx->branch, "z9hG4bK%s.%x.%x", self->load->run,
              tx->slot, tx->gen);
  g_string_truncate (tx->text, 0);
  return tx;
}

static void
wait_for (Txs *self, Tx *tx, gint64 now)
{
  guint try = tx->conn != 0 ? TRIES : tx->tries;
  gint64 delay = tx->conn != 0 ? TIMER_F : MIN ((gint64)T1 << MIN (try, 3), T2);
  Due due = { tx->slot, tx->gen, now + delay };

  g_array_append_val (self->queues[try].dues, due);
}

void
tx_send (Txs *self, Tx *tx)
{
  net_send (self->load->net, tx->conn, tx->text->str, tx->text->len);
  wait_for (self, tx, load_now ());
}

static void
finish (Txs *self, Tx *tx, const Sip *answer, guint conn)
{
  TxFn fn = tx->fn;
  guint32 op = tx->op;
  gint64 began = tx->began;

  tx->is_live = FALSE;
  g_array_append_val (self->spare, tx->slot);
  fn (self->load, op, began, answer, conn);
}

/* The transaction of a branch as tx_begin wrote it, or NULL. */
static Tx *
tx_of (Txs *self, Slice via)
{
  const char *at
      = via.at == NULL ? NULL : memmem (via.at, via.len, "z9hG4bK", 7);
  gsize len = strlen (self->load->run);
  char *end;
  gulong slot, gen;
  Tx *tx;

  if (at == NULL || strncmp (at + 7, self->load->run, len) != 0
      || at[7 + len] != '.')
    return NULL;
  slot = strtoul (at + 8 + len, &end, 16);
  if (*end != '.' || slot >= self->slots->len)
    return NULL;
  gen = strtoul (end + 1, NULL, 16);
  tx = g_ptr_array_index (self->slots, slot);
  return tx->is_live && tx->gen == gen ? tx : NULL;
}

void
tx_take (Txs *self, const Sip *answer, guint conn)
{
  Tx *tx = answer->n_vias > 0 ? tx_of (self, answer->vias[0]) : NULL;

  if (tx != NULL && answer->status >= 200)
    finish (self, tx, answer, conn);
}

static void
expire (Txs *self, const Due *due, gint64 now)
{
  Tx *tx = g_ptr_array_index (self->slots, due->slot);

  if (!tx->is_live || tx->gen != due->gen)
    return;
  if (tx->conn != 0 || ++tx->tries >= TRIES) {
    finish (self, tx, NULL, tx->conn);
    return;
  }
  self->n_resent++;
  net_send (self->load->net, tx->conn, tx->text->str, tx->text->len);
  wait_for (self, tx, now);
}

static void
tick (Txs *self, Queue *queue, gint64 now, gint64 *next)
{
  while (queue->head < queue->dues->len) {
    Due due = g_array_index (queue->dues, Due, queue->head);

    if (due.due > now) {
      *next = MIN (*next, due.due);
      break;
    }
    queue->head++;
    expire (self, &due, now);
  }
  if (queue->head > 4096 && queue->head > queue->dues->len / 2) {
    g_array_remove_range (queue->dues, 0, queue->head);
    queue->head = 0;
  }
}

int
tx_tick (Txs *self)
{
  gint64 now = load_now (), next = now + 100 * 1000;

  for (guint i = 0; i <= TRIES; i++)
    tick (self, &self->queues[i], now, &next);
  return (int)((next - now + 999) / 1000);
}

void
txs_drop (Txs *self)
{
  for (guint i = 0; i < self->slots->len; i++) {
    Tx *tx = g_ptr_array_index (self->slots, i);

    if (!tx->is_live)
      continue;
    tx->is_live = FALSE;
    g_array_append_val (self->spare, tx->slot);
  }
}
