/* SPDX-License-Identifier: ISC
 *
 * HTTP's sockets on the loop: libmicrohttpd's epoll descriptor is watched, its
 * timeouts are a timer of ours. */
#define G_LOG_DOMAIN "http"
#include "base/error.h"
#include "http/http-priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
listener_free (gpointer data)
{
  HttpListener *self = data;
  LoopPort *loop = self->http->loop;

  if (self->timer != NULL)
    loop->remove_timer (loop->self, self->timer);
  if (self->watch != NULL)
    loop->unwatch (loop->self, self->watch);
  g_clear_pointer (&self->daemon, MHD_stop_daemon);
  g_free (self);
}

static void pump (HttpListener *self);

static void
timer_cb (gpointer data)
{
  HttpListener *self = data;

  self->timer = NULL;
  pump (self);
}

static void
arm (HttpListener *self, guint ms)
{
  LoopPort *loop = self->http->loop;

  if (self->timer != NULL)
    loop->remove_timer (loop->self, self->timer);
  self->timer = loop->after (loop->self, ms, timer_cb, self);
}

void
http_pump_soon (HttpListener *self)
{
  arm (self, 0);
}

static void
pump (HttpListener *self)
{
  MHD_UNSIGNED_LONG_LONG wait;

  MHD_run (self->daemon);
  if (MHD_get_timeout (self->daemon, &wait) == MHD_YES)
    arm (self, MIN (wait, HTTP_PUMP_MAX_MS));
}

static void
ready_cb (int fd, LoopEvents events, gpointer data)
{
  pump (data);
}

static void
log_cb (void *data, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);

  g_info ("%s", g_strchomp (text));
}

/* "192.0.2.1:8080", "[::1]:8080". */
static gboolean
parse_endpoint (const char *text, struct sockaddr_storage *out, socklen_t *len)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  guint64 port;

  if (colon == NULL
      || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return FALSE;
  memset (out, 0, sizeof *out);
  host = g_strndup (text, colon - text);
  if (host[0] == '[' && g_str_has_suffix (host, "]")) {
    host[strlen (host) - 1] = '\0';
    *len = sizeof *v6;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons (port);
    return inet_pton (AF_INET6, host + 1, &v6->sin6_addr) == 1;
  }
  *len = sizeof *v4;
  v4->sin_family = AF_INET;
  v4->sin_port = htons (port);
  return inet_pton (AF_INET, host, &v4->sin_addr) == 1;
}

/* A listening socket, or -1 with errno. */
static int
open_socket (const struct sockaddr *at, socklen_t len)
{
  int one = 1, saved;
  int fd
      = socket (at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (at->sa_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind (fd, at, len) == 0 && listen (fd, 256) == 0)
    return fd;
  saved = errno;
  close (fd);
  errno = saved;
  return -1;
}

static guint
port_of (int fd)
{
  struct sockaddr_storage at = { 0 };
  socklen_t len = sizeof at;

  if (getsockname (fd, (struct sockaddr *)&at, &len) < 0)
    return 0;
  return ntohs (at.ss_family == AF_INET6
                    ? ((struct sockaddr_in6 *)&at)->sin6_port
                    : ((struct sockaddr_in *)&at)->sin_port);
}

/* Takes fd. */
static struct MHD_Daemon *
start_daemon (HttpListener *self, int fd, gboolean is_v6)
{
  struct MHD_Daemon *daemon = MHD_start_daemon (
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG
          | (is_v6 ? MHD_USE_IPv6 : 0),
      0, NULL, NULL, request_cb, self, MHD_OPTION_EXTERNAL_LOGGER, log_cb, NULL,
      MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
      HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, HTTP_TIMEOUT,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY,
      MHD_OPTION_URI_LOG_CALLBACK, request_target_cb, self,
      MHD_OPTION_NOTIFY_COMPLETED, request_completed_cb, NULL, MHD_OPTION_END);

  if (daemon == NULL)
    close (fd);
  return daemon;
}

static HttpListener *
listener_new (Http *http, const char *endpoint, GError **error)
{
  HttpListener *self = g_new0 (HttpListener, 1);
  struct sockaddr_storage at;
  socklen_t len;
  int fd = -1;

  self->http = http;
  errno = EINVAL;
  if (parse_endpoint (endpoint, &at, &len))
    fd = open_socket ((struct sockaddr *)&at, len);
  if (fd >= 0) {
    self->port = port_of (fd);
    self->daemon = start_daemon (self, fd, at.ss_family == AF_INET6);
  }
  if (self->daemon == NULL) {
    g_set_error (error, RC_ERROR, RC_ERROR_IO,
                 "cannot listen for HTTP on %s: %s", endpoint,
                 g_strerror (errno));
    listener_free (self);
    return NULL;
  }
  fd = MHD_get_daemon_info (self->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  self->watch
      = http->loop->watch (http->loop->self, fd, LOOP_READ, ready_cb, self);
  return self;
}

Http *
http_new (LoopPort *loop, const Conf *conf, Counters *counters,
          const HttpHooks *hooks, GError **error)
{
  g_autoptr (Http) self = g_new0 (Http, 1);
  const char *const *endpoints = conf_list (conf, "http", "listen");

  self->loop = loop;
  self->conf = conf;
  self->counters = counters;
  self->hooks = *hooks;
  self->routes = g_array_new (FALSE, FALSE, sizeof (HttpRoute));
  self->listeners = g_ptr_array_new_with_free_func (listener_free);
  pages_add (self);
  for (; *endpoints != NULL; endpoints++) {
    HttpListener *listener = listener_new (self, *endpoints, error);

    if (listener == NULL)
      return NULL;
    g_ptr_array_add (self->listeners, listener);
  }
  return g_steal_pointer (&self);
}

/* MHD must not be stopped while connections are suspended. */
static void
resume_all (Http *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->waiting)) != NULL) {
    HttpRequest *request = link->data;

    MHD_resume_connection (request->connection);
  }
}

void
http_free (Http *self)
{
  if (self == NULL)
    return;
  resume_all (self);
  g_ptr_array_unref (self->listeners);
  g_array_unref (self->routes);
  g_free (self);
}

void
http_reload (Http *self, const Conf *conf)
{
  self->conf = conf;
}

guint
http_port (const Http *self, guint n)
{
  HttpListener *listener;

  if (n >= self->listeners->len)
    return 0;
  listener = self->listeners->pdata[n];
  return listener->port;
}

void
http_add (Http *self, const HttpRoute *route)
{
  for (guint i = 0; i < self->routes->len; i++) {
    HttpRoute *old = &g_array_index (self->routes, HttpRoute, i);

    if (strcmp (old->path, route->path) == 0) {
      *old = *route;
      return;
    }
  }
  g_array_append_val (self->routes, *route);
}
