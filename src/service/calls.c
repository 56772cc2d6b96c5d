/* SPDX-License-Identifier: ISC
 *
 * Calls of the devices: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/calls.h"
#include "service/judge.h"

#include "addr/aor.h"
#include "codec/dialoginfo.h"
#include "codec/mime.h"

#include <string.h>

/* Above this many the cache starts anew. */
#define CACHE_MAX 50000

/* The elements of one user's documents. */
typedef struct {
  char *full, *brief;
} Elements;

struct Calls {
  GHashTable *cache; /* AoR -> Elements, until they change */
};

static void
elements_free (gpointer data)
{
  Elements *self = data;

  g_free (self->full);
  g_free (self->brief);
  g_free (self);
}

Calls *
calls_new (void)
{
  Calls *self = g_new0 (Calls, 1);

  self->cache
      = g_hash_table_new_full (aor_hash, aor_equal, g_free, elements_free);
  return self;
}

void
calls_free (Calls *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->cache);
  g_free (self);
}

gboolean
calls_check (const char *bytes, gsize len, GError **error)
{
  g_autoptr (DialogInfo) info = NULL;

  return dialoginfo_parse (bytes, len, &info, error);
}

/* --- What is published --- */

static void
add_cb (const char *key, GBytes *body, gpointer data)
{
  g_autoptr (DialogInfo) info = NULL;
  gsize len;
  const char *bytes = g_bytes_get_data (body, &len);

  if (dialoginfo_parse (bytes, len, &info, NULL))
    dialoginfo_add (data, info, key);
}

static DialogInfo *
compose (Service *service, const char *aor)
{
  DialogInfo *info = dialoginfo_new ();

  presence_foreach_body (service->presence, aor, CALLS_EVENT, add_cb, info);
  return info;
}

static const Elements *
elements_of (Service *service, const char *aor)
{
  GHashTable *cache = service->calls->cache;
  Elements *elements = g_hash_table_lookup (cache, aor);
  g_autoptr (DialogInfo) info = NULL;

  if (elements != NULL)
    return elements;
  if (g_hash_table_size (cache) >= CACHE_MAX)
    g_hash_table_remove_all (cache);
  info = compose (service, aor);
  elements = g_new (Elements, 1);
  elements->full = dialoginfo_elements (info, FALSE);
  elements->brief = dialoginfo_elements (info, TRUE);
  g_hash_table_insert (cache, g_strdup (aor), elements);
  return elements;
}

/* --- Who sees it --- */

typedef enum { SEES_NOTHING, SEES_STATE, SEES_ALL } Sight;

static Sight
sight_of (Service *service, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  const char *view = sub_view (sub);
  g_autoptr (PolicyRights) rights = NULL;

  if (aor_equal (dialog->watcher, dialog->presentity))
    return SEES_ALL;
  if (view == NULL || strcmp (view, VIEW_OFFLINE) == 0
      || !judge_shares (service, dialog->watcher, dialog->presentity))
    return SEES_NOTHING;
  if (strcmp (view, VIEW_ALL) == 0)
    return SEES_ALL;
  rights = policy_rights_of (view);
  return rights != NULL && policy_rights_shows (rights, RIGHTS_ACTIVITIES)
             ? SEES_STATE
             : SEES_NOTHING;
}

static gboolean
sees_change (Sub *sub, gpointer data)
{
  return sight_of (data, sub) != SEES_NOTHING;
}

/* Only those that the Event header names (RFC 4235 3.2); its from-tag is the
 * remote one.  The caller frees. */
static char *
chosen_elements (Service *service, const SubsDialog *dialog,
                 const char *call_id, gboolean is_brief)
{
  g_autoptr (DialogInfo) info = compose (service, dialog->presentity);
  g_autofree char *local_tag = mime_param (dialog->event, "to-tag");
  g_autofree char *remote_tag = mime_param (dialog->event, "from-tag");

  dialoginfo_choose (info, call_id, local_tag, remote_tag);
  return dialoginfo_elements (info, is_brief);
}

static GBytes *
document (Service *service, Sub *sub, guint32 version)
{
  const SubsDialog *dialog = sub_dialog (sub);
  g_autofree char *entity = aor_to_uri (dialog->presentity);
  g_autofree char *call_id = strstr (dialog->event, ";") != NULL
                                 ? mime_param (dialog->event, "call-id")
                                 : NULL;
  g_autofree char *chosen = NULL;
  Sight sight = sight_of (service, sub);
  const char *elements = "";

  if (sight != SEES_NOTHING && call_id != NULL) {
    elements = chosen
        = chosen_elements (service, dialog, call_id, sight == SEES_STATE);
  } else if (sight != SEES_NOTHING) {
    const Elements *all = elements_of (service, dialog->presentity);

    elements = sight == SEES_ALL ? all->full : all->brief;
  }
  return dialoginfo_write (entity, version, elements);
}

GBytes *
calls_document (Service *service, Sub *sub)
{
  return document (service, sub, sub_next_version (sub));
}

GBytes *
calls_look (Service *service, Sub *sub)
{
  return document (service, sub, 0);
}

/* --- Changes --- */

/* TRUE: what watchers of his presence see changed. */
static gboolean
look (Service *service, const char *aor)
{
  g_autoptr (DialogInfo) info = compose (service, aor);

  g_hash_table_remove (service->calls->cache, aor);
  return presence_set_on_phone (service->presence, aor,
                                dialoginfo_is_talking (info));
}

void
calls_show (Service *service, const char *aor)
{
  GArray *actions = subs_actions_new ();

  subs_changed (service->subs, aor, g_intern_static_string (CALLS_EVENT),
                service_now (service), actions);
  service_act (service, actions);
}

void
calls_changed (Service *service, const char *aor)
{
  GArray *actions = subs_actions_new ();

  if (look (service, aor))
    service_presence_changed (service, aor);
  subs_changed_for (service->subs, aor, g_intern_static_string (CALLS_EVENT),
                    sees_change, service, service_now (service), actions);
  service_act (service, actions);
}

void
calls_restored (Service *service, const char *aor)
{
  look (service, aor);
}
