/* SPDX-License-Identifier: ISC
 *
 * Canonical addresses of contacts: see the header. */
#include "addr/contact.h"

#include <stdlib.h>
#include <string.h>

#include "addr/aor.h"
#include "addr/uri.h"

#define HOST_MAX 253
#define LABEL_MAX 63

/* --- User part --- */

/* May it stand there unescaped (RFC 3261 25.1)?  ':' and ' ' and what is not
 * ASCII are decided by who asks. */
static gboolean
is_plain (guint8 c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("-_.!~*'()&=+$,;?/", c));
}

/* "%41": its byte; -1: none, or of a control character. */
static int
escape_at (const char *text)
{
  int high = g_ascii_xdigit_value (text[1]), low;

  if (high < 2)
    return -1;
  low = g_ascii_xdigit_value (text[2]);
  return low < 0 || (high == 7 && low == 15) ? -1 : high << 4 | low;
}

/* Appends the user part of len bytes; FALSE: it is not valid. */
static gboolean
put_user (GString *out, const char *text, gsize len)
{
  gsize start = out->len;

  for (gsize i = 0; i < len; i++) {
    guint8 c = (guint8)text[i];
    int byte = c == '%' ? escape_at (text + i) : c;

    if (byte < 0 || c <= ' ' || c == 0x7f || strchr ("\"#:<>[\\]^`{|}", c))
      return FALSE;
    if (c == '%' && !is_plain ((guint8)byte) && byte < 0x80) {
      for (guint n = 0; n < 3; n++)
        g_string_append_c (out, g_ascii_tolower (text[i + n]));
    } else {
      g_string_append_c (out, g_ascii_tolower ((char)byte));
    }
    i += c == '%' ? 2 : 0;
  }
  return out->len > start
         && g_utf8_validate (out->str + start, (gssize)(out->len - start),
                             NULL);
}

/* --- Host --- */

static gboolean
is_ipv6 (const char *host)
{
  gsize len = strlen (host);

  return len >= 4 && len <= 47 && host[0] == '[' && host[len - 1] == ']'
         && strspn (host + 1, "0123456789abcdef:.") == len - 2;
}

static gboolean
is_octet (const char *text)
{
  gsize len = strlen (text);

  return len > 0 && len <= 3 && strspn (text, "0123456789") == len
         && (len < 3 || (text[0] >= '1' && atoi (text) <= 255));
}

static gboolean
is_ipv4 (const char *host)
{
  g_auto (GStrv) octets = NULL;

  if (strspn (host, "0123456789.") != strlen (host))
    return FALSE;
  octets = g_strsplit (host, ".", -1);
  if (g_strv_length (octets) != 4)
    return FALSE;
  for (guint i = 0; i < 4; i++)
    if (!is_octet (octets[i]))
      return FALSE;
  return TRUE;
}

/* Is it a label (RFC 3261 25.1, and '_')? */
static gboolean
is_label (const char *text, gsize len)
{
  if (len == 0 || len > LABEL_MAX || text[0] == '-' || text[len - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '-' && text[i] != '_')
      return FALSE;
  return TRUE;
}

/* In lower case; the last label starts with a letter. */
static gboolean
is_name (const char *host)
{
  const char *label = host;

  for (const char *dot; (dot = strchr (label, '.')) != NULL; label = dot + 1)
    if (!is_label (label, (gsize)(dot - label)))
      return FALSE;
  return is_label (label, strlen (label)) && g_ascii_isalpha (*label)
         && strlen (host) <= HOST_MAX;
}

static gboolean
put_host (GString *out, const char *text, gsize len)
{
  g_autofree char *host = g_ascii_strdown (text, (gssize)len);
  gboolean has_dots = g_str_has_suffix (host, "..");

  for (gsize end = strlen (host); end > 0 && host[end - 1] == '.';)
    host[--end] = '\0';
  if (!is_ipv6 (host) && !is_ipv4 (host) && (has_dots || !is_name (host)))
    return FALSE;
  g_string_append (out, host);
  return TRUE;
}

/* --- Port and parameters --- */

static gsize
port_length (const char *text)
{
  gsize len
      = text[0] == ':' && text[1] != '0' ? strspn (text + 1, "0123456789") : 0;

  return len == 0 ? 0 : MIN (len, 5) + 1;
}

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* ";a=b;c": no parameter is empty. */
static gboolean
are_params (const char *text)
{
  char before = ';';

  if (*text != ';')
    return FALSE;
  for (const char *c = text + 1; *c != '\0'; before = *c++) {
    if (*c == ';' && before != ';')
      continue;
    if (*c == '%' && (!g_ascii_isxdigit (c[1]) || !g_ascii_isxdigit (c[2])))
      return FALSE;
    if (*c != '%' && !g_ascii_isalnum (*c)
        && strchr ("][_.!~*'()/:&+$=-", *c) == NULL)
      return FALSE;
  }
  return before != ';';
}

static gboolean
put_params (GString *out, const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_auto (GStrv) params = NULL;

  if (*text == '\0')
    return TRUE;
  if (!are_params (text))
    return FALSE;
  params = g_strsplit (lower + 1, ";", -1);
  qsort (params, g_strv_length (params), sizeof (char *), compare_cb);
  for (guint i = 0; params[i] != NULL; i++)
    g_string_append_printf (out, ";%s", params[i]);
  return TRUE;
}

/* --- The whole --- */

/* Behind "tel:". */
static gboolean
put_tel (GString *out, const char *text)
{
  gsize len = strcspn (text, ";"), start = out->len;
  g_autofree char *params = g_ascii_strdown (text + len, -1);
  gboolean is_local = strstr (params, ";phone-context=") != NULL;

  for (gsize i = 0; i < len; i++) {
    if (strncmp (text + i, "%23", 3) == 0 && is_local) {
      g_string_append_c (out, '#');
      i += 2;
    } else if (strchr ("-.()", text[i]) == NULL) {
      g_string_append_c (out, g_ascii_tolower (text[i]));
    }
    if (text[i] == '#')
      return FALSE;
  }
  text = out->str + start + (is_local ? 0 : out->str[start] == '+');
  if (*text == '\0' || (!is_local && out->str[start] != '+')
      || text[strspn (text, is_local ? "0123456789abcdef*#" : "0123456789")])
    return FALSE;
  return put_params (out, params);
}

/* Behind "sip:". */
static gboolean
put_sip (GString *out, const char *text, gboolean is_sip)
{
  gsize start = out->len;
  const char *at = strchr (text, '@'), *host, *rest;
  gsize len, port;

  if (at == NULL || !put_user (out, text, (gsize)(at - text)))
    return FALSE;
  g_string_append_c (out, '@');
  host = at + 1;
  len = *host == '[' ? strcspn (host, "]") : strcspn (host, "]:;?[");
  len += *host == '[' && host[len] == ']';
  rest = host + len;
  if (!put_host (out, host, len) || out->len - start > AOR_MAX
      || (!is_sip && *rest != '\0'))
    return FALSE;
  port = port_length (rest);
  if (port > 0 && strtoul (rest + 1, NULL, 10) > 65535 && port == 6)
    return FALSE;
  g_string_append_len (out, rest, (gssize)port);
  return put_params (out, rest + port);
}

char *
contact_canonical (const char *uri)
{
  static const struct {
    const char *scheme;
    gboolean is_sip;
  } schemes[] = { { "sip:", TRUE },
                  { "sips:", TRUE },
                  { "pres:", FALSE },
                  { "im:", FALSE },
                  { "xmpp:", FALSE } };
  g_autoptr (GString) out = g_string_new (NULL);

  if (strlen (uri) > URI_MAX)
    return NULL;
  if (g_ascii_strncasecmp (uri, "tel:", 4) == 0) {
    g_string_append (out, "tel:");
    return put_tel (out, uri + 4)
               ? g_string_free (g_steal_pointer (&out), FALSE)
               : NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    gsize n = strlen (schemes[i].scheme);

    if (g_ascii_strncasecmp (uri, schemes[i].scheme, n) != 0)
      continue;
    g_string_append (out, schemes[i].scheme);
    return put_sip (out, uri + n, schemes[i].is_sip)
               ? g_string_free (g_steal_pointer (&out), FALSE)
               : NULL;
  }
  return NULL;
}

char *
contact_aor (const char *canonical)
{
  const char *colon = strchr (canonical, ':');
  const char *at = strchr (canonical, '@'), *host;

  if (g_str_has_prefix (canonical, "tel:") || at == NULL)
    return NULL;
  host = at + 1;
  host += *host == '[' ? strcspn (host, "]") + 1 : strcspn (host, ":;");
  return g_strndup (colon + 1, (gsize)(host - colon - 1));
}
