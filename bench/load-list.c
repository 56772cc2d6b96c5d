/* SPDX-License-Identifier: ISC
 *
 * Lists (RFC 4662): users 0...MEMBERS-1 are in the contacts of users MEMBERS...
 * MEMBERS+WATCHERS-1, who each watch all their contacts by one subscription.
 * User 0 changes; the server is killed and must tell everybody everything. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static guint
count (Slice text, const char *what)
{
  const char *at = text.at, *stop = text.at + text.len;
  gsize len = strlen (what);
  guint n = 0;

  while (at < stop
         && (at = memmem (at, (gsize)(stop - at), what, len)) != NULL) {
    n++;
    at += len;
  }
  return n;
}

static void
take_full (Load *load, Sub *sub, const Sip *sip)
{
  if (count (sip->body, "<resource ") != load->members && load->refused++ == 0)
    fprintf (stderr, "load: a list has not %u members:\n%.*s\n", load->members,
             (int)MIN (sip->body.len, 1000), sip->body.at);
  if (sub->is_full)
    return;
  sub->is_full = TRUE;
  load->n_full++;
  if (sub->is_answered && sub->began != 0)
    load_done (load, sub->began);
  sub->began = 0;
}

static void
take_list (Load *load, Sub *sub, const Sip *sip)
{
  if (slice_has (sip->body, "fullState=\"true\""))
    take_full (load, sub, sip);
  sub->is_notified = TRUE;
  take_notify (load, sub, sip);
}

static void
subscribed_cb (Load *load, guint32 i, gint64 began, const Sip *answer,
               guint conn)
{
  Sub *sub = &load->subs[i];

  if (answer == NULL || answer->status >= 300) {
    load_failed (load, "SUBSCRIBE to a list", answer);
    return;
  }
  sub->is_answered = TRUE;
  if (sub->is_full)
    load_done (load, began);
}

static void
start_list (Load *load, guint i, gint64 at)
{
  Sub *sub = &load->subs[i];
  Tx *tx = tx_begin (load->txs, 0, subscribed_cb, i, at);
  SubscribeForm form = {
    .presentity = load->members + i, .number = i, .watcher = i, .is_list = TRUE
  };

  sub->began = at;
  write_subscribe (load, tx, &form);
  tx_send (load->txs, tx);
}

static gboolean
subscribe_lists (Load *load, guint n)
{
  load->subs = g_new0 (Sub, n);
  load->n_subs = n;
  load->on_notify = take_list;
  return load_closed (load, n, (guint)load->in_flight, start_list);
}

static gboolean
is_all_full (Load *load)
{
  return load->n_full >= load->n_subs;
}

static void
restart (Load *load)
{
  int pid = proc_pid_in (load->pid_file);

  if (pid == 0 || proc_kill (pid) < 0)
    exit (1);
  for (guint i = 0; i < load->n_subs; i++) {
    load->subs[i].is_full = FALSE;
    load->subs[i].began = 0;
  }
  load->n_full = 0;
  load_begin (load);
  load->cpu = 0; /* a new process */
  if (!g_spawn_command_line_async (load->restart, NULL))
    exit (1);
  load_until (load, is_all_full);
  load->lost = load->n_subs - load->n_full;
  load_report (load, "list-restart", load->n_full, "members=%u", load->members);
}

/* WATCHERS MEMBERS ROUNDS */
static void
run_lists (Load *load, int argc, char **argv)
{
  guint n = (guint)atoi (argv[0]), rounds = (guint)atoi (argv[2]);

  load->members = (guint)atoi (argv[1]);
  presentities_prepare (load, 1);
  load_begin (load);
  subscribe_lists (load, n);
  load->lost = n - load->n_full;
  load_report (load, "list-subscribe", load->n_full, "members=%u\tbytes=%.0f",
               load->members, (double)load->bytes / MAX (load->notifies, 1));
  load->presentities[0].n_watchers = load->n_full;
  publish_rounds (load, 1, 0, 1, 1);
  load_begin (load);
  publish_rounds (load, rounds, 0, 1, 1);
  load->lost = presence_lost (load);
  load_report (load, "list-change", load->notifies, "members=%u\tpublishes=%u",
               load->members, load->done);
  if (load->restart != NULL)
    restart (load);
}

const Work list_works[] = {
  { "lists", "WATCHERS MEMBERS ROUNDS", 3, run_lists },
  { NULL, NULL, 0, NULL },
};
