/* SPDX-License-Identifier: ISC
 *
 * The SIP side's port for service/: takes NOTIFYs and requests to forward,
 * decides their way, and keeps count.  The transactions are in outgoing.c. */
#define G_LOG_DOMAIN "sip"
#include "sip/describe.h"
#include "sip/instant.h"
#include "sip/out-priv.h"

/* What the headers of a NOTIFY take beside its body at most, about. */
#define HEAD_ROOM 1000
/* ...and the Via that nta adds. */
#define VIA_ROOM 80
/* What short names of headers save, about. */
#define COMPACT_GAIN 50

/* Our Contact where the dialog has none (restored from an old row). */
static const char *
contact_for (SipOut *self, const Way *way, const char *source)
{
  const char *proto = "udp";
  nta_agent_t *agent = NULL;

  if (way->kind == WAY_FLOW) {
    transport_flow (self->transport, way->flow, &agent);
    proto = source && g_str_has_prefix (source, "tls:") ? "tls" : "tcp";
  } else if (way->kind == WAY_HOPS) {
    agent = transport_agent_for (self->transport, way->hops[0].host);
    proto = way->hops[0].proto;
  } else
    agent = transport_agent_for (self->transport, "127.0.0.1");
  return agent ? transport_contact (self->transport, agent, proto) : NULL;
}

static void
report_no_way (const SipNotify *notify, const char *why)
{
  g_info ("NOTIFY to %s (%s) cannot be sent: %s",
          notify->dialog->watcher ? notify->dialog->watcher : "a watcher",
          notify->dialog->call_id ? notify->dialog->call_id : "no Call-ID",
          why);
}

/* The head of a NOTIFY and its way, which depends on how long it is: one that is
 * too long for UDP by a few headers is written shorter (RFC 3261 7.3.3).  NULL
 * and a way that is none: it cannot be written. */
static GBytes *
write_notify (SipOut *self, const SipNotify *notify, Way *way)
{
  gsize body = notify->body ? g_bytes_get_size (notify->body) : 0;
  WaySize size
      = { HEAD_ROOM + body, self->sizes.udp_max, self->notify_udp_max };
  GString *head = g_string_sized_new (HEAD_ROOM);

  notify_way (notify, size, way);
  if (way->kind == WAY_NONE
      || !notify_write (notify, contact_for (self, way, notify->dialog->source),
                        head)) {
    report_no_way (notify, way->kind == WAY_NONE
                               ? way->why
                               : "a field of the dialog is not legal");
    way_clear (way);
    way->kind = WAY_NONE;
    return g_string_free_to_bytes (head);
  }
  if (size.bytes <= size.udp_easy || way->kind == WAY_FLOW)
    return g_string_free_to_bytes (head);
  size.bytes = head->len + VIA_ROOM + body;
  if (size.bytes > size.udp_easy
      && size.bytes <= size.udp_easy + COMPACT_GAIN) {
    notify_compact (head);
    size.bytes = head->len + VIA_ROOM + body;
  }
  way_clear (way);
  notify_way (notify, size, way);
  return g_string_free_to_bytes (head);
}

static void
out_notify (gpointer data, const SipNotify *notify, SipNotifyFn done,
            gpointer done_data)
{
  SipOut *self = data;
  SipOutgoing *outgoing = outgoing_new (self, OUTGOING_NOTIFY, done_data);
  g_auto (Way) way = { 0 };

  (*self->n_notify)++;
  outgoing->notified = done;
  outgoing->head = write_notify (self, notify, &way);
  outgoing->body = notify->body ? g_bytes_ref (notify->body) : NULL;
  outgoing_start (outgoing, &way);
}

/* Our Contact towards a name, before it is known where that leads. */
static const char *
contact_for_name (SipOut *self, const Uri *uri)
{
  static const char *const hosts[] = { "127.0.0.1", "::1" };
  const char *transport = uri_param (uri, "transport");
  const char *protos[]
      = { transport != NULL ? transport : "udp",
          uri_scheme (uri) == URI_SIPS ? "tls" : "udp", "tcp", "tls" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++) {
    nta_agent_t *agent = transport_agent_for (self->transport, hosts[i]);

    for (guint j = 0; agent != NULL && j < G_N_ELEMENTS (protos); j++) {
      const char *contact
          = transport_contact (self->transport, agent, protos[j]);

      if (contact != NULL)
        return contact;
    }
  }
  return NULL;
}

static void
out_subscribe (gpointer data, const SipSubscribe *subscribe,
               SipSubscribeFn done, gpointer done_data)
{
  SipOut *self = data;
  SipOutgoing *outgoing = outgoing_new (self, OUTGOING_SUBSCRIBE, done_data);
  WaySize size = { HEAD_ROOM, self->sizes.udp_max, 0 };
  GString *head = g_string_sized_new (HEAD_ROOM);
  g_auto (Way) way = { 0 };

  (*self->n_subscribe)++;
  outgoing->subscribed = done;
  outgoing->since = g_get_monotonic_time ();
  subscriber_way (subscribe, size, &way);
  if (way.kind != WAY_NONE
      && !subscriber_write (subscribe,
                            way.kind == WAY_URI
                                ? contact_for_name (self, way.uri)
                                : contact_for (self, &way, NULL),
                            head)) {
    way_clear (&way);
    way = (Way){ .why = "a field of it is not legal" };
  }
  if (way.kind == WAY_NONE)
    g_info ("SUBSCRIBE of %s to %s cannot be sent: %s", subscribe->wish->user,
            subscribe->dialog.target, way.why);
  outgoing->head = g_string_free_to_bytes (head);
  outgoing->peer = subscriber_peer (subscribe);
  outgoing_start (outgoing, &way);
}

static gboolean
is_self_cb (gpointer data, const char *host, guint port)
{
  SipOut *self = data;

  return transport_is_self (self->transport, host, port);
}

static gboolean
is_our_realm_cb (gpointer data, const char *realm)
{
  SipOut *self = data;

  return self->sip->service != NULL
         && service_has_domain (self->sip->service, realm);
}

/* The host that a relayed request goes to. */
static char *
next_host (const sip_t *sip)
{
  const url_t *url
      = sip->sip_route ? sip->sip_route->r_url : sip->sip_request->rq_url;

  return g_strdup (url->url_host);
}

/* Sends outgoing->msg; status says why there is none. */
static void
send_on (SipOutgoing *outgoing, const SipTarget *target, guint status)
{
  SipOut *self = outgoing->out;
  g_auto (Way) way = { 0 };

  if (outgoing->msg == NULL) {
    outgoing_fail (outgoing, status);
    return;
  }
  forward_way (outgoing->msg, target, &self->sizes, &way);
  if (way.kind == WAY_NONE) {
    const sip_t *sip = sip_object (outgoing->msg);

    g_info ("%s (Call-ID %s) cannot be sent on: %s",
            sip->sip_request->rq_method_name, sip->sip_call_id->i_id, way.why);
  }
  outgoing_start (outgoing, &way);
}

static void
out_forward (gpointer data, SipIncoming *request, const SipTarget *target,
             SipForwardFn done, gpointer done_data)
{
  SipOut *self = data;
  SipOutgoing *outgoing = outgoing_new (self, OUTGOING_FORWARD, done_data);
  ForwardRules rules
      = { self, is_self_cb, is_our_realm_cb, request->is_trusted };
  guint status;

  (*self->n_forward)++;
  outgoing->forwarded = done;
  outgoing->msg = forward_copy (request->msg, target, &rules, &status);
  if (outgoing->msg != NULL && target->target == NULL)
    outgoing->peer = next_host (sip_object (outgoing->msg));
  send_on (outgoing, target, status);
}

/* A target with nothing but its URI is of another domain: devices of ours have
 * a flow, a source or a Path. */
static void
out_message (gpointer data, const SipMessage *message, const SipTarget *target,
             SipForwardFn done, gpointer done_data)
{
  SipOut *self = data;
  SipOutgoing *outgoing = outgoing_new (self, OUTGOING_FORWARD, done_data);
  guint status;

  (*self->n_message)++;
  outgoing->forwarded = done;
  outgoing->msg = instant_make (message, target, &status);
  if (outgoing->msg == NULL)
    g_info ("a MESSAGE (Call-ID %s) cannot be written: %u",
            instant_call_id (message), status);
  else if (target->flow == 0 && target->received == NULL
           && target->path == NULL)
    outgoing->peer = next_host (sip_object (outgoing->msg));
  send_on (outgoing, target, status);
}

static SipIncoming *
out_keep_request (gpointer data, SipIncoming *request)
{
  return incoming_ref (request);
}

static void
out_drop_request (gpointer data, SipIncoming *request)
{
  incoming_unref (request);
}

static char *
out_describe (gpointer data, SipIncoming *request)
{
  return describe_headers (request->object, request->is_trusted);
}

static SipResponse *
out_keep_response (gpointer data, SipResponse *response)
{
  response->refs++;
  return response;
}

static void
out_drop_response (gpointer data, SipResponse *response)
{
  if (response == NULL || --response->refs > 0)
    return;
  msg_destroy (response->msg);
  g_free (response);
}

/* --- start and end --- */

static void
take_cells (SipOut *self, Counters *counters)
{
  static const char *const results[] = { "ok", "dead", "refused", "suspended" };

  self->n_pending = counters_cell (counters, "transactions_pending");
  self->n_waiting = counters_cell (counters, "transactions_waiting");
  self->n_notify = counters_cell (counters, "notify_total");
  self->n_forward = counters_cell (counters, "forward_total");
  self->n_message = counters_cell (counters, "message_total");
  self->n_subscribe = counters_cell (counters, "backend_subscribes_total");
  self->n_no_way = counters_cell (counters, "no_way_total");
  for (guint i = 0; i < G_N_ELEMENTS (results); i++) {
    g_autofree char *name
        = g_strdup_printf ("notify_results_total{result=\"%s\"}", results[i]);
    self->n_notify_result[i] = counters_cell (counters, name);
  }
  for (guint i = 0; i < G_N_ELEMENTS (self->n_forward_result); i++) {
    g_autofree char *name
        = i == 0 ? g_strdup ("forward_results_total{class=\"none\"}")
                 : g_strdup_printf ("forward_results_total{class=\"%uxx\"}", i);
    self->n_forward_result[i] = counters_cell (counters, name);
  }
}

static void
free_lane_cb (gpointer data)
{
  out_lane_free (data);
}

void
sip_out_reload (SipOut *self, const Conf *conf)
{
  self->sizes.message_udp_max = conf_int (conf, "message", "udp_max");
  self->notify_udp_max = conf_int (conf, "subscriptions", "udp_max");
}

SipOut *
sip_out_new (Sip *sip, Transport *transport, Resolver *resolver,
             const Conf *conf, Counters *counters)
{
  SipOut *self = g_new0 (SipOut, 1);

  self->sip = sip;
  self->transport = transport;
  self->resolver = resolver;
  self->loop = sip_loop_port (sip->loop);
  self->sizes.udp_max = conf_int (conf, "sip", "udp_mtu");
  self->sizes.udp_max = MIN (self->sizes.udp_max, WAY_UDP_MAX);
  sip_out_reload (self, conf);
  self->notify_lane = out_lane_new (LANE_UDP_NOTIFY, 0);
  self->forward_lane = out_lane_new (LANE_UDP_FORWARD, 0);
  self->silent_lane = out_lane_new (LANE_UDP_SILENT, 0);
  self->subscribe_lane = out_lane_new (LANE_SUBSCRIBE, 0);
  self->flows
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, free_lane_cb);
  self->silent = g_hash_table_new (NULL, NULL);
  self->subscribe_wait = SUBSCRIBE_WAIT;
  self->peers = peers_new ();
  self->streamless = streamless_new ();
  self->port = (SipOutPort){ .self = self,
                             .notify = out_notify,
                             .forward = out_forward,
                             .message = out_message,
                             .subscribe = out_subscribe,
                             .keep_request = out_keep_request,
                             .drop_request = out_drop_request,
                             .describe = out_describe,
                             .keep_response = out_keep_response,
                             .drop_response = out_drop_response };
  take_cells (self, counters);
  return self;
}

static void
cancel_queue (GQueue *queue)
{
  GList *link;

  while ((link = g_queue_peek_head_link (queue)) != NULL)
    outgoing_cancel (link->data);
}

static void
cancel_lane (OutLane *lane)
{
  cancel_queue (&lane->waiting);
  cancel_queue (&lane->sent);
  out_lane_free (lane);
}

static void
cancel_flows (SipOut *self)
{
  g_autoptr (GList) lanes = g_hash_table_get_values (self->flows);

  for (GList *l = lanes; l != NULL; l = l->next) {
    OutLane *lane = l->data;

    g_hash_table_steal (self->flows, &lane->flow);
    cancel_lane (lane);
  }
}

void
sip_out_free (SipOut *self)
{
  if (self == NULL)
    return;
  cancel_queue (&self->resolving);
  cancel_queue (&self->failed);
  cancel_lane (self->notify_lane);
  cancel_lane (self->forward_lane);
  cancel_lane (self->silent_lane);
  cancel_lane (self->subscribe_lane);
  cancel_flows (self);
  g_hash_table_unref (self->flows);
  g_hash_table_unref (self->silent);
  peers_free (self->peers);
  streamless_free (self->streamless);
  if (self->failed_timer != NULL)
    self->loop->remove_timer (self->loop->self, self->failed_timer);
  g_free (self);
}

SipOutPort *
sip_out_port_of (SipOut *self)
{
  return &self->port;
}

Peers *
sip_out_peers (SipOut *self)
{
  return self->peers;
}

guint
sip_out_pending (SipOut *self)
{
  return self->pending;
}

void
sip_out_flow_closed (SipOut *self, guint64 flow)
{
  OutLane *lane = g_hash_table_lookup (self->flows, &flow);
  guint n = lane ? lane->waiting.length + lane->sent.length : 0;

  for (; n > 0; n--) {
    GList *link = g_queue_peek_head_link (
        lane->sent.length > 0 ? &lane->sent : &lane->waiting);

    outgoing_fail (link->data, 503);
  }
}
