/* SPDX-License-Identifier: ISC
 *
 * Recipient lists and recipient-history lists (RFC 5364). */
#include "codec/recipients.h"

#include "addr/uri.h"
#include "base/error.h"
#include "codec/xml-priv.h"

#include <string.h>

#define NS_LISTS "urn:ietf:params:xml:ns:resource-lists"
#define NS_COPY "urn:ietf:params:xml:ns:copycontrol"
#define ANONYMOUS "sip:anonymous@anonymous.invalid"

static const char *const kinds[] = { "to", "cc", "bcc" };

static void
recipient_free (gpointer data)
{
  Recipient *recipient = data;

  g_free (recipient->uri);
  g_free (recipient->display_name);
  g_free (recipient);
}

GPtrArray *
recipients_new (void)
{
  return g_ptr_array_new_with_free_func (recipient_free);
}

static char *
copy_attribute (const xmlNode *node, const char *name)
{
  xmlChar *text
      = xmlGetNsProp (node, (const xmlChar *)name, (const xmlChar *)NS_COPY);
  char *copy = text != NULL ? g_strstrip (g_strdup ((const char *)text)) : NULL;

  xmlFree (text);
  return copy;
}

static gboolean
wrong_entry (const char *uri, const char *what, GError **error)
{
  g_autofree char *valid = g_utf8_make_valid (uri, -1);

  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "entry \"%s\": %s", valid,
               what);
  return FALSE;
}

/* RFC 5364 4: absent is bcc. */
static gboolean
read_kind (const xmlNode *node, RecipientKind *out)
{
  g_autofree char *text = copy_attribute (node, "copyControl");

  *out = RECIPIENT_BCC;
  if (text == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (text, kinds[i])) {
      *out = (RecipientKind)i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_anonymize (const xmlNode *node, gboolean *out)
{
  g_autofree char *text = copy_attribute (node, "anonymize");

  *out
      = text != NULL && (g_str_equal (text, "true") || g_str_equal (text, "1"));
  return text == NULL || *out || g_str_equal (text, "false")
         || g_str_equal (text, "0");
}

/* Without headers and the parameter method (RFC 5365 7.3): what is sent is a
 * MESSAGE with the body that came. */
static char *
bare (const char *text)
{
  const char *host = strrchr (text, '@');
  gsize len = (host != NULL ? host - text : 0)
              + strcspn (host != NULL ? host : text, "?");
  g_autofree char *head = g_strndup (text, len);
  g_auto (GStrv) parts = g_strsplit (head, ";", -1);
  GString *out = g_string_new (parts[0]);

  for (guint i = 1; parts[0] != NULL && parts[i] != NULL; i++)
    if (g_ascii_strncasecmp (parts[i], "method=", 7) != 0)
      g_string_append_printf (out, ";%s", parts[i]);
  return g_string_free (out, FALSE);
}

/* Lists are bounded by max, which a site chooses: linear would be a square. */
typedef struct {
  GPtrArray *list;
  GHashTable *by_key; /* uri_key -> Recipient */
  guint max;
} Reader;

static char *
key_of (const char *text, GError **error)
{
  g_autoptr (Uri) uri = NULL;

  return uri_parse (text, -1, &uri, error) ? uri_key (uri) : NULL;
}

static void
merge (Recipient *into, RecipientKind kind, gboolean is_anonymous)
{
  into->kind = MIN (into->kind, kind);
  into->is_anonymous |= is_anonymous;
}

static char *
display_name_of (const xmlNode *entry)
{
  for (xmlNode *node = xml_element (entry->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_LISTS, "display-name"))
      return xml_stripped (node);
  return NULL;
}

static gboolean
add (Reader *self, const xmlNode *node, char *key, const char *uri,
     GError **error)
{
  Recipient *recipient;

  if (self->list->len >= self->max) {
    g_free (key);
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %u recipients",
                 self->max);
    return FALSE;
  }
  recipient = g_new0 (Recipient, 1);
  recipient->uri = g_strdup (uri);
  recipient->display_name = display_name_of (node);
  recipient->kind = RECIPIENT_BCC;
  g_ptr_array_add (self->list, recipient);
  g_hash_table_insert (self->by_key, key, recipient);
  return TRUE;
}

static gboolean
read_entry (Reader *self, const xmlNode *node, GError **error)
{
  g_autofree char *given = xml_attribute (node, "uri"), *uri = NULL;
  g_autoptr (GError) why = NULL;
  RecipientKind kind;
  gboolean is_anonymous;
  char *key;

  if (given == NULL)
    return wrong_entry ("", "it has no uri", error);
  uri = bare (g_strstrip (given));
  key = key_of (uri, &why);
  if (key == NULL)
    return wrong_entry (given, why->message, error);
  if (!read_kind (node, &kind) || !read_anonymize (node, &is_anonymous)) {
    g_free (key);
    return wrong_entry (given, "copyControl or anonymize is wrong", error);
  }
  if (!g_hash_table_contains (self->by_key, key)) {
    g_autofree char *copy = g_strdup (key);

    if (!add (self, node, key, uri, error))
      return FALSE;
    merge (g_hash_table_lookup (self->by_key, copy), kind, is_anonymous);
    return TRUE;
  }
  merge (g_hash_table_lookup (self->by_key, key), kind, is_anonymous);
  g_free (key);
  return TRUE;
}

/* The bound on depth is that of xml_read. */
static gboolean
read_list (Reader *self, const xmlNode *list, GError **error)
{
  for (xmlNode *node = xml_element (list->children); node != NULL;
       node = xml_element (node->next)) {
    gboolean is_fine = TRUE;

    if (xml_is (node, NS_LISTS, "entry"))
      is_fine = read_entry (self, node, error);
    else if (xml_is (node, NS_LISTS, "list"))
      is_fine = read_list (self, node, error);
    else if (xml_is (node, NS_LISTS, "entry-ref")
             || xml_is (node, NS_LISTS, "external")) {
      g_set_error (error, RC_ERROR, RC_ERROR_UNSUPPORTED,
                   "<%s> in a list of recipients", (const char *)node->name);
      return FALSE;
    }
    if (!is_fine)
      return FALSE;
  }
  return TRUE;
}

gboolean
recipients_parse (const char *bytes, gsize len, guint max, GPtrArray *list,
                  GError **error)
{
  g_autoptr (xmlDoc) xml
      = xml_read (bytes, len, NS_LISTS, "resource-lists", error);
  g_autoptr (GHashTable) by_key
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reader self = { list, by_key, max };

  if (xml == NULL)
    return FALSE;
  for (guint i = 0; i < list->len; i++) {
    Recipient *recipient = list->pdata[i];

    g_hash_table_insert (by_key, key_of (recipient->uri, NULL), recipient);
  }
  return read_list (&self, xmlDocGetRootElement (xml), error);
}

static void
put_entry (GString *out, const char *uri, RecipientKind kind, guint count)
{
  g_string_append (out, "<entry");
  xml_put_attribute (out, "uri", uri);
  xml_put_attribute (out, "cp:copyControl", kinds[kind]);
  if (count > 0)
    g_string_append_printf (out, " cp:count=\"%u\"", count);
  g_string_append (out, "/>");
}

/* Those of one kind; returns how many entries it wrote. */
static guint
put_kind (GString *out, const GPtrArray *list, RecipientKind kind)
{
  guint n = 0, n_anonymous = 0;

  for (guint i = 0; i < list->len; i++) {
    const Recipient *recipient = list->pdata[i];

    if (recipient->kind != kind)
      continue;
    n++;
    if (recipient->is_anonymous)
      n_anonymous++;
    else
      put_entry (out, recipient->uri, kind, 0);
  }
  if (n_anonymous > 0)
    put_entry (out, ANONYMOUS, kind, n_anonymous);
  return n;
}

GBytes *
recipients_write_history (const GPtrArray *list)
{
  GString *out = g_string_sized_new (512);
  guint n = 0;

  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<resource-lists");
  xml_put_attribute (out, "xmlns", NS_LISTS);
  xml_put_attribute (out, "xmlns:cp", NS_COPY);
  g_string_append (out, "><list>");
  n += put_kind (out, list, RECIPIENT_TO);
  n += put_kind (out, list, RECIPIENT_CC);
  g_string_append (out, "</list></resource-lists>\n");
  if (n > 0)
    return g_string_free_to_bytes (out);
  g_string_free (out, TRUE);
  return NULL;
}
