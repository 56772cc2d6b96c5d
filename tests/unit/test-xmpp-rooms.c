/* SPDX-License-Identifier: ISC
 *
 * Our users in the rooms of an XMPP server: service/xmpp-rooms.h, with a link
 * that the test answers. */
#include "service/service-priv.h"
#include "tests/lib/mailbed.h"

#include <string.h>

#define ROOM "verona@" XMPP_ROOMS
#define ALICE_THERE ALICE "/rollcall"
#define BOB_THERE BOB "/rollcall"

typedef struct {
  MailBed *mail;
  ServiceBed *bed;
} World;

static void
setup (World *self, gconstpointer data)
{
  self->mail = mail_bed_new ();
  self->bed = self->mail->bed;
}

static void
teardown (World *self, gconstpointer data)
{
  g_autofree char *rest = fake_xmpp_drain (self->bed->xmpp);

  fake_sip_drain (self->bed->sip);
  mail_bed_free (self->mail);
}

static void
settle (World *self)
{
  fake_loop_settle (self->bed->loop);
}

static void
pass (World *self, guint ms)
{
  fake_loop_run (self->bed->loop, ms / 1000.0);
}

/* --- What phones do --- */

static void
messaged_cb (const MessageAnswer *answer, gpointer data)
{
  MailBed *mail = data;

  mail->answers++;
  mail->verdict = answer->verdict;
  mail->status = answer->status;
  g_free (mail->text);
  mail->text = g_strdup (answer->text);
}

typedef struct {
  const char *user, *device, *nick, *type, *text, *password;
} Words;

static void
say_so (World *self, const Words *words)
{
  g_autofree char *source = g_strconcat ("udp:", words->device, NULL);
  const ServiceCaller caller = { .user = words->user,
                                 .source = source,
                                 .call_id = "c",
                                 .from_tag = "ft",
                                 .cseq = ++self->mail->cseq };
  const MessageCommand command
      = { .peer = "Verona@" XMPP_ROOMS,
          .instance = words->nick,
          .request = (SipIncoming *)self,
          .is_message = TRUE,
          .password = words->password,
          .content_type = words->type != NULL ? words->type : "text/plain",
          .body = words->text,
          .body_len = strlen (words->text),
          .expires = -1 };

  service_message (self->bed->service, &caller, &command, messaged_cb,
                   self->mail);
  settle (self);
}

static void
say (World *self, const char *user, const char *text)
{
  say_so (self, &(Words){ .user = user, .device = DESK, .text = text });
}

static void
subscribe (World *self, const char *user, gint64 expires)
{
  bed_subscribe (self->bed, user, ROOM, "conference", expires);
}

/* --- What the room does --- */

static void
expect_presence (World *self, const char *to, XmppPresenceType type)
{
  g_autoptr (FakeXmppPresence) presence
      = fake_xmpp_take_presence (self->bed->xmpp, to);

  g_assert_cmpint (presence->presence.type, ==, type);
}

static void
shows (World *self, const char *nick, const char *to, guint code)
{
  g_autofree char *from = g_strconcat (ROOM "/", nick, NULL);
  const XmppOccupant occupant
      = { .role = "participant", .affiliation = "none", .codes = { code } };

  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = from,
                                       .to = to,
                                       .type = XMPP_AVAILABLE,
                                       .occupant = &occupant });
  settle (self);
}

static void
removes (World *self, const char *nick, const char *to, guint code,
         const char *reason)
{
  g_autofree char *from = g_strconcat (ROOM "/", nick, NULL);
  const XmppOccupant occupant
      = { .role = "none", .reason = reason, .codes = { code } };

  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = from,
                                       .to = to,
                                       .type = XMPP_UNAVAILABLE,
                                       .occupant = &occupant });
  settle (self);
}

static void
refuses (World *self, const char *nick, const char *to, XmppError error)
{
  g_autofree char *from = g_strconcat (ROOM "/", nick, NULL);

  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = from,
                                       .to = to,
                                       .type = XMPP_PRESENCE_ERROR,
                                       .error = error });
  settle (self);
}

static void
says (World *self, const char *nick, const char *to, const XmppMessage *what)
{
  g_autofree char *from
      = nick != NULL ? g_strconcat (ROOM "/", nick, NULL) : g_strdup (ROOM);
  XmppMessage message = *what;

  message.from = from;
  message.to = to;
  if (message.type == XMPP_MESSAGE_NORMAL)
    message.type = XMPP_MESSAGE_GROUPCHAT;
  fake_xmpp_message (self->bed->xmpp, &message);
  settle (self);
}

static void
lets_in (World *self, const char *nick, const char *to)
{
  g_autofree char *jid = g_strconcat (ROOM "/", nick, NULL);

  expect_presence (self, jid, XMPP_AVAILABLE);
  shows (self, "Juliet", to, 0);
  shows (self, nick, to, 110);
}

/* Alice has a desk phone, and is in. */
static void
alice_in (World *self)
{
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  say (self, ALICE, "/join");
  lets_in (self, "alice", ALICE_THERE);
  g_free (mail_bed_take_all (self->mail));
}

static void
assert_out (World *self, const char *expected)
{
  g_autofree char *out = mail_bed_take_all (self->mail);

  g_assert_cmpstr (out, ==, expected);
}

static const char *
headers_out (World *self)
{
  const FakeForward *forward = self->bed->sip->forwards->pdata[0];

  return forward->headers;
}

#define assert_in(text, part)                                                  \
  G_STMT_START                                                                 \
  {                                                                            \
    if (strstr (text, part) == NULL)                                           \
      g_error ("no \"%s\" in %s", part, text);                                 \
  }                                                                            \
  G_STMT_END

/* --- Going in --- */

static void
test_message_joins (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) sent = NULL;

  mail_bed_register (self->mail, ALICE, DESK, 3600);
  say (self, ALICE, "hello");
  g_assert_cmpuint (self->mail->answers, ==, 0);
  lets_in (self, "alice", ALICE_THERE);
  sent = fake_xmpp_take (self->bed->xmpp, ROOM, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpint (sent->message.type, ==, XMPP_MESSAGE_GROUPCHAT);
  g_assert_cmpstr (sent->message.from, ==, ALICE_THERE);
  g_assert_cmpstr (sent->message.body, ==, "hello");
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_OK);
  assert_out (self, "desk:You are in this room as alice. Send /help to see what"
                    " else you can send, /leave to leave.");
}

static void
test_subscribe_joins (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppPresence) join = NULL;

  subscribe (self, ALICE, 600);
  join = fake_xmpp_take_presence (self->bed->xmpp, ROOM "/alice");
  g_assert_nonnull (join->presence.join);
  g_assert_cmpint (join->presence.join->history, ==, 20);
  g_assert_cmpuint (self->bed->granted, ==, 0);
  shows (self, "Juliet", ALICE_THERE, 0);
  shows (self, "alice", ALICE_THERE, 110);
  g_assert_cmpint (self->bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (self->bed->granted, ==, 600);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE,
              "<user entity=\"sip:" ROOM ";gr=Juliet\" state=\"full\">");
}

static void
test_fetch_does_not_join (World *self, gconstpointer data)
{
  const XmppItem items[]
      = { { "x@" XMPP_ROOMS, "X" }, { ROOM, "Today in <Verona>" } };

  subscribe (self, ALICE, 0);
  fake_xmpp_answer (self->bed->xmpp, FAKE_XMPP_ROOMS, items, 2, XMPP_NO_ERROR);
  settle (self);
  g_assert_cmpuint (self->bed->xmpp->presences->len, ==, 0);
  bed_expect (self->bed, ALICE, SUBS_TERMINATED,
              "<display-text>Today in &lt;Verona&gt;</display-text>");
  subscribe (self, ALICE, 0);
  fake_xmpp_answer (self->bed->xmpp, FAKE_XMPP_ROOMS, items, 1, XMPP_NO_ERROR);
  settle (self);
  bed_expect (self->bed, ALICE, SUBS_TERMINATED, "<active>false</active>");
  fake_xmpp_link (self->bed->xmpp, FALSE);
  subscribe (self, ALICE, 0);
  bed_expect (self->bed, ALICE, SUBS_TERMINATED, "<active>false</active>");
}

static void
test_brief_does_not_join (World *self, gconstpointer data)
{
  subscribe (self, ALICE, 10);
  g_assert_cmpint (self->bed->verdict, ==, SERVICE_BRIEF);
  g_assert_cmpuint (self->bed->xmpp->presences->len, ==, 0);
}

static void
test_nick_conflict (World *self, gconstpointer data)
{
  subscribe (self, ALICE, 600);
  expect_presence (self, ROOM "/alice", XMPP_AVAILABLE);
  refuses (self, "alice", ALICE_THERE, XMPP_CONFLICT);
  lets_in (self, "alice2", ALICE_THERE);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, ";gr=alice2\"");
}

static const struct {
  XmppError error;
  ServiceVerdict verdict;
  const char *text;
} refusals[] = {
  { XMPP_FORBIDDEN, SERVICE_FORBIDDEN, "You are banned from the room" },
  { XMPP_REGISTRATION_REQUIRED, SERVICE_FORBIDDEN,
    "The room is for its members only" },
  { XMPP_NOT_AUTHORIZED, SERVICE_FORBIDDEN,
    "The room needs a password: send /join PASSWORD" },
  { XMPP_ITEM_NOT_FOUND, SERVICE_NOT_FOUND, "There is no such room" },
  { XMPP_NOT_ALLOWED, SERVICE_NOT_FOUND, "There is no such room" },
  { XMPP_SERVICE_UNAVAILABLE, SERVICE_UNAVAILABLE,
    "The room is full or not available" },
  { XMPP_NOT_ACCEPTABLE, SERVICE_NOT_ACCEPTABLE,
    "The room does not allow that name" },
  { XMPP_REMOTE_SERVER_NOT_FOUND, SERVICE_UNAVAILABLE,
    "The server of the room cannot be reached" },
  { XMPP_INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE, "The room refused" },
};

static void
test_refused (World *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    subscribe (self, ALICE, 600);
    expect_presence (self, ROOM "/alice", XMPP_AVAILABLE);
    refuses (self, "alice", ALICE_THERE, refusals[i].error);
    g_assert_cmpint (self->bed->verdict, ==, refusals[i].verdict);
    say (self, ALICE, "hello");
    expect_presence (self, ROOM "/alice", XMPP_AVAILABLE);
    refuses (self, "alice", ALICE_THERE, refusals[i].error);
    g_assert_cmpint (self->mail->verdict, ==, refusals[i].verdict);
    g_assert_cmpstr (self->mail->text, ==, refusals[i].text);
    g_assert_cmpuint (self->bed->xmpp->messages->len, ==, 0);
  }
}

static void
test_password (World *self, gconstpointer data)
{
  for (guint i = 0; i < 2; i++) {
    g_autoptr (FakeXmppPresence) join = NULL;

    say_so (self, &(Words){ .user = ALICE,
                            .device = DESK,
                            .text = i == 0 ? "/join s3cret" : "hello",
                            .password = i == 0 ? NULL : "s3cret" });
    join = fake_xmpp_take_presence (self->bed->xmpp, ROOM "/alice");
    g_assert_cmpstr (join->presence.join->password, ==, "s3cret");
    refuses (self, "alice", ALICE_THERE, XMPP_NOT_AUTHORIZED);
  }
}

static void
test_no_answer (World *self, gconstpointer data)
{
  say (self, ALICE, "hello");
  pass (self, 16000);
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_UNAVAILABLE);
  g_assert_cmpstr (self->mail->text, ==, "The room does not answer");
}

static void
test_new_room_is_opened (World *self, gconstpointer data)
{
  const XmppOccupant occupant
      = { .role = "moderator", .affiliation = "owner", .codes = { 201, 110 } };

  mail_bed_register (self->mail, ALICE, DESK, 3600);
  say (self, ALICE, "/join");
  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = ROOM "/alice",
                                       .to = ALICE_THERE,
                                       .type = XMPP_AVAILABLE,
                                       .occupant = &occupant });
  settle (self);
  g_free (mail_bed_take_all (self->mail));
  fake_xmpp_answer (self->bed->xmpp, FAKE_XMPP_CREATE, NULL, 0,
                    XMPP_NOT_ALLOWED);
  settle (self);
  assert_out (self, "desk:The room is new and could not be opened for others");
}

static void
test_too_many_rooms (World *self, gconstpointer data)
{
  for (guint i = 0; i < 3; i++) {
    g_autofree char *room = g_strdup_printf ("r%u@" XMPP_ROOMS, i);

    bed_subscribe (self->bed, ALICE, room, "conference", 600);
  }
  self->bed->verdict = SERVICE_OK;
  subscribe (self, ALICE, 600);
  g_assert_cmpint (self->bed->verdict, ==, SERVICE_UNAVAILABLE);
}

static void
test_not_for_strangers (World *self, gconstpointer data)
{
  subscribe (self, EVE, 600);
  g_assert_cmpint (self->bed->verdict, ==, SERVICE_FORBIDDEN);
  say (self, EVE, "hello");
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_FORBIDDEN);
  bed_subscribe (self->bed, ALICE, ROOM, "presence", 600);
  g_assert_cmpint (self->bed->verdict, ==, SERVICE_BAD_EVENT);
  bed_subscribe (self->bed, ALICE, BOB, "conference", 600);
  g_assert_cmpint (self->bed->verdict, ==, SERVICE_NOT_FOUND);
}

/* --- What is said --- */

static void
test_room_message (World *self, gconstpointer data)
{
  alice_in (self);
  mail_bed_register (self->mail, ALICE, MOBILE, 3600);
  says (self, "Juliet Capulet", ALICE_THERE,
        &(XmppMessage){ .id = "1", .body = "ay me" });
  assert_in (headers_out (self), "From: \"Juliet Capulet\" <sip:" ROOM
                                 ";gr=Juliet%20Capulet>;tag=");
  assert_in (headers_out (self), "Reply-To: <sip:" ROOM ">\r\n");
  assert_in (headers_out (self), "To: <sip:" ALICE ">\r\n");
  assert_out (self, "desk:ay me mobile:ay me");
}

/* It comes back to his other devices only. */
static void
test_own_copy (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) sent = NULL;

  alice_in (self);
  mail_bed_register (self->mail, ALICE, MOBILE, 3600);
  say (self, ALICE, "hello");
  sent = fake_xmpp_take (self->bed->xmpp, ROOM, XMPP_TAKEN, XMPP_NO_ERROR);
  says (self, "alice", ALICE_THERE,
        &(XmppMessage){ .id = sent->message.id, .body = "hello" });
  assert_out (self, "mobile:hello");
}

static void
test_nobody_there_is_not_stored (World *self, gconstpointer data)
{
  alice_in (self);
  mail_bed_register (self->mail, ALICE, DESK, 0);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .body = "ay me" });
  pass (self, 11000);
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  assert_out (self, "");
  g_assert_cmpstr (mail_bed_ledger (self->mail), ==, "");
}

static void
test_history_has_its_date (World *self, gconstpointer data)
{
  const FakeForward *forward;

  alice_in (self);
  says (self, "Juliet", ALICE_THERE,
        &(XmppMessage){ .body = "long ago", .stamp = 1700000000 });
  forward = self->bed->sip->forwards->pdata[0];
  g_assert_cmpint (forward->date, ==, 1700000000);
  assert_out (self, "desk:long ago");
}

static void
test_outcomes (World *self, gconstpointer data)
{
  static const struct {
    XmppOutcome outcome;
    XmppError error;
    ServiceVerdict verdict;
    guint status;
  } rows[] = { { XMPP_TAKEN, XMPP_NO_ERROR, SERVICE_OK, 0 },
               { XMPP_LOST, XMPP_NO_ERROR, SERVICE_UNAVAILABLE, 0 },
               { XMPP_REFUSED, XMPP_FORBIDDEN, SERVICE_RELAYED, 603 },
               { XMPP_REFUSED, XMPP_ITEM_NOT_FOUND, SERVICE_RELAYED, 604 } };

  alice_in (self);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (FakeXmppMessage) sent = NULL;

    say (self, ALICE, "hello");
    sent = fake_xmpp_take (self->bed->xmpp, ROOM, rows[i].outcome,
                           rows[i].error);
    g_assert_cmpint (self->mail->verdict, ==, rows[i].verdict);
    g_assert_cmpuint (self->mail->status, ==, rows[i].status);
  }
}

/* XEP-0045 7.4: the room does not know him any more. */
static void
test_forgotten_says_it_again (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) first = NULL, second = NULL;
  guint answers;

  alice_in (self);
  answers = self->mail->answers;
  say (self, ALICE, "hello");
  first = fake_xmpp_take (self->bed->xmpp, ROOM, XMPP_REFUSED,
                          XMPP_NOT_ACCEPTABLE);
  settle (self);
  g_assert_cmpuint (self->mail->answers, ==, answers);
  lets_in (self, "alice", ALICE_THERE);
  second = fake_xmpp_take (self->bed->xmpp, ROOM, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpstr (second->message.body, ==, "hello");
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_OK);
}

/* An error that comes after the answer. */
static void
test_late_error (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) sent = NULL;

  alice_in (self);
  say (self, ALICE, "hello");
  sent = fake_xmpp_take (self->bed->xmpp, ROOM, XMPP_TAKEN, XMPP_NO_ERROR);
  says (self, NULL, ALICE_THERE,
        &(XmppMessage){ .id = sent->message.id,
                        .type = XMPP_MESSAGE_ERROR,
                        .error = XMPP_FORBIDDEN,
                        .error_text = "muted" });
  assert_out (self, "desk:The room refused your message: muted");
}

static void
test_private (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) sent = NULL;

  alice_in (self);
  says (self, "Juliet", ALICE_THERE,
        &(XmppMessage){
            .type = XMPP_MESSAGE_CHAT, .is_private = TRUE, .body = "psst" });
  assert_in (headers_out (self), "Reply-To: <sip:" ROOM ";gr=Juliet>\r\n");
  assert_out (self, "desk:psst");
  say_so (self, &(Words){ .user = ALICE,
                          .device = DESK,
                          .nick = "Juliet",
                          .text = "/who knows" });
  sent = fake_xmpp_take (self->bed->xmpp, ROOM "/Juliet", XMPP_TAKEN,
                         XMPP_NO_ERROR);
  g_assert_cmpint (sent->message.type, ==, XMPP_MESSAGE_CHAT);
  g_assert_true (sent->message.is_private);
  g_assert_cmpstr (sent->message.body, ==, "/who knows");
}

static void
test_private_needs_to_be_in (World *self, gconstpointer data)
{
  say_so (self, &(Words){ .user = ALICE,
                          .device = DESK,
                          .nick = "Juliet",
                          .text = "psst" });
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_FORBIDDEN);
  g_assert_cmpuint (self->bed->xmpp->presences->len, ==, 0);
}

static void
test_im_off (World *self, gconstpointer data)
{
  alice_in (self);
  self->bed->settings.im_enabled = FALSE;
  bed_set (self->bed);
  settle (self);
  say (self, ALICE, "hello");
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_FORBIDDEN);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .body = "ay me" });
  assert_out (self, "");
  g_assert_cmpuint (self->bed->xmpp->messages->len, ==, 0);
}

/* Nothing of it is said in the room. */
static void
test_automatic (World *self, gconstpointer data)
{
  alice_in (self);
  say_so (self,
          &(Words){ .user = ALICE,
                    .device = DESK,
                    .type = "application/im-iscomposing+xml",
                    .text
                    = "<isComposing xmlns='urn:ietf:params:xml:ns:im-"
                      "iscomposing'><state>active</state></isComposing>" });
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (self->bed->xmpp->messages->len, ==, 0);
  say_so (self, &(Words){ .user = ALICE,
                          .device = DESK,
                          .type = "image/png",
                          .text = "x" });
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_BAD_TYPE);
}

static void
test_hostile (World *self, gconstpointer data)
{
  static const char nick[] = "a\"\\ <sip:x@y>;z";

  alice_in (self);
  says (self, nick, ALICE_THERE, &(XmppMessage){ .body = "</xml>\r\nBYE" });
  assert_in (headers_out (self), "From: \"a\\\"\\\\ <sip:x@y>;z\" <sip:" ROOM
                                 ";gr=a%22%5C%20%3Csip:x%40y%3E%3Bz>;tag=");
  assert_out (self, "desk:</xml>\r\nBYE");
}

/* Nor a body that is no MESSAGE's. */
static void
test_long_body (World *self, gconstpointer data)
{
  ServiceLimits limits = self->bed->service->limits;

  limits.max_body = 7;
  service_set_limits (self->bed->service, &limits);
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  subscribe (self, ALICE, 600);
  lets_in (self, "alice", ALICE_THERE);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .body = "Rom\u00e9o" });
  assert_out (self, "desk:Rom\u00e9o");
  says (self, "Juliet", ALICE_THERE,
        &(XmppMessage){ .body = "Capul\u00e9\u00e9t" });
  assert_out (self, "desk:Capul\u00e9");
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .body = "Capule\u00e9t" });
  assert_out (self, "desk:Capule");
}

/* A phone is not to be sent a header of any length. */
static void
test_long_subject (World *self, gconstpointer data)
{
  g_autofree char *subject = g_strnfill (100000, 'x');

  alice_in (self);
  says (self, "Juliet", ALICE_THERE,
        &(XmppMessage){ .body = "x", .subject = subject });
  g_assert_cmpuint (strlen (headers_out (self)), <, 2000);
  assert_in (headers_out (self), "Subject: xxx");
  assert_out (self, "desk:x");
}

static void
test_invitation (World *self, gconstpointer data)
{
  fake_xmpp_message (self->bed->xmpp,
                     &(XmppMessage){ .from = ROOM,
                                     .to = ALICE,
                                     .invite_from = XAVIER "/home",
                                     .invite_reason = "come" });
  settle (self);
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  assert_out (self, "desk:" XAVIER " invites you to this room: come. Send a"
                    " message here to go in.");
}

static void
invite (World *self, const char *from, const char *reason)
{
  fake_xmpp_message (self->bed->xmpp,
                     &(XmppMessage){ .from = from,
                                     .to = ALICE,
                                     .invite_from = XAVIER "/home",
                                     .invite_reason = reason });
  settle (self);
}

/* Who may not write may not invite either, and only a room passes it on. */
static void
test_invitation_policy (World *self, gconstpointer data)
{
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  invite (self, XAVIER "/home", "no room");
  assert_out (self, "");
  bed_put_policy (self->bed, NULL, NULL, XAVIER "=block");
  invite (self, ROOM, "blocked");
  assert_out (self, "");
  bed_put_policy (self->bed, NULL, NULL, "@" XMPP_DOMAIN "=polite_block");
  invite (self, ROOM, "politely");
  assert_out (self, "");
  bed_put_policy (self->bed, NULL, NULL, "@" XMPP_ROOMS "=block");
  invite (self, ROOM, "the room is blocked");
  assert_out (self, "");
  bed_put_policy (self->bed, NULL, NULL, "@example.net=block");
  invite (self, ROOM, "come");
  assert_out (self, "desk:" XAVIER " invites you to this room: come. Send a"
                    " message here to go in.");
}

/* --- Commands --- */

static void
test_who (World *self, gconstpointer data)
{
  alice_in (self);
  say (self, ALICE, "/who");
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_OK);
  assert_out (self, "desk:2 here: alice, Juliet");
}

static void
test_nick (World *self, gconstpointer data)
{
  const XmppOccupant renamed = { .nick = "Al", .codes = { 303, 110 } };

  alice_in (self);
  say (self, ALICE, "/nick Al");
  expect_presence (self, ROOM "/Al", XMPP_AVAILABLE);
  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = ROOM "/alice",
                                       .to = ALICE_THERE,
                                       .type = XMPP_UNAVAILABLE,
                                       .occupant = &renamed });
  shows (self, "Al", ALICE_THERE, 110);
  assert_out (self, "desk:You are Al in this room now");
  say (self, ALICE, "/nick Juliet");
  expect_presence (self, ROOM "/Juliet", XMPP_AVAILABLE);
  refuses (self, "Juliet", ALICE_THERE, XMPP_CONFLICT);
  assert_out (self, "desk:You are still Al: The name is taken");
}

static void
juliet_is_now (World *self, const char *old, const char *nick)
{
  g_autofree char *from = g_strconcat (ROOM "/", old, NULL);
  const XmppOccupant renamed = { .nick = nick, .codes = { 303 } };

  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = from,
                                       .to = ALICE_THERE,
                                       .type = XMPP_UNAVAILABLE,
                                       .occupant = &renamed });
  settle (self);
}

/* A new nick is a resource like all others: nobody is there twice, and none is
 * what no resource can be. */
static void
test_other_nick (World *self, gconstpointer data)
{
  alice_in (self);
  juliet_is_now (self, "Juliet", "Jue\u0301");
  shows (self, "Ju\u00e9", ALICE_THERE, 0);
  say (self, ALICE, "/who");
  assert_out (self, "desk:2 here: alice, Ju\u00e9");
  juliet_is_now (self, "Ju\u00e9", "x\r\n3 here: \u202ealice");
  say (self, ALICE, "/who");
  assert_out (self, "desk:1 here: alice");
}

static void
test_topic (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) sent = NULL;

  alice_in (self);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .subject = "Romeo" });
  assert_out (self, ""); /* it was so when he came in */
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .subject = "Paris" });
  assert_out (self, "desk:The topic is now: Paris");
  say (self, ALICE, "/topic");
  assert_out (self, "desk:The topic is: Paris");
  say (self, ALICE, "/topic Tybalt");
  sent = fake_xmpp_take (self->bed->xmpp, ROOM, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpstr (sent->message.subject, ==, "Tybalt");
  g_assert_null (sent->message.body);
}

static void
test_msg (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) sent = NULL;

  alice_in (self);
  say (self, ALICE, "/msg Juliet psst");
  sent = fake_xmpp_take (self->bed->xmpp, ROOM "/Juliet", XMPP_TAKEN,
                         XMPP_NO_ERROR);
  g_assert_cmpstr (sent->message.body, ==, "psst");
}

static void
test_leave (World *self, gconstpointer data)
{
  alice_in (self);
  say (self, ALICE, "/leave");
  expect_presence (self, ROOM "/alice", XMPP_UNAVAILABLE);
  assert_out (self, "desk:You left the room");
  removes (self, "alice", ALICE_THERE, 110, NULL);
  assert_out (self, "");
  say (self, ALICE, "/leave");
  assert_out (self, "desk:You are not in this room");
}

/* --- The roster --- */

static void
alice_watches (World *self)
{
  subscribe (self, ALICE, 600);
  lets_in (self, "alice", ALICE_THERE);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, "version=\"0\"");
  pass (self, 500);
}

/* What is said of somebody is one of the words that there are. */
static void
test_words (World *self, gconstpointer data)
{
  const XmppOccupant odd = { .role = "\u202eodd", .affiliation = "odd" };

  alice_watches (self);
  fake_xmpp_presence (self->bed->xmpp, &(XmppPresence){ .from = ROOM "/Romeo",
                                                        .to = ALICE_THERE,
                                                        .type = XMPP_AVAILABLE,
                                                        .occupant = &odd });
  pass (self, 500);
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (self->bed->sip, ALICE, SUBS_NOTIFY_OK);

    assert_in (notify->body, ">Romeo</display-text>");
    g_assert_null (strstr (notify->body, "odd"));
  }
}

static void
test_partial (World *self, gconstpointer data)
{
  alice_watches (self);
  shows (self, "Romeo", ALICE_THERE, 0);
  shows (self, "Tybalt", ALICE_THERE, 0);
  removes (self, "Tybalt", ALICE_THERE, 0, NULL);
  g_assert_cmpuint (self->bed->sip->notifies->len, ==, 0); /* gathered */
  pass (self, 300);
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (self->bed->sip, ALICE, SUBS_NOTIFY_OK);

    settle (self);
    assert_in (notify->body, "state=\"partial\" version=\"1\"");
    assert_in (notify->body, ";gr=Romeo\" state=\"full\"");
    assert_in (notify->body, ";gr=Tybalt\" state=\"deleted\"");
    assert_in (notify->body, "<user-count>3</user-count>");
    g_assert_null (strstr (notify->body, ";gr=Juliet"));
  }
  pass (self, 1000);
  g_assert_cmpuint (self->bed->sip->notifies->len, ==, 0);
}

static void
test_lost_notify_is_told_again (World *self, gconstpointer data)
{
  alice_watches (self);
  shows (self, "Romeo", ALICE_THERE, 0);
  pass (self, 300);
  fake_notify_free (
      fake_sip_answer (self->bed->sip, ALICE, SUBS_NOTIFY_REFUSED));
  shows (self, "Tybalt", ALICE_THERE, 0);
  pass (self, 300);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, "state=\"full\" version=\"2\"");
}

static void
test_subject_in_document (World *self, gconstpointer data)
{
  alice_watches (self);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .subject = "a<b" });
  pass (self, 300);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, "<subject>a&lt;b</subject>");
}

/* His only dialog ends: he is out. */
static void
test_dead_dialog_leaves (World *self, gconstpointer data)
{
  alice_watches (self);
  shows (self, "Romeo", ALICE_THERE, 0);
  pass (self, 300);
  fake_notify_free (fake_sip_answer (self->bed->sip, ALICE, SUBS_NOTIFY_DEAD));
  settle (self);
  expect_presence (self, ROOM "/alice", XMPP_UNAVAILABLE);
}

static void
test_kicked (World *self, gconstpointer data)
{
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  alice_watches (self);
  removes (self, "alice", ALICE_THERE, 307, "too loud");
  assert_out (self, "desk:You were removed from the room (too loud)");
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (self->bed->sip, ALICE, SUBS_NOTIFY_OK);

    g_assert_cmpint (notify->state, ==, SUBS_TERMINATED);
    g_assert_cmpint (notify->reason, ==, SUBS_REJECTED);
  }
}

static void
test_sharing_off (World *self, gconstpointer data)
{
  alice_watches (self);
  self->bed->settings.share_availability = FALSE;
  bed_set (self->bed);
  pass (self, 500);
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (self->bed->sip, ALICE, SUBS_NOTIFY_OK);
    const char *own = strstr (notify->body, ";gr=alice\" state");
    const char *other = strstr (notify->body, ";gr=Juliet\" state");
    g_autofree char *of_other = NULL;

    assert_in (notify->body, "state=\"full\"");
    g_assert_nonnull (own);
    g_assert_nonnull (other);
    of_other = g_strndup (other, strstr (other, "</user>") - other);
    g_assert_null (strstr (of_other, "connected"));
    assert_in (own, "<status>connected</status>");
  }
}

static void
is_busy (World *self, const char *nick, XmppShow show)
{
  g_autofree char *from = g_strconcat (ROOM "/", nick, NULL);
  const XmppOccupant occupant = { .role = "participant" };

  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = from,
                                       .to = ALICE_THERE,
                                       .type = XMPP_AVAILABLE,
                                       .show = show,
                                       .occupant = &occupant });
  pass (self, 500);
}

/* Who does not see how somebody is does not see when that changes either; and
 * sees how he is when he may. */
static void
test_sharing_off_time (World *self, gconstpointer data)
{
  alice_watches (self);
  self->bed->settings.share_availability = FALSE;
  bed_set (self->bed);
  pass (self, 500);
  is_busy (self, "Juliet", XMPP_SHOW_NONE); /* another affiliation */
  bed_drain (self->bed);
  is_busy (self, "Juliet", XMPP_SHOW_DND);
  is_busy (self, "Juliet", XMPP_SHOW_AWAY);
  is_busy (self, "Juliet", XMPP_SHOW_DND);
  g_assert_cmpuint (bed_drain (self->bed), ==, 0);
  self->bed->settings.share_availability = TRUE;
  bed_set (self->bed);
  pass (self, 500);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, "<rpid:busy/>");
}

/* Without messages there is none of a room's own either; its roster goes on, and
 * so does its topic. */
static void
test_im_off_room (World *self, gconstpointer data)
{
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  alice_watches (self);
  self->bed->settings.im_enabled = FALSE;
  bed_set (self->bed);
  pass (self, 500);
  bed_drain (self->bed);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .subject = "balconies" });
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .subject = "tombs" });
  pass (self, 500);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, "<subject>tombs</subject>");
  removes (self, "alice", ALICE_THERE, 307, "away with him");
  assert_out (self, "");
}

/* --- Devices and links come and go --- */

static void
test_last_binding_leaves (World *self, gconstpointer data)
{
  alice_in (self);
  mail_bed_register (self->mail, ALICE, DESK, 0);
  pass (self, 20000);
  g_assert_cmpuint (self->bed->xmpp->presences->len, ==, 0);
  pass (self, 11000);
  expect_presence (self, ROOM "/alice", XMPP_UNAVAILABLE);
}

static void
test_link_lost (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppPresence) join = NULL;

  mail_bed_register (self->mail, ALICE, DESK, 3600);
  alice_watches (self);
  fake_xmpp_link (self->bed->xmpp, FALSE);
  pass (self, 500);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, "<active>false</active>");
  say (self, ALICE, "hello");
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_UNAVAILABLE);
  subscribe (self, BOB, 600);
  g_assert_cmpint (self->bed->verdict, ==, SERVICE_BUSY);
  fake_xmpp_link (self->bed->xmpp, TRUE);
  pass (self, 200);
  join = fake_xmpp_take_presence (self->bed->xmpp, ROOM "/alice");
  g_assert_nonnull (join->presence.join);
  shows (self, "Romeo", ALICE_THERE, 0);
  shows (self, "alice", ALICE_THERE, 110);
  pass (self, 500);
  bed_expect (self->bed, ALICE, SUBS_ACTIVE, ";gr=Romeo\" state=\"full\"");
  /* What was said before is not told again. */
  says (self, "Juliet", ALICE_THERE,
        &(XmppMessage){ .body = "old", .stamp = 1000 });
  assert_out (self, "");
}

static void
test_restart (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppPresence) join = NULL;

  mail_bed_register (self->mail, ALICE, DESK, 3600);
  alice_watches (self);
  mail_bed_restart (self->mail);
  pass (self, 500);
  join = fake_xmpp_take_presence (self->bed->xmpp, ROOM "/alice");
  g_assert_cmpint (join->presence.join->history, ==, 0);
  shows (self, "Juliet", ALICE_THERE, 0);
  shows (self, "alice", ALICE_THERE, 110);
  pass (self, 500);
  for (guint i = 0; i < 3 && self->bed->sip->notifies->len > 0; i++) {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (self->bed->sip, ALICE, SUBS_NOTIFY_OK);

    settle (self);
    g_assert_cmpint (notify->state, ==, SUBS_ACTIVE);
    if (strstr (notify->body, ";gr=Juliet") != NULL)
      return;
  }
  g_error ("the roster is not told after the restart");
}

/* Who writes before it is his turn to go in again does not wait for it. */
static void
test_restart_and_write (World *self, gconstpointer data)
{
  g_autoptr (FakeXmppMessage) sent = NULL;

  alice_in (self);
  mail_bed_restart (self->mail);
  g_assert_cmpuint (self->bed->xmpp->presences->len, ==, 0);
  say (self, ALICE, "hello");
  g_assert_cmpuint (self->bed->xmpp->messages->len, ==, 0);
  lets_in (self, "alice", ALICE_THERE);
  sent = fake_xmpp_take (self->bed->xmpp, ROOM, XMPP_TAKEN, XMPP_NO_ERROR);
  g_assert_cmpint (self->mail->verdict, ==, SERVICE_OK);
}

/* Who was out when the server stopped stays out. */
static void
test_restart_after_leaving (World *self, gconstpointer data)
{
  alice_in (self);
  say (self, ALICE, "/leave");
  expect_presence (self, ROOM "/alice", XMPP_UNAVAILABLE);
  mail_bed_restart (self->mail);
  pass (self, 500);
  g_assert_cmpuint (self->bed->xmpp->presences->len, ==, 0);
}

static void
test_user_removed (World *self, gconstpointer data)
{
  alice_in (self);
  store_mem_drop_user (self->bed->store, ALICE);
  settle (self);
  expect_presence (self, ROOM "/alice", XMPP_UNAVAILABLE);
}

/* XEP-0410: a silent room is asked, and what it answers is understood. */
static void
test_ping (World *self, gconstpointer data)
{
  static const struct {
    XmppError error;
    gboolean is_out;
  } rows[] = { { XMPP_NO_ERROR, FALSE },
               { XMPP_SERVICE_UNAVAILABLE, FALSE },
               { XMPP_FEATURE_NOT_IMPLEMENTED, FALSE },
               { XMPP_ITEM_NOT_FOUND, FALSE },
               { XMPP_REMOTE_SERVER_TIMEOUT, FALSE },
               { XMPP_NOT_ACCEPTABLE, TRUE },
               { XMPP_NOT_ALLOWED, TRUE } };

  alice_in (self);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    mail_bed_register (self->mail, ALICE, DESK, 7200);
    pass (self, 760000);
    fake_xmpp_answer (self->bed->xmpp, FAKE_XMPP_PING, NULL, 0, rows[i].error);
    settle (self);
    g_assert_cmpuint (self->bed->xmpp->presences->len, ==, rows[i].is_out);
    if (rows[i].is_out)
      lets_in (self, "alice", ALICE_THERE);
  }
}

/* --- Administrators --- */

static void
lines_cb (const char *lines, const char *error, gpointer data)
{
  char **out = data;

  g_free (*out);
  *out = g_strdup (error != NULL ? error : lines);
}

static void
test_admin_shows (World *self, gconstpointer data)
{
  g_autofree char *text = NULL;

  alice_in (self);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .subject = "a\tb\nc" });
  service_rooms_list (self->bed->service, lines_cb, &text);
  g_assert_cmpstr (text, ==, ROOM "\t1\t2\tknown\ta b c\n");
  service_rooms_show (self->bed->service, "Verona@" XMPP_ROOMS, lines_cb,
                      &text);
  g_assert_cmpstr (text, ==,
                   "room\t" ROOM "\tknown\ta b c\n"
                   "user\t" ALICE "\talice\tin\t0\n"
                   "occupant\tJuliet\tparticipant\tnone\tavailable\n"
                   "occupant\talice\tparticipant\tnone\tavailable\n");
  service_rooms_show (self->bed->service, "x@y.z", lines_cb, &text);
  assert_in (text, "nobody of this server");
}

static void
test_admin_kicks_user (World *self, gconstpointer data)
{
  g_autofree char *text = NULL;

  mail_bed_register (self->mail, ALICE, DESK, 3600);
  alice_watches (self);
  service_rooms_kick (self->bed->service, ROOM, ALICE, "enough", lines_cb,
                      &text);
  g_assert_cmpstr (text, ==, "");
  settle (self);
  assert_out (self, "desk:An administrator removed you from the room: enough");
  expect_presence (self, ROOM "/alice", XMPP_UNAVAILABLE);
  bed_expect (self->bed, ALICE, SUBS_TERMINATED, NULL);
}

static void
test_admin_kicks_nick (World *self, gconstpointer data)
{
  const XmppOccupant moderator = { .role = "moderator", .codes = { 110 } };
  g_autofree char *text = NULL;

  alice_in (self);
  service_rooms_kick (self->bed->service, ROOM, "Juliet", NULL, lines_cb,
                      &text);
  assert_in (text, "moderator");
  fake_xmpp_presence (self->bed->xmpp,
                      &(XmppPresence){ .from = ROOM "/alice",
                                       .to = ALICE_THERE,
                                       .type = XMPP_AVAILABLE,
                                       .occupant = &moderator });
  service_rooms_kick (self->bed->service, ROOM, "Juliet", NULL, lines_cb,
                      &text);
  fake_xmpp_answer (self->bed->xmpp, FAKE_XMPP_KICK, NULL, 0, XMPP_NO_ERROR);
  g_assert_cmpstr (text, ==, "");
  service_rooms_kick (self->bed->service, ROOM, "Nobody", NULL, lines_cb,
                      &text);
  assert_in (text, "nobody of that name");
}

static void
outside_cb (const char *user, const char *room, guint seconds, gpointer data)
{
  g_string_append_printf (data, "%s %s", user, room);
}

/* Whom the room's service does not let in again is named. */
static void
test_outside_is_named (World *self, gconstpointer data)
{
  g_autoptr (GString) names = g_string_new (NULL);

  alice_in (self);
  fake_xmpp_link (self->bed->xmpp, FALSE);
  fake_xmpp_link (self->bed->xmpp, TRUE);
  pass (self, 300);
  refuses (self, "alice", ALICE_THERE, XMPP_REMOTE_SERVER_NOT_FOUND);
  service_rooms_outside (self->bed->service, 5, outside_cb, names);
  g_assert_cmpstr (names->str, ==, "");
  pass (self, 61000);
  g_assert_cmpuint (
      service_rooms_outside (self->bed->service, 5, outside_cb, names), ==, 1);
  g_assert_cmpstr (names->str, ==, ALICE " " ROOM);
}

/* The room thinks that he is in. */
static void
test_ghost (World *self, gconstpointer data)
{
  shows (self, "alice", ALICE_THERE, 110);
  expect_presence (self, ROOM "/alice", XMPP_UNAVAILABLE);
}

static void
stopped_cb (gpointer data)
{
  *(gboolean *)data = TRUE;
}

/* An error would throw him out of a room that he is in again in a moment. */
static void
test_no_error_while_it_stops (World *self, gconstpointer data)
{
  gboolean is_stopped = FALSE;

  alice_in (self);
  service_stop (self->bed->service, 1000, stopped_cb, &is_stopped);
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .body = "ay me" });
  shows (self, "Romeo", ALICE_THERE, 0);
  g_assert_cmpuint (self->bed->xmpp->messages->len, ==, 0);
  g_assert_cmpuint (self->bed->xmpp->presences->len, ==, 0);
  pass (self, 2000);
  g_assert_true (is_stopped);
}

/* The server stops while somebody waits. */
static void
test_stop (World *self, gconstpointer data)
{
  say (self, ALICE, "hello");
  subscribe (self, BOB, 600);
  subscribe (self, CAROL, 0);
  bed_stop (self->bed);
  bed_start (self->bed);
}

static void
test_two_of_ours (World *self, gconstpointer data)
{
  mail_bed_register (self->mail, ALICE, DESK, 3600);
  mail_bed_register (self->mail, BOB, MOBILE, 3600);
  say (self, ALICE, "/join");
  lets_in (self, "alice", ALICE_THERE);
  say (self, BOB, "/join");
  lets_in (self, "bob", BOB_THERE);
  g_free (mail_bed_take_all (self->mail));
  says (self, "Juliet", ALICE_THERE, &(XmppMessage){ .body = "ay me" });
  says (self, "Juliet", BOB_THERE, &(XmppMessage){ .body = "ay me" });
  assert_out (self, "desk:ay me mobile:ay me");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, fn)                                                          \
  g_test_add ("/xmpp-rooms/" path, World, NULL, setup, fn, teardown)
  ADD ("message-joins", test_message_joins);
  ADD ("rfc7702-6.1/subscribe-joins", test_subscribe_joins);
  ADD ("fetch-does-not-join", test_fetch_does_not_join);
  ADD ("brief-does-not-join", test_brief_does_not_join);
  ADD ("xep0045-7.2.8/nick-conflict", test_nick_conflict);
  ADD ("refused", test_refused);
  ADD ("password", test_password);
  ADD ("no-answer", test_no_answer);
  ADD ("xep0045-10.1.2/new-room-is-opened", test_new_room_is_opened);
  ADD ("too-many-rooms", test_too_many_rooms);
  ADD ("not-for-strangers", test_not_for_strangers);
  ADD ("room-message", test_room_message);
  ADD ("own-copy", test_own_copy);
  ADD ("nobody-there-is-not-stored", test_nobody_there_is_not_stored);
  ADD ("history-has-its-date", test_history_has_its_date);
  ADD ("outcomes", test_outcomes);
  ADD ("forgotten-says-it-again", test_forgotten_says_it_again);
  ADD ("late-error", test_late_error);
  ADD ("private", test_private);
  ADD ("private-needs-to-be-in", test_private_needs_to_be_in);
  ADD ("im-off", test_im_off);
  ADD ("automatic", test_automatic);
  ADD ("hostile", test_hostile);
  ADD ("other-nick", test_other_nick);
  ADD ("im-off/room", test_im_off_room);
  ADD ("words", test_words);
  ADD ("long-subject", test_long_subject);
  ADD ("long-body", test_long_body);
  ADD ("xep0045-7.8.2/invitation", test_invitation);
  ADD ("xep0045-7.8.2/policy", test_invitation_policy);
  ADD ("who", test_who);
  ADD ("nick", test_nick);
  ADD ("topic", test_topic);
  ADD ("msg", test_msg);
  ADD ("leave", test_leave);
  ADD ("rfc4575-4.4/partial", test_partial);
  ADD ("lost-notify-is-told-again", test_lost_notify_is_told_again);
  ADD ("subject-in-document", test_subject_in_document);
  ADD ("dead-dialog-leaves", test_dead_dialog_leaves);
  ADD ("kicked", test_kicked);
  ADD ("sharing-off", test_sharing_off);
  ADD ("sharing-off/time", test_sharing_off_time);
  ADD ("last-binding-leaves", test_last_binding_leaves);
  ADD ("link-lost", test_link_lost);
  ADD ("restart", test_restart);
  ADD ("restart-and-write", test_restart_and_write);
  ADD ("restart-after-leaving", test_restart_after_leaving);
  ADD ("user-removed", test_user_removed);
  ADD ("ghost", test_ghost);
  ADD ("xep0410-3/ping", test_ping);
  ADD ("admin/shows", test_admin_shows);
  ADD ("admin/kicks-user", test_admin_kicks_user);
  ADD ("xep0045-8.2/admin/kicks-nick", test_admin_kicks_nick);
  ADD ("outside-is-named", test_outside_is_named);
  ADD ("stop", test_stop);
  ADD ("no-error-while-it-stops", test_no_error_while_it_stops);
  ADD ("two-of-ours", test_two_of_ours);
  return g_test_run ();
}
