/* SPDX-License-Identifier: ISC
 *
 * policy/: the built-in order, as a table. */
#include "policy/policy.h"

typedef struct {
  const char *path;
  const char *watcher, *presentity, *package;
  PolicyDecision expected;
} Row;

static const Row rows[] = {
  { "/policy/default/oneself", "alice@example.com", "alice@example.com",
    "presence", POLICY_ALLOW },
  { "/policy/default/others", "bob@example.com", "alice@example.com",
    "presence", POLICY_ALLOW },
  { "/policy/default/foreign", "bob@example.net", "alice@example.com",
    "presence", POLICY_ALLOW },
  { "/policy/default/package-case", "bob@example.com", "alice@example.com",
    "Presence", POLICY_ALLOW },
  { "/policy/rfc3857-4.3/owner", "alice@example.com", "alice@example.com",
    "presence.winfo", POLICY_ALLOW },
  { "/policy/rfc3857-4.3/owner-case", "ALICE@Example.com", "alice@example.com",
    "presence.winfo", POLICY_ALLOW },
  { "/policy/rfc3857-4.3/others", "bob@example.com", "alice@example.com",
    "presence.winfo", POLICY_BLOCK },
  { "/policy/rfc3857-4.3/same-user-elsewhere", "alice@example.net",
    "alice@example.com", "presence.winfo", POLICY_BLOCK },
  { "/policy/default/unknown-package", "bob@example.com", "alice@example.com",
    "reg", POLICY_BLOCK },
  { "/policy/default/unknown-package-of-oneself", "alice@example.com",
    "alice@example.com", "reg", POLICY_BLOCK },
  { "/policy/default/message-is-no-package", "bob@example.com",
    "alice@example.com", "message", POLICY_BLOCK },
};

static void
test_watch (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (Policy) policy = policy_new ();

  g_assert_cmpint (
      policy_watch (policy, row->watcher, row->presentity, row->package), ==,
      row->expected);
}

static void
test_message (void)
{
  g_autoptr (Policy) policy = policy_new ();

  g_assert_cmpint (
      policy_message (policy, "bob@example.com", "alice@example.com"), ==,
      POLICY_ALLOW);
  g_assert_cmpint (
      policy_message (policy, "alice@example.com", "alice@example.com"), ==,
      POLICY_ALLOW);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add_data_func (rows[i].path, &rows[i], test_watch);
  g_test_add_func ("/policy/default/message", test_message);
  return g_test_run ();
}
