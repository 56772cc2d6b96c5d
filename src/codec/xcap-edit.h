/* SPDX-License-Identifier: ISC
 *
 * GET, PUT and DELETE of a document, an element, an attribute or namespace
 * bindings on a document given as bytes (RFC 4825 sections 7, 8 and 10).  What
 * is not touched keeps its bytes: unknown elements, comments, white space,
 * prefixes.  Knows no store, no HTTP and no user. */
#pragma once
#include "codec/xcap-error.h"
#include "codec/xcap-path.h"
#include "codec/xcap-usages.h"

#define XCAP_ELEMENT_TYPE "application/xcap-el+xml"
#define XCAP_ATTRIBUTE_TYPE "application/xcap-att+xml"
#define XCAP_NAMESPACES_TYPE "application/xcap-ns+xml"

/* Bounds of a document; more is a constraint failure. */
typedef struct {
  gsize max_bytes;
  guint max_depth; /* nested elements */
} XcapBounds;

typedef enum {
  XCAP_DONE,      /* read, deleted, or replaced: 200 */
  XCAP_CREATED,   /* 201 */
  XCAP_NOT_FOUND, /* 404: no document, or nothing that the selector selects */
  XCAP_CONFLICT,  /* 409, with an error */
  XCAP_READ_ONLY, /* 405: PUT or DELETE of namespace bindings */
  XCAP_BROKEN,    /* 500: the document in store is not well formed */
} XcapOutcome;

typedef struct {
  const XcapUsage *usage;
  const XcapPath *path;
  GBytes *document; /* as it is now; NULL: there is none */
  GBytes *body;     /* PUT: what came */
  XcapBounds bounds;
} XcapEdit;

/* The type of what path names: for Content-Type of a GET, and what a PUT's must
 * be (RFC 4825 8.2.2). */
const char *xcap_content_type (const XcapUsage *usage, const XcapPath *path);

/* XCAP_DONE: *out is what a GET answers with, new.  XCAP_NOT_FOUND,
 * XCAP_BROKEN. */
XcapOutcome xcap_get (const XcapEdit *edit, GBytes **out);

/* The same for n paths, of elements or attributes, in one document that is read
 * once: out[i] is new, NULL where there is nothing; namespaces[i] is what the
 * element's namespace::* would be (NULL for an attribute, too).  They do not
 * keep the document. */
void xcap_get_nodes (const XcapUsage *usage, GBytes *document,
                     const XcapPath *const *paths, guint n, GBytes **out,
                     GBytes **namespaces);

/* Is there now what path names (for If-Match and If-None-Match)? */
gboolean xcap_exists (const XcapEdit *edit);

/* XCAP_DONE (replaced) or XCAP_CREATED: *out is the whole document afterwards,
 * new, and valid for its usage.  XCAP_CONFLICT: *error is new. */
XcapOutcome xcap_put (const XcapEdit *edit, GBytes **out, XcapError **error);

/* XCAP_DONE: *out is the document without what was deleted, or NULL when that
 * was the document.  XCAP_NOT_FOUND; XCAP_CONFLICT: *error is new. */
XcapOutcome xcap_delete (const XcapEdit *edit, GBytes **out, XcapError **error);
