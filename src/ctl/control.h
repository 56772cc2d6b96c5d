/* SPDX-License-Identifier: ISC
 *
 * rollcallctl's side of the control socket (admin/control.h). */
#pragma once
#include <glib.h>

/* Sends command and waits for its end.  The lines of the answer are appended to
 * out (may be NULL).  What the daemon refuses is RC_ERROR_BUSY with its words;
 * a daemon that is not there is RC_ERROR_ABSENT; one that is silent for 60 s or
 * hangs up, and a socket that may not be opened, RC_ERROR_IO. */
gboolean ctl_control (const char *socket, const char *command, GString *out,
                      GError **error);

/* The same with another patience than 60 s. */
gboolean ctl_control_for (const char *socket, guint seconds,
                          const char *command, GString *out, GError **error);

/* Lines "name value" as one JSON object in a line; numbers as numbers.  The
 * caller frees. */
char *ctl_json_object (const char *lines);

/* The commands: print to stdout, errors to stderr; exit status 0 or 1. */
int ctl_status (const char *socket, gboolean is_json);
/* The link to the XMPP server; 1 also when there is none, or it is down. */
int ctl_xmpp_status (const char *socket, gboolean is_json);
int ctl_reload (const char *socket);
int ctl_drain (const char *socket, gboolean is_json);
