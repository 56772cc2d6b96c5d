/* SPDX-License-Identifier: ISC
 *
 * One connection to PostgreSQL in the loop: connects, introduces itself, makes
 * sure that its predecessor's backend is gone, and connects again with backoff
 * when it is lost.  Knows no table. */
#pragma once
#include <libpq-fe.h>

#include "port/loop.h"

typedef struct Connection Connection;

typedef struct {
  const char *dsn;
  const char *role;     /* for application_name: "rollcalld (ROLE)" */
  const char *setup;    /* statements run on each new session, or NULL */
  gboolean is_pipeline; /* enter pipeline mode then */
  guint timeout;        /* ms for an attempt to connect */
} ConnectionConfig;

/* Callbacks; none runs inside a call of the owner's but _start's and _fail's
 * lost. */
typedef struct {
  /* Ready for queries. */
  void (*ready) (gpointer data);
  /* Lost (was_ready), or an attempt failed; the next one is on its way.  What
   * was in flight has an unknown outcome. */
  void (*lost) (gboolean was_ready, const char *why, gpointer data);
  /* A result that was waited for; NULL ends one query (also in pipeline mode);
   * borrowed. */
  void (*result) (const PGresult *result, gpointer data);
  /* Notifications came (all of them at once), or NULL. */
  void (*notified) (gpointer data);
} ConnectionFns;

/* Strings of config are borrowed as long as the connection lives. */
Connection *connection_new (const ConnectionConfig *config, LoopPort *loop,
                            const ConnectionFns *fns, gpointer data);
/* Closes at once; no callback runs any more. */
void connection_free (Connection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Connection, connection_free)

/* libpq looks names up while it connects, and the loop waits for it: says so when
 * there is one in dsn. */
void connection_warn_of_names (const char *dsn);

/* Begins to connect, for as long as it takes. */
void connection_start (Connection *self);
gboolean connection_is_ready (const Connection *self);
/* It did what it is for: once lost, the first attempt comes without delay. */
void connection_proved (Connection *self);

/* For PQsend...; NULL while it is not ready.  Each query, and each pipeline
 * sync (is_sync), that has been sent must be told by connection_expect; after
 * the last one of a turn connection_flush. */
PGconn *connection_pg (Connection *self);
void connection_expect (Connection *self, guint n);
void connection_flush (Connection *self);

/* Gives the session up, as if it had been lost. */
void connection_fail (Connection *self, const char *why);
