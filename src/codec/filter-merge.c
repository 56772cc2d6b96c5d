/* SPDX-License-Identifier: ISC
 *
 * Changing filters within a dialog (RFC 4660 3.3.3, 4.2, 5.2.2): see
 * filter.h. */
#include "base/error.h"
#include "codec/filter-priv.h"
#include "codec/xml-priv.h"

#include <string.h>

static const char none[] = "<filter-set xmlns=\"" NS_FILTER "\"/>";

static gboolean
fail (GError **error, const char *format, const char *what)
{
  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, format, what);
  return FALSE;
}

static xmlNode *
next_filter (xmlNode *node)
{
  for (node = xml_element (node); node != NULL; node = xml_element (node->next))
    if (xml_is (node, NS_FILTER, "filter"))
      return node;
  return NULL;
}

/* The filter with this id; NULL: there is none. */
static xmlNode *
filter_of (xmlNode *root, const char *id)
{
  for (xmlNode *node = next_filter (root->children); node != NULL;
       node = next_filter (node->next)) {
    g_autofree char *own = xml_attribute (node, "id");

    if (g_strcmp0 (own, id) == 0)
      return node;
  }
  return NULL;
}

static gboolean
has_content (const xmlNode *filter)
{
  for (xmlNode *node = xml_element (filter->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_FILTER, "what") || xml_is (node, NS_FILTER, "trigger"))
      return TRUE;
  return FALSE;
}

static gboolean
is_removal (const xmlNode *filter)
{
  g_autofree char *remove = xml_attribute (filter, "remove");

  return remove != NULL
         && (strcmp (remove, "true") == 0 || strcmp (remove, "1") == 0);
}

static void
drop (xmlNode *node)
{
  if (node == NULL)
    return;
  xmlUnlinkNode (node);
  xmlFreeNode (node);
}

/* Enabled or disabled, its content as it was. */
static gboolean
switch_filter (xmlNode *known, const xmlNode *filter, const char *id,
               GError **error)
{
  g_autofree char *enabled = xml_attribute (filter, "enabled");

  if (known == NULL)
    return fail (error, "the filter %s has no content", id);
  xmlSetProp (known, (const xmlChar *)"enabled",
              (const xmlChar *)(enabled != NULL ? enabled : "true"));
  return TRUE;
}

static gboolean
merge_filter (xmlNode *root, xmlNode *filter, GError **error)
{
  g_autofree char *id = xml_attribute (filter, "id");
  xmlNode *known;

  if (id == NULL)
    return fail (error, "a filter has no %s", "id");
  known = filter_of (root, id);
  if (is_removal (filter)) {
    drop (known);
    return TRUE;
  }
  if (!has_content (filter))
    return switch_filter (known, filter, id, error);
  drop (known);
  xmlAddChild (root, xmlDocCopyNode (filter, root->doc, 1));
  return TRUE;
}

static xmlNode *
bindings_of (const xmlNode *root)
{
  for (xmlNode *node = xml_element (root->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_FILTER, "ns-bindings"))
      return node;
  return NULL;
}

/* The binding of prefix in bindings (or NULL). */
static xmlNode *
binding_of (const xmlNode *bindings, const char *prefix)
{
  xmlNode *node = bindings != NULL ? xml_element (bindings->children) : NULL;

  for (; node != NULL; node = xml_element (node->next)) {
    g_autofree char *own = xml_attribute (node, "prefix");

    if (g_strcmp0 (own, prefix) == 0)
      return node;
  }
  return NULL;
}

/* One of the new prefixes; the filters that are left of the old ones may need
 * another. */
static gboolean
merge_binding (xmlNode *bindings, const xmlNode *binding, gboolean is_free,
               GError **error)
{
  g_autofree char *prefix = xml_attribute (binding, "prefix");
  g_autofree char *urn = xml_attribute (binding, "urn"), *old_urn = NULL;
  xmlNode *known;

  if (prefix == NULL || urn == NULL)
    return fail (error, "a binding has no %s", "prefix or urn");
  known = binding_of (bindings, prefix);
  if (known == NULL) {
    xmlAddChild (bindings,
                 xmlDocCopyNode ((xmlNode *)binding, bindings->doc, 1));
    return TRUE;
  }
  old_urn = xml_attribute (known, "urn");
  if (g_strcmp0 (old_urn, urn) != 0 && !is_free)
    return fail (error, "the prefix %s is bound to another namespace", prefix);
  xmlSetProp (known, (const xmlChar *)"urn", (const xmlChar *)urn);
  return TRUE;
}

/* is_free: no old filter stays. */
static gboolean
merge_bindings (xmlNode *root, const xmlNode *new, gboolean is_free,
                GError **error)
{
  const xmlNode *more = bindings_of (new);
  xmlNode *own = bindings_of (root);

  if (more == NULL)
    return TRUE;
  if (own == NULL) {
    own = xmlNewDocNode (root->doc, root->ns, (const xmlChar *)"ns-bindings",
                         NULL);
    if (root->children != NULL)
      xmlAddPrevSibling (root->children, own);
    else
      xmlAddChild (root, own);
  }
  for (xmlNode *node = xml_element (more->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_FILTER, "ns-binding")
        && !merge_binding (own, node, is_free, error))
      return FALSE;
  return TRUE;
}

/* Is there an old filter that new does not replace? */
static gboolean
keeps_old (xmlNode *root, xmlNode *new)
{
  for (xmlNode *node = next_filter (root->children); node != NULL;
       node = next_filter (node->next)) {
    g_autofree char *id = xml_attribute (node, "id");
    const xmlNode *other = id != NULL ? filter_of (new, id) : NULL;

    if (other == NULL || (!is_removal (other) && !has_content (other)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_twice (xmlNode *root, GError **error)
{
  g_autoptr (GHashTable) ids
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (xmlNode *node = next_filter (root->children); node != NULL;
       node = next_filter (node->next)) {
    char *id = xml_attribute (node, "id");

    if (id != NULL && !g_hash_table_add (ids, id))
      return !fail (error, "%s twice", "an id is there");
  }
  return FALSE;
}

static void
set_package (xmlNode *root, const xmlNode *new)
{
  g_autofree char *package = xml_attribute (new, "package");

  if (package != NULL)
    xmlSetProp (root, (const xmlChar *)"package", (const xmlChar *)package);
}

static gboolean
merge (xmlNode *root, xmlNode *new, GError **error)
{
  if (has_twice (new, error)
      || !merge_bindings (root, new, !keeps_old (root, new), error))
    return FALSE;
  set_package (root, new);
  for (xmlNode *node = next_filter (new->children); node != NULL;
       node = next_filter (node->next))
    if (!merge_filter (root, node, error))
      return FALSE;
  return TRUE;
}

static GBytes *
write_set (xmlDoc *doc)
{
  xmlChar *text;
  int len;
  GBytes *bytes;

  xmlDocDumpMemoryEnc (doc, &text, &len, "UTF-8");
  bytes = g_bytes_new (text, (gsize)len);
  xmlFree (text);
  return bytes;
}

GBytes *
filter_set_merge (GBytes *old, GBytes *new, const char *package, GError **error)
{
  g_autoptr (GBytes) empty = g_bytes_new_static (none, sizeof none - 1);
  g_autoptr (xmlDoc) base = filter_read_set (old != NULL ? old : empty, error);
  g_autoptr (xmlDoc) doc = filter_read_set (new, error);
  g_autoptr (GBytes) made = NULL;
  g_autoptr (FilterSet) tried = NULL;

  if (base == NULL || doc == NULL
      || !merge (xmlDocGetRootElement (base), xmlDocGetRootElement (doc),
                 error))
    return NULL;
  made = write_set (base);
  tried = filter_set_parse (made, package, error);
  return tried != NULL ? g_steal_pointer (&made) : NULL;
}
