/* SPDX-License-Identifier: ISC
 *
 * Options, and which work is to be done; load.h is the manual. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load.h"

static const Work *const all[]
    = { register_works, presence_works, message_works,
        list_works,     state_works,    open_works };

static const Work *
work_of (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    for (const Work *work = all[i]; work->name != NULL; work++)
      if (strcmp (work->name, name) == 0)
        return work;
  return NULL;
}

static int
usage (GOptionContext *context)
{
  g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);

  fprintf (stderr, "%sWorks:\n", help);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    for (const Work *work = all[i]; work->name != NULL; work++)
      fprintf (stderr, "  %s %s\n", work->name, work->arguments);
  fprintf (stderr, "  serve HOST:PORT\n");
  return 2;
}

static void
set_defaults (Load *load)
{
  *load = (Load){ .source = g_strdup ("127.0.0.1"),
                  .prefix = g_strdup ("bench"),
                  .domain = g_strdup ("example.com"),
                  .peer = g_strdup ("load.example.net"),
                  .password = g_strdup ("secret"),
                  .in_flight = 50,
                  .users = 1000,
                  .each = 20,
                  .contacts = 1,
                  .patience = 34,
                  .epoch = 1 };
}

/* Ten thousand connections are ten thousand descriptors. */
static void
raise_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

static int
run (Load *load, const Work *work, int argc, char **argv)
{
  if (load->in_flight < 1 || load->users < 2 || load->each < 1
      || load->contacts < 1) {
    fprintf (stderr, "load: --in-flight, --users, --each or --contacts is too "
                     "small\n");
    return 2;
  }
  raise_limit ();
  load_init (load);
  work->run (load, argc, argv);
  return 0;
}

int
main (int argc, char **argv)
{
  static Load load;
  GOptionEntry entries[] = {
    { "server", 0, 0, G_OPTION_ARG_STRING, &load.server, "by UDP and TCP",
      "HOST:PORT" },
    { "source", 0, 0, G_OPTION_ARG_STRING, &load.source,
      "send from (127.0.0.1)", "ADDR" },
    { "pid", 0, 0, G_OPTION_ARG_INT, &load.server_pid, "the server's", "PID" },
    { "pid-file", 0, 0, G_OPTION_ARG_FILENAME, &load.pid_file,
      "...where it changes", "FILE" },
    { "db", 0, 0, G_OPTION_ARG_INT, &load.db_pid, "the postmaster's", "PID" },
    { "prefix", 0, 0, G_OPTION_ARG_STRING, &load.prefix,
      "users are NAME0, NAME1, ... (bench)", "NAME" },
    { "users", 0, 0, G_OPTION_ARG_INT, &load.users, "so many of them (1000)",
      "N" },
    { "each", 0, 0, G_OPTION_ARG_INT, &load.each,
      "watchers of a presentity (20)", "N" },
    { "contacts", 0, 0, G_OPTION_ARG_INT, &load.contacts,
      "subscriptions of a watcher (1)", "N" },
    { "in-flight", 0, 0, G_OPTION_ARG_INT, &load.in_flight,
      "requests at a time (50)", "N" },
    { "digest", 0, 0, G_OPTION_ARG_NONE, &load.is_digest,
      "as those who are challenged (to name the result)", NULL },
    { "restart", 0, 0, G_OPTION_ARG_STRING, &load.restart,
      "kill the server and bring it back by this", "COMMAND" },
    { "limit", 0, 0, G_OPTION_ARG_INT, &load.limit,
      "end a measurement after so long", "SECONDS" },
    { "settle", 0, 0, G_OPTION_ARG_INT, &load.settle,
      "wait for what is done behind answers (0)", "SECONDS" },
    { "patience", 0, 0, G_OPTION_ARG_INT, &load.patience,
      "...and without any progress for so long (34)", "SECONDS" },
    { NULL }
  };
  g_autoptr (GOptionContext) context
      = g_option_context_new ("WORK ARGUMENT... | serve HOST:PORT");
  const Work *work;

  set_defaults (&load);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || argc < 2)
    return usage (context);
  if (strcmp (argv[1], "serve") == 0 && argc == 3)
    return load_serve (argv[2]);
  work = work_of (argv[1]);
  if (work == NULL || argc - 2 < work->n_arguments || load.server == NULL)
    return usage (context);
  return run (&load, work, argc - 2, argv + 2);
}
