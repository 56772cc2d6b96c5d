/* SPDX-License-Identifier: ISC
 *
 * The contact watches the user: what he has been told, and what is different
 * from that (RFC 6121 3.1.5, 3.2, 3.3; RFC 8048 5.2, 6.3). */
#define G_LOG_DOMAIN "roster"
#include "roster/roster-priv.h"

/* Actions, carried out in this order. */
enum {
  GRANT = 1 << 0, /* subscribed */
  STALE = 1 << 1, /* he may know nothing of what he was told */
  SHOW = 1 << 2,
  DENY = 1 << 3, /* unsubscribed */
};

/* clang-format off */
const RosterRow from_table[N_FROM][N_FROM_EVENTS] = {
  [ROSTER_FROM_NONE] = {
    [FROM_ASKED]   = { ROSTER_FROM_ASKED, 0, "he asks" },
    [FROM_ALLOWED] = { ROSTER_FROM_ON, GRANT | STALE | SHOW, "granted, before this process perhaps" },
    [FROM_WAITS]   = { ROSTER_FROM_ASKED, 0, "it waits for a decision" },
    [FROM_ASKED_ANEW] = { ROSTER_FROM_ASKED, 0, "he asks" },
    [FROM_UNASKED] = { ROSTER_FROM_NONE, 0, "he has not asked" },
    [FROM_ENDED]   = { ROSTER_FROM_NONE, DENY, "he has no subscription" },
    [FROM_UP]      = { ROSTER_FROM_NONE, 0, "there is nothing to tell" },
  },
  [ROSTER_FROM_ASKED] = {
    [FROM_ASKED]   = { ROSTER_FROM_ASKED, 0, "asked already" },
    [FROM_ALLOWED] = { ROSTER_FROM_ON, GRANT | STALE | SHOW, "granted" },
    [FROM_WAITS]   = { ROSTER_FROM_ASKED, 0, "it waits for a decision" },
    [FROM_ASKED_ANEW] = { ROSTER_FROM_ASKED, 0, "asked already" },
    [FROM_UNASKED] = { ROSTER_FROM_NONE, 0, "it could not be dealt with" },
    [FROM_ENDED]   = { ROSTER_FROM_NONE, DENY, "refused" },
    [FROM_UP]      = { ROSTER_FROM_ASKED, 0, "there is nothing to tell" },
  },
  [ROSTER_FROM_ON] = {
    [FROM_ASKED]   = { ROSTER_FROM_ON, GRANT | STALE | SHOW, "granted already: told once more" },
    [FROM_ALLOWED] = { ROSTER_FROM_ON, SHOW, "what he sees changed" },
    [FROM_WAITS]   = { ROSTER_FROM_ON, SHOW, "taken back for now: he sees nothing" },
    [FROM_ASKED_ANEW] = { ROSTER_FROM_ASKED, SHOW, "what there was ends, he asks anew" },
    [FROM_UNASKED] = { ROSTER_FROM_ON, 0, "granted already" },
    [FROM_ENDED]   = { ROSTER_FROM_NONE, SHOW | DENY, "over: he sees nothing" },
    [FROM_UP]      = { ROSTER_FROM_ON, STALE | SHOW, "told anew" },
  },
};
/* clang-format on */

static const char *
name_of (RosterFrom from)
{
  static const char *const names[N_FROM] = { "none", "asked", "granted" };

  return names[from];
}

static void
told_clear_cb (gpointer data)
{
  Told *told = data;

  roster_resource_free (told->resource);
}

void
told_clear (RosterPair *pair)
{
  g_clear_pointer (&pair->told, g_array_unref);
}

static void
make_stale (RosterPair *pair)
{
  pair->has_told = FALSE;
  for (guint i = 0; pair->told != NULL && i < pair->told->len; i++)
    g_array_index (pair->told, Told, i).is_stale = TRUE;
}

static void
move (Roster *self, RosterPair *pair, FromEvent event)
{
  const RosterRow *row = &from_table[pair->from][event];

  g_debug ("%s is watched by %s: %s -> %s: %s", pair->user, pair->contact,
           name_of (pair->from), name_of (row->to), row->why);
  pair->from = row->to;
  if (row->actions & GRANT)
    pair_owe (self, pair, ROSTER_OWES_SUBSCRIBED);
  if (row->actions & STALE)
    make_stale (pair);
  if (row->actions & SHOW)
    pair_owe (self, pair, ROSTER_OWES_SHOW);
  if (row->actions & DENY)
    pair_owe (self, pair, ROSTER_OWES_UNSUBSCRIBED);
}

void
roster_asked (Roster *self, RosterPair *pair)
{
  move (self, pair, FROM_ASKED);
}

void
roster_asked_anew (Roster *self, RosterPair *pair)
{
  move (self, pair, FROM_ASKED_ANEW);
}

void
roster_allow (Roster *self, RosterPair *pair)
{
  move (self, pair, FROM_ALLOWED);
}

void
roster_wait (Roster *self, RosterPair *pair)
{
  move (self, pair, FROM_WAITS);
}

void
roster_unask (Roster *self, RosterPair *pair)
{
  move (self, pair, FROM_UNASKED);
}

void
roster_end (Roster *self, RosterPair *pair)
{
  move (self, pair, FROM_ENDED);
}

void
from_up (Roster *self, RosterPair *pair)
{
  move (self, pair, FROM_UP);
}

RosterFrom
roster_from (const RosterPair *pair)
{
  return pair->from;
}

/* --- What he was told --- */

static const RosterResource *
find (const RosterShown *shown, const char *name)
{
  for (guint i = 0;
       shown != NULL && shown->resources != NULL && i < shown->resources->len;
       i++) {
    const RosterResource *resource = shown->resources->pdata[i];

    if (g_strcmp0 (resource->name, name) == 0)
      return resource;
  }
  return NULL;
}

static Told *
find_told (const RosterPair *pair, const char *name)
{
  for (guint i = 0; pair->told != NULL && i < pair->told->len; i++) {
    Told *told = &g_array_index (pair->told, Told, i);

    if (g_strcmp0 (told->resource->name, name) == 0)
      return told;
  }
  return NULL;
}

static void
note_told (RosterPair *pair, const RosterResource *resource)
{
  Told *told = find_told (pair, resource->name), new;

  pair->has_told = TRUE;
  if (told != NULL) {
    roster_resource_free (told->resource);
    told->resource = roster_resource_copy (resource);
    told->is_stale = FALSE;
    return;
  }
  if (pair->told == NULL) {
    pair->told = g_array_new (FALSE, FALSE, sizeof (Told));
    g_array_set_clear_func (pair->told, told_clear_cb);
  }
  new = (Told){ roster_resource_copy (resource), FALSE };
  g_array_append_val (pair->told, new);
}

void
roster_told (RosterPair *pair, const RosterResource *resource)
{
  if (find_told (pair, resource->name) != NULL)
    return;
  note_told (pair, resource);
  find_told (pair, resource->name)->is_stale = TRUE;
}

/* New and changed ones; before those that are gone, so that he does not look
 * offline in between. */
static gboolean
tell_there (RosterPair *pair, const RosterShown *shown, RosterTellFn fn,
            gpointer data)
{
  for (guint i = 0;
       shown != NULL && shown->resources != NULL && i < shown->resources->len;
       i++) {
    const RosterResource *resource = shown->resources->pdata[i];
    const Told *told = find_told (pair, resource->name);

    if (told != NULL && !told->is_stale
        && roster_resource_equal (told->resource, resource))
      continue;
    if (!fn (resource, TRUE, data))
      return FALSE;
    note_told (pair, resource);
  }
  return TRUE;
}

static gboolean
tell_gone (RosterPair *pair, const RosterShown *shown, RosterTellFn fn,
           gpointer data)
{
  const RosterResource *last = shown != NULL ? shown->last : NULL;

  for (guint i = 0; pair->told != NULL && i < pair->told->len;) {
    const Told *told = &g_array_index (pair->told, Told, i);
    RosterResource gone = { .name = told->resource->name };

    if (find (shown, gone.name) != NULL) {
      i++;
      continue;
    }
    if (last != NULL) {
      gone.status = last->status;
      gone.lang = last->lang;
    }
    if (!fn (&gone, FALSE, data))
      return FALSE;
    pair->has_told = TRUE;
    g_array_remove_index (pair->told, i);
  }
  return TRUE;
}

gboolean
roster_tell (RosterPair *pair, const RosterShown *shown, RosterTellFn fn,
             gpointer data)
{
  RosterResource bare = { 0 };

  if (!tell_there (pair, shown, fn, data) || !tell_gone (pair, shown, fn, data))
    return FALSE;
  if (pair->has_told || pair->from != ROSTER_FROM_ON)
    return TRUE;
  if (shown != NULL && shown->last != NULL) {
    bare.status = shown->last->status;
    bare.lang = shown->last->lang;
  }
  if (!fn (&bare, FALSE, data))
    return FALSE;
  pair->has_told = TRUE;
  return TRUE;
}
