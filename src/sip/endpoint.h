/* SPDX-License-Identifier: ISC
 *
 * A numeric address with its port, as it stands in [sip] listen: read, written
 * in one canonical way, probed. */
#pragma once
#include <glib.h>
#include <sys/socket.h>

typedef struct {
  int family;    /* AF_INET or AF_INET6 */
  char host[64]; /* canonical, without brackets */
  guint port;
} Endpoint;

/* "192.0.2.1", "192.0.2.1:5060", "::1", "[::1]", "[::1]:5060"; without a port
 * it is fallback. A v4-mapped address becomes the IPv4 one.  FALSE for
 * anything else, names included. */
gboolean endpoint_parse (const char *text, guint fallback, Endpoint *out);
/* FALSE when it is neither IPv4 nor IPv6. */
gboolean endpoint_from_sockaddr (const struct sockaddr *addr, Endpoint *out);
/* As bind and connect take it. */
socklen_t endpoint_to_sockaddr (const Endpoint *self,
                                struct sockaddr_storage *out);

/* "192.0.2.1:5060", "[::1]:5060"; port 0: the host alone ("[::1]"). Caller
 * frees. */
char *endpoint_to_string (const Endpoint *self);

gboolean endpoint_is_any (const Endpoint *self);
gboolean endpoint_is_loopback (const Endpoint *self);
/* Is it an address of this machine? */
gboolean endpoint_is_local (const Endpoint *self);

/* The address from which this machine reaches self, port 0; FALSE: it does
 * not. */
gboolean endpoint_source (const Endpoint *self, Endpoint *out);

/* Could a socket of type (SOCK_DGRAM, SOCK_STREAM) be bound to it now?
 * RC_ERROR_BUSY when somebody else is, else RC_ERROR_IO; the message names
 * the address. */
gboolean endpoint_probe (const Endpoint *self, int type, GError **error);
