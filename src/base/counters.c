/* SPDX-License-Identifier: ISC
 *
 * Named counters. */
#include "base/counters.h"

struct Counters {
  GTree *cells; /* name -> gint64 */
};

static int
compare_names (gconstpointer a, gconstpointer b, gpointer data)
{
  return g_strcmp0 (a, b);
}

Counters *
counters_new (void)
{
  Counters *self = g_new0 (Counters, 1);

  self->cells = g_tree_new_full (compare_names, NULL, g_free, g_free);
  return self;
}

void
counters_free (Counters *self)
{
  if (self == NULL)
    return;
  g_tree_unref (self->cells);
  g_free (self);
}

gint64 *
counters_cell (Counters *self, const char *name)
{
  gint64 *cell = g_tree_lookup (self->cells, name);

  if (cell == NULL) {
    cell = g_new0 (gint64, 1);
    g_tree_insert (self->cells, g_strdup (name), cell);
  }
  return cell;
}

void
counters_add (Counters *self, const char *name, gint64 delta)
{
  *counters_cell (self, name) += delta;
}

typedef struct {
  CountersFn fn;
  gpointer data;
} Visit;

static gboolean
visit_cb (gpointer key, gpointer value, gpointer data)
{
  Visit *visit = data;

  visit->fn (key, *(gint64 *) value, visit->data);
  return FALSE;
}

void
counters_foreach (Counters *self, CountersFn fn, gpointer data)
{
  Visit visit = { fn, data };

  g_tree_foreach (self->cells, visit_cb, &visit);
}
