/* SPDX-License-Identifier: ISC
 *
 * Algorithms to offer: see the header. */
#include "auth/offer.h"

static DigestAlgorithm
algorithm_of (const char *name)
{
  return g_ascii_strncasecmp (name, "sha", 3) == 0 ? DIGEST_SHA256 : DIGEST_MD5;
}

const char *
digest_hash (const DigestHashes *hashes, DigestAlgorithm algorithm)
{
  return algorithm == DIGEST_MD5 ? hashes->md5 : hashes->sha256;
}

gboolean
digest_is_allowed (const char *const *allowed, DigestAlgorithm algorithm)
{
  for (guint i = 0; allowed[i] != NULL; i++)
    if (algorithm_of (allowed[i]) == algorithm)
      return TRUE;
  return FALSE;
}

guint
digest_offer (const char *const *allowed, const DigestHashes *hashes,
              DigestAlgorithm out[2])
{
  guint n = 0;

  for (guint i = 0; allowed[i] != NULL && n < 2; i++) {
    DigestAlgorithm algorithm = algorithm_of (allowed[i]);

    if (hashes == NULL || digest_hash (hashes, algorithm) != NULL)
      out[n++] = algorithm;
  }
  if (n == 0 && hashes != NULL)
    return digest_offer (allowed, NULL, out);
  return n;
}
