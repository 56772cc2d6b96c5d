/* SPDX-License-Identifier: ISC
 *
 * The wiring of the XMPP link. */
#include "daemon/xmpp-link.h"

#include <string.h>

#include "base/error.h"

/* Both parts of HOST:PORT; the host without brackets.  New. */
static char *
host_of (const char *server, guint *port_out)
{
  const char *colon = strrchr (server, ':');
  gboolean has_brackets = server[0] == '[';
  gsize len = (gsize)(colon - server) - (has_brackets ? 2 : 0);

  *port_out = (guint)g_ascii_strtoull (colon + 1, NULL, 10);
  return g_strndup (server + (has_brackets ? 1 : 0), len);
}

static const char *
first (const Conf *conf, const char *group, const char *key)
{
  return conf_list (conf, group, key)[0];
}

static const char *
component_of (const Conf *conf)
{
  const char *component = first (conf, "xmpp", "component");

  return component != NULL ? component : first (conf, "server", "domains");
}

/* From the file, if there is one.  New. */
static char *
read_secret (const Conf *conf, GError **error)
{
  const char *file = conf_string (conf, "xmpp", "secret_file");
  g_autoptr (GError) why = NULL;
  char *text = NULL;

  if (*file == '\0')
    return g_strdup (conf_string (conf, "xmpp", "secret"));
  if (!g_file_get_contents (file, &text, NULL, &why)) {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG, "xmpp.secret_file: %s",
                 why->message);
    return NULL;
  }
  text[strcspn (text, "\r\n")] = '\0';
  if (*text != '\0' && g_utf8_validate (text, -1, NULL))
    return text;
  g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
               "xmpp.secret_file: the first line of %s has no secret", file);
  g_free (text);
  return NULL;
}

static void
take_numbers (XmppConfig *config, const Conf *conf)
{
  config->max_stanza = (gsize)conf_int (conf, "xmpp", "max_stanza");
  config->max_queue = (gsize)conf_int (conf, "xmpp", "max_queue");
  config->keepalive = (guint)conf_int (conf, "xmpp", "keepalive");
  config->timeout = (guint)conf_int (conf, "xmpp", "timeout");
  config->reconnect = (guint)conf_int (conf, "xmpp", "reconnect");
}

static void
tell_service (Service *service, XmppStream *stream, const Conf *conf)
{
  const XmppPlaces places = { conf_list (conf, "xmpp", "domains"),
                              conf_list (conf, "xmpp", "rooms") };

  service_set_xmpp (service, xmpp_stream_port (stream), &places);
}

XmppStream *
xmpp_link_new (const Conf *conf, Service *service, LoopPort *loop,
               const Clock *clock, NamesPort *names, Counters *counters,
               GError **error)
{
  const char *server = first (conf, "xmpp", "server");
  g_autofree char *secret = NULL, *host = NULL;
  XmppConfig config = { 0 };
  XmppStream *stream;

  if (server == NULL)
    return NULL;
  secret = read_secret (conf, error);
  if (secret == NULL)
    return NULL;
  host = host_of (server, &config.port);
  config.host = host;
  config.secret = secret;
  config.component = component_of (conf);
  config.ping_host = first (conf, "xmpp", "domains");
  take_numbers (&config, conf);
  stream = xmpp_stream_new (&config, loop, clock, names, counters,
                            service_xmpp_events (service));
  tell_service (service, stream, conf);
  return stream;
}

void
xmpp_link_reload (XmppStream *stream, const Conf *conf)
{
  XmppConfig config = { 0 };

  take_numbers (&config, conf);
  if (stream != NULL)
    xmpp_stream_reload (stream, &config);
}

void
xmpp_link_get (XmppStream *stream, XmppLink *out)
{
  XmppPort *port;

  *out = (XmppLink){ 0 };
  if (stream == NULL)
    return;
  port = xmpp_stream_port (stream);
  port->link (port->self, out);
}

static void
put_list (GString *out, const char *name, const Conf *conf, const char *key)
{
  g_autofree char *text
      = g_strjoinv (" ", (char **)conf_list (conf, "xmpp", key));

  g_string_append_printf (out, "%s %s\n", name, text);
}

char *
xmpp_link_lines (XmppStream *stream, const Conf *conf, gint64 now)
{
  GString *out = g_string_new (NULL);
  XmppLink link;

  xmpp_link_get (stream, &link);
  if (!link.is_configured)
    return g_string_free (g_string_append (out, "link none\n"), FALSE);
  g_string_append_printf (out, "link %s\nserver %s\ncomponent %s\n",
                          link.is_up ? "up" : "down", link.peer,
                          component_of (conf));
  put_list (out, "domains", conf, "domains");
  put_list (out, "rooms", conf, "rooms");
  g_string_append_printf (out, "seconds %" G_GINT64_FORMAT "\n",
                          (now - link.since) / G_USEC_PER_SEC);
  if (link.error != NULL)
    g_string_append_printf (out, "error %s\n", link.error);
  g_string_append_printf (out,
                          "stanzas_in %" G_GUINT64_FORMAT
                          "\nstanzas_out %" G_GUINT64_FORMAT
                          "\nqueued_bytes %u\nunconfirmed %u\nreconnects %u\n",
                          link.n_in, link.n_out, link.n_queued,
                          link.n_unconfirmed, link.n_reconnects);
  return g_string_free (out, FALSE);
}
