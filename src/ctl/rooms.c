/* SPDX-License-Identifier: ISC
 *
 * Lines of cells into aligned columns, or into JSON. */
#include "ctl/rooms.h"

#include "base/json.h"
#include "ctl/control.h"
#include "ctl/wrap.h"

#include <stdio.h>
#include <string.h>

/* A column: its name in JSON, its heading, and whether it is a number. */
typedef struct {
  const char *name, *heading;
  gboolean is_number;
} Column;

typedef struct {
  const char *kind;  /* the first cell of its lines; NULL: there is none */
  const char *array; /* its name in JSON */
  const Column *columns;
  guint n;
} Part;

static const Column list_columns[] = {
  { "room", "room", FALSE },          { "users", "users", TRUE },
  { "occupants", "occupants", TRUE }, { "state", "state", FALSE },
  { "subject", "subject", FALSE },
};
static const Column room_columns[] = {
  { "room", "room", FALSE },
  { "state", "state", FALSE },
  { "subject", "subject", FALSE },
};
static const Column user_columns[] = {
  { "user", "user", FALSE },
  { "nick", "name", FALSE },
  { "state", "state", FALSE },
  { "seconds", "for (s)", TRUE },
};
static const Column occupant_columns[] = {
  { "nick", "occupant", FALSE },
  { "role", "role", FALSE },
  { "affiliation", "affiliation", FALSE },
  { "show", "availability", FALSE },
};

#define PART(kind, array, columns)                                             \
  {                                                                            \
    kind, array, columns, G_N_ELEMENTS (columns)                               \
  }
static const Part list_part = PART (NULL, "rooms", list_columns);
static const Part show_parts[]
    = { PART ("room", "rooms", room_columns),
        PART ("user", "users", user_columns),
        PART ("occupant", "occupants", occupant_columns) };

/* The rows (GStrv) of a part, without the cell that tells it. */
static GPtrArray *
rows_of (const Part *part, const char *lines)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);
  g_auto (GStrv) all = g_strsplit (lines, "\n", -1);
  guint skip = part->kind != NULL ? 1 : 0;

  for (char **line = all; *line != NULL; line++) {
    g_auto (GStrv) cells = g_strsplit (*line, "\t", -1);

    if (g_strv_length (cells) == part->n + skip
        && (skip == 0 || strcmp (cells[0], part->kind) == 0))
      g_ptr_array_add (rows, g_strdupv (cells + skip));
  }
  return rows;
}

/* --- Text --- */

static glong
width_of (const Part *part, GPtrArray *rows, guint column)
{
  glong width = (glong)strlen (part->columns[column].heading);

  for (guint i = 0; i < rows->len; i++)
    width = MAX (width, g_utf8_strlen (((char **)rows->pdata[i])[column], -1));
  return width;
}

static void
put_cell (GString *out, const Part *part, GPtrArray *rows, guint column,
          const char *text)
{
  g_autofree char *plain = ctl_plain (text);
  glong pad = width_of (part, rows, column) - g_utf8_strlen (plain, -1);

  g_string_append (out, plain);
  for (; column + 1 < part->n && pad >= -1; pad--)
    g_string_append_c (out, ' ');
}

static void
trim_line (GString *out)
{
  while (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  g_string_append_c (out, '\n');
}

static void
put_table (GString *out, const Part *part, const char *lines)
{
  g_autoptr (GPtrArray) rows = rows_of (part, lines);

  for (guint c = 0; rows->len > 0 && c < part->n; c++)
    put_cell (out, part, rows, c, part->columns[c].heading);
  if (rows->len > 0)
    trim_line (out);
  for (guint i = 0; i < rows->len; i++) {
    for (guint c = 0; c < part->n; c++)
      put_cell (out, part, rows, c, ((char **)rows->pdata[i])[c]);
    trim_line (out);
  }
}

char *
rooms_list_text (const char *lines)
{
  GString *out = g_string_new (NULL);

  put_table (out, &list_part, lines);
  return g_string_free (out, FALSE);
}

char *
rooms_show_text (const char *lines)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (show_parts); i++) {
    gsize before = out->len;

    put_table (out, &show_parts[i], lines);
    if (before > 0 && out->len > before)
      g_string_insert_c (out, (gssize)before, '\n');
  }
  return g_string_free (out, FALSE);
}

/* --- JSON --- */

static void
put_value (GString *out, const Column *column, const char *text)
{
  json_append (out, column->name);
  g_string_append (out, ": ");
  if (column->is_number
      && g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, NULL, NULL))
    g_string_append (out, text);
  else
    json_append (out, *text != '\0' ? text : NULL);
}

static void
put_fields (GString *out, const Part *part, char **cells)
{
  for (guint c = 0; c < part->n; c++) {
    if (c > 0)
      g_string_append (out, ", ");
    put_value (out, &part->columns[c], cells[c]);
  }
}

static void
put_array (GString *out, const Part *part, const char *lines)
{
  g_autoptr (GPtrArray) rows = rows_of (part, lines);

  g_string_append_c (out, '[');
  for (guint i = 0; i < rows->len; i++) {
    g_string_append (out, i > 0 ? ", {" : "{");
    put_fields (out, part, rows->pdata[i]);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

char *
rooms_list_json (const char *lines)
{
  GString *out = g_string_new (NULL);

  put_array (out, &list_part, lines);
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

char *
rooms_show_json (const char *lines)
{
  GString *out = g_string_new ("{");
  g_autoptr (GPtrArray) room = rows_of (&show_parts[0], lines);

  if (room->len > 0)
    put_fields (out, &show_parts[0], room->pdata[0]);
  for (guint i = 1; i < G_N_ELEMENTS (show_parts); i++) {
    g_string_append (out, out->len > 1 ? ", " : "");
    json_append (out, show_parts[i].array);
    g_string_append (out, ": ");
    put_array (out, &show_parts[i], lines);
  }
  g_string_append (out, "}\n");
  return g_string_free (out, FALSE);
}

/* --- The commands --- */

/* The answer; NULL, and said so: there is none. */
static char *
ask (const char *socket, const char *what, char *const *args)
{
  g_autoptr (GString) command = g_string_new (what);
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (; *args != NULL; args++) {
    g_autofree char *word = g_uri_escape_string (*args, "@:;=+", FALSE);

    g_string_append_printf (command, " %s", word);
  }
  if (ctl_control (socket, command->str, lines, &error))
    return g_string_free (g_steal_pointer (&lines), FALSE);
  fprintf (stderr, "rollcallctl: %s\n", error->message);
  return NULL;
}

static int
show (const char *socket, const char *what, char *const *args,
      char *(*write) (const char *lines))
{
  g_autofree char *lines = ask (socket, what, args);
  g_autofree char *text = lines != NULL ? write (lines) : NULL;

  if (text != NULL)
    fputs (text, stdout);
  return text != NULL ? 0 : 1;
}

int
ctl_rooms_list (const char *socket, gboolean is_json)
{
  char *const none[] = { NULL };

  return show (socket, "rooms list", none,
               is_json ? rooms_list_json : rooms_list_text);
}

int
ctl_rooms_show (const char *socket, const char *room, gboolean is_json)
{
  char *const args[] = { (char *)room, NULL };

  return show (socket, "rooms show", args,
               is_json ? rooms_show_json : rooms_show_text);
}

int
ctl_rooms_kick (const char *socket, char **args, gboolean is_json)
{
  g_autofree char *lines = ask (socket, "rooms kick", args);
  g_autoptr (GString) out = g_string_new (NULL);

  if (lines == NULL)
    return 1;
  if (is_json) {
    g_string_append (out, "{\"kicked\": ");
    json_append (out, args[1]);
    g_string_append (out, "}\n");
  } else {
    g_autofree char *who = ctl_plain (args[1]);

    g_string_append_printf (out, "%s removed\n", who);
  }
  fputs (out->str, stdout);
  return 0;
}
