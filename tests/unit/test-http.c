/* SPDX-License-Identifier: ISC
 *
 * HTTP over loopback, with the daemon's own loop; the table of routes and
 * Prometheus's format without any socket. */
#include "base/error.h"
#include "http/http-priv.h"
#include "http/metrics.h"
#include "sip/sip.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  SipLoop *loop;
  LoopPort *port;
  Counters *counters;
  Conf *conf;
  Http *http;
  const char *why; /* not ready */
  int fd;
  LoopWatch *watch;
  GString *answer;
  HttpRequest *held; /* waits for its answer */
} Rig;

static const char *
why_cb (gpointer data)
{
  return ((Rig *)data)->why;
}

static void
status_cb (void (*fn) (const char *name, const char *value, gpointer fn_data),
           gpointer fn_data, gpointer data)
{
  fn ("state", "ready", fn_data);
  fn ("subscriptions", "12", fn_data);
  fn ("notify_total", "99", fn_data); /* a counter has it already */
}

static void
echo_cb (HttpRequest *request, gpointer data)
{
  g_autofree char *list = http_header_list (request, "x-list");
  const char *kind = http_query (request, "kind");
  const char *const headers[] = { "X-Target",
                                  http_target (request),
                                  "X-Path",
                                  http_path (request),
                                  "X-List",
                                  list != NULL ? list : "none",
                                  kind != NULL ? "X-Kind" : NULL,
                                  kind,
                                  NULL };
  HttpAnswer answer = { 201, "text/plain", http_body (request), headers };

  http_reply (request, &answer);
}

static void
hold_cb (HttpRequest *request, gpointer data)
{
  Rig *rig = data;

  rig->held = request;
  sip_loop_quit (rig->loop);
}

static Conf *
make_conf (const char *listen, const char *admins)
{
  g_autofree char *text
      = g_strdup_printf ("[server]\ndomains = example.com\n"
                         "[http]\nlisten = %s\nadmin_networks = %s\n",
                         listen, admins);
  g_autoptr (GError) error = NULL;
  Conf *conf = conf_parse (text, strlen (text), "test", &error);

  g_assert_no_error (error);
  return conf;
}

static guint
free_port (void)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  socklen_t len = sizeof at;
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *)&at, &len), ==, 0);
  close (fd);
  return ntohs (at.sin_port);
}

static void
set_up (Rig *rig, gconstpointer data)
{
  const HttpRoute echo = { "/echo/", "PUT GET", FALSE, 20000, echo_cb, NULL };
  const HttpRoute any = { "/any", NULL, FALSE, 0, echo_cb, NULL };
  const HttpRoute older = { .path = "/hold", .methods = "PUT" };
  const HttpRoute hold = { "/hold", "GET", FALSE, 0, hold_cb, rig };
  HttpHooks hooks = { why_cb, status_cb, rig };
  g_autofree char *listen = g_strdup_printf ("127.0.0.1:%u", free_port ());
  g_autoptr (GError) error = NULL;

  rig->loop = sip_loop_new ();
  rig->port = sip_loop_port (rig->loop);
  rig->counters = counters_new ();
  rig->conf = make_conf (listen, data ? data : "127.0.0.1");
  rig->http = http_new (rig->port, rig->conf, rig->counters, &hooks, &error);
  g_assert_no_error (error);
  http_add (rig->http, &echo);
  http_add (rig->http, &any);
  http_add (rig->http, &older);
  http_add (rig->http, &hold);
  rig->answer = g_string_new (NULL);
  rig->fd = -1;
}

static void
close_client (Rig *rig)
{
  if (rig->watch != NULL)
    rig->port->unwatch (rig->port->self, g_steal_pointer (&rig->watch));
  if (rig->fd >= 0)
    close (rig->fd);
  rig->fd = -1;
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  close_client (rig);
  http_free (rig->http);
  conf_free (rig->conf);
  counters_free (rig->counters);
  sip_loop_free (rig->loop);
  g_string_free (rig->answer, TRUE);
}

static void
read_cb (int fd, LoopEvents events, gpointer data)
{
  Rig *rig = data;
  char buffer[65536];
  gssize n = read (fd, buffer, sizeof buffer);

  if (n > 0)
    g_string_append_len (rig->answer, buffer, n);
  else
    sip_loop_quit (rig->loop);
}

static void
send_text (Rig *rig, const char *request)
{
  struct sockaddr_in at = { .sin_family = AF_INET };

  close_client (rig);
  g_string_truncate (rig->answer, 0);
  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  at.sin_port = htons (http_port (rig->http, 0));
  rig->fd = socket (AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint (connect (rig->fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  g_assert_cmpint (write (rig->fd, request, strlen (request)), ==,
                   strlen (request));
}

/* Until the server closes, or a handler stops the loop. */
static void
ask (Rig *rig, const char *request)
{
  send_text (rig, request);
  rig->watch
      = rig->port->watch (rig->port->self, rig->fd, LOOP_READ, read_cb, rig);
  sip_loop_run (rig->loop);
}

static void
get (Rig *rig, const char *line, const char *headers)
{
  g_autofree char *request
      = g_strdup_printf ("%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         "%s\r\n",
                         line, headers);

  ask (rig, request);
}

typedef struct {
  const char *path, *line, *headers, *why, *admins;
  const char *start; /* of the answer */
  const char *has, *end;
} Row;

static const Row ROWS[] = {
  { "health", "GET /healthz", "", "loading", NULL, "HTTP/1.1 200 ", NULL,
    "\r\n\r\nok\n" },
  { "ready", "GET /readyz", "", NULL, NULL, "HTTP/1.1 200 ", NULL,
    "\r\n\r\nready\n" },
  { "not-ready", "GET /readyz", "", "database away", NULL, "HTTP/1.1 503 ",
    "\r\nCache-Control: no-store\r\n", "\r\n\r\ndatabase away\n" },
  { "rfc9110-9.3.2/head", "HEAD /healthz", "", NULL, NULL, "HTTP/1.1 200 ",
    "\r\nContent-Length: 3\r\n", "\r\n\r\n" },
  { "not-found", "GET /", "", NULL, NULL, "HTTP/1.1 404 ", NULL, "\n" },
  { "not-found-below", "GET /healthz/x", "", NULL, NULL, "HTTP/1.1 404 ", NULL,
    "\n" },
  { "rfc9110-15.5.6/method", "POST /healthz", "", NULL, NULL, "HTTP/1.1 405 ",
    "\r\nAllow: GET, HEAD\r\n", "\r\n\r\n" },
  { "rfc9110-15.5.6/methods", "DELETE /echo/x", "", NULL, NULL, "HTTP/1.1 405 ",
    "\r\nAllow: PUT, GET, HEAD\r\n", "\r\n\r\n" },
  { "any-method", "PATCH /any", "", NULL, NULL, "HTTP/1.1 201 ", NULL, "" },
  { "target/escapes-kept", "GET /echo/a%2Fb%7e?x=%20&y", "", NULL, NULL,
    "HTTP/1.1 201 ", "\r\nX-Target: /echo/a%2Fb%7e?x=%20&y\r\n", "" },
  { "target/path-decoded", "GET /echo/a%2Fb%7e?x", "", NULL, NULL,
    "HTTP/1.1 201 ", "\r\nX-Path: /echo/a/b~\r\n", "" },
  { "rfc9112-3.2.2/absolute-form", "GET http://x:1/echo/a?b", "", NULL, NULL,
    "HTTP/1.1 201 ", "\r\nX-Target: /echo/a?b\r\n", "" },
  { "rfc9112-3.2.2/no-path", "GET http://x", "", NULL, NULL, "HTTP/1.1 404 ",
    NULL, "" },
  { "rfc9110-5.3/list", "GET /echo/", "X-List: a\r\nx-list: b, c\r\n", NULL,
    NULL, "HTTP/1.1 201 ", "\r\nX-List: a, b, c\r\n", "" },
  { "rfc9110-15.5.14/announced", "PUT /echo/x", "Content-Length: 99999999\r\n",
    NULL, NULL, "HTTP/1.1 413 ", NULL, "\n" },
  { "rfc9110-10.1.1/expecting", "PUT /echo/x",
    "Content-Length: 20001\r\nExpect: 100-continue\r\n", NULL, NULL,
    "HTTP/1.1 413 ", NULL, "\n" },
  { "bad-length", "PUT /echo/x", "Content-Length: 1e3\r\n", NULL, NULL,
    "HTTP/1.1 4", NULL, "" },
  { "metrics", "GET /metrics", "", NULL, NULL, "HTTP/1.1 200 ",
    "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n", "\n" },
  { "metrics/forbidden", "GET /metrics", "", NULL, "10.0.0.0/8",
    "HTTP/1.1 403 ", NULL, "\n" },
  { "metrics/forwarded", "GET /metrics",
    "X-Forwarded-For: 127.0.0.1, 198.51.100.7\r\n", NULL, NULL, "HTTP/1.1 403 ",
    NULL, "\n" },
  { "metrics/forwarded-admin", "GET /metrics",
    "X-Forwarded-For: 198.51.100.7, 127.0.0.1\r\n", NULL, NULL, "HTTP/1.1 200 ",
    NULL, "\n" },
  { "health/anybody", "GET /healthz", "", NULL, "10.0.0.0/8", "HTTP/1.1 200 ",
    NULL, "\n" },
};

static void
test_page (gconstpointer data)
{
  const Row *row = data;
  Rig rig = { 0 };

  set_up (&rig, row->admins);
  rig.why = row->why;
  get (&rig, row->line, row->headers);
  if (!g_str_has_prefix (rig.answer->str, row->start)
      || (row->has && strstr (rig.answer->str, row->has) == NULL)
      || !g_str_has_suffix (rig.answer->str, row->end))
    g_error ("%s", rig.answer->str);
  tear_down (&rig, NULL);
}

static void
test_body (Rig *rig, gconstpointer data)
{
  g_autofree char *body = g_strnfill (20000, 'b');
  g_autofree char *request
      = g_strdup_printf ("PUT /echo/a%%20b?kind=%%41 HTTP/1.1\r\nHost: x\r\n"
                         "Connection: close\r\nContent-Length: 20000\r\n\r\n%s",
                         body);

  ask (rig, request);
  g_assert_true (g_str_has_prefix (rig->answer->str, "HTTP/1.1 201 "));
  g_assert_nonnull (strstr (rig->answer->str, "\r\nX-Kind: A\r\n"));
  g_assert_true (g_str_has_suffix (rig->answer->str, body));
  g_assert_cmpint (
      *counters_cell (rig->counters, "http_requests_total{status=\"201\"}"), ==,
      1);
}

/* All of it is sent before an answer is read. */
static void
test_body_too_large (Rig *rig, gconstpointer data)
{
  g_autofree char *body = g_strnfill (60000, 'b');
  g_autofree char *request
      = g_strdup_printf ("PUT /echo/x HTTP/1.1\r\nHost: x\r\n"
                         "Content-Length: 60000\r\n\r\n%s"
                         "GET /healthz HTTP/1.1\r\nHost: x\r\n"
                         "Connection: close\r\n\r\n",
                         body);

  ask (rig, request);
  g_assert_true (g_str_has_prefix (rig->answer->str, "HTTP/1.1 413 "));
  g_assert_true (g_str_has_suffix (rig->answer->str, "ok\n"));
}

/* A body without a length that turns out too large. */
static void
test_body_chunked (Rig *rig, gconstpointer data)
{
  g_autofree char *body = g_strnfill (20001, 'b');
  g_autofree char *request = g_strdup_printf (
      "PUT /echo/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
      "Transfer-Encoding: chunked\r\n\r\n4e21\r\n%s\r\n0\r\n\r\n",
      body);

  ask (rig, request);
  g_assert_true (g_str_has_prefix (rig->answer->str, "HTTP/1.1 413 "));
}

static void
test_late (Rig *rig, gconstpointer data)
{
  get (rig, "GET /hold", "");
  g_assert_nonnull (rig->held);
  g_assert_cmpstr (http_peer (rig->held), ==, "127.0.0.1");
  g_assert_cmpstr (http_path (rig->held), ==, "/hold");
  g_assert_cmpuint (rig->answer->len, ==, 0);
  http_reply_text (rig->held, 200, "at last");
  sip_loop_run (rig->loop);
  g_assert_true (g_str_has_suffix (rig->answer->str, "\r\n\r\nat last\n"));
}

/* Freed while somebody waits. */
static void
test_held_at_free (Rig *rig, gconstpointer data)
{
  get (rig, "GET /hold", "");
  g_assert_nonnull (rig->held);
}

/* Clients that send no HTTP, or half of it, and are gone. */
static void
test_garbage (Rig *rig, gconstpointer data)
{
  static const char *const texts[]
      = { "\x16\x03\x01\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
          "GET /healthz HTTP/1.1\r\n\r\n",
          "PUT /echo/x HTTP/1.1\r\nHost: x\r\n"
          "Content-Length: 10\r\n\r\nhalf" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    send_text (rig, texts[i]);
  get (rig, "GET /healthz", "");
  g_assert_true (g_str_has_suffix (rig->answer->str, "ok\n"));
}

static void
test_long_header (Rig *rig, gconstpointer data)
{
  g_autofree char *fill = g_strnfill (HTTP_MEMORY, 'x');
  g_autofree char *header = g_strdup_printf ("X-Long: %s\r\n", fill);

  get (rig, "GET /healthz", header);
  g_assert_true (g_str_has_prefix (rig->answer->str, "HTTP/1.1 431 "));
}

static void
test_port_taken (Rig *rig, gconstpointer data)
{
  HttpHooks hooks = { why_cb, NULL, rig };
  g_autoptr (GError) error = NULL;
  g_autofree char *name
      = g_strdup_printf ("127.0.0.1:%u", http_port (rig->http, 0));

  g_assert_null (
      http_new (rig->port, rig->conf, rig->counters, &hooks, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_IO);
  g_assert_nonnull (strstr (error->message, name));
  g_assert_cmpuint (http_port (rig->http, 1), ==, 0);
}

static void
test_metrics (void)
{
  g_autoptr (Counters) counters = counters_new ();
  HttpHooks hooks = { NULL, status_cb, NULL };
  g_autofree char *text = NULL;

  counters_add (counters, "notify_total", 3);
  counters_add (counters, "notify_total{result=\"ok\"}", 2);
  counters_add (counters, "notify_total_x", 1);
  counters_add (counters, "bad-name", 1);
  counters_add (counters, "", 1);
  counters_add (counters, "pending", -4);
  text = metrics_text (counters, &hooks);
  g_assert_cmpstr (text, ==,
                   "# HELP rollcall_notify_total Rollcall: notify.\n"
                   "# TYPE rollcall_notify_total counter\n"
                   "rollcall_notify_total 3\n"
                   "rollcall_notify_total{result=\"ok\"} 2\n"
                   "# HELP rollcall_notify_total_x Rollcall: notify total x.\n"
                   "# TYPE rollcall_notify_total_x gauge\n"
                   "rollcall_notify_total_x 1\n"
                   "# HELP rollcall_pending Rollcall: pending.\n"
                   "# TYPE rollcall_pending gauge\n"
                   "rollcall_pending -4\n"
                   "# HELP rollcall_subscriptions Rollcall: subscriptions.\n"
                   "# TYPE rollcall_subscriptions gauge\n"
                   "rollcall_subscriptions 12\n");
}

static void
test_routes (void)
{
  static const struct {
    const char *path, *route;
  } rows[] = {
    { "/a", "/a" },    { "/a/", "/a/" },     { "/a/x", "/a/" },
    { "/a/b", "/a/" }, { "/a/b/", "/a/b/" }, { "/a/b/c", "/a/b/" },
    { "/ab", NULL },   { "", NULL },         { "/", NULL },
    { "/A", NULL },
  };
  const HttpRoute routes[]
      = { { .path = "/a" }, { .path = "/a/b/" }, { .path = "/a/" } };
  g_autoptr (GArray) table = g_array_new (FALSE, FALSE, sizeof (HttpRoute));

  g_array_append_vals (table, routes, G_N_ELEMENTS (routes));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const HttpRoute *found = routes_find (table, rows[i].path);

    g_assert_cmpstr (found ? found->path : NULL, ==, rows[i].route);
  }
}

static void
test_client (void)
{
  static const struct {
    const char *peer, *forwarded, *client;
  } rows[] = {
    { "127.0.0.1", NULL, "127.0.0.1" },
    { "127.0.0.1", "198.51.100.7", "198.51.100.7" },
    { "127.0.0.1", "10.0.0.1, 198.51.100.7 ", "198.51.100.7" },
    { "127.0.0.1", "2001:db8::1", "2001:db8::1" },
    { "127.0.0.1", "unknown", "127.0.0.1" },
    { "127.0.0.1", "", "127.0.0.1" },
    { "192.0.2.1", "198.51.100.7", "192.0.2.1" },
  };
  g_autoptr (Conf) conf = make_conf ("127.0.0.1:1", "127.0.0.1");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *client
        = routes_client (conf, rows[i].peer, rows[i].forwarded);

    g_assert_cmpstr (client, ==, rows[i].client);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++) {
    g_autofree char *path = g_strdup_printf ("/http/%s", ROWS[i].path);

    g_test_add_data_func (path, &ROWS[i], test_page);
  }
#define ADD(PATH, TEST) g_test_add (PATH, Rig, NULL, set_up, TEST, tear_down)
  ADD ("/http/body/echo", test_body);
  ADD ("/http/body/rfc9110-15.5.14/read", test_body_too_large);
  ADD ("/http/body/rfc9110-15.5.14/chunked", test_body_chunked);
  ADD ("/http/late/answered", test_late);
  ADD ("/http/late/freed", test_held_at_free);
  ADD ("/http/bad/garbage", test_garbage);
  ADD ("/http/bad/long-header", test_long_header);
  ADD ("/http/port-taken", test_port_taken);
  g_test_add_func ("/metrics/format", test_metrics);
  g_test_add_func ("/routes/longest", test_routes);
  g_test_add_func ("/routes/client", test_client);
  return g_test_run ();
}
