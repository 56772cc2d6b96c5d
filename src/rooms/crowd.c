/* SPDX-License-Identifier: ISC
 *
 * Occupants by nick, and in the order of their last change: see the header. */
#include "rooms/crowd.h"

#include <string.h>

typedef struct {
  GList link; /* in changes */
  CrowdOccupant occupant;
  guint64 serial;
  gboolean is_gone;
} Entry;

struct Crowd {
  GHashTable *entries; /* nick -> Entry */
  GQueue changes;      /* Entry, oldest change first */
  guint64 serial, subject_serial;
  guint64 floor; /* of those who left before, some are forgotten */
  guint n_gone, max, max_gone;
  char *subject;
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_free ((char *)self->occupant.nick);
  g_free (self);
}

Crowd *
crowd_new (guint max, guint max_gone)
{
  Crowd *self = g_new0 (Crowd, 1);

  self->entries
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->serial = 1;
  self->max = max;
  self->max_gone = max_gone;
  return self;
}

void
crowd_free (Crowd *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->entries);
  g_free (self->subject);
  g_free (self);
}

void
crowd_set_max (Crowd *self, guint max)
{
  self->max = max;
}

static void
touch (Crowd *self, Entry *entry)
{
  entry->serial = ++self->serial;
  g_queue_unlink (&self->changes, &entry->link);
  g_queue_push_tail_link (&self->changes, &entry->link);
}

static void
forget (Crowd *self, Entry *entry)
{
  self->n_gone--;
  self->floor = MAX (self->floor, entry->serial);
  g_queue_unlink (&self->changes, &entry->link);
  g_hash_table_remove (self->entries, entry->occupant.nick);
}

static void
forget_oldest (Crowd *self)
{
  for (GList *at = self->changes.head; at != NULL; at = at->next) {
    Entry *entry = at->data;

    if (entry->is_gone) {
      forget (self, entry);
      return;
    }
  }
}

static void
leave (Crowd *self, Entry *entry)
{
  entry->is_gone = TRUE;
  self->n_gone++;
  touch (self, entry);
  if (self->n_gone > self->max_gone)
    forget_oldest (self);
}

static Entry *
add (Crowd *self, const char *nick)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->link.data = entry;
  entry->occupant.nick = g_strdup (nick);
  g_hash_table_insert (self->entries, (gpointer)entry->occupant.nick, entry);
  g_queue_push_tail_link (&self->changes, &entry->link);
  return entry;
}

static gboolean
is_same (const CrowdOccupant *a, const CrowdOccupant *b)
{
  return g_strcmp0 (a->role, b->role) == 0
         && g_strcmp0 (a->affiliation, b->affiliation) == 0
         && (a->show == b->show || b->is_hidden);
}

gboolean
crowd_put (Crowd *self, const CrowdOccupant *occupant)
{
  Entry *entry = g_hash_table_lookup (self->entries, occupant->nick);

  if ((entry == NULL || entry->is_gone) && crowd_size (self) >= self->max)
    return FALSE;
  if (entry == NULL) {
    entry = add (self, occupant->nick);
  } else if (entry->is_gone) {
    entry->is_gone = FALSE;
    self->n_gone--;
  } else if (is_same (&entry->occupant, occupant)) {
    entry->occupant.show = occupant->show;
    return FALSE;
  }
  entry->occupant.role = g_intern_string (occupant->role);
  entry->occupant.affiliation = g_intern_string (occupant->affiliation);
  entry->occupant.show = occupant->show;
  touch (self, entry);
  return TRUE;
}

gboolean
crowd_drop (Crowd *self, const char *nick)
{
  Entry *entry = g_hash_table_lookup (self->entries, nick);

  if (entry == NULL || entry->is_gone)
    return FALSE;
  leave (self, entry);
  return TRUE;
}

gboolean
crowd_rename (Crowd *self, const char *from, const char *to)
{
  const CrowdOccupant *old = crowd_find (self, from);
  CrowdOccupant occupant;

  if (old == NULL || strcmp (from, to) == 0)
    return FALSE;
  occupant = *old;
  occupant.nick = to;
  crowd_drop (self, from);
  crowd_put (self, &occupant);
  return TRUE;
}

gboolean
crowd_set_subject (Crowd *self, const char *subject)
{
  if (subject != NULL && *subject == '\0')
    subject = NULL;
  if (g_strcmp0 (self->subject, subject) == 0)
    return FALSE;
  g_free (self->subject);
  self->subject = g_strdup (subject);
  self->subject_serial = ++self->serial;
  return TRUE;
}

gboolean
crowd_keep (Crowd *self, GHashTable *nicks)
{
  g_autoptr (GPtrArray) left = g_ptr_array_new ();

  for (GList *at = self->changes.head; at != NULL; at = at->next) {
    Entry *entry = at->data;

    if (!entry->is_gone && !g_hash_table_contains (nicks, entry->occupant.nick))
      g_ptr_array_add (left, entry);
  }
  for (guint i = 0; i < left->len; i++)
    leave (self, left->pdata[i]);
  return left->len > 0;
}

const char *
crowd_subject (const Crowd *self)
{
  return self->subject;
}

guint
crowd_size (const Crowd *self)
{
  return g_hash_table_size (self->entries) - self->n_gone;
}

const CrowdOccupant *
crowd_find (const Crowd *self, const char *nick)
{
  const Entry *entry = g_hash_table_lookup (self->entries, nick);

  return entry != NULL && !entry->is_gone ? &entry->occupant : NULL;
}

guint64
crowd_serial (const Crowd *self)
{
  return self->serial;
}

guint64
crowd_subject_serial (const Crowd *self)
{
  return self->subject_serial;
}

gboolean
crowd_reaches (const Crowd *self, guint64 serial)
{
  return serial >= self->floor;
}

guint
crowd_count_since (const Crowd *self, guint64 serial)
{
  guint n = 0;

  if (serial == 0)
    return crowd_size (self);
  for (GList *at = self->changes.tail; at != NULL; at = at->prev, n++)
    if (((Entry *)at->data)->serial <= serial)
      break;
  return n;
}

/* The first that changed after serial. */
static GList *
first_since (const Crowd *self, guint64 serial)
{
  GList *at = self->changes.tail;

  while (at != NULL && at->prev != NULL
         && ((Entry *)at->prev->data)->serial > serial)
    at = at->prev;
  return at != NULL && ((Entry *)at->data)->serial > serial ? at : NULL;
}

void
crowd_foreach_since (const Crowd *self, guint64 serial, CrowdFn fn,
                     gpointer data)
{
  for (GList *at = first_since (self, serial); at != NULL; at = at->next) {
    const Entry *entry = at->data;

    if (serial > 0 || !entry->is_gone)
      fn (&entry->occupant, entry->is_gone, data);
  }
}
