/* SPDX-License-Identifier: ISC
 *
 * The HTTP listener on the loop: connections, bounds and a table of what is
 * served.  /healthz, /readyz and /metrics are its own; other rooms add theirs
 * by http_add (XCAP, the console).  A request may be answered later, for
 * example after a commit.  No TLS: a reverse proxy or loopback stands before
 * it. */
#pragma once
#include "base/counters.h"
#include "conf/conf.h"
#include "port/loop.h"

typedef struct Http Http;
typedef struct HttpRequest HttpRequest;

/* What the built-in pages ask the daemon. */
typedef struct {
  /* NULL: ready to serve; else the reason why not, a few words for a probe's
   * log ("loading", "database away").  Borrowed until the next turn. */
  const char *(*why_not_ready) (gpointer data);
  /* Calls fn for each "name value" of the status (as service_status does);
   * those whose value is a number become gauges of /metrics.  May be NULL. */
  void (*status) (void (*fn) (const char *name, const char *value,
                              gpointer fn_data),
                  gpointer fn_data, gpointer data);
  gpointer data;
} HttpHooks;

/* Opens every address of [http] listen (none: serves nothing).  A taken port is
 * RC_ERROR_IO and names it. */
Http *http_new (LoopPort *loop, const Conf *conf, Counters *counters,
                const HttpHooks *hooks, GError **error);
/* Ends every connection; requests that wait for their answer are forgotten:
 * their handlers must not answer them any more. */
void http_free (Http *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Http, http_free)
/* Takes reloadable options into force; conf must live until the next reload or
 * free. */
void http_reload (Http *self, const Conf *conf);
/* The port that was opened for the n-th address of listen; 0: no such. */
guint http_port (const Http *self, guint n);

/* Called once the body is there.  Must lead to exactly one http_reply, inside
 * or later. */
typedef void (*HttpFn) (HttpRequest *request, gpointer data);

typedef struct {
  const char *path; /* static; this path alone, or with a final '/' all below */
  /* Static: "GET", "GET PUT DELETE"; HEAD goes with GET.  NULL: any; fn answers
   * 405 itself. */
  const char *methods;
  gboolean is_admin_only; /* 403 outside [http] admin_networks */
  gsize max_body;         /* bytes; more is answered 413 */
  HttpFn fn;
  gpointer data;
} HttpRoute;
/* The longest path that matches serves the request; a path that is there
 * already gets the new route. */
void http_add (Http *self, const HttpRoute *route);

/* Of a request; borrowed until its answer. */
const char *http_method (const HttpRequest *request);
const char *http_path (const HttpRequest *request); /* %-escapes undone */
/* Path and query as they came, escapes kept; scheme and host of the absolute
 * form (RFC 9112 3.2.2) are gone. */
const char *http_target (const HttpRequest *request);
const char *http_peer (const HttpRequest *request); /* numeric address */
/* Whom a proxy among [http] admin_networks names last in X-Forwarded-For; else
 * the peer. */
const char *http_client (const HttpRequest *request);
/* NULL when there is none.  name without regard to case. */
const char *http_header (const HttpRequest *request, const char *name);
/* The lines of a header that is a list, joined (RFC 9110 5.3); NULL when there is
 * none.  The caller frees. */
char *http_header_list (const HttpRequest *request, const char *name);
const char *http_query (const HttpRequest *request, const char *name);
GBytes *http_body (const HttpRequest *request);

typedef struct {
  guint status;
  const char *content_type;   /* NULL: no body */
  GBytes *body;               /* NULL: empty */
  const char *const *headers; /* name, value, ..., NULL; or NULL */
} HttpAnswer;
/* Everything in answer is borrowed for the call; request is gone after it. */
void http_reply (HttpRequest *request, const HttpAnswer *answer);
/* A line of plain text. */
void http_reply_text (HttpRequest *request, guint status, const char *text);
