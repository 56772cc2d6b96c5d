/* SPDX-License-Identifier: ISC
 *
 * Permanent presence (RFC 4827) as both stores tell of it: at the start, and when
 * it changed. */
#include "tests/contract/documents.h"

#include <string.h>

#define AUID "pidf-manipulation"
#define BOB "bob@example.com"
#define CHANGED AUID " " ALICE " index\n"

static Rig *
started (const RigKind *kind)
{
  Rig *rig = rig_new (kind);

  rig_add_user (rig, "alice");
  rig_add_user (rig, "bob");
  rig_start (rig);
  return rig;
}

/* The entity tag it has now. */
static char *
put (Rig *rig, const char *auid, const char *owner, const char *body,
     const char *old_etag)
{
  const Put given = { .auid = auid,
                      .owner = owner,
                      .name = "index",
                      .old_etag = old_etag,
                      .body = body };
  const Answer *got = doc_put (rig, &given);

  assert_outcome (got, DOCUMENTS_DONE);
  return g_strdup (got->etag);
}

/* Only these are told, and only "index" of users' trees. */
static void
test_load (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *first = put (rig, AUID, ALICE, "one", NULL);
  g_autofree char *rules = put (rig, "pres-rules", BOB, "rules", NULL);
  g_autofree char *second = NULL;

  g_assert_cmpstr (rig->permanents->str, ==, "");
  rig_restart (rig);
  g_assert_cmpstr (rig->permanents->str, ==, ALICE " one\n");
  second = put (rig, AUID, "ALICE@example.com", "two", first);
  rig_restart (rig);
  g_assert_cmpstr (rig->permanents->str, ==, ALICE " two\n");
  assert_outcome (doc_remove (rig, AUID, ALICE, "index", second),
                  DOCUMENTS_DONE);
  rig_restart (rig);
  g_assert_cmpstr (rig->permanents->str, ==, "");
}

/* Also of who is disabled, whose document counts when he is not any more; not
 * of who is gone. */
static void
test_users (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *alice = put (rig, AUID, ALICE, "one", NULL);
  g_autofree char *bob = put (rig, AUID, BOB, "two", NULL);
  const StoreUser disabled = { .aor = (char *)ALICE };

  rig->kind->put_user (rig, &disabled);
  rig->kind->drop_user (rig, BOB);
  rig_wait_event (rig, "-" BOB);
  rig_restart (rig);
  g_assert_cmpstr (rig->permanents->str, ==, ALICE " one\n");
}

/* A change by a user is told once it is committed. */
static void
test_changed (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *etag = put (rig, AUID, ALICE, "one", NULL);

  g_assert_cmpstr (rig->changed->str, ==, CHANGED);
  assert_outcome (doc_remove (rig, AUID, ALICE, "index", etag), DOCUMENTS_DONE);
  g_assert_cmpstr (rig->changed->str, ==, CHANGED CHANGED);
}

void
permanent_add_tests (const RigKind *kind)
{
  static const struct {
    const char *name;
    GTestDataFunc fn;
  } tests[] = { { "load", test_load },
                { "users", test_users },
                { "changed", test_changed } };

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    g_autofree char *path
        = g_strdup_printf ("/permanent/%s/%s", kind->name, tests[i].name);

    g_test_add_data_func (path, kind, tests[i].fn);
  }
}
