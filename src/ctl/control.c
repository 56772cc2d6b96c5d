/* SPDX-License-Identifier: ISC
 *
 * Speaks to the running daemon: see the header. */
#include "ctl/control.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 60

static gboolean
give_up (const char *path, GError **error)
{
  if (errno == ENOENT || errno == ECONNREFUSED)
    g_set_error (error, RC_ERROR, RC_ERROR_ABSENT,
                 "rollcalld does not run (nobody serves %s)", path);
  else if (errno == EAGAIN)
    g_set_error (error, RC_ERROR, RC_ERROR_IO,
                 "rollcalld does not answer on %s", path);
  else
    g_set_error (error, RC_ERROR, RC_ERROR_IO, "%s: %s", path,
                 g_strerror (errno));
  return FALSE;
}

static int
open_socket (const char *path, guint seconds)
{
  struct sockaddr_un at = { .sun_family = AF_UNIX };
  struct timeval patience = { .tv_sec = seconds };
  int fd, saved;

  errno = ENAMETOOLONG;
  if (g_strlcpy (at.sun_path, path, sizeof at.sun_path) >= sizeof at.sun_path)
    return -1;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect (fd, (struct sockaddr *) &at, sizeof at) == 0)
    return fd;
  saved = errno;
  close (fd);
  errno = saved;
  return -1;
}

static gboolean
send_all (int fd, const char *text)
{
  gsize len = strlen (text), sent = 0;

  while (sent < len) {
    gssize n = send (fd, text + sent, len - sent, MSG_NOSIGNAL);

    if (n < 0 && errno != EINTR)
      return FALSE;
    sent += MAX (n, 0);
  }
  return TRUE;
}

/* Everything up to the end of the stream; the daemon closes after the answer,
 * since nothing follows the command. */
static gboolean
read_all (int fd, GString *out)
{
  char buffer[4096];
  gssize n;

  do {
    n = recv (fd, buffer, sizeof buffer, 0);
    g_string_append_len (out, buffer, MAX (n, 0));
  } while (n > 0 || (n < 0 && errno == EINTR));
  return n == 0;
}

/* Splits the last line, which says how it ended, from the lines before. */
static gboolean
take_answer (GString *answer, GString *out, const char *path, GError **error)
{
  char *last;

  if (answer->len == 0 || answer->str[answer->len - 1] != '\n') {
    errno = EPIPE;
    return give_up (path, error);
  }
  g_string_truncate (answer, answer->len - 1);
  last = strrchr (answer->str, '\n');
  last = last ? last + 1 : answer->str;
  if (g_str_has_prefix (last, "error ")) {
    g_set_error_literal (error, RC_ERROR, RC_ERROR_BUSY, last + 6);
    return FALSE;
  }
  if (strcmp (last, "ok") != 0) {
    errno = EPROTO;
    return give_up (path, error);
  }
  if (out != NULL)
    g_string_append_len (out, answer->str, last - answer->str);
  return TRUE;
}

static gboolean
exchange (int fd, const char *command, GString *answer)
{
  g_autofree char *line = g_strdup_printf ("%s\n", command);

  return send_all (fd, line) && shutdown (fd, SHUT_WR) == 0
         && read_all (fd, answer);
}

gboolean
ctl_control (const char *socket, const char *command, GString *out,
             GError **error)
{
  return ctl_control_for (socket, TIMEOUT_SECONDS, command, out, error);
}

gboolean
ctl_control_for (const char *socket, guint seconds, const char *command,
                 GString *out, GError **error)
{
  g_autoptr (GString) answer = g_string_new (NULL);
  int fd = open_socket (socket, seconds), saved;
  gboolean is_ok;

  if (fd < 0)
    return give_up (socket, error);
  is_ok = exchange (fd, command, answer);
  saved = errno;
  close (fd);
  errno = saved;
  return is_ok ? take_answer (answer, out, socket, error)
               : give_up (socket, error);
}

/* --- commands --- */

/* NULL after an error message. */
static GString *
ask (const char *socket, const char *command)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  if (ctl_control (socket, command, lines, &error))
    return g_steal_pointer (&lines);
  fprintf (stderr, "rollcallctl: %s\n", error->message);
  return NULL;
}

static gboolean
is_number (const char *text)
{
  return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, NULL,
                                   NULL);
}

char *
ctl_json_object (const char *lines)
{
  g_auto (GStrv) rows = g_strsplit (lines, "\n", 0);
  GString *out = g_string_new ("{");

  for (char **row = rows; *row != NULL; row++) {
    char *value = strchr (*row, ' ');

    if (value == NULL)
      continue;
    *value++ = '\0';
    if (out->len > 1)
      g_string_append (out, ", ");
    json_append (out, *row);
    g_string_append (out, ": ");
    if (is_number (value))
      g_string_append (out, value);
    else
      json_append (out, value);
  }
  g_string_append (out, "}\n");
  return g_string_free (out, FALSE);
}

static int
show (const char *socket, const char *command, gboolean is_json)
{
  g_autoptr (GString) lines = ask (socket, command);
  g_autofree char *object = NULL;

  if (lines == NULL)
    return 1;
  object = ctl_json_object (lines->str);
  fputs (is_json ? object : lines->str, stdout);
  return 0;
}

int
ctl_status (const char *socket, gboolean is_json)
{
  return show (socket, "status", is_json);
}

int
ctl_xmpp_status (const char *socket, gboolean is_json)
{
  g_autoptr (GString) lines = ask (socket, "xmpp");
  g_autofree char *object = NULL;

  if (lines == NULL)
    return 1;
  object = ctl_json_object (lines->str);
  fputs (is_json ? object : lines->str, stdout);
  return g_str_has_prefix (lines->str, "link up\n") ? 0 : 1;
}

int
ctl_reload (const char *socket)
{
  return show (socket, "reload", FALSE);
}

int
ctl_drain (const char *socket, gboolean is_json)
{
  return show (socket, "drain", is_json);
}
