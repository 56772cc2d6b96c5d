/* SPDX-License-Identifier: ISC
 *
 * The resource as a value. */
#include "roster/resource.h"

RosterResource *
roster_resource_new (const char *name)
{
  RosterResource *self = g_new0 (RosterResource, 1);

  self->name = g_strdup (name);
  return self;
}

RosterResource *
roster_resource_copy (const RosterResource *self)
{
  RosterResource *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  copy->status = g_strdup (self->status);
  copy->lang = g_strdup (self->lang);
  return copy;
}

void
roster_resource_free (RosterResource *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->status);
  g_free (self->lang);
  g_free (self);
}

gboolean
roster_resource_equal (const RosterResource *a, const RosterResource *b)
{
  return g_strcmp0 (a->name, b->name) == 0 && a->show == b->show
         && a->priority == b->priority && g_strcmp0 (a->status, b->status) == 0
         && g_strcmp0 (a->lang, b->lang) == 0;
}

/* Smaller is more available. */
static guint
distance (RosterShow show)
{
  static const guint rows[] = { [ROSTER_SHOW_NONE] = 1,
                                [ROSTER_SHOW_CHAT] = 0,
                                [ROSTER_SHOW_AWAY] = 2,
                                [ROSTER_SHOW_XA] = 4,
                                [ROSTER_SHOW_DND] = 3 };

  return rows[show];
}

gboolean
roster_resource_is_better (const RosterResource *a, const RosterResource *b)
{
  if (distance (a->show) != distance (b->show))
    return distance (a->show) < distance (b->show);
  return a->priority != b->priority ? a->priority > b->priority : a->at > b->at;
}
