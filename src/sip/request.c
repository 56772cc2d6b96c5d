/* SPDX-License-Identifier: ISC
 *
 * From sofia's structures to what service/ takes. */
#include "sip/request.h"

#include "addr/aor.h"
#include "base/error.h"
#include "codec/inflate.h"
#include "service/xmpp.h"

gboolean
request_is_ours (const Sip *sip, const char *host, guint port)
{
  return host != NULL
         && (service_has_domain (sip->service, host)
             || transport_is_self (sip->transport, host, port));
}

gboolean
request_is_for_xmpp (const SipIncoming *request)
{
  const char *host = uri_host (request->checked.uri);
  Service *service = request->sip->service;

  return request->object->sip_request->rq_method == sip_method_subscribe
         && host != NULL
         && (xmpp_has_domain (service, host) || xmpp_has_rooms (service, host));
}

const char *
request_aor (const SipIncoming *request)
{
  const Service *service = request->sip->service;
  const Uri *uri = request->checked.uri, *to = request->checked.to;
  const char *domain = uri_host (uri);

  if (uri_user (uri) == NULL)
    return NULL;
  if (!service_has_domain ((Service *)service, domain))
    domain = uri_host (to);
  if (domain == NULL || !service_has_domain ((Service *)service, domain))
    return NULL;
  return su_sprintf (msg_home (request->msg), "%s@%s", uri_user (uri), domain);
}

gint64
request_expires (const SipIncoming *request)
{
  const sip_expires_t *expires = request->object->sip_expires;

  return expires != NULL ? (gint64)MIN (expires->ex_delta, G_MAXUINT32) : -1;
}

/* The gr parameter, without parsing a URI that has none. */
static const char *
gr_of (su_home_t *home, const url_t *url)
{
  g_autoptr (Uri) uri = NULL;
  const char *gr;

  if (!url_has_param (url, "gr") || (uri = value_uri (url)) == NULL)
    return NULL;
  gr = uri_param (uri, "gr");
  return gr != NULL && *gr != '\0' ? su_strdup (home, gr) : NULL;
}

/* RFC 5626 4.1; a client that uses its GRUU says there who it is (RFC 5627). */
static const char *
instance_of (const SipIncoming *request)
{
  const sip_contact_t *contact = request->object->sip_contact;
  su_home_t *home = msg_home (request->msg);
  const char *found = NULL;

  if (contact != NULL)
    found = value_param (home, contact->m_params, "+sip.instance=");
  if (found == NULL && contact != NULL)
    found = gr_of (home, contact->m_url);
  if (found == NULL)
    found = gr_of (home, request->object->sip_from->a_url);
  return found;
}

void
request_caller (const SipIncoming *request, ServiceCaller *out)
{
  const sip_t *sip = request->object;
  const sip_contact_t *contact = sip->sip_contact;

  *out = (ServiceCaller){ .user = request->user,
                          .is_trusted = request->is_trusted,
                          .source = request->source,
                          .flow = request->flow,
                          .is_relayed
                          = request->is_trusted || sip->sip_via->v_next != NULL,
                          .call_id = sip->sip_call_id->i_id,
                          .from_tag = sip->sip_from->a_tag,
                          .cseq = sip->sip_cseq->cs_seq,
                          .instance = instance_of (request) };
  if (contact != NULL && contact->m_url->url_type != url_any)
    out->contact = value_url (msg_home (request->msg), contact->m_url);
}

/* The coding of its body; several at once are none that we know. */
static const char *
coding_of (const SipIncoming *request)
{
  const sip_content_encoding_t *encoding
      = request->object->sip_content_encoding;

  if (encoding == NULL || encoding->k_items == NULL)
    return NULL;
  return encoding->k_items[0] != NULL && encoding->k_items[1] != NULL
             ? "several"
             : encoding->k_items[0];
}

gboolean
request_read_body (const SipIncoming *request, GBytes **out, GError **error)
{
  const sip_payload_t *body = request->object->sip_payload;

  *out = NULL;
  return body == NULL || body->pl_len == 0
         || inflate_body (coding_of (request), body->pl_data, body->pl_len,
                          request->sip->limits.max_body, out, error);
}

gboolean
request_body (SipIncoming *request, GBytes **out)
{
  g_autoptr (GError) error = NULL;

  if (request_read_body (request, out, &error))
    return TRUE;
  if (g_error_matches (error, RC_ERROR, RC_ERROR_UNSUPPORTED))
    incoming_reply (request, 415, NULL,
                    SIPTAG_ACCEPT_ENCODING_STR (INFLATE_CODINGS), TAG_END ());
  else if (g_error_matches (error, RC_ERROR, RC_ERROR_BOUND))
    status_reply (request, SERVICE_TOO_LARGE, NULL, 0);
  else
    status_reply (request, SERVICE_BAD_REQUEST, error->message, 0);
  return FALSE;
}

gboolean
request_is_strict (const SipIncoming *request)
{
  const sip_record_route_t *route = request->object->sip_record_route;

  for (; route != NULL; route = route->r_next)
    if (!url_has_param (route->r_url, "lr"))
      return TRUE;
  return FALSE;
}

gboolean
request_is_understood (SipIncoming *request, const char *supported,
                       const msg_list_t *required)
{
  sip_unsupported_t *unsupported
      = check_extensions (msg_home (request->msg), supported, required);

  if (unsupported == NULL)
    return TRUE;
  incoming_reply (request, 420, NULL, SIPTAG_UNSUPPORTED (unsupported),
                  TAG_END ());
  return FALSE;
}

const char *
request_allow (void)
{
  return "REGISTER, PUBLISH, SUBSCRIBE, NOTIFY, MESSAGE, OPTIONS";
}
