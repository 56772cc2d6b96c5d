/* SPDX-License-Identifier: ISC
 *
 * Bytes in and out: datagrams by recvmmsg and sendmmsg, as many as there are;
 * TCP connections, ours and those that the server opens, over epoll. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define BATCH 64
#define DATAGRAM 65536
/* Not a power of two: else all datagrams lie in the same lines of the cache. */
#define STRIDE (DATAGRAM + 4096 + 192)
#define ARENA (1 << 20)
#define EVENTS 256
#define SOCKET_BUFFER (64 << 20)

enum { ID_UDP = 0, ID_LISTENER = 0x7fffffff };

typedef struct {
  int fd;
  guint port; /* ours */
  GByteArray *in, *out;
} Conn;

struct Net {
  int epoll, udp, listener;
  struct sockaddr_in server, self;
  NetFn fn;
  gpointer data;
  GPtrArray *conns; /* Conn by number - 1; NULL: gone */
  guint n_closed;
  gboolean is_replying; /* to where the last datagram came from */
  struct sockaddr_in last;
  struct mmsghdr out[BATCH], in[BATCH];
  struct iovec out_iov[BATCH], in_iov[BATCH];
  struct sockaddr_in out_to[BATCH], in_from[BATCH];
  guint n_out;
  gsize used;
  char *arena, *room;
};

static void
fail (const char *what)
{
  perror (what);
  exit (1);
}

static void
watch (Net *self, int fd, guint32 id, guint32 events)
{
  struct epoll_event event = { .events = events, .data.u32 = id };

  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    fail ("epoll_ctl");
}

/* One port for both, chosen anew when TCP's is taken. */
static gboolean
bind_both (Net *self)
{
  struct sockaddr_in *name = &self->self;
  socklen_t len = sizeof *name;
  int on = 1;

  self->udp = socket (AF_INET, SOCK_DGRAM, 0);
  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt (self->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind (self->udp, (struct sockaddr *)name, len) == 0
      && getsockname (self->udp, (struct sockaddr *)name, &len) == 0
      && bind (self->listener, (struct sockaddr *)name, len) == 0
      && listen (self->listener, 4096) == 0)
    return TRUE;
  close (self->udp);
  close (self->listener);
  return FALSE;
}

static void
open_sockets (Net *self)
{
  in_port_t port = self->self.sin_port;
  int size = SOCKET_BUFFER, tries = port == 0 ? 20 : 1;

  self->epoll = epoll_create1 (0);
  while (!bind_both (self)) {
    if (--tries == 0)
      fail ("load: bind");
    self->self.sin_port = port;
  }
  setsockopt (self->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt (self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt (self->udp, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  watch (self, self->udp, ID_UDP, EPOLLIN);
  watch (self, self->listener, ID_LISTENER, EPOLLIN);
}

static void
lay_out (Net *self)
{
  self->arena = g_malloc (ARENA + DATAGRAM);
  self->room = g_malloc ((gsize)BATCH * STRIDE);
  for (guint i = 0; i < BATCH; i++) {
    self->in_iov[i]
        = (struct iovec){ self->room + (gsize)i * STRIDE, DATAGRAM };
    self->in[i].msg_hdr = (struct msghdr){ .msg_iov = &self->in_iov[i],
                                           .msg_iovlen = 1,
                                           .msg_name = &self->in_from[i] };
    self->out[i].msg_hdr
        = (struct msghdr){ .msg_iov = &self->out_iov[i],
                           .msg_iovlen = 1,
                           .msg_name = &self->out_to[i],
                           .msg_namelen = sizeof self->out_to[i] };
  }
}

static void
read_address (const char *text, struct sockaddr_in *out)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);

  out->sin_family = AF_INET;
  if (inet_pton (AF_INET, parts[0], &out->sin_addr) != 1) {
    fprintf (stderr, "load: %s is no IPv4 address with port\n", text);
    exit (2);
  }
  out->sin_port = htons (parts[1] != NULL ? (guint16)atoi (parts[1]) : 5060);
}

Net *
net_new (const char *server, const char *source, guint port, NetFn fn,
         gpointer data)
{
  Net *self = g_new0 (Net, 1);

  self->fn = fn;
  self->data = data;
  self->conns = g_ptr_array_new ();
  if (server != NULL)
    read_address (server, &self->server);
  read_address (source, &self->self);
  self->self.sin_port = htons ((guint16)port);
  open_sockets (self);
  lay_out (self);
  return self;
}

guint
net_port (const Net *self)
{
  return ntohs (self->self.sin_port);
}

guint
net_n_closed (const Net *self)
{
  return self->n_closed;
}

static Conn *
conn_of (const Net *self, guint conn)
{
  return conn == 0 || conn > self->conns->len
             ? NULL
             : g_ptr_array_index (self->conns, conn - 1);
}

guint
net_conn_port (const Net *self, guint conn)
{
  const Conn *it = conn_of (self, conn);

  return it != NULL ? it->port : net_port (self);
}

static guint
add_conn (Net *self, int fd)
{
  Conn *conn = g_new0 (Conn, 1);
  struct sockaddr_in name;
  socklen_t len = sizeof name;
  int on = 1;

  getsockname (fd, (struct sockaddr *)&name, &len);
  fcntl (fd, F_SETFL, O_NONBLOCK);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  *conn = (Conn){ fd, ntohs (name.sin_port), g_byte_array_new (),
                  g_byte_array_new () };
  g_ptr_array_add (self->conns, conn);
  watch (self, fd, self->conns->len, EPOLLIN);
  return self->conns->len;
}

/* The port is chosen by where it connects to: ports of connections that closed a
 * moment ago, in another measurement, are not in the way. */
guint
net_connect (Net *self)
{
  int fd = socket (AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in from = self->self;

  from.sin_port = 0;
  setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (fd < 0 || bind (fd, (struct sockaddr *)&from, sizeof from) < 0
      || connect (fd, (struct sockaddr *)&self->server, sizeof self->server)
             < 0) {
    if (fd >= 0)
      close (fd);
    return 0;
  }
  return add_conn (self, fd);
}

static void
drop_conn (Net *self, guint number)
{
  Conn *conn = conn_of (self, number);

  close (conn->fd);
  g_byte_array_unref (conn->in);
  g_byte_array_unref (conn->out);
  g_free (conn);
  g_ptr_array_index (self->conns, number - 1) = NULL;
  self->n_closed++;
}

/* --- Out --- */

void
net_flush (Net *self)
{
  guint at = 0, waits = 0;

  while (at < self->n_out) {
    int n = sendmmsg (self->udp, self->out + at, self->n_out - at, 0);

    if (n > 0) {
      at += (guint)n;
    } else if ((errno == EAGAIN || errno == ENOBUFS) && waits++ < 1000) {
      g_usleep (100);
    } else if (errno != EINTR) {
      at++; /* nobody is there; it will be sent again */
    }
  }
  self->n_out = 0;
  self->used = 0;
}

static void
send_datagram (Net *self, const char *text, gsize len)
{
  if (self->n_out == BATCH || self->used + len > ARENA)
    net_flush (self);
  memcpy (self->arena + self->used, text, len);
  self->out_iov[self->n_out] = (struct iovec){ self->arena + self->used, len };
  self->out_to[self->n_out++] = self->is_replying ? self->last : self->server;
  self->used += len;
}

static void
write_out (Net *self, guint number, Conn *conn)
{
  struct epoll_event event = { .data.u32 = number };

  while (conn->out->len > 0) {
    ssize_t n = send (conn->fd, conn->out->data, conn->out->len, MSG_NOSIGNAL);

    if (n <= 0)
      break;
    g_byte_array_remove_range (conn->out, 0, (guint)n);
  }
  event.events = EPOLLIN | (conn->out->len > 0 ? EPOLLOUT : 0);
  epoll_ctl (self->epoll, EPOLL_CTL_MOD, conn->fd, &event);
}

void
net_send (Net *self, guint number, const char *text, gsize len)
{
  Conn *conn = conn_of (self, number);
  ssize_t n = 0;

  if (number == 0) {
    send_datagram (self, text, len);
    return;
  }
  if (conn == NULL)
    return;
  if (conn->out->len == 0)
    n = send (conn->fd, text, len, MSG_NOSIGNAL);
  n = MAX (n, 0);
  if ((gsize)n == len)
    return;
  g_byte_array_append (conn->out, (const guint8 *)text + n,
                       (guint)(len - (gsize)n));
  write_out (self, number, conn);
}

void
net_reply_to_last (Net *self, gboolean is_on)
{
  self->is_replying = is_on;
}

/* --- In --- */

static void
read_datagrams (Net *self)
{
  int n;

  do {
    for (guint i = 0; i < BATCH; i++)
      self->in[i].msg_hdr.msg_namelen = sizeof self->in_from[i];
    n = recvmmsg (self->udp, self->in, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
      Sip sip;
      const char *text = self->in_iov[i].iov_base;

      self->last = self->in_from[i];
      if (sip_read (text, self->in[i].msg_len, TRUE, &sip) > 0)
        self->fn (&sip, text, 0, self->data);
    }
    net_flush (self);
  } while (n == BATCH);
}

/* Whole messages at the start of what has come; empty lines between them keep
 * a connection alive. */
static void
take_stream (Net *self, guint number)
{
  Conn *conn = conn_of (self, number);
  gsize used = 0;

  for (;;) {
    const char *text = (const char *)conn->in->data + used;
    gsize len = conn->in->len - used;
    gssize taken;
    Sip sip;

    if (len > 0 && (*text == '\r' || *text == '\n')) {
      used++;
      continue;
    }
    taken = len == 0 ? 0 : sip_read (text, len, FALSE, &sip);
    if (taken <= 0)
      break;
    self->fn (&sip, text, number, self->data);
    used += (gsize)taken;
  }
  if (used > 0)
    g_byte_array_remove_range (conn->in, 0, (guint)used);
}

static void
read_conn (Net *self, guint number)
{
  Conn *conn = conn_of (self, number);
  ssize_t n = recv (conn->fd, self->room, DATAGRAM, MSG_DONTWAIT);

  if (n == 0 || (n < 0 && errno != EAGAIN)) {
    drop_conn (self, number);
    return;
  }
  if (n < 0)
    return;
  g_byte_array_append (conn->in, (const guint8 *)self->room, (guint)n);
  take_stream (self, number);
}

static void
accept_all (Net *self)
{
  int fd;

  while ((fd = accept (self->listener, NULL, NULL)) >= 0)
    add_conn (self, fd);
}

static void
take_event (Net *self, const struct epoll_event *event)
{
  Conn *conn;

  if (event->data.u32 == ID_UDP) {
    read_datagrams (self);
    return;
  }
  if (event->data.u32 == ID_LISTENER) {
    accept_all (self);
    return;
  }
  conn = conn_of (self, event->data.u32);
  if (conn != NULL && (event->events & EPOLLOUT) != 0)
    write_out (self, event->data.u32, conn);
  if (conn != NULL && (event->events & ~(guint)EPOLLOUT) != 0)
    read_conn (self, event->data.u32);
}

void
net_poll (Net *self, gint64 us)
{
  struct epoll_event events[EVENTS];
  struct timespec wait = { us / 1000000, us % 1000000 * 1000 };
  int n;

  net_flush (self);
  n = epoll_pwait2 (self->epoll, events, EVENTS, &wait, NULL);
  for (int i = 0; i < n; i++)
    take_event (self, &events[i]);
  net_flush (self);
}
