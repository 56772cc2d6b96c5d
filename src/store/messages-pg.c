/* SPDX-License-Identifier: ISC
 *
 * The port: what is written goes into groups and the ledger; reading is a call. */
#include "store/messages-pg.h"

#include <string.h>

#include "store/messages-encode.h"
#include "store/messages-group.h"
#include "store/messages-ledger.h"
#include "store/messages-sql.h"
#include "store/messages-sweep.h"

/* What a read weighs at most: few messages wait for most. */
#define READ_WEIGHT 100

struct PgMessages {
  PgMessagesConfig config;
  MessagesPort port;
  Groups *groups;
  Sweeps *sweeps;
  Ledger *ledger;
};

/* --- Put --- */

typedef struct {
  const StoredMessage *message;
  gint64 now;
} PutRow;

static void
fill_put (GByteArray *const *columns, gconstpointer data)
{
  const PutRow *row = data;

  message_encode (columns, row->message, row->now);
}

static void
put (gpointer port, const StoredMessage *message, MessagesFn done,
     gpointer data)
{
  PgMessages *self = port;
  Waiter waiter = { .id = message->id, .done = done, .data = data };
  PutRow row = { message, clock_now (self->config.clock) };

  if (!message_is_fit (message) || message->body == NULL) {
    groups_answer_later (self->groups, &waiter, MESSAGES_REFUSED);
    return;
  }
  groups_add (self->groups, GROUP_PUT, &waiter, fill_put, &row);
}

/* --- End --- */

typedef struct {
  guint64 id;
  const char *device, *state;
  guint status;
} EndRow;

static void
fill_end (GByteArray *const *columns, gconstpointer data)
{
  const EndRow *row = data;

  array_put_int64 (columns[0], (gint64)row->id);
  array_put_text (columns[1], row->device);
  array_put_text (columns[2], row->state);
  array_put_int64 (columns[3], row->status);
}

static void
end_message (gpointer port, const char *recipient, guint64 id, MessagesEnd end,
             const char *device, guint status, MessagesFn done, gpointer data)
{
  static const char *const states[] = { [MESSAGES_TAKEN] = "delivered",
                                        [MESSAGES_FAILED] = "failed",
                                        [MESSAGES_RETURNED] = STATE_RETURNED,
                                        [MESSAGES_EXPIRED] = "expired" };
  PgMessages *self = port;
  EndRow row = { id, device != NULL ? device : "", states[end], status };
  Waiter waiter = {
    .id = id, .device = g_str_hash (row.device), .done = done, .data = data
  };

  if (id > G_MAXINT64 || !message_is_device (row.device)) {
    groups_answer_later (self->groups, &waiter, MESSAGES_REFUSED);
    return;
  }
  groups_add (self->groups, GROUP_END, &waiter, fill_end, &row);
}

/* --- Read --- */

typedef struct {
  Call call; /* first */
  PgMessages *messages;
  guint n;
  MessagesReadFn done;
  gpointer data;
  gboolean is_all;
  GPtrArray *rows; /* StoredMessage */
} Reading;

static void
read_take_cb (Call *call, const PGresult *result)
{
  Reading *self = (Reading *)call;
  guint found = (guint)PQntuples (result);
  gint64 now = clock_now (self->messages->config.clock);

  g_ptr_array_set_size (self->rows, 0);
  self->is_all = found <= self->n;
  for (guint i = 0; i < MIN (found, self->n); i++)
    g_ptr_array_add (self->rows, message_decode (result, (int)i, now));
}

static void
read_settle_cb (Call *call, StoreOutcome outcome)
{
  Reading *self = (Reading *)call;
  MessagesRead read = { .is_read = TRUE, .is_all = self->is_all };

  if (outcome != STORE_COMMITTED) { /* perhaps inside the call */
    groups_answer_later (self->messages->groups,
                         &(Waiter){ .read = self->done, .data = self->data },
                         MESSAGES_AWAY);
    return;
  }
  read.messages = g_steal_pointer (&self->rows);
  self->done (&read, self->data);
}

static void
read_free_cb (Call *call)
{
  Reading *self = (Reading *)call;

  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_free (self);
}

static void
read_messages (gpointer port, const char *recipient, guint64 after, guint n,
               MessagesReadFn done, gpointer data)
{
  PgMessages *self = port;
  Reading *reading = g_new0 (Reading, 1);
  g_autofree char *above = g_strdup_printf ("%" G_GUINT64_FORMAT,
                                            MIN (after, (guint64)G_MAXINT64));
  g_autofree char *limit = NULL;

  reading->n = MIN (n, (guint)G_MAXINT32 - 1);
  limit = g_strdup_printf ("%u", reading->n + 1);
  reading->messages = self;
  reading->done = done;
  reading->data = data;
  reading->rows
      = g_ptr_array_new_with_free_func ((GDestroyNotify)stored_message_free);
  reading->call.statement = READ_MESSAGES;
  reading->call.take = read_take_cb;
  reading->call.settle = read_settle_cb;
  reading->call.free = read_free_cb;
  reading->call.weight = MIN (n, READ_WEIGHT);
  call_add_text (&reading->call, recipient);
  call_add_text (&reading->call, above);
  call_add_text (&reading->call, limit);
  self->config.submit (&reading->call, self->config.data);
}

/* --- List and sweep --- */

typedef struct {
  Call call; /* first */
  PgMessages *messages;
  MessagesListFn done;
  gpointer data;
  GArray *ids;
} Listing;

static void
list_take_cb (Call *call, const PGresult *result)
{
  Listing *self = (Listing *)call;

  g_array_set_size (self->ids, 0);
  for (int i = 0; i < PQntuples (result); i++) {
    guint64 id = (guint64)array_read_int64 (PQgetvalue (result, i, 0));

    g_array_append_val (self->ids, id);
  }
}

static void
list_settle_cb (Call *call, StoreOutcome outcome)
{
  Listing *self = (Listing *)call;

  if (outcome == STORE_COMMITTED)
    self->done (self->ids, self->data);
  else /* perhaps inside the call */
    groups_answer_later (self->messages->groups,
                         &(Waiter){ .listed = self->done, .data = self->data },
                         MESSAGES_AWAY);
}

static void
list_free_cb (Call *call)
{
  Listing *self = (Listing *)call;

  g_array_unref (self->ids);
  g_free (self);
}

static void
list_messages (gpointer port, const char *recipient, MessagesListFn done,
               gpointer data)
{
  PgMessages *self = port;
  Listing *listing = g_new0 (Listing, 1);

  listing->messages = self;
  listing->done = done;
  listing->data = data;
  listing->ids = g_array_new (FALSE, FALSE, sizeof (guint64));
  listing->call.statement = LIST_MESSAGES;
  listing->call.take = list_take_cb;
  listing->call.settle = list_settle_cb;
  listing->call.free = list_free_cb;
  listing->call.weight = 1;
  call_add_text (&listing->call, recipient);
  self->config.submit (&listing->call, self->config.data);
}

static void
sweep (gpointer port, guint keep, MessagesCountFn counted, MessagesFn done,
       gpointer data)
{
  PgMessages *self = port;

  sweeps_start (self->sweeps, keep, counted, done, data);
}

/* --- The ledger --- */

static void
note_message (gpointer port, const StoredMessage *message)
{
  ledger_message (((PgMessages *)port)->ledger, message);
}

static void
note_delivery (gpointer port, guint64 id, const char *recipient,
               const char *device, MessagesState state, guint status)
{
  ledger_delivery (((PgMessages *)port)->ledger, id, device, state, status);
}

static void
note_displayed (gpointer port, const char *imdn_id, const char *sender,
                const char *recipient, const char *device)
{
  ledger_displayed (((PgMessages *)port)->ledger, imdn_id, sender, recipient,
                    device);
}

void
pg_messages_flush (PgMessages *self)
{
  ledger_flush (self->ledger);
}

gboolean
pg_messages_is_flushed (const PgMessages *self)
{
  return ledger_is_flushed (self->ledger);
}

/* --- Life --- */

void
pg_messages_turn (PgMessages *self)
{
  groups_turn (self->groups);
}

PgMessages *
pg_messages_new (const PgMessagesConfig *config)
{
  PgMessages *self = g_new0 (PgMessages, 1);

  self->config = *config;
  self->groups = groups_new (&self->config);
  self->sweeps = sweeps_new (&self->config, self->groups);
  self->ledger = ledger_new (&self->config);
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
pg_messages_free (PgMessages *self)
{
  if (self == NULL)
    return;
  ledger_free (self->ledger);
  sweeps_free (self->sweeps);
  groups_free (self->groups);
  g_free (self);
}

MessagesPort *
pg_messages_port (PgMessages *self)
{
  return &self->port;
}
