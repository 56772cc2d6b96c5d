/* SPDX-License-Identifier: ISC
 *
 * rollcalld: the command line. */
#include "config.h"

#include "daemon/app.h"
#include "daemon/detach.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
  char *file, *debug;
  gboolean is_test, is_foreground, is_version;
} CommandLine;

static gboolean
debug_cb (const char *name, const char *value, gpointer data, GError **error)
{
  CommandLine *line = data;

  g_free (line->debug);
  line->debug = g_strdup (value != NULL ? value : "all");
  return TRUE;
}

static gboolean
parse (CommandLine *line, int argc, char **argv, GError **error)
{
  GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &line->file,
      "Read this configuration", "FILE" },
    { "test-config", 't', 0, G_OPTION_ARG_NONE, &line->is_test,
      "Check the configuration and exit", NULL },
    { "foreground", 'f', 0, G_OPTION_ARG_NONE, &line->is_foreground,
      "Stay on the terminal and log to stderr", NULL },
    { "debug", 'd', G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, debug_cb,
      "Log debug lines of all rooms, or of these", "ROOM,..." },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &line->is_version,
      "Print the version and exit", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GOptionGroup *group = g_option_group_new ("main", NULL, NULL, line, NULL);

  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  g_option_context_set_summary (context,
                                "SIP presence and instant-messaging server.");
  g_option_context_set_description (context, "See rollcalld(8).\n");
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "unexpected argument \"%s\"", argv[1]);
    return FALSE;
  }
  return TRUE;
}

static int
run (const CommandLine *line)
{
  const char *file = line->file != NULL ? line->file
                                        : ROLLCALL_SYSCONFDIR
                         "/rollcall/rollcall.conf";
  g_autoptr (GError) error = NULL;
  AppOptions options = { .file = file, .debug = line->debug, .parent = -1 };

  options.conf = conf_load (file, &error);
  if (options.conf == NULL) {
    fprintf (stderr, "rollcalld: %s\n", error->message);
    return APP_UNUSABLE;
  }
  if (line->is_test) {
    printf ("%s: ok\n", file);
    conf_free (options.conf);
    return APP_OK;
  }
  options.is_foreground = line->is_foreground;
  if (!line->is_foreground && g_getenv ("NOTIFY_SOCKET") == NULL) {
    options.parent = detach ();
    if (options.parent < 0) {
      perror ("rollcalld: fork");
      return APP_FAILED;
    }
  }
  return app_run (&options);
}

/* What the allocators read before main begins.  GLib before 2.76 keeps small
 * structures in slabs of its own, of which many stay for the few that live long:
 * 140 bytes a subscription.  With large pages, which mimalloc asks the kernel for,
 * what a request touches of a large state is in the TLB more often. */
static const char *const allocators[][2] = {
  { "G_SLICE", "always-malloc" },
  { "MIMALLOC_LARGE_OS_PAGES", "1" },
};

/* The program begins anew with them; where it may not, it goes on without. */
static void
tune_allocators (char **argv)
{
  g_autofree char *self = NULL;
  gboolean is_changed = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (allocators); i++)
    if (g_getenv (allocators[i][0]) == NULL)
      is_changed |= g_setenv (allocators[i][0], allocators[i][1], TRUE);
  if (!is_changed)
    return;
  self = g_file_read_link ("/proc/self/exe", NULL);
  if (self != NULL)
    execv (self, argv);
}

int
main (int argc, char **argv)
{
  CommandLine line = { 0 };
  g_autoptr (GError) error = NULL;
  int status;

  tune_allocators (argv);
  setlocale (LC_ALL, "");
  if (!parse (&line, argc, argv, &error)) {
    fprintf (stderr, "rollcalld: %s; see rollcalld --help\n", error->message);
    return APP_UNUSABLE;
  }
  if (line.is_version) {
    printf ("rollcalld %s\n", PACKAGE_VERSION);
    return APP_OK;
  }
  status = run (&line);
  g_free (line.file);
  g_free (line.debug);
  return status;
}
