/* SPDX-License-Identifier: ISC
 *
 * Text without its wrapper.  An XMPP client asks for a receipt of whatever it
 * sends, so that comes as CPIM with a request (RFC 5438); but many phones know
 * no CPIM and answer 415.  Such a one gets the text alone, and that it took it
 * is its receipt. */
#define G_LOG_DOMAIN "service"
#include "service/mail-priv.h"

#include "codec/composing.h"
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

static void
remember (GHashTable *devices, const char *device)
{
  if (g_hash_table_size (devices) >= DEVICES_MAX)
    g_hash_table_remove_all (devices);
  g_hash_table_add (devices, g_strdup (device));
}

static gboolean
is_composing (const Letter *letter)
{
  return letter->request == NULL
         && mime_is (letter->message->content_type, COMPOSING_TYPE);
}

gboolean
mail_is_deaf (Mail *self, const Letter *letter, const char *device)
{
  return g_hash_table_size (self->deaf) > 0 && is_composing (letter)
         && g_hash_table_contains (self->deaf, device);
}

void
mail_note_deaf (Mail *self, const Letter *letter, const char *device,
                guint status)
{
  if (status == 415 && is_composing (letter))
    remember (self->deaf, device);
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
  remember (self->plain, asked->device);
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
