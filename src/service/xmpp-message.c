/* SPDX-License-Identifier: ISC
 *
 * Messages of XMPP users to ours (RFC 7572 4, table 1), by the same policy and
 * the same way (mail.h) as a MESSAGE. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-message-priv.h"

#include <string.h>

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "base/ids.h"
#include "codec/composing.h"
#include "codec/content.h"
#include "service/devices.h"
#include "service/judge.h"
#include "service/mail.h"
#include "service/xmpp-errors.h"

#define THREADS_MAX 10000
/* Recipients whose stored messages are begun with in one tick (100 ms). */
#define LOOKS 50
#define SUBJECT_MAX 1000
#define ID_BITS 80
/* A clock may be so much before ours. */
#define SKEW 60

/* One whose recipient's policy is being read. */
typedef struct {
  GList link; /* in asking; out of it when the part has ended */
  XmppMessages *part;
  XmppMessage *message;
} Asking;

/* Who waits for the answer to a message. */
typedef struct {
  GList link; /* in upstreams */
  XmppMessages *part;
  XmppMessage *message;
} Upstream;

/* --- Refusing --- */

static gboolean
has_text (const XmppMessage *message)
{
  return (message->body != NULL && *message->body != '\0')
         || (message->subject != NULL && *message->subject != '\0');
}

/* Nobody hears that a chat state or a receipt was in vain, and a headline wants
 * no answer (RFC 6121 5.2.2). */
static void
refuse (XmppMessages *self, const XmppMessage *message, XmppError error,
        const char *text)
{
  if (error == XMPP_NO_ERROR || !has_text (message)
      || message->type == XMPP_MESSAGE_HEADLINE)
    return;
  (*self->refused_cell)++;
  g_info ("message of %s to %s refused: %s", message->from, message->to,
          text != NULL ? text : "by RFC 7247");
  xmpp_refuse_message (self->xmpp, message, error, text);
}

/* What an error needs of a message that has text. */
static Upstream *
upstream_new (XmppMessages *self, const XmppMessage *message)
{
  Upstream *upstream = g_new0 (Upstream, 1);
  const XmppMessage head = { .from = message->from,
                             .to = message->to,
                             .id = message->id,
                             .type = message->type,
                             .body = "..." };

  upstream->part = self;
  upstream->message = xmpp_message_dup (&head);
  upstream->link.data = upstream;
  g_queue_push_tail_link (&self->upstreams, &upstream->link);
  return upstream;
}

static void
upstream_free (Upstream *upstream)
{
  g_queue_unlink (&upstream->part->upstreams, &upstream->link);
  xmpp_message_free (upstream->message);
  g_free (upstream);
}

static void
upstream_cb (const MessageAnswer *answer, gpointer data)
{
  Upstream *upstream = data;

  refuse (upstream->part, upstream->message, xmpp_error_of_answer (answer),
          answer->text);
  upstream_free (upstream);
}

/* --- As a MESSAGE --- */

/* One line: what ends a line or is a control character is a space. */
static void
put_line (GString *out, const char *name, const char *text)
{
  g_autofree char *line = g_strndup (text, SUBJECT_MAX);
  const char *end;

  if (!g_utf8_validate (line, -1, &end))
    *(char *)end = '\0';
  for (char *at = line; *at != '\0'; at++)
    if ((guchar)*at < ' ' || *at == 0x7f)
      *at = ' ';
  g_strstrip (line);
  if (*line != '\0')
    g_string_append_printf (out, "%s: %s\r\n", name, line);
}

static char *
headers_of (const XmppMessage *message, const char *from, const char *from_tag,
            const char *to)
{
  GString *out = g_string_sized_new (256);

  g_string_append_printf (out, "From: <%s>;tag=%s\r\nTo: <%s>\r\n", from,
                          from_tag, to);
  if (message->subject != NULL)
    put_line (out, "Subject", message->subject);
  if (message->lang != NULL && xmpp_is_language (message->lang))
    put_line (out, "Content-Language", message->lang);
  return g_string_free (out, FALSE);
}

static gint64
sent_at (const Service *service, const XmppMessage *message)
{
  gint64 now = clock_wall (service->clock);
  gint64 stamp = message->stamp * XMPP_SECOND;

  return stamp > 0 && stamp < now + SKEW * XMPP_SECOND ? stamp : now;
}

static StoredMessage *
stored_new (XmppMessages *self, const XmppMessage *message, const char *from,
            const char *sender, const StoreUser *user, gboolean has_thread)
{
  Service *service = xmpp_messages_service (self);
  StoredMessage *out = g_new0 (StoredMessage, 1);
  g_autofree char *to = aor_to_uri (user->aor);
  XmppThreadStep step = { 0 };

  if (service->limits.xmpp_fresh_threads)
    has_thread = FALSE;
  xmpp_threads_next (self->threads, sender, user->aor,
                     has_thread ? message->thread : NULL,
                     clock_wall (service->clock), &step);
  out->call_id = step.call_id;
  out->from_tag = step.from_tag;
  out->cseq = step.cseq;
  out->sender = g_strdup (sender);
  out->recipient = g_strdup (user->aor);
  out->headers = headers_of (message, from, out->from_tag, to);
  out->created_at = sent_at (service, message);
  out->expires_at
      = service_now (service) + service->settings.offline_ttl * XMPP_SECOND;
  return out;
}

/* Text, in CPIM when a receipt is asked for (it is what carries an IMDN). */
static void
put_text (StoredMessage *out, const XmppMessage *message, const char *from)
{
  g_autofree char *to = aor_to_uri (out->recipient);
  g_autofree char *token
      = message->wants_receipt ? xmpp_id_to_token (message->id) : NULL;
  const char *body = message->body != NULL ? message->body : "";

  if (token != NULL)
    out->body = content_write_asking (from, to, out->created_at / XMPP_SECOND,
                                      token, body);
  if (out->body != NULL) {
    out->content_type = g_strdup (CONTENT_CPIM);
    out->imdn_id = g_steal_pointer (&token);
    return;
  }
  out->content_type = g_strdup (CONTENT_PLAIN);
  out->body = g_bytes_new (body, strlen (body));
}

/* The device that a full JID names: it comes first, but what it does not take
 * is for the others (RFC 6121 8.5.3.2.1). */
static const char *
first_of (Service *service, const StoreUser *user, const char *resource)
{
  const RegBinding *binding
      = resource != NULL ? reg_find_instance (service->reg, user->aor, resource)
                         : NULL;

  return binding != NULL ? device_name (binding) : NULL;
}

/* --- What is in it --- */

typedef struct {
  XmppMessages *part;
  const XmppMessage *message;
  const StoreUser *user;
  char *sender;   /* AoR */
  char *from;     /* URI */
  char *resource; /* of its "to" */
} In;

static void
in_clear (In *in)
{
  g_free (in->sender);
  g_free (in->from);
  g_free (in->resource);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (In, in_clear)

static gboolean
is_kept (const Service *service, const XmppMessage *message)
{
  return service->messages != NULL && !service->settings.suppress_offline_im
         && message->type != XMPP_MESSAGE_HEADLINE;
}

static void
send_text (const In *in)
{
  Service *service = xmpp_messages_service (in->part);
  g_autofree char *resource = jid_resource (in->message->from);
  MailItem item
      = { .content = IM_USER,
          .keep = is_kept (service, in->message) ? IM_KEEP : IM_REFUSE,
          .first = first_of (service, in->user, in->resource),
          .answer = upstream_cb };

  im_locks_wrote (in->part->locks, in->sender, in->user->aor, resource, IM_USER,
                  service_now (service));
  item.message = stored_new (in->part, in->message, in->from, in->sender,
                             in->user, TRUE);
  put_text (item.message, in->message, in->from);
  if (service->limits.max_body > 0
      && g_bytes_get_size (item.message->body) > service->limits.max_body) {
    stored_message_free (item.message);
    refuse (in->part, in->message, XMPP_POLICY_VIOLATION,
            "The message is too large for SIP");
    return;
  }
  item.data = upstream_new (in->part, in->message);
  mail_send (service->mail, &item);
}

/* RFC 7573 6, table 4; "gone" ends a session there, and is idle here. */
static void
send_composing (const In *in)
{
  Service *service = xmpp_messages_service (in->part);
  const Composing composing
      = { .is_active = in->message->chat == XMPP_CHAT_COMPOSING };
  MailItem item = { .content = IM_AUTOMATIC,
                    .keep = IM_REFUSE,
                    .first = first_of (service, in->user, in->resource),
                    .is_untold = TRUE };

  item.message = stored_new (in->part, in->message, in->from, in->sender,
                             in->user, FALSE);
  item.message->content_type = g_strdup (COMPOSING_TYPE);
  item.message->body = composing_write (&composing, "text/plain");
  mail_send (service->mail, &item);
}

static void
take_receipt (const In *in)
{
  XmppStanzaId id;

  if (xmpp_id_read (xmpp_messages_service (in->part), in->user->aor, in->sender,
                    in->message->receipt, &id)
      && (id.wanted & IMDN_POSITIVE))
    xmpp_report (in->part, in->user->aor, in->sender, &id, IMDN_DELIVERED);
}

/* --- May it? --- */

static void
judge_and_send (const In *in)
{
  Service *service = xmpp_messages_service (in->part);
  const XmppMessage *message = in->message;
  PolicyAnswer judged = judge_message (service, in->sender, in->user->aor);

  if (judged.decision == POLICY_BLOCK) {
    refuse (in->part, message, XMPP_FORBIDDEN,
            judged.step == POLICY_BY_IM_OFF ? policy_step_text (judged.step)
                                            : NULL);
    return;
  }
  if (judged.decision == POLICY_POLITE_BLOCK)
    return;
  if (message->receipt != NULL)
    take_receipt (in);
  if (has_text (message))
    send_text (in);
  else if (message->chat != XMPP_CHAT_NONE && message->receipt == NULL)
    send_composing (in);
}

static void asked_cb (PolicyUser *user, gpointer data);

static void
take (XmppMessages *self, const XmppMessage *message, gboolean may_ask)
{
  Service *service = xmpp_messages_service (self);
  g_autofree char *aor = NULL;
  g_auto (In) in = { .part = self, .message = message };
  Asking *asking;

  /* A server writes to its users too. */
  if (!jid_to_aor (message->from, &in.sender, NULL)
      && strchr (message->from, '@') == NULL)
    in.sender = jid_domain (message->from);
  if (in.sender == NULL || !jid_to_uri (message->from, &in.from, NULL)) {
    refuse (self, message, XMPP_JID_MALFORMED,
            "This address cannot be one of "
            "SIP");
    return;
  }
  in.user = jid_to_aor (message->to, &aor, NULL)
                ? service_enabled_user (service, aor)
                : NULL;
  if (in.user == NULL) {
    refuse (self, message, XMPP_ITEM_NOT_FOUND, "There is no such user");
    return;
  }
  in.resource = jid_resource (message->to);
  if (!may_ask || facts_peek (service->facts, in.user->aor) != NULL) {
    judge_and_send (&in);
    return;
  }
  asking = g_new0 (Asking, 1);
  asking->link.data = asking;
  asking->part = self;
  asking->message = xmpp_message_dup (message);
  g_queue_push_tail_link (&self->asking, &asking->link);
  facts_want (service->facts, in.user->aor, asked_cb, asking);
}

static void
asking_free (Asking *asking)
{
  g_queue_unlink (&asking->part->asking, &asking->link);
  xmpp_message_free (asking->message);
  g_free (asking);
}

/* What cannot be read now stops no message. */
static void
asked_cb (PolicyUser *user, gpointer data)
{
  Asking *asking = data;

  take (asking->part, asking->message, FALSE);
  asking_free (asking);
}

void
xmpp_message_in (Xmpp *xmpp, const XmppMessage *message)
{
  XmppMessages *self = xmpp->message_part;

  (*self->in_cell)++;
  if (message->type == XMPP_MESSAGE_ERROR)
    xmpp_out_bounced (self, message);
  else if (message->type == XMPP_MESSAGE_GROUPCHAT) /* RFC 6121 8.5.2.1.1 */
    refuse (self, message, XMPP_SERVICE_UNAVAILABLE, NULL);
  else if (has_text (message) || message->receipt != NULL
           || message->chat != XMPP_CHAT_NONE)
    take (self, message, TRUE);
}

void
xmpp_message_gone (Xmpp *xmpp, const char *jid)
{
  g_autofree char *resource = jid_resource (jid), *aor = NULL;

  if (resource != NULL && jid_to_aor (jid, &aor, NULL))
    im_locks_device_gone (xmpp->message_part->locks, aor, resource);
}

/* --- Life --- */

XmppMessages *
xmpp_messages_new (Xmpp *xmpp)
{
  XmppMessages *self = g_new0 (XmppMessages, 1);
  const ImLimits *limits = &xmpp->service->limits.im;
  Counters *counters = xmpp->service->counters;

  self->xmpp = xmpp;
  self->locks = im_locks_new (limits->max_locks, limits->idle);
  self->waiting = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  self->due = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  self->threads = xmpp_threads_new (THREADS_MAX);
  self->in_cell = counters_cell (counters, "xmpp_messages_in_total");
  self->out_cell = counters_cell (counters, "xmpp_messages_out_total");
  self->refused_cell = counters_cell (counters, "xmpp_messages_refused_total");
  self->bounced_cell = counters_cell (counters, "xmpp_messages_bounced_total");
  return self;
}

void
xmpp_messages_free (XmppMessages *self)
{
  while (self->asking.head != NULL)
    asking_free (self->asking.head->data);
  while (self->upstreams.head != NULL)
    upstream_free (self->upstreams.head->data);
  xmpp_out_free (self);
  im_locks_free (self->locks);
  g_hash_table_unref (self->waiting);
  g_hash_table_unref (self->due);
  xmpp_threads_free (self->threads);
  g_free (self);
}

void
xmpp_messages_detach (Xmpp *xmpp)
{
  xmpp_out_detach (xmpp->message_part);
}

static void
look_at_due (XmppMessages *self)
{
  for (guint i = 0; i < LOOKS && g_hash_table_size (self->due) > 0; i++) {
    GHashTableIter iter;
    gpointer aor = NULL;

    g_hash_table_iter_init (&iter, self->due);
    g_hash_table_iter_next (&iter, &aor, NULL);
    xmpp_mail_look_at (self, aor);
  }
}

void
xmpp_messages_advance (Xmpp *xmpp)
{
  XmppMessages *self = xmpp->message_part;

  im_locks_advance (self->locks, service_now (xmpp->service));
  xmpp_out_advance (self);
  look_at_due (self);
}

void
xmpp_messages_link (Xmpp *xmpp, gboolean is_up)
{
  XmppMessages *self = xmpp->message_part;
  g_autoptr (GPtrArray) waiting = xmpp_mail_waiting (xmpp->service);

  g_hash_table_remove_all (self->due);
  for (guint i = 0; is_up && i < waiting->len; i++)
    g_hash_table_add (self->due, g_strdup (waiting->pdata[i]));
  xmpp_out_link (self, is_up);
  if (!is_up)
    mail_beyond_closed (xmpp->service->mail);
}

void
xmpp_messages_has_room (Xmpp *self)
{
}
