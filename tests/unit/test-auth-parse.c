/* SPDX-License-Identifier: ISC
 *
 * auth/: credentials as clients write them (RFC 7616 3.4), and as they must not
 * be. */
#include "auth/digest.h"
#include "base/error.h"

#include <string.h>

#define REALM "example.com"

static DigestCredentials *
parsed (const char *text)
{
  g_autoptr (GError) error = NULL;
  DigestCredentials *credentials = NULL;

  digest_parse (text, -1, &credentials, &error);
  g_assert_no_error (error);
  g_assert_nonnull (credentials);
  return credentials;
}

static const char typical[]
    = "Digest username=\"al\\\"ice\", realm=\"example.com\", nonce=\"n=\","
      " uri=\"sip:127.0.0.1:5060\", algorithm=MD5-sess, qop=auth-int,"
      " nc=0000002a, cnonce=\"c\\\\\", opaque=\"\","
      " response=\"8ca523f5e9506FED4657c9700eebdbec\"";

static void
test_parse (void)
{
  g_autoptr (DigestCredentials) c = parsed (typical);

  g_assert_cmpstr (c->username, ==, "al\"ice");
  g_assert_cmpstr (c->realm, ==, "example.com");
  g_assert_cmpstr (c->nonce, ==, "n=");
  g_assert_cmpstr (c->uri, ==, "sip:127.0.0.1:5060");
  g_assert_cmpstr (c->cnonce, ==, "c\\");
  g_assert_cmpstr (c->opaque, ==, "");
  g_assert_cmpstr (c->response, ==, "8ca523f5e9506fed4657c9700eebdbec");
  g_assert_cmpint (c->algorithm, ==, DIGEST_MD5);
  g_assert_true (c->is_sess && c->has_qop && c->is_auth_int && c->has_nc);
  g_assert_cmpuint (c->nc, ==, 42);
}

#define BASE "Digest username=u,realm=r,nonce=n,uri=sip:x,"
#define HEX32 "response=00112233445566778899aabbccddeeff"
#define HEX64 HEX32 "00112233445566778899aabbccddeeff"

/* What is not by the grammar, but sent by phones. */
static void
test_parse_tolerant (void)
{
  static const char *const texts[] = {
    BASE HEX32,
    "digest\r\n username = \"u\" , realm=\t\"r\",nonce=n,uri=sip:x," HEX32 "  ",
    "DIGEST ,, username=u,,realm=r,nonce=n,uri=sip:x," HEX32 ",",
    BASE HEX32 ",qop=\"auth\",nc=\"00000001\",cnonce=c,algorithm=\"MD5\"",
    BASE HEX32 ",nc=00000001", /* libpurple */
    BASE HEX32 ",nc=x,auth-param=\"y, z=\\\"\"",
    BASE HEX64 ",algorithm=sha-256",
    BASE HEX32 ",userhash=false,stale=FALSE",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (DigestCredentials) c = parsed (texts[i]);

    g_test_message ("%s", texts[i]);
    g_assert_cmpstr (c->username, ==, "u");
    g_assert_cmpstr (c->realm, ==, "r");
    g_assert_cmpint (c->has_nc, ==, c->has_qop);
  }
}

typedef struct {
  const char *text;
  int code;
} Bad;

static const Bad bads[] = {
  { "", RC_ERROR_SYNTAX },
  { "Digest", RC_ERROR_SYNTAX },
  { "Basic YTpi", RC_ERROR_UNSUPPORTED },
  { "Digest username", RC_ERROR_SYNTAX },
  { "Digest =u", RC_ERROR_SYNTAX },
  { "Digest username=", RC_ERROR_SYNTAX },
  { "Digest username=,realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=\"u,realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=\"u\\", RC_ERROR_SYNTAX },
  { "Digest username=\"u\" realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=\"u\"x,realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=\"u\r\n\",realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=\"u\x01\",realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=\"\xff\",realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { BASE, RC_ERROR_SYNTAX },
  { "Digest realm=r,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=u,nonce=n,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=u,realm=r,uri=x," HEX32, RC_ERROR_SYNTAX },
  { "Digest username=u,realm=r,nonce=n," HEX32, RC_ERROR_SYNTAX },
  { BASE HEX32 ",username=v", RC_ERROR_SYNTAX },
  { BASE HEX32 ",X=1,x=2", RC_ERROR_SYNTAX },
  { BASE HEX32 "0", RC_ERROR_SYNTAX },
  { BASE HEX64, RC_ERROR_SYNTAX },
  { BASE HEX32 ",algorithm=SHA-256", RC_ERROR_SYNTAX },
  { BASE "response=00112233445566778899aabbccddeefg", RC_ERROR_SYNTAX },
  { BASE HEX32 ",algorithm=SHA-512-256", RC_ERROR_UNSUPPORTED },
  { BASE HEX32 ",algorithm=AKAv1-MD5", RC_ERROR_UNSUPPORTED },
  { BASE HEX32 ",algorithm=MD5-sess", RC_ERROR_SYNTAX },
  { BASE HEX32 ",qop=auth,nc=00000001", RC_ERROR_SYNTAX },
  { BASE HEX32 ",qop=auth,cnonce=c", RC_ERROR_SYNTAX },
  { BASE HEX32 ",qop=auth,cnonce=c,nc=1", RC_ERROR_SYNTAX },
  { BASE HEX32 ",qop=auth,cnonce=c,nc=00000000", RC_ERROR_SYNTAX },
  { BASE HEX32 ",qop=auth,cnonce=c,nc=0000000g", RC_ERROR_SYNTAX },
  { BASE HEX32 ",qop=auth,cnonce=c,nc=000000001", RC_ERROR_SYNTAX },
  { BASE HEX32 ",qop=\"auth,auth-int\",cnonce=c,nc=00000001",
    RC_ERROR_UNSUPPORTED },
  { BASE HEX32 ",userhash=true", RC_ERROR_UNSUPPORTED },
};

static void
test_parse_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bads); i++) {
    g_autoptr (GError) error = NULL;
    DigestCredentials *c = NULL;

    g_test_message ("%s", bads[i].text);
    g_assert_false (digest_parse (bads[i].text, -1, &c, &error));
    g_assert_error (error, RC_ERROR, bads[i].code);
    g_assert_null (c);
  }
}

static void
test_parse_bounds (void)
{
  g_autofree char *pad = g_strnfill (4096 - strlen (BASE HEX32 ",x="), 'y');
  g_autofree char *fits = g_strconcat (BASE HEX32 ",x=", pad, NULL);
  g_autofree char *longer = g_strconcat (fits, "y", NULL);
  g_autoptr (GString) many = g_string_new (BASE HEX32);
  g_autoptr (DigestCredentials) good = parsed (fits), enough = NULL;
  g_autoptr (GError) error = NULL;
  DigestCredentials *c = NULL;

  g_assert_false (digest_parse (longer, -1, &c, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
  g_clear_error (&error);
  g_assert_false (digest_parse ("Digest a=\0b", 11, &c, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  g_clear_error (&error);
  for (guint i = 5; i < 32; i++)
    g_string_append_printf (many, ",p%u=1", i);
  enough = parsed (many->str);
  g_string_append (many, ",last=1");
  g_assert_false (digest_parse (many->str, -1, &c, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
}

/* No beginning but the whole is accepted: the response comes last. */
static void
test_parse_cut (void)
{
  for (gsize len = 0; len < sizeof typical - 1; len++) {
    g_autofree char *copy = g_memdup2 (typical, MAX (len, 1));
    g_autoptr (GError) error = NULL;
    DigestCredentials *c = NULL;

    g_assert_false (digest_parse (copy, (gssize)len, &c, &error));
    g_assert_true (error->domain == RC_ERROR);
  }
}

static void
test_parse_fuzz (void)
{
  static const char odd[] = "\"\\,= \t\r\n\xff"
                            "aZ09-;";
  g_autoptr (GRand) rand = g_rand_new_with_seed (8760);
  g_autoptr (Digest) digest = digest_new (300, 16);
  guint accepted = 0, refused = 0;

  for (guint i = 0; i < 40000; i++) {
    g_autofree char *text = g_memdup2 (typical, sizeof typical - 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (DigestCredentials) c = NULL;

    for (int n = g_rand_int_range (rand, 1, 4); n > 0; n--)
      text[g_rand_int_range (rand, 0, sizeof typical - 1)]
          = odd[g_rand_int_range (rand, 0, sizeof odd)];
    if (digest_parse (text, sizeof typical - 1, &c, &error)) {
      g_assert_cmpint (
          digest_verify (digest, c, REALM, NULL, "GET", NULL, 0, 1), ==,
          DIGEST_WRONG);
      accepted++;
    } else {
      g_assert_nonnull (error);
      refused++;
    }
  }
  g_assert_cmpuint (accepted, >, 1000);
  g_assert_cmpuint (refused, >, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/parse/typical", test_parse);
  g_test_add_func ("/auth/parse/tolerant", test_parse_tolerant);
  g_test_add_func ("/auth/parse/bad", test_parse_bad);
  g_test_add_func ("/auth/parse/bounds", test_parse_bounds);
  g_test_add_func ("/auth/parse/cut-at-every-byte", test_parse_cut);
  g_test_add_func ("/auth/parse/fuzz", test_parse_fuzz);
  return g_test_run ();
}
