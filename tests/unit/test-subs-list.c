/* SPDX-License-Identifier: ISC
 *
 * subs/list: what is told of a list, on a clock that the test sets; and at
 * random: a subscriber who applies every NOTIFY that he gets (RFC 4662 5.6) has
 * what full state would say. */
#include "subs/list.h"

#include <string.h>

#define DELAY 100

typedef struct {
  SubsMember base;
  guint document; /* what an active member shows */
} Member;

static SubsList *
list_of (void)
{
  SubsList *list = subs_list_new (sizeof (Member), NULL);

  subs_list_set_delay (list, DELAY);
  return list;
}

/* "a b c|Name" are the members. */
static void
put (SubsList *list, const char *text, gint64 now)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  subs_list_begin (list);
  for (guint i = 0; words[i] != NULL && *words[i] != '\0'; i++) {
    g_auto (GStrv) parts = g_strsplit (words[i], "|", 2);
    gboolean is_new;

    subs_list_put (list, parts[0], parts[0], parts[1], &is_new, now);
  }
  subs_list_end (list, NULL, NULL, now);
}

static SubsMember *
member (SubsList *list, const char *key)
{
  const GPtrArray *members = subs_list_members (list);

  for (guint i = 0; i < members->len; i++)
    if (strcmp (((SubsMember *)members->pdata[i])->key, key) == 0)
      return members->pdata[i];
  return NULL;
}

/* "full: a active, b ended" */
static char *
take (SubsList *list)
{
  static const char *const names[] = { "?", "pending", "active", "ended" };
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  gboolean is_full = subs_list_take (list, members);
  GString *out = g_string_new (is_full ? "full:" : "partial:");

  for (guint i = 0; i < members->len; i++) {
    const SubsMember *one = members->pdata[i];

    g_string_append_printf (
        out, " %s%s%s %s", one->key, one->name != NULL ? "|" : "",
        one->name != NULL ? one->name : "", names[one->state]);
  }
  return g_string_free (out, FALSE);
}

static void
assert_told (SubsList *list, const char *expected)
{
  g_autofree char *text = take (list);

  g_assert_cmpstr (text, ==, expected);
  subs_list_told (list, TRUE);
  g_assert_cmpint (subs_list_due (list), ==, 0);
}

static void
test_full_first (void)
{
  g_autoptr (SubsList) list = list_of ();

  put (list, "a b|B a", 0);
  g_assert_cmpuint (subs_list_members (list)->len, ==, 2);
  subs_list_decide (list, member (list, "a"), SUBS_MEMBER_ACTIVE,
                    SUBS_NO_REASON, 0);
  assert_told (list, "full: a active b|B ?");
  subs_list_changed (list, member (list, "a"), 5);
  subs_list_ask (list);
  assert_told (list, "full: a active b|B ?");
  assert_told (list, "full: a active b|B ?"); /* asked without a change */
}

static void
test_gathered (void)
{
  g_autoptr (SubsList) list = list_of ();

  put (list, "a b c", 0);
  assert_told (list, "full: a ? b ? c ?");
  subs_list_decide (list, member (list, "b"), SUBS_MEMBER_PENDING,
                    SUBS_NO_REASON, 1000);
  g_assert_cmpint (subs_list_due (list), ==, 1000 + DELAY);
  subs_list_decide (list, member (list, "b"), SUBS_MEMBER_ENDED, SUBS_REJECTED,
                    1050);
  subs_list_changed (list, member (list, "a"), 1060);
  subs_list_decide (list, member (list, "c"), SUBS_MEMBER_UNKNOWN,
                    SUBS_NO_REASON, 1070); /* as it was */
  g_assert_cmpint (subs_list_due (list), ==, 1000 + DELAY);
  assert_told (list, "partial: b ended a ?");
}

static void
test_edited (void)
{
  g_autoptr (SubsList) list = list_of ();

  put (list, "a b c", 0);
  assert_told (list, "full: a ? b ? c ?");
  put (list, "d a|A c", 10);
  assert_told (list, "partial: d ? a|A ? b ended");
  put (list, "a|A", 20); /* c and d go; c comes back before it is told */
  put (list, "a|A c", 30);
  assert_told (list, "partial: c ? d ended");
  put (list, "a|A", 40);
  subs_list_ask (list);
  assert_told (list, "full: a|A ?");
  assert_told (list, "full: a|A ?");
}

/* Who has it all is told nothing; what he has was told elsewhere, so the next is
 * full. */
static void
test_passed (void)
{
  g_autoptr (SubsList) list = list_of ();

  put (list, "a b", 0);
  subs_list_pass (list);
  subs_list_told (list, TRUE);
  g_assert_cmpint (subs_list_due (list), ==, 0);
  subs_list_changed (list, member (list, "a"), 5);
  g_assert_cmpint (subs_list_due (list), !=, 0);
  assert_told (list, "full: a ? b ?");
  subs_list_changed (list, member (list, "a"), 5);
  assert_told (list, "partial: a ?");
}

/* What may not have come is told in full. */
static void
test_lost (void)
{
  g_autoptr (SubsList) list = list_of ();
  g_autofree char *lost = NULL;

  put (list, "a b", 0);
  assert_told (list, "full: a ? b ?");
  subs_list_changed (list, member (list, "a"), 0);
  lost = take (list);
  g_assert_cmpstr (lost, ==, "partial: a ?");
  put (list, "b", 5);
  subs_list_told (list, FALSE);
  assert_told (list, "full: b ?");
}

/* --- At random --- */

typedef struct {
  SubsList *list;
  GHashTable *table; /* key -> what the subscriber knows, as text */
  GRand *random;
  gint64 now;
  gboolean is_lost; /* he has missed one, until the next full state */
} World;

static char *
state_of (const SubsMember *one)
{
  return g_strdup_printf ("%s %d %d %u", one->name ? one->name : "", one->state,
                          one->reason, ((Member *)one)->document);
}

static void
edit (World *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 12; i++)
    if (g_rand_int_range (self->random, 0, 3) > 0)
      g_string_append_printf (text, "%sm%u%s", text->len > 0 ? " " : "", i,
                              g_rand_boolean (self->random) ? "|N" : "");
  put (self->list, text->str, self->now);
}

static void
change (World *self)
{
  const GPtrArray *members = subs_list_members (self->list);
  SubsMember *one;

  if (members->len == 0)
    return;
  one = members
            ->pdata[g_rand_int_range (self->random, 0, (gint32)members->len)];
  if (g_rand_boolean (self->random)) {
    ((Member *)one)->document++;
    subs_list_changed (self->list, one, self->now);
    return;
  }
  subs_list_decide (self->list, one, g_rand_int_range (self->random, 0, 4),
                    g_rand_boolean (self->random) ? SUBS_REJECTED
                                                  : SUBS_NO_REASON,
                    self->now);
}

static void
check_table (const World *self)
{
  const GPtrArray *members = subs_list_members (self->list);
  GHashTableIter iter;
  gpointer key, state;

  for (guint i = 0; i < members->len; i++) {
    const SubsMember *one = members->pdata[i];
    g_autofree char *text = state_of (one);

    g_assert_cmpstr (g_hash_table_lookup (self->table, one->key), ==, text);
  }
  /* What else is there has ended (and may be removed at any time). */
  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, &key, &state))
    if (member (self->list, key) == NULL) {
      g_autofree char *end
          = g_strdup_printf (" %d %d ", SUBS_MEMBER_ENDED, SUBS_NORESOURCE);

      g_assert_nonnull (strstr (state, end));
    }
}

static void
notify (World *self)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  gboolean is_full = subs_list_take (self->list, members);
  gboolean arrives = g_rand_int_range (self->random, 0, 5) > 0;
  gboolean is_told = arrives && g_rand_int_range (self->random, 0, 5) > 0;

  g_assert_true (is_full || !self->is_lost);
  if (arrives && is_full)
    g_hash_table_remove_all (self->table);
  for (guint i = 0; arrives && i < members->len; i++) {
    const SubsMember *one = members->pdata[i];

    g_hash_table_replace (self->table, g_strdup (one->key), state_of (one));
  }
  self->is_lost = !is_told;
  if (arrives)
    check_table (self);
  subs_list_told (self->list, is_told);
}

static void
test_random (void)
{
  World world = { .list = list_of (), .random = g_rand_new_with_seed (4662) };

  world.table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < 20000; i++, world.now += 10) {
    gint64 due = subs_list_due (world.list);

    g_assert_true (due == 0 || due - world.now <= DELAY);
    if (g_rand_int_range (world.random, 0, 40) == 0)
      edit (&world);
    else if (g_rand_int_range (world.random, 0, 3) > 0)
      change (&world);
    if (g_rand_int_range (world.random, 0, 60) == 0)
      subs_list_ask (world.list);
    due = subs_list_due (world.list);
    if ((due != 0 && due <= world.now)
        || g_rand_int_range (world.random, 0, 100) == 0)
      notify (&world);
  }
  g_hash_table_unref (world.table);
  g_rand_free (world.random);
  subs_list_free (world.list);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/subs/list/rfc4662-5.2/full-first", test_full_first);
  g_test_add_func ("/subs/list/rfc4662-4.8/gathered", test_gathered);
  g_test_add_func ("/subs/list/rfc4662-4.5/edited", test_edited);
  g_test_add_func ("/subs/list/rfc4662-4.5/lost", test_lost);
  g_test_add_func ("/subs/list/rfc5839-6.2/passed", test_passed);
  g_test_add_func ("/subs/list/rfc4662-5.6/random", test_random);
  return g_test_run ();
}
