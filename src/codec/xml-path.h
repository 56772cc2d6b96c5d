/* SPDX-License-Identifier: ISC
 *
 * The part of XPath 1.0 that filters (RFC 4661 5) and patches (RFC 5261) use:
 * location paths with /, //, *, . and .., names, attributes, text(), predicates
 * with positions and comparisons joined by and/or.  What it costs to look for
 * one is bounded. */
#pragma once
#include <glib.h>
#include <libxml/tree.h>

#define XML_PATH_LENGTH_MAX 1024
#define XML_PATH_STEPS_MAX 16
#define XML_PATH_TERMS_MAX 32

typedef struct XmlPath XmlPath;

/* The namespace of a prefix, or with "" of element names without one; NULL: not
 * bound (for "": no namespace). */
typedef const char *(*XmlPathNsFn) (const char *prefix, gpointer data);

/* Reads a location path from the document's root (the leading '/' may be
 * missing).  Names without prefix are those of ns (""), attributes without one of
 * no namespace.  White space between tokens is passed over.  RC_ERROR_SYNTAX for
 * what is none, RC_ERROR_UNSUPPORTED for more of XPath, RC_ERROR_BOUND above the
 * bounds; the message says what. */
gboolean xml_path_parse (const char *text, XmlPathNsFn ns, gpointer data,
                         XmlPath **out, GError **error);
void xml_path_free (XmlPath *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmlPath, xml_path_free)

/* Does it select attributes; text? */
gboolean xml_path_is_attribute (const XmlPath *self);
gboolean xml_path_is_text (const XmlPath *self);

/* Appends what it selects in doc, each once: elements, attributes (xmlAttr, by
 * their type) or text nodes.  Every node looked at takes one from *budget; FALSE
 * when that is used up. */
gboolean xml_path_select (const XmlPath *self, xmlDoc *doc, guint *budget,
                          GPtrArray *out);
