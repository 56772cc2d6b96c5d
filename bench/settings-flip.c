/* SPDX-License-Identifier: ISC
 *
 * share_availability is switched while very many subscriptions live: how long
 * is the longest turn of the loop, which is what a PUBLISH's NOTIFYs then wait
 * for?  service/ over the store in memory; the SIP side only notes, and what it
 * costs to answer it counts too. */
#include "tests/lib/servicebed.h"

#include <stdlib.h>
#include <time.h>

#define SUBSCRIPTIONS 100000
#define PER_WATCHER 100
#define SECONDS 5 /* of the loop's time, after each switch */

typedef struct {
  double wall, cpu; /* ms; on a busy machine they differ */
} Span;

static Span longest;

static double
cpu_now (void)
{
  struct timespec at;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static Span
now (void)
{
  return (Span){ g_get_monotonic_time () / 1e3, cpu_now () };
}

static void
take (Span start, const char *what)
{
  Span end = now ();
  Span took = { end.wall - start.wall, end.cpu - start.cpu };

  if (took.wall > longest.wall)
    g_print ("  %-24s %.1f ms (CPU %.1f)\n", what, took.wall, took.cpu);
  longest.wall = MAX (longest.wall, took.wall);
  longest.cpu = MAX (longest.cpu, took.cpu);
}

static void
add_subscriptions (ServiceBed *bed, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *watcher
        = g_strdup_printf ("w%u@example.net", i / PER_WATCHER);
    g_autofree char *presentity
        = g_strdup_printf ("p%u@example.com", i % (n / PER_WATCHER));

    if (i < n / PER_WATCHER)
      bed_put_user (bed, presentity, POLICY_AS_SETTINGS, POLICY_AS_SETTINGS);
    bed_subscribe (bed, watcher, presentity, "presence", 7200);
    g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
    if (bed->sip->notifies->len > 0)
      bed_drain (bed);
  }
}

/* A turn every 50 ms, with a PUBLISH in each. */
static void
run (ServiceBed *bed)
{
  static const char *const bodies[]
      = { "<tuple id='t'><status><basic>open</basic></status></tuple>",
          "<tuple id='t'><status><basic>closed</basic></status></tuple>" };

  for (guint i = 0; i < SECONDS * 20; i++) {
    Span start = now ();

    fake_loop_run (bed->loop, 0.05);
    bed_publish (bed, bodies[i % 2]);
    bed_drain (bed);
    take (start, "a turn");
  }
}

static void
flip (ServiceBed *bed, gboolean is_on)
{
  Span start = now ();

  bed->settings.share_availability = is_on;
  bed->settings.allow_without_approval = is_on;
  bed_set (bed);
  take (start, "the turn of the switch");
  run (bed);
}

int
main (int argc, char **argv)
{
  guint n = argc > 1 ? (guint)strtoul (argv[1], NULL, 10) : SUBSCRIPTIONS;
  g_autoptr (ServiceBed) bed = bed_new ();

  bed->settings.max_watchers = POLICY_NO_LIMIT;
  bed_set (bed);
  add_subscriptions (bed, n);
  flip (bed, FALSE);
  flip (bed, TRUE);
  flip (bed, FALSE);
  g_print ("settings-flip: %u subscriptions, longest turn %.1f ms (CPU %.1f)\n",
           n, longest.wall, longest.cpu);
  return longest.wall < 100 ? 0 : 1;
}
