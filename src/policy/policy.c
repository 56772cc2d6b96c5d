/* SPDX-License-Identifier: ISC
 *
 * The order of the policy as a table: the first row that fits decides.  What
 * comes later (decisions, contacts, rules, approval) becomes rows between the
 * owner's and the last ones. */
#include "policy/policy.h"

#include "addr/aor.h"

/* A message is asked for under a name that is no event package's (the
 * brackets are no token, RFC 6665 8.4). */
#define MESSAGE "<message>"

typedef struct {
  const char *asker, *owner;
  const char *action; /* event package, or MESSAGE */
} Question;

typedef struct {
  const char *action;
  gboolean (*fits) (Policy *self, const Question *question);
  PolicyDecision decision;
} Rule;

struct Policy {
  const Rule *rules;
  gsize n;
};

static gboolean
is_owner (Policy *self, const Question *question)
{
  return aor_equal (question->asker, question->owner);
}

static gboolean
is_anybody (Policy *self, const Question *question)
{
  return TRUE;
}

static const Rule built_in[] = {
  { "presence", is_owner, POLICY_ALLOW },
  { "presence", is_anybody, POLICY_ALLOW },
  { "presence.winfo", is_owner, POLICY_ALLOW },
  { "presence.winfo", is_anybody, POLICY_BLOCK }, /* RFC 3857 4.3 */
  { MESSAGE, is_anybody, POLICY_ALLOW },
};

Policy *
policy_new (void)
{
  Policy *self = g_new0 (Policy, 1);

  self->rules = built_in;
  self->n = G_N_ELEMENTS (built_in);
  return self;
}

void
policy_free (Policy *self)
{
  g_free (self);
}

/* What no row names is blocked. */
static PolicyDecision
decide (Policy *self, const Question *question)
{
  for (gsize i = 0; i < self->n; i++) {
    const Rule *rule = &self->rules[i];

    if (g_ascii_strcasecmp (rule->action, question->action) == 0
        && rule->fits (self, question))
      return rule->decision;
  }
  return POLICY_BLOCK;
}

PolicyDecision
policy_watch (Policy *self, const char *watcher, const char *presentity,
              const char *package)
{
  const Question question
      = { .asker = watcher, .owner = presentity, .action = package };

  return decide (self, &question);
}

PolicyDecision
policy_message (Policy *self, const char *sender, const char *recipient)
{
  const Question question
      = { .asker = sender, .owner = recipient, .action = MESSAGE };

  return decide (self, &question);
}
