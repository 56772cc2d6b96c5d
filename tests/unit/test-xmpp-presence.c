/* SPDX-License-Identifier: ISC
 *
 * XMPP users who watch users of ours: RFC 8048 5.2, 6.3, 7.1 and 8, DESIGN sections
 * 4 and 7. */
#include "tests/unit/xmpp-presence-world.h"

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
  return g_test_run ();
}
