/* SPDX-License-Identifier: ISC
 *
 * Reads SIP messages as far as the generator must: one pass over the lines, no
 * folding (no server writes that), names in both forms (RFC 3261 7.3.3). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "load.h"

static gboolean
is_named (const char *line, gsize len, const char *name, char brief)
{
  if (brief != '\0' && len == 1)
    return g_ascii_tolower (*line) == brief;
  return len == strlen (name) && g_ascii_strncasecmp (line, name, len) == 0;
}

static void
set (Slice *slice, Slice value)
{
  if (slice->at == NULL)
    *slice = value;
}

static void
take_cseq (Sip *out, Slice value)
{
  char *end;

  out->cseq = value;
  out->cseq_number = (guint32)strtoul (value.at, &end, 10);
  while (*end == ' ')
    end++;
  out->method = *end;
}

static void
take_header (Sip *out, const char *name, gsize len, Slice value, gssize *length)
{
  switch (g_ascii_tolower (*name)) {
  case 'v':
    if (is_named (name, len, "Via", 'v') && out->n_vias < SIP_VIAS)
      out->vias[out->n_vias++] = value;
    break;
  case 'f':
    if (is_named (name, len, "From", 'f'))
      set (&out->from, value);
    break;
  case 't':
    if (is_named (name, len, "To", 't'))
      set (&out->to, value);
    break;
  case 'i':
    if (is_named (name, len, "", 'i'))
      set (&out->call_id, value);
    break;
  case 'l':
    if (is_named (name, len, "", 'l'))
      *length = strtol (value.at, NULL, 10);
    break;
  case 'm':
    if (is_named (name, len, "", 'm'))
      set (&out->contact, value);
    break;
  case 'c':
    if (is_named (name, len, "Call-ID", '\0'))
      set (&out->call_id, value);
    else if (is_named (name, len, "CSeq", '\0'))
      take_cseq (out, value);
    else if (is_named (name, len, "Contact", '\0'))
      set (&out->contact, value);
    else if (is_named (name, len, "Content-Length", '\0'))
      *length = strtol (value.at, NULL, 10);
    else if (is_named (name, len, "Content-Type", 'c'))
      set (&out->type, value);
    break;
  case 's':
    if (is_named (name, len, "SIP-ETag", '\0'))
      set (&out->etag, value);
    else if (is_named (name, len, "Subscription-State", '\0'))
      set (&out->state, value);
    break;
  case 'p':
  case 'w':
    if (is_named (name, len, "WWW-Authenticate", '\0')
        || is_named (name, len, "Proxy-Authenticate", '\0'))
      set (&out->challenge, value);
    break;
  default:
    break;
  }
}

static void
take_line (Sip *out, const char *line, const char *end, gssize *length)
{
  const char *colon = memchr (line, ':', (gsize)(end - line)), *value;
  gsize len;

  if (colon == NULL)
    return;
  len = (gsize)(colon - line);
  while (len > 0 && line[len - 1] == ' ')
    len--;
  for (value = colon + 1; value < end && *value == ' '; value++)
    ;
  if (len > 0)
    take_header (out, line, len, (Slice){ value, (guint)(end - value) },
                 length);
}

static gboolean
take_start (Sip *out, const char *line, const char *end)
{
  const char *first, *second;

  if (end - line > 12 && memcmp (line, "SIP/2.0 ", 8) == 0) {
    out->status = (guint)strtoul (line + 8, NULL, 10);
    return out->status >= 100;
  }
  first = memchr (line, ' ', (gsize)(end - line));
  if (first == NULL)
    return FALSE;
  second = memchr (first + 1, ' ', (gsize)(end - first - 1));
  if (second == NULL)
    return FALSE;
  out->uri = (Slice){ first + 1, (guint)(second - first - 1) };
  return TRUE;
}

static gssize
whole (Sip *out, const char *text, const char *body, gsize len, gssize length,
       gboolean is_datagram)
{
  gsize rest = len - (gsize)(body - text);

  if (length < 0)
    length = is_datagram ? (gssize)rest : 0;
  if ((gsize)length > rest)
    return is_datagram ? -1 : 0;
  out->body = (Slice){ body, (guint)length };
  return body - text + length;
}

gssize
sip_read (const char *text, gsize len, gboolean is_datagram, Sip *out)
{
  const char *line = text, *stop = text + len, *end;
  gssize length = -1;

  memset (out, 0, sizeof *out);
  while ((end = memchr (line, '\n', (gsize)(stop - line))) != NULL) {
    const char *last = end > line && end[-1] == '\r' ? end - 1 : end;

    if (line == text) {
      if (!take_start (out, line, last))
        return -1;
    } else if (last == line) {
      return whole (out, text, end + 1, len, length, is_datagram);
    } else {
      take_line (out, line, last, &length);
    }
    line = end + 1;
  }
  return is_datagram ? -1 : 0;
}

gboolean
slice_has (Slice slice, const char *word)
{
  return slice.at != NULL
         && memmem (slice.at, slice.len, word, strlen (word)) != NULL;
}

gint64
slice_number (Slice slice, const char *word)
{
  const char *at;
  gint64 value = 0;

  if (slice.at == NULL
      || (at = memmem (slice.at, slice.len, word, strlen (word))) == NULL)
    return -1;
  at += strlen (word);
  if (at == slice.at + slice.len || !g_ascii_isdigit (*at))
    return -1;
  for (; at < slice.at + slice.len && g_ascii_isdigit (*at); at++)
    value = value * 10 + (*at - '0');
  return value;
}

char *
slice_dup (Slice slice)
{
  return g_strndup (slice.at, slice.len);
}
