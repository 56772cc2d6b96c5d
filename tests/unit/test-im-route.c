/* SPDX-License-Identifier: ISC
 *
 * im/: what becomes of a live message, told as events and the actions that
 * follow. */
#include "im-world.h"

static const char *const both[] = { "desk", "mobile" };

/* Nobody has replied. */

static void
test_first_2xx (void)
{
  World w = world_new (2);

  message (&w);
  expect (&w, "send1:desk send1:mobile");
  answered (&w, 1, "mobile", 180);
  expect (&w, "");
  answered (&w, 1, "mobile", 202);
  expect (&w, "relay1:mobile=202");
  answered (&w, 1, "desk", 200);
  expect (&w, "forget1");
  g_assert_cmpuint (im_size (w.im), ==, 0);
  world_clear (&w);
}

static void
test_2xx_after_failures (void)
{
  World w = world_new (2);

  message (&w);
  answered (&w, 1, "desk", 603);
  expect (&w, "send1:desk send1:mobile");
  answered (&w, 1, "mobile", 200);
  expect (&w, "relay1:mobile=200 forget1");
  world_clear (&w);
}

static void
test_refused (gconstpointer data)
{
  guint status = GPOINTER_TO_UINT (data);
  World w = world_new (2);
  g_autofree char *relay = g_strdup_printf ("relay1:mobile=%u forget1", status);

  message (&w);
  answered (&w, 1, "desk", 480);
  expect (&w, "send1:desk send1:mobile");
  answered (&w, 1, "mobile", status);
  expect (&w, relay);
  world_clear (&w);
}

static void
test_refused_in_time (void)
{
  World w = world_new (2);

  message (&w);
  answered (&w, 1, "desk", 415);
  expect (&w, "send1:desk send1:mobile");
  wait_for (&w, 10);
  expect (&w, "relay1:desk=415");
  answered (&w, 1, "mobile", 200);
  expect (&w, "forget1");
  world_clear (&w);
}

static void
test_nobody_takes_it (void)
{
  World w = world_new (2);

  message (&w);
  answered (&w, 1, "desk", 480);
  answered (&w, 1, "mobile", 503);
  expect (&w, "send1:desk send1:mobile store1");
  stored (&w, 1);
  expect (&w, "202:1 count1 forget1");
  g_assert_cmpuint (im_count (w.im, BOB), ==, 1);
  world_clear (&w);
}

static void
test_silence (void)
{
  World w = world_new (1);

  message (&w);
  expect (&w, "send1:desk");
  wait_for (&w, 9.8);
  expect (&w, "");
  wait_for (&w, 0.1);
  expect (&w, "store1");
  stored (&w, 1);
  expect (&w, "202:1 count1");
  answered (&w, 1, "desk", 200);
  expect (&w, "take1:desk");
  taken (&w, 1);
  expect (&w, "count0 forget1");
  world_clear (&w);
}

static void
test_taken_while_storing (void)
{
  World w = world_new (1);

  message (&w);
  wait_for (&w, 10);
  expect (&w, "send1:desk store1");
  answered (&w, 1, "desk", 200);
  expect (&w, "relay1:desk=200");
  stored (&w, 1);
  expect (&w, "count1 take1:desk");
  taken (&w, 1);
  expect (&w, "count0 forget1");
  world_clear (&w);
}

static void
test_taken_and_lost (void)
{
  World w = world_new (1);

  message (&w);
  wait_for (&w, 10);
  answered (&w, 1, "desk", 200);
  expect (&w, "send1:desk store1 relay1:desk=200");
  im_stored (w.im, 1, FALSE, NULL, 0, w.now, w.actions);
  expect (&w, "forget1");
  g_assert_cmpuint (im_count (w.im, BOB), ==, 0);
  world_clear (&w);
}

/* Answered 503 it is never delivered later (DESIGN section 3, rule 5). */
static void
test_not_stored (void)
{
  World w = world_new (1);

  message (&w);
  wait_for (&w, 1);
  message (&w);
  wait_for (&w, 10);
  expect (&w, "send1:desk store1 store2");
  im_stored (w.im, 2, FALSE, w.here, 1, w.now, w.actions);
  expect (&w, "503:2 forget2");
  im_stored (w.im, 1, FALSE, w.here, 1, w.now, w.actions);
  expect (&w, "503:1");
  answered (&w, 1, "desk", 200);
  expect (&w, "forget1");
  world_clear (&w);
}

static void
test_suppressed (void)
{
  World w = world_new (0);

  message_from (&w, ALICE, IM_REFUSE, IM_USER);
  expect (&w, "480:1 forget1");
  w.n_here = 1;
  message_from (&w, ALICE, IM_REFUSE, IM_USER);
  wait_for (&w, 10);
  expect (&w, "send2:desk 480:2");
  answered (&w, 2, "desk", 486);
  expect (&w, "forget2");
  message_from (&w, ALICE, IM_REFUSE, IM_USER);
  answered (&w, 3, "desk", 486);
  expect (&w, "send3:desk relay3:desk=486 forget3");
  message_from (&w, ALICE, IM_REFUSE, IM_USER);
  answered (&w, 4, "desk", 503); /* no response, but a failed transport */
  expect (&w, "send4:desk 480:4 forget4");
  world_clear (&w);
}

static void
test_full (void)
{
  World w = world_new (0);

  for (guint i = 0; i < 5; i++)
    message (&w);
  expect (&w, "store1 store2 store3 store4 store5");
  message (&w);
  expect (&w, "full:6 forget6");
  stored (&w, 1);
  expect (&w, "202:1 count1 forget1");
  message (&w);
  expect (&w, "full:7 forget7");
  im_purged (w.im, BOB, 1, w.now, w.actions);
  message (&w);
  expect (&w, "count0 store8");
  world_clear (&w);
}

/* The lock. */

static void
test_locked (void)
{
  World w = world_new (3);

  lock_on (&w, "mobile");
  message (&w);
  expect (&w, "send1:mobile");
  answered (&w, 1, "mobile", 200);
  expect (&w, "relay1:mobile=200 forget1");
  message_from (&w, "carol@example.com", IM_KEEP, IM_USER);
  expect (&w, "send2:desk send2:mobile send2:tablet");
  world_clear (&w);
}

static void
test_locked_fails (gconstpointer data)
{
  guint status = GPOINTER_TO_UINT (data);
  World w = world_new (3);

  lock_on (&w, "mobile");
  message (&w);
  answered (&w, 1, "mobile", status);
  expect (&w, "send1:mobile send1:desk send1:tablet");
  answered (&w, 1, "desk", 200);
  answered (&w, 1, "tablet", 200);
  expect (&w, "relay1:desk=200 forget1");
  message (&w); /* the lock has fallen */
  expect (&w, "send2:desk send2:mobile send2:tablet");
  world_clear (&w);
}

static void
test_locked_silent (void)
{
  World w = world_new (2);

  lock_on (&w, "mobile");
  message (&w);
  wait_for (&w, 3.8);
  expect (&w, "send1:mobile");
  wait_for (&w, 0.1);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 200);
  expect (&w, "relay1:desk=200");
  message (&w);
  expect (&w, "send2:desk");
  answered (&w, 1, "mobile", 200);
  expect (&w, "forget1 send2:mobile");
  world_clear (&w);
}

static void
test_locked_late (void)
{
  World w = world_new (2);

  lock_on (&w, "mobile");
  message (&w);
  wait_for (&w, 4);
  answered (&w, 1, "mobile", 200);
  expect (&w, "send1:mobile send1:desk relay1:mobile=200");
  wait_for (&w, 60);
  expect (&w, "");
  world_clear (&w);
}

/* Ten seconds in all, however long the locked device had. */
static void
test_locked_then_stored (void)
{
  World w = world_new (2);

  lock_on (&w, "mobile");
  message (&w);
  wait_for (&w, 4);
  expect (&w, "send1:mobile send1:desk");
  wait_for (&w, 5.5);
  expect (&w, "");
  wait_for (&w, 0.4);
  expect (&w, "store1");
  world_clear (&w);
}

static void
test_locked_refuses (void)
{
  World w = world_new (2);

  lock_on (&w, "mobile");
  message (&w);
  answered (&w, 1, "mobile", 415);
  expect (&w, "send1:mobile relay1:mobile=415 forget1");
  message (&w);
  expect (&w, "send2:mobile");
  world_clear (&w);
}

static void
test_locked_only_one (void)
{
  World w = world_new (1);

  lock_on (&w, "desk");
  message (&w);
  answered (&w, 1, "desk", 500);
  expect (&w, "send1:desk store1");
  stored (&w, 1);
  expect (&w, "202:1 count1 forget1");
  world_clear (&w);
}

/* It still has stored ones before it: that is no silence of the device. */
static void
test_locked_behind (void)
{
  World w = world_new (2);

  message_from (&w, "carol@example.com", IM_KEEP, IM_USER);
  lock_on (&w, "mobile");
  message (&w);
  expect (&w, "send1:desk send1:mobile");
  wait_for (&w, 4);
  expect (&w, "");
  answered (&w, 1, "desk", 200);
  answered (&w, 1, "mobile", 200);
  expect (&w, "relay1:desk=200 send2:desk forget1 send2:mobile");
  answered (&w, 2, "desk", 200);
  answered (&w, 2, "mobile", 200);
  message (&w);
  expect (&w, "relay2:desk=200 forget2 send3:mobile");
  world_clear (&w);
}

static void
test_lock_of_one_away (void)
{
  World w = world_new (2);

  lock_on (&w, "tablet");
  im_device_closed (w.im, BOB, "tablet", w.now, w.actions);
  message_from (&w, ALICE, IM_KEEP, IM_AUTOMATIC);
  expect (&w, "send1:desk send1:mobile");
  here (&w, "tablet");
  w.n_here = 3;
  message (&w);
  expect (&w, "send2:tablet");
  im_device_gone (w.im, BOB, "tablet", w.now, w.actions);
  expect (&w, "");
  answered (&w, 2, "tablet", 503);
  expect (&w, "");
  answered (&w, 1, "desk", 200);
  expect (&w, "relay1:desk=200 send2:desk");
  world_clear (&w);
}

/* A GRUU, and a copy of a broadcast, know no lock. */
static void
test_no_lock (void)
{
  World w = world_new (2);
  ImMessage direct = { .id = 1,
                       .sender = ALICE,
                       .recipient = BOB,
                       .keep = IM_REFUSE,
                       .is_direct = TRUE };

  lock_on (&w, "mobile");
  im_message (w.im, &direct, both, 1, w.now, w.actions);
  expect (&w, "send1:desk");
  w.id = 1;
  message_from (&w, ALICE, IM_FIRST, IM_AUTOMATIC);
  expect (&w, "store2");
  answered (&w, 1, "desk", 200);
  stored (&w, 2);
  expect (&w, "relay1:desk=200 forget1 202:2 count1 send2:desk send2:mobile");
  world_clear (&w);
}

/* The device that the sender names comes before a lock, but not instead of the
 * others; one that is not there is nobody's. */
static void
test_first (void)
{
  World w = world_new (2);
  ImMessage named
      = { .id = 1, .sender = ALICE, .recipient = BOB, .first = "desk" };

  lock_on (&w, "mobile");
  im_message (w.im, &named, both, 2, w.now, w.actions);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 480);
  expect (&w, "send1:mobile");
  answered (&w, 1, "mobile", 200);
  expect (&w, "relay1:mobile=200 forget1");
  named.id = 2;
  named.first = "tablet";
  im_message (w.im, &named, both, 2, w.now, w.actions);
  expect (&w, "send2:mobile");
  answered (&w, 2, "mobile", 200);
  expect (&w, "relay2:mobile=200 forget2");
  world_clear (&w);
}

/* Order: one outstanding message per device (RFC 3428 8). */

static void
test_one_at_a_time (void)
{
  World w = world_new (1);

  message (&w);
  message_from (&w, "carol@example.com", IM_KEEP, IM_USER);
  message (&w);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 200);
  expect (&w, "relay1:desk=200 forget1 send2:desk");
  answered (&w, 2, "desk", 415);
  expect (&w, "relay2:desk=415 forget2 send3:desk");
  answered (&w, 2, "desk", 200); /* again: of nothing that is out */
  expect (&w, "");
  world_clear (&w);
}

/* What waits behind one that was not taken has not been taken either. */
static void
test_not_there (void)
{
  World w = world_new (1);

  message (&w);
  message (&w);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 503);
  expect (&w, "store1 store2");
  world_clear (&w);
}

static void
test_other_devices_go_on (void)
{
  World w = world_new (2);

  message (&w);
  message (&w);
  answered (&w, 1, "desk", 200);
  expect (&w, "send1:desk send1:mobile relay1:desk=200 send2:desk");
  answered (&w, 2, "desk", 200);
  expect (&w, "relay2:desk=200");
  answered (&w, 1, "mobile", 408);
  expect (&w, "forget1 forget2");
  message (&w);
  expect (&w, "send3:desk send3:mobile");
  world_clear (&w);
}

static void
test_line_is_bounded (void)
{
  World w = world_new (1);

  w.limits.max_stored = 100;
  im_set_limits (w.im, &w.limits);
  for (guint i = 0; i < 9; i++)
    message (&w);
  expect (&w, "send1:desk");
  message (&w);
  expect (&w, "store10");
  stored (&w, 10);
  expect (&w, "202:10 count1 forget10");
  for (guint i = 1; i < 9; i++)
    answered (&w, i, "desk", 200);
  g_array_set_size (w.actions, 0);
  answered (&w, 9, "desk", 200);
  expect (&w, "relay9:desk=200 forget9 load0");
  loaded (&w, IM_LOADED_ALL, 10, 1);
  expect (&w, "send10:desk");
  world_clear (&w);
}

#define ADD(path, fn) g_test_add_func ("/im/" path, fn)
#define ADD_STATUS(path, status, fn)                                           \
  g_test_add_data_func ("/im/" path "/" #status, GUINT_TO_POINTER (status), fn)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("rfc3261-16.7/first-2xx", test_first_2xx);
  ADD ("rfc3261-16.7/2xx-after-failures", test_2xx_after_failures);
  ADD_STATUS ("refused", 415, test_refused);
  ADD_STATUS ("refused", 488, test_refused);
  ADD_STATUS ("refused", 600, test_refused);
  ADD_STATUS ("refused", 603, test_refused);
  ADD ("refused/in-time", test_refused_in_time);
  ADD ("nobody-takes-it", test_nobody_takes_it);
  ADD ("silence", test_silence);
  ADD ("taken-while-storing", test_taken_while_storing);
  ADD ("taken-and-lost", test_taken_and_lost);
  ADD ("not-stored", test_not_stored);
  ADD ("suppressed", test_suppressed);
  ADD ("full", test_full);
  ADD ("locked/alone", test_locked);
  ADD_STATUS ("locked/fails", 408, test_locked_fails);
  ADD_STATUS ("locked/fails", 480, test_locked_fails);
  ADD_STATUS ("locked/fails", 500, test_locked_fails);
  ADD_STATUS ("locked/fails", 503, test_locked_fails);
  ADD ("locked/silent", test_locked_silent);
  ADD ("locked/late", test_locked_late);
  ADD ("locked/then-stored", test_locked_then_stored);
  ADD ("locked/refuses", test_locked_refuses);
  ADD ("locked/only-one", test_locked_only_one);
  ADD ("locked/behind-others", test_locked_behind);
  ADD ("locked/away", test_lock_of_one_away);
  ADD ("locked/not-for-these", test_no_lock);
  ADD ("locked/first", test_first);
  ADD ("rfc3428-8/one-at-a-time", test_one_at_a_time);
  ADD ("rfc3428-8/not-there", test_not_there);
  ADD ("rfc3428-8/other-devices-go-on", test_other_devices_go_on);
  ADD ("rfc3428-8/bounded", test_line_is_bounded);
  return g_test_run ();
}
