/* SPDX-License-Identifier: ISC
 *
 * The wrapped functions of sofia_fixes.h.  Each names its row, the defect and
 * the remedy. */
#define G_LOG_DOMAIN "sip"
#include "sip/sofia_fixes.h"
#include "base/error.h"
#include "sip/conns.h"
#include "sip/datagrams.h"
#include "sip/sofia.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/sofia_features.h>

#define PING_BYTES 4 /* CRLF CRLF, RFC 5626 3.5.1 */
#define READ_MAX 8192

/* A constant to the compiler. -DHAS_DEFECTS=0 shows that the tests of
 * test-sip-fixes.c fail without the remedies. */
#ifndef HAS_DEFECTS
#define HAS_DEFECTS (strncmp (SOFIA_SIP_VERSION, "1.12.", 5) == 0)
#endif

#define DECLARE(type, name, ...)                                               \
  type __real_##name (__VA_ARGS__);                                            \
  type __wrap_##name (__VA_ARGS__)

DECLARE (void, SSL_set_bio, SSL *, BIO *, BIO *);
DECLARE (int, BIO_free, BIO *);
DECLARE (int, SSL_read, SSL *, void *, int);
DECLARE (int, SSL_write, SSL *, const void *, int);
DECLARE (int, SSL_accept, SSL *);
DECLARE (int, SSL_connect, SSL *);
DECLARE (int, SSL_shutdown, SSL *);
DECLARE (int, SSL_CTX_set_cipher_list, SSL_CTX *, const char *);
DECLARE (int, getaddrinfo, const char *, const char *, const struct addrinfo *,
         struct addrinfo **);
DECLARE (msg_t *, msg_next, msg_t *);
DECLARE (issize_t, su_getmsgsize, su_socket_t);
DECLARE (unsigned, msg_extract_errors, const msg_t *);
DECLARE (int, su_soerror, su_socket_t);
DECLARE (int, su_timer_expire, su_timer_queue_t *const, su_duration_t *,
         su_time_t);
DECLARE (issize_t, su_vsend, su_socket_t, const su_iovec_t *, isize_t, int,
         const su_sockaddr_t *, socklen_t);

static struct {
  SofiaTlsFn on_tls;
  gpointer data;
  SofiaRefusedFn on_refused;
  gpointer refused_data;
  int bio_slot; /* 0: not asked for yet */
  SofiaFixesCounts counts;
} state;

const SofiaFixesCounts *
sofia_fixes_counts (void)
{
  return &state.counts;
}

/* Row 1.  Defect: tls_free frees the BIO and, because a connection is marked as
 * a master, one reference of the context, but never the SSL object.  Remedy: a
 * reference of the context for it to drop, and the SSL object freed in place of
 * its BIO (which it owns). */

static int
bio_slot (void)
{
  if (state.bio_slot == 0) {
    /* the first one is 0, as is "none" */
    BIO_get_ex_new_index (0, NULL, NULL, NULL, NULL);
    state.bio_slot = BIO_get_ex_new_index (0, NULL, NULL, NULL, NULL);
  }
  return state.bio_slot;
}

void
__wrap_SSL_set_bio (SSL *ssl, BIO *in, BIO *out)
{
  int fd = -1;

  __real_SSL_set_bio (ssl, in, out);
  if (in != NULL && BIO_get_fd (in, &fd) >= 0) {
    Conn *conn = conns_at (fd);

    if (conn->kind == CONN_NONE)
      conn = conns_open (fd, CONN_OPENED);
    conn->ssl = ssl;
  }
  if (!HAS_DEFECTS || in == NULL || in != out)
    return;
  SSL_CTX_up_ref (SSL_get_SSL_CTX (ssl));
  BIO_set_ex_data (in, bio_slot (), ssl);
}

int
__wrap_BIO_free (BIO *bio)
{
  SSL *ssl = bio ? BIO_get_ex_data (bio, bio_slot ()) : NULL;
  int fd = -1;

  if (bio != NULL && BIO_method_type (bio) == BIO_TYPE_SOCKET
      && BIO_get_fd (bio, &fd) >= 0)
    conns_at (fd)->ssl = NULL;
  if (ssl == NULL)
    return __real_BIO_free (bio);
  BIO_set_ex_data (bio, bio_slot (), NULL);
  state.counts.freed++;
  SSL_free (ssl);
  return 1;
}

/* Row 2.  Defect: SSL_get_error looks at the thread's error queue, and what one
 * connection left there is taken for a failure of the next.  Remedy: it is
 * emptied before every call.  errno likewise: an old one makes an orderly end
 * of stream an error. */

static void
clear_errors (void)
{
  if (!HAS_DEFECTS)
    return;
  ERR_clear_error ();
  errno = 0;
}

int
__wrap_SSL_accept (SSL *ssl)
{
  clear_errors ();
  return __real_SSL_accept (ssl);
}

int
__wrap_SSL_connect (SSL *ssl)
{
  clear_errors ();
  return __real_SSL_connect (ssl);
}

int
__wrap_SSL_shutdown (SSL *ssl)
{
  int result;

  clear_errors ();
  result = __real_SSL_shutdown (ssl);
  clear_errors ();
  return result;
}

int
__wrap_SSL_write (SSL *ssl, const void *data, int len)
{
  Conn *conn = conns_at (SSL_get_fd (ssl));
  int n;

  clear_errors ();
  n = __real_SSL_write (ssl, data, len);
  if (conn != NULL)
    conn->is_blocked = n <= 0;
  return n;
}

/* Row 3.  Defect: white space between messages is thrown away over TLS, and a
 * client that keeps its flow alive with CRLF CRLF waits in vain (RFC 5626
 * 4.4.1).  Remedy: it is taken here and answered with CRLF. */

static gboolean
is_blank (const char *text, gsize len)
{
  while (len > 0 && strchr ("\r\n \t", *text) != NULL && *text != '\0') {
    text++;
    len--;
  }
  return len == 0;
}

/* Only where nothing of ours waits to be sent: a pong inside a record or a
 * message would spoil it. */

static void
send_pong_tls (int fd, Conn *conn)
{
  struct pollfd out = { .fd = fd, .events = POLLOUT };

  if (conn->is_blocked || poll (&out, 1, 0) != 1 || !(out.revents & POLLOUT))
    return;
  if (__wrap_SSL_write (conn->ssl, "\r\n", 2) == 2)
    state.counts.pongs++;
}

static void
send_pong (int fd, Conn *conn)
{
  int unsent = 0;

  conn->pinged = 0;
  if (conn->ssl != NULL)
    send_pong_tls (fd, conn);
  else if (ioctl (fd, SIOCOUTQ, &unsent) == 0 && unsent == 0
           && send (fd, "\r\n", 2, MSG_NOSIGNAL | MSG_DONTWAIT) == 2)
    state.counts.pongs++;
}

static gboolean
take_ping (int fd, const char *data, gsize len)
{
  Conn *conn = conns_at (fd);

  if (conn->is_partial || !is_blank (data, len))
    return FALSE;
  conn->pinged += len;
  if (conn->pinged >= PING_BYTES)
    send_pong (fd, conn);
  return TRUE;
}

static void
note_bytes (int fd)
{
  Conn *conn = conns_at (fd);

  if (conn->is_partial)
    return;
  conn->is_partial = TRUE;
  conn->pinged = 0;
  if (conn->has_spoken)
    conn->since = g_get_monotonic_time ();
}

int
__wrap_SSL_read (SSL *ssl, void *data, int len)
{
  int fd = SSL_get_fd (ssl);
  int n;

  conns_set_current (fd);
  do {
    clear_errors ();
    n = __real_SSL_read (ssl, data, len);
  } while (HAS_DEFECTS && fd >= 0 && n > 0 && take_ping (fd, data, n));
  if (fd >= 0 && n > 0)
    note_bytes (fd);
  return n;
}

/* Row 4.  Defect: a response goes to Via's maddr, and a name there is resolved
 * by libc while the loop stands still.  Remedy: sofia gets numbers only; names
 * are for resolve.h. */
int
__wrap_getaddrinfo (const char *node, const char *service,
                    const struct addrinfo *hints, struct addrinfo **result)
{
  struct addrinfo numeric = { 0 };
  int error;

  if (!HAS_DEFECTS || node == NULL)
    return __real_getaddrinfo (node, service, hints, result);
  if (hints != NULL)
    numeric = *hints;
  numeric.ai_flags |= AI_NUMERICHOST;
  error = __real_getaddrinfo (node, service, &numeric, result);
  if (error == EAI_NONAME)
    state.counts.names++;
  return error;
}

int
sofia_fixes_getaddrinfo (const char *node, const char *service,
                         const struct addrinfo *hints, struct addrinfo **result)
{
  return __real_getaddrinfo (node, service, hints, result);
}

/* Row 5.  Defect: the message made of what follows another in the buffer has no
 * maximum size.  Remedy: it gets its predecessor's.  Also the one place that
 * sees each whole message of a stream: conns.h learns of it, and white space
 * after a message does not become the beginning of the next (row 3: a client
 * that sends its ping right behind a message gets its pong, too). */

static msg_t *
drop_blank (msg_t *next, int fd, Conn *conn)
{
  gsize len = msg_buf_committed (next);

  if (!is_blank (msg_buf_committed_data (next), len))
    return next;
  conn->pinged += len;
  if (conn->pinged >= PING_BYTES)
    send_pong (fd, conn);
  msg_destroy (next);
  return NULL;
}

msg_t *
__wrap_msg_next (msg_t *msg)
{
  int fd = conns_current ();
  Conn *conn = conns_at (fd);
  msg_t *next = __real_msg_next (msg);

  if (!HAS_DEFECTS)
    return next;
  if (next != NULL)
    msg_maxsize (next, msg_maxsize (msg, 0));
  if (conn == NULL)
    return next;
  if (next != NULL)
    next = drop_blank (next, fd, conn);
  conn->has_spoken = TRUE;
  conn->is_partial = next != NULL;
  conn->since = g_get_monotonic_time ();
  return next;
}

/* Row 6.  Defect: tport reads all that the socket has, and each message in it
 * copies all that comes after it: a burst of 400 KB costs 81 KB a request.
 * Remedy: a stream is read 8 KB at a time; the rest waits in the kernel, and
 * epoll is level-triggered. */

static Conn *
stream_slot (int fd)
{
  Conn *conn = conns_at (fd);
  int type = 0;
  socklen_t len = sizeof type;

  if (conn == NULL || conn->kind != CONN_NONE)
    return conn;
  getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &len);
  return conns_open (fd, type == SOCK_STREAM ? CONN_OPENED : CONN_DATAGRAM);
}

static gboolean
is_datagram (su_socket_t fd)
{
  const Conn *conn = conns_at (fd);

  return HAS_DEFECTS && conn != NULL && conn->kind == CONN_DATAGRAM;
}

issize_t
__wrap_su_getmsgsize (su_socket_t fd)
{
  issize_t n = is_datagram (fd) ? datagrams_next (fd) : -1;
  Conn *conn;

  if (n > 0)
    conns_set_current (fd);
  if (n >= 0)
    return n;
  n = __real_su_getmsgsize (fd);
  if (!HAS_DEFECTS || n <= 0 || (conn = stream_slot (fd)) == NULL)
    return n;
  conns_set_current (fd);
  if (conn->kind == CONN_DATAGRAM)
    return n;
  if (n > 8) /* up to 8 bytes may be a ping, which tport itself answers */
    note_bytes (fd);
  return MIN (n, READ_MAX);
}

/* Row 11.  Defect: before each datagram that it sends tport asks the socket for
 * an error, lest that of an earlier one is taken for one of this.  Remedy: what
 * is not sent is sent once more, by when the old error is told. */

int
__wrap_su_soerror (su_socket_t fd)
{
  return is_datagram (fd) ? 0 : __real_su_soerror (fd);
}

/* Row 8.  Defect: no room in the socket's send buffer counts as a failure of the
 * transport, so that an answer is followed by a 500 and a request fails with
 * 503.  Remedy: the datagram is lost, as one on the way is, and comes again:
 * by timer E, or when the client repeats its request. */
issize_t
__wrap_su_vsend (su_socket_t fd, const su_iovec_t *parts, isize_t n, int flags,
                 const su_sockaddr_t *to, socklen_t to_len)
{
  issize_t sent = __real_su_vsend (fd, parts, n, flags, to, to_len);

  if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && is_datagram (fd))
    sent = __real_su_vsend (fd, parts, n, flags, to, to_len);
  if (!HAS_DEFECTS || sent >= 0 || to == NULL
      || (errno != EAGAIN && errno != ENOBUFS))
    return sent;
  state.counts.lost++;
  for (sent = 0; n > 0; n--)
    sent += parts[n - 1].siv_len;
  return sent;
}

/* Row 12.  Defect: the time until the next timer is rounded down to whole
 * milliseconds, so that during the last one the loop waits for 0 ms again and
 * again: with some thousand requests a second, each with a timer of its own,
 * that is always.  Remedy: rounded up, and to several, for one waking serves
 * all that are due; requests that are sent again, or forgotten once they are
 * answered, may be that late. */

#define GRAIN 4 /* ms */

int
__wrap_su_timer_expire (su_timer_queue_t *const timers, su_duration_t *timeout,
                        su_time_t now)
{
  su_duration_t before = *timeout;
  int n = __real_su_timer_expire (timers, timeout, now);

  if (HAS_DEFECTS && *timeout != before)
    *timeout += GRAIN;
  return n;
}

/* TLS policy.  Defect: any version and old ciphers are allowed, only the leaf
 * of a certificate chain is loaded, nothing is loaded again.  Remedy: the
 * context is handed to tls.c when sofia has finished with it. */
int
__wrap_SSL_CTX_set_cipher_list (SSL_CTX *context, const char *ciphers)
{
  SofiaTlsFn fn = state.on_tls;

  if (fn == NULL)
    return __real_SSL_CTX_set_cipher_list (context, ciphers);
  state.on_tls = NULL; /* fn sets ciphers, too */
  fn (context, state.data);
  state.on_tls = fn;
  return 1;
}

void
sofia_fixes_on_tls (SofiaTlsFn fn, gpointer data)
{
  state.on_tls = fn;
  state.data = data;
}

/* Silent refusals.  Defect: nta itself answers a request that lacks a header it
 * needs, has one twice or is of another version, and logs that for developers
 * only.  Remedy: the function that it asks for errors right before tells us. */

static int
refusal_of (const sip_t *sip)
{
  return (sip->sip_flags & MSG_FLG_ERROR) != 0 || sip_sanity_check (sip) < 0
             ? 400
             : 0;
}

unsigned
__wrap_msg_extract_errors (const msg_t *msg)
{
  const sip_t *sip = sip_object ((msg_t *)msg);
  int status;

  if (state.on_refused != NULL && sip != NULL && sip->sip_request != NULL
      && (status = refusal_of (sip)) != 0)
    state.on_refused ((msg_t *)msg, status, state.refused_data);
  return __real_msg_extract_errors (msg);
}

void
sofia_fixes_on_refused (SofiaRefusedFn fn, gpointer data)
{
  state.on_refused = fn;
  state.refused_data = data;
}

gboolean
sofia_fixes_check (GError **error)
{
  guint64 before = state.counts.names;
  su_addrinfo_t *result = NULL;

  if (!HAS_DEFECTS) {
    g_warning ("sofia-sip %s is not 1.12: its defects are not known, and the "
               "remedies for those of 1.12 are off",
               SOFIA_SIP_VERSION);
    return TRUE;
  }
  if (su_getaddrinfo ("name.invalid", "5060", NULL, &result) == 0)
    su_freeaddrinfo (result);
  if (state.counts.names > before)
    return TRUE;
  g_set_error (error, RC_ERROR, RC_ERROR_UNSUPPORTED,
               "this program is linked with a sofia-sip whose defects are not "
               "mended: link libsofia-sip-ua.a with the --wrap options of "
               "configure.ac");
  return FALSE;
}
