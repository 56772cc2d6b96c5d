/* SPDX-License-Identifier: ISC
 *
 * Presence between users of ours and contacts beyond an XMPP link, as pairs
 * (user, contact) with two halves that know nothing of each other: *to*, the
 * user watches the contact, and *from*, the contact watches the user (RFC 6121
 * 3, RFC 8048 5).
 *
 * Of *to* the truth is on the other side, in the contact's roster: it is found
 * out by a probe, asked for by a subscription request, and kept nowhere here.
 * Of *from* the truth is a subscription of ours (subs/); what is kept here is
 * what the contact has been told, so that he is told what changed, once.
 *
 * A call decides; what follows stands in two queues that coalesce: who owes the
 * contact a stanza (roster_due), and whose *to* changed (roster_take_news).
 * Knows no stanza, link or document; times are microseconds on the monotonic
 * clock. */
#pragma once
#include "roster/resource.h"

typedef struct Roster Roster;
typedef struct RosterPair RosterPair;

typedef enum {
  ROSTER_TO_NONE,    /* nobody wants to know, and nothing is known */
  ROSTER_TO_PROBING, /* wanted; a probe is out, or waits for the link */
  ROSTER_TO_ASKED,   /* not subscribed: a request waits for the contact */
  ROSTER_TO_ON,      /* subscribed */
  ROSTER_TO_REFUSED, /* the contact, or his server, refused */
  ROSTER_TO_MISSING, /* there is no such contact */
  ROSTER_TO_TROUBLE, /* his server cannot be asked now; tried again later */
} RosterTo;

typedef enum {
  ROSTER_FROM_NONE,
  ROSTER_FROM_ASKED, /* asked; nothing has been answered yet */
  ROSTER_FROM_ON,    /* granted, and told so */
} RosterFrom;

/* What a pair owes the contact, a set, to be sent in the order of the bits. */
typedef enum {
  ROSTER_OWES_UNSUBSCRIBE = 1 << 0,
  ROSTER_OWES_SUBSCRIBE = 1 << 1,
  ROSTER_OWES_PROBE = 1 << 2,
  ROSTER_OWES_SUBSCRIBED = 1 << 3,
  ROSTER_OWES_SHOW = 1 << 4, /* what is visible, by roster_tell */
  ROSTER_OWES_UNSUBSCRIBED = 1 << 5,
} RosterOwed;

typedef struct {
  gint64 probe_wait;   /* a probe that is not answered in this time means that
                          the contact has to be asked... */
  gint64 first_wait;   /* ...and the first one of somebody new, where no server
                          has said no to a probe for long */
  gint64 ask_again;    /* one who refused is not asked again sooner */
  gint64 retry;        /* after trouble */
  guint max_resources; /* of a contact that are kept */
} RosterLimits;

/* The link is down at first. */
Roster *roster_new (const RosterLimits *limits, gint64 now);
void roster_free (Roster *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Roster, roster_free)

/* user and contact are AoRs, the same in any case; NULL: there is none. */
RosterPair *roster_find (Roster *self, const char *user, const char *contact);
/* The same, made if there is none. */
RosterPair *roster_need (Roster *self, const char *user, const char *contact);
/* Frees the pair if it means nothing any more: call it when done with a pair.
 * TRUE: it is gone. */
gboolean roster_tidy (Roster *self, RosterPair *pair);
guint roster_size (const Roster *self);
typedef void (*RosterPairFn) (RosterPair *pair, gpointer data);
/* All pairs of user, of contact, of anybody; fn may tidy the pair it gets and
 * make none. */
void roster_foreach_of (Roster *self, const char *user, RosterPairFn fn,
                        gpointer data);
void roster_foreach_contact (Roster *self, const char *contact, RosterPairFn fn,
                             gpointer data);
void roster_foreach (Roster *self, RosterPairFn fn, gpointer data);

const char *roster_user (const RosterPair *pair);
const char *roster_contact (const RosterPair *pair);
/* The caller's own; a pair that has it is not tidied away. */
gpointer roster_data (const RosterPair *pair);
void roster_set_data (RosterPair *pair, gpointer data);

/* The link came up: every pair that is wanted is probed, every granted contact
 * told anew; they wait for roster_next_paced.  Went down: nothing is known of
 * the contacts. */
void roster_set_up (Roster *self, gboolean is_up, gint64 now);
gboolean roster_is_up (const Roster *self);
/* One more of those that wait may be sent to: that one; NULL: there is none. */
RosterPair *roster_next_paced (Roster *self);
guint roster_n_paced (const Roster *self);

/* --- To --- */

/* What is told of a contact while the link is down is old, and not heard. */

/* Somebody wants to know. */
typedef enum {
  ROSTER_FETCH, /* without asking the contact (RFC 8048 7.2) */
  ROSTER_ASK, /* also by asking him, if need be; one who refused is asked again
                    when there has been time enough */
  ROSTER_RESUME, /* the same; he was subscribed when it was known last */
} RosterHold;
void roster_hold (Roster *self, RosterPair *pair, RosterHold how, gint64 now);
/* asks: it was no ROSTER_FETCH. */
void roster_release (Roster *self, RosterPair *pair, gboolean asks, gint64 now);
guint roster_n_holders (const RosterPair *pair);
/* The contact is not to be watched any more: unsubscribes, whoever holds it. */
void roster_drop (Roster *self, RosterPair *pair, gint64 now);

/* A resource of the contact (name NULL: himself) is available, or not any more
 * (name NULL: none is). */
void roster_seen (Roster *self, RosterPair *pair,
                  const RosterResource *resource, gint64 now);
void roster_left (Roster *self, RosterPair *pair,
                  const RosterResource *resource, gint64 now);
/* What the contact, or somebody for him, answered. */
typedef enum {
  ROSTER_GRANTED, /* subscribed */
  ROSTER_DENIED,  /* unsubscribed */
  ROSTER_FORBIDDEN,
  ROSTER_NOT_THERE,
  ROSTER_NOT_NOW,
} RosterAnswer;
void roster_answered (Roster *self, RosterPair *pair, RosterAnswer answer,
                      gint64 now);

RosterTo roster_to (const RosterPair *pair);
const char *roster_to_name (RosterTo to);
/* Is anything known of how he is? */
gboolean roster_is_known (const RosterPair *pair);
/* RosterResource, those available, in the order of their coming; NULL for
 * none. */
const GPtrArray *roster_resources (const RosterPair *pair);
/* Known and nobody available: his last word, or NULL. */
const RosterResource *roster_last (const RosterPair *pair);
/* Would roster_hold ask, or go on asking: is he neither one who refused nor one
 * who is missing, or has that been long enough? */
gboolean roster_may_ask (const RosterPair *pair);

/* The next pair whose to changed since it was taken, or came to its end: it may
 * be tidied; NULL: none. */
RosterPair *roster_take_news (Roster *self);
/* Puts one there. */
void roster_note (Roster *self, RosterPair *pair);

/* --- From --- */

/* The contact asked (again): where it is granted already he is told so. */
void roster_asked (Roster *self, RosterPair *pair);
/* He asked, and there is nothing that could be granted already: he sees nothing
 * until it is. */
void roster_asked_anew (Roster *self, RosterPair *pair);
/* His subscription is active; what he sees changed. */
void roster_allow (Roster *self, RosterPair *pair);
/* It waits for a decision (again): he sees nothing. */
void roster_wait (Roster *self, RosterPair *pair);
/* What he asked could not be dealt with, and he was told that some other way. */
void roster_unask (Roster *self, RosterPair *pair);
/* It ended, or never was: he is told so. */
void roster_end (Roster *self, RosterPair *pair);
RosterFrom roster_from (const RosterPair *pair);

/* What he sees now: RosterResource with names, and where there is none last, or
 * NULL. */
typedef struct {
  const GPtrArray *resources;
  const RosterResource *last;
} RosterShown;
/* FALSE: it could not be sent. */
typedef gboolean (*RosterTellFn) (const RosterResource *resource,
                                  gboolean is_available, gpointer data);
/* Tells by fn what is different from what he was told; shown NULL: nothing is
 * visible.  TRUE: he knows all (roster_sent follows). */
gboolean roster_tell (RosterPair *pair, const RosterShown *shown,
                      RosterTellFn fn, gpointer data);

/* A client of his was told of it (the answer to a probe): when it is not there any
 * more, he hears of that too. */
void roster_told (RosterPair *pair, const RosterResource *resource);

/* --- Sending --- */

/* The pair that has waited longest of those that owe; NULL: none. */
RosterPair *roster_due (Roster *self);
guint roster_owes (const RosterPair *pair);
/* Sent: it is owed no more. */
void roster_sent (Roster *self, RosterPair *pair, RosterOwed owed, gint64 now);
/* What is owed now cannot be sent before until: another is next. */
void roster_postpone (Roster *self, RosterPair *pair, gint64 until);

/* Timers due. */
void roster_advance (Roster *self, gint64 now);
