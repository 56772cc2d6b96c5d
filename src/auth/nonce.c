/* SPDX-License-Identifier: ISC
 *
 * A nonce is base64 of 8 bytes of time, 8 random bytes and 20 bytes of
 * HMAC-SHA256: 36 bytes, which need no padding. */
#include "auth/nonce.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/ids.h"

#define MAC_LEN 20

typedef struct {
  guint64 issued; /* both in network order */
  guint64 random;
  guchar mac[MAC_LEN];
  guchar padding[4];
} Wire;

#define WIRE_LEN (16 + MAC_LEN)
G_STATIC_ASSERT (WIRE_LEN % 3 == 0 && WIRE_LEN / 3 * 4 == NONCE_LEN);

void
nonce_key_init (NonceKey *key)
{
  rc_random_bytes (key->key, sizeof key->key);
}

static void
compute_mac (const NonceKey *key, const char *realm, const Wire *wire,
             guchar out[MAC_LEN])
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  guchar full[EVP_MAX_MD_SIZE];
  guint len = 0;

  g_byte_array_append (text, (const guchar *)wire, 16);
  g_byte_array_append (text, (const guchar *)realm, (guint)strlen (realm));
  if (!HMAC (EVP_sha256 (), key->key, sizeof key->key, text->data, text->len,
             full, &len))
    g_error ("OpenSSL cannot compute an HMAC");
  memcpy (out, full, MAC_LEN);
}

void
nonce_make (const NonceKey *key, const char *realm, gint64 now,
            char out[NONCE_LEN + 1])
{
  Wire wire = { .issued = GUINT64_TO_BE ((guint64)now) };
  char text[NONCE_LEN + 8]; /* as much as GLib asks for */
  int state = 0, save = 0;
  gsize len;

  rc_random_bytes (&wire.random, sizeof wire.random);
  compute_mac (key, realm, &wire, wire.mac);
  len = g_base64_encode_step ((const guchar *)&wire, WIRE_LEN, FALSE, text,
                              &state, &save);
  len += g_base64_encode_close (FALSE, text + len, &state, &save);
  g_assert (len == NONCE_LEN);
  memcpy (out, text, NONCE_LEN);
  out[NONCE_LEN] = '\0';
}

/* Only the one spelling that nonce_make writes. */
static gboolean
is_well_formed (const char *nonce)
{
  gsize n = 0;

  while (n <= NONCE_LEN
         && (g_ascii_isalnum (nonce[n]) || nonce[n] == '+' || nonce[n] == '/'))
    n++;
  return n == NONCE_LEN && nonce[n] == '\0';
}

gboolean
nonce_read (const NonceKey *key, const char *realm, const char *nonce,
            NonceStamp *out)
{
  guchar raw[NONCE_LEN], mac[MAC_LEN];
  gboolean is_ours = is_well_formed (nonce);
  int state = 0;
  guint save = 0;
  Wire wire = { 0 };

  if (is_ours
      && g_base64_decode_step (nonce, NONCE_LEN, raw, &state, &save)
             == WIRE_LEN)
    memcpy (&wire, raw, WIRE_LEN);
  compute_mac (key, realm, &wire, mac);
  is_ours &= CRYPTO_memcmp (mac, wire.mac, MAC_LEN) == 0;
  out->issued = (gint64)GUINT64_FROM_BE (wire.issued);
  out->random = GUINT64_FROM_BE (wire.random);
  return is_ours;
}
