/* SPDX-License-Identifier: ISC
 *
 * service/xmpp: what lies beyond the link, and who is heard from there. */
#include "tests/lib/servicebed.h"

#include "service/xmpp-priv.h"

#include <string.h>

static void
expect_sent (ServiceBed *bed, const char *text)
{
  g_autofree char *sent = fake_xmpp_drain (bed->xmpp);

  g_assert_cmpstr (sent, ==, text);
}

static void
test_places (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  g_assert_true (xmpp_is_there (bed->service));
  g_assert_true (xmpp_has_domain (bed->service, XMPP_DOMAIN));
  g_assert_true (xmpp_has_domain (bed->service, "XMPP.Example.com"));
  g_assert_false (xmpp_has_domain (bed->service, XMPP_ROOMS));
  g_assert_true (xmpp_has_rooms (bed->service, XMPP_ROOMS));
  g_assert_false (xmpp_has_domain (bed->service, "example.com"));
}

static void
test_none (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed->has_no_xmpp = TRUE;
  bed_restart (bed);
  g_assert_false (xmpp_is_there (bed->service));
  g_assert_false (xmpp_has_domain (bed->service, XMPP_DOMAIN));
  g_assert_false (xmpp_has_rooms (bed->service, XMPP_ROOMS));
}

/* Nobody is heard from another domain than the configured ones. */
static void
test_strangers (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeXmppMessage) refusal = NULL;

  fake_xmpp_say (bed->xmpp, "eve@evil.example/x", ALICE, "7", "hello");
  refusal = fake_xmpp_take (bed->xmpp, "eve@evil.example/x", XMPP_TAKEN,
                            XMPP_NO_ERROR);
  g_assert_cmpstr (refusal->message.from, ==, ALICE);
  g_assert_cmpstr (refusal->message.id, ==, "7");
  g_assert_cmpint (refusal->message.error, ==, XMPP_NOT_ALLOWED);
  fake_xmpp_show (bed->xmpp, "eve@evil.example", ALICE, XMPP_SUBSCRIBE);
  expect_sent (bed, "error " ALICE " > eve@evil.example\n");
}

static void
test_no_error_for_errors (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  fake_xmpp_message (bed->xmpp,
                     &(XmppMessage){ .from = "eve@evil.example",
                                     .to = ALICE,
                                     .type = XMPP_MESSAGE_ERROR,
                                     .error = XMPP_GONE });
  fake_xmpp_show (bed->xmpp, "eve@evil.example", ALICE, XMPP_PRESENCE_ERROR);
  expect_sent (bed, "");
}

/* Presence that asks for nothing is no reason to answer by an error; that of his
 * server would unsubscribe him. */
static void
test_errors_for_questions_alone (void)
{
  static const XmppPresenceType silent[]
      = { XMPP_AVAILABLE, XMPP_UNAVAILABLE, XMPP_SUBSCRIBED, XMPP_UNSUBSCRIBE,
          XMPP_UNSUBSCRIBED };
  g_autoptr (ServiceBed) bed = bed_new ();

  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    fake_xmpp_show (bed->xmpp, "eve@evil.example", ALICE, silent[i]);
  expect_sent (bed, "");
  fake_xmpp_show (bed->xmpp, "eve@evil.example", ALICE, XMPP_PROBE);
  expect_sent (bed, "error " ALICE " > eve@evil.example\n");
}

static void
done_cb (XmppOutcome outcome, XmppError error, const char *text, gpointer data)
{
  *(XmppOutcome *)data = outcome;
}

static void
test_without_port (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  XmppOutcome outcome = XMPP_TAKEN;
  const XmppMessage message = { .from = ALICE, .to = XAVIER, .id = "1" };
  Xmpp *xmpp;

  bed->has_no_xmpp = TRUE;
  bed_restart (bed);
  xmpp = service_xmpp_events (bed->service)->self;
  xmpp_send_message (xmpp, &message, done_cb, &outcome);
  g_assert_cmpint (outcome, ==, XMPP_TAKEN);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (outcome, ==, XMPP_LOST);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/xmpp/places", test_places);
  g_test_add_func ("/service/xmpp/none", test_none);
  g_test_add_func ("/service/xmpp/strangers", test_strangers);
  g_test_add_func ("/service/xmpp/rfc6120-8.3.1/no-error-for-errors",
                   test_no_error_for_errors);
  g_test_add_func ("/service/xmpp/errors-for-questions-alone",
                   test_errors_for_questions_alone);
  g_test_add_func ("/service/xmpp/without-port", test_without_port);
  return g_test_run ();
}
