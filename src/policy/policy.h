/* SPDX-License-Identifier: ISC
 *
 * Who may watch and write to whom.  The order of DESIGN section 4 in one
 * place; the built-in default is: oneself always, everybody else allowed, and
 * watcher information (RFC 3857 4.3) for the owner alone. */
#pragma once
#include <glib.h>

typedef enum {
  POLICY_ALLOW,
  POLICY_PENDING,      /* 200, dialog pending, no state (RFC 3856 6.6.3) */
  POLICY_BLOCK,        /* 403 */
  POLICY_POLITE_BLOCK, /* looks offline */
} PolicyDecision;

typedef struct Policy Policy;

Policy *policy_new (void);
void policy_free (Policy *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Policy, policy_free)

/* May watcher subscribe to presentity's package ("presence",
 * "presence.winfo")?  Both AoRs, any spelling of case. */
PolicyDecision policy_watch (Policy *self, const char *watcher,
                             const char *presentity, const char *package);

/* May sender write to recipient? POLICY_PENDING is never returned. */
PolicyDecision policy_message (Policy *self, const char *sender,
                               const char *recipient);
