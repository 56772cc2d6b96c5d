/* SPDX-License-Identifier: ISC
 *
 * {"alice@example.com",NULL} */
#include "store/array.h"

void
array_add (GString *array, const char *text)
{
  if (array->len > 1)
    g_string_append_c (array, ',');
  if (text == NULL) {
    g_string_append (array, "NULL");
    return;
  }
  g_string_append_c (array, '"');
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_c (array, '\\');
    g_string_append_c (array, *c);
  }
  g_string_append_c (array, '"');
}
