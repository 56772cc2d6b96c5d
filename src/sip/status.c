/* SPDX-License-Identifier: ISC
 *
 * The table of statuses, and the headers that each must have. */
#define G_LOG_DOMAIN "sip"
#include "sip/status.h"

/* What we take in a PUBLISH and give in a NOTIFY (415, 406). */
#define ACCEPTED "application/pidf+xml, application/pidf-diff+xml"
/* What we read in a MESSAGE that ends here (RFC 5365 4): a list, not encoded. */
#define ACCEPTED_MESSAGE                                                       \
  "multipart/mixed, application/resource-lists+xml, text/plain, message/cpim"
/* The longest text of a Warning, about. */
#define TEXT_MAX 300
/* Seconds; with a part that differs from client to client. */
#define RETRY_AFTER 4
#define RETRY_SPREAD 8

static const struct {
  int status;
  const char *phrase;
} rows[] = {
  [SERVICE_OK] = { 200, "OK" },
  [SERVICE_ACCEPTED] = { 202, "Accepted" },
  [SERVICE_BAD_REQUEST] = { 400, "Bad Request" },
  [SERVICE_FORBIDDEN] = { 403, "Forbidden" },
  [SERVICE_NOT_FOUND] = { 404, "Not Found" },
  [SERVICE_NOT_ACCEPTABLE] = { 406, "Not Acceptable" },
  [SERVICE_NO_MATCH] = { 412, "Conditional Request Failed" },
  [SERVICE_TOO_LARGE] = { 413, "Request Entity Too Large" },
  [SERVICE_BAD_TYPE] = { 415, "Unsupported Media Type" },
  [SERVICE_NEEDS_LISTS] = { 421, "Extension Required" },
  [SERVICE_BRIEF] = { 423, "Interval Too Brief" },
  [SERVICE_UNAVAILABLE] = { 480, "Temporarily Unavailable" },
  [SERVICE_GONE] = { 481, "Subscription Does Not Exist" },
  [SERVICE_BAD_FILTER] = { 488, "Not Acceptable Here" },
  [SERVICE_BAD_EVENT] = { 489, "Bad Event" },
  [SERVICE_OUT_OF_ORDER] = { 500, "CSeq Out of Order" },
  [SERVICE_FAILED] = { 500, "Server Internal Error" },
  [SERVICE_BUSY] = { 503, "Service Unavailable" },
  [SERVICE_RELAYED] = { 500, "Server Internal Error" },
};

void
status_reply_busy (SipIncoming *request)
{
  su_home_t *home = msg_home (request->msg);
  guint seconds = RETRY_AFTER + g_str_hash (request->source) % RETRY_SPREAD;

  incoming_reply (request, 503, NULL,
                  SIPTAG_RETRY_AFTER_STR (su_sprintf (home, "%u", seconds)),
                  TAG_END ());
}

/* RFC 3261 20.43.  text is ours, but may quote what somebody sent. */
static const char *
warning_of (su_home_t *home, const char *text)
{
  g_autofree char *valid = NULL;
  g_autoptr (GString) quoted = NULL;

  if (text == NULL)
    return NULL;
  valid = g_utf8_make_valid (text, -1);
  quoted = g_string_sized_new (TEXT_MAX);
  for (const char *at = valid; *at != '\0' && quoted->len < TEXT_MAX;
       at = g_utf8_next_char (at))
    if (*at == '"' || *at == '\\')
      g_string_append_printf (quoted, "\\%c", *at);
    else if ((guchar)*at < ' ' || *at == 0x7f)
      g_string_append_c (quoted, ' ');
    else
      g_string_append_len (quoted, at, g_utf8_next_char (at) - at);
  return su_sprintf (home, "399 rollcall \"%s\"", quoted->str);
}

void
status_reply_as (SipIncoming *request, guint status, const char *text)
{
  const char *warning = warning_of (msg_home (request->msg), text);

  incoming_reply (request, (int)status, NULL,
                  TAG_IF (warning != NULL, SIPTAG_WARNING_STR (warning)),
                  TAG_END ());
}

void
status_reply (SipIncoming *request, ServiceVerdict verdict, const char *text,
              guint min_expires)
{
  su_home_t *home = msg_home (request->msg);
  const char *warning = warning_of (home, text);
  gboolean is_brief = verdict == SERVICE_BRIEF;
  gboolean is_bad_type = verdict == SERVICE_BAD_TYPE;
  gboolean is_message
      = request->object->sip_request->rq_method == sip_method_message;

  if (verdict == SERVICE_BUSY) {
    status_reply_busy (request);
    return;
  }
  incoming_reply (
      request, rows[verdict].status, rows[verdict].phrase,
      TAG_IF (warning != NULL, SIPTAG_WARNING_STR (warning)),
      TAG_IF (is_brief,
              SIPTAG_MIN_EXPIRES_STR (su_sprintf (home, "%u", min_expires))),
      TAG_IF (verdict == SERVICE_BAD_EVENT,
              SIPTAG_ALLOW_EVENTS_STR (service_allow_events ())),
      TAG_IF (is_bad_type,
              SIPTAG_ACCEPT_STR (is_message ? ACCEPTED_MESSAGE : ACCEPTED)),
      TAG_IF (is_bad_type && is_message,
              SIPTAG_ACCEPT_ENCODING_STR ("identity")),
      TAG_END ());
}
