/* SPDX-License-Identifier: ISC
 *
 * The tool's session with PostgreSQL. */
#include "ctl/control.h"
#include "ctl/ctl.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

const char *
ctl_dsn (Ctl *self)
{
  const Conf *conf;

  if (self->dsn != NULL)
    return self->dsn;
  conf = ctl_conf (self);
  return conf != NULL ? conf_string (conf, "database", "dsn") : NULL;
}

static void
quiet_cb (void *data, const PGresult *result)
{
}

char *
ctl_db_error (const PGconn *db)
{
  g_auto (GStrv) lines = g_strsplit (PQerrorMessage (db), "\n", -1);
  GString *out = g_string_new (NULL);

  for (char **line = lines; *line != NULL; line++) {
    if (**line == '\0' || **line == '\t')
      continue; /* a tab opens a line of advice */
    if (out->len > 0)
      g_string_append (out, "; ");
    g_string_append (out, g_strchomp (*line));
  }
  return g_string_free (out, FALSE);
}

gboolean
ctl_connect (Ctl *self, const char *dsn, const char *seconds, char **why_out)
{
  const char *keys[] = { "dbname", "application_name", "client_encoding",
                         seconds != NULL ? "connect_timeout" : NULL, NULL };
  const char *values[] = { dsn, "rollcallctl", "UTF8", seconds, NULL };

  self->db = PQconnectdbParams (keys, values, 1);
  if (PQstatus (self->db) == CONNECTION_OK) {
    PQsetNoticeReceiver (self->db, quiet_cb, NULL);
    /* The triggers' own: with another, PostgreSQL plans their statements anew
     * for each row.  And compiling a statement takes longer than to run it. */
    PQclear (PQexec (self->db, "SET search_path = pg_catalog, pg_temp;"
                               "SET jit = off"));
    return TRUE;
  }
  *why_out = ctl_db_error (self->db);
  ctl_close (self);
  return FALSE;
}

PGconn *
ctl_db (Ctl *self)
{
  g_autofree char *why = NULL;
  const char *dsn;

  if (self->db != NULL)
    return self->db;
  dsn = ctl_dsn (self);
  if (dsn != NULL && !ctl_connect (self, dsn, NULL, &why))
    ctl_fail ("%s", why);
  return self->db;
}

void
ctl_close (Ctl *self)
{
  if (self->db != NULL)
    PQfinish (self->db);
  self->db = NULL;
}

int
ctl_complain (Ctl *self, const PGresult *result)
{
  const char *text = PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);
  const char *hint = PQresultErrorField (result, PG_DIAG_MESSAGE_HINT);
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);
  g_autofree char *other = ctl_db_error (self->db);

  if (g_strcmp0 (state, "42P01") == 0 || g_strcmp0 (state, "3F000") == 0)
    hint = "Run: rollcallctl db init";
  return ctl_fail ("%s%s%s", text != NULL ? text : other,
                   hint != NULL ? ". " : "", hint != NULL ? hint : "");
}

gboolean
ctl_is_good (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

PGresult *
ctl_try (Ctl *self, const char *sql, guint n, const char *const *params)
{
  PGconn *db = ctl_db (self);

  if (db == NULL)
    return NULL;
  return PQexecParams (db, sql, (int) n, NULL, params, NULL, NULL, 0);
}

PGresult *
ctl_query (Ctl *self, const char *sql, guint n, const char *const *params)
{
  PGresult *result = ctl_try (self, sql, n, params);

  if (result == NULL || ctl_is_good (result))
    return result;
  ctl_complain (self, result);
  PQclear (result);
  return NULL;
}

char *
ctl_array (const char *const *items, gsize n)
{
  GString *out = g_string_new ("{");

  for (gsize i = 0; i < n; i++) {
    g_string_append (out, i > 0 ? "," : "");
    if (items[i] == NULL) {
      g_string_append (out, "NULL");
      continue;
    }
    g_string_append_c (out, '"');
    for (const char *c = items[i]; *c != '\0'; c++) {
      if (*c == '"' || *c == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *c);
    }
    g_string_append_c (out, '"');
  }
  return g_string_free (g_string_append_c (out, '}'), FALSE);
}

gboolean
ctl_exec (Ctl *self, const char *sql)
{
  PGconn *db = ctl_db (self);
  PGresult *result;
  gboolean is_ok;

  if (db == NULL)
    return FALSE;
  result = PQexec (db, sql);
  is_ok = ctl_is_good (result);
  if (!is_ok)
    ctl_complain (self, result);
  PQclear (result);
  return is_ok;
}

int
ctl_sync (Ctl *self)
{
  g_autoptr (GError) error = NULL;

  if (self->dsn != NULL && self->conf == NULL
      && !g_file_test (self->file, G_FILE_TEST_EXISTS))
    return CTL_OK;
  const Conf *conf = ctl_conf (self);
  if (conf == NULL)
    return CTL_FAILED;
  if (ctl_control (conf_string (conf, "server", "control_socket"), "sync", NULL,
                   &error)
      || g_error_matches (error, RC_ERROR, RC_ERROR_ABSENT))
    return CTL_OK;
  return ctl_fail ("it is stored, but the running server did not confirm it: "
                   "%s",
                   error->message);
}
