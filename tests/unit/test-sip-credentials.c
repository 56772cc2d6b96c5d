/* SPDX-License-Identifier: ISC
 *
 * sip/credentials: which credentials, which identity. */
#include "sip/credentials.h"

#include <string.h>

#define START                                                                  \
  "MESSAGE sip:bob@example.com SIP/2.0\r\n"                                    \
  "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77\r\n"                       \
  "From: <sip:alice@Example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"       \
  "Call-ID: 1\r\nCSeq: 1 MESSAGE\r\n"
#define END "Content-Length: 0\r\n\r\n"
#define DIGEST(user, realm)                                                    \
  "Digest username=\"" user "\", realm=\"" realm "\", nonce=\"n\", "           \
  "uri=\"sip:192.0.2.1:5060\", "                                               \
  "response=\"0123456789abcdef0123456789abcdef\"\r\n"

static msg_t *
message (const char *text)
{
  return msg_make (sip_default_mclass (), 0, text, strlen (text));
}

static char *
user_at (const sip_t *sip, const char *realm, guint n)
{
  g_autoptr (DigestCredentials) found = credentials_find (sip, realm, n);

  return found != NULL ? g_strdup (found->username) : NULL;
}

static void
test_realm (void)
{
  msg_t *msg = message (START "Authorization: " DIGEST (
      "other",
      "elsewhere.example") "Authorization: Basic YTpi\r\n"
                           "Authorization: " DIGEST (
                               "alice",
                               "EXAMPLE.com") "Proxy-Authorization:"
                                              " " DIGEST ("proxy",
                                                          "example.com") END);
  const sip_t *sip = sip_object (msg);
  g_autofree char *first = user_at (sip, "example.com", 0);
  g_autofree char *second = user_at (sip, "example.com", 1);
  g_autofree char *foreign = user_at (sip, "elsewhere.example", 0);

  g_assert_cmpstr (first, ==, "alice");
  g_assert_cmpstr (second, ==, "proxy");
  g_assert_cmpstr (foreign, ==, "other");
  g_assert_null (credentials_find (sip, "example.com", 2));
  g_assert_null (credentials_find (sip, "example.org", 0));
  msg_destroy (msg);
}

/* A comma inside quotes is no separator, an escape is undone. */
static void
test_quoted (void)
{
  msg_t *msg = message (
      START "Authorization: " DIGEST ("a, b\\\"c", "example.com") END);
  g_autofree char *user = user_at (sip_object (msg), "example.com", 0);

  g_assert_cmpstr (user, ==, "a, b\"c");
  msg_destroy (msg);
}

static void
test_none (void)
{
  msg_t *msg = message (START "Authorization: Digest\r\n" END);

  g_assert_null (credentials_find (sip_object (msg), "example.com", 0));
  msg_destroy (msg);
}

static void
test_asserted (void)
{
  static const struct {
    const char *line, *aor;
  } rows[] = {
    { "", "alice@example.com" },
    { "P-Asserted-Identity: <sip:carol@Example.ORG;x=y>\r\n",
      "carol@example.org" },
    { "P-Asserted-Identity: tel:+15551234, \"Dave\" <sip:dave@example.org>\r\n",
      "dave@example.org" },
    { "P-Asserted-Identity: <tel:+15551234>\r\n", "alice@example.com" },
  };
  g_autoptr (Uri) from = NULL;

  g_assert_true (uri_parse ("sip:alice@example.com", -1, &from, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text = g_strconcat (START, rows[i].line, END, NULL);
    msg_t *msg = message (text);
    g_autofree char *aor = credentials_asserted (sip_object (msg), from);

    g_assert_cmpstr (aor, ==, rows[i].aor);
    msg_destroy (msg);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  su_init ();
  sip_update_default_mclass (sip_extend_mclass (NULL));
  g_test_add_func ("/sip/credentials/rfc3261-22.4/realm", test_realm);
  g_test_add_func ("/sip/credentials/rfc7616-3.4/quoted", test_quoted);
  g_test_add_func ("/sip/credentials/none", test_none);
  g_test_add_func ("/sip/credentials/rfc3325-9.1/asserted", test_asserted);
  return g_test_run ();
}
