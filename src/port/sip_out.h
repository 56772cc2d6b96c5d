/* SPDX-License-Identifier: ISC
 *
 * What the inside asks of the SIP side: send a NOTIFY, forward a request. */
#pragma once
#include "subs/subs.h"

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
  const char *target; /* Request-URI when it is not dialog->target (a GRUU of
                         ours, mapped to its binding's contact); or NULL */
  const char *received; /* "udp:1.2.3.4:5060": next hop when it is not what dialog
                         says (with target); or NULL */
  const char *path; /* the route set where the dialog has none (with target: the
                       Path of that binding); or NULL */
  guint64 flow;       /* the flow to use, 0 none (then by DESIGN section 5) */
} SipNotify;

/* result as in subs.h; status the SIP status (408, 503 internal). */
typedef void (*SipNotifyFn) (SubsNotifyResult result, guint status,
                             guint retry_after, gpointer data);

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

typedef struct {
  gpointer self;
  /* Sends it; done is called exactly once, never inside this call (unless
   * cancelled). */
  void (*notify) (gpointer self, const SipNotify *notify, SipNotifyFn done,
                  gpointer data);

  /* Forwards a copy of request statefully (RFC 3261 16.6: Via, Max-Forwards,
   * Route); done is called exactly once, never inside this call. */
  void (*forward) (gpointer self, SipIncoming *request,
                   const SipTarget *target, SipForwardFn done, gpointer data);

  /* Keeps a response beyond its callback, and gives it back. */
  SipResponse *(*keep_response) (gpointer self, SipResponse *response);
  void (*drop_response) (gpointer self, SipResponse *response);
} SipOutPort;
