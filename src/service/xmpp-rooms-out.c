/* SPDX-License-Identifier: ISC
 *
 * What our users say in rooms, and to people in them (RFC 7702 6.3; XEP-0045
 * 7.4, 7.5, 8.1): whoever writes goes in first.  A text may be a command
 * (rooms/command.h), whose answer comes from the room. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-rooms-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "base/error.h"
#include "base/ids.h"
#include "codec/content.h"
#include "policy/policy.h"
#include "rooms/command.h"
#include "service/devices.h"
#include "service/xmpp-errors.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
/* How long a room may take to send a message back to who said it. */
#define BACK (60 * SECOND)
#define SENT_MAX 10000
#define ID_BITS 100
/* Names that /who tells. */
#define WHO_MAX 100

/* --- What is out --- */

void
rooms_sent_free (XmppRooms *self, RoomsSent *sent)
{
  g_queue_unlink (&self->sent, &sent->link);
  g_free (sent->id);
  g_free (sent->room);
  g_free (sent->user);
  g_free (sent->device);
  g_free (sent);
}

/* What the room sends back soon is among the newest. */
RoomsSent *
rooms_sent_find (XmppRooms *self, const char *id)
{
  for (GList *at = self->sent.tail; at != NULL; at = at->prev)
    if (strcmp (((RoomsSent *)at->data)->id, id) == 0)
      return at->data;
  return NULL;
}

static RoomsSent *
sent_new (XmppRooms *self, const Member *member, const char *device, gint64 now)
{
  RoomsSent *sent = g_new0 (RoomsSent, 1);

  sent->link.data = sent;
  sent->id = rc_token_new (ID_BITS);
  sent->room = g_strdup (member_room (member));
  sent->user = g_strdup (member_user (member));
  sent->device = g_strdup (device);
  sent->at = now;
  g_queue_push_tail_link (&self->sent, &sent->link);
  if (self->sent.length > SENT_MAX)
    rooms_sent_free (self, self->sent.head->data);
  return sent;
}

void
rooms_sent_advance (XmppRooms *self)
{
  gint64 now = service_now (self->xmpp->service);

  while (self->sent.head != NULL
         && ((RoomsSent *)self->sent.head->data)->at + BACK < now)
    rooms_sent_free (self, self->sent.head->data);
}

/* --- One message on its way --- */

typedef struct {
  GList link; /* in saying */
  Xmpp *xmpp;
  char *user, *device, *room;
  char *nick;    /* to him alone; or NULL */
  char *text;    /* NULL: nothing, he wants in */
  char *subject; /* of the room */
  char *id;      /* that it went out by */
  gboolean was_in, is_second;
  MessageAnswerFn answer;
  gpointer data;
} Saying;

static void
saying_free (Saying *self)
{
  g_queue_unlink (&self->xmpp->room_part->saying, &self->link);
  service_leave (self->xmpp->service);
  g_free (self->user);
  g_free (self->device);
  g_free (self->room);
  g_free (self->nick);
  g_free (self->text);
  g_free (self->subject);
  g_free (self->id);
  g_free (self);
}

static void
answer_now (ServiceVerdict verdict, const char *text, MessageAnswerFn answer,
            gpointer data)
{
  const MessageAnswer out = { .verdict = verdict, .text = text };

  answer (&out, data);
}

/* Ends it.  Without a SIP side there is nobody to answer. */
static void
end (Saying *self, ServiceVerdict verdict, const char *text)
{
  if (self->xmpp->service->sip != NULL)
    answer_now (verdict, text, self->answer, self->data);
  saying_free (self);
}

/* RFC 7247 7.1 */
static void
end_refused (Saying *self, XmppError error, const char *text)
{
  const MessageAnswer out
      = { .verdict = SERVICE_RELAYED,
          .status = xmpp_status_of (error, self->nick == NULL),
          .text = text };

  if (self->xmpp->service->sip != NULL)
    self->answer (&out, self->data);
  saying_free (self);
}

static const char *
text_of_error (const Saying *self, XmppError error)
{
  if (self->nick != NULL && error == XMPP_ITEM_NOT_FOUND)
    return "Nobody in the room has that name";
  if (self->subject != NULL && error == XMPP_FORBIDDEN)
    return "You may not change the topic of this room";
  return error == XMPP_FORBIDDEN ? "You may not speak in this room"
                                 : "The room refused the message";
}

static void joined_cb (Xmpp *xmpp, Member *member, RoomsReason reason,
                       const char *said, gpointer data);

/* The room does not know him (XEP-0045 7.4): he goes in again, and says it once
 * more. */
static gboolean
say_again (Saying *self, XmppError error)
{
  XmppRooms *rooms = self->xmpp->room_part;
  Member *member = rooms_find (rooms->rooms, self->room, self->user);
  GArray *actions;

  if (error != XMPP_NOT_ACCEPTABLE || self->is_second || self->nick != NULL
      || member == NULL || member_state (member) != MEMBER_IN)
    return FALSE;
  self->is_second = TRUE;
  actions = rooms_actions_new ();
  rooms_lost (rooms->rooms, member, service_now (self->xmpp->service), actions);
  rooms_carry_out (self->xmpp, actions);
  rooms_want_in (self->xmpp, self->user, self->room, NULL, joined_cb, self);
  return TRUE;
}

static void
sent_cb (XmppOutcome outcome, XmppError error, const char *error_text,
         gpointer data)
{
  Saying *self = data;
  XmppRooms *rooms = self->xmpp->room_part;
  RoomsSent *sent = rooms_sent_find (rooms, self->id);

  if (outcome != XMPP_TAKEN && sent != NULL)
    rooms_sent_free (rooms, sent);
  if (outcome == XMPP_TAKEN)
    end (self, SERVICE_OK, NULL);
  else if (outcome == XMPP_LOST)
    end (self, SERVICE_UNAVAILABLE, "The room cannot be reached now");
  else if (!say_again (self, error))
    end_refused (self, error, text_of_error (self, error));
}

void
rooms_sent_failed (Xmpp *xmpp, RoomsSent *sent, XmppError error,
                   const char *text)
{
  const char *said = text != NULL && *text != '\0' ? text : NULL;
  g_autofree char *words
      = g_strdup_printf ("The room refused your message%s%s",
                         said != NULL ? ": " : "", said != NULL ? said : "");

  rooms_answer (xmpp, sent->room, sent->user, words);
  rooms_sent_free (xmpp->room_part, sent);
}

static void
send (Saying *self, const Member *member)
{
  XmppRooms *rooms = self->xmpp->room_part;
  RoomsSent *sent = sent_new (rooms, member, self->device,
                              service_now (self->xmpp->service));
  g_autofree char *from = rooms_jid_of_user (self->user);
  g_autofree char *to = rooms_jid (self->room, self->nick);
  const XmppMessage message
      = { .from = from,
          .to = to,
          .id = sent->id,
          .type
          = self->nick != NULL ? XMPP_MESSAGE_CHAT : XMPP_MESSAGE_GROUPCHAT,
          .body = self->text,
          .subject = self->subject,
          .is_private = self->nick != NULL };

  if (from == NULL || to == NULL) {
    rooms_sent_free (rooms, sent);
    end (self, SERVICE_NOT_FOUND, "XMPP has no way to write this address");
    return;
  }
  g_free (self->id);
  self->id = g_strdup (sent->id);
  (*rooms->out_cell)++;
  xmpp_send_message (self->xmpp, &message, sent_cb, self);
}

/* --- Commands --- */

/* The answer to a command; that to its MESSAGE is that it was taken. */
static void
reply (Saying *self, const char *text)
{
  Xmpp *xmpp = self->xmpp;
  g_autofree char *room = g_strdup (self->room);
  g_autofree char *user = g_strdup (self->user);
  g_autofree char *said = g_strdup (text);

  end (self, SERVICE_OK, NULL);
  rooms_answer (xmpp, room, user, said);
}

static void
name_cb (const CrowdOccupant *occupant, gboolean is_gone, gpointer data)
{
  g_ptr_array_add (data, (gpointer)occupant->nick);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  g_autofree char *x = g_utf8_casefold (*(const char *const *)a, -1);
  g_autofree char *y = g_utf8_casefold (*(const char *const *)b, -1);

  return g_utf8_collate (x, y);
}

static void
tell_who (Saying *self, const Member *member)
{
  Room *room
      = rooms_find_room (self->xmpp->room_part->rooms, member_room (member));
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  crowd_foreach_since (room_crowd (room), 0, name_cb, names);
  g_ptr_array_sort (names, compare_names);
  g_string_printf (text, "%u here: ", names->len);
  for (guint i = 0; i < names->len && i < WHO_MAX; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
                            (const char *)names->pdata[i]);
  if (names->len > WHO_MAX)
    g_string_append_printf (text, " and %u more", names->len - WHO_MAX);
  reply (self, text->str);
}

static void
change_nick (Saying *self, Member *member, const char *wish)
{
  Xmpp *xmpp = self->xmpp;
  g_autofree char *nick = wish != NULL ? jid_prepare_resource (wish) : NULL;
  g_autofree char *text = NULL;
  GArray *actions;

  if (wish == NULL || strcmp (wish, member_nick (member)) == 0)
    text = g_strdup_printf ("You are %s in this room", member_nick (member));
  else if (nick == NULL)
    text = g_strdup ("That is no name: send /nick NAME");
  if (text != NULL) {
    reply (self, text);
    return;
  }
  actions = rooms_actions_new ();
  rooms_rename (xmpp->room_part->rooms, member, nick,
                service_now (xmpp->service), actions);
  end (self, SERVICE_OK, NULL);
  rooms_carry_out (xmpp, actions);
}

static void
change_topic (Saying *self, const Member *member, const char *topic)
{
  Room *room
      = rooms_find_room (self->xmpp->room_part->rooms, member_room (member));
  const char *now = crowd_subject (room_crowd (room));
  g_autofree char *text = NULL;

  if (topic == NULL) {
    text = now != NULL ? g_strdup_printf ("The topic is: %s", now)
                       : g_strdup ("There is no topic");
    reply (self, text);
    return;
  }
  self->subject = g_strdup (topic);
  g_clear_pointer (&self->text, g_free);
  send (self, member);
}

static void
leave (Saying *self, Member *member)
{
  Xmpp *xmpp = self->xmpp;
  GArray *actions = rooms_actions_new ();

  rooms_leave (xmpp->room_part->rooms, member, service_now (xmpp->service),
               actions);
  reply (self, "You left the room");
  rooms_carry_out (xmpp, actions);
}

static gboolean
is_nick (const char *nick, gpointer data)
{
  return crowd_find (data, nick) != NULL;
}

static void
tell_one (Saying *self, const Member *member, const char *rest)
{
  Room *room
      = rooms_find_room (self->xmpp->room_part->rooms, member_room (member));
  char *text = NULL;

  if (!room_command_tell (rest, is_nick, (gpointer)room_crowd (room),
                          &self->nick, &text)) {
    reply (self, "Send /msg NAME TEXT");
    return;
  }
  g_free (self->text);
  self->text = text;
  send (self, member);
}

static void
greet (Saying *self, const Member *member)
{
  g_autofree char *text = g_strdup_printf (
      "You are in this room as %s. Send /help to see what else you can send.",
      member_nick (member));

  reply (self, text);
}

static void
tell_commands (Saying *self)
{
  reply (self, "/who: who is here. /nick NAME: another name. /msg NAME TEXT: to"
               " one alone. /topic TEXT: what the room is about. /leave.");
}

/* Of who is in. */
static void
run (Saying *self, Member *member)
{
  g_autofree char *rest = NULL;
  RoomCommand command
      = self->nick == NULL ? room_command (self->text, &rest) : ROOM_SAYS;

  switch (command) {
  case ROOM_SAYS:
    send (self, member);
    break;
  case ROOM_NICK:
    change_nick (self, member, rest);
    break;
  case ROOM_WHO:
    tell_who (self, member);
    break;
  case ROOM_LEAVE:
    leave (self, member);
    break;
  case ROOM_JOIN:
    greet (self, member);
    break;
  case ROOM_TOPIC:
    change_topic (self, member, rest);
    break;
  case ROOM_TELL:
    tell_one (self, member, rest);
    break;
  case ROOM_HELP:
    tell_commands (self);
    break;
  }
}

/* --- Who writes goes in --- */

static gboolean
is_command (const Saying *self, RoomCommand command)
{
  g_autofree char *rest = NULL;

  return self->nick == NULL && room_command (self->text, &rest) == command;
}

/* He came in by what he wrote: he hears how things are. */
static void
welcome (const Saying *self, const Member *member)
{
  g_autofree char *text = NULL;

  if (self->was_in || is_command (self, ROOM_JOIN))
    return;
  text = g_strdup_printf ("You are in this room as %s. Send /help to see what"
                          " else you can send, /leave to leave.",
                          member_nick (member));
  rooms_answer (self->xmpp, member_room (member), member_user (member), text);
}

static void
joined_cb (Xmpp *xmpp, Member *member, RoomsReason reason, const char *said,
           gpointer data)
{
  Saying *self = data;
  g_autofree char *text = NULL;

  if (reason != ROOMS_NO_REASON) {
    text = rooms_text (reason, said);
    end (self, self->was_in ? SERVICE_UNAVAILABLE : rooms_verdict (reason),
         text);
  } else if (member_state (member) != MEMBER_IN
             && !is_command (self, ROOM_LEAVE)) {
    end (self, SERVICE_UNAVAILABLE, "The room cannot be reached now");
  } else {
    welcome (self, member);
    run (self, member);
  }
}

static Saying *
saying_new (Xmpp *xmpp, const ServiceCaller *caller, const char *user,
            MessageAnswerFn answer, gpointer data)
{
  Saying *self = g_new0 (Saying, 1);

  self->xmpp = xmpp;
  self->link.data = self;
  g_queue_push_tail_link (&xmpp->room_part->saying, &self->link);
  self->user = g_strdup (user);
  self->device = g_strdup (device_of_caller (xmpp->service, caller));
  self->answer = answer;
  self->data = data;
  service_enter (xmpp->service);
  return self;
}

/* What he wrote; FALSE: nothing to be sent (a chat state, a report), or it has
 * been answered. */
static gboolean
read_text (Saying *self, const MessageCommand *command)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Content) content = NULL;

  if (command->body == NULL || command->body_len == 0) {
    self->text = g_strdup ("/join");
    return TRUE;
  }
  if (!content_read (command->content_type, command->content_encoding,
                     command->body, command->body_len, &content, &error)) {
    end (self,
         g_error_matches (error, RC_ERROR, RC_ERROR_UNSUPPORTED)
             ? SERVICE_BAD_TYPE
             : SERVICE_BAD_REQUEST,
         error->message);
    return FALSE;
  }
  if (content->kind != CONTENT_TEXT) {
    end (self, SERVICE_OK, NULL);
    return FALSE;
  }
  self->text = g_steal_pointer (&content->text);
  return TRUE;
}

/* What needs nobody in. */
static gboolean
is_dealt_with_outside (Saying *self, const Member *member)
{
  if (member != NULL && member_is_settled (member))
    return FALSE;
  if (self->nick != NULL)
    end (self, SERVICE_FORBIDDEN, "You are not in this room");
  else if (is_command (self, ROOM_LEAVE))
    reply (self, "You are not in this room");
  else if (is_command (self, ROOM_HELP))
    tell_commands (self);
  else
    return FALSE;
  return TRUE;
}

static void
start (Saying *self, const MessageCommand *command)
{
  Xmpp *xmpp = self->xmpp;
  Member *member = rooms_find (xmpp->room_part->rooms, self->room, self->user);
  g_autofree char *password = NULL;

  self->was_in = member != NULL && member_is_settled (member);
  if (is_dealt_with_outside (self, member))
    return;
  if (self->nick == NULL && room_command (self->text, &password) != ROOM_JOIN)
    g_clear_pointer (&password, g_free);
  if (member != NULL && is_command (self, ROOM_LEAVE))
    joined_cb (xmpp, member, ROOMS_NO_REASON, NULL, self);
  else
    rooms_want_in (xmpp, self->user, self->room,
                   password != NULL ? password : command->password, joined_cb,
                   self);
}

void
rooms_sayings_detach (Xmpp *xmpp)
{
  GQueue *saying = &xmpp->room_part->saying;

  while (saying->head != NULL) {
    xmpp->port->forget (xmpp->port->self, saying->head->data);
    end (saying->head->data, SERVICE_UNAVAILABLE, NULL);
  }
}

gboolean
xmpp_rooms_is_addressed (Service *self, const MessageCommand *command)
{
  return command->is_message && command->recipient == NULL
         && command->peer != NULL
         && xmpp_has_rooms (self, aor_domain (command->peer));
}

static ServiceVerdict
check (Service *self, const ServiceCaller *caller, const char *room,
       const char **text)
{
  ServiceVerdict gate = service_gate (self);

  if (gate != SERVICE_OK)
    return gate;
  if (!self->settings.im_enabled) {
    *text = policy_step_text (POLICY_BY_IM_OFF);
    return SERVICE_FORBIDDEN;
  }
  if (service_enabled_user (self, caller->user) == NULL) {
    *text = "Rooms are for the users of this server";
    return SERVICE_FORBIDDEN;
  }
  return room != NULL ? SERVICE_OK : SERVICE_NOT_FOUND;
}

void
xmpp_rooms_say (Service *self, const ServiceCaller *caller,
                const MessageCommand *command, MessageAnswerFn answer,
                gpointer data)
{
  g_autofree char *room = rooms_address (command->peer);
  const char *text = NULL;
  ServiceVerdict verdict = check (self, caller, room, &text);
  Saying *saying;

  if (verdict != SERVICE_OK) {
    answer_now (verdict, text, answer, data);
    return;
  }
  saying = saying_new (self->xmpp, caller,
                       service_user (self, caller->user)->aor, answer, data);
  saying->room = g_steal_pointer (&room);
  if (command->instance != NULL)
    saying->nick = jid_prepare_resource (command->instance);
  if (read_text (saying, command))
    start (saying, command);
}
