/* SPDX-License-Identifier: ISC
 *
 * watch/ under whatever a notifier, the network and the lists may do, in any
 * order: bounds hold, a hostile notifier cannot have us ask all the time, news
 * are told once, and nothing is left when the last holder has gone. */
#include "watch/watch-priv.h"

#include <string.h>

#define TARGETS 6
#define USERS 3
#define STEPS 4000

typedef struct {
  Watch *watch; /* NULL: gone */
  guint holders;
  guint32 cseq, heard;
  guint32 played;      /* CSeq of the SUBSCRIBE that a hostile one has had */
  char *call_id, *tag; /* of its last SUBSCRIBE */
  guint version, sent;
} One;

typedef struct {
  Watches *all;
  GArray *actions;
  gint64 now;
  One ones[USERS * TARGETS];
  GHashTable *living; /* set of Watch with room, or waiting */
} World;

static const WatchLimits LIMITS
    = { .max = 12, .max_per_user = 5, .expires = 3600, .max_body = 100 };

static One *
one_of (World *w, const Watch *watch)
{
  for (guint i = 0; i < G_N_ELEMENTS (w->ones); i++)
    if (w->ones[i].watch == watch)
      return &w->ones[i];
  return NULL; /* it is leaving */
}

static void
note_send (World *w, const WatchAction *action)
{
  One *one = one_of (w, action->watch);
  WatchDialog dialog;

  g_assert_true (g_hash_table_contains (w->living, action->watch));
  watch_dialog (action->watch, &dialog);
  g_assert_nonnull (dialog.call_id);
  if (one == NULL || action->expires == 0)
    return;
  if (g_strcmp0 (one->tag, dialog.local_tag) != 0)
    one->heard = 0;
  g_free (one->call_id);
  g_free (one->tag);
  one->call_id = g_strdup (dialog.call_id);
  one->tag = g_strdup (dialog.local_tag);
  one->cseq = action->cseq;
  one->sent++;
}

static void
note_news (World *w, const WatchAction *action)
{
  One *one = one_of (w, action->watch);
  WatchView view;

  watch_look (action->watch, &view);
  g_assert_true (view.state == WATCH_ACTIVE || view.body == NULL);
  if (one == NULL)
    return;
  g_assert_cmpuint (view.version, >=, one->version);
  one->version = view.version;
}

static void
carry_out (World *w)
{
  for (guint i = 0; i < w->actions->len; i++) {
    const WatchAction *action = &g_array_index (w->actions, WatchAction, i);

    if (action->kind == WATCH_ACT_SEND) {
      g_hash_table_add (w->living, action->watch);
      note_send (w, action);
    } else if (action->kind == WATCH_ACT_CHANGED) {
      note_news (w, action);
    } else {
      g_hash_table_remove (w->living, action->watch);
      watch_unref (action->watch);
    }
  }
  g_array_set_size (w->actions, 0);
  g_assert_cmpuint (watches_size (w->all), <=, LIMITS.max);
  g_assert_cmpuint (watches_size (w->all), ==, g_hash_table_size (w->living));
}

static void
take (World *w, guint i)
{
  g_autofree char *user = g_strdup_printf ("u%u@example.com", i % USERS);
  g_autofree char *target = g_strdup_printf ("sip:t%u@example.net", i / USERS);
  WatchWish wish = { .user = user,
                     .from = "sip:u",
                     .target = target,
                     .key = target,
                     .package = "presence" };
  One *one = &w->ones[i];
  gboolean is_bounded;
  Watch *watch = watches_take (w->all, &wish, w->now, &is_bounded, w->actions);

  g_assert_true (one->watch == NULL || one->watch == watch);
  if (one->watch == NULL) {
    one->watch = watch_ref (watch);
    one->version = 0;
  }
  one->holders++;
  carry_out (w);
}

static void
drop (World *w, One *one)
{
  Watch *watch = one->watch;

  if (--one->holders == 0)
    one->watch = NULL;
  watches_drop (w->all, watch, w->now, w->actions);
  carry_out (w);
  if (one->holders == 0)
    watch_unref (watch);
}

static void
answer (World *w, One *one)
{
  static const guint statuses[]
      = { 0,   200, 200, 200, 202, 204, 302, 401, 403, 404,
          408, 423, 480, 481, 489, 500, 503, 603, 604 };
  WatchAnswer it
      = { .status
          = statuses[g_test_rand_int_range (0, G_N_ELEMENTS (statuses))],
          .expires = g_test_rand_int_range (-1, 5000),
          .min_expires = (guint)g_test_rand_int_range (0, 10000),
          .retry_after = (guint)g_test_rand_int_range (0, 100) };

  watches_answered (w->all, one->watch,
                    one->cseq - (g_test_rand_int_range (0, 8) == 0), &it,
                    w->now, w->actions);
  carry_out (w);
}

static void
notify (World *w, One *one)
{
  static const char *const states[]
      = { "active", "active", "active", "pending", "terminated", "odd" };
  static const char *const reasons[]
      = { NULL,      "deactivated", "probation",  "rejected",
          "timeout", "giveup",      "noresource", "odd" };
  g_autoptr (GBytes) body
      = g_bytes_new ("0123456789", (gsize)g_test_rand_int_range (1, 10));
  WatchNotify it
      = { .call_id = one->call_id,
          .local_tag = one->tag,
          .remote_tag = g_test_rand_int_range (0, 10) == 0 ? "fork" : "theirs",
          .cseq = one->heard + (guint)g_test_rand_int_range (0, 3),
          .event = "presence",
          .state = states[g_test_rand_int_range (0, 6)],
          .reason = reasons[g_test_rand_int_range (0, 8)],
          .expires = g_test_rand_int_range (-1, 5000),
          .retry_after = g_test_rand_int_range (-1, 200),
          .content_type = "text/plain",
          .body = g_test_rand_int_range (0, 2) ? body : NULL };
  WatchVerdict verdict;

  if (one->tag == NULL)
    return;
  verdict = watches_notified (w->all, &it, w->now, NULL, w->actions);
  if (verdict == WATCH_OK)
    one->heard = it.cseq;
  g_assert_cmpint (verdict, !=, WATCH_TOO_LARGE);
  carry_out (w);
}

static void
pass (World *w, guint seconds)
{
  for (guint i = 0; i < seconds; i++) {
    w->now += SECOND;
    watches_advance (w->all, w->now, w->actions);
    carry_out (w);
  }
}

static void
step (World *w)
{
  guint i = (guint)g_test_rand_int_range (0, USERS * TARGETS);
  One *one = &w->ones[i];
  gint what = g_test_rand_int_range (0, 100);

  if (one->watch == NULL || what < 5)
    take (w, i);
  else if (what < 15)
    drop (w, one);
  else if (what < 45)
    answer (w, one);
  else if (what < 85)
    notify (w, one);
  else
    pass (w, (guint)g_test_rand_int_range (1, what == 99 ? 4000 : 40));
}

static void
world_start (World *w)
{
  w->now = 1000 * SECOND;
  w->all = watches_new (&LIMITS, w->now);
  w->actions = watch_actions_new ();
  w->living = g_hash_table_new (NULL, NULL);
}

static void
world_end (World *w)
{
  for (guint i = 0; i < G_N_ELEMENTS (w->ones); i++)
    while (w->ones[i].watch != NULL)
      drop (w, &w->ones[i]);
  pass (w, 34); /* Timer N */
  g_assert_cmpuint (watches_size (w->all), ==, 0);
  g_assert_cmpuint (watches_waiting (w->all), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (w->ones); i++) {
    g_free (w->ones[i].call_id);
    g_free (w->ones[i].tag);
  }
  watches_free (w->all);
  g_array_unref (w->actions);
  g_hash_table_unref (w->living);
}

static void
test_anything (void)
{
  for (guint run = 0; run < 10; run++) {
    World w = { 0 };

    world_start (&w);
    for (guint i = 0; i < STEPS; i++)
      step (&w);
    world_end (&w);
  }
}

/* --- a hostile notifier --- */

typedef struct {
  const char *name;
  guint first, refresh; /* statuses */
  const char *reason;   /* of the end of each dialog; NULL: it is not ended */
} Hostile;

static const Hostile HOSTILES[] = {
  { "/watch/pace/deactivated", 200, 200, "deactivated" },
  { "/watch/pace/timeout", 0, 200, "timeout" },
  { "/watch/pace/brief", 423, 423, NULL },
  { "/watch/pace/no-dialog", 200, 481, NULL },
  { "/watch/pace/granted-a-second", 200, 200, NULL },
  { "/watch/pace/failing", 200, 500, NULL },
};

static void
play (World *w, One *one, const Hostile *hostile)
{
  WatchNotify it = { .call_id = one->call_id,
                     .local_tag = one->tag,
                     .remote_tag = "theirs",
                     .cseq = ++one->heard,
                     .event = "presence",
                     .state = "active",
                     .expires = 1,
                     .retry_after = -1 };
  WatchDialog dialog;
  guint32 cseq = one->cseq;

  if (cseq == one->played)
    return;
  one->played = cseq;
  watch_dialog (one->watch, &dialog);
  watches_answered (w->all, one->watch, cseq,
                    &(WatchAnswer){ .status = dialog.remote_tag == NULL
                                                  ? hostile->first
                                                  : hostile->refresh,
                                    .expires = 1,
                                    .min_expires = 3600 + cseq },
                    w->now, w->actions);
  carry_out (w);
  if (one->cseq != cseq)
    return;
  watches_notified (w->all, &it, w->now, NULL, w->actions);
  carry_out (w);
  if (hostile->reason == NULL)
    return;
  it.cseq = ++one->heard;
  it.state = "terminated";
  it.reason = hostile->reason;
  watches_notified (w->all, &it, w->now, NULL, w->actions);
  carry_out (w);
}

/* Whatever it does, and as often as it likes, we do not ask it more than about
 * twice a minute. */
static void
test_pace (gconstpointer data)
{
  World w = { 0 };
  gint64 end;

  world_start (&w);
  take (&w, 0);
  end = w.now + 3600 * SECOND;
  while (w.now < end) {
    for (guint i = 0; i < 5; i++)
      play (&w, &w.ones[0], data);
    pass (&w, 1);
  }
  g_test_message ("%u SUBSCRIBEs", w.ones[0].sent);
  g_assert_cmpuint (w.ones[0].sent, >, 2);
  g_assert_cmpuint (w.ones[0].sent, <=, 140);
  world_end (&w);
}

static void
quiet_cb (const char *domain, GLogLevelFlags level, const char *message,
          gpointer data)
{
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_handler ("watch", G_LOG_LEVEL_DEBUG, quiet_cb, NULL);
  g_test_add_func ("/watch/random/anything", test_anything);
  for (guint i = 0; i < G_N_ELEMENTS (HOSTILES); i++)
    g_test_add_data_func (HOSTILES[i].name, &HOSTILES[i], test_pace);
  return g_test_run ();
}
