/* SPDX-License-Identifier: ISC
 *
 * sip/transport.h over loopback: what comes in, where from, by which flow, and
 * what happens when a listener or a connection cannot be had. */
#include "sip-peer.h"

#include "base/error.h"
#include "sip/conns.h"
#include "sip/endpoint.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *folder; /* certificates "first" and "second" */

static void
make_certificates (void)
{
  static const char *const names[] = { "first", "second" };

  folder = g_dir_make_tmp ("rollcall-test-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_free (peer_certificate (folder, names[i]));
}

static void
remove_certificates (void)
{
  static const char *const files[]
      = { "first.pem", "first.key", "second.pem", "second.key" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *path = g_build_filename (folder, files[i], NULL);
    g_unlink (path);
  }
  g_rmdir (folder);
  g_free (folder);
}

static char *
tls_options (const char *name, const char *rest)
{
  return g_strdup_printf ("tls_listen=127.0.0.1:0;[::1]:0\n"
                          "tls_certificate=%s/%s.pem\ntls_key=%s/%s.key\n%s",
                          folder, name, folder, name, rest);
}

/* Endpoints */

static void
test_endpoint (void)
{
  static const struct {
    const char *text, *expected; /* NULL: refused */
  } rows[] = {
    { "192.0.2.1", "192.0.2.1:5060" },
    { "192.0.2.1:0", "192.0.2.1" },
    { "192.0.2.1:65535", "192.0.2.1:65535" },
    { "192.0.2.1:65536", NULL },
    { "192.0.2.1:", NULL },
    { "192.0.2.1:x", NULL },
    { "192.0.2.1:-1", NULL },
    { "::1", "[::1]:5060" },
    { "[::1]", "[::1]:5060" },
    { "[2001:DB8:0::1]:5070", "[2001:db8::1]:5070" },
    { "::ffff:192.0.2.1", "192.0.2.1:5060" },
    { "[::1", NULL },
    { "[::1]5060", NULL },
    { "[192.0.2.1]:5060", NULL },
    { "localhost", NULL },
    { "", NULL },
    { ":5060", NULL },
    { "192.0.2", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    Endpoint at;
    gboolean is_good = endpoint_parse (rows[i].text, 5060, &at);
    g_autofree char *text = is_good ? endpoint_to_string (&at) : NULL;

    g_assert_cmpstr (text, ==, rows[i].expected);
  }
}

/* Messages in */

typedef struct {
  const char *host, *proto;
} Way;

static void
test_answer (gconstpointer data)
{
  const Way *way = data;
  g_autofree char *options = tls_options ("first", "");
  g_autoptr (PeerServer) server = peer_server_new (options);
  g_autoptr (Peer) peer = peer_new (server, way->host, way->proto);
  g_autofree char *name = peer_name (peer);
  g_autofree char *expected = NULL;
  guint64 first = 0;

  for (guint i = 1; i <= 2; i++) {
    g_autofree char *request
        = peer_request ("OPTIONS", way->proto, i, NULL, NULL);

    peer_send (server, peer, request, -1);
    peer_expect (server, peer, "SIP/2.0 200 OK\r\n");
    if (i == 1)
      first = server->flow;
    g_assert_cmpuint (server->flow, ==, first);
  }
  g_assert_true ((first == 0) == (strcmp (way->proto, "udp") == 0));
  expected = g_strdup_printf ("OPTIONS %s:%s %" G_GUINT64_FORMAT, way->proto,
                              name, first);
  g_assert_cmpstr (g_ptr_array_index (server->story, 0), ==, expected);
  g_assert_true (transport_agent_for (server->transport, way->host)
                 == server->agent);
}

/* Two connections are two flows; a closed one is told once and forgotten. */
static void
test_flow_closed (gconstpointer data)
{
  const Way *way = data;
  g_autofree char *options = tls_options ("first", "");
  g_autoptr (PeerServer) server = peer_server_new (options);
  g_autoptr (Peer) a = peer_new (server, way->host, way->proto);
  g_autoptr (Peer) b = peer_new (server, way->host, way->proto);
  g_autofree char *one = peer_request ("OPTIONS", way->proto, 1, NULL, NULL);
  g_autofree char *two = peer_request ("OPTIONS", way->proto, 2, NULL, NULL);
  nta_agent_t *agent = NULL;
  guint64 flow_a, flow_b;

  peer_send (server, a, one, -1);
  peer_wait_messages (server, 1);
  flow_a = server->flow;
  peer_send (server, b, two, -1);
  peer_wait_messages (server, 2);
  flow_b = server->flow;
  g_assert_cmpuint (flow_a, !=, flow_b);
  g_assert_nonnull (transport_flow (server->transport, flow_a, &agent));
  g_assert_true (agent == server->agent);

  peer_free (g_steal_pointer (&a));
  peer_wait_closed (server, 1);
  g_assert_cmpuint (g_array_index (server->closed, guint64, 0), ==, flow_a);
  g_assert_null (transport_flow (server->transport, flow_a, &agent));
  g_assert_nonnull (transport_flow (server->transport, flow_b, &agent));
  g_assert_null (transport_flow (server->transport, 4711, &agent));
  g_assert_null (transport_flow (server->transport, 0, &agent));
}

/* RFC 5626 5.3: a request to the client goes over the connection it opened,
 * whatever its URI says. */

static void
test_flow_out (gconstpointer data)
{
  const Way *way = data;
  g_autofree char *options = tls_options ("first", "");
  g_autoptr (PeerServer) server = peer_server_new (options);
  g_autoptr (Peer) peer = peer_new (server, way->host, way->proto);
  g_autofree char *request
      = peer_request ("OPTIONS", way->proto, 1, NULL, NULL);
  g_autofree char *via = NULL, *answer = NULL;
  int status = 0;

  peer_send (server, peer, request, -1);
  peer_wait_messages (server, 1);
  peer_expect (server, peer, "\r\n\r\n");
  peer_server_notify (server, 0, &status);
  peer_expect (server, peer, "NOTIFY sip:bob@192.0.2.99;transport=tcp");
  while (strstr (peer->in->str, "\r\n\r\n") == NULL) {
    peer_turn (server);
    peer_read (peer);
  }
  via = g_strndup (strstr (peer->in->str, "Via:"),
                   strcspn (strstr (peer->in->str, "Via:"), "\r"));
  answer = g_strdup_printf (
      "SIP/2.0 200 OK\r\n%s\r\nFrom: <sip:bob@example.com>;tag=1\r\n"
      "To: <sip:alice@example.com>;tag=2\r\nCall-ID: out\r\n"
      "CSeq: 1 NOTIFY\r\nContent-Length: 0\r\n\r\n",
      via);
  peer_send (server, peer, answer, -1);
  while (status == 0)
    peer_turn (server);
  g_assert_cmpint (status, ==, 200);
  g_assert_cmpuint (server->closed->len, ==, 0);
}

/* RFC 5626 3.5.1 and 4.4.1: two CRLFs are answered with one, over TCP and TLS,
 * also right behind a message and cut in the middle. */
static void
test_ping (gconstpointer data)
{
  const Way *way = data;
  g_autofree char *options = tls_options ("first", "");
  g_autoptr (PeerServer) server = peer_server_new (options);
  g_autoptr (Peer) peer = peer_new (server, way->host, way->proto);
  g_autofree char *request
      = peer_request ("OPTIONS", way->proto, 1, NULL, NULL);
  g_autofree char *both = g_strconcat (request, "\r\n\r\n", NULL);

  peer_send (server, peer, "\r\n\r\n", -1);
  peer_expect (server, peer, "\r\n");
  peer_send (server, peer, "\r\n", -1);
  for (guint i = 0; i < 5; i++)
    peer_turn (server);
  peer_send (server, peer, "\r\n", -1);
  peer_expect (server, peer, "\r\n");
  g_assert_cmpuint (peer->in->len, ==, 0);
  peer_send (server, peer, both, -1);
  peer_expect (server, peer, "SIP/2.0 200 OK\r\n");
  while (!g_str_has_suffix (peer->in->str, "\r\n\r\n\r\n")
         && !g_str_has_prefix (peer->in->str, "\r\nVia")) {
    if (strstr (peer->in->str, "Content-Length: 0\r\n\r\n") != NULL)
      break;
    peer_turn (server);
    peer_read (peer);
  }
  g_assert_cmpuint (server->story->len, ==, 1);
}

/* Listeners that cannot be had */

static void
expect_failure (const char *options, RcError code, const char *text)
{
  const TransportEvents none = { 0 };
  SipLoop *loop = sip_loop_new ();
  Conf *conf = peer_conf (options);
  g_autoptr (GError) error = NULL;

  g_assert_null (transport_new (loop, conf, &none, NULL, &error));
  g_assert_error (error, RC_ERROR, (int)code);
  if (strstr (error->message, text) == NULL)
    g_error ("\"%s\" lacks \"%s\"", error->message, text);
  conf_free (conf);
  sip_loop_free (loop);
}

static void
test_port_in_use (void)
{
  g_autoptr (PeerServer) server = peer_server_new ("");
  guint tcp = transport_port (server->transport, "tcp");
  g_autofree char *text = g_strdup_printf ("127.0.0.1:%u", tcp);
  g_autofree char *options = g_strdup_printf ("listen=%s\n", text);
  g_autofree char *expected = g_strdup_printf ("%s is in use", text);

  g_assert_cmpuint (tcp, ==, transport_port (server->transport, "udp"));
  expect_failure (options, RC_ERROR_BUSY, expected);
}

static void
test_not_ours (void)
{
  expect_failure ("listen=192.0.2.1:5060\n", RC_ERROR_IO, "192.0.2.1:5060");
}

static void
test_certificate (void)
{
  g_autofree char *wrong = g_strdup_printf (
      "tls_listen=127.0.0.1:0\ntls_certificate=%s/first.pem\n"
      "tls_key=%s/second.key\n",
      folder, folder);
  g_autofree char *no_ca = tls_options ("first", "tls_ca=/nonexistent.ca\n");

  expect_failure ("tls_listen=127.0.0.1:0\ntls_key=/nonexistent.key\n"
                  "tls_certificate=/nonexistent.pem\n",
                  RC_ERROR_CONFIG, "/nonexistent.pem");
  expect_failure (wrong, RC_ERROR_CONFIG, "second.key");
  expect_failure (no_ca, RC_ERROR_CONFIG, "/nonexistent.ca");
}

/* TLS policy */

static char *
subject_seen (PeerServer *server)
{
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "tls");
  X509 *certificate = SSL_get1_peer_certificate (peer->ssl);
  char name[64] = "";

  X509_NAME_get_text_by_NID (X509_get_subject_name (certificate),
                             NID_commonName, name, sizeof name);
  X509_free (certificate);
  return g_strdup (name);
}

static void
test_reload (void)
{
  g_autofree char *options = tls_options ("first", "");
  g_autofree char *other = tls_options ("second", "");
  g_autoptr (PeerServer) server = peer_server_new (options);
  g_autoptr (Conf) conf = peer_conf (other);
  g_autoptr (Conf) bad = peer_conf ("tls_listen=127.0.0.1:0\ntls_key=/none\n"
                                    "tls_certificate=/nonexistent\n");
  g_autofree char *before = subject_seen (server);
  g_autofree char *after = NULL, *still = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (before, ==, "first");
  g_assert_true (transport_reload (server->transport, conf, &error));
  after = subject_seen (server);
  g_assert_cmpstr (after, ==, "second");
  g_assert_false (transport_reload (server->transport, bad, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_CONFIG);
  still = subject_seen (server);
  g_assert_cmpstr (still, ==, "second");
}

static gboolean
can_shake_hands (PeerServer *server, int version, const char *ciphers)
{
  SSL_CTX *context = SSL_CTX_new (TLS_client_method ());
  nta_agent_t *agent = transport_agent_for (server->transport, "127.0.0.1");
  const char *contact = transport_contact (server->transport, agent, "tls");
  g_autoptr (Peer) peer = peer_new_raw (
      "127.0.0.1",
      (guint)g_ascii_strtoull (strrchr (contact, ':') + 1, NULL, 10));
  gboolean is_good;

  SSL_CTX_set_security_level (context, 0);
  SSL_CTX_set_min_proto_version (context, version);
  SSL_CTX_set_max_proto_version (context, version);
  SSL_CTX_set_cipher_list (context, ciphers);
  is_good = peer_handshake (server, peer, context);
  SSL_CTX_free (context);
  return is_good;
}

static void
test_tls_policy (void)
{
  g_autofree char *options = tls_options ("first", "");
  g_autoptr (PeerServer) server = peer_server_new (options);

  g_assert_true (can_shake_hands (server, TLS1_3_VERSION, "ALL"));
  g_assert_true (can_shake_hands (server, TLS1_2_VERSION, "ALL"));
  g_assert_false (can_shake_hands (server, TLS1_2_VERSION, "AES128-SHA"));
  g_assert_false (
      can_shake_hands (server, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA"));
  g_assert_false (can_shake_hands (server, TLS1_1_VERSION, "ALL"));
}

/* Bounds */

static void
test_max_connections (void)
{
  g_autoptr (PeerServer) server = peer_server_new ("max_connections=2\n");
  g_autoptr (Conf) more = peer_conf ("max_connections=3\n");
  g_autoptr (Peer) a = peer_new (server, "127.0.0.1", "tcp");
  g_autoptr (Peer) b = peer_new (server, "::1", "tcp");
  g_autoptr (Peer) c = NULL, d = NULL;
  guint64 refused = conns_refused ();

  while (conns_count () < 2)
    peer_turn (server);
  c = peer_new (server, "127.0.0.1", "tcp");
  g_test_expect_message ("sip", G_LOG_LEVEL_WARNING, "*max_connections*");
  peer_expect_end (server, c);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (conns_refused (), ==, refused + 1);
  peer_free (g_steal_pointer (&a));
  while (conns_count () > 1)
    peer_turn (server);
  a = peer_new (server, "127.0.0.1", "tcp");
  while (conns_count () < 2)
    peer_turn (server);
  g_assert_true (transport_reload (server->transport, more, NULL));
  d = peer_new (server, "127.0.0.1", "tcp");
  while (conns_count () < 3)
    peer_turn (server);
}

static void
test_quiesce (void)
{
  g_autoptr (PeerServer) server = peer_server_new ("");
  g_autoptr (Peer) old = peer_new (server, "127.0.0.1", "tcp");
  g_autoptr (Peer) late = NULL;
  g_autofree char *request = peer_request ("OPTIONS", "tcp", 1, NULL, NULL);

  while (conns_count () < 1)
    peer_turn (server);
  transport_quiesce (server->transport);
  late = peer_new (server, "127.0.0.1", "tcp");
  peer_expect_end (server, late);
  peer_send (server, old, request, -1);
  peer_expect (server, old, "SIP/2.0 200 OK\r\n");
}

/* A peer that says nothing, or never ends its message, is closed; one that has
 * spoken and waits is not. */
static void
test_silent (gconstpointer data)
{
  const Way *way = data;
  const gint64 patience = 30 * G_USEC_PER_SEC;
  g_autofree char *options = tls_options ("first", "");
  g_autoptr (PeerServer) server = peer_server_new (options);
  g_autoptr (Peer) silent = peer_new (server, way->host, way->proto);
  g_autoptr (Peer) half = peer_new (server, way->host, way->proto);
  g_autoptr (Peer) good = peer_new (server, way->host, way->proto);
  g_autofree char *one = peer_request ("OPTIONS", way->proto, 1, NULL, NULL);
  g_autofree char *two = peer_request ("OPTIONS", way->proto, 2, NULL, NULL);
  gint64 now;

  peer_send (server, good, one, -1);
  peer_wait_messages (server, 1);
  peer_send (server, half, two, -1);
  peer_wait_messages (server, 2);
  peer_send (server, half, "OPTIONS sip:example.com", -1);
  while (conns_count () < 3)
    peer_turn (server);
  for (guint i = 0; i < 20; i++)
    peer_turn (server);
  now = g_get_monotonic_time ();
  g_assert_cmpuint (conns_sweep (now, patience), ==, 0);
  g_assert_cmpuint (conns_sweep (now + patience + 1, patience), ==, 2);
  peer_expect_end (server, silent);
  peer_expect_end (server, half);
  while (conns_count () > 1)
    peer_turn (server);
  g_assert_false (good->is_at_end);
}

/* Who we are */

static void
test_contact (void)
{
  g_autofree char *options
      = tls_options ("first", "contact=sip.example.com:5070\n");
  g_autoptr (PeerServer) server = peer_server_new ("");
  g_autoptr (PeerServer) named = peer_server_new (options);
  nta_agent_t *v4 = transport_agent_for (server->transport, "192.0.2.1");
  nta_agent_t *v6 = transport_agent_for (server->transport, "2001:db8::1");
  guint port = transport_port (server->transport, "tcp");
  g_autofree char *udp = g_strdup_printf ("sip:127.0.0.1:%u;gr", port);
  g_autofree char *tcp
      = g_strdup_printf ("sip:127.0.0.1:%u;transport=tcp;gr", port);

  g_assert_cmpstr (transport_contact (server->transport, v4, "udp"), ==, udp);
  g_assert_cmpstr (transport_contact (server->transport, v4, "tcp"), ==, tcp);
  g_assert_null (transport_contact (server->transport, v4, "tls"));
  g_assert_true (g_str_has_prefix (
      transport_contact (server->transport, v6, "udp"), "sip:[::1]:"));
  g_assert_null (transport_agent_for (server->transport, "example.com"));
  v4 = transport_agent_for (named->transport, "127.0.0.1");
  g_assert_cmpstr (transport_contact (named->transport, v4, "udp"), ==,
                   "sip:sip.example.com:5070;gr");
}

/* Of several addresses the one from which the system reaches the peer. */
static void
test_tport_for (void)
{
  g_autoptr (PeerServer) server
      = peer_server_new ("listen=127.0.0.2:0;127.0.0.1:0;[::1]:0\n");
  Transport *transport = server->transport;

  for (guint i = 0; i < 2; i++) { /* looked up, and known */
    tport_t *tport = transport_tport_for (transport, "127.0.0.1", "udp");

    g_assert_nonnull (tport);
    g_assert_cmpstr (tport_name (tport)->tpn_host, ==, "127.0.0.1");
    g_assert_cmpstr (tport_name (tport)->tpn_proto, ==, "udp");
  }
  g_assert_null (transport_tport_for (transport, "::1", "udp"));
  g_assert_null (transport_tport_for (transport, "127.0.0.1", "tls"));
  g_assert_null (transport_tport_for (transport, "example.com", "udp"));
}

static void
test_is_self (void)
{
  g_autoptr (PeerServer) server
      = peer_server_new ("contact=SIP.example.com:5070\n");
  Transport *transport = server->transport;
  guint port = transport_port (transport, "udp");

  g_assert_true (transport_is_self (transport, "127.0.0.1", port));
  g_assert_false (transport_is_self (transport, "127.0.0.1", port + 1));
  g_assert_false (transport_is_self (transport, "127.0.0.1", 0));
  g_assert_false (transport_is_self (transport, "127.0.0.2", port));
  g_assert_true (transport_is_self (transport, "0.0.0.0", port));
  g_assert_true (transport_is_self (transport, "::", port));
  g_assert_true (transport_is_self (transport, "sip.EXAMPLE.com", 5070));
  g_assert_true (transport_is_self (transport, "sip.example.com", port));
  g_assert_false (transport_is_self (transport, "example.com", port));
}

static void
add_for (const char *path, GTestDataFunc fn, const Way *ways, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *full
        = g_strdup_printf ("/sip/transport/%s/%s-%s", path, ways[i].proto,
                           strchr (ways[i].host, ':') ? "v6" : "v4");
    g_test_add_data_func (full, &ways[i], fn);
  }
}

int
main (int argc, char **argv)
{
  static const Way ways[]
      = { { "127.0.0.1", "tcp" }, { "127.0.0.1", "tls" }, { "::1", "tcp" },
          { "::1", "tls" },       { "127.0.0.1", "udp" }, { "::1", "udp" } };
  int result;

  g_test_init (&argc, &argv, NULL);
  alarm (300);
  make_certificates ();
  g_test_add_func ("/sip/endpoint/parse", test_endpoint);
  add_for ("answer", test_answer, ways, 6);
  add_for ("flow-closed", test_flow_closed, ways, 4);
  add_for ("rfc5626-5.3/request-over-flow", test_flow_out, ways, 4);
  add_for ("rfc5626-4.4.1/ping", test_ping, ways, 4);
  add_for ("silent", test_silent, ways, 2);
  g_test_add_func ("/sip/transport/port-in-use", test_port_in_use);
  g_test_add_func ("/sip/transport/not-ours", test_not_ours);
  g_test_add_func ("/sip/transport/certificate", test_certificate);
  g_test_add_func ("/sip/transport/reload", test_reload);
  g_test_add_func ("/sip/transport/tls-policy", test_tls_policy);
  g_test_add_func ("/sip/transport/max-connections", test_max_connections);
  g_test_add_func ("/sip/transport/quiesce", test_quiesce);
  g_test_add_func ("/sip/transport/contact", test_contact);
  g_test_add_func ("/sip/transport/tport-for", test_tport_for);
  g_test_add_func ("/sip/transport/is-self", test_is_self);
  result = g_test_run ();
  remove_certificates ();
  return result;
}
