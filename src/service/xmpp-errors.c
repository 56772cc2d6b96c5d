/* SPDX-License-Identifier: ISC
 *
 * The tables: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-errors.h"

typedef struct {
  guint full, bare;
} Statuses;

static const Statuses statuses[XMPP_N_ERRORS] = {
  [XMPP_NO_ERROR] = { 200, 200 },
  [XMPP_BAD_REQUEST] = { 400, 400 },
  [XMPP_CONFLICT] = { 400, 400 },
  [XMPP_FEATURE_NOT_IMPLEMENTED] = { 501, 501 },
  [XMPP_FORBIDDEN] = { 403, 603 },
  [XMPP_GONE] = { 410, 410 },
  [XMPP_INTERNAL_SERVER_ERROR] = { 500, 500 },
  [XMPP_ITEM_NOT_FOUND] = { 404, 604 },
  [XMPP_JID_MALFORMED] = { 400, 400 },
  [XMPP_NOT_ACCEPTABLE] = { 406, 606 },
  [XMPP_NOT_ALLOWED] = { 403, 403 },
  [XMPP_NOT_AUTHORIZED] = { 403, 403 },
  [XMPP_POLICY_VIOLATION] = { 403, 403 },
  [XMPP_RECIPIENT_UNAVAILABLE] = { 480, 600 },
  [XMPP_REDIRECT] = { 302, 302 },
  [XMPP_REGISTRATION_REQUIRED] = { 403, 403 },
  [XMPP_REMOTE_SERVER_NOT_FOUND] = { 404, 404 },
  [XMPP_REMOTE_SERVER_TIMEOUT] = { 504, 504 },
  [XMPP_RESOURCE_CONSTRAINT] = { 500, 500 },
  [XMPP_SERVICE_UNAVAILABLE] = { 403, 403 },
  [XMPP_SUBSCRIPTION_REQUIRED] = { 400, 400 },
  [XMPP_UNDEFINED_CONDITION] = { 400, 400 },
  [XMPP_UNEXPECTED_REQUEST] = { 400, 400 },
};

guint
xmpp_status_of (XmppError error, gboolean is_bare)
{
  if ((guint)error >= XMPP_N_ERRORS)
    error = XMPP_UNDEFINED_CONDITION;
  return is_bare ? statuses[error].bare : statuses[error].full;
}

gboolean
xmpp_error_is_passing (XmppError error)
{
  return error == XMPP_INTERNAL_SERVER_ERROR
         || error == XMPP_RECIPIENT_UNAVAILABLE
         || error == XMPP_REMOTE_SERVER_TIMEOUT
         || error == XMPP_RESOURCE_CONSTRAINT;
}

gboolean
xmpp_error_is_gone (XmppError error)
{
  return error == XMPP_GONE || error == XMPP_ITEM_NOT_FOUND
         || error == XMPP_RECIPIENT_UNAVAILABLE
         || error == XMPP_SERVICE_UNAVAILABLE;
}

static const struct {
  guint status;
  XmppError error;
} errors[] = {
  { 301, XMPP_GONE },
  { 380, XMPP_NOT_ACCEPTABLE },
  { 401, XMPP_NOT_AUTHORIZED },
  { 403, XMPP_FORBIDDEN },
  { 404, XMPP_ITEM_NOT_FOUND },
  { 405, XMPP_FEATURE_NOT_IMPLEMENTED },
  { 406, XMPP_NOT_ACCEPTABLE },
  { 407, XMPP_REGISTRATION_REQUIRED },
  { 408, XMPP_REMOTE_SERVER_TIMEOUT },
  { 410, XMPP_GONE },
  { 413, XMPP_POLICY_VIOLATION },
  { 414, XMPP_POLICY_VIOLATION },
  { 415, XMPP_NOT_ACCEPTABLE },
  { 416, XMPP_NOT_ACCEPTABLE },
  { 420, XMPP_FEATURE_NOT_IMPLEMENTED },
  { 421, XMPP_NOT_ACCEPTABLE },
  { 423, XMPP_RESOURCE_CONSTRAINT },
  { 430, XMPP_RECIPIENT_UNAVAILABLE },
  { 439, XMPP_FEATURE_NOT_IMPLEMENTED },
  { 440, XMPP_POLICY_VIOLATION },
  { 480, XMPP_RECIPIENT_UNAVAILABLE },
  { 481, XMPP_ITEM_NOT_FOUND },
  { 482, XMPP_NOT_ACCEPTABLE },
  { 483, XMPP_NOT_ACCEPTABLE },
  { 484, XMPP_ITEM_NOT_FOUND },
  { 485, XMPP_ITEM_NOT_FOUND },
  { 486, XMPP_RECIPIENT_UNAVAILABLE },
  { 487, XMPP_RECIPIENT_UNAVAILABLE },
  { 488, XMPP_NOT_ACCEPTABLE },
  { 489, XMPP_POLICY_VIOLATION },
  { 491, XMPP_UNEXPECTED_REQUEST },
  { 501, XMPP_FEATURE_NOT_IMPLEMENTED },
  { 502, XMPP_REMOTE_SERVER_NOT_FOUND },
  { 504, XMPP_REMOTE_SERVER_TIMEOUT },
  { 505, XMPP_NOT_ACCEPTABLE },
  { 513, XMPP_POLICY_VIOLATION },
  { 604, XMPP_ITEM_NOT_FOUND },
  { 606, XMPP_NOT_ACCEPTABLE },
};

/* What the table does not name goes by its class. */
static XmppError
error_of_class (guint status)
{
  switch (status / 100) {
  case 3:
    return XMPP_REDIRECT;
  case 4:
    return XMPP_BAD_REQUEST;
  case 5:
    return XMPP_INTERNAL_SERVER_ERROR;
  default:
    return XMPP_RECIPIENT_UNAVAILABLE;
  }
}

XmppError
xmpp_error_of (guint status)
{
  if (status < 300)
    return XMPP_NO_ERROR;
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    if (errors[i].status == status)
      return errors[i].error;
  return error_of_class (status);
}

XmppError
xmpp_error_of_answer (const MessageAnswer *answer)
{
  static const guint of_verdict[] = {
    [SERVICE_OK] = 200,          [SERVICE_ACCEPTED] = 202,
    [SERVICE_BAD_REQUEST] = 400, [SERVICE_FORBIDDEN] = 403,
    [SERVICE_NOT_FOUND] = 404,   [SERVICE_TOO_LARGE] = 413,
    [SERVICE_BAD_TYPE] = 415,    [SERVICE_UNAVAILABLE] = 480,
    [SERVICE_BUSY] = 503,
  };

  if (answer->verdict == SERVICE_RELAYED)
    return xmpp_error_of (answer->status);
  if ((guint)answer->verdict < G_N_ELEMENTS (of_verdict)
      && of_verdict[answer->verdict] != 0)
    return xmpp_error_of (of_verdict[answer->verdict]);
  return XMPP_INTERNAL_SERVER_ERROR;
}
