/* SPDX-License-Identifier: ISC
 *
 * What the policy knows of one user: his contacts, what was decided about his
 * watchers, his rules.  Filled once, then shared and never changed. */
#pragma once
#include "policy/rules.h"

typedef struct PolicyUser PolicyUser;

/* A row of the table `watchers`. */
typedef enum {
  POLICY_UNDECIDED, /* no row */
  POLICY_ASKED,     /* a request waits: pending */
  POLICY_ALLOWED,
  POLICY_BLOCKED,
  POLICY_POLITELY_BLOCKED,
} PolicyRow;
/* "pending", "allow", "block", "polite_block"; NULL for POLICY_UNDECIDED. */
const char *policy_row_name (PolicyRow row);
/* POLICY_UNDECIDED for a name that is none of these. */
PolicyRow policy_row_of (const char *name);

PolicyUser *policy_user_new (const char *aor);
PolicyUser *policy_user_ref (PolicyUser *self);
void policy_user_unref (PolicyUser *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PolicyUser, policy_user_unref)

/* Filling.  uri: any scheme of contacts.uri; what has no user@domain is no
 * contact that can be watched, and is left out. */
void policy_user_add_contact (PolicyUser *self, const char *uri);
/* watcher: user@domain or @domain. */
void policy_user_add_row (PolicyUser *self, const char *watcher, PolicyRow row);
/* A request that was decided: its row is gone. */
void policy_user_drop_asked (PolicyUser *self, const char *watcher);
/* Lists of addresses that are his, by name: a member by its URI, another list
 * whose members are of it too (loops are fine). */
void policy_user_add_member (PolicyUser *self, const char *list,
                             const char *uri);
void policy_user_add_sublist (PolicyUser *self, const char *list,
                              const char *other);
/* The rules of all his documents; taken. */
void policy_user_set_rules (PolicyUser *self, PolicyRules *rules);
/* One of his documents cannot be read: whoever no decision names waits. */
void policy_user_set_unreadable (PolicyUser *self);

const char *policy_user_aor (const PolicyUser *self);
gboolean policy_user_has_contact (const PolicyUser *self, const char *aor);
guint policy_user_n_contacts (const PolicyUser *self);
/* The exact address before its domain's row; *by_domain_out (may be NULL): the
 * domain's row decided. */
PolicyRow policy_user_row (const PolicyUser *self, const char *watcher,
                           gboolean *by_domain_out);
/* Does a request of this very watcher wait? */
gboolean policy_user_has_asked (const PolicyUser *self, const char *watcher);
/* Requests that wait; fn may be NULL: counts only. */
typedef void (*PolicyAskedFn) (const char *watcher, gpointer data);
guint policy_user_asked (const PolicyUser *self, PolicyAskedFn fn,
                         gpointer data);
/* The list that blocks who is on it (OMA XDM; DESIGN section 4, step 2). */
#define POLICY_BLOCKED_LIST "oma_blockedcontacts"
gboolean policy_user_is_listed (const PolicyUser *self, const char *list,
                                const char *watcher);
/* NULL: none. */
const PolicyRules *policy_user_rules (const PolicyUser *self);
gboolean policy_user_is_unreadable (const PolicyUser *self);
/* About what it costs, in bytes: caches are bounded by it. */
gsize policy_user_size (const PolicyUser *self);
