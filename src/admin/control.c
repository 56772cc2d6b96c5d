/* SPDX-License-Identifier: ISC
 *
 * The control socket: connections, lines in, lines out. */
#define G_LOG_DOMAIN "admin"
#include "config.h"

#include "admin/control.h"

#include "admin/commands.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
  Control *control; /* NULL: freed meanwhile, a command still runs */
  int fd;
  LoopWatch *watch;
  LoopTimer *timer;
  GString *in, *out;
  gboolean is_running; /* a command has not answered yet */
  gboolean is_over;    /* nothing more comes in */
  gint refs;
} Client;

struct Control {
  LoopPort *loop;
  Commands commands;
  char *path;
  dev_t device;
  ino_t inode;
  int fd;
  LoopWatch *watch;
  GPtrArray *clients; /* Client */
};

/* --- one connection --- */

static void
client_unref (Client *self)
{
  if (--self->refs > 0)
    return;
  g_string_free (self->in, TRUE);
  g_string_free (self->out, TRUE);
  g_free (self);
}

static void
client_detach (gpointer data)
{
  Client *self = data;
  LoopPort *loop = self->control->loop;

  loop->unwatch (loop->self, self->watch);
  if (self->timer != NULL)
    loop->remove_timer (loop->self, self->timer);
  close (self->fd);
  self->control = NULL;
  client_unref (self);
}

static void
client_close (Client *self)
{
  if (self->control != NULL)
    g_ptr_array_remove_fast (self->control->clients, self);
}

/* The last words, as far as they can be written at once. */
static void
client_say (Client *self, const char *text)
{
  g_string_append (self->out, text);
  if (send (self->fd, self->out->str, self->out->len, MSG_NOSIGNAL) < 0)
    g_info ("a control client does not listen");
}

static void
timeout_cb (gpointer data)
{
  Client *self = data;

  self->timer = NULL;
  if (self->is_running)
    client_say (self, "error it takes longer than expected; it goes on\n");
  client_close (self);
}

static void
restart_timer (Client *self)
{
  LoopPort *loop = self->control->loop;

  if (self->timer != NULL)
    loop->remove_timer (loop->self, self->timer);
  self->timer
      = loop->after (loop->self, CONTROL_TIMEOUT * 1000, timeout_cb, self);
}

/* Writes what the socket takes; closes when all is said. */
static void
client_flush (Client *self)
{
  LoopPort *loop = self->control->loop;
  gssize n = send (self->fd, self->out->str, self->out->len, MSG_NOSIGNAL);

  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    client_close (self);
    return;
  }
  g_string_erase (self->out, 0, MAX (n, 0));
  if (self->is_over && !self->is_running && self->out->len == 0) {
    client_close (self);
    return;
  }
  loop->set_events (loop->self, self->watch,
                    (self->is_over ? 0 : LOOP_READ)
                        | (self->out->len > 0 ? LOOP_WRITE : 0));
}

/* "error" takes one line, whatever is in text. */
static void
append_end (GString *out, const char *error)
{
  g_autofree char *text = g_strdup (error);

  if (text == NULL)
    g_string_append (out, "ok\n");
  else
    g_string_append_printf (out, "error %s\n",
                            g_strdelimit (text, "\r\n", ' '));
}

static void client_run (Client *self);

static void
answer_cb (const char *lines, const char *error, gpointer data)
{
  Client *self = data;

  self->is_running = FALSE;
  g_string_append (self->out, lines);
  append_end (self->out, error);
  if (self->control != NULL)
    client_run (self);
  client_unref (self);
}

/* The next line of in, without its end; NULL: none is whole. */
static char *
take_line (Client *self)
{
  const char *end = memchr (self->in->str, '\n', self->in->len);
  gsize len = end ? end - self->in->str : 0;
  char *line;

  if (end == NULL)
    return NULL;
  line = g_strndup (self->in->str, len);
  g_string_erase (self->in, 0, len + 1);
  return g_strchomp (line);
}

/* One command at a time. */
static void
client_run (Client *self)
{
  g_autofree char *line = self->is_running ? NULL : take_line (self);

  if (line == NULL) {
    client_flush (self);
    return;
  }
  self->is_running = TRUE;
  self->refs++;
  commands_run (&self->control->commands, line, answer_cb, self);
  if (self->control != NULL && self->is_running)
    client_flush (self); /* what was said before; the rest comes later */
}

static void
client_read (Client *self)
{
  char buffer[4096];
  gssize n = recv (self->fd, buffer, sizeof buffer, 0);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n < 0) {
    client_close (self);
    return;
  }
  self->is_over = n == 0;
  g_string_append_len (self->in, buffer, n);
  if (self->in->len > CONTROL_LINE * 2
      || (self->in->len > CONTROL_LINE
          && memchr (self->in->str, '\n', self->in->len) == NULL)) {
    g_string_truncate (self->in, 0);
    append_end (self->out, "the line is too long");
    self->is_over = TRUE;
  }
  restart_timer (self);
  client_run (self);
}

static void
client_cb (int fd, LoopEvents events, gpointer data)
{
  Client *self = data;

  self->refs++;
  if (events & LOOP_WRITE)
    client_flush (self);
  if (self->control != NULL && (events & LOOP_READ)) {
    if (self->is_over)
      client_close (self); /* gone before its answer */
    else
      client_read (self);
  }
  client_unref (self);
}

static void
client_new (Control *control, int fd)
{
  Client *self = g_new0 (Client, 1);

  self->control = control;
  self->fd = fd;
  self->refs = 1;
  self->in = g_string_new (NULL);
  self->out = g_string_new (NULL);
  self->watch = control->loop->watch (control->loop->self, fd, LOOP_READ,
                                      client_cb, self);
  restart_timer (self);
  g_ptr_array_add (control->clients, self);
}

/* --- the socket --- */

static void
accept_cb (int listener, LoopEvents events, gpointer data)
{
  Control *self = data;
  int fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

  if (fd < 0)
    return;
  if (self->clients->len >= CONTROL_CLIENTS) {
    g_warning ("refused a control connection: there are %u already",
               self->clients->len);
    close (fd);
    return;
  }
  client_new (self, fd);
}

static gboolean
is_served (const struct sockaddr_un *at)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  gboolean is_there
      = fd >= 0
        && (connect (fd, (const struct sockaddr *)at, sizeof *at) == 0
            || errno == EAGAIN);

  if (fd >= 0)
    close (fd);
  return is_there;
}

/* Removes what a killed daemon left. */
static gboolean
clear_path (const struct sockaddr_un *at, GError **error)
{
  struct stat found;

  if (lstat (at->sun_path, &found) < 0)
    return TRUE; /* bind says what is wrong with the directory */
  if (!S_ISSOCK (found.st_mode)) {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
                 "%s is in the way of the control socket and is none",
                 at->sun_path);
    return FALSE;
  }
  if (is_served (at)) {
    g_set_error (error, RC_ERROR, RC_ERROR_BUSY,
                 "another daemon serves the control socket %s", at->sun_path);
    return FALSE;
  }
  unlink (at->sun_path);
  return TRUE;
}

static gboolean
open_socket (Control *self, GError **error)
{
  struct sockaddr_un at = { .sun_family = AF_UNIX };
  struct stat made;
  mode_t mask;
  gboolean is_ok;

  if (g_strlcpy (at.sun_path, self->path, sizeof at.sun_path)
      >= sizeof at.sun_path) {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
                 "the path of the control socket is too long: %s", self->path);
    return FALSE;
  }
  if (!clear_path (&at, error))
    return FALSE;
  self->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  mask = umask (0117);
  is_ok = bind (self->fd, (struct sockaddr *)&at, sizeof at) == 0;
  umask (mask);
  is_ok = is_ok && listen (self->fd, CONTROL_CLIENTS) == 0
          && stat (self->path, &made) == 0;
  if (!is_ok) {
    g_set_error (error, RC_ERROR, RC_ERROR_IO,
                 "cannot open the control socket %s: %s", self->path,
                 g_strerror (errno));
    return FALSE;
  }
  self->device = made.st_dev;
  self->inode = made.st_ino;
  return TRUE;
}

Control *
control_socket_new (LoopPort *loop, const char *path, Service *service,
             const ControlHooks *hooks, GError **error)
{
  g_autoptr (Control) self = g_new0 (Control, 1);

  self->loop = loop;
  self->path = g_strdup (path);
  self->fd = -1;
  self->commands = (Commands){ service, *hooks };
  self->clients = g_ptr_array_new_with_free_func (client_detach);
  if (!open_socket (self, error))
    return NULL;
  self->watch = loop->watch (loop->self, self->fd, LOOP_READ, accept_cb, self);
  return g_steal_pointer (&self);
}

void
control_socket_free (Control *self)
{
  struct stat found;

  if (self == NULL)
    return;
  g_ptr_array_unref (self->clients);
  if (self->watch != NULL)
    self->loop->unwatch (self->loop->self, self->watch);
  if (self->fd >= 0)
    close (self->fd);
  if (self->inode != 0 && lstat (self->path, &found) == 0
      && found.st_dev == self->device && found.st_ino == self->inode)
    unlink (self->path);
  g_free (self->path);
  g_free (self);
}
