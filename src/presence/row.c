/* SPDX-License-Identifier: ISC
 *
 * A publication's row as a value, and what carries one out. */
#include "presence/presence.h"

PresenceRow *
presence_row_copy (const PresenceRow *self)
{
  PresenceRow *copy = g_new (PresenceRow, 1);

  *copy = *self;
  copy->aor = g_strdup (self->aor);
  copy->event = g_strdup (self->event);
  copy->key = g_strdup (self->key);
  copy->etag = g_strdup (self->etag);
  copy->device = g_strdup (self->device);
  copy->body = self->body != NULL ? g_bytes_ref (self->body) : NULL;
  copy->call_id = g_strdup (self->call_id);
  copy->from_tag = g_strdup (self->from_tag);
  return copy;
}

void
presence_row_free (PresenceRow *self)
{
  if (self == NULL)
    return;
  g_free (self->aor);
  g_free (self->event);
  g_free (self->key);
  g_free (self->etag);
  g_free (self->device);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->call_id);
  g_free (self->from_tag);
  g_free (self);
}

void
presence_outcome_clear (PresenceOutcome *self)
{
  g_clear_pointer (&self->row, presence_row_free);
}
