/* SPDX-License-Identifier: ISC */
#include "watch-world.h"

#include <string.h>

const WatchLimits WORLD_LIMITS
    = { .max = 4, .max_per_user = 2, .expires = 3600, .max_body = 20 };

void
world_set_up (World *w, gconstpointer data)
{
  w->now = 1000 * SECOND;
  w->all = watches_new (&WORLD_LIMITS, w->now);
  w->actions = watch_actions_new ();
  w->story = g_string_new (NULL);
}

void
world_tear_down (World *w, gconstpointer data)
{
  watch_unref (w->watch);
  watches_free (w->all);
  g_array_unref (w->actions);
  g_string_free (w->story, TRUE);
  g_free (w->call_id);
  g_free (w->tag);
}

const char *
world_known (Watch *watch)
{
  static const char *const states[]
      = { "unknown", "pending", "active", "terminated" };
  static const char *const reasons[]
      = { "",         ":deactivated", ":probation",  ":rejected",
          ":timeout", ":giveup",      ":noresource", ":invariant" };
  static char text[40];
  WatchView view;

  watch_look (watch, &view);
  g_snprintf (text, sizeof text, "%s%s", states[view.state],
              reasons[view.reason]);
  return text;
}

static void
note_send (World *w, const WatchAction *action)
{
  WatchDialog dialog;

  watch_dialog (action->watch, &dialog);
  g_string_append_printf (w->story, "%s %u; ",
                          dialog.remote_tag != NULL ? "ask" : "new",
                          action->expires);
  w->cseq = action->cseq;
  g_free (w->call_id);
  g_free (w->tag);
  w->call_id = g_strdup (dialog.call_id);
  w->tag = g_strdup (dialog.local_tag);
  if (dialog.remote_tag == NULL)
    w->heard = 0;
}

static void
carry_out (World *w)
{
  for (guint i = 0; i < w->actions->len; i++) {
    const WatchAction *action = &g_array_index (w->actions, WatchAction, i);

    switch (action->kind) {
    case WATCH_ACT_SEND:
      note_send (w, action);
      break;
    case WATCH_ACT_CHANGED:
      g_string_append_printf (w->story, "%s; ", world_known (action->watch));
      break;
    case WATCH_ACT_FREE:
      g_string_append (w->story, "free; ");
      watch_unref (action->watch);
      break;
    }
  }
  g_array_set_size (w->actions, 0);
}

/* What was to be done since the last time is this. */
void
world_expect (World *w, const char *story)
{
  g_assert_cmpstr (w->story->str, ==, story);
  g_string_truncate (w->story, 0);
}

Watch *
world_take_for (World *w, const char *user, const char *target,
                gboolean *is_bounded)
{
  WatchWish wish = { .user = user,
                     .from = "sip:alice@example.com",
                     .target = target,
                     .key = target,
                     .package = "presence",
                     .accept = "application/pidf+xml, multipart/related" };
  gboolean bounded;
  Watch *watch = watches_take (w->all, &wish, w->now, &bounded, w->actions);

  watch_unref (w->watch);
  w->watch = watch_ref (watch);
  if (is_bounded != NULL)
    *is_bounded = bounded;
  carry_out (w);
  return watch;
}

void
world_take (World *w)
{
  world_take_for (w, "alice@example.com", "sip:eve@example.net", NULL);
}

void
world_drop (World *w)
{
  watches_drop (w->all, w->watch, w->now, w->actions);
  carry_out (w);
}

void
world_answer_with (World *w, guint32 cseq, const WatchAnswer *answer)
{
  watches_answered (w->all, w->watch, cseq, answer, w->now, w->actions);
  carry_out (w);
}

/* expires: -1 not given */
void
world_answer (World *w, guint status, gint64 expires)
{
  world_answer_with (w, w->cseq,
                     &(WatchAnswer){ .status = status, .expires = expires });
}

WatchVerdict
world_hear (World *w, const WatchNotify *notify)
{
  const char *accept = NULL;
  WatchVerdict verdict
      = watches_notified (w->all, notify, w->now, &accept, w->actions);

  g_assert_true ((accept != NULL) == (verdict == WATCH_BAD_TYPE));
  carry_out (w);
  return verdict;
}

WatchNotify
world_a_notify (World *w, const char *state)
{
  return (WatchNotify){ .call_id = w->call_id,
                        .local_tag = w->tag,
                        .remote_tag = "theirs",
                        .cseq = ++w->heard,
                        .event = "Presence",
                        .state = state,
                        .expires = -1,
                        .retry_after = -1,
                        .target = "sip:pa@192.0.2.1" };
}

void
world_notify (World *w, const char *state)
{
  WatchNotify it = world_a_notify (w, state);

  g_assert_cmpint (world_hear (w, &it), ==, WATCH_OK);
}

void
world_notify_body (World *w, const char *text)
{
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));
  WatchNotify it = world_a_notify (w, "active");

  it.content_type = "application/pidf+xml;charset=utf-8";
  it.body = body;
  g_assert_cmpint (world_hear (w, &it), ==, WATCH_OK);
}

/* retry_after: -1 not given; reason NULL: the same */
void
world_end (World *w, const char *reason, gint64 retry_after)
{
  WatchNotify it = world_a_notify (w, "terminated");

  it.reason = reason;
  it.retry_after = retry_after;
  g_assert_cmpint (world_hear (w, &it), ==, WATCH_OK);
}

void
world_pass (World *w, guint seconds)
{
  for (guint i = 0; i < 4 * seconds; i++) {
    w->now += SECOND / 4;
    watches_advance (w->all, w->now, w->actions);
    carry_out (w);
  }
}

/* Moves on until something is to be done; the seconds that took. */
guint
world_pass_until (World *w, const char *story)
{
  guint n = 0;

  for (; w->story->len == 0; n++) {
    g_assert_cmpuint (n, <, 100000);
    world_pass (w, 1);
  }
  world_expect (w, story);
  return n;
}

void
world_come_up (World *w)
{
  world_take (w);
  world_answer (w, 200, 3600);
  world_notify (w, "active");
  world_expect (w, "new 3600; active; ");
}
