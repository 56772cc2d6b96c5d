/* SPDX-License-Identifier: ISC
 *
 * xcap-diff documents and the list of a SUBSCRIBE (RFC 5874, 5875). */
#include "codec/xcap-diff.h"
#include "codec/xcap-edit.h"
#include "base/error.h"

#include <string.h>

#define ROOT "http://xcap.example.com:8080/xcap-root/"
#define RL "urn:ietf:params:xml:ns:resource-lists"
#define HEAD                                                                   \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                               \
  "<d:xcap-diff xmlns:d=\"urn:ietf:params:xml:ns:xcap-diff\""                  \
  " xcap-root=\"" ROOT "\">"

static void
assert_ends (XcapDiff *diff, const char *inside)
{
  g_autoptr (GBytes) bytes = xcap_diff_end (diff);
  g_autofree char *text
      = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *wanted
      = g_strconcat (HEAD, inside, "\n</d:xcap-diff>\n", NULL);

  g_assert_cmpstr (text, ==, wanted);
}

static void
test_documents (void)
{
  static const XcapDiffDocument documents[] = {
    { "a/users/x/index", "2", "1" },
    { "a/users/x/new", "n&w", NULL },
    { "a/users/x/gone", NULL, "3" },
  };
  XcapDiff *diff = xcap_diff_new (ROOT);

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
    xcap_diff_add_document (diff, &documents[i]);
  assert_ends (diff,
               "\n<d:document new-etag=\"2\" sel=\"a/users/x/index\""
               " previous-etag=\"1\"/>"
               "\n<d:document new-etag=\"n&amp;w\" sel=\"a/users/x/new\"/>"
               "\n<d:document sel=\"a/users/x/gone\" previous-etag=\"3\"/>");
}

static void
test_empty (void)
{
  assert_ends (xcap_diff_new (ROOT), "");
  xcap_diff_free (xcap_diff_new (ROOT));
}

/* What two GETs answer, as a node; the sel is as the client wrote it. */
static void
add (XcapDiff *diff, const char *document, const char *text,
     const char *namespaces)
{
  g_autoptr (XcapPath) path = NULL, scope = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new (document, strlen (document));
  g_autoptr (GBytes) content = NULL, bindings = NULL;
  XcapEdit edit
      = { .usage = xcap_usage_find ("resource-lists"), .document = bytes };
  XcapDiffNode node = { .sel = text, .exists = TRUE };

  g_assert_cmpint (xcap_path_parse (text, strlen (text), &path), ==, 0);
  g_assert_cmpint (xcap_path_parse (namespaces, strlen (namespaces), &scope),
                   ==, 0);
  edit.path = path;
  g_assert_cmpint (xcap_get (&edit, &content), ==, XCAP_DONE);
  edit.path = scope;
  g_assert_cmpint (xcap_get (&edit, &bindings), ==, XCAP_DONE);
  node.is_attribute = path->kind == XCAP_ATTRIBUTE;
  node.content = content;
  node.namespaces = bindings;
  xcap_diff_add_node (diff, &node);
}

#define INDEX "resource-lists/users/sip:a@b/index/~~/"

static void
test_nodes (void)
{
  static const char document[]
      = "<resource-lists xmlns='" RL "' xmlns:d='urn:d'><list name='&lt;\"'>"
        "<entry uri='sip:a@b'><d:x/></entry></list></resource-lists>";
  XcapDiffNode gone = { .sel = INDEX "*/list%5b2%5d" };
  XcapDiffNode large = { .sel = INDEX "*/list", .exists = TRUE };
  XcapDiff *diff = xcap_diff_new (ROOT);

  add (diff, document, INDEX "*/*/entry", INDEX "*/*/entry/namespace::*");
  add (diff, document, INDEX "*/list/@name", INDEX "*/list/namespace::*");
  xcap_diff_add_node (diff, &gone);
  xcap_diff_add_node (diff, &large);
  assert_ends (
      diff,
      "\n<d1:element sel=\"" INDEX "*/*/entry\""
      " xmlns:d1=\"urn:ietf:params:xml:ns:xcap-diff\" xmlns=\"" RL
      "\" xmlns:d=\"urn:d\"><entry uri='sip:a@b'><d:x/></entry></d1:element>"
      "\n<d:attribute sel=\"" INDEX "*/list/@name\">&lt;\"</d:attribute>"
      "\n<d:element sel=\"" INDEX
      "*/list%5b2%5d\" exists=\"false\"></d:element>"
      "\n<d:element sel=\"" INDEX "*/list\"></d:element>");
}

typedef struct {
  const char *name, *body;
  const char *uris; /* separated by spaces; NULL: it is refused */
  RcError error;
} Row;

#define BODY(X)                                                                \
  "<?xml version='1.0'?><resource-lists xmlns='" RL "' xmlns:x='urn:x'>" X     \
  "</resource-lists>"
#define ENTRY(URI) "<entry uri=\"" URI "\"/>"

static const Row ROWS[] = {
  { "flat",
    BODY ("<list>" ENTRY ("resource-lists/users/sip:a@b/index")
              ENTRY ("pidf-manipulation/")
                  ENTRY ("a/users/b/c/~~/*/d%5b@e='f'%5d/@g") "</list>"),
    "resource-lists/users/sip:a@b/index pidf-manipulation/"
    " a/users/b/c/~~/*/d%5b@e='f'%5d/@g",
    0 },
  { "absolute",
    BODY ("<list>" ENTRY (ROOT "a/")
              ENTRY ("HTTP://XCAP.example.com:8080/xcap-root/b/")
                  ENTRY ("/xcap-root/c/") "</list>"),
    ROOT "a/ HTTP://XCAP.example.com:8080/xcap-root/b/ /xcap-root/c/", 0 },
  { "elsewhere",
    BODY ("<list>" ENTRY ("http://xcap.example.com/xcap-root/a/") ENTRY (
        "http://other.example.com:8080/xcap-root/a/") ENTRY ("/other/a/")
              ENTRY ("http://xcap.example.com:8080/other/a/") "</list>"),
    "", 0 },
  { "twice", BODY ("<list>" ENTRY ("a/") ENTRY ("b/") ENTRY ("a/") "</list>"),
    "a/ b/", 0 },
  { "namespaces",
    BODY ("<list>" ENTRY ("a/users/b/c/~~/d/namespace::*") "</list>"), "", 0 },
  { "bad-uris",
    BODY ("<list>" ENTRY ("a/users/b/c/~~/d%5")
              ENTRY ("a/b/c") "<entry/>" ENTRY (" d/ ") "</list>"),
    "d/", 0 },
  { "not-understood",
    BODY ("<list><x:y/><list>" ENTRY ("a/") "</list><entry-ref ref='b'/>"
                                            "<x:entry uri='c/'/>" ENTRY (
                                                "d/") "</list><x:list/>"),
    "d/", 0 },
  { "empty", BODY (""), "", 0 },
  { "bound",
    BODY ("<list>" ENTRY ("a/") ENTRY ("b/") ENTRY ("c/") ENTRY ("d/")
              ENTRY ("e/") "</list>"),
    NULL, RC_ERROR_BOUND },
  { "other-root", "<list xmlns='" RL "'/>", NULL, RC_ERROR_SYNTAX },
  { "no-xml", "resource-lists", NULL, RC_ERROR_SYNTAX },
  { "doctype", "<!DOCTYPE a>" BODY (""), NULL, RC_ERROR_SYNTAX },
};

static void
test_parse (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) uris = g_string_new (NULL);

  if (!xcap_diff_parse (row->body, strlen (row->body), ROOT, 4, &targets,
                        &error)) {
    g_assert_null (row->uris);
    g_assert_error (error, RC_ERROR, (gint)row->error);
    return;
  }
  g_assert_no_error (error);
  for (guint i = 0; i < targets->len; i++) {
    const XcapDiffTarget *target = targets->pdata[i];

    g_assert_nonnull (target->path->auid);
    g_string_append_printf (uris, "%s%s", i ? " " : "", target->uri);
  }
  g_assert_cmpstr (uris->str, ==, row->uris);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xcap-diff/rfc5874-3/documents", test_documents);
  g_test_add_func ("/xcap-diff/rfc5874-3/empty", test_empty);
  g_test_add_func ("/xcap-diff/rfc5874-3/nodes", test_nodes);
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++) {
    g_autofree char *name
        = g_strdup_printf ("/xcap-diff/rfc5875-4.4/%s", ROWS[i].name);

    g_test_add_data_func (name, &ROWS[i], test_parse);
  }
  return g_test_run ();
}
