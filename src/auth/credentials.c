/* SPDX-License-Identifier: ISC
 *
 * Parses an Authorization header's value (RFC 7616 3.4, RFC 2617 3.2.2, RFC
 * 3261 25.1).  More tolerant than the grammar where phones are sloppy: tokens
 * may be quoted, quoted strings may be tokens, commas may be doubled. */
#include "auth/digest.h"

#include <string.h>

#include "auth/hash.h"
#include "base/error.h"

#define VALUE_MAX 4096
#define PARAMS_MAX 32

typedef struct {
  const char *p, *end;
} Cursor;

static gboolean
syntax (GError **error, const char *what)
{
  g_set_error_literal (error, RC_ERROR, RC_ERROR_SYNTAX, what);
  return FALSE;
}

static gboolean
unsupported (GError **error, const char *what)
{
  g_set_error_literal (error, RC_ERROR, RC_ERROR_UNSUPPORTED, what);
  return FALSE;
}

void
digest_credentials_free (DigestCredentials *self)
{
  if (self == NULL)
    return;
  g_free (self->username);
  g_free (self->realm);
  g_free (self->nonce);
  g_free (self->uri);
  g_free (self->response);
  g_free (self->cnonce);
  g_free (self->opaque);
  g_free (self);
}

static void
skip_space (Cursor *cursor)
{
  while (cursor->p < cursor->end && strchr (" \t\r\n", *cursor->p) != NULL)
    cursor->p++;
}

/* A token, or what stands in place of one up to a separator; NULL when there is
 * nothing. */
static char *
take_token (Cursor *cursor)
{
  const char *start = cursor->p;

  while (cursor->p < cursor->end && strchr (" \t\r\n,=\"", *cursor->p) == NULL)
    cursor->p++;
  return cursor->p == start ? NULL
                            : g_strndup (start, (gsize)(cursor->p - start));
}

/* A quoted string without quotes and escapes; NULL when it does not end. */
static char *
take_quoted (Cursor *cursor)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (cursor->p++; cursor->p < cursor->end; cursor->p++) {
    if (*cursor->p == '"') {
      cursor->p++;
      return g_string_free (g_steal_pointer (&out), FALSE);
    }
    if (*cursor->p == '\\' && ++cursor->p == cursor->end)
      break;
    if (g_ascii_iscntrl (*cursor->p))
      break;
    g_string_append_c (out, *cursor->p);
  }
  return NULL;
}

static gboolean
take_value (Cursor *cursor, char **out, GError **error)
{
  skip_space (cursor);
  if (cursor->p == cursor->end || *cursor->p != '=')
    return syntax (error, "a digest parameter without value");
  cursor->p++;
  skip_space (cursor);
  if (cursor->p < cursor->end && *cursor->p == '"')
    *out = take_quoted (cursor);
  else
    *out = take_token (cursor);
  skip_space (cursor);
  if (*out == NULL || (cursor->p < cursor->end && *cursor->p != ','))
    return syntax (error, "a digest parameter's value is malformed");
  return TRUE;
}

/* Name, in lower case, to value. */
static gboolean
take_params (Cursor *cursor, GHashTable *params, GError **error)
{
  while (TRUE) {
    g_autofree char *name = NULL, *value = NULL, *key = NULL;

    while (cursor->p < cursor->end && strchr (" \t\r\n,", *cursor->p) != NULL)
      cursor->p++;
    if (cursor->p == cursor->end)
      return TRUE;
    name = take_token (cursor);
    if (name == NULL)
      return syntax (error, "a digest parameter without name");
    if (!take_value (cursor, &value, error))
      return FALSE;
    key = g_ascii_strdown (name, -1);
    if (g_hash_table_contains (params, key))
      return syntax (error, "a digest parameter comes twice");
    if (g_hash_table_size (params) == PARAMS_MAX) {
      g_set_error_literal (error, RC_ERROR, RC_ERROR_BOUND,
                           "too many digest parameters");
      return FALSE;
    }
    g_hash_table_insert (params, g_steal_pointer (&key),
                         g_steal_pointer (&value));
  }
}

static gboolean
take_scheme (Cursor *cursor, GError **error)
{
  g_autofree char *scheme = NULL;

  skip_space (cursor);
  scheme = take_token (cursor);
  if (scheme == NULL)
    return syntax (error, "no authentication scheme");
  if (g_ascii_strcasecmp (scheme, "Digest") != 0)
    return unsupported (error, "an authentication scheme other than Digest");
  return TRUE;
}

static gboolean
read_algorithm (DigestCredentials *self, const char *word, GError **error)
{
  static const struct {
    const char *name;
    DigestAlgorithm algorithm;
    gboolean is_sess;
  } known[] = {
    { "MD5", DIGEST_MD5, FALSE },
    { "MD5-sess", DIGEST_MD5, TRUE },
    { "SHA-256", DIGEST_SHA256, FALSE },
    { "SHA-256-sess", DIGEST_SHA256, TRUE },
  };

  if (word == NULL) /* RFC 7616 3.4: MD5 is assumed */
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (known[i].name, word) == 0) {
      self->algorithm = known[i].algorithm;
      self->is_sess = known[i].is_sess;
      return TRUE;
    }
  return unsupported (error, "an unknown digest algorithm");
}

static gboolean
read_count (DigestCredentials *self, const char *nc, GError **error)
{
  if (nc == NULL || strlen (nc) != 8
      || strspn (nc, "0123456789abcdefABCDEF") != 8)
    return syntax (error, "a nonce count that is not 8 hex digits");
  self->nc = (guint32)g_ascii_strtoull (nc, NULL, 16);
  if (self->nc == 0)
    return syntax (error, "a nonce count of 0");
  g_strlcpy (self->nc_text, nc, sizeof self->nc_text);
  self->has_nc = TRUE;
  return TRUE;
}

/* Without qop it is an answer as in RFC 2069, whatever nc says (libpurple). */
static gboolean
read_qop (DigestCredentials *self, const char *qop, const char *nc,
          GError **error)
{
  if (qop == NULL)
    return !self->is_sess || self->cnonce != NULL
           || syntax (error, "a session algorithm without cnonce");
  self->has_qop = TRUE;
  self->is_auth_int = g_ascii_strcasecmp (qop, "auth-int") == 0;
  if (!self->is_auth_int && g_ascii_strcasecmp (qop, "auth") != 0)
    return unsupported (error, "an unknown quality of protection");
  if (self->cnonce == NULL)
    return syntax (error, "qop without cnonce");
  return read_count (self, nc, error);
}

static char *
steal (GHashTable *params, const char *name)
{
  char *key = NULL, *value = NULL;

  g_hash_table_steal_extended (params, name, (gpointer *)&key,
                               (gpointer *)&value);
  g_free (key);
  return value;
}

static gboolean
check_response (DigestCredentials *self, GError **error)
{
  gsize len = hash_hex_len (self->algorithm);

  for (char *p = self->response; *p != '\0'; p++)
    *p = g_ascii_tolower (*p);
  return (strlen (self->response) == len
          && strspn (self->response, "0123456789abcdef") == len)
         || syntax (error, "a response that is no hash of its algorithm");
}

static gboolean
read_params (DigestCredentials *self, GHashTable *params, GError **error)
{
  const char *userhash = g_hash_table_lookup (params, "userhash");

  self->username = steal (params, "username");
  self->realm = steal (params, "realm");
  self->nonce = steal (params, "nonce");
  self->uri = steal (params, "uri");
  self->response = steal (params, "response");
  self->cnonce = steal (params, "cnonce");
  self->opaque = steal (params, "opaque");
  if (userhash != NULL && g_ascii_strcasecmp (userhash, "true") == 0)
    return unsupported (error, "a hashed user name, which was not offered");
  if (self->username == NULL || self->realm == NULL || self->nonce == NULL
      || self->uri == NULL || self->response == NULL)
    return syntax (error, "username, realm, nonce, uri or response is missing");
  return read_algorithm (self, g_hash_table_lookup (params, "algorithm"), error)
         && read_qop (self, g_hash_table_lookup (params, "qop"),
                      g_hash_table_lookup (params, "nc"), error)
         && check_response (self, error);
}

gboolean
digest_parse (const char *value, gssize len, DigestCredentials **out,
              GError **error)
{
  gsize n = len < 0 ? strlen (value) : (gsize)len;
  Cursor cursor = { value, value + n };
  g_autoptr (DigestCredentials) self = NULL;
  g_autoptr (GHashTable) params = NULL;

  if (n > VALUE_MAX) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND,
                 "credentials longer than %d bytes", VALUE_MAX);
    return FALSE;
  }
  if (!g_utf8_validate_len (value, n, NULL)) /* NULs too */
    return syntax (error, "credentials that are not UTF-8");
  if (!take_scheme (&cursor, error))
    return FALSE;
  params = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!take_params (&cursor, params, error))
    return FALSE;
  self = g_new0 (DigestCredentials, 1);
  if (!read_params (self, params, error))
    return FALSE;
  *out = g_steal_pointer (&self);
  return TRUE;
}
