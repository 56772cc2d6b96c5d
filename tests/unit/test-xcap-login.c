/* SPDX-License-Identifier: ISC
 *
 * xcap/: digest over HTTP (RFC 7616), and the bounds on who asks. */
#include "tests/unit/xcap-world.h"

#include "auth/digest.h"

#include <string.h>

#define INDEX "resource-lists/users/sip:alice@example.com/index"
#define URI XCAP_ROOT_PATH INDEX
#define KEY "resource-lists alice@example.com index"
#define SEC ((gint64)G_USEC_PER_SEC)

static FakeExchange *
get_with (World *world, const char *authorization)
{
  const char *const headers[] = { "Authorization", authorization, NULL };

  return world_ask_bare (world, "GET", INDEX, headers, NULL);
}

/* Signed for uri. */
static FakeExchange *
get_as (World *world, const char *user, const char *password, const char *uri)
{
  g_autofree char *authorization
      = world_authorize (world, user, password, "GET", uri);

  return get_with (world, authorization);
}

/* One that has asked alice's document once, so that there is a nonce. */
static World *
greeted (const char *options)
{
  World *world = world_new (options);

  world_set (world, KEY, "<x/>");
  g_assert_cmpuint (world_ask (world, "GET", INDEX, NULL, NULL, NULL)->status,
                    ==, 200);
  return world;
}

static void
test_challenge (void)
{
  static const struct {
    const char *path, *realm;
  } rows[] = {
    { INDEX, "example.com" },
    { "resource-lists/users/sip:nobody@example.com/index", "example.com" },
    { "resource-lists/users/erin@example.org/index", "example.org" },
    { "resource-lists/users/sip:x@elsewhere.example/index", "example.com" },
    { "resource-lists/users/nonsense/index", "example.com" },
    { "xcap-caps/global/index", "example.com" },
  };
  g_autoptr (World) world = world_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    FakeExchange *got = world_ask_bare (world, "GET", rows[i].path, NULL, NULL);
    g_autofree char *start
        = g_strdup_printf ("Digest realm=\"%s\", nonce=\"", rows[i].realm);
    const char *challenge = fake_exchange_header (got, "WWW-Authenticate", 0);

    g_assert_cmpuint (got->status, ==, 401);
    g_assert_true (g_str_has_prefix (challenge, start));
    g_assert_nonnull (strstr (challenge, "qop=\"auth\""));
    g_assert_null (strstr (challenge, "stale"));
    g_assert_null (fake_exchange_header (got, "WWW-Authenticate", 1));
  }
}

/* Who is unknown, disabled, or has another password: one answer. */
static void
test_indistinguishable (void)
{
  static const char *const users[] = { "alice", "nobody", "dave" };
  g_autoptr (World) world = greeted (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (users); i++) {
    FakeExchange *got
        = get_as (world, users[i], i == 0 ? "wrong" : "secret", URI);

    g_assert_cmpuint (got->status, ==, 401);
    g_assert_cmpstr (got->body, ==, "Log in, please.\n");
    g_assert_null (
        strstr (fake_exchange_header (got, "WWW-Authenticate", 0), "stale"));
  }
  g_assert_cmpint (*counters_cell (world->counters, "xcap_digest_wrong_total"),
                   ==, 3);
}

static void
test_sha256 (void)
{
  g_autoptr (World) world = world_new ("[auth]\nalgorithms = md5;sha256\n");

  world->has_sha256 = TRUE;
  world_set (world, KEY, "<x/>");
  g_assert_cmpuint (world_ask (world, "GET", INDEX, NULL, NULL, NULL)->status,
                    ==, 200);
}

/* An algorithm that is not offered is not taken. */
static void
test_not_offered (void)
{
  g_autoptr (World) world = greeted (NULL);

  world->has_sha256 = TRUE;
  g_assert_cmpuint (get_as (world, "alice", "secret", URI)->status, ==, 401);
}

static void
assert_stale (const FakeExchange *got)
{
  g_assert_cmpuint (got->status, ==, 401);
  g_assert_nonnull (
      strstr (fake_exchange_header (got, "WWW-Authenticate", 0), "stale=true"));
}

static void
test_stale (void)
{
  g_autoptr (World) world = greeted (NULL);

  world->now += 299 * SEC;
  g_assert_cmpuint (get_as (world, "alice", "secret", URI)->status, ==, 200);
  world->now += 2 * SEC;
  assert_stale (get_as (world, "alice", "secret", URI));
}

static void
test_replay (void)
{
  g_autoptr (World) world = greeted (NULL);
  g_autofree char *authorization
      = world_authorize (world, "alice", "secret", "GET", URI);

  g_assert_cmpuint (get_with (world, authorization)->status, ==, 200);
  assert_stale (get_with (world, authorization));
}

/* Nonces of before a restart. */
static void
test_kept_key (void)
{
  static const guint8 key[DIGEST_KEY_LEN] = "a key that is 32 bytes in length";
  g_autoptr (World) before = world_new (NULL);
  g_autoptr (World) after = world_new (NULL);

  xcap_set_key (before->xcap, key);
  xcap_set_key (after->xcap, key);
  world_ask (before, "GET", INDEX, NULL, NULL, NULL);
  after->nonce = g_strdup (before->nonce);
  after->realm = g_strdup (before->realm);
  world_set (after, KEY, "<x/>");
  g_assert_cmpuint (get_as (after, "alice", "secret", URI)->status, ==, 200);
}

static void
test_uri (void)
{
  static const struct {
    const char *uri;
    guint status;
  } rows[] = {
    { URI, 200 },
    { URI "?xmlns(a=urn:x)", 200 },
    { "http://192.0.2.9:8080" URI, 200 },
    { "/xcap-root/resource-lists/users/sip%3Aalice%40example.com/index", 200 },
    { "/" INDEX, 200 }, /* before a proxy */
    { "/xcap-root/resource-lists/users/sip:alice@example.com/other", 400 },
    { "/xcap-root/pres-rules/users/sip:alice@example.com/index", 400 },
    { "/xcap-root/x" INDEX, 400 },
    { INDEX, 400 },
    { "index", 400 },
    { "/xcap-root/%zz/" INDEX, 400 },
    { "", 400 },
  };
  g_autoptr (World) world = greeted (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_test_message ("%s", rows[i].uri);
    g_assert_cmpuint (get_as (world, "alice", "secret", rows[i].uri)->status,
                      ==, rows[i].status);
  }
}

/* The method is signed too. */
static void
test_method (void)
{
  g_autoptr (World) world = greeted (NULL);
  g_autofree char *authorization
      = world_authorize (world, "alice", "secret", "GET", URI);
  const char *const headers[] = { "Authorization", authorization, NULL };

  g_assert_cmpuint (
      world_ask_bare (world, "DELETE", INDEX, headers, NULL)->status, ==, 401);
  g_assert_cmpuint (world->removes, ==, 0);
}

static void
test_garbage (void)
{
  static const char *const texts[]
      = { "",
          "Digest",
          "Basic YWxpY2U6c2VjcmV0",
          "Digest username=\"alice\"",
          "Digest username=\"alice\", realm=\"elsewhere.example\", "
          "nonce=\"n\", uri=\"/\", response=\"0123\"",
          "Digest username=\"'; DROP TABLE users; --\", "
          "realm=\"example.com\", nonce=\"n\", uri=\"/\", response=\"0\"" };
  g_autoptr (World) world = world_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_cmpuint (get_with (world, texts[i])->status, ==, 401);
}

/* Somebody of another domain of ours is known, but has no business here. */
static void
test_other_domain (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got = world_ask_with (
      world, "erin", "GET", "resource-lists/users/sip:erin@example.org/index",
      NULL, NULL);

  g_assert_cmpuint (got->status, ==, 404);
  g_assert_cmpstr (world->realm, ==, "example.org");
  g_assert_cmpuint (
      world_ask_with (world, "erin", "GET", INDEX, NULL, NULL)->status, ==,
      403);
  got = world_ask_with (world, "erin", "GET", "xcap-caps/global/index", NULL,
                        NULL);
  g_assert_cmpuint (got->status, ==, 200);
}

/* Guessing passwords: after some wrong ones nothing more is looked at, the right
 * one neither; others from the same address are not concerned. */
static void
test_failed_logins (void)
{
  g_autoptr (World) world = greeted ("failed_logins = 3\n");

  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (get_as (world, "alice", "wrong", URI)->status, ==, 401);
  g_assert_cmpuint (get_as (world, "alice", "wrong", URI)->status, ==, 503);
  g_assert_cmpuint (get_as (world, "alice", "secret", URI)->status, ==, 503);
  g_assert_cmpuint (get_as (world, "bob", "secret", URI)->status, ==, 403);
  world->now += 2 * SEC;
  g_assert_cmpuint (get_as (world, "alice", "secret", URI)->status, ==, 200);
}

static void
test_rates (void)
{
  g_autoptr (World) source = greeted ("rate_per_source = 2\nrate_burst = 2\n");
  g_autoptr (World) user = greeted ("rate_per_user = 1\nrate_burst = 2\n");

  /* greeted has asked twice, as a stranger and as alice */
  g_assert_cmpuint (get_as (source, "alice", "secret", URI)->status, ==, 200);
  g_assert_cmpuint (get_as (source, "bob", "secret", URI)->status, ==, 403);
  g_assert_cmpuint (get_as (source, "alice", "secret", URI)->status, ==, 503);
  g_assert_cmpuint (get_as (user, "alice", "secret", URI)->status, ==, 200);
  g_assert_cmpuint (get_as (user, "alice", "secret", URI)->status, ==, 503);
  g_assert_cmpuint (get_as (user, "bob", "secret", URI)->status, ==, 403);
  user->now += 2 * SEC;
  g_assert_cmpuint (get_as (user, "alice", "secret", URI)->status, ==, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(NAME, TEST) g_test_add_func ("/xcap/login/" NAME, TEST)
  ADD ("rfc7616-3.3/challenge", test_challenge);
  ADD ("indistinguishable", test_indistinguishable);
  ADD ("rfc8760-2.4/sha256", test_sha256);
  ADD ("rfc8760-2.4/not-offered", test_not_offered);
  ADD ("rfc7616-3.3/stale", test_stale);
  ADD ("rfc7616-3.4/replay", test_replay);
  ADD ("kept-key", test_kept_key);
  ADD ("rfc7616-3.4.6/uri", test_uri);
  ADD ("rfc7616-3.4.3/method", test_method);
  ADD ("garbage", test_garbage);
  ADD ("other-domain", test_other_domain);
  ADD ("failed-logins", test_failed_logins);
  ADD ("rates", test_rates);
  return g_test_run ();
}
