/* SPDX-License-Identifier: ISC
 *
 * Looking, comparing, writing: see the header. */
#define G_LOG_DOMAIN "admin"
#include "admin/health.h"

#include <string.h>

/* A clock that moved against the other by more than this was set. */
#define JUMP ((gint64)2 * G_USEC_PER_SEC)
/* A jump is told for so long. */
#define JUMP_SHOWN ((gint64)600 * G_USEC_PER_SEC)

struct Health {
  LoopPort *loop;
  StorePort *store;
  const Clock *clock;
  HealthHooks hooks;
  LoopTimer *timer;
  CheckFacts before; /* of the last look */
  gboolean has_before;
  GPtrArray *findings; /* CheckFinding */
  gint64 written_at;   /* us; 0: never */
  gint64 sync_since, sync_took;
  gboolean is_silent; /* the last sync had no answer */
  gint64 put_at;      /* real time at which the write began */
  gint64 clock_ahead, jump, jumped_at;
};

/* --- Clocks --- */

/* PostgreSQL's clock was read between put_at and now: what lies between is not
 * known. */
static void
compare_clocks (Health *self, gint64 db_time)
{
  gint64 now = self->hooks.real_time (self->hooks.data);

  if (db_time < self->put_at)
    self->clock_ahead = self->put_at - db_time;
  else if (db_time > now)
    self->clock_ahead = now - db_time;
  else
    self->clock_ahead = 0;
}

static void
note_jump (Health *self, const CheckFacts *now)
{
  gint64 moved = (now->real - self->before.real)
                 - (now->monotonic - self->before.monotonic);

  if (self->has_before && ABS (moved) > JUMP) {
    g_warning ("the system's clock was moved by %.1f s",
               (double)moved / G_USEC_PER_SEC);
    self->jump = moved;
    self->jumped_at = now->monotonic;
  } else if (self->jump != 0 && now->monotonic - self->jumped_at > JUMP_SHOWN)
    self->jump = 0;
}

/* --- What the store says --- */

static void
synced_cb (StoreOutcome outcome, gpointer data)
{
  Health *self = data;

  self->is_silent = outcome != STORE_COMMITTED;
  if (!self->is_silent)
    self->sync_took = clock_now (self->clock) - self->sync_since;
  self->sync_since = 0;
}

static void
start_sync (Health *self)
{
  if (self->sync_since != 0)
    return;
  self->sync_since = clock_now (self->clock);
  self->store->sync (self->store->self, synced_cb, self);
}

static void
put_cb (StoreOutcome outcome, gint64 db_time, gpointer data)
{
  Health *self = data;

  if (outcome == STORE_COMMITTED) {
    self->written_at = clock_now (self->clock);
    compare_clocks (self, db_time);
  }
}

static void
write_findings (Health *self)
{
  guint n = self->findings->len;
  g_autofree StoreHealth *rows = g_new0 (StoreHealth, n);

  for (guint i = 0; i < n; i++) {
    const CheckFinding *finding = g_ptr_array_index (self->findings, i);

    rows[i] = (StoreHealth){ finding->test, finding->outcome, finding->problem,
                             finding->solution };
  }
  self->put_at = self->hooks.real_time (self->hooks.data);
  self->store->put_health (self->store->self, rows, n, put_cb, self);
}

/* --- Looking --- */

static void
gather (Health *self, CheckFacts *facts)
{
  facts->real = self->hooks.real_time (self->hooks.data);
  facts->monotonic = clock_now (self->clock);
  self->hooks.gather (facts, self->hooks.data);
  note_jump (self, facts);
  facts->has_database
      = self->store->is_up (self->store->self) && !self->is_silent;
  self->store->lag (self->store->self, &facts->lag);
  facts->sync_since = self->sync_since;
  facts->sync_took = self->sync_took;
  facts->clock_ahead = self->clock_ahead;
  facts->jump = self->jump;
  facts->jumped_at = facts->real - (facts->monotonic - self->jumped_at);
}

/* Has a check another outcome than before? */
static gboolean
differs (const GPtrArray *a, const GPtrArray *b)
{
  if (a->len != b->len)
    return TRUE;
  for (guint i = 0; i < a->len; i++) {
    const CheckFinding *one = a->pdata[i], *other = b->pdata[i];

    if (strcmp (one->test, other->test) != 0
        || strcmp (one->outcome, other->outcome) != 0)
      return TRUE;
  }
  return FALSE;
}

static void
look (Health *self, gboolean must_write)
{
  CheckFacts now = { 0 };
  GPtrArray *fresh = g_ptr_array_new_with_free_func (check_finding_free);
  gboolean is_due;

  gather (self, &now);
  checks_run (&now, self->has_before ? &self->before : NULL, fresh);
  is_due = must_write || self->written_at == 0
           || now.monotonic - self->written_at
                  >= (gint64)HEALTH_WRITE * G_USEC_PER_SEC
           || differs (fresh, self->findings);
  g_ptr_array_unref (self->findings);
  self->findings = fresh;
  check_facts_clear (&self->before);
  self->before = now;
  self->has_before = TRUE;
  start_sync (self);
  if (is_due)
    write_findings (self);
}

static void
look_cb (gpointer data)
{
  look (data, FALSE);
}

void
health_look (Health *self)
{
  look (self, TRUE);
}

char *
health_lines (Health *self)
{
  GString *out = g_string_new (NULL);

  look (self, FALSE);
  for (guint i = 0; i < self->findings->len; i++) {
    const CheckFinding *finding = g_ptr_array_index (self->findings, i);
    g_autofree char *problem
        = g_strdup (finding->problem != NULL ? finding->problem : "");

    g_strdelimit (problem, "\t\r\n", ' ');
    g_string_append_printf (out, "%s\t%s\t%s\t%s\n", finding->test,
                            finding->outcome, problem,
                            finding->solution != NULL ? finding->solution : "");
  }
  return g_string_free (out, FALSE);
}

Health *
health_new (LoopPort *loop, StorePort *store, const Clock *clock,
            const HealthHooks *hooks)
{
  Health *self = g_new0 (Health, 1);

  self->loop = loop;
  self->store = store;
  self->clock = clock;
  self->hooks = *hooks;
  self->sync_took = -1;
  self->findings = g_ptr_array_new_with_free_func (check_finding_free);
  self->timer = loop->every (loop->self, HEALTH_LOOK * 1000, look_cb, self);
  return self;
}

void
health_free (Health *self)
{
  if (self == NULL)
    return;
  self->loop->remove_timer (self->loop->self, self->timer);
  check_facts_clear (&self->before);
  g_ptr_array_unref (self->findings);
  g_free (self);
}
