/* SPDX-License-Identifier: ISC
 *
 * A queue of rows with an index by key. */
#include "store/kept.h"

#include "store/rows.h"

struct Kept {
  GQueue queue;      /* Submit of one row */
  GHashTable *index; /* its StoreWrite -> its link */
};

Kept *
kept_new (void)
{
  Kept *self = g_new0 (Kept, 1);

  self->index = g_hash_table_new (row_hash, row_equal);
  return self;
}

void
kept_free (Kept *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->index);
  g_queue_clear_full (&self->queue, (GDestroyNotify)submit_free);
  g_free (self);
}

static Submit *
single (const Submit *submit, gsize i)
{
  Submit *one = submit_new (&submit->writes[i], 1, submit->is_durable, NULL,
                            NULL, submit->at);

  one->is_kept = TRUE;
  return one;
}

static void
replace (Kept *self, GList *link, Submit *one)
{
  Submit *old = link->data;

  one->is_durable = one->is_durable || old->is_durable;
  g_hash_table_remove (self->index, old->writes);
  submit_free (old);
  link->data = one;
  g_hash_table_insert (self->index, one->writes, link);
}

/* The rows have been handed on; only the shell is left. */
static void
drop_shell (Submit *submit)
{
  submit->n = 0;
  submit_free (submit);
}

void
kept_add_newer (Kept *self, Submit *submit)
{
  for (gsize i = 0; i < submit->n; i++) {
    Submit *one = single (submit, i);
    GList *link = g_hash_table_lookup (self->index, one->writes);

    if (link != NULL) {
      replace (self, link, one);
      continue;
    }
    g_queue_push_tail (&self->queue, one);
    g_hash_table_insert (self->index, one->writes, self->queue.tail);
  }
  drop_shell (submit);
}

void
kept_add_older (Kept *self, Submit *submit)
{
  for (gsize i = submit->n; i-- > 0;) {
    Submit *one = single (submit, i);

    if (g_hash_table_contains (self->index, one->writes)) {
      submit_free (one);
      continue;
    }
    g_queue_push_head (&self->queue, one);
    g_hash_table_insert (self->index, one->writes, self->queue.head);
  }
  drop_shell (submit);
}

Submit *
kept_pop (Kept *self)
{
  Submit *one = g_queue_pop_head (&self->queue);

  if (one != NULL)
    g_hash_table_remove (self->index, one->writes);
  return one;
}

guint
kept_size (const Kept *self)
{
  return self->queue.length;
}
