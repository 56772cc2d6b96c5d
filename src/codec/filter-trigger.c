/* SPDX-License-Identifier: ISC
 *
 * The changes that a filter waits for (RFC 4661 3.6): what an expression
 * selects in two documents is brought together by where it stands, by the ids
 * on the way to it. */
#include "codec/filter-priv.h"
#include "codec/xml-priv.h"

#include <math.h>
#include <string.h>

/* Which of its siblings of this name that have no id. */
static guint
ordinal (const xmlNode *node)
{
  guint n = 0;

  for (const xmlNode *other = node->prev; other != NULL; other = other->prev)
    n += other->type == XML_ELEMENT_NODE
         && xmlStrEqual (other->name, node->name)
         && xmlHasProp (other, (const xmlChar *)"id") == NULL;
  return n;
}

static void
put_place (GString *out, const xmlNode *node)
{
  g_autofree char *id = NULL;

  if (node->type == XML_DOCUMENT_NODE)
    return;
  put_place (out, node->parent);
  g_string_append_printf (
      out, "/%s{%s}%s", node->type == XML_ATTRIBUTE_NODE ? "@" : "",
      node->ns != NULL ? (const char *)node->ns->href : "", node->name);
  if (node->type != XML_ELEMENT_NODE)
    return;
  id = xml_attribute (node, "id");
  if (id != NULL)
    g_string_append_printf (out, "[%s]", id);
  else
    g_string_append_printf (out, "#%u", ordinal (node));
}

/* What is compared: text, or all that is inside. */
static char *
value_of (const xmlNode *node)
{
  GString *out;

  if (node->type == XML_ATTRIBUTE_NODE || xml_element (node->children) == NULL)
    return xml_stripped (node);
  out = g_string_new (NULL);
  xml_put_fragment (out, node);
  return g_string_free (out, FALSE);
}

/* Place -> value of what path selects. */
static GHashTable *
places_of (const XmlPath *path, xmlDoc *doc, guint *budget)
{
  GHashTable *places
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  xml_path_select (path, doc, budget, found);
  for (guint i = 0; i < found->len; i++) {
    GString *place = g_string_new (NULL);

    put_place (place, found->pdata[i]);
    g_hash_table_insert (places, g_string_free (place, FALSE),
                         value_of (found->pdata[i]));
  }
  return places;
}

static gboolean
is_value (const char *value, const char *wanted)
{
  g_autofree char *stripped = g_strstrip (g_strdup (wanted));

  return g_ascii_strcasecmp (value, stripped) == 0;
}

/* A decimal (RFC 4661 3.6.1.3); FALSE: no number. */
static gboolean
differs_by (const char *before, const char *after, gdouble by)
{
  char *end_before, *end_after;
  gdouble a = g_ascii_strtod (before, &end_before);
  gdouble b = g_ascii_strtod (after, &end_after);

  return end_before != before && *end_before == '\0' && end_after != after
         && *end_after == '\0' && fabs (b - a) >= by;
}

static gboolean
is_change (const FilterCondition *self, const char *before, const char *after)
{
  return strcmp (before, after) != 0
         && (self->from == NULL || is_value (before, self->from))
         && (self->to == NULL || is_value (after, self->to))
         && (isnan (self->by) || differs_by (before, after, self->by));
}

/* Is something in `in` that is not in `out`? */
static gboolean
has_more (GHashTable *in, GHashTable *out)
{
  GHashTableIter iter;
  gpointer place;

  g_hash_table_iter_init (&iter, in);
  while (g_hash_table_iter_next (&iter, &place, NULL))
    if (!g_hash_table_contains (out, place))
      return TRUE;
  return FALSE;
}

static gboolean
has_changed (const FilterCondition *self, GHashTable *before, GHashTable *after)
{
  GHashTableIter iter;
  gpointer place, value;

  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &place, &value)) {
    const char *old = g_hash_table_lookup (before, place);

    if (old != NULL && is_change (self, old, value))
      return TRUE;
  }
  return FALSE;
}

static gboolean
condition_holds (const FilterCondition *self, xmlDoc *before, xmlDoc *after,
                 guint *budget)
{
  g_autoptr (GHashTable) old = places_of (self->path, before, budget);
  g_autoptr (GHashTable) new = places_of (self->path, after, budget);

  switch (self->change) {
  case FILTER_CHANGED:
    return has_changed (self, old, new);
  case FILTER_ADDED:
    return has_more (new, old);
  case FILTER_REMOVED:
    break;
  }
  return has_more (old, new);
}

/* All conditions of any trigger. */
gboolean
filter_fires (const Filter *self, xmlDoc *before, xmlDoc *after)
{
  guint budget = FILTER_BUDGET;

  for (guint i = 0; i < self->triggers->len; i++) {
    const GArray *conditions = self->triggers->pdata[i];
    gboolean holds = TRUE;

    for (guint j = 0; holds && j < conditions->len; j++)
      holds = condition_holds (&g_array_index (conditions, FilterCondition, j),
                               before, after, &budget);
    if (holds)
      return TRUE;
  }
  return FALSE;
}
