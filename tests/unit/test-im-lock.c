/* SPDX-License-Identifier: ISC
 *
 * im/: the lock on the replying device, each event in each state. */
#include "im/lock-priv.h"

#include <string.h>

#define SEC ((gint64)G_USEC_PER_SEC)
#define IDLE (600 * SEC)
#define ALICE "alice@example.com"
#define BOB "bob@example.com"
#define CAROL "carol@example.com"

typedef struct {
  ImLocks *locks;
  gint64 now;
} World;

static World
world_new (void)
{
  return (World){ im_locks_new (4, IDLE), 1000 * SEC };
}

static void
wrote (World *w, const char *writer, const char *peer, const char *device)
{
  im_locks_wrote (w->locks, writer, peer, device, IM_USER, w->now);
}

static const char *
route (World *w, const char *sender, const char *recipient, ImContent content)
{
  return im_locks_route (w->locks, sender, recipient, content, w->now);
}

/* What happens to the lock of Alice's messages to Bob, on his device "desk". */
typedef enum {
  REPLY,
  REPLY_OTHER,
  REPLY_UNKNOWN,
  REPLY_AUTO,
  MESSAGE,
  NOTICE,
  NOT_TAKEN,
  NOT_TAKEN_OTHER,
  HERE,
  HERE_OTHER,
  CLOSED,
  CLOSED_OTHER,
  GONE,
  GONE_OTHER,
  IDLE_TIME,
  ALMOST_IDLE,
} Step;

static void
step (World *w, Step what)
{
  switch (what) {
  case REPLY:
    wrote (w, BOB, ALICE, "desk");
    break;
  case REPLY_OTHER:
    wrote (w, BOB, ALICE, "mobile");
    break;
  case REPLY_UNKNOWN:
    wrote (w, BOB, ALICE, NULL);
    break;
  case REPLY_AUTO:
    im_locks_wrote (w->locks, BOB, ALICE, "mobile", IM_AUTOMATIC, w->now);
    break;
  case MESSAGE:
    route (w, ALICE, BOB, IM_USER);
    break;
  case NOTICE:
    route (w, ALICE, BOB, IM_AUTOMATIC);
    break;
  case NOT_TAKEN:
    im_locks_not_taken (w->locks, ALICE, BOB, "desk");
    break;
  case NOT_TAKEN_OTHER:
    im_locks_not_taken (w->locks, ALICE, BOB, "tablet");
    break;
  case HERE:
    im_locks_device_here (w->locks, BOB, "desk");
    break;
  case HERE_OTHER:
    im_locks_device_here (w->locks, BOB, "tablet");
    break;
  case CLOSED:
    im_locks_device_closed (w->locks, BOB, "desk");
    break;
  case CLOSED_OTHER:
    im_locks_device_closed (w->locks, BOB, "tablet");
    break;
  case GONE:
    im_locks_device_gone (w->locks, BOB, "desk");
    break;
  case GONE_OTHER:
    im_locks_device_gone (w->locks, BOB, "tablet");
    break;
  case IDLE_TIME:
    w->now += IDLE;
    im_locks_advance (w->locks, w->now);
    break;
  case ALMOST_IDLE:
    w->now += IDLE - 1;
    im_locks_advance (w->locks, w->now);
    break;
  }
}

/* After these steps, where does the next message of Alice go? */
typedef struct {
  const char *path;
  Step steps[6];
  guint n;
  const char *device;
} Row;

#define ROW(path, device, ...)                                                 \
  {                                                                            \
    "/im/lock/" path, { __VA_ARGS__ },                                         \
        sizeof ((Step[]){ __VA_ARGS__ }) / sizeof (Step), device               \
  }

static const Row rows[] = {
  ROW ("none/message", NULL, MESSAGE),
  ROW ("none/reply", "desk", REPLY),
  ROW ("none/reply-unknown", NULL, REPLY_UNKNOWN),
  ROW ("none/automatic-locks-nothing", NULL, REPLY_AUTO),
  ROW ("none/not-taken", NULL, NOT_TAKEN),
  ROW ("none/here", NULL, HERE),
  ROW ("none/closed", NULL, CLOSED),
  ROW ("none/gone", NULL, GONE),
  ROW ("held/stays-over-messages", "desk", REPLY, MESSAGE, MESSAGE),
  ROW ("held/reply-again", "desk", REPLY, REPLY),
  ROW ("held/moves", "mobile", REPLY, REPLY_OTHER),
  ROW ("held/unknown-device-ends-it", NULL, REPLY, REPLY_UNKNOWN),
  ROW ("held/automatic-moves-nothing", "desk", REPLY, REPLY_AUTO),
  ROW ("held/not-taken", NULL, REPLY, NOT_TAKEN),
  ROW ("held/not-taken-by-another", "desk", REPLY, NOT_TAKEN_OTHER),
  ROW ("held/here", "desk", REPLY, HERE),
  ROW ("held/unregistered", NULL, REPLY, GONE),
  ROW ("held/another-unregistered", "desk", REPLY, GONE_OTHER),
  ROW ("held/another-flow-closed", "desk", REPLY, CLOSED_OTHER),
  ROW ("held/idle", NULL, REPLY, IDLE_TIME),
  ROW ("held/not-yet-idle", "desk", REPLY, ALMOST_IDLE),
  ROW ("held/message-renews", "desk", REPLY, ALMOST_IDLE, MESSAGE, ALMOST_IDLE),
  ROW ("held/reply-renews", "desk", REPLY, ALMOST_IDLE, REPLY, ALMOST_IDLE),
  ROW ("held/notice-renews-nothing", NULL, REPLY, ALMOST_IDLE, NOTICE,
       ALMOST_IDLE),
  ROW ("held/automatic-reply-renews-nothing", NULL, REPLY, ALMOST_IDLE,
       REPLY_AUTO, ALMOST_IDLE),
  ROW ("asleep/to-all", NULL, REPLY, CLOSED),
  ROW ("asleep/back-before-the-next", "desk", REPLY, CLOSED, HERE),
  ROW ("asleep/message-ends-it", NULL, REPLY, CLOSED, MESSAGE, HERE),
  ROW ("asleep/notice-does-not", "desk", REPLY, CLOSED, NOTICE, HERE),
  ROW ("asleep/another-back", NULL, REPLY, CLOSED, HERE_OTHER),
  ROW ("asleep/closed-again", "desk", REPLY, CLOSED, CLOSED, HERE),
  ROW ("asleep/reply", "desk", REPLY, CLOSED, REPLY),
  ROW ("asleep/moves", "mobile", REPLY, CLOSED, REPLY_OTHER),
  ROW ("asleep/moved-for-good", "mobile", REPLY, CLOSED, REPLY_OTHER, HERE),
  ROW ("asleep/unknown-device-ends-it", NULL, REPLY, CLOSED, REPLY_UNKNOWN,
       HERE),
  ROW ("asleep/automatic", "desk", REPLY, CLOSED, REPLY_AUTO, HERE),
  ROW ("asleep/not-taken", NULL, REPLY, CLOSED, NOT_TAKEN, HERE),
  ROW ("asleep/unregistered", NULL, REPLY, CLOSED, GONE, HERE),
  ROW ("asleep/idle", NULL, REPLY, CLOSED, IDLE_TIME, HERE),
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  World w = world_new ();

  for (guint i = 0; i < row->n; i++)
    step (&w, row->steps[i]);
  g_assert_cmpstr (route (&w, ALICE, BOB, IM_USER), ==, row->device);
  im_locks_free (w.locks);
}

/* A notice is routed by the lock, and sleeping it goes to all. */
static void
test_notice (void)
{
  World w = world_new ();

  wrote (&w, BOB, ALICE, "desk");
  g_assert_cmpstr (route (&w, ALICE, BOB, IM_AUTOMATIC), ==, "desk");
  step (&w, CLOSED);
  g_assert_null (route (&w, ALICE, BOB, IM_AUTOMATIC));
  im_locks_free (w.locks);
}

/* Both directions, and every sender, have their own. */
static void
test_own (void)
{
  World w = world_new ();

  wrote (&w, BOB, ALICE, "desk");
  g_assert_null (route (&w, BOB, ALICE, IM_USER));
  g_assert_null (route (&w, CAROL, BOB, IM_USER));
  wrote (&w, ALICE, BOB, "laptop");
  wrote (&w, BOB, CAROL, "mobile");
  g_assert_cmpstr (route (&w, BOB, ALICE, IM_USER), ==, "laptop");
  g_assert_cmpstr (route (&w, ALICE, BOB, IM_USER), ==, "desk");
  g_assert_cmpstr (route (&w, CAROL, BOB, IM_USER), ==, "mobile");
  im_locks_not_taken (w.locks, ALICE, BOB, "desk");
  g_assert_cmpstr (route (&w, BOB, ALICE, IM_USER), ==, "laptop");
  g_assert_cmpuint (im_locks_size (w.locks), ==, 2);
  im_locks_free (w.locks);
}

/* Addresses are the same in any case; nobody is locked for himself. */
static void
test_addresses (void)
{
  World w = world_new ();

  wrote (&w, "Bob@example.com", ALICE, "desk");
  g_assert_cmpstr (route (&w, "Alice@example.com", BOB, IM_USER), ==, "desk");
  wrote (&w, BOB, "BOB@example.com", "desk");
  g_assert_null (route (&w, BOB, BOB, IM_USER));
  im_locks_free (w.locks);
}

/* One device is locked for several senders: all of them lose it. */
static void
test_many (void)
{
  World w = world_new ();

  wrote (&w, BOB, ALICE, "desk");
  wrote (&w, BOB, CAROL, "desk");
  wrote (&w, BOB, "dave@example.org", "mobile");
  step (&w, GONE);
  g_assert_null (route (&w, ALICE, BOB, IM_USER));
  g_assert_null (route (&w, CAROL, BOB, IM_USER));
  g_assert_cmpstr (route (&w, "dave@example.org", BOB, IM_USER), ==, "mobile");
  im_locks_device_gone (w.locks, BOB, "mobile");
  g_assert_cmpuint (im_locks_size (w.locks), ==, 0);
  im_locks_free (w.locks);
}

/* The one used longest ago gives way. */
static void
test_bound (void)
{
  static const char *const senders[]
      = { "a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org" };
  World w = world_new ();

  for (guint i = 0; i < 4; i++)
    wrote (&w, BOB, senders[i], "desk");
  route (&w, senders[0], BOB, IM_USER);
  wrote (&w, BOB, senders[4], "desk");
  g_assert_cmpuint (im_locks_size (w.locks), ==, 4);
  g_assert_null (route (&w, senders[1], BOB, IM_USER));
  g_assert_cmpstr (route (&w, senders[0], BOB, IM_USER), ==, "desk");
  im_locks_free (w.locks);
}

static void
test_complete (void)
{
  for (guint from = 0; from < N_LOCK; from++)
    for (guint event = 0; event < N_LOCK_EVENTS; event++) {
      const LockRow *row = &lock_table[from][event];

      g_assert_nonnull (row->why);
      g_assert_true (row->to < N_LOCK || row->to == LOCK_REJECT);
      if (row->to == LOCK_REJECT || row->to == LOCK_NONE)
        g_assert_cmpuint (row->actions, ==, 0);
      if (event == LOCK_GONE || event == LOCK_IDLE || event == LOCK_NOT_TAKEN)
        g_assert_true (row->to == LOCK_NONE || from == LOCK_NONE);
      if (event == LOCK_REPLY_AUTO || event == LOCK_NOTICE)
        g_assert_true (row->to == from && !(row->actions & LOCK_TOUCH));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add_data_func (rows[i].path, &rows[i], test_row);
  g_test_add_func ("/im/lock/notice", test_notice);
  g_test_add_func ("/im/lock/each-its-own", test_own);
  g_test_add_func ("/im/lock/addresses", test_addresses);
  g_test_add_func ("/im/lock/one-device-many-senders", test_many);
  g_test_add_func ("/im/lock/bound", test_bound);
  g_test_add_func ("/im/lock/table-is-complete", test_complete);
  return g_test_run ();
}
