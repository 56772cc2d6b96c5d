/* SPDX-License-Identifier: ISC
 *
 * Text conferences as an administrator sees them: which there are, who is in
 * them, and throwing somebody out (XEP-0045 8.2). */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-rooms-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"

#include <string.h>

/* How long it may take to be let in again. */
#define PATIENCE (60 * (gint64)G_USEC_PER_SEC)

/* A cell: what would end it is a space. */
static void
put_cell (GString *out, const char *text)
{
  if (out->len > 0 && out->str[out->len - 1] != '\n')
    g_string_append_c (out, '\t');
  for (; text != NULL && *text != '\0'; text++)
    g_string_append_c (out, (guchar)*text < ' ' || *text == 0x7f ? ' ' : *text);
}

static void
put_number (GString *out, gint64 number)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, number);

  put_cell (out, text);
}

static const char *
state_of (const Room *room)
{
  return room_is_known (room) ? "known" : "away";
}

static void
list_cb (Room *room, gpointer data)
{
  GString *out = data;

  put_cell (out, room_address (room));
  put_number (out, room_size (room));
  put_number (out, crowd_size (room_crowd (room)));
  put_cell (out, state_of (room));
  put_cell (out, crowd_subject (room_crowd (room)));
  g_string_append_c (out, '\n');
}

static const char no_link[] = "there is no XMPP server in the configuration";

void
service_rooms_list (Service *self, ServiceRoomsFn fn, gpointer data)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (!xmpp_is_there (self)) {
    fn (NULL, no_link, data);
    return;
  }
  rooms_foreach (self->xmpp->room_part->rooms, list_cb, out);
  fn (out->str, NULL, data);
}

typedef struct {
  GString *out;
  gint64 now;
} Showing;

static void
user_cb (Member *member, gpointer data)
{
  const Showing *showing = data;

  put_cell (showing->out, "user");
  put_cell (showing->out, member_user (member));
  put_cell (showing->out, member_nick (member));
  put_cell (showing->out, member_state_name (member_state (member)));
  put_number (showing->out,
              (showing->now - member_since (member)) / G_USEC_PER_SEC);
  g_string_append_c (showing->out, '\n');
}

static void
occupant_cb (const CrowdOccupant *occupant, gboolean is_gone, gpointer data)
{
  static const char *const shows[] = {
    [CROWD_AVAILABLE] = "available",
    [CROWD_CHAT] = "chat",
    [CROWD_AWAY] = "away",
    [CROWD_XA] = "xa",
    [CROWD_DND] = "dnd",
  };
  const Showing *showing = data;

  put_cell (showing->out, "occupant");
  put_cell (showing->out, occupant->nick);
  put_cell (showing->out, occupant->role);
  put_cell (showing->out, occupant->affiliation);
  put_cell (showing->out, shows[occupant->show]);
  g_string_append_c (showing->out, '\n');
}

/* NULL, and *error_out: a sentence. */
static Room *
find_room (Service *self, const char *text, const char **error_out)
{
  g_autofree char *aor = NULL, *address = NULL;
  Room *room;

  *error_out = no_link;
  if (!xmpp_is_there (self))
    return NULL;
  *error_out = "nobody of this server is in a room of that name";
  if (!aor_parse (text, &aor, NULL))
    return NULL;
  address = rooms_address (aor);
  room = address != NULL
             ? rooms_find_room (self->xmpp->room_part->rooms, address)
             : NULL;
  return room;
}

void
service_rooms_show (Service *self, const char *text, ServiceRoomsFn fn,
                    gpointer data)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const Showing showing = { out, service_now (self) };
  const char *error;
  Room *room = find_room (self, text, &error);

  if (room == NULL) {
    fn (NULL, error, data);
    return;
  }
  put_cell (out, "room");
  put_cell (out, room_address (room));
  put_cell (out, state_of (room));
  put_cell (out, crowd_subject (room_crowd (room)));
  g_string_append_c (out, '\n');
  room_foreach (room, user_cb, (gpointer)&showing);
  crowd_foreach_since (room_crowd (room), 0, occupant_cb, (gpointer)&showing);
  fn (out->str, NULL, data);
}

/* --- Throwing out --- */

/* One of ours leaves: that needs no rights in the room. */
static void
kick_ours (Xmpp *xmpp, Member *member, const char *reason)
{
  g_autofree char *room = g_strdup (member_room (member));
  g_autofree char *user = g_strdup (member_user (member));
  g_autofree char *text = g_strdup_printf (
      "An administrator removed you from the room%s%s",
      reason != NULL ? ": " : "", reason != NULL ? reason : "");
  GArray *actions = rooms_actions_new ();

  rooms_answer (xmpp, room, user, text);
  rooms_end_dialogs (xmpp, room, user, SUBS_REJECTED);
  rooms_leave (xmpp->room_part->rooms, member, service_now (xmpp->service),
               actions);
  rooms_carry_out (xmpp, actions);
}

typedef struct {
  GList link; /* in kicking */
  Xmpp *xmpp;
  ServiceRoomsFn fn;
  gpointer data;
} Kicking;

static void
kicking_free (Kicking *self)
{
  g_queue_unlink (&self->xmpp->room_part->kicking, &self->link);
  g_free (self);
}

void
rooms_kicking_detach (Xmpp *xmpp)
{
  GQueue *kicking = &xmpp->room_part->kicking;

  while (kicking->head != NULL) {
    Kicking *self = kicking->head->data;

    xmpp->port->forget (xmpp->port->self, self);
    self->fn (NULL, "the link to the XMPP server is gone", self->data);
    kicking_free (self);
  }
}

static void
kicked_cb (XmppError error, const char *error_text, gpointer data)
{
  Kicking *self = data;

  self->fn (error == XMPP_NO_ERROR ? "" : NULL,
            error == XMPP_NO_ERROR ? NULL
            : error_text != NULL   ? error_text
                                   : "the room refused it",
            self->data);
  kicking_free (self);
}

typedef struct {
  const Crowd *crowd;
  Member *found;
} Moderator;

static void
moderator_cb (Member *member, gpointer data)
{
  Moderator *moderator = data;
  const CrowdOccupant *occupant
      = member_state (member) == MEMBER_IN
            ? crowd_find (moderator->crowd, member_nick (member))
            : NULL;

  if (occupant != NULL && g_strcmp0 (occupant->role, "moderator") == 0)
    moderator->found = member;
}

/* On behalf of one of ours who may. */
static void
kick_nick (Xmpp *xmpp, Room *room, const char *nick, const char *reason,
           ServiceRoomsFn fn, gpointer data)
{
  Moderator moderator = { room_crowd (room), NULL };
  g_autofree char *from = NULL;
  g_autofree char *jid = rooms_jid (room_address (room), NULL);
  Kicking *kicking;

  room_foreach (room, moderator_cb, &moderator);
  if (moderator.found == NULL || xmpp->port == NULL) {
    fn (NULL, "no user of this server is a moderator of that room", data);
    return;
  }
  from = rooms_jid_of_user (member_user (moderator.found));
  kicking = g_new0 (Kicking, 1);
  kicking->link.data = kicking;
  kicking->xmpp = xmpp;
  kicking->fn = fn;
  kicking->data = data;
  g_queue_push_tail_link (&xmpp->room_part->kicking, &kicking->link);
  xmpp->port->room_kick (xmpp->port->self, from, jid, nick, reason, kicked_cb,
                         kicking);
}

static Member *
member_called (Xmpp *xmpp, Room *room, const char *who)
{
  g_autofree char *aor = NULL;
  Member *member
      = aor_parse (who, &aor, NULL)
            ? rooms_find (xmpp->room_part->rooms, room_address (room), aor)
            : NULL;

  return member != NULL ? member : room_member_of_nick (room, who);
}

void
service_rooms_kick (Service *self, const char *text, const char *who,
                    const char *reason, ServiceRoomsFn fn, gpointer data)
{
  const char *error;
  Room *room = find_room (self, text, &error);
  Member *member = room != NULL ? member_called (self->xmpp, room, who) : NULL;

  if (room == NULL) {
    fn (NULL, error, data);
  } else if (member != NULL) {
    kick_ours (self->xmpp, member, reason);
    fn ("", NULL, data);
  } else if (crowd_find (room_crowd (room), who) != NULL) {
    kick_nick (self->xmpp, room, who, reason, fn, data);
  } else {
    fn (NULL, "nobody of that name is in the room", data);
  }
}

/* --- Health --- */

typedef struct {
  gint64 before;
  gint64 now;
  guint n, max;
  ServiceOutsideFn fn;
  gpointer data;
} Outside;

static void
outside_cb (Member *member, gpointer data)
{
  Outside *outside = data;
  gboolean is_out = member_state (member) == MEMBER_WAITING
                    || member_state (member) == MEMBER_REJOINING;

  if (!is_out || member_away_since (member) > outside->before)
    return;
  if (outside->n++ < outside->max)
    outside->fn (
        member_user (member), member_room (member),
        (guint)((outside->now - member_away_since (member)) / G_USEC_PER_SEC),
        outside->data);
}

static void
outside_room_cb (Room *room, gpointer data)
{
  room_foreach (room, outside_cb, data);
}

guint
service_rooms_outside (Service *self, guint max, ServiceOutsideFn fn,
                       gpointer data)
{
  gint64 now = service_now (self);
  Outside outside = { now - PATIENCE, now, 0, max, fn, data };

  if (xmpp_is_up (self->xmpp))
    rooms_foreach (self->xmpp->room_part->rooms, outside_room_cb, &outside);
  return outside.n;
}
