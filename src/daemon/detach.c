/* SPDX-License-Identifier: ISC
 *
 * fork, setsid and a pipe that carries one byte: the exit status. */
#include "config.h"

#include "daemon/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void
wait_and_exit (int fd)
{
  guint8 status = 1;
  ssize_t n;

  do
    n = read (fd, &status, 1);
  while (n < 0 && errno == EINTR);
  _exit (n == 1 ? status : 1);
}

static void
leave_terminal (void)
{
  int null = open ("/dev/null", O_RDWR);

  setsid ();
  if (null < 0)
    return;
  dup2 (null, STDIN_FILENO);
  dup2 (null, STDOUT_FILENO);
  if (null > STDERR_FILENO)
    close (null);
}

int
detach (void)
{
  int ends[2];
  pid_t pid;

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return -1;
  pid = fork ();
  if (pid < 0)
    return -1;
  if (pid > 0) {
    close (ends[1]);
    wait_and_exit (ends[0]);
  }
  close (ends[0]);
  leave_terminal ();
  return ends[1];
}

void
detach_report (int *fd, int status)
{
  guint8 byte = (guint8) status;
  int null;

  if (*fd < 0)
    return;
  if (write (*fd, &byte, 1) < 0)
    g_debug ("the parent did not wait");
  close (*fd);
  *fd = -1;
  null = open ("/dev/null", O_RDWR);
  if (null >= 0) {
    dup2 (null, STDERR_FILENO);
    close (null);
  }
}
