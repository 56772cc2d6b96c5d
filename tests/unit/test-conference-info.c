/* SPDX-License-Identifier: ISC
 *
 * Documents about text conferences: codec/conference-info.h. */
#include "codec/conference-info.h"
#include "codec/xml-priv.h"

#include <string.h>

#define NS "urn:ietf:params:xml:ns:conference-info"
#define ROOM "sip:verona@rooms.example.com"

/* The document, which must be well-formed. */
static xmlDoc *
read_document (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);
  xmlDoc *doc = xml_read (text, len, NS, "conference-info", &error);

  g_assert_no_error (error);
  return doc;
}

/* The first child of that name; NULL: none. */
static xmlNode *
child (xmlNode *parent, const char *name)
{
  xmlNode *node = parent != NULL ? xml_element (parent->children) : NULL;

  while (node != NULL && !xml_is (node, NS, name))
    node = xml_element (node->next);
  return node;
}

static void
assert_text (xmlNode *node, const char *expected)
{
  g_autofree char *text = node != NULL ? xml_text (node) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_attribute (xmlNode *node, const char *name, const char *expected)
{
  g_autofree char *value = xml_attribute (node, name);

  g_assert_cmpstr (value, ==, expected);
}

static void
test_full (void)
{
  const ConferenceHead head = { .version = 3,
                                .is_full = TRUE,
                                .entity = ROOM,
                                .has_subject = TRUE,
                                .subject = "Today in Verona",
                                .is_active = TRUE,
                                .has_count = TRUE,
                                .n_users = 1 };
  const ConferenceUser user = { .entity = ROOM ";gr=JuliC",
                                .nick = "JuliC",
                                .role = "moderator",
                                .state = CONFERENCE_AWAY };
  g_autoptr (GString) users = g_string_new (NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (xmlDoc) doc = NULL;
  xmlNode *root, *description, *one, *endpoint;

  conference_put_user (users, &user);
  bytes = conference_write (&head, users);
  doc = read_document (bytes);
  root = xmlDocGetRootElement (doc);
  assert_attribute (root, "state", "full");
  assert_attribute (root, "version", "3");
  assert_attribute (root, "entity", ROOM);
  description = child (root, "conference-description");
  assert_text (child (description, "subject"), "Today in Verona");
  assert_text (child (child (child (description, "conf-uris"), "entry"), "uri"),
               ROOM);
  assert_text (child (child (root, "conference-state"), "user-count"), "1");
  assert_text (child (child (root, "conference-state"), "active"), "true");
  one = child (child (root, "users"), "user");
  assert_attribute (one, "entity", ROOM ";gr=JuliC");
  assert_attribute (one, "state", "full");
  assert_text (child (one, "display-text"), "JuliC");
  assert_text (child (child (one, "roles"), "entry"), "moderator");
  endpoint = child (one, "endpoint");
  assert_attribute (endpoint, "entity", ROOM ";gr=JuliC");
  assert_text (child (endpoint, "status"), "connected");
  assert_text (child (child (endpoint, "media"), "type"), "message");
  g_assert_nonnull (strstr (g_bytes_get_data (bytes, NULL), "<rpid:away/>"));
}

static void
test_partial (void)
{
  const ConferenceHead head = { .version = 4,
                                .entity = ROOM,
                                .is_active = TRUE,
                                .has_count = TRUE,
                                .n_users = 2 };
  const ConferenceUser gone
      = { .entity = ROOM ";gr=Ben", .nick = "Ben", .state = CONFERENCE_GONE };
  g_autoptr (GString) users = g_string_new (NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (xmlDoc) doc = NULL;
  xmlNode *root;

  conference_put_user (users, &gone);
  bytes = conference_write (&head, users);
  doc = read_document (bytes);
  root = xmlDocGetRootElement (doc);
  assert_attribute (root, "state", "partial");
  g_assert_null (child (root, "conference-description"));
  assert_attribute (child (root, "users"), "state", "partial");
  assert_attribute (child (child (root, "users"), "user"), "state", "deleted");
}

/* A subject that was taken away is said; users of whom nothing changed are
 * not. */
static void
test_subject_alone (void)
{
  const ConferenceHead head
      = { .version = 5, .entity = ROOM, .has_subject = TRUE };
  g_autoptr (GBytes) bytes = conference_write (&head, NULL);
  g_autoptr (xmlDoc) doc = read_document (bytes);
  xmlNode *root = xmlDocGetRootElement (doc);

  assert_text (child (child (root, "conference-description"), "subject"), "");
  assert_text (child (child (root, "conference-state"), "active"), "false");
  g_assert_null (child (root, "users"));
}

static void
test_unknown (void)
{
  const ConferenceUser user = { .entity = ROOM ";gr=Ben",
                                .nick = "Ben",
                                .state = CONFERENCE_UNKNOWN };
  g_autoptr (GString) users = g_string_new (NULL);

  conference_put_user (users, &user);
  g_assert_null (strstr (users->str, "connected"));
  g_assert_null (strstr (users->str, "rpid"));
  g_assert_nonnull (strstr (users->str, ">Ben<"));
}

static void
test_hostile (void)
{
  static const char *const texts[]
      = { "\"><user entity='x'>", "]]>", "a\r\nb", "&amp;", "<!--", "\x01\x02",
          "\xf0\x9f\x98\x80" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    const ConferenceHead head = {
      .is_full = TRUE, .entity = ROOM, .has_subject = TRUE, .subject = texts[i]
    };
    const ConferenceUser user
        = { .entity = texts[i], .nick = texts[i], .role = texts[i] };
    g_autoptr (GString) users = g_string_new (NULL);
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (xmlDoc) doc = NULL;
    xmlNode *all;

    conference_put_user (users, &user);
    bytes = conference_write (&head, users);
    doc = read_document (bytes);
    all = child (xmlDocGetRootElement (doc), "users");
    g_assert_null (xml_element (xml_element (all->children)->next));
    if (i != 5)
      assert_text (child (child (all, "user"), "display-text"), texts[i]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conference-info/rfc4575-5/full", test_full);
  g_test_add_func ("/conference-info/rfc4575-4.4/partial", test_partial);
  g_test_add_func ("/conference-info/subject-alone", test_subject_alone);
  g_test_add_func ("/conference-info/unknown", test_unknown);
  g_test_add_func ("/conference-info/hostile", test_hostile);
  return g_test_run ();
}
