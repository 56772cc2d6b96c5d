/* SPDX-License-Identifier: ISC
 *
 * codec/pidf.  What clients send is in tests/fuzz/seeds; what we write is
 * checked against the structure that the schemas of RFC 3863 and 4479 ask
 * for. */
#include "base/error.h"
#include "codec/pidf.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#define PIDF "urn:ietf:params:xml:ns:pidf"
#define DM PIDF ":data-model"
#define RPID PIDF ":rpid"

#define HEAD                                                                   \
  "<presence xmlns=\"" PIDF "\" xmlns:dm=\"" DM "\" xmlns:r=\"" RPID           \
  "\" entity=\"sip:alice@example.com\">"
#define TAIL "</presence>"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

static char *
load_seed (const char *name, gsize *len)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "tests", "fuzz",
                                                 "seeds", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, len, &error);
  g_assert_no_error (error);
  return text;
}

static PresenceDoc *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  PresenceDoc *doc = NULL;

  pidf_parse (text, strlen (text), &doc, &error);
  g_assert_no_error (error);
  g_assert_nonnull (doc);
  return doc;
}

static char *
write_text (const PresenceDoc *doc)
{
  g_autoptr (GBytes) bytes = pidf_write (doc);

  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("\"%s\" is not in: %s", part, text);
}

/* Structure of what we write.  One letter per child, in the order given; "*"
 * stands for elements of other namespaces. */

typedef struct {
  const char *name; /* element, with its namespace's letter: p, d */
  char kind;
} Letter;

static const Letter letters[] = {
  { "p:tuple", 't' }, { "p:note", 'n' },      { "p:status", 's' },
  { "p:basic", 'b' }, { "p:contact", 'c' },   { "p:timestamp", 'm' },
  { "d:note", 'N' },  { "d:timestamp", 'M' }, { "d:deviceID", 'D' },
};

static char
letter_of (const xmlNode *node)
{
  const char *ns = node->ns != NULL ? (const char *)node->ns->href : "";
  g_autofree char *name = g_strdup_printf ("%c:%s",
                                           g_str_equal (ns, PIDF) ? 'p'
                                           : g_str_equal (ns, DM) ? 'd'
                                                                  : '*',
                                           (const char *)node->name);

  for (gsize i = 0; i < G_N_ELEMENTS (letters); i++)
    if (g_str_equal (letters[i].name, name))
      return letters[i].kind;
  return '*';
}

static void
assert_children (const xmlNode *node, const char *pattern)
{
  g_autoptr (GString) kinds = g_string_new (NULL);

  for (const xmlNode *c = node->children; c != NULL; c = c->next)
    if (c->type == XML_ELEMENT_NODE)
      g_string_append_c (kinds, letter_of (c));
  if (!g_regex_match_simple (pattern, kinds->str, 0, 0))
    g_error ("<%s> has children %s, not %s", (const char *)node->name,
             kinds->str, pattern);
}

static void
assert_id (const xmlNode *node, GHashTable *ids)
{
  xmlChar *id = xmlGetNoNsProp (node, (const xmlChar *)"id");

  g_assert_nonnull (id);
  g_assert_true (g_hash_table_add (ids, g_strdup ((const char *)id)));
  xmlFree (id);
}

static void
assert_presence_child (const xmlNode *node, GHashTable *ids)
{
  switch (letter_of (node)) {
  case 't':
    assert_id (node, ids);
    assert_children (node, "^s[*D]*c?n*m?$");
    for (const xmlNode *c = node->children; c != NULL; c = c->next)
      if (letter_of (c) == 's')
        assert_children (c, "^b?[*]*$");
    break;
  case '*':
    if (g_strcmp0 ((const char *)node->name, "person") == 0) {
      assert_id (node, ids);
      assert_children (node, "^[*]*N*M?$");
    } else if (g_strcmp0 ((const char *)node->name, "device") == 0) {
      assert_id (node, ids);
      assert_children (node, "^[*]*D?N*M?$");
    }
    break;
  default:
    break;
  }
}

static void
assert_schema (const char *text)
{
  g_autoptr (xmlDoc) xml = xmlReadMemory (text, (int)strlen (text), NULL, NULL,
                                          XML_PARSE_NONET | XML_PARSE_NOERROR);
  g_autoptr (GHashTable) ids
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const xmlNode *root;

  g_assert_true (g_str_has_prefix (text, "<?xml version=\"1.0\" "));
  assert_has (text, "<presence xmlns=\"" PIDF "\"");
  g_assert_nonnull (xml);
  root = xmlDocGetRootElement (xml);
  g_assert_cmpstr ((const char *)root->ns->href, ==, PIDF);
  g_assert_true (xmlHasProp (root, (const xmlChar *)"entity") != NULL);
  assert_children (root, "^t*n*[*]*$");
  for (const xmlNode *c = root->children; c != NULL; c = c->next)
    if (c->type == XML_ELEMENT_NODE)
      assert_presence_child (c, ids);
}

/* decode, encode, decode: the same model; encode again: the same bytes. */
static char *
assert_round_trip (const PresenceDoc *doc)
{
  g_autofree char *once = write_text (doc);
  g_autoptr (PresenceDoc) again = parse (once);
  char *twice = write_text (again);

  g_assert_true (presence_doc_equal (doc, again));
  g_assert_cmpstr (once, ==, twice);
  return twice;
}

static const char *const seeds[]
    = { "pidf-linphone.xml", "pidf-baresip.xml",  "pidf-libpurple.xml",
        "pidf-twinkle.xml",  "pidf-prefixed.xml", "pidf-rpid.xml" };

static void
test_seed (gconstpointer data)
{
  gsize len;
  g_autofree char *text = load_seed (data, &len);
  g_autoptr (PresenceDoc) doc = parse (text);
  g_autofree char *written = assert_round_trip (doc);

  assert_schema (written);
}

static PresenceDoc *
parse_seed (const char *name)
{
  gsize len;
  g_autofree char *text = load_seed (name, &len);

  return parse (text);
}

static void
test_linphone (void)
{
  g_autoptr (PresenceDoc) doc = parse_seed ("pidf-linphone.xml");
  g_autofree char *written = write_text (doc);
  const PresenceTuple *tuple = doc->tuples->pdata[0];
  const PresenceElement *person = doc->persons->pdata[0];

  g_assert_cmpuint (doc->tuples->len, ==, 1);
  g_assert_cmpstr (tuple->id, ==, "qmht-9");
  g_assert_cmpint (tuple->basic, ==, BASIC_OPEN);
  g_assert_cmpstr (tuple->priority, ==, "0.8");
  g_assert_cmpstr (tuple->contact, ==,
                   "sip:alice@example.com;gr=urn:uuid:1f0e");
  g_assert_cmpstr (person->extra, ==,
                   "<rpid:activities><rpid:away/></rpid:activities>");
  g_assert_cmpstr (person->timestamp, ==, "2026-03-01T10:00:00Z");
  assert_has (written, "<pidfonline:online xmlns:pidfonline=\"http://"
                       "www.linphone.org/xsds/pidfonline.xsd\"/></status>");
}

/* clients.md: baresip looks for these as text. */
static void
test_baresip (void)
{
  g_autoptr (PresenceDoc) doc = parse_seed ("pidf-baresip.xml");
  g_autofree char *written = write_text (doc);

  assert_has (written, "<rpid:busy/>");
  assert_has (written, "<basic>open</basic>");
  assert_has (written, "<dm:person id=\"p4159\">");
  g_assert_true (strstr (written, "<tuple") < strstr (written, "<dm:person"));
}

static void
test_libpurple (void)
{
  g_autoptr (PresenceDoc) doc = parse_seed ("pidf-libpurple.xml");
  g_autofree char *written = write_text (doc);
  const PresenceTuple *tuple = doc->tuples->pdata[0];
  const PresenceNote *note = tuple->notes->pdata[0];

  g_assert_cmpint (tuple->basic, ==, BASIC_CLOSED);
  g_assert_cmpstr (note->text, ==, "I am <away> & back soon");
  g_assert_null (note->lang);
  assert_has (written, "<note>I am &lt;away&gt; &amp; back soon</note>");
}

static void
test_prefixed (void)
{
  g_autoptr (PresenceDoc) doc = parse_seed ("pidf-prefixed.xml");
  const PresenceTuple *first = doc->tuples->pdata[0];
  const PresenceTuple *second = doc->tuples->pdata[1];

  g_assert_cmpstr (doc->entity, ==, "pres:alice@example.com");
  g_assert_cmpint (first->basic, ==, BASIC_OPEN);
  g_assert_cmpstr (first->contact, ==, "tel:+15550100");
  g_assert_cmpstr (first->status_extra, ==,
                   "<e:place xmlns:e=\"http://example.org/ext\" xmlns:i=\"" PIDF
                   "\" i:mustUnderstand=\"1\">home &amp; <e:b>away</e:b> "
                   "</e:place>");
  g_assert_cmpstr (first->extra, ==,
                   "<e:tag xmlns:e=\"http://example.org/ext\" "
                   "e:kind=\"x&quot;y&#10;z\">in <none "
                   "xmlns=\"\">tuple</none></e:tag>");
  g_assert_cmpstr (((PresenceNote *)first->notes->pdata[0])->lang, ==, "fr");
  g_assert_cmpstr (((PresenceNote *)first->notes->pdata[1])->lang, ==, "de");
  g_assert_cmpint (second->basic, ==, BASIC_NONE);
  g_assert_null (second->priority);
  g_assert_cmpstr (doc->extra, ==,
                   "<e:mine xmlns:e=\"http://example.org/ext\" "
                   "xmlns:ns1=\"http://example.org/not-rpid\" ns1:a=\"1\">"
                   "<rpid:q><note>n</note></rpid:q></e:mine>");
}

static void
test_rpid (void)
{
  g_autoptr (PresenceDoc) doc = parse_seed ("pidf-rpid.xml");
  const PresenceTuple *tuple = doc->tuples->pdata[0];
  const PresenceElement *person = doc->persons->pdata[0];
  const PresenceElement *device = doc->devices->pdata[0];

  g_assert_cmpstr (tuple->device_id, ==,
                   "urn:uuid:48662e19-5fbf-43fc-a2fd-d23002787599");
  g_assert_cmpstr (device->device_id, ==, tuple->device_id);
  assert_has (tuple->extra, "<rpid:privacy><rpid:audio/></rpid:privacy>");
  assert_has (person->extra, "<rpid:activities from=\"2026-03-01T09:00:00Z\">"
                             "<rpid:note>lunch</rpid:note><rpid:meal/>");
  assert_has (person->extra, "<lt:office xmlns:lt=");
  g_assert_cmpstr (((PresenceNote *)person->notes->pdata[0])->text, ==,
                   "sunny");
  g_assert_cmpstr (device->extra, ==,
                   "<rpid:user-input idle-threshold=\"600\">idle"
                   "</rpid:user-input>");
  g_assert_cmpstr (((PresenceNote *)doc->notes->pdata[0])->text, ==,
                   "on the road");
}

static void
test_written_shape (void)
{
  g_autoptr (PresenceDoc) doc = presence_doc_new ("sip:a&b@example.com");
  PresenceTuple *tuple = presence_tuple_new ("x", BASIC_OPEN);
  g_autofree char *written = NULL;

  tuple->contact = g_strdup ("sip:a@example.com?x=<1>");
  g_ptr_array_add (doc->tuples, tuple);
  g_ptr_array_add (doc->tuples, presence_tuple_new (NULL, BASIC_NONE));
  g_ptr_array_add (doc->persons, presence_element_new (NULL));
  g_ptr_array_add (doc->devices, presence_element_new (""));
  g_ptr_array_add (doc->notes,
                   presence_note_new ("en", "bell \a, \xff and \"quote\""));
  written = write_text (doc);
  assert_schema (written);
  assert_has (written, "entity=\"sip:a&amp;b@example.com\"");
  assert_has (written, "<contact>sip:a@example.com?x=&lt;1&gt;</contact>");
  assert_has (written, "<note xml:lang=\"en\">bell , \xef\xbf\xbd and "
                       "\"quote\"</note>");
  presence_doc_free (parse (written));
}

static void
test_unknown_document (void)
{
  g_autoptr (PresenceDoc) doc = presence_doc_new ("sip:alice@example.com");
  g_autofree char *written = assert_round_trip (doc);

  assert_schema (written);
  g_assert_null (strstr (written, "tuple"));
}

typedef struct {
  const char *path;
  const char *text;
  RcError code;
} Bad;

#define BOMB                                                                   \
  "<?xml version=\"1.0\"?><!DOCTYPE presence [<!ENTITY a \"aaaaaaaaaa\">"      \
  "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;\">" \
  "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;\">]>" HEAD "<note>&d;</note>" TAIL
#define EXTERNAL                                                               \
  "<?xml version=\"1.0\"?><!DOCTYPE p [<!ENTITY x SYSTEM "                     \
  "\"file:///etc/passwd\">]>" HEAD "<note>&x;</note>" TAIL

static const Bad bad[] = {
  { "empty", "", RC_ERROR_SYNTAX },
  { "space", "  ", RC_ERROR_SYNTAX },
  { "text", "hello", RC_ERROR_SYNTAX },
  { "unclosed", HEAD "<tuple id='a'>", RC_ERROR_SYNTAX },
  { "open-tag", HEAD "<tuple id='a", RC_ERROR_SYNTAX },
  { "open-comment", HEAD "<!-- ", RC_ERROR_SYNTAX },
  { "open-cdata", HEAD "<![CDATA[ ", RC_ERROR_SYNTAX },
  { "open-pi", "<?xml ", RC_ERROR_SYNTAX },
  { "crossed", HEAD "<a><b></a></b>" TAIL, RC_ERROR_SYNTAX },
  { "two-roots", HEAD TAIL HEAD TAIL, RC_ERROR_SYNTAX },
  { "trailing-text", HEAD TAIL "x", RC_ERROR_SYNTAX },
  { "no-namespace", "<presence entity='sip:a@b'/>", RC_ERROR_SYNTAX },
  { "other-namespace", "<presence xmlns='urn:x' entity='sip:a@b'/>",
    RC_ERROR_SYNTAX },
  { "other-root", "<tuple xmlns='" PIDF "' entity='sip:a@b'/>",
    RC_ERROR_SYNTAX },
  { "no-entity", "<presence xmlns='" PIDF "'/>", RC_ERROR_SYNTAX },
  { "undeclared-prefix", HEAD "<x:y/>" TAIL, RC_ERROR_SYNTAX },
  { "duplicate-attribute", HEAD "<tuple id='a' id='b'/>" TAIL,
    RC_ERROR_SYNTAX },
  { "undeclared-entity", HEAD "<note>&nbsp;</note>" TAIL, RC_ERROR_SYNTAX },
  { "undeclared-entity-in-attribute", HEAD "<tuple id='&x;'/>" TAIL,
    RC_ERROR_SYNTAX },
  { "control-byte", HEAD "<note>\x01</note>" TAIL, RC_ERROR_SYNTAX },
  { "control-reference", HEAD "<note>&#1;</note>" TAIL, RC_ERROR_SYNTAX },
  { "bad-utf8", HEAD "<note>\xc3(</note>" TAIL, RC_ERROR_SYNTAX },
  { "latin1",
    "<?xml version='1.0' encoding='ISO-8859-1'?>" HEAD "<note>\xe9</note>" TAIL,
    RC_ERROR_SYNTAX },
  { "utf7", "<?xml version='1.0' encoding='UTF-7'?>+ADw-presence/+AD4-",
    RC_ERROR_SYNTAX },
  { "doctype", "<!DOCTYPE presence>" HEAD TAIL, RC_ERROR_SYNTAX },
  { "doctype-after-comment", "<!-- --><!DOCTYPE presence>" HEAD TAIL,
    RC_ERROR_SYNTAX },
  { "doctype-external",
    "<!DOCTYPE presence SYSTEM 'file:///dev/zero'>" HEAD TAIL,
    RC_ERROR_SYNTAX },
  { "doctype-late", HEAD "<!DOCTYPE presence>" TAIL, RC_ERROR_SYNTAX },
  { "entity-bomb", BOMB, RC_ERROR_SYNTAX },
  { "external-entity", EXTERNAL, RC_ERROR_SYNTAX },
};

static void
assert_refused (const char *text, gsize len, RcError code)
{
  g_autoptr (GError) error = NULL;
  PresenceDoc *doc = NULL;

  g_assert_false (pidf_parse (text, len, &doc, &error));
  g_assert_null (doc);
  g_assert_error (error, RC_ERROR, (gint)code);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_bad (gconstpointer data)
{
  const Bad *row = data;

  assert_refused (row->text, strlen (row->text), row->code);
}

static void
test_nul_byte (void)
{
  static const char text[] = HEAD "<note>a\0b</note>" TAIL;
  static const char utf16[] = "\xff\xfe<\0p\0/\0>\0";

  assert_refused (text, sizeof text - 1, RC_ERROR_SYNTAX);
  assert_refused (utf16, sizeof utf16 - 1, RC_ERROR_SYNTAX);
}

/* HEAD, then n times part with %u replaced by its number, then end. */
static char *
many (const char *part, guint n, const char *end)
{
  GString *text = g_string_new (HEAD);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GString) one = g_string_new (part);
    g_autofree char *number = g_strdup_printf ("%u", i);

    g_string_replace (one, "%u", number, 0);
    g_string_append (text, one->str);
  }
  g_string_append (text, end);
  return g_string_free (text, FALSE);
}

static void
assert_bound (const char *part, guint max)
{
  g_autofree char *fits = many (part, max, TAIL);
  g_autofree char *over = many (part, max + 1, TAIL);

  presence_doc_free (parse (fits));
  assert_refused (over, strlen (over), RC_ERROR_BOUND);
}

static void
test_counts (void)
{
  assert_bound ("<tuple id='t%u'><status/></tuple>", 100);
  assert_bound ("<note>%u</note>", 200);
  assert_bound ("<dm:person id='p%u'/>", 200);
  assert_bound ("<dm:device id='d%u'><dm:deviceID>x</dm:deviceID></dm:device>",
                200);
}

static void
test_depth (void)
{
  g_autoptr (GString) fits = g_string_new (HEAD);
  g_autofree char *over = many ("<a>", 32, "");
  g_autofree char *far_over = many ("<a>", 20000, "");

  for (guint i = 0; i < 31; i++)
    g_string_append (fits, "<a>");
  for (guint i = 0; i < 31; i++)
    g_string_append (fits, "</a>");
  g_string_append (fits, TAIL);
  presence_doc_free (parse (fits->str));
  assert_refused (over, strlen (over), RC_ERROR_BOUND);
  assert_refused (far_over, strlen (far_over), RC_ERROR_BOUND);
}

static void
test_attributes (void)
{
  g_autoptr (GString) text = g_string_new (HEAD "<x:a");
  g_autoptr (GString) namespaces = g_string_new (HEAD "<a");
  g_autoptr (GString) fits = g_string_new (HEAD "<a");

  for (guint i = 0; i < 6000; i++)
    g_string_append_printf (text, " a%u=''", i);
  g_string_append (text, "/>" TAIL);
  assert_refused (text->str, text->len, RC_ERROR_BOUND);
  for (guint i = 0; i < 3000; i++)
    g_string_append_printf (namespaces, " xmlns:n%u='u'", i);
  g_string_append (namespaces, "/>" TAIL);
  assert_refused (namespaces->str, namespaces->len, RC_ERROR_BOUND);
  for (guint i = 0; i < 64; i++)
    g_string_append_printf (fits, " a%u='<=>\"'", i);
  g_string_append (fits, "/>" TAIL);
  assert_refused (fits->str, fits->len, RC_ERROR_SYNTAX); /* a raw '<' */
  g_string_replace (fits, "<=", "==", 0);
  presence_doc_free (parse (fits->str));
}

static void
test_size (void)
{
  g_autoptr (GString) text = g_string_new (HEAD "<note>");
  gsize rest = 65536 - strlen (HEAD "<note></note>" TAIL);

  for (gsize i = 0; i < rest; i++)
    g_string_append_c (text, 'x');
  g_string_append (text, "</note>" TAIL);
  g_assert_cmpuint (text->len, ==, 65536);
  presence_doc_free (parse (text->str));
  g_string_append_c (text, '\n');
  assert_refused (text->str, text->len, RC_ERROR_BOUND);
}

/* What looks like markup to the first look, but is none. */
static void
test_no_false_alarm (void)
{
  g_autoptr (PresenceDoc) doc = parse (
      HEAD "<!-- <!DOCTYPE x> --><?pi <!DOCTYPE?><note><![CDATA[<!DOCTYPE "
           "x>]]></note><tuple id='&lt;!DOCTYPE >'><status/></tuple>" TAIL);

  g_assert_cmpstr (((PresenceNote *)doc->notes->pdata[0])->text, ==,
                   "<!DOCTYPE x>");
}

static void
test_cut_everywhere (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (seeds); i++) {
    gsize len;
    g_autofree char *text = load_seed (seeds[i], &len);
    gsize end = (gsize)(g_strrstr (text, ">") - text);

    for (gsize cut = 0; cut <= end; cut++) {
      g_autofree char *part = g_memdup2 (text, cut);

      assert_refused (part, cut, RC_ERROR_SYNTAX);
    }
  }
}

typedef struct {
  const char *text;
  const char *kept; /* NULL: not a qvalue */
} Priority;

static void
test_priority (void)
{
  static const Priority priorities[]
      = { { "0", "0" },         { "1", "1" },         { "0.", "0." },
          { "0.875", "0.875" }, { "1.000", "1.000" }, { " 0.5 ", "0.5" },
          { "1..", NULL },      { "1.0.0", NULL },    { "1.1", NULL },
          { "2", NULL },        { "0.1234", NULL },   { "", NULL },
          { "-1", NULL },       { "0,5", NULL } };

  for (gsize i = 0; i < G_N_ELEMENTS (priorities); i++) {
    g_autofree char *text = g_strdup_printf (
        HEAD "<tuple id='a'><status/><contact priority='%s'>sip:a@b</contact>"
             "</tuple>" TAIL,
        priorities[i].text);
    g_autoptr (PresenceDoc) doc = parse (text);

    g_assert_cmpstr (((PresenceTuple *)doc->tuples->pdata[0])->priority, ==,
                     priorities[i].kept);
  }
}

/* What a client repeats or leaves out. */
static void
test_sloppy (void)
{
  g_autoptr (PresenceDoc) doc = parse (
      HEAD
      "<tuple><status><basic>OPEN</basic><basic>closed</basic></status>"
      "<contact>sip:1@b</contact><contact>sip:2@b</contact></tuple>"
      "<tuple id=''><status><basic>maybe</basic></status></tuple>"
      "<dm:person><note>a</note><timestamp>t</timestamp></dm:person>" TAIL);
  const PresenceTuple *first = doc->tuples->pdata[0];
  const PresenceTuple *second = doc->tuples->pdata[1];
  const PresenceElement *person = doc->persons->pdata[0];
  g_autofree char *written = assert_round_trip (doc);

  g_assert_cmpint (first->basic, ==, BASIC_OPEN);
  g_assert_cmpstr (first->contact, ==, "sip:1@b");
  g_assert_cmpstr (first->id, !=, second->id);
  g_assert_cmpint (second->basic, ==, BASIC_NONE);
  g_assert_cmpuint (person->notes->len, ==, 1);
  g_assert_cmpstr (person->timestamp, ==, "t");
  assert_schema (written);
}

/* Names that fight for prefixes: what comes out means the same. */
static void
test_fragments (void)
{
  static const struct {
    const char *in, *out;
  } rows[] = {
    { "<a xmlns='urn:1' xmlns:b='urn:2' b:c='d'><b:e/></a>",
      "<a xmlns=\"urn:1\" xmlns:b=\"urn:2\" b:c=\"d\"><b:e/></a>" },
    { "<dm:a xmlns:dm='urn:1'/>", "<ns1:a xmlns:ns1=\"urn:1\"/>" },
    { "<a xmlns='urn:1'><r:b r:c=''/></a>",
      "<a xmlns=\"urn:1\"><rpid:b rpid:c=\"\"/></a>" },
    { "<a xmlns='urn:1'><tuple xmlns='" PIDF "'/></a>",
      "<a xmlns=\"urn:1\"><tuple xmlns=\"" PIDF "\"/></a>" },
    { "<ns1:a xmlns:ns1='urn:1' xmlns:dm='urn:2' dm:b=''/>",
      "<ns1:a xmlns:ns1=\"urn:1\" xmlns:ns2=\"urn:2\" ns2:b=\"\"/>" },
    { "<a xmlns='' xml:lang='en'>&#13;]]&gt;</a>",
      "<a xmlns=\"\" xml:lang=\"en\">&#13;]]&gt;</a>" },
    { "<x:a xmlns:x='urn:1'><y:b xmlns:y='urn:2'/><y:b xmlns:y='urn:2'/></x:a>",
      "<x:a xmlns:x=\"urn:1\"><y:b xmlns:y=\"urn:2\"/>"
      "<y:b xmlns:y=\"urn:2\"/></x:a>" },
    { "<r:a>\n <r:b/>\n</r:a>", "<rpid:a><rpid:b/></rpid:a>" },
    { "<x:a xmlns:x='urn:1'> <x:b/> </x:a>",
      "<x:a xmlns:x=\"urn:1\"> <x:b/> </x:a>" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text = g_strconcat (HEAD, rows[i].in, TAIL, NULL);
    g_autoptr (PresenceDoc) doc = parse (text);

    g_assert_cmpstr (doc->extra, ==, rows[i].out);
    g_free (assert_round_trip (doc));
  }
}

static void
add_tables (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (seeds); i++) {
    g_autofree char *path = g_strdup_printf ("/pidf/round-trip/%s", seeds[i]);

    g_test_add_data_func (path, seeds[i], test_seed);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path = g_strdup_printf ("/pidf/refused/%s", bad[i].path);

    g_test_add_data_func (path, &bad[i], test_bad);
  }
}

/* What a person element says, part by part. */
static void
test_parts (void)
{
  g_autoptr (PresenceDoc) doc = NULL;
  const char text[]
      = HEAD "<dm:person id='p'><r:mood><r:calm/></r:mood>"
             "<dm:note>n</dm:note><x xmlns='urn:x'/></dm:person>" TAIL;
  const PresencePart *parts;
  const PresenceElement *person;

  g_assert_true (pidf_parse (text, strlen (text), &doc, NULL));
  person = doc->persons->pdata[0];
  g_assert_cmpuint (person->parts->len, ==, 2);
  parts = (const PresencePart *)(gpointer)person->parts->data;
  g_assert_cmpstr (parts[0].name, ==, RPID " mood");
  g_assert_true (g_str_has_prefix (person->extra + parts[0].end, "<x"));
  g_assert_cmpstr (parts[1].name, ==, "urn:x x");
  g_assert_cmpuint (parts[1].end, ==, strlen (person->extra));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_tables ();
  g_test_add_func ("/pidf/clients/linphone", test_linphone);
  g_test_add_func ("/pidf/clients/baresip", test_baresip);
  g_test_add_func ("/pidf/clients/libpurple", test_libpurple);
  g_test_add_func ("/pidf/rfc3863-4.3/prefixed", test_prefixed);
  g_test_add_func ("/pidf/rfc4480-3/rpid", test_rpid);
  g_test_add_func ("/pidf/rfc3863-4.4/written-shape", test_written_shape);
  g_test_add_func ("/pidf/unknown", test_unknown_document);
  g_test_add_func ("/pidf/refused/nul-byte", test_nul_byte);
  g_test_add_func ("/pidf/bounds/counts", test_counts);
  g_test_add_func ("/pidf/bounds/depth", test_depth);
  g_test_add_func ("/pidf/bounds/attributes", test_attributes);
  g_test_add_func ("/pidf/bounds/size", test_size);
  g_test_add_func ("/pidf/no-false-alarm", test_no_false_alarm);
  g_test_add_func ("/pidf/cut-at-every-byte", test_cut_everywhere);
  g_test_add_func ("/pidf/rfc3863-4.4/priority", test_priority);
  g_test_add_func ("/pidf/sloppy-clients", test_sloppy);
  g_test_add_func ("/pidf/fragments", test_fragments);
  g_test_add_func ("/pidf/rfc4480-3/parts", test_parts);
  return g_test_run ();
}
