/* SPDX-License-Identifier: ISC
 *
 * The table `health`, written as a whole. */
#define G_LOG_DOMAIN "store"
#include "store/health.h"

#include "base/json.h"

struct Reports {
  Control *control;
  const Clock *clock;
  gboolean is_writing; /* the statement is on its way */
  StoreHealthFn done;  /* NULL: nobody waits (any more) */
  gpointer data;
  gint64 at;
};

static const char sql[]
    = "WITH fresh AS (SELECT * FROM ROWS FROM (jsonb_to_recordset($1::jsonb)"
      "   AS (test text, outcome text, problem text, solution text))"
      "   WITH ORDINALITY AS f (test, outcome, problem, solution, place)),"
      " gone AS (DELETE FROM rollcall.health h"
      "   WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.test = h.test)),"
      " put AS (INSERT INTO rollcall.health AS h"
      "   (test, outcome, problem, solution, place, at)"
      "   SELECT test, outcome, problem, solution, place, now() FROM fresh"
      "   ON CONFLICT (test) DO UPDATE SET outcome = excluded.outcome,"
      "    problem = excluded.problem, solution = excluded.solution,"
      "    place = excluded.place, at = excluded.at)"
      " SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

static void
settle (Reports *self, StoreOutcome outcome, gint64 db_time)
{
  StoreHealthFn done = self->done;

  self->done = NULL;
  if (done != NULL)
    done (outcome, db_time, self->data);
}

static void
answer_cb (const PGresult *result, gpointer data)
{
  Reports *self = data;

  self->is_writing = FALSE;
  settle (self, STORE_COMMITTED,
          g_ascii_strtoll (PQgetvalue (result, 0, 0), NULL, 10));
}

static char *
json_of (const StoreHealth *rows, gsize n)
{
  GString *out = g_string_new ("[");

  for (gsize i = 0; i < n; i++) {
    g_string_append (out, i > 0 ? ",{\"test\":" : "{\"test\":");
    json_append (out, rows[i].test);
    g_string_append (out, ",\"outcome\":");
    json_append (out, rows[i].outcome);
    g_string_append (out, ",\"problem\":");
    json_append (out, rows[i].problem);
    g_string_append (out, ",\"solution\":");
    json_append (out, rows[i].solution);
    g_string_append_c (out, '}');
  }
  return g_string_free (g_string_append_c (out, ']'), FALSE);
}

void
reports_put (Reports *self, const StoreHealth *rows, gsize n,
             StoreHealthFn done, gpointer data)
{
  g_autofree char *param = NULL;

  if (self->is_writing || !control_is_ready (self->control)) {
    done (STORE_AWAY, 0, data);
    return;
  }
  param = json_of (rows, n);
  self->is_writing = TRUE;
  self->done = done;
  self->data = data;
  self->at = clock_now (self->clock);
  control_ask (self->control, &(ControlQuery){ .sql = sql,
                                               .param = param,
                                               .answer = answer_cb,
                                               .data = self });
}

void
reports_lost (Reports *self)
{
  self->is_writing = FALSE;
  settle (self, STORE_AWAY, 0);
}

void
reports_give_up (Reports *self, gint64 before)
{
  if (self->done != NULL && self->at < before)
    settle (self, STORE_AWAY, 0);
}

gboolean
reports_is_waiting (const Reports *self)
{
  return self->done != NULL;
}

Reports *
reports_new (Control *control, const Clock *clock)
{
  Reports *self = g_new0 (Reports, 1);

  self->control = control;
  self->clock = clock;
  return self;
}

void
reports_free (Reports *self)
{
  g_free (self);
}
