/* SPDX-License-Identifier: ISC
 *
 * Multipart bodies (RFC 2046 5.1) read and written. */
#include "config.h"

#include "codec/mime.h"

#include "base/error.h"
#include "base/ids.h"

#include <string.h>

#define BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */

typedef struct {
  const char *boundary;
  gsize n;
} Delimiter;

/* bcharsnospace, and space within. */
static gboolean
is_boundary (const char *text)
{
  gsize n = text != NULL ? strlen (text) : 0;

  if (n == 0 || n > BOUNDARY_MAX || text[n - 1] == ' ')
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("'()+_,-./:=? ", text[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* Is the line at at (up to end, line end included) a delimiter? */
static gboolean
is_delimiter (const Delimiter *self, const char *at, const char *end,
              gboolean *is_last)
{
  if ((gsize)(end - at) < self->n + 2 || at[0] != '-' || at[1] != '-'
      || memcmp (at + 2, self->boundary, self->n) != 0)
    return FALSE;
  at += 2 + self->n;
  *is_last = end - at >= 2 && at[0] == '-' && at[1] == '-';
  if (*is_last)
    at += 2;
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
    at++;
  return at == end;
}

/* The line end before a delimiter belongs to it. */
static const char *
before_line_end (const char *start, const char *end)
{
  if (end > start && end[-1] == '\n')
    end--;
  if (end > start && end[-1] == '\r')
    end--;
  return end;
}

static gboolean
add_part (GArray *parts, const char *start, const char *end, guint max,
          GError **error)
{
  MimePart part = { 0 };

  if (parts->len >= max) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %u parts", max);
    return FALSE;
  }
  /* A part without headers begins with the empty line; one without a body may
   * lack it. */
  if (!mime_split (start, end - start, &part)) {
    const char *last = before_line_end (start, end);

    part = (MimePart){ start, end - start, last, 0 };
  } else if (part.len > 0) {
    part.len = before_line_end (part.body, end) - part.body;
  }
  g_array_append_val (parts, part);
  return TRUE;
}

static gboolean
unclosed (GError **error)
{
  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
               "a multipart body without its closing delimiter");
  return FALSE;
}

static gboolean
read_parts (const Delimiter *delimiter, const char *bytes, gsize len,
            GArray *parts, guint max, GError **error)
{
  const char *limit = bytes + len, *start = NULL;

  for (const char *at = bytes; at < limit;) {
    const char *line_break = memchr (at, '\n', limit - at);
    const char *end = line_break != NULL ? line_break + 1 : limit;
    gboolean is_last;

    if (is_delimiter (delimiter, at, end, &is_last)) {
      if (start != NULL && !add_part (parts, start, at, max, error))
        return FALSE;
      if (is_last)
        return start != NULL || unclosed (error);
      start = end;
    }
    at = end;
  }
  return unclosed (error);
}

gboolean
multipart_parse (const char *bytes, gsize len, const char *content_type,
                 guint max, GArray **out, GError **error)
{
  g_autofree char *boundary = mime_param (content_type, "boundary");
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (MimePart));
  Delimiter delimiter = { boundary, 0 };

  *out = NULL;
  if (!is_boundary (boundary)) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
                 "a multipart body without a legal boundary");
    return FALSE;
  }
  delimiter.n = strlen (boundary);
  if (!read_parts (&delimiter, bytes, len, parts, max, error))
    return FALSE;
  *out = g_steal_pointer (&parts);
  return TRUE;
}

static gboolean
occurs (const char *boundary, const MimePart *parts, guint n)
{
  for (guint i = 0; i < n; i++)
    if (parts[i].len > 0
        && memmem (parts[i].body, parts[i].len, boundary, strlen (boundary))
               != NULL)
      return TRUE;
  return FALSE;
}

static void
put (GByteArray *out, const char *bytes, gsize len)
{
  g_byte_array_append (out, (const guint8 *)bytes, (guint)len);
}

static void
put_text (GByteArray *out, const char *text)
{
  put (out, text, strlen (text));
}

/* Header lines as they came, each with a line end. */
static void
put_headers (GByteArray *out, const MimePart *part)
{
  put (out, part->headers, part->headers_len);
  if (part->headers_len > 0 && part->headers[part->headers_len - 1] != '\n')
    put_text (out, "\r\n");
}

/* About: what stands around a part is short. */
static guint
size_of (const MimePart *parts, guint n)
{
  gsize size = 64;

  for (guint i = 0; i < n; i++)
    size += parts[i].headers_len + parts[i].len + 40;
  return (guint)MIN (size, G_MAXINT);
}

GBytes *
multipart_write (const MimePart *parts, guint n, char **boundary_out)
{
  GByteArray *out = g_byte_array_sized_new (size_of (parts, n));
  char *boundary = rc_token_new (80);

  while (occurs (boundary, parts, n)) {
    g_free (boundary);
    boundary = rc_token_new (80);
  }
  for (guint i = 0; i < n; i++) {
    put_text (out, "--");
    put_text (out, boundary);
    put_text (out, "\r\n");
    put_headers (out, &parts[i]);
    put_text (out, "\r\n");
    put (out, parts[i].body, parts[i].len);
    put_text (out, "\r\n");
  }
  put_text (out, "--");
  put_text (out, boundary);
  put_text (out, "--\r\n");
  *boundary_out = boundary;
  return g_byte_array_free_to_bytes (out);
}
