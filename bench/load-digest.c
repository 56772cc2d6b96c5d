/* SPDX-License-Identifier: ISC
 *
 * Answers digest challenges as most phones do: MD5, qop "auth" when offered
 * (RFC 2617 3.2.2). */
#include <string.h>

#include "load.h"

/* A parameter's value, quoted or not. */
static char *
parameter (Slice header, const char *name)
{
  g_autofree char *text = slice_dup (header);
  gsize len = strlen (name);

  for (char *at = text; (at = strstr (at, name)) != NULL; at += len) {
    if (at[len] != '=' || (at > text && strchr (" ,\t", at[-1]) == NULL))
      continue;
    at += len + 1;
    if (*at == '"')
      return g_strndup (at + 1, strcspn (at + 1, "\""));
    return g_strndup (at, strcspn (at, ", \r"));
  }
  return NULL;
}

gboolean
challenge_read (Slice header, Challenge *out)
{
  memset (out, 0, sizeof *out);
  if (header.at == NULL || header.len < 7
      || g_ascii_strncasecmp (header.at, "Digest ", 7) != 0)
    return FALSE;
  out->realm = parameter (header, "realm");
  out->nonce = parameter (header, "nonce");
  out->qop = parameter (header, "qop");
  out->opaque = parameter (header, "opaque");
  return out->realm != NULL && out->nonce != NULL;
}

void
challenge_clear (Challenge *challenge)
{
  g_clear_pointer (&challenge->realm, g_free);
  g_clear_pointer (&challenge->nonce, g_free);
  g_clear_pointer (&challenge->qop, g_free);
  g_clear_pointer (&challenge->opaque, g_free);
}

static char *
md5 (const char *a, const char *b, const char *c)
{
  g_autofree char *text = g_strjoin (":", a, b, c, NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_MD5, text, -1);
}

void
challenge_answer (const Challenge *self, GString *out, const char *method,
                  const char *uri, const char *user, const char *password,
                  guint nc)
{
  static const char cnonce[] = "0a4f113b";
  g_autofree char *secret = md5 (user, self->realm, password);
  g_autofree char *what = md5 (method, uri, NULL), *response = NULL;
  char count[9];

  g_snprintf (count, sizeof count, "%08x", nc);
  if (self->qop != NULL) {
    g_autofree char *middle
        = g_strjoin (":", self->nonce, count, cnonce, "auth", NULL);

    response = md5 (secret, middle, what);
  } else {
    response = md5 (secret, self->nonce, what);
  }
  g_string_append_printf (out,
                          "Authorization: Digest username=\"%s\", "
                          "realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
                          "response=\"%s\", algorithm=MD5",
                          user, self->realm, self->nonce, uri, response);
  if (self->qop != NULL)
    g_string_append_printf (out, ", qop=auth, nc=%s, cnonce=\"%s\"", count,
                            cnonce);
  if (self->opaque != NULL)
    g_string_append_printf (out, ", opaque=\"%s\"", self->opaque);
  g_string_append (out, "\r\n");
}
