/* SPDX-License-Identifier: ISC
 *
 * Profiles of users: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/profile.h"
#include "service/packages.h"

#include "addr/aor.h"
#include "codec/xcap-settings.h"

#include <string.h>

#define PLACE XCAP_SETTINGS_AUID "/global/" XCAP_POLICY_NAME

/* RFC 6080 6.2.1 and 6.6.  A refresh may leave out what its dialog says. */
ServiceVerdict
profile_check (const SubscribeCommand *command, const char **text)
{
  const char *type = command->profile_type;

  if (type == NULL && command->dialog.local_tag == NULL) {
    *text = "profile-type missing";
    return SERVICE_BAD_REQUEST;
  }
  if (type != NULL && g_ascii_strcasecmp (type, "user") != 0) {
    *text = "there are profiles of users only (profile-type=user)";
    return SERVICE_NOT_FOUND;
  }
  return SERVICE_OK;
}

gboolean
profile_has_changed (const PolicySettings *before,
                     const PolicySettings *settings)
{
  return before->allow_history != settings->allow_history
         || before->allow_cut_paste != settings->allow_cut_paste;
}

static GBytes *
data_of (Service *service)
{
  return xcap_policy_write (service->settings.allow_history,
                            service->settings.allow_cut_paste);
}

static gboolean
takes (Sub *sub, const char *type)
{
  return package_accepts (sub_dialog (sub)->accept, type);
}

/* RFC 4483 4.6: another Content-ID says that the data are others. */
static GBytes *
pointer_of (GBytes *data, const char *domain)
{
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA1, data);
  char *text = g_strdup_printf ("Content-Type: " XCAP_SETTINGS_TYPE "\r\n"
                                "Content-ID: <%s@%s>\r\n"
                                "\r\n",
                                sum, domain);

  return g_bytes_new_take (text, strlen (text));
}

GBytes *
profile_document (Service *service, Sub *sub)
{
  g_autoptr (GBytes) data = data_of (service);

  if (takes (sub, XCAP_SETTINGS_TYPE))
    return g_steal_pointer (&data);
  if (service->xcap_root == NULL || !takes (sub, PROFILE_POINTER))
    return NULL;
  return pointer_of (data, aor_domain (sub_dialog (sub)->presentity));
}

char *
profile_type (Service *service, Sub *sub)
{
  g_autoptr (GBytes) data = NULL;

  if (takes (sub, XCAP_SETTINGS_TYPE))
    return g_strdup (XCAP_SETTINGS_TYPE);
  data = data_of (service);
  return g_strdup_printf (PROFILE_POINTER
                          "; access-type=\"URL\"; URL=\"%s" PLACE
                          "\"; size=%" G_GSIZE_FORMAT,
                          service->xcap_root != NULL ? service->xcap_root : "",
                          g_bytes_get_size (data));
}
