/* SPDX-License-Identifier: ISC
 *
 * policy/: the order of DESIGN section 4, each step by rows. */
#include "policy/policy.h"

#define ALICE "alice@example.com"
#define BOB "bob@example.com"
#define EVE "eve@example.net"

/* What differs from the defaults. */
typedef enum {
  NO_SHARING = 1 << 0,
  APPROVAL = 1 << 1,
  ADHOC = 1 << 2,      /* on, without bounds */
  IM_OFF = 1 << 3,
  CONTACT = 1 << 4,    /* alice is a contact of bob's */
  UNREAD = 1 << 5,     /* alice's policy could not be read */
  UNREAD_BOB = 1 << 6, /* bob's could not */
  RULES = 1 << 7,      /* alice's: fred allowed, eve politely blocked, dora to
                          confirm, mallory blocked */
  BAD_RULES = 1 << 8,  /* hers cannot be read */
  LISTED = 1 << 9,     /* bob is on her list of who is blocked */
} Given;

typedef struct {
  const char *path;
  Given given;
  const char *watcher, *package;
  const char *rows; /* of alice: "bob@example.com=block @example.net=allow" */
  PolicyDecision decision;
  PolicyStep step;
  gboolean is_unknown, is_adhoc;
} Row;

static const Row rows[] = {
  /* 1 oneself */
  { "/policy/1/oneself", 0, ALICE, "presence", "", POLICY_ALLOW,
    POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/oneself-in-any-case", 0, "ALICE@Example.com", "presence", "",
    POLICY_ALLOW, POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/oneself-before-a-block", 0, ALICE, "presence",
    ALICE "=block", POLICY_ALLOW, POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/oneself-without-database", UNREAD, ALICE, "presence", "",
    POLICY_ALLOW, POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/rfc3857-4.3/owner", 0, ALICE, "presence.winfo", "", POLICY_ALLOW,
    POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/rfc3857-4.3/others", CONTACT, BOB, "presence.winfo", "",
    POLICY_BLOCK, POLICY_BY_OWNERSHIP, FALSE, FALSE },
  { "/policy/1/rfc3857-4.3/same-user-elsewhere", 0, "alice@example.net",
    "presence.winfo", "", POLICY_BLOCK, POLICY_BY_OWNERSHIP, FALSE, FALSE },
  { "/policy/1/rfc5875-7/owner", 0, ALICE, "xcap-diff", "", POLICY_ALLOW,
    POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/rfc5875-7/others", CONTACT, BOB, "xcap-diff", BOB "=allow",
    POLICY_BLOCK, POLICY_BY_OWNERSHIP, FALSE, FALSE },
  { "/policy/1/rfc6080-6.6/owner", 0, ALICE, "ua-profile", ALICE "=block",
    POLICY_ALLOW, POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/rfc6080-6.6/others", CONTACT, BOB, "ua-profile", BOB "=allow",
    POLICY_BLOCK, POLICY_BY_OWNERSHIP, FALSE, FALSE },
  { "/policy/1/rfc3842-6/owner", 0, ALICE, "message-summary", "", POLICY_ALLOW,
    POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/1/rfc3842-6/others", CONTACT, BOB, "message-summary",
    BOB "=allow", POLICY_BLOCK, POLICY_BY_OWNERSHIP, FALSE, FALSE },
  { "/policy/package-case", CONTACT, BOB, "Presence", "", POLICY_ALLOW,
    POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/no-such-package", CONTACT, ALICE, "message", "", POLICY_BLOCK,
    POLICY_BY_NOBODY, FALSE, FALSE },
  /* 2 block and polite block, 3 allow */
  { "/policy/2/block", CONTACT, BOB, "presence", BOB "=block", POLICY_BLOCK,
    POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/2/polite", CONTACT, BOB, "presence", BOB "=polite_block",
    POLICY_POLITE_BLOCK, POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/2/domain", 0, EVE, "presence", "@example.net=block", POLICY_BLOCK,
    POLICY_BY_DOMAIN_ROW, FALSE, FALSE },
  { "/policy/2/exact-before-domain", 0, EVE, "presence",
    "@example.net=block " EVE "=allow", POLICY_ALLOW, POLICY_BY_ROW, FALSE,
    FALSE },
  { "/policy/2/domain-before-a-request", 0, EVE, "presence",
    "@example.net=block " EVE "=pending", POLICY_BLOCK, POLICY_BY_DOMAIN_ROW,
    FALSE, FALSE },
  { "/policy/2/case", CONTACT, "BOB@EXAMPLE.com", "presence", BOB "=block",
    POLICY_BLOCK, POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/2/other-domain", 0, "x@sub.example.net", "presence",
    "@example.net=block", POLICY_ALLOW, POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/3/allow-before-approval", APPROVAL, EVE, "presence", EVE "=allow",
    POLICY_ALLOW, POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/3/allow-before-contacts", 0, BOB, "presence", BOB "=allow",
    POLICY_ALLOW, POLICY_BY_ROW, FALSE, FALSE },
  /* 4 the contact rule */
  { "/policy/4/contact", CONTACT, BOB, "presence", "", POLICY_ALLOW,
    POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/4/adhoc-off", 0, BOB, "presence", "", POLICY_BLOCK,
    POLICY_BY_ADHOC_OFF, FALSE, FALSE },
  { "/policy/4/adhoc-on", ADHOC, BOB, "presence", "", POLICY_ALLOW,
    POLICY_BY_DEFAULT, FALSE, TRUE },
  { "/policy/4/a-contact-is-not-adhoc", ADHOC | CONTACT, BOB, "presence", "",
    POLICY_ALLOW, POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/4/strangers-are-not-asked", 0, EVE, "presence", "", POLICY_ALLOW,
    POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/4/block-before-adhoc", 0, BOB, "presence", BOB "=polite_block",
    POLICY_POLITE_BLOCK, POLICY_BY_ROW, FALSE, FALSE },
  /* 2 the blocked list stands above decisions that allow, and above rules */
  { "/policy/2/blocked-list", CONTACT | LISTED, BOB, "presence", "",
    POLICY_BLOCK, POLICY_BY_BLOCKED_LIST, FALSE, FALSE },
  { "/policy/2/blocked-list-before-allow", CONTACT | LISTED, BOB, "presence",
    BOB "=allow", POLICY_BLOCK, POLICY_BY_BLOCKED_LIST, FALSE, FALSE },
  { "/policy/2/polite-before-blocked-list", CONTACT | LISTED, BOB, "presence",
    BOB "=polite_block", POLICY_POLITE_BLOCK, POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/2/blocked-list-before-rules", LISTED | RULES, "fred@example.net",
    "presence", "", POLICY_BLOCK, POLICY_BY_BLOCKED_LIST, FALSE, FALSE },
  /* 3 before 5, 4 before 5 */
  { "/policy/3/allow-before-rules", RULES, "mallory@example.net", "presence",
    "@example.net=allow", POLICY_ALLOW, POLICY_BY_DOMAIN_ROW, FALSE, FALSE },
  { "/policy/4/adhoc-before-rules", RULES, BOB, "presence", "", POLICY_BLOCK,
    POLICY_BY_ADHOC_OFF, FALSE, FALSE },
  /* 5 rules */
  { "/policy/5/rfc5025-3.2.1/allow", RULES | APPROVAL, "fred@example.net",
    "presence", "", POLICY_ALLOW, POLICY_BY_RULES, FALSE, FALSE },
  { "/policy/5/rfc5025-3.2.1/polite", RULES, EVE, "presence", "",
    POLICY_POLITE_BLOCK, POLICY_BY_RULES, FALSE, FALSE },
  { "/policy/5/rfc5025-3.2.1/confirm", RULES, "dora@example.net", "presence",
    "", POLICY_PENDING, POLICY_BY_RULES, FALSE, FALSE },
  { "/policy/5/rfc5025-3.2.1/block", RULES, "mallory@example.net", "presence",
    "", POLICY_BLOCK, POLICY_BY_RULES, FALSE, FALSE },
  { "/policy/5/decision-before-rules", RULES, EVE, "presence", EVE "=block",
    POLICY_BLOCK, POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/5/unreadable", BAD_RULES, EVE, "presence", "", POLICY_PENDING,
    POLICY_BY_BAD_RULES, FALSE, FALSE },
  { "/policy/6/no-rule-matches", RULES, "x@example.net", "presence", "",
    POLICY_ALLOW, POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/6/no-rule-matches-approval", RULES | APPROVAL, "x@example.net",
    "presence", "", POLICY_PENDING, POLICY_BY_APPROVAL, FALSE, FALSE },
  { "/policy/7/rules-do-not-share", RULES | NO_SHARING, "fred@example.net",
    "presence", "", POLICY_ALLOW, POLICY_BY_RULES, TRUE, FALSE },
  /* 6 approval */
  { "/policy/6/approval", APPROVAL | CONTACT, BOB, "presence", "",
    POLICY_PENDING, POLICY_BY_APPROVAL, FALSE, FALSE },
  { "/policy/6/asked-already", APPROVAL, EVE, "presence", EVE "=pending",
    POLICY_PENDING, POLICY_BY_APPROVAL, FALSE, FALSE },
  { "/policy/6/adhoc-with-approval", APPROVAL | ADHOC, BOB, "presence", "",
    POLICY_PENDING, POLICY_BY_APPROVAL, FALSE, TRUE },
  /* 7 sharing */
  { "/policy/7/not-shared", NO_SHARING | CONTACT, BOB, "presence", "",
    POLICY_ALLOW, POLICY_BY_DEFAULT, TRUE, FALSE },
  { "/policy/7/own-is-shared", NO_SHARING, ALICE, "presence", "", POLICY_ALLOW,
    POLICY_BY_ONESELF, FALSE, FALSE },
  /* what could not be read shows nothing, and refuses nobody for good */
  { "/policy/unread/presentity", UNREAD, EVE, "presence", "", POLICY_PENDING,
    POLICY_BY_NOT_KNOWN, FALSE, FALSE },
  { "/policy/unread/watcher", UNREAD_BOB, BOB, "presence", "", POLICY_PENDING,
    POLICY_BY_NOT_KNOWN, FALSE, FALSE },
};

static const Row messages[] = {
  { "/policy/message/anybody", 0, BOB, "", "", POLICY_ALLOW, POLICY_BY_DEFAULT,
    FALSE, FALSE },
  { "/policy/message/oneself", 0, ALICE, "", ALICE "=block", POLICY_ALLOW,
    POLICY_BY_ONESELF, FALSE, FALSE },
  { "/policy/message/block", 0, BOB, "", BOB "=block", POLICY_BLOCK,
    POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/message/polite", 0, EVE, "", "@example.net=polite_block",
    POLICY_POLITE_BLOCK, POLICY_BY_DOMAIN_ROW, FALSE, FALSE },
  { "/policy/message/pending-may-write", APPROVAL, BOB, "", BOB "=pending",
    POLICY_ALLOW, POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/message/without-database", UNREAD, BOB, "", "", POLICY_ALLOW,
    POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/message/blocked-list", LISTED, BOB, "", BOB "=allow",
    POLICY_BLOCK, POLICY_BY_BLOCKED_LIST, FALSE, FALSE },
  { "/policy/message/allow", 0, BOB, "", BOB "=allow", POLICY_ALLOW,
    POLICY_BY_ROW, FALSE, FALSE },
  { "/policy/message/rules-are-about-presence", RULES, "mallory@example.net",
    "", "", POLICY_ALLOW, POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/message/a-rules-polite-block-too", RULES, EVE, "", "",
    POLICY_ALLOW, POLICY_BY_DEFAULT, FALSE, FALSE },
  { "/policy/message/off", IM_OFF, BOB, "", BOB "=allow", POLICY_BLOCK,
    POLICY_BY_IM_OFF, FALSE, FALSE },
  { "/policy/message/off-for-oneself", IM_OFF, ALICE, "", "", POLICY_BLOCK,
    POLICY_BY_IM_OFF, FALSE, FALSE },
};

static PolicySettings
settings_of (Given given)
{
  PolicySettings settings = policy_settings_default;

  settings.share_availability = !(given & NO_SHARING);
  settings.allow_without_approval = !(given & APPROVAL);
  settings.adhoc_enabled = (given & ADHOC) != 0;
  settings.im_enabled = !(given & IM_OFF);
  return settings;
}

static PolicyUser *
user_of (const char *aor, const char *text)
{
  PolicyUser *user = policy_user_new (aor);
  g_auto (GStrv) words = g_strsplit (text, " ", 0);

  for (char **word = words; *word != NULL; word++) {
    g_auto (GStrv) parts = g_strsplit (*word, "=", 2);

    if (parts[0] != NULL)
      policy_user_add_row (user, parts[0], policy_row_of (parts[1]));
  }
  return user;
}

static PolicyRules *
some_rules (void)
{
  static const struct {
    const char *uri;
    PolicyHandling handling;
  } each[] = { { "sip:fred@example.net", HANDLING_ALLOW },
               { "sip:" EVE, HANDLING_POLITE_BLOCK },
               { "sip:dora@example.net", HANDLING_CONFIRM },
               { "sip:mallory@example.net", HANDLING_BLOCK } };
  PolicyRules *rules = policy_rules_new ();

  for (guint i = 0; i < G_N_ELEMENTS (each); i++) {
    PolicyRule *rule = policy_rules_add (rules, each[i].uri, "pres-rules");

    policy_condition_one (policy_rule_need (rule, CONDITION_IDENTITY),
                          each[i].uri);
    policy_rule_handle (rule, each[i].handling);
  }
  return rules;
}

typedef struct {
  PolicySettings settings;
  PolicyUser *alice, *bob;
  PolicyQuestion question;
} Case;

static void
case_init (Case *self, const Row *row)
{
  self->settings = settings_of (row->given);
  self->alice = user_of (ALICE, row->rows);
  self->bob = policy_user_new (BOB);
  if (row->given & CONTACT)
    policy_user_add_contact (self->bob, "sip:" ALICE ";transport=tcp");
  if (row->given & RULES)
    policy_user_set_rules (self->alice, some_rules ());
  if (row->given & BAD_RULES)
    policy_user_set_unreadable (self->alice);
  if (row->given & LISTED) {
    policy_user_add_sublist (self->alice, POLICY_BLOCKED_LIST, "bad");
    policy_user_add_sublist (self->alice, "bad", POLICY_BLOCKED_LIST);
    policy_user_add_member (self->alice, "bad", "sip:" BOB);
    policy_user_add_member (self->alice, POLICY_BLOCKED_LIST,
                            "sip:fred@example.net");
  }
  self->question = (PolicyQuestion){
    .settings = &self->settings,
    .watcher = row->watcher,
    .presentity = ALICE,
    .package = row->package,
    .is_local_watcher = g_str_has_suffix (row->watcher, "example.com"),
    .of_presentity = row->given & UNREAD ? NULL : self->alice,
    .of_watcher = row->given & UNREAD_BOB ? NULL : self->bob,
  };
}

static void
case_clear (Case *self)
{
  policy_user_unref (self->alice);
  policy_user_unref (self->bob);
}

static void
assert_answer (const PolicyAnswer *answer, const Row *row)
{
  g_assert_cmpint (answer->decision, ==, row->decision);
  g_assert_cmpint (answer->step, ==, row->step);
  g_assert_cmpint (answer->is_unknown, ==, row->is_unknown);
  g_assert_cmpint (answer->is_adhoc, ==, row->is_adhoc);
  g_assert_nonnull (policy_step_text (answer->step));
}

static void
test_watch (gconstpointer data)
{
  PolicyAnswer answer;
  Case c;

  case_init (&c, data);
  answer = policy_watch (&c.question);
  assert_answer (&answer, data);
  policy_answer_clear (&answer);
  case_clear (&c);
}

static void
test_message (gconstpointer data)
{
  PolicyAnswer answer;
  Case c;

  case_init (&c, data);
  answer = policy_message (&c.question);
  assert_answer (&answer, data);
  case_clear (&c);
}

/* A user's own setting goes before the organisation's, both ways. */
static void
test_overrides (void)
{
  const Row row = { .watcher = EVE, .package = "presence", .rows = "" };
  Case c;

  case_init (&c, &row);
  c.question.share = POLICY_NO;
  g_assert_true (policy_watch (&c.question).is_unknown);
  c.settings.share_availability = FALSE;
  c.question.share = POLICY_YES;
  g_assert_false (policy_watch (&c.question).is_unknown);
  c.question.approval = POLICY_NO;
  g_assert_cmpint (policy_watch (&c.question).decision, ==, POLICY_PENDING);
  c.settings.allow_without_approval = FALSE;
  c.question.approval = POLICY_YES;
  g_assert_cmpint (policy_watch (&c.question).decision, ==, POLICY_ALLOW);
  case_clear (&c);
}

/* What an allowed one sees: what the rules provide, or everything. */
static void
test_rights (void)
{
  const Row row = { .given = RULES,
                    .watcher = "fred@example.net",
                    .package = "presence",
                    .rows = "" };
  PolicyAnswer answer;
  Case c;

  case_init (&c, &row);
  answer = policy_watch (&c.question);
  g_assert_nonnull (answer.rights);
  g_assert_false (policy_rights_is_full (answer.rights));
  policy_answer_clear (&answer);
  c.question.watcher = "x@example.net";
  answer = policy_watch (&c.question);
  g_assert_null (answer.rights);
  c.question.watcher = EVE;
  answer = policy_watch (&c.question);
  g_assert_null (answer.rights);
  case_clear (&c);
}

/* A request is over when a decision, a rule or the settings answer it. */
static void
test_decided (void)
{
  const Row row = { .given = RULES | APPROVAL,
                    .watcher = BOB,
                    .package = "",
                    .rows = BOB "=pending " EVE "=pending" };
  Case c;

  case_init (&c, &row);
  g_assert_false (policy_is_decided (&c.question));
  c.question.watcher = EVE;
  g_assert_true (policy_is_decided (&c.question));
  c.question.watcher = "dora@example.net";
  g_assert_false (policy_is_decided (&c.question));
  c.settings.allow_without_approval = TRUE;
  c.question.watcher = BOB;
  g_assert_true (policy_is_decided (&c.question));
  g_assert_cmpuint (policy_user_asked (c.alice, NULL, NULL), ==, 2);
  policy_user_drop_asked (c.alice, "BOB@example.com");
  policy_user_drop_asked (c.alice, "x@example.net");
  g_assert_cmpuint (policy_user_asked (c.alice, NULL, NULL), ==, 1);
  case_clear (&c);
}

static void
test_adhoc_max (void)
{
  const Row row
      = { .given = ADHOC, .watcher = BOB, .package = "presence", .rows = "" };
  PolicyAnswer answer;
  Case c;

  case_init (&c, &row);
  c.settings.adhoc_max = 2;
  c.question.adhoc_in_use = 1;
  g_assert_true (policy_watch (&c.question).is_adhoc);
  c.question.adhoc_in_use = 2;
  answer = policy_watch (&c.question);
  g_assert_cmpint (answer.decision, ==, POLICY_BLOCK);
  g_assert_cmpint (answer.step, ==, POLICY_BY_ADHOC_MAX);
  c.settings.adhoc_max = 0;
  c.question.adhoc_in_use = 0;
  g_assert_cmpint (policy_watch (&c.question).step, ==, POLICY_BY_ADHOC_MAX);
  case_clear (&c);
}

static void
test_contacts (void)
{
  static const char *const uris[]
      = { "sip:" ALICE, "sips:Alice@EXAMPLE.com", "xmpp:" ALICE "/phone",
          "pres:" ALICE, "im:" ALICE "?x=1", "sip:" ALICE ";lr" };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++) {
    g_autoptr (PolicyUser) user = policy_user_new (BOB);

    g_assert_false (policy_user_has_contact (user, ALICE));
    policy_user_add_contact (user, uris[i]);
    if (!policy_user_has_contact (user, ALICE))
      g_error ("%s is no contact", uris[i]);
    g_assert_false (policy_user_has_contact (user, EVE));
    policy_user_add_contact (user, "tel:+15551234");
    policy_user_add_contact (user, "");
  }
}

static void
asked_cb (const char *watcher, gpointer data)
{
  g_string_append_printf (data, "%s ", watcher);
}

static void
test_asked (void)
{
  g_autoptr (PolicyUser) user
      = user_of (ALICE, BOB "=pending " EVE "=allow x=nonsense");
  g_autoptr (GString) asked = g_string_new (NULL);

  g_assert_cmpuint (policy_user_asked (user, asked_cb, asked), ==, 1);
  g_assert_cmpstr (asked->str, ==, BOB " ");
  g_assert_cmpint (policy_user_row (user, "x", NULL), ==, POLICY_UNDECIDED);
  g_assert_cmpstr (policy_row_name (POLICY_POLITELY_BLOCKED), ==,
                   "polite_block");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add_data_func (rows[i].path, &rows[i], test_watch);
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    g_test_add_data_func (messages[i].path, &messages[i], test_message);
  g_test_add_func ("/policy/overrides", test_overrides);
  g_test_add_func ("/policy/4/adhoc-max", test_adhoc_max);
  g_test_add_func ("/policy/5/rights", test_rights);
  g_test_add_func ("/policy/decided", test_decided);
  g_test_add_func ("/policy/user/contacts", test_contacts);
  g_test_add_func ("/policy/user/asked", test_asked);
  return g_test_run ();
}
