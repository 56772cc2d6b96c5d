/* SPDX-License-Identifier: ISC
 *
 * The line of a device: one message outstanding, the others behind it in the
 * order of their ids (RFC 3428 8). */
#define G_LOG_DOMAIN "im"
#include "im/im-priv.h"

#include "base/log.h"

/* Actions, carried out in this order. */
enum {
  BACK = 1 << 0,  /* the copy that was out is the first again */
  EMPTY = 1 << 1, /* what waits has not been taken by this device */
  REST = 1 << 2,  /* the time of a new try begins */
  ASK = 1 << 3,   /* im_box_ask */
  NEXT = 1 << 4,  /* the next copy leaves, if it may */
};

/* clang-format off */
#define REJECT(why) { LINE_REJECT, 0, why }
#define NOTHING_OUT REJECT ("nothing is out")
#define ONE_OUT REJECT ("one is out already")
#define NO_TIMER REJECT ("it does not rest")

const ImRule im_line_table[N_LINE][N_LINE_EVENTS] = {
  [LINE_IDLE] = {
    [LINE_PUSHED]  = { LINE_IDLE, NEXT, "a message for an idle device" },
    [LINE_SENT]    = { LINE_BUSY, 0, "sent" },
    [LINE_TOOK]    = NOTHING_OUT,
    [LINE_REFUSED] = NOTHING_OUT,
    [LINE_AWAY]    = NOTHING_OUT,
    [LINE_HERE]    = { LINE_IDLE, ASK | NEXT, "it registered: what is stored" },
    [LINE_LEFT]    = { LINE_GONE, EMPTY, "it left" },
    [LINE_DUE]     = NO_TIMER,
  },
  [LINE_BUSY] = {
    [LINE_PUSHED]  = { LINE_BUSY, 0, "behind the one that is out" },
    [LINE_SENT]    = ONE_OUT,
    [LINE_TOOK]    = { LINE_IDLE, NEXT, "taken: the next" },
    [LINE_REFUSED] = { LINE_IDLE, NEXT, "refused: the next" },
    [LINE_AWAY]    = { LINE_RESTING, EMPTY | REST, "it is not there" },
    [LINE_HERE]    = { LINE_AGAIN, ASK, "it registered while one is out" },
    [LINE_LEFT]    = { LINE_LEAVING, EMPTY, "it left while one is out" },
    [LINE_DUE]     = NO_TIMER,
  },
  [LINE_AGAIN] = {
    [LINE_PUSHED]  = { LINE_AGAIN, 0, "behind the one that is out" },
    [LINE_SENT]    = ONE_OUT,
    [LINE_TOOK]    = { LINE_IDLE, NEXT, "taken: the next" },
    [LINE_REFUSED] = { LINE_IDLE, NEXT, "refused: the next" },
    [LINE_AWAY]    = { LINE_IDLE, BACK | NEXT, "not taken before it registered: the same again" },
    [LINE_HERE]    = { LINE_AGAIN, ASK, "it registered once more" },
    [LINE_LEFT]    = { LINE_LEAVING, EMPTY, "it left while one is out" },
    [LINE_DUE]     = NO_TIMER,
  },
  [LINE_LEAVING] = {
    [LINE_PUSHED]  = { LINE_AGAIN, 0, "it is there again" },
    [LINE_SENT]    = ONE_OUT,
    [LINE_TOOK]    = { LINE_GONE, 0, "taken with its last breath" },
    [LINE_REFUSED] = { LINE_GONE, 0, "the last answer of one that left" },
    [LINE_AWAY]    = { LINE_GONE, 0, "it left before it took it" },
    [LINE_HERE]    = { LINE_AGAIN, ASK, "it is there again" },
    [LINE_LEFT]    = { LINE_LEAVING, 0, "it left before" },
    [LINE_DUE]     = NO_TIMER,
  },
  [LINE_RESTING] = {
    [LINE_PUSHED]  = { LINE_IDLE, ASK | NEXT, "a message for it: one more try, what is stored first" },
    [LINE_SENT]    = REJECT ("nothing waits"),
    [LINE_TOOK]    = NOTHING_OUT,
    [LINE_REFUSED] = NOTHING_OUT,
    [LINE_AWAY]    = NOTHING_OUT,
    [LINE_HERE]    = { LINE_IDLE, ASK | NEXT, "it registered: what is stored" },
    [LINE_LEFT]    = { LINE_GONE, 0, "it left" },
    [LINE_DUE]     = { LINE_IDLE, ASK | NEXT, "it has rested: one more try" },
  },
  [LINE_GONE] = {
    [LINE_PUSHED]  = { LINE_IDLE, NEXT, "it is there again" },
    [LINE_SENT]    = REJECT ("it is gone"),
    [LINE_TOOK]    = REJECT ("it is gone"),
    [LINE_REFUSED] = REJECT ("it is gone"),
    [LINE_AWAY]    = REJECT ("it is gone"),
    [LINE_HERE]    = { LINE_IDLE, ASK | NEXT, "it is there again" },
    [LINE_LEFT]    = REJECT ("it is gone"),
    [LINE_DUE]     = REJECT ("it is gone"),
  },
};
/* clang-format on */

ImLine *
im_line_find (ImBox *box, const char *device)
{
  for (GList *at = box->lines.head; at != NULL; at = at->next)
    if (g_str_equal (((ImLine *)at->data)->device, device))
      return at->data;
  return NULL;
}

ImLine *
im_line_need (ImBox *box, const char *device)
{
  ImLine *line = im_line_find (box, device);

  if (line != NULL)
    return line;
  line = g_new0 (ImLine, 1);
  line->box = box;
  line->device = g_ref_string_new (device);
  line->in_box.data = line;
  g_queue_push_tail_link (&box->lines, &line->in_box);
  return line;
}

void
im_line_free (ImLine *line)
{
  g_assert (line->out == NULL && line->waiting.length == 0);
  g_queue_unlink (&line->box->lines, &line->in_box);
  g_ref_string_release (line->device);
  g_free (line);
}

gboolean
im_line_is_active (const ImLine *line)
{
  return line->state <= LINE_AGAIN;
}

void
im_copy_free (ImCopy *copy)
{
  if (copy->line->out == copy)
    copy->line->out = NULL;
  else
    g_queue_unlink (&copy->line->waiting, &copy->in_line);
  g_queue_unlink (&copy->msg->copies, &copy->in_msg);
  g_free (copy);
}

/* By id: what is read from the store comes before what came since. */
static void
put (ImLine *line, ImCopy *copy)
{
  GList *before = line->waiting.tail;

  while (before != NULL && ((ImCopy *)before->data)->msg->id > copy->msg->id)
    before = before->prev;
  if (before != NULL)
    g_queue_insert_after_link (&line->waiting, before, &copy->in_line);
  else
    g_queue_push_head_link (&line->waiting, &copy->in_line);
}

/* What is read from the store comes before what is live, and is always taken:
 * there is never more of it than was read at one time. */
static gboolean
is_full (const Im *self, const ImLine *line, const ImMsg *msg)
{
  const GList *tail = line->waiting.tail;

  return line->waiting.length >= self->limits.max_waiting
         && ((const ImCopy *)tail->data)->msg->id < msg->id;
}

gboolean
im_line_push (Im *self, ImLine *line, ImMsg *msg)
{
  ImCopy *copy;

  if (is_full (self, line, msg))
    return FALSE;
  copy = g_new0 (ImCopy, 1);
  copy->msg = msg;
  copy->line = line;
  copy->in_line.data = copy->in_msg.data = copy;
  put (line, copy);
  g_queue_push_tail_link (&msg->copies, &copy->in_msg);
  im_line_move (self, line, LINE_PUSHED);
  return TRUE;
}

/* The messages learn of it one by one; what they do about it touches other
 * lines only. */
static void
empty (Im *self, ImLine *line)
{
  while (line->waiting.head != NULL) {
    ImCopy *copy = line->waiting.head->data;
    ImMsg *msg = copy->msg;

    im_copy_free (copy);
    im_msg_settle (self, msg);
  }
}

static void
put_back (ImLine *line)
{
  put (line, g_steal_pointer (&line->out));
}

static void
act (Im *self, ImLine *line, guint actions)
{
  if (actions & BACK)
    put_back (line);
  if (actions & EMPTY)
    empty (self, line);
  if (actions & REST)
    wheel_arm (self->rests, &line->timer, self->now + self->limits.retry);
  if (actions & ASK)
    im_box_ask (self, line->box, line);
  if (actions & NEXT)
    im_line_next (self, line);
}

void
im_line_move (Im *self, ImLine *line, ImLineEvent event)
{
  const ImRule *rule = &im_line_table[line->state][event];

  log_debug ("%s of %s: %s", line->device, line->box->aor, rule->why);
  if (rule->to == LINE_REJECT)
    return;
  line->state = rule->to;
  if (line->state != LINE_RESTING)
    wheel_cancel (self->rests, &line->timer);
  act (self, line, rule->actions);
}

void
im_line_next (Im *self, ImLine *line)
{
  ImCopy *copy;

  if (line->state != LINE_IDLE)
    return;
  copy = line->waiting.head != NULL ? line->waiting.head->data : NULL;
  if (copy == NULL) {
    im_box_drained (self, line->box);
    return;
  }
  if (!im_box_may_send (line->box, line, copy->msg)) {
    im_box_move (self, line->box, BOX_WANTED);
    return;
  }
  g_queue_unlink (&line->waiting, &copy->in_line);
  line->out = copy;
  im_line_move (self, line, LINE_SENT);
  im_act (self, IM_ACT_SEND, line->box, copy->msg->id, line->device);
}

/* An answer that says neither "not now" nor "never": after a few of them for
 * the same message those behind it have their turn. */
static gboolean
is_stuck (ImLine *line, guint64 id, guint status)
{
  if (im_is_away (status))
    return FALSE;
  if (line->stuck != id)
    line->tries = 0;
  line->stuck = id;
  return ++line->tries >= IM_TRIES_MAX;
}

static ImLineEvent
event_of (ImLine *line, guint64 id, guint status)
{
  ImOutcome outcome = im_outcome (status);

  if (outcome == IM_NOT_THERE && !is_stuck (line, id, status))
    return LINE_AWAY;
  line->stuck = line->tries = 0;
  return outcome == IM_TOOK ? LINE_TOOK : LINE_REFUSED;
}

void
im_line_answered (Im *self, ImLine *line, guint status)
{
  ImMsg *msg = line->out->msg;
  ImLineEvent event = event_of (line, msg->id, status);

  if (event == LINE_AWAY && line->state == LINE_AGAIN
      && msg->life != LIFE_OVER) {
    im_line_move (self, line, event);
    return;
  }
  im_copy_free (line->out);
  im_msg_answer (self, msg, line->device, status, event != LINE_AWAY);
  if (event == LINE_TOOK)
    im_msg_event (self, msg, LIFE_TOOK);
  else
    im_msg_settle (self, msg);
  if (event == LINE_AWAY && line->state == LINE_AGAIN)
    event = LINE_REFUSED; /* nobody wants the copy back */
  im_line_move (self, line, event);
}
