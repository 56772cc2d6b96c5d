/* SPDX-License-Identifier: ISC
 *
 * JIDs, and between them and SIP addresses (RFC 7247 section 6, XEP-0106).  What
 * may stand in a part is decided in jid-prepare.c. */
#include "addr/xmpp.h"

#include <string.h>

#include "addr/aor.h"
#include "addr/escape.h"
#include "addr/xmpp-priv.h"
#include "base/error.h"

void
jid_free (Jid *self)
{
  if (self == NULL)
    return;
  g_free (self->local);
  g_free (self->domain);
  g_free (self->resource);
  g_free (self);
}

static gboolean
refuse (const char *text, const char *why, RcError code, GError **error)
{
  g_autofree char *start = g_strndup (text, 80);
  g_autofree char *shown = g_strescape (start, NULL);

  g_set_error (error, RC_ERROR, code, "\"%s\": %s", shown, why);
  return FALSE;
}

/* Where the parts of a JID are (RFC 7622 3.2: the first '/' ends the domain, an
 * '@' behind it is none of ours). */
typedef struct {
  const char *local, *domain, *resource; /* NULL: absent */
  gsize local_len, domain_len;
} Parts;

static Parts
split (const char *text)
{
  gsize bare = strcspn (text, "/");
  const char *at = memchr (text, '@', bare);
  Parts parts = { .domain = text, .domain_len = bare };

  if (at != NULL) {
    parts.local = text;
    parts.local_len = (gsize)(at - text);
    parts.domain = at + 1;
    parts.domain_len = bare - parts.local_len - 1;
  }
  if (text[bare] == '/')
    parts.resource = text + bare + 1;
  return parts;
}

static gboolean
is_too_long (const Parts *parts)
{
  return parts->local_len > JID_PART_MAX || parts->domain_len > JID_PART_MAX
         || (parts->resource != NULL
             && strlen (parts->resource) > JID_PART_MAX);
}

gboolean
jid_parse (const char *text, Jid **out, GError **error)
{
  Parts parts = split (text);
  g_autoptr (Jid) self = g_new0 (Jid, 1);

  if (is_too_long (&parts))
    return refuse (text, "a part of the JID is too long", RC_ERROR_BOUND,
                   error);
  self->domain = jid_prepare_domain (parts.domain, parts.domain_len);
  if (self->domain == NULL)
    return refuse (text, "the JID's domain is not valid", RC_ERROR_SYNTAX,
                   error);
  if (parts.local != NULL) {
    self->local = jid_prepare_local (parts.local, parts.local_len);
    if (self->local == NULL)
      return refuse (text, "the JID's local part is not valid", RC_ERROR_SYNTAX,
                     error);
  }
  if (parts.resource != NULL) {
    self->resource
        = jid_prepare_opaque (parts.resource, strlen (parts.resource));
    if (self->resource == NULL)
      return refuse (text, "the JID's resource is not valid", RC_ERROR_SYNTAX,
                     error);
  }
  *out = g_steal_pointer (&self);
  return TRUE;
}

char *
jid_bare (const Jid *self)
{
  return g_strconcat (self->local != NULL ? self->local : "",
                      self->local != NULL ? "@" : "", self->domain, NULL);
}

char *
jid_to_string (const Jid *self)
{
  g_autofree char *bare = jid_bare (self);

  if (self->resource == NULL)
    return g_steal_pointer (&bare);
  return g_strconcat (bare, "/", self->resource, NULL);
}

char *
jid_domain (const char *jid)
{
  Parts parts = split (jid);

  return g_strndup (parts.domain, parts.domain_len);
}

char *
jid_bare_of (const char *jid)
{
  return g_strndup (jid, strcspn (jid, "/"));
}

char *
jid_resource (const char *jid)
{
  return g_strdup (split (jid).resource);
}

/* XEP-0106 3.2 */
static const struct {
  char character;
  const char *hex;
} escapes[] = { { ' ', "20" }, { '"', "22" }, { '&', "26" }, { '\'', "27" },
                { '/', "2f" }, { ':', "3a" }, { '<', "3c" }, { '>', "3e" },
                { '@', "40" }, { '\\', "5c" } };

/* The character that the escape at p stands for; '\0': it is none. */
static char
unescaped (const char *p)
{
  for (guint i = 0; *p == '\\' && i < G_N_ELEMENTS (escapes); i++)
    if (strncmp (p + 1, escapes[i].hex, 2) == 0)
      return escapes[i].character;
  return '\0';
}

/* A backslash stays as it is unless it would begin an escape. */
static const char *
escape_for (const char *p)
{
  if (*p == '\\' && unescaped (p) == '\0')
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (escapes); i++)
    if (escapes[i].character == *p)
      return escapes[i].hex;
  return NULL;
}

static gboolean
has_space_at_end (const char *user)
{
  return user[0] == ' ' || g_str_has_suffix (user, " ");
}

/* NULL: a space at an end, which XEP-0106 4.1 has no way to write. */
static char *
escape_local (const char *user)
{
  GString *out;

  if (*user == '\0' || has_space_at_end (user))
    return NULL;
  out = g_string_sized_new (strlen (user) + 8);
  for (const char *p = user; *p != '\0'; p++) {
    const char *hex = escape_for (p);

    if (hex != NULL)
      g_string_append_printf (out, "\\%s", hex);
    else
      g_string_append_c (out, *p);
  }
  return g_string_free (out, FALSE);
}

static char *
unescape_local (const char *local)
{
  GString *out = g_string_sized_new (strlen (local));

  for (const char *p = local; *p != '\0'; p++) {
    char c = unescaped (p);

    g_string_append_c (out, c != '\0' ? c : *p);
    if (c != '\0')
      p += 2;
  }
  return g_string_free (out, FALSE);
}

/* escaped: a user part with %-escapes; what: for the error. */
static gboolean
build (const char *what, const char *escaped, const char *host,
       const char *resource, char **out, GError **error)
{
  g_autofree char *user = NULL, *local = NULL;
  g_autoptr (Jid) jid = g_new0 (Jid, 1);

  user = escaped != NULL ? escape_undo (escaped) : NULL;
  local = user != NULL ? escape_local (user) : NULL;
  if (local != NULL)
    jid->local = jid_prepare_local (local, strlen (local));
  if (jid->local == NULL)
    return refuse (what, "XMPP has no way to write this user", RC_ERROR_SYNTAX,
                   error);
  jid->domain = jid_prepare_domain (host, strlen (host));
  if (jid->domain == NULL)
    return refuse (what, "XMPP has no way to write this domain",
                   RC_ERROR_SYNTAX, error);
  if (resource != NULL && *resource != '\0') {
    jid->resource = jid_prepare_opaque (resource, strlen (resource));
    if (jid->resource == NULL)
      return refuse (what, "XMPP has no way to write this instance",
                     RC_ERROR_SYNTAX, error);
  }
  *out = jid_to_string (jid);
  return TRUE;
}

gboolean
jid_from_uri (const Uri *uri, char **out, GError **error)
{
  g_autofree char *text = uri_to_string (uri);

  if (uri_scheme (uri) == URI_TEL)
    return refuse (text, "a telephone number has no JID", RC_ERROR_SYNTAX,
                   error);
  return build (text, uri_user (uri), uri_host (uri), uri_param (uri, "gr"),
                out, error);
}

gboolean
jid_from_aor (const char *aor, const char *resource, char **out, GError **error)
{
  g_autofree char *user = aor_user (aor);

  return build (aor, user, aor_domain (aor), resource, out, error);
}

/* The host as SIP has it: A-labels. */
static char *
sip_host (const char *domain)
{
  return g_str_is_ascii (domain) ? g_ascii_strdown (domain, -1)
                                 : g_hostname_to_ascii (domain);
}

/* As the grammar of a SIP user wants it; what is a '%' here is none there.
 * NULL: there would be no way back. */
static char *
sip_user (const char *local, const char *allowed)
{
  g_autofree char *user = unescape_local (local);
  GString *out;

  if (has_space_at_end (user))
    return NULL;
  out = g_string_sized_new (strlen (user) + 8);

  g_string_append_uri_escaped (out, user, allowed, FALSE);
  return g_string_free (out, FALSE);
}

#define MARKS "-_.!~*'()"

gboolean
jid_to_uri (const char *text, char **out, GError **error)
{
  g_autofree char *host = NULL, *user = NULL, *resource = NULL;
  g_autoptr (Jid) jid = NULL;

  if (!jid_parse (text, &jid, error))
    return FALSE;
  host = sip_host (jid->domain);
  if (host == NULL)
    return refuse (text, "SIP has no way to write this domain", RC_ERROR_SYNTAX,
                   error);
  if (jid->local != NULL
      && (user = sip_user (jid->local, MARKS ESCAPE_USER)) == NULL)
    return refuse (text, "the JID has \"\\20\" at an end", RC_ERROR_SYNTAX,
                   error);
  if (jid->resource != NULL)
    resource = g_uri_escape_string (jid->resource, MARKS ESCAPE_PARAM, FALSE);
  *out = g_strconcat ("sip:", user != NULL ? user : "", user != NULL ? "@" : "",
                      host, resource != NULL ? ";gr=" : "", resource, NULL);
  return TRUE;
}

gboolean
jid_to_aor (const char *text, char **out, GError **error)
{
  g_autofree char *bare = jid_bare_of (text), *uri = NULL;

  if (!jid_to_uri (bare, &uri, error))
    return FALSE;
  return aor_parse (uri, out, error);
}
