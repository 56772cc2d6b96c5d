/* SPDX-License-Identifier: ISC
 *
 * The routing of messages (DESIGN section 6; RFC 3428): which devices get a
 * message and when, the one answer upstream, what is stored and delivered
 * later.  It decides only: each call takes an event and appends what is to be
 * done.  It knows no body, socket, SQL or SIP type; times are microseconds on
 * the monotonic clock.
 *
 * A device is a string: its +sip.instance, or else its Contact.  It has one
 * message outstanding at a time, and gets them in the order of their ids (RFC
 * 3428 8), so a live one comes behind its stored ones.
 *
 * A message is live until it is answered upstream.  It goes to the locked
 * device (lock.h), else to all.  The first 2xx is the answer at once.  A locked
 * device that does not take it, or is silent for limits.alone, lets the lock
 * fall, and the same message goes to the others, once.  When nobody has taken
 * it after limits.fork, or everybody has answered: with a 415, 488, 6xx and the
 * like among the answers the best one is relayed, and that is the end; else it
 * is stored and answered 202 when that is committed.
 *
 * A stored message is owed to every device that is signed in between its commit
 * and that of its first 2xx.  It is in memory while some device can be tried,
 * and on disk alone else.  What is on disk is read when a device of its
 * recipient registers, limits.chunk at a time.  A device that was given a copy
 * before another one's 2xx still gets it from memory, as far as it answers.  One
 * that was taken while its row was under way was live: it is owed to nobody. */
#pragma once
#include "im/lock.h"

typedef struct Im Im;

typedef struct {
  gint64 alone; /* us: a silent locked device has this long */
  gint64 fork;  /* us: ...and all of them this long, from the arrival */
  gint64 idle;  /* us: a lock falls when nobody writes */
  gint64 retry; /* us: a device that did not answer is tried again */
  guint max_locks;
  guint max_stored;  /* messages of one recipient */
  guint chunk;       /* rows of one IM_ACT_LOAD */
  guint max_waiting; /* messages of one device in memory, and as many as are
                        read at one time; above chunk */
} ImLimits;

typedef enum {
  IM_KEEP,   /* stored when nobody takes it */
  IM_REFUSE, /* answered 480 then: offline messages are suppressed, a GRUU, or
                something that is worth nothing later (isComposing) */
  IM_FIRST,  /* stored before it is tried: a broadcast's copy */
} ImKeep;

typedef struct {
  guint64 id;            /* of the row; not 0, grows from message to message */
  const char *sender;    /* AoR, or another domain's address */
  const char *recipient; /* AoR as in users */
  ImContent content;
  ImKeep keep;
  gboolean is_direct; /* for these devices, whatever is locked (a GRUU), and for
                         no other one: not to be used with IM_KEEP */
  const char *first;  /* this device first, as if it were locked; or NULL */
  gint64 expires_at;  /* us; of the stored message */
} ImMessage;

typedef enum {
  IM_ACT_SEND,   /* a copy of message to device; then one im_answered.  A device
                     without a way to it: answer 480 */
  IM_ACT_ANSWER, /* upstream, once for a message of im_message: see answer */
  IM_ACT_STORE,  /* write the message; then im_stored */
  IM_ACT_TAKE,   /* device has taken a stored message: write that and remove its
                     body; then im_taken */
  IM_ACT_REFUSED, /* device will never take this stored message (status): write
                     that, to be given back as ImRow.refused */
  IM_ACT_EXPIRE,  /* write that the stored message expired, remove its body */
  IM_ACT_LOAD,    /* read up to n stored messages of recipient with an id above
                     message, in the order of their ids; then im_loaded */
  IM_ACT_COUNT,   /* n stored messages wait for recipient now (RFC 3842) */
  IM_ACT_FORGET,  /* nothing more will be asked of message: free what is held */
} ImActionKind;

typedef enum {
  IM_ANSWER_RELAY, /* device's response; status 408, or 503 without one, when it
                       timed out or its transport failed */
  IM_ANSWER_STORED, /* 202 */
  IM_ANSWER_NOBODY, /* 480: nobody took it and it is not to be stored */
  IM_ANSWER_FULL,   /* 480 with a Warning: limits.max_stored are waiting */
  IM_ANSWER_STORE,  /* 503 with Retry-After: it could not be stored */
} ImAnswer;

/* What to do, in this order.  Strings live as long as the array. */
typedef struct {
  ImActionKind kind;
  guint64 message;
  char *recipient;
  char *device; /* or NULL */
  guint status;
  guint n;
  ImAnswer answer;
} ImAction;

/* A new array of ImAction (free with g_array_unref) for all calls below; they
 * only append. */
GArray *im_actions_new (void);

/* Limits are copied and may be changed at any time, but for those of the locks;
 * timers that run keep theirs. */
Im *im_new (const ImLimits *limits, gint64 now);
void im_set_limits (Im *self, const ImLimits *limits);
void im_free (Im *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Im, im_free)

/* The locks, for im_locks_wrote: to be called for each MESSAGE of a user of
 * ours to whomever that policy lets through, before im_message. */
ImLocks *im_locks (Im *self);

/* A message came, and may be delivered and stored as far as policy goes.
 * devices: those of the recipient that can be reached now, each once; may be
 * none. */
void im_message (Im *self, const ImMessage *message, const char *const *devices,
                 guint n, gint64 now, GArray *actions);

/* The final answer of a device to IM_ACT_SEND: a SIP status, 408 for no answer,
 * 503 for a transport that failed. */
void im_answered (Im *self, guint64 message, const char *device, guint status,
                  gint64 now, GArray *actions);

/* IM_ACT_STORE is committed, or has failed for good.  devices: those of the
 * recipient that can be reached now (DESIGN section 3, rule 4). */
void im_stored (Im *self, guint64 message, gboolean is_stored,
                const char *const *devices, guint n, gint64 now,
                GArray *actions);

/* IM_ACT_TAKE is committed, or has failed for good: then the message is on disk
 * as before, and will be sent again. */
void im_taken (Im *self, guint64 message, gboolean is_written, gint64 now,
               GArray *actions);

/* One stored message as read.  refused: devices that never take it, NULL at the
 * end; or NULL. */
typedef struct {
  guint64 id;
  gint64 expires_at;
  const char *const *refused;
} ImRow;

typedef enum {
  IM_LOADED_SOME, /* limits.chunk rows; there may be more */
  IM_LOADED_ALL,  /* the last ones */
  IM_NOT_LOADED,  /* PostgreSQL is away: live messages do not wait for it */
} ImLoaded;

/* What IM_ACT_LOAD read; soon, for the recipient's live messages wait for it.
 * Rows that are not needed get an IM_ACT_FORGET. devices as above. */
void im_loaded (Im *self, const char *recipient, ImLoaded outcome,
                const ImRow *rows, guint n_rows, const char *const *devices,
                guint n, gint64 now, GArray *actions);

/* A device registered (also again), and that is committed.  Gives it what is
 * stored. */
void im_device_here (Im *self, const char *recipient, const char *device,
                     gint64 now, GArray *actions);
/* The flow of a device closed, and it has no other way to it. */
void im_device_closed (Im *self, const char *recipient, const char *device,
                       gint64 now, GArray *actions);
/* The message that is out to a device and not answered; 0: none. */
guint64 im_out (const Im *self, const char *recipient, const char *device);
/* The last binding of a device was removed or has expired. */
void im_device_gone (Im *self, const char *recipient, const char *device,
                     gint64 now, GArray *actions);

/* As many messages are stored for recipient as the store says: after a start,
 * or when it removed some that were on disk alone. */
void im_counted (Im *self, const char *recipient, guint n, gint64 now,
                 GArray *actions);
guint im_count (const Im *self, const char *recipient);

/* An administrator removed a stored message. */
void im_purged (Im *self, const char *recipient, guint64 message, gint64 now,
                GArray *actions);

/* Carries out what is due by now. */
void im_advance (Im *self, gint64 now, GArray *actions);

/* Stored messages of all recipients. */
guint im_count_all (const Im *self);

/* Messages in memory. */
guint im_size (const Im *self);
