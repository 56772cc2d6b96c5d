/* SPDX-License-Identifier: ISC
 *
 * Presence documents (RFC 3863, 4480) <-> what XMPP knows of somebody (RFC 6121
 * 4.7, RFC 8048 6): a tuple is a resource. */
#pragma once
#include "presence/model.h"
#include "roster/resource.h"

/* What XMPP sees of a document: */
typedef struct {
  GPtrArray *resources; /* RosterResource, those available, each with a name of
                           its own; in the document's order */
  RosterResource *last; /* when there are none: his last word, or NULL */
} XmppPidf;
void xmpp_pidf_clear (XmppPidf *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (XmppPidf, xmpp_pidf_clear)

/* An open tuple is a resource, named by the gr of its contact, else by its id.
 * How he is says the <show/> of jabber:client in it (RFC 8048 6.2, note 7), else
 * the activities of RFC 4480: an activity that is not to be disturbed is dnd
 * (busy, on-the-phone...), a long absence xa (vacation, sleeping...), another
 * away.  Its note, else the person's, else the document's is the status; the
 * contact's priority the priority, of 127.  The caller clears *out. */
void xmpp_pidf_read (const PresenceDoc *doc, XmppPidf *out);

/* The document of aor, an XMPP user: a tuple per resource, with its contact by
 * gr, <show/> as above, priority unless that is negative, status as note and
 * time; a person with the activity of the most available one.  resources NULL
 * or empty: one closed tuple, with what last (or NULL) said.  The caller
 * frees. */
PresenceDoc *xmpp_pidf_write (const char *aor, const GPtrArray *resources,
                              const RosterResource *last);
