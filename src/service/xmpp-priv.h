/* SPDX-License-Identifier: ISC
 *
 * What the three parts of the XMPP side share: xmpp-message.c (messages between
 * people), xmpp-presence.c and xmpp-rooms.c (text conferences).  xmpp.c hands each
 * stanza to the part that it concerns; a part sends by xmpp_port. */
#pragma once
#include "base/limit.h"
#include "service/service-priv.h"
#include "service/xmpp.h"

typedef struct XmppMessages XmppMessages;
typedef struct XmppPresences XmppPresences;
typedef struct XmppRooms XmppRooms;

struct Xmpp {
  Service *service;
  gboolean is_there;   /* service_set_xmpp has been called */
  XmppPort *port;      /* NULL: there is none (any more) */
  GHashTable *domains; /* lower case names, sets */
  GHashTable *rooms;
  XmppEvents events;
  Limit *rates; /* messages of XMPP users, by bare JID */
  /* Each part's own state, from its _new to its _free. */
  XmppMessages *message_part;
  XmppPresences *presence_part;
  XmppRooms *room_part;
};

/* Made with the service, freed with it. */
Xmpp *xmpp_new (Service *service);
void xmpp_free (Xmpp *self);
/* Every tick (100 ms) while the service is ready. */
void xmpp_advance (Xmpp *self);

/* Of the link, for people: "up", "down" or "none". */
const char *xmpp_word (const Xmpp *self);
/* Is the link up, so that what is sent now goes out? */
gboolean xmpp_is_up (const Xmpp *self);
/* Sends it; FALSE as of XmppPort.presence, and without a port. */
gboolean xmpp_send_presence (Xmpp *self, const XmppPresence *presence);
/* As XmppPort.message; without a port done gets XMPP_LOST, in the loop. */
void xmpp_send_message (Xmpp *self, const XmppMessage *message, XmppSentFn done,
                        gpointer data);
/* The error stanza for a message or presence that came (RFC 6120 8.3); none for
 * one that is an error itself. */
void xmpp_refuse_message (Xmpp *self, const XmppMessage *message,
                          XmppError error, const char *text);
void xmpp_refuse_presence (Xmpp *self, const XmppPresence *presence,
                           XmppError error, const char *text);

/* Is it one language tag (RFC 5646, as far as a header needs it)? */
gboolean xmpp_is_language (const char *lang);
/* Takes one of the messages that jid may send; FALSE: he has sent too many, and it
 * is counted. */
gboolean xmpp_is_within_rate (Xmpp *self, const char *jid);

/* The hooks of each part.  new: with the service, before there is a port or any
 * user.  detach: the port goes away, or the service ends: forget what was asked
 * of it (self->port is still there).  link: the link is up or down now; has_room:
 * the queue of XmppPort.presence has room again. */
XmppMessages *xmpp_messages_new (Xmpp *xmpp);
void xmpp_messages_free (XmppMessages *self);
void xmpp_messages_detach (Xmpp *self);
void xmpp_messages_advance (Xmpp *self);
void xmpp_messages_link (Xmpp *self, gboolean is_up);
void xmpp_messages_has_room (Xmpp *self);
/* A message of any type, errors too, from one of the domains to one of ours; to
 * may have no local part, or name nobody. */
void xmpp_message_in (Xmpp *self, const XmppMessage *message);
/* This resource of an XMPP user is unavailable: conversations leave it. */
void xmpp_message_gone (Xmpp *self, const char *jid);

XmppPresences *xmpp_presences_new (Xmpp *xmpp);
void xmpp_presences_free (XmppPresences *self);
void xmpp_presences_detach (Xmpp *self);
void xmpp_presences_advance (Xmpp *self);
void xmpp_presences_link (Xmpp *self, gboolean is_up);
void xmpp_presences_has_room (Xmpp *self);
/* Presence of any type, errors too, from one of the domains to one of ours. */
void xmpp_presence_in (Xmpp *self, const XmppPresence *presence);

XmppRooms *xmpp_rooms_new (Xmpp *xmpp);
void xmpp_rooms_free (XmppRooms *self);
void xmpp_rooms_detach (Xmpp *self);
void xmpp_rooms_advance (Xmpp *self);
void xmpp_rooms_link (Xmpp *self, gboolean is_up);
void xmpp_rooms_has_room (Xmpp *self);
/* Whatever comes from a service of rooms.  (A mark of one in what somebody else
 * sends makes no room of him.) */
void xmpp_rooms_message (Xmpp *self, const XmppMessage *message);
void xmpp_rooms_presence (Xmpp *self, const XmppPresence *presence);
