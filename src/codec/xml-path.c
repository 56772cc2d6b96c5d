/* SPDX-License-Identifier: ISC
 *
 * Looking for what a location path selects: see the header.  No node is
 * expanded twice for one step, whatever stars and "//" the path has. */
#include "codec/xml-path-priv.h"

#include "codec/xml-priv.h"

#include <math.h>
#include <string.h>

typedef struct {
  guint *budget;
} Search;

static gboolean
spend (Search *self)
{
  if (*self->budget == 0)
    return FALSE;
  --*self->budget;
  return TRUE;
}

static const Step *
last_step (const XmlPath *self)
{
  return &g_array_index (self->steps, Step, self->steps->len - 1);
}

gboolean
xml_path_is_attribute (const XmlPath *self)
{
  return last_step (self)->kind == STEP_ATTRIBUTE;
}

gboolean
xml_path_is_text (const XmlPath *self)
{
  return last_step (self)->kind == STEP_TEXT;
}

static gboolean
name_matches (const Step *step, const xmlNs *ns, const xmlChar *name)
{
  const char *href
      = ns != NULL && ns->href != NULL ? (const char *)ns->href : NULL;

  return step->name == NULL
         || (g_str_equal (step->name, name) && g_strcmp0 (step->ns, href) == 0);
}

static gboolean
is_container (const xmlNode *node)
{
  return node->type == XML_ELEMENT_NODE || node->type == XML_DOCUMENT_NODE;
}

/* What one context gives, without predicates. */
static gboolean
candidates (Search *self, const Step *step, xmlNode *context, GPtrArray *out)
{
  if (step->kind == STEP_SELF) {
    g_ptr_array_add (out, context);
    return spend (self);
  }
  if (step->kind == STEP_PARENT) {
    if (context->parent != NULL)
      g_ptr_array_add (out, context->parent);
    return spend (self);
  }
  if (!is_container (context))
    return TRUE;
  if (step->kind == STEP_ATTRIBUTE) {
    xmlAttr *a = context->type == XML_ELEMENT_NODE ? context->properties : NULL;

    for (; a != NULL; a = a->next) {
      if (!spend (self))
        return FALSE;
      if (name_matches (step, a->ns, a->name))
        g_ptr_array_add (out, a);
    }
    return TRUE;
  }
  for (xmlNode *node = context->children; node != NULL; node = node->next) {
    if (!spend (self))
      return FALSE;
    if (step->kind == STEP_TEXT
            ? node->type == XML_TEXT_NODE
            : node->type == XML_ELEMENT_NODE
                  && name_matches (step, node->ns, node->name))
      g_ptr_array_add (out, node);
  }
  return TRUE;
}

static gboolean select_steps (Search *self, const GArray *steps,
                              xmlNode *context, GPtrArray *out);

static gboolean
compare (const Term *term, const xmlNode *node)
{
  g_autofree char *text = xml_stripped (node);
  gdouble number;
  char *rest;

  if (term->op == '=' && strcmp (text, term->value) == 0)
    return TRUE;
  number = g_ascii_strtod (text, &rest);
  if (isnan (term->number) || rest == text || *rest != '\0')
    return FALSE;
  return term->op == '='   ? number == term->number
         : term->op == '<' ? number < term->number
                           : number > term->number;
}

static gboolean
term_holds (Search *self, const Term *term, xmlNode *node)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  if (!select_steps (self, term->steps, node, found))
    return FALSE;
  if (term->op == 0)
    return found->len > 0;
  for (guint i = 0; i < found->len; i++)
    if (compare (term, found->pdata[i]))
      return TRUE;
  return FALSE;
}

/* "and" binds tighter than "or". */
static gboolean
terms_hold (Search *self, const GArray *terms, xmlNode *node)
{
  gboolean holds = TRUE;

  for (guint i = 0; i < terms->len; i++) {
    const Term *term = &g_array_index (terms, Term, i);

    if (i > 0 && term->is_or) {
      if (holds)
        return TRUE;
      holds = TRUE;
    }
    holds = holds && term_holds (self, term, node);
  }
  return holds;
}

static GPtrArray *
chosen (Search *self, const Predicate *predicate, GPtrArray *nodes)
{
  GPtrArray *kept = g_ptr_array_new ();

  for (guint i = 0; i < nodes->len; i++)
    if (predicate->position > 0
            ? predicate->position == i + 1
            : terms_hold (self, predicate->terms, nodes->pdata[i]))
      g_ptr_array_add (kept, nodes->pdata[i]);
  g_ptr_array_unref (nodes);
  return kept;
}

static gboolean
step_from (Search *self, const Step *step, xmlNode *context, GPtrArray *out)
{
  GPtrArray *nodes = g_ptr_array_new ();
  gboolean is_done = candidates (self, step, context, nodes);

  for (guint i = 0; step->predicates != NULL && i < step->predicates->len; i++)
    nodes = chosen (self, step->predicates->pdata[i], nodes);
  for (guint i = 0; i < nodes->len; i++)
    g_ptr_array_add (out, nodes->pdata[i]);
  g_ptr_array_unref (nodes);
  return is_done && *self->budget > 0;
}

/* The step from node and everything below it. */
static gboolean
step_below (Search *self, const Step *step, xmlNode *node, GPtrArray *out)
{
  if (!step_from (self, step, node, out))
    return FALSE;
  if (!is_container (node))
    return TRUE;
  for (xmlNode *child = xml_element (node->children); child != NULL;
       child = xml_element (child->next))
    if (!step_below (self, step, child, out))
      return FALSE;
  return TRUE;
}

static gboolean
is_below_one (const xmlNode *node, GHashTable *contexts)
{
  for (node = node->parent; node != NULL; node = node->parent)
    if (g_hash_table_contains (contexts, node))
      return TRUE;
  return FALSE;
}

static gboolean
step_deep (Search *self, const Step *step, GPtrArray *contexts, GPtrArray *out)
{
  g_autoptr (GHashTable) set = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < contexts->len; i++)
    g_hash_table_add (set, contexts->pdata[i]);
  for (guint i = 0; i < contexts->len; i++)
    if (!is_below_one (contexts->pdata[i], set)
        && !step_below (self, step, contexts->pdata[i], out))
      return FALSE;
  return TRUE;
}

static gboolean
select_steps (Search *self, const GArray *steps, xmlNode *context,
              GPtrArray *out)
{
  GPtrArray *contexts = g_ptr_array_new ();
  gboolean is_done = TRUE;

  g_ptr_array_add (contexts, context);
  for (guint i = 0; i < steps->len && is_done; i++) {
    const Step *step = &g_array_index (steps, Step, i);
    GPtrArray *next = g_ptr_array_new ();

    if (step->is_deep)
      is_done = step_deep (self, step, contexts, next);
    for (guint j = 0; !step->is_deep && is_done && j < contexts->len; j++)
      is_done = step_from (self, step, contexts->pdata[j], next);
    g_ptr_array_unref (contexts);
    contexts = next;
  }
  for (guint i = 0; is_done && i < contexts->len; i++)
    g_ptr_array_add (out, contexts->pdata[i]);
  g_ptr_array_unref (contexts);
  return is_done;
}

gboolean
xml_path_select (const XmlPath *self, xmlDoc *doc, guint *budget,
                 GPtrArray *out)
{
  Search search = { budget };

  return select_steps (&search, self->steps, (xmlNode *)doc, out);
}
