/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBEs of ours and what comes back: see the header (RFC 6665 4.1, RFC
 * 3261 12.2.1.1). */
#include "sip/subscriber.h"
#include "sip/text.h"
#include "sip/value.h"

#include <string.h>

/* --- SUBSCRIBE --- */

static gboolean
is_sound (const SipSubscribe *subscribe, const char *contact)
{
  const WatchDialog *d = &subscribe->dialog;
  const WatchWish *w = subscribe->wish;

  return contact != NULL && text_is_clean (d->target, "<> ")
         && text_is_clean (contact, "<> ") && text_is_clean (w->from, "<> ")
         && text_is_clean (w->target, "<> ") && text_is_clean (d->call_id, " ")
         && text_is_clean (d->local_tag, " ;")
         && text_is_clean (d->remote_tag, " ;")
         && text_is_clean (d->route_set, "") && text_is_clean (w->accept, "")
         && text_is_token (w->package, strlen (w->package));
}

/* Without headers, which a Request-URI must not have (RFC 3261 19.1.1). */
static char *
request_uri (const char *target)
{
  const char *at = strrchr (target, '@');
  const char *headers = strchr (at != NULL ? at : target, '?');

  return headers != NULL ? g_strndup (target, headers - target)
                         : g_strdup (target);
}

/* RFC 3261 8.1.1.8, 12.1.2: a Contact for who is reached by sips is one too. */
static gboolean
wants_sips (const SipSubscribe *subscribe, const char *contact)
{
  return g_ascii_strncasecmp (subscribe->dialog.target, "sips:", 5) == 0
         && g_str_has_prefix (contact, "sip:");
}

static void
write_dialog (const SipSubscribe *subscribe, const char *contact, GString *out)
{
  const WatchDialog *d = &subscribe->dialog;
  const WatchWish *w = subscribe->wish;
  gboolean is_sips = wants_sips (subscribe, contact);

  g_string_append_printf (out, "From: <%s>;tag=%s\r\nTo: <%s>", w->from,
                          d->local_tag, w->target);
  if (d->remote_tag != NULL)
    g_string_append_printf (out, ";tag=%s", d->remote_tag);
  g_string_append_printf (out,
                          "\r\nCall-ID: %s\r\nCSeq: %u SUBSCRIBE\r\n"
                          "Max-Forwards: 70\r\nContact: <%s%s>\r\n",
                          d->call_id, subscribe->cseq, is_sips ? "sips:" : "",
                          is_sips ? contact + strlen ("sip:") : contact);
}

gboolean
subscriber_write (const SipSubscribe *subscribe, const char *contact,
                  GString *out)
{
  const WatchDialog *d = &subscribe->dialog;
  g_autofree char *uri = NULL;

  if (!is_sound (subscribe, contact))
    return FALSE;
  uri = request_uri (d->target);
  g_string_append_printf (out, "SUBSCRIBE %s SIP/2.0\r\n", uri);
  if (d->route_set != NULL)
    g_string_append_printf (out, "Route: %s\r\n", d->route_set);
  write_dialog (subscribe, contact, out);
  g_string_append_printf (out, "Event: %s\r\n", subscribe->wish->package);
  if (subscribe->wish->accept != NULL)
    g_string_append_printf (out, "Accept: %s\r\n", subscribe->wish->accept);
  g_string_append_printf (out, "Expires: %u\r\nContent-Length: 0\r\n\r\n",
                          subscribe->expires);
  return TRUE;
}

/* Where it goes first: len_out bytes. */
static const char *
first_hop (const SipSubscribe *subscribe, gssize *len_out)
{
  const char *route = subscribe->dialog.route_set, *uri, *rest;
  gsize len;

  *len_out = -1;
  if (route == NULL)
    return subscribe->dialog.target;
  if (!way_first_route (route, &uri, &len, &rest))
    return NULL;
  *len_out = (gssize)len;
  return uri;
}

void
subscriber_way (const SipSubscribe *subscribe, WaySize size, Way *out)
{
  gssize len;
  const char *uri = first_hop (subscribe, &len);

  way_by_uri (out, uri, len, size);
}

char *
subscriber_peer (const SipSubscribe *subscribe)
{
  g_autoptr (Uri) uri = NULL;
  gssize len;
  const char *text = first_hop (subscribe, &len);

  if (text == NULL || !uri_parse (text, len, &uri, NULL))
    return NULL;
  return g_strdup (uri_host (uri));
}

/* --- what comes back --- */

/* A Contact that a request can be sent to (a hostless one would be the end of
 * sofia), on home; else NULL. */
static const char *
target_of (su_home_t *home, const sip_contact_t *contact)
{
  g_autoptr (Uri) uri = NULL;

  if (contact == NULL || contact->m_url->url_type == url_any)
    return NULL;
  uri = value_uri (contact->m_url);
  if (uri == NULL || uri_scheme (uri) == URI_TEL)
    return NULL;
  return value_url (home, contact->m_url);
}

void
subscriber_read_answer (su_home_t *home, const sip_t *response,
                        WatchAnswer *out)
{
  const sip_min_expires_t *least = response->sip_min_expires;
  const sip_expires_t *expires = response->sip_expires;
  const sip_retry_after_t *after = response->sip_retry_after;

  *out = (WatchAnswer){
    .status = response->sip_status->st_status,
    .expires = expires != NULL ? (gint64)expires->ex_delta : -1,
    .min_expires = least != NULL ? MIN (least->me_delta, G_MAXUINT32) : 0,
    .retry_after = after != NULL ? MIN (after->af_delta, G_MAXUINT32) : 0,
    .target = target_of (home, response->sip_contact),
  };
}

static void
read_state (su_home_t *home, const sip_t *sip, WatchNotify *out)
{
  const sip_subscription_state_t *state = sip->sip_subscription_state;

  out->expires = out->retry_after = -1;
  if (state == NULL)
    return;
  out->state = state->ss_substate;
  out->reason = value_param (home, state->ss_params, "reason=");
  out->expires = value_seconds (state->ss_expires);
  out->retry_after = value_seconds (state->ss_retry_after);
}

void
subscriber_read_notify (su_home_t *home, const sip_t *sip, WatchNotify *out)
{
  *out = (WatchNotify){
    .call_id = sip->sip_call_id->i_id,
    .local_tag = sip->sip_to->a_tag,
    .remote_tag = sip->sip_from->a_tag,
    .cseq = sip->sip_cseq->cs_seq,
    .target = target_of (home, sip->sip_contact),
    .route_set = value_text (home, sip->sip_record_route),
    .content_type = value_text (home, sip->sip_content_type),
  };
  if (sip->sip_event != NULL) {
    out->event = sip->sip_event->o_type;
    out->has_id = sip->sip_event->o_id != NULL;
  }
  read_state (home, sip, out);
}
