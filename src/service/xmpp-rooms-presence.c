/* SPDX-License-Identifier: ISC
 *
 * Presence from rooms (XEP-0045 7.1, 7.2, 7.6, 7.14, 8.2): who is there, who
 * left, who was not let in. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-rooms-priv.h"

#include "addr/xmpp.h"

#include <string.h>

/* XEP-0045 7.2: what an error says to who wants in. */
static RoomsReason
reason_of_error (XmppError error)
{
  switch (error) {
  case XMPP_CONFLICT:
    return ROOMS_NICK;
  case XMPP_FORBIDDEN:
    return ROOMS_BANNED;
  case XMPP_REGISTRATION_REQUIRED:
    return ROOMS_MEMBERS_ONLY;
  case XMPP_NOT_AUTHORIZED:
    return ROOMS_PASSWORD;
  case XMPP_ITEM_NOT_FOUND:
  case XMPP_NOT_ALLOWED:
  case XMPP_GONE:
    return ROOMS_NO_ROOM;
  case XMPP_NOT_ACCEPTABLE:
  case XMPP_JID_MALFORMED:
    return ROOMS_NO_NICK;
  case XMPP_SERVICE_UNAVAILABLE:
  case XMPP_RESOURCE_CONSTRAINT:
    return ROOMS_FULL;
  case XMPP_REMOTE_SERVER_NOT_FOUND:
  case XMPP_REMOTE_SERVER_TIMEOUT:
    return ROOMS_UNREACHABLE;
  default:
    return ROOMS_FAILED;
  }
}

static gboolean
has_code (const XmppPresence *presence, guint code)
{
  const XmppOccupant *occupant = presence->occupant;

  for (guint i = 0; occupant != NULL && i < XMPP_MAX_CODES; i++)
    if (occupant->codes[i] == code)
      return TRUE;
  return FALSE;
}

/* XEP-0045 15.6.2: why he is out. */
static RoomsReason
reason_of_codes (const XmppPresence *presence)
{
  static const struct {
    guint code;
    RoomsReason reason;
  } rows[] = { { 301, ROOMS_BANNED },       { 307, ROOMS_KICKED },
               { 321, ROOMS_MEMBERS_ONLY }, { 322, ROOMS_MEMBERS_ONLY },
               { 332, ROOMS_SILENT },       { 333, ROOMS_SILENT } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (has_code (presence, rows[i].code))
      return rows[i].reason;
  return ROOMS_LEFT;
}

/* --- New rooms --- */

typedef struct {
  GList link; /* in asked */
  Xmpp *xmpp;
  char *room, *user;
} Creating;

static void
creating_free (Creating *self)
{
  g_queue_unlink (&self->xmpp->room_part->asked, &self->link);
  g_free (self->room);
  g_free (self->user);
  g_free (self);
}

static void
created_cb (XmppError error, const char *error_text, gpointer data)
{
  Creating *self = data;

  if (error != XMPP_NO_ERROR) {
    g_info ("room %s, made for %s, cannot be opened", self->room, self->user);
    rooms_answer (self->xmpp, self->room, self->user,
                  "The room is new and could not be opened for others");
  }
  creating_free (self);
}

/* XEP-0045 10.1.2: the room was made by his coming, and waits to be told how it
 * shall be. */
static void
open_room (Xmpp *xmpp, const Member *member)
{
  g_autofree char *from = rooms_jid_of_user (member_user (member));
  g_autofree char *jid = rooms_jid (member_room (member), NULL);
  Creating *creating;

  if (xmpp->port == NULL || from == NULL || jid == NULL)
    return;
  creating = g_new0 (Creating, 1);
  creating->link.data = creating;
  creating->xmpp = xmpp;
  creating->room = g_strdup (member_room (member));
  creating->user = g_strdup (member_user (member));
  g_queue_push_tail_link (&xmpp->room_part->asked, &creating->link);
  xmpp->port->room_create (xmpp->port->self, from, jid, created_cb, creating);
}

static void
creating_detach (Xmpp *xmpp)
{
  GQueue *asked = &xmpp->room_part->asked;

  while (asked->head != NULL) {
    xmpp->port->forget (xmpp->port->self, asked->head->data);
    creating_free (asked->head->data);
  }
}

/* --- Is he still in? --- */

typedef struct {
  GList link; /* in pinging */
  Xmpp *xmpp;
  char *room, *user;
} Pinging;

static void
pinging_free (Pinging *self)
{
  g_queue_unlink (&self->xmpp->room_part->pinging, &self->link);
  g_free (self->room);
  g_free (self->user);
  g_free (self);
}

/* XEP-0410 3: what an answer means. */
static gboolean
says_he_is_out (XmppError error)
{
  switch (error) {
  case XMPP_NO_ERROR:
  case XMPP_SERVICE_UNAVAILABLE:
  case XMPP_FEATURE_NOT_IMPLEMENTED:
  case XMPP_ITEM_NOT_FOUND:
  case XMPP_REMOTE_SERVER_NOT_FOUND:
  case XMPP_REMOTE_SERVER_TIMEOUT:
    return FALSE;
  default:
    return TRUE;
  }
}

static void
pinged_cb (XmppError error, const char *error_text, gpointer data)
{
  Pinging *self = data;
  Xmpp *xmpp = self->xmpp;
  Rooms *rooms = xmpp->room_part->rooms;
  Member *member = rooms_find (rooms, self->room, self->user);
  gint64 now = service_now (xmpp->service);
  GArray *actions = rooms_actions_new ();

  if (member != NULL && error == XMPP_NO_ERROR)
    rooms_heard (rooms, member, now);
  else if (member != NULL && member_state (member) == MEMBER_IN
           && says_he_is_out (error))
    rooms_lost (rooms, member, now, actions);
  pinging_free (self);
  rooms_carry_out (xmpp, actions);
}

void
rooms_ping (Xmpp *xmpp, const Member *member)
{
  g_autofree char *from = rooms_jid_of_user (member_user (member));
  g_autofree char *jid = rooms_jid (member_room (member), NULL);
  Pinging *pinging;

  if (xmpp->port == NULL || from == NULL || jid == NULL)
    return;
  pinging = g_new0 (Pinging, 1);
  pinging->link.data = pinging;
  pinging->xmpp = xmpp;
  pinging->room = g_strdup (member_room (member));
  pinging->user = g_strdup (member_user (member));
  g_queue_push_tail_link (&xmpp->room_part->pinging, &pinging->link);
  xmpp->port->room_ping (xmpp->port->self, from, jid, member_nick (member),
                         pinged_cb, pinging);
}

static void
pinging_detach (Xmpp *xmpp)
{
  GQueue *pinging = &xmpp->room_part->pinging;

  while (pinging->head != NULL) {
    xmpp->port->forget (xmpp->port->self, pinging->head->data);
    pinging_free (pinging->head->data);
  }
}

void
rooms_queries_detach (Xmpp *xmpp)
{
  creating_detach (xmpp);
  pinging_detach (xmpp);
}

/* --- Presence --- */

static CrowdShow
show_of (XmppShow show)
{
  static const CrowdShow shows[] = {
    [XMPP_SHOW_NONE] = CROWD_AVAILABLE, [XMPP_SHOW_CHAT] = CROWD_CHAT,
    [XMPP_SHOW_AWAY] = CROWD_AWAY,      [XMPP_SHOW_XA] = CROWD_XA,
    [XMPP_SHOW_DND] = CROWD_DND,
  };

  return shows[show];
}

/* XEP-0045 5.1, 5.2: one of these, or NULL.  What a room makes up is not kept. */
static const char *
known_word (const char *word)
{
  static const char *const words[]
      = { "moderator", "participant", "visitor", "none",
          "owner",     "admin",       "member",  "outcast" };

  for (guint i = 0; word != NULL && i < G_N_ELEMENTS (words); i++)
    if (strcmp (words[i], word) == 0)
      return words[i];
  return NULL;
}

/* As it will be in the addresses to come; NULL: it can be in none. */
static char *
new_nick (const XmppPresence *presence)
{
  g_autofree char *room = jid_bare_of (presence->from);
  g_autofree char *text = g_strconcat (
      room, "/",
      presence->occupant->nick != NULL ? presence->occupant->nick : "", NULL);
  g_autoptr (Jid) jid = NULL;

  return jid_parse (text, &jid, NULL) ? g_strdup (jid->resource) : NULL;
}

/* Some services do not say 110. */
static gboolean
is_himself (const Member *member, const char *nick,
            const XmppPresence *presence)
{
  return has_code (presence, 110) || strcmp (nick, member_nick (member)) == 0;
}

/* Who does not see how somebody is must not learn from the time of a NOTIFY that
 * it changed.  (Ours have no show in rooms.) */
static void
take_available (Xmpp *xmpp, Member *member, const char *nick,
                const XmppPresence *presence)
{
  Rooms *rooms = xmpp->room_part->rooms;
  const XmppOccupant *said = presence->occupant;
  const CrowdOccupant occupant
      = { .nick = nick,
          .role = said != NULL ? known_word (said->role) : NULL,
          .affiliation = said != NULL ? known_word (said->affiliation) : NULL,
          .show = show_of (presence->show),
          .is_hidden = !xmpp->service->settings.share_availability };
  GArray *actions = rooms_actions_new ();

  if (is_himself (member, nick, presence)) {
    if (has_code (presence, 201))
      open_room (xmpp, member);
    rooms_entered (rooms, member, &occupant, service_now (xmpp->service),
                   actions);
  } else {
    rooms_saw (rooms, member, &occupant, actions);
  }
  rooms_carry_out (xmpp, actions);
}

static void
take_unavailable (Xmpp *xmpp, Member *member, const char *nick,
                  const XmppPresence *presence)
{
  XmppRooms *self = xmpp->room_part;
  const XmppOccupant *said = presence->occupant;
  g_autofree char *other
      = has_code (presence, 303) ? new_nick (presence) : NULL;
  GArray *actions = rooms_actions_new ();

  if (other != NULL) {
    rooms_saw_leave (self->rooms, member, nick, other, actions);
  } else if (is_himself (member, nick, presence)) {
    self->said = said != NULL ? g_strdup (said->reason) : NULL;
    rooms_removed (self->rooms, member, reason_of_codes (presence),
                   service_now (xmpp->service), actions);
  } else {
    rooms_saw_leave (self->rooms, member, nick, NULL, actions);
  }
  rooms_carry_out (xmpp, actions);
  g_clear_pointer (&self->said, g_free);
}

static void
take_error (Xmpp *xmpp, Member *member, const XmppPresence *presence)
{
  XmppRooms *self = xmpp->room_part;
  GArray *actions = rooms_actions_new ();

  self->said = g_strdup (presence->error_text);
  rooms_refused (self->rooms, member, reason_of_error (presence->error),
                 service_now (xmpp->service), actions);
  rooms_carry_out (xmpp, actions);
  g_clear_pointer (&self->said, g_free);
}

/* The room thinks that he is in, and he is not. */
static void
leave_as_ghost (Xmpp *xmpp, const XmppPresence *presence)
{
  const XmppPresence leave = { .from = presence->to,
                               .to = presence->from,
                               .type = XMPP_UNAVAILABLE };

  if (presence->type == XMPP_AVAILABLE && has_code (presence, 110))
    xmpp_send_presence (xmpp, &leave);
}

/* Whom of ours in which room a stanza concerns.  FALSE: nobody. */
typedef struct {
  char *room, *nick, *user;
} Ends;

static void
ends_clear (Ends *self)
{
  g_free (self->room);
  g_free (self->nick);
  g_free (self->user);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ends, ends_clear)

static gboolean
read_ends (Xmpp *xmpp, const char *from, const char *to, Ends *out)
{
  const StoreUser *user;
  g_autofree char *aor = NULL;

  *out = (Ends){ 0 };
  if (!jid_to_aor (from, &out->room, NULL) || !jid_to_aor (to, &aor, NULL))
    return FALSE;
  user = service_enabled_user (xmpp->service, aor);
  if (user == NULL)
    return FALSE;
  out->user = g_strdup (user->aor);
  out->nick = jid_resource (from);
  return TRUE;
}

void
xmpp_rooms_presence (Xmpp *xmpp, const XmppPresence *presence)
{
  g_auto (Ends) ends = { 0 };
  Member *member;

  if (!read_ends (xmpp, presence->from, presence->to, &ends))
    return;
  member = rooms_find (xmpp->room_part->rooms, ends.room, ends.user);
  if (member != NULL)
    rooms_heard (xmpp->room_part->rooms, member, service_now (xmpp->service));
  if (member == NULL)
    leave_as_ghost (xmpp, presence);
  else if (presence->type == XMPP_PRESENCE_ERROR)
    take_error (xmpp, member, presence);
  else if (ends.nick == NULL)
    return;
  else if (presence->type == XMPP_AVAILABLE)
    take_available (xmpp, member, ends.nick, presence);
  else if (presence->type == XMPP_UNAVAILABLE)
    take_unavailable (xmpp, member, ends.nick, presence);
}
