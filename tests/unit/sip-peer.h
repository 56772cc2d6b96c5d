/* SPDX-License-Identifier: ISC
 *
 * For the tests of sip/: a transport on a loop of its own, and peers that talk
 * to it over loopback from the same thread.  Every wait ends by its condition;
 * alarm() in main is the watchdog. */
#pragma once
#include "base/counters.h"
#include "conf/conf.h"
#include "sip/loop.h"
#include "sip/transport.h"

#include <openssl/ssl.h>

typedef struct {
  SipLoop *loop;
  Transport *transport;
  Conf *conf;
  char *folder;        /* certificates; removed at the end */
  GPtrArray *story;    /* char *: "OPTIONS udp:127.0.0.1:4711 0" as they come */
  GArray *closed;      /* guint64 */
  guint64 flow;        /* of the last message */
  nta_agent_t *agent;  /* the same */
  GPtrArray *held;     /* msg_t: not NULL: requests are kept, not answered */
  TransportFn handler; /* not NULL: gets the requests, with data */
  gpointer data;
} PeerServer;

typedef struct {
  int fd;
  SSL *ssl; /* NULL: not TLS */
  GString *in;
  gboolean is_at_end;
} Peer;

/* options: lines for [sip], on top of a working rest. */
Conf *peer_conf (const char *options);
/* Starts a transport that answers every request with 200. */
PeerServer *peer_server_new (const char *options);
void peer_server_free (PeerServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerServer, peer_server_free)

/* A turn of the loop, at most 10 ms long. */
void peer_turn (PeerServer *self);
/* Turns until n messages have come. */
void peer_wait_messages (PeerServer *self, guint n);
void peer_wait_closed (PeerServer *self, guint n);
/* Sends a NOTIFY with a body of size over the connection of the last message;
 * *status becomes its final one (size 0: no body). */
void peer_server_notify (PeerServer *self, gsize size, int *status);

/* proto as in transport.h; host "127.0.0.1" or "::1".  TLS: after the
 * handshake; the peer believes any certificate. */
Peer *peer_new (PeerServer *server, const char *host, const char *proto);
/* TCP alone, even where the port speaks TLS; does not wait. */
Peer *peer_new_raw (const char *host, guint port);
/* Makes TLS of it and does the handshake; FALSE: it failed. */
gboolean peer_handshake (PeerServer *server, Peer *self, SSL_CTX *context);
void peer_free (Peer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peer, peer_free)
/* Stops at the other side's end. */
void peer_send (PeerServer *server, Peer *self, const char *data, gssize len);
/* Reads what is there, without waiting. */
void peer_read (Peer *self);
/* Turns until text has come; what came up to its end is forgotten. */
void peer_expect (PeerServer *server, Peer *self, const char *text);
/* Turns until the other side has closed. */
void peer_expect_end (PeerServer *server, Peer *self);
/* "127.0.0.1:4711" of this end. Caller frees. */
char *peer_name (Peer *self);

/* A request; caller frees. extra: header lines, each with its CRLF; NULL:
 * none. */
char *peer_request (const char *method, const char *proto, guint number,
                    const char *extra, const char *body);

/* A self-signed certificate for name in folder/name.pem and folder/name.key;
 * gives "tls_certificate=…\ntls_key=…\n". */
char *peer_certificate (const char *folder, const char *name);
