/* SPDX-License-Identifier: ISC
 *
 * The store on PostgreSQL as a kind of rig, and the server's levers. */
#include "tests/contract/pg.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static PGconn *the_session;

/* --- The administrator --- */

PGconn *
admin_session (void)
{
  PGconn *session = PQconnectdb (g_getenv ("ROLLCALL_TEST_DSN"));

  if (PQstatus (session) != CONNECTION_OK)
    g_error ("%s", PQerrorMessage (session));
  return session;
}

static PGresult *
run (PGconn *session, const char *sql)
{
  PGresult *result = PQexec (session, sql);

  if (PQresultStatus (result) != PGRES_TUPLES_OK
      && PQresultStatus (result) != PGRES_COMMAND_OK)
    g_error ("%s: %s", sql, PQresultErrorMessage (result));
  return result;
}

void
session_exec (PGconn *session, const char *sql)
{
  PQclear (run (session, sql));
}

static PGconn *
session (void)
{
  if (the_session == NULL)
    the_session = admin_session ();
  return the_session;
}

void
admin_close (void)
{
  g_clear_pointer (&the_session, PQfinish);
}

void
admin (const char *format, ...)
{
  g_autofree char *sql = NULL;
  va_list args;

  va_start (args, format);
  sql = g_strdup_vprintf (format, args);
  va_end (args);
  session_exec (session (), sql);
}

char *
admin_refused (const char *sql)
{
  PGresult *result = PQexec (session (), sql);
  char *message = g_strdup (PQresultErrorMessage (result));

  g_assert_cmpint (PQresultStatus (result), ==, PGRES_FATAL_ERROR);
  PQclear (result);
  return message;
}

char *
admin_value (const char *format, ...)
{
  g_autofree char *sql = NULL;
  PGresult *result;
  char *value = NULL;
  va_list args;

  va_start (args, format);
  sql = g_strdup_vprintf (format, args);
  va_end (args);
  result = run (session (), sql);
  if (PQntuples (result) > 0 && !PQgetisnull (result, 0, 0))
    value = g_strdup (PQgetvalue (result, 0, 0));
  PQclear (result);
  return value;
}

void
assert_value (const char *sql, const char *expected)
{
  g_autofree char *value = admin_value ("%s", sql);

  g_assert_cmpstr (value, ==, expected);
}

/* --- The server --- */

static int
postmaster (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("PGDIR"), "pid", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return atoi (text);
}

void
server_signal (int sig)
{
  int parent = postmaster ();
  g_autofree char *path
      = g_strdup_printf ("/proc/%d/task/%d/children", parent, parent);
  g_autofree char *children = NULL;
  g_auto (GStrv) pids = NULL;

  g_assert_true (g_file_get_contents (path, &children, NULL, NULL));
  g_assert_cmpint (kill (parent, sig), ==, 0);
  pids = g_strsplit (g_strstrip (children), " ", -1);
  for (guint i = 0; pids[i] != NULL && pids[i][0] != '\0'; i++)
    if (kill (atoi (pids[i]), sig) != 0)
      g_assert_cmpint (errno, ==, ESRCH);
}

void
server_kill (void)
{
  int pid = postmaster ();

  admin_close ();
  server_signal (SIGKILL);
  while (kill (pid, 0) == 0) {
    g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
    g_autofree char *stat = NULL;

    if (!g_file_get_contents (path, &stat, NULL, NULL)
        || strstr (stat, ") Z ") != NULL)
      break; /* dead, if not yet buried by who started it */
    g_usleep (1000);
  }
}

void
server_start (void)
{
  g_autofree char *start = g_build_filename (g_getenv ("PGDIR"), "start", NULL);

  g_assert_cmpint (system (start), ==, 0);
}

/* --- The rig --- */

StorePg *
pg_store_new (Rig *rig, const char *dsn, guint connections)
{
  StorePgConfig config = { dsn, connections, HUNG_AFTER };

  return store_pg_new (&config, test_loop_port (rig->loop), rig->clock,
                       rig->counters);
}

static void
open_pg (Rig *rig)
{
  rig->store = pg_store_new (rig, g_getenv ("ROLLCALL_TEST_DSN"), 2);
  rig->port = store_pg_port (rig->store);
  rig->documents = store_pg_documents (rig->store);
  rig->messages = store_pg_messages (rig->store);
}

static void
close_pg (Rig *rig)
{
  store_pg_free (rig->store);
  rig->store = NULL;
}

static void
wipe_pg (Rig *rig)
{
  /* A backend of the store before may still be at work for nobody, and its
   * locks come in another order than ours. */
  admin ("SELECT pg_terminate_backend (pid, 10000) FROM pg_stat_activity"
         " WHERE datname = current_database () AND pid <> pg_backend_pid ()"
         " AND backend_type = 'client backend'");
  admin ("SET client_min_messages = error;"
         "SET rollcall.origin = 'daemon';"
         "UPDATE rollcall.settings SET max_contacts = 200,"
         "  allow_history = true, allow_cut_paste = true;"
         "TRUNCATE rollcall.users, rollcall.contacts, rollcall.watchers,"
         "  rollcall.bindings, rollcall.publications, rollcall.subscriptions,"
         "  rollcall.changes, rollcall.audit, rollcall.xcap_documents,"
         "  rollcall.messages, rollcall.deliveries,"
         "  rollcall.service_uris;"
         "RESET rollcall.origin");
}

static char *
literal (const char *text)
{
  char *quoted, *copy;

  if (text == NULL)
    return g_strdup ("NULL");
  quoted = PQescapeLiteral (session (), text, strlen (text));
  copy = g_strdup (quoted);
  PQfreemem (quoted);
  return copy;
}

static void
put_user (Rig *rig, const StoreUser *user)
{
  g_autofree char *aor = literal (user->aor);
  g_autofree char *name = literal (user->display_name);
  g_autofree char *md5 = literal (user->ha1_md5);
  g_autofree char *sha256 = literal (user->ha1_sha256);

  admin ("INSERT INTO rollcall.users"
         "  (aor, display_name, ha1_md5, ha1_sha256, enabled)"
         " VALUES (%s, %s, %s, %s, %d::boolean) ON CONFLICT (aor) DO UPDATE"
         " SET display_name = excluded.display_name,"
         "  ha1_md5 = excluded.ha1_md5, ha1_sha256 = excluded.ha1_sha256,"
         "  enabled = excluded.enabled",
         aor, name, md5, sha256, user->is_enabled);
}

static void
drop_user (Rig *rig, const char *aor)
{
  g_autofree char *quoted = literal (aor);

  admin ("DELETE FROM rollcall.users WHERE aor = %s", quoted);
}

static void
put_rules (const char *owner, guint i, GBytes *body)
{
  gsize len;
  const guint8 *bytes = g_bytes_get_data (body, &len);
  g_autoptr (GString) hex = g_string_new ("\\x");

  for (gsize n = 0; n < len; n++)
    g_string_append_printf (hex, "%02x", bytes[n]);
  admin ("SET rollcall.origin = 'daemon';"
         "INSERT INTO rollcall.xcap_documents"
         " (auid, owner, filename, etag, body)"
         " VALUES ('%s', %s, '%s', 'e', '%s');"
         "RESET rollcall.origin",
         i == 0 ? "pres-rules" : "org.openmobilealliance.pres-rules", owner,
         i == 0 ? "index" : "pres-rules", hex->str);
}

static void
put_policy (Rig *rig, StorePolicy *policy)
{
  g_autofree char *owner = literal (policy->aor);

  for (guint i = 0; i < policy->contacts->len; i++) {
    g_autofree char *uri = literal (policy->contacts->pdata[i]);

    admin ("INSERT INTO rollcall.contacts (owner, uri) VALUES (%s, %s)", owner,
           uri);
  }
  for (guint i = 0; i < policy->decisions->len; i++) {
    const StoreDecision *row = policy->decisions->pdata[i];
    g_autofree char *watcher = literal (row->watcher);

    admin ("INSERT INTO rollcall.watchers (presentity, watcher, decision)"
           " VALUES (%s, %s, '%s')",
           owner, watcher, row->decision);
  }
  for (guint i = 0; i < policy->rules->len; i++)
    put_rules (owner, i, policy->rules->pdata[i]);
  store_policy_free (policy);
}

static void
put_settings (Rig *rig, const PolicySettings *settings)
{
  admin ("UPDATE rollcall.settings SET max_contacts = nullif(%d, -1),"
         " allow_history = %s, allow_cut_paste = %s",
         settings->max_contacts, settings->allow_history ? "true" : "false",
         settings->allow_cut_paste ? "true" : "false");
}

static void
set_up (Rig *rig, gboolean is_up)
{
  server_signal (is_up ? SIGCONT : SIGSTOP);
}

static void
poison (Rig *rig, RegBinding *binding)
{
  g_free (binding->call_id);
  binding->call_id = g_strdup ("not UTF-8: \xc3\x28");
}

static void
purge (Rig *rig, const char *recipient)
{
  g_autofree char *quoted = literal (recipient);

  admin ("DELETE FROM rollcall.messages WHERE body IS NOT NULL"
         " AND recipient = %s",
         quoted);
}

static char *
list_messages (Rig *rig)
{
  return admin_value (
      "SELECT coalesce(string_agg(concat(m.id, ' ', m.sender, ' ',"
      "  m.recipient, CASE WHEN m.body IS NULL THEN ' ended'"
      "  ELSE ' queued' END, (SELECT string_agg(concat(' ', d.device, '=',"
      "   d.state), '' ORDER BY d.device) FROM rollcall.deliveries d"
      "   WHERE d.message_id = m.id), E'\n'), '' ORDER BY m.id), '')"
      " FROM rollcall.messages m");
}

const RigKind rig_kind_pg
    = { "pg",       open_pg,      close_pg, wipe_pg, put_user, drop_user,
        put_policy, put_settings, set_up,   poison,  purge,    list_messages };

/* Gets itself a PostgreSQL when there is none. */
static void
need_server (char **argv)
{
  const char *top = g_getenv ("top_srcdir");
  g_autofree char *wrapper = g_build_filename (top != NULL ? top : ".", "tests",
                                               "lib", "with-postgres", NULL);
  g_autoptr (GPtrArray) args = g_ptr_array_new ();

  if (g_getenv ("ROLLCALL_TEST_DSN") != NULL)
    return;
  g_ptr_array_add (args, wrapper);
  g_ptr_array_add (args, (char *)"--schema");
  g_ptr_array_add (args, (char *)"--set");
  /* What was committed softly stays in memory for long. */
  g_ptr_array_add (args, (char *)"wal_writer_delay=10s");
  for (; *argv != NULL; argv++)
    g_ptr_array_add (args, *argv);
  g_ptr_array_add (args, NULL);
  execv (wrapper, (char **)args->pdata);
  g_error ("%s: %s", wrapper, g_strerror (errno));
}

int
pg_main (int argc, char **argv, void (*add_tests) (void))
{
  need_server (argv);
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_FATAL_MASK);
  add_tests ();
  return g_test_run ();
}
