/* SPDX-License-Identifier: ISC
 *
 * %-escapes (RFC 3261 25.1, 19.1.4).  It knows characters, not components. */
#include "addr/escape.h"

#include <string.h>

static gboolean
is_unreserved (guchar c)
{
  static const guint8 marks[128]
      = { ['-'] = 1, ['_'] = 1, ['.'] = 1,  ['!'] = 1, ['~'] = 1,
          ['*'] = 1, ['('] = 1, ['\''] = 1, [')'] = 1 };

  return g_ascii_isalnum (c) || (c < 128 && marks[c]);
}

static gboolean
is_allowed (guchar c, const char *extra)
{
  return is_unreserved (c) || (c != '\0' && strchr (extra, c) != NULL);
}

/* The byte that an escape at p stands for; -1 when it is none. */
static int
escape_value (const char *p, const char *end)
{
  if (end - p < 3 || p[0] != '%' || !g_ascii_isxdigit (p[1])
      || !g_ascii_isxdigit (p[2]))
    return -1;
  return g_ascii_xdigit_value (p[1]) * 16 + g_ascii_xdigit_value (p[2]);
}

static void
append_escaped (GString *out, guchar c)
{
  g_string_append_printf (out, "%%%02X", c);
}

/* What begins a text and stands for itself in the canonical spelling. */
static gsize
plain_len (const char *text, gsize len, const char *extra)
{
  gsize n = 0;

  while (n < len && is_allowed ((guchar)text[n], extra))
    n++;
  return n;
}

char *
escape_canonical (const char *text, gsize len, const char *extra)
{
  const char *end = text + len;
  gsize plain = plain_len (text, len, extra);
  g_autoptr (GString) out = NULL;

  if (plain == len)
    return g_strndup (text, len);
  out = g_string_sized_new (len + 8);
  g_string_append_len (out, text, (gssize)plain);
  for (const char *p = text + plain; p < end; p++) {
    guchar c = (guchar)*p;

    if (c == '%') {
      int value = escape_value (p, end);

      if (value < 0)
        return NULL;
      if (is_unreserved ((guchar)value))
        g_string_append_c (out, (char)value);
      else
        append_escaped (out, (guchar)value);
      p += 2;
    } else if (is_allowed (c, extra))
      g_string_append_c (out, (char)c);
    else if (c > 127)
      append_escaped (out, c);
    else
      return NULL;
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
escape_undo (const char *canonical)
{
  const char *end = canonical + strlen (canonical);
  g_autoptr (GString) out = g_string_sized_new ((gsize)(end - canonical));

  for (const char *p = canonical; p < end; p++) {
    int value = escape_value (p, end);
    guchar c = value < 0 ? (guchar)*p : (guchar)value;

    if (g_ascii_iscntrl (c))
      return NULL;
    g_string_append_c (out, (char)c);
    if (value >= 0)
      p += 2;
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* How many bytes of the run of escapes at p are one printable character beyond
 * ASCII; it is appended then. 0 when they are none. */
static gsize
append_character (GString *out, const char *p, const char *end)
{
  char bytes[4];
  gsize n = 0;
  gunichar c;

  for (const char *at = p; n < sizeof bytes; at += 3) {
    int value = escape_value (at, end);

    if (value < 128)
      break;
    bytes[n++] = (char)value;
  }
  c = n == 0 ? (gunichar)-1 : g_utf8_get_char_validated (bytes, (gssize)n);
  if (c >= (gunichar)-2 || !g_unichar_isprint (c))
    return 0;
  g_string_append_unichar (out, c);
  return 3 * (gsize)g_unichar_to_utf8 (c, NULL);
}

char *
escape_to_aor (const char *canonical)
{
  const char *end = canonical + strlen (canonical);
  g_autoptr (GString) out = g_string_sized_new ((gsize)(end - canonical));

  for (const char *p = canonical; p < end;) {
    int value = escape_value (p, end);
    gsize used = value < 128 ? 0 : append_character (out, p, end);

    if (used > 0)
      p += used;
    else if (value >= 0 && is_allowed ((guchar)value, ESCAPE_USER)) {
      g_string_append_c (out, (char)value);
      p += 3;
    } else
      g_string_append_c (out, *p++);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
escape_from_aor (const char *user)
{
  const char *end = user + strlen (user);
  g_autoptr (GString) out = g_string_sized_new ((gsize)(end - user) + 8);

  for (const char *p = user; p < end; p++)
    if (is_allowed ((guchar)*p, ESCAPE_USER) || escape_value (p, end) >= 0)
      g_string_append_c (out, *p);
    else
      append_escaped (out, (guchar)*p);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
