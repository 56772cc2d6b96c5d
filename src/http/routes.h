/* SPDX-License-Identifier: ISC
 *
 * The table of what is served: finding a path, methods, who is an
 * administrator.  Knows no connection. */
#pragma once
#include "http/http.h"

/* The route with the longest path that matches; NULL: none.  routes are
 * HttpRoute. */
const HttpRoute *routes_find (const GArray *routes, const char *path);
gboolean routes_has_method (const HttpRoute *route, const char *method);
/* The value of Allow: "GET, HEAD, PUT", of a route that names its methods.  The
 * caller frees. */
char *routes_allow (const HttpRoute *route);

/* Is a request of peer an administrator's ([http] admin_networks)?  forwarded:
 * X-Forwarded-For or NULL; whom the last proxy names must be one too, so that a
 * proxy on this machine does not open the pages to the world. */
gboolean routes_is_admin (const Conf *conf, const char *peer,
                          const char *forwarded);

/* New string: who asks when peer says that it forwards for others. */
char *routes_client (const Conf *conf, const char *peer, const char *forwarded);
