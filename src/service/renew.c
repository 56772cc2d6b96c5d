/* SPDX-License-Identifier: ISC
 *
 * A table of presentities, a wheel of times. */
#define G_LOG_DOMAIN "service"
#include "service/renew.h"
#include "service/judge.h"

#include "addr/aor.h"
#include "base/wheel.h"
#include "codec/pidf-filter.h"

/* No timer runs longer: who is not due yet is asked once more. */
#define LONGEST ((gint64)24 * 3600 * G_USEC_PER_SEC)
/* The clock was set when it moved so much against the monotonic one. */
#define JUMP ((gint64)2 * G_USEC_PER_SEC)

typedef struct {
  WheelTimer timer; /* first: a timer is its entry */
  char *aor;
  gboolean uses_sphere;
  char *sphere;    /* of version */
  guint64 version; /* 0: not looked yet */
} Entry;

struct Renewals {
  GHashTable *entries; /* AoR -> Entry */
  Wheel *wheel;
  gint64 offset; /* of the wall clock to the monotonic one */
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_free (self->aor);
  g_free (self->sphere);
  g_free (self);
}

static gint64
offset_of (Service *service)
{
  return clock_wall (service->clock) - service_now (service);
}

static gboolean
has_watchers (Service *service, const char *aor)
{
  return subs_count (service->subs, aor, "presence") > 0
         || subs_count (service->subs, aor, "dialog") > 0;
}

static void
drop (Renewals *self, Entry *entry)
{
  wheel_cancel (self->wheel, &entry->timer);
  g_hash_table_remove (self->entries, entry->aor);
}

static void
due_cb (WheelTimer *timer, gpointer data)
{
  Service *service = data;
  Entry *entry = (Entry *)timer;
  g_autofree char *aor = g_strdup (entry->aor);

  if (!has_watchers (service, aor))
    drop (service->renewals, entry);
  else
    judge_watchers (service, aor);
}

Renewals *
renewals_new (Service *service)
{
  Renewals *self = g_new0 (Renewals, 1);

  self->entries = g_hash_table_new_full (aor_hash, aor_equal, NULL, entry_free);
  self->wheel = wheel_new (service_now (service), due_cb, service);
  self->offset = offset_of (service);
  return self;
}

void
renewals_free (Renewals *self)
{
  if (self == NULL)
    return;
  wheel_free (self->wheel);
  g_hash_table_unref (self->entries);
  g_free (self);
}

static Entry *
entry_of (Renewals *self, const char *aor)
{
  Entry *entry = g_hash_table_lookup (self->entries, aor);

  if (entry != NULL)
    return entry;
  entry = g_new0 (Entry, 1);
  entry->aor = g_strdup (aor);
  g_hash_table_insert (self->entries, entry->aor, entry);
  return entry;
}

void
renewals_note (Service *service, const char *presentity, gint64 at)
{
  Renewals *self = service->renewals;
  Entry *entry = entry_of (self, presentity);
  gint64 now = service_now (service);
  gint64 due = MIN (at - offset_of (service), now + LONGEST);

  if (!wheel_is_armed (&entry->timer) || due < entry->timer.due)
    wheel_arm (self->wheel, &entry->timer, MAX (due, now));
}

static void
look (Service *service, Entry *entry)
{
  guint64 version = presence_version (service->presence, entry->aor);
  g_autoptr (PresenceDoc) doc = NULL;

  if (entry->version == version)
    return;
  doc = presence_compose (service->presence, entry->aor);
  g_free (entry->sphere);
  entry->sphere = pidf_sphere (doc);
  entry->version = version;
}

const char *
renewals_sphere (Service *service, const char *presentity)
{
  Entry *entry = entry_of (service->renewals, presentity);

  entry->uses_sphere = TRUE;
  look (service, entry);
  return entry->sphere;
}

gboolean
renewals_has_moved (Service *service, const char *presentity)
{
  Renewals *self = service->renewals;
  Entry *entry = g_hash_table_lookup (self->entries, presentity);
  g_autofree char *before = NULL;

  if (entry == NULL || !entry->uses_sphere)
    return FALSE;
  if (!has_watchers (service, presentity)) {
    drop (self, entry);
    return FALSE;
  }
  before = g_strdup (entry->sphere);
  look (service, entry);
  return g_strcmp0 (before, entry->sphere) != 0;
}

/* Times are not what they were. */
static void
rearm (Renewals *self, gint64 now)
{
  GHashTableIter iter;
  gpointer item;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    if (wheel_is_armed (&((Entry *)item)->timer))
      wheel_arm (self->wheel, &((Entry *)item)->timer, now);
}

void
renewals_advance (Service *service)
{
  Renewals *self = service->renewals;
  gint64 offset = offset_of (service);

  if (ABS (offset - self->offset) > JUMP) {
    g_message ("the clock was set: rules with a validity are asked again");
    rearm (self, service_now (service));
    self->offset = offset;
  }
  wheel_advance (self->wheel, service_now (service));
}

guint
renewals_size (const Renewals *self)
{
  return g_hash_table_size (self->entries);
}
