/* SPDX-License-Identifier: ISC
 *
 * Choosing from a document (RFC 5025 3.3).  Fragments are read once, what is
 * kept of them is written again. */
#include "codec/pidf-filter.h"

#include "addr/uri.h"
#include "codec/xml-priv.h"

#include <string.h>

/* Of all publications of a presentity together. */
#define FRAGMENTS_MAX ((gsize)16 << 20)

static const struct {
  const char *name; /* of NS_RPID */
  PolicyAttributes permission;
} attributes[] = {
  { "activities", RIGHTS_ACTIVITIES },
  { "class", RIGHTS_CLASS },
  { "mood", RIGHTS_MOOD },
  { "place-is", RIGHTS_PLACE_IS },
  { "place-type", RIGHTS_PLACE_TYPE },
  { "privacy", RIGHTS_PRIVACY },
  { "relationship", RIGHTS_RELATIONSHIP },
  { "service-class", (PolicyAttributes)0 }, /* always reported */
  { "sphere", RIGHTS_SPHERE },
  { "status-icon", RIGHTS_STATUS_ICON },
  { "time-offset", RIGHTS_TIME_OFFSET },
};

/* --- Fragments --- */

/* The children of the root are the elements of the fragments. */
static xmlDoc *
read_fragments (const char *text)
{
  g_autofree char *whole
      = g_strconcat ("<presence xmlns=\"" NS_PIDF "\" xmlns:dm=\"" NS_DM
                     "\" xmlns:rpid=\"" NS_RPID "\">",
                     text, "</presence>", NULL);

  return xml_read_within (whole, strlen (whole), FRAGMENTS_MAX, NS_PIDF,
                          "presence", NULL);
}

static xmlNode *
first_of (xmlDoc *doc)
{
  return doc != NULL ? xml_element (xmlDocGetRootElement (doc)->children)
                     : NULL;
}

/* The text of the first such element; NULL when there is none. */
static char *
text_in (const char *fragments, const char *ns, const char *name)
{
  g_autoptr (xmlDoc) doc = NULL;

  if (fragments == NULL || strstr (fragments, name) == NULL)
    return NULL;
  doc = read_fragments (fragments);
  for (xmlNode *node = first_of (doc); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, ns, name))
      return xml_stripped (node);
  return NULL;
}

/* RFC 5025 3.3.2.12; RFC 4480 calls "since" "last-input". */
static gboolean
cut_user_input (xmlNode *node, PolicyInput input)
{
  xmlAttr *next;

  for (xmlAttr *a = node->properties; a != NULL; a = next) {
    const char *name = (const char *)a->name;
    gboolean is_threshold = strcmp (name, "idle-threshold") == 0;
    gboolean is_since
        = strcmp (name, "since") == 0 || strcmp (name, "last-input") == 0;

    next = a->next;
    if ((input == RIGHTS_INPUT_BARE && (is_threshold || is_since))
        || (input == RIGHTS_INPUT_THRESHOLDS && !is_threshold))
      xmlRemoveProp (a);
  }
  return input != RIGHTS_INPUT_NONE;
}

static gboolean
is_shown (xmlNode *node, const PolicyRights *rights)
{
  const char *name = (const char *)node->name;

  if (node->ns == NULL)
    return policy_rights_shows_unknown (rights, "", name);
  if (xml_is (node, NS_RPID, "user-input"))
    return cut_user_input (node, policy_rights_input (rights));
  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    if (xml_is (node, NS_RPID, attributes[i].name))
      return policy_rights_shows (rights, attributes[i].permission);
  return policy_rights_shows_unknown (rights, (const char *)node->ns->href,
                                      name);
}

static char *
filter_fragments (const char *fragments, const PolicyRights *rights)
{
  g_autoptr (xmlDoc) doc = NULL;
  g_autoptr (GString) out = NULL;

  if (fragments == NULL || policy_rights_shows (rights, RIGHTS_ALL_ATTRIBUTES))
    return g_strdup (fragments);
  doc = read_fragments (fragments);
  out = g_string_new (NULL);
  for (xmlNode *node = first_of (doc); node != NULL;
       node = xml_element (node->next))
    if (is_shown (node, rights))
      xml_put_fragment (out, node);
  return out->len > 0 ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}

static void
replace_fragments (char **fragments, const PolicyRights *rights)
{
  char *filtered = filter_fragments (*fragments, rights);

  g_free (*fragments);
  *fragments = filtered;
}

/* --- Elements --- */

typedef struct {
  const char *uri;
  gboolean is_match;
} Matching;

/* URI equivalence; what we cannot parse is compared as it is. */
static gboolean
is_same_uri (const char *a, const char *b)
{
  g_autoptr (Uri) first = NULL, second = NULL;

  if (strcmp (a, b) == 0)
    return TRUE;
  return uri_parse (a, -1, &first, NULL) && uri_parse (b, -1, &second, NULL)
         && uri_equal (first, second);
}

static void
match_uri_cb (PolicySelector selector, const char *value, gpointer data)
{
  Matching *matching = data;

  if (selector == RIGHTS_BY_URI || selector == RIGHTS_BY_DEVICE_ID)
    matching->is_match
        = matching->is_match || is_same_uri (matching->uri, value);
}

static gboolean
has_uri (const PolicyRights *rights, PolicyComponent component, const char *uri)
{
  Matching matching = { uri, FALSE };

  if (uri != NULL)
    policy_rights_foreach (rights, component, match_uri_cb, &matching);
  return matching.is_match;
}

/* What all three kinds may be chosen by. */
static gboolean
is_chosen (const PolicyRights *rights, PolicyComponent component,
           const char *id, const char *extra)
{
  g_autofree char *class = NULL;

  if (policy_rights_selects (rights, component, RIGHTS_BY_ALL, NULL)
      || (id != NULL
          && policy_rights_selects (rights, component, RIGHTS_BY_OCCURRENCE,
                                    id)))
    return TRUE;
  class = text_in (extra, NS_RPID, "class");
  return class != NULL
         && policy_rights_selects (rights, component, RIGHTS_BY_CLASS, class);
}

static gboolean
has_scheme (const PolicyRights *rights, const char *contact)
{
  const char *colon = contact != NULL ? strchr (contact, ':') : NULL;
  g_autofree char *scheme = NULL;

  if (colon == NULL)
    return FALSE;
  scheme = g_strndup (contact, (gsize)(colon - contact));
  return policy_rights_selects (rights, RIGHTS_SERVICES, RIGHTS_BY_SCHEME,
                                scheme);
}

static void
drop_notes (GPtrArray **notes, const PolicyRights *rights)
{
  if (!policy_rights_shows (rights, RIGHTS_NOTE))
    g_clear_pointer (notes, g_ptr_array_unref);
}

static void
add_tuple (PresenceDoc *out, const PresenceTuple *from,
           const PolicyRights *rights)
{
  PresenceTuple *tuple;

  if (!is_chosen (rights, RIGHTS_SERVICES, from->id, from->extra)
      && !has_scheme (rights, from->contact)
      && !has_uri (rights, RIGHTS_SERVICES, from->contact))
    return;
  tuple = presence_tuple_copy (from);
  replace_fragments (&tuple->status_extra, rights);
  replace_fragments (&tuple->extra, rights);
  drop_notes (&tuple->notes, rights);
  if (!policy_rights_shows (rights, RIGHTS_DEVICE_ID))
    g_clear_pointer (&tuple->device_id, g_free);
  g_ptr_array_add (out->tuples, tuple);
}

static void
add_element (GPtrArray *out, const PresenceElement *from,
             PolicyComponent component, const PolicyRights *rights)
{
  PresenceElement *element;

  if (!is_chosen (rights, component, from->id, from->extra)
      && !(component == RIGHTS_DEVICES
           && has_uri (rights, component, from->device_id)))
    return;
  element = presence_element_copy (from);
  replace_fragments (&element->extra, rights);
  g_clear_pointer (&element->parts, g_array_unref);
  drop_notes (&element->notes, rights);
  g_ptr_array_add (out, element);
}

PresenceDoc *
pidf_filter (const PresenceDoc *doc, const PolicyRights *rights)
{
  PresenceDoc *out = presence_doc_new (doc->entity);

  for (guint i = 0; i < doc->tuples->len; i++)
    add_tuple (out, doc->tuples->pdata[i], rights);
  for (guint i = 0; i < doc->persons->len; i++)
    add_element (out->persons, doc->persons->pdata[i], RIGHTS_PERSONS, rights);
  for (guint i = 0; i < doc->devices->len; i++)
    add_element (out->devices, doc->devices->pdata[i], RIGHTS_DEVICES, rights);
  if (policy_rights_shows (rights, RIGHTS_NOTE))
    for (guint i = 0; i < doc->notes->len; i++) {
      const PresenceNote *note = doc->notes->pdata[i];

      g_ptr_array_add (out->notes, presence_note_new (note->lang, note->text));
    }
  out->extra = filter_fragments (doc->extra, rights);
  return out;
}

/* --- Sphere --- */

/* Of <sphere><work/></sphere> "work", of <sphere>work</sphere> too. */
static char *
sphere_in (const char *fragments)
{
  g_autoptr (xmlDoc) doc = NULL;

  if (fragments == NULL || strstr (fragments, "sphere") == NULL)
    return NULL;
  doc = read_fragments (fragments);
  for (xmlNode *node = first_of (doc); node != NULL;
       node = xml_element (node->next)) {
    xmlNode *child;

    if (!xml_is (node, NS_RPID, "sphere"))
      continue;
    child = xml_element (node->children);
    while (child != NULL && xml_is (child, NS_RPID, "note"))
      child = xml_element (child->next);
    return child != NULL ? g_strdup ((const char *)child->name)
                         : xml_stripped (node);
  }
  return NULL;
}

char *
pidf_sphere (const PresenceDoc *doc)
{
  g_autofree char *found = NULL;

  for (guint i = 0; i < doc->persons->len; i++) {
    const PresenceElement *person = doc->persons->pdata[i];
    g_autofree char *sphere = sphere_in (person->extra);

    if (sphere == NULL)
      continue;
    if (found == NULL)
      found = g_steal_pointer (&sphere);
    else if (g_ascii_strcasecmp (found, sphere) != 0)
      return NULL;
  }
  return g_steal_pointer (&found);
}
