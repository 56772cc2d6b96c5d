/* SPDX-License-Identifier: ISC
 *
 * The notifier's side of RFC 6665: subscription dialogs as a state table, their
 * expiry, and one NOTIFY in flight per dialog with everything newer coalesced.
 * A call decides and returns actions; the caller carries them out.  Knows no
 * event package's content, socket, SQL or sofia type; times are microseconds on
 * the monotonic clock. */
#pragma once
#include <glib.h>

typedef struct Subs Subs; /* all subscriptions of this server */
typedef struct Sub Sub;   /* one dialog; lives until SUBS_ACT_FREE */

typedef enum { SUBS_PENDING, SUBS_ACTIVE, SUBS_TERMINATED } SubsState;

/* The reason of a terminated Subscription-State (RFC 6665 4.1.3). */
typedef enum {
  SUBS_NO_REASON,
  SUBS_DEACTIVATED,
  SUBS_PROBATION,
  SUBS_REJECTED,
  SUBS_TIMEOUT,
  SUBS_GIVEUP,
  SUBS_NORESOURCE,
  SUBS_INVARIANT,
} SubsReason;

#define SUBS_NO_END G_MAXUINT32

/* The body of a SUBSCRIBE that says what is subscribed to, or how (a list, a
 * filter): kept as it came, also beyond a restart.  Counted. */
typedef struct {
  char *type; /* "application/resource-lists+xml" */
  GBytes *bytes;
} SubsBody;
SubsBody *subs_body_new (const char *type, GBytes *bytes);
/* Both take NULL. */
SubsBody *subs_body_ref (SubsBody *self);
void subs_body_unref (SubsBody *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SubsBody, subs_body_unref)

/* What makes the dialog; all that a NOTIFY needs.  Given by value, copied. NULL
 * where absent. */
typedef struct {
  const char *presentity; /* AoR, canonical */
  const char *watcher;    /* AoR, canonical */
  const char *package;    /* "presence", "presence.winfo": compared by pointer
                             after g_intern_string */
  const char *event;      /* the Event header's value as the client wrote it,
                             with its id parameter: echoed.  The rates in it (RFC
                             6446) are taken out of what sub_dialog shows. */
  const char *call_id;
  const char *local_tag; /* ours; NULL: subs_create makes one */
  const char *remote_tag;
  const char *local_uri;     /* To of the SUBSCRIBE, a bare URI */
  const char *remote_uri;    /* From of the SUBSCRIBE */
  const char *target;        /* its Contact URI */
  const char *instance;      /* +sip.instance of that Contact */
  const char *route_set;     /* Record-Route, comma-separated, in UAS order */
  const char *accept;        /* Accept, or NULL */
  const char *source;        /* "udp:192.0.2.1:5060": where it came from */
  const char *local_contact; /* our Contact in this dialog */
  SubsBody *body;    /* of the SUBSCRIBE, or of a later one that had one */
  guint64 flow;      /* 0: none */
  guint8 is_trusted; /* gboolean: came from a trusted peer: NOTIFY to the
                             Contact */
  guint8 is_lasting; /* gboolean: lives as long as asked for, whatever the
                             limits say; of a SUBSCRIBE, not kept */
  guint32 limit_at;  /* seconds (not us: there are many); it ends then
                             however it is refreshed (ad hoc watching);
                             SUBS_NO_END: ad hoc without an end; 0: it is not ad
                             hoc */
} SubsDialog;

/* What it is now: a SubsDialog that lives as long as the block of the caller.  Its
 * strings are the Sub's: those of which a refresh may bring others (target,
 * instance, source, accept, local_contact, body) until the next call on it. */
#define sub_dialog(sub) sub_dialog_fill ((sub), &(SubsDialog){ 0 })
/* Fills out and returns it. */
const SubsDialog *sub_dialog_fill (const Sub *sub, SubsDialog *out);
SubsState sub_state (const Sub *sub);
/* Is it active because it was approved after it had been pending (RFC 3857
 * 4.7.1)?  Not known of one that came back from the store. */
gboolean sub_is_approved (const Sub *sub);
gint64 sub_expires_at (const Sub *sub);
gint64 sub_created_at (const Sub *sub);
guint32 sub_remote_cseq (const Sub *sub);
const char *sub_id (const Sub *sub); /* local tag */
/* TRUE for a fetch (Expires: 0 without dialog) */
gboolean sub_is_fetch (const Sub *sub);
/* Upper ends of the reserved ranges, as the store must keep them. */
guint32 sub_cseq_reserved (const Sub *sub);
guint32 sub_version_reserved (const Sub *sub);
/* Is none of its SUBSCRIBEs on its way to the store: is what would be answered
 * now committed? */
gboolean sub_is_settled (const Sub *sub);
/* Is its device away, so that NOTIFYs wait? */
gboolean sub_is_suspended (const Sub *sub);
/* The status that its last NOTIFY was answered by, for people; the time (us) of
 * that, to a second; 0: none was.  Not known of one from the store. */
void sub_note_answer (Sub *sub, guint status, gint64 now);
gint64 sub_answered_at (const Sub *sub, guint *status_out);
/* Is it not in the table any more? */
gboolean sub_is_gone (const Sub *sub);

/* What the caller keeps of a subscription that wants more than plain NOTIFYs;
 * NULL for nearly all.  free_data with the Sub, or when another is set. */
gpointer sub_extra (const Sub *sub);
void sub_set_extra (Sub *sub, gpointer data, GDestroyNotify free_data);
/* Has it that, or rates? */
gboolean sub_is_shaped (const Sub *sub);
/* The rates in force (RFC 6446), as parameters for Subscription-State:
 * ";max-rate=0.2"; new, NULL for none. */
char *sub_rates (const Sub *sub);
/* Is a NOTIFY owed, or in flight, that the watcher must get whatever the
 * presentity's state: for a SUBSCRIBE, or since the subscription's state
 * changed? */
gboolean sub_is_owed (const Sub *sub);

typedef enum {
  SUBS_ACT_STORE, /* write the row (soft); call subs_committed with ticket when
                       it is there */
  SUBS_ACT_RESERVE, /* write the row (durable), because CSeq or version ranges
                       grew; then call subs_reserved with ticket */
  SUBS_ACT_ERASE,   /* delete the row */
  SUBS_ACT_NOTIFY,  /* send a NOTIFY now with the fields below, then report by
                       subs_notified */
  SUBS_ACT_WATCHER, /* the watcher's state changed: who watches the watchers
                       should hear (reason and state as below) */
  SUBS_ACT_FREE,    /* sub is no longer in the table: forget every pointer, then
                       call sub_unref */
} SubsActionKind;

typedef struct {
  SubsActionKind kind;
  Sub *sub;
  guint64 ticket; /* STORE, RESERVE */
  /* NOTIFY, WATCHER: */
  SubsState state;
  SubsReason reason;
  gboolean wants_body; /* FALSE: pending, or nothing to say */
  gboolean must; /* NOTIFY: a SUBSCRIBE asked for it, or the subscription's
                          state changed; FALSE: the presentity's state did, or a
                          rate asks for it, and subs_skipped may be the answer */
  gboolean is_periodic; /* NOTIFY: nothing changed, a rate asks for it */
  guint32 cseq;         /* NOTIFY: the CSeq to use */
  guint32 expires;      /* seconds left, for the expires parameter */
} SubsAction;

/* Actions are appended to a GArray of SubsAction, to be carried out in order
 * after the call; carrying them out may call into subs again. */
GArray *subs_actions_new (void);

typedef struct {
  guint min_expires, max_expires, default_expires; /* seconds */
  guint retry_after_timeout; /* seconds between tries of a suspended one: 60 */
  guint tombstone;           /* seconds a terminated row is kept: 64 */
  guint max_rate_interval;   /* the longest interval that max-rate may ask for,
                                and... */
  guint min_rate_interval;   /* ...the shortest that min-rate and
                                adaptive-min-rate may, in seconds; 0: any */
} SubsLimits;

Subs *subs_new (const SubsLimits *limits, gint64 now);
void subs_free (Subs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Subs, subs_free)
void subs_set_limits (Subs *self, const SubsLimits *limits);

/* Keep a Sub beyond its FREE (a callback in flight holds one). */
Sub *sub_ref (Sub *sub);
void sub_unref (Sub *sub);

typedef enum {
  SUBS_OK,
  SUBS_REPEAT,       /* same CSeq as last time, nothing new: answer as then, and
                        a NOTIFY goes out all the same */
  SUBS_BRIEF,        /* 423 */
  SUBS_OUT_OF_ORDER, /* 500: CSeq below the last */
  SUBS_GONE,         /* 481: terminated, or not this dialog */
} SubsVerdict;

/* Finds the dialog of an in-dialog request by our tag, and checks Call-ID and
 * remote tag; NULL when it is none. */
Sub *subs_find (Subs *self, const char *local_tag, const char *call_id,
                const char *remote_tag);
/* Is event, an Event header's value, the one of this subscription: the same
 * package in any case, and the same id or none (RFC 6665 8.2.1)? */
gboolean sub_is_of_event (const Sub *sub, const char *event);
/* Finds what an initial SUBSCRIBE (no To tag) made, should it be repeated: by
 * Call-ID, remote tag, package and event id, watcher and presentity of dialog;
 * NULL when none.  Somebody else who comes by the same ids, or the same client
 * with them for another presentity, gets a subscription of his own. */
Sub *subs_find_initial (Subs *self, const SubsDialog *dialog);

/* A new subscription with decision pending or active; expires in seconds as
 * asked (-1 not given; 0: a fetch, which is never stored and ends with its
 * NOTIFY).  On SUBS_OK *sub_out is borrowed, *granted_out the seconds for the
 * answer, and actions has a STORE (unless it is a fetch: then the caller calls
 * subs_committed itself with ticket 0, after the 200). Until the commit no
 * NOTIFY leaves. */
SubsVerdict subs_create (Subs *self, const SubsDialog *dialog, guint32 cseq,
                         gint64 expires, SubsState state, gint64 now,
                         Sub **sub_out, guint *granted_out, GArray *actions);

/* A SUBSCRIBE inside the dialog: refresh, or end with expires 0.  The flow in
 * dialog replaces the old one, and so do target, instance, source, accept,
 * local_contact, the rates in event and (unless it is a repeat) body where they
 * are not NULL (others are not looked at).  A repeat
 * is answered with what is left; its NOTIFY is among the actions, or follows
 * the commit when that is still under way (sub_is_settled is FALSE).  The
 * tombstone answers a repeated unsubscription without one. */
SubsVerdict subs_refresh (Subs *self, Sub *sub, const SubsDialog *dialog,
                          guint32 cseq, gint64 expires, gint64 now,
                          guint *granted_out, GArray *actions);
/* The same for a watcher who has what it would be told (RFC 5839 6.3): no NOTIFY
 * follows, and what was owed is taken as told. */
SubsVerdict subs_refresh_quietly (Subs *self, Sub *sub,
                                  const SubsDialog *dialog, guint32 cseq,
                                  gint64 expires, gint64 now,
                                  guint *granted_out, GArray *actions);

/* Bounds the expiry to seconds from now (answer from memory while PostgreSQL is
 * away); returns what is granted then. */
guint subs_shorten (Subs *self, Sub *sub, guint seconds, gint64 now);

/* The row of a STORE is committed and the 200 has gone out: a NOTIFY follows
 * (RFC 6665 4.2.1.2: immediately, after every SUBSCRIBE). */
void subs_committed (Subs *self, Sub *sub, guint64 ticket, gint64 now,
                     GArray *actions);
/* It could not be written: a new subscription vanishes, a refreshed one keeps
 * its old expiry and body. */
void subs_aborted (Subs *self, Sub *sub, guint64 ticket, gint64 now,
                   GArray *actions);
void subs_reserved (Subs *self, Sub *sub, guint64 ticket, gint64 now,
                    GArray *actions);

/* The presentity's state in package changed: every committed active
 * subscription to it gets a NOTIFY, at once or when the one in flight ends. */
void subs_changed (Subs *self, const char *presentity, const char *package,
                   gint64 now, GArray *actions);

/* The same for those only whom it concerns. */
typedef gboolean (*SubsWantsFn) (Sub *sub, gpointer data);
void subs_changed_for (Subs *self, const char *presentity, const char *package,
                       SubsWantsFn wants, gpointer data, gint64 now,
                       GArray *actions);

/* What this watcher sees changed though the presentity's state did not: as
 * subs_changed for one subscription. */
void subs_show (Subs *self, Sub *sub, gint64 now, GArray *actions);

/* What the policy lets its watcher see: a name that the caller gives a meaning
 * (copied, shared among subscriptions), NULL after a restart. */
const char *sub_view (const Sub *sub);
void sub_set_view (Sub *sub, const char *view);

/* Changes dialog.limit_at; an expiry beyond it is cut, and the watcher hears of
 * it. */
void subs_limit (Subs *self, Sub *sub, guint32 limit_at, gint64 now,
                 GArray *actions);

/* The policy decided anew: pending <-> active, or terminated with reason. */
void subs_decide (Subs *self, Sub *sub, SubsState state, SubsReason reason,
                  gint64 now, GArray *actions);

/* How a NOTIFY ended. */
typedef enum {
  SUBS_NOTIFY_OK,        /* 2xx */
  SUBS_NOTIFY_DEAD,      /* a response of RFC 6665 4.2.2: 404 405 410 416
                            480-485 489 501 604: ends the subscription at once */
  SUBS_NOTIFY_REFUSED,   /* any other non-2xx: this NOTIFY is lost, the next
                            change tries again; with retry_after as told */
  SUBS_NOTIFY_SUSPENDED, /* timeout, transport failure, closed flow, no way to
                            it: one try a minute, or subs_resume */
} SubsNotifyResult;

/* The NOTIFY with this CSeq ended.  retry_after in seconds, 0 none. */
void subs_notified (Subs *self, Sub *sub, guint32 cseq, SubsNotifyResult result,
                    guint retry_after, gint64 now, GArray *actions);

/* The NOTIFY with this CSeq was not sent, for it would have said nothing new; its
 * number is free again.  Only where the action's must was FALSE, before anything
 * else is done with sub. */
void subs_skipped (Subs *self, Sub *sub, guint32 cseq, gint64 now,
                   GArray *actions);

/* The 2xx to a NOTIFY had an Event header (RFC 6446 9.3): its rates are those
 * from now on.  Not for a subscription whose SUBSCRIBE named none (4.1). */
void subs_set_rates (Subs *self, Sub *sub, const char *event, gint64 now);

/* The next version of the dialog's partial documents (winfo), counted from 0,
 * never again and never lower, also after a restart. Call it once for each
 * NOTIFY with a body that carries a version. */
guint32 sub_next_version (Sub *sub);

/* A flow closed: its dialogs are suspended (no try before subs_resume or their
 * retry time). */
void subs_flow_closed (Subs *self, guint64 flow, gint64 now, GArray *actions);

/* A device of watcher sent an authenticated request: its suspended dialogs, and
 * those that have no flow since a restart, go on over the new flow or source.
 * A dialog is of that device when the instance is the same, or, where either
 * has none, the contact (URI key) or the UDP source is. */
typedef struct {
  const char *watcher;
  const char *instance; /* may be NULL */
  const char *contact;  /* URI; may be NULL */
  const char *source;
  guint64 flow;
  /* Can a dialog be told now?  FALSE: it takes the new way, and is woken
   * (subs_wake) later.  May not call into subs; NULL: all can. */
  SubsWantsFn may_tell;
  gpointer data;
} SubsDevice;
void subs_resume (Subs *self, const SubsDevice *device, gint64 now,
                  GArray *actions);

/* Puts a stored row back; suspended until subs_wake (UDP: paced by the caller)
 * or subs_resume (flows).  CSeq and version go on above what was reserved. */
typedef struct {
  SubsDialog dialog; /* strings are copied */
  char *body_type;   /* of dialog.body, as the store has it; NULL: none */
  GBytes *body;
  SubsState state;
  guint32 remote_cseq, cseq_reserved, version_reserved;
  gint64 created_at, expires_at; /* us */
} SubsStored;
/* A deep copy of what a Sub is now, as the store keeps it, and its end. */
SubsStored *subs_stored_of (const Sub *sub);
/* A deep copy that owns its strings. */
SubsStored *subs_stored_copy (const SubsStored *self);
void subs_stored_free (SubsStored *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SubsStored, subs_stored_free)
Sub *subs_restore (Subs *self, const SubsStored *stored, gint64 now);
void subs_wake (Subs *self, Sub *sub, gint64 now, GArray *actions);

/* Ends all of a user as presentity with reason, and all his own as watcher. */
void subs_drop_user (Subs *self, const char *aor, SubsReason reason, gint64 now,
                     GArray *actions);

/* Expiries and retries due by now. */
void subs_advance (Subs *self, gint64 now, GArray *actions);

/* Calls fn for each live (not terminated, committed) subscription to presentity
 * in package; fn must not call into subs. */
typedef void (*SubsFn) (Sub *sub, gpointer data);
void subs_foreach (Subs *self, const char *presentity, const char *package,
                   SubsFn fn, gpointer data);
/* The same for what watcher subscribes to, in any package. */
void subs_foreach_watched (Subs *self, const char *watcher, SubsFn fn,
                           gpointer data);
/* The same for everything in the table. */
void subs_foreach_all (Subs *self, SubsFn fn, gpointer data);

/* Subscriptions to presentity in package, those that end included: at least as
 * many as subs_foreach tells of. */
guint subs_count (Subs *self, const char *presentity, const char *package);

/* Subscriptions that are owed a NOTIFY which cannot leave, since their device
 * does not answer or its connection is closed: tells at most max of them to fn
 * (as above) and returns how many there are. */
guint subs_suspended (Subs *self, guint max, SubsFn fn, gpointer data);

/* Live subscriptions. */
guint subs_size (Subs *self);
/* "active", "pending", "terminated"; "timeout", ...; NULL for no reason. */
const char *subs_state_name (SubsState state);
const char *subs_reason_name (SubsReason reason);
