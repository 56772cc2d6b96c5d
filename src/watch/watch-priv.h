/* SPDX-License-Identifier: ISC
 *
 * A watch and its states; never included outside watch/. */
#pragma once
#include "base/wheel.h"
#include "watch/watch.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
/* Timer N (RFC 6665 4.1.2.4): 64*T1. */
#define TIMER_N (32 * SECOND)
/* Granted times are heeded within these bounds, in seconds: a notifier cannot
 * have us ask more often than every half of the first. */
#define GRANTED_MIN 60
/* How long before its end a subscription is refreshed: time for two tries. */
#define MARGIN (2 * TIMER_N)
/* Waits between tries, in seconds, doubled each time. */
#define WAIT_MIN 30
#define WAIT_MAX 3600
/* The longest Retry-After and Min-Expires that are heeded, in seconds. */
#define HEEDED_MAX 86400
/* A dialog that lasted so long makes good for the failures before it. */
#define LASTED (60 * SECOND)

/* The life of one watch.
 *
 *   WAITING -> ASKING -> ACCEPTED -> UP <-> RENEWING -> RENEWED
 *                 \--> EARLY --------^ ^------/
 *   from all: RESTING (-> ASKING), OVER; LEAVING, GONE */
typedef enum {
  LIFE_WAITING,  /* for room */
  LIFE_ASKING,   /* the first SUBSCRIBE is out, no NOTIFY yet */
  LIFE_ACCEPTED, /* it has its 2xx, still no NOTIFY */
  LIFE_EARLY,    /* NOTIFY came, the SUBSCRIBE has no answer yet */
  LIFE_UP,       /* a dialog, and nothing out */
  LIFE_RENEWING, /* a refresh is out */
  LIFE_RENEWED,  /* it has its 2xx; a NOTIFY must follow */
  LIFE_RESTING,  /* no dialog; tried again later */
  LIFE_OVER,     /* no dialog, and none is tried */
  LIFE_LEAVING,  /* nobody holds it; unsubscribed */
  LIFE_GONE,
  N_LIFE,
  /* Targets in the table that are no states: */
  LIFE_RETRY = N_LIFE, /* ASKING when all went well before, else RESTING */
  LIFE_REJECT,         /* cannot be, or too late: nothing is done */
} WatchLife;

typedef enum {
  EVENT_ROOM,
  EVENT_ACCEPTED,  /* 2xx */
  EVENT_QUIET,     /* 204: no NOTIFY follows (RFC 5839) */
  EVENT_BRIEF,     /* 423, and what it wants is more than was asked */
  EVENT_FAILED,    /* no answer, or one that says nothing about the dialog */
  EVENT_LOST,      /* an answer that ends a dialog (RFC 6665 4.1.2.2) */
  EVENT_NO_DIALOG, /* 481 */
  EVENT_BARRED,    /* an answer that will be the same next time */
  EVENT_TOLD,      /* NOTIFY: active or pending */
  EVENT_AGAIN,     /* NOTIFY: terminated, to be tried at once */
  EVENT_LATER,     /* ...after a while */
  EVENT_CLOSED,    /* ...never */
  EVENT_DUE,       /* the deadline of the state */
  EVENT_EXPIRED,   /* the subscription was not refreshed in time */
  EVENT_LEFT,      /* the last holder went */
  N_EVENTS,
} WatchEvent;

typedef struct {
  guint8 to;
  guint8 actions;
  const char *why;
} WatchRow;
extern const WatchRow watch_table[N_LIFE][N_EVENTS];

struct Watch {
  WheelTimer timer; /* first: wheel callbacks get it */
  gint refs;
  guint holders;
  guint8 life;
  guint8 state, reason; /* what is known */
  gboolean is_counted;  /* among Watches.n_room */
  guint version;
  guint tries;       /* failures since all was well */
  guint32 cseq;      /* of our last SUBSCRIBE */
  guint32 asked;     /* its Expires */
  guint32 min_asked; /* what a 423 wants; 0: nothing */
  guint32 heard;     /* CSeq of the newest NOTIFY; 0: none */
  guint wait;        /* seconds that somebody asked us to wait; 0: none */
  guint8 failure;    /* WatchReason of what goes wrong now */
  gint64 answer_by;  /* Timer N */
  gint64 refresh_at, expires_at, retry_at, up_since;
  char *user, *from, *to, *key, *package, *accept;
  char *call_id, *local_tag, *remote_tag, *target, *route_set;
  char *content_type;
  GBytes *body;
  GList link; /* in Watches.waiting */
  WatchWish wish;
};

struct Watches {
  WatchLimits limits;
  Wheel *wheel;
  GHashTable *all;     /* set of Watch, by their wish: one that can be shared */
  GHashTable *dialogs; /* local_tag -> Watch */
  GHashTable *users;   /* AoR -> how many of n_room are his */
  GHashTable *leaving; /* set of Watch that nobody can share any more */
  GQueue waiting;      /* for room, by link */
  guint n_room;
  gboolean has_room;         /* some was given back since the last look */
  gint64 now;                /* of the call under way */
  GArray *actions;           /* the same */
  const WatchNotify *notify; /* the same; NULL: it is about none */
};

/* Moves a watch and appends what is to be done; FALSE: the row rejects. */
gboolean watch_move (Watches *self, Watch *watch, WatchEvent event);

/* table.c: what an answer (0: none) means inside a dialog and outside. */
WatchEvent watch_event_of (guint status, gboolean is_in_dialog);
/* What of it is told when it ends the subscription. */
WatchReason watch_reason_of (guint status);

/* Of n microseconds up to a tenth, so that those that began together part. */
gint64 watch_spread (const Watch *watch, gint64 n);
void watch_act (Watches *self, Watch *watch, WatchActionKind kind,
                guint32 expires);

/* notify.c: what the NOTIFY under way says of a dialog that exists now. */
void watch_take_news (Watches *self, Watch *watch);
/* What is known is this; a body is kept only while it is active.  Tells when
 * that is something else than before. */
void watch_set_known (Watches *self, Watch *watch, WatchState state,
                      WatchReason reason, gboolean has_new_body);
/* The subscription lasts seconds (negative: what was asked for) from now on. */
void watch_set_expiry (Watches *self, Watch *watch, gint64 seconds);

/* watch.c */
void watch_start_dialog (Watches *self, Watch *watch);
void watch_end_dialog (Watches *self, Watch *watch);
void watch_forget (Watches *self, Watch *watch);
