/* SPDX-License-Identifier: ISC
 *
 * XMPP users who watch alice, under whatever they, she, the policy, the link and
 * the server may do, in any order: when all is quiet their server believes what is
 * true (RFC 6121 A.2), and they see what they may. */
#include "tests/lib/servicebed.h"

#include <string.h>

#define CONTACTS 3
#define STEPS 1500

/* As the server of an XMPP user keeps it. */
typedef struct {
  char jid[40];
  gboolean is_subscribed, is_pending;
  guint seen;           /* set of devices: 1 desk, 2 phone */
  const char *decision; /* in alice's `watchers`, or NULL */
} One;

typedef struct {
  ServiceBed *bed;
  One ones[CONTACTS];
  guint devices;
  gboolean is_full;
  GRand *rand;
} World;

static One *
one_of (World *w, const char *jid)
{
  for (guint i = 0; i < CONTACTS; i++)
    if (strcmp (w->ones[i].jid, jid) == 0)
      return &w->ones[i];
  return NULL;
}

static guint
device_of (const char *from)
{
  return g_str_has_suffix (from, "/desk")    ? 1
         : g_str_has_suffix (from, "/phone") ? 2
                                             : 0;
}

/* RFC 6121 A.3.3, A.3.4, as Prosody does it. */
static void
receive (One *one, const XmppPresence *presence)
{
  guint device = device_of (presence->from);

  switch (presence->type) {
  case XMPP_SUBSCRIBED:
    one->is_subscribed |= one->is_pending;
    one->is_pending = FALSE;
    break;
  case XMPP_UNSUBSCRIBED:
    one->is_subscribed = one->is_pending = FALSE;
    break;
  case XMPP_AVAILABLE:
    g_assert_cmpuint (device, !=, 0);
    one->seen |= device;
    break;
  case XMPP_UNAVAILABLE:
    one->seen = device == 0 ? 0 : one->seen & ~device;
    break;
  default:
    break;
  }
}

static void
read_all (World *w)
{
  while (w->bed->xmpp->presences->len > 0) {
    g_autoptr (FakeXmppPresence) sent
        = fake_xmpp_take_presence (w->bed->xmpp, NULL);
    One *one = one_of (w, sent->presence.to);
    if (one != NULL)
      receive (one, &sent->presence);
  }
}

static void
run (World *w, double seconds)
{
  fake_loop_run (w->bed->loop, seconds);
  read_all (w);
}

static void
publish (World *w)
{
  static const char *const documents[] = {
    "<tuple id='c'><status><basic>closed</basic></status></tuple>",
    "<tuple id='desk'><status><basic>open</basic></status></tuple>",
    "<tuple id='phone'><status><basic>open</basic></status></tuple>",
    "<tuple id='desk'><status><basic>open</basic></status>"
    "<contact>sip:a@192.0.2.1</contact></tuple>"
    "<tuple id='phone'><status><basic>open</basic></status>"
    "<contact>sip:a@192.0.2.2</contact></tuple>",
  };

  w->devices = (guint)g_rand_int_range (w->rand, 0, 4);
  bed_publish (w->bed, documents[w->devices]);
}

static void
decide (World *w)
{
  static const char *const decisions[]
      = { NULL, "allow", "block", "polite_block", "allow" };
  g_autoptr (GString) rows = g_string_new (NULL);

  w->ones[g_rand_int_range (w->rand, 0, CONTACTS)].decision
      = decisions[g_rand_int_range (w->rand, 0, G_N_ELEMENTS (decisions))];
  for (guint i = 0; i < CONTACTS; i++)
    if (w->ones[i].decision != NULL)
      g_string_append_printf (rows, "%s%s=%s", rows->len > 0 ? " " : "",
                              w->ones[i].jid, w->ones[i].decision);
  bed_put_policy (w->bed, NULL, NULL, rows->str);
}

static void
ask (World *w, One *one, XmppPresenceType type)
{
  if (!w->bed->xmpp->is_up)
    return;
  if (type == XMPP_SUBSCRIBE && !one->is_subscribed)
    one->is_pending = TRUE;
  if (type == XMPP_UNSUBSCRIBE)
    one->is_subscribed = one->is_pending = FALSE;
  fake_xmpp_show (w->bed->xmpp, one->jid, ALICE, type);
}

/* A server that goes down forgets what it could not send, and which devices it
 * had named. */
static void
restart (World *w)
{
  if (w->bed->xmpp->is_full || !w->bed->xmpp->is_up)
    return;
  run (w, 3);
  bed_restart (w->bed);
  bed_set (w->bed);
  run (w, 3);
}

static void
step (World *w)
{
  One *one = &w->ones[g_rand_int_range (w->rand, 0, CONTACTS)];
  PolicySettings *settings = &w->bed->settings;

  switch (g_rand_int_range (w->rand, 0, 14)) {
  case 0:
  case 1:
  case 2:
    ask (w, one, XMPP_SUBSCRIBE);
    break;
  case 3:
    ask (w, one, XMPP_UNSUBSCRIBE);
    break;
  case 4:
    ask (w, one, XMPP_PROBE);
    break;
  case 5:
  case 6:
    publish (w);
    break;
  case 7:
    decide (w);
    break;
  case 8:
    fake_xmpp_link (w->bed->xmpp, !w->bed->xmpp->is_up);
    break;
  case 9:
    if (w->bed->xmpp->is_up)
      fake_xmpp_set_full (w->bed->xmpp, !w->bed->xmpp->is_full);
    break;
  case 10:
    settings->share_availability = g_rand_int_range (w->rand, 0, 3) > 0;
    bed_set (w->bed);
    break;
  case 11:
    if (g_rand_int_range (w->rand, 0, 4) == 0)
      restart (w);
    break;
  default:
    run (w, g_rand_double_range (w->rand, 0, 0.4));
  }
  if (g_rand_boolean (w->rand))
    fake_loop_settle (w->bed->loop);
  read_all (w);
}

static void
check (World *w)
{
  if (!w->bed->xmpp->is_up)
    fake_xmpp_link (w->bed->xmpp, TRUE);
  fake_xmpp_set_full (w->bed->xmpp, FALSE);
  run (w, 20);
  for (guint i = 0; i < CONTACTS; i++) {
    One *one = &w->ones[i];
    gboolean sees = w->bed->settings.share_availability
                    && g_strcmp0 (one->decision, "polite_block") != 0;
    gboolean was_subscribed = one->is_subscribed;

    g_assert_false (one->is_pending);
    if (one->is_subscribed)
      g_assert_cmpuint (one->seen, ==, sees ? w->devices : 0);
    if (g_strcmp0 (one->decision, "block") == 0)
      g_assert_false (one->is_subscribed);
    ask (w, one, XMPP_PROBE); /* would take away what is not true */
    run (w, 0.3);
    g_assert_true (one->is_subscribed == was_subscribed);
    one->seen = one->is_subscribed ? one->seen : 0;
  }
}

static void
test_random (void)
{
  World w = { .bed = bed_new () };

  w.rand = g_rand_new_with_seed ((guint32)g_test_rand_int ());
  for (guint i = 0; i < CONTACTS; i++)
    g_snprintf (w.ones[i].jid, sizeof w.ones[i].jid, "c%u@" XMPP_DOMAIN, i);
  publish (&w);
  for (guint i = 0; i < STEPS; i++) {
    step (&w);
    if (i % 25 == 24)
      check (&w);
  }
  bed_free (w.bed);
  g_rand_free (w.rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xmpp-presence/random", test_random);
  return g_test_run ();
}
