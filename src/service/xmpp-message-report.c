/* SPDX-License-Identifier: ISC
 *
 * Receipts (XEP-0184) and errors as disposition notifications (RFC 5438), to
 * the SIP user who asked for them. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-message-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "base/ids.h"
#include "codec/content.h"
#include "service/aggregate.h"
#include "service/judge.h"
#include "service/mail.h"
#include "service/xmpp-errors.h"

#define ID_BITS 80

static GBytes *
document (Service *service, const char *sender, const char *recipient,
          const XmppStanzaId *id, guint status)
{
  g_autofree char *from = aor_to_uri (recipient), *to = aor_to_uri (sender);
  g_autofree char *own_id = rc_token_new (ID_BITS);
  /* An id is the time of the message's arrival. */
  g_autofree char *sent = cpim_datetime ((gint64)id->message / XMPP_SECOND);
  const Imdn imdn = { .message_id = (char *)id->imdn_id,
                      .datetime = sent,
                      .recipient = from,
                      .original_recipient = from,
                      .kind = IMDN_OF_DELIVERY,
                      .status = (ImdnStatus)status };

  if (sent == NULL)
    return NULL;
  return content_write_report (
      from, to, clock_wall (service->clock) / XMPP_SECOND, own_id, &imdn);
}

static void
nobody_cb (const MessageAnswer *answer, gpointer data)
{
}

/* One of a message to many may wait for others. */
static gboolean
is_gathered (Service *service, const char *sender, GBytes *body)
{
  MessageCommand command
      = { .recipient = sender, .content_type = CONTENT_CPIM, .expires = -1 };

  command.body = g_bytes_get_data (body, &command.body_len);
  return aggregate_take (service->aggregates, sender, &command, nobody_cb,
                         NULL);
}

void
xmpp_report (XmppMessages *self, const char *sender, const char *recipient,
             const XmppStanzaId *id, guint status)
{
  Service *service = xmpp_messages_service (self);
  const StoreUser *user = service_enabled_user (service, sender);
  MailItem item
      = { .content = IM_AUTOMATIC, .keep = IM_REFUSE, .is_untold = TRUE };
  g_autoptr (GBytes) body = NULL;

  if (id->imdn_id == NULL || !service->settings.im_enabled)
    return;
  body = document (service, sender, recipient, id, status);
  if (body == NULL)
    return;
  if (user != NULL && is_gathered (service, user->aor, body))
    return;
  if (user != NULL && !service->settings.suppress_offline_im
      && service->messages != NULL)
    item.keep = IM_KEEP;
  item.message
      = mail_own (service, recipient, user != NULL ? user->aor : sender);
  item.message->content_type = g_strdup (CONTENT_CPIM);
  item.message->body = g_steal_pointer (&body);
  mail_send (service->mail, &item);
}

void
xmpp_mail_returned (Service *service, const StoredMessage *message,
                    guint status)
{
  gsize len = 0;
  const char *bytes
      = message->body != NULL ? g_bytes_get_data (message->body, &len) : NULL;
  g_autoptr (Content) content = NULL;
  XmppStanzaId id = { .message = message->id };

  if (!content_read (message->content_type, NULL, bytes, len, &content, NULL)
      || !(content->wanted & IMDN_NEGATIVE))
    return;
  id.imdn_id = content->message_id;
  xmpp_report (service->xmpp->message_part, message->sender, message->recipient,
               &id, IMDN_FAILED);
}

/* --- The other way --- */

/* A receipt of ours says that he is there (XEP-0184 8): that is for who may know. */
static gboolean
may_know (Service *service, const StoredMessage *message)
{
  return judge_shares (service, message->sender, message->recipient)
         && judge_watch (service, message->sender, message->recipient,
                         "presence", NULL)
                    .decision
                == POLICY_ALLOW;
}

void
xmpp_mail_plain_taken (Service *service, const StoredMessage *message,
                       const char *device)
{
  Xmpp *xmpp = service->xmpp;
  g_autofree char *from = NULL, *to = NULL, *resource = NULL;
  g_autofree char *receipt = xmpp_id_of_token (message->imdn_id);
  g_autofree char *id = rc_token_new (ID_BITS);
  XmppMessage stanza
      = { .type = XMPP_MESSAGE_CHAT, .id = id, .receipt = receipt };

  if (receipt == NULL || !xmpp_is_up (xmpp) || !may_know (service, message))
    return;
  resource = xmpp_gr_of (message->headers, "From");
  if (!jid_from_aor (message->sender, resource, &to, NULL)
      || !jid_from_aor (message->recipient, xmpp_resource_of (device), &from,
                        NULL))
    return;
  stanza.from = from;
  stanza.to = to;
  xmpp_send_message (xmpp, &stanza, NULL, NULL);
}
