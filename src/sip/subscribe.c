/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBE (RFC 6665 4.2.1): what makes the dialog to service/, its tag
 * back. */
#include "sip/request.h"

#include <string.h>

#define LISTS "eventlist" /* RFC 4662 */

static void
reply_ok (SipIncoming *request, const SubscribeAnswer *answer,
          const char *contact)
{
  su_home_t *home = msg_home (request->msg);
  sip_to_t *to = sip_to_dup (home, request->object->sip_to);

  if (to->a_tag == NULL)
    sip_to_tag (home, to, answer->local_tag);
  incoming_reply (request, answer->is_quiet ? 204 : 200,
                  answer->is_quiet ? "No Notification" : NULL, SIPTAG_TO (to),
                  SIPTAG_EXPIRES_STR (su_sprintf (home, "%u", answer->expires)),
                  SIPTAG_ALLOW_EVENTS_STR (service_allow_events ()),
                  TAG_IF (answer->etag != NULL, SIPTAG_ETAG_STR (answer->etag)),
                  TAG_IF (answer->is_list, SIPTAG_REQUIRE_STR (LISTS)),
                  TAG_IF (contact != NULL, SIPTAG_CONTACT_STR (su_sprintf (
                                               home, "<%s>", contact))),
                  TAG_END ());
}

/* Our Contact for the transport that the request came by. */
static const char *
local_contact (const SipIncoming *request)
{
  char proto[4];

  g_strlcpy (proto, request->source,
             MIN (sizeof proto, strcspn (request->source, ":") + 1));
  return transport_contact (request->sip->transport, request->agent, proto);
}

static void
answered_cb (const SubscribeAnswer *answer, gpointer data)
{
  SipIncoming *request = data;

  if (answer->verdict == SERVICE_OK)
    reply_ok (request, answer, local_contact (request));
  else if (answer->verdict == SERVICE_BAD_TYPE)
    incoming_reply (request, 415, NULL, SIPTAG_ACCEPT_STR (answer->accept),
                    TAG_END ());
  else if (answer->verdict == SERVICE_NEEDS_LISTS)
    incoming_reply (request, 421, NULL, SIPTAG_REQUIRE_STR (LISTS), TAG_END ());
  else
    status_reply (request, answer->verdict, answer->text, answer->min_expires);
  incoming_unref (request);
}

/* NULL: a dialog can be made of it. */
static const char *
fault_of (const SipIncoming *request)
{
  const sip_contact_t *contact = request->object->sip_contact;

  if (contact == NULL)
    return "Contact missing";
  if (contact->m_url->url_type != url_sip
      && contact->m_url->url_type != url_sips)
    return "Contact is no SIP URI";
  if (request_is_strict (request))
    return "Record-Route without lr";
  return NULL;
}

/* Its body where it has a type: a stray line over UDP has none.  The parts of
 * a multipart body are found by a parameter of its type.  NULL for none. */
static SubsBody *
typed_body (const SipIncoming *request, GBytes *bytes)
{
  const sip_content_type_t *type = request->object->sip_content_type;
  const char *name;

  if (bytes == NULL || type == NULL)
    return NULL;
  name = type->c_type;
  if (g_ascii_strncasecmp (name, "multipart/", 10) == 0)
    name = value_text (msg_home (request->msg), type);
  return subs_body_new (name, bytes);
}

static gboolean
is_optional (const sip_content_disposition_t *how)
{
  return how != NULL && how->cd_optional;
}

/* What a SUBSCRIBE says in Event that its NOTIFYs do not: how the subscriber
 * would like to be told, for that is not how he is (RFC 5875 4.3); who asks, and
 * for which profile (RFC 6080 6.2). */
static const struct {
  const char *package, *name;
} unsaid[] = {
  { "xcap-diff", "diff-processing" }, { "ua-profile", "profile-type" },
  { "ua-profile", "vendor" },         { "ua-profile", "model" },
  { "ua-profile", "version" },        { "ua-profile", "effective-by" },
};

/* The Event header as a NOTIFY repeats it. */
static const char *
event_text (su_home_t *home, const sip_event_t *event)
{
  sip_event_t *copy = sip_event_dup (home, event);

  for (guint i = 0; i < G_N_ELEMENTS (unsaid); i++)
    if (g_ascii_strcasecmp (event->o_type, unsaid[i].package) == 0)
      while (msg_header_remove_param (copy->o_common, unsaid[i].name) > 0)
        ;
  return value_text (home, copy);
}

/* A token (RFC 6080 6.2.1); but phones write it in quotes.  NULL: there is
 * none. */
static const char *
profile_type (su_home_t *home, const sip_event_t *event)
{
  const char *value = msg_header_find_param (event->o_common, "profile-type=");

  return value != NULL && *value == '"' ? msg_unquote_dup (home, value) : value;
}

static void
read_dialog (const SipIncoming *request, const ServiceCaller *caller,
             SubsDialog *out)
{
  const sip_t *sip = request->object;
  su_home_t *home = msg_home (request->msg);
  char *package = su_strdup (home, sip->sip_event->o_type);

  for (char *p = package; *p != '\0'; p++)
    *p = g_ascii_tolower (*p);
  *out = (SubsDialog){
    .watcher = request->user,
    .package = package,
    .event = event_text (home, sip->sip_event),
    .call_id = caller->call_id,
    .local_tag = sip->sip_to->a_tag,
    .remote_tag = caller->from_tag,
    .local_uri = value_url (home, sip->sip_to->a_url),
    .remote_uri = value_url (home, sip->sip_from->a_url),
    .target = caller->contact,
    .instance = caller->instance,
    .route_set = value_text (home, sip->sip_record_route),
    .accept = value_text (home, sip->sip_accept),
    .source = request->source,
    .local_contact = local_contact (request),
    .flow = request->flow,
    .is_trusted = request->is_trusted,
  };
}

/* The value of Suppress-If-Match (RFC 5839 7.2), *n_out of which there are; NULL
 * for none. */
static const char *
suppress_of (const sip_t *sip, guint *n_out)
{
  const char *value = NULL;

  *n_out = 0;
  for (const sip_unknown_t *h = sip->sip_unknown; h != NULL; h = h->un_next)
    if (g_ascii_strcasecmp (h->un_name, "Suppress-If-Match") == 0
        && ++*n_out == 1)
      value = h->un_value;
  return value;
}

static gboolean
has_tag (const msg_list_t *tags, const char *tag)
{
  for (guint i = 0;
       tags != NULL && tags->k_items != NULL && tags->k_items[i] != NULL; i++)
    if (g_ascii_strcasecmp (tags->k_items[i], tag) == 0)
      return TRUE;
  return FALSE;
}

/* Whom it is for: a user of ours, one or a room of XMPP, or, in a domain of
 * ours, the list in its body (RFC 5367); NULL: neither. */
static const char *
presentity_of (const SipIncoming *request)
{
  const Uri *uri = request->checked.uri;
  const char *aor = request_aor (request);

  if (request_is_for_xmpp (request)) {
    g_autofree char *beyond = uri_aor (uri);

    return su_strdup (msg_home (request->msg), beyond);
  }
  if (aor != NULL || uri_user (uri) != NULL || uri_host (uri) == NULL
      || !service_has_domain (request->sip->service, uri_host (uri)))
    return aor;
  return su_strdup (msg_home (request->msg), uri_host (uri));
}

/* TRUE: it has been answered. */
static gboolean
refuse (SipIncoming *request)
{
  const sip_t *sip = request->object;
  const char *fault = fault_of (request);
  guint n_suppress;

  suppress_of (sip, &n_suppress);
  if (n_suppress > 1 && fault == NULL)
    fault = "more than one Suppress-If-Match";
  if (sip->sip_event == NULL)
    status_reply (request, SERVICE_BAD_EVENT, "Event missing", 0);
  else if (fault != NULL)
    status_reply (request, SERVICE_BAD_REQUEST, fault, 0);
  else
    return FALSE;
  return TRUE;
}

/* FALSE: it has been answered.  One that is optional and cannot be read is as if
 * it were not there. */
static gboolean
read_body (SipIncoming *request, SubsBody **out)
{
  g_autoptr (GBytes) bytes = NULL;

  if (is_optional (request->object->sip_content_disposition))
    request_read_body (request, &bytes, NULL);
  else if (!request_body (request, &bytes))
    return FALSE;
  *out = typed_body (request, bytes);
  return TRUE;
}

void
request_subscribe (SipIncoming *request)
{
  SubscribeCommand command = { .expires = request_expires (request) };
  g_autoptr (SubsBody) body = NULL;
  ServiceCaller caller;
  guint n_suppress;

  if (refuse (request) || !read_body (request, &body))
    return;
  request_caller (request, &caller);
  read_dialog (request, &caller, &command.dialog);
  command.dialog.body = body;
  command.is_body_optional
      = is_optional (request->object->sip_content_disposition);
  command.profile_type
      = profile_type (msg_home (request->msg), request->object->sip_event);
  command.suppress = suppress_of (request->object, &n_suppress);
  command.dialog.presentity = presentity_of (request);
  command.list = uri_param (request->checked.uri, "pres-list");
  command.password = uri_param (request->checked.uri, "password");
  command.has_lists = has_tag (request->object->sip_supported, LISTS)
                      || has_tag (request->object->sip_require, LISTS);
  if (command.dialog.presentity == NULL && command.dialog.local_tag == NULL) {
    status_reply (request, SERVICE_NOT_FOUND, NULL, 0);
    return;
  }
  if (command.dialog.presentity == NULL) /* our Contact: the tag says it */
    command.dialog.presentity = command.dialog.watcher;
  service_subscribe (request->sip->service, &caller, &command, answered_cb,
                     incoming_ref (request));
}
