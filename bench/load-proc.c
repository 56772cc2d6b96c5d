/* SPDX-License-Identifier: ISC
 *
 * What a server costs, from /proc: CPU time and memory of a process and all its
 * descendants (the workers of Kamailio, the backends of PostgreSQL). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

typedef void (*ProcFn) (const char *pid, gpointer data);

static void
visit (const char *pid, ProcFn fn, gpointer data)
{
  g_autofree char *path
      = g_strdup_printf ("/proc/%s/task/%s/children", pid, pid);
  g_autofree char *text = NULL;
  g_auto (GStrv) children = NULL;

  fn (pid, data);
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  children = g_strsplit (g_strstrip (text), " ", -1);
  for (guint i = 0; children[i] != NULL; i++)
    if (children[i][0] != '\0')
      visit (children[i], fn, data);
}

static void
visit_family (int pid, ProcFn fn, gpointer data)
{
  g_autofree char *text = g_strdup_printf ("%d", pid);

  if (pid > 0)
    visit (text, fn, data);
}

/* Nanoseconds of all threads of a process; FALSE when the kernel has none. */
static gboolean
add_schedstat (const char *pid, double *sum)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/task", pid);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  gboolean is_known = FALSE;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_strdup_printf ("%s/%s/schedstat", path, name);
    g_autofree char *text = NULL;

    if (g_file_get_contents (file, &text, NULL, NULL)) {
      *sum += (double)g_ascii_strtoull (text, NULL, 10) / 1e9;
      is_known = TRUE;
    }
  }
  return is_known;
}

static void
add_cpu (const char *pid, gpointer data)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *text = NULL;
  unsigned long user, system;
  long dead_user, dead_system;
  double *sum = data, tick = (double)sysconf (_SC_CLK_TCK);
  char *rest;

  if (!g_file_get_contents (path, &text, NULL, NULL)
      || (rest = strrchr (text, ')')) == NULL
      || sscanf (rest + 2,
                 "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
                 &user, &system, &dead_user, &dead_system)
             != 4)
    return;
  *sum += (double)(dead_user + dead_system) / tick;
  if (!add_schedstat (pid, sum))
    *sum += (double)(user + system) / tick;
}

double
proc_cpu (int pid)
{
  double sum = 0;

  visit_family (pid, add_cpu, &sum);
  return sum;
}

static void
add_memory (const char *pid, gpointer data)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/smaps_rollup", pid);
  g_autofree char *text = NULL;
  guint64 *sum = data;
  const char *at;

  if (g_file_get_contents (path, &text, NULL, NULL)
      && (at = strstr (text, "\nPss:")) != NULL)
    *sum += g_ascii_strtoull (at + 5, NULL, 10);
}

guint64
proc_memory (int pid)
{
  guint64 sum = 0;

  visit_family (pid, add_memory, &sum);
  return sum;
}

int
proc_pid_in (const char *path)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? atoi (text) : 0;
}

int
proc_kill (int pid)
{
  return kill (-pid, SIGKILL) < 0 ? kill (pid, SIGKILL) : 0;
}
