/* SPDX-License-Identifier: ISC
 *
 * What the running server can find wrong with itself.  Each check is a row of
 * one table and looks at plain facts; it knows no socket, file or clock.  A new
 * service (XMPP, conferences) is a row more, and facts of its own. */
#pragma once
#include "port/store.h"

/* The certificate that TLS listeners show. */
typedef struct {
  gboolean is_used; /* is there a TLS listener? */
  const char *file;
  char *error;          /* why the files cannot be used now; NULL: they can */
  gint64 ends, begins;  /* of what is in the file; seconds since 1970 */
  gint64 ends_in_force; /* of what is shown now */
} CheckTls;

/* The link to the XMPP server. */
typedef struct {
  gboolean is_used, is_up;
  const char *peer;
  gint64 since; /* monotonic: of is_up */
  const char *error;
} CheckXmpp;

/* How things are at one time; what is not known is 0 or NULL. */
typedef struct {
  gint64 real;      /* us since 1970 */
  gint64 monotonic; /* us */
  gboolean is_ready, is_stopping;
  gboolean has_database;
  StoreLag lag;
  gint64 sync_took;   /* us of the last sync; -1: none has ended */
  gint64 sync_since;  /* monotonic time at which the one under way began; 0 */
  gint64 clock_ahead; /* us that our clock is before PostgreSQL's, at least */
  gint64 jump;        /* us that our clock was moved by; 0: it was not */
  gint64 jumped_at;   /* real time of that */
  guint connections, max_connections;
  guint64 refused; /* connections, since the start */
  guint64 files, max_files;
  CheckTls tls;
  CheckXmpp xmpp;
  guint n_unreachable;    /* subscriptions */
  GPtrArray *unreachable; /* char *: "bob@example.com (of alice@...)", some */
  gboolean has_rooms;     /* is there a link to rooms? */
  guint n_outside;        /* users who are not let into their rooms again */
  GPtrArray *outside; /* char *: "alice@example.com (verona@rooms..., 75 s)" */
  GPtrArray *peers;   /* char *: domains that do not answer, and why */
} CheckFacts;

void check_facts_clear (CheckFacts *self);

typedef struct {
  const char *test;         /* of the table */
  const char *outcome;      /* "ok", "warning" or "failed" */
  char *problem, *solution; /* NULL with "ok" */
} CheckFinding;

void check_finding_free (gpointer finding);

/* Appends a CheckFinding for each check that concerns this server, in the
 * table's order.  before: the facts of the look before; NULL: it is the first.
 */
void checks_run (const CheckFacts *now, const CheckFacts *before,
                 GPtrArray *findings);
