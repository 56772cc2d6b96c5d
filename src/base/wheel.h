/* SPDX-License-Identifier: ISC
 *
 * A hashed hierarchical timer wheel: O(1) to arm, move and cancel, for
 * hundreds of thousands of expiries.  It knows no clock: its user says what
 * time it is, in microseconds of the monotonic clock (port/clock.h), so tests
 * run on a fake one.  The resolution is one tick of 64 ms; a timer never fires
 * early. */
#pragma once
#include <glib.h>

typedef struct Wheel Wheel;
typedef struct WheelTimer WheelTimer;

/* Called by wheel_advance; the timer is no longer armed then and may be armed
 * again, or freed with what contains it. */
typedef void (*WheelFn) (WheelTimer *timer, gpointer data);

/* Embedded in what expires; all zero is a valid, not armed timer. */
struct WheelTimer {
  WheelTimer *next, **link; /* intrusive list; link == NULL: not armed */
  gint64 due;               /* in microseconds */
};

Wheel *wheel_new (gint64 now, WheelFn fn, gpointer data);
/* Frees the wheel; armed timers are forgotten, not called. */
void wheel_free (Wheel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wheel, wheel_free)

/* Arms, or moves, the timer to due (a time in the past: the next advance). */
void wheel_arm (Wheel *self, WheelTimer *timer, gint64 due);
/* Does nothing to a timer that is not armed. */
void wheel_cancel (Wheel *self, WheelTimer *timer);
static inline gboolean
wheel_is_armed (const WheelTimer *timer)
{
  return timer->link != NULL;
}

/* Calls fn for every timer due at now, roughly in order of their due time
 * (exact to a tick).  fn may arm and cancel any timer of the wheel. */
void wheel_advance (Wheel *self, gint64 now);

/* Number of armed timers. */
guint wheel_size (const Wheel *self);
