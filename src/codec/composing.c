/* SPDX-License-Identifier: ISC
 *
 * isComposing (RFC 3994 4, 6). */
#include "codec/composing.h"

#include "base/error.h"
#include "codec/xml-priv.h"

#define NS_COMPOSING "urn:ietf:params:xml:ns:im-iscomposing"

gboolean
composing_is (const char *content_type, const char *encoding, const char *bytes,
              gsize len)
{
  g_autoptr (Cpim) cpim = NULL;
  g_autofree char *inner = NULL;

  if (mime_is (content_type, COMPOSING_TYPE))
    return TRUE;
  if ((encoding != NULL && !mime_is (encoding, "identity"))
      || !mime_is (content_type, "message/cpim")
      || !cpim_parse (bytes, len, &cpim, NULL))
    return FALSE;
  inner = mime_header (&cpim->content, "Content-Type");
  return mime_is (inner, COMPOSING_TYPE);
}

static void
read_refresh (Composing *self, const xmlNode *node)
{
  g_autofree char *text = xml_stripped (node);
  guint64 refresh;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &refresh, NULL))
    self->refresh = (guint)refresh;
}

gboolean
composing_parse (const char *bytes, gsize len, Composing *out, GError **error)
{
  g_autoptr (xmlDoc) xml
      = xml_read (bytes, len, NS_COMPOSING, "isComposing", error);
  g_autofree char *state = NULL;

  *out = (Composing){ 0 };
  if (xml == NULL)
    return FALSE;
  for (xmlNode *node = xml_element (xmlDocGetRootElement (xml)->children);
       node != NULL; node = xml_element (node->next)) {
    if (state == NULL && xml_is (node, NS_COMPOSING, "state"))
      state = xml_stripped (node);
    else if (xml_is (node, NS_COMPOSING, "refresh"))
      read_refresh (out, node);
  }
  if (state == NULL) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "isComposing without state");
    return FALSE;
  }
  out->is_active = g_str_equal (state, "active");
  return TRUE;
}

GBytes *
composing_write (const Composing *self, const char *content_type)
{
  GString *out = g_string_sized_new (256);
  g_autofree char *refresh = NULL;

  if (self->refresh > 0)
    refresh = g_strdup_printf ("%u", self->refresh);
  g_string_append (out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<isComposing");
  xml_put_attribute (out, "xmlns", NS_COMPOSING);
  g_string_append_c (out, '>');
  xml_put_leaf (out, "state", self->is_active ? "active" : "idle");
  xml_put_leaf (out, "contenttype", content_type);
  xml_put_leaf (out, "refresh", refresh);
  g_string_append (out, "</isComposing>\n");
  return g_string_free_to_bytes (out);
}
