/* SPDX-License-Identifier: ISC
 *
 * One HTTP request: its bounds, its handler, its answer now or later. */
#define G_LOG_DOMAIN "http"
#include "http/http-priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static char *
peer_of (struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (
      connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  char text[INET6_ADDRSTRLEN] = "";

  if (info == NULL || info->client_addr == NULL)
    return g_strdup ("");
  if (info->client_addr->sa_family == AF_INET)
    inet_ntop (AF_INET, &((struct sockaddr_in *)info->client_addr)->sin_addr,
               text, sizeof text);
  else if (info->client_addr->sa_family == AF_INET6)
    inet_ntop (AF_INET6, &((struct sockaddr_in6 *)info->client_addr)->sin6_addr,
               text, sizeof text);
  return g_strdup (text);
}

/* Behind "http://host"; all of it when it does not begin so. */
static const char *
origin_form (const char *target)
{
  const char *authority = strstr (target, "://");
  const char *path;

  if (*target == '/' || authority == NULL)
    return target;
  path = strchr (authority + 3, '/');
  return path != NULL ? path : "/";
}

void *
request_target_cb (void *data, const char *target,
                   struct MHD_Connection *connection)
{
  HttpRequest *self = g_new0 (HttpRequest, 1);

  self->listener = data;
  self->connection = connection;
  self->target = g_strdup (origin_form (target));
  self->link.data = self;
  return self;
}

/* Once method and headers are there. */
static void
get_to_know (HttpRequest *self, const char *method)
{
  self->is_known = TRUE;
  self->method = g_strdup (method);
  self->path = g_strndup (self->target, strcspn (self->target, "?"));
  MHD_http_unescape (self->path);
  self->peer = peer_of (self->connection);
  self->client = routes_client (self->listener->http->conf, self->peer,
                                http_header (self, "X-Forwarded-For"));
  self->data = g_byte_array_new ();
}

void
request_completed_cb (void *data, struct MHD_Connection *connection,
                      void **state, enum MHD_RequestTerminationCode why)
{
  HttpRequest *self = *state;

  *state = NULL;
  if (self == NULL)
    return;
  g_clear_pointer (&self->response, MHD_destroy_response);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->data, g_byte_array_unref);
  g_free (self->target);
  g_free (self->method);
  g_free (self->path);
  g_free (self->peer);
  g_free (self->client);
  g_free (self);
}

static void
add_headers (struct MHD_Response *response, const HttpAnswer *answer)
{
  if (answer->content_type != NULL)
    MHD_add_response_header (response, "Content-Type", answer->content_type);
  for (const char *const *at = answer->headers; at && at[0]; at += 2)
    MHD_add_response_header (response, at[0], at[1]);
}

static void
count (HttpRequest *self, guint status)
{
  g_autofree char *name
      = g_strdup_printf ("http_requests_total{status=\"%u\"}", status);

  counters_add (self->listener->http->counters, name, 1);
}

void
http_reply (HttpRequest *self, const HttpAnswer *answer)
{
  gboolean was_waiting = self->state == HTTP_WAITING;
  gsize len = 0;
  gconstpointer bytes
      = answer->body ? g_bytes_get_data (answer->body, &len) : "";

  g_return_if_fail (self->state != HTTP_ANSWERED);
  self->response = MHD_create_response_from_buffer (len, (void *)bytes,
                                                    MHD_RESPMEM_MUST_COPY);
  self->status = answer->status;
  self->state = HTTP_ANSWERED;
  add_headers (self->response, answer);
  count (self, answer->status);
  if (was_waiting) {
    g_queue_unlink (&self->listener->http->waiting, &self->link);
    http_pump_soon (self->listener);
    MHD_resume_connection (self->connection);
  }
}

void
http_reply_text (HttpRequest *self, guint status, const char *text)
{
  g_autofree char *line = g_strdup_printf ("%s\n", text);
  g_autoptr (GBytes) body = g_bytes_new (line, strlen (line));
  const char *const headers[] = { "Cache-Control", "no-store", NULL };
  HttpAnswer answer = { status, "text/plain; charset=utf-8", body, headers };

  http_reply (self, &answer);
}

static void
refuse_method (HttpRequest *self)
{
  g_autofree char *allow = routes_allow (&self->route);
  const char *const headers[] = { "Allow", allow, NULL };
  HttpAnswer answer = { .status = 405, .headers = headers };

  http_reply (self, &answer);
}

/* Is it known from the head that the body is too large?  *is_refused_out: it
 * is not even to be read.  Who does not wait for a word sends on, and would find
 * the connection broken before he reads our answer. */
static gboolean
announces_too_much (HttpRequest *self, gboolean *is_refused_out)
{
  const char *text = http_header (self, "Content-Length");
  const char *expects = http_header (self, "Expect");
  guint64 len;

  *is_refused_out = TRUE;
  if (text == NULL)
    return FALSE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &len, NULL))
    return TRUE;
  *is_refused_out = len > HTTP_DISCARD_MAX
                    || (expects != NULL
                        && g_ascii_strcasecmp (expects, "100-continue") == 0);
  return len > self->route.max_body;
}

/* What can be said before the body. */
static void
check (HttpRequest *self)
{
  Http *http = self->listener->http;
  const HttpRoute *route = routes_find (http->routes, self->path);
  gboolean is_refused;

  if (route == NULL) {
    http_reply_text (self, 404, "There is nothing here.");
    return;
  }
  self->route = *route;
  if (route->is_admin_only
      && !routes_is_admin (http->conf, self->peer,
                           http_header (self, "X-Forwarded-For")))
    http_reply_text (self, 403, "This page is for administrators.");
  else if (!routes_has_method (&self->route, self->method))
    refuse_method (self);
  else if (announces_too_much (self, &is_refused)) {
    self->is_too_large = TRUE;
    if (is_refused)
      http_reply_text (self, 413, "The body is too large.");
  }
}

static void
take (HttpRequest *self, const char *bytes, gsize len)
{
  if (self->state == HTTP_ANSWERED || self->is_too_large)
    return;
  if (self->data->len + len > self->route.max_body)
    self->is_too_large = TRUE;
  else
    g_byte_array_append (self->data, (const guint8 *)bytes, len);
}

static void
hand_over (HttpRequest *self)
{
  if (self->is_too_large) {
    http_reply_text (self, 413, "The body is too large.");
    return;
  }
  self->state = HTTP_HANDED;
  self->route.fn (self, self->route.data);
  if (self->state == HTTP_ANSWERED)
    return;
  self->state = HTTP_WAITING;
  g_queue_push_tail_link (&self->listener->http->waiting, &self->link);
  MHD_suspend_connection (self->connection);
}

static enum MHD_Result
send_response (HttpRequest *self)
{
  return MHD_queue_response (self->connection, self->status, self->response);
}

enum MHD_Result
request_cb (void *data, struct MHD_Connection *connection, const char *url,
            const char *method, const char *version, const char *upload,
            size_t *upload_size, void **state)
{
  HttpRequest *self = *state;

  if (!self->is_known) {
    get_to_know (self, method);
    check (self);
    return self->state == HTTP_ANSWERED ? send_response (self) : MHD_YES;
  }
  if (*upload_size > 0) {
    take (self, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }
  if (self->state == HTTP_READING)
    hand_over (self);
  return self->state == HTTP_ANSWERED ? send_response (self) : MHD_YES;
}

const char *
http_method (const HttpRequest *self)
{
  return self->method;
}

const char *
http_path (const HttpRequest *self)
{
  return self->path;
}

const char *
http_target (const HttpRequest *self)
{
  return self->target;
}

const char *
http_peer (const HttpRequest *self)
{
  return self->peer;
}

const char *
http_client (const HttpRequest *self)
{
  return self->client;
}

const char *
http_header (const HttpRequest *self, const char *name)
{
  return MHD_lookup_connection_value (self->connection, MHD_HEADER_KIND, name);
}

typedef struct {
  const char *name;
  GString *out;
} HeaderList;

static enum MHD_Result
header_cb (void *data, enum MHD_ValueKind kind, const char *name,
           const char *value)
{
  HeaderList *list = data;

  if (value == NULL || g_ascii_strcasecmp (name, list->name) != 0)
    return MHD_YES;
  if (list->out == NULL)
    list->out = g_string_new (value);
  else
    g_string_append_printf (list->out, ", %s", value);
  return MHD_YES;
}

char *
http_header_list (const HttpRequest *self, const char *name)
{
  HeaderList list = { .name = name };

  MHD_get_connection_values (self->connection, MHD_HEADER_KIND, header_cb,
                             &list);
  return list.out != NULL ? g_string_free (list.out, FALSE) : NULL;
}

const char *
http_query (const HttpRequest *self, const char *name)
{
  return MHD_lookup_connection_value (self->connection, MHD_GET_ARGUMENT_KIND,
                                      name);
}

GBytes *
http_body (const HttpRequest *request)
{
  HttpRequest *self = (HttpRequest *)request;

  if (self->body == NULL)
    self->body = g_bytes_new (self->data->data, self->data->len);
  return self->body;
}
