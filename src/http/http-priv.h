/* SPDX-License-Identifier: ISC
 *
 * The listener's parts: sockets and the loop in http.c, one request in
 * request.c, what is served in routes.c, the built-in pages in pages.c. */
#pragma once
#include "http/http.h"

#include <microhttpd.h>

#include "http/routes.h"

/* Bounds of a public listener. */
#define HTTP_CONNECTIONS 256 /* of each address */
#define HTTP_TIMEOUT 15      /* seconds without progress */
#define HTTP_MEMORY 32768    /* request line and headers, bytes */
#define HTTP_PUMP_MAX_MS 1000
/* A body that is too large is read and thrown away up to so many bytes. */
#define HTTP_DISCARD_MAX (64 * 1024 * 1024)

typedef struct {
  Http *http;
  struct MHD_Daemon *daemon;
  LoopWatch *watch;
  LoopTimer *timer;
  guint port;
} HttpListener;

struct Http {
  LoopPort *loop;
  const Conf *conf;
  Counters *counters;
  HttpHooks hooks;
  GPtrArray *listeners; /* HttpListener */
  GArray *routes;       /* HttpRoute */
  GQueue waiting;       /* links of requests that are suspended */
};

typedef enum {
  HTTP_READING,  /* the body comes in */
  HTTP_HANDED,   /* its handler is running */
  HTTP_WAITING,  /* suspended until http_reply */
  HTTP_ANSWERED, /* response is set */
} HttpState;

struct HttpRequest {
  HttpListener *listener;
  struct MHD_Connection *connection;
  HttpRoute route; /* a copy */
  HttpState state;
  gboolean is_known; /* what follows is filled in */
  gboolean is_too_large;
  char *target, *method, *path, *peer, *client;
  GByteArray *data;
  GBytes *body;
  struct MHD_Response *response;
  guint status;
  GList link;
};

/* MHD's callbacks; data of the first two is the HttpListener.  The first is
 * called with what the request line names, before anything else, and makes the
 * HttpRequest, which the others get as state. */
void *request_target_cb (void *data, const char *target,
                         struct MHD_Connection *connection);
enum MHD_Result request_cb (void *data, struct MHD_Connection *connection,
                            const char *url, const char *method,
                            const char *version, const char *upload,
                            size_t *upload_size, void **state);
void request_completed_cb (void *data, struct MHD_Connection *connection,
                           void **state, enum MHD_RequestTerminationCode why);

/* Lets MHD go on in the next turn. */
void http_pump_soon (HttpListener *listener);

/* Adds /healthz, /readyz and /metrics. */
void pages_add (Http *self);
