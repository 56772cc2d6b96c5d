/* SPDX-License-Identifier: ISC
 *
 * Structure of documents as tables, and the check of a tree against them: as
 * much of XML Schema as the schemas of RFC 4826, 4745, 5025 and 3863 use.  A
 * content is a sequence of parts, each a choice. */
#pragma once
#include "codec/xcap-error.h"
#include "codec/xcap-tree-priv.h"

#define NS_RESOURCE_LISTS "urn:ietf:params:xml:ns:resource-lists"
#define NS_RLS_SERVICES "urn:ietf:params:xml:ns:rls-services"
#define NS_COMMON_POLICY "urn:ietf:params:xml:ns:common-policy"
#define NS_PRES_RULES "urn:ietf:params:xml:ns:pres-rules"
#define NS_XCAP_CAPS "urn:ietf:params:xml:ns:xcap-caps"
#define NS_OMA_PRES_RULES "urn:oma:xml:prs:pres-rules"

typedef enum {
  SCHEMA_NONE,    /* no text at all */
  SCHEMA_STRING,  /* any */
  SCHEMA_URI,     /* not empty, no white space inside */
  SCHEMA_BOOLEAN, /* true, false, 1, 0 */
  SCHEMA_DATETIME,
  SCHEMA_QVALUE,
  SCHEMA_ID,    /* not empty */
  SCHEMA_WORDS, /* one of words */
} SchemaType;

typedef struct {
  const char *name; /* in no namespace */
  SchemaType type;
  gboolean is_required;
} SchemaAttribute;

typedef struct SchemaElement SchemaElement;

typedef struct {
  guint min, max;     /* max 0: unbounded */
  gboolean has_other; /* also any element of another namespace than home */
  const SchemaElement *const *choices; /* NULL-terminated, or NULL */
} SchemaPart;

struct SchemaElement {
  const char *ns, *name;
  const char *home;                  /* what is not "other" here; NULL: ns */
  SchemaType text;                   /* of an element without parts */
  const char *const *words;          /* SCHEMA_WORDS, NULL-terminated */
  const SchemaAttribute *attributes; /* up to one without name; or NULL */
  gboolean has_other_attributes;     /* any of another namespace than home */
  const SchemaPart *parts; /* up to one with neither choices nor has_other */
  gboolean is_repeated;    /* the whole sequence of parts may come again */
};

/* The element that a document's root, or what stands where anything of another
 * namespace may, must be when its namespace is one of ours; NULL: there is no
 * such element. */
const SchemaElement *schema_find (const char *ns, const char *name);
/* Is it a namespace whose elements we know (RFC 4825 12)? */
gboolean schema_knows (const char *ns);
/* Those, in order; NULL behind the last. */
const char *schema_nth_namespace (guint n);

/* NULL: node is as its element says.  Else a schema-validation-error. */
XcapError *schema_check (const XcapTree *tree, const XcapNode *node,
                         const SchemaElement *element);

/* Is text of that type? */
gboolean schema_is (SchemaType type, const char *text);

/* Uniqueness and URI constraints of all usages (RFC 4826 3.4.5, 4.4.5; xs:ID).
 * ns: the default document namespace, for the fields of an error.  NULL:
 * none is hurt. */
XcapError *xcap_rules_check (const XcapTree *tree, const char *ns,
                             const char *xui);

/* xcap_usage_check on a tree. */
struct XcapUsage;
XcapError *xcap_usage_check_tree (const struct XcapUsage *usage,
                                  const XcapTree *tree, const char *xui);
