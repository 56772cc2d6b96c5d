/* SPDX-License-Identifier: ISC
 *
 * Each remedy of sip/sofia_fixes.h against the defect it is for.  With
 * -DHAS_DEFECTS=0 every row fails (row 10 is in conns.c and always there). */
#include "sip-peer.h"

#include "sip/conns.h"
#include "sip/datagrams.h"
#include "sip/sofia_fixes.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char *folder, *certificate;

static PeerServer *
tls_server (void)
{
  g_autofree char *options
      = g_strconcat ("tls_listen=127.0.0.1:0\n", certificate, NULL);

  return peer_server_new (options);
}

static void
test_check (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (sofia_fixes_check (&error));
  g_assert_no_error (error);
}

/* Row 12: who waits for a timer sleeps. */

static void
turn_cb (void *data, su_root_t *root)
{
  (*(guint *)data)++;
}

static void
break_cb (SipMagic *magic, su_timer_t *timer, void *root)
{
  su_root_break (root);
}

static void
test_timer_sleep (void)
{
  su_root_t *root = su_root_create (NULL);
  su_timer_t *timer = su_timer_create (su_root_task (root), 3);
  guint n_turns = 0;

  su_root_add_prepoll (root, turn_cb, &n_turns);
  for (guint i = 0; i < 20; i++) {
    su_timer_set (timer, break_cb, root);
    su_root_run (root);
  }
  g_assert_cmpuint (n_turns, <=, 20 * 4);
  su_root_remove_prepoll (root);
  su_timer_destroy (timer);
  su_root_destroy (root);
}

/* Row 1: closed TLS connections leave nothing behind. */

static void
connect_and_close (PeerServer *server, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint before = conns_count ();
    Peer *peer = peer_new (server, "127.0.0.1", "tls");

    peer_free (peer);
    while (conns_count () > before)
      peer_turn (server);
  }
}

static void
test_leak (void)
{
  enum { N = 200 };
  g_autoptr (PeerServer) server = tls_server ();
  guint64 freed;
  gsize before;

  connect_and_close (server, 20); /* what is made once */
  freed = sofia_fixes_counts ()->freed;
  before = mallinfo2 ().uordblks;
  connect_and_close (server, N);
  /* a sanitizer's allocator says 0 to the latter, and finds leaks itself */
  g_assert_cmpuint (sofia_fixes_counts ()->freed - freed, ==, N);
  g_assert_cmpuint (mallinfo2 ().uordblks, <, before + N * 4096);
}

/* Row 2: what is in OpenSSL's error queue is nobody else's business.  It is
 * looked at when a read finds half a record. */
static void
test_error_queue (void)
{
  g_autoptr (PeerServer) server = tls_server ();
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "tls");
  g_autofree char *request = peer_request ("OPTIONS", "tls", 1, NULL, NULL);
  BIO *wire = BIO_new (BIO_s_mem ());
  gsize written = 0, len;
  char *record;

  SSL_set0_wbio (peer->ssl, wire);
  SSL_write_ex (peer->ssl, request, strlen (request), &written);
  len = (gsize)BIO_get_mem_data (wire, &record);
  g_assert_cmpint (send (peer->fd, record, len / 2, 0), ==, (int)len / 2);
  for (guint i = 0; i < 5; i++) {
    ERR_raise (ERR_LIB_USER, 1);
    peer_turn (server);
  }
  ERR_clear_error ();
  send (peer->fd, record + len / 2, len - len / 2, MSG_NOSIGNAL);
  peer_expect (server, peer, "SIP/2.0 200 OK\r\n");
}

/* The same by a peer: its handshake is garbage. */
static void
test_bad_handshake (void)
{
  g_autoptr (PeerServer) server = tls_server ();
  g_autoptr (Peer) good = peer_new (server, "127.0.0.1", "tls");
  g_autoptr (Peer) bad
      = peer_new_raw ("127.0.0.1", transport_port (server->transport, "tls"));
  g_autofree char *request = peer_request ("OPTIONS", "tls", 1, NULL, NULL);

  peer_send (server, bad, "OPTIONS sip:example.com SIP/2.0\r\n\r\n", -1);
  peer_expect_end (server, bad);
  peer_send (server, good, request, -1);
  peer_expect (server, good, "SIP/2.0 200 OK\r\n");
}

/* Row 3: pongs over TLS. */
static void
test_pong (void)
{
  g_autoptr (PeerServer) server = tls_server ();
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "tls");
  guint64 pongs = sofia_fixes_counts ()->pongs;

  for (guint i = 0; i < 3; i++) {
    peer_send (server, peer, "\r\n\r\n", -1);
    while (sofia_fixes_counts ()->pongs < pongs + i + 1)
      peer_turn (server);
    peer_expect (server, peer, "\r\n");
  }
}

/* Row 4: a name in Via's maddr is not resolved. */
static void
test_maddr (void)
{
  g_autoptr (PeerServer) server = peer_server_new ("");
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "udp");
  guint64 names = sofia_fixes_counts ()->names;
  static const char request[]
      = "OPTIONS sip:example.com SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.1:9;maddr=name.invalid;branch=z9hG4bK-m\r\n"
        "From: <sip:alice@example.com>;tag=m\r\n"
        "To: <sip:bob@example.com>\r\nCall-ID: m\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

  peer_send (server, peer, request, -1);
  peer_wait_messages (server, 1);
  g_assert_cmpuint (sofia_fixes_counts ()->names, >, names);
}

/* Row 5: the limit of 2 MB holds for a message right behind another, too. */
static void
test_second_message (void)
{
  enum { SIZE = 3 * 1024 * 1024 };
  g_autoptr (PeerServer) server = peer_server_new ("");
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "tcp");
  g_autofree char *body = g_strnfill (SIZE, 'x');
  g_autofree char *one = peer_request ("OPTIONS", "tcp", 1, NULL, NULL);
  g_autofree char *two = peer_request ("OPTIONS", "tcp", 2, NULL, body);
  g_autofree char *both = g_strconcat (one, two, NULL);

  for (gsize sent = 0; sent < strlen (both) && !peer->is_at_end
                       && strstr (peer->in->str, " 413 ") == NULL;) {
    gsize n = MIN (strlen (both) - sent, 16384);

    /* what nobody reads any more must not hang the test */
    gssize done = send (peer->fd, both + sent, n, MSG_NOSIGNAL);

    sent += done > 0 ? (gsize)done : 0;
    peer_turn (server);
    peer_read (peer);
  }
  while (!peer->is_at_end && strstr (peer->in->str, " 413 ") == NULL
         && server->story->len < 2) {
    peer_turn (server);
    peer_read (peer);
  }
  g_assert_cmpuint (server->story->len, ==, 1);
}

/* Row 6: a burst costs what it holds, not its square. */
static void
test_burst (void)
{
  enum { N = 1000, EACH_MAX = 20 * 1024 };
  g_autoptr (PeerServer) server = peer_server_new ("");
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "tcp");
  g_autoptr (GString) burst = g_string_new (NULL);
  gsize before;

  for (guint i = 1; i <= N; i++) {
    g_autofree char *one = peer_request ("OPTIONS", "tcp", i, NULL,
                                         "0123456789012345678901234567890123"
                                         "4567890123456789012345678901234567");
    g_string_append (burst, one);
  }
  server->held = g_ptr_array_new_with_free_func ((GDestroyNotify)msg_destroy);
  before = mallinfo2 ().uordblks;
  peer_send (server, peer, burst->str, (gssize)burst->len);
  peer_wait_messages (server, N);
  g_assert_cmpuint (mallinfo2 ().uordblks, <, before + N * EACH_MAX);
  g_ptr_array_unref (g_steal_pointer (&server->held));
}

/* Row 10: out of descriptors, connections are turned away, not queued for a
 * loop that spins. */
static void
test_no_descriptors (void)
{
  g_autoptr (PeerServer) server = peer_server_new ("");
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "tcp");
  g_autoptr (Peer) late = NULL;
  g_autofree char *request = peer_request ("OPTIONS", "tcp", 1, NULL, NULL);
  struct rlimit old, none;
  int next;

  late = peer_new (server, "127.0.0.1", "tcp");
  while (conns_count () < 1)
    peer_turn (server);
  while (conns_count () < 2)
    peer_turn (server);
  peer_free (g_steal_pointer (&late));
  while (conns_count () > 1)
    peer_turn (server);
  late = peer_new (server, "127.0.0.1", "tcp");
  next = dup (0);
  close (next);
  getrlimit (RLIMIT_NOFILE, &old);
  none = old;
  none.rlim_cur = (rlim_t)next;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  g_test_expect_message ("sip", G_LOG_LEVEL_CRITICAL, "*descriptors*");
  peer_expect_end (server, late);
  setrlimit (RLIMIT_NOFILE, &old);
  g_test_assert_expected_messages ();
  peer_send (server, peer, request, -1);
  peer_expect (server, peer, "SIP/2.0 200 OK\r\n");
}

static int
option_of (int fd, int level, int name)
{
  int value = 0;
  socklen_t len = sizeof value;

  g_assert_cmpint (getsockopt (fd, level, name, &value, &len), ==, 0);
  return value;
}

/* A dead peer is noticed, and one peer's receive buffer is bounded. */
static void
test_socket_options (void)
{
  g_autoptr (PeerServer) server = tls_server ();
  g_autoptr (Peer) tcp = peer_new (server, "127.0.0.1", "tcp");
  g_autoptr (Peer) tls = peer_new (server, "127.0.0.1", "tls");
  guint n = 0;

  while (conns_count () < 2)
    peer_turn (server);
  for (int fd = 0; fd < 1024; fd++) {
    if (conns_at (fd)->kind != CONN_ACCEPTED)
      continue;
    n++;
    g_assert_cmpint (option_of (fd, SOL_SOCKET, SO_KEEPALIVE), ==, 1);
    g_assert_cmpint (option_of (fd, IPPROTO_TCP, TCP_USER_TIMEOUT), >, 0);
    g_assert_cmpint (option_of (fd, IPPROTO_TCP, TCP_KEEPIDLE), <=, 120);
    g_assert_cmpint (option_of (fd, SOL_SOCKET, SO_RCVBUF), <=, 256 * 1024);
  }
  g_assert_cmpuint (n, ==, 2);
}

/* A TLS peer that stops reading, pings meanwhile, and reads again: everything
 * comes, in order, no assertion fails (tport asserts on its retries). */
static void
test_slow_reader (void)
{
  enum { N = 300, SIZE = 20000 };
  g_autoptr (PeerServer) server = tls_server ();
  g_autoptr (Peer) peer = peer_new (server, "127.0.0.1", "tls");
  g_autofree char *request = peer_request ("OPTIONS", "tls", 1, NULL, NULL);
  g_autofree int *status = g_new0 (int, N);

  peer_send (server, peer, request, -1);
  peer_expect (server, peer, "SIP/2.0 200 OK\r\n");
  for (guint i = 0; i < N; i++)
    peer_server_notify (server, SIZE, &status[i]);
  for (guint i = 0; i < 10; i++) {
    peer_send (server, peer, "\r\n\r\n", -1);
    peer_turn (server);
  }
  for (guint i = 0; i < N; i++) {
    peer_expect (server, peer, "NOTIFY sip:bob@192.0.2.99");
    peer_expect (server, peer, "\r\n\r\nxxxxxxxx");
  }
  g_assert_cmpuint (server->closed->len, ==, 0);
}

/* Row 8: a datagram for which there is no room is lost, and no failure; a full
 * stream is one. */
static void
test_full_buffer (void)
{
  static char half[512];
  const su_iovec_t parts[] = { { half, sizeof half }, { half, sizeof half } };
  struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0" };
  int in = socket (AF_UNIX, SOCK_DGRAM, 0);
  int out = socket (AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), stream[2];
  guint64 lost = sofia_fixes_counts ()->lost;
  const su_sockaddr_t *to = (const su_sockaddr_t *)&name;

  g_snprintf (name.sun_path + 1, 64, "rollcall-fixes-%d", getpid ());
  g_assert_cmpint (bind (in, (struct sockaddr *)&name, sizeof name), ==, 0);
  for (guint i = 0; i < 100000 && sofia_fixes_counts ()->lost < lost + 3; i++)
    g_assert_cmpint (su_vsend (out, parts, 2, MSG_NOSIGNAL, to, sizeof name),
                     ==, 2 * sizeof half);
  g_assert_cmpuint (sofia_fixes_counts ()->lost, ==, lost + 3);
  close (in);
  g_assert_cmpint (su_vsend (out, parts, 2, MSG_NOSIGNAL, to, sizeof name), <,
                   0);
  close (out);
  socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, stream);
  while (su_vsend (stream[0], parts, 2, MSG_NOSIGNAL, NULL, 0) > 0)
    ;
  g_assert_cmpint (errno, ==, EAGAIN);
  close (stream[0]);
  close (stream[1]);
}

/* Row 11: datagrams are read many at a time, and come one by one, in order, of
 * every size, each with its sender. */
static void
test_datagrams (void)
{
  enum { N = 100 };
  g_autoptr (PeerServer) server = peer_server_new ("");
  g_autoptr (Peer) one = peer_new (server, "127.0.0.1", "udp");
  g_autoptr (Peer) two = peer_new (server, "127.0.0.1", "udp");
  g_autoptr (Peer) six = peer_new (server, "::1", "udp");
  Peer *peers[] = { one, two, six };
  g_autofree char *first = peer_request ("OPTIONS", "udp", 0, NULL, NULL);
  DatagramsCounts before;

  for (guint i = 0; i < 3; i++) { /* it knows the sockets for what they are */
    peer_send (server, peers[i], first, -1);
    peer_expect (server, peers[i], "SIP/2.0 200 OK\r\n");
  }
  before = *datagrams_counts ();
  for (guint i = 1; i <= N; i++) {
    g_autofree char *body = g_strnfill (i * 200 % 20000, 'x');
    g_autofree char *text = peer_request ("OPTIONS", "udp", i, NULL, body);

    for (guint n = 0; n < 3; n++) {
      send (peers[n]->fd, text, strlen (text), 0);
      send (peers[n]->fd, "", 0, 0);
    }
    if (i % 20 == 0)
      peer_wait_messages (server, 3 + 3 * i);
  }
  for (guint n = 0; n < 3; n++)
    for (guint i = 1; i <= N; i++) {
      g_autofree char *cseq = g_strdup_printf ("CSeq: %u OPTIONS\r\n", i);

      peer_expect (server, peers[n], cseq);
    }
  g_assert_cmpuint (datagrams_counts ()->datagrams, >, before.datagrams);
  g_assert_cmpuint (datagrams_counts ()->reads - before.reads, <,
                    (datagrams_counts ()->datagrams - before.datagrams) / 4);
}

/* Row 11: the error of a datagram that nobody took is not the next one's. */
static void
test_old_error (void)
{
  static char text[] = "OPTIONS";
  const su_iovec_t part = { text, sizeof text };
  su_sockaddr_t to = { .su_sin = { .sin_family = AF_INET } };
  socklen_t len = sizeof to.su_sin;
  int in = socket (AF_INET, SOCK_DGRAM, 0), on = 1;
  int out = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

  to.su_sin.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (in, &to.su_sa, len), ==, 0);
  getsockname (in, &to.su_sa, &len);
  close (in); /* nobody is there */
  setsockopt (out, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  conns_open (out, CONN_DATAGRAM);
  for (guint i = 0; i < 10; i++) {
    g_assert_cmpint (su_soerror (out), ==, 0);
    g_assert_cmpint (su_vsend (out, &part, 1, MSG_NOSIGNAL, &to, len), ==,
                     sizeof text);
  }
  close (out);
}

/* Row 11: nor is it the next one's to be read, which sofia would throw away. */
static void
test_error_before_reading (void)
{
  g_autoptr (PeerServer) server = peer_server_new ("");
  Peer *gone = peer_new (server, "127.0.0.1", "udp");
  Peer *next = peer_new (server, "127.0.0.1", "udp");
  g_autofree char *last = peer_request ("OPTIONS", "udp", 9, NULL, NULL);

  for (guint i = 0; i < 4; i++) {
    g_autofree char *text = peer_request ("OPTIONS", "udp", i, NULL, NULL);

    peer_send (server, gone, text, -1);
  }
  peer_free (gone); /* its answers come back as errors, told one by one */
  peer_wait_messages (server, 4);
  peer_send (server, next, last, -1);
  peer_expect (server, next, "SIP/2.0 200");
  peer_free (next);
}

int
main (int argc, char **argv)
{
  g_autofree char *pem = NULL, *key = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  alarm (300);
  folder = g_dir_make_tmp ("rollcall-test-XXXXXX", NULL);
  certificate = peer_certificate (folder, "fixes");
  g_test_add_func ("/sip/fixes/check", test_check);
  g_test_add_func ("/sip/fixes/timer-sleep", test_timer_sleep);
  g_test_add_func ("/sip/fixes/row-1/leak", test_leak);
  g_test_add_func ("/sip/fixes/row-2/error-queue", test_error_queue);
  g_test_add_func ("/sip/fixes/row-2/bad-handshake", test_bad_handshake);
  g_test_add_func ("/sip/fixes/row-3/rfc5626-4.4.1-pong", test_pong);
  g_test_add_func ("/sip/fixes/row-4/maddr", test_maddr);
  g_test_add_func ("/sip/fixes/row-5/second-message", test_second_message);
  g_test_add_func ("/sip/fixes/row-6/burst", test_burst);
  g_test_add_func ("/sip/fixes/row-8/full-buffer", test_full_buffer);
  g_test_add_func ("/sip/fixes/row-11/datagrams", test_datagrams);
  g_test_add_func ("/sip/fixes/row-11/old-error", test_old_error);
  g_test_add_func ("/sip/fixes/row-11/error-before-reading",
                   test_error_before_reading);
  g_test_add_func ("/sip/fixes/row-10/no-descriptors", test_no_descriptors);
  g_test_add_func ("/sip/fixes/socket-options", test_socket_options);
  g_test_add_func ("/sip/fixes/slow-reader", test_slow_reader);
  result = g_test_run ();
  pem = g_build_filename (folder, "fixes.pem", NULL);
  key = g_build_filename (folder, "fixes.key", NULL);
  g_unlink (pem);
  g_unlink (key);
  g_rmdir (folder);
  g_free (folder);
  g_free (certificate);
  return result;
}
