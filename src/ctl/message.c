/* SPDX-License-Identifier: ISC
 *
 * rollcallctl message: has the running server write to many. */
#include "ctl/control.h"
#include "ctl/ctl.h"
#include "ctl/send.h"

#include "addr/aor.h"
#include "addr/uri.h"
#include "admin/control.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- What is sent --- */

/* Standard input, up to the bound and a bit; without the newline at its end. */
static GString *
read_stdin (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  char buffer[4096];
  gsize n;

  while (out->len <= CONTROL_TEXT + 1
         && (n = fread (buffer, 1, sizeof buffer, stdin)) > 0)
    g_string_append_len (out, buffer, (gssize)n);
  if (ferror (stdin)) {
    ctl_fail ("standard input cannot be read");
    return NULL;
  }
  if (g_str_has_suffix (out->str, "\n"))
    g_string_truncate (out, out->len - 1);
  return g_steal_pointer (&out);
}

static GString *
take_text (const char *arg)
{
  return strcmp (arg, "-") == 0 ? read_stdin () : g_string_new (arg);
}

/* sip:user@domain of an address with or without scheme; NULL, and said so, for
 * what nobody can be written to by. */
static char *
recipient_of (const char *text)
{
  g_autoptr (Uri) uri = NULL;
  g_autofree char *aor = NULL;

  if (uri_parse (text, -1, &uri, NULL) && uri_scheme (uri) != URI_TEL)
    return uri_user (uri) != NULL ? uri_to_string (uri) : NULL;
  if (uri == NULL && aor_parse (text, &aor, NULL))
    return aor_to_uri (aor);
  return NULL;
}

/* Those of --to, and of the arguments up to the text; all must be good, so that
 * a text without quotes is not taken for recipients.  The caller frees. */
static char **
recipients_of (const Ctl *self, char **args, guint n)
{
  g_autoptr (GStrvBuilder) out = g_strv_builder_new ();
  guint n_given = g_strv_length (self->to);

  for (guint i = 0; i < n_given + n; i++) {
    const char *text = i < n_given ? self->to[i] : args[i - n_given];
    g_autofree char *uri = recipient_of (text);

    if (uri == NULL) {
      g_autofree char *shown = g_strescape (text, NULL);

      ctl_fail ("\"%.80s\" is nobody to write to: that is user@domain or "
                "sip:user@domain; the text is one argument, the last one",
                shown);
      return NULL;
    }
    g_strv_builder_add (out, uri);
  }
  return g_strv_builder_end (out);
}

/* --- What became of it --- */

static const struct {
  const char *name, *label;
} rows[] = {
  { "stored", "stored for delivery" },
  { "refused", "refused" },
  { "not_stored", "not stored" },
  { "call_id", "Call-ID" },
};

/* The value of a line "name value"; NULL: there is none.  The caller frees. */
static char *
value_of (const char *lines, const char *name)
{
  g_auto (GStrv) all = g_strsplit (lines, "\n", -1);
  gsize len = strlen (name);

  for (char **line = all; *line != NULL; line++)
    if (strncmp (*line, name, len) == 0 && (*line)[len] == ' ')
      return g_strdup (*line + len + 1);
  return NULL;
}

static void
print_lines (const char *lines)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *value = value_of (lines, rows[i].name);

    printf ("%-20s %s\n", rows[i].label, value != NULL ? value : "-");
  }
}

static int
report (const Ctl *self, const char *lines)
{
  g_autofree char *stored = value_of (lines, "stored");
  g_autofree char *call_id = value_of (lines, "call_id");
  g_autofree char *object = ctl_json_object (lines);

  if (self->is_json)
    fputs (object, stdout);
  else
    print_lines (lines);
  fflush (stdout);
  if (stored == NULL || atol (stored) == 0)
    return ctl_fail ("nobody gets it; why: rollcallctl messages show '%s'",
                     call_id != NULL ? call_id : "");
  if (!self->is_json)
    printf ("Follow it with: rollcallctl messages show '%s'\n", call_id);
  return CTL_OK;
}

static int
send_message (Ctl *self, const Sending *sending)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = send_line (sending, &error);
  g_autoptr (GString) lines = g_string_new (NULL);
  const Conf *conf;

  if (line == NULL)
    return ctl_fail ("%s", error->message);
  conf = ctl_conf (self);
  if (conf == NULL)
    return CTL_FAILED;
  if (!ctl_control (conf_string (conf, "server", "control_socket"), line, lines,
                    &error))
    return ctl_fail ("%s", error->message);
  return report (self, lines->str);
}

/* args: URIs, or the name of a group, or nothing; then the text. */
int
message_send (Ctl *self, char **args)
{
  guint n = g_strv_length (args) - 1; /* without the text */
  guint n_ways = (self->to != NULL) + (self->group != NULL) + self->is_all;
  g_auto (GStrv) to = NULL;
  g_autofree char *from = NULL, *owner = NULL;
  g_autoptr (GString) text = NULL;

  if (self->from == NULL)
    return ctl_usage ("who writes? --from AOR");
  if (n_ways != 1)
    return ctl_usage ("to whom? --to URI..., or --group OWNER NAME, or --all");
  if (self->to == NULL && n != (self->group != NULL ? 1 : 0))
    return ctl_usage ("it is: rollcallctl message --from AOR %s TEXT",
                      self->is_all ? "--all" : "--group OWNER NAME");
  if ((from = ctl_aor (self->from)) == NULL
      || (self->group != NULL && (owner = ctl_aor (self->group)) == NULL)
      || (self->to != NULL && (to = recipients_of (self, args, n)) == NULL)
      || (text = take_text (args[n])) == NULL)
    return CTL_FAILED;
  return send_message (self,
                       &(Sending){ .from = from,
                                   .to = (const char *const *)to,
                                   .owner = owner,
                                   .group = owner != NULL ? args[0] : NULL,
                                   .text = text->str,
                                   .len = text->len });
}
