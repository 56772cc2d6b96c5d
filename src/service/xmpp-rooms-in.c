/* SPDX-License-Identifier: ISC
 *
 * What is said in rooms, to the devices of our users (RFC 7702 6.3): a MESSAGE
 * from the room, with the speaker in its From, to which one answers in the room.
 * The room sends a copy for each of ours, so what is common to them is made
 * once. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-rooms-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "base/ids.h"
#include "service/facts.h"
#include "service/judge.h"
#include "service/mail.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
#define TAG_BITS 60
/* Invitations that may wait for PostgreSQL, and what is told of their reason. */
#define INVITING_MAX 1000
#define REASON_MAX 1000
#define TEXT_TYPE "text/plain;charset=UTF-8"

/* What a room says is as long as it likes, and no header is. */
#define SUBJECT_MAX 1000

/* --- To a user --- */

/* How much of text is at most max bytes of whole characters. */
static gsize
bounded (const char *text, gsize max)
{
  gsize len = strlen (text);

  if (len <= max)
    return len;
  for (len = max; len > 0 && (text[len] & 0xc0) == 0x80; len--)
    ;
  return len;
}

/* As a quoted string (RFC 3261 25.1); what would end a line is a space. */
static void
put_quoted (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *at = text; *at != '\0'; at++) {
    if (*at == '"' || *at == '\\')
      g_string_append_c (out, '\\');
    g_string_append_c (out, (guchar)*at < ' ' || *at == 0x7f ? ' ' : *at);
  }
  g_string_append_c (out, '"');
}

/* Where an answer goes stands in Reply-To: in what all hear From names the one
 * who spoke, and who answers him answers in the room. */
static char *
head_new (const RoomsWord *word)
{
  g_autofree char *room = aor_to_uri (word->room), *uri = NULL;
  g_autofree char *jid
      = word->nick != NULL ? rooms_jid (word->room, word->nick) : NULL;
  GString *out = g_string_new (NULL);

  if (jid == NULL || !jid_to_uri (jid, &uri, NULL))
    uri = g_strdup (room);
  g_string_append_printf (
      out, "Reply-To: <%s>\r\nFrom: ", word->is_private ? uri : room);
  if (word->nick != NULL) {
    put_quoted (out, word->nick);
    g_string_append_c (out, ' ');
  }
  g_string_append_printf (out, "<%s>;tag=", uri);
  return g_string_free (out, FALSE);
}

/* The same for all to whom it is said. */
static const char *
head_of (XmppRooms *self, const RoomsWord *word)
{
  g_autofree char *speaker
      = g_strdup_printf ("%c%s/%s", word->is_private ? 'p' : 'a', word->room,
                         word->nick != NULL ? word->nick : "");

  if (self->speaker == NULL || strcmp (self->speaker, speaker) != 0) {
    g_free (self->head);
    self->head = head_new (word);
    g_free (self->speaker);
    self->speaker = g_steal_pointer (&speaker);
  }
  return self->head;
}

/* The bound is that of a MESSAGE; there is nobody to refuse it to. */
static GBytes *
body_of (XmppRooms *self, const char *text)
{
  gsize most = self->xmpp->service->limits.max_body;
  gsize len = most > 0 ? bounded (text, most) : strlen (text);

  if (self->body == NULL || g_bytes_get_size (self->body) != len
      || memcmp (g_bytes_get_data (self->body, NULL), text, len) != 0) {
    g_clear_pointer (&self->body, g_bytes_unref);
    self->body = g_bytes_new (text, len);
  }
  return g_bytes_ref (self->body);
}

/* One line, as RFC 3261 25.1 wants a Subject. */
static void
put_subject (GString *out, const char *subject)
{
  const char *end = subject + bounded (subject, SUBJECT_MAX);

  g_string_append (out, "Subject: ");
  for (const char *at = subject; at < end; at++)
    g_string_append_c (out, (guchar)*at < ' ' || *at == 0x7f ? ' ' : *at);
  g_string_append (out, "\r\n");
}

static char *
headers_of (XmppRooms *self, const RoomsWord *word, const char *tag)
{
  GString *out = g_string_sized_new (400);
  g_autofree char *to = aor_to_uri (word->user);

  g_string_append (out, head_of (self, word));
  g_string_append_printf (out, "%s\r\nTo: <%s>\r\n", tag, to);
  if (word->subject != NULL)
    put_subject (out, word->subject);
  return g_string_free (out, FALSE);
}

void
rooms_tell (Xmpp *xmpp, const RoomsWord *word)
{
  Service *service = xmpp->service;
  XmppRooms *self = xmpp->room_part;
  StoredMessage *message;
  MailItem item = { .content = IM_AUTOMATIC,
                    .keep = word->is_kept && service->messages != NULL
                                    && !service->settings.suppress_offline_im
                                ? IM_KEEP
                                : IM_REFUSE,
                    .is_untold = TRUE,
                    .except = word->except };

  if (!service->settings.im_enabled)
    return; /* whatever it is */
  message = g_new0 (StoredMessage, 1);
  message->call_id = rc_token_new (100);
  message->from_tag = rc_token_new (TAG_BITS);
  message->cseq = 1;
  message->sender = g_strdup (word->room);
  message->recipient = g_strdup (word->user);
  message->headers = headers_of (self, word, message->from_tag);
  message->content_type = g_strdup (TEXT_TYPE);
  message->body = body_of (self, word->text);
  message->created_at
      = word->stamp > 0 ? word->stamp * SECOND : clock_wall (service->clock);
  message->expires_at
      = service_now (service) + service->settings.offline_ttl * SECOND;
  item.message = message;
  (*self->in_cell)++;
  mail_send (service->mail, &item);
}

void
rooms_answer (Xmpp *xmpp, const char *room, const char *user, const char *text)
{
  rooms_tell (xmpp, &(RoomsWord){ .room = room, .user = user, .text = text });
}

/* --- From a room --- */

/* The room may know him still, when he is about to go in again. */
typedef struct {
  Xmpp *xmpp;
  const XmppMessage *message;
  Member *member; /* settled */
  const char *nick;
} Heard;

/* Was it said before he was cut off?  Then he has it. */
static gboolean
is_known_history (const Heard *heard)
{
  gint64 stamp = heard->message->stamp;

  return stamp != 0 && member_is_back (heard->member)
         && stamp * SECOND < member_heard (heard->member);
}

/* The device that said it has it. */
static const char *
device_that_said (const Heard *heard)
{
  XmppRooms *self = heard->xmpp->room_part;
  RoomsSent *sent;

  if (heard->message->stamp != 0 || heard->nick == NULL
      || strcmp (heard->nick, member_nick (heard->member)) != 0
      || heard->message->id == NULL)
    return NULL;
  sent = rooms_sent_find (self, heard->message->id);
  if (sent == NULL || !aor_equal (sent->user, member_user (heard->member)))
    return NULL;
  sent->is_back = TRUE;
  return sent->device;
}

static RoomsWord
word_of (const Heard *heard)
{
  return (RoomsWord){ .room = member_room (heard->member),
                      .nick = heard->nick,
                      .user = member_user (heard->member),
                      .text = heard->message->body,
                      .subject = heard->message->subject,
                      .stamp = heard->message->stamp };
}

static void
hear_said (const Heard *heard)
{
  RoomsWord word = word_of (heard);

  word.except = device_that_said (heard);
  if (!is_known_history (heard))
    rooms_tell (heard->xmpp, &word);
  if (heard->message->stamp == 0)
    member_set_heard (heard->member, clock_wall (heard->xmpp->service->clock));
}

/* XEP-0045 7.2.15, 8.1: the subject, when he comes in and when it changes.  Who
 * comes in reads it in the roster's document. */
static void
hear_subject (const Heard *heard)
{
  Xmpp *xmpp = heard->xmpp;
  XmppRooms *self = xmpp->room_part;
  const char *subject = heard->message->subject;
  g_autofree char *text = NULL;
  gboolean is_news = heard->message->stamp == 0 && heard->nick != NULL
                     && member_has_subject (heard->member);
  GArray *actions = rooms_actions_new ();

  rooms_saw_subject (self->rooms, heard->member, subject, actions);
  rooms_carry_out (xmpp, actions);
  if (!is_news)
    return;
  text = *subject != '\0' ? g_strdup_printf ("The topic is now: %s", subject)
                          : g_strdup ("There is no topic any more");
  rooms_tell (xmpp, &(RoomsWord){ .room = member_room (heard->member),
                                  .nick = heard->nick,
                                  .user = member_user (heard->member),
                                  .text = text,
                                  .except = device_that_said (heard) });
}

static void
hear_private (const Heard *heard)
{
  RoomsWord word = word_of (heard);

  word.is_private = TRUE;
  rooms_tell (heard->xmpp, &word);
}

/* An error would have the room throw him out: what he cannot have is
 * dropped. */
static void
hear (const Heard *heard)
{
  const XmppMessage *message = heard->message;

  if (message->type == XMPP_MESSAGE_GROUPCHAT && message->body != NULL)
    hear_said (heard);
  else if (message->type == XMPP_MESSAGE_GROUPCHAT && message->subject != NULL)
    hear_subject (heard);
  else if (message->body != NULL && *message->body != '\0')
    hear_private (heard);
}

/* --- Invitations (XEP-0045 7.8.2) --- */

typedef struct {
  GList link; /* in inviting */
  Xmpp *xmpp;
  char *room, *user, *who, *reason;
} Inviting;

static void
inviting_free (Inviting *self)
{
  g_queue_unlink (&self->xmpp->room_part->inviting, &self->link);
  g_free (self->room);
  g_free (self->user);
  g_free (self->who);
  g_free (self->reason);
  g_free (self);
}

void
rooms_inviting_free (XmppRooms *self)
{
  while (self->inviting.head != NULL)
    inviting_free (self->inviting.head->data);
}

static gboolean
may_write (const Inviting *self, const char *sender)
{
  PolicyDecision decision
      = judge_message (self->xmpp->service, sender, self->user).decision;

  return decision != POLICY_BLOCK && decision != POLICY_POLITE_BLOCK;
}

/* Both who invites and the room have a say in what he gets. */
static void
invited_cb (PolicyUser *user, gpointer data)
{
  Inviting *self = data;
  g_autofree char *inviter = NULL;
  const char *reason = self->reason;
  g_autofree char *text = g_strdup_printf (
      "%s invites you to this room%s%s. Send a message here to go in.",
      self->who, reason != NULL ? ": " : "", reason != NULL ? reason : "");

  if (jid_to_aor (self->who, &inviter, NULL) && may_write (self, inviter)
      && may_write (self, self->room)
      && service_enabled_user (self->xmpp->service, self->user) != NULL)
    rooms_tell (self->xmpp, &(RoomsWord){ .room = self->room,
                                          .user = self->user,
                                          .text = text,
                                          .is_kept = TRUE });
  inviting_free (self);
}

static void
hear_invitation (Xmpp *xmpp, const char *room, const char *user,
                 const XmppMessage *message)
{
  GQueue *inviting = &xmpp->room_part->inviting;
  const char *reason = message->invite_reason;
  Inviting *self;

  if (inviting->length >= INVITING_MAX
      || !xmpp_is_within_rate (xmpp, message->invite_from))
    return;
  self = g_new0 (Inviting, 1);
  self->link.data = self;
  self->xmpp = xmpp;
  self->room = g_strdup (room);
  self->user = g_strdup (user);
  self->who = jid_bare_of (message->invite_from);
  if (reason != NULL)
    self->reason
        = g_utf8_make_valid (reason, (gssize)MIN (strlen (reason), REASON_MAX));
  g_queue_push_tail_link (inviting, &self->link);
  facts_want (xmpp->service->facts, user, invited_cb, self);
}

/* XEP-0045 7.4: not-acceptable is for who is not in. */
static void
hear_error (Xmpp *xmpp, Member *member, const XmppMessage *message)
{
  RoomsSent *sent = message->id != NULL
                        ? rooms_sent_find (xmpp->room_part, message->id)
                        : NULL;

  if (sent != NULL)
    rooms_sent_failed (xmpp, sent, message->error, message->error_text);
  if (message->error == XMPP_NOT_ACCEPTABLE && member != NULL
      && member_state (member) == MEMBER_IN) {
    GArray *actions = rooms_actions_new ();

    rooms_lost (xmpp->room_part->rooms, member, service_now (xmpp->service),
                actions);
    rooms_carry_out (xmpp, actions);
  }
}

void
xmpp_rooms_message (Xmpp *xmpp, const XmppMessage *message)
{
  g_autofree char *room = NULL, *to = NULL;
  g_autofree char *nick = jid_resource (message->from);
  const StoreUser *user;
  Member *member;

  if (!jid_to_aor (message->from, &room, NULL)
      || !jid_to_aor (message->to, &to, NULL))
    return;
  user = service_enabled_user (xmpp->service, to);
  if (user == NULL)
    return;
  member = rooms_find (xmpp->room_part->rooms, room, user->aor);
  if (member != NULL && message->type != XMPP_MESSAGE_ERROR)
    rooms_heard (xmpp->room_part->rooms, member, service_now (xmpp->service));
  if (message->type == XMPP_MESSAGE_ERROR)
    hear_error (xmpp, member, message);
  else if (message->invite_from != NULL)
    hear_invitation (xmpp, room, user->aor, message);
  else if (member != NULL && member_is_settled (member))
    hear (&(Heard){ xmpp, message, member, nick });
}
