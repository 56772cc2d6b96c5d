/* SPDX-License-Identifier: ISC
 *
 * Copies for forwarding: see the header (RFC 3261 16.4, 16.6; RFC 3325 5, 7;
 * RFC 3327 5.3). */
#include "sip/forward.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FORWARDS 70
/* The Via that nta adds, about. */
#define VIA_ROOM 80

static void
remove_header (msg_t *msg, sip_t *sip, void *header)
{
  msg_header_remove (msg, (msg_pub_t *)sip, header);
}

static gboolean
insert_header (msg_t *msg, sip_t *sip, void *header)
{
  return header != NULL
         && msg_header_insert (msg, (msg_pub_t *)sip, header) >= 0;
}

/* RFC 3261 16.6 (3), 16.3 (3). */
static guint
count_hop (msg_t *msg, sip_t *sip)
{
  sip_max_forwards_t *left = sip->sip_max_forwards;

  if (left == NULL) {
    left = sip_max_forwards_format (msg_home (msg), "%u", MAX_FORWARDS);
    return insert_header (msg, sip, left) ? 0 : 500;
  }
  if (left->mf_count == 0)
    return 483;
  left->mf_count--;
  msg_fragment_clear (left->mf_common);
  return 0;
}

static gboolean
is_sip_uri (const char *text, gssize len)
{
  g_autoptr (Uri) uri = NULL;

  return uri_parse (text, len, &uri, NULL) && uri_scheme (uri) != URI_TEL;
}

static gboolean
is_path (const char *path)
{
  const char *uri;
  gsize len;

  while (path != NULL)
    if (!way_first_route (path, &uri, &len, &path) || !is_sip_uri (uri, len))
      return FALSE;
  return TRUE;
}

/* RFC 3261 16.6 (2). */
static guint
set_target (msg_t *msg, sip_t *sip, const char *target)
{
  sip_request_t *old = sip->sip_request, *fresh;

  if (!is_sip_uri (target, -1))
    return 400;
  fresh
      = sip_request_create (msg_home (msg), old->rq_method, old->rq_method_name,
                            (const url_string_t *)target, NULL);
  if (fresh == NULL)
    return 500;
  fresh->rq_url->url_headers = NULL; /* RFC 3261 19.1.1: not in this place */
  return insert_header (msg, sip, fresh) ? 0 : 500;
}

static gboolean
is_self (const ForwardRules *rules, const url_t *url)
{
  guint port = url->url_port ? strtoul (url->url_port, NULL, 10) : 0;

  return url->url_host != NULL
         && rules->is_self (rules->data, url->url_host, port);
}

/* Our own entries on top (RFC 3261 16.4), then the binding's Path before what
 * is left (RFC 3327 5.3). */
static guint
set_routes (msg_t *msg, sip_t *sip, const char *path, const ForwardRules *rules)
{
  sip_route_t *kept, *first;

  while (sip->sip_route != NULL && is_self (rules, sip->sip_route->r_url))
    remove_header (msg, sip, sip->sip_route);
  if (path == NULL || *path == '\0')
    return 0;
  if (!is_path (path))
    return 400;
  first = sip_route_make (msg_home (msg), path);
  kept = sip->sip_route ? sip_route_dup (msg_home (msg), sip->sip_route) : NULL;
  while (sip->sip_route != NULL)
    remove_header (msg, sip, sip->sip_route);
  if (!insert_header (msg, sip, first))
    return 500;
  return kept == NULL || insert_header (msg, sip, kept) ? 0 : 500;
}

/* Is this credential for us?  The realm parameter is a quoted string. */
static gboolean
is_ours (const msg_auth_t *auth, const ForwardRules *rules)
{
  const char *value
      = msg_header_find_param ((const msg_common_t *)auth, "realm=");
  g_autofree char *realm = NULL;
  gsize len;

  if (value == NULL)
    return FALSE;
  len = strlen (value);
  if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
    realm = g_strndup (value + 1, len - 2);
  else
    realm = g_strdup (value);
  return rules->is_our_realm (rules->data, realm);
}

/* Nobody behind us needs the proofs that were meant for us (RFC 3261 22.3). */
static void
drop_credentials (msg_t *msg, sip_t *sip, msg_auth_t *list,
                  const ForwardRules *rules)
{
  msg_auth_t *next;

  for (msg_auth_t *auth = list; auth != NULL; auth = next) {
    next = auth->au_next;
    if (is_ours (auth, rules))
      remove_header (msg, sip, auth);
  }
}

gboolean
forward_wants_privacy (const sip_t *sip)
{
  return sip->sip_privacy != NULL
         && msg_header_find_item (sip->sip_privacy->priv_common, "id") != NULL;
}

/* RFC 3325: an identity that nobody trusted asserts is worth nothing, and one
 * whose owner wants privacy goes no further. */
static void
drop_identity (msg_t *msg, sip_t *sip, const ForwardRules *rules)
{
  sip_p_preferred_identity_t *wish;
  sip_p_asserted_identity_t *said;

  if (rules->is_trusted && !forward_wants_privacy (sip))
    return;
  while ((said = sip_p_asserted_identity (sip)) != NULL)
    remove_header (msg, sip, said);
  while ((wish = sip_p_preferred_identity (sip)) != NULL)
    remove_header (msg, sip, wish);
}

/* sofia copies the second of a header that may come once only along with the
 * first, and then fails an assertion when it writes the copy. */
static void
drop_doubled (msg_t *msg, sip_t *sip)
{
  msg_header_t *h = (msg_header_t *)sip->sip_request;

  for (; h != NULL; h = h->sh_succ)
    while (h->sh_class->hc_kind == msg_kind_single && h->sh_next != NULL)
      remove_header (msg, sip, h->sh_next);
}

static guint
make_ready (msg_t *msg, const SipTarget *target, const ForwardRules *rules)
{
  sip_t *sip = sip_object (msg);
  guint status = count_hop (msg, sip);

  drop_doubled (msg, sip);
  if (status == 0 && target->target != NULL)
    status = set_target (msg, sip, target->target);
  if (status == 0)
    status = set_routes (msg, sip, target->path, rules);
  drop_credentials (msg, sip, sip->sip_proxy_authorization, rules);
  drop_credentials (msg, sip, sip->sip_authorization, rules);
  drop_identity (msg, sip, rules);
  return status;
}

guint
forward_aim (msg_t *msg, const SipTarget *target)
{
  sip_t *sip = sip_object (msg);
  guint status = set_target (msg, sip, target->target);

  return status == 0 ? set_routes (msg, sip, target->path, NULL) : status;
}

msg_t *
forward_copy (msg_t *request, const SipTarget *target,
              const ForwardRules *rules, guint *status_out)
{
  msg_t *copy = msg_copy (request);

  *status_out = copy ? make_ready (copy, target, rules) : 500;
  if (*status_out != 0)
    g_clear_pointer (&copy, msg_destroy);
  return copy;
}

/* What it takes on the wire, near enough. */
static WaySize
size_of (msg_t *msg, const ForwardSizes *sizes)
{
  const sip_t *sip = sip_object (msg);
  issize_t size = msg_prepare (msg);
  WaySize out = { MAX (size, 0) + VIA_ROOM, sizes->udp_max, 0 };

  if (sip->sip_request->rq_method == sip_method_message)
    out.udp_easy = sizes->message_udp_max;
  return out;
}

void
forward_way (msg_t *copy, const SipTarget *target, const ForwardSizes *sizes,
             Way *out)
{
  sip_t *sip = sip_object (copy);
  WaySize size = size_of (copy, sizes);
  const url_t *url
      = sip->sip_route ? sip->sip_route->r_url : sip->sip_request->rq_url;

  if (target->flow != 0)
    way_by_flow (out, target->flow);
  else if (target->received != NULL)
    way_by_source (out, target->received, size);
  else {
    su_home_t *home = su_home_new (sizeof *home);

    way_by_uri (out, url_as_string (home, url), -1, size);
    su_home_unref (home);
  }
}
