/* SPDX-License-Identifier: ISC
 *
 * From a fresh session to the lock, and the queue of its queries.
 *
 * Steps: is there a schema; is it ours; take the daemon's lock; no writer of a
 * dead daemon is left; LISTEN.  A lock that is taken is tried again for a
 * while: the session of a daemon that was killed may take a moment to end. */
#define G_LOG_DOMAIN "store"
#include "store/control.h"

#include <stdlib.h>
#include <string.h>

#include "store/connection.h"
#include "store/lock.h"
#include "store/store.h"

#define LOCK_RETRY 200                                /* ms */
#define LOCK_PATIENCE ((gint64)3 * G_USEC_PER_SEC)    /* for another daemon */
#define WRITER_PATIENCE ((gint64)15 * G_USEC_PER_SEC) /* for its writers */

#define LOCK_ARGS(lock) G_STRINGIFY (LOCK_CLASS) ", " G_STRINGIFY (lock)

typedef struct {
  char *sql, *statement, *param;
  gboolean is_binary, is_by_row;
  ControlAnswerFn answer;
  gpointer data;
} Ask;

struct Control {
  ControlConfig config;
  Connection *connection;
  GQueue asks;      /* Ask; the first is in flight */
  gboolean is_sent; /* it is */
  gboolean has_failed;
  char *error; /* of the query in flight */
  gint64 locking_since;
  LoopTimer *retry;
  gboolean is_ready;
  gboolean has_been_ready; /* then our own writers may be there */
};

static void try_lock_cb (gpointer data);

/* --- Queries --- */

static void
ask_free (Ask *self)
{
  g_free (self->sql);
  g_free (self->statement);
  g_free (self->param);
  g_free (self);
}

static int
send (const Ask *ask, PGconn *pg)
{
  const char *params[] = { ask->param };
  int n_params = ask->param != NULL ? 1 : 0;

  return ask->sql != NULL
             ? PQsendQueryParams (pg, ask->sql, n_params, NULL, params, NULL,
                                  NULL, ask->is_binary)
             : PQsendQueryPrepared (pg, ask->statement, n_params, params, NULL,
                                    NULL, ask->is_binary);
}

static void
send_next (Control *self)
{
  Ask *ask = g_queue_peek_head (&self->asks);
  PGconn *pg = connection_pg (self->connection);

  if (ask == NULL || self->is_sent || pg == NULL)
    return;
  self->is_sent = TRUE;
  connection_expect (self->connection, 1);
  if (!send (ask, pg)) {
    connection_fail (self->connection, PQerrorMessage (pg));
    return;
  }
  if (ask->is_by_row)
    PQsetSingleRowMode (pg);
  connection_flush (self->connection);
}

void
control_ask (Control *self, const ControlQuery *query)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->sql = g_strdup (query->sql);
  ask->statement = g_strdup (query->statement);
  ask->param = g_strdup (query->param);
  ask->is_binary = query->is_binary;
  ask->is_by_row = query->is_by_row;
  ask->answer = query->answer;
  ask->data = query->data;
  g_queue_push_tail (&self->asks, ask);
  send_next (self);
}

static void
ask_self (Control *self, const char *sql, ControlAnswerFn answer)
{
  control_ask (self,
               &(ControlQuery){ .sql = sql, .answer = answer, .data = self });
}

static void
query_ended (Control *self)
{
  ask_free (g_queue_pop_head (&self->asks));
  self->is_sent = FALSE;
  if (self->error != NULL) {
    g_autofree char *why = g_steal_pointer (&self->error);

    connection_fail (self->connection, why);
    return;
  }
  send_next (self);
}

static void
result_cb (const PGresult *result, gpointer data)
{
  Control *self = data;
  Ask *ask = g_queue_peek_head (&self->asks);

  if (self->has_failed)
    return;
  switch (PQresultStatus (result)) {
  case PGRES_TUPLES_OK:
  case PGRES_SINGLE_TUPLE:
  case PGRES_COMMAND_OK:
    if (ask->answer != NULL && self->error == NULL)
      ask->answer (result, ask->data);
    break;
  default:
    if (result == NULL)
      query_ended (self);
    else if (self->error == NULL)
      self->error = g_strdup (PQresultErrorMessage (result));
  }
}

/* --- Coming up --- */

static void
fail (Control *self, const char *message)
{
  self->has_failed = TRUE;
  self->config.fatal (message, self->config.data);
}

static void
listening_cb (const PGresult *result, gpointer data)
{
  Control *self = data;

  self->is_ready = TRUE;
  connection_proved (self->connection);
  self->has_been_ready = TRUE;
  self->config.ready (self->config.data);
}

static void
locked (Control *self)
{
  ask_self (self, "LISTEN rollcall_changes", listening_cb);
}

static void
retry (Control *self)
{
  self->retry = self->config.loop->after (self->config.loop->self, LOCK_RETRY,
                                          try_lock_cb, self);
}

static gint64
patience_left (Control *self, gint64 patience)
{
  return self->locking_since + patience - clock_now (self->config.clock);
}

static void
holder_cb (const PGresult *result, gpointer data)
{
  Control *self = data;
  g_autofree char *message = g_strdup_printf (
      "another rollcalld is running on this database (%s): only one may; end "
      "that one, or give this one a database of its own",
      PQntuples (result) > 0 ? PQgetvalue (result, 0, 0) : "just ended");

  fail (self, message);
}

static void
name_holder (Control *self)
{
  ask_self (self,
            "SELECT format('PostgreSQL session %s, from %s, since %s', a.pid,"
            "  coalesce(host(a.client_addr), 'this machine'),"
            "  date_trunc('second', a.backend_start))"
            " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.database ="
            "  (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND l.classid = " G_STRINGIFY (
                LOCK_CLASS) " AND l.objid IN "
                            "(" G_STRINGIFY (LOCK_DAEMON) ", " G_STRINGIFY (
                                LOCK_WRITERS) ") AND "
                                              "a.pid <> "
                                              "pg_"
                                              "backend_"
                                              "pid()"
                                              " ORDER "
                                              "BY "
                                              "l.objid "
                                              "LIMIT 1",
            holder_cb);
}

static gboolean
is_true (const PGresult *result)
{
  return strcmp (PQgetvalue (result, 0, 0), "t") == 0;
}

/* Taken and given back: no writer is left. */
static void
writers_cb (const PGresult *result, gpointer data)
{
  Control *self = data;

  if (is_true (result))
    locked (self);
  else if (patience_left (self, WRITER_PATIENCE) > 0)
    retry (self);
  else
    name_holder (self);
}

/* Our own writers may live on when only this session was lost. */
static void
lock_cb (const PGresult *result, gpointer data)
{
  Control *self = data;

  if (!is_true (result) && patience_left (self, LOCK_PATIENCE) > 0)
    retry (self);
  else if (!is_true (result))
    name_holder (self);
  else if (self->has_been_ready)
    locked (self);
  else
    ask_self (
        self,
        "SELECT CASE WHEN pg_try_advisory_lock(" LOCK_ARGS (
            LOCK_WRITERS) ") THEN pg_advisory_unlock(" LOCK_ARGS (LOCK_WRITERS) ") ELSE false END",
        writers_cb);
}

/* A session may take its own lock again and again. */
static void
try_lock_cb (gpointer data)
{
  Control *self = data;

  self->retry = NULL;
  ask_self (self, "SELECT pg_try_advisory_lock(" LOCK_ARGS (LOCK_DAEMON) ")",
            lock_cb);
}

static void
version_cb (const PGresult *result, gpointer data)
{
  Control *self = data;
  guint ours = store_schema_version ();
  guint version = (guint)atoi (PQgetvalue (result, 0, 0));
  g_autofree char *message = NULL;

  if (version < ours)
    message = g_strdup_printf (
        "the database has schema version %u, this rollcalld needs %u: run "
        "`rollcallctl db upgrade`",
        version, ours);
  else if (version > ours)
    message = g_strdup_printf (
        "the database has schema version %u, made by a newer Rollcall's "
        "`rollcallctl db upgrade`; this rollcalld knows up to %u: install the "
        "newer one",
        version, ours);
  if (message != NULL) {
    fail (self, message);
    return;
  }
  self->locking_since = clock_now (self->config.clock);
  try_lock_cb (self);
}

static void
schema_cb (const PGresult *result, gpointer data)
{
  Control *self = data;

  if (is_true (result))
    ask_self (self,
              "SELECT coalesce(max(version), 0) FROM rollcall.schema_version",
              version_cb);
  else
    fail (self, "the database has no schema of Rollcall's: run `rollcallctl "
                "db init` (`rollcallctl db upgrade` if it should have one)");
}

static void
ready_cb (gpointer data)
{
  Control *self = data;

  if (!self->has_failed)
    ask_self (self, "SELECT to_regclass('rollcall.schema_version') IS NOT NULL",
              schema_cb);
}

static void
lost_cb (gboolean was_ready, const char *why, gpointer data)
{
  Control *self = data;
  gboolean was_up = self->is_ready;

  if (self->retry != NULL)
    self->config.loop->remove_timer (self->config.loop->self, self->retry);
  self->retry = NULL;
  self->is_ready = FALSE;
  self->is_sent = FALSE;
  g_clear_pointer (&self->error, g_free);
  g_queue_clear_full (&self->asks, (GDestroyNotify)ask_free);
  if (!self->has_failed)
    self->config.lost (was_up, why, self->config.data);
}

static void
notified_cb (gpointer data)
{
  Control *self = data;

  if (self->is_ready && !self->has_failed)
    self->config.notified (self->config.data);
}

/* --- Life --- */

Control *
control_new (const ControlConfig *config)
{
  static const ConnectionFns fns
      = { ready_cb, lost_cb, result_cb, notified_cb };
  Control *self = g_new0 (Control, 1);

  self->config = *config;
  self->connection = connection_new (
      &(ConnectionConfig){
          .dsn = config->dsn, .role = "control", .timeout = config->timeout },
      config->loop, &fns, self);
  return self;
}

void
control_start (Control *self)
{
  connection_start (self->connection);
}

gboolean
control_is_ready (const Control *self)
{
  return self->is_ready;
}

void
control_free (Control *self)
{
  if (self == NULL)
    return;
  connection_free (self->connection);
  if (self->retry != NULL)
    self->config.loop->remove_timer (self->config.loop->self, self->retry);
  g_queue_clear_full (&self->asks, (GDestroyNotify)ask_free);
  g_free (self->error);
  g_free (self);
}
