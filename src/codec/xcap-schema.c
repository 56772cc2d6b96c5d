/* SPDX-License-Identifier: ISC
 *
 * Checks a tree against tables of elements (codec/xcap-schemas.c).  What comes
 * from a namespace that we do not know is not looked into (RFC 4825 8.2.5). */
#include "codec/xcap-schema-priv.h"

#include <string.h>

#define NS_XSI "http://www.w3.org/2001/XMLSchema-instance"

/* Where a wrong document is wrong. */
static XcapError *
wrong (const XcapNode *node, const char *what, const char *name)
{
  return xcap_error_new_printf (XCAP_SCHEMA_VALIDATION_ERROR,
                                "<%.100s>: %s%.100s", node->local, what, name);
}

static gboolean
is_datetime (const char *text)
{
  g_autoptr (GDateTime) time = NULL;
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();

  if (strlen (text) < 19 || text[4] != '-' || text[10] != 'T')
    return FALSE;
  time = g_date_time_new_from_iso8601 (text, utc);
  return time != NULL;
}

/* RFC 3863 4.4: 0 to 1 with at most three digits. */
static gboolean
is_qvalue (const char *text)
{
  gsize digits;

  if (*text != '0' && *text != '1')
    return FALSE;
  if (text[1] == '\0')
    return TRUE;
  digits = strspn (text + 2, *text == '0' ? "0123456789" : "0");
  return text[1] == '.' && digits <= 3 && text[2 + digits] == '\0';
}

static gboolean
is_boolean (const char *text)
{
  static const char *const words[] = { "true", "false", "1", "0", NULL };

  return g_strv_contains (words, text);
}

gboolean
schema_is (SchemaType type, const char *text)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));

  switch (type) {
  case SCHEMA_NONE:
    return *stripped == '\0';
  case SCHEMA_URI:
    return *stripped != '\0' && strpbrk (stripped, " \t\r\n<>\"") == NULL;
  case SCHEMA_ID:
    return *stripped != '\0';
  case SCHEMA_BOOLEAN:
    return is_boolean (stripped);
  case SCHEMA_DATETIME:
    return is_datetime (stripped);
  case SCHEMA_QVALUE:
    return is_qvalue (stripped);
  case SCHEMA_STRING:
  case SCHEMA_WORDS:
    break;
  }
  return TRUE;
}

static gboolean
has_text (const XcapTree *tree, const XcapNode *node,
          const SchemaElement *element)
{
  g_autofree char *text = xcap_tree_text (tree, node);

  if (element->text != SCHEMA_WORDS)
    return schema_is (element->text, text);
  return g_strv_contains (element->words, g_strstrip (text));
}

static const char *
home_of (const SchemaElement *element)
{
  return element->home != NULL ? element->home : element->ns;
}

static gboolean
takes_attribute (const SchemaElement *element, const XcapAttribute *attribute)
{
  const SchemaAttribute *known = element->attributes;

  if (*attribute->ns != '\0')
    return strcmp (attribute->ns, NS_XML) == 0
           || strcmp (attribute->ns, NS_XSI) == 0
           || (element->has_other_attributes && !schema_knows (attribute->ns));
  for (; known != NULL && known->name != NULL; known++)
    if (strcmp (known->name, attribute->local) == 0)
      return schema_is (known->type, attribute->value);
  return FALSE;
}

static XcapError *
check_attributes (const XcapNode *node, const SchemaElement *element)
{
  const SchemaAttribute *known = element->attributes;

  for (guint i = 0; i < node->n_attributes; i++)
    if (!takes_attribute (element, &node->attributes[i]))
      return wrong (node, "an unknown or wrong attribute ",
                    node->attributes[i].local);
  for (; known != NULL && known->name != NULL; known++)
    if (known->is_required
        && xcap_node_attribute (node, "", known->name) == NULL)
      return wrong (node, "it lacks the attribute ", known->name);
  return NULL;
}

/* Is node something of another namespace, and, when that is one of ours, what
 * may stand anywhere? */
static gboolean
is_other (const XcapNode *node, const char *home)
{
  return *node->ns != '\0' && strcmp (node->ns, home) != 0
         && (!schema_knows (node->ns)
             || schema_find (node->ns, node->local) != NULL);
}

/* NULL with *is_taken: an element of a namespace that we do not know. */
static const SchemaElement *
choose (const SchemaElement *element, const SchemaPart *part,
        const XcapNode *node, gboolean *is_taken)
{
  for (guint i = 0; part->choices != NULL && part->choices[i] != NULL; i++)
    if (xcap_node_is (node, part->choices[i]->ns, part->choices[i]->name)) {
      *is_taken = TRUE;
      return part->choices[i];
    }
  *is_taken = part->has_other && is_other (node, home_of (element));
  return *is_taken ? schema_find (node->ns, node->local) : NULL;
}

typedef struct {
  const XcapTree *tree;
  const SchemaElement *element;
  const XcapNode *at; /* the next child */
} Walk;

/* Takes as many children as a part can. */
static XcapError *
check_part (Walk *self, const SchemaPart *part, const XcapNode *node)
{
  guint n = 0;

  for (; self->at != NULL && (part->max == 0 || n < part->max); n++) {
    gboolean is_taken;
    const SchemaElement *chosen
        = choose (self->element, part, self->at, &is_taken);
    XcapError *error;

    if (!is_taken)
      break;
    error = chosen != NULL ? schema_check (self->tree, self->at, chosen) : NULL;
    if (error != NULL)
      return error;
    self->at = self->at->next;
  }
  if (n >= part->min)
    return NULL;
  if (part->choices != NULL)
    return wrong (node, "it lacks ", part->choices[0]->name);
  return wrong (node, "it lacks an element", "");
}

static gboolean
is_last (const SchemaPart *part)
{
  return part->choices == NULL && !part->has_other;
}

static XcapError *
check_parts (const XcapTree *tree, const XcapNode *node,
             const SchemaElement *element)
{
  Walk self = { .tree = tree, .element = element, .at = node->first };
  const XcapNode *before;

  do {
    before = self.at;
    for (const SchemaPart *part = element->parts; !is_last (part); part++) {
      XcapError *error = check_part (&self, part, node);

      if (error != NULL)
        return error;
    }
  } while (element->is_repeated && self.at != NULL && self.at != before);
  if (self.at != NULL)
    return wrong (node, "there is no place for ", self.at->local);
  return NULL;
}

XcapError *
schema_check (const XcapTree *tree, const XcapNode *node,
              const SchemaElement *element)
{
  XcapError *error = check_attributes (node, element);

  if (error != NULL)
    return error;
  if (element->parts != NULL)
    return node->has_text ? wrong (node, "text where none may be", "")
                          : check_parts (tree, node, element);
  if (node->first != NULL)
    return wrong (node, "there is no place for ", node->first->local);
  if (!has_text (tree, node, element))
    return wrong (node, "its text is not what it may be", "");
  return NULL;
}
