/* SPDX-License-Identifier: ISC
 *
 * One batch at a time, of one socket: while it has datagrams another socket is
 * read as sofia does it. */
#define G_LOG_DOMAIN "sip"
#include "config.h" /* recvmmsg */

#include "sip/datagrams.h"
#include "sip/conns.h"
#include "sip/polling.h"
#include "sip/sofia.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BATCH 16
#define SIZE_MAX_UDP 65536
#define OTHERS_EVERY 4 /* datagrams, then other descriptors have their turn */

int __real_epoll_wait (int epoll, struct epoll_event *events, int max,
                       int timeout);
int __wrap_epoll_wait (int epoll, struct epoll_event *events, int max,
                       int timeout);
int __real_epoll_ctl (int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl (int epoll, int op, int fd, struct epoll_event *event);
issize_t __real_su_vrecv (su_socket_t fd, su_iovec_t *parts, isize_t n,
                          int flags, su_sockaddr_t *from, socklen_t *from_len);
issize_t __wrap_su_vrecv (su_socket_t fd, su_iovec_t *parts, isize_t n,
                          int flags, su_sockaddr_t *from, socklen_t *from_len);

/* How epoll knows a descriptor. */
typedef struct {
  int epoll; /* plus one; 0: it does not */
  epoll_data_t data;
} Known;

static struct {
  int fd;
  guint n, next, served;
  struct mmsghdr heads[BATCH];
  struct iovec parts[BATCH];
  su_sockaddr_t from[BATCH];
  char bytes[BATCH][SIZE_MAX_UDP];
  GArray *known; /* Known by descriptor */
  DatagramsCounts counts;
} batch = { .fd = -1 };

static gboolean
has_some (int fd)
{
  return batch.fd == fd && batch.next < batch.n;
}

/* Empty datagrams keep a NAT open and say nothing. */
static void
skip_empty (void)
{
  while (batch.next < batch.n && batch.heads[batch.next].msg_len == 0)
    batch.next++;
}

/* FALSE: the socket has none. */
static gboolean
read_batch (int fd)
{
  int n;

  for (guint i = 0; i < BATCH; i++) {
    batch.parts[i] = (struct iovec){ batch.bytes[i], sizeof batch.bytes[i] };
    batch.heads[i].msg_hdr
        = (struct msghdr){ .msg_name = &batch.from[i],
                           .msg_namelen = sizeof batch.from[i],
                           .msg_iov = &batch.parts[i],
                           .msg_iovlen = 1 };
  }
  n = recvmmsg (fd, batch.heads, BATCH, MSG_DONTWAIT, NULL);
  if (n < 0 && errno != EAGAIN) /* of a datagram that we sent; told once */
    n = recvmmsg (fd, batch.heads, BATCH, MSG_DONTWAIT, NULL);
  batch.fd = fd;
  batch.n = n > 0 ? (guint)n : 0;
  batch.next = batch.served = 0;
  batch.counts.reads += n > 0;
  batch.counts.datagrams += batch.n;
  skip_empty ();
  return n > 0;
}

ssize_t
datagrams_next (int fd)
{
  if (batch.next < batch.n && batch.fd != fd)
    return -1;
  while (!has_some (fd) && read_batch (fd))
    ;
  return has_some (fd) ? (ssize_t)batch.heads[batch.next].msg_len : 0;
}

issize_t
__wrap_su_vrecv (su_socket_t fd, su_iovec_t *parts, isize_t n, int flags,
                 su_sockaddr_t *from, socklen_t *from_len)
{
  const struct mmsghdr *head = &batch.heads[batch.next];
  gsize left, done = 0;

  if (flags != 0 || !has_some (fd))
    return __real_su_vrecv (fd, parts, n, flags, from, from_len);
  left = head->msg_len;
  for (isize_t i = 0; i < n && left > 0; i++) {
    gsize len = MIN (left, parts[i].siv_len);

    memcpy (parts[i].siv_base, batch.bytes[batch.next] + done, len);
    done += len;
    left -= len;
  }
  if (from != NULL && from_len != NULL) {
    *from_len = MIN (*from_len, head->msg_hdr.msg_namelen);
    memcpy (from, &batch.from[batch.next], *from_len);
  }
  batch.next++;
  skip_empty ();
  return (issize_t)done;
}

/* --- Events --- */

static Known *
known_at (int fd)
{
  if (batch.known == NULL)
    batch.known = g_array_new (FALSE, TRUE, sizeof (Known));
  if ((guint)fd >= batch.known->len)
    g_array_set_size (batch.known, (guint)fd + 64);
  return &g_array_index (batch.known, Known, fd);
}

int
__wrap_epoll_ctl (int epoll, int op, int fd, struct epoll_event *event)
{
  int result = __real_epoll_ctl (epoll, op, fd, event);

  if (fd < 0)
    return result;
  if (op == EPOLL_CTL_DEL) {
    *known_at (fd) = (Known){ 0 };
    if (batch.fd == fd)
      batch.n = batch.next = 0;
  } else if (result == 0) {
    *known_at (fd) = (Known){ epoll + 1, event->data };
  }
  return result;
}

static gboolean
is_among (const struct epoll_event *events, int n, epoll_data_t data)
{
  for (int i = 0; i < n; i++)
    if (events[i].data.u64 == data.u64)
      return TRUE;
  return FALSE;
}

/* The socket of the batch is ready as long as it has some. */
int
__wrap_epoll_wait (int epoll, struct epoll_event *events, int max, int timeout)
{
  static Polling polling;
  const Known *known;
  int n = 0;

  if (batch.next == batch.n || max < 2)
    return polling_wait (&polling, __real_epoll_wait, epoll, events, max,
                         timeout);
  known = known_at (batch.fd);
  if (known->epoll != epoll + 1)
    return __real_epoll_wait (epoll, events, max, timeout);
  if (++batch.served % OTHERS_EVERY == 0)
    n = MAX (0, __real_epoll_wait (epoll, events, max - 1, 0));
  if (!is_among (events, n, known->data))
    events[n++] = (struct epoll_event){ EPOLLIN, known->data };
  return n;
}

const DatagramsCounts *
datagrams_counts (void)
{
  return &batch.counts;
}
