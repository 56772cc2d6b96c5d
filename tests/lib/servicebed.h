/* SPDX-License-Identifier: ISC
 *
 * service/ over the store in memory, with a SIP side that notes what is sent
 * and a clock that stands still: for tests of what watchers see. */
#pragma once
#include "fakeloop.h"
#include "fakesip.h"
#include "fakexmpp.h"
#include "service/service.h"
#include "service/xmpp.h"
#include "store/store.h"

#define ALICE "alice@example.com"
#define BOB "bob@example.com"
#define CAROL "carol@example.com"
#define EVE "eve@example.net"
/* Beyond the link: users of XMPP_DOMAIN, and rooms. */
#define XMPP_DOMAIN "xmpp.example.com"
#define XMPP_ROOMS "rooms.xmpp.example.com"
#define XAVIER "xavier@" XMPP_DOMAIN
#define YVONNE "yvonne@" XMPP_DOMAIN

typedef struct {
  FakeLoop *loop;
  FakeSip *sip;
  FakeXmpp *xmpp; /* its link is up after each start */
  StoreMem *store;
  Counters *counters;
  Service *service;
  PolicySettings settings;           /* in force after bed_set */
  const char *accept, *profile_type; /* of the next SUBSCRIBEs */
  const char *suppress;              /* ...Suppress-If-Match */
  SubsBody *body;                    /* ...the test's; of a list too */
  const char *xcap_root;             /* of the next start */
  gboolean has_no_xmpp;              /* ...the server has no link */
  ServiceVerdict verdict;            /* of the last answer */
  guint granted;                     /* seconds, by the last SUBSCRIBE */
  guint32 cseq;
  char etag[64];
} ServiceBed;

/* The users alice, bob and carol; everybody may watch everybody. */
ServiceBed *bed_new (void);
void bed_free (ServiceBed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServiceBed, bed_free)

/* The service is made anew on the same store. */
void bed_restart (ServiceBed *self);
/* The server ends at once, and starts again over the same store. */
void bed_stop (ServiceBed *self);
void bed_start (ServiceBed *self);

/* Puts self->settings into force. */
void bed_set (ServiceBed *self);
void bed_put_user (ServiceBed *self, const char *aor, PolicyOverride share,
                   PolicyOverride approval);
/* Alice's rules (bytes of a document, NULL: none), lists and decisions, as
 * "bob@example.com=block @example.net=allow"; replaces what was. */
void bed_put_policy (ServiceBed *self, const char *rules, const char *lists,
                     const char *decisions);
/* What is stored about watcher in alice's `watchers`; NULL: no row.  The caller
 * frees. */
char *bed_decision (ServiceBed *self, const char *watcher);

/* Each waits for the answer, which is in verdict. */
void bed_subscribe (ServiceBed *self, const char *watcher,
                    const char *presentity, const char *package,
                    gint64 expires);
/* By alice; inner: what is in <presence>. */
void bed_publish (ServiceBed *self, const char *inner);

/* Answers the oldest NOTIFY to watcher: its state, and a text in its body
 * (NULL: it has none). */
void bed_expect (ServiceBed *self, const char *watcher, SubsState state,
                 const char *text);
/* Answers all NOTIFYs; returns how many there were. */
guint bed_drain (ServiceBed *self);
