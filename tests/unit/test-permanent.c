/* SPDX-License-Identifier: ISC
 *
 * presence/: the document that a user keeps on the server (RFC 4827) beside what
 * is published. */
#include "tests/unit/presence-world.h"

#define RPID "urn:ietf:params:xml:ns:pidf:rpid "

static gboolean
set (World *w, PresenceDoc *doc)
{
  return presence_set_permanent (w->presence, ALICE, doc);
}

static guint64
version (World *w)
{
  return presence_version (w->presence, ALICE);
}

static PresenceDoc *
doc_of (const char *id, PresenceBasic basic, const char *device_id,
        const char *contact)
{
  PresenceDoc *doc = doc_with (id, basic);
  PresenceTuple *tuple = doc->tuples->pdata[0];

  tuple->device_id = g_strdup (device_id);
  tuple->contact = g_strdup (contact);
  return doc;
}

static void
add_tuple (PresenceDoc *doc, const char *id, const char *device_id,
           const char *contact)
{
  g_autoptr (PresenceDoc) one = doc_of (id, BASIC_OPEN, device_id, contact);

  g_ptr_array_add (doc->tuples, presence_tuple_copy (one->tuples->pdata[0]));
}

/* Without any device the user is what it says; it never expires. */
static void
test_alone (void)
{
  g_autoptr (World) w = world_new ();
  guint64 blank = version (w), open;

  g_assert_false (set (w, NULL));
  g_assert_true (set (w, doc_with ("a", BASIC_OPEN)));
  assert_composed (w, "a=open");
  open = version (w);
  g_assert_cmpuint (open, !=, blank);
  world_advance (w, 1000000);
  assert_composed (w, "a=open");
  g_assert_false (set (w, doc_with ("a", BASIC_OPEN)));
  g_assert_cmpuint (version (w), ==, open);
  g_assert_true (set (w, doc_with ("a", BASIC_CLOSED)));
  assert_composed (w, "a=closed");
  g_assert_cmpuint (version (w), >, open);
  g_assert_true (set (w, NULL));
  assert_composed (w, "offline=closed");
  g_assert_cmpuint (version (w), ==, blank);
  g_assert_true (set (w, doc_with ("a", BASIC_OPEN)));
  g_assert_cmpuint (version (w), >, open + 1);
  g_assert_cmpuint (presence_size (w->presence), ==, 0);
}

/* As any other source it takes the word from the registration alone. */
static void
test_registration (void)
{
  g_autoptr (World) w = world_new ();
  PresenceDoc *person = presence_doc_new ("sip:" ALICE);

  set (w, doc_with ("a", BASIC_CLOSED));
  g_assert_false (presence_set_registered (w->presence, ALICE, TRUE));
  assert_composed (w, "a=closed");
  g_ptr_array_add (person->persons, presence_element_new ("p"));
  g_assert_true (set (w, person));
  assert_composed (w, "online=open");
  g_assert_true (presence_set_registered (w->presence, ALICE, FALSE));
  assert_composed (w, "offline=closed");
}

static void
test_beside_devices (void)
{
  g_autoptr (World) w = world_new ();

  set (w, doc_of ("mail", BASIC_OPEN, NULL, "mailto:a@example.com"));
  g_assert_true (put (w, NULL, 300, doc_with ("b", BASIC_OPEN), "phone"));
  assert_composed (w, "b=open mail=open");
  g_assert_true (put (w, NULL, 300, doc_with ("c", BASIC_OPEN), "tablet"));
  assert_composed (w, "c=open b=open mail=open");
  world_advance (w, 301);
  assert_composed (w, "mail=open");
  put (w, NULL, 300, doc_with ("d", BASIC_CLOSED), "phone");
  assert_composed (w, "mail=open d=closed");
  g_assert_true (set (w, NULL));
  assert_composed (w, "d=closed");
}

/* The default of a device, and of a service, until it says itself how it is. */
static void
test_device_wins (void)
{
  g_autoptr (World) w = world_new ();
  PresenceDoc *doc = doc_of ("a", BASIC_CLOSED, "urn:1", "sip:1");
  guint64 before;

  add_tuple (doc, "b", NULL, "mailto:2");
  add_tuple (doc, "c", "urn:3", "sip:3");
  set (w, doc);
  assert_composed (w, "b=open c=open a=closed");
  /* By the device of the publication, of its tuple, by the contact. */
  put (w, NULL, 300, doc_with ("x", BASIC_OPEN), "urn:1");
  assert_composed (w, "x=open b=open c=open");
  put (w, NULL, 300, doc_of ("y", BASIC_CLOSED, "urn:3", "sip:9"), NULL);
  assert_composed (w, "x=open b=open y=closed");
  put (w, NULL, 300, doc_of ("z", BASIC_CLOSED, "urn:4", "mailto:2"), NULL);
  assert_composed (w, "x=open z=closed y=closed");
  /* A change of what nobody sees is none. */
  before = version (w);
  g_assert_false (set (w, doc_of ("a", BASIC_OPEN, "urn:1", "sip:1")));
  g_assert_cmpuint (version (w), ==, before);
  /* The same contact on another device is another service. */
  g_assert_true (set (w, doc_of ("a", BASIC_OPEN, "urn:5", "mailto:2")));
  assert_composed (w, "x=open a=open z=closed y=closed");
}

static void
test_ids (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *etag = NULL;

  put (w, NULL, 300, doc_with ("t", BASIC_OPEN), "phone");
  etag = g_strdup (w->last.etag);
  set (w, doc_with ("t", BASIC_OPEN));
  assert_composed (w, "t=open t-xcap=open");
  put (w, etag, 0, NULL, NULL);
  assert_composed (w, "t-xcap=open");
  g_assert_true (set (w, NULL));
  set (w, doc_with ("t", BASIC_OPEN));
  assert_composed (w, "t=open");
  put (w, NULL, 300, doc_with ("t", BASIC_CLOSED), "phone");
  {
    g_autoptr (PresenceDoc) doc = presence_compose (w->presence, ALICE);
    PresenceTuple *first = doc->tuples->pdata[0];
    PresenceTuple *second = doc->tuples->pdata[1];

    g_assert_cmpstr (first->id, ==, "t");
    g_assert_cmpint (first->basic, ==, BASIC_OPEN);
    g_assert_true (g_str_has_prefix (second->id, "t-"));
  }
}

/* "name name note note" */
static PresenceElement *
add_person (PresenceDoc *doc, const char *id, const char *names,
            const char *note)
{
  PresenceElement *person = presence_element_new (id);
  g_auto (GStrv) parts = g_strsplit (names, " ", -1);

  for (guint i = 0; parts[i] != NULL; i++) {
    g_autofree char *name = g_strconcat (RPID, parts[i], NULL);
    g_autofree char *text = g_strdup_printf ("<%s %s/>", parts[i], id);

    presence_element_add_part (person, name, text);
  }
  if (note != NULL) {
    person->notes
        = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_note_free);
    g_ptr_array_add (person->notes, presence_note_new (NULL, note));
  }
  g_ptr_array_add (doc->persons, person);
  return person;
}

static void
assert_persons (World *w, const char *expected)
{
  g_autoptr (PresenceDoc) doc = presence_compose (w->presence, ALICE);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < doc->persons->len; i++) {
    const PresenceElement *person = doc->persons->pdata[i];

    g_string_append_printf (text, "%s%s:%s", i > 0 ? " " : "", person->id,
                            person->extra != NULL ? person->extra : "");
    for (guint n = 0; person->notes != NULL && n < person->notes->len; n++)
      g_string_append_printf (text, "[%s]",
                              ((PresenceNote *)person->notes->pdata[n])->text);
  }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_person (void)
{
  g_autoptr (World) w = world_new ();
  PresenceDoc *doc = presence_doc_new ("sip:" ALICE);
  PresenceDoc *live = doc_with ("a", BASIC_OPEN);
  PresenceDoc *more = doc_with ("b", BASIC_OPEN);
  PresenceElement *whole;

  add_person (doc, "p", "activities mood class", "On holiday");
  add_person (doc, "q", "mood", NULL);
  set (w, doc);
  assert_persons (w, "p:<activities p/><mood p/><class p/>[On holiday] "
                     "q:<mood q/>");
  add_person (live, "r", "activities", NULL);
  put (w, NULL, 300, live, "phone");
  assert_persons (w, "r:<activities r/> p:<mood p/><class p/>[On holiday] "
                     "q:<mood q/>");
  add_person (more, "s", "mood sphere", "In a call");
  put (w, NULL, 200, more, "tablet");
  assert_persons (w, "s:<mood s/><sphere s/>[In a call] r:<activities r/> "
                     "p:<class p/>");
  world_advance (w, 301);
  assert_persons (w, "p:<activities p/><mood p/><class p/>[On holiday] "
                     "q:<mood q/>");
  /* One of which it is not known what it consists of stays whole. */
  doc = presence_doc_new ("sip:" ALICE);
  whole = presence_element_new ("u");
  whole->extra = g_strdup ("<mood u/>");
  g_ptr_array_add (doc->persons, whole);
  set (w, doc);
  live = doc_with ("a", BASIC_OPEN);
  add_person (live, "r", "mood", NULL);
  put (w, NULL, 300, live, "phone");
  assert_persons (w, "r:<mood r/> u:<mood u/>");
}

static PresenceElement *
add_device (PresenceDoc *doc, const char *id, const char *device_id)
{
  PresenceElement *device = presence_element_new (id);

  device->device_id = g_strdup (device_id);
  g_ptr_array_add (doc->devices, device);
  return device;
}

static void
test_device_elements (void)
{
  g_autoptr (World) w = world_new ();
  PresenceDoc *doc = presence_doc_new ("sip:" ALICE);
  PresenceDoc *live = doc_with ("a", BASIC_OPEN);
  g_autoptr (PresenceDoc) composed = NULL;

  add_device (doc, "d", "urn:1");
  add_device (doc, "e", "urn:2");
  g_ptr_array_add (doc->notes, presence_note_new ("en", "kept"));
  doc->extra = g_strdup ("<x/>");
  set (w, doc);
  add_device (live, "f", "urn:2");
  put (w, NULL, 300, live, NULL);
  composed = presence_compose (w->presence, ALICE);
  g_assert_cmpuint (composed->devices->len, ==, 2);
  g_assert_cmpstr (((PresenceElement *)composed->devices->pdata[0])->id, ==,
                   "f");
  g_assert_cmpstr (((PresenceElement *)composed->devices->pdata[1])->id, ==,
                   "d");
  g_assert_cmpuint (composed->notes->len, ==, 1);
  g_assert_cmpstr (composed->extra, ==, "<x/>");
}

/* Who is disabled or removed has none, and nobody politely blocked sees it. */
static void
test_dropped (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (PresenceDoc) offline = NULL;

  set (w, doc_with ("a", BASIC_OPEN));
  put (w, NULL, 300, doc_with ("b", BASIC_OPEN), "phone");
  offline = presence_offline (ALICE);
  g_assert_cmpint (((PresenceTuple *)offline->tuples->pdata[0])->basic, ==,
                   BASIC_CLOSED);
  presence_drop_user (w->presence, ALICE, gone_cb, w);
  g_assert_cmpuint (w->n_gone, ==, 1);
  assert_composed (w, "offline=closed");
  set (w, doc_with ("a", BASIC_OPEN)); /* freed with the presence */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/permanent/rfc4827-3/alone", test_alone);
  g_test_add_func ("/permanent/rfc4827-3/registration", test_registration);
  g_test_add_func ("/permanent/rfc4827-3/beside-devices", test_beside_devices);
  g_test_add_func ("/permanent/rfc4827-1/device-wins", test_device_wins);
  g_test_add_func ("/permanent/rfc4827-1/person", test_person);
  g_test_add_func ("/permanent/rfc4479-3.4/device-elements",
                   test_device_elements);
  g_test_add_func ("/permanent/ids", test_ids);
  g_test_add_func ("/permanent/dropped", test_dropped);
  return g_test_run ();
}
