/* SPDX-License-Identifier: ISC
 *
 * What XMPP entities ask of us, answered on the spot: who we are (XEP-0030),
 * whether we are there (XEP-0199), what runs here (XEP-0092).  The same for
 * every address, so that nobody learns from it who exists. */
#pragma once
#include "xmpp/stanza.h"

/* Appends the answer to a get or set: a result, or an error for what is not
 * offered (RFC 6120 8.4). */
void answer_iq (GString *out, const XmppIq *iq);
