/* SPDX-License-Identifier: ISC
 *
 * Is this XML well formed (XML 1.0, Namespaces in XML 1.0)?  libxml2 reads it
 * without building anything. */
#include "codec/xml-priv.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

typedef struct {
  xmlParserCtxt *context;
  guint depth, max_depth;
  XmlFault fault;
} Check;

static void
stop (Check *self, XmlFault fault)
{
  self->fault = fault;
  xmlStopParser (self->context);
}

static void
doctype_cb (void *data, const xmlChar *name, const xmlChar *external,
            const xmlChar *system)
{
  xmlParserCtxt *context = data;

  stop (context->_private, XML_DOCTYPE);
}

static void
start_cb (void *data, const xmlChar *name, const xmlChar *prefix,
          const xmlChar *uri, int n_namespaces, const xmlChar **namespaces,
          int n_attributes, int n_defaulted, const xmlChar **attributes)
{
  xmlParserCtxt *context = data;
  Check *self = context->_private;

  if (self->fault == XML_FINE && ++self->depth > self->max_depth)
    stop (self, XML_TOO_DEEP);
}

static void
end_cb (void *data, const xmlChar *name, const xmlChar *prefix,
        const xmlChar *uri)
{
  xmlParserCtxt *context = data;
  Check *self = context->_private;

  self->depth--;
}

static char *
message_of (xmlParserCtxt *context)
{
  const xmlError *last = xmlCtxtGetLastError (context);
  g_autofree char *text = NULL;

  if (last == NULL || last->message == NULL)
    return g_strdup ("not well formed");
  text = g_strstrip (g_utf8_make_valid (last->message, -1));
  return g_strdup_printf ("line %d: %s", last->line, text);
}

/* No callback but these: nothing is built. */
static void
set_up (Check *self)
{
  xmlSAXHandler *sax;

  self->context = xmlNewParserCtxt ();
  if (self->context == NULL)
    g_error ("out of memory");
  sax = self->context->sax;
  memset (sax, 0, sizeof *sax);
  sax->initialized = XML_SAX2_MAGIC;
  sax->internalSubset = doctype_cb;
  sax->startElementNs = start_cb;
  sax->endElementNs = end_cb;
  self->context->_private = self;
}

static XmlFault
parse (const char *text, gsize len, guint depth, char **message_out)
{
  const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING
                      | XML_PARSE_IGNORE_ENC;
  Check self = { .max_depth = depth };
  xmlDoc *doc;

  set_up (&self);
  doc = xmlCtxtReadMemory (self.context, text, (int)len, NULL, NULL, options);
  if (self.fault == XML_FINE
      && (!self.context->wellFormed || !self.context->nsWellFormed))
    self.fault = XML_MALFORMED;
  if (self.fault == XML_MALFORMED && message_out != NULL)
    *message_out = message_of (self.context);
  xmlFreeDoc (doc);
  xmlFreeParserCtxt (self.context);
  return self.fault;
}

/* Does an XML declaration name an encoding that is not UTF-8 (or ASCII)? */
static gboolean
is_elsewhere (const char *text, gsize len)
{
  static const char bom[] = "\xef\xbb\xbf";
  const char *end, *name;
  char quote;

  if (len >= 3 && memcmp (text, bom, 3) == 0) {
    text += 3;
    len -= 3;
  }
  if (len < 6 || memcmp (text, "<?xml", 5) != 0 || !g_ascii_isspace (text[5]))
    return FALSE;
  end = g_strstr_len (text, len, "?>");
  name = end != NULL ? g_strstr_len (text, end - text, "encoding") : NULL;
  if (name == NULL)
    return FALSE;
  name += strcspn (name, "\"'?");
  if (*name == '?')
    return FALSE;
  quote = *name++;
  return !(g_ascii_strncasecmp (name, "utf-8", 5) == 0 && name[5] == quote)
         && !(g_ascii_strncasecmp (name, "us-ascii", 8) == 0
              && name[8] == quote);
}

XmlFault
xml_check (const char *text, gsize len, guint depth, const char *opening,
           char **message_out)
{
  g_autofree char *name = NULL;
  g_autoptr (GString) wrapped = NULL;
  XmlFault fault;

  if (message_out != NULL)
    *message_out = NULL;
  if (!g_utf8_validate_len (text, len, NULL))
    return XML_NOT_UTF8;
  if (opening == NULL && is_elsewhere (text, len))
    return XML_NOT_UTF8;
  fault = xml_scan (text, len);
  if (fault != XML_FINE)
    return fault;
  if (opening == NULL)
    return parse (text, len, depth, message_out);
  wrapped = g_string_new (opening);
  g_string_append_len (wrapped, text, len);
  name = g_strndup (opening + 1, strcspn (opening + 1, " >"));
  g_string_append_printf (wrapped, "</%s>", name);
  return parse (wrapped->str, wrapped->len, depth + 1, message_out);
}
