/* SPDX-License-Identifier: ISC
 *
 * Reading a document into elements with their places (XML 1.0, Namespaces in
 * XML 1.0): see the header. */
#include "codec/xcap-tree-priv.h"

#include <string.h>

#define ARENA_BLOCK 32768

typedef struct {
  GPtrArray *blocks;
  gsize used, size; /* of the last block */
} Arena;

typedef struct {
  XcapTree *tree;
  const char *bytes;
  gsize at, len;
  XcapNode *open; /* innermost open element, or the document */
  guint depth, n_bindings;
  gboolean is_fragment;
  GArray *attributes; /* XcapAttribute, of the start tag being read */
  GArray *bindings;   /* how many declarations each open element made */
} Reader;

static gpointer
arena_alloc (Arena *self, gsize size)
{
  gpointer out;

  size = (size + 7) & ~(gsize)7;
  if (self->blocks->len == 0 || self->size - self->used < size) {
    self->size = MAX (size, ARENA_BLOCK);
    self->used = 0;
    g_ptr_array_add (self->blocks, g_malloc (self->size));
  }
  out = (char *)self->blocks->pdata[self->blocks->len - 1] + self->used;
  self->used += size;
  return memset (out, 0, size);
}

static const char *
arena_text (Arena *self, const char *text, gsize len)
{
  char *out = arena_alloc (self, len + 1);

  return memcpy (out, text, len);
}

static Arena *
arena_new (void)
{
  Arena *self = g_new0 (Arena, 1);

  self->blocks = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
xcap_tree_free (XcapTree *self)
{
  Arena *arena;

  if (self == NULL)
    return;
  arena = self->arena;
  g_ptr_array_unref (arena->blocks);
  g_free (arena);
  g_free (self);
}

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static gboolean
looks_at (const Reader *self, const char *text)
{
  gsize n = strlen (text);

  return self->len - self->at >= n
         && memcmp (self->bytes + self->at, text, n) == 0;
}

/* Moves behind the next text; FALSE when there is none. */
static gboolean
skip_behind (Reader *self, const char *text)
{
  const char *hit
      = g_strstr_len (self->bytes + self->at, self->len - self->at, text);

  if (hit == NULL)
    return FALSE;
  self->at = hit - self->bytes + strlen (text);
  return TRUE;
}

static void
skip_space (Reader *self)
{
  while (self->at < self->len && is_space (self->bytes[self->at]))
    self->at++;
}

static gboolean
ends_name (char c)
{
  switch (c) {
  case '/':
  case '>':
  case '=':
  case '<':
  case '"':
  case '\'':
  case '&':
  case '\0':
    return TRUE;
  default:
    return is_space (c);
  }
}

/* A name with the offsets of its ends; FALSE when it is empty. */
static gboolean
take_name (Reader *self, gsize *start, gsize *end)
{
  *start = self->at;
  while (self->at < self->len && !ends_name (self->bytes[self->at]))
    self->at++;
  *end = self->at;
  return *end > *start;
}

static void
split_name (Reader *self, gsize start, gsize end, const char **prefix,
            const char **local)
{
  Arena *arena = self->tree->arena;
  const char *name = self->bytes + start;
  const char *colon = memchr (name, ':', end - start);

  *prefix = colon != NULL ? arena_text (arena, name, colon - name) : "";
  if (colon != NULL)
    name = colon + 1;
  *local = arena_text (arena, name, self->bytes + end - name);
}

const char *
xcap_scope_lookup (const XcapBinding *scope, const char *prefix)
{
  for (; scope != NULL; scope = scope->next)
    if (strcmp (scope->prefix, prefix) == 0)
      return scope->ns;
  if (strcmp (prefix, "xml") == 0)
    return NS_XML;
  return *prefix == '\0' ? "" : NULL;
}

static gboolean
declare (Reader *self, XcapNode *node, const char *prefix, const char *ns)
{
  XcapBinding *binding = arena_alloc (self->tree->arena, sizeof (XcapBinding));

  binding->next = node->scope;
  binding->prefix = prefix;
  binding->ns = ns;
  node->scope = binding;
  return ++self->n_bindings <= XCAP_SCOPE_MAX;
}

/* name="value": a declaration or an attribute of node. */
static gboolean
take_attribute (Reader *self, XcapNode *node)
{
  XcapAttribute out = { .ns = "" };
  g_autofree char *value = NULL;
  const char *close;
  gsize name_end;

  if (!take_name (self, &out.start, &name_end))
    return FALSE;
  skip_space (self);
  if (!looks_at (self, "="))
    return FALSE;
  self->at++;
  skip_space (self);
  if (!looks_at (self, "\"") && !looks_at (self, "'"))
    return FALSE;
  out.value_start = self->at;
  close = memchr (self->bytes + self->at + 1, self->bytes[self->at],
                  self->len - self->at - 1);
  if (close == NULL)
    return FALSE;
  out.end = self->at = close + 1 - self->bytes;
  node->attributes_end = out.end;
  value = xcap_unescape (self->bytes + out.value_start + 1,
                         out.end - out.value_start - 2, TRUE);
  out.value = arena_text (self->tree->arena, value, strlen (value));
  split_name (self, out.start, name_end, &out.prefix, &out.local);
  if (strcmp (out.prefix, "xmlns") == 0)
    return declare (self, node, out.local, out.value);
  if (*out.prefix == '\0' && strcmp (out.local, "xmlns") == 0)
    return declare (self, node, "", out.value);
  g_array_append_val (self->attributes, out);
  return TRUE;
}

/* The namespaces of node and its attributes, now that all declarations are
 * known. */
static gboolean
resolve (Reader *self, XcapNode *node)
{
  gsize size = self->attributes->len * sizeof (XcapAttribute);

  node->ns = xcap_scope_lookup (node->scope, node->prefix);
  if (node->ns == NULL)
    return FALSE;
  node->n_attributes = self->attributes->len;
  node->attributes = arena_alloc (self->tree->arena, size);
  if (size > 0)
    memcpy (node->attributes, self->attributes->data, size);
  for (guint i = 0; i < node->n_attributes; i++) {
    XcapAttribute *attribute = &node->attributes[i];

    if (*attribute->prefix == '\0')
      continue;
    attribute->ns = xcap_scope_lookup (node->scope, attribute->prefix);
    if (attribute->ns == NULL)
      return FALSE;
  }
  return TRUE;
}

static void
append_child (XcapNode *parent, XcapNode *node)
{
  node->parent = parent;
  if (parent->last != NULL)
    parent->last->next = node;
  else
    parent->first = node;
  parent->last = node;
}

static void
enter (Reader *self, XcapNode *node, guint n_bindings)
{
  g_array_append_val (self->bindings, n_bindings);
  self->open = node;
  self->depth++;
  self->tree->depth = MAX (self->tree->depth, self->depth);
}

static void
leave (Reader *self)
{
  self->n_bindings
      -= g_array_index (self->bindings, guint, self->bindings->len - 1);
  g_array_set_size (self->bindings, self->bindings->len - 1);
  self->open->end = self->at;
  self->open = self->open->parent;
  self->depth--;
}

/* All up to the '>' of a start tag. */
static gboolean
take_attributes (Reader *self, XcapNode *node)
{
  g_array_set_size (self->attributes, 0);
  for (;;) {
    gsize before = self->at;

    skip_space (self);
    if (looks_at (self, ">")) {
      self->at++;
      return TRUE;
    }
    if (looks_at (self, "/>")) {
      self->at += 2;
      return node->is_empty = TRUE;
    }
    if (self->at == before || !take_attribute (self, node))
      return FALSE;
  }
}

static gboolean
take_start_tag (Reader *self)
{
  XcapNode *node = arena_alloc (self->tree->arena, sizeof (XcapNode));
  guint before = self->n_bindings;
  gsize name;

  if (self->open == &self->tree->document && self->open->first != NULL)
    return FALSE; /* a second root */
  node->start = self->at++;
  node->scope = self->open->scope;
  if (!take_name (self, &name, &node->name_end))
    return FALSE;
  node->attributes_end = node->name_end;
  split_name (self, name, node->name_end, &node->prefix, &node->local);
  if (!take_attributes (self, node) || !resolve (self, node))
    return FALSE;
  node->tag_end = node->content_end = self->at;
  append_child (self->open, node);
  enter (self, node, self->n_bindings - before);
  if (node->is_empty)
    leave (self);
  return TRUE;
}

static gboolean
take_end_tag (Reader *self)
{
  XcapNode *node = self->open;
  gsize start = self->at, name, end;

  self->at += 2;
  if (node == &self->tree->document || !take_name (self, &name, &end)
      || end - name != node->name_end - node->start - 1
      || memcmp (self->bytes + name, self->bytes + node->start + 1, end - name)
             != 0)
    return FALSE;
  skip_space (self);
  if (!looks_at (self, ">"))
    return FALSE;
  self->at++;
  node->content_end = start;
  leave (self);
  return TRUE;
}

/* Up to the next '<'. */
static gboolean
take_text (Reader *self)
{
  gsize start = self->at;

  skip_space (self);
  if (self->at == self->len || looks_at (self, "<"))
    return TRUE;
  if (self->open == &self->tree->document) {
    if (start != 0 || self->is_fragment || !looks_at (self, "\xef\xbb\xbf"))
      return FALSE;
    self->at += 3;
    return TRUE;
  }
  self->open->has_text = TRUE;
  while (self->at < self->len && self->bytes[self->at] != '<')
    self->at++;
  return TRUE;
}

static gboolean
take_markup (Reader *self)
{
  gboolean is_outside
      = self->is_fragment && self->open == &self->tree->document;

  if (looks_at (self, "</"))
    return take_end_tag (self);
  if (looks_at (self, "<!--")) {
    self->at += 4;
    return !is_outside && skip_behind (self, "-->");
  }
  if (looks_at (self, "<?"))
    return !is_outside && skip_behind (self, "?>");
  if (looks_at (self, "<![CDATA[")) {
    self->open->has_text = TRUE;
    return self->open != &self->tree->document && skip_behind (self, "]]>");
  }
  return !looks_at (self, "<!") && take_start_tag (self);
}

static gboolean
read_all (Reader *self)
{
  while (self->at < self->len)
    if (!(self->bytes[self->at] == '<' ? take_markup (self) : take_text (self)))
      return FALSE;
  return self->open == &self->tree->document && self->open->first != NULL;
}

XcapTree *
xcap_tree_read (const char *bytes, gsize len, const XcapBinding *scope,
                gboolean is_fragment)
{
  g_autoptr (XcapTree) tree = g_new0 (XcapTree, 1);
  Reader self = { .tree = tree, .bytes = bytes, .len = len };
  gboolean is_read;

  tree->bytes = bytes;
  tree->len = len;
  tree->arena = arena_new ();
  tree->document.prefix = tree->document.local = tree->document.ns = "";
  tree->document.scope = scope;
  tree->document.end = tree->document.content_end = len;
  self.open = &tree->document;
  self.is_fragment = is_fragment;
  self.attributes = g_array_new (FALSE, FALSE, sizeof (XcapAttribute));
  self.bindings = g_array_new (FALSE, FALSE, sizeof (guint));
  is_read = read_all (&self);
  g_array_unref (self.attributes);
  g_array_unref (self.bindings);
  return is_read ? g_steal_pointer (&tree) : NULL;
}
