/* SPDX-License-Identifier: ISC
 *
 * The list of headers that stay behind, and the lines of the others (RFC 3261
 * 7.3.1, 20; RFC 3428 9). */
#include "sip/describe.h"
#include "sip/forward.h"
#include "sip/text.h"

#include <string.h>

static const char *const left_out[] = {
  /* hops */
  "Via", "v", "Route", "Record-Route", "Max-Forwards", "Path", "Service-Route",
  "Proxy-Authenticate", "Proxy-Authentication-Info", "Security-Client",
  "Security-Server", "Security-Verify", "Timestamp",
  /* proofs */
  "Authorization", "Proxy-Authorization", "WWW-Authenticate",
  "Authentication-Info",
  /* extensions */
  "Require", "Proxy-Require", "Supported", "k", "Unsupported",
  /* RFC 3428 4: a MESSAGE has none */
  "Contact", "m",
  /* fields of SipMessage */
  "Call-ID", "i", "CSeq", "Date", "Expires", "Content-Type", "c",
  "Content-Length", "l"
};

/* Those that begin with P- are for a network's own proxies (RFC 3455, 5503). */
static gboolean
is_private (const char *name, gsize len)
{
  static const char asserted[] = "P-Asserted-Identity";

  return len > 2 && g_ascii_strncasecmp (name, "P-", 2) == 0
         && !(len == strlen (asserted)
              && g_ascii_strncasecmp (name, asserted, len) == 0);
}

gboolean
describe_is_left_out (const char *name, gsize len)
{
  char first = len > 0 ? g_ascii_toupper (name[0]) : '\0';

  for (guint i = 0; i < G_N_ELEMENTS (left_out); i++)
    if (g_ascii_toupper (left_out[i][0]) == first && strlen (left_out[i]) == len
        && g_ascii_strncasecmp (left_out[i], name, len) == 0)
      return TRUE;
  return is_private (name, len);
}

static void
append_line (const msg_header_t *h, GString *out)
{
  char small[512];
  g_autofree char *large = NULL;
  char *line = small;
  issize_t len = msg_header_e (small, sizeof small, h, 0);

  if (len >= (issize_t)sizeof small) {
    line = large = g_malloc (len + 1);
    len = msg_header_e (large, len + 1, h, 0);
  }
  while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
    len--;
  if (len <= 0)
    return;
  g_string_append_len (out, line, (gssize)text_unfold (line, len));
  g_string_append (out, "\r\n");
}

static const char *
name_of (const msg_header_t *h)
{
  return h->sh_class == sip_unknown_class ? ((const sip_unknown_t *)h)->un_name
                                          : h->sh_class->hc_name;
}

/* sofia keeps what is wrong or doubled in lists of their own, but in the chain
 * with the others. */
static gboolean
is_sound (const sip_t *sip, const msg_header_t *h)
{
  const char *name;

  if (h->sh_class == sip_error_class)
    return FALSE;
  if (h->sh_class->hc_kind == msg_kind_single
      && msg_header_access ((const msg_pub_t *)sip, h->sh_class) != h)
    return FALSE;
  name = name_of (h);
  return name != NULL && text_is_token (name, strlen (name));
}

static gboolean
goes_on (const sip_t *sip, const msg_header_t *h, gboolean has_identity)
{
  const char *name;

  if (!is_sound (sip, h))
    return FALSE;
  if (h->sh_class == sip_p_asserted_identity_class && !has_identity)
    return FALSE;
  name = name_of (h);
  return !describe_is_left_out (name, strlen (name));
}

char *
describe_headers (const sip_t *sip, gboolean is_trusted)
{
  const msg_header_t *h = (const msg_header_t *)sip->sip_request;
  gboolean has_identity = is_trusted && !forward_wants_privacy (sip);
  GString *out = g_string_sized_new (512);

  while ((h = h->sh_succ) != NULL && h->sh_class != sip_separator_class
         && h->sh_class != sip_payload_class)
    if (goes_on (sip, h, has_identity))
      append_line (h, out);
  return g_string_free (out, FALSE);
}
