/* SPDX-License-Identifier: ISC
 *
 * Counters and status as Prometheus's text format 0.0.4: every name with the
 * prefix rollcall_, HELP and TYPE before each family; what ends in _total is a
 * counter, all else a gauge. */
#pragma once
#include "http/http.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The caller frees. */
char *metrics_text (Counters *counters, const HttpHooks *hooks);
