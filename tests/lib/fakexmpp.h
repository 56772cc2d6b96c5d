/* SPDX-License-Identifier: ISC
 *
 * An XmppPort that notes what it is asked to send, tells what became of it when
 * the test says so, and lets the test be the XMPP server. */
#pragma once
#include "port/xmpp.h"

typedef struct {
  XmppMessage message; /* its own copy */
  XmppSentFn done;     /* NULL: none, or called */
  gpointer data;
} FakeXmppMessage;

typedef struct {
  XmppPresence presence; /* its own copy, with what it points to */
} FakeXmppPresence;

typedef enum {
  FAKE_XMPP_CREATE,
  FAKE_XMPP_KICK,
  FAKE_XMPP_PING,
  FAKE_XMPP_ROOMS
} FakeXmppAsk;

typedef struct {
  FakeXmppAsk what;
  char *from, *room, *nick, *reason; /* room: the service, of FAKE_XMPP_ROOMS */
  XmppDoneFn done;                   /* of all but the last */
  XmppItemsFn items_fn;              /* of FAKE_XMPP_ROOMS */
  gpointer data;
} FakeXmppQuery;

typedef struct {
  XmppPort port;
  const XmppEvents *events; /* set by the test's bed */
  gboolean is_up;           /* at first FALSE: see fake_xmpp_link */
  gboolean is_full;         /* XmppPort.presence gives FALSE */
  GPtrArray *messages;      /* FakeXmppMessage: not taken out, oldest first */
  GPtrArray *presences;     /* FakeXmppPresence: likewise */
  GPtrArray *queries;       /* FakeXmppQuery: likewise */
} FakeXmpp;

FakeXmpp *fake_xmpp_new (void);
/* Asserts that nobody waits for a done. */
void fake_xmpp_free (FakeXmpp *self);

/* The link comes up or goes down, and the events tell so; going down, every
 * message that waits is XMPP_LOST first, every query an error. */
void fake_xmpp_link (FakeXmpp *self, gboolean is_up);
/* The queue is full, or (has_room is told) not any more. */
void fake_xmpp_set_full (FakeXmpp *self, gboolean is_full);

/* What the server sends us. */
void fake_xmpp_message (FakeXmpp *self, const XmppMessage *message);
void fake_xmpp_presence (FakeXmpp *self, const XmppPresence *presence);
/* A presence with from, to and type alone; a chat message with a body. */
void fake_xmpp_show (FakeXmpp *self, const char *from, const char *to,
                     XmppPresenceType type);
void fake_xmpp_say (FakeXmpp *self, const char *from, const char *to,
                    const char *id, const char *body);

/* Takes the oldest message to that JID (NULL: to anybody) out, calls its done,
 * if it has one, with outcome, and returns it; the caller frees.  Fails the test
 * when there is none. */
FakeXmppMessage *fake_xmpp_take (FakeXmpp *self, const char *to,
                                 XmppOutcome outcome, XmppError error);
void fake_xmpp_message_free (FakeXmppMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeXmppMessage, fake_xmpp_message_free)
/* Likewise for presence. */
FakeXmppPresence *fake_xmpp_take_presence (FakeXmpp *self, const char *to);
void fake_xmpp_presence_free (FakeXmppPresence *presence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeXmppPresence, fake_xmpp_presence_free)
/* Answers the oldest query of that kind; items: of FAKE_XMPP_ROOMS. */
void fake_xmpp_answer (FakeXmpp *self, FakeXmppAsk what, const XmppItem *items,
                       guint n, XmppError error);
/* Takes all out (messages: XMPP_TAKEN): one line each, in order, messages
 * first, as "chat FROM > TO: BODY" or "subscribe FROM > TO".  The caller
 * frees. */
char *fake_xmpp_drain (FakeXmpp *self);
