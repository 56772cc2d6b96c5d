/* SPDX-License-Identifier: ISC
 *
 * Messages of the store in memory, with the promises of port/messages.h: what is
 * asked for is done at the end of the turn, in order.  While it is "away" ends
 * and the ledger are kept. */
#include <string.h>

#include "addr/aor.h"
#include "store/mem-priv.h"
#include "store/messages-encode.h"
#include "store/messages-sql.h"

#define SEEN ((gint64)5 * 60 * G_USEC_PER_SEC)
#define NOTES_MAX 100000 /* kept while it is away */

typedef struct {
  const char *state; /* static */
  guint status;
  gboolean is_final;
} Delivery;

typedef struct {
  StoredMessage *message; /* with a body while it waits */
  GHashTable *devices;    /* device -> Delivery */
} Row;

struct MemMessages {
  StoreMem *store;
  MessagesPort port;
  GPtrArray *rows; /* Row, by id */
  GQueue kept;     /* Op */
  guint n_notes;   /* of them, of the ledger */
  GString *list;
};

typedef struct Op Op;
struct Op {
  MemMessages *messages;
  void (*run) (Op *self);
  gboolean is_note, is_away;
  MessagesOutcome outcome;
  StoredMessage *message;
  guint64 id;
  char *recipient, *device, *imdn_id, *sender;
  const char *state;
  guint n, status;
  MessagesFn done;
  MessagesReadFn read;
  MessagesCountFn counted;
  MessagesListFn listed;
  gpointer data;
};

/* --- Rows --- */

static void
row_free (gpointer data)
{
  Row *self = data;

  stored_message_free (self->message);
  g_hash_table_unref (self->devices);
  g_free (self);
}

static StoredMessage *
copy_whole (const StoredMessage *message)
{
  StoredMessage *copy = message_copy_bare (message);

  copy->headers = g_strdup (message->headers);
  if (message->body != NULL)
    copy->body = g_bytes_ref (message->body);
  return copy;
}

static gboolean
is_waiting (const Row *row)
{
  return row->message->body != NULL;
}

static void
empty (Row *row)
{
  g_clear_pointer (&row->message->body, g_bytes_unref);
  g_clear_pointer (&row->message->headers, g_free);
}

static Row *
find (const MemMessages *self, guint64 id)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (((Row *)self->rows->pdata[i])->message->id == id)
      return self->rows->pdata[i];
  return NULL;
}

static gboolean
is_same_request (const StoredMessage *a, const StoredMessage *b)
{
  return a->cseq == b->cseq && strcmp (a->call_id, b->call_id) == 0
         && g_strcmp0 (a->from_tag, b->from_tag) == 0
         && strcmp (a->recipient, b->recipient) == 0;
}

/* Takes the message, unless it is there already. */
static gboolean
insert (MemMessages *self, StoredMessage **message)
{
  guint at = 0;
  Row *row;

  for (guint i = 0; i < self->rows->len; i++) {
    const StoredMessage *other = ((Row *)self->rows->pdata[i])->message;

    if (other->id == (*message)->id || is_same_request (other, *message))
      return FALSE;
    at = other->id < (*message)->id ? i + 1 : at;
  }
  row = g_new0 (Row, 1);
  row->message = g_steal_pointer (message);
  row->devices
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_ptr_array_insert (self->rows, (gint)at, row);
  return TRUE;
}

static Delivery *
delivery_of (Row *row, const char *device)
{
  Delivery *self = g_hash_table_lookup (row->devices, device);

  if (self == NULL) {
    self = g_new0 (Delivery, 1);
    g_hash_table_insert (row->devices, g_strdup (device), self);
  }
  return self;
}

static guint
count_waiting (const MemMessages *self, const char *recipient)
{
  guint n = 0;

  for (guint i = 0; i < self->rows->len; i++) {
    const Row *row = self->rows->pdata[i];

    n += is_waiting (row) && aor_equal (row->message->recipient, recipient);
  }
  return n;
}

/* --- What is to be done --- */

static void
op_free (gpointer data)
{
  Op *self = data;

  stored_message_free (self->message);
  g_free (self->recipient);
  g_free (self->device);
  g_free (self->imdn_id);
  g_free (self->sender);
  g_free (self);
}

static void
run_cb (StoreOutcome outcome, gpointer data)
{
  Op *op = data;

  op->run (op);
  op_free (op);
}

static void
later (Op *op)
{
  store_mem_later (op->messages->store, run_cb, op, op_free);
}

static Op *
op_new (MemMessages *self, void (*run) (Op *self), gpointer data)
{
  Op *op = g_new0 (Op, 1);

  op->messages = self;
  op->run = run;
  op->is_away = !self->store->is_up;
  op->data = data;
  return op;
}

/* Ends and notes outlast an absence. */
static void
keep_or_run (Op *op)
{
  MemMessages *self = op->messages;

  if (!op->is_away) {
    later (op);
    return;
  }
  g_queue_push_tail (&self->kept, op);
  self->n_notes += op->is_note;
  for (GList *l = self->kept.head; self->n_notes > NOTES_MAX; l = l->next)
    if (((Op *)l->data)->is_note) {
      op_free (l->data);
      g_queue_delete_link (&self->kept, l);
      self->n_notes--;
      return;
    }
}

void
mem_messages_up (MemMessages *self)
{
  Op *op;

  while ((op = g_queue_pop_head (&self->kept)) != NULL)
    later (op);
  self->n_notes = 0;
}

static gboolean
is_refused (MemMessages *self)
{
  gboolean is_refused = self->store->refuses_next;

  self->store->refuses_next = FALSE;
  return is_refused;
}

static void
put_run (Op *op)
{
  if (op->outcome == MESSAGES_DONE && !insert (op->messages, &op->message))
    op->outcome = MESSAGES_REPEATED;
  if (op->done != NULL)
    op->done (op->outcome, op->data);
}

static void
put (gpointer port, const StoredMessage *message, MessagesFn done,
     gpointer data)
{
  MemMessages *self = port;
  Op *op = op_new (self, put_run, data);

  op->done = done;
  if (is_refused (self) || !message_is_fit (message) || message->body == NULL)
    op->outcome = MESSAGES_REFUSED;
  else if (op->is_away)
    op->outcome = MESSAGES_AWAY;
  else
    op->message = copy_whole (message);
  later (op);
}

/* What the table calls it. */
static const char *
plain (const char *state)
{
  return strcmp (state, STATE_RETURNED) == 0
                 || strcmp (state, STATE_BOUNCED) == 0
             ? "failed"
             : state;
}

static void
end_run (Op *op)
{
  Row *row = find (op->messages, op->id);
  Delivery *delivery;

  if (row != NULL && op->outcome == MESSAGES_DONE) {
    delivery = delivery_of (row, op->device);
    if (g_strcmp0 (delivery->state, "displayed") != 0
        || strcmp (op->state, "delivered") != 0)
      delivery->state = plain (op->state);
    delivery->status = op->status;
    delivery->is_final = TRUE;
    if (strcmp (op->state, "failed") != 0)
      empty (row);
  }
  if (op->done != NULL)
    op->done (op->outcome, op->data);
}

static void
end_message (gpointer port, const char *recipient, guint64 id, MessagesEnd end,
             const char *device, guint status, MessagesFn done, gpointer data)
{
  static const char *const states[] = { [MESSAGES_TAKEN] = "delivered",
                                        [MESSAGES_FAILED] = "failed",
                                        [MESSAGES_RETURNED] = STATE_RETURNED,
                                        [MESSAGES_EXPIRED] = "expired" };
  MemMessages *self = port;
  Op *op = op_new (self, end_run, data);

  op->id = id;
  op->device = g_strdup (device != NULL ? device : "");
  op->state = states[end];
  op->status = status;
  op->done = done;
  if (is_refused (self) || !message_is_device (op->device)) {
    op->outcome = MESSAGES_REFUSED;
    later (op);
    return;
  }
  keep_or_run (op);
}

/* --- Reading --- */

static GStrv
refused_of (const Row *row)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, row->devices);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    const Delivery *delivery = value;

    if (delivery->is_final && strcmp (delivery->state, "failed") == 0)
      g_ptr_array_add (names, g_strdup (name));
  }
  if (names->len == 0)
    return NULL;
  g_ptr_array_add (names, NULL);
  return (GStrv)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

static void
read_run (Op *op)
{
  MemMessages *self = op->messages;
  MessagesRead told = { .is_read = !op->is_away, .is_all = !op->is_away };

  if (!op->is_away)
    told.messages
        = g_ptr_array_new_with_free_func ((GDestroyNotify)stored_message_free);
  for (guint i = 0; i < self->rows->len && !op->is_away; i++) {
    const Row *row = self->rows->pdata[i];
    StoredMessage *copy;

    if (!is_waiting (row) || row->message->id <= op->id
        || !aor_equal (row->message->recipient, op->recipient))
      continue;
    if (told.messages->len == op->n) {
      told.is_all = FALSE;
      break;
    }
    copy = copy_whole (row->message);
    copy->refused = refused_of (row);
    g_ptr_array_add (told.messages, copy);
  }
  op->read (&told, op->data);
}

static void
read_messages (gpointer port, const char *recipient, guint64 after, guint n,
               MessagesReadFn done, gpointer data)
{
  Op *op = op_new (port, read_run, data);

  op->recipient = g_strdup (recipient);
  op->id = after;
  op->n = n;
  op->read = done;
  later (op);
}

static void
list_run (Op *op)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < op->messages->rows->len && !op->is_away; i++) {
    const Row *row = op->messages->rows->pdata[i];

    if (is_waiting (row) && aor_equal (row->message->recipient, op->recipient))
      g_array_append_val (ids, row->message->id);
  }
  op->listed (op->is_away ? NULL : ids, op->data);
}

static void
list_messages (gpointer port, const char *recipient, MessagesListFn done,
               gpointer data)
{
  Op *op = op_new (port, list_run, data);

  op->recipient = g_strdup (recipient);
  op->listed = done;
  later (op);
}

/* --- The ledger --- */

static void
note_message_run (Op *op)
{
  insert (op->messages, &op->message);
}

static void
note_message (gpointer port, const StoredMessage *message)
{
  Op *op;

  if (!message_is_fit (message))
    return;
  op = op_new (port, note_message_run, NULL);
  op->is_note = TRUE;
  op->message = message_copy_bare (message);
  keep_or_run (op);
}

static gboolean
may_be_told (const Delivery *delivery, const char *state)
{
  if (delivery->state != NULL && strcmp (state, STATE_BOUNCED) == 0)
    return strcmp (delivery->state, "displayed") != 0;
  return delivery->state == NULL
         || (!delivery->is_final && strcmp (delivery->state, "delivered") != 0
             && strcmp (delivery->state, "displayed") != 0);
}

static void
note_delivery_run (Op *op)
{
  Row *row = find (op->messages, op->id);
  Delivery *delivery = row != NULL ? delivery_of (row, op->device) : NULL;

  if (delivery == NULL || !may_be_told (delivery, op->state))
    return;
  delivery->is_final = strcmp (op->state, STATE_BOUNCED) == 0;
  delivery->state = plain (op->state);
  delivery->status = op->status;
}

static void
note_delivery (gpointer port, guint64 id, const char *recipient,
               const char *device, MessagesState state, guint status)
{
  static const char *const states[] = { [MESSAGES_SENT] = "sent",
                                        [MESSAGES_DELIVERED] = "delivered",
                                        [MESSAGES_NOT_TAKEN] = "failed",
                                        [MESSAGES_BOUNCED] = STATE_BOUNCED };
  Op *op;

  if (!message_is_device (device))
    return;
  op = op_new (port, note_delivery_run, NULL);
  op->is_note = TRUE;
  op->id = id;
  op->device = g_strdup (device);
  op->state = states[state];
  op->status = status;
  keep_or_run (op);
}

static void
note_displayed_run (Op *op)
{
  for (guint i = op->messages->rows->len; i-- > 0;) {
    Row *row = op->messages->rows->pdata[i];

    if (g_strcmp0 (row->message->imdn_id, op->imdn_id) == 0
        && aor_equal (row->message->sender, op->sender)
        && aor_equal (row->message->recipient, op->recipient)) {
      delivery_of (row, op->device)->state = "displayed";
      return;
    }
  }
}

static void
note_displayed (gpointer port, const char *imdn_id, const char *sender,
                const char *recipient, const char *device)
{
  Op *op = op_new (port, note_displayed_run, NULL);

  op->is_note = TRUE;
  op->imdn_id = g_strdup (imdn_id);
  op->sender = g_strdup (sender);
  op->recipient = g_strdup (recipient);
  op->device = g_strdup (device);
  keep_or_run (op);
}

/* --- Sweeping --- */

static gboolean
expire (MemMessages *self, Row *row)
{
  if (!is_waiting (row)
      || row->message->expires_at > clock_now (self->store->clock))
    return FALSE;
  empty (row);
  *delivery_of (row, "") = (Delivery){ .state = "expired", .is_final = TRUE };
  return TRUE;
}

static gboolean
is_old (MemMessages *self, const Row *row, guint keep)
{
  gint64 before
      = clock_wall (self->store->clock) - (gint64)keep * G_USEC_PER_SEC;

  return !is_waiting (row) && (gint64)row->message->id < before;
}

static void
sweep_run (Op *op)
{
  MemMessages *self = op->messages;
  g_autoptr (GHashTable) fewer
      = g_hash_table_new_full (aor_hash, aor_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer aor;

  for (guint i = self->rows->len; i-- > 0 && !op->is_away;) {
    Row *row = self->rows->pdata[i];

    if (expire (self, row))
      g_hash_table_add (fewer, g_strdup (row->message->recipient));
    else if (is_old (self, row, op->n))
      g_ptr_array_remove_index (self->rows, i);
  }
  g_hash_table_iter_init (&iter, fewer);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    if (op->counted != NULL)
      op->counted (aor, count_waiting (self, aor), op->data);
  if (op->done != NULL)
    op->done (op->is_away ? MESSAGES_AWAY : MESSAGES_DONE, op->data);
}

static void
sweep (gpointer port, guint keep, MessagesCountFn counted, MessagesFn done,
       gpointer data)
{
  Op *op = op_new (port, sweep_run, data);

  op->n = keep;
  op->counted = counted;
  op->done = done;
  later (op);
}

/* --- What the store asks --- */

static void
tell_waiting (MemMessages *self, const StoreLoadFns *fns, gpointer data)
{
  g_autoptr (GHashTable) told = g_hash_table_new (aor_hash, aor_equal);

  for (guint i = 0; i < self->rows->len; i++) {
    const Row *row = self->rows->pdata[i];
    char *recipient = row->message->recipient;

    if (is_waiting (row) && g_hash_table_add (told, recipient))
      fns->waiting (recipient, count_waiting (self, recipient), data);
  }
}

/* What nobody took and that does not wait is a new message when it comes
 * again. */
static gboolean
was_accepted (const Row *row)
{
  GHashTableIter iter;
  gpointer delivery;

  if (is_waiting (row))
    return TRUE;
  g_hash_table_iter_init (&iter, row->devices);
  while (g_hash_table_iter_next (&iter, NULL, &delivery)) {
    const char *state = ((Delivery *)delivery)->state;

    if (strcmp (state, "sent") != 0 && strcmp (state, "failed") != 0)
      return TRUE;
  }
  return FALSE;
}

void
mem_messages_tell (MemMessages *self, const StoreLoadFns *fns, gpointer data)
{
  gint64 lately = clock_wall (self->store->clock) - SEEN;
  guint64 last = 0;

  if (fns->waiting != NULL)
    tell_waiting (self, fns, data);
  for (guint i = 0; i < self->rows->len; i++) {
    const Row *row = self->rows->pdata[i];
    const StoredMessage *m = row->message;

    last = m->id;
    if (fns->message_seen != NULL && m->created_at > lately
        && was_accepted (row))
      fns->message_seen (m->call_id, m->from_tag != NULL ? m->from_tag : "",
                         m->cseq, data);
  }
  if (fns->last_message != NULL)
    fns->last_message (last, data);
}

gboolean
mem_messages_drop (MemMessages *self, const char *recipient)
{
  guint before = self->rows->len;

  for (guint i = self->rows->len; i-- > 0;) {
    const Row *row = self->rows->pdata[i];

    if (is_waiting (row)
        && (recipient == NULL
            || aor_equal (row->message->recipient, recipient)))
      g_ptr_array_remove_index (self->rows, i);
  }
  return self->rows->len < before;
}

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

const char *
mem_messages_list (MemMessages *self)
{
  g_string_truncate (self->list, 0);
  for (guint i = 0; i < self->rows->len; i++) {
    const Row *row = self->rows->pdata[i];
    g_autoptr (GList) devices
        = g_list_sort (g_hash_table_get_keys (row->devices), compare_cb);

    g_string_append_printf (self->list, "%" G_GUINT64_FORMAT " %s %s %s",
                            row->message->id, row->message->sender,
                            row->message->recipient,
                            is_waiting (row) ? "queued" : "ended");
    for (const GList *l = devices; l != NULL; l = l->next) {
      const Delivery *delivery = g_hash_table_lookup (row->devices, l->data);

      g_string_append_printf (self->list, " %s=%s", (char *)l->data,
                              delivery->state);
    }
    g_string_append_c (self->list, '\n');
  }
  return self->list->str;
}

/* --- Life --- */

MemMessages *
mem_messages_new (StoreMem *store)
{
  MemMessages *self = g_new0 (MemMessages, 1);

  self->store = store;
  self->rows = g_ptr_array_new_with_free_func (row_free);
  self->list = g_string_new (NULL);
  self->port = (MessagesPort){ .self = self,
                               .put = put,
                               .end = end_message,
                               .read = read_messages,
                               .list = list_messages,
                               .note_message = note_message,
                               .note_delivery = note_delivery,
                               .note_displayed = note_displayed,
                               .sweep = sweep };
  return self;
}

void
mem_messages_free (MemMessages *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->kept, op_free);
  g_ptr_array_unref (self->rows);
  g_string_free (self->list, TRUE);
  g_free (self);
}

MessagesPort *
mem_messages_port (MemMessages *self)
{
  return &self->port;
}
