/* SPDX-License-Identifier: ISC
 *
 * Calls for many who wait: as long as one has not been sent, more can be added to
 * it.  Each has columns that become the arrays of its statement, and one waiter
 * per row. */
#pragma once
#include "store/array.h"
#include "store/messages-pg.h"

#define GROUP_COLUMNS_MAX 12

typedef enum { GROUP_PUT, GROUP_END, GROUP_COUNT, N_GROUP_KINDS } GroupKind;

typedef struct Groups Groups;
typedef struct Group Group;

/* Who waits for a row. */
typedef struct {
  guint64 id;      /* put, end */
  guint device;    /* hash; end */
  char *recipient; /* count; its own */
  MessagesFn done;
  MessagesCountFn counted; /* count */
  MessagesReadFn read;     /* of an answer that comes later */
  MessagesListFn listed;   /* the same */
  gpointer data;
  gboolean is_found; /* by put */
} Waiter;

/* Config is borrowed. */
Groups *groups_new (const PgMessagesConfig *config);
void groups_free (Groups *self);

/* Adds a row to the call that is open for it, or to a new one: its waiter, which
 * is taken, and what fill appends to each of the columns. */
typedef void (*GroupFillFn) (GByteArray *const *columns, gconstpointer row);
void groups_add (Groups *self, GroupKind kind, const Waiter *waiter,
                 GroupFillFn fill, gconstpointer row);

/* Answers outside the calls, at the end of the turn. */
void groups_answer_later (Groups *self, const Waiter *waiter,
                          MessagesOutcome outcome);
void groups_turn (Groups *self);
