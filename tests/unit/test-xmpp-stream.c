/* SPDX-License-Identifier: ISC
 *
 * xmpp/: the stream as the inside has it, against a server in the same loop that
 * says what a test makes it say. */
#include "tests/lib/testloop.h"
#include "xmpp/xmpp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD                                                                   \
  "<stream:stream xmlns='jabber:component:accept'"                             \
  " xmlns:stream='http://etherx.jabber.org/streams' id='s1'>"
#define PATIENCE 10000 /* ms */

typedef struct {
  TestLoop *loop;
  Counters *counters;
  XmppEvents events;
  XmppStream *stream;
  XmppPort *port;
  /* the server */
  int listener, peer;
  GString *got;     /* by it */
  gboolean is_deaf; /* it reads nothing */
  GString *told;    /* the inside, of all */
  gboolean is_up;
  const char *awaited;
} Rig;

static void
message_cb (gpointer data, const XmppMessage *message)
{
  g_string_append_printf (((Rig *)data)->told, "message %s;", message->body);
}

static void
presence_cb (gpointer data, const XmppPresence *presence)
{
  g_string_append_printf (((Rig *)data)->told, "presence %s;", presence->from);
}

static void
link_changed_cb (gpointer data, gboolean is_up)
{
  Rig *rig = data;

  rig->is_up = is_up;
  g_string_append (rig->told, is_up ? "up;" : "down;");
}

static void
has_room_cb (gpointer data)
{
  g_string_append (((Rig *)data)->told, "room;");
}

static void
done_cb (XmppOutcome outcome, XmppError error, const char *text, gpointer data)
{
  static const char *const names[] = {
    [XMPP_TAKEN] = "taken", [XMPP_REFUSED] = "refused", [XMPP_LOST] = "lost"
  };

  g_string_append_printf (((Rig *)data)->told, "%s;", names[outcome]);
}

static void
kicked_cb (XmppError error, const char *text, gpointer data)
{
  g_string_append_printf (((Rig *)data)->told, "kick %d;", error);
}

/* What has come for the server. */
static void
read_peer (Rig *rig)
{
  char bytes[65536];
  ssize_t n;

  if (rig->peer < 0)
    rig->peer = accept (rig->listener, NULL, NULL);
  while (!rig->is_deaf && rig->peer >= 0
         && (n = recv (rig->peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    g_string_append_len (rig->got, bytes, n);
}

static gboolean
has_got (gpointer data)
{
  Rig *rig = data;

  read_peer (rig);
  return strstr (rig->got->str, rig->awaited) != NULL;
}

static gboolean
has_told (gpointer data)
{
  Rig *rig = data;

  read_peer (rig);
  return strstr (rig->told->str, rig->awaited) != NULL;
}

static void
await (Rig *rig, gboolean (*check) (gpointer data), const char *text)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE * 1000;

  rig->awaited = text;
  while (!check (rig)) {
    if (g_get_monotonic_time () > deadline)
      g_error ("no \"%s\"; got: %s; told: %s", text, rig->got->str,
               rig->told->str);
    test_loop_turn (rig->loop, 10);
  }
}

static void
say (Rig *rig, const char *text)
{
  g_assert_cmpint (send (rig->peer, text, strlen (text), MSG_NOSIGNAL), ==,
                   (gssize)strlen (text));
}

static guint
listen_anywhere (int *fd_out)
{
  struct sockaddr_in at
      = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof at;

  *fd_out = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  g_assert_no_errno (bind (*fd_out, (struct sockaddr *)&at, sizeof at));
  g_assert_no_errno (listen (*fd_out, 4));
  g_assert_no_errno (getsockname (*fd_out, (struct sockaddr *)&at, &len));
  return ntohs (at.sin_port);
}

static void
set_up (Rig *rig, gconstpointer data)
{
  XmppConfig config = { .host = "127.0.0.1",
                        .component = "example.com",
                        .secret = "s",
                        .ping_host = "x.y",
                        .max_stanza = 20000,
                        .max_queue = 10000,
                        .keepalive = 30,
                        .timeout = 10,
                        .reconnect = 1 };

  rig->loop = test_loop_new ();
  rig->counters = counters_new ();
  rig->got = g_string_new (NULL);
  rig->told = g_string_new (NULL);
  rig->peer = -1;
  rig->events = (XmppEvents){ rig, message_cb, presence_cb, link_changed_cb,
                              has_room_cb };
  config.port = listen_anywhere (&rig->listener);
  rig->stream
      = xmpp_stream_new (&config, test_loop_port (rig->loop), test_clock (),
                         NULL, rig->counters, &rig->events);
  rig->port = xmpp_stream_port (rig->stream);
  xmpp_stream_start (rig->stream);
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  xmpp_stream_free (rig->stream);
  test_loop_free (rig->loop);
  counters_free (rig->counters);
  if (rig->peer >= 0)
    close (rig->peer);
  close (rig->listener);
  g_string_free (rig->got, TRUE);
  g_string_free (rig->told, TRUE);
}

static void
link_up (Rig *rig)
{
  await (rig, has_got, "to=\"example.com\">");
  say (rig, HEAD);
  /* SHA-1 of "s1s" */
  await (rig, has_got, "</handshake>");
  say (rig, "<handshake/>");
  await (rig, has_told, "up;");
  g_string_truncate (rig->told, 0);
  g_string_truncate (rig->got, 0);
}

static void
send_message (Rig *rig, const char *id)
{
  const XmppMessage message = { .from = "a@example.com",
                                .to = "b@x.y",
                                .id = id,
                                .type = XMPP_MESSAGE_CHAT,
                                .body = "hello" };

  rig->port->message (rig->port->self, &message, done_cb, rig);
}

static gboolean
send_presence (Rig *rig)
{
  const XmppPresence presence = { .from = "a@example.com", .to = "b@x.y" };

  return rig->port->presence (rig->port->self, &presence);
}

/* Sends the last ping of it back. */
static void
echo (Rig *rig)
{
  g_autofree char *iq = NULL;

  await (rig, has_got, "</iq>");
  iq = g_strdup (strstr (rig->got->str, "<iq "));
  say (rig, iq);
  g_string_truncate (rig->got, 0);
}

static void
test_handshake (Rig *rig, gconstpointer data)
{
  g_autofree char *proof
      = g_compute_checksum_for_string (G_CHECKSUM_SHA1, "s1s", -1);
  XmppLink link;

  await (rig, has_got, "to=\"example.com\">");
  say (rig, HEAD);
  await (rig, has_got, "</handshake>");
  g_assert_nonnull (strstr (rig->got->str, proof));
  g_assert_false (rig->port->is_up (rig->port->self));
  say (rig, "<handshake/>");
  await (rig, has_told, "up;");
  rig->port->link (rig->port->self, &link);
  g_assert_true (link.is_up && link.is_configured);
  g_assert_null (link.error);
}

static void
test_taken (Rig *rig, gconstpointer data)
{
  link_up (rig);
  send_message (rig, "1");
  send_message (rig, "2");
  await (rig, has_got, "</iq>");
  g_assert_cmpstr (rig->told->str, ==, "");
  /* one ping for both */
  g_assert_true (strstr (rig->got->str, "<iq ")
                 == g_strrstr (rig->got->str, "<iq "));
  echo (rig);
  await (rig, has_told, "taken;taken;");
}

static void
test_refused (Rig *rig, gconstpointer data)
{
  link_up (rig);
  send_message (rig, "1");
  send_message (rig, "2");
  say (rig, "<message from='b@x.y' to='a@example.com' id='2' type='error'>"
            "<error type='cancel'><item-not-found"
            " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
  echo (rig);
  await (rig, has_told, "refused;taken;");
  /* that is no message to anybody */
  g_assert_null (strstr (rig->told->str, "message"));
}

static void
test_lost (Rig *rig, gconstpointer data)
{
  XmppLink link;

  link_up (rig);
  send_message (rig, "1");
  await (rig, has_got, "</iq>");
  close (rig->peer);
  rig->peer = -1;
  await (rig, has_told, "lost;down;");
  g_assert_false (rig->port->is_up (rig->port->self));
  g_assert_false (send_presence (rig));
  send_message (rig, "2");
  g_assert_cmpstr (rig->told->str, ==, "lost;down;"); /* not inside the call */
  await (rig, has_told, "lost;down;lost;");
  g_string_truncate (rig->got, 0);
  link_up (rig);
  rig->port->link (rig->port->self, &link);
  g_assert_cmpuint (link.n_reconnects, ==, 1);
}

static void
test_forget (Rig *rig, gconstpointer data)
{
  link_up (rig);
  send_message (rig, "1");
  rig->port->room_kick (rig->port->self, "a@example.com", "r@x.y", "n", NULL,
                        kicked_cb, rig);
  rig->port->forget (rig->port->self, rig);
  close (rig->peer);
  rig->peer = -1;
  await (rig, has_told, "down;");
  g_assert_cmpstr (rig->told->str, ==, "down;");
}

static void
test_query (Rig *rig, gconstpointer data)
{
  g_autofree char *id = NULL, *answer = NULL;
  const char *at;

  link_up (rig);
  rig->port->room_kick (rig->port->self, "a@example.com", "r@x.y", "n", NULL,
                        kicked_cb, rig);
  await (rig, has_got, "</iq>");
  at = strstr (rig->got->str, "id=\"") + 4;
  id = g_strndup (at, strcspn (at, "\""));
  answer = g_strdup_printf (
      "<iq from='r@x.y' to='a@example.com' id='%s' type='result'/>", id);
  say (rig, answer);
  await (rig, has_told, "kick 0;");
}

static void
test_query_without_link (Rig *rig, gconstpointer data)
{
  rig->port->room_kick (rig->port->self, "a@example.com", "r@x.y", "n", NULL,
                        kicked_cb, rig);
  g_assert_cmpstr (rig->told->str, ==, "");
  await (rig, has_told, "kick ");
}

static void
test_other_domain (Rig *rig, gconstpointer data)
{
  const XmppMessage message
      = { .from = "a@example.org", .to = "b@x.y", .id = "1" };
  const XmppPresence presence = { .from = "a@example.org", .to = "b@x.y" };

  link_up (rig);
  rig->port->message (rig->port->self, &message, done_cb, rig);
  g_assert_true (rig->port->presence (rig->port->self, &presence));
  await (rig, has_told, "refused;");
  g_assert_cmpstr (rig->got->str, ==, "");
}

/* A server that takes nothing: what it does not take is bounded, and who was
 * refused hears when there is room again. */
static void
test_full (Rig *rig, gconstpointer data)
{
  guint n = 0;
  XmppLink link;

  link_up (rig);
  rig->is_deaf = TRUE;
  while (send_presence (rig) && n++ < 1000000)
    if (n % 100 == 0)
      test_loop_turn (rig->loop, 0);
  g_assert_cmpuint (n, <, 1000000);
  rig->port->link (rig->port->self, &link);
  g_assert_cmpuint (link.n_queued, <, 20000);
  send_message (rig, "1");
  await (rig, has_told, "lost;");
  rig->is_deaf = FALSE;
  await (rig, has_told, "lost;room;");
  g_assert_true (send_presence (rig));
}

static void
test_in (Rig *rig, gconstpointer data)
{
  link_up (rig);
  say (rig, "<message from='b@x.y/r' to='a@example.com'><body>1</body>"
            "</message><presence from='b@x.y/r' to='a@example.com'/>"
            "<message from='b@x.y/r' to='a@other.com'><body>2</body>"
            "</message><message from='b@x.y/r' to='a@example.com'>"
            "<body>3</body></message>");
  await (rig, has_told, "message 3;");
  g_assert_cmpstr (rig->told->str, ==, "message 1;presence b@x.y/r;message 3;");
}

/* Wherever it stands, it can be freed. */
static void
test_free_early (Rig *rig, gconstpointer data)
{
  send_message (rig, "1");
}

static void
test_free_in_flight (Rig *rig, gconstpointer data)
{
  link_up (rig);
  send_message (rig, "1");
  rig->port->room_kick (rig->port->self, "a@example.com", "r@x.y", "n", NULL,
                        kicked_cb, rig);
}

static void
test_goodbye (Rig *rig, gconstpointer data)
{
  link_up (rig);
  g_assert_true (send_presence (rig));
  g_clear_pointer (&rig->stream, xmpp_stream_free);
  await (rig, has_got, "</presence></stream:stream>");
}

#define ADD(name, fn)                                                          \
  g_test_add ("/xmpp/stream/" name, Rig, NULL, set_up, fn, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* links that break are warnings */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  g_log_set_fatal_mask ("xmpp", G_LOG_LEVEL_ERROR);
  ADD ("xep0114-3/handshake", test_handshake);
  ADD ("taken", test_taken);
  ADD ("refused", test_refused);
  ADD ("lost", test_lost);
  ADD ("forget", test_forget);
  ADD ("query", test_query);
  ADD ("query/without-link", test_query_without_link);
  ADD ("other-domain", test_other_domain);
  ADD ("full", test_full);
  ADD ("in", test_in);
  ADD ("free-early", test_free_early);
  ADD ("free-in-flight", test_free_in_flight);
  ADD ("goodbye", test_goodbye);
  return g_test_run ();
}
