/* SPDX-License-Identifier: ISC
 *
 * Between the parts of presence across the XMPP border: xmpp-presence.c (the
 * link, what comes, what is owed), xmpp-presence-from.c (XMPP users who watch; for
 * how long: xmpp-presence-renew.c) and xmpp-presence-to.c (XMPP users who are
 * watched). */
#pragma once
#include "service/xmpp-presence.h"
#include "service/xmpp-priv.h"

#include "base/limit.h"
#include "codec/xmpp-pidf.h"
#include "roster/roster.h"

/* What an XMPP user asked for while something else of his was on its way. */
typedef enum { PAIR_CONTENT, PAIR_WANTS_BEGIN, PAIR_WANTS_END } PairWish;

/* roster_data of a pair that somebody here has to do with. */
typedef struct {
  XmppPresences *part;
  RosterPair *roster;
  /* from: */
  gboolean is_asking; /* his SUBSCRIBE, or its end, is on its way... */
  PairWish wish;      /* ...and this comes then */
  Sub *watcher;       /* the subscription that is told, or NULL */
  /* to: */
  GPtrArray *subs;      /* Sub that watch, or NULL */
  GQueue lists;         /* XmppWatch */
  GBytes *document;     /* or NULL: not made yet */
  GBytes *shown;        /* the one that a list was shown, or NULL */
  gboolean was_on;      /* subscribed, before the link went */
  gboolean was_contact; /* among the user's contacts */
} Pair;

struct XmppPresences {
  Xmpp *xmpp;
  Service *service;
  Roster *roster;
  GHashTable *watching; /* Sub -> Pair: users of ours who watch */
  GHashTable *told;     /* Sub -> Pair: XMPP users who are told */
  Limit *asks;          /* of users of ours: subscription requests */
  Limit *requests;      /* of XMPP users */
  GQueue asking;        /* from.c: subscriptions on their way */
  GHashTable *guards;   /* renew.c: XMPP users who were probed before a renewal,
                         and when (gint64) */
  GQueue renewing;      /* renew.c: names of pairs */
  gint64 renew_at;
  GQueue hurried; /* renew.c: users and contacts, whose time is short */
  gint64 hurry_at;
  guint32 cseq;
  XmppPidf seen;     /* from.c: what the newest document says */
  GBytes *seen_from; /* that document, or NULL */
  GQueue changed;    /* to.c: XmppWatch to be told */
  LoopTimer *teller;
  LoopTimer *pacer;
  gboolean is_settling;
};

XmppPresences *presences_of (Service *service);
/* Made if there is none. */
Pair *pair_of (XmppPresences *self, const char *user, const char *contact);
/* NULL: there is none. */
Pair *pair_peek (XmppPresences *self, const char *user, const char *contact);
/* Call it when done with a pair. */
void pair_done (XmppPresences *self, RosterPair *roster);
/* Sends what can be sent, tells who watches of what changed. */
void presences_settle (XmppPresences *self);
/* Likewise, what changed a little later (many at once). */
void presences_settle_paced (XmppPresences *self);
/* fn may lead to whatever it likes, and must not free the pair. */
void presences_foreach_contact (XmppPresences *self, const char *contact,
                                RosterPairFn fn);
/* From the user (resource or NULL) to the contact. */
gboolean presences_send (XmppPresences *self, RosterPair *roster,
                         const char *resource, XmppPresence *presence);

/* from.c */
/* Sends what the contact sees; FALSE: not all of it. */
gboolean from_show (XmppPresences *self, RosterPair *roster);
void from_subscribe (XmppPresences *self, const XmppPresence *presence,
                     const char *user, const char *contact);
void from_unsubscribe (XmppPresences *self, const char *user,
                       const char *contact);
void from_probe (XmppPresences *self, const XmppPresence *presence,
                 const char *user, const char *contact);
/* He is not, for good. */
void from_gone (XmppPresences *self, const char *contact);
void from_free (XmppPresences *self);
void from_ended (XmppPresences *self, Sub *sub);

/* How long a subscription outlives the last sign of its watcher. */
#define FROM_LIFE_DAYS 30
/* The live subscription of contact, or NULL. */
Sub *from_find (XmppPresences *self, const char *user, const char *contact);
/* A SUBSCRIBE of his; sub: NULL to begin, or the one that ends or is renewed; jid:
 * who is told if it cannot be dealt with, or NULL. */
typedef enum { FROM_BEGIN, FROM_END, FROM_RENEW } FromAsk;
void from_send (XmppPresences *self, FromAsk ask, const char *user,
                const char *contact, const Sub *sub, const char *jid);

/* renew.c */
/* A stanza of contact's came: he is there. */
void from_heard (XmppPresences *self, const char *contact);
/* There is a sign of its watcher: renews it if it is old. */
void from_renew (XmppPresences *self, Sub *sub);
/* His subscription was granted for seconds. */
void from_granted (XmppPresences *self, const char *user, const char *contact,
                   guint expires);
void from_advance (XmppPresences *self);
void from_link_down (XmppPresences *self);
void from_renew_free (XmppPresences *self);

/* to.c */
void to_tell (XmppPresences *self, Pair *pair, gboolean is_paced);
void to_free (XmppPresences *self);
void to_ended (XmppPresences *self, Sub *sub);
