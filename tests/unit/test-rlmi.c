/* SPDX-License-Identifier: ISC
 *
 * codec/rlmi: documents of RFC 4662, and the body of a NOTIFY. */
#include "codec/mime.h"
#include "codec/rlmi.h"

#include <string.h>

#define NS "xmlns=\"urn:ietf:params:xml:ns:rlmi\""

/* The document of RFC 4662 5.1. */
static const char example[]
    = "<?xml version=\"1.0\"?>\n"
      "<list " NS " uri=\"sip:adam-friends@lists.vancouver.example.com\""
      " version=\"7\" fullState=\"true\">"
      "<name xml:lang=\"en\">Buddy List</name>"
      "<name xml:lang=\"fr\">Liste d'amis</name>"
      "<resource uri=\"sip:bob@vancouver.example.com\">"
      "<name>Bob Smith</name>"
      "<instance id=\"juwigmtboe\" state=\"active\""
      " cid=\"12345.aaa@vancouver.example.com\"/></resource>"
      "<resource uri=\"sip:dave@vancouver.example.com\">"
      "<name>Dave Jones</name>"
      "<instance id=\"hqzsuxtfyq\" state=\"active\""
      " cid=\"12345.aab@vancouver.example.com\"/></resource>"
      "<resource uri=\"sip:jim@vancouver.example.com\"><name>Jim</name>"
      "<instance id=\"oflzxqzuvg\" state=\"terminated\""
      " reason=\"rejected\"/></resource>"
      "<resource uri=\"sip:ed@vancouver.example.com\"><name>Ed</name>"
      "<instance id=\"grqhzsppxb\" state=\"pending\"/></resource></list>";

static RlmiDoc *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  RlmiDoc *doc;

  rlmi_parse (text, strlen (text), &doc, &error);
  g_assert_no_error (error);
  return doc;
}

/* "uri state reason cid" by line. */
static char *
describe (const RlmiDoc *doc)
{
  static const char *const states[] = { "active", "pending", "terminated" };
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < doc->resources->len; i++) {
    const RlmiResource *resource = doc->resources->pdata[i];

    g_string_append_printf (out, "%s %s", resource->uri,
                            resource->name ? resource->name : "-");
    for (guint j = 0; j < resource->instances->len; j++) {
      const RlmiInstance *instance
          = &g_array_index (resource->instances, RlmiInstance, j);

      g_string_append_printf (out, " %s %s %s", states[instance->state],
                              instance->reason ? instance->reason : "-",
                              instance->cid ? instance->cid : "-");
    }
    g_string_append_c (out, '\n');
  }
  return g_string_free (out, FALSE);
}

static void
test_example (void)
{
  g_autoptr (RlmiDoc) doc = parse (example);
  g_autofree char *text = describe (doc);

  g_assert_cmpstr (doc->uri, ==,
                   "sip:adam-friends@lists.vancouver.example.com");
  g_assert_cmpstr (doc->name, ==, "Buddy List");
  g_assert_cmpuint (doc->version, ==, 7);
  g_assert_true (doc->is_full);
  g_assert_cmpstr (text, ==,
                   "sip:bob@vancouver.example.com Bob Smith active -"
                   " 12345.aaa@vancouver.example.com\n"
                   "sip:dave@vancouver.example.com Dave Jones active -"
                   " 12345.aab@vancouver.example.com\n"
                   "sip:jim@vancouver.example.com Jim terminated rejected -\n"
                   "sip:ed@vancouver.example.com Ed pending - -\n");
}

/* Decode, encode, decode. */
static void
test_round (void)
{
  g_autoptr (RlmiDoc) doc = parse (example);
  g_autoptr (GBytes) bytes = rlmi_write (doc);
  g_autofree char *text
      = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (RlmiDoc) again = parse (text);
  g_autofree char *before = describe (doc), *after = describe (again);

  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (again->version, ==, 7);
  g_assert_true (again->is_full);
  g_assert_cmpstr (again->name, ==, "Buddy List");
}

/* What somebody wrote into a name changes no markup. */
static void
test_escapes (void)
{
  g_autoptr (RlmiDoc) doc
      = rlmi_doc_new ("sip:a&b@c", "<x>", G_MAXUINT32, FALSE);
  RlmiResource *resource = rlmi_doc_add (doc, "sip:\"<'>@d", "& \"B\"");
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL, *before = NULL, *after = NULL;
  g_autoptr (RlmiDoc) again = NULL;

  rlmi_resource_add (resource, "<", RLMI_TERMINATED, "\"", NULL);
  bytes = rlmi_write (doc);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  again = parse (text);
  before = describe (doc);
  after = describe (again);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpstr (again->name, ==, "<x>");
  g_assert_cmpuint (again->version, ==, G_MAXUINT32);
}

static void
test_refused (void)
{
  static const char *const wrong[] = {
    "",
    "<a/>",
    "<list/>",
    "<list " NS "/>",
    "<list " NS " uri='sip:a@b' version='-1' fullState='true'/>",
    "<list " NS " uri='sip:a@b' version='4294967296' fullState='true'/>",
    "<list " NS " uri='sip:a@b' version='1' fullState='yes'/>",
    "<list " NS " uri='sip:a@b' version='1'/>",
    "<!DOCTYPE a><list " NS " uri='a' version='1' fullState='1'/>",
    "<list " NS " uri='a' version='1' fullState='1'><resource/></list>",
    "<list " NS " uri='a' version='1' fullState='1'><resource uri='b'>"
    "<instance id='1' state='active'/></resource></list>",
    "<list " NS " uri='a' version='1' fullState='1'><resource uri='b'>"
    "<instance id='1' state='terminated'/></resource></list>",
    "<list " NS " uri='a' version='1' fullState='1'><resource uri='b'>"
    "<instance id='1' state='gone' reason='x'/></resource></list>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;
    RlmiDoc *doc;

    g_assert_false (rlmi_parse (wrong[i], strlen (wrong[i]), &doc, &error));
    g_assert_nonnull (error);
    g_assert_null (doc);
  }
  for (gsize n = 0; n < strlen (example); n++) {
    RlmiDoc *doc;

    g_assert_false (rlmi_parse (example, n, &doc, NULL));
  }
}

/* RFC 2387: type and start; the boundary last and without quotes, as some
 * phones want it. */
static void
test_body (void)
{
  g_autoptr (GBytes) root = g_bytes_new_static ("<list/>", 7);
  g_autoptr (GBytes) state = g_bytes_new_static ("\r\n--\r\n", 6);
  const RlmiPart part = { "1.0.1@x", "application/pidf+xml", state };
  g_autofree char *type = NULL, *start = NULL, *kind = NULL;
  g_autoptr (GBytes) body = rlmi_pack (root, "1.0.0@x", &part, 1, &type);
  g_autoptr (GArray) parts = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (mime_is (type, "multipart/related"));
  start = mime_param (type, "start");
  kind = mime_param (type, "type");
  g_assert_cmpstr (start, ==, "<1.0.0@x>");
  g_assert_cmpstr (kind, ==, "application/rlmi+xml");
  g_assert_true (g_regex_match_simple (";boundary=[a-z0-9]+$", type, 0, 0));
  g_assert_true (multipart_parse (g_bytes_get_data (body, NULL),
                                  g_bytes_get_size (body), type, 9, &parts,
                                  &error));
  g_assert_no_error (error);
  g_assert_cmpuint (parts->len, ==, 2);
  for (guint i = 0; i < 2; i++) {
    const MimePart *got = &g_array_index (parts, MimePart, i);
    g_autofree char *id = mime_header (got, "Content-ID");
    g_autofree char *encoding = mime_header (got, "Content-Transfer-Encoding");
    g_autofree char *got_type = mime_header (got, "Content-Type");

    g_assert_cmpstr (id, ==, i == 0 ? "<1.0.0@x>" : "<1.0.1@x>");
    g_assert_cmpstr (encoding, ==, "binary");
    g_assert_cmpstr (got_type, ==,
                     i == 0 ? "application/rlmi+xml" : "application/pidf+xml");
    g_assert_cmpmem (got->body, got->len,
                     g_bytes_get_data (i == 0 ? root : state, NULL),
                     g_bytes_get_size (i == 0 ? root : state));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rlmi/rfc4662-5.1/example", test_example);
  g_test_add_func ("/rlmi/rfc4662-5/round", test_round);
  g_test_add_func ("/rlmi/escapes", test_escapes);
  g_test_add_func ("/rlmi/refused", test_refused);
  g_test_add_func ("/rlmi/rfc4662-6/body", test_body);
  return g_test_run ();
}
