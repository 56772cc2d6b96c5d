/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBE, and PUBLISH to watchers.  Every publication has a mark, by which a
 * NOTIFY is known to carry it or a newer one; a watcher who at the end has an
 * older one than what was acknowledged last has lost it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* --- SUBSCRIBE --- */

void
presentities_prepare (Load *load, guint n)
{
  if (n <= load->n_presentities)
    return;
  load->presentities = g_renew (Presentity, load->presentities, n);
  memset (load->presentities + load->n_presentities, 0,
          sizeof (Presentity) * (n - load->n_presentities));
  load->n_presentities = n;
}

void
subs_forget (Load *load)
{
  for (guint i = 0; i < load->n_presentities; i++)
    g_free (load->presentities[i].etag);
  g_clear_pointer (&load->presentities, g_free);
  g_clear_pointer (&load->subs, g_free);
  load->n_presentities = load->first_presentity = 0;
  load->n_subs = load->first_sub = 0;
  load->epoch++;
}

static void
finish_if_whole (Load *load, Sub *sub)
{
  if (!sub->is_answered || !sub->is_notified || sub->began == 0)
    return;
  load->presentities[sub->presentity].n_watchers++;
  load_done (load, sub->began);
  sub->began = 0;
}

static void
subscribed_cb (Load *load, guint32 i, gint64 began, const Sip *answer,
               guint conn)
{
  Sub *sub = &load->subs[i];

  if (answer == NULL || answer->status >= 300) {
    sub->began = 0;
    load_failed (load, "SUBSCRIBE", answer);
    return;
  }
  sub->is_answered = TRUE;
  finish_if_whole (load, sub);
}

void
start_subscribe (Load *load, guint i, gint64 at)
{
  guint number = load->first_sub + i;
  Sub *sub = &load->subs[number];
  Tx *tx = tx_begin (load->txs, sub->conn, subscribed_cb, number, at);
  SubscribeForm form = { .presentity = sub->presentity,
                         .number = number,
                         .watcher = number / (guint)load->contacts,
                         .conn = sub->conn,
                         .is_own = load->is_own };

  sub->began = at;
  write_subscribe (load, tx, &form);
  tx_send (load->txs, tx);
}

void
subs_prepare (Load *load, guint n)
{
  load->first_sub = load->n_subs;
  load->subs = g_renew (Sub, load->subs, load->n_subs + n);
  memset (load->subs + load->n_subs, 0, sizeof (Sub) * n);
  load->n_subs += n;
}

/* To presentities that nobody watches yet. */
static void
lay_out (Load *load, guint n, guint each)
{
  guint presentities = MAX (1, n / MAX (each, 1));

  load->first_presentity = load->n_presentities;
  presentities_prepare (load, load->n_presentities + presentities);
  subs_prepare (load, n);
  for (guint i = 0; i < n; i++)
    load->subs[load->first_sub + i].presentity
        = load->first_presentity + i % presentities;
}

gboolean
subscribe_more (Load *load, guint n, guint each)
{
  load->on_notify = take_notify;
  lay_out (load, n, each);
  return load_closed (load, n, (guint)load->in_flight, start_subscribe);
}

/* --- PUBLISH --- */

static void
finish_publish (Load *load, guint number)
{
  Presentity *it = &load->presentities[number];

  if (!it->is_out || !it->is_answered || it->to_go > 0)
    return;
  it->is_out = FALSE;
  load_done (load, it->began);
  if (load->idle != NULL)
    g_array_append_val (load->idle, number);
}

static void send_publish (Load *load, guint number);

static void
published_cb (Load *load, guint32 number, gint64 began, const Sip *answer,
              guint conn)
{
  Presentity *it = &load->presentities[number];

  if (answer != NULL && answer->status == 412 && it->etag != NULL) {
    g_clear_pointer (&it->etag, g_free);
    send_publish (load, number);
    return;
  }
  if (answer == NULL || answer->status >= 300) {
    it->is_out = FALSE;
    load_failed (load, "PUBLISH", answer);
    if (load->idle != NULL)
      g_array_append_val (load->idle, number);
    return;
  }
  g_free (it->etag);
  it->etag = answer->etag.at != NULL ? slice_dup (answer->etag) : NULL;
  it->acked = it->mark;
  it->is_answered = TRUE;
  finish_publish (load, number);
}

static void
send_publish (Load *load, guint number)
{
  Presentity *it = &load->presentities[number];
  Tx *tx = tx_begin (load->txs, 0, published_cb, number, it->began);
  PublishForm form;

  it->mark++;
  it->to_go = it->n_watchers;
  it->is_out = TRUE;
  it->is_answered = FALSE;
  form = (PublishForm){
    .presentity = number, .cseq = it->mark, .mark = it->mark, .etag = it->etag
  };
  write_publish (load, tx, &form);
  tx_send (load->txs, tx);
}

void
publish (Load *load, guint presentity, gint64 at)
{
  load->presentities[presentity].began = at;
  send_publish (load, presentity);
}

void
take_notify (Load *load, Sub *sub, const Sip *sip)
{
  Presentity *it = &load->presentities[sub->presentity];
  gint64 mark = slice_number (sip->body, "<note>mark");

  if (!sub->is_notified) {
    sub->is_notified = TRUE;
    finish_if_whole (load, sub);
  }
  if (mark <= sub->mark)
    return;
  sub->mark = (guint32)mark;
  if (!it->is_out || mark != it->mark || it->to_go == 0)
    return;
  hist_add (&load->each_hist, load_now () - it->began);
  it->to_go--;
  finish_publish (load, sub->presentity);
}

guint
presence_lost (const Load *load)
{
  guint lost = 0;

  for (guint i = 0; i < load->n_subs; i++) {
    const Sub *sub = &load->subs[i];

    lost += sub->is_answered && !sub->is_ended
            && (!sub->is_notified
                || sub->mark < load->presentities[sub->presentity].acked);
  }
  return lost;
}

static void
start_publish (Load *load, guint i, gint64 at)
{
  guint number;

  g_assert (load->idle->len > 0);
  number = g_array_index (load->idle, guint, 0);
  g_array_remove_index (load->idle, 0);
  publish (load, number, at);
}

gboolean
publish_rounds (Load *load, guint rounds, guint first, guint n, guint at_once)
{
  gboolean is_whole;

  load->idle = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < n; i++) {
    guint number = first + i;

    g_array_append_val (load->idle, number);
  }
  is_whole = load_closed (load, rounds, MIN (at_once, n), start_publish);
  g_clear_pointer (&load->idle, g_array_unref);
  return is_whole;
}

/* --- Works --- */

/* N */
static void
run_subscribe (Load *load, int argc, char **argv)
{
  load_begin (load);
  subscribe_more (load, (guint)atoi (argv[0]), (guint)load->each);
  load->lost = presence_lost (load);
  load_report (load, "subscribe", load->done, "each=%d", load->each);
}

/* WATCHERS ROUNDS [AT-ONCE] */
static void
run_fanout (Load *load, int argc, char **argv)
{
  guint watchers = (guint)atoi (argv[0]), rounds = (guint)atoi (argv[1]);
  guint at_once = argc > 2 ? (guint)atoi (argv[2]) : 1;
  g_autofree char *name
      = at_once > 1 ? g_strdup_printf ("fanout-%ux%u", watchers, at_once)
                    : g_strdup_printf ("fanout-%u", watchers);

  load_begin (load);
  if (!subscribe_more (load, watchers * at_once, watchers))
    fprintf (stderr, "load: %u of %u subscribed\n", load->done,
             watchers * at_once);
  publish_rounds (load, at_once, 0, at_once, at_once);
  load_begin (load);
  publish_rounds (load, rounds, 0, at_once, at_once);
  load->lost = presence_lost (load);
  load_report (load, name, load->notifies,
               "publishes=%u\teach_p50=%" G_GINT64_FORMAT
               "\teach_p99=%" G_GINT64_FORMAT,
               load->done, hist_at (&load->each_hist, 0.5),
               hist_at (&load->each_hist, 0.99));
  subs_forget (load);
}

/* --- Another's NOTIFY while a setting is switched --- */

#define PROBE_EVERY (20 * 1000) /* us */

static void
probe_for (Load *load, const char *name, guint number, double seconds)
{
  gint64 end, from;

  load_begin (load);
  end = load_now () + (gint64)(seconds * 1e6);
  while ((from = load_now ()) < end) {
    load->n = 1;
    load->next = 1;
    publish (load, number, from);
    while (load->presentities[number].is_out
           && load_now () < from + 10 * G_USEC_PER_SEC)
      load_step (load, 100);
    while (load_now () < from + PROBE_EVERY)
      load_step (load, 1);
  }
  load_report (load, name, load->done, "notifies=%u", load->notifies);
}

/* N SECONDS COMMAND */
static void
run_meanwhile (Load *load, int argc, char **argv)
{
  guint n = (guint)atoi (argv[0]), probe;

  load_begin (load);
  subscribe_more (load, n, (n + (guint)load->users - 1) / (guint)load->users);
  probe = load->n_presentities;
  load->is_own = TRUE; /* who sees himself, whatever the setting says */
  subscribe_more (load, 1, 1);
  probe_for (load, "meanwhile-before", probe, 3);
  if (!g_spawn_command_line_async (argv[2], NULL))
    exit (1);
  probe_for (load, "meanwhile", probe, g_ascii_strtod (argv[1], NULL));
}

const Work presence_works[] = {
  { "subscribe", "N", 1, run_subscribe },
  { "fanout", "WATCHERS ROUNDS [AT-ONCE]", 2, run_fanout },
  { "meanwhile", "N SECONDS COMMAND", 3, run_meanwhile },
  { NULL, NULL, 0, NULL },
};
