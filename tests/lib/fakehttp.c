/* SPDX-License-Identifier: ISC
 *
 * HTTP without a socket: see the header. */
#include "tests/lib/fakehttp.h"

#include <string.h>

struct Http {
  HttpRoute route;
  GPtrArray *exchanges; /* FakeExchange */
};

struct HttpRequest {
  char *method, *target;
  GPtrArray *headers; /* char *: name, value, ... */
  GBytes *body;
  FakeExchange *exchange;
};

static void
exchange_free (gpointer data)
{
  FakeExchange *self = data;

  g_ptr_array_unref (self->headers);
  g_free (self->type);
  g_free (self->body);
  g_free (self);
}

Http *
fake_http_new (void)
{
  Http *self = g_new0 (Http, 1);

  self->exchanges = g_ptr_array_new_with_free_func (exchange_free);
  return self;
}

void
http_free (Http *self)
{
  g_ptr_array_unref (self->exchanges);
  g_free (self);
}

void
http_add (Http *self, const HttpRoute *route)
{
  self->route = *route;
}

gsize
fake_http_max_body (const Http *self)
{
  return self->route.max_body;
}

static GPtrArray *
copy_of (const char *const *headers)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);

  for (; headers != NULL && *headers != NULL; headers++)
    g_ptr_array_add (out, g_strdup (*headers));
  return out;
}

FakeExchange *
fake_http_ask (Http *self, const char *method, const char *target,
               const char *const *headers, const char *body)
{
  HttpRequest *request = g_new0 (HttpRequest, 1);

  request->method = g_strdup (method);
  request->target = g_strdup (target);
  request->headers = copy_of (headers);
  request->body = g_bytes_new (body, body != NULL ? strlen (body) : 0);
  request->exchange = g_new0 (FakeExchange, 1);
  request->exchange->headers = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->exchanges, request->exchange);
  g_assert_true (g_str_has_prefix (target, self->route.path));
  self->route.fn (request, self->route.data);
  return g_ptr_array_index (self->exchanges, self->exchanges->len - 1);
}

static const char *
nth_value (const GPtrArray *headers, const char *name, guint n)
{
  for (guint i = 0; i + 1 < headers->len; i += 2)
    if (g_ascii_strcasecmp (headers->pdata[i], name) == 0 && n-- == 0)
      return headers->pdata[i + 1];
  return NULL;
}

const char *
fake_exchange_header (const FakeExchange *self, const char *name, guint n)
{
  return nth_value (self->headers, name, n);
}

void
http_reply (HttpRequest *request, const HttpAnswer *answer)
{
  FakeExchange *out = request->exchange;
  gconstpointer bytes = NULL;

  g_assert_cmpuint (out->status, ==, 0);
  out->status = answer->status;
  out->type = g_strdup (answer->content_type);
  if (answer->body != NULL)
    bytes = g_bytes_get_data (answer->body, &out->len);
  out->body = g_strndup (bytes != NULL ? bytes : "", out->len);
  g_ptr_array_unref (out->headers);
  out->headers = copy_of (answer->headers);
  g_ptr_array_unref (request->headers);
  g_bytes_unref (request->body);
  g_free (request->method);
  g_free (request->target);
  g_free (request);
}

const char *
http_method (const HttpRequest *request)
{
  return request->method;
}

const char *
http_target (const HttpRequest *request)
{
  return request->target;
}

const char *
http_client (const HttpRequest *request)
{
  return "192.0.2.1";
}

const char *
http_header (const HttpRequest *request, const char *name)
{
  return nth_value (request->headers, name, 0);
}

char *
http_header_list (const HttpRequest *request, const char *name)
{
  GString *out = NULL;
  const char *value;

  for (guint n = 0; (value = nth_value (request->headers, name, n)); n++) {
    if (out == NULL)
      out = g_string_new (value);
    else
      g_string_append_printf (out, ", %s", value);
  }
  return out != NULL ? g_string_free (out, FALSE) : NULL;
}

GBytes *
http_body (const HttpRequest *request)
{
  return request->body;
}
