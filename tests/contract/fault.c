/* SPDX-License-Identifier: ISC
 *
 * store/pg when PostgreSQL is killed, stopped, restarted, locked; and when
 * there are two daemons or another schema.  DESIGN section 3, "Order and
 * durability". */
#include "tests/contract/pg.h"

#include <signal.h>
#include <string.h>

/* Both writers have come up; what ends one from now on ends one at work. */
static void
wait_for_writers (Rig *rig)
{
  g_autofree char *n = NULL;

  do {
    test_loop_turn (rig->loop, 10);
    g_free (n);
    n = admin_value (
        "SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid)"
        " WHERE application_name = 'rollcalld (writer)' AND state = 'idle'"
        " AND locktype = 'advisory' AND granted");
  } while (strcmp (n, "2") != 0);
  test_loop_turn (rig->loop, 20); /* its last answer is read */
}

static Rig *
started (void)
{
  Rig *rig = rig_new (&rig_kind_pg);

  rig_add_user (rig, "alice");
  rig_add_user (rig, "bob");
  rig_start (rig);
  wait_for_writers (rig);
  return rig;
}

static StoreWrite
binding (const char *user, const char *key, guint cseq)
{
  RegBinding *b = sample_binding (user, key);

  b->cseq = cseq;
  return write_of (STORE_PUT_BINDING, b);
}

static gint64
counter (Rig *rig, const char *name)
{
  return *counters_cell (rig->counters, name);
}

static gboolean
has_failed (gpointer rig)
{
  return ((Rig *)rig)->has_failed;
}

static void
assert_fails_with (Rig *rig, const char *text)
{
  rig_wait (rig, has_failed, rig);
  if (strstr (rig->fatal, text) == NULL)
    g_error ("\"%s\" does not say \"%s\"", rig->fatal, text);
  g_assert_false (rig->is_loaded);
  g_assert_false (rig->port->is_up (rig->port->self));
}

/* --- One daemon on one database --- */

static void
test_second_daemon (void)
{
  g_autoptr (Rig) first = started ();
  Rig *second = g_new0 (Rig, 1);
  StoreWrite write = binding ("alice", "k", 1);

  *second = *first; /* its own ears, the same loop */
  second->users = g_ptr_array_new ();
  second->events = g_string_new (NULL);
  second->port = NULL;
  rig_start_only (second);
  assert_fails_with (second, "another rollcalld is running on this database");
  g_assert_nonnull (strstr (second->fatal, "PostgreSQL session"));
  rig_submit (first, "k", "alice@example.com", &write, 1, FALSE);
  rig_expect_outcomes (first, 1, "k=COMMITTED\n");
  rig_stop (second);
  g_ptr_array_unref (second->users);
  g_string_free (second->events, TRUE);
  g_free (second->fatal);
  g_free (second);
}

/* The lock is lost with the session, and another daemon is faster. */
static void
test_lock_lost (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();

  session_exec (other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE application_name = 'rollcalld (control)';"
                       "SELECT pg_advisory_lock(1380928833, 1)");
  rig_wait (rig, has_failed, rig);
  g_assert_nonnull (strstr (rig->fatal, "another rollcalld"));
  g_assert_false (rig->port->is_up (rig->port->self));
  PQfinish (other);
}

/* A daemon was killed while its last batch is still running: the next one waits
 * for it, then loads. */
static void
test_dead_writer (void)
{
  g_autoptr (Rig) rig = rig_new (&rig_kind_pg);
  PGconn *dead = admin_session ();

  rig_add_user (rig, "alice");
  session_exec (dead, "SELECT pg_advisory_lock_shared(1380928833, 2);"
                      "SET rollcall.origin = 'daemon'");
  rig_start_only (rig);
  g_assert_false (test_loop_run_until_set (rig->loop, &rig->is_loaded, 700));
  session_exec (dead,
                "INSERT INTO rollcall.bindings (aor, key, contact, call_id,"
                "  cseq, expires_at, updated_at) VALUES ('alice@example.com',"
                "  'late', '', '', 1, now() + interval '1 h', now())");
  PQfinish (dead);
  g_assert_true (test_loop_run_until_set (rig->loop, &rig->is_loaded, 20000));
  g_assert_nonnull (rig_binding (rig, "late"));
}

/* --- Schema --- */

static void
test_schema_older (void)
{
  g_autoptr (Rig) rig = rig_new (&rig_kind_pg);

  admin ("CREATE TABLE kept AS TABLE rollcall.schema_version;"
         "DELETE FROM rollcall.schema_version WHERE version > 1");
  rig_start_only (rig);
  assert_fails_with (rig, "rollcallctl db upgrade");
  admin ("DELETE FROM rollcall.schema_version;"
         "INSERT INTO rollcall.schema_version TABLE kept; DROP TABLE kept");
}

static void
test_schema_newer (void)
{
  g_autoptr (Rig) rig = rig_new (&rig_kind_pg);

  admin ("INSERT INTO rollcall.schema_version VALUES (9999, 'x')");
  rig_start_only (rig);
  assert_fails_with (rig, "rollcallctl db upgrade");
  admin ("DELETE FROM rollcall.schema_version WHERE version = 9999");
}

static void
test_schema_missing (void)
{
  g_autoptr (Rig) rig = rig_new (&rig_kind_pg);

  admin ("ALTER SCHEMA rollcall RENAME TO elsewhere");
  rig_start_only (rig);
  assert_fails_with (rig, "rollcallctl db init");
  admin ("ALTER SCHEMA elsewhere RENAME TO rollcall");
}

/* --- Poison --- */

/* Unfit rows among many of one batch: they alone are refused, in order, and a
 * submission is refused as a whole. */
static void
test_poison (void)
{
  g_autoptr (Rig) rig = started ();
  StoreWrite pair[]
      = { binding ("alice", "fit", 1), binding ("alice", "unfit", 1) };
  StoreWrite drop;

  rig->kind->poison (rig, pair[1].binding);
  rig_submit_one (rig, "1", binding ("alice", "a", 1));
  rig_submit (rig, "2", "alice@example.com", pair, 2, FALSE);
  rig_submit_one (rig, "3", binding ("alice", "a", 3));
  drop = binding ("alice", "unfit", 1);
  drop.kind = STORE_DROP_BINDING;
  rig->kind->poison (rig, drop.binding);
  g_free (drop.binding->key);
  drop.binding->key = g_strdup ("\xff");
  rig_submit_one (rig, "4", drop);
  rig_submit_one (rig, "5", binding ("alice", "b", 5));
  rig_expect_outcomes (rig, 5,
                       "1=COMMITTED\n2=REFUSED\n3=COMMITTED\n"
                       "4=REFUSED\n5=COMMITTED\n");
  g_assert_cmpint (counter (rig, "db_refused"), ==, 2);
  rig_restart (rig);
  g_assert_cmpuint (rig->bindings->len, ==, 2);
  g_assert_cmpuint (rig_binding (rig, "a")->cseq, ==, 3);
  g_assert_nonnull (rig_binding (rig, "b"));
}

/* Unfit rows among those that were kept: the others are written all the same.
 */
static void
test_poison_kept (void)
{
  g_autoptr (Rig) rig = started ();
  StoreWrite bad = binding ("alice", "bad", 1);

  rig->kind->poison (rig, bad.binding);
  server_signal (SIGSTOP);
  rig_submit_one (rig, "a", binding ("alice", "a", 1));
  rig_expect_outcomes (rig, 1, "a=AWAY\n");
  rig_submit_one (rig, "bad", bad);
  rig_submit_one (rig, "b", binding ("alice", "b", 1));
  rig_expect_outcomes (rig, 2, "bad=AWAY\nb=AWAY\n");
  server_signal (SIGCONT);
  rig_wait_event (rig, "up");
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig->bindings->len, ==, 2);
}

/* --- Durability --- */

/* One durable row makes its batch synchronous_commit=on; others are off. */
static void
test_durable (void)
{
  g_autoptr (Rig) rig = started ();
  StoreWrite soft = binding ("alice", "soft", 1);
  StoreWrite hard = binding ("alice", "hard", 1);

  admin ("CREATE TABLE public.commits (how text);"
         "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS"
         " $$ BEGIN INSERT INTO public.commits"
         "   VALUES (current_setting('synchronous_commit')); RETURN NULL;"
         " END $$;"
         "CREATE TRIGGER note AFTER INSERT ON rollcall.bindings"
         " EXECUTE FUNCTION public.note()");
  rig_submit_one (rig, "soft", soft);
  rig_expect_outcomes (rig, 1, "soft=COMMITTED\n");
  rig_submit (rig, "hard", "alice@example.com", &hard, 1, TRUE);
  rig_submit_one (rig, "with", binding ("alice", "with", 1));
  rig_expect_outcomes (rig, 2, "hard=COMMITTED\nwith=COMMITTED\n");
  rig_submit_one (rig, "soft", binding ("alice", "soft", 2));
  rig_expect_outcomes (rig, 1, "soft=COMMITTED\n");
  assert_value ("SELECT string_agg(how, ' ' ORDER BY ctid)"
                " FROM public.commits",
                "off on off");
  admin ("DROP FUNCTION public.note() CASCADE; DROP TABLE public.commits");
}

static gboolean
is_back (gpointer data)
{
  Rig *rig = data;

  return rig_has_event (rig, "up") && rig->port->is_up (rig->port->self);
}

/* What was committed softly is lost with the server's memory, and written
 * again: the newest of each row, but nothing older than a durable write. */
static void
test_soft_after_crash (void)
{
  g_autoptr (Rig) rig = started ();
  StoreWrite hard = binding ("alice", "hard", 7);
  StoreWrite drop = binding ("alice", "gone", 1);

  drop.kind = STORE_DROP_BINDING;
  admin ("CHECKPOINT");
  rig_submit_one (rig, NULL, binding ("alice", "hard", 6));
  rig_submit_one (rig, NULL, binding ("alice", "gone", 1));
  rig_submit (rig, "hard", "alice@example.com", &hard, 1, TRUE);
  rig_expect_outcomes (rig, 1, "hard=COMMITTED\n");
  rig_submit_one (rig, "a1", binding ("alice", "a", 1));
  rig_submit_one (rig, "b1", binding ("bob", "b", 1));
  rig_expect_outcomes (rig, 2, "a1=COMMITTED\nb1=COMMITTED\n");
  rig_submit_one (rig, "a2", binding ("alice", "a", 2));
  rig_submit_one (rig, "-", drop);
  rig_expect_outcomes (rig, 2, "a2=COMMITTED\n-=COMMITTED\n");
  server_kill ();
  g_string_truncate (rig->events, 0);
  rig_submit_one (rig, "c", binding ("alice", "c", 1));
  rig_expect_outcomes (rig, 1, "c=AWAY\n");
  server_start ();
  rig_wait (rig, is_back, rig);
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_nonnull (rig_binding (rig, "a"));
  g_assert_cmpuint (rig_binding (rig, "a")->cseq, ==, 2);
  g_assert_nonnull (rig_binding (rig, "b"));
  g_assert_nonnull (rig_binding (rig, "c"));
  g_assert_null (rig_binding (rig, "gone"));
  g_assert_cmpuint (rig_binding (rig, "hard")->cseq, ==, 7);
}

/* One backend crashes: PostgreSQL starts anew by itself, with the same
 * postmaster; its memory is gone all the same. */
static void
test_soft_after_backend_crash (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *pid = NULL;

  admin ("CHECKPOINT");
  pid = admin_value ("SELECT pg_backend_pid()");
  rig_submit_one (rig, "a1", binding ("alice", "a", 1));
  rig_expect_outcomes (rig, 1, "a1=COMMITTED\n");
  kill (atoi (pid), SIGKILL);
  admin_close ();
  rig_wait_event (rig, "away");
  g_string_truncate (rig->events, 0);
  rig_wait (rig, is_back, rig);
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_nonnull (rig_binding (rig, "a"));
}

/* --- Away and hung --- */

static void
test_not_there_at_start (void)
{
  g_autoptr (Rig) rig = rig_new (&rig_kind_pg);

  rig_add_user (rig, "alice");
  server_kill ();
  rig_start_only (rig);
  rig_submit_one (rig, "a", binding ("alice", "a", 1));
  rig_expect_outcomes (rig, 1, "a=AWAY\n");
  g_assert_false (rig->is_loaded);
  server_start ();
  g_assert_true (test_loop_run_until_set (rig->loop, &rig->is_loaded, 20000));
  g_assert_cmpuint (rig->users->len, ==, 1);
}

/* A writer's session is ended: nobody notices. */
static void
test_writer_killed (void)
{
  g_autoptr (Rig) rig = started ();

  for (guint i = 0; i < 5; i++) {
    rig_submit_one (rig, NULL, binding ("alice", "a", i));
    rig_submit_one (rig, NULL, binding ("bob", "b", i));
    test_loop_turn (rig->loop, 0);
    admin ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
           " WHERE application_name = 'rollcalld (writer)'");
    rig_submit_one (rig, "c", binding ("alice", "c", i));
    rig_expect_outcomes (rig, 1, "c=COMMITTED\n");
    wait_for_writers (rig);
  }
  g_assert_cmpint (counter (rig, "db_connections_lost"), >=, 5);
  g_assert_false (rig_has_event (rig, "away"));
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig_binding (rig, "a")->cseq, ==, 4);
  g_assert_cmpuint (rig_binding (rig, "b")->cseq, ==, 4);
}

/* A batch that waits for a lock counts as hung; it commits in the end, and what
 * came after it too, in order. */
static void
test_hung_on_lock (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();

  session_exec (other, "BEGIN; LOCK TABLE rollcall.bindings");
  rig_submit_one (rig, "1", binding ("alice", "a", 1));
  test_loop_turn (rig->loop, 0);
  rig_submit_one (rig, "2", binding ("alice", "a", 2));
  rig_expect_outcomes (rig, 2, "1=AWAY\n2=AWAY\n");
  g_assert_true (rig_has_event (rig, "away"));
  rig_submit_one (rig, "3", binding ("alice", "b", 3));
  rig_expect_outcomes (rig, 1, "3=AWAY\n");
  g_string_truncate (rig->events, 0);
  session_exec (other, "COMMIT");
  PQfinish (other);
  rig_wait_event (rig, "up");
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig_binding (rig, "a")->cseq, ==, 2);
  g_assert_cmpuint (rig_binding (rig, "b")->cseq, ==, 3);
}

/* The old backend of a lost connection still works on its batch: it is gone
 * before anything is written again, so an old row never overwrites a new one.
 */
static void
test_old_backend_gone (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();

  session_exec (other, "BEGIN; LOCK TABLE rollcall.bindings");
  rig_submit_one (rig, "1", binding ("alice", "a", 1));
  rig_expect_outcomes (rig, 1, "1=AWAY\n");
  /* Our end of the connections closes; the backend waits on the lock and does
   * not notice. */
  store_pg_free (rig->store);
  rig->port = NULL;
  rig_start_only (rig);
  g_assert_false (test_loop_run_until_set (rig->loop, &rig->is_loaded, 700));
  session_exec (other, "COMMIT");
  PQfinish (other);
  g_assert_true (test_loop_run_until_set (rig->loop, &rig->is_loaded, 20000));
  /* The lost one's row was committed before we loaded, so we know it. */
  g_assert_cmpuint (rig->bindings->len, ==, 1);
}

/* Nobody answers: flush gives up in time. */
static void
test_flush_times_out (void)
{
  g_autoptr (Rig) rig = started ();

  server_signal (SIGSTOP);
  rig_submit_one (rig, NULL, binding ("alice", "a", 1));
  rig_flush (rig, "flush", 50);
  rig_expect_outcomes (rig, 1, "flush=AWAY\n");
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=AWAY\n");
  server_signal (SIGCONT);
}

void
fault_add_tests (void)
{
  g_test_add_func ("/store/pg/daemon/second", test_second_daemon);
  g_test_add_func ("/store/pg/daemon/lock-lost", test_lock_lost);
  g_test_add_func ("/store/pg/daemon/dead-writer", test_dead_writer);
  g_test_add_func ("/store/pg/schema/older", test_schema_older);
  g_test_add_func ("/store/pg/schema/newer", test_schema_newer);
  g_test_add_func ("/store/pg/schema/missing", test_schema_missing);
  g_test_add_func ("/store/pg/poison/batch", test_poison);
  g_test_add_func ("/store/pg/poison/kept", test_poison_kept);
  g_test_add_func ("/store/pg/durable", test_durable);
  g_test_add_func ("/store/pg/soft/server-killed", test_soft_after_crash);
  g_test_add_func ("/store/pg/soft/backend-killed",
                   test_soft_after_backend_crash);
  g_test_add_func ("/store/pg/away/at-start", test_not_there_at_start);
  g_test_add_func ("/store/pg/away/writer-killed", test_writer_killed);
  g_test_add_func ("/store/pg/away/hung-on-lock", test_hung_on_lock);
  g_test_add_func ("/store/pg/away/old-backend", test_old_backend_gone);
  g_test_add_func ("/store/pg/away/flush", test_flush_times_out);
}
