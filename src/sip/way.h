/* SPDX-License-Identifier: ISC
 *
 * Where a request leaves to: an open connection, numeric hops in the order to
 * try, or a URI that must be resolved first.  Decides, sends nothing.
 *
 * Sizes.  RFC 3261 18.1.1 wants a stream above 1,300 bytes where the path is
 * unknown.  A NOTIFY ([subscriptions] udp_max) and a MESSAGE ([message] udp_max;
 * RFC 3428 8) keep to that wherever UDP would be the way: above it TCP comes
 * first, and UDP when no connection can be opened, as to a phone behind a NAT,
 * which has only its UDP source, and whom fragmented UDP does reach.  Other
 * requests to a UDP source stay on UDP up to WAY_UDP_MAX (what a datagram can
 * carry); peers that are reached by a URI without a transport parameter get UDP
 * up to WAY_UDP_EASY, above that TCP and, should that fail, UDP again. */
#pragma once
#include "sip/resolve.h"

#define WAY_UDP_EASY 8000
#define WAY_UDP_MAX 65000

/* What a request takes on the wire, and from where on UDP is left ([sip]
 * udp_mtu, at most WAY_UDP_MAX). */
typedef struct {
  gsize bytes, udp_max;
  gsize udp_easy; /* above it a stream comes first; 0: as said above */
} WaySize;

typedef enum {
  WAY_NONE, /* why says why */
  WAY_FLOW,
  WAY_HOPS,
  WAY_URI, /* a name: RFC 3263 */
} WayKind;

typedef struct {
  WayKind kind;
  const char *why; /* WAY_NONE: a sentence, static */
  guint64 flow;
  ResolverHop hops[2];
  gsize n_hops;
  gsize n_streams; /* hops behind these are for when no connection could be
                      opened; 0: there are none such */
  Uri *uri;
  gboolean needs_stream; /* WAY_URI, for resolver_start */
  gboolean falls_back;   /* WAY_URI: then UDP to the same addresses, when no
                            connection can be opened */
} Way;

void way_clear (Way *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Way, way_clear)

void way_by_flow (Way *self, guint64 flow);
/* Back to where a datagram came from ("udp:192.0.2.1:5060"); a source that was
 * a connection ("tcp:…", "tls:…") is no way any more. */
void way_by_source (Way *self, const char *source, WaySize size);
/* To a URI: len bytes (< 0: up to the NUL). */
void way_by_uri (Way *self, const char *uri, gssize len, WaySize size);

/* The first entry of a Route value: its URI (uri_out, len_out, without <>), and
 * what follows its comma (NULL: it is the only one).  FALSE: it is none. */
gboolean way_first_route (const char *route, const char **uri_out,
                          gsize *len_out, const char **rest_out);

/* "udp:192.0.2.1:5060", "tls:[2001:db8::1]:5061". */
gboolean way_parse_hop (const char *text, ResolverHop *out);

/* Longest text of way_hop_url. */
#define WAY_URL_MAX 128
/* "sip:192.0.2.1:5060;transport=udp", for nta. */
void way_hop_url (const ResolverHop *hop, char out[WAY_URL_MAX]);
