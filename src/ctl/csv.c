/* SPDX-License-Identifier: ISC
 *
 * RFC 4180 as a machine of five states, a byte at a time. */
#include "ctl/csv.h"

#include "base/error.h"

#include <string.h>

typedef enum {
  AT_START,  /* of a field */
  IN_PLAIN,  /* in a field without quotes */
  IN_QUOTED, /* between quotes */
  AT_QUOTE,  /* after a quote between quotes: the end, or half of a pair */
  AFTER_CR,  /* a line has ended; an LF may follow */
} State;

struct CsvReader {
  CsvFn fn;
  gpointer data;
  State state;
  GString *field;
  GPtrArray *fields;  /* char * */
  gboolean is_quoted; /* the first field of this record was */
  guint line;         /* of the byte at hand */
  guint first_line;   /* of the record */
  guint marked;       /* bytes of the byte order mark that have come */
};

CsvReader *
csv_reader_new (CsvFn fn, gpointer data)
{
  CsvReader *self = g_new0 (CsvReader, 1);

  self->fn = fn;
  self->data = data;
  self->field = g_string_new (NULL);
  self->fields = g_ptr_array_new_with_free_func (g_free);
  self->line = self->first_line = 1;
  return self;
}

void
csv_reader_free (CsvReader *self)
{
  if (self == NULL)
    return;
  g_string_free (self->field, TRUE);
  g_ptr_array_unref (self->fields);
  g_free (self);
}

static gboolean
refuse (guint line, RcError code, const char *why, GError **error)
{
  g_set_error (error, RC_ERROR, code, "line %u: %s", line, why);
  return FALSE;
}

static gboolean
end_field (CsvReader *self, GError **error)
{
  if (self->fields->len >= CSV_FIELDS_MAX)
    return refuse (self->line, RC_ERROR_BOUND, "there are too many fields",
                   error);
  if (!g_utf8_validate (self->field->str, (gssize)self->field->len, NULL))
    return refuse (self->line, RC_ERROR_SYNTAX, "this is no UTF-8", error);
  g_ptr_array_add (self->fields, g_strdup (self->field->str));
  g_string_truncate (self->field, 0);
  self->state = AT_START;
  return TRUE;
}

static gboolean
is_empty_line (const CsvReader *self)
{
  return self->fields->len == 1 && !self->is_quoted
         && *(const char *)self->fields->pdata[0] == '\0';
}

static gboolean
end_record (CsvReader *self, GError **error)
{
  gboolean is_ok = end_field (self, error);

  if (is_ok && !is_empty_line (self))
    is_ok = self->fn ((const char *const *)self->fields->pdata,
                      self->fields->len, self->first_line, self->data, error);
  g_ptr_array_set_size (self->fields, 0);
  self->is_quoted = FALSE;
  return is_ok;
}

static gboolean
append (CsvReader *self, char byte, GError **error)
{
  if (self->field->len >= CSV_FIELD_MAX)
    return refuse (self->line, RC_ERROR_BOUND, "a field is too long", error);
  g_string_append_c (self->field, byte);
  return TRUE;
}

/* A byte outside of quotes. */
static gboolean
take_plain (CsvReader *self, char byte, GError **error)
{
  switch (byte) {
  case ',':
    return end_field (self, error);
  case '\r':
  case '\n':
    if (!end_record (self, error))
      return FALSE;
    self->state = byte == '\r' ? AFTER_CR : AT_START;
    return TRUE;
  case '"':
    if (self->state != AT_START)
      return refuse (self->line, RC_ERROR_SYNTAX,
                     "a quote stands inside a field without quotes", error);
    self->is_quoted = TRUE;
    self->state = IN_QUOTED;
    return TRUE;
  default:
    if (self->state == AT_QUOTE)
      return refuse (self->line, RC_ERROR_SYNTAX,
                     "something stands behind a closing quote", error);
    self->state = IN_PLAIN;
    return append (self, byte, error);
  }
}

static gboolean
take (CsvReader *self, char byte, GError **error)
{
  if (byte == '\0')
    return refuse (self->line, RC_ERROR_SYNTAX, "there is a NUL byte", error);
  if (self->state == AFTER_CR) {
    self->state = AT_START;
    if (byte == '\n')
      return TRUE;
  }
  if (self->state == AT_START && self->fields->len == 0)
    self->first_line = self->line;
  if (self->state == IN_QUOTED) {
    if (byte != '"')
      return append (self, byte, error);
    self->state = AT_QUOTE;
    return TRUE;
  }
  if (self->state == AT_QUOTE && byte == '"') {
    self->state = IN_QUOTED;
    return append (self, byte, error);
  }
  return take_plain (self, byte, error);
}

/* Bytes of a byte order mark at the very start go nowhere. */
static gboolean
is_mark (CsvReader *self, char byte)
{
  static const char mark[] = "\xef\xbb\xbf";

  if (self->marked >= 3)
    return FALSE;
  if (byte == mark[self->marked]) {
    self->marked++;
    return TRUE;
  }
  g_string_append_len (self->field, mark, self->marked);
  self->marked = 3;
  return FALSE;
}

gboolean
csv_reader_feed (CsvReader *self, const char *bytes, gsize len, GError **error)
{
  for (gsize i = 0; i < len; i++) {
    gboolean was_cr = self->state == AFTER_CR;

    if (is_mark (self, bytes[i]))
      continue;
    if (!take (self, bytes[i], error))
      return FALSE;
    if (bytes[i] == '\r' ? self->state == AFTER_CR
                         : bytes[i] == '\n' && !was_cr)
      self->line++;
  }
  return TRUE;
}

gboolean
csv_reader_end (CsvReader *self, GError **error)
{
  if (self->state == IN_QUOTED)
    return refuse (self->first_line, RC_ERROR_SYNTAX, "a quote is never closed",
                   error);
  if (self->marked < 3)
    g_string_append_len (self->field, "\xef\xbb", self->marked);
  if (self->state == AFTER_CR
      || (self->state == AT_START && self->fields->len == 0
          && self->field->len == 0))
    return TRUE;
  return end_record (self, error);
}

void
csv_append (GString *out, const char *text)
{
  if (text == NULL || *text == '\0')
    return;
  if (strpbrk (text, ",\"\r\n") == NULL && *text != ' '
      && text[strlen (text) - 1] != ' ') {
    g_string_append (out, text);
    return;
  }
  g_string_append_c (out, '"');
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"')
      g_string_append_c (out, '"');
    g_string_append_c (out, *c);
  }
  g_string_append_c (out, '"');
}
