/* SPDX-License-Identifier: ISC
 *
 * Which column is which field. */
#include "store/settings.h"

#include <stdlib.h>

#define BOOLEAN(name)                                                          \
  {                                                                            \
    offsetof (PolicySettings, name), TRUE                                      \
  }
#define NUMBER(name)                                                           \
  {                                                                            \
    offsetof (PolicySettings, name), FALSE                                     \
  }

/* In the order of settings_sql. */
static const struct {
  gsize offset;
  gboolean is_boolean;
} columns[] = {
  BOOLEAN (share_availability),
  BOOLEAN (allow_without_approval),
  NUMBER (max_contacts),
  NUMBER (max_watchers),
  BOOLEAN (adhoc_enabled),
  NUMBER (adhoc_max),
  NUMBER (adhoc_ttl),
  BOOLEAN (im_enabled),
  BOOLEAN (suppress_offline_im),
  NUMBER (offline_max_per_user),
  NUMBER (offline_ttl),
  BOOLEAN (allow_history),
  BOOLEAN (allow_cut_paste),
};

const char *
settings_sql (void)
{
  return "SELECT share_availability, allow_without_approval, max_contacts,"
         " max_watchers, adhoc_enabled, adhoc_max, adhoc_ttl, im_enabled,"
         " suppress_offline_im, offline_max_per_user, offline_ttl,"
         " allow_history, allow_cut_paste FROM rollcall.settings";
}

void
settings_decode (const PGresult *result, PolicySettings *out)
{
  *out = policy_settings_default;
  for (guint i = 0; PQntuples (result) == 1 && i < G_N_ELEMENTS (columns);
       i++) {
    gpointer field = (char *)out + columns[i].offset;
    const char *value = PQgetvalue (result, 0, (int)i);

    if (columns[i].is_boolean)
      *(gboolean *)field = value[0] == 't';
    else
      *(gint32 *)field
          = PQgetisnull (result, 0, (int)i) ? POLICY_NO_LIMIT : atoi (value);
  }
}
