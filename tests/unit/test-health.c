/* SPDX-License-Identifier: ISC
 *
 * Each check made to fail by the facts that it looks at; when findings are
 * written, on a fake clock and store/mem. */
#include "admin/health.h"
#include "store/store.h"
#include "tests/lib/fakeloop.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
#define DAY ((gint64)86400)
#define TODAY ((gint64)1800000000)

/* --- Checks --- */

/* Nothing is wrong. */
static CheckFacts
sound (void)
{
  return (CheckFacts){
    .real = TODAY * SECOND,
    .monotonic = 1000 * SECOND,
    .is_ready = TRUE,
    .has_database = TRUE,
    .lag = { 3, 1000, 2000 },
    .sync_took = 5000,
    .connections = 10,
    .max_connections = 100,
    .refused = 7,
    .files = 70,
    .max_files = 100,
    .tls = { .is_used = TRUE,
             .file = "/etc/cert.pem",
             .begins = TODAY - DAY,
             .ends = TODAY + 31 * DAY,
             .ends_in_force = TODAY + 31 * DAY },
    .xmpp = { .is_used = TRUE, .is_up = TRUE, .peer = "192.0.2.1:5347" },
  };
}

static const CheckFinding *
find (const GPtrArray *findings, const char *test)
{
  for (guint i = 0; i < findings->len; i++) {
    const CheckFinding *finding = g_ptr_array_index (findings, i);

    if (strcmp (finding->test, test) == 0)
      return finding;
  }
  return NULL;
}

/* Of all checks this one alone is not ok, and its problem has a text. */
static void
expect_one (CheckFacts facts, const char *test, const char *outcome,
            const char *text)
{
  g_autoptr (GPtrArray) findings
      = g_ptr_array_new_with_free_func (check_finding_free);
  CheckFacts before = sound ();

  checks_run (&facts, &before, findings);
  g_assert_cmpuint (findings->len, ==, facts.has_rooms ? 12 : 11);
  for (guint i = 0; i < findings->len; i++) {
    const CheckFinding *finding = g_ptr_array_index (findings, i);

    if (g_strcmp0 (finding->test, test) != 0) {
      g_assert_cmpstr (finding->outcome, ==, "ok");
      g_assert_null (finding->problem);
      continue;
    }
    g_assert_cmpstr (finding->outcome, ==, outcome);
    g_assert_nonnull (strstr (finding->problem, text));
    g_assert_true (g_str_has_suffix (finding->solution, "."));
  }
  check_facts_clear (&facts);
}

static GPtrArray *
names (const char *one, const char *other)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (out, g_strdup (one));
  if (other != NULL)
    g_ptr_array_add (out, g_strdup (other));
  return out;
}

static void
test_nothing (void)
{
  CheckFacts facts = sound ();

  expect_one (facts, NULL, NULL, NULL);
}

static void
test_services (void)
{
  CheckFacts facts = sound ();

  facts.refused = 8;
  expect_one (facts, "SIP", "failed", "1 TCP or TLS connection was refused");
  facts.refused = 10;
  expect_one (facts, "SIP", "failed", "3 TCP or TLS connections were refused");
  facts = sound ();
  facts.is_stopping = TRUE;
  facts.is_ready = FALSE;
  expect_one (facts, "SIP", "failed", "stopping");
  facts = sound ();
  facts.is_ready = FALSE;
  expect_one (facts, "presence", "failed", "503");
  facts = sound ();
  facts.has_database = FALSE;
  facts.lag.oldest = 100 * SECOND; /* is no news then */
  expect_one (facts, "store", "failed", "PostgreSQL is away");
}

static void
test_database (void)
{
  CheckFacts facts = sound ();

  facts.lag.commit = SECOND;
  expect_one (facts, "database lag", "warning", "a commit takes 1.0 s");
  facts.lag.oldest = 3 * SECOND;
  expect_one (facts, "database lag", "failed", "3.0 s, 3 requests wait");
  facts = sound ();
  facts.sync_took = 2 * SECOND;
  expect_one (facts, "changes", "warning", "in force only after 2.0 s");
  facts.sync_since = facts.monotonic - 20 * SECOND;
  expect_one (facts, "changes", "failed", "not in force even after 20.0 s");
}

static void
test_xmpp (void)
{
  CheckFacts facts = sound ();
  g_autoptr (GPtrArray) findings
      = g_ptr_array_new_with_free_func (check_finding_free);

  facts.xmpp.is_up = FALSE;
  facts.xmpp.since = facts.monotonic - 5 * SECOND;
  expect_one (facts, "XMPP", "warning",
              "192.0.2.1:5347 is down for 5 s (it has not been up yet)");
  facts.xmpp.since = facts.monotonic - 90 * SECOND;
  facts.xmpp.error = "Connection refused";
  expect_one (facts, "XMPP", "failed", "90 s (Connection refused)");
  facts.xmpp.is_used = FALSE;
  checks_run (&facts, NULL, findings);
  g_assert_null (find (findings, "XMPP"));
}

static void
test_clock (void)
{
  CheckFacts facts = sound ();

  facts.clock_ahead = 3 * SECOND;
  expect_one (facts, "clock", "warning", "3.0 s ahead of PostgreSQL's");
  facts.clock_ahead = -61 * SECOND;
  expect_one (facts, "clock", "failed", "61.0 s behind PostgreSQL's");
  facts = sound ();
  facts.jump = -3600 * SECOND;
  facts.jumped_at = facts.real;
  expect_one (facts, "clock", "warning", "moved by -3600.0 s about 2027-01-15");
}

static void
test_certificates (void)
{
  CheckFacts facts = sound ();

  facts.tls.ends = facts.tls.ends_in_force = TODAY + 29 * DAY;
  expect_one (facts, "certificates", "warning",
              "/etc/cert.pem expires on 2027-02-13");
  facts.tls.ends = facts.tls.ends_in_force = TODAY - 1;
  expect_one (facts, "certificates", "failed", "expired on 2027-01-15");
  facts.tls.ends = TODAY + 100 * DAY;
  expect_one (facts, "certificates", "failed", "expired on 2027-01-15");
  facts = sound ();
  facts.tls.begins = TODAY + DAY;
  expect_one (facts, "certificates", "failed", "not valid before 2027-01-16");
  facts = sound ();
  facts.tls.error = g_strdup ("[sip] tls_key = /x: No such file");
  expect_one (facts, "certificates", "failed", "tls_key = /x: No such file");
}

/* A renewed file waits for a reload. */
static void
test_renewed (void)
{
  g_autoptr (GPtrArray) findings
      = g_ptr_array_new_with_free_func (check_finding_free);
  CheckFacts facts = sound ();

  facts.tls.ends_in_force = TODAY + DAY;
  checks_run (&facts, NULL, findings);
  g_assert_nonnull (strstr (find (findings, "certificates")->solution,
                            "has been renewed: run rollcallctl reload"));
}

static void
test_without_tls (void)
{
  g_autoptr (GPtrArray) findings
      = g_ptr_array_new_with_free_func (check_finding_free);
  CheckFacts facts = sound ();

  facts.tls = (CheckTls){ 0 };
  checks_run (&facts, NULL, findings);
  g_assert_null (find (findings, "certificates"));
}

static void
test_others (void)
{
  CheckFacts facts = sound ();

  facts.files = 80;
  expect_one (facts, "open files", "warning", "80 of 100 open files");
  facts.files = 95;
  expect_one (facts, "open files", "failed", "95 of 100 open files");
  facts = sound ();
  facts.n_unreachable = 1;
  facts.unreachable = names ("bob (watches alice)", NULL);
  expect_one (facts, "dead subscriptions", "warning",
              "1 subscription is dead: ");
  facts.n_unreachable = 9;
  facts.unreachable = names ("bob (watches alice)", "eve (watches alice)");
  expect_one (facts, "dead subscriptions", "warning",
              "bob (watches alice), eve (watches alice) and 7 more");
  facts = sound ();
  facts.peers = names ("b.org (no answer)", "c.org (no answer)");
  expect_one (facts, "peers", "warning",
              "b.org (no answer), c.org (no answer)");
  facts = sound ();
  facts.has_rooms = TRUE;
  facts.n_outside = 1;
  facts.outside = names ("alice (verona, 75 s)", NULL);
  expect_one (facts, "conferences", "warning",
              "1 place in text conferences cannot be taken again: alice "
              "(verona, 75 s)");
}

/* --- When they are written --- */

typedef struct {
  FakeLoop *loop;
  StoreMem *store;
  Health *health;
  CheckFacts facts; /* what gather gives */
  gint64 epoch;     /* real time when the fake clock was 0 */
  gint64 moved;     /* us that our wall clock was moved by */
} Rig;

static gint64
real_time_cb (gpointer data)
{
  Rig *rig = data;

  return rig->epoch + clock_now (fake_loop_clock (rig->loop)) + rig->moved;
}

static void
gather_cb (CheckFacts *facts, gpointer data)
{
  Rig *rig = data;
  CheckFacts own = *facts;

  *facts = rig->facts;
  facts->real = own.real;
  facts->monotonic = own.monotonic;
  facts->tls = (CheckTls){ 0 };
}

static void
nothing_cb (gpointer data)
{
}

static void
put_cb (StoreOutcome outcome, gint64 db_time, gpointer data)
{
}

static void
drop_user_cb (StoreUser *user, gpointer data)
{
  store_user_free (user);
}

static Rig *
rig_new (void)
{
  Rig *rig = g_new0 (Rig, 1);
  HealthHooks hooks = { real_time_cb, gather_cb, rig };
  StoreLoadFns fns = { .user = drop_user_cb, .loaded = nothing_cb };
  StorePort *port;

  rig->loop = fake_loop_new ();
  rig->epoch = g_get_real_time () - clock_now (fake_loop_clock (rig->loop));
  rig->facts = sound ();
  rig->facts.refused = 0;
  rig->store
      = store_mem_new (fake_loop_port (rig->loop), fake_loop_clock (rig->loop));
  port = store_mem_port (rig->store);
  port->load (port->self, &fns, NULL);
  fake_loop_settle (rig->loop);
  rig->health = health_new (fake_loop_port (rig->loop), port,
                            fake_loop_clock (rig->loop), &hooks);
  return rig;
}

static void
rig_free (Rig *rig)
{
  fake_loop_settle (rig->loop);
  health_free (rig->health);
  store_mem_free (rig->store);
  fake_loop_free (rig->loop);
  g_free (rig);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static gboolean
has_written (Rig *rig, const char *line)
{
  return strstr (store_mem_health (rig->store), line) != NULL;
}

static void
test_written_at_once (void)
{
  g_autoptr (Rig) rig = rig_new ();

  g_assert_cmpstr (store_mem_health (rig->store), ==, "");
  health_look (rig->health);
  g_assert_true (has_written (rig, "SIP ok\n"));
  g_assert_true (has_written (rig, "peers ok\n"));
}

static void
test_written_at_a_change (void)
{
  g_autoptr (Rig) rig = rig_new ();

  health_look (rig->health);
  rig->facts.refused++;
  fake_loop_run (rig->loop, HEALTH_LOOK + 0.1);
  g_assert_true (has_written (rig, "SIP failed\n"));
  fake_loop_run (rig->loop, HEALTH_LOOK + 0.1);
  g_assert_true (has_written (rig, "SIP ok\n"));
}

/* What stays as it is is written every half minute. */
static void
test_written_now_and_then (void)
{
  g_autoptr (Rig) rig = rig_new ();
  StorePort *port = store_mem_port (rig->store);

  health_look (rig->health);
  port->put_health (port->self, NULL, 0, put_cb, NULL);
  g_assert_cmpstr (store_mem_health (rig->store), ==, "");
  fake_loop_run (rig->loop, HEALTH_WRITE - 0.5);
  g_assert_cmpstr (store_mem_health (rig->store), ==, "");
  fake_loop_run (rig->loop, 1);
  g_assert_true (has_written (rig, "SIP ok\n"));
}

static void
test_away (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autofree char *lines = NULL;

  health_look (rig->health);
  store_mem_set_up (rig->store, FALSE);
  fake_loop_run (rig->loop, HEALTH_LOOK + 0.1);
  g_assert_true (has_written (rig, "store ok\n"));
  lines = health_lines (rig->health);
  g_assert_nonnull (strstr (lines, "store\tfailed\tPostgreSQL is away"));
  g_assert_nonnull (strstr (lines, "SIP\tok\t\t\n"));
  store_mem_set_up (rig->store, TRUE);
  fake_loop_run (rig->loop, HEALTH_LOOK + 0.1);
  g_assert_true (has_written (rig, "store ok\n"));
}

/* PostgreSQL's clock is ours in store/mem; ours is moved. */
static void
test_clocks (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig->moved = -100 * SECOND;
  health_look (rig->health);
  fake_loop_run (rig->loop, HEALTH_LOOK + 0.1);
  g_assert_true (has_written (rig, "clock failed\n"));
  rig->moved = 0; /* right now, and it has jumped */
  g_test_expect_message ("admin", G_LOG_LEVEL_WARNING, "*moved by 100.0 s");
  fake_loop_run (rig->loop, HEALTH_WRITE + 2 * HEALTH_LOOK + 0.1);
  g_test_assert_expected_messages ();
  g_assert_true (has_written (rig, "clock warning\n"));
  fake_loop_run (rig->loop, 620);
  g_assert_true (has_written (rig, "clock ok\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/health/check/nothing", test_nothing);
  g_test_add_func ("/health/check/services", test_services);
  g_test_add_func ("/health/check/database", test_database);
  g_test_add_func ("/health/check/xmpp", test_xmpp);
  g_test_add_func ("/health/check/clock", test_clock);
  g_test_add_func ("/health/check/certificates", test_certificates);
  g_test_add_func ("/health/check/certificates/renewed", test_renewed);
  g_test_add_func ("/health/check/certificates/none", test_without_tls);
  g_test_add_func ("/health/check/others", test_others);
  g_test_add_func ("/health/write/at-once", test_written_at_once);
  g_test_add_func ("/health/write/at-a-change", test_written_at_a_change);
  g_test_add_func ("/health/write/now-and-then", test_written_now_and_then);
  g_test_add_func ("/health/write/away", test_away);
  g_test_add_func ("/health/write/clocks", test_clocks);
  return g_test_run ();
}
