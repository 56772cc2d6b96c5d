/* SPDX-License-Identifier: ISC
 *
 * From cut elements to trees. */
#include "xmpp/reader.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

struct Reader {
  Scan *scan;
  char *head, *tail; /* the stream's tag, and what closes it */
  ReaderFns fns;
  gpointer data;
  gboolean is_stopped;
};

Reader *
reader_new (const ScanLimits *limits, const ReaderFns *fns, gpointer data)
{
  Reader *self = g_new0 (Reader, 1);

  self->scan = scan_new (limits);
  self->fns = *fns;
  self->data = data;
  return self;
}

void
reader_free (Reader *self)
{
  if (self == NULL)
    return;
  scan_free (self->scan);
  g_free (self->head);
  g_free (self->tail);
  g_free (self);
}

void
reader_stop (Reader *self)
{
  self->is_stopped = TRUE;
}

/* RFC 6120 4.9.3 for what libxml2 does not take. */
static StreamError
error_of (xmlParserCtxt *context)
{
  const xmlError *last = xmlCtxtGetLastError (context);

  switch (last != NULL ? last->code : XML_ERR_OK) {
  case XML_ERR_UNDECLARED_ENTITY:
  case XML_WAR_UNDECLARED_ENTITY:
    return STREAM_RESTRICTED_XML;
  case XML_NS_ERR_UNDEFINED_NAMESPACE:
    return STREAM_BAD_NAMESPACE_PREFIX;
  default:
    return STREAM_NOT_WELL_FORMED;
  }
}

/* A namespace is a name to XMPP servers, which pass on any; to libxml2 one that is
 * no URI is an error, but the tree is whole. */
static gboolean
is_fine (const xmlParserCtxt *context)
{
  const xmlError *last = xmlCtxtGetLastError ((xmlParserCtxt *)context);

  return context->wellFormed
         && (context->nsWellFormed
             || (last != NULL && last->code == XML_WAR_NS_URI));
}

static StreamError
parse (const GString *text, xmlDoc **out)
{
  const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING
                      | XML_PARSE_NOCDATA | XML_PARSE_IGNORE_ENC;
  xmlParserCtxt *context;
  StreamError error = STREAM_FINE;
  g_autoptr (xmlDoc) doc = NULL;

  if (memchr (text->str, '\0', text->len) != NULL)
    return STREAM_NOT_WELL_FORMED;
  if (!g_utf8_validate_len (text->str, text->len, NULL))
    return STREAM_UNSUPPORTED_ENCODING;
  context = xmlNewParserCtxt ();
  if (context == NULL)
    g_error ("out of memory");
  doc = xmlCtxtReadMemory (context, text->str, (int)text->len, NULL, "UTF-8",
                           options);
  if (doc == NULL || !is_fine (context))
    error = error_of (context);
  xmlFreeParserCtxt (context);
  if (error == STREAM_FINE)
    *out = g_steal_pointer (&doc);
  return error;
}

/* The stream, and what lies in it, as a document of its own. */
static StreamError
parse_within (Reader *self, const char *text, gsize len, xmlDoc **out)
{
  g_autoptr (GString) whole = g_string_new (self->head);

  g_string_append_len (whole, text, (gssize)len);
  g_string_append (whole, self->tail);
  return parse (whole, out);
}

static gboolean
is_stream (const xmlNode *root)
{
  const xmlNs *content = xmlSearchNs (root->doc, (xmlNode *)root, NULL);

  return g_str_equal (root->name, "stream") && root->ns != NULL
         && g_str_equal (root->ns->href, NS_STREAMS) && content != NULL
         && g_str_equal (content->href, NS_COMPONENT);
}

static StreamError
open_stream (Reader *self, const char *text, gsize len)
{
  gsize name_len = strcspn (text + 1, " \t\r\n>");
  g_autoptr (xmlDoc) doc = NULL;
  StreamError error;
  xmlNode *root;

  self->head = g_strndup (text, len);
  self->tail = g_strdup_printf ("</%.*s>", (int)name_len, text + 1);
  error = parse_within (self, "", 0, &doc);
  if (error != STREAM_FINE)
    return error;
  root = xmlDocGetRootElement (doc);
  if (!is_stream (root))
    return STREAM_INVALID_NAMESPACE;
  self->fns.opened (root, self->data);
  return STREAM_FINE;
}

static void
drop (Reader *self)
{
  if (self->fns.dropped != NULL)
    self->fns.dropped (self->data);
}

static StreamError
take_element (Reader *self, const char *text, gsize len)
{
  g_autoptr (xmlDoc) doc = NULL;
  StreamError error = parse_within (self, text, len, &doc);
  xmlNode *element;

  if (error != STREAM_FINE)
    return error;
  element = xmlDocGetRootElement (doc)->children;
  if (element == NULL || element->type != XML_ELEMENT_NODE
      || element->next != NULL)
    return STREAM_NOT_WELL_FORMED;
  self->fns.element (element, self->data);
  return STREAM_FINE;
}

StreamError
reader_feed (Reader *self, const char *bytes, gsize len)
{
  StreamError error = STREAM_FINE;
  const char *text;
  gsize used, text_len;

  while (len > 0 && error == STREAM_FINE && !self->is_stopped) {
    ScanResult result = scan_next (self->scan, bytes, len, &used);

    bytes += used;
    len -= used;
    text = scan_text (self->scan, &text_len);
    if (result == SCAN_OPEN)
      error = open_stream (self, text, text_len);
    else if (result == SCAN_ELEMENT)
      error = take_element (self, text, text_len);
    else if (result == SCAN_DROPPED)
      drop (self);
    else if (result == SCAN_FAULT)
      error = scan_fault (self->scan);
    else if (result == SCAN_CLOSE) {
      self->fns.closed (self->data);
      return STREAM_FINE;
    }
  }
  return error;
}
