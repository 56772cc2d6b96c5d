/* SPDX-License-Identifier: ISC
 *
 * Bindings and their changes as values, and what is asked about them. */
#define G_LOG_DOMAIN "reg"
#include "reg/reg-priv.h"

#include "addr/aor.h"

#include <string.h>

RegBinding *
reg_binding_copy (const RegBinding *self)
{
  RegBinding *copy = g_memdup2 (self, sizeof *self);

  copy->aor = g_strdup (self->aor);
  copy->contact = g_strdup (self->contact);
  copy->key = g_strdup (self->key);
  copy->params = g_strdup (self->params);
  copy->instance = g_strdup (self->instance);
  copy->path = g_strdup (self->path);
  copy->call_id = g_strdup (self->call_id);
  copy->received = g_strdup (self->received);
  copy->user_agent = g_strdup (self->user_agent);
  return copy;
}

void
reg_binding_free (RegBinding *self)
{
  if (self == NULL)
    return;
  g_free (self->aor);
  g_free (self->contact);
  g_free (self->key);
  g_free (self->params);
  g_free (self->instance);
  g_free (self->path);
  g_free (self->call_id);
  g_free (self->received);
  g_free (self->user_agent);
  g_free (self);
}

void
reg_change_free (RegChange *self)
{
  if (self == NULL)
    return;
  reg_binding_free (self->binding);
  reg_binding_free (self->previous);
  g_free (self);
}

void
reg_note (GPtrArray *changes, RegChangeKind kind, const RegBinding *binding,
          RegBinding *previous)
{
  RegChange *change = g_new0 (RegChange, 1);

  change->kind = kind;
  change->binding = reg_binding_copy (binding);
  change->previous = previous;
  g_ptr_array_add (changes, change);
}

/* Is a newer than b? */
static gboolean
is_newer (const RegEntry *a, const RegEntry *b)
{
  if (a->binding->updated_at != b->binding->updated_at)
    return a->binding->updated_at > b->binding->updated_at;
  return a->serial > b->serial;
}

static int
by_q_then_age (gconstpointer left, gconstpointer right)
{
  const RegEntry *a = *(RegEntry *const *) left;
  const RegEntry *b = *(RegEntry *const *) right;

  if (a->binding->q != b->binding->q)
    return a->binding->q > b->binding->q ? -1 : 1;
  return is_newer (a, b) ? -1 : 1;
}

GPtrArray *
reg_bindings (Reg *self, const char *aor)
{
  RegUser *user = reg_user (self, aor);
  GPtrArray *out = g_ptr_array_new ();

  for (guint i = 0; user != NULL && i < user->entries->len; i++)
    if (reg_is_live (self, g_ptr_array_index (user->entries, i)))
      g_ptr_array_add (out, g_ptr_array_index (user->entries, i));
  g_ptr_array_sort (out, by_q_then_age);
  for (guint i = 0; i < out->len; i++)
    out->pdata[i] = ((RegEntry *) out->pdata[i])->binding;
  return out;
}

typedef gboolean (*MatchFn) (const RegBinding *binding, gconstpointer what);

/* The newest live binding that matches. */
static const RegBinding *
find (Reg *self, const char *aor, MatchFn matches, gconstpointer what)
{
  RegUser *user = reg_user (self, aor);
  const RegEntry *best = NULL;

  for (guint i = 0; user != NULL && i < user->entries->len; i++) {
    const RegEntry *entry = g_ptr_array_index (user->entries, i);
    if (reg_is_live (self, entry) && matches (entry->binding, what)
        && (best == NULL || is_newer (entry, best)))
      best = entry;
  }
  return best == NULL ? NULL : best->binding;
}

static gboolean
is_any (const RegBinding *binding, gconstpointer what)
{
  return TRUE;
}

static gboolean
has_instance (const RegBinding *binding, gconstpointer what)
{
  return g_strcmp0 (binding->instance, what) == 0;
}

static gboolean
has_flow (const RegBinding *binding, gconstpointer what)
{
  return binding->flow == *(const guint64 *) what;
}

static gboolean
has_source (const RegBinding *binding, gconstpointer what)
{
  return g_strcmp0 (binding->received, what) == 0;
}

gboolean
reg_is_online (Reg *self, const char *aor)
{
  return find (self, aor, is_any, NULL) != NULL;
}

const RegBinding *
reg_find_instance (Reg *self, const char *aor, const char *instance)
{
  return instance == NULL ? NULL : find (self, aor, has_instance, instance);
}

const RegBinding *
reg_find_source (Reg *self, const char *aor, guint64 flow, const char *received)
{
  const RegBinding *found = NULL;

  if (flow != 0)
    found = find (self, aor, has_flow, &flow);
  if (found == NULL && received != NULL)
    found = find (self, aor, has_source, received);
  return found;
}

/* Of a URI parameter's characters (RFC 3261 25.1) ":" needs no escape, so that
 * an instance URN stays readable. */
char *
reg_gruu (const RegBinding *binding)
{
  g_autofree char *uri = NULL, *gr = NULL;

  if (binding->instance == NULL)
    return NULL;
  uri = aor_to_uri (binding->aor);
  gr = g_uri_escape_string (binding->instance, "[]/:&+$!*'()", FALSE);
  return g_strconcat (uri, ";gr=", gr, NULL);
}
