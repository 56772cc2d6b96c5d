/* SPDX-License-Identifier: ISC
 *
 * isComposing status messages (RFC 3994): what somebody types is worth nothing
 * later, so they are neither stored nor do they lock a device. */
#pragma once
#include "codec/cpim.h"

#define COMPOSING_TYPE "application/im-iscomposing+xml"

/* Is this body one, alone or inside CPIM (RFC 3994 4)?  content_type and
 * encoding as in imdn_is. */
gboolean composing_is (const char *content_type, const char *encoding,
                       const char *bytes, gsize len);

typedef struct {
  gboolean is_active; /* any other state is idle (4) */
  guint refresh;      /* seconds; 0 when absent */
} Composing;

/* Reads an application/im-iscomposing+xml document; RC_ERROR_SYNTAX without a
 * state. */
gboolean composing_parse (const char *bytes, gsize len, Composing *out,
                          GError **error);
/* Writes one; content_type is that of what is typed, or NULL. */
GBytes *composing_write (const Composing *self, const char *content_type);
