/* SPDX-License-Identifier: ISC
 *
 * The XMPP side of the use cases (RFC 7247, 7572, 8048, 7702): messages,
 * presence and rooms across the border.  Addresses of XMPP users are AoRs here
 * ("xavier@xmpp.example.com", by addr/xmpp.h); JIDs are at the port only. */
#pragma once
#include "port/xmpp.h"
#include "service/service.h"

typedef struct Xmpp Xmpp;

/* What lies beyond the link.  Lower case, borrowed for the call. */
typedef struct {
  const char *const *domains; /* of XMPP users; NULL-terminated */
  const char *const *rooms;   /* of services for text conferences, likewise */
} XmppPlaces;
/* Set once, before service_start; without, there is no XMPP.  port NULL: the
 * adapter goes away, what was asked of it is forgotten. */
void service_set_xmpp (Service *self, XmppPort *port, const XmppPlaces *places);
/* What the adapter tells of; borrowed, as long as self. */
const XmppEvents *service_xmpp_events (Service *self);

/* Is there a link (configured, up or not)? */
gboolean xmpp_is_there (Service *self);
/* Is this the domain of XMPP users, or of rooms, beyond the link? */
gboolean xmpp_has_domain (Service *self, const char *host);
gboolean xmpp_has_rooms (Service *self, const char *host);
