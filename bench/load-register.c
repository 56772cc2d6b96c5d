/* SPDX-License-Identifier: ISC
 *
 * REGISTER: new and refreshed, from trusted peers and with digest.  A device
 * that has a challenge uses it again with the next nonce count, as phones do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define EXPIRES 3600

void
register_prepare (Load *load, guint n, guint devices)
{
  guint n_logins = n * devices;

  if (n_logins > load->n_logins) {
    load->logins = g_renew (Login, load->logins, n_logins);
    memset (load->logins + load->n_logins, 0,
            sizeof (Login) * (n_logins - load->n_logins));
  }
  load->n_logins = MAX (load->n_logins, n_logins);
  load->n_users = n;
  load->devices = devices;
}

static void send_register (Load *load, guint i, gint64 at);

static void
take_challenge (Load *load, guint32 i, gint64 began, const Sip *answer)
{
  Login *login = &load->logins[i];
  gboolean was_answered = login->nc == 1;

  challenge_clear (&login->challenge);
  login->nc = 0;
  if (was_answered || !challenge_read (answer->challenge, &login->challenge))
    load_failed (load, "REGISTER", answer);
  else
    send_register (load, i, began);
}

static void
registered_cb (Load *load, guint32 i, gint64 began, const Sip *answer,
               guint conn)
{
  if (answer != NULL && (answer->status == 401 || answer->status == 407))
    take_challenge (load, i, began, answer);
  else if (answer != NULL && answer->status < 300)
    load_done (load, began);
  else
    load_failed (load, "REGISTER", answer);
}

static void
send_register (Load *load, guint i, gint64 at)
{
  Login *login = &load->logins[i];
  Tx *tx = tx_begin (load->txs, login->conn, registered_cb, i, at);
  gboolean has_challenge = login->challenge.nonce != NULL;
  RegisterForm form = { .user = i / load->devices,
                        .device = i % load->devices,
                        .cseq = ++login->cseq,
                        .expires = EXPIRES,
                        .call = load->epoch,
                        .conn = login->conn,
                        .challenge = has_challenge ? &login->challenge : NULL,
                        .nc = has_challenge ? ++login->nc : 0 };

  write_register (load, tx, &form);
  tx_send (load->txs, tx);
}

void
start_register (Load *load, guint i, gint64 at)
{
  guint n = (load->n_users - load->first_user) * load->devices;

  send_register (load, load->first_user * load->devices + i % n, at);
}

void
register_users (Load *load, guint n, guint devices)
{
  register_prepare (load, n, devices);
  load_begin (load);
  if (!load_closed (load, n * devices, (guint)load->in_flight,
                    start_register)) {
    fprintf (stderr, "load: the users could not be registered\n");
    exit (1);
  }
}

/* N */
static void
run_register (Load *load, int argc, char **argv)
{
  guint n = (guint)atoi (argv[0]);
  const char *how = load->is_digest ? "-digest" : "";
  g_autofree char *fresh = g_strconcat ("register-new", how, NULL);
  g_autofree char *again = g_strconcat ("register-refresh", how, NULL);

  register_prepare (load, n, 1);
  load_begin (load);
  load_closed (load, n, (guint)load->in_flight, start_register);
  load_report (load, fresh, load->done, NULL);
  load->n_users = MAX (1, load->next);
  load_begin (load);
  load_closed (load, n, (guint)load->in_flight, start_register);
  load_report (load, again, load->done, NULL);
}

const Work register_works[] = {
  { "register", "N", 1, run_register },
  { NULL, NULL, 0, NULL },
};
