/* SPDX-License-Identifier: ISC
 *
 * rollcallctl watchers ...: decisions in rollcall.watchers, and who watches
 * now. */
#include "ctl/ctl.h"

#include "addr/aor.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* Decisions and requests, and whoever has a live subscription; a watcher with
 * several devices is one row. */
#define WATCHERS                                                               \
  "WITH decided AS ("                                                          \
  " SELECT watcher, decision, since, decided_by FROM rollcall.watchers"        \
  " WHERE presentity = $1"                                                     \
  "), live AS ("                                                               \
  " SELECT min(watcher) AS watcher, count(*) AS devices,"                      \
  "  CASE WHEN bool_or(state = 'active') THEN 'active' ELSE 'pending' END"     \
  "   AS state, min(created_at) AS since"                                      \
  " FROM rollcall.subscriptions WHERE package = 'presence'"                    \
  "  AND lower(presentity COLLATE \"C\") = lower($1 COLLATE \"C\")"            \
  "  AND state IN ('active', 'pending') AND expires_at > now()"                \
  " GROUP BY lower(watcher COLLATE \"C\")"                                     \
  "), row AS ("                                                                \
  " SELECT coalesce(d.watcher, l.watcher) AS watcher, d.decision, l.state,"    \
  "  coalesce(l.devices, 0) AS devices, coalesce(d.since, l.since) AS since,"  \
  "  d.decided_by FROM decided d FULL JOIN live l"                             \
  "  ON lower(l.watcher COLLATE \"C\") = lower(d.watcher COLLATE \"C\")) "     \
  "SELECT watcher, decision, state, devices, "

static const char for_people[] = WATCHERS
    "to_char(since, 'YYYY-MM-DD HH24:MI') AS since, decided_by AS by FROM row"
    " ORDER BY decision = 'pending' DESC NULLS LAST, lower(watcher)";
static const char for_programs[]
    = WATCHERS "since, decided_by FROM row"
               " ORDER BY decision = 'pending' DESC NULLS LAST, lower(watcher)";

int
watchers_list (Ctl *self, char **args)
{
  g_autofree char *owner = ctl_owner (self, args[0]);
  const char *params[] = { owner };
  PGresult *result;

  if (owner == NULL)
    return CTL_FAILED;
  result
      = ctl_query (self, self->is_json ? for_programs : for_people, 1, params);
  if (result == NULL)
    return CTL_FAILED;
  if (PQntuples (result) > 0 || self->is_json)
    ctl_print (self, result);
  else
    printf ("nobody watches %s, and nothing is decided\n", owner);
  PQclear (result);
  return CTL_OK;
}

/* user@domain or @domain; NULL, and said so, for anything else. */
static char *
watcher_of (const char *text)
{
  g_autofree char *whole = NULL;
  g_autofree char *aor = NULL;

  if (strchr (text, '@') == NULL) {
    g_autofree char *shown = g_strescape (text, NULL);

    ctl_fail ("\"%.80s\" is no watcher: that is user@domain, or @domain for"
              " everybody of a domain",
              shown);
    return NULL;
  }
  if (*text != '@')
    return ctl_aor (text);
  whole = g_strconcat ("any", text, NULL);
  aor = ctl_aor (whole);
  return aor != NULL ? g_strdup (strchr (aor, '@')) : NULL;
}

static void
say (const Ctl *self, const char *owner, const char *watcher,
     const char *decision)
{
  g_autoptr (GString) out = g_string_new ("{\"owner\": ");

  if (!self->is_json) {
    printf ("%s %s\n", watcher, decision);
    return;
  }
  json_append (out, owner);
  g_string_append (out, ", \"watcher\": ");
  json_append (out, watcher);
  g_string_append (out, ", \"result\": ");
  json_append (out, decision);
  puts (g_string_append_c (out, '}')->str);
}

/* Runs a statement about owner and watcher that gives the row it touched. */
static int
change (Ctl *self, char **args, const char *sql, const char *decision,
        const char *done)
{
  g_autofree char *owner = ctl_owner (self, args[0]);
  g_autofree char *watcher = owner != NULL ? watcher_of (args[1]) : NULL;
  const char *params[] = { owner, watcher, decision };
  PGresult *result;
  int status;

  if (watcher == NULL)
    return CTL_FAILED;
  result = ctl_query (self, sql, decision != NULL ? 3 : 2, params);
  if (result == NULL)
    return CTL_FAILED;
  if (PQntuples (result) == 0)
    status = ctl_fail ("nothing is decided about %s, nor asked", watcher);
  else {
    say (self, owner, PQgetvalue (result, 0, 0), done);
    status = ctl_sync (self);
  }
  PQclear (result);
  return status;
}

/* Whoever asks for himself gets his own state, whatever is decided (DESIGN
 * section 4, step 1). */
static gboolean
is_himself (Ctl *self, char **args)
{
  g_autofree char *owner = NULL, *watcher = NULL;

  if (!aor_parse (args[0], &owner, NULL)
      || !aor_parse (args[1], &watcher, NULL))
    return FALSE;
  return aor_equal (owner, watcher);
}

static int
decide (Ctl *self, char **args, const char *decision, const char *done)
{
  if (is_himself (self, args))
    return ctl_fail ("%s always sees himself: nothing to decide", args[0]);
  return change (self, args,
                 "INSERT INTO rollcall.watchers AS w"
                 " (presentity, watcher, decision) VALUES ($1, $2, $3)"
                 " ON CONFLICT (presentity, watcher)"
                 " DO UPDATE SET decision = excluded.decision"
                 " RETURNING w.watcher",
                 decision, done);
}

int
watchers_allow (Ctl *self, char **args)
{
  return decide (self, args, "allow", "allowed");
}

int
watchers_block (Ctl *self, char **args)
{
  return decide (self, args, "block", "blocked");
}

int
watchers_polite_block (Ctl *self, char **args)
{
  return decide (self, args, "polite_block", "blocked politely");
}

int
watchers_forget (Ctl *self, char **args)
{
  return change (self, args,
                 "DELETE FROM rollcall.watchers WHERE presentity = $1"
                 " AND lower(watcher COLLATE \"C\") = lower($2 COLLATE \"C\")"
                 " RETURNING watcher",
                 NULL, "forgotten");
}
