/* SPDX-License-Identifier: ISC
 *
 * Error conditions of XMPP and statuses of SIP (RFC 7247 section 7). */
#pragma once
#include "port/xmpp.h"
#include "service/service.h"

/* The status for an error (7.1); is_bare: it is about a bare JID, for which the
 * table has a status of the 6xx class.  What SIP cannot say to a MESSAGE is
 * another one: 401 and 407 need a challenge, which nobody here can make (403),
 * 405 an Allow (501), 301 an address (410), 408 is never answered (504, RFC
 * 4320 4.2). */
guint xmpp_status_of (XmppError error, gboolean is_bare);
/* May the same stanza be taken later? */
gboolean xmpp_error_is_passing (XmppError error);
/* Does it say that a resource is not there? */
gboolean xmpp_error_is_gone (XmppError error);

/* The error for a status (7.2); below 300: XMPP_NO_ERROR. */
XmppError xmpp_error_of (guint status);
/* The error for an answer to a MESSAGE: XMPP_NO_ERROR when it was taken. */
XmppError xmpp_error_of_answer (const MessageAnswer *answer);
