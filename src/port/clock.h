/* SPDX-License-Identifier: ISC
 *
 * The clock as the inside sees it: microseconds, monotonic.  The daemon gives
 * g_get_monotonic_time, a test its own. */
#pragma once
#include <glib.h>

typedef struct {
  gint64 (*now) (gpointer self);
  gpointer self;
} Clock;

static inline gint64
clock_now (const Clock *clock)
{
  return clock->now (clock->self);
}
