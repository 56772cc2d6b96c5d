/* SPDX-License-Identifier: ISC
 *
 * presence/: what publications and the registration add up to. */
#include "presence/winfo.h"
#include "tests/unit/presence-world.h"

static void
test_registered (void)
{
  g_autoptr (World) w = world_new ();
  guint64 blank = presence_version (w->presence, ALICE), open;

  g_assert_false (presence_set_registered (w->presence, ALICE, FALSE));
  g_assert_true (presence_set_registered (w->presence, ALICE, TRUE));
  g_assert_false (presence_set_registered (w->presence, ALICE, TRUE));
  assert_composed (w, "online=open");
  open = presence_version (w->presence, ALICE);
  g_assert_cmpuint (open, !=, blank);
  put (w, NULL, 100, doc_with ("a", BASIC_CLOSED), NULL);
  g_assert_cmpuint (presence_version (w->presence, ALICE), !=, open);
  assert_composed (w, "a=closed");
  /* What is published hides it. */
  g_assert_false (presence_set_registered (w->presence, ALICE, FALSE));
  g_assert_false (presence_set_registered (w->presence, ALICE, TRUE));
  g_assert_true (put (w, w->last.etag, 0, NULL, NULL));
  assert_composed (w, "online=open");
  g_assert_cmpuint (presence_version (w->presence, ALICE), !=, open);
  g_assert_true (presence_set_registered (w->presence, ALICE, FALSE));
  assert_composed (w, "offline=closed");
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, blank);
}

/* A document without tuples says nothing of availability. */
static void
test_registered_beside_person (void)
{
  g_autoptr (World) w = world_new ();
  PresenceDoc *doc = presence_doc_new ("sip:" ALICE);

  g_ptr_array_add (doc->persons, presence_element_new ("offline"));
  put (w, NULL, 100, doc, NULL);
  assert_composed (w, "offline-2=closed");
  g_assert_true (presence_set_registered (w->presence, ALICE, TRUE));
  assert_composed (w, "online=open");
}

static void
test_devices (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 300, doc_with ("a", BASIC_CLOSED), "phone");
  put (w, NULL, 300, doc_with ("b", BASIC_CLOSED), "tablet");
  assert_composed (w, "b=closed a=closed"); /* newest first */
  g_assert_true (put (w, NULL, 300, doc_with ("a", BASIC_OPEN), "phone"));
  assert_composed (w, "a=open b=closed");
  put (w, NULL, 300, doc_with ("c", BASIC_CLOSED), NULL); /* of no device */
  assert_composed (w, "a=open c=closed b=closed");        /* open first */
}

/* A phone that was restarted and signs off does not come back by what it had
 * published before. */
static void
test_superseded_stays_hidden (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *old = NULL;

  put (w, NULL, 300, doc_with ("a", BASIC_OPEN), "phone");
  old = g_strdup (w->last.etag);
  put (w, NULL, 300, doc_with ("a", BASIC_OPEN), "phone");
  assert_composed (w, "a=open");
  put (w, w->last.etag, 0, NULL, NULL);
  assert_composed (w, "offline=closed");
  g_assert_false (put (w, old, 300, NULL, NULL));
  assert_composed (w, "offline=closed");
  g_assert_true (
      put (w, w->last.etag, 300, doc_with ("a", BASIC_CLOSED), NULL));
  assert_composed (w, "a=closed");
}

static PresenceDoc *
doc_of_device (const char *id, const char *device_id)
{
  PresenceDoc *doc = doc_with (id, BASIC_OPEN);

  ((PresenceTuple *)doc->tuples->pdata[0])->device_id = g_strdup (device_id);
  return doc;
}

static void
test_device_id (void)
{
  g_autoptr (World) w = world_new ();
  PresenceDoc *two = doc_of_device ("c", "urn:1");

  put (w, NULL, 300, doc_of_device ("a", "urn:1"), NULL);
  put (w, NULL, 300, doc_of_device ("b", "urn:1"), NULL);
  assert_composed (w, "b=open");
  /* Two devices in one document: it stands for itself. */
  g_ptr_array_add (two->devices, presence_element_new ("d"));
  ((PresenceElement *)two->devices->pdata[0])->device_id = g_strdup ("urn:2");
  put (w, NULL, 300, two, NULL);
  assert_composed (w, "c=open b=open");
}

static PresenceDoc *
doc_with_contacts (PresenceBasic basic, const char *const *contacts)
{
  PresenceDoc *doc = presence_doc_new ("sip:" ALICE);

  for (guint i = 0; contacts[i] != NULL; i++) {
    g_autofree char *id = g_strdup_printf ("s%u", i);
    PresenceTuple *tuple = presence_tuple_new (id, basic);

    tuple->contact = g_strdup (contacts[i]);
    g_ptr_array_add (doc->tuples, tuple);
  }
  return doc;
}

static void
test_services (void)
{
  static const char *const contacts[]
      = { "sip:1", "sip:1", "mailto:2", "sip:1", NULL };
  g_autoptr (World) w = world_new ();
  PresenceDoc *doc = doc_with_contacts (BASIC_CLOSED, contacts);

  ((PresenceTuple *)doc->tuples->pdata[1])->basic = BASIC_OPEN;
  put (w, NULL, 300, doc, "phone");
  assert_composed (w, "s1=open s2=closed");
}

/* Ids are unique, and stay when what they had to give way to goes. */
static void
test_ids (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (PresenceDoc) both = NULL, one = NULL;
  g_autofree char *first = NULL, *second_id = NULL;

  put (w, NULL, 300, doc_with ("bs35r9f", BASIC_OPEN), "phone");
  first = g_strdup (w->last.etag);
  put (w, NULL, 300, doc_with ("bs35r9f", BASIC_OPEN), "tablet");
  both = presence_compose (w->presence, ALICE);
  g_assert_cmpuint (both->tuples->len, ==, 2);
  second_id = g_strdup (((PresenceTuple *)both->tuples->pdata[0])->id);
  g_assert_cmpstr (second_id, !=, "bs35r9f");
  g_assert_true (g_str_has_prefix (second_id, "bs35r9f-"));
  g_assert_cmpstr (((PresenceTuple *)both->tuples->pdata[1])->id, ==,
                   "bs35r9f");
  put (w, first, 0, NULL, NULL);
  one = presence_compose (w->presence, ALICE);
  g_assert_cmpuint (one->tuples->len, ==, 1);
  g_assert_cmpstr (((PresenceTuple *)one->tuples->pdata[0])->id, ==, second_id);
}

static void
add_person (PresenceDoc *doc, const char *id, const char *extra)
{
  PresenceElement *person = presence_element_new (id);

  person->extra = g_strdup (extra);
  g_ptr_array_add (doc->persons, person);
}

static void
add_device (PresenceDoc *doc, const char *id, const char *device_id)
{
  PresenceElement *device = presence_element_new (id);

  device->device_id = g_strdup (device_id);
  g_ptr_array_add (doc->devices, device);
}

static void
test_persons (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (PresenceDoc) doc = NULL;
  PresenceDoc *old = doc_with ("a", BASIC_OPEN);
  PresenceDoc *new = doc_with ("b", BASIC_OPEN);

  add_person (old, "p1", "<rpid:away/>");
  add_person (old, "p2", "<rpid:busy/>");
  add_person (new, "p3", "<rpid:busy/>"); /* the same as p2 */
  add_person (new, "p1", "<rpid:meal/>"); /* the same id as another */
  add_device (old, "d1", "urn:1");
  add_device (new, "d2", "urn:1");
  add_device (new, "d3", "urn:3");
  g_ptr_array_add (old->notes, presence_note_new ("en", "hello"));
  g_ptr_array_add (old->notes, presence_note_new (NULL, "old"));
  g_ptr_array_add (new->notes, presence_note_new ("en", "hello"));
  old->extra = g_strdup ("<x/>");
  new->extra = g_strdup ("<x/>");
  put (w, NULL, 300, old, "phone");
  put (w, NULL, 300, new, "tablet");
  doc = presence_compose (w->presence, ALICE);
  g_assert_cmpuint (doc->persons->len, ==, 3);
  g_assert_cmpstr (((PresenceElement *)doc->persons->pdata[0])->extra, ==,
                   "<rpid:busy/>");
  g_assert_cmpstr (((PresenceElement *)doc->persons->pdata[1])->extra, ==,
                   "<rpid:meal/>");
  g_assert_cmpstr (((PresenceElement *)doc->persons->pdata[2])->id, ==, "p1");
  g_assert_cmpstr (((PresenceElement *)doc->persons->pdata[1])->id, !=, "p1");
  g_assert_cmpuint (doc->devices->len, ==, 2);
  g_assert_true (
      g_str_has_prefix (((PresenceElement *)doc->devices->pdata[0])->id, "d2"));
  g_assert_cmpuint (doc->notes->len, ==, 2);
  g_assert_cmpstr (doc->extra, ==, "<x/>");
}

static void
test_unknown (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (PresenceDoc) unknown = presence_unknown (ALICE);
  g_autoptr (PresenceDoc) offline = presence_offline (ALICE);
  g_autoptr (PresenceDoc) nobody = presence_compose (w->presence, ALICE);

  g_assert_cmpuint (unknown->tuples->len, ==, 0);
  g_assert_cmpstr (unknown->entity, ==, "sip:" ALICE);
  g_assert_true (presence_doc_equal (offline, nobody));
  g_assert_cmpstr (((PresenceTuple *)offline->tuples->pdata[0])->contact, ==,
                   "sip:alice@example.com");
  g_assert_false (presence_doc_equal (offline, unknown));
}

static void
test_model (void)
{
  g_autoptr (PresenceDoc) doc = doc_of_device ("a", "urn:1");
  g_autoptr (PresenceDoc) copy = NULL;
  PresenceTuple *tuple;

  add_person (doc, "p", "<x/>");
  add_device (doc, "d", "urn:1");
  g_ptr_array_add (doc->notes, presence_note_new (NULL, "n"));
  copy = presence_doc_copy (doc);
  g_assert_true (presence_doc_equal (doc, copy));
  tuple = copy->tuples->pdata[0];
  tuple->notes
      = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_note_free);
  g_assert_true (presence_doc_equal (doc, copy)); /* none is like no list */
  g_ptr_array_add (tuple->notes, presence_note_new ("en", "t"));
  g_assert_false (presence_doc_equal (doc, copy));
  g_ptr_array_set_size (tuple->notes, 0);
  tuple->basic = BASIC_CLOSED;
  g_assert_false (presence_doc_equal (doc, copy));
  g_assert_false (presence_doc_equal (doc, NULL));
}

static void
test_winfo_model (void)
{
  g_autoptr (WinfoDoc) doc = winfo_doc_new ("sip:" ALICE, "presence", 3, FALSE);
  WinfoWatcher *watcher = winfo_doc_add (doc, "w1", "sip:bob@example.com",
                                         WINFO_PENDING, WINFO_SUBSCRIBE);

  g_assert_cmpuint (doc->watchers->len, ==, 1);
  g_assert_cmpint (watcher->expiration, ==, -1);
  g_assert_cmpint (watcher->subscribed_for, ==, -1);
  g_assert_null (watcher->display_name);
}

/* Whatever happens in whatever order: the version tells each change of the
 * document, and its ids are unique. */
static void
assert_consistent (World *w, PresenceDoc **last, guint64 *version)
{
  g_autoptr (PresenceDoc) doc = presence_compose (w->presence, ALICE);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  guint64 now = presence_version (w->presence, ALICE);

  if (*last != NULL && now == *version)
    g_assert_true (presence_doc_equal (doc, *last));
  for (guint i = 0; i < doc->tuples->len; i++)
    g_assert_true (
        g_hash_table_add (ids, ((PresenceTuple *)doc->tuples->pdata[i])->id));
  presence_doc_free (*last);
  *last = g_steal_pointer (&doc);
  *version = now;
}

static void
random_step (World *w, GQueue *tickets, char **etag)
{
  static const char *const devices[] = { NULL, "phone", "tablet" };
  const char *device = devices[g_test_rand_int_range (0, 3)];
  const char *id = g_test_rand_bit () ? "a" : "b";
  guint64 *ticket;

  switch (g_test_rand_int_range (0, 8)) {
  case 0:
    publish (w, NULL, g_test_rand_int_range (60, 300),
             doc_with (id, BASIC_OPEN), device);
    break;
  case 1:
    publish (w, *etag, 100, doc_with (id, BASIC_CLOSED), device);
    break;
  case 2:
    publish (w, *etag, 100, NULL, NULL);
    break;
  case 3:
    publish (w, *etag, 0, NULL, NULL);
    break;
  case 4:
    world_advance (w, g_test_rand_int_range (0, 50));
    return;
  case 5:
    presence_set_registered (w->presence, ALICE, g_test_rand_bit ());
    return;
  default:
    ticket = g_queue_pop_head (tickets);
    if (ticket != NULL && g_test_rand_int_range (0, 4) == 0)
      presence_abort (w->presence, ALICE, *ticket);
    else if (ticket != NULL)
      presence_commit (w->presence, ALICE, *ticket);
    g_free (ticket);
    return;
  }
  if (w->last.row == NULL)
    return;
  g_queue_push_tail (tickets,
                     g_memdup2 (&w->last.ticket, sizeof w->last.ticket));
  g_free (*etag);
  *etag = g_strdup (w->last.etag);
}

static void
test_random (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *etag = g_strdup ("none");
  g_autoptr (PresenceDoc) last = NULL;
  GQueue tickets = G_QUEUE_INIT;
  guint64 version = 0;

  for (guint i = 0; i < 20000; i++) {
    random_step (w, &tickets, &etag);
    assert_consistent (w, &last, &version);
  }
  g_queue_clear_full (&tickets, g_free);
  presence_set_registered (w->presence, ALICE, FALSE);
  world_advance (w, 8000);
  g_assert_cmpuint (presence_size (w->presence), ==, 0);
  assert_composed (w, "offline=closed");
}

static const struct {
  const char *path;
  void (*fn) (void);
} tests[] = {
  { "/presence/compose/registered", test_registered },
  { "/presence/compose/person-alone", test_registered_beside_person },
  { "/presence/compose/devices", test_devices },
  { "/presence/compose/superseded", test_superseded_stays_hidden },
  { "/presence/compose/rfc4479-device-id", test_device_id },
  { "/presence/compose/services", test_services },
  { "/presence/compose/ids", test_ids },
  { "/presence/compose/persons", test_persons },
  { "/presence/compose/unknown-and-offline", test_unknown },
  { "/presence/compose/random", test_random },
  { "/presence/model/copy-and-equal", test_model },
  { "/presence/model/winfo", test_winfo_model },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].fn);
  return g_test_run ();
}
