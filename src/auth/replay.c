/* SPDX-License-Identifier: ISC
 *
 * A ring of nonces in the order of their first answer, and an index of it. */
#include "auth/replay.h"

#define WINDOW 64

typedef struct {
  NonceStamp nonce; /* first, so that a stamp is the key of its window */
  guint64 seen;     /* bit i: top - i was used */
  guint32 top;      /* the highest count used */
} Window;

struct Replay {
  Window *ring;
  guint capacity, first, n;
  GHashTable *index; /* Window, by its nonce */
  gint64 horizon;    /* nothing forgotten was issued after it */
};

static guint
stamp_hash (gconstpointer key)
{
  const NonceStamp *stamp = key;

  return (guint)stamp->random; /* random, and not of the peer's choice */
}

static gboolean
stamp_equal (gconstpointer a, gconstpointer b)
{
  const NonceStamp *left = a, *right = b;

  return left->random == right->random && left->issued == right->issued;
}

Replay *
replay_new (guint capacity)
{
  Replay *self = g_new0 (Replay, 1);

  self->capacity = MAX (capacity, 1);
  self->ring = g_new0 (Window, self->capacity);
  self->index = g_hash_table_new (stamp_hash, stamp_equal);
  self->horizon = G_MININT64;
  return self;
}

void
replay_free (Replay *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->index);
  g_free (self->ring);
  g_free (self);
}

guint
replay_size (const Replay *self)
{
  return self->n;
}

static void
forget_first (Replay *self)
{
  Window *window = &self->ring[self->first];

  self->horizon = MAX (self->horizon, window->nonce.issued);
  g_hash_table_remove (self->index, window);
  self->first = (self->first + 1) % self->capacity;
  self->n--;
}

static void
watch (Replay *self, const NonceStamp *nonce, guint32 nc, gint64 oldest)
{
  Window *window;

  while (self->n > 0 && self->ring[self->first].nonce.issued < oldest)
    forget_first (self);
  if (self->n == self->capacity)
    forget_first (self);
  window = &self->ring[(self->first + self->n++) % self->capacity];
  *window = (Window){ .nonce = *nonce, .seen = 1, .top = nc };
  g_hash_table_add (self->index, window);
}

static ReplayVerdict
use_count (Window *window, guint32 nc)
{
  guint32 distance;

  if (nc > window->top) {
    distance = nc - window->top;
    window->seen = distance >= WINDOW ? 0 : window->seen << distance;
    window->seen |= 1;
    window->top = nc;
    return REPLAY_FRESH;
  }
  distance = window->top - nc;
  if (distance >= WINDOW || (window->seen >> distance & 1) != 0)
    return REPLAY_SEEN;
  window->seen |= (guint64)1 << distance;
  return REPLAY_FRESH;
}

ReplayVerdict
replay_use (Replay *self, const NonceStamp *nonce, guint32 nc, gint64 oldest)
{
  Window *window = g_hash_table_lookup (self->index, nonce);

  if (window != NULL)
    return use_count (window, nc);
  if (nonce->issued <= self->horizon)
    return REPLAY_FORGOTTEN;
  watch (self, nonce, nc, oldest);
  return REPLAY_FRESH;
}
