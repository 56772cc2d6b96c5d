/* SPDX-License-Identifier: ISC
 *
 * The rules of one presentity (RFC 4745, 5025, and the conditions that the OMA
 * adds) and what those that match add up to (RFC 4745 section 10).  A value
 * that a codec fills and nobody changes afterwards; knows no XML and no clock.
 * Everybody who asks is authenticated (RFC 4745 7.1.1). */
#pragma once
#include "policy/rights.h"

/* sub-handling (RFC 5025 3.2.1) in its order. */
typedef enum {
  HANDLING_BLOCK,
  HANDLING_CONFIRM,
  HANDLING_POLITE_BLOCK,
  HANDLING_ALLOW
} PolicyHandling;
/* "block", "confirm", "polite-block", "allow". */
const char *policy_handling_name (PolicyHandling handling);

typedef struct PolicyRules PolicyRules;
typedef struct PolicyRule PolicyRule;
typedef struct PolicyCondition PolicyCondition;

PolicyRules *policy_rules_new (void);
void policy_rules_free (PolicyRules *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PolicyRules, policy_rules_free)

/* --- Filling --- */

/* A rule without conditions, which matches everybody, with the lowest of all
 * permissions.  place: which document it is of, for people. Borrowed. */
PolicyRule *policy_rules_add (PolicyRules *self, const char *id,
                              const char *place);

/* Conditions of a rule must all be true.  A condition of several items is true
 * when one of them is; without any it is false. */
typedef enum {
  CONDITION_IDENTITY, /* policy_condition_one, _many */
  CONDITION_SPHERE,   /* policy_condition_sphere */
  CONDITION_VALIDITY, /* policy_condition_between */
  CONDITION_LIST,     /* policy_condition_list: the OMA's external-list */
  CONDITION_OTHER,    /* no rule's identity or list names the watcher */
  CONDITION_NEVER,    /* one that we do not know; an anonymous request */
} PolicyConditionKind;
/* Borrowed. */
PolicyCondition *policy_rule_need (PolicyRule *self, PolicyConditionKind kind);

/* uri: sip, sips, pres, im and xmpp name the same user@domain; tel names a
 * number, which is no user's; others name nobody who can ask. */
void policy_condition_one (PolicyCondition *self, const char *uri);
/* Everybody, or all of a domain (NULL: any), but those excepted afterwards by
 * policy_condition_except (one of both is NULL). */
void policy_condition_many (PolicyCondition *self, const char *domain);
void policy_condition_except (PolicyCondition *self, const char *uri,
                              const char *domain);
/* The last <many> has something in it that we do not know: it names nobody. */
void policy_condition_spoil (PolicyCondition *self);
/* tokens: separated by blanks, compared without regard to case. */
void policy_condition_sphere (PolicyCondition *self, const char *tokens);
/* From is in, until is not; microseconds since 1970. */
void policy_condition_between (PolicyCondition *self, gint64 from,
                               gint64 until);
/* A list of the presentity's. */
void policy_condition_list (PolicyCondition *self, const char *name);

/* The greatest counts. */
void policy_rule_handle (PolicyRule *self, PolicyHandling handling);
/* What the rule lets be seen, to be added to. */
PolicyRights *policy_rule_rights (PolicyRule *self);

/* --- Asking --- */

typedef struct {
  const char *watcher; /* AoR */
  const char *sphere;  /* of the presentity; NULL: undefined */
  gint64 now;          /* microseconds since 1970 */
  /* Is the watcher on the presentity's list of that name? */
  gboolean (*is_listed) (const char *list, const char *watcher, gpointer data);
  gpointer data;
} PolicyRulesQuestion;

typedef struct {
  gboolean has_match;
  PolicyHandling handling; /* of all that match */
  PolicyRights *rights;    /* of all that match; NULL: none does */
  gint64 changes_at; /* the answer may be another one then; 0: never by time */
} PolicyRulesAnswer;
void policy_rules_answer_clear (PolicyRulesAnswer *self);

/* self NULL: no rules. */
void policy_rules_ask (const PolicyRules *self,
                       const PolicyRulesQuestion *question,
                       PolicyRulesAnswer *answer_out);

/* The same for people: every rule in its order. */
typedef struct {
  const char *id, *place;
  gboolean is_match;
  PolicyHandling handling;
  const PolicyRights *rights;
} PolicyRuleView;
typedef void (*PolicyRuleFn) (const PolicyRuleView *rule, gpointer data);
void policy_rules_explain (const PolicyRules *self,
                           const PolicyRulesQuestion *question, PolicyRuleFn fn,
                           gpointer data);

/* Does any rule look at the sphere? */
gboolean policy_rules_use_sphere (const PolicyRules *self);
guint policy_rules_count (const PolicyRules *self);
/* About what they cost, in bytes. */
gsize policy_rules_size (const PolicyRules *self);

/* Who a URI names: an AoR for schemes with user@domain, "+15551234" for tel;
 * NULL: nobody that we could meet.  The caller frees. */
char *policy_identity (const char *uri);
