/* SPDX-License-Identifier: ISC
 *
 * Messages between users of ours and XMPP users (RFC 7572): what the rest of
 * service/ asks of it.  To mail.h an XMPP user is a recipient with one device,
 * which is there while the link is up; what it cannot be given is stored like
 * anybody's. */
#pragma once
#include "service/service-priv.h"

/* Is this an XMPP user's address? */
gboolean xmpp_mail_has (Service *self, const char *aor);
/* The name of his device, "xmpp:user@domain".  The caller frees. */
char *xmpp_mail_device (const char *aor);
/* The one device of such a user, if he can be given anything now: a new array
 * that owns its strings. */
GPtrArray *xmpp_mail_devices (Service *self, const char *aor);

/* A MESSAGE to command->peer, an XMPP user; as service_message. */
void xmpp_message_out (Service *self, const ServiceCaller *caller,
                       const MessageCommand *command, MessageAnswerFn answer,
                       gpointer data);

/* What became of a message; status: of SIP, 503 when the link went down. */
typedef struct {
  guint status;
  const char *text;  /* why, or NULL */
  gboolean may_pass; /* the same may be taken later */
} XmppMailResult;
typedef void (*XmppMailFn) (const XmppMailResult *result, gpointer data);
/* Gives a message to its recipient's XMPP server: 0, and done is called once,
 * later; else the status at once.  is_late: it has waited, and its time is
 * told. */
guint xmpp_mail_send (Service *self, const StoredMessage *message,
                      gboolean is_late, XmppMailFn done, gpointer data);
/* A stored message will never be taken: its sender hears, if he asked. */
void xmpp_mail_returned (Service *self, const StoredMessage *message,
                         guint status);
/* A device that knows no CPIM took the text of an XMPP user who asked for a
 * receipt (XEP-0184). */
void xmpp_mail_plain_taken (Service *self, const StoredMessage *message,
                            const char *device);
/* n messages wait for recipient. */
void xmpp_mail_counted (Service *self, const char *recipient, guint n);
/* Those for whom something waits: AoRs, borrowed; a new array. */
GPtrArray *xmpp_mail_waiting (Service *self);
