/* SPDX-License-Identifier: ISC
 *
 * The content that a filter selects (RFC 4661 3.5): marks what is included, what
 * has to be there with it, and what is excluded; then takes the rest out. */
#include "codec/filter-priv.h"
#include "codec/xml-priv.h"

#include <string.h>

/* Marks, in the _private of elements and attributes. */
enum {
  KEEP = 1 << 0, /* it stays */
  ALL = 1 << 1,  /* an element's attributes and text too */
  DROP = 1 << 2, /* it goes, with what is in it */
  TREE = 1 << 3, /* all that is in it has been marked to stay */
};

/* Without these a document is not valid (RFC 3863 4.4, RFC 4479 5.1, RFC 3858
 * 4); of an element that stays. */
static const struct {
  const char *ns, *element, *attribute;
} mandatory[] = {
  { NS_PIDF, "presence", "entity" },
  { NS_PIDF, "tuple", "id" },
  { NS_DM, "person", "id" },
  { NS_DM, "device", "id" },
  { NS_WINFO, "watcherinfo", "version" },
  { NS_WINFO, "watcherinfo", "state" },
  { NS_WINFO, "watcher-list", "resource" },
  { NS_WINFO, "watcher-list", "package" },
  { NS_WINFO, "watcher", "id" },
  { NS_WINFO, "watcher", "status" },
  { NS_WINFO, "watcher", "event" },
};

/* ...children, and what these say. */
static const struct {
  const char *ns, *element, *child, *value;
} mandatory_children[] = {
  { NS_PIDF, "tuple", "status", "basic" },
  { NS_DM, "device", "deviceID", NULL },
};

static guint
marks_of (const void *node)
{
  return GPOINTER_TO_UINT (((const xmlNode *)node)->_private);
}

static void
mark (void *node, guint marks)
{
  ((xmlNode *)node)->_private = GUINT_TO_POINTER (marks_of (node) | marks);
}

static gboolean
is_mandatory_attribute (const xmlAttr *a)
{
  for (guint i = 0; a->ns == NULL && i < G_N_ELEMENTS (mandatory); i++)
    if (strcmp ((const char *)a->name, mandatory[i].attribute) == 0
        && xml_is (a->parent, mandatory[i].ns, mandatory[i].element))
      return TRUE;
  return FALSE;
}

/* An exclusion that would make the document invalid is not done. */
static gboolean
is_mandatory (const xmlNode *node)
{
  if (node->parent->type != XML_ELEMENT_NODE)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (mandatory_children); i++)
    if (xml_is (node, mandatory_children[i].ns, mandatory_children[i].child)
        && xml_is (node->parent, mandatory_children[i].ns,
                   mandatory_children[i].element))
      return TRUE;
  return FALSE;
}

static void
keep_tree (xmlNode *node)
{
  if (marks_of (node) & TREE)
    return;
  mark (node, KEEP | ALL | TREE);
  for (xmlNode *child = xml_element (node->children); child != NULL;
       child = xml_element (child->next))
    keep_tree (child);
}

static void
keep_ancestors (xmlNode *node)
{
  for (; node != NULL && node->type == XML_ELEMENT_NODE
         && (marks_of (node) & KEEP) == 0;
       node = node->parent)
    mark (node, KEEP);
}

static void
include (xmlNode *node)
{
  keep_ancestors (node->parent);
  if (node->type == XML_ATTRIBUTE_NODE)
    mark (node, KEEP);
  else
    keep_tree (node);
}

static void
exclude (xmlNode *node)
{
  if (node->type == XML_ATTRIBUTE_NODE
          ? !is_mandatory_attribute ((const xmlAttr *)node)
          : !is_mandatory (node))
    mark (node, DROP);
}

/* Of every element in ns. */
static guint
select_ns (xmlNode *node, const char *ns, gboolean is_include)
{
  guint n = 0;

  for (; node != NULL; node = xml_element (node->next)) {
    if (node->ns != NULL && strcmp ((const char *)node->ns->href, ns) == 0) {
      n++;
      if (is_include) {
        keep_ancestors (node->parent);
        mark (node, KEEP | ALL);
      } else {
        exclude (node);
      }
    }
    n += select_ns (xml_element (node->children), ns, is_include);
  }
  return n;
}

/* How many it selects. */
static guint
carry_out (const FilterSelection *selection, xmlDoc *doc, gboolean is_include,
           guint *budget)
{
  g_autoptr (GPtrArray) found = NULL;

  if (selection->ns != NULL)
    return select_ns (xmlDocGetRootElement (doc), selection->ns, is_include);
  found = g_ptr_array_new ();
  xml_path_select (selection->path, doc, budget, found);
  for (guint i = 0; i < found->len; i++) {
    if (is_include)
      include (found->pdata[i]);
    else
      exclude (found->pdata[i]);
  }
  return found->len;
}

static void
keep_mandatory_child (xmlNode *child, const char *value)
{
  mark (child, KEEP);
  if (value == NULL)
    mark (child, ALL);
  for (xmlNode *node = xml_element (child->children); node != NULL;
       node = xml_element (node->next))
    if (value != NULL && xml_is (node, (const char *)child->ns->href, value))
      keep_tree (node);
}

/* What has to stand in node, which stays, unless it does. */
static void
complete (xmlNode *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (mandatory_children); i++) {
    if (!xml_is (node, mandatory_children[i].ns, mandatory_children[i].element))
      continue;
    for (xmlNode *child = xml_element (node->children); child != NULL;
         child = xml_element (child->next))
      if (xml_is (child, mandatory_children[i].ns, mandatory_children[i].child)
          && (marks_of (child) & KEEP) == 0)
        keep_mandatory_child (child, mandatory_children[i].value);
  }
}

static gboolean
keeps_text (const xmlNode *node)
{
  return (marks_of (node) & ALL) != 0 || xml_is (node, NS_WINFO, "watcher");
}

static void
prune_attributes (xmlNode *node)
{
  xmlAttr *next;

  for (xmlAttr *a = node->properties; a != NULL; a = next) {
    guint marks = marks_of (a) | ((marks_of (node) & ALL) != 0 ? KEEP : 0);

    next = a->next;
    if (!is_mandatory_attribute (a)
        && ((marks & KEEP) == 0 || (marks & DROP) != 0))
      xmlRemoveProp (a);
  }
}

static void
prune (xmlNode *node)
{
  xmlNode *next;

  complete (node);
  prune_attributes (node);
  for (xmlNode *child = node->children; child != NULL; child = next) {
    gboolean is_element = child->type == XML_ELEMENT_NODE;

    next = child->next;
    if (is_element
            ? (marks_of (child) & KEEP) != 0 && (marks_of (child) & DROP) == 0
            : keeps_text (node)) {
      if (is_element)
        prune (child);
      continue;
    }
    xmlUnlinkNode (child);
    xmlFreeNode (child);
  }
}

static void
unmark (xmlNode *node)
{
  node->_private = NULL;
  for (xmlAttr *a = node->properties; a != NULL; a = a->next)
    a->_private = NULL;
  for (xmlNode *child = xml_element (node->children); child != NULL;
       child = xml_element (child->next))
    unmark (child);
}

gboolean
filter_cut (const Filter *self, xmlDoc *doc)
{
  xmlNode *root = xmlDocGetRootElement (doc);
  guint budget = FILTER_BUDGET, n = 0;

  if (self->includes->len == 0 && self->excludes->len == 0)
    return TRUE;
  for (guint i = 0; i < self->includes->len; i++)
    n += carry_out (&g_array_index (self->includes, FilterSelection, i), doc,
                    TRUE, &budget);
  if (self->includes->len == 0)
    keep_tree (root);
  else if (n == 0)
    return FALSE;
  for (guint i = 0; i < self->excludes->len; i++)
    carry_out (&g_array_index (self->excludes, FilterSelection, i), doc, FALSE,
               &budget);
  prune (root);
  unmark (root);
  return TRUE;
}
