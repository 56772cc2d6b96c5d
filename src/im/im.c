/* SPDX-License-Identifier: ISC
 *
 * The calls of im.h: which machine each event is for. */
#define G_LOG_DOMAIN "im"
#include "im/im-priv.h"

#include "addr/aor.h"

static void
action_clear (gpointer data)
{
  ImAction *action = data;

  g_clear_pointer (&action->recipient, g_ref_string_release);
  g_clear_pointer (&action->device, g_ref_string_release);
}

GArray *
im_actions_new (void)
{
  GArray *actions = g_array_new (FALSE, TRUE, sizeof (ImAction));

  g_array_set_clear_func (actions, action_clear);
  return actions;
}

ImAction *
im_act (Im *self, ImActionKind kind, const ImBox *box, guint64 message,
        const char *device)
{
  ImAction *action;

  g_array_set_size (self->actions, self->actions->len + 1);
  action = &g_array_index (self->actions, ImAction, self->actions->len - 1);
  action->kind = kind;
  action->message = message;
  action->recipient = g_ref_string_acquire (box->aor);
  /* Devices are GRefStrings inside the room. */
  action->device
      = device != NULL ? g_ref_string_acquire ((char *)device) : NULL;
  return action;
}

static void
age_cb (WheelTimer *timer, gpointer data)
{
  ImMsg *msg = (ImMsg *)((char *)timer - G_STRUCT_OFFSET (ImMsg, timer));

  im_box_touch (data, msg->box);
  im_msg_event (data, msg, LIFE_DUE);
}

static void
rest_cb (WheelTimer *timer, gpointer data)
{
  ImLine *line = (ImLine *)((char *)timer - G_STRUCT_OFFSET (ImLine, timer));

  im_box_touch (data, line->box);
  im_line_move (data, line, LINE_DUE);
}

static void
unread_cb (WheelTimer *timer, gpointer data)
{
  ImBox *box = (ImBox *)((char *)timer - G_STRUCT_OFFSET (ImBox, timer));

  im_box_touch (data, box);
  im_box_look (data, box);
}

Im *
im_new (const ImLimits *limits, gint64 now)
{
  Im *self = g_new0 (Im, 1);

  g_assert (limits->chunk > 0 && limits->max_waiting > limits->chunk);
  self->limits = *limits;
  self->locks = im_locks_new (limits->max_locks, limits->idle);
  self->messages = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->boxes = g_hash_table_new (aor_hash, aor_equal);
  self->ages = wheel_new (now, age_cb, self);
  self->rests = wheel_new (now, rest_cb, self);
  self->unread = wheel_new (now, unread_cb, self);
  self->touched = g_ptr_array_new ();
  self->gone = g_ptr_array_new_with_free_func ((GDestroyNotify)im_msg_free);
  return self;
}

void
im_set_limits (Im *self, const ImLimits *limits)
{
  self->limits = *limits;
}

static void
box_destroy (Im *self, ImBox *box)
{
  while (box->messages.head != NULL) {
    ImMsg *msg = box->messages.head->data;

    while (msg->copies.head != NULL)
      im_copy_free (msg->copies.head->data);
    g_queue_unlink (&box->messages, &msg->in_box);
    im_msg_free (msg);
  }
  while (box->lines.head != NULL)
    im_line_free (box->lines.head->data);
  im_box_free (box);
}

void
im_free (Im *self)
{
  GHashTableIter iter;
  gpointer box;

  if (self == NULL)
    return;
  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, NULL, &box)) {
    g_hash_table_iter_steal (&iter);
    box_destroy (self, box);
  }
  g_hash_table_unref (self->boxes);
  g_hash_table_unref (self->messages);
  wheel_free (self->ages);
  wheel_free (self->rests);
  wheel_free (self->unread);
  im_locks_free (self->locks);
  g_ptr_array_unref (self->touched);
  g_ptr_array_unref (self->gone);
  g_free (self);
}

ImLocks *
im_locks (Im *self)
{
  return self->locks;
}

static void
enter (Im *self, gint64 now, GArray *actions)
{
  self->now = now;
  self->actions = actions;
}

static gboolean
is_idle (const ImLine *line)
{
  return line->state == LINE_GONE
         || (line->state == LINE_IDLE && line->waiting.length == 0
             && line->stuck == 0);
}

static void
tidy (Im *self, ImBox *box)
{
  GList *next;

  for (GList *at = box->lines.head; at != NULL; at = next) {
    next = at->next;
    if (is_idle (at->data))
      im_line_free (at->data);
  }
  box->is_touched = FALSE;
  if (box->lines.length > 0 || box->messages.length > 0 || box->n_stored > 0
      || box->state == BOX_LOADING || box->state == BOX_AGAIN)
    return;
  wheel_cancel (self->unread, &box->timer);
  g_hash_table_remove (self->boxes, box->aor);
  im_box_free (box);
}

/* What an event has freed the way for goes on; then what is over is freed. */
static void
leave (Im *self)
{
  for (guint i = 0; i < self->touched->len; i++) {
    im_box_read_on (self, self->touched->pdata[i]);
    im_box_next (self, self->touched->pdata[i]);
  }
  g_ptr_array_set_size (self->gone, 0);
  for (guint i = 0; i < self->touched->len; i++)
    tidy (self, self->touched->pdata[i]);
  g_ptr_array_set_size (self->touched, 0);
  self->actions = NULL;
  self->present = NULL;
  self->n_present = 0;
}

static gboolean
is_among (const char *device, const char *const *devices, guint n)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (devices[i], device))
      return TRUE;
  return FALSE;
}

static const char *
locked_device (Im *self, const ImMessage *message, const char *const *devices,
               guint n)
{
  const char *device;

  if (message->is_direct || message->keep == IM_FIRST)
    return NULL;
  device = im_locks_route (self->locks, message->sender, message->recipient,
                           message->content, self->now);
  if (message->first != NULL && is_among (message->first, devices, n))
    return message->first;
  return device != NULL && is_among (device, devices, n) ? device : NULL;
}

/* The locked device first; the others are remembered. */
static void
try_locked (Im *self, ImMsg *msg, const char *locked,
            const char *const *devices, guint n)
{
  msg->locked = g_ref_string_new (locked);
  msg->others
      = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ref_string_release);
  for (guint i = 0; i < n; i++)
    if (!g_str_equal (devices[i], locked))
      g_ptr_array_add (msg->others, g_ref_string_new (devices[i]));
  im_line_push (self, im_line_need (msg->box, locked), msg);
}

static void
try_all (Im *self, ImMsg *msg, const char *const *devices, guint n)
{
  for (guint i = 0; i < n; i++)
    im_line_push (self, im_line_need (msg->box, devices[i]), msg);
}

void
im_message (Im *self, const ImMessage *message, const char *const *devices,
            guint n, gint64 now, GArray *actions)
{
  const char *locked;
  ImMsg *msg;
  ImBox *box;

  g_return_if_fail (message->id != 0
                    && !g_hash_table_contains (self->messages, &message->id));
  enter (self, now, actions);
  locked = locked_device (self, message, devices, n);
  box = im_box_need (self, message->recipient);
  msg = im_msg_new (self, box, message->id,
                    locked != NULL ? LIFE_ALONE : LIFE_SPREAD);
  msg->sender = g_strdup (message->sender);
  msg->keep = message->keep;
  msg->expires_at = message->expires_at;
  im_msg_arm (self, msg);
  if (locked != NULL)
    try_locked (self, msg, locked, devices, n);
  else if (message->keep != IM_FIRST)
    try_all (self, msg, devices, n);
  im_msg_settle (self, msg);
  leave (self);
}

static ImMsg *
find (Im *self, guint64 id)
{
  ImMsg *msg = g_hash_table_lookup (self->messages, &id);

  if (msg != NULL)
    im_box_touch (self, msg->box);
  return msg;
}

void
im_answered (Im *self, guint64 message, const char *device, guint status,
             gint64 now, GArray *actions)
{
  ImMsg *msg = find (self, message);
  ImLine *line = msg != NULL ? im_line_find (msg->box, device) : NULL;

  enter (self, now, actions);
  if (status >= 200 && line != NULL && line->out != NULL
      && line->out->msg == msg)
    im_line_answered (self, line, status);
  leave (self);
}

void
im_stored (Im *self, guint64 message, gboolean is_stored,
           const char *const *devices, guint n, gint64 now, GArray *actions)
{
  ImMsg *msg = find (self, message);

  enter (self, now, actions);
  self->present = devices;
  self->n_present = n;
  if (msg != NULL)
    im_msg_event (self, msg, is_stored ? LIFE_STORED : LIFE_LOST);
  leave (self);
}

void
im_taken (Im *self, guint64 message, gboolean is_written, gint64 now,
          GArray *actions)
{
  ImMsg *msg = find (self, message);

  enter (self, now, actions);
  if (msg != NULL)
    im_msg_event (self, msg, is_written ? LIFE_WRITTEN : LIFE_UNWRITTEN);
  leave (self);
}

static gboolean
was_removed (const ImBox *box, guint64 id)
{
  for (guint i = 0; i < box->removed->len; i++)
    if (g_array_index (box->removed, guint64, i) == id)
      return TRUE;
  return FALSE;
}

static gboolean
is_refused (const ImRow *row, const char *device)
{
  return row->refused != NULL && g_strv_contains (row->refused, device);
}

/* Can anything be given to this device? */
static gboolean
is_open (ImBox *box, const char *device)
{
  const ImLine *line = im_line_find (box, device);

  return line == NULL || im_line_is_active (line);
}

static guint
n_open (const Im *self, ImBox *box, const ImRow *row)
{
  guint n = 0;

  for (guint i = 0; i < self->n_present; i++)
    n += is_open (box, self->present[i])
         && (row == NULL || !is_refused (row, self->present[i]));
  return n;
}

static void
offer_row (Im *self, ImMsg *msg, const ImRow *row)
{
  for (guint i = 0; i < self->n_present; i++)
    if (!is_refused (row, self->present[i]))
      im_msg_offer (self, msg, self->present[i]);
}

static void
adopt (Im *self, ImBox *box, const ImRow *row)
{
  ImMsg *msg = g_hash_table_lookup (self->messages, &row->id);

  if (msg != NULL && im_msg_is_owed (msg))
    offer_row (self, msg, row);
  if (msg != NULL)
    return;
  if (was_removed (box, row->id)
      || (row->expires_at > self->now && n_open (self, box, row) == 0)) {
    im_act (self, IM_ACT_FORGET, box, row->id, NULL);
    return;
  }
  msg = im_msg_new (self, box, row->id, LIFE_KEPT);
  msg->expires_at = row->expires_at;
  box->n_kept++;
  im_msg_arm (self, msg);
  if (row->expires_at <= self->now)
    im_msg_event (self, msg, LIFE_DUE);
  else
    offer_row (self, msg, row);
  im_msg_settle (self, msg);
}

static ImBoxEvent
loaded_event (ImLoaded outcome)
{
  if (outcome == IM_NOT_LOADED)
    return BOX_FAILED;
  return outcome == IM_LOADED_SOME ? BOX_SOME : BOX_ALL;
}

void
im_loaded (Im *self, const char *recipient, ImLoaded outcome, const ImRow *rows,
           guint n_rows, const char *const *devices, guint n, gint64 now,
           GArray *actions)
{
  ImBox *box = im_box_find (self, recipient);

  enter (self, now, actions);
  self->present = devices;
  self->n_present = n;
  for (guint i = 0; box != NULL && i < n_rows; i++) {
    adopt (self, box, &rows[i]);
    if (box->state == BOX_LOADING)
      box->upto = rows[i].id;
  }
  if (box != NULL)
    im_box_move (self, box, loaded_event (outcome));
  if (box != NULL && box->state == BOX_COLD && n_open (self, box, NULL) == 0)
    im_box_move (self, box, BOX_NOBODY);
  else if (box != NULL && box->state == BOX_COLD && box->n_kept == 0)
    im_box_move (self, box, BOX_WANTED);
  leave (self);
}

static void
device_event (Im *self, const char *recipient, const char *device,
              ImLineEvent event)
{
  ImBox *box = im_box_find (self, recipient);
  ImLine *line = box != NULL ? im_line_find (box, device) : NULL;

  if (line == NULL && box != NULL && event == LINE_HERE)
    line = im_line_need (box, device);
  if (line != NULL)
    im_line_move (self, line, event);
}

void
im_device_here (Im *self, const char *recipient, const char *device, gint64 now,
                GArray *actions)
{
  enter (self, now, actions);
  im_locks_device_here (self->locks, recipient, device);
  device_event (self, recipient, device, LINE_HERE);
  leave (self);
}

guint64
im_out (const Im *self, const char *recipient, const char *device)
{
  ImBox *box = g_hash_table_lookup (self->boxes, recipient);
  const ImLine *line = box != NULL ? im_line_find (box, device) : NULL;

  return line != NULL && line->out != NULL ? line->out->msg->id : 0;
}

void
im_device_closed (Im *self, const char *recipient, const char *device,
                  gint64 now, GArray *actions)
{
  enter (self, now, actions);
  im_locks_device_closed (self->locks, recipient, device);
  device_event (self, recipient, device, LINE_LEFT);
  leave (self);
}

void
im_device_gone (Im *self, const char *recipient, const char *device, gint64 now,
                GArray *actions)
{
  enter (self, now, actions);
  im_locks_device_gone (self->locks, recipient, device);
  device_event (self, recipient, device, LINE_LEFT);
  leave (self);
}

void
im_counted (Im *self, const char *recipient, guint n, gint64 now,
            GArray *actions)
{
  ImBox *box = im_box_find (self, recipient);
  guint before = box != NULL ? box->n_stored : 0;

  enter (self, now, actions);
  if (box == NULL && n > 0) {
    box = im_box_need (self, recipient);
    box->state = BOX_COLD;
  }
  if (box != NULL)
    box->n_stored = MAX (n, box->n_kept);
  if (box != NULL && box->n_stored != before)
    im_act (self, IM_ACT_COUNT, box, 0, NULL)->n = box->n_stored;
  leave (self);
}

guint
im_count (const Im *self, const char *recipient)
{
  const ImBox *box = g_hash_table_lookup (self->boxes, recipient);

  return box != NULL ? box->n_stored : 0;
}

void
im_purged (Im *self, const char *recipient, guint64 message, gint64 now,
           GArray *actions)
{
  ImMsg *msg = find (self, message);
  ImBox *box = im_box_find (self, recipient);

  enter (self, now, actions);
  if (msg != NULL)
    im_msg_event (self, msg, LIFE_PURGED);
  else if (box != NULL)
    im_box_uncount (self, box, message);
  leave (self);
}

void
im_advance (Im *self, gint64 now, GArray *actions)
{
  enter (self, now, actions);
  im_locks_advance (self->locks, now);
  wheel_advance (self->ages, now);
  wheel_advance (self->rests, now);
  wheel_advance (self->unread, now);
  leave (self);
}

guint
im_count_all (const Im *self)
{
  GHashTableIter iter;
  gpointer box;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, NULL, &box))
    n += ((const ImBox *)box)->n_stored;
  return n;
}

guint
im_size (const Im *self)
{
  return g_hash_table_size (self->messages);
}
