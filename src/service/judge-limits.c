/* SPDX-License-Identifier: ISC
 *
 * How many watch somebody, each counted once, by dialogs and through lists. */
#define G_LOG_DOMAIN "service"
#include "service/judge-priv.h"

#include "service/lists.h"

#include "addr/aor.h"

typedef struct {
  const char *presentity, *watcher;
  GHashTable *watchers; /* AoRs */
  gboolean is_there;
} Watching;

static void
note_watcher_cb (Sub *sub, gpointer data)
{
  Watching *watching = data;
  const char *watcher = sub_dialog (sub)->watcher;

  if (aor_equal (watcher, watching->watcher))
    watching->is_there = TRUE;
  if (!aor_equal (watcher, watching->presentity))
    g_hash_table_add (watching->watchers, (gpointer)watcher);
}

static void
note_list_cb (const ListsWatch *watch, gpointer data)
{
  Watching *watching = data;

  if (aor_equal (watch->watcher, watching->watcher))
    watching->is_there = TRUE;
  if (!aor_equal (watch->watcher, watching->presentity))
    g_hash_table_add (watching->watchers, (gpointer)watch->watcher);
}

static guint
count_watchers (Service *self, const char *presentity, const char *watcher,
                gboolean *is_there_out)
{
  g_autoptr (GHashTable) watchers = g_hash_table_new (aor_hash, aor_equal);
  Watching watching
      = { .presentity = presentity, .watcher = watcher, .watchers = watchers };

  subs_foreach (self->subs, presentity, PRESENCE, note_watcher_cb, &watching);
  lists_foreach (self, presentity, PRESENCE, note_list_cb, &watching);
  *is_there_out = watching.is_there;
  return g_hash_table_size (watchers);
}

guint
judge_n_watchers (Service *self, const char *presentity)
{
  gboolean is_there;

  return count_watchers (self, presentity, presentity, &is_there);
}

gboolean
judge_is_full (Service *self, const char *watcher, const char *presentity)
{
  gint32 max = self->settings.max_watchers;
  gboolean is_there;

  if (max == POLICY_NO_LIMIT
      || subs_count (self->subs, presentity, PRESENCE)
                 + lists_count (self, presentity)
             < (guint)max)
    return FALSE;
  return count_watchers (self, presentity, watcher, &is_there) >= (guint)max
         && !is_there;
}
