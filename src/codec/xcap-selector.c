/* SPDX-License-Identifier: ISC
 *
 * Node selectors and the namespace bindings for them (RFC 4825 6.3 and 6.4,
 * XPointer's xmlns() scheme). */
#include "codec/xcap-path-priv.h"
#include "codec/xcap-tree-priv.h"

#include <libxml/tree.h>
#include <string.h>

#define NAMESPACES "namespace::*"

typedef struct {
  XcapPath *path;
  GHashTable *bindings; /* prefix -> URI */
} Selector;

static gboolean
is_qname (const char *text)
{
  return xmlValidateQName ((const xmlChar *)text, 0) == 0;
}

/* The data of an xpointer part behind its '(', up to the ')' that closes it:
 * parentheses are balanced or escaped by '^'.  NULL when it never ends. */
static const char *
take_data (const char *p, GString *out)
{
  guint depth = 1;

  for (; *p != '\0'; p++) {
    if (*p == '^') {
      p++;
      if (*p != '^' && *p != '(' && *p != ')')
        return NULL;
    } else if (*p == '(') {
      depth++;
    } else if (*p == ')' && --depth == 0) {
      return p + 1;
    }
    g_string_append_c (out, *p);
  }
  return NULL;
}

/* "prefix=URI"; white space around '=' is allowed. */
static gboolean
take_binding (Selector *self, const char *data)
{
  const char *equals = strchr (data, '=');
  g_autofree char *prefix = NULL, *ns = NULL;

  if (equals == NULL)
    return FALSE;
  prefix = g_strstrip (g_strndup (data, equals - data));
  ns = g_strstrip (g_strdup (equals + 1));
  if (xmlValidateNCName ((const xmlChar *)prefix, 0) != 0 || *ns == '\0')
    return FALSE;
  if (!g_str_equal (prefix, "xml") && !g_str_equal (prefix, "xmlns"))
    g_hash_table_replace (self->bindings, g_steal_pointer (&prefix),
                          g_steal_pointer (&ns));
  return TRUE;
}

/* Parts of other schemes are left out (RFC 4825 6.4). */
static gboolean
take_query (Selector *self, const char *query)
{
  const char *p = query;

  g_hash_table_insert (self->bindings, g_strdup ("xml"), g_strdup (NS_XML));
  while (*(p += strspn (p, " \t\r\n")) != '\0') {
    g_autoptr (GString) data = g_string_new (NULL);
    const char *open = strchr (p, '(');
    g_autofree char *scheme = open ? g_strndup (p, open - p) : NULL;

    if (scheme == NULL || !is_qname (scheme))
      return FALSE;
    p = take_data (open + 1, data);
    if (p == NULL)
      return FALSE;
    if (g_str_equal (scheme, "xmlns") && !take_binding (self, data->str))
      return FALSE;
  }
  return TRUE;
}

/* Splits a QName; *ns_out stays NULL without prefix. */
static XcapPathVerdict
take_qname (const Selector *self, const char *text, char **prefix_out,
            char **ns_out, char **local_out)
{
  const char *colon = strchr (text, ':');
  const char *ns;

  if (!is_qname (text))
    return XCAP_PATH_EXTENSION;
  *local_out = g_strdup (colon != NULL ? colon + 1 : text);
  if (colon == NULL)
    return XCAP_PATH_OK;
  *prefix_out = g_strndup (text, colon - text);
  ns = g_hash_table_lookup (self->bindings, *prefix_out);
  if (ns == NULL)
    return XCAP_PATH_PREFIX;
  *ns_out = g_strdup (ns);
  return XCAP_PATH_OK;
}

/* Digits between brackets. */
static XcapPathVerdict
take_position (XcapStep *step, const char *text)
{
  guint64 n;

  if (step->has_position || step->attribute != NULL
      || strspn (text, "0123456789") != strlen (text))
    return XCAP_PATH_EXTENSION;
  step->has_position = TRUE;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &n, NULL))
    step->position = (guint)n;
  return XCAP_PATH_OK;
}

/* @name="value" between brackets. */
static XcapPathVerdict
take_test (const Selector *self, XcapStep *step, const char *text)
{
  const char *equals = strchr (text, '=');
  g_autofree char *name = NULL, *prefix = NULL;
  gsize len;

  if (step->attribute != NULL || equals == NULL)
    return XCAP_PATH_EXTENSION;
  len = strlen (equals + 1);
  if (len < 2 || (equals[1] != '"' && equals[1] != '\'')
      || equals[len] != equals[1])
    return XCAP_PATH_EXTENSION;
  name = g_strndup (text + 1, equals - text - 1);
  step->value = xcap_unescape (equals + 2, len - 2, TRUE);
  return take_qname (self, name, &prefix, &step->attribute_ns,
                     &step->attribute);
}

/* The ']' of a predicate, from behind its '['; quotes may hide others. */
static const char *
predicate_end (const char *p)
{
  for (; *p != '\0' && *p != ']'; p++)
    if (*p == '"' || *p == '\'') {
      p = strchr (p + 1, *p);
      if (p == NULL)
        return NULL;
    }
  return *p == ']' ? p : NULL;
}

static XcapPathVerdict
take_predicates (const Selector *self, XcapStep *step, const char *p)
{
  while (*p == '[') {
    const char *end = predicate_end (++p);
    g_autofree char *text = end != NULL ? g_strndup (p, end - p) : NULL;
    XcapPathVerdict verdict;

    if (text == NULL || *text == '\0')
      return XCAP_PATH_EXTENSION;
    verdict = *text == '@' ? take_test (self, step, text)
                           : take_position (step, text);
    if (verdict != XCAP_PATH_OK)
      return verdict;
    p = end + 1;
  }
  return *p == '\0' ? XCAP_PATH_OK : XCAP_PATH_EXTENSION;
}

static XcapPathVerdict
take_step (Selector *self, const char *text)
{
  gsize len = strcspn (text, "[");
  g_autofree char *name = g_strndup (text, len), *prefix = NULL;
  XcapPathVerdict verdict = XCAP_PATH_OK;
  XcapStep *step;

  if (self->path->steps->len >= XCAP_STEPS_MAX)
    return XCAP_PATH_TOO_LONG;
  g_array_set_size (self->path->steps, self->path->steps->len + 1);
  step = &g_array_index (self->path->steps, XcapStep,
                         self->path->steps->len - 1);
  step->text = g_strdup (text);
  if (!g_str_equal (name, "*"))
    verdict = take_qname (self, name, &prefix, &step->ns, &step->name);
  step->has_prefix = prefix != NULL;
  if (verdict != XCAP_PATH_OK)
    return verdict;
  return take_predicates (self, step, text + len);
}

/* The end of the step that starts at p: a '/' that no quotes hide. */
static const char *
step_end (const char *p)
{
  gboolean is_inside = FALSE;

  for (; *p != '\0' && (is_inside || *p != '/'); p++) {
    if (*p == '[') {
      is_inside = TRUE;
    } else if (*p == ']') {
      is_inside = FALSE;
    } else if (is_inside && (*p == '"' || *p == '\'')) {
      const char *quote = strchr (p + 1, *p);

      if (quote == NULL)
        return p + strlen (p);
      p = quote;
    }
  }
  return p;
}

/* The terminal selector, or one more step. */
static XcapPathVerdict
take_last (Selector *self, const char *text)
{
  XcapPath *path = self->path;

  if (path->steps->len > 0 && g_str_equal (text, NAMESPACES)) {
    path->kind = XCAP_NAMESPACES;
    return XCAP_PATH_OK;
  }
  if (path->steps->len > 0 && *text == '@') {
    path->kind = XCAP_ATTRIBUTE;
    return take_qname (self, text + 1, &path->attribute_prefix,
                       &path->attribute_ns, &path->attribute);
  }
  path->kind = XCAP_ELEMENT;
  return take_step (self, text);
}

static XcapPathVerdict
take_steps (Selector *self, const char *p)
{
  for (;;) {
    const char *end = step_end (p);
    g_autofree char *text = g_strndup (p, end - p);
    XcapPathVerdict verdict;

    if (*text == '\0')
      return XCAP_PATH_BAD;
    if (*end == '\0')
      return take_last (self, text);
    verdict = take_step (self, text);
    if (verdict != XCAP_PATH_OK)
      return verdict;
    p = end + 1;
  }
}

XcapPathVerdict
xcap_path_parse_selector (XcapPath *path, const char *text, gsize len)
{
  Selector self = { .path = path };
  g_autofree char *selector = xcap_path_decode (text, len);
  g_autofree char *query = NULL;
  g_autoptr (GHashTable) bindings = NULL;

  if (path->query != NULL)
    query = xcap_path_decode (path->query, strlen (path->query));
  if (selector == NULL || (path->query != NULL && query == NULL))
    return XCAP_PATH_BAD;
  bindings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.bindings = bindings;
  if (!take_query (&self, query != NULL ? query : ""))
    return XCAP_PATH_BAD;
  return take_steps (&self, selector);
}
