/* SPDX-License-Identifier: ISC
 *
 * The control socket and its client, over the daemon's loop; the service is a
 * double that notes what it is asked. */
#include "admin/control.h"
#include "base/error.h"
#include "ctl/control.h"
#include "ctl/send.h"
#include "ctl/why.h"
#include "service/xmpp.h"
#include "sip/sip.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- the service's double --- */

struct Service {
  LoopPort *loop;
  StoreOutcome outcome;
  gboolean is_held; /* a sync does not end */
  StoreDoneFn done;
  gpointer data;
  char *sent; /* describe of the last service_send */
};

static void
synced_cb (gpointer data)
{
  Service *self = data;

  self->done (self->outcome, self->data);
}

void
service_sync (Service *self, StoreDoneFn done, gpointer data)
{
  self->done = done;
  self->data = data;
  if (!self->is_held)
    self->loop->after (self->loop->self, 0, synced_cb, self);
}

void
service_status (Service *self, ServiceStatusFn fn, gpointer data)
{
  fn ("state", "ready", data);
  fn ("users", "3", data);
}

guint
service_drain (Service *self)
{
  return 7;
}

#define WHY                                                                    \
  "watcher\tbob@example.com\npresentity\talice@example.com\n"                  \
  "decision\tnone\tdecision=none\n"                                            \
  "rule\t\"a\" (pres-rules): allow\tid=a\thandling=allow\n"                    \
  "rule\t\"b\" (pres-rules): block\tid=b\thandling=block\n"                    \
  "watchers\t3 of 200\tn=3\tmax=200\n"                                         \
  "result\tallowed: x=y\tdecision=allow\n"                                     \
  "later\tunknown to us\tis_new=true\n"                                        \
  "subscriptions\tnone now\n"

void
service_why (Service *self, const char *watcher, const char *presentity,
             ServiceWhyFn fn, gpointer data)
{
  if (strcmp (presentity, "alice@example.com") == 0)
    fn (WHY, NULL, data);
  else
    fn ("", "there is no such user", data);
}

void
service_rooms_list (Service *self, ServiceRoomsFn fn, gpointer data)
{
  fn ("r@x\t1\t2\tknown\t\n", NULL, data);
}

void
service_rooms_show (Service *self, const char *room, ServiceRoomsFn fn,
                    gpointer data)
{
  if (strcmp (room, "my room@x") == 0)
    fn ("room\tmy room@x\tknown\t\n", NULL, data);
  else
    fn (NULL, "no such room", data);
}

void
service_rooms_kick (Service *self, const char *room, const char *who,
                    const char *reason, ServiceRoomsFn fn, gpointer data)
{
  g_autofree char *line = g_strdup_printf ("%s|%s|%s\n", room, who,
                                           reason != NULL ? reason : "-");

  fn (line, NULL, data);
}

/* What was asked, as "from|text|owner|group|uri,uri". */
static char *
describe (const ServiceSend *send)
{
  g_autofree char *to
      = send->to != NULL ? g_strjoinv (",", (char **)send->to) : NULL;

  return g_strdup_printf ("%s|%s|%s|%s|%s", send->from, send->text,
                          send->owner != NULL ? send->owner : "-",
                          send->group != NULL ? send->group : "-",
                          to != NULL ? to : "-");
}

void
service_send (Service *self, const ServiceSend *send, ServiceSentFn sent,
              gpointer data)
{
  const ServiceSent done = { 3, 2, 1, "call@x" };

  g_free (self->sent);
  self->sent = describe (send);
  if (send->owner != NULL && strcmp (send->owner, "alice@example.com") != 0)
    sent (NULL, "no such user", data);
  else
    sent (&done, NULL, data);
}

#define SENT "stored 3\nrefused 2\nnot_stored 1\ncall_id call@x\nok\n"

/* --- rig --- */

typedef struct {
  SipLoop *loop;
  LoopPort *port;
  Service service;
  char *dir, *path;
  Control *control;
  const char *reload_error;
  int fd;
  LoopWatch *watch;
  GString *answer;
  const char *until; /* the loop stops at this end of answer */
} Rig;

static gboolean
reload_cb (gpointer data, GError **error)
{
  Rig *rig = data;

  if (rig->reload_error == NULL)
    return TRUE;
  g_set_error_literal (error, RC_ERROR, RC_ERROR_CONFIG, rig->reload_error);
  return FALSE;
}

static char *
health_cb (gpointer data)
{
  return g_strdup ("SIP\tok\t\t\nstore\tfailed\tit is away\tbring it back\n");
}

static char *
xmpp_cb (gpointer data)
{
  return g_strdup ("link up\n");
}

static Control *
open_control (Rig *rig, GError **error)
{
  ControlHooks hooks = { reload_cb, rig, health_cb, xmpp_cb };

  return control_socket_new (rig->port, rig->path, &rig->service, &hooks, error);
}

static void
set_up (Rig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  rig->loop = sip_loop_new ();
  rig->port = sip_loop_port (rig->loop);
  rig->service.loop = rig->port;
  rig->dir = g_dir_make_tmp ("control-XXXXXX", &error);
  g_assert_no_error (error);
  rig->path = g_build_filename (rig->dir, "control", NULL);
  rig->control = open_control (rig, &error);
  g_assert_no_error (error);
  rig->answer = g_string_new (NULL);
  rig->fd = -1;
}

static void
close_client (Rig *rig)
{
  if (rig->watch != NULL)
    rig->port->unwatch (rig->port->self, g_steal_pointer (&rig->watch));
  if (rig->fd >= 0)
    close (rig->fd);
  rig->fd = -1;
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  close_client (rig);
  control_socket_free (rig->control);
  sip_loop_free (rig->loop);
  g_assert_cmpint (g_rmdir (rig->dir), ==, 0); /* the socket is gone */
  g_free (rig->service.sent);
  g_free (rig->dir);
  g_free (rig->path);
  g_string_free (rig->answer, TRUE);
}

static void
read_cb (int fd, LoopEvents events, gpointer data)
{
  Rig *rig = data;
  char buffer[4096];
  gssize n = recv (fd, buffer, sizeof buffer, 0);

  if (n > 0)
    g_string_append_len (rig->answer, buffer, n);
  if (n <= 0 || (rig->until && g_str_has_suffix (rig->answer->str, rig->until)))
    sip_loop_quit (rig->loop);
}

static int
connect_to (const char *path)
{
  struct sockaddr_un at = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  g_strlcpy (at.sun_path, path, sizeof at.sun_path);
  g_assert_cmpint (connect (fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  return fd;
}

static void
open_client (Rig *rig)
{
  rig->fd = connect_to (rig->path);
  rig->watch
      = rig->port->watch (rig->port->self, rig->fd, LOOP_READ, read_cb, rig);
}

static void
say (Rig *rig, const char *text)
{
  g_assert_cmpint (send (rig->fd, text, strlen (text), MSG_NOSIGNAL), ==,
                   strlen (text));
}

/* --- commands --- */

typedef struct {
  const char *path, *line, *reload_error;
  StoreOutcome outcome;
  const char *answer; /* NULL: an error */
} Row;

/* The user of the longest address, nearly. */
#define TEN "xxxxxxxxxx"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG HUNDRED HUNDRED HUNDRED

static const Row ROWS[] = {
  { "status", "status\n", NULL, 0, "state ready\nusers 3\nok\n" },
  { "crlf", "status\r\n", NULL, 0, "state ready\nusers 3\nok\n" },
  { "spaces", "  status  \n", NULL, 0, "state ready\nusers 3\nok\n" },
  { "sync", "sync\n", NULL, STORE_COMMITTED, "ok\n" },
  { "sync/away", "sync\n", NULL, STORE_AWAY, NULL },
  { "reload", "reload\n", NULL, 0, "ok\n" },
  { "reload/error", "reload\n", "a.conf:3: no such\noption", 0,
    "error a.conf:3: no such option\n" },
  { "drain", "drain\n", NULL, 0, "dialogs 7\nok\n" },
  { "health", "health\n", NULL, 0,
    "SIP\tok\t\t\nstore\tfailed\tit is away\tbring it back\nok\n" },
  { "xmpp", "xmpp\n", NULL, 0, "link up\nok\n" },
  { "level", "level debug sip,store\n", NULL, 0, "ok\n" },
  { "level/plain", "level notice\n", NULL, 0, "ok\n" },
  { "level/unknown", "level loud\n", NULL, 0, NULL },
  { "level/lacking", "level\n", NULL, 0, NULL },
  { "why", "why bob@example.com alice@example.com\n", NULL, 0, WHY "ok\n" },
  { "why/long", "why " LONG "@example.com alice@example.com\n", NULL, 0,
    WHY "ok\n" },
  { "why/nobody", "why bob@example.com x@example.com\n", NULL, 0,
    "error there is no such user\n" },
  { "why/lacking", "why bob@example.com\n", NULL, 0, NULL },
  { "message/to", "message a@example.com hi to sip:b@x.org sip:c@x.org\n", NULL,
    0, SENT },
  { "message/group", "message a@example.com hi group alice@example.com x\n",
    NULL, 0, SENT },
  { "message/group/nobody", "message a@example.com hi group x@example.com x\n",
    NULL, 0, "error no such user\n" },
  { "rooms/list", "rooms list\n", NULL, 0, "r@x\t1\t2\tknown\t\nok\n" },
  { "rooms/list/more", "rooms list x\n", NULL, 0, NULL },
  { "rooms/show", "rooms show my%20room@x\n", NULL, 0,
    "room\tmy room@x\tknown\t\nok\n" },
  { "rooms/show/nobody", "rooms show r@x\n", NULL, 0, "error no such room\n" },
  { "rooms/show/lacking", "rooms show\n", NULL, 0, NULL },
  { "rooms/kick", "rooms kick r@x Ann%20Lee too%20loud\n", NULL, 0,
    "r@x|Ann Lee|too loud\nok\n" },
  { "rooms/kick/no-reason", "rooms kick r@x Ann\n", NULL, 0,
    "r@x|Ann|-\nok\n" },
  { "rooms/kick/lacking", "rooms kick r@x\n", NULL, 0, NULL },
  { "rooms/kick/more", "rooms kick r@x a b c\n", NULL, 0, NULL },
  { "rooms/else", "rooms dance\n", NULL, 0, NULL },
  { "rooms/escape", "rooms show %2\n", NULL, 0, NULL },
  { "message/all", "message a@example.com hi all\n", NULL, 0, SENT },
  { "message/lacking", "message a@example.com hi\n", NULL, 0, NULL },
  { "message/to/nobody", "message a@example.com hi to\n", NULL, 0, NULL },
  { "message/group/lacking", "message a@example.com hi group a@example.com\n",
    NULL, 0, NULL },
  { "message/all/more", "message a@example.com hi all b\n", NULL, 0, NULL },
  { "message/else", "message a@example.com hi some b\n", NULL, 0, NULL },
  { "message/from", "message a hi all\n", NULL, 0, NULL },
  { "message/blank", "message a@example.com %20%0a all\n", NULL, 0, NULL },
  { "message/escape", "message a@example.com %2 all\n", NULL, 0, NULL },
  { "message/nul", "message a@example.com a%00b all\n", NULL, 0, NULL },
  { "message/utf8", "message a@example.com %ff all\n", NULL, 0, NULL },
  { "too-many-words", "sync now\n", NULL, 0, NULL },
  { "unknown", "stop\n", NULL, 0, NULL },
  { "prefix", "stat\n", NULL, 0, NULL },
  { "empty", "\n", NULL, 0, NULL },
  { "two", "drain\nsync\n", NULL, STORE_COMMITTED, "dialogs 7\nok\nok\n" },
  { "two/other-order", "sync\ndrain\n", NULL, STORE_COMMITTED,
    "ok\ndialogs 7\nok\n" },
  { "no-newline", "drain", NULL, 0, "" },
};

static void
test_command (gconstpointer data)
{
  const Row *row = data;
  Rig rig = { 0 };

  set_up (&rig, NULL);
  rig.reload_error = row->reload_error;
  rig.service.outcome = row->outcome;
  open_client (&rig);
  say (&rig, row->line);
  g_assert_cmpint (shutdown (rig.fd, SHUT_WR), ==, 0);
  sip_loop_run (rig.loop);
  if (row->answer != NULL)
    g_assert_cmpstr (rig.answer->str, ==, row->answer);
  else {
    g_assert_true (g_str_has_prefix (rig.answer->str, "error "));
    g_assert_true (strchr (rig.answer->str, '\n')[1] == '\0');
  }
  tear_down (&rig, NULL);
}

/* Byte by byte, and the connection stays for the next command. */
static void
test_bytes (Rig *rig, gconstpointer data)
{
  const char *line = "drain\nsync\n";

  open_client (rig);
  for (const char *at = line; *at != '\0'; at++) {
    g_assert_cmpint (send (rig->fd, at, 1, 0), ==, 1);
    if (*at == '\n') {
      rig->until = "ok\n";
      sip_loop_run (rig->loop);
    }
  }
  g_assert_cmpstr (rig->answer->str, ==, "dialogs 7\nok\nok\n");
}

static void
test_long_line (Rig *rig, gconstpointer data)
{
  g_autofree char *fill = g_strnfill (CONTROL_LINE * 3, 'x');

  open_client (rig);
  say (rig, fill);
  sip_loop_run (rig->loop);
  g_assert_true (g_str_has_prefix (rig->answer->str, "error "));
}

/* What the tool says is what the service hears. */
static void
test_message (Rig *rig, gconstpointer data)
{
  static const char *const to[] = { "sip:b@x.org;a=b", "sip:c d@x.org", NULL };
  const struct {
    Sending sending;
    const char *heard;
  } cases[] = {
    { { .from = "a@x.org", .text = "two\nlines: 100 %, \xe2\x82\xac", .to = to },
      "a@x.org|two\nlines: 100 %, \xe2\x82\xac|-|-|"
      "sip:b@x.org;a=b,sip:c d@x.org" },
    { { .from = "a@x.org",
        .text = " x ",
        .owner = "alice@example.com",
        .group = "old friends" },
      "a@x.org| x |alice@example.com|old friends|-" },
    { { .from = "a@x.org", .text = "\t\"'%41" }, "a@x.org|\t\"'%41|-|-|-" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Sending sending = cases[i].sending;
    g_autofree char *line = NULL;
    g_autofree char *whole = NULL;

    sending.len = strlen (sending.text);
    line = send_line (&sending, NULL);
    g_assert_null (strchr (line, '\n'));
    whole = g_strconcat (line, "\n", NULL);
    g_string_truncate (rig->answer, 0);
    open_client (rig);
    say (rig, whole);
    rig->until = "ok\n";
    sip_loop_run (rig->loop);
    close_client (rig);
    g_assert_cmpstr (rig->answer->str, ==, SENT);
    g_assert_cmpstr (rig->service.sent, ==, cases[i].heard);
  }
}

/* The client goes, or everything ends, while a sync is under way. */
static void
test_gone (Rig *rig, gconstpointer data)
{
  rig->service.is_held = TRUE;
  open_client (rig);
  rig->until = "ok\n";
  say (rig, "drain\nsync\n");
  sip_loop_run (rig->loop);
  g_assert_nonnull (rig->service.done);
  if (data == NULL)
    g_clear_pointer (&rig->control, control_socket_free);
  else
    close_client (rig);
  rig->service.done (STORE_COMMITTED, rig->service.data);
}

static void
test_too_many (Rig *rig, gconstpointer data)
{
  int fds[CONTROL_CLIENTS];

  for (guint i = 0; i < CONTROL_CLIENTS; i++)
    fds[i] = connect_to (rig->path);
  open_client (rig);
  g_test_expect_message ("admin", G_LOG_LEVEL_WARNING, "refused a control*");
  sip_loop_run (rig->loop); /* until it is closed */
  g_test_assert_expected_messages ();
  g_assert_cmpuint (rig->answer->len, ==, 0);
  for (guint i = 0; i < CONTROL_CLIENTS; i++)
    close (fds[i]);
}

/* --- the file --- */

static void
test_mode (Rig *rig, gconstpointer data)
{
  struct stat found;

  g_assert_cmpint (lstat (rig->path, &found), ==, 0);
  g_assert_true (S_ISSOCK (found.st_mode));
  g_assert_cmpuint (found.st_mode & 0777, ==, 0660);
}

static void
test_busy (Rig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (open_control (rig, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, rig->path));
  g_assert_true (g_file_test (rig->path, G_FILE_TEST_EXISTS));
}

static void
test_stale (Rig *rig, gconstpointer data)
{
  struct sockaddr_un at = { .sun_family = AF_UNIX };
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  g_clear_pointer (&rig->control, control_socket_free);
  g_strlcpy (at.sun_path, rig->path, sizeof at.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  close (fd);
  rig->control = open_control (rig, &error);
  g_assert_no_error (error);
  open_client (rig);
}

static void
test_in_the_way (Rig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&rig->control, control_socket_free);
  g_assert_true (g_file_set_contents (rig->path, "precious", -1, NULL));
  g_assert_null (open_control (rig, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_CONFIG);
  g_assert_true (g_file_test (rig->path, G_FILE_TEST_IS_REGULAR));
  g_unlink (rig->path);
}

static void
test_no_directory (Rig *rig, gconstpointer data)
{
  ControlHooks hooks = { reload_cb, rig, health_cb, xmpp_cb };
  g_autofree char *path = g_build_filename (rig->dir, "x", "control", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (control_socket_new (rig->port, path, &rig->service, &hooks, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_IO);
  g_assert_nonnull (strstr (error->message, path));
}

/* Somebody else's socket of the same name is not removed. */
static void
test_replaced (Rig *rig, gconstpointer data)
{
  g_assert_cmpint (g_unlink (rig->path), ==, 0);
  g_assert_true (g_file_set_contents (rig->path, "other", -1, NULL));
  g_clear_pointer (&rig->control, control_socket_free);
  g_assert_true (g_file_test (rig->path, G_FILE_TEST_IS_REGULAR));
  g_unlink (rig->path);
}

/* --- rollcallctl's side --- */

typedef struct {
  const char *path, *command;
  GString *out;
  GError *error;
  gboolean is_ok;
  int done; /* a byte when it has ended */
} Call;

static gpointer
call_cb (gpointer data)
{
  Call *call = data;

  call->is_ok
      = ctl_control (call->path, call->command, call->out, &call->error);
  g_assert_cmpint (write (call->done, "x", 1), ==, 1);
  return NULL;
}

/* ctl_control blocks: in a thread, while the loop turns here. */
static void
call_control (Rig *rig, Call *call)
{
  int pair[2];
  GThread *thread;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  call->path = rig->path;
  call->done = pair[1];
  call->out = g_string_new (NULL);
  rig->fd = pair[0];
  rig->until = "x";
  g_string_truncate (rig->answer, 0);
  rig->watch
      = rig->port->watch (rig->port->self, pair[0], LOOP_READ, read_cb, rig);
  thread = g_thread_new ("call", call_cb, call);
  sip_loop_run (rig->loop);
  g_thread_join (thread);
  close_client (rig);
  close (pair[1]);
}

static void
test_ctl (Rig *rig, gconstpointer data)
{
  Call call = { .command = "status" };

  call_control (rig, &call);
  g_assert_no_error (call.error);
  g_assert_true (call.is_ok);
  g_assert_cmpstr (call.out->str, ==, "state ready\nusers 3\n");
  g_string_free (call.out, TRUE);
  call = (Call){ .command = "sync" };
  call_control (rig, &call);
  g_assert_true (call.is_ok);
  g_assert_cmpstr (call.out->str, ==, "");
  g_string_free (call.out, TRUE);
}

static void
test_ctl_refused (Rig *rig, gconstpointer data)
{
  Call call = { .command = "level loud" };

  call_control (rig, &call);
  g_assert_false (call.is_ok);
  g_assert_error (call.error, RC_ERROR, RC_ERROR_BUSY);
  g_assert_true (g_str_has_prefix (call.error->message, "a level is "));
  g_error_free (call.error);
  g_string_free (call.out, TRUE);
}

static void
test_ctl_nobody (Rig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&rig->control, control_socket_free);
  g_assert_false (ctl_control (rig->path, "status", NULL, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_ABSENT);
  g_assert_nonnull (strstr (error->message, "does not run"));
}

static void
test_json (void)
{
  g_autofree char *some = ctl_json_object (
      "state ready\nusers 3\nnote a \"b\" \\ \x01\nodd\nneg -4\n");
  g_autofree char *none = ctl_json_object ("");

  g_assert_cmpstr (some, ==,
                   "{\"state\": \"ready\", \"users\": 3, "
                   "\"note\": \"a \\\"b\\\" \\\\ \\u0001\", \"neg\": -4}\n");
  g_assert_cmpstr (none, ==, "{}\n");
}

static void
test_why (void)
{
  g_autofree char *text = why_text (WHY), *json = why_json (WHY);

  g_assert_cmpstr (text, ==,
                   "Watcher         bob@example.com\n"
                   "Presentity      alice@example.com\n"
                   "\n"
                   "Decision        none\n"
                   "  rule          \"a\" (pres-rules): allow\n"
                   "  rule          \"b\" (pres-rules): block\n"
                   "Watchers        3 of 200\n"
                   "\n"
                   "Result          allowed: x=y\n"
                   "later           unknown to us\n"
                   "Subscriptions   none now\n");
  g_assert_cmpstr (
      json, ==,
      "{\"watcher\": \"bob@example.com\", \"presentity\": "
      "\"alice@example.com\", \"decision\": {\"text\": \"none\", "
      "\"decision\": \"none\"}, \"watchers\": {\"text\": \"3 of 200\", "
      "\"n\": 3, \"max\": 200}, \"result\": {\"text\": \"allowed: x=y\", "
      "\"decision\": \"allow\"}, \"later\": {\"text\": \"unknown to us\", "
      "\"is_new\": true}, \"rules_matching\": [{\"text\": \"\\\"a\\\" "
      "(pres-rules): allow\", \"id\": \"a\", \"handling\": \"allow\"}, "
      "{\"text\": \"\\\"b\\\" (pres-rules): block\", \"id\": \"b\", "
      "\"handling\": \"block\"}], \"subscriptions\": []}\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++) {
    g_autofree char *path = g_strdup_printf ("/control/%s", ROWS[i].path);

    g_test_add_data_func (path, &ROWS[i], test_command);
  }
#define ADD(PATH, DATA, TEST)                                                  \
  g_test_add (PATH, Rig, DATA, set_up, TEST, tear_down)
  ADD ("/control/line/bytes", NULL, test_bytes);
  ADD ("/control/line/too-long", NULL, test_long_line);
  ADD ("/control/message/as-the-tool-says-it", NULL, test_message);
  ADD ("/control/gone/client", "client", test_gone);
  ADD ("/control/gone/server", NULL, test_gone);
  ADD ("/control/too-many", NULL, test_too_many);
  ADD ("/control/file/mode", NULL, test_mode);
  ADD ("/control/file/busy", NULL, test_busy);
  ADD ("/control/file/stale", NULL, test_stale);
  ADD ("/control/file/in-the-way", NULL, test_in_the_way);
  ADD ("/control/file/no-directory", NULL, test_no_directory);
  ADD ("/control/file/replaced", NULL, test_replaced);
  ADD ("/ctl/answer", NULL, test_ctl);
  ADD ("/ctl/refused", NULL, test_ctl_refused);
  ADD ("/ctl/nobody", NULL, test_ctl_nobody);
  g_test_add_func ("/ctl/json", test_json);
  g_test_add_func ("/ctl/why", test_why);
  return g_test_run ();
}
