/* SPDX-License-Identifier: ISC
 *
 * MESSAGEs above [message] udp_max (RFC 3428 8, RFC 3261 18.1.1): by TCP where it
 * can be, else by UDP, and what is remembered of that.  The transport is real,
 * the devices are sockets of loopback. */
#include "sip-out-rig.h"

#include "sip/streamless.h"
#include "sip/way.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* service/ is asked for its domains alone. */
gboolean
service_has_domain (Service *service, const char *host)
{
  return g_str_equal (host, "example.com");
}

/* --- which way --- */

static const struct {
  const char *source, *uri; /* one of both */
  gsize size;
  const char *way;
} WAY_ROWS[] = {
  { "udp:1.2.3.4:5", NULL, 1300, "1.2.3.4:5 udp" },
  { "udp:1.2.3.4:5", NULL, 1301, "1.2.3.4:5 tcp | 1.2.3.4:5 udp" },
  { "udp:1.2.3.4:5", NULL, 9000, "1.2.3.4:5 tcp | 1.2.3.4:5 udp" },
  { "udp:1.2.3.4:5", NULL, 9001, "1.2.3.4:5 tcp" },
  { NULL, "sip:b@1.2.3.4", 1300, "1.2.3.4:5060 udp" },
  { NULL, "sip:b@1.2.3.4", 1301, "1.2.3.4:5060 tcp | 1.2.3.4:5060 udp" },
  { NULL, "sip:b@1.2.3.4;transport=udp", 1300, "1.2.3.4:5060 udp" },
  { NULL, "sip:b@1.2.3.4;transport=UDP", 1301,
    "1.2.3.4:5060 tcp | 1.2.3.4:5060 udp" },
  { NULL, "sip:b@1.2.3.4;transport=udp", 9001, "1.2.3.4:5060 tcp" },
  { NULL, "sip:b@1.2.3.4;transport=tcp", 1301, "1.2.3.4:5060 tcp" },
  { NULL, "sips:b@1.2.3.4", 1301, "1.2.3.4:5061 tls" },
  { NULL, "sip:b@c.example", 1300, "dns" },
  { NULL, "sip:b@c.example", 1301, "dns stream | udp" },
  { NULL, "sip:b@c.example;transport=udp", 9000, "dns stream | udp" },
  { NULL, "sip:b@c.example;transport=tcp", 1301, "dns stream" },
  { NULL, "sips:b@c.example", 1301, "dns stream" },
  { NULL, "sip:b@c.example", 9001, "dns stream" },
};

static char *
way_text (const Way *way)
{
  GString *out = g_string_new (way->kind == WAY_URI ? "dns" : "");

  if (way->needs_stream)
    g_string_append (out, " stream");
  if (way->falls_back)
    g_string_append (out, " | udp");
  for (gsize i = 0; i < way->n_hops; i++)
    g_string_append_printf (out, "%s%s:%u %s",
                            i == 0                ? ""
                            : i == way->n_streams ? " | "
                                                  : " ",
                            way->hops[i].host, way->hops[i].port,
                            way->hops[i].proto);
  return g_string_free (out, FALSE);
}

static void
test_way (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (WAY_ROWS); i++) {
    WaySize size = { WAY_ROWS[i].size, 9000, 1300 };
    g_auto (Way) way = { 0 };
    g_autofree char *text = NULL;

    if (WAY_ROWS[i].source != NULL)
      way_by_source (&way, WAY_ROWS[i].source, size);
    else
      way_by_uri (&way, WAY_ROWS[i].uri, -1, size);
    text = way_text (&way);
    if (!g_str_equal (text, WAY_ROWS[i].way))
      g_error ("row %u: %s, not %s", i, text, WAY_ROWS[i].way);
  }
}

/* --- what is remembered --- */

static void
test_memory (void)
{
  g_autoptr (Streamless) table = streamless_new ();
  ResolverHop hop = { "192.0.2.1", 1, "tcp" };
  const gint64 end = (gint64)STREAMLESS_MEMORY * G_USEC_PER_SEC;

  g_assert_false (streamless_knows (table, &hop, 0));
  streamless_note (table, &hop, 0);
  g_assert_true (streamless_knows (table, &hop, end - 1));
  streamless_note (table, &hop, 1);
  g_assert_cmpuint (streamless_count (table), ==, 1);
  g_assert_true (streamless_knows (table, &hop, end));
  g_assert_false (streamless_knows (table, &hop, end + 1));
  g_assert_cmpuint (streamless_count (table), ==, 0);
  for (hop.port = 1; hop.port <= STREAMLESS_MAX + 2; hop.port++)
    streamless_note (table, &hop, 0);
  g_assert_cmpuint (streamless_count (table), ==, STREAMLESS_MAX);
  hop.port = 2;
  g_assert_false (streamless_knows (table, &hop, 0));
  hop.port = 3;
  g_assert_true (streamless_knows (table, &hop, 0));
}

/* --- devices --- */

typedef struct {
  PeerServer *server;
  Peer *device; /* UDP */
  guint port_number;
  int listener;       /* TCP on the same port; -1: none */
  GPtrArray *filling; /* Peers that wait in its queue */
  OutRig o;
  char *source;
  guint ends;
  guint status;
} Rig;

static void
set_up (Rig *rig, gconstpointer data)
{
  g_autofree char *name = NULL;

  rig->server = peer_server_new ("udp_mtu=9000\n");
  out_rig_start (&rig->o, rig->server);
  rig->device = peer_new (rig->server, "127.0.0.1", "udp");
  name = peer_name (rig->device);
  rig->source = g_strdup_printf ("udp:%s", name);
  rig->port_number = atoi (strchr (name, ':') + 1);
  rig->listener = -1;
  rig->filling = g_ptr_array_new_with_free_func ((GDestroyNotify)peer_free);
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  out_rig_stop (&rig->o);
  peer_free (rig->device);
  g_ptr_array_unref (rig->filling);
  if (rig->listener >= 0)
    close (rig->listener);
  peer_server_free (rig->server);
  g_free (rig->source);
}

static void
listen_tcp (Rig *rig, int backlog)
{
  struct sockaddr_in at = { .sin_family = AF_INET };

  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  at.sin_port = htons (rig->port_number);
  rig->listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  g_assert_cmpint (bind (rig->listener, (struct sockaddr *)&at, sizeof at), ==,
                   0);
  g_assert_cmpint (listen (rig->listener, backlog), ==, 0);
}

/* Whoever connects now gets no answer at all: the queue is full. */
static void
listen_deaf (Rig *rig)
{
  listen_tcp (rig, 0);
  g_ptr_array_add (rig->filling, peer_new_raw ("127.0.0.1", rig->port_number));
}

static Peer *
accept_tcp (Rig *rig)
{
  Peer *peer = g_new0 (Peer, 1);

  while ((peer->fd = accept (rig->listener, NULL, NULL)) < 0)
    peer_turn (rig->server);
  fcntl (peer->fd, F_SETFL, O_NONBLOCK);
  peer->in = g_string_new (NULL);
  return peer;
}

static void
done_cb (guint status, SipResponse *response, gpointer data)
{
  Rig *rig = data;

  rig->ends++;
  rig->status = status;
}

static void
send_to (Rig *rig, const SipTarget *target, guint32 cseq, gsize size)
{
  g_autofree char *text = g_strnfill (size, 'x');
  g_autoptr (GBytes) body = g_bytes_new (text, size);
  SipMessage message
      = { "c1", cseq, "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@c>\r\n",
          0,    -1,   "text/plain",
          body };

  rig->o.port->message (rig->o.port->self, &message, target, done_cb, rig);
}

static void
send_message (Rig *rig, guint32 cseq, gsize size)
{
  const SipTarget target
      = { .target = "sip:b@10.99.0.5", .received = rig->source };

  send_to (rig, &target, cseq, size);
}

/* Waits for a MESSAGE and answers it; others may be there too. */
static void
answer (Rig *rig, Peer *peer, const char *via, guint32 cseq, const char *status)
{
  static const char *const names[]
      = { "\r\nVia:", "\r\nFrom:", "\r\nTo:", "\r\nCall-ID:", "\r\nCSeq:" };
  g_autofree char *want = g_strdup_printf ("\r\nCSeq: %u MESSAGE\r\n", cseq);
  g_autoptr (GString) out = g_string_new ("SIP/2.0 ");
  const char *found, *start, *end;

  while ((found = strstr (peer->in->str, want)) == NULL
         || (end = strstr (found, "xxx")) == NULL) {
    peer_turn (rig->server);
    peer_read (peer);
  }
  start = g_strrstr_len (peer->in->str, found - peer->in->str, "MESSAGE sip:");
  g_string_append (out, status);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const char *at = strstr (start, names[i]);

    if (i == 0)
      g_assert_true (g_str_has_prefix (at + 2, via));
    g_string_append_len (out, at, strcspn (at + 2, "\r") + 2);
  }
  g_string_append (out, "\r\nContent-Length: 0\r\n\r\n");
  end += strspn (end, "x");
  g_string_erase (peer->in, start - peer->in->str, end - start);
  peer_send (rig->server, peer, out->str, (gssize)out->len);
}

static void
wait_ends (Rig *rig, guint ends, guint status)
{
  while (rig->ends < ends)
    peer_turn (rig->server);
  g_assert_cmpuint (rig->ends, ==, ends);
  g_assert_cmpuint (rig->status, ==, status);
  g_assert_cmpuint (sip_out_pending (rig->o.out), ==, 0);
}

static void
assert_nothing_came (Rig *rig, Peer *peer)
{
  for (guint i = 0; i < 5; i++)
    peer_turn (rig->server);
  peer_read (peer);
  g_assert_cmpstr (peer->in->str, ==, "");
}

/* A small one is not tried by TCP, though it is there. */
static void
test_small (Rig *rig, gconstpointer data)
{
  listen_tcp (rig, 5);
  send_message (rig, 1, 700);
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 1, "200 OK");
  wait_ends (rig, 1, 200);
  g_assert_cmpint (accept (rig->listener, NULL, NULL), ==, -1);
}

static void
test_tcp (Rig *rig, gconstpointer data)
{
  Peer *tcp;

  listen_tcp (rig, 5);
  send_message (rig, 1, 1300);
  tcp = accept_tcp (rig);
  answer (rig, tcp, "Via: SIP/2.0/TCP", 1, "200 OK");
  wait_ends (rig, 1, 200);
  send_message (rig, 2, 5000); /* by the same connection */
  answer (rig, tcp, "Via: SIP/2.0/TCP", 2, "200 OK");
  wait_ends (rig, 2, 200);
  assert_nothing_came (rig, rig->device);
  peer_free (tcp);
}

/* The next one does not ask again, though TCP would be there by now. */
static void
test_refused (Rig *rig, gconstpointer data)
{
  send_message (rig, 1, 5000);
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 1, "200 OK");
  wait_ends (rig, 1, 200);
  listen_tcp (rig, 5);
  send_message (rig, 2, 5000);
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 2, "200 OK");
  wait_ends (rig, 2, 200);
  g_assert_cmpint (accept (rig->listener, NULL, NULL), ==, -1);
}

/* Nobody answers the connection: a second later both are there by UDP, and the
 * next at once. */
static void
test_deaf (Rig *rig, gconstpointer data)
{
  gint64 start = g_get_monotonic_time (), took;

  listen_deaf (rig);
  send_message (rig, 1, 5000);
  send_message (rig, 2, 5000);
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 1, "200 OK");
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 2, "200 OK");
  wait_ends (rig, 2, 200);
  took = g_get_monotonic_time () - start;
  g_assert_cmpint (took, >, 800 * 1000);
  g_assert_cmpint (took, <, 4 * G_USEC_PER_SEC);
  start = g_get_monotonic_time ();
  send_message (rig, 3, 5000);
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 3, "200 OK");
  wait_ends (rig, 3, 200);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 800 * 1000);
}

/* What was put into the connection that came too late is not sent after all. */
static void
test_late (Rig *rig, gconstpointer data)
{
  gint64 end;
  int fd;

  listen_deaf (rig);
  send_message (rig, 1, 5000);
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 1, "200 OK");
  wait_ends (rig, 1, 200);
  fd = accept (rig->listener, NULL, NULL); /* there is room from now on */
  g_assert_cmpint (fd, >=, 0);
  end = g_get_monotonic_time () + 2500 * 1000; /* past the next SYN */
  while (g_get_monotonic_time () < end)
    peer_turn (rig->server);
  g_assert_cmpint (accept (rig->listener, NULL, NULL), ==, -1);
  assert_nothing_came (rig, rig->device);
  close (fd);
}

/* Above [sip] udp_mtu never by UDP. */
static void
test_too_large (Rig *rig, gconstpointer data)
{
  send_message (rig, 1, 9000);
  wait_ends (rig, 1, 503);
  assert_nothing_came (rig, rig->device);
}

/* It has had the request: no second one by UDP, whatever it says. */
static void
test_answered (Rig *rig, gconstpointer data)
{
  Peer *tcp;

  listen_tcp (rig, 5);
  send_message (rig, 1, 5000);
  tcp = accept_tcp (rig);
  answer (rig, tcp, "Via: SIP/2.0/TCP", 1, "503 No");
  wait_ends (rig, 1, 503);
  assert_nothing_came (rig, rig->device);
  peer_free (tcp);
}

/* One that takes its time over an open connection is waited for. */
static void
test_slow (Rig *rig, gconstpointer data)
{
  gint64 end = g_get_monotonic_time () + 1200 * 1000;
  Peer *tcp;

  listen_tcp (rig, 5);
  send_message (rig, 1, 5000);
  tcp = accept_tcp (rig);
  while (g_get_monotonic_time () < end)
    peer_turn (rig->server);
  assert_nothing_came (rig, rig->device);
  answer (rig, tcp, "Via: SIP/2.0/TCP", 1, "200 OK");
  wait_ends (rig, 1, 200);
  peer_free (tcp);
}

/* By name, through the resolver (the hosts file). */
static void
test_name (Rig *rig, gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("sip:b@localhost:%u%s",
                                          rig->port_number, (char *)data);
  const SipTarget target = { .target = uri };

  send_to (rig, &target, 1, 5000);
  answer (rig, rig->device, "Via: SIP/2.0/UDP", 1, "200 OK");
  wait_ends (rig, 1, 200);
}

static void
test_freed (Rig *rig, gconstpointer data)
{
  listen_deaf (rig);
  send_message (rig, 1, 5000);
  peer_turn (rig->server);
  g_assert_cmpuint (sip_out_pending (rig->o.out), ==, 1);
}

#define ADD(PATH, TEST) g_test_add (PATH, Rig, NULL, set_up, TEST, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  alarm (120);
  g_test_add_func ("/large/rfc3428-8/way", test_way);
  g_test_add_func ("/large/memory", test_memory);
  ADD ("/large/rfc3428-8/small", test_small);
  ADD ("/large/rfc3261-18.1.1/tcp", test_tcp);
  ADD ("/large/rfc3261-18.1.1/refused", test_refused);
  ADD ("/large/rfc3261-18.1.1/deaf", test_deaf);
  ADD ("/large/rfc3261-18.1.1/late", test_late);
  ADD ("/large/rfc3261-18.1.1/too-large", test_too_large);
  ADD ("/large/rfc3261-18.1.1/answered", test_answered);
  ADD ("/large/rfc3261-18.1.1/slow", test_slow);
  g_test_add ("/large/rfc3263-4.1/name", Rig, "", set_up, test_name, tear_down);
  g_test_add ("/large/rfc3263-4.1/name-udp", Rig, ";transport=udp", set_up,
              test_name, tear_down);
  ADD ("/large/freed", test_freed);
  return g_test_run ();
}
