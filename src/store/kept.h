/* SPDX-License-Identifier: ISC
 *
 * Rows that wait for PostgreSQL to come back: one per key, the newest, each on
 * its own. */
#pragma once
#include "store/submit.h"

typedef struct Kept Kept;

Kept *kept_new (void);
void kept_free (Kept *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Kept, kept_free)

/* Newer than all in it: replaces what it has for the same row.  Takes the
 * submit, which is split into its rows. */
void kept_add_newer (Kept *self, Submit *submit);
/* Older than all in it: heeded only where it has nothing for the row. */
void kept_add_older (Kept *self, Submit *submit);
/* The oldest, a submit of one row with is_kept set, or NULL.  Given. */
Submit *kept_pop (Kept *self);
guint kept_size (const Kept *self);
