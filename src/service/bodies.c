/* SPDX-License-Identifier: ISC
 *
 * The documents in the body of a SUBSCRIBE. */
#define G_LOG_DOMAIN "service"
#include "service/bodies.h"

#include "codec/mime.h"

#include <string.h>

#define PARTS_MAX 16

static gboolean
is_mixed (const SubsBody *body)
{
  return mime_is (body->type, "multipart/mixed");
}

/* Of MimePart, pointing into body; NULL with *error. */
static GArray *
parts_of (const SubsBody *body, GError **error)
{
  GArray *parts = NULL;
  gsize len;
  const char *bytes = g_bytes_get_data (body->bytes, &len);

  multipart_parse (bytes, len, body->type, PARTS_MAX, &parts, error);
  return parts;
}

static gboolean
part_is (const MimePart *part, const char *type)
{
  g_autofree char *value = mime_header (part, "Content-Type");

  return mime_is (value, type);
}

GBytes *
body_part (const SubsBody *body, const char *type, GError **error)
{
  g_autoptr (GArray) parts = NULL;

  if (body == NULL)
    return NULL;
  if (!is_mixed (body))
    return mime_is (body->type, type) ? g_bytes_ref (body->bytes) : NULL;
  parts = parts_of (body, error);
  for (guint i = 0; parts != NULL && i < parts->len; i++) {
    const MimePart *part = &g_array_index (parts, MimePart, i);

    if (part_is (part, type))
      return mime_decode (part, error);
  }
  return NULL;
}

static gboolean
is_optional (const MimePart *part)
{
  g_autofree char *how = mime_header (part, "Content-Disposition");
  g_autofree char *handling = mime_param (how, "handling");

  return handling != NULL && g_ascii_strcasecmp (handling, "optional") == 0;
}

static gboolean
is_among (const char *value, const char *const *types, guint n)
{
  for (guint i = 0; i < n; i++)
    if (types[i] != NULL && mime_is (value, types[i]))
      return TRUE;
  return FALSE;
}

gboolean
body_is_of (const SubsBody *body, const char *const *types, guint n)
{
  g_autoptr (GArray) parts = NULL;

  if (!is_mixed (body))
    return is_among (body->type, types, n);
  parts = parts_of (body, NULL);
  for (guint i = 0; parts != NULL && i < parts->len; i++) {
    const MimePart *part = &g_array_index (parts, MimePart, i);
    g_autofree char *value = mime_header (part, "Content-Type");

    if (!is_among (value, types, n) && !is_optional (part))
      return FALSE;
  }
  return parts != NULL;
}

/* The parts of body that are not of type. */
static GArray *
others (const SubsBody *body, const char *type)
{
  GArray *rest = NULL;

  if (body != NULL && is_mixed (body))
    rest = parts_of (body, NULL);
  if (rest == NULL)
    return g_array_new (FALSE, FALSE, sizeof (MimePart));
  for (guint i = rest->len; i > 0; i--)
    if (part_is (&g_array_index (rest, MimePart, i - 1), type))
      g_array_remove_index (rest, i - 1);
  return rest;
}

gboolean
body_has_more (const SubsBody *body, const char *type)
{
  g_autoptr (GArray) rest = others (body, type);

  return rest->len > 0
         || (body != NULL && !is_mixed (body) && !mime_is (body->type, type));
}

static void
add_document (GArray *parts, GPtrArray *headers, const char *type,
              GBytes *bytes)
{
  char *line = g_strdup_printf ("Content-Type: %s\r\n", type);
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  const MimePart part = { line, strlen (line), data, len };

  g_ptr_array_add (headers, line);
  g_array_append_val (parts, part);
}

SubsBody *
body_with (const SubsBody *body, const char *type, GBytes *part)
{
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) parts = others (body, type);
  g_autofree char *boundary = NULL;
  g_autofree char *mixed = NULL;
  g_autoptr (GBytes) whole = NULL;
  gboolean is_other
      = body != NULL && !is_mixed (body) && !mime_is (body->type, type);

  if (is_other && part == NULL)
    return subs_body_new (body->type, body->bytes);
  if (!is_other && parts->len == 0)
    return part != NULL ? subs_body_new (type, part) : NULL;
  if (is_other)
    add_document (parts, headers, body->type, body->bytes);
  if (part != NULL)
    add_document (parts, headers, type, part);
  whole = multipart_write ((const MimePart *)(gpointer)parts->data, parts->len,
                           &boundary);
  mixed = g_strdup_printf ("multipart/mixed;boundary=%s", boundary);
  return subs_body_new (mixed, whole);
}
