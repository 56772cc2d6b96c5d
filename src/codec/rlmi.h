/* SPDX-License-Identifier: ISC
 *
 * application/rlmi+xml (RFC 4662 5): what a NOTIFY for a list says about its
 * members, and the multipart/related body that carries it with their states. */
#pragma once
#include <glib.h>

#define RLMI_TYPE "application/rlmi+xml"
#define RLMI_RELATED "multipart/related"

typedef enum { RLMI_ACTIVE, RLMI_PENDING, RLMI_TERMINATED } RlmiState;

typedef struct {
  char *id;
  RlmiState state;
  char *reason; /* RLMI_TERMINATED; else NULL */
  char *cid;    /* of the part with its state; NULL: none */
} RlmiInstance;

typedef struct {
  char *uri;
  char *name;        /* the first one, or NULL */
  GArray *instances; /* RlmiInstance; empty: its state is not known */
} RlmiResource;

typedef struct {
  char *uri;
  char *name; /* the first one, or NULL */
  guint32 version;
  gboolean is_full;
  GPtrArray *resources; /* RlmiResource */
} RlmiDoc;

/* Copies. */
RlmiDoc *rlmi_doc_new (const char *uri, const char *name, guint32 version,
                       gboolean is_full);
void rlmi_doc_free (RlmiDoc *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RlmiDoc, rlmi_doc_free)
/* Appends a resource without instances, borrowed from self. */
RlmiResource *rlmi_doc_add (RlmiDoc *self, const char *uri, const char *name);
void rlmi_resource_add (RlmiResource *self, const char *id, RlmiState state,
                        const char *reason, const char *cid);

/* Never fails. */
GBytes *rlmi_write (const RlmiDoc *doc);
/* Reads one (depth bounded as everywhere, at most 4 MB).  RC_ERROR_SYNTAX for
 * what is none: also an active instance without cid and a terminated one
 * without reason. */
gboolean rlmi_parse (const char *bytes, gsize len, RlmiDoc **out,
                     GError **error);

/* The state of one instance. */
typedef struct {
  const char *cid; /* without angle brackets */
  const char *content_type;
  GBytes *body;
} RlmiPart;

/* The body of a NOTIFY: the document (rlmi_write) as its root, whose Content-ID
 * is root_cid, then the parts.  *content_type_out names type, start and
 * boundary, which stands last and needs no quotes; the caller frees both. */
GBytes *rlmi_pack (GBytes *root, const char *root_cid, const RlmiPart *parts,
                   guint n, char **content_type_out);
