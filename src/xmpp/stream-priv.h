/* SPDX-License-Identifier: ISC
 *
 * The stream's state, for the two halves of it: stream.c has the connection,
 * traffic.c what goes over it. */
#pragma once
#include "xmpp/backoff.h"
#include "xmpp/pending.h"
#include "xmpp/queries.h"
#include "xmpp/reader.h"
#include "xmpp/xmpp.h"

typedef enum {
  STREAM_WAITING,    /* before the first or next attempt */
  STREAM_LOOKING_UP, /* the host's name */
  STREAM_CONNECTING,
  STREAM_OPENING, /* our tag is sent, the server's is awaited */
  STREAM_PROVING, /* the handshake is sent */
  STREAM_UP,
} StreamState;

#define PING_ID_BITS 100

struct XmppStream {
  XmppConfig config; /* own strings */
  LoopPort *loop;
  const Clock *clock;
  NamesPort *names;
  Counters *counters;
  const XmppEvents *events;
  XmppPort port;

  StreamState state;
  gint64 since;   /* of state */
  gint64 changed; /* when the link last went up or down */
  NamesQuery *query;
  char **hosts; /* numeric, to be tried */
  guint next_host;
  int fd; /* -1: none */
  LoopWatch *watch;
  LoopTimer *tick, *retry;
  Backoff backoff;
  char *peer; /* host:port */
  char *why;  /* it is down; NULL: not known yet, or it is up */
  char *told; /* the reason that was logged last */
  guint n_ups;

  Reader *reader;
  char *fault; /* what ends the stream after the bytes at hand */
  StreamError fault_name;
  GString *out;              /* to be sent */
  gsize sent;                /* bytes of it */
  struct Deferred *deferred; /* a flush is on its way; NULL: none */
  gboolean was_full;         /* somebody waits for has_room */
  Pending *pending;
  Queries *queries;
  gint64 last_read, pinged_at;
  char ping_id[PING_ID_BITS / 5 + 1];
  guint n_pongs;      /* of this connection */
  gboolean asks_peer; /* pings go to ping_host */
  guint64 n_in, n_out;
};

/* traffic.c */
void traffic_init (XmppStream *self);
void traffic_open (XmppStream *self);  /* writes our tag; has a new reader */
void traffic_close (XmppStream *self); /* the connection is gone */
/* Bytes came; FALSE: fault says why the stream ends now. */
gboolean traffic_feed (XmppStream *self, const char *bytes, gsize len);
/* Before the queue is sent: a ping behind what is not confirmed. */
void traffic_before_flush (XmppStream *self);
/* Time has passed; FALSE: the server does not answer. */
gboolean traffic_tick (XmppStream *self);
/* The queue has become shorter. */
void traffic_sent (XmppStream *self);

/* stream.c */
void stream_flush_later (XmppStream *self);
gsize stream_queued (const XmppStream *self);
/* The handshake is done. */
void stream_came_up (XmppStream *self);
