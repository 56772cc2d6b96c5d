/* SPDX-License-Identifier: ISC
 *
 * What a MESSAGE says (RFC 3428, RFC 5365): from sofia's structure to
 * MessageCommand.  Knows no agent, so that tests feed it messages as text. */
#pragma once
#include "service/service.h"
#include "sip/sofia.h"

/* Fills of out what a MESSAGE says of itself: is_message, is_in_dialog,
 * content, body, expires, date.  Values live on home, the body in the message.
 * now: seconds since 1970.  expires is what is left of it at now: it runs from
 * Date where there is one (RFC 3428 7), from now where that is in the future;
 * 0 when it has passed. */
void message_read (su_home_t *home, const sip_t *sip, gint64 now,
                   MessageCommand *out);

/* Is it for the recipients that its body names (RFC 5365 6)?  Its Require says
 * so, or a part of its body is a recipient-list. */
gboolean message_is_to_many (const sip_t *sip);
