/* SPDX-License-Identifier: ISC
 *
 * Three questions, collected until all is read: see the header. */
#include "store/messages-load.h"

#include "store/array.h"
#include "store/messages-sql.h"

typedef struct {
  char *recipient;
  guint n;
} Waiting;

typedef struct {
  char *call_id, *from_tag;
  guint32 cseq;
} Seen;

struct MessagesLoad {
  const StoreLoadFns *fns;
  gpointer data;
  GArray *waiting; /* Waiting */
  GArray *seen;    /* Seen */
  guint64 last;
  gboolean has_last;
  guint told;
};

static void
waiting_clear (gpointer data)
{
  g_free (((Waiting *)data)->recipient);
}

static void
seen_clear (gpointer data)
{
  g_free (((Seen *)data)->call_id);
  g_free (((Seen *)data)->from_tag);
}

/* --- Reading --- */

static void
waiting_cb (const PGresult *result, gpointer data)
{
  MessagesLoad *self = data;

  for (int i = 0; i < PQntuples (result); i++) {
    Waiting row = { g_strdup (PQgetvalue (result, i, 0)),
                    (guint)array_read_int64 (PQgetvalue (result, i, 1)) };

    g_array_append_val (self->waiting, row);
  }
}

static void
seen_cb (const PGresult *result, gpointer data)
{
  MessagesLoad *self = data;

  for (int i = 0; i < PQntuples (result); i++) {
    Seen row = { g_strdup (PQgetvalue (result, i, 0)),
                 g_strdup (PQgetvalue (result, i, 1)),
                 (guint32)array_read_int64 (PQgetvalue (result, i, 2)) };

    g_array_append_val (self->seen, row);
  }
}

static void
last_cb (const PGresult *result, gpointer data)
{
  MessagesLoad *self = data;

  if (PQntuples (result) == 0) /* the end of the rows */
    return;
  self->last = (guint64)array_read_int64 (PQgetvalue (result, 0, 0));
  self->has_last = TRUE;
}

static void
ask (MessagesLoad *self, Control *control, const char *sql,
     ControlAnswerFn answer)
{
  control_ask (control, &(ControlQuery){ .sql = sql,
                                         .is_binary = TRUE,
                                         .is_by_row = TRUE,
                                         .answer = answer,
                                         .data = self });
}

void
messages_load_ask (MessagesLoad *self, Control *control)
{
  g_array_set_size (self->waiting, 0);
  g_array_set_size (self->seen, 0);
  self->has_last = FALSE;
  if (self->fns->waiting != NULL)
    ask (self, control, messages_load_waiting_sql (), waiting_cb);
  if (self->fns->message_seen != NULL)
    ask (self, control, messages_load_seen_sql (), seen_cb);
  if (self->fns->last_message != NULL)
    ask (self, control, messages_load_last_sql (), last_cb);
}

/* --- Telling --- */

gboolean
messages_load_tell (MessagesLoad *self)
{
  guint i = self->told++;

  if (i < self->waiting->len) {
    const Waiting *row = &g_array_index (self->waiting, Waiting, i);

    self->fns->waiting (row->recipient, row->n, self->data);
    return TRUE;
  }
  i -= self->waiting->len;
  if (i < self->seen->len) {
    const Seen *row = &g_array_index (self->seen, Seen, i);

    self->fns->message_seen (row->call_id, row->from_tag, row->cseq,
                             self->data);
    return TRUE;
  }
  if (!self->has_last)
    return FALSE;
  self->has_last = FALSE;
  self->fns->last_message (self->last, self->data);
  return TRUE;
}

/* --- Life --- */

MessagesLoad *
messages_load_new (const StoreLoadFns *fns, gpointer data)
{
  MessagesLoad *self = g_new0 (MessagesLoad, 1);

  self->fns = fns;
  self->data = data;
  self->waiting = g_array_new (FALSE, FALSE, sizeof (Waiting));
  g_array_set_clear_func (self->waiting, waiting_clear);
  self->seen = g_array_new (FALSE, FALSE, sizeof (Seen));
  g_array_set_clear_func (self->seen, seen_clear);
  return self;
}

void
messages_load_free (MessagesLoad *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->waiting);
  g_array_unref (self->seen);
  g_free (self);
}
