/* SPDX-License-Identifier: ISC
 *
 * Batches: what waits, settling, the life of the connection.
 *
 * A batch is one implicit transaction of a pipeline: at most one statement per
 * table and kind, whose parameters are arrays.  The statements cannot fail by
 * what is stored; should a row be unfit all the same, each submit of the batch
 * is tried again as a transaction of its own, and the unfit one is refused.
 *
 * What was committed softly is remembered until it must be on disk and written
 * once more when the session is lost: PostgreSQL may have crashed with it.
 *
 * Calls are statements of their own at the end of a batch.  They are answered
 * AWAY only while it is certain that they did nothing and never will: a write
 * that has been sent waits for its outcome, however long that takes. */
#define G_LOG_DOMAIN "store"
#include "store/lane-priv.h"

#include <string.h>

#include "store/lock.h"
#include "store/rows.h"
#include "store/sqlstate.h"

/* PostgreSQL flushes asynchronous commits within three times its
 * wal_writer_delay (0.2 s unless configured). */
#define SOFT_FOR ((gint64)1500000) /* us */
/* The longest time between two attempts of a call that meets a lock. */
#define BUSY_MAX ((gint64)2 * G_USEC_PER_SEC)

/* --- What waits --- */

gboolean
lane_is_away (const Lane *self)
{
  return self->is_away;
}

gboolean
lane_is_idle (const Lane *self)
{
  return self->flight == NULL && self->queue.length == 0
         && self->busy.length == 0 && kept_size (self->kept) == 0;
}

gboolean
lane_is_ticking (const Lane *self)
{
  return !lane_is_idle (self) || self->recent.length > 0;
}

guint
lane_kept (const Lane *self)
{
  return kept_size (self->kept);
}

/* Tells who waits for it that PostgreSQL is away; its rows are kept. */
static void
answer_away (Lane *self, Submit *submit)
{
  if (submit->done != NULL) {
    self->config.answer_away (submit->done, submit->data, self->config.data);
    (*self->n_away)++;
  }
  submit->done = NULL;
  submit->is_kept = TRUE;
}

/* A call in flight: a question is answered, a write's outcome is waited for. */
static void
leave_call (Lane *self, Call *call)
{
  call_come_late (call);
  if (!call->is_write && !call->is_settled) {
    call_settle (call, STORE_AWAY);
    (*self->n_away)++;
  }
}

/* A call that is certain not to have done anything.  Frees it. */
static void
drop_call (Lane *self, Submit *submit)
{
  submit_settle (submit, STORE_AWAY);
  submit_free (submit);
  (*self->n_away)++;
}

/* A write whose outcome is not known, or that is to be written in any case. */
static gboolean
is_to_stay (const Submit *submit)
{
  return submit->call->is_sent || submit->call->is_lasting;
}

/* What has not been sent; a write that has, in another session, stays. */
static void
clear_queue (Lane *self)
{
  GQueue due = self->queue, dropped = G_QUEUE_INIT;
  Submit *submit;

  while ((submit = g_queue_pop_tail (&self->busy)) != NULL)
    g_queue_push_head (&due, submit);
  g_queue_init (&self->queue);
  while ((submit = g_queue_pop_head (&due)) != NULL) {
    if (submit->call == NULL) {
      answer_away (self, submit);
      kept_add_newer (self->kept, submit);
    } else if (is_to_stay (submit)) {
      call_come_late (submit->call);
      g_queue_push_tail (&self->queue, submit);
    } else {
      g_queue_push_tail (&dropped, submit);
    }
  }
  while ((submit = g_queue_pop_head (&dropped)) != NULL)
    drop_call (self, submit);
}

static void
go_away (Lane *self)
{
  Submit *submit;

  if (self->is_away)
    return;
  self->is_away = TRUE;
  for (guint i = 0; self->flight != NULL && i < self->flight->len; i++) {
    submit = g_ptr_array_index (self->flight, i);
    if (submit != NULL && submit->call != NULL)
      leave_call (self, submit->call);
    else if (submit != NULL)
      answer_away (self, submit);
  }
  clear_queue (self);
  self->config.changed (self->config.data);
}

static void
come_back (Lane *self)
{
  if (!self->is_away)
    return;
  self->is_away = FALSE;
  self->config.changed (self->config.data);
}

static gint64
waiting_since (const Lane *self, gint64 now)
{
  const Submit *first = g_queue_peek_head ((GQueue *)&self->queue);

  if (self->flight != NULL)
    return self->sent_at;
  return first != NULL ? first->at : now;
}

void
lane_lag (Lane *self, StoreLag *out)
{
  gint64 now = clock_now (self->config.clock);

  out->waiting += self->queue.length + kept_size (self->kept)
                  + (self->flight != NULL ? self->flight->len : 0);
  out->oldest = MAX (out->oldest, now - waiting_since (self, now));
  out->commit = MAX (out->commit, self->slowest);
  self->slowest = 0;
}

void
lane_submit (Lane *self, Submit *submit)
{
  if (self->is_away && submit->call != NULL && !is_to_stay (submit)) {
    drop_call (self, submit);
  } else if (submit->call != NULL) {
    g_queue_push_tail (&self->queue, submit);
  } else if (self->is_away) {
    answer_away (self, submit);
    kept_add_newer (self->kept, submit);
  } else {
    g_queue_push_tail (&self->queue, submit);
  }
}

/* --- Sending --- */

/* How many rows wait, or that they are enough. */
static guint
n_waiting (const Lane *self)
{
  guint n = 0;

  for (const GList *l = self->queue.head; l != NULL && n < GATHER_ENOUGH;
       l = l->next)
    n += lane_weight (l->data);
  return n;
}

void
lane_kick (Lane *self)
{
  if (!connection_is_ready (self->connection) || self->flight != NULL
      || !self->config.may_write (self->config.data))
    return;
  if (self->queue.length == 0 && kept_size (self->kept) == 0) {
    come_back (self);
    return;
  }
  if (gather_holds (&self->gather, n_waiting (self)))
    return;
  gather_sent (&self->gather);
  self->flight = lane_take_batch (self);
  lane_send_flight (self, FALSE);
}

/* --- Settling --- */

/* A committed submit: remembered while it may not be on disk yet. */
static void
remember (Lane *self, Submit *submit, gboolean was_durable)
{
  gint64 now = clock_now (self->config.clock);
  Submit *old;

  if (was_durable) { /* and with it all that was committed before */
    g_queue_clear_full (&self->recent, (GDestroyNotify)submit_free);
    submit_free (submit);
    return;
  }
  submit->at = now;
  g_queue_push_tail (&self->recent, submit);
  while ((old = g_queue_peek_head (&self->recent))->at + SOFT_FOR < now)
    submit_free (g_queue_pop_head (&self->recent));
}

/* Not done yet: once more in a moment, if that is not for ever.  What is not given
 * up comes ever more seldom, for each time holds up its batch. */
static void
commit_busy (Lane *self, Submit *submit)
{
  Call *call = submit->call;
  gint64 now = clock_now (self->config.clock);
  gint64 age = now - call->since;

  call->retry_at = now + CLAMP (age / 4, 0, BUSY_MAX);
  if (!is_to_stay (submit) /* it is known to have done nothing */
      && (call->is_late || age > (gint64)self->config.hung_after * 1000))
    drop_call (self, submit);
  else
    g_queue_push_tail (&self->busy, submit);
}

static void
commit (Lane *self, guint i, gboolean was_durable)
{
  Submit *submit = g_ptr_array_index (self->flight, i);

  g_ptr_array_index (self->flight, i) = NULL;
  if (submit->call != NULL && submit->call->is_busy) {
    commit_busy (self, submit);
    return;
  }
  if (submit->call != NULL && call_is_to_undo (submit->call)) {
    submit->call->is_sent = TRUE;
    g_queue_push_head (&self->queue, submit);
    return;
  }
  submit_settle (submit, STORE_COMMITTED);
  if (submit->call != NULL && !was_durable) {
    submit_free (submit);
    return;
  }
  remember (self, submit, was_durable);
}

static void
refuse (Lane *self, guint i)
{
  Submit *submit = g_ptr_array_index (self->flight, i);

  g_ptr_array_index (self->flight, i) = NULL;
  if (submit->call != NULL && sqlstate_is_of_lock (self->sqlstate)) {
    commit_busy (self, submit);
    return;
  }
  g_warning ("PostgreSQL refused %s (SQLSTATE %s); what was asked fails",
             self->error, self->sqlstate);
  (*self->n_refused)++;
  submit_settle (submit, STORE_REFUSED);
  submit_free (submit);
}

static void
end_flight (Lane *self)
{
  g_clear_pointer (&self->flight, g_ptr_array_unref);
  self->slowest
      = MAX (self->slowest, clock_now (self->config.clock) - self->sent_at);
  gather_ended (&self->gather, n_waiting (self));
  connection_proved (self->connection);
  come_back (self);
  if (lane_is_idle (self))
    self->config.changed (self->config.data);
  else
    self->config.wants_kick (self->config.data);
}

static void
settle_whole (Lane *self)
{
  gboolean was_durable = lane_is_durable ((Submit *const *)self->flight->pdata,
                                          self->flight->len);

  if (self->sqlstate[0] != '\0' && self->flight->len > 1) {
    lane_send_flight (self, TRUE);
    return;
  }
  for (guint i = 0; i < self->flight->len; i++)
    if (self->sqlstate[0] != '\0')
      refuse (self, i);
    else
      commit (self, i, was_durable);
  end_flight (self);
}

static void
settle_one (Lane *self)
{
  guint i = self->settled++;
  Submit *submit = g_ptr_array_index (self->flight, i);

  if (self->sqlstate[0] != '\0')
    refuse (self, i);
  else
    commit (self, i, submit->is_durable);
  if (self->settled == self->flight->len)
    end_flight (self);
}

/* Were calls in the transaction that failed? */
static gboolean
may_be_calls_fault (const Lane *self)
{
  Submit *const *submits = (Submit *const *)self->flight->pdata;

  return self->is_replay ? lane_has_call (&submits[self->settled], 1)
                         : lane_has_call (submits, self->flight->len);
}

static void
synced (Lane *self)
{
  if (self->sqlstate[0] != '\0' && !sqlstate_is_of_row (self->sqlstate)
      && !(sqlstate_is_of_lock (self->sqlstate) && may_be_calls_fault (self))) {
    connection_fail (self->connection, self->error);
    return;
  }
  if (self->is_replay)
    settle_one (self);
  else
    settle_whole (self);
}

static void
note_error (Lane *self, const PGresult *result)
{
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);
  const char *text = PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);

  if (self->sqlstate[0] != '\0')
    return;
  g_strlcpy (self->sqlstate, state != NULL ? state : "08006",
             sizeof self->sqlstate);
  g_free (self->error);
  self->error = g_strdup (text != NULL ? text : PQresultErrorMessage (result));
}

static void
result_cb (const PGresult *result, gpointer data)
{
  Lane *self = data;
  Call *call = g_queue_peek_head (&self->statements);

  if (result == NULL) {
    g_queue_pop_head (&self->statements);
    return;
  }
  switch (PQresultStatus (result)) {
  case PGRES_FATAL_ERROR:
    note_error (self, result);
    break;
  case PGRES_TUPLES_OK:
    if (call != NULL)
      call->take (call, result);
    break;
  case PGRES_PIPELINE_SYNC:
    if (!self->is_preparing)
      synced (self);
    else if (self->sqlstate[0] != '\0')
      connection_fail (self->connection, self->error);
    self->is_preparing = FALSE;
    self->sqlstate[0] = '\0';
    break;
  default:
    break;
  }
}

/* --- The connection's life --- */

static void
ready_cb (gpointer data)
{
  Lane *self = data;

  self->config.wants_kick (self->config.data);
}

/* What was in flight has an unknown outcome: it is written again. */
static void
requeue_flight (Lane *self)
{
  g_autoptr (GPtrArray) flight = g_steal_pointer (&self->flight);

  for (guint i = flight != NULL ? flight->len : 0; i-- > 0;) {
    Submit *submit = g_ptr_array_index (flight, i);

    g_ptr_array_index (flight, i) = NULL;
    if (submit == NULL)
      continue;
    if (submit->call != NULL) {
      submit->call->is_sent = submit->call->is_write;
      if (self->is_away)
        call_come_late (submit->call);
    }
    if (submit->call != NULL && submit->call->is_settled)
      submit_free (submit);
    else if (submit->is_kept)
      kept_add_older (self->kept, submit);
    else
      g_queue_push_head (&self->queue, submit);
  }
}

static void
lost_cb (gboolean was_ready, const char *why, gpointer data)
{
  Lane *self = data;
  Submit *submit;

  if (!was_ready) {
    g_debug ("no connection to PostgreSQL: %s", why);
    go_away (self);
    return;
  }
  (*self->n_lost)++;
  g_warning ("a connection to PostgreSQL is lost: %s", why);
  self->sqlstate[0] = '\0';
  self->has_calls = self->is_preparing = FALSE;
  g_queue_clear (&self->statements);
  requeue_flight (self);
  while ((submit = g_queue_pop_tail (&self->recent)) != NULL)
    kept_add_older (self->kept, submit);
}

/* Calls that found a lock taken get their next turn. */
static void
wake_busy (Lane *self, gint64 now)
{
  GQueue due = self->busy;
  gboolean any = FALSE;
  Submit *submit;

  g_queue_init (&self->busy);
  while ((submit = g_queue_pop_head (&due)) != NULL) {
    gboolean is_due = submit->call->retry_at <= now;

    any = any || is_due;
    if (is_due)
      submit->at = now;
    g_queue_push_tail (is_due ? &self->queue : &self->busy, submit);
  }
  if (any)
    self->config.wants_kick (self->config.data);
}

void
lane_tick (Lane *self)
{
  gint64 now = clock_now (self->config.clock);
  Submit *first;

  if (now - waiting_since (self, now) > (gint64)self->config.hung_after * 1000)
    go_away (self);
  wake_busy (self, now);
  while (self->flight == NULL && connection_is_ready (self->connection)
         && (first = g_queue_peek_head (&self->recent)) != NULL
         && first->at + SOFT_FOR < now)
    submit_free (g_queue_pop_head (&self->recent));
}

/* --- Life --- */

/* Holds the shared lock that says "a daemon writes here", and prepares.  All
 * statements look rows up by an index, whatever the size of the table was when
 * they were planned. */
static char *
setup_sql (void)
{
  g_autofree char *rows = row_sql_prepare ();

  return g_strdup_printf (
      "SELECT pg_advisory_lock_shared(%d, %d),"
      "  set_config('enable_seqscan', 'off', false),"
      "  set_config('jit', 'off', false)"
      ";PREPARE durable AS SELECT set_config('synchronous_commit', 'on', true)"
      ";PREPARE careful AS SELECT set_config('lock_timeout', '200', true)%s",
      LOCK_CLASS, LOCK_WRITERS, rows);
}

Lane *
lane_new (const LaneConfig *config)
{
  static const ConnectionFns fns = { ready_cb, lost_cb, result_cb, NULL };
  Lane *self = g_new0 (Lane, 1);
  Counters *counters = config->counters;

  self->config = *config;
  gather_init (&self->gather, config->loop, config->clock, config->wants_kick,
               config->data);
  self->kept = kept_new ();
  self->setup = setup_sql ();
  self->n_batches = counters_cell (counters, "db_batches");
  self->n_rows = counters_cell (counters, "db_rows");
  self->n_refused = counters_cell (counters, "db_refused");
  self->n_away = counters_cell (counters, "db_answered_away");
  self->n_lost = counters_cell (counters, "db_connections_lost");
  self->connection = connection_new (
      &(ConnectionConfig){ .dsn = config->dsn,
                           .role = "writer",
                           .setup = self->setup,
                           .is_pipeline = TRUE,
                           .timeout = MAX (config->hung_after, 5000) },
      config->loop, &fns, self);
  return self;
}

void
lane_start (Lane *self)
{
  connection_start (self->connection);
}

void
lane_free (Lane *self)
{
  if (self == NULL)
    return;
  connection_free (self->connection);
  gather_clear (&self->gather);
  g_clear_pointer (&self->flight, g_ptr_array_unref);
  g_queue_clear_full (&self->queue, (GDestroyNotify)submit_free);
  g_queue_clear_full (&self->busy, (GDestroyNotify)submit_free);
  g_queue_clear (&self->statements);
  g_queue_clear_full (&self->recent, (GDestroyNotify)submit_free);
  kept_free (self->kept);
  g_free (self->setup);
  g_free (self->error);
  g_free (self);
}
