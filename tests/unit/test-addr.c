/* SPDX-License-Identifier: ISC
 *
 * addr/: URIs (RFC 3261 19.1 and 25.1, RFC 3966, RFC 4475's valid and invalid
 * ones), their equality and keys, addresses of record. */
#include "addr/aor.h"
#include "addr/contact.h"
#include "addr/uri.h"
#include "base/error.h"

#include <string.h>

static Uri *
parsed (const char *text)
{
  g_autoptr (GError) error = NULL;
  Uri *uri = NULL;

  uri_parse (text, -1, &uri, &error);
  g_assert_no_error (error);
  g_assert_nonnull (uri);
  return uri;
}

/* What must hold for every URI that is accepted. */
static void
check_round_trip (const Uri *uri)
{
  g_autofree char *text = uri_to_string (uri), *key = uri_key (uri);
  g_autofree char *aor = uri_aor (uri), *again_text = NULL, *again_key = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (Uri) again = NULL;

  if (strlen (text) > URI_MAX) /* raw UTF-8 grows when it is escaped */
    return;
  uri_parse (text, -1, &again, &error);
  g_assert_no_error (error);
  again_text = uri_to_string (again);
  again_key = uri_key (again);
  g_assert_cmpstr (again_text, ==, text);
  g_assert_cmpstr (again_key, ==, key);
  g_assert_true (uri_equal (uri, again));
  g_assert_true (g_utf8_validate (aor, -1, NULL));
}

typedef struct {
  const char *text, *user, *host;
  guint port;
  const char *aor, *string; /* NULL: as text */
} Good;

static const Good goods[] = {
  { "sip:alice@example.com", "alice", "example.com", 0, "alice@example.com",
    NULL },
  { "SIPS:Alice@EXAMPLE.com:5061", "Alice", "example.com", 5061,
    "Alice@example.com", "sips:Alice@example.com:5061" },
  { "sip:example.com", NULL, "example.com", 0, "example.com", NULL },
  { "sip:%61li%63e@example.com.", "alice", "example.com", 0,
    "alice@example.com", "sip:alice@example.com" },
  { "sip:a%40b%2f@h", "a%40b%2F", "h", 0, "a%40b/@h", "sip:a%40b%2F@h" },
  { "sip:j\xc3\xb6rg@x.org", "j%C3%B6rg", "x.org", 0, "j\xc3\xb6rg@x.org",
    "sip:j%C3%B6rg@x.org" },
  { "sip:%ff%c3%b6%00@x.org", "%FF%C3%B6%00", "x.org", 0,
    "%FF\xc3\xb6%00@x.org", "sip:%FF%C3%B6%00@x.org" },
  { "sip:%c2%85@x.org", "%C2%85", "x.org", 0, "%C2%85@x.org",
    "sip:%C2%85@x.org" },
  { "sip:bob:secret@192.0.2.4:5060;lr", "bob", "192.0.2.4", 5060,
    "bob@192.0.2.4", NULL },
  { "sip:bob:@h", "bob", "h", 0, "bob@h", NULL },
  { "sip:[2001:DB8:0::1]:5070;transport=tcp", NULL, "2001:db8::1", 5070,
    "[2001:db8::1]", "sip:[2001:db8::1]:5070;transport=tcp" },
  { "sip:carol@[::ffff:192.0.2.1]", "carol", "::ffff:192.0.2.1", 0,
    "carol@[::ffff:192.0.2.1]", NULL },
  { "sip:my_host", NULL, "my_host", 0, "my_host", NULL },
  { "sip:1.2.3.4.a", NULL, "1.2.3.4.a", 0, "1.2.3.4.a", NULL },
  { "tel:+1-201-555-0123", "+12015550123", NULL, 0, "+12015550123",
    "tel:+12015550123" },
  { "TEL:863-1234;phone-context=+1-914-555", "8631234", NULL, 0, "8631234",
    "tel:8631234;phone-context=+1914555" },
  { "tel:7a*%23;phone-context=Example.com", "7A*#", NULL, 0, "7A*#",
    "tel:7A*#;phone-context=example.com" },
};

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (goods); i++) {
    const Good *good = &goods[i];
    g_autoptr (Uri) uri = parsed (good->text);
    g_autofree char *aor = uri_aor (uri), *string = uri_to_string (uri);

    g_assert_cmpstr (uri_user (uri), ==, good->user);
    g_assert_cmpstr (uri_host (uri), ==, good->host);
    g_assert_cmpuint (uri_port (uri), ==, good->port);
    g_assert_cmpstr (aor, ==, good->aor);
    g_assert_cmpstr (string, ==, good->string ? good->string : good->text);
    check_round_trip (uri);
  }
}

static void
test_scheme_and_numeric (void)
{
  g_autoptr (Uri) sips = parsed ("sips:a@b.c"), tel = parsed ("tel:+1");
  g_autoptr (Uri) v4 = parsed ("sip:127.0.0.1"), v6 = parsed ("sip:[::1]");

  g_assert_cmpint (uri_scheme (sips), ==, URI_SIPS);
  g_assert_cmpint (uri_scheme (tel), ==, URI_TEL);
  g_assert_cmpint (uri_scheme (v4), ==, URI_SIP);
  g_assert_false (uri_host_is_numeric (sips));
  g_assert_false (uri_host_is_numeric (tel));
  g_assert_true (uri_host_is_numeric (v4));
  g_assert_true (uri_host_is_numeric (v6));
  g_assert_true (uri_is_bare (sips));
  g_assert_true (uri_is_bare (v4));
}

static void
test_bare (void)
{
  static const char *const dressed[]
      = { "sip:a:b@c", "sip:a@c:5060", "sip:a@c;lr", "sip:a@c?d=e" };

  for (guint i = 0; i < G_N_ELEMENTS (dressed); i++) {
    g_autoptr (Uri) uri = parsed (dressed[i]);

    g_assert_false (uri_is_bare (uri));
  }
}

static void
test_params (void)
{
  g_autoptr (Uri) uri = parsed (
      "sip:a@b;GR=urn:uuid:f81d%2D4;x=%3b%22;lr;transport=TCP?Subject=a%20b");
  g_autoptr (Uri) temporary = parsed ("sip:tgruu.7hs==jd7vnzga5w7fajsc7-ajd6f"
                                      "abz0f8g5@example.com;gr");

  g_assert_cmpstr (uri_param (uri, "gr"), ==, "urn:uuid:f81d-4");
  g_assert_cmpstr (uri_param (uri, "X"), ==, ";\"");
  g_assert_cmpstr (uri_param (uri, "LR"), ==, "");
  g_assert_cmpstr (uri_param (uri, "transport"), ==, "TCP");
  g_assert_null (uri_param (uri, "subject"));
  g_assert_null (uri_param (uri, "g"));
  g_assert_cmpstr (uri_param (temporary, "gr"), ==, "");
  g_assert_cmpstr (uri_user (temporary), ==,
                   "tgruu.7hs==jd7vnzga5w7fajsc7-ajd6fabz0f8g5");
  check_round_trip (uri);
  check_round_trip (temporary);
}

/* RFC 4475 3.1.1: legal, however odd. */
static void
test_torture_valid (void)
{
  static const char *const texts[] = {
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    ":&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
    "sip:vivekg@chair-dnrc.example.com;unknownparam",
    "sip:null-%00-null@example.com",
    "sip:%00@example.com",
    "sip:user;par=u%40example.net@example.com",
    "sip:sips%3Auser%40example.com@example.net",
    "sip:user@example.com?Route=%3Csip:example.com%3E",
    "sip:services.example.com;lr;unknownwith=value;unknown-no-value",
    "sip:+1-201-555-0123;phone-context=x@gw.example.com;user=phone",
    "sip:*77@example.com",
    "sip:a@xn--bcher-kva.example",
  };
  g_autoptr (Uri) odd = parsed (texts[0]);

  g_assert_cmpstr (uri_user (odd), ==,
                   "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (Uri) uri = parsed (texts[i]);

    check_round_trip (uri);
  }
}

typedef struct {
  const char *text;
  int code;
} Bad;

static const Bad bads[] = {
  { "", RC_ERROR_SYNTAX },
  { "sip:", RC_ERROR_SYNTAX },
  { "sip", RC_ERROR_SYNTAX },
  { ":a@b", RC_ERROR_SYNTAX },
  { "alice@example.com", RC_ERROR_SYNTAX },
  { "alice@example.com:5060", RC_ERROR_SYNTAX },
  { "<sip:a@b>", RC_ERROR_SYNTAX },
  { "http://example.com", RC_ERROR_UNSUPPORTED },
  { "xmpp:a@b", RC_ERROR_UNSUPPORTED },
  { "nobodyKnowsThisScheme:totallyopaquecontent", RC_ERROR_UNSUPPORTED },
  { "sip:alice@", RC_ERROR_SYNTAX },
  { "sip:@example.com", RC_ERROR_SYNTAX },
  { "sip::pw@example.com", RC_ERROR_SYNTAX },
  { "sip:a@b@c", RC_ERROR_SYNTAX },
  { "sip:a@b;c@d", RC_ERROR_SYNTAX },
  { "sip:al ice@b", RC_ERROR_SYNTAX },
  { "sip:a@b ", RC_ERROR_SYNTAX },
  { " sip:a@b", RC_ERROR_SYNTAX },
  { "sip:a@b;lr ;maddr=x", RC_ERROR_SYNTAX },
  { "sip:a\"b@c", RC_ERROR_SYNTAX },
  { "sip:a<b@c", RC_ERROR_SYNTAX },
  { "sip:a\x01@b", RC_ERROR_SYNTAX },
  { "sip:a\r\n@b", RC_ERROR_SYNTAX },
  { "sip:a\x7f@b", RC_ERROR_SYNTAX },
  { "sip:a\xff@b", RC_ERROR_SYNTAX },
  { "sip:a\xc3@b", RC_ERROR_SYNTAX },
  { "sip:a%@b", RC_ERROR_SYNTAX },
  { "sip:a%4@b", RC_ERROR_SYNTAX },
  { "sip:a%zz@b", RC_ERROR_SYNTAX },
  { "sip:a@%65xample.com", RC_ERROR_SYNTAX },
  { "sip:a@b:", RC_ERROR_SYNTAX },
  { "sip:a@b:0", RC_ERROR_SYNTAX },
  { "sip:a@b:65536", RC_ERROR_SYNTAX },
  { "sip:a@b:4294967297", RC_ERROR_SYNTAX },
  { "sip:a@b:18446744073709551617", RC_ERROR_SYNTAX },
  { "sip:a@b:50x", RC_ERROR_SYNTAX },
  { "sip:a@b:-1", RC_ERROR_SYNTAX },
  { "sip:a@-b.com", RC_ERROR_SYNTAX },
  { "sip:a@b-.com", RC_ERROR_SYNTAX },
  { "sip:a@b..com", RC_ERROR_SYNTAX },
  { "sip:a@.com", RC_ERROR_SYNTAX },
  { "sip:a@.", RC_ERROR_SYNTAX },
  { "sip:a@b.com..", RC_ERROR_SYNTAX },
  { "sip:a@256.1.1.1", RC_ERROR_SYNTAX },
  { "sip:a@1.2.3", RC_ERROR_SYNTAX },
  { "sip:a@1.2.3.4.5", RC_ERROR_SYNTAX },
  { "sip:a@exa\xc3\xb6mple.com", RC_ERROR_SYNTAX },
  { "sip:a@::1", RC_ERROR_SYNTAX },
  { "sip:a@[::1", RC_ERROR_SYNTAX },
  { "sip:a@[]", RC_ERROR_SYNTAX },
  { "sip:a@[::1]x", RC_ERROR_SYNTAX },
  { "sip:a@[::1]:", RC_ERROR_SYNTAX },
  { "sip:a@[1.2.3.4]", RC_ERROR_SYNTAX },
  { "sip:a@[fe80::1%25eth0]", RC_ERROR_SYNTAX },
  { "sip:a@[1:2:3:4:5:6:7:8:9]", RC_ERROR_SYNTAX },
  { "sip:a@b;", RC_ERROR_SYNTAX },
  { "sip:a@b;;lr", RC_ERROR_SYNTAX },
  { "sip:a@b;=x", RC_ERROR_SYNTAX },
  { "sip:a@b;x=", RC_ERROR_SYNTAX },
  { "sip:a@b;x=y=z", RC_ERROR_SYNTAX },
  { "sip:a@b;x=%00", RC_ERROR_SYNTAX },
  { "sip:a@b;x=%0d%0aVia:", RC_ERROR_SYNTAX },
  { "sip:a@b;lr;LR", RC_ERROR_SYNTAX },
  { "sip:a@b;gr=1;g%72=2", RC_ERROR_SYNTAX },
  { "sip:a@b?", RC_ERROR_SYNTAX },
  { "sip:a@b?x", RC_ERROR_SYNTAX },
  { "sip:a@b?x=1&", RC_ERROR_SYNTAX },
  { "sip:a@b?=1", RC_ERROR_SYNTAX },
  { "sip:a@b?x=a b", RC_ERROR_SYNTAX },
  { "sip:user@example.com?Route=<sip:example.com>", RC_ERROR_SYNTAX },
  { "tel:", RC_ERROR_SYNTAX },
  { "tel:+", RC_ERROR_SYNTAX },
  { "tel:+-", RC_ERROR_SYNTAX },
  { "tel:+12a", RC_ERROR_SYNTAX },
  { "tel:911", RC_ERROR_SYNTAX },
  { "tel:12;phone-context=", RC_ERROR_SYNTAX },
  { "tel:12;phone-context=+", RC_ERROR_SYNTAX },
  { "tel:12;phone-context=-x", RC_ERROR_SYNTAX },
  { "tel:+12;phone-context=x", RC_ERROR_SYNTAX },
  { "tel:+12;ext=1;ext=2", RC_ERROR_SYNTAX },
  { "tel:12 3;phone-context=x", RC_ERROR_SYNTAX },
};

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bads); i++) {
    g_autoptr (GError) error = NULL;
    Uri *uri = NULL;

    g_test_message ("%s", bads[i].text);
    g_assert_false (uri_parse (bads[i].text, -1, &uri, &error));
    g_assert_error (error, RC_ERROR, bads[i].code);
    g_assert_null (uri);
  }
}

static void
test_nul_inside (void)
{
  g_autoptr (GError) error = NULL;
  Uri *uri = NULL;

  g_assert_false (uri_parse ("sip:a\0b@c", 9, &uri, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
}

static void
test_bounds (void)
{
  g_autofree char *user = g_strnfill (URI_MAX - 6, 'u');
  g_autofree char *label = g_strnfill (63, 'a');
  g_autofree char *fits = g_strconcat ("sip:", user, "@b", NULL);
  g_autofree char *longer = g_strconcat ("sip:u", user, "@b", NULL);
  g_autofree char *label_fits = g_strconcat ("sip:", label, NULL);
  g_autofree char *label_long = g_strconcat ("sip:a", label, NULL);
  g_autofree char *name_long
      = g_strconcat ("sip:", label, ".", label, ".", label, ".", label, NULL);
  g_autoptr (GString) params = g_string_new ("sip:a@b");
  g_autoptr (Uri) a = parsed (fits), b = parsed (label_fits), c = NULL;
  Uri *none = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (uri_parse (longer, -1, &none, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
  g_clear_error (&error);
  g_assert_false (uri_parse (label_long, -1, &none, NULL));
  g_assert_false (uri_parse (name_long, -1, &none, NULL));
  for (guint i = 0; i < 32; i++)
    g_string_append_printf (params, ";p%u", i);
  c = parsed (params->str);
  g_string_append (params, ";last");
  g_assert_false (uri_parse (params->str, -1, &none, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
}

/* Every beginning of a long URI is refused or gives one that holds. */
static void
test_cut (void)
{
  static const char text[]
      = "sip:a%40li%C3%A7e;x:p%61ss@[2001:db8::7]:5061"
        ";transport=tls;gr=urn:uuid:%31;lr?Subject=a%20b&Priority=urgent";
  g_autoptr (Uri) whole = parsed (text);

  for (gsize len = 0; len < sizeof text - 1; len++) {
    g_autofree char *copy = g_memdup2 (text, len);
    g_autoptr (GError) error = NULL;
    g_autoptr (Uri) uri = NULL;

    if (uri_parse (len == 0 ? "" : copy, (gssize)len, &uri, &error)) {
      check_round_trip (uri);
      g_assert_false (uri_equal (uri, whole));
    } else
      g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

static const char *const fuzz_seeds[] = {
  "sip:a%40li%C3%A7e;x:p%61ss@[2001:db8::7]:5061;transport=tls;lr?S=a%20b&P=u",
  "sips:alice@example.com:5061;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf",
  "tel:+1-201-555-0123;ext=7;isub=1411",
  "tel:7042;phone-context=example.com",
  "sip:\xc3\xa9l\xc3\xa9@host.example;user=phone",
};

/* One random change: a byte set, inserted, removed, or a piece doubled. */
static void
mutate (GRand *rand, GString *text)
{
  static const char odd[] = "%@:;?&=[]+#.\\<>\" \r\n\t\xc3\xff/0aZ*()-";
  gssize at
      = text->len == 0 ? 0 : g_rand_int_range (rand, 0, (gint32)text->len);
  char c = odd[g_rand_int_range (rand, 0, sizeof odd)];

  switch (g_rand_int_range (rand, 0, 4)) {
  case 0:
    if (text->len > 0)
      text->str[at] = c;
    break;
  case 1:
    g_string_insert_c (text, at, c);
    break;
  case 2:
    if (text->len > 0)
      g_string_erase (text, at, 1);
    break;
  default:
    if (text->len < 600) {
      g_autofree char *tail
          = g_memdup2 (text->str + at, text->len - (gsize)at + 1);

      g_string_append_len (text, tail, (gssize)(text->len - (gsize)at));
    }
  }
}

static void
test_fuzz (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3261);
  guint accepted = 0;

  for (guint i = 0; i < 40000; i++) {
    const char *seed = fuzz_seeds[i % G_N_ELEMENTS (fuzz_seeds)];
    g_autoptr (GString) text = g_string_new (seed);
    g_autoptr (GError) error = NULL;
    g_autoptr (Uri) uri = NULL;

    for (int n = g_rand_int_range (rand, 1, 6); n > 0; n--)
      mutate (rand, text);
    if (uri_parse (text->str, (gssize)text->len, &uri, &error)) {
      check_round_trip (uri);
      accepted++;
    } else
      g_assert_nonnull (error);
  }
  g_assert_cmpuint (accepted, >, 1000);
}

typedef struct {
  const char *a, *b;
  gboolean is_equal, has_same_key;
} Pair;

/* The first ones are the sets of RFC 3261 19.1.4. */
static const Pair pairs[] = {
  { "sip:%61lice@atlanta.com;transport=TCP",
    "sip:alice@AtLanTa.CoM;Transport=tcp", TRUE, TRUE },
  { "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", TRUE, TRUE },
  { "sip:carol@chicago.com", "sip:carol@chicago.com;security=on", TRUE, TRUE },
  { "sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on",
    TRUE, TRUE },
  { "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
    "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    TRUE, TRUE },
  { "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
    "sip:alice@atlanta.com?priority=urgent&subject=project%20x", TRUE, TRUE },
  { "SIP:ALICE@AtLanTa.CoM;Transport=udp",
    "sip:alice@AtLanTa.CoM;Transport=UDP", FALSE, FALSE },
  { "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", FALSE, FALSE },
  { "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", FALSE, FALSE },
  { "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", FALSE,
    FALSE },
  { "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting",
    FALSE, FALSE },
  { "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", FALSE, FALSE },
  { "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off",
    FALSE, TRUE }, /* a key cannot say it */
  { "sip:a@b", "sips:a@b", FALSE, FALSE },
  { "sip:a@b", "sip:b", FALSE, FALSE },
  { "sip:a:x@b", "sip:a@b", FALSE, FALSE },
  { "sip:a:x@b", "sip:a:X@b", FALSE, FALSE },
  { "sip:a@b;user=ip", "sip:a@b", FALSE, FALSE },
  { "sip:a@b;ttl=1", "sip:a@b", FALSE, FALSE },
  { "sip:a@b;method=INVITE", "sip:a@b", FALSE, FALSE },
  { "sip:a@b;maddr=h", "sip:a@b", FALSE, FALSE },
  { "sip:a@b;maddr=h;ttl=1", "sip:a@b;ttl=1;maddr=H", TRUE, TRUE },
  { "sip:a@b;lr", "sip:a@b;lr=on", FALSE, TRUE },
  { "sip:a%26b@c", "sip:a&b@c", FALSE, FALSE }, /* reserved */
  { "sip:a%2ab@c", "sip:a*b@c", TRUE, TRUE },
  { "sip:a@[2001:db8:0:0::1]", "sip:a@[2001:DB8::1]", TRUE, TRUE },
  { "sip:a@[::1]", "sip:a@localhost", FALSE, FALSE },
  /* RFC 5627 5.4: a public GRUU equals its AoR, but is another key */
  { "sip:a@b;gr=urn:uuid:1", "sip:a@b", TRUE, FALSE },
  { "sip:a@b;gr=urn:uuid:1", "sip:a@b;gr=urn:uuid:2", FALSE, FALSE },
  { "sip:a@b;gr", "sip:a@b;gr=1", FALSE, FALSE },
  { "sip:a@b?x=1&x=2", "sip:a@b?x=2&X=1", TRUE, TRUE },
  { "sip:a@b?x=1", "sip:a@b?x=2", FALSE, FALSE },
  /* RFC 3966 section 4 */
  { "tel:+1-201-555", "tel:+1(201)555", TRUE, TRUE },
  { "tel:+1201", "tel:1201;phone-context=x", FALSE, FALSE },
  { "tel:12;phone-context=+1-9", "tel:1.2;phone-context=+1(9)", TRUE, TRUE },
  { "tel:12;phone-context=A.com", "tel:12;phone-context=a.com", TRUE, TRUE },
  { "tel:+12;ext=1;isub=2", "tel:+12;isub=2;ext=1", TRUE, TRUE },
  { "tel:+12;ext=1", "tel:+12", FALSE, FALSE },
  { "tel:+12;tsp=a", "tel:+12;TSP=A", TRUE, TRUE },
};

static void
test_equal (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autoptr (Uri) a = parsed (pairs[i].a), b = parsed (pairs[i].b);
    g_autofree char *key_a = uri_key (a), *key_b = uri_key (b);

    g_test_message ("%s %s", pairs[i].a, pairs[i].b);
    g_assert_true (uri_equal (a, a));
    g_assert_cmpint (uri_equal (a, b), ==, pairs[i].is_equal);
    g_assert_cmpint (uri_equal (b, a), ==, pairs[i].is_equal);
    g_assert_cmpint (g_str_equal (key_a, key_b), ==, pairs[i].has_same_key);
  }
}

typedef struct {
  const char *text, *aor; /* aor NULL: refused */
} AorCase;

static const AorCase aors[] = {
  { "alice@Example.com", "alice@example.com" },
  { "sip:Alice@example.com", "Alice@example.com" },
  { "SIPS:alice@example.com", "alice@example.com" },
  { "%61lice@example.com", "alice@example.com" },
  { "a%26b@example.com", "a&b@example.com" },
  { "b%C3%B6b@example.com", "b\xc3\xb6"
                            "b@example.com" },
  { "b\xc3\xb6"
    "b@example.com",
    "b\xc3\xb6"
    "b@example.com" },
  { "bob%40work@example.com", "bob%40work@example.com" },
  { "+49.30@[2001:db8::1]", "+49.30@[2001:db8::1]" },
  { "", NULL },
  { "alice", NULL },
  { "@example.com", NULL },
  { "alice@", NULL },
  { "sip:", NULL },
  { "example.com", NULL },
  { "alice@example.com:5060", NULL },
  { "alice@example.com;lr", NULL },
  { "alice:pw@example.com", NULL },
  { "alice@example.com?x=y", NULL },
  { "a b@example.com", NULL },
  { "a%b@example.com", NULL },
  { "a@b@example.com", NULL },
  { "tel:+1", NULL },
  { "<sip:alice@example.com>", NULL },
};

static void
test_aor_parse (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (aors); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *aor = NULL;

    g_test_message ("%s", aors[i].text);
    aor_parse (aors[i].text, &aor, &error);
    g_assert_cmpstr (aor, ==, aors[i].aor);
    if (aors[i].aor != NULL) {
      g_autofree char *again = NULL;

      g_assert_no_error (error);
      g_assert_true (aor_parse (aor, &again, NULL));
      g_assert_cmpstr (again, ==, aor);
    } else
      g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

static void
test_aor_bound (void)
{
  g_autofree char *user = g_strnfill (AOR_MAX - 2, 'u');
  g_autofree char *fits = g_strconcat (user, "@b", NULL);
  g_autofree char *longer = g_strconcat ("u", fits, NULL);
  g_autofree char *huge = g_strnfill (1 << 20, 'u');
  g_autofree char *aor = NULL, *none = NULL;

  g_assert_true (aor_parse (fits, &aor, NULL));
  g_assert_false (aor_parse (longer, &none, NULL));
  g_assert_false (aor_parse (huge, &none, NULL));
}

static void
test_aor_parts (void)
{
  g_autofree char *user = aor_user ("a;b@example.com"), *empty = aor_user ("x");
  g_autofree char *key = aor_key ("AliCE%2B@Example.com");
  const char *no_at = "x";

  g_assert_cmpstr (user, ==, "a;b");
  g_assert_cmpstr (empty, ==, "");
  g_assert_cmpstr (aor_domain ("a;b@example.com"), ==, "example.com");
  g_assert_true (aor_domain (no_at) == no_at);
  g_assert_cmpstr (key, ==, "alice%2b@example.com");
  g_assert_true (aor_equal ("AliCE@a.b", "alice@A.B"));
  g_assert_false (aor_equal ("alice@a.b", "alice@a.bc"));
  g_assert_cmpuint (aor_hash ("AliCE@a.b"), ==, aor_hash ("alice@A.B"));
  g_assert_cmpuint (aor_hash ("alice@a.b"), !=, aor_hash ("alicf@a.b"));
}

/* AoR to URI and back is the identity; the URI is legal whatever the database
 * holds. */
static void
test_aor_to_uri (void)
{
  static const AorCase cases[] = {
    { "sip:alice@example.com", "alice@example.com" },
    { "sip:b%C3%B6b@example.com", "b\xc3\xb6"
                                  "b@example.com" },
    { "sip:bob%40work@example.com", "bob%40work@example.com" },
    { "sip:a;b&c@[::1]", "a;b&c@[::1]" },
    { "sip:example.com", "example.com" },
    { "sip:a%20b%25%22@x.y", "a b%\"@x.y" }, /* inserted by hand */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = aor_to_uri (cases[i].aor), *back = NULL;
    g_autoptr (Uri) uri = parsed (text);

    g_assert_cmpstr (text, ==, cases[i].text);
    back = uri_aor (uri);
    if (i + 1 < G_N_ELEMENTS (cases))
      g_assert_cmpstr (back, ==, cases[i].aor);
  }
}

/* The cases of tests/wire and the contract with SQL are more; these are the
 * shape of it. */
static void
test_contact (void)
{
  static const struct {
    const char *uri, *canonical, *aor;
  } cases[] = {
    { "SIP:Bob@Example.COM.;b=2;A=%41", "sip:bob@example.com;a=%41;b=2",
      "bob@example.com" },
    { "sips:b%6fb%2F%c3%a9@[2001:DB8::1]:5061",
      "sips:bob/\xc3\xa9@[2001:db8::1]:5061", "bob/\xc3\xa9@[2001:db8::1]" },
    { "pres:a%3Ab@1.2.3.4", "pres:a%3ab@1.2.3.4", "a%3ab@1.2.3.4" },
    { "tel:+49-(555).12;Ext=3", "tel:+4955512;ext=3", NULL },
    { "tel:%2312A;phone-context=+1", "tel:#12a;phone-context=+1", NULL },
    { "xmpp:bob@example.com/x", NULL, NULL },
    { "im:bob@example.com:5060", NULL, NULL },
    { "sip:bob@example.com:0", NULL, NULL },
    { "sip:bob@example.com:65536", NULL, NULL },
    { "sip:bob@example.com;", NULL, NULL },
    { "sip:bob@example.com?a=b", NULL, NULL },
    { "sip:bob:pw@example.com", NULL, NULL },
    { "sip:b%00b@example.com", NULL, NULL },
    { "sip:b%ffb@example.com", NULL, NULL },
    { "sip:example.com", NULL, NULL },
    { "sip:@example.com", NULL, NULL },
    { "sip:bob@-example.com", NULL, NULL },
    { "sip:bob@1.2.3", NULL, NULL },
    { "tel:110", NULL, NULL },
    { "tel:+", NULL, NULL },
    { "http://example.com", NULL, NULL },
    { "", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *canonical = contact_canonical (cases[i].uri);
    g_autofree char *aor = canonical != NULL ? contact_aor (canonical) : NULL;

    g_assert_cmpstr (canonical, ==, cases[i].canonical);
    g_assert_cmpstr (aor, ==, cases[i].aor);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/addr/uri/rfc3261-25.1/good", test_good);
  g_test_add_func ("/addr/uri/rfc3261-25.1/bad", test_bad);
  g_test_add_func ("/addr/uri/rfc3261-25.1/nul-inside", test_nul_inside);
  g_test_add_func ("/addr/uri/rfc3261-25.1/bounds", test_bounds);
  g_test_add_func ("/addr/uri/rfc3261-25.1/cut-at-every-byte", test_cut);
  g_test_add_func ("/addr/uri/rfc3261-25.1/fuzz", test_fuzz);
  g_test_add_func ("/addr/uri/scheme-and-numeric", test_scheme_and_numeric);
  g_test_add_func ("/addr/uri/bare", test_bare);
  g_test_add_func ("/addr/uri/rfc5627-6.1/params", test_params);
  g_test_add_func ("/addr/uri/rfc4475-3.1.1/valid", test_torture_valid);
  g_test_add_func ("/addr/uri/rfc3261-19.1.4/equal", test_equal);
  g_test_add_func ("/addr/aor/parse", test_aor_parse);
  g_test_add_func ("/addr/aor/bound", test_aor_bound);
  g_test_add_func ("/addr/aor/parts", test_aor_parts);
  g_test_add_func ("/addr/aor/to-uri", test_aor_to_uri);
  g_test_add_func ("/addr/contact/canonical", test_contact);
  return g_test_run ();
}
