/* SPDX-License-Identifier: ISC
 *
 * The message class that sofia's parser works with, inside sip/: sofia's own
 * with its extension headers (P-Asserted-Identity and others), and with a
 * request line that survives a Request-URI which cannot be read.  sofia takes
 * such a message for garbage and says nothing; RFC 3261 21.4.1 and 8.2.2.1 want
 * a 400, so that the sender does not repeat it for 32 seconds.  Another version
 * nta refuses by itself, towards the address that Via claims, which may be
 * anybody's: it is hidden from nta, too. */
#pragma once
#include "sip/sofia.h"

#include <glib.h>

/* Makes it sip_default_mclass; once in a process, later calls do nothing. */
void parser_start (void);

/* FALSE: the request line has a method and a version, and what stands between
 * them is no URI.  Its rq_url is then a name that does not exist.  True only of
 * a request as received, not of a copy. */
gboolean parser_could_read_uri (const sip_request_t *line);

/* TRUE: its version, other than SIP/2.0, has been replaced by that.  Of a
 * request as received, likewise. */
gboolean parser_hid_version (const sip_request_t *line);
