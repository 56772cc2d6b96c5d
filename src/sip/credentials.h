/* SPDX-License-Identifier: ISC
 *
 * Who a request says it is from: digest credentials (RFC 3261 22) and asserted
 * identities (RFC 3325) as its headers have them.  Knows no agent and no
 * service. */
#pragma once
#include "addr/uri.h"
#include "auth/digest.h"
#include "sip/sofia.h"

/* The AoR that a trusted peer asserts: the first SIP URI of
 * P-Asserted-Identity, else From.  Caller frees. */
char *credentials_asserted (const sip_t *sip, const Uri *from);

/* The n-th (from 0) credentials for realm, Authorization before
 * Proxy-Authorization; NULL when there are no more.  Those that cannot be
 * parsed are passed over. */
DigestCredentials *credentials_find (const sip_t *sip, const char *realm,
                                     guint n);
