/* SPDX-License-Identifier: ISC
 *
 * A member and his states; never included outside rooms/. */
#pragma once
#include "base/wheel.h"
#include "rooms/rooms.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
/* A room has this long to answer: less than a SIP transaction (64*T1). */
#define ANSWER (15 * SECOND)
/* Waits between tries to be let in again, in seconds, doubled each time. */
#define WAIT_MIN 10
#define WAIT_MAX 600
/* Nicks that are tried: NAME, NAME2... */
#define NICKS_MAX 20
/* The longest nick, in bytes: a JID's resource (RFC 7622 3.4). */
#define NICK_BYTES 1023
/* Who left a room is remembered, so many. */
#define GONE_MAX 200

typedef enum {
  EVENT_JOIN,    /* he wants in */
  EVENT_LEAVE,   /* he wants out */
  EVENT_ENTERED, /* he is in */
  EVENT_NICK,    /* his nick is taken */
  EVENT_REFUSED, /* he is not let in, and would not be next time */
  EVENT_FAILED,  /* it went wrong, and may go well next time */
  EVENT_REMOVED, /* kicked, banned */
  EVENT_GONE,    /* he is out, and it is not said why */
  EVENT_DOWN,    /* the service shuts down */
  EVENT_LOST,    /* the room does not know him */
  EVENT_UNLINK,  /* the link went down */
  EVENT_TURN,    /* the link is up, and it is his turn */
  EVENT_DUE,     /* the deadline of the state */
  N_EVENTS,
} RoomsEvent;

/* Targets in the table that are no states. */
enum {
  NEXT_NICK = MEMBER_OUT + 1, /* the same state, with another nick; else as
                                 EVENT_REFUSED */
  REJECT,                     /* cannot be, or too late: nothing is done */
};
#define N_STATES (MEMBER_OUT + 1)

typedef struct {
  guint to;
  guint actions;
  const char *why;
} RoomsRow;
extern const RoomsRow rooms_table[N_STATES][N_EVENTS];

struct Member {
  WheelTimer timer;
  GList link; /* in rooms->waiting, while is_queued */
  guint n_refs;
  Room *room; /* NULL: out */
  char *user;
  char *address; /* of the room, also when that is gone */
  char *nick, *base, *wish, *password;
  MemberState state;
  RoomsReason reason; /* of the event that is being dealt with */
  guint n_nicks, n_tries;
  gint64 heard_up_to;            /* as the caller says */
  gint64 away_since;             /* us: when he was in last, or was let go */
  gint64 heard_at;               /* us: the last word of the room */
  gint64 since, due, absent_due; /* us; 0: none */
  gboolean is_queued, is_stored, is_back, has_subject;
  GHashTable *heard; /* nicks that he was told of while he comes in; or NULL */
};

struct Room {
  Rooms *rooms;
  char *address;
  GHashTable *members; /* AoR -> Member */
  Crowd *crowd;
  Member *reporter;  /* whose stanzas the roster is made from; or NULL */
  gboolean is_known; /* it is complete */
};

struct Rooms {
  RoomsLimits limits;
  GHashTable *rooms; /* address -> Room */
  GHashTable *users; /* AoR -> GPtrArray of Member */
  Wheel *wheel;
  GQueue waiting; /* Member, for the link */
  gboolean is_up;
  gint64 turned_at; /* when rejoins were last counted */
  guint n_members;
  /* During a call. */
  GArray *actions;
  gint64 now;
};

/* Moves a member; FALSE: the table rejects it. */
gboolean rooms_move (Rooms *self, Member *member, RoomsEvent event);
/* Sets its timer to the next of its deadlines. */
void rooms_arm (Rooms *self, Member *member);
void rooms_act (Rooms *self, Member *member, RoomsActionKind kind,
                gboolean is_again);

/* room.c */
Room *rooms_room (Rooms *self, const char *address); /* made if need be */
void room_add (Room *self, Member *member);
/* The room may be gone then. */
void room_remove (Room *self, Member *member);
/* He is not in any more: somebody else tells of the room. */
void room_lost_reporter (Room *self, Member *member);
