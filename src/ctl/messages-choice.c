/* SPDX-License-Identifier: ISC
 *
 * Which messages: see the header. */
#include "ctl/messages.h"

#include <string.h>

static const char *const states[]
    = { "queued", "sent", "delivered", "displayed", "failed", "expired", NULL };

gboolean
messages_is_chosen (const Ctl *self)
{
  return self->recipient != NULL || self->sender != NULL || self->state != NULL
         || self->older_than != NULL || self->is_waiting;
}

static gboolean
take_state (const Ctl *self, MessagesChoice *out)
{
  g_autofree char *all = NULL;

  if (self->state == NULL)
    return TRUE;
  out->state = g_ascii_strdown (self->state, -1);
  if (g_strv_contains (states, out->state))
    return TRUE;
  all = g_strjoinv (", ", (char **)states);
  ctl_fail ("\"%s\" is no state; there are: %s", self->state, all);
  return FALSE;
}

/* A date; else it is a time from now backwards. */
static gboolean
is_date (const char *text)
{
  return strspn (text, "0123456789") == 4 && text[4] == '-';
}

static gboolean
is_refused_value (const PGresult *result)
{
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);

  return state != NULL && g_str_has_prefix (state, "22");
}

/* PostgreSQL knows what a time is; it must be over. */
static gboolean
take_time (Ctl *self, MessagesChoice *out)
{
  const char *params[] = { self->older_than };
  gboolean is_past = FALSE;
  PGresult *result;

  if (self->older_than == NULL)
    return TRUE;
  result = ctl_try (self,
                    is_date (self->older_than)
                        ? "SELECT $1::timestamptz, $1::timestamptz <= now()"
                        : "SELECT now() - $1::interval, $1::interval > '0'",
                    1, params);
  if (result == NULL)
    return FALSE;
  if (ctl_is_good (result))
    is_past = *PQgetvalue (result, 0, 1) == 't'
              && self->older_than[strspn (self->older_than, "0123456789")];
  if (is_past)
    out->before = g_strdup (PQgetvalue (result, 0, 0));
  else if (!ctl_is_good (result) && !is_refused_value (result))
    ctl_complain (self, result);
  else
    ctl_fail ("\"%s\" is no time that is over: that is 30d, 12h, 90min, or "
              "2026-11-29 08:00",
              self->older_than);
  PQclear (result);
  return is_past;
}

gboolean
messages_choose (Ctl *self, MessagesChoice *out)
{
  if (self->recipient != NULL
      && (out->recipient = ctl_aor (self->recipient)) == NULL)
    return FALSE;
  if (self->sender != NULL && (out->sender = ctl_aor (self->sender)) == NULL)
    return FALSE;
  out->is_waiting = self->is_waiting ? g_strdup ("t") : NULL;
  return take_state (self, out) && take_time (self, out);
}

void
messages_choice_clear (MessagesChoice *self)
{
  g_free (self->recipient);
  g_free (self->sender);
  g_free (self->state);
  g_free (self->is_waiting);
  g_free (self->before);
}

void
messages_params (const MessagesChoice *self, const char **params)
{
  params[0] = self->recipient;
  params[1] = self->sender;
  params[2] = self->state;
  params[3] = self->is_waiting;
  params[4] = self->before;
}

char *
messages_ids (char **args)
{
  for (char **arg = args; *arg != NULL; arg++)
    if (!g_ascii_string_to_unsigned (*arg, 10, 1, G_MAXINT64, NULL, NULL)) {
      g_autofree char *shown = g_strescape (*arg, NULL);

      ctl_fail ("\"%.80s\" is no id of a message; \"messages list\" shows them",
                shown);
      return NULL;
    }
  return ctl_array ((const char *const *)args, g_strv_length (args));
}
