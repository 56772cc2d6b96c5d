/* SPDX-License-Identifier: ISC
 *
 * The store on PostgreSQL: wires lanes, control session, load and changes to
 * the port, and knows whether PostgreSQL is there. */
#define G_LOG_DOMAIN "store"
#include <string.h>

#include "addr/aor.h"
#include "store/changes.h"
#include "store/connection.h"
#include "store/control.h"
#include "store/flushes.h"
#include "store/health.h"
#include "store/lane.h"
#include "store/pg-documents.h"
#include "store/load.h"
#include "store/messages-pg.h"
#include "store/messages-sql.h"
#include "store/policies.h"
#include "store/store.h"

#define TICK_MS 50

/* What defer holds on to: the store may be gone when it comes. */
typedef struct {
  StorePg *store;
} Turn;

typedef struct {
  StoreDoneFn done;
  gpointer data;
  StoreOutcome outcome;
} Answer;

struct StorePg {
  StorePort port;
  StorePgConfig config;
  char *dsn, *calls;
  LoopPort *loop;
  const Clock *clock;
  StoreEvents events;
  gpointer events_data;

  Lane **lanes;
  guint n_lanes;
  Control *control;
  Load *load;
  StoreLoadFns load_fns;
  gpointer load_data;
  Changes *changes;
  Policies *policies;
  PgDocuments *documents;
  PgMessages *messages;
  Reports *reports;

  gboolean is_loaded, is_up, has_failed;
  gboolean control_away;
  gint64 control_lost_at; /* 0: it is there */
  char *complaint;        /* the last one, while waiting for the first load */
  Turn *turn;             /* pending; NULL: none */
  GQueue answers;         /* Answer, at the end of the turn */
  Flushes *flushes;
  LoopTimer *ticker;
  gint64 *up_gauge, *kept_gauge, *away_count;
};

/* --- Turns --- */

static void
check_flushes (StorePg *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    if (!lane_is_idle (self->lanes[i]))
      return;
  if (!pg_messages_is_flushed (self->messages))
    return;
  flushes_settle (self->flushes);
}

static void tick_cb (gpointer data);

static gboolean
is_ticking (StorePg *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    if (lane_is_ticking (self->lanes[i]))
      return TRUE;
  return changes_is_waiting (self->changes)
         || policies_is_waiting (self->policies)
         || reports_is_waiting (self->reports) || self->control_lost_at != 0;
}

static void
need_tick (StorePg *self)
{
  if (self->ticker == NULL)
    self->ticker = self->loop->every (self->loop->self, TICK_MS, tick_cb, self);
}

static void
turn_cb (gpointer data)
{
  Turn *turn = data;
  StorePg *self = turn->store;
  GQueue due = G_QUEUE_INIT;
  Answer *answer;

  if (self == NULL)
    return;
  self->turn = NULL;
  while ((answer = g_queue_pop_head (&self->answers)) != NULL)
    g_queue_push_tail (&due, answer);
  while ((answer = g_queue_pop_head (&due)) != NULL) {
    answer->done (answer->outcome, answer->data);
    g_free (answer);
  }
  pg_messages_turn (self->messages);
  policies_read (self->policies);
  for (guint i = 0; i < self->n_lanes && !self->has_failed; i++)
    lane_kick (self->lanes[i]);
  check_flushes (self);
}

static void
wants_turn (gpointer data)
{
  StorePg *self = data;

  if (self->turn != NULL)
    return;
  self->turn = g_new0 (Turn, 1);
  self->turn->store = self;
  self->loop->defer (self->loop->self, turn_cb, self->turn, g_free);
}

static void
answer_later (StorePg *self, StoreOutcome outcome, StoreDoneFn done,
              gpointer data)
{
  Answer *answer;

  if (done == NULL)
    return;
  answer = g_new0 (Answer, 1);
  answer->done = done;
  answer->data = data;
  answer->outcome = outcome;
  g_queue_push_tail (&self->answers, answer);
  wants_turn (self);
}

static void
answer_away_cb (StoreDoneFn done, gpointer done_data, gpointer data)
{
  answer_later (data, STORE_AWAY, done, done_data);
}

/* --- Is PostgreSQL there? --- */

static gboolean
work_out_up (StorePg *self)
{
  if (!self->is_loaded || self->control_away || self->has_failed)
    return FALSE;
  for (guint i = 0; i < self->n_lanes; i++)
    if (lane_is_away (self->lanes[i]))
      return FALSE;
  return TRUE;
}

static void
update_up (StorePg *self)
{
  gboolean is_up = work_out_up (self);

  if (is_up == self->is_up)
    return;
  self->is_up = is_up;
  *self->up_gauge = is_up;
  if (is_up) {
    g_message ("PostgreSQL is there");
  } else if (!self->has_failed) {
    (*self->away_count)++;
    g_critical ("PostgreSQL is away: answers come from memory, what is to be "
                "written is kept");
  }
  if (self->events.up_changed != NULL)
    self->events.up_changed (is_up, self->events_data);
}

static void
lane_changed_cb (gpointer data)
{
  StorePg *self = data;
  guint kept = 0;

  for (guint i = 0; i < self->n_lanes; i++)
    kept += lane_kept (self->lanes[i]);
  *self->kept_gauge = kept;
  update_up (self);
  if (!flushes_is_empty (self->flushes))
    wants_turn (self);
}

static void
tick_cb (gpointer data)
{
  StorePg *self = data;
  gint64 patience = (gint64)self->config.hung_after * 1000;
  gint64 now = clock_now (self->clock);

  for (guint i = 0; i < self->n_lanes; i++)
    lane_tick (self->lanes[i]);
  if (self->control_lost_at != 0 && now - self->control_lost_at > patience) {
    self->control_away = TRUE;
    update_up (self);
  }
  changes_give_up (self->changes,
                   self->control_away ? G_MAXINT64 : now - patience);
  policies_give_up (self->policies,
                    self->control_away ? G_MAXINT64 : now - patience);
  reports_give_up (self->reports,
                   self->control_away ? G_MAXINT64 : now - patience);
  if (!is_ticking (self) && self->ticker != NULL) {
    self->loop->remove_timer (self->loop->self, self->ticker);
    self->ticker = NULL;
  }
}

/* --- The control session --- */

static gboolean
may_write_cb (gpointer data)
{
  StorePg *self = data;

  return control_is_ready (self->control) && !self->has_failed;
}

static void
loaded_cb (guint64 horizon, const char *life, gpointer data)
{
  StorePg *self = data;

  self->is_loaded = TRUE;
  update_up (self);
  policies_start (self->policies);
  self->load_fns.loaded (self->load_data);
  changes_start (self->changes, horizon, life);
}

static void
control_ready_cb (gpointer data)
{
  StorePg *self = data;

  self->control_lost_at = 0;
  self->control_away = FALSE;
  for (guint i = 0; i < self->n_lanes; i++)
    lane_start (self->lanes[i]);
  if (self->is_loaded) {
    changes_read (self->changes);
    policies_start (self->policies);
  } else {
    load_start (self->load);
  }
  update_up (self);
  wants_turn (self);
}

static void
control_lost_cb (gboolean was_ready, const char *why, gpointer data)
{
  StorePg *self = data;

  changes_lost (self->changes);
  policies_lost (self->policies);
  reports_lost (self->reports);
  if (self->control_lost_at == 0)
    self->control_lost_at = clock_now (self->clock);
  need_tick (self);
  if (was_ready)
    g_warning ("the control session of PostgreSQL is lost: %s", why);
  else if (g_strcmp0 (why, self->complaint) != 0)
    g_critical ("cannot work with PostgreSQL, trying again: %s", why);
  if (!was_ready) {
    g_free (self->complaint);
    self->complaint = g_strdup (why);
    self->control_away = TRUE;
    update_up (self);
  }
}

static void
notified_cb (gpointer data)
{
  StorePg *self = data;

  changes_read (self->changes);
}

static void
fatal_cb (const char *message, gpointer data)
{
  StorePg *self = data;

  self->has_failed = TRUE;
  g_critical ("%s", message);
  update_up (self);
  if (self->events.fatal != NULL)
    self->events.fatal (message, self->events_data);
}

/* --- Users --- */

static void
user_changed_cb (const char *aor, StoreUser *user, gpointer data)
{
  StorePg *self = data;

  if (self->events.user_changed != NULL)
    self->events.user_changed (aor, user, self->events_data);
  else
    store_user_free (user);
}

static void
users_begin_cb (gpointer data)
{
  StorePg *self = data;

  if (self->events.users_begin != NULL)
    self->events.users_begin (self->events_data);
}

static void
users_end_cb (gpointer data)
{
  StorePg *self = data;

  if (self->events.users_end != NULL)
    self->events.users_end (self->events_data);
}

static void
settings_changed_cb (const PolicySettings *settings, gpointer data)
{
  StorePg *self = data;

  if (self->events.settings_changed != NULL)
    self->events.settings_changed (settings, self->events_data);
}

static void
policy_changed_cb (const char *aor, gpointer data)
{
  StorePg *self = data;

  if (self->events.policy_changed != NULL)
    self->events.policy_changed (aor, self->events_data);
}

static void
documents_changed_cb (const char *auid, const char *owner, const char *name,
                      gpointer data)
{
  StorePg *self = data;

  if (self->events.documents_changed != NULL)
    self->events.documents_changed (auid, owner, name, self->events_data);
}

static void
messages_changed_cb (const char *recipient, gpointer data)
{
  StorePg *self = data;

  if (self->events.messages_changed != NULL)
    self->events.messages_changed (recipient, self->events_data);
}

/* --- The port --- */

static void
set_events (gpointer port, const StoreEvents *events, gpointer data)
{
  StorePg *self = port;

  self->events = *events;
  self->events_data = data;
}

static void
load (gpointer port, const StoreLoadFns *fns, gpointer data)
{
  StorePg *self = port;

  self->load_fns = *fns;
  self->load_data = data;
  self->load = load_new (&(LoadConfig){ .control = self->control,
                                        .loop = self->loop,
                                        .clock = self->clock,
                                        .fns = *fns,
                                        .fns_data = data,
                                        .done = loaded_cb,
                                        .data = self });
  connection_warn_of_names (self->dsn);
  control_start (self->control);
}

static Lane *
lane_of_rows (StorePg *self, const char *aor)
{
  return self->lanes[aor_hash (aor) % MAX (self->n_lanes - 1, 1)];
}

static void
submit (gpointer port, const char *aor, StoreWrite *writes, gsize n,
        gboolean is_durable, StoreDoneFn done, gpointer data)
{
  StorePg *self = port;
  Submit *work
      = submit_new (writes, n, is_durable, done, data, clock_now (self->clock));

  lane_submit (lane_of_rows (self, aor), work);
  need_tick (self);
  wants_turn (self);
}

/* The last lane is that of messages and documents, so that neither their bulk
 * nor a lock that an administrator holds on one is in the way of rows.  It is one
 * lane: few large batches cost PostgreSQL much less than many small ones. */
static void
submit_call_cb (Call *call, gpointer data)
{
  StorePg *self = data;

  need_tick (self);
  wants_turn (self);
  lane_submit (self->lanes[self->n_lanes - 1],
               submit_new_call (call, clock_now (self->clock)));
}

static void
load_policy (gpointer port, const char *aor, StorePolicyFn done, gpointer data)
{
  StorePg *self = port;

  policies_ask (self->policies, aor, done, data);
  need_tick (self);
  wants_turn (self);
}

static gboolean
is_up (gpointer port)
{
  StorePg *self = port;

  return self->is_up;
}

static void
sync_changes (gpointer port, StoreDoneFn done, gpointer data)
{
  StorePg *self = port;

  if (self->control_away || self->has_failed) {
    answer_later (self, STORE_AWAY, done, data);
    return;
  }
  changes_sync (self->changes, done, data);
  need_tick (self);
}

static void
sync_cb (StoreDoneFn done, gpointer done_data, gpointer data)
{
  sync_changes (data, done, done_data);
}

static void
put_health (gpointer port, const StoreHealth *rows, gsize n, StoreHealthFn done,
            gpointer data)
{
  StorePg *self = port;

  reports_put (self->reports, rows, n, done, data);
  need_tick (self);
}

static void
lag (gpointer port, StoreLag *out)
{
  StorePg *self = port;

  *out = (StoreLag){ 0 };
  for (guint i = 0; i < self->n_lanes; i++)
    lane_lag (self->lanes[i], out);
}

static void
flush_all (gpointer port, guint timeout_ms, StoreDoneFn done, gpointer data)
{
  StorePg *self = port;

  flushes_add (self->flushes, timeout_ms, done, data);
  pg_messages_flush (self->messages);
  wants_turn (self);
}

/* --- Life --- */

static void
make_lanes (StorePg *self, Counters *counters)
{
  LaneConfig lane = { .dsn = self->dsn,
                      .hung_after = self->config.hung_after,
                      .loop = self->loop,
                      .clock = self->clock,
                      .counters = counters,
                      .may_write = may_write_cb,
                      .answer_away = answer_away_cb,
                      .changed = lane_changed_cb,
                      .wants_kick = wants_turn,
                      .data = self };

  self->calls = g_strconcat (pg_documents_setup (), messages_setup (), NULL);
  lane.calls = self->calls;
  self->n_lanes = MAX (self->config.connections, 1);
  self->lanes = g_new0 (Lane *, self->n_lanes);
  for (guint i = 0; i < self->n_lanes; i++)
    self->lanes[i] = lane_new (&lane);
}

static void
make_control (StorePg *self)
{
  self->control = control_new (
      &(ControlConfig){ .dsn = self->dsn,
                        .timeout = MAX (self->config.hung_after, 5000),
                        .loop = self->loop,
                        .clock = self->clock,
                        .ready = control_ready_cb,
                        .lost = control_lost_cb,
                        .notified = notified_cb,
                        .fatal = fatal_cb,
                        .data = self });
  self->changes = changes_new (
      &(ChangesConfig){ .control = self->control,
                        .clock = self->clock,
                        .user_changed = user_changed_cb,
                        .users_begin = users_begin_cb,
                        .users_end = users_end_cb,
                        .settings_changed = settings_changed_cb,
                        .policy_changed = policy_changed_cb,
                        .documents_changed = documents_changed_cb,
                        .messages_changed = messages_changed_cb,
                        .data = self });
  self->policies = policies_new (self->control, self->loop, self->clock);
  self->reports = reports_new (self->control, self->clock);
}

static void
make_documents (StorePg *self)
{
  self->documents = pg_documents_new (
      &(PgDocumentsConfig){ .submit = submit_call_cb,
                            .sync = sync_cb,
                            .policy_changed = policy_changed_cb,
                            .documents_changed = documents_changed_cb,
                            .data = self });
}

static void
make_messages (StorePg *self, Counters *counters)
{
  self->messages
      = pg_messages_new (&(PgMessagesConfig){ .submit = submit_call_cb,
                                              .wants_turn = wants_turn,
                                              .loop = self->loop,
                                              .clock = self->clock,
                                              .counters = counters,
                                              .data = self });
}

StorePg *
store_pg_new (const StorePgConfig *config, LoopPort *loop, const Clock *clock,
              Counters *counters)
{
  StorePg *self = g_new0 (StorePg, 1);

  self->config = *config;
  self->dsn = g_strdup (config->dsn);
  self->config.dsn = self->dsn;
  self->loop = loop;
  self->clock = clock;
  self->up_gauge = counters_cell (counters, "db_up");
  self->kept_gauge = counters_cell (counters, "db_kept_rows");
  self->away_count = counters_cell (counters, "db_away_total");
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
  self->flushes = flushes_new (loop);
  make_lanes (self, counters);
  make_control (self);
  make_documents (self);
  make_messages (self, counters);
  return self;
}

void
store_pg_free (StorePg *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_lanes; i++)
    lane_free (self->lanes[i]);
  g_free (self->lanes);
  load_free (self->load);
  changes_free (self->changes);
  policies_free (self->policies);
  reports_free (self->reports);
  control_free (self->control);
  pg_documents_free (self->documents);
  pg_messages_free (self->messages);
  if (self->turn != NULL)
    self->turn->store = NULL;
  if (self->ticker != NULL)
    self->loop->remove_timer (self->loop->self, self->ticker);
  g_queue_clear_full (&self->answers, g_free);
  flushes_free (self->flushes);
  g_free (self->complaint);
  g_free (self->calls);
  g_free (self->dsn);
  g_free (self);
}

StorePort *
store_pg_port (StorePg *self)
{
  return &self->port;
}

DocumentsPort *
store_pg_documents (StorePg *self)
{
  return pg_documents_port (self->documents);
}

MessagesPort *
store_pg_messages (StorePg *self)
{
  return pg_messages_port (self->messages);
}

guint
store_schema_version (void)
{
  return 16;
}
