/* SPDX-License-Identifier: ISC
 *
 * What rollcallctl shows of text conferences: the lines of the control socket's
 * `rooms list` and `rooms show` (admin/control.h) for people and programs. */
#pragma once
#include <glib.h>

/* The caller frees. */
char *rooms_list_text (const char *lines);
char *rooms_list_json (const char *lines);
char *rooms_show_text (const char *lines);
char *rooms_show_json (const char *lines);

/* The commands: print to stdout, errors to stderr; exit status 0 or 1.  args:
 * what follows the command's name, NULL at the end. */
int ctl_rooms_list (const char *socket, gboolean is_json);
int ctl_rooms_show (const char *socket, const char *room, gboolean is_json);
int ctl_rooms_kick (const char *socket, char **args, gboolean is_json);
