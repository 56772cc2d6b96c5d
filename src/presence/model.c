/* SPDX-License-Identifier: ISC
 *
 * The presence document as a value: making, copying, comparing. */
#include "presence/model.h"

#include <string.h>

PresenceNote *
presence_note_new (const char *lang, const char *text)
{
  PresenceNote *self = g_new (PresenceNote, 1);

  self->lang = g_strdup (lang);
  self->text = g_strdup (text != NULL ? text : "");
  return self;
}

void
presence_note_free (PresenceNote *self)
{
  if (self == NULL)
    return;
  g_free (self->lang);
  g_free (self->text);
  g_free (self);
}

static gpointer
note_copy_cb (gconstpointer note, gpointer data)
{
  const PresenceNote *self = note;

  return presence_note_new (self->lang, self->text);
}

static gpointer
tuple_copy_cb (gconstpointer tuple, gpointer data)
{
  return presence_tuple_copy (tuple);
}

static gpointer
element_copy_cb (gconstpointer element, gpointer data)
{
  return presence_element_copy (element);
}

/* A deep copy; NULL for NULL. */
static GPtrArray *
list_copy (const GPtrArray *list, GCopyFunc copy, GDestroyNotify free_item)
{
  GPtrArray *out;

  if (list == NULL)
    return NULL;
  out = g_ptr_array_new_full (list->len, free_item);
  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (out, copy (list->pdata[i], NULL));
  return out;
}

static GPtrArray *
notes_copy (const GPtrArray *notes)
{
  return list_copy (notes, (GCopyFunc)note_copy_cb,
                    (GDestroyNotify)presence_note_free);
}

PresenceTuple *
presence_tuple_new (const char *id, PresenceBasic basic)
{
  PresenceTuple *self = g_new0 (PresenceTuple, 1);

  self->id = g_strdup (id);
  self->basic = basic;
  return self;
}

PresenceTuple *
presence_tuple_copy (const PresenceTuple *self)
{
  PresenceTuple *copy = presence_tuple_new (self->id, self->basic);

  copy->status_extra = g_strdup (self->status_extra);
  copy->extra = g_strdup (self->extra);
  copy->device_id = g_strdup (self->device_id);
  copy->contact = g_strdup (self->contact);
  copy->priority = g_strdup (self->priority);
  copy->notes = notes_copy (self->notes);
  copy->timestamp = g_strdup (self->timestamp);
  return copy;
}

void
presence_tuple_free (PresenceTuple *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->status_extra);
  g_free (self->extra);
  g_free (self->device_id);
  g_free (self->contact);
  g_free (self->priority);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_free (self->timestamp);
  g_free (self);
}

static void
part_clear (gpointer data)
{
  g_free (((PresencePart *)data)->name);
}

static GArray *
parts_new (guint n)
{
  GArray *parts = g_array_sized_new (FALSE, FALSE, sizeof (PresencePart), n);

  g_array_set_clear_func (parts, part_clear);
  return parts;
}

/* NULL for NULL. */
static GArray *
parts_copy (const GArray *parts)
{
  GArray *copy;

  if (parts == NULL)
    return NULL;
  copy = parts_new (parts->len);
  for (guint i = 0; i < parts->len; i++) {
    PresencePart part = g_array_index (parts, PresencePart, i);

    part.name = g_strdup (part.name);
    g_array_append_val (copy, part);
  }
  return copy;
}

PresenceElement *
presence_element_new (const char *id)
{
  PresenceElement *self = g_new0 (PresenceElement, 1);

  self->id = g_strdup (id);
  return self;
}

PresenceElement *
presence_element_copy (const PresenceElement *self)
{
  PresenceElement *copy = presence_element_new (self->id);

  copy->extra = g_strdup (self->extra);
  copy->parts = parts_copy (self->parts);
  copy->device_id = g_strdup (self->device_id);
  copy->notes = notes_copy (self->notes);
  copy->timestamp = g_strdup (self->timestamp);
  return copy;
}

void
presence_element_add_part (PresenceElement *self, const char *name,
                           const char *text)
{
  PresencePart part = { .name = g_strdup (name) };
  char *joined
      = g_strconcat (self->extra != NULL ? self->extra : "", text, NULL);

  g_free (self->extra);
  self->extra = joined;
  part.end = strlen (joined);
  if (self->parts == NULL)
    self->parts = parts_new (1);
  g_array_append_val (self->parts, part);
}

void
presence_element_free (PresenceElement *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->extra);
  g_clear_pointer (&self->parts, g_array_unref);
  g_free (self->device_id);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_free (self->timestamp);
  g_free (self);
}

PresenceDoc *
presence_doc_new (const char *entity)
{
  PresenceDoc *self = g_new0 (PresenceDoc, 1);

  self->entity = g_strdup (entity);
  self->tuples
      = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_tuple_free);
  self->persons
      = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_element_free);
  self->devices
      = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_element_free);
  self->notes
      = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_note_free);
  return self;
}

void
presence_doc_free (PresenceDoc *self)
{
  if (self == NULL)
    return;
  g_free (self->entity);
  g_ptr_array_unref (self->tuples);
  g_ptr_array_unref (self->persons);
  g_ptr_array_unref (self->devices);
  g_ptr_array_unref (self->notes);
  g_free (self->extra);
  g_free (self);
}

PresenceDoc *
presence_doc_copy (const PresenceDoc *self)
{
  PresenceDoc *copy = g_new0 (PresenceDoc, 1);

  copy->entity = g_strdup (self->entity);
  copy->tuples = list_copy (self->tuples, (GCopyFunc)tuple_copy_cb,
                            (GDestroyNotify)presence_tuple_free);
  copy->persons = list_copy (self->persons, (GCopyFunc)element_copy_cb,
                             (GDestroyNotify)presence_element_free);
  copy->devices = list_copy (self->devices, (GCopyFunc)element_copy_cb,
                             (GDestroyNotify)presence_element_free);
  copy->notes = notes_copy (self->notes);
  copy->extra = g_strdup (self->extra);
  return copy;
}

/* An absent list is an empty one. */
static gboolean
list_equal (const GPtrArray *a, const GPtrArray *b, GEqualFunc equal)
{
  guint na = a != NULL ? a->len : 0, nb = b != NULL ? b->len : 0;

  if (na != nb)
    return FALSE;
  for (guint i = 0; i < na; i++)
    if (!equal (a->pdata[i], b->pdata[i]))
      return FALSE;
  return TRUE;
}

static gboolean
note_equal_cb (gconstpointer a, gconstpointer b)
{
  const PresenceNote *x = a, *y = b;

  return g_strcmp0 (x->lang, y->lang) == 0 && g_str_equal (x->text, y->text);
}

static gboolean
tuple_equal_cb (gconstpointer a, gconstpointer b)
{
  const PresenceTuple *x = a, *y = b;

  return x->basic == y->basic && g_strcmp0 (x->id, y->id) == 0
         && g_strcmp0 (x->status_extra, y->status_extra) == 0
         && g_strcmp0 (x->extra, y->extra) == 0
         && g_strcmp0 (x->device_id, y->device_id) == 0
         && g_strcmp0 (x->contact, y->contact) == 0
         && g_strcmp0 (x->priority, y->priority) == 0
         && g_strcmp0 (x->timestamp, y->timestamp) == 0
         && list_equal (x->notes, y->notes, note_equal_cb);
}

static gboolean
element_equal_cb (gconstpointer a, gconstpointer b)
{
  const PresenceElement *x = a, *y = b;

  return g_strcmp0 (x->id, y->id) == 0 && g_strcmp0 (x->extra, y->extra) == 0
         && g_strcmp0 (x->device_id, y->device_id) == 0
         && g_strcmp0 (x->timestamp, y->timestamp) == 0
         && list_equal (x->notes, y->notes, note_equal_cb);
}

gboolean
presence_doc_equal (const PresenceDoc *a, const PresenceDoc *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strcmp0 (a->entity, b->entity) == 0
         && g_strcmp0 (a->extra, b->extra) == 0
         && list_equal (a->tuples, b->tuples, tuple_equal_cb)
         && list_equal (a->persons, b->persons, element_equal_cb)
         && list_equal (a->devices, b->devices, element_equal_cb)
         && list_equal (a->notes, b->notes, note_equal_cb);
}
