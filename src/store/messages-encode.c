/* SPDX-License-Identifier: ISC
 *
 * Messages as parameters and from results: see the header. */
#include "store/messages-encode.h"

#include <string.h>

#include "store/array.h"
#include "store/messages-sql.h"

/* An entry of an index holds 2,704 bytes. */
#define KEY_MAX 2000
/* us; a time that is farther away than a century is cut. */
#define FAR ((gint64)100 * 365 * 86400 * G_USEC_PER_SEC)

static gsize
length (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

gboolean
message_is_text (const char *text)
{
  return text == NULL || g_utf8_validate (text, -1, NULL);
}

gboolean
message_is_device (const char *device)
{
  return length (device) <= KEY_MAX && message_is_text (device);
}

gboolean
message_is_fit (const StoredMessage *m)
{
  return m->id > 0 && m->id <= G_MAXINT64 && m->call_id != NULL
         && m->sender != NULL && m->recipient != NULL
         && length (m->call_id) + length (m->from_tag) + length (m->recipient)
                <= KEY_MAX
         && length (m->imdn_id) <= KEY_MAX && message_is_text (m->call_id)
         && message_is_text (m->from_tag) && message_is_text (m->sender)
         && message_is_text (m->recipient) && message_is_text (m->imdn_id)
         && message_is_text (m->content_type) && message_is_text (m->headers);
}

StoredMessage *
message_copy_bare (const StoredMessage *m)
{
  StoredMessage *copy = g_new0 (StoredMessage, 1);

  copy->id = m->id;
  copy->call_id = g_strdup (m->call_id);
  copy->from_tag = g_strdup (m->from_tag);
  copy->cseq = m->cseq;
  copy->sender = g_strdup (m->sender);
  copy->recipient = g_strdup (m->recipient);
  copy->imdn_id = g_strdup (m->imdn_id);
  copy->content_type = g_strdup (m->content_type);
  copy->created_at = m->created_at;
  copy->expires_at = m->expires_at;
  return copy;
}

void
message_encode (GByteArray *const *columns, const StoredMessage *m, gint64 now)
{
  array_put_int64 (columns[0], (gint64)m->id);
  array_put_text (columns[1], m->call_id);
  array_put_text (columns[2], m->from_tag != NULL ? m->from_tag : "");
  array_put_int64 (columns[3], m->cseq);
  array_put_text (columns[4], m->sender);
  array_put_text (columns[5], m->recipient);
  array_put_text (columns[6], m->imdn_id);
  array_put_text (columns[7], m->content_type);
  array_put_text (columns[8], m->headers);
  array_put_bytes (columns[9], m->body);
  array_put_time (columns[10], CLAMP (m->created_at, 0, 10 * FAR));
  array_put_int64 (columns[11], CLAMP (m->expires_at - now, -FAR, FAR));
}

static char *
text (const PGresult *result, int i, int column)
{
  return PQgetisnull (result, i, column)
             ? NULL
             : g_strndup (PQgetvalue (result, i, column),
                          (gsize)PQgetlength (result, i, column));
}

StoredMessage *
message_decode (const PGresult *result, int i, gint64 now)
{
  StoredMessage *self = g_new0 (StoredMessage, 1);
  const char *expires_at = PQgetvalue (result, i, READ_EXPIRES_AT);
  const char *sql_now = PQgetvalue (result, i, READ_NOW);

  self->id = (guint64)array_read_int64 (PQgetvalue (result, i, READ_ID));
  self->call_id = text (result, i, READ_CALL_ID);
  if (PQgetlength (result, i, READ_FROM_TAG) > 0)
    self->from_tag = text (result, i, READ_FROM_TAG);
  self->cseq = (guint32)array_read_int64 (PQgetvalue (result, i, READ_CSEQ));
  self->sender = text (result, i, READ_SENDER);
  self->recipient = text (result, i, READ_RECIPIENT);
  self->imdn_id = text (result, i, READ_IMDN_ID);
  self->content_type = text (result, i, READ_CONTENT_TYPE);
  self->headers = text (result, i, READ_HEADERS);
  self->body = g_bytes_new (PQgetvalue (result, i, READ_BODY),
                            (gsize)PQgetlength (result, i, READ_BODY));
  self->created_at = array_read_time (PQgetvalue (result, i, READ_CREATED_AT));
  self->expires_at
      = now + array_read_int64 (expires_at) - array_read_int64 (sql_now);
  if (!PQgetisnull (result, i, READ_REFUSED))
    self->refused
        = array_read_texts (PQgetvalue (result, i, READ_REFUSED),
                            (gsize)PQgetlength (result, i, READ_REFUSED));
  return self;
}
