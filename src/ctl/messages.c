/* SPDX-License-Identifier: ISC
 *
 * rollcallctl messages list, retry and purge. */
#include "ctl/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Listed when nobody says how many. */
#define LISTED 50
#define LISTED_MAX 1000000

#define STATES(aggregate)                                                      \
  "(SELECT " aggregate " FROM (SELECT DISTINCT g.state"                        \
  "  FROM rollcall.message_log g WHERE g.id = m.id AND g.state IS NOT NULL) "  \
  "s)"

#define CHOSEN_LAST                                                            \
  " FROM rollcall.messages m WHERE" MESSAGES_CHOSEN                            \
  " ORDER BY m.id DESC LIMIT $6"

static const char for_people[]
    = "SELECT m.id, to_char(m.created_at, 'YYYY-MM-DD HH24:MI') AS arrived,"
      " m.sender AS from, m.recipient AS to, m.body IS NOT NULL AS waits,"
      " " STATES (
          "string_agg(s.state, ', ' ORDER BY s.state)") " AS state" CHOSEN_LAST;
static const char for_programs[] = "SELECT m.id, m.created_at, m.sender, "
                                   "m.recipient, m.call_id, m.imdn_id,"
                                   " m.content_type, m.body IS NOT NULL AS "
                                   "waits, m.expires_at,"
                                   " " STATES (
                                       "coalesce(jsonb_agg(s.state ORDER BY "
                                       "s.state), '[]')") " AS "
                                                          "states" CHOSEN_LAST;

/* How many to list; 0, and said so: that is no number. */
static int
limit_of (const Ctl *self)
{
  guint64 n = LISTED;

  if (self->limit != NULL
      && !g_ascii_string_to_unsigned (self->limit, 10, 1, LISTED_MAX, &n,
                                      NULL)) {
    ctl_fail ("--limit is a number from 1 to %d, not \"%s\"", LISTED_MAX,
              self->limit);
    return 0;
  }
  return (int)n;
}

static void
print_list (const Ctl *self, const PGresult *result, int limit)
{
  int found = PQntuples (result), n = MIN (found, limit);

  if (n > 0 || self->is_json)
    ctl_print_some (self, result, n);
  if (!self->is_json)
    printf ("%d message%s%s\n", n, n == 1 ? "" : "s",
            found > n ? ", and there are more: see --limit" : "");
  else if (found > n)
    fputs ("rollcallctl: there are more: see --limit\n", stderr);
}

int
messages_list (Ctl *self, char **args)
{
  g_auto (MessagesChoice) choice = { 0 };
  const char *params[MESSAGES_PARAMS + 1];
  int limit = limit_of (self);
  g_autofree char *one_more = g_strdup_printf ("%d", limit + 1);
  PGresult *result;

  if (limit == 0 || !messages_choose (self, &choice))
    return CTL_FAILED;
  messages_params (&choice, params);
  params[MESSAGES_PARAMS] = one_more;
  result = ctl_query (self, self->is_json ? for_programs : for_people,
                      MESSAGES_PARAMS + 1, params);
  if (result == NULL)
    return CTL_FAILED;
  print_list (self, result, limit);
  PQclear (result);
  return CTL_OK;
}

/* --- retry and purge --- */

typedef struct {
  const char *done;      /* what becomes of a message: "purged" */
  const char *of_ids;    /* SQL: rows (id, result) for $1::bigint[] */
  const char *of_choice; /* SQL: rows (id, result) of those chosen */
  gboolean is_counted;   /* ...or one row (n, waiting) */
} Change;

static const Change retry = {
  .done = "retried",
  .of_ids = "WITH done AS (SELECT r AS id FROM"
            "  rollcall.retry_messages($1::bigint[]) AS r)"
            " SELECT i.id, CASE WHEN d.id IS NOT NULL THEN 'retried'"
            "   WHEN EXISTS (SELECT FROM rollcall.messages m WHERE m.id = i.id)"
            "   THEN 'not_waiting' ELSE 'not_there' END AS result"
            "  FROM unnest($1::bigint[]) WITH ORDINALITY AS i (id, n)"
            "  LEFT JOIN done d ON d.id = i.id ORDER BY i.n",
  .of_choice
  = "SELECT r AS id, 'retried' AS result FROM rollcall.retry_messages(ARRAY("
    "  SELECT m.id FROM rollcall.messages m WHERE m.body IS NOT NULL"
    "   AND" MESSAGES_CHOSEN ")) AS r ORDER BY r",
};

static const Change purge = {
  .done = "purged",
  .of_ids = "WITH gone AS (DELETE FROM rollcall.messages m"
            "  WHERE m.id = ANY ($1::bigint[]) RETURNING m.id)"
            " SELECT i.id, CASE WHEN g.id IS NOT NULL THEN 'purged'"
            "   ELSE 'not_there' END AS result"
            "  FROM unnest($1::bigint[]) WITH ORDINALITY AS i (id, n)"
            "  LEFT JOIN gone g ON g.id = i.id ORDER BY i.n",
  .of_choice
  = "WITH gone AS (DELETE FROM rollcall.messages m WHERE" MESSAGES_CHOSEN
    "  RETURNING m.body IS NOT NULL AS waited)"
    " SELECT count(*) AS purged, count(*) FILTER (WHERE waited) AS waiting"
    "  FROM gone",
  .is_counted = TRUE,
};

/* Each row is (id, result); FALSE: some are not as wanted. */
static gboolean
report_rows (const Ctl *self, const Change *change, const PGresult *result)
{
  int n = PQntuples (result), n_done = 0;

  if (self->is_json)
    ctl_print (self, result);
  for (int i = 0; i < n; i++) {
    const char *what = PQgetvalue (result, i, 1);

    n_done += strcmp (what, change->done) == 0;
    if (!self->is_json)
      printf ("%-11s %s\n", what, PQgetvalue (result, i, 0));
  }
  if (!self->is_json)
    printf ("%d message%s %s\n", n_done, n_done == 1 ? "" : "s", change->done);
  return n_done == n;
}

static void
report_count (const Ctl *self, const Change *change, const PGresult *result)
{
  g_autoptr (GString) object = g_string_new (NULL);
  const char *n = PQgetvalue (result, 0, 0);

  ctl_json_row (object, result, 0);
  if (self->is_json)
    puts (object->str);
  else
    printf ("%s message%s %s, %s of them waiting for delivery\n", n,
            strcmp (n, "1") == 0 ? "" : "s", change->done,
            PQgetvalue (result, 0, 1));
}

/* Reports what a statement did, when it is in force. */
static int
end (Ctl *self, const Change *change, PGresult *result, gboolean is_counted)
{
  gboolean is_done = TRUE;
  int sync;

  if (result == NULL)
    return CTL_FAILED;
  sync = ctl_sync (self);
  if (is_counted)
    report_count (self, change, result);
  else
    is_done = report_rows (self, change, result);
  PQclear (result);
  return is_done ? sync : CTL_FAILED;
}

static int
change_ids (Ctl *self, const Change *change, char **args)
{
  g_autofree char *ids = messages_ids (args);
  const char *params[] = { ids };

  if (ids == NULL)
    return CTL_FAILED;
  return end (self, change, ctl_query (self, change->of_ids, 1, params), FALSE);
}

static int
change_chosen (Ctl *self, const Change *change)
{
  g_auto (MessagesChoice) choice = { 0 };
  const char *params[MESSAGES_PARAMS];

  if (!messages_choose (self, &choice))
    return CTL_FAILED;
  messages_params (&choice, params);
  return end (self, change,
              ctl_query (self, change->of_choice, MESSAGES_PARAMS, params),
              change->is_counted);
}

/* Exactly one of ids, options and --all. */
static int
run (Ctl *self, const Change *change, char **args)
{
  gboolean has_ids = *args != NULL, is_chosen = messages_is_chosen (self);

  if (has_ids + is_chosen + self->is_all > 1)
    return ctl_usage ("either ids, or options that say which, or --all");
  if (has_ids)
    return change_ids (self, change, args);
  if (!is_chosen && !self->is_all)
    return ctl_usage ("which messages? ids, or options that say which, or "
                      "--all for all that there are");
  return change_chosen (self, change);
}

int
messages_retry (Ctl *self, char **args)
{
  return run (self, &retry, args);
}

int
messages_purge (Ctl *self, char **args)
{
  return run (self, &purge, args);
}
