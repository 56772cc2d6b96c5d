/* SPDX-License-Identifier: ISC
 *
 * A SipOutPort that notes what it is asked to send and answers when the test
 * says so. */
#pragma once
#include "port/sip_out.h"

typedef struct {
  char *watcher, *target, *body, *content_type, *event_params;
  char *state_params, *etag;
  SubsState state;
  SubsReason reason;
  guint32 cseq;
  guint64 flow;
  SipNotifyFn done;
  gpointer data;
} FakeNotify;

typedef struct {
  char *target;
  guint64 flow;
  /* of a stored message, or one of the server's own; else NULL */
  char *call_id, *headers, *content_type, *body;
  gint64 date;
  guint32 cseq;
  SipForwardFn done;
  gpointer data;
} FakeForward;

/* A SUBSCRIBE to another domain. */
typedef struct {
  char *from, *to, *target, *package, *accept;
  char *call_id, *local_tag, *remote_tag, *route_set;
  guint32 cseq, expires;
  SipSubscribeFn done;
  gpointer data;
} FakeSubscribe;

struct SipResponse {
  guint status;
  int refs;
};

typedef struct {
  SipOutPort port;
  GPtrArray *notifies;   /* FakeNotify: not answered yet, oldest first */
  GPtrArray *forwards;   /* FakeForward: not answered yet */
  GPtrArray *subscribes; /* FakeSubscribe: not answered yet, oldest first */
  guint sent;            /* NOTIFYs in all */
  gint requests;         /* kept */
} FakeSip;

FakeSip *fake_sip_new (void);
void fake_sip_free (FakeSip *self);

/* Answers the oldest NOTIFY to watcher (NULL: to anybody); returns its copy,
 * which the caller frees. Fails the test when there is none. */
FakeNotify *fake_sip_answer (FakeSip *self, const char *watcher,
                             SubsNotifyResult result);
void fake_notify_free (FakeNotify *notify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeNotify, fake_notify_free)
/* Answers every NOTIFY with 200 until none is left; returns how many. */
guint fake_sip_drain (FakeSip *self);

/* Answers the oldest SUBSCRIBE to target (NULL: to anybody); returns its copy,
 * which the caller frees.  Fails the test when there is none. */
FakeSubscribe *fake_sip_accept (FakeSip *self, const char *target,
                                const WatchAnswer *answer);
void fake_subscribe_free (FakeSubscribe *subscribe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeSubscribe, fake_subscribe_free)

/* Answers the forwarded copy to target; status 0: transport failure. */
void fake_sip_respond (FakeSip *self, const char *target, guint status);
/* For the done of a copy whose sender has ended. */
void fake_sip_nobody_cb (guint status, SipResponse *response, gpointer data);
