/* SPDX-License-Identifier: ISC
 *
 * Notifications of RFC 5438: requests (7.1.1), what is one (9), the <stored/>
 * one (8.1). */
#include "codec/imdn.h"

#include <string.h>

#define PARTS_MAX 64

void
imdn_request_free (ImdnRequest *self)
{
  if (self == NULL)
    return;
  g_free (self->message_id);
  g_free (self->datetime);
  g_free (self->from);
  g_free (self->to);
  g_free (self->original_to);
  g_free (self->subject);
  g_strfreev (self->routes);
  g_free (self);
}

/* `negative-delivery;x=y, display`; what is unknown is left out (7.2.1). */
static guint
wanted_of (const char *value)
{
  static const struct {
    const char *name;
    guint bit;
  } kinds[] = { { "positive-delivery", IMDN_POSITIVE },
                { "negative-delivery", IMDN_NEGATIVE },
                { "processing", IMDN_PROCESSING },
                { "display", IMDN_DISPLAY } };
  g_auto (GStrv) tokens = g_strsplit (value, ",", -1);
  guint wanted = 0;

  for (guint i = 0; tokens[i] != NULL; i++) {
    tokens[i][strcspn (tokens[i], ";")] = '\0';
    g_strstrip (tokens[i]);
    for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
      if (g_str_equal (tokens[i], kinds[k].name))
        wanted |= kinds[k].bit;
  }
  return wanted;
}

static guint
all_wanted (const Cpim *cpim)
{
  guint wanted = 0;
  const char *value;

  for (guint i = 0;
       (value = cpim_nth (cpim, IMDN_NS, "Disposition-Notification", i))
       != NULL;
       i++)
    wanted |= wanted_of (value);
  return wanted;
}

static gboolean
is_multipart_of_imdns (const MimePart *entity, const char *content_type)
{
  g_autoptr (GArray) parts = NULL;

  if (!multipart_parse (entity->body, entity->len, content_type, PARTS_MAX,
                        &parts, NULL))
    return FALSE;
  for (guint i = 0; i < parts->len; i++) {
    g_autofree char *type
        = mime_header (&g_array_index (parts, MimePart, i), "Content-Type");

    if (mime_is (type, IMDN_TYPE))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_entity_imdn (const MimePart *entity, const char *content_type)
{
  return mime_is (content_type, IMDN_TYPE)
         || (mime_is (content_type, "multipart/mixed")
             && is_multipart_of_imdns (entity, content_type));
}

static gboolean
is_cpim_imdn (const Cpim *cpim)
{
  g_autofree char *type = mime_header (&cpim->content, "Content-Type");

  return is_entity_imdn (&cpim->content, type);
}

gboolean
imdn_is (const char *content_type, const char *encoding, const char *bytes,
         gsize len)
{
  MimePart whole = { .body = bytes, .len = len };
  g_autoptr (Cpim) cpim = NULL;

  if (mime_is (content_type, IMDN_TYPE))
    return TRUE;
  if (encoding != NULL && !mime_is (encoding, "identity"))
    return FALSE;
  if (!mime_is (content_type, "message/cpim"))
    return is_entity_imdn (&whole, content_type);
  return cpim_parse (bytes, len, &cpim, NULL) && is_cpim_imdn (cpim);
}

const char *
imdn_message_id (const Cpim *cpim)
{
  const char *id = cpim_value (cpim, IMDN_NS, "Message-ID");

  return id != NULL && *id != '\0' ? id : NULL;
}

char *
imdn_message_id_of (const char *content_type, const char *encoding,
                    const char *bytes, gsize len)
{
  g_autoptr (Cpim) cpim = NULL;

  if (!mime_is (content_type, "message/cpim") || encoding != NULL
      || !cpim_parse (bytes, len, &cpim, NULL))
    return NULL;
  return g_strdup (imdn_message_id (cpim));
}

static gboolean
is_anonymous (const char *uri)
{
  return uri == NULL || strstr (uri, "anonymous.invalid") != NULL;
}

static char **
routes_of (const Cpim *cpim)
{
  GPtrArray *routes = g_ptr_array_new ();
  const char *value;

  for (guint i = 0;
       (value = cpim_nth (cpim, IMDN_NS, "IMDN-Record-Route", i)) != NULL;
       i++) {
    char *uri = cpim_uri (value);

    if (uri != NULL)
      g_ptr_array_add (routes, uri);
  }
  g_ptr_array_add (routes, NULL);
  return (char **)g_ptr_array_free (routes, FALSE);
}

ImdnRequest *
imdn_request (const Cpim *cpim)
{
  g_autoptr (ImdnRequest) self = g_new0 (ImdnRequest, 1);

  self->wanted = all_wanted (cpim);
  self->message_id = g_strdup (imdn_message_id (cpim));
  self->from = cpim_uri (cpim_value (cpim, NULL, "From"));
  self->to = cpim_uri (cpim_value (cpim, NULL, "To"));
  self->original_to = cpim_uri (cpim_value (cpim, IMDN_NS, "Original-To"));
  self->datetime = g_strdup (cpim_value (cpim, NULL, "DateTime"));
  self->subject = g_strdup (cpim_value (cpim, NULL, "Subject"));
  self->routes = routes_of (cpim);
  if (self->wanted == 0 || self->message_id == NULL || self->to == NULL
      || is_anonymous (self->from) || is_cpim_imdn (cpim))
    return NULL;
  return g_steal_pointer (&self);
}

static GBytes *
stored_document (const ImdnRequest *request, const char *datetime)
{
  Imdn imdn
      = { .message_id = request->message_id,
          .datetime = (char *)datetime,
          .recipient = request->to,
          .original_recipient
          = request->original_to != NULL ? request->original_to : request->to,
          .subject = request->subject,
          .kind = IMDN_OF_PROCESSING,
          .status = IMDN_STORED };

  return imdn_write (&imdn);
}

static void
put_document (GByteArray *out, GBytes *document)
{
  gsize len;
  const char *body = g_bytes_get_data (document, &len);
  g_autofree char *headers
      = g_strdup_printf ("Content-Type: " IMDN_TYPE "\r\n"
                         "Content-Disposition: notification\r\n"
                         "Content-Length: %" G_GSIZE_FORMAT "\r\n",
                         len);
  MimePart content = { headers, strlen (headers), body, len };

  cpim_put_content (out, &content);
}

static gboolean
put_headers (GByteArray *out, const ImdnRequest *request,
             const char *message_id, const char *datetime)
{
  if (!cpim_put_uri (out, "From", request->to)
      || !cpim_put_uri (out, "To", request->from))
    return FALSE;
  cpim_put_header (out, "NS", "imdn <" IMDN_NS ">");
  cpim_put_header (out, "imdn.Message-ID", message_id);
  cpim_put_header (out, "DateTime", datetime);
  for (guint i = 0; request->routes[i] != NULL; i++)
    if (!cpim_put_uri (out, "imdn.IMDN-Route", request->routes[i]))
      return FALSE;
  return TRUE;
}

GBytes *
imdn_write_stored (const ImdnRequest *request, const char *message_id,
                   gint64 now, const char **target_out)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree char *datetime = cpim_datetime (now);
  g_autoptr (GBytes) document = NULL;

  if (!(request->wanted & IMDN_PROCESSING) || datetime == NULL
      || !put_headers (out, request, message_id, datetime))
    return NULL;
  /* <datetime> is that of the message; one that has none was sent just now. */
  document = stored_document (
      request, request->datetime != NULL ? request->datetime : datetime);
  put_document (out, document);
  *target_out = request->routes[0] != NULL ? request->routes[0] : request->from;
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
