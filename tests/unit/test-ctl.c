/* SPDX-License-Identifier: ISC
 *
 * The parts of rollcallctl that need no database: CSV, text for a terminal, the
 * line of a message. */
#include "admin/control.h"
#include "base/error.h"
#include "ctl/csv.h"
#include "ctl/rooms.h"
#include "ctl/send.h"
#include "ctl/wrap.h"

#include <string.h>

/* --- CSV --- */

/* Records as "LINE[a|b]" one after the other. */
static gboolean
note_cb (const char *const *fields, guint n, guint line, gpointer data,
         GError **error)
{
  GString *out = data;

  g_string_append_printf (out, "%u[", line);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? "|" : "", fields[i]);
  g_string_append_c (out, ']');
  return TRUE;
}

/* What is read of text when it comes in pieces of so many bytes; an error ends
 * it as "!message". */
static char *
read_in (const char *text, gsize len, gsize piece)
{
  GString *out = g_string_new (NULL);
  g_autoptr (CsvReader) reader = csv_reader_new (note_cb, out);
  g_autoptr (GError) error = NULL;
  gboolean is_ok = TRUE;

  for (gsize i = 0; is_ok && i < len; i += piece)
    is_ok = csv_reader_feed (reader, text + i, MIN (piece, len - i), &error);
  if (is_ok && csv_reader_end (reader, &error))
    return g_string_free (out, FALSE);
  g_assert_nonnull (error);
  g_string_append_printf (out, "!%s", error->message);
  return g_string_free (out, FALSE);
}

static const struct {
  const char *text, *read;
} csv[] = {
  { "", "" },
  { "a", "1[a]" },
  { "a,b\n", "1[a|b]" },
  { "a,b\r\nc,d\r\n", "1[a|b]2[c|d]" },
  { "a\rb\r", "1[a]2[b]" },
  { "a\r\r\nb", "1[a]3[b]" },
  { "\n\n\na\n", "4[a]" },
  { ",", "1[|]" },
  { "\"\"\n", "1[]" },
  { "\"a,b\",\"c\"\"d\"", "1[a,b|c\"d]" },
  { "\"two\r\nlines\",b\nc", "1[two\r\nlines|b]3[c]" },
  { "\xef\xbb\xbfuri\nx", "1[uri]2[x]" },
  { "\xef\xbb\xbf\"uri\",b", "1[uri|b]" },
  { "J\xc3\xbcrgen", "1[J\xc3\xbcrgen]" },
  { " a , b ", "1[ a | b ]" },
  { "a\"b\n", "!line 1: a quote stands inside a field without quotes" },
  { "a\n\"b\"c\n", "1[a]!line 2: something stands behind a closing quote" },
  { "a\n\"b\nc", "1[a]!line 2: a quote is never closed" },
  { "a\nb,\xff\nc", "1[a]!line 2: this is no UTF-8" },
  { "\xef\xbb", "!line 1: this is no UTF-8" },
  { "\xef\xbburi", "!line 1: this is no UTF-8" },
};

static void
test_csv_read (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (csv); i++)
    for (gsize piece = 1; piece < 4; piece++) {
      g_autofree char *read
          = read_in (csv[i].text, strlen (csv[i].text), piece);

      g_assert_cmpstr (read, ==, csv[i].read);
    }
}

static void
test_csv_nul (void)
{
  g_autofree char *read = read_in ("a\nb\0c", 5, 5);

  g_assert_cmpstr (read, ==, "1[a]!line 2: there is a NUL byte");
}

static void
test_csv_bounds (void)
{
  g_autofree char *field = g_strnfill (CSV_FIELD_MAX + 1, 'x');
  g_autofree char *commas = g_strnfill (CSV_FIELDS_MAX, ',');
  g_autofree char *long_field = read_in (field, CSV_FIELD_MAX + 1, 1000);
  g_autofree char *many = read_in (commas, CSV_FIELDS_MAX, 1000);

  g_assert_cmpstr (long_field, ==, "!line 1: a field is too long");
  g_assert_cmpstr (many, ==, "!line 1: there are too many fields");
}

/* Whatever is written is read again. */
static void
test_csv_round_trip (void)
{
  static const char *const fields[] = { "",
                                        "a",
                                        "a,b",
                                        "\"",
                                        "\"\"",
                                        "two\nlines",
                                        "cr\rlf\r\n",
                                        " spaces ",
                                        "J\xc3\xbcrgen",
                                        "'; DROP TABLE users; --",
                                        "=1+1" };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    for (guint j = 0; j < G_N_ELEMENTS (fields); j++) {
      g_autoptr (GString) line = g_string_new (NULL);
      g_autofree char *wanted
          = g_strdup_printf ("1[x|%s|%s]", fields[i], fields[j]);
      g_autofree char *read = NULL;

      csv_append (line, "x");
      g_string_append_c (line, ',');
      csv_append (line, fields[i]);
      g_string_append_c (line, ',');
      csv_append (line, fields[j]);
      g_string_append_c (line, '\n');
      read = read_in (line->str, line->len, line->len);
      g_assert_cmpstr (read, ==, wanted);
    }
}

/* --- Text for a terminal --- */

static void
test_wrap (void)
{
  static const struct {
    const char *text, *lines;
  } rows[] = {
    { "", "" },
    { "one", "one" },
    { "one two three", "one two\n  three" },
    { "12345678 0", "12345678\n  0" },
    { "a verylongwordindeed b", "a\n  verylongwordindeed\n  b" },
    { "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\xc3\xb6\xc3\xbc x",
      "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\xc3\xb6\xc3\xbc\n  x" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *lines = wrap_text (rows[i].text, 8, 2);

    g_assert_cmpstr (lines, ==, rows[i].lines);
  }
}

static void
test_plain (void)
{
  g_autofree char *text = ctl_plain ("a\033[2Jb\n\xff J\xc3\xbcrgen");

  g_assert_cmpstr (text, ==, "a?[2Jb?? J\xc3\xbcrgen");
}

/* --- The line of a message --- */

static char *
line_of (const char *text, gsize len, const char *const *to, GError **error)
{
  Sending sending = { .from = "a@x.org", .to = to, .text = text, .len = len };

  return send_line (&sending, error);
}

static void
test_send_line (void)
{
  static const char *const to[] = { "sip:b@x.org", NULL };
  g_autofree char *some = line_of ("a b\n\xe2\x82\xac%", 8, to, NULL);
  g_autofree char *all = line_of ("hi", 2, NULL, NULL);

  g_assert_cmpstr (some, ==,
                   "message a@x.org a%20b%0A%E2%82%AC%25 to sip:b@x.org");
  g_assert_cmpstr (all, ==, "message a@x.org hi all");
}

/* The longest text fits into a line, however it is escaped. */
static void
test_send_bounds (void)
{
  g_autofree char *text = g_strnfill (CONTROL_TEXT + 1, '%');
  g_autofree char *line = line_of (text, CONTROL_TEXT, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (strlen (line), <, CONTROL_LINE);
  g_assert_null (line_of (text, CONTROL_TEXT + 1, NULL, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
}

static void
test_send_refused (void)
{
  static const struct {
    const char *text;
    gsize len;
  } rows[] = { { "", 0 }, { " \t\r\n", 4 }, { "a\xff", 2 }, { "a\0b", 3 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (line_of (rows[i].text, rows[i].len, NULL, &error));
    g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

static void
test_send_many (void)
{
  g_autofree char *uri = g_strnfill (300, 'x');
  g_autofree const char **to = g_new0 (const char *, CONTROL_LINE / 300 + 2);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i <= CONTROL_LINE / 300; i++)
    to[i] = uri;
  g_assert_null (line_of ("hi", 2, to, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
}

/* --- rooms --- */

#define LISTED "r@rooms\t2\t5\tknown\tTopic \"x\"\nq@rooms\t1\t0\taway\t\n"
#define SHOWN                                                                  \
  "room\tr@rooms\tknown\t\nuser\talice@example.com\tAl\tin\t75\n"              \
  "occupant\tJuliet Capulet\tmoderator\towner\taway\n"                        \
  "occupant\tRomeo\t\t\tavailable\n"

static void
test_rooms_list (void)
{
  g_autofree char *text = rooms_list_text (LISTED);
  g_autofree char *json = rooms_list_json (LISTED);
  g_autofree char *none = rooms_list_text ("");

  g_assert_cmpstr (text, ==,
                   "room     users  occupants  state  subject\n"
                   "r@rooms  2      5          known  Topic \"x\"\n"
                   "q@rooms  1      0          away\n");
  g_assert_cmpstr (
      json, ==,
      "[{\"room\": \"r@rooms\", \"users\": 2, \"occupants\": 5, "
      "\"state\": \"known\", \"subject\": \"Topic \\\"x\\\"\"}, "
      "{\"room\": \"q@rooms\", \"users\": 1, \"occupants\": 0, "
      "\"state\": \"away\", \"subject\": null}]\n");
  g_assert_cmpstr (none, ==, "");
}

static void
test_rooms_show (void)
{
  g_autofree char *text = rooms_show_text (SHOWN);
  g_autofree char *json = rooms_show_json (SHOWN);

  g_assert_cmpstr (text, ==,
                   "room     state  subject\n"
                   "r@rooms  known\n"
                   "\n"
                   "user               name  state  for (s)\n"
                   "alice@example.com  Al    in     75\n"
                   "\n"
                   "occupant        role       affiliation  availability\n"
                   "Juliet Capulet  moderator  owner        away\n"
                   "Romeo                                   available\n");
  g_assert_cmpstr (
      json, ==,
      "{\"room\": \"r@rooms\", \"state\": \"known\", \"subject\": null, "
      "\"users\": [{\"user\": \"alice@example.com\", \"nick\": \"Al\", "
      "\"state\": \"in\", \"seconds\": 75}], \"occupants\": ["
      "{\"nick\": \"Juliet Capulet\", \"role\": \"moderator\", "
      "\"affiliation\": \"owner\", \"show\": \"away\"}, "
      "{\"nick\": \"Romeo\", \"role\": null, \"affiliation\": null, "
      "\"show\": \"available\"}]}\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ctl/csv/rfc4180-2/read", test_csv_read);
  g_test_add_func ("/ctl/csv/nul", test_csv_nul);
  g_test_add_func ("/ctl/csv/bounds", test_csv_bounds);
  g_test_add_func ("/ctl/csv/rfc4180-2/round-trip", test_csv_round_trip);
  g_test_add_func ("/ctl/wrap", test_wrap);
  g_test_add_func ("/ctl/plain", test_plain);
  g_test_add_func ("/ctl/send/line", test_send_line);
  g_test_add_func ("/ctl/send/bounds", test_send_bounds);
  g_test_add_func ("/ctl/send/refused", test_send_refused);
  g_test_add_func ("/ctl/send/many", test_send_many);
  g_test_add_func ("/ctl/rooms/list", test_rooms_list);
  g_test_add_func ("/ctl/rooms/show", test_rooms_show);
  return g_test_run ();
}
