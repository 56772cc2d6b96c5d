/* SPDX-License-Identifier: ISC
 *
 * The session that holds the daemon's lock, checks the schema, loads what is
 * there and listens for changes: one query at a time. */
#pragma once
#include <libpq-fe.h>

#include "port/clock.h"
#include "port/loop.h"

typedef struct Control Control;

typedef struct {
  const char *dsn; /* borrowed */
  guint timeout;   /* ms for an attempt to connect */
  LoopPort *loop;
  const Clock *clock;
  /* The lock is ours, nothing of a former daemon writes any more, and the
   * session listens; again after each loss. */
  void (*ready) (gpointer data);
  /* The session is lost (was_ready), or could not be had, for the reason why.
   * Queries that waited are forgotten, unanswered. */
  void (*lost) (gboolean was_ready, const char *why, gpointer data);
  /* Somebody changed something. */
  void (*notified) (gpointer data);
  /* Another daemon, another schema: the message is for the operator. */
  void (*fatal) (const char *message, gpointer data);
  gpointer data;
} ControlConfig;

Control *control_new (const ControlConfig *config);
void control_free (Control *self);
void control_start (Control *self);
/* Between ready and lost. */
gboolean control_is_ready (const Control *self);

/* A result without error; with is_by_row once for each row and once more, with
 * none, at the end.  Borrowed. */
typedef void (*ControlAnswerFn) (const PGresult *result, gpointer data);
typedef struct {
  const char *sql;       /* or NULL: */
  const char *statement; /* ...one that was prepared in this session */
  const char *param;     /* $1, or NULL: none */
  gboolean is_binary, is_by_row;
  ControlAnswerFn answer;
  gpointer data;
} ControlQuery;

/* Queues a query (copied).  One that fails gives the session up. */
void control_ask (Control *self, const ControlQuery *query);
