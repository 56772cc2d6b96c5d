/* SPDX-License-Identifier: ISC
 *
 * Which domains count as down. */
#include "sip/peers.h"

#define SECOND ((gint64)G_USEC_PER_SEC)

static void
note_cb (const char *domain, const char *why, guint times, gpointer data)
{
  g_string_append_printf (data, "%s %s %u\n", domain, why, times);
}

static char *
down (Peers *peers, gint64 now)
{
  GString *out = g_string_new (NULL);

  peers_foreach (peers, now, note_cb, out);
  return g_string_free (out, FALSE);
}

static void
expect_down (Peers *peers, gint64 now, const char *wanted)
{
  g_autofree char *said = down (peers, now);

  g_assert_cmpstr (said, ==, wanted);
}

static void
test_twice_in_a_row (void)
{
  g_autoptr (Peers) peers = peers_new ();

  peers_failed (peers, "B.org", "no answer", 0);
  peers_failed (peers, "a.org", "no answer", 0);
  expect_down (peers, 0, "");
  peers_failed (peers, "b.ORG", "no connection", SECOND);
  expect_down (peers, SECOND, "b.org no connection 2\n");
  peers_failed (peers, "a.org", "no answer", SECOND);
  expect_down (peers, SECOND, "a.org no answer 2\nb.org no connection 2\n");
}

static void
test_an_answer_forgives (void)
{
  g_autoptr (Peers) peers = peers_new ();

  peers_failed (peers, "b.org", "no answer", 0);
  peers_answered (peers, "B.ORG");
  peers_failed (peers, "b.org", "no answer", 0);
  expect_down (peers, 0, "");
  peers_failed (peers, "b.org", "no answer", 0);
  peers_answered (peers, "b.org");
  peers_answered (peers, "c.org");
  expect_down (peers, 0, "");
}

static void
test_it_is_forgotten (void)
{
  g_autoptr (Peers) peers = peers_new ();
  gint64 later = (PEERS_MEMORY + 1) * SECOND;

  peers_failed (peers, "b.org", "no answer", 0);
  peers_failed (peers, "b.org", "no answer", 0);
  expect_down (peers, PEERS_MEMORY * SECOND, "b.org no answer 2\n");
  expect_down (peers, later, "");
  peers_failed (peers, "b.org", "no answer", later);
  expect_down (peers, later, "");
}

static void
test_bound (void)
{
  g_autoptr (Peers) peers = peers_new ();

  for (guint i = 0; i <= PEERS_MAX; i++) {
    g_autofree char *domain = g_strdup_printf ("d%u.org", i);

    peers_failed (peers, domain, "no answer", i);
  }
  peers_failed (peers, "d0.org", "no answer", PEERS_MAX + 1);
  peers_failed (peers, "d200.org", "no answer", PEERS_MAX + 1);
  expect_down (peers, PEERS_MAX + 1, "d200.org no answer 2\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sip/peers/twice-in-a-row", test_twice_in_a_row);
  g_test_add_func ("/sip/peers/an-answer-forgives", test_an_answer_forgives);
  g_test_add_func ("/sip/peers/forgotten", test_it_is_forgotten);
  g_test_add_func ("/sip/peers/bound", test_bound);
  return g_test_run ();
}
