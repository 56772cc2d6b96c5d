/* SPDX-License-Identifier: ISC
 *
 * Passwords: from the terminal without an echo, else a line of a file. They are
 * never on a command line. */
#include "ctl/ctl.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* As long as a password may be, in bytes. */
#define PASSWORD_MAX 512

static char *
read_line (FILE *file)
{
  char line[PASSWORD_MAX + 2];

  if (fgets (line, sizeof line, file) == NULL)
    return NULL;
  line[strcspn (line, "\r\n")] = '\0';
  return g_strdup (line);
}

static void
interrupt_cb (int number)
{
}

/* A signal ends the reading, not the process, so that the echo comes back. */
static char *
read_interruptibly (void)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
  struct sigaction mine = { .sa_handler = interrupt_cb };
  struct sigaction old[G_N_ELEMENTS (numbers)];
  char *line;

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    sigaction (numbers[i], &mine, &old[i]);
  line = read_line (stdin);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    sigaction (numbers[i], &old[i], NULL);
  return line;
}

static char *
ask (const char *prompt)
{
  struct termios old, quiet;
  char *line;

  fputs (prompt, stderr);
  tcgetattr (STDIN_FILENO, &old);
  quiet = old;
  quiet.c_lflag &= ~(tcflag_t) ECHO;
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &quiet);
  line = read_interruptibly ();
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &old);
  fputc ('\n', stderr);
  return line;
}

static char *
ask_twice (void)
{
  char *first = ask ("Password: ");
  char *again = first != NULL ? ask ("Again: ") : NULL;
  gboolean is_given = again != NULL;
  gboolean is_same = g_strcmp0 (first, again) == 0;

  password_free (again);
  if (is_given && is_same)
    return first;
  password_free (first);
  ctl_fail (is_given ? "the two are not the same" : "no password was given");
  return NULL;
}

static char *
read_file (const char *path)
{
  FILE *file = fopen (path, "re");
  char *line;

  if (file == NULL) {
    ctl_fail ("%s: %m", path);
    return NULL;
  }
  line = read_line (file);
  fclose (file);
  return line;
}

static char *
checked (char *password)
{
  if (password != NULL && *password != '\0' && strlen (password) < PASSWORD_MAX
      && g_utf8_validate (password, -1, NULL))
    return password;
  if (password != NULL && *password == '\0')
    ctl_fail ("the password is empty");
  else
    ctl_fail ("no password, or one that is too long or no UTF-8");
  password_free (password);
  return NULL;
}

char *
password_read (const Ctl *self)
{
  char *password;

  if (self->password_file != NULL)
    password = read_file (self->password_file);
  else if (!isatty (STDIN_FILENO))
    password = read_line (stdin);
  else if ((password = ask_twice ()) == NULL)
    return NULL;
  return checked (password);
}

void
password_free (char *password)
{
  if (password != NULL)
    explicit_bzero (password, strlen (password));
  g_free (password);
}
