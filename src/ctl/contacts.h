/* SPDX-License-Identifier: ISC
 *
 * What the commands for contacts share: results, and how they are counted and
 * explained. */
#pragma once
#include "ctl/ctl.h"

typedef struct {
  guint added, exists, refused;
  guint seen; /* a bit for each result that was refused */
} ContactTally;

/* Lifts the limits of this session when --bypass-limits was given. */
gboolean contacts_prepare (Ctl *self);
/* Counts a result of rollcall.add_contacts ("added", "limit", ...). */
void contacts_count (ContactTally *tally, const char *result);
/* Says to stderr what the results mean that were refused, a line each. */
void contacts_explain (const ContactTally *tally);
/* Prints "RESULT URI" or, with owner, "RESULT OWNER URI". */
void contacts_print (const char *result, const char *owner, const char *uri);
