/* SPDX-License-Identifier: ISC
 *
 * Presence documents and XMPP's presence: the tables of RFC 8048 6.2 and 6.3. */
#include "codec/pidf.h"
#include "codec/xmpp-pidf.h"

#include <string.h>

#define ALICE "alice@example.com"
#define XAVIER "xavier@xmpp.example.com"

#define HEAD                                                                   \
  "<presence xmlns='urn:ietf:params:xml:ns:pidf'"                              \
  " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"                         \
  " xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid'"                             \
  " entity='sip:" ALICE "'>"

static void
read_text (const char *inner, XmppPidf *out)
{
  g_autofree char *text = g_strconcat (HEAD, inner, "</presence>", NULL);
  g_autoptr (PresenceDoc) doc = NULL;
  g_autoptr (GError) error = NULL;

  pidf_parse (text, strlen (text), &doc, &error);
  g_assert_no_error (error);
  xmpp_pidf_read (doc, out);
}

/* "name show priority status lang", for each; "closed status". */
static char *
describe (const XmppPidf *seen)
{
  static const char *const shows[] = { "-", "chat", "away", "xa", "dnd" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < seen->resources->len; i++) {
    const RosterResource *r = seen->resources->pdata[i];

    g_string_append_printf (text, "%s%s %s %d %s %s", i > 0 ? "|" : "", r->name,
                            shows[r->show], r->priority,
                            r->status != NULL ? r->status : "-",
                            r->lang != NULL ? r->lang : "-");
  }
  if (seen->resources->len == 0 && seen->last != NULL)
    g_string_append_printf (text, "closed %s",
                            seen->last->status != NULL ? seen->last->status
                                                       : "-");
  return g_string_free (text, FALSE);
}

#define OPEN(id, inner)                                                        \
  "<tuple id='" id "'><status><basic>open</basic></status>" inner "</tuple>"
#define PERSON(inner) "<dm:person id='p'>" inner "</dm:person>"
#define DOING(what)                                                            \
  PERSON ("<rpid:activities><rpid:" what "/></rpid:activities>")

static const struct {
  const char *inner, *expected;
} rows[] = {
  { "", "" },
  { OPEN ("a", ""), "a - 0 - -" },
  { OPEN ("ID-phone", ""), "phone - 0 - -" },
  { OPEN ("a", "<contact>sip:alice@example.com;gr=desk</contact>"),
    "desk - 0 - -" },
  { OPEN ("a", "<contact>sip:alice@example.com;gr=urn:uuid:f81d</contact>"),
    "urn:uuid:f81d - 0 - -" },
  { OPEN ("a", "<contact>not a uri</contact>"), "a - 0 - -" },
  { OPEN ("a", "<contact>sip:x@example.com;gr=d</contact>")
        OPEN ("b", "<contact>sip:x@example.com;gr=d</contact>"),
    "d - 0 - -" },
  { OPEN ("a", "") OPEN ("b", "<note xml:lang='de'>da</note>"),
    "a - 0 - -|b - 0 da de" },
  { "<tuple id='a'><status><basic>closed</basic></status></tuple>",
    "closed -" },
  { "<tuple id='a'><status><basic>closed</basic></status><note>bye</note>"
    "</tuple>",
    "closed bye" },
  { "<tuple id='a'><status/></tuple>", "" },
  { OPEN ("a", "") "<tuple id='b'><status><basic>closed</basic></status>"
                   "</tuple>",
    "a - 0 - -" },
  { OPEN ("a", "<contact priority='1'>sip:a@b.c</contact>"), "a - 127 - -" },
  { OPEN ("a", "<contact priority='0.5'>sip:a@b.c</contact>"), "a - 64 - -" },
  { OPEN ("a", "<contact priority='7'>sip:a@b.c</contact>"), "a - 0 - -" },
  { OPEN ("a", "") DOING ("away"), "a away 0 - -" },
  { OPEN ("a", "") DOING ("busy"), "a dnd 0 - -" },
  { OPEN ("a", "") DOING ("on-the-phone"), "a dnd 0 - -" },
  { OPEN ("a", "") DOING ("vacation"), "a xa 0 - -" },
  { OPEN ("a", "") DOING ("working"), "a - 0 - -" },
  { OPEN ("a", "") PERSON ("<rpid:activities><rpid:away/><rpid:busy/>"
                           "</rpid:activities>"),
    "a dnd 0 - -" },
  { OPEN ("a", "") PERSON ("<rpid:user-input>idle</rpid:user-input>"),
    "a away 0 - -" },
  { OPEN ("a", "") PERSON ("<rpid:user-input>active</rpid:user-input>"),
    "a - 0 - -" },
  { "<tuple id='a'><status><basic>open</basic>"
    "<show xmlns='jabber:client'>chat</show></status></tuple>" DOING ("busy"),
    "a chat 0 - -" },
  { "<tuple id='a'><status><basic>open</basic>"
    "<j:show xmlns:j='jabber:client'>xa</j:show></status></tuple>",
    "a xa 0 - -" },
  { "<tuple id='a'><status><basic>open</basic>"
    "<show xmlns='jabber:client'>sulking</show></status></tuple>",
    "a - 0 - -" },
  { OPEN ("a", "") PERSON ("<dm:note xml:lang='en'>back soon</dm:note>"),
    "a - 0 back soon en" },
  { OPEN ("a", "") "<note>of all</note>", "a - 0 of all -" },
};

static void
test_read (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_auto (XmppPidf) seen = { 0 };
    g_autofree char *found = NULL;

    read_text (rows[i].inner, &seen);
    found = describe (&seen);
    g_assert_cmpstr (found, ==, rows[i].expected);
  }
}

static char *
write_text (const GPtrArray *resources, const RosterResource *last)
{
  g_autoptr (PresenceDoc) doc = xmpp_pidf_write (XAVIER, resources, last);
  g_autoptr (GBytes) bytes = pidf_write (doc);

  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static GPtrArray *
resources_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)roster_resource_free);
}

static RosterResource *
add (GPtrArray *resources, const char *name, RosterShow show, int priority)
{
  RosterResource *resource = roster_resource_new (name);

  resource->show = show;
  resource->priority = priority;
  g_ptr_array_add (resources, resource);
  return resource;
}

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("no %s in %s", part, text);
}

static void
assert_has_not (const char *text, const char *part)
{
  if (strstr (text, part) != NULL)
    g_error ("%s in %s", part, text);
}

static void
test_write (void)
{
  g_autoptr (GPtrArray) resources = resources_new ();
  RosterResource *resource = add (resources, "home/1 _x", ROSTER_SHOW_DND, 127);
  g_autofree char *text = NULL;

  resource->status = g_strdup ("a < b");
  resource->lang = g_strdup ("cs");
  resource->at = 1700000000 * (gint64)G_USEC_PER_SEC;
  add (resources, "bot", ROSTER_SHOW_XA, -1);
  text = write_text (resources, NULL);
  assert_has (text, "entity=\"sip:xavier@xmpp.example.com\"");
  assert_has (text, "id=\"ID-home_2f1_20_5fx\"");
  assert_has (text, "<show xmlns=\"jabber:client\">dnd</show>");
  assert_has (text, "<show xmlns=\"jabber:client\">xa</show>");
  assert_has (text, "priority=\"1.000\"");
  assert_has (text, ";gr=bot</contact>");
  assert_has (text, "<note xml:lang=\"cs\">a &lt; b</note>");
  assert_has (text, "<timestamp>2023-11-14T22:13:20Z</timestamp>");
  assert_has (text, "<rpid:busy/>"); /* dnd is more available than xa */
  assert_has_not (text, "<rpid:away/>");
}

/* RFC 8048 6.2, note 6: unique, and none for what is negative. */
static void
test_priority (void)
{
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int i = -1; i <= 127; i++) {
    g_autoptr (GPtrArray) resources = resources_new ();
    g_autoptr (PresenceDoc) doc = NULL;
    g_auto (XmppPidf) back = { 0 };
    PresenceTuple *tuple;

    add (resources, "r", ROSTER_SHOW_NONE, i);
    doc = xmpp_pidf_write (XAVIER, resources, NULL);
    tuple = doc->tuples->pdata[0];
    if (i < 0) {
      g_assert_null (tuple->priority);
      continue;
    }
    g_assert_true (g_hash_table_add (seen, g_strdup (tuple->priority)));
    xmpp_pidf_read (doc, &back);
    g_assert_cmpint (((RosterResource *)back.resources->pdata[0])->priority, ==,
                     i);
  }
}

static void
test_write_closed (void)
{
  g_autoptr (RosterResource) last = roster_resource_new (NULL);
  g_autofree char *text = write_text (NULL, NULL), *with_last = NULL;

  assert_has (text, "<basic>closed</basic>");
  last->status = g_strdup ("gone");
  with_last = write_text (NULL, last);
  assert_has (with_last, "<note>gone</note>");
}

/* What is written is read as it was. */
static void
test_round_trip (void)
{
  static const char *const names[]
      = { "home", "a b", "ID-x", "\xc3\xbc", "x;y=z", "50%" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (RosterShow show = ROSTER_SHOW_NONE; show <= ROSTER_SHOW_DND; show++) {
      g_autoptr (GPtrArray) resources = resources_new ();
      RosterResource *one = add (resources, names[i], show, 5);
      g_autofree char *text = NULL;
      g_autoptr (PresenceDoc) doc = NULL;
      g_auto (XmppPidf) back = { 0 };

      one->status = g_strdup ("st\xc3\xa4tus");
      text = write_text (resources, NULL);
      g_assert_true (pidf_parse (text, strlen (text), &doc, NULL));
      xmpp_pidf_read (doc, &back);
      g_assert_cmpuint (back.resources->len, ==, 1);
      g_assert_true (roster_resource_equal (back.resources->pdata[0], one));
    }
}

static void
test_long_name (void)
{
  g_autoptr (GPtrArray) resources = resources_new ();
  g_autofree char *name = g_strnfill (1023, '_'), *text = NULL;
  g_autoptr (PresenceDoc) doc = NULL;

  add (resources, name, ROSTER_SHOW_NONE, 0);
  add (resources, NULL, ROSTER_SHOW_NONE, 0);
  text = write_text (resources, NULL);
  g_assert_true (pidf_parse (text, strlen (text), &doc, NULL));
  g_assert_cmpuint (doc->tuples->len, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xmpp-pidf/rfc8048-6.3/read", test_read);
  g_test_add_func ("/xmpp-pidf/rfc8048-6.2/write", test_write);
  g_test_add_func ("/xmpp-pidf/rfc8048-6.2/priority", test_priority);
  g_test_add_func ("/xmpp-pidf/rfc8048-6.2/closed", test_write_closed);
  g_test_add_func ("/xmpp-pidf/round-trip", test_round_trip);
  g_test_add_func ("/xmpp-pidf/long-name", test_long_name);
  return g_test_run ();
}
