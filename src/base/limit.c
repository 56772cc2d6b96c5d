/* SPDX-License-Identifier: ISC
 *
 * A set-associative table: a name's hash picks a set of WAYS buckets. */
#include "base/limit.h"
#include "base/ids.h"

#define WAYS 8

typedef struct {
  guint64 name; /* hash; 0: never used */
  gint64 at;    /* when tokens was right, us */
  double tokens;
} Bucket;

struct Limit {
  guint rate;      /* tokens a second */
  double capacity; /* tokens */
  guint sets;
  guint64 seed; /* so that nobody can aim at another's bucket */
  Bucket *buckets;
};

Limit *
limit_new (guint rate, guint burst, guint buckets)
{
  Limit *self = g_new0 (Limit, 1);

  limit_set_rate (self, rate, burst);
  self->sets = MAX (buckets / WAYS, 1);
  self->buckets = g_new0 (Bucket, self->sets * WAYS);
  rc_random_bytes (&self->seed, sizeof self->seed);
  return self;
}

void
limit_free (Limit *self)
{
  if (self == NULL)
    return;
  g_free (self->buckets);
  g_free (self);
}

void
limit_set_rate (Limit *self, guint rate, guint burst)
{
  self->rate = rate;
  self->capacity = MAX ((double)rate * burst, 1);
}

static guint64
hash_of (const Limit *self, const char *name)
{
  guint64 hash = self->seed;

  for (; *name != '\0'; name++) {
    hash = (hash ^ (guchar)*name) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
  }
  return hash != 0 ? hash : 1;
}

static Bucket *
bucket_of (Limit *self, guint64 name, gint64 now)
{
  Bucket *set = &self->buckets[(name % self->sets) * WAYS];
  Bucket *oldest = set;

  for (guint i = 0; i < WAYS; i++) {
    if (set[i].name == name)
      return &set[i];
    if (set[i].name == 0 || set[i].at < oldest->at)
      oldest = &set[i];
  }
  *oldest = (Bucket){ .name = name, .at = now, .tokens = self->capacity };
  return oldest;
}

/* The bucket of a name, filled up to now. */
static Bucket *
filled (Limit *self, const char *name, gint64 now)
{
  Bucket *bucket = bucket_of (self, hash_of (self, name), now);

  bucket->tokens += (double)(now - bucket->at) * self->rate / G_USEC_PER_SEC;
  bucket->tokens = MIN (bucket->tokens, self->capacity);
  bucket->at = now;
  return bucket;
}

gboolean
limit_take (Limit *self, const char *name, gint64 now)
{
  Bucket *bucket;

  if (self->rate == 0)
    return TRUE;
  bucket = filled (self, name, now);
  if (bucket->tokens < 1)
    return FALSE;
  bucket->tokens -= 1;
  return TRUE;
}

gboolean
limit_has (Limit *self, const char *name, gint64 now)
{
  return self->rate == 0 || filled (self, name, now)->tokens >= 1;
}
