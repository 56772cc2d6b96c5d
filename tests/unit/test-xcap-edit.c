/* SPDX-License-Identifier: ISC
 *
 * Edits of XCAP documents: a table of requests on a document, each with the
 * document afterwards or the reason why not (RFC 4825 sections 7 and 8). */
#include "codec/xcap-edit.h"

#include <string.h>

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- mine -->\n"
#define RL "urn:ietf:params:xml:ns:resource-lists"
#define ROOT "resource-lists/users/sip:a@b/index"
#define LISTS ROOT "/~~/resource-lists"
#define LIST LISTS "/list%5b@name=%22l%22%5d"
#define BOUNDS                                                                 \
  {                                                                            \
    1000000, 20                                                                \
  }

/* A list in a document with all around it that must survive. */
#define AROUND(INSIDE)                                                         \
  HEAD "<resource-lists xmlns='" RL "' xmlns:x=\"urn:x\">\n"                   \
       " <list name='l' >" INSIDE "</list >\n"                                 \
       " <list name=\"e\" /><!-- end --></resource-lists>\n<?end?>\n"
#define E1 "<entry uri=\"sip:1@b\"/>"
#define E2 "<entry uri='sip:2@b'><display-name>T&amp;wo</display-name></entry>"
#define E3 "<entry uri=\"sip:3@b\"/>"
#define X1 "<external anchor='http://x/1'/>"
#define X2 "<external anchor='http://x/2'/>"
#define INSIDE                                                                 \
  "\n  " E1 "\n  " E2 "\n  <!-- c -->\n  " X1 "\n"                             \
  " <x:mine x:a='1'><entry/></x:mine> "
#define DOC AROUND (INSIDE)

typedef struct {
  const char *name, *path, *body;
  XcapOutcome outcome;
  const char *after; /* of the document, or the name of the error */
} Row;

static XcapPath *
parsed (const char *text)
{
  XcapPath *path = NULL;

  g_assert_cmpint (xcap_path_parse (text, strlen (text), &path), ==,
                   XCAP_PATH_OK);
  return path;
}

static GBytes *
bytes_of (const char *text)
{
  /* Without room behind it, so that a read past the end shows. */
  return text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
}

static void
assert_bytes (GBytes *bytes, const char *text)
{
  g_autofree char *got = NULL;
  gsize len;

  g_assert_nonnull (bytes);
  len = g_bytes_get_size (bytes);
  got = g_strndup (g_bytes_get_data (bytes, NULL), len);
  g_assert_cmpstr (got, ==, text);
}

static void
check (const Row *row, XcapOutcome outcome, GBytes *out, XcapError *error)
{
  g_assert_cmpint (outcome, ==, row->outcome);
  if (outcome == XCAP_CONFLICT) {
    g_assert_null (out);
    g_assert_cmpstr (xcap_error_name (error->kind), ==, row->after);
    return;
  }
  g_assert_null (error);
  if (row->after != NULL)
    assert_bytes (out, row->after);
}

static const Row PUTS[] = {
  /* Insertion (8.2.3). */
  { "8.2.3/earliest-last", LIST "/entry%5b@uri=%22sip:3@b%22%5d", E3,
    XCAP_CREATED,
    AROUND ("\n  " E1 "\n  " E2 E3 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/earliest-nth", LIST "/entry%5b3%5d%5b@uri=%22sip:3@b%22%5d", E3,
    XCAP_CREATED,
    AROUND ("\n  " E1 "\n  " E2 E3 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/earliest-nth-alone", LIST "/entry%5b3%5d", E3, XCAP_CREATED,
    AROUND ("\n  " E1 "\n  " E2 E3 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/earliest-nth-of-any", LIST "/*%5b3%5d%5b@uri=%22sip:3@b%22%5d", E3,
    XCAP_CREATED,
    AROUND ("\n  " E1 "\n  " E2 E3 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/second", LIST "/*%5b2%5d%5b@uri=%22sip:3@b%22%5d", E3, XCAP_CREATED,
    AROUND ("\n  " E1 E3 "\n  " E2 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/first-of-name", LIST "/external%5b1%5d%5b@anchor='http://x/2'%5d",
    X2, XCAP_CREATED,
    AROUND ("\n  " E1 "\n  " E2 "\n  <!-- c -->\n  " X2 X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/first-of-any", LIST "/*%5b1%5d%5b@uri=%22sip:3@b%22%5d", E3,
    XCAP_CREATED,
    AROUND ("\n  " E3 E1 "\n  " E2 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/any-by-attribute", LIST "/*%5b@uri=%22sip:3@b%22%5d", E3,
    XCAP_CREATED,
    AROUND ("\n  " E1 "\n  " E2 E3 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/behind-all", LIST "/y:z?xmlns(y=urn:y)", "<z xmlns='urn:y'/>",
    XCAP_CREATED, AROUND (INSIDE "<z xmlns='urn:y'/>") },
  { "8.2.3/into-empty", LISTS "/list%5b2%5d/entry", E3, XCAP_CREATED,
    HEAD "<resource-lists xmlns='" RL "' xmlns:x=\"urn:x\">\n"
         " <list name='l' >" INSIDE "</list >\n"
         " <list name=\"e\" >" E3
         "</list><!-- end --></resource-lists>\n<?end?>\n" },
  { "8.2.3/first-of-none", LISTS "/list%5b2%5d/*%5b1%5d", E3, XCAP_CREATED,
    NULL },
  { "8.2.3/declarations-kept", LIST "/entry%5b@uri=%22sip:3@b%22%5d",
    "<entry xmlns='" RL "' xmlns:x=\"urn:x\" uri=\"sip:3@b\"/>", XCAP_CREATED,
    AROUND ("\n  " E1 "\n  " E2 "<entry xmlns='" RL
            "' xmlns:x=\"urn:x\" uri=\"sip:3@b\"/>"
            "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.3/inherits-prefix", LIST "/entry%5b@uri=%22sip:3@b%22%5d",
    "<entry uri='sip:3@b'><x:a/></entry>", XCAP_CREATED, NULL },
  { "7.4/white-space-around", LIST "/entry%5b@uri=%22sip:3@b%22%5d",
    "\r\n" E3 "\n", XCAP_CREATED, NULL },
  { "8.2.3/too-far", LIST "/entry%5b4%5d", E3, XCAP_CONFLICT, "cannot-insert" },
  { "8.2.3/too-far-of-any", LIST "/*%5b6%5d", E3, XCAP_CONFLICT,
    "cannot-insert" },
  { "8.2.3/position-zero", LIST "/entry%5b0%5d", E3, XCAP_CONFLICT,
    "cannot-insert" },
  { "8.2.3/second-of-none", LISTS "/list%5b2%5d/entry%5b2%5d", E3,
    XCAP_CONFLICT, "cannot-insert" },
  { "7.4/other-attribute", LIST "/entry%5b@uri=%22sip:4@b%22%5d", E3,
    XCAP_CONFLICT, "cannot-insert" },
  { "7.4/other-name", LIST "/entry%5b@uri=%22sip:3@b%22%5d", X2, XCAP_CONFLICT,
    "cannot-insert" },
  { "7.4/several", LIST "/entry", E3, XCAP_CONFLICT, "cannot-insert" },
  { "7.4/second-root", ROOT "/~~/list", "<list xmlns='" RL "'/>", XCAP_CONFLICT,
    "cannot-insert" },
  /* Replacement (8.2.4). */
  { "8.2.4/element", LIST "/entry%5b1%5d", E3, XCAP_DONE,
    AROUND ("\n  " E3 "\n  " E2 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "8.2.4/same", LIST "/entry%5b@uri=%22sip:1@b%22%5d", E1, XCAP_DONE, DOC },
  { "8.2.4/text-element", LIST "/entry%5b2%5d/display-name",
    "<display-name>B</display-name>", XCAP_DONE, NULL },
  { "8.2.4/root", LISTS, "<resource-lists xmlns='" RL "'/>", XCAP_DONE,
    HEAD "<resource-lists xmlns='" RL "'/>\n<?end?>\n" },
  { "8.2.4/other-value", LIST "/entry%5b@uri=%22sip:1@b%22%5d", E3,
    XCAP_CONFLICT, "cannot-insert" },
  { "8.2.4/in-unknown", LIST "/x:mine/entry?xmlns(x=urn:x)",
    "<entry any='1'>thing</entry>", XCAP_DONE, NULL },
  /* Attributes (7.7). */
  { "7.7/replace", LIST "/entry%5b1%5d/@uri", "'sip:4@b'", XCAP_DONE,
    AROUND ("\n  <entry uri='sip:4@b'/>\n  " E2 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "7.7/insert", LIST "/entry%5b1%5d/@x:note?xmlns(x=urn:x)", "\"a&amp;b\"",
    XCAP_CREATED,
    AROUND ("\n  <entry uri=\"sip:1@b\" x:note=\"a&amp;b\"/>\n  " E2
            "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "7.7/insert-declared", LIST "/entry%5b1%5d/@y:n?xmlns(y=urn:y)", "\"a\"",
    XCAP_CREATED,
    AROUND ("\n  <entry uri=\"sip:1@b\" xmlns:y=\"urn:y\" y:n=\"a\"/>\n  " E2
            "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "7.7/insert-prefix-taken", LIST "/entry%5b1%5d/@x:n?xmlns(x=urn:y)",
    "\"a\"", XCAP_CREATED,
    AROUND (
        "\n  <entry uri=\"sip:1@b\" xmlns:ns1=\"urn:y\" ns1:n=\"a\"/>\n  " E2
        "\n  <!-- c -->\n  " X1 "\n"
        " <x:mine x:a='1'><entry/></x:mine> ") },
  { "7.7/insert-behind-space", LISTS "/list%5b2%5d/@x:n?xmlns(x=urn:x)", "'1'",
    XCAP_CREATED, NULL },
  { "7.7/insert-xml", LIST "/entry%5b2%5d/display-name/@xml:lang", "'de'",
    XCAP_CREATED, NULL },
  { "7.7/insert-no-uri", LIST "/entry%5b1%5d/@x:n?xmlns(x=a-->b:c)", "'1'",
    XCAP_CONFLICT, "cannot-insert" },
  { "7.7/own-predicate", LIST "/entry%5b@uri=%22sip:1@b%22%5d/@uri",
    "\"sip:4@b\"", XCAP_CONFLICT, "cannot-insert" },
  { "7.7/declaration", LIST "/@xmlns", "\"urn:y\"", XCAP_CONFLICT,
    "cannot-insert" },
  { "8.2.2/unquoted", LIST "/entry%5b1%5d/@uri", "sip:4@b", XCAP_CONFLICT,
    "not-xml-att-value" },
  { "8.2.2/less-than", LIST "/entry%5b1%5d/@uri", "\"a<b\"", XCAP_CONFLICT,
    "not-xml-att-value" },
  { "8.2.2/two-values", LIST "/entry%5b1%5d/@uri", "\"a\" b=\"c\"",
    XCAP_CONFLICT, "not-xml-att-value" },
  { "8.2.2/entity", LIST "/entry%5b1%5d/@uri", "\"&a;\"", XCAP_CONFLICT,
    "not-xml-att-value" },
  { "8.2.2/empty-value", LIST "/entry%5b1%5d/@uri", "", XCAP_CONFLICT,
    "not-xml-att-value" },
  { "8.2.2/attribute-utf-8", LIST "/entry%5b1%5d/@uri", "\"\xc3\"",
    XCAP_CONFLICT, "not-utf-8" },
  /* Parents (8.2.1). */
  { "8.2.1/none", LISTS "/list%5b@name=%22q%22%5d/entry", E3, XCAP_CONFLICT,
    "no-parent" },
  { "8.2.1/several", LISTS "/list/entry", E3, XCAP_CONFLICT, "no-parent" },
  { "8.2.1/attribute", LISTS "/list%5b9%5d/@name", "\"a\"", XCAP_CONFLICT,
    "no-parent" },
  { "8.2.1/folder", "resource-lists/users/sip:a@b/f/index",
    "<resource-lists xmlns='" RL "'/>", XCAP_CONFLICT, "no-parent" },
  /* Content (8.2.2). */
  { "8.2.2/text", LIST "/entry%5b3%5d", "text", XCAP_CONFLICT, "not-xml-frag" },
  { "8.2.2/two-elements", LIST "/entry%5b3%5d", E3 E3, XCAP_CONFLICT,
    "not-xml-frag" },
  { "8.2.2/element-and-text", LIST "/entry%5b3%5d", E3 " x", XCAP_CONFLICT,
    "not-xml-frag" },
  { "8.2.2/nothing", LIST "/entry%5b3%5d", "", XCAP_CONFLICT, "not-xml-frag" },
  { "8.2.2/unbalanced", LIST "/entry%5b3%5d", "<entry uri='sip:3@b'>",
    XCAP_CONFLICT, "not-xml-frag" },
  { "8.2.2/escapes-its-place", LIST "/entry%5b3%5d", E3 "</w><w>" E3,
    XCAP_CONFLICT, "not-xml-frag" },
  { "8.2.2/prefix-unbound", LIST "/entry%5b3%5d",
    "<entry uri='sip:3@b'><y:z/></entry>", XCAP_CONFLICT, "not-xml-frag" },
  { "8.2.2/declaration", LIST "/entry%5b3%5d", "<?xml version='1.0'?>" E3,
    XCAP_CONFLICT, "not-xml-frag" },
  { "8.2.2/attribute-twice", LIST "/entry%5b3%5d",
    "<entry uri='sip:3@b' uri='sip:4@b'/>", XCAP_CONFLICT, "not-xml-frag" },
  { "8.2.2/doctype", LIST "/entry%5b3%5d", "<!DOCTYPE a>" E3, XCAP_CONFLICT,
    "constraint-failure" },
  { "8.2.2/element-utf-8", LIST "/entry%5b3%5d", "<entry uri='\xff'/>",
    XCAP_CONFLICT, "not-utf-8" },
  /* Validation (8.2.5). */
  { "8.2.5/schema", LIST "/entry%5b3%5d", "<entry/>", XCAP_CONFLICT,
    "schema-validation-error" },
  { "8.2.5/schema-place", LIST "/y:z%5b@a='1'%5d/y:q?xmlns(y=urn:y)", E3,
    XCAP_CONFLICT, "no-parent" },
  { "8.2.5/schema-order", LIST "/display-name",
    "<display-name>x</display-name>", XCAP_CONFLICT,
    "schema-validation-error" },
  { "8.2.5/unique", LIST "/entry%5b3%5d", E2, XCAP_CONFLICT,
    "uniqueness-failure" },
  { "8.2.5/unique-attribute", LIST "/entry%5b1%5d/@uri", "\"sip:2@b\"",
    XCAP_CONFLICT, "uniqueness-failure" },
  { "8.2.5/uri", LIST "/external%5b1%5d/@anchor", "\"sip:a@b\"", XCAP_CONFLICT,
    "constraint-failure" },
  { "7.10/namespaces", LIST "/namespace::*", "x", XCAP_READ_ONLY, NULL },
  { "collection", "resource-lists/users/sip:a@b/", "x", XCAP_NOT_FOUND, NULL },
};

static void
run_put (const Row *row, const char *document)
{
  g_autoptr (XcapPath) path = parsed (row->path);
  g_autoptr (GBytes) before = bytes_of (document);
  g_autoptr (GBytes) body = bytes_of (row->body), out = NULL;
  g_autoptr (XcapError) error = NULL;
  XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                    .path = path,
                    .document = before,
                    .body = body,
                    .bounds = BOUNDS };
  XcapOutcome outcome = xcap_put (&edit, &out, &error);

  check (row, outcome, out, error);
}

static void
test_put (gconstpointer data)
{
  run_put (data, DOC);
}

/* What was put must be what a GET answers, byte for byte (8.2.3). */
static void
test_put_get (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (XcapPath) path = parsed (row->path);
  g_autoptr (GBytes) before = bytes_of (DOC), body = bytes_of (row->body);
  g_autoptr (GBytes) out = NULL, got = NULL;
  g_autoptr (XcapError) error = NULL;
  g_autofree char *wanted = g_strstrip (g_strdup (row->body));
  XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                    .path = path,
                    .document = before,
                    .body = body,
                    .bounds = BOUNDS };
  XcapOutcome outcome = xcap_put (&edit, &out, &error);

  if (outcome != XCAP_DONE && outcome != XCAP_CREATED)
    return;
  edit.document = out;
  g_assert_cmpint (xcap_get (&edit, &got), ==, XCAP_DONE);
  assert_bytes (got, wanted);
  g_clear_pointer (&got, g_bytes_unref);
  /* And once more changes nothing (RFC 4825 7, idempotent). */
  g_assert_cmpint (xcap_put (&edit, &got, &error), ==, XCAP_DONE);
  g_assert_true (g_bytes_equal (got, out));
}

static const Row DOCUMENTS[] = {
  { "7.1/create", ROOT, DOC, XCAP_CREATED, DOC },
  { "7.1/bom", ROOT, "\xef\xbb\xbf<resource-lists xmlns='" RL "'/>",
    XCAP_CREATED, NULL },
  { "8.2.2/not-well-formed", ROOT, "<resource-lists xmlns='" RL "'>",
    XCAP_CONFLICT, "not-well-formed" },
  { "8.2.2/empty", ROOT, "", XCAP_CONFLICT, "not-well-formed" },
  { "8.2.2/two-roots", ROOT, "<a/><a/>", XCAP_CONFLICT, "not-well-formed" },
  { "8.2.2/prefix-unbound", ROOT, "<a:b/>", XCAP_CONFLICT, "not-well-formed" },
  { "8.2.2/utf-8", ROOT, "<resource-lists xmlns='" RL "'>\xe4</resource-lists>",
    XCAP_CONFLICT, "not-utf-8" },
  { "8.2.2/encoding", ROOT,
    "<?xml version='1.0' encoding='ISO-8859-1'?><resource-lists xmlns='" RL
    "'/>",
    XCAP_CONFLICT, "not-utf-8" },
  { "8.2.2/encoding-utf-8", ROOT,
    "<?xml version='1.0' encoding='utf-8'?><resource-lists xmlns='" RL "'/>",
    XCAP_CREATED, NULL },
  { "8.2.2/doctype", ROOT,
    "<!DOCTYPE resource-lists [<!ENTITY a 'b'>]><resource-lists xmlns='" RL
    "'/>",
    XCAP_CONFLICT, "constraint-failure" },
  { "8.2.5/root", ROOT, "<list xmlns='" RL "'/>", XCAP_CONFLICT,
    "schema-validation-error" },
  { "8.2.5/namespace", ROOT, "<resource-lists/>", XCAP_CONFLICT,
    "schema-validation-error" },
  { "8.2.1/node-of-none", LIST, "<list name='l'/>", XCAP_CONFLICT,
    "no-parent" },
  { "rfc4827-9/name", "pidf-manipulation/users/sip:a@b/other",
    "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:a@b'/>",
    XCAP_CONFLICT, "constraint-failure" },
};

static void
test_document (gconstpointer data)
{
  run_put (data, NULL);
}

static const Row GETS[] = {
  { "7.3/document", ROOT, NULL, XCAP_DONE, DOC },
  { "7.6/element", LIST "/entry%5b2%5d", NULL, XCAP_DONE, E2 },
  { "7.6/no-bindings-added", LIST "/x:mine?xmlns(x=urn:x)", NULL, XCAP_DONE,
    "<x:mine x:a='1'><entry/></x:mine>" },
  { "7.6/any", LISTS "/*%5b2%5d", NULL, XCAP_DONE, "<list name=\"e\" />" },
  { "7.6/other-prefix", ROOT "/~~/r:resource-lists/*%5b2%5d?xmlns(r=" RL ")",
    NULL, XCAP_DONE, "<list name=\"e\" />" },
  { "7.6/value-with-reference", LIST "/*%5b@anchor='http://x/&#49;'%5d", NULL,
    XCAP_DONE, X1 },
  { "7.9/attribute", LIST "/entry%5b2%5d/@uri", NULL, XCAP_DONE, "'sip:2@b'" },
  { "7.9/prefixed", LIST "/y:mine/@y:a?xmlns(y=urn:x)", NULL, XCAP_DONE,
    "'1'" },
  { "10/namespaces", LIST "/x:mine/namespace::*?xmlns(x=urn:x)", NULL,
    XCAP_DONE, "<x:mine xmlns:x=\"urn:x\" xmlns=\"" RL "\"/>" },
  { "8.3/none", LIST "/entry%5b3%5d", NULL, XCAP_NOT_FOUND, NULL },
  { "8.3/several", LIST "/entry", NULL, XCAP_NOT_FOUND, NULL },
  { "8.3/several-inside", LISTS "/list/entry%5b1%5d", NULL, XCAP_NOT_FOUND,
    NULL },
  { "8.3/attribute-none", LIST "/@id", NULL, XCAP_NOT_FOUND, NULL },
  { "6.3/no-namespace-as-attribute", LISTS "%5b@xmlns='" RL "'%5d", NULL,
    XCAP_NOT_FOUND, NULL },
  { "6.3/unprefixed-attribute-has-none", LIST "/x:mine/@a?xmlns(x=urn:x)", NULL,
    XCAP_NOT_FOUND, NULL },
  { "6.3/root", ROOT "/~~/list", NULL, XCAP_NOT_FOUND, NULL },
  { "5.2/case", LISTS "/LIST", NULL, XCAP_NOT_FOUND, NULL },
  { "collection", "resource-lists/users/sip:a@b/", NULL, XCAP_NOT_FOUND, NULL },
};

static void
test_get (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (XcapPath) path = parsed (row->path);
  g_autoptr (GBytes) document = bytes_of (DOC), out = NULL;
  XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                    .path = path,
                    .document = document,
                    .bounds = BOUNDS };

  XcapOutcome outcome = xcap_get (&edit, &out);

  check (row, outcome, out, NULL);
  g_assert_cmpint (xcap_exists (&edit), ==, row->outcome == XCAP_DONE);
  g_clear_pointer (&out, g_bytes_unref);
  edit.document = NULL;
  g_assert_cmpint (xcap_get (&edit, &out), ==, XCAP_NOT_FOUND);
}

static const Row DELETES[] = {
  { "7.5/element", LIST "/entry%5b@uri=%22sip:1@b%22%5d", NULL, XCAP_DONE,
    AROUND ("\n  \n  " E2 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine x:a='1'><entry/></x:mine> ") },
  { "7.5/by-position-and-value", LIST "/*%5b2%5d%5b@uri=%22sip:2@b%22%5d", NULL,
    XCAP_DONE, NULL },
  { "7.5/last-by-name", LIST "/entry%5b2%5d", NULL, XCAP_DONE, NULL },
  { "7.5/last-by-any", LIST "/*%5b4%5d", NULL, XCAP_DONE,
    AROUND ("\n  " E1 "\n  " E2 "\n  <!-- c -->\n  " X1 "\n  ") },
  { "7.5/not-last-by-name", LIST "/entry%5b1%5d", NULL, XCAP_CONFLICT,
    "cannot-delete" },
  { "7.5/not-last-by-any", LIST "/*%5b3%5d", NULL, XCAP_CONFLICT,
    "cannot-delete" },
  { "7.8/attribute", LIST "/x:mine/@x:a?xmlns(x=urn:x)", NULL, XCAP_DONE,
    AROUND ("\n  " E1 "\n  " E2 "\n  <!-- c -->\n  " X1 "\n"
            " <x:mine><entry/></x:mine> ") },
  { "7.8/attribute-of-predicate", LIST "/@name", NULL, XCAP_DONE, NULL },
  { "8.4/schema", LIST "/entry%5b1%5d/@uri", NULL, XCAP_CONFLICT,
    "schema-validation-error" },
  { "8.4/root", LISTS, NULL, XCAP_CONFLICT, "schema-validation-error" },
  { "8.4/none", LIST "/entry%5b7%5d", NULL, XCAP_NOT_FOUND, NULL },
  { "8.4/several", LIST "/entry", NULL, XCAP_NOT_FOUND, NULL },
  { "8.4/namespaces", LIST "/namespace::*", NULL, XCAP_READ_ONLY, NULL },
  { "collection", "resource-lists/users/sip:a@b/", NULL, XCAP_NOT_FOUND, NULL },
};

static void
test_delete (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (XcapPath) path = parsed (row->path);
  g_autoptr (GBytes) document = bytes_of (DOC), out = NULL;
  g_autoptr (XcapError) error = NULL;
  XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                    .path = path,
                    .document = document,
                    .bounds = BOUNDS };
  XcapOutcome outcome = xcap_delete (&edit, &out, &error);

  check (row, outcome, out, error);
  edit.document = out;
  if (outcome == XCAP_DONE)
    g_assert_false (xcap_exists (&edit));
}

/* 7.2 */
static void
test_delete_document (void)
{
  g_autoptr (XcapPath) path = parsed (ROOT);
  g_autoptr (GBytes) document = bytes_of (DOC), out = NULL;
  g_autoptr (XcapError) error = NULL;
  XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                    .path = path,
                    .document = document,
                    .bounds = BOUNDS };

  g_assert_cmpint (xcap_delete (&edit, &out, &error), ==, XCAP_DONE);
  g_assert_null (out);
  edit.document = NULL;
  g_assert_cmpint (xcap_delete (&edit, &out, &error), ==, XCAP_NOT_FOUND);
}

static char *
ancestor (const char *text, const char *document)
{
  g_autoptr (XcapPath) path = parsed (text);
  g_autoptr (GBytes) before = bytes_of (document), body = bytes_of (E3);
  g_autoptr (GBytes) out = NULL;
  g_autoptr (XcapError) error = NULL;
  XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                    .path = path,
                    .document = before,
                    .body = body,
                    .bounds = BOUNDS };

  g_assert_cmpint (xcap_put (&edit, &out, &error), ==, XCAP_CONFLICT);
  g_assert_cmpint (error->kind, ==, XCAP_NO_PARENT);
  return g_steal_pointer (&error->ancestor);
}

static void
test_ancestor (void)
{
  static const struct {
    const char *path, *document, *ancestor;
  } rows[] = {
    { LISTS "/list%5b@name=%22q%22%5d/entry", DOC, LISTS },
    { LISTS "/list%5b@name=%22l%22%5d/list/entry", DOC,
      LISTS "/list%5B@name=%22l%22%5D" },
    { ROOT "/~~/r:resource-lists/r:a/r:b?xmlns(r=" RL ")", DOC,
      ROOT "/~~/r:resource-lists?xmlns(r=" RL ")" },
    { ROOT "/~~/other/entry", DOC, ROOT },
    { LISTS "/list", NULL, "resource-lists/users/sip:a@b/" },
    { "resource-lists/users/sip:a@b/f/index", NULL,
      "resource-lists/users/sip:a@b/" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *got = ancestor (rows[i].path, rows[i].document);

    g_assert_cmpstr (got, ==, rows[i].ancestor);
  }
}

/* Nests below a list until depth elements are open. */
static char *
nested (guint depth)
{
  GString *out = g_string_new ("<resource-lists xmlns='" RL "'>");

  for (guint i = 1; i < depth; i++)
    g_string_append (out, "<list>");
  for (guint i = 1; i < depth; i++)
    g_string_append (out, "</list>");
  g_string_append (out, "</resource-lists>");
  return g_string_free (out, FALSE);
}

static void
test_depth (void)
{
  g_autofree char *right = nested (20), *deep = nested (21);
  g_autofree char *hostile = nested (100000);
  const Row good = { "", ROOT, right, XCAP_CREATED, NULL };
  const Row bad = { "", ROOT, deep, XCAP_CONFLICT, "constraint-failure" };
  const Row worse = { "", ROOT, hostile, XCAP_CONFLICT, "constraint-failure" };
  const char *inside = strstr (right, "<list>");
  g_autofree char *body
      = g_strndup (inside, strstr (inside, "</resource") - inside);
  /* 19 levels in the body, below two. */
  const Row insert
      = { "", LIST "/list%5b1%5d", body, XCAP_CONFLICT, "constraint-failure" };

  run_put (&good, NULL);
  run_put (&bad, NULL);
  run_put (&worse, NULL);
  run_put (&insert, DOC);
}

static void
test_size (void)
{
  g_autofree char *fill = g_strnfill (1000000, 'x');
  g_autofree char *large = g_strdup_printf (
      "<resource-lists xmlns='" RL "'><!-- %s --></resource-lists>", fill);
  g_autofree char *comment
      = g_strdup_printf ("<list name='n'><!-- %.999900s --></list>", fill);
  const Row document = { "", ROOT, large, XCAP_CONFLICT, "constraint-failure" };
  const Row element = { "", LISTS "/list%5b@name='n'%5d", comment,
                        XCAP_CONFLICT, "constraint-failure" };

  run_put (&document, NULL);
  run_put (&element, DOC);
}

/* Too many declarations in scope of one element. */
static void
test_declarations (void)
{
  g_autoptr (GString) many = g_string_new ("");

  for (guint i = 0; i < 60; i++)
    g_string_append_printf (many, " xmlns:p%u='urn:%u'", i, i);
  g_autofree char *body
      = g_strdup_printf ("<list name='n'%s><list%s><list%s/></list></list>",
                         many->str, many->str, many->str);
  g_autofree char *whole = g_strdup_printf (
      "<resource-lists xmlns='" RL "'>%s</resource-lists>", body);
  const Row document = { "", ROOT, whole, XCAP_CONFLICT, "constraint-failure" };

  run_put (&document, NULL);
}

/* A document in store that is none must do no harm. */
static void
test_broken (void)
{
  static const char *const documents[] = { "",
                                           "<",
                                           "text",
                                           "<a",
                                           "<a b",
                                           "<a b=",
                                           "<a b='",
                                           "<a></b>",
                                           "</a>",
                                           "<a/><b/>",
                                           "<!DOCTYPE a><a/>",
                                           "<!--",
                                           "<a><!--",
                                           "<a><![CDATA[",
                                           "<x:a/>",
                                           "<a x:b='1'/>",
                                           "<?",
                                           "<a>",
                                           "< a/>",
                                           "<a\"/>",
                                           "<a b c/>",
                                           "<a b='1'c='2'/>",
                                           "<a/ >",
                                           "<a></a",
                                           "<a></ a>" };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++) {
    const Row put = { "", LISTS "/list", "<list/>", XCAP_BROKEN, NULL };
    g_autoptr (XcapPath) path = parsed (LISTS);
    g_autoptr (GBytes) document = bytes_of (documents[i]), out = NULL;
    g_autoptr (XcapError) error = NULL;
    XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                      .path = path,
                      .document = document,
                      .bounds = BOUNDS };

    run_put (&put, documents[i]);
    g_assert_cmpint (xcap_get (&edit, &out), ==, XCAP_BROKEN);
    g_assert_cmpint (xcap_delete (&edit, &out, &error), ==, XCAP_BROKEN);
  }
}

/* Several selectors of one document, as RFC 5875 4.1 has them. */
static void
test_get_nodes (void)
{
  g_autoptr (XcapPath) element = parsed (LIST "/*%5b4%5d");
  g_autoptr (XcapPath) attribute = parsed (LIST "/entry%5b2%5d/@uri");
  g_autoptr (XcapPath) nothing = parsed (LIST "/entry%5b3%5d");
  const XcapPath *const paths[] = { element, attribute, nothing };
  g_autoptr (GBytes) document = bytes_of (DOC);
  GBytes *out[3], *namespaces[3];

  xcap_get_nodes (xcap_usage_find ("resource-lists"), document, paths, 3, out,
                  namespaces);
  assert_bytes (out[0], "<x:mine x:a='1'><entry/></x:mine>");
  assert_bytes (namespaces[0], "<x:mine xmlns:x=\"urn:x\" xmlns=\"" RL "\"/>");
  assert_bytes (out[1], "'sip:2@b'");
  g_assert_null (namespaces[1]);
  g_assert_null (out[2]);
  g_bytes_unref (out[0]);
  g_bytes_unref (out[1]);
  g_bytes_unref (namespaces[0]);
}

/* The document cut at each byte, as what is put and as what is stored. */
static void
test_cut (void)
{
  for (gsize n = 0; n < strlen (DOC); n++) {
    g_autofree char *cut = g_strndup (DOC, n);
    g_autoptr (XcapPath) path = parsed (ROOT);
    g_autoptr (GBytes) body = bytes_of (cut), out = NULL;
    g_autoptr (XcapError) error = NULL;
    XcapEdit edit = { .usage = xcap_usage_find (path->auid),
                      .path = path,
                      .body = body,
                      .bounds = BOUNDS };
    gboolean is_whole = g_str_has_prefix (DOC + n, "\n<?end?>\n")
                        || g_str_has_prefix (DOC + n, "<?end?>\n")
                        || strcmp (DOC + n, "\n") == 0;

    g_assert_cmpint (xcap_put (&edit, &out, &error), ==,
                     is_whole ? XCAP_CREATED : XCAP_CONFLICT);
    if (!is_whole)
      g_assert_cmpint (error->kind, ==, XCAP_NOT_WELL_FORMED);
  }
}

static void
add (const char *what, const Row *rows, gsize n, GTestDataFunc test)
{
  for (gsize i = 0; i < n; i++) {
    g_autofree char *name
        = g_strdup_printf ("/xcap-edit/%s/%s", what, rows[i].name);

    g_test_add_data_func (name, &rows[i], test);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("put", PUTS, G_N_ELEMENTS (PUTS), test_put);
  add ("put-get", PUTS, G_N_ELEMENTS (PUTS), test_put_get);
  add ("document", DOCUMENTS, G_N_ELEMENTS (DOCUMENTS), test_document);
  add ("get", GETS, G_N_ELEMENTS (GETS), test_get);
  add ("delete", DELETES, G_N_ELEMENTS (DELETES), test_delete);
  g_test_add_func ("/xcap-edit/delete/document", test_delete_document);
  g_test_add_func ("/xcap-edit/ancestor", test_ancestor);
  g_test_add_func ("/xcap-edit/bounds/depth", test_depth);
  g_test_add_func ("/xcap-edit/bounds/size", test_size);
  g_test_add_func ("/xcap-edit/bounds/declarations", test_declarations);
  g_test_add_func ("/xcap-edit/broken", test_broken);
  g_test_add_func ("/xcap-edit/get-nodes", test_get_nodes);
  g_test_add_func ("/xcap-edit/cut", test_cut);
  return g_test_run ();
}
