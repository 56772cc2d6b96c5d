/* SPDX-License-Identifier: ISC
 *
 * What goes over the stream: the opening, stanzas in and out, pings.  Knows no
 * socket. */
#define G_LOG_DOMAIN "xmpp"
#include "addr/xmpp.h"
#include "base/ids.h"
#include "codec/xml-text.h"
#include "xmpp/answer.h"
#include "xmpp/stream-priv.h"

#include <string.h>

#define QUERY_US (30 * G_USEC_PER_SEC)
/* A server that sends much may answer a ping late, but not as late as this many
 * timeouts. */
#define PATIENCE 6

static gint64
now (XmppStream *self)
{
  return clock_now (self->clock);
}

/* Ends the stream when the bytes at hand are dealt with. */
static void
end (XmppStream *self, StreamError error, const char *why)
{
  if (self->fault != NULL)
    return;
  self->fault = g_strdup (why);
  self->fault_name = error;
  reader_stop (self->reader);
}

/* "stream:error" from the server (RFC 6120 4.9). */
static void
take_stream_error (XmppStream *self, const xmlNode *error)
{
  g_autoptr (GString) why = g_string_new ("the XMPP server says: ");
  const xmlNode *child = error->children;
  xmlNode *text
      = node_child (error, "urn:ietf:params:xml:ns:xmpp-streams", "text");

  while (child != NULL && child->type != XML_ELEMENT_NODE)
    child = child->next;
  g_string_append (why, child != NULL ? (const char *)child->name : "error");
  if (text != NULL) {
    g_autofree char *words = node_text (text);
    g_autofree char *shown = g_strescape (words, NULL);

    g_string_append_printf (why, " (%.200s)", shown);
  }
  if (child != NULL && g_str_equal (child->name, "not-authorized"))
    g_string_assign (why, "the XMPP server does not accept the secret; it must"
                          " be the same there and in xmpp.secret");
  end (self, STREAM_FINE, why->str);
}

static void
opened_cb (const xmlNode *stream, gpointer data)
{
  XmppStream *self = data;
  g_autofree char *id = node_attribute (stream, "id");
  g_autofree char *secret = NULL, *proof = NULL;

  if (id == NULL) {
    end (self, STREAM_BAD_FORMAT, "the XMPP server's stream has no id");
    return;
  }
  secret = g_strconcat (id, self->config.secret, NULL);
  proof = g_compute_checksum_for_string (G_CHECKSUM_SHA1, secret, -1);
  g_string_append_printf (self->out, "<handshake>%s</handshake>", proof);
  self->state = STREAM_PROVING;
  self->since = now (self);
  stream_flush_later (self);
}

static void
closed_cb (gpointer data)
{
  end (data, STREAM_FINE, "the XMPP server has closed the stream");
}

static void
count_dropped (XmppStream *self)
{
  counters_add (self->counters, "xmpp_dropped_total", 1);
}

static gboolean
is_full (const XmppStream *self)
{
  return stream_queued (self) >= self->config.max_queue;
}

/* What is only polite is left out when there is no place for it. */
static gboolean
can_answer (XmppStream *self)
{
  if (is_full (self))
    return FALSE;
  stream_flush_later (self);
  self->n_out++;
  return TRUE;
}

/* Addresses and id are those of what came, so they are swapped. */
static void
refuse (XmppStream *self, const Stanza *stanza, XmppError error)
{
  const XmppMessage *any = &stanza->message;

  if (!can_answer (self))
    return;
  if (stanza->kind == STANZA_IQ)
    stanza_put_iq_error (self->out, any->to, any->from, any->id, error, NULL);
  else if (stanza->kind == STANZA_PRESENCE)
    stanza_put_presence (self->out,
                         &(XmppPresence){ .from = any->to,
                                          .to = any->from,
                                          .id = any->id,
                                          .type = XMPP_PRESENCE_ERROR,
                                          .error = error });
  else
    stanza_put_message (self->out, &(XmppMessage){ .from = any->to,
                                                   .to = any->from,
                                                   .id = any->id,
                                                   .type = XMPP_MESSAGE_ERROR,
                                                   .error = error });
}

static gboolean
is_own (XmppStream *self, const char *jid)
{
  g_autofree char *domain = jid_domain (jid);

  return g_str_equal (domain, self->config.component);
}

/* Whose resource alone is none to us may be an occupant of a room, which allows
 * other ones; it throws out who answers him by an error (XEP-0045 18, "Ghost
 * Users"). */
static gboolean
is_odd_nick (const Stanza *stanza, XmppError error)
{
  const char *from = stanza->message.from;
  g_autoptr (Jid) jid = NULL;
  g_autofree char *bare = NULL;

  if (error != XMPP_JID_MALFORMED || stanza->kind == STANZA_IQ || from == NULL
      || strchr (from, '/') == NULL)
    return FALSE;
  bare = jid_bare_of (from);
  return jid_parse (bare, &jid, NULL);
}

static void
take_iq (XmppStream *self, const XmppIq *iq)
{
  gboolean is_answer = iq->type == IQ_RESULT || iq->type == IQ_ERROR;
  gboolean is_ours = g_str_equal (iq->from, self->config.component);

  if (pending_has_ping (self->pending) && g_str_equal (iq->id, self->ping_id)
      && (is_ours
          || (is_answer
              && g_strcmp0 (iq->from, self->config.ping_host) == 0))) {
    self->n_pongs++;
    pending_pong (self->pending);
    stream_flush_later (self);
  } else if (is_answer)
    queries_answer (self->queries, iq);
  else if (can_answer (self))
    answer_iq (self->out, iq);
}

static void
take_message (XmppStream *self, const XmppMessage *message)
{
  if (message->type == XMPP_MESSAGE_ERROR
      && pending_error (self->pending, message->from, message->id,
                        message->error, message->error_text))
    return;
  self->events->message (self->events->self, message);
}

static void
take_stanza (XmppStream *self, xmlNode *element)
{
  g_auto (Stanza) stanza = { 0 };
  gboolean is_refusable;
  XmppError error = stanza_read (element, &stanza, &is_refusable);

  if (stanza.kind == STANZA_OTHER)
    return;
  self->n_in++;
  counters_add (self->counters, "xmpp_stanzas_total{direction=\"in\"}", 1);
  if (error == XMPP_NO_ERROR && !is_own (self, stanza.message.to))
    error = XMPP_ITEM_NOT_FOUND;
  if (error != XMPP_NO_ERROR) {
    g_info ("a stanza is dropped: %s", stanza_error_name (error));
    count_dropped (self);
    /* a "to" that is not ours is no address to answer from */
    if (is_refusable && is_own (self, stanza.message.to)
        && !is_odd_nick (&stanza, error))
      refuse (self, &stanza, error);
    return;
  }
  if (stanza.kind == STANZA_MESSAGE)
    take_message (self, &stanza.message);
  else if (stanza.kind == STANZA_PRESENCE)
    self->events->presence (self->events->self, &stanza.presence);
  else
    take_iq (self, &stanza.iq);
}

/* Its sender is not known. */
static void
dropped_cb (gpointer data)
{
  g_info ("a stanza is dropped: it is too large (xmpp.max_stanza), too deep or "
          "has too many attributes");
  count_dropped (data);
}

static void
element_cb (xmlNode *element, gpointer data)
{
  XmppStream *self = data;

  if (node_is (element, NS_STREAMS, "error"))
    take_stream_error (self, element);
  else if (self->state == STREAM_UP)
    take_stanza (self, element);
  else if (self->state == STREAM_PROVING
           && node_is (element, NS_COMPONENT, "handshake"))
    stream_came_up (self);
  else
    end (self, STREAM_POLICY_VIOLATION,
         "the XMPP server sends stanzas before the handshake");
}

void
traffic_open (XmppStream *self)
{
  static const ReaderFns fns = { .opened = opened_cb,
                                 .element = element_cb,
                                 .dropped = dropped_cb,
                                 .closed = closed_cb };
  const ScanLimits limits = { self->config.max_stanza, 32, 64 };

  self->reader = reader_new (&limits, &fns, self);
  self->last_read = now (self);
  self->n_pongs = 0;
  g_string_append (self->out,
                   "<?xml version='1.0'?><stream:stream xmlns='" NS_COMPONENT
                   "' xmlns:stream='" NS_STREAMS "'");
  xml_put_attribute (self->out, "to", self->config.component);
  g_string_append_c (self->out, '>');
}

void
traffic_close (XmppStream *self)
{
  g_clear_pointer (&self->reader, reader_free);
  g_clear_pointer (&self->fault, g_free);
  g_string_truncate (self->out, 0);
  self->sent = 0;
  self->was_full = FALSE;
  pending_lost (self->pending);
  pending_tell (self->pending);
  queries_expire (self->queries, G_MAXINT64);
}

gboolean
traffic_feed (XmppStream *self, const char *bytes, gsize len)
{
  StreamError error;

  self->last_read = now (self);
  error = reader_feed (self->reader, bytes, len);
  if (error != STREAM_FINE) {
    g_autofree char *why
        = g_strdup_printf ("the XMPP server sends what is not allowed: %s",
                           stream_error_name (error));

    end (self, error, why);
  }
  return self->fault == NULL;
}

static void
ping (XmppStream *self)
{
  const char *to
      = self->asks_peer ? self->config.ping_host : self->config.component;

  rc_token_fill (self->ping_id, PING_ID_BITS);
  stanza_put_iq (self->out, IQ_GET, self->config.component, to, self->ping_id,
                 "<ping xmlns=\"urn:xmpp:ping\"/>");
  pending_ping (self->pending);
  self->pinged_at = now (self);
}

void
traffic_before_flush (XmppStream *self)
{
  if (pending_has_failed (self->pending))
    pending_tell (self->pending);
  if (queries_has_unsent (self->queries))
    queries_expire (self->queries, 0);
  if (self->state == STREAM_UP && pending_wants_ping (self->pending))
    ping (self);
}

/* A server that answers no ping on a whole connection is asked in another way
 * on the next. */
static gboolean
is_dead (XmppStream *self, gint64 time)
{
  gint64 timeout = self->config.timeout * G_USEC_PER_SEC;

  if (!pending_has_ping (self->pending)
      || (time - MAX (self->pinged_at, self->last_read) < timeout
          && time - self->pinged_at < PATIENCE * timeout))
    return FALSE;
  if (self->n_pongs == 0 && self->config.ping_host != NULL)
    self->asks_peer = !self->asks_peer;
  return TRUE;
}

gboolean
traffic_tick (XmppStream *self)
{
  gint64 time = now (self);

  queries_expire (self->queries, time);
  if (is_dead (self, time))
    return FALSE;
  if (!pending_has_ping (self->pending)
      && time - self->last_read
             >= (gint64)self->config.keepalive * G_USEC_PER_SEC) {
    ping (self);
    stream_flush_later (self);
  }
  return TRUE;
}

void
traffic_sent (XmppStream *self)
{
  if (!self->was_full || stream_queued (self) > self->config.max_queue / 2)
    return;
  self->was_full = FALSE;
  self->events->has_room (self->events->self);
}

static gboolean
is_up_cb (gpointer port)
{
  return ((XmppStream *)port)->state == STREAM_UP;
}

/* Is there a place for one more stanza? */
static gboolean
can_send (XmppStream *self)
{
  if (self->state != STREAM_UP)
    return FALSE;
  if (is_full (self))
    self->was_full = TRUE;
  return !is_full (self);
}

static void
count_out (XmppStream *self)
{
  self->n_out++;
  counters_add (self->counters, "xmpp_stanzas_total{direction=\"out\"}", 1);
  stream_flush_later (self);
}

/* The server ends the stream of a component that speaks for another domain. */
static gboolean
may_speak_for (XmppStream *self, const char *from)
{
  if (is_own (self, from))
    return TRUE;
  g_info ("%s is not of %s, for which the XMPP server lets us speak", from,
          self->config.component);
  count_dropped (self);
  return FALSE;
}

static void
message_cb (gpointer port, const XmppMessage *message, XmppSentFn done,
            gpointer data)
{
  XmppStream *self = port;
  gboolean may_speak = may_speak_for (self, message->from);

  if (may_speak && can_send (self)) {
    stanza_put_message (self->out, message);
    if (done != NULL)
      pending_add (self->pending, message->id, message->to, done, data);
    count_out (self);
  } else if (done != NULL) {
    pending_add_failed (self->pending, may_speak ? XMPP_LOST : XMPP_REFUSED,
                        may_speak ? XMPP_NO_ERROR : XMPP_NOT_ALLOWED, done,
                        data);
    stream_flush_later (self);
  }
}

static gboolean
presence_cb (gpointer port, const XmppPresence *presence)
{
  XmppStream *self = port;

  if (!may_speak_for (self, presence->from))
    return TRUE;
  if (!can_send (self))
    return FALSE;
  stanza_put_presence (self->out, presence);
  count_out (self);
  return TRUE;
}

/* Where a query is written; NULL: it cannot be sent. */
static GString *
query_out (XmppStream *self, const char *from)
{
  gboolean can_ask = may_speak_for (self, from) && can_send (self);

  if (can_ask)
    count_out (self);
  else
    stream_flush_later (self);
  return can_ask ? self->out : NULL;
}

static void
create_cb (gpointer port, const char *from, const char *room, XmppDoneFn done,
           gpointer data)
{
  XmppStream *self = port;

  queries_create (self->queries, query_out (self, from), from, room,
                  now (self) + QUERY_US, done, data);
}

static void
kick_cb (gpointer port, const char *from, const char *room, const char *nick,
         const char *reason, XmppDoneFn done, gpointer data)
{
  XmppStream *self = port;

  queries_kick (self->queries, query_out (self, from), from, room, nick, reason,
                now (self) + QUERY_US, done, data);
}

static void
ping_cb (gpointer port, const char *from, const char *room, const char *nick,
         XmppDoneFn done, gpointer data)
{
  XmppStream *self = port;

  queries_ping (self->queries, query_out (self, from), from, room, nick,
                now (self) + QUERY_US, done, data);
}

static void
rooms_cb (gpointer port, const char *from, const char *service,
          XmppItemsFn done, gpointer data)
{
  XmppStream *self = port;

  queries_rooms (self->queries, query_out (self, from), from, service,
                 now (self) + QUERY_US, done, data);
}

static void
forget_cb (gpointer port, gpointer data)
{
  XmppStream *self = port;

  pending_forget (self->pending, data);
  queries_forget (self->queries, data);
}

void
traffic_init (XmppStream *self)
{
  self->out = g_string_new (NULL);
  self->pending = pending_new ();
  self->queries = queries_new ();
  self->port = (XmppPort){ .self = self,
                           .is_up = is_up_cb,
                           .message = message_cb,
                           .presence = presence_cb,
                           .room_create = create_cb,
                           .room_kick = kick_cb,
                           .room_ping = ping_cb,
                           .rooms = rooms_cb,
                           .forget = forget_cb };
}
