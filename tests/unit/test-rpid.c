/* SPDX-License-Identifier: ISC
 *
 * What the RFCs on rich presence show as examples (tests/documents) comes out of
 * a PUBLISH, the composition and a NOTIFY with every element and attribute:
 * RPID, the data model, timed presence, CIPID, capabilities, and what nobody
 * has heard of. */
#include "codec/pidf.h"
#include "tests/unit/presence-world.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

/* --- A document as a set of facts --- */

/* "{namespace}name" of a node, or of an attribute. */
static char *
name_of (const xmlNs *ns, const xmlChar *name)
{
  return g_strdup_printf ("{%s}%s", ns != NULL ? (const char *)ns->href : "",
                          (const char *)name);
}

static gboolean
has_elements (const xmlNode *node)
{
  return xmlChildElementCount ((xmlNode *)node) > 0;
}

/* Each element is a fact, each of its attributes, and its text where there is
 * nothing else in it.  The root's attributes are the server's. */
static void
collect (const xmlNode *node, const char *path, GHashTable *facts)
{
  g_autofree char *name = name_of (node->ns, node->name);
  g_autofree char *here = g_strconcat (path, "/", name, NULL);

  g_hash_table_add (facts, g_strdup (here));
  for (const xmlAttr *a = node->properties; *path != '\0' && a != NULL;
       a = a->next) {
    g_autofree char *attribute = name_of (a->ns, a->name);
    xmlChar *value = xmlNodeGetContent ((const xmlNode *)a);

    g_hash_table_add (facts, g_strdup_printf ("%s@%s=%s", here, attribute,
                                              (const char *)value));
    xmlFree (value);
  }
  if (!has_elements (node)) {
    xmlChar *text = xmlNodeGetContent (node);

    g_hash_table_add (
        facts, g_strdup_printf ("%s=%s", here, g_strstrip ((char *)text)));
    xmlFree (text);
  }
  for (const xmlNode *child = node->children; child != NULL;
       child = child->next)
    if (child->type == XML_ELEMENT_NODE)
      collect (child, here, facts);
}

static GHashTable *
facts_of (const char *bytes, gsize len)
{
  g_autoptr (xmlDoc) doc = xmlReadMemory (bytes, (int)len, NULL, NULL, 0);
  GHashTable *facts
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_assert_nonnull (doc);
  collect (xmlDocGetRootElement (doc), "", facts);
  return facts;
}

/* --- Through the server --- */

static PresenceDoc *
parse (const char *bytes, gsize len)
{
  g_autoptr (GError) error = NULL;
  PresenceDoc *doc = NULL;

  pidf_parse (bytes, len, &doc, &error);
  g_assert_no_error (error);
  return doc;
}

static void
assert_all_in (const char *bytes, gsize len, GBytes *out)
{
  gsize out_len;
  const char *out_bytes = g_bytes_get_data (out, &out_len);
  g_autoptr (GHashTable) before = facts_of (bytes, len);
  g_autoptr (GHashTable) after = facts_of (out_bytes, out_len);
  GHashTableIter iter;
  gpointer fact;

  g_assert_cmpuint (g_hash_table_size (before), >, 5);
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &fact, NULL))
    if (!g_hash_table_contains (after, fact))
      g_error ("lost: %s\nin:\n%s", (char *)fact, out_bytes);
}

/* Beside the desk phone's, and what another server writes again. */
static void
assert_survives (const char *bytes, gsize len)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (PresenceDoc) composed = NULL, again = NULL;
  g_autoptr (GBytes) told = NULL, retold = NULL;

  put (w, NULL, 600, doc_with ("desk", BASIC_OPEN), "urn:uuid:desk");
  put (w, NULL, 600, parse (bytes, len), "urn:uuid:mobile");
  composed = presence_compose (w->presence, ALICE);
  told = pidf_write (composed);
  assert_all_in (bytes, len, told);
  again = parse (g_bytes_get_data (told, NULL), g_bytes_get_size (told));
  retold = pidf_write (again);
  g_assert_true (g_bytes_equal (told, retold));
}

static void
test_example (gconstpointer data)
{
  g_autofree char *path
      = g_test_build_filename (G_TEST_DIST, "tests", "documents", data, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  gsize len;

  g_file_get_contents (path, &bytes, &len, &error);
  g_assert_no_error (error);
  assert_survives (bytes, len);
}

/* In each place where the schemas leave room (RFC 3863 4.2.4, 4.3). */
static void
test_unknown (void)
{
  static const char text[]
      = "<presence xmlns='urn:ietf:params:xml:ns:pidf'"
        " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"
        " xmlns:p='urn:ietf:params:xml:ns:pidf'"
        " xmlns:x='urn:x-nobody:one' entity='pres:someone@example.com'>"
        "<tuple id='a'><status><basic>open</basic>"
        "<x:in-status x:a='1' b='&lt;2&gt;'><y xmlns='urn:x-nobody:two'>z</y>"
        "</x:in-status></status>"
        "<x:in-tuple p:mustUnderstand='1'>text &amp; more</x:in-tuple>"
        "<contact>sip:a@example.com</contact></tuple>"
        "<dm:person id='b'><x:in-person/><w xmlns=''>bare</w></dm:person>"
        "<dm:device id='c'><x:in-device><x:deep c='d'/></x:in-device>"
        "<dm:deviceID>urn:uuid:x</dm:deviceID></dm:device>"
        "<x:in-presence>end</x:in-presence></presence>";

  assert_survives (text, strlen (text));
}

/* RFC 3863 4.1.7: each tuple's is its own. */
static void
test_timestamps (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (PresenceDoc) composed = NULL;
  PresenceDoc *desk = doc_with ("desk", BASIC_OPEN);
  PresenceDoc *mobile = doc_with ("mobile", BASIC_OPEN);

  ((PresenceTuple *)desk->tuples->pdata[0])->timestamp
      = g_strdup ("2026-01-01T08:00:00Z");
  ((PresenceTuple *)mobile->tuples->pdata[0])->timestamp
      = g_strdup ("2026-01-01T09:30:00+01:00");
  put (w, NULL, 600, desk, "urn:uuid:desk");
  put (w, NULL, 600, mobile, "urn:uuid:mobile");
  composed = presence_compose (w->presence, ALICE);
  g_assert_cmpuint (composed->tuples->len, ==, 2);
  for (guint i = 0; i < 2; i++) {
    const PresenceTuple *tuple = composed->tuples->pdata[i];

    g_assert_cmpstr (tuple->timestamp, ==,
                     g_str_equal (tuple->id, "desk")
                         ? "2026-01-01T08:00:00Z"
                         : "2026-01-01T09:30:00+01:00");
  }
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *path, *document;
  } examples[] = {
    { "/codec/rfc4479-7/example", "rfc4479.xml" },
    { "/codec/rfc4480-4/example", "rfc4480.xml" },
    { "/codec/rfc4481-4/example", "rfc4481.xml" },
    { "/codec/rfc4482-4/person", "rfc4482-person.xml" },
    { "/codec/rfc4482-4/tuple", "rfc4482-tuple.xml" },
    { "/codec/rfc5196-4/example", "rfc5196.xml" },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (examples); i++)
    g_test_add_data_func (examples[i].path, examples[i].document, test_example);
  g_test_add_func ("/codec/rfc3863-4.2.4/unknown", test_unknown);
  g_test_add_func ("/codec/rfc3863-4.1.7/timestamp-of-each-device",
                   test_timestamps);
  return g_test_run ();
}
