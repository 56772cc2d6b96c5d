/* SPDX-License-Identifier: ISC
 *
 * Which publications of a presentity watchers see: the newest of each device,
 * from its commit on.  What they add up to is in compose.c. */
#include "presence/presence-priv.h"

PresenceRow *
publication_decided (const Publication *self)
{
  const Decision *last = self->flight;

  if (last == NULL)
    return self->row;
  while (last->next != NULL)
    last = last->next;
  return last->row;
}

gboolean
presence_row_is_of (const PresenceRow *row, const char *event)
{
  return g_ascii_strcasecmp (row->event, event) == 0;
}

gboolean
publication_is_shown (const Publication *self)
{
  return self->is_visible && !self->is_superseded;
}

gboolean
publication_is_newer (const Publication *a, const Publication *b)
{
  if (a->row->published_at != b->row->published_at)
    return a->row->published_at > b->row->published_at;
  return a->order > b->order;
}

gboolean
publication_is_composed (const Publication *self)
{
  return publication_is_shown (self)
         && presence_row_is_of (self->row, PRESENCE_COMPOSED);
}

gboolean
presentity_shows_registration (const Presentity *user)
{
  if (user->permanent != NULL && user->permanent->doc->tuples->len > 0)
    return FALSE;
  for (const Publication *p = user->first; p != NULL; p = p->next)
    if (publication_is_composed (p) && p->doc != NULL
        && p->doc->tuples->len > 0)
      return FALSE;
  return TRUE;
}

gboolean
presentity_is_blank (const Presentity *user)
{
  if (user->is_registered || user->permanent != NULL || user->since != 0
      || user->is_on_phone)
    return FALSE;
  for (const Publication *p = user->first; p != NULL; p = p->next)
    if (publication_is_composed (p))
      return FALSE;
  return TRUE;
}

static gboolean
is_same_device (const Publication *a, const Publication *b)
{
  const char *key = presence_device_of (a->row, a->doc);

  return key != NULL && presence_row_is_of (a->row, b->row->event)
         && g_strcmp0 (key, presence_device_of (b->row, b->doc)) == 0;
}

/* Newest publication per device: hides the older ones of the same device, or
 * this one when it is the older. TRUE when one that was shown is hidden. */
static gboolean
supersede (Publication *self)
{
  gboolean has_hidden = FALSE;

  for (Publication *p = self->owner->first; p != NULL; p = p->next) {
    if (p == self || !publication_is_shown (p) || !is_same_device (self, p))
      continue;
    if (publication_is_newer (p, self)) {
      self->is_superseded = TRUE;
      continue;
    }
    p->is_superseded = TRUE;
    has_hidden = TRUE;
  }
  return has_hidden;
}

static gboolean
has_taken_ids (const Publication *other, const Publication *self)
{
  return other != self && publication_is_composed (other) && !other->is_renamed
         && presence_ids_clash (self->doc, other->doc);
}

/* Ids are unique in the composed document and stay what they are when other
 * publications go: who comes second with an id gets a suffix for life. */
static void
settle_ids (Publication *self)
{
  for (const Publication *p = self->owner->first;
       p != NULL && !self->is_renamed; p = p->next)
    self->is_renamed = has_taken_ids (p, self);
  if (!self->is_renamed && self->owner->permanent != NULL)
    self->is_renamed = has_taken_ids (self->owner->permanent, self);
}

static gboolean
is_newest (const Publication *self)
{
  for (const Publication *p = self->owner->first; p != NULL; p = p->next)
    if (p != self && publication_is_shown (p)
        && presence_row_is_of (p->row, self->row->event)
        && publication_is_newer (p, self))
      return FALSE;
  return TRUE;
}

static gboolean
is_same_content (const Publication *self, const Decision *decision)
{
  if (self->doc != NULL && decision->doc != NULL)
    return presence_doc_equal (self->doc, decision->doc);
  return self->doc == decision->doc && self->row->body != NULL
         && decision->row->body != NULL
         && g_bytes_equal (self->row->body, decision->row->body);
}

gboolean
publication_show (Publication *self, PresenceDoc *doc, guint64 order)
{
  gboolean has_hidden;

  presence_doc_free (self->doc);
  self->doc = doc;
  self->is_visible = TRUE;
  self->is_superseded = FALSE;
  self->order = order;
  has_hidden = supersede (self);
  if (!self->is_superseded)
    settle_ids (self);
  return has_hidden;
}

void
publication_show_permanent (Publication *self, PresenceDoc *doc)
{
  presence_doc_free (self->doc);
  self->doc = doc;
  self->is_visible = TRUE;
  settle_ids (self);
}

static void
hide (Publication *self)
{
  g_clear_pointer (&self->doc, presence_doc_free);
  self->is_visible = FALSE;
}

gboolean
publication_apply (Publication *self, Decision *decision, guint64 order)
{
  gboolean was_shown = publication_is_shown (self);
  gboolean is_same = was_shown && decision->is_content && is_newest (self)
                     && is_same_content (self, decision);

  presence_row_free (self->row);
  self->row = g_steal_pointer (&decision->row);
  if (self->row->is_removed) {
    hide (self);
    return was_shown;
  }
  if (!decision->is_content)
    return FALSE;
  return publication_show (self, g_steal_pointer (&decision->doc), order)
         || (!is_same && publication_is_shown (self));
}
