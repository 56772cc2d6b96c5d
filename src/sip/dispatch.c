/* SPDX-License-Identifier: ISC
 *
 * From a message to its method. */
#define G_LOG_DOMAIN "sip"
#include "sip/dispatch.h"
#include "sip/identity.h"
#include "sip/request.h"

#include "codec/inflate.h"

#include <string.h>

static void
reply_options (SipIncoming *request)
{
  incoming_reply (
      request, 200, NULL, SIPTAG_ALLOW_STR (request_allow ()),
      SIPTAG_ACCEPT_STR ("application/pidf+xml, application/pidf-diff+xml, "
                         "application/simple-filter+xml"),
      SIPTAG_ACCEPT_ENCODING_STR (INFLATE_CODINGS),
      SIPTAG_SUPPORTED_STR (REQUEST_SUPPORTED ", " REQUEST_MANY_TAG
                                              ", " REQUEST_LIST_TAGS),
      SIPTAG_ALLOW_EVENTS_STR (service_allow_events ()), TAG_END ());
}

/* RFC 3261 21.4.6, 21.5.2. */
static void
reply_not_allowed (SipIncoming *request)
{
  int method = request->object->sip_request->rq_method;

  incoming_reply (request, method == sip_method_unknown ? 501 : 405, NULL,
                  SIPTAG_ALLOW_STR (request_allow ()), TAG_END ());
}

/* CANCEL: no INVITE is pending here. */
static void
reply_gone (SipIncoming *request)
{
  incoming_reply (request, 481, NULL, TAG_END ());
}

typedef struct {
  const char *name;
  void (*handle) (SipIncoming *request);
  gboolean needs_identity;
  gboolean is_end; /* we are the end, so Require is for us */
} Method;

static const Method methods[] = {
  { "REGISTER", request_register, TRUE, TRUE },
  { "SUBSCRIBE", request_subscribe, TRUE, TRUE },
  { "PUBLISH", request_publish, TRUE, TRUE },
  { "MESSAGE", request_message, TRUE, FALSE },
  { "OPTIONS", reply_options, FALSE, TRUE },
  { "CANCEL", reply_gone, FALSE, FALSE },
  { "NOTIFY", request_notify, FALSE, TRUE },
};
static const Method other_method = { "", reply_not_allowed, FALSE, FALSE };
static const Method relay_method = { "", request_relay, TRUE, FALSE };

static const Method *
method_of (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (strcmp (methods[i].name, name) == 0)
      return &methods[i];
  return &other_method;
}

/* RFC 3261 16.4: Routes that name ourselves have led the request here. */
static void
drop_own_routes (SipIncoming *request)
{
  sip_t *sip = request->object;

  while (sip->sip_route != NULL) {
    g_autoptr (Uri) uri = value_uri (sip->sip_route->r_url);

    if (!request_is_ours (request->sip, uri_host (uri), uri_port (uri)))
      break;
    sip_route_remove (request->msg, sip);
  }
}

/* Which row a request gets.  Calls are never relayed. */
static const Method *
row_of (const SipIncoming *request)
{
  const Uri *uri = request->checked.uri;
  const sip_request_t *line = request->object->sip_request;

  if (request_is_ours (request->sip, uri_host (uri), uri_port (uri))
      || request_is_for_xmpp (request)
      || line->rq_method == sip_method_invite
      || line->rq_method == sip_method_cancel)
    return method_of (line->rq_method_name);
  return &relay_method;
}

static void
note_refused (const Sip *self, const sip_t *object, const char *source,
              const CheckFault *fault)
{
  g_info ("%s from %s (Call-ID %s) refused: %d %s",
          object->sip_request->rq_method_name, source,
          object->sip_call_id != NULL ? object->sip_call_id->i_id : "none",
          fault->status, fault->sentence);
  counters_add (self->counters, "bad_requests_total", 1);
}

void
dispatch_refused (const sip_t *object, const char *source, int status,
                  gpointer data)
{
  CheckFault fault = { status, "Header Missing, Doubled or Malformed" };

  if (object->sip_via == NULL)
    fault.sentence = "No Via, so dropped";
  note_refused (data, object, source, &fault);
}

static gboolean
is_sane (SipIncoming *request)
{
  const CheckFault *fault = check_request (
      request->object, &request->sip->limits, &request->checked);

  if (fault == NULL)
    return TRUE;
  note_refused (request->sip, request->object, request->source, fault);
  incoming_reply (request, fault->status, fault->sentence, TAG_END ());
  return FALSE;
}

/* The source's bucket is its address without the port. */
static gboolean
is_within_rate (SipIncoming *request)
{
  Sip *sip = request->sip;
  const char *end = strrchr (request->source, ':');
  const char *start = strchr (request->source, ':');
  g_autofree char *host = g_strndup (start, end - start);

  if (request->is_trusted
      || limit_take (sip->per_source, host, clock_now (sip->clock)))
    return TRUE;
  g_info ("too many requests from %s", request->source);
  counters_add (sip->counters, "rate_limited_total{by=\"source\"}", 1);
  status_reply_busy (request);
  return FALSE;
}

static gboolean
is_user_within_rate (SipIncoming *request)
{
  Sip *sip = request->sip;

  if (limit_take (sip->per_user, request->user, clock_now (sip->clock)))
    return TRUE;
  g_info ("too many requests of %s", request->user);
  counters_add (sip->counters, "rate_limited_total{by=\"user\"}", 1);
  status_reply_busy (request);
  return FALSE;
}

/* Of what ends here a SUBSCRIBE or a NOTIFY makes a dialog, and a MESSAGE never
 * does.  In others Record-Route means nothing, and nta would copy it to their
 * answers (RFC 3903 6, RFC 3428 9). */
static void
drop_record_route (SipIncoming *request, const Method *method)
{
  sip_t *sip = request->object;
  gboolean means_something
      = method->is_end ? method->handle == request_subscribe
                             || method->handle == request_notify
                       : sip->sip_request->rq_method != sip_method_message;

  if (!means_something && sip->sip_record_route != NULL)
    msg_header_remove_all (request->msg, (msg_pub_t *)sip,
                           (msg_header_t *)sip->sip_record_route);
}

/* The process before may have stored this MESSAGE and not answered it: that is
 * known when everything is loaded, and until then a 503 would be wrong.  Its
 * sender repeats it. */
static gboolean
is_too_early (const SipIncoming *request)
{
  const Sip *sip = request->sip;

  return request->object->sip_request->rq_method == sip_method_message
         && incoming_is_datagram (request) && !sip->is_quiet
         && !service_is_ready (sip->service)
         && clock_now (sip->clock) < sip->repeats_until;
}

static const char *
supported_by (const Method *method)
{
  return method->handle == request_subscribe ? REQUEST_SUPPORTED
             ", " REQUEST_LIST_TAGS
                                             : REQUEST_SUPPORTED;
}

static void
handle (SipIncoming *request)
{
  const Method *method;

  if (!is_sane (request))
    return;
  drop_own_routes (request);
  method = row_of (request);
  drop_record_route (request, method);
  if (is_too_early (request))
    return;
  if (incoming_is_repeated (request) || !is_within_rate (request))
    return;
  if (method->needs_identity
      && (request->sip->is_quiet || !service_is_ready (request->sip->service)))
    status_reply_busy (request);
  else if ((!method->is_end
            || request_is_understood (request, supported_by (method),
                                      request->object->sip_require))
           && (!method->needs_identity
               || (identity_establish (request, method == &relay_method)
                   && is_user_within_rate (request))))
    method->handle (request);
}

static void
count (const Sip *sip, const char *method)
{
  char name[64];

  if (method_of (method) == &other_method)
    method = "other";
  g_snprintf (name, sizeof name, "requests_total{method=\"%s\"}", method);
  counters_add (sip->counters, name, 1);
}

void
dispatch_message (nta_agent_t *agent, msg_t *msg, sip_t *object, gpointer data)
{
  Sip *self = data;
  SipIncoming *request;

  if (object->sip_request == NULL
      || object->sip_request->rq_method == sip_method_ack) {
    nta_msg_discard (agent, msg);
    return;
  }
  count (self, object->sip_request->rq_method_name);
  request = incoming_new (self, agent, msg);
  handle (request);
  incoming_unref (request);
}
