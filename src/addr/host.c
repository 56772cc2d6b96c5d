/* SPDX-License-Identifier: ISC
 *
 * Host names and numeric addresses.  An underscore is taken in names, which
 * RFC 3261 does not allow but machines of private networks have. */
#include "addr/host.h"

#include <arpa/inet.h>
#include <string.h>

#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63

/* Is it a label; letters_out: does it start with a letter, as the last one of a
 * name must? */
static gboolean
is_label (const char *text, gsize len, gboolean *letter_out)
{
  if (len == 0 || len > LABEL_MAX_LEN || text[0] == '-' || text[len - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '-' && text[i] != '_')
      return FALSE;
  *letter_out = g_ascii_isalpha (text[0]);
  return TRUE;
}

static char *
canonical_name (const char *text, gsize len)
{
  const char *p = text, *end = text + len;
  gboolean has_letter = FALSE;

  if (len > 0 && end[-1] == '.')
    end--, len--;
  if (len == 0 || len > NAME_MAX_LEN)
    return NULL;
  while (p <= end) {
    const char *dot = memchr (p, '.', (gsize)(end - p));
    const char *stop = dot != NULL ? dot : end;

    if (!is_label (p, (gsize)(stop - p), &has_letter))
      return NULL;
    p = stop + 1;
  }
  return has_letter ? g_ascii_strdown (text, (gssize)len) : NULL;
}

static char *
canonical_address (int family, const char *text, gsize len)
{
  char in[INET6_ADDRSTRLEN], out[INET6_ADDRSTRLEN];
  struct in6_addr addr;

  if (len >= sizeof in || memchr (text, '\0', len) != NULL)
    return NULL;
  memcpy (in, text, len);
  in[len] = '\0';
  if (inet_pton (family, in, &addr) != 1)
    return NULL;
  if (family == AF_INET) /* which it takes in one spelling only */
    return g_strdup (in);
  return g_strdup (inet_ntop (family, &addr, out, sizeof out));
}

char *
host_canonical (const char *text, gsize len, HostKind *kind_out)
{
  char *host;

  if (len > 0 && text[0] == '[') {
    *kind_out = HOST_IPV6;
    if (len < 2 || text[len - 1] != ']')
      return NULL;
    return canonical_address (AF_INET6, text + 1, len - 2);
  }
  *kind_out = HOST_IPV4;
  host = len > 0 && g_ascii_isdigit (text[len - 1])
             ? canonical_address (AF_INET, text, len)
             : NULL;
  if (host != NULL)
    return host;
  *kind_out = HOST_NAME;
  return canonical_name (text, len);
}
