/* SPDX-License-Identifier: ISC
 *
 * The body of a MESSAGE to many (RFC 5365 6, 7.3). */
#include "codec/recipients.h"

#include "base/error.h"

#include <string.h>

#define PARTS_MAX 16
#define LIST_TYPE "application/resource-lists+xml"

void
list_message_free (ListMessage *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->recipients);
  g_ptr_array_unref (self->parts);
  g_free (self);
}

static gboolean
wrong (const char *what, GError **error)
{
  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "%s", what);
  return FALSE;
}

static gboolean
add_list (ListMessage *self, const MimePart *part, GBytes *body, guint max,
          GError **error)
{
  g_autofree char *type = mime_header (part, "Content-Type");
  g_autofree char *encoding = mime_header (part, "Content-Encoding");
  gsize len;
  const char *bytes = g_bytes_get_data (body, &len);

  if (!mime_is (type, LIST_TYPE)
      || (encoding != NULL && !mime_is (encoding, "identity"))) {
    g_set_error (error, RC_ERROR, RC_ERROR_UNSUPPORTED,
                 "a recipient-list that is no plain " LIST_TYPE);
    return FALSE;
  }
  return recipients_parse (bytes != NULL ? bytes : "", len, max,
                           self->recipients, error);
}

/* Its header lines but that of the transfer encoding, which is undone. */
static void
put_headers (GByteArray *out, const MimePart *part)
{
  static const char encoding[] = "Content-Transfer-Encoding";
  const char *at = part->headers, *limit = at + part->headers_len;
  gboolean is_left_out = FALSE;

  while (at < limit) {
    const char *end = memchr (at, '\n', limit - at);

    end = end != NULL ? end + 1 : limit;
    if (*at != ' ' && *at != '\t')
      is_left_out
          = (gsize)(end - at) > strlen (encoding)
            && g_ascii_strncasecmp (at, encoding, strlen (encoding)) == 0;
    if (!is_left_out)
      g_byte_array_append (out, (const guint8 *)at, (guint)(end - at));
    at = end;
  }
  if (out->len > 0 && out->data[out->len - 1] != '\n')
    g_byte_array_append (out, (const guint8 *)"\r\n", 2);
}

static GBytes *
entity (const MimePart *part, GBytes *body)
{
  GByteArray *out = g_byte_array_new ();
  gsize len;
  const guint8 *bytes = g_bytes_get_data (body, &len);

  put_headers (out, part);
  g_byte_array_append (out, (const guint8 *)"\r\n", 2);
  g_byte_array_append (out, bytes, (guint)len);
  return g_byte_array_free_to_bytes (out);
}

static gboolean
read_part (ListMessage *self, const MimePart *part, guint max, GError **error)
{
  g_autofree char *disposition = mime_header (part, "Content-Disposition");
  g_autoptr (GBytes) body = mime_decode (part, error);

  if (body == NULL)
    return FALSE;
  if (mime_is (disposition, "recipient-list"))
    return add_list (self, part, body, max, error);
  g_ptr_array_add (self->parts, entity (part, body));
  return TRUE;
}

gboolean
list_message_parse (const char *bytes, gsize len, const char *content_type,
                    guint max, ListMessage **out, GError **error)
{
  g_autoptr (ListMessage) self = g_new0 (ListMessage, 1);
  g_autoptr (GArray) parts = NULL;

  *out = NULL;
  self->recipients = recipients_new ();
  self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  if (!mime_is (content_type, "multipart/mixed"))
    return wrong ("a message to many must be multipart/mixed", error);
  if (!multipart_parse (bytes, len, content_type, PARTS_MAX, &parts, error))
    return FALSE;
  for (guint i = 0; i < parts->len; i++)
    if (!read_part (self, &g_array_index (parts, MimePart, i), max, error))
      return FALSE;
  if (self->recipients->len == 0)
    return wrong ("no recipient-list, or an empty one", error);
  if (self->parts->len == 0)
    return wrong ("nothing to send beside the recipient-list", error);
  *out = g_steal_pointer (&self);
  return TRUE;
}

static MimePart
part_of (GBytes *bytes)
{
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);
  MimePart part = { 0 };

  mime_split (text, len, &part);
  return part;
}

/* RFC 5365 7.3: without the multipart wrapper. */
static GBytes *
write_one (GBytes *bytes, char **content_type_out, char **disposition_out)
{
  MimePart part = part_of (bytes);
  gsize offset = part.body - (const char *)g_bytes_get_data (bytes, NULL);

  *content_type_out = mime_header (&part, "Content-Type");
  if (*content_type_out == NULL)
    *content_type_out = g_strdup ("text/plain"); /* RFC 2046 5.1 */
  *disposition_out = mime_header (&part, "Content-Disposition");
  return g_bytes_new_from_bytes (bytes, offset, part.len);
}

GBytes *
list_message_write (const ListMessage *self, GBytes *history,
                    char **content_type_out, char **disposition_out)
{
  static const char headers[]
      = "Content-Type: " LIST_TYPE "\r\n"
        "Content-Disposition: recipient-list-history; handling=optional\r\n";
  MimePart parts[PARTS_MAX + 1];
  g_autofree char *boundary = NULL;
  guint n = 0;
  GBytes *out;

  if (history == NULL && self->parts->len == 1)
    return write_one (self->parts->pdata[0], content_type_out, disposition_out);
  for (; n < self->parts->len; n++)
    parts[n] = part_of (self->parts->pdata[n]);
  if (history != NULL) {
    parts[n] = (MimePart){ headers, strlen (headers), NULL, 0 };
    parts[n].body = g_bytes_get_data (history, &parts[n].len);
    n++;
  }
  out = multipart_write (parts, n, &boundary);
  *content_type_out = g_strdup_printf ("multipart/mixed;boundary=%s", boundary);
  *disposition_out = NULL;
  return out;
}
