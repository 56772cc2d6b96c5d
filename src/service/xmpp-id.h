/* SPDX-License-Identifier: ISC
 *
 * Ids of the stanzas that messages become.  One says which message of the
 * ledger it is and what its sender asked to be told, so that a receipt or an
 * error needs no memory, days later and after a restart; and it is signed, so
 * that nobody can speak of another one's message. */
#pragma once
#include "service/service-priv.h"

typedef struct {
  guint64 message;     /* the ledger's */
  guint wanted;        /* IMDN_* bits */
  const char *imdn_id; /* imdn.Message-ID; NULL: nothing is asked */
  guint attempt;       /* 0 or 1: the same once more to another address */
} XmppStanzaId;

/* Longest imdn_id that is asked for: above it nothing is. */
#define XMPP_IMDN_ID_MAX 256

/* sender and recipient are AoRs.  The caller frees. */
char *xmpp_id_write (Service *service, const char *sender,
                     const char *recipient, const XmppStanzaId *id);
/* FALSE: it is none that was written for these two.  imdn_id points into
 * text. */
gboolean xmpp_id_read (Service *service, const char *sender,
                       const char *recipient, const char *text,
                       XmppStanzaId *out);

/* A stanza id of another side as the token that imdn.Message-ID is (RFC 5438
 * 6.3), and back; NULL: it is too long, or none.  The caller frees. */
char *xmpp_id_to_token (const char *stanza_id);
char *xmpp_id_of_token (const char *token);
