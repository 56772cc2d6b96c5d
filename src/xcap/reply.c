/* SPDX-License-Identifier: ISC
 *
 * Answers: headers and bodies, a counter and a line in the log for each. */
#define G_LOG_DOMAIN "xcap"
#include "xcap/xcap-priv.h"

#include <string.h>

/* Seconds; with a part that differs from client to client. */
#define RETRY_AFTER 4
#define RETRY_SPREAD 8
/* Bytes of URIs that one Warning or phrase names. */
#define NAMED_MAX 2000

static const char *const verbs[]
    = { "GET", "PUT", "DELETE", "OPTIONS", "other" };

static void
count (const XcapTask *self, guint status)
{
  g_autofree char *name
      = g_strdup_printf ("xcap_requests_total{method=\"%s\",status=\"%u\"}",
                         verbs[self->verb], status);

  counters_add (self->xcap->counters, name, 1);
}

/* What was not possible is for the operator, the rest for whoever debugs; an
 * ordinary challenge, and what changed or did not meanwhile, are no fault. */
static GLogLevelFlags
level_of (guint status)
{
  if (status < 400 || status == 401 || status == 404 || status == 412)
    return G_LOG_LEVEL_DEBUG;
  return status == 500 ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_INFO;
}

/* "resource-lists/sip:alice@example.com/index"; the caller frees. */
static char *
name_of (const XcapPath *path)
{
  const char *tree;

  if (path == NULL)
    return g_strdup ("?");
  tree = path->xui != NULL ? path->xui : "global";
  return g_strjoin ("/", path->auid, tree, path->document, NULL);
}

static void
note (const XcapTask *self, guint status, const char *why)
{
  g_autofree char *name = name_of (self->path);

  g_log (G_LOG_DOMAIN, level_of (status), "%s of %s by %s at %s: %u%s%s",
         verbs[self->verb], name, self->user != NULL ? self->user : "somebody",
         self->peer, status, why != NULL ? ", " : "", why != NULL ? why : "");
}

static void
add (GPtrArray *headers, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_ptr_array_add (headers, (char *)name);
  g_ptr_array_add (headers, (char *)value);
}

/* Borrows from what it is given.  What changes by other ways than the client's
 * own may not be taken from a cache unasked (RFC 4825 section 9). */
static GPtrArray *
headers_of (const XcapReply *say, const char *etag, const char *retry_after)
{
  GPtrArray *out = g_ptr_array_new ();

  add (out, "Cache-Control", "no-cache");
  add (out, "ETag", etag);
  add (out, "Allow", say->allow);
  add (out, "Warning", say->warning);
  add (out, "Retry-After", retry_after);
  for (guint i = 0; say->challenges != NULL && say->challenges[i] != NULL; i++)
    add (out, "WWW-Authenticate", say->challenges[i]);
  g_ptr_array_add (out, NULL);
  return out;
}

static GBytes *
line_of_text (const char *text)
{
  char *line = text != NULL ? g_strdup_printf ("%s\n", text) : g_strdup ("");

  return g_bytes_new_take (line, strlen (line));
}

void
reply (XcapTask *self, const XcapReply *say)
{
  g_autofree char *etag
      = say->etag != NULL ? g_strdup_printf ("\"%s\"", say->etag) : NULL;
  g_autofree char *retry_after = NULL;
  g_autoptr (GPtrArray) headers = NULL;
  g_autoptr (GBytes) text = NULL;
  HttpAnswer out = { say->status, say->type, say->body, NULL };

  if (say->status == 503)
    retry_after = g_strdup_printf (
        "%u", RETRY_AFTER + g_str_hash (self->peer) % RETRY_SPREAD);
  if (say->body == NULL && say->status >= 400) {
    out.content_type = "text/plain; charset=utf-8";
    out.body = text = line_of_text (say->why);
  }
  headers = headers_of (say, etag, retry_after);
  out.headers = (const char *const *)headers->pdata;
  count (self, say->status);
  note (self, say->status, say->why);
  http_reply (g_steal_pointer (&self->request), &out);
}

void
reply_text (XcapTask *self, guint status, const char *why)
{
  XcapReply say = { .status = status, .why = why };

  reply (self, &say);
}

const char *
reply_methods (const XcapTask *self)
{
  if (self->path->kind == XCAP_NAMESPACES)
    return "GET, HEAD, OPTIONS";
  return "GET, HEAD, PUT, DELETE, OPTIONS";
}

void
reply_not_allowed (XcapTask *self)
{
  XcapReply say = { .status = 405,
                    .why = "This cannot be done here.",
                    .allow = reply_methods (self) };

  reply (self, &say);
}

void
reply_busy (XcapTask *self, const char *why)
{
  reply_text (self, 503, why);
}

void
reply_conflict (XcapTask *self, XcapError *error)
{
  const char *name = xcap_error_name (error->kind);
  g_autofree char *counter
      = g_strdup_printf ("xcap_conflicts_total{error=\"%s\"}", name);
  g_autoptr (GBytes) body = NULL;
  XcapReply say = { .status = 409, .why = name, .type = XCAP_ERROR_TYPE };

  if (error->ancestor != NULL && self->xcap->root != NULL) {
    char *uri = g_strconcat (self->xcap->root, error->ancestor, NULL);

    g_free (error->ancestor);
    error->ancestor = uri;
  }
  say.body = body = xcap_error_document (error);
  counters_add (self->xcap->counters, counter, 1);
  reply (self, &say);
}

char *
reply_naming (const char *text, const char *const *uris)
{
  GString *out = g_string_new (text);
  guint n = 0;

  for (; uris != NULL && uris[n] != NULL; n++) {
    if (out->len + strlen (uris[n]) > NAMED_MAX)
      break;
    g_string_append_printf (out, "%s%s", n == 0 ? ": " : ", ", uris[n]);
  }
  if (uris != NULL && uris[n] != NULL)
    g_string_append_printf (out, " and %u more",
                            g_strv_length ((char **)uris + n));
  return g_string_free (out, FALSE);
}

/* What may not be in a header is left out. */
char *
reply_warning (const char *text)
{
  GString *out = g_string_new ("299 rollcall \"");

  for (const char *p = text; *p != '\0'; p++) {
    if ((guchar)*p < 0x20 || *p == 0x7f)
      continue;
    if (*p == '"' || *p == '\\')
      g_string_append_c (out, '\\');
    g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}
