/* SPDX-License-Identifier: ISC
 *
 * The pairs, where they are found, and who is to be sent to next. */
#define G_LOG_DOMAIN "roster"
#include "roster/roster-priv.h"

#include "addr/aor.h"

static guint
pair_hash (gconstpointer key)
{
  const RosterPair *pair = key;

  return aor_hash (pair->user) * 33 + aor_hash (pair->contact);
}

static gboolean
pair_equal (gconstpointer a, gconstpointer b)
{
  const RosterPair *x = a, *y = b;

  return aor_equal (x->user, y->user) && aor_equal (x->contact, y->contact);
}

static void
timer_cb (WheelTimer *timer, gpointer data)
{
  Roster *self = data;
  gpointer pair = (char *)timer - G_STRUCT_OFFSET (RosterPair, timer);

  to_timer (self, pair, self->now);
}

static void
queue_up (GQueue *queue, GList *link, RosterPair *pair)
{
  if (link->data != NULL)
    return;
  link->data = pair;
  g_queue_push_tail_link (queue, link);
}

static void
unqueue (GQueue *queue, GList *link)
{
  if (link->data == NULL)
    return;
  g_queue_unlink (queue, link);
  link->data = NULL;
}

static void
postponed_cb (WheelTimer *timer, gpointer data)
{
  Roster *self = data;
  RosterPair *pair
      = (gpointer)((char *)timer - G_STRUCT_OFFSET (RosterPair, postponed));

  if (pair->owes != 0)
    queue_up (&self->due, &pair->due, pair);
}

static void
pair_free (gpointer data)
{
  RosterPair *pair = data;

  g_clear_pointer (&pair->resources, g_ptr_array_unref);
  roster_resource_free (pair->last);
  told_clear (pair);
  g_ref_string_release (pair->user);
  g_ref_string_release (pair->contact);
  g_free (pair);
}

Roster *
roster_new (const RosterLimits *limits, gint64 now)
{
  Roster *self = g_new0 (Roster, 1);

  self->limits = *limits;
  self->pairs = g_hash_table_new_full (pair_hash, pair_equal, pair_free, NULL);
  self->users = g_hash_table_new_full (aor_hash, aor_equal,
                                       (GDestroyNotify)g_ref_string_release,
                                       (GDestroyNotify)g_queue_free);
  self->contacts = g_hash_table_new_full (aor_hash, aor_equal,
                                          (GDestroyNotify)g_ref_string_release,
                                          (GDestroyNotify)g_queue_free);
  self->timers = wheel_new (now, timer_cb, self);
  self->postponed = wheel_new (now, postponed_cb, self);
  self->now = now;
  return self;
}

/* The links in the queues are the pairs' own. */
static void
forget_links (GHashTable *table)
{
  GHashTableIter iter;
  gpointer queue;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, NULL, &queue))
    g_queue_init (queue);
  g_hash_table_unref (table);
}

void
roster_free (Roster *self)
{
  if (self == NULL)
    return;
  forget_links (self->users);
  forget_links (self->contacts);
  g_hash_table_unref (self->pairs);
  wheel_free (self->timers);
  wheel_free (self->postponed);
  g_free (self);
}

RosterPair *
roster_find (Roster *self, const char *user, const char *contact)
{
  const RosterPair key = { .user = (char *)user, .contact = (char *)contact };

  return g_hash_table_lookup (self->pairs, &key);
}

static void
join (GHashTable *table, char *name, GList *link)
{
  GQueue *queue = g_hash_table_lookup (table, name);

  if (queue == NULL) {
    queue = g_queue_new ();
    g_hash_table_insert (table, g_ref_string_acquire (name), queue);
  }
  g_queue_push_tail_link (queue, link);
}

static void
part (GHashTable *table, const char *name, GList *link)
{
  GQueue *queue = g_hash_table_lookup (table, name);

  g_queue_unlink (queue, link);
  if (queue->length == 0)
    g_hash_table_remove (table, name);
}

RosterPair *
roster_need (Roster *self, const char *user, const char *contact)
{
  RosterPair *pair = roster_find (self, user, contact);

  if (pair != NULL)
    return pair;
  pair = g_new0 (RosterPair, 1);
  pair->user = g_ref_string_new_intern (user);
  pair->contact = g_ref_string_new_intern (contact);
  pair->of_user.data = pair->of_contact.data = pair;
  g_hash_table_add (self->pairs, pair);
  join (self->users, pair->user, &pair->of_user);
  join (self->contacts, pair->contact, &pair->of_contact);
  return pair;
}

static gboolean
means_something (const RosterPair *pair)
{
  return pair->data != NULL || pair->n_holders > 0 || pair->to != ROSTER_TO_NONE
         || pair->from != ROSTER_FROM_NONE || pair->owes != 0
         || pair->news.data != NULL;
}

gboolean
roster_tidy (Roster *self, RosterPair *pair)
{
  if (means_something (pair))
    return FALSE;
  wheel_cancel (self->timers, &pair->timer);
  wheel_cancel (self->postponed, &pair->postponed);
  unqueue (&self->due, &pair->due);
  unqueue (&self->paced, &pair->paced);
  part (self->users, pair->user, &pair->of_user);
  part (self->contacts, pair->contact, &pair->of_contact);
  g_hash_table_remove (self->pairs, pair);
  return TRUE;
}

guint
roster_size (const Roster *self)
{
  return g_hash_table_size (self->pairs);
}

static void
foreach_in (GQueue *queue, RosterPairFn fn, gpointer data)
{
  GList *next;

  for (GList *at = queue != NULL ? queue->head : NULL; at != NULL; at = next) {
    next = at->next; /* fn may free the last one and the queue with it */
    fn (at->data, data);
  }
}

void
roster_foreach_of (Roster *self, const char *user, RosterPairFn fn,
                   gpointer data)
{
  foreach_in (g_hash_table_lookup (self->users, user), fn, data);
}

void
roster_foreach_contact (Roster *self, const char *contact, RosterPairFn fn,
                        gpointer data)
{
  foreach_in (g_hash_table_lookup (self->contacts, contact), fn, data);
}

void
roster_foreach (Roster *self, RosterPairFn fn, gpointer data)
{
  g_autofree gpointer *all
      = (gpointer *)g_hash_table_get_keys_as_array (self->pairs, NULL);

  for (guint i = 0; all[i] != NULL; i++)
    fn (all[i], data);
}

const char *
roster_user (const RosterPair *pair)
{
  return pair->user;
}

const char *
roster_contact (const RosterPair *pair)
{
  return pair->contact;
}

gpointer
roster_data (const RosterPair *pair)
{
  return pair->data;
}

void
roster_set_data (RosterPair *pair, gpointer data)
{
  pair->data = data;
}

/* --- The queues --- */

void
pair_owe (Roster *self, RosterPair *pair, RosterOwed owed)
{
  static const guint pointless[] = {
    [ROSTER_OWES_UNSUBSCRIBE] = ROSTER_OWES_SUBSCRIBE | ROSTER_OWES_PROBE,
    [ROSTER_OWES_SUBSCRIBE] = 0,
    [ROSTER_OWES_PROBE] = 0,
    [ROSTER_OWES_SUBSCRIBED] = ROSTER_OWES_UNSUBSCRIBED,
    [ROSTER_OWES_SHOW] = 0,
    [ROSTER_OWES_UNSUBSCRIBED] = ROSTER_OWES_SUBSCRIBED,
  };

  pair->owes = (pair->owes & ~pointless[owed]) | owed;
  queue_up (&self->due, &pair->due, pair);
}

void
pair_owe_not (Roster *self, RosterPair *pair, guint owed)
{
  pair->owes &= ~owed;
  if (pair->owes == 0)
    unqueue (&self->due, &pair->due);
}

void
pair_note_news (Roster *self, RosterPair *pair)
{
  queue_up (&self->news, &pair->news, pair);
}

void
roster_note (Roster *self, RosterPair *pair)
{
  pair_note_news (self, pair);
}

RosterPair *
roster_take_news (Roster *self)
{
  RosterPair *pair = g_queue_peek_head (&self->news);

  if (pair != NULL)
    unqueue (&self->news, &pair->news);
  return pair;
}

RosterPair *
roster_due (Roster *self)
{
  return self->is_up ? g_queue_peek_head (&self->due) : NULL;
}

guint
roster_owes (const RosterPair *pair)
{
  return pair->owes;
}

void
roster_sent (Roster *self, RosterPair *pair, RosterOwed owed, gint64 now)
{
  pair_owe_not (self, pair, owed);
  if (owed == ROSTER_OWES_PROBE)
    to_probed (self, pair, now);
}

void
roster_postpone (Roster *self, RosterPair *pair, gint64 until)
{
  unqueue (&self->due, &pair->due);
  wheel_arm (self->postponed, &pair->postponed, until);
}

/* --- The link --- */

gboolean
roster_is_up (const Roster *self)
{
  return self->is_up;
}

static void
up_cb (RosterPair *pair, gpointer data)
{
  Roster *self = data;

  if (pair->owes != 0 || pair->from == ROSTER_FROM_ON
      || pair->to != ROSTER_TO_NONE)
    queue_up (&self->paced, &pair->paced, pair);
  unqueue (&self->due, &pair->due);
}

static void
down_cb (RosterPair *pair, gpointer data)
{
  Roster *self = data;

  unqueue (&self->paced, &pair->paced);
  to_set_up (self, pair, FALSE, self->now);
  roster_tidy (self, pair);
}

void
roster_set_up (Roster *self, gboolean is_up, gint64 now)
{
  if (self->is_up == is_up)
    return;
  self->is_up = is_up;
  self->now = now;
  roster_foreach (self, is_up ? up_cb : down_cb, self);
}

guint
roster_n_paced (const Roster *self)
{
  return self->paced.length;
}

RosterPair *
roster_next_paced (Roster *self)
{
  RosterPair *pair = g_queue_peek_head (&self->paced);

  if (pair == NULL)
    return NULL;
  unqueue (&self->paced, &pair->paced);
  to_set_up (self, pair, TRUE, self->now);
  from_up (self, pair);
  if (pair->owes != 0)
    queue_up (&self->due, &pair->due, pair);
  return pair;
}

void
roster_advance (Roster *self, gint64 now)
{
  self->now = now;
  wheel_advance (self->timers, now);
  wheel_advance (self->postponed, now);
}
