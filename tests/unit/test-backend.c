/* SPDX-License-Identifier: ISC
 *
 * service/: subscriptions to other domains, from who holds them to the SIP side
 * and back. */
#include "tests/lib/servicebed.h"

#include "service/backend.h"

#include <string.h>

#define PIDF "application/pidf+xml"
#define EVE_URI "sip:eve@example.net"

typedef struct {
  ServiceBed *bed;
  FakeSubscribe *last; /* the SUBSCRIBE that was answered last */
  guint32 heard;
  guint told;
  BackendWatch *watch, *second;
} World;

static void
set_up (World *w, gconstpointer data)
{
  w->bed = bed_new ();
}

static void
tear_down (World *w, gconstpointer data)
{
  fake_subscribe_free (w->last);
  backend_unwatch (w->watch);
  backend_unwatch (w->second);
  service_set_sip (w->bed->service, NULL);
  while (w->bed->sip->subscribes->len > 0) /* nobody waits for them any more */
    fake_subscribe_free (g_ptr_array_steal_index (w->bed->sip->subscribes, 0));
  bed_free (w->bed);
}

static void
told_cb (gpointer data)
{
  ((World *)data)->told++;
}

static BackendWatch *
watch_for (World *w, const char *user, const char *target)
{
  BackendWatch *watch
      = backend_watch (w->bed->service, user, target, "presence", told_cb, w);

  fake_loop_settle (w->bed->loop);
  return watch;
}

static guint
n_subscribes (World *w)
{
  return w->bed->sip->subscribes->len;
}

static void
answer (World *w, guint status)
{
  const WatchAnswer it = { .status = status, .expires = 3600 };

  g_clear_pointer (&w->last, fake_subscribe_free);
  w->last = fake_sip_accept (w->bed->sip, NULL, &it);
  w->heard = 0;
}

static ServiceVerdict
notify (World *w, const char *state, const char *reason, const char *text)
{
  g_autoptr (GBytes) body
      = text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
  WatchNotify it = { .call_id = w->last->call_id,
                     .local_tag = w->last->local_tag,
                     .remote_tag = "theirs",
                     .cseq = ++w->heard,
                     .event = "presence",
                     .state = state,
                     .reason = reason,
                     .expires = -1,
                     .retry_after = -1,
                     .target = "sip:pa@192.0.2.1",
                     .content_type = text != NULL ? PIDF : NULL,
                     .body = body };
  const char *accept;
  ServiceVerdict verdict = service_notified (w->bed->service, &it, &accept);

  fake_loop_run (w->bed->loop, 0.05);
  return verdict;
}

static void
expect_known (BackendWatch *watch, SubsState state, SubsReason reason,
              const char *text)
{
  BackendView view;

  backend_look (watch, &view);
  g_assert_true (view.is_known);
  g_assert_cmpint (view.state, ==, state);
  g_assert_cmpint (view.reason, ==, reason);
  if (text == NULL) {
    g_assert_null (view.body);
    return;
  }
  g_assert_cmpstr (view.content_type, ==, PIDF);
  g_assert_cmpmem (g_bytes_get_data (view.body, NULL),
                   g_bytes_get_size (view.body), text, strlen (text));
}

/* --- */

static void
test_life (World *w, gconstpointer data)
{
  BackendView view;

  w->watch = watch_for (w, ALICE, EVE_URI);
  backend_look (w->watch, &view);
  g_assert_false (view.is_known);
  answer (w, 200);
  g_assert_cmpstr (w->last->from, ==, "sip:" ALICE);
  g_assert_cmpstr (w->last->to, ==, EVE_URI);
  g_assert_cmpstr (w->last->accept, ==, PIDF);
  g_assert_cmpuint (w->last->expires, ==, 3600);
  g_assert_cmpint (notify (w, "active", NULL, "<a/>"), ==, SERVICE_OK);
  g_assert_cmpuint (w->told, ==, 1);
  expect_known (w->watch, SUBS_ACTIVE, SUBS_NO_REASON, "<a/>");
  backend_unwatch (g_steal_pointer (&w->watch));
  answer (w, 200);
  g_assert_cmpuint (w->last->expires, ==, 0);
  g_assert_cmpstr (w->last->remote_tag, ==, "theirs");
  w->heard = 1;
  g_assert_cmpint (notify (w, "terminated", "timeout", NULL), ==, SERVICE_OK);
  g_assert_cmpint (notify (w, "active", NULL, NULL), ==, SERVICE_GONE);
}

static void
test_rejected (World *w, gconstpointer data)
{
  w->watch = watch_for (w, ALICE, EVE_URI);
  answer (w, 407);
  fake_loop_run (w->bed->loop, 100);
  g_assert_cmpuint (w->told, ==, 1);
  g_assert_cmpuint (n_subscribes (w), ==, 0);
  expect_known (w->watch, SUBS_TERMINATED, SUBS_REJECTED, NULL);
}

static void
test_retried (World *w, gconstpointer data)
{
  w->watch = watch_for (w, ALICE, EVE_URI);
  answer (w, 0);
  fake_loop_run (w->bed->loop, 1);
  expect_known (w->watch, SUBS_TERMINATED, SUBS_PROBATION, NULL);
  fake_loop_run (w->bed->loop, 35);
  answer (w, 200);
  g_assert_cmpint (notify (w, "pending", NULL, NULL), ==, SERVICE_OK);
  expect_known (w->watch, SUBS_PENDING, SUBS_NO_REASON, NULL);
}

/* RFC 4662 7.2: a user's lists share, users do not. */
static void
test_shared (World *w, gconstpointer data)
{
  BackendWatch *other;

  w->watch = watch_for (w, ALICE, EVE_URI);
  w->second = watch_for (w, ALICE, "sip:eve@EXAMPLE.NET");
  g_assert_cmpuint (n_subscribes (w), ==, 1);
  answer (w, 200);
  notify (w, "active", NULL, "<a/>");
  g_assert_cmpuint (w->told, ==, 2);
  expect_known (w->second, SUBS_ACTIVE, SUBS_NO_REASON, "<a/>");
  other = watch_for (w, BOB, EVE_URI);
  g_assert_cmpuint (n_subscribes (w), ==, 1);
  answer (w, 403);
  g_assert_cmpstr (w->last->from, ==, "sip:" BOB);
  fake_loop_run (w->bed->loop, 0.1);
  expect_known (other, SUBS_TERMINATED, SUBS_REJECTED, NULL);
  expect_known (w->watch, SUBS_ACTIVE, SUBS_NO_REASON, "<a/>");
  backend_unwatch (other);
}

static void
test_targets (World *w, gconstpointer data)
{
  static const char *const bad[] = { "sip:" BOB,
                                     "sip:bob@EXAMPLE.com",
                                     "pres:" BOB,
                                     "tel:+4912",
                                     "http://example.net",
                                     "sip:",
                                     "",
                                     "sip:eve@example.net?Route=%3Csip:x%3E" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (watch_for (w, ALICE, bad[i]));
  g_assert_null (
      backend_watch (w->bed->service, ALICE, EVE_URI, "dialog", told_cb, w));
  w->watch = watch_for (w, ALICE, "pres:eve@example.net");
  answer (w, 200);
  g_assert_cmpstr (w->last->target, ==, EVE_URI);
}

static void
told_and_left_cb (gpointer data)
{
  World *w = data;

  w->told++;
  backend_unwatch (g_steal_pointer (&w->watch));
  backend_unwatch (g_steal_pointer (&w->second));
}

/* News of both are due when the first one's reader ends both. */
static void
test_left_while_told (World *w, gconstpointer data)
{
  w->watch = backend_watch (w->bed->service, ALICE, EVE_URI, "presence",
                            told_and_left_cb, w);
  w->second = backend_watch (w->bed->service, ALICE, EVE_URI, "presence",
                             told_and_left_cb, w);
  answer (w, 403);
  fake_loop_run (w->bed->loop, 0.1);
  g_assert_cmpuint (w->told, ==, 1);
}

static void
test_bounds (World *w, gconstpointer data)
{
  BackendWatch *third;
  BackendView view;
  gint64 *n_bounded = counters_cell (w->bed->counters, "backend_bounded_total");

  w->watch = watch_for (w, ALICE, "sip:1@example.net");
  w->second = watch_for (w, ALICE, "sip:2@example.net");
  third = watch_for (w, ALICE, "sip:3@example.net");
  g_assert_cmpuint (n_subscribes (w), ==, 2);
  g_assert_cmpint (*n_bounded, ==, 1);
  backend_look (third, &view);
  g_assert_false (view.is_known);
  answer (w, 403);
  answer (w, 403);
  backend_unwatch (g_steal_pointer (&w->watch));
  fake_loop_run (w->bed->loop, 0.2);
  answer (w, 403);
  g_assert_cmpstr (w->last->target, ==, "sip:3@example.net");
  fake_loop_run (w->bed->loop, 0.2);
  expect_known (third, SUBS_TERMINATED, SUBS_REJECTED, NULL);
  backend_unwatch (third);
}

static void
test_large (World *w, gconstpointer data)
{
  g_autofree char *large = g_strnfill (1001, 'x');

  w->watch = watch_for (w, ALICE, EVE_URI);
  answer (w, 200);
  g_assert_cmpint (notify (w, "active", NULL, large), ==, SERVICE_TOO_LARGE);
  g_assert_cmpint (notify (w, "active", NULL, large + 1), ==, SERVICE_OK);
}

/* The SIP side goes with a SUBSCRIBE on its way. */
static void
test_stop (World *w, gconstpointer data)
{
  w->watch = watch_for (w, ALICE, EVE_URI);
  g_assert_cmpuint (n_subscribes (w), ==, 1);
}

#define ADD(PATH, FN) g_test_add (PATH, World, NULL, set_up, FN, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/service/backend/rfc6665-4.1/life", test_life);
  ADD ("/service/backend/rfc6665-4.1/rejected", test_rejected);
  ADD ("/service/backend/rfc6665-4.1/retried", test_retried);
  ADD ("/service/backend/rfc4662-7.2/shared", test_shared);
  ADD ("/service/backend/targets", test_targets);
  ADD ("/service/backend/left-while-told", test_left_while_told);
  ADD ("/service/backend/bounds", test_bounds);
  ADD ("/service/backend/large", test_large);
  ADD ("/service/backend/stop", test_stop);
  return g_test_run ();
}
