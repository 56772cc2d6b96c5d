/* SPDX-License-Identifier: ISC
 *
 * Who asks: digest (RFC 7616) with the users, passwords and realms of SIP.  Who
 * is unknown or disabled is answered as one with a wrong password; that somebody
 * has no home directory (RFC 4825 section 8) is told only to whom is known. */
#define G_LOG_DOMAIN "xcap"
#include "xcap/xcap-priv.h"

#include <string.h>

#include "addr/aor.h"
#include "auth/offer.h"

static const char *const *
allowed_of (const XcapTask *self)
{
  return conf_list (self->xcap->conf, "auth", "algorithms");
}

/* A disabled user counts as unknown. */
static const StoreUser *
enabled_user (const XcapTask *self, const char *aor)
{
  const XcapHooks *hooks = &self->xcap->hooks;
  const StoreUser *user = aor ? hooks->user (aor, hooks->data) : NULL;

  return user != NULL && user->is_enabled ? user : NULL;
}

static DigestHashes
hashes_of (const StoreUser *user)
{
  return (DigestHashes){ user->ha1_md5, user->ha1_sha256 };
}

/* What to ask for: the domain of the user whose tree it is, if it is ours; else
 * the default one.  *user_out: that user, or NULL. */
static char *
realm_to_ask (const XcapTask *self, const StoreUser **user_out)
{
  const XcapHooks *hooks = &self->xcap->hooks;
  const char *xui = self->path->xui;
  g_autofree char *aor = NULL;

  *user_out = NULL;
  if (xui != NULL && aor_parse (xui, &aor, NULL)
      && hooks->has_domain (aor_domain (aor), hooks->data)) {
    *user_out = enabled_user (self, aor);
    return g_strdup (aor_domain (aor));
  }
  return g_strdup (conf_list (self->xcap->conf, "server", "domains")[0]);
}

static void
challenge (XcapTask *self, gboolean is_stale)
{
  Xcap *xcap = self->xcap;
  const StoreUser *user;
  g_autofree char *realm = realm_to_ask (self, &user);
  DigestHashes hashes = user != NULL ? hashes_of (user) : (DigestHashes){ 0 };
  DigestAlgorithm algorithms[2] = { DIGEST_MD5, DIGEST_MD5 };
  guint n = digest_offer (allowed_of (self), user ? &hashes : NULL, algorithms);
  g_autofree char *first = NULL, *second = NULL;
  gint64 now = clock_now (xcap->clock);
  const char *challenges[3] = { NULL };
  XcapReply say
      = { .status = 401, .why = "Log in, please.", .challenges = challenges };

  challenges[0] = first
      = digest_challenge (xcap->digest, realm, algorithms[0], is_stale, now);
  if (n > 1)
    challenges[1] = second
        = digest_challenge (xcap->digest, realm, algorithms[1], is_stale, now);
  reply (self, &say);
}

static DigestCredentials *
credentials_of (const XcapTask *self)
{
  const char *header = http_header (self->request, "Authorization");
  DigestCredentials *out = NULL;

  if (header == NULL || !digest_parse (header, -1, &out, NULL))
    return NULL;
  return out;
}

/* The username is the user part; some clients send the whole address. */
static const StoreUser *
user_of (const XcapTask *self, const DigestCredentials *credentials)
{
  const char *name = credentials->username;
  g_autofree char *aor = NULL;

  aor = strchr (name, '@') != NULL
            ? g_strdup (name)
            : g_strdup_printf ("%s@%s", name, credentials->realm);
  return enabled_user (self, aor);
}

/* realm: one of ours. */
static DigestVerdict
verify (const XcapTask *self, const DigestCredentials *credentials,
        const StoreUser *user, const char *realm)
{
  GBytes *body = http_body (self->request);
  gsize len;
  const void *bytes = g_bytes_get_data (body, &len);
  const char *ha1 = NULL;

  if (user != NULL
      && digest_is_allowed (allowed_of (self), credentials->algorithm)) {
    DigestHashes hashes = hashes_of (user);

    ha1 = digest_hash (&hashes, credentials->algorithm);
  }
  return digest_verify (self->xcap->digest, credentials, realm, ha1,
                        http_method (self->request), bytes, len,
                        clock_now (self->xcap->clock));
}

/* Is what was signed what is asked (RFC 7616 3.4.6)?  A proxy may have changed
 * what stands before the selector, and clients differ in the query and in what
 * they escape. */
static gboolean
is_for_this (const XcapTask *self, const char *uri)
{
  g_autofree char *path = g_strndup (uri, strcspn (uri, "?"));
  g_autofree char *signed_path = g_uri_unescape_string (path, NULL);
  g_autofree char *asked = g_uri_unescape_string (self->path->selector, NULL);
  gsize len, n;

  if (signed_path == NULL || asked == NULL)
    return FALSE;
  len = strlen (signed_path);
  n = strlen (asked);
  return len > n && signed_path[len - n - 1] == '/'
         && strcmp (signed_path + len - n, asked) == 0;
}

static void
note_wrong (XcapTask *self, const char *who)
{
  g_info ("wrong credentials for %s from %s", self->path->auid, self->peer);
  counters_add (self->xcap->counters, "xcap_digest_wrong_total", 1);
  limit_take (self->xcap->failed, who, clock_now (self->xcap->clock));
}

static gboolean
accept (XcapTask *self, const DigestCredentials *credentials,
        const StoreUser *user)
{
  if (!is_for_this (self, credentials->uri)) {
    reply_text (self, 400, "The credentials are for another URI.");
    return FALSE;
  }
  self->user = g_strdup (user->aor);
  return TRUE;
}

/* With the realm that the client names, if it is one of ours: somebody of
 * another domain of ours is known, too. */
static gboolean
judge (XcapTask *self, const DigestCredentials *credentials)
{
  const XcapHooks *hooks = &self->xcap->hooks;
  const StoreUser *user = user_of (self, credentials);
  const char *realm = credentials->realm;
  g_autofree char *who
      = g_strdup_printf ("%s %s", self->peer, credentials->username);
  DigestVerdict verdict;

  if (!limit_has (self->xcap->failed, who, clock_now (self->xcap->clock))) {
    reply_busy (self, "Too many failed logins.");
    return FALSE;
  }
  if (!hooks->has_domain (realm, hooks->data)) {
    challenge (self, FALSE);
    return FALSE;
  }
  verdict = verify (self, credentials, user, realm);
  if (verdict == DIGEST_OK)
    return accept (self, credentials, user);
  if (verdict == DIGEST_WRONG)
    note_wrong (self, who);
  challenge (self, verdict != DIGEST_WRONG);
  return FALSE;
}

gboolean
login_check (XcapTask *self)
{
  g_autoptr (DigestCredentials) credentials = credentials_of (self);

  if (credentials != NULL)
    return judge (self, credentials);
  challenge (self, FALSE);
  return FALSE;
}
