/* SPDX-License-Identifier: ISC
 *
 * The commands of the control socket, without the socket. */
#pragma once
#include "admin/control.h"

typedef struct {
  Service *service;
  ControlHooks hooks;
} Commands;

/* The end of a command: lines (each with its newline) and then, when error is
 * NULL, success.  Both borrowed. */
typedef void (*CommandFn) (const char *lines, const char *error, gpointer data);

/* Runs one line; fn is called exactly once, inside the call or later. */
void commands_run (Commands *self, const char *line, CommandFn fn,
                   gpointer data);
