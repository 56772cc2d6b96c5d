/* SPDX-License-Identifier: ISC
 *
 * What an XCAP request names (RFC 4825 section 6): application usage, tree,
 * document and, in it, an element, an attribute or namespace bindings.  Knows
 * no document and no application usage. */
#pragma once
#include <glib.h>

#define XCAP_PATH_MAX 8192 /* bytes of path and query, as they came */
#define XCAP_STEPS_MAX 100 /* steps of a node selector */

typedef enum {
  XCAP_COLLECTION, /* no document: "pidf-manipulation/", ".../users/sip:a@b/" */
  XCAP_DOCUMENT,
  XCAP_ELEMENT,
  XCAP_ATTRIBUTE,
  XCAP_NAMESPACES, /* namespace::* */
} XcapKind;

/* One step of an element selector.  Predicates are positive: what is absent
 * restricts nothing. */
typedef struct {
  gboolean has_prefix;   /* FALSE: in the usage's default document namespace */
  char *ns;              /* of name, when has_prefix */
  char *name;            /* NULL: any element ("*", of any namespace) */
  gboolean has_position; /* [position] */
  guint position;        /* from 1; 0 and what is too large match nothing */
  char *attribute_ns;    /* NULL: none (an unprefixed attribute) */
  char *attribute;       /* [@attribute="value"]; NULL: no such predicate */
  char *value;           /* references undone */
  char *text;            /* the step as the client wrote it, decoded */
} XcapStep;

typedef struct {
  XcapKind kind;
  char *auid;
  gboolean is_global;
  gboolean is_users;  /* below "users/"; neither: both trees */
  char *xui;          /* NULL: global, or a collection above users/XUI/ */
  char *document;     /* below the tree, "/" where there are folders; NULL for a
                     collection */
  GArray *steps;      /* XcapStep; empty for a document */
  char *attribute_ns; /* of the attribute selector; NULL: none */
  char *attribute;    /* its local name */
  char *attribute_prefix; /* as the client wrote it, or NULL */
  char *selector;         /* path without query, percent-encoded as it came,
                             without the root */
  char *query;            /* as it came, without '?'; NULL: none */
} XcapPath;

typedef enum {
  XCAP_PATH_OK,
  XCAP_PATH_BAD,       /* 400: bad escape, no UTF-8, bad query, empty step */
  XCAP_PATH_PREFIX,    /* 400: a prefix that no xmlns() binds (RFC 4825 8) */
  XCAP_PATH_TOO_LONG,  /* 414: over a bound above */
  XCAP_PATH_NOWHERE,   /* 404: neither global/ nor users/XUI/ */
  XCAP_PATH_EXTENSION, /* 404: a selector that is not of RFC 4825 6.3 */
} XcapPathVerdict;

/* Parses the part of a request-target behind the XCAP root, without '/' at its
 * start, as it came: escapes kept, with its query ("resource-lists/users/
 * sip:a@b/index/~~/resource-lists/list%5b1%5d?xmlns(a=urn:x)").  On
 * XCAP_PATH_OK *out is new. */
XcapPathVerdict xcap_path_parse (const char *text, gsize len, XcapPath **out);
void xcap_path_free (XcapPath *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XcapPath, xcap_path_free)

/* Does a collection contain what path names?  Documents at any depth. */
gboolean xcap_path_contains (const XcapPath *collection, const XcapPath *path);

/* New string: text as a part of a path: percent-encoded where RFC 3986 wants it,
 * '/' kept. */
char *xcap_path_encode (const char *text);

/* New string: "AUID/users/XUI/NAME" or "AUID/global/NAME", percent-encoded
 * where a path segment needs it: sel of a document (RFC 5874 3).  xui NULL:
 * global. */
char *xcap_path_document (const char *auid, const char *xui, const char *name);
