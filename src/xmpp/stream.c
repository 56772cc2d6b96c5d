/* SPDX-License-Identifier: ISC
 *
 * The stream's connection: names, sockets, attempts.  What goes over it is in
 * traffic.c. */
#define G_LOG_DOMAIN "xmpp"
#include "addr/xmpp.h"
#include "xmpp/stream-priv.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 500
#define READ_BYTES 65536
/* What has been sent stays at the front of the queue until it is so much. */
#define SHRINK_BYTES 65536

static void connect_next (XmppStream *self);
static void look_up (XmppStream *self);

gsize
stream_queued (const XmppStream *self)
{
  return self->out->len - self->sent;
}

static void
set_state (XmppStream *self, StreamState state)
{
  self->state = state;
  self->since = clock_now (self->clock);
}

static void
drop_socket (XmppStream *self)
{
  if (self->watch != NULL)
    self->loop->unwatch (self->loop->self, g_steal_pointer (&self->watch));
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static void
retry_cb (gpointer data)
{
  XmppStream *self = data;

  self->retry = NULL;
  look_up (self);
}

/* One line for each reason, however often it comes. */
static void
tell (XmppStream *self, const char *why)
{
  if (g_strcmp0 (self->told, why) == 0)
    return;
  g_free (self->told);
  self->told = g_strdup (why);
  if (strstr (why, "xmpp.secret") != NULL)
    g_critical ("no link to %s:%u: %s", self->config.host, self->config.port,
                why);
  else
    g_warning ("no link to the XMPP server %s:%u: %s; trying again",
               self->config.host, self->config.port, why);
}

/* The attempt failed, or the link is gone. */
static void
give_up (XmppStream *self, const char *why)
{
  gboolean was_up = self->state == STREAM_UP;
  gint64 now = clock_now (self->clock);
  guint wait = backoff_next (&self->backoff, was_up ? now - self->since : 0,
                             self->config.reconnect, g_random_double ());

  drop_socket (self);
  g_free (self->why);
  self->why = g_strdup (why);
  set_state (self, STREAM_WAITING);
  tell (self, why);
  self->retry = self->loop->after (self->loop->self, wait, retry_cb, self);
  *counters_cell (self->counters, "xmpp_up") = 0;
  traffic_close (self);
  if (!was_up)
    return;
  self->changed = now;
  self->events->link_changed (self->events->self, FALSE);
}

/* Sends once what the socket takes; FALSE: it is broken. */
static gboolean
send_some (XmppStream *self)
{
  ssize_t n = send (self->fd, self->out->str + self->sent, stream_queued (self),
                    MSG_NOSIGNAL);

  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  self->sent += (gsize)n;
  if (self->sent == self->out->len || self->sent > SHRINK_BYTES) {
    g_string_erase (self->out, 0, (gssize)self->sent);
    self->sent = 0;
  }
  return TRUE;
}

static void
flush (XmppStream *self)
{
  traffic_before_flush (self);
  if (self->state < STREAM_OPENING)
    return;
  if (stream_queued (self) > 0 && !send_some (self)) {
    give_up (self, g_strerror (errno));
    return;
  }
  self->loop->set_events (self->loop->self, self->watch,
                          stream_queued (self) > 0 ? LOOP_READ | LOOP_WRITE
                                                   : LOOP_READ);
  traffic_sent (self);
}

/* A deferred call may outlive the stream. */
typedef struct Deferred {
  XmppStream *stream; /* NULL: gone */
} Deferred;

static void
flush_cb (gpointer data)
{
  XmppStream *self = ((Deferred *)data)->stream;

  if (self == NULL)
    return;
  self->deferred = NULL;
  flush (self);
}

void
stream_flush_later (XmppStream *self)
{
  if (self->deferred != NULL)
    return;
  self->deferred = g_new (Deferred, 1);
  self->deferred->stream = self;
  self->loop->defer (self->loop->self, flush_cb, self->deferred, g_free);
}

/* Says why, as far as the socket takes it, and closes. */
static void
end_stream (XmppStream *self, StreamError error, const char *why)
{
  g_autofree char *copy = g_strdup (why);

  if (error != STREAM_FINE)
    g_string_append_printf (
        self->out,
        "<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        "</stream:error>",
        stream_error_name (error));
  g_string_append (self->out, "</stream:stream>");
  send_some (self);
  give_up (self, copy);
}

/* Servers that write a stanza at a time and leave Nagle's algorithm on wait with
 * the second for the acknowledgement of the first, which would wait 40 ms for
 * something to go with.  The system forgets this wish, so it is said again. */
static void
ack_at_once (int fd)
{
#ifdef TCP_QUICKACK
  int on = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
}

static void
read_some (XmppStream *self)
{
  char bytes[READ_BYTES];
  ssize_t n = recv (self->fd, bytes, sizeof bytes, 0);
  ack_at_once (self->fd);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n < 0)
    give_up (self, g_strerror (errno));
  else if (n == 0)
    give_up (self, self->state == STREAM_UP
                       ? "the XMPP server has closed the connection"
                       : "the XMPP server closed the connection at once; is"
                         " this its port for components?");
  else if (!traffic_feed (self, bytes, (gsize)n))
    end_stream (self, self->fault_name, self->fault);
}

static void
ready_cb (int fd, LoopEvents events, gpointer data)
{
  XmppStream *self = data;

  if ((events & LOOP_READ) != 0)
    read_some (self);
  if ((events & LOOP_WRITE) != 0 && self->fd == fd
      && self->state >= STREAM_OPENING)
    flush (self);
}

void
stream_came_up (XmppStream *self)
{
  set_state (self, STREAM_UP);
  self->changed = self->since;
  g_clear_pointer (&self->why, g_free);
  g_clear_pointer (&self->told, g_free);
  self->n_ups++;
  *counters_cell (self->counters, "xmpp_up") = 1;
  counters_add (self->counters, "xmpp_reconnects_total", self->n_ups > 1);
  g_message ("linked to the XMPP server %s:%u as %s", self->config.host,
             self->config.port, self->config.component);
  self->events->link_changed (self->events->self, TRUE);
}

/* The next address, or none is left. */
static void
try_next (XmppStream *self, const char *why)
{
  g_autofree char *copy = g_strdup (why);

  drop_socket (self);
  if (self->hosts[self->next_host] != NULL)
    connect_next (self);
  else
    give_up (self, copy);
}

static void
connected_cb (int fd, LoopEvents events, gpointer data)
{
  XmppStream *self = data;
  int error = 0, on = 1;
  socklen_t len = sizeof error;

  if (getsockopt (fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
    error = errno;
  if (error != 0) {
    try_next (self, g_strerror (error));
    return;
  }
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  self->loop->unwatch (self->loop->self, self->watch);
  self->watch
      = self->loop->watch (self->loop->self, fd, LOOP_READ, ready_cb, self);
  set_state (self, STREAM_OPENING);
  traffic_open (self);
  flush (self);
}

/* 0, or errno; numeric hosts are not looked up. */
static int
begin_connect (XmppStream *self, const char *host)
{
  const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
  g_autofree char *port = g_strdup_printf ("%u", self->config.port);
  struct addrinfo *at = NULL;
  int error = 0;

  if (getaddrinfo (host, port, &hints, &at) != 0)
    return EINVAL;
  self->fd
      = socket (at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->fd < 0
      || (connect (self->fd, at->ai_addr, at->ai_addrlen) < 0
          && errno != EINPROGRESS))
    error = errno;
  freeaddrinfo (at);
  return error;
}

static void
connect_next (XmppStream *self)
{
  int error = begin_connect (self, self->hosts[self->next_host++]);

  set_state (self, STREAM_CONNECTING);
  if (error != 0)
    try_next (self, g_strerror (error));
  else
    self->watch = self->loop->watch (self->loop->self, self->fd, LOOP_WRITE,
                                     connected_cb, self);
}

static void
begin (XmppStream *self, const char *const *hosts, gsize n)
{
  char **list = g_new0 (char *, n + 1);

  for (gsize i = 0; i < n; i++)
    list[i] = g_strdup (hosts[i]);
  g_strfreev (self->hosts);
  self->hosts = list;
  self->next_host = 0;
  connect_next (self);
}

static void
found_cb (const char *const *hosts, gsize n, gpointer data)
{
  XmppStream *self = data;
  g_autofree char *why = NULL;

  self->query = NULL;
  if (n > 0) {
    begin (self, hosts, n);
    return;
  }
  why = g_strdup_printf ("there is no address of %s", self->config.host);
  give_up (self, why);
}

static void
look_up (XmppStream *self)
{
  const char *host = self->config.host;

  counters_add (self->counters, "xmpp_attempts_total", 1);
  if (g_hostname_is_ip_address (host) || self->names == NULL) {
    begin (self, &host, 1);
    return;
  }
  set_state (self, STREAM_LOOKING_UP);
  self->query = self->names->lookup (self->names->self, host, found_cb, self);
}

static void
tick_cb (gpointer data)
{
  XmppStream *self = data;
  gint64 timeout = self->config.timeout * G_USEC_PER_SEC;
  gboolean is_late = clock_now (self->clock) - self->since >= timeout;

  *counters_cell (self->counters, "xmpp_queued_bytes")
      = (gint64)stream_queued (self);
  *counters_cell (self->counters, "xmpp_unconfirmed")
      = pending_size (self->pending);
  if (self->state == STREAM_CONNECTING && is_late)
    try_next (self, g_strerror (ETIMEDOUT));
  else if ((self->state == STREAM_OPENING || self->state == STREAM_PROVING)
           && is_late)
    end_stream (self, STREAM_CONNECTION_TIMEOUT,
                "the XMPP server does not answer the handshake");
  else if (self->state == STREAM_UP && !traffic_tick (self))
    end_stream (self, STREAM_CONNECTION_TIMEOUT,
                "the XMPP server does not answer");
}

static void
link_cb (gpointer port, XmppLink *out)
{
  XmppStream *self = port;

  *out = (XmppLink){ .is_configured = TRUE,
                     .is_up = self->state == STREAM_UP,
                     .peer = self->peer,
                     .since = self->changed,
                     .error = self->why,
                     .n_in = self->n_in,
                     .n_out = self->n_out,
                     .n_queued = (guint)stream_queued (self),
                     .n_unconfirmed = pending_size (self->pending),
                     .n_reconnects = MAX (self->n_ups, 1) - 1 };
}

/* As JIDs have it: in U-labels.  New. */
static char *
canonical (const char *domain)
{
  g_autoptr (Jid) jid = NULL;

  if (domain == NULL || !jid_parse (domain, &jid, NULL))
    return g_strdup (domain);
  return jid_to_string (jid);
}

XmppStream *
xmpp_stream_new (const XmppConfig *config, LoopPort *loop, const Clock *clock,
                 NamesPort *names, Counters *counters, const XmppEvents *events)
{
  XmppStream *self = g_new0 (XmppStream, 1);

  self->config = *config;
  self->config.host = g_strdup (config->host);
  self->config.component = canonical (config->component);
  self->config.secret = g_strdup (config->secret);
  self->config.ping_host = canonical (config->ping_host);
  self->loop = loop;
  self->clock = clock;
  self->names = names;
  self->counters = counters;
  self->events = events;
  self->fd = -1;
  self->since = self->changed = clock_now (clock);
  self->peer
      = g_strdup_printf (strchr (config->host, ':') ? "[%s]:%u" : "%s:%u",
                         config->host, config->port);
  traffic_init (self);
  self->port.link = link_cb;
  self->tick = loop->every (loop->self, TICK_MS, tick_cb, self);
  return self;
}

void
xmpp_stream_start (XmppStream *self)
{
  if (self->state == STREAM_WAITING && self->retry == NULL)
    look_up (self);
}

void
xmpp_stream_reload (XmppStream *self, const XmppConfig *config)
{
  self->config.max_stanza = config->max_stanza;
  self->config.max_queue = config->max_queue;
  self->config.keepalive = config->keepalive;
  self->config.timeout = config->timeout;
  self->config.reconnect = config->reconnect;
}

/* What still waits is sent as far as the socket takes it. */
static void
say_goodbye (XmppStream *self)
{
  if (self->state != STREAM_UP)
    return;
  g_string_append (self->out, "</stream:stream>");
  send_some (self);
}

void
xmpp_stream_free (XmppStream *self)
{
  if (self == NULL)
    return;
  say_goodbye (self);
  drop_socket (self);
  if (self->deferred != NULL)
    self->deferred->stream = NULL;
  if (self->query != NULL)
    self->names->cancel (self->names->self, self->query);
  self->loop->remove_timer (self->loop->self, self->tick);
  if (self->retry != NULL)
    self->loop->remove_timer (self->loop->self, self->retry);
  reader_free (self->reader);
  pending_free (self->pending);
  queries_free (self->queries);
  g_string_free (self->out, TRUE);
  g_strfreev (self->hosts);
  g_free ((char *)self->config.host);
  g_free ((char *)self->config.component);
  g_free ((char *)self->config.secret);
  g_free ((char *)self->config.ping_host);
  g_free (self->peer);
  g_free (self->why);
  g_free (self->told);
  g_free (self->fault);
  g_free (self);
}

XmppPort *
xmpp_stream_port (XmppStream *self)
{
  return &self->port;
}
