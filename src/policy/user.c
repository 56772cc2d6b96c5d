/* SPDX-License-Identifier: ISC
 *
 * Two hash tables by address. */
#include "policy/user.h"

#include "addr/aor.h"

#include <string.h>

/* Of an entry in a hash table, with its string. */
#define ENTRY_BYTES 96

struct PolicyUser {
  char *aor;
  GHashTable *contacts; /* AoR, a set */
  GHashTable *rows;     /* watcher or @domain -> PolicyRow */
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

PolicyUser *
policy_user_new (const char *aor)
{
  PolicyUser *self = g_new0 (PolicyUser, 1);

  self->aor = g_strdup (aor);
  self->contacts = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  self->rows = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
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
  g_hash_table_unref (self->contacts);
  g_hash_table_unref (self->rows);
  g_free (self->aor);
  g_free (self);
}

/* Of "sip:alice@example.com;transport=tcp" and "xmpp:alice@example.com" the
 * same; NULL when there is no user@domain. */
static char *
aor_of_uri (const char *uri)
{
  const char *colon = strchr (uri, ':');
  const char *start = colon != NULL ? colon + 1 : uri;
  const char *at = strchr (start, '@');
  g_autofree char *bare = NULL;
  char *aor = NULL;

  if (at == NULL)
    return NULL;
  bare = g_strndup (start, (gsize)(at - start) + strcspn (at, ";?/"));
  return aor_parse (bare, &aor, NULL) ? aor : NULL;
}

void
policy_user_add_contact (PolicyUser *self, const char *uri)
{
  char *aor = aor_of_uri (uri);

  if (aor != NULL)
    g_hash_table_add (self->contacts, aor);
}

void
policy_user_add_row (PolicyUser *self, const char *watcher, PolicyRow row)
{
  if (row == POLICY_UNDECIDED)
    return;
  if (row == POLICY_ASKED)
    self->n_asked++;
  g_hash_table_insert (self->rows, g_strdup (watcher), GINT_TO_POINTER (row));
}

const char *
policy_user_aor (const PolicyUser *self)
{
  return self->aor;
}

gboolean
policy_user_has_contact (const PolicyUser *self, const char *aor)
{
  return g_hash_table_contains (self->contacts, aor);
}

PolicyRow
policy_user_row (const PolicyUser *self, const char *watcher,
                 gboolean *by_domain_out)
{
  gpointer row = g_hash_table_lookup (self->rows, watcher);
  const char *domain = strrchr (watcher, '@');
  gboolean by_domain = FALSE;

  if (row == NULL || GPOINTER_TO_INT (row) == POLICY_ASKED) {
    gpointer of_domain
        = domain != NULL ? g_hash_table_lookup (self->rows, domain) : NULL;

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

  g_hash_table_iter_init (&iter, self->rows);
  while (fn != NULL && g_hash_table_iter_next (&iter, &watcher, &row))
    if (GPOINTER_TO_INT (row) == POLICY_ASKED)
      fn (watcher, data);
  return self->n_asked;
}

gsize
policy_user_size (const PolicyUser *self)
{
  return ENTRY_BYTES
         * (4 + g_hash_table_size (self->contacts)
            + g_hash_table_size (self->rows));
}
