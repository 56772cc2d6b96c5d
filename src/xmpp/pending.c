/* SPDX-License-Identifier: ISC
 *
 * Messages in order, and an index by id for those that come back. */
#include "xmpp/pending.h"

#include "addr/xmpp.h"

typedef struct {
  char *id, *to;
  gboolean has_ping;   /* there is a ping behind it */
  XmppOutcome outcome; /* of one that failed */
  XmppError error;
  XmppSentFn done; /* NULL: forgotten */
  gpointer data;
} Entry;

struct Pending {
  GQueue entries;    /* in the stream */
  GQueue failed;     /* not in it */
  GHashTable *by_id; /* id -> the entry's link */
  gboolean has_ping;
};

Pending *
pending_new (void)
{
  Pending *self = g_new0 (Pending, 1);

  g_queue_init (&self->entries);
  g_queue_init (&self->failed);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->id);
  g_free (entry->to);
  g_free (entry);
}

void
pending_free (Pending *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_id);
  g_queue_clear_full (&self->entries, entry_free);
  g_queue_clear_full (&self->failed, entry_free);
  g_free (self);
}

void
pending_add (Pending *self, const char *id, const char *to, XmppSentFn done,
             gpointer data)
{
  Entry *entry = g_new0 (Entry, 1);

  *entry = (Entry){
    .id = g_strdup (id), .to = g_strdup (to), .done = done, .data = data
  };
  g_queue_push_tail (&self->entries, entry);
  g_hash_table_replace (self->by_id, entry->id, self->entries.tail);
}

void
pending_add_failed (Pending *self, XmppOutcome outcome, XmppError error,
                    XmppSentFn done, gpointer data)
{
  Entry *entry = g_new0 (Entry, 1);

  *entry = (Entry){
    .outcome = outcome, .error = error, .done = done, .data = data
  };
  g_queue_push_tail (&self->failed, entry);
}

gboolean
pending_has_failed (const Pending *self)
{
  return self->failed.length > 0;
}

static void
finish (Entry *entry, XmppOutcome outcome, XmppError error, const char *text)
{
  if (entry->done != NULL)
    entry->done (outcome, error, text, entry->data);
  entry_free (entry);
}

void
pending_tell (Pending *self)
{
  for (guint n = self->failed.length; n > 0 && self->failed.length > 0; n--) {
    Entry *entry = g_queue_pop_head (&self->failed);

    finish (entry, entry->outcome, entry->error, NULL);
  }
}

gboolean
pending_wants_ping (const Pending *self)
{
  const Entry *last = g_queue_peek_tail ((GQueue *)&self->entries);

  return !self->has_ping && last != NULL && !last->has_ping;
}

void
pending_ping (Pending *self)
{
  self->has_ping = TRUE;
  for (GList *link = self->entries.tail; link != NULL; link = link->prev) {
    Entry *entry = link->data;

    if (entry->has_ping)
      break;
    entry->has_ping = TRUE;
  }
}

gboolean
pending_has_ping (const Pending *self)
{
  return self->has_ping;
}

/* Takes an entry out of the tables. */
static Entry *
take (Pending *self, GList *link)
{
  Entry *entry = link->data;

  if (g_hash_table_lookup (self->by_id, entry->id) == link)
    g_hash_table_remove (self->by_id, entry->id);
  g_queue_delete_link (&self->entries, link);
  return entry;
}

/* What done adds has no ping behind it. */
void
pending_pong (Pending *self)
{
  self->has_ping = FALSE;
  for (GList *link = self->entries.head;
       link != NULL && ((Entry *)link->data)->has_ping;
       link = self->entries.head)
    finish (take (self, link), XMPP_TAKEN, XMPP_NO_ERROR, NULL);
}

/* The recipient, another address of his, or his server. */
static gboolean
is_from (const char *from, const char *to)
{
  g_autofree char *bare_from = jid_bare_of (from), *bare_to = jid_bare_of (to);
  g_autofree char *domain = jid_domain (to);

  return g_str_equal (bare_from, bare_to) || g_str_equal (bare_from, domain);
}

gboolean
pending_error (Pending *self, const char *from, const char *id, XmppError error,
               const char *text)
{
  GList *link = id != NULL ? g_hash_table_lookup (self->by_id, id) : NULL;

  if (link == NULL || !is_from (from, ((Entry *)link->data)->to))
    return FALSE;
  finish (take (self, link), XMPP_REFUSED, error, text);
  return TRUE;
}

void
pending_lost (Pending *self)
{
  guint n = self->entries.length;

  self->has_ping = FALSE;
  for (; n > 0 && self->entries.length > 0; n--)
    finish (take (self, self->entries.head), XMPP_LOST, XMPP_NO_ERROR, NULL);
}

static void
forget (GQueue *queue, gpointer data)
{
  for (GList *link = queue->head; link != NULL; link = link->next) {
    Entry *entry = link->data;

    if (entry->data == data)
      entry->done = NULL;
  }
}

void
pending_forget (Pending *self, gpointer data)
{
  forget (&self->entries, data);
  forget (&self->failed, data);
}

guint
pending_size (const Pending *self)
{
  return self->entries.length;
}
