/* SPDX-License-Identifier: ISC
 *
 * auth/: the worked examples of RFC 2617 and 7616, nonces, replay windows;
 * test-auth-parse.c has the credentials' grammar.  The client's side of the
 * arithmetic is done with GLib's hashes, so that no error of ours confirms
 * itself. */
#include "auth/digest.h"
#include "auth/offer.h"
#include "auth/replay.h"

#include <string.h>

#define SEC ((gint64)G_USEC_PER_SEC)
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

/* The client's side. */
typedef struct {
  const char *username, *password, *realm, *method, *uri;
  const char *algorithm; /* as in the challenge; NULL: not given, MD5 */
  const char *qop;       /* NULL: as in RFC 2069 */
  const char *nc, *cnonce, *body;
} Client;

static const Client alice = { .username = "alice",
                              .password = "secret",
                              .realm = REALM,
                              .method = "REGISTER",
                              .uri = "sip:example.com",
                              .algorithm = "MD5",
                              .qop = "auth",
                              .nc = "00000001",
                              .cnonce = "c" };

static char *
client_hash (const Client *client, const char *text)
{
  gboolean is_sha
      = client->algorithm != NULL && strstr (client->algorithm, "SHA") != NULL;

  return g_compute_checksum_for_string (
      is_sha ? G_CHECKSUM_SHA256 : G_CHECKSUM_MD5, text, -1);
}

static char *
client_ha1 (const Client *client, const char *nonce)
{
  g_autofree char *a1 = g_strdup_printf ("%s:%s:%s", client->username,
                                         client->realm, client->password);
  g_autofree char *plain = client_hash (client, a1), *session = NULL;

  if (client->algorithm == NULL || !strstr (client->algorithm, "-sess"))
    return g_steal_pointer (&plain);
  session = g_strdup_printf ("%s:%s:%s", plain, nonce, client->cnonce);
  return client_hash (client, session);
}

static char *
client_response (const Client *client, const char *nonce)
{
  gboolean is_int
      = client->qop != NULL && g_str_equal (client->qop, "auth-int");
  g_autofree char *ha1 = client_ha1 (client, nonce);
  g_autofree char *body
      = client_hash (client, client->body ? client->body : "");
  g_autofree char *a2 = g_strjoin (":", client->method, client->uri,
                                   is_int ? body : NULL, NULL);
  g_autofree char *ha2 = client_hash (client, a2);
  g_autofree char *text
      = client->qop == NULL
            ? g_strjoin (":", ha1, nonce, ha2, NULL)
            : g_strjoin (":", ha1, nonce, client->nc, client->cnonce,
                         client->qop, ha2, NULL);

  return client_hash (client, text);
}

/* The nonce in a challenge. */
static char *
nonce_of (const char *challenge)
{
  const char *start = strstr (challenge, "nonce=\"");

  g_assert_nonnull (start);
  start += strlen ("nonce=\"");
  return g_strndup (start, strcspn (start, "\""));
}

static DigestCredentials *
client_answer (const Client *client, const char *nonce)
{
  g_autofree char *response = client_response (client, nonce);
  g_autoptr (GString) text = g_string_new ("Digest ");

  g_string_append_printf (text,
                          "username=\"%s\",realm=\"%s\",nonce=\"%s\","
                          "uri=\"%s\",response=\"%s\"",
                          client->username, client->realm, nonce, client->uri,
                          response);
  if (client->algorithm != NULL)
    g_string_append_printf (text, ",algorithm=%s", client->algorithm);
  if (client->qop != NULL)
    g_string_append_printf (text, ",qop=%s", client->qop);
  if (client->nc != NULL)
    g_string_append_printf (text, ",nc=%s", client->nc);
  if (client->cnonce != NULL)
    g_string_append_printf (text, ",cnonce=\"%s\"", client->cnonce);
  return parsed (text->str);
}

static DigestVerdict
verify (Digest *digest, const Client *client, const char *nonce, gint64 now)
{
  g_autoptr (DigestCredentials) c = client_answer (client, nonce);
  g_autofree char *ha1 = digest_ha1 (c->algorithm, "alice", REALM, "secret");

  return digest_verify (digest, c, REALM, ha1, client->method, client->body,
                        client->body ? strlen (client->body) : 0, now);
}

static char *
fresh_nonce (Digest *digest, gint64 now)
{
  g_autofree char *challenge
      = digest_challenge (digest, REALM, DIGEST_MD5, FALSE, now);

  return nonce_of (challenge);
}

static void
test_challenge (void)
{
  g_autoptr (Digest) digest = digest_new (300, 16);
  g_autofree char *md5
      = digest_challenge (digest, "a\"b\\c", DIGEST_MD5, FALSE, SEC);
  g_autofree char *sha
      = digest_challenge (digest, REALM, DIGEST_SHA256, TRUE, SEC);
  g_autofree char *nonce = nonce_of (md5), *other = nonce_of (sha);
  g_autofree char *expected_md5 = g_strdup_printf (
      "Digest realm=\"a\\\"b\\\\c\", nonce=\"%s\", algorithm=MD5, qop=\"auth\"",
      nonce);
  g_autofree char *expected_sha = g_strdup_printf (
      "Digest realm=\"example.com\", nonce=\"%s\", algorithm=SHA-256,"
      " qop=\"auth\", stale=true",
      other);

  g_assert_cmpstr (md5, ==, expected_md5);
  g_assert_cmpstr (sha, ==, expected_sha);
  g_assert_cmpuint (strlen (nonce), ==, 48);
  g_assert_cmpstr (nonce, !=, other);
}

static void
test_nonces_differ (void)
{
  g_autoptr (Digest) digest = digest_new (300, 16);
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++)
    g_assert_true (g_hash_table_add (seen, fresh_nonce (digest, SEC)));
}

/* RFC 7616 3.9.1, both algorithms, and RFC 2617 3.5.  Their nonces are not
 * ours: a right response is stale, a wrong one wrong. */
typedef struct {
  const char *value, *realm, *password;
} Example;

#define RFC7616                                                                \
  "Digest username=\"Mufasa\",\r\n"                                            \
  "    realm=\"http-auth@example.org\", uri=\"/dir/index.html\",\r\n"          \
  "    nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\",\r\n"            \
  "    nc=00000001, qop=auth, "                                                \
  "    cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\",\r\n"           \
  "    opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\",\r\n"

static const Example examples[] = {
  { RFC7616 "algorithm=MD5, response=\"8ca523f5e9506fed4657c9700eebdbec\"",
    "http-auth@example.org", "Circle of Life" },
  { RFC7616 "algorithm=SHA-256, response="
            "\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
            "\"",
    "http-auth@example.org", "Circle of Life" },
  { "Digest username=\"Mufasa\", realm=\"testrealm@host.com\","
    " nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\","
    " qop=auth, nc=00000001, cnonce=\"0a4f113b\","
    " response=\"6629fae49393a05397450978507c4ef1\","
    " opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    "testrealm@host.com", "Circle Of Life" },
};

static void
test_examples (void)
{
  g_autoptr (Digest) digest = digest_new (300, 16);

  for (guint i = 0; i < G_N_ELEMENTS (examples); i++) {
    const Example *example = &examples[i];
    g_autoptr (DigestCredentials) c = parsed (example->value);
    g_autofree char *ha1 = digest_ha1 (c->algorithm, c->username,
                                       example->realm, example->password);

    g_assert_cmpint (
        digest_verify (digest, c, example->realm, ha1, "GET", NULL, 0, SEC), ==,
        DIGEST_STALE);
    g_assert_cmpint (
        digest_verify (digest, c, example->realm, ha1, "POST", NULL, 0, SEC),
        ==, DIGEST_WRONG);
    c->response[0] ^= 1;
    g_assert_cmpint (
        digest_verify (digest, c, example->realm, ha1, "GET", NULL, 0, SEC), ==,
        DIGEST_WRONG);
  }
}

static void
test_ha1 (void)
{
  g_autofree char *md5 = digest_ha1 (DIGEST_MD5, "Mufasa", "testrealm@host.com",
                                     "Circle Of Life");
  g_autofree char *sha = digest_ha1 (DIGEST_SHA256, "alice", REALM, "secret");
  g_autofree char *expected = g_compute_checksum_for_string (
      G_CHECKSUM_SHA256, "alice:" REALM ":secret", -1);

  g_assert_cmpstr (md5, ==, "939e7578ed9e3c518a452acee763bce9");
  g_assert_cmpstr (sha, ==, expected);
}

/* Every kind of answer that a client may give, with a fresh nonce each. */
static void
test_kinds (void)
{
  static const char *const algorithms[]
      = { NULL, "MD5", "md5", "SHA-256", "MD5-sess", "SHA-256-sess" };
  static const char *const qops[] = { NULL, "auth", "auth-int" };
  g_autoptr (Digest) digest = digest_new (300, 64);

  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    for (guint j = 0; j < G_N_ELEMENTS (qops); j++) {
      g_autofree char *nonce = fresh_nonce (digest, SEC);
      Client client = alice, other;

      client.algorithm = algorithms[i];
      client.qop = qops[j];
      client.body = "<presence/>";
      g_test_message ("%s %s", algorithms[i], qops[j]);
      other = client;
      other.password = "Secret";
      g_assert_cmpint (verify (digest, &other, nonce, SEC), ==, DIGEST_WRONG);
      other = client;
      other.username = "bob";
      g_assert_cmpint (verify (digest, &other, nonce, SEC), ==, DIGEST_WRONG);
      g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_OK);
    }
}

/* The request's method and, with auth-int, body are covered. */
static void
test_covered (void)
{
  g_autoptr (Digest) digest = digest_new (300, 64);
  g_autofree char *nonce = fresh_nonce (digest, SEC);
  g_autofree char *ha1 = digest_ha1 (DIGEST_MD5, "alice", REALM, "secret");
  Client client = alice;
  g_autoptr (DigestCredentials) c = NULL;

  client.qop = "auth-int";
  client.body = "hello";
  c = client_answer (&client, nonce);
  g_assert_cmpint (
      digest_verify (digest, c, REALM, ha1, "PUBLISH", "hello", 5, SEC), ==,
      DIGEST_WRONG);
  g_assert_cmpint (
      digest_verify (digest, c, REALM, ha1, "REGISTER", "hellO", 5, SEC), ==,
      DIGEST_WRONG);
  g_assert_cmpint (
      digest_verify (digest, c, REALM, ha1, "REGISTER", NULL, 0, SEC), ==,
      DIGEST_WRONG);
  g_assert_cmpint (
      digest_verify (digest, c, REALM, ha1, "REGISTER", "hello", 5, SEC), ==,
      DIGEST_OK);
}

/* An unknown user is a wrong password, whatever he sends. */
static void
test_unknown_user (void)
{
  g_autoptr (Digest) digest = digest_new (300, 64);
  g_autofree char *nonce = fresh_nonce (digest, SEC);
  static const char *const algorithms[] = { "MD5", "SHA-256" };

  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++) {
    Client client = alice;
    g_autoptr (DigestCredentials) c = NULL;

    client.algorithm = algorithms[i];
    c = client_answer (&client, nonce);
    g_assert_cmpint (
        digest_verify (digest, c, REALM, NULL, "REGISTER", NULL, 0, SEC), ==,
        DIGEST_WRONG);
  }
}

static void
test_stale (void)
{
  g_autoptr (Digest) digest = digest_new (300, 64);
  g_autofree char *nonce = fresh_nonce (digest, 10 * SEC);
  Client wrong = alice, old = alice;

  wrong.password = "x";
  old.qop = NULL;
  g_assert_cmpint (verify (digest, &alice, nonce, 310 * SEC + 1), ==,
                   DIGEST_STALE);
  g_assert_cmpint (verify (digest, &old, nonce, 310 * SEC + 1), ==,
                   DIGEST_STALE);
  g_assert_cmpint (verify (digest, &wrong, nonce, 310 * SEC + 1), ==,
                   DIGEST_WRONG);
  g_assert_cmpint (verify (digest, &alice, nonce, 10 * SEC - 1), ==,
                   DIGEST_STALE); /* from the future */
  g_assert_cmpint (verify (digest, &alice, nonce, 310 * SEC), ==, DIGEST_OK);
  digest_set_lifetime (digest, 10);
  g_assert_cmpint (verify (digest, &old, nonce, 20 * SEC + 1), ==,
                   DIGEST_STALE);
  digest_set_lifetime (digest, 400);
  g_assert_cmpint (verify (digest, &old, nonce, 400 * SEC), ==, DIGEST_OK);
}

/* A nonce of another realm, another start, or changed in any letter is not
 * ours. */
static void
test_foreign_nonce (void)
{
  g_autoptr (Digest) digest = digest_new (300, 64);
  g_autoptr (Digest) before = digest_new (300, 64);
  g_autofree char *old = fresh_nonce (before, SEC);
  g_autofree char *elsewhere
      = digest_challenge (digest, "other.example", DIGEST_MD5, FALSE, SEC);
  g_autofree char *elsewhere_nonce = nonce_of (elsewhere);
  g_autofree char *nonce = fresh_nonce (digest, SEC);
  g_autofree char *longer = g_strconcat (nonce, "A", NULL);

  g_assert_cmpint (verify (digest, &alice, old, SEC), ==, DIGEST_STALE);
  g_assert_cmpint (verify (digest, &alice, elsewhere_nonce, SEC), ==,
                   DIGEST_STALE);
  g_assert_cmpint (verify (digest, &alice, longer, SEC), ==, DIGEST_STALE);
  g_assert_cmpint (verify (digest, &alice, "", SEC), ==, DIGEST_STALE);
  for (gsize i = 0; i < strlen (nonce); i++) {
    g_autofree char *changed = g_strdup (nonce);

    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    g_assert_cmpint (verify (digest, &alice, changed, SEC), ==, DIGEST_STALE);
    changed[i] = '*';
    g_assert_cmpint (verify (digest, &alice, changed, SEC), ==, DIGEST_STALE);
    changed[i] = '\0';
    g_assert_cmpint (verify (digest, &alice, changed, SEC), ==, DIGEST_STALE);
  }
  g_assert_cmpint (verify (digest, &alice, nonce, SEC), ==, DIGEST_OK);
}

/* Credentials for another realm do not count, even with the right hash. */
static void
test_realm (void)
{
  g_autoptr (Digest) digest = digest_new (300, 64);
  g_autofree char *nonce = fresh_nonce (digest, SEC);
  Client client = alice;
  g_autofree char *ha1
      = digest_ha1 (DIGEST_MD5, "alice", "other.example", "secret");
  g_autoptr (DigestCredentials) c = NULL;

  client.realm = "other.example";
  c = client_answer (&client, nonce);
  g_assert_cmpint (
      digest_verify (digest, c, REALM, ha1, "REGISTER", NULL, 0, SEC), ==,
      DIGEST_WRONG);
}

static void
test_replay (void)
{
  g_autoptr (Digest) digest = digest_new (300, 64);
  g_autofree char *nonce = fresh_nonce (digest, SEC);
  g_autofree char *second = fresh_nonce (digest, SEC);
  Client client = alice;

  client.password = "x"; /* a wrong answer uses up nothing */
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_WRONG);
  client.password = "secret";
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_OK);
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_REPLAY);
  client.nc = "00000003";
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_OK);
  client.nc = "00000002"; /* overtaken on the way */
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_OK);
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_REPLAY);
  client.nc = "0000000A"; /* the spelling is part of the hash */
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_OK);
  client.nc = "0000000a";
  g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_REPLAY);
  client.nc = "00000001"; /* sipp: the same nc and cnonce, another nonce */
  g_assert_cmpint (verify (digest, &client, second, SEC), ==, DIGEST_OK);
}

/* libpurple: no qop, but an nc that never moves. */
static void
test_rfc2069_repeats (void)
{
  g_autoptr (Digest) digest = digest_new (300, 64);
  g_autofree char *nonce = fresh_nonce (digest, SEC);
  Client client = alice;

  client.qop = client.cnonce = NULL;
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (verify (digest, &client, nonce, SEC), ==, DIGEST_OK);
}

static NonceStamp
stamp (gint64 issued)
{
  NonceStamp out = { issued, (guint64)issued * 2654435761u };

  return out;
}

static ReplayVerdict
use (Replay *replay, gint64 issued, guint32 nc)
{
  NonceStamp nonce = stamp (issued);

  return replay_use (replay, &nonce, nc, 0);
}

static void
test_window (void)
{
  g_autoptr (Replay) replay = replay_new (4);

  g_assert_cmpint (use (replay, 1, 100), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 1, 37), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 1, 36), ==, REPLAY_SEEN); /* below the window */
  g_assert_cmpint (use (replay, 1, 101), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 1, 100), ==, REPLAY_SEEN);
  g_assert_cmpint (use (replay, 1, 37), ==, REPLAY_SEEN);
  g_assert_cmpint (use (replay, 1, 38), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 1, 164), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 1, 101), ==, REPLAY_SEEN);
  g_assert_cmpint (use (replay, 1, 102), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 1, G_MAXUINT32), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 1, G_MAXUINT32), ==, REPLAY_SEEN);
  g_assert_cmpint (use (replay, 1, 165), ==, REPLAY_SEEN);
  g_assert_cmpint (use (replay, 1, G_MAXUINT32 - 63), ==, REPLAY_FRESH);
  g_assert_cmpuint (replay_size (replay), ==, 1);
}

/* Each count once, whatever the order, against a plain set. */
static void
test_window_random (void)
{
  g_autoptr (Replay) replay = replay_new (4);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7616);
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  guint32 top = 1;

  for (guint i = 0; i < 20000; i++) {
    guint32 nc = (guint32)g_rand_int_range (rand, (gint32)MAX (top, 100) - 99,
                                            (gint32)top + 4);
    gboolean is_new = !g_hash_table_contains (used, GUINT_TO_POINTER (nc));
    gboolean is_in = nc + 64 > top;
    ReplayVerdict verdict = use (replay, 1, nc);

    g_assert_cmpint (verdict, ==, is_new && is_in ? REPLAY_FRESH : REPLAY_SEEN);
    g_hash_table_add (used, GUINT_TO_POINTER (nc));
    top = MAX (top, nc);
  }
}

static void
test_forgotten (void)
{
  g_autoptr (Replay) replay = replay_new (3);

  for (gint64 issued = 10; issued <= 12; issued++)
    g_assert_cmpint (use (replay, issued, 1), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 9, 1), ==, REPLAY_FRESH); /* 10 is let go */
  g_assert_cmpuint (replay_size (replay), ==, 3);
  g_assert_cmpint (use (replay, 10, 1), ==, REPLAY_FORGOTTEN);
  g_assert_cmpint (use (replay, 10, 2), ==, REPLAY_FORGOTTEN);
  g_assert_cmpint (use (replay, 8, 1), ==, REPLAY_FORGOTTEN);
  g_assert_cmpint (use (replay, 9, 1), ==, REPLAY_SEEN);
  g_assert_cmpint (use (replay, 9, 2), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 11, 1), ==, REPLAY_SEEN);
  g_assert_cmpint (use (replay, 13, 1), ==, REPLAY_FRESH);
  g_assert_cmpint (use (replay, 11, 1), ==, REPLAY_FORGOTTEN);
}

static void
test_too_old_let_go (void)
{
  g_autoptr (Replay) replay = replay_new (100);
  NonceStamp late = stamp (1000);

  for (gint64 issued = 1; issued <= 50; issued++)
    use (replay, issued, 1);
  g_assert_cmpuint (replay_size (replay), ==, 50);
  g_assert_cmpint (replay_use (replay, &late, 1, 41), ==, REPLAY_FRESH);
  g_assert_cmpuint (replay_size (replay), ==, 11);
  g_assert_cmpint (use (replay, 40, 1), ==, REPLAY_FORGOTTEN);
  g_assert_cmpint (use (replay, 41, 1), ==, REPLAY_SEEN);
}

/* The bound holds in the verifier too, and forgetting lets no replay in. */
static void
test_bounded (void)
{
  g_autoptr (Digest) digest = digest_new (300, 16);
  g_autofree char *first = fresh_nonce (digest, SEC);

  g_assert_cmpint (verify (digest, &alice, first, SEC), ==, DIGEST_OK);
  for (guint i = 0; i < 16; i++) {
    g_autofree char *nonce = fresh_nonce (digest, (2 + i) * SEC);

    g_assert_cmpint (verify (digest, &alice, nonce, 60 * SEC), ==, DIGEST_OK);
  }
  g_assert_cmpint (verify (digest, &alice, first, 60 * SEC), ==, DIGEST_STALE);
}

/* A nonce counts after a restart when the key is the same. */
static void
test_kept_key (void)
{
  static const guint8 key[DIGEST_KEY_LEN] = { 1, 2, 3 };
  g_autoptr (Digest) before = digest_new (300, 64);
  g_autoptr (Digest) after = digest_new (300, 64);
  g_autofree char *nonce = NULL;

  digest_set_key (before, key);
  nonce = fresh_nonce (before, SEC);
  g_assert_cmpint (verify (after, &alice, nonce, 2 * SEC), ==, DIGEST_STALE);
  digest_set_key (after, key);
  g_assert_cmpint (verify (after, &alice, nonce, 2 * SEC), ==, DIGEST_OK);
}

static void
test_offer (void)
{
  static const char *const md5[] = { "md5", NULL };
  static const char *const both[] = { "md5", "sha256", NULL };
  static const char *const turned[] = { "sha256", "md5", NULL };
  const DigestHashes has_md5 = { .md5 = "x" };
  const DigestHashes has_both = { "x", "y" };
  const DigestHashes has_none = { 0 };
  DigestAlgorithm out[2];

  g_assert_cmpuint (digest_offer (md5, &has_both, out), ==, 1);
  g_assert_cmpint (out[0], ==, DIGEST_MD5);
  g_assert_cmpuint (digest_offer (both, &has_both, out), ==, 2);
  g_assert_cmpint (out[0], ==, DIGEST_MD5);
  g_assert_cmpint (out[1], ==, DIGEST_SHA256);
  g_assert_cmpuint (digest_offer (turned, &has_both, out), ==, 2);
  g_assert_cmpint (out[0], ==, DIGEST_SHA256);
  g_assert_cmpuint (digest_offer (turned, &has_md5, out), ==, 1);
  g_assert_cmpint (out[0], ==, DIGEST_MD5);
  g_assert_cmpuint (digest_offer (both, &has_none, out), ==, 2);
  g_assert_cmpuint (digest_offer (both, NULL, out), ==, 2);
  g_assert_cmpstr (digest_hash (&has_both, DIGEST_SHA256), ==, "y");
  g_assert_true (digest_is_allowed (both, DIGEST_SHA256));
  g_assert_false (digest_is_allowed (md5, DIGEST_SHA256));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/digest/rfc7616-3.3/challenge", test_challenge);
  g_test_add_func ("/auth/digest/nonces-differ", test_nonces_differ);
  g_test_add_func ("/auth/digest/rfc7616-3.9.1/examples", test_examples);
  g_test_add_func ("/auth/digest/rfc7616-3.4.2/ha1", test_ha1);
  g_test_add_func ("/auth/digest/rfc7616-3.4.1/kinds", test_kinds);
  g_test_add_func ("/auth/digest/rfc7616-3.4.3/covered", test_covered);
  g_test_add_func ("/auth/digest/unknown-user", test_unknown_user);
  g_test_add_func ("/auth/digest/rfc7616-3.3/stale", test_stale);
  g_test_add_func ("/auth/digest/foreign-nonce", test_foreign_nonce);
  g_test_add_func ("/auth/digest/realm", test_realm);
  g_test_add_func ("/auth/digest/rfc7616-3.4/replay", test_replay);
  g_test_add_func ("/auth/digest/rfc2617-3.2.2.1/rfc2069-repeats",
                   test_rfc2069_repeats);
  g_test_add_func ("/auth/digest/kept-key", test_kept_key);
  g_test_add_func ("/auth/digest/bounded", test_bounded);
  g_test_add_func ("/auth/offer/rfc8760-2.4", test_offer);
  g_test_add_func ("/auth/replay/window", test_window);
  g_test_add_func ("/auth/replay/window-random", test_window_random);
  g_test_add_func ("/auth/replay/forgotten", test_forgotten);
  g_test_add_func ("/auth/replay/too-old-let-go", test_too_old_let_go);
  return g_test_run ();
}
