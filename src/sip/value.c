/* SPDX-License-Identifier: ISC
 *
 * Header values to text. */
#include "sip/value.h"
#include "sip/text.h"

#include <string.h>
#include <time.h>

Uri *
value_uri (const url_t *url)
{
  char text[URI_MAX + 2];
  Uri *uri = NULL;
  issize_t len = url_e (text, sizeof text, url);

  if (len <= 0 || len > URI_MAX || !uri_parse (text, len, &uri, NULL))
    return NULL;
  return uri;
}

Uri *
value_identity (const url_t *url)
{
  url_t as_sip = *url;

  if (url->url_type == url_pres || url->url_type == url_im) {
    as_sip.url_type = url_sip;
    as_sip.url_scheme = "sip";
    as_sip.url_headers = NULL;
  }
  return value_uri (&as_sip);
}

const char *
value_url (su_home_t *home, const url_t *url)
{
  return url_as_string (home, url);
}

static issize_t
field_into (char *out, gsize size, const msg_header_t *header)
{
  return msg_header_field_e (out, size, header, 0);
}

const char *
value_text (su_home_t *home, const void *header)
{
  const msg_header_t *h;
  gsize size = 1, used = 0;
  char *out;

  if (header == NULL)
    return NULL;
  for (h = header; h != NULL; h = h->sh_next)
    size += field_into (NULL, 0, h) + 2;
  out = su_alloc (home, size);
  for (h = header; h != NULL; h = h->sh_next) {
    used += field_into (out + used, size - used, h);
    if (h->sh_next != NULL) {
      memcpy (out + used, ", ", 2);
      used += 2;
    }
  }
  out[text_unfold (out, used)] = '\0';
  return out;
}

/* Undoes a quoted-string's quotes and escapes in place. */
static char *
unquote (char *text)
{
  gsize len = strlen (text);
  char *in = text + 1, *out = text;

  if (len < 2 || text[0] != '"' || text[len - 1] != '"')
    return text;
  for (text[len - 1] = '\0'; *in != '\0'; in++) {
    if (*in == '\\' && in[1] != '\0')
      in++;
    *out++ = *in;
  }
  *out = '\0';
  return text;
}

const char *
value_param (su_home_t *home, const msg_param_t *params, const char *name)
{
  const char *found = msg_params_find (params, name);
  char *text;
  gsize len;

  if (found == NULL)
    return NULL;
  text = unquote (su_strdup (home, found));
  len = strlen (text);
  if (len >= 2 && text[0] == '<' && text[len - 1] == '>') {
    text[len - 1] = '\0';
    text++;
  }
  return text;
}

gint64
value_seconds (const char *text)
{
  guint64 seconds;

  if (text == NULL)
    return -1;
  if (strspn (text, "0123456789") != strlen (text) || *text == '\0')
    return 3600;
  seconds = g_ascii_strtoull (text, NULL, 10);
  return (gint64)MIN (seconds, G_MAXUINT32);
}

const char *
value_date (su_home_t *home, gint64 unix_seconds)
{
  static const char days[][4]
      = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
  static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  time_t seconds = unix_seconds;
  struct tm tm;

  gmtime_r (&seconds, &tm);
  return su_sprintf (home, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                     days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                     tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
