/* SPDX-License-Identifier: ISC
 *
 * The loops that keep a server busy, and what comes in meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

gint64
load_now (void)
{
  return g_get_monotonic_time ();
}

/* --- What comes in --- */

/* The subscription that a NOTIFY belongs to, by its Call-ID "sN-RUN.EPOCH". */
static Sub *
sub_of (Load *load, const Sip *sip)
{
  const char *at = sip->call_id.at, *stop = at + sip->call_id.len;
  gsize len = strlen (load->run);
  char *end;
  gulong i;

  if (at == NULL || sip->call_id.len < len + 4 || *at != 's')
    return NULL;
  i = strtoul (at + 1, &end, 10);
  if (end + 1 + len >= stop || *end != '-' || i >= load->n_subs
      || strncmp (end + 1, load->run, len) != 0
      || strtoul (end + 2 + len, NULL, 10) != load->epoch)
    return NULL;
  return &load->subs[i];
}

static void
take_notify_request (Load *load, const Sip *sip)
{
  Sub *sub = sub_of (load, sip);

  if (sub == NULL)
    return;
  if (sip->cseq_number <= sub->cseq) {
    load->again++;
    return;
  }
  sub->cseq = sip->cseq_number;
  load->notifies++;
  load->progress = load_now ();
  if (slice_has (sip->state, "terminated"))
    sub->is_ended = TRUE;
  if (load->on_notify != NULL)
    load->on_notify (load, sub, sip);
}

/* The user's number in "sip:PREFIXn_DEVICE@". */
static gint64
user_in (const Load *load, Slice uri)
{
  const char *at = memchr (uri.at, ':', uri.len);

  if (at == NULL)
    return -1;
  uri.len -= (guint)(at - uri.at);
  uri.at = at;
  return slice_number (uri, load->prefix);
}

static void
take_message_request (Load *load, const Sip *sip)
{
  char part[40];
  gint64 mark = slice_number (sip->body, "#"), user = user_in (load, sip->uri),
         device = slice_number (sip->uri, "_");
  guint bit;
  gboolean is_new;

  g_snprintf (part, sizeof part, " of %s.%u", load->run, load->post);
  if (mark < 0 || mark >= load->n_letters || user < 0 || device < 0
      || device > 5 || !slice_has (sip->body, part))
    return;
  bit = 1U << device;
  is_new = (load->letters[mark].devices & bit) == 0;
  load->letters[mark].devices |= bit;
  load->again += !is_new;
  load->messages += is_new;
  load->progress = load_now ();
  if (load->on_message != NULL)
    load->on_message (load, (guint)user, (guint)mark, is_new);
}

static void
take_cb (const Sip *sip, const char *text, guint conn, gpointer data)
{
  static GString *out;
  Load *load = data;

  if (sip->status != 0) {
    tx_take (load->txs, sip, conn);
    return;
  }
  if (sip->method == 'A')
    return;
  if (out == NULL)
    out = g_string_sized_new (2048);
  load->bytes += sip->body.len;
  write_answer (out, sip, "200 OK", "a", "");
  net_send (load->net, conn, out->str, out->len);
  if (sip->method == 'N')
    take_notify_request (load, sip);
  else if (sip->method == 'M')
    take_message_request (load, sip);
}

void
load_init (Load *load)
{
  g_snprintf (load->run, sizeof load->run, "%07x", g_random_int () & 0xfffffff);
  load->net = net_new (load->server, load->source, 0, take_cb, load);
  load->txs = txs_new (load);
}

/* --- Loops --- */

void
load_step (Load *load, int ms)
{
  int until = tx_tick (load->txs);

  net_poll (load->net, (gint64)MIN (ms, until) * 1000);
}

void
load_done (Load *load, gint64 began)
{
  gint64 now = load_now ();

  hist_add (&load->hist, now - began);
  load->done++;
  load->progress = now;
}

void
load_failed (Load *load, const char *what, const Sip *answer)
{
  if (answer == NULL)
    load->unanswered++;
  else if (load->refused++ == 0)
    fprintf (stderr, "load: %s was answered %u\n", what, answer->status);
  load->failed++;
  load->progress = load_now ();
}

static gboolean
is_stuck (const Load *load)
{
  gint64 now = load_now (), patience = load->patience * G_USEC_PER_SEC;

  return now - load->progress > patience
         || (load->limit > 0
             && now - load->started
                    > (gint64)load->limit * G_USEC_PER_SEC + patience);
}

static gboolean
is_out_of_time (const Load *load)
{
  return load->limit > 0
         && load_now () - load->started > (gint64)load->limit * G_USEC_PER_SEC;
}

static void
start_loop (Load *load, guint n)
{
  load->n = n;
  load->next = load->done = load->failed = 0;
  load->progress = load_now ();
}

gboolean
load_closed (Load *load, guint n, guint in_flight, StartFn start)
{
  start_loop (load, n);
  while (load->done + load->failed < load->n) {
    while (load->next < load->n
           && load->next - load->done - load->failed < in_flight)
      start (load, load->next++, load_now ());
    if (is_out_of_time (load))
      load->n = load->next; /* what is out is waited for */
    load_step (load, 100);
    if (is_stuck (load))
      break;
  }
  return load->done == n;
}

/* Not shorter: who waits actively takes the server's time away. */
#define NAP 200 /* us */

static void
wait_open (Load *load, gint64 us)
{
  gint64 until = (gint64)tx_tick (load->txs) * 1000;

  net_poll (load->net, CLAMP (us, NAP, MAX (until, NAP)));
}

gboolean
load_open (Load *load, double rate, double seconds, StartFn start)
{
  gint64 from = load_now ();
  guint n = (guint)(rate * seconds);

  start_loop (load, n);
  while (load->done + load->failed < n && !is_stuck (load)) {
    gint64 now = load_now ();
    gint64 next = from + (gint64)((double)load->next / rate * 1e6);

    if (load->next < n && next <= now) {
      start (load, load->next++, next);
      continue;
    }
    wait_open (load, load->next == n ? 100000 : next - now);
  }
  return load->done == n;
}

void
load_behind (Load *load, int seconds)
{
  gint64 end = load_now () + MIN (seconds, load->settle) * G_USEC_PER_SEC;

  while (load_now () < end)
    load_step (load, 100);
}

gboolean
load_until (Load *load, gboolean (*is_true) (Load *load))
{
  load->progress = load_now ();
  while (!is_true (load)) {
    load_step (load, 100);
    if (is_stuck (load))
      return FALSE;
  }
  return TRUE;
}
