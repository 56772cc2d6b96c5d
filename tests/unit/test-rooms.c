/* SPDX-License-Identifier: ISC
 *
 * Occupancies, rosters and command texts: rooms/. */
#include "rooms/command.h"
#include "rooms/rooms.h"

#include <string.h>

#define SECOND ((gint64)1000000)
#define ROOM "verona@rooms.example.com"
#define ALICE "alice@example.com"
#define BOB "bob@example.com"

typedef struct {
  Rooms *rooms;
  gint64 now;
  GString *done; /* what was to be done, a word each */
  RoomsReason reason;
} World;

static void
setup (World *self, gconstpointer data)
{
  const RoomsLimits limits = {
    .max_rooms = 2, .max_roster = 50, .rejoins = 10, .ping = 600, .grace = 30
  };

  self->now = 1000 * SECOND;
  self->rooms = rooms_new (&limits, self->now);
  self->done = g_string_new (NULL);
}

static void
teardown (World *self, gconstpointer data)
{
  rooms_free (self->rooms);
  g_string_free (self->done, TRUE);
}

static void
carry_out (World *self, GArray *actions)
{
  static const char *const words[]
      = { "join",    "leave",        "rename",  "ping",  "store",
          "erase",   "in",           "refused", "ended", "away",
          "renamed", "nick-refused", "show",    "free" };

  for (guint i = 0; i < actions->len; i++) {
    const RoomsAction *action = &g_array_index (actions, RoomsAction, i);

    if (action->kind != ROOMS_ACT_SHOW)
      g_string_append_printf (self->done, "%s%s%s",
                              self->done->len > 0 ? " " : "",
                              words[action->kind],
                              action->is_again
                                      && (action->kind == ROOMS_ACT_JOIN
                                          || action->kind == ROOMS_ACT_IN)
                                  ? "+"
                                  : "");
    if (action->reason != ROOMS_NO_REASON)
      self->reason = action->reason;
    if (action->kind == ROOMS_ACT_FREE)
      member_unref (action->member);
  }
  g_array_unref (actions);
}

static void
assert_done (World *self, const char *expected)
{
  g_assert_cmpstr (self->done->str, ==, expected);
  g_string_truncate (self->done, 0);
}

/* One call into the room, and what follows from it. */
#define DO(world, call)                                                        \
  G_STMT_START                                                                 \
  {                                                                            \
    GArray *actions = rooms_actions_new ();                                    \
    call;                                                                      \
    carry_out (world, actions);                                                \
  }                                                                            \
  G_STMT_END

static Member *
join (World *self, const char *user, const char *nick)
{
  Member *member = NULL;

  DO (self, rooms_join (self->rooms, ROOM, user, nick, NULL, self->now, &member,
                        actions));
  return member;
}

static void
enter (World *self, Member *member, const char *nick)
{
  const CrowdOccupant occupant = { .nick = nick, .role = "participant" };

  DO (self, rooms_entered (self->rooms, member, &occupant, self->now, actions));
}

static void
link (World *self, gboolean is_up)
{
  DO (self, rooms_link (self->rooms, is_up, self->now, actions));
}

static void
pass (World *self, guint seconds)
{
  self->now += seconds * SECOND;
  DO (self, rooms_advance (self->rooms, self->now, actions));
}

static Member *
member_in (World *self, const char *user, const char *nick)
{
  Member *member;

  link (self, TRUE);
  member = join (self, user, nick);
  enter (self, member, nick);
  g_string_truncate (self->done, 0);
  return member;
}

static void
test_join_leave (World *self, gconstpointer data)
{
  Member *member;

  link (self, TRUE);
  member = join (self, ALICE, "Alice");
  assert_done (self, "join");
  g_assert_false (member_is_settled (member));
  enter (self, member, "Alice");
  assert_done (self, "store in");
  g_assert_true (member_is_settled (member));
  g_assert_true (join (self, "ALICE@example.com", "X") == member);
  assert_done (self, "");
  DO (self, rooms_leave (self->rooms, member, self->now, actions));
  assert_done (self, "leave erase ended");
  DO (self,
      rooms_removed (self->rooms, member, ROOMS_LEFT, self->now, actions));
  assert_done (self, "free");
  g_assert_null (rooms_find_room (self->rooms, ROOM));
}

static void
test_nick_gets_number (World *self, gconstpointer data)
{
  Member *member = join (self, ALICE, "Alice");

  for (guint i = 2; i < 5; i++) {
    g_autofree char *expected = g_strdup_printf ("Alice%u", i);

    DO (self,
        rooms_refused (self->rooms, member, ROOMS_NICK, self->now, actions));
    g_assert_cmpstr (member_nick (member), ==, expected);
  }
  assert_done (self, "join join join join");
  enter (self, member, "Alice4");
  assert_done (self, "store in");
}

static void
test_nicks_end (World *self, gconstpointer data)
{
  Member *member = join (self, ALICE, "Alice");

  for (guint i = 0; i < 20; i++)
    DO (self,
        rooms_refused (self->rooms, member, ROOMS_NICK, self->now, actions));
  g_string_truncate (self->done, 0);
  DO (self,
      rooms_refused (self->rooms, member, ROOMS_NICK, self->now, actions));
  assert_done (self, "refused free");
  g_assert_cmpint (self->reason, ==, ROOMS_NICK);
}

/* A resource has at most 1023 bytes, and no half characters. */
static void
test_long_nick (World *self, gconstpointer data)
{
  g_autoptr (GString) nick = g_string_new (NULL);
  Member *member;

  while (nick->len < 1022)
    g_string_append (nick, "é");
  g_string_append (nick, "x");
  member = join (self, ALICE, nick->str);
  DO (self,
      rooms_refused (self->rooms, member, ROOMS_NICK, self->now, actions));
  g_assert_cmpuint (strlen (member_nick (member)), <=, 1023);
  g_assert_true (g_utf8_validate (member_nick (member), -1, NULL));
  g_assert_true (g_str_has_suffix (member_nick (member), "2"));
}

static void
test_refused (World *self, gconstpointer data)
{
  static const RoomsReason reasons[]
      = { ROOMS_BANNED,  ROOMS_MEMBERS_ONLY, ROOMS_PASSWORD,    ROOMS_NO_ROOM,
          ROOMS_NO_NICK, ROOMS_FULL,         ROOMS_UNREACHABLE, ROOMS_FAILED };

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
    Member *member = join (self, ALICE, "Alice");

    assert_done (self, "join");
    DO (self,
        rooms_refused (self->rooms, member, reasons[i], self->now, actions));
    assert_done (self, "refused free");
    g_assert_cmpint (self->reason, ==, reasons[i]);
    g_assert_nonnull (rooms_reason_text (reasons[i]));
  }
}

static void
test_no_answer (World *self, gconstpointer data)
{
  join (self, ALICE, "Alice");
  pass (self, 14);
  assert_done (self, "join");
  pass (self, 2);
  assert_done (self, "leave refused free");
  g_assert_cmpint (self->reason, ==, ROOMS_SILENT);
}

static void
test_kicked (World *self, gconstpointer data)
{
  Member *member = member_in (self, ALICE, "Alice");

  DO (self,
      rooms_removed (self->rooms, member, ROOMS_KICKED, self->now, actions));
  assert_done (self, "erase ended free");
  g_assert_cmpint (self->reason, ==, ROOMS_KICKED);
}

static void
test_link_lost (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  link (self, FALSE);
  assert_done (self, "away");
  g_assert_cmpint (member_state (alice), ==, MEMBER_WAITING);
  pass (self, 3600);
  assert_done (self, "");
  link (self, TRUE);
  pass (self, 1);
  assert_done (self, "join+");
  enter (self, alice, "Alice");
  assert_done (self, "in+");
}

/* The nick is another after that: it is written. */
static void
test_nick_given_away (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  link (self, FALSE);
  link (self, TRUE);
  pass (self, 1);
  DO (self, rooms_refused (self->rooms, alice, ROOMS_NICK, self->now, actions));
  enter (self, alice, "Alice2");
  assert_done (self, "away join+ join+ store in+");
}

static void
test_banned_meanwhile (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  link (self, FALSE);
  link (self, TRUE);
  pass (self, 1);
  DO (self,
      rooms_refused (self->rooms, alice, ROOMS_BANNED, self->now, actions));
  assert_done (self, "away join+ erase ended free");
}

static void
test_rejoin_is_patient (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  DO (self,
      rooms_removed (self->rooms, alice, ROOMS_SILENT, self->now, actions));
  assert_done (self, "away");
  pass (self, 9);
  assert_done (self, "");
  pass (self, 10);
  assert_done (self, "join+");
  DO (self, rooms_refused (self->rooms, alice, ROOMS_UNREACHABLE, self->now,
                           actions));
  pass (self, 15);
  assert_done (self, "away");
  pass (self, 20);
  assert_done (self, "join+");
  pass (self, 20); /* no answer */
  g_assert_cmpint (member_state (alice), ==, MEMBER_WAITING);
}

static void
test_rejoins_are_paced (World *self, gconstpointer data)
{
  for (guint i = 0; i < 40; i++) {
    g_autofree char *user = g_strdup_printf ("u%u@example.com", i);

    rooms_restore (self->rooms, ROOM, user, user, NULL, self->now);
  }
  link (self, TRUE);
  self->now += SECOND / 2;
  DO (self, rooms_advance (self->rooms, self->now, actions));
  assert_done (self, "join+ join+ join+ join+ join+");
}

static void
test_forgotten_by_room (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  DO (self, rooms_lost (self->rooms, alice, self->now, actions));
  assert_done (self, "join+");
  enter (self, alice, "Alice");
  assert_done (self, "in+");
}

static void
test_back_before_out (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  DO (self, rooms_leave (self->rooms, alice, self->now, actions));
  g_assert_true (join (self, ALICE, "Al") == alice);
  DO (self, rooms_removed (self->rooms, alice, ROOMS_LEFT, self->now, actions));
  enter (self, alice, "Al");
  assert_done (self, "leave erase ended join store in");
  g_assert_cmpint (member_state (alice), ==, MEMBER_IN);
}

/* XEP-0410: a room that is silent for long is asked. */
static void
test_silence (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  pass (self, 590);
  rooms_heard (self->rooms, alice, self->now);
  pass (self, 590);
  assert_done (self, "");
  pass (self, 170);
  assert_done (self, "ping");
  pass (self, 590);
  assert_done (self, "");
  pass (self, 170);
  assert_done (self, "ping");
  DO (self, rooms_lost (self->rooms, alice, self->now, actions));
  assert_done (self, "join+");
}

static void
test_rename (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");

  DO (self, rooms_rename (self->rooms, alice, "Al", self->now, actions));
  DO (self, rooms_saw_leave (self->rooms, alice, "Alice", "Al", actions));
  enter (self, alice, "Al");
  assert_done (self, "rename store renamed");
  g_assert_cmpstr (member_nick (alice), ==, "Al");
  DO (self, rooms_rename (self->rooms, alice, "Bob", self->now, actions));
  DO (self, rooms_refused (self->rooms, alice, ROOMS_NICK, self->now, actions));
  assert_done (self, "rename nick-refused");
  g_assert_cmpstr (member_nick (alice), ==, "Al");
  g_assert_cmpstr (member_wish (alice), ==, "Bob");
}

static void
test_absent (World *self, gconstpointer data)
{
  member_in (self, ALICE, "Alice");
  rooms_absent (self->rooms, ALICE, self->now);
  pass (self, 20);
  rooms_present (self->rooms, ALICE);
  pass (self, 20);
  assert_done (self, "");
  rooms_absent (self->rooms, ALICE, self->now);
  pass (self, 31);
  assert_done (self, "leave erase ended");
}

static void
test_too_many (World *self, gconstpointer data)
{
  Member *member;
  GArray *actions = rooms_actions_new ();

  for (guint i = 0; i < 3; i++) {
    g_autofree char *room = g_strdup_printf ("r%u@rooms.example.com", i);

    g_assert_cmpint (rooms_join (self->rooms, room, ALICE, "A", NULL, self->now,
                                 &member, actions),
                     ==, i < 2 ? ROOMS_OK : ROOMS_TOO_MANY);
  }
  carry_out (self, actions);
}

/* --- Who is there --- */

static void
saw (World *self, Member *member, const char *nick, CrowdShow show)
{
  const CrowdOccupant occupant
      = { .nick = nick, .role = "participant", .show = show };

  DO (self, rooms_saw (self->rooms, member, &occupant, actions));
}

static void
name_cb (const CrowdOccupant *occupant, gboolean is_gone, gpointer data)
{
  g_string_append_printf (data, "%s%s ", is_gone ? "-" : "", occupant->nick);
}

static void
assert_since (Room *room, guint64 serial, const char *expected)
{
  g_autoptr (GString) names = g_string_new (NULL);

  crowd_foreach_since (room_crowd (room), serial, name_cb, names);
  g_assert_cmpstr (names->str, ==, expected);
}

static void
test_one_reporter (World *self, gconstpointer data)
{
  Member *alice, *bob;
  Room *room;
  guint64 serial;

  link (self, TRUE);
  alice = join (self, ALICE, "Alice");
  room = rooms_find_room (self->rooms, ROOM);
  saw (self, alice, "Juliet", CROWD_AVAILABLE);
  g_assert_false (room_is_known (room));
  enter (self, alice, "Alice");
  g_assert_true (room_is_known (room));
  assert_since (room, 0, "Juliet Alice ");
  bob = join (self, BOB, "Bob");
  saw (self, bob, "Juliet", CROWD_AWAY); /* is not listened to */
  enter (self, bob, "Bob");
  serial = crowd_serial (room_crowd (room));
  saw (self, alice, "Bob", CROWD_AVAILABLE);
  assert_since (room, serial, "Bob ");
  /* The other one tells when the first is gone. */
  DO (self,
      rooms_removed (self->rooms, alice, ROOMS_KICKED, self->now, actions));
  assert_since (room, serial, "Bob -Alice ");
  DO (self, rooms_saw_leave (self->rooms, bob, "Juliet", NULL, actions));
  assert_since (room, 0, "Bob ");
}

static void
test_roster_after_link (World *self, gconstpointer data)
{
  Member *alice = member_in (self, ALICE, "Alice");
  Room *room = rooms_find_room (self->rooms, ROOM);
  guint64 serial;

  saw (self, alice, "Juliet", CROWD_AVAILABLE);
  saw (self, alice, "Romeo", CROWD_AVAILABLE);
  serial = crowd_serial (room_crowd (room));
  link (self, FALSE);
  g_assert_false (room_is_known (room));
  link (self, TRUE);
  pass (self, 1);
  saw (self, alice, "Romeo", CROWD_AVAILABLE);
  saw (self, alice, "Tybalt", CROWD_AVAILABLE);
  enter (self, alice, "Alice");
  assert_since (room, serial, "Tybalt -Juliet ");
}

static void
test_roster (void)
{
  g_autoptr (Crowd) crowd = crowd_new (3, 2);
  CrowdOccupant occupant = { .nick = "a" };
  guint64 serial = crowd_serial (crowd);

  g_assert_true (crowd_put (crowd, &occupant));
  g_assert_false (crowd_put (crowd, &occupant));
  occupant.show = CROWD_DND;
  g_assert_true (crowd_put (crowd, &occupant));
  for (const char *nick = "bc"; *nick != '\0'; nick++) {
    const char name[] = { *nick, '\0' };

    occupant.nick = name;
    g_assert_true (crowd_put (crowd, &occupant));
  }
  occupant.nick = "d";
  g_assert_false (crowd_put (crowd, &occupant)); /* one too many */
  g_assert_true (crowd_reaches (crowd, serial));
  g_assert_true (crowd_drop (crowd, "a"));
  g_assert_false (crowd_drop (crowd, "a"));
  g_assert_true (crowd_put (crowd, &occupant));
  g_assert_true (crowd_drop (crowd, "b"));
  g_assert_true (crowd_reaches (crowd, serial));
  g_assert_true (crowd_drop (crowd, "c"));
  g_assert_false (crowd_reaches (crowd, serial)); /* "a" is forgotten */
  g_assert_cmpuint (crowd_size (crowd), ==, 1);
  g_assert_true (crowd_rename (crowd, "d", "e"));
  g_assert_null (crowd_find (crowd, "d"));
  g_assert_nonnull (crowd_find (crowd, "e"));
  g_assert_true (crowd_set_subject (crowd, "x"));
  g_assert_false (crowd_set_subject (crowd, "x"));
  g_assert_true (crowd_set_subject (crowd, ""));
  g_assert_null (crowd_subject (crowd));
}

/* --- Texts --- */

static void
test_commands (void)
{
  static const struct {
    const char *text;
    RoomCommand command;
    const char *rest;
  } rows[] = {
    { "hello", ROOM_SAYS, NULL },
    { "", ROOM_SAYS, NULL },
    { "/", ROOM_SAYS, NULL },
    { "/me waves", ROOM_SAYS, NULL },
    { "/leavings are good", ROOM_SAYS, NULL },
    { "/who\nis there", ROOM_SAYS, NULL },
    { "say /who", ROOM_SAYS, NULL },
    { "/who", ROOM_WHO, NULL },
    { " /WHO \r\n", ROOM_WHO, NULL },
    { "/nick  Ann Lee ", ROOM_NICK, "Ann Lee" },
    { "/nick", ROOM_NICK, NULL },
    { "/leave", ROOM_LEAVE, NULL },
    { "/part", ROOM_LEAVE, NULL },
    { "/join s3cret", ROOM_JOIN, "s3cret" },
    { "/topic Today in Verona", ROOM_TOPIC, "Today in Verona" },
    { "/msg Ann hi", ROOM_TELL, "Ann hi" },
    { "/help", ROOM_HELP, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *rest = NULL;

    g_assert_cmpint (room_command (rows[i].text, &rest), ==, rows[i].command);
    g_assert_cmpstr (rest, ==, rows[i].rest);
  }
}

static gboolean
is_ann_lee (const char *nick, gpointer data)
{
  return g_str_equal (nick, "Ann") || g_str_equal (nick, "Ann Lee");
}

static void
test_tell (void)
{
  static const struct {
    const char *rest, *nick, *text;
  } rows[] = {
    { "Ann hi", "Ann", "hi" },
    { "Ann Lee hi", "Ann Lee", "hi" },
    { "Ann Lee: hi", "Ann Lee", "hi" },
    { "Bob see http://x", "Bob", "see http://x" },
    { "Ann", NULL, NULL },
    { "Bob ", NULL, NULL },
    { "", NULL, NULL },
    { NULL, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *nick = NULL, *text = NULL;

    g_assert_cmpint (
        room_command_tell (rows[i].rest, is_ann_lee, NULL, &nick, &text), ==,
        rows[i].nick != NULL);
    g_assert_cmpstr (nick, ==, rows[i].nick);
    g_assert_cmpstr (text, ==, rows[i].text);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, fn)                                                          \
  g_test_add ("/rooms/" path, World, NULL, setup, fn, teardown)
  ADD ("join-and-leave", test_join_leave);
  ADD ("xep0045-7.2.8/nick-gets-number", test_nick_gets_number);
  ADD ("nicks-end", test_nicks_end);
  ADD ("long-nick", test_long_nick);
  ADD ("refused", test_refused);
  ADD ("no-answer", test_no_answer);
  ADD ("xep0045-8.2/kicked", test_kicked);
  ADD ("link-lost", test_link_lost);
  ADD ("nick-given-away", test_nick_given_away);
  ADD ("banned-meanwhile", test_banned_meanwhile);
  ADD ("rejoin-is-patient", test_rejoin_is_patient);
  ADD ("rejoins-are-paced", test_rejoins_are_paced);
  ADD ("forgotten-by-room", test_forgotten_by_room);
  ADD ("back-before-out", test_back_before_out);
  ADD ("xep0045-7.6/rename", test_rename);
  ADD ("xep0410-3/silence", test_silence);
  ADD ("absent", test_absent);
  ADD ("too-many", test_too_many);
  ADD ("one-reporter", test_one_reporter);
  ADD ("roster-after-link", test_roster_after_link);
  g_test_add_func ("/rooms/roster", test_roster);
  g_test_add_func ("/rooms/commands", test_commands);
  g_test_add_func ("/rooms/tell", test_tell);
  return g_test_run ();
}
