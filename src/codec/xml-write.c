/* SPDX-License-Identifier: ISC
 *
 * Writing XML: escaped text, and elements of a peer again as fragments that
 * declare the namespaces they need (Namespaces in XML 1.0). */
#include "codec/xml-priv.h"

#include <string.h>

/* A namespace prefix ("" is the default one) in force. */
typedef struct {
  char *prefix;
  const char *href; /* "": none */
} Binding;

typedef struct {
  GString *out;
  GArray *scope; /* Binding, innermost last */
} Writer;

static gboolean
is_xml_char (gunichar c)
{
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff)
         || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static const char *
escape_of (gunichar c, gboolean is_attribute)
{
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '\r':
    return "&#13;";
  case '"':
    return is_attribute ? "&quot;" : NULL;
  case '\t':
    return is_attribute ? "&#9;" : NULL;
  case '\n':
    return is_attribute ? "&#10;" : NULL;
  default:
    return NULL;
  }
}

/* Bytes at the start of text that stand for themselves anywhere: nearly
 * always all of them. */
static gsize
plain_length (const char *text)
{
  gsize n = 0;

  while (text[n] >= ' ' && text[n] <= '~' && text[n] != '&' && text[n] != '<'
         && text[n] != '>' && text[n] != '"')
    n++;
  return n;
}

static void
put_escaped (GString *out, const char *text, gboolean is_attribute)
{
  g_autofree char *valid = NULL;
  gsize plain = plain_length (text);

  g_string_append_len (out, text, (gssize)plain);
  text += plain;
  if (!g_utf8_validate (text, -1, NULL))
    text = valid = g_utf8_make_valid (text, -1);
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    const char *escape = escape_of (c, is_attribute);

    if (escape != NULL)
      g_string_append (out, escape);
    else if (is_xml_char (c))
      g_string_append_len (out, p, g_utf8_next_char (p) - p);
  }
}

void
xml_put_text (GString *out, const char *text)
{
  put_escaped (out, text, FALSE);
}

void
xml_put_attribute (GString *out, const char *name, const char *value)
{
  g_string_append_c (out, ' ');
  g_string_append (out, name);
  g_string_append (out, "=\"");
  put_escaped (out, value, TRUE);
  g_string_append_c (out, '"');
}

void
xml_put_leaf (GString *out, const char *name, const char *text)
{
  if (text == NULL)
    return;
  g_string_append_printf (out, "<%s>", name);
  xml_put_text (out, text);
  g_string_append_printf (out, "</%s>", name);
}

static void
binding_clear (gpointer data)
{
  g_free (((Binding *)data)->prefix);
}

static void
bind (Writer *self, const char *prefix, const char *href)
{
  Binding binding = { .prefix = g_strdup (prefix), .href = href };

  g_array_append_val (self->scope, binding);
}

/* What prefix means here; NULL: nothing. */
static const char *
meaning_of (const Writer *self, const char *prefix)
{
  for (guint i = self->scope->len; i > 0; i--) {
    const Binding *binding = &g_array_index (self->scope, Binding, i - 1);

    if (g_str_equal (binding->prefix, prefix))
      return binding->href;
  }
  return NULL;
}

static gboolean
is_declared_since (const Writer *self, guint mark, const char *prefix)
{
  for (guint i = mark; i < self->scope->len; i++)
    if (g_str_equal (g_array_index (self->scope, Binding, i).prefix, prefix))
      return TRUE;
  return FALSE;
}

/* A prefix that means nothing here yet. */
static char *
new_prefix (const Writer *self)
{
  for (guint n = 1;; n++) {
    char *prefix = g_strdup_printf ("ns%u", n);

    if (meaning_of (self, prefix) == NULL)
      return prefix;
    g_free (prefix);
  }
}

/* The prefix that we would like for ns; NULL: any new one. */
static const char *
wanted_prefix (const xmlNs *ns, gboolean is_attribute)
{
  const char *href = (const char *)ns->href;
  const char *prefix = (const char *)ns->prefix;

  if (g_str_equal (href, NS_DM))
    return "dm";
  if (g_str_equal (href, NS_RPID))
    return "rpid";
  if (!is_attribute && g_str_equal (href, NS_PIDF))
    return "";
  if (prefix == NULL)
    return is_attribute ? NULL : "";
  return g_str_equal (prefix, "dm") || g_str_equal (prefix, "rpid") ? NULL
                                                                    : prefix;
}

/* The prefix to write for ns in the element that began at mark, which declares
 * it where needed.  Caller frees. */
static char *
need_prefix (Writer *self, guint mark, const xmlNs *ns, gboolean is_attribute)
{
  const char *href
      = ns != NULL && ns->href != NULL ? (const char *)ns->href : "";
  const char *wanted = ns != NULL ? wanted_prefix (ns, is_attribute) : "";
  const char *meaning = wanted != NULL ? meaning_of (self, wanted) : NULL;
  char *prefix;

  if (meaning != NULL && g_str_equal (meaning, href))
    return g_strdup (wanted);
  if (wanted == NULL || is_declared_since (self, mark, wanted))
    prefix = new_prefix (self);
  else
    prefix = g_strdup (wanted);
  bind (self, prefix, href);
  return prefix;
}

static void
put_name (GString *out, const char *prefix, const xmlChar *name)
{
  if (*prefix != '\0') {
    g_string_append (out, prefix);
    g_string_append_c (out, ':');
  }
  g_string_append (out, (const char *)name);
}

static void
put_attributes (Writer *self, guint mark, const xmlNode *node, GString *out)
{
  for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
    g_autoptr (GString) name = g_string_new (NULL);
    xmlChar *value = xmlNodeListGetString (node->doc, a->children, 1);

    if (a->ns != NULL) {
      g_autofree char *prefix = need_prefix (self, mark, a->ns, TRUE);

      put_name (name, prefix, a->name);
    } else {
      put_name (name, "", a->name);
    }
    xml_put_attribute (out, name->str, value != NULL ? (char *)value : "");
    xmlFree (value);
  }
}

static void
put_declarations (Writer *self, guint mark)
{
  for (guint i = mark; i < self->scope->len; i++) {
    const Binding *binding = &g_array_index (self->scope, Binding, i);
    g_autofree char *name = g_strconcat (
        "xmlns", *binding->prefix != '\0' ? ":" : "", binding->prefix, NULL);

    xml_put_attribute (self->out, name, binding->href);
  }
}

/* Space between the elements of a vocabulary that has no mixed content. */
static gboolean
is_layout (const xmlNode *text)
{
  const xmlNs *ns = text->parent->ns;

  return xmlIsBlankNode (text) && ns != NULL
         && xml_element (text->parent->children) != NULL
         && (g_str_equal (ns->href, NS_PIDF) || g_str_equal (ns->href, NS_DM)
             || g_str_equal (ns->href, NS_RPID));
}

static void put_node (Writer *self, const xmlNode *node);

static void
put_children (Writer *self, const xmlNode *node)
{
  for (const xmlNode *child = node->children; child != NULL;
       child = child->next) {
    if (child->type == XML_ELEMENT_NODE)
      put_node (self, child);
    else if ((child->type == XML_TEXT_NODE
              || child->type == XML_CDATA_SECTION_NODE)
             && child->content != NULL && !is_layout (child))
      xml_put_text (self->out, (const char *)child->content);
  }
}

static void
put_node (Writer *self, const xmlNode *node)
{
  guint mark = self->scope->len;
  g_autofree char *prefix = need_prefix (self, mark, node->ns, FALSE);
  g_autoptr (GString) attributes = g_string_new (NULL);
  gsize start;

  put_attributes (self, mark, node, attributes);
  g_string_append_c (self->out, '<');
  put_name (self->out, prefix, node->name);
  put_declarations (self, mark);
  g_string_append_len (self->out, attributes->str, attributes->len);
  g_string_append_c (self->out, '>');
  start = self->out->len;
  put_children (self, node);
  if (self->out->len == start) {
    self->out->str[start - 1] = '/';
    g_string_append_c (self->out, '>');
  } else {
    g_string_append (self->out, "</");
    put_name (self->out, prefix, node->name);
    g_string_append_c (self->out, '>');
  }
  g_array_set_size (self->scope, mark);
}

static void
writer_init (Writer *self, GString *out, const char *ns)
{
  self->out = out;
  self->scope = g_array_new (FALSE, FALSE, sizeof (Binding));
  g_array_set_clear_func (self->scope, binding_clear);
  bind (self, "xml", "http://www.w3.org/XML/1998/namespace");
  bind (self, "", ns);
}

void
xml_put_element (GString *out, const xmlNode *node, const char *ns)
{
  Writer self;

  writer_init (&self, out, ns);
  put_node (&self, node);
  g_array_unref (self.scope);
}

void
xml_put_fragment (GString *out, const xmlNode *node)
{
  Writer self;

  writer_init (&self, out, NS_PIDF);
  bind (&self, "dm", NS_DM);
  bind (&self, "rpid", NS_RPID);
  put_node (&self, node);
  g_array_unref (self.scope);
}

GBytes *
xml_write_presence (const xmlNode *root)
{
  g_autofree char *entity = xml_attribute (root, "entity");
  GString *out = g_string_sized_new (512);

  g_string_append (out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence");
  xml_put_attribute (out, "xmlns", NS_PIDF);
  xml_put_attribute (out, "xmlns:dm", NS_DM);
  xml_put_attribute (out, "xmlns:rpid", NS_RPID);
  xml_put_attribute (out, "entity", entity != NULL ? entity : "");
  g_string_append_c (out, '>');
  for (xmlNode *node = xml_element (root->children); node != NULL;
       node = xml_element (node->next))
    xml_put_fragment (out, node);
  g_string_append (out, "</presence>\n");
  return g_string_free_to_bytes (out);
}
