/* SPDX-License-Identifier: ISC
 *
 * The words of XMPP for the enums of port/xmpp.h, both ways. */
#pragma once
#include "xmpp/stanza.h"

/* Unknown words, and NULL, give the default that the standard names. */
XmppError words_error (const char *name);     /* undefined-condition */
XmppMessageType words_message (const char *); /* normal (RFC 6121 5.2.2) */
XmppShow words_show (const char *);           /* none */
XmppChatState words_chat (const char *);      /* none */
/* FALSE: there is no such type. */
gboolean words_presence (const char *type, XmppPresenceType *out);
gboolean words_iq (const char *type, IqType *out);

/* NULL: the attribute or element is left out. */
const char *words_of_message (XmppMessageType type);
const char *words_of_presence (XmppPresenceType type);
const char *words_of_show (XmppShow show);
const char *words_of_chat (XmppChatState chat);
const char *words_of_iq (IqType type);
/* The type of an error with that condition: "cancel" (RFC 6120 8.3.3). */
const char *words_error_type (XmppError error);
