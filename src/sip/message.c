/* SPDX-License-Identifier: ISC
 *
 * MESSAGE to our users (RFC 3428), and requests that are relayed to other
 * domains. */
#include "sip/request.h"

static void
answered_cb (const MessageAnswer *answer, gpointer data)
{
  SipIncoming *request = data;

  if (answer->verdict == SERVICE_RELAYED)
    incoming_relay (request, answer->response);
  else
    status_reply (request, answer->verdict, answer->text, 0);
  incoming_unref (request);
}

/* Both go on to somebody else, so both count as a proxy's (RFC 3261 16.3). */
static gboolean
may_go_on (SipIncoming *request)
{
  const sip_t *sip = request->object;
  sip_unsupported_t *unsupported
      = check_extensions (msg_home (request->msg), "", sip->sip_proxy_require);

  if (check_is_last_hop (sip)) {
    incoming_reply (request, 483, NULL, TAG_END ());
    return FALSE;
  }
  if (unsupported != NULL) {
    incoming_reply (request, 420, NULL, SIPTAG_UNSUPPORTED (unsupported),
                    TAG_END ());
    return FALSE;
  }
  return TRUE;
}

static void
ask (SipIncoming *request, const MessageCommand *command)
{
  ServiceCaller caller;

  request_caller (request, &caller);
  service_message (request->sip->service, &caller, command, answered_cb,
                   incoming_ref (request));
}

void
request_message (SipIncoming *request)
{
  MessageCommand command = { .recipient = request_aor (request),
                             .request = request,
                             .is_message = TRUE };

  if (command.recipient == NULL) {
    status_reply (request, SERVICE_NOT_FOUND, NULL, 0);
    return;
  }
  command.instance = uri_param (request->checked.uri, "gr");
  if (may_go_on (request))
    ask (request, &command);
}

void
request_relay (SipIncoming *request)
{
  const MessageCommand command
      = { .request = request,
          .is_message
          = request->object->sip_request->rq_method == sip_method_message };

  if (may_go_on (request))
    ask (request, &command);
}
