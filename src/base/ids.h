/* SPDX-License-Identifier: ISC
 *
 * Unguessable identifiers from the kernel's generator: tags, ETags, nonces. */
#pragma once
#include <glib.h>

/* Fills n bytes from getrandom(2); aborts only when the kernel has none. */
void rc_random_bytes (void *out, gsize n);

/* A new token of bits of randomness (a multiple of 5, at most 320), in lower
 * case base32 (a-z, 2-7): legal as a SIP token, a tag and a file name.  The
 * caller frees it with g_free. */
char *rc_token_new (guint bits);

/* The same into a caller's buffer of at least bits/5+1 bytes. */
void rc_token_fill (char *out, guint bits);

/* A token of RC_TOKEN_DATE digits that stand for the time in seconds (they begin
 * again after twelve days) and bits of randomness: keys that are made one after
 * the other are neighbours in a sorted index, and touch few of its pages.  Fills
 * RC_TOKEN_DATE+bits/5+1 bytes. */
#define RC_TOKEN_DATE 4
void rc_token_fill_dated (char *out, guint bits, gint64 seconds);
