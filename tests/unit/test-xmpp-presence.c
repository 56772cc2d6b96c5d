/* SPDX-License-Identifier: ISC
 *
 * Presence across the XMPP border: RFC 8048 5 to 8, DESIGN sections 4 and 7. */
#include "tests/lib/servicebed.h"

#include <string.h>

#define HOME XAVIER "/home"
#define OPEN                                                                   \
  "<tuple id='t'><status><basic>open</basic></status>"                         \
  "<contact>sip:" ALICE ";gr=desk</contact></tuple>"
#define PHONE                                                                  \
  "<tuple id='u'><status><basic>open</basic></status>"                         \
  "<contact>sip:" ALICE ";gr=phone</contact></tuple>"
#define BUSY                                                                   \
  "<dm:person id='p'><rpid:activities><rpid:busy/></rpid:activities>"          \
  "</dm:person>"
#define CLOSED                                                                 \
  "<tuple id='t'><status><basic>closed</basic></status>"                       \
  "<note>gone</note></tuple>"

static void
expect (ServiceBed *bed, const char *lines)
{
  g_autofree char *sent = NULL;

  fake_loop_run (bed->loop, 0.3);
  sent = fake_xmpp_drain (bed->xmpp);
  g_assert_cmpstr (sent, ==, lines);
}

static void
from_xavier (ServiceBed *bed, XmppPresenceType type)
{
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, type);
  fake_loop_run (bed->loop, 0.2);
}

/* From one of his resources. */
static void
show (ServiceBed *bed, const char *from, XmppShow how, const char *status)
{
  const XmppPresence presence = { .from = from,
                                  .to = ALICE,
                                  .type = XMPP_AVAILABLE,
                                  .show = how,
                                  .status = status };

  fake_xmpp_presence (bed->xmpp, &presence);
  fake_loop_run (bed->loop, 0.2);
}

static void
fail (ServiceBed *bed, const char *from, XmppError error)
{
  const XmppPresence presence = {
    .from = from, .to = ALICE, .type = XMPP_PRESENCE_ERROR, .error = error
  };

  fake_xmpp_presence (bed->xmpp, &presence);
  fake_loop_run (bed->loop, 0.2);
}

/* The oldest presence sent: type and fields. */
static void
expect_presence (ServiceBed *bed, const char *from, const char *to,
                 XmppPresenceType type, XmppShow how, const char *status)
{
  g_autoptr (FakeXmppPresence) sent = NULL;

  fake_loop_run (bed->loop, 0.2);
  sent = fake_xmpp_take_presence (bed->xmpp, NULL);
  g_assert_cmpstr (sent->presence.from, ==, from);
  g_assert_cmpstr (sent->presence.to, ==, to);
  g_assert_cmpint (sent->presence.type, ==, type);
  g_assert_cmpint (sent->presence.show, ==, how);
  g_assert_cmpstr (sent->presence.status, ==, status);
}

#define SUBSCRIBED "subscribed " ALICE " > " XAVIER "\n"
#define UNSUBSCRIBED "unsubscribed " ALICE " > " XAVIER "\n"
#define DESK_ON "available " ALICE "/desk > " XAVIER "\n"
#define DESK_OFF "unavailable " ALICE "/desk > " XAVIER "\n"
#define AWAY "unavailable " ALICE " > " XAVIER "\n"
#define PROBE "probe " ALICE " > " XAVIER "\n"
#define SUBSCRIBE "subscribe " ALICE " > " XAVIER "\n"
#define UNSUBSCRIBE "unsubscribe " ALICE " > " XAVIER "\n"

/* Alice, to xavier. */
static void
subscribe (ServiceBed *bed)
{
  bed_subscribe (bed, ALICE, XAVIER, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
}

/* --- XMPP users who watch --- */

static void
test_from_granted (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED AWAY);
  bed_publish (bed, OPEN);
  expect (bed, DESK_ON);
  bed_publish (bed, OPEN BUSY);
  expect_presence (bed, ALICE "/desk", XAVIER, XMPP_AVAILABLE, XMPP_SHOW_DND,
                   NULL);
  bed_publish (bed, OPEN PHONE BUSY);
  expect_presence (bed, ALICE "/phone", XAVIER, XMPP_AVAILABLE, XMPP_SHOW_DND,
                   NULL);
  bed_publish (bed, CLOSED);
  expect (bed, DESK_OFF "unavailable " ALICE "/phone > " XAVIER "\n");
  from_xavier (bed, XMPP_UNSUBSCRIBE);
  expect (bed, UNSUBSCRIBED);
  bed_publish (bed, OPEN);
  expect (bed, "");
}

static void
test_from_again (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
  from_xavier (bed, XMPP_UNSUBSCRIBE);
  expect (bed, DESK_OFF UNSUBSCRIBED);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
}

/* What he wants last counts. */
static void
test_from_changes_his_mind (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *sent = NULL;

  bed_publish (bed, OPEN);
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_SUBSCRIBE);
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_UNSUBSCRIBE);
  fake_loop_run (bed->loop, 1);
  sent = fake_xmpp_drain (bed->xmpp);
  g_assert_true (g_str_has_suffix (sent, UNSUBSCRIBED));
  bed_publish (bed, OPEN BUSY);
  expect (bed, "");
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_SUBSCRIBE);
  fake_loop_run (bed->loop, 1);
  g_free (fake_xmpp_drain (bed->xmpp));
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_UNSUBSCRIBE);
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_SUBSCRIBE);
  /* his server would take an unsubscribed for an answer to the second */
  expect (bed, SUBSCRIBED DESK_ON);
}

static void
test_from_approval (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *decision = NULL;

  bed->settings.allow_without_approval = FALSE;
  bed_set (bed);
  bed_publish (bed, OPEN);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, "");
  decision = bed_decision (bed, XAVIER);
  g_assert_cmpstr (decision, ==, "pending");
  from_xavier (bed, XMPP_PROBE);
  expect (bed, "");
  bed_put_policy (bed, NULL, NULL, XAVIER "=allow");
  expect (bed, SUBSCRIBED DESK_ON);
  bed_put_policy (bed, NULL, NULL, XAVIER "=block");
  expect (bed, DESK_OFF UNSUBSCRIBED);
}

static void
test_from_refused (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_put_policy (bed, NULL, NULL, "@" XMPP_DOMAIN "=block");
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, UNSUBSCRIBED);
  fake_xmpp_show (bed->xmpp, XAVIER, "nobody@example.com", XMPP_SUBSCRIBE);
  expect (bed, "unsubscribed nobody@example.com > " XAVIER "\n");
  fake_xmpp_show (bed->xmpp, XAVIER, "example.com", XMPP_SUBSCRIBE);
  expect (bed, "unsubscribed example.com > " XAVIER "\n");
}

static void
test_from_polite (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  bed_put_policy (bed, NULL, NULL, XAVIER "=polite_block");
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED AWAY);
  bed_publish (bed, OPEN BUSY);
  expect (bed, "");
}

static void
test_from_sharing (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
  bed->settings.share_availability = FALSE;
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  expect (bed, DESK_OFF);
  bed_publish (bed, OPEN BUSY);
  expect (bed, "");
  from_xavier (bed, XMPP_PROBE);
  expect (bed, AWAY);
  bed->settings.share_availability = TRUE;
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  expect (bed, DESK_ON);
}

static void
test_from_limits (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed->settings.max_watchers = 1;
  bed_set (bed);
  bed_subscribe (bed, BOB, ALICE, "presence", 3600);
  bed_drain (bed);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, UNSUBSCRIBED);
}

static void
test_from_probe (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN PHONE);
  fake_xmpp_show (bed->xmpp, HOME, ALICE, XMPP_PROBE);
  expect (bed, UNSUBSCRIBED);
  from_xavier (bed, XMPP_SUBSCRIBE);
  g_free (fake_xmpp_drain (bed->xmpp));
  fake_xmpp_show (bed->xmpp, HOME, ALICE, XMPP_PROBE);
  expect (bed, "available " ALICE "/desk > " HOME "\n"
               "available " ALICE "/phone > " HOME "\n");
  bed_publish (bed, CLOSED);
  g_free (fake_xmpp_drain (bed->xmpp));
  fake_xmpp_show (bed->xmpp, HOME, ALICE, XMPP_PROBE);
  expect_presence (bed, ALICE, HOME, XMPP_UNAVAILABLE, XMPP_SHOW_NONE, "gone");
}

static void
test_from_winfo (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  from_xavier (bed, XMPP_SUBSCRIBE);
  bed_subscribe (bed, ALICE, ALICE, "presence.winfo", 3600);
  bed_expect (bed, ALICE, SUBS_ACTIVE, "sip:" XAVIER);
  g_free (fake_xmpp_drain (bed->xmpp));
}

static void
test_from_user_gone (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED AWAY);
  store_mem_drop_user (bed->store, ALICE);
  expect (bed, UNSUBSCRIBED);
}

static void
test_from_restart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
  bed_restart (bed);
  fake_loop_run (bed->loop, 1);
  expect (bed, SUBSCRIBED DESK_ON);
  from_xavier (bed, XMPP_UNSUBSCRIBE);
  expect (bed, DESK_OFF UNSUBSCRIBED);
  fake_loop_run (bed->loop, 100);
  bed_restart (bed);
  from_xavier (bed, XMPP_PROBE);
  expect (bed, UNSUBSCRIBED);
}

/* A server without a link to XMPP has no watchers there. */
static void
test_from_no_link (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  subscribe (bed);
  from_xavier (bed, XMPP_SUBSCRIBE);
  bed_drain (bed);
  g_free (fake_xmpp_drain (bed->xmpp));
  bed_stop (bed);
  bed->has_no_xmpp = TRUE;
  bed_start (bed);
  fake_loop_run (bed->loop, 1);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed_subscribe (bed, ALICE, ALICE, "presence.winfo", 3600);
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);

    g_assert_null (strstr (notify->body, XAVIER));
  }
  bed_subscribe (bed, ALICE, XAVIER, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_NOT_FOUND);
}

/* What ended before the stop is not taken for the end of what began since. */
static void
test_from_restart_again (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  from_xavier (bed, XMPP_SUBSCRIBE);
  from_xavier (bed, XMPP_UNSUBSCRIBE);
  from_xavier (bed, XMPP_SUBSCRIBE);
  g_free (fake_xmpp_drain (bed->xmpp));
  bed_restart (bed);
  fake_loop_run (bed->loop, 1);
  expect (bed, SUBSCRIBED DESK_ON);
}

static void
test_from_drain (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED AWAY);
  service_drain (bed->service);
  fake_loop_run (bed->loop, 1);
  expect (bed, "");
}

static void
test_from_link (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
  fake_xmpp_link (bed->xmpp, FALSE);
  bed_publish (bed, OPEN PHONE);
  bed_publish (bed, PHONE);
  bed_publish (bed, PHONE BUSY);
  expect (bed, "");
  fake_xmpp_link (bed->xmpp, TRUE);
  expect (bed, "available " ALICE "/phone > " XAVIER "\n" DESK_OFF);
}

static void
test_from_full (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
  fake_xmpp_set_full (bed->xmpp, TRUE);
  bed_publish (bed, OPEN BUSY);
  bed_publish (bed, OPEN);
  bed_publish (bed, CLOSED);
  expect (bed, "");
  fake_xmpp_set_full (bed->xmpp, FALSE);
  expect (bed, DESK_OFF);
}

/* It lasts; before it is renewed his server is asked (RFC 8048 8.1). */
static void
test_from_renewed (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED AWAY);
  fake_loop_run (bed->loop, 3600 * 27);
  expect (bed, "probe example.com > " XAVIER "\n");
  fake_xmpp_show (bed->xmpp, XAVIER, "example.com", XMPP_UNSUBSCRIBED);
  expect (bed, "");
  fake_loop_run (bed->loop, 3600 * 23);
  expect (bed, "");
  fake_loop_run (bed->loop, 3600 * 6);
  expect (bed, "probe example.com > " XAVIER "\n");
  fake_loop_run (bed->loop, 100); /* no answer, no error */
  fake_loop_run (bed->loop, 3600 * 23);
  expect (bed, "");
  bed_publish (bed, OPEN);
  expect (bed, DESK_ON);
  fake_loop_run (bed->loop, 3600 * 6);
  expect (bed, DESK_OFF "probe example.com > " XAVIER "\n");
  fail (bed, XAVIER, XMPP_ITEM_NOT_FOUND);
  expect (bed, UNSUBSCRIBED);
}

/* Without PostgreSQL a subscription is for two minutes, but goes on. */
static void
test_from_database_away (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  bed_subscribe (bed, BOB, ALICE, "presence", 3600); /* alice is in memory */
  bed_drain (bed);
  store_mem_set_up (bed->store, FALSE);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
  fake_loop_run (bed->loop, 600);
  store_mem_set_up (bed->store, TRUE);
  fake_loop_run (bed->loop, 600);
  bed_publish (bed, OPEN BUSY);
  expect (bed, DESK_ON);
  bed_restart (bed);
  fake_loop_run (bed->loop, 1);
  expect (bed, SUBSCRIBED DESK_ON);
}

/* His requests while one of them is on its way leave nothing behind. */
static void
test_from_many_wishes (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed_publish (bed, OPEN);
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_SUBSCRIBE);
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_SUBSCRIBE);
  fake_loop_run (bed->loop, 1);
  g_free (fake_xmpp_drain (bed->xmpp));
  from_xavier (bed, XMPP_UNSUBSCRIBE);
  fake_loop_run (bed->loop, 1);
  expect (bed, DESK_OFF UNSUBSCRIBED);
  bed_put_policy (bed, NULL, NULL, XAVIER "=block");
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_SUBSCRIBE);
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, XMPP_UNSUBSCRIBE);
  fake_loop_run (bed->loop, 1);
  g_free (fake_xmpp_drain (bed->xmpp));
  bed_put_policy (bed, NULL, NULL, NULL);
  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED DESK_ON);
}

static void
test_from_gone (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  from_xavier (bed, XMPP_SUBSCRIBE);
  expect (bed, SUBSCRIBED AWAY);
  fail (bed, XAVIER, XMPP_REMOTE_SERVER_TIMEOUT);
  expect (bed, "");
  fail (bed, XAVIER, XMPP_ITEM_NOT_FOUND);
  expect (bed, UNSUBSCRIBED);
}

static void
test_from_flood (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *sent = NULL;

  for (guint i = 0; i < 300; i++) {
    g_autofree char *to = g_strdup_printf ("u%u@example.com", i);

    fake_xmpp_show (bed->xmpp, XAVIER, to, XMPP_SUBSCRIBE);
  }
  sent = fake_xmpp_drain (bed->xmpp);
  g_assert_nonnull (strstr (sent, "error u250@example.com > " XAVIER "\n"));
  g_assert_nonnull (strstr (sent, "unsubscribed u100@example.com"));
}

/* --- Users of ours who watch --- */

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
  ADD ("from/rfc8048-5.2.1/granted", test_from_granted);
  ADD ("from/rfc6121-3.1.3/again", test_from_again);
  ADD ("from/changes-his-mind", test_from_changes_his_mind);
  ADD ("from/approval", test_from_approval);
  ADD ("from/refused", test_from_refused);
  ADD ("from/polite-block", test_from_polite);
  ADD ("from/sharing", test_from_sharing);
  ADD ("from/limits", test_from_limits);
  ADD ("from/rfc6121-4.3.2/probe", test_from_probe);
  ADD ("from/winfo", test_from_winfo);
  ADD ("from/user-gone", test_from_user_gone);
  ADD ("from/restart", test_from_restart);
  ADD ("from/no-link", test_from_no_link);
  ADD ("from/restart-again", test_from_restart_again);
  ADD ("from/drain", test_from_drain);
  ADD ("from/link", test_from_link);
  ADD ("from/full", test_from_full);
  ADD ("from/rfc8048-8.1/renewed", test_from_renewed);
  ADD ("from/database-away", test_from_database_away);
  ADD ("from/many-wishes", test_from_many_wishes);
  ADD ("from/gone", test_from_gone);
  ADD ("from/flood", test_from_flood);
  ADD ("to/rfc8048-6.2/probed", test_to_probed);
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
