/* SPDX-License-Identifier: ISC
 *
 * The subscriber's side of RFC 6665 on the wire: SUBSCRIBEs of ours to servers
 * of other domains, and their answers.  NOTIFYs to them are request_notify.
 *
 * Traps.  The route set comes from the NOTIFY that makes the dialog, not from
 * the 2xx (RFC 6665 4.4.1).  `eventlist` is not in Supported: a list at the
 * other end is answered 421, so that lists which name each other make no loop
 * (RFC 4662 7.4).  A NOTIFY proves who it is from by the tags alone, which only
 * whom we asked can know. */
#pragma once
#include "port/sip_out.h"
#include "sip/sofia.h"
#include "sip/way.h"

/* The whole request but its Via, appended to out.  contact: ours.  FALSE: a
 * field has control bytes or a URI has brackets, or there is no contact; out is
 * as it was. */
gboolean subscriber_write (const SipSubscribe *subscribe, const char *contact,
                           GString *out);
/* How it goes: by its first route, else to its target. */
void subscriber_way (const SipSubscribe *subscribe, WaySize size, Way *out);
/* The host that it goes to, for people; NULL: none.  Caller frees. */
char *subscriber_peer (const SipSubscribe *subscribe);

/* What a final response says; target lives on home. */
void subscriber_read_answer (su_home_t *home, const sip_t *response,
                             WatchAnswer *out);
/* What a NOTIFY says, but its body; values live on home and in sip. */
void subscriber_read_notify (su_home_t *home, const sip_t *sip,
                             WatchNotify *out);
