/* SPDX-License-Identifier: ISC
 *
 * Whose fault an error of PostgreSQL's is, by its SQLSTATE (PostgreSQL,
 * appendix A). */
#pragma once
#include <glib.h>

/* The row's, not the server's?  Data, constraints, and what the schema says of
 * itself; not resources, operators, crashes, read-only standbys. */
gboolean sqlstate_is_of_row (const char *sqlstate);
/* Does somebody hold a lock: lock_timeout, or a deadlock that was ended? */
gboolean sqlstate_is_of_lock (const char *sqlstate);
