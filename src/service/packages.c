/* SPDX-License-Identifier: ISC
 *
 * The table of event packages and the reading of Accept (RFC 3261 20.1). */
#define G_LOG_DOMAIN "service"
#include "service/packages.h"

#include "service/documents.h"
#include "service/profile.h"
#include "service/summary.h"
#include "service/watchers.h"
#include "service/xcap_events.h"

#include "codec/xcap-diff.h"
#include "codec/xcap-settings.h"

#include <string.h>

static Package packages[] = {
  { .name = "presence",
    .content_type = "application/pidf+xml",
    .accept = "application/pidf+xml",
    .compose = documents_presence },
  { .name = "presence.winfo",
    .content_type = "application/watcherinfo+xml",
    .accept = "application/watcherinfo+xml",
    .compose = watchers_document },
  { .name = SUMMARY,
    .content_type = "application/simple-message-summary",
    .accept = "application/simple-message-summary",
    .compose = summary_document },
  { .name = XCAP_DIFF,
    .content_type = XCAP_DIFF_TYPE,
    .accept = XCAP_DIFF_TYPE,
    .compose = xcap_events_document,
    .body = "application/resource-lists+xml",
    .is_read = TRUE,
    .ends_at_timeout = TRUE },
  { .name = UA_PROFILE,
    .content_type = XCAP_SETTINGS_TYPE,
    .accept = XCAP_SETTINGS_TYPE,
    .compose = profile_document,
    .type = profile_type,
    .check = profile_check,
    .pointer = PROFILE_POINTER,
    .event_params = "effective-by=0", /* RFC 6080 6.2.3: at once */
    .default_expires = 86400,         /* RFC 6080 6.4 */
    .ignores_body = TRUE },           /* RFC 6080 6.3 */
};

const char *
service_allow_events (void)
{
  return "presence, presence.winfo, " SUMMARY ", " XCAP_DIFF ", " UA_PROFILE;
}

const Package *
package_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (packages); i++)
    if (g_ascii_strcasecmp (packages[i].name, name) == 0)
      return &packages[i];
  return NULL;
}

/* One range of Accept against a type: "*" "/" "*", "application/" "*" or the
 * type itself, parameters ignored but q=0. */
static gboolean
range_matches (const char *range, const char *type)
{
  g_auto (GStrv) parts = g_strsplit (range, ";", -1);
  const char *slash = strchr (type, '/');
  char *name;

  if (parts[0] == NULL)
    return FALSE;
  name = g_strstrip (parts[0]);
  for (guint i = 1; parts[i] != NULL; i++) {
    char *param = g_strstrip (parts[i]);

    if (g_ascii_strncasecmp (param, "q=", 2) == 0
        && g_ascii_strtod (param + 2, NULL) == 0)
      return FALSE;
  }
  if (strcmp (name, "*/*") == 0 || g_ascii_strcasecmp (name, type) == 0)
    return TRUE;
  return g_str_has_suffix (name, "/*")
         && g_ascii_strncasecmp (name, type, slash - type + 1) == 0;
}

gboolean
package_accepts (const char *accept, const char *type)
{
  g_auto (GStrv) ranges = NULL;

  if (accept == NULL)
    return TRUE;
  ranges = g_strsplit (accept, ",", 64);
  for (guint i = 0; ranges[i] != NULL; i++)
    if (range_matches (ranges[i], type))
      return TRUE;
  return FALSE;
}

gboolean
package_is_acceptable (const Package *self, Service *service,
                       const char *accept)
{
  return package_accepts (accept, self->accept)
         || (self->pointer != NULL && service->xcap_root != NULL
             && package_accepts (accept, self->pointer));
}
