/* SPDX-License-Identifier: ISC
 *
 * rollcallctl: options and the table of commands. */
#include "config.h"

#include "ctl/control.h"
#include "ctl/ctl.h"
#include "ctl/rooms.h"
#include "ctl/why.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *
socket_of (Ctl *self)
{
  const Conf *conf = ctl_conf (self);

  return conf != NULL ? conf_string (conf, "server", "control_socket") : NULL;
}

static int
run_status (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  return path != NULL ? ctl_status (path, self->is_json) : CTL_FAILED;
}

static int
run_reload (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  int status = path != NULL ? ctl_reload (path) : CTL_FAILED;

  if (status == CTL_OK && self->is_json)
    puts ("{\"reloaded\": true}");
  return status;
}

static int
run_drain (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  return path != NULL ? ctl_drain (path, self->is_json) : CTL_FAILED;
}

static int
run_why (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  return path != NULL ? ctl_why (path, args[0], args[1], self->is_json)
                      : CTL_FAILED;
}

static int
run_xmpp_status (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  return path != NULL ? ctl_xmpp_status (path, self->is_json) : CTL_FAILED;
}

static int
run_rooms_list (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  return path != NULL ? ctl_rooms_list (path, self->is_json) : CTL_FAILED;
}

static int
run_rooms_show (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  return path != NULL ? ctl_rooms_show (path, args[0], self->is_json)
                      : CTL_FAILED;
}

static int
run_rooms_kick (Ctl *self, char **args)
{
  const char *path = socket_of (self);

  return path != NULL ? ctl_rooms_kick (path, args, self->is_json)
                      : CTL_FAILED;
}

static const Command commands[] = {
  { "user add", "AOR", "Add a user and set his password", 1, 1,
    CTL_DSN | CTL_NAME | CTL_PASSWORD_FILE, user_add },
  { "user list", "[PATTERN]", "List the users, all or those like PATTERN", 0, 1,
    CTL_DSN, user_list },
  { "user show", "AOR", "Show a user's settings, limits and devices", 1, 1,
    CTL_DSN, user_show },
  { "user set", "AOR NAME on|off|default",
    "Override a setting for one user", 3, 3, CTL_DSN,
    user_set },
  { "user passwd", "AOR", "Give a user a new password", 1, 1,
    CTL_DSN | CTL_PASSWORD_FILE, user_passwd },
  { "user enable", "AOR", "Let a user sign in again", 1, 1, CTL_DSN,
    user_enable },
  { "user disable", "AOR", "Sign a user out and keep him out", 1, 1, CTL_DSN,
    user_disable },
  { "user remove", "AOR", "Remove a user and all that is his", 1, 1, CTL_DSN,
    user_remove },
  { "settings show", "[NAME]", "Show the settings, all or one", 0, 1, CTL_DSN,
    settings_show },
  { "settings set", "NAME VALUE", "Change a setting; \"none\": no limit", 2, 2,
    CTL_DSN, settings_set },
  { "contacts add", "OWNER URI...", "Add to a user's contacts", 2, CTL_MANY,
    CTL_DSN | CTL_NAME | CTL_GROUP | CTL_BYPASS_LIMITS, contacts_add },
  { "contacts remove", "OWNER URI...", "Remove from a user's contacts", 2,
    CTL_MANY, CTL_DSN, contacts_remove },
  { "contacts list", "OWNER", "List a user's contacts", 1, 1, CTL_DSN,
    contacts_list },
  { "contacts import", "OWNER|--all [FILE]",
    "Add the contacts of a CSV file", 0, 2,
    CTL_DSN | CTL_ALL | CTL_BYPASS_LIMITS, contacts_import },
  { "contacts export", "OWNER|--all [FILE]",
    "Write contacts to a CSV file", 0, 2, CTL_DSN | CTL_ALL, contacts_export },
  { "watchers list", "OWNER", "List who watches a user, and decisions", 1, 1,
    CTL_DSN, watchers_list },
  { "watchers allow", "OWNER WATCHER", "Let WATCHER, or @domain, watch", 2, 2,
    CTL_DSN, watchers_allow },
  { "watchers block", "OWNER WATCHER", "Refuse WATCHER, or @domain", 2, 2,
    CTL_DSN, watchers_block },
  { "watchers polite-block", "OWNER WATCHER",
    "The same, but look offline to WATCHER", 2, 2, CTL_DSN,
    watchers_polite_block },
  { "watchers forget", "OWNER WATCHER", "Take a decision back", 2, 2, CTL_DSN,
    watchers_forget },
  { "messages list", "", "List messages and where they are, newest first", 0,
    0, CTL_DSN | CTL_MESSAGES | CTL_LIMIT, messages_list },
  { "messages show", "ID|CALL-ID|MESSAGE-ID",
    "Show what is known of a message", 1, 1, CTL_DSN | CTL_TEXT,
    messages_show },
  { "messages retry", "ID...|--recipient AOR|--all",
    "Try waiting messages again, refused ones, too", 0, CTL_MANY,
    CTL_DSN | CTL_MESSAGES | CTL_ALL, messages_retry },
  { "messages purge", "ID...|--recipient AOR|--all",
    "Remove messages", 0, CTL_MANY,
    CTL_DSN | CTL_MESSAGES | CTL_ALL, messages_purge },
  { "message", "--from AOR --to URI...|--group OWNER NAME|--all TEXT",
    "Write to many; TEXT \"-\": standard input", 1, CTL_MANY,
    CTL_SEND | CTL_GROUP | CTL_ALL, message_send },
  { "rooms list", "", "List the text conferences that users are in", 0, 0, 0,
    run_rooms_list },
  { "rooms show", "ROOM", "Show who is in a text conference", 1, 1, 0,
    run_rooms_show },
  { "rooms kick", "ROOM USER [REASON]",
    "Throw somebody out of a text conference", 2, 3, 0, run_rooms_kick },
  { "troubleshoot", "", "Look for what is wrong, and say what to do", 0, 0,
    CTL_DSN, troubleshoot },
  { "status", "", "Say how the running server is", 0, 0, 0, run_status },
  { "xmpp status", "", "Say how the link to the XMPP server is", 0, 0, 0,
    run_xmpp_status },
  { "why", "WATCHER PRESENTITY", "Say why somebody sees what he sees", 2, 2, 0,
    run_why },
  { "reload", "", "Let the server read its configuration again", 0, 0, 0,
    run_reload },
  { "drain", "", "End every subscription: clients go elsewhere", 0, 0,
    0, run_drain },
  { "db init", "", "Make the schema in an empty database", 0, 0, CTL_DSN,
    db_init },
  { "db upgrade", "", "Bring the schema to this program's version", 0, 0,
    CTL_DSN, db_upgrade },
};

const Command *
ctl_commands (gsize *n_out)
{
  *n_out = G_N_ELEMENTS (commands);
  return commands;
}

int
ctl_fail (const char *format, ...)
{
  va_list args;

  fputs ("rollcallctl: ", stderr);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  return CTL_FAILED;
}

int
ctl_usage (const char *format, ...)
{
  va_list args;

  fputs ("rollcallctl: ", stderr);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputs ("\nSee rollcallctl --help.\n", stderr);
  return CTL_USAGE;
}

const Conf *
ctl_conf (Ctl *self)
{
  g_autoptr (GError) error = NULL;

  if (self->conf == NULL
      && (self->conf = conf_load (self->file, &error)) == NULL)
    ctl_fail ("%s", error->message);
  return self->conf;
}

/* The width of the commands in the summary; what stands beside a longer one
 * goes to the next line. */
#define HELP_AT 28

static char *
describe_commands (void)
{
  GString *out = g_string_new ("Commands:\n");

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    g_autofree char *line
        = g_strjoin (" ", commands[i].words, commands[i].args, NULL);

    if (strlen (line) > HELP_AT)
      g_string_append_printf (out, "  %s\n  %*s", line, HELP_AT, "");
    else
      g_string_append_printf (out, "  %-*s", HELP_AT, line);
    g_string_append_printf (out, " %s\n", commands[i].help);
  }
  g_string_append (out, "\nSee rollcallctl(8).\n");
  return g_string_free (out, FALSE);
}

/* How many of argv the words of command take; 0: it is another one. */
static guint
match (const Command *command, int argc, char **argv)
{
  g_auto (GStrv) words = g_strsplit (command->words, " ", -1);
  guint n = g_strv_length (words);

  if ((guint) argc < n)
    return 0;
  for (guint i = 0; i < n; i++)
    if (strcmp (words[i], argv[i]) != 0)
      return 0;
  return n;
}

/* The first option given that command does not take; NULL: there is none. */
static const char *
find_stray (const Ctl *self, const Command *command)
{
  const struct {
    CtlOptions option;
    const char *name;
    gboolean is_given;
  } options[]
      = { { CTL_DSN, "--dsn", self->dsn != NULL },
          { CTL_NAME, "--name", self->name != NULL },
          { CTL_PASSWORD_FILE, "--password-file", self->password_file != NULL },
          { CTL_GROUP, "--group", self->group != NULL },
          { CTL_ALL, "--all", self->is_all },
          { CTL_BYPASS_LIMITS, "--bypass-limits", self->bypasses_limits },
          { CTL_SEND, "--from", self->from != NULL },
          { CTL_SEND, "--to", self->to != NULL },
          { CTL_MESSAGES, "--recipient", self->recipient != NULL },
          { CTL_MESSAGES, "--sender", self->sender != NULL },
          { CTL_MESSAGES, "--state", self->state != NULL },
          { CTL_MESSAGES, "--waiting", self->is_waiting },
          { CTL_MESSAGES, "--older-than", self->older_than != NULL },
          { CTL_LIMIT, "--limit", self->limit != NULL },
          { CTL_TEXT, "--text", self->shows_text } };

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    if (options[i].is_given && !(command->takes & options[i].option))
      return options[i].name;
  return NULL;
}

/* Runs command with what follows its words, once that is what it takes. */
static int
run_one (Ctl *self, const Command *command, guint n_args, char **args)
{
  const char *stray = find_stray (self, command);

  if (n_args < command->min_args || n_args > command->max_args) {
    g_autofree char *line
        = g_strjoin (" ", command->words, command->args, NULL);

    return ctl_usage ("it is: rollcallctl %s", line);
  }
  if (stray != NULL)
    return ctl_usage ("\"%s\" takes no %s", command->words, stray);
  return command->run (self, args);
}

/* What begins with word, a line each; NULL: nothing does.  The caller frees. */
static char *
describe_group (const char *word)
{
  g_autofree char *start = g_strconcat (word, " ", NULL);
  GString *out = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_has_prefix (commands[i].words, start)) {
      if (out == NULL)
        out = g_string_new (NULL);
      g_string_append_printf (out, "\n  %s %s", commands[i].words,
                              commands[i].args);
    }
  return out != NULL ? g_string_free (out, FALSE) : NULL;
}

static int
no_command (char **words)
{
  g_autofree char *said = g_strjoinv (" ", words);
  g_autofree char *group = describe_group (words[0]);

  return ctl_usage ("there is no command \"%s\"%s%s", said,
                    group != NULL ? "; there are:" : "",
                    group != NULL ? group : "");
}

static int
run (Ctl *self, int argc, char **argv)
{

  if (argc == 0)
    return ctl_usage ("which command?");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    guint n = match (&commands[i], argc, argv);

    if (n > 0)
      return run_one (self, &commands[i], (guint) argc - n, argv + n);
  }
  return no_command (argv);
}

static gboolean
parse (Ctl *self, gboolean *is_version, int *argc, char ***argv, GError **error)
{
  GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &self->file,
      "Read this configuration", "FILE" },
    { "dsn", 0, 0, G_OPTION_ARG_STRING, &self->dsn,
      "Use this database instead of the configuration's", "DSN" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->is_json,
      "Print JSON, for programs", NULL },
    { "name", 0, 0, G_OPTION_ARG_STRING, &self->name,
      "The name for people of who is added", "NAME" },
    { "group", 0, 0, G_OPTION_ARG_STRING, &self->group,
      "The list to add to; of message: whose list",
      "GROUP|OWNER" },
    { "all", 0, 0, G_OPTION_ARG_NONE, &self->is_all,
      "Of all users; to all users; all messages", NULL },
    { "bypass-limits", 0, 0, G_OPTION_ARG_NONE, &self->bypasses_limits,
      "Add contacts beyond the limits", NULL },
    { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &self->password_file,
      "Read the password from the first line of FILE", "FILE" },
    { "from", 0, 0, G_OPTION_ARG_STRING, &self->from,
      "Who writes the message", "AOR" },
    { "to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->to,
      "To whom it goes", "URI" },
    { "recipient", 0, 0, G_OPTION_ARG_STRING, &self->recipient,
      "Messages for this address", "AOR" },
    { "sender", 0, 0, G_OPTION_ARG_STRING, &self->sender,
      "Messages of this address", "AOR" },
    { "state", 0, 0, G_OPTION_ARG_STRING, &self->state,
      "Messages that a device has in this state", "STATE" },
    { "waiting", 0, 0, G_OPTION_ARG_NONE, &self->is_waiting,
      "Messages that wait for delivery", NULL },
    { "older-than", 0, 0, G_OPTION_ARG_STRING, &self->older_than,
      "Messages of before this time, or so long ago", "TIME" },
    { "limit", 0, 0, G_OPTION_ARG_STRING, &self->limit,
      "List at most so many", "N" },
    { "text", 0, 0, G_OPTION_ARG_NONE, &self->shows_text,
      "Show what was written, too", NULL },
    { "version", 'V', 0, G_OPTION_ARG_NONE, is_version,
      "Print the version and exit", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context
      = g_option_context_new ("COMMAND [ARGUMENT...]");
  g_autofree char *description = describe_commands ();

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Administers Rollcall.");
  g_option_context_set_description (context, description);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
is_negative (const char *text)
{
  return text[0] == '-' && g_ascii_isdigit (text[1]);
}

/* A copy in which a negative number is no option: "--" stands before it.  The
 * caller frees the array alone. */
static char **
guard_numbers (int *argc, char **argv)
{
  GPtrArray *out = g_ptr_array_new ();
  gboolean is_guarded = FALSE;

  for (int i = 0; i < *argc; i++) {
    if (!is_guarded && is_negative (argv[i])) {
      g_ptr_array_add (out, "--");
      is_guarded = TRUE;
    }
    g_ptr_array_add (out, argv[i]);
  }
  *argc = (int) out->len;
  g_ptr_array_add (out, NULL);
  return (char **) g_ptr_array_free (out, FALSE);
}

/* Removes the "--" that ended the options. */
static void
drop_guard (int *argc, char **argv)
{
  int kept = 0;
  gboolean is_dropped = FALSE;

  for (int i = 0; i < *argc; i++)
    if (!is_dropped && strcmp (argv[i], "--") == 0)
      is_dropped = TRUE;
    else
      argv[kept++] = argv[i];
  argv[kept] = NULL;
  *argc = kept;
}

static void
clear (Ctl *self)
{
  ctl_close (self);
  conf_free (self->conf);
  g_free (self->file);
  g_free (self->dsn);
  g_free (self->name);
  g_free (self->group);
  g_free (self->password_file);
  g_free (self->from);
  g_strfreev (self->to);
  g_free (self->recipient);
  g_free (self->sender);
  g_free (self->state);
  g_free (self->older_than);
  g_free (self->limit);
}

static int
parse_and_run (Ctl *self, int argc, char **argv)
{
  g_autofree char **words = guard_numbers (&argc, argv);
  g_autoptr (GError) error = NULL;
  gboolean is_version = FALSE;
  char **rest = words;

  if (!parse (self, &is_version, &argc, &rest, &error))
    return ctl_usage ("%s", error->message);
  drop_guard (&argc, rest);
  if (is_version) {
    printf ("rollcallctl %s\n", PACKAGE_VERSION);
    return CTL_OK;
  }
  if (self->file == NULL)
    self->file = g_strdup (ROLLCALL_SYSCONFDIR "/rollcall/rollcall.conf");
  return run (self, argc - 1, rest + 1);
}

int
main (int argc, char **argv)
{
  Ctl self = { 0 };
  int status;

  setlocale (LC_ALL, "");
  status = parse_and_run (&self, argc, argv);
  clear (&self);
  return status;
}
