/* SPDX-License-Identifier: ISC
 *
 * What a tree says: text, attributes, and what a node selector selects (RFC
 * 4825 6.3). */
#include "codec/xcap-tree-priv.h"

#include <string.h>

static const struct {
  const char *name;
  char c;
} entities[] = {
  { "lt;", '<' },   { "gt;", '>' },    { "amp;", '&' },
  { "quot;", '"' }, { "apos;", '\'' },
};

/* "#60;" or "#x3c;"; returns its length, 0 for none. */
static gsize
take_character (const char *text, gsize len, GString *out)
{
  gsize i = 1, digits = 0;
  gboolean is_hex = len > 2 && text[1] == 'x';
  gunichar c = 0;

  if (is_hex)
    i++;
  for (; i < len && text[i] != ';'; i++, digits++) {
    int digit = is_hex ? g_ascii_xdigit_value (text[i])
                       : g_ascii_digit_value (text[i]);

    if (digit < 0 || c > 0x10ffff)
      return 0;
    c = c * (is_hex ? 16 : 10) + (gunichar)digit;
  }
  if (i >= len || digits == 0 || c == 0 || !g_unichar_validate (c))
    return 0;
  g_string_append_unichar (out, c);
  return i + 1;
}

/* What follows a '&'; returns its length, 0 when it is no reference. */
static gsize
take_reference (const char *text, gsize len, GString *out)
{
  if (len > 0 && text[0] == '#')
    return take_character (text, len, out);
  for (guint i = 0; i < G_N_ELEMENTS (entities); i++) {
    gsize n = strlen (entities[i].name);

    if (len >= n && memcmp (text, entities[i].name, n) == 0) {
      g_string_append_c (out, entities[i].c);
      return n;
    }
  }
  return 0;
}

/* What stands for itself, or begins what does not. */
static gboolean
is_plain (char c, gboolean is_attribute)
{
  return c != '&' && c != '\r' && !(is_attribute && (c == '\t' || c == '\n'));
}

/* One character or reference that is not plain; returns its length. */
static gsize
take_special (GString *out, const char *text, gsize len, gboolean is_attribute)
{
  gsize n;

  if (*text == '&') {
    n = take_reference (text + 1, len - 1, out);
    if (n == 0)
      g_string_append_c (out, '&');
    return n + 1;
  }
  g_string_append_c (out, is_attribute ? ' ' : '\n');
  return *text == '\r' && len > 1 && text[1] == '\n' ? 2 : 1;
}

static void
unescape (GString *out, const char *text, gsize len, gboolean is_attribute)
{
  while (len > 0) {
    gsize n = 0;

    while (n < len && is_plain (text[n], is_attribute))
      n++;
    g_string_append_len (out, text, (gssize)n);
    if (n < len)
      n += take_special (out, text + n, len - n, is_attribute);
    text += n;
    len -= n;
  }
}

char *
xcap_unescape (const char *text, gsize len, gboolean is_attribute)
{
  GString *out = g_string_sized_new (len);

  unescape (out, text, len, is_attribute);
  return g_string_free (out, FALSE);
}

/* Behind the markup that starts at p and is no element. */
static gsize
behind (const XcapTree *tree, gsize p, const char *end)
{
  const char *hit = g_strstr_len (tree->bytes + p, tree->len - p, end);

  return hit != NULL ? (gsize)(hit - tree->bytes) + strlen (end) : tree->len;
}

/* Text between from and to, where there are no elements. */
static void
put_text (const XcapTree *tree, gsize from, gsize to, GString *out)
{
  while (from < to) {
    const char *p = tree->bytes + from;
    const char *markup = memchr (p, '<', to - from);
    gsize n = markup != NULL ? (gsize)(markup - p) : to - from;

    unescape (out, p, n, FALSE);
    from += n;
    if (from >= to)
      break;
    p = tree->bytes + from;
    if (to - from > 9 && memcmp (p, "<![CDATA[", 9) == 0) {
      gsize end = behind (tree, from, "]]>");

      g_string_append_len (out, p + 9, (gssize)(end - from) - 12);
      from = end;
    } else {
      from = behind (tree, from, to - from > 4 && p[1] == '!' ? "-->" : "?>");
    }
  }
}

char *
xcap_tree_text (const XcapTree *self, const XcapNode *node)
{
  GString *out = g_string_new (NULL);
  gsize from = node->tag_end;

  for (const XcapNode *child = node->first; child; child = child->next) {
    put_text (self, from, child->start, out);
    from = child->end;
  }
  put_text (self, from, node->content_end, out);
  return g_string_free (out, FALSE);
}

const XcapAttribute *
xcap_node_attribute (const XcapNode *node, const char *ns, const char *local)
{
  for (guint i = 0; i < node->n_attributes; i++)
    if (strcmp (node->attributes[i].local, local) == 0
        && strcmp (node->attributes[i].ns, ns) == 0)
      return &node->attributes[i];
  return NULL;
}

gboolean
xcap_node_is (const XcapNode *node, const char *ns, const char *local)
{
  return strcmp (node->local, local) == 0 && strcmp (node->ns, ns) == 0;
}

gboolean
xcap_step_names (const XcapStep *step, const char *ns, const XcapNode *node)
{
  return step->name == NULL
         || xcap_node_is (node, step->has_prefix ? step->ns : ns, step->name);
}

static gboolean
has_value (const XcapStep *step, const XcapNode *node)
{
  const XcapAttribute *attribute;

  if (step->attribute == NULL)
    return TRUE;
  attribute = xcap_node_attribute (
      node, step->attribute_ns != NULL ? step->attribute_ns : "",
      step->attribute);
  return attribute != NULL && strcmp (attribute->value, step->value) == 0;
}

XcapMatch
xcap_select_step (const XcapNode *context, const XcapStep *step, const char *ns,
                  const XcapNode **out)
{
  guint position = 0;

  *out = NULL;
  for (const XcapNode *node = context->first; node; node = node->next) {
    if (!xcap_step_names (step, ns, node))
      continue;
    position++;
    if ((step->has_position && position != step->position)
        || !has_value (step, node))
      continue;
    if (*out != NULL) {
      *out = NULL;
      return XCAP_MATCH_MANY;
    }
    *out = node;
  }
  return *out != NULL ? XCAP_MATCH_ONE : XCAP_MATCH_NONE;
}

XcapMatch
xcap_select (const XcapTree *self, const XcapPath *path, guint n,
             const char *ns, const XcapNode **out, guint *taken_out)
{
  const XcapNode *at = &self->document;
  XcapMatch match = XCAP_MATCH_ONE;
  guint i;

  for (i = 0; i < n && match == XCAP_MATCH_ONE; i++) {
    const XcapNode *next;

    match = xcap_select_step (at, &g_array_index (path->steps, XcapStep, i), ns,
                              &next);
    if (match == XCAP_MATCH_ONE)
      at = next;
  }
  if (taken_out != NULL)
    *taken_out = match == XCAP_MATCH_ONE ? i : i - 1;
  *out = match == XCAP_MATCH_ONE ? at : NULL;
  return match;
}

/* One step by name, or by "*" where the name needs a prefix, and position. */
static char *
step_of (const XcapNode *node, const char *ns)
{
  gboolean is_named = strcmp (node->ns, ns) == 0;
  guint position = 0;

  for (const XcapNode *at = node->parent->first; at != node->next;
       at = at->next)
    if (!is_named || xcap_node_is (at, ns, node->local))
      position++;
  if (node->parent->parent == NULL)
    return g_strdup (is_named ? node->local : "*");
  return g_strdup_printf ("%s[%u]", is_named ? node->local : "*", position);
}

char *
xcap_tree_selector (const XcapNode *node, const char *ns, const char *local)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (const XcapNode *at = node; at->parent != NULL; at = at->parent) {
    g_autofree char *step = step_of (at, ns);

    if (out->len > 0)
      g_string_prepend_c (out, '/');
    g_string_prepend (out, step);
  }
  if (local != NULL)
    g_string_append_printf (out, "/@%s", local);
  return xcap_path_encode (out->str);
}
