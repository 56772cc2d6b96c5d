/* SPDX-License-Identifier: ISC
 *
 * The box of a recipient: what is in memory, how much is on disk, and when that
 * is read. */
#define G_LOG_DOMAIN "im"
#include "im/im-priv.h"

#include "addr/aor.h"
#include "base/log.h"

/* Actions, carried out in this order. */
enum {
  RESET = 1 << 0, /* from the first id on */
  LOAD = 1 << 1,  /* IM_ACT_LOAD */
  DONE = 1 << 2,  /* what was removed meanwhile need not be remembered */
  LATER = 1 << 3, /* one more try when limits.retry is over */
};

/* clang-format off */
#define REJECT(why) { BOX_REJECT, 0, why }
#define NOT_READING REJECT ("nothing is being read")

const ImRule im_box_table[N_BOX][N_BOX_EVENTS] = {
  [BOX_OPEN] = {
    [BOX_WANTED] = { BOX_OPEN, 0, "nothing on disk is for those who are here" },
    [BOX_ASKED]  = { BOX_LOADING, RESET | LOAD, "a device may be owed what is on disk" },
    [BOX_SOME]   = NOT_READING,
    [BOX_ALL]    = NOT_READING,
    [BOX_FAILED] = NOT_READING,
    [BOX_NOBODY] = REJECT ("nothing is to be read"),
  },
  [BOX_COLD] = {
    [BOX_WANTED] = { BOX_LOADING, LOAD, "what is on disk comes first" },
    [BOX_ASKED]  = { BOX_LOADING, RESET | LOAD, "a device may have missed something" },
    [BOX_SOME]   = NOT_READING,
    [BOX_ALL]    = NOT_READING,
    [BOX_FAILED] = NOT_READING,
    [BOX_NOBODY] = { BOX_OPEN, RESET, "nobody is here: it is read when somebody comes" },
  },
  [BOX_LOADING] = {
    [BOX_WANTED] = { BOX_LOADING, 0, "it is being read" },
    [BOX_ASKED]  = { BOX_AGAIN, RESET, "it is being read, and will be once more" },
    [BOX_SOME]   = { BOX_COLD, DONE, "there is more on disk" },
    [BOX_ALL]    = { BOX_OPEN, DONE, "read to the end" },
    [BOX_FAILED] = { BOX_OPEN, DONE | LATER, "it cannot be read now: live ones do not wait" },
    [BOX_NOBODY] = { BOX_LOADING, 0, "it is being read" },
  },
  [BOX_AGAIN] = {
    [BOX_WANTED] = { BOX_AGAIN, 0, "it is being read" },
    [BOX_ASKED]  = { BOX_AGAIN, 0, "it will be read once more" },
    [BOX_SOME]   = { BOX_LOADING, DONE | LOAD, "once more from the start" },
    [BOX_ALL]    = { BOX_LOADING, DONE | LOAD, "once more from the start" },
    [BOX_FAILED] = { BOX_OPEN, DONE | LATER, "it cannot be read now: live ones do not wait" },
    [BOX_NOBODY] = { BOX_AGAIN, 0, "it will be read once more" },
  },
};
/* clang-format on */

void
im_box_touch (Im *self, ImBox *box)
{
  if (box->is_touched)
    return;
  box->is_touched = TRUE;
  g_ptr_array_add (self->touched, box);
}

ImBox *
im_box_find (Im *self, const char *aor)
{
  ImBox *box = g_hash_table_lookup (self->boxes, aor);

  if (box != NULL)
    im_box_touch (self, box);
  return box;
}

ImBox *
im_box_need (Im *self, const char *aor)
{
  ImBox *box = im_box_find (self, aor);

  if (box != NULL)
    return box;
  box = g_new0 (ImBox, 1);
  box->aor = g_ref_string_new (aor);
  box->removed = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_hash_table_insert (self->boxes, box->aor, box);
  im_box_touch (self, box);
  return box;
}

void
im_box_free (ImBox *box)
{
  g_array_unref (box->removed);
  g_ref_string_release (box->aor);
  g_free (box);
}

void
im_box_add (ImBox *box, ImMsg *msg)
{
  GList *before = box->messages.tail;

  while (before != NULL && ((ImMsg *)before->data)->id > msg->id)
    before = before->prev;
  if (before != NULL)
    g_queue_insert_after_link (&box->messages, before, &msg->in_box);
  else
    g_queue_push_head_link (&box->messages, &msg->in_box);
}

static gboolean
is_reading (const ImBox *box)
{
  return box->state == BOX_LOADING || box->state == BOX_AGAIN;
}

void
im_box_remove (Im *self, ImBox *box, ImMsg *msg)
{
  im_box_touch (self, box);
  g_queue_unlink (&box->messages, &msg->in_box);
}

void
im_box_move (Im *self, ImBox *box, ImBoxEvent event)
{
  const ImRule *rule = &im_box_table[box->state][event];

  log_debug ("stored messages of %s: %s", box->aor, rule->why);
  if (rule->to == BOX_REJECT)
    return;
  box->state = rule->to;
  if (rule->actions & DONE)
    g_array_set_size (box->removed, 0);
  if (rule->actions & RESET)
    box->upto = 0;
  if (rule->actions & LATER)
    wheel_arm (self->unread, &box->timer, self->now + self->limits.retry);
  if (rule->actions & LOAD)
    im_act (self, IM_ACT_LOAD, box, box->upto, NULL)->n = self->limits.chunk;
}

void
im_box_look (Im *self, ImBox *box)
{
  if (box->n_stored > box->n_kept)
    im_box_move (self, box, BOX_ASKED);
}

void
im_box_ask (Im *self, ImBox *box, ImLine *line)
{
  im_box_look (self, box);
  for (GList *at = box->messages.head; at != NULL; at = at->next)
    if (im_msg_is_owed (at->data))
      im_msg_offer (self, at->data, line->device);
}

/* A message whose row is under way will be offered to this device when that is
 * committed, and comes first then. */
static gboolean
is_one_to_come (const ImBox *box, const ImLine *line, guint64 id)
{
  if (box->n_storing == 0)
    return FALSE;
  for (GList *at = box->messages.head; at != NULL; at = at->next) {
    const ImMsg *other = at->data;

    if (other->id >= id)
      break;
    if (other->life == LIFE_STORING && !im_msg_is_done (other, line->device))
      return TRUE;
  }
  return FALSE;
}

gboolean
im_box_may_send (const ImBox *box, const ImLine *line, const ImMsg *msg)
{
  if (box->state != BOX_OPEN && msg->id > box->upto)
    return FALSE;
  return !is_one_to_come (box, line, msg->id);
}

void
im_box_drained (Im *self, ImBox *box)
{
  if (box->state == BOX_COLD && box->upto > 0)
    im_box_move (self, box, BOX_WANTED);
  if (!box->is_behind)
    return;
  box->is_behind = FALSE;
  im_box_look (self, box);
}

void
im_box_uncount (Im *self, ImBox *box, guint64 id)
{
  if (box->n_stored > 0)
    box->n_stored--;
  if (is_reading (box))
    g_array_append_val (box->removed, id);
  im_act (self, IM_ACT_COUNT, box, 0, NULL)->n = box->n_stored;
}

static gboolean
has_active_line (const ImBox *box)
{
  for (GList *at = box->lines.head; at != NULL; at = at->next)
    if (im_line_is_active (at->data))
      return TRUE;
  return FALSE;
}

void
im_box_read_on (Im *self, ImBox *box)
{
  if (box->state == BOX_COLD && box->upto > 0
      && box->n_kept < (self->limits.chunk + 1) / 2 && has_active_line (box))
    im_box_move (self, box, BOX_WANTED);
}

void
im_box_next (Im *self, ImBox *box)
{
  GList *next;

  for (GList *at = box->lines.head; at != NULL; at = next) {
    next = at->next;
    im_line_next (self, at->data);
  }
}
