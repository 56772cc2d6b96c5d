/* SPDX-License-Identifier: ISC
 *
 * What all dialogs of one device have in common (its Contact, instance, source
 * and From) is kept once, with a count: a device with a hundred contacts pays
 * for it once.  Four strings one after the other; an empty one is absent. */
#include "subs/subs-priv.h"

#include <string.h>

struct Place {
  GHashTable *registry; /* where it is, with a reference of its own */
  guint32 refs, size;
  char text[];
};

static guint
place_hash (gconstpointer data)
{
  const Place *place = data;
  guint32 hash = 2166136261u; /* FNV-1a */

  for (guint32 i = 0; i < place->size; i++)
    hash = (hash ^ (guchar) place->text[i]) * 16777619u;
  return hash;
}

static gboolean
place_equal (gconstpointer a, gconstpointer b)
{
  const Place *left = a, *right = b;

  return left->size == right->size
         && memcmp (left->text, right->text, left->size) == 0;
}

GHashTable *
place_registry_new (void)
{
  return g_hash_table_new (place_hash, place_equal);
}

static Place *
make (const char *const strings[PLACE_STRINGS])
{
  gsize sizes[PLACE_STRINGS], size = 0;
  Place *place;
  char *at;

  for (guint i = 0; i < PLACE_STRINGS; i++)
    size += sizes[i] = strings[i] == NULL ? 1 : strlen (strings[i]) + 1;
  place = g_malloc (sizeof *place + size);
  *place = (Place){ .size = (guint32) size };
  at = place->text;
  for (guint i = 0; i < PLACE_STRINGS; at += sizes[i++])
    memcpy (at, strings[i] == NULL ? "" : strings[i], sizes[i]);
  return place;
}

Place *
place_get (GHashTable *registry, const char *const strings[PLACE_STRINGS])
{
  Place *made = make (strings);
  Place *known = g_hash_table_lookup (registry, made);

  if (known != NULL) {
    g_free (made);
    known->refs++;
    return known;
  }
  made->refs = 1;
  made->registry = g_hash_table_ref (registry);
  g_hash_table_add (registry, made);
  return made;
}

GHashTable *
place_registry (const Place *self)
{
  return self->registry;
}

void
place_unref (Place *self)
{
  if (--self->refs > 0)
    return;
  g_hash_table_remove (self->registry, self);
  g_hash_table_unref (self->registry);
  g_free (self);
}

void
place_strings (const Place *self, const char *strings[PLACE_STRINGS])
{
  const char *at = self->text;

  for (guint i = 0; i < PLACE_STRINGS; i++) {
    strings[i] = *at == '\0' ? NULL : at;
    at += strlen (at) + 1;
  }
}
