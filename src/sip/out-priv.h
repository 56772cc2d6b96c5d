/* SPDX-License-Identifier: ISC
 *
 * SipOut and its client transactions, for out.c and outgoing.c.
 *
 *   RESOLVING --> WAITING (in a lane) --> SENT --> ended
 *        |              |                  |  next hop after 503 or silence,
 *        |              |                  |  UDP where no connection opens
 *        +--------------+------------------+--> FAILED (told in the next turn)
 */
#pragma once
#include "sip/forward.h"
#include "sip/lane.h"
#include "sip/notify.h"
#include "sip/out.h"
#include "sip/streamless.h"
#include "sip/subscriber.h"

typedef enum {
  OUTGOING_RESOLVING,
  OUTGOING_WAITING,
  OUTGOING_SENT,
  OUTGOING_FAILED,
} OutgoingState;

typedef enum {
  OUTGOING_NOTIFY,
  OUTGOING_FORWARD,
  OUTGOING_SUBSCRIBE,
} OutgoingKind;

/* How long a connection may take to open where UDP is left, in ms: less than
 * the first retry of a lost SYN. */
#define CONNECT_MS 900

/* How long a SUBSCRIBE waits for its turn at most, in us: who asked for it goes
 * by Timer N (RFC 6665 4.1.2.4), and would not know its dialog any more. */
#define SUBSCRIBE_WAIT ((gint64)16 * G_USEC_PER_SEC)

/* How many quiet destinations are remembered. */
#define SILENT_MAX 65536

struct SipOut {
  Transport *transport;
  Resolver *resolver;
  Sip *sip;
  LoopPort *loop;
  SipOutPort port;
  GQueue resolving, failed; /* links of SipOutgoing */
  OutLane *notify_lane, *forward_lane, *silent_lane, *subscribe_lane;
  GHashTable *flows;       /* guint64 of a flow -> its OutLane */
  GHashTable *silent;      /* hashes of hops that left one unanswered */
  LoopTimer *failed_timer; /* armed while failed is not empty */
  Peers *peers;            /* of other domains */
  guint pending;
  gint64 subscribe_wait; /* SUBSCRIBE_WAIT; tests have less */
  ForwardSizes sizes;
  gsize notify_udp_max; /* above it TCP comes first */
  Streamless *streamless;
  gint64 *n_pending, *n_waiting, *n_notify, *n_forward, *n_message, *n_no_way,
      *n_subscribe;
  gint64 *n_notify_result[SUBS_NOTIFY_SUSPENDED + 1];
  gint64 *n_forward_result[7]; /* by class; 0: nobody answered */
};

struct SipOutgoing {
  SipOut *out;
  OutgoingKind kind;
  OutgoingState state;
  GList link;          /* in the queue of its state */
  OutLane *lane;       /* WAITING, SENT */
  GBytes *head, *body; /* a NOTIFY or SUBSCRIBE not parsed yet */
  msg_t *msg;          /* what is sent next */
  guint64 flow;
  ResolverHop *hops; /* in the order to try */
  gsize n_hops, next_hop;
  gsize n_streams;       /* as in Way */
  gboolean falls_back;   /* as in Way, while it is resolved */
  LoopTimer *connecting; /* armed while a stream may turn out to be none */
  guint hop_hash;        /* of the hop in use; 0: a flow */
  ResolverQuery *query;
  nta_outgoing_t *orq;
  guint status; /* FAILED */
  char *peer;   /* domain of another server; NULL: it goes to a device */
  gboolean is_unresolved;
  SipNotifyFn notified;
  SipForwardFn forwarded;
  SipSubscribeFn subscribed;
  gint64 since; /* us: when it was asked for */
  gpointer data;
};

/* The creator sets the callback, and msg or head and body. */
SipOutgoing *outgoing_new (SipOut *out, OutgoingKind kind, gpointer data);
/* Goes way, now or when it is its turn; told by the callback in any case. */
void outgoing_start (SipOutgoing *self, Way *way);
/* Tells status in the next turn. */
void outgoing_fail (SipOutgoing *self, guint status);
/* Ends without telling. */
void outgoing_cancel (SipOutgoing *self);
