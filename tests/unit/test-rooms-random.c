/* SPDX-License-Identifier: ISC
 *
 * Random walks against a small model of a MUC service: what is stored is who is
 * in, nobody waits for ever, and a known roster is that of the room. */
#include "rooms/rooms.h"

#define SECOND ((gint64)1000000)
#define N_USERS 4
#define N_ROOMS 2
#define STEPS 4000

typedef struct {
  Rooms *rooms;
  gint64 now;
  GRand *rand;
  gboolean is_up;
  GHashTable *stored;         /* "room user" */
  GHashTable *waiting;        /* the same: asked for, no answer yet */
  GHashTable *nicks[N_ROOMS]; /* nick -> owner's "user", or "" of XMPP */
  GHashTable *asked;          /* "room user": the room has to answer */
} World;

static char *
key_of (const Member *member)
{
  return g_strdup_printf ("%s %s", member_room (member), member_user (member));
}

static guint
number_of (const Member *member)
{
  return (guint)(member_room (member)[1] - '0');
}

/* His nick in the room; NULL: he is not there. */
static const char *
nick_there (World *self, const Member *member)
{
  GHashTableIter iter;
  gpointer nick, owner;

  g_hash_table_iter_init (&iter, self->nicks[number_of (member)]);
  while (g_hash_table_iter_next (&iter, &nick, &owner))
    if (g_str_equal (owner, member_user (member)))
      return nick;
  return NULL;
}

static void
remove_there (World *self, const Member *member)
{
  const char *nick = nick_there (self, member);

  if (nick != NULL)
    g_hash_table_remove (self->nicks[number_of (member)], nick);
}

static void
carry_out (World *self, GArray *actions)
{
  for (guint i = 0; i < actions->len; i++) {
    RoomsAction action = g_array_index (actions, RoomsAction, i);
    g_autofree char *key = key_of (action.member);

    switch (action.kind) {
    case ROOMS_ACT_JOIN:
      g_hash_table_add (self->asked, g_strdup (key));
      break;
    case ROOMS_ACT_LEAVE:
      g_hash_table_remove (self->asked, key);
      remove_there (self, action.member);
      break;
    case ROOMS_ACT_STORE:
      g_hash_table_add (self->stored, g_strdup (key));
      break;
    case ROOMS_ACT_ERASE:
      g_hash_table_remove (self->stored, key);
      break;
    case ROOMS_ACT_IN:
      g_assert_true (action.is_again
                     || g_hash_table_contains (self->waiting, key));
      g_hash_table_remove (self->waiting, key);
      break;
    case ROOMS_ACT_REFUSED:
      g_assert_true (g_hash_table_remove (self->waiting, key));
      break;
    case ROOMS_ACT_FREE:
      g_assert_cmpint (member_state (action.member), ==, MEMBER_OUT);
      member_unref (action.member);
      break;
    default:
      break;
    }
  }
  g_array_unref (actions);
}

#define DO(world, call)                                                        \
  G_STMT_START                                                                 \
  {                                                                            \
    GArray *actions = rooms_actions_new ();                                    \
    call;                                                                      \
    carry_out (world, actions);                                                \
  }                                                                            \
  G_STMT_END

static Member *
any_member (World *self)
{
  g_autofree char *room = g_strdup_printf (
      "r%d@rooms.example.com", g_rand_int_range (self->rand, 0, N_ROOMS));
  g_autofree char *user = g_strdup_printf (
      "u%d@example.com", g_rand_int_range (self->rand, 0, N_USERS));

  return rooms_find (self->rooms, room, user);
}

/* Who is in is told of a change. */
static void
tell_cb (Member *member, gpointer data)
{
  if (member_state (member) == MEMBER_IN)
    g_ptr_array_add (data, member);
}

static GPtrArray *
those_in (World *self, guint room)
{
  g_autofree char *address = g_strdup_printf ("r%u@rooms.example.com", room);
  GPtrArray *in = g_ptr_array_new ();
  Room *found = rooms_find_room (self->rooms, address);

  if (found != NULL)
    room_foreach (found, tell_cb, in);
  return in;
}

static void
tell_all (World *self, guint room, const char *nick, gboolean is_there,
          const Member *but)
{
  g_autoptr (GPtrArray) in = those_in (self, room);
  const CrowdOccupant occupant = { .nick = nick };

  for (guint i = 0; i < in->len; i++) {
    Member *member = in->pdata[i];

    if (member == but || nick_there (self, member) == NULL)
      continue;
    if (is_there)
      DO (self, rooms_saw (self->rooms, member, &occupant, actions));
    else
      DO (self, rooms_saw_leave (self->rooms, member, nick, NULL, actions));
  }
}

static void
let_in (World *self, Member *member)
{
  guint room = number_of (member);
  g_autofree char *nick = g_strdup (member_nick (member));
  const CrowdOccupant own = { .nick = nick };
  GHashTableIter iter;
  gpointer other;

  tell_all (self, room, nick, TRUE, member);
  g_hash_table_iter_init (&iter, self->nicks[room]);
  while (g_hash_table_iter_next (&iter, &other, NULL)) {
    const CrowdOccupant occupant = { .nick = other };

    DO (self, rooms_saw (self->rooms, member, &occupant, actions));
  }
  g_hash_table_insert (self->nicks[room], g_strdup (nick),
                       g_strdup (member_user (member)));
  DO (self, rooms_entered (self->rooms, member, &own, self->now, actions));
}

/* The room answers one who asked. */
static void
answer (World *self)
{
  Member *member = any_member (self);
  g_autofree char *key = member != NULL ? key_of (member) : NULL;
  RoomsReason reason
      = (RoomsReason)g_rand_int_range (self->rand, ROOMS_KICKED, ROOMS_SILENT);

  if (key == NULL || !self->is_up || !g_hash_table_remove (self->asked, key))
    return;
  remove_there (self, member);
  if (g_hash_table_contains (self->nicks[number_of (member)],
                             member_nick (member)))
    reason = ROOMS_NICK;
  else if (g_rand_int_range (self->rand, 0, 3) > 0) {
    let_in (self, member);
    return;
  }
  DO (self, rooms_refused (self->rooms, member, reason, self->now, actions));
}

static void
kick (World *self)
{
  Member *member = any_member (self);
  static const RoomsReason reasons[]
      = { ROOMS_KICKED, ROOMS_BANNED, ROOMS_LEFT, ROOMS_SILENT };
  g_autofree char *nick = NULL;

  if (member == NULL || !self->is_up || nick_there (self, member) == NULL
      || member_state (member) != MEMBER_IN)
    return;
  nick = g_strdup (nick_there (self, member));
  remove_there (self, member);
  tell_all (self, number_of (member), nick, FALSE, member);
  DO (self, rooms_removed (self->rooms, member,
                           reasons[g_rand_int_range (self->rand, 0, 4)],
                           self->now, actions));
}

static void
stranger (World *self)
{
  guint room = g_rand_int_range (self->rand, 0, N_ROOMS);
  g_autofree char *nick
      = g_strdup_printf ("x%d", g_rand_int_range (self->rand, 0, 5));
  gboolean is_there = g_hash_table_contains (self->nicks[room], nick);

  if (!self->is_up)
    return;
  if (is_there)
    g_hash_table_remove (self->nicks[room], nick);
  else
    g_hash_table_insert (self->nicks[room], g_strdup (nick), g_strdup (""));
  tell_all (self, room, nick, !is_there, NULL);
}

static void
join (World *self)
{
  g_autofree char *room = g_strdup_printf (
      "r%d@rooms.example.com", g_rand_int_range (self->rand, 0, N_ROOMS));
  g_autofree char *user = g_strdup_printf (
      "u%d@example.com", g_rand_int_range (self->rand, 0, N_USERS));
  Member *member = rooms_find (self->rooms, room, user);

  if (!self->is_up || (member != NULL && member_is_settled (member)))
    return;
  g_hash_table_add (self->waiting, g_strdup_printf ("%s %s", room, user));
  DO (self, rooms_join (self->rooms, room, user, "n", NULL, self->now, &member,
                        actions));
}

static void
leave (World *self)
{
  Member *member = any_member (self);
  g_autofree char *nick = NULL;

  if (member == NULL)
    return;
  member_ref (member);
  nick = g_strdup (nick_there (self, member));
  DO (self, rooms_leave (self->rooms, member, self->now, actions));
  if (nick != NULL && self->is_up) {
    tell_all (self, number_of (member), nick, FALSE, member);
    if (member_state (member) == MEMBER_LEAVING)
      DO (self,
          rooms_removed (self->rooms, member, ROOMS_LEFT, self->now, actions));
  }
  member_unref (member);
}

static void
flip_link (World *self)
{
  self->is_up = !self->is_up;
  if (!self->is_up) {
    g_hash_table_remove_all (self->asked);
    for (guint room = 0; room < N_ROOMS; room++) {
      GHashTableIter iter;
      gpointer owner;

      g_hash_table_iter_init (&iter, self->nicks[room]);
      while (g_hash_table_iter_next (&iter, NULL, &owner))
        if (*(char *)owner != '\0')
          g_hash_table_iter_remove (&iter);
    }
  }
  DO (self, rooms_link (self->rooms, self->is_up, self->now, actions));
}

static void
pass (World *self)
{
  self->now += g_rand_int_range (self->rand, 1, 20) * SECOND;
  DO (self, rooms_advance (self->rooms, self->now, actions));
}

static void
count_cb (const CrowdOccupant *occupant, gboolean is_gone, gpointer data)
{
  g_assert_false (is_gone);
  g_assert_true (g_hash_table_contains (data, occupant->nick));
}

static void
check_member_cb (Member *member, gpointer data)
{
  World *self = data;
  g_autofree char *key = key_of (member);

  g_assert_cmpint (member_is_settled (member), ==,
                   g_hash_table_contains (self->stored, key));
  if (member_state (member) == MEMBER_IN)
    g_assert_cmpstr (nick_there (self, member), ==, member_nick (member));
  if (member_is_settled (member))
    g_assert_false (g_hash_table_contains (self->waiting, key));
}

static void
check_room_cb (Room *room, gpointer data)
{
  World *self = data;
  GHashTable *nicks = self->nicks[room_address (room)[1] - '0'];

  room_foreach (room, check_member_cb, self);
  if (!room_is_known (room))
    return;
  g_assert_cmpuint (crowd_size (room_crowd (room)), ==,
                    g_hash_table_size (nicks));
  crowd_foreach_since (room_crowd (room), 0, count_cb, nicks);
}

static void
walk (guint32 seed)
{
  static void (*const steps[]) (World *)
      = { join, join,     answer, answer, answer,   answer,
          kick, stranger, leave,  pass,   flip_link };
  const RoomsLimits limits = {
    .max_rooms = 9, .max_roster = 50, .rejoins = 100, .ping = 20, .grace = 5
  };
  World self = { .now = SECOND, .rand = g_rand_new_with_seed (seed) };

  self.rooms = rooms_new (&limits, self.now);
  self.stored = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.waiting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < N_ROOMS; i++)
    self.nicks[i]
        = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  flip_link (&self);
  for (guint i = 0; i < STEPS; i++) {
    steps[g_rand_int_range (self.rand, 0, G_N_ELEMENTS (steps))](&self);
    rooms_foreach (self.rooms, check_room_cb, &self);
  }
  /* Nobody who asked is left without an answer. */
  if (!self.is_up)
    flip_link (&self);
  for (guint i = 0; i < 10; i++)
    pass (&self);
  g_assert_cmpuint (g_hash_table_size (self.waiting), ==, 0);
  rooms_free (self.rooms);
  g_hash_table_unref (self.stored);
  g_hash_table_unref (self.waiting);
  g_hash_table_unref (self.asked);
  for (guint i = 0; i < N_ROOMS; i++)
    g_hash_table_unref (self.nicks[i]);
  g_rand_free (self.rand);
}

static void
test_walks (void)
{
  for (guint32 seed = 1; seed <= 40; seed++)
    walk (seed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rooms/random", test_walks);
  return g_test_run ();
}
