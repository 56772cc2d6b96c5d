/* SPDX-License-Identifier: ISC
 *
 * Text without its wrapper.  An XMPP client asks for a receipt of whatever it
 * sends, so that comes as CPIM with a request (RFC 5438); but many phones know
 * no CPIM and answer 415.  Such a one gets the text alone, and that it took it
 * is its receipt. */
#define G_LOG_DOMAIN "service"
#include "service/mail-priv.h"

#include "codec/content.h"
#include "service/xmpp-message.h"

/* Devices that are remembered; above it all are asked anew. */
#define DEVICES_MAX 100000

static gboolean
is_wrapped (Mail *self, const Letter *letter)
{
  const StoredMessage *message = letter->message;

  return letter->request == NULL && message->imdn_id != NULL
         && message->body != NULL
         && mime_is (message->content_type, CONTENT_CPIM)
         && xmpp_mail_has (self->service, message->sender);
}

gboolean
mail_plain_prepare (Mail *self, const Letter *letter, const char *device,
                    SipMessage *out, char **type_out, GBytes **body_out)
{
  if (!is_wrapped (self, letter)
      || !g_hash_table_contains (self->plain, device))
    return FALSE;
  *body_out = content_unwrap (letter->message->body, type_out);
  if (*body_out == NULL)
    return FALSE;
  out->content_type = *type_out;
  out->body = *body_out;
  return TRUE;
}

gboolean
mail_plain_again (Mail *self, Letter *letter, Asked *asked, guint status)
{
  if (status != 415 || asked->is_plain || !is_wrapped (self, letter))
    return FALSE;
  if (g_hash_table_size (self->plain) >= DEVICES_MAX)
    g_hash_table_remove_all (self->plain);
  g_hash_table_add (self->plain, g_strdup (asked->device));
  return TRUE;
}

void
mail_plain_taken (Mail *self, Letter *letter, const Asked *asked, guint status)
{
  if (!asked->is_plain || status >= 300 || letter->is_receipted)
    return;
  letter->is_receipted = TRUE;
  xmpp_mail_plain_taken (self->service, letter->message, asked->device);
}
