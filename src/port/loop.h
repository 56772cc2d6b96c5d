/* SPDX-License-Identifier: ISC
 *
 * The event loop as adapters see it: descriptors and timers, one thread.  The
 * daemon's is sofia's su_root (sip/loop.h); tests have a poll loop. */
#pragma once
#include <glib.h>

typedef enum { LOOP_READ = 1, LOOP_WRITE = 2 } LoopEvents;
typedef struct LoopWatch LoopWatch;
typedef struct LoopTimer LoopTimer;
typedef void (*LoopFdFn) (int fd, LoopEvents events, gpointer data);
typedef void (*LoopFn) (gpointer data);

typedef struct {
  gpointer self;
  /* Watches fd (made non-blocking); level-triggered; errors and hang-ups are
   * reported as LOOP_READ.  Remove before close(fd); removing inside the
   * callback is fine. */
  LoopWatch *(*watch) (gpointer self, int fd, LoopEvents events, LoopFdFn fn,
                       gpointer data);
  void (*set_events) (gpointer self, LoopWatch *watch, LoopEvents events);
  void (*unwatch) (gpointer self, LoopWatch *watch);
  /* Calls fn every interval milliseconds until the timer is removed (also from
   * inside fn). */
  LoopTimer *(*every) (gpointer self, guint interval_ms, LoopFn fn,
                       gpointer data);
  /* Calls fn once after delay; the timer is gone then. */
  LoopTimer *(*after) (gpointer self, guint delay_ms, LoopFn fn, gpointer data);
  void (*remove_timer) (gpointer self, LoopTimer *timer);
  /* Calls fn once at the end of the current turn, before the loop waits again;
   * what one turn collects goes out in one batch.  Then, or when the loop is
   * freed and fn was never called, destroy (unless NULL) gets data; it may not
   * use the loop. */
  void (*defer) (gpointer self, LoopFn fn, gpointer data,
                 GDestroyNotify destroy);
} LoopPort;
