/* SPDX-License-Identifier: ISC
 *
 * What may stand in the parts of a JID, and their canonical form (RFC 7622
 * section 3; the PRECIS profiles UsernameCaseMapped and OpaqueString of RFC 7613,
 * without their rules for single scripts). */
#include "addr/xmpp-priv.h"
#include "addr/xmpp.h"

#include <string.h>

#include "addr/host.h"

/* RFC 7622 3.3.1 */
#define LOCAL_FORBIDDEN "\"&'/:<>@"

/* Fullwidth and halfwidth forms are what they stand for (RFC 7613 3.2.1). */
static gunichar
narrow (gunichar c)
{
  gunichar plain;

  if (((c >= 0xff01 && c <= 0xffef) || c == 0x3000)
      && g_unichar_fully_decompose (c, TRUE, &plain, 1) == 1)
    return plain;
  return c;
}

/* Does it stand for something else (RFC 7564 9.17)? */
static gboolean
has_compat (gunichar c)
{
  gunichar compat[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  gunichar canonical[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  gsize n = g_unichar_fully_decompose (c, TRUE, compat, G_N_ELEMENTS (compat));
  gsize m = g_unichar_fully_decompose (c, FALSE, canonical,
                                       G_N_ELEMENTS (canonical));

  return n != m || memcmp (compat, canonical, n * sizeof *compat) != 0;
}

/* The IdentifierClass (RFC 7564 4.2). */
static gboolean
is_identifier (gunichar c)
{
  if (c < 128)
    return c > ' ' && c < 127 && strchr (LOCAL_FORBIDDEN, (int)c) == NULL;
  switch (g_unichar_type (c)) {
  case G_UNICODE_LOWERCASE_LETTER:
  case G_UNICODE_UPPERCASE_LETTER:
  case G_UNICODE_OTHER_LETTER:
  case G_UNICODE_MODIFIER_LETTER:
  case G_UNICODE_DECIMAL_NUMBER:
  case G_UNICODE_NON_SPACING_MARK:
  case G_UNICODE_SPACING_MARK:
    return !has_compat (c);
  default:
    return FALSE;
  }
}

/* NFC of it, if that is no longer than a part may be; takes text. */
static char *
bounded (GString *text)
{
  char *out = g_utf8_normalize (text->str, (gssize)text->len, G_NORMALIZE_NFC);

  g_string_free (text, TRUE);
  if (out != NULL && *out != '\0' && strlen (out) <= JID_PART_MAX)
    return out;
  g_free (out);
  return NULL;
}

/* More could be mapped to fewer bytes, but not to so much fewer. */
static gboolean
is_text (const char *text, gsize len)
{
  return len > 0 && len <= 4 * JID_PART_MAX && memchr (text, '\0', len) == NULL
         && g_utf8_validate (text, (gssize)len, NULL);
}

char *
jid_prepare_local (const char *text, gsize len)
{
  const char *end = text + len;
  g_autoptr (GString) out = NULL;

  if (!is_text (text, len))
    return NULL;
  out = g_string_sized_new (len);
  for (const char *p = text; p < end; p = g_utf8_next_char (p)) {
    gunichar c = g_unichar_tolower (narrow (g_utf8_get_char (p)));

    if (!is_identifier (c))
      return NULL;
    g_string_append_unichar (out, c);
  }
  return bounded (g_steal_pointer (&out));
}

char *
jid_prepare_domain (const char *text, gsize len)
{
  g_autofree char *name = NULL, *unicode = NULL, *ascii = NULL;
  HostKind kind;

  if (len > 0 && text[len - 1] == '.')
    len--;
  if (!is_text (text, len) || len > JID_PART_MAX)
    return NULL;
  name = g_strndup (text, len);
  if (name[len - 1] == '.')
    return NULL;
  ascii = g_str_is_ascii (name) ? g_strdup (name) : g_hostname_to_ascii (name);
  if (ascii == NULL)
    return NULL;
  g_free (name);
  name = host_canonical (ascii, strlen (ascii), &kind);
  if (name == NULL || kind == HOST_IPV6)
    return name == NULL ? NULL : g_strdup_printf ("[%s]", name);
  unicode = g_hostname_to_unicode (name);
  if (unicode == NULL)
    return g_steal_pointer (&name);
  return g_steal_pointer (&unicode);
}

/* What stringprep and PRECIS know as not to be seen: joiners and selectors, of
 * which emoji are full. */
static gboolean
is_ignorable (gunichar c)
{
  return c == 0xad || c == 0x34f || (c >= 0x200b && c <= 0x200d)
         || (c >= 0x2060 && c <= 0x2064) || (c >= 0xfe00 && c <= 0xfe0f)
         || c == 0xfeff || (c >= 0xe0000 && c <= 0xe0fff);
}

char *
jid_prepare_opaque (const char *text, gsize len)
{
  const char *end = text + len;
  g_autoptr (GString) out = NULL;

  if (!is_text (text, len))
    return NULL;
  out = g_string_sized_new (len);
  for (const char *p = text; p < end; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (is_ignorable (c))
      continue;
    switch (g_unichar_type (c)) {
    case G_UNICODE_SPACE_SEPARATOR:
      c = ' ';
      break;
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return NULL;
    default:
      if ((c & 0xfffe) == 0xfffe)
        return NULL;
    }
    g_string_append_unichar (out, c);
  }
  return bounded (g_steal_pointer (&out));
}

char *
jid_prepare_resource (const char *text)
{
  g_autofree char *opaque = jid_prepare_opaque (text, strlen (text));
  char *stripped = opaque != NULL ? g_strstrip (opaque) : NULL;

  return stripped != NULL && *stripped != '\0' ? g_strdup (stripped) : NULL;
}
