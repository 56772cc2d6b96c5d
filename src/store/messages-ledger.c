/* SPDX-License-Identifier: ISC
 *
 * What is noted waits in one queue, in order: a message comes before its
 * deliveries.  One part of it is on its way at a time. */
#define G_LOG_DOMAIN "store"
#include "store/messages-ledger.h"

#include <string.h>

#include "store/array.h"
#include "store/messages-encode.h"
#include "store/messages-sql.h"

/* Written so long behind, and looked at so often, in ms: in small steps, for what
 * gathers in two seconds takes PostgreSQL, and thus all else, hundreds of
 * milliseconds at a time. */
#define BEHIND 1750
#define STEP 250
#define ENTRIES_MAX 100000 /* that wait */
#define PART 256           /* at a time */

typedef enum { NOTE_MESSAGE, NOTE_DELIVERY, NOTE_SHOWN, N_NOTES } NoteKind;

typedef struct {
  NoteKind kind;
  gint64 at;    /* us: when it was so */
  gint64 since; /* us: when it was noted; never before that of an older one */
  StoredMessage *message;
  guint64 id;
  MessagesState state;
  guint status;
  char *device;
  char *imdn_id, *sender, *recipient; /* of a displayed one */
} Entry;

struct Ledger {
  const PgMessagesConfig *config;
  GQueue entries;
  gint64 due;        /* us: those noted by then are to be written now */
  guint flying;      /* calls on their way */
  GHashTable *index; /* Entry of a delivery that waits -> itself */
  LoopTimer *timer;
  gint64 *n_dropped;
};

/* A part of one kind. */
typedef struct {
  Call call; /* first */
  Ledger *ledger;
  guint n;
  GByteArray *columns[PUT_COLUMNS];
} Part;

/* --- Entries --- */

static guint
delivery_hash (gconstpointer data)
{
  const Entry *entry = data;

  return g_int64_hash (&entry->id) ^ g_str_hash (entry->device);
}

static gboolean
delivery_equal (gconstpointer a, gconstpointer b)
{
  const Entry *x = a, *y = b;

  return x->id == y->id && strcmp (x->device, y->device) == 0;
}

static void
entry_free (gpointer data)
{
  Entry *self = data;

  stored_message_free (self->message);
  g_free (self->device);
  g_free (self->imdn_id);
  g_free (self->sender);
  g_free (self->recipient);
  g_free (self);
}

/* The oldest one. */
static Entry *
pop (Ledger *self)
{
  Entry *entry = g_queue_pop_head (&self->entries);

  if (entry->kind == NOTE_DELIVERY)
    g_hash_table_remove (self->index, entry);
  return entry;
}

static void
drop_oldest (Ledger *self)
{
  if (*self->n_dropped == 0)
    g_warning ("the ledger of messages is written too slowly: its oldest "
               "entries are left out (counter messages_ledger_dropped)");
  (*self->n_dropped)++;
  entry_free (pop (self));
}

static void step_cb (gpointer data);

static void
need_timer (Ledger *self)
{
  LoopPort *loop = self->config->loop;

  if (self->timer == NULL)
    self->timer = loop->after (loop->self, STEP, step_cb, self);
}

static void
add (Ledger *self, Entry *entry)
{
  if (self->entries.length == ENTRIES_MAX)
    drop_oldest (self);
  entry->at = entry->since = clock_now (self->config->clock);
  g_queue_push_tail (&self->entries, entry);
  need_timer (self);
}

/* --- Parts --- */

static const char *
state_name (MessagesState state)
{
  static const char *const names[] = { [MESSAGES_SENT] = "sent",
                                       [MESSAGES_DELIVERED] = "delivered",
                                       [MESSAGES_NOT_TAKEN] = "failed",
                                       [MESSAGES_BOUNCED] = STATE_BOUNCED };

  return names[state];
}

static void
encode_message (GByteArray *const *columns, const Entry *entry, gint64 now)
{
  message_encode (columns, entry->message, now);
}

static void
encode_delivery (GByteArray *const *columns, const Entry *entry, gint64 now)
{
  array_put_int64 (columns[0], (gint64)entry->id);
  array_put_text (columns[1], entry->device);
  array_put_text (columns[2], state_name (entry->state));
  array_put_int64 (columns[3], entry->status);
  array_put_int64 (columns[4], now - entry->at);
}

static void
encode_shown (GByteArray *const *columns, const Entry *entry, gint64 now)
{
  array_put_text (columns[0], entry->imdn_id);
  array_put_text (columns[1], entry->sender);
  array_put_text (columns[2], entry->recipient);
  array_put_text (columns[3], entry->device);
  array_put_int64 (columns[4], now - entry->at);
}

static const struct {
  const char *statement;
  guint n_columns;
  ArrayType types[PUT_COLUMNS];
  void (*encode) (GByteArray *const *columns, const Entry *entry, gint64 now);
} kinds[N_NOTES] = {
  [NOTE_MESSAGE] = { PUT_MESSAGES,
                     PUT_COLUMNS,
                     { ARRAY_INT64, ARRAY_TEXT, ARRAY_TEXT, ARRAY_INT64,
                       ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT,
                       ARRAY_TEXT, ARRAY_BYTES, ARRAY_TIME, ARRAY_INT64 },
                     encode_message },
  [NOTE_DELIVERY]
  = { NOTE_DELIVERIES,
      NOTE_COLUMNS,
      { ARRAY_INT64, ARRAY_TEXT, ARRAY_TEXT, ARRAY_INT64, ARRAY_INT64 },
      encode_delivery },
  [NOTE_SHOWN]
  = { NOTE_DISPLAYED,
      DISPLAYED_COLUMNS,
      { ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT, ARRAY_INT64 },
      encode_shown },
};

static void
take_cb (Call *call, const PGresult *result)
{
}

static void write_on (Ledger *self);

static void
settle_cb (Call *call, StoreOutcome outcome)
{
  Part *part = (Part *)call;
  Ledger *self = part->ledger;

  if (outcome == STORE_REFUSED)
    *self->n_dropped += part->n;
  self->flying--;
  write_on (self);
}

static void
free_cb (Call *call)
{
  Part *self = (Part *)call;

  for (guint i = 0; i < G_N_ELEMENTS (self->columns); i++)
    g_clear_pointer (&self->columns[i], g_byte_array_unref);
  g_free (self);
}

static Part *
part_new (Ledger *ledger, NoteKind kind)
{
  Part *self = g_new0 (Part, 1);

  self->ledger = ledger;
  for (guint i = 0; i < kinds[kind].n_columns; i++)
    self->columns[i] = array_begin (kinds[kind].types[i], PART);
  self->call.statement = kinds[kind].statement;
  self->call.is_write = self->call.is_soft = self->call.is_lasting = TRUE;
  self->call.take = take_cb;
  self->call.settle = settle_cb;
  self->call.free = free_cb;
  return self;
}

/* The parameters are the same however often it is sent. */
static void
prepare_cb (Call *call, CallAttempt attempt)
{
  Part *self = (Part *)call;

  call_clear_params (call);
  for (guint i = 0; i < PUT_COLUMNS && self->columns[i] != NULL; i++) {
    g_autoptr (GBytes) param
        = g_bytes_new_static (self->columns[i]->data, self->columns[i]->len);

    call_add_bytes (call, param);
  }
}

static void
send_part (Ledger *self, Part *part)
{
  for (guint i = 0; i < PUT_COLUMNS && part->columns[i] != NULL; i++)
    array_set_size (part->columns[i], part->n);
  part->call.prepare = prepare_cb;
  part->call.weight = part->n;
  self->config->submit (&part->call, self->config->data);
}

static gboolean
is_due (const Ledger *self)
{
  const Entry *first = g_queue_peek_head ((GQueue *)&self->entries);

  return first != NULL && first->since <= self->due;
}

/* The next part, unless one is on its way. */
static void
write_on (Ledger *self)
{
  gint64 now = clock_now (self->config->clock);
  Part *parts[N_NOTES] = { NULL };

  if (self->flying > 0)
    return;
  for (guint n = 0; n < PART && is_due (self); n++) {
    Entry *entry = pop (self);
    Part **part = &parts[entry->kind];

    if (*part == NULL) {
      *part = part_new (self, entry->kind);
      self->flying++;
    }
    kinds[entry->kind].encode ((*part)->columns, entry, now);
    (*part)->n++;
    entry_free (entry);
  }
  for (guint k = 0; k < N_NOTES; k++)
    if (parts[k] != NULL)
      send_part (self, parts[k]);
}

static void
flush_until (Ledger *self, gint64 due)
{
  self->due = MAX (self->due, due);
  write_on (self);
}

void
ledger_flush (Ledger *self)
{
  flush_until (self, clock_now (self->config->clock));
}

gboolean
ledger_is_flushed (const Ledger *self)
{
  return !is_due (self) && self->flying == 0;
}

static void
step_cb (gpointer data)
{
  Ledger *self = data;

  self->timer = NULL;
  flush_until (self, clock_now (self->config->clock) - (gint64)BEHIND * 1000);
  if (self->entries.length > 0)
    need_timer (self);
}

/* --- Noting --- */

void
ledger_message (Ledger *self, const StoredMessage *message)
{
  Entry *entry;

  if (!message_is_fit (message)) {
    (*self->n_dropped)++;
    return;
  }
  entry = g_new0 (Entry, 1);
  entry->kind = NOTE_MESSAGE;
  entry->message = message_copy_bare (message);
  add (self, entry);
}

/* What has been delivered is not told to be on its way any more. */
static void
merge (Entry *entry, MessagesState state, guint status, gint64 now)
{
  if (entry->state == MESSAGES_BOUNCED
      || (entry->state == MESSAGES_DELIVERED && state != MESSAGES_BOUNCED))
    return;
  entry->state = state;
  entry->status = status;
  entry->at = now;
}

void
ledger_delivery (Ledger *self, guint64 id, const char *device,
                 MessagesState state, guint status)
{
  Entry key = { .id = id, .device = (char *)device };
  Entry *entry;

  if (id > G_MAXINT64 || !message_is_device (device)) {
    (*self->n_dropped)++;
    return;
  }
  entry = g_hash_table_lookup (self->index, &key);
  if (entry != NULL) {
    merge (entry, state, status, clock_now (self->config->clock));
    return;
  }
  entry = g_new0 (Entry, 1);
  entry->kind = NOTE_DELIVERY;
  entry->id = id;
  entry->device = g_strdup (device);
  entry->state = state;
  entry->status = status;
  add (self, entry);
  g_hash_table_add (self->index, entry);
}

void
ledger_displayed (Ledger *self, const char *imdn_id, const char *sender,
                  const char *recipient, const char *device)
{
  Entry *entry;

  if (!message_is_text (imdn_id) || !message_is_text (sender)
      || !message_is_text (recipient) || !message_is_device (device)) {
    (*self->n_dropped)++;
    return;
  }
  entry = g_new0 (Entry, 1);
  entry->kind = NOTE_SHOWN;
  entry->imdn_id = g_strdup (imdn_id);
  entry->sender = g_strdup (sender);
  entry->recipient = g_strdup (recipient);
  entry->device = g_strdup (device);
  add (self, entry);
}

/* --- Life --- */

Ledger *
ledger_new (const PgMessagesConfig *config)
{
  Ledger *self = g_new0 (Ledger, 1);

  self->config = config;
  self->index = g_hash_table_new (delivery_hash, delivery_equal);
  self->n_dropped = counters_cell (config->counters, "messages_ledger_dropped");
  return self;
}

void
ledger_free (Ledger *self)
{
  if (self == NULL)
    return;
  if (self->timer != NULL)
    self->config->loop->remove_timer (self->config->loop->self, self->timer);
  g_hash_table_unref (self->index);
  g_queue_clear_full (&self->entries, entry_free);
  g_free (self);
}
