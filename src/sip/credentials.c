/* SPDX-License-Identifier: ISC
 *
 * What sofia parsed, as digest credentials and asserted addresses. */
#include "sip/credentials.h"
#include "sip/value.h"

#include <string.h>

/* The longest credentials, as digest_parse has it. */
#define CREDENTIALS_MAX 4096

char *
credentials_asserted (const sip_t *sip, const Uri *from)
{
  const sip_p_asserted_identity_t *pai = sip_p_asserted_identity (sip);

  for (; pai != NULL; pai = pai->paid_next) {
    g_autoptr (Uri) uri = value_uri (pai->paid_url);

    if (uri != NULL && uri_scheme (uri) != URI_TEL)
      return uri_aor (uri);
  }
  return uri_aor (from);
}

static DigestCredentials *
parse (const msg_auth_t *auth)
{
  g_autoptr (GString) text = g_string_new (auth->au_scheme);
  DigestCredentials *out = NULL;

  for (guint i = 0; auth->au_params != NULL && auth->au_params[i] != NULL;
       i++) {
    g_string_append (text, i == 0 ? " " : ", ");
    g_string_append (text, auth->au_params[i]);
    if (text->len > CREDENTIALS_MAX)
      return NULL;
  }
  return digest_parse (text->str, text->len, &out, NULL) ? out : NULL;
}

/* Counts *n down to the one that is wanted. */
static DigestCredentials *
pick (const msg_auth_t *auth, const char *realm, guint *n)
{
  for (; auth != NULL; auth = auth->au_next) {
    g_autoptr (DigestCredentials) found = parse (auth);

    if (found == NULL || found->realm == NULL
        || g_ascii_strcasecmp (found->realm, realm) != 0)
      continue;
    if ((*n)-- == 0)
      return g_steal_pointer (&found);
  }
  return NULL;
}

DigestCredentials *
credentials_find (const sip_t *sip, const char *realm, guint n)
{
  DigestCredentials *found = pick (sip->sip_authorization, realm, &n);

  return found != NULL ? found : pick (sip->sip_proxy_authorization, realm, &n);
}
