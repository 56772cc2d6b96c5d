/* SPDX-License-Identifier: ISC
 *
 * What all XML codecs share: reading a peer's bytes into a libxml2 tree within
 * bounds, and writing text that is escaped.  No DTD, no network, no entities
 * but the five of XML itself. */
#pragma once
#include <glib.h>
#include <libxml/tree.h>

#include "codec/xml-text.h"

#define XML_BYTES_MAX 65536
#define XML_DEPTH_MAX 32
#define XML_ATTRIBUTES_MAX 64 /* of one element, namespaces included */

#define NS_PIDF "urn:ietf:params:xml:ns:pidf"
#define NS_DM "urn:ietf:params:xml:ns:pidf:data-model"
#define NS_RPID "urn:ietf:params:xml:ns:pidf:rpid"
#define NS_PIDF_DIFF "urn:ietf:params:xml:ns:pidf-diff"
#define NS_OMA_POLICY "urn:oma:xml:xdm:common-policy"
#define NS_WINFO "urn:ietf:params:xml:ns:watcherinfo"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

/* Parses len bytes of UTF-8 whose root must be ns:root.  NULL and
 * RC_ERROR_SYNTAX for what is no such document or has a DOCTYPE, RC_ERROR_BOUND
 * for one over the bounds above.  Comments and processing instructions are left
 * out.  Caller frees with xmlFreeDoc. */
xmlDoc *xml_read (const char *bytes, gsize len, const char *ns,
                  const char *root, GError **error);
/* The same for at most bytes_max bytes. */
xmlDoc *xml_read_within (const char *bytes, gsize len, gsize bytes_max,
                         const char *ns, const char *root, GError **error);

typedef enum {
  XML_FINE,
  XML_MALFORMED, /* not well formed, or not in terms of namespaces */
  XML_NOT_UTF8,  /* in, or declared to be in, another encoding */
  XML_DOCTYPE,
  XML_TOO_DEEP,
  XML_TOO_MANY, /* attributes of an element */
} XmlFault;

/* Looks through the markup before a parser sees it: XML_DOCTYPE, XML_TOO_MANY
 * or XML_FINE.  What does not end is left to the parser to complain about. */
XmlFault xml_scan (const char *bytes, gsize len);

/* Is text of len bytes a well-formed document of at most depth levels?  With an
 * opening, a start tag of our own "<w ...>": is text well-balanced content of
 * that element?  Builds no tree.  *message_out: why not, when it is malformed;
 * the caller frees; may be NULL. */
XmlFault xml_check (const char *text, gsize len, guint depth,
                    const char *opening, char **message_out);

/* FALSE, with RC_ERROR_SYNTAX: what is missing or wrong. */
gboolean xml_wrong (const char *what, GError **error);

/* First element among node and its following siblings; NULL when none. */
xmlNode *xml_element (xmlNode *node);
/* Is node the element ns:name? */
gboolean xml_is (const xmlNode *node, const char *ns, const char *name);
/* New string: all text inside, as it is; without space at its ends. */
char *xml_text (const xmlNode *node);
char *xml_stripped (const xmlNode *node);
/* New string: an attribute without namespace; NULL when absent. */
char *xml_attribute (const xmlNode *node, const char *name);

/* A PIDF document of root's entity and elements, as pidf_write has it: the root
 * binds dm: and rpid:, there is no white space between elements. */
GBytes *xml_write_presence (const xmlNode *root);

/* Appends node as a fragment for a place where the default namespace is NS_PIDF
 * and dm: and rpid: are bound to NS_DM and NS_RPID (names of these two always
 * get these prefixes, others keep theirs where possible). */
void xml_put_fragment (GString *out, const xmlNode *node);
/* The same for a place where ns is the default namespace and no other is
 * declared. */
void xml_put_element (GString *out, const xmlNode *node, const char *ns);
