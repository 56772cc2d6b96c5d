/* SPDX-License-Identifier: ISC
 *
 * The table of sofia's stream sockets, and the system calls that keep it:
 * accept, listen and close are linked with --wrap (SOFIA_WRAP in configure.ac).
 * They act on sofia's sockets alone and pass everything else through. */
#define G_LOG_DOMAIN "sip"
#include "config.h" /* accept4 */

#include "sip/conns.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define RECEIVE_BUFFER (64 * 1024) /* row 6: what one peer can make us hold */
#define KEEP_IDLE 60               /* seconds of silence before a probe */
#define KEEP_INTERVAL 15
#define KEEP_COUNT 4
#define COMPLAIN_S 60 /* not more often than so about refusals */
#define USER_TIMEOUT_MS                                                        \
  (60 * 1000) /* unacknowledged data: the peer is dead                         \
               */

int __wrap_accept (int fd, struct sockaddr *addr, socklen_t *len);
int __real_accept (int fd, struct sockaddr *addr, socklen_t *len);
int __wrap_listen (int fd, int backlog);
int __real_listen (int fd, int backlog);
int __wrap_close (int fd);
int __real_close (int fd);

static struct {
  GArray *slots; /* Conn by descriptor */
  guint count, max;
  guint64 refused;
  gint64 complained;
  int current;
  int reserve; /* given up to get out of EMFILE */
  gboolean is_listening;
} table = { .max = G_MAXUINT, .current = -1, .reserve = -1 };

Conn *
conns_at (int fd)
{
  if (fd < 0)
    return NULL;
  if (table.slots == NULL)
    table.slots = g_array_new (FALSE, TRUE, sizeof (Conn));
  if ((guint)fd >= table.slots->len)
    g_array_set_size (table.slots, fd + 64);
  return &g_array_index (table.slots, Conn, fd);
}

static void
forget (Conn *conn)
{
  if (conn->kind == CONN_ACCEPTED)
    table.count--;
  memset (conn, 0, sizeof *conn);
}

Conn *
conns_open (int fd, ConnKind kind)
{
  Conn *conn = conns_at (fd);

  forget (conn);
  conn->kind = kind;
  conn->since = g_get_monotonic_time ();
  if (kind == CONN_ACCEPTED)
    table.count++;
  return conn;
}

void
conns_set_current (int fd)
{
  table.current = fd;
}

int
conns_current (void)
{
  return table.current;
}

void
conns_begin_listen (void)
{
  table.is_listening = TRUE;
}

void
conns_end_listen (void)
{
  table.is_listening = FALSE;
  if (table.reserve < 0)
    table.reserve = open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

void
conns_set_max (guint max)
{
  table.max = max;
}

guint
conns_count (void)
{
  return table.count;
}

guint64
conns_refused (void)
{
  return table.refused;
}

static gboolean
is_overdue (const Conn *conn, gint64 limit)
{
  return conn->kind == CONN_ACCEPTED && (!conn->has_spoken || conn->is_partial)
         && conn->since < limit;
}

guint
conns_sweep (gint64 now, gint64 patience)
{
  guint n = 0;

  for (guint fd = 0; table.slots != NULL && fd < table.slots->len; fd++) {
    Conn *conn = &g_array_index (table.slots, Conn, fd);

    if (!is_overdue (conn, now - patience))
      continue;
    shutdown ((int)fd, SHUT_RDWR);
    conn->since = now; /* sofia closes it; if not, again later */
    n++;
  }
  return n;
}

/* What a listener has, the sockets it accepts inherit. */
static void
tune_listener (int fd)
{
  const struct {
    int level, name, value;
  } options[] = {
    { SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER },
    { SOL_SOCKET, SO_KEEPALIVE, 1 },
    { IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE },
    { IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL },
    { IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT },
    { IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (setsockopt (fd, options[i].level, options[i].name, &options[i].value,
                    sizeof options[i].value)
        < 0)
      g_warning ("setsockopt: %s", g_strerror (errno));
}

/* Defect: TPTAG_QUEUESIZE is also the backlog, and no tag makes a dead TCP peer
 * noticed (row 3).  Remedy: a backlog and keepalive of our own. */
int
__wrap_listen (int fd, int backlog)
{
  if (!table.is_listening)
    return __real_listen (fd, backlog);
  conns_at (fd)->is_listener = TRUE;
  tune_listener (fd);
  return __real_listen (fd, BACKLOG);
}

/* Takes one connection off the queue and closes it with a reset. */
static void
turn_away (int listener)
{
  const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
  int fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);

  table.refused++;
  if (fd < 0)
    return;
  setsockopt (fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  __real_close (fd);
}

static gboolean
may_complain (void)
{
  gint64 now = g_get_monotonic_time ();

  if (table.complained != 0
      && now - table.complained < (gint64)COMPLAIN_S * G_USEC_PER_SEC)
    return FALSE;
  table.complained = now;
  return TRUE;
}

static int
accept_out_of_descriptors (int listener)
{
  if (may_complain ())
    g_critical ("connections are refused: out of file descriptors with %u "
                "connections (see [server] max_open_files)",
                table.count);
  if (table.reserve >= 0)
    __real_close (table.reserve);
  turn_away (listener);
  table.reserve = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  errno = EAGAIN;
  return -1;
}

/* Defect (row 10): no bound on connections, and without descriptors the
 * listener wakes the loop for ever.  Remedy: turn away what is too much. */
int
__wrap_accept (int fd, struct sockaddr *addr, socklen_t *len)
{
  int got;

  if (!conns_at (fd) || !conns_at (fd)->is_listener)
    return __real_accept (fd, addr, len);
  if (table.count >= table.max) {
    if (table.max > 0 && may_complain ())
      g_warning ("connections are refused: %u are open ([sip] "
                 "max_connections)",
                 table.count);
    turn_away (fd);
    errno = EAGAIN;
    return -1;
  }
  got = accept4 (fd, addr, len, SOCK_CLOEXEC);
  if (got < 0 && (errno == EMFILE || errno == ENFILE))
    return accept_out_of_descriptors (fd);
  if (got >= 0)
    conns_open (got, CONN_ACCEPTED);
  return got;
}

int
__wrap_close (int fd)
{
  if (table.slots != NULL && fd >= 0 && (guint)fd < table.slots->len)
    forget (conns_at (fd));
  return __real_close (fd);
}
