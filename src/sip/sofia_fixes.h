/* SPDX-License-Identifier: ISC
 *
 * What is wrong in Debian's sofia-sip 1.12.11 and met by a public server on its
 * first day, mended at link time: sofia is linked statically with
 * -Wl,--wrap=SYMBOL for each function below (SOFIA_WRAP in configure.ac), so
 * that its calls land here first.
 *
 * | row | defect                                        | wrapped             |
 * |-----|-----------------------------------------------|---------------------|
 * | 1   | a TLS connection leaks its SSL object (24 KB)  | SSL_set_bio, BIO_free |
 * | 2   | OpenSSL's error queue is never emptied, so one | SSL_read, SSL_write,  |
 * |     | peer's bad handshake closes another's connection | SSL_accept, SSL_connect, |
 * |     |                                               | SSL_shutdown        |
 * | 3   | TLS: no CRLF pong (RFC 5626 4.4.1), no timeout | SSL_read; conns.h   |
 * | 4   | Via maddr=NAME: blocking getaddrinfo           | getaddrinfo         |
 * | 5   | the second message of a read has no size limit | msg_next            |
 * | 6   | each pipelined message copies all that follows | su_getmsgsize       |
 * | 8   | a full UDP buffer: a 200 is followed by a 500,   | su_vsend            |
 * |     | a request fails                               |                     |
 * | 10  | no bound on connections; EMFILE spins          | accept; conns.h     |
 * | 11  | five system calls for each datagram            | su_getmsgsize, su_vrecv, |
 * |     |                                               | su_soerror, epoll_wait,  |
 * |     |                                               | epoll_ctl; datagrams.h   |
 * | 12  | the millisecond before a timer is spun away    | su_timer_expire      |
 * | -   | TLS 1.0, weak ciphers, leaf certificate only   | SSL_CTX_set_cipher_list |
 * | -   | nta answers 400 and nobody learns of it        | msg_extract_errors |
 *
 * The numbers are names for the rows, in the code and in test-sip-fixes.c.  Left
 * as they are: 7 (a list of transports in a bind URL crashes: transport.c gives
 * none), 9 (ICMP
 * errors are reported to every transaction of that peer, as RFC 3261 18.4 wants,
 * by a linear search).  For a version other than 1.12 rows 1 to 8 pass
 * through. */
#pragma once
#include "sip/sofia.h"

#include <glib.h>
#include <openssl/ssl.h>

typedef void (*SofiaTlsFn) (SSL_CTX *context, gpointer data);

/* Are the wraps in place (a program linked with the shared library has none)?
 * Error: RC_ERROR_UNSUPPORTED. */
gboolean sofia_fixes_check (GError **error);

/* fn is called for every TLS context sofia makes from now on; NULL: none. */
void sofia_fixes_on_tls (SofiaTlsFn fn, gpointer data);

/* fn is called for each request that nta is about to answer with status (400)
 * by itself, so that it never comes to the agent's callback; it borrows
 * msg.  NULL: none. */
typedef void (*SofiaRefusedFn) (msg_t *msg, int status, gpointer data);
void sofia_fixes_on_refused (SofiaRefusedFn fn, gpointer data);

struct addrinfo;
/* libc's own getaddrinfo, names and all: for threads that may block. */
int sofia_fixes_getaddrinfo (const char *node, const char *service,
                             const struct addrinfo *hints,
                             struct addrinfo **result);

/* For tests and metrics: names that were not resolved (row 4), SSL objects
 * freed (row 1), pongs sent over TLS (row 3), datagrams lost (row 8). */
typedef struct {
  guint64 names, freed, pongs, lost;
} SofiaFixesCounts;
const SofiaFixesCounts *sofia_fixes_counts (void);
