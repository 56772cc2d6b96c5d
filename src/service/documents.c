/* SPDX-License-Identifier: ISC
 *
 * The cache of rendered presence documents. */
#define G_LOG_DOMAIN "service"
#include "service/documents.h"
#include "service/judge.h"
#include "service/xmpp-presence.h"

#include "addr/aor.h"
#include "codec/pidf-filter.h"
#include "codec/pidf.h"

#include <string.h>

/* Above this many the cache starts anew: it is a cache, not a table. */
#define DOCUMENTS_MAX 50000

typedef struct {
  guint64 version;
  GBytes *bytes;
  gboolean has_changed; /* against the version rendered before */
} Rendered;

/* Of one presentity; nearly always there is one view. */
typedef struct {
  Rendered full;
  gint64 left_at;    /* what VIEW_OFFLINE says; 0: nothing */
  gboolean has_left; /* left_at is set */
  GHashTable *views; /* name of the view -> Rendered; NULL: none */
} Slot;

struct Documents {
  GHashTable *slots; /* AoR -> Slot */
  guint n;           /* documents */
};

static void
rendered_free (gpointer data)
{
  Rendered *self = data;

  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

static void
slot_free (gpointer data)
{
  Slot *self = data;

  g_clear_pointer (&self->views, g_hash_table_unref);
  g_clear_pointer (&self->full.bytes, g_bytes_unref);
  g_free (self);
}

Documents *
documents_new (void)
{
  Documents *self = g_new0 (Documents, 1);

  self->slots = g_hash_table_new_full (aor_hash, aor_equal, g_free, slot_free);
  return self;
}

void
documents_free (Documents *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->slots);
  g_free (self);
}

static void
make_room (Documents *self)
{
  if (self->n < DOCUMENTS_MAX)
    return;
  g_hash_table_remove_all (self->slots);
  self->n = 0;
}

static Slot *
slot_of (Documents *self, const char *aor)
{
  Slot *slot;

  make_room (self);
  slot = g_hash_table_lookup (self->slots, aor);
  if (slot != NULL)
    return slot;
  slot = g_new0 (Slot, 1);
  g_hash_table_insert (self->slots, g_strdup (aor), slot);
  self->n++;
  return slot;
}

static Rendered *
place_of (Documents *self, const char *aor, const char *view)
{
  Slot *slot = slot_of (self, aor);
  Rendered *rendered;

  if (strcmp (view, VIEW_ALL) == 0)
    return &slot->full;
  if (slot->views == NULL)
    slot->views = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         rendered_free);
  rendered = g_hash_table_lookup (slot->views, view);
  if (rendered != NULL)
    return rendered;
  rendered = g_new0 (Rendered, 1);
  g_hash_table_insert (slot->views, g_strdup (view), rendered);
  self->n++;
  return rendered;
}

/* Takes made. */
static GBytes *
write_doc (PresenceDoc *made)
{
  g_autoptr (PresenceDoc) doc = made;

  return pidf_write (doc);
}

/* A view whose name says no rights (there is none) shows nothing. */
static GBytes *
compose (Service *service, const char *aor, const char *view)
{
  g_autoptr (PresenceDoc) doc = presence_compose (service->presence, aor);
  g_autoptr (PolicyRights) rights = NULL;

  if (strcmp (view, VIEW_ALL) == 0)
    return pidf_write (doc);
  rights = policy_rights_of (view);
  if (rights == NULL)
    rights = policy_rights_new ();
  return write_doc (pidf_filter (doc, rights));
}

static Rendered *
render (Service *service, const char *aor, const char *view)
{
  Rendered *self = place_of (service->documents, aor, view);
  guint64 version = presence_version (service->presence, aor);
  g_autoptr (GBytes) before = NULL;

  if (self->bytes != NULL && self->version == version)
    return self;
  before = g_steal_pointer (&self->bytes);
  self->bytes = compose (service, aor, view);
  self->version = version;
  self->has_changed = before == NULL || !g_bytes_equal (before, self->bytes);
  if (!self->has_changed) { /* what hangs on them goes on (shape.h) */
    g_bytes_unref (self->bytes);
    self->bytes = g_steal_pointer (&before);
  }
  return self;
}

gboolean
documents_has_changed (Service *service, const char *presentity,
                       const char *view)
{
  return render (service, presentity, view)->has_changed;
}

/* Who is politely blocked sees somebody who left, at the latest when that was
 * first asked for; later comings and goings do not show in it. */
static GBytes *
offline (Service *service, const char *aor)
{
  Slot *slot = slot_of (service->documents, aor);

  if (!slot->has_left) {
    slot->left_at = presence_since (service->presence, aor);
    slot->has_left = TRUE;
  }
  return write_doc (presence_offline_since (aor, slot->left_at));
}

GBytes *
documents_view (Service *service, const char *watcher, const char *presentity,
                const char *view)
{
  if (aor_equal (watcher, presentity))
    view = VIEW_ALL;
  else if (view == NULL || !judge_shares (service, watcher, presentity))
    return write_doc (presence_unknown (presentity));
  else if (xmpp_presence_is_contact (service, presentity))
    return xmpp_presence_document (service, watcher, presentity);
  else if (strcmp (view, VIEW_OFFLINE) == 0)
    return offline (service, presentity);
  return g_bytes_ref (render (service, presentity, view)->bytes);
}

GBytes *
documents_presence (Service *service, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);

  return documents_view (service, dialog->watcher, dialog->presentity,
                         sub_view (sub));
}
