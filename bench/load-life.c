/* SPDX-License-Identifier: ISC
 *
 * Subscriptions from their beginning to their end, beside others that stay: so
 * many of them as one likes can be measured while the state is of one size. */
#include <string.h>

#include "load.h"

typedef struct {
  gint64 began;
  char *to, *target; /* of the answer, until the end is sent */
  gboolean is_ended; /* that was answered */
  gboolean is_over;
} Life;

static Life *lives;

static void
over (Life *life)
{
  g_clear_pointer (&life->to, g_free);
  g_clear_pointer (&life->target, g_free);
  life->is_over = TRUE;
}

static void
fail (Load *load, Life *life, const Sip *answer)
{
  if (!life->is_over)
    load_failed (load, "SUBSCRIBE", answer);
  over (life);
}

static void go_on (Load *load, guint i);

static void
ended_cb (Load *load, guint32 i, gint64 began, const Sip *answer, guint conn)
{
  Life *life = &lives[i];

  if (answer == NULL || answer->status >= 300) {
    fail (load, life, answer);
    return;
  }
  life->is_ended = TRUE;
  go_on (load, i);
}

static void
send (Load *load, guint i, TxFn fn, const char *to, const char *target)
{
  guint number = load->first_sub + i;
  Tx *tx = tx_begin (load->txs, 0, fn, i, lives[i].began);
  SubscribeForm form = { .presentity = load->subs[number].presentity,
                         .number = number,
                         .watcher = number / (guint)load->contacts,
                         .to = to,
                         .target = target };

  write_subscribe (load, tx, &form);
  tx_send (load->txs, tx);
}

/* What comes next, if anything does. */
static void
go_on (Load *load, guint i)
{
  const Sub *sub = &load->subs[load->first_sub + i];
  Life *life = &lives[i];

  if (life->to != NULL && sub->is_notified) {
    g_autofree char *to = g_steal_pointer (&life->to);
    g_autofree char *target = g_steal_pointer (&life->target);

    send (load, i, ended_cb, to, target);
  } else if (life->is_ended && sub->is_ended && !life->is_over) {
    load_done (load, life->began);
    over (life);
  }
}

/* Of <URI>;parameters. */
static char *
uri_of (Slice contact)
{
  const char *from
      = contact.at != NULL ? memchr (contact.at, '<', contact.len) : NULL;
  const char *to
      = from != NULL
            ? memchr (from, '>', contact.len - (gsize)(from - contact.at))
            : NULL;

  return to != NULL ? g_strndup (from + 1, (gsize)(to - from - 1)) : NULL;
}

static void
begun_cb (Load *load, guint32 i, gint64 began, const Sip *answer, guint conn)
{
  Life *life = &lives[i];
  char *target = answer != NULL ? uri_of (answer->contact) : NULL;

  if (answer == NULL || answer->status >= 300 || target == NULL) {
    g_free (target);
    fail (load, life, answer);
    return;
  }
  life->to = slice_dup (answer->to);
  life->target = target;
  go_on (load, i);
}

static void
begin (Load *load, guint i, gint64 at)
{
  lives[i].began = at;
  send (load, i, begun_cb, NULL, NULL);
}

static void
take_life (Load *load, Sub *sub, const Sip *sip)
{
  gsize number = (gsize)(sub - load->subs);

  sub->is_notified = TRUE;
  if (number >= load->first_sub)
    go_on (load, (guint)(number - load->first_sub));
}

gboolean
lives_closed (Load *load, guint n, guint first, guint each)
{
  gboolean is_whole;

  subs_prepare (load, n);
  for (guint i = 0; i < n; i++)
    load->subs[load->first_sub + i].presentity = first + i / each;
  lives = g_new0 (Life, n);
  load->on_notify = take_life;
  is_whole = load_closed (load, n, (guint)load->in_flight, begin);
  txs_drop (load->txs);
  for (guint i = 0; i < n; i++)
    over (&lives[i]);
  g_clear_pointer (&lives, g_free);
  load->on_notify = take_notify;
  return is_whole;
}
