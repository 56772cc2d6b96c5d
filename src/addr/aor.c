/* SPDX-License-Identifier: ISC
 *
 * Addresses of record.  The grammar is the one of a SIP URI that has a user
 * and a host and nothing else. */
#include "addr/aor.h"

#include <string.h>

#include "addr/escape.h"
#include "addr/uri.h"
#include "base/error.h"

/* Text after "sip:" or "sips:", if it begins so. */
static const char *
without_scheme (const char *text)
{
  if (g_ascii_strncasecmp (text, "sip:", 4) == 0)
    return text + 4;
  return g_ascii_strncasecmp (text, "sips:", 5) == 0 ? text + 5 : text;
}

/* A part of the text that can be shown on a terminal. */
static char *
printable (const char *text)
{
  g_autofree char *start = g_strndup (text, 80);

  return g_strescape (start, NULL);
}

static gboolean
refuse (const char *text, const char *why, GError **error)
{
  g_autofree char *shown = printable (text);

  g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
               "\"%s\" is no address of the form user@domain: %s", shown, why);
  return FALSE;
}

/* Nearly all are like this, and need no parser: no escapes, nothing that could
 * have been written in another way. */
static gboolean
is_plain (const char *text)
{
  const char *at = text, *label;

  while (g_ascii_isalnum (*at) || *at == '.' || *at == '-' || *at == '_')
    at++;
  if (at == text || *at != '@')
    return FALSE;
  do {
    label = ++at;
    while (g_ascii_islower (*at) || g_ascii_isdigit (*at)
           || (*at == '-' && at > label && g_ascii_isalnum (at[1])))
      at++;
  } while (at > label && *at == '.');
  return *at == '\0' && at > label && g_ascii_islower (*label)
         && at - text <= AOR_MAX;
}

gboolean
aor_parse (const char *text, char **out, GError **error)
{
  g_autofree char *full = NULL, *aor = NULL;
  g_autoptr (GError) why = NULL;
  g_autoptr (Uri) uri = NULL;

  if (is_plain (without_scheme (text))) {
    *out = g_strdup (without_scheme (text));
    return TRUE;
  }
  if (strlen (text) > URI_MAX)
    return refuse (text, "it is too long", error);
  full = g_strconcat ("sip:", without_scheme (text), NULL);
  if (!uri_parse (full, -1, &uri, &why))
    return refuse (text, why->message, error);
  if (uri_user (uri) == NULL)
    return refuse (text, "there is no user", error);
  if (!uri_is_bare (uri))
    return refuse (text, "no password, port or parameter may be there", error);
  aor = uri_aor (uri);
  if (strlen (aor) > AOR_MAX)
    return refuse (text, "it is too long", error);
  *out = g_steal_pointer (&aor);
  return TRUE;
}

char *
aor_key (const char *aor)
{
  return g_ascii_strdown (aor, -1);
}

const char *
aor_domain (const char *aor)
{
  const char *at = strrchr (aor, '@');

  return at == NULL ? aor : at + 1;
}

char *
aor_user (const char *aor)
{
  const char *at = strrchr (aor, '@');

  return at == NULL ? g_strdup ("") : g_strndup (aor, (gsize)(at - aor));
}

/* Letters of either case fall together with this bit, and some other characters
 * with each other, which a hash may do. */
#define FOLD 0x2020202020202020u
#define MIX 0x9e3779b97f4a7c15u /* 2^64 by the golden ratio, as of Knuth */

guint
aor_hash (gconstpointer aor)
{
  const char *p = aor;
  gsize len = strlen (p);
  guint64 hash = len, word;

  for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
    memcpy (&word, p, sizeof word);
    hash = (hash ^ (word | FOLD)) * MIX;
    hash ^= hash >> 32;
  }
  word = 0;
  memcpy (&word, p, len);
  hash = (hash ^ (word | FOLD)) * MIX;
  return (guint)(hash >> 32);
}

gboolean
aor_equal (gconstpointer a, gconstpointer b)
{
  /* nearly always in the canonical spelling */
  return strcmp (a, b) == 0 || g_ascii_strcasecmp (a, b) == 0;
}

char *
aor_to_uri (const char *aor)
{
  const char *domain = aor_domain (aor);
  g_autofree char *user = NULL, *escaped = NULL;

  if (domain == aor)
    return g_strconcat ("sip:", aor, NULL);
  user = aor_user (aor);
  escaped = escape_from_aor (user);
  return g_strconcat ("sip:", escaped, "@", domain, NULL);
}
