/* SPDX-License-Identifier: ISC
 *
 * Devices that are away, whose publications end before their time, and
 * presentities that are: since when. */
#include "presence/presence-priv.h"

#include <string.h>

/* --- Devices --- */

static gboolean
is_of_device (const Publication *self, const char *device)
{
  const PresenceRow *row = publication_decided (self);

  return !row->is_removed && g_strcmp0 (row->device, device) == 0;
}

void
presence_orphan (Presence *self, const char *aor, const char *device,
                 gint64 due)
{
  Presentity *user = presence_find (self, aor);

  for (Publication *p = user != NULL ? user->first : NULL; p != NULL;
       p = p->next) {
    if (p->is_orphaned || !is_of_device (p, device) || p->timer.due <= due)
      continue;
    p->is_orphaned = TRUE;
    self->n_orphans++;
    wheel_arm (self->wheel, &p->timer, due);
  }
}

void
publication_adopt (Presence *self, Publication *publication)
{
  self->n_orphans -= publication->is_orphaned;
  publication->is_orphaned = FALSE;
}

void
presence_adopt (Presence *self, const char *aor, const char *device)
{
  Presentity *user;

  if (self->n_orphans == 0 || (user = presence_find (self, aor)) == NULL)
    return;
  for (Publication *p = user->first; p != NULL; p = p->next)
    if (p->is_orphaned && is_of_device (p, device)) {
      publication_adopt (self, p);
      wheel_arm (self->wheel, &p->timer, publication_decided (p)->expires_at);
    }
}

void
presence_foreach_device (Presence *self, PresenceDeviceFn fn, gpointer data)
{
  GHashTableIter iter;
  gpointer user;

  g_hash_table_iter_init (&iter, self->presentities);
  while (g_hash_table_iter_next (&iter, NULL, &user))
    for (Publication *p = ((Presentity *)user)->first; p != NULL; p = p->next) {
      const PresenceRow *row = publication_decided (p);

      if (!row->is_removed && row->device != NULL)
        fn (row->aor, row->device, data);
    }
}

/* --- Presentities --- */

static gboolean
says_here (const Publication *self)
{
  const GPtrArray *tuples = self->doc != NULL ? self->doc->tuples : NULL;

  for (guint i = 0; tuples != NULL && i < tuples->len; i++)
    if (((PresenceTuple *)tuples->pdata[i])->basic != BASIC_CLOSED)
      return TRUE;
  return FALSE;
}

static gboolean
is_here (const Presentity *self)
{
  if (self->is_registered)
    return TRUE;
  for (const Publication *p = self->first; p != NULL; p = p->next)
    if (publication_is_composed (p) && says_here (p))
      return TRUE;
  return FALSE;
}

void
presentity_look (Presence *self, Presentity *user)
{
  gboolean was_here = user->is_here;

  user->is_here = is_here (user);
  if (!was_here || user->is_here || self->wall == NULL)
    return;
  user->since = self->wall (self->wall_data);
  g_queue_push_tail (&self->left, g_strdup (user->aor));
}

void
presence_set_wall (Presence *self, PresenceWallFn wall, gpointer data)
{
  self->wall = wall;
  self->wall_data = data;
}

gint64
presence_since (Presence *self, const char *aor)
{
  const Presentity *user = presence_find (self, aor);

  if (user == NULL)
    return 0;
  return user->is_here && self->wall != NULL ? self->wall (self->wall_data)
                                             : user->since;
}

gboolean
presence_take_left (Presence *self, char **aor_out, gint64 *since_out)
{
  char *aor;

  while ((aor = g_queue_pop_head (&self->left)) != NULL) {
    const Presentity *user = presence_find (self, aor);

    if (user != NULL && user->since != 0) {
      *aor_out = aor;
      *since_out = user->since;
      return TRUE;
    }
    g_free (aor);
  }
  return FALSE;
}

void
presence_restore_since (Presence *self, const char *aor, gint64 since)
{
  Presentity *user = presence_need (self, aor);

  user->since = since;
  presence_touch (self, user);
}

/* --- Other event packages --- */

void
presence_foreach_body (Presence *self, const char *aor, const char *event,
                       PresenceBodyFn fn, gpointer data)
{
  const Presentity *user = presence_find (self, aor);

  for (const Publication *p = user != NULL ? user->first : NULL; p != NULL;
       p = p->next)
    if (publication_is_shown (p) && presence_row_is_of (p->row, event)
        && p->row->body != NULL)
      fn (p->row->key, p->row->body, data);
}

gboolean
presence_set_on_phone (Presence *self, const char *aor, gboolean is_on_phone)
{
  Presentity *user
      = is_on_phone ? presence_need (self, aor) : presence_find (self, aor);
  g_autoptr (PresenceDoc) before = NULL;

  is_on_phone = is_on_phone != FALSE;
  if (user == NULL || user->is_on_phone == (guint)is_on_phone)
    return FALSE;
  before = presence_compose (self, aor);
  user->is_on_phone = is_on_phone;
  return presence_settle (self, user, before);
}
