/* SPDX-License-Identifier: ISC
 *
 * The notification <stored/> (RFC 5438 8.1), which the server that stores a
 * message sends to who asked for processing notifications.  Delivery and
 * display are told by devices alone, which the ledger hears. */
#define G_LOG_DOMAIN "service"
#include "service/reports.h"

#include "addr/aor.h"
#include "addr/uri.h"
#include "base/ids.h"
#include "codec/content.h"
#include "codec/inflate.h"
#include "service/mail.h"

#define ID_BITS 80

/* Only to the authenticated sender himself (RFC 5438 14). */
static gboolean
is_sender (const StoredMessage *message, const char *target)
{
  g_autoptr (Uri) uri = NULL;
  g_autofree char *aor = NULL;

  if (!uri_parse (target, -1, &uri, NULL))
    return FALSE;
  aor = uri_aor (uri);
  return aor != NULL && aor_equal (aor, message->sender);
}

static GBytes *
write_report (const StoredMessage *message, gint64 now)
{
  g_autofree char *id = rc_token_new (ID_BITS);
  g_autoptr (Cpim) cpim = NULL;
  g_autoptr (ImdnRequest) request = NULL;
  g_autoptr (GBytes) body = NULL;
  const char *bytes, *target = NULL;
  gsize len;

  bytes = g_bytes_get_data (message->body, &len);
  if (!cpim_parse (bytes, len, &cpim, NULL))
    return NULL;
  request = imdn_request (cpim);
  if (request == NULL)
    return NULL;
  body = imdn_write_stored (request, id, now, &target);
  return body != NULL && is_sender (message, target) ? g_steal_pointer (&body)
                                                     : NULL;
}

void
report_stored (Service *service, const StoredMessage *message)
{
  g_autoptr (GBytes) body = NULL;
  MailItem item = { .content = IM_AUTOMATIC, .keep = IM_KEEP };

  if (message->body == NULL || !mime_is (message->content_type, "message/cpim"))
    return;
  body = write_report (message, clock_wall (service->clock) / 1000000);
  if (body == NULL)
    return;
  if (!service_has_domain (service, aor_domain (message->sender)))
    item.keep = IM_REFUSE;
  item.is_untold = TRUE;
  item.message = mail_own (service, message->recipient, message->sender);
  item.message->content_type = g_strdup ("message/cpim");
  item.message->body = g_steal_pointer (&body);
  mail_send (service->mail, &item);
}

/* --- What devices tell --- */

Imdn *
report_read (const MessageCommand *command, GBytes **document_out)
{
  g_autoptr (Cpim) cpim = NULL;
  g_autoptr (GBytes) plain = NULL;
  const char *bytes = command->body;
  gsize len = command->body_len;
  Imdn *imdn = NULL;

  if (!coding_is_identity (command->content_encoding)) {
    if (!inflate_body (command->content_encoding, bytes, len,
                       CONTENT_INFLATED_MAX, &plain, NULL))
      return NULL;
    bytes = g_bytes_get_data (plain, &len);
  }
  if (mime_is (command->content_type, "message/cpim")) {
    if (!cpim_parse (bytes, len, &cpim, NULL))
      return NULL;
    bytes = cpim->content.body;
    len = cpim->content.len;
  }
  if (!imdn_parse (bytes, len, &imdn, NULL))
    return NULL;
  if (document_out != NULL)
    *document_out = g_bytes_new (bytes, len);
  return imdn;
}

void
report_note (Service *service, const MessageCommand *command,
             const char *reader, const char *writer, const char *device)
{
  MessagesPort *port = service->messages;
  g_autoptr (Imdn) imdn = port != NULL ? report_read (command, NULL) : NULL;

  if (imdn != NULL && imdn->kind == IMDN_OF_DISPLAY
      && imdn->status == IMDN_DISPLAYED)
    port->note_displayed (port->self, imdn->message_id, writer, reader,
                          device != NULL ? device : "");
}
