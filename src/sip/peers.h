/* SPDX-License-Identifier: ISC
 *
 * Which other domains' servers do not answer what is relayed to them. */
#pragma once
#include <glib.h>

typedef struct Peers Peers;

#define PEERS_MAX 256    /* domains remembered; the longest ago goes first */
#define PEERS_TIMES 2    /* failures in a row that make one count as down */
#define PEERS_MEMORY 600 /* seconds a failure counts */

Peers *peers_new (void);
void peers_free (Peers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peers, peers_free)

/* A request to domain (in any case) failed: why is a literal, "no answer".
 * now in microseconds of the monotonic clock. */
void peers_failed (Peers *self, const char *domain, const char *why,
                   gint64 now);
/* It answered. */
void peers_answered (Peers *self, const char *domain);

typedef void (*PeersFn) (const char *domain, const char *why, guint times,
                         gpointer data);
/* Those that are down now, by name. */
void peers_foreach (Peers *self, gint64 now, PeersFn fn, gpointer data);
