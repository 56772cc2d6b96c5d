/* SPDX-License-Identifier: ISC
 *
 * MESSAGE: to devices that are there, stored for those that are not, delivered
 * when they come.  Every message has a number in its text; one that was answered
 * 2xx and that no device ever got is lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

void
letters_prepare (Load *load, guint n, guint devices)
{
  g_free (load->letters);
  load->letters = g_new0 (Letter, n);
  load->n_letters = n;
  load->devices = devices;
  load->post++;
}

static guint
n_bits (guint bits)
{
  return (guint)__builtin_popcount (bits);
}

static void
finish_if_whole (Load *load, guint mark)
{
  Letter *letter = &load->letters[mark];

  if (letter->is_done || !letter->is_acked
      || (!letter->is_stored && n_bits (letter->devices) < load->devices))
    return;
  letter->is_done = TRUE;
  load_done (load, letter->began);
}

static void
sent_cb (Load *load, guint32 mark, gint64 began, const Sip *answer, guint conn)
{
  Letter *letter = &load->letters[mark];

  if (answer == NULL || answer->status >= 300) {
    load_failed (load, "MESSAGE", answer);
    return;
  }
  letter->is_acked = TRUE;
  letter->is_stored = answer->status == 202;
  finish_if_whole (load, mark);
}

static void
take_message (Load *load, guint user, guint mark, gboolean is_new)
{
  finish_if_whole (load, mark);
}

void
start_message (Load *load, guint i, gint64 at)
{
  guint users = load->n_users - load->first_user;
  guint recipient = load->first_user + i % users;
  guint conn
      = load->logins != NULL ? load->logins[recipient * load->devices].conn : 0;
  Tx *tx = tx_begin (load->txs, conn, sent_cb, i, at);

  load->on_message = take_message;
  load->letters[i].began = at;
  write_message (load, tx, recipient, i, conn);
  tx_send (load->txs, tx);
}

guint
letters_lost (const Load *load)
{
  guint lost = 0;

  for (guint i = 0; i < load->n_letters; i++)
    lost += load->letters[i].is_acked && load->letters[i].devices == 0;
  return lost;
}

/* --- Works --- */

/* Of users first...n-1. */
static void
send_messages (Load *load, const char *name, guint n)
{
  letters_prepare (load, n, load->devices);
  load_begin (load);
  load_closed (load, n, (guint)load->in_flight, start_message);
  load->lost = letters_lost (load);
  load_behind (load, LEDGER_BEHIND);
  load_report (load, name, load->done, "copies=%u", load->messages);
}

/* N [DEVICES] */
static void
run_online (Load *load, int argc, char **argv)
{
  guint devices = argc > 1 ? (guint)atoi (argv[1]) : 1;
  g_autofree char *name = g_strdup_printf ("message-%u", devices);

  register_users (load, (guint)load->users, devices);
  send_messages (load, name, (guint)atoi (argv[0]));
}

static gboolean
has_all (Load *load)
{
  return load->messages >= GPOINTER_TO_UINT (load->work);
}

typedef struct {
  gint64 *came; /* by user: when he registered */
} Arrival;

static Arrival arrival;

static void
take_stored (Load *load, guint user, guint mark, gboolean is_new)
{
  if (is_new && user < load->n_users)
    hist_add (&load->each_hist, load_now () - arrival.came[user]);
}

static void
start_arrival (Load *load, guint i, gint64 at)
{
  arrival.came[i] = at;
  start_register (load, i, at);
}

/* All who have messages come; a latency is from REGISTER to a message. */
static void
deliver (Load *load, guint users)
{
  guint stored = 0;

  for (guint i = 0; i < load->n_letters; i++)
    stored += load->letters[i].is_acked;
  load->work = GUINT_TO_POINTER (stored);
  arrival.came = g_new0 (gint64, users);
  register_prepare (load, users, 1);
  load->on_message = take_stored;
  load_begin (load);
  load_closed (load, users, (guint)load->in_flight, start_arrival);
  load_until (load, has_all);
  load->hist = load->each_hist; /* not of the REGISTERs */
  load->lost = letters_lost (load);
  load_behind (load, LEDGER_BEHIND);
  load_report (load, "deliver", load->messages, "users=%u", users);
  g_clear_pointer (&arrival.came, g_free);
}

/* N */
static void
run_store (Load *load, int argc, char **argv)
{
  guint n = (guint)atoi (argv[0]), users = (guint)load->users;

  load->n_users = users;
  letters_prepare (load, n, 1);
  load_begin (load);
  load_closed (load, n, (guint)load->in_flight, start_message);
  load_report (load, "store", load->done, NULL);
  deliver (load, users);
}

/* N, to whoever is there. */
static void
run_send (Load *load, int argc, char **argv)
{
  load->n_users = (guint)load->users;
  load->devices = 1;
  letters_prepare (load, (guint)atoi (argv[0]), 1);
  load_begin (load);
  load_closed (load, load->n_letters, (guint)load->in_flight, start_message);
  load_report (load, "send", load->done, NULL);
}

/* One user with N stored messages comes while others are written to. */
typedef struct {
  guint n_online, n_burst, came;
  gint64 began, last;
} Burst;

static Burst burst;

static void
take_burst (Load *load, guint user, guint mark, gboolean is_new)
{
  if (mark >= burst.n_online) {
    burst.came += is_new;
    burst.last = load_now ();
  } else {
    finish_if_whole (load, mark);
  }
}

static void
start_burst (Load *load, guint i, gint64 at)
{
  guint mark = burst.n_online + i;
  Tx *tx = tx_begin (load->txs, 0, sent_cb, mark, at);

  load->letters[mark].began = at;
  write_message (load, tx, 0, mark, 0);
  tx_send (load->txs, tx);
}

static void
start_beside (Load *load, guint i, gint64 at)
{
  if (i == 0) {
    load->first_user = 0;
    burst.began = at;
    start_register (load, 0, at);
    load->first_user = 1;
  } else {
    start_message (load, i - 1, at);
    load->on_message = take_burst;
  }
}

static gboolean
has_burst (Load *load)
{
  return burst.came >= burst.n_burst;
}

/* N [ONLINE] */
static void
run_burst (Load *load, int argc, char **argv)
{
  guint users = (guint)load->users;

  burst = (Burst){ .n_burst = (guint)atoi (argv[0]),
                   .n_online = argc > 1 ? (guint)atoi (argv[1]) : 20000 };
  register_prepare (load, users, 1);
  load->first_user = 1;
  load_begin (load);
  load_closed (load, users - 1, (guint)load->in_flight, start_register);
  send_messages (load, "burst-before", burst.n_online);
  letters_prepare (load, burst.n_online + burst.n_burst, 1);
  load_begin (load);
  load_closed (load, burst.n_burst, (guint)load->in_flight, start_burst);
  burst.n_burst = load->done;
  load_begin (load);
  load_closed (load, burst.n_online + 1, (guint)load->in_flight, start_beside);
  load_until (load, has_burst);
  load->lost = letters_lost (load);
  load_behind (load, LEDGER_BEHIND);
  load_report (load, "burst", load->done, "burst=%u\tburst_ms=%.0f", burst.came,
               (double)(burst.last - burst.began) / 1e3);
}

const Work message_works[] = {
  { "message", "N [DEVICES]", 1, run_online },
  { "send", "N", 1, run_send },
  { "store", "N", 1, run_store },
  { "burst", "N [ONLINE]", 1, run_burst },
  { NULL, NULL, 0, NULL },
};
