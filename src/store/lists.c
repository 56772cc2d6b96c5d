/* SPDX-License-Identifier: ISC
 *
 * A bounded memory of resource lists: see the header. */
#include "store/lists.h"

#include <string.h>

#define ITEMS_MAX 1024
#define BYTES_MAX (8 << 20)

typedef struct {
  char *etag;
  GBytes *document;
  GPtrArray *contacts; /* XcapContact; NULL: not read yet */
  GHashTable *places;  /* URI -> place in contacts, from 1 */
  GList link;
} Item;

struct Lists {
  GHashTable *items; /* etag -> Item */
  GQueue order;      /* Item, the newest first */
  gsize bytes;
};

static void
item_free (Lists *self, Item *item)
{
  g_hash_table_remove (self->items, item->etag);
  g_queue_unlink (&self->order, &item->link);
  self->bytes -= g_bytes_get_size (item->document);
  g_free (item->etag);
  g_bytes_unref (item->document);
  g_clear_pointer (&item->contacts, g_ptr_array_unref);
  g_clear_pointer (&item->places, g_hash_table_unref);
  g_free (item);
}

void
lists_drop (Lists *self, const char *etag)
{
  Item *item = etag != NULL ? g_hash_table_lookup (self->items, etag) : NULL;

  if (item != NULL)
    item_free (self, item);
}

void
lists_add (Lists *self, const char *etag, GBytes *document, GPtrArray *contacts)
{
  Item *item;

  lists_drop (self, etag);
  if (g_bytes_get_size (document) > BYTES_MAX / 4)
    return;
  item = g_new0 (Item, 1);
  item->etag = g_strdup (etag);
  item->document = g_bytes_ref (document);
  item->contacts = contacts != NULL ? g_ptr_array_ref (contacts) : NULL;
  item->link.data = item;
  g_hash_table_insert (self->items, item->etag, item);
  g_queue_push_head_link (&self->order, &item->link);
  self->bytes += g_bytes_get_size (document);
  while (self->order.length > ITEMS_MAX || self->bytes > BYTES_MAX)
    item_free (self, g_queue_peek_tail (&self->order));
}

/* --- Comparing --- */

static void
index_item (Item *item)
{
  if (item->places != NULL)
    return;
  if (item->contacts == NULL)
    item->contacts = xcap_contacts_read (item->document);
  item->places = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < item->contacts->len; i++)
    g_hash_table_insert (item->places,
                         ((XcapContact *)item->contacts->pdata[i])->uri,
                         GUINT_TO_POINTER (i + 1));
}

/* Takes one of the new contacts into out.  FALSE: the order in its group is
 * another, or it is in another group: positions change. */
static gboolean
compare_one (const Item *item, const XcapContact *contact, GHashTable *last,
             gboolean *was_there, ListsChange *out)
{
  guint place
      = GPOINTER_TO_UINT (g_hash_table_lookup (item->places, contact->uri));
  guint before = GPOINTER_TO_UINT (g_hash_table_lookup (last, contact->group));
  const XcapContact *old;

  if (place == 0) {
    g_ptr_array_add (out->put, (gpointer)contact);
    g_hash_table_insert (last, contact->group, GUINT_TO_POINTER (G_MAXUINT));
    return TRUE;
  }
  old = item->contacts->pdata[place - 1];
  was_there[place - 1] = TRUE;
  g_hash_table_insert (last, contact->group, GUINT_TO_POINTER (place));
  if (place <= before || strcmp (old->group, contact->group) != 0)
    return FALSE;
  if (g_strcmp0 (old->display_name, contact->display_name) != 0)
    g_ptr_array_add (out->put, (gpointer)contact);
  return TRUE;
}

/* Does one that goes come again in another spelling? */
static gboolean
is_respelled (const ListsChange *change, const XcapContact *gone)
{
  for (guint i = 0; i < change->put->len; i++)
    if (strcmp (((XcapContact *)change->put->pdata[i])->key, gone->key) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
compare (const Item *item, const GPtrArray *contacts, ListsChange *out)
{
  g_autoptr (GHashTable) last = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree gboolean *was_there = g_new0 (gboolean, item->contacts->len + 1);

  for (guint i = 0; i < contacts->len; i++)
    if (!compare_one (item, contacts->pdata[i], last, was_there, out))
      return FALSE;
  for (guint i = 0; i < item->contacts->len; i++) {
    const XcapContact *old = item->contacts->pdata[i];

    if (was_there[i])
      continue;
    if (is_respelled (out, old))
      return FALSE;
    g_ptr_array_add (out->gone, old->uri);
  }
  return TRUE;
}

void
lists_compare (Lists *self, const char *etag, const GPtrArray *contacts,
               ListsChange *out)
{
  Item *item = etag != NULL ? g_hash_table_lookup (self->items, etag) : NULL;

  out->gone = g_ptr_array_new ();
  out->put = g_ptr_array_new ();
  out->is_whole = FALSE;
  if (item != NULL) {
    index_item (item);
    if (compare (item, contacts, out))
      return;
  }
  out->is_whole = TRUE;
  g_ptr_array_set_size (out->gone, 0);
  g_ptr_array_set_size (out->put, 0);
  for (guint i = 0; i < contacts->len; i++)
    g_ptr_array_add (out->put, contacts->pdata[i]);
}

void
lists_change_clear (ListsChange *self)
{
  g_clear_pointer (&self->gone, g_ptr_array_unref);
  g_clear_pointer (&self->put, g_ptr_array_unref);
}

/* --- Life --- */

Lists *
lists_new (void)
{
  Lists *self = g_new0 (Lists, 1);

  self->items = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
lists_free (Lists *self)
{
  if (self == NULL)
    return;
  while (self->order.length > 0)
    item_free (self, g_queue_peek_tail (&self->order));
  g_hash_table_unref (self->items);
  g_free (self);
}
