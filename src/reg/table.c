/* SPDX-License-Identifier: ISC
 *
 * Where bindings are kept: by user, by flow, on the wheel. */
#define G_LOG_DOMAIN "reg"
#include "reg/reg-priv.h"

#include "addr/aor.h"
#include "base/log.h"

#include <string.h>

static void
entry_free (gpointer data)
{
  RegEntry *entry = data;

  reg_binding_free (entry->binding);
  g_free (entry);
}

static void
user_free (gpointer data)
{
  RegUser *user = data;

  g_ptr_array_unref (user->entries);
  g_clear_pointer (&user->instances, g_ptr_array_unref);
  g_free (user->aor);
  g_free (user);
}

static void
expire_cb (WheelTimer *timer, gpointer data)
{
  Reg *self = data;
  RegEntry *entry
      = (RegEntry *) (gpointer) ((char *) timer
                                 - G_STRUCT_OFFSET (RegEntry, timer));
  g_autoptr (RegBinding) binding = reg_take (self, entry);

  log_debug ("%s at %s has expired", binding->aor, binding->contact);
  reg_note (self->changes, REG_DROP, binding, NULL);
}

Reg *
reg_new (gint64 now)
{
  Reg *self = g_new0 (Reg, 1);

  self->now = now;
  self->wheel = wheel_new (now, expire_cb, self);
  self->users = g_hash_table_new_full (aor_hash, aor_equal, NULL, user_free);
  self->flows = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                       (GDestroyNotify) g_ptr_array_unref);
  return self;
}

void
reg_free (Reg *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->flows);
  g_hash_table_unref (self->users);
  wheel_free (self->wheel);
  g_free (self);
}

void
reg_advance (Reg *self, gint64 now, GPtrArray *changes)
{
  self->now = MAX (self->now, now);
  self->changes = changes;
  wheel_advance (self->wheel, now);
  self->changes = NULL;
}

guint
reg_size (Reg *self)
{
  return self->size;
}

gboolean
reg_is_live (Reg *self, const RegEntry *entry)
{
  return entry->binding->expires_at > self->now;
}

/* Users */

RegUser *
reg_user (Reg *self, const char *aor)
{
  return g_hash_table_lookup (self->users, aor);
}

RegUser *
reg_user_make (Reg *self, const char *aor)
{
  RegUser *user = reg_user (self, aor);

  if (user == NULL) {
    user = g_new0 (RegUser, 1);
    user->aor = g_strdup (aor);
    user->entries = g_ptr_array_new_with_free_func (entry_free);
    g_hash_table_insert (self->users, user->aor, user);
  }
  return user;
}

static void
drop_idle_user (Reg *self, RegUser *user)
{
  if (user->entries->len == 0 && user->instances == NULL)
    g_hash_table_remove (self->users, user->aor);
}

RegEntry *
reg_user_entry (RegUser *user, const char *key)
{
  for (guint i = 0; user != NULL && i < user->entries->len; i++) {
    RegEntry *entry = g_ptr_array_index (user->entries, i);
    if (strcmp (entry->binding->key, key) == 0)
      return entry;
  }
  return NULL;
}

static gboolean
knows (const RegUser *user, const char *instance)
{
  return user->instances != NULL
         && g_ptr_array_find_with_equal_func (user->instances, instance,
                                              g_str_equal, NULL);
}

void
reg_user_remember (RegUser *user, const char *instance)
{
  if (instance == NULL || knows (user, instance))
    return;
  if (user->instances == NULL)
    user->instances = g_ptr_array_new_with_free_func (g_free);
  if (user->instances->len == KNOWN_MAX)
    g_ptr_array_remove_index (user->instances, 0);
  g_ptr_array_add (user->instances, g_strdup (instance));
}

gboolean
reg_knows_instance (Reg *self, const char *aor, const char *instance)
{
  const RegUser *user = reg_user (self, aor);

  return user != NULL && instance != NULL && knows (user, instance);
}

gboolean
reg_has_device (Reg *self, const char *aor, const char *device)
{
  const RegUser *user = reg_user (self, aor);

  for (guint i = 0; user != NULL && i < user->entries->len; i++) {
    const RegEntry *entry = g_ptr_array_index (user->entries, i);

    if (reg_is_live (self, entry)
        && (g_strcmp0 (entry->binding->instance, device) == 0
            || strcmp (entry->binding->key, device) == 0))
      return TRUE;
  }
  return FALSE;
}

/* Entries */

void
reg_set_flow (Reg *self, RegEntry *entry, guint64 flow)
{
  guint64 *old = &entry->binding->flow;
  GPtrArray *list;

  if (*old != 0 && (list = g_hash_table_lookup (self->flows, old)) != NULL) {
    g_ptr_array_remove_fast (list, entry);
    if (list->len == 0)
      g_hash_table_remove (self->flows, old);
  }
  *old = flow;
  if (flow == 0)
    return;
  list = g_hash_table_lookup (self->flows, &flow);
  if (list == NULL) {
    list = g_ptr_array_new ();
    g_hash_table_insert (self->flows, g_memdup2 (&flow, sizeof flow), list);
  }
  g_ptr_array_add (list, entry);
}

static RegEntry *
make_entry (Reg *self, RegUser *user)
{
  RegEntry *entry = g_new0 (RegEntry, 1);

  entry->user = user;
  g_ptr_array_add (user->entries, entry);
  self->size++;
  return entry;
}

RegEntry *
reg_put (Reg *self, RegUser *user, RegBinding *binding)
{
  RegEntry *entry = reg_user_entry (user, binding->key);
  guint64 flow = binding->flow;

  if (entry == NULL) {
    entry = make_entry (self, user);
  } else {
    reg_set_flow (self, entry, 0);
    reg_binding_free (entry->binding);
  }
  binding->flow = 0;
  entry->binding = binding;
  entry->serial = ++self->last_serial;
  reg_set_flow (self, entry, flow);
  reg_user_remember (user, binding->instance);
  wheel_arm (self->wheel, &entry->timer, binding->expires_at);
  return entry;
}

RegBinding *
reg_take (Reg *self, RegEntry *entry)
{
  RegUser *user = entry->user;
  guint64 flow = entry->binding->flow;
  RegBinding *binding;

  wheel_cancel (self->wheel, &entry->timer);
  reg_set_flow (self, entry, 0);
  binding = g_steal_pointer (&entry->binding);
  binding->flow = flow;
  g_ptr_array_remove (user->entries, entry);
  self->size--;
  drop_idle_user (self, user);
  return binding;
}

GPtrArray *
reg_of_flow (Reg *self, guint64 flow)
{
  GPtrArray *entries = g_hash_table_lookup (self->flows, &flow);
  GPtrArray *bindings = g_ptr_array_new ();

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    g_ptr_array_add (bindings, ((RegEntry *)entries->pdata[i])->binding);
  return bindings;
}

void
reg_flow_closed (Reg *self, guint64 flow)
{
  GPtrArray *list;

  while (flow != 0 && (list = g_hash_table_lookup (self->flows, &flow)) != NULL)
    reg_set_flow (self, g_ptr_array_index (list, 0), 0);
}

void
reg_restore (Reg *self, RegBinding *binding, gint64 now)
{
  self->now = MAX (self->now, now);
  reg_put (self, reg_user_make (self, binding->aor), binding);
}

void
reg_drop_user (Reg *self, const char *aor, GPtrArray *changes)
{
  RegUser *user = reg_user (self, aor);

  if (user == NULL)
    return;
  g_clear_pointer (&user->instances, g_ptr_array_unref);
  for (guint left = user->entries->len; left > 0; left--) {
    g_autoptr (RegBinding) binding
        = reg_take (self, g_ptr_array_index (user->entries, 0));
    reg_note (changes, REG_DROP, binding, NULL);
  }
}
