/* SPDX-License-Identifier: ISC
 *
 * RFC 3263 4.1 (which transport) and 4.2 (which address and port), the choice
 * among SRV records by RFC 2782. */
#include "sip/plan.h"
#include "sip/endpoint.h"

#include <string.h>

/* Where a target's letters may go into a query. */
static gboolean
is_domain_name (const char *name)
{
  gsize len = strlen (name);

  return len > 0 && len < PLAN_NAME_MAX - 16
         && strspn (name, "abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
                == len
         && strstr (name, "..") == NULL && name[0] != '.';
}

static gboolean
set_transport (PlanTarget *out, const char *param)
{
  static const char *const known[] = { "udp", "tcp", "tls" };
  guint i = 0;

  if (param == NULL)
    return TRUE;
  while (i < G_N_ELEMENTS (known) && g_ascii_strcasecmp (known[i], param) != 0)
    i++;
  if (i == G_N_ELEMENTS (known) || (out->is_sips && i == 0))
    return FALSE;
  if (out->is_sips) /* RFC 3261 26.2.2: transport=tcp of sips is TLS */
    i = 2;
  else if (i == 0 && out->needs_stream) /* RFC 3261 18.1.1 */
    i = 1;
  g_strlcpy (out->transport, known[i], sizeof out->transport);
  return TRUE;
}

gboolean
plan_target (const Uri *uri, gboolean needs_stream, PlanTarget *out)
{
  const char *host = uri_host (uri), *maddr;
  Endpoint numeric;

  memset (out, 0, sizeof *out);
  if (uri_scheme (uri) == URI_TEL || host == NULL)
    return FALSE;
  maddr = uri_param (uri, "maddr");
  if (maddr != NULL && *maddr != '\0')
    host = maddr;
  out->is_sips = uri_scheme (uri) == URI_SIPS;
  out->needs_stream = needs_stream;
  out->port = uri_port (uri);
  /* with 1 for a port: "host:port" is no host */
  out->is_numeric = endpoint_parse (host, 1, &numeric) && numeric.port == 1;
  if (out->is_numeric)
    host = numeric.host;
  else if (!is_domain_name (host))
    return FALSE;
  g_strlcpy (out->host, host, sizeof out->host);
  return set_transport (out, uri_param (uri, "transport"));
}

char *
plan_key (const PlanTarget *target)
{
  g_autofree char *host = g_ascii_strdown (target->host, -1);

  return g_strdup_printf ("%s %u %s %d%d", host, target->port,
                          target->transport, target->is_sips,
                          target->needs_stream);
}

/* Hops */

static guint
default_port (const char *proto)
{
  return strcmp (proto, "tls") == 0 ? 5061 : 5060;
}

static void
add_hop (GArray *hops, const char *host, guint port, const char *proto)
{
  ResolverHop hop = { .port = port != 0 ? port : default_port (proto) };

  g_strlcpy (hop.host, host, sizeof hop.host);
  g_strlcpy (hop.proto, proto, sizeof hop.proto);
  for (guint i = 0; i < hops->len; i++)
    if (memcmp (&g_array_index (hops, ResolverHop, i), &hop, sizeof hop) == 0)
      return;
  if (hops->len < PLAN_HOPS_MAX)
    g_array_append_val (hops, hop);
}

static void
add_addresses (const PlanLookup *lookup, const char *name, guint port,
               const char *proto, GArray *hops)
{
  g_autoptr (GArray) found = g_array_new (FALSE, TRUE, sizeof (PlanAddress));

  if (hops->len >= PLAN_HOPS_MAX)
    return;
  lookup->addresses (lookup->self, name, found);
  for (guint i = 0; i < found->len; i++)
    add_hop (hops, g_array_index (found, PlanAddress, i).text, port, proto);
}

/* SRV */

static gint
compare_srv (gconstpointer a, gconstpointer b)
{
  const PlanSrv *x = a, *y = b;

  if (x->priority != y->priority)
    return x->priority < y->priority ? -1 : 1;
  return (x->weight > 0) - (y->weight > 0); /* RFC 2782: weight 0 first */
}

/* Takes one out of the first n, which have the same priority: the one at which
 * the running sum of weights reaches a random number. */
static PlanSrv
take_one (GArray *records, guint n, const PlanLookup *lookup)
{
  guint sum = 0, reached = 0, choice, i;
  PlanSrv one;

  for (i = 0; i < n; i++)
    sum += g_array_index (records, PlanSrv, i).weight;
  choice = lookup->random (lookup->self, sum);
  for (i = 0; i + 1 < n; i++) {
    reached += g_array_index (records, PlanSrv, i).weight;
    if (reached >= choice)
      break;
  }
  one = g_array_index (records, PlanSrv, i);
  g_array_remove_index (records, i);
  return one;
}

static void
add_srv (const PlanLookup *lookup, const char *name, const char *proto,
         GArray *hops)
{
  g_autoptr (GArray) records = g_array_new (FALSE, TRUE, sizeof (PlanSrv));

  lookup->srv (lookup->self, name, records);
  g_array_sort (records, compare_srv);
  while (records->len > 0 && hops->len < PLAN_HOPS_MAX) {
    guint priority = g_array_index (records, PlanSrv, 0).priority;
    guint n = 1;
    PlanSrv one;

    while (n < records->len
           && g_array_index (records, PlanSrv, n).priority == priority)
      n++;
    one = take_one (records, n, lookup);
    if (is_domain_name (one.target))
      add_addresses (lookup, one.target, one.port, proto, hops);
  }
}

static void
add_srv_of (const PlanLookup *lookup, const PlanTarget *target,
            const char *proto, GArray *hops)
{
  const char *service = strcmp (proto, "udp") == 0   ? "_sip._udp"
                        : strcmp (proto, "tcp") == 0 ? "_sip._tcp"
                                                     : "_sips._tcp";
  g_autofree char *name = g_strconcat (service, ".", target->host, NULL);

  add_srv (lookup, name, proto, hops);
}

/* NAPTR */

static gint
compare_naptr (gconstpointer a, gconstpointer b)
{
  const PlanNaptr *x = a, *y = b;

  if (x->order != y->order)
    return x->order < y->order ? -1 : 1;
  return (x->preference > y->preference) - (x->preference < y->preference);
}

/* NULL: not for us. */
static const char *
proto_of (const PlanNaptr *naptr, const PlanTarget *target)
{
  if (g_ascii_strcasecmp (naptr->flags, "s") != 0 || naptr->has_regexp
      || !is_domain_name (naptr->replacement))
    return NULL;
  if (g_ascii_strcasecmp (naptr->service, "SIPS+D2T") == 0)
    return "tls";
  if (target->is_sips) /* RFC 3263 4.1: nothing else keeps the promise */
    return NULL;
  if (g_ascii_strcasecmp (naptr->service, "SIP+D2T") == 0)
    return "tcp";
  if (g_ascii_strcasecmp (naptr->service, "SIP+D2U") == 0
      && !target->needs_stream)
    return "udp";
  return NULL;
}

static void
add_naptr (const PlanLookup *lookup, const PlanTarget *target, GArray *hops)
{
  g_autoptr (GArray) records = g_array_new (FALSE, TRUE, sizeof (PlanNaptr));

  lookup->naptr (lookup->self, target->host, records);
  g_array_sort (records, compare_naptr);
  for (guint i = 0; i < records->len && hops->len < PLAN_HOPS_MAX; i++) {
    const PlanNaptr *naptr = &g_array_index (records, PlanNaptr, i);
    const char *proto = proto_of (naptr, target);

    if (proto != NULL)
      add_srv (lookup, naptr->replacement, proto, hops);
  }
}

/* RFC 3263 4.1: neither transport nor port, a name. */
static void
choose_transport (const PlanLookup *lookup, const PlanTarget *target,
                  GArray *hops)
{
  add_naptr (lookup, target, hops);
  if (hops->len > 0)
    return;
  if (target->is_sips) {
    add_srv_of (lookup, target, "tls", hops);
    return;
  }
  if (!target->needs_stream)
    add_srv_of (lookup, target, "udp", hops);
  add_srv_of (lookup, target, "tcp", hops);
}

void
plan_run (const PlanTarget *target, const PlanLookup *lookup, GArray *hops)
{
  const char *proto = target->transport;

  if (*proto == '\0')
    proto = target->is_sips ? "tls" : target->needs_stream ? "tcp" : "udp";
  if (target->is_numeric) {
    add_hop (hops, target->host, target->port, proto);
    return;
  }
  if (target->port == 0 && *target->transport != '\0')
    add_srv_of (lookup, target, proto, hops);
  else if (target->port == 0)
    choose_transport (lookup, target, hops);
  if (hops->len == 0)
    add_addresses (lookup, target->host, target->port, proto, hops);
}
