/* SPDX-License-Identifier: ISC
 *
 * service/: what watchers see, and when they are told, by rules, decisions and
 * settings that change while they watch. */
#include "tests/lib/servicebed.h"

#include <string.h>

#define RULES(inner)                                                           \
  "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'"                      \
  " xmlns:pr='urn:ietf:params:xml:ns:pres-rules'>" inner "</ruleset>"
#define RULE(id, conditions, handling, shown)                                  \
  "<rule id='" id "'><conditions>" conditions "</conditions><actions>"         \
  "<pr:sub-handling>" handling "</pr:sub-handling></actions>"                  \
  "<transformations>" shown "</transformations></rule>"
#define ONE(aor) "<identity><one id='sip:" aor "'/></identity>"
#define SERVICES "<pr:provide-services><pr:all-services/></pr:provide-services>"
#define PERSONS "<pr:provide-persons><pr:all-persons/></pr:provide-persons>"
#define ALL SERVICES PERSONS "<pr:provide-all-attributes/>"

#define TUPLE(basic)                                                           \
  "<tuple id='t'><status><basic>" basic "</basic></status></tuple>"
#define MOOD(mood)                                                             \
  "<dm:person id='p'><rpid:mood><rpid:" mood "/></rpid:mood></dm:person>"
#define SPHERE(sphere)                                                         \
  "<dm:person id='p'><rpid:sphere><rpid:" sphere "/></rpid:sphere></"          \
  "dm:person>"

static void
watch (ServiceBed *bed, const char *watcher, SubsState state, const char *text)
{
  bed_subscribe (bed, watcher, ALICE, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  bed_expect (bed, watcher, state, text);
}

/* --- Approval --- */

static void
require_approval (ServiceBed *bed)
{
  bed->settings.allow_without_approval = FALSE;
  bed_set (bed);
}

static void
assert_decision (ServiceBed *bed, const char *watcher, const char *expected)
{
  g_autofree char *found = bed_decision (bed, watcher);

  g_assert_cmpstr (found, ==, expected);
}

/* Pending; the owner is told and writes a rule; active with state at once, the
 * request is gone and the owner is told again. */
static void
test_approved_by_rule (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  require_approval (bed);
  bed_subscribe (bed, ALICE, ALICE, "presence.winfo", 3600);
  bed_drain (bed);
  watch (bed, BOB, SUBS_PENDING, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "status=\"pending\"");
  assert_decision (bed, BOB, "pending");
  bed_put_policy (bed, RULES (RULE ("a", ONE (BOB), "allow", ALL)), NULL,
                  BOB "=pending");
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  fake_loop_settle (bed->loop);
  assert_decision (bed, BOB, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "status=\"active\"");
}

/* RFC 3857 4.7.1: a request whose watcher is gone waits, until it is
 * decided. */
static void
test_waiting_is_decided (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  require_approval (bed);
  bed_put_policy (bed, NULL, NULL, EVE "=pending " BOB "=pending");
  bed_subscribe (bed, ALICE, ALICE, "presence.winfo", 3600);
  bed_drain (bed);
  bed_put_policy (bed, RULES (RULE ("a", ONE (EVE), "block", "")), NULL,
                  EVE "=pending " BOB "=pending");
  assert_decision (bed, EVE, NULL);
  assert_decision (bed, BOB, "pending");
  bed_expect (bed, ALICE, SUBS_ACTIVE, BOB);
}

static void
test_confirm_asks_the_owner (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_put_policy (bed, RULES (RULE ("a", ONE (EVE), "confirm", "")), NULL, "");
  watch (bed, EVE, SUBS_PENDING, NULL);
  assert_decision (bed, EVE, "pending");
  bed_put_policy (bed, RULES (RULE ("a", ONE (EVE), "confirm", "")), NULL,
                  EVE "=allow");
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  assert_decision (bed, EVE, "allow");
}

/* RFC 5025 3.2.1: what live subscriptions become. */
static void
test_rules_change (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, TUPLE ("open"));
  watch (bed, EVE, SUBS_ACTIVE, "<basic>open");
  bed_put_policy (bed, RULES (RULE ("a", "", "confirm", "")), NULL, "");
  bed_expect (bed, EVE, SUBS_PENDING, NULL);
  bed_put_policy (bed, RULES (RULE ("a", "", "polite-block", "")), NULL, "");
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  bed_put_policy (bed, RULES (RULE ("a", "", "allow", ALL)), NULL, "");
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>open");
  bed_put_policy (bed, RULES (RULE ("a", "", "block", "")), NULL, "");
  bed_expect (bed, EVE, SUBS_TERMINATED, NULL);
  bed_subscribe (bed, EVE, ALICE, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
}

/* What was read is enough: PostgreSQL is not asked again. */
static void
test_from_memory (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_put_policy (bed, RULES (RULE ("a", ONE (EVE), "allow", SERVICES)), NULL,
                  "");
  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  store_mem_set_up (bed->store, FALSE);
  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  bed_publish (bed, TUPLE ("open"));
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>open");
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>open");
}

static void
test_blocked_list (void)
{
  static const char lists[]
      = "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>"
        "<list name='oma_blockedcontacts'><entry uri='sip:" EVE "'/></list>"
        "</resource-lists>";
  g_autoptr (ServiceBed) bed = bed_new ();

  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  bed_put_policy (bed, RULES (RULE ("a", "", "allow", ALL)), lists,
                  EVE "=allow");
  bed_expect (bed, EVE, SUBS_TERMINATED, NULL);
  bed_subscribe (bed, EVE, ALICE, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
}

/* Of who has no rules, too, however its name is written. */
static void
test_blocked_without_rules (void)
{
#define NAMED(name)                                                            \
  "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>"             \
  "<list name='friends'><entry uri='sip:" BOB "'/></list>"                     \
  "<list name='" name "'><entry uri='sip:" EVE "'/></list></resource-lists>"
  static const char *const lists[]
      = { NAMED ("oma_blockedcontacts"),
          NAMED ("&#111;ma_blocked&#x63;ontacts") };
  g_autoptr (ServiceBed) bed = bed_new ();

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    bed_put_policy (bed, NULL, lists[i], "");
    bed_subscribe (bed, EVE, ALICE, "presence", 3600);
    g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
    watch (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  }
  bed_put_policy (bed, NULL, NAMED ("others"), "");
  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
}

/* A list is what the contacts table says is in it, around what was stored. */
static void
test_list_of_contacts (void)
{
#define FRIENDS                                                                \
  RULES ("<rule id='a'><conditions>"                                           \
         "<o:external-list xmlns:o='urn:oma:xml:xdm:common-policy'>"           \
         "<o:entry anc='http://x/resource-lists/users/sip:" ALICE              \
         "/index/~~/resource-lists/list%5B@name=%22friends%22%5D'/>"           \
         "</o:external-list></conditions><actions>"                            \
         "<pr:sub-handling>polite-block</pr:sub-handling></actions></rule>")
  static const char lists[]
      = "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>"
        "<list name='friends'><entry uri='sip:carol@example.com'/></list>"
        "</resource-lists>";
  g_autoptr (ServiceBed) bed = bed_new ();
  StorePolicy *policy = store_policy_new (ALICE);

  g_ptr_array_add (policy->contacts, g_strdup ("sip:" EVE));
  g_ptr_array_add (policy->groups, g_strdup ("friends"));
  g_ptr_array_add (policy->rules, g_bytes_new (FRIENDS, strlen (FRIENDS)));
  policy->lists = g_bytes_new (lists, strlen (lists));
  store_mem_put_policy (bed->store, policy);
  bed_publish (bed, TUPLE ("open"));
  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  watch (bed, CAROL, SUBS_ACTIVE, "<basic>open"); /* no contact any more */
}

static void
test_unreadable_rules (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  g_test_expect_message ("service", G_LOG_LEVEL_WARNING, "rules of*");
  bed_put_policy (bed, "<nonsense", NULL, "");
  g_test_assert_expected_messages ();
  watch (bed, EVE, SUBS_PENDING, NULL);
}

/* --- What is seen --- */

#define SOME                                                                   \
  RULES (RULE ("a", ONE (EVE), "allow", SERVICES) RULE (                       \
      "b", ONE (BOB), "allow",                                                 \
      SERVICES PERSONS "<pr:provide-mood>true</pr:provide-mood>"))

static void
test_views (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeNotify) last = NULL;

  bed_put_policy (bed, SOME, NULL, "");
  bed_publish (bed, TUPLE ("open") MOOD ("calm"));
  watch (bed, BOB, SUBS_ACTIVE, "calm");
  bed_subscribe (bed, EVE, ALICE, "presence", 3600);
  last = fake_sip_answer (bed->sip, EVE, SUBS_NOTIFY_OK);
  g_assert_nonnull (strstr (last->body, "<basic>open"));
  g_assert_null (strstr (last->body, "<dm:person"));
}

/* Who does not see a change is not told that there was one. */
static void
test_unseen_change (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_put_policy (bed, SOME, NULL, "");
  bed_publish (bed, TUPLE ("open") MOOD ("calm"));
  watch (bed, BOB, SUBS_ACTIVE, "calm");
  watch (bed, EVE, SUBS_ACTIVE, "<basic>open");
  bed_publish (bed, TUPLE ("open") MOOD ("angry"));
  bed_expect (bed, BOB, SUBS_ACTIVE, "angry");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed_publish (bed, TUPLE ("closed") MOOD ("angry"));
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
}

/* A rule that allows and provides nothing shows nothing (RFC 5025 3.3). */
static void
test_minimal (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeNotify) last = NULL;

  bed_put_policy (bed, RULES (RULE ("a", "", "allow", "")), NULL, "");
  bed_publish (bed, TUPLE ("open"));
  bed_subscribe (bed, EVE, ALICE, "presence", 3600);
  last = fake_sip_answer (bed->sip, EVE, SUBS_NOTIFY_OK);
  g_assert_null (strstr (last->body, "<tuple"));
}

/* --- Times and spheres --- */

#define WHEN                                                                   \
  "<validity><from>2003-12-24T17:00:00+01:00</from>"                           \
  "<until>2003-12-24T19:00:00+01:00</until></validity>"

/* RFC 4745 7.4: the clock of the bed stands at 17:00+01:00, where it begins. */
static void
test_validity (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  fake_loop_set_wall (bed->loop, "2003-12-24T15:59:00Z");
  require_approval (bed);
  bed_put_policy (bed, RULES (RULE ("a", WHEN, "allow", ALL)), NULL, "");
  watch (bed, EVE, SUBS_PENDING, NULL);
  fake_loop_run (bed->loop, 59);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  fake_loop_run (bed->loop, 2);
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  fake_loop_run (bed->loop, 3580);
  g_assert_cmpuint (bed_drain (bed), ==, 1); /* the refresh that never came */
}

static void
test_validity_ends (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  fake_loop_set_wall (bed->loop, "2003-12-24T17:59:00Z");
  bed_put_policy (bed, RULES (RULE ("a", WHEN, "polite-block", "")), NULL, "");
  bed_publish (bed, TUPLE ("open"));
  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  fake_loop_run (bed->loop, 61);
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>open");
}

/* Somebody sets the clock. */
static void
test_clock_jumps (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  fake_loop_set_wall (bed->loop, "2003-12-24T15:00:00Z");
  require_approval (bed);
  bed_put_policy (bed, RULES (RULE ("a", WHEN, "allow", ALL)), NULL, "");
  watch (bed, EVE, SUBS_PENDING, NULL);
  fake_loop_set_wall (bed->loop, "2003-12-24T17:00:00Z");
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
}

#define AT_WORK                                                                \
  RULES (RULE ("a", "<sphere value='work'/>", "allow",                         \
               SERVICES PERSONS "<pr:provide-sphere>true</pr:provide-sphere>") \
             RULE ("b", "<sphere value='home'/>", "polite-block", ""))

/* RFC 4745 7.3, RFC 5025 3.1.2: one NOTIFY, already by the new rules. */
static void
test_sphere (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_put_policy (bed, AT_WORK, NULL, "");
  bed_publish (bed, TUPLE ("open") SPHERE ("work"));
  watch (bed, EVE, SUBS_ACTIVE, "rpid:work");
  bed_publish (bed, TUPLE ("open") SPHERE ("home"));
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed_publish (bed, TUPLE ("closed") SPHERE ("home"));
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed_publish (bed, TUPLE ("open") SPHERE ("work"));
  bed_expect (bed, EVE, SUBS_ACTIVE, "rpid:work");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
}

/* --- Sharing --- */

static void
share (ServiceBed *bed, gboolean is_on)
{
  bed->settings.share_availability = is_on;
  bed_set (bed);
  fake_loop_run (bed->loop, 0.2);
}

static void
test_sharing (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, TUPLE ("open"));
  watch (bed, EVE, SUBS_ACTIVE, "<basic>open");
  watch (bed, ALICE, SUBS_ACTIVE, "<basic>open");
  share (bed, FALSE);
  bed_expect (bed, EVE, SUBS_ACTIVE, "<presence");
  g_assert_cmpuint (bed_drain (bed), ==, 0); /* alice sees herself as ever */
  bed_publish (bed, TUPLE ("closed"));
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed_subscribe (bed, BOB, ALICE, "presence", 0);
  bed_expect (bed, BOB, SUBS_TERMINATED, "<presence");
  share (bed, TRUE);
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
}

static guint
tuples_to (ServiceBed *bed, const char *watcher)
{
  g_autoptr (FakeNotify) notify
      = fake_sip_answer (bed->sip, watcher, SUBS_NOTIFY_OK);

  return notify->body != NULL && strstr (notify->body, "<tuple") != NULL;
}

/* Nobody is told of a setting that does not change what he sees. */
static void
test_sharing_of_ones_own (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_put_user (bed, ALICE, POLICY_YES, POLICY_AS_SETTINGS);
  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  share (bed, FALSE);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed_put_user (bed, ALICE, POLICY_NO, POLICY_AS_SETTINGS);
  g_assert_cmpuint (tuples_to (bed, EVE), ==, 0);
  bed_put_user (bed, ALICE, POLICY_YES, POLICY_AS_SETTINGS);
  g_assert_cmpuint (tuples_to (bed, EVE), ==, 1);
}

/* Off and on again before anybody was told: each is told once, the truth. */
static void
test_sharing_newest_once (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  watch (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  fake_loop_run (bed->loop, 2);
  bed->settings.share_availability = FALSE;
  bed->settings.allow_without_approval = FALSE;
  bed_set (bed);
  bed->settings.share_availability = TRUE;
  bed->settings.allow_without_approval = TRUE;
  bed_set (bed);
  fake_loop_run (bed->loop, 0.2);
  bed_expect (bed, EVE, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
}

/* --- Why --- */

static void
why_cb (const char *lines, const char *error, gpointer data)
{
  g_string_append (data, error != NULL ? error : lines);
}

/* texts (NULL at its end) must be in the report. */
static void
assert_why (ServiceBed *bed, const char *watcher, const char *presentity,
            const char *const *texts)
{
  g_autoptr (GString) said = g_string_new (NULL);

  service_why (bed->service, watcher, presentity, why_cb, said);
  fake_loop_settle (bed->loop);
  for (; *texts != NULL; texts++)
    if (strstr (said->str, *texts) == NULL)
      g_error ("no \"%s\" in: %s", *texts, said->str);
}

#define WHY(watcher, presentity, ...)                                          \
  assert_why (bed, watcher, presentity,                                        \
              (const char *const[]){ __VA_ARGS__, NULL })

static void
test_why (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_put_policy (bed, SOME, NULL, CAROL "=polite_block @example.org=block");
  WHY (EVE, "sip:" ALICE, "decision\tnone", "contact_rule\tdoes not concern",
       "rules\t1 of 2 match",
       "rule\t\"a\" (pres-rules): allow; provides services: all",
       "result\twould be allowed: the user's rules say so",
       "sees\tservices: all", "message\tgo through", "subscriptions\tnone now",
       ALICE " has 0 of 200");
  WHY (CAROL, ALICE, "decision\tpolite_block, for " CAROL,
       "sees\toffline, whatever is true", "are answered 202 and dropped",
       CAROL " has 0 of 200", "ad hoc, without an end");
  WHY ("x@example.org", ALICE, "block, for @example.org",
       "result\twould be refused (403)",
       "are refused (403): decided for the watcher's");
  WHY (ALICE, ALICE, "result\teverybody may watch himself");
  WHY (BOB, "nobody@example.com", "there is no user nobody@example.com");
  WHY ("nobody@example.com", ALICE, "there is no user nobody@example.com");
  WHY (BOB, EVE, "is of another domain");
  WHY ("nonsense", ALICE, "nonsense");
}

/* What lives, and how its last NOTIFY was answered. */
static void
test_why_subscription (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeNotify) notify = NULL;

  bed->settings.adhoc_ttl = 1800;
  bed->settings.max_watchers = 1;
  bed_set (bed);
  bed_subscribe (bed, BOB, ALICE, "presence", 3600);
  WHY (BOB, ALICE, "subscription\tpresence, active, ends in 30 min 0 s",
       "none answered yet", "watches ad hoc, 30 min 0 s left",
       "result\tallowed");
  notify = fake_sip_answer (bed->sip, BOB, SUBS_NOTIFY_OK);
  fake_loop_run (bed->loop, 20);
  WHY (BOB, ALICE, "the last was answered 200, 20 s ago", "last_status=200");
  WHY (EVE, ALICE, ALICE " has 1 of 1",
       "a new subscription is refused (403): the user has as many watchers");
  bed->settings.share_availability = FALSE;
  bed_set (bed);
  WHY (BOB, ALICE, "sees\tunknown",
       "sharing\toff (the organisation's setting)");
}

/* --- A sync: "in force" --- */

/* Reads of the policy that do not come back yet. */
typedef struct {
  void (*load) (gpointer port, const char *aor, StorePolicyFn done,
                gpointer data);
  GArray *reads; /* Read */
  int synced;    /* StoreOutcome of the sync; -1: none */
} Held;

typedef struct {
  char *aor;
  StorePolicyFn done;
  gpointer data;
} Read;

static Held held;

static void
load_later (gpointer port, const char *aor, StorePolicyFn done, gpointer data)
{
  Read read = { g_strdup (aor), done, data };

  g_array_append_val (held.reads, read);
}

static void
hold (ServiceBed *bed)
{
  StorePort *port = store_mem_port (bed->store);

  held = (Held){ .load = port->load_policy, .synced = -1 };
  held.reads = g_array_new (FALSE, FALSE, sizeof (Read));
  port->load_policy = load_later;
}

/* is_away: nothing can be read. */
static void
let_go (ServiceBed *bed, gboolean is_away)
{
  StorePort *port = store_mem_port (bed->store);
  g_autoptr (GArray) reads = g_steal_pointer (&held.reads);

  port->load_policy = held.load;
  for (guint i = 0; i < reads->len; i++) {
    const Read *read = &g_array_index (reads, Read, i);

    if (is_away)
      read->done (NULL, read->data);
    else
      held.load (port->self, read->aor, read->done, read->data);
    g_free (read->aor);
  }
  fake_loop_settle (bed->loop);
}

static void
synced_cb (StoreOutcome outcome, gpointer data)
{
  held.synced = (int)outcome;
}

/* Bob watches ad hoc for a while, then alice is among his contacts. */
static ServiceBed *
bed_with_a_change (void)
{
  ServiceBed *bed = bed_new ();
  StorePolicy *policy = store_policy_new (BOB);

  bed->settings.adhoc_ttl = 100;
  bed_set (bed);
  watch (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpint (bed->granted, ==, 100);
  hold (bed);
  g_ptr_array_add (policy->contacts, g_strdup ("sip:" ALICE));
  g_ptr_array_add (policy->groups, NULL);
  store_mem_put_policy (bed->store, policy);
  service_sync (bed->service, synced_cb, NULL);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (held.synced, ==, -1);
  return bed;
}

static void
test_sync (void)
{
  g_autoptr (ServiceBed) bed = bed_with_a_change ();

  let_go (bed, FALSE);
  g_assert_cmpint (held.synced, ==, STORE_COMMITTED);
}

static void
test_sync_away (void)
{
  g_autoptr (ServiceBed) bed = bed_with_a_change ();

  let_go (bed, TRUE);
  g_assert_cmpint (held.synced, ==, STORE_AWAY);
}

static void
test_sync_at_the_end (void)
{
  g_autoptr (ServiceBed) bed = bed_with_a_change ();

  service_free (g_steal_pointer (&bed->service));
  g_assert_cmpint (held.synced, ==, STORE_AWAY);
  let_go (bed, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/approval/by-rule", test_approved_by_rule);
  g_test_add_func ("/approval/rfc3857-4.7.1/waiting", test_waiting_is_decided);
  g_test_add_func ("/approval/confirm", test_confirm_asks_the_owner);
  g_test_add_func ("/rules/rfc5025-3.2.1/change", test_rules_change);
  g_test_add_func ("/rules/from-memory", test_from_memory);
  g_test_add_func ("/rules/blocked-list", test_blocked_list);
  g_test_add_func ("/rules/blocked-list/without-rules",
                   test_blocked_without_rules);
  g_test_add_func ("/rules/list-of-contacts", test_list_of_contacts);
  g_test_add_func ("/rules/unreadable", test_unreadable_rules);
  g_test_add_func ("/views/rfc5025-3.3", test_views);
  g_test_add_func ("/views/unseen-change", test_unseen_change);
  g_test_add_func ("/views/minimal", test_minimal);
  g_test_add_func ("/renew/rfc4745-7.4/begins", test_validity);
  g_test_add_func ("/renew/rfc4745-7.4/ends", test_validity_ends);
  g_test_add_func ("/renew/clock-is-set", test_clock_jumps);
  g_test_add_func ("/renew/rfc4745-7.3/sphere", test_sphere);
  g_test_add_func ("/sharing/off-and-on", test_sharing);
  g_test_add_func ("/sharing/of-ones-own", test_sharing_of_ones_own);
  g_test_add_func ("/sharing/newest-once", test_sharing_newest_once);
  g_test_add_func ("/why/steps", test_why);
  g_test_add_func ("/why/subscription", test_why_subscription);
  g_test_add_func ("/sync/in-force", test_sync);
  g_test_add_func ("/sync/away", test_sync_away);
  g_test_add_func ("/sync/at-the-end", test_sync_at_the_end);
  return g_test_run ();
}
