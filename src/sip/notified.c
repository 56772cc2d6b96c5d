/* SPDX-License-Identifier: ISC
 *
 * NOTIFY (RFC 6665 4.1.3) to our subscriptions in other domains. */
#include "sip/request.h"
#include "sip/subscriber.h"

void
request_notify (SipIncoming *request)
{
  su_home_t *home = msg_home (request->msg);
  const char *accept = NULL;
  g_autoptr (GBytes) body = NULL;
  ServiceVerdict verdict;
  WatchNotify notify;

  if (request_is_strict (request)) {
    status_reply (request, SERVICE_BAD_REQUEST, "Record-Route without lr", 0);
    return;
  }
  if (!request_body (request, &body))
    return;
  subscriber_read_notify (home, request->object, &notify);
  notify.body = body;
  verdict = service_notified (request->sip->service, &notify, &accept);
  if (verdict == SERVICE_BAD_TYPE)
    incoming_reply (request, 415, NULL,
                    TAG_IF (accept != NULL, SIPTAG_ACCEPT_STR (accept)),
                    TAG_END ());
  else
    status_reply (request, verdict, NULL, 0);
}
