/* SPDX-License-Identifier: ISC
 *
 * The store in memory, with the same promises as store/pg: commits at the end
 * of the turn, in order; rows given while it is "away" are kept. */
#define G_LOG_DOMAIN "store"
#include "addr/aor.h"
#include "codec/xcap-settings.h"
#include "store/mem-priv.h"
#include "store/rows.h"
#include "store/users.h"

/* --- Turns --- */

static void
write_free (gpointer data)
{
  StoreWrite *write = data;

  store_write_clear (write);
  g_free (write);
}

static void
add_request (StoreMem *self, const StoreRequest *request)
{
  StorePolicy *policy
      = g_hash_table_lookup (self->policies, request->presentity);

  if (policy == NULL) {
    policy = store_policy_new (request->presentity);
    g_hash_table_replace (self->policies, policy->aor, policy);
  }
  for (guint i = 0; i < policy->decisions->len; i++)
    if (aor_equal (((StoreDecision *)policy->decisions->pdata[i])->watcher,
                   request->watcher))
      return;
  store_policy_add_decision (policy, request->watcher, request->decision);
}

/* A decision stays. */
static void
drop_request (StoreMem *self, const StoreRequest *request)
{
  StorePolicy *policy
      = g_hash_table_lookup (self->policies, request->presentity);

  for (guint i = 0; policy != NULL && i < policy->decisions->len; i++) {
    const StoreDecision *row = policy->decisions->pdata[i];

    if (aor_equal (row->watcher, request->watcher)
        && g_str_equal (row->decision, "pending")) {
      g_ptr_array_remove_index (policy->decisions, i);
      return;
    }
  }
}

static void
apply (StoreMem *self, Submit *submit)
{
  for (gsize i = 0; i < submit->n; i++) {
    StoreWrite *write = &submit->writes[i];

    if (write->kind == STORE_ADD_REQUEST) {
      add_request (self, write->request);
      store_write_clear (write);
    } else if (write->kind == STORE_DROP_REQUEST) {
      drop_request (self, write->request);
      store_write_clear (write);
    } else if (write->kind == row_table (write)->put)
      g_hash_table_replace (self->rows, g_memdup2 (write, sizeof *write), NULL);
    else {
      g_hash_table_remove (self->rows, write);
      store_write_clear (write);
    }
  }
  submit->n = 0; /* its rows have been taken */
}

static void
settle_submit (StoreMem *self, Work *work)
{
  Submit *submit = work->submit;

  if (work->outcome == STORE_COMMITTED)
    apply (self, submit);
  else if (work->outcome == STORE_AWAY) {
    kept_add_newer (self->kept, submit);
    return;
  }
  submit_free (submit);
}

static void tell_load (StoreMem *self);

static void
turn_cb (gpointer data)
{
  Turn *turn = data;
  StoreMem *self = turn->store;
  GQueue due = G_QUEUE_INIT;
  Work *work;

  if (self == NULL)
    return;
  self->turn = NULL;
  while ((work = g_queue_pop_head (&self->work)) != NULL)
    g_queue_push_tail (&due, work);
  while ((work = g_queue_pop_head (&due)) != NULL) {
    if (work->submit != NULL)
      settle_submit (self, work);
    if (work->done != NULL)
      work->done (work->outcome, work->data);
    if (work->policy_done != NULL)
      work->policy_done (work->policy, work->data);
    g_free (work);
  }
  if (self->wants_load && self->is_up)
    tell_load (self);
}

static void
wants_turn (StoreMem *self)
{
  if (self->turn != NULL)
    return;
  self->turn = g_new0 (Turn, 1);
  self->turn->store = self;
  self->loop->defer (self->loop->self, turn_cb, self->turn, g_free);
}

static Work *
add_work (StoreMem *self, Submit *submit, StoreOutcome outcome,
          StoreDoneFn done, gpointer data)
{
  Work *work = g_new0 (Work, 1);

  work->submit = submit;
  work->outcome = outcome;
  work->done = done;
  work->data = data;
  g_queue_push_tail (&self->work, work);
  wants_turn (self);
  return work;
}

void
store_mem_later (StoreMem *self, StoreDoneFn done, gpointer data,
                 GDestroyNotify free_data)
{
  add_work (self, NULL, STORE_COMMITTED, done, data)->free = free_data;
}

/* --- The port --- */

static void
set_events (gpointer port, const StoreEvents *events, gpointer data)
{
  StoreMem *self = port;

  self->events = *events;
  self->events_data = data;
}

static gboolean
is_enabled_user (StoreMem *self, const char *aor)
{
  StoreUser *user = aor != NULL ? g_hash_table_lookup (self->users, aor) : NULL;

  return user != NULL && user->is_enabled;
}

static gboolean
is_list (const char *presentity)
{
  const char *domain = presentity != NULL ? strrchr (presentity, '@') : NULL;

  return presentity != NULL && (domain == NULL || strchr (domain, ';') != NULL);
}

/* One where nobody is a user? */
static gboolean
is_of_other_domain (StoreMem *self, const char *presentity)
{
  GHashTableIter iter;
  gpointer aor;

  g_hash_table_iter_init (&iter, self->users);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    if (g_ascii_strcasecmp (aor_domain (aor), aor_domain (presentity)) == 0)
      return FALSE;
  return TRUE;
}

/* As `keep` of the tables says in SQL. */
static gboolean
is_worth_loading (StoreMem *self, const StoreWrite *row)
{
  StoreUser *watcher;

  if (row->kind == STORE_PUT_BINDING && row->binding->instance != NULL)
    return is_enabled_user (self, row->binding->aor);
  if (row_expires_at (row_table (row), row_pointer (row))
      <= clock_now (self->clock))
    return FALSE;
  if (row->kind == STORE_PUT_BINDING)
    return is_enabled_user (self, row->binding->aor);
  if (row->kind == STORE_PUT_PUBLICATION)
    return is_enabled_user (self, row->publication->aor);
  if (row->kind == STORE_PUT_MEMBER)
    return is_enabled_user (self, row->member->member);
  watcher
      = g_hash_table_lookup (self->users, row->subscription->dialog.watcher);
  return (is_list (row->subscription->dialog.presentity)
          || is_enabled_user (self, row->subscription->dialog.presentity)
          || is_of_other_domain (self, row->subscription->dialog.presentity))
         && (watcher == NULL || watcher->is_enabled);
}

static void
tell_row (StoreMem *self, const StoreWrite *row)
{
  gpointer copy = row_copy (row_table (row), row_pointer (row));

  if (row->kind == STORE_PUT_BINDING)
    self->load_fns.binding (copy, self->load_data);
  else if (row->kind == STORE_PUT_PUBLICATION)
    self->load_fns.publication (copy, self->load_data);
  else if (row->kind == STORE_PUT_SUBSCRIPTION)
    self->load_fns.subscription (copy, self->load_data);
  else if (self->load_fns.member != NULL)
    self->load_fns.member (copy, self->load_data);
  else
    store_member_free (copy);
}

static void
tell_load (StoreMem *self)
{
  GHashTableIter iter;
  gpointer item;

  self->wants_load = FALSE;
  if (self->load_fns.secret != NULL)
    self->load_fns.secret (self->secret, self->load_data);
  if (self->load_fns.settings != NULL)
    self->load_fns.settings (&self->settings, self->load_data);
  g_hash_table_iter_init (&iter, self->users);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    self->load_fns.user (user_copy (item), self->load_data);
  for (guint t = 0; t < ROW_TABLES; t++) {
    g_hash_table_iter_init (&iter, self->rows);
    while (g_hash_table_iter_next (&iter, &item, NULL))
      if (row_table (item) != row_table_at (t))
        continue;
      else if (is_worth_loading (self, item))
        tell_row (self, item);
      else
        g_hash_table_iter_remove (&iter);
  }
  mem_messages_tell (self->messages, &self->load_fns, self->load_data);
  mem_documents_load (self->documents, &self->load_fns, self->load_data);
  if (self->events.up_changed != NULL)
    self->events.up_changed (TRUE, self->events_data);
  self->load_fns.loaded (self->load_data);
}

static void
load (gpointer port, const StoreLoadFns *fns, gpointer data)
{
  StoreMem *self = port;

  self->load_fns = *fns;
  self->load_data = data;
  self->wants_load = TRUE;
  wants_turn (self);
}

static void
submit (gpointer port, const char *aor, StoreWrite *writes, gsize n,
        gboolean is_durable, StoreDoneFn done, gpointer data)
{
  StoreMem *self = port;
  StoreOutcome outcome = self->refuses_next ? STORE_REFUSED
                         : self->is_up      ? STORE_COMMITTED
                                            : STORE_AWAY;

  self->refuses_next = FALSE;
  add_work (self, submit_new (writes, n, is_durable, NULL, NULL, 0), outcome,
            done, data);
}

static StorePolicy *
policy_copy (StoreMem *self, const char *aor)
{
  const StorePolicy *stored = g_hash_table_lookup (self->policies, aor);
  StorePolicy *copy = store_policy_new (aor);

  for (guint i = 0; stored != NULL && i < stored->contacts->len; i++)
    g_ptr_array_add (copy->contacts, g_strdup (stored->contacts->pdata[i]));
  for (guint i = 0; stored != NULL && i < stored->decisions->len; i++) {
    const StoreDecision *row = stored->decisions->pdata[i];

    store_policy_add_decision (copy, row->watcher, row->decision);
  }
  for (guint i = 0; stored != NULL && i < stored->rules->len; i++)
    g_ptr_array_add (copy->rules, g_bytes_ref (stored->rules->pdata[i]));
  for (guint i = 0; stored != NULL && i < stored->groups->len; i++)
    g_ptr_array_add (copy->groups, g_strdup (stored->groups->pdata[i]));
  for (guint i = 0; stored != NULL && i < stored->places->len; i++)
    g_ptr_array_add (copy->places, g_strdup (stored->places->pdata[i]));
  if (stored != NULL && stored->lists != NULL)
    copy->lists = g_bytes_ref (stored->lists);
  mem_documents_add_policy (self->documents, copy);
  return copy;
}

static void
load_policy (gpointer port, const char *aor, StorePolicyFn done, gpointer data)
{
  StoreMem *self = port;
  Work *work = add_work (self, NULL, STORE_COMMITTED, NULL, data);

  work->policy_done = done;
  work->policy = self->is_up ? policy_copy (self, aor) : NULL;
}

static gboolean
is_up (gpointer port)
{
  StoreMem *self = port;

  return self->is_up && !self->wants_load;
}

/* Changes of users are told at once, so there is nothing to wait for. */
static void
sync_changes (gpointer port, StoreDoneFn done, gpointer data)
{
  StoreMem *self = port;

  add_work (self, NULL, self->is_up ? STORE_COMMITTED : STORE_AWAY, done, data);
}

static void
put_health (gpointer port, const StoreHealth *rows, gsize n, StoreHealthFn done,
            gpointer data)
{
  StoreMem *self = port;

  if (!is_up (self)) {
    done (STORE_AWAY, 0, data);
    return;
  }
  g_string_truncate (self->health, 0);
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (self->health, "%s %s\n", rows[i].test,
                            rows[i].outcome);
  done (STORE_COMMITTED, self->epoch + clock_now (self->clock), data);
}

static void
lag (gpointer port, StoreLag *out)
{
  StoreMem *self = port;

  *out = (StoreLag){ .waiting = self->work.length + kept_size (self->kept) };
}

static void
flush_all (gpointer port, guint timeout_ms, StoreDoneFn done, gpointer data)
{
  sync_changes (port, done, data);
}

/* --- Hooks of tests --- */

static void
tell_documents (StoreMem *self, const char *auid, const char *owner,
                const char *name)
{
  if (self->events.documents_changed != NULL && self->load_fns.loaded != NULL)
    self->events.documents_changed (auid, owner, name, self->events_data);
}

void
store_mem_set_up (StoreMem *self, gboolean up)
{
  Submit *submit;

  if (self->is_up == up)
    return;
  self->is_up = up;
  while (up && (submit = kept_pop (self->kept)) != NULL)
    add_work (self, submit, STORE_COMMITTED, NULL, NULL);
  if (up)
    mem_messages_up (self->messages);
  if (self->wants_load)
    wants_turn (self);
  else if (self->events.up_changed != NULL)
    self->events.up_changed (up, self->events_data);
}

void
store_mem_put_user (StoreMem *self, const StoreUser *user)
{
  StoreUser *copy = user_copy (user);

  g_hash_table_replace (self->users, copy->aor, copy);
  if (self->events.user_changed != NULL && self->load_fns.loaded != NULL)
    self->events.user_changed (user->aor, user_copy (user), self->events_data);
  tell_documents (self, XCAP_SETTINGS_AUID, user->aor, XCAP_SETTINGS_NAME);
}

void
store_mem_drop_user (StoreMem *self, const char *aor)
{
  mem_documents_drop_user (self->documents, aor);
  store_mem_purge_messages (self, aor);
  g_hash_table_remove (self->users, aor);
  if (self->events.user_changed != NULL && self->load_fns.loaded != NULL)
    self->events.user_changed (aor, NULL, self->events_data);
  tell_documents (self, NULL, aor, NULL);
}

void
store_mem_put_settings (StoreMem *self, const PolicySettings *settings)
{
  self->settings = *settings;
  if (self->events.settings_changed != NULL && self->load_fns.loaded != NULL)
    self->events.settings_changed (settings, self->events_data);
  tell_documents (self, XCAP_SETTINGS_AUID, NULL, XCAP_POLICY_NAME);
}

void
store_mem_put_policy (StoreMem *self, StorePolicy *policy)
{
  g_autofree char *aor = g_strdup (policy->aor);

  g_hash_table_replace (self->policies, policy->aor, policy);
  if (self->events.policy_changed != NULL && self->load_fns.loaded != NULL)
    self->events.policy_changed (aor, self->events_data);
  tell_documents (self, "resource-lists", aor, "index");
}

void
store_mem_purge_messages (StoreMem *self, const char *recipient)
{
  if (mem_messages_drop (self->messages, recipient)
      && self->events.messages_changed != NULL && self->load_fns.loaded != NULL)
    self->events.messages_changed (recipient, self->events_data);
}

const char *
store_mem_list_messages (StoreMem *self)
{
  return mem_messages_list (self->messages);
}

const char *
store_mem_health (StoreMem *self)
{
  return self->health->str;
}

void
store_mem_refuse_next (StoreMem *self)
{
  self->refuses_next = TRUE;
}

/* --- Life --- */

StoreMem *
store_mem_new (LoopPort *loop, const Clock *clock)
{
  StoreMem *self = g_new0 (StoreMem, 1);

  self->loop = loop;
  self->clock = clock;
  self->is_up = TRUE;
  self->users = g_hash_table_new_full (aor_hash, aor_equal, NULL,
                                       (GDestroyNotify)store_user_free);
  self->rows = g_hash_table_new_full (row_hash, row_equal, write_free, NULL);
  self->policies = g_hash_table_new_full (aor_hash, aor_equal, NULL,
                                          (GDestroyNotify)store_policy_free);
  self->settings = policy_settings_default;
  self->documents = mem_documents_new (self);
  self->messages = mem_messages_new (self);
  self->kept = kept_new ();
  self->health = g_string_new (NULL);
  self->epoch = g_get_real_time () - clock_now (clock);
  self->port = (StorePort){ .self = self,
                            .set_events = set_events,
                            .load = load,
                            .submit = submit,
                            .load_policy = load_policy,
                            .is_up = is_up,
                            .sync = sync_changes,
                            .put_health = put_health,
                            .lag = lag,
                            .flush = flush_all };
  return self;
}

static void
work_free (gpointer data)
{
  Work *work = data;

  submit_free (work->submit);
  store_policy_free (work->policy);
  if (work->free != NULL)
    work->free (work->data);
  g_free (work);
}

void
store_mem_free (StoreMem *self)
{
  if (self == NULL)
    return;
  if (self->turn != NULL)
    self->turn->store = NULL;
  g_queue_clear_full (&self->work, work_free);
  mem_documents_free (self->documents);
  mem_messages_free (self->messages);
  kept_free (self->kept);
  g_hash_table_unref (self->users);
  g_hash_table_unref (self->policies);
  g_hash_table_unref (self->rows);
  g_string_free (self->health, TRUE);
  g_free (self);
}

StorePort *
store_mem_port (StoreMem *self)
{
  return &self->port;
}

DocumentsPort *
store_mem_documents (StoreMem *self)
{
  return mem_documents_port (self->documents);
}

MessagesPort *
store_mem_messages (StoreMem *self)
{
  return mem_messages_port (self->messages);
}
