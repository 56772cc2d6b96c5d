/* SPDX-License-Identifier: ISC
 *
 * The control command `message` (admin/control.h) as a line: its words are
 * escaped as in URIs, so that a text may have any letters and several lines. */
#pragma once
#include <glib.h>

/* Whose contacts, or to whom, or (all NULL) to every user. */
typedef struct {
  const char *from;      /* AoR */
  const char *const *to; /* URIs, NULL at the end */
  const char *owner, *group;
  const char *text;
  gsize len;
} Sending;

/* The line; the caller frees.  RC_ERROR_SYNTAX: text is empty or no UTF-8;
 * RC_ERROR_BOUND: it is too long, or there are too many recipients for a line. */
char *send_line (const Sending *self, GError **error);
