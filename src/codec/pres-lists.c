/* SPDX-License-Identifier: ISC
 *
 * Lists of a resource-lists document as sets of addresses, for rules that refer
 * to them. */
#include "codec/pres-rules.h"

#include "addr/aor.h"
#include "codec/xcap-path.h"
#include "codec/xcap-schema-priv.h"
#include "codec/xml-priv.h"

#include <string.h>

typedef struct {
  PolicyUser *user;
  const char *owner;
} Reading;

/* --- References --- */

static gboolean
is_owner (const char *xui, const char *owner)
{
  g_autofree char *aor = NULL;

  return xui != NULL && aor_parse (xui, &aor, NULL) && aor_equal (aor, owner);
}

static const char *
name_of (const XcapStep *step)
{
  gboolean is_name = step->name != NULL && strcmp (step->name, "list") == 0
                     && step->attribute != NULL && step->attribute_ns == NULL
                     && strcmp (step->attribute, "name") == 0;

  return is_name ? step->value : NULL;
}

/* "friends", "work/boss"; NULL when a step is no list by its name. */
static char *
path_of (const XcapPath *path, guint n_steps)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 1; i < n_steps; i++) {
    const char *name = name_of (&g_array_index (path->steps, XcapStep, i));

    if (name == NULL)
      return NULL;
    g_string_append_printf (out, "%s%s", i > 1 ? "/" : "", name);
  }
  return out->len > 0 ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}

/* NULL: it is no element of owner's list document. */
static XcapPath *
parse_reference (const char *text, const char *owner)
{
  const char *start = strstr (text, "resource-lists/users/");
  g_autoptr (XcapPath) path = NULL;

  if (start == NULL
      || xcap_path_parse (start, strlen (start), &path) != XCAP_PATH_OK
      || path->kind != XCAP_ELEMENT || path->steps->len < 2
      || strcmp (path->document, "index") != 0 || !is_owner (path->xui, owner))
    return NULL;
  return g_steal_pointer (&path);
}

char *
pres_list_of (const char *anchor, const char *owner)
{
  g_autoptr (XcapPath) path = parse_reference (anchor, owner);

  return path != NULL ? path_of (path, path->steps->len) : NULL;
}

/* The URI of the entry that an entry-ref refers to. */
static char *
entry_of (const char *reference, const char *owner)
{
  g_autoptr (XcapPath) path = parse_reference (reference, owner);
  const XcapStep *last;

  if (path == NULL)
    return NULL;
  last = &g_array_index (path->steps, XcapStep, path->steps->len - 1);
  if (g_strcmp0 (last->name, "entry") != 0
      || g_strcmp0 (last->attribute, "uri") != 0)
    return NULL;
  return g_strdup (last->value);
}

/* --- The document --- */

static void
add_entry (const Reading *self, const char *path, const char *uri)
{
  if (uri != NULL)
    policy_user_add_member (self->user, path, uri);
}

static void read_list (const Reading *self, const xmlNode *list,
                       const char *outer);

static void
read_child (const Reading *self, const xmlNode *node, const char *path)
{
  g_autofree char *value = NULL, *target = NULL;

  if (xml_is (node, NS_RESOURCE_LISTS, "entry")) {
    value = xml_attribute (node, "uri");
    add_entry (self, path, value);
  } else if (xml_is (node, NS_RESOURCE_LISTS, "list")) {
    read_list (self, node, path);
  } else if (xml_is (node, NS_RESOURCE_LISTS, "external")) {
    value = xml_attribute (node, "anchor");
    target = value != NULL ? pres_list_of (value, self->owner) : NULL;
    if (target != NULL)
      policy_user_add_sublist (self->user, path, target);
  } else if (xml_is (node, NS_RESOURCE_LISTS, "entry-ref")) {
    value = xml_attribute (node, "ref");
    target = value != NULL ? entry_of (value, self->owner) : NULL;
    add_entry (self, path, target);
  }
}

/* A list without a name cannot be referred to, but what is in it is in its
 * parent. */
static void
read_list (const Reading *self, const xmlNode *list, const char *outer)
{
  g_autofree char *name = xml_attribute (list, "name");
  g_autofree char *path
      = outer == NULL ? g_strdup (name != NULL ? name : "")
                      : g_strdup_printf ("%s/%s", outer, name ? name : "");

  if (outer != NULL)
    policy_user_add_sublist (self->user, outer, path);
  for (const xmlNode *node = xml_element (list->children); node != NULL;
       node = xml_element (node->next))
    read_child (self, node, path);
}

gboolean
pres_lists_parse (const char *bytes, gsize len, const char *owner,
                  PolicyUser *into, GError **error)
{
  const Reading self = { into, owner };
  g_autoptr (xmlDoc) doc
      = xml_read_within (bytes, len, PRES_RULES_BYTES_MAX, NS_RESOURCE_LISTS,
                         "resource-lists", error);

  if (doc == NULL)
    return FALSE;
  for (const xmlNode *node = xml_element (xmlDocGetRootElement (doc)->children);
       node != NULL; node = xml_element (node->next))
    if (xml_is (node, NS_RESOURCE_LISTS, "list"))
      read_list (&self, node, NULL);
  return TRUE;
}
