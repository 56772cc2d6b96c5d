/* SPDX-License-Identifier: ISC
 *
 * The room's life: its route, its options, its end. */
#define G_LOG_DOMAIN "xcap"
#include "xcap/xcap-priv.h"

#include <string.h>

/* How many sources, users and failed logins are told apart. */
#define BUCKETS 16384
/* Failed logins: so many at once, and one a second. */
#define FAILED_RATE 1

static void
handle_cb (HttpRequest *request, gpointer data)
{
  task_take (data, request);
}

/* What does not change by a reload for requests under way. */
static void
add_route (Xcap *self)
{
  HttpRoute route
      = { .path = XCAP_ROOT_PATH,
          .max_body = (gsize)conf_int (self->conf, "xcap", "max_document"),
          .fn = handle_cb,
          .data = self };

  http_add (self->http, &route);
}

static void
set_limits (Xcap *self)
{
  const Conf *conf = self->conf;
  guint burst = (guint)conf_int (conf, "xcap", "rate_burst");
  guint failed = (guint)conf_int (conf, "xcap", "failed_logins");

  limit_set_rate (self->per_source,
                  (guint)conf_int (conf, "xcap", "rate_per_source"), burst);
  limit_set_rate (self->per_user,
                  (guint)conf_int (conf, "xcap", "rate_per_user"), burst);
  limit_set_rate (self->failed, failed > 0 ? FAILED_RATE : 0, failed);
  digest_set_lifetime (self->digest,
                       (guint)conf_int (conf, "auth", "nonce_lifetime"));
}

Xcap *
xcap_new (Http *http, const Conf *conf, const Clock *clock, Counters *counters,
          DocumentsPort *documents, const XcapHooks *hooks)
{
  Xcap *self = g_new0 (Xcap, 1);

  self->http = http;
  self->conf = conf;
  self->clock = clock;
  self->counters = counters;
  self->documents = documents;
  self->hooks = *hooks;
  self->digest = digest_new ((guint)conf_int (conf, "auth", "nonce_lifetime"),
                             (guint)conf_int (conf, "auth", "nonces"));
  self->per_source = limit_new (0, 0, BUCKETS);
  self->per_user = limit_new (0, 0, BUCKETS);
  self->failed = limit_new (0, 0, BUCKETS);
  self->root = xcap_root_uri (conf);
  self->caps = xcap_caps_document ();
  self->caps_etag = xcap_caps_etag ();
  self->lines = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                       (GDestroyNotify)editor_line_free);
  set_limits (self);
  add_route (self);
  return self;
}

void
xcap_set_key (Xcap *self, const guint8 *key)
{
  digest_set_key (self->digest, key);
}

void
xcap_reload (Xcap *self, const Conf *conf)
{
  self->conf = conf;
  g_free (self->root);
  self->root = xcap_root_uri (conf);
  set_limits (self);
  add_route (self);
}

void
xcap_quiesce (Xcap *self, void (*done) (gpointer data), gpointer data)
{
  self->is_stopping = TRUE;
  self->stopped_fn = done;
  self->stopped_data = data;
  if (self->tasks.length == 0)
    done (data);
}

/* Answers what waits; what is with the store ends when it speaks. */
static void
dismiss (XcapTask *self)
{
  gboolean is_with_store = self->line == NULL || editor_is_first (self);

  reply_busy (self, "The server stops.");
  self->is_linked = FALSE;
  self->xcap = NULL;
  self->line = NULL;
  if (!is_with_store)
    task_free (self);
}

void
xcap_free (Xcap *self)
{
  GList *link;

  if (self == NULL)
    return;
  while ((link = g_queue_peek_tail_link (&self->tasks)) != NULL) {
    g_queue_unlink (&self->tasks, link);
    dismiss (link->data);
  }
  g_hash_table_unref (self->lines);
  digest_free (self->digest);
  limit_free (self->per_source);
  limit_free (self->per_user);
  limit_free (self->failed);
  g_bytes_unref (self->caps);
  g_free (self->caps_etag);
  g_free (self->root);
  g_free (self);
}

/* The host of an address to listen on; an address that stands for all is none
 * that others could use. */
static char *
host_of (const Conf *conf, const char *endpoint)
{
  const char *port = strrchr (endpoint, ':');

  if (g_str_has_prefix (endpoint, "0.0.0.0:")
      || g_str_has_prefix (endpoint, "[::]:"))
    return g_strconcat (conf_list (conf, "server", "domains")[0], port, NULL);
  return g_strdup (endpoint);
}

char *
xcap_root_uri (const Conf *conf)
{
  const char *root = conf_string (conf, "xcap", "root");
  const char *const *listen = conf_list (conf, "http", "listen");
  g_autofree char *host = NULL;

  if (*root != '\0')
    return g_strconcat (root, g_str_has_suffix (root, "/") ? "" : "/", NULL);
  if (listen[0] == NULL)
    return NULL;
  host = host_of (conf, listen[0]);
  return g_strconcat ("http://", host, XCAP_ROOT_PATH, NULL);
}
