/* SPDX-License-Identifier: ISC
 *
 * The cache.  An entry is being read, or there; one that is forgotten while it
 * is being read is read again, for the store may have looked before the
 * change. */
#define G_LOG_DOMAIN "service"
#include "service/facts.h"
#include "service/judge.h"

#include "addr/aor.h"
#include "codec/pres-rules.h"
#include "codec/xcap-contacts.h"

/* About so many bytes of what was read are kept. */
#define BYTES_MAX ((gsize)128 << 20)
/* Of an entry, with its address and its place in the table. */
#define ENTRY_BYTES (sizeof (Entry) + 72)

typedef struct {
  FactsFn fn;
  gpointer data;
} Wait;

typedef struct {
  Facts *facts; /* NULL: they are gone */
  char *aor;
  PolicyUser *user; /* NULL: being read */
  gsize bytes;
  GArray *waits;   /* Wait; NULL: nobody */
  gboolean is_old; /* forgotten while being read */
  GList link;      /* in facts->reading or, when there, facts->used */
} Entry;

/* Who waits for all that was being read when he asked. */
typedef struct {
  Facts *facts;
  StoreDoneFn done;
  gpointer data;
  StoreOutcome outcome;
  guint missing; /* entries */
} AllRead;

struct Facts {
  Service *service;
  GHashTable *entries; /* AoR -> Entry */
  GQueue reading;      /* Entry */
  GQueue used;         /* Entry, the latest used first */
  GQueue on_read;      /* AllRead */
  gsize bytes;
};

static void
entry_free (Entry *self)
{
  policy_user_unref (self->user);
  g_clear_pointer (&self->waits, g_array_unref);
  g_free (self->aor);
  g_free (self);
}

static void
drop (Facts *self, Entry *entry)
{
  g_hash_table_remove (self->entries, entry->aor);
  g_queue_unlink (&self->used, &entry->link);
  self->bytes -= entry->bytes;
  entry_free (entry);
}

/* The one used last stays, however large. */
static void
make_room (Facts *self)
{
  while (self->bytes > BYTES_MAX && self->used.length > 1)
    drop (self, g_queue_peek_tail (&self->used));
}

static void
add_contacts (PolicyUser *user, const StorePolicy *policy)
{
  for (guint i = 0; i < policy->contacts->len; i++)
    policy_user_add_contact (user, policy->contacts->pdata[i]);
}

/* The document that its owner sees: the contacts in their lists. */
static GBytes *
lists_of (const StorePolicy *policy)
{
  g_autoptr (GPtrArray) contacts
      = g_ptr_array_new_with_free_func (xcap_contact_free);

  for (guint i = 0; i < policy->contacts->len; i++)
    g_ptr_array_add (contacts,
                     xcap_contact_new (policy->contacts->pdata[i], NULL,
                                       store_policy_nth (policy->groups, i)));
  return xcap_contacts_merge (policy->lists, contacts);
}

/* Can the list that blocks be in it?  The name is there as it is, or its
 * characters are references. */
static gboolean
may_block (GBytes *lists)
{
  gsize len;
  const char *bytes = g_bytes_get_data (lists, &len);

  return g_strstr_len (bytes, (gssize)len, POLICY_BLOCKED_LIST) != NULL
         || g_strstr_len (bytes, (gssize)len, "&#") != NULL;
}

/* Only rules name lists, but for the one that blocks, which is in the stored
 * document as it is: without rules the contacts need not be brought into it.
 * Each PUT of an entry comes here.
 * Lists that cannot be read block nobody and name nobody. */
static void
add_lists (PolicyUser *user, const StorePolicy *policy)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) lists = NULL;
  const char *bytes;
  gsize len;

  if (policy->rules->len == 0
      && (policy->lists == NULL || !may_block (policy->lists)))
    return;
  lists = policy->rules->len > 0 ? lists_of (policy)
                                 : g_bytes_ref (policy->lists);
  bytes = g_bytes_get_data (lists, &len);
  if (!pres_lists_parse (bytes, len, policy->aor, user, &error))
    g_warning ("lists of %s: %s", policy->aor, error->message);
}

static void
add_rules (PolicyUser *user, const StorePolicy *policy)
{
  PolicyRules *rules;

  if (policy->rules->len == 0)
    return;
  rules = policy_rules_new ();
  for (guint i = 0; i < policy->rules->len; i++) {
    g_autoptr (GError) error = NULL;
    const char *place = store_policy_nth (policy->places, i);
    gsize len;
    const char *bytes = g_bytes_get_data (policy->rules->pdata[i], &len);

    if (pres_rules_parse (bytes, len, policy->aor,
                          place != NULL ? place : "pres-rules", rules, &error))
      continue;
    g_warning ("rules of %s: %s", policy->aor, error->message);
    policy_user_set_unreadable (user);
  }
  policy_user_set_rules (user, rules);
}

static PolicyUser *
user_of (const StorePolicy *policy)
{
  PolicyUser *user = policy_user_new (policy->aor);

  add_contacts (user, policy);
  add_lists (user, policy);
  add_rules (user, policy);
  for (guint i = 0; i < policy->decisions->len; i++) {
    const StoreDecision *row = policy->decisions->pdata[i];

    policy_user_add_row (user, row->watcher, policy_row_of (row->decision));
  }
  return user;
}

static void
tell (Entry *entry, PolicyUser *user)
{
  g_autoptr (GArray) waits = g_steal_pointer (&entry->waits);

  for (guint i = 0; waits != NULL && i < waits->len; i++) {
    const Wait *wait = &g_array_index (waits, Wait, i);

    wait->fn (user, wait->data);
  }
}

static void read_entry (Entry *entry);

/* Nothing is known: whoever needs it asks again. */
static void
give_up (Entry *entry)
{
  g_hash_table_remove (entry->facts->entries, entry->aor);
  g_queue_unlink (&entry->facts->reading, &entry->link);
  tell (entry, NULL);
  entry_free (entry);
}

static void
keep (Entry *entry, const StorePolicy *policy)
{
  Facts *self = entry->facts;
  Service *service = self->service;
  g_autoptr (PolicyUser) user = user_of (policy);

  entry->user = policy_user_ref (user);
  entry->bytes = ENTRY_BYTES + policy_user_size (user);
  self->bytes += entry->bytes;
  g_queue_unlink (&self->reading, &entry->link);
  g_queue_push_head_link (&self->used, &entry->link);
  tell (entry, user);
  judge_facts_read (service, user);
  make_room (self);
}

static void
read_cb (StorePolicy *policy, gpointer data)
{
  Entry *entry = data;

  if (entry->facts == NULL)
    entry_free (entry);
  else if (policy == NULL)
    give_up (entry);
  else if (entry->is_old)
    read_entry (entry);
  else
    keep (entry, policy);
  store_policy_free (policy);
}

static void
read_entry (Entry *entry)
{
  StorePort *store = entry->facts->service->store;

  entry->is_old = FALSE;
  store->load_policy (store->self, entry->aor, read_cb, entry);
}

PolicyUser *
facts_peek (Facts *self, const char *aor)
{
  Entry *entry = g_hash_table_lookup (self->entries, aor);

  if (entry == NULL || entry->user == NULL)
    return NULL;
  g_queue_unlink (&self->used, &entry->link);
  g_queue_push_head_link (&self->used, &entry->link);
  return entry->user;
}

static void
wait_for (Entry *entry, FactsFn fn, gpointer data)
{
  Wait wait = { fn, data };

  if (entry->waits == NULL)
    entry->waits = g_array_new (FALSE, FALSE, sizeof (Wait));
  g_array_append_val (entry->waits, wait);
}

static Entry *
entry_of (Facts *self, const char *aor)
{
  Entry *entry = g_hash_table_lookup (self->entries, aor);

  if (entry != NULL)
    return entry;
  entry = g_new0 (Entry, 1);
  entry->facts = self;
  entry->aor = g_strdup (aor);
  entry->link.data = entry;
  g_hash_table_insert (self->entries, entry->aor, entry);
  g_queue_push_tail_link (&self->reading, &entry->link);
  read_entry (entry);
  return entry;
}

/* One that is there is read again, so that fn need not be called in here. */
void
facts_want (Facts *self, const char *aor, FactsFn fn, gpointer data)
{
  Entry *entry = g_hash_table_lookup (self->entries, aor);

  if (entry != NULL && entry->user != NULL)
    drop (self, entry);
  wait_for (entry_of (self, aor), fn, data);
}

static void
forget (Facts *self, Entry *entry)
{
  if (entry->user == NULL)
    entry->is_old = TRUE;
  else
    drop (self, entry);
}

void
facts_forget (Facts *self, const char *aor)
{
  g_autoptr (GList) all = NULL;
  Entry *entry;

  if (aor == NULL)
    all = g_hash_table_get_values (self->entries);
  else if ((entry = g_hash_table_lookup (self->entries, aor)) != NULL)
    forget (self, entry);
  for (GList *l = all; l != NULL; l = l->next)
    forget (self, l->data);
}

static void
tell_all_read (AllRead *self)
{
  g_queue_remove (&self->facts->on_read, self);
  self->done (self->outcome, self->data);
  g_free (self);
}

static void
one_read_cb (PolicyUser *user, gpointer data)
{
  AllRead *self = data;

  if (user == NULL)
    self->outcome = STORE_AWAY;
  if (--self->missing == 0)
    tell_all_read (self);
}

void
facts_when_read (Facts *self, StoreDoneFn done, gpointer data)
{
  AllRead *all;

  if (self->reading.length == 0) {
    done (STORE_COMMITTED, data);
    return;
  }
  all = g_new (AllRead, 1);
  *all = (AllRead){ self, done, data, STORE_COMMITTED, self->reading.length };
  g_queue_push_tail (&self->on_read, all);
  for (GList *l = self->reading.head; l != NULL; l = l->next)
    wait_for (l->data, one_read_cb, all);
}

guint
facts_size (const Facts *self)
{
  return self->used.length;
}

Facts *
facts_new (Service *service)
{
  Facts *self = g_new0 (Facts, 1);

  self->service = service;
  self->entries = g_hash_table_new (aor_hash, aor_equal);
  return self;
}

/* What is being read still belongs to the store's callback. */
void
facts_free (Facts *self)
{
  GHashTableIter iter;
  gpointer item;

  if (self == NULL)
    return;
  for (AllRead *all; (all = g_queue_peek_head (&self->on_read)) != NULL;) {
    all->outcome = STORE_AWAY;
    tell_all_read (all);
  }
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    if (((Entry *)item)->user != NULL)
      entry_free (item);
    else
      ((Entry *)item)->facts = NULL;
  g_hash_table_unref (self->entries);
  g_free (self);
}
