/* SPDX-License-Identifier: ISC
 *
 * Hashes as digest authentication uses them: over strings joined by ':', as
 * lower case hex.  Never leaves auth/. */
#pragma once
#include "auth/digest.h"

/* Hex digits of a hash and the NUL: enough for any algorithm. */
#define HASH_HEX_MAX 65

typedef struct Hash Hash;

Hash *hash_new (void);
void hash_free (Hash *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hash, hash_free)

/* Hex of H(parts joined by ':'); parts ends with NULL. */
void hash_joined (Hash *self, DigestAlgorithm algorithm,
                  const char *const *parts, char out[HASH_HEX_MAX]);
/* Hex of H(len bytes). */
void hash_bytes (Hash *self, DigestAlgorithm algorithm, const void *data,
                 gsize len, char out[HASH_HEX_MAX]);
/* Number of hex digits: 32 or 64. */
gsize hash_hex_len (DigestAlgorithm algorithm);
