/* SPDX-License-Identifier: ISC
 *
 * When that which a subscription tells of is read again, as a state table: what
 * changes while it is read is read once more, and what could not be read is
 * tried again.  The caller keeps the state and carries the actions out. */
#pragma once
#include <glib.h>

/* How long after a failed reading it is tried again, should nobody say that
 * PostgreSQL is back. */
#define REREAD_RETRY_MS 10000

typedef enum {
  REREAD_FRESH,       /* nothing has changed since it was read */
  REREAD_DUE,         /* to be read when its time comes */
  REREAD_READING,     /* being read */
  REREAD_READING_OLD, /* the same, but something has changed since */
  REREAD_AWAY,        /* could not be read */
  N_REREAD,
  REREAD_REJECT, /* as a row's target: the pair cannot be */
} RereadState;

typedef enum {
  REREAD_CHANGED,
  REREAD_TIME,   /* its timer */
  REREAD_GOT,    /* the reading ended */
  REREAD_FAILED, /* ...without success */
  REREAD_BACK,   /* PostgreSQL is back */
  N_REREAD_EVENTS
} RereadEvent;

/* Actions of a row, in this order. */
enum {
  REREAD_DO_READ = 1 << 0,
  REREAD_DO_RETRY = 1 << 1, /* REREAD_TIME after REREAD_RETRY_MS */
  REREAD_DO_WAIT = 1 << 2,  /* REREAD_TIME as soon as the caller's pace allows */
  REREAD_DO_TELL = 1 << 3,
};

typedef struct {
  guint8 to; /* RereadState; a timer is stopped when it is another one */
  guint8 actions;
  const char *why;
} RereadRow;

/* Static. */
const RereadRow *reread_row (RereadState from, RereadEvent event);
