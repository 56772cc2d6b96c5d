/* SPDX-License-Identifier: ISC
 *
 * What is done with each message that comes in: the order of the checks, and
 * the table of methods. */
#pragma once
#include "sip/sip-priv.h"

/* The TransportFn; data is the Sip. */
void dispatch_message (nta_agent_t *agent, msg_t *msg, sip_t *object,
                       gpointer data);

/* TransportEvents' refused; data is the Sip. Logs and counts. */
void dispatch_refused (const sip_t *object, const char *source, int status,
                       gpointer data);
