/* SPDX-License-Identifier: ISC
 *
 * What results look like: aligned columns, and JSON for programs. */
#include "ctl/ctl.h"
#include "ctl/wrap.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Where lines are broken when the terminal does not say how wide it is. */
#define WIDTH 80

/* Type oids of pg_type. */
#define BOOL_OID 16
#define BYTEA_OID 17
#define INT8_OID 20
#define INT4_OID 23
#define JSONB_OID 3802

guint
ctl_width (void)
{
  struct winsize size;

  if (!isatty (STDOUT_FILENO))
    return 0;
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
    return WIDTH;
  return size.ws_col;
}

char *
ctl_bytes (const char *literal)
{
  gsize len;
  guchar *bytes = PQunescapeBytea ((const guchar *)literal, &len);
  char *text = g_utf8_make_valid ((const char *)bytes, (gssize)len);

  PQfreemem (bytes);
  return text;
}

static void
put_json_value (GString *out, const PGresult *result, int row, int column)
{
  const char *text = PQgetvalue (result, row, column);

  if (PQgetisnull (result, row, column)) {
    g_string_append (out, "null");
    return;
  }
  switch (PQftype (result, column)) {
  case BOOL_OID:
    g_string_append (out, *text == 't' ? "true" : "false");
    break;
  case INT8_OID:
  case INT4_OID:
  case JSONB_OID:
    g_string_append (out, text);
    break;
  case BYTEA_OID: {
    g_autofree char *bytes = ctl_bytes (text);

    json_append (out, bytes);
    break;
  }
  default:
    json_append (out, text);
  }
}

void
ctl_json_row (GString *out, const PGresult *result, int row)
{
  for (int column = 0; column < PQnfields (result); column++) {
    g_string_append (out, column > 0 ? ", " : "{");
    json_append (out, PQfname (result, column));
    g_string_append (out, ": ");
    put_json_value (out, result, row, column);
  }
  g_string_append_c (out, '}');
}

static void
print_json (const PGresult *result, int n)
{
  g_autoptr (GString) out = g_string_new ("[");

  for (int row = 0; row < n; row++) {
    g_string_append (out, row > 0 ? ",\n " : "");
    ctl_json_row (out, result, row);
  }
  g_string_append (out, "]\n");
  fputs (out->str, stdout);
}

/* What stands in a column; row -1 is the heading. */
static char *
cell (const PGresult *result, int row, int column)
{
  const char *text;

  if (row < 0)
    return g_strdup (PQfname (result, column));
  if (PQgetisnull (result, row, column))
    return g_strdup ("-");
  text = PQgetvalue (result, row, column);
  if (PQftype (result, column) == BOOL_OID)
    return g_strdup (*text == 't' ? "yes" : "no");
  return ctl_plain (text);
}

/* The last column, broken to what is left of the terminal's width. */
static void
print_last (const char *text, guint indent)
{
  guint width = ctl_width ();
  g_autofree char *lines = width > indent + 20
                               ? wrap_text (text, width - indent, indent)
                               : g_strdup (text);

  puts (lines);
}

static void
print_table (const PGresult *result, int rows)
{
  int n = PQnfields (result);
  g_autofree long *widths = g_new0 (long, n);

  for (int row = -1; row < rows; row++)
    for (int column = 0; column < n; column++) {
      g_autofree char *text = cell (result, row, column);

      widths[column] = MAX (widths[column], g_utf8_strlen (text, -1));
    }
  for (int row = -1; row < rows; row++) {
    guint indent = 0;

    for (int column = 0; column < n; column++) {
      g_autofree char *text = cell (result, row, column);

      if (column == n - 1) {
        print_last (text, indent);
        break;
      }
      printf ("%s%*s", text,
              (int)(widths[column] + 2 - g_utf8_strlen (text, -1)), "");
      indent += (guint)widths[column] + 2;
    }
  }
}

void
ctl_print_some (const Ctl *self, const PGresult *result, int n)
{
  if (self->is_json)
    print_json (result, n);
  else
    print_table (result, n);
}

void
ctl_print (const Ctl *self, const PGresult *result)
{
  ctl_print_some (self, result, PQntuples (result));
}

void
ctl_print_lines (const PGresult *result, int row, int n)
{
  for (int column = 0; column < n; column++) {
    g_autofree char *value = cell (result, row, column);

    printf ("%-23s %s\n", PQfname (result, column),
            *value != '\0' ? value : "-");
  }
}

void
ctl_say (const Ctl *self, const char *aor, const char *done)
{
  g_autoptr (GString) out = g_string_new ("{\"aor\": ");

  if (!self->is_json) {
    printf ("%s %s\n", aor, done);
    return;
  }
  json_append (out, aor);
  g_string_append (out, ", \"result\": ");
  json_append (out, done);
  puts (g_string_append_c (out, '}')->str);
}
