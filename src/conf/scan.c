/* SPDX-License-Identifier: ISC
 *
 * Finds groups and keys line by line, by the same rules as GKeyFile. */
#include "conf/scan.h"

#include <string.h>

#include "base/error.h"
#include "conf/conf.h"

/* One pass over a file. */
typedef struct {
  ConfLines *lines;
  const char *name;
  guint line;
  char *group; /* the current one */
} Scan;

static gboolean fail (const Scan *scan, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
fail (const Scan *scan, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, RC_ERROR, RC_ERROR_CONFIG, "%s:%u: %s", scan->name,
               scan->line, what);
  return FALSE;
}

/* The table's groups (group NULL) or the keys of one, separated by commas; ""
 * when there is none. */
static char *
names (const char *group)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gsize n;
  const ConfOption *options = conf_options (&n);

  for (gsize i = 0; i < n; i++) {
    const char *name = group == NULL ? options[i].group : options[i].key;

    if (group == NULL && i > 0 && !strcmp (name, options[i - 1].group))
      continue;
    if (group != NULL && strcmp (options[i].group, group) != 0)
      continue;
    g_string_append_printf (out, "%s%s", out->len > 0 ? ", " : "", name);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
is_option (const char *group, const char *key)
{
  gsize n;
  const ConfOption *options = conf_options (&n);

  for (gsize i = 0; i < n; i++)
    if (!strcmp (options[i].group, group) && !strcmp (options[i].key, key))
      return TRUE;
  return FALSE;
}

/* "[group]" */
static gboolean
scan_group (Scan *scan, const char *line, GError **error)
{
  const char *end = strchr (line, ']');
  g_autofree char *keys = NULL, *groups = NULL;

  if (end == NULL || end[1 + strspn (end + 1, " \t\r")] != '\0')
    return fail (scan, error,
                 "a group header that does not end with ']';"
                 " allowed: [group]");
  g_free (scan->group);
  scan->group = g_strndup (line + 1, (gsize)(end - line - 1));
  keys = names (scan->group);
  if (keys[0] == '\0') {
    groups = names (NULL);
    return fail (scan, error, "there is no group [%s]; allowed: %s",
                 scan->group, groups);
  }
  if (!g_hash_table_contains (scan->lines->groups, scan->group))
    g_hash_table_insert (scan->lines->groups, g_strdup (scan->group),
                         GUINT_TO_POINTER (scan->line));
  return TRUE;
}

/* "key = value"; the value is not looked at. */
static gboolean
scan_key (Scan *scan, const char *line, GError **error)
{
  const char *equals = strchr (line, '=');
  g_autofree char *key = NULL, *full = NULL;
  guint first;

  if (equals == NULL)
    return fail (scan, error,
                 "neither a comment, a group nor an option;"
                 " allowed: # comment, [group], key = value");
  if (scan->group == NULL) {
    g_autofree char *groups = names (NULL);

    return fail (scan, error, "an option before any group; allowed: %s",
                 groups);
  }
  key = g_strstrip (g_strndup (line, (gsize)(equals - line)));
  if (!is_option (scan->group, key)) {
    g_autofree char *keys = names (scan->group);

    return fail (scan, error, "there is no option %s in [%s]; allowed: %s", key,
                 scan->group, keys);
  }
  full = g_strconcat (scan->group, ".", key, NULL);
  first = GPOINTER_TO_UINT (g_hash_table_lookup (scan->lines->keys, full));
  if (first != 0)
    return fail (scan, error, "%s in [%s] is already on line %u; allowed: once",
                 key, scan->group, first);
  g_hash_table_insert (scan->lines->keys, g_steal_pointer (&full),
                       GUINT_TO_POINTER (scan->line));
  return TRUE;
}

static gboolean
scan_line (Scan *scan, const char *text, gsize len, GError **error)
{
  g_autofree char *line = NULL;
  const char *start;

  if (!g_utf8_validate_len (text, len, NULL))
    return fail (scan, error, "bytes that are no text; allowed: UTF-8");
  line = g_strndup (text, len);
  start = line;
  while (g_ascii_isspace (*start))
    start++;
  if (*start == '\0' || *start == '#')
    return TRUE;
  return *start == '[' ? scan_group (scan, start, error)
                       : scan_key (scan, start, error);
}

ConfLines *
conf_lines_new (const char *text, gsize len, const char *name, GError **error)
{
  g_autoptr (ConfLines) self = g_new0 (ConfLines, 1);
  Scan scan = { .lines = self, .name = name };
  const char *p = text, *end = text + len;
  gboolean is_good = TRUE;

  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while (is_good && p < end) {
    const char *newline = memchr (p, '\n', (gsize)(end - p));
    const char *stop = newline != NULL ? newline : end;

    scan.line++;
    is_good = scan_line (&scan, p, (gsize)(stop - p), error);
    p = stop + 1;
  }
  self->n_lines = scan.line;
  g_free (scan.group);
  return is_good ? g_steal_pointer (&self) : NULL;
}

void
conf_lines_free (ConfLines *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->keys);
  g_hash_table_unref (self->groups);
  g_free (self);
}

guint
conf_lines_key (const ConfLines *self, const char *group, const char *key)
{
  g_autofree char *full = g_strconcat (group, ".", key, NULL);

  return GPOINTER_TO_UINT (g_hash_table_lookup (self->keys, full));
}

guint
conf_lines_group (const ConfLines *self, const char *group)
{
  guint line = GPOINTER_TO_UINT (g_hash_table_lookup (self->groups, group));

  return line != 0 ? line : MAX (self->n_lines, 1);
}
