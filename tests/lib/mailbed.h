/* SPDX-License-Identifier: ISC
 *
 * A ServiceBed with phones that write and are written to.  A device is a name:
 * its Contact is sip:NAME@192.0.2.1, and it sends from udp:NAME. */
#pragma once
#include "tests/lib/servicebed.h"

#define DESK "desk"
#define MOBILE "mobile"
#define PHONE "phone" /* of whoever writes, never registered */

typedef struct {
  ServiceBed *bed;
  guint32 cseq;
  /* The last answer: its verdict, the status of a relayed one, and its text. */
  guint answers;
  ServiceVerdict verdict;
  guint status;
  char *text;
} MailBed;

MailBed *mail_bed_new (void);
void mail_bed_free (MailBed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MailBed, mail_bed_free)
/* The server ends without notice and starts again over the same store. */
void mail_bed_restart (MailBed *self);

/* Each settles.  expires 0: unregisters. */
void mail_bed_register (MailBed *self, const char *aor, const char *device,
                        gint64 expires);
/* It registers with this +sip.instance. */
void mail_bed_register_as (MailBed *self, const char *aor, const char *device,
                           const char *instance);
/* It registers from another address. */
void mail_bed_move (MailBed *self, const char *aor, const char *device,
                    const char *source);

/* What mail_bed_send sends, when it is more than text. */
typedef struct {
  const char *sender, *device, *recipient;
  const char *peer;     /* in another domain: recipient is NULL */
  const char *resource; /* gr of the Request-URI */
  const char *subject, *language;
  gboolean is_sips;
  const char *content_type; /* NULL: text/plain */
  const char *body;
  const char *call_id; /* NULL: a new one */
  const char *list;
  gboolean is_many;
  gsize body_len; /* 0: that of the string */
  gint64 expires; /* 0: none given */
} MailBedMessage;
/* Does not settle: what is answered at once is told by answers. */
void mail_bed_send (MailBed *self, const MailBedMessage *message);
/* Text of sender from PHONE to recipient; settles. */
void mail_bed_write (MailBed *self, const char *sender, const char *recipient,
                     const char *text);

/* What is out and not answered, as "desk:text mobile:text": by device, each in
 * the order in which it was sent; lives on.  A forwarded request has the text
 * "live". */
const char *mail_bed_out (MailBed *self);
/* Answers what is out to device; settles. */
void mail_bed_answer (MailBed *self, const char *device, guint status);
/* Answers all with 200 as it comes; what came, as above.  The caller frees. */
char *mail_bed_take_all (MailBed *self);

/* What stands in the ledger without ids and sender, as "bob@example.com queued,
 * bob@example.com ended desk=delivered"; lives on. */
const char *mail_bed_ledger (MailBed *self);
