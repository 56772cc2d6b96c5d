/* SPDX-License-Identifier: ISC
 *
 * Letters, and carrying out what im/ decides. */
#define G_LOG_DOMAIN "service"
#include "service/mail-priv.h"

#include "addr/aor.h"
#include "base/ids.h"
#include "service/devices.h"
#include "service/reports.h"
#include "service/summary.h"
#include "service/xmpp-message.h"

#define TOKEN_BITS 100
#define SECOND ((gint64)1000000)
#define SWEEP_EVERY (60 * SECOND)
/* Recipients looked at in one tick after a start. */
#define LOOKS 50

/* --- Letters --- */

static void
reply_clear (gpointer data)
{
  Reply *reply = data;

  g_free (reply->device);
  g_free (reply->text);
}

Letter *
letter_find (Mail *self, guint64 id)
{
  return g_hash_table_lookup (self->letters, &id);
}

Letter *
letter_new (Mail *self, StoredMessage *message)
{
  Letter *letter = g_new0 (Letter, 1);

  letter->id = message->id;
  letter->message = message;
  g_hash_table_insert (self->letters, &letter->id, letter);
  return letter;
}

/* What it holds of the SIP side. */
static void
let_go (Mail *self, Letter *letter)
{
  SipOutPort *sip = self->service->sip;

  if (letter->request != NULL)
    sip->drop_request (sip->self, g_steal_pointer (&letter->request));
  for (guint i = 0; letter->replies != NULL && i < letter->replies->len; i++) {
    Reply *reply = &g_array_index (letter->replies, Reply, i);

    if (reply->response != NULL)
      sip->drop_response (sip->self, g_steal_pointer (&reply->response));
  }
  g_clear_pointer (&letter->replies, g_array_unref);
}

void
letter_free (gpointer data)
{
  Letter *letter = data;

  g_clear_pointer (&letter->replies, g_array_unref);
  stored_message_free (letter->message);
  g_free (letter);
}

static void
letter_forget (Mail *self, guint64 id)
{
  Letter *letter = letter_find (self, id);

  if (letter == NULL)
    return;
  if (self->service->sip != NULL)
    let_go (self, letter);
  g_hash_table_remove (self->letters, &id);
}

void
letter_settle (Mail *self, Letter *letter)
{
  SipOutPort *sip = self->service->sip;

  if (letter->request != NULL)
    sip->drop_request (sip->self, g_steal_pointer (&letter->request));
}

static void
add_reply (Mail *self, Letter *letter, const char *device,
           const MailReply *from)
{
  SipOutPort *sip = self->service->sip;
  Reply reply
      = { g_strdup (device), from->status, NULL, g_strdup (from->text) };

  if (from->response != NULL)
    reply.response = sip->keep_response (sip->self, from->response);
  if (letter->replies == NULL) {
    letter->replies = g_array_new (FALSE, FALSE, sizeof (Reply));
    g_array_set_clear_func (letter->replies, reply_clear);
  }
  g_array_append_val (letter->replies, reply);
}

static const Reply *
reply_of (const Letter *letter, const char *device)
{
  for (guint i = 0; letter->replies != NULL && i < letter->replies->len; i++) {
    const Reply *reply = &g_array_index (letter->replies, Reply, i);

    if (g_strcmp0 (reply->device, device) == 0)
      return reply;
  }
  return NULL;
}

Asked *
asked_new (Mail *self, guint64 id, const char *device)
{
  Asked *asked = g_new0 (Asked, 1);

  asked->link.data = asked;
  asked->mail = self;
  asked->id = id;
  asked->device = g_strdup (device);
  g_queue_push_tail_link (&self->asked, &asked->link);
  return asked;
}

void
asked_free (Asked *asked)
{
  g_queue_unlink (&asked->mail->asked, &asked->link);
  g_free (asked->device);
  g_free (asked);
}

/* --- Sending --- */

static void send_again (Asked *asked, const Letter *letter);

void
mail_reply (Mail *self, Letter *letter, const char *device,
            const MailReply *reply)
{
  if (letter->answer != NULL)
    add_reply (self, letter, device, reply);
  if (letter->is_known)
    mail_note_reply (self, letter, device, reply->status);
}

void
mail_answered (Asked *asked, const MailReply *reply)
{
  Mail *self = asked->mail;
  Letter *letter = letter_find (self, asked->id);
  GArray *actions = im_actions_new ();

  if (letter != NULL)
    mail_reply (self, letter, asked->device, reply);
  im_answered (self->im, asked->id, asked->device, reply->im_status,
               service_now (self->service), actions);
  asked_free (asked);
  mail_carry_out (self, actions);
}

static void
answered_cb (guint status, SipResponse *response, gpointer data)
{
  Asked *asked = data;
  Mail *self = asked->mail;
  Letter *letter = letter_find (self, asked->id);
  const MailReply reply
      = { .status = status, .response = response, .im_status = status };

  if (asked->is_left && status >= 300) {
    asked_free (asked);
    return;
  }
  if (letter != NULL && mail_plain_again (self, letter, asked, status)) {
    send_again (asked, letter);
    return;
  }
  if (letter != NULL) {
    mail_plain_taken (self, letter, asked, status);
    mail_note_deaf (self, letter, asked->device, status);
  }
  mail_answered (asked, &reply);
}

static void
send_stored (Mail *self, const Letter *letter, const SipTarget *target,
             Asked *asked)
{
  SipOutPort *sip = self->service->sip;
  const StoredMessage *message = letter->message;
  SipMessage out = { .call_id = message->call_id,
                     .cseq = message->cseq,
                     .headers = message->headers,
                     .date = message->created_at / SECOND,
                     .expires = -1,
                     .content_type = message->content_type,
                     .body = message->body };
  g_autofree char *type = NULL;
  g_autoptr (GBytes) body = NULL;

  asked->is_plain
      = mail_plain_prepare (self, letter, asked->device, &out, &type, &body);
  sip->message (sip->self, &out, target, answered_cb, asked);
}

static void
send_again (Asked *asked, const Letter *letter)
{
  const MailReply away = { .status = 480, .im_status = 480 };
  Mail *self = asked->mail;
  SipTarget target;

  if (self->service->sip != NULL
      && device_target (self->service, letter->message->recipient,
                        asked->device, &target))
    send_stored (self, letter, &target, asked);
  else
    mail_answered (asked, &away);
}

static void
act_send (Mail *self, const ImAction *action, GArray *actions)
{
  Service *service = self->service;
  Letter *letter = letter_find (self, action->message);
  SipTarget target;
  Asked *asked;

  if (service->sip == NULL || letter == NULL)
    return;
  if (xmpp_mail_has (service, action->recipient)) {
    mail_send_beyond (self, action, letter, actions);
    return;
  }
  if (self->is_off
      || !device_target (service, action->recipient, action->device, &target)) {
    im_answered (self->im, action->message, action->device, 480,
                 service_now (service), actions);
    return;
  }
  if (mail_is_deaf (self, letter, action->device)) {
    im_answered (self->im, action->message, action->device, 415,
                 service_now (service), actions);
    return;
  }
  (*self->sent_cell)++;
  asked = asked_new (self, action->message, action->device);
  asked->way = mail_way (&target);
  if (letter->request != NULL)
    service->sip->forward (service->sip->self, letter->request, &target,
                           answered_cb, asked);
  else
    send_stored (self, letter, &target, asked);
}

/* --- Answering --- */

static MessageAnswer
answer_of (const Letter *letter, const ImAction *action)
{
  static const struct {
    ServiceVerdict verdict;
    const char *text;
  } rows[] = {
    [IM_ANSWER_RELAY] = { SERVICE_RELAYED, NULL },
    [IM_ANSWER_STORED] = { SERVICE_ACCEPTED, NULL },
    [IM_ANSWER_NOBODY] = { SERVICE_UNAVAILABLE, "Nobody took the message" },
    [IM_ANSWER_FULL]
    = { SERVICE_UNAVAILABLE, "Too many messages wait for this user" },
    [IM_ANSWER_STORE] = { SERVICE_BUSY, NULL },
  };
  MessageAnswer out = { .verdict = rows[action->answer].verdict,
                        .text = rows[action->answer].text };
  const Reply *reply = action->answer == IM_ANSWER_RELAY
                           ? reply_of (letter, action->device)
                           : NULL;

  if (reply != NULL) {
    out.response = reply->response;
    out.status = reply->status;
    out.text = reply->text;
  }
  if (out.verdict == SERVICE_RELAYED && reply == NULL)
    out = (MessageAnswer){ .verdict = SERVICE_UNAVAILABLE,
                           .text = rows[IM_ANSWER_NOBODY].text };
  if (letter->is_repeated)
    out = (MessageAnswer){ .verdict = SERVICE_ACCEPTED };
  return out;
}

static void
act_answer (Mail *self, const ImAction *action)
{
  Letter *letter = letter_find (self, action->message);
  MessageAnswerFn answer = letter != NULL ? letter->answer : NULL;
  MessageAnswer out;

  if (letter == NULL)
    return;
  out = answer_of (letter, action);
  letter->answer = NULL;
  if (out.verdict == SERVICE_UNAVAILABLE)
    (*self->refused_cell)++;
  if (answer != NULL) {
    answer (&out, letter->data);
    service_leave (self->service);
  }
  if (action->answer == IM_ANSWER_STORED) {
    (*self->stored_cell)++;
    if (!letter->is_own)
      report_stored (self->service, letter->message);
  } else if (action->answer != IM_ANSWER_STORE) {
    mail_note (self, letter);
  }
  if (self->service->sip != NULL && letter->request == NULL)
    let_go (self, letter);
}

/* --- Actions --- */

static void
act_store (Mail *self, const ImAction *action, GArray *actions)
{
  Letter *letter = letter_find (self, action->message);
  StoredMessage *message = letter->message;
  SipOutPort *sip = self->service->sip;

  if (letter->request != NULL && message->body == NULL && sip != NULL) {
    message->headers = sip->describe (sip->self, letter->request);
    message->body = g_bytes_new (letter->body, letter->body_len);
  }
  mail_put (self, letter, actions);
}

static void
carry_out (Mail *self, const ImAction *action, GArray *actions)
{
  switch (action->kind) {
  case IM_ACT_SEND:
    act_send (self, action, actions);
    break;
  case IM_ACT_ANSWER:
    act_answer (self, action);
    break;
  case IM_ACT_STORE:
    act_store (self, action, actions);
    break;
  case IM_ACT_TAKE:
    (*self->delivered_cell)++;
    mail_end (self, action, MESSAGES_TAKEN);
    break;
  case IM_ACT_REFUSED:
    if (xmpp_mail_has (self->service, action->recipient))
      mail_return (self, action, actions);
    else
      mail_end (self, action, MESSAGES_FAILED);
    break;
  case IM_ACT_EXPIRE:
    mail_end (self, action, MESSAGES_EXPIRED);
    break;
  case IM_ACT_LOAD:
    mail_read (self, action);
    break;
  case IM_ACT_COUNT:
    summary_changed (self->service, action->recipient);
    if (xmpp_mail_has (self->service, action->recipient))
      xmpp_mail_counted (self->service, action->recipient, action->n);
    break;
  case IM_ACT_FORGET:
    letter_forget (self, action->message);
    break;
  }
}

/* What is carried out may append more. */
void
mail_carry_out (Mail *self, GArray *actions)
{
  for (guint i = 0; i < actions->len; i++) {
    ImAction action = g_array_index (actions, ImAction, i);

    carry_out (self, &action, actions);
  }
  g_array_unref (actions);
}

/* --- A message comes --- */

GPtrArray *
mail_devices (Mail *self, const char *recipient, const char *instance)
{
  return self->is_off ? g_ptr_array_new ()
                      : devices_reachable (self->service, recipient, instance);
}

guint64
mail_next_id (Mail *self)
{
  guint64 now = (guint64)clock_wall (self->service->clock);

  self->last_id = MAX (now, self->last_id + 1);
  return self->last_id;
}

static void
take_item (Mail *self, Letter *letter, const MailItem *item)
{
  SipOutPort *sip = self->service->sip;

  if (item->request != NULL)
    letter->request = sip->keep_request (sip->self, item->request);
  letter->body = item->body;
  letter->body_len = item->body_len;
  letter->answer = item->answer;
  letter->data = item->data;
  letter->is_untold = item->is_untold;
  letter->is_own = item->request == NULL && !item->is_theirs;
  letter->is_first = item->keep == IM_FIRST;
  if (letter->answer != NULL)
    service_enter (self->service);
}

static void
leave_out (GPtrArray *devices, const char *device)
{
  for (guint i = 0; i < devices->len; i++)
    if (g_str_equal (devices->pdata[i], device)) {
      g_ptr_array_remove_index (devices, i);
      return;
    }
}

void
mail_send (Mail *self, MailItem *item)
{
  StoredMessage *message = item->message;
  g_autoptr (GPtrArray) devices
      = mail_devices (self, message->recipient, item->instance);
  GArray *actions = im_actions_new ();
  ImMessage in = { .sender = message->sender,
                   .recipient = message->recipient,
                   .content = item->content,
                   .keep = item->keep,
                   .is_direct = item->instance != NULL || item->except != NULL,
                   .first = item->first,
                   .expires_at = message->expires_at };

  if (item->except != NULL)
    leave_out (devices, item->except);
  in.id = message->id = mail_next_id (self);
  take_item (self, letter_new (self, message), item);
  im_message (self->im, &in, (const char *const *)devices->pdata, devices->len,
              service_now (self->service), actions);
  mail_carry_out (self, actions);
}

StoredMessage *
mail_own (Service *service, const char *sender, const char *recipient)
{
  StoredMessage *self = g_new0 (StoredMessage, 1);
  g_autofree char *from = aor_to_uri (sender), *to = aor_to_uri (recipient);

  self->call_id = rc_token_new (TOKEN_BITS);
  self->from_tag = rc_token_new (TOKEN_BITS);
  self->cseq = 1;
  self->sender = g_strdup (sender);
  self->recipient = g_strdup (recipient);
  self->headers = g_strdup_printf ("From: <%s>;tag=%s\r\nTo: <%s>\r\n", from,
                                   self->from_tag, to);
  self->created_at = clock_wall (service->clock);
  self->expires_at
      = service_now (service) + service->settings.offline_ttl * SECOND;
  return self;
}

/* --- Time and settings --- */

static void
look_at_due (Mail *self)
{
  for (guint i = 0; i < LOOKS && self->due.length > 0; i++) {
    g_autofree char *recipient = g_queue_pop_head (&self->due);

    mail_look_at (self, recipient);
  }
}

static void
advance_im (Mail *self, gint64 now)
{
  GArray *actions = im_actions_new ();

  im_advance (self->im, now, actions);
  mail_carry_out (self, actions);
}

void
mail_advance (Mail *self)
{
  gint64 now = service_now (self->service);

  advance_im (self, now);
  look_at_due (self);
  mail_pace_on (self);
  if (self->seen != NULL && now > self->seen_until)
    g_clear_pointer (&self->seen, g_hash_table_unref);
  if (now - self->swept_at >= SWEEP_EVERY) {
    self->swept_at = now;
    mail_sweep (self);
  }
  *self->size_cell = im_size (self->im);
}

void
mail_give_up (Mail *self)
{
  const ImLimits *limits = &self->service->limits.im;

  advance_im (self, service_now (self->service)
                        + MAX (limits->alone, limits->fork) + SECOND);
}

static ImLimits
limits_of (const Service *service)
{
  ImLimits limits = service->limits.im;

  limits.max_stored = (guint)service->settings.offline_max_per_user;
  return limits;
}

void
mail_look_soon (Mail *self, GPtrArray *aors)
{
  for (guint i = 0; i < aors->len; i++)
    g_queue_push_tail (&self->due, g_strdup (aors->pdata[i]));
  g_ptr_array_unref (aors);
}

static void
add_all_due (Mail *self)
{
  GHashTableIter iter;
  gpointer aor;

  g_hash_table_iter_init (&iter, self->service->users);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    if (im_count (self->im, aor) > 0)
      g_queue_push_tail (&self->due, g_strdup (aor));
  mail_look_soon (self, xmpp_mail_waiting (self->service));
}

void
mail_store_back (Mail *self)
{
  mail_look_again (self);
  add_all_due (self);
}

void
mail_settings_changed (Mail *self)
{
  ImLimits limits = limits_of (self->service);
  gboolean is_off = !self->service->settings.im_enabled;

  im_set_limits (self->im, &limits);
  if (self->is_off && !is_off)
    add_all_due (self);
  self->is_off = is_off;
}

guint
mail_waiting (Mail *self, const char *aor)
{
  return im_count (self->im, aor);
}

guint
mail_size (Mail *self)
{
  return im_size (self->im);
}

Im *
mail_im (Mail *self)
{
  return self->im;
}

/* --- Life --- */

Mail *
mail_new (Service *service)
{
  Mail *self = g_new0 (Mail, 1);
  ImLimits limits = limits_of (service);
  Counters *counters = service->counters;

  self->service = service;
  self->im = im_new (&limits, service_now (service));
  self->letters
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, letter_free);
  self->swept_at = self->paced_at = service_now (service);
  self->paced = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->plain = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->deaf = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->is_off = !service->settings.im_enabled;
  self->size_cell = counters_cell (counters, "messages_in_memory");
  self->sent_cell = counters_cell (counters, "messages_sent_total");
  self->stored_cell = counters_cell (counters, "messages_stored_total");
  self->delivered_cell
      = counters_cell (counters, "messages_stored_delivered_total");
  self->refused_cell = counters_cell (counters, "messages_unavailable_total");
  return self;
}

void
mail_detach (Mail *self)
{
  GHashTableIter iter;
  gpointer letter;

  g_hash_table_iter_init (&iter, self->letters);
  while (g_hash_table_iter_next (&iter, NULL, &letter)) {
    let_go (self, letter);
    if (((Letter *)letter)->answer != NULL)
      service_leave (self->service);
    ((Letter *)letter)->answer = NULL;
  }
}

void
mail_free (Mail *self)
{
  if (self == NULL)
    return;
  while (self->asked.head != NULL)
    asked_free (self->asked.head->data);
  mail_tell_looked (self, STORE_AWAY);
  g_hash_table_unref (self->letters);
  g_clear_pointer (&self->seen, g_hash_table_unref);
  g_queue_clear_full (&self->due, g_free);
  g_queue_clear_full (&self->unread, g_free);
  g_array_unref (self->paced);
  g_hash_table_unref (self->plain);
  g_hash_table_unref (self->deaf);
  im_free (self->im);
  g_free (self);
}
