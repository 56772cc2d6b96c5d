/* SPDX-License-Identifier: ISC
 *
 * Who a request says it is from: digest credentials (RFC 3261 22) and asserted
 * identities (RFC 3325) as its headers have them, and which hash of a user
 * belongs to them.  Knows no agent and no service. */
#pragma once
#include "addr/uri.h"
#include "auth/digest.h"
#include "port/store.h"
#include "sip/sofia.h"

/* The AoR that a trusted peer asserts: the first SIP URI of
 * P-Asserted-Identity, else From.  Caller frees. */
char *credentials_asserted (const sip_t *sip, const Uri *from);

/* The n-th (from 0) credentials for realm, Authorization before
 * Proxy-Authorization; NULL when there are no more.  Those that cannot be
 * parsed are passed over. */
DigestCredentials *credentials_find (const sip_t *sip, const char *realm,
                                     guint n);

/* An algorithm's name in the configuration: "SHA-256", else MD5. */
DigestAlgorithm credentials_algorithm (const char *name);
/* The user's hash for it, or NULL. */
const char *credentials_hash (const StoreUser *user, DigestAlgorithm algorithm);

/* Which algorithms to offer: of those allowed, in their order, those that the
 * user has a hash for; all when that leaves none, and for an unknown user
 * (NULL), so that he looks like any other.  Returns their number, at most 2. */
guint credentials_offer (const char *const *allowed, const StoreUser *user,
                         DigestAlgorithm out[2]);
