/* SPDX-License-Identifier: ISC
 *
 * Breaking lines: see the header. */
#include "ctl/wrap.h"

char *
wrap_text (const char *text, guint width, guint indent)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  GString *out = g_string_new (NULL);
  glong used = 0;

  for (char **word = words; *word != NULL; word++) {
    glong len = g_utf8_strlen (*word, -1);

    if (used > 0 && used + 1 + len > (glong)width) {
      g_string_append_printf (out, "\n%*s", (int)indent, "");
      used = 0;
    } else if (word != words) {
      g_string_append_c (out, ' ');
      used++;
    }
    g_string_append (out, *word);
    used += len;
  }
  return g_string_free (out, FALSE);
}

char *
ctl_plain (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c)) {
    gunichar letter = g_utf8_get_char (c);

    g_string_append_unichar (
        out, g_unichar_iscntrl (letter) || letter == 0xfffd ? '?' : letter);
  }
  return g_string_free (out, FALSE);
}
