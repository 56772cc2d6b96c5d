/* SPDX-License-Identifier: ISC
 *
 * codec/pres-rules and codec/pidf-filter: from bytes to what a watcher sees, by
 * the examples of RFC 4745 and RFC 5025. */
#include "base/error.h"
#include "codec/pidf-filter.h"
#include "codec/pidf.h"
#include "codec/pres-rules.h"

#include <string.h>

#define OWNER "alice@example.com"

#define RULES(inner)                                                           \
  "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'"                      \
  " xmlns:pr='urn:ietf:params:xml:ns:pres-rules'"                              \
  " xmlns:o='urn:oma:xml:xdm:common-policy'>" inner "</ruleset>"
#define RULE(conditions, rest)                                                 \
  "<rule id='a'><conditions>" conditions "</conditions>" rest "</rule>"
#define WHEN(conditions) RULES (RULE (conditions, ""))
#define LIST(path)                                                             \
  "http://xcap.example.com/root/resource-lists/users/sip:" OWNER               \
  "/index/~~/resource-lists/" path

static PolicyRules *
parsed (const char *text)
{
  PolicyRules *rules = policy_rules_new ();
  g_autoptr (GError) error = NULL;

  if (!pres_rules_parse (text, strlen (text), OWNER, "pres-rules", rules,
                         &error))
    g_error ("%s: %s", text, error->message);
  return rules;
}

static gint64
at (const char *text)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, NULL);

  return g_date_time_to_unix (time) * G_USEC_PER_SEC;
}

/* --- Conditions --- */

#define EXCEPT                                                                 \
  "<sphere value='work'/><identity><many><except domain='example.com'/>"       \
  "<except domain='example.org'/><except id='sip:alice@bad.example.net'/>"     \
  "<except id='tel:+1-212-555-1234'/></many></identity><validity>"             \
  "<from>2003-12-24T17:00:00+01:00</from>"                                     \
  "<until>2003-12-24T19:00:00+01:00</until></validity>"
#define NOW "2003-12-24T16:30:00Z"

static const struct {
  const char *path, *conditions, *watcher, *sphere, *now;
  gboolean is_match;
} conditions[] = {
  { "/conditions/rfc4745-7.1.2/one", "<identity><one id='sip:bob@x.org'/>"
    "</identity>", "bob@x.org", NULL, NOW, TRUE },
  { "/conditions/rfc4745-7.1.2/another", "<identity><one id='sip:bob@x.org'/>"
    "</identity>", "eve@x.org", NULL, NOW, FALSE },
  { "/conditions/rfc4745-7.1.2/without-id", "<identity><one/></identity>",
    "bob@x.org", NULL, NOW, FALSE },
  { "/conditions/rfc4745-7.1.3.1/many", "<identity><many/></identity>",
    "bob@x.org", NULL, NOW, TRUE },
  { "/conditions/rfc4745-7.1.3.2/all-true", EXCEPT, "carol@good.example.net",
    "work", NOW, TRUE },
  { "/conditions/rfc4745-7.1.3.2/excepted-domain", EXCEPT, "carol@example.org",
    "work", NOW, FALSE },
  { "/conditions/rfc4745-7.1.3.2/excepted-id", EXCEPT,
    "alice@bad.example.net", "work", NOW, FALSE },
  { "/conditions/rfc4745-7.1.3.2/other-sphere", EXCEPT, "a@good.example.net",
    "home", NOW, FALSE },
  { "/conditions/rfc4745-7.1.3.2/too-late", EXCEPT, "a@good.example.net",
    "work", "2003-12-24T18:00:00Z", FALSE },
  { "/conditions/rfc4745-7.1.3.3/domain", "<identity><many domain='x.org'>"
    "<except id='sip:bob@x.org'/></many></identity>", "carol@x.org", NULL, NOW,
    TRUE },
  { "/conditions/rfc4745-7.1.3.3/domain-except", "<identity><many "
    "domain='x.org'><except id='sip:bob@x.org'/></many></identity>",
    "bob@x.org", NULL, NOW, FALSE },
  { "/conditions/rfc4745-7.1.1/unknown-identity", "<identity><group id='a'/>"
    "</identity>", "bob@x.org", NULL, NOW, FALSE },
  { "/conditions/rfc4745-7.1.1/unknown-beside-one", "<identity><y xmlns='u:y'/>"
    "<one id='sip:bob@x.org'/></identity>", "bob@x.org", NULL, NOW, TRUE },
  { "/conditions/rfc4745-7.1.3/unknown-in-many", "<identity><many><y "
    "xmlns='u:y'/></many></identity>", "bob@x.org", NULL, NOW, FALSE },
  { "/conditions/rfc4745-7/unknown", "<y xmlns='urn:y'/>", "bob@x.org", NULL,
    NOW, FALSE },
  { "/conditions/rfc4745-7/unknown-beside-true", "<identity><many/></identity>"
    "<y xmlns='urn:y'/>", "bob@x.org", NULL, NOW, FALSE },
  { "/conditions/rfc4745-10.1/empty", "", "bob@x.org", NULL, NOW, TRUE },
  { "/conditions/rfc4745-7.4/second-pair", "<validity>"
    "<from>2001-01-01T00:00:00Z</from><until>2002-01-01T00:00:00Z</until>"
    "<from>2003-01-01T00:00:00Z</from><until>2004-01-01T00:00:00Z</until>"
    "</validity>", "bob@x.org", NULL, NOW, TRUE },
  { "/conditions/rfc4745-7.4/no-pair", "<validity>"
    "<from>2001-01-01T00:00:00Z</from></validity>", "bob@x.org", NULL, NOW,
    FALSE },
  { "/conditions/rfc4745-7.4/no-time", "<validity><from>then</from>"
    "<until>2004-01-01T00:00:00Z</until></validity>", "bob@x.org", NULL, NOW,
    FALSE },
  { "/conditions/oma/other", "<o:other-identity/>", "bob@x.org", NULL, NOW,
    TRUE },
  { "/conditions/oma/anonymous", "<o:anonymous-request/>", "bob@x.org", NULL,
    NOW, FALSE },
  { "/conditions/oma/list", "<o:external-list><o:entry anc='"
    LIST ("list%5B@name=%22friends%22%5d") "'/></o:external-list>",
    "fred@x.org", NULL, NOW, TRUE },
  { "/conditions/oma/not-on-the-list", "<o:external-list><o:entry anc='"
    LIST ("list%5B@name=%22friends%22%5d") "'/></o:external-list>",
    "bob@x.org", NULL, NOW, FALSE },
  { "/conditions/oma/somebody-elses-list", "<o:external-list><o:entry anc="
    "'http://x/resource-lists/users/sip:eve@example.com/index/~~/"
    "resource-lists/list%5B@name=%22friends%22%5d'/></o:external-list>",
    "fred@x.org", NULL, NOW, FALSE },
};

static gboolean
friends_cb (const char *list, const char *watcher, gpointer data)
{
  return strcmp (list, "friends") == 0 && strcmp (watcher, "fred@x.org") == 0;
}

static void
test_condition (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *text = g_strdup_printf (
      RULES (RULE ("%s", "")), conditions[i].conditions);
  g_autoptr (PolicyRules) rules = parsed (text);
  const PolicyRulesQuestion question = { .watcher = conditions[i].watcher,
                                         .sphere = conditions[i].sphere,
                                         .now = at (conditions[i].now),
                                         .is_listed = friends_cb };
  PolicyRulesAnswer answer;

  policy_rules_ask (rules, &question, &answer);
  g_assert_cmpint (answer.has_match, ==, conditions[i].is_match);
  policy_rules_answer_clear (&answer);
}

/* --- Lists --- */

static void
test_list_of (void)
{
  static const struct {
    const char *anchor, *name;
  } rows[] = {
    { LIST ("list%5B@name=%22a%22%5D"), "a" },
    { LIST ("list%5B@name=%22a%22%5D/list%5b@name=%22b%20c%22%5d"), "a/b c" },
    { LIST ("list%5B1%5D"), NULL },
    { LIST ("list%5B@name=%22a%22%5D/entry%5b@uri=%22sip:x@y%22%5d"), NULL },
    { "resource-lists/users/sip:ALICE@example.com/index/~~/resource-lists/"
      "list%5b@name=%22a%22%5d", "a" },
    { "http://x/resource-lists/users/sip:alice@example.com/index", NULL },
    { "http://x/resource-lists/users/sip:alice@example.com/other/~~/"
      "resource-lists/list%5b@name=%22a%22%5d", NULL },
    { "http://x/", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *name = pres_list_of (rows[i].anchor, OWNER);

    g_assert_cmpstr (name, ==, rows[i].name);
  }
}

#define LISTS                                                                  \
  "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>"             \
  "<list name='oma_blockedcontacts'><entry uri='sip:eve@example.net'/>"        \
  "<external anchor='" LIST ("list%5b@name=%22bad%22%5d") "'/></list>"         \
  "<list name='bad'><list name='worse'><entry uri='sip:bob@example.com'/>"     \
  "</list>"                                                                    \
  "<external anchor='" LIST ("list%5b@name=%22bad%22%5d") "'/></list>"         \
  "<list name='oma_grantedcontacts'>"                                          \
  "<entry-ref ref='resource-lists/users/sip:" OWNER "/index/~~/"               \
  "resource-lists/list%5b@name=%22x%22%5d/entry%5b@uri=%22sip:x@y.org%22%5d'"  \
  "/></list></resource-lists>"

static void
test_lists (void)
{
  static const struct {
    const char *list, *watcher;
    gboolean is_listed;
  } rows[] = {
    { POLICY_BLOCKED_LIST, "eve@example.net", TRUE },
    { POLICY_BLOCKED_LIST, "bob@example.com", TRUE }, /* two lists on */
    { "bad/worse", "bob@example.com", TRUE },
    { "bad", "bob@example.com", TRUE },
    { "bad", "eve@example.net", FALSE },
    { "worse", "bob@example.com", FALSE },
    { "oma_grantedcontacts", "x@y.org", TRUE },
    { "none", "bob@example.com", FALSE },
  };
  g_autoptr (PolicyUser) user = policy_user_new (OWNER);
  gsize before = policy_user_size (user);

  g_assert_true (
      pres_lists_parse (LISTS, strlen (LISTS), OWNER, user, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (policy_user_is_listed (user, rows[i].list, rows[i].watcher)
        != rows[i].is_listed)
      g_error ("%s on %s", rows[i].watcher, rows[i].list);
  g_assert_cmpuint (policy_user_size (user), >, before + 500);
}

/* --- Filtering --- */

#define PRESENCE                                                               \
  "<presence xmlns='urn:ietf:params:xml:ns:pidf'"                              \
  " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"                         \
  " xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid' entity='sip:" OWNER "'>"     \
  "<tuple id='t1'><status><basic>open</basic><s xmlns='urn:s'/></status>"      \
  "<rpid:class>biz</rpid:class><rpid:relationship><rpid:self/>"                \
  "</rpid:relationship><rpid:service-class><rpid:electronic/>"                 \
  "</rpid:service-class><rpid:user-input idle-threshold='600'"                 \
  " last-input='2003-12-24T16:00:00Z'>idle</rpid:user-input>"                  \
  "<f:foo xmlns:f='urn:vendor-specific:foo-namespace'>bar</f:foo>"             \
  "<dm:deviceID>urn:device:a</dm:deviceID>"                                    \
  "<contact priority='0.8'>sip:alice@example.com</contact>"                    \
  "<note>tuple note</note><timestamp>2003-12-24T16:00:00Z</timestamp></tuple>" \
  "<tuple id='t2'><status><basic>closed</basic></status>"                      \
  "<contact>mailto:alice@example.org</contact></tuple>"                        \
  "<tuple id='t3'><status><basic>open</basic></status>"                        \
  "<contact>xmpp:alice@example.org</contact></tuple>"                          \
  "<note>document note</note>"                                                 \
  "<dm:person id='p1'><rpid:activities><rpid:busy/><rpid:note>inner"           \
  "</rpid:note></rpid:activities><rpid:class>home</rpid:class><rpid:mood><rpid:calm/>"     \
  "</rpid:mood><rpid:sphere><rpid:work/></rpid:sphere>"                        \
  "<dm:note>person note</dm:note>"                                             \
  "<dm:timestamp>2003-12-24T16:01:00Z</dm:timestamp></dm:person>"              \
  "<dm:device id='d1'><rpid:user-input>active</rpid:user-input>"               \
  "<dm:deviceID>urn:device:a</dm:deviceID><dm:note>device note</dm:note>"      \
  "</dm:device></presence>"

#define ALLOW "<actions><pr:sub-handling>allow</pr:sub-handling></actions>"
#define SHOW(inner)                                                            \
  RULES (RULE ("", ALLOW "<transformations>" inner "</transformations>"))
#define ALL                                                                    \
  "<pr:provide-services><pr:all-services/></pr:provide-services>"              \
  "<pr:provide-persons><pr:all-persons/></pr:provide-persons>"                 \
  "<pr:provide-devices><pr:all-devices/></pr:provide-devices>"
#define SERVICES(inner) "<pr:provide-services>" inner "</pr:provide-services>"
#define ATTRIBUTE(name) ALL "<pr:provide-" name ">true</pr:provide-" name ">"
#define SEVERAL 6

/* Texts that must be there, and that must not. */
static const struct {
  const char *path, *rules;
  const char *seen[SEVERAL], *hidden[SEVERAL];
} filters[] = {
  { "/filter/rfc5025-3.3/nothing", SHOW (""), { "entity=" },
    { "<tuple", "<dm:person", "<dm:device", "note" } },
  { "/filter/rfc5025-3.3.2/always", SHOW (ALL),
    { "<basic>open", "priority=\"0.8\"", "service-class",
      "16:00:00Z</timestamp>",
      "16:01:00Z</dm:timestamp>", "d1\"><dm:deviceID>" },
    { "note", "class>biz", "activities", "user-input", "foo", "urn:s" } },
  { "/filter/rfc5025-3.3.1.3/scheme",
    SHOW (SERVICES ("<pr:service-uri-scheme>mailto</pr:service-uri-scheme>")),
    { "mailto:" }, { "sip:alice@example.com<", "xmpp:", "<dm:person" } },
  { "/filter/rfc5025-3.3.1.3/scheme-case",
    SHOW (SERVICES ("<pr:service-uri-scheme>MAILTO</pr:service-uri-scheme>")),
    { "entity" }, { "<tuple" } },
  { "/filter/rfc5025-3.3.1.3/uri",
    SHOW (SERVICES ("<pr:service-uri>SIP:%61lice@Example.COM</pr:service-uri>"
                    "<pr:service-uri>xmpp:alice@example.org</pr:service-uri>")),
    { "sip:alice@example.com<", "xmpp:" }, { "mailto:" } },
  { "/filter/rfc5025-3.3.1.3/class",
    SHOW (SERVICES ("<pr:class>biz</pr:class>")), { "id=\"t1\"" },
    { "id=\"t2\"", "class>biz" } },
  { "/filter/rfc5025-3.3.1.3/occurrence",
    SHOW (SERVICES ("<pr:occurrence-id>t3</pr:occurrence-id>")),
    { "id=\"t3\"" }, { "id=\"t1\"", "id=\"t2\"" } },
  { "/filter/rfc5025-3.3.1.1/device",
    SHOW ("<pr:provide-devices><pr:deviceID>urn:device:a</pr:deviceID>"
          "</pr:provide-devices>"),
    { "<dm:device id=\"d1\"" }, { "<tuple", "user-input" } },
  { "/filter/rfc5025-3.3.1.1/another-device",
    SHOW ("<pr:provide-devices><pr:deviceID>urn:device:b</pr:deviceID>"
          "<pr:occurrence-id>d2</pr:occurrence-id></pr:provide-devices>"),
    { "entity" }, { "<dm:device" } },
  { "/filter/rfc5025-3.3.1.2/person-class",
    SHOW ("<pr:provide-persons><pr:class>home</pr:class>"
          "</pr:provide-persons>"),
    { "id=\"p1\"" }, { "activities" } },
  { "/filter/rfc5025-3.3.2.1/activities", SHOW (ATTRIBUTE ("activities")),
    { "<rpid:busy/>", "inner" }, { "mood", "person note" } },
  { "/filter/rfc5025-3.3.2.2/class", SHOW (ATTRIBUTE ("class")),
    { "class>biz", "class>home" }, { "mood" } },
  { "/filter/rfc5025-3.3.2.3/deviceID", SHOW (ATTRIBUTE ("deviceID")),
    { "</rpid:service-class><dm:deviceID>urn:device:a" }, { "mood" } },
  { "/filter/rfc5025-3.3.2.4/mood", SHOW (ATTRIBUTE ("mood")), { "calm" },
    { "busy" } },
  { "/filter/rfc5025-3.3.2.8/relationship", SHOW (ATTRIBUTE ("relationship")),
    { "rpid:self" }, { "busy" } },
  { "/filter/rfc5025-3.3.2.9/sphere", SHOW (ATTRIBUTE ("sphere")),
    { "rpid:work" }, { "busy" } },
  { "/filter/rfc5025-3.3.2.13/note", SHOW (ATTRIBUTE ("note")),
    { "tuple note", "person note", "device note", "document note" },
    { "inner" } },
  { "/filter/rfc5025-3.3.2.12/bare",
    SHOW (ALL "<pr:provide-user-input>bare</pr:provide-user-input>"),
    { "<rpid:user-input>idle", "active" }, { "idle-threshold", "last-input" } },
  { "/filter/rfc5025-3.3.2.12/thresholds",
    SHOW (ALL "<pr:provide-user-input>thresholds</pr:provide-user-input>"),
    { "idle-threshold" }, { "last-input" } },
  { "/filter/rfc5025-3.3.2.12/full",
    SHOW (ALL "<pr:provide-user-input>full</pr:provide-user-input>"),
    { "idle-threshold", "last-input" }, { "busy" } },
  { "/filter/rfc5025-3.3.2.14/unknown",
    SHOW (ALL "<pr:provide-unknown-attribute name='foo'"
              " ns='urn:vendor-specific:foo-namespace'>true"
              "</pr:provide-unknown-attribute>"
              "<pr:provide-unknown-attribute name='mood'"
              " ns='urn:ietf:params:xml:ns:pidf:rpid'>true"
              "</pr:provide-unknown-attribute>"),
    { "bar" }, { "mood", "urn:s" } },
  { "/filter/rfc5025-3.3.2.14/unknown-false",
    SHOW (ALL "<pr:provide-unknown-attribute name='foo'"
              " ns='urn:vendor-specific:foo-namespace'>false"
              "</pr:provide-unknown-attribute>"),
    { "<tuple" }, { "bar" } },
  { "/filter/rfc5025-3.3.2.15/all-attributes",
    SHOW ("<pr:provide-persons><pr:all-persons/></pr:provide-persons>"
          "<pr:provide-all-attributes/>"),
    { "busy", "calm", "person note", "document note" },
    { "<tuple", "<dm:device" } },
  { "/filter/rfc4745-10.2/union",
    RULES (RULE ("", ALLOW "<transformations><pr:provide-persons>"
                           "<pr:all-persons/></pr:provide-persons>"
                           "<pr:provide-mood>false</pr:provide-mood>"
                           "</transformations>")
           "<rule id='b'><transformations><pr:provide-mood>1</pr:provide-mood>"
           "</transformations></rule>"),
    { "calm" }, { "busy", "<tuple" } },
};

static PolicyRights *
rights_of (const char *text)
{
  g_autoptr (PolicyRules) rules = parsed (text);
  const PolicyRulesQuestion question = { .watcher = "user@example.com" };
  PolicyRulesAnswer answer;

  policy_rules_ask (rules, &question, &answer);
  g_assert_true (answer.has_match);
  g_assert_cmpint (answer.handling, ==, HANDLING_ALLOW);
  return answer.rights;
}

static void
by_class_cb (PolicySelector selector, const char *value, gpointer data)
{
  *(gboolean *)data |= selector == RIGHTS_BY_CLASS;
}

/* RFC 5025 4; what was chosen by a class that is not shown is not chosen
 * again. */
static gboolean
is_stable (const PolicyRights *rights)
{
  gboolean by_class = FALSE;

  for (guint i = 0; i < RIGHTS_COMPONENTS; i++)
    policy_rights_foreach (rights, (PolicyComponent)i, by_class_cb, &by_class);
  return !by_class || policy_rights_shows (rights, RIGHTS_CLASS);
}

static char *
seen_by (const char *text)
{
  g_autoptr (PolicyRights) rights = rights_of (text);
  g_autoptr (PresenceDoc) doc = NULL, filtered = NULL, again = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_assert_true (pidf_parse (PRESENCE, strlen (PRESENCE), &doc, NULL));
  filtered = pidf_filter (doc, rights);
  again = pidf_filter (filtered, rights);
  g_assert_true (!is_stable (rights) || presence_doc_equal (filtered, again));
  bytes = pidf_write (filtered);
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* What follows the root's start tag, which names all namespaces. */
static void
assert_seen (const char *document, const char *text, gboolean is_seen)
{
  const char *body = strstr (document, "entity=");

  if (text != NULL && (strstr (body, text) != NULL) != is_seen)
    g_error ("\"%s\" is %s: %s", text, is_seen ? "missing" : "there", document);
}

static void
test_filter (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *document = seen_by (filters[i].rules);

  for (guint n = 0; n < SEVERAL; n++) {
    assert_seen (document, filters[i].seen[n], TRUE);
    assert_seen (document, filters[i].hidden[n], FALSE);
  }
}

/* RFC 5025 6: the seed is the document of the example. */
static void
test_example (void)
{
  g_autofree char *path = g_test_build_filename (
      G_TEST_DIST, "tests", "fuzz", "seeds", "pres-rules-example.xml", NULL);
  g_autofree char *text = NULL, *document = NULL;
  static const char *const seen[]
      = { "sip:alice@example.com<", "mailto:", "<rpid:busy/>",
          "<rpid:user-input>idle", "bar" };
  static const char *const hidden[]
      = { "xmpp:", "<dm:device ", "idle-threshold", "calm", "note>tuple" };

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  document = seen_by (text);
  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    assert_seen (document, seen[i], TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (hidden); i++)
    assert_seen (document, hidden[i], FALSE);
}

/* --- Sphere --- */

static void
test_sphere (void)
{
#define PERSON(id, sphere)                                                     \
  "<dm:person id='" id "'><rpid:sphere>" sphere "</rpid:sphere></dm:person>"
  static const struct {
    const char *persons, *sphere;
  } rows[] = {
    { "", NULL },
    { "<dm:person id='p'/>", NULL },
    { PERSON ("a", "<rpid:work/>"), "work" },
    { PERSON ("a", " home "), "home" },
    { PERSON ("a", "<rpid:note>x</rpid:note><o xmlns='urn:o'/>"), "o" },
    { PERSON ("a", "<rpid:work/>") PERSON ("b", "Work"), "work" },
    { PERSON ("a", "<rpid:work/>") PERSON ("b", "<rpid:home/>"), NULL },
    { PERSON ("a", "<rpid:work/>") "<dm:person id='b'/>", "work" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text = g_strdup_printf (
        "<presence xmlns='urn:ietf:params:xml:ns:pidf'"
        " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"
        " xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid' entity='sip:" OWNER
        "'>%s</presence>",
        rows[i].persons);
    g_autoptr (PresenceDoc) doc = NULL;
    g_autofree char *sphere = NULL;

    g_assert_true (pidf_parse (text, strlen (text), &doc, NULL));
    sphere = pidf_sphere (doc);
    g_assert_cmpstr (sphere, ==, rows[i].sphere);
  }
}

/* --- Bad input --- */

static void
assert_refused (const char *text, gsize len, RcError code)
{
  g_autoptr (PolicyRules) rules = policy_rules_new ();
  g_autoptr (PolicyUser) user = policy_user_new (OWNER);
  g_autoptr (GError) error = NULL, other = NULL;

  g_assert_false (pres_rules_parse (text, len, OWNER, "", rules, &error));
  g_assert_error (error, RC_ERROR, (gint)code);
  g_assert_cmpuint (policy_rules_count (rules), ==, 0);
  g_assert_false (pres_lists_parse (text, len, OWNER, user, &other));
}

static void
test_refused (void)
{
  static const char *const bad[]
      = { "", "x", "<ruleset/>", "<!DOCTYPE a><ruleset "
          "xmlns='urn:ietf:params:xml:ns:common-policy'/>",
          "<rule xmlns='urn:ietf:params:xml:ns:common-policy'/>" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (bad[i], strlen (bad[i]), RC_ERROR_SYNTAX);
}

static void
test_bounds (void)
{
  g_autoptr (GString) many = g_string_new (NULL);
  g_autofree char *large = g_malloc0 (PRES_RULES_BYTES_MAX + 1);
  g_autoptr (PolicyRules) rules = policy_rules_new ();
  g_autofree char *text = NULL;
  gint64 start = g_get_monotonic_time ();

  memset (large, ' ', PRES_RULES_BYTES_MAX + 1);
  assert_refused (large, PRES_RULES_BYTES_MAX + 1, RC_ERROR_BOUND);
  for (guint i = 0; i <= PRES_RULES_MAX; i++)
    g_string_append (many, "<rule id='a'/>");
  text = g_strdup_printf (RULES ("%s"), many->str);
  assert_refused (text, strlen (text), RC_ERROR_BOUND);
  g_string_truncate (many, 0);
  for (guint i = 0; i < 100; i++)
    g_string_append (many, "<x>");
  assert_refused (many->str, many->len, RC_ERROR_BOUND);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

static void
test_cut_everywhere (void)
{
  static const char *const texts[] = { SHOW (ALL), WHEN (EXCEPT), LISTS };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    for (gsize cut = 0; cut < strlen (texts[i]); cut++) {
      g_autofree char *part = g_memdup2 (texts[i], cut);

      assert_refused (part, cut, RC_ERROR_SYNTAX);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
    g_test_add_data_func (conditions[i].path, GUINT_TO_POINTER (i),
                          test_condition);
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    g_test_add_data_func (filters[i].path, GUINT_TO_POINTER (i), test_filter);
  g_test_add_func ("/lists/anchor", test_list_of);
  g_test_add_func ("/lists/document", test_lists);
  g_test_add_func ("/filter/rfc5025-6/example", test_example);
  g_test_add_func ("/sphere/rfc5025-3.1.2", test_sphere);
  g_test_add_func ("/bad/refused", test_refused);
  g_test_add_func ("/bad/bounds", test_bounds);
  g_test_add_func ("/bad/cut-at-every-byte", test_cut_everywhere);
  return g_test_run ();
}
