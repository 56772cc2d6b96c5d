/* SPDX-License-Identifier: ISC
 *
 * What state costs: subscriptions at rest and a restart with them, many
 * connections, and the cost of an operation at growing numbers of users and
 * subscriptions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define WATCHERS 20 /* of a presentity, where growth is measured */

/* --- Rest --- */

static guint
fill (Load *load, guint n, guint each)
{
  load_begin (load);
  subscribe_more (load, n, each);
  load->lost = presence_lost (load);
  return load->done;
}

static gboolean is_ready;

static void
asked_cb (Load *load, guint32 op, gint64 began, const Sip *answer, guint conn)
{
  is_ready |= answer != NULL && answer->status < 300;
}

/* A REGISTER now and then, until one is answered 2xx. */
static gboolean
has_answered (Load *load)
{
  static gint64 asked;
  static guint cseq = 1000000;
  RegisterForm form = { .expires = 600, .cseq = ++cseq };
  Tx *tx;

  if (is_ready || load_now () - asked < 10000)
    return is_ready;
  asked = load_now ();
  tx = tx_begin (load->txs, 0, asked_cb, 0, asked);
  write_register (load, tx, &form);
  tx_send (load->txs, tx);
  return is_ready;
}

static gboolean
wait_until_ready (Load *load)
{
  is_ready = FALSE;
  load->progress = load_now ();
  while (!has_answered (load) && load_now () < load->progress + 300000000)
    load_step (load, 10);
  txs_drop (load->txs);
  return is_ready;
}

static gboolean
is_told (Load *load)
{
  return !load->presentities[0].is_out;
}

static gboolean
all_told (Load *load)
{
  return load->n_full >= load->n_subs;
}

/* Full state in the old dialogs, and the publication in those of the first. */
static void
take_again (Load *load, Sub *sub, const Sip *sip)
{
  if (!sub->is_full)
    load->n_full++;
  sub->is_full = TRUE;
  take_notify (load, sub, sip);
}

/* Kills the server, brings it back: how long until it answers, until a PUBLISH
 * reaches its watchers, until all have been told. */
static void
restart (Load *load, gboolean is_patient)
{
  int pid = proc_pid_in (load->pid_file);
  gint64 ready, told;
  gboolean is_reached;

  if (pid == 0 || proc_kill (pid) < 0)
    exit (1);
  txs_drop (load->txs);
  load->n_full = 0;
  load->on_notify = take_again;
  load_begin (load);
  load->cpu = 0; /* a new process */
  if (!g_spawn_command_line_async (load->restart, NULL))
    exit (1);
  if (!wait_until_ready (load))
    exit (1);
  ready = load_now ();
  publish (load, 0, ready);
  is_reached = load_until (load, is_told);
  told = load_now ();
  if (is_patient)
    load_until (load, all_told);
  load->lost = is_patient ? presence_lost (load) + load->n_subs - load->n_full
                          : (guint)load->presentities[0].is_out;
  load->progress = ready;
  load_report (load, "restart", load->n_subs,
               "state=%u\tready_ms=%.0f\ttold_ms=%.0f\tall_ms=%.0f",
               load->n_subs, (double)(ready - load->started) / 1e3,
               is_reached ? (double)(told - load->started) / 1e3 : -1,
               (double)(load_now () - load->started) / 1e3);
}

/* Until what a server keeps for a while after an answer is gone.  The CPU time
 * of that does not count. */
static void
settle (Load *load)
{
  double cpu = proc_cpu (load_pid (load)), db_cpu = proc_cpu (load->db_pid);

  load_behind (load, load->settle);
  load->cpu += proc_cpu (load_pid (load)) - cpu;
  load->db_cpu += proc_cpu (load->db_pid) - db_cpu;
}

/* Until PostgreSQL has done what it does after work (vacuum, checkpoints), or
 * for a minute: it is not of the work that follows. */
static void
wait_for_quiet (Load *load)
{
  for (int i = 0; i < 60 && load->settle > 0; i++) {
    double before = proc_cpu (load->db_pid);

    load_behind (load, 1);
    if (proc_cpu (load->db_pid) - before < 0.02)
      return;
  }
}

/* N [patient].  Memory is what the last nine tenths took, so that what a server
 * touches once does not count. */
static void
run_rest (Load *load, int argc, char **argv)
{
  guint n = (guint)atoi (argv[0]), first = n / 10, done;
  gint64 before;

  register_prepare (load, 1, 1);
  fill (load, first, (guint)load->each);
  settle (load);
  before = (gint64)proc_memory (load_pid (load));
  done = fill (load, n - first, (guint)load->each);
  settle (load);
  load_report (load, load->contacts > 1 ? "rest" : "rest-1", done,
               "state=%u\tcontacts=%d\tbytes=%.0f", load->n_subs,
               load->contacts,
               (double)((gint64)proc_memory (load_pid (load)) - before) * 1024
                   / MAX (done, 1));
  publish_rounds (load, 1, 0, 1, 1);
  if (load->restart != NULL)
    restart (load, argc > 1);
}

/* Until the server takes a REGISTER. */
static void
run_wait (Load *load, int argc, char **argv)
{
  if (!wait_until_ready (load))
    exit (1);
}

/* --- Connections --- */

static void
connect_all (Load *load, guint n)
{
  guint refused = 0;

  register_prepare (load, n, 1);
  for (guint i = 0; i < n; i++) {
    load->logins[i].conn = net_connect (load->net);
    refused += load->logins[i].conn == 0;
    if (i % 64 == 0)
      load_step (load, 0);
  }
  if (refused > 0)
    fprintf (stderr, "load: %u of %u connections were refused\n", refused, n);
}

/* Everybody on a connection of his own watches one of n / WATCHERS users. */
static void
watch_by_tcp (Load *load, guint n)
{
  guint presentities = MAX (1, n / WATCHERS);

  presentities_prepare (load, presentities);
  load->subs = g_new0 (Sub, n);
  load->n_subs = n;
  load->on_notify = take_notify;
  for (guint i = 0; i < n; i++) {
    load->subs[i].presentity = i % presentities;
    load->subs[i].conn = load->logins[i].conn;
  }
  load_closed (load, n, (guint)load->in_flight, start_subscribe);
}

/* CONNECTIONS N */
static void
run_tcp (Load *load, int argc, char **argv)
{
  guint conns = (guint)atoi (argv[0]), n = (guint)atoi (argv[1]);
  guint presentities = MAX (1, conns / WATCHERS);

  load_begin (load);
  connect_all (load, conns);
  load_closed (load, conns, (guint)load->in_flight, start_register);
  load_report (load, "tcp-register", load->done, "state=%u", conns);
  load_begin (load);
  watch_by_tcp (load, conns);
  load->lost = presence_lost (load);
  load_report (load, "tcp-subscribe", load->done, "state=%u", conns);
  load_begin (load);
  publish_rounds (load, MAX (presentities, n / WATCHERS), 0, presentities, 1);
  load->lost = presence_lost (load);
  load_report (load, "tcp-fanout", load->notifies, "state=%u\tclosed=%u", conns,
               net_n_closed (load->net));
  letters_prepare (load, n, 1);
  load_begin (load);
  load_closed (load, n, (guint)load->in_flight, start_message);
  load->lost = letters_lost (load);
  load_behind (load, LEDGER_BEHIND);
  load_report (load, "tcp-message", load->done, "state=%u\tclosed=%u", conns,
               net_n_closed (load->net));
}

/* --- Growth --- */

/* Each is measured so often at each size, and the median counts. */
#define TIMES 3

/* Presentities from `first' on, so many at once. */
static void
measure_fanout (Load *load, guint n, guint first, const char *when)
{
  guint rounds = MAX (n / WATCHERS, 10);
  guint others = load->n_presentities - first % load->n_presentities;

  load_begin (load);
  publish_rounds (load, rounds, first % load->n_presentities, others,
                  MIN (50, others));
  load->lost = presence_lost (load);
  load_report (load, "grow-fanout", load->notifies, "%s", when);
}

/* n of each operation while there are `state' users and subscriptions, each time
 * of others where there are enough. */
static void
measure_at (Load *load, guint state, guint n, guint time)
{
  g_autofree char *when = g_strdup_printf ("state=%u\ttime=%u", state, time);
  static guint unwatched; /* the first user whom nobody has watched yet */
  guint first = time * n;

  unwatched = MAX (unwatched, (guint)load->users / 2);
  load->first_user = first % state;
  load_begin (load);
  load_closed (load, n, (guint)load->in_flight, start_register);
  load_report (load, "grow-register", load->done, "%s", when);
  wait_for_quiet (load);
  letters_prepare (load, n, 1);
  load_begin (load);
  load_closed (load, n, (guint)load->in_flight, start_message);
  load->lost = letters_lost (load);
  load_behind (load, LEDGER_BEHIND);
  load_report (load, "grow-message", load->done, "%s", when);
  load->first_user = 0;
  load_begin (load);
  lives_closed (load, n, unwatched, WATCHERS);
  unwatched += n / WATCHERS + 1;
  load->lost = presence_lost (load);
  load_report (load, "grow-subscribe", load->done, "%s", when);
  measure_fanout (load, n, first / WATCHERS, when);
}

/* Users and subscriptions until there are `state'. */
static gboolean
grow (Load *load, guint had, guint state)
{
  guint more = state - had;

  register_prepare (load, state, 1);
  load->first_user = had;
  load_begin (load);
  load_closed (load, more, (guint)load->in_flight, start_register);
  load->first_user = 0;
  return load->done == more && fill (load, more, WATCHERS) == more;
}

/* N SIZE...: N of each, but a tenth of the state at least. */
static void
run_grow (Load *load, int argc, char **argv)
{
  guint had = 0;

  for (int i = 1; i < argc; i++) {
    guint state = (guint)atoi (argv[i]);
    guint n = MAX ((guint)atoi (argv[0]), state / 10);

    if (!grow (load, had, state))
      return; /* out of time */
    settle (load);
    for (guint k = 0; k < TIMES; k++) {
      wait_for_quiet (load);
      measure_at (load, state, n, k);
    }
    had = state;
  }
}

const Work state_works[] = {
  { "wait", "", 0, run_wait },
  { "rest", "N [patient]", 1, run_rest },
  { "tcp", "CONNECTIONS N", 2, run_tcp },
  { "grow", "N SIZE...", 2, run_grow },
  { NULL, NULL, 0, NULL },
};
