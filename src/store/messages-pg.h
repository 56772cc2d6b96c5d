/* SPDX-License-Identifier: ISC
 *
 * Messages in PostgreSQL: port/messages.h as calls on a lane.  What comes until
 * it can send is one call for all (messages-group.h); the ledger
 * has a buffer of its own (messages-ledger.h). */
#pragma once
#include "base/counters.h"
#include "port/clock.h"
#include "port/loop.h"
#include "port/messages.h"
#include "store/call.h"

typedef struct PgMessages PgMessages;

typedef struct {
  /* Takes the call to the lane of messages. */
  void (*submit) (Call *call, gpointer data);
  /* Call pg_messages_turn at the end of this turn. */
  void (*wants_turn) (gpointer data);
  LoopPort *loop;
  const Clock *clock;
  Counters *counters;
  gpointer data;
} PgMessagesConfig;

PgMessages *pg_messages_new (const PgMessagesConfig *config);
/* After the lane.  Who waits is not called. */
void pg_messages_free (PgMessages *self);
MessagesPort *pg_messages_port (PgMessages *self);

/* Answers what is not answered inside a call. */
void pg_messages_turn (PgMessages *self);
/* Writes what the ledger has buffered so far; done when is_flushed, of which the
 * lane's changes tell. */
void pg_messages_flush (PgMessages *self);
gboolean pg_messages_is_flushed (const PgMessages *self);
