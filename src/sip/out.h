/* SPDX-License-Identifier: ISC
 *
 * Client transactions inside sip/: NOTIFY, SUBSCRIBE, forwarded requests; the
 * SipOutPort that service/ acts through. */
#pragma once
#include "sip/incoming.h"
#include "sip/peers.h"
#include "sip/resolve.h"

typedef struct SipOut SipOut;

SipOut *sip_out_new (Sip *sip, Transport *transport, Resolver *resolver,
                     const Conf *conf, Counters *counters);
void sip_out_free (SipOut *self);
/* Takes [message] udp_max into force. */
void sip_out_reload (SipOut *self, const Conf *conf);
SipOutPort *sip_out_port_of (SipOut *self);
/* Client transactions that have not ended. */
guint sip_out_pending (SipOut *self);
/* Other domains' servers that do not answer; borrowed. */
Peers *sip_out_peers (SipOut *self);
/* A connection closed: what is unanswered on it has failed (nta would wait for
 * its timer F), told in the next turn. */
void sip_out_flow_closed (SipOut *self, guint64 flow);

/* The response behind a SipResponse. */
struct SipResponse {
  msg_t *msg;
  sip_t *object;
  gint refs;
};
