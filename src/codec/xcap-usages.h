/* SPDX-License-Identifier: ISC
 *
 * The application usages that we serve (RFC 4825 section 5): name, type,
 * namespace, structure, constraints, who may do what.  RFC 4826, 4827, 5025, the
 * OMA's place for presence rules, and org.rollcall.settings. */
#pragma once
#include "codec/xcap-error.h"

typedef struct XcapUsage XcapUsage;

/* Who may do what beyond RFC 4825 5.7 (own tree: all; global tree: read). */
typedef enum {
  XCAP_TREE_NONE,   /* there is no such tree */
  XCAP_TREE_HIDDEN, /* it is there for the server alone: 403 */
  XCAP_TREE_READ,   /* may be read, not written */
  XCAP_TREE_WRITE,
} XcapTreeAccess;

/* The usage of an AUID; NULL when we do not know it.  Static. */
const XcapUsage *xcap_usage_find (const char *auid);
/* All of them, in the order of xcap-caps. */
const XcapUsage *xcap_usage_nth (guint n);

const char *xcap_usage_auid (const XcapUsage *self);
/* The type of its documents, without parameters. */
const char *xcap_usage_type (const XcapUsage *self);
/* The default document namespace (RFC 4825 5.2). */
const char *xcap_usage_ns (const XcapUsage *self);
/* What an authenticated user may do with global documents. */
XcapTreeAccess xcap_usage_global (const XcapUsage *self);
/* What a user may do with documents of his own. */
XcapTreeAccess xcap_usage_users (const XcapUsage *self);

/* Does the usage allow a document of this name in a user's tree (RFC 4827 9:
 * "index" alone)?  FALSE: a constraint failure. */
gboolean xcap_usage_has_name (const XcapUsage *self, const char *name);

/* Is a document, which must be well formed, one of this usage: structure,
 * uniqueness, URI constraints (RFC 4825 8.2.5)?  xui: whose it is (the path
 * constraint of RFC 4826 4.4.5), NULL for a global one.  A presence document must
 * also be one that pidf_parse reads, for watchers are to be shown it.  NULL when
 * it is, else why not; the caller frees. */
XcapError *xcap_usage_check (const XcapUsage *self, GBytes *document,
                             const char *xui);

/* The URIs of the services that an rls-services document defines, which must
 * be unique on the server (RFC 4826 4.4.5), in document order; empty for other
 * usages.  The caller frees the vector. */
char **xcap_usage_service_uris (const XcapUsage *self, GBytes *document);

/* The document of xcap-caps (RFC 4825 12), generated; the same bytes each time,
 * and with them the same entity tag (without quotes; the caller frees). */
GBytes *xcap_caps_document (void);
char *xcap_caps_etag (void);
