/* SPDX-License-Identifier: ISC
 *
 * Reading PIDF (RFC 3863 4) with the data model of RFC 4479.  RPID (RFC 4480)
 * and what is unknown becomes fragments. */
#include "codec/pidf.h"

#include "base/error.h"
#include "codec/xml-priv.h"

#include <string.h>

#define TUPLES_MAX 100
#define ELEMENTS_MAX 200

static gboolean
check_room (const GPtrArray *list, guint max, const char *what, GError **error)
{
  if (list == NULL || list->len < max)
    return TRUE;
  g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %u %s", max, what);
  return FALSE;
}

static void
add_fragment (char **fragments, const xmlNode *node)
{
  g_autoptr (GString) text = g_string_new (*fragments);

  xml_put_fragment (text, node);
  g_free (*fragments);
  *fragments = g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
add_note (GPtrArray **notes, const xmlNode *node, GError **error)
{
  g_autofree char *text = xml_text (node);
  xmlChar *lang = xmlNodeGetLang (node);

  if (*notes == NULL)
    *notes
        = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_note_free);
  if (check_room (*notes, ELEMENTS_MAX, "notes", error)) {
    g_ptr_array_add (*notes, presence_note_new ((const char *)lang, text));
    xmlFree (lang);
    return TRUE;
  }
  xmlFree (lang);
  return FALSE;
}

/* The first one counts. */
static void
set_once (char **target, const xmlNode *node)
{
  if (*target == NULL)
    *target = xml_stripped (node);
}

static PresenceBasic
basic_of (const xmlNode *node)
{
  g_autofree char *text = xml_stripped (node);

  if (g_ascii_strcasecmp (text, "open") == 0)
    return BASIC_OPEN;
  return g_ascii_strcasecmp (text, "closed") == 0 ? BASIC_CLOSED : BASIC_NONE;
}

static void
read_status (PresenceTuple *tuple, const xmlNode *status)
{
  for (xmlNode *node = xml_element (status->children); node != NULL;
       node = xml_element (node->next)) {
    if (!xml_is (node, NS_PIDF, "basic"))
      add_fragment (&tuple->status_extra, node);
    else if (tuple->basic == BASIC_NONE)
      tuple->basic = basic_of (node);
  }
}

/* qvalue of RFC 3863 4.4: what is none is not passed on. */
static gboolean
is_qvalue (const char *text)
{
  gsize n = strlen (text);

  if (n == 0 || n > 5 || (n > 1 && text[1] != '.'))
    return FALSE;
  if (text[0] == '1')
    return n == 1 || strspn (text + 2, "0") == n - 2;
  return text[0] == '0' && (n == 1 || strspn (text + 2, "0123456789") == n - 2);
}

static void
read_contact (PresenceTuple *tuple, const xmlNode *node)
{
  g_autofree char *priority = NULL;

  if (tuple->contact != NULL)
    return;
  tuple->contact = xml_stripped (node);
  priority = xml_attribute (node, "priority");
  if (priority != NULL && is_qvalue (g_strstrip (priority)))
    tuple->priority = g_steal_pointer (&priority);
}

static gboolean
read_tuple_child (PresenceTuple *tuple, xmlNode *node, GError **error)
{
  if (xml_is (node, NS_PIDF, "note"))
    return add_note (&tuple->notes, node, error);
  if (xml_is (node, NS_PIDF, "status"))
    read_status (tuple, node);
  else if (xml_is (node, NS_PIDF, "contact"))
    read_contact (tuple, node);
  else if (xml_is (node, NS_PIDF, "timestamp"))
    set_once (&tuple->timestamp, node);
  else if (xml_is (node, NS_DM, "deviceID"))
    set_once (&tuple->device_id, node);
  else
    add_fragment (&tuple->extra, node);
  return TRUE;
}

/* An id that is missing gets one that the rest of the document lacks only by
 * luck; composition makes ids unique anyway. */
static char *
id_of (const xmlNode *node, char kind, guint index)
{
  char *id = xml_attribute (node, "id");

  if (id != NULL && *g_strstrip (id) != '\0')
    return id;
  g_free (id);
  return g_strdup_printf ("%c%u", kind, index + 1);
}

static gboolean
read_tuple (PresenceDoc *doc, const xmlNode *from, GError **error)
{
  PresenceTuple *tuple;

  if (!check_room (doc->tuples, TUPLES_MAX, "tuples", error))
    return FALSE;
  tuple = presence_tuple_new (NULL, BASIC_NONE);
  tuple->id = id_of (from, 't', doc->tuples->len);
  g_ptr_array_add (doc->tuples, tuple);
  for (xmlNode *node = xml_element (from->children); node != NULL;
       node = xml_element (node->next))
    if (!read_tuple_child (tuple, node, error))
      return FALSE;
  return TRUE;
}

static void
add_part (PresenceElement *element, const xmlNode *node)
{
  const char *ns = node->ns != NULL ? (const char *)node->ns->href : "";
  g_autofree char *name = g_strconcat (ns, " ", node->name, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  xml_put_fragment (text, node);
  presence_element_add_part (element, name, text->str);
}

/* Clients write note and timestamp of a person in either namespace. */
static gboolean
is_common (const xmlNode *node, const char *name)
{
  return xml_is (node, NS_DM, name) || xml_is (node, NS_PIDF, name);
}

static gboolean
read_element (GPtrArray *list, char kind, const xmlNode *from, GError **error)
{
  PresenceElement *element;

  if (!check_room (list, ELEMENTS_MAX,
                   kind == 'p' ? "person elements" : "device elements", error))
    return FALSE;
  element = presence_element_new (NULL);
  element->id = id_of (from, kind, list->len);
  g_ptr_array_add (list, element);
  for (xmlNode *node = xml_element (from->children); node != NULL;
       node = xml_element (node->next)) {
    if (is_common (node, "note")) {
      if (!add_note (&element->notes, node, error))
        return FALSE;
    } else if (is_common (node, "timestamp")) {
      set_once (&element->timestamp, node);
    } else if (kind == 'd' && xml_is (node, NS_DM, "deviceID")) {
      set_once (&element->device_id, node);
    } else {
      add_part (element, node);
    }
  }
  return TRUE;
}

static gboolean
read_child (PresenceDoc *doc, xmlNode *node, GError **error)
{
  if (xml_is (node, NS_PIDF, "tuple"))
    return read_tuple (doc, node, error);
  if (xml_is (node, NS_PIDF, "note"))
    return add_note (&doc->notes, node, error);
  if (xml_is (node, NS_DM, "person"))
    return read_element (doc->persons, 'p', node, error);
  if (xml_is (node, NS_DM, "device"))
    return read_element (doc->devices, 'd', node, error);
  add_fragment (&doc->extra, node);
  return TRUE;
}

gboolean
pidf_parse (const char *bytes, gsize len, PresenceDoc **out, GError **error)
{
  g_autoptr (xmlDoc) xml = xml_read (bytes, len, NS_PIDF, "presence", error);
  g_autoptr (PresenceDoc) doc = NULL;
  g_autofree char *entity = NULL;
  xmlNode *root;

  *out = NULL;
  if (xml == NULL)
    return FALSE;
  root = xmlDocGetRootElement (xml);
  entity = xml_attribute (root, "entity");
  if (entity == NULL) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "entity is missing");
    return FALSE;
  }
  doc = presence_doc_new (g_strstrip (entity));
  for (xmlNode *node = xml_element (root->children); node != NULL;
       node = xml_element (node->next))
    if (!read_child (doc, node, error))
      return FALSE;
  *out = g_steal_pointer (&doc);
  return TRUE;
}
