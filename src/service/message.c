/* SPDX-License-Identifier: ISC
 *
 * MESSAGE (RFC 3428): who may write, what it is, and where it goes: to a user of
 * ours (mail.h), to many (broadcast.h), or on to another domain (relay.h). */
#define G_LOG_DOMAIN "service"
#include "service/judge.h"

#include "addr/aor.h"
#include "codec/composing.h"
#include "codec/imdn.h"
#include "service/aggregate.h"
#include "service/broadcast.h"
#include "service/devices.h"
#include "service/mail.h"
#include "service/relay.h"
#include "service/reports.h"
#include "service/xmpp-message.h"
#include "service/xmpp-rooms.h"

#define SECOND ((gint64)1000000)
#define DAY (86400 * SECOND)

static void
answer_now (ServiceVerdict verdict, const char *text, MessageAnswerFn answer,
            gpointer data)
{
  MessageAnswer out = { .verdict = verdict, .text = text };

  answer (&out, data);
}

/* --- What is it? --- */

typedef struct {
  ImContent content;
  gboolean is_composing; /* worth nothing later */
  char *imdn_id;
} Kind;

/* Most are text: those are told by their type alone. */
static Kind
kind_of (const MessageCommand *command)
{
  Kind kind = { .content = IM_USER };

  if (command->body == NULL || mime_is (command->content_type, "text/plain"))
    return kind;
  kind.is_composing
      = composing_is (command->content_type, command->content_encoding,
                      command->body, command->body_len);
  if (kind.is_composing
      || imdn_is (command->content_type, command->content_encoding,
                  command->body, command->body_len))
    kind.content = IM_AUTOMATIC;
  if (!kind.is_composing)
    kind.imdn_id
        = imdn_message_id_of (command->content_type, command->content_encoding,
                              command->body, command->body_len);
  return kind;
}

/* --- May it? --- */

/* What cannot be read now stops no message: those who are there go on writing
 * while PostgreSQL is away (DESIGN section 3, rule 5). */
static ServiceVerdict
judge (Service *self, const char *sender, const MessageCommand *command,
       const char **text)
{
  PolicyAnswer judged;

  if (!command->is_message)
    return SERVICE_OK;
  judged = judge_message (self, sender,
                          command->recipient != NULL ? command->recipient : "");
  if (judged.step == POLICY_BY_IM_OFF)
    *text = policy_step_text (judged.step);
  if (judged.decision == POLICY_BLOCK)
    return SERVICE_FORBIDDEN;
  return judged.decision == POLICY_POLITE_BLOCK ? SERVICE_ACCEPTED : SERVICE_OK;
}

static ServiceVerdict
check (Service *self, const char *sender, const MessageCommand *command,
       const char **text)
{
  ServiceVerdict verdict = service_gate (self);
  const StoreUser *user;

  if (verdict != SERVICE_OK)
    return verdict;
  if (command->recipient == NULL)
    return judge (self, sender, command, text);
  user = service_enabled_user (self, command->recipient);
  if (user == NULL)
    return SERVICE_NOT_FOUND;
  verdict = judge (self, sender, command, text);
  if (verdict == SERVICE_OK && command->instance != NULL
      && !reg_knows_instance (self->reg, user->aor, command->instance))
    return SERVICE_NOT_FOUND;
  return verdict;
}

/* --- Where to? --- */

/* What its Date says, unless that clock is quite wrong. */
static gint64
sent_at (const Service *self, const MessageCommand *command)
{
  gint64 now = clock_wall (self->clock), date = command->date * SECOND;

  return date > now - DAY && date < now + DAY ? date : now;
}

static StoredMessage *
stored_of (Service *self, const ServiceCaller *caller,
           const MessageCommand *command, char *imdn_id)
{
  StoredMessage *message = g_new0 (StoredMessage, 1);
  gint64 ttl = self->settings.offline_ttl;

  if (command->expires >= 0)
    ttl = MIN (ttl, command->expires);
  message->call_id = g_strdup (caller->call_id);
  message->from_tag = g_strdup (caller->from_tag);
  message->cseq = caller->cseq;
  message->sender = g_strdup (caller->user);
  message->recipient = g_strdup (service_user (self, command->recipient)->aor);
  message->imdn_id = imdn_id;
  message->content_type = g_strdup (command->content_type);
  message->created_at = sent_at (self, command);
  message->expires_at = service_now (self) + ttl * SECOND;
  return message;
}

/* Stored only what can still be of use later, and has no device or dialog that
 * it is meant for (RFC 3428 6, 10). */
static ImKeep
keep_of (const Service *self, const MessageCommand *command, const Kind *kind)
{
  if (self->messages == NULL || self->settings.suppress_offline_im
      || kind->is_composing || command->instance != NULL
      || command->is_in_dialog || command->expires == 0)
    return IM_REFUSE;
  return IM_KEEP;
}

static void
to_user (Service *self, const ServiceCaller *caller,
         const MessageCommand *command, Kind *kind, MessageAnswerFn answer,
         gpointer data)
{
  MailItem item = { .request = command->request,
                    .body = command->body,
                    .body_len = command->body_len,
                    .content = kind->content,
                    .keep = keep_of (self, command, kind),
                    .is_untold = kind->content == IM_AUTOMATIC,
                    .instance = command->instance,
                    .answer = answer,
                    .data = data };

  item.message
      = stored_of (self, caller, command, g_steal_pointer (&kind->imdn_id));
  mail_send (self->mail, &item);
}

/* Which device replied (DESIGN section 6), and what it displayed (RFC 5438). */
static void
note_writer (Service *self, const ServiceCaller *caller,
             const MessageCommand *command, const Kind *kind)
{
  const char *device;
  const char *peer = command->recipient;

  if (peer == NULL)
    peer = command->peer;
  if (peer == NULL || service_user (self, caller->user) == NULL)
    return;
  device = device_of_caller (self, caller);
  im_locks_wrote (im_locks (mail_im (self->mail)), caller->user, peer, device,
                  kind->content, service_now (self));
  if (kind->content == IM_AUTOMATIC && !kind->is_composing)
    report_note (self, command, caller->user, peer, device);
}

/* To an XMPP user? */
static gboolean
is_beyond (Service *self, const MessageCommand *command)
{
  return command->is_message && command->recipient == NULL
         && command->peer != NULL && xmpp_mail_has (self, command->peer);
}

static void
send_on (Service *self, const ServiceCaller *caller,
         const MessageCommand *command, MessageAnswerFn answer, gpointer data)
{
  Kind kind = { 0 };

  if (command->is_message) {
    kind = kind_of (command);
    note_writer (self, caller, command, &kind);
  }
  if (is_beyond (self, command) && mail_was_seen (self->mail, caller))
    answer_now (SERVICE_ACCEPTED, NULL, answer, data);
  else if (is_beyond (self, command))
    xmpp_message_out (self, caller, command, answer, data);
  else if (command->recipient == NULL)
    relay_start (self, command->request, answer, data);
  else if (mail_was_seen (self->mail, caller))
    answer_now (SERVICE_ACCEPTED, NULL, answer, data);
  else if (kind.content != IM_AUTOMATIC || kind.is_composing
           || command->instance != NULL
           || !aggregate_take (self->aggregates, command->recipient, command,
                               answer, data))
    to_user (self, caller, command, &kind, answer, data);
  g_free (kind.imdn_id);
}

/* To many, of whom each has a policy. */
static void
to_many (Service *self, const ServiceCaller *caller,
         const MessageCommand *command, MessageAnswerFn answer, gpointer data)
{
  ServiceVerdict verdict = service_gate (self);

  if (verdict == SERVICE_OK && !self->settings.im_enabled)
    answer_now (SERVICE_FORBIDDEN, policy_step_text (POLICY_BY_IM_OFF), answer,
                data);
  else if (verdict == SERVICE_OK && command->list != NULL
           && service_enabled_user (self, command->recipient) == NULL)
    answer_now (SERVICE_NOT_FOUND, NULL, answer, data);
  else if (verdict == SERVICE_OK)
    broadcast_message (self, caller, command, answer, data);
  else
    answer_now (verdict, NULL, answer, data);
}

static void
check_and_send (Service *self, const ServiceCaller *caller,
                const MessageCommand *command, MessageAnswerFn answer,
                gpointer data)
{
  const char *text = NULL;
  ServiceVerdict verdict = check (self, caller->user, command, &text);

  if (verdict == SERVICE_OK)
    send_on (self, caller, command, answer, data);
  else
    answer_now (verdict, text, answer, data);
}

/* --- The recipient's policy has to be read first --- */

typedef struct {
  Service *service;
  MessageCommand command;
  ServiceCaller caller;
  MessageAnswerFn answer;
  gpointer data;
} Asking;

static void
asked_cb (PolicyUser *user, gpointer data)
{
  Asking *self = data;

  check_and_send (self->service, &self->caller, &self->command, self->answer,
                  self->data);
  service_leave (self->service);
  g_free (self);
}

static void
ask_policy (Service *self, const ServiceCaller *caller,
            const MessageCommand *command, MessageAnswerFn answer,
            gpointer data)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->service = self;
  asking->command = *command;
  asking->caller = *caller;
  asking->answer = answer;
  asking->data = data;
  service_enter (self);
  facts_want (self->facts, command->recipient, asked_cb, asking);
}

/* The policy of somebody who is there, and not known yet. */
static gboolean
needs_policy (Service *self, const MessageCommand *command)
{
  return command->is_message && command->recipient != NULL
         && service_gate (self) == SERVICE_OK
         && service_enabled_user (self, command->recipient) != NULL
         && facts_peek (self->facts, command->recipient) == NULL;
}

void
service_message (Service *self, const ServiceCaller *caller,
                 const MessageCommand *command, MessageAnswerFn answer,
                 gpointer data)
{
  ServiceCaller device = *caller;

  if (xmpp_rooms_is_addressed (self, command))
    xmpp_rooms_say (self, caller, command, answer, data);
  else if (command->is_many || command->list != NULL)
    to_many (self, caller, command, answer, data);
  else if (needs_policy (self, command))
    ask_policy (self, caller, command, answer, data);
  else
    check_and_send (self, caller, command, answer, data);
  if (service_gate (self) != SERVICE_BUSY)
    service_resume (self, &device);
}
