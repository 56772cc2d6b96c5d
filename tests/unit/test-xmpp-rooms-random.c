/* SPDX-License-Identifier: ISC
 *
 * Anything in any order: phones that write and subscribe, rooms that say whatever
 * they like, links and servers that go.  Whoever asks is answered, once. */
#include "tests/lib/mailbed.h"

#include <string.h>

#define STEPS 600

typedef struct {
  MailBed *mail;
  GRand *rand;
  guint asked, answered;
  gboolean is_up;
} World;

static const char *const users[] = { ALICE, BOB, CAROL };
static const char *const devices[] = { "d0", "d1", "d2" };
static const char *const rooms[]
    = { "verona@" XMPP_ROOMS, "mantua@" XMPP_ROOMS };
static const char *const nicks[]
    = { "alice", "alice2", "bob", "carol", "x y", "\"<>\\", "" };
static const char *const texts[]
    = { "hello", "/who", "/nick x",  "/nick alice", "/leave",       "/join",
        "",      "/me",  "/topic y", "/topic",      "/msg alice z", "/help" };
static const guint codes[]
    = { 0, 110, 110, 110, 201, 210, 301, 303, 307, 321, 322, 332, 333 };

#define ANY(world, of)                                                         \
  of[g_rand_int_range ((world)->rand, 0, G_N_ELEMENTS (of))]

static void
settle (World *self)
{
  fake_loop_settle (self->mail->bed->loop);
}

static void
messaged_cb (const MessageAnswer *answer, gpointer data)
{
  ((World *)data)->answered++;
}

static void
subscribed_cb (const SubscribeAnswer *answer, gpointer data)
{
  ((World *)data)->answered++;
}

static guint
any_user (World *self)
{
  return (guint)g_rand_int_range (self->rand, 0, G_N_ELEMENTS (users));
}

static void
say (World *self)
{
  guint user = any_user (self);
  g_autofree char *source = g_strconcat ("udp:", devices[user], NULL);
  const char *text = ANY (self, texts);
  const ServiceCaller caller = { .user = users[user],
                                 .source = source,
                                 .call_id = "c",
                                 .from_tag = "ft",
                                 .cseq = ++self->mail->cseq };
  const MessageCommand command
      = { .peer = ANY (self, rooms),
          .instance
          = g_rand_int_range (self->rand, 0, 4) == 0 ? ANY (self, nicks) : NULL,
          .request = (SipIncoming *)self,
          .is_message = TRUE,
          .content_type = "text/plain",
          .body = text,
          .body_len = strlen (text),
          .expires = -1 };

  self->asked++;
  service_message (self->mail->bed->service, &caller, &command, messaged_cb,
                   self);
}

static void
subscribe (World *self)
{
  guint user = any_user (self);
  g_autofree char *call_id = g_strdup_printf ("s%u", ++self->mail->cseq);
  g_autofree char *uri = g_strconcat ("sip:", users[user], NULL);
  const ServiceCaller caller = { .user = users[user],
                                 .source = "udp:127.0.0.1:5099",
                                 .call_id = call_id,
                                 .from_tag = "ft",
                                 .cseq = self->mail->cseq };
  const SubscribeCommand command
      = { .dialog = { .presentity = ANY (self, rooms),
                      .watcher = users[user],
                      .package = "conference",
                      .event = "conference",
                      .call_id = call_id,
                      .remote_tag = "ft",
                      .local_uri = "sip:r@example.com",
                      .remote_uri = uri,
                      .target = uri,
                      .source = "udp:127.0.0.1:5099",
                      .local_contact = "sip:127.0.0.1:5060" },
          .expires = g_rand_int_range (self->rand, 0, 3) == 0 ? 0 : 600 };

  self->asked++;
  service_subscribe (self->mail->bed->service, &caller, &command, subscribed_cb,
                     self);
}

static void
answer_notifies (World *self)
{
  FakeSip *sip = self->mail->bed->sip;

  while (sip->notifies->len > 0) {
    fake_notify_free (fake_sip_answer (
        sip, NULL,
        g_rand_int_range (self->rand, 0, 8) == 0   ? SUBS_NOTIFY_DEAD
        : g_rand_int_range (self->rand, 0, 8) == 0 ? SUBS_NOTIFY_REFUSED
                                                   : SUBS_NOTIFY_OK));
    settle (self);
  }
}

static char *
any_occupant (World *self)
{
  const char *nick = ANY (self, nicks);

  return g_strconcat (ANY (self, rooms), *nick != '\0' ? "/" : "", nick, NULL);
}

static char *
any_of_ours (World *self)
{
  return g_strconcat (users[any_user (self)], "/rollcall", NULL);
}

static void
presence (World *self)
{
  g_autofree char *from = any_occupant (self), *to = any_of_ours (self);
  XmppOccupant occupant = { .role = "participant", .nick = ANY (self, nicks) };
  XmppPresence presence
      = { .from = from,
          .to = to,
          .type = (XmppPresenceType)g_rand_int_range (self->rand, 0,
                                                      XMPP_PRESENCE_ERROR + 1),
          .show = (XmppShow)g_rand_int_range (self->rand, 0, 5),
          .error = (XmppError)g_rand_int_range (self->rand, 1, XMPP_N_ERRORS),
          .occupant = &occupant };

  occupant.codes[0] = ANY (self, codes);
  occupant.codes[1] = ANY (self, codes);
  fake_xmpp_presence (self->mail->bed->xmpp, &presence);
}

/* As a room does it: lets in who asked. */
static void
let_in (World *self)
{
  FakeXmpp *xmpp = self->mail->bed->xmpp;
  const XmppOccupant occupant = { .role = "participant", .codes = { 110 } };
  g_autoptr (FakeXmppPresence) asked = NULL;

  if (xmpp->presences->len == 0)
    return;
  asked = fake_xmpp_take_presence (xmpp, NULL);
  if (asked->presence.type != XMPP_AVAILABLE)
    return;
  fake_xmpp_presence (xmpp, &(XmppPresence){ .from = asked->presence.to,
                                             .to = asked->presence.from,
                                             .type = XMPP_AVAILABLE,
                                             .occupant = &occupant });
}

static void
message (World *self)
{
  g_autofree char *from = any_occupant (self), *to = any_of_ours (self);
  XmppMessage message
      = { .from = from,
          .to = to,
          .id = "i",
          .type = (XmppMessageType)g_rand_int_range (self->rand, 0, 5),
          .error = (XmppError)g_rand_int_range (self->rand, 1, XMPP_N_ERRORS),
          .stamp = g_rand_int_range (self->rand, 0, 2) * 1000,
          .is_private = g_rand_int_range (self->rand, 0, 2) };

  if (g_rand_int_range (self->rand, 0, 3) > 0)
    message.body = ANY (self, texts);
  else
    message.subject = ANY (self, texts);
  if (g_rand_int_range (self->rand, 0, 20) == 0)
    message.invite_from = XAVIER;
  fake_xmpp_message (self->mail->bed->xmpp, &message);
}

/* What became of our messages and questions. */
static void
outcomes (World *self)
{
  FakeXmpp *xmpp = self->mail->bed->xmpp;

  while (xmpp->messages->len > 0) {
    FakeXmppMessage *oldest = xmpp->messages->pdata[0];
    gboolean is_waited_for = oldest->done != NULL;

    fake_xmpp_message_free (fake_xmpp_take (
        xmpp, NULL,
        is_waited_for ? (XmppOutcome)g_rand_int_range (self->rand, 0, 3)
                      : XMPP_TAKEN,
        (XmppError)g_rand_int_range (self->rand, 1, XMPP_N_ERRORS)));
    settle (self);
  }
  while (xmpp->queries->len > 0) {
    FakeXmppQuery *oldest = xmpp->queries->pdata[0];

    fake_xmpp_answer (
        xmpp, oldest->what, NULL, 0,
        (XmppError)g_rand_int_range (self->rand, 0, XMPP_N_ERRORS));
    settle (self);
  }
}

static void
register_some (World *self)
{
  guint user = any_user (self);

  mail_bed_register (self->mail, users[user], devices[user],
                     g_rand_int_range (self->rand, 0, 4) == 0 ? 0 : 3600);
}

static void
flip (World *self)
{
  self->is_up = !self->is_up;
  fake_xmpp_link (self->mail->bed->xmpp, self->is_up);
}

static void
pass (World *self)
{
  fake_loop_run (self->mail->bed->loop,
                 g_rand_double_range (self->rand, 0, 20));
}

static void
change_settings (World *self)
{
  self->mail->bed->settings.im_enabled
      = g_rand_int_range (self->rand, 0, 4) > 0;
  self->mail->bed->settings.share_availability
      = g_rand_int_range (self->rand, 0, 2);
  bed_set (self->mail->bed);
}

static void
take_mail (World *self)
{
  g_free (mail_bed_take_all (self->mail));
}

/* All who asked have been answered, at the latest when a room had its time. */
static void
finish (World *self)
{
  fake_loop_run (self->mail->bed->loop, 700);
  outcomes (self);
  for (guint i = 0; i < 3; i++) {
    fake_loop_run (self->mail->bed->loop, 20);
    outcomes (self);
    answer_notifies (self);
    take_mail (self);
  }
  g_assert_cmpuint (self->answered, ==, self->asked);
}

static void
walk (guint32 seed)
{
  static void (*const steps[]) (World *)
      = { say,      say,      subscribe, answer_notifies, presence,
          presence, message,  message,   let_in,          let_in,
          let_in,   outcomes, outcomes,  register_some,   pass,
          flip,     flip,     take_mail, change_settings };
  World self = { .mail = mail_bed_new (),
                 .rand = g_rand_new_with_seed (seed),
                 .is_up = TRUE };

  for (guint i = 0; i < STEPS; i++) {
    steps[g_rand_int_range (self.rand, 0, G_N_ELEMENTS (steps))](&self);
    settle (&self);
    g_assert_cmpuint (self.answered, <=, self.asked);
  }
  finish (&self);
  g_free (fake_xmpp_drain (self.mail->bed->xmpp));
  mail_bed_free (self.mail);
  g_rand_free (self.rand);
}

static void
test_walks (void)
{
  for (guint32 seed = 1; seed <= 80; seed++)
    walk (seed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xmpp-rooms/random", test_walks);
  return g_test_run ();
}
