/* SPDX-License-Identifier: ISC
 *
 * Where no TCP connection could be opened though UDP reaches it: phones behind a
 * NAT, and those that speak no TCP.  Remembered for a while, so that not every
 * large request waits for it (RFC 3261 18.1.1). */
#pragma once
#include "sip/resolve.h"

typedef struct Streamless Streamless;

#define STREAMLESS_MAX 16384   /* hops remembered; the longest ago goes first */
#define STREAMLESS_MEMORY 3600 /* seconds */

Streamless *streamless_new (void);
void streamless_free (Streamless *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Streamless, streamless_free)

/* No connection could be opened to hop.  now: microseconds, monotonic. */
void streamless_note (Streamless *self, const ResolverHop *hop, gint64 now);
gboolean streamless_knows (Streamless *self, const ResolverHop *hop,
                           gint64 now);
guint streamless_count (const Streamless *self);
