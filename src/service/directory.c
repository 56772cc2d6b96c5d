/* SPDX-License-Identifier: ISC
 *
 * The users, all in memory, as the store tells of them; what becomes of
 * somebody who is disabled or removed. */
#define G_LOG_DOMAIN "service"
#include "service/judge.h"
#include "service/lists.h"
#include "service/permanent.h"
#include "service/seen.h"
#include "service/xmpp-presence.h"
#include "service/xmpp-rooms.h"

#include "addr/aor.h"

static void
user_free (gpointer user)
{
  store_user_free (user);
}

void
service_users_init (Service *self)
{
  self->users = g_hash_table_new_full (aor_hash, aor_equal, NULL, user_free);
}

void
service_users_free (Service *self)
{
  g_hash_table_unref (self->users);
  g_clear_pointer (&self->unseen, g_hash_table_unref);
}

const StoreUser *
service_user (Service *self, const char *aor)
{
  return g_hash_table_lookup (self->users, aor);
}

const StoreUser *
service_enabled_user (Service *self, const char *aor)
{
  const StoreUser *user = service_user (self, aor);

  return user != NULL && user->is_enabled ? user : NULL;
}

/* RFC 6665 4.1.3: rejected for who may not any more, noresource for who is not
 * there any more. */
static void
drop (Service *self, const char *aor, SubsReason reason)
{
  g_autoptr (GPtrArray) changes
      = g_ptr_array_new_with_free_func ((GDestroyNotify)reg_change_free);
  GArray *actions = subs_actions_new ();

  subs_drop_user (self->subs, aor, reason, service_now (self), actions);
  service_act (self, actions);
  reg_drop_user (self->reg, aor, changes);
  service_bindings_gone (self, changes);
  presence_drop_user (self->presence, aor, service_publication_gone_cb, self);
  seen_forget (self, aor);
  xmpp_rooms_user_gone (self, aor);
  lists_judge_watched (self, aor);
}

static void
forget_unseen (Service *self, const char *aor)
{
  if (self->unseen != NULL)
    g_hash_table_remove (self->unseen, aor);
}

void
service_user_changed (const char *aor, StoreUser *user, gpointer data)
{
  Service *self = data;
  g_autofree char *name = g_strdup (aor);
  const StoreUser *before;
  StoreUser old; /* of it the flags only */

  forget_unseen (self, name);
  if (user == NULL) {
    if (g_hash_table_remove (self->users, name)) {
      drop (self, name, SUBS_NORESOURCE);
      xmpp_presence_user_gone (self, name);
    }
    return;
  }
  if (!user->is_enabled && service_enabled_user (self, name) != NULL) {
    g_hash_table_replace (self->users, user->aor, user);
    drop (self, name, SUBS_REJECTED);
    return;
  }
  before = g_hash_table_lookup (self->users, name);
  if (before == NULL)
    before = user;
  old = *before;
  g_hash_table_replace (self->users, user->aor, user);
  if (user->is_enabled && !old.is_enabled)
    permanent_enabled (self, name);
  if (before == user || user->is_enabled != old.is_enabled)
    lists_judge_watched (self, name);
  judge_user_changed (self, &old, user);
}

void
service_users_begin (gpointer data)
{
  Service *self = data;
  GHashTableIter iter;
  gpointer aor;

  g_clear_pointer (&self->unseen, g_hash_table_unref);
  self->unseen = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  g_hash_table_iter_init (&iter, self->users);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    g_hash_table_add (self->unseen, g_strdup (aor));
}

void
service_users_end (gpointer data)
{
  Service *self = data;
  g_autoptr (GHashTable) unseen = g_steal_pointer (&self->unseen);
  GHashTableIter iter;
  gpointer aor;

  if (unseen == NULL)
    return;
  g_hash_table_iter_init (&iter, unseen);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    service_user_changed (aor, NULL, self);
}
