/* SPDX-License-Identifier: ISC
 *
 * A request passed on (RFC 3261 16.6): the copy as it leaves, and the way it
 * goes.  nta adds the Via. */
#pragma once
#include "port/sip_out.h"
#include "sip/sofia.h"
#include "sip/way.h"

/* What the copy must know of us. */
typedef struct {
  gpointer data;
  gboolean (*is_self) (gpointer data, const char *host, guint port);
  gboolean (*is_our_realm) (gpointer data, const char *realm);
  gboolean is_trusted; /* the request came from a trusted peer */
} ForwardRules;

/* A copy of request for target; shares its bytes and keeps it alive.  NULL, and
 * *status_out: 483 no hops left, 400 target or path is no address, 500 no
 * memory. */
msg_t *forward_copy (msg_t *request, const SipTarget *target,
                     const ForwardRules *rules, guint *status_out);

/* Aims msg, a request of ours without Route: the Request-URI (target->target,
 * not NULL) and the Route (target->path).  0; 400 or 500 as above. */
guint forward_aim (msg_t *msg, const SipTarget *target);

/* Must an asserted identity stay within the network (RFC 3325 7)? */
gboolean forward_wants_privacy (const sip_t *sip);

/* What is allowed of UDP, as in WaySize. */
typedef struct {
  gsize udp_max;
  gsize message_udp_max; /* of a MESSAGE: above it TCP comes first */
} ForwardSizes;

/* How a copy goes: flow, received, else its first Route or Request-URI. */
void forward_way (msg_t *copy, const SipTarget *target,
                  const ForwardSizes *sizes, Way *out);
