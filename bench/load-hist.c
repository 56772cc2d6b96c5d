/* SPDX-License-Identifier: ISC
 *
 * Distribution of latencies: buckets that grow with the value, 32 for each
 * power of two, so that any percentile is right within 3 %. */
#include "load.h"

static guint
bucket_of (guint64 us)
{
  guint octave;

  if (us < 2 * HIST_SUB)
    return (guint)us;
  octave = (guint)g_bit_storage (us) - 6; /* 6 bits stay */
  return MIN (HIST_BUCKETS - 1, octave * HIST_SUB + (guint)(us >> octave));
}

/* The middle of a bucket. */
static gint64
value_of (guint bucket)
{
  guint octave, top;

  if (bucket < 2 * HIST_SUB)
    return bucket;
  octave = bucket / HIST_SUB - 1;
  top = bucket - octave * HIST_SUB;
  return ((gint64)top << octave) + ((gint64)1 << octave) / 2;
}

void
hist_add (Hist *hist, gint64 us)
{
  us = MAX (us, 0);
  hist->buckets[bucket_of ((guint64)us)]++;
  hist->n++;
  hist->max = MAX (hist->max, us);
}

gint64
hist_at (const Hist *hist, double part)
{
  guint64 wanted = (guint64)(part * (double)hist->n), seen = 0;

  for (guint i = 0; i < HIST_BUCKETS; i++) {
    seen += hist->buckets[i];
    if (seen > wanted)
      return MIN (value_of (i), hist->max);
  }
  return hist->max;
}
