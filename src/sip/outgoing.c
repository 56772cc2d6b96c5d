/* SPDX-License-Identifier: ISC
 *
 * The life of one client transaction: resolve, wait for a turn, send, try the
 * next hop after 503 or silence (RFC 3263 4.3), tell the end exactly once. */
#define G_LOG_DOMAIN "sip"
#include "sip/out-priv.h"
#include "base/log.h"
#include "sip/text.h"
#include "sip/value.h"

#include <string.h>

static void run_lane (SipOut *out, OutLane *lane);

SipOutgoing *
outgoing_new (SipOut *out, OutgoingKind kind, gpointer data)
{
  SipOutgoing *self = g_new0 (SipOutgoing, 1);

  self->out = out;
  self->kind = kind;
  self->data = data;
  self->link.data = self;
  self->state = OUTGOING_RESOLVING;
  g_queue_push_tail_link (&out->resolving, &self->link);
  *out->n_pending = ++out->pending;
  return self;
}

/* The lane of a flow lives while somebody is in it. */
static OutLane *
lane_of_flow (SipOut *out, guint64 flow)
{
  OutLane *lane = g_hash_table_lookup (out->flows, &flow);

  if (lane == NULL) {
    lane = out_lane_new (LANE_STREAM, flow);
    g_hash_table_insert (out->flows, &lane->flow, lane);
  }
  return lane;
}

static void
drop_lane (SipOut *out, OutLane *lane)
{
  if (lane->flow != 0 && out_lane_is_empty (lane))
    g_hash_table_remove (out->flows, &lane->flow);
}

static guint
hash_hop (const ResolverHop *hop)
{
  char url[WAY_URL_MAX];

  way_hop_url (hop, url);
  return MAX (g_str_hash (url), 1);
}

static gboolean
is_silent (const SipOutgoing *self)
{
  gpointer hash = GUINT_TO_POINTER (hash_hop (&self->hops[0]));

  return g_hash_table_contains (self->out->silent, hash);
}

static OutLane *
lane_for (SipOutgoing *self)
{
  SipOut *out = self->out;

  if (self->flow != 0)
    return lane_of_flow (out, self->flow);
  if (self->kind == OUTGOING_FORWARD)
    return out->forward_lane;
  if (is_silent (self))
    return out->silent_lane;
  return self->kind == OUTGOING_NOTIFY ? out->notify_lane : out->subscribe_lane;
}

/* A SUBSCRIBE fails without being tried when it has waited for too long, or when
 * its server turned out to be away meanwhile: it would hold up those behind it.
 */
static gboolean
is_hopeless (const SipOutgoing *self, const OutLane *lane)
{
  const SipOut *out = self->out;

  if (self->kind != OUTGOING_SUBSCRIBE)
    return FALSE;
  return (lane == out->subscribe_lane && is_silent (self))
         || g_get_monotonic_time () - self->since > out->subscribe_wait;
}

/* Takes it out of the queue of its state. */
static void
leave (SipOutgoing *self)
{
  SipOut *out = self->out;

  switch (self->state) {
  case OUTGOING_RESOLVING:
    g_queue_unlink (&out->resolving, &self->link);
    break;
  case OUTGOING_FAILED:
    g_queue_unlink (&out->failed, &self->link);
    break;
  case OUTGOING_WAITING:
    (*out->n_waiting)--;
    out_lane_leave (self->lane, &self->link, FALSE);
    break;
  case OUTGOING_SENT:
    out_lane_leave (self->lane, &self->link, TRUE);
    break;
  }
}

static void
stop_connecting (SipOutgoing *self)
{
  LoopPort *loop = self->out->loop;

  if (self->connecting != NULL)
    loop->remove_timer (loop->self, g_steal_pointer (&self->connecting));
}

static void
outgoing_free (SipOutgoing *self)
{
  *self->out->n_pending = --self->out->pending;
  stop_connecting (self);
  g_clear_pointer (&self->query, resolver_cancel);
  g_clear_pointer (&self->orq, nta_outgoing_destroy);
  g_clear_pointer (&self->msg, msg_destroy);
  g_clear_pointer (&self->head, g_bytes_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->hops);
  g_free (self->peer);
  g_free (self);
}

void
outgoing_cancel (SipOutgoing *self)
{
  leave (self);
  if (self->lane != NULL)
    drop_lane (self->out, self->lane);
  outgoing_free (self);
}

static guint
retry_after_of (const sip_t *sip)
{
  return sip && sip->sip_retry_after ? sip->sip_retry_after->af_delta : 0;
}

/* A destination that leaves one unanswered waits with its like, so that it
 * delays nobody else; its next answer brings it back. */
static void
note_silence (SipOutgoing *self, guint status, gboolean is_internal)
{
  GHashTable *silent = self->out->silent;

  if (self->hop_hash == 0)
    return;
  if (!is_internal)
    g_hash_table_remove (silent, GUINT_TO_POINTER (self->hop_hash));
  else if (status == 408) {
    if (g_hash_table_size (silent) >= SILENT_MAX)
      g_hash_table_remove_all (silent);
    g_hash_table_add (silent, GUINT_TO_POINTER (self->hop_hash));
  }
}

/* NULL: it has none. */
static const char *
event_of (msg_t *response)
{
  const sip_event_t *event = sip_object (response)->sip_event;

  return event != NULL ? value_text (msg_home (response), event) : NULL;
}

static void
tell_notify (SipOutgoing *self, guint status, msg_t *response)
{
  SubsNotifyResult result = notify_result (status, response == NULL);

  (*self->out->n_notify_result[result])++;
  self->notified (
      result, status, response ? retry_after_of (sip_object (response)) : 0,
      result == SUBS_NOTIFY_OK ? event_of (response) : NULL, self->data);
}

/* Does the server of another domain answer? */
static void
note_peer (const SipOutgoing *self, guint status, gboolean has_answered)
{
  const char *why = self->is_unresolved ? "its name is not found"
                    : status == 408     ? "no answer"
                                        : "no connection";

  if (self->peer == NULL)
    return;
  if (has_answered)
    peers_answered (self->out->peers, self->peer);
  else if (status == 408 || status == 503)
    peers_failed (self->out->peers, self->peer, why, g_get_monotonic_time ());
}

static void
tell_forward (SipOutgoing *self, guint status, msg_t *msg)
{
  guint class = msg ? MIN (status / 100, 6) : 0;
  SipResponse *response = NULL;

  (*self->out->n_forward_result[class])++;
  note_peer (self, status, msg != NULL);
  if (msg != NULL) {
    response = g_new0 (SipResponse, 1);
    response->msg = msg_ref_create (msg);
    response->object = sip_object (msg);
    response->refs = 1;
  }
  self->forwarded (status, response, self->data);
  self->out->port.drop_response (self->out, response);
}

static void
tell_subscribe (SipOutgoing *self, guint status, msg_t *response)
{
  su_home_t home[1] = { SU_HOME_INIT (home) };
  WatchAnswer answer = { .expires = -1 };

  note_peer (self, status, response != NULL);
  if (response != NULL)
    subscriber_read_answer (home, sip_object (response), &answer);
  self->subscribed (&answer, self->data);
  su_home_deinit (home);
}

static void
tell (SipOutgoing *self, guint status, msg_t *response)
{
  switch (self->kind) {
  case OUTGOING_NOTIFY:
    tell_notify (self, status, response);
    break;
  case OUTGOING_FORWARD:
    tell_forward (self, status, response);
    break;
  case OUTGOING_SUBSCRIBE:
    tell_subscribe (self, status, response);
    break;
  }
}

/* The end.  response is borrowed; NULL: nobody answered.  What waits goes on
 * before the news are told, since their reader may send again. */
static void
finish (SipOutgoing *self, guint status, msg_t *response)
{
  SipOut *out = self->out;
  OutLane *lane = self->lane;

  leave (self);
  if (self->kind != OUTGOING_FORWARD)
    note_silence (self, status, response == NULL);
  if (lane != NULL) {
    run_lane (out, lane);
    drop_lane (out, lane);
  }
  tell (self, status, response);
  outgoing_free (self);
}

/* Those that fail meanwhile are told by the next timer. */
static void
failed_cb (gpointer data)
{
  SipOut *out = data;

  out->failed_timer = NULL;
  for (guint n = out->failed.length; n > 0; n--) {
    GList *link = g_queue_peek_head_link (&out->failed);
    SipOutgoing *self;

    if (link == NULL)
      return;
    self = link->data;
    finish (self, self->status, NULL);
  }
}

/* Its lane stays, even when it is empty now. */
static void
put_failed (SipOutgoing *self, guint status)
{
  SipOut *out = self->out;

  leave (self);
  stop_connecting (self);
  self->lane = NULL;
  g_clear_pointer (&self->orq, nta_outgoing_destroy);
  self->status = status;
  self->state = OUTGOING_FAILED;
  g_queue_push_tail_link (&out->failed, &self->link);
  if (out->failed_timer == NULL)
    out->failed_timer = out->loop->after (out->loop->self, 0, failed_cb, out);
}

void
outgoing_fail (SipOutgoing *self, guint status)
{
  OutLane *lane = self->lane;

  put_failed (self, status);
  if (lane != NULL)
    drop_lane (self->out, lane);
}

/* --- sending --- */

static int response_cb (SipOutgoing *self, nta_outgoing_t *orq,
                        const sip_t *sip);

/* A copy while there are more hops to try, else the message itself. */
static msg_t *
take_message (SipOutgoing *self)
{
  if (self->msg == NULL && self->head != NULL)
    self->msg = text_parse (self->head, self->body);
  if (self->msg != NULL && self->next_hop < self->n_hops)
    return msg_copy (self->msg);
  return g_steal_pointer (&self->msg);
}

static gboolean
hand_over (SipOutgoing *self, nta_agent_t *agent, const url_t *url,
           tport_t *tport)
{
  msg_t *msg = take_message (self);

  if (msg == NULL)
    return FALSE;
  self->orq = nta_outgoing_mcreate (
      agent, response_cb, self, (const url_string_t *)url, msg,
      TAG_IF (tport != NULL, NTATAG_TPORT (tport)), TAG_END ());
  if (self->orq == NULL)
    msg_destroy (msg);
  return self->orq != NULL;
}

static gboolean
send_by_flow (SipOutgoing *self)
{
  nta_agent_t *agent = NULL;
  tport_t *tport = transport_flow (self->out->transport, self->flow, &agent);

  return tport != NULL && hand_over (self, agent, NULL, tport);
}

/* Over UDP the socket of the address that the peer knows us by. */
static tport_t *
socket_for (const SipOutgoing *self, const ResolverHop *hop)
{
  return strcmp (hop->proto, "udp") == 0
             ? transport_tport_for (self->out->transport, hop->host, hop->proto)
             : NULL;
}

static gboolean
send_to_hop (SipOutgoing *self, const ResolverHop *hop)
{
  nta_agent_t *agent = transport_agent_for (self->out->transport, hop->host);
  char text[WAY_URL_MAX];
  url_t url;

  way_hop_url (hop, text);
  self->hop_hash = MAX (g_str_hash (text), 1);
  return agent != NULL && url_d (&url, text) >= 0
         && hand_over (self, agent, &url, socket_for (self, hop));
}

/* Is the hop in use one of those that UDP stands behind? */
static gboolean
is_on_trial (const SipOutgoing *self)
{
  return self->next_hop > 0 && self->next_hop <= self->n_streams
         && self->n_streams < self->n_hops;
}

/* Nobody took the connection; a closed one had been taken once. */
static gboolean
has_no_connection (SipOutgoing *self, tport_t *tport)
{
  return tport != NULL && tport_is_stream (tport)
         && !tport_is_connected (tport);
}

static void
note_streamless (SipOutgoing *self)
{
  streamless_note (self->out->streamless, &self->hops[self->next_hop - 1],
                   g_get_monotonic_time ());
}

static void connecting_cb (gpointer data);

static void
watch_connection (SipOutgoing *self)
{
  LoopPort *loop = self->out->loop;

  stop_connecting (self);
  if (is_on_trial (self))
    self->connecting
        = loop->after (loop->self, CONNECT_MS, connecting_cb, self);
}

/* Sends to the next hop that takes it; 0, or why not: 482 it would come back to
 * us (RFC 3261 16.3), 503 nothing takes it. */
static guint
try_hops (SipOutgoing *self)
{
  if (self->flow != 0)
    return send_by_flow (self) ? 0 : 503;
  while (self->next_hop < self->n_hops) {
    const ResolverHop *hop = &self->hops[self->next_hop++];

    if (transport_is_self (self->out->transport, hop->host, hop->port))
      return 482;
    if (send_to_hop (self, hop)) {
      watch_connection (self);
      return 0;
    }
  }
  return 503;
}

/* The connection is not there in time.  What else waits for it fails with it,
 * and falls back too. */
static void
connecting_cb (gpointer data)
{
  SipOutgoing *self = data;
  tport_t *tport = nta_outgoing_transport (self->orq);
  guint status;

  self->connecting = NULL;
  if (!has_no_connection (self, tport)) {
    tport_unref (tport);
    return;
  }
  note_streamless (self);
  g_clear_pointer (&self->orq, nta_outgoing_destroy);
  tport_shutdown (tport, 2);
  tport_unref (tport);
  status = try_hops (self);
  if (status != 0)
    finish (self, status, NULL);
}

/* RFC 3263 4.3.  A hop that is the same place once more, over UDP, only when
 * there was no connection (RFC 3261 18.1.1). */
static gboolean
may_try_next (const SipOutgoing *self, guint status, gboolean is_internal)
{
  if (self->next_hop >= self->n_hops)
    return FALSE;
  if (self->n_streams > 0 && self->next_hop == self->n_streams)
    return is_internal && status == 503;
  return is_internal || status == 503;
}

static void
run_lane (SipOut *out, OutLane *lane)
{
  GList *link;

  while ((link = out_lane_next (lane)) != NULL) {
    SipOutgoing *self = link->data;
    guint status;

    (*out->n_waiting)--;
    self->state = OUTGOING_SENT;
    status = is_hopeless (self, lane) ? 408 : try_hops (self);
    if (status != 0)
      put_failed (self, status);
  }
}

static void
note_refused (SipOutgoing *self, nta_outgoing_t *orq)
{
  tport_t *tport = nta_outgoing_transport (orq);

  if (has_no_connection (self, tport))
    note_streamless (self);
  tport_unref (tport);
}

static int
response_cb (SipOutgoing *self, nta_outgoing_t *orq, const sip_t *sip)
{
  guint status = nta_outgoing_status (orq);
  gboolean is_internal = sip == NULL || nta_sip_is_internal (sip);
  msg_t *response;

  if (status < 200)
    return 0;
  response = is_internal ? NULL : nta_outgoing_getresponse (orq);
  if (is_internal && status == 503 && is_on_trial (self))
    note_refused (self, orq);
  stop_connecting (self);
  self->orq = NULL;
  nta_outgoing_destroy (orq);
  if (may_try_next (self, status, is_internal) && try_hops (self) == 0)
    log_debug ("next hop after %u", status);
  else
    finish (self, status, response);
  msg_destroy (response);
  return 0;
}

/* --- the way --- */

static void
join_lane (SipOutgoing *self)
{
  SipOut *out = self->out;
  OutLane *lane = lane_for (self);

  leave (self);
  self->lane = lane;
  self->state = OUTGOING_WAITING;
  out_lane_join (lane, &self->link);
  (*out->n_waiting)++;
  run_lane (out, lane);
  drop_lane (out, lane);
}

/* Without the streams that are known to be none. */
static void
take_hops (SipOutgoing *self, const ResolverHop *hops, gsize n, gsize n_streams)
{
  gint64 now = g_get_monotonic_time ();

  self->hops = g_new (ResolverHop, n);
  self->n_streams = n_streams;
  for (gsize i = 0; i < n; i++)
    if (i < n_streams && n_streams < n
        && streamless_knows (self->out->streamless, &hops[i], now))
      self->n_streams--;
    else
      self->hops[self->n_hops++] = hops[i];
  join_lane (self);
}

/* The resolver's hops, and UDP to those of them that are TCP. */
static void
take_both (SipOutgoing *self, const ResolverHop *hops, gsize n)
{
  g_autofree ResolverHop *both = g_new (ResolverHop, 2 * n);
  gsize n_both = n;

  memcpy (both, hops, n * sizeof *hops);
  for (gsize i = 0; i < n; i++)
    if (strcmp (hops[i].proto, "tcp") == 0) {
      both[n_both] = hops[i];
      memcpy (both[n_both++].proto, "udp", sizeof "udp");
    }
  take_hops (self, both, n_both, n);
}

static void
resolved_cb (const ResolverHop *hops, gsize n, gpointer data)
{
  SipOutgoing *self = data;

  self->query = NULL;
  self->is_unresolved = n == 0;
  if (n == 0)
    outgoing_fail (self, 503);
  else if (self->falls_back)
    take_both (self, hops, n);
  else
    take_hops (self, hops, n, 0);
}

void
outgoing_start (SipOutgoing *self, Way *way)
{
  switch (way->kind) {
  case WAY_NONE:
    (*self->out->n_no_way)++;
    outgoing_fail (self, 503);
    break;
  case WAY_FLOW:
    self->flow = way->flow;
    join_lane (self);
    break;
  case WAY_HOPS:
    take_hops (self, way->hops, way->n_hops, way->n_streams);
    break;
  case WAY_URI:
    self->falls_back = way->falls_back;
    self->query = resolver_start (self->out->resolver, way->uri,
                                  way->needs_stream, resolved_cb, self);
    if (self->query == NULL)
      outgoing_fail (self, 503);
    break;
  }
}
