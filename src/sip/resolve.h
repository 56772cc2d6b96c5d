/* SPDX-License-Identifier: ISC
 *
 * From a SIP URI to a numeric next hop (RFC 3263: NAPTR, SRV, A and AAAA),
 * asynchronous on the loop through sofia's sresolv, with its cache and the hosts
 * file.  nta never sees a name (stack.md section 1). */
#pragma once
#include "addr/uri.h"
#include "sip/loop.h"

typedef struct Resolver Resolver;
typedef struct ResolverQuery ResolverQuery;

typedef struct {
  char host[64];        /* numeric */
  guint port;
  char proto[4];        /* "udp", "tcp", "tls" */
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
/* Forgets it: fn is not called. */
void resolver_cancel (ResolverQuery *query);
