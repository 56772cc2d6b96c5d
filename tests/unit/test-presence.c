/* SPDX-License-Identifier: ISC
 *
 * presence/: publications by RFC 3903, on a fake clock.  Their composition is
 * in test-compose.c.
 */
#include "tests/unit/presence-world.h"

#include <string.h>

static void
test_initial (void)
{
  g_autoptr (World) w = world_new ();
  guint64 before = presence_version (w->presence, ALICE);

  g_assert_cmpuint (before, !=, 0);
  g_assert_cmpint (publish (w, NULL, -1, doc_with ("a", BASIC_OPEN), NULL), ==,
                   PRESENCE_OK);
  g_assert_cmpuint (w->last.expires, ==, 3600);
  g_assert_cmpuint (strlen (w->last.etag), >=, 20);
  g_assert_cmpstr (w->last.row->etag, ==, w->last.etag);
  g_assert_cmpstr (w->last.row->aor, ==, ALICE);
  g_assert_cmpint (w->last.row->expires_at, ==, w->now + 3600 * SEC);
  g_assert_cmpint (w->last.row->published_at, ==, w->now);
  g_assert_cmpuint (presence_size (w->presence), ==, 1);
  assert_composed (w, "offline=closed"); /* not before its commit */
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, before);
  g_assert_true (commit_last (w));
  assert_composed (w, "a=open");
  g_assert_cmpuint (presence_version (w->presence, ALICE), !=, before);
  g_assert_false (commit_last (w)); /* a ticket counts once */
}

typedef struct {
  const char *path;
  gint64 expires;
  PresenceVerdict verdict;
  guint granted;
} ExpiresRow;

static const ExpiresRow expires_rows[] = {
  { "absent", -1, PRESENCE_OK, 3600 },
  { "minimum", 60, PRESENCE_OK, 60 },
  { "too-brief", 59, PRESENCE_BRIEF, 0 },
  { "one", 1, PRESENCE_BRIEF, 0 },
  { "zero", 0, PRESENCE_OK, 0 },
  { "maximum", 7200, PRESENCE_OK, 7200 },
  { "above-maximum", 7201, PRESENCE_OK, 7200 },
  { "huge", G_MAXINT64, PRESENCE_OK, 7200 },
};

static void
test_expires (gconstpointer data)
{
  const ExpiresRow *row = data;
  g_autoptr (World) w = world_new ();

  g_assert_cmpint (
      publish (w, NULL, row->expires, doc_with ("a", BASIC_OPEN), NULL), ==,
      row->verdict);
  g_assert_cmpuint (w->last.expires, ==, row->granted);
  g_assert_cmpuint (presence_size (w->presence), ==, row->granted > 0);
}

static void
test_refresh (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *first = NULL, *key = NULL;
  guint64 version;

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), "d");
  first = g_strdup (w->last.etag);
  key = g_strdup (w->last.row->key);
  version = presence_version (w->presence, ALICE);
  world_advance (w, 90);
  g_assert_false (put (w, first, 100, NULL, NULL));
  g_assert_cmpstr (w->last.etag, !=, first);
  g_assert_cmpstr (w->last.row->key, ==, key);
  g_assert_cmpstr (w->last.row->device, ==, "d");
  g_assert_cmpint (w->last.row->published_at, ==, w->now - 90 * SEC);
  g_assert_nonnull (w->last.row->body); /* a row is whole */
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, version);
  world_advance (w, 90);
  assert_composed (w, "a=open");
  world_advance (w, 11);
  assert_composed (w, "offline=closed");
  g_assert_cmpuint (w->n_gone, ==, 1);
  g_assert_cmpuint (w->n_gone_visible, ==, 1);
}

static void
test_modify (void)
{
  g_autoptr (World) w = world_new ();
  guint64 version;

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  version = presence_version (w->presence, ALICE);
  world_advance (w, 10);
  g_assert_true (
      put (w, w->last.etag, 100, doc_with ("a", BASIC_CLOSED), NULL));
  g_assert_cmpint (w->last.row->published_at, ==, w->now);
  g_assert_cmpuint (presence_version (w->presence, ALICE), !=, version);
  assert_composed (w, "a=closed");
  version = presence_version (w->presence, ALICE);
  g_assert_false (
      put (w, w->last.etag, 100, doc_with ("a", BASIC_CLOSED), NULL));
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, version);
}

static void
test_remove (void)
{
  g_autoptr (World) w = world_new ();

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  g_assert_cmpint (publish (w, w->last.etag, 0, NULL, NULL), ==, PRESENCE_OK);
  g_assert_cmpuint (presence_size (w->presence), ==, 0);
  g_assert_true (w->last.row->is_removed);
  g_assert_null (w->last.row->body);
  g_assert_cmpint (w->last.row->expires_at, ==, w->now + 64 * SEC);
  assert_composed (w, "a=open");
  g_assert_true (commit_last (w));
  assert_composed (w, "offline=closed");
  g_assert_cmpint (publish (w, w->last.etag, 100, NULL, NULL), ==,
                   PRESENCE_NO_MATCH);
  world_advance (w, 60);
  g_assert_cmpuint (w->n_gone, ==, 0);
  world_advance (w, 5); /* the tombstone */
  g_assert_cmpuint (w->n_gone, ==, 1);
  g_assert_cmpuint (w->n_gone_visible, ==, 0);
}

/* RFC 3903 6 step 5: nothing is kept, the answer is a 200. */
static void
test_initial_zero (void)
{
  g_autoptr (World) w = world_new ();
  guint64 version = presence_version (w->presence, ALICE);

  g_assert_false (put (w, NULL, 0, doc_with ("a", BASIC_OPEN), NULL));
  g_assert_cmpuint (w->last.expires, ==, 0);
  g_assert_cmpuint (strlen (w->last.etag), >, 0);
  assert_composed (w, "offline=closed");
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, version);
  g_assert_cmpint (publish (w, w->last.etag, 60, NULL, NULL), ==,
                   PRESENCE_NO_MATCH);
}

/* DESIGN section 3, order 1: both arrive before any commit. */
static void
test_compare_and_swap (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *etag = NULL, *won = NULL;
  guint64 ticket;

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  etag = g_strdup (w->last.etag);
  g_assert_cmpint (publish (w, etag, 100, doc_with ("b", BASIC_OPEN), NULL), ==,
                   PRESENCE_OK);
  ticket = w->last.ticket;
  won = g_strdup (w->last.etag);
  g_assert_cmpint (publish (w, etag, 100, doc_with ("c", BASIC_OPEN), NULL), ==,
                   PRESENCE_NO_MATCH);
  g_assert_cmpint (publish (w, etag, 0, NULL, NULL), ==, PRESENCE_NO_MATCH);
  g_assert_true (presence_commit (w->presence, ALICE, ticket));
  assert_composed (w, "b=open");
  g_assert_false (put (w, won, 100, NULL, NULL));
}

static void
test_refused (void)
{
  g_autoptr (World) w = world_new ();
  PresencePublish other = { .aor = "bob@example.com",
                            .event = "presence",
                            .expires = 100,
                            .call_id = "x",
                            .from_tag = "y",
                            .cseq = 1 };
  PresenceOutcome out;

  g_assert_cmpint (publish (w, "nope", 100, NULL, NULL), ==, PRESENCE_NO_MATCH);
  g_assert_cmpint (publish (w, NULL, 100, NULL, NULL), ==, PRESENCE_NO_BODY);
  g_assert_cmpint (publish (w, NULL, 0, NULL, NULL), ==, PRESENCE_NO_BODY);
  /* 412 comes before 423 (RFC 3903 6 steps 3 and 4). */
  g_assert_cmpint (publish (w, "nope", 1, NULL, NULL), ==, PRESENCE_NO_MATCH);
  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  other.if_match = w->last.etag; /* of another AoR */
  g_assert_cmpint (
      presence_publish (w->presence, &other, &w->limits, w->now, &out), ==,
      PRESENCE_NO_MATCH);
  other.aor = ALICE;
  other.event = "dialog"; /* of another package */
  g_assert_cmpint (
      presence_publish (w->presence, &other, &w->limits, w->now, &out), ==,
      PRESENCE_NO_MATCH);
  other.aor = "ALICE@Example.com"; /* the same AoR in another spelling */
  other.event = "Presence";
  g_assert_cmpint (
      presence_publish (w->presence, &other, &w->limits, w->now, &out), ==,
      PRESENCE_OK);
  presence_outcome_clear (&out);
}

static void
test_too_many (void)
{
  g_autoptr (World) w = world_new ();

  for (guint i = 0; i < 4; i++)
    put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  g_assert_cmpint (publish (w, NULL, 100, doc_with ("b", BASIC_OPEN), NULL), ==,
                   PRESENCE_TOO_MANY);
  g_assert_cmpint (publish (w, NULL, 100, NULL, NULL), ==, PRESENCE_NO_BODY);
  world_advance (w, 101);
  g_assert_cmpuint (presence_size (w->presence), ==, 0);
  put (w, NULL, 100, doc_with ("b", BASIC_OPEN), NULL);
}

/* A phone that forgets its etags replaces its own publications. */
static void
test_too_many_of_one_device (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *oldest = NULL;

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), "phone");
  oldest = g_strdup (w->last.etag);
  for (guint i = 0; i < 9; i++) {
    put (w, NULL, 100, doc_with ("b", BASIC_OPEN), "phone");
    world_advance (w, 1);
    g_assert_cmpuint (presence_size (w->presence), <=, 4);
  }
  g_assert_cmpuint (w->n_gone, ==, 6);
  g_assert_cmpuint (w->n_gone_visible, ==, 0);
  assert_composed (w, "b=open");
  g_assert_cmpint (publish (w, oldest, 100, NULL, NULL), ==, PRESENCE_NO_MATCH);
}

/* ...but not faster than they can go. */
static void
test_too_many_at_once (void)
{
  g_autoptr (World) w = world_new ();
  guint n = 0;

  while (n < 20
         && publish (w, NULL, 100, doc_with ("b", BASIC_OPEN), "phone")
                == PRESENCE_OK) {
    commit_last (w);
    n++;
  }
  g_assert_cmpuint (n, ==, 8); /* twice the limit */
}

/* The same request again (Call-ID, From tag, CSeq): the same answer. */
static void
test_repeat (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *first = NULL, *second = NULL, *third = NULL;
  guint64 ticket;

  publish (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  first = g_strdup (w->last.etag);
  ticket = w->last.ticket;
  w->cseq--;
  g_assert_cmpint (publish (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL), ==,
                   PRESENCE_REPEAT);
  g_assert_cmpstr (w->last.etag, ==, first);
  g_assert_cmpuint (w->last.expires, ==, 100);
  g_assert_cmpuint (w->last.ticket, ==, ticket); /* still in flight */
  commit_last (w);
  put (w, first, 200, NULL, NULL);
  second = g_strdup (w->last.etag);
  w->cseq--;
  g_assert_cmpint (publish (w, first, 200, NULL, NULL), ==, PRESENCE_REPEAT);
  g_assert_cmpstr (w->last.etag, ==, second);
  g_assert_cmpuint (w->last.ticket, ==, 0);
  put (w, second, 0, NULL, NULL);
  third = g_strdup (w->last.etag);
  w->cseq--;
  g_assert_cmpint (publish (w, second, 0, NULL, NULL), ==, PRESENCE_REPEAT);
  g_assert_cmpstr (w->last.etag, ==, third);
  g_assert_cmpuint (w->last.expires, ==, 0);
  world_advance (w, 66);
  w->cseq--;
  g_assert_cmpint (publish (w, second, 0, NULL, NULL), ==, PRESENCE_NO_MATCH);
}

static void
test_repeat_without_call_id (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (GBytes) body = g_bytes_new ("x", 1);

  for (guint i = 0; i < 2; i++) {
    PresencePublish request = { .aor = ALICE,
                                .event = "presence",
                                .expires = -1,
                                .body = body,
                                .doc = doc_with ("a", BASIC_OPEN) };
    PresenceOutcome out;

    g_assert_cmpint (
        presence_publish (w->presence, &request, &w->limits, w->now, &out), ==,
        PRESENCE_OK);
    presence_outcome_clear (&out);
  }
  g_assert_cmpuint (presence_size (w->presence), ==, 2);
}

static void
test_etags_differ (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  for (guint i = 0; i < 500; i++) {
    g_assert_true (g_hash_table_add (seen, g_strdup (w->last.etag)));
    put (w, w->last.etag, 100, NULL, NULL);
  }
}

/* Several decisions in flight, committed in their order. */
static void
test_in_flight (void)
{
  g_autoptr (World) w = world_new ();
  guint64 tickets[4];

  publish (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  tickets[0] = w->last.ticket;
  publish (w, w->last.etag, 100, doc_with ("a", BASIC_CLOSED), NULL);
  tickets[1] = w->last.ticket;
  publish (w, w->last.etag, 100, NULL, NULL);
  tickets[2] = w->last.ticket;
  publish (w, w->last.etag, 0, NULL, NULL);
  tickets[3] = w->last.ticket;
  g_assert_true (presence_commit (w->presence, ALICE, tickets[0]));
  assert_composed (w, "a=open");
  g_assert_true (presence_commit (w->presence, ALICE, tickets[1]));
  assert_composed (w, "a=closed");
  g_assert_false (presence_commit (w->presence, ALICE, tickets[2]));
  g_assert_true (presence_commit (w->presence, ALICE, tickets[3]));
  assert_composed (w, "offline=closed");
}

static void
test_abort_initial (void)
{
  g_autoptr (World) w = world_new ();

  publish (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  g_assert_false (presence_abort (w->presence, ALICE, w->last.ticket));
  g_assert_cmpuint (presence_size (w->presence), ==, 0);
  g_assert_cmpint (publish (w, w->last.etag, 100, NULL, NULL), ==,
                   PRESENCE_NO_MATCH);
  assert_composed (w, "offline=closed");
  world_advance (w, 200);
  g_assert_cmpuint (w->n_gone, ==, 0);
}

/* The client keeps the old entity tag, so it has to go on counting. */
static void
test_abort_change (void)
{
  g_autoptr (World) w = world_new ();
  g_autofree char *etag = NULL, *aborted = NULL;

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  etag = g_strdup (w->last.etag);
  publish (w, etag, 3000, doc_with ("a", BASIC_CLOSED), NULL);
  aborted = g_strdup (w->last.etag);
  g_assert_false (presence_abort (w->presence, ALICE, w->last.ticket));
  g_assert_false (commit_last (w));
  assert_composed (w, "a=open");
  publish (w, etag, 0, NULL, NULL);
  g_assert_false (presence_abort (w->presence, ALICE, w->last.ticket));
  g_assert_cmpuint (presence_size (w->presence), ==, 1);
  g_assert_cmpint (publish (w, aborted, 100, NULL, NULL), ==,
                   PRESENCE_NO_MATCH);
  world_advance (w, 101); /* the old expiry */
  g_assert_cmpuint (w->n_gone_visible, ==, 1);
}

/* A later decision has a whole row: it stands, with the content that it was
 * built on. */
static void
test_abort_below (void)
{
  g_autoptr (World) w = world_new ();
  guint64 ticket;

  put (w, NULL, 100, doc_with ("a", BASIC_OPEN), NULL);
  publish (w, w->last.etag, 100, doc_with ("a", BASIC_CLOSED), NULL);
  ticket = w->last.ticket;
  publish (w, w->last.etag, 100, NULL, NULL);
  g_assert_false (presence_abort (w->presence, ALICE, ticket));
  g_assert_true (commit_last (w));
  assert_composed (w, "a=closed");
}

static void
test_shorten (void)
{
  g_autoptr (World) w = world_new ();

  publish (w, NULL, 3600, doc_with ("a", BASIC_OPEN), NULL);
  presence_shorten (w->presence, &w->last, 120, w->now);
  g_assert_cmpuint (w->last.expires, ==, 120);
  g_assert_cmpuint (w->last.row->granted, ==, 120);
  g_assert_cmpint (w->last.row->expires_at, ==, w->now + 120 * SEC);
  commit_last (w);
  w->cseq--;
  publish (w, NULL, 3600, doc_with ("a", BASIC_OPEN), NULL);
  g_assert_cmpuint (w->last.expires, ==, 120); /* repeated */
  world_advance (w, 119);
  assert_composed (w, "a=open");
  world_advance (w, 2);
  assert_composed (w, "offline=closed");
}

static void
test_shorten_is_no_longer (void)
{
  g_autoptr (World) w = world_new ();

  publish (w, NULL, 60, doc_with ("a", BASIC_OPEN), NULL);
  presence_shorten (w->presence, &w->last, 120, w->now);
  g_assert_cmpuint (w->last.expires, ==, 60);
  commit_last (w);
  publish (w, w->last.etag, 0, NULL, NULL);
  presence_shorten (w->presence, &w->last, 30, w->now);
  g_assert_cmpuint (w->last.expires, ==, 0);
  g_assert_cmpint (w->last.row->expires_at, ==, w->now + 64 * SEC);
}

static void
test_expiry_before_commit (void)
{
  g_autoptr (World) w = world_new ();

  publish (w, NULL, 60, doc_with ("a", BASIC_OPEN), NULL);
  world_advance (w, 61);
  g_assert_cmpuint (w->n_gone, ==, 1);
  g_assert_cmpuint (w->n_gone_visible, ==, 0);
  g_assert_false (commit_last (w));
  g_assert_false (presence_abort (w->presence, ALICE, w->last.ticket));
  assert_composed (w, "offline=closed");
}

static PresenceRow *
stored_row (const char *key, gint64 published_at, gint64 expires_at)
{
  PresenceRow *row = g_new0 (PresenceRow, 1);

  row->aor = g_strdup (ALICE);
  row->event = g_strdup ("presence");
  row->key = g_strdup (key);
  row->etag = g_strdup_printf ("etag-%s", key);
  row->call_id = g_strdup ("c1");
  row->from_tag = g_strdup ("f1");
  row->body = g_bytes_new ("doc", 3);
  row->granted = 100;
  row->published_at = published_at;
  row->expires_at = expires_at;
  return row;
}

static void
test_restore_order (void)
{
  g_autoptr (World) w = world_new ();

  presence_restore (w->presence, stored_row ("k2", -5 * SEC, w->now + SEC),
                    doc_with ("b", BASIC_OPEN), w->now);
  presence_restore (w->presence, stored_row ("k1", -9 * SEC, w->now + SEC),
                    doc_with ("a", BASIC_OPEN), w->now);
  presence_restore (w->presence, stored_row ("k3", 2, w->now + SEC),
                    doc_with ("c", BASIC_OPEN), w->now);
  g_assert_cmpuint (presence_size (w->presence), ==, 3);
  assert_composed (w, "c=open b=open a=open");
  g_assert_true (put (w, "etag-k1", 100, doc_with ("a", BASIC_OPEN), NULL));
  assert_composed (w, "a=open c=open b=open");
  world_advance (w, 2);
  assert_composed (w, "a=open");
}

static void
test_restore_device (void)
{
  g_autoptr (World) w = world_new ();

  for (guint i = 0; i < 2; i++) { /* in either order */
    PresenceRow *new = stored_row ("new", -5 * SEC, w->now + 100 * SEC);
    PresenceRow *old = stored_row ("old", -9 * SEC, w->now + 100 * SEC);

    new->device = g_strdup ("phone");
    old->device = g_strdup ("phone");
    presence_restore (w->presence, i == 0 ? new : old,
                      doc_with (i == 0 ? "n" : "o", BASIC_OPEN), w->now);
    presence_restore (w->presence, i == 0 ? old : new,
                      doc_with (i == 0 ? "o" : "n", BASIC_OPEN), w->now);
    assert_composed (w, "n=open");
    presence_drop_user (w->presence, ALICE, NULL, NULL);
  }
}

static void
test_restore_repeat (void)
{
  g_autoptr (World) w = world_new ();
  PresenceRow *live = stored_row ("live", 0, w->now + 100 * SEC);
  PresenceRow *tombstone = stored_row ("gone", 0, w->now + 60 * SEC);
  guint64 version;

  live->cseq = 7;
  tombstone->cseq = 9;
  tombstone->granted = 0;
  tombstone->is_removed = TRUE;
  g_clear_pointer (&tombstone->body, g_bytes_unref);
  presence_restore (w->presence, live, doc_with ("a", BASIC_OPEN), w->now);
  presence_restore (w->presence, tombstone, NULL, w->now);
  g_assert_cmpuint (presence_size (w->presence), ==, 1);
  version = presence_version (w->presence, ALICE);
  w->cseq = 6;
  g_assert_cmpint (publish (w, NULL, 100, doc_with ("x", BASIC_OPEN), NULL), ==,
                   PRESENCE_REPEAT);
  g_assert_cmpstr (w->last.etag, ==, "etag-live");
  g_assert_cmpuint (w->last.expires, ==, 100);
  w->cseq = 8;
  g_assert_cmpint (publish (w, "etag-before", 0, NULL, NULL), ==,
                   PRESENCE_REPEAT);
  g_assert_cmpstr (w->last.etag, ==, "etag-gone");
  g_assert_cmpuint (w->last.expires, ==, 0);
  g_assert_cmpint (publish (w, "etag-gone", 100, NULL, NULL), ==,
                   PRESENCE_NO_MATCH);
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, version);
}

/* What expired while the server was away. */
static void
test_restore_expired (void)
{
  g_autoptr (World) w = world_new ();

  presence_restore (w->presence, stored_row ("k", -9 * SEC, -SEC),
                    doc_with ("a", BASIC_OPEN), w->now);
  world_advance (w, 1);
  g_assert_cmpuint (w->n_gone_visible, ==, 1);
  assert_composed (w, "offline=closed");
}

static void
test_drop_user (void)
{
  g_autoptr (World) w = world_new ();
  guint64 blank = presence_version (w->presence, ALICE);

  presence_set_registered (w->presence, ALICE, TRUE);
  put (w, NULL, 300, doc_with ("a", BASIC_OPEN), "phone");
  put (w, NULL, 300, doc_with ("a", BASIC_OPEN), "phone");
  put (w, NULL, 0, doc_with ("a", BASIC_OPEN), NULL);
  publish (w, NULL, 300, doc_with ("b", BASIC_OPEN), NULL);
  presence_drop_user (w->presence, "Alice@example.com", gone_cb, w);
  g_assert_cmpuint (w->n_gone, ==, 4);
  g_assert_cmpuint (w->n_gone_visible, ==, 1);
  g_assert_cmpuint (presence_size (w->presence), ==, 0);
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, blank);
  g_assert_false (commit_last (w));
  assert_composed (w, "offline=closed");
}

/* Signing in and out again and again leaves a bounded trace. */
static void
test_tombstones_bounded (void)
{
  g_autoptr (World) w = world_new ();

  for (guint i = 0; i < 100; i++) {
    put (w, NULL, 0, doc_with ("a", BASIC_OPEN), NULL);
    world_advance (w, 0);
    w->now += SEC / 5;
  }
  world_advance (w, 1);
  g_assert_cmpuint (w->n_gone, >=, 100 - 33);
  g_assert_cmpuint (w->n_gone, <, 100);
  world_advance (w, 70);
  g_assert_cmpuint (w->n_gone, ==, 100);
}

static void
test_other_event (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (GBytes) body = g_bytes_new ("<dialog-info/>", 14);
  guint64 version = presence_version (w->presence, ALICE);
  PresencePublish request = { .aor = ALICE,
                              .event = "dialog",
                              .expires = -1,
                              .body = body,
                              .call_id = "c9",
                              .cseq = 1 };
  PresenceOutcome out;

  g_assert_cmpint (
      presence_publish (w->presence, &request, &w->limits, w->now, &out), ==,
      PRESENCE_OK);
  g_assert_true (presence_commit (w->presence, ALICE, out.ticket));
  g_assert_cmpuint (presence_version (w->presence, ALICE), ==, version);
  assert_composed (w, "offline=closed");
  presence_outcome_clear (&out);
}

static const struct {
  const char *path;
  void (*fn) (void);
} tests[] = {
  { "/presence/rfc3903-6/initial", test_initial },
  { "/presence/rfc3903-6/refresh", test_refresh },
  { "/presence/rfc3903-6/modify", test_modify },
  { "/presence/rfc3903-6/remove", test_remove },
  { "/presence/rfc3903-6/initial-expires-0", test_initial_zero },
  { "/presence/rfc3903-6/one-etag-twice", test_compare_and_swap },
  { "/presence/rfc3903-6/refused", test_refused },
  { "/presence/rfc3903-6/too-many", test_too_many },
  { "/presence/rfc3903-6/too-many-of-one-device", test_too_many_of_one_device },
  { "/presence/rfc3903-6/too-many-at-once", test_too_many_at_once },
  { "/presence/rfc3903-8.3/etags-differ", test_etags_differ },
  { "/presence/repeat/answered-as-first", test_repeat },
  { "/presence/repeat/no-call-id", test_repeat_without_call_id },
  { "/presence/commit/in-flight", test_in_flight },
  { "/presence/commit/abort-initial", test_abort_initial },
  { "/presence/commit/abort-change", test_abort_change },
  { "/presence/commit/abort-below", test_abort_below },
  { "/presence/commit/expired-before", test_expiry_before_commit },
  { "/presence/commit/other-event", test_other_event },
  { "/presence/shorten/bounds", test_shorten },
  { "/presence/shorten/no-longer", test_shorten_is_no_longer },
  { "/presence/restore/order", test_restore_order },
  { "/presence/restore/device", test_restore_device },
  { "/presence/restore/repeat", test_restore_repeat },
  { "/presence/restore/expired", test_restore_expired },
  { "/presence/life/drop-user", test_drop_user },
  { "/presence/life/tombstones-bounded", test_tombstones_bounded },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].fn);
  for (gsize i = 0; i < G_N_ELEMENTS (expires_rows); i++) {
    g_autofree char *path = g_strdup_printf ("/presence/rfc3903-6/expires/%s",
                                             expires_rows[i].path);

    g_test_add_data_func (path, &expires_rows[i], test_expires);
  }
  return g_test_run ();
}
