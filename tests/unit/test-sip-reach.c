/* SPDX-License-Identifier: ISC
 *
 * NOTIFYs and forwarded requests through the real transport and resolver, to
 * peers on loopback of both families, over UDP and over their connection. */
#include "sip-out-rig.h"

#include <string.h>
#include <unistd.h>

/* service/ is asked for its domains alone. */
gboolean
service_has_domain (Service *service, const char *host)
{
  return g_str_equal (host, "example.com");
}

typedef struct {
  const char *path, *host, *proto;
} Reach;

static const Reach REACHES[] = {
  { "udp4", "127.0.0.1", "udp" },
  { "udp6", "::1", "udp" },
  { "tcp4", "127.0.0.1", "tcp" },
  { "tcp6", "::1", "tcp" },
};

typedef struct {
  PeerServer *server;
  Peer *peer;
  OutRig o;
  char *source; /* "udp:127.0.0.1:4711": the peer, as the server saw it */
  guint ends;
  SubsNotifyResult result;
  guint status;
} Rig;

static void
set_up (Rig *rig, gconstpointer data)
{
  const Reach *reach = data;
  g_autofree char *hello
      = peer_request ("OPTIONS", reach->proto, 1, NULL, NULL);
  g_autofree char *name = NULL;

  rig->server = peer_server_new ("");
  out_rig_start (&rig->o, rig->server);
  rig->peer = peer_new (rig->server, reach->host, reach->proto);
  name = peer_name (rig->peer);
  rig->source = g_strdup_printf ("%s:%s", reach->proto, name);
  peer_send (rig->server, rig->peer, hello, -1);
  peer_wait_messages (rig->server, 1);
  peer_expect (rig->server, rig->peer, "\r\n\r\n");
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  out_rig_stop (&rig->o);
  peer_free (rig->peer);
  peer_server_free (rig->server);
  g_free (rig->source);
}

static void
notified_cb (SubsNotifyResult result, guint status, guint retry_after,
             const char *event, gpointer data)
{
  Rig *rig = data;

  rig->ends++;
  rig->result = result;
  rig->status = status;
}

static void
forwarded_cb (guint status, SipResponse *response, gpointer data)
{
  Rig *rig = data;

  rig->ends++;
  rig->status = status;
}

static void
send_notify (Rig *rig)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("<presence/>", 11);
  SubsDialog dialog = { .watcher = "bob@example.com",
                        .event = "presence",
                        .call_id = "c1",
                        .local_tag = "ours",
                        .remote_tag = "theirs",
                        .local_uri = "sip:alice@example.com",
                        .remote_uri = "sip:bob@example.com",
                        .target = "sip:bob@10.99.0.5:5070",
                        .source = rig->source };
  SipNotify notify = { .dialog = &dialog,
                       .cseq = 1,
                       .state = SUBS_ACTIVE,
                       .expires = 60,
                       .body = body,
                       .content_type = "application/pidf+xml",
                       .flow = rig->server->flow };

  rig->o.port->notify (rig->o.out, &notify, notified_cb, rig);
}

static void
append_line (const char *request, const char *name, GString *out)
{
  const char *at = strstr (request, name);

  g_assert_nonnull (at);
  g_string_append_len (out, at, strcspn (at, "\r"));
  g_string_append (out, "\r\n");
}

/* Waits for a request that begins so, and answers it. */
static void
answer (Rig *rig, const char *start, const char *status)
{
  static const char *const names[]
      = { "Via:", "From:", "To:", "Call-ID:", "CSeq:" };
  g_autoptr (GString) out = g_string_new (NULL);

  while (strstr (rig->peer->in->str, "\r\n\r\n") == NULL) {
    peer_turn (rig->server);
    peer_read (rig->peer);
  }
  g_assert_true (g_str_has_prefix (rig->peer->in->str, start));
  g_string_printf (out, "SIP/2.0 %s\r\n", status);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    append_line (rig->peer->in->str, names[i], out);
  g_string_append (out, "Content-Length: 0\r\n\r\n");
  peer_send (rig->server, rig->peer, out->str, -1);
}

static void
wait_end (Rig *rig)
{
  while (rig->ends == 0)
    peer_turn (rig->server);
  g_assert_cmpuint (rig->ends, ==, 1);
}

static void
test_notify (Rig *rig, gconstpointer data)
{
  send_notify (rig);
  answer (rig, "NOTIFY sip:bob@10.99.0.5:5070 SIP/2.0\r\n", "200 OK");
  g_assert_nonnull (strstr (rig->peer->in->str, "\r\nContact: <sip:"));
  wait_end (rig);
  g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_OK);
}

/* The peer goes while a NOTIFY is under way: known at once, not after timer F;
 * and the next one knows it too. */
static void
test_closed (Rig *rig, gconstpointer data)
{
  send_notify (rig);
  peer_free (g_steal_pointer (&rig->peer));
  peer_wait_closed (rig->server, 1);
  sip_out_flow_closed (rig->o.out, rig->server->flow);
  wait_end (rig);
  g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_SUSPENDED);
  rig->ends = 0;
  send_notify (rig);
  wait_end (rig);
  g_assert_cmpint (rig->result, ==, SUBS_NOTIFY_SUSPENDED);
  g_assert_cmpuint (rig->status, ==, 503);
  rig->peer = peer_new (rig->server, "127.0.0.1", "udp");
}

static void
forward (Rig *rig, const SipTarget *target)
{
  g_autofree char *text
      = peer_request ("MESSAGE", "udp", 2, "X-Odd: 1\r\n", "hello");
  SipIncoming incoming
      = { .msg = msg_make (sip_default_mclass (), 0, text, strlen (text)),
          .source = rig->source };

  rig->o.port->forward (rig->o.out, &incoming, target, forwarded_cb, rig);
  msg_destroy (incoming.msg);
}

/* To a device, by where it is. */
static void
test_forward (Rig *rig, gconstpointer data)
{
  gboolean is_udp = g_str_has_prefix (rig->source, "udp:");
  SipTarget target = { .target = "sip:bob@10.99.0.5:5070",
                       .received = is_udp ? rig->source : NULL,
                       .flow = rig->server->flow };

  forward (rig, &target);
  answer (rig, "MESSAGE sip:bob@10.99.0.5:5070 SIP/2.0\r\n", "202 Accepted");
  g_assert_true (g_str_has_suffix (rig->peer->in->str, "\r\n\r\nhello"));
  wait_end (rig);
  g_assert_cmpuint (rig->status, ==, 202);
}

/* To a name, through the resolver (the hosts file). */
static void
test_forward_name (Rig *rig, gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("sip:bob@localhost%s;transport=udp",
                                          strrchr (rig->source, ':'));
  g_autofree char *start = g_strdup_printf ("MESSAGE %s SIP/2.0\r\n", uri);
  SipTarget target = { .target = uri };

  forward (rig, &target);
  answer (rig, start, "200 OK");
  wait_end (rig);
  g_assert_cmpuint (rig->status, ==, 200);
}

/* To one of our own listeners: a loop (RFC 3261 16.3). */
static void
test_forward_self (Rig *rig, gconstpointer data)
{
  g_autofree char *uri = g_strdup (
      transport_contact (rig->server->transport, rig->server->agent, "udp"));
  SipTarget target = { .target = uri };

  forward (rig, &target);
  wait_end (rig);
  g_assert_cmpuint (rig->status, ==, 482);
}

static void
add (const char *what, const Reach *reach,
     void (*test) (Rig *rig, gconstpointer data))
{
  g_autofree char *path = g_strdup_printf ("/reach/%s/%s", what, reach->path);

  g_test_add (path, Rig, reach, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  alarm (120);
  for (guint i = 0; i < G_N_ELEMENTS (REACHES); i++) {
    add ("notify", &REACHES[i], test_notify);
    add ("forward", &REACHES[i], test_forward);
  }
  add ("closed", &REACHES[2], test_closed);
  add ("closed", &REACHES[3], test_closed);
  add ("rfc3263/name", &REACHES[0], test_forward_name);
  add ("rfc3261-16.3/self", &REACHES[0], test_forward_self);
  return g_test_run ();
}
