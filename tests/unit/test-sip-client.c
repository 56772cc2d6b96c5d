/* SPDX-License-Identifier: ISC
 *
 * Client transactions over loopback: nta's side is real, the peer is a UDP
 * socket or a TCP connection of the test, Transport and Resolver are doubles
 * that say what the test told them. */
#include "sip/out-priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- doubles --- */

struct Transport {
  nta_agent_t *agent;
  tport_t *flow;   /* number 7 */
  guint self_port; /* this port of loopback is ourselves */
};

tport_t *
transport_flow (Transport *self, guint64 flow, nta_agent_t **agent_out)
{
  *agent_out = self->agent;
  return flow == 7 ? self->flow : NULL;
}

nta_agent_t *
transport_agent_for (Transport *self, const char *host)
{
  return strchr (host, ':') == NULL ? self->agent : NULL;
}

tport_t *
transport_tport_for (Transport *self, const char *host, const char *proto)
{
  return NULL;
}

const char *
transport_contact (Transport *self, nta_agent_t *agent, const char *proto)
{
  return "sip:127.0.0.1:5060";
}

gboolean
transport_is_self (Transport *self, const char *host, guint port)
{
  return self->self_port != 0 && port == self->self_port;
}

struct Resolver {
  LoopPort *loop;
  ResolverHop hops[3];
  gsize n;
  gboolean is_silent;
};

struct ResolverQuery {
  Resolver *resolver;
  ResolverFn fn;
  gpointer data;
};

static void
resolved_cb (gpointer data)
{
  ResolverQuery *query = data;

  query->fn (query->resolver->hops, query->resolver->n, query->data);
  g_free (query);
}

ResolverQuery *
resolver_start (Resolver *self, const Uri *uri, gboolean needs_stream,
                ResolverFn fn, gpointer data)
{
  ResolverQuery *query = g_new0 (ResolverQuery, 1);

  *query = (ResolverQuery){ self, fn, data };
  if (!self->is_silent)
    self->loop->after (self->loop->self, 0, resolved_cb, query);
  return query;
}

void
resolver_cancel (ResolverQuery *query)
{
  g_free (query);
}

SipIncoming *
incoming_ref (SipIncoming *self)
{
  self->refs++;
  return self;
}

void
incoming_unref (SipIncoming *self)
{
  self->refs--;
}

gboolean
service_has_domain (Service *service, const char *host)
{
  return FALSE;
}

gint64
conf_int (const Conf *self, const char *group, const char *key)
{
  if (g_str_equal (key, "udp_max"))
    return 1300;
  g_assert_cmpstr (key, ==, "udp_mtu");
  return 9000;
}

/* --- rig --- */

typedef struct {
  SipLoop *loop;
  LoopPort *port;
  Transport transport;
  Resolver resolver;
  Sip sip;
  Counters *counters;
  SipOut *out;
  SipOutPort *out_port;
  int fd; /* the peer's */
  guint peer_port;
  LoopWatch *watch;
  GPtrArray *got;      /* what the peer got */
  const char *answers; /* "180 200": sent for each request; NULL: none */
  const char *extra;   /* header lines of the answers */
  guint want;          /* the loop stops after so many ends, or requests */
  gboolean counts_requests;
  gboolean is_calling;
  guint ends;
  SubsNotifyResult result;
  guint status, retry_after;
  SipResponse *kept;
  GBytes *body; /* of the NOTIFYs */
} Rig;

static int
stateless_cb (SipMagic *magic, nta_agent_t *agent, msg_t *msg, sip_t *sip)
{
  Rig *rig = (Rig *)magic;

  if (sip->sip_request != NULL && rig->transport.flow == NULL) {
    rig->transport.flow = nta_incoming_transport (agent, NULL, msg);
    sip_loop_quit (rig->loop);
  }
  nta_msg_discard (agent, msg);
  return 0;
}

/* The line of a header, with its end. */
static void
copy_line (const char *request, const char *name, GString *out)
{
  const char *at = strstr (request, name);
  const char *end = at ? strstr (at, "\r\n") : NULL;

  g_assert_nonnull (end);
  g_string_append_len (out, at, end + 2 - at);
}

static void
answer (Rig *rig, const char *request, const char *status,
        const struct sockaddr *to, socklen_t to_len)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_printf (out, "SIP/2.0 %s Because\r\n", status);
  copy_line (request, "Via:", out);
  copy_line (request, "From:", out);
  copy_line (request, "To:", out);
  copy_line (request, "Call-ID:", out);
  copy_line (request, "CSeq:", out);
  g_string_append (out, rig->extra ? rig->extra : "");
  g_string_append (out, "Content-Length: 0\r\n\r\n");
  g_assert_cmpint (sendto (rig->fd, out->str, out->len, 0, to, to_len), ==,
                   out->len);
}

static void
peer_cb (int fd, LoopEvents events, gpointer data)
{
  Rig *rig = data;
  char buffer[70000];
  struct sockaddr_in from;
  socklen_t from_len = sizeof from;
  gssize n = recvfrom (fd, buffer, sizeof buffer - 1, 0,
                       (struct sockaddr *)&from, &from_len);
  g_auto (GStrv) answers = NULL;

  if (n <= 0)
    return;
  buffer[n] = '\0';
  g_ptr_array_add (rig->got, g_strndup (buffer, n));
  if (rig->counts_requests && rig->got->len >= rig->want)
    sip_loop_quit (rig->loop);
  answers = g_strsplit (rig->answers ? rig->answers : "", " ", 0);
  for (guint i = 0; answers[i] != NULL; i++)
    answer (rig, buffer, answers[i], from_len ? (struct sockaddr *)&from : NULL,
            from_len);
}

static guint
bound_port (int fd)
{
  struct sockaddr_in at;
  socklen_t len = sizeof at;

  g_assert_cmpint (getsockname (fd, (struct sockaddr *)&at, &len), ==, 0);
  return ntohs (at.sin_port);
}

static void
open_peer (Rig *rig)
{
  struct sockaddr_in at = { .sin_family = AF_INET };

  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  rig->fd = socket (AF_INET, SOCK_DGRAM, 0);
  g_assert_cmpint (bind (rig->fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  rig->peer_port = bound_port (rig->fd);
  rig->watch
      = rig->port->watch (rig->port->self, rig->fd, LOOP_READ, peer_cb, rig);
}

static void
set_up (Rig *rig, gconstpointer data)
{
  rig->loop = sip_loop_new ();
  rig->port = sip_loop_port (rig->loop);
  rig->counters = counters_new ();
  rig->got = g_ptr_array_new_with_free_func (g_free);
  rig->transport.agent = nta_agent_create (
      sip_loop_root (rig->loop), URL_STRING_MAKE ("sip:127.0.0.1:*"),
      stateless_cb, (SipMagic *)rig, NTATAG_STATELESS (1),
      NTATAG_UDP_MTU (65535), NTATAG_SIP_T4 (1), NTATAG_SIP_T1 (20),
      NTATAG_SIP_T1X64 (300), TPTAG_SDWN_ERROR (1), TAG_END ());
  g_assert_nonnull (rig->transport.agent);
  rig->resolver.loop = rig->port;
  rig->sip.loop = rig->loop;
  rig->out = sip_out_new (&rig->sip, &rig->transport, &rig->resolver, NULL,
                          rig->counters);
  rig->out_port = sip_out_port_of (rig->out);
  rig->want = 1;
  open_peer (rig);
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  rig->out_port->drop_response (rig->out, rig->kept);
  sip_out_free (rig->out);
  if (rig->transport.flow != NULL)
    tport_unref (rig->transport.flow);
  rig->port->unwatch (rig->port->self, rig->watch);
  close (rig->fd);
  nta_agent_destroy (rig->transport.agent);
  sip_loop_free (rig->loop);
  counters_free (rig->counters);
  g_ptr_array_unref (rig->got);
  g_clear_pointer (&rig->body, g_bytes_unref);
}

static void
ended (Rig *rig)
{
  g_assert_false (rig->is_calling);
  rig->ends++;
  if (!rig->counts_requests && rig->ends >= rig->want)
    sip_loop_quit (rig->loop);
}

static void
notified_cb (SubsNotifyResult result, guint status, guint retry_after,
             const char *event, gpointer data)
{
  Rig *rig = data;

  rig->result = result;
  rig->status = status;
  rig->retry_after = retry_after;
  ended (rig);
}

static void
forwarded_cb (guint status, SipResponse *response, gpointer data)
{
  Rig *rig = data;

  rig->status = status;
  if (response != NULL)
    rig->kept = rig->out_port->keep_response (rig->out, response);
  ended (rig);
}

static void
send_notify (Rig *rig, const char *source, guint64 flow, guint32 cseq)
{
  SubsDialog dialog = { .watcher = "bob@example.com",
                        .event = "presence",
                        .call_id = "c1",
                        .local_tag = "ours",
                        .remote_tag = "theirs",
                        .local_uri = "sip:alice@example.com",
                        .remote_uri = "sip:bob@example.com",
                        .target = "sip:bob@10.99.0.5:5070",
                        .source = source };
  SipNotify notify = { .dialog = &dialog,
                       .cseq = cseq,
                       .state = SUBS_ACTIVE,
                       .expires = 60,
                       .body = rig->body,
                       .content_type = "text/plain",
                       .flow = flow };

  rig->is_calling = TRUE;
  rig->out_port->notify (rig->out, &notify, notified_cb, rig);
  rig->is_calling = FALSE;
}

static char *
peer_source (Rig *rig)
{
  return g_strdup_printf ("udp:127.0.0.1:%u", rig->peer_port);
}

/* A loopback UDP port where nobody listens. */
static guint
closed_port (void)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  int fd = socket (AF_INET, SOCK_DGRAM, 0);
  guint port;

  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  port = bound_port (fd);
  close (fd);
  return port;
}

/* --- NOTIFY --- */

typedef struct {
  const char *path, *answers, *extra;
  SubsNotifyResult result;
  guint status, retry_after;
} NotifyRow;

static const NotifyRow NOTIFY_ROWS[] = {
  { "ok", "200", NULL, SUBS_NOTIFY_OK, 200, 0 },
  { "provisional", "100 200", NULL, SUBS_NOTIFY_OK, 200, 0 },
  { "gone", "481", NULL, SUBS_NOTIFY_DEAD, 481, 0 },
  { "busy", "503", "Retry-After: 17\r\n", SUBS_NOTIFY_REFUSED, 503, 17 },
  { "challenge", "401", NULL, SUBS_NOTIFY_REFUSED, 401, 0 },
  { "silence", NULL, NULL, SUBS_NOTIFY_SUSPENDED, 408, 0 },
};

static void
test_notify (Rig *rig, gconstpointer data)
{
  const NotifyRow *row = data;
  g_autofree char *source = peer_source (rig);
  const char *request;

  rig->answers = row->answers;
  rig->extra = row->extra;
  send_notify (rig, source, 0, 1);
  g_assert_cmpuint (sip_out_pending (rig->out), ==, 1);
  sip_loop_run (rig->loop);
  g_assert_cmpint (rig->result, ==, row->result);
  g_assert_cmpuint (rig->status, ==, row->status);
  g_assert_cmpuint (rig->retry_after, ==, row->retry_after);
  g_assert_cmpuint (rig->ends, ==, 1);
  g_assert_cmpuint (sip_out_pending (rig->out), ==, 0);
  request = rig->got->pdata[0];
  g_assert_true (g_str_has_prefix (request,
                                   "NOTIFY sip:bob@10.99.0.5:5070 SIP/2.0\r\n"
                                   "Via: SIP/2.0/UDP 127.0.0.1:"));
  g_assert_nonnull (strstr (request, "\r\nContact: <sip:127.0.0.1:5060>\r\n"));
  g_assert_nonnull (strstr (request, "\r\nContent-Length: 0\r\n\r\n"));
  g_assert_null (strstr (request, "Route"));
}

static void
test_notify_no_way (Rig *rig, gconstpointer data)
{
  g_autofree char *closed
      = g_strdup_printf ("udp:127.0.0.1:%u", closed_port ());
  const char *const sources[]
      = { "tcp:127.0.0.1:5", "nonsense", "udp:[::1]:5060", closed };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++) {
    rig->ends = 0;
    send_notify (rig, sources[i], 0, i);
    sip_loop_run (rig->loop);
    g_assert_cmpuint (rig->ends, ==, 1);
    g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_SUSPENDED);
    g_assert_cmpuint (rig->status, ==, 503);
  }
  rig->ends = 0;
  send_notify (rig, "udp:127.0.0.1:9", 99, 7); /* no such flow */
  sip_loop_run (rig->loop);
  g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_SUSPENDED);
  g_assert_cmpuint (rig->got->len, ==, 0);
}

/* Who did not answer waits with his like, until he answers. */
static void
test_notify_silent (Rig *rig, gconstpointer data)
{
  g_autofree char *source = peer_source (rig);

  send_notify (rig, source, 0, 1);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 408);
  rig->answers = "200";
  send_notify (rig, source, 0, 2);
  g_assert_cmpuint (rig->out->silent_lane->sent.length, ==, 1);
  g_assert_cmpuint (rig->out->notify_lane->sent.length, ==, 0);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 200);
  send_notify (rig, source, 0, 3);
  g_assert_cmpuint (rig->out->silent_lane->sent.length, ==, 0);
  g_assert_cmpuint (rig->out->notify_lane->sent.length, ==, 1);
  sip_loop_run (rig->loop);
}

static void
subscribed_cb (const WatchAnswer *got, gpointer data)
{
  Rig *rig = data;

  rig->status = got->status;
  rig->retry_after = got->retry_after;
  ended (rig);
}

static void
send_subscribe (Rig *rig, const char *call_id)
{
  g_autofree char *target
      = g_strdup_printf ("sip:eve@127.0.0.1:%u", rig->peer_port);
  const WatchWish wish = { .user = "alice@example.com",
                           .from = "sip:alice@example.com",
                           .target = target,
                           .package = "presence" };
  const SipSubscribe subscribe
      = { .wish = &wish,
          .dialog
          = { .call_id = call_id, .local_tag = "ours", .target = target },
          .cseq = 1,
          .expires = 600 };

  rig->is_calling = TRUE;
  rig->out_port->subscribe (rig->out, &subscribe, subscribed_cb, rig);
  rig->is_calling = FALSE;
}

static void
test_subscribe (Rig *rig, gconstpointer data)
{
  rig->answers = "503";
  rig->extra = "Retry-After: 60\r\n";
  send_subscribe (rig, "c1");
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 503);
  g_assert_cmpuint (rig->retry_after, ==, 60);
}

/* Those of a server that is away hold up nobody: who waits behind the one that
 * had no answer is not tried, and who comes later goes with his like. */
static void
test_subscribe_silent (Rig *rig, gconstpointer data)
{
  rig->out->subscribe_lane->cap = 1;
  rig->want = 2;
  send_subscribe (rig, "first");
  send_subscribe (rig, "second");
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 0);
  for (guint i = 0; i < rig->got->len; i++)
    g_assert_null (strstr (rig->got->pdata[i], "second"));
  rig->answers = "403";
  rig->want = 3;
  send_subscribe (rig, "third");
  g_assert_cmpuint (rig->out->silent_lane->sent.length, ==, 1);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 403);
  send_subscribe (rig, "fourth");
  g_assert_cmpuint (rig->out->subscribe_lane->sent.length, ==, 1);
}

static void
test_subscribe_late (Rig *rig, gconstpointer data)
{
  rig->out->subscribe_wait = -1;
  rig->answers = "200";
  send_subscribe (rig, "c1");
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 0);
  g_assert_cmpuint (rig->got->len, ==, 0);
}

/* A large one is fragmented up to udp_mtu; above it goes by TCP, where this
 * peer does not listen. */
static void
test_notify_size (Rig *rig, gconstpointer data)
{
  g_autofree char *source = peer_source (rig);

  rig->answers = "200";
  rig->body = g_bytes_new_take (g_strnfill (7500, 'x'), 7500);
  send_notify (rig, source, 0, 1);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 200);
  g_bytes_unref (rig->body);
  rig->body = g_bytes_new_take (g_strnfill (9000, 'x'), 9000);
  send_notify (rig, source, 0, 2);
  sip_loop_run (rig->loop);
  g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_SUSPENDED);
  g_assert_cmpuint (rig->status, ==, 503);
  g_assert_cmpuint (rig->got->len, ==, 1);
}

/* Above the cap they wait, in order, and all are told. */
static void
test_notify_cap (Rig *rig, gconstpointer data)
{
  g_autofree char *source = peer_source (rig);
  gint64 *waiting = counters_cell (rig->counters, "transactions_waiting");

  rig->out->notify_lane->cap = 3;
  rig->answers = "200";
  rig->want = 10;
  for (guint i = 1; i <= 10; i++)
    send_notify (rig, source, 0, i);
  g_assert_cmpint (*waiting, ==, 7);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->ends, ==, 10);
  g_assert_cmpint (*waiting, ==, 0);
  for (guint i = 0; i < 10; i++) {
    g_autofree char *cseq = g_strdup_printf ("\r\nCSeq: %u NOTIFY\r\n", i + 1);

    g_assert_nonnull (strstr (rig->got->pdata[i], cseq));
  }
}

/* Freed with some in every state: nobody is called. */
static void
test_free (Rig *rig, gconstpointer data)
{
  g_autofree char *source = peer_source (rig);

  rig->out->notify_lane->cap = 2;
  rig->counts_requests = TRUE;
  rig->want = 2;
  for (guint i = 1; i <= 4; i++)
    send_notify (rig, source, 0, i);
  sip_loop_run (rig->loop);
  send_notify (rig, "nonsense", 0, 5);
  g_assert_cmpuint (sip_out_pending (rig->out), ==, 5);
  g_assert_cmpuint (rig->ends, ==, 0);
}

/* --- a connection --- */

static void
connect_peer (Rig *rig)
{
  static const char hello[] = "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n"
                              "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\n"
                              "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
                              "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
                              "Content-Length: 0\r\n\r\n";
  struct sockaddr_in at = { .sin_family = AF_INET };
  url_t *contact = nta_agent_contact (rig->transport.agent)->m_url;

  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  at.sin_port = htons (atoi (contact->url_port));
  rig->port->unwatch (rig->port->self, rig->watch);
  close (rig->fd);
  rig->fd = socket (AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint (connect (rig->fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  g_assert_cmpint (write (rig->fd, hello, sizeof hello - 1), >, 0);
  rig->watch
      = rig->port->watch (rig->port->self, rig->fd, LOOP_READ, peer_cb, rig);
  sip_loop_run (rig->loop);
  g_assert_nonnull (rig->transport.flow);
}

static void
test_flow (Rig *rig, gconstpointer data)
{
  connect_peer (rig);
  rig->answers = "200";
  send_notify (rig, "tcp:127.0.0.1:9", 7, 1);
  sip_loop_run (rig->loop);
  g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_OK);
  g_assert_cmpuint (g_hash_table_size (rig->out->flows), ==, 0);
  g_assert_nonnull (strstr (rig->got->pdata[0], "Via: SIP/2.0/TCP"));
}

static void
test_flow_closed (Rig *rig, gconstpointer data)
{
  guint64 flow = 7;

  connect_peer (rig);
  rig->counts_requests = TRUE;
  send_notify (rig, "tcp:127.0.0.1:9", 7, 1);
  ((OutLane *)g_hash_table_lookup (rig->out->flows, &flow))->cap = 1;
  send_notify (rig, "tcp:127.0.0.1:9", 7, 2);
  sip_loop_run (rig->loop);
  rig->counts_requests = FALSE;
  rig->want = 2;
  rig->is_calling = TRUE;
  sip_out_flow_closed (rig->out, 7);
  sip_out_flow_closed (rig->out, 8);
  rig->is_calling = FALSE;
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->ends, ==, 2);
  g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_SUSPENDED);
  g_assert_cmpuint (g_hash_table_size (rig->out->flows), ==, 0);
  g_assert_cmpuint (sip_out_pending (rig->out), ==, 0);
}

/* --- forwarding --- */

#define MESSAGE                                                                \
  "MESSAGE sip:alice@example.com SIP/2.0\r\n"                                  \
  "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa;rport\r\n"                  \
  "From: <sip:bob@example.com>;tag=f\r\n"                                      \
  "To: <sip:alice@example.com>\r\n"                                            \
  "Call-ID: m1\r\nCSeq: 1 MESSAGE\r\nX-Odd: 1\r\n"                             \
  "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"

static void
forward (Rig *rig, const SipTarget *target)
{
  SipIncoming incoming = { .msg = msg_make (sip_default_mclass (), 0, MESSAGE,
                                            sizeof MESSAGE - 1),
                           .source = (char *)"udp:192.0.2.9:5060" };

  rig->is_calling = TRUE;
  rig->out_port->forward (rig->out, &incoming, target, forwarded_cb, rig);
  rig->is_calling = FALSE;
  msg_destroy (incoming.msg);
}

static void
test_forward (Rig *rig, gconstpointer data)
{
  g_autofree char *source = peer_source (rig);
  SipTarget target = { .target = "sip:alice@10.99.0.9", .received = source };
  const char *request;

  rig->answers = "180 299";
  rig->extra = "Warning: 399 x \"y\"\r\n";
  forward (rig, &target);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->ends, ==, 1);
  g_assert_cmpuint (rig->status, ==, 299);
  g_assert_cmpuint (sip_out_pending (rig->out), ==, 0);
  g_assert_cmpint (rig->kept->object->sip_status->st_status, ==, 299);
  g_assert_nonnull (rig->kept->object->sip_warning);
  request = rig->got->pdata[0];
  g_assert_true (g_str_has_prefix (
      request, "MESSAGE sip:alice@10.99.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP "));
  g_assert_nonnull (strstr (request, ";branch=z9hG4bKa;rport"));
  g_assert_nonnull (strstr (request, "\r\nX-Odd: 1\r\n"));
  g_assert_true (g_str_has_suffix (request, "\r\n\r\nhi"));
}

static void
set_hop (Rig *rig, guint port)
{
  ResolverHop *hop = &rig->resolver.hops[rig->resolver.n++];

  *hop = (ResolverHop){ "127.0.0.1", port, "udp" };
}

/* The first hop refuses, the second takes it. */
static void
test_forward_next_hop (Rig *rig, gconstpointer data)
{
  SipTarget target = { 0 };

  set_hop (rig, closed_port ());
  set_hop (rig, rig->peer_port);
  rig->answers = "200";
  forward (rig, &target);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 200);
  g_assert_cmpuint (rig->got->len, ==, 1);
  g_assert_true (g_str_has_suffix (rig->got->pdata[0], "\r\n\r\nhi"));
}

/* 503 means the next one too; the last answer counts. */
static void
test_forward_503 (Rig *rig, gconstpointer data)
{
  SipTarget target = { 0 };

  set_hop (rig, rig->peer_port);
  set_hop (rig, rig->peer_port);
  rig->answers = "503";
  forward (rig, &target);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 503);
  g_assert_nonnull (rig->kept);
  g_assert_cmpuint (rig->got->len, ==, 2);
}

static void
test_forward_unresolved (Rig *rig, gconstpointer data)
{
  SipTarget target = { 0 };

  forward (rig, &target);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 503);
  g_assert_null (rig->kept);
}

static void
test_forward_self (Rig *rig, gconstpointer data)
{
  SipTarget target = { 0 };

  rig->transport.self_port = 9;
  set_hop (rig, 9);
  forward (rig, &target);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 482);
  g_assert_null (rig->kept);
}

static void
test_forward_refused (Rig *rig, gconstpointer data)
{
  SipTarget target = { .target = "nonsense" };

  forward (rig, &target);
  sip_loop_run (rig->loop);
  g_assert_cmpuint (rig->status, ==, 400);
  g_assert_cmpuint (rig->ends, ==, 1);
}

static void
test_forward_free (Rig *rig, gconstpointer data)
{
  SipTarget target = { 0 };

  rig->resolver.is_silent = TRUE;
  forward (rig, &target);
  g_assert_cmpuint (sip_out_pending (rig->out), ==, 1);
}

#define ADD(PATH, TEST) g_test_add (PATH, Rig, NULL, set_up, TEST, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (NOTIFY_ROWS); i++) {
    g_autofree char *path
        = g_strdup_printf ("/client/rfc6665-4.2.2/%s", NOTIFY_ROWS[i].path);

    g_test_add (path, Rig, &NOTIFY_ROWS[i], set_up, test_notify, tear_down);
  }
  ADD ("/client/notify/no-way", test_notify_no_way);
  ADD ("/client/notify/silent", test_notify_silent);
  ADD ("/client/subscribe/answer", test_subscribe);
  ADD ("/client/subscribe/silent", test_subscribe_silent);
  ADD ("/client/subscribe/late", test_subscribe_late);
  ADD ("/client/notify/rfc3261-18.1.1/size", test_notify_size);
  ADD ("/client/notify/cap", test_notify_cap);
  ADD ("/client/free", test_free);
  ADD ("/client/flow/sent", test_flow);
  ADD ("/client/flow/closed", test_flow_closed);
  ADD ("/client/rfc3261-16.7/relayed", test_forward);
  ADD ("/client/rfc3263-4.3/next-hop", test_forward_next_hop);
  ADD ("/client/rfc3263-4.3/503", test_forward_503);
  ADD ("/client/rfc3263-4.3/none", test_forward_unresolved);
  ADD ("/client/rfc3261-16.3/loop", test_forward_self);
  ADD ("/client/forward/refused", test_forward_refused);
  ADD ("/client/forward/free", test_forward_free);
  return g_test_run ();
}
