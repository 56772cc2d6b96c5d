/* SPDX-License-Identifier: ISC
 *
 * Token buckets, one per name (a source address, a user), in a table of fixed
 * size: no allocation, whatever is sent.  Knows no clock. */
#pragma once
#include <glib.h>

typedef struct Limit Limit;

/* rate: tokens a second, 0: no limit; a bucket holds burst seconds' worth.
 * buckets: how many names are told apart; when more are active the bucket that
 * was not used for longest is given to the newcomer, full. */
Limit *limit_new (guint rate, guint burst, guint buckets);
void limit_free (Limit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Limit, limit_free)
void limit_set_rate (Limit *self, guint rate, guint burst);

/* Takes a token of name's; FALSE: there is none now.  now: microseconds,
 * monotonic. */
gboolean limit_take (Limit *self, const char *name, gint64 now);
/* Is there one?  Takes nothing. */
gboolean limit_has (Limit *self, const char *name, gint64 now);
