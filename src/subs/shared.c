/* SPDX-License-Identifier: ISC
 *
 * Strings that many dialogs have in common, kept once with a count: a device with
 * a hundred contacts pays for its address once.  They stand one after the other
 * behind a table of where each is; an absent one is not an empty one. */
#include "subs/subs-priv.h"

#include <string.h>

struct Shared {
  GHashTable *registry; /* where it is, with a reference of its own */
  const char *name;     /* interned for good, or NULL */
  guint32 refs, size;   /* size: bytes of at[] and the text behind it */
  guint32 at[];         /* of each string, from here; 0: absent */
};

static guint
shared_hash (gconstpointer data)
{
  const Shared *self = data;
  guint32 hash = 2166136261u; /* FNV-1a, by words */

  for (guint32 i = 0; i < self->size / sizeof (guint32); i++) {
    hash = (hash ^ self->at[i]) * 16777619u;
    hash ^= hash >> 15;
  }
  return hash;
}

static gboolean
shared_equal (gconstpointer a, gconstpointer b)
{
  const Shared *left = a, *right = b;

  return left->size == right->size && left->name == right->name
         && memcmp (left->at, right->at, left->size) == 0;
}

GHashTable *
shared_registry_new (void)
{
  return g_hash_table_new (shared_hash, shared_equal);
}

/* Bytes, each string with its zero, in whole words of at[]. */
static guint32
size_of (const char *const *strings, guint n)
{
  gsize size = n * sizeof (guint32);

  for (guint i = 0; i < n; i++)
    size += strings[i] == NULL ? 0 : strlen (strings[i]) + 1;
  return (guint32)((size + sizeof (guint32) - 1) / sizeof (guint32)
                   * sizeof (guint32));
}

/* self: all zero, with room for size_of. */
static void
fill (Shared *self, const char *const *strings, guint n)
{
  guint32 end = n * (guint32)sizeof (guint32);

  for (guint i = 0; i < n; i++) {
    gsize length = strings[i] == NULL ? 0 : strlen (strings[i]) + 1;

    if (length == 0)
      continue;
    self->at[i] = end;
    memcpy ((char *)self->at + end, strings[i], length);
    end += (guint32)length;
  }
}

static Shared *
find (GHashTable *registry, Shared *key, const char *const *strings, guint n)
{
  Shared *known;

  fill (key, strings, n);
  known = g_hash_table_lookup (registry, key);
  if (known == NULL) {
    known = g_memdup2 (key, sizeof *key + key->size);
    known->registry = g_hash_table_ref (registry);
    g_hash_table_add (registry, known);
  }
  known->refs++;
  return known;
}

/* Most are known: what is looked for stands on the stack. */
Shared *
shared_get (GHashTable *registry, const char *name, const char *const *strings,
            guint n)
{
  union {
    Shared self;
    char room[1024];
  } small;
  guint32 size = size_of (strings, n);
  g_autofree Shared *large = NULL;
  Shared *key = &small.self;

  if (sizeof *key + size > sizeof small)
    key = large = g_malloc (sizeof *key + size);
  memset (key, 0, sizeof *key + size);
  key->name = name;
  key->size = size;
  return find (registry, key, strings, n);
}

GHashTable *
shared_registry (const Shared *self)
{
  return self->registry;
}

const char *
shared_name (const Shared *self)
{
  return self->name;
}

void
shared_unref (Shared *self)
{
  if (--self->refs > 0)
    return;
  g_hash_table_remove (self->registry, self);
  g_hash_table_unref (self->registry);
  g_free (self);
}

const char *
shared_string (const Shared *self, guint i)
{
  return self->at[i] == 0 ? NULL : (const char *)self->at + self->at[i];
}
