/* SPDX-License-Identifier: ISC
 *
 * The %-escapes of RFC 3261 25.1 and RFC 3966: one canonical spelling for each
 * component.  A character of the "unreserved" set is never escaped in it,
 * everything that the component's grammar does not allow always is, with upper
 * case digits; a reserved character stays as it was written, since RFC 3261
 * 19.1.4 takes "&" and "%26" for different. */
#pragma once
#include <glib.h>

/* What a component allows besides the unreserved characters. */
#define ESCAPE_USER "&=+$,;?/"
#define ESCAPE_PASSWORD "&=+$,"
#define ESCAPE_PARAM "[]/:&+$"
#define ESCAPE_HEADER "[]/?:+$"

/* The canonical spelling of len bytes; NULL when there is a bad escape or an
 * ASCII character that is neither unreserved nor in extra.  Bytes above 127
 * are taken and escaped; whether they are UTF-8 is the caller's business.  The
 * caller frees. */
char *escape_canonical (const char *text, gsize len, const char *extra);

/* All escapes of a canonical spelling undone; NULL when that gives a control
 * character, which no parameter needs and a reader could stumble over.  The
 * caller frees. */
char *escape_undo (const char *canonical);

/* The user part of an AoR from a canonical ESCAPE_USER spelling: escapes of
 * allowed and of printable non-ASCII characters undone, all others kept, so
 * that no two users fall together which a peer could tell apart.  The caller
 * frees. */
char *escape_to_aor (const char *canonical);

/* The other way round, for any text: what the grammar of user does not allow is
 * escaped, valid escapes are kept.  The caller frees. */
char *escape_from_aor (const char *user);
