/* SPDX-License-Identifier: ISC
 *
 * Ways out: see the header (RFC 3261 8.1.2, 12.2.1.1, 18.1.1; RFC 3263 4.1). */
#include "sip/way.h"

#include <string.h>

#include <arpa/inet.h>

void
way_clear (Way *self)
{
  g_clear_pointer (&self->uri, uri_free);
}

static void
no_way (Way *self, const char *why)
{
  self->kind = WAY_NONE;
  self->why = why;
}

void
way_by_flow (Way *self, guint64 flow)
{
  *self = (Way){ .kind = WAY_FLOW, .flow = flow };
}

static gboolean
is_proto (const char *proto)
{
  return g_str_equal (proto, "udp") || g_str_equal (proto, "tcp")
         || g_str_equal (proto, "tls");
}

/* Copies len bytes when they fit and are an IP address. */
static gboolean
take_address (const char *text, gsize len, char out[64])
{
  guint8 bytes[16];

  if (len == 0 || len >= 64)
    return FALSE;
  memcpy (out, text, len);
  out[len] = '\0';
  return inet_pton (AF_INET, out, bytes) == 1
         || inet_pton (AF_INET6, out, bytes) == 1;
}

gboolean
way_parse_hop (const char *text, ResolverHop *out)
{
  const char *host, *colon, *end;
  guint64 port;

  if (strlen (text) < 5 || text[3] != ':')
    return FALSE;
  memcpy (out->proto, text, 3);
  out->proto[3] = '\0';
  host = text + 4;
  colon = strrchr (host, ':');
  if (!is_proto (out->proto) || colon == NULL)
    return FALSE;
  end = colon;
  if (*host == '[') {
    host++;
    if (end == host || *--end != ']')
      return FALSE;
  }
  if (!take_address (host, end - host, out->host)
      || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
    return FALSE;
  out->port = port;
  return TRUE;
}

void
way_hop_url (const ResolverHop *hop, char out[WAY_URL_MAX])
{
  gboolean is_v6 = strchr (hop->host, ':') != NULL;

  g_snprintf (out, WAY_URL_MAX, "sip:%s%s%s:%u;transport=%s", is_v6 ? "[" : "",
              hop->host, is_v6 ? "]" : "", hop->port, hop->proto);
}

static void
add_hop (Way *self, const char *host, guint port, const char *proto)
{
  ResolverHop *hop = &self->hops[self->n_hops++];

  self->kind = WAY_HOPS;
  g_strlcpy (hop->host, host, sizeof hop->host);
  g_strlcpy (hop->proto, proto, sizeof hop->proto);
  hop->port = port;
}

/* Does a stream come first?  usual: from where on, when size does not say. */
static gboolean
wants_stream (WaySize size, gsize usual)
{
  gsize easy = size.udp_easy != 0 ? size.udp_easy : usual;

  return size.bytes > MIN (easy, size.udp_max);
}

/* UDP is the way as far as size allows (RFC 3261 18.1.1). */
static void
add_datagram (Way *self, const char *host, guint port, WaySize size,
              gsize usual)
{
  if (wants_stream (size, usual))
    add_hop (self, host, port, "tcp");
  if (size.bytes > size.udp_max)
    return;
  self->n_streams = self->n_hops;
  add_hop (self, host, port, "udp");
}

void
way_by_source (Way *self, const char *source, WaySize size)
{
  ResolverHop hop;

  *self = (Way){ 0 };
  if (source == NULL || !way_parse_hop (source, &hop))
    no_way (self, "it is not known where the device is");
  else if (!g_str_equal (hop.proto, "udp"))
    no_way (self, "the connection that the device came by is closed");
  else
    add_datagram (self, hop.host, hop.port, size, size.udp_max);
}

/* A numeric host: no question to the DNS (RFC 3263 4.1, 4.2). */
static void
by_address (Way *self, const Uri *uri, WaySize size)
{
  const char *transport = uri_param (uri, "transport");
  const char *host = uri_host (uri);
  gboolean is_sips = uri_scheme (uri) == URI_SIPS;
  gboolean is_tls
      = is_sips
        || (transport != NULL && g_ascii_strcasecmp (transport, "tls") == 0);
  guint port = uri_port (uri) ? uri_port (uri) : is_tls ? 5061 : 5060;

  if (is_tls)
    add_hop (self, host, port, "tls");
  else if (transport == NULL)
    add_datagram (self, host, port, size, WAY_UDP_EASY);
  else if (g_ascii_strcasecmp (transport, "tcp") == 0)
    add_hop (self, host, port, "tcp");
  else if (g_ascii_strcasecmp (transport, "udp") == 0)
    add_datagram (self, host, port, size, size.udp_max);
  else
    no_way (self, "its address wants a transport that is not spoken here");
}

/* Does a URI leave UDP open? */
static gboolean
may_be_datagram (const Uri *uri)
{
  const char *transport = uri_param (uri, "transport");

  return uri_scheme (uri) == URI_SIP
         && (transport == NULL || g_ascii_strcasecmp (transport, "udp") == 0);
}

void
way_by_uri (Way *self, const char *text, gssize len, WaySize size)
{
  g_autoptr (Uri) uri = NULL;

  *self = (Way){ 0 };
  if (text == NULL || !uri_parse (text, len, &uri, NULL)
      || uri_scheme (uri) == URI_TEL)
    no_way (self, "its address is no SIP URI");
  else if (uri_host_is_numeric (uri) && uri_param (uri, "maddr") == NULL)
    by_address (self, uri, size);
  else {
    self->kind = WAY_URI;
    self->needs_stream = wants_stream (size, WAY_UDP_EASY);
    self->falls_back = self->needs_stream && size.bytes <= size.udp_max
                       && may_be_datagram (uri);
    self->uri = g_steal_pointer (&uri);
  }
}

/* Past a quoted display name. */
static const char *
skip_quoted (const char *at)
{
  if (*at != '"')
    return at;
  for (at++; *at != '\0' && *at != '"'; at++)
    if (*at == '\\' && at[1] != '\0')
      at++;
  return at;
}

gboolean
way_first_route (const char *route, const char **uri_out, gsize *len_out,
                 const char **rest_out)
{
  const char *open, *close, *comma;

  route += strspn (route, " \t");
  open = strchr (skip_quoted (route), '<');
  close = open ? strchr (open, '>') : NULL;
  if (close == NULL || close == open + 1)
    return FALSE;
  comma = strchr (close, ',');
  *uri_out = open + 1;
  *len_out = close - open - 1;
  *rest_out = comma ? comma + 1 + strspn (comma + 1, " \t") : NULL;
  return TRUE;
}
