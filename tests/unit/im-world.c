/* SPDX-License-Identifier: ISC
 *
 * Messages to Bob on a fake clock. */
#include "im-world.h"

static const char *const three[] = { "desk", "mobile", "tablet" };

World
world_new (guint n_here)
{
  World w = { .now = 1000 * SEC,
              .actions = im_actions_new (),
              .here = three,
              .n_here = n_here };

  w.limits = (ImLimits){ .alone = 4 * SEC,
                         .fork = 10 * SEC,
                         .idle = 600 * SEC,
                         .retry = 60 * SEC,
                         .max_locks = 100,
                         .max_stored = 5,
                         .chunk = 4,
                         .max_waiting = 8 };
  w.im = im_new (&w.limits, w.now);
  return w;
}

void
world_clear (World *w)
{
  im_free (w->im);
  g_array_unref (w->actions);
}

static void
write_answer (GString *out, const ImAction *action)
{
  static const char *const names[] = { [IM_ANSWER_STORED] = "202",
                                       [IM_ANSWER_NOBODY] = "480",
                                       [IM_ANSWER_FULL] = "full",
                                       [IM_ANSWER_STORE] = "503" };

  if (action->answer == IM_ANSWER_RELAY)
    g_string_append_printf (out, "relay%u:%s=%u ", (guint)action->message,
                            action->device, action->status);
  else
    g_string_append_printf (out, "%s:%u ", names[action->answer],
                            (guint)action->message);
}

static void
write_action (GString *out, const ImAction *action)
{
  static const char *const names[]
      = { [IM_ACT_SEND] = "send",     [IM_ACT_STORE] = "store",
          [IM_ACT_TAKE] = "take",     [IM_ACT_REFUSED] = "refused",
          [IM_ACT_EXPIRE] = "expire", [IM_ACT_LOAD] = "load",
          [IM_ACT_COUNT] = "count",   [IM_ACT_FORGET] = "forget" };

  g_assert_cmpstr (action->recipient, ==, BOB);
  if (action->kind == IM_ACT_ANSWER) {
    write_answer (out, action);
    return;
  }
  g_string_append_printf (
      out, "%s%u", names[action->kind],
      action->kind == IM_ACT_COUNT ? action->n : (guint)action->message);
  if (action->device != NULL)
    g_string_append_printf (out, ":%s", action->device);
  if (action->status != 0)
    g_string_append_printf (out, "=%u", action->status);
  g_string_append_c (out, ' ');
}

void
expect (World *w, const char *what)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < w->actions->len; i++)
    write_action (out, &g_array_index (w->actions, ImAction, i));
  g_array_set_size (w->actions, 0);
  g_assert_cmpstr (g_strchomp (out->str), ==, what);
}

void
message_from (World *w, const char *sender, ImKeep keep, ImContent content)
{
  ImMessage message = { .id = ++w->id,
                        .sender = sender,
                        .recipient = BOB,
                        .content = content,
                        .keep = keep,
                        .expires_at = w->now + 3600 * SEC };

  im_message (w->im, &message, w->here, w->n_here, w->now, w->actions);
}

void
message (World *w)
{
  message_from (w, ALICE, IM_KEEP, IM_USER);
}

void
answered (World *w, guint64 id, const char *device, guint status)
{
  im_answered (w->im, id, device, status, w->now, w->actions);
}

void
stored (World *w, guint64 id)
{
  im_stored (w->im, id, TRUE, w->here, w->n_here, w->now, w->actions);
}

void
taken (World *w, guint64 id)
{
  im_taken (w->im, id, TRUE, w->now, w->actions);
}

void
here (World *w, const char *device)
{
  im_device_here (w->im, BOB, device, w->now, w->actions);
}

void
loaded (World *w, ImLoaded outcome, guint64 first, guint n)
{
  ImRow rows[8] = { 0 };

  for (guint i = 0; i < n; i++)
    rows[i] = (ImRow){ .id = first + i, .expires_at = w->now + 3600 * SEC };
  im_loaded (w->im, BOB, outcome, rows, n, w->here, w->n_here, w->now,
             w->actions);
}

void
counted (World *w, guint n)
{
  guint before = im_count (w->im, BOB), len = w->actions->len;

  im_counted (w->im, BOB, n, w->now, w->actions);
  if (im_count (w->im, BOB) == before) {
    g_assert_cmpuint (w->actions->len, ==, len);
    return;
  }
  g_assert_cmpuint (w->actions->len, ==, len + 1);
  g_assert_cmpint (g_array_index (w->actions, ImAction, len).kind, ==,
                   IM_ACT_COUNT);
  g_assert_cmpuint (g_array_index (w->actions, ImAction, len).n, ==,
                    im_count (w->im, BOB));
  g_array_set_size (w->actions, len);
}

void
wait_for (World *w, gdouble seconds)
{
  w->now += (gint64)(seconds * SEC) + SEC / 10;
  im_advance (w->im, w->now, w->actions);
}

void
lock_on (World *w, const char *device)
{
  im_locks_wrote (im_locks (w->im), BOB, ALICE, device, IM_USER, w->now);
}
