/* SPDX-License-Identifier: ISC
 *
 * Digest and assertion. */
#define G_LOG_DOMAIN "sip"
#include "sip/identity.h"
#include "sip/credentials.h"
#include "sip/status.h"

#include "addr/aor.h"
#include "auth/offer.h"

#include <string.h>

/* How many credentials of one realm are looked at. */
#define TRIES 4

static const char *const *
allowed_of (const SipIncoming *request)
{
  return conf_list (request->sip->conf, "auth", "algorithms");
}

/* A disabled user counts as unknown. */
static const StoreUser *
enabled_user (const SipIncoming *request, const char *aor)
{
  const StoreUser *user = service_user (request->sip->service, aor);

  return user != NULL && user->is_enabled ? user : NULL;
}

/* The username is the user part; some clients send the whole address. */
static const StoreUser *
user_of (const SipIncoming *request, const DigestCredentials *credentials,
         const char *realm)
{
  const char *name = credentials->username;
  g_autofree char *aor = NULL;

  if (name == NULL)
    return NULL;
  aor = strchr (name, '@') != NULL ? g_strdup (name)
                                   : g_strdup_printf ("%s@%s", name, realm);
  return enabled_user (request, aor);
}

static DigestHashes
hashes_of (const StoreUser *user)
{
  return (DigestHashes){ user->ha1_md5, user->ha1_sha256 };
}

static DigestVerdict
verify (const SipIncoming *request, const DigestCredentials *credentials,
        const StoreUser *user, const char *realm)
{
  const sip_t *sip = request->object;
  const sip_payload_t *body = sip->sip_payload;
  const char *ha1 = NULL;

  if (user != NULL
      && digest_is_allowed (allowed_of (request), credentials->algorithm)) {
    DigestHashes hashes = hashes_of (user);

    ha1 = digest_hash (&hashes, credentials->algorithm);
  }
  return digest_verify (
      request->sip->digest, credentials, realm, ha1,
      sip->sip_request->rq_method_name, body != NULL ? body->pl_data : NULL,
      body != NULL ? body->pl_len : 0, clock_now (request->sip->clock));
}

static void
challenge (SipIncoming *request, const char *realm, gboolean is_stale,
           gboolean is_relay)
{
  const Sip *sip = request->sip;
  g_autofree char *from = uri_aor (request->checked.from);
  g_autofree char *first = NULL, *second = NULL;
  DigestAlgorithm algorithms[2] = { DIGEST_MD5, DIGEST_MD5 };
  const StoreUser *user = enabled_user (request, from);
  DigestHashes hashes = user != NULL ? hashes_of (user) : (DigestHashes){ 0 };
  guint n = digest_offer (allowed_of (request), user != NULL ? &hashes : NULL,
                          algorithms);
  gint64 now = clock_now (sip->clock);

  first = digest_challenge (sip->digest, realm, algorithms[0], is_stale, now);
  if (n > 1)
    second
        = digest_challenge (sip->digest, realm, algorithms[1], is_stale, now);
  if (is_relay)
    incoming_reply (
        request, 407, NULL, SIPTAG_PROXY_AUTHENTICATE_STR (first),
        TAG_IF (second != NULL, SIPTAG_PROXY_AUTHENTICATE_STR (second)),
        TAG_END ());
  else
    incoming_reply (
        request, 401, NULL, SIPTAG_WWW_AUTHENTICATE_STR (first),
        TAG_IF (second != NULL, SIPTAG_WWW_AUTHENTICATE_STR (second)),
        TAG_END ());
}

static void
forbid (SipIncoming *request, const char *why)
{
  const sip_t *sip = request->object;

  g_info ("%s from %s (Call-ID %s) refused: %s",
          sip->sip_request->rq_method_name, request->source,
          sip->sip_call_id->i_id, why);
  counters_add (request->sip->counters, "identity_refused_total", 1);
  status_reply (request, SERVICE_FORBIDDEN, why, 0);
}

static gboolean
take (SipIncoming *request, const StoreUser *user)
{
  g_autofree char *from = uri_aor (request->checked.from);

  if (!aor_equal (from, user->aor)) {
    forbid (request, "From is not the authenticated user");
    return FALSE;
  }
  request->user = g_strdup (user->aor);
  return TRUE;
}

static gboolean
by_digest (SipIncoming *request, const char *realm, gboolean is_relay)
{
  gboolean is_stale = FALSE, is_wrong = FALSE;

  for (guint i = 0; i < TRIES; i++) {
    g_autoptr (DigestCredentials) credentials
        = credentials_find (request->object, realm, i);
    const StoreUser *user;
    DigestVerdict verdict;

    if (credentials == NULL)
      break;
    user = user_of (request, credentials, realm);
    verdict = verify (request, credentials, user, realm);
    if (verdict == DIGEST_OK)
      return take (request, user);
    is_wrong = is_wrong || verdict == DIGEST_WRONG;
    is_stale = is_stale || verdict != DIGEST_WRONG;
  }
  if (is_wrong) {
    g_info ("wrong credentials from %s (Call-ID %s)", request->source,
            request->object->sip_call_id->i_id);
    counters_add (request->sip->counters, "digest_wrong_total", 1);
  }
  challenge (request, realm, is_stale, is_relay);
  return FALSE;
}

static gboolean
by_assertion (SipIncoming *request)
{
  g_autofree char *aor
      = credentials_asserted (request->object, request->checked.from);
  const StoreUser *user = service_user (request->sip->service, aor);

  if (user != NULL && !user->is_enabled) {
    forbid (request, "The user is disabled");
    return FALSE;
  }
  request->user = user != NULL ? g_strdup (user->aor) : g_steal_pointer (&aor);
  return TRUE;
}

gboolean
identity_establish (SipIncoming *request, gboolean is_relay)
{
  const char *realm = uri_host (request->checked.from);

  if (request->is_trusted)
    return by_assertion (request);
  if (realm == NULL || !service_has_domain (request->sip->service, realm)) {
    forbid (request, "From is not of a domain of ours");
    return FALSE;
  }
  return by_digest (request, realm, is_relay);
}
