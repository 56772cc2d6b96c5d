/* SPDX-License-Identifier: ISC
 *
 * Matching rules and adding up what they permit. */
#include "policy/rules.h"

#include "addr/aor.h"
#include "addr/uri.h"

#include <string.h>

/* <one> or <many>. */
typedef struct {
  char *id;     /* of <one>; NULL: nobody who can ask */
  char *domain; /* of <many>, as ascii_domain gives it; NULL: any */
  gboolean is_many, is_spoilt;
  GPtrArray *except_ids, *except_domains; /* char *; NULL: none */
} Who;

typedef struct {
  gint64 from, until;
} Span;

struct PolicyCondition {
  PolicyConditionKind kind;
  GPtrArray *who;   /* Who */
  GPtrArray *texts; /* char *: sphere tokens, names of lists */
  GArray *spans;    /* Span */
};

struct PolicyRule {
  char *id, *place;
  GPtrArray *conditions; /* PolicyCondition */
  PolicyHandling handling;
  PolicyRights *rights;
};

struct PolicyRules {
  GPtrArray *rules; /* PolicyRule */
};

const char *
policy_handling_name (PolicyHandling handling)
{
  static const char *const names[]
      = { "block", "confirm", "polite-block", "allow" };

  return names[handling];
}

/* --- Addresses --- */

/* Of "sip:alice@example.com;transport=tcp" and "xmpp:alice@example.com/desk"
 * the same. */
static char *
aor_of_uri (const char *rest)
{
  const char *at = strchr (rest, '@');
  g_autofree char *bare = NULL, *sip = NULL;
  char *aor = NULL;

  if (at == NULL)
    return NULL;
  bare = g_strndup (rest, (gsize)(at - rest) + strcspn (at, ";?/"));
  sip = g_strconcat ("sip:", bare, NULL);
  return aor_parse (sip, &aor, NULL) ? aor : NULL;
}

char *
policy_identity (const char *uri)
{
  static const char *const schemes[] = { "sip", "sips", "pres", "im", "xmpp" };
  const char *colon = strchr (uri, ':');
  g_autoptr (Uri) tel = NULL;

  if (colon == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (strlen (schemes[i]) == (gsize)(colon - uri)
        && g_ascii_strncasecmp (uri, schemes[i], (gsize)(colon - uri)) == 0)
      return aor_of_uri (colon + 1);
  return uri_parse (uri, -1, &tel, NULL) ? uri_aor (tel) : NULL;
}

/* RFC 4745 7.1.3; "" where that fails, which is no domain. */
static char *
ascii_domain (const char *domain)
{
  g_autofree char *plain = g_uri_unescape_string (domain, NULL);
  g_autofree char *ascii
      = plain != NULL ? g_hostname_to_ascii (g_strstrip (plain)) : NULL;

  return ascii != NULL ? g_ascii_strdown (ascii, -1) : g_strdup ("");
}

static gboolean
is_of_domain (const char *watcher, const char *domain)
{
  const char *own = strrchr (watcher, '@');
  g_autofree char *ascii = NULL;

  if (own == NULL)
    return FALSE;
  if (g_ascii_strcasecmp (own + 1, domain) == 0)
    return TRUE;
  if (g_str_is_ascii (own + 1) && strchr (own + 1, '%') == NULL)
    return FALSE;
  ascii = ascii_domain (own + 1);
  return *ascii != '\0' && strcmp (ascii, domain) == 0;
}

/* --- Filling --- */

static void
who_free (gpointer data)
{
  Who *self = data;

  g_free (self->id);
  g_free (self->domain);
  g_clear_pointer (&self->except_ids, g_ptr_array_unref);
  g_clear_pointer (&self->except_domains, g_ptr_array_unref);
  g_free (self);
}

static void
condition_free (gpointer data)
{
  PolicyCondition *self = data;

  g_ptr_array_unref (self->who);
  g_ptr_array_unref (self->texts);
  g_array_unref (self->spans);
  g_free (self);
}

static void
rule_free (gpointer data)
{
  PolicyRule *self = data;

  g_free (self->id);
  g_free (self->place);
  g_ptr_array_unref (self->conditions);
  policy_rights_free (self->rights);
  g_free (self);
}

PolicyRules *
policy_rules_new (void)
{
  PolicyRules *self = g_new0 (PolicyRules, 1);

  self->rules = g_ptr_array_new_with_free_func (rule_free);
  return self;
}

void
policy_rules_free (PolicyRules *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->rules);
  g_free (self);
}

PolicyRule *
policy_rules_add (PolicyRules *self, const char *id, const char *place)
{
  PolicyRule *rule = g_new0 (PolicyRule, 1);

  rule->id = g_strdup (id);
  rule->place = g_strdup (place);
  rule->conditions = g_ptr_array_new_with_free_func (condition_free);
  rule->rights = policy_rights_new ();
  g_ptr_array_add (self->rules, rule);
  return rule;
}

PolicyCondition *
policy_rule_need (PolicyRule *self, PolicyConditionKind kind)
{
  PolicyCondition *condition = g_new0 (PolicyCondition, 1);

  condition->kind = kind;
  condition->who = g_ptr_array_new_with_free_func (who_free);
  condition->texts = g_ptr_array_new_with_free_func (g_free);
  condition->spans = g_array_new (FALSE, FALSE, sizeof (Span));
  g_ptr_array_add (self->conditions, condition);
  return condition;
}

void
policy_condition_one (PolicyCondition *self, const char *uri)
{
  Who *who = g_new0 (Who, 1);

  who->id = policy_identity (uri);
  g_ptr_array_add (self->who, who);
}

void
policy_condition_many (PolicyCondition *self, const char *domain)
{
  Who *who = g_new0 (Who, 1);

  who->is_many = TRUE;
  who->domain = domain != NULL ? ascii_domain (domain) : NULL;
  g_ptr_array_add (self->who, who);
}

static Who *
last_many (PolicyCondition *self)
{
  g_return_val_if_fail (self->who->len > 0, NULL);
  return self->who->pdata[self->who->len - 1];
}

/* Takes text; NULL is none. */
static void
append (GPtrArray **list, char *text)
{
  if (text == NULL)
    return;
  if (*list == NULL)
    *list = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (*list, text);
}

void
policy_condition_except (PolicyCondition *self, const char *uri,
                         const char *domain)
{
  Who *who = last_many (self);

  if (uri != NULL)
    append (&who->except_ids, policy_identity (uri));
  if (domain != NULL)
    append (&who->except_domains, ascii_domain (domain));
}

void
policy_condition_spoil (PolicyCondition *self)
{
  last_many (self)->is_spoilt = TRUE;
}

void
policy_condition_sphere (PolicyCondition *self, const char *tokens)
{
  g_auto (GStrv) words = g_strsplit_set (tokens, " \t\r\n", -1);

  for (char **word = words; *word != NULL; word++)
    if (**word != '\0')
      g_ptr_array_add (self->texts, g_strdup (*word));
}

void
policy_condition_between (PolicyCondition *self, gint64 from, gint64 until)
{
  Span span = { from, until };

  g_array_append_val (self->spans, span);
}

void
policy_condition_list (PolicyCondition *self, const char *name)
{
  g_ptr_array_add (self->texts, g_strdup (name));
}

void
policy_rule_handle (PolicyRule *self, PolicyHandling handling)
{
  self->handling = MAX (self->handling, handling);
}

PolicyRights *
policy_rule_rights (PolicyRule *self)
{
  return self->rights;
}

/* --- Matching --- */

static gboolean
is_excepted (const Who *who, const char *watcher)
{
  for (guint i = 0; who->except_ids != NULL && i < who->except_ids->len; i++)
    if (aor_equal (who->except_ids->pdata[i], watcher))
      return TRUE;
  for (guint i = 0; who->except_domains != NULL && i < who->except_domains->len;
       i++)
    if (is_of_domain (watcher, who->except_domains->pdata[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_who (const Who *who, const char *watcher)
{
  if (!who->is_many)
    return who->id != NULL && aor_equal (who->id, watcher);
  return !who->is_spoilt
         && (who->domain == NULL || is_of_domain (watcher, who->domain))
         && !is_excepted (who, watcher);
}

static gboolean
is_identity (const PolicyCondition *self, const char *watcher)
{
  for (guint i = 0; i < self->who->len; i++)
    if (is_who (self->who->pdata[i], watcher))
      return TRUE;
  return FALSE;
}

static gboolean
is_listed (const PolicyCondition *self, const PolicyRulesQuestion *question)
{
  for (guint i = 0; question->is_listed != NULL && i < self->texts->len; i++)
    if (question->is_listed (self->texts->pdata[i], question->watcher,
                             question->data))
      return TRUE;
  return FALSE;
}

static gboolean
is_sphere (const PolicyCondition *self, const char *sphere)
{
  for (guint i = 0; sphere != NULL && i < self->texts->len; i++)
    if (g_ascii_strcasecmp (self->texts->pdata[i], sphere) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_valid (const PolicyCondition *self, gint64 now)
{
  for (guint i = 0; i < self->spans->len; i++) {
    const Span *span = &g_array_index (self->spans, Span, i);

    if (span->from <= now && now < span->until)
      return TRUE;
  }
  return FALSE;
}

/* One question to all rules. */
typedef struct {
  const PolicyRules *rules;
  const PolicyRulesQuestion *question;
  gboolean is_named; /* some rule's identity or list names the watcher */
} Asking;

static gboolean
names (const PolicyCondition *condition, const PolicyRulesQuestion *question)
{
  if (condition->kind == CONDITION_IDENTITY)
    return is_identity (condition, question->watcher);
  return condition->kind == CONDITION_LIST && is_listed (condition, question);
}

/* Whether the rest of that rule is true does not matter. */
static gboolean
is_named (const PolicyRules *self, const PolicyRulesQuestion *question)
{
  for (guint i = 0; i < self->rules->len; i++) {
    const PolicyRule *rule = self->rules->pdata[i];

    for (guint n = 0; n < rule->conditions->len; n++)
      if (names (rule->conditions->pdata[n], question))
        return TRUE;
  }
  return FALSE;
}

static gboolean
is_true (const Asking *asking, const PolicyCondition *condition)
{
  const PolicyRulesQuestion *question = asking->question;

  switch (condition->kind) {
  case CONDITION_IDENTITY:
  case CONDITION_LIST:
    return names (condition, question);
  case CONDITION_SPHERE:
    return is_sphere (condition, question->sphere);
  case CONDITION_VALIDITY:
    return is_valid (condition, question->now);
  case CONDITION_OTHER:
    return !asking->is_named;
  case CONDITION_NEVER:
    break;
  }
  return FALSE;
}

/* The nearest boundary that is still to come. */
static void
note_boundaries (const PolicyCondition *condition, gint64 now, gint64 *next)
{
  for (guint i = 0; i < condition->spans->len; i++) {
    const Span *span = &g_array_index (condition->spans, Span, i);
    gint64 at = span->from > now ? span->from : span->until;

    if (span->from < span->until && at > now && (*next == 0 || at < *next))
      *next = at;
  }
}

/* *next: when that may change; only where all but the time is true. */
static gboolean
matches (const Asking *asking, const PolicyRule *rule, gint64 *next)
{
  gboolean is_match = TRUE;
  gint64 boundary = 0;

  for (guint i = 0; i < rule->conditions->len; i++) {
    const PolicyCondition *condition = rule->conditions->pdata[i];
    gboolean holds = is_true (asking, condition);

    if (!holds && condition->kind != CONDITION_VALIDITY)
      return FALSE;
    is_match = is_match && holds;
    note_boundaries (condition, asking->question->now, &boundary);
  }
  if (boundary != 0 && (*next == 0 || boundary < *next))
    *next = boundary;
  return is_match;
}

static void
combine (PolicyRulesAnswer *answer, const PolicyRule *rule)
{
  answer->has_match = TRUE;
  answer->handling = MAX (answer->handling, rule->handling);
  if (answer->rights == NULL)
    answer->rights = policy_rights_new ();
  policy_rights_add (answer->rights, rule->rights);
}

void
policy_rules_ask (const PolicyRules *self, const PolicyRulesQuestion *question,
                  PolicyRulesAnswer *answer_out)
{
  Asking asking = { self, question, FALSE };

  *answer_out = (PolicyRulesAnswer){ 0 };
  if (self == NULL)
    return;
  asking.is_named = is_named (self, question);
  for (guint i = 0; i < self->rules->len; i++)
    if (matches (&asking, self->rules->pdata[i], &answer_out->changes_at))
      combine (answer_out, self->rules->pdata[i]);
}

void
policy_rules_answer_clear (PolicyRulesAnswer *self)
{
  g_clear_pointer (&self->rights, policy_rights_free);
}

void
policy_rules_explain (const PolicyRules *self,
                      const PolicyRulesQuestion *question, PolicyRuleFn fn,
                      gpointer data)
{
  Asking asking = { self, question, FALSE };
  gint64 next = 0;

  if (self == NULL)
    return;
  asking.is_named = is_named (self, question);
  for (guint i = 0; i < self->rules->len; i++) {
    const PolicyRule *rule = self->rules->pdata[i];
    const PolicyRuleView view
        = { rule->id, rule->place, matches (&asking, rule, &next),
            rule->handling, rule->rights };

    fn (&view, data);
  }
}

/* --- Figures --- */

gboolean
policy_rules_use_sphere (const PolicyRules *self)
{
  for (guint i = 0; self != NULL && i < self->rules->len; i++) {
    const PolicyRule *rule = self->rules->pdata[i];

    for (guint n = 0; n < rule->conditions->len; n++)
      if (((PolicyCondition *)rule->conditions->pdata[n])->kind
          == CONDITION_SPHERE)
        return TRUE;
  }
  return FALSE;
}

guint
policy_rules_count (const PolicyRules *self)
{
  return self != NULL ? self->rules->len : 0;
}

static gsize
text_size (const char *text)
{
  return text != NULL ? strlen (text) + 2 * sizeof (gpointer) : 0;
}

static gsize
texts_size (const GPtrArray *texts)
{
  gsize size = 0;

  for (guint i = 0; texts != NULL && i < texts->len; i++)
    size += sizeof (gpointer) + text_size (texts->pdata[i]);
  return size;
}

static gsize
condition_size (const PolicyCondition *self)
{
  gsize size = sizeof *self + 3 * sizeof (GPtrArray)
               + self->spans->len * sizeof (Span) + texts_size (self->texts);

  for (guint i = 0; i < self->who->len; i++) {
    const Who *who = self->who->pdata[i];

    size += sizeof *who + sizeof (gpointer) + text_size (who->id)
            + text_size (who->domain) + texts_size (who->except_ids)
            + texts_size (who->except_domains);
  }
  return size;
}

gsize
policy_rules_size (const PolicyRules *self)
{
  gsize size = 0;

  for (guint i = 0; self != NULL && i < self->rules->len; i++) {
    const PolicyRule *rule = self->rules->pdata[i];

    size += sizeof *rule + policy_rights_size (rule->rights)
            + text_size (rule->id) + text_size (rule->place);
    for (guint n = 0; n < rule->conditions->len; n++)
      size += condition_size (rule->conditions->pdata[n]);
  }
  return size;
}
