/* SPDX-License-Identifier: ISC
 *
 * One room: who of ours is in, and from whose stanzas it is known who else is.
 * Each of ours is told of everybody; one of them, the reporter, is listened to,
 * so that nothing is taken twice or goes back.  Who comes in is told of all in
 * any order with what others are told, so what he heard is kept until he is in:
 * then it is everything. */
#define G_LOG_DOMAIN "rooms"
#include "rooms/rooms-priv.h"

#include "addr/aor.h"

Room *
rooms_room (Rooms *self, const char *address)
{
  Room *room = g_hash_table_lookup (self->rooms, address);

  if (room != NULL)
    return room;
  room = g_new0 (Room, 1);
  room->rooms = self;
  room->address = g_strdup (address);
  room->members = g_hash_table_new (aor_hash, aor_equal);
  room->crowd = crowd_new (self->limits.max_roster, GONE_MAX);
  g_hash_table_insert (self->rooms, room->address, room);
  return room;
}

void
room_add (Room *self, Member *member)
{
  member->room = self;
  g_hash_table_insert (self->members, member->user, member);
}

void
room_remove (Room *self, Member *member)
{
  Rooms *rooms = self->rooms;
  GPtrArray *his = g_hash_table_lookup (rooms->users, member->user);

  g_hash_table_remove (self->members, member->user);
  g_ptr_array_remove (his, member);
  if (his->len == 0)
    g_hash_table_remove (rooms->users, member->user);
  rooms->n_members--;
  member->room = NULL;
  if (g_hash_table_size (self->members) == 0)
    g_hash_table_remove (rooms->rooms, self->address);
}

static void
show (Room *self, Member *member)
{
  rooms_act (self->rooms, member, ROOMS_ACT_SHOW, FALSE);
}

void
room_lost_reporter (Room *self, Member *member)
{
  GHashTableIter iter;
  gpointer other;

  if (self->reporter != member)
    return;
  self->reporter = NULL;
  g_hash_table_iter_init (&iter, self->members);
  while (self->reporter == NULL && g_hash_table_iter_next (&iter, NULL, &other))
    if (other != member && ((Member *)other)->state == MEMBER_IN)
      self->reporter = other;
  if (self->reporter != NULL)
    return;
  self->is_known = FALSE;
  show (self, member);
}

/* Is what this one is told of taken? */
static gboolean
is_heard (const Member *member)
{
  const Room *room = member->room;

  return room != NULL
         && (room->reporter == member
             || (room->reporter == NULL
                 && (member->state == MEMBER_JOINING
                     || member->state == MEMBER_REJOINING)));
}

static void
hear (Member *member, const char *nick, gboolean is_there)
{
  if (member->state != MEMBER_JOINING && member->state != MEMBER_REJOINING)
    return;
  if (member->heard == NULL)
    member->heard
        = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (is_there)
    g_hash_table_add (member->heard, g_strdup (nick));
  else
    g_hash_table_remove (member->heard, nick);
}

void
rooms_saw (Rooms *self, Member *member, const CrowdOccupant *occupant,
           GArray *actions)
{
  Room *room = member->room;

  self->actions = actions;
  hear (member, occupant->nick, TRUE);
  if (is_heard (member) && crowd_put (room->crowd, occupant) && room->is_known)
    show (room, member);
}

void
rooms_saw_leave (Rooms *self, Member *member, const char *nick, const char *to,
                 GArray *actions)
{
  Room *room = member->room;
  gboolean has_changed;

  self->actions = actions;
  hear (member, nick, FALSE);
  if (to != NULL)
    hear (member, to, TRUE);
  if (!is_heard (member))
    return;
  has_changed = to != NULL ? crowd_rename (room->crowd, nick, to)
                           : crowd_drop (room->crowd, nick);
  if (has_changed && room->is_known)
    show (room, member);
}

void
rooms_saw_subject (Rooms *self, Member *member, const char *subject,
                   GArray *actions)
{
  Room *room = member->room;

  self->actions = actions;
  member->has_subject = TRUE;
  if (is_heard (member) && crowd_set_subject (room->crowd, subject))
    show (room, member);
}

/* He is in, and knows all who are. */
static void
report (Room *self, Member *member, GHashTable *heard)
{
  if (self->reporter != NULL)
    return;
  self->reporter = member;
  if (heard != NULL)
    crowd_keep (self->crowd, heard);
  self->is_known = TRUE;
  show (self, member);
}

static void
set_nick (Member *member, const char *nick)
{
  char *copy = g_strdup (nick);

  g_free (member->nick);
  member->nick = copy;
  member->is_stored = FALSE;
}

void
rooms_entered (Rooms *self, Member *member, const CrowdOccupant *occupant,
               gint64 now, GArray *actions)
{
  gboolean was_in = member->state == MEMBER_IN;
  gboolean is_other = (was_in || member->state == MEMBER_JOINING
                       || member->state == MEMBER_REJOINING)
                      && g_strcmp0 (member->nick, occupant->nick) != 0;
  g_autoptr (GHashTable) heard = NULL;

  rooms_saw (self, member, occupant, actions);
  self->now = now;
  heard = g_steal_pointer (&member->heard);
  if (is_other)
    set_nick (member, occupant->nick);
  if (!rooms_move (self, member, EVENT_ENTERED) || member->state != MEMBER_IN)
    return;
  report (member->room, member, heard);
  if (was_in && is_other) {
    member->is_stored = TRUE;
    rooms_act (self, member, ROOMS_ACT_STORE, FALSE);
    rooms_act (self, member, ROOMS_ACT_RENAMED, FALSE);
  }
}

/* --- Questions --- */

const char *
room_address (const Room *self)
{
  return self->address;
}

guint
room_size (const Room *self)
{
  return g_hash_table_size (self->members);
}

void
room_foreach (Room *self, RoomsMemberFn fn, gpointer data)
{
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    fn (member, data);
}

Member *
room_member_of_nick (Room *self, const char *nick)
{
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    if (((Member *)member)->state == MEMBER_IN
        && g_strcmp0 (((Member *)member)->nick, nick) == 0)
      return member;
  return NULL;
}

const Crowd *
room_crowd (const Room *self)
{
  return self->crowd;
}

gboolean
room_is_known (const Room *self)
{
  return self->is_known;
}
