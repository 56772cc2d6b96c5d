/* SPDX-License-Identifier: ISC
 *
 * What our users watch in other domains, for the lists that name such members
 * (RFC 4662): back-end subscriptions, which watch/ decides about.
 *
 * Who asks.  The From of a back-end SUBSCRIBE is the user himself, since the
 * other domain decides by it what it shows.  We are the server of his domain and
 * have authenticated him (RFC 4662 7.1.1); a challenge cannot be answered and
 * counts as a refusal.  Therefore one subscription serves all lists and devices
 * of one user and never those of two (RFC 4662 7.2): who calls must show what it
 * tells to that user alone.
 *
 * Nothing is stored.  At SIGTERM the subscriptions are left to expire: a NOTIFY
 * that reaches the next process is answered 481, which ends them, and that
 * process makes its own, whose first NOTIFY brings the full state. */
#pragma once
#include "service/service.h"

typedef struct Backend Backend; /* all of them */
/* One holder of a subscription, until backend_unwatch. */
typedef struct BackendWatch BackendWatch;

/* What is known changed; called by the loop, once for all that changed in a turn,
 * never inside another call.  May watch and unwatch. */
typedef void (*BackendFn) (gpointer data);

/* Watches target (a sip:, sips: or pres: URI) on behalf of user (AoR of a user
 * of ours) in package ("presence", "message-summary": those whose every NOTIFY
 * has the whole state, for only the newest is kept).  NULL: another package, or
 * target is no such URI or of a domain of ours; nothing can ever be known of it
 * here.  At first nothing is known,
 * and nothing is for as long as a bound ([subscriptions] backend_max,
 * backend_per_user) leaves no room. */
BackendWatch *backend_watch (Service *service, const char *user,
                             const char *target, const char *package,
                             BackendFn changed, gpointer data);
/* The last holder's end unsubscribes. Takes NULL. */
void backend_unwatch (BackendWatch *watch);

/* What is known now.  is_known FALSE: there is no instance to tell of yet, and
 * the rest is zero.  state and reason as in RLMI (RFC 4662 5.5): active,
 * pending, or terminated while it is not tried or only later again (reason:
 * rejected and noresource after such answers too; probation when there was no
 * answer).  body: the newest document of an active one, as it came (NULL: none
 * came yet); borrowed until the next turn.  version grows with each change. */
typedef struct {
  gboolean is_known;
  SubsState state;
  SubsReason reason;
  const char *content_type;
  GBytes *body;
  guint version;
} BackendView;
void backend_look (const BackendWatch *watch, BackendView *out);

/* For service.c. */
Backend *backend_new (Service *service);
void backend_free (Backend *self);
/* Forgets the SUBSCRIBEs that are on their way: the SIP side goes. */
void backend_detach (Backend *self);
void backend_settings_changed (Backend *self);
void backend_advance (Backend *self);
guint backend_size (const Backend *self);
