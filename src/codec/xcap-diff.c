/* SPDX-License-Identifier: ISC
 *
 * xcap-diff documents (RFC 5874) and SUBSCRIBE bodies (RFC 5875 4.4). */
#include "codec/xcap-diff.h"
#include "codec/xcap-edit-priv.h"
#include "codec/xml-priv.h"

#include "base/error.h"

#include <string.h>

#define NS_XCAP_DIFF "urn:ietf:params:xml:ns:xcap-diff"

struct XcapDiff {
  GString *out;
};

/* Our own prefix leaves the default namespace to what is quoted. */
XcapDiff *
xcap_diff_new (const char *root)
{
  XcapDiff *self = g_new0 (XcapDiff, 1);

  self->out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                            "<d:xcap-diff xmlns:d=\"" NS_XCAP_DIFF "\"");
  xml_put_attribute (self->out, "xcap-root", root);
  g_string_append_c (self->out, '>');
  return self;
}

void
xcap_diff_free (XcapDiff *self)
{
  if (self == NULL)
    return;
  if (self->out != NULL)
    g_string_free (self->out, TRUE);
  g_free (self);
}

void
xcap_diff_add_document (XcapDiff *self, const XcapDiffDocument *document)
{
  g_string_append (self->out, "\n<d:document");
  if (document->new_etag != NULL)
    xml_put_attribute (self->out, "new-etag", document->new_etag);
  xml_put_attribute (self->out, "sel", document->sel);
  if (document->previous_etag != NULL)
    xml_put_attribute (self->out, "previous-etag", document->previous_etag);
  g_string_append (self->out, "/>");
}

/* What a GET of an attribute answers, without its quotes. */
static void
put_attribute_value (GString *out, GBytes *content)
{
  gsize len;
  const char *bytes = g_bytes_get_data (content, &len);
  g_autofree char *value = NULL;

  if (len < 2)
    return;
  value = xcap_unescape (bytes + 1, len - 2, TRUE);
  xml_put_text (out, value);
}

static void
put_content (GString *out, const XcapDiffNode *node)
{
  gsize len;
  const char *bytes;

  if (node->content == NULL || !node->exists)
    return;
  if (node->is_attribute) {
    put_attribute_value (out, node->content);
    return;
  }
  bytes = g_bytes_get_data (node->content, &len);
  g_string_append_len (out, bytes, (gssize)len);
}

static XcapTree *
read_scope (GBytes *namespaces)
{
  gsize len;
  const char *bytes = g_bytes_get_data (namespaces, &len);

  return xcap_tree_read (bytes, len, NULL, TRUE);
}

/* A prefix for our element that the quoted scope leaves alone. */
static char *
free_prefix (const XcapBinding *scope)
{
  char *prefix = g_strdup ("d");

  for (guint i = 1; xcap_scope_lookup (scope, prefix) != NULL; i++) {
    g_free (prefix);
    prefix = g_strdup_printf ("d%u", i);
  }
  return prefix;
}

void
xcap_diff_add_node (XcapDiff *self, const XcapDiffNode *node)
{
  const char *name = node->is_attribute ? "attribute" : "element";
  g_autoptr (XcapTree) tree = node->namespaces != NULL && !node->is_attribute
                                  ? read_scope (node->namespaces)
                                  : NULL;
  const XcapBinding *scope = tree ? tree->document.first->scope : NULL;
  g_autofree char *prefix = free_prefix (scope);

  g_string_append_printf (self->out, "\n<%s:%s", prefix, name);
  xml_put_attribute (self->out, "sel", node->sel);
  if (!node->exists)
    xml_put_attribute (self->out, "exists", "false");
  if (strcmp (prefix, "d") != 0) {
    g_autofree char *declaration = g_strconcat ("xmlns:", prefix, NULL);

    xml_put_attribute (self->out, declaration, NS_XCAP_DIFF);
  }
  xcap_edit_put_scope (self->out, scope);
  g_string_append_c (self->out, '>');
  put_content (self->out, node);
  g_string_append_printf (self->out, "</%s:%s>", prefix, name);
}

GBytes *
xcap_diff_end (XcapDiff *self)
{
  GBytes *out;

  g_string_append (self->out, "\n</d:xcap-diff>\n");
  out = g_string_free_to_bytes (g_steal_pointer (&self->out));
  xcap_diff_free (self);
  return out;
}

void
xcap_diff_target_free (XcapDiffTarget *self)
{
  if (self == NULL)
    return;
  g_free (self->uri);
  xcap_path_free (self->path);
  g_free (self);
}

/* Length of scheme and authority; 0 without scheme. */
static gsize
authority_len (const char *uri)
{
  const char *slashes = strstr (uri, "://");

  if (slashes == NULL || strcspn (uri, "/?#") < (gsize)(slashes - uri))
    return 0;
  return slashes + 3 - uri + strcspn (slashes + 3, "/?#");
}

const char *
xcap_diff_below_root (const char *uri, const char *root)
{
  gsize root_authority = authority_len (root);
  gsize authority = authority_len (uri);
  const char *path = root + root_authority;

  if (authority > 0
      && (authority != root_authority
          || g_ascii_strncasecmp (uri, root, authority) != 0))
    return NULL;
  if (authority == 0 && *uri != '/')
    return uri;
  uri += authority;
  return strncmp (uri, path, strlen (path)) == 0 ? uri + strlen (path) : NULL;
}

static XcapDiffTarget *
target_new (const char *uri, const char *root)
{
  const char *rest = xcap_diff_below_root (uri, root);
  g_autoptr (XcapPath) path = NULL;
  XcapDiffTarget *self;

  if (rest == NULL
      || xcap_path_parse (rest, strlen (rest), &path) != XCAP_PATH_OK
      || path->kind == XCAP_NAMESPACES)
    return NULL;
  self = g_new0 (XcapDiffTarget, 1);
  self->uri = g_strdup (uri);
  self->path = g_steal_pointer (&path);
  return self;
}

typedef struct {
  const char *root;
  guint n, max; /* entries seen; how many may be */
  GHashTable *seen;
  GPtrArray *out;
} Targets;

static gboolean
take_entry (Targets *self, const xmlNode *entry, GError **error)
{
  g_autofree char *uri = xml_attribute (entry, "uri");
  XcapDiffTarget *target;

  if (++self->n > self->max) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %u URIs",
                 self->max);
    return FALSE;
  }
  if (uri == NULL || g_hash_table_contains (self->seen, g_strstrip (uri)))
    return TRUE;
  target = target_new (uri, self->root);
  if (target == NULL)
    return TRUE;
  g_hash_table_add (self->seen, target->uri);
  g_ptr_array_add (self->out, target);
  return TRUE;
}

static gboolean
take_list (Targets *self, const xmlNode *list, GError **error)
{
  for (xmlNode *node = xml_element (list->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_RESOURCE_LISTS, "entry")
        && !take_entry (self, node, error))
      return FALSE;
  return TRUE;
}

static gboolean
take_lists (Targets *self, const xmlNode *root, GError **error)
{
  for (xmlNode *node = xml_element (root->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_RESOURCE_LISTS, "list")
        && !take_list (self, node, error))
      return FALSE;
  return TRUE;
}

gboolean
xcap_diff_parse (const char *bytes, gsize len, const char *root, guint max,
                 GPtrArray **out, GError **error)
{
  g_autoptr (xmlDoc) doc
      = xml_read (bytes, len, NS_RESOURCE_LISTS, "resource-lists", error);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) targets
      = g_ptr_array_new_with_free_func ((GDestroyNotify)xcap_diff_target_free);
  Targets self = { .root = root, .max = max, .seen = seen, .out = targets };

  if (doc == NULL || !take_lists (&self, xmlDocGetRootElement (doc), error))
    return FALSE;
  *out = g_steal_pointer (&targets);
  return TRUE;
}
