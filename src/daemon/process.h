/* SPDX-License-Identifier: ISC
 *
 * What the daemon asks of the operating system: descriptors, another user, a
 * pid file, signals as a descriptor. */
#pragma once
#include <glib.h>

/* Raises the limit of open files to n, as far as the system lets it. */
void process_raise_files (guint64 n);

/* Becomes this user and his groups; an empty name or his own: nothing. */
gboolean process_become (const char *user, GError **error);

/* Writes our pid; an empty path: nothing. */
gboolean process_write_pid (const char *path, GError **error);

/* A non-blocking signalfd for SIGTERM, SIGINT and SIGHUP, which are blocked;
 * SIGPIPE is ignored. -1 and error when there is none. */
int process_signals (GError **error);
/* The next pending signal, 0 for none. */
int process_next_signal (int fd);
