/* SPDX-License-Identifier: ISC
 *
 * The body of a SUBSCRIBE: one document, or several in multipart/mixed (RFC
 * 2046 5.1.3), as a list beside a filter (RFC 5367, RFC 4660). */
#pragma once
#include "subs/subs.h"

#define FILTER_TYPE "application/simple-filter+xml"

/* The document of type in body: the body itself or the first such part, without
 * its transfer encoding.  NULL: there is none (body may be NULL), or, with
 * *error, the parts cannot be read (RC_ERROR_SYNTAX, RC_ERROR_BOUND above 16
 * parts, RC_ERROR_UNSUPPORTED for an encoding).  The caller unrefs. */
GBytes *body_part (const SubsBody *body, const char *type, GError **error);

/* Is everything in body of one of these types (NULL at the end; NULLs before it
 * are passed over by n), or a part with Content-Disposition
 * `handling=optional`?  FALSE too when the parts cannot be read. */
gboolean body_is_of (const SubsBody *body, const char *const *types, guint n);

/* Is something else than a document of type in body? */
gboolean body_has_more (const SubsBody *body, const char *type);

/* body with part as its document of type, in the place of the one that it had
 * or beside the others; part NULL: without it.  NULL when nothing is left.  New;
 * body may be NULL. */
SubsBody *body_with (const SubsBody *body, const char *type, GBytes *part);
