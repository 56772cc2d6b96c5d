/* SPDX-License-Identifier: ISC
 *
 * Reading filter sets, and which filters concern a resource: see filter.h. */
#include "codec/filter.h"

#include "addr/aor.h"
#include "addr/uri.h"
#include "base/error.h"
#include "codec/filter-priv.h"
#include "codec/xml-priv.h"

#include <math.h>
#include <string.h>

#define DOCUMENT_MAX ((gsize)16 << 20)

struct FilterSet {
  GPtrArray *filters; /* Filter */
};

typedef struct {
  const char *package;
  xmlNode *root;
  guint n_rules, n_selections;
  GError **error;
} Reader;

static void
selection_clear (gpointer data)
{
  FilterSelection *self = data;

  g_free (self->ns);
  xml_path_free (self->path);
}

static void
condition_clear (gpointer data)
{
  FilterCondition *self = data;

  xml_path_free (self->path);
  g_free (self->from);
  g_free (self->to);
}

static void
filter_free (gpointer data)
{
  Filter *self = data;

  g_free (self->uri);
  g_free (self->domain);
  g_array_unref (self->includes);
  g_array_unref (self->excludes);
  g_ptr_array_unref (self->triggers);
  g_free (self);
}

static GArray *
selections_new (void)
{
  GArray *all = g_array_new (FALSE, TRUE, sizeof (FilterSelection));

  g_array_set_clear_func (all, selection_clear);
  return all;
}

static Filter *
filter_new (void)
{
  Filter *self = g_new0 (Filter, 1);

  self->includes = selections_new ();
  self->excludes = selections_new ();
  self->triggers
      = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  return self;
}

static gboolean
fail (GError **error, RcError code, const char *format, const char *what)
{
  g_set_error (error, RC_ERROR, code, format, what);
  return FALSE;
}

static gboolean
is_filter_element (const xmlNode *node, const char *name)
{
  return xml_is (node, NS_FILTER, name);
}

static xmlNode *
child_of (const xmlNode *parent, const char *name)
{
  for (xmlNode *node = xml_element (parent->children); node != NULL;
       node = xml_element (node->next))
    if (is_filter_element (node, name))
      return node;
  return NULL;
}

/* xs:boolean; other than that is wrong. */
static gboolean
read_boolean (const xmlNode *node, const char *name, gboolean fallback,
              gboolean *out, GError **error)
{
  g_autofree char *value = xml_attribute (node, name);

  *out = fallback;
  if (value == NULL)
    return TRUE;
  g_strstrip (value);
  *out = strcmp (value, "true") == 0 || strcmp (value, "1") == 0;
  return *out || strcmp (value, "false") == 0 || strcmp (value, "0") == 0
         || fail (error, RC_ERROR_SYNTAX, "%s is no boolean", name);
}

/* --- Expressions --- */

/* <ns-bindings>; names without prefix are the package's own, as the examples of
 * RFC 4661 have them. */
static const char *
ns_cb (const char *prefix, gpointer data)
{
  const Reader *self = data;
  const xmlNode *bindings = child_of (self->root, "ns-bindings");

  if (*prefix == '\0')
    return strcmp (self->package, "presence") == 0 ? NS_PIDF : NS_WINFO;
  for (xmlNode *node = bindings ? xml_element (bindings->children) : NULL;
       node != NULL; node = xml_element (node->next)) {
    g_autofree char *name = xml_attribute (node, "prefix");

    if (is_filter_element (node, "ns-binding")
        && g_strcmp0 (name, prefix) == 0) {
      const xmlAttr *urn = xmlHasProp (node, (const xmlChar *)"urn");

      return urn != NULL && urn->children != NULL
                 ? (const char *)urn->children->content
                 : NULL;
    }
  }
  return NULL;
}

static gboolean
read_path (Reader *self, const xmlNode *node, XmlPath **out)
{
  g_autofree char *text = xml_stripped (node);

  if (!xml_path_parse (text, ns_cb, self, out, self->error))
    return FALSE;
  return !xml_path_is_text (*out)
         || fail (self->error, RC_ERROR_UNSUPPORTED, "%s is not done",
                  "text()");
}

static gboolean
read_selection (Reader *self, const xmlNode *node, GArray *into)
{
  FilterSelection selection = { 0 };
  g_autofree char *type = xml_attribute (node, "type");

  if (++self->n_selections > FILTER_SELECTIONS_MAX)
    return fail (self->error, RC_ERROR_BOUND, "too many <%s>",
                 (const char *)node->name);
  if (type != NULL && strcmp (type, "namespace") == 0)
    selection.ns = xml_stripped (node);
  else if (type != NULL && strcmp (type, "xpath") != 0)
    return fail (self->error, RC_ERROR_SYNTAX, "the type %s is not known",
                 type);
  else if (!read_path (self, node, &selection.path)) {
    xml_path_free (selection.path);
    return FALSE;
  }
  g_array_append_val (into, selection);
  return TRUE;
}

static gboolean
count_rule (Reader *self)
{
  return ++self->n_rules <= FILTER_RULES_MAX
         || fail (self->error, RC_ERROR_BOUND, "too many rules in the %s",
                  "filters");
}

static gboolean
read_what (Reader *self, const xmlNode *what, Filter *filter)
{
  if (!count_rule (self))
    return FALSE;
  for (xmlNode *node = xml_element (what->children); node != NULL;
       node = xml_element (node->next)) {
    gboolean is_include = is_filter_element (node, "include");

    if ((is_include || is_filter_element (node, "exclude"))
        && !read_selection (self, node,
                            is_include ? filter->includes : filter->excludes))
      return FALSE;
  }
  return TRUE;
}

/* --- Triggers --- */

static gboolean
read_by (Reader *self, const xmlNode *node, FilterCondition *condition)
{
  g_autofree char *by = xml_attribute (node, "by");
  char *end;

  condition->by = NAN;
  if (by == NULL)
    return TRUE;
  condition->by = g_ascii_strtod (g_strstrip (by), &end);
  return (*by != '\0' && *end == '\0' && isfinite (condition->by))
         || fail (self->error, RC_ERROR_SYNTAX, "by=\"%s\" is no number", by);
}

static gboolean
read_condition (Reader *self, const xmlNode *node, GArray *into)
{
  static const char *const names[] = { [FILTER_CHANGED] = "changed",
                                       [FILTER_ADDED] = "added",
                                       [FILTER_REMOVED] = "removed" };
  FilterCondition made = { .by = NAN }, *condition;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (!is_filter_element (node, names[i]))
      continue;
    made.change = (FilterChange)i;
    g_array_append_val (into, made);
    condition = &g_array_index (into, FilterCondition, into->len - 1);
    condition->from = xml_attribute (node, "from");
    condition->to = xml_attribute (node, "to");
    return count_rule (self) && read_by (self, node, condition)
           && read_path (self, node, &condition->path);
  }
  return TRUE;
}

/* One that is empty is as if it were not there (RFC 4660 5.4). */
static gboolean
read_trigger (Reader *self, const xmlNode *trigger, Filter *filter)
{
  g_autoptr (GArray) conditions
      = g_array_new (FALSE, TRUE, sizeof (FilterCondition));

  g_array_set_clear_func (conditions, condition_clear);
  for (xmlNode *node = xml_element (trigger->children); node != NULL;
       node = xml_element (node->next))
    if (!read_condition (self, node, conditions))
      return FALSE;
  if (conditions->len > 0)
    g_ptr_array_add (filter->triggers, g_steal_pointer (&conditions));
  return TRUE;
}

/* --- Sets --- */

static gboolean
read_target (Reader *self, const xmlNode *node, Filter *filter)
{
  filter->uri = xml_attribute (node, "uri");
  filter->domain = xml_attribute (node, "domain");
  if (filter->uri != NULL && filter->domain != NULL)
    return fail (self->error, RC_ERROR_SYNTAX, "a filter has %s",
                 "both uri and domain");
  return TRUE;
}

static gboolean
read_filter (Reader *self, const xmlNode *node, Filter *filter)
{
  if (!read_target (self, node, filter)
      || !read_boolean (node, "enabled", TRUE, &filter->is_enabled,
                        self->error))
    return FALSE;
  for (xmlNode *child = xml_element (node->children); child != NULL;
       child = xml_element (child->next))
    if ((is_filter_element (child, "what") && !read_what (self, child, filter))
        || (is_filter_element (child, "trigger")
            && !read_trigger (self, child, filter)))
      return FALSE;
  return TRUE;
}

/* pres: and im: name the same user (RFC 3856 5). */
static Uri *
read_uri (const char *text)
{
  g_autofree char *as_sip = NULL;
  Uri *uri = NULL;

  if (g_ascii_strncasecmp (text, "pres:", 5) == 0)
    text = as_sip = g_strconcat ("sip:", text + 5, NULL);
  else if (g_ascii_strncasecmp (text, "im:", 3) == 0)
    text = as_sip = g_strconcat ("sip:", text + 3, NULL);
  uri_parse (text, -1, &uri, NULL);
  return uri;
}

static gboolean
is_same_uri (const char *a, const char *b)
{
  g_autoptr (Uri) left = read_uri (a), right = read_uri (b);
  g_autofree char *left_aor = NULL, *right_aor = NULL;

  if (left == NULL || right == NULL)
    return strcmp (a, b) == 0;
  if (!uri_is_bare (left) || !uri_is_bare (right))
    return uri_equal (left, right);
  left_aor = uri_aor (left);
  right_aor = uri_aor (right);
  return aor_equal (left_aor, right_aor);
}

static gboolean
is_in_domain (const char *uri, const char *domain)
{
  g_autoptr (Uri) parsed = read_uri (uri);
  const char *host = parsed != NULL ? uri_host (parsed) : NULL;

  return host != NULL && g_ascii_strcasecmp (host, domain) == 0;
}

static gboolean
is_same_target (const Filter *a, const Filter *b)
{
  if (a->domain != NULL || b->domain != NULL)
    return a->domain != NULL && b->domain != NULL
           && g_ascii_strcasecmp (a->domain, b->domain) == 0;
  if (a->uri != NULL && b->uri != NULL)
    return is_same_uri (a->uri, b->uri);
  return a->uri == NULL && b->uri == NULL;
}

/* RFC 4660 5.2: one filter for each resource and domain. */
static gboolean
are_distinct (const GPtrArray *filters, GError **error)
{
  for (guint i = 0; i < filters->len; i++)
    for (guint j = i + 1; j < filters->len; j++)
      if (is_same_target (filters->pdata[i], filters->pdata[j]))
        return fail (error, RC_ERROR_SYNTAX, "two filters are for %s",
                     "the same resource or domain");
  return TRUE;
}

static gboolean
read_filters (Reader *self, FilterSet *set)
{
  g_autofree char *package = xml_attribute (self->root, "package");

  if (package != NULL
      && g_ascii_strcasecmp (g_strstrip (package), self->package) != 0)
    return fail (self->error, RC_ERROR_SYNTAX,
                 "the filters are for the package %s", package);
  for (xmlNode *node = xml_element (self->root->children); node != NULL;
       node = xml_element (node->next)) {
    Filter *filter;

    if (!is_filter_element (node, "filter"))
      continue;
    if (set->filters->len >= FILTER_RULES_MAX)
      return fail (self->error, RC_ERROR_BOUND, "too many %s", "filters");
    filter = filter_new ();
    g_ptr_array_add (set->filters, filter);
    if (!read_filter (self, node, filter))
      return FALSE;
  }
  return are_distinct (set->filters, self->error);
}

static void
set_clear (gpointer data)
{
  g_ptr_array_unref (((FilterSet *)data)->filters);
}

FilterSet *
filter_set_ref (FilterSet *self)
{
  return g_rc_box_acquire (self);
}

void
filter_set_unref (FilterSet *self)
{
  if (self != NULL)
    g_rc_box_release_full (self, set_clear);
}

xmlDoc *
filter_read_set (GBytes *bytes, GError **error)
{
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);

  return xml_read (text, len, NS_FILTER, "filter-set", error);
}

FilterSet *
filter_set_parse (GBytes *bytes, const char *package, GError **error)
{
  g_autoptr (xmlDoc) doc = filter_read_set (bytes, error);
  g_autoptr (FilterSet) self = NULL;
  Reader reader = { .package = package, .error = error };

  if (doc == NULL)
    return NULL;
  self = g_rc_box_new0 (FilterSet);
  self->filters = g_ptr_array_new_with_free_func (filter_free);
  reader.root = xmlDocGetRootElement (doc);
  return read_filters (&reader, self) ? g_steal_pointer (&self) : NULL;
}

/* --- Use --- */

/* In the order in which they are applied; NULL: none. */
static void
choose (const FilterSet *self, const char *request, const char *resource,
        const Filter *out[2])
{
  const Filter *named = NULL, *domain = NULL, *all = NULL;

  for (guint i = 0; i < self->filters->len; i++) {
    const Filter *filter = self->filters->pdata[i];

    if (!filter->is_enabled)
      continue;
    if (filter->domain != NULL)
      domain = is_in_domain (resource, filter->domain) ? filter : domain;
    else if (filter->uri == NULL || is_same_uri (filter->uri, request))
      all = all == NULL || filter->uri != NULL ? filter : all;
    else if (is_same_uri (filter->uri, resource))
      named = filter;
  }
  if (all != NULL && is_same_uri (request, resource)) {
    named = all; /* it names the resource itself */
    all = NULL;
  }
  out[0] = named != NULL ? named : domain;
  out[1] = all;
}

gboolean
filter_set_concerns (const FilterSet *self, const char *request,
                     const char *resource)
{
  const Filter *chosen[2];

  choose (self, request, resource, chosen);
  return chosen[0] != NULL || chosen[1] != NULL;
}

xmlDoc *
filter_read (GBytes *document)
{
  gsize len;
  const char *text = g_bytes_get_data (document, &len);
  gboolean is_winfo = g_strstr_len (text, MIN (len, 400), NS_WINFO) != NULL;

  return xml_read_within (text, len, DOCUMENT_MAX,
                          is_winfo ? NS_WINFO : NS_PIDF,
                          is_winfo ? "watcherinfo" : "presence", NULL);
}

static GBytes *
write_document (xmlDoc *doc)
{
  const xmlNode *root = xmlDocGetRootElement (doc);
  GString *out;

  if (xml_is (root, NS_PIDF, "presence"))
    return xml_write_presence (root);
  out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  xml_put_fragment (out, root);
  g_string_append_c (out, '\n');
  return g_string_free_to_bytes (out);
}

GBytes *
filter_set_apply (const FilterSet *self, const char *request,
                  const char *resource, GBytes *document)
{
  const Filter *chosen[2];
  g_autoptr (xmlDoc) doc = NULL;

  choose (self, request, resource, chosen);
  if (chosen[0] == NULL && chosen[1] == NULL)
    return g_bytes_ref (document);
  doc = filter_read (document);
  if (doc == NULL)
    return g_bytes_ref (document);
  for (guint i = 0; i < G_N_ELEMENTS (chosen); i++)
    if (chosen[i] != NULL && !filter_cut (chosen[i], doc))
      return NULL;
  return write_document (doc);
}

gboolean
filter_set_fires (const FilterSet *self, const char *request,
                  const char *resource, GBytes *before, GBytes *after)
{
  const Filter *chosen[2];
  g_autoptr (xmlDoc) old = NULL, new = NULL;

  choose (self, request, resource, chosen);
  for (guint i = 0; i < G_N_ELEMENTS (chosen); i++) {
    if (chosen[i] == NULL || chosen[i]->triggers->len == 0)
      continue;
    if (old == NULL) {
      old = filter_read (before);
      new = filter_read (after);
      if (old == NULL || new == NULL)
        return TRUE;
    }
    if (!filter_fires (chosen[i], old, new))
      return FALSE;
  }
  return TRUE;
}
