/* SPDX-License-Identifier: ISC
 *
 * Builds NOTIFYs and reads their answers: see the header (RFC 6665 4.2.2, 8.2;
 * RFC 3261 12.2.1.1). */
#include "sip/notify.h"
#include "sip/text.h"

#include <string.h>

static gboolean
is_sound (const SipNotify *notify, const char *target, const char *contact)
{
  const SubsDialog *d = notify->dialog;

  return target && d->local_uri && d->remote_uri && d->call_id && d->event
         && d->local_tag && text_is_clean (target, "<> ")
         && text_is_clean (contact, "<> ")
         && text_is_clean (d->local_uri, "<> ")
         && text_is_clean (d->remote_uri, "<> ")
         && text_is_clean (d->call_id, " ") && text_is_clean (d->event, "")
         && text_is_clean (d->route_set, "") && text_is_clean (notify->path, "")
         && text_is_clean (d->local_tag, " ;")
         && text_is_clean (d->remote_tag, " ;")
         && text_is_clean (notify->content_type, "")
         && text_is_clean (notify->require, "")
         && text_is_clean (notify->event_params, "")
         && text_is_clean (notify->state_params, "")
         && text_is_clean (notify->etag, " ");
}

static const char *
target_of (const SipNotify *notify)
{
  return notify->target ? notify->target : notify->dialog->target;
}

/* NULL: none. */
static const char *
route_of (const SipNotify *notify)
{
  const char *route = notify->dialog->route_set;

  if (route == NULL || *route == '\0')
    route = notify->path;
  return route != NULL && *route != '\0' ? route : NULL;
}

/* Without headers, which a Request-URI must not have (RFC 3261 19.1.1). */
static int
length_of (const char *target)
{
  const char *at = strrchr (target, '@');
  const char *headers = strchr (at ? at : target, '?');

  return headers ? headers - target : (int)strlen (target);
}

/* Request line and Route.  Behind a strict router the target is the last Route
 * (RFC 3261 12.2.1.1). */
static void
write_target (const SipNotify *notify, GString *out)
{
  const char *route = route_of (notify), *first, *rest;
  const char *target = target_of (notify);
  g_autoptr (Uri) uri = NULL;
  int target_len = length_of (target);
  gsize len;

  if (route == NULL || !way_first_route (route, &first, &len, &rest)
      || !uri_parse (first, len, &uri, NULL)) {
    g_string_append_printf (out, "NOTIFY %.*s SIP/2.0\r\n", target_len, target);
    return;
  }
  if (uri_param (uri, "lr") != NULL) {
    g_string_append_printf (out, "NOTIFY %.*s SIP/2.0\r\nRoute: %s\r\n",
                            target_len, target, route);
    return;
  }
  g_string_append_printf (out, "NOTIFY %.*s SIP/2.0\r\nRoute: ", (int)len,
                          first);
  if (rest != NULL)
    g_string_append_printf (out, "%s, ", rest);
  g_string_append_printf (out, "<%.*s>\r\n", target_len, target);
}

static void
write_state (const SipNotify *notify, GString *out)
{
  const char *reason = subs_reason_name (notify->reason);

  g_string_append_printf (out, "Subscription-State: %s",
                          subs_state_name (notify->state));
  if (notify->state != SUBS_TERMINATED)
    g_string_append_printf (out, ";expires=%u%s", notify->expires,
                            notify->state_params ? notify->state_params : "");
  else if (reason != NULL)
    g_string_append_printf (out, ";reason=%s", reason);
  if (notify->state == SUBS_TERMINATED && notify->retry_after > 0)
    g_string_append_printf (out, ";retry-after=%u", notify->retry_after);
  g_string_append (out, "\r\n");
}

/* From and To are those of the SUBSCRIBE, swapped. */
static void
write_dialog (const SipNotify *notify, const char *contact, GString *out)
{
  const SubsDialog *d = notify->dialog;

  g_string_append_printf (out, "From: <%s>;tag=%s\r\nTo: <%s>", d->local_uri,
                          d->local_tag, d->remote_uri);
  if (d->remote_tag != NULL)
    g_string_append_printf (out, ";tag=%s", d->remote_tag);
  g_string_append_printf (out,
                          "\r\nCall-ID: %s\r\nCSeq: %u NOTIFY\r\n"
                          "Max-Forwards: 70\r\n",
                          d->call_id, notify->cseq);
  if (contact != NULL)
    g_string_append_printf (out, "Contact: <%s>\r\n", contact);
  g_string_append_printf (out, "Event: %s", d->event);
  if (notify->event_params != NULL)
    g_string_append_printf (out, ";%s", notify->event_params);
  g_string_append (out, "\r\n");
}

gboolean
notify_write (const SipNotify *notify, const char *contact, GString *out)
{
  gsize len = notify->body ? g_bytes_get_size (notify->body) : 0;

  if (notify->dialog->local_contact != NULL)
    contact = notify->dialog->local_contact;
  if (!is_sound (notify, target_of (notify), contact))
    return FALSE;
  write_target (notify, out);
  write_dialog (notify, contact, out);
  write_state (notify, out);
  if (notify->etag != NULL)
    g_string_append_printf (out, "SIP-ETag: %s\r\n", notify->etag);
  if (notify->require != NULL)
    g_string_append_printf (out, "Require: %s\r\n", notify->require);
  if (len > 0 && notify->content_type != NULL)
    g_string_append_printf (out, "Content-Type: %s\r\n", notify->content_type);
  g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                          len);
  return TRUE;
}

/* RFC 3261 20, RFC 6665 8.2.1. */
static const struct {
  const char *name, *form;
} FORMS[] = {
  { "From", "f" },         { "To", "t" },
  { "Call-ID", "i" },      { "Contact", "m" },
  { "Event", "o" },        { "Supported", "k" },
  { "Content-Type", "c" }, { "Content-Length", "l" },
};

static const char *
form_of (const char *name, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS (FORMS); i++)
    if (strlen (FORMS[i].name) == len
        && g_ascii_strncasecmp (FORMS[i].name, name, len) == 0)
      return FORMS[i].form;
  return NULL;
}

/* A line of the head, with its end. */
static void
compact_line (const char *line, gsize len, GString *out)
{
  const char *colon = memchr (line, ':', len);
  const char *value = colon != NULL ? colon + 1 : line;
  const char *form = colon != NULL ? form_of (line, colon - line) : NULL;

  if (form == NULL) {
    g_string_append_len (out, line, len);
    return;
  }
  if (*value == ' ')
    value++;
  g_string_append_printf (out, "%s:", form);
  g_string_append_len (out, value, line + len - value);
}

void
notify_compact (GString *head)
{
  g_autofree char *text = g_strndup (head->str, head->len);

  g_string_truncate (head, 0);
  for (const char *line = text, *end; *line != '\0'; line = end) {
    const char *feed = strchr (line, '\n');

    end = feed != NULL ? feed + 1 : line + strlen (line);
    compact_line (line, end - line, head);
  }
}

void
notify_way (const SipNotify *notify, WaySize size, Way *out)
{
  const SubsDialog *d = notify->dialog;
  const char *route = route_of (notify), *uri, *rest;
  gsize len;

  if (notify->flow != 0)
    way_by_flow (out, notify->flow);
  else if (notify->received != NULL)
    way_by_source (out, notify->received, size);
  else if (route != NULL) {
    if (way_first_route (route, &uri, &len, &rest))
      way_by_uri (out, uri, len, size);
    else
      way_by_uri (out, NULL, 0, size);
  } else if (!d->is_trusted)
    way_by_source (out, d->source, size);
  else
    way_by_uri (out, target_of (notify), -1, size);
}

/* RFC 6665 4.2.2, and what says that the device is out of reach for now. */
static const struct {
  guint first, last;
  SubsNotifyResult result;
} RESULTS[] = {
  { 200, 299, SUBS_NOTIFY_OK },        { 404, 405, SUBS_NOTIFY_DEAD },
  { 408, 408, SUBS_NOTIFY_SUSPENDED }, /* a proxy's timeout */
  { 410, 410, SUBS_NOTIFY_DEAD },      { 416, 416, SUBS_NOTIFY_DEAD },
  { 430, 430, SUBS_NOTIFY_SUSPENDED }, /* RFC 5626 11.5: Flow Failed */
  { 480, 485, SUBS_NOTIFY_DEAD },      { 489, 489, SUBS_NOTIFY_DEAD },
  { 501, 501, SUBS_NOTIFY_DEAD },      { 504, 504, SUBS_NOTIFY_SUSPENDED },
  { 604, 604, SUBS_NOTIFY_DEAD },
};

SubsNotifyResult
notify_result (guint status, gboolean is_internal)
{
  if (is_internal)
    return SUBS_NOTIFY_SUSPENDED;
  for (guint i = 0; i < G_N_ELEMENTS (RESULTS); i++)
    if (status >= RESULTS[i].first && status <= RESULTS[i].last)
      return RESULTS[i].result;
  return SUBS_NOTIFY_REFUSED;
}
