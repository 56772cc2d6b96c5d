/* SPDX-License-Identifier: ISC
 *
 * codec/pidf-diff and codec/xml-patch: the worked example of RFC 5262, each
 * kind of operation (RFC 5261), and random documents: what a diff makes of the
 * old one is the new one. */
#include "base/error.h"
#include "codec/pidf-diff.h"

#include <string.h>

#define PIDF "urn:ietf:params:xml:ns:pidf"
#define NS                                                                     \
  "xmlns=\"" PIDF "\" xmlns:dm=\"" PIDF ":data-model\" xmlns:rpid=\"" PIDF     \
  ":rpid\""
#define N_RANDOM 3000

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static char *
text_of (GBytes *bytes)
{
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* As pidf_write has it. */
static GBytes *
document (const char *inner)
{
  g_autofree char *text = g_strdup_printf (
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence " NS
      " entity=\"sip:alice@example.com\">%s</presence>\n",
      inner);

  return bytes_of (text);
}

/* What a watcher has of it. */
static char *
seen (GBytes *pidf)
{
  g_autoptr (PidfPartial) full = pidf_full_of (pidf);
  g_autoptr (GBytes) sent = pidf_partial_write (full, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) known = pidf_patched (NULL, sent, &error);

  g_assert_no_error (error);
  return text_of (known);
}

static void
expect_patched (GBytes *from, GBytes *diff, GBytes *to)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) made = pidf_patched (from, diff, &error);
  g_autofree char *text = NULL, *wanted = seen (to), *shown = text_of (diff);

  if (error != NULL)
    g_error ("%s: %s", error->message, shown);
  text = text_of (made);
  if (strcmp (text, wanted) != 0)
    g_error ("%s\nmakes\n%s\nnot\n%s", shown, text, wanted);
}

/* The diff between documents with these contents, NULL: none. */
static char *
diff_of (const char *from, const char *to)
{
  g_autoptr (GBytes) old = document (from), new = document (to);
  g_autoptr (PidfPartial) diff = pidf_diff_between (old, new);
  g_autoptr (GBytes) sent = NULL;

  if (diff == NULL)
    return NULL;
  sent = pidf_partial_write (diff, 7);
  expect_patched (old, sent, new);
  return text_of (sent);
}

static void
expect_operations (const char *from, const char *to, const char *operations)
{
  g_autofree char *text = diff_of (from, to);
  char *start, *end;

  g_assert_nonnull (text);
  g_assert_nonnull (strstr (text, "version=\"7\""));
  start = strstr (text, "<p:pidf-diff");
  start = strchr (start, '>') + 1;
  end = strstr (start, "</p:pidf-diff>");
  *end = '\0';
  g_assert_cmpstr (start, ==, operations);
}

#define TUPLE(id, basic)                                                       \
  "<tuple id=\"" id "\"><status><basic>" basic "</basic></status>"             \
  "<contact priority=\"0.8\">sip:" id "@example.com</contact></tuple>"
#define MORE                                                                   \
  "<note>so that the whole is larger than what changes in it; so "             \
  "that the whole is larger than what changes in it, so that it is, so that "  \
  "it is larger than what changes in it, which is what we want here</note>"    \
  "<dm:person id=\"p\"><rpid:activities><rpid:away/><rpid:busy/>"              \
  "</rpid:activities></dm:person>"

static void
test_operations (void)
{
  expect_operations (TUPLE ("a", "open") MORE, TUPLE ("a", "closed") MORE,
                     "<p:replace sel=\"*/tuple/status/basic/text()\">closed"
                     "</p:replace>");
  expect_operations (
      TUPLE ("a", "open") TUPLE ("b", "open") MORE,
      TUPLE ("a", "open") TUPLE ("b", "closed") MORE,
      "<p:replace sel=\"*/tuple[@id='b']/status/basic/text()\">closed"
      "</p:replace>");
  expect_operations (TUPLE ("a", "open") TUPLE ("b", "open") MORE,
                     TUPLE ("b", "open") MORE,
                     "<p:remove sel=\"*/tuple[@id='a']\"/>");
  expect_operations (TUPLE ("b", "open") MORE,
                     "<tuple id=\"a\"><status/></tuple>" TUPLE ("b", "open")
                         MORE,
                     "<p:add sel=\"*\" pos=\"prepend\"><tuple id=\"a\">"
                     "<status/></tuple></p:add>");
  expect_operations (
      TUPLE ("b", "open") MORE,
      TUPLE ("b", "open") "<tuple id=\"a\"><status/></tuple>"
                          "<tuple id=\"c\"><status/></tuple>" MORE,
      "<p:add sel=\"*/tuple\" pos=\"after\"><tuple id=\"a\">"
      "<status/></tuple><tuple id=\"c\"><status/></tuple>"
      "</p:add>");
  expect_operations (MORE, MORE "<dm:device id=\"d\"/>",
                     "<p:add sel=\"*\"><dm:device id=\"d\"/></p:add>");
  expect_operations (TUPLE ("a", "open") MORE, TUPLE ("a", "open") MORE, "");
}

static void
test_attributes (void)
{
  expect_operations (
      "<note xml:lang=\"en\">x</note><note a=\"1\">y</note>" MORE,
      "<note xml:lang=\"de\">x</note><note b=\"&lt;&quot;\">y</note>" MORE,
      "<p:replace sel=\"*/note[1]/@xml:lang\">de</p:replace>"
      "<p:add sel=\"*/note[2]\" type=\"@b\">&lt;\"</p:add>"
      "<p:remove sel=\"*/note[2]/@a\"/>");
}

/* Names of other namespaces have no prefix in the diff. */
static void
test_namespaces (void)
{
  expect_operations ("<c:caps xmlns:c=\"urn:c\"><c:a>1</c:a></c:caps>" MORE,
                     "<c:caps xmlns:c=\"urn:c\"><c:a>2</c:a></c:caps>" MORE,
                     "<p:replace sel=\"*/*[1]/*/text()\">2</p:replace>");
  expect_operations (
      "<c:caps xmlns:c=\"urn:c\"/>" MORE,
      "<c:caps xmlns:c=\"urn:c\"><p:p xmlns:p=\"urn:p\"/></c:caps>" MORE,
      "<p:add sel=\"*/*[1]\"><p:p xmlns:p=\"urn:p\"/></p:add>");
}

/* RFC 5262 4: the whole where that is no larger. */
static void
test_whole (void)
{
  g_autoptr (GBytes) other = bytes_of (
      "<presence " NS " entity=\"sip:bob@example.com\"></presence>");
  g_autoptr (GBytes) one = document (MORE);

  g_assert_null (diff_of (TUPLE ("a", "open"), "<tuple id=\"b\"/>"));
  g_assert_null (diff_of ("", "<note>x</note>"));
  g_assert_null (pidf_diff_between (one, other));
}

static const char full_example[]
    = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<p:pidf-full xmlns=\"urn:ietf:params:xml:ns:pidf\"\n"
      " xmlns:p=\"urn:ietf:params:xml:ns:pidf-diff\"\n"
      " xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\"\n"
      " xmlns:c=\"urn:ietf:params:xml:ns:pidf:caps\"\n"
      " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\"\n"
      " entity=\"pres:someone@example.com\" version=\"567\">\n"
      " <tuple id=\"cg231jcr\">\n  <status>\n   <basic>open</basic>\n"
      "  </status>\n"
      "  <contact priority=\"1.0\">im:pep@example.com</contact>\n </tuple>\n"
      " <tuple id=\"r1230d\">\n  <status>\n   <basic>closed</basic>\n"
      "  </status>\n"
      "  <contact priority=\"0.9\">sip:pep@example.com</contact>\n </tuple>\n"
      " <note xml:lang=\"en\">Full state presence document</note>\n"
      " <dm:person id=\"p123\">\n  <r:activities>\n   <r:on-the-phone/>\n"
      "   <r:busy/>\n  </r:activities>\n </dm:person>\n"
      "</p:pidf-full>\n";

static const char diff_example[]
    = "<p:pidf-diff xmlns=\"urn:ietf:params:xml:ns:pidf\"\n"
      " xmlns:p=\"urn:ietf:params:xml:ns:pidf-diff\"\n"
      " xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\"\n"
      " xmlns:d=\"urn:ietf:params:xml:ns:pidf:data-model\"\n"
      " entity=\"pres:someone@example.com\" version=\"568\">\n"
      "<p:add sel=\"presence/note\" pos=\"before\">\n"
      " <tuple id=\"ert4773\">\n  <status><basic>open</basic></status>\n"
      "  <contact priority=\"0.4\">mailto:pep@example.com</contact>\n"
      "  <note xml:lang=\"en\">new</note>\n </tuple>\n</p:add>\n"
      "<p:replace sel=\"*/tuple[@id='r1230d']/status/basic/text()\"\n"
      "  >open</p:replace>\n"
      "<p:remove sel=\"*/d:person/r:activities/r:busy\"/>\n"
      "<p:replace sel=\"*/tuple[@id='cg231jcr']/contact/@priority\"\n"
      "  >0.7</p:replace>\n</p:pidf-diff>\n";

static void
test_example (void)
{
  g_autoptr (GBytes) full = bytes_of (full_example);
  g_autoptr (GBytes) diff = bytes_of (diff_example);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) base = pidf_patched (NULL, full, &error), made = NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  made = pidf_patched (base, diff, &error);
  g_assert_no_error (error);
  text = text_of (made);
  g_assert_nonnull (strstr (
      text, "<tuple id=\"ert4773\"><status><basic>open</basic></status>"
            "<contact priority=\"0.4\">mailto:pep@example.com</contact>"
            "<note xml:lang=\"en\">new</note></tuple><note xml:lang=\"en\">"
            "Full state"));
  g_assert_nonnull (
      strstr (text, "<tuple id=\"r1230d\"><status><basic>open</basic>"));
  g_assert_nonnull (strstr (text, "<contact priority=\"0.7\">im:pep@"));
  g_assert_null (strstr (text, "busy"));
}

/* RFC 5261 5.1: an operation that is wrong changes nothing of what is kept. */
static void
test_wrong (void)
{
  static const struct {
    const char *operations;
    int code;
  } rows[] = {
    { "<p:add sel=\"*/nothing\"><a/></p:add>", RC_ERROR_SYNTAX },
    { "<p:add><a/></p:add>", RC_ERROR_SYNTAX },
    { "<p:remove sel=\"*/note\"/>", RC_ERROR_SYNTAX },
    { "<p:remove sel=\"*\"/>", RC_ERROR_SYNTAX },
    { "<p:remove sel=\"*/x:y\"/>", RC_ERROR_SYNTAX },
    { "<p:remove sel=\"*/note[1]\" ws=\"both\"/>", RC_ERROR_SYNTAX },
    { "<p:remove sel=\"id('a')\"/>", RC_ERROR_UNSUPPORTED },
    { "<p:remove sel=\"*/note[\"/>", RC_ERROR_SYNTAX },
    { "<p:replace sel=\"*/note[1]\">x</p:replace>", RC_ERROR_SYNTAX },
    { "<p:add sel=\"*\" pos=\"after\"><a/></p:add>", RC_ERROR_SYNTAX },
    { "<p:add sel=\"*/note[1]\" type=\"@a\">1</p:add>", RC_ERROR_SYNTAX },
    { "<p:add sel=\"*/note[1]\" type=\"@x y\">1</p:add>", RC_ERROR_SYNTAX },
    { "<p:add sel=\"*\" type=\"namespace::q\">u</p:add>",
      RC_ERROR_UNSUPPORTED },
    { "<p:move sel=\"*/note[1]\"/>", RC_ERROR_SYNTAX },
    { "<p:remove sel=\"//*//*//*//*//*//*//*//*//*//*//*//*//*//*//*//*//*\"/>",
      RC_ERROR_BOUND },
  };
  g_autoptr (GBytes) base = document ("<note a=\"1\">x</note><note>y</note>");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text = g_strdup_printf ("<p:pidf-diff xmlns=\"" PIDF
                                             "\" xmlns:p=\"" PIDF "-diff\">%s"
                                             "</p:pidf-diff>",
                                             rows[i].operations);
    g_autoptr (GBytes) diff = bytes_of (text);
    g_autoptr (GError) error = NULL;

    g_assert_null (pidf_patched (base, diff, &error));
    if (!g_error_matches (error, RC_ERROR, rows[i].code))
      g_error ("%s: %s", rows[i].operations,
               error != NULL ? error->message : "no error");
  }
}

/* A patch that is cut does nothing. */
static void
test_cut (void)
{
  g_autoptr (GBytes) full = bytes_of (full_example);
  g_autoptr (GBytes) base = pidf_patched (NULL, full, NULL);

  for (gsize n = 0; n < strlen (diff_example) - 1; n++) {
    g_autoptr (GBytes) part = g_bytes_new (diff_example, n);
    g_autoptr (GError) error = NULL;

    g_assert_null (pidf_patched (base, part, &error));
    g_assert_nonnull (error);
  }
}

/* --- Random documents --- */

static guint
pick (GRand *rand, guint n)
{
  return (guint)g_rand_int_range (rand, 0, (gint32)n);
}

static void
put_random (GRand *rand, GString *out, guint depth)
{
  static const char *const names[]
      = { "tuple", "note", "dm:person", "rpid:away", "x:y", "status" };
  static const char *const texts[]
      = { "open", "closed", "a &amp; b", " x ", "&lt;", "\xc3\xa4" };
  const char *name = names[pick (rand, G_N_ELEMENTS (names))];

  g_string_append_printf (out, "<%s", name);
  if (*name == 'x')
    g_string_append (out, " xmlns:x=\"urn:x\"");
  if (pick (rand, 3) > 0)
    g_string_append_printf (out, " id=\"%s%u\"",
                            pick (rand, 8) == 0 ? "it's " : "i",
                            pick (rand, 5));
  if (pick (rand, 4) == 0)
    g_string_append_printf (out, " b=\"%u\"", pick (rand, 3));
  if (pick (rand, 9) == 0)
    g_string_append_printf (out, " xml:lang=\"%u\"", pick (rand, 2));
  if (pick (rand, 19) == 0)
    g_string_append_printf (out, " rpid:z=\"%u\"", pick (rand, 2));
  g_string_append_c (out, '>');
  if (depth == 0 || pick (rand, 3) == 0)
    g_string_append (out, pick (rand, 4) == 0
                              ? ""
                              : texts[pick (rand, G_N_ELEMENTS (texts))]);
  for (guint n = depth == 0 ? 0 : pick (rand, 4); n > 0; n--)
    put_random (rand, out, depth - 1);
  if (pick (rand, 15) == 0)
    g_string_append (out, "tail");
  g_string_append_printf (out, "</%s>", name);
}

static GPtrArray *
random_parts (GRand *rand)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (g_free);

  for (guint n = 2 + pick (rand, 8); n > 0; n--) {
    GString *part = g_string_new (NULL);

    put_random (rand, part, 3);
    g_ptr_array_add (parts, g_string_free (part, FALSE));
  }
  return parts;
}

static GBytes *
document_of (const GPtrArray *parts)
{
  g_autoptr (GString) whole = g_string_new (NULL);

  for (guint i = 0; i < parts->len; i++)
    g_string_append (whole, parts->pdata[i]);
  return document (whole->str);
}

/* Some parts gone, some other, some new, in another order. */
static void
mutate (GRand *rand, GPtrArray *parts)
{
  g_autoptr (GPtrArray) others = random_parts (rand);

  for (guint n = 1 + pick (rand, 2); n > 0; n--) {
    guint at = pick (rand, parts->len + 1);
    char *part = g_strdup (others->pdata[pick (rand, others->len)]);

    if (at < parts->len && pick (rand, 2) == 0)
      g_ptr_array_remove_index (parts, at);
    g_ptr_array_insert (parts, (int)MIN (at, parts->len), part);
  }
}

/* Kept up by diffs alone, wherever there is one. */
static void
test_random (void)
{
  GRand *rand = g_rand_new_with_seed (5262);
  guint n_diffs = 0;

  for (guint i = 0; i < N_RANDOM; i++) {
    g_autoptr (GPtrArray) parts = random_parts (rand);
    g_autoptr (GBytes) old = document_of (parts), new = NULL;
    g_autoptr (PidfPartial) diff = NULL;
    g_autoptr (GBytes) sent = NULL;

    if (pick (rand, 10) == 0)
      g_ptr_array_set_size (parts, 1);
    mutate (rand, parts);
    new = document_of (parts);
    diff = pidf_diff_between (old, new);
    if (diff == NULL)
      continue;
    n_diffs++;
    sent = pidf_partial_write (diff, i);
    g_assert_cmpuint (g_bytes_get_size (diff->bytes), <,
                      g_bytes_get_size (new));
    expect_patched (old, sent, new);
  }
  g_assert_cmpuint (n_diffs, >, N_RANDOM / 4);
  g_rand_free (rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pidf-diff/rfc5261-4/operations", test_operations);
  g_test_add_func ("/pidf-diff/rfc5261-4.3/attributes", test_attributes);
  g_test_add_func ("/pidf-diff/rfc5261-4.2/namespaces", test_namespaces);
  g_test_add_func ("/pidf-diff/rfc5262-4/whole", test_whole);
  g_test_add_func ("/pidf-diff/rfc5262-6/example", test_example);
  g_test_add_func ("/pidf-diff/rfc5261-5.1/wrong", test_wrong);
  g_test_add_func ("/pidf-diff/rfc5261-5.1/cut", test_cut);
  g_test_add_func ("/pidf-diff/random", test_random);
  return g_test_run ();
}
