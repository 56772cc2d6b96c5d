/* SPDX-License-Identifier: ISC
 *
 * rollcallctl why: what the server reports about two people, for people and for
 * programs. */
#pragma once
#include <glib.h>

/* lines: as service_why gives them.  Aligned text, or one JSON object in a line
 * with an object {"text": ..., NAME: VALUE...} for each name, "rules_matching"
 * and "subscriptions" being arrays of such.  The callers free. */
char *why_text (const char *lines);
char *why_json (const char *lines);

/* The command: prints to stdout, errors to stderr; exit status 0 or 1. */
int ctl_why (const char *socket, const char *watcher, const char *presentity,
             gboolean is_json);
