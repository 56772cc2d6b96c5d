/* SPDX-License-Identifier: ISC
 *
 * addr/xmpp: JIDs (RFC 7622, its tables 1 and 2), JIDs <-> SIP addresses (RFC
 * 7247 6.4 and 6.5, XEP-0106). */
#include "addr/xmpp.h"
#include "base/error.h"

#include <string.h>

typedef struct {
  const char *text, *local, *domain, *resource;
} Good;

static const Good goods[] = {
  { "juliet@example.com", "juliet", "example.com", NULL },
  { "juliet@example.com/foo", "juliet", "example.com", "foo" },
  { "juliet@example.com/foo bar", "juliet", "example.com", "foo bar" },
  { "juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar" },
  { "foo\\20bar@example.com", "foo\\20bar", "example.com", NULL },
  { "fu\xc3\x9f"
    "ball@example.com",
    "fu\xc3\x9f"
    "ball",
    "example.com", NULL },
  { "\xcf\x80@example.com", "\xcf\x80", "example.com", NULL },
  { "\xce\xa3@example.com/foo", "\xcf\x83", "example.com", "foo" },
  { "\xcf\x82@example.com/foo", "\xcf\x82", "example.com", "foo" },
  { "king@example.com/\xe2\x99\x9a", "king", "example.com", "\xe2\x99\x9a" },
  { "example.com", NULL, "example.com", NULL },
  { "example.com/foobar", NULL, "example.com", "foobar" },
  { "a.example.com/b@example.net", NULL, "a.example.com", "b@example.net" },
  { "Juliet@EXAMPLE.com./Foo", "juliet", "example.com", "Foo" },
  { "a@example.com//b/", "a", "example.com", "/b/" },
  { "\xef\xbc\xa1@example.com", "a", "example.com", NULL }, /* fullwidth */
  { "u\xcc\x88@example.com/u\xcc\x88", "\xc3\xbc", "example.com", "\xc3\xbc" },
  { "a@b\xc3\xbc"
    "cher.example",
    "a",
    "b\xc3\xbc"
    "cher.example",
    NULL },
  { "a@xn--bcher-kva.example", "a",
    "b\xc3\xbc"
    "cher.example",
    NULL },
  { "a@192.0.2.1/x", "a", "192.0.2.1", "x" },
  { "a@[2001:db8:0::1]", "a", "[2001:db8::1]", NULL },
  { "a@h/\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "a", "h",
    "\xf0\x9f\x91\xa9\xf0\x9f\x92\xbb" }, /* without the joiner */
};

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (goods); i++) {
    const Good *good = &goods[i];
    g_autoptr (GError) error = NULL;
    g_autoptr (Jid) jid = NULL, again = NULL;
    g_autofree char *text = NULL, *same = NULL;

    jid_parse (good->text, &jid, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (jid->local, ==, good->local);
    g_assert_cmpstr (jid->domain, ==, good->domain);
    g_assert_cmpstr (jid->resource, ==, good->resource);
    text = jid_to_string (jid);
    jid_parse (text, &again, &error);
    g_assert_no_error (error);
    same = jid_to_string (again);
    g_assert_cmpstr (same, ==, text);
  }
}

static void
test_bad (void)
{
  static const char *const bads[] = {
    "\"juliet\"@example.com",
    "foo bar@example.com",
    "@example.com/",
    "@example.com",
    "example.com/",
    "henry\xe2\x85\xa3@example.com",
    "\xe2\x99\x9a@example.com",
    "juliet@",
    "/foobar",
    "",
    "a@b@c",
    "a:b@c",
    "a<b@c",
    "a&b@c",
    "a'b@c",
    "a>b@c",
    "a@h/x\ny",
    "a@h/\x7f",
    "a@h/\xef\xbf\xbf",
    "a\x01@h",
    "a\xff@h",
    "a@h/\xc3",
    "a@h\xff",
    "a@-",
    "a@h h",
    "a@h..",
    "a@.",
    "a@h/\xe2\x80\xae",
    "a\xc2\xa0@h",
    "a@h\xe2\x80\xa8",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bads); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Jid) jid = NULL;

    if (jid_parse (bads[i], &jid, &error))
      g_error ("taken: %s", bads[i]);
    g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

static void
test_bounds (void)
{
  g_autofree char *most = g_strnfill (JID_PART_MAX, 'a');
  g_autofree char *more = g_strnfill (JID_PART_MAX + 1, 'a');
  const char *const bad[][2] = { { more, "b" }, { "b", more } };
  g_autofree char *good = g_strdup_printf ("%s@h/%s", most, most);
  g_autoptr (Jid) jid = NULL;

  g_assert_true (jid_parse (good, &jid, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *text = g_strdup_printf ("%s@h/%s", bad[i][0], bad[i][1]);
    g_autoptr (GError) error = NULL;
    g_autoptr (Jid) none = NULL;

    g_assert_false (jid_parse (text, &none, &error));
    g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
  }
}

static void
test_parts (void)
{
  g_autofree char *domain = jid_domain ("a@b.c/d@e/f");
  g_autofree char *bare = jid_bare_of ("a@b.c/d@e/f");
  g_autofree char *resource = jid_resource ("a@b.c/d@e/f");
  g_autofree char *server = jid_domain ("b.c/x@y");
  g_autofree char *none = jid_resource ("a@b.c");

  g_assert_cmpstr (domain, ==, "b.c");
  g_assert_cmpstr (bare, ==, "a@b.c");
  g_assert_cmpstr (resource, ==, "d@e/f");
  g_assert_cmpstr (server, ==, "b.c");
  g_assert_null (none);
}

static void
test_nick (void)
{
  g_autofree char *nick = jid_prepare_resource ("  Alice \xc2\xa0Liddell ");
  g_autofree char *empty = jid_prepare_resource (" \xe2\x80\x8d ");
  g_autofree char *control = jid_prepare_resource ("a\tb");

  g_assert_cmpstr (nick, ==, "Alice  Liddell");
  g_assert_null (empty);
  g_assert_null (control);
}

typedef struct {
  const char *uri, *jid;
  const char *back; /* jid as a URI; NULL: uri */
} Pair;

static const Pair pairs[] = {
  /* RFC 7247 6.4 and 6.5 */
  { "sip:f%C3%BC@sip.example", "f\xc3\xbc@sip.example", NULL },
  { "sip:o'malley@sip.example", "o\\27malley@sip.example", NULL },
  { "sip:foo@sip.example;gr=bar", "foo@sip.example/bar", NULL },
  { "sip:m&m@xmpp.example", "m\\26m@xmpp.example", NULL },
  { "sip:tsch%C3%BCss@xmpp.example", "tsch\xc3\xbcss@xmpp.example", NULL },
  { "sip:baz@xmpp.example;gr=qux", "baz@xmpp.example/qux", NULL },
  /* table 1, all of it */
  { "sip:!$()*+,-.;=?_~@h", "!$()*+,-.;=?_~@h", NULL },
  { "sip:a%22%20%3A%3C%3E%40%2F@h", "a\\22\\20\\3a\\3c\\3e\\40\\2f@h",
    "sip:a%22%20%3A%3C%3E%40/@h" },
  { "sip:%23%25%5B%5C%5D%5E%60%7B%7C%7D@h", "#%[\\]^`{|}@h", NULL },
  /* XEP-0106: escapes that were in the address before */
  { "sip:a%5C27b@h", "a\\5c27b@h", NULL },
  { "sip:%5C3and%5C2is%5C5cool@h", "\\5c3and\\2is\\5c5cool@h", NULL },
  { "sip:%5C2plus%5C2is%5C4@h", "\\2plus\\2is\\4@h", NULL },
  { "sip:foob%5C41r@h", "foob\\41r@h", NULL },
  { "sip:here's_a_wild_%26_%2Fcr%25zy%2F_address@h",
    "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address@h",
    "sip:here's_a_wild_&_/cr%25zy/_address@h" },
  /* what a JID does not tell apart or SIP says otherwise */
  { "sips:Alice@EXAMPLE.com:5061;transport=tls", "alice@example.com",
    "sip:alice@example.com" },
  { "sip:a@h;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "a@h/urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", NULL },
  { "sip:a@h;gr=%C3%BC%20%3B%22", "a@h/\xc3\xbc ;\"", NULL },
  { "sip:a@xn--bcher-kva.example",
    "a@b\xc3\xbc"
    "cher.example",
    NULL },
  { "sip:a@h;gr", "a@h", "sip:a@h" }, /* a temporary GRUU's */
};

static void
test_pairs (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    const Pair *pair = &pairs[i];
    g_autoptr (GError) error = NULL;
    g_autoptr (Uri) uri = NULL, back_uri = NULL;
    g_autofree char *jid = NULL, *back = NULL, *again = NULL;

    uri_parse (pair->uri, -1, &uri, &error);
    g_assert_no_error (error);
    jid_from_uri (uri, &jid, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (jid, ==, pair->jid);
    jid_to_uri (jid, &back, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (back, ==, pair->back != NULL ? pair->back : pair->uri);
    uri_parse (back, -1, &back_uri, &error);
    g_assert_no_error (error);
    jid_from_uri (back_uri, &again, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (again, ==, jid);
  }
}

static void
test_no_jid (void)
{
  static const char *const uris[] = {
    "sip:example.com", "tel:+12015550123", "sip:%20a@h",
    "sip:a%20@h",      "sip:a%00b@h",      "sip:a%0Ab@h",
    "sip:%FFa@h",      "sip:%E2%85%A3@h",  "sip:a@h;gr=%0A",
  };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Uri) uri = NULL;
    g_autofree char *jid = NULL;

    if (!uri_parse (uris[i], -1, &uri, NULL))
      continue;
    if (jid_from_uri (uri, &jid, &error))
      g_error ("%s has a JID: %s", uris[i], jid);
    g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

static void
test_aors (void)
{
  static const char *const table[][3] = {
    { "xavier@xmpp.example.com", "xavier@xmpp.example.com", NULL },
    { "Xavier@xmpp.example.com", "xavier@xmpp.example.com",
      "xavier@xmpp.example.com" },
    { "o'hara@h", "o\\27hara@h", NULL },
    { "a%40b/@h", "a\\40b\\2f@h", NULL },
    { "j\xc3\xb6rg@h", "j\xc3\xb6rg@h", NULL },
    { "a%23b@h", "a#b@h", NULL },
    { "a%2527@h", "a%27@h", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *jid = NULL, *aor = NULL, *full = NULL, *same = NULL;

    jid_from_aor (table[i][0], NULL, &jid, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (jid, ==, table[i][1]);
    jid_from_aor (table[i][0], "desk top", &full, &error);
    g_assert_no_error (error);
    g_assert_true (g_str_has_suffix (full, "/desk top"));
    jid_to_aor (full, &aor, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (aor, ==, table[i][2] ? table[i][2] : table[i][0]);
    jid_from_aor (aor, NULL, &same, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (same, ==, jid);
  }
}

static void
test_no_aor (void)
{
  static const char *const jids[]
      = { "example.com", "example.com/x", "a b@h", "a\\20@h", "\\20a@h" };

  for (guint i = 0; i < G_N_ELEMENTS (jids); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *aor = NULL;

    g_assert_false (jid_to_aor (jids[i], &aor, &error));
    g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

/* No byte where it could end does harm, and what is taken is stable. */
static void
test_cut (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (goods); i++)
    for (gsize len = 0; len < strlen (goods[i].text); len++) {
      g_autofree char *text = g_strndup (goods[i].text, len);
      g_autofree char *once = NULL, *twice = NULL;
      g_autoptr (Jid) jid = NULL, again = NULL;

      if (!jid_parse (text, &jid, NULL))
        continue;
      once = jid_to_string (jid);
      g_assert_true (jid_parse (once, &again, NULL));
      twice = jid_to_string (again);
      g_assert_cmpstr (once, ==, twice);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/jid/rfc7622-3.5/legal", test_good);
  g_test_add_func ("/jid/rfc7622-3.5/illegal", test_bad);
  g_test_add_func ("/jid/rfc7622-3.3/bounds", test_bounds);
  g_test_add_func ("/jid/parts", test_parts);
  g_test_add_func ("/jid/nickname", test_nick);
  g_test_add_func ("/jid/cut-everywhere", test_cut);
  g_test_add_func ("/jid/rfc7247-6/both-ways", test_pairs);
  g_test_add_func ("/jid/rfc7247-6.4/none", test_no_jid);
  g_test_add_func ("/jid/aor/both-ways", test_aors);
  g_test_add_func ("/jid/aor/none", test_no_aor);
  return g_test_run ();
}
