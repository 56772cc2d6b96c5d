/* SPDX-License-Identifier: ISC
 *
 * The life of a message: the table, and what its actions do. */
#define G_LOG_DOMAIN "im"
#include "im/im-priv.h"

#include "base/log.h"

/* Actions, carried out in this order. */
enum {
  RELAY = 1 << 0,    /* upstream: the best answer so far */
  ACCEPT = 1 << 1,   /* ...202 */
  NOBODY = 1 << 2,   /* ...480 */
  FULL = 1 << 3,     /* ...480: the store is full */
  SORRY = 1 << 4,    /* ...503 */
  UNLOCK = 1 << 5,   /* the lock falls */
  SPREAD = 1 << 6,   /* copies to the other devices */
  STORE = 1 << 7,    /* IM_ACT_STORE */
  KEEP = 1 << 8,     /* it counts as stored from here on */
  OFFER = 1 << 9,    /* copies to all who are here */
  TAKE = 1 << 10,    /* IM_ACT_TAKE */
  EXPIRE = 1 << 11,  /* IM_ACT_EXPIRE */
  REMOVE = 1 << 12,  /* it is stored no more */
  GIVE_UP = 1 << 13, /* it will not be stored */
  CANCEL = 1 << 14,  /* copies that wait are taken back */
};

/* clang-format off */
#define REJECT(why) { LIFE_REJECT, 0, why }
#define NOT_STORED REJECT ("no row of it is under way")
#define NOT_TAKEN REJECT ("no 2xx of it is being written")
#define NO_ROW REJECT ("no row of it is committed")
#define NO_TIMER REJECT ("no timer runs in this state")
#define ANSWERED REJECT ("upstream has its answer")

const ImRule im_life_table[N_LIFE][N_LIFE_EVENTS] = {
  [LIFE_ALONE] = {
    [LIFE_TOOK]      = { LIFE_TAKEN, RELAY, "the locked device took it" },
    [LIFE_SETTLED]   = { LIFE_OVER, RELAY, "the locked device refused it, as any would" },
    [LIFE_ENDED]     = { LIFE_SPREAD, UNLOCK | SPREAD, "the locked device did not take it: to the others" },
    [LIFE_DUE]       = { LIFE_SPREAD, UNLOCK | SPREAD, "the locked device is silent: to the others" },
    [LIFE_STORED]    = NOT_STORED,
    [LIFE_LOST]      = NOT_STORED,
    [LIFE_WRITTEN]   = NOT_TAKEN,
    [LIFE_UNWRITTEN] = NOT_TAKEN,
    [LIFE_PURGED]    = NO_ROW,
  },
  [LIFE_SPREAD] = {
    [LIFE_TOOK]      = { LIFE_TAKEN, RELAY, "the first 2xx is the answer" },
    [LIFE_SETTLED]   = { LIFE_OVER, RELAY | CANCEL, "it is refused as it is: not stored" },
    [LIFE_ENDED]     = { LIFE_UNTAKEN, 0, "nobody took it" },
    [LIFE_DUE]       = { LIFE_UNTAKEN, 0, "nobody took it in time" },
    [LIFE_STORED]    = NOT_STORED,
    [LIFE_LOST]      = NOT_STORED,
    [LIFE_WRITTEN]   = NOT_TAKEN,
    [LIFE_UNWRITTEN] = NOT_TAKEN,
    [LIFE_PURGED]    = NO_ROW,
  },
  [LIFE_STORING] = {
    [LIFE_TOOK]      = { LIFE_SHOWN, RELAY, "taken before it was stored" },
    [LIFE_SETTLED]   = REJECT ("the time to be refused is over"),
    [LIFE_ENDED]     = { LIFE_STORING, 0, "nobody is left to try; it is being stored" },
    [LIFE_DUE]       = NO_TIMER,
    [LIFE_STORED]    = { LIFE_KEPT, ACCEPT | KEEP | OFFER, "stored: 202, and to who is here now" },
    [LIFE_LOST]      = { LIFE_OVER, SORRY | GIVE_UP | CANCEL, "it could not be stored" },
    [LIFE_WRITTEN]   = NOT_TAKEN,
    [LIFE_UNWRITTEN] = NOT_TAKEN,
    [LIFE_PURGED]    = NO_ROW,
  },
  [LIFE_SHOWN] = {
    [LIFE_TOOK]      = { LIFE_SHOWN, 0, "another device took it too" },
    [LIFE_SETTLED]   = ANSWERED,
    [LIFE_ENDED]     = { LIFE_SHOWN, 0, "its row is awaited" },
    [LIFE_DUE]       = NO_TIMER,
    [LIFE_STORED]    = { LIFE_TAKING, KEEP | TAKE, "stored, and taken already" },
    [LIFE_LOST]      = { LIFE_TAKEN, GIVE_UP, "taken: its row is not missed" },
    [LIFE_WRITTEN]   = NOT_TAKEN,
    [LIFE_UNWRITTEN] = NOT_TAKEN,
    [LIFE_PURGED]    = NO_ROW,
  },
  [LIFE_KEPT] = {
    [LIFE_TOOK]      = { LIFE_TAKING, TAKE, "the first device took it" },
    [LIFE_SETTLED]   = ANSWERED,
    [LIFE_ENDED]     = { LIFE_GONE, 0, "nobody is left to try: it waits on disk" },
    [LIFE_DUE]       = { LIFE_OVER, EXPIRE | REMOVE | CANCEL, "it expired" },
    [LIFE_STORED]    = NOT_STORED,
    [LIFE_LOST]      = NOT_STORED,
    [LIFE_WRITTEN]   = NOT_TAKEN,
    [LIFE_UNWRITTEN] = NOT_TAKEN,
    [LIFE_PURGED]    = { LIFE_OVER, REMOVE | CANCEL, "an administrator removed it" },
  },
  [LIFE_TAKING] = {
    [LIFE_TOOK]      = { LIFE_TAKING, 0, "another device took it too" },
    [LIFE_SETTLED]   = ANSWERED,
    [LIFE_ENDED]     = { LIFE_TAKING, 0, "its first 2xx is being written" },
    [LIFE_DUE]       = NO_TIMER,
    [LIFE_STORED]    = NOT_STORED,
    [LIFE_LOST]      = NOT_STORED,
    [LIFE_WRITTEN]   = { LIFE_TAKEN, REMOVE, "its first 2xx is committed" },
    [LIFE_UNWRITTEN] = { LIFE_KEPT, 0, "its 2xx was not written: it is on disk as before" },
    [LIFE_PURGED]    = { LIFE_OVER, REMOVE | CANCEL, "an administrator removed it" },
  },
  [LIFE_TAKEN] = {
    [LIFE_TOOK]      = { LIFE_TAKEN, 0, "another device took it too" },
    [LIFE_SETTLED]   = ANSWERED,
    [LIFE_ENDED]     = { LIFE_GONE, 0, "its last copy has ended" },
    [LIFE_DUE]       = NO_TIMER,
    [LIFE_STORED]    = NOT_STORED,
    [LIFE_LOST]      = NOT_STORED,
    [LIFE_WRITTEN]   = NOT_TAKEN,
    [LIFE_UNWRITTEN] = NOT_TAKEN,
    [LIFE_PURGED]    = NO_ROW,
  },
  [LIFE_OVER] = {
    [LIFE_TOOK]      = { LIFE_OVER, 0, "taken after the end: the ledger says so" },
    [LIFE_SETTLED]   = ANSWERED,
    [LIFE_ENDED]     = { LIFE_GONE, 0, "its last copy has ended" },
    [LIFE_DUE]       = NO_TIMER,
    [LIFE_STORED]    = NOT_STORED,
    [LIFE_LOST]      = NOT_STORED,
    [LIFE_WRITTEN]   = { LIFE_OVER, 0, "it was removed meanwhile" },
    [LIFE_UNWRITTEN] = { LIFE_OVER, 0, "it was removed meanwhile" },
    [LIFE_PURGED]    = NO_ROW,
  },
  [LIFE_GONE] = {
    [LIFE_TOOK]      = REJECT ("it is gone"),
    [LIFE_SETTLED]   = REJECT ("it is gone"),
    [LIFE_ENDED]     = REJECT ("it is gone"),
    [LIFE_DUE]       = REJECT ("it is gone"),
    [LIFE_STORED]    = REJECT ("it is gone"),
    [LIFE_LOST]      = REJECT ("it is gone"),
    [LIFE_WRITTEN]   = REJECT ("it is gone"),
    [LIFE_UNWRITTEN] = REJECT ("it is gone"),
    [LIFE_PURGED]    = REJECT ("it is gone"),
  },
};

const ImRule im_untaken_table[N_UNTAKEN] = {
  [UNTAKEN_STORE]    = { LIFE_STORING, STORE, "it is to be stored" },
  [UNTAKEN_FULL]     = { LIFE_OVER, FULL | CANCEL, "too many are stored already" },
  [UNTAKEN_ANSWERED] = { LIFE_OVER, RELAY | CANCEL, "not to be stored: the best answer" },
  [UNTAKEN_SILENT]   = { LIFE_OVER, NOBODY | CANCEL, "not to be stored, and nobody answered in time" },
};
/* clang-format on */

static void
end_clear (gpointer data)
{
  ImEnd *end = data;

  g_ref_string_release (end->device);
}

ImMsg *
im_msg_new (Im *self, ImBox *box, guint64 id, ImLife life)
{
  ImMsg *msg = g_new0 (ImMsg, 1);

  msg->id = id;
  msg->box = box;
  msg->life = life;
  msg->in_box.data = msg;
  msg->arrived_at = self->now;
  g_hash_table_insert (self->messages, &msg->id, msg);
  im_box_add (box, msg);
  return msg;
}

void
im_msg_free (ImMsg *msg)
{
  g_assert (msg->copies.length == 0);
  g_free (msg->sender);
  g_clear_pointer (&msg->ends, g_array_unref);
  g_clear_pointer (&msg->others, g_ptr_array_unref);
  g_clear_pointer (&msg->locked, g_ref_string_release);
  g_clear_pointer (&msg->best, g_ref_string_release);
  g_free (msg);
}

void
im_msg_arm (Im *self, ImMsg *msg)
{
  if (msg->life == LIFE_ALONE)
    wheel_arm (self->ages, &msg->timer, msg->arrived_at + self->limits.alone);
  else if (msg->life == LIFE_SPREAD)
    wheel_arm (self->ages, &msg->timer, msg->arrived_at + self->limits.fork);
  else if (msg->life == LIFE_KEPT)
    wheel_arm (self->ages, &msg->timer, msg->expires_at);
  else
    wheel_cancel (self->ages, &msg->timer);
}

gboolean
im_msg_is_done (const ImMsg *msg, const char *device)
{
  for (guint i = 0; msg->ends != NULL && i < msg->ends->len; i++)
    if (g_str_equal (g_array_index (msg->ends, ImEnd, i).device, device))
      return TRUE;
  return FALSE;
}

static gboolean
is_live (const ImMsg *msg)
{
  return msg->life <= LIFE_STORING;
}

static void
add_end (ImMsg *msg, const char *device, guint status)
{
  ImEnd end = { g_ref_string_new (device), status };

  if (msg->ends == NULL) {
    msg->ends = g_array_new (FALSE, FALSE, sizeof (ImEnd));
    g_array_set_clear_func (msg->ends, end_clear);
  }
  g_array_append_val (msg->ends, end);
}

static void
tell_refused (Im *self, const ImMsg *msg, const ImEnd *end)
{
  if (end->status < 300)
    return;
  im_act (self, IM_ACT_REFUSED, msg->box, msg->id, end->device)->status
      = end->status;
}

void
im_msg_answer (Im *self, ImMsg *msg, const char *device, guint status,
               gboolean is_final)
{
  if (is_final) {
    add_end (msg, device, status);
    if (im_msg_is_owed (msg))
      tell_refused (self, msg,
                    &g_array_index (msg->ends, ImEnd, msg->ends->len - 1));
  }
  if (!is_live (msg)
      && (msg->life != LIFE_KEPT || im_outcome (status) != IM_TOOK))
    return;
  msg->is_settled |= im_is_settled (status);
  if (msg->best != NULL && im_rank (status) >= im_rank (msg->best_status))
    return;
  g_clear_pointer (&msg->best, g_ref_string_release);
  msg->best = g_ref_string_new (device);
  msg->best_status = status;
}

gboolean
im_msg_is_owed (const ImMsg *msg)
{
  return msg->life == LIFE_KEPT || msg->life == LIFE_TAKING;
}

static gboolean
has_copy (const ImMsg *msg, const char *device)
{
  for (GList *at = msg->copies.head; at != NULL; at = at->next)
    if (g_str_equal (((ImCopy *)at->data)->line->device, device))
      return TRUE;
  return FALSE;
}

void
im_msg_offer (Im *self, ImMsg *msg, const char *device)
{
  ImLine *line = im_line_find (msg->box, device);

  if (im_msg_is_done (msg, device) || has_copy (msg, device)
      || (line != NULL && !im_line_is_active (line)))
    return;
  if (line == NULL)
    line = im_line_need (msg->box, device);
  if (!im_line_push (self, line, msg))
    msg->box->is_behind = TRUE;
}

static void
answer (Im *self, const ImMsg *msg, ImAnswer how)
{
  const char *device = how == IM_ANSWER_RELAY ? msg->best : NULL;
  ImAction *action = im_act (self, IM_ACT_ANSWER, msg->box, msg->id, device);

  action->answer = how;
  if (device != NULL)
    action->status = msg->best_status;
}

/* A timeout and a failed transport have no response to relay, and say what 480
 * says. */
static ImAnswer
best_answer (const ImMsg *msg)
{
  if (msg->best == NULL || msg->best_status == 408 || msg->best_status == 503)
    return IM_ANSWER_NOBODY;
  return IM_ANSWER_RELAY;
}

static void
tell (Im *self, const ImMsg *msg, guint actions)
{
  if (actions & RELAY)
    answer (self, msg, best_answer (msg));
  if (actions & ACCEPT)
    answer (self, msg, IM_ANSWER_STORED);
  if (actions & NOBODY)
    answer (self, msg, IM_ANSWER_NOBODY);
  if (actions & FULL)
    answer (self, msg, IM_ANSWER_FULL);
  if (actions & SORRY)
    answer (self, msg, IM_ANSWER_STORE);
}

/* A copy that still waits for its turn says nothing about its device. */
static void
unlock (Im *self, const ImMsg *msg)
{
  const ImCopy *copy = msg->copies.head != NULL ? msg->copies.head->data : NULL;

  if (copy == NULL || copy->line->out == copy)
    im_locks_not_taken (self->locks, msg->sender, msg->box->aor, msg->locked);
}

static void
spread (Im *self, ImMsg *msg)
{
  g_autoptr (GPtrArray) others = g_steal_pointer (&msg->others);

  for (guint i = 0; i < others->len; i++)
    im_line_push (self, im_line_need (msg->box, others->pdata[i]), msg);
}

static void
store (Im *self, ImMsg *msg)
{
  msg->box->n_storing++;
  im_act (self, IM_ACT_STORE, msg->box, msg->id, NULL);
}

static void
keep (Im *self, ImMsg *msg)
{
  ImBox *box = msg->box;

  box->n_storing--;
  box->n_stored++;
  box->n_kept++;
  im_act (self, IM_ACT_COUNT, box, 0, NULL)->n = box->n_stored;
  for (guint i = 0; msg->ends != NULL && i < msg->ends->len; i++)
    tell_refused (self, msg, &g_array_index (msg->ends, ImEnd, i));
}

static void
offer (Im *self, ImMsg *msg)
{
  for (guint i = 0; i < self->n_present; i++)
    im_msg_offer (self, msg, self->present[i]);
}

static void
cancel (ImMsg *msg)
{
  GList *next;

  for (GList *at = msg->copies.head; at != NULL; at = next) {
    ImCopy *copy = at->data;

    next = at->next;
    if (copy->line->out != copy)
      im_copy_free (copy);
  }
}

static void
act (Im *self, ImMsg *msg, guint actions)
{
  tell (self, msg, actions);
  if (actions & UNLOCK)
    unlock (self, msg);
  if (actions & SPREAD)
    spread (self, msg);
  if (actions & STORE)
    store (self, msg);
  if (actions & KEEP)
    keep (self, msg);
  if (actions & OFFER)
    offer (self, msg);
  if (actions & TAKE)
    im_act (self, IM_ACT_TAKE, msg->box, msg->id, msg->best);
  if (actions & EXPIRE)
    im_act (self, IM_ACT_EXPIRE, msg->box, msg->id, NULL);
  if (actions & REMOVE)
    im_box_uncount (self, msg->box, msg->id);
  if (actions & GIVE_UP)
    msg->box->n_storing--;
  if (actions & CANCEL)
    cancel (msg);
}

static void
enter (Im *self, ImMsg *msg, ImLife to)
{
  gboolean was_owed = im_msg_is_owed (msg);

  msg->life = to;
  im_msg_arm (self, msg);
  if (was_owed && !im_msg_is_owed (msg))
    msg->box->n_kept--;
  if (to != LIFE_GONE)
    return;
  im_act (self, IM_ACT_FORGET, msg->box, msg->id, NULL);
  g_hash_table_remove (self->messages, &msg->id);
  im_box_remove (self, msg->box, msg);
  g_ptr_array_add (self->gone, msg);
}

static const ImRule *
untaken (const Im *self, const ImMsg *msg, ImLifeEvent event)
{
  const ImBox *box = msg->box;

  if (msg->keep == IM_REFUSE)
    return &im_untaken_table[event == LIFE_ENDED ? UNTAKEN_ANSWERED
                                                 : UNTAKEN_SILENT];
  if (box->n_stored + box->n_storing >= self->limits.max_stored)
    return &im_untaken_table[UNTAKEN_FULL];
  return &im_untaken_table[UNTAKEN_STORE];
}

static void
move (Im *self, ImMsg *msg, ImLifeEvent event)
{
  const ImRule *rule = &im_life_table[msg->life][event];

  if (rule->to == LIFE_UNTAKEN)
    rule = untaken (self, msg, event);
  log_debug ("message %" G_GUINT64_FORMAT " to %s: %s", msg->id, msg->box->aor,
           rule->why);
  if (rule->to == LIFE_REJECT)
    return;
  if (rule->to != (guint)msg->life)
    enter (self, msg, rule->to);
  act (self, msg, rule->actions);
}

/* Before upstream is answered one answer may hold for whoever is asked. */
static ImLifeEvent
or_settled (const ImMsg *msg, ImLifeEvent event)
{
  return msg->is_settled && msg->life <= LIFE_SPREAD ? LIFE_SETTLED : event;
}

void
im_msg_settle (Im *self, ImMsg *msg)
{
  while (msg->copies.length == 0 && msg->life != LIFE_GONE) {
    ImLife before = msg->life;

    move (self, msg, or_settled (msg, LIFE_ENDED));
    if (msg->life == before)
      break;
  }
}

void
im_msg_event (Im *self, ImMsg *msg, ImLifeEvent event)
{
  /* A locked device may be silent although another answer is there already: the
   * others have not been asked. */
  if (event == LIFE_DUE && msg->life == LIFE_SPREAD)
    event = or_settled (msg, event);
  move (self, msg, event);
  im_msg_settle (self, msg);
}
