/* SPDX-License-Identifier: ISC
 *
 * If-Match and If-None-Match (RFC 9110 13.1.1, 13.1.2, 13.2.2).  Our entity
 * tags are strong ones. */
#include "xcap/xcap-priv.h"

#include <string.h>

/* An entity tag of a list. */
typedef struct {
  const char *text; /* without quotes */
  gsize len;
  gboolean is_weak;
} Tag;

static const char *
skip (const char *p)
{
  while (*p == ' ' || *p == '\t' || *p == ',')
    p++;
  return p;
}

/* The next tag of a list; *at moves behind it.  FALSE: there is none, or (*at
 * is not at the end) it is malformed. */
static gboolean
next_tag (const char **at, Tag *out)
{
  const char *p = skip (*at), *end;

  *at = p;
  if (*p == '\0')
    return FALSE;
  out->is_weak = p[0] == 'W' && p[1] == '/';
  if (out->is_weak)
    p += 2;
  if (*p == '"') {
    end = strchr (p + 1, '"');
    if (end == NULL)
      return FALSE;
    *out = (Tag){ p + 1, end - p - 1, out->is_weak };
    end++;
  } else {
    end = p + strcspn (p, " \t,\"");
    *out = (Tag){ p, end - p, out->is_weak };
  }
  if (strchr (" \t,", *end) == NULL) /* '\0' is found */
    return FALSE;
  *at = end;
  return TRUE;
}

static gboolean
is_any (const char *header)
{
  const char *p = header + strspn (header, " \t");

  return *p == '*' && p[1 + strspn (p + 1, " \t")] == '\0';
}

gboolean
condition_is_valid (const char *header)
{
  const char *at = header;
  Tag tag;
  guint n = 0;

  if (header == NULL || is_any (header))
    return TRUE;
  while (next_tag (&at, &tag))
    n++;
  return *at == '\0' && n > 0;
}

/* Does header name etag?  Weak tags count where is_weak_fine (RFC 9110
 * 8.8.3.2). */
static gboolean
names (const char *header, const char *etag, gboolean is_weak_fine)
{
  const char *at = header;
  Tag tag;

  if (etag == NULL)
    return FALSE;
  if (is_any (header))
    return TRUE;
  while (next_tag (&at, &tag))
    if (tag.len == strlen (etag) && memcmp (tag.text, etag, tag.len) == 0
        && (is_weak_fine || !tag.is_weak))
      return TRUE;
  return FALSE;
}

Condition
condition_check (const char *if_match, const char *if_none_match,
                 const char *etag, gboolean is_read)
{
  if (if_match != NULL && !names (if_match, etag, FALSE))
    return CONDITION_FAILED;
  if (if_none_match != NULL && names (if_none_match, etag, TRUE))
    return is_read ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
  return CONDITION_MET;
}
