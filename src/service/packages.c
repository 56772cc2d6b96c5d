/* SPDX-License-Identifier: ISC
 *
 * The table of event packages and the reading of Accept (RFC 3261 20.1). */
#define G_LOG_DOMAIN "service"
#include "config.h"

#include "service/packages.h"

#include "service/calls.h"
#include "service/documents.h"
#include "service/profile.h"
#include "service/registrations.h"
#include "service/summary.h"
#include "service/watchers.h"
#include "service/xcap_events.h"
#include "service/xmpp-rooms.h"

#include "codec/conference-info.h"
#include "codec/dialoginfo.h"
#include "codec/pidf-diff.h"
#include "codec/reginfo.h"
#include "codec/xcap-diff.h"
#include "codec/xcap-settings.h"

#include <string.h>

/* Of watcher information: they say no more of who watches. */
static const char *const passing[]
    = { "version", "expiration", "duration-subscribed", NULL };

static const char *const versioned[] = { "version", NULL };

/* The template of RFC 3857 applied to a package. */
#define WINFO(base)                                                            \
  {                                                                            \
    .name = base ".winfo", .content_type = "application/watcherinfo+xml",      \
    .accept = "application/watcherinfo+xml", .compose = watchers_document,     \
    .look = watchers_look, .passing = passing, .has_etag = TRUE,               \
    .is_filtered = TRUE, .watched = base                                       \
  }

static Package packages[] = {
  { .name = "presence",
    .content_type = "application/pidf+xml",
    .accept = "application/pidf+xml",
    .compose = documents_presence,
    .member = documents_view,
    .has_etag = TRUE,
    .is_partial = TRUE,
    .is_filtered = TRUE },
  WINFO ("presence"),
  { .name = CALLS_EVENT,
    .content_type = DIALOGINFO_TYPE,
    .accept = DIALOGINFO_TYPE,
    .compose = calls_document,
    .look = calls_look,
    .passing = versioned,
    .has_etag = TRUE },
  WINFO (CALLS_EVENT),
  { .name = REGISTRATIONS_EVENT,
    .content_type = REGINFO_TYPE,
    .accept = REGINFO_TYPE,
    .compose = registrations_document,
    .notified = registrations_notified,
    .default_expires = 3761 }, /* RFC 3680 4.4 */
  WINFO (REGISTRATIONS_EVENT),
  { .name = SUMMARY,
    .content_type = "application/simple-message-summary",
    .accept = "application/simple-message-summary",
    .compose = summary_document,
    .has_etag = TRUE },
  WINFO (SUMMARY),
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
    .has_etag = TRUE,
    .type = profile_type,
    .check = profile_check,
    .pointer = PROFILE_POINTER,
    .event_params = "effective-by=0", /* RFC 6080 6.2.3: at once */
    .default_expires = 86400,         /* RFC 6080 6.4 */
    .ignores_body = TRUE },           /* RFC 6080 6.3 */
  { .name = CONFERENCE,
    .content_type = CONFERENCE_TYPE,
    .accept = CONFERENCE_TYPE,
    .compose = xmpp_rooms_document,
    .notified = xmpp_rooms_notified,
    .is_room = TRUE },
};

const char *
service_allow_events (void)
{
  static gsize names;

  if (g_once_init_enter (&names)) {
    GString *text = g_string_new (packages[0].name);

    for (guint i = 1; i < G_N_ELEMENTS (packages); i++)
      g_string_append_printf (text, ", %s", packages[i].name);
    g_once_init_leave (&names, (gsize)g_string_free (text, FALSE));
  }
  return (const char *)names;
}

const char *
package_template (const char *watched)
{
  for (guint i = 0; i < G_N_ELEMENTS (packages); i++)
    if (packages[i].watched != NULL
        && strcmp (packages[i].watched, watched) == 0)
      return g_intern_static_string (packages[i].name);
  return NULL;
}

const Package *
package_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (packages); i++)
    if (g_ascii_strcasecmp (packages[i].name, name) == 0)
      return &packages[i];
  return NULL;
}

/* RFC 3261 20.1: of a range's parameters q alone matters; 1 without it. */
static gdouble
quality_of (GStrv parts)
{
  for (guint i = 1; parts[i] != NULL; i++) {
    char *param = g_strstrip (parts[i]);

    if (g_ascii_strncasecmp (param, "q=", 2) == 0)
      return g_ascii_strtod (param + 2, NULL);
  }
  return 1;
}

/* How well a range names a type: 3 itself, 2 "application/" "*", 1 "*" "/" "*",
 * 0 not. */
static guint
closeness (const char *name, const char *type)
{
  const char *slash = strchr (type, '/');

  if (g_ascii_strcasecmp (name, type) == 0)
    return 3;
  if (strcmp (name, "*/*") == 0)
    return 1;
  return g_str_has_suffix (name, "/*")
                 && g_ascii_strncasecmp (name, type, slash - type + 1) == 0
             ? 2
             : 0;
}

/* The q of the range that names the type best; 0: none does.  *named_out: does
 * one name the type itself? */
static gdouble
quality (const char *accept, const char *type, gboolean *named_out)
{
  g_auto (GStrv) ranges = g_strsplit (accept, ",", 64);
  gdouble best = 0;
  guint closest = 0;

  for (guint i = 0; ranges[i] != NULL; i++) {
    g_auto (GStrv) parts = g_strsplit (ranges[i], ";", -1);
    guint close
        = parts[0] == NULL ? 0 : closeness (g_strstrip (parts[0]), type);

    if (close <= closest)
      continue;
    closest = close;
    best = quality_of (parts);
  }
  *named_out = closest == 3;
  return best;
}

gboolean
package_accepts (const char *accept, const char *type)
{
  gboolean is_named;

  return accept == NULL || quality (accept, type, &is_named) > 0;
}

gboolean
package_prefers_partial (const char *accept)
{
  gboolean is_named, is_other;
  gdouble partial;

  if (accept == NULL || strcasestr (accept, "pidf-diff") == NULL)
    return FALSE;
  partial = quality (accept, PIDF_DIFF_TYPE, &is_named);
  return is_named && partial > 0
         && partial >= quality (accept, "application/pidf+xml", &is_other);
}

gboolean
package_is_acceptable (const Package *self, Service *service,
                       const char *accept)
{
  return package_accepts (accept, self->accept)
         || (self->is_partial && package_prefers_partial (accept))
         || (self->pointer != NULL && service->xcap_root != NULL
             && package_accepts (accept, self->pointer));
}
