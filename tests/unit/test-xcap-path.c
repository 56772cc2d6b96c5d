/* SPDX-License-Identifier: ISC
 *
 * XCAP paths: a table of requests and what they name. */
#include "codec/xcap-path.h"

#include <string.h>

/* What a path says, in one line: "KIND AUID TREE DOCUMENT | STEP | ..." */
static char *
describe (const XcapPath *path)
{
  static const char *const kinds[]
      = { "collection", "document", "element", "attribute", "namespaces" };
  GString *out = g_string_new (kinds[path->kind]);

  g_string_append_printf (out, " %s %s %s", path->auid,
                          path->is_global ? "global"
                          : path->xui     ? path->xui
                                          : "-",
                          path->document ? path->document : "-");
  for (guint i = 0; i < path->steps->len; i++) {
    const XcapStep *step = &g_array_index (path->steps, XcapStep, i);

    g_string_append (out, " | ");
    if (step->has_prefix)
      g_string_append_printf (out, "{%s}", step->ns);
    g_string_append (out, step->name ? step->name : "*");
    if (step->has_position)
      g_string_append_printf (out, " #%u", step->position);
    if (step->attribute)
      g_string_append_printf (out, " {%s}%s=%s",
                              step->attribute_ns ? step->attribute_ns : "",
                              step->attribute, step->value);
  }
  if (path->attribute)
    g_string_append_printf (out, " @{%s}%s",
                            path->attribute_ns ? path->attribute_ns : "",
                            path->attribute);
  return g_string_free (out, FALSE);
}

#define ALICE "resource-lists/users/sip:alice@example.com/index"
#define SAYS " resource-lists sip:alice@example.com index"

typedef struct {
  const char *name, *text, *says;
  XcapPathVerdict verdict;
} Row;

static const Row ROWS[] = {
  { "6.2/document", ALICE, "document" SAYS, XCAP_PATH_OK },
  { "6.2/global", "xcap-caps/global/index", "document xcap-caps global index",
    XCAP_PATH_OK },
  { "6.2/xui-encoded", "pres-rules/users/sip%3Aa%2Fb%3F@example.com/index",
    "document pres-rules sip:a/b?@example.com index", XCAP_PATH_OK },
  { "6.2/folder", "pres-rules/users/u/a/b", "document pres-rules u a/b",
    XCAP_PATH_OK },
  { "6.2/query-of-document", ALICE "?x=1", "document" SAYS, XCAP_PATH_OK },
  { "collection/usage", "pidf-manipulation/",
    "collection pidf-manipulation - -", XCAP_PATH_OK },
  { "collection/bare", "pidf-manipulation", "collection pidf-manipulation - -",
    XCAP_PATH_OK },
  { "collection/users", "pidf-manipulation/users/",
    "collection pidf-manipulation - -", XCAP_PATH_OK },
  { "collection/user", "pidf-manipulation/users/sip:a@b/",
    "collection pidf-manipulation sip:a@b -", XCAP_PATH_OK },
  { "collection/global", "xcap-caps/global/", "collection xcap-caps global -",
    XCAP_PATH_OK },
  { "6.2/neither", "resource-lists/others/x/index", NULL, XCAP_PATH_NOWHERE },
  { "6.2/empty", "", NULL, XCAP_PATH_NOWHERE },
  { "6.2/empty-segment", "resource-lists//index", NULL, XCAP_PATH_NOWHERE },
  { "6.2/empty-name", "resource-lists/users/u//index", NULL,
    XCAP_PATH_NOWHERE },
  { "6.2/dots", "resource-lists/users/u/../index", NULL, XCAP_PATH_NOWHERE },
  { "6.2/node-of-collection", "resource-lists/users/u/~~/x", NULL,
    XCAP_PATH_NOWHERE },
  { "6.3/by-name", ALICE "/~~/resource-lists/list",
    "element" SAYS " | resource-lists | list", XCAP_PATH_OK },
  { "6.3/separator-encoded", ALICE "/%7E%7e/resource-lists",
    "element" SAYS " | resource-lists", XCAP_PATH_OK },
  { "6.3/separator-twice", ALICE "/~~/a/b%5b@c=%22~~%22%5d",
    "element" SAYS " | a | b {}c=~~", XCAP_PATH_OK },
  { "6.3/by-pos", ALICE "/~~/a%5B1%5D/*[2]", "element" SAYS " | a #1 | * #2",
    XCAP_PATH_OK },
  { "6.3/unclosed-quote", ALICE "/~~/a[@b=\"c%20d\"]/e['%5d", NULL,
    XCAP_PATH_EXTENSION },
  { "6.3/by-attr-quotes", ALICE "/~~/a%5b@b='%22c%22'%5d",
    "element" SAYS " | a {}b=\"c\"", XCAP_PATH_OK },
  { "6.3/by-attr-slash", ALICE "/~~/a%5b@b=%22http://x/y%5d%22%5d/c",
    "element" SAYS " | a {}b=http://x/y] | c", XCAP_PATH_OK },
  { "6.3/by-attr-references", ALICE "/~~/a%5b@b=%22&amp;&#x41;&x&%22%5d",
    "element" SAYS " | a {}b=&A&x&", XCAP_PATH_OK },
  { "6.3/by-pos-attr", ALICE "/~~/a/*%5b3%5d%5b@b=%22%22%5d",
    "element" SAYS " | a | * #3 {}b=", XCAP_PATH_OK },
  { "6.3/position-zero", ALICE "/~~/a%5b0%5d", "element" SAYS " | a #0",
    XCAP_PATH_OK },
  { "6.3/position-huge", ALICE "/~~/a%5b99999999999999999999%5d",
    "element" SAYS " | a #0", XCAP_PATH_OK },
  { "6.3/attribute", ALICE "/~~/a/@b", "attribute" SAYS " | a @{}b",
    XCAP_PATH_OK },
  { "6.3/namespaces", ALICE "/~~/a/namespace::*", "namespaces" SAYS " | a",
    XCAP_PATH_OK },
  { "6.3/utf-8", ALICE "/~~/%C3%80", "element" SAYS " | \xc3\x80",
    XCAP_PATH_OK },
  { "6.3/attribute-alone", ALICE "/~~/@b", NULL, XCAP_PATH_EXTENSION },
  { "6.3/attribute-inside", ALICE "/~~/a/@b/c", NULL, XCAP_PATH_EXTENSION },
  { "6.3/order", ALICE "/~~/a%5b@b=%22c%22%5d%5b1%5d", NULL,
    XCAP_PATH_EXTENSION },
  { "6.3/two-positions", ALICE "/~~/a%5b1%5d%5b2%5d", NULL,
    XCAP_PATH_EXTENSION },
  { "6.3/text", ALICE "/~~/a/text()", NULL, XCAP_PATH_EXTENSION },
  { "6.3/axis", ALICE "/~~/a/parent::b", NULL, XCAP_PATH_EXTENSION },
  { "6.3/any-of-prefix", ALICE "/~~/b:*?xmlns(b=urn:b)", NULL,
    XCAP_PATH_EXTENSION },
  { "6.3/unquoted", ALICE "/~~/a%5b@b=c%5d", NULL, XCAP_PATH_EXTENSION },
  { "6.3/unclosed", ALICE "/~~/a%5b1", NULL, XCAP_PATH_EXTENSION },
  { "6.3/behind", ALICE "/~~/a%5b1%5db", NULL, XCAP_PATH_EXTENSION },
  { "6.3/nothing", ALICE "/~~/", NULL, XCAP_PATH_BAD },
  { "6.3/separator-alone", ALICE "/~~", NULL, XCAP_PATH_BAD },
  { "6.3/empty-step", ALICE "/~~/a//b", NULL, XCAP_PATH_BAD },
  { "6.3/trailing-slash", ALICE "/~~/a/", NULL, XCAP_PATH_BAD },
  { "6.4/prefix", ALICE "/~~/a:b/@a:c?xmlns(a=urn:x)",
    "attribute" SAYS " | {urn:x}b @{urn:x}c", XCAP_PATH_OK },
  { "6.4/two", ALICE "/~~/a:b/c:d?xmlns(a=urn:x)xmlns(c=urn:y)",
    "element" SAYS " | {urn:x}b | {urn:y}d", XCAP_PATH_OK },
  { "6.4/encoded", ALICE "/~~/a:b?xmlns%28a%20=%20urn:x%29%20xmlns(c=y)",
    "element" SAYS " | {urn:x}b", XCAP_PATH_OK },
  { "6.4/escaped", ALICE "/~~/a:b?xmlns(a=x^(y^^(z))",
    "element" SAYS " | {x(y^(z)}b", XCAP_PATH_OK },
  { "6.4/escape-alone", ALICE "/~~/a:b?xmlns(a=x^y)", NULL, XCAP_PATH_BAD },
  { "6.4/balanced", ALICE "/~~/a:b?xmlns(a=x^(y(z))",
    "element" SAYS " | {x(y(z)}b", XCAP_PATH_OK },
  { "6.4/other-schemes", ALICE "/~~/a:b?element(/1)xmlns(a=u)xpointer((x))",
    "element" SAYS " | {u}b", XCAP_PATH_OK },
  { "6.4/predicate", ALICE "/~~/a%5b@p:q=%22r%22%5d?xmlns(p=u)",
    "element" SAYS " | a {u}q=r", XCAP_PATH_OK },
  { "6.4/xml", ALICE "/~~/a/@xml:lang",
    "attribute" SAYS " | a @{http://www.w3.org/XML/1998/namespace}lang",
    XCAP_PATH_OK },
  { "8/unbound", ALICE "/~~/a:b", NULL, XCAP_PATH_PREFIX },
  { "8/unbound-attribute", ALICE "/~~/a/@p:b?xmlns(q=u)", NULL,
    XCAP_PATH_PREFIX },
  { "8/unbound-predicate", ALICE "/~~/a%5b@p:b=%22c%22%5d", NULL,
    XCAP_PATH_PREFIX },
  { "6.4/not-xpointer", ALICE "/~~/a?x=1", NULL, XCAP_PATH_BAD },
  { "6.4/unclosed", ALICE "/~~/a?xmlns(a=b", NULL, XCAP_PATH_BAD },
  { "6.4/no-namespace", ALICE "/~~/a:b?xmlns(a=)", NULL, XCAP_PATH_BAD },
  { "6.4/no-prefix", ALICE "/~~/a?xmlns(=b)", NULL, XCAP_PATH_BAD },
  { "bad/escape", ALICE "/~~/a%5", NULL, XCAP_PATH_BAD },
  { "bad/escape-document", "resource-lists/users/%zz/index", NULL,
    XCAP_PATH_BAD },
  { "bad/nul", ALICE "/~~/a%00b", NULL, XCAP_PATH_BAD },
  { "bad/control", "resource-lists/users/a%0Ab/index", NULL, XCAP_PATH_BAD },
  { "bad/utf-8", ALICE "/~~/%C3", NULL, XCAP_PATH_BAD },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (XcapPath) path = NULL;
  g_autofree char *says = NULL;

  g_assert_cmpint (xcap_path_parse (row->text, strlen (row->text), &path), ==,
                   row->verdict);
  if (row->verdict != XCAP_PATH_OK) {
    g_assert_null (path);
    return;
  }
  says = describe (path);
  g_assert_cmpstr (says, ==, row->says);
}

/* No prefix of a path may be read past its end. */
static void
test_cut (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++)
    for (gsize n = 0; n < strlen (ROWS[i].text); n++) {
      g_autofree char *exact = g_memdup2 (ROWS[i].text, MAX (n, 1));
      g_autoptr (XcapPath) path = NULL;

      xcap_path_parse (exact, n, &path);
    }
}

static void
test_bounds (void)
{
  g_autoptr (GString) deep = g_string_new (ALICE "/~~/a");
  g_autofree char *longer = g_strnfill (XCAP_PATH_MAX + 1, 'a');
  g_autoptr (XcapPath) path = NULL;

  for (guint i = 1; i < XCAP_STEPS_MAX; i++)
    g_string_append (deep, "/a");
  g_assert_cmpint (xcap_path_parse (deep->str, deep->len, &path), ==,
                   XCAP_PATH_OK);
  g_clear_pointer (&path, xcap_path_free);
  g_string_append (deep, "/a");
  g_assert_cmpint (xcap_path_parse (deep->str, deep->len, &path), ==,
                   XCAP_PATH_TOO_LONG);
  g_assert_cmpint (xcap_path_parse (longer, strlen (longer), &path), ==,
                   XCAP_PATH_TOO_LONG);
}

static XcapPath *
parsed (const char *text)
{
  XcapPath *path = NULL;

  g_assert_cmpint (xcap_path_parse (text, strlen (text), &path), ==,
                   XCAP_PATH_OK);
  return path;
}

static void
test_contains (void)
{
  static const struct {
    const char *collection, *path;
    gboolean is_in;
  } rows[] = {
    { "a/", "a/users/x/index", TRUE },
    { "a/", "a/global/index", TRUE },
    { "a/", "b/users/x/index", FALSE },
    { "a/users/", "a/users/x/index", TRUE },
    { "a/users/", "a/global/index", FALSE },
    { "a/users", "a/global/index", FALSE },
    { "a/users/x/", "a/users/x/index", TRUE },
    { "a/users/x/", "a/users/x/f/index", TRUE },
    { "a/users/x/", "a/users/y/index", FALSE },
    { "a/users/x/", "a/global/index", FALSE },
    { "a/global/", "a/global/index", TRUE },
    { "a/global/", "a/users/x/index", FALSE },
    { "a/users/x/index", "a/users/x/index", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (XcapPath) collection = parsed (rows[i].collection);
    g_autoptr (XcapPath) path = parsed (rows[i].path);

    g_assert_cmpint (xcap_path_contains (collection, path), ==, rows[i].is_in);
  }
}

/* What is written must be read again. */
static void
test_document (void)
{
  g_autofree char *text
      = xcap_path_document ("pres-rules", "sip:a/b c%@example.com", "in dex");
  g_autofree char *global = xcap_path_document ("xcap-caps", NULL, "index");
  g_autoptr (XcapPath) path = parsed (text);

  g_assert_cmpstr (text, ==,
                   "pres-rules/users/sip:a%2Fb%20c%25@example.com/in%20dex");
  g_assert_cmpstr (path->xui, ==, "sip:a/b c%@example.com");
  g_assert_cmpstr (path->document, ==, "in dex");
  g_assert_cmpstr (path->selector, ==, text);
  g_assert_cmpstr (global, ==, "xcap-caps/global/index");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++) {
    g_autofree char *name
        = g_strdup_printf ("/xcap-path/rfc4825-%s", ROWS[i].name);

    g_test_add_data_func (name, &ROWS[i], test_row);
  }
  g_test_add_func ("/xcap-path/cut", test_cut);
  g_test_add_func ("/xcap-path/bounds", test_bounds);
  g_test_add_func ("/xcap-path/contains", test_contains);
  g_test_add_func ("/xcap-path/document", test_document);
  return g_test_run ();
}
