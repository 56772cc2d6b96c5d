/* SPDX-License-Identifier: ISC
 *
 * The server looks at itself every ten seconds (admin/checks.h) and writes what
 * it found to the table `health`: every half minute, and when something became
 * better or worse.  While PostgreSQL is away the findings are here. */
#pragma once
#include "admin/checks.h"
#include "port/clock.h"
#include "port/loop.h"

typedef struct Health Health;

#define HEALTH_LOOK 10  /* seconds between two looks */
#define HEALTH_WRITE 30 /* seconds between two writes */

typedef struct {
  /* Microseconds since 1970. */
  gint64 (*real_time) (gpointer data);
  /* Fills in what the store and the clocks do not say; facts are zero. */
  void (*gather) (CheckFacts *facts, gpointer data);
  gpointer data;
} HealthHooks;

Health *health_new (LoopPort *loop, StorePort *store, const Clock *clock,
                    const HealthHooks *hooks);
/* After the last turn of the loop: the store may hold calls that are to come. */
void health_free (Health *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Health, health_free)

/* Looks, and writes. */
void health_look (Health *self);

/* Looks, and gives the findings, a line each: test, outcome, problem and
 * solution, with tabs between them.  The caller frees. */
char *health_lines (Health *self);
