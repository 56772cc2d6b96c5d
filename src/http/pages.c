/* SPDX-License-Identifier: ISC
 *
 * What the listener serves by itself: /healthz, /readyz, /metrics. */
#include "http/http-priv.h"
#include "http/metrics.h"

#include <string.h>

/* The process turns its loop: that is all it says. */
static void
health_cb (HttpRequest *request, gpointer data)
{
  http_reply_text (request, 200, "ok");
}

static void
ready_cb (HttpRequest *request, gpointer data)
{
  Http *self = data;
  const char *why = self->hooks.why_not_ready (self->hooks.data);

  if (why == NULL)
    http_reply_text (request, 200, "ready");
  else
    http_reply_text (request, 503, why);
}

static void
metrics_cb (HttpRequest *request, gpointer data)
{
  Http *self = data;
  char *text = metrics_text (self->counters, &self->hooks);
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));
  HttpAnswer answer = { 200, METRICS_TYPE, body, NULL };

  http_reply (request, &answer);
}

void
pages_add (Http *self)
{
  const HttpRoute routes[] = {
    { "/healthz", "GET", FALSE, 0, health_cb, self },
    { "/readyz", "GET", FALSE, 0, ready_cb, self },
    { "/metrics", "GET", TRUE, 0, metrics_cb, self },
  };

  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    http_add (self, &routes[i]);
}
