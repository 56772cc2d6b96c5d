/* SPDX-License-Identifier: ISC
 *
 * Writing JSON: see the header. */
#include "base/json.h"

void
json_append (GString *out, const char *text)
{
  if (text == NULL) {
    g_string_append (out, "null");
    return;
  }
  g_string_append_c (out, '"');
  for (const char *at = text; *at != '\0'; at++)
    if (*at == '"' || *at == '\\')
      g_string_append_printf (out, "\\%c", *at);
    else if ((guchar)*at < 0x20)
      g_string_append_printf (out, "\\u%04x", *at);
    else
      g_string_append_c (out, *at);
  g_string_append_c (out, '"');
}
