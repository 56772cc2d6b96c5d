/* SPDX-License-Identifier: ISC
 *
 * What we ask of rooms (XEP-0045 8.2 and 10.1.2, XEP-0030 4, XEP-0410), and
 * their answers.  Knows no stream: it writes markup and is told of answers and
 * of time. */
#pragma once
#include "xmpp/stanza.h"

#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_PING "urn:xmpp:ping"
#define NS_MUC_ADMIN "http://jabber.org/protocol/muc#admin"
#define NS_MUC_OWNER "http://jabber.org/protocol/muc#owner"

/* The most rooms of one answer that are told. */
#define QUERIES_ITEMS_MAX 1000

typedef struct Queries Queries;

Queries *queries_new (void);
void queries_free (Queries *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Queries, queries_free)

/* Each appends an iq to out; done is told once, at the latest by queries_expire
 * (XMPP_REMOTE_SERVER_TIMEOUT) after deadline (us). out NULL: it cannot be sent,
 * done is told at the next queries_expire. */
void queries_create (Queries *self, GString *out, const char *from,
                     const char *room, gint64 deadline, XmppDoneFn done,
                     gpointer data);
void queries_kick (Queries *self, GString *out, const char *from,
                   const char *room, const char *nick, const char *reason,
                   gint64 deadline, XmppDoneFn done, gpointer data);
/* room and nick: the occupant's JID is made of them. */
void queries_ping (Queries *self, GString *out, const char *from,
                   const char *room, const char *nick, gint64 deadline,
                   XmppDoneFn done, gpointer data);
void queries_rooms (Queries *self, GString *out, const char *from,
                    const char *service, gint64 deadline, XmppItemsFn done,
                    gpointer data);

/* A result or error; FALSE: nobody asked for it there. */
gboolean queries_answer (Queries *self, const XmppIq *iq);
/* Those whose time is up; G_MAXINT64: all. */
void queries_expire (Queries *self, gint64 now);
gboolean queries_has_unsent (const Queries *self);
void queries_forget (Queries *self, gpointer data);
