/* SPDX-License-Identifier: ISC
 *
 * Forming and sending batches: rows by table and kind, then calls. */
#define G_LOG_DOMAIN "store"
#include "store/lane-priv.h"

#include "store/rows.h"

#define BATCH_ROWS 256

guint
lane_weight (const Submit *submit)
{
  guint n = submit->call != NULL ? submit->call->weight : (guint)submit->n;

  return MAX (n, 1);
}

GPtrArray *
lane_take_batch (Lane *self)
{
  GPtrArray *batch
      = g_ptr_array_new_with_free_func ((GDestroyNotify)submit_free);
  gsize rows = 0;
  Submit *submit;

  while (rows < BATCH_ROWS && (submit = kept_pop (self->kept)) != NULL) {
    rows += submit->n;
    g_ptr_array_add (batch, submit);
  }
  while ((submit = g_queue_peek_head (&self->queue)) != NULL
         && (rows == 0 || rows + lane_weight (submit) <= BATCH_ROWS)) {
    rows += lane_weight (submit);
    g_ptr_array_add (batch, g_queue_pop_head (&self->queue));
  }
  return batch;
}

typedef struct {
  GPtrArray *rows[WRITE_TABLES * 2]; /* StoreWrite pointers, by kind */
} Groups;

/* The last write of each row, by kind. */
static void
group_writes (Groups *groups, Submit *const *submits, guint n)
{
  g_autoptr (GHashTable) newest = g_hash_table_new (row_hash, row_equal);
  GHashTableIter iter;
  gpointer write;

  for (guint k = 0; k < G_N_ELEMENTS (groups->rows); k++)
    groups->rows[k] = g_ptr_array_new ();
  for (guint i = 0; i < n; i++)
    for (gsize j = 0; j < submits[i]->n; j++)
      g_hash_table_replace (newest, &submits[i]->writes[j], NULL);
  g_hash_table_iter_init (&iter, newest);
  while (g_hash_table_iter_next (&iter, &write, NULL))
    g_ptr_array_add (groups->rows[((StoreWrite *)write)->kind], write);
}

/* Of the next result. */
static void
expect (Lane *self, Call *call)
{
  g_queue_push_tail (&self->statements, call);
  connection_expect (self->connection, 1);
}

static gboolean
send_group (Lane *self, StoreWriteKind kind, GPtrArray *rows)
{
  const Table *table = row_table_at ((guint)kind / 2);
  gboolean is_put = kind == table->put;
  g_autofree char *name
      = g_strconcat (is_put ? "put_" : "drop_", table->name, NULL);
  RowParams params;
  int ok;

  row_params_init (&params, table, is_put ? table->n_columns : table->n_keys,
                   rows, clock_now (self->config.clock));
  ok = PQsendQueryPrepared (connection_pg (self->connection), name,
                            (int)params.n, params.values, params.lengths,
                            params.formats, 0);
  row_params_clear (&params);
  expect (self, NULL);
  *self->n_rows += rows->len;
  return ok;
}

gboolean
lane_is_durable (Submit *const *submits, guint n)
{
  for (guint i = 0; i < n; i++)
    if (submits[i]->is_durable)
      return TRUE;
  return FALSE;
}

/* A statement without parameters. */
static gboolean
send_plain (Lane *self, const char *name)
{
  expect (self, NULL);
  return PQsendQueryPrepared (connection_pg (self->connection), name, 0, NULL,
                              NULL, NULL, 0);
}

gboolean
lane_has_call (Submit *const *submits, guint n)
{
  for (guint i = 0; i < n; i++)
    if (submits[i]->call != NULL)
      return TRUE;
  return FALSE;
}

/* Calls never wait for the lock of a session that may think for hours. */
static gboolean
send_calls (Lane *self, Submit *const *submits, guint n)
{
  gboolean ok = TRUE;

  for (guint i = 0; i < n && ok; i++)
    if (submits[i]->call != NULL) {
      submits[i]->call->is_busy = FALSE;
      expect (self, submits[i]->call);
      ok = call_send (submits[i]->call, connection_pg (self->connection));
    }
  return ok;
}

/* One transaction of some submits of the flight. */
static gboolean
send_transaction (Lane *self, Submit *const *submits, guint n)
{
  PGconn *pg = connection_pg (self->connection);
  gboolean ok = TRUE;
  Groups groups;

  if (lane_is_durable (submits, n))
    ok = send_plain (self, "durable");
  if (lane_has_call (submits, n))
    ok = ok && send_plain (self, "careful");
  group_writes (&groups, submits, n);
  for (guint k = 0; k < G_N_ELEMENTS (groups.rows); k++) {
    if (ok && groups.rows[k]->len > 0)
      ok = send_group (self, (StoreWriteKind)k, groups.rows[k]);
    g_ptr_array_unref (groups.rows[k]);
  }
  ok = ok && send_calls (self, submits, n) && PQpipelineSync (pg);
  connection_expect (self->connection, 1);
  (*self->n_batches)++;
  return ok;
}

/* At first need, so that a session is there soon for what everybody needs. */
static gboolean
prepare_calls (Lane *self)
{
  g_auto (GStrv) statements = g_strsplit (self->config.calls, ";", -1);
  PGconn *pg = connection_pg (self->connection);
  gboolean ok = TRUE;

  for (guint i = 0; statements[i] != NULL && ok; i++) {
    expect (self, NULL);
    ok = PQsendQueryParams (pg, statements[i], 0, NULL, NULL, NULL, NULL, 0);
  }
  connection_expect (self->connection, 1);
  self->has_calls = self->is_preparing = TRUE;
  return ok && PQpipelineSync (pg);
}

void
lane_send_flight (Lane *self, gboolean is_replay)
{
  Submit *const *submits = (Submit *const *)self->flight->pdata;
  gboolean ok = TRUE;

  self->is_replay = is_replay;
  self->settled = 0;
  self->sent_at = clock_now (self->config.clock);
  if (!self->has_calls && lane_has_call (submits, self->flight->len))
    ok = prepare_calls (self);
  if (!is_replay && ok)
    ok = send_transaction (self, submits, self->flight->len);
  for (guint i = 0; is_replay && ok && i < self->flight->len; i++)
    ok = send_transaction (self, &submits[i], 1);
  if (ok)
    connection_flush (self->connection);
  else
    connection_fail (self->connection, "a batch could not be sent");
}
