/* SPDX-License-Identifier: ISC
 *
 * Bodies that were compressed (Content-Encoding of RFC 3261 20.12, by the codings
 * of RFC 2616 3.5): liblinphone deflates lists and notifications. */
#pragma once
#include <glib.h>

/* For Accept-Encoding. */
#define INFLATE_CODINGS "deflate, gzip, identity"

/* Is this Content-Encoding (NULL: none) one that leaves a body as it is? */
gboolean coding_is_identity (const char *coding);

/* What len bytes were before coding ("deflate", "gzip", "identity", NULL), which
 * is at most max bytes.  "deflate" without its zlib header, as some send it, is
 * taken too.  RC_ERROR_UNSUPPORTED: another coding; RC_ERROR_BOUND: it is longer
 * than max; RC_ERROR_SYNTAX: it is not so coded, or cut off.  The caller frees
 * *out. */
gboolean inflate_body (const char *coding, const char *bytes, gsize len,
                       gsize max, GBytes **out, GError **error);
