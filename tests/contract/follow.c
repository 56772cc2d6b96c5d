/* SPDX-License-Identifier: ISC
 *
 * From psql to the running server: `changes` and who writes there. */
#include "tests/contract/pg.h"

#include <string.h>

static Rig *
started (void)
{
  Rig *rig = rig_new (&rig_kind_pg);

  rig_add_user (rig, "alice");
  rig_add_user (rig, "bob");
  rig_start (rig);
  g_assert_cmpuint (rig->users->len, ==, 2);
  return rig;
}

static void
test_update (void)
{
  g_autoptr (Rig) rig = started ();

  admin ("UPDATE rollcall.users SET display_name = 'A' WHERE aor ~ '^alice'");
  rig_wait_event (rig, "+alice@example.com A");
  admin ("UPDATE rollcall.users SET enabled = false WHERE aor ~ '^bob'");
  rig_wait_event (rig, "+bob@example.com New disabled");
  admin ("DELETE FROM rollcall.users WHERE aor ~ '^bob'");
  rig_wait_event (rig, "-bob@example.com");
  admin ("SELECT rollcall.set_password('alice@example.com', 'x')");
  g_string_truncate (rig->events, 0);
  rig_wait_event (rig, "+alice@example.com A");
  /* What no one needs to know is not told. */
  g_string_truncate (rig->events, 0);
  admin ("UPDATE rollcall.users SET created_at = now(), display_name = 'A'");
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  g_assert_cmpstr (rig->events->str, ==, "");
}

/* Above 1,000 keys in one statement: the table is read anew. */
static void
test_many (void)
{
  g_autoptr (Rig) rig = started ();

  admin ("INSERT INTO rollcall.users (aor)"
         " SELECT 'u' || i || '@example.com' FROM generate_series(1, 1000) i");
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  g_assert_false (rig_has_event (rig, "begin"));
  g_assert_true (rig_has_event (rig, "+u1000@example.com (none)"));
  admin ("DELETE FROM rollcall.changes");
  admin ("UPDATE rollcall.users SET enabled = NOT enabled");
  assert_value ("SELECT count(*) || ' ' || count(key) FROM rollcall.changes",
                "1 0");
  rig_wait_event (rig, "end");
  g_assert_true (rig_has_event (rig, "begin"));
  g_assert_true (rig_has_event (rig, "+u7@example.com (none) disabled"));
}

static void
test_truncate (void)
{
  g_autoptr (Rig) rig = started ();

  admin ("BEGIN; TRUNCATE rollcall.users CASCADE;"
         "INSERT INTO rollcall.users (aor) VALUES ('new@example.com'); COMMIT");
  rig_wait_event (rig, "end");
  g_assert_true (rig_has_event (rig, "+new@example.com (none)"));
  g_assert_null (strstr (rig->events->str, "alice"));
}

/* sync: what has been committed before the call is in force. */
static void
test_sync (void)
{
  g_autoptr (Rig) rig = started ();

  for (guint i = 0; i < 50; i++) {
    g_autofree char *line = g_strdup_printf ("+alice@example.com %u", i);

    admin ("UPDATE rollcall.users SET display_name = '%u' WHERE aor ~ '^al'",
           i);
    rig_sync (rig, "sync");
    rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
    g_assert_true (rig_has_event (rig, line));
  }
}

/* A transaction that began first and commits last, while others are heard in
 * between: its change is heard too, and theirs do not wait for it. */
static void
test_late_commit (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *slow = admin_session ();

  session_exec (slow, "BEGIN; UPDATE rollcall.users SET display_name = 'slow'"
                      " WHERE aor ~ '^bob'");
  for (guint i = 0; i < 3; i++) {
    admin ("UPDATE rollcall.users SET display_name = '%u' WHERE aor ~ '^al'",
           i);
    rig_sync (rig, "sync");
    rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  }
  g_assert_cmpstr (rig->events->str, ==,
                   "up\n+alice@example.com 0\n+alice@example.com 1\n"
                   "+alice@example.com 2\n");
  session_exec (slow, "COMMIT");
  PQfinish (slow);
  rig_wait_event (rig, "+bob@example.com slow");
  g_string_truncate (rig->events, 0);
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  g_assert_cmpstr (rig->events->str, ==, "");
}

/* The listening session is ended again and again while users change. */
static void
test_listener_killed (void)
{
  g_autoptr (Rig) rig = started ();

  for (guint i = 0; i < 4; i++) {
    g_autofree char *line = g_strdup_printf ("+alice@example.com n%u", i);

    admin ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
           " WHERE application_name = 'rollcalld (control)';"
           "UPDATE rollcall.users SET display_name = 'n%u' WHERE aor ~ '^al'",
           i);
    rig_wait_event (rig, line);
  }
  g_assert_false (rig->has_failed);
}

/* The daemon's own batches fire nothing, and others cannot write its tables. */
static void
test_own_writes (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *insert = NULL;
  g_autofree char *truncate = NULL;

  admin ("DELETE FROM rollcall.changes; DELETE FROM rollcall.audit");
  rig_submit_one (rig, "a",
                  write_of (STORE_PUT_BINDING, sample_binding ("alice", "k")));
  rig_expect_outcomes (rig, 1, "a=COMMITTED\n");
  rig_submit_one (
      rig, "b",
      write_of (STORE_PUT_SUBSCRIPTION, sample_subscription ("alice", "t")));
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 2, "b=COMMITTED\nflush=COMMITTED\n");
  assert_value ("SELECT count(*) FROM rollcall.changes", "0");
  assert_value ("SELECT count(*) FROM rollcall.audit", "0");
  assert_value ("SELECT count(*) FROM rollcall.online", "1");
  insert = admin_refused ("DELETE FROM rollcall.subscriptions");
  g_assert_nonnull (strstr (insert, "belongs to the running server"));
  truncate = admin_refused ("TRUNCATE rollcall.bindings");
  g_assert_nonnull (strstr (truncate, "read-only"));
}

/* A watcher of a domain of ours who was removed while no daemon ran. */
static void
test_removed_watcher (void)
{
  g_autoptr (Rig) rig = started ();

  rig_submit_one (
      rig, "s",
      write_of (STORE_PUT_SUBSCRIPTION, sample_subscription ("alice", "t")));
  rig_expect_outcomes (rig, 1, "s=COMMITTED\n");
  rig_stop (rig);
  admin ("DELETE FROM rollcall.users WHERE aor = 'bob@example.com'");
  rig_start (rig);
  g_assert_cmpuint (rig->subscriptions->len, ==, 0);
  assert_value ("SELECT count(*) FROM rollcall.subscriptions", "0");
}

void
follow_add_tests (void)
{
  g_test_add_func ("/store/pg/follow/update", test_update);
  g_test_add_func ("/store/pg/follow/many", test_many);
  g_test_add_func ("/store/pg/follow/truncate", test_truncate);
  g_test_add_func ("/store/pg/follow/sync", test_sync);
  g_test_add_func ("/store/pg/follow/late-commit", test_late_commit);
  g_test_add_func ("/store/pg/follow/listener-killed", test_listener_killed);
  g_test_add_func ("/store/pg/follow/own-writes", test_own_writes);
  g_test_add_func ("/store/pg/follow/removed-watcher", test_removed_watcher);
}
