/* SPDX-License-Identifier: ISC
 *
 * policy/rules and policy/rights: which rules match, and what they add up to,
 * by the examples of RFC 4745 and RFC 5025. */
#include "policy/rules.h"

#include <string.h>

#define HOUR ((gint64)3600 * G_USEC_PER_SEC)

/* --- RFC 4745 10.3 --- */

/* A1 A2 A3 B1 B2 of the example, as microseconds since 1970. */
static gint64
at (const char *text)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, NULL);

  g_assert_nonnull (time);
  return g_date_time_to_unix (time) * G_USEC_PER_SEC;
}

#define A1 "2003-12-24T17:00:00+01:00"
#define A2 "2003-12-24T21:00:00+01:00"
#define A3 "2003-12-24T23:30:00+01:00"
#define B1 "2003-12-22T17:00:00+01:00"
#define B2 "2003-12-23T17:00:00+01:00"

/* X is provide-mood; Y, of which 3, 5, 10 and 12 occur, becomes confirm (3),
 * polite-block (12) and, for what must not count, allow (5, 10); Z is
 * provide-user-input: '-' bare, 'o' thresholds, '+' full. */
static const struct {
  const char *watcher, *sphere, *from, *until;
  gboolean x;
  PolicyHandling y;
  PolicyInput z;
} table[] = {
  { "bob", "home", A1, A2, TRUE, HANDLING_ALLOW, RIGHTS_INPUT_THRESHOLDS },
  { "alice", "work", A1, A2, FALSE, HANDLING_ALLOW, RIGHTS_INPUT_FULL },
  { "bob", "work", A1, A2, TRUE, HANDLING_CONFIRM, RIGHTS_INPUT_BARE },
  { "tom", "work", A1, A2, TRUE, HANDLING_ALLOW, RIGHTS_INPUT_FULL },
  { "bob", "work", A1, A3, FALSE, HANDLING_POLITE_BLOCK,
    RIGHTS_INPUT_THRESHOLDS },
  { "bob", "work", B1, B2, FALSE, HANDLING_ALLOW, RIGHTS_INPUT_BARE },
};

static PolicyRules *
rules_of_table (void)
{
  PolicyRules *rules = policy_rules_new ();

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree char *id = g_strdup_printf ("%u", i + 1);
    g_autofree char *uri
        = g_strdup_printf ("sip:%s@example.com", table[i].watcher);
    PolicyRule *rule = policy_rules_add (rules, id, "pres-rules");

    policy_condition_one (policy_rule_need (rule, CONDITION_IDENTITY), uri);
    policy_condition_sphere (policy_rule_need (rule, CONDITION_SPHERE),
                             table[i].sphere);
    policy_condition_between (policy_rule_need (rule, CONDITION_VALIDITY),
                              at (table[i].from), at (table[i].until));
    policy_rule_handle (rule, table[i].y);
    if (table[i].x)
      policy_rights_show (policy_rule_rights (rule), RIGHTS_MOOD);
    policy_rights_show_input (policy_rule_rights (rule), table[i].z);
  }
  return rules;
}

static void
matching_cb (const PolicyRuleView *rule, gpointer data)
{
  if (rule->is_match)
    g_string_append (data, rule->id);
}

static void
test_example (void)
{
  g_autoptr (PolicyRules) rules = rules_of_table ();
  g_autoptr (GString) matching = g_string_new (NULL);
  const PolicyRulesQuestion question
      = { .watcher = "bob@example.com",
          .sphere = "work",
          .now = at ("2003-12-24T17:15:00+01:00") };
  PolicyRulesAnswer answer;

  policy_rules_explain (rules, &question, matching_cb, matching);
  g_assert_cmpstr (matching->str, ==, "35");
  policy_rules_ask (rules, &question, &answer);
  g_assert_true (answer.has_match);
  g_assert_true (policy_rights_shows (answer.rights, RIGHTS_MOOD));
  g_assert_cmpint (answer.handling, ==, HANDLING_POLITE_BLOCK);
  g_assert_cmpint (policy_rights_input (answer.rights), ==,
                   RIGHTS_INPUT_THRESHOLDS);
  g_assert_cmpint (answer.changes_at, ==, at (A2));
  policy_rules_answer_clear (&answer);
}

/* --- Conditions --- */

static PolicyRulesAnswer
ask (const PolicyRules *rules, const char *watcher, const char *sphere,
     gint64 now)
{
  const PolicyRulesQuestion question
      = { .watcher = watcher, .sphere = sphere, .now = now };
  PolicyRulesAnswer answer;

  policy_rules_ask (rules, &question, &answer);
  policy_rules_answer_clear (&answer);
  return answer;
}

static gboolean
is_match (const PolicyRules *rules, const char *watcher)
{
  return ask (rules, watcher, NULL, 0).has_match;
}

static PolicyCondition *
with_condition (PolicyRules **rules, PolicyConditionKind kind)
{
  *rules = policy_rules_new ();
  return policy_rule_need (policy_rules_add (*rules, "a", ""), kind);
}

static void
test_no_rules (void)
{
  g_autoptr (PolicyRules) rules = policy_rules_new ();

  g_assert_false (is_match (NULL, "bob@example.com"));
  g_assert_false (is_match (rules, "bob@example.com"));
  policy_rules_add (rules, "a", "");
  g_assert_true (is_match (rules, "bob@example.com"));
  g_assert_cmpint (ask (rules, "bob@example.com", NULL, 0).handling, ==,
                   HANDLING_BLOCK);
}

static void
test_one (void)
{
  static const char *const matching[]
      = { "alice@example.com", "Alice@EXAMPLE.com", "carol@example.org",
          "dora@example.net", "+12125551234" };
  static const char *const others[]
      = { "bob@example.net", "alice@example.org", "xalice@example.com",
          "+12125551234@example.com" };
  g_autoptr (PolicyRules) rules = NULL;
  PolicyCondition *who = with_condition (&rules, CONDITION_IDENTITY);

  g_assert_false (is_match (rules, matching[0])); /* an empty <identity> */
  policy_condition_one (who, "sip:alice@example.com");
  policy_condition_one (who, "tel:+1-212-555-1234");
  policy_condition_one (who, "mailto:bob@example.net");
  policy_condition_one (who, "pres:carol@example.org");
  policy_condition_one (who, "sips:%64ora@example.net;transport=tcp");
  policy_condition_one (who, "nonsense");
  for (guint i = 0; i < G_N_ELEMENTS (matching); i++)
    g_assert_true (is_match (rules, matching[i]));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (is_match (rules, others[i]));
}

/* RFC 4745 7.1.3.2 */
static void
test_many_except (void)
{
  g_autoptr (PolicyRules) rules = NULL;
  PolicyCondition *who = with_condition (&rules, CONDITION_IDENTITY);

  policy_condition_many (who, NULL);
  g_assert_true (is_match (rules, "alice@example.com"));
  policy_condition_except (who, NULL, "example.com");
  policy_condition_except (who, NULL, "Example.ORG");
  policy_condition_except (who, "sip:alice@bad.example.net", NULL);
  policy_condition_except (who, "tel:+1-212-555-1234", NULL);
  g_assert_false (is_match (rules, "carol@example.com"));
  g_assert_false (is_match (rules, "carol@example.org"));
  g_assert_false (is_match (rules, "alice@bad.example.net"));
  g_assert_false (is_match (rules, "+12125551234"));
  g_assert_true (is_match (rules, "bob@bad.example.net"));
  g_assert_true (is_match (rules, "carol@sub.example.com"));
  policy_condition_spoil (who);
  g_assert_false (is_match (rules, "bob@bad.example.net"));
}

/* RFC 4745 7.1.3 and 7.1.3.3 */
static void
test_many_domain (void)
{
  g_autoptr (PolicyRules) rules = NULL, foreign = NULL, bad = NULL;
  PolicyCondition *who = with_condition (&rules, CONDITION_IDENTITY);

  policy_condition_many (who, "ex%61mple.com");
  policy_condition_except (who, "sip:alice@example.com", NULL);
  g_assert_true (is_match (rules, "carol@example.com"));
  g_assert_false (is_match (rules, "alice@example.com"));
  g_assert_false (is_match (rules, "carol@example.net"));
  g_assert_false (is_match (rules, "+15551234"));
  who = with_condition (&foreign, CONDITION_IDENTITY);
  policy_condition_many (who, "b\xc3\xbc"
                              "cher.example");
  g_assert_true (is_match (foreign, "a@xn--bcher-kva.example"));
  g_assert_true (is_match (foreign, "a@b\xc3\xbc"
                                    "cher.example"));
  g_assert_false (is_match (foreign, "a@bucher.example"));
  who = with_condition (&bad, CONDITION_IDENTITY);
  policy_condition_many (who, "%zz");
  g_assert_false (is_match (bad, "a@%zz"));
}

/* RFC 4745 7.3 */
static void
test_sphere (void)
{
  g_autoptr (PolicyRules) rules = NULL;

  policy_condition_sphere (with_condition (&rules, CONDITION_SPHERE),
                           " home  Work ");
  g_assert_true (policy_rules_use_sphere (rules));
  g_assert_true (ask (rules, "a@b", "HOME", 0).has_match);
  g_assert_true (ask (rules, "a@b", "work", 0).has_match);
  g_assert_false (ask (rules, "a@b", "travel", 0).has_match);
  g_assert_false (ask (rules, "a@b", "", 0).has_match);
  g_assert_false (ask (rules, "a@b", NULL, 0).has_match);
}

/* RFC 4745 7.4: from is in, until is out; several pairs. */
static void
test_validity (void)
{
  static const struct {
    gint64 now;
    gboolean is_match;
    gint64 changes_at;
  } rows[] = {
    { 0, FALSE, HOUR },
    { HOUR - 1, FALSE, HOUR },
    { HOUR, TRUE, 2 * HOUR },
    { 2 * HOUR - 1, TRUE, 2 * HOUR },
    { 2 * HOUR, FALSE, 5 * HOUR },
    { 5 * HOUR, TRUE, 6 * HOUR },
    { 6 * HOUR, FALSE, 0 },
  };
  g_autoptr (PolicyRules) rules = NULL;
  PolicyCondition *when = with_condition (&rules, CONDITION_VALIDITY);

  policy_condition_between (when, HOUR, 2 * HOUR);
  policy_condition_between (when, 5 * HOUR, 6 * HOUR);
  policy_condition_between (when, 4 * HOUR, 3 * HOUR); /* never */
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    PolicyRulesAnswer answer = ask (rules, "a@b", NULL, rows[i].now);

    g_assert_cmpint (answer.has_match, ==, rows[i].is_match);
    g_assert_cmpint (answer.changes_at, ==, rows[i].changes_at);
  }
}

/* Time matters only to whom the rest of the rule fits. */
static void
test_validity_of_others (void)
{
  g_autoptr (PolicyRules) rules = NULL;
  PolicyRule *rule;

  rules = policy_rules_new ();
  rule = policy_rules_add (rules, "a", "");
  policy_condition_between (policy_rule_need (rule, CONDITION_VALIDITY), HOUR,
                            2 * HOUR);
  policy_condition_one (policy_rule_need (rule, CONDITION_IDENTITY),
                        "sip:bob@example.com");
  g_assert_cmpint (ask (rules, "bob@example.com", NULL, 0).changes_at, ==,
                   HOUR);
  g_assert_cmpint (ask (rules, "eve@example.com", NULL, 0).changes_at, ==, 0);
}

static gboolean
friends_cb (const char *list, const char *watcher, gpointer data)
{
  return strcmp (list, "friends") == 0
         && strcmp (watcher, "fred@example.com") == 0;
}

/* The OMA's conditions. */
static void
test_lists_and_others (void)
{
  g_autoptr (PolicyRules) rules = policy_rules_new ();
  PolicyRulesQuestion question = { .is_listed = friends_cb };
  static const struct {
    const char *watcher, *matching;
  } rows[] = { { "bob@example.com", "" }, /* named, but only at work */
               { "fred@example.com", "l" },
               { "eve@example.com", "o" } };
  PolicyRule *rule = policy_rules_add (rules, "i", "");

  policy_condition_one (policy_rule_need (rule, CONDITION_IDENTITY),
                        "sip:bob@example.com");
  policy_condition_sphere (policy_rule_need (rule, CONDITION_SPHERE), "work");
  rule = policy_rules_add (rules, "l", "");
  policy_condition_list (policy_rule_need (rule, CONDITION_LIST), "friends");
  rule = policy_rules_add (rules, "o", "");
  policy_rule_need (rule, CONDITION_OTHER);
  policy_rule_need (policy_rules_add (rules, "n", ""), CONDITION_NEVER);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GString) matching = g_string_new (NULL);

    question.watcher = rows[i].watcher;
    policy_rules_explain (rules, &question, matching_cb, matching);
    g_assert_cmpstr (matching->str, ==, rows[i].matching);
  }
  g_assert_cmpuint (policy_rules_count (rules), ==, 4);
  g_assert_cmpuint (policy_rules_size (rules), >, 4 * 100);
}

/* --- Rights --- */

static PolicyRights *
devices (const char *const *classes, const char *device)
{
  PolicyRights *rights = policy_rights_new ();

  for (; *classes != NULL; classes++)
    policy_rights_provide (rights, RIGHTS_DEVICES, RIGHTS_BY_CLASS, *classes);
  if (device != NULL)
    policy_rights_provide (rights, RIGHTS_DEVICES, RIGHTS_BY_DEVICE_ID, device);
  return rights;
}

/* RFC 5025 3.3.1.1 */
static void
test_union (void)
{
  static const char *const biz[] = { "biz", NULL };
  static const char *const both[] = { "home", "biz", NULL };
  g_autoptr (PolicyRights) rights = devices (biz, "urn:uuid:f81d4fae");
  g_autoptr (PolicyRights) more = devices (both, NULL);
  g_autoptr (PolicyRights) expected = devices (both, "urn:uuid:f81d4fae");
  g_autofree char *name = NULL, *wanted = NULL, *text = NULL;

  policy_rights_add (rights, more);
  name = policy_rights_name (rights);
  wanted = policy_rights_name (expected);
  g_assert_cmpstr (name, ==, wanted);
  g_assert_true (
      policy_rights_selects (rights, RIGHTS_DEVICES, RIGHTS_BY_CLASS, "home"));
  g_assert_false (
      policy_rights_selects (rights, RIGHTS_DEVICES, RIGHTS_BY_CLASS, "Home"));
  g_assert_false (
      policy_rights_selects (rights, RIGHTS_PERSONS, RIGHTS_BY_CLASS, "home"));
  text = policy_rights_text (rights);
  g_assert_cmpstr (text, ==,
                   "devices: class biz, class home, device urn:uuid:f81d4fae");
}

static void
all_components (PolicyRights *rights)
{
  for (guint i = 0; i < RIGHTS_COMPONENTS; i++)
    policy_rights_provide (rights, (PolicyComponent)i, RIGHTS_BY_ALL, NULL);
}

/* RFC 5025 3.3.2.15 */
static void
test_everything (void)
{
  g_autoptr (PolicyRights) rights = policy_rights_new ();
  g_autoptr (PolicyRights) more = policy_rights_new ();
  g_autofree char *name = NULL, *other = NULL;

  all_components (rights);
  g_assert_false (policy_rights_is_full (rights));
  policy_rights_show (rights, RIGHTS_ALL_ATTRIBUTES);
  g_assert_true (policy_rights_is_full (rights));
  g_assert_true (policy_rights_shows (rights, RIGHTS_MOOD | RIGHTS_NOTE));
  g_assert_true (policy_rights_shows_unknown (rights, "urn:x", "y"));
  g_assert_cmpint (policy_rights_input (rights), ==, RIGHTS_INPUT_FULL);
  /* what says nothing new has no name of its own */
  policy_rights_add (more, rights);
  policy_rights_provide (more, RIGHTS_SERVICES, RIGHTS_BY_SCHEME, "sip");
  policy_rights_show_unknown (more, "urn:x", "y");
  policy_rights_show (more, RIGHTS_MOOD);
  name = policy_rights_name (rights);
  other = policy_rights_name (more);
  g_assert_cmpstr (name, ==, other);
}

static void
test_name (void)
{
  g_autoptr (PolicyRights) rights = policy_rights_new ();
  g_autoptr (PolicyRights) again = NULL;
  g_autofree char *name = NULL, *other = NULL, *text = NULL;

  policy_rights_provide (rights, RIGHTS_SERVICES, RIGHTS_BY_URI,
                         "sip:a@b;x=\"y\"");
  policy_rights_provide (rights, RIGHTS_PERSONS, RIGHTS_BY_ALL, NULL);
  policy_rights_show (rights, RIGHTS_NOTE | RIGHTS_SPHERE);
  policy_rights_show_input (rights, RIGHTS_INPUT_FULL);
  policy_rights_show_input (rights, RIGHTS_INPUT_BARE);
  policy_rights_show_unknown (rights, "urn:x", "foo");
  text = policy_rights_text (rights);
  g_assert_cmpstr (text, ==,
                   "services: uri sip:a@b;x=\"y\"; persons: all; attributes: "
                   "sphere, note, user-input, foo");
  name = policy_rights_name (rights);
  again = policy_rights_of (name);
  g_assert_nonnull (again);
  other = policy_rights_name (again);
  g_assert_cmpstr (name, ==, other);
  g_assert_true (policy_rights_selects (again, RIGHTS_SERVICES, RIGHTS_BY_URI,
                                        "sip:a@b;x=\"y\""));
  g_assert_true (policy_rights_shows (again, RIGHTS_NOTE));
  g_assert_false (policy_rights_shows (again, RIGHTS_NOTE | RIGHTS_MOOD));
  g_assert_true (policy_rights_shows_unknown (again, "urn:x", "foo"));
  g_assert_false (policy_rights_shows_unknown (again, "urn:y", "foo"));
  g_assert_cmpint (policy_rights_input (again), ==, RIGHTS_INPUT_FULL);
  g_assert_null (policy_rights_of ("all"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rules/rfc4745-10.3/example", test_example);
  g_test_add_func ("/rules/rfc4745-10.1/none", test_no_rules);
  g_test_add_func ("/rules/rfc4745-7.1.2/one", test_one);
  g_test_add_func ("/rules/rfc4745-7.1.3.2/except", test_many_except);
  g_test_add_func ("/rules/rfc4745-7.1.3/domain", test_many_domain);
  g_test_add_func ("/rules/rfc4745-7.3/sphere", test_sphere);
  g_test_add_func ("/rules/rfc4745-7.4/validity", test_validity);
  g_test_add_func ("/rules/rfc4745-7.4/of-others", test_validity_of_others);
  g_test_add_func ("/rules/oma/lists-and-others", test_lists_and_others);
  g_test_add_func ("/rights/rfc5025-3.3.1.1/union", test_union);
  g_test_add_func ("/rights/rfc5025-3.3.2.15/everything", test_everything);
  g_test_add_func ("/rights/name", test_name);
  return g_test_run ();
}
