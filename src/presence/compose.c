/* SPDX-License-Identifier: ISC
 *
 * Composition: from the publications that are shown, newest first, and the
 * permanent document to the one document that watchers get (RFC 3863, 4479).
 * Knows nothing of entity tags and expiry. */
#include "presence/presence-priv.h"

#include "addr/aor.h"

#include <string.h>

/* Characters of a publication's key that make its ids unique. */
#define SUFFIX 8

typedef struct {
  PresenceDoc *doc;
  GHashTable *ids;   /* in use in doc */
  GPtrArray *extras; /* borrowed: fragments that are already there */
} Composition;

static gboolean
is_only_device (const char *id, const char **only)
{
  if (id == NULL)
    return TRUE;
  if (*only != NULL && !g_str_equal (*only, id))
    return FALSE;
  *only = id;
  return TRUE;
}

const char *
presence_device_of (const PresenceRow *row, const PresenceDoc *doc)
{
  const char *only = NULL;

  if (row->device != NULL || doc == NULL)
    return row->device;
  for (guint i = 0; i < doc->tuples->len; i++) {
    const PresenceTuple *tuple = doc->tuples->pdata[i];

    if (!is_only_device (tuple->device_id, &only))
      return NULL;
  }
  for (guint i = 0; i < doc->devices->len; i++) {
    const PresenceElement *device = doc->devices->pdata[i];

    if (!is_only_device (device->device_id, &only))
      return NULL;
  }
  return only;
}

static void
collect_ids (const PresenceDoc *doc, GHashTable *ids)
{
  for (guint i = 0; i < doc->tuples->len; i++)
    g_hash_table_add (ids, ((PresenceTuple *)doc->tuples->pdata[i])->id);
  for (guint i = 0; i < doc->persons->len; i++)
    g_hash_table_add (ids, ((PresenceElement *)doc->persons->pdata[i])->id);
  for (guint i = 0; i < doc->devices->len; i++)
    g_hash_table_add (ids, ((PresenceElement *)doc->devices->pdata[i])->id);
  g_hash_table_remove (ids, NULL);
}

static guint
id_hash (gconstpointer id)
{
  return id != NULL ? g_str_hash (id) : 0;
}

static gboolean
id_equal (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (a, b) == 0;
}

gboolean
presence_ids_clash (const PresenceDoc *a, const PresenceDoc *b)
{
  g_autoptr (GHashTable) mine = g_hash_table_new (id_hash, id_equal);
  g_autoptr (GHashTable) theirs = g_hash_table_new (id_hash, id_equal);
  GHashTableIter iter;
  gpointer id;

  if (a == NULL || b == NULL)
    return FALSE;
  collect_ids (a, mine);
  collect_ids (b, theirs);
  g_hash_table_iter_init (&iter, mine);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (g_hash_table_contains (theirs, id))
      return TRUE;
  return FALSE;
}

/* Makes *id unique in the document (its type is xs:ID), the same way each time
 * as long as the publication lives. */
static void
settle_id (Composition *self, const Publication *from, const char *fallback,
           char **id)
{
  gboolean is_given = *id != NULL && **id != '\0';
  g_autofree char *base = NULL;
  char *unique;

  if (is_given && !from->is_renamed)
    base = g_strdup (*id);
  else
    base = g_strdup_printf ("%s-%.*s", is_given ? *id : fallback, SUFFIX,
                            from->row->key);
  unique = g_strdup (base);
  for (guint n = 2; g_hash_table_contains (self->ids, unique); n++) {
    g_free (unique);
    unique = g_strdup_printf ("%s-%u", base, n);
  }
  g_hash_table_add (self->ids, g_strdup (unique));
  g_free (*id);
  *id = unique;
}

static gboolean
same_text (const char *a, const char *b)
{
  return g_strcmp0 (a, b) == 0;
}

static gboolean
has_note (const GPtrArray *notes, const PresenceNote *note)
{
  for (guint i = 0; notes != NULL && i < notes->len; i++) {
    const PresenceNote *other = notes->pdata[i];

    if (same_text (other->lang, note->lang)
        && same_text (other->text, note->text))
      return TRUE;
  }
  return FALSE;
}

static gboolean
same_notes (const GPtrArray *a, const GPtrArray *b)
{
  if ((a != NULL ? a->len : 0) != (b != NULL ? b->len : 0))
    return FALSE;
  for (guint i = 0; a != NULL && i < a->len; i++)
    if (!has_note (b, a->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Two tuples of one device that a watcher could not tell apart: the same
 * contact, and no device of their own. */
static gboolean
is_same_service (const PresenceTuple *a, const PresenceTuple *b)
{
  if (a->device_id != NULL && b->device_id != NULL
      && !g_str_equal (a->device_id, b->device_id))
    return FALSE;
  return same_text (a->contact, b->contact);
}

/* The one that stands for its service: the first open one, else the first. */
static gboolean
is_chosen (const PresenceDoc *doc, guint index)
{
  const PresenceTuple *tuple = doc->tuples->pdata[index];

  for (guint i = 0; i < doc->tuples->len; i++) {
    const PresenceTuple *other = doc->tuples->pdata[i];

    if (i == index || !is_same_service (tuple, other))
      continue;
    if (i < index && (other->basic == BASIC_OPEN || tuple->basic != BASIC_OPEN))
      return FALSE;
    if (i > index && other->basic == BASIC_OPEN && tuple->basic != BASIC_OPEN)
      return FALSE;
  }
  return TRUE;
}

static void
add_tuples (Composition *self, const Publication *from)
{
  for (guint i = 0; i < from->doc->tuples->len; i++) {
    PresenceTuple *tuple;

    if (!is_chosen (from->doc, i))
      continue;
    tuple = presence_tuple_copy (from->doc->tuples->pdata[i]);
    settle_id (self, from, "t", &tuple->id);
    g_ptr_array_add (self->doc->tuples, tuple);
  }
}

/* Is the same said already?  A device only once, by its newest word. */
static gboolean
has_element (const GPtrArray *elements, const PresenceElement *element)
{
  for (guint i = 0; i < elements->len; i++) {
    const PresenceElement *other = elements->pdata[i];

    if (element->device_id != NULL
        && same_text (other->device_id, element->device_id))
      return TRUE;
    if (same_text (other->device_id, element->device_id)
        && same_text (other->extra, element->extra)
        && same_text (other->timestamp, element->timestamp)
        && same_notes (other->notes, element->notes))
      return TRUE;
  }
  return FALSE;
}

static void
add_elements (Composition *self, const Publication *from,
              const GPtrArray *source, const char *fallback, GPtrArray *target)
{
  for (guint i = 0; i < source->len; i++) {
    PresenceElement *element;

    if (has_element (target, source->pdata[i]))
      continue;
    element = presence_element_copy (source->pdata[i]);
    settle_id (self, from, fallback, &element->id);
    g_ptr_array_add (target, element);
  }
}

static void
add_notes (Composition *self, const PresenceDoc *from)
{
  for (guint i = 0; i < from->notes->len; i++) {
    const PresenceNote *note = from->notes->pdata[i];

    if (!has_note (self->doc->notes, note))
      g_ptr_array_add (self->doc->notes,
                       presence_note_new (note->lang, note->text));
  }
}

static void
add_extra (Composition *self, const PresenceDoc *from)
{
  char *joined;

  if (from->extra == NULL
      || g_ptr_array_find_with_equal_func (self->extras, from->extra,
                                           g_str_equal, NULL))
    return;
  g_ptr_array_add (self->extras, from->extra);
  joined = g_strconcat (self->doc->extra != NULL ? self->doc->extra : "",
                        from->extra, NULL);
  g_free (self->doc->extra);
  self->doc->extra = joined;
}

static void
add_publication (Composition *self, const Publication *from)
{
  if (from->doc == NULL)
    return;
  add_tuples (self, from);
  add_elements (self, from, from->doc->persons, "p", self->doc->persons);
  add_elements (self, from, from->doc->devices, "d", self->doc->devices);
  add_notes (self, from->doc);
  add_extra (self, from->doc);
}

/* --- On the phone --- */

#define ACTIVITIES "urn:ietf:params:xml:ns:pidf:rpid activities"
#define ON_THE_PHONE "<rpid:activities><rpid:on-the-phone/></rpid:activities>"

static gboolean
has_activities (const PresenceDoc *doc)
{
  for (guint i = 0; i < doc->persons->len; i++) {
    const PresenceElement *person = doc->persons->pdata[i];

    for (guint n = 0; person->parts != NULL && n < person->parts->len; n++)
      if (same_text (g_array_index (person->parts, PresencePart, n).name,
                     ACTIVITIES))
        return TRUE;
  }
  return FALSE;
}

/* Said of the first person element, as if the newest publication had said it
 * too: to watchers there is one person (RFC 4479 3.1). */
static void
add_phone (Composition *self)
{
  Publication none = { 0 };
  PresenceRow row = { .key = (char *)"phone" };
  PresenceElement *person;

  none.row = &row;
  if (self->doc->persons->len == 0) {
    person = presence_element_new (NULL);
    settle_id (self, &none, "p", &person->id);
    g_ptr_array_add (self->doc->persons, person);
  }
  presence_element_add_part (self->doc->persons->pdata[0], ACTIVITIES,
                             ON_THE_PHONE);
}

/* What is published comes first, and its word counts.  Nothing may be added after
 * it: self borrows of what is freed here. */
static void
add_permanent (Composition *self, const Publication *from,
               Publication *const *shown, guint n)
{
  PresenceRow row = { 0 };
  Publication composed = { .row = &row, .doc = self->doc };
  g_autofree Publication **all = g_new (Publication *, n + 1);
  g_autoptr (PresenceDoc) rest = NULL;
  Publication beside = *from;

  if (n > 0)
    memcpy (all, shown, n * sizeof *all);
  all[n] = &composed; /* also what is said by none of them alone */
  rest = permanent_beside (from->doc, all, n + 1);
  beside.doc = rest;
  add_publication (self, &beside);
}

/* Simple clients heed the first tuple alone (RFC 3863 has no order). */
static void
put_open_first (GPtrArray *tuples)
{
  static const PresenceBasic ranks[] = { BASIC_OPEN, BASIC_CLOSED, BASIC_NONE };
  g_autofree gpointer *sorted = g_new (gpointer, tuples->len);
  guint n = 0;

  for (guint rank = 0; rank < G_N_ELEMENTS (ranks); rank++)
    for (guint i = 0; i < tuples->len; i++)
      if (((PresenceTuple *)tuples->pdata[i])->basic == ranks[rank])
        sorted[n++] = tuples->pdata[i];
  g_assert (n == tuples->len);
  if (n > 0)
    memcpy (tuples->pdata, sorted, n * sizeof *sorted);
}

/* RFC 3339, to a second.  The caller frees. */
static char *
timestamp_of (gint64 since)
{
  g_autoptr (GDateTime) time
      = g_date_time_new_from_unix_utc (since / G_USEC_PER_SEC);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

/* What registration alone says (RFC 3856 7.3), and since when it says nothing
 * more. */
static void
add_registration (Composition *self, const Presentity *user)
{
  gboolean is_registered = user != NULL && user->is_registered;
  Publication none = { 0 };
  PresenceTuple *tuple;
  PresenceRow row = { .key = (char *)"registration" };

  none.row = &row;
  tuple = is_registered ? presence_tuple_new ("online", BASIC_OPEN)
                        : presence_tuple_new ("offline", BASIC_CLOSED);
  tuple->contact = g_strdup (self->doc->entity); /* RFC 3863 4.1.2 */
  if (!is_registered && user != NULL && user->since != 0)
    tuple->timestamp = timestamp_of (user->since);
  settle_id (self, &none, "t", &tuple->id);
  g_ptr_array_add (self->doc->tuples, tuple);
}

PresenceDoc *
presence_compose_shown (const char *aor, Publication *const *shown, guint n,
                        const Presentity *user)
{
  Composition self = { .doc = presence_unknown (aor) };

  self.ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.extras = g_ptr_array_new ();
  for (guint i = 0; i < n; i++)
    add_publication (&self, shown[i]);
  if (user != NULL && user->is_on_phone && !has_activities (self.doc))
    add_phone (&self);
  if (user != NULL && user->permanent != NULL)
    add_permanent (&self, user->permanent, shown, n);
  if (self.doc->tuples->len == 0)
    add_registration (&self, user);
  put_open_first (self.doc->tuples);
  g_hash_table_unref (self.ids);
  g_ptr_array_unref (self.extras);
  return self.doc;
}

PresenceDoc *
presence_unknown (const char *aor)
{
  g_autofree char *entity = aor_to_uri (aor);

  return presence_doc_new (entity);
}

PresenceDoc *
presence_offline_since (const char *aor, gint64 since)
{
  const Presentity nobody = { .since = since };

  return presence_compose_shown (aor, NULL, 0, &nobody);
}

PresenceDoc *
presence_offline (const char *aor)
{
  return presence_offline_since (aor, 0);
}
