/* SPDX-License-Identifier: ISC
 *
 * The parts of a JID in their canonical form (RFC 7622 section 3); never included
 * outside addr/. */
#pragma once
#include <glib.h>

/* Each takes len bytes of UTF-8 and gives a new string; NULL: not allowed. */
char *jid_prepare_local (const char *text, gsize len);
char *jid_prepare_domain (const char *text, gsize len);
/* As jid_prepare_resource, but spaces at the ends stay. */
char *jid_prepare_opaque (const char *text, gsize len);
