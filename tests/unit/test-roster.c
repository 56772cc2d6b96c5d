/* SPDX-License-Identifier: ISC
 *
 * Pairs of users and XMPP contacts: RFC 6121 3 and 4.3, RFC 8048 5. */
#include "roster/roster-priv.h"

#include <string.h>

#define ALICE "alice@example.com"
#define XAVIER "xavier@xmpp.example.com"
#define SECOND ((gint64)G_USEC_PER_SEC)

typedef struct {
  Roster *roster;
  RosterPair *pair;
  gint64 now;
  GString *told; /* by tell_cb, separated by spaces */
  guint room;    /* stanzas that can be sent */
} World;

static const RosterLimits limits = { .probe_wait = 15 * SECOND,
                                     .first_wait = 2 * SECOND,
                                     .ask_again = 3600 * SECOND,
                                     .retry = 300 * SECOND,
                                     .max_resources = 3 };

static void
setup (World *w, gconstpointer data)
{
  w->now = 1000 * SECOND;
  w->roster = roster_new (&limits, w->now);
  w->pair = roster_need (w->roster, ALICE, XAVIER);
  w->told = g_string_new (NULL);
  w->room = 100;
  roster_set_up (w->roster, TRUE, w->now);
}

static void
teardown (World *w, gconstpointer data)
{
  roster_free (w->roster);
  g_string_free (w->told, TRUE);
}

static void
run (World *w, gint64 seconds)
{
  w->now += seconds * SECOND;
  roster_advance (w->roster, w->now);
}

/* Sends all that is owed but what is visible; returns it. */
static guint
send_all (World *w)
{
  guint sent = 0;

  while (roster_next_paced (w->roster))
    ;
  for (RosterPair *pair; (pair = roster_due (w->roster)) != NULL;) {
    guint owes = roster_owes (pair);

    sent |= owes;
    for (guint bit = 1; bit <= ROSTER_OWES_UNSUBSCRIBED; bit <<= 1)
      if (owes & bit)
        roster_sent (w->roster, pair, bit, w->now);
  }
  return sent;
}

static gboolean
has_news (World *w)
{
  return roster_take_news (w->roster) != NULL;
}

static void
see (World *w, const char *name, RosterShow show)
{
  const RosterResource resource = { .name = (char *)name, .show = show };

  roster_seen (w->roster, w->pair, &resource, w->now);
}

static void
leave (World *w, const char *name, const char *status)
{
  const RosterResource resource
      = { .name = (char *)name, .status = (char *)status };

  roster_left (w->roster, w->pair, &resource, w->now);
}

static void
test_to_probed (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_PROBE);
  see (w, "home", ROSTER_SHOW_AWAY);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_ON);
  g_assert_true (has_news (w));
  g_assert_cmpuint (roster_resources (w->pair)->len, ==, 1);
  see (w, "home", ROSTER_SHOW_AWAY);
  g_assert_false (has_news (w));
  run (w, 60);
  g_assert_cmpuint (send_all (w), ==, 0);
}

static void
test_to_asked (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  roster_answered (w->roster, w->pair, ROSTER_DENIED, w->now);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_SUBSCRIBE);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_ASKED);
  g_assert_true (has_news (w));
  roster_answered (w->roster, w->pair, ROSTER_GRANTED, w->now);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_ON);
  g_assert_false (roster_is_known (w->pair));
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_PROBE);
  leave (w, NULL, "gone fishing");
  g_assert_true (roster_is_known (w->pair));
  g_assert_null (roster_resources (w->pair));
  g_assert_cmpstr (roster_last (w->pair)->status, ==, "gone fishing");
}

/* Prosody says in this way that it has the request. */
static void
test_to_heard (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  roster_answered (w->roster, w->pair, ROSTER_DENIED, w->now);
  send_all (w);
  leave (w, NULL, NULL);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_ASKED);
  see (w, "home", ROSTER_SHOW_NONE);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_ON);
}

static void
test_to_silent (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_RESUME, w->now);
  send_all (w);
  run (w, 14);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_PROBING);
  run (w, 2);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_SUBSCRIBE);
}

/* Who answers is given the time. */
static void
test_to_late (World *w, gconstpointer data)
{
  RosterPair *other = roster_need (w->roster, ALICE, "y@xmpp.example.com");

  roster_hold (w->roster, other, ROSTER_ASK, w->now);
  send_all (w);
  roster_answered (w->roster, other, ROSTER_DENIED, w->now);
  send_all (w);
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  run (w, 10);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_PROBING);
}

static void
test_to_silent_new (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  run (w, 3);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_SUBSCRIBE);
  roster_answered (w->roster, w->pair, ROSTER_GRANTED, w->now);
  send_all (w);
  roster_set_up (w->roster, FALSE, w->now);
  roster_set_up (w->roster, TRUE, w->now);
  send_all (w);
  run (w, 3);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_PROBING);
}

/* The time of a probe counts from when it has left. */
static void
test_to_not_sent (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  run (w, 100);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_PROBING);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_PROBE);
}

static void
test_to_fetch (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_FETCH, w->now);
  roster_release (w->roster, w->pair, FALSE, w->now);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_PROBE);
  roster_answered (w->roster, w->pair, ROSTER_DENIED, w->now);
  g_assert_cmpuint (send_all (w), ==, 0);
  while (has_news (w))
    ;
  g_assert_true (roster_tidy (w->roster, w->pair));
  g_assert_cmpuint (roster_size (w->roster), ==, 0);
}

static void
test_to_refused (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  roster_answered (w->roster, w->pair, ROSTER_DENIED, w->now);
  send_all (w);
  roster_answered (w->roster, w->pair, ROSTER_DENIED, w->now);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_REFUSED);
  g_assert_false (roster_may_ask (w->pair));
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  g_assert_cmpuint (send_all (w), ==, 0);
  run (w, 3601);
  g_assert_true (roster_may_ask (w->pair));
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_SUBSCRIBE);
}

static void
test_to_forgotten (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  roster_answered (w->roster, w->pair, ROSTER_NOT_THERE, w->now);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_MISSING);
  roster_release (w->roster, w->pair, TRUE, w->now);
  while (has_news (w))
    ;
  run (w, 3601);
  g_assert_true (has_news (w));
  g_assert_true (roster_tidy (w->roster, w->pair));
}

static void
test_to_trouble (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  roster_answered (w->roster, w->pair, ROSTER_NOT_NOW, w->now);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_TROUBLE);
  run (w, 301);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_PROBE);
}

static void
test_to_link (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  send_all (w);
  see (w, "home", ROSTER_SHOW_NONE);
  has_news (w);
  roster_set_up (w->roster, FALSE, w->now);
  g_assert_true (has_news (w));
  g_assert_false (roster_is_known (w->pair));
  g_assert_null (roster_due (w->roster));
  run (w, 1000);
  roster_set_up (w->roster, TRUE, w->now);
  g_assert_cmpuint (roster_n_paced (w->roster), ==, 1);
  g_assert_null (roster_due (w->roster));
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_PROBE);
}

static void
test_to_dropped (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  roster_drop (w->roster, w->pair, w->now);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_UNSUBSCRIBE);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_NONE);
}

/* An unsubscription that could not leave is not overtaken by what follows. */
static void
test_to_again (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  roster_drop (w->roster, w->pair, w->now);
  roster_release (w->roster, w->pair, TRUE, w->now);
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  g_assert_cmpuint (send_all (w), ==,
                    ROSTER_OWES_UNSUBSCRIBE | ROSTER_OWES_PROBE);
}

static void
test_to_resources (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  see (w, "a", ROSTER_SHOW_NONE);
  see (w, "b", ROSTER_SHOW_DND);
  see (w, "c", ROSTER_SHOW_NONE);
  see (w, "d", ROSTER_SHOW_NONE);
  g_assert_cmpuint (roster_resources (w->pair)->len, ==, 3);
  leave (w, "a", "bye");
  g_assert_cmpuint (roster_resources (w->pair)->len, ==, 2);
  g_assert_null (roster_last (w->pair));
  leave (w, "c", NULL);
  leave (w, "b", "last");
  g_assert_null (roster_resources (w->pair));
  g_assert_cmpstr (roster_last (w->pair)->status, ==, "last");
}

static gboolean
tell_cb (const RosterResource *resource, gboolean is_available, gpointer data)
{
  World *w = data;

  if (w->room == 0)
    return FALSE;
  w->room--;
  g_string_append_printf (w->told, "%c%s ", is_available ? '+' : '-',
                          resource->name != NULL ? resource->name : "");
  return TRUE;
}

/* names: "a b", each available; "!a": away. */
static gboolean
tell (World *w, const char *names)
{
  g_auto (GStrv) words = g_strsplit (names, " ", -1);
  g_autoptr (GPtrArray) resources
      = g_ptr_array_new_with_free_func ((GDestroyNotify)roster_resource_free);
  RosterShown shown = { resources, NULL };

  for (char **word = words; *word != NULL; word++) {
    RosterResource *resource;

    if (**word == '\0')
      continue;
    resource = roster_resource_new (*word + (**word == '!'));
    resource->show = **word == '!' ? ROSTER_SHOW_AWAY : ROSTER_SHOW_NONE;
    g_ptr_array_add (resources, resource);
  }
  g_string_set_size (w->told, 0);
  return roster_tell (w->pair, &shown, tell_cb, w);
}

static void
test_from_told (World *w, gconstpointer data)
{
  roster_asked (w->roster, w->pair);
  g_assert_cmpuint (roster_owes (w->pair), ==, 0);
  roster_allow (w->roster, w->pair);
  g_assert_cmpuint (send_all (w), ==,
                    ROSTER_OWES_SUBSCRIBED | ROSTER_OWES_SHOW);
  g_assert_true (tell (w, "a b"));
  g_assert_cmpstr (w->told->str, ==, "+a +b ");
  g_assert_true (tell (w, "a !b c"));
  g_assert_cmpstr (w->told->str, ==, "+b +c ");
  g_assert_true (tell (w, "c"));
  g_assert_cmpstr (w->told->str, ==, "-a -b ");
  g_assert_true (tell (w, ""));
  g_assert_cmpstr (w->told->str, ==, "-c ");
  g_assert_true (tell (w, ""));
  g_assert_cmpstr (w->told->str, ==, "");
}

/* Nobody there: he is told so, once. */
static void
test_from_nobody (World *w, gconstpointer data)
{
  roster_allow (w->roster, w->pair);
  g_assert_true (tell (w, ""));
  g_assert_cmpstr (w->told->str, ==, "- ");
  g_assert_true (tell (w, ""));
  g_assert_cmpstr (w->told->str, ==, "");
}

static void
test_from_again (World *w, gconstpointer data)
{
  roster_allow (w->roster, w->pair);
  send_all (w);
  tell (w, "a");
  roster_asked (w->roster, w->pair);
  g_assert_cmpuint (send_all (w), ==,
                    ROSTER_OWES_SUBSCRIBED | ROSTER_OWES_SHOW);
  tell (w, "a");
  g_assert_cmpstr (w->told->str, ==, "+a ");
}

static void
test_from_link (World *w, gconstpointer data)
{
  roster_allow (w->roster, w->pair);
  send_all (w);
  tell (w, "a b");
  roster_set_up (w->roster, FALSE, w->now);
  roster_set_up (w->roster, TRUE, w->now);
  g_assert_cmpuint (send_all (w), ==, ROSTER_OWES_SHOW);
  tell (w, "a");
  g_assert_cmpstr (w->told->str, ==, "+a -b ");
}

static void
test_from_full (World *w, gconstpointer data)
{
  roster_allow (w->roster, w->pair);
  w->room = 1;
  g_assert_false (tell (w, "a b"));
  g_assert_cmpstr (w->told->str, ==, "+a ");
  w->room = 9;
  g_assert_true (tell (w, "a !b c"));
  g_assert_cmpstr (w->told->str, ==, "+b +c ");
}

static void
test_from_ended (World *w, gconstpointer data)
{
  roster_allow (w->roster, w->pair);
  send_all (w);
  tell (w, "a");
  roster_end (w->roster, w->pair);
  g_assert_cmpuint (send_all (w), ==,
                    ROSTER_OWES_SHOW | ROSTER_OWES_UNSUBSCRIBED);
  tell (w, "");
  g_assert_cmpstr (w->told->str, ==, "-a ");
  g_assert_true (roster_tidy (w->roster, w->pair));
}

/* Neither half touches the other. */
static void
test_both (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  see (w, "home", ROSTER_SHOW_NONE);
  roster_allow (w->roster, w->pair);
  send_all (w);
  roster_end (w->roster, w->pair);
  g_assert_cmpint (roster_to (w->pair), ==, ROSTER_TO_ON);
  roster_allow (w->roster, w->pair);
  roster_drop (w->roster, w->pair, w->now);
  g_assert_cmpint (roster_from (w->pair), ==, ROSTER_FROM_ON);
}

static void
test_newest_only (World *w, gconstpointer data)
{
  roster_allow (w->roster, w->pair);
  roster_end (w->roster, w->pair);
  g_assert_false (roster_owes (w->pair) & ROSTER_OWES_SUBSCRIBED);
  roster_allow (w->roster, w->pair);
  g_assert_false (roster_owes (w->pair) & ROSTER_OWES_UNSUBSCRIBED);
}

static void
test_postponed (World *w, gconstpointer data)
{
  roster_hold (w->roster, w->pair, ROSTER_ASK, w->now);
  roster_postpone (w->roster, w->pair, w->now + 10 * SECOND);
  g_assert_null (roster_due (w->roster));
  run (w, 11);
  g_assert_true (roster_due (w->roster) == w->pair);
  roster_postpone (w->roster, w->pair, w->now + 10 * SECOND);
  roster_allow (w->roster, w->pair); /* that can be sent */
  g_assert_true (roster_due (w->roster) == w->pair);
}

static void
test_found (World *w, gconstpointer data)
{
  g_assert_true (roster_find (w->roster, "Alice@example.com", XAVIER)
                 == w->pair);
  g_assert_true (roster_need (w->roster, ALICE, "XAVIER@xmpp.example.com")
                 == w->pair);
  g_assert_null (roster_find (w->roster, XAVIER, ALICE));
}

/* Every pair of state and event says why. */
static void
test_tables (World *w, gconstpointer data)
{
  for (guint i = 0; i < N_TO; i++)
    for (guint j = 0; j < N_TO_EVENTS; j++)
      g_assert_nonnull (to_table[i][j].why);
  for (guint i = 0; i < N_FROM; i++)
    for (guint j = 0; j < N_FROM_EVENTS; j++)
      g_assert_nonnull (from_table[i][j].why);
}

int
main (int argc, char **argv)
{
#define TEST(path, fn) g_test_add (path, World, NULL, setup, fn, teardown)
  g_test_init (&argc, &argv, NULL);
  TEST ("/roster/to/probed", test_to_probed);
  TEST ("/roster/to/rfc8048-5.3.1/asked", test_to_asked);
  TEST ("/roster/to/heard", test_to_heard);
  TEST ("/roster/to/silent", test_to_silent);
  TEST ("/roster/to/silent-new", test_to_silent_new);
  TEST ("/roster/to/late", test_to_late);
  TEST ("/roster/to/not-sent", test_to_not_sent);
  TEST ("/roster/to/rfc8048-7.2/fetch", test_to_fetch);
  TEST ("/roster/to/refused", test_to_refused);
  TEST ("/roster/to/forgotten", test_to_forgotten);
  TEST ("/roster/to/trouble", test_to_trouble);
  TEST ("/roster/to/link", test_to_link);
  TEST ("/roster/to/dropped", test_to_dropped);
  TEST ("/roster/to/again", test_to_again);
  TEST ("/roster/to/resources", test_to_resources);
  TEST ("/roster/from/told", test_from_told);
  TEST ("/roster/from/nobody", test_from_nobody);
  TEST ("/roster/from/rfc6121-3.1.3/again", test_from_again);
  TEST ("/roster/from/link", test_from_link);
  TEST ("/roster/from/full", test_from_full);
  TEST ("/roster/from/ended", test_from_ended);
  TEST ("/roster/both", test_both);
  TEST ("/roster/newest-only", test_newest_only);
  TEST ("/roster/postponed", test_postponed);
  TEST ("/roster/found", test_found);
  TEST ("/roster/tables", test_tables);
  return g_test_run ();
}
