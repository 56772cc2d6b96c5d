/* SPDX-License-Identifier: ISC
 *
 * rollcallctl db ...: applies the numbered migrations of sql/, each in its own
 * transaction together with its row in rollcall.schema_version. */
#include "ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two runs at once take turns: the key of an advisory lock, "rollcall". */
#define LOCK "SELECT pg_advisory_lock(x'726f6c6c'::int, 0)"

/* Where the migrations are: ROLLCALL_SQLDIR in the environment, else where they
 * were installed, else the source tree of an uninstalled program. */
static const char *
sql_dir (void)
{
  const char *dir = g_getenv ("ROLLCALL_SQLDIR");

  if (dir != NULL)
    return dir;
  return g_file_test (ROLLCALL_SQLDIR, G_FILE_TEST_IS_DIR) ? ROLLCALL_SQLDIR
                                                           : ROLLCALL_SQLSOURCE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* The files NNNN-*.sql in order; the n-th is number n. NULL, and said so, when
 * they are not all there. */
static GPtrArray *
migrations (const char *dir)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) handle = g_dir_open (dir, 0, &error);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (handle == NULL) {
    ctl_fail ("the schema's files: %s", error->message);
    return NULL;
  }
  while ((name = g_dir_read_name (handle)) != NULL)
    if (g_ascii_isdigit (*name) && g_str_has_suffix (name, ".sql"))
      g_ptr_array_add (files, g_strdup (name));
  g_ptr_array_sort (files, compare_names);
  for (guint i = 0; i < files->len; i++)
    if ((guint) atoi (g_ptr_array_index (files, i)) != i + 1) {
      ctl_fail ("%s: number %u is missing", dir, i + 1);
      return NULL;
    }
  if (files->len == 0) {
    ctl_fail ("%s: there are no migrations", dir);
    return NULL;
  }
  return g_steal_pointer (&files);
}

guint
ctl_newest_schema (void)
{
  g_autoptr (GPtrArray) files = migrations (sql_dir ());

  return files != NULL ? files->len : 0;
}

/* The schema's version, 0: there is none; -1, and said so, on an error. */
static int
version_of (Ctl *self)
{
  PGresult *result = ctl_query (
      self, "SELECT to_regclass('rollcall.schema_version') IS NOT NULL", 0,
      NULL);
  gboolean is_there;
  int version;

  if (result == NULL)
    return -1;
  is_there = *PQgetvalue (result, 0, 0) == 't';
  PQclear (result);
  if (!is_there)
    return 0;
  result = ctl_query (
      self, "SELECT coalesce(max(version), 0) FROM rollcall.schema_version", 0,
      NULL);
  version = result != NULL ? atoi (PQgetvalue (result, 0, 0)) : -1;
  PQclear (result);
  return version;
}

static gboolean
apply (Ctl *self, const char *dir, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (dir, file, NULL);
  g_autofree char *number = g_strdup_printf ("%d", atoi (file));
  g_autofree char *sql = NULL;
  const char *params[] = { number, file };
  PGresult *result = NULL;

  if (!g_file_get_contents (path, &sql, NULL, &error)) {
    ctl_fail ("%s", error->message);
    return FALSE;
  }
  if (!ctl_exec (self, "BEGIN") || !ctl_exec (self, sql)) {
    ctl_fail ("%s was not applied", path);
    return FALSE;
  }
  result = ctl_query (self,
                      "INSERT INTO rollcall.schema_version (version, file)"
                      " VALUES ($1::int, $2)",
                      2, params);
  PQclear (result);
  if (result == NULL || !ctl_exec (self, "COMMIT"))
    return FALSE;
  if (!self->is_json)
    printf ("applied %s\n", file);
  return TRUE;
}

static int
migrate (Ctl *self, const char *dir, GPtrArray *files, gboolean is_init)
{
  int version = version_of (self);

  if (version < 0)
    return CTL_FAILED;
  if (version == 0 && !is_init)
    return ctl_fail ("there is no schema yet; run: rollcallctl db init");
  if ((guint) version > files->len)
    return ctl_fail ("the schema is at version %d, and this program knows up "
                     "to %u: install the newer one",
                     version, files->len);
  for (guint i = (guint) version; i < files->len; i++)
    if (!apply (self, dir, g_ptr_array_index (files, i)))
      return CTL_FAILED;
  if (self->is_json)
    printf ("{\"version\": %u, \"applied\": %u}\n", files->len,
            files->len - (guint) version);
  else
    printf (is_init && (guint) version == files->len
                ? "the schema is there already, at version %u\n"
                : "the schema is at version %u\n",
            files->len);
  return CTL_OK;
}

static int
lock_and_migrate (Ctl *self, gboolean is_init)
{
  const char *dir = sql_dir ();
  g_autoptr (GPtrArray) files = migrations (dir);

  if (files == NULL || !ctl_exec (self, LOCK))
    return CTL_FAILED;
  return migrate (self, dir, files, is_init);
}

int
db_init (Ctl *self, char **args)
{
  return lock_and_migrate (self, TRUE);
}

int
db_upgrade (Ctl *self, char **args)
{
  return lock_and_migrate (self, FALSE);
}
