/* SPDX-License-Identifier: ISC
 *
 * Stanzas between libxml2 trees, values of port/xmpp.h and bytes (RFC 6120 8,
 * RFC 6121; XEP-0045, 0085, 0091, 0184, 0203).  What is read has JIDs in their
 * canonical form; what is written is escaped.  Knows no stream. */
#pragma once
#include <glib.h>
#include <libxml/tree.h>

#include "port/xmpp.h"

#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_CHAT_STATES "http://jabber.org/protocol/chatstates"
#define NS_RECEIPTS "urn:xmpp:receipts"
#define NS_DELAY "urn:xmpp:delay"
#define NS_OLD_DELAY "jabber:x:delay"
#define NS_MUC "http://jabber.org/protocol/muc"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"

typedef enum {
  STANZA_OTHER, /* no stanza: the stream's business, or unknown */
  STANZA_MESSAGE,
  STANZA_PRESENCE,
  STANZA_IQ,
} StanzaKind;

typedef enum { IQ_GET, IQ_SET, IQ_RESULT, IQ_ERROR } IqType;

typedef struct {
  const char *from, *to, *id;
  IqType type;
  xmlNode *payload; /* its one child; NULL: none */
  XmppError error;  /* IQ_ERROR */
  const char *error_text;
} XmppIq;

/* A stanza that was read: what it points to lives as long as it. */
typedef struct {
  StanzaKind kind;
  union {
    XmppMessage message;
    XmppPresence presence;
    XmppIq iq;
  };
  XmppOccupant occupant;
  XmppJoin join;
  GPtrArray *strings;
} Stanza;

/* What cannot be used gives an error, for which kind and *refusable_out say
 * whether it may be answered by an error stanza: its addresses and id are in
 * message, presence or iq then, as far as they were there (a from that is no JID
 * as it came).  An element that is none gives STANZA_OTHER and no error. */
XmppError stanza_read (xmlNode *element, Stanza *out, gboolean *refusable_out);
void stanza_clear (Stanza *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stanza, stanza_clear)

/* Append a stanza.  A text that XML cannot carry loses what it is. */
void stanza_put_message (GString *out, const XmppMessage *message);
void stanza_put_presence (GString *out, const XmppPresence *presence);
/* An iq; payload: markup, or NULL. */
void stanza_put_iq (GString *out, IqType type, const char *from, const char *to,
                    const char *id, const char *payload);
/* An iq of type error. */
void stanza_put_iq_error (GString *out, const char *from, const char *to,
                          const char *id, XmppError error, const char *text);

/* "item-not-found"; static. */
const char *stanza_error_name (XmppError error);

/* Helpers for who reads payloads. */
gboolean node_is (const xmlNode *node, const char *ns, const char *name);
/* The first child element that is it; NULL: none. */
xmlNode *node_child (const xmlNode *node, const char *ns, const char *name);
/* An attribute without namespace; NULL: absent.  The caller frees. */
char *node_attribute (const xmlNode *node, const char *name);
char *node_text (const xmlNode *node);
