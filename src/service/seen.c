/* SPDX-License-Identifier: ISC
 *
 * Who left, from presence/ to the store and back. */
#define G_LOG_DOMAIN "service"
#include "service/seen.h"

#define DAYS_KEPT 30
#define DAY ((gint64)24 * 3600 * G_USEC_PER_SEC)

static gint64
wall_cb (gpointer data)
{
  return clock_wall (((Service *)data)->clock);
}

void
seen_init (Service *service)
{
  presence_set_wall (service->presence, wall_cb, service);
}

static PresenceRow *
row_new (const char *aor)
{
  PresenceRow *row = g_new0 (PresenceRow, 1);

  row->aor = g_strdup (aor);
  row->event = g_strdup (SEEN_EVENT);
  row->key = g_strdup (SEEN_EVENT);
  row->etag = g_strdup ("");
  row->is_removed = TRUE;
  return row;
}

static void
submit (Service *self, StoreWriteKind kind, PresenceRow *row)
{
  StoreWrite write = { .kind = kind, .publication = row };
  g_autofree char *aor = g_strdup (row->aor);

  self->store->submit (self->store->self, aor, &write, 1, FALSE, NULL, NULL);
}

/* The store counts on the monotonic clock. */
static gint64
offset_of (Service *self)
{
  return clock_wall (self->clock) - service_now (self);
}

void
seen_advance (Service *self)
{
  gint64 since;
  char *aor;

  while (presence_take_left (self->presence, &aor, &since)) {
    PresenceRow *row = row_new (aor);

    row->published_at = since - offset_of (self);
    row->expires_at = row->published_at + DAYS_KEPT * DAY;
    submit (self, STORE_PUT_PUBLICATION, row);
    g_free (aor);
  }
}

gboolean
seen_restore (Service *self, PresenceRow *row)
{
  if (g_strcmp0 (row->event, SEEN_EVENT) != 0)
    return FALSE;
  presence_restore_since (self->presence, row->aor,
                          row->published_at + offset_of (self));
  presence_row_free (row);
  return TRUE;
}

void
seen_forget (Service *self, const char *aor)
{
  submit (self, STORE_DROP_PUBLICATION, row_new (aor));
}
