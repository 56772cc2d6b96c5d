/* SPDX-License-Identifier: ISC
 *
 * Open loop: so many a second whether the server keeps up or not, which is how
 * users behave; a latency counts from when the request was due. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* To one watcher; a user who has not finished is skipped to the next. */
static void
start_next_publish (Load *load, guint i, gint64 at)
{
  for (guint k = 0; k < load->n_presentities; k++) {
    guint number = (i + k) % load->n_presentities;

    if (!load->presentities[number].is_out) {
      publish (load, number, at);
      return;
    }
  }
  load_failed (load, "PUBLISH (all users busy)", NULL);
}

typedef struct {
  const char *name;
  StartFn start;
  guint per_user; /* watchers of each, for PUBLISH */
} Kind;

static const Kind kinds[] = { { "register", start_register, 0 },
                              { "message", start_message, 0 },
                              { "publish", start_next_publish, 1 },
                              { "subscribe", start_subscribe, 0 } };

static const Kind *
kind_of (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, name) == 0)
      return &kinds[i];
  fprintf (stderr, "load: no such work: %s\n", name);
  exit (2);
}

/* For n operations. */
static void
prepare (Load *load, const Kind *kind, guint n)
{
  guint users = (guint)load->users;

  if (kind->start == start_register || kind->start == start_message)
    register_users (load, users, 1);
  if (kind->start == start_message)
    letters_prepare (load, n, 1);
  if (kind->per_user > 0)
    subscribe_more (load, users, 1);
  if (kind->start == start_subscribe) {
    presentities_prepare (load, users);
    load->subs = g_new0 (Sub, n);
    load->n_subs = n;
    load->on_notify = take_notify;
    for (guint i = 0; i < n; i++)
      load->subs[i].presentity = i % users;
  }
}

/* KIND RATE SECONDS LABEL */
static void
run_open (Load *load, int argc, char **argv)
{
  const Kind *kind = kind_of (argv[0]);
  double rate = g_ascii_strtod (argv[1], NULL),
         seconds = g_ascii_strtod (argv[2], NULL);
  g_autofree char *name = g_strdup_printf ("open-%s-%s", argv[0], argv[3]);

  prepare (load, kind, (guint)(rate * seconds) + 1);
  load_begin (load);
  load_open (load, rate, seconds, kind->start);
  if (kind->start == start_message)
    load->lost = letters_lost (load);
  else if (load->n_subs > 0)
    load->lost = presence_lost (load);
  load_report (load, name, load->done, "offered=%.0f", rate);
}

const Work open_works[] = {
  { "open", "register|message|publish|subscribe RATE SECONDS LABEL", 4,
    run_open },
  { NULL, NULL, 0, NULL },
};
