/* SPDX-License-Identifier: ISC
 *
 * A document as elements that know their bytes, so that an edit can replace just
 * these (what libxml2 writes again is not what came).  The bytes must have been
 * found well formed (xml_check), or come from such by an edit; on others the
 * reader fails or sees odd names, but stays inside them. */
#pragma once
#include "codec/xcap-path.h"

/* Namespace declarations in scope of one element at most. */
#define XCAP_SCOPE_MAX 128

#define NS_XML "http://www.w3.org/XML/1998/namespace"

typedef struct XcapBinding XcapBinding;
typedef struct XcapNode XcapNode;

/* Declarations in scope, innermost first; lists of inner elements share their
 * tails. */
struct XcapBinding {
  const XcapBinding *next;
  const char *prefix; /* "": the default namespace */
  const char *ns;     /* "": none */
};

typedef struct {
  const char *prefix; /* ""; "xmlns" for declarations, which are not here */
  const char *local;
  const char *ns;         /* "": none */
  const char *value;      /* references undone, white space normalized */
  gsize start;            /* of its name */
  gsize value_start, end; /* with its quotes */
} XcapAttribute;

/* All offsets are into the bytes of the tree. */
struct XcapNode {
  XcapNode *parent, *first, *last, *next;
  const char *prefix, *local, *ns; /* "" for none */
  XcapAttribute *attributes;
  guint n_attributes;
  gboolean has_text; /* character data that is no white space, by itself */
  const XcapBinding *scope;
  gsize start, end;        /* from '<' to behind the last '>' */
  gsize name_end, tag_end; /* behind the name; behind the start tag's '>' */
  gsize attributes_end;    /* behind the last attribute or declaration */
  gsize content_end;       /* at "</"; tag_end when there is no end tag */
  gboolean is_empty;       /* "<a/>" */
};

typedef struct {
  const char *bytes; /* borrowed */
  gsize len;
  XcapNode document; /* its only element child is the root */
  guint depth;       /* of the deepest element, 1 for the root */
  gpointer arena;
} XcapTree;

/* Reads a document, or, with a scope, a fragment: one element in the scope of
 * these declarations, with nothing but white space around it.  Borrows bytes
 * and scope.  NULL when it is none (also for a DOCTYPE, and for more than
 * XCAP_SCOPE_MAX declarations). */
XcapTree *xcap_tree_read (const char *bytes, gsize len,
                          const XcapBinding *scope, gboolean is_fragment);
void xcap_tree_free (XcapTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XcapTree, xcap_tree_free)

/* New string of the character data in node itself, references undone. */
char *xcap_tree_text (const XcapTree *self, const XcapNode *node);
/* NULL: no such.  ns "" for none. */
const XcapAttribute *xcap_node_attribute (const XcapNode *node, const char *ns,
                                          const char *local);
gboolean xcap_node_is (const XcapNode *node, const char *ns, const char *local);
/* What prefix means in a scope; NULL: nothing ("" is bound to "" at first). */
const char *xcap_scope_lookup (const XcapBinding *scope, const char *prefix);

/* New string: the five entities and character references undone, what is no
 * reference kept; is_attribute: white space becomes a space (XML 3.3.3). */
char *xcap_unescape (const char *text, gsize len, gboolean is_attribute);

typedef enum { XCAP_MATCH_NONE, XCAP_MATCH_ONE, XCAP_MATCH_MANY } XcapMatch;

/* One step among the children of context.  ONE: *out is the element; else NULL.
 * ns: the default document namespace. */
XcapMatch xcap_select_step (const XcapNode *context, const XcapStep *step,
                            const char *ns, const XcapNode **out);
/* Is name and namespace of node what the step's NameorAny says? */
gboolean xcap_step_names (const XcapStep *step, const char *ns,
                          const XcapNode *node);
/* The first n steps of path from the document; *out is where it led, and
 * *taken_out (may be NULL) how many steps selected one element. */
XcapMatch xcap_select (const XcapTree *self, const XcapPath *path, guint n,
                       const char *ns, const XcapNode **out, guint *taken_out);

/* New string: a node selector of the attribute local (NULL: of the element) of
 * node by positions, percent-encoded; ns as above. */
char *xcap_tree_selector (const XcapNode *node, const char *ns,
                          const char *local);
