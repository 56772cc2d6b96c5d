/* SPDX-License-Identifier: ISC
 *
 * A request that came in and waits for its one final answer, inside sip/.  The
 * answer is stateless (nta_msg_treply on the transport it came by) and is noted
 * in the table of answers for retransmissions. */
#pragma once
#include "sip/check.h"
#include "sip/sip-priv.h"

struct SipIncoming {
  Sip *sip;
  nta_agent_t *agent;
  msg_t *msg;     /* a reference, for as long as this lives */
  sip_t *object;  /* sip_object (msg) */
  tport_t *tport; /* a reference, until it is answered */
  guint64 flow;
  char *source; /* "udp:192.0.2.1:5060" */
  gboolean is_trusted;
  char *user;      /* authenticated or asserted AoR; NULL: none */
  Checked checked; /* what check_request parsed */
  gboolean is_answered;
  gint refs;
};

/* Takes msg. Only inside the TransportFn. The message, and what its headers
 * point to, stays as long as somebody holds a reference, also after the
 * answer. */
SipIncoming *incoming_new (Sip *sip, nta_agent_t *agent, msg_t *msg);
SipIncoming *incoming_ref (SipIncoming *self);
void incoming_unref (SipIncoming *self);

/* Did it come over UDP, so that its sender repeats it? */
gboolean incoming_is_datagram (const SipIncoming *self);
/* What tells this request from others over UDP; borrowed from the message. */
AnswersKey incoming_key (const SipIncoming *self);
/* Over UDP: has the same request come before? Then it is answered as then, or
 * dropped while that is being worked on, and TRUE returned. */
gboolean incoming_is_repeated (SipIncoming *self);

/* Sends the one final answer: status, phrase (NULL: the standard one), and
 * headers and body by sofia tags.  To gets a tag when it has none.  A 408 is
 * never sent (RFC 4320 4.2).  A second call is a programmer's fault. */
void incoming_reply (SipIncoming *self, int status, const char *phrase,
                     tag_type_t tag, tag_value_t value, ...);
/* Sends what a branch answered: status, phrase and all its headers but Via,
 * and its body; Vias as they came (RFC 3261 16.7).  A 2xx to a MESSAGE without
 * what RFC 3428 bars there. */
void incoming_relay (SipIncoming *self, SipResponse *response);
