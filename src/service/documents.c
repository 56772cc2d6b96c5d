/* SPDX-License-Identifier: ISC
 *
 * The cache of rendered presence documents. */
#define G_LOG_DOMAIN "service"
#include "service/documents.h"
#include "service/judge.h"

#include "addr/aor.h"
#include "codec/pidf.h"

#include <string.h>

/* Above this many the cache starts anew: it is a cache, not a table. */
#define DOCUMENTS_MAX 50000

typedef struct {
  guint64 version;
  GBytes *bytes;
} Rendered;

struct Documents {
  GHashTable *full; /* AoR -> Rendered */
};

static void
rendered_free (gpointer data)
{
  Rendered *self = data;

  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

Documents *
documents_new (void)
{
  Documents *self = g_new0 (Documents, 1);

  self->full
      = g_hash_table_new_full (aor_hash, aor_equal, g_free, rendered_free);
  return self;
}

void
documents_free (Documents *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->full);
  g_free (self);
}

static Rendered *
slot_of (Documents *self, const char *aor)
{
  Rendered *slot = g_hash_table_lookup (self->full, aor);

  if (slot != NULL)
    return slot;
  if (g_hash_table_size (self->full) >= DOCUMENTS_MAX)
    g_hash_table_remove_all (self->full);
  slot = g_new0 (Rendered, 1);
  g_hash_table_insert (self->full, g_strdup (aor), slot);
  return slot;
}

static GBytes *
full_document (Service *service, const char *aor)
{
  Rendered *slot = slot_of (service->documents, aor);
  guint64 version = presence_version (service->presence, aor);

  if (slot->bytes == NULL || slot->version != version) {
    g_autoptr (PresenceDoc) doc = presence_compose (service->presence, aor);

    g_clear_pointer (&slot->bytes, g_bytes_unref);
    slot->bytes = pidf_write (doc);
    slot->version = version;
  }
  return g_bytes_ref (slot->bytes);
}

static GBytes *
rendered (PresenceDoc *made)
{
  g_autoptr (PresenceDoc) doc = made;

  return pidf_write (doc);
}

GBytes *
documents_presence (Service *service, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  const char *presentity = dialog->presentity;
  const char *view = sub_view (sub);

  if (aor_equal (dialog->watcher, presentity))
    return full_document (service, presentity);
  if (view == NULL || !judge_shares (service, dialog->watcher, presentity))
    return rendered (presence_unknown (presentity));
  if (strcmp (view, VIEW_OFFLINE) == 0)
    return rendered (presence_offline (presentity));
  return full_document (service, presentity);
}
