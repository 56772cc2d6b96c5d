/* SPDX-License-Identifier: ISC
 *
 * Lines of cells into a table, or into JSON. */
#include "ctl/why.h"

#include "base/json.h"
#include "ctl/control.h"

#include <stdio.h>
#include <string.h>

/* In the order of the server; those that come several times have an array in
 * JSON. */
static const struct {
  const char *name, *label;
  gboolean begins_part; /* an empty line before it */
  const char *array;    /* its name in JSON; NULL: it comes once */
} rows[] = {
  { "watcher", "Watcher", FALSE, NULL },
  { "presentity", "Presentity", FALSE, NULL },
  { "decision", "Decision", TRUE, NULL },
  { "blocked_list", "Blocked list", FALSE, NULL },
  { "contact_rule", "Contact rule", FALSE, NULL },
  { "rules", "Rules", FALSE, NULL },
  { "rule", "  rule", FALSE, "rules_matching" },
  { "approval", "Approval", FALSE, NULL },
  { "sharing", "Sharing", FALSE, NULL },
  { "watchers", "Watchers", FALSE, NULL },
  { "contacts", "Contacts", FALSE, NULL },
  { "adhoc", "Ad hoc", FALSE, NULL },
  { "result", "Result", TRUE, NULL },
  { "sees", "Sees", FALSE, NULL },
  { "message", "Messages", FALSE, NULL },
  { "subscriptions", "Subscriptions", FALSE, NULL },
  { "subscription", "Subscription", FALSE, "subscriptions" },
};

#define LABEL_WIDTH 15

/* -1: a name that this program does not know. */
static int
row_of (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].name, name) == 0)
      return (int)i;
  return -1;
}

static void
put_text (GString *out, char **cells)
{
  int row = row_of (cells[0]);
  const char *label = row >= 0 ? rows[row].label : cells[0];

  if (row >= 0 && rows[row].begins_part)
    g_string_append_c (out, '\n');
  g_string_append_printf (out, "%-*s %s\n", LABEL_WIDTH, label, cells[1]);
}

typedef void (*LineFn) (GString *out, char **cells);

static void
each_line (const char *lines, LineFn fn, GString *out)
{
  g_auto (GStrv) all = g_strsplit (lines, "\n", -1);

  for (char **line = all; *line != NULL; line++) {
    g_auto (GStrv) cells = g_strsplit (*line, "\t", -1);

    if (g_strv_length (cells) >= 2)
      fn (out, cells);
  }
}

char *
why_text (const char *lines)
{
  GString *out = g_string_new (NULL);

  each_line (lines, put_text, out);
  return g_string_free (out, FALSE);
}

/* --- JSON --- */

static gboolean
is_literal (const char *value)
{
  return strcmp (value, "true") == 0 || strcmp (value, "false") == 0
         || g_ascii_string_to_signed (value, 10, G_MININT64, G_MAXINT64, NULL,
                                      NULL);
}

static void
put_object (GString *out, char **cells)
{
  g_string_append (out, "{\"text\": ");
  json_append (out, cells[1]);
  for (char **cell = cells + 2; *cell != NULL; cell++) {
    char *value = strchr (*cell, '=');

    if (value == NULL)
      continue;
    *value++ = '\0';
    g_string_append (out, ", ");
    json_append (out, *cell);
    g_string_append (out, ": ");
    if (is_literal (value))
      g_string_append (out, value);
    else
      json_append (out, value);
  }
  g_string_append_c (out, '}');
}

/* The first two are what was asked: plain strings. */
static gboolean
is_plain (const char *name)
{
  return strcmp (name, "watcher") == 0 || strcmp (name, "presentity") == 0;
}

static void
put_single (GString *out, char **cells)
{
  int row = row_of (cells[0]);

  if ((row >= 0 && rows[row].array != NULL)
      || strcmp (cells[0], "subscriptions") == 0)
    return;
  if (out->len > 1)
    g_string_append (out, ", ");
  json_append (out, cells[0]);
  g_string_append (out, ": ");
  if (is_plain (cells[0]))
    json_append (out, cells[1]);
  else
    put_object (out, cells);
}

static void
put_array (GString *out, const char *lines, guint row)
{
  g_auto (GStrv) all = g_strsplit (lines, "\n", -1);
  gboolean is_first = TRUE;

  g_string_append_printf (out, ", \"%s\": [", rows[row].array);
  for (char **line = all; *line != NULL; line++) {
    g_auto (GStrv) cells = g_strsplit (*line, "\t", -1);

    if (g_strv_length (cells) < 2 || strcmp (cells[0], rows[row].name) != 0)
      continue;
    if (!is_first)
      g_string_append (out, ", ");
    put_object (out, cells);
    is_first = FALSE;
  }
  g_string_append_c (out, ']');
}

char *
why_json (const char *lines)
{
  GString *out = g_string_new ("{");

  each_line (lines, put_single, out);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].array != NULL)
      put_array (out, lines, i);
  g_string_append (out, "}\n");
  return g_string_free (out, FALSE);
}

/* --- The command --- */

/* An address is a word of the command's line. */
static gboolean
is_word (const char *address)
{
  return *address != '\0' && strpbrk (address, " \t\r\n") == NULL;
}

int
ctl_why (const char *socket, const char *watcher, const char *presentity,
         gboolean is_json)
{
  g_autofree char *command = g_strdup_printf ("why %s %s", watcher, presentity);
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!is_word (watcher) || !is_word (presentity)) {
    fputs ("rollcallctl: an address has no spaces: user@domain\n", stderr);
    return 1;
  }
  if (!ctl_control (socket, command, lines, &error)) {
    fprintf (stderr, "rollcallctl: %s\n", error->message);
    return 1;
  }
  text = is_json ? why_json (lines->str) : why_text (lines->str);
  fputs (text, stdout);
  return 0;
}
