/* SPDX-License-Identifier: ISC
 *
 * rollcallctl troubleshoot: the view rollcall.troubleshooter, and, since it is
 * asked when things are broken, what can be said without it: by the
 * configuration, the connection to the database, the schema and the server's
 * own findings over its control socket. */
#include "ctl/control.h"
#include "ctl/ctl.h"
#include "ctl/wrap.h"

#include "base/error.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A database or a server that does not answer for so long hangs. */
#define PATIENCE 5
#define INDENT 4

typedef struct {
  char *test, *outcome, *problem, *solution;
} Row;

typedef struct {
  Ctl *ctl;
  GPtrArray *rows; /* Row */
  GPtrArray *own;  /* Row: what the server says of itself */
  gboolean has_view;
} Trouble;

static void
row_free (gpointer data)
{
  Row *self = data;

  g_free (self->test);
  g_free (self->outcome);
  g_free (self->problem);
  g_free (self->solution);
  g_free (self);
}

static void
add (GPtrArray *rows, const char *test, const char *outcome,
     const char *problem, const char *solution)
{
  Row *row = g_new0 (Row, 1);

  row->test = g_strdup (test);
  row->outcome = g_strdup (outcome);
  row->problem = g_strdup (problem != NULL ? problem : "");
  row->solution = g_strdup (solution != NULL ? solution : "");
  g_ptr_array_add (rows, row);
}

/* --- The database --- */

/* A number that a query gives; -1: it cannot be had. */
static int
number (Ctl *self, const char *sql)
{
  PGresult *result = ctl_try (self, sql, 0, NULL);
  int value = -1;

  if (result != NULL && ctl_is_good (result))
    value = atoi (PQgetvalue (result, 0, 0));
  PQclear (result);
  return value;
}

/* The schema's version; 0: there is none; -1: it cannot be read. */
static int
schema_version (Ctl *self)
{
  int is_there = number (self, "SELECT (to_regclass('rollcall.schema_version')"
                               " IS NOT NULL)::int");

  return is_there == 1 ? number (self, "SELECT coalesce(max(version), 0)"
                                       " FROM rollcall.schema_version")
                       : is_there;
}

/* Is it the schema of this program's?  FALSE: there is none. */
static gboolean
look_at_schema (Trouble *self)
{
  int version = schema_version (self->ctl);
  int ours = (int)ctl_newest_schema ();
  g_autofree char *problem = g_strdup_printf (
      version == 0 ? "the database has no schema of Rollcall's: rollcalld does "
                     "not start"
                   : "the database has schema version %d, this program knows "
                     "%d: a rollcalld of the same version does not start",
      version, ours);

  if (version < 0)
    add (self->rows, "database", "failed",
         "the version of the schema cannot be read",
         "Give this role the right to read the schema rollcall.");
  else if (ours > 0 && version != ours)
    add (self->rows, "database", "failed", problem,
         version == 0     ? "Run: rollcallctl db init"
         : version < ours ? "Run: rollcallctl db upgrade"
                          : "Install the newer Rollcall.");
  else
    add (self->rows, "database", "ok", NULL, NULL);
  return version > 0;
}

static void
read_view (Trouble *self)
{
  PGresult *result;

  if (!ctl_exec (self->ctl, "SET statement_timeout = '60s'"))
    return;
  result = ctl_try (self->ctl,
                    "SELECT test, outcome, problem, solution"
                    " FROM rollcall.troubleshooter",
                    0, NULL);
  self->has_view = result != NULL && ctl_is_good (result);
  for (int i = 0; self->has_view && i < PQntuples (result); i++)
    add (self->rows, PQgetvalue (result, i, 0), PQgetvalue (result, i, 1),
         PQgetvalue (result, i, 2), PQgetvalue (result, i, 3));
  if (!self->has_view && result != NULL)
    add (self->rows, "troubleshooter", "failed",
         PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY),
         "The tests that need this view were left out; see above.");
  PQclear (result);
}

static void
look_at_database (Trouble *self, const char *dsn)
{
  g_autofree char *why = NULL;
  g_autofree char *problem = NULL;

  if (ctl_connect (self->ctl, dsn, G_STRINGIFY (PATIENCE), &why)) {
    if (look_at_schema (self))
      read_view (self);
    return;
  }
  problem = g_strdup_printf ("PostgreSQL cannot be reached: %s", why);
  add (self->rows, "database", "failed", problem,
       "Start PostgreSQL, or mend [database] dsn.");
}

/* --- The server --- */

/* "test TAB outcome TAB problem TAB solution" by line. */
static void
take_lines (Trouble *self, const char *lines)
{
  g_auto (GStrv) all = g_strsplit (lines, "\n", 0);

  for (char **line = all; *line != NULL; line++) {
    g_auto (GStrv) cells = g_strsplit (*line, "\t", 4);

    if (g_strv_length (cells) == 4)
      add (self->own, cells[0], cells[1], cells[2], cells[3]);
  }
}

static void
look_at_server (Trouble *self, const char *socket)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean is_absent;

  if (ctl_control_for (socket, PATIENCE, "health", lines, &error)) {
    take_lines (self, lines->str);
    if (!self->has_view)
      add (self->rows, "server", "ok", NULL, NULL);
    return;
  }
  is_absent = g_error_matches (error, RC_ERROR, RC_ERROR_ABSENT);
  if (is_absent && !self->has_view)
    add (self->rows, "server", "failed",
         "rollcalld does not run: nobody can sign in, see who is there, or "
         "send messages",
         "Start rollcalld; its log says why it stopped.");
  else if (!is_absent)
    add (self->rows, "control socket", "failed", error->message,
         "Run this as a user who may open the socket; if that does not help, "
         "restart rollcalld.");
}

/* What the server says now, where the view has it from before or not at all. */
static void
merge_own (Trouble *self)
{
  for (guint i = 0; i < self->own->len; i++) {
    const Row *own = g_ptr_array_index (self->own, i);
    gboolean is_there = FALSE;

    for (guint j = 0; j < self->rows->len; j++) {
      Row *row = g_ptr_array_index (self->rows, j);

      if (strcmp (row->test, own->test) != 0)
        continue;
      g_free (row->outcome);
      g_free (row->problem);
      g_free (row->solution);
      row->outcome = g_strdup (own->outcome);
      row->problem = g_strdup (own->problem);
      row->solution = g_strdup (own->solution);
      is_there = TRUE;
    }
    if (!is_there)
      add (self->rows, own->test, own->outcome, own->problem, own->solution);
  }
}

/* --- What it looks like --- */

static guint
count (const Trouble *self, const char *outcome)
{
  guint n = 0;

  for (guint i = 0; i < self->rows->len; i++)
    n += strcmp (((Row *)self->rows->pdata[i])->outcome, outcome) == 0;
  return n;
}

/* Broken to the terminal's width, behind mark. */
static void
print_text (const char *mark, const char *text)
{
  guint width = ctl_width (), indent = INDENT + (guint)strlen (mark);
  g_autofree char *plain = ctl_plain (text);
  g_autofree char *lines
      = width > 0 ? wrap_text (plain, width - indent, indent) : NULL;

  printf ("%*s%s%s\n", INDENT, "", mark, lines != NULL ? lines : plain);
}

static void
print_rows (const Trouble *self)
{
  guint widest = 0;

  for (guint i = 0; i < self->rows->len; i++)
    widest = MAX (widest, strlen (((Row *)self->rows->pdata[i])->test));
  for (guint i = 0; i < self->rows->len; i++) {
    const Row *row = g_ptr_array_index (self->rows, i);

    printf ("%-*s  %s\n", (int)widest, row->test, row->outcome);
    if (*row->problem != '\0')
      print_text ("", row->problem);
    if (*row->problem != '\0' && *row->solution != '\0')
      print_text ("-> ", row->solution);
  }
  printf ("\n%u tests: %u ok, %u warning%s, %u failed", self->rows->len,
          count (self, "ok"), count (self, "warning"),
          count (self, "warning") == 1 ? "" : "s", count (self, "failed"));
  if (count (self, "unknown") > 0)
    printf (", %u not looked at", count (self, "unknown"));
  putchar ('\n');
}

static void
put_cell (GString *out, const char *name, const char *text)
{
  g_string_append_printf (out, ", \"%s\": ", name);
  json_append (out, *text != '\0' ? text : NULL);
}

static void
print_json (const Trouble *self)
{
  g_autoptr (GString) out = g_string_new ("[");

  for (guint i = 0; i < self->rows->len; i++) {
    const Row *row = g_ptr_array_index (self->rows, i);
    gboolean is_ok = *row->problem == '\0';

    g_string_append (out, i > 0 ? ",\n {\"test\": " : "{\"test\": ");
    json_append (out, row->test);
    put_cell (out, "outcome", row->outcome);
    put_cell (out, "problem", row->problem);
    put_cell (out, "solution", is_ok ? "" : row->solution);
    g_string_append_c (out, '}');
  }
  g_string_append (out, "]\n");
  fputs (out->str, stdout);
}

/* The configuration, unless --dsn does without; NULL when it is not there or
 * cannot be read, which is a failed test. */
static const Conf *
look_at_conf (Trouble *self)
{
  Ctl *ctl = self->ctl;
  g_autoptr (GError) error = NULL;

  if (ctl->dsn != NULL && !g_file_test (ctl->file, G_FILE_TEST_EXISTS))
    return NULL;
  if (ctl->conf == NULL)
    ctl->conf = conf_load (ctl->file, &error);
  if (ctl->conf == NULL)
    add (self->rows, "configuration", "failed", error->message,
         "Mend the file, or name another one by --config; then run "
         "rollcallctl reload.");
  else
    add (self->rows, "configuration", "ok", NULL, NULL);
  return ctl->conf;
}

int
troubleshoot (Ctl *self, char **args)
{
  Trouble trouble = { .ctl = self,
                      .rows = g_ptr_array_new_with_free_func (row_free),
                      .own = g_ptr_array_new_with_free_func (row_free) };
  const Conf *conf = look_at_conf (&trouble);
  int status;

  if (conf != NULL || self->dsn != NULL)
    look_at_database (&trouble, self->dsn != NULL
                                    ? self->dsn
                                    : conf_string (conf, "database", "dsn"));
  if (conf != NULL)
    look_at_server (&trouble, conf_string (conf, "server", "control_socket"));
  merge_own (&trouble);
  if (self->is_json)
    print_json (&trouble);
  else
    print_rows (&trouble);
  status = count (&trouble, "failed") > 0 ? CTL_FAILED : CTL_OK;
  g_ptr_array_unref (trouble.rows);
  g_ptr_array_unref (trouble.own);
  return status;
}
