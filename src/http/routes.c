/* SPDX-License-Identifier: ISC
 *
 * The table of what is served: see the header. */
#include "http/routes.h"

#include <string.h>

static gboolean
matches (const HttpRoute *route, const char *path)
{
  gsize len = strlen (route->path);

  if (len > 0 && route->path[len - 1] == '/')
    return strncmp (path, route->path, len) == 0;
  return strcmp (path, route->path) == 0;
}

const HttpRoute *
routes_find (const GArray *routes, const char *path)
{
  const HttpRoute *best = NULL;

  for (guint i = 0; i < routes->len; i++) {
    const HttpRoute *route = &g_array_index (routes, HttpRoute, i);

    if (matches (route, path)
        && (best == NULL || strlen (route->path) > strlen (best->path)))
      best = route;
  }
  return best;
}

gboolean
routes_has_method (const HttpRoute *route, const char *method)
{
  g_auto (GStrv) methods = NULL;

  if (route->methods == NULL)
    return TRUE;
  methods = g_strsplit (route->methods, " ", 0);
  if (strcmp (method, "HEAD") == 0)
    method = "GET";
  return g_strv_contains ((const char *const *)methods, method);
}

char *
routes_allow (const HttpRoute *route)
{
  g_auto (GStrv) methods = g_strsplit (route->methods, " ", 0);
  GString *out = g_string_new (NULL);

  for (char **method = methods; *method != NULL; method++)
    g_string_append_printf (out, "%s%s%s", out->len ? ", " : "", *method,
                            strcmp (*method, "GET") == 0 ? ", HEAD" : "");
  return g_string_free (out, FALSE);
}

/* New string: whom the last proxy names. */
static char *
last_of (const char *forwarded)
{
  const char *comma = strrchr (forwarded, ',');

  return g_strstrip (g_strdup (comma ? comma + 1 : forwarded));
}

gboolean
routes_is_admin (const Conf *conf, const char *peer, const char *forwarded)
{
  g_autofree char *client = NULL;

  if (!conf_has_address (conf, "http", "admin_networks", peer))
    return FALSE;
  if (forwarded == NULL)
    return TRUE;
  client = last_of (forwarded);
  return conf_has_address (conf, "http", "admin_networks", client);
}

char *
routes_client (const Conf *conf, const char *peer, const char *forwarded)
{
  g_autofree char *client = forwarded != NULL ? last_of (forwarded) : NULL;

  if (client == NULL || !g_hostname_is_ip_address (client)
      || !conf_has_address (conf, "http", "admin_networks", peer))
    return g_strdup (peer);
  return g_steal_pointer (&client);
}
