/* SPDX-License-Identifier: ISC
 *
 * A MESSAGE of our own making (RFC 3428 4): one that was stored, or that goes to
 * many.  Written as text and parsed by sofia, so that what is in it is what the
 * sender wrote. */
#pragma once
#include "port/sip_out.h"
#include "sip/sofia.h"

/* The request that leaves to target.  NULL, and *status_out: 400 something of
 * it is not legal, 500 no memory.  Legal is, of headers: lines of `name: value`
 * in UTF-8 that end in CRLF, without other control bytes than the tab, one From
 * with a tag, one To, and none that this server writes or that belongs to a hop
 * (describe.h).  Others that sofia cannot read are left out. */
msg_t *instant_make (const SipMessage *message, const SipTarget *target,
                     guint *status_out);

/* For the log: its Call-ID, or a word where that is not legal. */
const char *instant_call_id (const SipMessage *message);
