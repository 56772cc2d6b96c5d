/* SPDX-License-Identifier: ISC
 *
 * MD5 and SHA-256 by OpenSSL's EVP.  The algorithms are fetched once, since a
 * fetch costs more than the hash of a short text. */
#include "auth/hash.h"

#include <openssl/evp.h>
#include <string.h>

struct Hash {
  EVP_MD *algorithms[2]; /* by DigestAlgorithm */
  EVP_MD_CTX *context;
};

static EVP_MD *
fetch (const char *name)
{
  EVP_MD *md = EVP_MD_fetch (NULL, name, NULL);

  if (md == NULL) /* a library without MD5 cannot serve phones at all */
    g_error ("OpenSSL has no %s", name);
  return md;
}

Hash *
hash_new (void)
{
  Hash *self = g_new0 (Hash, 1);

  self->algorithms[DIGEST_MD5] = fetch ("MD5");
  self->algorithms[DIGEST_SHA256] = fetch ("SHA256");
  self->context = EVP_MD_CTX_new ();
  return self;
}

void
hash_free (Hash *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (self->algorithms); i++)
    EVP_MD_free (self->algorithms[i]);
  EVP_MD_CTX_free (self->context);
  g_free (self);
}

static void
start (Hash *self, DigestAlgorithm algorithm)
{
  if (!EVP_DigestInit_ex2 (self->context, self->algorithms[algorithm], NULL))
    g_error ("OpenSSL cannot start a hash");
}

static void
finish (Hash *self, char out[HASH_HEX_MAX])
{
  static const char digits[] = "0123456789abcdef";
  guchar raw[EVP_MAX_MD_SIZE];
  guint len = 0;

  if (!EVP_DigestFinal_ex (self->context, raw, &len))
    g_error ("OpenSSL cannot finish a hash");
  g_assert (2 * len < HASH_HEX_MAX);
  for (guint i = 0; i < len; i++) {
    out[2 * i] = digits[raw[i] >> 4];
    out[2 * i + 1] = digits[raw[i] & 15];
  }
  out[2 * len] = '\0';
}

void
hash_joined (Hash *self, DigestAlgorithm algorithm, const char *const *parts,
             char out[HASH_HEX_MAX])
{
  start (self, algorithm);
  for (gsize i = 0; parts[i] != NULL; i++) {
    if (i > 0)
      EVP_DigestUpdate (self->context, ":", 1);
    EVP_DigestUpdate (self->context, parts[i], strlen (parts[i]));
  }
  finish (self, out);
}

void
hash_bytes (Hash *self, DigestAlgorithm algorithm, const void *data, gsize len,
            char out[HASH_HEX_MAX])
{
  start (self, algorithm);
  if (len > 0)
    EVP_DigestUpdate (self->context, data, len);
  finish (self, out);
}

gsize
hash_hex_len (DigestAlgorithm algorithm)
{
  return algorithm == DIGEST_MD5 ? 32 : 64;
}
