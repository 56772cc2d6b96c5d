/* SPDX-License-Identifier: ISC
 *
 * The table of application usages: see the header. */
#include "codec/xcap-usages.h"
#include "codec/pidf.h"
#include "codec/xcap-schema-priv.h"
#include "codec/xcap-settings.h"
#include "codec/xml-priv.h"

#include <string.h>

#define XCAP_CAPS_TYPE "application/xcap-caps+xml"
#define RULES_TYPE "application/auth-policy+xml"

struct XcapUsage {
  const char *auid, *type, *ns;
  const char *root_ns, *root;
  XcapTreeAccess global, users;
  const char *name; /* the only name in a user's tree; NULL: any */
};

static const XcapUsage usages[] = {
  { "xcap-caps", XCAP_CAPS_TYPE, NS_XCAP_CAPS, NS_XCAP_CAPS, "xcap-caps",
    XCAP_TREE_READ, XCAP_TREE_NONE, NULL },
  { "resource-lists", "application/resource-lists+xml", NS_RESOURCE_LISTS,
    NS_RESOURCE_LISTS, "resource-lists", XCAP_TREE_READ, XCAP_TREE_WRITE,
    NULL },
  /* RFC 4826 4.4.9: the global index is for the RLS alone. */
  { "rls-services", "application/rls-services+xml", NS_RLS_SERVICES,
    NS_RLS_SERVICES, "rls-services", XCAP_TREE_HIDDEN, XCAP_TREE_WRITE, NULL },
  { "pres-rules", RULES_TYPE, NS_PRES_RULES, NS_COMMON_POLICY, "ruleset",
    XCAP_TREE_READ, XCAP_TREE_WRITE, NULL },
  { "org.openmobilealliance.pres-rules", RULES_TYPE, NS_OMA_PRES_RULES,
    NS_COMMON_POLICY, "ruleset", XCAP_TREE_READ, XCAP_TREE_WRITE, NULL },
  { "pidf-manipulation", "application/pidf+xml", NS_PIDF, NS_PIDF, "presence",
    XCAP_TREE_READ, XCAP_TREE_WRITE, "index" },
  { XCAP_SETTINGS_AUID, XCAP_SETTINGS_TYPE, XCAP_SETTINGS_NS, XCAP_SETTINGS_NS,
    "settings", XCAP_TREE_READ, XCAP_TREE_WRITE, XCAP_SETTINGS_NAME },
};

const XcapUsage *
xcap_usage_find (const char *auid)
{
  for (guint i = 0; i < G_N_ELEMENTS (usages); i++)
    if (strcmp (usages[i].auid, auid) == 0)
      return &usages[i];
  return NULL;
}

const XcapUsage *
xcap_usage_nth (guint n)
{
  return n < G_N_ELEMENTS (usages) ? &usages[n] : NULL;
}

const char *
xcap_usage_auid (const XcapUsage *self)
{
  return self->auid;
}

const char *
xcap_usage_type (const XcapUsage *self)
{
  return self->type;
}

const char *
xcap_usage_ns (const XcapUsage *self)
{
  return self->ns;
}

XcapTreeAccess
xcap_usage_global (const XcapUsage *self)
{
  return self->global;
}

XcapTreeAccess
xcap_usage_users (const XcapUsage *self)
{
  return self->users;
}

gboolean
xcap_usage_has_name (const XcapUsage *self, const char *name)
{
  return self->name == NULL || strcmp (self->name, name) == 0;
}

static XcapError *
check_root (const XcapUsage *self, const XcapTree *tree)
{
  const XcapNode *root = tree->document.first;
  const SchemaElement *element = schema_find (self->root_ns, self->root);

  if (!xcap_node_is (root, self->root_ns, self->root))
    return xcap_error_new_printf (XCAP_SCHEMA_VALIDATION_ERROR,
                                  "the root must be <%s> of %s", self->root,
                                  self->root_ns);
  return schema_check (tree, root, element);
}

/* Watchers get what is in it, so it has the bounds of what is published. */
static XcapError *
check_presence (const XcapTree *tree)
{
  g_autoptr (PresenceDoc) doc = NULL;
  g_autoptr (GError) error = NULL;

  if (pidf_parse (tree->bytes, tree->len, &doc, &error))
    return NULL;
  return xcap_error_new_printf (XCAP_CONSTRAINT_FAILURE,
                                "no watcher could be shown it: %s",
                                error->message);
}

XcapError *
xcap_usage_check_tree (const XcapUsage *self, const XcapTree *tree,
                       const char *xui)
{
  XcapError *error = check_root (self, tree);

  if (error == NULL)
    error = xcap_rules_check (tree, self->ns, xui);
  if (error == NULL && strcmp (self->ns, NS_PIDF) == 0)
    error = check_presence (tree);
  return error;
}

static XcapTree *
read_tree (GBytes *document)
{
  gsize len;
  const char *bytes = g_bytes_get_data (document, &len);

  return xcap_tree_read (bytes, len, NULL, FALSE);
}

XcapError *
xcap_usage_check (const XcapUsage *self, GBytes *document, const char *xui)
{
  g_autoptr (XcapTree) tree = read_tree (document);

  if (tree == NULL)
    return xcap_error_new (XCAP_NOT_WELL_FORMED, NULL);
  return xcap_usage_check_tree (self, tree, xui);
}

char **
xcap_usage_service_uris (const XcapUsage *self, GBytes *document)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new ();
  g_autoptr (XcapTree) tree = NULL;

  if (strcmp (self->root_ns, NS_RLS_SERVICES) == 0)
    tree = read_tree (document);
  if (tree != NULL)
    for (const XcapNode *node = tree->document.first->first; node != NULL;
         node = node->next) {
      const XcapAttribute *uri = xcap_node_is (node, NS_RLS_SERVICES, "service")
                                     ? xcap_node_attribute (node, "", "uri")
                                     : NULL;

      if (uri != NULL)
        g_ptr_array_add (out, g_strdup (uri->value));
    }
  g_ptr_array_add (out, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&out), FALSE);
}

GBytes *
xcap_caps_document (void)
{
  GString *out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<xcap-caps xmlns=\"" NS_XCAP_CAPS "\">\n"
                               " <auids>\n");
  const char *ns;

  for (guint i = 0; i < G_N_ELEMENTS (usages); i++) {
    g_string_append (out, "  ");
    xml_put_leaf (out, "auid", usages[i].auid);
    g_string_append_c (out, '\n');
  }
  g_string_append (out, " </auids>\n <extensions/>\n <namespaces>\n");
  for (guint i = 0; (ns = schema_nth_namespace (i)) != NULL; i++) {
    g_string_append (out, "  ");
    xml_put_leaf (out, "namespace", ns);
    g_string_append_c (out, '\n');
  }
  g_string_append (out, " </namespaces>\n</xcap-caps>\n");
  return g_string_free_to_bytes (out);
}

char *
xcap_caps_etag (void)
{
  g_autoptr (GBytes) document = xcap_caps_document ();
  g_autofree char *sum
      = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, document);

  return g_strndup (sum, 16);
}
