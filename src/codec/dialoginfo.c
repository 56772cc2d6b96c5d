/* SPDX-License-Identifier: ISC
 *
 * application/dialog-info+xml read and written.  What we do not look at passes as
 * it is: participants, targets, session descriptions, extensions. */
#include "codec/dialoginfo.h"

#include "base/error.h"
#include "codec/xml-priv.h"

#include <string.h>

#define NS "urn:ietf:params:xml:ns:dialog-info"
#define DIALOGS_MAX 100
/* Characters of a publication's key that make its ids unique. */
#define SUFFIX 8

static void
dialog_free (gpointer data)
{
  DialogInfoDialog *self = data;

  g_free (self->id);
  g_free (self->direction);
  g_free (self->call_id);
  g_free (self->local_tag);
  g_free (self->remote_tag);
  g_free (self->state);
  g_free (self->rest);
  g_free (self);
}

DialogInfo *
dialoginfo_new (void)
{
  DialogInfo *self = g_new0 (DialogInfo, 1);

  self->dialogs = g_ptr_array_new_with_free_func (dialog_free);
  return self;
}

void
dialoginfo_free (DialogInfo *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->dialogs);
  g_free (self);
}

/* --- Reading --- */

static gboolean
is_state (const char *text)
{
  static const char *const states[]
      = { "trying", "proceeding", "early", "confirmed", "terminated" };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (states[i], text))
      return TRUE;
  return FALSE;
}

/* The text of the first <state>; NULL: there is none. */
static char *
state_of (const xmlNode *dialog)
{
  for (xmlNode *node = xml_element (dialog->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS, "state"))
      return xml_stripped (node);
  return NULL;
}

/* Space between elements, for there is no mixed content, and what is not for
 * watchers. */
static gboolean
is_left_out (const xmlNode *node, const xmlNode *parent)
{
  return xml_is (node, NS, "session-description")
         || (xmlIsBlankNode (node) && xml_element (parent->children) != NULL);
}

/* Puts elements of ours in the default namespace, whatever their prefix was. */
static void
tidy (xmlNode *node, xmlNs *plain)
{
  xmlNode *next;

  for (xmlNode *child = node->children; child != NULL; child = next) {
    next = child->next;
    if (is_left_out (child, node)) {
      xmlUnlinkNode (child);
      xmlFreeNode (child);
    } else if (child->type == XML_ELEMENT_NODE) {
      tidy (child, plain);
    }
  }
  if (node->ns != NULL && g_str_equal (node->ns->href, NS))
    node->ns = plain;
}

/* What follows "<dialog".  Of node nothing may be asked any more. */
static char *
rest_of (xmlNode *node)
{
  xmlNs plain = { .type = XML_NAMESPACE_DECL, .href = (const xmlChar *)NS };
  g_autoptr (GString) text = g_string_new (NULL);

  tidy (node, &plain);
  xml_put_element (text, node, NS);
  return g_strdup (text->str + strlen ("<dialog"));
}

static gboolean
read_dialog (DialogInfo *self, xmlNode *node, GError **error)
{
  g_autofree char *id = xml_attribute (node, "id");
  g_autofree char *state = state_of (node);
  DialogInfoDialog *dialog;

  if (id == NULL || *g_strstrip (id) == '\0' || state == NULL
      || !is_state (state)) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
                 "a dialog has no id, or no state");
    return FALSE;
  }
  dialog = g_new0 (DialogInfoDialog, 1);
  dialog->direction = xml_attribute (node, "direction");
  dialog->call_id = xml_attribute (node, "call-id");
  dialog->local_tag = xml_attribute (node, "local-tag");
  dialog->remote_tag = xml_attribute (node, "remote-tag");
  xmlUnsetProp (node, (const xmlChar *)"id");
  dialog->rest = rest_of (node);
  dialog->id = g_steal_pointer (&id);
  dialog->state = g_steal_pointer (&state);
  g_ptr_array_add (self->dialogs, dialog);
  return TRUE;
}

gboolean
dialoginfo_parse (const char *bytes, gsize len, DialogInfo **out,
                  GError **error)
{
  g_autoptr (xmlDoc) xml = xml_read (bytes, len, NS, "dialog-info", error);
  g_autoptr (DialogInfo) self = NULL;
  xmlNode *next;

  *out = NULL;
  if (xml == NULL)
    return FALSE;
  self = dialoginfo_new ();
  for (xmlNode *node = xml_element (xmlDocGetRootElement (xml)->children);
       node != NULL; node = next) {
    next = xml_element (node->next);
    if (!xml_is (node, NS, "dialog"))
      continue;
    if (self->dialogs->len >= DIALOGS_MAX) {
      g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %d dialogs",
                   DIALOGS_MAX);
      return FALSE;
    }
    if (!read_dialog (self, node, error))
      return FALSE;
  }
  *out = g_steal_pointer (&self);
  return TRUE;
}

/* --- Bringing together --- */

static gboolean
has_id (const DialogInfo *self, const char *id)
{
  for (guint i = 0; i < self->dialogs->len; i++)
    if (g_str_equal (((DialogInfoDialog *)self->dialogs->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

static void
settle_id (const DialogInfo *self, const char *key, char **id)
{
  g_autofree char *base = NULL;

  if (!has_id (self, *id))
    return;
  base = g_strdup_printf ("%s-%.*s", *id, SUFFIX, key);
  g_free (*id);
  *id = g_strdup (base);
  for (guint n = 2; has_id (self, *id); n++) {
    g_free (*id);
    *id = g_strdup_printf ("%s-%u", base, n);
  }
}

void
dialoginfo_add (DialogInfo *self, DialogInfo *from, const char *key)
{
  while (from->dialogs->len > 0) {
    DialogInfoDialog *dialog = g_ptr_array_steal_index (from->dialogs, 0);

    settle_id (self, key, &dialog->id);
    g_ptr_array_add (self->dialogs, dialog);
  }
}

static gboolean
is_tag (const char *tag, const char *wanted)
{
  return wanted == NULL || g_strcmp0 (tag, wanted) == 0;
}

void
dialoginfo_choose (DialogInfo *self, const char *call_id, const char *local_tag,
                   const char *remote_tag)
{
  for (guint i = self->dialogs->len; i-- > 0;) {
    const DialogInfoDialog *dialog = self->dialogs->pdata[i];

    if (g_strcmp0 (dialog->call_id, call_id) != 0
        || !is_tag (dialog->local_tag, local_tag)
        || !is_tag (dialog->remote_tag, remote_tag))
      g_ptr_array_remove_index (self->dialogs, i);
  }
}

gboolean
dialoginfo_is_talking (const DialogInfo *self)
{
  for (guint i = 0; i < self->dialogs->len; i++)
    if (g_str_equal (((DialogInfoDialog *)self->dialogs->pdata[i])->state,
                     "confirmed"))
      return TRUE;
  return FALSE;
}

/* --- Writing --- */

char *
dialoginfo_elements (const DialogInfo *self, gboolean is_brief)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < self->dialogs->len; i++) {
    const DialogInfoDialog *dialog = self->dialogs->pdata[i];

    g_string_append (out, "<dialog");
    xml_put_attribute (out, "id", dialog->id);
    if (!is_brief) {
      g_string_append (out, dialog->rest);
      continue;
    }
    if (dialog->direction != NULL)
      xml_put_attribute (out, "direction", dialog->direction);
    g_string_append_c (out, '>');
    xml_put_leaf (out, "state", dialog->state);
    g_string_append (out, "</dialog>");
  }
  return g_string_free (out, FALSE);
}

GBytes *
dialoginfo_write (const char *entity, guint32 version, const char *elements)
{
  GString *out = g_string_sized_new (512);

  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<dialog-info");
  xml_put_attribute (out, "xmlns", NS);
  g_string_append_printf (out, " version=\"%u\" state=\"full\"", version);
  xml_put_attribute (out, "entity", entity);
  g_string_append_c (out, '>');
  g_string_append (out, elements);
  g_string_append (out, "</dialog-info>\n");
  return g_string_free_to_bytes (out);
}
