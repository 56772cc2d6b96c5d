/* SPDX-License-Identifier: ISC
 *
 * Is a request sane?  What is answered 4xx or 505 before anybody looks at what
 * it asks for (RFC 3261 8.2, 16.3; RFC 4475).  Knows no agent and no service,
 * so that tests feed it messages as text. */
#pragma once
#include "addr/uri.h"
#include "sip/sofia.h"

typedef struct {
  gsize max_body;    /* bytes */
  guint max_headers; /* fields, the request line included */
} CheckLimits;

/* What a check found, and what it parsed on the way. */
typedef struct {
  Uri *uri;       /* Request-URI; sip or sips */
  Uri *from, *to; /* any scheme of addr/uri.h; pres: and im: read as sip: */
} Checked;
void checked_clear (Checked *self);

typedef struct {
  int status;
  const char *sentence; /* reason phrase, and what the log says */
} CheckFault;

/* Checks a request (never an ACK).  NULL: it is sane, and checked is filled
 * (the caller clears it in any case).  Takes maddr out of the top Via, for it
 * would aim the answer (stack.md section 7, row 4). */
const CheckFault *check_request (sip_t *sip, const CheckLimits *limits,
                                 Checked *checked);

/* Of the option tags in a Require or Proxy-Require those that supported (comma
 * separated) lacks, as an Unsupported header on home; NULL when there is none.
 */
sip_unsupported_t *check_extensions (su_home_t *home, const char *supported,
                                     const msg_list_t *required);

/* Max-Forwards is 0 (RFC 3261 16.3 step 3). */
gboolean check_is_last_hop (const sip_t *sip);
