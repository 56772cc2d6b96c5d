/* SPDX-License-Identifier: ISC
 *
 * What of a request goes end to end, when it is written anew later (a MESSAGE
 * that is stored, or goes to many) and not passed on (forward.h). */
#pragma once
#include "sip/sofia.h"

#include <glib.h>

/* The header lines that go end to end (SipOutPort.describe), unfolded, each
 * ending in CRLF; instant_make takes them again.  A header that sofia cannot
 * read, and the second of one that may come once only, are left out.
 * P-Asserted-Identity stays under the rules of forwarding (RFC 3325 5, 7).
 * Caller frees. */
char *describe_headers (const sip_t *sip, gboolean is_trusted);

/* Is this header (len bytes of a name, long or compact) none that goes end to
 * end by these lines: because it belongs to a hop, is a proof, asks for an
 * extension, or is written from other fields of SipMessage? */
gboolean describe_is_left_out (const char *name, gsize len);
