/* SPDX-License-Identifier: ISC
 *
 * What one asks a parsed URI, how it is written, and when two are equal (RFC
 * 3261 19.1.4, RFC 3966 section 4). */
#include "addr/uri-priv.h"

#include <string.h>

#include "addr/escape.h"

static const char *const scheme_names[]
    = { [URI_SIP] = "sip", [URI_SIPS] = "sips", [URI_TEL] = "tel" };

UriScheme
uri_scheme (const Uri *self)
{
  return self->scheme;
}

const char *
uri_user (const Uri *self)
{
  return self->user;
}

const char *
uri_host (const Uri *self)
{
  return self->host;
}

guint
uri_port (const Uri *self)
{
  return self->port;
}

gboolean
uri_host_is_numeric (const Uri *self)
{
  return self->host != NULL && self->host_kind != HOST_NAME;
}

const char *
uri_param (const Uri *self, const char *name)
{
  const UriPair *pair = uri_pairs_find (&self->params, name);

  return pair == NULL ? NULL : pair->plain;
}

gboolean
uri_is_bare (const Uri *self)
{
  return self->password == NULL && self->port == 0 && self->params.n == 0
         && self->headers.n == 0;
}

static void
append_host (const Uri *self, GString *out)
{
  if (self->host_kind == HOST_IPV6)
    g_string_append_printf (out, "[%s]", self->host);
  else
    g_string_append (out, self->host);
}

char *
uri_aor (const Uri *self)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *user = NULL;

  if (self->scheme == URI_TEL)
    return g_strdup (self->user);
  if (self->user != NULL) {
    user = escape_to_aor (self->user);
    g_string_append_printf (out, "%s@", user);
  }
  append_host (self, out);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
append_pair (GString *out, char separator, const UriPair *pair)
{
  g_string_append_c (out, separator);
  g_string_append (out, pair->name);
  if (pair->value != NULL)
    g_string_append_printf (out, "=%s", pair->value);
}

/* "scheme:user:password@host:port" */
static GString *
address (const Uri *self)
{
  GString *out = g_string_new (scheme_names[self->scheme]);

  g_string_append_c (out, ':');
  if (self->user != NULL)
    g_string_append (out, self->user);
  if (self->password != NULL)
    g_string_append_printf (out, ":%s", self->password);
  if (self->scheme == URI_TEL)
    return out;
  if (self->user != NULL)
    g_string_append_c (out, '@');
  append_host (self, out);
  if (self->port != 0)
    g_string_append_printf (out, ":%u", self->port);
  return out;
}

char *
uri_to_string (const Uri *self)
{
  GString *out = address (self);

  for (guint i = 0; i < self->params.n; i++)
    append_pair (out, ';', &self->params.items[i]);
  for (guint i = 0; i < self->headers.n; i++)
    append_pair (out, i == 0 ? '?' : '&', &self->headers.items[i]);
  return g_string_free (out, FALSE);
}

static int
compare_pairs (gconstpointer a, gconstpointer b)
{
  const UriPair *left = *(UriPair *const *)a, *right = *(UriPair *const *)b;
  int order = strcmp (left->name, right->name);

  return order != 0 ? order
                    : g_ascii_strcasecmp (left->value ? left->value : "",
                                          right->value ? right->value : "");
}

/* Of the parameters that make two URIs different when only one has them; and
 * gr, without which a GRUU would be its AoR. */
static gboolean
is_significant (const char *name)
{
  static const char *const names[]
      = { "user", "ttl", "method", "maddr", "transport", "gr", NULL };

  return g_strv_contains (names, name);
}

static void
append_sorted (GString *out, char separator, const UriPairs *pairs,
               gboolean is_all)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();

  for (guint i = 0; i < pairs->n; i++)
    if (is_all || is_significant (pairs->items[i].name))
      g_ptr_array_add (sorted, &pairs->items[i]);
  g_ptr_array_sort (sorted, compare_pairs);
  for (guint i = 0; i < sorted->len; i++) {
    const UriPair *pair = sorted->pdata[i];
    g_autofree char *value
        = pair->value == NULL ? NULL : g_ascii_strdown (pair->value, -1);

    append_pair (out, separator, &(UriPair){ pair->name, value, NULL });
  }
}

char *
uri_key (const Uri *self)
{
  GString *out = address (self);

  append_sorted (out, ';', &self->params, self->scheme == URI_TEL);
  append_sorted (out, '?', &self->headers, TRUE);
  return g_string_free (out, FALSE);
}

static gboolean
is_same_value (const UriPair *a, const UriPair *b)
{
  if (a->value == NULL || b->value == NULL)
    return a->value == b->value;
  return g_ascii_strcasecmp (a->value, b->value) == 0;
}

/* What must stand in both URIs when it stands in one. */
static gboolean
is_never_ignored (const Uri *self, const char *name)
{
  return self->scheme == URI_TEL
         || (is_significant (name) && strcmp (name, "gr") != 0);
}

/* Do a's parameters agree with b's? */
static gboolean
params_agree (const Uri *a, const Uri *b)
{
  for (guint i = 0; i < a->params.n; i++) {
    const UriPair *pair = &a->params.items[i];
    const UriPair *other = uri_pairs_find (&b->params, pair->name);

    if (other == NULL ? is_never_ignored (a, pair->name)
                      : !is_same_value (pair, other))
      return FALSE;
  }
  return TRUE;
}

static gboolean
headers_agree (const Uri *a, const Uri *b)
{
  g_autoptr (GString) left = g_string_new (NULL);
  g_autoptr (GString) right = g_string_new (NULL);

  append_sorted (left, '?', &a->headers, TRUE);
  append_sorted (right, '?', &b->headers, TRUE);
  return g_string_equal (left, right);
}

gboolean
uri_equal (const Uri *a, const Uri *b)
{
  return a->scheme == b->scheme && g_strcmp0 (a->user, b->user) == 0
         && g_strcmp0 (a->password, b->password) == 0
         && g_strcmp0 (a->host, b->host) == 0 && a->port == b->port
         && params_agree (a, b) && params_agree (b, a) && headers_agree (a, b);
}
