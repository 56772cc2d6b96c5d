/* SPDX-License-Identifier: ISC
 *
 * The host of a URI: a name, an IPv4 address or an IPv6 reference (RFC 3261
 * 25.1, RFC 5954).  It resolves nothing. */
#pragma once
#include <glib.h>

typedef enum { HOST_NAME, HOST_IPV4, HOST_IPV6 } HostKind;

/* Canonical form of len bytes: a name in lower case without a dot at its end,
 * an address as inet_ntop writes it, IPv6 without the brackets that it must
 * have.  NULL when it is none of them.  The caller frees. */
char *host_canonical (const char *text, gsize len, HostKind *kind_out);
