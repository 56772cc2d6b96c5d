/* SPDX-License-Identifier: ISC
 *
 * NOTIFY (RFC 6665): the request as bytes, the way it goes, and what its answer
 * means.  It is written as text and parsed by sofia when it leaves: what waits
 * for its turn is small, and what a client sent us (Event) or wants exactly
 * (Content-Type) goes out byte for byte. */
#pragma once
#include "port/sip_out.h"
#include "sip/sofia.h"
#include "sip/way.h"

/* Everything but the body, up to and with the empty line, appended to out; with
 * a Content-Length always.  contact: our Contact where the dialog has none, or
 * NULL.  FALSE: a field has control bytes or a URI has brackets; out is as it
 * was. */
gboolean notify_write (const SipNotify *notify, const char *contact,
                       GString *out);

/* Writes what notify_write wrote with the short names of its headers (RFC 3261
 * 7.3.3). */
void notify_compact (GString *head);

/* How it goes (DESIGN section 5): the flow; received; the route set; the UDP
 * source of the last SUBSCRIBE; for a trusted peer its Contact. */
void notify_way (const SipNotify *notify, WaySize size, Way *out);

/* RFC 6665 4.2.2; is_internal: nobody answered, nta says so. */
SubsNotifyResult notify_result (guint status, gboolean is_internal);
