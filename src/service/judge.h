/* SPDX-License-Identifier: ISC
 *
 * The policy applied: at a SUBSCRIBE, and again to what lives when settings,
 * users, contacts, decisions or rules change. */
#pragma once
#include "service/facts.h"

/* sub_view of a subscription that was judged: everything, or nothing but
 * offline; any other is the name of its rights (policy_rights_name). */
#define VIEW_ALL "all"
#define VIEW_OFFLINE "offline"

/* Is what the policy needs to know of both for this package in memory? */
gboolean judge_is_ready (Service *self, const char *watcher,
                         const char *presentity, const char *package);
/* Reads what is missing, then calls fn once, never inside this call; where
 * PostgreSQL is away it is missing still. */
void judge_prepare (Service *self, const char *watcher, const char *presentity,
                    void (*fn) (gpointer data), gpointer data);

/* What the policy says now; but: a subscription not to be counted, or NULL. The
 * caller clears it. */
PolicyAnswer judge_watch (Service *self, const char *watcher,
                          const char *presentity, const char *package,
                          const Sub *but);
/* The same for a dialog, of which it is known how its watcher came. */
PolicyAnswer judge_dialog (Service *self, const SubsDialog *dialog,
                           const Sub *but);
PolicyAnswer judge_message (Service *self, const char *sender,
                            const char *recipient);

/* Why a new subscription that the policy does not block is refused all the
 * same: too many watchers, too many requests; NULL: it is not.  Static. */
const char *judge_limits (Service *self, const char *watcher,
                          const char *presentity, const char *package,
                          const PolicyAnswer *answer);

/* Until when what answer allows may live (SubsDialog.limit_at). */
guint32 judge_limit_at (Service *self, const PolicyAnswer *answer);

/* sub was made by answer: what it sees, and the request that its owner decides
 * about. */
void judge_made (Service *self, Sub *sub, const PolicyAnswer *answer);

/* The same where there is no subscription to make (a member of a list): what
 * answer lets its watcher see, for the caller to free; and the request, if asks,
 * or what becomes of one. */
char *judge_view (const PolicyAnswer *answer);
void judge_noted (Service *self, const char *watcher, const char *presentity,
                  const PolicyAnswer *answer, gboolean asks);

/* Asks anew for a live subscription and carries out what follows; then lets a
 * restored one go on (JUDGE_WAKE), or sends what it sees (JUDGE_SHOW: once,
 * also when what was decided sends it anyway). */
typedef enum { JUDGE_ONLY, JUDGE_WAKE, JUDGE_SHOW } JudgeThen;
void judge_again (Service *self, Sub *sub, JudgeThen then);
/* The same at once for all who watch presentity. */
void judge_watchers (Service *self, const char *presentity);
/* The same when its sphere changed; those who are told by that, or will be
 * later, are noted in self->shown. */
void judge_sphere_changed (Service *self, const char *presentity);

/* What policy/ is asked about the two. */
PolicyQuestion judge_question (Service *self, const char *watcher,
                               const char *presentity, const Sub *but);
/* Distinct watchers of presentity, not himself; ad hoc subscriptions of
 * watcher. */
guint judge_n_watchers (Service *self, const char *presentity);
guint judge_n_adhoc (Service *self, const char *watcher);
/* What was read of a user is in memory: requests that are decided go. */
void judge_facts_read (Service *self, PolicyUser *user);

/* Does presentity share its availability with watcher? */
gboolean judge_shares (Service *self, const char *watcher,
                       const char *presentity);

/* Events of the store. */
void judge_settings_changed (const PolicySettings *settings, gpointer self);
void judge_policy_changed (const char *aor, gpointer self);
/* A user's own settings changed. */
void judge_user_changed (Service *self, const StoreUser *before,
                         const StoreUser *after);
/* PostgreSQL is back: what could not be judged is. */
void judge_retry (Service *self);
