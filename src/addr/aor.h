/* SPDX-License-Identifier: ISC
 *
 * Addresses of record as the database spells them: `user@domain`, no scheme,
 * domain in lower case, user as given but unique without regard to case. */
#pragma once
#include <glib.h>

/* Longest AoR, in bytes. */
#define AOR_MAX 320

/* Checks and canonicalises text: "alice@Example.com" or "sip:alice@...". A
 * wrong one gives RC_ERROR_SYNTAX with a message for an administrator.  The
 * caller frees. */
gboolean aor_parse (const char *text, char **out, GError **error);

/* The key to hash and compare an AoR by: folded to lower case (ASCII). Caller
 * frees. */
char *aor_key (const char *aor);

/* Pointer into aor behind the '@'; aor itself when there is none. */
const char *aor_domain (const char *aor);

/* New string: the part before the '@' ("" without one). */
char *aor_user (const char *aor);

/* Hash and equality without regard to ASCII case, for GHashTables keyed by AoR
 * in any spelling. */
guint aor_hash (gconstpointer aor);
gboolean aor_equal (gconstpointer a, gconstpointer b);

/* "sip:" + aor with the user part escaped as RFC 3261 25.1 wants. Caller
 * frees. */
char *aor_to_uri (const char *aor);
