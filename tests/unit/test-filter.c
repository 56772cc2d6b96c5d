/* SPDX-License-Identifier: ISC
 *
 * codec/filter: the worked examples of RFC 4660 7 and RFC 4661 6, what must stay
 * valid, changes in a dialog, and hostile filters. */
#include "base/error.h"
#include "codec/filter.h"

#include <string.h>

#define ALICE "sip:presentity@example.com"
#define BINDINGS                                                               \
  "<ns-bindings>"                                                              \
  "<ns-binding prefix='pidf' urn='urn:ietf:params:xml:ns:pidf'/>"              \
  "<ns-binding prefix='rpid' urn='urn:ietf:params:xml:ns:pidf:rpid'/>"         \
  "<ns-binding prefix='wi' urn='urn:ietf:params:xml:ns:watcherinfo'/>"         \
  "</ns-bindings>"
#define FILTER(content) "<filter id='123' uri='" ALICE "'>" content "</filter>"
#define WHAT(content) FILTER ("<what>" content "</what>")
#define INCLUDE(path) "<include type='xpath'>" path "</include>"
#define TRIGGER(content) FILTER ("<trigger>" content "</trigger>")

#define IM_TUPLE(basic)                                                        \
  "<tuple id=\"432sd\"><status><basic>" basic "</basic></status>"              \
  "<rpid:class>IM</rpid:class><contact priority=\"0.5\">im:p@example.com"      \
  "</contact></tuple>"
#define VOICE_TUPLE(basic)                                                     \
  "<tuple id=\"thr76jk\"><status><basic>" basic "</basic></status>"            \
  "<rpid:class>voice</rpid:class><contact>tel:2224055555</contact></tuple>"
#define PIDF(content)                                                          \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence"                      \
  " xmlns=\"urn:ietf:params:xml:ns:pidf\""                                     \
  " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\""                       \
  " xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\""                           \
  " entity=\"sip:presentity@example.com\">" content "</presence>\n"
#define EXAMPLE PIDF (IM_TUPLE ("closed") VOICE_TUPLE ("open"))

#define WATCHER(who, status, duration, event)                                  \
  "<watcher id=\"" who "\" event=\"" event "\" status=\"" status "\""          \
  " duration-subscribed=\"" duration "\">sip:" who "@example.com</watcher>"
#define A WATCHER ("A", "active", "509", "approved")
#define B WATCHER ("B", "pending", "501", "subscribe")
#define C WATCHER ("C", "terminated", "500", "rejected")
#define D WATCHER ("D", "active", "20", "approved")
#define WINFO(content)                                                         \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<watcherinfo"                   \
  " xmlns=\"urn:ietf:params:xml:ns:watcherinfo\" version=\"0\""                \
  " state=\"full\"><watcher-list resource=\"sip:presentity@example.com\""      \
  " package=\"presence\">" content "</watcher-list></watcherinfo>\n"

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static GBytes *
set_of (const char *filters)
{
  g_autofree char *text = g_strconcat (
      "<filter-set xmlns='urn:ietf:params:xml:ns:simple-filter'>" BINDINGS,
      filters, "</filter-set>", NULL);

  return bytes_of (text);
}

static FilterSet *
parse_for (const char *filters, const char *package)
{
  g_autoptr (GBytes) bytes = set_of (filters);
  g_autoptr (GError) error = NULL;
  FilterSet *set = filter_set_parse (bytes, package, &error);

  g_assert_no_error (error);
  return set;
}

static FilterSet *
parse (const char *filters)
{
  return parse_for (filters, strstr (filters, "wi:") != NULL ? "presence.winfo"
                                                             : "presence");
}

static void
expect_set (FilterSet *set, const char *document, const char *wanted)
{
  g_autoptr (GBytes) bytes = bytes_of (document);
  g_autoptr (GBytes) made = filter_set_apply (set, ALICE, ALICE, bytes);
  g_autofree char *text = NULL;

  if (wanted == NULL) {
    g_assert_null (made);
    return;
  }
  g_assert_nonnull (made);
  text = g_strndup (g_bytes_get_data (made, NULL), g_bytes_get_size (made));
  g_assert_cmpstr (text, ==, wanted);
}

static void
expect (const char *filters, const char *document, const char *wanted)
{
  g_autoptr (FilterSet) set = parse (filters);

  expect_set (set, document, wanted);
}

static gboolean
fires (const char *filters, const char *before, const char *after)
{
  g_autoptr (FilterSet) set = parse (filters);
  g_autoptr (GBytes) old = bytes_of (before), new = bytes_of (after);

  return filter_set_fires (set, ALICE, ALICE, old, new);
}

#define MESSAGING                                                              \
  "//pidf:tuple[rpid:class=\"IM\" or rpid:class=\"SMS\"\n"                     \
  "          or rpid:class=\"MMS\"]"

/* 7.1.1: the tuple that has the class IM. */
static void
test_messaging (void)
{
  expect (WHAT (INCLUDE (MESSAGING "/pidf:status/pidf:basic") INCLUDE (
              MESSAGING "/rpid:class") INCLUDE (MESSAGING "/pidf:contact")),
          EXAMPLE, PIDF (IM_TUPLE ("closed")));
}

/* 7.1.2: the tuple that is open. */
static void
test_open (void)
{
  expect (
      WHAT (INCLUDE ("//pidf:tuple/pidf:status[pidf:basic=\"open\"]/pidf:basic")
                INCLUDE ("//pidf:tuple[pidf:status/pidf:basic=\"open\"]"
                         "/rpid:class")
                    INCLUDE ("//pidf:tuple[pidf:status/pidf:basic=\"open\"]"
                             "/pidf:contact")),
      EXAMPLE, PIDF (VOICE_TUPLE ("open")));
}

/* 7.1.3: not when both are closed; when one comes open. */
static void
test_trigger (void)
{
  const char *filters
      = TRIGGER ("<changed from='closed' to='open'>\n"
                 " /pidf:presence/pidf:tuple/pidf:status/pidf:basic\n"
                 "</changed>");
  const char *both = PIDF (IM_TUPLE ("closed") VOICE_TUPLE ("closed"));
  const char *im = PIDF (IM_TUPLE ("open") VOICE_TUPLE ("closed"));

  g_assert_false (fires (filters, EXAMPLE, both));
  g_assert_true (fires (filters, EXAMPLE, im));
  g_assert_true (fires (filters, both, im));
  g_assert_false (fires (filters, im, im));
  expect (filters, im, im);
}

/* 7.2.1, 7.2.2. */
static void
test_watchers (void)
{
  expect (
      WHAT ("<include>/wi:watcherinfo/wi:watcher-list[@package=\"presence\"]"
            "/\n  wi:watcher[@status=\"active\"]</include>"),
      WINFO (A B C D), WINFO (A D));
  expect (
      WHAT ("<include>/wi:watcherinfo/wi:watcher-list[@package=\"presence\"]"
            "/wi:watcher[@duration-subscribed>500]</include>"),
      WINFO (A B C D), WINFO (A B));
}

/* 7.2.3: B was pending and is rejected now. */
static void
test_rejected (void)
{
  const char *filters = FILTER (
      "<what><include>/wi:watcherinfo/wi:watcher-list[@package=\"presence\"]/"
      "wi:watcher[@status=\"terminated\" and @event=\"rejected\"]</include>"
      "</what><trigger><changed from='pending' to='terminated'>//@status"
      "</changed></trigger>");
  const char *after
      = WINFO (A WATCHER ("B", "terminated", "501", "rejected") C D);

  g_assert_true (fires (filters, WINFO (A B C D), after));
  g_assert_false (fires (filters, after, after));
  expect (filters, after,
          WINFO (WATCHER ("B", "terminated", "501", "rejected") C));
}

/* RFC 4661 6.4: everything of PIDF's own namespace. */
static void
test_namespace (void)
{
  expect (WHAT ("<include type='namespace'>\n urn:ietf:params:xml:ns:pidf\n"
                "</include>"),
          EXAMPLE,
          PIDF ("<tuple id=\"432sd\"><status><basic>closed</basic></status>"
                "<contact priority=\"0.5\">im:p@example.com</contact></tuple>"
                "<tuple id=\"thr76jk\"><status><basic>open</basic></status>"
                "<contact>tel:2224055555</contact></tuple>"));
  expect (WHAT ("<exclude type='namespace'>urn:ietf:params:xml:ns:pidf:rpid"
                "</exclude>"),
          PIDF (VOICE_TUPLE ("open")),
          PIDF ("<tuple id=\"thr76jk\"><status><basic>open</basic></status>"
                "<contact>tel:2224055555</contact></tuple>"));
}

/* RFC 4661 3.5.1: as its example is written, without prefixes. */
static void
test_without_prefix (void)
{
  expect (WHAT (INCLUDE ("/presence/tuple/status/basic")),
          PIDF (VOICE_TUPLE ("open")),
          PIDF ("<tuple id=\"thr76jk\"><status><basic>open</basic></status>"
                "</tuple>"));
}

/* RFC 4660 5.3.1: what is left is valid. */
static void
test_valid (void)
{
  const char *device
      = "<dm:device id=\"d1\"><rpid:class>x</rpid:class><dm:deviceID>mac:1"
        "</dm:deviceID></dm:device>";
  g_autofree char *document = g_strdup_printf (
      PIDF (IM_TUPLE ("closed") "%s<dm:person id=\"p\"><rpid:mood/>"
                                "</dm:person>"),
      device);
  g_autofree char *kept = g_strdup_printf (PIDF ("%s"), device);

  expect (WHAT (INCLUDE ("//pidf:contact")), document,
          PIDF ("<tuple id=\"432sd\"><status><basic>closed</basic></status>"
                "<contact priority=\"0.5\">im:p@example.com</contact>"
                "</tuple>"));
  expect (WHAT (INCLUDE ("//pidf:contact/@priority")), document,
          PIDF ("<tuple id=\"432sd\"><status><basic>closed</basic></status>"
                "<contact priority=\"0.5\"/></tuple>"));
  expect (WHAT (INCLUDE ("//rpid:class[.='x']")), document, kept);
  expect (WHAT ("<exclude>//pidf:status</exclude><exclude>/*/pidf:tuple/@id"
                "</exclude><exclude>/*</exclude><exclude>//pidf:basic"
                "</exclude>"),
          PIDF (VOICE_TUPLE ("open")),
          PIDF ("<tuple id=\"thr76jk\"><status/><rpid:class>voice</rpid:class>"
                "<contact>tel:2224055555</contact></tuple>"));
  expect (WHAT ("<include>//pidf:nothing</include>"), document, NULL);
  expect (WHAT (""), EXAMPLE, EXAMPLE);
  expect (WHAT ("<include>//wi:watcher/@status</include>"), WINFO (B),
          WINFO ("<watcher id=\"B\" event=\"subscribe\" status=\"pending\">"
                 "sip:B@example.com</watcher>"));
}

/* RFC 4661 3.6. */
static void
test_triggers (void)
{
  static const struct {
    const char *trigger, *before, *after;
    gboolean fires;
  } rows[] = {
    { "<changed>//b</changed>", "<b>1</b>", "<b>2</b>", TRUE },
    { "<changed>//b</changed>", "<b>1</b>", "<b> 1 </b>", FALSE },
    { "<changed>//b</changed>", "", "<b>1</b>", FALSE },
    { "<changed to='OPEN'>//b</changed>", "<b>x</b>", "<b>open</b>", TRUE },
    { "<changed to='open'>//b</changed>", "<b>open</b>", "<b>x</b>", FALSE },
    { "<changed from='1'>//b</changed>", "<b>1</b>", "<b>2</b>", TRUE },
    { "<changed from='1'>//b</changed>", "<b>2</b>", "<b>1</b>", FALSE },
    { "<changed by='2'>//b</changed>", "<b>6</b>", "<b>8</b>", TRUE },
    { "<changed by='2'>//b</changed>", "<b>6</b>", "<b>4.0</b>", TRUE },
    { "<changed by='2'>//b</changed>", "<b>6</b>", "<b>7.9</b>", FALSE },
    { "<changed by='2'>//b</changed>", "<b>x</b>", "<b>9</b>", FALSE },
    { "<changed from='6' by='2'>//b</changed>", "<b>6</b>", "<b>9</b>", TRUE },
    { "<changed>//b/@q</changed>", "<b q='1'/>", "<b q='2'/>", TRUE },
    { "<changed>//b</changed>", "<b><c/></b>", "<b><d/></b>", TRUE },
    { "<added>//b</added>", "", "<b/>", TRUE },
    { "<added>//b</added>", "<b/>", "<b/>", FALSE },
    { "<added>//b</added>", "<b id='1'/>", "<b id='2'/>", TRUE },
    { "<added>//b</added>", "<b id='1'/><b id='2'/>", "<b id='2'/>", FALSE },
    { "<removed>//b</removed>", "<b id='1'/><b id='2'/>", "<b id='2'/>", TRUE },
    { "<removed>//b</removed>", "", "<b/>", FALSE },
    { "<added>//b</added><removed>//c</removed>", "<c/>", "<b/>", TRUE },
    { "<added>//b</added><removed>//c</removed>", "<c/>", "<b/><c/>", FALSE },
    { "<added>//b</added></trigger><trigger><removed>//c</removed>", "<c/>", "",
      TRUE },
    { "", "<c/>", "", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *filters
        = g_strdup_printf (TRIGGER ("%s"), rows[i].trigger);
    g_autofree char *before = g_strdup_printf (PIDF ("%s"), rows[i].before);
    g_autofree char *after = g_strdup_printf (PIDF ("%s"), rows[i].after);

    if (fires (filters, before, after) != rows[i].fires)
      g_error ("%s: %s -> %s", rows[i].trigger, rows[i].before, rows[i].after);
  }
}

/* RFC 4660 3.3.1, 3.3.2: by URI, by domain, for all. */
static void
test_choice (void)
{
  g_autoptr (FilterSet) set
      = parse ("<filter id='1' uri='pres:bob@EXAMPLE.com'><what>"
               "<exclude>//pidf:contact</exclude></what></filter>"
               "<filter id='2' domain='example.com'><what>"
               "<exclude>//rpid:class</exclude></what></filter>"
               "<filter id='3' uri='sip:eve@example.net' enabled='false'><what>"
               "<exclude>//pidf:note</exclude></what></filter>");
  g_autoptr (FilterSet) all
      = parse ("<filter id='1'><what><exclude>//pidf:tuple</exclude></what>"
               "</filter>");
  const char *list = "sip:carol@example.org;pres-list=friends";

  g_assert_true (filter_set_concerns (set, list, "sip:bob@example.com"));
  g_assert_true (filter_set_concerns (set, list, "sip:x@example.com"));
  g_assert_false (filter_set_concerns (set, list, "sip:eve@example.net"));
  g_assert_false (filter_set_concerns (set, list, list));
  g_assert_true (filter_set_concerns (all, ALICE, ALICE));
  g_assert_true (filter_set_concerns (all, list, "sip:eve@example.net"));
}

/* --- In a dialog --- */

static GBytes *
merge (GBytes *old, const char *filters)
{
  g_autoptr (GBytes) new = set_of (filters);
  g_autoptr (GError) error = NULL;
  GBytes *made = filter_set_merge (old, new, "presence", &error);

  g_assert_no_error (error);
  return made;
}

static void
expect_merged (GBytes *set, const char *wanted)
{
  g_autoptr (FilterSet) parsed = filter_set_parse (set, "presence", NULL);

  expect_set (parsed, PIDF (VOICE_TUPLE ("open")), wanted);
}

#define NO_CONTACT "<what><exclude>//pidf:contact</exclude></what>"
#define WITHOUT_CONTACT                                                        \
  PIDF ("<tuple id=\"thr76jk\"><status><basic>open</basic></status>"           \
        "<rpid:class>voice</rpid:class></tuple>")
#define WITHOUT_CLASS                                                          \
  PIDF ("<tuple id=\"thr76jk\"><status><basic>open</basic></status>"           \
        "<contact>tel:2224055555</contact></tuple>")

static void
test_merge (void)
{
  g_autoptr (GBytes) first
      = merge (NULL, "<filter id='a'>" NO_CONTACT "</filter>");
  g_autoptr (GBytes) off = merge (first, "<filter id='a' enabled='false'/>");
  g_autoptr (GBytes) on = merge (off, "<filter id='a' enabled='true'/>");
  g_autoptr (GBytes) other
      = merge (on, "<filter id='a'><what><exclude>//rpid:class</exclude>"
                   "</what></filter>");
  g_autoptr (GBytes) gone = merge (other, "<filter id='a' remove='true'/>"
                                          "<filter id='z' remove='1'/>");

  expect_merged (first, WITHOUT_CONTACT);
  expect_merged (off, PIDF (VOICE_TUPLE ("open")));
  expect_merged (on, WITHOUT_CONTACT);
  expect_merged (other, WITHOUT_CLASS);
  expect_merged (gone, PIDF (VOICE_TUPLE ("open")));
}

static void
expect_no_merge (GBytes *old, const char *text)
{
  g_autoptr (GBytes) new = bytes_of (text);
  g_autoptr (GError) error = NULL;

  g_assert_null (filter_set_merge (old, new, "presence", &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
}

#define SET(inner)                                                             \
  "<filter-set xmlns='urn:ietf:params:xml:ns:simple-filter'>" inner            \
  "</filter-set>"
#define BIND(urn)                                                              \
  "<ns-bindings><ns-binding prefix='p' urn='" urn "'/>"                        \
  "</ns-bindings>"
#define EXCLUDE "<what><exclude>//p:x</exclude></what>"

static void
test_no_merge (void)
{
  g_autoptr (GBytes) text
      = bytes_of (SET (BIND ("urn:1") "<filter id='a'>" EXCLUDE "</filter>"));
  g_autoptr (GBytes) old = filter_set_merge (NULL, text, "presence", NULL);
  g_autoptr (GBytes) anew
      = bytes_of (SET (BIND ("urn:2") "<filter id='a'>" EXCLUDE "</filter>"));
  g_autoptr (GBytes) replaced = filter_set_merge (old, anew, "presence", NULL);

  g_assert_nonnull (replaced);
  /* the id changed, the resource not */
  expect_no_merge (old, SET ("<filter id='b'><what/></filter>"));
  expect_no_merge (old, SET ("<filter id='b' enabled='true'/>"));
  expect_no_merge (old, SET ("<filter><what/></filter>"));
  expect_no_merge (old,
                   SET (BIND ("urn:2") "<filter id='b' uri='sip:b@b.b'>" EXCLUDE
                                       "</filter>"));
}

/* --- Wrong and hostile ones --- */

static char *
repeated (const char *before, const char *text, guint n, const char *after)
{
  GString *out = g_string_new (before);

  for (guint i = 0; i < n; i++)
    g_string_append (out, text);
  return g_string_free (g_string_append (out, after), FALSE);
}

static void
expect_wrong (const char *text, int code)
{
  g_autoptr (GBytes) bytes = bytes_of (text);
  g_autoptr (GError) error = NULL;

  g_assert_null (filter_set_parse (bytes, "presence", &error));
  if (!g_error_matches (error, RC_ERROR, code))
    g_error ("%.300s: %s", text, error != NULL ? error->message : "no error");
}

#define PATH(path)                                                             \
  SET ("<filter id='1'><what><include>" path "</include></what></filter>")

static void
test_wrong (void)
{
  static const struct {
    const char *text;
    int code;
  } rows[] = {
    { "no XML", RC_ERROR_SYNTAX },
    { "<filter-set/>", RC_ERROR_SYNTAX },
    { "<!DOCTYPE x><filter-set/>", RC_ERROR_SYNTAX },
    { PATH ("//x:y"), RC_ERROR_SYNTAX },
    { PATH (""), RC_ERROR_SYNTAX },
    { PATH ("//"), RC_ERROR_SYNTAX },
    { PATH ("//a["), RC_ERROR_SYNTAX },
    { PATH ("//a[b=]"), RC_ERROR_SYNTAX },
    { PATH ("//a[b=\"c]"), RC_ERROR_SYNTAX },
    { PATH ("//@a/b"), RC_ERROR_SYNTAX },
    { PATH ("count(//a)"), RC_ERROR_UNSUPPORTED },
    { PATH ("//ancestor::a"), RC_ERROR_UNSUPPORTED },
    { PATH ("//a/text()"), RC_ERROR_UNSUPPORTED },
    { PATH ("//a/../b"), RC_ERROR_UNSUPPORTED },
    { PATH ("//a | //b"), RC_ERROR_SYNTAX },
    { SET ("<filter id='1'><what><include type='sql'>x</include></what>"
           "</filter>"),
      RC_ERROR_SYNTAX },
    { SET ("<filter id='1' uri='sip:a@b' domain='b'/>"), RC_ERROR_SYNTAX },
    { SET ("<filter id='1' enabled='maybe'/>"), RC_ERROR_SYNTAX },
    { SET ("<filter id='1'/><filter id='2'/>"), RC_ERROR_SYNTAX },
    { SET ("<filter id='1' uri='sip:a@b.c'/><filter id='2' uri='sip:a@B.c'/>"),
      RC_ERROR_SYNTAX },
    { SET ("<filter id='1'><trigger><changed by='x'>//a</changed></trigger>"
           "</filter>"),
      RC_ERROR_SYNTAX },
    { "<filter-set xmlns='urn:ietf:params:xml:ns:simple-filter'"
      " package='dialog'><filter id='1'/></filter-set>",
      RC_ERROR_SYNTAX },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    expect_wrong (rows[i].text, rows[i].code);
}

#define PATH_START                                                             \
  "<filter-set xmlns='urn:ietf:params:xml:ns:simple-filter'>"                  \
  "<filter id='1'><what><include>"
#define PATH_END "</include></what></filter></filter-set>"

/* One that is cut is no filter. */
static void
test_cut (void)
{
  g_autoptr (GBytes) whole = set_of (FILTER ("<what>" INCLUDE (
      "//a[b=\"c\" or @d='e']/f") "</what><trigger><changed "
                                  "by='1'>//g</changed></trigger>"));
  gsize len;
  const char *bytes = g_bytes_get_data (whole, &len);

  for (gsize n = 0; n < len; n++) {
    g_autoptr (GBytes) part = g_bytes_new (bytes, n);

    g_assert_null (filter_set_parse (part, "presence", NULL));
  }
}

static void
test_bounds (void)
{
  const char *end = "</filter></filter-set>";
  const char *start = "<filter-set xmlns='urn:ietf:params:xml:ns:simple-filter'"
                      "><filter id='1'>";
  g_autofree char *steps = repeated (PATH_START, "//*", 17, PATH_END);
  g_autofree char *terms
      = repeated (PATH_START "//a[b", " or b", 40, "]" PATH_END);
  g_autofree char *nested = repeated (PATH_START "//a", "[b", 40, PATH_END);
  g_autofree char *longer = repeated (PATH_START "//", "a", 2000, PATH_END);
  g_autofree char *rules
      = repeated (start, "<trigger><added>//a</added></trigger>", 41, end);
  g_autofree char *selections
      = repeated (start,
                  "<what><include>//a</include><include>//a</include>"
                  "<include>//a</include></what>",
                  40, end);
  g_autofree char *deep = repeated (start, "<what>", 40, end);

  expect_wrong (steps, RC_ERROR_BOUND);
  expect_wrong (terms, RC_ERROR_BOUND);
  expect_wrong (nested, RC_ERROR_BOUND);
  expect_wrong (longer, RC_ERROR_BOUND);
  expect_wrong (rules, RC_ERROR_BOUND);
  expect_wrong (selections, RC_ERROR_BOUND);
  expect_wrong (deep, RC_ERROR_BOUND);
}

/* The dearest that is allowed, on a large document: it ends soon, with what it
 * found until then. */
static void
test_bomb (void)
{
  g_autofree char *document
      = repeated ("<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='x'>",
                  "<tuple id='a'><a><a><a><a><a/></a></a></a></a></tuple>",
                  5000, "</presence>");
  g_autofree char *filters = repeated (
      "<filter id='1'><what>",
      "<include>//*[*/*/* and */*]//*//*[*//* or */*]//*//*//*//*</include>",
      40, "</what></filter>");
  g_autoptr (FilterSet) set = parse (filters);
  g_autoptr (GBytes) bytes = bytes_of (document);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GBytes) made = filter_set_apply (set, ALICE, ALICE, bytes);

  g_test_message ("%" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter/rfc4660-7.1.1/messaging", test_messaging);
  g_test_add_func ("/filter/rfc4660-7.1.2/open", test_open);
  g_test_add_func ("/filter/rfc4660-7.1.3/trigger", test_trigger);
  g_test_add_func ("/filter/rfc4660-7.2.1/watchers", test_watchers);
  g_test_add_func ("/filter/rfc4660-7.2.3/rejected", test_rejected);
  g_test_add_func ("/filter/rfc4661-6.4/namespace", test_namespace);
  g_test_add_func ("/filter/rfc4661-3.5.1/without-prefix", test_without_prefix);
  g_test_add_func ("/filter/rfc4660-5.3.1/valid", test_valid);
  g_test_add_func ("/filter/rfc4661-3.6/triggers", test_triggers);
  g_test_add_func ("/filter/rfc4660-3.3.1/choice", test_choice);
  g_test_add_func ("/filter/rfc4660-3.3.3/merge", test_merge);
  g_test_add_func ("/filter/rfc4660-3.3.3/no-merge", test_no_merge);
  g_test_add_func ("/filter/rfc4660-5.4/wrong", test_wrong);
  g_test_add_func ("/filter/rfc4660-5.4/cut", test_cut);
  g_test_add_func ("/filter/rfc4660-8/bounds", test_bounds);
  g_test_add_func ("/filter/rfc4660-8/bomb", test_bomb);
  return g_test_run ();
}
