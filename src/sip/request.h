/* SPDX-License-Identifier: ISC
 *
 * What the methods take out of a request, and the methods. */
#pragma once
#include "sip/incoming.h"
#include "sip/status.h"
#include "sip/value.h"

/* The methods that are ours; each answers the request, now or later, and keeps
 * a reference until then.  The sender is known (request->user) and the
 * Request-URI is of our domains, but for request_relay. */
void request_register (SipIncoming *request);
void request_publish (SipIncoming *request);
void request_subscribe (SipIncoming *request);
void request_message (SipIncoming *request);
void request_notify (SipIncoming *request);
/* To another domain. */
void request_relay (SipIncoming *request);

/* The option tags that we understand as the end of a request; and of a MESSAGE
 * to many (RFC 5365 5). */
#define REQUEST_SUPPORTED "path, gruu, outbound"
#define REQUEST_MANY_TAG "recipient-list-message"
/* The same of a SUBSCRIBE (RFC 5367 5; RFC 4662 4.1, which asks subscribers to
 * say it in Supported only). */
#define REQUEST_LIST_TAGS "eventlist, recipient-list-subscribe"
/* Are all tags of required (Require or Proxy-Require, NULL: none) among
 * supported?  FALSE: it has been answered 420 with those that are not. */
gboolean request_is_understood (SipIncoming *request, const char *supported,
                                const msg_list_t *required);

/* Does a host (and port, 0: none given) mean this server: a domain of ours, or
 * an address where we listen? */
gboolean request_is_ours (const Sip *sip, const char *host, guint port);
/* Is it a SUBSCRIBE for an XMPP user or a room of XMPP, which is served here? */
gboolean request_is_for_xmpp (const SipIncoming *request);
/* The AoR of a user of ours that the Request-URI names; where it names us by an
 * address only, To says which domain is meant.  NULL when it names no user.
 * Lives as long as the request. */
const char *request_aor (const SipIncoming *request);
/* The Expires header in seconds; -1: none. */
gint64 request_expires (const SipIncoming *request);
/* Who asks, for service/; lives as long as the request. */
void request_caller (const SipIncoming *request, ServiceCaller *out);
/* Its body, inflated where it was deflated; NULL for none.  The caller frees.
 * FALSE: it cannot be read, and the request has been answered (415, 413, 400). */
gboolean request_body (SipIncoming *request, GBytes **out);
/* The same without an answer; errors as of inflate_body. */
gboolean request_read_body (const SipIncoming *request, GBytes **out,
                            GError **error);
/* Does its Record-Route have a strict router?  We follow loose routes only (RFC
 * 3261 16.12.1.2). */
gboolean request_is_strict (const SipIncoming *request);
/* Allow, for answers that need it. */
const char *request_allow (void);
