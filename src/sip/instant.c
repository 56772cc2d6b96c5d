/* SPDX-License-Identifier: ISC
 *
 * A MESSAGE as text: see the header (RFC 3261 7.3, 8.1.1; RFC 3428 4). */
#include "sip/instant.h"
#include "sip/describe.h"
#include "sip/forward.h"
#include "sip/text.h"
#include "sip/value.h"

#include <string.h>

#define MAX_FORWARDS 70
/* The last second of the year 9999: what a date can say. */
#define DATE_MAX G_GINT64_CONSTANT (253402300799)
/* Replaced when it is aimed. */
#define ANYBODY "sip:anybody.invalid"

/* One line without its end. */
static gboolean
is_header (const char *line, gsize len)
{
  const char *colon = memchr (line, ':', len);
  gsize name_len = colon ? colon - line : 0;

  while (name_len > 0
         && (line[name_len - 1] == ' ' || line[name_len - 1] == '\t'))
    name_len--;
  if (!text_is_token (line, name_len) || describe_is_left_out (line, name_len))
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (((guchar)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
      return FALSE;
  return TRUE;
}

static gboolean
are_headers (const char *headers)
{
  const char *line = headers, *end;

  if (headers == NULL || !g_utf8_validate (headers, -1, NULL))
    return FALSE;
  for (; *line != '\0'; line = end + 2) {
    end = strstr (line, "\r\n");
    if (end == NULL || !is_header (line, end - line))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_call_id (const char *text)
{
  return text != NULL && *text != '\0' && text_is_clean (text, " ")
         && g_utf8_validate (text, -1, NULL);
}

static gboolean
is_legal (const SipMessage *message)
{
  const char *type = message->content_type;

  return is_call_id (message->call_id) && message->cseq <= G_MAXINT32
         && are_headers (message->headers) && message->date >= 0
         && message->date <= DATE_MAX && message->expires >= -1
         && message->expires <= G_MAXUINT32 && text_is_clean (type, "")
         && (type == NULL
             || (*type != '\0' && g_utf8_validate (type, -1, NULL)));
}

const char *
instant_call_id (const SipMessage *message)
{
  return is_call_id (message->call_id) ? message->call_id : "not legal";
}

static void
append_date (gint64 date, GString *out)
{
  su_home_t home[1] = { SU_HOME_INIT (home) };

  g_string_append_printf (out, "Date: %s\r\n", value_date (home, date));
  su_home_deinit (home);
}

static GBytes *
write_head (const SipMessage *message, const char *headers)
{
  GString *out = g_string_sized_new (1000);

  g_string_append_printf (out,
                          "MESSAGE " ANYBODY " SIP/2.0\r\n"
                          "Max-Forwards: %u\r\n%s"
                          "Call-ID: %s\r\nCSeq: %u MESSAGE\r\n",
                          MAX_FORWARDS, headers, message->call_id,
                          message->cseq);
  if (message->date > 0)
    append_date (message->date, out);
  if (message->expires >= 0)
    g_string_append_printf (out, "Expires: %" G_GINT64_FORMAT "\r\n",
                            message->expires);
  if (message->content_type != NULL)
    g_string_append_printf (out, "Content-Type: %s\r\n", message->content_type);
  g_string_append_printf (
      out, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
      message->body != NULL ? g_bytes_get_size (message->body) : 0);
  return g_string_free_to_bytes (out);
}

static msg_t *
parse (const SipMessage *message, const char *headers)
{
  g_autoptr (GBytes) head = write_head (message, headers);

  return text_parse (head, message->body);
}

/* Can sofia read this line (with its end)? */
static gboolean
is_readable (const char *line, gsize len)
{
  g_autoptr (GString) text = g_string_new ("MESSAGE " ANYBODY " SIP/2.0\r\n");
  g_autoptr (GBytes) head = NULL;
  msg_t *msg;

  g_string_append_len (text, line, (gssize)len);
  g_string_append (text, "\r\n");
  head = g_bytes_new (text->str, text->len);
  msg = text_parse (head, NULL);
  if (msg == NULL)
    return FALSE;
  msg_destroy (msg);
  return TRUE;
}

/* A proxy passes on what it cannot read (RFC 3261 16.3), and what came like that
 * may have been stored.  The message is worth more than such a header. */
static char *
readable_lines (const char *headers)
{
  GString *out = g_string_new (NULL);
  const char *end;

  for (; (end = strstr (headers, "\r\n")) != NULL; headers = end + 2)
    if (is_readable (headers, end + 2 - headers))
      g_string_append_len (out, headers, end + 2 - headers);
  return g_string_free (out, FALSE);
}

static gboolean
has_ends (const sip_t *sip)
{
  return sip->sip_from != NULL && sip->sip_from->a_tag != NULL
         && sip->sip_to != NULL;
}

msg_t *
instant_make (const SipMessage *message, const SipTarget *target,
              guint *status_out)
{
  msg_t *msg;

  *status_out = 400;
  if (target->target == NULL || !text_is_clean (target->path, "")
      || !is_legal (message))
    return NULL;
  msg = parse (message, message->headers);
  if (msg == NULL) {
    g_autofree char *lines = readable_lines (message->headers);

    msg = parse (message, lines);
  }
  if (msg == NULL)
    return NULL;
  *status_out = has_ends (sip_object (msg)) ? forward_aim (msg, target) : 400;
  if (*status_out != 0)
    g_clear_pointer (&msg, msg_destroy);
  return msg;
}
