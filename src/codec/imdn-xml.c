/* SPDX-License-Identifier: ISC
 *
 * message/imdn+xml (RFC 5438 11). */
#include "codec/imdn.h"

#include "codec/xml-priv.h"

#define NS_IMDN "urn:ietf:params:xml:ns:imdn"

static const char *const kinds[] = {
  [IMDN_OF_DELIVERY] = "delivery-notification",
  [IMDN_OF_DISPLAY] = "display-notification",
  [IMDN_OF_PROCESSING] = "processing-notification",
};

static const char *const statuses[] = {
  [IMDN_DELIVERED] = "delivered", [IMDN_FAILED] = "failed",
  [IMDN_DISPLAYED] = "displayed", [IMDN_PROCESSED] = "processed",
  [IMDN_STORED] = "stored",       [IMDN_FORBIDDEN] = "forbidden",
  [IMDN_ERROR] = "error",
};

/* 11.1.7: which status may stand in which notification. */
static gboolean
is_legal (ImdnKind kind, ImdnStatus status)
{
  switch (status) {
  case IMDN_DELIVERED:
  case IMDN_FAILED:
    return kind == IMDN_OF_DELIVERY;
  case IMDN_DISPLAYED:
    return kind == IMDN_OF_DISPLAY;
  case IMDN_PROCESSED:
  case IMDN_STORED:
    return kind == IMDN_OF_PROCESSING;
  default:
    return TRUE;
  }
}

void
imdn_free (Imdn *self)
{
  if (self == NULL)
    return;
  g_free (self->message_id);
  g_free (self->datetime);
  g_free (self->recipient);
  g_free (self->original_recipient);
  g_free (self->subject);
  g_free (self);
}

/* The status is the first element in <status>. */
static gboolean
read_status (Imdn *self, const xmlNode *notification)
{
  xmlNode *node = xml_element (notification->children);

  while (node != NULL && !xml_is (node, NS_IMDN, "status"))
    node = xml_element (node->next);
  node = node != NULL ? xml_element (node->children) : NULL;
  if (node == NULL)
    return FALSE;
  self->status = IMDN_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (xml_is (node, NS_IMDN, statuses[i]))
      self->status = (ImdnStatus)i;
  return is_legal (self->kind, self->status);
}

static void
take (char **target, const xmlNode *node, const char *name)
{
  if (*target == NULL && xml_is (node, NS_IMDN, name))
    *target = xml_stripped (node);
}

static gboolean
read_children (Imdn *self, const xmlNode *root, guint *n_out, GError **error)
{
  for (xmlNode *node = xml_element (root->children); node != NULL;
       node = xml_element (node->next)) {
    take (&self->message_id, node, "message-id");
    take (&self->datetime, node, "datetime");
    take (&self->recipient, node, "recipient-uri");
    take (&self->original_recipient, node, "original-recipient-uri");
    take (&self->subject, node, "subject");
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
      if (!xml_is (node, NS_IMDN, kinds[i]))
        continue;
      self->kind = (ImdnKind)i;
      ++*n_out;
      if (!read_status (self, node))
        return xml_wrong ("status", error);
    }
  }
  return TRUE;
}

gboolean
imdn_parse (const char *bytes, gsize len, Imdn **out, GError **error)
{
  g_autoptr (xmlDoc) xml = xml_read (bytes, len, NS_IMDN, "imdn", error);
  g_autoptr (Imdn) self = NULL;
  guint n = 0;

  *out = NULL;
  if (xml == NULL)
    return FALSE;
  self = g_new0 (Imdn, 1);
  if (!read_children (self, xmlDocGetRootElement (xml), &n, error))
    return FALSE;
  if (self->message_id == NULL || *self->message_id == '\0')
    return xml_wrong ("message-id", error);
  if (self->datetime == NULL)
    return xml_wrong ("datetime", error);
  if (n != 1)
    return xml_wrong ("a notification", error);
  *out = g_steal_pointer (&self);
  return TRUE;
}

static void
put_notification (GString *out, const Imdn *self)
{
  g_string_append_printf (out, "<%s><status><%s/></status></%s>",
                          kinds[self->kind], statuses[self->status],
                          kinds[self->kind]);
}

GBytes *
imdn_write (const Imdn *self)
{
  GString *out = g_string_sized_new (512);

  g_assert (self->status < IMDN_OTHER && is_legal (self->kind, self->status));
  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<imdn");
  xml_put_attribute (out, "xmlns", NS_IMDN);
  g_string_append_c (out, '>');
  xml_put_leaf (out, "message-id", self->message_id);
  xml_put_leaf (out, "datetime", self->datetime);
  xml_put_leaf (out, "recipient-uri", self->recipient);
  xml_put_leaf (out, "original-recipient-uri", self->original_recipient);
  xml_put_leaf (out, "subject", self->subject);
  put_notification (out, self);
  g_string_append (out, "</imdn>\n");
  return g_string_free_to_bytes (out);
}
