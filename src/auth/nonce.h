/* SPDX-License-Identifier: ISC
 *
 * Stateless nonces: time, random and a MAC over both and the realm (RFC 7616
 * 3.3), so that one is known as ours, for this realm and of this age, without
 * having been remembered. */
#pragma once
#include <glib.h>

/* Letters of a nonce. */
#define NONCE_LEN 48

typedef struct {
  guchar key[32];
} NonceKey;

/* What a nonce says. */
typedef struct {
  gint64 issued; /* in microseconds, monotonic */
  guint64 random;
} NonceStamp;

void nonce_key_init (NonceKey *key);

/* A fresh nonce for the realm, of NONCE_LEN letters and a NUL. */
void nonce_make (const NonceKey *key, const char *realm, gint64 now,
                 char out[NONCE_LEN + 1]);

/* Is nonce ours, for this realm?  Then out gets what it says. */
gboolean nonce_read (const NonceKey *key, const char *realm, const char *nonce,
                     NonceStamp *out);
