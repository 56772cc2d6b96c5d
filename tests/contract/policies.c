/* SPDX-License-Identifier: ISC
 *
 * store/policies: its statement is prepared and its plan kept, so how it looks
 * rows up must not depend on how few there were. */
#include "tests/contract/pg.h"

#define READ_TABLES "('contacts', 'watchers', 'xcap_documents')"

static gint64
scans (const char *kind)
{
  g_autofree char *n = admin_value (
      "SELECT sum(%s)::bigint FROM pg_stat_user_tables"
      " WHERE schemaname = 'rollcall' AND relname IN " READ_TABLES,
      kind);

  return g_ascii_strtoll (n, NULL, 10);
}

/* Until PostgreSQL has counted them: a session tells it once in a second. */
static void
read_until_counted (Rig *rig)
{
  gint64 before = scans ("idx_scan");
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (scans ("idx_scan") <= before) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_assert_nonnull (rig_policy (rig, "alice@example.com"));
    g_usleep (20000);
  }
}

static void
test_by_index (void)
{
  g_autoptr (Rig) rig = rig_new (&rig_kind_pg);
  gint64 before;

  rig_add_user (rig, "alice");
  admin ("INSERT INTO rollcall.watchers (presentity, watcher, decision)"
         " VALUES ('alice@example.com', 'bob@example.com', 'block');"
         "ANALYZE rollcall.contacts, rollcall.watchers,"
         "  rollcall.xcap_documents");
  admin_close (); /* what it has looked up is counted at its end */
  rig_start (rig);
  read_until_counted (rig); /* what was read to start is counted, too */
  before = scans ("seq_scan");
  read_until_counted (rig);
  g_assert_cmpint (scans ("seq_scan"), ==, before);
}

void
policies_add_tests (void)
{
  g_test_add_func ("/store/pg/policies/by-index", test_by_index);
}
