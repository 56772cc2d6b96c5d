/* SPDX-License-Identifier: ISC
 *
 * The inside of mail: letters, and what is asked of the ports. */
#pragma once
#include "service/mail.h"

/* What a device answered. */
typedef struct {
  char *device;
  guint status;
  SipResponse *response; /* kept; NULL: none came */
  char *text;            /* why, where there is no response; or NULL */
} Reply;

/* A message that im/ knows, from im_message or im_loaded to IM_ACT_FORGET. */
typedef struct {
  guint64 id; /* that of message */
  StoredMessage *message;
  SipIncoming *request; /* kept, until it is stored; or NULL */
  const char *body;     /* of request */
  gsize body_len;
  MessageAnswerFn answer; /* NULL: nobody waits (any more) */
  gpointer data;
  GArray *replies;       /* Reply; until it is answered; NULL: none */
  gboolean is_stored;    /* its row is committed */
  gboolean is_known;     /* the ledger has it */
  gboolean is_untold;    /* ...and need not */
  gboolean is_repeated;  /* the store has its twin */
  gboolean is_first;     /* a copy of a message to many */
  gboolean is_own;       /* nobody is told that it is stored */
  gboolean is_receipted; /* mail-plain.c: a receipt was sent */
  guint returned;        /* mail-beyond.c: the status of its refusal */
} Letter;

/* What a port will call back. */
typedef struct {
  GList link; /* in mail->asked */
  Mail *mail;
  guint64 id;
  char *device; /* or recipient */
  guint way;    /* of a copy that is out: a hash of where it was sent; or 0 */
  gboolean is_left;  /* ...the device has another way now: only a 2xx counts */
  gboolean is_plain; /* ...its text alone was sent (mail-plain.c) */
} Asked;

struct Mail {
  Service *service;
  Im *im;
  GHashTable *letters; /* &id -> Letter */
  GQueue asked;        /* Asked */
  guint64 last_id;
  GHashTable *seen; /* keys of requests before the start; NULL: none any more */
  gint64 seen_until;
  GQueue due;       /* char *: for whom something waits, to be looked at */
  guint n_looks;    /* reads for mail_changed_cb that are under way */
  GQueue on_looked; /* Looked: who waits for their end */
  GQueue unread;    /* char *: whose messages such a read could not get */
  GArray *paced;    /* guint64: stored copies that wait for their turn */
  guint n_paced;    /* of them, those that had it */
  GHashTable *plain, *deaf; /* mail-plain.c: devices that know no CPIM, no
                               isComposing */
  gint64 paced_at, swept_at;
  gboolean is_sweeping, is_off;
  gint64 *size_cell, *sent_cell, *stored_cell, *delivered_cell, *refused_cell;
};

/* Ids grow also when the clock goes back, and over restarts. */
guint64 mail_next_id (Mail *self);

Letter *letter_find (Mail *self, guint64 id);
/* Takes message; in self->letters. */
Letter *letter_new (Mail *self, StoredMessage *message);
void letter_free (gpointer letter);
/* Gives the request back, its fields are in message now. */
void letter_settle (Mail *self, Letter *letter);

Asked *asked_new (Mail *self, guint64 id, const char *device);
void asked_free (Asked *asked);

/* Carries out actions, in order, and frees the array. */
void mail_carry_out (Mail *self, GArray *actions);

/* A device's answer: a response, or a text (either may be NULL). */
typedef struct {
  guint status;
  SipResponse *response;
  const char *text;
  guint im_status; /* what im/ is told */
} MailReply;
/* Frees asked. */
void mail_answered (Asked *asked, const MailReply *reply);
/* Notes it for the answer upstream and the ledger. */
void mail_reply (Mail *self, Letter *letter, const char *device,
                 const MailReply *reply);

/* mail-beyond.c: to XMPP. */
void mail_send_beyond (Mail *self, const ImAction *action, Letter *letter,
                       GArray *actions);
/* IM_ACT_REFUSED of such a message: it has no other device, so that is its
 * end. */
void mail_return (Mail *self, const ImAction *action, GArray *actions);

/* mail-plain.c: what devices do not know. */
/* isComposing of our own making, for a device that answered 415 to one: it is
 * not bothered again (RFC 3994 5). */
gboolean mail_is_deaf (Mail *self, const Letter *letter, const char *device);
void mail_note_deaf (Mail *self, const Letter *letter, const char *device,
                     guint status);

/* mail-plain.c: text for devices that know no CPIM.  Of a message of an XMPP
 * user which is wrapped to ask for a receipt: */
/* Is what is sent to device to be unwrapped?  Then *out is changed: *type_out
 * and *body_out hold what it points to, for the caller to free. */
gboolean mail_plain_prepare (Mail *self, const Letter *letter,
                             const char *device, SipMessage *out,
                             char **type_out, GBytes **body_out);
/* It was not taken because it is wrapped: TRUE when it is to be sent again. */
gboolean mail_plain_again (Mail *self, Letter *letter, Asked *asked,
                           guint status);
/* It was taken: who asked gets his receipt from here. */
void mail_plain_taken (Mail *self, Letter *letter, const Asked *asked,
                       guint status);

/* Who can be reached now, for im/; empty while messages are off. */
GPtrArray *mail_devices (Mail *self, const char *recipient,
                         const char *instance);
/* A hash of where a copy is sent, not 0. */
guint mail_way (const SipTarget *target);
/* mail-store.c: actions that ask the store. */
void mail_put (Mail *self, Letter *letter, GArray *actions);
void mail_end (Mail *self, const ImAction *action, MessagesEnd end);
void mail_read (Mail *self, const ImAction *action);
void mail_sweep (Mail *self);
/* Ends the waiting of mail_when_looked. */
void mail_tell_looked (Mail *self, StoreOutcome outcome);
/* PostgreSQL is back: reads what could not be read. */
void mail_look_again (Mail *self);
/* mail-pace.c: a copy of a message to many is stored: who sent it is answered,
 * and it gets in line. */
void mail_pace (Mail *self, Letter *letter);
/* Those whose turn it is. */
void mail_pace_on (Mail *self);
/* Its row is committed, or will not be: to im/. */
void mail_stored (Mail *self, guint64 id, gboolean is_stored);
void mail_note (Mail *self, Letter *letter);
void mail_note_reply (Mail *self, const Letter *letter, const char *device,
                      guint status);
