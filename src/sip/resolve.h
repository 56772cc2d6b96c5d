/* SPDX-License-Identifier: ISC
 *
 * From a SIP URI to a numeric next hop (RFC 3263: NAPTR, SRV, A and AAAA),
 * asynchronously: threads ask the C library, which knows the hosts file and is
 * safer than sofia's sresolv (lookup.c says why).  Answers are kept for a
 * minute, failures for ten seconds.  nta never sees a name: it would block. */
#pragma once
#include "addr/uri.h"
#include "sip/loop.h"

typedef struct Resolver Resolver;
typedef struct ResolverQuery ResolverQuery;

typedef struct {
  char host[64]; /* numeric */
  guint port;
  char proto[4]; /* "udp", "tcp", "tls" */
} ResolverHop;

Resolver *resolver_new (SipLoop *loop);
void resolver_free (Resolver *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Resolver, resolver_free)

/* hops: in the order to try (priority and weight decided), n == 0: none found.
 * Called exactly once, never inside resolver_start. */
typedef void (*ResolverFn) (const ResolverHop *hops, gsize n, gpointer data);
/* uri: what to reach (transport parameter, port, sips are heeded, RFC 3263 4).
 * needs_stream: the message is above the UDP limit. Up to 10 s. */
ResolverQuery *resolver_start (Resolver *self, const Uri *uri,
                               gboolean needs_stream, ResolverFn fn,
                               gpointer data);
/* For tests: NAPTR and SRV are asked of 127.0.0.1 at this port. */
void resolver_set_dns_port (Resolver *self, guint port);

/* Forgets it: fn is not called. */
void resolver_cancel (ResolverQuery *query);
