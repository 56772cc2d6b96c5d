/* SPDX-License-Identifier: ISC
 *
 * What the inside asks of the SIP side: send a NOTIFY, a SUBSCRIBE or a MESSAGE,
 * forward a request. */
#pragma once
#include "subs/subs.h"
#include "watch/watch.h"

/* A NOTIFY inside dialog.  Everything is borrowed for the call. */
typedef struct {
  const SubsDialog *dialog;
  guint32 cseq;
  SubsState state;
  SubsReason reason;
  guint32 expires;     /* for active and pending */
  guint32 retry_after; /* for terminated, 0 none */
  GBytes *body;        /* NULL: none */
  const char *content_type;
  const char *require;      /* an option tag for Require, or NULL */
  const char *event_params; /* to add to Event ("a=b;c=d"), or NULL */
  const char *state_params; /* to add to Subscription-State (";a=b"), or NULL */
  const char *etag;         /* for SIP-ETag (RFC 5839), or NULL */
  const char *target; /* Request-URI when it is not dialog->target (a GRUU of
                         ours, mapped to its binding's contact); or NULL */
  const char
      *received;    /* "udp:1.2.3.4:5060": next hop when it is not what dialog
                         says (with target); or NULL */
  const char *path; /* the route set where the dialog has none (with target: the
                       Path of that binding); or NULL */
  guint64 flow;     /* the flow to use, 0 none (then by DESIGN section 5) */
} SipNotify;

/* result as in subs.h; status the SIP status (408, 503 internal); event: the
 * Event header of a 2xx that has one (RFC 6446 9.3), or NULL. */
typedef void (*SipNotifyFn) (SubsNotifyResult result, guint status,
                             guint retry_after, const char *event,
                             gpointer data);

/* A request that came in and waits for its one final answer (sip/ owns it). */
typedef struct SipIncoming SipIncoming;
/* A response that came back for a forwarded one; borrowed in the callback. */
typedef struct SipResponse SipResponse;

/* Where a copy of a request goes. */
typedef struct {
  const char *target;   /* new Request-URI; NULL: as it came */
  const char *path;     /* Route set to add (Path of the binding), or NULL */
  const char *received; /* UDP source to send to ("udp:1.2.3.4:5060"), or NULL:
                           by RFC 3263 from the Route or Request-URI */
  guint64 flow;         /* send by this flow, 0 none */
} SipTarget;

/* One final response for a branch. status 408: timeout, 503 with response ==
 * NULL: transport failure. */
typedef void (*SipForwardFn) (guint status, SipResponse *response,
                              gpointer data);

/* A MESSAGE of our own making, or one that was stored.  Borrowed. */
typedef struct {
  const char *call_id;
  guint32 cseq;
  const char
      *headers;   /* header lines, each ending in CRLF: From (with a tag) and
                          To, and others; none that belongs to a hop */
  gint64 date;    /* seconds since 1970, for Date; 0: none */
  gint64 expires; /* seconds, for Expires; -1: none */
  const char *content_type; /* or NULL */
  GBytes *body;             /* or NULL */
} SipMessage;

/* A SUBSCRIBE to a server of another domain.  Borrowed. */
typedef struct {
  const WatchWish *wish;
  WatchDialog dialog;
  guint32 cseq, expires;
} SipSubscribe;

/* Its final answer; status 0: nobody answered, or it could not be sent. */
typedef void (*SipSubscribeFn) (const WatchAnswer *answer, gpointer data);

typedef struct {
  gpointer self;
  /* Sends it; done is called exactly once, never inside this call (unless
   * cancelled). */
  void (*notify) (gpointer self, const SipNotify *notify, SipNotifyFn done,
                  gpointer data);

  /* Forwards a copy of request statefully (RFC 3261 16.6: Via, Max-Forwards,
   * Route); done is called exactly once, never inside this call. */
  void (*forward) (gpointer self, SipIncoming *request, const SipTarget *target,
                   SipForwardFn done, gpointer data);

  /* Sends a MESSAGE to target (whose target is the Request-URI, not NULL)
   * statefully, as one of this server's: with Via, Max-Forwards, Route of its
   * Path.  done as for forward; 400 when it cannot be written. */
  void (*message) (gpointer self, const SipMessage *message,
                   const SipTarget *target, SipForwardFn done, gpointer data);

  /* Sends a SUBSCRIBE of ours statefully, by RFC 3263 to its first route or its
   * target; done as for notify. */
  void (*subscribe) (gpointer self, const SipSubscribe *subscribe,
                     SipSubscribeFn done, gpointer data);

  /* Keeps a request beyond its answer, to forward it, and gives it back. */
  SipIncoming *(*keep_request) (gpointer self, SipIncoming *request);
  void (*drop_request) (gpointer self, SipIncoming *request);
  /* The header lines of a request that go end to end, as SipMessage.headers: no
   * Via, Route, Record-Route, Max-Forwards, Contact, Call-ID, CSeq, Date,
   * Expires, Content-Type, Content-Length, no credentials, nothing that asks
   * for an extension.  The caller frees. */
  char *(*describe) (gpointer self, SipIncoming *request);

  /* Keeps a response beyond its callback, and gives it back. */
  SipResponse *(*keep_response) (gpointer self, SipResponse *response);
  void (*drop_response) (gpointer self, SipResponse *response);
} SipOutPort;
