/* SPDX-License-Identifier: ISC
 *
 * Copies for many: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/broadcast.h"

#include <string.h>

#include "addr/aor.h"
#include "addr/uri.h"
#include "base/error.h"
#include "base/ids.h"
#include "codec/imdn.h"
#include "codec/recipients.h"
#include "service/aggregate.h"
#include "service/judge.h"
#include "service/mail.h"

#define SECOND ((gint64)1000000)
/* Copies that are on their way to the store at one time. */
#define WINDOW 500
#define KEY_CHARS 32 /* of a Call-ID made from another one */

typedef struct {
  Service *service;
  char *sender;
  char *call_id, *from_tag; /* of all copies */
  char *from;               /* From without its tag: `"A" <sip:a@b>` */
  char *others;             /* more header lines */
  char *content_type, *imdn_id;
  GBytes *body;
  gint64 created_at, expires_at;
  GPtrArray *recipients; /* char *: URIs */
  GHashTable *known;     /* AoRs of those that had their turn */
  gboolean is_ours;      /* an administrator's: needs nobody's consent */
  guint next;            /* of recipients, who has not been looked at */
  guint out;             /* who is being looked at or written */
  gboolean is_stepping;
  guint n_taken, n_refused, n_failed;
  MessageAnswerFn answer;
  ServiceSentFn sent; /* one of these two */
  gpointer data;
} Broadcast;

/* One recipient whose policy is being read. */
typedef struct {
  Broadcast *broadcast;
  char *aor;
} Asking;

static void step (Broadcast *self);

static void
broadcast_free (Broadcast *self)
{
  service_leave (self->service);
  g_free (self->sender);
  g_free (self->call_id);
  g_free (self->from_tag);
  g_free (self->from);
  g_free (self->others);
  g_free (self->content_type);
  g_free (self->imdn_id);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_ptr_array_unref (self->recipients);
  g_hash_table_unref (self->known);
  g_free (self);
}

/* --- The end --- */

static MessageAnswer
answer_of (const Broadcast *self)
{
  if (self->n_taken > 0)
    return (MessageAnswer){ .verdict = SERVICE_ACCEPTED };
  if (self->n_failed > 0)
    return (MessageAnswer){ .verdict = SERVICE_BUSY };
  return (MessageAnswer){ .verdict = SERVICE_FORBIDDEN,
                          .text = "Nobody of the list may be written to" };
}

static void
finish (Broadcast *self)
{
  const ServiceSent sent
      = { self->n_taken, self->n_refused, self->n_failed, self->call_id };
  MessageAnswer out = answer_of (self);

  if (self->answer != NULL)
    self->answer (&out, self->data);
  else
    self->sent (&sent, NULL, self->data);
  broadcast_free (self);
}

/* --- One recipient --- */

static StoredMessage *
copy_for (const Broadcast *self, const char *recipient)
{
  StoredMessage *copy = g_new0 (StoredMessage, 1);
  g_autofree char *to = aor_to_uri (recipient);

  copy->call_id = g_strdup (self->call_id);
  copy->from_tag = g_strdup (self->from_tag);
  copy->cseq = 1;
  copy->sender = g_strdup (self->sender);
  copy->recipient = g_strdup (recipient);
  copy->imdn_id = g_strdup (self->imdn_id);
  copy->content_type = g_strdup (self->content_type);
  copy->headers
      = g_strdup_printf ("From: %s;tag=%s\r\nTo: <%s>\r\n%s", self->from,
                         self->from_tag, to, self->others);
  copy->body = g_bytes_ref (self->body);
  copy->created_at = self->created_at;
  copy->expires_at = self->expires_at;
  return copy;
}

static void
refuse (Broadcast *self, const char *recipient, guint status)
{
  self->n_refused++;
  mail_note_refused (self->service->mail, copy_for (self, recipient), status);
}

static void
copied_cb (const MessageAnswer *answer, gpointer data)
{
  Broadcast *self = data;

  self->out--;
  if (answer->verdict == SERVICE_ACCEPTED)
    self->n_taken++;
  else if (answer->verdict == SERVICE_BUSY)
    self->n_failed++;
  else
    self->n_refused++;
  step (self);
}

static void
send_copy (Broadcast *self, const char *recipient)
{
  MailItem item = { .message = copy_for (self, recipient),
                    .content = IM_AUTOMATIC,
                    .keep = IM_FIRST,
                    .answer = copied_cb,
                    .data = self };

  self->out++;
  mail_send (self->service->mail, &item);
}

/* The answer that a MESSAGE of the sender's to him alone would get. */
static guint
refusal (Broadcast *self, const char *recipient)
{
  PolicyAnswer judged;

  if (self->is_ours)
    return 0;
  judged = judge_message (self->service, self->sender, recipient);
  if (judged.decision == POLICY_BLOCK)
    return 403;
  return judged.decision == POLICY_POLITE_BLOCK ? 202 : 0;
}

static void
to_user (Broadcast *self, const char *recipient)
{
  guint status = refusal (self, recipient);

  if (status == 0)
    send_copy (self, recipient);
  else
    refuse (self, recipient, status);
}

static void
asked_cb (PolicyUser *user, gpointer data)
{
  Asking *asking = data;
  Broadcast *self = asking->broadcast;

  self->out--;
  to_user (self, asking->aor);
  g_free (asking->aor);
  g_free (asking);
  step (self);
}

static void
ask (Broadcast *self, const char *aor)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->broadcast = self;
  asking->aor = g_strdup (aor);
  self->out++;
  facts_want (self->service->facts, aor, asked_cb, asking);
}

/* Somebody of another domain: only a contact of the sender's (470: RFC 5360
 * 5.9). */
static void
to_foreigner (Broadcast *self, const char *aor)
{
  PolicyUser *sender = facts_peek (self->service->facts, self->sender);

  if (self->is_ours
      || (sender != NULL && policy_user_has_contact (sender, aor)))
    send_copy (self, aor);
  else
    refuse (self, aor, 470);
}

static void
to_one (Broadcast *self, const char *text)
{
  Service *service = self->service;
  g_autoptr (Uri) uri = NULL;
  g_autofree char *aor = NULL;
  const StoreUser *user;

  if (uri_parse (text, -1, &uri, NULL) && uri_scheme (uri) != URI_TEL)
    aor = uri_aor (uri);
  if (aor == NULL) {
    refuse (self, text, 400);
    return;
  }
  if (!g_hash_table_add (self->known, g_strdup (aor)))
    return; /* named twice, in another spelling: one copy */
  if (!service_has_domain (service, aor_domain (aor))) {
    to_foreigner (self, aor);
    return;
  }
  user = service_enabled_user (service, aor);
  if (user == NULL)
    refuse (self, aor, 404);
  else if (!self->is_ours && facts_peek (service->facts, user->aor) == NULL)
    ask (self, user->aor);
  else
    to_user (self, user->aor);
}

/* What it calls may come back to it at once. */
static void
step (Broadcast *self)
{
  if (self->is_stepping)
    return;
  self->is_stepping = TRUE;
  while (self->next < self->recipients->len && self->out < WINDOW)
    to_one (self, self->recipients->pdata[self->next++]);
  self->is_stepping = FALSE;
  if (self->next == self->recipients->len && self->out == 0)
    finish (self);
}

/* --- The beginning --- */

/* A request that comes again, also after a restart, makes the same copies: the
 * store knows them then.  The secret hides the Call-ID of the request. */
static char *
derived (Service *service, const ServiceCaller *caller, const char *what)
{
  g_autoptr (GHmac) hmac
      = g_hmac_new (G_CHECKSUM_SHA256, service->secret, sizeof service->secret);
  g_autofree char *text
      = g_strdup_printf ("%s %s %s %s %u", what, caller->user, caller->call_id,
                         caller->from_tag, caller->cseq);

  g_hmac_update (hmac, (const guchar *)text, -1);
  return g_strndup (g_hmac_get_string (hmac), KEY_CHARS);
}

/* From as it came, without its tag (RFC 5365 7.2). */
static char *
from_of (const char *line)
{
  const char *tag = g_strrstr (line, ";tag=");
  const char *end = tag != NULL ? strchr (tag + 1, ';') : NULL;

  if (tag == NULL)
    return g_strdup (line);
  return g_strdup_printf ("%.*s%s", (int)(tag - line), line,
                          end != NULL ? end : "");
}

/* Of the request's header lines those that its copies have; what is about the
 * body is about another one now, unless the body stays as it is. */
static void
take_headers (Broadcast *self, const MessageCommand *command,
              gboolean is_same_body)
{
  SipOutPort *sip = self->service->sip;
  g_autofree char *lines = sip->describe (sip->self, command->request);
  g_auto (GStrv) split = g_strsplit (lines, "\r\n", -1);
  g_autoptr (GString) others = g_string_new (NULL);

  for (guint i = 0; split[i] != NULL; i++) {
    const char *line = split[i];

    if (g_ascii_strncasecmp (line, "From: ", 6) == 0)
      self->from = from_of (line + 6);
    else if (*line != '\0' && g_ascii_strncasecmp (line, "To:", 3) != 0
             && (is_same_body
                 || g_ascii_strncasecmp (line, "Content-", 8) != 0))
      g_string_append_printf (others, "%s\r\n", line);
  }
  if (self->from == NULL) {
    g_autofree char *uri = aor_to_uri (self->sender);

    self->from = g_strdup_printf ("<%s>", uri);
  }
  self->others = g_string_free (g_steal_pointer (&others), FALSE);
}

static Broadcast *
broadcast_new (Service *service, const char *sender)
{
  Broadcast *self = g_new0 (Broadcast, 1);

  self->service = service;
  self->sender = g_strdup (sender);
  self->recipients = g_ptr_array_new_with_free_func (g_free);
  self->known = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  self->created_at = clock_wall (service->clock);
  self->expires_at
      = service_now (service) + service->settings.offline_ttl * SECOND;
  service_enter (service);
  return self;
}

static Broadcast *
of_request (Service *service, const ServiceCaller *caller,
            const MessageCommand *command)
{
  Broadcast *self = broadcast_new (service, caller->user);

  self->call_id = derived (service, caller, "call");
  self->from_tag = derived (service, caller, "tag");
  if (command->expires >= 0)
    self->expires_at = MIN (self->expires_at,
                            service_now (service) + command->expires * SECOND);
  return self;
}

/* The sender's contacts are read first. */
static void
contacts_read_cb (PolicyUser *user, gpointer data)
{
  step (data);
}

static void
begin (Broadcast *self)
{
  gsize len;
  const char *bytes = g_bytes_get_data (self->body, &len);

  self->imdn_id = imdn_message_id_of (self->content_type, NULL, bytes, len);
  if (self->imdn_id != NULL)
    aggregate_expect (self->service->aggregates, self->sender, self->imdn_id);
  facts_want (self->service->facts, self->sender, contacts_read_cb, self);
}

static void
answer_now (ServiceVerdict verdict, const char *text, MessageAnswerFn answer,
            gpointer data)
{
  MessageAnswer out = { .verdict = verdict, .text = text };

  answer (&out, data);
}

/* A Warning is a quoted string. */
static char *
quotable (const char *text)
{
  char *clean = g_strdup (text);

  for (char *at = clean; *at != '\0'; at++)
    if (*at == '"' || *at == '\\' || (guchar)*at < 0x20 || *at == 0x7f)
      *at = '\'';
  return clean;
}

static void
answer_error (const GError *error, MessageAnswerFn answer, gpointer data)
{
  g_autofree char *text = quotable (error->message);

  answer_now (g_error_matches (error, RC_ERROR, RC_ERROR_BOUND)
                  ? SERVICE_TOO_LARGE
                  : SERVICE_BAD_REQUEST,
              text, answer, data);
}

static void
take_recipients (Broadcast *self, const ListMessage *list)
{
  for (guint i = 0; i < list->recipients->len; i++) {
    const Recipient *recipient = list->recipients->pdata[i];

    g_ptr_array_add (self->recipients, g_strdup (recipient->uri));
  }
}

/* RFC 5365 7.3. */
static void
take_body (Broadcast *self, const ListMessage *list)
{
  g_autoptr (GBytes) history = recipients_write_history (list->recipients);
  g_autofree char *disposition = NULL;
  char *old = self->others;

  self->body
      = list_message_write (list, history, &self->content_type, &disposition);
  if (disposition == NULL)
    return;
  self->others
      = g_strdup_printf ("%sContent-Disposition: %s\r\n", old, disposition);
  g_free (old);
}

static void
to_named (Service *service, const ServiceCaller *caller,
          const MessageCommand *command, MessageAnswerFn answer, gpointer data)
{
  g_autoptr (ListMessage) list = NULL;
  g_autoptr (GError) error = NULL;
  Broadcast *self;

  if (!list_message_parse (command->body, command->body_len,
                           command->content_type,
                           service->limits.max_recipients, &list, &error)) {
    answer_error (error, answer, data);
    return;
  }
  self = of_request (service, caller, command);
  self->answer = answer;
  self->data = data;
  take_recipients (self, list);
  take_headers (self, command, FALSE);
  take_body (self, list);
  begin (self);
}

/* --- A group of contacts --- */

static gboolean
is_in_group (const StorePolicy *policy, guint i, const char *group)
{
  return strcmp (group, SERVICE_ALL_CONTACTS) == 0
         || g_strcmp0 (store_policy_nth (policy->groups, i), group) == 0;
}

static void
take_group (Broadcast *self, const StorePolicy *policy, const char *group)
{
  for (guint i = 0; i < policy->contacts->len; i++)
    if (is_in_group (policy, i, group))
      g_ptr_array_add (self->recipients, g_strdup (policy->contacts->pdata[i]));
}

typedef struct {
  Broadcast *broadcast;
  char *group;
} Group;

static void
fail (Broadcast *self, ServiceVerdict verdict, const char *text)
{
  if (self->answer != NULL)
    answer_now (verdict, text, self->answer, self->data);
  else
    self->sent (NULL, text, self->data);
  broadcast_free (self);
}

static void
group_read_cb (StorePolicy *policy, gpointer data)
{
  Group *group = data;
  Broadcast *self = group->broadcast;

  if (policy != NULL)
    take_group (self, policy, group->group);
  if (policy == NULL)
    fail (self, SERVICE_BUSY, "PostgreSQL is away");
  else if (self->recipients->len == 0)
    fail (self, SERVICE_NOT_FOUND, "No such group of contacts");
  else if (!self->is_ours
           && self->recipients->len > self->service->limits.max_recipients)
    fail (self, SERVICE_FORBIDDEN, "Too many recipients");
  else
    begin (self);
  store_policy_free (policy);
  g_free (group->group);
  g_free (group);
}

static void
read_group (Broadcast *self, const char *owner, const char *name)
{
  Group *group = g_new0 (Group, 1);
  StorePort *store = self->service->store;

  group->broadcast = self;
  group->group = g_strdup (name);
  store->load_policy (store->self, owner, group_read_cb, group);
}

static void
to_group (Service *service, const ServiceCaller *caller,
          const MessageCommand *command, MessageAnswerFn answer, gpointer data)
{
  Broadcast *self;

  if (!aor_equal (caller->user, command->recipient)) {
    answer_now (SERVICE_FORBIDDEN, "Only its owner may write to this list",
                answer, data);
    return;
  }
  self = of_request (service, caller, command);
  self->answer = answer;
  self->data = data;
  self->content_type = g_strdup (command->content_type);
  self->body = g_bytes_new (command->body, command->body_len);
  take_headers (self, command, TRUE);
  read_group (self, service_user (service, command->recipient)->aor,
              command->list);
}

void
broadcast_message (Service *self, const ServiceCaller *caller,
                   const MessageCommand *command, MessageAnswerFn answer,
                   gpointer data)
{
  if (service_enabled_user (self, caller->user) == NULL)
    answer_now (SERVICE_FORBIDDEN,
                "Only users of this server may write to many", answer, data);
  else if (self->messages == NULL)
    answer_now (SERVICE_BUSY, NULL, answer, data);
  else if (command->list != NULL)
    to_group (self, caller, command, answer, data);
  else
    to_named (self, caller, command, answer, data);
}

/* --- An administrator's --- */

static const char *
what_is_wrong (Service *self, const ServiceSend *send)
{
  if (service_gate (self) != SERVICE_OK)
    return "the server is starting or stopping";
  if (!self->settings.im_enabled)
    return "messages are off (the setting im_enabled)";
  if (self->messages == NULL)
    return "messages are not stored";
  if (!service_has_domain (self, aor_domain (send->from)))
    return "the sender is not in a domain of this server's";
  if (send->owner != NULL && service_user (self, send->owner) == NULL)
    return "there is no user who owns this group";
  return NULL;
}

static void
take_all_users (Broadcast *self)
{
  GHashTableIter iter;
  gpointer aor, user;

  g_hash_table_iter_init (&iter, self->service->users);
  while (g_hash_table_iter_next (&iter, &aor, &user))
    if (((StoreUser *)user)->is_enabled)
      g_ptr_array_add (self->recipients, aor_to_uri (aor));
}

void
service_send (Service *service, const ServiceSend *send, ServiceSentFn sent,
              gpointer data)
{
  const char *wrong = what_is_wrong (service, send);
  g_autofree char *uri = NULL;
  Broadcast *self;

  if (wrong != NULL) {
    sent (NULL, wrong, data);
    return;
  }
  self = broadcast_new (service, send->from);
  uri = aor_to_uri (send->from);
  self->is_ours = TRUE;
  self->sent = sent;
  self->data = data;
  self->call_id = rc_token_new (100);
  self->from_tag = rc_token_new (100);
  self->from = g_strdup_printf ("<%s>", uri);
  self->others = g_strdup ("");
  self->content_type = g_strdup ("text/plain;charset=UTF-8");
  self->body = g_bytes_new (send->text, strlen (send->text));
  for (guint i = 0; send->to != NULL && send->to[i] != NULL; i++)
    g_ptr_array_add (self->recipients, g_strdup (send->to[i]));
  if (send->owner != NULL) {
    read_group (self, service_user (service, send->owner)->aor, send->group);
    return;
  }
  if (send->to == NULL)
    take_all_users (self);
  begin (self);
}
