/* SPDX-License-Identifier: ISC
 *
 * Messages as stanzas (RFC 7572 5, table 2): to the resource that replied, else
 * to the bare JID, and what came of it. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-message-priv.h"

#include <string.h>

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "base/error.h"
#include "codec/content.h"
#include "service/mail.h"
#include "service/xmpp-errors.h"

/* So long an error may come for what was sent to a resource, and be taken
 * for "it is gone"; so many are remembered. */
#define RECENT_FOR (60 * XMPP_SECOND)
#define RECENT_MAX 1000
/* A DateTime that is so much before now is worth telling. */
#define LATE 60

/* A stanza that is under way.  message is kept only where it may be sent again,
 * to the bare JID, when its resource is gone. */
typedef struct {
  GList link; /* in out or recent */
  XmppMessages *part;
  XmppMailFn done; /* NULL: nobody waits */
  gpointer data;
  gboolean is_bare;
  XmppMessage *message;
  char *sender, *recipient, *resource;
  guint64 id;
  gint64 taken_at;
  gboolean is_waiting; /* for the link, to be sent again */
} XmppOut;

static void
out_free (XmppOut *out)
{
  xmpp_message_free (out->message);
  g_free (out->sender);
  g_free (out->recipient);
  g_free (out->resource);
  g_free (out);
}

/* The first one of a queue (the links are in them); NULL: none. */
static XmppOut *
take_first (GQueue *queue)
{
  GList *link = queue->head;

  if (link == NULL)
    return NULL;
  g_queue_unlink (queue, link);
  return link->data;
}

/* --- What is sent --- */

typedef struct {
  XmppMessage message;
  char *from, *to, *bare, *id, *subject, *lang, *receipt;
  char *resource; /* of to; NULL: it is the bare JID */
  Content *content;
} Stanza;

static void
stanza_clear (Stanza *self)
{
  g_free (self->from);
  g_free (self->to);
  g_free (self->bare);
  g_free (self->id);
  g_free (self->subject);
  g_free (self->lang);
  g_free (self->receipt);
  g_free (self->resource);
  content_free (self->content);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stanza, stanza_clear)

static char *
clean_header (const char *headers, const char *name)
{
  char *value = xmpp_header_of (headers, name);

  if (value != NULL && *value != '\0'
      && content_is_clean (value, strlen (value), FALSE))
    return value;
  g_free (value);
  return NULL;
}

/* xml:lang names one language: the first. */
static char *
language_of (const char *headers)
{
  g_autofree char *value = clean_header (headers, "Content-Language");

  if (value == NULL)
    return NULL;
  value[strcspn (value, ", ")] = '\0';
  return xmpp_is_language (value) ? g_steal_pointer (&value) : NULL;
}

static gboolean
address (XmppMessages *self, const StoredMessage *in, Stanza *out)
{
  g_autofree char *gr = xmpp_gr_of (in->headers, "From");
  g_autofree char *to = xmpp_gr_of (in->headers, "To");
  ImContent kind = out->content->kind == CONTENT_TEXT ? IM_USER : IM_AUTOMATIC;
  const char *locked;

  locked = im_locks_route (self->locks, in->sender, in->recipient, kind,
                           service_now (xmpp_messages_service (self)));
  out->resource = g_strdup (to != NULL ? to : locked);
  return jid_from_aor (in->sender, gr, &out->from, NULL)
         && jid_from_aor (in->recipient, NULL, &out->bare, NULL)
         && jid_from_aor (in->recipient, out->resource, &out->to, NULL);
}

static void
describe_text (XmppMessages *self, const StoredMessage *in, gboolean is_late,
               Stanza *out)
{
  Service *service = xmpp_messages_service (self);
  const Content *content = out->content;
  XmppMessage *m = &out->message;
  gint64 now = clock_wall (service->clock) / XMPP_SECOND;

  out->subject = clean_header (in->headers, "Subject");
  out->lang = language_of (in->headers);
  m->body = content->text;
  m->subject = out->subject != NULL ? out->subject : content->subject;
  m->lang = out->lang;
  /* So that the other side tells what it does (XEP-0085 5.1). */
  m->chat = XMPP_CHAT_ACTIVE;
  m->wants_receipt = (content->wanted & IMDN_POSITIVE) != 0;
  if (!service->limits.xmpp_fresh_threads
      && content_is_clean (in->call_id, strlen (in->call_id), FALSE))
    m->thread = in->call_id;
  if (is_late)
    m->stamp = in->created_at / XMPP_SECOND;
  else if (content->date > 0 && content->date < now - LATE)
    m->stamp = content->date;
}

/* FALSE: there is nothing that XMPP could say. */
static gboolean
describe_report (Stanza *out)
{
  const Imdn *report = out->content->report;

  if (report->kind != IMDN_OF_DELIVERY || report->status != IMDN_DELIVERED)
    return FALSE;
  out->receipt = xmpp_id_of_token (report->message_id);
  out->message.receipt = out->receipt;
  return out->receipt != NULL;
}

/* RFC 7573 6, table 3. */
static gboolean
describe (XmppMessages *self, const StoredMessage *in, gboolean is_late,
          Stanza *out)
{
  Service *service = xmpp_messages_service (self);
  XmppStanzaId id
      = { .message = in->id,
          .wanted = out->content->wanted,
          .imdn_id
          = out->content->wanted != 0 ? out->content->message_id : NULL };

  out->message.type
      = service->limits.xmpp_normal ? XMPP_MESSAGE_NORMAL : XMPP_MESSAGE_CHAT;
  out->message.from = out->from;
  out->message.to = out->to;
  out->id = xmpp_id_write (service, in->sender, in->recipient, &id);
  out->message.id = out->id;
  switch (out->content->kind) {
  case CONTENT_TEXT:
    describe_text (self, in, is_late, out);
    return TRUE;
  case CONTENT_COMPOSING:
    out->message.type = XMPP_MESSAGE_CHAT;
    out->message.chat
        = out->content->is_composing ? XMPP_CHAT_COMPOSING : XMPP_CHAT_ACTIVE;
    return TRUE;
  case CONTENT_REPORT:
    return describe_report (out);
  }
  return FALSE;
}

static gboolean
read_content (const StoredMessage *in, Stanza *out, guint *status_out)
{
  gsize len = 0;
  const char *bytes
      = in->body != NULL ? g_bytes_get_data (in->body, &len) : NULL;
  g_autoptr (GError) error = NULL;

  if (content_read (in->content_type, NULL, bytes, len, &out->content, &error))
    return TRUE;
  *status_out = error->code == RC_ERROR_UNSUPPORTED ? 415 : 400;
  return FALSE;
}

/* --- What came of it --- */

static void sent_cb (XmppOutcome outcome, XmppError error, const char *text,
                     gpointer data);

static void
send (XmppOut *out, const XmppMessage *message)
{
  XmppMessages *self = out->part;

  g_queue_push_tail_link (&self->out, &out->link);
  xmpp_send_message (self->xmpp, message, sent_cb, out);
}

/* The same to the bare JID, under an id of its own. */
static void
send_to_bare (XmppOut *out)
{
  XmppMessage *m = out->message;
  char *id = (char *)m->id;

  id[strlen ("rc")] = '1';
  g_free ((char *)m->to);
  m->to = NULL;
  if (!jid_from_aor (out->recipient, NULL, (char **)&m->to, NULL)) {
    out_free (out);
    return;
  }
  out->is_bare = TRUE;
  g_clear_pointer (&out->resource, g_free);
  send (out, m);
}

/* May it go to the bare JID (as RFC 6121 8.5.3.2.1 has it for a server)?  Then
 * its lock falls. */
static gboolean
is_gone (XmppOut *out, XmppError error)
{
  if (out->resource == NULL || !xmpp_error_is_gone (error))
    return FALSE;
  im_locks_not_taken (out->part->locks, out->sender, out->recipient,
                      out->resource);
  return TRUE;
}

static void
remember (XmppOut *out)
{
  XmppMessages *self = out->part;

  out->done = NULL;
  out->taken_at = service_now (xmpp_messages_service (self));
  g_queue_push_tail_link (&self->recent, &out->link);
  if (self->recent.length > RECENT_MAX)
    out_free (take_first (&self->recent));
}

static void
bounce (XmppMessages *self, const char *sender, const char *recipient,
        const XmppStanzaId *id, guint status)
{
  MessagesPort *port = xmpp_messages_service (self)->messages;
  g_autofree char *device = xmpp_mail_device (recipient);

  (*self->bounced_cell)++;
  g_info ("message %" G_GUINT64_FORMAT " of %s to %s came back: %u",
          id->message, sender, recipient, status);
  if (port != NULL)
    port->note_delivery (port->self, id->message, recipient, device,
                         MESSAGES_BOUNCED, status);
  if (id->wanted & IMDN_NEGATIVE)
    xmpp_report (self, sender, recipient, id, IMDN_FAILED);
}

/* Nobody waits for it any more: it had been taken once. */
static void
again_ended (XmppOut *out, XmppOutcome outcome, XmppError error)
{
  XmppMessages *self = out->part;
  XmppStanzaId id;

  if (outcome == XMPP_LOST) {
    out->is_waiting = TRUE;
    g_queue_push_tail_link (&self->recent, &out->link);
    return;
  }
  if (outcome == XMPP_REFUSED
      && xmpp_id_read (xmpp_messages_service (self), out->sender,
                       out->recipient, out->message->id, &id))
    bounce (self, out->sender, out->recipient, &id,
            xmpp_status_of (error, TRUE));
  out_free (out);
}

static void
sent_cb (XmppOutcome outcome, XmppError error, const char *text, gpointer data)
{
  XmppOut *out = data;
  XmppMessages *self = out->part;
  XmppMailResult result = { .status = 200, .text = text };
  XmppMailFn done = out->done;
  gpointer done_data = out->data;

  g_queue_unlink (&self->out, &out->link);
  if (outcome == XMPP_REFUSED && is_gone (out, error)) {
    send_to_bare (out);
    return;
  }
  if (done == NULL) {
    again_ended (out, outcome, error);
    return;
  }
  if (outcome == XMPP_LOST)
    result.status = 503;
  if (outcome == XMPP_REFUSED)
    result.status = xmpp_status_of (error, out->is_bare);
  result.may_pass = outcome == XMPP_REFUSED && xmpp_error_is_passing (error);
  if (outcome == XMPP_TAKEN && out->resource != NULL)
    remember (out);
  else
    out_free (out);
  done (&result, done_data);
}

guint
xmpp_mail_send (Service *service, const StoredMessage *message,
                gboolean is_late, XmppMailFn done, gpointer data)
{
  XmppMessages *self = service->xmpp->message_part;
  g_auto (Stanza) stanza = { 0 };
  guint status = 0;
  XmppOut *out;

  if (!read_content (message, &stanza, &status))
    return status;
  if (!address (self, message, &stanza))
    return 400;
  if (!describe (self, message, is_late, &stanza))
    return 200;
  out = g_new0 (XmppOut, 1);
  out->link.data = out;
  out->part = self;
  out->done = done;
  out->data = data;
  out->is_bare = g_str_equal (stanza.to, stanza.bare);
  if (stanza.resource != NULL && stanza.content->kind == CONTENT_TEXT) {
    out->resource = g_steal_pointer (&stanza.resource);
    out->sender = g_strdup (message->sender);
    out->recipient = g_strdup (message->recipient);
    out->id = message->id;
    out->message = xmpp_message_dup (&stanza.message);
  }
  (*self->out_cell)++;
  send (out, &stanza.message);
  return 0;
}

/* --- Later --- */

static XmppOut *
find_recent (XmppMessages *self, guint64 id)
{
  for (GList *at = self->recent.tail; at != NULL; at = at->prev)
    if (((XmppOut *)at->data)->id == id)
      return at->data;
  return NULL;
}

void
xmpp_out_bounced (XmppMessages *self, const XmppMessage *error)
{
  Service *service = xmpp_messages_service (self);
  g_autofree char *sender = NULL, *recipient = NULL;
  XmppStanzaId id;
  XmppOut *out;

  if (!jid_to_aor (error->to, &sender, NULL)
      || !jid_to_aor (error->from, &recipient, NULL)
      || !xmpp_id_read (service, sender, recipient, error->id, &id))
    return;
  out = id.attempt == 0 ? find_recent (self, id.message) : NULL;
  if (out != NULL && !out->is_waiting && is_gone (out, error->error)) {
    g_queue_unlink (&self->recent, &out->link);
    send_to_bare (out);
    return;
  }
  bounce (self, sender, recipient, &id,
          xmpp_status_of (error->error, out == NULL));
}

void
xmpp_out_advance (XmppMessages *self)
{
  gint64 now = service_now (xmpp_messages_service (self));
  GList *next;

  for (GList *at = self->recent.head; at != NULL; at = next) {
    XmppOut *out = at->data;

    next = at->next;
    if (out->is_waiting)
      continue;
    if (out->taken_at + RECENT_FOR > now)
      break;
    g_queue_unlink (&self->recent, &out->link);
    out_free (out);
  }
}

void
xmpp_out_link (XmppMessages *self, gboolean is_up)
{
  GList *next;

  for (GList *at = is_up ? self->recent.head : NULL; at != NULL; at = next) {
    XmppOut *out = at->data;

    next = at->next;
    if (!out->is_waiting)
      continue;
    out->is_waiting = FALSE;
    g_queue_unlink (&self->recent, &out->link);
    send (out, out->message);
  }
}

void
xmpp_out_detach (XmppMessages *self)
{
  XmppPort *port = self->xmpp->port;
  XmppOut *out;

  while ((out = take_first (&self->out)) != NULL) {
    port->forget (port->self, out);
    out_free (out);
  }
}

void
xmpp_out_free (XmppMessages *self)
{
  XmppOut *out;

  while ((out = take_first (&self->recent)) != NULL)
    out_free (out);
}
