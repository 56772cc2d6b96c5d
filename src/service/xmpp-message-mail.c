/* SPDX-License-Identifier: ISC
 *
 * MESSAGEs of our users to XMPP users on their way into mail.h: what is in them
 * is looked at before they are accepted, so that nothing is stored that could
 * never be sent. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-message-priv.h"

#include <string.h>

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "base/error.h"
#include "codec/content.h"
#include "service/devices.h"
#include "service/mail.h"

#define DAY (86400 * XMPP_SECOND)

gboolean
xmpp_mail_has (Service *self, const char *aor)
{
  GHashTable *domains = self->xmpp->domains;

  /* An AoR's domain is in lower case: this is asked for every message. */
  return domains != NULL && g_hash_table_contains (domains, aor_domain (aor));
}

char *
xmpp_mail_device (const char *aor)
{
  return g_strconcat ("xmpp:", aor, NULL);
}

void
xmpp_mail_look_at (XmppMessages *self, const char *aor)
{
  g_autofree char *copy = g_strdup (aor); /* it may be the key */

  if (g_hash_table_remove (self->due, copy))
    mail_look_at (xmpp_messages_service (self)->mail, copy);
}

/* Who is asked for before his turn has it now: to im/ his device comes before
 * there is anything for it, so that what is stored goes first. */
GPtrArray *
xmpp_mail_devices (Service *self, const char *aor)
{
  XmppMessages *part = self->xmpp->message_part;
  GPtrArray *devices = g_ptr_array_new_with_free_func (g_free);

  if (xmpp_is_up (self->xmpp))
    xmpp_mail_look_at (part, aor);
  if (xmpp_is_up (self->xmpp))
    g_ptr_array_add (devices, xmpp_mail_device (aor));
  return devices;
}

void
xmpp_mail_counted (Service *self, const char *recipient, guint n)
{
  XmppMessages *part = self->xmpp->message_part;

  if (n == 0) {
    g_hash_table_remove (part->waiting, recipient);
    return;
  }
  if (g_hash_table_contains (part->waiting, recipient))
    return;
  g_hash_table_add (part->waiting, g_strdup (recipient));
  /* What was stored because the link went down may be so after it came up. */
  if (xmpp_is_up (self->xmpp))
    g_hash_table_add (part->due, g_strdup (recipient));
}

GPtrArray *
xmpp_mail_waiting (Service *self)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer aor;

  g_hash_table_iter_init (&iter, self->xmpp->message_part->waiting);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    g_ptr_array_add (names, aor);
  return names;
}

/* --- A MESSAGE comes --- */

static void
answer_now (ServiceVerdict verdict, guint status, const char *text,
            MessageAnswerFn answer, gpointer data)
{
  const MessageAnswer out
      = { .verdict = verdict, .status = status, .text = text };

  answer (&out, data);
}

/* A header's value, if it is there, can cross. */
static gboolean
is_header_clean (const char *value)
{
  return value == NULL || content_is_clean (value, strlen (value), FALSE);
}

static Content *
read_content (const MessageCommand *command, GError **error)
{
  Content *content = NULL;

  if (!is_header_clean (command->subject)
      || !is_header_clean (command->language)) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
                 "A header has characters that cannot be sent on");
    return NULL;
  }
  content_read (command->content_type, command->content_encoding, command->body,
                command->body_len, &content, error);
  return content;
}

/* The Request-URI's gr names a resource. */
static char *
headers_of (Service *service, const ServiceCaller *caller,
            const MessageCommand *command)
{
  const char *resource = xmpp_resource_of (device_of_caller (service, caller));
  g_autofree char *from_jid = NULL, *to_jid = NULL;
  g_autofree char *from = NULL, *to = NULL;
  GString *out;

  if (resource == NULL)
    resource = caller->instance;
  if (!jid_from_aor (caller->user, resource, &from_jid, NULL)
      && !jid_from_aor (caller->user, NULL, &from_jid, NULL))
    return NULL;
  if (!jid_from_aor (command->peer, command->instance, &to_jid, NULL)
      || !jid_to_uri (from_jid, &from, NULL) || !jid_to_uri (to_jid, &to, NULL))
    return NULL;
  out = g_string_sized_new (256);
  g_string_append_printf (out, "From: <%s>;tag=%s\r\nTo: <%s>\r\n", from,
                          caller->from_tag, to);
  if (command->subject != NULL && *command->subject != '\0')
    g_string_append_printf (out, "Subject: %s\r\n", command->subject);
  if (command->language != NULL && *command->language != '\0')
    g_string_append_printf (out, "Content-Language: %s\r\n", command->language);
  return g_string_free (out, FALSE);
}

static gint64
sent_at (const Service *service, const MessageCommand *command)
{
  gint64 now = clock_wall (service->clock);
  gint64 date = command->date * XMPP_SECOND;

  return date > now - DAY && date < now + DAY ? date : now;
}

static StoredMessage *
stored_of (Service *service, const ServiceCaller *caller,
           const MessageCommand *command, const Content *content, char *headers)
{
  StoredMessage *out = g_new0 (StoredMessage, 1);
  gint64 ttl = service->settings.offline_ttl;

  if (command->expires >= 0)
    ttl = MIN (ttl, command->expires);
  out->call_id = g_strdup (caller->call_id);
  out->from_tag = g_strdup (caller->from_tag);
  out->cseq = caller->cseq;
  out->sender = g_strdup (caller->user);
  out->recipient = g_strdup (command->peer);
  out->imdn_id = g_strdup (content->message_id);
  out->content_type = g_strdup (
      command->content_type != NULL ? command->content_type : "text/plain");
  out->headers = headers;
  out->body = content->inflated != NULL
                  ? g_bytes_ref (content->inflated)
                  : g_bytes_new (command->body, command->body_len);
  out->created_at = sent_at (service, command);
  out->expires_at = service_now (service) + ttl * XMPP_SECOND;
  return out;
}

static ImKeep
keep_of (const Service *service, const MessageCommand *command,
         const Content *content)
{
  if (service->messages == NULL || service->settings.suppress_offline_im
      || content->kind == CONTENT_COMPOSING || command->expires == 0)
    return IM_REFUSE;
  return IM_KEEP;
}

static void
to_mail (Service *service, const ServiceCaller *caller,
         const MessageCommand *command, const Content *content,
         MessageAnswerFn answer, gpointer data)
{
  gboolean is_text = content->kind == CONTENT_TEXT;
  char *headers = headers_of (service, caller, command);
  MailItem item = { .content = is_text ? IM_USER : IM_AUTOMATIC,
                    .keep = keep_of (service, command, content),
                    .is_untold = !is_text,
                    .is_theirs = TRUE,
                    .answer = answer,
                    .data = data };

  if (headers == NULL) {
    answer_now (SERVICE_RELAYED, 404, "This is no address of XMPP", answer,
                data);
    return;
  }
  item.message = stored_of (service, caller, command, content, headers);
  mail_send (service->mail, &item);
}

void
xmpp_message_out (Service *service, const ServiceCaller *caller,
                  const MessageCommand *command, MessageAnswerFn answer,
                  gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Content) content = NULL;

  if (!service_has_domain (service, aor_domain (caller->user))) {
    answer_now (SERVICE_FORBIDDEN, 0,
                "Only users of this server may write to XMPP", answer, data);
    return;
  }
  /* RFC 7247 8: nobody beyond can keep the promise of a sips: URI. */
  if (command->is_sips) {
    answer_now (SERVICE_RELAYED, 416, "XMPP has no sips: URIs", answer, data);
    return;
  }
  content = read_content (command, &error);
  if (content != NULL)
    to_mail (service, caller, command, content, answer, data);
  else
    answer_now (g_error_matches (error, RC_ERROR, RC_ERROR_UNSUPPORTED)
                    ? SERVICE_BAD_TYPE
                    : SERVICE_BAD_REQUEST,
                0, error->message, answer, data);
}
