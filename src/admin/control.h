/* SPDX-License-Identifier: ISC
 *
 * The control socket, a stream in the file system ([server] control_socket) for
 * rollcallctl: who may open it may command the daemon.  A command is a line,
 * its answer lines of text and then `ok` or `error TEXT`; several commands may
 * follow each other on one connection.
 *
 *   sync                   what was changed in the database is in force
 *   status                 lines "name value"
 *   reload                 reads the configuration file again
 *   drain                  ends every dialog (deactivated); "dialogs N"
 *   why WATCHER PRESENTITY lines of service_why
 *   message FROM TEXT to URI...
 *   message FROM TEXT group OWNER NAME
 *   message FROM TEXT all
 *                          writes to many (service_send); words are escaped as in
 *                          URIs: "stored N", "refused N", "not_stored N",
 *                          "call_id ID"
 *   rooms list             lines of service_rooms_list
 *   rooms show ROOM        lines of service_rooms_show
 *   rooms kick ROOM USER [REASON]
 *                          words are escaped as in URIs
 *   health                 what it found of itself: lines "test outcome problem
 *                          solution" with tabs between them
 *   xmpp                   lines "name value" of the link to the XMPP server
 *   level LEVEL [ROOMS]    log level, and rooms whose debug lines are written
 */
#pragma once
#include "service/service.h"

typedef struct Control Control;

/* Bounds. */
#define CONTROL_CLIENTS 16
#define CONTROL_LINE 65536 /* bytes of a command: a text and its recipients */
#define CONTROL_TEXT 16384 /* bytes of a text, which is three times as long when
                              every byte is escaped */
#define CONTROL_TIMEOUT 30 /* seconds without a command */

typedef struct {
  /* Reads the configuration again; on error the old one stays in force. */
  gboolean (*reload) (gpointer data, GError **error);
  gpointer data;
  /* The lines of `health`, and of `xmpp`, which the caller frees. */
  char *(*health) (gpointer data);
  char *(*xmpp) (gpointer data);
} ControlHooks;

/* Opens path (mode 0660).  What a killed daemon left there is removed; a socket
 * that somebody serves is RC_ERROR_BUSY, any other file RC_ERROR_CONFIG, what
 * the system refuses RC_ERROR_IO; the message names path. */
Control *control_socket_new (LoopPort *loop, const char *path, Service *service,
                      const ControlHooks *hooks, GError **error);
/* Ends every connection and removes path, when it is still ours. */
void control_socket_free (Control *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Control, control_socket_free)
