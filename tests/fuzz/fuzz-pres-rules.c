/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of codec/pres-rules and codec/pidf-filter: whatever parses can
 * be asked, its rights have a name that gives them again, and a document
 * filtered by them is the same when it is filtered once more (RFC 5025 4).
 * Built with -DWITH_LIBFUZZER it is driven by libFuzzer. */
#include "codec/pidf-filter.h"
#include "codec/pidf.h"
#include "codec/pres-rules.h"

#include <string.h>

#include "seeds.h"

#define OWNER "alice@example.com"

static const char sample[]
    = "<presence xmlns='urn:ietf:params:xml:ns:pidf'"
      " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"
      " xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid' entity='sip:" OWNER "'>"
      "<tuple id='t1'><status><basic>open</basic></status>"
      "<rpid:class>biz</rpid:class><rpid:relationship/>"
      "<rpid:user-input idle-threshold='600' last-input='x'>idle"
      "</rpid:user-input><x xmlns='urn:x'/><dm:deviceID>urn:d</dm:deviceID>"
      "<contact>sip:alice@example.com</contact><note>n</note></tuple>"
      "<dm:person id='p1'><rpid:activities><rpid:busy/></rpid:activities>"
      "<rpid:mood><rpid:calm/></rpid:mood></dm:person>"
      "<dm:device id='d1'><dm:deviceID>urn:d</dm:deviceID></dm:device>"
      "</presence>";

static gboolean
is_listed (const char *list, const char *watcher, gpointer data)
{
  return policy_user_is_listed (data, list, watcher);
}

static void
by_class_cb (PolicySelector selector, const char *value, gpointer data)
{
  *(gboolean *)data |= selector == RIGHTS_BY_CLASS;
}

/* RFC 5025 4; what was chosen by a class that is not shown is not chosen
 * again. */
static gboolean
is_stable (const PolicyRights *rights)
{
  gboolean by_class = FALSE;

  for (guint i = 0; i < RIGHTS_COMPONENTS; i++)
    policy_rights_foreach (rights, (PolicyComponent)i, by_class_cb, &by_class);
  return !by_class || policy_rights_shows (rights, RIGHTS_CLASS);
}

static void
check_filter (const PolicyRights *rights)
{
  g_autoptr (PresenceDoc) doc = NULL, once = NULL, twice = NULL;

  g_assert_true (pidf_parse (sample, strlen (sample), &doc, NULL));
  once = pidf_filter (doc, rights);
  twice = pidf_filter (once, rights);
  g_assert_true (!is_stable (rights) || presence_doc_equal (once, twice));
}

static void
check_rights (const PolicyRights *rights)
{
  g_autofree char *name = policy_rights_name (rights);
  g_autoptr (PolicyRights) again = policy_rights_of (name);
  g_autofree char *other = NULL, *text = policy_rights_text (rights);

  g_assert_nonnull (again);
  other = policy_rights_name (again);
  g_assert_cmpstr (name, ==, other);
  g_assert_nonnull (text);
  check_filter (rights);
}

static void
ask (const PolicyRules *rules, PolicyUser *user, const char *watcher)
{
  const PolicyRulesQuestion question
      = { .watcher = watcher,
          .sphere = "work",
          .now = G_GINT64_CONSTANT (1072286100) * G_USEC_PER_SEC,
          .is_listed = is_listed,
          .data = user };
  PolicyRulesAnswer answer;

  policy_rules_ask (rules, &question, &answer);
  g_assert_true (answer.changes_at == 0 || answer.changes_at > question.now);
  if (answer.has_match)
    check_rights (answer.rights);
  policy_rules_answer_clear (&answer);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PolicyRules) rules = policy_rules_new ();
  g_autoptr (PolicyUser) user = policy_user_new (OWNER);
  g_autoptr (GError) error = NULL;

  if (!pres_lists_parse ((const char *)data, size, OWNER, user, &error)) {
    g_assert_nonnull (error);
    g_clear_error (&error);
  }
  policy_user_is_listed (user, POLICY_BLOCKED_LIST, "bob@example.com");
  if (!pres_rules_parse ((const char *)data, size, OWNER, "x", rules, &error)) {
    g_assert_nonnull (error);
    g_assert_cmpuint (policy_rules_count (rules), ==, 0);
    return 0;
  }
  ask (rules, user, "bob@example.com");
  ask (rules, user, "user@example.com");
  ask (rules, user, "eve@example.net");
  return 0;
}

#ifndef WITH_LIBFUZZER

static const char *const words[] = {
  "<",
  ">",
  "/>",
  "</",
  "<!--",
  "-->",
  "&",
  "&#x0;",
  "'",
  "\"",
  "<!DOCTYPE x>",
  "xmlns=''",
  "<many/>",
  "<except/>",
  "<identity/>",
  "id='sip:bob@example.com'",
  "domain='example.com'",
  "<list name='a'>",
  "anc='a'",
  "\xc3",
  NULL,
};

int
main (int argc, char **argv)
{
  return fuzz_run_seeds (argc, argv, "pres-rules-", words);
}

#endif
