/* SPDX-License-Identifier: ISC
 *
 * DNS by the C library, blocking: for the resolver's threads only. */
#pragma once
#include "sip/plan.h"

typedef struct Lookup Lookup;

/* deadline: monotonic microseconds; after it every look-up is empty.
 * dns_port: ask 127.0.0.1 at this port for NAPTR and SRV instead of the
 * system's servers (tests); 0: no.  Addresses always come by the system's ways,
 * the hosts file among them. */
Lookup *lookup_new (gint64 deadline, guint dns_port);
void lookup_free (Lookup *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lookup, lookup_free)
const PlanLookup *lookup_plan (Lookup *self);
