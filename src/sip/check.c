/* SPDX-License-Identifier: ISC
 *
 * The table of checks.  They run in order; each may rely on those before it. */
#include "sip/check.h"
#include "sip/parser.h"
#include "sip/value.h"

#include <string.h>

/* The longest header field, in bytes. */
#define FIELD_MAX 8192
/* The longest Call-ID, tag and branch. */
#define ID_MAX 256

typedef struct {
  sip_t *sip;
  const CheckLimits *limits;
  Checked *out;
} Check;

void
checked_clear (Checked *self)
{
  g_clear_pointer (&self->uri, uri_free);
  g_clear_pointer (&self->from, uri_free);
  g_clear_pointer (&self->to, uri_free);
}

static gboolean
is_other_version (const Check *check)
{
  const sip_request_t *line = check->sip->sip_request;

  return line->rq_version == NULL || parser_hid_version (line);
}

static gboolean
lacks_header (const Check *check)
{
  const sip_t *sip = check->sip;

  return sip->sip_via == NULL || sip->sip_from == NULL || sip->sip_to == NULL
         || sip->sip_call_id == NULL || sip->sip_cseq == NULL;
}

/* Does anything we do depend on this header? Others may be as wrong as they
 * like (RFC 3261 16.3 step 1). */
static gboolean
is_heeded (const char *name)
{
  static const char *const names[] = { "Accept",
                                       "Authorization",
                                       "Call-ID",
                                       "Contact",
                                       "Content-Length",
                                       "Content-Type",
                                       "CSeq",
                                       "Event",
                                       "Expires",
                                       "From",
                                       "Max-Forwards",
                                       "P-Asserted-Identity",
                                       "Path",
                                       "Proxy-Authorization",
                                       "Proxy-Require",
                                       "Record-Route",
                                       "Require",
                                       "Route",
                                       "SIP-If-Match",
                                       "Subscription-State",
                                       "Supported",
                                       "To",
                                       "Via",
                                       NULL };

  for (guint i = 0; names[i] != NULL; i++)
    if (g_ascii_strcasecmp (names[i], name) == 0)
      return TRUE;
  return FALSE;
}

/* sofia puts there what it could not parse, and each second one of a header
 * that may come once only; the name is NULL for a line that is no header. */
static gboolean
has_bad_header (const Check *check)
{
  const msg_header_t *h = (const msg_header_t *)check->sip->sip_error;

  if ((check->sip->sip_flags & (MSG_FLG_ERROR | MSG_FLG_TRUNC)) != 0)
    return TRUE;
  for (; h != NULL; h = h->sh_next) {
    const char *name = h->sh_class == sip_error_class
                           ? ((const sip_error_t *)h)->er_name
                           : h->sh_class->hc_name;

    if (name == NULL || is_heeded (name))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_truncated (const Check *check)
{
  const sip_t *sip = check->sip;
  gsize len = sip->sip_payload != NULL ? sip->sip_payload->pl_len : 0;

  return sip->sip_separator == NULL
         || (sip->sip_content_length != NULL
             && sip->sip_content_length->l_length > len);
}

/* The fields in order of arrival; up to the body. */
static const msg_header_t *
first_field (const sip_t *sip)
{
  return (const msg_header_t *)sip->sip_request;
}

static gboolean
is_field (const msg_header_t *h)
{
  return h != NULL && h->sh_class != sip_separator_class
         && h->sh_class != sip_payload_class;
}

static gboolean
has_too_many_headers (const Check *check)
{
  const msg_header_t *h = first_field (check->sip);
  guint n = 0;

  for (; is_field (h); h = h->sh_succ)
    if (++n > check->limits->max_headers)
      return TRUE;
  return FALSE;
}

/* Control bytes (but the tab and a line's end) or bytes that are no UTF-8. */
static gboolean
is_wild (const char *bytes, gsize len)
{
  gboolean is_ascii = TRUE;

  for (gsize i = 0; i < len; i++) {
    guchar c = bytes[i];

    if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
      return TRUE;
    is_ascii = is_ascii && c < 0x80;
  }
  return !is_ascii && !g_utf8_validate_len (bytes, len, NULL);
}

/* Is a field known to be of numbers and checked words only? The rows below see
 * to the request line. */
static gboolean
is_plain (const msg_header_t *h)
{
  const msg_hclass_t *hc = h->sh_class;

  return hc == sip_request_class || hc == sip_cseq_class
         || hc == sip_max_forwards_class || hc == sip_expires_class
         || hc == sip_content_length_class;
}

static gboolean
has_wild_bytes (const Check *check)
{
  const msg_header_t *h = first_field (check->sip);
  char field[FIELD_MAX];

  for (; is_field (h); h = h->sh_succ) {
    issize_t len;

    if (is_plain (h))
      continue;
    len = msg_header_e (field, sizeof field, h, 0);
    if (len < 0 || len >= (issize_t)sizeof field || is_wild (field, len))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_bad_cseq (const Check *check)
{
  const sip_cseq_t *cseq = check->sip->sip_cseq;
  const sip_request_t *request = check->sip->sip_request;

  return cseq->cs_seq > G_MAXINT32 || cseq->cs_method_name == NULL
         || strcmp (cseq->cs_method_name, request->rq_method_name) != 0;
}

static gboolean
is_bad_id (const char *id)
{
  return id == NULL || *id == '\0' || strlen (id) > ID_MAX;
}

/* An RFC 2543 client's branch is anything or none (RFC 3261 17.2.3); the magic
 * cookie with nothing behind it is a mistake. */
static gboolean
has_bad_via (const Check *check)
{
  sip_via_t *via = check->sip->sip_via;

  if (via->v_maddr != NULL)
    msg_header_remove_param (via->v_common, "maddr");
  if (is_bad_id (via->v_host))
    return TRUE;
  return via->v_branch != NULL
         && (is_bad_id (via->v_branch)
             || g_ascii_strcasecmp (via->v_branch, "z9hG4bK") == 0);
}

static gboolean
has_bad_ids (const Check *check)
{
  const sip_t *sip = check->sip;

  return is_bad_id (sip->sip_call_id->i_id) || is_bad_id (sip->sip_from->a_tag)
         || (sip->sip_to->a_tag != NULL && is_bad_id (sip->sip_to->a_tag));
}

/* RFC 3261 25.1. */
static gboolean
is_scheme (const char *name)
{
  if (name == NULL || !g_ascii_isalpha (*name))
    return FALSE;
  for (; *name != '\0'; name++)
    if (!g_ascii_isalnum (*name) && strchr ("+-.", *name) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
has_unreadable_uri (const Check *check)
{
  const sip_request_t *line = check->sip->sip_request;

  return !parser_could_read_uri (line) || !is_scheme (line->rq_url->url_scheme);
}

static gboolean
is_other_scheme (const Check *check)
{
  int type = check->sip->sip_request->rq_url->url_type;

  return type != url_sip && type != url_sips;
}

static gboolean
has_bad_uri (const Check *check)
{
  check->out->uri = value_uri (check->sip->sip_request->rq_url);
  return check->out->uri == NULL;
}

static gboolean
has_bad_from (const Check *check)
{
  check->out->from = value_identity (check->sip->sip_from->a_url);
  return check->out->from == NULL;
}

static gboolean
has_bad_to (const Check *check)
{
  check->out->to = value_identity (check->sip->sip_to->a_url);
  return check->out->to == NULL;
}

static gboolean
is_bad_route (const sip_route_t *route)
{
  for (; route != NULL; route = route->r_next) {
    g_autoptr (Uri) uri = value_uri (route->r_url);

    if (uri == NULL || uri_host (uri) == NULL)
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_bad_route (const Check *check)
{
  const sip_t *sip = check->sip;

  return is_bad_route (sip->sip_route) || is_bad_route (sip->sip_record_route)
         || is_bad_route (sip->sip_path);
}

/* A SIP Contact must have a host (stack.md section 7, row 12); what else it
 * must be its method says. */
static gboolean
has_bad_contact (const Check *check)
{
  const sip_contact_t *contact = check->sip->sip_contact;

  for (; contact != NULL; contact = contact->m_next) {
    const url_t *url = contact->m_url;

    if (url->url_type == url_invalid)
      return TRUE;
    if (url->url_type == url_sip || url->url_type == url_sips) {
      g_autoptr (Uri) uri = value_uri (url);

      if (uri == NULL)
        return TRUE;
    }
  }
  return FALSE;
}

static gboolean
is_too_large (const Check *check)
{
  const sip_payload_t *body = check->sip->sip_payload;

  return body != NULL && body->pl_len > check->limits->max_body;
}

static const struct {
  gboolean (*is_wrong) (const Check *check);
  CheckFault fault;
} rows[] = {
  { is_other_version, { 505, "Version Not Supported" } },
  { lacks_header, { 400, "Mandatory Header Missing" } },
  { has_bad_via, { 400, "Bad Via" } },
  { has_bad_header, { 400, "Bad or Doubled Header" } },
  { is_too_large, { 413, "Request Entity Too Large" } },
  { is_truncated, { 400, "Message Cut Short" } },
  { has_too_many_headers, { 400, "Too Many Headers" } },
  { has_wild_bytes, { 400, "Bad Bytes in a Header" } },
  { has_bad_cseq, { 400, "Bad CSeq" } },
  { has_bad_ids, { 400, "Bad Call-ID or Tag" } },
  { has_unreadable_uri, { 400, "Unreadable Request-URI" } },
  { is_other_scheme, { 416, "Unsupported URI Scheme" } },
  { has_bad_uri, { 400, "Bad Request-URI" } },
  { has_bad_from, { 400, "Bad From" } },
  { has_bad_to, { 400, "Bad To" } },
  { has_bad_route, { 400, "Bad Route" } },
  { has_bad_contact, { 400, "Bad Contact" } },
};

const CheckFault *
check_request (sip_t *sip, const CheckLimits *limits, Checked *checked)
{
  const Check check = { .sip = sip, .limits = limits, .out = checked };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].is_wrong (&check))
      return &rows[i].fault;
  return NULL;
}

sip_unsupported_t *
check_extensions (su_home_t *home, const char *supported,
                  const msg_list_t *required)
{
  sip_supported_t *ours;

  if (required == NULL)
    return NULL;
  ours = sip_supported_make (home, supported);
  return sip_has_unsupported (home, ours, required);
}

gboolean
check_is_last_hop (const sip_t *sip)
{
  return sip->sip_max_forwards != NULL && sip->sip_max_forwards->mf_count == 0;
}
