/* SPDX-License-Identifier: ISC
 *
 * im/: stored messages: who is owed them, in which order, and what becomes of
 * them when devices and the store fail. */
#include "im-world.h"

static const char *const both[] = { "desk", "mobile" };

static void
test_nobody_there (void)
{
  World w = world_new (0);

  message (&w);
  message (&w);
  expect (&w, "store1 store2");
  stored (&w, 1);
  stored (&w, 2);
  expect (&w, "202:1 count1 forget1 202:2 count2 forget2");
  w.n_here = 1;
  here (&w, "desk");
  expect (&w, "load0");
  loaded (&w, IM_LOADED_ALL, 1, 2);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 200);
  expect (&w, "take1:desk send2:desk");
  answered (&w, 2, "desk", 200);
  taken (&w, 1);
  taken (&w, 2);
  expect (&w, "take2:desk count1 forget1 count0 forget2");
  here (&w, "desk");
  expect (&w, "");
  world_clear (&w);
}

/* A registration that passes the commit is not missed (rule 4). */
static void
test_registration_passes (void)
{
  World w = world_new (0);

  message (&w);
  here (&w, "desk");
  w.n_here = 1;
  stored (&w, 1);
  expect (&w, "store1 202:1 count1 send1:desk");
  world_clear (&w);
}

static void
test_live_behind_stored (void)
{
  World w = world_new (1);

  counted (&w, 2);
  w.id = 2;
  message (&w);
  expect (&w, "load0");
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 2);
  expect (&w, "load0"); /* the registration has it read once more */
  loaded (&w, IM_LOADED_ALL, 1, 2);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 200);
  answered (&w, 2, "desk", 200);
  expect (&w, "take1:desk send2:desk take2:desk send3:desk");
  world_clear (&w);
}

/* Its device was there when the message came, and is not now: what is on disk is
 * not read again and again. */
static void
test_gone_while_reading (void)
{
  World w = world_new (1);

  counted (&w, 5);
  w.id = 5;
  message (&w);
  expect (&w, "load0");
  w.n_here = 0;
  loaded (&w, IM_LOADED_SOME, 1, 4);
  expect (&w, "forget1 forget2 forget3 forget4 send6:desk");
  answered (&w, 6, "desk", 480);
  w.n_here = 1;
  here (&w, "desk");
  expect (&w, "full:6 forget6 load0");
  world_clear (&w);
}

/* However many live ones wait: there is room for what is read. */
static void
test_many_live_behind_stored (void)
{
  World w = world_new (1);

  counted (&w, 2);
  w.id = 2;
  for (guint i = 0; i < w.limits.max_waiting; i++)
    message (&w);
  expect (&w, "load0");
  loaded (&w, IM_LOADED_ALL, 1, 2);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 200);
  answered (&w, 2, "desk", 200);
  expect (&w, "take1:desk send2:desk take2:desk send3:desk");
  world_clear (&w);
}

/* One whose row is under way is before what comes now. */
static void
test_live_behind_storing (void)
{
  World w = world_new (1);

  message (&w);
  answered (&w, 1, "desk", 503);
  message (&w);
  expect (&w, "send1:desk store1");
  stored (&w, 1);
  expect (&w, "202:1 count1 send1:desk");
  answered (&w, 1, "desk", 200);
  expect (&w, "take1:desk send2:desk");
  world_clear (&w);
}

static void
test_chunks (void)
{
  World w = world_new (1);

  counted (&w, 6);
  here (&w, "desk");
  expect (&w, "load0");
  loaded (&w, IM_LOADED_SOME, 1, 4);
  expect (&w, "send1:desk");
  for (guint i = 1; i <= 2; i++) {
    answered (&w, i, "desk", 200);
    taken (&w, i);
  }
  expect (&w, "take1:desk send2:desk count5 forget1 "
              "take2:desk send3:desk count4 forget2");
  answered (&w, 3, "desk", 200);
  taken (&w, 3);
  expect (&w, "take3:desk send4:desk count3 forget3 load4");
  answered (&w, 4, "desk", 200);
  loaded (&w, IM_LOADED_ALL, 5, 2);
  expect (&w, "take4:desk send5:desk");
  world_clear (&w);
}

/* A device is quicker than the commits of what it took. */
static void
test_chunks_taken_late (void)
{
  World w = world_new (1);

  counted (&w, 6);
  here (&w, "desk");
  loaded (&w, IM_LOADED_SOME, 1, 4);
  expect (&w, "load0 send1:desk");
  for (guint i = 1; i <= 4; i++)
    answered (&w, i, "desk", 200);
  expect (&w, "take1:desk send2:desk take2:desk send3:desk take3:desk "
              "send4:desk take4:desk load4");
  for (guint i = 1; i <= 4; i++)
    taken (&w, i);
  expect (&w, "count5 forget1 count4 forget2 count3 forget3 count2 forget4");
  loaded (&w, IM_LOADED_ALL, 5, 2);
  expect (&w, "send5:desk");
  world_clear (&w);
}

/* Every device that is there before the first 2xx is committed gets it. */
static void
test_entitled (void)
{
  World w = world_new (2);

  counted (&w, 1);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 1);
  expect (&w, "load0 send1:desk send1:mobile");
  here (&w, "tablet");
  expect (&w, "send1:tablet");
  answered (&w, 1, "desk", 200);
  expect (&w, "take1:desk");
  answered (&w, 1, "mobile", 200);
  taken (&w, 1);
  expect (&w, "count0");
  here (&w, "fridge"); /* after the commit */
  expect (&w, "");
  answered (&w, 1, "tablet", 200);
  expect (&w, "forget1");
  world_clear (&w);
}

/* A device that dies in the middle loses none, and gets none twice. */
static void
test_dies_in_the_middle (void)
{
  World w = world_new (1);

  counted (&w, 3);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 3);
  answered (&w, 1, "desk", 200);
  taken (&w, 1);
  expect (&w, "load0 send1:desk take1:desk send2:desk count2 forget1");
  im_device_closed (w.im, BOB, "desk", w.now, w.actions);
  expect (&w, "forget3");
  answered (&w, 2, "desk", 503);
  expect (&w, "forget2");
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 2, 2);
  expect (&w, "load0 send2:desk");
  answered (&w, 2, "desk", 200);
  expect (&w, "take2:desk send3:desk");
  world_clear (&w);
}

/* It registers while one is out that will never be answered. */
static void
test_back_while_out (void)
{
  World w = world_new (1);

  counted (&w, 2);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 2);
  expect (&w, "load0 send1:desk");
  here (&w, "desk");
  expect (&w, "");
  answered (&w, 1, "desk", 408);
  expect (&w, "send1:desk");
  answered (&w, 1, "desk", 200);
  expect (&w, "take1:desk send2:desk");
  world_clear (&w);
}

static void
test_tried_again (void)
{
  World w = world_new (1);

  counted (&w, 1);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 1);
  answered (&w, 1, "desk", 408);
  expect (&w, "load0 send1:desk forget1");
  wait_for (&w, 59.8);
  expect (&w, "");
  wait_for (&w, 0.1);
  expect (&w, "load0");
  loaded (&w, IM_LOADED_ALL, 1, 1);
  expect (&w, "send1:desk");
  world_clear (&w);
}

/* A device that refuses a stored message is not asked again; others are. */
static void
test_stored_refused (void)
{
  static const char *const refused[] = { "desk", NULL };
  World w = world_new (1);
  ImRow row = { .id = 1, .refused = refused };

  row.expires_at = w.now + 60 * SEC;
  counted (&w, 2);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 2);
  answered (&w, 1, "desk", 415);
  expect (&w, "load0 send1:desk refused1:desk=415 forget1 send2:desk");
  answered (&w, 2, "desk", 200);
  taken (&w, 2);
  here (&w, "desk");
  expect (&w, "take2:desk count1 forget2 load0");
  im_loaded (w.im, BOB, IM_LOADED_ALL, &row, 1, both, 1, w.now, w.actions);
  expect (&w, "forget1");
  here (&w, "mobile");
  im_loaded (w.im, BOB, IM_LOADED_ALL, &row, 1, both, 2, w.now, w.actions);
  expect (&w, "load0 send1:mobile");
  world_clear (&w);
}

/* What one device refused before it was stored is not given to it after. */
static void
test_refused_before (void)
{
  World w = world_new (2);

  message (&w);
  answered (&w, 1, "desk", 405);
  answered (&w, 1, "mobile", 480);
  stored (&w, 1);
  expect (&w, "send1:desk send1:mobile store1 202:1 count1 refused1:desk=405 "
              "forget1");
  world_clear (&w);
}

/* One that is answered 500 for ever does not stop the others. */
static void
test_poison (void)
{
  World w = world_new (1);

  counted (&w, 2);
  for (guint i = 0; i < 4; i++) {
    here (&w, "desk");
    loaded (&w, IM_LOADED_ALL, 1, 2);
    answered (&w, 1, "desk", 500);
    expect (&w, "load0 send1:desk forget1 forget2");
  }
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 2);
  answered (&w, 1, "desk", 500);
  expect (&w, "load0 send1:desk refused1:desk=500 forget1 send2:desk");
  world_clear (&w);
}

static void
test_expires (void)
{
  World w = world_new (1);
  ImRow row = { .id = 2 };

  counted (&w, 2);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 1);
  expect (&w, "load0 send1:desk");
  wait_for (&w, 3600);
  expect (&w, "expire1 count1");
  answered (&w, 1, "desk", 200);
  expect (&w, "forget1");
  here (&w, "desk");
  row.expires_at = w.now;
  im_loaded (w.im, BOB, IM_LOADED_ALL, &row, 1, both, 1, w.now, w.actions);
  expect (&w, "load0 expire2 count0 forget2");
  world_clear (&w);
}

/* What is taken while the store is read may still be among the rows. */
static void
test_taken_while_read (void)
{
  World w = world_new (2);

  counted (&w, 2);
  here (&w, "desk");
  loaded (&w, IM_LOADED_SOME, 1, 1);
  expect (&w, "load0 load1 send1:desk send1:mobile");
  answered (&w, 1, "desk", 200);
  answered (&w, 1, "mobile", 200);
  taken (&w, 1);
  expect (&w, "take1:desk count1 forget1");
  loaded (&w, IM_LOADED_ALL, 1, 2); /* read before it was removed */
  expect (&w, "forget1 send2:desk send2:mobile");
  world_clear (&w);
}

static void
test_purged (void)
{
  World w = world_new (1);

  counted (&w, 2);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 2);
  im_purged (w.im, BOB, 2, w.now, w.actions);
  expect (&w, "load0 send1:desk count1 forget2");
  im_purged (w.im, BOB, 1, w.now, w.actions);
  answered (&w, 1, "desk", 200);
  expect (&w, "count0 forget1");
  world_clear (&w);
}

/* A 2xx that could not be written: it is on disk as before. */
static void
test_not_written (void)
{
  World w = world_new (1);

  counted (&w, 1);
  here (&w, "desk");
  loaded (&w, IM_LOADED_ALL, 1, 1);
  answered (&w, 1, "desk", 200);
  im_taken (w.im, 1, FALSE, w.now, w.actions);
  expect (&w, "load0 send1:desk take1:desk forget1");
  g_assert_cmpuint (im_count (w.im, BOB), ==, 1);
  im_counted (w.im, "carol@example.com", 4, w.now, w.actions);
  g_assert_cmpuint (im_count_all (w.im), ==, 5);
  world_clear (&w);
}

/* PostgreSQL is away: live ones go on, the stored ones come later. */
static void
test_store_away (void)
{
  World w = world_new (1);

  counted (&w, 1);
  w.id = 1;
  message (&w);
  expect (&w, "load0");
  im_loaded (w.im, BOB, IM_NOT_LOADED, NULL, 0, NULL, 0, w.now, w.actions);
  expect (&w, "send2:desk");
  answered (&w, 2, "desk", 200);
  expect (&w, "relay2:desk=200 forget2");
  wait_for (&w, 60);
  expect (&w, "load0");
  loaded (&w, IM_LOADED_ALL, 1, 1);
  expect (&w, "send1:desk");
  world_clear (&w);
}

/* Nobody can be given what was read: no more is read for nobody. */
static void
test_read_for_nobody (void)
{
  World w = world_new (0);

  counted (&w, 6);
  here (&w, "desk");
  loaded (&w, IM_LOADED_SOME, 1, 4);
  expect (&w, "load0 forget1 forget2 forget3 forget4");
  w.n_here = 1;
  here (&w, "desk");
  expect (&w, "load0");
  world_clear (&w);
}

/* Whatever comes for messages and devices that nobody knows does nothing. */
static void
test_unknown (void)
{
  World w = world_new (1);

  answered (&w, 7, "desk", 200);
  stored (&w, 7);
  taken (&w, 7);
  im_purged (w.im, BOB, 7, w.now, w.actions);
  loaded (&w, IM_LOADED_ALL, 7, 1);
  here (&w, "desk");
  im_device_closed (w.im, BOB, "desk", w.now, w.actions);
  im_device_gone (w.im, BOB, "desk", w.now, w.actions);
  counted (&w, 0);
  message (&w);
  answered (&w, 1, "mobile", 200);
  stored (&w, 1);
  taken (&w, 1);
  im_purged (w.im, BOB, 1, w.now, w.actions);
  expect (&w, "send1:desk");
  world_clear (&w);
}

#define ADD(path, fn) g_test_add_func ("/im/" path, fn)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("offline/nobody-there", test_nobody_there);
  ADD ("offline/registration-passes", test_registration_passes);
  ADD ("offline/live-behind-stored", test_live_behind_stored);
  ADD ("offline/gone-while-reading", test_gone_while_reading);
  ADD ("offline/many-live-behind-stored", test_many_live_behind_stored);
  ADD ("offline/live-behind-storing", test_live_behind_storing);
  ADD ("offline/chunks", test_chunks);
  ADD ("offline/chunks-taken-late", test_chunks_taken_late);
  ADD ("offline/entitled", test_entitled);
  ADD ("offline/dies-in-the-middle", test_dies_in_the_middle);
  ADD ("offline/back-while-out", test_back_while_out);
  ADD ("offline/tried-again", test_tried_again);
  ADD ("offline/refused", test_stored_refused);
  ADD ("offline/refused-before", test_refused_before);
  ADD ("offline/poison", test_poison);
  ADD ("offline/expires", test_expires);
  ADD ("offline/taken-while-read", test_taken_while_read);
  ADD ("offline/purged", test_purged);
  ADD ("offline/not-written", test_not_written);
  ADD ("offline/store-away", test_store_away);
  ADD ("offline/read-for-nobody", test_read_for_nobody);
  ADD ("unknown", test_unknown);
  return g_test_run ();
}
