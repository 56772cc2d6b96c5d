/* SPDX-License-Identifier: ISC
 *
 * Numbers for connections, inside transport.c: a flow (RFC 5626 3.1) is found
 * by the message that came over it and by its number, and is told of when it
 * closes.  A number is never used again. */
#pragma once
#include "sip/transport.h"

typedef struct Flows Flows;

/* closed is called at the end of the turn in which sofia closed the
 * connection; not for those that are open at flows_free. */
Flows *flows_new (LoopPort *loop, TransportClosedFn closed, gpointer data);
/* Before the agents are destroyed. */
void flows_free (Flows *self);

/* The number of this connection; 0 for a primary (UDP) or a closed one. */
guint64 flows_number (Flows *self, nta_agent_t *agent, tport_t *tport);
/* NULL when it is closed or unknown. */
tport_t *flows_find (Flows *self, guint64 number, nta_agent_t **agent_out);
guint flows_count (Flows *self);
