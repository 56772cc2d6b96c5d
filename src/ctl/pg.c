/* SPDX-License-Identifier: ISC
 *
 * The tool's session with PostgreSQL, and what results look like. */
#include "ctl/control.h"
#include "ctl/ctl.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const char *
dsn_of (Ctl *self)
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

PGconn *
ctl_db (Ctl *self)
{
  const char *dsn;

  if (self->db != NULL)
    return self->db;
  dsn = dsn_of (self);
  if (dsn == NULL)
    return NULL;
  const char *keys[]
      = { "dbname", "application_name", "client_encoding", NULL };
  const char *values[] = { dsn, "rollcallctl", "UTF8", NULL };

  self->db = PQconnectdbParams (keys, values, 1);
  if (PQstatus (self->db) == CONNECTION_OK) {
    PQsetNoticeReceiver (self->db, quiet_cb, NULL);
    return self->db;
  }
  g_autofree char *why = ctl_db_error (self->db);
  ctl_fail ("%s", why);
  ctl_close (self);
  return NULL;
}

void
ctl_close (Ctl *self)
{
  if (self->db != NULL)
    PQfinish (self->db);
  self->db = NULL;
}

static void
complain (const PGconn *db, const PGresult *result)
{
  const char *text = PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);
  const char *hint = PQresultErrorField (result, PG_DIAG_MESSAGE_HINT);
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);
  g_autofree char *other = ctl_db_error (db);

  if (g_strcmp0 (state, "42P01") == 0 || g_strcmp0 (state, "3F000") == 0)
    hint = "Run: rollcallctl db init";
  ctl_fail ("%s%s%s", text != NULL ? text : other,
            hint != NULL ? ". " : "", hint != NULL ? hint : "");
}

static gboolean
is_good (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

PGresult *
ctl_query (Ctl *self, const char *sql, guint n, const char *const *params)
{
  PGconn *db = ctl_db (self);
  PGresult *result;

  if (db == NULL)
    return NULL;
  result = PQexecParams (db, sql, (int) n, NULL, params, NULL, NULL, 0);
  if (is_good (result))
    return result;
  complain (db, result);
  PQclear (result);
  return NULL;
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
  is_ok = is_good (result);
  if (!is_ok)
    complain (db, result);
  PQclear (result);
  return is_ok;
}

static void
put_json_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c (out, '\\');
    if ((guchar) *p < 0x20)
      g_string_append_printf (out, "\\u%04x", *p);
    else
      g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
}

/* Type oids of pg_type. */
#define BOOL_OID 16
#define INT8_OID 20
#define INT4_OID 23

static void
put_json_value (GString *out, PGresult *result, int row, int column)
{
  const char *text = PQgetvalue (result, row, column);
  Oid type = PQftype (result, column);

  if (PQgetisnull (result, row, column))
    g_string_append (out, "null");
  else if (type == BOOL_OID)
    g_string_append (out, *text == 't' ? "true" : "false");
  else if (type == INT8_OID || type == INT4_OID)
    g_string_append (out, text);
  else
    put_json_string (out, text);
}

static void
print_json (PGresult *result)
{
  g_autoptr (GString) out = g_string_new ("[");

  for (int row = 0; row < PQntuples (result); row++) {
    g_string_append (out, row > 0 ? ",\n {" : "{");
    for (int column = 0; column < PQnfields (result); column++) {
      if (column > 0)
        g_string_append (out, ", ");
      put_json_string (out, PQfname (result, column));
      g_string_append (out, ": ");
      put_json_value (out, result, row, column);
    }
    g_string_append_c (out, '}');
  }
  g_string_append (out, "]\n");
  fputs (out->str, stdout);
}

static const char *
cell (PGresult *result, int row, int column)
{
  if (row < 0)
    return PQfname (result, column);
  if (PQgetisnull (result, row, column))
    return "-";
  if (PQftype (result, column) == BOOL_OID)
    return *PQgetvalue (result, row, column) == 't' ? "yes" : "no";
  return PQgetvalue (result, row, column);
}

static void
print_table (PGresult *result)
{
  int n = PQnfields (result);
  g_autofree long *widths = g_new0 (long, n);

  for (int row = -1; row < PQntuples (result); row++)
    for (int column = 0; column < n; column++)
      widths[column] = MAX (widths[column],
                            g_utf8_strlen (cell (result, row, column), -1));
  for (int row = -1; row < PQntuples (result); row++) {
    for (int column = 0; column < n; column++) {
      const char *text = cell (result, row, column);
      long pad
          = column < n - 1 ? widths[column] + 2 - g_utf8_strlen (text, -1) : 0;

      printf ("%s%*s", text, (int) pad, "");
    }
    putchar ('\n');
  }
}

void
ctl_print (const Ctl *self, PGresult *result)
{
  if (self->is_json)
    print_json (result);
  else
    print_table (result);
}

void
ctl_say (const Ctl *self, const char *aor, const char *done)
{
  g_autoptr (GString) out = g_string_new ("{\"aor\": ");

  if (!self->is_json) {
    printf ("%s %s\n", aor, done);
    return;
  }
  put_json_string (out, aor);
  g_string_append (out, ", \"result\": ");
  put_json_string (out, done);
  puts (g_string_append_c (out, '}')->str);
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
