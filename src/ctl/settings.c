/* SPDX-License-Identifier: ISC
 *
 * rollcallctl settings ...: the row rollcall.settings.  Names, defaults, ranges
 * and meanings are the database's own: a new column needs nothing here. */
#include "ctl/ctl.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* A setting's value as it is typed: on, off, a number, none. */
#define SPELLED(value)                                                         \
  "CASE " value " WHEN 'true' THEN 'on' WHEN 'false' THEN 'off'"               \
  " WHEN 'null' THEN 'none' ELSE " value " #>> '{}' END"

/* $1: a setting's name, or NULL. */
#define SETTINGS                                                               \
  "WITH setting AS ("                                                          \
  " SELECT a.attnum, a.attname AS name, NOT a.attnotnull AS is_nullable,"      \
  "  a.atttypid = 'bool'::regtype AS is_switch,"                               \
  "  to_jsonb(s) -> a.attname::text AS value,"                                 \
  "  CASE WHEN e.text ~ '^(true|false|-?[0-9]+)$' THEN e.text::jsonb"          \
  "   ELSE coalesce(to_jsonb(e.text), 'null') END AS fallback,"                \
  "  (SELECT regexp_match(pg_get_constraintdef(c.oid),"                        \
  "     '>= [(]?(-?[0-9]+).*<= [(]?(-?[0-9]+)') FROM pg_constraint c"          \
  "    WHERE c.conrelid = a.attrelid AND c.conkey = ARRAY[a.attnum]"           \
  "     AND c.contype = 'c' LIMIT 1) AS bounds,"                               \
  "  col_description(a.attrelid, a.attnum) AS meaning"                         \
  " FROM rollcall.settings s CROSS JOIN pg_attribute a"                        \
  " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"   \
  " CROSS JOIN LATERAL (SELECT pg_get_expr(d.adbin, d.adrelid)) AS e (text)"   \
  " WHERE a.attrelid = 'rollcall.settings'::regclass AND a.attnum > 0"         \
  "  AND NOT a.attisdropped"                                                   \
  "  AND a.attname NOT IN ('id', 'updated_at', 'updated_by')"                  \
  "  AND coalesce(a.attname = $1::text, true)) "

/* Says that there is no such setting, and which there are. */
static int
no_setting (Ctl *self, const char *name)
{
  PGresult *result = ctl_query (
      self,
      SETTINGS "SELECT string_agg(name, ', ' ORDER BY attnum) FROM setting", 1,
      (const char *[]){ NULL });

  if (result == NULL)
    return CTL_FAILED;
  ctl_fail ("there is no setting \"%s\"; there are: %s", name,
            PQgetvalue (result, 0, 0));
  PQclear (result);
  return CTL_FAILED;
}

int
settings_show (Ctl *self, char **args)
{
  const char *sql
      = self->is_json
            ? SETTINGS "SELECT name, value, fallback AS default,"
                       " value = fallback AS is_default, meaning FROM setting"
                       " ORDER BY attnum"
            : SETTINGS "SELECT name, " SPELLED (
                "value") " AS value,"
                         " " SPELLED ("fallback") " AS default,"
                                                  " translate(meaning, E'\\n', "
                                                  "' ') AS meaning FROM setting"
                                                  " ORDER BY attnum";
  PGresult *result = ctl_query (self, sql, 1, (const char *[]){ args[0] });
  int status = CTL_OK;

  if (result == NULL)
    return CTL_FAILED;
  if (PQntuples (result) == 0)
    status = no_setting (self, args[0]);
  else
    ctl_print (self, result);
  PQclear (result);
  return status;
}

enum { NAME, WAS, IS_NULLABLE, IS_SWITCH, LEAST, MOST };

static gboolean
is_true (const PGresult *setting, int column)
{
  return *PQgetvalue (setting, 0, column) == 't';
}

/* Says what a value of this setting may be. */
static int
refuse (const PGresult *setting, const char *value)
{
  g_autoptr (GString) allowed = g_string_new (NULL);

  if (is_true (setting, IS_SWITCH))
    g_string_append (allowed, "on or off");
  else if (!PQgetisnull (setting, 0, LEAST))
    g_string_append_printf (allowed, "a whole number from %s to %s",
                            PQgetvalue (setting, 0, LEAST),
                            PQgetvalue (setting, 0, MOST));
  else
    g_string_append (allowed, "something else");
  if (is_true (setting, IS_NULLABLE))
    g_string_append (allowed, ", or none (no limit)");
  return ctl_fail ("%s is %s, not \"%s\"", PQgetvalue (setting, 0, NAME),
                   allowed->str, value);
}

static gboolean
is_none (const char *value)
{
  return g_ascii_strcasecmp (value, "none") == 0
         || g_ascii_strcasecmp (value, "null") == 0;
}

static void
say_set (const Ctl *self, const PGresult *was, const PGresult *now)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (!self->is_json) {
    printf ("%s %s (was %s)\n", PQgetvalue (was, 0, NAME),
            PQgetvalue (now, 0, 0), PQgetvalue (was, 0, WAS));
    return;
  }
  g_string_append (out, "{\"name\": ");
  json_append (out, PQgetvalue (was, 0, NAME));
  g_string_append_printf (out, ", \"value\": %s}", PQgetvalue (now, 0, 1));
  puts (out->str);
}

/* The database judges the value: what it refuses of it is class 22 (it cannot be
 * read) or 23 (it is out of range). */
static int
update (Ctl *self, const PGresult *setting, const char *value)
{
  const char *name = PQgetvalue (setting, 0, NAME);
  const char *params[] = { is_none (value) ? NULL : value };
  g_autofree char *sql = g_strdup_printf (
      "WITH fresh AS (UPDATE rollcall.settings SET \"%s\" = $1"
      " RETURNING to_jsonb(\"%s\") AS value)"
      " SELECT " SPELLED (
          "v") ", v FROM"
               " (SELECT coalesce(value, 'null') AS v FROM fresh) f",
      name, name);
  PGresult *result = ctl_try (self, sql, 1, params);
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);
  int status;

  if (result == NULL)
    return CTL_FAILED;
  if (state != NULL
      && (g_str_has_prefix (state, "22") || g_str_has_prefix (state, "23")))
    status = refuse (setting, value);
  else if (state != NULL)
    status = ctl_complain (self, result);
  else {
    say_set (self, setting, result);
    status = ctl_sync (self);
  }
  PQclear (result);
  return status;
}

/* The name that becomes part of the statement is the catalog's, not what was
 * typed. */
int
settings_set (Ctl *self, char **args)
{
  PGresult *setting
      = ctl_query (self,
                   SETTINGS "SELECT name, " SPELLED (
                       "value") ", is_nullable,"
                                " is_switch, bounds[1], bounds[2] FROM setting",
                   1, (const char *[]){ args[0] });
  int status;

  if (setting == NULL)
    return CTL_FAILED;
  status = PQntuples (setting) == 0 ? no_setting (self, args[0])
                                    : update (self, setting, args[1]);
  PQclear (setting);
  return status;
}
