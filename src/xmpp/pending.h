/* SPDX-License-Identifier: ISC
 *
 * Which messages the XMPP server has for certain.  A stream is read in order, so
 * a ping that comes back says that all before it were taken, and the errors for
 * those that were not have come before it.  At most one ping is out; what is
 * sent meanwhile waits for the next.  Knows no stanza and no clock. */
#pragma once
#include "port/xmpp.h"

typedef struct Pending Pending;

Pending *pending_new (void);
void pending_free (Pending *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pending, pending_free)

/* A message is in the stream.  id and to are copied. */
void pending_add (Pending *self, const char *id, const char *to,
                  XmppSentFn done, gpointer data);
/* One that is not: its done gets outcome at the next pending_tell. */
void pending_add_failed (Pending *self, XmppOutcome outcome, XmppError error,
                         XmppSentFn done, gpointer data);
gboolean pending_has_failed (const Pending *self);
void pending_tell (Pending *self);

/* Is there one that no ping is behind, and is none out? */
gboolean pending_wants_ping (const Pending *self);
/* A ping is in the stream, behind all that have been added. */
void pending_ping (Pending *self);
gboolean pending_has_ping (const Pending *self);
/* It came back: those before it are XMPP_TAKEN, in order. */
void pending_pong (Pending *self);
/* An error stanza.  FALSE: it is for none of these (its id, or who sends it:
 * another than the recipient and his server). */
gboolean pending_error (Pending *self, const char *from, const char *id,
                        XmppError error, const char *text);
/* The stream is gone: all are XMPP_LOST, in order. */
void pending_lost (Pending *self);

/* Their done is not called any more. */
void pending_forget (Pending *self, gpointer data);
guint pending_size (const Pending *self);
