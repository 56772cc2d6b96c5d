/* SPDX-License-Identifier: ISC
 *
 * One connection to PostgreSQL as a small state machine over libpq's
 * asynchronous calls. */
#define G_LOG_DOMAIN "store"
#include "store/connection.h"

#include <string.h>

#define BACKOFF_FIRST 100 /* ms */
#define BACKOFF_LAST 5000
#define RETIRE_POLL 50 /* ms */

typedef enum {
  STATE_DOWN,        /* a timer will connect */
  STATE_CONNECTING,  /* PQconnectPoll */
  STATE_INTRODUCING, /* the session's settings; is the predecessor gone? */
  STATE_RETIRING,    /* no: a timer will ask again */
  STATE_SETTING_UP,  /* config.setup */
  STATE_READY,
} State;

struct Connection {
  ConnectionConfig config;
  LoopPort *loop;
  ConnectionFns fns;
  gpointer data;

  State state;
  PGconn *pg;
  LoopWatch *watch;
  LoopEvents events;
  LoopTimer *timer;   /* to connect, or to ask again */
  LoopTimer *timeout; /* of the attempt */
  guint backoff;      /* ms before the next attempt */
  guint expected;     /* results on their way */
  char *backend;      /* pid of the session that did our last work */
  char *birth;        /* and when it began: pids are used again */
  char *new_backend, *new_birth;
};

static void fd_cb (int fd, LoopEvents events, gpointer data);
static void connect_cb (gpointer data);
static void introduce_cb (gpointer data);

/* --- Descriptors --- */

static void
unwatch (Connection *self)
{
  if (self->watch != NULL)
    self->loop->unwatch (self->loop->self, self->watch);
  self->watch = NULL;
}

static void
watch (Connection *self, LoopEvents events)
{
  if (self->watch == NULL)
    self->watch = self->loop->watch (self->loop->self, PQsocket (self->pg),
                                     events, fd_cb, self);
  else if (self->events != events)
    self->loop->set_events (self->loop->self, self->watch, events);
  self->events = events;
}

static void
stop_timer (Connection *self, LoopTimer **timer)
{
  if (*timer != NULL)
    self->loop->remove_timer (self->loop->self, *timer);
  *timer = NULL;
}

/* --- Going down --- */

static void
hang_up (Connection *self)
{
  unwatch (self);
  stop_timer (self, &self->timer);
  stop_timer (self, &self->timeout);
  g_clear_pointer (&self->pg, PQfinish);
  self->expected = 0;
  self->state = STATE_DOWN;
}

/* The first attempt after a session that did its work comes at once. */
static guint
next_delay (Connection *self)
{
  guint delay = self->backoff;

  self->backoff = CLAMP (self->backoff * 2, BACKOFF_FIRST, BACKOFF_LAST);
  return delay;
}

static void
lose (Connection *self, const char *why)
{
  gboolean was_ready = self->state == STATE_READY;
  g_autofree char *reason = g_strndup (why, strcspn (why, "\n"));

  hang_up (self);
  self->timer = self->loop->after (self->loop->self, next_delay (self),
                                   connect_cb, self);
  self->fns.lost (was_ready, reason, self->data);
}

static void
lose_pg (Connection *self)
{
  g_autofree char *why = g_strdup (PQerrorMessage (self->pg));

  lose (self, why[0] != '\0' ? why : "the connection closed");
}

void
connection_fail (Connection *self, const char *why)
{
  lose (self, why);
}

static void
timeout_cb (gpointer data)
{
  Connection *self = data;

  self->timeout = NULL;
  lose (self, "no answer to the attempt to connect");
}

/* --- Coming up --- */

static gboolean
flush (Connection *self)
{
  int left = PQflush (self->pg);

  if (left < 0)
    return FALSE;
  watch (self, left > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
  return TRUE;
}

/* Sends a query while coming up. */
static void
send_step (Connection *self, State state, int sent)
{
  self->state = state;
  if (!sent || !flush (self))
    lose_pg (self);
}

/* The settings of a session of the daemon's, who it is, and how many backends
 * of its predecessor are still there (told to go by the same statement).  The
 * search path is the triggers': with another PostgreSQL plans their statements
 * anew for each row. */
static void
introduce_cb (gpointer data)
{
  Connection *self = data;
  const char *values[] = { self->backend, self->birth };

  self->timer = NULL;
  send_step (
      self, STATE_INTRODUCING,
      PQsendQueryParams (
          self->pg,
          "SELECT pg_backend_pid(), (SELECT extract(epoch FROM backend_start)"
          "    FROM pg_stat_activity WHERE pid = pg_backend_pid()),"
          "  (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
          "    WHERE pid = $1::int"
          "      AND extract(epoch FROM backend_start) = $2::numeric),"
          "  set_config('rollcall.origin', 'daemon', false),"
          "  set_config('synchronous_commit', 'off', false),"
          "  set_config('search_path', 'pg_catalog, pg_temp', false),"
          "  set_config('statement_timeout', '0', false),"
          "  set_config('idle_in_transaction_session_timeout', '0', false)",
          2, NULL, values, NULL, NULL, 0));
}

static void
become_ready (Connection *self)
{
  stop_timer (self, &self->timeout);
  if (self->config.is_pipeline && !PQenterPipelineMode (self->pg)) {
    lose_pg (self);
    return;
  }
  g_free (self->backend);
  g_free (self->birth);
  self->backend = g_steal_pointer (&self->new_backend);
  self->birth = g_steal_pointer (&self->new_birth);
  self->state = STATE_READY;
  self->fns.ready (self->data);
}

static void
introduced (Connection *self, const PGresult *result)
{
  g_free (self->new_backend);
  g_free (self->new_birth);
  self->new_backend = g_strdup (PQgetvalue (result, 0, 0));
  self->new_birth = g_strdup (PQgetvalue (result, 0, 1));
  self->state = strcmp (PQgetvalue (result, 0, 2), "0") == 0 ? STATE_SETTING_UP
                                                             : STATE_RETIRING;
}

/* A step's query has ended. */
static void
next_step (Connection *self, gboolean has_set_up)
{
  if (self->state == STATE_RETIRING)
    self->timer
        = self->loop->after (self->loop->self, RETIRE_POLL, introduce_cb, self);
  else if (has_set_up || self->config.setup == NULL)
    become_ready (self);
  else
    send_step (self, STATE_SETTING_UP,
               PQsendQuery (self->pg, self->config.setup));
}

/* Takes the results of a step.  A statement that fails ends the attempt. */
static void
read_step (Connection *self)
{
  gboolean has_set_up = self->state == STATE_SETTING_UP;

  while (!PQisBusy (self->pg)) {
    PGresult *result = PQgetResult (self->pg);
    ExecStatusType status = PQresultStatus (result);

    if (result == NULL) {
      next_step (self, has_set_up);
      return;
    }
    if (status == PGRES_TUPLES_OK && self->state == STATE_INTRODUCING)
      introduced (self, result);
    PQclear (result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      lose_pg (self);
      return;
    }
  }
}

static void
poll_connect (Connection *self)
{
  unwatch (self); /* libpq may close it and open another */
  switch (PQconnectPoll (self->pg)) {
  case PGRES_POLLING_READING:
    watch (self, LOOP_READ);
    return;
  case PGRES_POLLING_WRITING:
    watch (self, LOOP_WRITE);
    return;
  case PGRES_POLLING_OK:
    if (PQsetnonblocking (self->pg, 1) == 0) {
      introduce_cb (self);
      return;
    }
    G_GNUC_FALLTHROUGH;
  default:
    lose_pg (self);
  }
}

static void
ignore_notice_cb (void *arg, const PGresult *result)
{
  g_debug ("%s", PQresultErrorMessage (result));
}

static void
connect_cb (gpointer data)
{
  Connection *self = data;
  g_autofree char *name = g_strdup_printf ("rollcalld (%s)", self->config.role);
  const char *keys[] = { "keepalives_idle",  "keepalives_interval",
                         "keepalives_count", "tcp_user_timeout",
                         "dbname",           "application_name",
                         "client_encoding",  NULL };
  const char *values[]
      = { "10", "5", "3", "15000", self->config.dsn, name, "UTF8", NULL };

  self->timer = NULL;
  self->timeout = self->loop->after (self->loop->self, self->config.timeout,
                                     timeout_cb, self);
  self->pg = PQconnectStartParams (keys, values, 1);
  g_assert (self->pg != NULL);
  PQsetNoticeReceiver (self->pg, ignore_notice_cb, NULL);
  self->state = STATE_CONNECTING;
  if (PQstatus (self->pg) == CONNECTION_BAD)
    lose_pg (self);
  else
    watch (self, LOOP_WRITE); /* PQconnectStart: as if WRITING */
}

/* --- Work --- */

static void
read_results (Connection *self)
{
  while (self->state == STATE_READY && self->expected > 0
         && !PQisBusy (self->pg)) {
    PGresult *result = PQgetResult (self->pg);

    if (result == NULL || PQresultStatus (result) == PGRES_PIPELINE_SYNC)
      self->expected--;
    self->fns.result (result, self->data);
    PQclear (result);
  }
}

static void
read_notifications (Connection *self)
{
  gboolean any = FALSE;
  PGnotify *notify;

  if (self->state != STATE_READY)
    return;
  while ((notify = PQnotifies (self->pg)) != NULL) {
    PQfreemem (notify);
    any = TRUE;
  }
  if (any && self->fns.notified != NULL)
    self->fns.notified (self->data);
}

static void
fd_cb (int fd, LoopEvents events, gpointer data)
{
  Connection *self = data;

  if (self->state == STATE_CONNECTING) {
    poll_connect (self);
    return;
  }
  if (((events & LOOP_READ) && !PQconsumeInput (self->pg)) || !flush (self)) {
    lose_pg (self);
    return;
  }
  if (self->state != STATE_READY) {
    read_step (self);
    return;
  }
  read_results (self);
  read_notifications (self);
}

PGconn *
connection_pg (Connection *self)
{
  return self->state == STATE_READY ? self->pg : NULL;
}

void
connection_expect (Connection *self, guint n)
{
  self->expected += n;
}

void
connection_flush (Connection *self)
{
  if (self->state == STATE_READY && !flush (self))
    lose_pg (self);
}

void
connection_proved (Connection *self)
{
  self->backoff = 0;
}

gboolean
connection_is_ready (const Connection *self)
{
  return self->state == STATE_READY;
}

/* --- Life --- */

Connection *
connection_new (const ConnectionConfig *config, LoopPort *loop,
                const ConnectionFns *fns, gpointer data)
{
  Connection *self = g_new0 (Connection, 1);

  self->config = *config;
  self->loop = loop;
  self->fns = *fns;
  self->data = data;
  return self;
}

/* libpq looks names up while it connects, and the loop waits for it. */
void
connection_warn_of_names (const char *dsn)
{
  PQconninfoOption *options = PQconninfoParse (dsn, NULL);

  for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
    if (strcmp (o->keyword, "host") == 0 && o->val != NULL && o->val[0] != '/'
        && o->val[0] != '@' && !g_hostname_is_ip_address (o->val)
        && strcmp (o->val, "localhost") != 0)
      g_warning ("database host %s is a name: looking it up holds up the "
                 "server; give an address, or hostaddr beside it",
                 o->val);
  PQconninfoFree (options);
}

void
connection_start (Connection *self)
{
  if (self->state == STATE_DOWN && self->timer == NULL)
    self->timer = self->loop->after (self->loop->self, 0, connect_cb, self);
}

void
connection_free (Connection *self)
{
  if (self == NULL)
    return;
  hang_up (self);
  g_free (self->backend);
  g_free (self->birth);
  g_free (self->new_backend);
  g_free (self->new_birth);
  g_free (self);
}
