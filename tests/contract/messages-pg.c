/* SPDX-License-Identifier: ISC
 *
 * Messages on a real PostgreSQL: batches, what an administrator does, and what is
 * left when a session, or the server, is lost in the middle (DESIGN section 3,
 * rule 5): what was answered DONE is there, what was answered AWAY never is. */
#include "tests/contract/messages.h"
#include "tests/contract/pg.h"

#include <signal.h>
#include <string.h>

static Rig *
started (void)
{
  Rig *rig = rig_new (&rig_kind_pg);

  rig_add_user (rig, "alice");
  rig_add_user (rig, "bob");
  rig_start (rig);
  msg_put_sample (rig, 1, ALICE);
  msg_put_sample (rig, 2, BOB); /* their lanes are up */
  msg_expect_done (rig, 2);
  return rig;
}

static void
turns (Rig *rig, guint n)
{
  while (n-- > 0)
    test_loop_turn (rig->loop, 1);
}

static void
flush (Rig *rig)
{
  rig_flush (rig, "flush", 20000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
}

/* --- Batches --- */

/* What comes in one turn, and while a batch is in flight, is one statement. */
static void
test_batch (void)
{
  g_autoptr (Rig) rig = started ();
  gint64 *n_batches = counters_cell (rig->counters, "db_batches");
  gint64 before = *n_batches;

  for (guint64 id = 100; id < 200; id++)
    msg_put_sample (rig, id, ALICE);
  turns (rig, 1); /* sent */
  for (guint64 id = 200; id < 300; id++) {
    msg_put_sample (rig, id, ALICE);
    if (id == 250)
      test_loop_turn (rig->loop, 0);
  }
  msg_expect_done (rig, 200);
  g_assert_cmpint (*n_batches - before, <=, 4);
  for (guint64 id = 100; id < 400; id++)
    msg_end (rig, "end", ALICE, id, MESSAGES_TAKEN, "d", 200);
  before = *n_batches;
  msg_expect_done (rig, 300);
  g_assert_cmpint (*n_batches - before, <=, 4);
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "1");
}

/* An end never goes before its put, however they mix in one turn. */
static void
test_order (void)
{
  g_autoptr (Rig) rig = started ();

  for (guint64 id = 100; id < 150; id++) {
    msg_end (rig, "end", ALICE, id - 1, MESSAGES_TAKEN, "d", 200);
    msg_put_sample (rig, id, ALICE);
  }
  msg_expect_done (rig, 100);
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "1 149");
}

/* What only PostgreSQL finds unfit: it alone is refused. */
static void
test_poison (void)
{
  g_autoptr (Rig) rig = started ();
  guint n_refused = 0;
  g_auto (GStrv) lines = NULL;

  admin ("ALTER TABLE rollcall.messages ADD CONSTRAINT unfit"
         " CHECK (id NOT IN (13, 17))");
  for (guint64 id = 10; id < 20; id++)
    msg_put_sample (rig, id, ALICE);
  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  while (rig->n_outcomes < 11)
    test_loop_turn (rig->loop, 10);
  admin ("ALTER TABLE rollcall.messages DROP CONSTRAINT unfit");
  lines = g_strsplit (rig->outcomes->str, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    n_refused += g_str_has_suffix (lines[i], "=REFUSED");
  g_assert_cmpuint (n_refused, ==, 2);
  g_assert_nonnull (strstr (rig->outcomes->str, "13=REFUSED\n"));
  g_assert_nonnull (strstr (rig->outcomes->str, "17=REFUSED\n"));
  g_assert_nonnull (strstr (rig->outcomes->str, "end=DONE\n"));
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 20), ==, "10 11 12 14 15 16 18 19");
}

/* Somebody holds the table for a while: nothing else waits, nothing is lost. */
static void
test_locked (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();

  session_exec (other, "BEGIN; LOCK TABLE rollcall.messages");
  msg_put_sample (rig, 10, ALICE);
  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  rig_submit_one (rig, "b",
                  write_of (STORE_PUT_BINDING, sample_binding ("alice", "b")));
  rig_expect_outcomes (rig, 1, "b=COMMITTED\n");
  session_exec (other, "COMMIT");
  msg_expect_done (rig, 2);
  /* For longer than anybody waits: refused, and never written later. */
  session_exec (other, "BEGIN; LOCK TABLE rollcall.messages");
  msg_put_sample (rig, 11, ALICE);
  rig_expect_outcomes (rig, 1, "11=AWAY\n");
  session_exec (other, "COMMIT");
  PQfinish (other);
  flush (rig);
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 20), ==, "10");
}

/* What is not given up does not hold up its batch all the time: without a pause
 * there would be an attempt each 250 ms. */
static void
test_locked_long (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();
  gint64 *n_batches = counters_cell (rig->counters, "db_batches");
  gint64 before = *n_batches, end = g_get_monotonic_time () + 4000000;

  session_exec (other, "BEGIN; LOCK TABLE rollcall.messages");
  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  while (g_get_monotonic_time () < end)
    test_loop_turn (rig->loop, 10);
  g_assert_cmpint (*n_batches - before, <=, 11);
  session_exec (other, "COMMIT");
  PQfinish (other);
  msg_expect_done (rig, 1);
}

/* Many large ones are several statements. */
static void
test_large (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *text = g_strnfill (65536, 'x');

  admin ("CREATE TABLE public.statements (n int);"
         "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS"
         " $$ BEGIN INSERT INTO public.statements VALUES (1); RETURN NULL;"
         " END $$;"
         "CREATE TRIGGER note AFTER INSERT ON rollcall.messages"
         " EXECUTE FUNCTION public.note()");
  for (guint64 id = 10; id < 60; id++) {
    g_autoptr (StoredMessage) m = sample_message (id, ALICE);

    g_bytes_unref (m->body);
    m->body = g_bytes_new (text, 65536);
    msg_put (rig, "m", m);
  }
  msg_expect_done (rig, 50);
  assert_value ("SELECT count(*) BETWEEN 3 AND 5 FROM public.statements", "t");
  admin ("DROP FUNCTION public.note() CASCADE; DROP TABLE public.statements");
  g_assert_cmpint (msg_count (rig, ALICE), ==, 51);
}

/* DESIGN section 3: stored messages are durable, the ledger is soft. */
static void
test_durable (void)
{
  g_autoptr (Rig) rig = started ();

  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  msg_put_sample (rig, 10, ALICE);
  msg_expect_done (rig, 2);
  rig_stop (rig);
  server_kill ();
  server_start ();
  rig_start (rig);
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 20), ==, "10");
}

/* --- The ledger --- */

static void
note (Rig *rig, guint64 id)
{
  rig->messages->note_delivery (rig->messages->self, id, ALICE, "d",
                                MESSAGES_SENT, 0);
}

static gboolean
has_state (gpointer data)
{
  g_autofree char *state
      = admin_value ("SELECT state FROM rollcall.message_log WHERE id = 1"
                     " AND device = 'd'");

  return g_strcmp0 (state, data) == 0;
}

/* By itself after a while, with the time when it was so, and no earlier. */
static void
test_behind (void)
{
  g_autoptr (Rig) rig = started ();
  gint64 *n_batches = counters_cell (rig->counters, "db_batches");
  gint64 before = *n_batches;

  for (guint i = 0; i < 1000; i++)
    note (rig, 1);
  turns (rig, 10);
  g_assert_cmpint (*n_batches, ==, before);
  rig_wait (rig, has_state, (gpointer) "sent");
  g_assert_cmpint (*n_batches, ==, before + 1);
  assert_value ("SELECT now() - at > interval '1.5 s' FROM rollcall.deliveries",
                "t");
}

#define MANY 100000

/* While PostgreSQL is away the oldest go, and are counted. */
static void
test_bounded (void)
{
  g_autoptr (Rig) rig = started ();
  gint64 *n_dropped = counters_cell (rig->counters, "messages_ledger_dropped");

  server_signal (SIGSTOP);
  for (guint i = 0; i < MANY + 10; i++)
    note (rig, i < 10 || i >= MANY ? 1 + i : 1000000 + i);
  g_assert_cmpint (*n_dropped, ==, 10);
  note (rig, MANY + 10); /* merged */
  g_assert_cmpint (*n_dropped, ==, 10);
  server_signal (SIGCONT);
  admin ("SET rollcall.origin = 'daemon';"
         "INSERT INTO rollcall.messages (id, call_id, from_tag, cseq, sender,"
         "  recipient, created_at, expires_at) VALUES (%u, 'x', '', 1, 'x',"
         "  '" ALICE "', now(), now());"
         "RESET rollcall.origin",
         MANY + 10);
  flush (rig);
  assert_value ("SELECT string_agg(message_id::text, ' ')"
                " FROM rollcall.deliveries",
                "100010");
}

/* --- The administrator --- */

static void
test_permissions (void)
{
  g_autoptr (Rig) rig = started ();
  static const char *const refused[]
      = { "UPDATE rollcall.messages SET body = 'x'",
          "INSERT INTO rollcall.messages SELECT * FROM rollcall.messages",
          "DELETE FROM rollcall.deliveries", "TRUNCATE rollcall.deliveries",
          "UPDATE rollcall.deliveries SET state = 'sent'" };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *error = admin_refused (refused[i]);

    g_assert_nonnull (strstr (error, "read-only"));
  }
  admin ("CREATE ROLE clerk; GRANT USAGE ON SCHEMA rollcall TO clerk;"
         "SET SESSION AUTHORIZATION clerk");
  g_free (admin_refused ("DELETE FROM rollcall.messages"));
  g_free (admin_refused ("SELECT rollcall.retry_message(1)"));
  g_free (admin_refused ("SELECT rollcall.drop_failures(1)"));
  admin ("RESET SESSION AUTHORIZATION;"
         "GRANT DELETE, SELECT ON rollcall.messages TO clerk;"
         "SET SESSION AUTHORIZATION clerk;"
         "SELECT rollcall.retry_message(1);"
         "DELETE FROM rollcall.messages WHERE id = 1;"
         "RESET SESSION AUTHORIZATION;"
         "DROP OWNED BY clerk; DROP ROLE clerk");
  rig_wait_event (rig, "messages " ALICE);
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 20), ==, "");
}

static void
test_retry (void)
{
  g_autoptr (Rig) rig = started ();

  msg_end (rig, "end", ALICE, 1, MESSAGES_FAILED, "d", 415);
  msg_end (rig, "end", BOB, 2, MESSAGES_TAKEN, "d", 200);
  msg_expect_done (rig, 2);
  g_string_truncate (rig->events, 0);
  assert_value ("SELECT rollcall.retry_message(99)", "f");
  assert_value ("SELECT rollcall.retry_message(2)", "f");
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  g_assert_cmpstr (rig->events->str, ==, "");
  assert_value ("SELECT rollcall.retry_message(1)", "t");
  rig_wait_event (rig, "messages " ALICE);
  msg_read (rig, ALICE, 0, 20);
  g_assert_null (((StoredMessage *)msg_last ()->pdata[0])->refused);
  assert_messages (rig, "1 " BOB " " ALICE " queued\n"
                        "2 " BOB " " BOB " ended d=delivered\n");
  assert_value ("SELECT string_agg(concat_ws(' ', id, device, state, status),"
                " ', ' ORDER BY id) FROM rollcall.message_log",
                "1 queued, 2 d delivered 200");
}

/* Above 1,000 recipients in one statement, or all: read everything anew. */
static void
test_purge_many (void)
{
  g_autoptr (Rig) rig = started ();

  admin ("SET rollcall.origin = 'daemon';"
         "INSERT INTO rollcall.messages (id, call_id, from_tag, cseq, sender,"
         "  recipient, body, created_at, expires_at) SELECT 10 + i, 'x', '', i,"
         "  'x', 'u' || i || '@example.com', 'x', now(), now()"
         "  FROM generate_series(1, 1001) i;"
         "RESET rollcall.origin");
  admin ("DELETE FROM rollcall.messages WHERE id > 10");
  rig_wait_event (rig, "messages *");
  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  msg_expect_done (rig, 1);
  g_string_truncate (rig->events, 0);
  admin ("DELETE FROM rollcall.messages WHERE id = 1"); /* nobody waits */
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  g_assert_cmpstr (rig->events->str, ==, "");
  assert_value ("SELECT count(*) FROM rollcall.deliveries", "0");
  admin ("TRUNCATE rollcall.messages");
  rig_wait_event (rig, "messages *");
  g_assert_cmpstr (msg_read (rig, BOB, 0, 20), ==, "");
}

/* --- Faults --- */

static void
end_writers (void)
{
  admin ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
         " WHERE application_name = 'rollcalld (writer)'");
}

static void
kill_server (void)
{
  server_kill ();
  server_start ();
}

/* Puts and ends again and again, with a fault in the middle: each message that
 * was answered DONE is there or has been ended, none that was not. */
static void
check_faults (guint rounds, guint per_round, void (*fault) (void))
{
  g_autoptr (Rig) rig = started ();
  g_autoptr (GString) expected = g_string_new ("1");
  guint64 id = 100, n_done = 0;

  for (guint round = 0; round < rounds; round++) {
    guint64 first = id;
    g_auto (GStrv) lines = NULL;

    for (guint i = 0; i < per_round; i++)
      msg_put_sample (rig, id++, ALICE);
    turns (rig, (guint)g_test_rand_int_range (0, 4));
    fault ();
    while (rig->n_outcomes < per_round)
      test_loop_turn (rig->loop, 10);
    lines = g_strsplit (rig->outcomes->str, "\n", -1);
    for (guint i = 0; i < per_round; i++) {
      g_auto (GStrv) parts = g_strsplit (lines[i], "=", 2);
      gboolean is_done = strcmp (parts[1], "DONE") == 0;
      guint64 which = g_ascii_strtoull (parts[0], NULL, 10);

      g_assert_true (is_done || strcmp (parts[1], "AWAY") == 0);
      n_done += is_done;
      if (is_done && which % 2 == 0)
        msg_end (rig, "end", ALICE, which, MESSAGES_TAKEN, "d", 200);
    }
    for (; first < id; first++) {
      g_autofree char *line
          = g_strdup_printf ("%" G_GUINT64_FORMAT "=DONE\n", first);

      if (first % 2 == 1 && strstr (rig->outcomes->str, line) != NULL)
        g_string_append_printf (expected, " %" G_GUINT64_FORMAT, first);
    }
    g_string_truncate (rig->outcomes, 0);
    rig->n_outcomes = 0;
    turns (rig, (guint)g_test_rand_int_range (0, 3));
    fault ();
    rig_flush (rig, "flush", 20000);
    while (strstr (rig->outcomes->str, "flush=COMMITTED\n") == NULL)
      test_loop_turn (rig->loop, 10);
    g_assert_null (strstr (rig->outcomes->str, "AWAY"));
    g_string_truncate (rig->outcomes, 0);
    rig->n_outcomes = 0;
    while (strcmp (msg_read (rig, ALICE, 0, 10000), "away") == 0)
      test_loop_turn (rig->loop, 10);
    g_assert_cmpstr (msg_read (rig, ALICE, 0, 10000), ==, expected->str);
  }
  g_test_message ("%" G_GUINT64_FORMAT " done", n_done);
}

static void
test_session_ended (void)
{
  check_faults (20, 30, end_writers);
}

static void
test_server_killed (void)
{
  check_faults (3, 30, kill_server);
}

/* Hung with a put in flight: AWAY at once, and removed when it turns out to have
 * been committed; the sender's repetition is stored. */
static void
test_hung (void)
{
  g_autoptr (Rig) rig = started ();

  admin ("CREATE FUNCTION public.nap() RETURNS trigger LANGUAGE plpgsql AS"
         " $$ BEGIN PERFORM pg_sleep(%d); RETURN NULL; END $$;"
         "CREATE TRIGGER nap BEFORE INSERT ON rollcall.messages"
         " EXECUTE FUNCTION public.nap()",
         HUNG_AFTER / 1000 + 2);
  msg_put_sample (rig, 10, ALICE);
  turns (rig, 5);
  msg_put_sample (rig, 11, ALICE); /* waits behind it */
  while (rig->n_outcomes < 2)
    test_loop_turn (rig->loop, 10);
  g_assert_nonnull (strstr (rig->outcomes->str, "10=AWAY\n"));
  g_assert_nonnull (strstr (rig->outcomes->str, "11=AWAY\n"));
  g_string_truncate (rig->outcomes, 0);
  rig->n_outcomes = 0;
  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  rig_wait_event (rig, "up");
  msg_expect_done (rig, 1);
  flush (rig);
  admin ("DROP FUNCTION public.nap() CASCADE");
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 20), ==, "");
  assert_value ("SELECT count(*) FROM rollcall.messages WHERE id > 2", "0");
  msg_put_sample (rig, 10, ALICE);
  msg_expect_done (rig, 1);
}

/* What commits waits for a standby that does not exist: it is there, and its
 * answer never comes. */
static void
hold_commits (gboolean is_held)
{
  admin ("SET synchronous_commit = off");
  admin ("ALTER SYSTEM %s", is_held ? "SET synchronous_standby_names = 'nobody'"
                                    : "RESET synchronous_standby_names");
  admin ("SELECT pg_reload_conf()");
}

static gboolean
is_held (gpointer data)
{
  g_autofree char *n = admin_value (
      "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");

  return strcmp (n, "0") != 0;
}

/* Puts messages until one is committed and not answered; its id. */
static guint64
put_held (Rig *rig, guint64 id)
{
  hold_commits (TRUE);
  for (;; id++) {
    guint n = rig->n_outcomes;

    msg_put_sample (rig, id, ALICE);
    while (rig->n_outcomes == n && !is_held (NULL))
      test_loop_turn (rig->loop, 5);
    if (rig->n_outcomes == n)
      return id;
    g_string_truncate (rig->outcomes, 0);
  }
}

/* Committed, and the session lost before the answer: found when it is sent
 * again. */
static void
test_lost_answer (void)
{
  g_autoptr (Rig) rig = started ();
  guint64 id = put_held (rig, 10);
  g_autofree char *done = g_strdup_printf ("%" G_GUINT64_FORMAT "=DONE\n", id);

  rig->n_outcomes = 0;
  end_writers ();
  while (is_held (NULL)) /* by the old backend */
    g_usleep (1000);
  hold_commits (FALSE);
  rig_expect_outcomes (rig, 1, done);
  assert_value ("SELECT count(*) = count(DISTINCT id) FROM rollcall.messages",
                "t");
  g_assert_cmpint (msg_count (rig, ALICE), ==, (gint64)(id - 10 + 2));
  g_assert_false (rig_has_event (rig, "away"));
}

/* Committed, answered AWAY since it took too long, and then the session lost:
 * removed by the next one. */
static void
test_lost_and_late (void)
{
  g_autoptr (Rig) rig = started ();
  guint64 id = put_held (rig, 10);
  g_autofree char *away = g_strdup_printf ("%" G_GUINT64_FORMAT "=AWAY\n", id);

  rig->n_outcomes = 0;
  rig_expect_outcomes (rig, 1, away);
  end_writers ();
  hold_commits (FALSE);
  rig_wait_event (rig, "up");
  flush (rig);
  g_assert_cmpint (msg_count (rig, ALICE), ==, (gint64)(id - 10 + 1));
  msg_put_sample (rig, id, ALICE);
  msg_expect_done (rig, 1);
}

/* Ends and the ledger survive everything. */
static void
test_ends_survive (void)
{
  g_autoptr (Rig) rig = started ();

  server_signal (SIGSTOP);
  msg_end (rig, "first", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  note (rig, 2);
  turns (rig, 3);
  msg_put_sample (rig, 3, ALICE);
  rig_expect_outcomes (rig, 1, "3=AWAY\n");
  msg_end (rig, "second", BOB, 2, MESSAGES_FAILED, "e", 415);
  turns (rig, 3);
  server_kill ();
  turns (rig, 30);
  msg_end (rig, "third", BOB, 2, MESSAGES_EXPIRED, NULL, 0);
  server_start ();
  msg_expect_done (rig, 3);
  assert_messages (rig, "1 " BOB " " ALICE " ended d=delivered\n"
                        "2 " BOB " " BOB " ended =expired d=sent e=failed\n");
}

/* More is swept than one part has. */
static void
test_sweep_parts (void)
{
  g_autoptr (Rig) rig = started ();

  admin ("SET rollcall.origin = 'daemon';"
         "INSERT INTO rollcall.messages (id, call_id, from_tag, cseq, sender,"
         "  recipient, body, created_at, expires_at) SELECT 10 + i, 'x', '', i,"
         "  'x', CASE i %% 2 WHEN 0 THEN '" ALICE "' ELSE '" BOB "' END, 'x',"
         "  now(), now() FROM generate_series(1, 1700) i;"
         "RESET rollcall.origin");
  msg_sweep (rig, "sweep", 100);
  while (rig->n_outcomes < 1)
    test_loop_turn (rig->loop, 10);
  g_assert_nonnull (strstr (rig->outcomes->str, ALICE ":1\n"));
  g_assert_nonnull (strstr (rig->outcomes->str, BOB ":1\n"));
  g_assert_true (g_str_has_suffix (rig->outcomes->str, "\nsweep=DONE\n"));
  rig->n_outcomes = 0;
  g_string_truncate (rig->outcomes, 0);
  msg_sweep (rig, "sweep", 100);
  rig_expect_outcomes (rig, 1, "sweep=DONE\n");
  assert_value ("SELECT count(*) FROM rollcall.messages", "2");
  assert_value ("SELECT count(*) FROM rollcall.deliveries", "0");
}

void
messages_pg_add_tests (void)
{
  g_test_add_func ("/messages/pg/batch", test_batch);
  g_test_add_func ("/messages/pg/batch/order", test_order);
  g_test_add_func ("/messages/pg/poison", test_poison);
  g_test_add_func ("/messages/pg/locked", test_locked);
  g_test_add_func ("/messages/pg/locked/long", test_locked_long);
  g_test_add_func ("/messages/pg/large", test_large);
  g_test_add_func ("/messages/pg/durable", test_durable);
  g_test_add_func ("/messages/pg/ledger/behind", test_behind);
  g_test_add_func ("/messages/pg/ledger/bounded", test_bounded);
  g_test_add_func ("/messages/pg/sweep/parts", test_sweep_parts);
  g_test_add_func ("/messages/pg/psql/permissions", test_permissions);
  g_test_add_func ("/messages/pg/psql/retry", test_retry);
  g_test_add_func ("/messages/pg/psql/many", test_purge_many);
  g_test_add_func ("/messages/pg/fault/session", test_session_ended);
  g_test_add_func ("/messages/pg/fault/server", test_server_killed);
  g_test_add_func ("/messages/pg/fault/hung", test_hung);
  g_test_add_func ("/messages/pg/fault/lost-answer", test_lost_answer);
  g_test_add_func ("/messages/pg/fault/lost-and-late", test_lost_and_late);
  g_test_add_func ("/messages/pg/fault/ends", test_ends_survive);
}
