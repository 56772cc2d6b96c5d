/* SPDX-License-Identifier: ISC
 *
 * The clock as the inside sees it: microseconds, monotonic.  The daemon gives
 * g_get_monotonic_time, a test its own.  Rules name times of day, so there is
 * the wall clock too. */
#pragma once
#include <glib.h>

typedef struct {
  gint64 (*now) (gpointer self);
  gpointer self;
  gint64 (*wall) (gpointer self); /* since 1970; NULL: the system's */
} Clock;

static inline gint64
clock_now (const Clock *clock)
{
  return clock->now (clock->self);
}

static inline gint64
clock_wall (const Clock *clock)
{
  return clock->wall != NULL ? clock->wall (clock->self) : g_get_real_time ();
}
