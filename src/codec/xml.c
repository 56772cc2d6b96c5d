/* SPDX-License-Identifier: ISC
 *
 * Reading XML from a peer (XML 1.0, Namespaces in XML 1.0): a tree, or an error
 * before it costs anything. */
#include "codec/xml-priv.h"

#include "base/error.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

typedef enum { STOP_NONE, STOP_DOCTYPE, STOP_DEPTH } Stop;

/* What libxml2 would only see later, or at a cost. */
static gboolean
scan (const char *bytes, gsize len, GError **error)
{
  switch (xml_scan (bytes, len)) {
  case XML_DOCTYPE:
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "a DOCTYPE is not allowed");
    return FALSE;
  case XML_TOO_MANY:
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND,
                 "an element with more than %d attributes", XML_ATTRIBUTES_MAX);
    return FALSE;
  default:
    return TRUE;
  }
}

static void
stop (xmlParserCtxt *context, Stop why)
{
  context->_private = GINT_TO_POINTER (why);
  xmlStopParser (context);
}

/* Second line behind scan. */
static void
doctype_cb (void *data, const xmlChar *name, const xmlChar *external,
            const xmlChar *system)
{
  stop (data, STOP_DOCTYPE);
}

static void
start_element_cb (void *data, const xmlChar *name, const xmlChar *prefix,
                  const xmlChar *uri, int n_namespaces,
                  const xmlChar **namespaces, int n_attributes, int n_defaulted,
                  const xmlChar **attributes)
{
  xmlParserCtxt *context = data;

  if (context->_private != NULL)
    return;
  if (context->nodeNr >= XML_DEPTH_MAX) {
    stop (context, STOP_DEPTH);
    return;
  }
  xmlSAX2StartElementNs (data, name, prefix, uri, n_namespaces, namespaces,
                         n_attributes, n_defaulted, attributes);
}

static xmlParserCtxt *
new_context (void)
{
  xmlParserCtxt *context = xmlNewParserCtxt ();

  if (context == NULL)
    g_error ("out of memory");
  context->sax->internalSubset = doctype_cb;
  context->sax->externalSubset = NULL;
  context->sax->startElementNs = start_element_cb;
  context->sax->comment = NULL;
  context->sax->processingInstruction = NULL;
  return context;
}

static void
set_parse_error (xmlParserCtxt *context, GError **error)
{
  const xmlError *last = xmlCtxtGetLastError (context);
  g_autofree char *message = NULL;

  switch ((Stop)GPOINTER_TO_INT (context->_private)) {
  case STOP_DOCTYPE:
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "a DOCTYPE is not allowed");
    return;
  case STOP_DEPTH:
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND,
                 "elements nested more than %d deep", XML_DEPTH_MAX);
    return;
  case STOP_NONE:
    break;
  }
  if (last != NULL && last->message != NULL)
    message = g_strstrip (g_utf8_make_valid (last->message, -1));
  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "line %d: %s",
               last != NULL ? last->line : 0,
               message != NULL ? message : "not well formed");
}

static xmlDoc *
parse (const char *bytes, gsize len, GError **error)
{
  const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING
                      | XML_PARSE_NOCDATA | XML_PARSE_IGNORE_ENC;
  xmlParserCtxt *context = new_context ();
  xmlDoc *doc
      = xmlCtxtReadMemory (context, bytes, (int)len, NULL, NULL, options);

  if (doc == NULL || !context->wellFormed || !context->nsWellFormed
      || context->_private != NULL) {
    set_parse_error (context, error);
    g_clear_pointer (&doc, xmlFreeDoc);
  }
  xmlFreeParserCtxt (context);
  return doc;
}

xmlDoc *
xml_read (const char *bytes, gsize len, const char *ns, const char *root,
          GError **error)
{
  return xml_read_within (bytes, len, XML_BYTES_MAX, ns, root, error);
}

xmlDoc *
xml_read_within (const char *bytes, gsize len, gsize bytes_max, const char *ns,
                 const char *root, GError **error)
{
  g_autoptr (xmlDoc) doc = NULL;

  if (len > bytes_max) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "%" G_GSIZE_FORMAT " bytes",
                 len);
    return NULL;
  }
  if (len == 0 || !g_utf8_validate_len (bytes, len, NULL)) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "empty, or not UTF-8");
    return NULL;
  }
  if (!scan (bytes, len, error))
    return NULL;
  doc = parse (bytes, len, error);
  if (doc == NULL)
    return NULL;
  if (!xml_is (xmlDocGetRootElement (doc), ns, root)) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "the root is no <%s> of %s",
                 root, ns);
    return NULL;
  }
  return g_steal_pointer (&doc);
}

xmlNode *
xml_element (xmlNode *node)
{
  while (node != NULL && node->type != XML_ELEMENT_NODE)
    node = node->next;
  return node;
}

gboolean
xml_is (const xmlNode *node, const char *ns, const char *name)
{
  return node != NULL && node->type == XML_ELEMENT_NODE && node->ns != NULL
         && g_str_equal (node->ns->href, ns) && g_str_equal (node->name, name);
}

/* libxml2's strings are freed by its own function. */
static char *
taken (xmlChar *text)
{
  char *copy = g_strdup ((const char *)text);

  xmlFree (text);
  return copy;
}

char *
xml_text (const xmlNode *node)
{
  char *text = taken (xmlNodeGetContent (node));

  return text != NULL ? text : g_strdup ("");
}

char *
xml_stripped (const xmlNode *node)
{
  return g_strstrip (xml_text (node));
}

char *
xml_attribute (const xmlNode *node, const char *name)
{
  return taken (xmlGetNoNsProp (node, (const xmlChar *)name));
}

gboolean
xml_wrong (const char *what, GError **error)
{
  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "%s is missing or wrong",
               what);
  return FALSE;
}
