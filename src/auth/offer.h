/* SPDX-License-Identifier: ISC
 *
 * Which digest algorithms a user is offered, and which hash of his belongs to
 * one (RFC 8760 2.4).  Knows names as the option auth.algorithms has them. */
#pragma once
#include "auth/digest.h"

/* A user's HA1s; NULL: he has none for it. */
typedef struct {
  const char *md5, *sha256;
} DigestHashes;

const char *digest_hash (const DigestHashes *hashes, DigestAlgorithm algorithm);

/* Is it among those allowed? */
gboolean digest_is_allowed (const char *const *allowed,
                            DigestAlgorithm algorithm);

/* What to offer: of those allowed, in their order, what the user has a hash
 * for; all when that leaves none, and for an unknown user (NULL), so that he
 * looks like any other.  Returns their number, at most 2. */
guint digest_offer (const char *const *allowed, const DigestHashes *hashes,
                    DigestAlgorithm out[2]);
