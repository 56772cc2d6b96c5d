/* SPDX-License-Identifier: ISC
 *
 * Who sent a request (DESIGN section 8): what a trusted peer asserts (RFC
 * 3325), or digest (RFC 3261 22) against the user that From names. */
#pragma once
#include "sip/incoming.h"

/* Sets request->user.  FALSE: the request has been answered: 401, or 407 when
 * it is to be relayed, or 403. */
gboolean identity_establish (SipIncoming *request, gboolean is_relay);
