/* SPDX-License-Identifier: ISC
 *
 * Carrying out XML patch operations: see the header. */
#include "codec/xml-patch.h"

#include "base/error.h"
#include "codec/xml-path.h"
#include "codec/xml-priv.h"

#include <string.h>

/* Nodes that all selectors together may look at. */
#define BUDGET 2000000

typedef struct {
  xmlDoc *doc;
  xmlNode *op; /* the operation */
  guint budget;
  GError **error;
} Patch;

static gboolean
fail (Patch *self, RcError code, const char *what)
{
  g_set_error (self->error, RC_ERROR, code, "<%s> in line %ld: %s",
               self->op->name, xmlGetLineNo (self->op), what);
  return FALSE;
}

/* Also names without prefix are those of the default namespace (RFC 5261
 * 4.2.1). */
static const char *
ns_cb (const char *prefix, gpointer data)
{
  const Patch *self = data;
  const xmlNs *ns
      = xmlSearchNs (self->op->doc, self->op,
                     *prefix != '\0' ? (const xmlChar *)prefix : NULL);

  return ns != NULL ? (const char *)ns->href : NULL;
}

/* The one node that sel selects; NULL with an error. */
static xmlNode *
target_of (Patch *self)
{
  g_autofree char *sel = xml_attribute (self->op, "sel");
  g_autoptr (XmlPath) path = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  if (sel == NULL) {
    fail (self, RC_ERROR_SYNTAX, "sel is missing");
    return NULL;
  }
  if (!xml_path_parse (sel, ns_cb, self, &path, self->error))
    return NULL;
  if (!xml_path_select (path, self->doc, &self->budget, found)) {
    fail (self, RC_ERROR_BOUND, "it takes too long to find its target");
    return NULL;
  }
  if (found->len != 1) {
    fail (self, RC_ERROR_SYNTAX, "sel selects not exactly one node");
    return NULL;
  }
  return found->pdata[0];
}

static gboolean
put_attribute (Patch *self, xmlNode *target, const char *type)
{
  g_autofree char *value = xml_text (self->op);
  g_auto (GStrv) parts = g_strsplit (type + 1, ":", 2);
  const char *name = parts[0] == NULL || parts[1] == NULL ? parts[0] : parts[1];
  xmlNs *ns = NULL;

  if (name == NULL || xmlValidateNCName ((const xmlChar *)name, 0) != 0)
    return fail (self, RC_ERROR_SYNTAX, "type names no attribute");
  if (name == parts[1]) {
    const char *href = ns_cb (parts[0], self);

    if (href == NULL)
      return fail (self, RC_ERROR_SYNTAX, "the prefix in type is not bound");
    ns = xmlSearchNsByHref (self->doc, target, (const xmlChar *)href);
    if (ns == NULL || ns->prefix == NULL)
      ns = xmlNewNs (target, (const xmlChar *)href, (const xmlChar *)parts[0]);
    if (ns == NULL)
      return fail (self, RC_ERROR_SYNTAX, "the prefix in type is taken");
  }
  if (xmlHasNsProp (target, (const xmlChar *)name, ns ? ns->href : NULL))
    return fail (self, RC_ERROR_SYNTAX, "the attribute is there already");
  xmlSetNsProp (target, ns, (const xmlChar *)name, (const xmlChar *)value);
  return TRUE;
}

/* Puts copies of the operation's content below parent, before next (NULL: at
 * the end). */
static void
insert (Patch *self, xmlNode *parent, xmlNode *next)
{
  for (xmlNode *node = self->op->children; node != NULL; node = node->next) {
    xmlNode *copy = xmlDocCopyNode (node, self->doc, 1);

    if (next != NULL)
      xmlAddPrevSibling (next, copy);
    else
      xmlAddChild (parent, copy);
  }
}

static gboolean
add (Patch *self, xmlNode *target)
{
  g_autofree char *type = xml_attribute (self->op, "type");
  g_autofree char *pos = xml_attribute (self->op, "pos");

  if (target->type != XML_ELEMENT_NODE)
    return fail (self, RC_ERROR_SYNTAX, "its target is no element");
  if (type != NULL && *type == '@')
    return put_attribute (self, target, type);
  if (type != NULL)
    return fail (self, RC_ERROR_UNSUPPORTED, "this type is not done");
  if (pos == NULL)
    insert (self, target, NULL);
  else if (strcmp (pos, "prepend") == 0)
    insert (self, target, target->children);
  else if (target->parent == (xmlNode *)self->doc)
    return fail (self, RC_ERROR_SYNTAX, "the root has no siblings");
  else if (strcmp (pos, "before") == 0)
    insert (self, target->parent, target);
  else if (strcmp (pos, "after") == 0)
    insert (self, target->parent, target->next);
  else
    return fail (self, RC_ERROR_SYNTAX, "pos is wrong");
  return TRUE;
}

static gboolean
replace (Patch *self, xmlNode *target)
{
  g_autofree char *text = NULL;
  xmlNode *content, *copy;

  if (target->type == XML_ELEMENT_NODE) {
    content = xml_element (self->op->children);
    if (content == NULL || xml_element (content->next) != NULL)
      return fail (self, RC_ERROR_SYNTAX, "an element is replaced by one");
    copy = xmlDocCopyNode (content, self->doc, 1);
    xmlReplaceNode (target, copy);
    xmlFreeNode (target);
    return TRUE;
  }
  text = xml_text (self->op);
  if (target->type == XML_ATTRIBUTE_NODE) {
    xmlAttr *a = (xmlAttr *)target;

    xmlSetNsProp (a->parent, a->ns, a->name, (const xmlChar *)text);
  } else if (*text != '\0') {
    xmlNodeSetContent (target, NULL);
    xmlNodeAddContent (target, (const xmlChar *)text);
  } else {
    xmlUnlinkNode (target);
    xmlFreeNode (target);
  }
  return TRUE;
}

static gboolean
drop_space (Patch *self, xmlNode *node)
{
  if (node == NULL || node->type != XML_TEXT_NODE || !xmlIsBlankNode (node))
    return fail (self, RC_ERROR_SYNTAX, "there is no white space");
  xmlUnlinkNode (node);
  xmlFreeNode (node);
  return TRUE;
}

static gboolean
drop (Patch *self, xmlNode *target)
{
  g_autofree char *ws = xml_attribute (self->op, "ws");
  gboolean is_both = g_strcmp0 (ws, "both") == 0;

  if (target->type == XML_ATTRIBUTE_NODE) {
    xmlRemoveProp ((xmlAttr *)target);
    return TRUE;
  }
  if (target->parent == (xmlNode *)self->doc)
    return fail (self, RC_ERROR_SYNTAX, "the root cannot be removed");
  if ((is_both || g_strcmp0 (ws, "before") == 0)
      && !drop_space (self, target->prev))
    return FALSE;
  if ((is_both || g_strcmp0 (ws, "after") == 0)
      && !drop_space (self, target->next))
    return FALSE;
  xmlUnlinkNode (target);
  xmlFreeNode (target);
  return TRUE;
}

static gboolean
carry_out (Patch *self, const char *ns)
{
  xmlNode *target = target_of (self);

  if (target == NULL)
    return FALSE;
  if (xml_is (self->op, ns, "add"))
    return add (self, target);
  if (xml_is (self->op, ns, "replace"))
    return replace (self, target);
  if (xml_is (self->op, ns, "remove"))
    return drop (self, target);
  return fail (self, RC_ERROR_SYNTAX, "no such operation");
}

gboolean
xml_patch_apply (xmlDoc *doc, xmlNode *patch, GError **error)
{
  Patch self = { .doc = doc, .budget = BUDGET, .error = error };
  guint n = 0;

  for (self.op = xml_element (patch->children); self.op != NULL;
       self.op = xml_element (self.op->next)) {
    if (++n > XML_PATCH_OPERATIONS_MAX)
      return fail (&self, RC_ERROR_BOUND, "too many operations");
    if (!carry_out (&self, (const char *)patch->ns->href))
      return FALSE;
  }
  return TRUE;
}
