/* SPDX-License-Identifier: ISC
 *
 * rollcallctl contacts export: rollcall.contacts as the CSV that contacts
 * import reads. */
#include "ctl/contacts.h"
#include "ctl/csv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char one[]
    = "SELECT uri, display_name, group_name FROM rollcall.contacts"
      " WHERE owner = $1 ORDER BY position, uri";
static const char all[]
    = "SELECT owner, uri, display_name, group_name FROM rollcall.contacts"
      " ORDER BY owner, position, uri";

static void
write_row (const PGresult *result, int row, FILE *file)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (int i = 0; i < PQnfields (result); i++) {
    if (i > 0)
      g_string_append_c (line, ',');
    csv_append (line, PQgetvalue (result, row, i));
  }
  fputs (g_string_append_c (line, '\n')->str, file);
}

/* Row by row, so that a large table needs no memory. */
static gboolean
write_rows (Ctl *self, const char *owner, FILE *file)
{
  PGconn *db = ctl_db (self);
  gboolean is_ok = TRUE;
  PGresult *result;

  if (db == NULL)
    return FALSE;
  if (!PQsendQueryParams (db, owner != NULL ? one : all, owner != NULL, NULL,
                          &owner, NULL, NULL, 0)) {
    ctl_complain (self, NULL);
    return FALSE;
  }
  PQsetSingleRowMode (db);
  fprintf (file, "%suri,display_name,group\n", owner != NULL ? "" : "owner,");
  while ((result = PQgetResult (db)) != NULL) {
    if (PQresultStatus (result) == PGRES_SINGLE_TUPLE)
      write_row (result, 0, file);
    else if (PQresultStatus (result) != PGRES_TUPLES_OK) {
      is_ok = FALSE;
      ctl_complain (self, result);
    }
    PQclear (result);
  }
  return is_ok;
}

static int
close_file (FILE *file, const char *path)
{
  gboolean is_bad = ferror (file) != 0;

  if (file == stdout)
    is_bad = fflush (file) != 0 || is_bad;
  else
    is_bad = fclose (file) != 0 || is_bad;
  return is_bad ? ctl_fail ("%s: %s", path, g_strerror (errno)) : CTL_OK;
}

int
contacts_export (Ctl *self, char **args)
{
  const char *path = self->is_all || args[0] == NULL ? args[0] : args[1];
  g_autofree char *owner = NULL;
  FILE *file = stdout;
  gboolean is_ok;

  if (self->is_all ? args[0] != NULL && args[1] != NULL : args[0] == NULL)
    return ctl_usage ("it is: rollcallctl contacts export OWNER|--all [FILE]");
  if (self->is_json)
    return ctl_usage ("what is exported is CSV, not JSON");
  if (!self->is_all && (owner = ctl_owner (self, args[0])) == NULL)
    return CTL_FAILED;
  if (path == NULL || strcmp (path, "-") == 0)
    path = "standard output";
  else if ((file = fopen (path, "we")) == NULL)
    return ctl_fail ("%s: %s", path, g_strerror (errno));
  is_ok = write_rows (self, owner, file);
  return close_file (file, path) == CTL_OK && is_ok ? CTL_OK : CTL_FAILED;
}
