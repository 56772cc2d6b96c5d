/* SPDX-License-Identifier: ISC
 *
 * Text to requests: see the header. */
#include "sip/text.h"

#include <string.h>

gboolean
text_is_clean (const char *text, const char *forbidden)
{
  if (text == NULL)
    return TRUE;
  for (const char *at = text; *at != '\0'; at++)
    if ((guchar)*at < 0x20 || *at == 0x7f || strchr (forbidden, *at))
      return FALSE;
  return TRUE;
}

gboolean
text_is_token (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i])
        && (text[i] == '\0' || strchr ("-.!%*_+`'~", text[i]) == NULL))
      return FALSE;
  return len > 0;
}

gsize
text_unfold (char *text, gsize len)
{
  gsize out = 0;

  for (gsize i = 0; i < len; i++) {
    if (text[i] != '\r' && text[i] != '\n') {
      text[out++] = text[i];
      continue;
    }
    while (i + 1 < len && strchr ("\r\n \t", text[i + 1]) != NULL)
      i++;
    text[out++] = ' ';
  }
  return out;
}

msg_t *
text_parse (GBytes *head, GBytes *body)
{
  gsize head_len, body_len = 0;
  const char *head_data = g_bytes_get_data (head, &head_len);
  const char *body_data = body ? g_bytes_get_data (body, &body_len) : NULL;
  g_autofree char *all = g_malloc (head_len + body_len);
  msg_t *msg;
  sip_t *sip;

  memcpy (all, head_data, head_len);
  if (body_len > 0)
    memcpy (all + head_len, body_data, body_len);
  msg = msg_make (sip_default_mclass (), MSG_DO_EXTRACT_COPY, all,
                  head_len + body_len);
  sip = msg ? sip_object (msg) : NULL;
  if (sip == NULL || sip->sip_request == NULL || sip->sip_error != NULL
      || (sip->sip_flags & MSG_FLG_ERROR)) {
    msg_destroy (msg);
    return NULL;
  }
  return msg;
}
