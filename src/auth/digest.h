/* SPDX-License-Identifier: ISC
 *
 * HTTP digest for SIP and HTTP: parse credentials, make challenges, verify
 * (RFC 7616, 2617, 8760; RFC 3261 22).  Nonces are stateless (time, random,
 * HMAC); nonce counts are watched by auth/replay.h.  Knows no SIP type, no
 * clock, no database: the caller gives HA1 and the time. */
#pragma once
#include <glib.h>

typedef enum { DIGEST_MD5, DIGEST_SHA256 } DigestAlgorithm;

/* Lower case hex of H(username:realm:password); caller frees. */
char *digest_ha1 (DigestAlgorithm algorithm, const char *username,
                  const char *realm, const char *password);

/* What an Authorization or Proxy-Authorization header says; strings unquoted
 * and unescaped. */
typedef struct {
  char *username, *realm, *nonce, *uri, *response, *cnonce, *opaque;
  DigestAlgorithm algorithm;
  gboolean is_sess; /* MD5-sess or SHA-256-sess */
  gboolean has_qop; /* qop=auth given (also quoted) */
  gboolean is_auth_int;
  gboolean has_nc; /* given together with qop; without qop it is ignored */
  guint32 nc;
  char nc_text[9]; /* as written, for the hash */
} DigestCredentials;

/* Parses the header's value ("Digest username=...").  Bounded: 4 kB and 32
 * parameters. Errors: RC_ERROR_SYNTAX, RC_ERROR_BOUND; RC_ERROR_UNSUPPORTED for
 * another scheme or algorithm. */
gboolean digest_parse (const char *value, gssize len, DigestCredentials **out,
                       GError **error);
void digest_credentials_free (DigestCredentials *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DigestCredentials, digest_credentials_free)

/* The verifier: the nonce key, the window of nonce counts. */
typedef struct Digest Digest;

typedef enum {
  DIGEST_OK,
  DIGEST_STALE,  /* the response is right, but the nonce is too old, from before
                    the start or forgotten: challenge again with stale=true,
                    so that nobody is asked for the password (RFC 7616 3.3) */
  DIGEST_REPLAY, /* nonce count seen before: challenge again, stale=true */
  DIGEST_WRONG,  /* wrong password, unknown user, another realm */
} DigestVerdict;

/* nonce_lifetime in seconds; nonces: how many are watched for replays at most
 * (the oldest are forgotten, and then count as stale). */
Digest *digest_new (guint nonce_lifetime, guint nonces);
void digest_free (Digest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Digest, digest_free)

/* Length of a nonce key, in bytes. */
#define DIGEST_KEY_LEN 32
/* Takes a key that outlives this process, so that credentials computed before a
 * restart still count after it: a client that repeats its request must not look
 * like one with a wrong password.  Without it the key is of this boot. */
void digest_set_key (Digest *self, const guint8 key[DIGEST_KEY_LEN]);

/* Changes the lifetime in a running server. */
void digest_set_lifetime (Digest *self, guint nonce_lifetime);

/* The value of a WWW-Authenticate or Proxy-Authenticate header for realm with a
 * fresh nonce each time (clients.md: nc may start at 1 with each).  now in
 * microseconds, monotonic.  Caller frees. */
char *digest_challenge (Digest *self, const char *realm,
                        DigestAlgorithm algorithm, gboolean is_stale,
                        gint64 now);

/* Verifies.  ha1: hex of the user's hash for the algorithm of the credentials,
 * NULL for an unknown user (same work, same verdict as a wrong password).
 * method as in the request; body for auth-int, may be NULL.  The digest's uri
 * need not equal the Request-URI.  An answer as in RFC 2069 (no qop, no
 * cnonce) is verified as such even when we offered qop. */
DigestVerdict digest_verify (Digest *self, const DigestCredentials *credentials,
                             const char *realm, const char *ha1,
                             const char *method, const void *body,
                             gsize body_len, gint64 now);
