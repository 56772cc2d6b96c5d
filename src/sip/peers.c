/* SPDX-License-Identifier: ISC
 *
 * A small table by domain: see the header. */
#include "sip/peers.h"

typedef struct {
  char *domain; /* lower case */
  const char *why;
  guint times; /* in a row */
  gint64 at;   /* us */
} Peer;

struct Peers {
  GTree *peers; /* domain -> Peer */
};

static int
compare_cb (gconstpointer a, gconstpointer b, gpointer data)
{
  return g_strcmp0 (a, b);
}

static void
peer_free (gpointer data)
{
  Peer *self = data;

  g_free (self->domain);
  g_free (self);
}

Peers *
peers_new (void)
{
  Peers *self = g_new0 (Peers, 1);

  self->peers = g_tree_new_full (compare_cb, NULL, NULL, peer_free);
  return self;
}

void
peers_free (Peers *self)
{
  if (self == NULL)
    return;
  g_tree_unref (self->peers);
  g_free (self);
}

static gboolean
oldest_cb (gpointer key, gpointer value, gpointer data)
{
  Peer *peer = value, **oldest = data;

  if (*oldest == NULL || peer->at < (*oldest)->at)
    *oldest = peer;
  return FALSE;
}

static void
make_room (Peers *self)
{
  Peer *oldest = NULL;

  if (g_tree_nnodes (self->peers) < PEERS_MAX)
    return;
  g_tree_foreach (self->peers, oldest_cb, &oldest);
  g_tree_remove (self->peers, oldest->domain);
}

static gboolean
is_fresh (const Peer *peer, gint64 now)
{
  return now - peer->at <= (gint64)PEERS_MEMORY * G_USEC_PER_SEC;
}

void
peers_failed (Peers *self, const char *domain, const char *why, gint64 now)
{
  g_autofree char *name = g_ascii_strdown (domain, -1);
  Peer *peer = g_tree_lookup (self->peers, name);

  if (peer == NULL) {
    make_room (self);
    peer = g_new0 (Peer, 1);
    peer->domain = g_steal_pointer (&name);
    g_tree_insert (self->peers, peer->domain, peer);
  } else if (!is_fresh (peer, now))
    peer->times = 0;
  peer->why = why;
  peer->times++;
  peer->at = now;
}

void
peers_answered (Peers *self, const char *domain)
{
  g_autofree char *name = g_ascii_strdown (domain, -1);

  g_tree_remove (self->peers, name);
}

typedef struct {
  gint64 now;
  PeersFn fn;
  gpointer data;
} Visit;

static gboolean
visit_cb (gpointer key, gpointer value, gpointer data)
{
  const Peer *peer = value;
  Visit *visit = data;

  if (peer->times >= PEERS_TIMES && is_fresh (peer, visit->now))
    visit->fn (peer->domain, peer->why, peer->times, visit->data);
  return FALSE;
}

void
peers_foreach (Peers *self, gint64 now, PeersFn fn, gpointer data)
{
  g_tree_foreach (self->peers, visit_cb, &(Visit){ now, fn, data });
}
