/* SPDX-License-Identifier: ISC
 *
 * Messages as the inside needs them stored (DESIGN section 6): those that wait
 * for their recipient, and the ledger of what became of all.
 *
 * Ids are chosen by service/ and grow from message to message, also over
 * restarts (StoreLoadFns.last_message).  A message that waits has a body; a
 * message of the ledger has none.  Each done is called exactly once, never
 * inside the call; what is pending when the store is freed is not called. */
#pragma once
#include <glib.h>

/* Strings are its own; NULL when absent. */
typedef struct {
  guint64 id;
  char *call_id, *from_tag; /* of the MESSAGE */
  guint32 cseq;
  char *sender;       /* AoR, or another domain's address */
  char *recipient;    /* AoR as in users; or another domain's address */
  char *imdn_id;      /* imdn.Message-ID (RFC 5438) */
  char *content_type; /* value of the header field */
  char *headers;      /* header lines that are delivered with it, From and To
                         among them, each ending in CRLF */
  GBytes *body;       /* NULL: none is kept (the ledger) */
  gint64 created_at;  /* microseconds since 1970, of its arrival */
  gint64 expires_at;  /* us on the monotonic clock */
  GStrv refused;      /* as read: devices that never take it; or NULL */
} StoredMessage;

static inline void
stored_message_free (StoredMessage *self)
{
  if (self == NULL)
    return;
  g_free (self->call_id);
  g_free (self->from_tag);
  g_free (self->sender);
  g_free (self->recipient);
  g_free (self->imdn_id);
  g_free (self->content_type);
  g_free (self->headers);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_strfreev (self->refused);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoredMessage, stored_message_free)

typedef enum {
  MESSAGES_DONE,     /* committed */
  MESSAGES_REPEATED, /* put: one with the same Call-ID, From tag, CSeq and
                        recipient is there already; this one was not written */
  MESSAGES_REFUSED,  /* PostgreSQL refused it: it is not written */
  MESSAGES_AWAY, /* PostgreSQL is away or hung.  put: it is not there, or will
                        be removed before anybody can read it */
} MessagesOutcome;
typedef void (*MessagesFn) (MessagesOutcome outcome, gpointer data);

/* What became of a stored message. */
typedef enum {
  MESSAGES_TAKEN,    /* by device: its body is removed */
  MESSAGES_FAILED,   /* device will never take it; it waits for others */
  MESSAGES_RETURNED, /* ...and there is no other one: its body is removed */
  MESSAGES_EXPIRED,  /* nobody took it: its body is removed; device is NULL */
} MessagesEnd;

/* States of a delivery that is only told. */
typedef enum {
  MESSAGES_SENT,      /* given to a device, which has not answered */
  MESSAGES_DELIVERED, /* 2xx */
  MESSAGES_NOT_TAKEN, /* 'failed', with its status */
  MESSAGES_BOUNCED,   /* the same, also of what was delivered: it came back */
} MessagesState;

typedef struct {
  gboolean is_read;    /* FALSE: PostgreSQL is away, messages is NULL */
  GPtrArray *messages; /* StoredMessage, by id; the callback takes it */
  gboolean is_all;     /* there are no more above the last one */
} MessagesRead;
typedef void (*MessagesReadFn) (const MessagesRead *read, gpointer data);

/* ids: guint64 in rising order, borrowed; NULL: PostgreSQL is away. */
typedef void (*MessagesListFn) (const GArray *ids, gpointer data);

/* n: messages that wait for recipient; -1: PostgreSQL is away. */
typedef void (*MessagesCountFn) (const char *recipient, gint64 n,
                                 gpointer data);

typedef struct {
  gpointer self;

  /* Writes one that is to wait; borrowed for the call (its body is referenced).
   * Durable: MESSAGES_DONE means on disk.  Many in one turn are one statement. */
  void (*put) (gpointer self, const StoredMessage *message, MessagesFn done,
               gpointer data);

  /* Writes what became of a stored one, durably, and repeats that until it is
   * written: done says MESSAGES_DONE (also when the row is gone), or
   * MESSAGES_REFUSED.  In order with everything earlier for this recipient. */
  void (*end) (gpointer self, const char *recipient, guint64 id,
               MessagesEnd end, const char *device, guint status,
               MessagesFn done, gpointer data);

  /* Reads those that wait for recipient, with an id above after, in the order of
   * their ids, at most n. */
  void (*read) (gpointer self, const char *recipient, guint64 after, guint n,
                MessagesReadFn done, gpointer data);
  /* Which ones wait for recipient. */
  void (*list) (gpointer self, const char *recipient, MessagesListFn done,
                gpointer data);

  /* The ledger, written behind (within about 2 s, in one statement for many),
   * softly, never delaying anything; while PostgreSQL is away a bounded number
   * is kept, the oldest go first.  note_message: a message that is not stored;
   * its body and headers are left alone.  note_delivery: what a device of either
   * kind did; the newest state of a (message, device) is written, and none but
   * MESSAGES_BOUNCED takes the place of what end wrote.  note_displayed: the device of recipient showed
   * sender's message of this imdn_id. */
  void (*note_message) (gpointer self, const StoredMessage *message);
  void (*note_delivery) (gpointer self, guint64 id, const char *recipient,
                         const char *device, MessagesState state, guint status);
  void (*note_displayed) (gpointer self, const char *imdn_id,
                          const char *sender, const char *recipient,
                          const char *device);

  /* Housekeeping, a bounded part at a time: stored messages whose time is over
   * become 'expired' (of those in memory end is called as well, which harms
   * nothing), and what has been in the ledger for longer than keep seconds
   * is removed.  counted is called for each recipient that fewer wait for now;
   * done once. */
  void (*sweep) (gpointer self, guint keep, MessagesCountFn counted,
                 MessagesFn done, gpointer data);
} MessagesPort;
