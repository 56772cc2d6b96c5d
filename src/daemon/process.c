/* SPDX-License-Identifier: ISC
 *
 * The daemon's process: limits, identity, signals. */
#define G_LOG_DOMAIN "daemon"
#include "daemon/process.h"

#include "base/error.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

void
process_raise_files (guint64 n)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= n)
    return;
  limit.rlim_cur = n;
  limit.rlim_max = MAX (limit.rlim_max, n);
  if (setrlimit (RLIMIT_NOFILE, &limit) == 0)
    return;
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  g_message ("at most %" G_GUINT64_FORMAT " open files",
             (guint64) limit.rlim_cur);
}

gboolean
process_become (const char *user, GError **error)
{
  struct passwd *entry;

  if (user == NULL || *user == '\0')
    return TRUE;
  entry = getpwnam (user);
  if (entry == NULL) {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
                 "[server] user: there is no user \"%s\"", user);
    return FALSE;
  }
  if (entry->pw_uid == geteuid ())
    return TRUE;
  if (initgroups (user, entry->pw_gid) < 0 || setgid (entry->pw_gid) < 0
      || setuid (entry->pw_uid) < 0) {
    g_set_error (error, RC_ERROR, RC_ERROR_IO, "cannot become user \"%s\": %s",
                 user, g_strerror (errno));
    return FALSE;
  }
  return TRUE;
}

gboolean
process_write_pid (const char *path, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%d\n", (int) getpid ());

  return path == NULL || *path == '\0'
         || g_file_set_contents (path, text, -1, error);
}

int
process_signals (GError **error)
{
  sigset_t set;
  int fd;

  signal (SIGPIPE, SIG_IGN);
  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGHUP);
  sigprocmask (SIG_BLOCK, &set, NULL);
  fd = signalfd (-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0)
    g_set_error (error, RC_ERROR, RC_ERROR_IO, "signalfd: %s",
                 g_strerror (errno));
  return fd;
}

int
process_next_signal (int fd)
{
  struct signalfd_siginfo info;

  if (read (fd, &info, sizeof info) != sizeof info)
    return 0;
  return (int) info.ssi_signo;
}
