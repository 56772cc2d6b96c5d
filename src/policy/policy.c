/* SPDX-License-Identifier: ISC
 *
 * The order of the policy as a table. */
#include "policy/policy.h"

#include "addr/aor.h"

#define PRESENCE "presence"
#define DIALOG "dialog"
#define REG "reg"
#define XCAP_DIFF "xcap-diff"
#define SUMMARY "message-summary"
#define UA_PROFILE "ua-profile"
#define CONFERENCE "conference"

/* A step fills answer and returns TRUE when it decides. */
typedef gboolean (*StepFn) (const PolicyQuestion *question,
                            PolicyAnswer *answer);

static gboolean
decide (PolicyAnswer *answer, PolicyDecision decision, PolicyStep step)
{
  answer->decision = decision;
  answer->step = step;
  return TRUE;
}

static gboolean
is_oneself (const PolicyQuestion *question)
{
  return aor_equal (question->watcher, question->presentity);
}

static gboolean
oneself (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return is_oneself (question)
         && decide (answer, POLICY_ALLOW, POLICY_BY_ONESELF);
}

/* RFC 3857 4.3; RFC 5875 7 with RFC 4825 5.7; RFC 3842 6; RFC 6080 6.6. */
static gboolean
owner_only (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return is_oneself (question)
             ? decide (answer, POLICY_ALLOW, POLICY_BY_ONESELF)
             : decide (answer, POLICY_BLOCK, POLICY_BY_OWNERSHIP);
}

/* RFC 3680 4.6: applications whose authorization is given ahead of time. */
static gboolean
trusted (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return question->is_application
         && decide (answer, POLICY_ALLOW, POLICY_BY_TRUST);
}

/* What cannot be read now is decided later; until then nothing is shown. */
static gboolean
not_known (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return (question->of_presentity == NULL
          || (question->is_local_watcher && question->of_watcher == NULL))
         && decide (answer, POLICY_PENDING, POLICY_BY_NOT_KNOWN);
}

/* A text conference decides itself whom it lets in. */
static gboolean
room (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return decide (answer, POLICY_ALLOW, POLICY_BY_ROOM);
}

/* The decision of `watchers`: TRUE for a row of one of the kinds. */
static gboolean
decided_by_row (const PolicyQuestion *question, PolicyAnswer *answer,
                gboolean wants_allow)
{
  static const PolicyDecision decisions[] = {
    [POLICY_ALLOWED] = POLICY_ALLOW,
    [POLICY_BLOCKED] = POLICY_BLOCK,
    [POLICY_POLITELY_BLOCKED] = POLICY_POLITE_BLOCK,
  };
  gboolean by_domain;
  PolicyRow found = question->of_presentity != NULL ? policy_user_row (
                        question->of_presentity, question->watcher, &by_domain)
                                                    : POLICY_UNDECIDED;

  if (found == POLICY_UNDECIDED || found == POLICY_ASKED
      || (found == POLICY_ALLOWED) != wants_allow)
    return FALSE;
  return decide (answer, decisions[found],
                 by_domain ? POLICY_BY_DOMAIN_ROW : POLICY_BY_ROW);
}

static gboolean
blocked (const PolicyQuestion *question, PolicyAnswer *answer)
{
  if (decided_by_row (question, answer, FALSE))
    return TRUE;
  return question->of_presentity != NULL
         && policy_user_is_listed (question->of_presentity, POLICY_BLOCKED_LIST,
                                   question->watcher)
         && decide (answer, POLICY_BLOCK, POLICY_BY_BLOCKED_LIST);
}

static gboolean
allowed (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return decided_by_row (question, answer, TRUE);
}

/* Of registrations one learns addresses of devices: a decision about a domain,
 * made with presence in mind, does not say so much. */
static gboolean
allowed_by_name (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return decided_by_row (question, answer, TRUE)
         && answer->step == POLICY_BY_ROW;
}

/* Who is not among one's contacts is watched ad hoc, for a while or not at
 * all. */
static gboolean
contact (const PolicyQuestion *question, PolicyAnswer *answer)
{
  const PolicySettings *settings = question->settings;

  if (!question->is_local_watcher
      || policy_user_has_contact (question->of_watcher, question->presentity))
    return FALSE;
  if (!settings->adhoc_enabled)
    return decide (answer, POLICY_BLOCK, POLICY_BY_ADHOC_OFF);
  if (settings->adhoc_max != POLICY_NO_LIMIT
      && question->adhoc_in_use >= (guint)settings->adhoc_max)
    return decide (answer, POLICY_BLOCK, POLICY_BY_ADHOC_MAX);
  answer->is_adhoc = TRUE;
  return FALSE;
}

static gboolean
is_listed (const char *list, const char *watcher, gpointer data)
{
  return policy_user_is_listed (data, list, watcher);
}

PolicyRulesQuestion
policy_rules_question (const PolicyQuestion *question)
{
  return (PolicyRulesQuestion){ .watcher = question->watcher,
                                .sphere = question->sphere,
                                .now = question->now,
                                .is_listed = is_listed,
                                .data = (gpointer)question->of_presentity };
}

/* RFC 5025 3.2.1. */
static gboolean
rules (const PolicyQuestion *question, PolicyAnswer *answer)
{
  static const PolicyDecision decisions[] = {
    [HANDLING_BLOCK] = POLICY_BLOCK,
    [HANDLING_CONFIRM] = POLICY_PENDING,
    [HANDLING_POLITE_BLOCK] = POLICY_POLITE_BLOCK,
    [HANDLING_ALLOW] = POLICY_ALLOW,
  };
  const PolicyUser *user = question->of_presentity;
  const PolicyRulesQuestion asked = policy_rules_question (question);
  PolicyRulesAnswer found;

  if (policy_user_is_unreadable (user))
    return decide (answer, POLICY_PENDING, POLICY_BY_BAD_RULES);
  policy_rules_ask (policy_user_rules (user), &asked, &found);
  answer->changes_at = found.changes_at;
  if (!found.has_match)
    return FALSE;
  if (found.handling == HANDLING_ALLOW && !policy_rights_is_full (found.rights))
    answer->rights = g_steal_pointer (&found.rights);
  policy_rules_answer_clear (&found);
  return decide (answer, decisions[found.handling], POLICY_BY_RULES);
}

static gboolean
otherwise (const PolicyQuestion *question, PolicyAnswer *answer)
{
  return policy_override (question->approval,
                          question->settings->allow_without_approval)
             ? decide (answer, POLICY_ALLOW, POLICY_BY_DEFAULT)
             : decide (answer, POLICY_PENDING, POLICY_BY_APPROVAL);
}

/* Sharing off hides the state from all but its owner. */
static void
hide (const PolicyQuestion *question, PolicyAnswer *answer)
{
  answer->is_unknown
      = !is_oneself (question)
        && !policy_override (question->share,
                             question->settings->share_availability);
}

static const struct {
  const char *package;
  StepFn step;
} steps[] = {
  { PRESENCE, oneself },   { PRESENCE, not_known },
  { PRESENCE, blocked },   { PRESENCE, allowed },
  { PRESENCE, contact },   { PRESENCE, rules },
  { PRESENCE, otherwise }, { DIALOG, oneself },
  { DIALOG, not_known },   { DIALOG, blocked },
  { DIALOG, allowed },     { DIALOG, contact },
  { DIALOG, rules },       { DIALOG, otherwise },
  { REG, oneself },        { REG, trusted },
  { REG, not_known },      { REG, allowed_by_name },
  { REG, owner_only },     { XCAP_DIFF, owner_only },
  { SUMMARY, owner_only }, { UA_PROFILE, owner_only },
  { CONFERENCE, room },
};

gboolean
policy_is_personal (const char *package)
{
  return g_ascii_strcasecmp (package, PRESENCE) == 0
         || g_ascii_strcasecmp (package, DIALOG) == 0
         || g_ascii_strcasecmp (package, REG) == 0;
}

/* What no step decides is blocked. */
PolicyAnswer
policy_watch (const PolicyQuestion *question)
{
  PolicyAnswer answer = { .decision = POLICY_BLOCK, .step = POLICY_BY_NOBODY };

  if (g_str_has_suffix (question->package, ".winfo"))
    owner_only (question, &answer);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (g_ascii_strcasecmp (steps[i].package, question->package) == 0
        && steps[i].step (question, &answer))
      break;
  hide (question, &answer);
  return answer;
}

gboolean
policy_is_decided (const PolicyQuestion *question)
{
  PolicyQuestion asked = *question;
  PolicyAnswer answer;
  gboolean is_pending;

  asked.package = PRESENCE;
  asked.is_local_watcher = FALSE;
  answer = policy_watch (&asked);
  is_pending = answer.decision == POLICY_PENDING;
  policy_answer_clear (&answer);
  return !is_pending;
}

void
policy_answer_clear (PolicyAnswer *self)
{
  g_clear_pointer (&self->rights, policy_rights_free);
}

/* Organisation first: with messaging off nobody writes, not even to himself. */
PolicyAnswer
policy_message (const PolicyQuestion *question)
{
  PolicyAnswer answer = { .decision = POLICY_ALLOW, .step = POLICY_BY_DEFAULT };

  if (!question->settings->im_enabled)
    decide (&answer, POLICY_BLOCK, POLICY_BY_IM_OFF);
  else if (!oneself (question, &answer) && !blocked (question, &answer))
    allowed (question, &answer);
  return answer;
}

const char *
policy_step_text (PolicyStep step)
{
  static const char *const texts[] = {
    [POLICY_BY_NOBODY] = "nobody may subscribe to that",
    [POLICY_BY_ONESELF] = "everybody may watch himself",
    [POLICY_BY_TRUST] = "an application of the administrator's asks",
    [POLICY_BY_OWNERSHIP] = "only the owner may subscribe to that",
    [POLICY_BY_NOT_KNOWN] = "the database could not be asked yet",
    [POLICY_BY_ROW] = "decided for this watcher",
    [POLICY_BY_DOMAIN_ROW] = "decided for the watcher's domain",
    [POLICY_BY_BLOCKED_LIST] = "on the user's list of who is blocked",
    [POLICY_BY_RULES] = "the user's rules say so",
    [POLICY_BY_BAD_RULES] = "the user's rules cannot be read",
    [POLICY_BY_ADHOC_OFF] = "not among the watcher's contacts, and ad hoc"
                            " watching is off",
    [POLICY_BY_ADHOC_MAX] = "the watcher has as many ad hoc subscriptions as"
                            " are allowed",
    [POLICY_BY_DEFAULT] = "allowed without approval",
    [POLICY_BY_APPROVAL] = "waits for the owner's approval",
    [POLICY_BY_ROOM] = "a room decides itself whom it lets in",
    [POLICY_BY_IM_OFF] = "messaging is switched off",
  };

  return texts[step];
}
