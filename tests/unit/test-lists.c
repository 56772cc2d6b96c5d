/* SPDX-License-Identifier: ISC
 *
 * store/lists: what a write of a resource list has to name. */
#include "store/lists.h"

#include <string.h>

#define RL "urn:ietf:params:xml:ns:resource-lists"

/* "a:bob|B b:carol": groups, users and names. */
static GBytes *
document (const char *text)
{
  g_auto (GStrv) entries = g_strsplit (text, " ", -1);
  GString *out = g_string_new ("<resource-lists xmlns='" RL "'>");

  for (guint i = 0; entries[i] != NULL && *entries[i] != '\0'; i++) {
    g_auto (GStrv) field = g_strsplit_set (entries[i], ":|", 3);

    g_string_append_printf (out,
                            "<list name='%s'><entry uri='sip:%s@x.org'>"
                            "<display-name>%s</display-name></entry></list>",
                            field[0], field[1],
                            field[2] != NULL ? field[2] : "");
  }
  g_string_append (out, "</resource-lists>");
  return g_string_free_to_bytes (out);
}

/* "-bob +carol": what goes, what is put; "*" before it: all of them. */
static void
check (const char *before, const char *after, const char *expected)
{
  g_autoptr (Lists) lists = lists_new ();
  g_autoptr (GBytes) old = document (before), new = document (after);
  g_autoptr (GPtrArray) contacts = xcap_contacts_read (new);
  g_autoptr (GString) out = g_string_new (NULL);
  ListsChange change;

  lists_add (lists, "e", old, NULL);
  lists_compare (lists, "e", contacts, &change);
  if (change.is_whole)
    g_string_append (out, "* ");
  for (guint i = 0; i < change.gone->len; i++)
    g_string_append_printf (out, "-%s ", (char *)change.gone->pdata[i] + 4);
  for (guint i = 0; i < change.put->len; i++)
    g_string_append_printf (out, "+%s ",
                            ((XcapContact *)change.put->pdata[i])->uri + 4);
  lists_change_clear (&change);
  g_strchomp (out->str);
  g_assert_cmpstr (out->str, ==, expected);
}

static void
test_compare (void)
{
  check ("a:b a:c", "a:b a:c", "");
  check ("a:b a:c", "a:b a:c a:d", "+d@x.org");
  check ("a:b a:c", "a:c", "-b@x.org");
  check ("a:b a:c", "a:c|C a:d", "-b@x.org +c@x.org +d@x.org");
  check ("a:b d:c", "a:b a:e d:c", "+e@x.org"); /* the last of its group */
  check ("", "a:b", "+b@x.org");
  /* Other positions, groups or spellings: not named one by one. */
  check ("a:b a:c", "a:c a:b", "* +c@x.org +b@x.org");
  check ("a:b a:c", "a:b a:d a:c", "* +b@x.org +d@x.org +c@x.org");
  check ("a:b", "d:b", "* +b@x.org");
  check ("a:b", "a:B", "* +B@x.org");
}

static void
test_unknown (void)
{
  g_autoptr (Lists) lists = lists_new ();
  g_autoptr (GBytes) body = document ("a:b");
  g_autoptr (GPtrArray) contacts = xcap_contacts_read (body);
  static const char *const etags[] = { NULL, "x", "e0" };

  /* Bounded: the oldest is forgotten. */
  for (guint i = 0; i < 2000; i++) {
    g_autofree char *etag = g_strdup_printf ("e%u", i);

    lists_add (lists, etag, body, contacts);
  }
  for (guint i = 0; i < G_N_ELEMENTS (etags); i++) {
    ListsChange change;

    lists_compare (lists, etags[i], contacts, &change);
    g_assert_true (change.is_whole);
    g_assert_cmpuint (change.put->len, ==, 1);
    lists_change_clear (&change);
  }
}

/* What was replaced takes no memory; what is there stays. */
static void
test_dropped (void)
{
  static const char *const etags[] = { "old", "new" };
  g_autoptr (Lists) lists = lists_new ();
  g_autoptr (GBytes) body = document ("a:b");
  g_autoptr (GPtrArray) contacts = xcap_contacts_read (body);

  for (guint i = 0; i < G_N_ELEMENTS (etags); i++)
    lists_add (lists, etags[i], body, NULL);
  lists_drop (lists, "old");
  lists_drop (lists, "other");
  lists_drop (lists, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (etags); i++) {
    ListsChange change;

    lists_compare (lists, etags[i], contacts, &change);
    g_assert_cmpint (change.is_whole, ==, i == 0);
    lists_change_clear (&change);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lists/compare", test_compare);
  g_test_add_func ("/lists/unknown", test_unknown);
  g_test_add_func ("/lists/dropped", test_dropped);
  return g_test_run ();
}
