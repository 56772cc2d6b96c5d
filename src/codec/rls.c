/* SPDX-License-Identifier: ISC
 *
 * Lists and services out of XCAP documents, and of the body of a SUBSCRIBE: see
 * the header. */
#include "codec/rls.h"

#include "addr/contact.h"
#include "base/error.h"
#include "codec/xcap-contacts.h"
#include "codec/xcap-schema-priv.h"
#include "codec/xml-priv.h"

#include <string.h>

struct RlsDoc {
  GBytes *bytes;
  XcapTree *tree;
};

/* --- The document --- */

static gboolean
is_fine (const char *text, gsize len, GError **error)
{
  g_autofree char *message = NULL;
  XmlFault fault = xml_check (text, len, XML_DEPTH_MAX, NULL, &message);

  if (fault == XML_FINE)
    return TRUE;
  if (fault == XML_TOO_DEEP || fault == XML_TOO_MANY)
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND,
                 "the list is nested too deep");
  else
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "the list is no XML: %s",
                 message != NULL ? message : "not allowed here");
  return FALSE;
}

static gboolean
is_known (const XcapTree *tree)
{
  const XcapNode *root = tree->document.first;

  return root != NULL
         && (xcap_node_is (root, NS_RESOURCE_LISTS, "resource-lists")
             || xcap_node_is (root, NS_RLS_SERVICES, "rls-services"));
}

RlsDoc *
rls_doc_new (GBytes *bytes, gsize max, GError **error)
{
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);
  g_autoptr (XcapTree) tree = NULL;
  RlsDoc *self;

  if (len > max) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "the list is too large");
    return NULL;
  }
  if (!is_fine (text, len, error))
    return NULL;
  tree = xcap_tree_read (text, len, NULL, FALSE);
  if (tree == NULL || !is_known (tree)) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "this is no list");
    return NULL;
  }
  self = g_new0 (RlsDoc, 1);
  self->bytes = g_bytes_ref (bytes);
  self->tree = g_steal_pointer (&tree);
  return self;
}

void
rls_doc_free (RlsDoc *self)
{
  if (self == NULL)
    return;
  xcap_tree_free (self->tree);
  g_bytes_unref (self->bytes);
  g_free (self);
}

/* --- Lists --- */

static void
item_free (gpointer data)
{
  RlsItem *item = data;

  g_free (item->text);
  g_free (item->name);
  g_free (item);
}

static RlsList *
list_new (void)
{
  RlsList *self = g_new0 (RlsList, 1);

  self->items = g_ptr_array_new_with_free_func (item_free);
  return self;
}

void
rls_list_free (RlsList *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_ptr_array_unref (self->items);
  g_free (self);
}

/* NULL: there is none, or nothing in it.  In a service a list is of another
 * namespace than what is in it. */
static char *
display_name (const RlsDoc *self, const XcapNode *node)
{
  for (const XcapNode *at = node->first; at != NULL; at = at->next)
    if (xcap_node_is (at, NS_RESOURCE_LISTS, "display-name")) {
      g_autofree char *text = xcap_tree_text (self->tree, at);

      g_strstrip (text);
      return *text != '\0' ? g_steal_pointer (&text) : NULL;
    }
  return NULL;
}

static const char *
attribute (const XcapNode *node, const char *name)
{
  const XcapAttribute *found = xcap_node_attribute (node, "", name);

  return found != NULL ? found->value : NULL;
}

static void
add_item (const RlsDoc *self, const XcapNode *node, RlsKind kind,
          const char *text, RlsList *out)
{
  RlsItem *item;

  if (text == NULL)
    return;
  item = g_new0 (RlsItem, 1);
  item->kind = kind;
  item->text = g_strstrip (g_strdup (text));
  item->name = display_name (self, node);
  g_ptr_array_add (out->items, item);
}

/* The depth is bounded by that of the document. */
static void
add_list (const RlsDoc *self, const XcapNode *list, RlsList *out)
{
  for (const XcapNode *node = list->first; node != NULL; node = node->next) {
    if (xcap_node_is (node, NS_RESOURCE_LISTS, "entry"))
      add_item (self, node, RLS_ENTRY, attribute (node, "uri"), out);
    else if (xcap_node_is (node, NS_RESOURCE_LISTS, "entry-ref"))
      add_item (self, node, RLS_ENTRY_REF, attribute (node, "ref"), out);
    else if (xcap_node_is (node, NS_RESOURCE_LISTS, "external"))
      add_item (self, node, RLS_EXTERNAL, attribute (node, "anchor"), out);
    else if (xcap_node_is (node, NS_RESOURCE_LISTS, "list"))
      add_list (self, node, out);
  }
}

static gboolean
is_reserved (const XcapNode *list)
{
  const char *name = attribute (list, "name");

  return name != NULL && xcap_contacts_is_reserved (name);
}

RlsList *
rls_list_all (const RlsDoc *self)
{
  RlsList *out = list_new ();

  for (const XcapNode *node = self->tree->document.first->first; node != NULL;
       node = node->next)
    if (xcap_node_is (node, NS_RESOURCE_LISTS, "list") && !is_reserved (node))
      add_list (self, node, out);
  return out;
}

static void
add_named (const RlsDoc *self, const XcapNode *parent, const char *name,
           RlsList **out)
{
  for (const XcapNode *node = parent->first; node != NULL; node = node->next) {
    if (!xcap_node_is (node, NS_RESOURCE_LISTS, "list"))
      continue;
    if (g_strcmp0 (attribute (node, "name"), name) != 0) {
      add_named (self, node, name, out);
      continue;
    }
    if (*out == NULL) {
      *out = list_new ();
      (*out)->name = display_name (self, node);
    }
    add_list (self, node, *out);
  }
}

RlsList *
rls_list_named (const RlsDoc *self, const char *name)
{
  RlsList *out = NULL;

  add_named (self, self->tree->document.first, name, &out);
  return out;
}

RlsList *
rls_list_at (const RlsDoc *self, const XcapPath *path)
{
  const XcapNode *node;
  RlsList *out;

  if (path->kind != XCAP_ELEMENT
      || xcap_select (self->tree, path, path->steps->len, NS_RESOURCE_LISTS,
                      &node, NULL)
             != XCAP_MATCH_ONE)
    return NULL;
  out = list_new ();
  if (xcap_node_is (node, NS_RESOURCE_LISTS, "entry")) {
    add_item (self, node, RLS_ENTRY, attribute (node, "uri"), out);
  } else if (xcap_node_is (node, NS_RESOURCE_LISTS, "list")) {
    out->name = display_name (self, node);
    add_list (self, node, out);
  }
  return out;
}

/* --- Services --- */

void
rls_service_free (RlsService *self)
{
  if (self == NULL)
    return;
  rls_list_free (self->list);
  g_free (self->reference);
  g_strfreev (self->packages);
  g_free (self);
}

char *
rls_service_key (const char *uri)
{
  char *key = contact_canonical (uri);

  return key != NULL ? key : g_ascii_strdown (uri, -1);
}

static char **
packages_of (const RlsDoc *self, const XcapNode *packages)
{
  GStrvBuilder *out = NULL;
  char **names;

  for (const XcapNode *node = packages->first; node != NULL; node = node->next)
    if (xcap_node_is (node, NS_RLS_SERVICES, "package")) {
      g_autofree char *text = xcap_tree_text (self->tree, node);

      if (out == NULL)
        out = g_strv_builder_new ();
      g_strv_builder_add (out, g_strstrip (text));
    }
  if (out == NULL)
    return NULL;
  names = g_strv_builder_end (out);
  g_strv_builder_unref (out);
  return names;
}

static RlsService *
read_service (const RlsDoc *self, const XcapNode *service)
{
  RlsService *out = g_new0 (RlsService, 1);

  for (const XcapNode *node = service->first; node != NULL; node = node->next) {
    if (xcap_node_is (node, NS_RLS_SERVICES, "list") && out->list == NULL) {
      out->list = list_new ();
      out->list->name = display_name (self, node);
      add_list (self, node, out->list);
    } else if (xcap_node_is (node, NS_RLS_SERVICES, "resource-list")
               && out->reference == NULL) {
      out->reference = g_strstrip (xcap_tree_text (self->tree, node));
    } else if (xcap_node_is (node, NS_RLS_SERVICES, "packages")
               && out->packages == NULL) {
      out->packages = packages_of (self, node);
    }
  }
  return out;
}

RlsService *
rls_service_find (const RlsDoc *self, const char *key)
{
  const XcapNode *root = self->tree->document.first;

  for (const XcapNode *node = root->first; node != NULL; node = node->next) {
    const char *uri = attribute (node, "uri");
    g_autofree char *found = NULL;

    if (uri == NULL || !xcap_node_is (node, NS_RLS_SERVICES, "service"))
      continue;
    found = rls_service_key (uri);
    if (strcmp (found, key) == 0)
      return read_service (self, node);
  }
  return NULL;
}

gboolean
rls_service_has (const RlsService *self, const char *package)
{
  return self->packages == NULL
         || g_strv_contains ((const char *const *)self->packages, package);
}
