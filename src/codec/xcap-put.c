/* SPDX-License-Identifier: ISC
 *
 * PUT (RFC 4825 8.2): is what came what it should be, where does it go, and does
 * the request then select it? */
#include "codec/xcap-edit-priv.h"
#include "codec/xml-priv.h"

#include <libxml/uri.h>
#include <string.h>

#define NS_XMLNS "http://www.w3.org/2000/xmlns/"

/* A PUT on its way. */
typedef struct {
  const XcapEdit *edit;
  const XcapTree *tree;   /* as it is now */
  const XcapNode *parent; /* of an element; owner of an attribute */
  const char *body;       /* without white space around it */
  gsize len;
  XcapError **error;
} Put;

/* What to do, found out. */
typedef struct {
  gsize from, to; /* bytes to replace */
  GString *text;
  gsize start; /* where the new element or its owner starts afterwards */
  gboolean is_new;
} Splice;

static const XcapStep *
last_step (const XcapPath *path)
{
  return &g_array_index (path->steps, XcapStep, path->steps->len - 1);
}

static XcapOutcome
conflict (const Put *self, XcapErrorKind kind, const char *phrase)
{
  return xcap_edit_conflict (self->error, kind, phrase);
}

static XcapOutcome
cannot_insert (const Put *self)
{
  return conflict (self, XCAP_CANNOT_INSERT,
                   "the request would not select what it put");
}

/* The closest that exists: the home directory, or the first n steps. */
static char *
ancestor_of (const XcapPath *path, gboolean has_document, guint n)
{
  g_autofree char *sel
      = xcap_path_document (path->auid, path->xui, path->document);
  g_autofree char *last = xcap_path_encode (path->document);
  g_autoptr (GString) out = g_string_new (sel);

  if (!has_document) {
    g_string_truncate (out, out->len - strlen (last));
    return g_string_free (g_steal_pointer (&out), FALSE);
  }
  for (guint i = 0; i < n; i++) {
    const XcapStep *step = &g_array_index (path->steps, XcapStep, i);
    g_autofree char *text = xcap_path_encode (step->text);

    g_string_append_printf (out, "%s%s", i == 0 ? "/~~/" : "/", text);
  }
  if (n > 0 && path->query != NULL)
    g_string_append_printf (out, "?%s", path->query);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static XcapOutcome
no_parent (const Put *self, gboolean has_document, guint n)
{
  XcapOutcome outcome = conflict (self, XCAP_NO_PARENT, NULL);

  (*self->error)->ancestor = ancestor_of (self->edit->path, has_document, n);
  return outcome;
}

static XcapErrorKind
kind_of (XmlFault fault, XcapErrorKind malformed)
{
  switch (fault) {
  case XML_NOT_UTF8:
    return XCAP_NOT_UTF_8;
  case XML_DOCTYPE:
  case XML_TOO_DEEP:
  case XML_TOO_MANY:
    return XCAP_CONSTRAINT_FAILURE;
  case XML_MALFORMED:
  case XML_FINE:
    break;
  }
  return malformed;
}

static const char *
phrase_of (XmlFault fault, const char *message)
{
  switch (fault) {
  case XML_DOCTYPE:
    return "a DOCTYPE is not allowed";
  case XML_TOO_DEEP:
    return "elements are nested too deep";
  case XML_TOO_MANY:
    return "an element has too many attributes";
  default:
    return message;
  }
}

/* Is the body well formed?  opening: see xml_check. */
static gboolean
is_fine (const Put *self, const char *opening, XcapErrorKind malformed)
{
  g_autofree char *message = NULL;
  XmlFault fault = xml_check (self->body, self->len,
                              self->edit->bounds.max_depth, opening, &message);

  if (fault != XML_FINE)
    conflict (self, kind_of (fault, malformed), phrase_of (fault, message));
  return fault == XML_FINE;
}

static XcapOutcome
put_document (const Put *self, GBytes **out)
{
  const XcapEdit *edit = self->edit;
  g_autoptr (XcapTree) tree = NULL;

  if (strchr (edit->path->document, '/') != NULL)
    return no_parent (self, FALSE, 0);
  if (self->len > edit->bounds.max_bytes)
    return conflict (self, XCAP_CONSTRAINT_FAILURE,
                     "the document is too large");
  if (!is_fine (self, NULL, XCAP_NOT_WELL_FORMED))
    return XCAP_CONFLICT;
  if (edit->path->xui != NULL
      && !xcap_usage_has_name (edit->usage, edit->path->document))
    return conflict (self, XCAP_CONSTRAINT_FAILURE,
                     "this usage has no document of that name");
  tree = xcap_edit_read (edit->body);
  if (tree == NULL)
    return conflict (self, XCAP_CONSTRAINT_FAILURE,
                     "too many namespace declarations");
  *self->error = xcap_edit_check (edit, tree);
  if (*self->error != NULL)
    return XCAP_CONFLICT;
  *out = g_bytes_ref (edit->body);
  return edit->document != NULL ? XCAP_DONE : XCAP_CREATED;
}

/* The body as an element in the scope of parent; NULL with an error.  What is
 * not one element alone is found by our reader, all else by libxml2. */
static XcapTree *
read_fragment (const Put *self)
{
  const XcapBinding *scope = self->parent->scope;
  g_autoptr (GString) opening = g_string_new ("<w");
  XcapTree *fragment;

  xcap_edit_put_scope (opening, scope);
  g_string_append_c (opening, '>');
  if (!is_fine (self, opening->str, XCAP_NOT_XML_FRAG))
    return NULL;
  fragment = xcap_tree_read (self->body, self->len, scope, TRUE);
  if (fragment == NULL)
    conflict (self, XCAP_NOT_XML_FRAG, "the body must be one element");
  return fragment;
}

static gboolean
is_same_name (const XcapNode *a, const XcapNode *b)
{
  return xcap_node_is (a, b->ns, b->local);
}

/* Without position: behind the last of the same name, else behind all. */
static gsize
place_unbound (const XcapNode *parent, const XcapNode *element)
{
  gsize at = parent->content_end;

  for (const XcapNode *node = parent->first; node != NULL; node = node->next)
    if (is_same_name (node, element))
      at = node->end;
  return at;
}

/* The earliest n-th place among those that the step names. */
static gboolean
place_nth (const Put *self, const XcapStep *step, gsize *at)
{
  const char *ns = xcap_usage_ns (self->edit->usage);
  guint n = 0;

  *at = self->parent->content_end;
  for (const XcapNode *node = self->parent->first; node; node = node->next) {
    if (!xcap_step_names (step, ns, node))
      continue;
    n++;
    *at = step->position == 1 ? node->start : node->end;
    if (step->position == 1 || n == step->position - 1)
      return TRUE;
  }
  return step->position == 1;
}

/* Where a new element goes (RFC 4825 8.2.3). */
static gboolean
place_element (const Put *self, const XcapNode *element, Splice *out)
{
  const XcapStep *step = last_step (self->edit->path);
  const XcapNode *parent = self->parent;
  gsize at;

  if (parent->parent == NULL)
    return FALSE; /* a second root */
  if (!step->has_position)
    at = place_unbound (parent, element);
  else if (!place_nth (self, step, &at))
    return FALSE;
  out->from = out->to = out->start = at;
  if (!parent->is_empty)
    return TRUE;
  /* "<a/>" becomes "<a>...</a>". */
  out->from = parent->tag_end - 2;
  out->to = parent->tag_end;
  out->start = parent->tag_end - 1;
  g_string_prepend_c (out->text, '>');
  g_string_append (out->text, "</");
  g_string_append_len (out->text, self->tree->bytes + parent->start + 1,
                       (gssize)(parent->name_end - parent->start - 1));
  g_string_append_c (out->text, '>');
  return TRUE;
}

/* Reads what would be stored, asks it the selector, and checks it. */
static XcapOutcome
finish (const Put *self, const Splice *splice, GBytes **out)
{
  const XcapEdit *edit = self->edit;
  g_autoptr (GBytes) document = xcap_edit_splice (
      self->tree, splice->from, splice->to, splice->text->str);
  g_autoptr (XcapTree) tree = xcap_edit_read (document);
  XcapPlace place;

  if (tree == NULL)
    return conflict (self, XCAP_CONSTRAINT_FAILURE,
                     "too many namespace declarations");
  if (xcap_edit_find (edit, tree, &place) != XCAP_MATCH_ONE
      || place.node->start != splice->start)
    return cannot_insert (self);
  *self->error = xcap_edit_check (edit, tree);
  if (*self->error != NULL)
    return XCAP_CONFLICT;
  *out = g_steal_pointer (&document);
  return splice->is_new ? XCAP_CREATED : XCAP_DONE;
}

static XcapOutcome
put_element (const Put *self, Splice *splice, GBytes **out)
{
  const XcapPath *path = self->edit->path;
  g_autoptr (XcapTree) fragment = read_fragment (self);
  const XcapNode *target;
  XcapMatch match;

  if (fragment == NULL)
    return XCAP_CONFLICT;
  g_string_append_len (splice->text, self->body, (gssize)self->len);
  match = xcap_select_step (self->parent, last_step (path),
                            xcap_usage_ns (self->edit->usage), &target);
  splice->is_new = match == XCAP_MATCH_NONE;
  if (match == XCAP_MATCH_MANY)
    return cannot_insert (self);
  if (match == XCAP_MATCH_ONE) {
    splice->from = splice->start = target->start;
    splice->to = target->end;
  } else if (!place_element (self, fragment->document.first, splice)) {
    return cannot_insert (self);
  }
  return finish (self, splice, out);
}

/* AttValue of XML 1.0, with its quotes. */
static gboolean
is_att_value (const Put *self)
{
  g_autoptr (GString) element = g_string_new ("<w a=");
  const char *body = self->body;

  if (self->len < 2 || (*body != '"' && *body != '\'')
      || memchr (body + 1, *body, self->len - 1) != body + self->len - 1)
    return FALSE;
  g_string_append_len (element, body, (gssize)self->len);
  g_string_append (element, "/>");
  return xml_check (element->str, element->len, 1, NULL, NULL) == XML_FINE;
}

/* A prefix that means ns at the element, but the default one; NULL: none. */
static const char *
prefix_for (const XcapBinding *scope, const char *ns)
{
  for (const XcapBinding *at = scope; at != NULL; at = at->next)
    if (*at->prefix != '\0' && strcmp (at->ns, ns) == 0
        && at->ns == xcap_scope_lookup (scope, at->prefix))
      return at->prefix;
  return NULL;
}

static gboolean
is_uri (const char *text)
{
  xmlURI *uri = xmlParseURI (text);

  xmlFreeURI (uri);
  return uri != NULL;
}

/* A prefix that means nothing at the element yet: the client's, or another.
 * Caller frees. */
static char *
new_prefix (const Put *self)
{
  char *prefix = g_strdup (self->edit->path->attribute_prefix);

  for (guint i = 1; xcap_scope_lookup (self->parent->scope, prefix); i++) {
    g_free (prefix);
    prefix = g_strdup_printf ("ns%u", i);
  }
  return prefix;
}

/* Appends ` name=`, and before it a declaration where the namespace has no
 * prefix yet.  FALSE: the namespace cannot be declared. */
static gboolean
put_name (const Put *self, GString *out)
{
  const XcapPath *path = self->edit->path;
  const char *ns = path->attribute_ns, *prefix = NULL;
  g_autofree char *made = NULL, *name = NULL;

  if (ns != NULL && strcmp (ns, NS_XML) == 0)
    prefix = "xml";
  else if (ns != NULL)
    prefix = prefix_for (self->parent->scope, ns);
  if (ns != NULL && prefix == NULL) {
    if (!is_uri (ns))
      return FALSE;
    prefix = made = new_prefix (self);
    name = g_strconcat ("xmlns:", prefix, NULL);
    xml_put_attribute (out, name, ns);
  }
  g_string_append_printf (out, " %s%s%s=", prefix != NULL ? prefix : "",
                          prefix != NULL ? ":" : "", path->attribute);
  return TRUE;
}

/* A declaration is no attribute (RFC 4825 6.3). */
static gboolean
is_declaration (const XcapPath *path)
{
  return path->attribute_ns != NULL ? strcmp (path->attribute_ns, NS_XMLNS) == 0
                                    : strcmp (path->attribute, "xmlns") == 0;
}

static XcapOutcome
put_attribute (const Put *self, Splice *splice, GBytes **out)
{
  const XcapPath *path = self->edit->path;
  const char *ns = path->attribute_ns != NULL ? path->attribute_ns : "";
  const XcapAttribute *old
      = xcap_node_attribute (self->parent, ns, path->attribute);

  if (!g_utf8_validate_len (self->body, self->len, NULL))
    return conflict (self, XCAP_NOT_UTF_8, NULL);
  if (!is_att_value (self))
    return conflict (self, XCAP_NOT_XML_ATT_VALUE, NULL);
  if (is_declaration (path))
    return cannot_insert (self);
  splice->start = self->parent->start;
  splice->is_new = old == NULL;
  splice->from = splice->to = self->parent->attributes_end;
  if (old != NULL) {
    splice->from = old->value_start;
    splice->to = old->end;
  } else if (!put_name (self, splice->text)) {
    return cannot_insert (self);
  }
  g_string_append_len (splice->text, self->body, (gssize)self->len);
  return finish (self, splice, out);
}

/* Finds the parent in the document (RFC 4825 8.2.1). */
static XcapOutcome
put_node (Put *self, GBytes **out)
{
  const XcapPath *path = self->edit->path;
  guint n = path->steps->len - (path->kind == XCAP_ELEMENT), taken;
  g_autoptr (XcapTree) tree = xcap_edit_read (self->edit->document);
  g_autoptr (GString) text = g_string_new (NULL);
  Splice splice = { .text = text };
  XcapMatch match;

  if (tree == NULL)
    return XCAP_BROKEN;
  self->tree = tree;
  match = xcap_select (tree, path, n, xcap_usage_ns (self->edit->usage),
                       &self->parent, &taken);
  if (match != XCAP_MATCH_ONE)
    return no_parent (self, TRUE, taken);
  return path->kind == XCAP_ELEMENT ? put_element (self, &splice, out)
                                    : put_attribute (self, &splice, out);
}

static void
trim (Put *self)
{
  while (self->len > 0 && g_ascii_isspace (self->body[self->len - 1]))
    self->len--;
  while (self->len > 0 && g_ascii_isspace (*self->body)) {
    self->body++;
    self->len--;
  }
}

XcapOutcome
xcap_put (const XcapEdit *edit, GBytes **out, XcapError **error)
{
  Put self = { .edit = edit, .error = error };

  *out = NULL;
  *error = NULL;
  self.body = g_bytes_get_data (edit->body, &self.len);
  if (self.body == NULL)
    self.body = ""; /* as GBytes has it */
  switch (edit->path->kind) {
  case XCAP_NAMESPACES:
    return XCAP_READ_ONLY;
  case XCAP_COLLECTION:
    return XCAP_NOT_FOUND;
  case XCAP_DOCUMENT:
    return put_document (&self, out);
  case XCAP_ELEMENT:
  case XCAP_ATTRIBUTE:
    break;
  }
  if (edit->document == NULL)
    return no_parent (&self, FALSE, 0);
  trim (&self);
  return put_node (&self, out);
}
