/* SPDX-License-Identifier: ISC
 *
 * The agents: one per address family, because this sofia does not find the IPv6
 * transport of a bracketed host; each with all its listeners.  Knows nothing of
 * SIP's meaning but the tags that set nta up. */
#define G_LOG_DOMAIN "sip"
#include "sip/transport.h"
#include "base/error.h"
#include "sip/conns.h"
#include "sip/endpoint.h"
#include "sip/flow.h"
#include "sip/loop.h"
#include "sip/sofia_fixes.h"
#include "sip/parser.h"
#include "sip/sofia_log.h"
#include "sip/tls.h"

#include <errno.h>
#include <string.h>

#define SWEEP_MS 5000 /* how often the silent are looked for */
#define PATIENCE_S 30 /* for a whole message */
#define SEND_QUEUE 1000
#define UNANSWERED_MS                                                          \
  16000 /* T1x64: bounds the list nta scans (stack limits) */

typedef struct {
  nta_agent_t *agent;
  tport_t *tport;
  char proto[4];
  Endpoint at;
  char *contact;
} Listener;

enum { V4, V6, N_FAMILIES };

struct Transport {
  SipLoop *loop;
  const TransportEvents *events;
  gpointer data;
  nta_agent_t *agents[N_FAMILIES];
  GArray *listeners; /* Listener */
  Flows *flows;
  Tls *tls;
  LoopTimer *sweeper;
  GHashTable *sources; /* "udp 192.0.2.1" -> tport_t or NULL */
  char *public_host;   /* [sip] contact as it stands in a URI, or NULL */
  guint public_port;   /* 0: the listener's */
  int public_family;   /* 0: it is a name */
  guint idle_ms, udp_mtu, udp_buffer;
  guint64 n_garbage; /* of both agents, as last told */
};

static int
received_cb (SipMagic *magic, nta_agent_t *agent, msg_t *msg, sip_t *sip)
{
  Transport *self = (Transport *)magic;

  self->events->message (agent, msg, sip, self->data);
  return 0;
}

static nta_agent_t *
agent_that_received (Transport *self, msg_t *msg)
{
  for (guint i = 0; i < N_FAMILIES; i++)
    if (self->agents[i] != NULL
        && tport_delivered_by (nta_agent_tports (self->agents[i]), msg) != NULL)
      return self->agents[i];
  return NULL;
}

static void
refused_cb (msg_t *msg, int status, gpointer data)
{
  Transport *self = data;
  nta_agent_t *agent = agent_that_received (self, msg);
  g_autofree char *source = NULL;

  if (agent == NULL || self->events->refused == NULL)
    return;
  source = transport_source_of (self, agent, msg);
  self->events->refused (sip_object (msg), source, status, self->data);
}

/* nta counts what it drops, and what it refuses besides: refused_cb's. */
static guint64
count_garbage (nta_agent_t *agent)
{
  usize_t bad = 0, refused = 0;

  if (agent != NULL)
    nta_agent_get_stats (agent, NTATAG_S_BAD_MESSAGE_REF (bad),
                         NTATAG_S_BAD_REQUEST_REF (refused), TAG_END ());
  return bad > refused ? bad - refused : 0;
}

static void
tell_garbage (Transport *self)
{
  guint64 n
      = count_garbage (self->agents[V4]) + count_garbage (self->agents[V6]);

  if (n > self->n_garbage && self->events->garbage != NULL)
    self->events->garbage (n - self->n_garbage, self->data);
  self->n_garbage = n;
}

static void
sweep_cb (gpointer data)
{
  Transport *self = data;
  guint n = conns_sweep (g_get_monotonic_time (),
                         (gint64)PATIENCE_S * G_USEC_PER_SEC);

  g_hash_table_remove_all (self->sources); /* routes change */
  tell_garbage (self);
  if (n > 0)
    g_info ("closed %u connections that sent no whole message in %d s", n,
            PATIENCE_S);
}

/* Opening */

static void
listener_clear (gpointer data)
{
  g_free (((Listener *)data)->contact);
}

/* Values that differ from sofia's defaults; each is there for a reason that
 * was measured: late stateless answers, no memory for answered requests, and
 * nothing that resolves a name. */
static nta_agent_t *
agent_new (Transport *self)
{
  return nta_agent_create (sip_loop_root (self->loop), (url_string_t *)-1,
                           received_cb, (SipMagic *)self, NTATAG_STATELESS (1),
                           NTATAG_SERVER_RPORT (2), NTATAG_CLIENT_RPORT (1),
                           NTATAG_SIP_T4 (1), NTATAG_SIP_T1X64 (UNANSWERED_MS),
                           NTATAG_GRAYLIST (0), NTATAG_UDP_MTU (self->udp_mtu),
                           NTATAG_USE_NAPTR (0), NTATAG_USE_SRV (0),
                           NTATAG_MCLASS (sip_default_mclass ()),
                           NTATAG_BAD_REQ_MASK (0), /* check.c looks at them */
                           TAG_END ());
}

static nta_agent_t *
agent_of (Transport *self, int family)
{
  nta_agent_t **agent = &self->agents[family == AF_INET6 ? V6 : V4];

  if (*agent == NULL)
    *agent = agent_new (self);
  return *agent;
}

static int
add_tport (Transport *self, nta_agent_t *agent, const char *url)
{
  /* no certificate there: tls.c gives the context its own */
  const char *no_folder = "/dev/null/rollcall";
  int result;

  sofia_fixes_on_tls (self->tls != NULL ? tls_adopt : NULL, self->tls);
  sofia_log_mute (TRUE);
  conns_begin_listen ();
  result = nta_agent_add_tport (
      agent, URL_STRING_MAKE (url), TPTAG_QUEUESIZE (SEND_QUEUE),
      TPTAG_PONG2PING (1), TPTAG_SDWN_ERROR (1),
      TPTAG_TIMEOUT (PATIENCE_S * 1000), TPTAG_IDLE (self->idle_ms),
      TPTAG_UDP_RMEM (self->udp_buffer), TPTAG_UDP_WMEM (self->udp_buffer),
      TPTAG_CERTIFICATE (no_folder), TAG_END ());
  conns_end_listen ();
  sofia_log_mute (FALSE);
  sofia_fixes_on_tls (NULL, NULL);
  return result;
}

static gboolean
probe (const Endpoint *at, gboolean is_tls, GError **error)
{
  return (is_tls || endpoint_probe (at, SOCK_DGRAM, error))
         && endpoint_probe (at, SOCK_STREAM, error);
}

/* On a machine without IPv6 the default "[::]" is no error. */
static gboolean
is_family_absent (const Endpoint *at)
{
  const Endpoint loopback = { .family = AF_INET6, .host = "::1" };

  return at->family == AF_INET6 && endpoint_is_any (at)
         && !endpoint_is_local (&loopback);
}

static gboolean
open_one (Transport *self, const char *text, gboolean is_tls, GError **error)
{
  g_autofree char *host = NULL, *port = NULL, *url = NULL;
  Endpoint at;
  nta_agent_t *agent;

  if (!endpoint_parse (text, is_tls ? 5061 : 5060, &at)) {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
                 "[sip] %s: \"%s\" is no numeric ADDRESS:PORT",
                 is_tls ? "tls_listen" : "listen", text);
    return FALSE;
  }
  if (is_family_absent (&at)) {
    g_message ("no IPv6 here: %s is left out", text);
    return TRUE;
  }
  if (!probe (&at, is_tls, error))
    return FALSE;
  port = at.port != 0 ? g_strdup_printf ("%u", at.port) : g_strdup ("*");
  at.port = 0;
  host = endpoint_to_string (&at);
  url = g_strconcat (is_tls ? "sips:" : "sip:", host, ":", port, NULL);
  agent = agent_of (self, at.family);
  if (agent != NULL && add_tport (self, agent, url) == 0)
    return TRUE;
  g_set_error (error, RC_ERROR, RC_ERROR_IO, "cannot listen on %s: %s", text,
               g_strerror (errno));
  return FALSE;
}

static gboolean
open_all (Transport *self, const Conf *conf, GError **error)
{
  const char *const *udp_tcp = conf_list (conf, "sip", "listen");
  const char *const *tls = conf_list (conf, "sip", "tls_listen");

  if (*tls != NULL && (self->tls = tls_new (conf, error)) == NULL)
    return FALSE;
  for (; *udp_tcp != NULL; udp_tcp++)
    if (!open_one (self, *udp_tcp, FALSE, error))
      return FALSE;
  for (; *tls != NULL; tls++)
    if (!open_one (self, *tls, TRUE, error))
      return FALSE;
  return TRUE;
}

static char *
contact_new (const Transport *self, const Listener *listener)
{
  const char *proto = listener->proto;
  gboolean is_public = self->public_host != NULL
                       && (self->public_family == 0
                           || self->public_family == listener->at.family);
  guint port = listener->at.port;
  g_autofree char *host = NULL;
  Endpoint bare = listener->at;

  bare.port = 0;
  host = is_public ? g_strdup (self->public_host) : endpoint_to_string (&bare);
  if (is_public && self->public_port != 0 && strcmp (proto, "tls") != 0)
    port = self->public_port;
  if (strcmp (proto, "udp") == 0)
    return g_strdup_printf ("sip:%s:%u;gr", host, port);
  return g_strdup_printf ("sip:%s:%u;transport=%s;gr", host, port, proto);
}

static void
note_listener (Transport *self, nta_agent_t *agent, tport_t *tport)
{
  const su_addrinfo_t *info = tport_get_address (tport);
  Listener one = { .agent = agent, .tport = tport };
  g_autofree char *text = NULL;

  if (info == NULL || info->ai_addr == NULL
      || !endpoint_from_sockaddr (info->ai_addr, &one.at))
    return;
  g_strlcpy (one.proto, tport_name (tport)->tpn_proto, sizeof one.proto);
  one.contact = contact_new (self, &one);
  g_array_append_val (self->listeners, one);
  text = endpoint_to_string (&one.at);
  g_message ("listening on %s:%s", one.proto, text);
}

static void
note_listeners (Transport *self)
{
  for (guint i = 0; i < N_FAMILIES; i++) {
    nta_agent_t *agent = self->agents[i];
    tport_t *tport;

    if (agent == NULL)
      continue;
    for (tport = tport_primaries (nta_agent_tports (agent)); tport != NULL;
         tport = tport_next (tport))
      note_listener (self, agent, tport);
  }
}

/* "sip.example.com", "192.0.2.1:5060", "[2001:db8::1]:5060" */
static void
read_contact (Transport *self, const char *text)
{
  Endpoint at;
  const char *colon;

  if (text == NULL || *text == '\0')
    return;
  if (endpoint_parse (text, 0, &at)) {
    self->public_port = at.port;
    self->public_family = at.family;
    at.port = 0;
    self->public_host = endpoint_to_string (&at);
    return;
  }
  colon = strrchr (text, ':');
  self->public_port = colon ? (guint)g_ascii_strtoull (colon + 1, NULL, 10) : 0;
  self->public_host = g_ascii_strdown (text, colon != NULL ? colon - text : -1);
}

static void
read_conf (Transport *self, const Conf *conf)
{
  read_contact (self, conf_string (conf, "sip", "contact"));
  self->idle_ms
      = (guint)MIN (conf_int (conf, "sip", "tcp_idle") * 1000, G_MAXINT32);
  self->udp_mtu = (guint)conf_int (conf, "sip", "udp_mtu");
  self->udp_buffer = (guint)conf_int (conf, "sip", "udp_buffer");
  conns_set_max ((guint)conf_int (conf, "sip", "max_connections"));
}

Transport *
transport_new (SipLoop *loop, const Conf *conf, const TransportEvents *events,
               gpointer data, GError **error)
{
  LoopPort *port = sip_loop_port (loop);
  Transport *self;

  sofia_log_start ();
  if (!sofia_fixes_check (error))
    return NULL;
  parser_start ();
  self = g_new0 (Transport, 1);
  self->loop = loop;
  self->events = events;
  self->data = data;
  self->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  g_array_set_clear_func (self->listeners, listener_clear);
  self->sources = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->flows = flows_new (port, events->closed, data);
  self->sweeper = port->every (port->self, SWEEP_MS, sweep_cb, self);
  read_conf (self, conf);
  if (!open_all (self, conf, error))
    g_clear_pointer (&self, transport_free);
  else
    note_listeners (self);
  sofia_fixes_on_refused (self != NULL ? refused_cb : NULL, self);
  return self;
}

void
transport_free (Transport *self)
{
  LoopPort *port;

  if (self == NULL)
    return;
  sofia_fixes_on_refused (NULL, NULL);
  port = sip_loop_port (self->loop);
  port->remove_timer (port->self, self->sweeper);
  flows_free (self->flows);
  for (guint i = 0; i < N_FAMILIES; i++)
    nta_agent_destroy (self->agents[i]);
  tls_free_all (self->tls);
  g_hash_table_unref (self->sources);
  g_array_unref (self->listeners);
  g_free (self->public_host);
  g_free (self);
}

gboolean
transport_reload (Transport *self, const Conf *conf, GError **error)
{
  conns_set_max ((guint)conf_int (conf, "sip", "max_connections"));
  return self->tls == NULL || tls_reload (self->tls, conf, error);
}

gboolean
transport_inspect (Transport *self, TlsDates *out, GError **error)
{
  *out = (TlsDates){ 0 };
  return self->tls != NULL && tls_inspect (self->tls, out, error);
}

void
transport_quiesce (Transport *self)
{
  conns_set_max (0);
}

/* Flows */

guint64
transport_flow_of (Transport *self, nta_agent_t *agent, msg_t *msg)
{
  return flows_number (self->flows, agent,
                       tport_delivered_by (nta_agent_tports (agent), msg));
}

tport_t *
transport_flow (Transport *self, guint64 flow, nta_agent_t **agent_out)
{
  return flows_find (self->flows, flow, agent_out);
}

/* Addresses */

nta_agent_t *
transport_agent_for (Transport *self, const char *host)
{
  Endpoint at;

  if (!endpoint_parse (host, 0, &at))
    return NULL;
  return self->agents[at.family == AF_INET6 ? V6 : V4];
}

/* The first one that others can reach, else the first one. */
static const Listener *
find_listener (const Transport *self, nta_agent_t *agent, const char *proto)
{
  const Listener *found = NULL;

  for (guint i = 0; i < self->listeners->len; i++) {
    const Listener *one = &g_array_index (self->listeners, Listener, i);

    if ((agent != NULL && one->agent != agent)
        || strcmp (one->proto, proto) != 0)
      continue;
    if (!endpoint_is_loopback (&one->at))
      return one;
    if (found == NULL)
      found = one;
  }
  return found;
}

/* Among those of agent and proto; *n_out: how many there are. */
static const Listener *
listener_at (const Transport *self, nta_agent_t *agent, const char *proto,
             const char *host, guint *n_out)
{
  const Listener *found = NULL;

  *n_out = 0;
  for (guint i = 0; i < self->listeners->len; i++) {
    const Listener *one = &g_array_index (self->listeners, Listener, i);

    if (one->agent != agent || strcmp (one->proto, proto) != 0)
      continue;
    (*n_out)++;
    if (found == NULL && strcmp (one->at.host, host) == 0)
      found = one;
  }
  return found;
}

tport_t *
transport_tport_for (Transport *self, const char *host, const char *proto)
{
  nta_agent_t *agent = transport_agent_for (self, host);
  g_autofree char *key = NULL;
  const Listener *found;
  Endpoint to, from;
  gpointer known;
  guint n;

  listener_at (self, agent, proto, "", &n);
  if (n < 2)
    return NULL;
  key = g_strconcat (proto, " ", host, NULL);
  if (!g_hash_table_lookup_extended (self->sources, key, NULL, &known)) {
    found = endpoint_parse (host, 0, &to) && endpoint_source (&to, &from)
                ? listener_at (self, agent, proto, from.host, &n)
                : NULL;
    known = found != NULL ? found->tport : NULL;
    g_hash_table_insert (self->sources, g_steal_pointer (&key), known);
  }
  return known;
}

const char *
transport_contact (Transport *self, nta_agent_t *agent, const char *proto)
{
  const Listener *listener = find_listener (self, agent, proto);

  return listener != NULL ? listener->contact : NULL;
}

guint
transport_port (Transport *self, const char *proto)
{
  const Listener *listener = find_listener (self, NULL, proto);

  return listener != NULL ? listener->at.port : 0;
}

char *
transport_source_of (Transport *self, nta_agent_t *agent, msg_t *msg)
{
  tport_t *tport = tport_delivered_by (nta_agent_tports (agent), msg);
  const char *proto = tport != NULL ? tport_name (tport)->tpn_proto : "udp";
  const su_addrinfo_t *info = msg_addrinfo (msg);
  g_autofree char *at = NULL;
  Endpoint from;

  if (info == NULL || info->ai_addr == NULL
      || !endpoint_from_sockaddr (info->ai_addr, &from))
    return g_strdup_printf ("%s:0.0.0.0:0", proto);
  at = endpoint_to_string (&from);
  return g_strconcat (proto, ":", at, NULL);
}

static gboolean
is_port (guint port, guint of_listener)
{
  return port == of_listener
         || (port == 0 && (of_listener == 5060 || of_listener == 5061));
}

gboolean
transport_is_self (Transport *self, const char *host, guint port)
{
  gboolean is_public = self->public_host != NULL
                       && g_ascii_strcasecmp (self->public_host, host) == 0;
  gboolean is_numeric;
  Endpoint at;

  is_numeric = endpoint_parse (host, 0, &at);
  if (is_public && is_port (port, self->public_port))
    return TRUE;
  for (guint i = 0; i < self->listeners->len; i++) {
    const Listener *one = &g_array_index (self->listeners, Listener, i);

    if (!is_port (port, one->at.port))
      continue;
    if (is_public
        || (is_numeric
            && (endpoint_is_any (&at) || strcmp (at.host, one->at.host) == 0)))
      return TRUE;
  }
  return FALSE;
}
