/* SPDX-License-Identifier: ISC
 *
 * Constraints that no structure expresses: what must be unique, and what URIs
 * must look like (RFC 4826 3.4.5 and 4.4.5, xs:ID of RFC 4745 and 3863). */
#include "codec/xcap-schema-priv.h"
#include "codec/xml-priv.h"

#include "addr/aor.h"

#include <string.h>

/* How many of one kind are reported. */
#define EXISTS_MAX 20

typedef enum {
  URI_ANY,
  URI_RELATIVE, /* a relative path reference */
  URI_HTTP,     /* absolute, http or https */
} UriKind;

typedef struct {
  const char *ns, *element, *attribute;
  gboolean is_wide; /* in the whole document, not below one parent */
  UriKind uri;
} Rule;

static const Rule rules[] = {
  { NS_RESOURCE_LISTS, "list", "name", FALSE, URI_ANY },
  { NS_RESOURCE_LISTS, "entry", "uri", FALSE, URI_ANY },
  { NS_RESOURCE_LISTS, "entry-ref", "ref", FALSE, URI_RELATIVE },
  { NS_RESOURCE_LISTS, "external", "anchor", FALSE, URI_HTTP },
  { NS_RLS_SERVICES, "service", "uri", TRUE, URI_ANY },
  { NS_COMMON_POLICY, "rule", "id", TRUE, URI_ANY },
  { NS_PIDF, "tuple", "id", TRUE, URI_ANY },
};

typedef struct {
  const XcapTree *tree;
  const char *ns, *xui;
  GHashTable *wide;  /* "element value" of rules that are wide */
  XcapError *unique; /* collects */
  XcapError *error;  /* ends it */
} Check;

static const Rule *
rule_of (const XcapNode *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (xcap_node_is (node, rules[i].ns, rules[i].element))
      return &rules[i];
  return NULL;
}

static gboolean
has_scheme (const char *uri, const char *scheme)
{
  gsize n = strlen (scheme);

  return g_ascii_strncasecmp (uri, scheme, n) == 0 && uri[n] != '\0'
         && uri[n] != '/';
}

static gboolean
is_http (const char *uri)
{
  return has_scheme (uri, "http://") || has_scheme (uri, "https://");
}

/* RFC 3986 4.2: no scheme and no '/' at its start. */
static gboolean
is_relative_path (const char *uri)
{
  gsize colon = strcspn (uri, ":");

  return *uri != '\0' && *uri != '/'
         && (uri[colon] == '\0' || strcspn (uri, "/?#") < colon);
}

static gboolean
is_kind (UriKind kind, const char *uri)
{
  switch (kind) {
  case URI_RELATIVE:
    return is_relative_path (uri);
  case URI_HTTP:
    return is_http (uri);
  case URI_ANY:
    break;
  }
  return TRUE;
}

static void
not_unique (Check *self, const XcapNode *node, const Rule *rule)
{
  g_autofree char *field = xcap_tree_selector (node, self->ns, rule->attribute);

  if (self->unique == NULL)
    self->unique = xcap_error_new_printf (XCAP_UNIQUENESS_FAILURE,
                                          "%s of <%s> must be unique",
                                          rule->attribute, rule->element);
  if (self->unique->exists->len < EXISTS_MAX)
    xcap_error_add_exists (self->unique, field, NULL);
}

/* seen: "element value" below this parent; made at need. */
static void
check_node (Check *self, const XcapNode *node, GHashTable **seen)
{
  const Rule *rule = rule_of (node);
  const XcapAttribute *attribute
      = rule != NULL ? xcap_node_attribute (node, "", rule->attribute) : NULL;
  GHashTable *table;

  if (attribute == NULL)
    return;
  if (!is_kind (rule->uri, attribute->value)) {
    self->error = xcap_error_new_printf (
        XCAP_CONSTRAINT_FAILURE, "%s of <%s> must be %s", rule->attribute,
        rule->element,
        rule->uri == URI_HTTP ? "an absolute HTTP URI"
                              : "a relative path reference");
    return;
  }
  if (*seen == NULL)
    *seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  table = rule->is_wide ? self->wide : *seen;
  if (!g_hash_table_add (
          table, g_strdup_printf ("%s %s", rule->element, attribute->value)))
    not_unique (self, node, rule);
}

/* The XUI in an HTTP URI of a resource list; NULL: it is none of a user.  The
 * caller frees. */
static char *
xui_in (const char *uri)
{
  static const char tree[] = "/resource-lists/users/";
  const char *at = strstr (uri, tree);
  gsize len;

  if (at == NULL)
    return NULL;
  at += strlen (tree);
  len = strcspn (at, "/?#");
  return g_uri_unescape_segment (at, at + len, NULL);
}

/* Two spellings of a user: "sip:Alice@Example.com", "alice@example.com". */
static gboolean
is_same_user (const char *a, const char *b)
{
  g_autofree char *first = NULL, *second = NULL;

  if (a == NULL || !aor_parse (a, &first, NULL)
      || !aor_parse (b, &second, NULL))
    return g_strcmp0 (a, b) == 0;
  return aor_equal (first, second);
}

/* <resource-list> of a service (RFC 4826 4.4.5). */
static void
check_resource_list (Check *self, const XcapNode *node)
{
  g_autofree char *text = NULL, *xui = NULL;

  if (!xcap_node_is (node, NS_RLS_SERVICES, "resource-list"))
    return;
  text = g_strstrip (xcap_tree_text (self->tree, node));
  xui = xui_in (text);
  if (!is_http (text) || strstr (text, "/resource-lists/") == NULL)
    self->error
        = xcap_error_new (XCAP_CONSTRAINT_FAILURE,
                          "<resource-list> must be an absolute HTTP URI below"
                          " resource-lists/");
  else if (self->xui != NULL && !is_same_user (xui, self->xui))
    self->error = xcap_error_new (
        XCAP_CONSTRAINT_FAILURE,
        "<resource-list> must be in the home directory of the same user");
}

static void
check_below (Check *self, const XcapNode *parent)
{
  g_autoptr (GHashTable) seen = NULL;

  for (const XcapNode *node = parent->first;
       node != NULL && self->error == NULL; node = node->next) {
    check_node (self, node, &seen);
    check_resource_list (self, node);
    if (self->error == NULL && schema_knows (node->ns))
      check_below (self, node);
  }
}

XcapError *
xcap_rules_check (const XcapTree *tree, const char *ns, const char *xui)
{
  Check self = { .tree = tree, .ns = ns, .xui = xui };

  self.wide = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  check_below (&self, &tree->document);
  g_hash_table_unref (self.wide);
  if (self.error == NULL)
    return self.unique;
  xcap_error_free (self.unique);
  return self.error;
}
