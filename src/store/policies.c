/* SPDX-License-Identifier: ISC
 *
 * One read: an array of addresses, and rows of four kinds. */
#define G_LOG_DOMAIN "store"
#include "store/policies.h"

#include <string.h>

#include "store/array.h"
#include "store/gather.h"

/* Users in one query. */
#define BATCH 500

typedef struct {
  StorePolicy *policy;
  StorePolicyFn done;
  gpointer data;
  gint64 at;
} Ask;

struct Policies {
  Control *control;
  const Clock *clock;
  GQueue next; /* Ask, oldest first */
  GQueue now;  /* Ask: of the query in flight, but who was given up */
  Gather gather;
  gboolean is_prepared, is_reading;
};

enum { KIND, OWNER, NAME, VALUE, BODY };

/* Prepared once: to plan it takes longer than to run it.  A plan is kept, so it
 * must not be one for the small tables of the first day. */
#define STATEMENT "policies"
static const char by_index[]
    = "SELECT set_config('enable_seqscan', 'off', false)";
static const char prepare[]
    = "PREPARE " STATEMENT " (text[]) AS"
      " SELECT 'c', owner, uri, group_name, NULL::bytea FROM rollcall.contacts"
      " WHERE owner = ANY($1)"
      " UNION ALL SELECT 'w', presentity, watcher, decision, NULL"
      " FROM rollcall.watchers WHERE presentity = ANY($1)"
      " UNION ALL SELECT CASE auid WHEN 'resource-lists' THEN 'l' ELSE 'r' END,"
      " owner, auid, NULL, body FROM rollcall.xcap_documents"
      " WHERE owner = ANY($1) AND (auid, filename) IN"
      " (('pres-rules', 'index'),"
      " ('org.openmobilealliance.pres-rules', 'pres-rules'),"
      " ('resource-lists', 'index'))";

static void
ask_free (gpointer data)
{
  Ask *self = data;

  store_policy_free (self->policy);
  g_free (self);
}

/* --- The answer --- */

static GBytes *
body_of (const PGresult *result, int i)
{
  return g_bytes_new (PQgetvalue (result, i, BODY),
                      (gsize)PQgetlength (result, i, BODY));
}

static void
take_row (StorePolicy *policy, const PGresult *result, int i)
{
  const char *name = PQgetvalue (result, i, NAME);

  switch (PQgetvalue (result, i, KIND)[0]) {
  case 'c':
    g_ptr_array_add (policy->contacts, g_strdup (name));
    g_ptr_array_add (policy->groups, g_strdup (PQgetvalue (result, i, VALUE)));
    break;
  case 'w':
    store_policy_add_decision (policy, name, PQgetvalue (result, i, VALUE));
    break;
  case 'l':
    g_clear_pointer (&policy->lists, g_bytes_unref);
    policy->lists = body_of (result, i);
    break;
  default:
    g_ptr_array_add (policy->rules, body_of (result, i));
    g_ptr_array_add (policy->places, g_strdup (name));
  }
}

/* Of several who asked for one user each gets his copy. */
static void
take_rows (Policies *self, const PGresult *result)
{
  g_autoptr (GHashTable) asked = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

  for (GList *l = self->now.head; l != NULL; l = l->next) {
    StorePolicy *policy = ((Ask *)l->data)->policy;
    GPtrArray *same = g_hash_table_lookup (asked, policy->aor);

    if (same == NULL) {
      same = g_ptr_array_new ();
      g_hash_table_insert (asked, policy->aor, same);
    }
    g_ptr_array_add (same, policy);
  }
  for (int i = 0; i < PQntuples (result); i++) {
    GPtrArray *same
        = g_hash_table_lookup (asked, PQgetvalue (result, i, OWNER));

    for (guint n = 0; same != NULL && n < same->len; n++)
      take_row (g_ptr_array_index (same, n), result, i);
  }
}

static void
settle (GQueue *asks, gint64 before, gboolean is_away)
{
  GQueue due = G_QUEUE_INIT;
  Ask *ask;

  while ((ask = g_queue_peek_head (asks)) != NULL && ask->at < before)
    g_queue_push_tail (&due, g_queue_pop_head (asks));
  while ((ask = g_queue_pop_head (&due)) != NULL) {
    ask->done (is_away ? NULL : g_steal_pointer (&ask->policy), ask->data);
    ask_free (ask);
  }
}

static void
answer_cb (const PGresult *result, gpointer data)
{
  Policies *self = data;

  self->is_reading = FALSE;
  gather_ended (&self->gather, self->next.length);
  take_rows (self, result);
  settle (&self->now, G_MAXINT64, FALSE);
  policies_read (self);
}

/* --- The question --- */

static char *
array_of (const GQueue *asks)
{
  GString *out = g_string_new ("{");

  for (GList *l = asks->head; l != NULL; l = l->next)
    array_add (out, ((Ask *)l->data)->policy->aor);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

void
policies_read (Policies *self)
{
  g_autofree char *owners = NULL;

  if (self->is_reading || self->next.length == 0 || !self->is_prepared
      || gather_holds (&self->gather, self->next.length))
    return;
  gather_sent (&self->gather);
  self->is_reading = TRUE;
  for (guint i = 0; i < BATCH && self->next.length > 0; i++)
    g_queue_push_tail (&self->now, g_queue_pop_head (&self->next));
  owners = array_of (&self->now);
  control_ask (self->control, &(ControlQuery){ .statement = STATEMENT,
                                               .param = owners,
                                               .is_binary = TRUE,
                                               .answer = answer_cb,
                                               .data = self });
}

static void
prepared_cb (const PGresult *result, gpointer data)
{
  Policies *self = data;

  self->is_prepared = TRUE;
  policies_read (self);
}

void
policies_start (Policies *self)
{
  control_ask (self->control, &(ControlQuery){ .sql = by_index });
  control_ask (
      self->control,
      &(ControlQuery){ .sql = prepare, .answer = prepared_cb, .data = self });
}

void
policies_ask (Policies *self, const char *aor, StorePolicyFn done,
              gpointer data)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->policy = store_policy_new (aor);
  ask->done = done;
  ask->data = data;
  ask->at = clock_now (self->clock);
  g_queue_push_tail (&self->next, ask);
}

void
policies_lost (Policies *self)
{
  Ask *ask;

  self->is_prepared = self->is_reading = FALSE;
  while ((ask = g_queue_pop_tail (&self->now)) != NULL)
    g_queue_push_head (&self->next, ask);
}

void
policies_give_up (Policies *self, gint64 before)
{
  settle (&self->now, before, TRUE);
  settle (&self->next, before, TRUE);
}

gboolean
policies_is_waiting (const Policies *self)
{
  return self->next.length > 0 || self->now.length > 0;
}

static void
over_cb (gpointer data)
{
  policies_read (data);
}

Policies *
policies_new (Control *control, LoopPort *loop, const Clock *clock)
{
  Policies *self = g_new0 (Policies, 1);

  self->control = control;
  self->clock = clock;
  gather_init (&self->gather, loop, clock, over_cb, self);
  return self;
}

void
policies_free (Policies *self)
{
  if (self == NULL)
    return;
  gather_clear (&self->gather);
  g_queue_clear_full (&self->now, ask_free);
  g_queue_clear_full (&self->next, ask_free);
  g_free (self);
}
