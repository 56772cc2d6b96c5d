/* SPDX-License-Identifier: ISC
 *
 * Reads contacts, decisions and rules of users at need: one query in flight for
 * all who were asked for meanwhile; where they keep coming they gather. */
#pragma once
#include "port/clock.h"
#include "port/loop.h"
#include "port/store.h"
#include "store/control.h"

typedef struct Policies Policies;

Policies *policies_new (Control *control, LoopPort *loop, const Clock *clock);
/* Who waits is not called. */
void policies_free (Policies *self);

/* As load_policy of the port. */
void policies_ask (Policies *self, const char *aor, StorePolicyFn done,
                   gpointer data);
/* The control session is there, and what is loaded as a whole has been asked
 * for: from now on it looks rows up by an index. */
void policies_start (Policies *self);
/* Reads what was asked for, if it can. */
void policies_read (Policies *self);
/* The control session is lost: what was being read is read again, after
 * policies_start. */
void policies_lost (Policies *self);
/* Tells all that asked before a time (us) that PostgreSQL is away. */
void policies_give_up (Policies *self, gint64 before);
/* Somebody waits. */
gboolean policies_is_waiting (const Policies *self);
