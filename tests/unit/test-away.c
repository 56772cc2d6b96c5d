/* SPDX-License-Identifier: ISC
 *
 * presence/: devices that are away and what they published, since when somebody
 * is not here, and who is on the phone. */
#include "tests/unit/presence-world.h"

#define DESK "urn:uuid:desk"
#define MOBILE "urn:uuid:mobile"
#define NOON ((gint64)1767268800 * SEC) /* 2026-01-01T12:00:00Z */

static gint64
wall_cb (gpointer data)
{
  const World *w = data;

  return NOON + (w->now - 1000 * SEC);
}

static World *
world_with_wall (void)
{
  World *w = world_new ();

  presence_set_wall (w->presence, wall_cb, w);
  return w;
}

/* --- Devices --- */

static void
test_grace (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 600, doc_with ("desk", BASIC_OPEN), DESK);
  put (w, NULL, 600, doc_with ("mobile", BASIC_OPEN), MOBILE);
  presence_orphan (w->presence, ALICE, DESK, w->now + 60 * SEC);
  world_advance (w, 59);
  assert_composed (w, "mobile=open desk=open");
  world_advance (w, 2);
  assert_composed (w, "mobile=open");
  g_assert_cmpuint (w->n_gone_visible, ==, 1);
}

/* By a REGISTER, or by what it publishes. */
static void
test_back (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 600, doc_with ("desk", BASIC_OPEN), DESK);
  presence_orphan (w->presence, ALICE, DESK, w->now + 60 * SEC);
  world_advance (w, 30);
  presence_adopt (w->presence, ALICE, MOBILE);
  presence_adopt (w->presence, ALICE, DESK);
  world_advance (w, 300);
  assert_composed (w, "desk=open");
  presence_orphan (w->presence, ALICE, DESK, w->now + 60 * SEC);
  g_assert_cmpint (publish (w, w->last.etag, 600, NULL, DESK), ==, PRESENCE_OK);
  commit_last (w);
  world_advance (w, 500);
  assert_composed (w, "desk=open");
  world_advance (w, 200);
  assert_composed (w, "offline=closed");
}

/* The first time counts, and what expires sooner does. */
static void
test_twice (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 60, doc_with ("brief", BASIC_OPEN), DESK);
  presence_orphan (w->presence, ALICE, DESK, w->now + 600 * SEC);
  world_advance (w, 62);
  assert_composed (w, "offline=closed");
  put (w, NULL, 600, doc_with ("desk", BASIC_OPEN), DESK);
  presence_orphan (w->presence, ALICE, DESK, w->now + 60 * SEC);
  world_advance (w, 30);
  presence_orphan (w->presence, ALICE, DESK, w->now + 60 * SEC);
  world_advance (w, 32);
  assert_composed (w, "offline=closed");
}

static void
test_nobodys (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 600, doc_with ("a", BASIC_OPEN), NULL);
  presence_orphan (w->presence, ALICE, DESK, w->now);
  presence_orphan (w->presence, "bob@example.com", DESK, w->now);
  world_advance (w, 300);
  assert_composed (w, "a=open");
}

/* One that has registered meanwhile is known from its next refresh on. */
static void
test_known_later (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 600, doc_with ("a", BASIC_OPEN), NULL);
  g_assert_cmpint (publish (w, w->last.etag, 600, NULL, DESK), ==, PRESENCE_OK);
  commit_last (w);
  presence_orphan (w->presence, ALICE, DESK, w->now + 10 * SEC);
  world_advance (w, 12);
  assert_composed (w, "offline=closed");
}

/* Without an instance a device has another name by each connection. */
static void
test_moved (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 600, doc_with ("a", BASIC_OPEN), "sip:old");
  g_assert_cmpint (publish (w, w->last.etag, 600, NULL, "sip:new"), ==,
                   PRESENCE_OK);
  commit_last (w);
  presence_orphan (w->presence, ALICE, "sip:old", w->now + 10 * SEC);
  world_advance (w, 12);
  assert_composed (w, "a=open");
}

/* --- Since when --- */

static void
assert_since (World *w, const char *expected)
{
  g_autoptr (PresenceDoc) doc = presence_compose (w->presence, ALICE);
  const PresenceTuple *tuple = doc->tuples->pdata[0];

  g_assert_cmpint (tuple->basic, ==, BASIC_CLOSED);
  g_assert_cmpstr (tuple->timestamp, ==, expected);
}

static void
test_since (void)
{
  g_autoptr (World) w = world_with_wall ();
  g_autofree char *aor = NULL;
  guint64 version;
  gint64 since;

  assert_since (w, NULL); /* never here */
  presence_set_registered (w->presence, ALICE, TRUE);
  put (w, NULL, 600, doc_with ("desk", BASIC_OPEN), DESK);
  world_advance (w, 60);
  presence_set_registered (w->presence, ALICE, FALSE);
  g_assert_false (presence_take_left (w->presence, &aor, &since));
  world_advance (w, 600); /* expires at 12:10:00 and a tick */
  assert_since (w, "2026-01-01T12:11:00Z");
  version = presence_version (w->presence, ALICE);
  g_assert_true (presence_take_left (w->presence, &aor, &since));
  g_assert_cmpstr (aor, ==, ALICE);
  g_assert_cmpint (since, ==, NOON + 660 * SEC);
  g_assert_false (presence_take_left (w->presence, &aor, &since));
  world_advance (w, 3600);
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, version);
  presence_set_registered (w->presence, ALICE, TRUE);
  presence_set_registered (w->presence, ALICE, FALSE);
  assert_since (w, "2026-01-01T13:11:00Z");
  g_assert_cmpuint (presence_version (w->presence, ALICE), !=, version);
}

/* A device that says closed is not here, as a client that never un-publishes
 * does it. */
static void
test_since_closed (void)
{
  g_autoptr (World) w = world_with_wall ();
  g_autofree char *aor = NULL;
  gint64 since;

  put (w, NULL, 600, doc_with ("desk", BASIC_OPEN), DESK);
  world_advance (w, 60);
  put (w, w->last.etag, 600, doc_with ("desk", BASIC_CLOSED), DESK);
  assert_since (w, NULL); /* its own tuple */
  world_advance (w, 700);
  assert_since (w, "2026-01-01T12:01:00Z");
  g_assert_true (presence_take_left (w->presence, &aor, &since));
}

static void
test_since_restored (void)
{
  g_autoptr (World) w = world_with_wall ();
  g_autofree char *aor = NULL;
  gint64 since;

  presence_restore_since (w->presence, ALICE, NOON - 60 * SEC);
  assert_since (w, "2026-01-01T11:59:00Z");
  g_assert_cmpuint (presence_version (w->presence, ALICE), >, 1);
  g_assert_false (presence_take_left (w->presence, &aor, &since));
  presence_drop_user (w->presence, ALICE, NULL, NULL);
  assert_since (w, NULL);
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, 1);
}

/* --- On the phone --- */

#define PHONE "<rpid:activities><rpid:on-the-phone/></rpid:activities>"
#define MEETING "<rpid:activities><rpid:meeting/></rpid:activities>"
#define ACTIVITIES "urn:ietf:params:xml:ns:pidf:rpid activities"

static PresenceDoc *
doc_with_person (const char *name, const char *text)
{
  PresenceDoc *doc = doc_with ("desk", BASIC_OPEN);
  PresenceElement *person = presence_element_new ("p1");

  presence_element_add_part (person, name, text);
  g_ptr_array_add (doc->persons, person);
  return doc;
}

/* What the persons say, one after the other. */
static void
assert_persons (World *w, const char *expected)
{
  g_autoptr (PresenceDoc) doc = presence_compose (w->presence, ALICE);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < doc->persons->len; i++)
    g_string_append_printf (text, "[%s]",
                            ((PresenceElement *)doc->persons->pdata[i])->extra);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_on_phone (void)
{
  g_autoptr (World) w = world_new ();

  g_assert_true (presence_set_on_phone (w->presence, ALICE, TRUE));
  g_assert_false (presence_set_on_phone (w->presence, ALICE, TRUE));
  assert_persons (w, "[" PHONE "]");
  put (w, NULL, 600, doc_with_person ("urn:x mood", "<mood/>"), DESK);
  assert_persons (w, "[<mood/>" PHONE "]");
  put (w, w->last.etag, 600, doc_with_person (ACTIVITIES, MEETING), DESK);
  assert_persons (w, "[" MEETING "]"); /* he says otherwise */
  g_assert_false (presence_set_on_phone (w->presence, ALICE, FALSE));
  g_assert_false (presence_set_on_phone (w->presence, ALICE, TRUE));
  put (w, w->last.etag, 0, NULL, DESK);
  assert_persons (w, "[" PHONE "]");
  g_assert_true (presence_set_on_phone (w->presence, ALICE, FALSE));
  assert_persons (w, "");
  world_advance (w, 100);
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, 1);
}

/* How he is mostly gives way to how he is now. */
static void
test_on_phone_permanent (void)
{
  g_autoptr (World) w = world_new ();

  presence_set_permanent (w->presence, ALICE,
                          doc_with_person (ACTIVITIES, MEETING));
  assert_persons (w, "[" MEETING "]");
  presence_set_on_phone (w->presence, ALICE, TRUE);
  assert_persons (w, "[" PHONE "]");
  presence_set_on_phone (w->presence, ALICE, FALSE);
  assert_persons (w, "[" MEETING "]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/presence/device/grace", test_grace);
  g_test_add_func ("/presence/device/back", test_back);
  g_test_add_func ("/presence/device/twice", test_twice);
  g_test_add_func ("/presence/device/nobodys", test_nobodys);
  g_test_add_func ("/presence/device/known-later", test_known_later);
  g_test_add_func ("/presence/device/moved", test_moved);
  g_test_add_func ("/presence/rfc3863-4.1.7/since", test_since);
  g_test_add_func ("/presence/rfc3863-4.1.7/since-closed", test_since_closed);
  g_test_add_func ("/presence/rfc3863-4.1.7/since-restored",
                   test_since_restored);
  g_test_add_func ("/presence/rfc4480-3.2/on-the-phone", test_on_phone);
  g_test_add_func ("/presence/rfc4480-3.2/on-the-phone-permanent",
                   test_on_phone_permanent);
  return g_test_run ();
}
