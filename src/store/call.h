/* SPDX-License-Identifier: ISC
 *
 * One statement with an answer of its own on a lane, among its rows: a question,
 * or a write that is never kept for later.  A write whose answer was lost with
 * the session is sent again, and told so, since its outcome is not known; once
 * its lane has been away meanwhile it is only asked what became of it. */
#pragma once
#include <libpq-fe.h>

#include "port/store.h"

#define CALL_PARAMS_MAX 12

typedef enum { CALL_FIRST, CALL_AGAIN, CALL_RESOLVE } CallAttempt;

typedef struct Call Call;
struct Call {
  const char *statement; /* prepared on each lane; static */
  guint n_params;
  /* In text format and NUL-terminated, or binary; NULL: SQL's NULL.  The last
   * one of a write without prepare is set by the lane: "first", "again",
   * "resolve". */
  GBytes *params[CALL_PARAMS_MAX];
  gboolean is_binary[CALL_PARAMS_MAX];
  gboolean is_write;
  gboolean is_soft; /* a write that need not be on disk when it is answered */
  gboolean is_lasting; /* never settled with AWAY */
  guint weight;        /* rows that it stands for; 0 counts as 1 */
  /* Before it is sent, each time: sets statement and parameters; or NULL. */
  void (*prepare) (Call *self, CallAttempt attempt);
  /* Its lane is away and its outcome not known: who waits is told AWAY, and from
   * now on it is to be undone; may come several times; or NULL. */
  void (*late) (Call *self);
  /* A result of it, in binary format, not yet committed; each replaces the one
   * before.  Sets is_busy when nothing was done and it is to be sent again in a
   * moment. */
  void (*take) (Call *self, const PGresult *result);
  /* Once; COMMITTED: as taken; AWAY: nothing was or will be written. */
  void (*settle) (Call *self, StoreOutcome outcome);
  void (*free) (Call *self);

  /* The lane's. */
  gboolean is_busy, is_sent, is_late, is_settled;
  CallAttempt attempt; /* the last one */
  gint64 since, retry_at;
};

/* Appends a parameter; text NULL: NULL. */
void call_add_text (Call *self, const char *text);
void call_add_bytes (Call *self, GBytes *bytes);
/* text[]; n strings, of which some may be NULL. */
void call_add_texts (Call *self, const char *const *texts, guint n);
/* Forgets all parameters. */
void call_clear_params (Call *self);
/* Sends it, in pipeline mode. */
gboolean call_send (Call *self, PGconn *pg);
void call_settle (Call *self, StoreOutcome outcome);
/* It is late: see there. */
void call_come_late (Call *self);
/* Committed, but too late: what it did is still to be undone. */
gboolean call_is_to_undo (const Call *self);
/* Not settled any more. */
void call_free (Call *self);
