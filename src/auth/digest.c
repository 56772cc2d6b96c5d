/* SPDX-License-Identifier: ISC
 *
 * Challenges and their verification (RFC 7616 3.3, 3.4; RFC 8760). */
#include "auth/digest.h"

#include <openssl/crypto.h>
#include <string.h>

#include "auth/hash.h"
#include "auth/nonce.h"
#include "auth/replay.h"
#include "base/ids.h"

struct Digest {
  gint64 lifetime; /* in microseconds */
  NonceKey key;
  Hash *hash;
  Replay *replay;
  char dummy[HASH_HEX_MAX]; /* HA1 of nobody; its second half for MD5 */
};

char *
digest_ha1 (DigestAlgorithm algorithm, const char *username, const char *realm,
            const char *password)
{
  const char *parts[] = { username, realm, password, NULL };
  g_autoptr (Hash) hash = hash_new ();
  char out[HASH_HEX_MAX];

  hash_joined (hash, algorithm, parts, out);
  return g_strdup (out);
}

Digest *
digest_new (guint nonce_lifetime, guint nonces)
{
  Digest *self = g_new0 (Digest, 1);
  guchar noise[32];

  nonce_key_init (&self->key);
  self->hash = hash_new ();
  self->replay = replay_new (nonces);
  rc_random_bytes (noise, sizeof noise);
  hash_bytes (self->hash, DIGEST_SHA256, noise, sizeof noise, self->dummy);
  digest_set_lifetime (self, nonce_lifetime);
  return self;
}

void
digest_free (Digest *self)
{
  if (self == NULL)
    return;
  hash_free (self->hash);
  replay_free (self->replay);
  OPENSSL_cleanse (self, sizeof *self);
  g_free (self);
}

void
digest_set_key (Digest *self, const guint8 key[DIGEST_KEY_LEN])
{
  G_STATIC_ASSERT (sizeof self->key.key == DIGEST_KEY_LEN);
  memcpy (self->key.key, key, DIGEST_KEY_LEN);
}

void
digest_set_lifetime (Digest *self, guint nonce_lifetime)
{
  self->lifetime = (gint64)nonce_lifetime * G_USEC_PER_SEC;
}

static void
append_quoted (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c (out, '\\');
    g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
}

char *
digest_challenge (Digest *self, const char *realm, DigestAlgorithm algorithm,
                  gboolean is_stale, gint64 now)
{
  GString *out = g_string_new ("Digest realm=");
  char nonce[NONCE_LEN + 1];

  nonce_make (&self->key, realm, now, nonce);
  append_quoted (out, realm);
  g_string_append_printf (out, ", nonce=\"%s\", algorithm=%s, qop=\"auth\"",
                          nonce, algorithm == DIGEST_MD5 ? "MD5" : "SHA-256");
  if (is_stale)
    g_string_append (out, ", stale=true");
  return g_string_free (out, FALSE);
}

/* What the response is computed from. */
typedef struct {
  const DigestCredentials *credentials;
  const char *ha1, *method;
  const void *body;
  gsize body_len;
} Answer;

/* H(A1), RFC 7616 3.4.2 */
static void
session_ha1 (Digest *self, const Answer *answer, char out[HASH_HEX_MAX])
{
  const DigestCredentials *c = answer->credentials;
  const char *parts[] = { answer->ha1, c->nonce, c->cnonce, NULL };

  if (c->is_sess)
    hash_joined (self->hash, c->algorithm, parts, out);
  else
    g_strlcpy (out, answer->ha1, HASH_HEX_MAX);
}

/* H(A2), RFC 7616 3.4.3 */
static void
request_ha2 (Digest *self, const Answer *answer, char out[HASH_HEX_MAX])
{
  const DigestCredentials *c = answer->credentials;
  char body[HASH_HEX_MAX];
  const char *parts[]
      = { answer->method, c->uri, c->is_auth_int ? body : NULL, NULL };

  if (c->is_auth_int)
    hash_bytes (self->hash, c->algorithm, answer->body, answer->body_len, body);
  hash_joined (self->hash, c->algorithm, parts, out);
}

/* RFC 7616 3.4.1; without qop as RFC 2617 3.2.2.1 says for RFC 2069. */
static gboolean
is_right (Digest *self, const Answer *answer)
{
  const DigestCredentials *c = answer->credentials;
  char ha1[HASH_HEX_MAX], ha2[HASH_HEX_MAX], expected[HASH_HEX_MAX];
  const char *with_qop[] = {
    ha1, c->nonce, c->nc_text, c->cnonce, c->is_auth_int ? "auth-int" : "auth",
    ha2, NULL
  };
  const char *without[] = { ha1, c->nonce, ha2, NULL };
  gsize len = hash_hex_len (c->algorithm);

  session_ha1 (self, answer, ha1);
  request_ha2 (self, answer, ha2);
  hash_joined (self->hash, c->algorithm, c->has_qop ? with_qop : without,
               expected);
  return strlen (c->response) == len
         && CRYPTO_memcmp (expected, c->response, len) == 0;
}

static DigestVerdict
judge_nonce (Digest *self, const DigestCredentials *credentials,
             const NonceStamp *stamp, gint64 now)
{
  gint64 oldest = now - self->lifetime;

  if (stamp->issued < oldest || stamp->issued > now)
    return DIGEST_STALE;
  if (!credentials->has_nc)
    return DIGEST_OK;
  switch (replay_use (self->replay, stamp, credentials->nc, oldest)) {
  case REPLAY_FRESH:
    return DIGEST_OK;
  case REPLAY_SEEN:
    return DIGEST_REPLAY;
  default:
    return DIGEST_STALE;
  }
}

DigestVerdict
digest_verify (Digest *self, const DigestCredentials *credentials,
               const char *realm, const char *ha1, const char *method,
               const void *body, gsize body_len, gint64 now)
{
  const char *nobody
      = credentials->algorithm == DIGEST_MD5 ? self->dummy + 32 : self->dummy;
  const Answer answer
      = { credentials, ha1 != NULL ? ha1 : nobody, method, body, body_len };
  NonceStamp stamp;
  gboolean is_ours = nonce_read (&self->key, realm, credentials->nonce, &stamp);
  gboolean is_good = is_right (self, &answer);

  is_good &= ha1 != NULL;
  is_good &= strcmp (credentials->realm, realm) == 0;
  if (!is_good)
    return DIGEST_WRONG;
  if (!is_ours)
    return DIGEST_STALE;
  return judge_nonce (self, credentials, &stamp, now);
}
