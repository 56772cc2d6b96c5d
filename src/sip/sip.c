/* SPDX-License-Identifier: ISC
 *
 * Wires the parts of the adapter together. */
#define G_LOG_DOMAIN "sip"
#include "sip/conns.h"
#include "sip/dispatch.h"
#include "sip/out.h"
#include "sip/resolve.h"

/* 64*T1 (RFC 3261 17.1.2.2), in seconds. */
#define REPEAT_TIME 32
/* How often it is looked for answers whose time is over. */
#define TIDY_MS 1000
/* How many answers are kept for retransmissions, about 300 bytes each. */
#define ANSWERS_MAX 131072
/* How many sources and users are told apart by the rate limits. */
#define BUCKETS 16384

static void
flow_closed_cb (guint64 flow, gpointer data)
{
  Sip *self = data;

  if (self->out != NULL)
    sip_out_flow_closed (self->out, flow);
  service_flow_closed (self->service, flow);
}

static void
garbage_cb (guint64 n, gpointer data)
{
  Sip *self = data;

  g_info ("dropped %" G_GUINT64_FORMAT " messages that are no SIP", n);
  counters_add (self->counters, "garbage_total", (gint64)n);
}

static const TransportEvents events = { .message = dispatch_message,
                                        .refused = dispatch_refused,
                                        .closed = flow_closed_cb,
                                        .garbage = garbage_cb };

static void
take_options (Sip *self, const Conf *conf)
{
  guint burst = conf_int (conf, "sip", "rate_burst");

  self->conf = conf;
  self->limits.max_body = conf_int (conf, "sip", "max_body");
  self->limits.max_headers = conf_int (conf, "sip", "max_headers");
  limit_set_rate (self->per_source, conf_int (conf, "sip", "rate_per_source"),
                  burst);
  limit_set_rate (self->per_user, conf_int (conf, "sip", "rate_per_user"),
                  burst);
}

/* After a storm of requests nobody else comes by to forget their answers. */
static void
tidy_cb (gpointer data)
{
  Sip *self = data;

  answers_advance (self->answers, clock_now (self->clock));
}

Sip *
sip_new (SipLoop *loop, const Conf *conf, Service *service, const Clock *clock,
         Counters *counters, GError **error)
{
  g_autoptr (Sip) self = g_new0 (Sip, 1);
  LoopPort *port = sip_loop_port (loop);

  self->loop = loop;
  self->service = service;
  self->clock = clock;
  self->counters = counters;
  self->repeats_until
      = clock_now (clock) + REPEAT_TIME * (gint64)G_USEC_PER_SEC;
  self->per_source = limit_new (0, 0, BUCKETS);
  self->per_user = limit_new (0, 0, BUCKETS);
  self->answers = answers_new (ANSWERS_MAX, REPEAT_TIME);
  self->digest = digest_new (conf_int (conf, "auth", "nonce_lifetime"),
                             conf_int (conf, "auth", "nonces"));
  take_options (self, conf);
  self->transport = transport_new (loop, conf, &events, self, error);
  if (self->transport == NULL)
    return NULL;
  self->resolver = resolver_new (loop);
  self->out
      = sip_out_new (self, self->transport, self->resolver, conf, counters);
  self->tidier = port->every (port->self, TIDY_MS, tidy_cb, self);
  return g_steal_pointer (&self);
}

void
sip_free (Sip *self)
{
  LoopPort *port;

  if (self == NULL)
    return;
  port = sip_loop_port (self->loop);
  if (self->tidier != NULL)
    port->remove_timer (port->self, self->tidier);
  g_clear_pointer (&self->out, sip_out_free);
  g_clear_pointer (&self->resolver, resolver_free);
  g_clear_pointer (&self->transport, transport_free);
  digest_free (self->digest);
  answers_free (self->answers);
  limit_free (self->per_source);
  limit_free (self->per_user);
  g_free (self);
}

guint
sip_connections (Sip *self)
{
  return conns_count ();
}

guint64
sip_refused (Sip *self)
{
  return conns_refused ();
}

gboolean
sip_certificate (Sip *self, SipCertificate *out, GError **error)
{
  TlsDates dates;
  gboolean is_good = transport_inspect (self->transport, &dates, error);

  *out = (SipCertificate){ dates.file, dates.begins, dates.ends,
                           dates.ends_in_force };
  return is_good;
}

void
sip_peers (Sip *self, SipPeerFn fn, gpointer data)
{
  peers_foreach (sip_out_peers (self->out), g_get_monotonic_time (), fn, data);
}

SipOutPort *
sip_out_port (Sip *self)
{
  return sip_out_port_of (self->out);
}

void
sip_set_nonce_key (Sip *self, const guint8 key[32])
{
  digest_set_key (self->digest, key);
}

gboolean
sip_reload (Sip *self, const Conf *conf, GError **error)
{
  if (!transport_reload (self->transport, conf, error))
    return FALSE;
  take_options (self, conf);
  sip_out_reload (self->out, conf);
  digest_set_lifetime (self->digest, conf_int (conf, "auth", "nonce_lifetime"));
  return TRUE;
}

void
sip_quiesce (Sip *self)
{
  self->is_quiet = TRUE;
  transport_quiesce (self->transport);
}
