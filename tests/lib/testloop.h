/* SPDX-License-Identifier: ISC
 *
 * A loop for tests on poll(2), and the real clock. */
#pragma once
#include "port/clock.h"
#include "port/loop.h"

typedef struct TestLoop TestLoop;

TestLoop *test_loop_new (void);
/* Runs what is still deferred, then frees; everything else must be gone. */
void test_loop_free (TestLoop *self);
LoopPort *test_loop_port (TestLoop *self);

/* One turn: waits for at most timeout_ms, then callbacks, then what they
 * deferred. */
void test_loop_turn (TestLoop *self, int timeout_ms);
/* Turns until is_done (data); FALSE after timeout_ms. */
gboolean test_loop_run_until (TestLoop *self,
                              gboolean (*is_done) (gpointer data),
                              gpointer data, guint timeout_ms);
/* Turns until *flag. */
gboolean test_loop_run_until_set (TestLoop *self, const gboolean *flag,
                                  guint timeout_ms);

/* g_get_monotonic_time as a Clock. */
const Clock *test_clock (void);
