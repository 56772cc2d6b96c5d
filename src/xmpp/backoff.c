/* SPDX-License-Identifier: ISC */
#include "xmpp/backoff.h"

#define DOUBLINGS_MAX 16

guint
backoff_next (Backoff *self, gint64 uptime, guint max, double chance)
{
  guint full;

  if (uptime >= BACKOFF_STABLE_US)
    self->failures = 0;
  full = MIN (1000u << MIN (self->failures, DOUBLINGS_MAX), max * 1000);
  self->failures++;
  return (guint)(full * (1 - chance / 2));
}
