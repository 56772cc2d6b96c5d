/* SPDX-License-Identifier: ISC
 *
 * Bytes to Uri: the grammars of RFC 3261 25.1 (SIP, SIPS) and RFC 3966 (tel),
 * in one pass over each component.  Values of parameters are not judged. */
#include "addr/uri-priv.h"

#include <string.h>

#include "addr/escape.h"
#include "base/error.h"

/* A piece of the text that is parsed. */
typedef struct {
  const char *text;
  gsize len;
} Slice;

static gboolean
syntax (GError **error, const char *what)
{
  g_set_error_literal (error, RC_ERROR, RC_ERROR_SYNTAX, what);
  return FALSE;
}

/* Takes what comes before the first of the one or two characters in stops (all
 * of it when there is none) off the front of rest; the character found stays
 * there. */
static Slice
take_until (Slice *rest, const char *stops)
{
  Slice head = { rest->text, 0 };
  char last = stops[0] != '\0' && stops[1] != '\0' ? stops[1] : stops[0];

  while (head.len < rest->len && head.text[head.len] != stops[0]
         && head.text[head.len] != last)
    head.len++;
  rest->text += head.len;
  rest->len -= head.len;
  return head;
}

static void
skip (Slice *rest, gsize n)
{
  rest->text += n;
  rest->len -= n;
}

const UriPair *
uri_pairs_find (const UriPairs *pairs, const char *name)
{
  for (guint i = 0; i < pairs->n; i++)
    if (g_ascii_strcasecmp (pairs->items[i].name, name) == 0)
      return &pairs->items[i];
  return NULL;
}

static void
pairs_clear (UriPairs *pairs)
{
  for (guint i = 0; i < pairs->n; i++) {
    g_free (pairs->items[i].name);
    g_free (pairs->items[i].value);
    g_free (pairs->items[i].plain);
  }
  g_free (pairs->items);
}

void
uri_free (Uri *self)
{
  if (self == NULL)
    return;
  g_free (self->user);
  g_free (self->password);
  g_free (self->host);
  pairs_clear (&self->params);
  pairs_clear (&self->headers);
  g_free (self);
}

/* The next free pair, made; NULL at the bound. */
static UriPair *
pairs_add (UriPairs *pairs, GError **error)
{
  if (pairs->n == URI_PAIRS_MAX) {
    g_set_error_literal (error, RC_ERROR, RC_ERROR_BOUND,
                         "too many parameters in a URI");
    return NULL;
  }
  pairs->items = g_renew (UriPair, pairs->items, pairs->n + 1);
  memset (&pairs->items[pairs->n], 0, sizeof (UriPair));
  return &pairs->items[pairs->n++];
}

/* Splits "name=value"; value_out->text is NULL without '='. */
static char *
pair_name (Slice pair, const char *extra, Slice *value_out)
{
  Slice name = take_until (&pair, "=");
  g_autofree char *canonical = escape_canonical (name.text, name.len, extra);

  *value_out = (Slice){ NULL, 0 };
  if (pair.len > 0) {
    skip (&pair, 1);
    *value_out = pair;
  }
  if (canonical == NULL || canonical[0] == '\0')
    return NULL;
  return g_ascii_strdown (canonical, -1);
}

static gboolean
parse_param (UriPairs *params, Slice text, GError **error)
{
  Slice value;
  g_autofree char *name = pair_name (text, ESCAPE_PARAM, &value);
  UriPair *pair;

  if (name == NULL)
    return syntax (error, "a URI parameter's name is malformed");
  if (uri_pairs_find (params, name) != NULL)
    return syntax (error, "a URI parameter comes twice");
  pair = pairs_add (params, error);
  if (pair == NULL)
    return FALSE;
  pair->name = g_steal_pointer (&name);
  if (value.text == NULL) {
    pair->plain = g_strdup ("");
    return TRUE;
  }
  pair->value = escape_canonical (value.text, value.len, ESCAPE_PARAM);
  if (pair->value == NULL || pair->value[0] == '\0')
    return syntax (error, "a URI parameter's value is malformed");
  pair->plain = escape_undo (pair->value);
  if (pair->plain == NULL)
    return syntax (error, "a control character in a URI parameter");
  return TRUE;
}

/* ";name=value;name" up to the end or stop. */
static gboolean
parse_params (Uri *self, Slice *rest, const char *stops, GError **error)
{
  while (rest->len > 0 && rest->text[0] == ';') {
    skip (rest, 1);
    if (!parse_param (&self->params, take_until (rest, stops), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse_header (UriPairs *headers, Slice text, GError **error)
{
  Slice value;
  g_autofree char *name = pair_name (text, ESCAPE_HEADER, &value);
  UriPair *pair;

  if (name == NULL || value.text == NULL)
    return syntax (error, "a URI header is not name=value");
  pair = pairs_add (headers, error);
  if (pair == NULL)
    return FALSE;
  pair->name = g_steal_pointer (&name);
  pair->value = escape_canonical (value.text, value.len, ESCAPE_HEADER);
  if (pair->value == NULL)
    return syntax (error, "a URI header's value is malformed");
  return TRUE;
}

/* "?name=value&name=value" */
static gboolean
parse_headers (Uri *self, Slice *rest, GError **error)
{
  while (rest->len > 0) {
    skip (rest, 1);
    if (!parse_header (&self->headers, take_until (rest, "&"), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse_userinfo (Uri *self, Slice info, GError **error)
{
  Slice user = take_until (&info, ":");

  self->user = escape_canonical (user.text, user.len, ESCAPE_USER);
  if (self->user == NULL || self->user[0] == '\0')
    return syntax (error, "the URI's user part is malformed");
  if (info.len == 0)
    return TRUE;
  skip (&info, 1);
  self->password = escape_canonical (info.text, info.len, ESCAPE_PASSWORD);
  return self->password != NULL
         || syntax (error, "the URI's password is malformed");
}

static gboolean
parse_port (Uri *self, Slice digits, GError **error)
{
  guint port = 0;

  for (gsize i = 0; i < digits.len; i++) {
    if (!g_ascii_isdigit (digits.text[i]) || port > 65535)
      return syntax (error, "the URI's port is malformed");
    port = port * 10 + (guint)(digits.text[i] - '0');
  }
  if (port == 0 || port > 65535)
    return syntax (error, "the URI's port is not within 1 to 65535");
  self->port = port;
  return TRUE;
}

static gboolean
parse_hostport (Uri *self, Slice text, GError **error)
{
  gboolean is_reference = text.len > 0 && text.text[0] == '[';
  Slice host = take_until (&text, is_reference ? "]" : ":");

  if (is_reference && text.len > 0) {
    host.len++;
    skip (&text, 1);
  }
  self->host = host_canonical (host.text, host.len, &self->host_kind);
  if (self->host == NULL)
    return syntax (error, "the URI's host is missing or malformed");
  if (text.len == 0)
    return TRUE;
  if (text.text[0] != ':')
    return syntax (error, "the URI's host is malformed");
  skip (&text, 1);
  return parse_port (self, text, error);
}

/* The only '@' that may stand unescaped is the one before the host, while ';'
 * and '?' may stand in the user part. */
static gboolean
parse_sip (Uri *self, Slice rest, GError **error)
{
  const char *at = memchr (rest.text, '@', rest.len);

  if (at != NULL) {
    gsize len = (gsize)(at - rest.text);

    if (!parse_userinfo (self, (Slice){ rest.text, len }, error))
      return FALSE;
    skip (&rest, len + 1);
  }
  return parse_hostport (self, take_until (&rest, ";?"), error)
         && parse_params (self, &rest, ";?", error)
         && parse_headers (self, &rest, error);
}

/* Digits without their visual separators, in upper case; NULL when there is
 * none or something else among them.  "%23" is the '#' that RFC 3986 lets
 * nobody write. */
static char *
phone_digits (Slice text, const char *digits)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (gsize i = 0; i < text.len; i++) {
    char c = g_ascii_toupper (text.text[i]);

    if (c == '%' && text.len - i >= 3 && !memcmp (text.text + i, "%23", 3)) {
      c = '#';
      i += 2;
    }
    if (c != '\0' && strchr (digits, c) != NULL)
      g_string_append_c (out, c);
    else if (c == '\0' || strchr ("-.()", c) == NULL)
      return NULL;
  }
  return out->len == 0 ? NULL : g_string_free (g_steal_pointer (&out), FALSE);
}

/* A number's context is a domain or a global number's beginning: both get the
 * spelling by which RFC 3966 section 4 compares them. */
static gboolean
fix_context (UriPair *context, GError **error)
{
  const char *text = context->plain;
  HostKind kind;
  char *canonical;

  if (text[0] == '+') {
    Slice digits = { text + 1, strlen (text + 1) };
    g_autofree char *number = phone_digits (digits, "0123456789");

    canonical = number == NULL ? NULL : g_strconcat ("+", number, NULL);
  } else
    canonical = host_canonical (text, strlen (text), &kind);
  if (canonical == NULL)
    return syntax (error, "the tel URI's phone-context is malformed");
  g_free (context->plain);
  g_free (context->value);
  context->plain = canonical;
  context->value = g_strdup (canonical);
  return TRUE;
}

static gboolean
parse_tel (Uri *self, Slice rest, GError **error)
{
  Slice number = take_until (&rest, ";");
  gboolean is_global = number.len > 0 && number.text[0] == '+';
  g_autofree char *digits = NULL;
  UriPair *context;

  if (is_global)
    skip (&number, 1);
  digits
      = phone_digits (number, is_global ? "0123456789" : "0123456789ABCDEF*#");
  if (digits == NULL)
    return syntax (error, "the tel URI's number is malformed");
  self->user = g_strconcat (is_global ? "+" : "", digits, NULL);
  if (!parse_params (self, &rest, ";", error))
    return FALSE;
  context = (UriPair *)uri_pairs_find (&self->params, "phone-context");
  if (is_global)
    return context == NULL
           || syntax (error, "a phone-context at a global number");
  if (context == NULL)
    return syntax (error, "a local number without phone-context");
  return fix_context (context, error);
}

/* Takes "scheme:" off the front. */
static gboolean
parse_scheme (Slice *rest, UriScheme *out, GError **error)
{
  static const char *const names[]
      = { [URI_SIP] = "sip", [URI_SIPS] = "sips", [URI_TEL] = "tel" };
  Slice name = take_until (rest, ":");

  if (rest->len == 0 || name.len == 0 || !g_ascii_isalpha (name.text[0]))
    return syntax (error, "a URI without scheme");
  skip (rest, 1);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i]) == name.len
        && g_ascii_strncasecmp (names[i], name.text, name.len) == 0) {
      *out = (UriScheme)i;
      return TRUE;
    }
  for (gsize i = 0; i < name.len; i++)
    if (!g_ascii_isalnum (name.text[i]) && !strchr ("+-.", name.text[i]))
      return syntax (error, "a URI without scheme");
  g_set_error_literal (error, RC_ERROR, RC_ERROR_UNSUPPORTED,
                       "a URI scheme other than sip, sips and tel");
  return FALSE;
}

gboolean
uri_parse (const char *text, gssize len, Uri **out, GError **error)
{
  Slice rest = { text, len < 0 ? strlen (text) : (gsize)len };
  g_autoptr (Uri) self = NULL;
  UriScheme scheme = URI_SIP;

  if (rest.len > URI_MAX) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "a URI longer than %d bytes",
                 URI_MAX);
    return FALSE;
  }
  if (!g_utf8_validate_len (text, rest.len, NULL))
    return syntax (error, "a URI that is not UTF-8");
  if (!parse_scheme (&rest, &scheme, error))
    return FALSE;
  self = g_new0 (Uri, 1);
  self->scheme = scheme;
  if (!(scheme == URI_TEL ? parse_tel (self, rest, error)
                          : parse_sip (self, rest, error)))
    return FALSE;
  *out = g_steal_pointer (&self);
  return TRUE;
}
