/* SPDX-License-Identifier: ISC
 *
 * The real PostgreSQL of tests/lib/with-postgres: an administrator's session,
 * and what can happen to a server. */
#pragma once
#include <libpq-fe.h>

#include "tests/contract/rig.h"

/* Milliseconds; beyond what a loaded machine lets a living server wait. */
#define HUNG_AFTER 1500

/* Runs statements as an administrator; one that fails fails the test. */
void admin (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Runs one that must fail; the error message, for g_free. */
char *admin_refused (const char *sql);
/* First column of the first row, for g_free; NULL when there is none. */
char *admin_value (const char *format, ...) G_GNUC_PRINTF (1, 2);
void assert_value (const char *sql, const char *expected);
/* Closes the session; the next call opens another. */
void admin_close (void);
/* Another session, for what takes time. */
PGconn *admin_session (void);
void session_exec (PGconn *session, const char *sql);

/* Signals the postmaster and all its children. */
void server_signal (int signal);
/* Kills all of it, and starts it again. */
void server_kill (void);
void server_start (void);

StorePg *pg_store_new (Rig *rig, const char *dsn, guint connections);
extern const RigKind rig_kind_pg;

/* The main of a program with these tests. */
int pg_main (int argc, char **argv, void (*add_tests) (void));

/* /store/pg/...: what only a real server can do. */
void fault_add_tests (void);
void documents_pg_add_tests (void);
void messages_pg_add_tests (void);
void follow_add_tests (void);
void gather_add_tests (void);
void policies_add_tests (void);
