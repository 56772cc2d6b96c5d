/* SPDX-License-Identifier: ISC
 *
 * Application usages: which documents they take and which they refuse; our
 * settings; conflict reports. */
#include "codec/xcap-settings.h"
#include "codec/xcap-usages.h"
#include "base/error.h"

#include <string.h>

#define RL "urn:ietf:params:xml:ns:resource-lists"
#define RLS "urn:ietf:params:xml:ns:rls-services"
#define CP "urn:ietf:params:xml:ns:common-policy"
#define PR "urn:ietf:params:xml:ns:pres-rules"
#define PIDF "urn:ietf:params:xml:ns:pidf"

#define LISTS(X)                                                               \
  "<resource-lists xmlns='" RL "' xmlns:x='urn:x'>" X "</resource-lists>"
#define LIST(X) LISTS ("<list>" X "</list>")
#define SERVICES(X)                                                            \
  "<rls-services xmlns='" RLS "' xmlns:rl='" RL "'>" X "</rls-services>"
#define SERVICE(X) SERVICES ("<service uri='sip:s@b'>" X "</service>")
#define REF(URI) SERVICE ("<resource-list>" URI "</resource-list>")
#define RULES(X)                                                               \
  "<ruleset xmlns='" CP "' xmlns:pr='" PR                                      \
  "' xmlns:o='urn:oma:xml:prs:pres-rules'>" X "</ruleset>"
#define RULE(X) RULES ("<rule id='r'>" X "</rule>")
#define CONDITIONS(X) RULE ("<conditions>" X "</conditions>")
#define ACTIONS(X) RULE ("<actions>" X "</actions>")
#define TRANSFORM(X) RULE ("<transformations>" X "</transformations>")
#define PRESENCE(X)                                                            \
  "<presence xmlns='" PIDF "' entity='sip:a@b'>" X "</presence>"
#define TUPLE(X)                                                               \
  PRESENCE ("<tuple id='t'><status><basic>open</basic></status>" X "</tuple>")
#define SETTINGS(X) "<settings xmlns='" XCAP_SETTINGS_NS "'>" X "</settings>"
#define XUI "sip:alice@example.com"

typedef struct {
  const char *auid, *name, *document;
  const char *error; /* NULL: it is fine */
  const char *says;  /* in the phrase, or the field */
} Row;

#define SCHEMA "schema-validation-error"
#define UNIQUE "uniqueness-failure"
#define CONSTRAINT "constraint-failure"
/* With <presence> and <tuple> one level more than is published. */
#define NEST4(X) "<x><x><x><x>" X "</x></x></x></x>"
#define DEEP                                                                   \
  "<x xmlns='urn:x'>" NEST4 (NEST4 (NEST4 (NEST4 (NEST4 (NEST4 (NEST4 (        \
      "<x><x/></x>"))))))) "</x>"

static const Row ROWS[] = {
  /* RFC 4826 3 */
  { "resource-lists", "empty", LISTS (""), NULL, NULL },
  { "resource-lists", "other-prefix",
    "<r:resource-lists xmlns:r='" RL "'><r:list/></r:resource-lists>", NULL,
    NULL },
  { "resource-lists", "full",
    LISTS ("<list name='a'><display-name xml:lang='de'>A</display-name>"
           "<entry uri='sip:a@b' x:a='1'><display-name>A</display-name><x:y/>"
           "</entry><list><entry-ref ref='a/b'/></list>"
           "<external anchor='https://h/x'/><x:any><x:thing/></x:any></list>"),
    NULL, NULL },
  { "resource-lists", "entry-at-root", LISTS ("<entry uri='a'/>"), SCHEMA,
    "entry" },
  { "resource-lists", "text", LIST ("text"), SCHEMA, "text" },
  { "resource-lists", "cdata", LIST ("<![CDATA[ ]]>"), SCHEMA, "text" },
  { "resource-lists", "unknown-element", LIST ("<friend/>"), SCHEMA, "friend" },
  { "resource-lists", "no-namespace", LIST ("<x xmlns=''/>"), SCHEMA, NULL },
  { "resource-lists", "display-name-twice",
    LIST ("<display-name/><display-name/>"), SCHEMA, NULL },
  { "resource-lists", "entry-behind-extension", LIST ("<x:y/><entry uri='a'/>"),
    SCHEMA, NULL },
  { "resource-lists", "entry-without-uri", LIST ("<entry/>"), SCHEMA, "uri" },
  { "resource-lists", "entry-uri-empty", LIST ("<entry uri=' '/>"), SCHEMA,
    "uri" },
  { "resource-lists", "unknown-attribute", LIST ("<entry uri='a' b='c'/>"),
    SCHEMA, "b" },
  { "resource-lists", "element-of-known-namespace-elsewhere",
    LIST ("<entry uri='a'><p:basic xmlns:p='" PIDF "'>open</p:basic></entry>"),
    SCHEMA, NULL },
  { "resource-lists", "element-of-known-namespace-wrong",
    LIST ("<entry uri='a'><p:sub-handling xmlns:p='" PR "'>no</p:sub-handling>"
          "</entry>"),
    SCHEMA, "sub-handling" },
  { "resource-lists", "element-of-known-namespace",
    LIST ("<entry uri='a'><p:sub-handling xmlns:p='" PR
          "'> allow </p:sub-handling></entry>"),
    NULL, NULL },
  { "resource-lists", "xsi",
    "<resource-lists xmlns='" RL "' xmlns:s='http://www.w3.org/2001/"
    "XMLSchema-instance' s:schemaLocation='a b'/>",
    NULL, NULL },
  { "resource-lists", "rfc4826-3.4.5/name",
    LISTS ("<list name='a'/><list name='a'/>"), UNIQUE,
    "resource-lists/list%5B2%5D/@name" },
  { "resource-lists", "rfc4826-3.4.5/name-elsewhere",
    LISTS ("<list name='a'><list name='a'/></list><list/><list/>"), NULL,
    NULL },
  { "resource-lists", "rfc4826-3.4.5/uri",
    LIST ("<entry uri='a'/><list/><entry uri='a'/>"), UNIQUE,
    "resource-lists/list%5B1%5D/entry%5B2%5D/@uri" },
  { "resource-lists", "rfc4826-3.4.5/uri-case",
    LIST ("<entry uri='a'/><entry uri='A'/>"), NULL, NULL },
  { "resource-lists", "rfc4826-3.4.5/uri-elsewhere",
    LIST ("<entry uri='a'/><list><entry uri='a'/></list>"), NULL, NULL },
  { "resource-lists", "rfc4826-3.4.5/uri-reference",
    LIST ("<entry uri='a'/><entry uri='&#97;'/>"), UNIQUE, NULL },
  { "resource-lists", "rfc4826-3.4.5/ref",
    LIST ("<entry-ref ref='a'/><entry-ref ref='a'/>"), UNIQUE, NULL },
  { "resource-lists", "rfc4826-3.4.5/ref-absolute",
    LIST ("<entry-ref ref='http://h/a'/>"), CONSTRAINT, "relative" },
  { "resource-lists", "rfc4826-3.4.5/ref-path", LIST ("<entry-ref ref='/a'/>"),
    CONSTRAINT, "relative" },
  { "resource-lists", "rfc4826-3.4.5/ref-colon",
    LIST ("<entry-ref ref='resource-lists/users/sip:a@b/index'/>"), NULL,
    NULL },
  { "resource-lists", "rfc4826-3.4.5/anchor",
    LIST ("<external anchor='http://h/a'/><external anchor='http://h/a'/>"),
    UNIQUE, NULL },
  { "resource-lists", "rfc4826-3.4.5/anchor-relative",
    LIST ("<external anchor='a/b'/>"), CONSTRAINT, "absolute" },
  { "resource-lists", "rfc4826-3.4.5/anchor-no-host",
    LIST ("<external anchor='http:///a'/>"), CONSTRAINT, "absolute" },
  /* RFC 4826 4 */
  { "rls-services", "full",
    SERVICES ("<service uri='sip:s@b'><resource-list>http://h/resource-lists/"
              "users/sip:alice@example.com/index/~~/resource-lists/list"
              "</resource-list><packages><package>presence</package></packages>"
              "</service><service uri='sip:t@b'><list name='m'><rl:entry "
              "uri='sip:1@b'/><rl:list/></list><packages/></service>"),
    NULL, NULL },
  { "rls-services", "neither-list", SERVICE (""), SCHEMA, NULL },
  { "rls-services", "both-lists",
    SERVICE ("<list/><resource-list>http://h/resource-lists/users/" XUI
             "/i</resource-list>"),
    SCHEMA, NULL },
  { "rls-services", "list-of-other-namespace", SERVICE ("<rl:list/>"), SCHEMA,
    NULL },
  { "rls-services", "entry-of-own-namespace",
    SERVICE ("<list><entry uri='a'/></list>"), SCHEMA, NULL },
  { "rls-services", "rfc4826-4.4.5/uri",
    SERVICES ("<service uri='sip:s@b'><list/></service>"
              "<service uri='sip:s@b'><list/></service>"),
    UNIQUE, "rls-services/service%5B2%5D/@uri" },
  { "rls-services", "rfc4826-4.4.5/entries",
    SERVICE ("<list><rl:entry uri='a'/><rl:entry uri='a'/></list>"), UNIQUE,
    "rls-services/service%5B1%5D/list%5B1%5D/*%5B2%5D/@uri" },
  { "rls-services", "rfc4826-4.4.5/relative", REF ("resource-lists/users/x/i"),
    CONSTRAINT, "absolute" },
  { "rls-services", "rfc4826-4.4.5/other-usage",
    REF ("http://h/pres-rules/users/" XUI "/index"), CONSTRAINT,
    "resource-lists" },
  { "rls-services", "rfc4826-4.4.5/other-user",
    REF ("http://h/resource-lists/users/sip:bob@example.com/index"), CONSTRAINT,
    "same user" },
  { "rls-services", "rfc4826-4.4.5/user-spelled-otherwise",
    REF ("http://h/resource-lists/users/sip%3AAlice@Example.com/index"), NULL,
    NULL },
  /* RFC 4745, 5025 */
  { "pres-rules", "full",
    RULE ("<conditions><identity><one id='sip:a@b'/><many domain='b'><except "
          "id='sip:c@b'/><except domain='d'/></many></identity><sphere "
          "value='work'/><validity><from>2026-01-01T00:00:00Z</from>"
          "<until>2026-02-01T00:00:00+01:00</until>"
          "<from>2027-01-01T00:00:00.5Z</from><until>2027-02-01T00:00:00Z"
          "</until></validity></conditions><actions><pr:sub-handling>allow"
          "</pr:sub-handling></actions><transformations><pr:provide-services>"
          "<pr:service-uri-scheme>sip</pr:service-uri-scheme>"
          "</pr:provide-services><pr:provide-persons><pr:all-persons/>"
          "</pr:provide-persons><pr:provide-activities>true"
          "</pr:provide-activities><pr:provide-user-input>bare"
          "</pr:provide-user-input><pr:provide-unknown-attribute name='a' "
          "ns='b'>1</pr:provide-unknown-attribute></transformations>"),
    NULL, NULL },
  { "org.openmobilealliance.pres-rules", "oma",
    RULE ("<conditions><x:external-list xmlns:x='urn:oma:xml:xdm:"
          "common-policy'><x:entry anc='http://h/x'/></x:external-list>"
          "</conditions><actions><pr:sub-handling>block</pr:sub-handling>"
          "</actions><transformations><o:provide-willingness>true"
          "</o:provide-willingness></transformations>"),
    NULL, NULL },
  { "pres-rules", "rfc4745-13/id-missing", RULES ("<rule/>"), SCHEMA, "id" },
  { "pres-rules", "rfc4745-13/id-twice", RULES ("<rule id='a'/><rule id='a'/>"),
    UNIQUE, "*/*%5B2%5D/@id" },
  { "pres-rules", "rfc4745-13/order", RULE ("<actions/><conditions/>"), SCHEMA,
    NULL },
  { "pres-rules", "rfc4745-13/identity-empty", CONDITIONS ("<identity/>"),
    SCHEMA, NULL },
  { "pres-rules", "rfc4745-13/one-without-id",
    CONDITIONS ("<identity><one/></identity>"), SCHEMA, "id" },
  { "pres-rules", "rfc4745-13/until-missing",
    CONDITIONS ("<validity><from>2026-01-01T00:00:00Z</from></validity>"),
    SCHEMA, "until" },
  { "pres-rules", "rfc4745-13/date",
    CONDITIONS ("<validity><from>today</from><until>2026-01-01T00:00:00Z"
                "</until></validity>"),
    SCHEMA, "from" },
  { "pres-rules", "rfc5025-7/sub-handling",
    ACTIONS ("<pr:sub-handling>deny</pr:sub-handling>"), SCHEMA, NULL },
  { "pres-rules", "rfc5025-7/boolean",
    TRANSFORM ("<pr:provide-mood>yes</pr:provide-mood>"), SCHEMA, NULL },
  { "pres-rules", "rfc5025-7/unknown",
    TRANSFORM ("<pr:provide-nothing>true</pr:provide-nothing>"), SCHEMA, NULL },
  { "pres-rules", "rfc5025-7/own-namespace-as-root",
    "<ruleset xmlns='" PR "'/>", SCHEMA, "root" },
  /* RFC 3863, 4827 */
  { "pidf-manipulation", "full",
    TUPLE ("<r:class xmlns:r='urn:ietf:params:xml:ns:pidf:rpid'>c</r:class>"
           "<contact priority='0.5'>sip:a@b</contact><note xml:lang='en'>n"
           "</note><timestamp>2026-01-01T00:00:00Z</timestamp>"),
    NULL, NULL },
  { "pidf-manipulation", "rfc3863-4.4/basic",
    PRESENCE ("<tuple id='t'><status><basic>maybe</basic></status></tuple>"),
    SCHEMA, "basic" },
  { "pidf-manipulation", "rfc3863-4.4/no-entity",
    "<presence xmlns='" PIDF "'/>", SCHEMA, "entity" },
  { "pidf-manipulation", "rfc3863-4.4/priority",
    TUPLE ("<contact priority='2'>sip:a@b</contact>"), SCHEMA, NULL },
  { "pidf-manipulation", "rfc3863-4.4/id-twice",
    PRESENCE ("<tuple id='t'><status/></tuple><tuple id='t'><status/>"
              "</tuple>"),
    UNIQUE, NULL },
  { "pidf-manipulation", "rfc4827-3/too-deep", TUPLE (DEEP), CONSTRAINT,
    "no watcher" },
  /* Ours */
  { XCAP_SETTINGS_AUID, "both",
    SETTINGS ("<share-availability>false</share-availability>"
              "<allow-without-approval> 1 </allow-without-approval>"),
    NULL, NULL },
  { XCAP_SETTINGS_AUID, "none", SETTINGS (""), NULL, NULL },
  { XCAP_SETTINGS_AUID, "value",
    SETTINGS ("<share-availability>never</share-availability>"), SCHEMA,
    "share-availability" },
  { XCAP_SETTINGS_AUID, "twice",
    SETTINGS ("<share-availability>true</share-availability>"
              "<share-availability>true</share-availability>"),
    SCHEMA, NULL },
  { XCAP_SETTINGS_AUID, "unknown", SETTINGS ("<max-contacts>1</max-contacts>"),
    SCHEMA, NULL },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GBytes) document
      = g_bytes_new (row->document, strlen (row->document));
  const XcapUsage *usage = xcap_usage_find (row->auid);
  g_autoptr (XcapError) error = xcap_usage_check (usage, document, XUI);

  if (row->error == NULL) {
    g_assert_cmpstr (error ? error->phrase : NULL, ==, NULL);
    g_assert_null (error);
    return;
  }
  g_assert_nonnull (error);
  g_assert_cmpstr (xcap_error_name (error->kind), ==, row->error);
  g_assert_cmpint (error->exists->len > 0, ==,
                   error->kind == XCAP_UNIQUENESS_FAILURE);
  if (row->says != NULL && error->exists->len > 0)
    g_assert_cmpstr (((XcapExists *)error->exists->pdata[0])->field, ==,
                     row->says);
  else if (row->says != NULL && strstr (error->phrase, row->says) == NULL)
    g_error ("%s", error->phrase);
}

static void
test_table (void)
{
  guint n = 0;

  for (const XcapUsage *usage; (usage = xcap_usage_nth (n)) != NULL; n++) {
    g_assert_true (xcap_usage_find (xcap_usage_auid (usage)) == usage);
    g_assert_cmpint (xcap_usage_global (usage), !=, XCAP_TREE_WRITE);
  }
  g_assert_cmpuint (n, ==, 7);
  g_assert_null (xcap_usage_find ("RESOURCE-LISTS"));
  g_assert_cmpint (xcap_usage_global (xcap_usage_find ("rls-services")), ==,
                   XCAP_TREE_HIDDEN);
  g_assert_cmpint (xcap_usage_users (xcap_usage_find ("xcap-caps")), ==,
                   XCAP_TREE_NONE);
}

/* RFC 4825 12: the document is one of its own usage and names them all. */
static void
test_caps (void)
{
  g_autoptr (GBytes) caps = xcap_caps_document (),
                     again = xcap_caps_document ();
  g_autofree char *text
      = g_strndup (g_bytes_get_data (caps, NULL), g_bytes_get_size (caps));
  g_autoptr (XcapError) error
      = xcap_usage_check (xcap_usage_find ("xcap-caps"), caps, NULL);
  const XcapUsage *usage;

  g_assert_null (error);
  g_assert_true (g_bytes_equal (caps, again));
  for (guint i = 0; (usage = xcap_usage_nth (i)) != NULL; i++) {
    g_autofree char *auid
        = g_strdup_printf ("<auid>%s</auid>", xcap_usage_auid (usage));

    g_assert_nonnull (strstr (text, auid));
  }
  g_assert_nonnull (
      strstr (text, "<namespace>urn:ietf:params:xml:ns:xcap-caps</namespace>"));
}

static void
test_service_uris (void)
{
  static const char text[] = SERVICES (
      "<service uri='sip:s@b'><list/></service><service uri='sip:&#116;@b'>"
      "<list><rl:entry uri='sip:x@b'/></list></service>");
  g_autoptr (GBytes) document = g_bytes_new (text, strlen (text));
  g_auto (GStrv) uris
      = xcap_usage_service_uris (xcap_usage_find ("rls-services"), document);
  g_auto (GStrv) none
      = xcap_usage_service_uris (xcap_usage_find ("resource-lists"), document);

  g_assert_cmpuint (g_strv_length (uris), ==, 2);
  g_assert_cmpstr (uris[0], ==, "sip:s@b");
  g_assert_cmpstr (uris[1], ==, "sip:t@b");
  g_assert_cmpuint (g_strv_length (none), ==, 0);
}

static void
test_settings (void)
{
  for (guint i = 0; i < 9; i++) {
    const XcapSettings settings = { i % 3, i / 3 };
    XcapSettings again = { 7, 7 };
    g_autoptr (GBytes) document = xcap_settings_write (&settings);
    g_autoptr (XcapError) error = xcap_usage_check (
        xcap_usage_find (XCAP_SETTINGS_AUID), document, XUI);
    g_autoptr (GError) failed = NULL;

    g_assert_null (error);
    g_assert_true (xcap_settings_parse (document, &again, &failed));
    g_assert_cmpint (again.share_availability, ==, settings.share_availability);
    g_assert_cmpint (again.allow_without_approval, ==,
                     settings.allow_without_approval);
  }
}

static void
test_settings_bad (void)
{
  static const char *const texts[] = { "", "<a/>", SETTINGS ("") "x" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GBytes) document = g_bytes_new (texts[i], strlen (texts[i]));
    g_autoptr (GError) error = NULL;
    XcapSettings settings;

    g_assert_false (xcap_settings_parse (document, &settings, &error));
    g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

static void
test_policy (void)
{
  g_autoptr (GBytes) document = xcap_policy_write (TRUE, FALSE);
  g_autofree char *text = g_strndup (g_bytes_get_data (document, NULL),
                                     g_bytes_get_size (document));

  g_assert_nonnull (strstr (text, "<allow-history>true</allow-history>"));
  g_assert_nonnull (strstr (text, "<allow-cut-paste>false</allow-cut-paste>"));
}

static void
assert_error (XcapError *error, const char *inside)
{
  g_autoptr (GBytes) document = xcap_error_document (error);
  g_autofree char *text = g_strndup (g_bytes_get_data (document, NULL),
                                     g_bytes_get_size (document));
  g_autofree char *wanted = g_strdup_printf (
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xcap-error xmlns=\""
      "urn:ietf:params:xml:ns:xcap-error\">%s</xcap-error>\n",
      inside);

  g_assert_cmpstr (text, ==, wanted);
  xcap_error_free (error);
}

/* RFC 4825 11 */
static void
test_errors (void)
{
  static const char *const alternatives[] = { "sip:<2>@b", NULL };
  XcapError *error = xcap_error_new (XCAP_NO_PARENT, NULL);

  error->ancestor = g_strdup ("http://h/a?b&c");
  assert_error (error, "<no-parent><ancestor>http://h/a?b&amp;c</ancestor>"
                       "</no-parent>");
  error = xcap_error_new (XCAP_UNIQUENESS_FAILURE, NULL);
  xcap_error_add_exists (error, "a/@b", NULL);
  xcap_error_add_exists (error, "c/@d", alternatives);
  assert_error (error, "<uniqueness-failure><exists field=\"a/@b\"/>"
                       "<exists field=\"c/@d\"><alt-value>sip:&lt;2&gt;@b"
                       "</alt-value></exists></uniqueness-failure>");
  for (XcapErrorKind kind = XCAP_NOT_WELL_FORMED; kind <= XCAP_EXTENSION;
       kind++) {
    g_autofree char *inside
        = g_strdup_printf ("<%s%s></%s>", xcap_error_name (kind),
                           kind != XCAP_EXTENSION ? " phrase=\"a&lt;\"" : "",
                           xcap_error_name (kind));

    assert_error (xcap_error_new_printf (kind, "a%c", '<'), inside);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++) {
    g_autofree char *name
        = g_strdup_printf ("/xcap-usages/%s/%s", ROWS[i].auid, ROWS[i].name);

    g_test_add_data_func (name, &ROWS[i], test_row);
  }
  g_test_add_func ("/xcap-usages/table", test_table);
  g_test_add_func ("/xcap-usages/rfc4825-12/caps", test_caps);
  g_test_add_func ("/xcap-usages/service-uris", test_service_uris);
  g_test_add_func ("/xcap-settings/round-trip", test_settings);
  g_test_add_func ("/xcap-settings/bad", test_settings_bad);
  g_test_add_func ("/xcap-settings/policy", test_policy);
  g_test_add_func ("/xcap-error/rfc4825-11/documents", test_errors);
  return g_test_run ();
}
