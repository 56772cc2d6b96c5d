/* SPDX-License-Identifier: ISC
 *
 * Text for a terminal: broken into lines, without what would move its cursor. */
#pragma once
#include <glib.h>

/* Breaks text at its spaces into lines of at most width characters (a longer
 * word stays whole); all but the first are indented.  The caller frees. */
char *wrap_text (const char *text, guint width, guint indent);

/* A copy in which control characters, and bytes that are no UTF-8, are '?'. */
char *ctl_plain (const char *text);
