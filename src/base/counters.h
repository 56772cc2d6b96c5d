/* SPDX-License-Identifier: ISC
 *
 * Named counters and gauges that an operator may read (/metrics, rollcallctl
 * status).  A name is a Prometheus metric name without the "rollcall_" prefix,
 * optionally with labels: `notify_total`, `requests_total{method="PUBLISH"}`. */
#pragma once
#include <glib.h>

typedef struct Counters Counters;
typedef void (*CountersFn) (const char *name, gint64 value, gpointer data);

Counters *counters_new (void);
void counters_free (Counters *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Counters, counters_free)

/* The cell of a name, made at first use with 0; valid as long as self.  Keep
 * it where the hot path bumps it: (*cell)++. */
gint64 *counters_cell (Counters *self, const char *name);

/* Adds delta to a name; for places that are not hot. */
void counters_add (Counters *self, const char *name, gint64 delta);

/* Calls fn for every name, in alphabetical order. */
void counters_foreach (Counters *self, CountersFn fn, gpointer data);
