/* SPDX-License-Identifier: ISC
 *
 * What a request asks, and whether that user may (RFC 4825 section 8 up to 8.1,
 * and 5.7): everything that can be said without the document. */
#define G_LOG_DOMAIN "xcap"
#include "xcap/xcap-priv.h"

#include <string.h>

#include "addr/aor.h"

#define CAPS_AUID "xcap-caps"
#define CAPS_NAME "index"

/* The last one that quitting waits for? */
static void
leave (XcapTask *self)
{
  Xcap *xcap = self->xcap;

  if (!self->is_linked)
    return;
  g_queue_unlink (&xcap->tasks, &self->link);
  if (xcap->is_stopping && xcap->tasks.length == 0)
    xcap->stopped_fn (xcap->stopped_data);
}

static void
clear_cb (gpointer data)
{
  XcapTask *self = data;

  leave (self);
  xcap_path_free (self->path);
  g_clear_pointer (&self->written, g_bytes_unref);
  g_strfreev (self->service_uris);
  g_free (self->peer);
  g_free (self->user);
  g_free (self->owner);
  g_free (self->if_match);
  g_free (self->if_none_match);
}

XcapTask *
task_hold (XcapTask *self)
{
  return g_rc_box_acquire (self);
}

void
task_free (XcapTask *self)
{
  g_rc_box_release_full (self, clear_cb);
}

void
task_wait (XcapTask *self)
{
  self->is_linked = TRUE;
  self->link.data = self;
  g_queue_push_tail_link (&self->xcap->tasks, &self->link);
}

DocumentsKey
task_key (const XcapTask *self)
{
  return (DocumentsKey){ self->path->auid, self->owner, self->path->document };
}

XcapEdit
task_edit (const XcapTask *self, GBytes *document)
{
  const Conf *conf = self->xcap->conf;

  return (XcapEdit){
    .usage = self->usage,
    .path = self->path,
    .document = document,
    .body = http_body (self->request),
    .bounds = { (gsize)conf_int (conf, "xcap", "max_document"),
                (guint)conf_int (conf, "xcap", "max_depth") },
  };
}

static XcapVerb
verb_of (const char *method)
{
  static const struct {
    const char *name;
    XcapVerb verb;
  } rows[] = { { "GET", XCAP_GET },
               { "HEAD", XCAP_GET },
               { "PUT", XCAP_PUT },
               { "DELETE", XCAP_DELETE },
               { "OPTIONS", XCAP_OPTIONS } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].name, method) == 0)
      return rows[i].verb;
  return XCAP_OTHER;
}

static XcapTask *
task_new (Xcap *xcap, HttpRequest *request)
{
  XcapTask *self = g_rc_box_new0 (XcapTask);

  self->xcap = xcap;
  self->request = request;
  self->verb = verb_of (http_method (request));
  self->peer = g_strdup (http_client (request));
  self->if_match = http_header_list (request, "If-Match");
  self->if_none_match = http_header_list (request, "If-None-Match");
  return self;
}

/* Each of the following says yes, or has answered. */

static gboolean
is_welcome (XcapTask *self)
{
  Xcap *xcap = self->xcap;

  if (xcap->is_stopping || !xcap->hooks.is_ready (xcap->hooks.data)) {
    reply_busy (self, "The server is not ready.");
    return FALSE;
  }
  if (limit_take (xcap->per_source, self->peer, clock_now (xcap->clock)))
    return TRUE;
  reply_busy (self, "Too many requests from this address.");
  return FALSE;
}

static gboolean
take_path (XcapTask *self)
{
  static const struct {
    guint status;
    const char *why;
  } rows[] = {
    [XCAP_PATH_BAD] = { 400, "The URI is malformed." },
    [XCAP_PATH_PREFIX]
    = { 400, "A prefix in the URI is not bound by an xmlns() in its query." },
    [XCAP_PATH_TOO_LONG] = { 414, "The URI is too long." },
    [XCAP_PATH_NOWHERE] = { 404, "There is no such document." },
    [XCAP_PATH_EXTENSION] = { 404, "This is no node selector." },
  };
  const char *target = http_target (self->request);
  XcapPathVerdict verdict = XCAP_PATH_BAD;

  if (g_str_has_prefix (target, XCAP_ROOT_PATH)) {
    target += strlen (XCAP_ROOT_PATH);
    verdict = xcap_path_parse (target, strlen (target), &self->path);
  }
  if (verdict == XCAP_PATH_OK)
    return TRUE;
  reply_text (self, rows[verdict].status, rows[verdict].why);
  return FALSE;
}

/* A collection is no resource: XCAP has no way to list one (RFC 4825 6.2). */
static gboolean
is_resource (XcapTask *self)
{
  self->usage = xcap_usage_find (self->path->auid);
  if (self->usage == NULL)
    reply_text (self, 404, "There is no such application usage.");
  else if (self->path->kind == XCAP_COLLECTION)
    reply_text (self, 404, "This is no document.");
  else
    return TRUE;
  return FALSE;
}

static gboolean
has_verb (XcapTask *self)
{
  gboolean is_write = self->verb == XCAP_PUT || self->verb == XCAP_DELETE;

  if (self->verb == XCAP_OPTIONS) {
    XcapReply say = { .status = 200, .allow = reply_methods (self) };

    reply (self, &say);
    return FALSE;
  }
  if (self->verb != XCAP_OTHER
      && !(is_write && self->path->kind == XCAP_NAMESPACES))
    return TRUE;
  reply_not_allowed (self);
  return FALSE;
}

static gboolean
has_conditions (XcapTask *self)
{
  if (condition_is_valid (self->if_match)
      && condition_is_valid (self->if_none_match))
    return TRUE;
  reply_text (self, 400, "If-Match or If-None-Match is malformed.");
  return FALSE;
}

static gboolean
is_known (XcapTask *self)
{
  Xcap *xcap = self->xcap;

  if (!login_check (self))
    return FALSE;
  if (limit_take (xcap->per_user, self->user, clock_now (xcap->clock)))
    return TRUE;
  reply_busy (self, "Too many requests of this user.");
  return FALSE;
}

/* Of a tree that is his own, or everybody's. */
static gboolean
may_do (XcapTask *self, XcapTreeAccess access)
{
  switch (access) {
  case XCAP_TREE_NONE:
    reply_text (self, 404, "There is no such tree.");
    return FALSE;
  case XCAP_TREE_HIDDEN:
    break;
  case XCAP_TREE_READ:
    if (self->verb == XCAP_GET)
      return TRUE;
    break;
  case XCAP_TREE_WRITE:
    return TRUE;
  }
  reply_text (self, 403, "Users may not do this here.");
  return FALSE;
}

/* RFC 4825 5.7: everybody in his own tree, and reading the global one. */
static gboolean
is_permitted (XcapTask *self)
{
  const XcapHooks *hooks = &self->xcap->hooks;
  g_autofree char *aor = NULL;
  const StoreUser *owner = NULL;

  if (self->path->is_global)
    return may_do (self, xcap_usage_global (self->usage));
  if (aor_parse (self->path->xui, &aor, NULL))
    owner = hooks->user (aor, hooks->data);
  if (owner == NULL) {
    reply_text (self, 404, "There is no such user.");
    return FALSE;
  }
  if (!aor_equal (owner->aor, self->user)) {
    reply_text (self, 403, "This is the tree of another user.");
    return FALSE;
  }
  self->owner = g_strdup (owner->aor);
  return may_do (self, xcap_usage_users (self->usage));
}

/* RFC 4825 8.2.2; parameters such as a charset say nothing new. */
static gboolean
has_type (XcapTask *self)
{
  const char *type = http_header (self->request, "Content-Type");
  g_autofree char *bare
      = g_strndup (type != NULL ? type : "", type ? strcspn (type, ";") : 0);
  const char *wanted = xcap_content_type (self->usage, self->path);
  g_autofree char *why = NULL;

  if (self->verb != XCAP_PUT
      || g_ascii_strcasecmp (g_strstrip (bare), wanted) == 0)
    return TRUE;
  why = g_strdup_printf ("Content-Type must be %s.", wanted);
  reply_text (self, 415, why);
  return FALSE;
}

/* Nothing is packed, and nothing is a part (RFC 9110 8.4 and 14.5). */
static gboolean
is_plain (XcapTask *self)
{
  const char *coding = http_header (self->request, "Content-Encoding");

  if (self->verb != XCAP_PUT)
    return TRUE;
  if (http_header (self->request, "Content-Range") != NULL)
    reply_text (self, 400, "A part of a body cannot be put.");
  else if (coding != NULL && g_ascii_strcasecmp (coding, "identity") != 0)
    reply_text (self, 415, "A Content-Encoding is not understood.");
  else
    return TRUE;
  return FALSE;
}

/* The one document that we write ourselves. */
static gboolean
is_caps (const XcapTask *self)
{
  return self->path->is_global && strcmp (self->path->auid, CAPS_AUID) == 0
         && strcmp (self->path->document, CAPS_NAME) == 0;
}

void
task_take (Xcap *xcap, HttpRequest *request)
{
  static gboolean (*const checks[]) (XcapTask *)
      = { is_welcome, take_path,    is_resource, has_verb, has_conditions,
          is_known,   is_permitted, has_type,    is_plain };
  g_autoptr (XcapTask) self = task_new (xcap, request);

  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    if (!checks[i](self))
      return;
  if (is_caps (self))
    reader_reply (self, xcap->caps, xcap->caps_etag);
  else if (self->verb == XCAP_GET)
    reader_start (g_steal_pointer (&self));
  else
    editor_start (g_steal_pointer (&self));
}
