/* SPDX-License-Identifier: ISC
 *
 * A look through a peer's markup before a parser sees it: what costs too much
 * or is not allowed at all (XML 1.0). */
#include "codec/xml-priv.h"

#include <string.h>

/* Skips from p to behind the text end; NULL when it never ends. */
static const char *
skip_to (const char *p, const char *limit, const char *end)
{
  const char *hit = g_strstr_len (p, limit - p, end);

  return hit != NULL ? hit + strlen (end) : NULL;
}

/* From behind a tag's '<' to behind its '>': counts the attributes, since the
 * parser's own work grows with their square.  NULL when it never ends. */
static const char *
skip_tag (const char *p, const char *limit, guint *attributes_out)
{
  *attributes_out = 0;
  while (p < limit && *p != '>') {
    if (*p == '=')
      ++*attributes_out;
    if (*p == '"' || *p == '\'') {
      p = memchr (p + 1, *p, limit - p - 1);
      if (p == NULL)
        return NULL;
    }
    p++;
  }
  return p < limit ? p + 1 : NULL;
}

static gboolean
starts_with (const char *p, const char *limit, const char *text)
{
  gsize n = strlen (text);

  return (gsize)(limit - p) >= n && memcmp (p, text, n) == 0;
}

XmlFault
xml_scan (const char *bytes, gsize len)
{
  const char *p = bytes, *limit = bytes + len;
  guint attributes;

  while (p != NULL && (p = memchr (p, '<', limit - p)) != NULL) {
    p++;
    if (starts_with (p, limit, "!--")) {
      p = skip_to (p + 3, limit, "-->");
    } else if (starts_with (p, limit, "![CDATA[")) {
      p = skip_to (p, limit, "]]>");
    } else if (starts_with (p, limit, "!DOCTYPE")) {
      return XML_DOCTYPE;
    } else if (starts_with (p, limit, "?")) {
      p = skip_to (p, limit, "?>");
    } else {
      p = skip_tag (p, limit, &attributes);
      if (p != NULL && attributes > XML_ATTRIBUTES_MAX)
        return XML_TOO_MANY;
    }
  }
  return XML_FINE;
}
