/* SPDX-License-Identifier: ISC */
#define G_LOG_DOMAIN "sip"
#include "sip/endpoint.h"
#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static gboolean
set_host (const char *host, Endpoint *out)
{
  struct sockaddr_storage ss = { 0 };
  struct sockaddr_in *v4 = (struct sockaddr_in *)&ss;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ss;
  guint port = out->port;

  if (inet_pton (AF_INET, host, &v4->sin_addr) == 1)
    ss.ss_family = AF_INET;
  else if (inet_pton (AF_INET6, host, &v6->sin6_addr) == 1)
    ss.ss_family = AF_INET6;
  else
    return FALSE;
  endpoint_from_sockaddr ((struct sockaddr *)&ss, out);
  out->port = port;
  return TRUE;
}

static gboolean
set_port (const char *text, Endpoint *out)
{
  guint64 port;

  if (!g_ascii_string_to_unsigned (text, 10, 0, 65535, &port, NULL))
    return FALSE;
  out->port = (guint)port;
  return TRUE;
}

gboolean
endpoint_parse (const char *text, guint fallback, Endpoint *out)
{
  g_autofree char *host = NULL;
  const char *end, *colon;

  *out = (Endpoint){ .port = fallback };
  if (*text == '[') {
    end = strchr (text, ']');
    if (end == NULL || (end[1] != '\0' && end[1] != ':'))
      return FALSE;
    host = g_strndup (text + 1, end - text - 1);
    if (strchr (host, ':') == NULL) /* brackets are for IPv6 */
      return FALSE;
    return (end[1] == '\0' || set_port (end + 2, out)) && set_host (host, out);
  }
  colon = strchr (text, ':');
  if (colon == NULL || strchr (colon + 1, ':') != NULL)
    return set_host (text, out);
  host = g_strndup (text, colon - text);
  return set_port (colon + 1, out) && set_host (host, out);
}

gboolean
endpoint_from_sockaddr (const struct sockaddr *addr, Endpoint *out)
{
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;

  memset (out, 0, sizeof *out);
  if (addr->sa_family == AF_INET) {
    inet_ntop (AF_INET, &v4->sin_addr, out->host, sizeof out->host);
    out->port = ntohs (v4->sin_port);
  } else if (addr->sa_family == AF_INET6) {
    out->port = ntohs (v6->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED (&v6->sin6_addr)) {
      inet_ntop (AF_INET, v6->sin6_addr.s6_addr + 12, out->host,
                 sizeof out->host);
      out->family = AF_INET;
      return TRUE;
    }
    inet_ntop (AF_INET6, &v6->sin6_addr, out->host, sizeof out->host);
  } else {
    return FALSE;
  }
  out->family = addr->sa_family;
  return TRUE;
}

socklen_t
endpoint_to_sockaddr (const Endpoint *self, struct sockaddr_storage *out)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

  memset (out, 0, sizeof *out);
  out->ss_family = (sa_family_t)self->family;
  if (self->family == AF_INET) {
    inet_pton (AF_INET, self->host, &v4->sin_addr);
    v4->sin_port = htons ((guint16)self->port);
    return sizeof *v4;
  }
  inet_pton (AF_INET6, self->host, &v6->sin6_addr);
  v6->sin6_port = htons ((guint16)self->port);
  return sizeof *v6;
}

char *
endpoint_to_string (const Endpoint *self)
{
  const char *open = self->family == AF_INET6 ? "[" : "";
  const char *close = self->family == AF_INET6 ? "]" : "";

  if (self->port == 0)
    return g_strconcat (open, self->host, close, NULL);
  return g_strdup_printf ("%s%s%s:%u", open, self->host, close, self->port);
}

gboolean
endpoint_is_any (const Endpoint *self)
{
  return strcmp (self->host, "0.0.0.0") == 0 || strcmp (self->host, "::") == 0;
}

gboolean
endpoint_is_loopback (const Endpoint *self)
{
  return g_str_has_prefix (self->host, "127.")
         || strcmp (self->host, "::1") == 0;
}

static int
try_bind (const Endpoint *self, int type)
{
  struct sockaddr_storage ss;
  socklen_t len = endpoint_to_sockaddr (self, &ss);
  const int one = 1;
  int fd = socket (self->family, type | SOCK_CLOEXEC, 0);
  int error = 0;

  if (fd < 0)
    return errno;
  if (type == SOCK_STREAM)
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (self->family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind (fd, (struct sockaddr *)&ss, len) < 0
      || (type == SOCK_STREAM && listen (fd, 1) < 0))
    error = errno;
  close (fd);
  return error;
}

gboolean
endpoint_is_local (const Endpoint *self)
{
  Endpoint any_port = *self;

  any_port.port = 0;
  return try_bind (&any_port, SOCK_DGRAM) == 0;
}

gboolean
endpoint_source (const Endpoint *self, Endpoint *out)
{
  struct sockaddr_storage ss;
  Endpoint to = *self;
  socklen_t len;
  gboolean is_good;
  int fd = socket (self->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    return FALSE;
  to.port = MAX (to.port, 1); /* nothing is sent */
  len = endpoint_to_sockaddr (&to, &ss);
  is_good = connect (fd, (struct sockaddr *)&ss, len) == 0;
  len = sizeof ss;
  is_good = is_good && getsockname (fd, (struct sockaddr *)&ss, &len) == 0
            && endpoint_from_sockaddr ((struct sockaddr *)&ss, out);
  out->port = 0;
  close (fd);
  return is_good;
}

gboolean
endpoint_probe (const Endpoint *self, int type, GError **error)
{
  g_autofree char *text = endpoint_to_string (self);
  int code = try_bind (self, type);

  if (code == 0)
    return TRUE;
  if (code == EADDRINUSE)
    g_set_error (error, RC_ERROR, RC_ERROR_BUSY,
                 "%s port %s is in use by another program",
                 type == SOCK_DGRAM ? "UDP" : "TCP", text);
  else
    g_set_error (error, RC_ERROR, RC_ERROR_IO, "cannot listen on %s: %s", text,
                 g_strerror (code));
  return FALSE;
}
