/* SPDX-License-Identifier: ISC
 *
 * The permanent document of a presentity (RFC 4827): what of it stands beside
 * what devices publish.  They know better how it is now; it says how it is where
 * they say nothing (RFC 4827 1). */
#include "presence/presence-priv.h"

#include <string.h>

/* --- Tuples --- */

/* RFC 4479 3.2: a service is known by its contact; the same one on two devices
 * is two. */
static gboolean
is_same_service (const PresenceTuple *a, const PresenceTuple *b)
{
  if (a->contact == NULL || g_strcmp0 (a->contact, b->contact) != 0)
    return FALSE;
  return a->device_id == NULL || b->device_id == NULL
         || g_str_equal (a->device_id, b->device_id);
}

static gboolean
is_of_device (const PresenceTuple *tuple, const char *device)
{
  return tuple->device_id != NULL && g_strcmp0 (tuple->device_id, device) == 0;
}

static gboolean
says_tuple (const Publication *self, const PresenceTuple *tuple)
{
  const char *device;

  if (self->doc == NULL)
    return FALSE;
  device = presence_device_of (self->row, self->doc);
  for (guint i = 0; i < self->doc->tuples->len; i++) {
    const PresenceTuple *own = self->doc->tuples->pdata[i];

    if (is_of_device (tuple, own->device_id) || is_of_device (tuple, device)
        || is_same_service (tuple, own))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_tuple_said (const PresenceTuple *tuple, Publication *const *shown, guint n)
{
  for (guint i = 0; i < n; i++)
    if (says_tuple (shown[i], tuple))
      return TRUE;
  return FALSE;
}

static void
keep_tuples (PresenceDoc *doc, Publication *const *shown, guint n)
{
  for (guint i = doc->tuples->len; i-- > 0;)
    if (is_tuple_said (doc->tuples->pdata[i], shown, n))
      g_ptr_array_remove_index (doc->tuples, i);
}

/* --- The person --- */

/* What is said of the person. */
typedef struct {
  GHashTable *names; /* of parts; borrowed */
  gboolean has_notes;
} Said;

static gboolean
has_notes (const PresenceElement *element)
{
  return element->notes != NULL && element->notes->len > 0;
}

static void
collect_said (const Publication *from, Said *said)
{
  if (from->doc == NULL)
    return;
  for (guint i = 0; i < from->doc->persons->len; i++) {
    const PresenceElement *person = from->doc->persons->pdata[i];

    said->has_notes = said->has_notes || has_notes (person);
    for (guint n = 0; person->parts != NULL && n < person->parts->len; n++)
      g_hash_table_add (said->names,
                        g_array_index (person->parts, PresencePart, n).name);
  }
}

/* Takes the parts out that are said.  TRUE when some were. */
static gboolean
keep_parts (PresenceElement *person, const Said *said)
{
  g_autoptr (GArray) parts = g_steal_pointer (&person->parts);
  g_autofree char *extra
      = parts != NULL ? g_steal_pointer (&person->extra) : NULL;
  gsize begin = 0;
  gboolean has_cut = FALSE;

  for (guint i = 0; parts != NULL && i < parts->len; i++) {
    const PresencePart *part = &g_array_index (parts, PresencePart, i);

    if (g_hash_table_contains (said->names, part->name)) {
      has_cut = TRUE;
    } else {
      g_autofree char *text = g_strndup (extra + begin, part->end - begin);

      presence_element_add_part (person, part->name, text);
    }
    begin = part->end;
  }
  return has_cut;
}

/* FALSE: nothing is left of it. */
static gboolean
keep_person (PresenceElement *person, const Said *said)
{
  gboolean has_cut = keep_parts (person, said);

  if (said->has_notes && has_notes (person)) {
    g_clear_pointer (&person->notes, g_ptr_array_unref);
    has_cut = TRUE;
  }
  return !has_cut || person->extra != NULL || has_notes (person);
}

static void
keep_persons (PresenceDoc *doc, Publication *const *shown, guint n)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  Said said = { .names = names };

  for (guint i = 0; i < n; i++)
    collect_said (shown[i], &said);
  for (guint i = doc->persons->len; i-- > 0;)
    if (!keep_person (doc->persons->pdata[i], &said))
      g_ptr_array_remove_index (doc->persons, i);
}

PresenceDoc *
permanent_beside (const PresenceDoc *doc, Publication *const *shown, guint n)
{
  PresenceDoc *rest = presence_doc_copy (doc);

  keep_tuples (rest, shown, n);
  keep_persons (rest, shown, n);
  return rest;
}

/* --- The presentity's --- */

/* Its ids carry "xcap" where they are others' already. */
static Publication *
permanent_new (Presentity *owner)
{
  Publication *self = g_new0 (Publication, 1);

  self->owner = owner;
  self->row = g_new0 (PresenceRow, 1);
  self->row->aor = g_strdup (owner->aor);
  self->row->event = g_strdup (PRESENCE_COMPOSED);
  self->row->key = g_strdup ("xcap");
  return self;
}

static void
permanent_free (Publication *self)
{
  if (self == NULL)
    return;
  presence_row_free (self->row);
  presence_doc_free (self->doc);
  g_free (self);
}

void
presentity_set_permanent (Presentity *self, PresenceDoc *doc)
{
  if (doc == NULL) {
    g_clear_pointer (&self->permanent, permanent_free);
    return;
  }
  if (self->permanent == NULL)
    self->permanent = permanent_new (self);
  publication_show_permanent (self->permanent, doc);
}
