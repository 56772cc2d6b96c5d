/* SPDX-License-Identifier: ISC
 *
 * Writing PIDF in the order of the schemas of RFC 3863 4.4 and RFC 4479 5.1.
 * The root always declares dm: and rpid:, which fragments rely on. */
#include "codec/pidf.h"

#include "codec/xml-priv.h"

static void
put_fragments (GString *out, const char *fragments)
{
  if (fragments != NULL)
    g_string_append (out, fragments);
}

static void
put_notes (GString *out, const char *name, const GPtrArray *notes)
{
  for (guint i = 0; notes != NULL && i < notes->len; i++) {
    const PresenceNote *note = notes->pdata[i];

    g_string_append_printf (out, "<%s", name);
    if (note->lang != NULL)
      xml_put_attribute (out, "xml:lang", note->lang);
    g_string_append_c (out, '>');
    xml_put_text (out, note->text);
    g_string_append_printf (out, "</%s>", name);
  }
}

static void
put_start (GString *out, const char *name, const char *id, char kind,
           guint index)
{
  g_autofree char *fallback = g_strdup_printf ("%c%u", kind, index + 1);

  g_string_append_printf (out, "<%s", name);
  xml_put_attribute (out, "id", id != NULL && *id != '\0' ? id : fallback);
  g_string_append_c (out, '>');
}

static void
put_contact (GString *out, const PresenceTuple *tuple)
{
  if (tuple->contact == NULL)
    return;
  g_string_append (out, "<contact");
  if (tuple->priority != NULL)
    xml_put_attribute (out, "priority", tuple->priority);
  g_string_append_c (out, '>');
  xml_put_text (out, tuple->contact);
  g_string_append (out, "</contact>");
}

static void
put_tuple (GString *out, const PresenceTuple *tuple, guint index)
{
  static const char *const basics[]
      = { [BASIC_OPEN] = "open", [BASIC_CLOSED] = "closed" };

  put_start (out, "tuple", tuple->id, 't', index);
  g_string_append (out, "<status>");
  if (tuple->basic != BASIC_NONE)
    xml_put_leaf (out, "basic", basics[tuple->basic]);
  put_fragments (out, tuple->status_extra);
  g_string_append (out, "</status>");
  put_fragments (out, tuple->extra);
  xml_put_leaf (out, "dm:deviceID", tuple->device_id);
  put_contact (out, tuple);
  put_notes (out, "note", tuple->notes);
  xml_put_leaf (out, "timestamp", tuple->timestamp);
  g_string_append (out, "</tuple>");
}

static void
put_elements (GString *out, const char *name, char kind,
              const GPtrArray *elements)
{
  for (guint i = 0; i < elements->len; i++) {
    const PresenceElement *element = elements->pdata[i];

    put_start (out, name, element->id, kind, i);
    put_fragments (out, element->extra);
    xml_put_leaf (out, "dm:deviceID", element->device_id);
    put_notes (out, "dm:note", element->notes);
    xml_put_leaf (out, "dm:timestamp", element->timestamp);
    g_string_append_printf (out, "</%s>", name);
  }
}

/* Takes text.  Documents are kept by the ten thousand, without the room that a
 * GString has to grow. */
static GBytes *
fitted (GString *text)
{
  GBytes *bytes = g_bytes_new (text->str, text->len);

  g_string_free (text, TRUE);
  return bytes;
}

GBytes *
pidf_write (const PresenceDoc *doc)
{
  GString *out = g_string_sized_new (512);

  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<presence");
  xml_put_attribute (out, "xmlns", NS_PIDF);
  xml_put_attribute (out, "xmlns:dm", NS_DM);
  xml_put_attribute (out, "xmlns:rpid", NS_RPID);
  xml_put_attribute (out, "entity", doc->entity != NULL ? doc->entity : "");
  g_string_append_c (out, '>');
  for (guint i = 0; i < doc->tuples->len; i++)
    put_tuple (out, doc->tuples->pdata[i], i);
  put_notes (out, "note", doc->notes);
  put_elements (out, "dm:person", 'p', doc->persons);
  put_elements (out, "dm:device", 'd', doc->devices);
  put_fragments (out, doc->extra);
  g_string_append (out, "</presence>\n");
  return fitted (out);
}
