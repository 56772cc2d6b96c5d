/* SPDX-License-Identifier: ISC
 *
 * The inside of im/.  Three machines that know each other by events only: the
 * *life* of a message (life.c), the *line* of a device, in which copies wait
 * for their turn (line.c), and the *box* of a recipient, which knows what is on
 * disk (box.c).  Each is a table of rows, and one function moves it.
 *
 * Within a call now, actions and the devices that are present stand in Im; what
 * has ended is freed when the call does, by im_leave. */
#pragma once
#include "base/wheel.h"
#include "im/im.h"

typedef struct ImMsg ImMsg;
typedef struct ImLine ImLine;
typedef struct ImBox ImBox;

/* Answers that say neither "not now" nor "never" (404, 500, ...) a device may
 * give to one message before it is passed over, so that it does not stop those
 * behind it for ever. */
#define IM_TRIES_MAX 5

typedef enum {
  IM_TOOK,       /* 2xx */
  IM_NOT_THERE,  /* it may take the same message later: 408, 480, 503, ... */
  IM_WILL_NEVER, /* this device will not */
} ImOutcome;

ImOutcome im_outcome (guint status);
/* Is it about the device now, whatever the message (408, 480, 486, 503)?  Then
 * it is asked again for as long as the message waits. */
gboolean im_is_away (guint status);
/* Is it about the message, whoever is asked (415, 488, 6xx, ...)? */
gboolean im_is_settled (guint status);
/* The order of RFC 3261 16.7 step 6 as one number, the lower the better: 2xx,
 * 6xx, then the classes in order; inside 4xx first what the sender can mend
 * (401 407 415 420 484), then what is settled, last a mere timeout; 503 after
 * all. */
guint im_rank (guint status);

typedef enum {
  LIFE_ALONE,   /* live, with the locked device */
  LIFE_SPREAD,  /* live, with all */
  LIFE_STORING, /* its row is under way, upstream waits for it */
  LIFE_SHOWN,   /* ...and somebody took it meanwhile */
  LIFE_KEPT,    /* on disk, owed to devices */
  LIFE_TAKING,  /* taken; that is being written */
  LIFE_TAKEN,   /* done; the rest of its copies go out as far as they can */
  LIFE_OVER,    /* done; no copy leaves any more */
  LIFE_GONE,    /* not in memory any more */
  N_LIFE,
  LIFE_UNTAKEN, /* as a row's target: by life_untaken */
  LIFE_REJECT,  /* as a row's target: the pair cannot be, nothing happens */
} ImLife;

typedef enum {
  LIFE_TOOK,      /* a device answered 2xx */
  LIFE_SETTLED,   /* no copy is left, or time is up, and one answer holds for
                     whoever is asked */
  LIFE_ENDED,     /* no copy is left */
  LIFE_DUE,       /* the time of the state is up */
  LIFE_STORED,    /* its row is committed */
  LIFE_LOST,      /* ...could not be written */
  LIFE_WRITTEN,   /* its first 2xx is committed */
  LIFE_UNWRITTEN, /* ...could not be written */
  LIFE_PURGED,    /* an administrator removed it */
  N_LIFE_EVENTS
} ImLifeEvent;

/* Why a message that nobody took ends as it does. */
typedef enum {
  UNTAKEN_STORE,
  UNTAKEN_FULL,
  UNTAKEN_ANSWERED, /* not to be stored; everybody has answered */
  UNTAKEN_SILENT,   /* not to be stored; somebody has not */
  N_UNTAKEN
} ImUntaken;

typedef enum {
  LINE_IDLE,    /* nothing is out */
  LINE_BUSY,    /* one is out */
  LINE_AGAIN,   /* one is out, and the device registered since */
  LINE_LEAVING, /* one is out, and the device left since */
  LINE_RESTING, /* it did not answer; nothing waits */
  LINE_GONE,    /* freed when the call ends */
  N_LINE,
  LINE_REJECT,
} ImLineState;

typedef enum {
  LINE_PUSHED,  /* a copy was put into it */
  LINE_SENT,    /* a copy was given out */
  LINE_TOOK,    /* the one out: 2xx */
  LINE_REFUSED, /* ...the device will never take it */
  LINE_AWAY,    /* ...the device is not there */
  LINE_HERE,    /* the device registered (again) */
  LINE_LEFT,    /* it has no binding any more, or no way */
  LINE_DUE,     /* it has rested */
  N_LINE_EVENTS
} ImLineEvent;

typedef enum {
  BOX_OPEN,    /* what is on disk alone is for nobody who is here */
  BOX_COLD,    /* what is on disk above `upto` has not been read */
  BOX_LOADING, /* it is being read */
  BOX_AGAIN,   /* ...and must be read once more from the start */
  N_BOX,
  BOX_REJECT,
} ImBoxState;

typedef enum {
  BOX_WANTED, /* a line cannot go on without what is on disk */
  BOX_ASKED,  /* a device may have missed something */
  BOX_SOME,   /* read, and there is more */
  BOX_ALL,    /* read to the end */
  BOX_FAILED, /* could not be read */
  BOX_NOBODY, /* nobody is here for what was read */
  N_BOX_EVENTS
} ImBoxEvent;

/* A row of any table: [from][event] = { to, actions, why }. */
typedef struct {
  guint8 to;
  guint16 actions;
  const char *why;
} ImRule;

extern const ImRule im_life_table[N_LIFE][N_LIFE_EVENTS];
extern const ImRule im_untaken_table[N_UNTAKEN];
extern const ImRule im_line_table[N_LINE][N_LINE_EVENTS];
extern const ImRule im_box_table[N_BOX][N_BOX_EVENTS];

/* One message for one device: waiting in its line, or out. */
typedef struct {
  GList in_line; /* not linked while it is out */
  GList in_msg;
  ImMsg *msg;
  ImLine *line;
} ImCopy;

/* A device that answered a message for good. */
typedef struct {
  char *device; /* GRefString */
  guint status;
} ImEnd;

struct ImMsg {
  guint64 id;
  GList in_box;
  ImBox *box;
  char *sender; /* NULL: it was read from the store */
  ImLife life;
  ImKeep keep;
  gint64 arrived_at, expires_at;
  WheelTimer timer;
  GQueue copies;
  GArray *ends;      /* ImEnd */
  GPtrArray *others; /* LIFE_ALONE: who is next, GRefStrings */
  char *locked;      /* GRefString, or NULL */
  char *best;        /* whose answer goes upstream, GRefString, or NULL */
  guint best_status;
  gboolean is_settled; /* an answer holds for whoever is asked */
};

struct ImLine {
  GList in_box;
  ImBox *box;
  char *device; /* GRefString */
  ImLineState state;
  GQueue waiting; /* of ImCopy, by the ids of their messages */
  ImCopy *out;
  WheelTimer timer; /* LINE_RESTING */
  guint64 stuck;    /* the message that was last refused for now, or 0 */
  guint tries;      /* ...so many times */
};

struct ImBox {
  char *aor; /* GRefString */
  ImBoxState state;
  guint n_stored;     /* committed and not taken, in memory or not */
  guint n_storing;    /* rows under way */
  guint n_kept;       /* of n_stored, those in memory */
  guint64 upto;       /* BOX_COLD, BOX_LOADING: read up to this id */
  GArray *removed;    /* ids that were removed while the disk is being read */
  gboolean is_behind; /* a full line left something on disk */
  gboolean is_touched;
  WheelTimer timer; /* it could not be read: when to try again */
  GQueue messages;  /* by id */
  GQueue lines;
};

struct Im {
  ImLimits limits;
  ImLocks *locks;
  GHashTable *messages;         /* &id -> ImMsg */
  GHashTable *boxes;            /* aor -> ImBox */
  Wheel *ages, *rests, *unread; /* of ImMsg, ImLine, ImBox */
  /* Within a call: */
  gint64 now;
  GArray *actions;
  const char *const *present;
  guint n_present;
  GPtrArray *touched; /* boxes that may be freed */
  GPtrArray *gone;    /* messages to be freed */
};

/* im.c */
ImAction *im_act (Im *self, ImActionKind kind, const ImBox *box,
                  guint64 message, const char *device);

/* life.c */
ImMsg *im_msg_new (Im *self, ImBox *box, guint64 id, ImLife life);
void im_msg_free (ImMsg *msg);
/* Moves it by event, and on while no copy is left. */
void im_msg_event (Im *self, ImMsg *msg, ImLifeEvent event);
void im_msg_settle (Im *self, ImMsg *msg);
/* The times of LIFE_ALONE, LIFE_SPREAD and LIFE_KEPT begin. */
void im_msg_arm (Im *self, ImMsg *msg);
/* A device's answer, for the choice of the best one, and for the ledger. */
void im_msg_answer (Im *self, ImMsg *msg, const char *device, guint status,
                    gboolean is_final);
/* Did this device answer it for good? */
gboolean im_msg_is_done (const ImMsg *msg, const char *device);
/* Is it on disk, and its first 2xx not committed? */
gboolean im_msg_is_owed (const ImMsg *msg);
/* A copy for a device that is owed it, unless it has one, rests, or leaves. */
void im_msg_offer (Im *self, ImMsg *msg, const char *device);

/* line.c */
ImLine *im_line_find (ImBox *box, const char *device);
ImLine *im_line_need (ImBox *box, const char *device);
void im_line_free (ImLine *line);
/* Puts a copy into its place; FALSE when the line is full. */
gboolean im_line_push (Im *self, ImLine *line, ImMsg *msg);
void im_line_move (Im *self, ImLine *line, ImLineEvent event);
/* Gives out the next copy if it may leave. */
void im_line_next (Im *self, ImLine *line);
/* Takes a copy out of its line and message. */
void im_copy_free (ImCopy *copy);
/* The answer to what is out. */
void im_line_answered (Im *self, ImLine *line, guint status);
/* Can its device be given anything? */
gboolean im_line_is_active (const ImLine *line);

/* box.c */
ImBox *im_box_find (Im *self, const char *aor);
ImBox *im_box_need (Im *self, const char *aor);
void im_box_free (ImBox *box);
void im_box_add (ImBox *box, ImMsg *msg);
void im_box_remove (Im *self, ImBox *box, ImMsg *msg);
void im_box_move (Im *self, ImBox *box, ImBoxEvent event);
/* It may be freed, or go on, when the call ends. */
void im_box_touch (Im *self, ImBox *box);
/* Reads what is on disk alone, if there is anything. */
void im_box_look (Im *self, ImBox *box);
/* A line's device may have missed something: what is in memory, and, if there
 * is more, what is on disk. */
void im_box_ask (Im *self, ImBox *box, ImLine *line);
/* May this message leave, or does an earlier one come first? */
gboolean im_box_may_send (const ImBox *box, const ImLine *line,
                          const ImMsg *msg);
/* Its line has nothing left: what was left on disk can be read, and what comes
 * after what was read (whose 2xx may all wait for their commit). */
void im_box_drained (Im *self, ImBox *box);
/* One stored message less. */
void im_box_uncount (Im *self, ImBox *box, guint64 id);
/* Reads on when little is left in memory. */
void im_box_read_on (Im *self, ImBox *box);
void im_box_next (Im *self, ImBox *box); /* im_line_next for all */
