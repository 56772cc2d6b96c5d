/* SPDX-License-Identifier: ISC
 *
 * Who may watch and write to whom: the order of DESIGN section 4 as a table of
 * steps, the first that fits decides.  Without state: all that it needs to know
 * is in the question.
 *
 *   1 oneself                        always
 *   2 blocked, politely blocked      `watchers` (the exact address before its
 *                                    domain), then the list of who is blocked
 *   3 a decision "allow"             `watchers`
 *   4 the contact rule               watching ad hoc: for a while, or not
 *   5 the user's rules               RFC 5025: the maximum over all that match
 *   6 approval                       when no rule matches
 *   7 sharing                        hides the state, decides nothing
 *
 * A MESSAGE is judged by 1, 2 and 3 alone: rules are about presence (RFC 5025),
 * so a rule's block or polite-block keeps nobody from writing.  Who wants that
 * decides (`watchers`) or puts him on the list of who is blocked. */
#pragma once
#include "policy/settings.h"
#include "policy/user.h"

typedef enum {
  POLICY_ALLOW,
  POLICY_PENDING,      /* 200, dialog pending, no state (RFC 3856 6.6.3) */
  POLICY_BLOCK,        /* 403 */
  POLICY_POLITE_BLOCK, /* looks offline */
} PolicyDecision;

/* What decided; policy_step_text has a sentence for each. */
typedef enum {
  POLICY_BY_NOBODY, /* no such package, or nobody may have it */
  POLICY_BY_ONESELF,
  POLICY_BY_OWNERSHIP,  /* watcher information and documents are the owner's */
  POLICY_BY_TRUST,      /* an application behind a trusted peer */
  POLICY_BY_NOT_KNOWN,  /* what is stored of a user could not be read */
  POLICY_BY_ROW,        /* a decision about this watcher */
  POLICY_BY_DOMAIN_ROW, /* a decision about his domain */
  POLICY_BY_BLOCKED_LIST,
  POLICY_BY_ADHOC_OFF,
  POLICY_BY_ADHOC_MAX,
  POLICY_BY_RULES,     /* those that match, added up */
  POLICY_BY_BAD_RULES, /* a document of rules cannot be read */
  POLICY_BY_DEFAULT,   /* no decision and no rule: allowed */
  POLICY_BY_APPROVAL,  /* no decision and no rule: approval is required */
  POLICY_BY_ROOM, /* a text conference decides itself */
  POLICY_BY_IM_OFF,
} PolicyStep;
const char *policy_step_text (PolicyStep step);

/* Everything borrowed.  AoRs in any spelling of case. */
typedef struct {
  const PolicySettings *settings;
  const char *watcher, *presentity;
  const char *package;       /* "presence", "presence.winfo" */
  gboolean is_local_watcher; /* a user of ours */
  gboolean is_application;   /* named by a trusted peer, in a domain of ours, and
                                no user */
  /* What is known of both; NULL: it could not be read.  of_watcher is not
   * looked at for one who is not ours. */
  const PolicyUser *of_presentity, *of_watcher;
  PolicyOverride share, approval; /* the presentity's own */
  guint adhoc_in_use; /* ad hoc subscriptions of watcher, without this one */
  const char *sphere; /* of the presentity (RFC 5025 3.1.2); NULL: undefined */
  gint64 now;         /* microseconds since 1970 */
} PolicyQuestion;

typedef struct {
  PolicyDecision decision;
  PolicyStep step;
  gboolean is_adhoc;    /* lives no longer than settings->adhoc_ttl */
  gboolean is_unknown;  /* sees no state: availability is not shared */
  PolicyRights *rights; /* what an allowed one sees; NULL: everything */
  gint64 changes_at; /* rules: may be another answer then; 0: never by time */
} PolicyAnswer;
void policy_answer_clear (PolicyAnswer *self);

/* Does the answer for this package depend on of_presentity and of_watcher? */
gboolean policy_is_personal (const char *package);

/* May watcher subscribe to presentity's package, and what does he see?  The
 * caller clears the answer. */
PolicyAnswer policy_watch (const PolicyQuestion *question);

/* The same without the contact rule, for a request whose watcher need not be
 * known: has its owner decided, or is there nothing to decide any more? */
gboolean policy_is_decided (const PolicyQuestion *question);

/* What the question's rules are asked (POLICY_BY_RULES); of_presentity must be
 * there. */
PolicyRulesQuestion policy_rules_question (const PolicyQuestion *question);

/* May watcher (the sender) write to presentity (the recipient)?  Of the
 * question package is not looked at.  Never POLICY_PENDING; nothing to
 * clear. */
PolicyAnswer policy_message (const PolicyQuestion *question);
