/* SPDX-License-Identifier: ISC */
#include "sip-peer.h"

#include "base/error.h"
#include "sip/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Free for UDP and TCP on both loopbacks, as far as one can tell. */
static guint
free_port (void)
{
  for (;;) {
    Endpoint v4 = { .family = AF_INET, .host = "127.0.0.1" };
    Endpoint v6 = { .family = AF_INET6, .host = "::1" };

    v4.port = v6.port = (guint)g_random_int_range (20000, 32000);
    if (endpoint_probe (&v4, SOCK_DGRAM, NULL)
        && endpoint_probe (&v4, SOCK_STREAM, NULL)
        && endpoint_probe (&v6, SOCK_DGRAM, NULL)
        && endpoint_probe (&v6, SOCK_STREAM, NULL))
      return v4.port;
  }
}

/* ":0" is a free port. */
static char *
with_ports (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (text[0] == ':' && text[1] == '0' && strchr (";\n", text[2]) != NULL)
      g_string_append_printf (out, ":%u", (text++, free_port ()));
    else
      g_string_append_c (out, *text);
  return g_string_free (out, FALSE);
}

Conf *
peer_conf (const char *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *model = g_strdup_printf (
      "[server]\ndomains=example.com\n"
      "[sip]\n%s%s",
      strstr (options, "\nlisten=") || g_str_has_prefix (options, "listen=")
          ? ""
          : "listen=127.0.0.1:0;[::1]:0\n",
      options);
  g_autofree char *text = with_ports (model);
  Conf *conf = conf_parse (text, strlen (text), "test", &error);

  g_assert_no_error (error);
  return conf;
}

static void
message_cb (nta_agent_t *agent, msg_t *msg, sip_t *sip, gpointer data)
{
  PeerServer *self = data;
  g_autofree char *source = NULL;

  source = transport_source_of (self->transport, agent, msg);
  self->flow = transport_flow_of (self->transport, agent, msg);
  self->agent = agent;
  g_ptr_array_add (self->story,
                   g_strdup_printf ("%s %s %" G_GUINT64_FORMAT,
                                    sip->sip_request
                                        ? sip->sip_request->rq_method_name
                                        : "response",
                                    source, self->flow));
  if (sip->sip_request == NULL)
    nta_msg_discard (agent, msg);
  else if (self->handler != NULL)
    self->handler (agent, msg, sip, self->data);
  else if (self->held != NULL)
    g_ptr_array_add (self->held, msg);
  else
    nta_msg_treply (agent, msg, SIP_200_OK, TAG_END ());
}

static void
closed_cb (guint64 flow, gpointer data)
{
  g_array_append_val (((PeerServer *)data)->closed, flow);
}

static const TransportEvents events
    = { .message = message_cb, .closed = closed_cb };

/* Again when somebody was faster at a free port. */
static void
start (PeerServer *self, const char *options)
{
  g_autoptr (GError) error = NULL;

  do {
    g_clear_error (&error);
    g_clear_pointer (&self->conf, conf_free);
    self->conf = peer_conf (options);
    self->transport
        = transport_new (self->loop, self->conf, &events, self, &error);
  } while (g_error_matches (error, RC_ERROR, RC_ERROR_BUSY));
  g_assert_no_error (error);
}

PeerServer *
peer_server_new (const char *options)
{
  PeerServer *self = g_new0 (PeerServer, 1);

  self->loop = sip_loop_new ();
  self->story = g_ptr_array_new_with_free_func (g_free);
  self->closed = g_array_new (FALSE, FALSE, sizeof (guint64));
  start (self, options);
  return self;
}

void
peer_server_free (PeerServer *self)
{
  transport_free (self->transport);
  sip_loop_free (self->loop);
  conf_free (self->conf);
  g_ptr_array_unref (self->story);
  g_array_unref (self->closed);
  g_free (self->folder);
  g_free (self);
}

void
peer_turn (PeerServer *self)
{
  su_root_step (sip_loop_root (self->loop), 10);
}

void
peer_wait_messages (PeerServer *self, guint n)
{
  while (self->story->len < n)
    peer_turn (self);
}

void
peer_wait_closed (PeerServer *self, guint n)
{
  while (self->closed->len < n)
    peer_turn (self);
}

static int
answered_cb (SipOutgoing *magic, nta_outgoing_t *request, const sip_t *sip)
{
  if (nta_outgoing_status (request) < 200)
    return 0;
  *(int *)magic = nta_outgoing_status (request);
  nta_outgoing_destroy (request);
  return 0;
}

void
peer_server_notify (PeerServer *self, gsize size, int *status)
{
  nta_agent_t *agent = NULL;
  tport_t *tport = transport_flow (self->transport, self->flow, &agent);
  msg_t *msg = nta_msg_create (agent, 0);
  su_home_t *home = msg_home (msg);
  url_string_t *target
      = (url_string_t *)url_make (home, "sip:bob@192.0.2.99;transport=tcp");
  g_autofree char *body = g_strnfill (size, 'x');

  sip_add_tl (msg, sip_object (msg),
              SIPTAG_REQUEST (
                  sip_request_create (home, SIP_METHOD_NOTIFY, target, NULL)),
              SIPTAG_FROM_STR ("<sip:bob@example.com>;tag=1"),
              SIPTAG_TO_STR ("<sip:alice@example.com>;tag=2"),
              SIPTAG_CALL_ID_STR ("out"), SIPTAG_CSEQ_STR ("1 NOTIFY"),
              SIPTAG_MAX_FORWARDS_STR ("70"),
              SIPTAG_PAYLOAD (sip_payload_create (home, body, (isize_t)size)),
              TAG_END ());
  g_assert_nonnull (nta_outgoing_mcreate (agent, answered_cb,
                                          (SipOutgoing *)status, NULL, msg,
                                          NTATAG_TPORT (tport), TAG_END ()));
}

static int
connected_socket (const char *host, guint port, int type)
{
  struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons (port) };
  struct sockaddr_in6 v6
      = { .sin6_family = AF_INET6, .sin6_port = htons (port) };
  gboolean is_v6 = strchr (host, ':') != NULL;
  int fd = socket (is_v6 ? AF_INET6 : AF_INET, type, 0);
  int result;

  g_assert_cmpint (fd, >=, 0);
  inet_pton (AF_INET, host, &v4.sin_addr);
  inet_pton (AF_INET6, host, &v6.sin6_addr);
  result = is_v6 ? connect (fd, (struct sockaddr *)&v6, sizeof v6)
                 : connect (fd, (struct sockaddr *)&v4, sizeof v4);
  g_assert_cmpint (result, ==, 0); /* the kernel's queue takes it */
  fcntl (fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static Peer *
peer_on (int fd)
{
  Peer *self = g_new0 (Peer, 1);

  self->fd = fd;
  self->in = g_string_new (NULL);
  return self;
}

Peer *
peer_new_raw (const char *host, guint port)
{
  return peer_on (connected_socket (host, port, SOCK_STREAM));
}

gboolean
peer_handshake (PeerServer *server, Peer *self, SSL_CTX *context)
{
  self->ssl = SSL_new (context);
  SSL_set_fd (self->ssl, self->fd);
  for (;;) {
    int result = SSL_connect (self->ssl);

    if (result == 1)
      return TRUE;
    if (SSL_get_error (self->ssl, result) != SSL_ERROR_WANT_READ)
      return FALSE;
    peer_turn (server);
  }
}

static guint
port_of (PeerServer *server, const char *host, const char *proto)
{
  nta_agent_t *agent = transport_agent_for (server->transport, host);
  const char *contact = transport_contact (server->transport, agent, proto);
  const char *colon;

  g_assert_nonnull (contact);
  colon = strrchr (contact, ':');
  return (guint)g_ascii_strtoull (colon + 1, NULL, 10);
}

Peer *
peer_new (PeerServer *server, const char *host, const char *proto)
{
  int type = strcmp (proto, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
  Peer *self
      = peer_on (connected_socket (host, port_of (server, host, proto), type));

  if (strcmp (proto, "tls") == 0) {
    SSL_CTX *context = SSL_CTX_new (TLS_client_method ());

    g_assert_true (peer_handshake (server, self, context));
    SSL_CTX_free (context);
  }
  return self;
}

void
peer_free (Peer *self)
{
  if (self->ssl != NULL) {
    SSL_set_quiet_shutdown (self->ssl, 1);
    SSL_free (self->ssl);
  }
  close (self->fd);
  g_string_free (self->in, TRUE);
  g_free (self);
}

/* SSL_write_ex and SSL_read_ex: the plain ones are wrapped for sofia. */
static gssize
write_some (Peer *self, const char *data, gsize len)
{
  gsize n = 0;

  if (self->ssl == NULL)
    return send (self->fd, data, len, MSG_NOSIGNAL);
  return SSL_write_ex (self->ssl, data, len, &n) == 1 ? (gssize)n : -1;
}

void
peer_send (PeerServer *server, Peer *self, const char *data, gssize len)
{
  gsize left = len < 0 ? strlen (data) : (gsize)len;

  while (left > 0 && !self->is_at_end) {
    gssize n = write_some (self, data, left);

    if (n > 0) {
      data += n;
      left -= n;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      self->is_at_end = TRUE;
    } else {
      peer_turn (server);
    }
  }
}

static gssize
read_some (Peer *self, char *buffer, gsize size)
{
  gsize got = 0;
  gssize n;
  int result;

  if (self->ssl == NULL) {
    n = recv (self->fd, buffer, size, 0);
    self->is_at_end |= n == 0 || (n < 0 && errno != EAGAIN);
    return n;
  }
  result = SSL_read_ex (self->ssl, buffer, size, &got);
  self->is_at_end
      |= result != 1
         && SSL_get_error (self->ssl, result) != SSL_ERROR_WANT_READ;
  return (gssize)got;
}

void
peer_read (Peer *self)
{
  char buffer[65536];
  gssize n;

  while (!self->is_at_end && (n = read_some (self, buffer, sizeof buffer)) > 0)
    g_string_append_len (self->in, buffer, n);
}

void
peer_expect (PeerServer *server, Peer *self, const char *text)
{
  const char *found;

  while ((found = strstr (self->in->str, text)) == NULL) {
    if (self->is_at_end)
      g_error ("closed before \"%s\" came; last: %s", text, self->in->str);
    peer_turn (server);
    peer_read (self);
  }
  g_string_erase (self->in, 0, found - self->in->str + strlen (text));
}

void
peer_expect_end (PeerServer *server, Peer *self)
{
  while (!self->is_at_end) {
    peer_turn (server);
    peer_read (self);
  }
}

char *
peer_name (Peer *self)
{
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  char host[INET6_ADDRSTRLEN];
  struct sockaddr_in *v4 = (struct sockaddr_in *)&ss;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ss;

  getsockname (self->fd, (struct sockaddr *)&ss, &len);
  if (ss.ss_family == AF_INET)
    return g_strdup_printf (
        "%s:%u", inet_ntop (AF_INET, &v4->sin_addr, host, sizeof host),
        ntohs (v4->sin_port));
  return g_strdup_printf (
      "[%s]:%u", inet_ntop (AF_INET6, &v6->sin6_addr, host, sizeof host),
      ntohs (v6->sin6_port));
}

char *
peer_request (const char *method, const char *proto, guint number,
              const char *extra, const char *body)
{
  g_autofree char *upper = g_ascii_strup (proto, -1);

  return g_strdup_printf (
      "%s sip:example.com SIP/2.0\r\n"
      "Via: SIP/2.0/%s 127.0.0.1:9;branch=z9hG4bK-%u;rport\r\n"
      "From: <sip:alice@example.com>;tag=a%u\r\n"
      "To: <sip:bob@example.com>\r\n"
      "Call-ID: call-%u@example.com\r\n"
      "CSeq: %u %s\r\n"
      "Max-Forwards: 70\r\n"
      "%sContent-Length: %zu\r\n\r\n%s",
      method, upper, number, number, number, number, method, extra ? extra : "",
      body ? strlen (body) : 0, body ? body : "");
}

char *
peer_certificate (const char *folder, const char *name)
{
  g_autofree char *pem = g_strdup_printf ("%s/%s.pem", folder, name);
  g_autofree char *key = g_strdup_printf ("%s/%s.key", folder, name);
  g_autofree char *subject = g_strdup_printf ("/CN=%s", name);
  const char *argv[] = { "openssl",
                         "req",
                         "-x509",
                         "-newkey",
                         "ec",
                         "-pkeyopt",
                         "ec_paramgen_curve:P-256",
                         "-nodes",
                         "-days",
                         "2",
                         "-subj",
                         subject,
                         "-keyout",
                         key,
                         "-out",
                         pem,
                         NULL };
  g_autoptr (GError) error = NULL;
  int status = -1;

  g_spawn_sync (NULL, (char **)argv, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
                    | G_SPAWN_STDERR_TO_DEV_NULL,
                NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  return g_strdup_printf ("tls_certificate=%s\ntls_key=%s\n", pem, key);
}
