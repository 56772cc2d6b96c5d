/* SPDX-License-Identifier: ISC
 *
 * What administrators command: one row each. */
#define G_LOG_DOMAIN "admin"
#include "admin/commands.h"

#include "addr/aor.h"
#include "admin/control.h"
#include "base/log.h"
#include "service/xmpp.h"

#include <string.h>

typedef struct {
  CommandFn fn;
  gpointer data;
} Reply;

static void
succeed (const Reply *reply, const char *lines)
{
  reply->fn (lines, NULL, reply->data);
}

static void
fail (const Reply *reply, const char *error)
{
  reply->fn ("", error, reply->data);
}

static void
synced_cb (StoreOutcome outcome, gpointer data)
{
  g_autofree Reply *reply = data;

  if (outcome == STORE_COMMITTED)
    succeed (reply, "");
  else
    fail (reply, "the database is away: changes come into force when it is "
                 "back");
}

static void
run_sync (Commands *self, char **words, const Reply *reply)
{
  service_sync (self->service, synced_cb, g_memdup2 (reply, sizeof *reply));
}

static void
status_cb (const char *name, const char *value, gpointer data)
{
  g_string_append_printf (data, "%s %s\n", name, value);
}

static void
run_status (Commands *self, char **words, const Reply *reply)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  service_status (self->service, status_cb, lines);
  succeed (reply, lines->str);
}

static void
run_reload (Commands *self, char **words, const Reply *reply)
{
  g_autoptr (GError) error = NULL;

  if (self->hooks.reload (self->hooks.data, &error))
    succeed (reply, "");
  else
    fail (reply, error->message);
}

static void
run_drain (Commands *self, char **words, const Reply *reply)
{
  g_autofree char *line
      = g_strdup_printf ("dialogs %u\n", service_drain (self->service));

  succeed (reply, line);
}

static void
why_cb (const char *lines, const char *error, gpointer data)
{
  g_autofree Reply *reply = data;

  reply->fn (lines, error, reply->data);
}

static void
run_why (Commands *self, char **words, const Reply *reply)
{
  service_why (self->service, words[1], words[2], why_cb,
               g_memdup2 (reply, sizeof *reply));
}

/* --- message --- */

static void
sent_cb (const ServiceSent *sent, const char *error, gpointer data)
{
  g_autofree Reply *reply = data;
  g_autofree char *lines = NULL;

  if (error != NULL) {
    fail (reply, error);
    return;
  }
  lines = g_strdup_printf ("stored %u\nrefused %u\nnot_stored %u\ncall_id %s\n",
                           sent->n_taken, sent->n_refused, sent->n_failed,
                           sent->call_id);
  succeed (reply, lines);
}

/* Undoes the escapes of words, in place; FALSE: one is not well escaped, has a
 * NUL or is no UTF-8. */
static gboolean
unescape (char **words)
{
  for (char **word = words; *word != NULL; word++) {
    char *text = g_uri_unescape_string (*word, NULL);

    if (text == NULL || !g_utf8_validate (text, -1, NULL)) {
      g_free (text);
      return FALSE;
    }
    g_free (*word);
    *word = text;
  }
  return TRUE;
}

static gboolean
is_blank (const char *text)
{
  g_autofree char *bare = g_strstrip (g_strdup (text));

  return *bare == '\0';
}

/* FROM TEXT HOW and what follows; NULL: it can be sent. */
static const char *
what_is_wrong (char **args, ServiceSend *out)
{
  const char *how = args[2];
  guint n = g_strv_length (args + 3);

  if (is_blank (args[1]))
    return "the text is empty";
  if (strlen (args[1]) > CONTROL_TEXT)
    return "the text is too long";
  out->from = args[0];
  out->text = args[1];
  if (strcmp (how, "to") == 0 && n > 0)
    out->to = (const char *const *)args + 3;
  else if (strcmp (how, "group") == 0 && n == 2) {
    out->owner = args[3];
    out->group = args[4];
  } else if (strcmp (how, "all") != 0 || n > 0)
    return "it goes to URI..., group OWNER NAME, or all";
  return NULL;
}

static void
run_message (Commands *self, char **words, const Reply *reply)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *from = NULL;
  ServiceSend send = { 0 };
  const char *wrong;

  if (!unescape (words + 1)) {
    fail (reply, "a word is not well escaped, or no UTF-8");
    return;
  }
  wrong = what_is_wrong (words + 1, &send);
  if (wrong == NULL && !aor_parse (send.from, &from, &error))
    wrong = error->message;
  if (wrong != NULL) {
    fail (reply, wrong);
    return;
  }
  send.from = from;
  service_send (self->service, &send, sent_cb,
                g_memdup2 (reply, sizeof *reply));
}

/* --- rooms --- */

static void
rooms_cb (const char *lines, const char *error, gpointer data)
{
  g_autofree Reply *reply = data;

  reply->fn (lines != NULL ? lines : "", error, reply->data);
}

static void
run_rooms (Commands *self, char **words, const Reply *reply)
{
  guint n = g_strv_length (words);
  Service *service = self->service;

  if (!unescape (words + 1))
    fail (reply, "a word is not well escaped, or no UTF-8");
  else if (strcmp (words[1], "list") == 0 && n == 2)
    service_rooms_list (service, rooms_cb, g_memdup2 (reply, sizeof *reply));
  else if (strcmp (words[1], "show") == 0 && n == 3)
    service_rooms_show (service, words[2], rooms_cb,
                        g_memdup2 (reply, sizeof *reply));
  else if (strcmp (words[1], "kick") == 0 && n >= 4)
    service_rooms_kick (service, words[2], words[3], words[4], rooms_cb,
                        g_memdup2 (reply, sizeof *reply));
  else
    fail (reply, "it is rooms list, rooms show ROOM or rooms kick ROOM USER");
}

static void
run_health (Commands *self, char **words, const Reply *reply)
{
  g_autofree char *lines = self->hooks.health (self->hooks.data);

  succeed (reply, lines);
}

static void
run_xmpp (Commands *self, char **words, const Reply *reply)
{
  g_autofree char *lines = self->hooks.xmpp (self->hooks.data);

  succeed (reply, lines);
}

static const struct {
  const char *name;
  GLogLevelFlags level;
} LEVELS[] = {
  { "error", G_LOG_LEVEL_CRITICAL }, { "warning", G_LOG_LEVEL_WARNING },
  { "notice", G_LOG_LEVEL_MESSAGE }, { "info", G_LOG_LEVEL_INFO },
  { "debug", G_LOG_LEVEL_DEBUG },
};

static void
run_level (Commands *self, char **words, const Reply *reply)
{
  for (guint i = 0; i < G_N_ELEMENTS (LEVELS); i++)
    if (strcmp (LEVELS[i].name, words[1]) == 0) {
      log_set_level (LEVELS[i].level, words[2]);
      succeed (reply, "");
      return;
    }
  fail (reply, "a level is error, warning, notice, info or debug");
}

static const struct {
  const char *name;
  guint min_words, max_words; /* with the name */
  gboolean is_grave;          /* changes the daemon: logged as such */
  void (*run) (Commands *self, char **words, const Reply *reply);
} COMMANDS[] = {
  { "sync", 1, 1, FALSE, run_sync },
  { "status", 1, 1, FALSE, run_status },
  { "reload", 1, 1, TRUE, run_reload },
  { "drain", 1, 1, TRUE, run_drain },
  { "level", 2, 3, TRUE, run_level },
  { "why", 3, 3, FALSE, run_why },
  { "health", 1, 1, FALSE, run_health },
  { "xmpp", 1, 1, FALSE, run_xmpp },
  { "rooms", 2, 5, FALSE, run_rooms },
  { "message", 4, G_MAXUINT, TRUE, run_message },
};

/* The words of a line, however many spaces are between them. */
static char **
split (const char *line)
{
  g_auto (GStrv) parts = g_strsplit_set (line, " \t", 0);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (char **part = parts; *part != NULL; part++)
    if (**part != '\0')
      g_strv_builder_add (words, *part);
  return g_strv_builder_end (words);
}

/* A line as it may be logged: not what is written to people. */
static char *
loggable (char **words, const char *line)
{
  if (strcmp (words[0], "message") == 0)
    return g_strjoin (" ", words[0], words[1], "...", words[3], NULL);
  return g_strdup (line);
}

void
commands_run (Commands *self, const char *line, CommandFn fn, gpointer data)
{
  g_auto (GStrv) words = split (line);
  guint n = g_strv_length (words);
  Reply reply = { fn, data };

  for (guint i = 0; n > 0 && i < G_N_ELEMENTS (COMMANDS); i++) {
    if (strcmp (COMMANDS[i].name, words[0]) != 0)
      continue;
    if (n < COMMANDS[i].min_words || n > COMMANDS[i].max_words)
      fail (&reply, "wrong number of words");
    else {
      g_autofree char *shown = loggable (words, line);

      g_log (G_LOG_DOMAIN,
             COMMANDS[i].is_grave ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_INFO,
             "control: %s", shown);
      COMMANDS[i].run (self, words, &reply);
    }
    return;
  }
  fail (&reply, "no such command; there are sync, status, reload, drain, "
                "health, xmpp, level, why, message, rooms");
}
