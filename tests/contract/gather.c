/* SPDX-License-Identifier: ISC
 *
 * store/gather: when a batch leaves.  The clock stands still unless a test moves
 * it, so that nothing depends on how fast PostgreSQL is. */
#include "tests/contract/messages.h"
#include "tests/contract/pg.h"

#define GATHERED 16 /* so many do not wait for more */

typedef struct {
  gint64 now;
  Clock clock;
  Rig *rig;
  gint64 *n_batches, before;
  guint n_put, n_read, n_wanted;
} World;

static gint64
now_cb (gpointer world)
{
  return ((World *)world)->now;
}

static World *
world_new (void)
{
  World *w = g_new0 (World, 1);

  w->now = g_get_monotonic_time ();
  w->clock = (Clock){ now_cb, w, NULL };
  w->rig = rig_new (&rig_kind_pg);
  w->rig->clock = &w->clock;
  rig_add_user (w->rig, "alice");
  rig_start (w->rig);
  w->n_batches = counters_cell (w->rig->counters, "db_batches");
  return w;
}

static void
world_free (World *w)
{
  rig_free (w->rig);
  g_free (w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

/* n submits, each in a turn of its own. */
static void
put (World *w, guint n)
{
  while (n-- > 0) {
    g_autofree char *key = g_strdup_printf ("key%u", w->n_put++);

    rig_submit_one (
        w->rig, "b",
        write_of (STORE_PUT_BINDING, sample_binding ("alice", key)));
    test_loop_turn (w->rig->loop, 0);
  }
}

static void
wait_for (World *w, guint n)
{
  GString *outcomes = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (outcomes, "b=COMMITTED\n");
  rig_expect_outcomes (w->rig, n, outcomes->str);
  g_string_free (outcomes, TRUE);
}

/* Batches since the last call; so much later that none is on its way. */
static guint
batches (World *w)
{
  gint64 before = w->before;

  for (guint i = 0; i < 5; i++)
    test_loop_turn (w->rig->loop, 2);
  w->before = *w->n_batches;
  return (guint)(w->before - before);
}

/* One is in flight, and n wait when it ends. */
static void
keep_waiting (World *w, guint n)
{
  rig_submit_one (w->rig, "b",
                  write_of (STORE_PUT_BINDING, sample_binding ("alice", "f")));
  test_loop_turn (w->rig->loop, 0); /* sent, not answered yet */
  for (guint i = 0; i < n; i++) {
    g_autofree char *key = g_strdup_printf ("key%u", w->n_put++);

    rig_submit_one (
        w->rig, "b",
        write_of (STORE_PUT_BINDING, sample_binding ("alice", key)));
  }
  wait_for (w, 1);
}

static World *
started (void)
{
  World *w = world_new ();

  put (w, 1);
  wait_for (w, 1);
  batches (w);
  return w;
}

/* Who comes alone waits for nobody. */
static void
test_alone (void)
{
  g_autoptr (World) w = started ();

  for (guint i = 0; i < 5; i++) {
    put (w, 1);
    wait_for (w, 1);
    g_assert_cmpuint (batches (w), ==, 1);
  }
}

static void
test_time (void)
{
  g_autoptr (World) w = started ();

  keep_waiting (w, 3);
  g_assert_cmpuint (batches (w), ==, 1);
  put (w, 2);
  g_assert_cmpuint (batches (w), ==, 0);
  w->now += G_USEC_PER_SEC / 1000;
  wait_for (w, 5);
  g_assert_cmpuint (batches (w), ==, 1);
  put (w, 1); /* nobody waited at the end of that one */
  wait_for (w, 1);
  g_assert_cmpuint (batches (w), ==, 1);
}

static void
test_many (void)
{
  g_autoptr (World) w = started ();

  keep_waiting (w, 2);
  put (w, GATHERED - 3);
  g_assert_cmpuint (batches (w), ==, 1);
  put (w, 1);
  wait_for (w, GATHERED);
  g_assert_cmpuint (batches (w), ==, 1);
}

static void
put_messages (World *w, guint n)
{
  while (n-- > 0)
    msg_put_sample (w->rig, 1 + w->n_put++, ALICE);
}

/* A call for many is as many. */
static void
test_call_for_many (void)
{
  g_autoptr (World) w = started ();

  put_messages (w, 1);
  msg_expect_done (w->rig, 1);
  batches (w);
  put_messages (w, 1);
  test_loop_turn (w->rig->loop, 0); /* sent, not answered yet */
  put_messages (w, 2);
  msg_expect_done (w->rig, 1);
  g_assert_cmpuint (batches (w), ==, 1);
  put_messages (w, GATHERED - 3);
  g_assert_cmpuint (batches (w), ==, 0);
  put_messages (w, 1);
  msg_expect_done (w->rig, GATHERED);
  g_assert_cmpuint (batches (w), ==, 1);
}

/* --- Reads of the policy --- */

static void
policy_cb (StorePolicy *policy, gpointer data)
{
  g_assert_nonnull (policy);
  ((World *)data)->n_read++;
  store_policy_free (policy);
}

static void
ask (World *w, guint n)
{
  StorePort *port = w->rig->port;

  while (n-- > 0)
    port->load_policy (port->self, ALICE, policy_cb, w);
}

static gboolean
has_read (gpointer data)
{
  const World *w = data;

  return w->n_read >= w->n_wanted;
}

/* Since the last call. */
static void
expect_read (World *w, guint n)
{
  w->n_wanted = n;
  rig_wait (w->rig, has_read, w);
  g_assert_cmpuint (w->n_read, ==, n);
  w->n_read = 0;
}

static void
expect_none_read (World *w)
{
  for (guint i = 0; i < 5; i++)
    test_loop_turn (w->rig->loop, 2);
  g_assert_cmpuint (w->n_read, ==, 0);
}

static void
test_policies (void)
{
  g_autoptr (World) w = started ();

  ask (w, 1);
  expect_read (w, 1);
  ask (w, 1); /* who comes alone waits for nobody */
  test_loop_turn (w->rig->loop, 0); /* sent, not answered yet */
  ask (w, 2);
  expect_read (w, 1);
  expect_none_read (w);
  w->now += G_USEC_PER_SEC / 1000;
  expect_read (w, 2);
  ask (w, 1);
  test_loop_turn (w->rig->loop, 0);
  ask (w, 2);
  expect_read (w, 1);
  ask (w, GATHERED - 3);
  expect_none_read (w);
  ask (w, 1);
  expect_read (w, GATHERED);
}

void
gather_add_tests (void)
{
  g_test_add_func ("/store/pg/gather/alone", test_alone);
  g_test_add_func ("/store/pg/gather/time", test_time);
  g_test_add_func ("/store/pg/gather/many", test_many);
  g_test_add_func ("/store/pg/gather/call-for-many", test_call_for_many);
  g_test_add_func ("/store/pg/gather/policies", test_policies);
}
