/* SPDX-License-Identifier: ISC
 *
 * Documents on a real PostgreSQL: what an administrator changes meanwhile, and
 * what is left of a write when a session, or the server, is lost (DESIGN section
 * 3, rule 5). */
#include "addr/contact.h"
#include "tests/contract/documents.h"
#include "tests/contract/pg.h"

#include <signal.h>
#include <string.h>

static Rig *
started (void)
{
  static const char *const users[]
      = { "alice", "bob", "carol", "dora", "eve", NULL };
  Rig *rig = rig_new (&rig_kind_pg);

  for (guint i = 0; users[i] != NULL; i++)
    rig_add_user (rig, users[i]);
  rig_start (rig);
  assert_outcome (lists_fetch (rig), DOCUMENTS_NONE); /* its lane is up */
  return rig;
}

static gboolean
has_changed (gpointer data)
{
  gpointer *pair = data;

  return strstr (((Rig *)pair[0])->changed->str, pair[1]) != NULL;
}

static void
wait_changed (Rig *rig, const char *line)
{
  gpointer pair[] = { rig, (gpointer)line };

  rig_wait (rig, has_changed, pair);
  g_string_truncate (rig->changed, 0);
}

/* --- The same rules in C and SQL --- */

static void
check_canonical (PGconn *session, const char *uri)
{
  const char *values[] = { uri };
  g_autofree char *ours = contact_canonical (uri);
  g_autofree char *aor = ours != NULL ? contact_aor (ours) : NULL;
  PGresult *result = PQexecParams (
      session, "SELECT rollcall.canonical_uri($1), rollcall.uri_aor($1)", 1,
      NULL, values, NULL, NULL, 0);

  g_assert_cmpint (PQresultStatus (result), ==, PGRES_TUPLES_OK);
  if (g_strcmp0 (ours,
                 PQgetisnull (result, 0, 0) ? NULL : PQgetvalue (result, 0, 0))
          != 0
      || g_strcmp0 (aor, PQgetisnull (result, 0, 1) ? NULL
                                                    : PQgetvalue (result, 0, 1))
             != 0)
    g_error ("%s: %s, %s in SQL", uri, ours, PQgetvalue (result, 0, 0));
  PQclear (result);
}

static void
test_canonical (void)
{
  static const char *const seeds[]
      = { "sip:Bob@Example.com;transport=tcp;a=%41b",
          "SIPS:b%6fb%2F%c3%a9.x@[2001:DB8::1]:5061",
          "tel:+49-(555).12;Ext=3",
          "tel:%2312A;phone-context=example.com",
          "xmpp:b_o-b@1.2.3.255",
          "pres:bob@a-b.c_d.example.COM..",
          "im:a&=+$,;?/b@e.org:5060",
          "sip:b\xc3\xb6%E2%82%AC@09.0.199.1:65535" };
  static const char alphabet[]
      = "@:;=%.-[]()#?/+&$~ aAzZ019Ff\x7f\"\\^{|}`<>'*!,_";
  PGconn *session = admin_session ();

  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++) {
    check_canonical (session, seeds[i]);
    for (guint n = 0; n < 250; n++) {
      g_autoptr (GString) text = g_string_new (seeds[i]);

      for (int edits = g_test_rand_int_range (1, 4); edits > 0; edits--) {
        guint at = g_test_rand_int_range (0, text->len);
        char c = alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)];

        if (g_test_rand_int_range (0, 3) == 0)
          g_string_erase (text, at, 1);
        else if (g_test_rand_int_range (0, 2) == 0)
          g_string_insert_c (text, at, c);
        else
          text->str[at] = c;
        if (text->len == 0)
          break;
      }
      if (g_utf8_validate (text->str, text->len, NULL))
        check_canonical (session, text->str);
    }
  }
  PQfinish (session);
}

/* --- From psql --- */

static void
test_psql (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *etag = NULL;
  const Answer *got;

  got = lists_put (rig, NULL, "bob carol", FALSE);
  etag = g_strdup (got->etag);
  g_string_truncate (rig->changed, 0);
  admin ("UPDATE rollcall.contacts SET display_name = 'B & B'"
         " WHERE uri ~ 'bob'");
  wait_changed (rig, "resource-lists " ALICE " index\n");
  got = lists_fetch (rig);
  g_assert_cmpstr (got->etag, !=, etag);
  g_assert_nonnull (strstr (got->body, "<entry uri=\"sip:bob@example.com\">"
                                       "<display-name>B &amp; B</display-name>"
                                       "</entry>"));
  admin ("UPDATE rollcall.contacts SET group_name = 'work' WHERE uri ~ 'carol';"
         "INSERT INTO rollcall.contacts (owner, uri, group_name) VALUES"
         " ('" ALICE "', 'tel:+1', 'friends')");
  got = lists_fetch (rig);
  g_assert_nonnull (strstr (got->body, "<entry uri=\"tel:+1\"/></list>"));
  g_assert_nonnull (strstr (got->body, "<list name=\"work\">\n"
                                       "  <entry uri=\"sip:carol@example.com\""
                                       "/>"));
  got = lists_put (rig, got->etag, "bob", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  assert_value ("SELECT string_agg(uri || display_name, ' ')"
                " FROM rollcall.contacts",
                NULL); /* the name went with its element */
  g_string_truncate (rig->changed, 0);
  admin ("TRUNCATE rollcall.contacts");
  wait_changed (rig, "resource-lists * *\n");
  g_assert_null (strstr (lists_fetch (rig)->body, "bob"));
  assert_value ("SELECT contact_count FROM rollcall.users WHERE aor ~ '^al'",
                "0");
}

static void
test_psql_settings (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *etag = g_strdup (
      doc_fetch (rig, "org.rollcall.settings", ALICE, "index")->etag);
  const Answer *got;

  admin ("UPDATE rollcall.users SET allow_without_approval = true"
         " WHERE aor = '" ALICE "'");
  wait_changed (rig, "org.rollcall.settings " ALICE " index\n");
  got = doc_fetch (rig, "org.rollcall.settings", ALICE, "index");
  g_assert_cmpstr (got->etag, !=, etag);
  g_assert_nonnull (strstr (got->body, "<allow-without-approval>true<"));
  g_free (etag);
  etag = g_strdup (got->etag);
  admin ("UPDATE rollcall.users SET display_name = 'X', ha1_md5 = NULL");
  got = doc_fetch (rig, "org.rollcall.settings", ALICE, "index");
  g_assert_cmpstr (got->etag, ==, etag);
}

/* Who is removed and added again never has an entity tag of before. */
static void
test_psql_again (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *etag = NULL;

  for (guint i = 0; i < 2; i++) {
    admin ("INSERT INTO rollcall.contacts (owner, uri) VALUES ('" ALICE
           "', 'sip:bob@example.com')");
    g_assert_cmpstr (lists_fetch (rig)->etag, !=, etag);
    g_free (etag);
    etag = g_strdup (lists_fetch (rig)->etag);
    admin ("DELETE FROM rollcall.users WHERE aor = '" ALICE "'");
    rig_add_user (rig, "alice");
  }
}

/* The order of a group is that of the document, however it was edited. */
static void
test_positions (void)
{
  static const char *const edits[]
      = { "bob carol", "bob carol dora", "eve bob carol dora", "carol eve",
          "carol bob eve dora" };
  g_autoptr (Rig) rig = started ();
  g_autofree char *etag = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    const Answer *got = lists_put (rig, etag, edits[i], FALSE);

    assert_outcome (got, DOCUMENTS_DONE);
    g_free (etag);
    etag = g_strdup (got->etag);
    assert_value ("SELECT string_agg(substring(uri from ':(.*)@'), ' '"
                  " ORDER BY position) FROM rollcall.contacts",
                  edits[i]);
  }
  assert_value ("SELECT count(DISTINCT position) FROM rollcall.contacts", "4");
}

/* A change of the daemon's own is not one of an administrator's. */
static void
test_own (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *refused = NULL;

  admin ("DELETE FROM rollcall.changes; DELETE FROM rollcall.audit");
  assert_outcome (lists_put (rig, NULL, "bob carol", FALSE), DOCUMENTS_DONE);
  assert_value ("SELECT count(*) FROM rollcall.changes", "0");
  assert_value ("SELECT contact_count FROM rollcall.users WHERE aor ~ '^al'",
                "2");
  refused = admin_refused ("INSERT INTO rollcall.service_uris VALUES"
                           " ('a', 'b', 'c')");
  g_assert_nonnull (strstr (refused, "read-only"));
}

/* --- Permanent presence --- */

#define PERMANENT "pidf-manipulation"

/* Waits until all that was committed has been told. */
static void
assert_told (Rig *rig, const char *expected)
{
  g_string_truncate (rig->outcomes, 0);
  rig->n_outcomes = 0;
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  g_assert_cmpstr (rig->changed->str, ==, expected);
  g_string_truncate (rig->changed, 0);
}

/* Administrators write it, as all their tables: at once in force, audited, with
 * a new entity tag. */
static void
test_permanent (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *etag = NULL;
  const Answer *got;

  admin ("DELETE FROM rollcall.audit; DELETE FROM rollcall.changes;"
         "INSERT INTO rollcall.xcap_documents (auid, owner, filename, body)"
         " VALUES ('" PERMANENT "', 'ALICE@example.com', 'index', 'one')");
  assert_told (rig, PERMANENT " " ALICE " index\n");
  got = doc_fetch (rig, PERMANENT, ALICE, "index");
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_cmpstr (got->body, ==, "one");
  etag = g_strdup (got->etag);
  admin ("UPDATE rollcall.xcap_documents SET body = 'two'");
  assert_told (rig, PERMANENT " " ALICE " index\n");
  got = doc_fetch (rig, PERMANENT, ALICE, "index");
  g_assert_cmpstr (got->body, ==, "two");
  g_assert_cmpstr (got->etag, !=, etag);
  admin ("UPDATE rollcall.xcap_documents SET owner = 'bob@example.com'");
  wait_changed (rig, PERMANENT " bob@example.com index\n");
  admin ("DELETE FROM rollcall.xcap_documents");
  wait_changed (rig, PERMANENT " bob@example.com index\n");
  assert_outcome (doc_fetch (rig, PERMANENT, ALICE, "index"), DOCUMENTS_NONE);
  assert_value ("SELECT string_agg(action || ' ' || key, ', ' ORDER BY id)"
                " FROM rollcall.audit WHERE table_name = 'xcap_documents'",
                "insert " ALICE ", update " ALICE ", update " ALICE
                ", update bob@example.com, delete bob@example.com");
}

static void
test_permanent_refused (void)
{
  static const struct {
    const char *sql, *says;
  } rows[] = {
    { "INSERT INTO rollcall.xcap_documents VALUES ('pres-rules', '" ALICE
      "', 'index', 'e', 'x')",
      "read-only" },
    { "INSERT INTO rollcall.xcap_documents VALUES ('" PERMANENT "', '" ALICE
      "', 'other', 'e', 'x')",
      "one document" },
    { "INSERT INTO rollcall.xcap_documents VALUES ('" PERMANENT
      "', 'x@example.com', 'index', 'e', 'x')",
      "no such user" },
    { "UPDATE rollcall.xcap_documents SET body = 'x'", "read-only" },
    { "UPDATE rollcall.xcap_documents SET auid = '" PERMANENT "'",
      "read-only" },
    { "DELETE FROM rollcall.xcap_documents", "read-only" },
    { "TRUNCATE rollcall.xcap_documents", "read-only" },
  };
  g_autoptr (Rig) rig = started ();

  assert_outcome (lists_put (rig, NULL, "bob", FALSE), DOCUMENTS_DONE);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *refused = admin_refused (rows[i].sql);

    g_assert_nonnull (strstr (refused, rows[i].says));
  }
  assert_value ("SELECT string_agg(auid, ' ') FROM rollcall.xcap_documents",
                "resource-lists");
}

static void
put_permanent (Rig *rig, const char *owner)
{
  const Put put
      = { .auid = PERMANENT, .owner = owner, .name = "index", .body = "x" };

  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
  g_string_truncate (rig->changed, 0);
}

/* It goes with its user, also when one of the same name comes at once. */
static void
test_permanent_again (void)
{
  g_autoptr (Rig) rig = started ();

  put_permanent (rig, ALICE);
  admin ("BEGIN; DELETE FROM rollcall.users WHERE aor = '" ALICE "';"
         "INSERT INTO rollcall.users (aor) VALUES ('" ALICE "'); COMMIT");
  wait_changed (rig, PERMANENT " " ALICE " index\n");
  assert_outcome (doc_fetch (rig, PERMANENT, ALICE, "index"), DOCUMENTS_NONE);
  put_permanent (rig, ALICE);
  admin ("BEGIN; TRUNCATE rollcall.users CASCADE;"
         "INSERT INTO rollcall.users (aor) VALUES ('" ALICE "'); COMMIT");
  wait_changed (rig, PERMANENT " " ALICE " index\n");
  assert_outcome (doc_fetch (rig, PERMANENT, ALICE, "index"), DOCUMENTS_NONE);
}

/* "Reload this table": of anybody, then of who has one now. */
static void
test_permanent_many (void)
{
  g_autoptr (Rig) rig = started ();

  put_permanent (rig, ALICE);
  admin ("INSERT INTO rollcall.users (aor)"
         " SELECT 'u' || i || '@example.com' FROM generate_series(1, 1001) i;"
         "DELETE FROM rollcall.changes;"
         "INSERT INTO rollcall.xcap_documents (auid, owner, filename, body)"
         " SELECT '" PERMANENT "', aor, 'index', 'x' FROM rollcall.users"
         " WHERE aor LIKE 'u%%'");
  assert_value ("SELECT count(*) || ' ' || count(key) FROM rollcall.changes",
                "1 0");
  wait_changed (rig, PERMANENT " u1001@example.com index\n");
  admin ("DELETE FROM rollcall.xcap_documents WHERE owner LIKE 'u%%'");
  wait_changed (rig, PERMANENT " * *\n");
  assert_told (rig, PERMANENT " " ALICE " index\n");
}

/* --- At the same time --- */

/* Somebody thinks for a while with a user's row locked: that user's list waits,
 * nobody else does. */
static void
test_locked (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();
  g_autofree char *body = lists_body ("bob");
  Put put = {
    .auid = "resource-lists", .owner = ALICE, .name = "index", .body = body
  };
  Answer answer = { 0 };

  session_exec (other, "BEGIN; UPDATE rollcall.users SET display_name = 'x'"
                       " WHERE aor = '" ALICE "'");
  doc_start_put (rig, &put, &answer);
  rig_submit_one (rig, "a",
                  write_of (STORE_PUT_BINDING, sample_binding ("alice", "a")));
  rig_expect_outcomes (rig, 1, "a=COMMITTED\n");
  g_assert_false (answer.is_here);
  session_exec (other, "COMMIT");
  g_assert_true (test_loop_run_until_set (rig->loop, &answer.is_here, 10000));
  assert_outcome (&answer, DOCUMENTS_DONE);
  /* For longer than anybody waits: refused, and never written later. */
  put.old_etag = answer.etag;
  put.body = "<resource-lists xmlns='" RL "'/>";
  session_exec (other, "BEGIN; UPDATE rollcall.users SET display_name = 'y'"
                       " WHERE aor = '" ALICE "'");
  assert_outcome (doc_put (rig, &put), DOCUMENTS_AWAY);
  g_assert_true (rig->port->is_up (rig->port->self));
  session_exec (other, "COMMIT");
  g_usleep (100000);
  g_assert_cmpstr (lists_fetch (rig)->body, ==, body);
  answer_clear (&answer);
  PQfinish (other);
}

/* An administrator has inserted the same contact, and not committed yet: his row
 * waits for nothing, ours for him. */
static void
test_same_contact (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();
  g_autofree char *body = lists_body ("bob");
  Put put = {
    .auid = "resource-lists", .owner = ALICE, .name = "index", .body = body
  };
  Answer answer = { 0 };

  session_exec (other, "BEGIN; INSERT INTO rollcall.contacts (owner, uri)"
                       " VALUES ('" ALICE "', 'sip:BOB@example.com')");
  doc_start_put (rig, &put, &answer);
  for (guint i = 0; i < 20; i++)
    test_loop_turn (rig->loop, 5);
  g_assert_false (answer.is_here);
  session_exec (other, "COMMIT");
  g_assert_true (test_loop_run_until_set (rig->loop, &answer.is_here, 10000));
  assert_outcome (&answer, DOCUMENTS_CHANGED);
  assert_contacts (rig, "BOB");
  answer_clear (&answer);
  PQfinish (other);
}

#define ADDERS 8
#define LIMIT "20"

static gboolean
is_adding (PGconn *session)
{
  PGresult *result;

  PQconsumeInput (session);
  if (PQisBusy (session))
    return TRUE;
  while ((result = PQgetResult (session)) != NULL) {
    g_assert_cmpint (PQresultStatus (result), ==, PGRES_TUPLES_OK);
    PQclear (result);
  }
  return FALSE;
}

/* One statement of an administrator's: three more. */
static void
add_three (PGconn *session, guint n)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT * FROM rollcall.add_contacts('" ALICE "', ARRAY['sip:p%u@x.org',"
      " 'sip:q%u@x.org', 'sip:s%u@x.org'])",
      n % 9, n, n % 5);

  g_assert_true (PQsendQuery (session, sql));
}

/* Eight sessions and a phone: the limit holds, the counter is right, and nothing
 * that was answered is lost. */
static void
test_concurrent (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *adders[ADDERS];
  guint n = 0, n_done = 0, n_changed = 0;
  const Answer *got;

  admin ("UPDATE rollcall.settings SET max_contacts = " LIMIT);
  for (guint i = 0; i < ADDERS; i++) {
    adders[i] = admin_session ();
    add_three (adders[i], n++);
  }
  for (guint round = 0; round < 60; round++) {
    g_autofree char *etag = NULL, *entries = NULL;

    for (guint i = 0; i < ADDERS; i++)
      if (!is_adding (adders[i]))
        add_three (adders[i], n++);
    got = lists_fetch (rig);
    etag = g_strdup (got->etag);
    entries = g_strdup_printf ("sip:r%u@x.org bob", round);
    got = lists_put (rig, etag, entries, round % 2);
    if (got->outcome == DOCUMENTS_CHANGED)
      n_changed++;
    else if (got->outcome != DOCUMENTS_AWAY) { /* refused, now and then */
      g_assert_true (got->outcome == DOCUMENTS_DONE
                     || got->outcome == DOCUMENTS_REFUSED);
      n_done += got->outcome == DOCUMENTS_DONE;
    }
    assert_value ("SELECT count(*) <= " LIMIT " FROM rollcall.contacts", "t");
  }
  for (guint i = 0; i < ADDERS; i++) {
    while (is_adding (adders[i]))
      g_usleep (1000);
    PQfinish (adders[i]);
  }
  g_assert_cmpuint (n_done, >, 0);
  assert_value (
      "SELECT contact_count = (SELECT count(*) FROM rollcall.contacts)"
      " FROM rollcall.users WHERE aor = '" ALICE "'",
      "t");
  g_test_message ("%u done, %u changed", n_done, n_changed);
}

/* --- Faults --- */

/* After an answer: what it said is so. */
static void
check_answer (Rig *rig, const Answer *answer, const Put *put, char **etag,
              char **body)
{
  const Answer *got;

  got = doc_fetch (rig, put->auid, put->owner, put->name);
  while (got->outcome == DOCUMENTS_AWAY) { /* said inside the call */
    test_loop_turn (rig->loop, 10);
    got = doc_fetch (rig, put->auid, put->owner, put->name);
  }
  assert_outcome (got, DOCUMENTS_DONE);
  if (answer->outcome == DOCUMENTS_DONE) {
    g_assert_cmpstr (got->body, ==, put->body);
    g_assert_cmpstr (got->etag, ==, answer->etag);
  } else {
    assert_outcome (answer, DOCUMENTS_AWAY);
    g_assert_cmpstr (got->body, ==, *body);
    g_assert_cmpstr (got->etag, ==, *etag);
  }
  g_free (*etag);
  *etag = g_strdup (got->etag);
  g_free (*body);
  *body = g_strdup (got->body);
}

/* Puts again and again, while fault happens at some time after the start. */
static guint
put_with_faults (Rig *rig, guint rounds, void (*fault) (guint round))
{
  g_autofree char *etag = NULL, *body = lists_body ("");
  guint n_done = 0;

  assert_outcome (lists_put (rig, NULL, "", FALSE), DOCUMENTS_DONE);
  etag = g_strdup (lists_fetch (rig)->etag);
  for (guint round = 0; round < rounds; round++) {
    g_autofree char *entries
        = g_strdup_printf ("sip:r%u@x.org %s", round, round % 2 ? "bob" : "");
    g_autofree char *new = lists_body (entries);
    Put put = { .auid = "resource-lists",
                .owner = ALICE,
                .name = "index",
                .old_etag = etag,
                .body = new };
    Answer answer = { 0 };

    doc_start_put (rig, &put, &answer);
    for (int n = g_test_rand_int_range (0, 4); n > 0; n--)
      test_loop_turn (rig->loop, 1);
    fault (round);
    g_assert_true (test_loop_run_until_set (rig->loop, &answer.is_here, 20000));
    n_done += answer.outcome == DOCUMENTS_DONE;
    check_answer (rig, &answer, &put, &etag, &body);
    answer_clear (&answer);
    assert_value (
        "SELECT contact_count = (SELECT count(*)"
        " FROM rollcall.contacts) FROM rollcall.users WHERE aor = '" ALICE "'",
        "t");
  }
  return n_done;
}

static void
end_writers (guint round)
{
  admin ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
         " WHERE application_name = 'rollcalld (writer)'");
}

static void
test_session_ended (void)
{
  g_autoptr (Rig) rig = started ();

  g_assert_cmpuint (put_with_faults (rig, 25, end_writers), >, 0);
}

static void
kill_server (guint round)
{
  server_kill ();
  server_start ();
}

static void
test_server_killed (void)
{
  g_autoptr (Rig) rig = started ();

  put_with_faults (rig, 4, kill_server);
}

/* Stopped with a write in flight: its outcome is waited for; what came meanwhile
 * is refused and never written. */
static void
test_stopped (void)
{
  g_autoptr (Rig) rig = started ();
  Put put
      = { .auid = "pres-rules", .owner = ALICE, .name = "a", .body = "<a/>" };
  Answer answer = { 0 };

  server_signal (SIGSTOP);
  doc_start_put (rig, &put, &answer);
  test_loop_turn (rig->loop, 0);
  test_loop_turn (rig->loop, 0); /* sent */
  put.name = "b";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_AWAY);
  g_assert_false (answer.is_here);
  assert_outcome (doc_fetch (rig, put.auid, ALICE, "a"), DOCUMENTS_AWAY);
  server_signal (SIGCONT);
  g_assert_true (test_loop_run_until_set (rig->loop, &answer.is_here, 10000));
  assert_outcome (&answer, DOCUMENTS_DONE);
  rig_wait_event (rig, "up");
  g_assert_cmpstr (doc_fetch (rig, put.auid, ALICE, "a")->etag, ==,
                   answer.etag);
  assert_outcome (doc_fetch (rig, put.auid, ALICE, "b"), DOCUMENTS_NONE);
  answer_clear (&answer);
}

/* Stopped, and its session gone when it goes on: only asked, not written. */
static void
test_stopped_and_ended (void)
{
  g_autoptr (Rig) rig = started ();
  PGconn *other = admin_session ();
  Put put
      = { .auid = "pres-rules", .owner = ALICE, .name = "a", .body = "<a/>" };
  Answer answer = { 0 };

  session_exec (other, "BEGIN; LOCK TABLE rollcall.xcap_documents");
  server_signal (SIGSTOP);
  doc_start_put (rig, &put, &answer);
  test_loop_turn (rig->loop, 0);
  test_loop_turn (rig->loop, 0);
  put.name = "b";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_AWAY);
  server_signal (SIGCONT);
  end_writers (0);
  session_exec (other, "COMMIT");
  g_assert_true (test_loop_run_until_set (rig->loop, &answer.is_here, 10000));
  assert_outcome (&answer, DOCUMENTS_AWAY);
  rig_wait_event (rig, "up");
  assert_outcome (doc_fetch (rig, put.auid, ALICE, "a"), DOCUMENTS_NONE);
  answer_clear (&answer);
  PQfinish (other);
}

/* DESIGN section 3: documents are durable. */
static void
test_durable (void)
{
  g_autoptr (Rig) rig = started ();
  g_autofree char *etag = NULL;

  etag = g_strdup (lists_put (rig, NULL, "bob", FALSE)->etag);
  rig_stop (rig);
  server_kill ();
  server_start ();
  rig_start (rig);
  g_assert_cmpstr (lists_fetch (rig)->etag, ==, etag);
  assert_contacts (rig, "bob");
}

void
documents_pg_add_tests (void)
{
  g_test_add_func ("/documents/pg/canonical", test_canonical);
  g_test_add_func ("/documents/pg/psql/contacts", test_psql);
  g_test_add_func ("/documents/pg/psql/settings", test_psql_settings);
  g_test_add_func ("/documents/pg/psql/again", test_psql_again);
  g_test_add_func ("/documents/pg/positions", test_positions);
  g_test_add_func ("/documents/pg/own", test_own);
  g_test_add_func ("/documents/pg/permanent/psql", test_permanent);
  g_test_add_func ("/documents/pg/permanent/refused", test_permanent_refused);
  g_test_add_func ("/documents/pg/permanent/again", test_permanent_again);
  g_test_add_func ("/documents/pg/permanent/many", test_permanent_many);
  g_test_add_func ("/documents/pg/locked", test_locked);
  g_test_add_func ("/documents/pg/same-contact", test_same_contact);
  g_test_add_func ("/documents/pg/concurrent", test_concurrent);
  g_test_add_func ("/documents/pg/fault/session", test_session_ended);
  g_test_add_func ("/documents/pg/fault/server", test_server_killed);
  g_test_add_func ("/documents/pg/fault/stopped", test_stopped);
  g_test_add_func ("/documents/pg/fault/stopped-and-ended",
                   test_stopped_and_ended);
  g_test_add_func ("/documents/pg/fault/durable", test_durable);
}
