/* SPDX-License-Identifier: ISC
 *
 * A table by hop and a queue in the order of noting: see the header. */
#include "sip/streamless.h"
#include "sip/way.h"

typedef struct {
  char url[WAY_URL_MAX];
  gint64 until; /* us */
  GList link;   /* in queue */
} Entry;

struct Streamless {
  GHashTable *entries; /* url of an Entry -> it */
  GQueue queue;        /* oldest first */
};

Streamless *
streamless_new (void)
{
  Streamless *self = g_new0 (Streamless, 1);

  self->entries = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

static void
forget (Streamless *self, Entry *entry)
{
  g_hash_table_remove (self->entries, entry->url);
  g_queue_unlink (&self->queue, &entry->link);
  g_free (entry);
}

void
streamless_free (Streamless *self)
{
  if (self == NULL)
    return;
  while (self->queue.head != NULL)
    forget (self, self->queue.head->data);
  g_hash_table_unref (self->entries);
  g_free (self);
}

static Entry *
find (Streamless *self, const ResolverHop *hop)
{
  char url[WAY_URL_MAX];

  way_hop_url (hop, url);
  return g_hash_table_lookup (self->entries, url);
}

void
streamless_note (Streamless *self, const ResolverHop *hop, gint64 now)
{
  Entry *entry = find (self, hop);

  if (entry != NULL)
    forget (self, entry);
  else if (self->queue.length >= STREAMLESS_MAX)
    forget (self, self->queue.head->data);
  entry = g_new0 (Entry, 1);
  way_hop_url (hop, entry->url);
  entry->until = now + (gint64)STREAMLESS_MEMORY * G_USEC_PER_SEC;
  entry->link.data = entry;
  g_queue_push_tail_link (&self->queue, &entry->link);
  g_hash_table_insert (self->entries, entry->url, entry);
}

gboolean
streamless_knows (Streamless *self, const ResolverHop *hop, gint64 now)
{
  Entry *entry = find (self, hop);

  if (entry != NULL && entry->until <= now) {
    forget (self, entry);
    entry = NULL;
  }
  return entry != NULL;
}

guint
streamless_count (const Streamless *self)
{
  return self->queue.length;
}
