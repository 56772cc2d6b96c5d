/* SPDX-License-Identifier: ISC
 *
 * The pair, and the tables of its two halves; never included outside roster/. */
#pragma once
#include "base/wheel.h"
#include "roster/roster.h"

#define ROSTER_REJECT 0xff

typedef struct {
  guint8 to;
  guint16 actions;
  const char *why;
} RosterRow;

typedef enum {
  TO_WANT,        /* the first who wants to know */
  TO_AGAIN,       /* one more asks, and it has been long enough */
  TO_IDLE,        /* the last one is gone */
  TO_SEEN,        /* he is available */
  TO_LEFT,        /* he, or a resource of his, is not */
  TO_GRANTED,     /* subscribed */
  TO_DENIED,      /* unsubscribed, and somebody asks */
  TO_DENIED_IDLE, /* ...and nobody does */
  TO_FORBIDDEN,
  TO_NOT_THERE,
  TO_NOT_NOW,
  TO_DUE,      /* the timer, somebody asks */
  TO_DUE_IDLE, /* ...nobody does */
  TO_UP,
  TO_DOWN,      /* somebody wants to know */
  TO_DOWN_IDLE, /* ...nobody does */
  TO_DROP,
  N_TO_EVENTS,
} ToEvent;
#define N_TO (ROSTER_TO_TROUBLE + 1)
extern const RosterRow to_table[N_TO][N_TO_EVENTS];

typedef enum {
  FROM_ASKED,
  FROM_ALLOWED,
  FROM_WAITS,
  FROM_ASKED_ANEW,
  FROM_UNASKED,
  FROM_ENDED,
  FROM_UP,
  N_FROM_EVENTS,
} FromEvent;
#define N_FROM (ROSTER_FROM_ON + 1)
extern const RosterRow from_table[N_FROM][N_FROM_EVENTS];

/* A resource as the contact was told of it. */
typedef struct {
  RosterResource *resource;
  gboolean is_stale; /* he may not know it (any more) */
} Told;

struct RosterPair {
  char *user, *contact; /* GRefString */
  gpointer data;
  WheelTimer timer;       /* of to */
  WheelTimer postponed;   /* until then it is not in due, but for what is new */
  GList due, paced, news; /* in the queues of Roster; data NULL: not */
  GList of_user, of_contact;
  GPtrArray *resources; /* RosterResource, or NULL */
  RosterResource *last; /* NULL: none, or nothing known */
  GArray *told;         /* Told, or NULL */
  guint n_holders, n_asking;
  guint8 to, from;
  guint8 owes;
  guint8 is_known;
  guint8 is_new;   /* nobody knows yet whether there is a subscription */
  guint8 has_told; /* something, since the link is up */
};

struct Roster {
  RosterLimits limits;
  GHashTable *pairs;    /* RosterPair, by both */
  GHashTable *users;    /* AoR -> GQueue of RosterPair (of_user) */
  GHashTable *contacts; /* AoR -> GQueue of RosterPair (of_contact) */
  GQueue due, paced, news;
  Wheel *timers, *postponed; /* of RosterPair's */
  gint64 now;                /* of roster_advance, for its timers */
  gboolean is_up;
  gint64 denied_at; /* when a server answered a probe by "unsubscribed" last: such
                       an answer is worth waiting for, for it would be taken for
                       one to the request; 0: never */
};

/* Owes one thing more; what that makes pointless is owed no more. */
void pair_owe (Roster *self, RosterPair *pair, RosterOwed owed);
void pair_owe_not (Roster *self, RosterPair *pair, guint owed);
void pair_note_news (Roster *self, RosterPair *pair);
void pair_clear_known (RosterPair *pair);

void to_timer (Roster *self, RosterPair *pair, gint64 now);
void to_set_up (Roster *self, RosterPair *pair, gboolean is_up, gint64 now);
/* A probe has left. */
void to_probed (Roster *self, RosterPair *pair, gint64 now);
/* The link is up: what he was told may be lost. */
void from_up (Roster *self, RosterPair *pair);
void told_clear (RosterPair *pair);
