/* SPDX-License-Identifier: ISC
 *
 * The stream sockets that sofia-sip holds, one slot per descriptor, kept by the
 * wrapped system calls in conns.c and sofia_fixes.c (tport can neither count
 * nor enumerate its connections, and waits for ever for a TLS peer that says
 * nothing).  Process-wide, as the wrapped calls are. */
#pragma once
#include <glib.h>
#include <openssl/ssl.h>

typedef enum {
  CONN_NONE,
  CONN_DATAGRAM, /* or a stream that is none of ours to guard */
  CONN_ACCEPTED,
  CONN_OPENED, /* by us, to a peer */
} ConnKind;

typedef struct {
  ConnKind kind;
  gboolean is_listener;
  gboolean has_spoken; /* a whole SIP message came */
  gboolean is_partial; /* the beginning of a message has come */
  gboolean is_blocked; /* TLS: a record is half written */
  guint pinged;        /* bytes of white space since the last pong */
  gint64 since;        /* opened, or the partial message began (monotonic us) */
  SSL *ssl;            /* borrowed; NULL for TCP */
} Conn;

/* The slot of fd, of kind CONN_NONE when nothing is known; NULL only for
 * fd < 0.  Valid until the next call here. */
Conn *conns_at (int fd);
/* Makes fd's slot a fresh one of kind. */
Conn *conns_open (int fd, ConnKind kind);

/* The descriptor that sofia read from last: inside tport's delivery it is the
 * one the message came by. */
void conns_set_current (int fd);
int conns_current (void);

/* Between begin and end, sockets that listen are sofia's: theirs is what is
 * accepted, bounded and swept. */
void conns_begin_listen (void);
void conns_end_listen (void);

/* Accepts no more than max connections at a time; 0: refuses all. */
void conns_set_max (guint max);
/* Connections accepted and not yet closed. */
guint conns_count (void);
/* Connections refused because of max or because descriptors ran out. */
guint64 conns_refused (void);

/* Shuts down what has been waiting for its first message, or for the rest of
 * one, longer than patience; sofia then closes it.  Returns how many. Times in
 * microseconds of the monotonic clock. */
guint conns_sweep (gint64 now, gint64 patience);
