/* SPDX-License-Identifier: ISC
 *
 * The advisory locks of a database: one daemon, and its writers.  A daemon that
 * takes the first waits until no writer of a dead one is left. */
#pragma once

#define LOCK_CLASS 1380928833 /* "ROLA" */
#define LOCK_DAEMON 1         /* exclusive, of the daemon's control session */
#define LOCK_WRITERS 2        /* shared, of each writing session */
#define LOCK_MIGRATION 3      /* exclusive, of rollcallctl db */
/* 4: of a transaction that writes an rls-services document (sql/, put_document) */
