/* SPDX-License-Identifier: ISC
 *
 * The resolver's threads for those who only want addresses. */
#include "sip/resolve.h"
#include "sip/sip-priv.h"

#include <string.h>

struct NamesQuery {
  ResolverQuery *query;
  NamesFn fn;
  gpointer data;
};

static void
found_cb (const ResolverHop *hops, gsize n, gpointer data)
{
  g_autofree NamesQuery *self = data;
  g_autofree const char **hosts = g_new0 (const char *, n + 1);

  for (gsize i = 0; i < n; i++)
    hosts[i] = hops[i].host;
  self->fn (hosts, n, self->data);
}

/* With a port and a transport there is nothing to look up but addresses (RFC
 * 3263 4.2). */
static Uri *
uri_of (const char *host)
{
  g_autofree char *text
      = g_strdup_printf (strchr (host, ':') ? "sip:[%s]:1;transport=tcp"
                                            : "sip:%s:1;transport=tcp",
                         host);
  Uri *uri = NULL;

  uri_parse (text, -1, &uri, NULL);
  return uri;
}

static NamesQuery *
lookup_cb (gpointer port, const char *host, NamesFn fn, gpointer data)
{
  Sip *self = port;
  NamesQuery *query = g_new0 (NamesQuery, 1);
  g_autoptr (Uri) uri = uri_of (host);

  query->fn = fn;
  query->data = data;
  if (uri == NULL)
    uri = uri_of ("name.invalid");
  query->query = resolver_start (self->resolver, uri, TRUE, found_cb, query);
  return query;
}

static void
cancel_cb (gpointer port, NamesQuery *query)
{
  resolver_cancel (query->query);
  g_free (query);
}

NamesPort *
sip_names_port (Sip *self)
{
  self->names = (NamesPort){ self, lookup_cb, cancel_cb };
  return &self->names;
}
