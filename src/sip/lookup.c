/* SPDX-License-Identifier: ISC
 *
 * libc and not sofia's sresolv: that one asks with consecutive numbers from one
 * port, does not compare the answer's question with its own, keeps additional
 * records of any zone, does not go to TCP for a truncated answer, does not read
 * the hosts file, and loops for ever on a compression pointer to itself. */
#define G_LOG_DOMAIN "sip"
#include "sip/lookup.h"
#include "sip/endpoint.h"
#include "sip/sofia_fixes.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#define TRY_S 2 /* for one server to answer */
#define TRIES 2

struct Lookup {
  gint64 deadline;
  struct __res_state state;
  gboolean is_usable;
  PlanLookup plan;
};

typedef void (*RecordFn) (ns_msg *msg, ns_rr *rr, GArray *out);

/* One name in the answer; empty when it is the root or does not parse. */
static const unsigned char *
get_name (ns_msg *msg, const unsigned char *at, char *out)
{
  int n = dn_expand (ns_msg_base (*msg), ns_msg_end (*msg), at, out,
                     PLAN_NAME_MAX);

  if (n < 0)
    *out = '\0';
  return n < 0 ? NULL : at + n;
}

/* A character string (RFC 1035 3.3); what is longer than out is left empty. */
static const unsigned char *
get_string (const unsigned char *at, const unsigned char *end, char *out,
            gsize size)
{
  gsize len;

  *out = '\0';
  if (at == NULL || at >= end || (len = *at) >= (gsize)(end - at))
    return NULL;
  if (len < size) {
    memcpy (out, at + 1, len);
    out[len] = '\0';
  }
  return at + 1 + len;
}

/* RFC 3403 4.1 */
static void
read_naptr (ns_msg *msg, ns_rr *rr, GArray *out)
{
  const unsigned char *at = ns_rr_rdata (*rr), *end = at + ns_rr_rdlen (*rr);
  char regexp[2];
  PlanNaptr one = { 0 };

  if (end - at < 5)
    return;
  one.order = ns_get16 (at);
  one.preference = ns_get16 (at + 2);
  at = get_string (at + 4, end, one.flags, sizeof one.flags);
  at = get_string (at, end, one.service, sizeof one.service);
  if (at == NULL || at >= end)
    return;
  one.has_regexp = *at != 0;
  at = get_string (at, end, regexp, sizeof regexp);
  if (at != NULL && get_name (msg, at, one.replacement) != NULL)
    g_array_append_val (out, one);
}

/* RFC 2782 */
static void
read_srv (ns_msg *msg, ns_rr *rr, GArray *out)
{
  const unsigned char *at = ns_rr_rdata (*rr);
  PlanSrv one = { 0 };

  if (ns_rr_rdlen (*rr) < 7)
    return;
  one.priority = ns_get16 (at);
  one.weight = ns_get16 (at + 2);
  one.port = ns_get16 (at + 4);
  if (get_name (msg, at + 6, one.target) != NULL && one.port != 0)
    g_array_append_val (out, one);
}

static void
query (Lookup *self, const char *name, ns_type type, RecordFn read, GArray *out)
{
  unsigned char *answer;
  const int size = NS_MAXMSG;
  ns_msg msg;
  ns_rr rr;
  int len;

  if (!self->is_usable || g_get_monotonic_time () >= self->deadline)
    return;
  answer = g_malloc (size);
  len = res_nquery (&self->state, name, ns_c_in, type, answer, size);
  if (len > 0 && ns_initparse (answer, MIN (len, size), &msg) == 0)
    for (int i = 0; i < ns_msg_count (msg, ns_s_an); i++)
      if (ns_parserr (&msg, ns_s_an, i, &rr) == 0 && ns_rr_type (rr) == type)
        read (&msg, &rr, out);
  g_free (answer);
}

static void
look_naptr (gpointer self, const char *name, GArray *out)
{
  query (self, name, ns_t_naptr, read_naptr, out);
}

static void
look_srv (gpointer self, const char *name, GArray *out)
{
  query (self, name, ns_t_srv, read_srv, out);
}

static void
look_addresses (gpointer self, const char *name, GArray *out)
{
  const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
  struct addrinfo *list = NULL, *one;

  if (g_get_monotonic_time () >= ((Lookup *)self)->deadline
      || sofia_fixes_getaddrinfo (name, NULL, &hints, &list) != 0)
    return;
  for (one = list; one != NULL; one = one->ai_next) {
    PlanAddress address = { 0 };
    Endpoint at;

    if (!endpoint_from_sockaddr (one->ai_addr, &at))
      continue;
    g_strlcpy (address.text, at.host, sizeof address.text);
    g_array_append_val (out, address);
  }
  freeaddrinfo (list);
}

static guint
pick (gpointer self, guint max)
{
  return (guint)(g_random_double () * ((double)max + 1));
}

Lookup *
lookup_new (gint64 deadline, guint dns_port)
{
  Lookup *self = g_new0 (Lookup, 1);

  self->deadline = deadline;
  self->plan = (PlanLookup){ .self = self,
                             .naptr = look_naptr,
                             .srv = look_srv,
                             .addresses = look_addresses,
                             .random = pick };
  self->is_usable = res_ninit (&self->state) == 0;
  self->state.retrans = TRY_S;
  self->state.retry = TRIES;
  if (dns_port == 0)
    return self;
  self->state.nscount = 1;
  self->state.nsaddr_list[0]
      = (struct sockaddr_in){ .sin_family = AF_INET,
                              .sin_port = htons ((guint16)dns_port),
                              .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  return self;
}

void
lookup_free (Lookup *self)
{
  if (self == NULL)
    return;
  if (self->is_usable)
    res_nclose (&self->state);
  g_free (self);
}

const PlanLookup *
lookup_plan (Lookup *self)
{
  return &self->plan;
}
