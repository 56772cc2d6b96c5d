/* SPDX-License-Identifier: ISC
 *
 * How long to wait before connecting again: from a second up to a bound, twice
 * as long after each failure, less up to half of it by chance, so that servers
 * which lost one peer do not come back all at once.  Knows no clock. */
#pragma once
#include <glib.h>

typedef struct {
  guint failures; /* in a row */
} Backoff;

/* How long an uptime must be so that the next wait is a short one. */
#define BACKOFF_STABLE_US (10 * G_USEC_PER_SEC)

/* The link was up for uptime (us; 0: it never came up) and is not any more.
 * max: seconds.  chance: 0 to 1.  Returns ms. */
guint backoff_next (Backoff *self, gint64 uptime, guint max, double chance);
