/* SPDX-License-Identifier: ISC
 *
 * Hash tables by address, and lists by name. */
#include "policy/user.h"

#include "addr/aor.h"

#include <string.h>

/* Lists in lists are followed that far. */
#define LISTS_DEEP 16

/* Of an entry in a hash table, with its string; of a table with none. */
#define ENTRY_BYTES 96
#define TABLE_BYTES 240

/* A list of his. */
typedef struct {
  GHashTable *members; /* AoR, a set */
  GPtrArray *sublists; /* char * */
} List;

struct PolicyUser {
  char *aor;
  GHashTable *contacts; /* AoR, a set; NULL: none, as most of many users */
  GHashTable *rows;     /* watcher or @domain -> PolicyRow; NULL: none */
  GHashTable *lists;    /* name -> List; NULL: none */
  PolicyRules *rules;   /* or NULL */
  gsize lists_size;
  gboolean is_unreadable;
  guint n_asked;
  gint refs;
};

static const char *const names[] = {
  [POLICY_UNDECIDED] = NULL,
  [POLICY_ASKED] = "pending",
  [POLICY_ALLOWED] = "allow",
  [POLICY_BLOCKED] = "block",
  [POLICY_POLITELY_BLOCKED] = "polite_block",
};

const char *
policy_row_name (PolicyRow row)
{
  return names[row];
}

PolicyRow
policy_row_of (const char *name)
{
  for (guint i = POLICY_ASKED; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (name, names[i]) == 0)
      return (PolicyRow)i;
  return POLICY_UNDECIDED;
}

/* Each table of addresses is made when something is in it. */
static GHashTable *
filled (GHashTable **table)
{
  if (*table == NULL)
    *table = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  return *table;
}

static gpointer
look_up (GHashTable *table, const char *aor)
{
  return table != NULL ? g_hash_table_lookup (table, aor) : NULL;
}

static gsize
table_bytes (GHashTable *table)
{
  return table != NULL
             ? TABLE_BYTES + ENTRY_BYTES * (gsize)g_hash_table_size (table)
             : 0;
}

PolicyUser *
policy_user_new (const char *aor)
{
  PolicyUser *self = g_new0 (PolicyUser, 1);

  self->aor = g_strdup (aor);
  self->refs = 1;
  return self;
}

PolicyUser *
policy_user_ref (PolicyUser *self)
{
  self->refs++;
  return self;
}

void
policy_user_unref (PolicyUser *self)
{
  if (self == NULL || --self->refs > 0)
    return;
  g_clear_pointer (&self->contacts, g_hash_table_unref);
  g_clear_pointer (&self->rows, g_hash_table_unref);
  g_clear_pointer (&self->lists, g_hash_table_unref);
  policy_rules_free (self->rules);
  g_free (self->aor);
  g_free (self);
}

void
policy_user_add_contact (PolicyUser *self, const char *uri)
{
  char *aor = policy_identity (uri);

  if (aor != NULL)
    g_hash_table_add (filled (&self->contacts), aor);
}

void
policy_user_add_row (PolicyUser *self, const char *watcher, PolicyRow row)
{
  if (row == POLICY_UNDECIDED)
    return;
  if (row == POLICY_ASKED)
    self->n_asked++;
  g_hash_table_insert (filled (&self->rows), g_strdup (watcher),
                       GINT_TO_POINTER (row));
}

gboolean
policy_user_has_asked (const PolicyUser *self, const char *watcher)
{
  return GPOINTER_TO_INT (look_up (self->rows, watcher)) == POLICY_ASKED;
}

void
policy_user_drop_asked (PolicyUser *self, const char *watcher)
{
  if (!policy_user_has_asked (self, watcher))
    return;
  g_hash_table_remove (self->rows, watcher);
  self->n_asked--;
}

static void
list_free (gpointer data)
{
  List *self = data;

  g_hash_table_unref (self->members);
  g_ptr_array_unref (self->sublists);
  g_free (self);
}

static List *
list_of (PolicyUser *self, const char *name)
{
  List *list;

  if (self->lists == NULL)
    self->lists
        = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, list_free);
  list = g_hash_table_lookup (self->lists, name);
  if (list != NULL)
    return list;
  list = g_new0 (List, 1);
  list->members = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  list->sublists = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_insert (self->lists, g_strdup (name), list);
  self->lists_size += 3 * ENTRY_BYTES;
  return list;
}

void
policy_user_add_member (PolicyUser *self, const char *list, const char *uri)
{
  char *aor = policy_identity (uri);

  if (aor != NULL && g_hash_table_add (list_of (self, list)->members, aor))
    self->lists_size += ENTRY_BYTES;
}

void
policy_user_add_sublist (PolicyUser *self, const char *list, const char *other)
{
  g_ptr_array_add (list_of (self, list)->sublists, g_strdup (other));
  self->lists_size += ENTRY_BYTES;
}

void
policy_user_set_rules (PolicyUser *self, PolicyRules *rules)
{
  policy_rules_free (self->rules);
  self->rules = rules;
}

void
policy_user_set_unreadable (PolicyUser *self)
{
  self->is_unreadable = TRUE;
}

/* seen: lists that have been looked at. */
static gboolean
is_member (const PolicyUser *self, const char *name, const char *watcher,
           GHashTable *seen, guint depth)
{
  const List *list = g_hash_table_lookup (self->lists, name);

  if (list == NULL || depth > LISTS_DEEP
      || !g_hash_table_add (seen, (gpointer)name))
    return FALSE;
  if (g_hash_table_contains (list->members, watcher))
    return TRUE;
  for (guint i = 0; i < list->sublists->len; i++)
    if (is_member (self, list->sublists->pdata[i], watcher, seen, depth + 1))
      return TRUE;
  return FALSE;
}

gboolean
policy_user_is_listed (const PolicyUser *self, const char *list,
                       const char *watcher)
{
  g_autoptr (GHashTable) seen = NULL;

  if (self->lists == NULL || !g_hash_table_contains (self->lists, list))
    return FALSE;
  seen = g_hash_table_new (g_str_hash, g_str_equal);
  return is_member (self, list, watcher, seen, 0);
}

const PolicyRules *
policy_user_rules (const PolicyUser *self)
{
  return self->rules;
}

gboolean
policy_user_is_unreadable (const PolicyUser *self)
{
  return self->is_unreadable;
}

const char *
policy_user_aor (const PolicyUser *self)
{
  return self->aor;
}

gboolean
policy_user_has_contact (const PolicyUser *self, const char *aor)
{
  return look_up (self->contacts, aor) != NULL;
}

guint
policy_user_n_contacts (const PolicyUser *self)
{
  return self->contacts != NULL ? g_hash_table_size (self->contacts) : 0;
}

PolicyRow
policy_user_row (const PolicyUser *self, const char *watcher,
                 gboolean *by_domain_out)
{
  gpointer row = look_up (self->rows, watcher);
  const char *domain = strrchr (watcher, '@');
  gboolean by_domain = FALSE;

  if (row == NULL || GPOINTER_TO_INT (row) == POLICY_ASKED) {
    gpointer of_domain = domain != NULL ? look_up (self->rows, domain) : NULL;

    by_domain = of_domain != NULL;
    row = by_domain ? of_domain : row;
  }
  if (by_domain_out != NULL)
    *by_domain_out = by_domain;
  return (PolicyRow)GPOINTER_TO_INT (row);
}

guint
policy_user_asked (const PolicyUser *self, PolicyAskedFn fn, gpointer data)
{
  GHashTableIter iter;
  gpointer watcher, row;

  if (fn == NULL || self->n_asked == 0)
    return self->n_asked;
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &watcher, &row))
    if (GPOINTER_TO_INT (row) == POLICY_ASKED)
      fn (watcher, data);
  return self->n_asked;
}

gsize
policy_user_size (const PolicyUser *self)
{
  return sizeof *self + ENTRY_BYTES + table_bytes (self->contacts)
         + table_bytes (self->rows) + self->lists_size
         + policy_rules_size (self->rules);
}
