/* SPDX-License-Identifier: ISC
 *
 * message/cpim (RFC 3862 3, 4). */
#include "codec/cpim.h"

#include "base/error.h"

#include <string.h>

#define HEADERS_MAX 64

static void
header_free (gpointer data)
{
  CpimHeader *header = data;

  g_free (header->ns);
  g_free (header->name);
  g_free (header->lang);
  g_free (header->value);
  g_free (header);
}

void
cpim_free (Cpim *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->headers);
  g_free (self);
}

static gboolean
wrong (const char *what, GError **error)
{
  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "a CPIM header %s", what);
  return FALSE;
}

/* RFC 3862 3.6: NAMECHAR, and the dot of a prefix. */
static gboolean
is_name (const char *text, gsize len)
{
  if (len == 0)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (text[i] <= ' ' || text[i] == 0x7f
        || strchr ("()<>@,;:\\\"/[]?={}", text[i]) != NULL)
      return FALSE;
  return TRUE;
}

/* Is it UTF-8 without control characters but the tab? */
static gboolean
is_clean (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (((guchar)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
      return FALSE;
  return g_utf8_validate_len (text, len, NULL);
}

/* `;lang=fr` and other parameters behind the colon, up to the space. */
static char *
take_params (char *text, CpimHeader *header)
{
  char *end;
  g_autofree char *params = NULL;

  if (*text != ';')
    return text;
  end = text + strcspn (text, " ");
  params = g_strndup (text, end - text);
  header->lang = mime_param (params, "lang");
  return end;
}

/* `prefix <uri>`, or `<uri>`: scope is namespaces by prefix, "" the default. */
static void
declare (GHashTable *scope, const char *value)
{
  const char *open = strchr (value, '<');
  g_autofree char *uri = cpim_uri (value);

  if (uri == NULL)
    return;
  g_hash_table_insert (scope, g_strstrip (g_strndup (value, open - value)),
                       g_steal_pointer (&uri));
}

static void
set_name (GHashTable *scope, CpimHeader *header, const char *text, gsize len)
{
  const char *dot = memchr (text, '.', len);
  gsize n = dot != NULL ? (gsize)(dot - text) : 0;
  g_autofree char *prefix = g_strndup (text, n);

  header->ns = g_strdup (g_hash_table_lookup (scope, prefix));
  header->name
      = dot != NULL ? g_strndup (dot + 1, len - n - 1) : g_strndup (text, len);
}

static gboolean
is_cpim (const CpimHeader *header, const char *name)
{
  return g_strcmp0 (header->ns, CPIM_NS) == 0
         && g_str_equal (header->name, name);
}

static gboolean
read_line (Cpim *self, GHashTable *scope, const char *line, gsize len,
           GError **error)
{
  const char *colon = memchr (line, ':', len);
  g_autofree char *rest = NULL;
  CpimHeader *header;

  if (colon == NULL || !is_name (line, colon - line))
    return wrong ("without a name", error);
  if (!is_clean (line, len))
    return wrong ("with control characters or bad UTF-8", error);
  if (self->headers->len >= HEADERS_MAX) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %d CPIM headers",
                 HEADERS_MAX);
    return FALSE;
  }
  header = g_new0 (CpimHeader, 1);
  rest = g_strndup (colon + 1, len - (colon + 1 - line));
  header->value = g_strstrip (g_strdup (take_params (rest, header)));
  set_name (scope, header, line, colon - line);
  g_ptr_array_add (self->headers, header);
  if (is_cpim (header, "NS")) {
    declare (scope, header->value);
    g_ptr_array_set_size (self->headers, (gint)self->headers->len - 1);
  }
  return TRUE;
}

static gboolean
read_headers (Cpim *self, const MimePart *part, GError **error)
{
  g_autoptr (GHashTable) scope
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const char *at = part->headers, *limit = at + part->headers_len;
  guint n = 0;

  g_hash_table_insert (scope, g_strdup (""), g_strdup (CPIM_NS));
  while (at < limit) {
    const char *end = memchr (at, '\n', limit - at);
    gsize len = (end != NULL ? end : limit) - at;

    if (len > 0 && at[len - 1] == '\r')
      len--;
    if (++n > 2 * HEADERS_MAX) {
      g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "too many CPIM headers");
      return FALSE;
    }
    if (!read_line (self, scope, at, len, error))
      return FALSE;
    at = end != NULL ? end + 1 : limit;
  }
  return TRUE;
}

gboolean
cpim_parse (const char *bytes, gsize len, Cpim **out, GError **error)
{
  g_autoptr (Cpim) self = g_new0 (Cpim, 1);
  MimePart outer;

  *out = NULL;
  self->headers = g_ptr_array_new_with_free_func (header_free);
  if (!mime_split (bytes, len, &outer)
      || !mime_split (outer.body, outer.len, &self->content)) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
                 "a CPIM message without its empty lines");
    return FALSE;
  }
  if (!read_headers (self, &outer, error))
    return FALSE;
  *out = g_steal_pointer (&self);
  return TRUE;
}

const char *
cpim_nth (const Cpim *self, const char *ns, const char *name, guint n)
{
  if (ns == NULL)
    ns = CPIM_NS;
  for (guint i = 0; i < self->headers->len; i++) {
    const CpimHeader *header = self->headers->pdata[i];

    if (g_strcmp0 (header->ns, ns) == 0 && g_str_equal (header->name, name)
        && n-- == 0)
      return header->value;
  }
  return NULL;
}

const char *
cpim_value (const Cpim *self, const char *ns, const char *name)
{
  return cpim_nth (self, ns, name, 0);
}

char *
cpim_uri (const char *value)
{
  const char *open = value != NULL ? strrchr (value, '<') : NULL;
  const char *close = open != NULL ? strchr (open, '>') : NULL;

  if (close == NULL || close == open + 1)
    return NULL;
  return g_strndup (open + 1, close - open - 1);
}

static void
put (GByteArray *out, const char *text)
{
  g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text));
}

void
cpim_put_header (GByteArray *out, const char *name, const char *value)
{
  g_autofree char *clean = g_utf8_make_valid (value, -1);

  for (char *at = clean; *at != '\0'; at++)
    if ((guchar)*at < ' ' || *at == 0x7f)
      *at = ' ';
  put (out, name);
  put (out, ": ");
  put (out, clean);
  put (out, "\r\n");
}

gboolean
cpim_put_uri (GByteArray *out, const char *name, const char *uri)
{
  g_autofree char *value = g_strdup_printf ("<%s>", uri);

  if (*uri == '\0' || strpbrk (uri, "<>\" \t\r\n") != NULL
      || !is_clean (uri, strlen (uri)))
    return FALSE;
  cpim_put_header (out, name, value);
  return TRUE;
}

void
cpim_put_content (GByteArray *out, const MimePart *content)
{
  put (out, "\r\n");
  g_byte_array_append (out, (const guint8 *)content->headers,
                       (guint)content->headers_len);
  if (content->headers_len > 0
      && content->headers[content->headers_len - 1] != '\n')
    put (out, "\r\n");
  put (out, "\r\n");
  g_byte_array_append (out, (const guint8 *)content->body, (guint)content->len);
}

char *
cpim_datetime (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}
