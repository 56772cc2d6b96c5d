/* SPDX-License-Identifier: ISC
 *
 * The inside of xmpp-message*.c. */
#pragma once
#include "im/lock.h"
#include "service/xmpp-id.h"
#include "service/xmpp-message.h"
#include "service/xmpp-priv.h"
#include "service/xmpp-thread.h"

#define XMPP_SECOND ((gint64)1000000)

typedef struct XmppRecents XmppRecents;

struct XmppMessages {
  Xmpp *xmpp;
  ImLocks *locks;      /* which resource replied; a device is a resource */
  GHashTable *waiting; /* AoRs of those for whom something is stored */
  GHashTable *due;     /* ...to be looked at since the link came up */
  GQueue out;          /* XmppOut: not confirmed */
  GQueue recent;       /* XmppOut: taken for a resource a while ago */
  GQueue upstreams;    /* of xmpp-message.c: who waits for an answer */
  GQueue asking;       /* of xmpp-message.c: recipients' policies are read */
  XmppThreads *threads;
  gint64 *in_cell, *out_cell, *refused_cell, *bounced_cell;
};

static inline Service *
xmpp_messages_service (const XmppMessages *self)
{
  return self->xmpp->service;
}

/* A copy of a stanza's fields that messages use, and what it points to. */
XmppMessage *xmpp_message_dup (const XmppMessage *message);
void xmpp_message_free (XmppMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmppMessage, xmpp_message_free)

/* The value of a header line; NULL when there is none.  The caller frees. */
char *xmpp_header_of (const char *headers, const char *name);
/* The gr of the URI in a From or To, as a resource; likewise. */
char *xmpp_gr_of (const char *headers, const char *name);
/* The resource that a device (im.h) is to XMPP: its +sip.instance; NULL: it has
 * none.  Borrowed from device. */
const char *xmpp_resource_of (const char *device);

/* xmpp-message-mail.c: what waits for aor, which is due, begins. */
void xmpp_mail_look_at (XmppMessages *self, const char *aor);

/* xmpp-message-out.c */
void xmpp_out_detach (XmppMessages *self);
void xmpp_out_free (XmppMessages *self);
void xmpp_out_advance (XmppMessages *self);
void xmpp_out_link (XmppMessages *self, gboolean is_up);
/* An error stanza for one that was taken. */
void xmpp_out_bounced (XmppMessages *self, const XmppMessage *error);

/* xmpp-message-report.c: what senders hear of their messages. */
/* What was told of a message of ours: status IMDN_DELIVERED or IMDN_FAILED. */
void xmpp_report (XmppMessages *self, const char *sender, const char *recipient,
                  const XmppStanzaId *id, guint imdn_status);
