/* SPDX-License-Identifier: ISC
 *
 * Event package xcap-diff: the body of a NOTIFY for changes of documents (RFC
 * 5874) and the list of a SUBSCRIBE (RFC 5875 4.4). */
#pragma once
#include "codec/xcap-path.h"

#define XCAP_DIFF_TYPE "application/xcap-diff+xml"

/* A <document>: both ETags for a change, new alone when it was created or is
 * told for the first time, old alone when it is gone. */
typedef struct {
  const char *sel;           /* xcap_path_document, or as the client wrote it */
  const char *new_etag;      /* or NULL */
  const char *previous_etag; /* or NULL */
} XcapDiffDocument;

/* An <element> or <attribute> that somebody subscribed to. */
typedef struct {
  const char *sel; /* as the client wrote it (RFC 5875 4.6) */
  gboolean is_attribute;
  gboolean exists;
  /* What xcap_get answers; NULL: only whether it exists (it is too large). */
  GBytes *content;
  /* What xcap_get answers for the element's namespace::*, so that its prefixes
   * mean the same; NULL: none. */
  GBytes *namespaces;
} XcapDiffNode;

/* The writer; elements come in the order of the calls. */
typedef struct XcapDiff XcapDiff;
/* root: the XCAP root URI with a '/' at its end. */
XcapDiff *xcap_diff_new (const char *root);
void xcap_diff_add_document (XcapDiff *self, const XcapDiffDocument *document);
void xcap_diff_add_node (XcapDiff *self, const XcapDiffNode *node);
/* The document, new; frees self. */
GBytes *xcap_diff_end (XcapDiff *self);
void xcap_diff_free (XcapDiff *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XcapDiff, xcap_diff_free)

/* One thing subscribed to. */
typedef struct {
  char *uri;      /* as the client wrote it: sel of what is told */
  XcapPath *path; /* never XCAP_NAMESPACES */
} XcapDiffTarget;
void xcap_diff_target_free (XcapDiffTarget *self);

/* The part of uri, which may be relative or a path alone, below root; NULL: it
 * is elsewhere.  Scheme and host are compared without regard to case. */
const char *xcap_diff_below_root (const char *uri, const char *root);

/* Reads an application/resource-lists+xml body: a flat list of at most max
 * URIs, relative ones or such below root (scheme and host without regard to
 * case; a path alone is taken too).  What is nested, unknown, elsewhere, twice
 * there or selects namespaces is left out.  *out: XcapDiffTarget, may be empty.
 * RC_ERROR_SYNTAX for another document, RC_ERROR_BOUND for one over its
 * bounds. */
gboolean xcap_diff_parse (const char *bytes, gsize len, const char *root,
                          guint max, GPtrArray **out, GError **error);
