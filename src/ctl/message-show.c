/* SPDX-License-Identifier: ISC
 *
 * rollcallctl messages show: all that is known of one message, or of those that
 * one Call-ID names; what was written only when that is asked for. */
#include "ctl/ctl.h"
#include "ctl/wrap.h"

#include <stdio.h>
#include <string.h>

/* By id, Call-ID or Message-ID: each has its index. */
#define NAMED                                                                  \
  " FROM rollcall.messages m WHERE m.id IN ("                                  \
  "SELECT k.id FROM rollcall.messages k WHERE k.call_id = $1 UNION "           \
  "SELECT k.id FROM rollcall.messages k WHERE k.imdn_id = $1 UNION "           \
  "SELECT k.id FROM rollcall.messages k WHERE k.id = $2::bigint)"              \
  " ORDER BY m.id"

/* The last two are shown apart. */
#define TEXT                                                                   \
  " CASE WHEN $3::boolean THEN m.headers END AS headers,"                      \
  " CASE WHEN $3::boolean THEN m.body END AS text"
#define N_LINES 11

static const char for_people[]
    = "SELECT m.id, to_char(m.created_at, 'YYYY-MM-DD HH24:MI:SS') AS arrived,"
      " m.sender AS from, m.recipient AS to, m.call_id, m.from_tag, m.cseq,"
      " m.imdn_id AS message_id, m.content_type,"
      " octet_length(m.body) AS bytes,"
      " CASE WHEN m.body IS NULL THEN 'no'"
      "  ELSE 'until ' || to_char(m.expires_at, 'YYYY-MM-DD HH24:MI:SS') END"
      "  AS waits," TEXT NAMED;

#define DEVICES                                                                \
  "(SELECT coalesce(jsonb_agg(jsonb_build_object('device', g.device,"          \
  " 'state', g.state, 'status', g.status, 'at', g.at)"                         \
  " ORDER BY g.at, g.device), '[]') FROM rollcall.message_log g"               \
  " WHERE g.id = m.id AND g.state IS NOT NULL)"

#define KNOWN                                                                  \
  "SELECT m.id, m.created_at, m.sender, m.recipient, m.call_id, m.from_tag,"   \
  " m.cseq, m.imdn_id, m.content_type, octet_length(m.body) AS bytes,"         \
  " m.body IS NOT NULL AS waits, m.expires_at, " DEVICES " AS devices"

static const char for_programs[] = KNOWN NAMED;
static const char for_programs_with_text[] = KNOWN "," TEXT NAMED;

static const char devices[]
    = "SELECT coalesce(nullif(device, ''), '-') AS device, state, status,"
      " to_char(at, 'YYYY-MM-DD HH24:MI:SS') AS at FROM rollcall.message_log"
      " WHERE id = $1 AND state IS NOT NULL"
      " ORDER BY message_log.at, message_log.device";

static int
print_devices (Ctl *self, const char *id)
{
  PGresult *result = ctl_query (self, devices, 1, &id);

  if (result == NULL)
    return CTL_FAILED;
  if (PQntuples (result) > 0) {
    putchar ('\n');
    ctl_print (self, result);
  }
  PQclear (result);
  return CTL_OK;
}

/* Line by line, without what would move the terminal's cursor. */
static void
print_text (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++) {
    g_autofree char *plain = NULL;

    if (line[1] == NULL && **line == '\0')
      break; /* behind the last newline */
    if (g_str_has_suffix (*line, "\r"))
      (*line)[strlen (*line) - 1] = '\0';
    plain = ctl_plain (*line);
    printf ("  %s\n", plain);
  }
}

static void
print_content (const PGresult *result, int row)
{
  if (PQgetisnull (result, row, N_LINES + 1)) {
    puts ("\nWhat was written is not kept.");
    return;
  }
  putchar ('\n');
  print_text (PQgetvalue (result, row, N_LINES));
  g_autofree char *text = ctl_bytes (PQgetvalue (result, row, N_LINES + 1));
  putchar ('\n');
  print_text (text);
}

static int
print_all (Ctl *self, const PGresult *result)
{
  int n = PQntuples (result), status = CTL_OK;

  for (int i = 0; status == CTL_OK && i < n; i++) {
    if (i > 0)
      putchar ('\n');
    ctl_print_lines (result, i, N_LINES);
    status = print_devices (self, PQgetvalue (result, i, 0));
    if (status == CTL_OK && self->shows_text)
      print_content (result, i);
  }
  if (n > 1)
    printf ("\n%d messages\n", n);
  return status;
}

int
messages_show (Ctl *self, char **args)
{
  gboolean is_id
      = g_ascii_string_to_unsigned (args[0], 10, 1, G_MAXINT64, NULL, NULL);
  const char *params[]
      = { args[0], is_id ? args[0] : NULL, self->shows_text ? "t" : "f" };
  const char *sql = !self->is_json     ? for_people
                    : self->shows_text ? for_programs_with_text
                                       : for_programs;
  gboolean has_text = sql != for_programs;
  PGresult *result = ctl_query (self, sql, has_text ? 3 : 2, params);
  int status = CTL_OK;

  if (result == NULL)
    return CTL_FAILED;
  if (PQntuples (result) == 0)
    status = ctl_fail ("there is no message with this id, Call-ID or Message-ID"
                       ": %s",
                       args[0]);
  else if (self->is_json)
    ctl_print (self, result);
  else
    status = print_all (self, result);
  PQclear (result);
  return status;
}
