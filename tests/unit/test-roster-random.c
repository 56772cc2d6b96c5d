/* SPDX-License-Identifier: ISC
 *
 * roster/ under whatever the users, the contacts and the link may do, in any
 * order: a contact of whom nobody takes notice any more leaves nothing behind,
 * nobody who refused is asked, nothing is sent while the link is down, and what
 * a contact was told adds up to what he may see. */
#include "roster/roster-priv.h"

#include <string.h>

#define USERS 3
#define CONTACTS 4
#define PAIRS (USERS * CONTACTS)
#define NAMES 4
#define STEPS 20000

typedef struct {
  char user[32], contact[32];
  guint holders, asking;
  gboolean allowed; /* from: what the subscription says */
  guint visible;    /* set of names, while allowed */
  guint seen;       /* set of names that he was told are there */
  gboolean refused; /* to: he said no, and it is not long ago */
  gint64 refused_at;
} One;

typedef struct {
  Roster *roster;
  gint64 now;
  gboolean is_up;
  One ones[PAIRS];
  GRand *rand;
} World;

static const RosterLimits limits = { .probe_wait = 15 * G_USEC_PER_SEC,
                                     .first_wait = 2 * G_USEC_PER_SEC,
                                     .ask_again = 3600 * (gint64)G_USEC_PER_SEC,
                                     .retry = 300 * (gint64)G_USEC_PER_SEC,
                                     .max_resources = 3 };

static RosterPair *
find (World *w, One *one)
{
  return roster_need (w->roster, one->user, one->contact);
}

static One *
one_of (World *w, const RosterPair *pair)
{
  for (guint i = 0; i < PAIRS; i++)
    if (strcmp (w->ones[i].user, roster_user (pair)) == 0
        && strcmp (w->ones[i].contact, roster_contact (pair)) == 0)
      return &w->ones[i];
  g_assert_not_reached ();
}

typedef struct {
  World *world;
  One *one;
} Telling;

static gboolean
tell_cb (const RosterResource *resource, gboolean is_available, gpointer data)
{
  Telling *telling = data;
  guint bit = resource->name == NULL ? 0 : 1u << (resource->name[0] - 'a');

  if (g_rand_int_range (telling->world->rand, 0, 10) == 0)
    return FALSE;
  if (is_available)
    telling->one->seen |= bit;
  else if (resource->name == NULL)
    telling->one->seen = 0;
  else
    telling->one->seen &= ~bit;
  return TRUE;
}

static gboolean
show (World *w, One *one, RosterPair *pair)
{
  g_autoptr (GPtrArray) resources
      = g_ptr_array_new_with_free_func ((GDestroyNotify)roster_resource_free);
  RosterShown shown = { resources, NULL };
  Telling telling = { w, one };

  for (guint i = 0; one->allowed && i < NAMES; i++)
    if (one->visible & (1u << i))
      g_ptr_array_add (resources,
                       roster_resource_new ((char[]){ (char)('a' + i), 0 }));
  if (!roster_tell (pair, one->allowed ? &shown : NULL, tell_cb, &telling))
    return FALSE;
  g_assert_cmpuint (one->seen, ==, one->allowed ? one->visible : 0);
  return TRUE;
}

static void
send_some (World *w)
{
  RosterPair *pair;

  for (guint n = 0; n < 5 && (pair = roster_due (w->roster)) != NULL; n++) {
    One *one = one_of (w, pair);
    guint owes = roster_owes (pair), bit = owes & -owes;

    g_assert_true (w->is_up);
    g_assert_cmpuint (owes, !=, 0);
    if (bit == ROSTER_OWES_SUBSCRIBE)
      g_assert_false (one->refused
                      && w->now < one->refused_at + limits.ask_again);
    if (bit == ROSTER_OWES_SHOW && !show (w, one, pair))
      return;
    if (g_rand_int_range (w->rand, 0, 20) == 0) {
      roster_postpone (w->roster, pair, w->now + G_USEC_PER_SEC);
      continue;
    }
    roster_sent (w->roster, pair, bit, w->now);
    roster_tidy (w->roster, pair);
  }
}

static void
take_news (World *w)
{
  RosterPair *pair;

  while ((pair = roster_take_news (w->roster)) != NULL) {
    if (!w->is_up)
      g_assert_false (roster_is_known (pair));
    roster_tidy (w->roster, pair);
  }
}

static void
answer (World *w, One *one, RosterPair *pair)
{
  RosterAnswer what
      = (RosterAnswer)g_rand_int_range (w->rand, 0, ROSTER_NOT_NOW + 1);
  RosterTo before = roster_to (pair);

  roster_answered (w->roster, pair, what, w->now);
  if (!w->is_up)
    return;
  if (before != ROSTER_TO_REFUSED && roster_to (pair) == ROSTER_TO_REFUSED) {
    one->refused = TRUE;
    one->refused_at = w->now;
  }
  if (what == ROSTER_GRANTED || roster_to (pair) == ROSTER_TO_NONE)
    one->refused = FALSE;
}

static void
presence (World *w, RosterPair *pair)
{
  const RosterResource resource
      = { .name = (char[]){ (char)('a' + g_rand_int_range (w->rand, 0, 5)), 0 },
          .show = (RosterShow)g_rand_int_range (w->rand, 0, 5) };

  if (g_rand_boolean (w->rand))
    roster_seen (w->roster, pair, &resource, w->now);
  else
    roster_left (w->roster, pair, &resource, w->now);
  if (roster_resources (pair) != NULL)
    g_assert_cmpuint (roster_resources (pair)->len, <=, limits.max_resources);
  if (roster_is_known (pair))
    g_assert_true ((roster_resources (pair) == NULL)
                   != (roster_last (pair) == NULL));
}

static void
hold (World *w, One *one, RosterPair *pair)
{
  gboolean asks = g_rand_boolean (w->rand);

  if (one->holders > 3)
    return;
  roster_hold (w->roster, pair,
               !asks                      ? ROSTER_FETCH
               : g_rand_boolean (w->rand) ? ROSTER_ASK
                                          : ROSTER_RESUME,
               w->now);
  one->holders++;
  one->asking += asks;
  g_assert_cmpint (roster_to (pair), !=, ROSTER_TO_NONE);
}

static void
release (World *w, One *one, RosterPair *pair)
{
  gboolean asks = one->asking == one->holders
                  || (one->asking > 0 && g_rand_boolean (w->rand));

  if (one->holders == 0)
    return;
  roster_release (w->roster, pair, asks, w->now);
  one->holders--;
  one->asking -= asks;
}

static void
change_from (World *w, One *one, RosterPair *pair)
{
  one->visible = (guint)g_rand_int_range (w->rand, 0, 1 << NAMES);
  switch (g_rand_int_range (w->rand, 0, 4)) {
  case 0:
    one->allowed = FALSE;
    roster_end (w->roster, pair);
    break;
  case 1:
    one->visible = one->allowed ? 0 : one->visible;
    roster_wait (w->roster, pair);
    break;
  default:
    one->allowed = TRUE;
    roster_allow (w->roster, pair);
  }
}

static void
flip_link (World *w)
{
  w->is_up = !w->is_up;
  roster_set_up (w->roster, w->is_up, w->now);
  if (!w->is_up)
    g_assert_null (roster_due (w->roster));
}

static void
step (World *w)
{
  One *one = &w->ones[g_rand_int_range (w->rand, 0, PAIRS)];
  RosterPair *pair = find (w, one);

  switch (g_rand_int_range (w->rand, 0, 12)) {
  case 0:
  case 1:
    hold (w, one, pair);
    break;
  case 2:
  case 3:
    release (w, one, pair);
    break;
  case 4:
    answer (w, one, pair);
    break;
  case 5:
  case 6:
    presence (w, pair);
    break;
  case 7:
    change_from (w, one, pair);
    break;
  case 8:
    if (g_rand_int_range (w->rand, 0, 30) == 0)
      flip_link (w);
    break;
  case 9:
    if (g_rand_int_range (w->rand, 0, 10) == 0) {
      roster_drop (w->roster, pair, w->now);
      one->refused = FALSE;
      g_assert_false (roster_owes (pair) & ROSTER_OWES_SUBSCRIBE);
    }
    break;
  default:
    w->now += g_rand_int_range (w->rand, 0, 30) * (gint64)G_USEC_PER_SEC;
    roster_advance (w->roster, w->now);
    roster_next_paced (w->roster);
  }
  take_news (w);
  send_some (w);
  pair = roster_find (w->roster, one->user, one->contact);
  if (pair != NULL)
    roster_tidy (w->roster, pair);
}

/* Everybody goes, and all that is owed can be sent. */
static void
finish (World *w)
{
  if (!w->is_up)
    flip_link (w);
  for (guint i = 0; i < PAIRS; i++) {
    One *one = &w->ones[i];
    RosterPair *pair = find (w, one);

    while (one->holders > 0)
      release (w, one, pair);
    one->allowed = FALSE;
    roster_end (w->roster, pair);
  }
  for (guint i = 0; i < 2000; i++) {
    roster_next_paced (w->roster);
    take_news (w);
    send_some (w);
    w->now += G_USEC_PER_SEC * 10;
    roster_advance (w->roster, w->now);
  }
  flip_link (w);
  take_news (w);
  for (guint i = 0; i < PAIRS; i++)
    g_assert_cmpuint (w->ones[i].seen, ==, 0);
  g_assert_cmpuint (roster_size (w->roster), ==, 0);
}

static void
test_random (void)
{
  World w = { .now = G_USEC_PER_SEC };

  w.rand = g_rand_new_with_seed ((guint32)g_test_rand_int ());
  w.roster = roster_new (&limits, w.now);
  for (guint i = 0; i < PAIRS; i++) {
    g_snprintf (w.ones[i].user, 32, "u%u@example.com", i % USERS);
    g_snprintf (w.ones[i].contact, 32, "c%u@example.net", i / USERS);
  }
  flip_link (&w);
  for (guint i = 0; i < STEPS; i++)
    step (&w);
  finish (&w);
  roster_free (w.roster);
  g_rand_free (w.rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/roster/random", test_random);
  return g_test_run ();
}
