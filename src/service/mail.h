/* SPDX-License-Identifier: ISC
 *
 * Messages to our users on their way: asks im/ which device gets one and when,
 * carries that out, and writes down what became of it. */
#pragma once
#include "im/im.h"
#include "service/service-priv.h"

Mail *mail_new (Service *service);
void mail_free (Mail *self);

/* One to be delivered.  Borrowed, but for message. */
typedef struct {
  StoredMessage *message; /* taken; its id is given here; without headers and
                             body where request stands for them */
  SipIncoming *request;   /* NULL: of our own making */
  const char *body;       /* of request, for as long as that is kept */
  gsize body_len;
  ImContent content;
  ImKeep keep;
  gboolean is_untold;     /* not for the ledger, unless it is stored */
  const char *instance;   /* to this device alone (a GRUU); NULL: to all... */
  const char *except;     /* ...but this one; or NULL.  Not with IM_KEEP */
  const char *first;      /* to this device first; NULL: as im/ knows */
  gboolean is_theirs;     /* a user's, although there is no request: he hears
                             that it is stored */
  MessageAnswerFn answer; /* inside the call or later; NULL: nobody waits */
  gpointer data;
} MailItem;
void mail_send (Mail *self, MailItem *item);

/* The ledger: message (taken) was never tried, and would have been answered
 * status. */
void mail_note_refused (Mail *self, StoredMessage *message, guint status);

/* A new message of sender to recipient, with what the server itself gives one:
 * Call-ID, From tag, CSeq, date, From and To.  The caller adds the rest. */
StoredMessage *mail_own (Service *service, const char *sender,
                         const char *recipient);

/* Has this request been answered before a restart? */
gboolean mail_was_seen (Mail *self, const ServiceCaller *caller);

/* Calls done (inside the call or later) when what mail_changed_cb was told until
 * now has been looked through: nothing is delivered any more that was removed.
 * STORE_AWAY: PostgreSQL is, and it is looked through when it is back. */
void mail_when_looked (Mail *self, StoreDoneFn done, gpointer data);

/* How many wait for aor. */
guint mail_waiting (Mail *self, const char *aor);
/* Messages in memory. */
guint mail_size (Mail *self);
Im *mail_im (Mail *self);

/* Bindings of aor that were put or dropped (RegChange), and are committed. */
void mail_bindings_changed (Mail *self, GPtrArray *changes);
/* These bindings lost their flow (pairs of AoR and device, owned strings). */
void mail_flow_closed (Mail *self, GPtrArray *pairs);
/* What waits for recipient goes to those of his devices that can be reached. */
void mail_look_at (Mail *self, const char *recipient);
/* The link to XMPP is down: its users' devices have no way any more. */
void mail_beyond_closed (Mail *self);
/* Looks soon, a few at a time, whether what waits for these AoRs can be
 * delivered; takes the array. */
void mail_look_soon (Mail *self, GPtrArray *aors);
/* PostgreSQL is back: what waits for those who came meanwhile can be read. */
void mail_store_back (Mail *self);
/* The settings or limits are others now. */
void mail_settings_changed (Mail *self);
/* Time goes on. */
void mail_advance (Mail *self);
/* As if no device answered any more: what can be stored is. */
void mail_give_up (Mail *self);
/* The SIP side goes away. */
void mail_detach (Mail *self);

/* mail-store.c: StoreLoadFns and StoreEvents. */
void mail_waiting_cb (const char *recipient, guint n, gpointer service);
void mail_seen_cb (const char *call_id, const char *from_tag, guint32 cseq,
                   gpointer service);
void mail_last_cb (guint64 id, gpointer service);
void mail_changed_cb (const char *recipient, gpointer service);
