/* SPDX-License-Identifier: ISC
 *
 * Bodies as content: see the header. */
#include "codec/content.h"

#include <string.h>

#include "base/error.h"
#include "codec/composing.h"
#include "codec/inflate.h"

#define DEPTH_MAX 4
#define PARTS_MAX 16
#define CHARSET_MAX 40

void
content_free (Content *self)
{
  if (self == NULL)
    return;
  g_free (self->text);
  imdn_free (self->report);
  g_free (self->subject);
  g_free (self->message_id);
  g_clear_pointer (&self->inflated, g_bytes_unref);
  g_free (self);
}

static gboolean
fail (int code, const char *text, GError **error)
{
  g_set_error_literal (error, RC_ERROR, code, text);
  return FALSE;
}

/* --- Text --- */

static gboolean
is_control (guchar c, gboolean lines)
{
  if (c == '\t' || c == '\n' || c == '\r')
    return !lines;
  return c < ' ' || c == 0x7f;
}

/* U+FFFE and U+FFFF are the only characters of UTF-8 above the controls that XML
 * 1.0 (2.2) does not have: EF BF BE and EF BF BF. */
gboolean
content_is_clean (const char *text, gsize len, gboolean lines)
{
  for (gsize i = 0; i < len; i++) {
    guchar c = (guchar)text[i];

    if (is_control (c, lines))
      return FALSE;
    if (c == 0xef && i + 2 < len && (guchar)text[i + 1] == 0xbf
        && (guchar)text[i + 2] >= 0xbe)
      return FALSE;
  }
  return g_utf8_validate_len (text, len, NULL);
}

static gboolean
is_utf8 (const char *charset)
{
  return charset == NULL || g_ascii_strcasecmp (charset, "utf-8") == 0
         || g_ascii_strcasecmp (charset, "utf8") == 0
         || g_ascii_strcasecmp (charset, "us-ascii") == 0;
}

/* A name, and nothing that iconv would take for an instruction. */
static gboolean
is_charset (const char *charset)
{
  gsize len = strlen (charset);

  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (charset[i]) && strchr ("-_.:+", charset[i]) == NULL)
      return FALSE;
  return len > 0 && len <= CHARSET_MAX;
}

/* New string, in UTF-8 as far as it is what charset says. */
static char *
convert (const char *charset, const char *bytes, gsize len, gsize *len_out,
         GError **error)
{
  g_autoptr (GError) cause = NULL;
  char *text;

  *len_out = len;
  if (is_utf8 (charset))
    return g_strndup (len > 0 ? bytes : "", len);
  text = is_charset (charset)
             ? g_convert (len > 0 ? bytes : "", (gssize)len, "UTF-8", charset,
                          NULL, len_out, &cause)
             : NULL;
  if (text != NULL)
    return text;
  if (g_error_matches (cause, G_CONVERT_ERROR, G_CONVERT_ERROR_NO_CONVERSION)
      || cause == NULL)
    fail (RC_ERROR_UNSUPPORTED, "The charset of the text is not known", error);
  else
    fail (RC_ERROR_SYNTAX, "The text is not in the charset that it names",
          error);
  return NULL;
}

/* CRLF, which SIP has, is one line end. */
static void
fold_lines (char *text)
{
  char *to = text;

  if (strchr (text, '\r') == NULL)
    return;
  for (const char *at = text; *at != '\0'; at++)
    if (*at == '\r' && at[1] == '\n')
      continue;
    else
      *to++ = *at == '\r' ? '\n' : *at;
  *to = '\0';
}

static gboolean
read_text (Content *self, const char *type, const char *bytes, gsize len,
           GError **error)
{
  g_autofree char *charset = mime_param (type, "charset");
  gsize text_len;

  self->kind = CONTENT_TEXT;
  self->text = convert (charset, bytes, len, &text_len, error);
  if (self->text == NULL)
    return FALSE;
  if (!g_utf8_validate_len (self->text, text_len, NULL)
      && strlen (self->text) == text_len)
    return fail (RC_ERROR_SYNTAX, "The text is not valid UTF-8", error);
  if (!content_is_clean (self->text, text_len, TRUE))
    return fail (RC_ERROR_SYNTAX,
                 "The text has control characters, which cannot be sent on",
                 error);
  fold_lines (self->text);
  return TRUE;
}

/* --- Others --- */

static gboolean
read_composing (Content *self, const char *bytes, gsize len, GError **error)
{
  Composing composing;

  self->kind = CONTENT_COMPOSING;
  if (!composing_parse (bytes, len, &composing, NULL))
    return fail (RC_ERROR_SYNTAX, "This is no isComposing document", error);
  self->is_composing = composing.is_active;
  return TRUE;
}

static gboolean
read_report (Content *self, const char *bytes, gsize len, GError **error)
{
  self->kind = CONTENT_REPORT;
  if (!imdn_parse (bytes, len, &self->report, NULL))
    return fail (RC_ERROR_SYNTAX, "This is no IMDN document", error);
  return TRUE;
}

static gboolean read (Content *self, const char *type, const MimePart *part,
                      guint depth, GError **error);

/* The body of a part without its transfer encoding, by its own type; one without
 * a type is text (RFC 2045 5.2). */
static gboolean
read_part (Content *self, const MimePart *part, guint depth, GError **error)
{
  g_autofree char *type = mime_header (part, "Content-Type");
  g_autoptr (GError) cause = NULL;
  g_autoptr (GBytes) body = mime_decode (part, &cause);
  MimePart plain = { 0 };

  if (body == NULL)
    return fail (cause->code, "A part of the message is wrongly encoded",
                 error);
  plain.body = g_bytes_get_data (body, &plain.len);
  return read (self, type != NULL ? type : "text/plain", &plain, depth, error);
}

static gint64
seconds_of (const char *datetime)
{
  g_autoptr (GDateTime) time
      = datetime != NULL ? g_date_time_new_from_iso8601 (datetime, NULL) : NULL;

  return time != NULL ? g_date_time_to_unix (time) : 0;
}

static char *
dup_clean (const char *value)
{
  return value != NULL && content_is_clean (value, strlen (value), FALSE)
             ? g_strdup (value)
             : NULL;
}

static void
take_headers (Content *self, const Cpim *cpim)
{
  g_autoptr (ImdnRequest) request = imdn_request (cpim);

  self->subject = dup_clean (cpim_value (cpim, NULL, "Subject"));
  self->date = MAX (seconds_of (cpim_value (cpim, NULL, "DateTime")), 0);
  self->message_id = dup_clean (imdn_message_id (cpim));
  if (request != NULL && self->message_id != NULL)
    self->wanted = request->wanted;
}

static gboolean
read_cpim (Content *self, const MimePart *part, guint depth, GError **error)
{
  g_autoptr (Cpim) cpim = NULL;
  g_autoptr (GError) cause = NULL;

  if (!cpim_parse (part->body, part->len, &cpim, &cause))
    return fail (RC_ERROR_SYNTAX, "This is no CPIM message", error);
  take_headers (self, cpim);
  return read_part (self, &cpim->content, depth, error);
}

/* Is a part of this type worth looking into? */
static gboolean
is_known (const char *type)
{
  return type == NULL || mime_is (type, "text/plain")
         || mime_is (type, "message/cpim") || mime_is (type, IMDN_TYPE)
         || mime_is (type, COMPOSING_TYPE)
         || g_ascii_strncasecmp (type, "multipart/", 10) == 0;
}

static gboolean
unsupported (GError **error)
{
  return fail (RC_ERROR_UNSUPPORTED, "Only text can be sent on", error);
}

static gboolean
read_multipart (Content *self, const char *type, const MimePart *part,
                guint depth, GError **error)
{
  g_autoptr (GArray) parts = NULL;

  if (!multipart_parse (part->body, part->len, type, PARTS_MAX, &parts, NULL))
    return fail (RC_ERROR_SYNTAX, "This is no multipart message", error);
  for (guint i = 0; i < parts->len; i++) {
    const MimePart *inner = &g_array_index (parts, MimePart, i);
    g_autofree char *inner_type = mime_header (inner, "Content-Type");

    if (is_known (inner_type))
      return read_part (self, inner, depth, error);
  }
  return unsupported (error);
}

static gboolean
read (Content *self, const char *type, const MimePart *part, guint depth,
      GError **error)
{
  if (mime_is (type, "text/plain"))
    return read_text (self, type, part->body, part->len, error);
  if (mime_is (type, COMPOSING_TYPE))
    return read_composing (self, part->body, part->len, error);
  if (mime_is (type, IMDN_TYPE))
    return read_report (self, part->body, part->len, error);
  if (depth < DEPTH_MAX && mime_is (type, "message/cpim"))
    return read_cpim (self, part, depth + 1, error);
  if (depth < DEPTH_MAX && type != NULL
      && g_ascii_strncasecmp (type, "multipart/", 10) == 0)
    return read_multipart (self, type, part, depth + 1, error);
  return unsupported (error);
}

gboolean
content_read (const char *content_type, const char *encoding, const char *bytes,
              gsize len, Content **out, GError **error)
{
  g_autoptr (Content) self = g_new0 (Content, 1);
  MimePart part = { .body = bytes != NULL ? bytes : "", .len = len };

  *out = NULL;
  if (!coding_is_identity (encoding)) {
    if (!inflate_body (encoding, part.body, len, CONTENT_INFLATED_MAX,
                       &self->inflated, error))
      return FALSE;
    part.body = g_bytes_get_data (self->inflated, &part.len);
  }
  if (content_type == NULL && len == 0)
    content_type = "text/plain";
  if (!read (self, content_type, &part, 0, error))
    return FALSE;
  *out = g_steal_pointer (&self);
  return TRUE;
}

/* --- Writing --- */

static GByteArray *
begin (const char *from, const char *to, gint64 date, const char *message_id)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree char *datetime = cpim_datetime (date);

  if (datetime == NULL || !cpim_put_uri (out, "From", from)
      || !cpim_put_uri (out, "To", to))
    return NULL;
  cpim_put_header (out, "DateTime", datetime);
  cpim_put_header (out, "NS", "imdn <" IMDN_NS ">");
  cpim_put_header (out, "imdn.Message-ID", message_id);
  return g_steal_pointer (&out);
}

static GBytes *
end (GByteArray *out, const char *headers, const char *body, gsize len)
{
  MimePart content = { headers, strlen (headers), body, len };

  cpim_put_content (out, &content);
  return g_byte_array_free_to_bytes (out);
}

GBytes *
content_write_asking (const char *from, const char *to, gint64 date,
                      const char *message_id, const char *text)
{
  GByteArray *out = begin (from, to, date, message_id);

  if (out == NULL)
    return NULL;
  cpim_put_header (out, "imdn.Disposition-Notification", "positive-delivery");
  return end (out, "Content-Type: " CONTENT_PLAIN "\r\n", text, strlen (text));
}

GBytes *
content_write_report (const char *from, const char *to, gint64 date,
                      const char *message_id, const Imdn *report)
{
  GByteArray *out = begin (from, to, date, message_id);
  g_autoptr (GBytes) document = NULL;
  const char *bytes;
  gsize len;

  if (out == NULL)
    return NULL;
  document = imdn_write (report);
  bytes = g_bytes_get_data (document, &len);
  return end (out,
              "Content-Type: " IMDN_TYPE "\r\n"
              "Content-Disposition: notification\r\n",
              bytes, len);
}

GBytes *
content_unwrap (GBytes *bytes, char **content_type_out)
{
  g_autoptr (Cpim) cpim = NULL;
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);

  if (!cpim_parse (text, len, &cpim, NULL))
    return NULL;
  *content_type_out = mime_header (&cpim->content, "Content-Type");
  return g_bytes_new (cpim->content.body, cpim->content.len);
}
