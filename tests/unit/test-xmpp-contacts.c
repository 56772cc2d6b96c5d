/* SPDX-License-Identifier: ISC
 *
 * Users of ours who watch XMPP users: RFC 8048 5.3, 6.2, 7.2, DESIGN sections 4 and
 * 7; and both at once. */
#include "tests/unit/xmpp-presence-world.h"

static void
test_to_probed (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  bed_expect (bed, ALICE, SUBS_PENDING, NULL);
  expect (bed, PROBE);
  show (bed, HOME, XMPP_SHOW_AWAY, "tea");
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<rpid:away/>");
  show (bed, XAVIER "/work", XMPP_SHOW_NONE, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, ";gr=work</contact>");
  fake_xmpp_show (bed->xmpp, XAVIER "/work", ALICE, XMPP_UNAVAILABLE);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<note>tea</note>");
  fake_xmpp_show (bed->xmpp, HOME, ALICE, XMPP_UNAVAILABLE);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<basic>closed</basic>");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
}

/* What is no language is left out: it would be as long as its sender likes, in the
 * documents of whole lists. */
static void
test_to_language (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  XmppPresence presence = { .from = HOME,
                            .to = ALICE,
                            .type = XMPP_AVAILABLE,
                            .status = "th\u00e9",
                            .lang = "fr-CA" };
  g_autofree char *longest = g_strnfill (100000, 'x');

  subscribe (bed);
  bed_drain (bed);
  fake_xmpp_presence (bed->xmpp, &presence);
  fake_loop_run (bed->loop, 0.2);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<note xml:lang=\"fr-CA\">");
  presence.lang = longest;
  fake_xmpp_presence (bed->xmpp, &presence);
  fake_loop_run (bed->loop, 0.2);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<note>th\u00e9</note>");
}

static void
test_to_asked (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  bed_expect (bed, ALICE, SUBS_PENDING, NULL);
  expect (bed, PROBE);
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  expect (bed, SUBSCRIBE);
  bed_drain (bed);
  from_xavier (bed, XMPP_SUBSCRIBED);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<presence");
  expect (bed, PROBE);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<basic>open</basic>");
}

static void
test_to_silent (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  bed_drain (bed);
  expect (bed, PROBE);
  fake_loop_run (bed->loop, 1.2);
  expect (bed, SUBSCRIBE);
}

static void
test_to_refused (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeNotify) last = NULL;

  subscribe (bed);
  bed_drain (bed);
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  last = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
  g_assert_cmpint (last->state, ==, SUBS_TERMINATED);
  g_assert_cmpint (last->reason, ==, SUBS_REJECTED);
  bed_subscribe (bed, ALICE, XAVIER, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
  expect (bed, "");
  fake_loop_run (bed->loop, 3700);
  subscribe (bed);
  bed_drain (bed);
  expect (bed, PROBE);
}

static void
test_to_taken_back (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_drain (bed);
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  bed_expect (bed, ALICE, SUBS_TERMINATED, NULL);
  g_free (fake_xmpp_drain (bed->xmpp));
}

static void
test_to_errors (void)
{
  static const struct {
    XmppError error;
    SubsReason reason;
  } rows[] = {
    { XMPP_FORBIDDEN, SUBS_REJECTED },
    { XMPP_NOT_AUTHORIZED, SUBS_REJECTED },
    { XMPP_ITEM_NOT_FOUND, SUBS_NORESOURCE },
    { XMPP_GONE, SUBS_NORESOURCE },
    { XMPP_REMOTE_SERVER_NOT_FOUND, SUBS_PROBATION },
    { XMPP_SERVICE_UNAVAILABLE, SUBS_PROBATION },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (ServiceBed) bed = bed_new ();
    g_autoptr (FakeNotify) last = NULL;

    subscribe (bed);
    bed_drain (bed);
    fail (bed, XAVIER, rows[i].error);
    last = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
    g_assert_cmpint (last->state, ==, SUBS_TERMINATED);
    g_assert_cmpint (last->reason, ==, rows[i].reason);
    g_free (fake_xmpp_drain (bed->xmpp));
  }
}

/* RFC 8048 7.2: nobody is asked for the sake of a fetch. */
static void
test_to_fetch (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_subscribe (bed, ALICE, XAVIER, "presence", 0);
  bed_drain (bed);
  expect (bed, PROBE);
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  fake_loop_run (bed->loop, 30);
  expect (bed, "");
  bed_subscribe (bed, ALICE, XAVIER, "presence", 0);
  bed_drain (bed);
  expect (bed, PROBE);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_subscribe (bed, ALICE, XAVIER, "presence", 0);
  bed_expect (bed, ALICE, SUBS_TERMINATED, "<basic>open</basic>");
}

static void
test_to_link (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
  fake_xmpp_link (bed->xmpp, FALSE);
  fake_loop_run (bed->loop, 0.3);
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);

    g_assert_cmpint (notify->state, ==, SUBS_ACTIVE);
    g_assert_null (strstr (notify->body, "<tuple"));
  }
  fake_loop_run (bed->loop, 60);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  fake_xmpp_link (bed->xmpp, TRUE);
  expect (bed, PROBE);
  show (bed, HOME, XMPP_SHOW_DND, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<rpid:busy/>");
}

/* Asked for before: nobody is asked again, nothing is said to be pending. */
static void
test_to_restart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
  bed_restart (bed);
  fake_loop_run (bed->loop, 0.5);
  expect (bed, PROBE);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<presence");
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<basic>open</basic>");
}

static void
test_to_sharing (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_drain (bed);
  bed->settings.share_availability = FALSE;
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);

    g_assert_null (strstr (notify->body, "<tuple"));
  }
  show (bed, HOME, XMPP_SHOW_AWAY, NULL);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed->settings.share_availability = TRUE;
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<rpid:away/>");
  g_free (fake_xmpp_drain (bed->xmpp));
}

static void
put_contacts (ServiceBed *bed, const char *uri)
{
  StorePolicy *policy = store_policy_new (ALICE);

  if (uri != NULL)
    g_ptr_array_add (policy->contacts, g_strdup (uri));
  store_mem_put_policy (bed->store, policy);
  fake_loop_run (bed->loop, 0.3);
}

static void
test_to_contact_rule (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed->settings.adhoc_enabled = FALSE;
  bed_set (bed);
  bed_subscribe (bed, ALICE, XAVIER, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
  expect (bed, "");
  put_contacts (bed, "sip:" XAVIER);
  subscribe (bed);
  bed_drain (bed);
  expect (bed, PROBE);
}

static void
test_to_dropped (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  put_contacts (bed, "sip:" XAVIER);
  subscribe (bed);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
  put_contacts (bed, NULL);
  expect (bed, UNSUBSCRIBE);
  bed_expect (bed, ALICE, SUBS_TERMINATED, NULL);
}

static void
test_to_user_gone (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
  store_mem_drop_user (bed->store, ALICE);
  expect (bed, UNSUBSCRIBE);
  bed_drain (bed);
}

static void
test_to_adhoc_max (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed->settings.adhoc_max = 1;
  bed_set (bed);
  subscribe (bed);
  bed_subscribe (bed, ALICE, YVONNE, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
  show (bed, HOME, XMPP_SHOW_NONE, NULL); /* judged again: it is the one */
  bed_expect (bed, ALICE, SUBS_ACTIVE, "open");
}

static void
test_to_who (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_subscribe (bed, EVE, XAVIER, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
  bed_subscribe (bed, ALICE, XAVIER, "dialog", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BAD_EVENT);
  expect (bed, "");
}

/* XEP-0106: what a JID cannot have is escaped, there and back. */
static void
test_to_escaped (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_subscribe (bed, ALICE, "d'artagnan@" XMPP_DOMAIN, "presence", 3600);
  bed_drain (bed);
  expect (bed, "probe " ALICE " > d\\27artagnan@" XMPP_DOMAIN "\n");
  show (bed, "d\\27artagnan@" XMPP_DOMAIN "/a b", XMPP_SHOW_NONE, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, ";gr=a%20b</contact>");
}

/* What one is told is nobody else's. */
static void
test_to_apart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  bed_subscribe (bed, BOB, XAVIER, "presence", 3600);
  bed_drain (bed);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "open");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  g_free (fake_xmpp_drain (bed->xmpp));
}

static void
test_both (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  subscribe (bed);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, PROBE SUBSCRIBED DESK_ON);
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  bed_drain (bed);
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  bed_drain (bed);
  bed_publish (bed, OPEN BUSY);
  expect (bed, DESK_ON);
}

static void
test_many_ask (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *sent = NULL;
  guint n = 0;

  for (guint i = 0; i < 220; i++) {
    g_autofree char *contact = g_strdup_printf ("c%u@" XMPP_DOMAIN, i);

    bed_subscribe (bed, ALICE, contact, "presence", 3600);
    fake_xmpp_show (bed->xmpp, contact, ALICE, XMPP_UNSUBSCRIBED);
  }
  sent = fake_xmpp_drain (bed->xmpp);
  for (const char *at = sent; (at = strstr (at, "\nsubscribe ")) != NULL; at++)
    n++;
  g_assert_cmpuint (n, >=, 200);
  g_assert_cmpuint (n, <, 210);
  bed_drain (bed);
  fake_loop_run (bed->loop, 30);
  g_free (g_steal_pointer (&sent));
  sent = fake_xmpp_drain (bed->xmpp);
  g_assert_nonnull (strstr (sent, "subscribe " ALICE " > c219@"));
}

/* Odd stanzas harm nothing. */
static void
test_odd (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  const XmppPresence odd[] = {
    { .to = ALICE, .type = XMPP_SUBSCRIBE },
    { .from = XAVIER, .type = XMPP_SUBSCRIBE },
    { .from = XMPP_DOMAIN, .to = ALICE, .type = XMPP_SUBSCRIBE },
    { .from = XAVIER, .to = "example.com", .type = XMPP_AVAILABLE },
    { .from = XAVIER, .to = ALICE, .priority = 9999 },
    { .from = XAVIER, .to = "nobody@example.com", .type = XMPP_AVAILABLE },
    { .from = XAVIER, .to = ALICE, .type = XMPP_SUBSCRIBED },
    { .from = XAVIER, .to = ALICE, .type = XMPP_PRESENCE_ERROR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    if (odd[i].from != NULL && odd[i].to != NULL)
      fake_xmpp_presence (bed->xmpp, &odd[i]);
  expect (bed, "");
}

static void
test_list (void)
{
  static const char text[]
      = "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list>"
        "<entry uri='sip:" XAVIER "'/></list></resource-lists>";
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
  SubsBody *body = subs_body_new ("application/resource-lists+xml", bytes);

  bed->body = body;
  bed_subscribe (bed, ALICE, "example.com", "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  bed->body = NULL;
  bed_drain (bed);
  expect (bed, PROBE);
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "state=\"pending\"");
  show (bed, HOME, XMPP_SHOW_DND, NULL);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "<rpid:busy/>");
  from_xavier (bed, XMPP_UNSUBSCRIBED);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "reason=\"rejected\"");
  g_free (fake_xmpp_drain (bed->xmpp));
  subs_body_unref (body);
}

/* The XMPP server: answers each probe with presence. */
static void
answer_probes (ServiceBed *bed)
{
  while (bed->xmpp->presences->len > 0) {
    g_autoptr (FakeXmppPresence) sent
        = fake_xmpp_take_presence (bed->xmpp, NULL);
    g_autofree char *home = g_strconcat (sent->presence.to, "/home", NULL);

    if (sent->presence.type == XMPP_PROBE)
      fake_xmpp_show (bed->xmpp, home, sent->presence.from, XMPP_AVAILABLE);
  }
}

/* The link comes back: whoever is watched is known again soon, and each watcher
 * hears of it once. */
static void
test_many_contacts (void)
{
  static const char *const users[] = { ALICE, BOB, CAROL };
  g_autoptr (ServiceBed) bed = bed_new ();
  guint many = 1500, n = 0;

  for (guint i = 0; i < many; i++) {
    g_autofree char *contact = g_strdup_printf ("c%u@" XMPP_DOMAIN, i);

    bed_subscribe (bed, users[i % 3], contact, "presence", 3600);
    answer_probes (bed);
  }
  fake_loop_run (bed->loop, 0.2);
  bed_drain (bed);
  fake_xmpp_link (bed->xmpp, FALSE);
  for (guint i = 0; i < 25; i++) {
    fake_loop_run (bed->loop, 0.1);
    n += bed_drain (bed);
  }
  g_assert_cmpuint (n, ==, many);
  fake_xmpp_link (bed->xmpp, TRUE);
  for (guint i = 0; i < 25; i++) {
    fake_loop_run (bed->loop, 0.1);
    answer_probes (bed);
    n += bed_drain (bed);
  }
  g_assert_cmpuint (n, ==, 2 * many);
}

static void
why_cb (const char *lines, const char *error, gpointer data)
{
  *(char **)data = g_strdup (error != NULL ? error : lines);
}

static void
expect_why (ServiceBed *bed, const char *watcher, const char *presentity,
            const char *part)
{
  g_autofree char *lines = NULL;

  service_why (bed->service, watcher, presentity, why_cb, &lines);
  fake_loop_settle (bed->loop);
  g_assert_nonnull (lines);
  if (strstr (lines, part) == NULL)
    g_error ("no %s in %s", part, lines);
}

static void
test_why (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  expect_why (bed, ALICE, XAVIER, "would be pending");
  subscribe (bed);
  expect_why (bed, ALICE, XAVIER, "state=probing");
  show (bed, HOME, XMPP_SHOW_NONE, NULL);
  expect_why (bed, ALICE, XAVIER, "available with 1 resources");
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect_why (bed, XAVIER, ALICE, "active");
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
}

/* All at once: paced, and none is forgotten. */
static void
test_many (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *sent = NULL;
  guint n = 0;

  for (guint i = 0; i < 2000; i++) {
    g_autofree char *contact = g_strdup_printf ("c%u@" XMPP_DOMAIN, i);

    fake_xmpp_show (bed->xmpp, contact, i % 2 ? BOB : CAROL, XMPP_SUBSCRIBE);
    if (i % 100 == 0)
      fake_loop_settle (bed->loop);
  }
  fake_loop_run (bed->loop, 1);
  g_free (fake_xmpp_drain (bed->xmpp));
  fake_xmpp_link (bed->xmpp, FALSE);
  fake_loop_run (bed->loop, 1);
  fake_xmpp_link (bed->xmpp, TRUE);
  g_assert_cmpuint (bed->xmpp->presences->len, ==, 0);
  fake_loop_run (bed->loop, 3);
  sent = fake_xmpp_drain (bed->xmpp);
  for (const char *at = sent; (at = strchr (at, '\n')) != NULL; at++)
    n++;
  g_assert_cmpuint (n, >, 190);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, fn) g_test_add_func ("/xmpp-presence/" path, fn)
  ADD ("to/rfc8048-6.2/probed", test_to_probed);
  ADD ("to/rfc8048-6.2/language", test_to_language);
  ADD ("to/rfc8048-5.3.1/asked", test_to_asked);
  ADD ("to/silent", test_to_silent);
  ADD ("to/refused", test_to_refused);
  ADD ("to/taken-back", test_to_taken_back);
  ADD ("to/rfc7247-table1/errors", test_to_errors);
  ADD ("to/rfc8048-7.2/fetch", test_to_fetch);
  ADD ("to/link", test_to_link);
  ADD ("to/restart", test_to_restart);
  ADD ("to/sharing", test_to_sharing);
  ADD ("to/contact-rule", test_to_contact_rule);
  ADD ("to/dropped", test_to_dropped);
  ADD ("to/user-gone", test_to_user_gone);
  ADD ("to/adhoc-max", test_to_adhoc_max);
  ADD ("to/who", test_to_who);
  ADD ("to/xep0106/escaped", test_to_escaped);
  ADD ("to/apart", test_to_apart);
  ADD ("to/many-ask", test_many_ask);
  ADD ("to/list", test_list);
  ADD ("both", test_both);
  ADD ("odd", test_odd);
  ADD ("many-contacts", test_many_contacts);
  ADD ("why", test_why);
  ADD ("many", test_many);
  return g_test_run ();
}
