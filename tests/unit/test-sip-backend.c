/* SPDX-License-Identifier: ISC
 *
 * Subscriptions to another domain through the whole of sip/ and service/, whose
 * server there is a UDP socket or a TCP connection of the test:
 *
 *   rollcall                          peer
 *      |------ SUBSCRIBE -------------->|
 *      |<----- 2xx, NOTIFY (any order) -|
 *      |------ 200 -------------------->|
 *      |------ SUBSCRIBE (in dialog) -->|   refresh, or Expires: 0
 */
#include "sip-peer.h"

#include "service/backend.h"
#include "sip/out.h"
#include "sip/sip-priv.h"
#include "store/store.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALICE "alice@example.com"
#define DOCUMENT "<presence/>"
#define TYPE "Content-Type: application/pidf+xml\r\n"
#define ACTIVE "Event: presence\r\nSubscription-State: active;expires=600\r\n"
#define OVER                                                                   \
  "Event: presence\r\nSubscription-State: terminated;reason=timeout\r\n"

typedef struct {
  PeerServer server; /* loop, transport and conf alone: for sip-peer.h */
  Counters *counters;
  StoreMem *store;
  Service *service;
  Sip *sip;
  Clock clock;
  gint64 ahead; /* us: the server's clock before the real one */
  Peer *peer;
  char *target;                              /* of the peer */
  char *subscribe, *call_id, *tag, *contact; /* of the last SUBSCRIBE */
  guint cseq;                                /* of the last NOTIFY */
  guint branch;
  BackendWatch *watch;
  guint told;
} Rig;

/* --- rig --- */

static gint64
now_cb (gpointer data)
{
  return g_get_monotonic_time () + ((Rig *)data)->ahead;
}

static void
ready_cb (gpointer data)
{
  *(gboolean *)data = TRUE;
}

static const ServiceLimits LIMITS = {
  .subs = { 60, 7200, 3600, 60, 64 },
  .im = { .max_locks = 10, .chunk = 10, .max_waiting = 20 },
  .watch = { .max = 10, .max_per_user = 10, .expires = 3600, .max_body = 2000 },
};

static void
start_service (Rig *rig)
{
  static const char *const domains[] = { "example.com", NULL };
  LoopPort *loop = sip_loop_port (rig->server.loop);
  gboolean is_ready = FALSE;

  rig->clock = (Clock){ .now = now_cb, .self = rig };
  rig->counters = counters_new ();
  rig->store = store_mem_new (loop, &rig->clock);
  rig->service = service_new (&LIMITS, domains, &rig->clock, loop,
                              store_mem_port (rig->store), rig->counters);
  service_set_messages (rig->service, store_mem_messages (rig->store));
  service_set_documents (rig->service, store_mem_documents (rig->store), NULL);
  service_start (rig->service, ready_cb, &is_ready);
  while (!is_ready)
    peer_turn (&rig->server);
}

static void
start_sip (Rig *rig)
{
  do {
    g_clear_pointer (&rig->server.conf, conf_free);
    rig->server.conf = peer_conf ("max_body=4k\n");
    rig->sip = sip_new (rig->server.loop, rig->server.conf, rig->service,
                        &rig->clock, rig->counters, NULL);
  } while (rig->sip == NULL); /* somebody was faster at a port */
  rig->server.transport = rig->sip->transport;
  service_set_sip (rig->service, sip_out_port (rig->sip));
}

static void
set_up (Rig *rig, gconstpointer data)
{
  g_autofree char *name = NULL;

  rig->server.loop = sip_loop_new ();
  start_service (rig);
  start_sip (rig);
  rig->peer = peer_new (&rig->server, "127.0.0.1", "udp");
  name = peer_name (rig->peer);
  rig->target = g_strdup_printf ("sip:eve@%s", name);
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  backend_unwatch (rig->watch);
  service_set_sip (rig->service, NULL);
  sip_free (rig->sip);
  service_free (rig->service);
  store_mem_free (rig->store);
  counters_free (rig->counters);
  peer_free (rig->peer);
  sip_loop_free (rig->server.loop);
  conf_free (rig->server.conf);
  g_free (rig->target);
  g_free (rig->subscribe);
  g_free (rig->call_id);
  g_free (rig->tag);
  g_free (rig->contact);
}

/* --- the peer --- */

/* One message, of what has come; caller frees. */
static char *
take (Rig *rig)
{
  GString *in = rig->peer->in;
  const char *end, *length;
  gsize size;
  char *text;

  while ((end = strstr (in->str, "\r\n\r\n")) == NULL) {
    g_assert_false (rig->peer->is_at_end);
    peer_turn (&rig->server);
    peer_read (rig->peer);
  }
  length = strstr (in->str, "Content-Length: ");
  g_assert_true (length != NULL && length < end);
  size = end + 4 - in->str
         + g_ascii_strtoull (length + strlen ("Content-Length: "), NULL, 10);
  text = g_strndup (in->str, size);
  g_string_erase (in, 0, (gssize)size);
  return text;
}

/* What stands between start and the end of its line, or one of stop. */
static char *
cut (const char *text, const char *start, const char *stop)
{
  const char *at = strstr (text, start);

  g_assert_nonnull (at);
  at += strlen (start);
  return g_strndup (at, strcspn (at, stop));
}

static void
expect_subscribe (Rig *rig)
{
  g_free (rig->subscribe);
  g_free (rig->call_id);
  g_free (rig->tag);
  g_free (rig->contact);
  rig->subscribe = take (rig);
  if (!g_str_has_prefix (rig->subscribe, "SUBSCRIBE "))
    g_error ("no SUBSCRIBE: %s", rig->subscribe);
  rig->call_id = cut (rig->subscribe, "\r\nCall-ID: ", "\r");
  rig->tag = cut (rig->subscribe, "From: <sip:" ALICE ">;tag=", "\r");
  rig->contact = cut (rig->subscribe, "\r\nContact: <", ">");
}

static void
expect_line (const Rig *rig, const char *line)
{
  if (strstr (rig->subscribe, line) == NULL)
    g_error ("no \"%s\" in %s", line, rig->subscribe);
}

/* Answers the last SUBSCRIBE; status: "200 OK\r\nExpires: 600". */
static void
answer (Rig *rig, const char *status)
{
  g_autofree char *via = cut (rig->subscribe, "\r\nVia: ", "\r");
  g_autofree char *from = cut (rig->subscribe, "\r\nFrom: ", "\r");
  g_autofree char *to = cut (rig->subscribe, "\r\nTo: ", "\r");
  g_autofree char *cseq = cut (rig->subscribe, "\r\nCSeq: ", "\r");
  g_autofree char *text = g_strdup_printf (
      "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\n"
      "CSeq: %s\r\nContent-Length: 0\r\n\r\n",
      status, via, from, to, strstr (to, ";tag=") != NULL ? "" : ";tag=theirs",
      rig->call_id, cseq);

  peer_send (&rig->server, rig->peer, text, -1);
}

/* A NOTIFY in the dialog of the last SUBSCRIBE; caller frees. */
static char *
notify_text (Rig *rig, const char *their_tag, const char *headers,
             const char *body)
{
  const char *proto = strstr (rig->target, "tcp") != NULL ? "TCP" : "UDP";

  return g_strdup_printf (
      "NOTIFY %s SIP/2.0\r\n"
      "Via: SIP/2.0/%s 127.0.0.1:9;branch=z9hG4bK-n%u;rport\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:eve@example.net>;tag=%s\r\n"
      "To: <sip:" ALICE ">;tag=%s\r\nCall-ID: %s\r\nCSeq: %u NOTIFY\r\n"
      "Contact: <%s>\r\n%sContent-Length: %zu\r\n\r\n%s",
      rig->contact, proto, ++rig->branch, their_tag, rig->tag, rig->call_id,
      ++rig->cseq, rig->target, headers, strlen (body), body);
}

/* Sends it and gives the status of its answer. */
static guint
notify_as (Rig *rig, const char *their_tag, const char *headers,
           const char *body)
{
  g_autofree char *text = notify_text (rig, their_tag, headers, body);
  g_autofree char *reply = NULL;

  peer_send (&rig->server, rig->peer, text, -1);
  reply = take (rig);
  if (!g_str_has_prefix (reply, "SIP/2.0 "))
    g_error ("no answer: %s", reply);
  return (guint)g_ascii_strtoull (reply + 8, NULL, 10);
}

static guint
notify (Rig *rig, const char *headers, const char *body)
{
  return notify_as (rig, "theirs", headers, body);
}

/* --- the user --- */

static void
told_cb (gpointer data)
{
  ((Rig *)data)->told++;
}

static void
watch (Rig *rig)
{
  rig->watch = backend_watch (rig->service, ALICE, rig->target, "presence",
                              told_cb, rig);
  g_assert_nonnull (rig->watch);
}

static void
wait_told (Rig *rig)
{
  while (rig->told == 0)
    peer_turn (&rig->server);
  rig->told = 0;
}

static void
expect_known (Rig *rig, SubsState state, SubsReason reason, const char *body)
{
  BackendView view;

  wait_told (rig);
  backend_look (rig->watch, &view);
  g_assert_true (view.is_known);
  g_assert_cmpint (view.state, ==, state);
  g_assert_cmpint (view.reason, ==, reason);
  g_assert_true ((view.body != NULL) == (body != NULL));
  if (body != NULL)
    g_assert_cmpmem (g_bytes_get_data (view.body, NULL),
                     g_bytes_get_size (view.body), body, strlen (body));
}

static void
come_up (Rig *rig)
{
  watch (rig);
  expect_subscribe (rig);
  answer (rig, "200 OK\r\nExpires: 600");
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, DOCUMENT), ==, 200);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, DOCUMENT);
}

/* --- tests --- */

static void
test_life (Rig *rig, gconstpointer data)
{
  g_autofree char *start
      = g_strdup_printf ("SUBSCRIBE %s SIP/2.0\r\n", rig->target);
  g_autofree char *route = NULL, *headers = NULL, *to = NULL;

  watch (rig);
  expect_subscribe (rig);
  g_assert_true (g_str_has_prefix (rig->subscribe, start));
  to = g_strdup_printf ("\r\nTo: <%s>\r\n", rig->target);
  expect_line (rig, to);
  expect_line (rig, "\r\nEvent: presence\r\nAccept: application/pidf+xml\r\n"
                    "Expires: 3600\r\n");
  g_assert_null (strstr (rig->subscribe, "eventlist"));
  answer (rig, "200 OK\r\nExpires: 600");
  route = g_strdup_printf ("<%s;lr>", rig->target);
  headers = g_strdup_printf (ACTIVE TYPE "Record-Route: %s\r\n", route);
  g_assert_cmpuint (notify (rig, headers, DOCUMENT), ==, 200);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, DOCUMENT);
  rig->ahead += 550 * G_USEC_PER_SEC; /* time to refresh */
  expect_subscribe (rig);
  g_assert_true (g_str_has_prefix (rig->subscribe, start));
  expect_line (rig, route);
  expect_line (rig, ";tag=theirs\r\n");
  expect_line (rig, "\r\nCSeq: 2 SUBSCRIBE\r\n");
  answer (rig, "200 OK\r\nExpires: 600");
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, "<other/>"), ==, 200);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, "<other/>");
  g_clear_pointer (&rig->watch, backend_unwatch);
  expect_subscribe (rig);
  expect_line (rig, "\r\nExpires: 0\r\n");
  answer (rig, "200 OK\r\nExpires: 0");
  g_assert_cmpuint (notify (rig, OVER, ""), ==, 200);
  g_assert_cmpuint (notify (rig, ACTIVE, ""), ==, 481);
}

static void
test_early (Rig *rig, gconstpointer data)
{
  watch (rig);
  expect_subscribe (rig);
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, DOCUMENT), ==, 200);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, DOCUMENT);
  answer (rig, "200 OK\r\nExpires: 600");
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, "<b/>"), ==, 200);
}

/* RFC 3856 6.9: one dialog. */
static void
test_fork (Rig *rig, gconstpointer data)
{
  watch (rig);
  expect_subscribe (rig);
  g_assert_cmpuint (notify_as (rig, "first", ACTIVE TYPE, DOCUMENT), ==, 200);
  g_assert_cmpuint (notify_as (rig, "second", ACTIVE TYPE, "<x/>"), ==, 481);
  answer (rig, "200 OK\r\nExpires: 600"); /* with a third tag */
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, "<x/>"), ==, 481);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, DOCUMENT);
  rig->ahead += 550 * G_USEC_PER_SEC;
  expect_subscribe (rig);
  expect_line (rig, ";tag=first\r\n");
}

static const struct {
  const char *status;
  SubsReason reason;
} REFUSALS[] = {
  { "401 Who?\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\"",
    SUBS_REJECTED },
  { "403 No", SUBS_REJECTED },
  { "404 Nobody", SUBS_NORESOURCE },
  { "421 List\r\nRequire: eventlist", SUBS_REJECTED },
  { "480 Away", SUBS_PROBATION },
  { "603 Decline", SUBS_REJECTED },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (REFUSALS); i++) {
    Rig rig = { 0 };

    set_up (&rig, NULL);
    watch (&rig);
    expect_subscribe (&rig);
    answer (&rig, REFUSALS[i].status);
    expect_known (&rig, SUBS_TERMINATED, REFUSALS[i].reason, NULL);
    g_assert_cmpuint (notify (&rig, ACTIVE, ""), ==, 481);
    tear_down (&rig, NULL);
  }
}

static void
test_brief (Rig *rig, gconstpointer data)
{
  watch (rig);
  expect_subscribe (rig);
  answer (rig, "423 Brief\r\nMin-Expires: 7200");
  expect_subscribe (rig);
  expect_line (rig, "\r\nExpires: 7200\r\n");
}

/* 503 with a time, and then it is well. */
static void
test_again (Rig *rig, gconstpointer data)
{
  watch (rig);
  expect_subscribe (rig);
  answer (rig, "503 Busy\r\nRetry-After: 900");
  expect_known (rig, SUBS_TERMINATED, SUBS_PROBATION, NULL);
  rig->ahead += 1000 * G_USEC_PER_SEC;
  expect_subscribe (rig);
  answer (rig, "200 OK");
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, DOCUMENT), ==, 200);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, DOCUMENT);
}

/* Nobody is at the other end of a TCP connection. */
static void
test_no_connection (Rig *rig, gconstpointer data)
{
  g_free (rig->target);
  rig->target = g_strdup ("sip:eve@127.0.0.1:1;transport=tcp");
  watch (rig);
  expect_known (rig, SUBS_TERMINATED, SUBS_PROBATION, NULL);
}

/* A name that leads to an address where somebody listens (RFC 3263). */
static void
test_name (Rig *rig, gconstpointer data)
{
  g_autofree char *port = g_strdup (strrchr (rig->target, ':'));

  g_free (rig->target);
  rig->target = g_strconcat ("sip:eve@localhost", port, NULL);
  come_up (rig);
  expect_line (rig, "\r\nContact: <sip:");
}

/* To the server itself, by its address. */
static void
test_self (Rig *rig, gconstpointer data)
{
  g_free (rig->target);
  rig->target = g_strdup_printf ("sip:eve@127.0.0.1:%u",
                                 transport_port (rig->sip->transport, "udp"));
  watch (rig);
  expect_known (rig, SUBS_TERMINATED, SUBS_PROBATION, NULL);
}

/* --- what is no NOTIFY of ours, or a bad one --- */

static const struct {
  const char *headers, *body;
  guint status;
} BAD[] = {
  { "Event: presence\r\n", "", 400 },
  { "Event: presence\r\nSubscription-State: dozing\r\n", "", 400 },
  { "Event: presence\r\nSubscription-State: \r\n", "", 400 },
  { "Event: presence\r\nSubscription-State: active\r\n"
    "Subscription-State: active\r\n",
    "", 400 },
  { "Subscription-State: active\r\n", "", 481 },
  { "Event: dialog\r\nSubscription-State: active\r\n", "", 481 },
  { "Event: presence;id=2\r\nSubscription-State: active\r\n", "", 481 },
  { ACTIVE "Content-Type: text/plain\r\n", "hello", 415 },
  { ACTIVE, "hello", 415 },
  { ACTIVE TYPE "Content-Encoding: br\r\n", "hello", 415 },
  { ACTIVE "Require: eventlist\r\n", "", 420 },
  { ACTIVE "Record-Route: <sip:192.0.2.1>\r\n", "", 400 },
  { ACTIVE "CSeq: 9 NOTIFY\r\n", "", 400 },
  { ACTIVE "Contact: <sip:>\r\n", "", 400 },
};

static void
test_bad (Rig *rig, gconstpointer data)
{
  g_autofree char *large = g_strnfill (2001, 'x');
  g_autofree char *huge = g_strnfill (4097, 'x');
  guint old;

  come_up (rig);
  for (guint i = 0; i < G_N_ELEMENTS (BAD); i++) {
    guint status = notify (rig, BAD[i].headers, BAD[i].body);

    if (status != BAD[i].status)
      g_error ("row %u: %u", i, status);
  }
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, large), ==, 413);
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, huge), ==, 413);
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, "<new/>"), ==, 200);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, "<new/>");
  old = rig->cseq;
  rig->cseq = 0; /* one that was overtaken */
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, "<old/>"), ==, 500);
  rig->cseq = old;
  g_assert_cmpuint (notify_as (rig, "other", ACTIVE, ""), ==, 481);
  g_assert_cmpuint (rig->told, ==, 0);
}

/* Given up before its NOTIFY: 481 ends it at the other side. */
static void
test_given_up (Rig *rig, gconstpointer data)
{
  watch (rig);
  expect_subscribe (rig);
  g_clear_pointer (&rig->watch, backend_unwatch);
  answer (rig, "200 OK\r\nExpires: 600");
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, DOCUMENT), ==, 481);
}

/* UDP: the same NOTIFY again gets the same answer. */
static void
test_retransmitted (Rig *rig, gconstpointer data)
{
  g_autofree char *text = NULL, *first = NULL, *second = NULL;

  come_up (rig);
  text = notify_text (rig, "theirs", ACTIVE TYPE, "<b/>");
  peer_send (&rig->server, rig->peer, text, -1);
  first = take (rig);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, "<b/>");
  peer_send (&rig->server, rig->peer, text, -1);
  second = take (rig);
  g_assert_cmpstr (first, ==, second);
  g_assert_cmpuint (rig->told, ==, 0);
}

/* Whatever comes in the dialog, the server answers what comes after it. */
static void
test_hostile (Rig *rig, gconstpointer data)
{
  g_autofree char *text = NULL;
  gsize len;

  come_up (rig);
  text = notify_text (rig, "theirs", ACTIVE TYPE, DOCUMENT);
  len = strlen (text);
  for (gsize n = 1; n < len; n++) { /* cut at every byte */
    peer_send (&rig->server, rig->peer, text, (gssize)n);
    if (n % 16 == 0)
      peer_turn (&rig->server);
  }
  for (guint i = 0; i < 2000; i++) { /* some bytes are others */
    g_autofree char *wild = g_memdup2 (text, len);

    for (gint n = g_test_rand_int_range (1, 4); n > 0; n--)
      wild[g_test_rand_int_range (0, (gint)len)]
          = (char)g_test_rand_int_range (0, 256);
    peer_send (&rig->server, rig->peer, wild, (gssize)len);
    if (i % 16 == 0)
      peer_turn (&rig->server);
  }
  for (guint i = 0; i < 20; i++) {
    peer_turn (&rig->server);
    peer_read (rig->peer);
  }
  peer_free (rig->peer);
  rig->peer = peer_new (&rig->server, "127.0.0.1", "udp");
  g_assert_cmpuint (notify_as (rig, "nobody", ACTIVE, ""), ==, 481);
}

/* The SIP side ends with a SUBSCRIBE that has no answer. */
static void
test_stop (Rig *rig, gconstpointer data)
{
  watch (rig);
  expect_subscribe (rig);
}

/* --- TCP --- */

static int
listen_on (guint *port_out)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  socklen_t len = sizeof at;
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&at, len), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  getsockname (fd, (struct sockaddr *)&at, &len);
  fcntl (fd, F_SETFL, O_NONBLOCK);
  *port_out = ntohs (at.sin_port);
  return fd;
}

/* The NOTIFYs come back over the connection that the SUBSCRIBE made. */
static void
test_tcp (Rig *rig, gconstpointer data)
{
  guint port;
  int listener = listen_on (&port), fd;

  g_free (rig->target);
  rig->target = g_strdup_printf ("sip:eve@127.0.0.1:%u;transport=tcp", port);
  watch (rig);
  while ((fd = accept (listener, NULL, NULL)) < 0)
    peer_turn (&rig->server);
  close (listener);
  fcntl (fd, F_SETFL, O_NONBLOCK);
  close (rig->peer->fd);
  rig->peer->fd = fd;
  expect_subscribe (rig);
  g_assert_nonnull (strstr (rig->contact, ";transport=tcp"));
  answer (rig, "200 OK\r\nExpires: 600");
  g_assert_cmpuint (notify (rig, ACTIVE TYPE, DOCUMENT), ==, 200);
  expect_known (rig, SUBS_ACTIVE, SUBS_NO_REASON, DOCUMENT);
  g_clear_pointer (&rig->watch, backend_unwatch);
  expect_subscribe (rig);
  expect_line (rig, "\r\nExpires: 0\r\n");
}

#define ADD(PATH, FN) g_test_add (PATH, Rig, NULL, set_up, FN, tear_down)

int
main (int argc, char **argv)
{
  alarm (120);
  g_test_init (&argc, &argv, NULL);
  ADD ("/sip/backend/rfc6665-4.1.2/life", test_life);
  ADD ("/sip/backend/rfc6665-4.1.2.4/notify-before-2xx", test_early);
  ADD ("/sip/backend/rfc3856-6.9/fork", test_fork);
  g_test_add_func ("/sip/backend/rfc6665-4.1.2.1/refused", test_refused);
  ADD ("/sip/backend/rfc6665-4.1.2.1/423", test_brief);
  ADD ("/sip/backend/rfc3261-20.33/again", test_again);
  ADD ("/sip/backend/no-connection", test_no_connection);
  ADD ("/sip/backend/rfc3263-4/name", test_name);
  ADD ("/sip/backend/rfc3261-16.3/self", test_self);
  ADD ("/sip/backend/rfc6665-4.1.3/bad", test_bad);
  ADD ("/sip/backend/rfc6665-4.1.3/given-up", test_given_up);
  ADD ("/sip/backend/rfc3261-17.2.2/retransmitted", test_retransmitted);
  ADD ("/sip/backend/hostile", test_hostile);
  ADD ("/sip/backend/stop", test_stop);
  ADD ("/sip/backend/tcp", test_tcp);
  return g_test_run ();
}
