/* SPDX-License-Identifier: ISC
 *
 * A LoopPort whose time stands still until a test moves it: timers and deferred
 * calls, no descriptors.  Its Clock is the same time. */
#pragma once
#include "port/clock.h"
#include "port/loop.h"

typedef struct FakeLoop FakeLoop;

FakeLoop *fake_loop_new (void);
/* Asserts that nobody left a timer behind. */
void fake_loop_free (FakeLoop *self);
LoopPort *fake_loop_port (FakeLoop *self);
const Clock *fake_loop_clock (FakeLoop *self);
/* Sets the wall clock, which goes on from there; at first it is
 * 2003-12-24T16:00:00Z. */
void fake_loop_set_wall (FakeLoop *self, const char *time);
/* Runs what was deferred, and what that defers, until nothing is left. */
void fake_loop_settle (FakeLoop *self);
/* Moves time by seconds in steps of 50 ms, running timers and deferred calls.
 */
void fake_loop_run (FakeLoop *self, double seconds);
