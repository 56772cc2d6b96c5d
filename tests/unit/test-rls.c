/* SPDX-License-Identifier: ISC
 *
 * codec/rls: what resource-lists and rls-services documents say (RFC 4826). */
#include "base/error.h"
#include "codec/rls.h"

#include <string.h>

#define RL "xmlns='urn:ietf:params:xml:ns:resource-lists'"
#define RLS                                                                    \
  "xmlns='urn:ietf:params:xml:ns:rls-services'"                                \
  " xmlns:rl='urn:ietf:params:xml:ns:resource-lists'"

static RlsDoc *
doc_of (const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  RlsDoc *doc = rls_doc_new (bytes, 65536, &error);

  g_assert_no_error (error);
  return doc;
}

/* "sip:bob@x|Bob !ref *anchor" */
static char *
describe (const RlsList *list)
{
  GString *out = g_string_new (NULL);

  if (list == NULL)
    return g_string_free (g_string_append (out, "none"), FALSE);
  for (guint i = 0; i < list->items->len; i++) {
    const RlsItem *item = list->items->pdata[i];
    static const char *const marks[] = { "", "!", "*" };

    g_string_append_printf (
        out, "%s%s%s%s%s", i > 0 ? " " : "", marks[item->kind], item->text,
        item->name != NULL ? "|" : "", item->name != NULL ? item->name : "");
  }
  return g_string_free (out, FALSE);
}

static void
assert_list (RlsList *given, const char *expected)
{
  g_autoptr (RlsList) list = given;
  g_autofree char *text = describe (list);

  g_assert_cmpstr (text, ==, expected);
}

/* The document of RFC 4826 3.3, with another list around. */
static const char friends[]
    = "<?xml version='1.0' encoding='UTF-8'?><resource-lists " RL ">"
      "<list name='friends'><display-name>Close Friends</display-name>"
      "<entry uri='sip:bill@example.com'>"
      "<display-name>Bill Doe</display-name></entry>"
      "<entry-ref ref='resource-lists/users/sip:bill@example.com/index/~~/"
      "resource-lists/list%5b@name=%22list1%22%5d/entry%5b1%5d'/>"
      "<list name='inner'><entry uri=' sip:joe@example.com '/></list>"
      "<external anchor='http://www.example.org/xcap/a'>"
      "<display-name>Marketing</display-name></external></list>"
      "<list name='oma_blockedcontacts'><entry uri='sip:eve@x'/></list>"
      "<list><entry uri='sip:&#97;@x'/><unknown " RL "/></list>"
      "</resource-lists>";

static void
test_lists (void)
{
  g_autoptr (RlsDoc) doc = doc_of (friends);

  assert_list (rls_list_all (doc),
               "sip:bill@example.com|Bill Doe"
               " !resource-lists/users/sip:bill@example.com/index/~~/"
               "resource-lists/list%5b@name=%22list1%22%5d/entry%5b1%5d"
               " sip:joe@example.com *http://www.example.org/xcap/a|Marketing"
               " sip:a@x");
  assert_list (rls_list_named (doc, "inner"), "sip:joe@example.com");
  assert_list (rls_list_named (doc, "none"), "none");
}

static RlsList *
at (const RlsDoc *doc, const char *selector)
{
  g_autofree char *text = g_strconcat (
      "resource-lists/users/sip:a@x/index/~~/resource-lists", selector, NULL);
  g_autoptr (XcapPath) path = NULL;

  g_assert_cmpint (xcap_path_parse (text, strlen (text), &path), ==,
                   XCAP_PATH_OK);
  return rls_list_at (doc, path);
}

static void
test_references (void)
{
  g_autoptr (RlsDoc) doc = doc_of (friends);
  g_autoptr (RlsList) named = at (doc, "/list%5b@name=%22friends%22%5d");

  g_assert_cmpstr (named->name, ==, "Close Friends");
  assert_list (at (doc, "/list%5b3%5d"), "sip:a@x");
  assert_list (at (doc, "/list%5b1%5d/entry%5b1%5d"),
               "sip:bill@example.com|Bill Doe");
  assert_list (at (doc, "/list%5b9%5d"), "none");
  assert_list (at (doc, "/list"), "none"); /* several */
}

/* The document of RFC 4826 4.3. */
static const char services[]
    = "<rls-services " RLS ">"
      "<service uri='sip:mybuddies@example.com'>"
      "<resource-list>http://xcap.example.com/xxx/resource-lists/users/"
      "sip:joe@example.com/index/~~/resource-lists/list%5b@name=%22l1%22%5d"
      "</resource-list>"
      "<packages><package>presence</package></packages></service>"
      "<service uri='sip:marketing@example.com'>"
      "<list name='marketing'><rl:display-name>M</rl:display-name>"
      "<rl:entry uri='sip:joe@example.com'/>"
      "<rl:list><rl:entry uri='sip:sudhir@example.com'/></rl:list></list>"
      "<packages><package>dialog</package><package> x </package></packages>"
      "</service><service uri='sip:all@example.com'><list/></service>"
      "</rls-services>";

static RlsService *
find (const RlsDoc *doc, const char *uri)
{
  g_autofree char *key = rls_service_key (uri);

  return rls_service_find (doc, key);
}

static void
test_services (void)
{
  g_autoptr (RlsDoc) doc = doc_of (services);
  g_autoptr (RlsService) buddies = find (doc, "SIP:MyBuddies@EXAMPLE.com");
  g_autoptr (RlsService) marketing = find (doc, "sip:marketing@example.com");
  g_autoptr (RlsService) all = find (doc, "sip:all@example.com");
  g_autoptr (RlsService) none = find (doc, "sip:none@example.com");

  g_assert_null (none);
  g_assert_null (buddies->list);
  g_assert_true (g_str_has_prefix (buddies->reference, "http://xcap."));
  g_assert_true (rls_service_has (buddies, "presence"));
  g_assert_false (rls_service_has (marketing, "presence"));
  g_assert_true (rls_service_has (marketing, "x"));
  g_assert_true (rls_service_has (all, "presence"));
  g_assert_cmpstr (marketing->list->name, ==, "M");
  assert_list (g_steal_pointer (&marketing->list),
               "sip:joe@example.com sip:sudhir@example.com");
}

static int
fault_of (const char *text, gsize len, gsize max)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, len);
  g_autoptr (GError) error = NULL;
  g_autoptr (RlsDoc) doc = rls_doc_new (bytes, max, &error);

  g_assert_true ((doc == NULL) == (error != NULL));
  return error != NULL ? error->code : -1;
}

static void
test_refused (void)
{
  static const char *const wrong[]
      = { "", "x", "<a/>", "<resource-lists/>", "<!DOCTYPE a><a/>", "\xff" };
  g_autoptr (GString) deep = g_string_new ("<resource-lists " RL ">");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_cmpint (fault_of (wrong[i], strlen (wrong[i]), 999), ==,
                     RC_ERROR_SYNTAX);
  for (gsize n = 0; n < strlen (friends); n++)
    g_assert_cmpint (fault_of (friends, n, 65536), ==, RC_ERROR_SYNTAX);
  g_assert_cmpint (fault_of (friends, strlen (friends), 100), ==,
                   RC_ERROR_BOUND);
  for (guint i = 0; i < 100; i++)
    g_string_append (deep, "<list>");
  for (guint i = 0; i < 100; i++)
    g_string_append (deep, "</list>");
  g_string_append (deep, "</resource-lists>");
  g_assert_cmpint (fault_of (deep->str, deep->len, 65536), ==, RC_ERROR_BOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rls/rfc4826-3.3/lists", test_lists);
  g_test_add_func ("/rls/rfc4826-3.2/references", test_references);
  g_test_add_func ("/rls/rfc4826-4.3/services", test_services);
  g_test_add_func ("/rls/refused", test_refused);
  return g_test_run ();
}
