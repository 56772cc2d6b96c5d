/* SPDX-License-Identifier: ISC
 *
 * Message summaries (RFC 3842 5.2): stored messages are of the class
 * text-message, all new. */
#define G_LOG_DOMAIN "service"
#include "service/summary.h"

#include "addr/aor.h"
#include "service/mail.h"

GBytes *
summary_document (Service *service, Sub *sub)
{
  const char *aor = sub_dialog (sub)->presentity;
  guint n = mail_waiting (service->mail, aor);
  g_autofree char *uri = aor_to_uri (aor);
  char *text = g_strdup_printf ("Messages-Waiting: %s\r\n"
                                "Message-Account: %s\r\n"
                                "Text-Message: %u/0\r\n",
                                n > 0 ? "yes" : "no", uri, n);

  return g_bytes_new_take (text, strlen (text));
}

void
summary_changed (Service *service, const char *aor)
{
  GArray *actions = subs_actions_new ();

  subs_changed (service->subs, aor, g_intern_static_string (SUMMARY),
                service_now (service), actions);
  service_act (service, actions);
}
