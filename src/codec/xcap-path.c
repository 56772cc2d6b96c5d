/* SPDX-License-Identifier: ISC
 *
 * Reading XCAP paths: see the header.  The node selector is in
 * codec/xcap-selector.c. */
#include "codec/xcap-path-priv.h"

#include <string.h>

#define SEPARATOR "~~"

static void
step_clear (gpointer data)
{
  XcapStep *self = data;

  g_free (self->ns);
  g_free (self->name);
  g_free (self->attribute_ns);
  g_free (self->attribute);
  g_free (self->value);
  g_free (self->text);
}

static XcapPath *
path_new (void)
{
  XcapPath *self = g_new0 (XcapPath, 1);

  self->steps = g_array_new (FALSE, TRUE, sizeof (XcapStep));
  g_array_set_clear_func (self->steps, step_clear);
  return self;
}

void
xcap_path_free (XcapPath *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->steps);
  g_free (self->auid);
  g_free (self->xui);
  g_free (self->document);
  g_free (self->attribute_ns);
  g_free (self->attribute);
  g_free (self->attribute_prefix);
  g_free (self->selector);
  g_free (self->query);
  g_free (self);
}

static gboolean
is_clean (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if ((guchar)text[i] < 0x20 || text[i] == 0x7f)
      return FALSE;
  return g_utf8_validate_len (text, len, NULL);
}

char *
xcap_path_decode (const char *text, gsize len)
{
  g_autoptr (GString) out = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++) {
    int high, low;

    if (text[i] != '%') {
      g_string_append_c (out, text[i]);
      continue;
    }
    if (len - i < 3)
      return NULL;
    high = g_ascii_xdigit_value (text[i + 1]);
    low = g_ascii_xdigit_value (text[i + 2]);
    if (high < 0 || low < 0)
      return NULL;
    g_string_append_c (out, (char)(high << 4 | low));
    i += 2;
  }
  if (!is_clean (out->str, out->len))
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* RFC 3986 3.3, pchar and '/'. */
char *
xcap_path_encode (const char *text)
{
  return g_uri_escape_string (text, "!$&'()*+,;=:@/", FALSE);
}

static char *
encode_segment (const char *text)
{
  return g_uri_escape_string (text, "!$&'()*+,;=:@", FALSE);
}

char *
xcap_path_document (const char *auid, const char *xui, const char *name)
{
  g_autofree char *usage = encode_segment (auid);
  g_autofree char *last = xcap_path_encode (name);
  g_autofree char *user = NULL;

  if (xui == NULL)
    return g_strdup_printf ("%s/global/%s", usage, last);
  user = encode_segment (xui);
  return g_strdup_printf ("%s/users/%s/%s", usage, user, last);
}

static gboolean
is_dots (const char *segment)
{
  return g_str_equal (segment, ".") || g_str_equal (segment, "..");
}

/* From here on the path goes into the document; -1: it does not. */
static gint
find_separator (GPtrArray *segments)
{
  for (guint i = 0; i < segments->len; i++)
    if (g_str_equal (segments->pdata[i], SEPARATOR))
      return (gint)i;
  return -1;
}

/* The segments of text, decoded; NULL when one is bad.  Those behind the
 * separator are not looked at. */
static GPtrArray *
split (const char *text, gsize len, const char **selector_out)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  const char *p = text, *limit = text + len;

  *selector_out = NULL;
  while (p <= limit) {
    const char *slash = p < limit ? memchr (p, '/', limit - p) : NULL;
    const char *end = slash != NULL ? slash : limit;
    char *segment = xcap_path_decode (p, end - p);

    if (segment == NULL)
      return NULL;
    g_ptr_array_add (out, segment);
    p = end + 1;
    if (g_str_equal (segment, SEPARATOR)) {
      *selector_out = MIN (p, limit);
      break;
    }
  }
  return g_steal_pointer (&out);
}

/* The document from segment i up to limit; a '/' at its end makes a
 * collection. */
static XcapPathVerdict
take_document (XcapPath *self, GPtrArray *segments, guint i, guint limit)
{
  g_autoptr (GString) name = g_string_new (NULL);

  if (i >= limit || (i + 1 == limit && *(char *)segments->pdata[i] == '\0')) {
    self->kind = XCAP_COLLECTION;
    return XCAP_PATH_OK;
  }
  for (guint at = i; at < limit; at++) {
    const char *segment = segments->pdata[at];

    if (*segment == '\0' || is_dots (segment))
      return XCAP_PATH_NOWHERE;
    g_string_append_printf (name, "%s%s", at > i ? "/" : "", segment);
  }
  self->kind = XCAP_DOCUMENT;
  self->document = g_string_free (g_steal_pointer (&name), FALSE);
  return XCAP_PATH_OK;
}

static XcapPathVerdict
take_tree (XcapPath *self, GPtrArray *segments, guint limit)
{
  const char *tree = limit > 1 ? segments->pdata[1] : "";

  self->kind = XCAP_COLLECTION;
  if (*(char *)segments->pdata[0] == '\0')
    return XCAP_PATH_NOWHERE;
  self->auid = g_strdup (segments->pdata[0]);
  if (*tree == '\0')
    return limit <= 2 ? XCAP_PATH_OK : XCAP_PATH_NOWHERE;
  if (g_str_equal (tree, "global")) {
    self->is_global = TRUE;
    return take_document (self, segments, 2, limit);
  }
  if (!g_str_equal (tree, "users"))
    return XCAP_PATH_NOWHERE;
  self->is_users = TRUE;
  if (limit <= 2 || *(char *)segments->pdata[2] == '\0')
    return limit <= 3 ? XCAP_PATH_OK : XCAP_PATH_NOWHERE;
  self->xui = g_strdup (segments->pdata[2]);
  return take_document (self, segments, 3, limit);
}

static XcapPathVerdict
parse (XcapPath *self, const char *text, gsize len)
{
  const char *selector;
  g_autoptr (GPtrArray) segments = split (text, len, &selector);
  XcapPathVerdict verdict;
  gint separator;

  if (segments == NULL)
    return XCAP_PATH_BAD;
  self->selector = g_strndup (text, len);
  separator = find_separator (segments);
  verdict = take_tree (self, segments,
                       separator < 0 ? segments->len : (guint)separator);
  if (verdict != XCAP_PATH_OK || separator < 0)
    return verdict;
  if (self->kind != XCAP_DOCUMENT)
    return XCAP_PATH_NOWHERE;
  return xcap_path_parse_selector (self, selector, text + len - selector);
}

XcapPathVerdict
xcap_path_parse (const char *text, gsize len, XcapPath **out)
{
  g_autoptr (XcapPath) self = path_new ();
  const char *query;
  XcapPathVerdict verdict;

  if (len > XCAP_PATH_MAX)
    return XCAP_PATH_TOO_LONG;
  query = memchr (text, '?', len);
  if (query != NULL) {
    self->query = g_strndup (query + 1, text + len - query - 1);
    len = query - text;
  }
  verdict = parse (self, text, len);
  if (verdict == XCAP_PATH_OK)
    *out = g_steal_pointer (&self);
  return verdict;
}

gboolean
xcap_path_contains (const XcapPath *collection, const XcapPath *path)
{
  if (collection->kind != XCAP_COLLECTION
      || !g_str_equal (collection->auid, path->auid))
    return FALSE;
  if (collection->is_global)
    return path->is_global;
  if (collection->is_users && !path->is_users)
    return FALSE;
  return collection->xui == NULL || g_strcmp0 (collection->xui, path->xui) == 0;
}
