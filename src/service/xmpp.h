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

/* --- Text conferences, for administrators (xmpp-rooms-admin.c) --- */

/* lines, or error: a sentence.  A line is cells with tabs between them.  Called
 * once, inside the call or later. */
typedef void (*ServiceRoomsFn) (const char *lines, const char *error,
                                gpointer data);
/* Those that users of ours are in: address, our users, all occupants, "known" or
 * "away" (nobody of ours is in now), subject. */
void service_rooms_list (Service *self, ServiceRoomsFn fn, gpointer data);
/* One: "room", address, state as above, subject; for each of our users "user",
 * AoR, nick, state, seconds in it; for each occupant "occupant", nick, role,
 * affiliation, availability. */
void service_rooms_show (Service *self, const char *room, ServiceRoomsFn fn,
                         gpointer data);
/* Throws somebody out: a user of ours by AoR, or anybody by nick.  reason: NULL
 * for none. */
void service_rooms_kick (Service *self, const char *room, const char *who,
                         const char *reason, ServiceRoomsFn fn, gpointer data);
/* Those of our users who are not let into their rooms again, though the link has
 * been up for a while: tells at most max of them to fn and returns how many
 * there are. */
typedef void (*ServiceOutsideFn) (const char *user, const char *room,
                                  guint seconds, gpointer data);
guint service_rooms_outside (Service *self, guint max, ServiceOutsideFn fn,
                             gpointer data);
