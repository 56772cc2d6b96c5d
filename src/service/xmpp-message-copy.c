/* SPDX-License-Identifier: ISC
 *
 * Stanzas that outlive their call, and pieces of header lines. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-message-priv.h"

#include <string.h>

#include "addr/xmpp.h"
#include "codec/content.h"

#define LANGUAGE_MAX 35

static void
for_each (XmppMessage *message, void (*fn) (const char **text))
{
  fn (&message->from);
  fn (&message->to);
  fn (&message->id);
  fn (&message->lang);
  fn (&message->subject);
  fn (&message->body);
  fn (&message->thread);
  fn (&message->receipt);
  fn (&message->error_text);
}

static void
own (const char **text)
{
  *text = g_strdup (*text);
}

static void
disown (const char **text)
{
  g_free ((char *)*text);
}

XmppMessage *
xmpp_message_dup (const XmppMessage *message)
{
  XmppMessage *copy = g_memdup2 (message, sizeof *message);

  copy->invite_from = copy->invite_reason = NULL;
  for_each (copy, own);
  return copy;
}

void
xmpp_message_free (XmppMessage *message)
{
  if (message == NULL)
    return;
  for_each (message, disown);
  g_free (message);
}

char *
xmpp_header_of (const char *headers, const char *name)
{
  gsize len = strlen (name);

  for (const char *line = headers; line != NULL && *line != '\0';) {
    const char *end = strstr (line, "\r\n");
    gsize line_len = end != NULL ? (gsize)(end - line) : strlen (line);

    if (line_len > len && g_ascii_strncasecmp (line, name, len) == 0
        && line[len] == ':')
      return g_strstrip (g_strndup (line + len + 1, line_len - len - 1));
    line = end != NULL ? end + 2 : NULL;
  }
  return NULL;
}

char *
xmpp_gr_of (const char *headers, const char *name)
{
  g_autofree char *value = xmpp_header_of (headers, name);
  g_autofree char *text = cpim_uri (value);
  g_autoptr (Uri) uri = NULL;

  if (text == NULL || strstr (text, ";gr=") == NULL
      || !uri_parse (text, -1, &uri, NULL))
    return NULL;
  return jid_prepare_resource (uri_param (uri, "gr"));
}

const char *
xmpp_resource_of (const char *device)
{
  return device == NULL || g_str_has_prefix (device, "sip:")
                 || g_str_has_prefix (device, "sips:")
             ? NULL
             : device;
}

gboolean
xmpp_is_language (const char *lang)
{
  gsize len = strlen (lang);

  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (lang[i]) && lang[i] != '-')
      return FALSE;
  return len > 0 && len <= LANGUAGE_MAX;
}
