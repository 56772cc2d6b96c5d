/* SPDX-License-Identifier: ISC
 *
 * SIP, SIPS and tel URIs as values: parse, parameters, canonical form,
 * equality (RFC 3261 19.1, RFC 3966, RFC 5627 GRUUs).  Knows no network. */
#pragma once
#include <glib.h>

typedef enum { URI_SIP, URI_SIPS, URI_TEL } UriScheme;

/* A parsed URI; immutable.  host is in lower case, an IPv6 address without
 * its brackets; user has superfluous %-escapes undone ("%61" -> "a"). */
typedef struct Uri Uri;

/* Longest URI that uri_parse accepts, in bytes. */
#define URI_MAX 1024

/* Parses len bytes (len < 0: up to the NUL), a bare URI without <> or display
 * name.  A SIP URI without host, a bad port, control bytes, a bad %-escape or
 * invalid UTF-8 is RC_ERROR_SYNTAX; longer than URI_MAX is RC_ERROR_BOUND;
 * another scheme RC_ERROR_UNSUPPORTED.  On success gives a new Uri. */
gboolean uri_parse (const char *text, gssize len, Uri **out, GError **error);
void uri_free (Uri *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Uri, uri_free)

UriScheme uri_scheme (const Uri *self);
/* NULL when absent; for tel the number without visual separators. */
const char *uri_user (const Uri *self);
/* Never NULL for sip and sips; NULL for tel. */
const char *uri_host (const Uri *self);
/* 0 when absent. */
guint uri_port (const Uri *self);
gboolean uri_host_is_numeric (const Uri *self);

/* A URI parameter's value, unescaped; "" for one without value, NULL when it is
 * absent.  name is compared without regard to case. */
const char *uri_param (const Uri *self, const char *name);

/* Is there nothing but scheme, user and host: no password, port, parameter or
 * header? */
gboolean uri_is_bare (const Uri *self);

/* "user@host" with the host in lower case: the AoR spelling of DESIGN section
 * 1; just "host" without user; for tel "number". Caller frees. */
char *uri_aor (const Uri *self);

/* The whole URI again, with escapes where they are needed. Caller frees. */
char *uri_to_string (const Uri *self);

/* A key such that two URIs are equal by RFC 3261 19.1.4 (as far as a key can
 * say: parameters that need only match when both have them are kept when they
 * are user, ttl, method, maddr, transport, gr) exactly when their keys are
 * equal strings. For contacts.uri and bindings. Caller frees. */
char *uri_key (const Uri *self);

/* RFC 3261 19.1.4, all of it. */
gboolean uri_equal (const Uri *a, const Uri *b);
