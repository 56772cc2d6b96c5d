/* SPDX-License-Identifier: ISC
 *
 * codec/xcap-contacts: resource lists (RFC 4826 3) and the contacts in them. */
#include "codec/xcap-contacts.h"
#include "codec/xcap-usages.h"

#include <string.h>

#define RL "urn:ietf:params:xml:ns:resource-lists"
#define OPEN "<resource-lists xmlns=\"" RL "\">"
#define CLOSE "</resource-lists>"

/* What a client of RFC 4826 3.3 keeps, and more. */
static const char rich[]
    = "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- mine -->\n"
      "<rl:resource-lists xmlns:rl=\"" RL "\" xmlns:x='urn:x'>\n"
      "  <rl:list name=\"friends\">\n"
      "    <rl:display-name xml:lang='en'>All &amp; sundry</rl:display-name>\n"
      "    <rl:entry uri=\"sip:Bob@Example.com\" x:icon='b'>\n"
      "      <rl:display-name>Bob &lt;B></rl:display-name>\n"
      "      <x:since y='1'><!-- a -->2020</x:since>\n"
      "    </rl:entry>\n"
      "    <rl:list>\n"
      "      <rl:entry uri=\"tel:+1-212-555-0100\"/>\n"
      "      <rl:list name='close'><rl:entry uri='sip:eve@example.com'/>\n"
      "      </rl:list>\n"
      "    </rl:list>\n"
      "    <rl:entry-ref ref='resource-lists/users/sip:b@c.example/index'/>\n"
      "    <rl:external anchor='http://x.example/a'/>\n"
      "    <x:unknown/>\n"
      "  </rl:list>\n"
      "  <rl:list name=\"again\"><rl:entry uri='SIP:bob@example.com'>"
      "<rl:display-name>B</rl:display-name></rl:entry></rl:list>\n"
      "  <rl:list name=\"oma_blockedcontacts\">\n"
      "    <rl:list name='in'><rl:entry uri=\"sip:mallory@example.com\"/>"
      "</rl:list>\n"
      "  </rl:list>\n"
      "</rl:resource-lists>\n<!-- end -->";

static GBytes *
bytes (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static void
check_valid (GBytes *document)
{
  g_autoptr (XcapError) error = xcap_usage_check (
      xcap_usage_find ("resource-lists"), document, "sip:alice@example.com");

  if (error != NULL)
    g_error ("%s: %.*s", error->phrase, (int)g_bytes_get_size (document),
             (const char *)g_bytes_get_data (document, NULL));
}

/* "uri|name|group" by line. */
static char *
show (const GPtrArray *contacts)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < contacts->len; i++) {
    const XcapContact *contact = contacts->pdata[i];

    g_string_append_printf (
        out, "%s|%s|%s\n", contact->uri,
        contact->display_name != NULL ? contact->display_name : "",
        contact->group);
  }
  return g_string_free (out, FALSE);
}

static void
check_read (const char *document, const char *expected)
{
  g_autoptr (GBytes) given = bytes (document);
  g_autoptr (GPtrArray) contacts = xcap_contacts_read (given);
  g_autofree char *shown = show (contacts);

  g_assert_cmpstr (shown, ==, expected);
}

static GPtrArray *
contacts_of (const char *lines)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (xcap_contact_free);
  g_auto (GStrv) split = g_strsplit (lines, "\n", -1);

  for (guint i = 0; split[i] != NULL && *split[i] != '\0'; i++) {
    g_auto (GStrv) field = g_strsplit (split[i], "|", 3);

    g_ptr_array_add (out, xcap_contact_new (
                              field[0], *field[1] ? field[1] : NULL, field[2]));
  }
  return out;
}

/* frame NULL: none.  What comes is valid, has these contacts, and merging them
 * again changes nothing. */
static void
check_merge (const char *frame, const char *contacts, const char *expected)
{
  g_autoptr (GBytes) given = frame != NULL ? bytes (frame) : NULL;
  g_autoptr (GPtrArray) list = contacts_of (contacts);
  g_autoptr (GBytes) merged = xcap_contacts_merge (given, list);
  g_autofree char *text
      = g_strndup (g_bytes_get_data (merged, NULL), g_bytes_get_size (merged));
  g_autoptr (GPtrArray) read = xcap_contacts_read (merged);
  g_autoptr (GBytes) again = xcap_contacts_merge (merged, list);

  g_assert_cmpstr (text, ==, expected);
  check_valid (merged);
  g_assert_cmpuint (read->len, ==, list->len);
  g_assert_true (g_bytes_equal (merged, again));
}

static void
test_read (void)
{
  check_read (rich, "sip:Bob@Example.com|Bob <B>|friends\n"
                    "tel:+1-212-555-0100||friends\n"
                    "sip:eve@example.com||close\n");
  check_read (OPEN CLOSE, "");
  check_read (OPEN "<list><entry uri='sip:a@b.example'><display-name>\n A\t\n"
                   "</display-name></entry></list><list name=''>"
                   "<entry uri='sip:c@b.example'/></list>" CLOSE,
              "sip:a@b.example|A|contacts\nsip:c@b.example||contacts\n");
  /* Not valid, and named so that it can be refused. */
  check_read (OPEN
              "<list name='x'><entry uri='http://b.example'/></list>" CLOSE,
              "http://b.example||x\n");
  check_read ("<presence/>", "");
  check_read ("", "");
  check_read ("<resource-lists xmlns=\"" RL "\">", "");
}

static void
test_same (void)
{
  g_autoptr (GBytes) given = bytes (rich);
  g_autoptr (GPtrArray) contacts = xcap_contacts_read (given);
  g_autoptr (GBytes) merged = xcap_contacts_merge (given, contacts);

  check_valid (given);
  g_assert_true (merged == given);
}

static void
test_generated (void)
{
  check_merge (NULL,
               "sip:bob@example.com|B & <B>|contacts\n"
               "tel:+49555||work \"x\"\nsip:c@d.example;a=b||contacts\n",
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" OPEN "\n"
               " <list name=\"contacts\">\n"
               "  <entry uri=\"sip:bob@example.com\"><display-name>"
               "B &amp; &lt;B&gt;</display-name></entry>\n"
               "  <entry uri=\"sip:c@d.example;a=b\"/>\n </list>\n"
               " <list name=\"work &quot;x&quot;\">\n"
               "  <entry uri=\"tel:+49555\"/>\n </list>\n" CLOSE "\n");
  check_merge (NULL, "",
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" OPEN "\n" CLOSE
               "\n");
  /* What a list of the OMA's says is no contact's business. */
  check_merge (OPEN CLOSE, "sip:b@c.example||oma_blockedcontacts\n",
               OPEN "\n <list name=\"contacts\">\n"
                    "  <entry uri=\"sip:b@c.example\"/>\n </list>" CLOSE);
}

#define BOB "<entry uri='sip:bob@example.com'/>"
#define EVE "<entry uri='sip:eve@example.com'><x xmlns='urn:x'/></entry>"

static void
test_added (void)
{
  /* To the list of its group, as the last of it, before what is not ours. */
  check_merge (OPEN "\n <list name='a'>\n\t" BOB "\n  <x xmlns='urn:x'/>\n"
                    " </list>\n" CLOSE,
               "sip:bob@example.com||a\nsip:c@example.com|C|a\n"
               "sip:d@example.com||a\n",
               OPEN "\n <list name='a'>\n\t" BOB
                    "\n\t<entry uri=\"sip:c@example.com\"><display-name>C"
                    "</display-name></entry>\n\t<entry "
                    "uri=\"sip:d@example.com\"/>\n  <x xmlns='urn:x'/>\n"
                    " </list>\n" CLOSE);
  /* A nested list of that name is another one; elements without content. */
  check_merge ("<r:resource-lists xmlns:r=\"" RL "\"><r:list><r:list name='a'/>"
               "</r:list><r:list name='b'/></r:resource-lists>",
               "sip:c@example.com|C|a\nsip:d@example.com||b\n",
               "<r:resource-lists xmlns:r=\"" RL "\"><r:list><r:list name='a'/>"
               "</r:list><r:list name='b'><r:entry uri=\"sip:d@example.com\"/>"
               "</r:list>\n <r:list name=\"a\">\n  <r:entry "
               "uri=\"sip:c@example.com\"><r:display-name>C</r:display-name>"
               "</r:entry>\n </r:list></r:resource-lists>");
  check_merge ("<r:resource-lists xmlns:r=\"" RL "\" />",
               "sip:c@example.com||a\nsip:d@example.com||b\n",
               "<r:resource-lists xmlns:r=\"" RL "\" >\n <r:list name=\"a\">\n"
               "  <r:entry uri=\"sip:c@example.com\"/>\n </r:list>\n"
               " <r:list name=\"b\">\n  <r:entry uri=\"sip:d@example.com\"/>\n"
               " </r:list></r:resource-lists>");
}

static void
test_removed (void)
{
  check_merge (OPEN "\n <list name='a'>\n  " BOB "\n  <!-- -->\n  " EVE
                    "\n </list>\n" CLOSE,
               "sip:EVE@example.com||a\n",
               OPEN "\n <list name='a'>\n  <!-- -->\n  " EVE
                    "\n </list>\n" CLOSE);
  check_merge (OPEN "<list name='a'>" BOB EVE "</list>" CLOSE, "",
               OPEN "<list name='a'></list>" CLOSE);
  /* In all lists; but who is blocked stays blocked. */
  check_merge (OPEN "<list name='a'>" BOB "<list name='b'>" BOB
                    "</list></list><list name='oma_blockedcontacts'>" BOB
                    "</list>" CLOSE,
               "",
               OPEN "<list name='a'><list name='b'></list></list>"
                    "<list name='oma_blockedcontacts'>" BOB "</list>" CLOSE);
  /* One goes, one comes at the same place. */
  check_merge (OPEN "<list name='a'>\n " BOB "</list>" CLOSE,
               "sip:c@example.com||a\n",
               OPEN "<list name='a'>\n <entry uri=\"sip:c@example.com\"/>"
                    "</list>" CLOSE);
}

#define NAMED(name)                                                            \
  OPEN "<list name='a'><entry uri='sip:bob@example.com'>" name                 \
       "<x xmlns='urn:x'/></entry></list>" CLOSE

static void
test_renamed (void)
{
  check_merge (NAMED ("\n<display-name xml:lang='en'>B</display-name>"),
               "sip:bob@example.com|R&B|a\n",
               NAMED ("\n<display-name>R&amp;B</display-name>"));
  check_merge (NAMED ("\n<display-name/>"), "sip:bob@example.com|B|a\n",
               NAMED ("\n<display-name>B</display-name>"));
  check_merge (NAMED ("\n<display-name>B</display-name>"),
               "sip:bob@example.com||a\n", NAMED (""));
  check_merge (NAMED (""), "sip:bob@example.com|B|a\n",
               NAMED ("<display-name>B</display-name>"));
  check_merge (OPEN "<list name='a'>" BOB "</list>" CLOSE,
               "sip:bob@example.com|B|a\n",
               OPEN "<list name='a'><entry uri='sip:bob@example.com'>"
                    "<display-name>B</display-name></entry></list>" CLOSE);
}

static void
test_moved (void)
{
  /* With all that is in it, and where it already is only there. */
  check_merge (OPEN "<list name='a'>" BOB EVE "</list><list name='b'/>" CLOSE,
               "sip:bob@example.com||a\nsip:eve@example.com||b\n",
               OPEN "<list name='a'>" BOB "</list><list name='b'>" EVE
                    "</list>" CLOSE);
  check_merge (OPEN "<list name='a'>" BOB "</list><list name='b'>" BOB
                    "</list>" CLOSE,
               "sip:bob@example.com|B|b\n",
               OPEN "<list name='a'></list><list name='b'>"
                    "<entry uri='sip:bob@example.com'><display-name>B"
                    "</display-name></entry></list>" CLOSE);
  /* Its prefix means something else there. */
  check_merge ("<r:resource-lists xmlns:r=\"" RL "\"><p:list xmlns:p=\"" RL
               "\" name='a'><p:entry uri='sip:b@c.example'/></p:list>"
               "</r:resource-lists>",
               "sip:b@c.example||c\n",
               "<r:resource-lists xmlns:r=\"" RL "\"><p:list xmlns:p=\"" RL
               "\" name='a'></p:list>\n <r:list name=\"c\">\n"
               "  <r:entry uri=\"sip:b@c.example\"/>\n </r:list>"
               "</r:resource-lists>");
}

/* Names that the table would not take are cut, at whole characters, and then
 * compared so. */
static void
test_bounds (void)
{
  g_autofree char *a = g_strnfill (XCAP_CONTACT_GROUP_MAX - 1, 'a');
  g_autofree char *b = g_strnfill (XCAP_CONTACT_NAME_MAX + 9, 'b');
  g_autofree char *frame = g_strdup_printf (
      OPEN "<list name='%s\xc3\xa9'><entry uri='sip:b@c.example'><display-name>"
           "%s</display-name></entry></list>" CLOSE,
      a, b);
  g_autoptr (GBytes) given = bytes (frame);
  g_autoptr (GPtrArray) contacts = xcap_contacts_read (given);
  g_autoptr (GBytes) merged = xcap_contacts_merge (given, contacts);
  const XcapContact *contact = contacts->pdata[0];

  g_assert_cmpstr (contact->group, ==, a);
  g_assert_cmpuint (strlen (contact->display_name), ==, XCAP_CONTACT_NAME_MAX);
  g_assert_true (merged == given);
}

/* A frame that ends anywhere is not made worse. */
static void
test_cut (void)
{
  g_autoptr (GPtrArray) contacts
      = contacts_of ("sip:bob@example.com|X|friends\nsip:n@example.com||new\n");

  for (gsize len = 0; len < sizeof rich; len++) {
    g_autoptr (GBytes) given = g_bytes_new (rich, len);
    g_autoptr (GPtrArray) read = xcap_contacts_read (given);
    g_autoptr (GBytes) merged = xcap_contacts_merge (given, contacts);

    if (read->len == 0)
      g_assert_true (merged == given);
  }
}

/* Random lists of random contacts: all are in the document and no others, in
 * their groups, it is valid, and what was read merges to the same bytes. */
static void
test_random (void)
{
  for (guint round = 0; round < 300; round++) {
    g_autoptr (GBytes) frame = NULL;

    for (guint step = 0; step < 6; step++) {
      g_autoptr (GString) lines = g_string_new (NULL);
      g_autoptr (GPtrArray) contacts = NULL, read = NULL;
      g_autoptr (GBytes) next = NULL, same = NULL;

      for (int n = 0; n < 12; n++)
        if (g_test_rand_int_range (0, 2) == 0)
          g_string_append_printf (lines, "sip:u%d@example.com|%s|g%d\n", n,
                                  g_test_rand_int_range (0, 2) ? "N" : "",
                                  g_test_rand_int_range (0, 3));
      contacts = contacts_of (lines->str);
      next = xcap_contacts_merge (frame, contacts);
      check_valid (next);
      read = xcap_contacts_read (next);
      g_assert_cmpuint (read->len, ==, contacts->len);
      for (guint i = 0; i < read->len; i++) {
        const XcapContact *contact = read->pdata[i];
        g_autofree char *line = g_strdup_printf (
            "%s|%s|%s\n", contact->uri,
            contact->display_name != NULL ? contact->display_name : "",
            contact->group);

        g_assert_nonnull (strstr (lines->str, line));
      }
      same = xcap_contacts_merge (next, read);
      g_assert_true (same == next);
      g_clear_pointer (&frame, g_bytes_unref);
      frame = g_steal_pointer (&next);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xcap-contacts/rfc4826-3.1/read", test_read);
  g_test_add_func ("/xcap-contacts/same-bytes", test_same);
  g_test_add_func ("/xcap-contacts/generated", test_generated);
  g_test_add_func ("/xcap-contacts/added", test_added);
  g_test_add_func ("/xcap-contacts/removed", test_removed);
  g_test_add_func ("/xcap-contacts/renamed", test_renamed);
  g_test_add_func ("/xcap-contacts/moved", test_moved);
  g_test_add_func ("/xcap-contacts/bounds", test_bounds);
  g_test_add_func ("/xcap-contacts/cut", test_cut);
  g_test_add_func ("/xcap-contacts/random", test_random);
  return g_test_run ();
}
