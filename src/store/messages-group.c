/* SPDX-License-Identifier: ISC
 *
 * Calls that grow: see the header.
 *
 * A put that comes too late (CALL_RESOLVE) removes what it may have written: who
 * waited was told AWAY, and that stays true.  One that PostgreSQL refuses is
 * sent again row by row, so that only the unfit one is refused. */
#include "store/messages-group.h"

#include "store/messages-sql.h"

/* Rows and bytes of one call. */
#define GROUP_MAX 256
#define BYTES_MAX 1048576

typedef struct {
  const char *statements[3]; /* by CallAttempt */
  guint n_params[3];
  guint n_columns;
  ArrayType types[GROUP_COLUMNS_MAX];
  gboolean is_write, is_lasting;
  void (*take) (Group *group, const PGresult *result);
} Kind;

struct Group {
  Call call; /* first */
  Groups *groups;
  const Kind *kind;
  GByteArray *columns[GROUP_COLUMNS_MAX];
  GArray *waiters;  /* Waiter */
  gboolean is_told; /* all of them have been answered */
};

typedef struct {
  Waiter waiter;
  MessagesOutcome outcome;
} Answer;

struct Groups {
  const PgMessagesConfig *config;
  Group *open[N_GROUP_KINDS];
  GQueue answers; /* Answer, for the end of the turn */
};

/* --- Answers --- */

static void
tell (Waiter *waiter, MessagesOutcome outcome, gint64 n)
{
  g_autofree char *recipient = g_steal_pointer (&waiter->recipient);

  if (waiter->read != NULL)
    waiter->read (&(MessagesRead){ .is_read = FALSE }, waiter->data);
  else if (waiter->listed != NULL)
    waiter->listed (NULL, waiter->data);
  else if (waiter->counted != NULL)
    waiter->counted (recipient, n, waiter->data);
  else if (waiter->done != NULL)
    waiter->done (outcome, waiter->data);
}

void
groups_answer_later (Groups *self, const Waiter *waiter,
                     MessagesOutcome outcome)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->waiter = *waiter;
  answer->outcome = outcome;
  g_queue_push_tail (&self->answers, answer);
  self->config->wants_turn (self->config->data);
}

void
groups_turn (Groups *self)
{
  GQueue due = self->answers;
  Answer *answer;

  g_queue_init (&self->answers);
  while ((answer = g_queue_pop_head (&due)) != NULL) {
    tell (&answer->waiter, answer->outcome, -1);
    g_free (answer);
  }
}

static void
answer_free (gpointer data)
{
  g_free (((Answer *)data)->waiter.recipient);
  g_free (data);
}

static void
tell_away (Group *group)
{
  if (group->is_told)
    return;
  group->is_told = TRUE;
  for (guint i = 0; i < group->waiters->len; i++) {
    Waiter *waiter = &g_array_index (group->waiters, Waiter, i);

    groups_answer_later (group->groups, waiter, MESSAGES_AWAY);
    waiter->recipient = NULL;
  }
}

/* --- Results --- */

/* They come in the order of the rows, unless it is sent again. */
static void
take_put (Group *group, const PGresult *result)
{
  guint n = group->waiters->len, at = 0;
  Waiter *waiters = (Waiter *)(gpointer)group->waiters->data;

  for (guint i = 0; i < n; i++)
    waiters[i].is_found = FALSE;
  for (int row = 0; row < PQntuples (result); row++) {
    guint64 id = (guint64)array_read_int64 (PQgetvalue (result, row, 0));

    for (guint i = 0; i < n; i++, at = (at + 1) % n)
      if (waiters[at].id == id) {
        waiters[at].is_found = TRUE;
        break;
      }
  }
}

static void
take_count (Group *group, const PGresult *result)
{
  for (guint i = 0; i < group->waiters->len; i++)
    g_array_index (group->waiters, Waiter, i).id
        = (guint64)array_read_int64 (PQgetvalue (result, (int)i, 0));
}

static const Kind kinds[N_GROUP_KINDS] = {
  [GROUP_PUT] = { { PUT_MESSAGES, PUT_MESSAGES_AGAIN, UNDO_MESSAGES },
                  { PUT_COLUMNS, PUT_COLUMNS, 1 },
                  PUT_COLUMNS,
                  { ARRAY_INT64, ARRAY_TEXT, ARRAY_TEXT, ARRAY_INT64,
                    ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT,
                    ARRAY_BYTES, ARRAY_TIME, ARRAY_INT64 },
                  .is_write = TRUE,
                  .take = take_put },
  [GROUP_END] = { { END_MESSAGES, END_MESSAGES, END_MESSAGES },
                  { END_COLUMNS, END_COLUMNS, END_COLUMNS },
                  END_COLUMNS,
                  { ARRAY_INT64, ARRAY_TEXT, ARRAY_TEXT, ARRAY_INT64 },
                  .is_write = TRUE,
                  .is_lasting = TRUE },
  [GROUP_COUNT] = { { COUNT_MESSAGES, COUNT_MESSAGES, COUNT_MESSAGES },
                    { 1, 1, 1 },
                    1,
                    { ARRAY_TEXT },
                    .take = take_count },
};

/* --- A call --- */

static void
close_group (Group *group)
{
  Group **open = &group->groups->open[group->kind - kinds];

  if (*open == group)
    *open = NULL;
}

static void
prepare_cb (Call *call, CallAttempt attempt)
{
  Group *self = (Group *)call;

  close_group (self);
  call_clear_params (call);
  call->statement = self->kind->statements[attempt];
  for (guint i = 0; i < self->kind->n_params[attempt]; i++) {
    GByteArray *column = self->columns[i];
    g_autoptr (GBytes) param = NULL;

    array_set_size (column, self->waiters->len);
    param = g_bytes_new_static (column->data, column->len);
    call_add_bytes (call, param);
  }
}

static void
take_cb (Call *call, const PGresult *result)
{
  Group *self = (Group *)call;

  if (self->kind->take != NULL && call->attempt != CALL_RESOLVE)
    self->kind->take (self, result);
}

static void
late_cb (Call *call)
{
  tell_away ((Group *)call);
}

static void
tell_written (Group *self)
{
  for (guint i = 0; i < self->waiters->len; i++) {
    Waiter *waiter = &g_array_index (self->waiters, Waiter, i);
    gboolean is_repeated = self->kind == &kinds[GROUP_PUT] && !waiter->is_found;

    tell (waiter, is_repeated ? MESSAGES_REPEATED : MESSAGES_DONE,
          (gint64)waiter->id);
  }
}

static void split (Group *self);

static void
settle_cb (Call *call, StoreOutcome outcome)
{
  Group *self = (Group *)call;

  close_group (self);
  if (self->is_told)
    return;
  if (outcome == STORE_AWAY)
    tell_away (self);
  else if (outcome == STORE_COMMITTED)
    tell_written (self);
  else if (self->waiters->len > 1)
    split (self);
  else
    tell (&g_array_index (self->waiters, Waiter, 0), MESSAGES_REFUSED, -1);
}

static void
free_cb (Call *call)
{
  Group *self = (Group *)call;

  close_group (self);
  for (guint i = 0; i < self->kind->n_columns; i++)
    g_byte_array_unref (self->columns[i]);
  for (guint i = 0; i < self->waiters->len; i++)
    g_free (g_array_index (self->waiters, Waiter, i).recipient);
  g_array_unref (self->waiters);
  g_free (self);
}

static Group *
group_new (Groups *groups, const Kind *kind, guint n)
{
  Group *self = g_new0 (Group, 1);

  self->groups = groups;
  self->kind = kind;
  self->waiters = g_array_sized_new (FALSE, TRUE, sizeof (Waiter), n);
  for (guint i = 0; i < kind->n_columns; i++)
    self->columns[i] = array_begin (kind->types[i], n);
  self->call.is_write = kind->is_write;
  self->call.is_lasting = kind->is_lasting;
  self->call.prepare = prepare_cb;
  self->call.take = take_cb;
  self->call.late = kind == &kinds[GROUP_PUT] ? late_cb : NULL;
  self->call.settle = settle_cb;
  self->call.free = free_cb;
  return self;
}

static void
submit (Group *self)
{
  const PgMessagesConfig *config = self->groups->config;

  config->submit (&self->call, config->data);
}

static void
split (Group *self)
{
  gsize at[GROUP_COLUMNS_MAX];

  for (guint c = 0; c < self->kind->n_columns; c++)
    at[c] = ARRAY_FIRST;
  for (guint i = 0; i < self->waiters->len; i++) {
    Waiter *waiter = &g_array_index (self->waiters, Waiter, i);
    Group *one = group_new (self->groups, self->kind, 1);

    for (guint c = 0; c < self->kind->n_columns; c++)
      array_put_element (one->columns[c], self->columns[c], &at[c]);
    g_array_append_val (one->waiters, *waiter);
    waiter->recipient = NULL;
    submit (one);
  }
}

/* --- Adding --- */

/* An end for the same message and device is already in it. */
static gboolean
has_same (const Group *self, const Waiter *waiter)
{
  for (guint i = 0; i < self->waiters->len; i++) {
    const Waiter *other = &g_array_index (self->waiters, Waiter, i);

    if (other->id == waiter->id && other->device == waiter->device)
      return TRUE;
  }
  return FALSE;
}

static Group *
find_open (Groups *self, GroupKind kind, const Waiter *waiter)
{
  Group *group = self->open[kind];

  if (group == NULL || (kind == GROUP_END && has_same (group, waiter)))
    return NULL;
  return group;
}

/* An end never goes before the put of its message: what is open before a new put
 * takes no more. */
static Group *
open_group (Groups *self, GroupKind kind)
{
  Group *group = group_new (self, &kinds[kind], 16);

  if (kind == GROUP_PUT)
    self->open[GROUP_END] = NULL;
  self->open[kind] = group;
  return group;
}

static gboolean
is_full (const Group *self)
{
  gsize bytes = 0;

  for (guint i = 0; i < self->kind->n_columns; i++)
    bytes += self->columns[i]->len;
  return self->waiters->len >= GROUP_MAX || bytes >= BYTES_MAX;
}

void
groups_add (Groups *self, GroupKind kind, const Waiter *waiter,
            GroupFillFn fill, gconstpointer row)
{
  Group *group = find_open (self, kind, waiter);
  gboolean is_new = group == NULL;

  if (is_new)
    group = open_group (self, kind);
  g_array_append_val (group->waiters, *waiter);
  fill (group->columns, row);
  group->call.weight = group->waiters->len;
  if (is_full (group))
    close_group (group);
  if (is_new)
    submit (group);
}

Groups *
groups_new (const PgMessagesConfig *config)
{
  Groups *self = g_new0 (Groups, 1);

  self->config = config;
  return self;
}

void
groups_free (Groups *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->answers, answer_free);
  g_free (self);
}
