/* SPDX-License-Identifier: ISC
 *
 * MESSAGE to our users and to many (RFC 3428, RFC 5365), and requests that are
 * relayed to other domains. */
#include "sip/message.h"
#include "sip/request.h"

#include "codec/mime.h"

#include <string.h>

/* Seconds from 1900, where sofia begins to count, to 1970. */
#define FROM_1900 G_GINT64_CONSTANT (2208988800)
/* How many parts of a body are looked at; service/ reads no more of them. */
#define PARTS_MAX 16

static void
answered_cb (const MessageAnswer *answer, gpointer data)
{
  SipIncoming *request = data;

  if (answer->verdict == SERVICE_RELAYED && answer->response != NULL)
    incoming_relay (request, answer->response);
  else if (answer->verdict == SERVICE_RELAYED)
    status_reply_as (request, answer->status, answer->text);
  else
    status_reply (request, answer->verdict, answer->text, 0);
  incoming_unref (request);
}

/* --- what it says --- */

static gint64
unix_time (sip_time_t since_1900)
{
  return MAX ((gint64)since_1900 - FROM_1900, 0);
}

static gint64
expires_left (const sip_t *sip, gint64 now)
{
  const sip_expires_t *expires = sip->sip_expires;
  gint64 sent = sip->sip_date ? unix_time (sip->sip_date->d_time) : now;
  gint64 end;

  if (expires == NULL)
    return -1;
  if (expires->ex_date != 0) /* as RFC 2543 had it */
    end = unix_time (expires->ex_date);
  else
    end = MIN (sent, now) + (gint64)MIN (expires->ex_delta, G_MAXUINT32);
  return CLAMP (end - now, 0, G_MAXUINT32);
}

void
message_read (su_home_t *home, const sip_t *sip, gint64 now,
              MessageCommand *out)
{
  const sip_payload_t *body = sip->sip_payload;

  out->is_message = TRUE;
  out->is_in_dialog = sip->sip_to->a_tag != NULL;
  out->content_type = value_text (home, sip->sip_content_type);
  out->content_encoding = value_text (home, sip->sip_content_encoding);
  out->expires = expires_left (sip, now);
  out->subject = value_text (home, sip->sip_subject);
  out->language = value_text (home, sip->sip_content_language);
  out->is_sips = sip->sip_request->rq_url->url_type == url_sips
                 || sip->sip_to->a_url->url_type == url_sips;
  if (sip->sip_date != NULL)
    out->date = unix_time (sip->sip_date->d_time);
  if (body != NULL && body->pl_len > 0) {
    out->body = body->pl_data;
    out->body_len = body->pl_len;
  }
}

/* --- to many --- */

static gboolean
has_list_part (const sip_t *sip, const char *content_type)
{
  const sip_payload_t *body = sip->sip_payload;
  g_autoptr (GArray) parts = NULL;

  if (body == NULL || content_type == NULL
      || g_ascii_strncasecmp (content_type, "multipart/", 10) != 0
      || !multipart_parse (body->pl_data, body->pl_len, content_type, PARTS_MAX,
                           &parts, NULL))
    return FALSE;
  for (guint i = 0; i < parts->len; i++) {
    g_autofree char *disposition = mime_header (
        &g_array_index (parts, MimePart, i), "Content-Disposition");

    if (mime_is (disposition, "recipient-list"))
      return TRUE;
  }
  return FALSE;
}

gboolean
message_is_to_many (const sip_t *sip)
{
  su_home_t home[1] = { SU_HOME_INIT (home) };
  const sip_content_disposition_t *disposition = sip->sip_content_disposition;
  gboolean is_so;

  is_so = sip_has_feature (sip->sip_require, REQUEST_MANY_TAG)
          || (disposition != NULL
              && mime_is (disposition->cd_type, "recipient-list"))
          || has_list_part (sip, value_text (home, sip->sip_content_type));
  su_home_deinit (home);
  return is_so;
}

/* --- where it goes --- */

/* What goes on to somebody else counts as a proxy's (RFC 3261 16.3): Require is
 * for its end. */
static gboolean
may_go_on (SipIncoming *request)
{
  const sip_t *sip = request->object;

  if (check_is_last_hop (sip)) {
    incoming_reply (request, 483, NULL, TAG_END ());
    return FALSE;
  }
  return request_is_understood (request, "", sip->sip_proxy_require);
}

static void
ask (SipIncoming *request, MessageCommand *command)
{
  const Sip *sip = request->sip;
  ServiceCaller caller;

  command->request = request;
  if (request->object->sip_request->rq_method == sip_method_message)
    message_read (msg_home (request->msg), request->object,
                  clock_wall (sip->clock) / G_USEC_PER_SEC, command);
  request_caller (request, &caller);
  service_message (sip->service, &caller, command, answered_cb,
                   incoming_ref (request));
}

/* To a list, or to the service itself: Require is for us. */
static void
ask_list (SipIncoming *request, MessageCommand *command, const char *supported)
{
  if (request_is_understood (request, supported, request->object->sip_require))
    ask (request, command);
}

/* The Request-URI names no user. */
static void
take_for_server (SipIncoming *request)
{
  MessageCommand command = { .is_many = TRUE };
  const Uri *uri = request->checked.uri;

  if (uri_user (uri) == NULL
      && service_has_domain (request->sip->service, uri_host (uri))
      && message_is_to_many (request->object))
    ask_list (request, &command, REQUEST_SUPPORTED ", " REQUEST_MANY_TAG);
  else
    status_reply (request, SERVICE_NOT_FOUND, NULL, 0);
}

void
request_message (SipIncoming *request)
{
  const Uri *uri = request->checked.uri;
  MessageCommand command = { .recipient = request_aor (request),
                             .instance = uri_param (uri, "gr"),
                             .list = uri_param (uri, "pres-list") };
  gboolean is_end = command.recipient == NULL || command.list != NULL;

  /* Dialogs that end here are of NOTIFYs, and know no MESSAGE. */
  if (is_end && request->object->sip_to->a_tag != NULL)
    incoming_reply (request, 481, NULL, TAG_END ());
  else if (command.recipient == NULL)
    take_for_server (request);
  else if (is_end)
    ask_list (request, &command, REQUEST_SUPPORTED);
  else if (may_go_on (request))
    ask (request, &command);
}

/* Whose address in another domain it is; NULL without a user. */
static const char *
peer_of (const SipIncoming *request)
{
  const Uri *uri = request->checked.uri;
  g_autofree char *aor = uri_user (uri) != NULL ? uri_aor (uri) : NULL;

  return aor != NULL ? su_strdup (msg_home (request->msg), aor) : NULL;
}

void
request_relay (SipIncoming *request)
{
  MessageCommand command
      = { .peer = peer_of (request),
          .instance = uri_param (request->checked.uri, "gr"),
          .password = uri_param (request->checked.uri, "password"),
          .expires = -1 };

  if (may_go_on (request))
    ask (request, &command);
}
