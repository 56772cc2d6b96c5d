/* SPDX-License-Identifier: ISC
 *
 * The inside of subs/.  A subscription is two machines that know each other by
 * events only: its *life* (state.c: RFC 6665 4.2.2's diagram with what commits
 * add to it) and the *sender* of its NOTIFYs (sender.c: one in flight, the rest
 * coalesced).  Both are tables of rows; life_move and sender_move are the only
 * functions that change `life` and `sender`. */
#pragma once
#include "base/wheel.h"
#include "subs/subs.h"

/* CSeq and version numbers reserved at a time; the next chunk is asked for when
 * less than a quarter is left. */
#define RANGE_CHUNK 1000
/* Random bits of a tag; RFC 3261 19.3 wants 32. */
#define TAG_BITS 60

typedef enum {
  LIFE_NEW,     /* resp_wait: its first row is not committed yet */
  LIFE_PENDING, /* committed, waits for the policy's decision */
  LIFE_ACTIVE,  /* committed and granted */
  LIFE_CLOSING, /* unsubscribed, but that is not committed yet */
  LIFE_ENDING,  /* terminated; the terminating NOTIFY is owed */
  LIFE_LAST,    /* the terminating NOTIFY is in flight */
  LIFE_TOMB,    /* over; answers repeats until its row is erased */
  LIFE_GONE,    /* not in the table any more */
  N_LIFE,
  LIFE_GRANTED, /* as a row's target: pending, active or ending, by `granted` */
  LIFE_REJECT,  /* as a row's target: the pair cannot be, nothing happens */
} LifeState;

typedef enum {
  LIFE_COMMITTED,    /* the row of an initial SUBSCRIBE or a refresh is there */
  LIFE_ABORTED,      /* ...could not be written */
  LIFE_CLOSED,       /* the row of an unsubscription is there; a fetch's 200 is
                        out */
  LIFE_CLOSE_LOST,   /* ...could not be written */
  LIFE_REFRESH,      /* SUBSCRIBE in the dialog, Expires > 0 */
  LIFE_UNSUBSCRIBE,  /* SUBSCRIBE in the dialog, Expires: 0 */
  LIFE_NOTED,        /* as COMMITTED, for who wants no NOTIFY (RFC 5839 6.3) */
  LIFE_CLOSE_NOTED,  /* as CLOSED, likewise */
  LIFE_REPEATED,     /* the last SUBSCRIBE again, with its CSeq */
  LIFE_CHANGED,      /* the presentity's state changed */
  LIFE_ALLOW,        /* the policy grants */
  LIFE_HOLD,         /* the policy has no decision (any more) */
  LIFE_REFUSE,       /* the policy, or the end of a user, terminates */
  LIFE_EXPIRED,      /* its time is over */
  LIFE_EXPIRED_AWAY, /* ...while its device cannot be reached */
  LIFE_DEAD,         /* a NOTIFY's answer ends it (RFC 6665 4.2.2) */
  LIFE_LAST_SENT,    /* the terminating NOTIFY has been given out */
  LIFE_LAST_DONE,    /* ...and ended, however */
  N_LIFE_EVENTS
} LifeEvent;

typedef enum {
  SENDER_HELD,            /* nothing may leave before the first commit */
  SENDER_IDLE,            /* the watcher has all that is owed */
  SENDER_IN_FLIGHT,       /* one is out */
  SENDER_IN_FLIGHT_DIRTY, /* one is out, its state is no longer the newest */
  SENDER_IN_FLIGHT_ASKED, /* one is out; another follows whatever its end */
  SENDER_WAITING_RANGE,   /* one is owed, its CSeq is not reserved yet */
  SENDER_BACKOFF,         /* one is owed, not before Retry-After */
  SENDER_PACED,           /* one is owed, not before max-rate allows it */
  SENDER_SUSPENDED_CLEAN, /* no way to the device; nothing is owed */
  SENDER_SUSPENDED,       /* no way to the device; one is owed */
  SENDER_OVER,            /* nothing may leave any more */
  N_SENDER,
  SENDER_REJECT,
} SenderState;

typedef enum {
  SENDER_CHANGED,       /* what the watcher should know changed */
  SENDER_ASKED,         /* a SUBSCRIBE or the end of it all wants a NOTIFY */
  SENDER_OK,            /* the one in flight: 2xx */
  SENDER_REFUSED,       /* ...non-2xx that does not end the subscription */
  SENDER_REFUSED_LATER, /* ...with Retry-After */
  SENDER_LOST,          /* ...timeout, transport failure, no way */
  SENDER_DUE,           /* the time of the next try has come, or (idle) of one
                           that a rate asks for */
  SENDER_EARLY,         /* max-rate does not allow the one about to leave yet */
  SENDER_SKIPPED,       /* the one given out would have said nothing new */
  SENDER_QUIET,         /* the watcher says that it has the newest state */
  SENDER_RESUMED,       /* the device was heard of */
  SENDER_CUT,           /* its flow closed */
  SENDER_DRY,           /* there is no reserved CSeq or version left */
  SENDER_RANGE,         /* numbers have been reserved */
  SENDER_STOP,          /* the subscription is over */
  N_SENDER_EVENTS
} SenderEvent;

/* A row of either table: [from][event] = { to, actions, why }. */
typedef struct {
  guint8 to;
  guint16 actions;
  const char *why;
} SubsRow;

extern const SubsRow life_table[N_LIFE][N_LIFE_EVENTS];
extern const SubsRow sender_table[N_SENDER][N_SENDER_EVENTS];

/* Rates (RFC 6446) in units of 1e-10 a second; 0: none. */
typedef struct {
  guint64 max, min, adaptive;
} SubsRates;

/* What few subscriptions have. */
#define RATE_SLOTS 10
typedef struct {
  SubsRates asked, rates;    /* by the watcher, and in force */
  gint64 sent_at;            /* the last NOTIFY; 0: none was */
  gint64 sent_before;        /* the one before it */
  gint64 told_at;            /* the same, or when the last one was skipped */
  gint64 slot;               /* the newest, by time divided by its length */
  guint16 slots[RATE_SLOTS]; /* NOTIFYs in each, for adaptive-min-rate */
  gpointer data;             /* the caller's */
  GDestroyNotify free_data;
} SubShape;

/* An intrusive list; link == NULL: in none. */
typedef struct SubLink SubLink;
struct SubLink {
  SubLink *next, **link;
};

/* Subscriptions to one presentity in one package. */
typedef struct Topic Topic;
typedef struct Person Person;
struct Topic {
  Topic *next; /* of the same person */
  Person *person;
  const char *package; /* interned by g_intern_string */
  SubLink *subs;
  guint n_subs;
};

/* What one AoR is: somebody's presentity and somebody's watcher. */
struct Person {
  char *aor; /* GRefString */
  Topic *topics;
  SubLink *watching;
};

/* Subscriptions over one flow. */
typedef struct {
  guint64 id;
  SubLink *subs;
} Flow;

typedef enum {
  WRITE_SUBSCRIBE, /* STORE of an initial SUBSCRIBE or a refresh */
  WRITE_CLOSE,     /* STORE of an unsubscription */
  WRITE_OTHER,     /* STORE that nobody waits for */
  WRITE_RESERVE,   /* RESERVE */
} WriteKind;

/* A row that is under way. */
typedef struct Write Write;
struct Write {
  Write *next; /* older first */
  guint64 ticket;
  gint64 expires_at;       /* what it grants */
  SubsBody *previous_body; /* before it, when it brought another */
  guint32 previous_cseq;   /* the remote one before it */
  WriteKind kind;
  gboolean has_body; /* it brought another */
  gboolean is_quiet; /* no NOTIFY after it */
};

/* Strings of a SubsDialog that many dialogs share. */
typedef struct Shared Shared;

/* ...those of one device. */
typedef enum {
  PLACE_TARGET,
  PLACE_INSTANCE,
  PLACE_SOURCE,
  PLACE_REMOTE_URI,
  N_PLACE
} PlaceString;

/* ...those of one kind of client; the name is the package. */
typedef enum {
  MANNER_EVENT,
  MANNER_ROUTE_SET,
  MANNER_ACCEPT,
  MANNER_LOCAL_CONTACT,
  N_MANNER
} MannerString;

/* There are many: sub_dialog puts a SubsDialog together of it. */
struct Sub {
  char *presentity, *watcher, *local_uri, *view; /* GRefStrings; view, local_uri
                                                    may be NULL */
  Shared *place, *manner;
  SubShape *shape; /* or NULL */
  SubsBody *body;  /* or NULL */
  guint64 flow;
  SubLink in_topic, in_watcher, in_flow;
  WheelTimer timer; /* the nearer of the deadline and retry_at */
  Write *writes;
  gint64
      expires_at; /* as decided; unsubscribed: the end of the tombstone; after
                          the end: when to give up */
  gint64 agreed_until; /* as committed and answered */
  gint64 retry_at;     /* SENDER_DUE; 0: no try by time */
  gint32 created_at;   /* seconds; before the machine's start below 0 */
  guint32 answered_at; /* seconds */
  guint32 limit_at;    /* seconds, of the dialog */
  guint32 remote_cseq;
  guint32 cseq, version; /* last used, next */
  guint32 limit;         /* the last usable cseq, the end of usable versions */
  /* Bits, for there are many subscriptions: */
  guint32 life : 4;            /* LifeState */
  guint32 sender : 4;          /* SenderState */
  guint32 granted : 2;         /* SubsState: what the policy said last */
  guint32 reason : 4;          /* SubsReason of the end */
  guint32 answered : 10;       /* status of the last NOTIFY's answer */
  guint32 is_fetch : 1;        /* gboolean */
  guint32 is_approved : 1;     /* gboolean: pending before it was active */
  guint32 is_unsubscribed : 1; /* gboolean: its tombstone is kept */
  guint32 is_reserving : 1; /* gboolean: the row has a chunk of numbers more */
  guint32 must : 1;         /* gboolean: the next NOTIFY has to go out */
  guint32 must_sent : 1;    /* ...the one in flight had to */
  guint32 is_periodic : 1;  /* gboolean: a rate is what moves it now */
  guint32 is_trusted : 1;   /* gboolean, of the dialog */
  guint32 refs;
  char ids[]; /* local tag, remote tag (empty: none), Call-ID */
};

#define SUB_OF(pointer, member)                                                \
  ((Sub *)(gpointer)((char *)(pointer)-G_STRUCT_OFFSET (Sub, member)))

struct Subs {
  SubsLimits limits;
  Wheel *wheel;
  GHashTable *by_tag;     /* set of ids of Subs: local tag */
  GHashTable *by_initial; /* set of Sub: see subs_find_initial */
  GHashTable *people;     /* set of Person: aor */
  GHashTable *flows;      /* set of Flow: id */
  GHashTable *shared;     /* set of Shared */
  GHashTable *suspended;  /* set of Sub: SENDER_SUSPENDED */
  guint64 last_ticket;
  guint n_live;
  gint64 now; /* of the subs_advance that is running, with its actions */
  GArray *actions;
};

/* One call into the room: its time, where its actions go, and what belongs to
 * the event. */
typedef struct {
  Subs *subs;
  gint64 now;
  GArray *actions;
  SubsReason reason; /* LIFE_REFUSE */
  guint retry_after; /* SENDER_REFUSED_LATER, in seconds */
  gboolean is_quiet; /* a SUBSCRIBE that wants no NOTIFY */
} Turn;

#define TURN(self, now_, actions_)                                             \
  (&(Turn){ .subs = (self), .now = (now_), .actions = (actions_) })

/* state.c.  FALSE: the table rejects the event in this state. */
gboolean life_move (const Turn *turn, Sub *sub, LifeEvent event);
gboolean life_is_live (const Sub *sub);
/* When life moves by itself; 0: never. */
gint64 life_deadline (const Sub *sub);
const char *life_name (LifeState state);

/* sender.c */
gboolean sender_move (const Turn *turn, Sub *sub, SenderEvent event);
gboolean sender_is_suspended (const Sub *sub);
gboolean sender_is_in_flight (const Sub *sub);
const char *sender_name (SenderState state);

/* write.c: the rows under way. */
void write_begin (const Turn *turn, Sub *sub, WriteKind kind,
                  guint32 previous_cseq);
/* Takes the one with ticket out; NULL when there is none. The caller frees. */
Write *write_take (Sub *sub, guint64 ticket);
void write_free (Write *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Write, write_free)
/* The youngest of a kind, or NULL. */
Write *write_newest (const Sub *sub, WriteKind kind);

/* range.c: CSeq and version numbers. */
gboolean range_is_dry (const Sub *sub);
void range_ask (const Turn *turn, Sub *sub);
void range_ask_early (const Turn *turn, Sub *sub);

/* sub.c: the record. */
Sub *sub_new (Subs *self, const SubsDialog *dialog, gint64 now);
static inline const char *
sub_local_tag (const Sub *sub)
{
  return sub->ids;
}
/* NULL: none. */
const char *sub_remote_tag (const Sub *sub);
const char *sub_call_id (const Sub *sub);
/* The Event header's value. */
const char *sub_event (const Sub *sub);
const char *sub_package (const Sub *sub);
const char *sub_source (const Sub *sub);
/* Takes over target, instance, source, accept and our contact from a newer
 * SUBSCRIBE, each as far as it is given; not the flow. */
void sub_take_place (Sub *sub, const SubsDialog *dialog);
void sub_set_source (Sub *sub, const char *source);
/* Takes over the rates of an Event header's value. */
void sub_take_rates (Sub *sub, const char *event);
/* The rates that are asked for, as the limits allow them until it expires. */
void sub_grant_rates (Subs *self, Sub *sub, gint64 now);
/* Rates are there, or are not any more. */
SubShape *sub_need_shape (Sub *sub);
/* body: referenced; NULL: none any more. */
void sub_set_body (Sub *sub, SubsBody *body);
SubsAction *sub_act (const Turn *turn, Sub *sub, SubsActionKind kind);
guint sub_seconds_left (gint64 until, gint64 now);
/* seconds, or less where limit_at comes before (at least 1; 0 stays 0). */
guint sub_bound (guint seconds, guint32 limit_at, gint64 now);
/* Arms the timer anew after something moved. */
void sub_touch (Subs *self, Sub *sub);

/* shared.c: by content; one outlives the registry's owner. */
GHashTable *shared_registry_new (void);
/* Of n strings, NULL where absent, and a name that is interned, or NULL. */
Shared *shared_get (GHashTable *registry, const char *name,
                    const char *const *strings, guint n);
const char *shared_name (const Shared *self);
GHashTable *shared_registry (const Shared *self);
void shared_unref (Shared *self);
/* The i-th, a pointer into self; NULL: absent. */
const char *shared_string (const Shared *self, guint i);

/* rate.c */
/* Reads the rates in an Event header's value.  The value without them, new;
 * NULL: there are none. */
char *rates_take (const char *event, SubsRates *rates);
gboolean rates_are_any (const SubsRates *rates);
/* Appends them as parameters. */
void rates_write (const SubsRates *rates, GString *out);
/* What is in force for a subscription of so many seconds more. */
SubsRates rates_granted (const SubsRates *asked, const SubsLimits *limits,
                         guint seconds);
void rate_begin (SubShape *self);
/* A NOTIFY leaves. */
void rate_sent (SubShape *self, gint64 now);
/* The earliest time for the next one; 0: any. */
gint64 rate_next (const SubShape *self);
/* When there has to be one; 0: never. */
gint64 rate_latest (SubShape *self, gint64 now);

/* table.c: where it is found. */
void table_init (Subs *self);
void table_clear (Subs *self);
void table_add (Subs *self, Sub *sub);
void table_remove (Subs *self, Sub *sub);
/* sub is, or is no longer, in SENDER_SUSPENDED. */
void table_set_suspended (Subs *self, Sub *sub);
/* flow 0: none */
void table_set_flow (Subs *self, Sub *sub, guint64 flow);
Person *table_person (Subs *self, const char *aor);
Topic *table_topic (Subs *self, const char *presentity, const char *package);
Flow *table_flow (Subs *self, guint64 id);
