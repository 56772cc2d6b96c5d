/* SPDX-License-Identifier: ISC
 *
 * The subscriber's side of RFC 6665: what this server subscribes to in other
 * domains, one dialog for each user, target and package, as a state table.  A
 * call decides and returns actions; the caller carries them out.  Knows no
 * document, socket or sofia type; times are microseconds on the monotonic clock.
 *
 * Only the first of the dialogs that a forked SUBSCRIBE makes is kept (RFC 3856
 * 6.9, RFC 6665 4.1.4).  Nothing is stored: after a restart the dialogs of
 * before are answered 481, which ends them, and new ones bring the full state. */
#pragma once
#include <glib.h>

typedef struct Watches Watches; /* all of this server */
typedef struct Watch Watch;     /* lives until WATCH_ACT_FREE */

/* What is known of the target. */
typedef enum {
  WATCH_UNKNOWN, /* nobody has answered yet, or there is no room for it */
  WATCH_PENDING,
  WATCH_ACTIVE,
  WATCH_TERMINATED, /* it may be tried again, by itself */
} WatchState;

/* RFC 6665 4.1.3. */
typedef enum {
  WATCH_NO_REASON,
  WATCH_DEACTIVATED,
  WATCH_PROBATION, /* also: no answer, or one that is not for good */
  WATCH_REJECTED,  /* also: refused by an answer like 403 or 401 */
  WATCH_TIMEOUT,
  WATCH_GIVEUP,
  WATCH_NORESOURCE, /* also: 404, 410, 604 */
  WATCH_INVARIANT,
} WatchReason;

/* version grows with each change of the others.  Borrowed until the next call
 * that may change them. */
typedef struct {
  WatchState state;
  WatchReason reason; /* of WATCH_TERMINATED */
  const char *content_type;
  GBytes *body; /* the newest, of WATCH_ACTIVE; NULL: none came yet */
  guint version;
} WatchView;
void watch_look (const Watch *watch, WatchView *out);

/* Who asks for what.  Copied. */
typedef struct {
  const char *user;    /* AoR: the bounds count by it */
  const char *from;    /* his URI */
  const char *target;  /* URI: To, and Request-URI outside a dialog */
  const char *key;     /* of target: the same for equal URIs */
  const char *package; /* "presence" */
  const char *accept; /* types for Accept, comma-separated; NULL: no Accept, all
                          are taken */
} WatchWish;
const WatchWish *watch_wish (const Watch *watch);

/* What a SUBSCRIBE is made of, beside the wish.  remote_tag is NULL outside a
 * dialog; route_set is in the order of Route. */
typedef struct {
  const char *call_id, *local_tag, *remote_tag, *target, *route_set;
} WatchDialog;
void watch_dialog (const Watch *watch, WatchDialog *out);

typedef enum {
  WATCH_ACT_SEND,    /* a SUBSCRIBE of watch_dialog, with cseq and expires; then
                        tell of its end by watches_answered */
  WATCH_ACT_CHANGED, /* watch_look tells something new */
  WATCH_ACT_FREE,    /* forget every pointer, then call watch_unref */
} WatchActionKind;

typedef struct {
  WatchActionKind kind;
  Watch *watch;
  guint32 cseq, expires;
} WatchAction;

/* Actions are appended to a GArray of WatchAction, to be carried out in order
 * after the call. */
GArray *watch_actions_new (void);

typedef struct {
  guint max;          /* dialogs in all */
  guint max_per_user; /* dialogs on behalf of one user */
  guint expires;      /* seconds that are asked for */
  gsize max_body;     /* bytes of a NOTIFY's body; a larger one is refused */
} WatchLimits;

Watches *watches_new (const WatchLimits *limits, gint64 now);
void watches_free (Watches *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Watches, watches_free)
/* Those that are there stay. */
void watches_set_limits (Watches *self, const WatchLimits *limits);

/* Keeps a Watch beyond its FREE (an answer is on its way). */
Watch *watch_ref (Watch *watch);
void watch_unref (Watch *watch);

/* One more holder of the subscription of wish; the first makes it.  Where a
 * bound is reached it is made when there is room again (watches_advance), and
 * *is_bounded_out is TRUE.  Borrowed. */
Watch *watches_take (Watches *self, const WatchWish *wish, gint64 now,
                     gboolean *is_bounded_out, GArray *actions);
/* A holder goes; with the last one the subscription is ended. */
void watches_drop (Watches *self, Watch *watch, gint64 now, GArray *actions);

/* How a SUBSCRIBE ended. */
typedef struct {
  guint status;       /* 0: nobody answered */
  gint64 expires;     /* seconds; -1: not given */
  guint min_expires;  /* of a 423 */
  guint retry_after;  /* seconds; 0: not given */
  const char *target; /* its Contact, or NULL */
} WatchAnswer;
/* cseq: of the action.  An answer to another than the last SUBSCRIBE changes
 * nothing. */
void watches_answered (Watches *self, Watch *watch, guint32 cseq,
                       const WatchAnswer *answer, gint64 now, GArray *actions);

/* A NOTIFY.  Borrowed. */
typedef struct {
  const char *call_id, *local_tag, *remote_tag;
  guint32 cseq;
  const char *event;           /* of Event, without parameters */
  gboolean has_id;             /* Event has an id parameter */
  const char *state, *reason;  /* of Subscription-State, NULL: not given */
  gint64 expires, retry_after; /* of it, seconds; -1: not given */
  const char *target;          /* Contact */
  const char *route_set; /* Record-Route, in its order (RFC 3261 12.1.1) */
  const char *content_type;
  GBytes *body;
} WatchNotify;

typedef enum {
  WATCH_OK,           /* 200 */
  WATCH_BAD,          /* 400: no Subscription-State, or one that is none */
  WATCH_TOO_LARGE,    /* 413 */
  WATCH_BAD_TYPE,     /* 415: a body of a type that Accept has not */
  WATCH_GONE,         /* 481: no subscription of ours, or a second fork */
  WATCH_OUT_OF_ORDER, /* 500: CSeq below the last (RFC 3261 12.2.2) */
} WatchVerdict;
/* *accept_out, unless NULL, gets the wish's accept on WATCH_BAD_TYPE. */
WatchVerdict watches_notified (Watches *self, const WatchNotify *notify,
                               gint64 now, const char **accept_out,
                               GArray *actions);

/* Refreshes, retries and ends due by now; and who waited for room. */
void watches_advance (Watches *self, gint64 now, GArray *actions);

/* Subscriptions that have room, those that end included; and those that wait
 * for room. */
guint watches_size (const Watches *self);
guint watches_waiting (const Watches *self);
