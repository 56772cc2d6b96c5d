/* SPDX-License-Identifier: ISC
 *
 * http/http.h without a socket, for tests of rooms that serve HTTP: a test asks,
 * the room's handler answers.  Links in place of libhttp. */
#pragma once
#include "http/http.h"

/* A request and its answer; lives as long as the Http. */
typedef struct {
  guint status; /* 0: not answered yet */
  char *type, *body;
  gsize len;
  GPtrArray *headers; /* char *: name, value, ... */
} FakeExchange;

Http *fake_http_new (void);

/* Hands a request to the route that was added last.  headers: name, value, ...,
 * NULL; or NULL.  body: NULL: none. */
FakeExchange *fake_http_ask (Http *self, const char *method, const char *target,
                             const char *const *headers, const char *body);
/* The n-th value (from 0) of a header of the answer; NULL: none. */
const char *fake_exchange_header (const FakeExchange *self, const char *name,
                                  guint n);
/* The bound of the route that was added last. */
gsize fake_http_max_body (const Http *self);
