/* SPDX-License-Identifier: ISC
 *
 * subs/: NOTIFYs and their answers, flows, restarts and finding, on a fake
 * clock, clause by clause.  Each line is one call and all that it wants done.
 */
#include "subs-world.h"

static void
test_coalescing (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  for (guint i = 0; i < 5; i++)
    EXPECT (world_changed (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "NOTIFY 3 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_changed (w), "NOTIFY 4 active 3600 body");
}

static void
name_cb (Sub *sub, gpointer data)
{
  g_string_append_printf (data, "%s ", sub_dialog (sub)->watcher);
}

/* Who is owed a NOTIFY that cannot leave is told of, and no longer than that. */
static void
test_suspended_are_known (void)
{
  g_autoptr (World) w = world_active ();
  g_autoptr (GString) names = g_string_new (NULL);

  g_assert_cmpuint (subs_suspended (w->subs, 9, name_cb, names), ==, 0);
  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  g_assert_cmpuint (subs_suspended (w->subs, 0, name_cb, names), ==, 1);
  g_assert_cmpstr (names->str, ==, "");
  g_assert_cmpuint (subs_suspended (w->subs, 9, name_cb, names), ==, 1);
  g_assert_cmpstr (names->str, ==, "bob@example.com ");
  EXPECT (world_wait (w, 61), "NOTIFY 3 active 3539 body");
  g_assert_cmpuint (subs_suspended (w->subs, 9, name_cb, names), ==, 0);
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  g_assert_cmpuint (subs_suspended (w->subs, 9, name_cb, names), ==, 1);
  world_crash (w);
  g_assert_cmpuint (subs_suspended (w->subs, 9, name_cb, names), ==, 1);
  world_wait (w, 3600);
  g_assert_cmpuint (subs_suspended (w->subs, 9, name_cb, names), ==, 0);
}

static void
test_stale_answer (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_answer (w, SUBS_NOTIFY_DEAD, 0), "");
  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  w->cseq = 1;
  EXPECT (world_answer (w, SUBS_NOTIFY_DEAD, 0), "");
}

static void
test_dead (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_changed (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_DEAD, 0),
          "WATCHER terminated timeout, ERASE, FREE");
  EXPECT (world_changed (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
}

static void
test_refused (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 0), "");
  EXPECT (world_wait (w, 600), "");
  EXPECT (world_changed (w), "NOTIFY 3 active 3000 body");
  EXPECT (world_changed (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 0),
          "NOTIFY 4 active 3000 body");
}

static void
test_retry_after (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 30), "");
  EXPECT (world_changed (w), "");
  EXPECT (world_wait (w, 29), "");
  EXPECT (world_wait (w, 2), "NOTIFY 3 active 3569 body");
}

/* RFC 6665 4.2.1.2: at once after each SUBSCRIBE, or its Timer N ends it. */
static void
test_retry_after_asked (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 3000), "");
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  EXPECT (world_commit (w), "NOTIFY 3 active 3600 body");
  EXPECT (world_refresh (w, 12, 3600), "OK: STORE");
  EXPECT (world_commit (w), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 3000),
          "NOTIFY 4 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_REFUSED, 3000), "");
  EXPECT (world_wait (w, 2999), "");
}

static void
test_suspended (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_changed (w), "");
  EXPECT (world_wait (w, 59), "");
  EXPECT (world_wait (w, 2), "NOTIFY 3 active 3539 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_refresh (w, 11, 3600), "OK: STORE");
  EXPECT (world_commit (w), "NOTIFY 4 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
  EXPECT (world_wait (w, 120), "");
}

static void
test_suspended_expires_silently (void)
{
  g_autoptr (World) w = world_active ();

  world_refresh (w, 11, 60);
  world_commit (w);
  EXPECT (world_wait (w, 10), "");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_wait (w, 51), "WATCHER terminated timeout, ERASE, FREE");
}

static void
test_refused_while_suspended (void)
{
  g_autoptr (World) w = world_active ();

  world_changed (w);
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_decide (w, SUBS_TERMINATED, SUBS_REJECTED),
          "WATCHER terminated rejected, NOTIFY 3 terminated rejected");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "ERASE, FREE");
}

static World *
active_over_tcp (void)
{
  World *w = world_new ();
  SubsDialog dialog = world_dialog ();

  dialog.flow = 42;
  dialog.source = "tcp:192.0.2.2:40000";
  dialog.instance = "urn:uuid:1";
  world_subscribe_as (w, &dialog, 3600, SUBS_ACTIVE);
  world_commit (w);
  world_answer (w, SUBS_NOTIFY_OK, 0);
  return w;
}

static const SubsDevice device = { .watcher = "bob@example.com",
                                   .instance = "urn:uuid:1",
                                   .source = "tcp:192.0.2.2:40001",
                                   .flow = 43 };

static void
test_flow_closed (void)
{
  g_autoptr (World) w = active_over_tcp ();

  EXPECT (world_flow_closed (w, 41), "");
  EXPECT (world_flow_closed (w, 42), "");
  g_assert_cmpuint (sub_dialog (w->sub)->flow, ==, 0);
  EXPECT (world_changed (w), "");
  EXPECT (world_resume (w, &device), "STORE, NOTIFY 2 active 3600 body");
  g_assert_cmpuint (sub_dialog (w->sub)->flow, ==, 43);
  g_assert_cmpstr (sub_dialog (w->sub)->source, ==, "tcp:192.0.2.2:40001");
  EXPECT (world_resume (w, &device), "");
}

static void
test_flow_closed_nothing_missed (void)
{
  g_autoptr (World) w = active_over_tcp ();

  EXPECT (world_flow_closed (w, 42), "");
  EXPECT (world_wait (w, 300), "");
  EXPECT (world_resume (w, &device), "STORE");
  EXPECT (world_changed (w), "NOTIFY 2 active 3300 body");
}

static void
test_flow_closed_in_flight (void)
{
  g_autoptr (World) w = active_over_tcp ();

  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_flow_closed (w, 42), "");
  EXPECT (world_resume (w, &device), "STORE");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0),
          "NOTIFY 3 active 3600 body");
}

static gboolean
says_no (Sub *sub, gpointer data)
{
  (*(guint *)data)++;
  return FALSE;
}

/* What a dialog has to tell is not known yet: it takes the way, and waits. */
static void
test_resume_is_told_later (void)
{
  g_autoptr (World) w = active_over_tcp ();
  guint asked = 0;
  SubsDevice later = device;

  later.may_tell = says_no;
  later.data = &asked;
  world_flow_closed (w, 42);
  world_changed (w);
  EXPECT (world_resume (w, &later), "STORE");
  g_assert_cmpuint (asked, ==, 1);
  g_assert_cmpuint (sub_dialog (w->sub)->flow, ==, 43);
  EXPECT (world_wake (w), "NOTIFY 2 active 3600 body");
}

static void
test_resume_matches_device (void)
{
  static const struct {
    SubsDevice device;
    gboolean is_same;
  } rows[] = {
    { { "bob@example.com", "urn:uuid:1", NULL, NULL, 9, NULL, NULL }, TRUE },
    { { "bob@example.com", "urn:uuid:2", "sip:bob@192.0.2.2:5070", NULL, 9,
        NULL, NULL },
      FALSE },
    { { "bob@example.com", NULL, "sip:bob@192.0.2.2:5070", NULL, 9, NULL,
        NULL },
      TRUE },
    { { "bob@example.com", NULL, "sip:bob@192.0.2.3:5070", NULL, 9, NULL,
        NULL },
      FALSE },
    { { "bob@example.com", NULL, "not a uri", NULL, 9, NULL, NULL }, FALSE },
    { { "bob@example.com", NULL, NULL, "udp:192.0.2.2:5070", 9, NULL, NULL },
      FALSE },
    { { "carol@example.com", "urn:uuid:1", NULL, NULL, 9, NULL, NULL }, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (World) w = active_over_tcp ();
    world_flow_closed (w, 42);
    world_resume (w, &rows[i].device);
    g_assert_cmpuint (sub_dialog (w->sub)->flow, ==, rows[i].is_same ? 9 : 0);
  }
}

static void
test_resume_by_udp_source (void)
{
  g_autoptr (World) w = world_active ();
  const SubsDevice same = { .watcher = "bob@example.com",
                            .instance = "urn:uuid:1",
                            .source = "udp:192.0.2.2:5070" };

  EXPECT (world_resume (w, &same), "");
  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_SUSPENDED, 0), "");
  EXPECT (world_resume (w, &same), "NOTIFY 3 active 3600 body");
}

static void
test_refresh_replaces_place (void)
{
  g_autoptr (World) w = world_active ();
  g_autoptr (GArray) actions = subs_actions_new ();
  SubsDialog dialog = world_dialog ();
  guint granted;

  dialog.target = "sip:bob@198.51.100.7:6000";
  dialog.source = "tcp:198.51.100.7:50000";
  dialog.flow = 7;
  dialog.accept = "application/pidf+xml";
  g_assert_cmpint (subs_refresh (w->subs, w->sub, &dialog, 11, 600, w->now,
                                 &granted, actions),
                   ==, SUBS_OK);
  g_assert_cmpstr (sub_dialog (w->sub)->target, ==, dialog.target);
  g_assert_cmpstr (sub_dialog (w->sub)->source, ==, dialog.source);
  g_assert_cmpstr (sub_dialog (w->sub)->accept, ==, dialog.accept);
  g_assert_cmpuint (sub_dialog (w->sub)->flow, ==, 7);
  g_assert_cmpstr (sub_dialog (w->sub)->local_contact, ==, "sip:192.0.2.1");
}

static void
test_find (void)
{
  g_autoptr (World) w = world_active ();
  const char *tag = sub_id (w->sub);
  Subs *s = w->subs;

  g_assert_true (subs_find (s, tag, "call-1@192.0.2.2", "bobs-tag") == w->sub);
  g_assert_null (subs_find (s, tag, "call-2@192.0.2.2", "bobs-tag"));
  g_assert_null (subs_find (s, tag, "call-1@192.0.2.2", "other"));
  g_assert_null (subs_find (s, "x", "call-1@192.0.2.2", "bobs-tag"));
  g_assert_null (subs_find (s, NULL, "call-1@192.0.2.2", NULL));
}

static void
test_find_initial (void)
{
  static const struct {
    const char *call_id, *tag, *event;
    gboolean is_found;
  } rows[] = {
    { "call-1@192.0.2.2", "bobs-tag", "presence;id=7", TRUE },
    { "call-1@192.0.2.2", "bobs-tag", "Presence; ID = 7", TRUE },
    { "call-1@192.0.2.2", "bobs-tag", "presence;x=y;id=7", TRUE },
    { "call-1@192.0.2.2", "bobs-tag", "presence;id=8", FALSE },
    { "call-1@192.0.2.2", "bobs-tag", "presence;id=77", FALSE },
    { "call-1@192.0.2.2", "bobs-tag", "presence;idx=7", FALSE },
    { "call-1@192.0.2.2", "bobs-tag", "presence", FALSE },
    { "call-1@192.0.2.2", "bobs-tag", "presence.winfo;id=7", FALSE },
    { "call-1@192.0.2.2", NULL, "presence;id=7", FALSE },
    { "call-2@192.0.2.2", "bobs-tag", "presence;id=7", FALSE },
    { "call-1@192.0.2.2", "bobs-tag", "", FALSE },
    { "call-1@192.0.2.2", "bobs-tag", ";", FALSE },
    { NULL, NULL, NULL, FALSE },
  };
  g_autoptr (World) w = world_active ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    SubsDialog dialog = world_dialog ();

    dialog.call_id = rows[i].call_id;
    dialog.remote_tag = rows[i].tag;
    dialog.event = rows[i].event;
    g_assert_true ((subs_find_initial (w->subs, &dialog) == w->sub)
                   == rows[i].is_found);
  }
}

/* Ids are the client's choice and prove nothing: those of bob's dialog with
 * alice, sent by mallory or for carol, are not that dialog's. */
static void
test_find_initial_whose (void)
{
  g_autoptr (World) w = world_active ();
  SubsDialog dialog = world_dialog ();

  dialog.watcher = "BOB@example.com";
  dialog.presentity = "Alice@example.com";
  g_assert_true (subs_find_initial (w->subs, &dialog) == w->sub);
  dialog.watcher = "mallory@example.com";
  g_assert_null (subs_find_initial (w->subs, &dialog));
  dialog.watcher = "bob@example.com";
  dialog.presentity = "carol@example.com";
  g_assert_null (subs_find_initial (w->subs, &dialog));
}

static void
test_ranges (void)
{
  g_autoptr (World) w = world_active ();

  for (guint i = 2; i <= 750; i++) {
    g_assert_false (strstr (world_changed (w), "RESERVE") != NULL);
    world_answer (w, SUBS_NOTIFY_OK, 0);
  }
  EXPECT (world_changed (w), "NOTIFY 751 active 3600 body, RESERVE 2000");
  world_answer (w, SUBS_NOTIFY_OK, 0);
  while (w->cseq < 1000) {
    world_changed (w);
    world_answer (w, SUBS_NOTIFY_OK, 0);
  }
  EXPECT (world_changed (w), "");
  EXPECT (world_changed (w), "");
  EXPECT (world_reserved (w), "NOTIFY 1001 active 3600 body");
  EXPECT (world_answer (w, SUBS_NOTIFY_OK, 0), "");
}

static void
test_range_by_version (void)
{
  g_autoptr (World) w = world_active ();

  for (guint i = 0; i < 751; i++)
    g_assert_cmpuint (sub_next_version (w->sub), ==, i);
  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body, RESERVE 2000");
  g_assert_cmpuint (sub_version_reserved (w->sub), ==, 2000);
}

static void
test_range_failed (void)
{
  g_autoptr (World) w = world_active ();

  world_crash (w);
  subs_wake (w->subs, w->sub, w->now, w->actions);
  w->actions->len = 0;
  subs_aborted (w->subs, w->sub, 1, w->now, w->actions);
  g_assert_cmpuint (w->actions->len, ==, 0);
  EXPECT (world_wait (w, 61), "RESERVE 2000");
  EXPECT (world_reserved (w), "NOTIFY 1001 active 3539 body");
}

static void
test_restart (void)
{
  g_autoptr (World) w = world_active ();
  g_autoptr (GArray) actions = subs_actions_new ();

  sub_next_version (w->sub);
  world_crash (w);
  g_assert_cmpuint (subs_size (w->subs), ==, 1);
  EXPECT (world_changed (w), "");
  EXPECT (world_wait (w, 600), "");
  subs_wake (w->subs, w->sub, w->now, actions);
  g_assert_cmpuint (actions->len, ==, 1);
  g_assert_cmpint (g_array_index (actions, SubsAction, 0).kind, ==,
                   SUBS_ACT_RESERVE);
  w->reserve = g_array_index (actions, SubsAction, 0).ticket;
  EXPECT (world_reserved (w), "NOTIFY 1001 active 3000 body");
  g_assert_cmpuint (sub_next_version (w->sub), ==, 1000);
  EXPECT (world_refresh (w, 10, 3600), "REPEAT: ");
}

static void
test_restart_over_tcp (void)
{
  g_autoptr (World) w = active_over_tcp ();

  world_crash (w);
  EXPECT (world_changed (w), "");
  EXPECT (world_resume (w, &device), "STORE, RESERVE 2000");
  g_assert_cmpuint (sub_dialog (w->sub)->flow, ==, 43);
  EXPECT (world_reserved (w), "NOTIFY 1001 active 3600 body");
}

/* A tombstone after a crash: whether the terminating NOTIFY had left nobody
 * knows, so it is sent; the repeated unsubscription is answered. */
static void
test_restart_of_tombstone (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_refresh (w, 11, 0), "OK: STORE");
  world_crash (w);
  g_assert_cmpuint (subs_size (w->subs), ==, 0);
  EXPECT (world_refresh (w, 11, 0), "REPEAT: RESERVE 2000");
  EXPECT (world_refresh (w, 12, 600), "GONE: ");
  EXPECT (world_reserved (w), "NOTIFY 1001 terminated timeout");
  EXPECT (world_answer (w, SUBS_NOTIFY_DEAD, 0), "");
  EXPECT (world_wait (w, 65), "ERASE, FREE");
}

static void
test_restart_too_late (void)
{
  g_autoptr (World) w = world_active ();

  EXPECT (world_wait (w, 3599), "");
  world_crash (w);
  EXPECT (world_wait (w, 10), "WATCHER terminated timeout, ERASE, FREE");
}

static void
test_stored_copy (void)
{
  g_autoptr (World) w = world_active ();
  g_autoptr (SubsStored) row = subs_stored_of (w->sub);
  g_autoptr (SubsStored) copy = subs_stored_copy (row);
  const SubsDialog want = world_dialog ();

  g_assert_cmpint (copy->state, ==, SUBS_ACTIVE);
  g_assert_cmpuint (copy->remote_cseq, ==, 10);
  g_assert_cmpuint (copy->cseq_reserved, ==, 1000);
  g_assert_cmpuint (copy->version_reserved, ==, 1000);
  g_assert_cmpint (copy->expires_at, ==, sub_expires_at (w->sub));
  g_assert_cmpint (copy->created_at, ==, sub_created_at (w->sub));
  g_assert_cmpstr (copy->dialog.presentity, ==, want.presentity);
  g_assert_cmpstr (copy->dialog.watcher, ==, want.watcher);
  g_assert_true (copy->dialog.package == want.package);
  g_assert_cmpstr (copy->dialog.event, ==, want.event);
  g_assert_cmpstr (copy->dialog.call_id, ==, want.call_id);
  g_assert_cmpstr (copy->dialog.local_tag, ==, sub_id (w->sub));
  g_assert_cmpstr (copy->dialog.remote_tag, ==, want.remote_tag);
  g_assert_cmpstr (copy->dialog.local_uri, ==, want.local_uri);
  g_assert_cmpstr (copy->dialog.remote_uri, ==, want.remote_uri);
  g_assert_cmpstr (copy->dialog.target, ==, want.target);
  g_assert_null (copy->dialog.instance);
  g_assert_null (copy->dialog.route_set);
  g_assert_cmpstr (copy->dialog.source, ==, want.source);
  g_assert_cmpstr (copy->dialog.local_contact, ==, want.local_contact);
}

static void
count_cb (Sub *sub, gpointer data)
{
  (*(guint *)data)++;
}

static void
test_foreach (void)
{
  g_autoptr (World) w = world_active ();
  SubsDialog dialog = world_dialog ();
  guint live = 0, other = 0, all = 0;

  dialog.package = g_intern_string ("presence.winfo");
  dialog.event = "presence.winfo";
  world_subscribe_as (w, &dialog, 600, SUBS_ACTIVE);
  subs_foreach (w->subs, "Alice@example.com", "presence", count_cb, &live);
  subs_foreach (w->subs, "alice@example.com", "presence.winfo", count_cb,
                &other);
  subs_foreach_all (w->subs, count_cb, &all);
  g_assert_cmpuint (live, ==, 1);
  g_assert_cmpuint (other, ==, 0); /* not committed */
  g_assert_cmpuint (all, ==, 2);
  EXPECT (world_commit (w), "WATCHER active, NOTIFY 1 active 600 body");
  EXPECT (world_changed (w), "NOTIFY 2 active 3600 body");
}

#define ADD(path, fn) g_test_add_func ("/subs/" path, fn)

static void
add_notify_tests (void)
{
  ADD ("rfc6665-4.2.2/coalescing", test_coalescing);
  ADD ("rfc6665-4.2.2/suspended-are-known", test_suspended_are_known);
  ADD ("rfc6665-4.2.2/stale-answer", test_stale_answer);
  ADD ("rfc6665-4.2.2/dead", test_dead);
  ADD ("rfc6665-4.2.2/refused", test_refused);
  ADD ("rfc3261-20.33/retry-after", test_retry_after);
  ADD ("rfc6665-4.2.1.2/asked-before-retry-after", test_retry_after_asked);
  ADD ("suspended/one-try-a-minute", test_suspended);
  ADD ("suspended/expires-silently", test_suspended_expires_silently);
  ADD ("suspended/refused", test_refused_while_suspended);
  ADD ("flow/closed", test_flow_closed);
  ADD ("flow/closed-nothing-missed", test_flow_closed_nothing_missed);
  ADD ("flow/closed-in-flight", test_flow_closed_in_flight);
  ADD ("resume/told-later", test_resume_is_told_later);
  ADD ("resume/device", test_resume_matches_device);
  ADD ("resume/udp-source", test_resume_by_udp_source);
  ADD ("rfc6665-4.2.1.4/refresh-replaces-place", test_refresh_replaces_place);
  ADD ("rfc3261-12.2.2/find", test_find);
  ADD ("rfc6665-8.2.1/find-initial", test_find_initial);
  ADD ("rfc6665-8.2.1/find-initial-whose", test_find_initial_whose);
  ADD ("range/cseq", test_ranges);
  ADD ("range/version", test_range_by_version);
  ADD ("range/failed", test_range_failed);
  ADD ("restart/udp", test_restart);
  ADD ("restart/tcp", test_restart_over_tcp);
  ADD ("restart/tombstone", test_restart_of_tombstone);
  ADD ("restart/too-late", test_restart_too_late);
  ADD ("store/copy", test_stored_copy);
  ADD ("table/foreach", test_foreach);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_notify_tests ();
  return g_test_run ();
}
