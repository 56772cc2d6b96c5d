/* SPDX-License-Identifier: ISC
 *
 * Parts and counts: see the header. */
#include "store/messages-sweep.h"

#include "store/messages-sql.h"

/* Rows of one part, and how many parts a sweep has at most. */
#define PART_ROWS 500
#define PARTS_MAX 200

typedef struct {
  Sweeps *sweeps;
  guint keep;
  MessagesCountFn counted;
  MessagesFn done;
  gpointer data;
  guint parts;    /* begun */
  guint counting; /* recipients */
  gboolean is_swept;
  MessagesOutcome outcome;
} Sweep;

typedef struct {
  Call call; /* first */
  Sweep *sweep;
  gboolean is_full;      /* there may be more */
  GPtrArray *recipients; /* char * */
} Part;

struct Sweeps {
  const PgMessagesConfig *config;
  Groups *groups;
  GQueue live; /* Sweep */
};

static void
end_if_over (Sweep *self)
{
  MessagesFn done = self->done;
  MessagesOutcome outcome = self->outcome;
  gpointer data = self->data;

  if (!self->is_swept || self->counting > 0)
    return;
  g_queue_remove (&self->sweeps->live, self);
  if (outcome == MESSAGES_AWAY) /* perhaps inside the call */
    groups_answer_later (self->sweeps->groups,
                         &(Waiter){ .done = done, .data = data }, outcome);
  else if (done != NULL)
    done (outcome, data);
  g_free (self);
}

/* --- Counts --- */

static void
counted_cb (const char *recipient, gint64 n, gpointer data)
{
  Sweep *self = data;

  self->counting--;
  if (self->counted != NULL)
    self->counted (recipient, n, self->data);
  end_if_over (self);
}

static void
fill_count (GByteArray *const *columns, gconstpointer row)
{
  array_put_text (columns[0], row);
}

static void
count (Sweep *self, const char *recipient)
{
  Waiter waiter = { .recipient = g_strdup (recipient),
                    .counted = counted_cb,
                    .data = self };

  self->counting++;
  groups_add (self->sweeps->groups, GROUP_COUNT, &waiter, fill_count,
              recipient);
}

/* --- Parts --- */

static void
take_cb (Call *call, const PGresult *result)
{
  Part *self = (Part *)call;

  g_ptr_array_set_size (self->recipients, 0);
  for (int i = 0; i < PQntuples (result); i++)
    if (!PQgetisnull (result, i, 0))
      g_ptr_array_add (self->recipients, g_strdup (PQgetvalue (result, i, 0)));
    else
      self->is_full
          = array_read_int64 (PQgetvalue (result, i, 1)) == PART_ROWS
            || array_read_int64 (PQgetvalue (result, i, 2)) == PART_ROWS;
}

static void next_part (Sweep *self);

static void
settle_cb (Call *call, StoreOutcome outcome)
{
  Part *part = (Part *)call;
  Sweep *self = part->sweep;

  if (outcome == STORE_COMMITTED)
    for (guint i = 0; i < part->recipients->len; i++)
      count (self, part->recipients->pdata[i]);
  else
    self->outcome = outcome == STORE_AWAY ? MESSAGES_AWAY : MESSAGES_REFUSED;
  if (outcome == STORE_COMMITTED && part->is_full && self->parts < PARTS_MAX) {
    next_part (self);
    return;
  }
  self->is_swept = TRUE;
  end_if_over (self);
}

static void
free_cb (Call *call)
{
  Part *self = (Part *)call;

  g_ptr_array_unref (self->recipients);
  g_free (self);
}

static void
next_part (Sweep *self)
{
  const PgMessagesConfig *config = self->sweeps->config;
  g_autofree char *keep = g_strdup_printf ("%u", self->keep);
  Part *part = g_new0 (Part, 1);

  self->parts++;
  part->sweep = self;
  part->recipients = g_ptr_array_new_with_free_func (g_free);
  part->call.statement = SWEEP_MESSAGES;
  part->call.take = take_cb;
  part->call.settle = settle_cb;
  part->call.free = free_cb;
  part->call.weight = PART_ROWS;
  call_add_text (&part->call, keep);
  call_add_text (&part->call, G_STRINGIFY (PART_ROWS));
  config->submit (&part->call, config->data);
}

void
sweeps_start (Sweeps *self, guint keep, MessagesCountFn counted,
              MessagesFn done, gpointer data)
{
  Sweep *sweep = g_new0 (Sweep, 1);

  sweep->sweeps = self;
  sweep->keep = keep;
  sweep->counted = counted;
  sweep->done = done;
  sweep->data = data;
  sweep->outcome = MESSAGES_DONE;
  g_queue_push_tail (&self->live, sweep);
  next_part (sweep);
}

Sweeps *
sweeps_new (const PgMessagesConfig *config, Groups *groups)
{
  Sweeps *self = g_new0 (Sweeps, 1);

  self->config = config;
  self->groups = groups;
  return self;
}

void
sweeps_free (Sweeps *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->live, g_free);
  g_free (self);
}
