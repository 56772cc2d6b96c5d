/* SPDX-License-Identifier: ISC
 *
 * The use cases' shared state; never included outside service/. */
#pragma once
#include "service/service.h"

typedef struct Aggregates Aggregates;
typedef struct Backend Backend;
typedef struct Calls Calls;
typedef struct Documents Documents;
typedef struct Facts Facts;
typedef struct Lists Lists;
typedef struct Mail Mail;
typedef struct Permanents Permanents;
typedef struct Registrations Registrations;
typedef struct Renewals Renewals;
typedef struct Shapes Shapes;
typedef struct Summaries Summaries;
typedef struct Sweep Sweep;
typedef struct Watchers Watchers;
typedef struct XcapEvents XcapEvents;
typedef struct Xmpp Xmpp;

struct Service {
  ServiceLimits limits;
  GHashTable *domains; /* lower case names, a set */
  const Clock *clock;
  LoopPort *loop;
  StorePort *store;
  SipOutPort *sip;
  Counters *counters;

  guint8 secret[STORE_SECRET_LEN];
  GHashTable *users;  /* AoR in any case -> StoreUser */
  GHashTable *unseen; /* during a reload of users: AoRs not named yet */
  Reg *reg;
  Presence *presence;
  Subs *subs;
  PolicySettings settings;
  guint policy_changes; /* of settings, users and what they decided: counted */
  Facts *facts;
  Calls *calls;
  Documents *documents;
  Registrations *registrations; /* NULL: nobody has watched one yet */
  Renewals *renewals;
  Shapes *shapes;
  Summaries *summaries;
  Watchers *watchers;
  XcapEvents *xcap;
  Lists *lists;
  Permanents *permanents;
  DocumentsPort *documents_port; /* or NULL */
  char *xcap_root;

  LoopTimer *tick;
  LoopTimer *pacer;
  GQueue paced;        /* what service_pace collected, in its order */
  GHashTable *pacing;  /* the same: Sub -> its link in it */
  Sweep *sweep;        /* pace.c: what goes through all of them */
  GHashTable *shown;   /* during service_presence_changed: Sub, whose NOTIFY has
                          the change already; else NULL */
  Mail *mail;
  Aggregates *aggregates;
  Backend *backend;
  MessagesPort *messages; /* or NULL */
  Xmpp *xmpp;
  GQueue relaying;     /* relay.c: on their way to other domains */
  GQueue notifying;    /* notify.c: NOTIFYs that have not ended */
  GPtrArray *reserves; /* notify.c: waiting for PostgreSQL to be back */
  gboolean is_ready, is_stopping;
  guint in_flight; /* requests that have not been answered */
  void (*ready_fn) (gpointer data);
  gpointer ready_data;
  void (*stopped_fn) (gpointer data);
  gpointer stopped_data;
  ServiceFatalFn fatal_fn;
  gpointer fatal_data;
  LoopTimer *stop_timer;
};

/* Why a request cannot be taken at all now: SERVICE_BUSY while loading or
 * stopping; SERVICE_OK otherwise. */
ServiceVerdict service_gate (Service *self);
/* Around every request that is answered later. */
void service_enter (Service *self);
void service_leave (Service *self);
/* The user, when there is one who is enabled; else NULL. */
const StoreUser *service_enabled_user (Service *self, const char *aor);
static inline gint64
service_now (Service *self)
{
  return clock_now (self->clock);
}

/* directory.c: the store's news of users. */
void service_users_init (Service *self);
void service_users_free (Service *self);
void service_user_changed (const char *aor, StoreUser *user, gpointer self);
void service_users_begin (gpointer self);
void service_users_end (gpointer self);

/* register.c: bindings that went by themselves (expired, user gone). Takes the
 * contents of changes. */
void service_bindings_gone (Service *self, GPtrArray *changes);
/* Submits changes' rows; done as in StorePort.submit. */
void service_store_bindings (Service *self, const char *aor, GPtrArray *changes,
                             StoreDoneFn done, gpointer data);

/* subscribe.c: any request of a device lets its suspended dialogs go on (DESIGN
 * section 5).  Call it when the request itself is dealt with. */
void service_resume (Service *self, const ServiceCaller *caller);

/* publish.c: a publication that went by itself. */
void service_publication_gone_cb (const PresenceRow *row, gboolean is_visible,
                                  gpointer self);

/* notify.c: carries out what subs/ decided. */
/* What happens when the STORE of an answer's SUBSCRIBE ended. */
typedef void (*ServiceStoredFn) (Service *self, Sub *sub, guint64 ticket,
                                 StoreOutcome outcome, gpointer data);
/* Carries out actions in order and frees the array.  The first STORE of sub is
 * reported to stored instead of going straight to subs_committed; TRUE when
 * there was one. */
gboolean service_act_stored (Service *self, GArray *actions, Sub *sub,
                             ServiceStoredFn stored, gpointer data);
void service_act (Service *self, GArray *actions);
/* What watchers of aor see has changed. */
void service_presence_changed (Service *self, const char *aor);
/* Forgets the NOTIFYs that have not ended. */
void service_notifying_free (Service *self);
/* PostgreSQL is back: reservations that could not be written are asked again.
 */
void service_retry_reserves (Service *self);

/* restore.c */
void service_up_changed (gboolean is_up, gpointer self);

/* pace.c */
typedef enum {
  PACE_WAKE,    /* judged, then its first NOTIFY after a start */
  PACE_DRAIN,   /* deactivated */
  PACE_JUDGE,   /* the policy is asked anew */
  PACE_SHOW,    /* a NOTIFY: what it may see changed */
  PACE_READ,    /* the documents that it watches are read again */
  PACE_PROFILE, /* a NOTIFY: the client policy changed */
} PaceKind;
/* Queues sub; goes on after service_pace_start.  One that waits already keeps
 * its place: it will get the newest state, once. */
void service_pace (Service *self, PaceKind kind, Sub *sub);
void service_pace_start (Service *self);
/* Those who watch presentity and still wait for their first NOTIFY after a start
 * get it now: there is news for them. */
void service_wake_watchers (Service *self, const char *presentity);
/* Does that (several PACE_KINDs) to every subscription that it concerns, paced,
 * beginning with those that still wait for the last sweep: each gets the newest
 * state, once.  This call costs little, however many there are.  Starts by
 * itself. */
#define PACE_KIND(kind) (1u << (kind))
void service_sweep (Service *self, guint kinds);
/* How many wait. */
guint service_n_paced (Service *self);
void service_pace_free (Service *self);
