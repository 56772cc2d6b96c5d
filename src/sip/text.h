/* SPDX-License-Identifier: ISC
 *
 * Requests that are written as text and parsed by sofia before they leave. */
#pragma once
#include "sip/sofia.h"

#include <glib.h>

/* A field's value, from a peer or from a row: nothing that ends the line, no
 * other control byte, none of the forbidden ones.  NULL is clean. */
gboolean text_is_clean (const char *text, const char *forbidden);

/* RFC 3261 25.1: token, len bytes. */
gboolean text_is_token (const char *text, gsize len);

/* Makes one space of each line end in len bytes of a value, and of the blanks
 * behind it (RFC 3261 7.3.1); in place.  The length that is left. */
gsize text_unfold (char *text, gsize len);

/* The message of head (up to and with the empty line) and body (NULL: none);
 * NULL when sofia does not take it, or finds a header wrong. */
msg_t *text_parse (GBytes *head, GBytes *body);
