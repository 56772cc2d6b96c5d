/* SPDX-License-Identifier: ISC
 *
 * Letters to XMPP users: their one device is the way there, and what that
 * refuses is refused. */
#define G_LOG_DOMAIN "service"
#include "service/mail-priv.h"

#include "addr/aor.h"
#include "service/xmpp-message.h"
#include "service/xmpp-priv.h"

#define LATE ((gint64)60 * 1000000) /* us */

/* To im/ a refusal is one that holds for whoever is asked (600): nobody else is
 * there.  One that may pass is so only for who waits upstream; what is stored
 * is tried again. */
static guint
im_status_of (const Letter *letter, const XmppMailResult *result)
{
  if (result->status < 300 || result->status == 503)
    return result->status;
  return letter != NULL && letter->answer == NULL && result->may_pass ? 480
                                                                      : 600;
}

static MailReply
reply_of (Letter *letter, const XmppMailResult *result)
{
  if (letter != NULL)
    letter->returned = result->status;
  return (MailReply){ .status = result->status,
                      .text = result->text,
                      .im_status = im_status_of (letter, result) };
}

/* Did it wait?  A copy of a message to many is stored first, and goes at
 * once. */
static gboolean
has_waited (const Mail *self, const Letter *letter)
{
  gint64 now = clock_wall (self->service->clock);

  return letter->is_stored
         && (!letter->is_first || letter->message->created_at < now - LATE);
}

static void
sent_cb (const XmppMailResult *result, gpointer data)
{
  Asked *asked = data;
  MailReply reply = reply_of (letter_find (asked->mail, asked->id), result);

  mail_answered (asked, &reply);
}

void
mail_send_beyond (Mail *self, const ImAction *action, Letter *letter,
                  GArray *actions)
{
  Service *service = self->service;
  Asked *asked = asked_new (self, action->message, action->device);
  XmppMailResult result = { .status = 503 };
  gboolean has_way = !self->is_off && xmpp_is_up (service->xmpp);
  MailReply reply;

  (*self->sent_cell)++;
  if (has_way)
    result.status = xmpp_mail_send (service, letter->message,
                                    has_waited (self, letter), sent_cb, asked);
  if (result.status == 0)
    return;
  asked_free (asked);
  reply = reply_of (letter, &result);
  mail_reply (self, letter, action->device, &reply);
  im_answered (self->im, action->message, action->device, reply.im_status,
               service_now (service), actions);
}

void
mail_return (Mail *self, const ImAction *action, GArray *actions)
{
  Letter *letter = letter_find (self, action->message);
  ImAction end = *action;

  if (letter != NULL)
    end.status = letter->returned;
  mail_end (self, &end, MESSAGES_RETURNED);
  if (letter != NULL)
    xmpp_mail_returned (self->service, letter->message, end.status);
  im_purged (self->im, action->recipient, action->message,
             service_now (self->service), actions);
}

/* --- The link --- */

static void
close_device (Mail *self, const char *recipient)
{
  g_autofree char *device = xmpp_mail_device (recipient);
  GArray *actions = im_actions_new ();

  im_device_closed (self->im, recipient, device, service_now (self->service),
                    actions);
  mail_carry_out (self, actions);
}

/* Those with a message in memory: no other one is tried. */
void
mail_beyond_closed (Mail *self)
{
  g_autoptr (GHashTable) names
      = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer value, name;

  g_hash_table_iter_init (&iter, self->letters);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const char *recipient = ((Letter *)value)->message->recipient;

    if (xmpp_mail_has (self->service, recipient)
        && !g_hash_table_contains (names, recipient))
      g_hash_table_add (names, g_strdup (recipient));
  }
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    close_device (self, name);
}
