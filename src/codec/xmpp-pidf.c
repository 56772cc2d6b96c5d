/* SPDX-License-Identifier: ISC
 *
 * The tables of RFC 8048 6.2 and 6.3; what they leave open is in the header. */
#include "codec/xmpp-pidf.h"

#include "addr/aor.h"
#include "addr/uri.h"
#include "addr/xmpp.h"
#include "codec/xml-priv.h"

#include <string.h>

#define NS_CLIENT "jabber:client"
#define ID_PREFIX "ID-" /* RFC 8048 6.2, note 2 */
#define PRIORITY_MAX 127

static const char *const show_names[] = { [ROSTER_SHOW_NONE] = "",
                                          [ROSTER_SHOW_CHAT] = "chat",
                                          [ROSTER_SHOW_AWAY] = "away",
                                          [ROSTER_SHOW_XA] = "xa",
                                          [ROSTER_SHOW_DND] = "dnd" };

void
xmpp_pidf_clear (XmppPidf *self)
{
  g_clear_pointer (&self->resources, g_ptr_array_unref);
  g_clear_pointer (&self->last, roster_resource_free);
}

/* --- Reading --- */

static const struct {
  const char *activity;
  RosterShow show;
} activities[] = {
  { "appointment", ROSTER_SHOW_DND },
  { "away", ROSTER_SHOW_AWAY },
  { "breakfast", ROSTER_SHOW_AWAY },
  { "busy", ROSTER_SHOW_DND },
  { "dinner", ROSTER_SHOW_AWAY },
  { "holiday", ROSTER_SHOW_XA },
  { "in-transit", ROSTER_SHOW_AWAY },
  { "lunch", ROSTER_SHOW_AWAY },
  { "meal", ROSTER_SHOW_AWAY },
  { "meeting", ROSTER_SHOW_DND },
  { "on-the-phone", ROSTER_SHOW_DND },
  { "performance", ROSTER_SHOW_DND },
  { "permanent-absence", ROSTER_SHOW_XA },
  { "presentation", ROSTER_SHOW_DND },
  { "shopping", ROSTER_SHOW_AWAY },
  { "sleeping", ROSTER_SHOW_XA },
  { "steering", ROSTER_SHOW_DND },
  { "travel", ROSTER_SHOW_AWAY },
  { "tv", ROSTER_SHOW_AWAY },
  { "vacation", ROSTER_SHOW_XA },
  { "worship", ROSTER_SHOW_DND },
};

static RosterShow
show_of_activity (const xmlNode *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (activities); i++)
    if (xml_is (node, NS_RPID, activities[i].activity))
      return activities[i].show;
  return ROSTER_SHOW_NONE;
}

static RosterShow
show_of_activities (const xmlNode *list)
{
  RosterShow show = ROSTER_SHOW_NONE;

  for (xmlNode *node = xml_element (list->children); node != NULL;
       node = xml_element (node->next))
    show = MAX (show, show_of_activity (node));
  return show;
}

static RosterShow
show_of_text (const xmlNode *node)
{
  g_autofree char *text = xml_stripped (node);

  for (guint i = 0; i < G_N_ELEMENTS (show_names); i++)
    if (strcmp (text, show_names[i]) == 0)
      return (RosterShow)i;
  return ROSTER_SHOW_NONE;
}

static gboolean
is_idle (const xmlNode *node)
{
  g_autofree char *text
      = xml_is (node, NS_RPID, "user-input") ? xml_stripped (node) : NULL;

  return text != NULL && strcmp (text, "idle") == 0;
}

/* What one child of <status>, <tuple> or <person> says.  FALSE: nothing of
 * this. */
static gboolean
read_show (const xmlNode *node, RosterShow *out)
{
  if (xml_is (node, NS_CLIENT, "show"))
    *out = show_of_text (node);
  else if (xml_is (node, NS_RPID, "activities"))
    *out = show_of_activities (node);
  else if (is_idle (node))
    *out = MAX (*out, ROSTER_SHOW_AWAY);
  else
    return FALSE;
  return TRUE;
}

/* fragments: as PresenceDoc has them, or NULL. */
static gboolean
show_in (const char *fragments, RosterShow *out)
{
  g_autofree char *text = NULL;
  g_autoptr (xmlDoc) xml = NULL;
  gboolean has_some = FALSE;

  if (fragments == NULL)
    return FALSE;
  text = g_strconcat ("<presence xmlns='" NS_PIDF "' xmlns:dm='" NS_DM
                      "' xmlns:rpid='" NS_RPID "'>",
                      fragments, "</presence>", NULL);
  xml = xml_read (text, strlen (text), NS_PIDF, "presence", NULL);
  if (xml == NULL)
    return FALSE;
  for (xmlNode *node = xml_element (xmlDocGetRootElement (xml)->children);
       node != NULL; node = xml_element (node->next))
    has_some |= read_show (node, out);
  return has_some;
}

static RosterShow
show_of_persons (const PresenceDoc *doc)
{
  RosterShow show = ROSTER_SHOW_NONE;

  for (guint i = 0; i < doc->persons->len; i++)
    if (show_in (((PresenceElement *)doc->persons->pdata[i])->extra, &show))
      break;
  return show;
}

/* What is said of all devices. */
typedef struct {
  RosterShow show;
  const PresenceNote *note;
} Common;

static const PresenceNote *
first_note (const GPtrArray *notes)
{
  for (guint i = 0; notes != NULL && i < notes->len; i++) {
    const PresenceNote *note = notes->pdata[i];

    if (*note->text != '\0')
      return note;
  }
  return NULL;
}

static Common
common_of (const PresenceDoc *doc)
{
  Common common = { .show = show_of_persons (doc) };

  for (guint i = 0; i < doc->persons->len && common.note == NULL; i++)
    common.note
        = first_note (((PresenceElement *)doc->persons->pdata[i])->notes);
  if (common.note == NULL)
    common.note = first_note (doc->notes);
  return common;
}

static void
put_note (RosterResource *resource, const PresenceTuple *tuple,
          const Common *common)
{
  const PresenceNote *note = first_note (tuple->notes);

  if (note == NULL)
    note = common->note;
  if (note == NULL)
    return;
  resource->status = g_strdup (note->text);
  resource->lang = g_strdup (note->lang);
}

/* NULL: it names no instance. */
static char *
instance_of (const PresenceTuple *tuple)
{
  g_autoptr (Uri) uri = NULL;
  const char *gr;

  if (tuple->contact == NULL || !uri_parse (tuple->contact, -1, &uri, NULL))
    return NULL;
  gr = uri_param (uri, "gr");
  return gr != NULL && *gr != '\0' ? jid_prepare_resource (gr) : NULL;
}

static char *
name_of (const PresenceTuple *tuple)
{
  const char *id = tuple->id != NULL ? tuple->id : "sip";
  char *name = instance_of (tuple);

  if (name == NULL && g_str_has_prefix (id, ID_PREFIX))
    name = jid_prepare_resource (id + strlen (ID_PREFIX));
  if (name == NULL)
    name = jid_prepare_resource (id);
  return name != NULL ? name : g_strdup ("sip");
}

static gboolean
has_name (const GPtrArray *resources, const char *name)
{
  for (guint i = 0; i < resources->len; i++)
    if (strcmp (((RosterResource *)resources->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

static void
read_open (const PresenceTuple *tuple, const Common *common, XmppPidf *out)
{
  g_autofree char *name = name_of (tuple);
  RosterResource *resource;

  if (has_name (out->resources, name))
    return; /* one device, several services: the first is its best */
  resource = roster_resource_new (name);
  if (!show_in (tuple->status_extra, &resource->show)
      && !show_in (tuple->extra, &resource->show))
    resource->show = common->show;
  if (tuple->priority != NULL)
    resource->priority
        = (int)(g_ascii_strtod (tuple->priority, NULL) * PRIORITY_MAX + 0.5);
  put_note (resource, tuple, common);
  g_ptr_array_add (out->resources, resource);
}

static void
read_closed (const PresenceTuple *tuple, const Common *common, XmppPidf *out)
{
  if (out->last != NULL)
    return;
  out->last = roster_resource_new (NULL);
  put_note (out->last, tuple, common);
}

void
xmpp_pidf_read (const PresenceDoc *doc, XmppPidf *out)
{
  const Common common = common_of (doc);

  *out = (XmppPidf){
    g_ptr_array_new_with_free_func ((GDestroyNotify)roster_resource_free), NULL
  };
  for (guint i = 0; i < doc->tuples->len; i++) {
    const PresenceTuple *tuple = doc->tuples->pdata[i];

    if (tuple->basic == BASIC_OPEN)
      read_open (tuple, &common, out);
    else if (tuple->basic == BASIC_CLOSED)
      read_closed (tuple, &common, out);
  }
  if (out->resources->len > 0)
    g_clear_pointer (&out->last, roster_resource_free);
}

/* --- Writing --- */

/* xs:ID: what a name may not have, and '_', as its bytes in hex. */
static char *
id_of (const char *name)
{
  GString *id = g_string_new (ID_PREFIX);

  for (const char *at = name; *at != '\0'; at++) {
    if (g_ascii_isalnum (*at) || *at == '-' || *at == '.')
      g_string_append_c (id, *at);
    else
      g_string_append_printf (id, "_%02x", (guchar)*at);
  }
  return g_string_free (id, FALSE);
}

/* NULL: of no time that is known. */
static char *
time_of (gint64 at)
{
  g_autoptr (GDateTime) time
      = at > 0 ? g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC) : NULL;

  return time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

/* NULL: it cannot be written as one. */
static char *
contact_of (const char *aor, const char *name)
{
  g_autofree char *jid = NULL;
  char *uri = NULL;

  if (!jid_from_aor (aor, name, &jid, NULL) || !jid_to_uri (jid, &uri, NULL))
    return aor_to_uri (aor);
  return uri;
}

static void
add_tuple_note (PresenceTuple *tuple, const RosterResource *resource)
{
  if (resource == NULL || resource->status == NULL || *resource->status == '\0')
    return;
  tuple->notes
      = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_note_free);
  g_ptr_array_add (tuple->notes,
                   presence_note_new (resource->lang, resource->status));
}

static PresenceTuple *
write_open (const char *aor, const RosterResource *resource)
{
  const char *name = resource->name;
  g_autofree char *id = id_of (name != NULL ? name : "_");
  PresenceTuple *tuple = presence_tuple_new (id, BASIC_OPEN);

  if (resource->show != ROSTER_SHOW_NONE)
    tuple->status_extra = g_strdup_printf (
        "<show xmlns=\"" NS_CLIENT "\">%s</show>", show_names[resource->show]);
  tuple->contact = contact_of (aor, name);
  if (resource->priority >= 0) {
    int thousandths
        = (MIN (resource->priority, PRIORITY_MAX) * 1000) / PRIORITY_MAX;

    tuple->priority
        = g_strdup_printf ("%d.%03d", thousandths / 1000, thousandths % 1000);
  }
  add_tuple_note (tuple, resource);
  tuple->timestamp = time_of (resource->at);
  return tuple;
}

static PresenceTuple *
write_closed (const char *aor, const RosterResource *last)
{
  PresenceTuple *tuple = presence_tuple_new ("offline", BASIC_CLOSED);

  tuple->contact = contact_of (aor, NULL);
  add_tuple_note (tuple, last);
  if (last != NULL)
    tuple->timestamp = time_of (last->at);
  return tuple;
}

static const RosterResource *
best_of (const GPtrArray *resources)
{
  const RosterResource *best = resources->pdata[0];

  for (guint i = 1; i < resources->len; i++)
    if (roster_resource_is_better (resources->pdata[i], best))
      best = resources->pdata[i];
  return best;
}

static void
add_person (PresenceDoc *doc, const RosterResource *best)
{
  const char *activity
      = best->show == ROSTER_SHOW_DND ? "busy"
        : best->show == ROSTER_SHOW_AWAY || best->show == ROSTER_SHOW_XA
            ? "away"
            : NULL;
  g_autofree char *text = NULL;
  PresenceElement *person;

  if (activity == NULL)
    return;
  text = g_strdup_printf ("<rpid:activities><rpid:%s/></rpid:activities>",
                          activity);
  person = presence_element_new ("person");
  presence_element_add_part (person, NS_RPID " activities", text);
  g_ptr_array_add (doc->persons, person);
}

PresenceDoc *
xmpp_pidf_write (const char *aor, const GPtrArray *resources,
                 const RosterResource *last)
{
  g_autofree char *entity = contact_of (aor, NULL);
  PresenceDoc *doc = presence_doc_new (entity);

  if (resources == NULL || resources->len == 0) {
    g_ptr_array_add (doc->tuples, write_closed (aor, last));
    return doc;
  }
  for (guint i = 0; i < resources->len; i++)
    g_ptr_array_add (doc->tuples, write_open (aor, resources->pdata[i]));
  add_person (doc, best_of (resources));
  return doc;
}
