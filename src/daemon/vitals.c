/* SPDX-License-Identifier: ISC
 *
 * From the rooms to plain facts. */
#include "daemon/vitals.h"

#include "daemon/xmpp-link.h"
#include "service/xmpp.h"

#include <sys/resource.h>
#include <sys/stat.h>

/* Dead subscriptions and peers that are named. */
#define NAMED 5

/* Files that are open besides connections, where the system does not say how
 * many are. */
#define OTHER_FILES 64

static void
unreachable_cb (const char *watcher, const char *presentity, gpointer data)
{
  g_ptr_array_add (data,
                   g_strdup_printf ("%s (watches %s)", watcher, presentity));
}

static void
peer_cb (const char *domain, const char *why, guint times, gpointer data)
{
  g_ptr_array_add (
      data, g_strdup_printf ("%s (%s, %u times in a row)", domain, why, times));
}

static void
outside_cb (const char *user, const char *room, guint seconds, gpointer data)
{
  g_ptr_array_add (data,
                   g_strdup_printf ("%s (%s, %u s)", user, room, seconds));
}

/* Since Linux 6.2 the size of this folder is the number of open files. */
static guint64
count_files (Sip *sip)
{
  struct stat found;

  if (stat ("/proc/self/fd", &found) == 0 && found.st_size > 0)
    return (guint64)found.st_size;
  return sip_connections (sip) + OTHER_FILES;
}

static void
gather_tls (CheckTls *tls, Sip *sip)
{
  g_autoptr (GError) error = NULL;
  SipCertificate certificate;

  tls->is_used = sip_certificate (sip, &certificate, &error) || error != NULL;
  if (error != NULL)
    tls->error = g_strdup (error->message);
  tls->file = certificate.file;
  tls->begins = certificate.begins;
  tls->ends = certificate.ends;
  tls->ends_in_force = certificate.ends_in_force;
}

static void
gather_xmpp (CheckXmpp *xmpp, XmppStream *stream)
{
  XmppLink link;

  xmpp_link_get (stream, &link);
  *xmpp = (CheckXmpp){ link.is_configured, link.is_up, link.peer, link.since,
                       link.error };
}

void
vitals_gather (CheckFacts *facts, const Conf *conf, Service *service, Sip *sip,
               XmppStream *xmpp)
{
  struct rlimit limit;

  facts->is_ready = service_is_ready (service);
  facts->connections = sip_connections (sip);
  facts->max_connections = (guint)conf_int (conf, "sip", "max_connections");
  facts->refused = sip_refused (sip);
  facts->files = count_files (sip);
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    facts->max_files = limit.rlim_cur;
  facts->unreachable = g_ptr_array_new_with_free_func (g_free);
  facts->n_unreachable = service_unreachable (service, NAMED, unreachable_cb,
                                              facts->unreachable);
  facts->has_rooms = xmpp_is_there (service);
  facts->outside = g_ptr_array_new_with_free_func (g_free);
  facts->n_outside
      = service_rooms_outside (service, NAMED, outside_cb, facts->outside);
  facts->peers = g_ptr_array_new_with_free_func (g_free);
  sip_peers (sip, peer_cb, facts->peers);
  gather_tls (&facts->tls, sip);
  gather_xmpp (&facts->xmpp, xmpp);
}
