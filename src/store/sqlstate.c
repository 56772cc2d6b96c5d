/* SPDX-License-Identifier: ISC
 *
 * Classes of errors: see the header. */
#include "store/sqlstate.h"

#include <string.h>

gboolean
sqlstate_is_of_row (const char *sqlstate)
{
  static const char *const classes[]
      = { "0A", "21", "22", "23", "42", "44", "54", "P0", "RC", "XX" };

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (g_str_has_prefix (sqlstate, classes[i]))
      return TRUE;
  return FALSE;
}

gboolean
sqlstate_is_of_lock (const char *sqlstate)
{
  return strcmp (sqlstate, "55P03") == 0 || strcmp (sqlstate, "40P01") == 0;
}
