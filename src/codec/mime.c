/* SPDX-License-Identifier: ISC
 *
 * MIME header fields (RFC 2045 5.1, RFC 2183) and transfer encodings (RFC 2045
 * 6). */
#include "codec/mime.h"

#include "base/error.h"

#include <string.h>

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *
skip_blanks (const char *at)
{
  while (is_blank (*at))
    at++;
  return at;
}

gboolean
mime_is (const char *value, const char *type)
{
  gsize n = strlen (type);

  if (value == NULL)
    return FALSE;
  value = skip_blanks (value);
  if (g_ascii_strncasecmp (value, type, n) != 0)
    return FALSE;
  value = skip_blanks (value + n);
  return *value == '\0' || *value == ';';
}

/* The end of a quoted string that begins at at; NULL when it has none. */
static const char *
quoted_end (const char *at)
{
  for (at++; *at != '\0'; at++) {
    if (*at == '"')
      return at + 1;
    if (*at == '\\' && *++at == '\0')
      break;
  }
  return NULL;
}

static char *
unquoted (const char *at, const char *end)
{
  GString *out = g_string_new (NULL);

  if (*at != '"')
    return g_string_free (g_string_append_len (out, at, end - at), FALSE);
  for (at++; at < end - 1; at++) {
    if (*at == '\\')
      at++;
    g_string_append_c (out, *at);
  }
  return g_string_free (out, FALSE);
}

/* The end of a parameter's value. */
static const char *
value_end (const char *at)
{
  return *at == '"' ? quoted_end (at) : at + strcspn (at, "; \t\r\n");
}

char *
mime_param (const char *value, const char *name)
{
  const char *at = value != NULL ? strchr (value, ';') : NULL;

  while (at != NULL && *at == ';') {
    const char *start = skip_blanks (at + 1);
    gsize len = strcspn (start, "=; \t\r\n");
    const char *text = skip_blanks (start + len), *end;

    if (*text != '=') {
      at = *text == ';' ? text : NULL;
      continue;
    }
    text = skip_blanks (text + 1);
    end = value_end (text);
    if (end == NULL)
      return NULL;
    if (len == strlen (name) && g_ascii_strncasecmp (start, name, len) == 0)
      return unquoted (text, end);
    at = skip_blanks (end);
  }
  return NULL;
}

/* The end of a line that begins at at, behind its line end. */
static const char *
line_end (const char *at, const char *limit)
{
  const char *end = memchr (at, '\n', limit - at);

  return end != NULL ? end + 1 : limit;
}

static gboolean
is_field (const char *line, const char *end, const char *name)
{
  gsize n = strlen (name);

  if ((gsize)(end - line) <= n || g_ascii_strncasecmp (line, name, n) != 0)
    return FALSE;
  for (line += n; line < end && (*line == ' ' || *line == '\t'); line++)
    ;
  return line < end && *line == ':';
}

/* Unfolded: a line break and the blanks behind it are one space. */
static char *
unfolded (const char *at, const char *end)
{
  GString *out = g_string_new (NULL);

  while (at < end) {
    if (*at != '\r' && *at != '\n') {
      g_string_append_c (out, *at++);
      continue;
    }
    while (at < end && is_blank (*at))
      at++;
    g_string_append_c (out, ' ');
  }
  return g_strstrip (g_string_free (out, FALSE));
}

char *
mime_header (const MimePart *part, const char *name)
{
  const char *limit = part->headers + part->headers_len;
  const char *at = part->headers;

  while (at < limit) {
    const char *end = line_end (at, limit), *line = at;

    while (end < limit && (*end == ' ' || *end == '\t'))
      end = line_end (end, limit);
    if (memchr (line, '\0', end - line) == NULL && is_field (line, end, name)) {
      const char *colon = memchr (line, ':', end - line);

      return unfolded (colon + 1, end);
    }
    at = end;
  }
  return NULL;
}

static gboolean
is_empty_line (const char *at, const char *end)
{
  return (end - at == 1 && *at == '\n')
         || (end - at == 2 && at[0] == '\r' && at[1] == '\n');
}

gboolean
mime_split (const char *bytes, gsize len, MimePart *out)
{
  const char *at = bytes, *limit = bytes + len;

  while (at < limit) {
    const char *end = line_end (at, limit);

    if (is_empty_line (at, end)) {
      *out = (MimePart){ bytes, at - bytes, end, limit - end };
      return TRUE;
    }
    at = end;
  }
  return FALSE;
}

static GBytes *
wrong (const char *encoding, GError **error)
{
  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "this is no %s", encoding);
  return NULL;
}

static GBytes *
decode_base64 (const MimePart *part, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize len;
  guchar *bytes;

  for (gsize i = 0; i < part->len; i++) {
    char c = part->body[i];

    if (g_ascii_isalnum (c) || c == '+' || c == '/' || c == '=')
      g_string_append_c (text, c);
    else if (!is_blank (c))
      return wrong ("base64", error);
  }
  if (text->len % 4 != 0)
    return wrong ("base64", error);
  bytes = g_base64_decode (text->str, &len);
  return g_bytes_new_take (bytes, len);
}

static GBytes *
decode_quoted (const MimePart *part, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const char *at = part->body, *limit = at + part->len;

  for (; at < limit; at++) {
    guint8 byte = (guint8)*at;

    if (byte == '=' && limit - at > 1 && at[1] == '\n') {
      at++;
      continue;
    }
    if (byte == '=' && limit - at > 2 && at[1] == '\r' && at[2] == '\n') {
      at += 2;
      continue;
    }
    if (byte == '=') {
      if (limit - at < 3 || !g_ascii_isxdigit (at[1])
          || !g_ascii_isxdigit (at[2]))
        return wrong ("quoted-printable", error);
      byte = (guint8)(g_ascii_xdigit_value (at[1]) * 16
                      + g_ascii_xdigit_value (at[2]));
      at += 2;
    }
    g_byte_array_append (out, &byte, 1);
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
mime_decode (const MimePart *part, GError **error)
{
  static const char *const plain[] = { "7bit", "8bit", "binary" };
  g_autofree char *encoding = mime_header (part, "Content-Transfer-Encoding");

  if (encoding == NULL)
    return g_bytes_new (part->body, part->len);
  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    if (g_ascii_strcasecmp (encoding, plain[i]) == 0)
      return g_bytes_new (part->body, part->len);
  if (g_ascii_strcasecmp (encoding, "base64") == 0)
    return decode_base64 (part, error);
  if (g_ascii_strcasecmp (encoding, "quoted-printable") == 0)
    return decode_quoted (part, error);
  g_set_error (error, RC_ERROR, RC_ERROR_UNSUPPORTED,
               "Content-Transfer-Encoding %s", encoding);
  return NULL;
}
