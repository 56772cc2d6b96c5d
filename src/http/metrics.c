/* SPDX-License-Identifier: ISC
 *
 * Prometheus's text format: see the header. */
#include "http/metrics.h"

#include <string.h>

/* Families in alphabetical order: base name -> GString of their samples.  What
 * has labels and what has none may lie apart in the counters. */
typedef GTree Families;

static int
compare_cb (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

static void
free_samples_cb (gpointer data)
{
  g_string_free (data, TRUE);
}

static gboolean
is_name (const char *name, gsize len)
{
  if (len == 0 || g_ascii_isdigit (name[0]))
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (name[i]) && name[i] != '_')
      return FALSE;
  return TRUE;
}

static void
add_sample (Families *families, const char *name, gint64 value)
{
  gsize len = strcspn (name, "{");
  g_autofree char *base = g_strndup (name, len);
  GString *samples;

  if (!is_name (name, len))
    return;
  samples = g_tree_lookup (families, base);
  if (samples == NULL) {
    samples = g_string_new (NULL);
    g_tree_insert (families, g_steal_pointer (&base), samples);
  }
  g_string_append_printf (samples, "rollcall_%s %" G_GINT64_FORMAT "\n", name,
                          value);
}

static void
counter_cb (const char *name, gint64 value, gpointer data)
{
  add_sample (data, name, value);
}

static void
status_cb (const char *name, const char *value, gpointer data)
{
  gint64 number;

  if (g_ascii_string_to_signed (value, 10, G_MININT64, G_MAXINT64, &number,
                                NULL)
      && g_tree_lookup (data, name) == NULL)
    add_sample (data, name, number);
}

static gboolean
write_cb (gpointer key, gpointer value, gpointer data)
{
  const char *name = key;
  GString *samples = value, *out = data;
  gboolean is_counter = g_str_has_suffix (name, "_total");
  g_autofree char *help
      = g_strndup (name, strlen (name) - (is_counter ? 6 : 0));

  g_strdelimit (help, "_", ' ');
  g_string_append_printf (out, "# HELP rollcall_%s Rollcall: %s.\n", name,
                          help);
  g_string_append_printf (out, "# TYPE rollcall_%s %s\n", name,
                          is_counter ? "counter" : "gauge");
  g_string_append_len (out, samples->str, samples->len);
  return FALSE;
}

char *
metrics_text (Counters *counters, const HttpHooks *hooks)
{
  Families *families
      = g_tree_new_full (compare_cb, NULL, g_free, free_samples_cb);
  GString *out = g_string_new (NULL);

  counters_foreach (counters, counter_cb, families);
  if (hooks->status != NULL)
    hooks->status (status_cb, families, hooks->data);
  g_tree_foreach (families, write_cb, out);
  g_tree_unref (families);
  return g_string_free (out, FALSE);
}
