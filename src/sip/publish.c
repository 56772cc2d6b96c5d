/* SPDX-License-Identifier: ISC
 *
 * PUBLISH (RFC 3903 6). */
#include "sip/request.h"

static void
answered_cb (const PublishAnswer *answer, gpointer data)
{
  SipIncoming *request = data;
  su_home_t *home = msg_home (request->msg);

  if (answer->verdict == SERVICE_OK)
    incoming_reply (
        request, 200, NULL,
        TAG_IF (answer->etag != NULL, SIPTAG_ETAG_STR (answer->etag)),
        SIPTAG_EXPIRES_STR (su_sprintf (home, "%u", answer->expires)),
        TAG_END ());
  else if (answer->verdict == SERVICE_BAD_TYPE)
    incoming_reply (request, 415, NULL, SIPTAG_ACCEPT_STR (answer->accept),
                    TAG_END ());
  else
    status_reply (request, answer->verdict, answer->text, answer->min_expires);
  incoming_unref (request);
}

void
request_publish (SipIncoming *request)
{
  const sip_t *sip = request->object;
  g_autoptr (GBytes) body = NULL;
  ServiceCaller caller;
  PublishCommand command = { .presentity = request_aor (request),
                             .expires = request_expires (request) };

  if (command.presentity == NULL) {
    status_reply (request, SERVICE_NOT_FOUND, NULL, 0);
    return;
  }
  if (sip->sip_event == NULL) {
    status_reply (request, SERVICE_BAD_EVENT, "Event missing", 0);
    return;
  }
  if (!request_body (request, &body))
    return;
  command.body = body;
  command.event = sip->sip_event->o_type;
  if (sip->sip_if_match != NULL)
    command.if_match = sip->sip_if_match->g_string;
  if (sip->sip_content_type != NULL)
    command.content_type = sip->sip_content_type->c_type;
  request_caller (request, &caller);
  service_publish (request->sip->service, &caller, &command, answered_cb,
                   incoming_ref (request));
}
