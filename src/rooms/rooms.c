/* SPDX-License-Identifier: ISC
 *
 * All members: finding them, what happens to them, and their timers. */
#define G_LOG_DOMAIN "rooms"
#include "rooms/rooms-priv.h"

#include "addr/aor.h"

/* --- Members --- */

Member *
member_ref (Member *self)
{
  self->n_refs++;
  return self;
}

void
member_unref (Member *self)
{
  if (self == NULL || --self->n_refs > 0)
    return;
  g_clear_pointer (&self->heard, g_hash_table_unref);
  g_free (self->user);
  g_free (self->address);
  g_free (self->nick);
  g_free (self->base);
  g_free (self->wish);
  g_free (self->password);
  g_free (self);
}

const char *
member_room (const Member *self)
{
  return self->address;
}

const char *
member_user (const Member *self)
{
  return self->user;
}

const char *
member_nick (const Member *self)
{
  return self->nick;
}

const char *
member_wish (const Member *self)
{
  return self->wish;
}

const char *
member_password (const Member *self)
{
  return self->password;
}

MemberState
member_state (const Member *self)
{
  return self->state;
}

gint64
member_since (const Member *self)
{
  return self->since;
}

gboolean
member_is_back (const Member *self)
{
  return self->is_back;
}

gboolean
member_has_subject (const Member *self)
{
  return self->has_subject;
}

gint64
member_heard (const Member *self)
{
  return self->heard_up_to;
}

void
member_set_heard (Member *self, gint64 heard)
{
  self->heard_up_to = heard;
}

gint64
member_away_since (const Member *self)
{
  return self->away_since;
}

gboolean
member_is_settled (const Member *self)
{
  return self->state == MEMBER_IN || self->state == MEMBER_WAITING
         || self->state == MEMBER_REJOINING;
}

static void
set_text (char **to, const char *text)
{
  char *copy = g_strdup (text);

  g_free (*to);
  *to = copy;
}

static Member *
member_new (Rooms *self, const char *room, const char *user, MemberState state)
{
  Member *member = g_new0 (Member, 1);
  GPtrArray *his = g_hash_table_lookup (self->users, user);

  member->n_refs = 1;
  member->user = g_strdup (user);
  member->state = state;
  member->since = self->now;
  if (his == NULL) {
    his = g_ptr_array_new ();
    g_hash_table_insert (self->users, g_strdup (user), his);
  }
  g_ptr_array_add (his, member);
  room_add (rooms_room (self, room), member);
  member->address = g_strdup (member->room->address);
  self->n_members++;
  return member;
}

/* --- What happens --- */

static void
begin (Rooms *self, gint64 now, GArray *actions)
{
  self->now = now;
  self->actions = actions;
}

static guint
n_of_user (Rooms *self, const char *user)
{
  GPtrArray *his = g_hash_table_lookup (self->users, user);
  guint n = 0;

  for (guint i = 0; his != NULL && i < his->len; i++)
    if (((Member *)his->pdata[i])->state != MEMBER_LEAVING)
      n++;
  return n;
}

static void
name (Member *member, const char *nick, const char *password)
{
  set_text (&member->nick, nick);
  set_text (&member->base, nick);
  set_text (&member->password, password);
  member->n_nicks = 0;
  member->is_stored = FALSE;
}

RoomsVerdict
rooms_join (Rooms *self, const char *room, const char *user, const char *nick,
            const char *password, gint64 now, Member **member_out,
            GArray *actions)
{
  Member *member = rooms_find (self, room, user);
  gboolean is_new = member == NULL || member->state == MEMBER_LEAVING;

  begin (self, now, actions);
  *member_out = member;
  if (!is_new)
    return ROOMS_OK;
  if (n_of_user (self, user) >= self->limits.max_rooms)
    return ROOMS_TOO_MANY;
  if (member == NULL)
    member = *member_out = member_new (self, room, user, MEMBER_OUT);
  name (member, nick, password);
  member->absent_due = 0;
  rooms_move (self, member, EVENT_JOIN);
  return ROOMS_OK;
}

static void
happen (Rooms *self, Member *member, RoomsEvent event, RoomsReason reason)
{
  member->reason = reason;
  rooms_move (self, member, event);
}

void
rooms_leave (Rooms *self, Member *member, gint64 now, GArray *actions)
{
  begin (self, now, actions);
  happen (self, member, EVENT_LEAVE, ROOMS_LEFT);
}

void
rooms_hurry (Rooms *self, Member *member, gint64 now, GArray *actions)
{
  begin (self, now, actions);
  if (self->is_up && member->state == MEMBER_WAITING)
    happen (self, member, EVENT_TURN, ROOMS_NO_REASON);
}

void
rooms_rename (Rooms *self, Member *member, const char *nick, gint64 now,
              GArray *actions)
{
  g_return_if_fail (member->state == MEMBER_IN);
  begin (self, now, actions);
  set_text (&member->wish, nick);
  rooms_act (self, member, ROOMS_ACT_RENAME, FALSE);
}

/* Will it be the same the next time? */
static gboolean
is_final (RoomsReason reason)
{
  return reason != ROOMS_FULL && reason != ROOMS_UNREACHABLE
         && reason != ROOMS_FAILED && reason != ROOMS_SILENT
         && reason != ROOMS_NO_LINK;
}

void
rooms_refused (Rooms *self, Member *member, RoomsReason reason, gint64 now,
               GArray *actions)
{
  begin (self, now, actions);
  happen (self, member,
          reason == ROOMS_NICK ? EVENT_NICK
          : is_final (reason)  ? EVENT_REFUSED
                               : EVENT_FAILED,
          reason);
}

void
rooms_removed (Rooms *self, Member *member, RoomsReason reason, gint64 now,
               GArray *actions)
{
  RoomsEvent event = reason == ROOMS_LEFT     ? EVENT_GONE
                     : reason == ROOMS_SILENT ? EVENT_DOWN
                                              : EVENT_REMOVED;

  if (member->room != NULL && member->state == MEMBER_IN)
    rooms_saw_leave (self, member, member->nick, NULL, actions);
  begin (self, now, actions);
  happen (self, member, event, reason == ROOMS_LEFT ? ROOMS_CLOSED : reason);
}

void
rooms_heard (Rooms *self, Member *member, gint64 now)
{
  member->heard_at = now;
}

void
rooms_lost (Rooms *self, Member *member, gint64 now, GArray *actions)
{
  if (member->room != NULL && member->state == MEMBER_IN)
    rooms_saw_leave (self, member, member->nick, NULL, actions);
  begin (self, now, actions);
  happen (self, member, EVENT_LOST, ROOMS_FAILED);
}

Member *
rooms_restore (Rooms *self, const char *room, const char *user,
               const char *nick, const char *password, gint64 now)
{
  g_autoptr (GArray) actions = rooms_actions_new ();
  Member *member = rooms_find (self, room, user);

  begin (self, now, actions);
  if (member != NULL)
    return member;
  member = member_new (self, room, user, MEMBER_WAITING);
  name (member, nick, password);
  member->is_stored = TRUE;
  member->away_since = now;
  rooms_move (self, member, EVENT_UNLINK);
  return member;
}

/* --- All of them --- */

static GPtrArray *
all_members (Rooms *self)
{
  GPtrArray *all
      = g_ptr_array_new_with_free_func ((GDestroyNotify)member_unref);
  GHashTableIter iter;
  gpointer his;

  g_hash_table_iter_init (&iter, self->users);
  while (g_hash_table_iter_next (&iter, NULL, &his))
    for (guint i = 0; i < ((GPtrArray *)his)->len; i++)
      g_ptr_array_add (all, member_ref (((GPtrArray *)his)->pdata[i]));
  return all;
}

void
rooms_link (Rooms *self, gboolean is_up, gint64 now, GArray *actions)
{
  begin (self, now, actions);
  if (self->is_up == is_up)
    return;
  self->is_up = is_up;
  self->turned_at = now;
  if (!is_up) {
    g_autoptr (GPtrArray) all = all_members (self);

    for (guint i = 0; i < all->len; i++)
      happen (self, all->pdata[i], EVENT_UNLINK, ROOMS_NO_LINK);
  }
}

/* Those whose turn it is; at least one. */
static void
give_turns (Rooms *self)
{
  gint64 passed = MIN (self->now - self->turned_at, SECOND);
  gint64 n = MAX (1, passed * self->limits.rejoins / SECOND);

  self->turned_at = self->now;
  for (; n > 0 && self->waiting.length > 0; n--)
    happen (self, self->waiting.head->data, EVENT_TURN, ROOMS_NO_REASON);
}

/* He has heard of the room while he waited to ask. */
static gboolean
is_heard_since (Rooms *self, Member *member)
{
  gint64 due = member->heard_at + self->limits.ping * SECOND;

  if (member->state != MEMBER_IN || due <= self->now)
    return FALSE;
  member->due = due;
  rooms_arm (self, member);
  return TRUE;
}

/* A deadline may have moved since the timer was armed. */
static void
due_cb (WheelTimer *timer, gpointer data)
{
  Rooms *self = data;
  Member *member = (Member *)timer;

  member_ref (member);
  if (member->absent_due != 0 && member->absent_due <= self->now) {
    member->absent_due = 0;
    happen (self, member, EVENT_LEAVE, ROOMS_LEFT);
  } else if (member->due != 0 && member->due <= self->now
             && !is_heard_since (self, member)) {
    happen (self, member, EVENT_DUE, ROOMS_SILENT);
  } else {
    rooms_arm (self, member);
  }
  member_unref (member);
}

void
rooms_advance (Rooms *self, gint64 now, GArray *actions)
{
  begin (self, now, actions);
  wheel_advance (self->wheel, now);
  if (self->is_up)
    give_turns (self);
}

static void
set_absent (Rooms *self, const char *user, gint64 due)
{
  GPtrArray *his = g_hash_table_lookup (self->users, user);

  for (guint i = 0; his != NULL && i < his->len; i++) {
    Member *member = his->pdata[i];

    member->absent_due = due;
    rooms_arm (self, member);
  }
}

void
rooms_absent (Rooms *self, const char *user, gint64 now)
{
  set_absent (self, user, now + MAX (1, self->limits.grace * SECOND));
}

void
rooms_present (Rooms *self, const char *user)
{
  set_absent (self, user, 0);
}

/* --- Questions --- */

Room *
rooms_find_room (Rooms *self, const char *room)
{
  return g_hash_table_lookup (self->rooms, room);
}

Member *
rooms_find (Rooms *self, const char *room, const char *user)
{
  Room *found = rooms_find_room (self, room);

  return found != NULL ? g_hash_table_lookup (found->members, user) : NULL;
}

void
rooms_foreach (Rooms *self, RoomsRoomFn fn, gpointer data)
{
  GHashTableIter iter;
  gpointer room;

  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &room))
    fn (room, data);
}

void
rooms_foreach_of_user (Rooms *self, const char *user, RoomsMemberFn fn,
                       gpointer data)
{
  GPtrArray *his = g_hash_table_lookup (self->users, user);

  for (guint i = 0; his != NULL && i < his->len; i++)
    fn (his->pdata[i], data);
}

guint
rooms_size (Rooms *self)
{
  return self->n_members;
}

const char *
rooms_reason_text (RoomsReason reason)
{
  static const char *const texts[ROOMS_N_REASONS] = {
    [ROOMS_NO_REASON] = "No reason was given",
    [ROOMS_LEFT] = "You left the room",
    [ROOMS_KICKED] = "You were removed from the room",
    [ROOMS_BANNED] = "You are banned from the room",
    [ROOMS_MEMBERS_ONLY] = "The room is for its members only",
    [ROOMS_CLOSED] = "The room was closed",
    [ROOMS_PASSWORD] = "The room needs a password: send /join PASSWORD",
    [ROOMS_NICK] = "The name is taken",
    [ROOMS_NO_NICK] = "The room does not allow that name",
    [ROOMS_NO_ROOM] = "There is no such room",
    [ROOMS_FULL] = "The room is full or not available",
    [ROOMS_UNREACHABLE] = "The server of the room cannot be reached",
    [ROOMS_FAILED] = "The room refused",
    [ROOMS_SILENT] = "The room does not answer",
    [ROOMS_NO_LINK] = "Rooms are not available now",
  };

  return texts[reason];
}

/* --- Life --- */

static void
action_clear (gpointer data)
{
  member_unref (((RoomsAction *)data)->member);
}

GArray *
rooms_actions_new (void)
{
  GArray *actions = g_array_new (FALSE, FALSE, sizeof (RoomsAction));

  g_array_set_clear_func (actions, action_clear);
  return actions;
}

static void
room_free (gpointer data)
{
  Room *self = data;

  g_hash_table_unref (self->members);
  crowd_free (self->crowd);
  g_free (self->address);
  g_free (self);
}

Rooms *
rooms_new (const RoomsLimits *limits, gint64 now)
{
  Rooms *self = g_new0 (Rooms, 1);

  self->limits = *limits;
  self->rooms = g_hash_table_new_full (aor_hash, aor_equal, NULL, room_free);
  self->users = g_hash_table_new_full (aor_hash, aor_equal, g_free,
                                       (GDestroyNotify)g_ptr_array_unref);
  self->wheel = wheel_new (now, due_cb, self);
  self->now = self->turned_at = now;
  return self;
}

static void
set_max_cb (Room *room, gpointer data)
{
  const RoomsLimits *limits = data;

  crowd_set_max (room->crowd, limits->max_roster);
}

void
rooms_set_limits (Rooms *self, const RoomsLimits *limits)
{
  self->limits = *limits;
  rooms_foreach (self, set_max_cb, (gpointer)limits);
}

void
rooms_free (Rooms *self)
{
  if (self == NULL)
    return;
  {
    g_autoptr (GPtrArray) all = all_members (self);

    for (guint i = 0; i < all->len; i++) {
      wheel_cancel (self->wheel, &((Member *)all->pdata[i])->timer);
      member_unref (all->pdata[i]);
    }
  }
  g_hash_table_unref (self->users);
  g_hash_table_unref (self->rooms);
  wheel_free (self->wheel);
  g_free (self);
}
