/* SPDX-License-Identifier: ISC
 *
 * GET and DELETE, and what PUT shares with them: see the header.  Elements are
 * found as offsets, what is new is spliced in, and the result is read again and
 * asked the same selector (RFC 4825 8.2.3, 8.2.4 and 8.4). */
#include "codec/xcap-edit-priv.h"
#include "codec/xml-priv.h"

#include <string.h>

const char *
xcap_content_type (const XcapUsage *usage, const XcapPath *path)
{
  switch (path->kind) {
  case XCAP_ELEMENT:
    return XCAP_ELEMENT_TYPE;
  case XCAP_ATTRIBUTE:
    return XCAP_ATTRIBUTE_TYPE;
  case XCAP_NAMESPACES:
    return XCAP_NAMESPACES_TYPE;
  case XCAP_DOCUMENT:
  case XCAP_COLLECTION:
    break;
  }
  return xcap_usage_type (usage);
}

XcapTree *
xcap_edit_read (GBytes *document)
{
  gsize len;
  const char *bytes = g_bytes_get_data (document, &len);

  return xcap_tree_read (bytes, len, NULL, FALSE);
}

XcapMatch
xcap_edit_find (const XcapEdit *edit, const XcapTree *tree, XcapPlace *out)
{
  const XcapPath *path = edit->path;
  XcapMatch match = xcap_select (tree, path, path->steps->len,
                                 xcap_usage_ns (edit->usage), &out->node, NULL);

  out->attribute = NULL;
  if (match != XCAP_MATCH_ONE || path->kind != XCAP_ATTRIBUTE)
    return match;
  out->attribute = xcap_node_attribute (
      out->node, path->attribute_ns != NULL ? path->attribute_ns : "",
      path->attribute);
  return out->attribute != NULL ? XCAP_MATCH_ONE : XCAP_MATCH_NONE;
}

GBytes *
xcap_edit_splice (const XcapTree *tree, gsize from, gsize to, const char *text)
{
  GString *out = g_string_sized_new (tree->len - (to - from) + strlen (text));

  g_string_append_len (out, tree->bytes, (gssize)from);
  g_string_append (out, text);
  g_string_append_len (out, tree->bytes + to, (gssize)(tree->len - to));
  return g_string_free_to_bytes (out);
}

XcapOutcome
xcap_edit_conflict (XcapError **error, XcapErrorKind kind, const char *phrase)
{
  *error = xcap_error_new (kind, phrase);
  return XCAP_CONFLICT;
}

XcapError *
xcap_edit_check (const XcapEdit *edit, const XcapTree *tree)
{
  if (tree->len > edit->bounds.max_bytes)
    return xcap_error_new_printf (
        XCAP_CONSTRAINT_FAILURE,
        "the document would have more than %" G_GSIZE_FORMAT " bytes",
        edit->bounds.max_bytes);
  if (tree->depth > edit->bounds.max_depth)
    return xcap_error_new_printf (XCAP_CONSTRAINT_FAILURE,
                                  "elements nested more than %u deep",
                                  edit->bounds.max_depth);
  return xcap_usage_check_tree (edit->usage, tree, edit->path->xui);
}

/* An element without content that declares all that is in scope of node (RFC
 * 4825 section 10). */
static GBytes *
bindings_of (const XcapNode *node)
{
  const char *colon = *node->prefix != '\0' ? ":" : "";
  GString *out = g_string_new (NULL);

  g_string_printf (out, "<%s%s%s", node->prefix, colon, node->local);
  xcap_edit_put_scope (out, node->scope);
  g_string_append (out, "/>");
  return g_string_free_to_bytes (out);
}

void
xcap_edit_put_scope (GString *out, const XcapBinding *scope)
{
  for (const XcapBinding *at = scope; at != NULL; at = at->next) {
    const XcapBinding *inner = scope;
    g_autofree char *name = NULL;

    while (strcmp (inner->prefix, at->prefix) != 0)
      inner = inner->next;
    if (inner != at || *at->ns == '\0')
      continue; /* hidden by an inner one, or undone */
    name = g_strconcat ("xmlns", *at->prefix != '\0' ? ":" : "", at->prefix,
                        NULL);
    xml_put_attribute (out, name, at->ns);
  }
}

static GBytes *
content_of (const XcapEdit *edit, const XcapPlace *place)
{
  const XcapNode *node = place->node;
  gsize from = node->start, to = node->end;

  if (edit->path->kind == XCAP_NAMESPACES)
    return bindings_of (node);
  if (edit->path->kind == XCAP_ATTRIBUTE) {
    from = place->attribute->value_start;
    to = place->attribute->end;
  }
  return g_bytes_new_from_bytes (edit->document, from, to - from);
}

XcapOutcome
xcap_get (const XcapEdit *edit, GBytes **out)
{
  g_autoptr (XcapTree) tree = NULL;
  XcapPlace place;

  if (edit->document == NULL || edit->path->kind == XCAP_COLLECTION)
    return XCAP_NOT_FOUND;
  if (edit->path->kind == XCAP_DOCUMENT) {
    *out = g_bytes_ref (edit->document);
    return XCAP_DONE;
  }
  tree = xcap_edit_read (edit->document);
  if (tree == NULL)
    return XCAP_BROKEN;
  if (xcap_edit_find (edit, tree, &place) != XCAP_MATCH_ONE)
    return XCAP_NOT_FOUND;
  *out = content_of (edit, &place);
  return XCAP_DONE;
}

static GBytes *
copy_of (const XcapTree *tree, gsize from, gsize to)
{
  return g_bytes_new (tree->bytes + from, to - from);
}

void
xcap_get_nodes (const XcapUsage *usage, GBytes *document,
                const XcapPath *const *paths, guint n, GBytes **out,
                GBytes **namespaces)
{
  g_autoptr (XcapTree) tree = xcap_edit_read (document);

  for (guint i = 0; i < n; i++) {
    XcapEdit edit = { .usage = usage, .path = paths[i], .document = document };
    XcapPlace place;

    out[i] = namespaces[i] = NULL;
    if (tree == NULL || xcap_edit_find (&edit, tree, &place) != XCAP_MATCH_ONE)
      continue;
    if (place.attribute != NULL) {
      out[i]
          = copy_of (tree, place.attribute->value_start, place.attribute->end);
    } else {
      out[i] = copy_of (tree, place.node->start, place.node->end);
      namespaces[i] = bindings_of (place.node);
    }
  }
}

gboolean
xcap_exists (const XcapEdit *edit)
{
  g_autoptr (GBytes) content = NULL;

  return xcap_get (edit, &content) == XCAP_DONE;
}

/* The document without the place; white space around an element stays, that
 * before an attribute goes. */
static GBytes *
without (const XcapTree *tree, const XcapPlace *place)
{
  gsize from = place->node->start, to = place->node->end;

  if (place->attribute != NULL) {
    from = place->attribute->start;
    to = place->attribute->end;
    while (g_ascii_isspace (tree->bytes[from - 1]))
      from--;
  }
  return xcap_edit_splice (tree, from, to, "");
}

static XcapOutcome
finish_delete (const XcapEdit *edit, GBytes *document, GBytes **out,
               XcapError **error)
{
  g_autoptr (XcapTree) tree = xcap_edit_read (document);
  XcapPlace place;

  if (tree == NULL)
    return xcap_edit_conflict (error, XCAP_SCHEMA_VALIDATION_ERROR,
                               "a document must have a root element");
  if (xcap_edit_find (edit, tree, &place) == XCAP_MATCH_ONE)
    return xcap_edit_conflict (error, XCAP_CANNOT_DELETE,
                               "the same request would select another one");
  *error = xcap_edit_check (edit, tree);
  if (*error != NULL)
    return XCAP_CONFLICT;
  *out = g_bytes_ref (document);
  return XCAP_DONE;
}

XcapOutcome
xcap_delete (const XcapEdit *edit, GBytes **out, XcapError **error)
{
  g_autoptr (XcapTree) tree = NULL;
  g_autoptr (GBytes) document = NULL;
  XcapPlace place;

  *out = NULL;
  if (edit->path->kind == XCAP_NAMESPACES)
    return XCAP_READ_ONLY;
  if (edit->document == NULL || edit->path->kind == XCAP_COLLECTION)
    return XCAP_NOT_FOUND;
  if (edit->path->kind == XCAP_DOCUMENT)
    return XCAP_DONE;
  tree = xcap_edit_read (edit->document);
  if (tree == NULL)
    return XCAP_BROKEN;
  if (xcap_edit_find (edit, tree, &place) != XCAP_MATCH_ONE)
    return XCAP_NOT_FOUND;
  document = without (tree, &place);
  return finish_delete (edit, document, out, error);
}
