/* SPDX-License-Identifier: ISC
 *
 * Writes a configuration file: the sample, or what is in force. */
#include "conf/conf-priv.h"

#include <string.h>

#define WIDTH 78

/* Appends text as comment lines of at most WIDTH columns. */
static void
append_comment (GString *out, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  gsize column = 0;

  for (char **word = words; *word != NULL; word++) {
    gsize len = strlen (*word);

    if (column > 0 && column + 1 + len > WIDTH) {
      g_string_append_c (out, '\n');
      column = 0;
    }
    if (column == 0) {
      g_string_append_c (out, '#');
      column = 1;
    }
    g_string_append_printf (out, " %s", *word);
    column += 1 + len;
  }
  g_string_append_c (out, '\n');
}

static void
append_value (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if (*p == '\\')
      g_string_append (out, "\\\\");
    else
      g_string_append_c (out, *p);
  g_string_append_c (out, '\n');
}

static void
append_facts (GString *out, const ConfOption *option)
{
  g_autofree char *allowed = conf_option_allowed (option);
  g_autofree char *line
      = g_strdup_printf ("Allowed: %s. %s", allowed,
                         option->is_reloadable ? "A reload suffices."
                                               : "A change needs a restart.");

  append_comment (out, line);
}

static void
append_option (GString *out, const ConfOption *option, const ConfValue *value)
{
  const char *text = value != NULL ? value->text : option->fallback;
  gboolean is_sample = value == NULL && option->fallback != NULL;

  g_string_append_c (out, '\n');
  append_comment (out, option->help);
  append_facts (out, option);
  g_string_append_printf (out, "%s%s =%s", is_sample ? "#" : "", option->key,
                          text != NULL && *text != '\0' ? " " : "");
  append_value (out, text != NULL ? text : "");
}

char *
conf_dump (const Conf *self)
{
  GString *out = g_string_new (NULL);
  gsize n;
  const ConfOption *options = conf_options (&n);

  if (self == NULL)
    append_comment (out, "SPDX-License-Identifier: ISC");
  append_comment (out, "Configuration of rollcalld; rollcall.conf(5) explains"
                       " it. What is commented out is the default.");
  for (gsize i = 0; i < n; i++) {
    if (i == 0 || strcmp (options[i].group, options[i - 1].group) != 0)
      g_string_append_printf (out, "\n[%s]\n", options[i].group);
    append_option (out, &options[i], self != NULL ? &self->values[i] : NULL);
  }
  return g_string_free (out, FALSE);
}
