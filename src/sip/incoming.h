/* SPDX-License-Identifier: ISC
 *
 * A request that came in and waits for its one final answer, inside sip/.  The
 * answer is stateless (nta_msg_treply on the transport it came by) and is noted
 * in the table of answers for retransmissions. */
#pragma once
#include "sip/sip-priv.h"

struct SipIncoming {
  Sip *sip;
  nta_agent_t *agent;
  msg_t *msg;    /* owned until the answer */
  sip_t *object; /* sip_object (msg) */
  tport_t *tport; /* a reference */
  guint64 flow;
  char *source; /* "udp:192.0.2.1:5060" */
  gboolean is_trusted;
  char *user;    /* authenticated AoR; NULL: none */
  gint refs;
};

/* Takes msg. Only inside the TransportFn. */
SipIncoming *incoming_new (Sip *sip, nta_agent_t *agent, msg_t *msg);
SipIncoming *incoming_ref (SipIncoming *self);
void incoming_unref (SipIncoming *self);

/* Sends the one final answer: status, phrase (NULL: the standard one), and
 * headers and body by sofia tags.  A second call is a programmer's fault. */
void incoming_reply (SipIncoming *self, int status, const char *phrase,
                     tag_type_t tag, tag_value_t value, ...);
/* Sends what a branch answered: status, phrase, To (tag), Contact, Warning,
 * Retry-After, body and the rest, Vias as they came (RFC 3261 16.7). */
void incoming_relay (SipIncoming *self, SipResponse *response);
