/* SPDX-License-Identifier: ISC
 *
 * Unguessable identifiers.  A small pool saves a system call per token. */
#include "base/ids.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define POOL 4096

static guint8 pool[POOL];
static gsize pool_left;

static void
fill (guint8 *out, gsize n)
{
  while (n > 0) {
    ssize_t got = getrandom (out, n, 0);

    if (got < 0 && errno != EINTR)
      g_error ("getrandom: %s", g_strerror (errno));
    if (got > 0) {
      out += got;
      n -= (gsize)got;
    }
  }
}

void
rc_random_bytes (void *out, gsize n)
{
  if (n > POOL / 4) {
    fill (out, n);
    return;
  }
  if (pool_left < n) {
    fill (pool, POOL);
    pool_left = POOL;
  }
  pool_left -= n;
  memcpy (out, pool + pool_left, n);
  memset (pool + pool_left, 0, n);
}

/* In the order of their codes: what is smaller sorts before. */
static const char alphabet[] = "234567abcdefghijklmnopqrstuvwxyz";

void
rc_token_fill (char *out, guint bits)
{
  guint8 raw[64];
  guint n = bits / 5;

  g_assert (bits % 5 == 0 && n <= sizeof raw);
  rc_random_bytes (raw, n);
  for (guint i = 0; i < n; i++)
    out[i] = alphabet[raw[i] & 31];
  out[n] = '\0';
}

void
rc_token_fill_dated (char *out, guint bits, gint64 seconds)
{
  for (guint i = RC_TOKEN_DATE; i-- > 0; seconds >>= 5)
    out[i] = alphabet[seconds & 31];
  rc_token_fill (out + RC_TOKEN_DATE, bits);
}

char *
rc_token_new (guint bits)
{
  char *out = g_malloc (bits / 5 + 1);

  rc_token_fill (out, bits);
  return out;
}
