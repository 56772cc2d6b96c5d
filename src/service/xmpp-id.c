/* SPDX-License-Identifier: ISC
 *
 * "rc0-ID-WANTED-MAC-IMDN": see the header. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-id.h"

#include <string.h>

#include "addr/aor.h"
#include "codec/content.h"

#define PREFIX "rc"
#define MAC_CHARS 16
#define TOKEN_MAX 512

static char *
sign (Service *service, const char *sender, const char *recipient,
      const char *rest)
{
  g_autoptr (GHmac) hmac
      = g_hmac_new (G_CHECKSUM_SHA256, service->secret, sizeof service->secret);
  g_autofree char *from = aor_key (sender), *to = aor_key (recipient);
  g_autofree char *text = g_strjoin ("\n", "stanza", from, to, rest, NULL);

  g_hmac_update (hmac, (const guchar *)text, -1);
  return g_strndup (g_hmac_get_string (hmac), MAC_CHARS);
}

/* What is signed: all but the attempt. */
static char *
write_rest (const XmppStanzaId *id)
{
  return g_strdup_printf ("%" G_GINT64_MODIFIER "x-%x-%s", id->message,
                          id->imdn_id != NULL ? id->wanted : 0,
                          id->imdn_id != NULL ? id->imdn_id : "");
}

char *
xmpp_id_write (Service *service, const char *sender, const char *recipient,
               const XmppStanzaId *id)
{
  XmppStanzaId short_id = *id;
  g_autofree char *rest = NULL, *mac = NULL;

  if (id->imdn_id != NULL && strlen (id->imdn_id) > XMPP_IMDN_ID_MAX)
    short_id.imdn_id = NULL;
  rest = write_rest (&short_id);
  mac = sign (service, sender, recipient, rest);
  return g_strdup_printf (PREFIX "%u-%s-%s", id->attempt, mac, rest);
}

static gboolean
parse (const char *text, XmppStanzaId *out, const char **mac_out,
       const char **rest_out)
{
  const char *at = text + strlen (PREFIX);
  char *end;

  if (!g_str_has_prefix (text, PREFIX) || (*at != '0' && *at != '1')
      || at[1] != '-' || strlen (at) < MAC_CHARS + 3
      || at[2 + MAC_CHARS] != '-')
    return FALSE;
  out->attempt = (guint)(*at - '0');
  *mac_out = at + 2;
  *rest_out = at + 3 + MAC_CHARS;
  out->message = g_ascii_strtoull (*rest_out, &end, 16);
  if (end == *rest_out || *end != '-')
    return FALSE;
  out->wanted = (guint)g_ascii_strtoull (end + 1, &end, 16);
  if (*end != '-')
    return FALSE;
  out->imdn_id = end[1] != '\0' ? end + 1 : NULL;
  return TRUE;
}

gboolean
xmpp_id_read (Service *service, const char *sender, const char *recipient,
              const char *text, XmppStanzaId *out)
{
  const char *mac, *rest;
  g_autofree char *expected = NULL;

  if (text == NULL || !parse (text, out, &mac, &rest))
    return FALSE;
  expected = sign (service, sender, recipient, rest);
  return strncmp (expected, mac, MAC_CHARS) == 0;
}

/* --- Tokens --- */

static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || strchr ("-.!*_+`'~", c) != NULL;
}

char *
xmpp_id_to_token (const char *stanza_id)
{
  GString *out;

  if (stanza_id == NULL || *stanza_id == '\0' || strlen (stanza_id) > TOKEN_MAX)
    return NULL;
  out = g_string_new (NULL);
  for (const char *at = stanza_id; *at != '\0'; at++)
    if (is_token_char (*at))
      g_string_append_c (out, *at);
    else
      g_string_append_printf (out, "%%%02X", (guchar)*at);
  return g_string_free (out, FALSE);
}

char *
xmpp_id_of_token (const char *token)
{
  char *text = token != NULL ? g_uri_unescape_string (token, NULL) : NULL;

  if (text != NULL && *text != '\0' && strlen (text) <= TOKEN_MAX
      && content_is_clean (text, strlen (text), FALSE))
    return text;
  g_free (text);
  return NULL;
}
