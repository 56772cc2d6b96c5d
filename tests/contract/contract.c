/* SPDX-License-Identifier: ISC
 *
 * What port/store.h promises, tried on every kind of store. */
#include "tests/contract/rig.h"

#include <string.h>

static Rig *
started (gconstpointer kind)
{
  Rig *rig = rig_new (kind);

  rig_start (rig);
  rig_add_user (rig, "alice");
  rig_add_user (rig, "bob");
  rig_sync (rig, "sync");
  rig_expect_outcomes (rig, 1, "sync=COMMITTED\n");
  return rig;
}

static void
test_round_trip (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (RegBinding) b = sample_binding ("alice", "k1");
  g_autoptr (PresenceRow) p = sample_publication ("alice", "p1");
  g_autoptr (SubsStored) s = sample_subscription ("alice", "tag1");

  rig_submit_one (rig, "b", write_of (STORE_PUT_BINDING, reg_binding_copy (b)));
  rig_submit_one (rig, "p",
                  write_of (STORE_PUT_PUBLICATION, presence_row_copy (p)));
  rig_expect_outcomes (rig, 2, "b=COMMITTED\np=COMMITTED\n");
  rig_submit_one (rig, "s",
                  write_of (STORE_PUT_SUBSCRIPTION, subs_stored_copy (s)));
  rig_expect_outcomes (rig, 1, "s=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig->users->len, ==, 2);
  g_assert_cmpuint (rig->bindings->len, ==, 1);
  g_assert_cmpuint (rig->publications->len, ==, 1);
  g_assert_cmpuint (rig->subscriptions->len, ==, 1);
  assert_binding_equal (g_ptr_array_index (rig->bindings, 0), b);
  assert_publication_equal (g_ptr_array_index (rig->publications, 0), p);
  assert_subscription_equal (g_ptr_array_index (rig->subscriptions, 0), s);
}

/* What may be absent is absent again; states other than the sample's. */
static void
test_round_trip_bare (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (RegBinding) b = sample_binding ("alice", "k1");
  g_autoptr (PresenceRow) p = sample_publication ("alice", "p1");
  g_autoptr (SubsStored) s = sample_subscription ("alice", "tag1");

  g_clear_pointer (&b->params, g_free);
  g_clear_pointer (&b->instance, g_free);
  g_clear_pointer (&b->path, g_free);
  g_clear_pointer (&b->received, g_free);
  g_clear_pointer (&b->user_agent, g_free);
  b->reg_id = 0;
  g_clear_pointer (&p->body, g_bytes_unref);
  g_clear_pointer (&p->device, g_free);
  p->is_removed = TRUE;
  s->dialog.is_trusted = FALSE;
  for (s->state = SUBS_PENDING; s->state <= SUBS_TERMINATED; s->state++) {
    StoreWrite writes[]
        = { write_of (STORE_PUT_BINDING, reg_binding_copy (b)),
            write_of (STORE_PUT_PUBLICATION, presence_row_copy (p)),
            write_of (STORE_PUT_SUBSCRIPTION, subs_stored_copy (s)) };

    rig_submit (rig, "x", "alice@example.com", writes, 3, TRUE);
    rig_expect_outcomes (rig, 1, "x=COMMITTED\n");
    rig_restart (rig);
    assert_binding_equal (g_ptr_array_index (rig->bindings, 0), b);
    assert_publication_equal (g_ptr_array_index (rig->publications, 0), p);
    assert_subscription_equal (g_ptr_array_index (rig->subscriptions, 0), s);
  }
}

static void
put_cseq (Rig *rig, const char *label, const char *key, guint cseq)
{
  RegBinding *b = sample_binding ("alice", key);

  b->cseq = cseq;
  rig_submit_one (rig, label, write_of (STORE_PUT_BINDING, b));
}

static void
drop_key (Rig *rig, const char *label, const char *key)
{
  rig_submit_one (rig, label,
                  write_of (STORE_DROP_BINDING, sample_binding ("alice", key)));
}

/* Rows of one key in one batch, and in several: the last one counts. */
static void
test_last_wins (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  put_cseq (rig, "a1", "a", 1);
  put_cseq (rig, "a2", "a", 2);
  put_cseq (rig, "b1", "b", 1);
  drop_key (rig, "b-", "b");
  drop_key (rig, "c-", "c");
  put_cseq (rig, "c1", "c", 1);
  rig_expect_outcomes (rig, 6,
                       "a1=COMMITTED\na2=COMMITTED\nb1=COMMITTED\n"
                       "b-=COMMITTED\nc-=COMMITTED\nc1=COMMITTED\n");
  put_cseq (rig, "c2", "c", 2);
  rig_expect_outcomes (rig, 1, "c2=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig->bindings->len, ==, 2);
  g_assert_cmpuint (rig_binding (rig, "a")->cseq, ==, 2);
  g_assert_cmpuint (rig_binding (rig, "c")->cseq, ==, 2);
}

static void
test_drop (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  StoreWrite puts[]
      = { write_of (STORE_PUT_BINDING, sample_binding ("alice", "k")),
          write_of (STORE_PUT_BINDING, sample_binding ("bob", "k")),
          write_of (STORE_PUT_PUBLICATION, sample_publication ("alice", "k")),
          write_of (STORE_PUT_SUBSCRIPTION, sample_subscription ("alice", "t")),
          write_of (STORE_PUT_SUBSCRIPTION,
                    sample_subscription ("alice", "u")) };
  StoreWrite drops[]
      = { write_of (STORE_DROP_BINDING, sample_binding ("alice", "k")),
          write_of (STORE_DROP_PUBLICATION, sample_publication ("alice", "k")),
          write_of (STORE_DROP_SUBSCRIPTION,
                    sample_subscription ("alice", "t")) };

  rig_submit (rig, "put", "alice@example.com", puts, 5, FALSE);
  rig_expect_outcomes (rig, 1, "put=COMMITTED\n");
  rig_submit (rig, "drop", "alice@example.com", drops, 3, FALSE);
  rig_expect_outcomes (rig, 1, "drop=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig->bindings->len, ==, 1);
  g_assert_cmpuint (rig->publications->len, ==, 0);
  g_assert_cmpuint (rig->subscriptions->len, ==, 1);
}

/* Many submissions, more than a batch holds: answered in their order. */
static void
test_order (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 1000; i++) {
    g_autofree char *label = g_strdup_printf ("%u", i);

    put_cseq (rig, label, "k", i);
    g_string_append_printf (expected, "%u=COMMITTED\n", i);
  }
  rig_expect_outcomes (rig, 1000, expected->str);
  rig_restart (rig);
  g_assert_cmpuint (rig_binding (rig, "k")->cseq, ==, 999);
}

/* The aor in any spelling of case keeps its order. */
static void
test_order_case (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  for (guint i = 0; i < 50; i++) {
    RegBinding *b = sample_binding ("alice", "k");
    StoreWrite write = write_of (STORE_PUT_BINDING, b);

    b->cseq = i;
    rig_submit (rig, NULL,
                i % 2 == 0 ? "alice@example.com" : "ALICE@example.com", &write,
                1, FALSE);
    test_loop_turn (rig->loop, 0);
  }
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig_binding (rig, "k")->cseq, ==, 49);
}

/* Rows that have expired, or whose user is not there or disabled, are not told,
 * and gone for good; a binding with an instance is told for 30 days more. */
static void
test_load_sweeps (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  StoreUser carol = { .aor = (char *)"carol@example.com", .is_enabled = TRUE };
  RegBinding *expired = sample_binding ("bob", "old");
  SubsStored *by_carol = sample_subscription ("bob", "c");
  RegBinding *away = sample_binding ("bob", "away");
  SubsStored *foreign = sample_subscription ("bob", "f");
  SubsStored *beyond = sample_subscription ("bob", "b");
  StoreWrite writes[11];
  guint n = 0;

  rig->kind->put_user (rig, &carol);
  g_clear_pointer (&expired->instance, g_free);
  expired->expires_at = away->expires_at = g_get_monotonic_time () - 1;
  g_free ((char *)by_carol->dialog.watcher);
  by_carol->dialog.watcher = g_strdup ("Carol@example.com");
  g_free ((char *)foreign->dialog.watcher);
  foreign->dialog.watcher = g_strdup ("x@elsewhere.example");
  g_free ((char *)beyond->dialog.presentity);
  beyond->dialog.presentity = g_strdup ("x@xmpp.example");
  writes[n++] = write_of (STORE_PUT_BINDING, expired);
  writes[n++] = write_of (STORE_PUT_BINDING, away);
  writes[n++] = write_of (STORE_PUT_BINDING, sample_binding ("bob", "new"));
  writes[n++] = write_of (STORE_PUT_BINDING, sample_binding ("alice", "a"));
  writes[n++]
      = write_of (STORE_PUT_PUBLICATION, sample_publication ("alice", "a"));
  writes[n++]
      = write_of (STORE_PUT_SUBSCRIPTION, sample_subscription ("alice", "a"));
  writes[n++] = write_of (STORE_PUT_SUBSCRIPTION, by_carol);
  writes[n++] = write_of (STORE_PUT_SUBSCRIPTION, foreign);
  writes[n++] = write_of (STORE_PUT_SUBSCRIPTION, beyond);
  writes[n++] = write_of (STORE_PUT_BINDING, sample_binding ("carol", "c"));
  rig_submit (rig, "x", "alice@example.com", writes, n, FALSE);
  rig_expect_outcomes (rig, 1, "x=COMMITTED\n");
  rig_stop (rig);
  carol.is_enabled = FALSE;
  rig->kind->put_user (rig, &carol);
  rig->kind->drop_user (rig, "alice@example.com");
  rig_start (rig);
  g_assert_cmpuint (rig->users->len, ==, 2);
  g_assert_cmpuint (rig->bindings->len, ==, 2);
  g_assert_nonnull (rig_binding (rig, "new"));
  g_assert_nonnull (rig_binding (rig, "away"));
  for (guint i = 0; i < rig->publications->len; i++) /* when bob was away */
    g_assert_cmpstr (((PresenceRow *)rig->publications->pdata[i])->event, ==,
                     "last-seen");
  g_assert_cmpuint (rig->subscriptions->len, ==, 2);
  rig_stop (rig);
  carol.is_enabled = TRUE;
  rig->kind->put_user (rig, &carol);
  rig_start (rig);
  g_assert_cmpuint (rig->bindings->len, ==, 2);
  g_assert_cmpuint (rig->subscriptions->len, ==, 2);
}

static void
test_users (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  StoreUser user = { .aor = (char *)"Dora@example.com",
                     .display_name = (char *)"D \xc3\xb6",
                     .ha1_md5 = (char *)"0123456789abcdef0123456789abcdef",
                     .is_enabled = TRUE };
  StoreUser *loaded;

  rig->kind->put_user (rig, &user);
  rig_sync (rig, "put");
  rig_expect_outcomes (rig, 1, "put=COMMITTED\n");
  g_assert_true (rig_has_event (rig, "+Dora@example.com D \xc3\xb6"));
  user.is_enabled = FALSE;
  rig->kind->put_user (rig, &user);
  rig_wait_event (rig, "+Dora@example.com D \xc3\xb6 disabled");
  rig->kind->drop_user (rig, "alice@example.com");
  rig->kind->drop_user (rig, "bob@example.com");
  rig_wait_event (rig, "-bob@example.com");
  g_assert_true (rig_has_event (rig, "-alice@example.com"));
  rig_restart (rig);
  g_assert_cmpuint (rig->users->len, ==, 1);
  loaded = g_ptr_array_index (rig->users, 0);
  g_assert_cmpstr (loaded->aor, ==, "Dora@example.com");
  g_assert_cmpstr (loaded->display_name, ==, "D \xc3\xb6");
  g_assert_cmpstr (loaded->ha1_md5, ==, user.ha1_md5);
  g_assert_null (loaded->ha1_sha256);
  g_assert_false (loaded->is_enabled);
  /* A restart tells nothing twice. */
  g_assert_cmpstr (rig->events->str, ==, "up\n");
}

/* DESIGN section 3, rule 5: answered at once, kept, written when it is back; of
 * several for one row the newest. */
static void
test_away (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  put_cseq (rig, "k0", "k", 0);
  put_cseq (rig, "d0", "d", 0);
  rig_expect_outcomes (rig, 2, "k0=COMMITTED\nd0=COMMITTED\n");
  rig->kind->set_up (rig, FALSE);
  put_cseq (rig, "k1", "k", 1); /* finds out */
  rig_expect_outcomes (rig, 1, "k1=AWAY\n");
  g_assert_true (rig_has_event (rig, "away"));
  g_assert_false (rig->port->is_up (rig->port->self));
  put_cseq (rig, "k2", "k", 2);
  put_cseq (rig, "k3", "k", 3);
  put_cseq (rig, "n1", "n", 1);
  drop_key (rig, "d-", "d");
  rig_expect_outcomes (rig, 4, "k2=AWAY\nk3=AWAY\nn1=AWAY\nd-=AWAY\n");
  g_string_truncate (rig->events, 0);
  rig->kind->set_up (rig, TRUE);
  rig_wait_event (rig, "up");
  put_cseq (rig, "m1", "m", 1);
  rig_expect_outcomes (rig, 1, "m1=COMMITTED\n");
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig->bindings->len, ==, 3);
  g_assert_cmpuint (rig_binding (rig, "k")->cseq, ==, 3);
  g_assert_nonnull (rig_binding (rig, "n"));
  g_assert_nonnull (rig_binding (rig, "m"));
}

static void
test_refused (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  RegBinding *bad = sample_binding ("alice", "bad");

  rig->kind->poison (rig, bad);
  rig_submit_one (rig, "bad", write_of (STORE_PUT_BINDING, bad));
  put_cseq (rig, "good", "good", 1);
  rig_expect_outcomes (rig, 2, "bad=REFUSED\ngood=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig->bindings->len, ==, 1);
  g_assert_nonnull (rig_binding (rig, "good"));
}

static void
test_flush (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  rig_flush (rig, "empty", 10000);
  rig_expect_outcomes (rig, 1, "empty=COMMITTED\n");
  put_cseq (rig, NULL, "k", 1);
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  g_assert_nonnull (rig_binding (rig, "k"));
}

/* What is read of a user's policy, and of one of whom nothing is stored. */
static void
test_policy (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new (data);
  StorePolicy *given = store_policy_new ("alice@example.com");
  const StorePolicy *read;

  rig_add_user (rig, "alice");
  rig_add_user (rig, "bob");
  rig_start (rig);
  g_assert_true (rig->settings.share_availability);
  g_assert_cmpint (rig->settings.max_contacts, ==, 200);
  g_assert_cmpint (rig->settings.adhoc_max, ==, POLICY_NO_LIMIT);
  g_assert_cmpint (rig->settings.offline_ttl, ==, 604800);
  g_ptr_array_add (given->contacts, g_strdup ("sip:bob@example.com"));
  store_policy_add_decision (given, "@example.net", "block");
  g_ptr_array_add (given->groups, g_strdup ("contacts"));
  g_ptr_array_add (given->rules, g_bytes_new ("<\x01\xff\0>", 5));
  g_ptr_array_add (given->places, g_strdup ("pres-rules"));
  rig->kind->put_policy (rig, given);
  read = rig_policy (rig, "alice@example.com");
  g_assert_cmpuint (read->contacts->len, ==, 1);
  g_assert_cmpstr (read->contacts->pdata[0], ==, "sip:bob@example.com");
  g_assert_cmpuint (read->decisions->len, ==, 1);
  g_assert_cmpstr (((StoreDecision *)read->decisions->pdata[0])->watcher, ==,
                   "@example.net");
  g_assert_cmpstr (((StoreDecision *)read->decisions->pdata[0])->decision, ==,
                   "block");
  g_assert_cmpuint (read->rules->len, ==, 1);
  g_assert_cmpuint (g_bytes_get_size (read->rules->pdata[0]), ==, 5);
  g_assert_cmpstr (store_policy_nth (read->groups, 0), ==, "contacts");
  g_assert_cmpstr (store_policy_nth (read->places, 0), ==, "pres-rules");
  g_assert_null (store_policy_nth (read->places, 1));
  read = rig_policy (rig, "o\"{,}\\'@example.com");
  g_assert_cmpuint (read->contacts->len + read->decisions->len, ==, 0);
}

static StoreWrite
member_write (StoreWriteKind kind, const char *room, const char *user,
              const char *nick, const char *password)
{
  g_autofree char *aor = g_strconcat (user, "@example.com", NULL);

  return write_of (kind, store_member_new (room, aor, nick, password));
}

/* Members of rooms last; those of nobody who may sign in do not. */
static void
test_members (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new (data);
  const StoreMember *row;

  rig_add_user (rig, "alice");
  rig_start (rig);
  rig_submit_one (
      rig, "a", member_write (STORE_PUT_MEMBER, "r@rooms", "alice", "A", NULL));
  rig_submit_one (
      rig, "b",
      member_write (STORE_PUT_MEMBER, "r@rooms", "alice", "A\"2", "p"));
  rig_submit_one (
      rig, "c", member_write (STORE_PUT_MEMBER, "q@rooms", "alice", "A", NULL));
  rig_submit_one (
      rig, "d",
      member_write (STORE_PUT_MEMBER, "r@rooms", "nobody", "N", NULL));
  rig_submit_one (
      rig, "e",
      member_write (STORE_DROP_MEMBER, "q@rooms", "alice", NULL, NULL));
  rig_expect_outcomes (rig, 5,
                       "a=COMMITTED\nb=COMMITTED\nc=COMMITTED\nd=COMMITTED\n"
                       "e=COMMITTED\n");
  rig_restart (rig);
  g_assert_cmpuint (rig->members->len, ==, 1);
  row = rig->members->pdata[0];
  g_assert_cmpstr (row->room, ==, "r@rooms");
  g_assert_cmpstr (row->member, ==, "alice@example.com");
  g_assert_cmpstr (row->nick, ==, "A\"2");
  g_assert_cmpstr (row->password, ==, "p");
}

static const char *
decision_about (Rig *rig, const char *watcher)
{
  const StorePolicy *read = rig_policy (rig, "alice@example.com");

  for (guint i = 0; i < read->decisions->len; i++) {
    const StoreDecision *row = read->decisions->pdata[i];

    if (strcmp (row->watcher, watcher) == 0)
      return row->decision;
  }
  return NULL;
}

static void
submit_request (Rig *rig, const char *label, const char *watcher)
{
  rig_submit_one (rig, label,
                  write_of (STORE_ADD_REQUEST,
                            store_request_new ("alice@example.com", watcher)));
}

/* A request never takes the place of a decision. */
static void
test_request (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new (data);
  StorePolicy *given = store_policy_new ("alice@example.com");

  rig_add_user (rig, "alice");
  store_policy_add_decision (given, "bob@example.com", "block");
  rig_start (rig);
  rig->kind->put_policy (rig, given);
  submit_request (rig, "a", "bob@example.com");
  submit_request (rig, "b", "carol@example.com");
  submit_request (rig, "c", "carol@example.com");
  rig_expect_outcomes (rig, 3, "a=COMMITTED\nb=COMMITTED\nc=COMMITTED\n");
  g_assert_cmpstr (decision_about (rig, "bob@example.com"), ==, "block");
  g_assert_cmpstr (decision_about (rig, "carol@example.com"), ==, "pending");
  g_assert_null (decision_about (rig, "dora@example.com"));
}

/* A request that was decided goes; a decision stays. */
static void
test_request_dropped (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new (data);
  StorePolicy *given = store_policy_new ("alice@example.com");

  rig_add_user (rig, "alice");
  store_policy_add_decision (given, "bob@example.com", "block");
  rig_start (rig);
  rig->kind->put_policy (rig, given);
  submit_request (rig, "a", "carol@example.com");
  rig_expect_outcomes (rig, 1, "a=COMMITTED\n");
  for (guint i = 0; i < 2; i++)
    rig_submit_one (
        rig, i == 0 ? "b" : "c",
        write_of (STORE_DROP_REQUEST,
                  store_request_new ("alice@example.com",
                                     i == 0 ? "bob@example.com"
                                            : "carol@example.com")));
  rig_expect_outcomes (rig, 2, "b=COMMITTED\nc=COMMITTED\n");
  g_assert_cmpstr (decision_about (rig, "bob@example.com"), ==, "block");
  g_assert_null (decision_about (rig, "carol@example.com"));
}

static void
test_policy_away (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new (data);

  rig_add_user (rig, "alice");
  rig_start (rig);
  rig->kind->set_up (rig, FALSE);
  g_assert_null (rig_policy (rig, "alice@example.com"));
  rig->kind->set_up (rig, TRUE);
  g_assert_nonnull (rig_policy (rig, "alice@example.com"));
}

static void
health_cb (StoreOutcome outcome, gint64 db_time, gpointer data)
{
  gint64 *told = data;

  told[0]++;
  told[1] = db_time;
  g_assert_cmpint (db_time != 0, ==, outcome == STORE_COMMITTED);
}

static gboolean
is_told (gpointer data)
{
  return *(gint64 *)data > 0;
}

/* Written whole, with what SQL and JSON have to escape; the clock comes back;
 * while PostgreSQL is away it says so and keeps nothing. */
static void
test_health (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new (data);
  const StoreHealth rows[]
      = { { "SIP", "ok", NULL, NULL },
          { "it's", "failed", "\"a\\b\"\n\tJ\xc3\xbcrgen {}'", "$1; --" } };
  gint64 told[2] = { 0, 0 };

  rig_start (rig);
  rig->port->put_health (rig->port->self, rows, 2, health_cb, told);
  rig_wait (rig, is_told, told);
  g_assert_cmpint (ABS (told[1] - g_get_real_time ()), <,
                   60 * (gint64)G_USEC_PER_SEC);
  told[0] = 0;
  rig->port->put_health (rig->port->self, rows, 1, health_cb, told);
  rig_wait (rig, is_told, told);
  g_assert_cmpint (told[1], !=, 0);
  rig->kind->set_up (rig, FALSE);
  told[0] = 0;
  rig->port->put_health (rig->port->self, rows, 2, health_cb, told);
  rig_wait (rig, is_told, told);
  g_assert_cmpint (told[1], ==, 0);
  rig->kind->set_up (rig, TRUE);
}

static void
test_lag (gconstpointer data)
{
  g_autoptr (Rig) rig = started (data);
  StoreLag lag;

  rig->port->lag (rig->port->self, &lag);
  g_assert_cmpuint (lag.waiting, ==, 0);
  g_assert_cmpint (lag.oldest, ==, 0);
  rig_submit_one (rig, "b",
                  write_of (STORE_PUT_BINDING, sample_binding ("alice", "k1")));
  rig->port->lag (rig->port->self, &lag);
  g_assert_cmpuint (lag.waiting, ==, 1);
  rig_expect_outcomes (rig, 1, "b=COMMITTED\n");
  rig->port->lag (rig->port->self, &lag);
  g_assert_cmpuint (lag.waiting, ==, 0);
}

static void
add (const RigKind *kind, const char *name, GTestDataFunc fn)
{
  g_autofree char *path = g_strdup_printf ("/store/%s/%s", kind->name, name);

  g_test_add_data_func (path, kind, fn);
}

void
contract_add_tests (const RigKind *kind)
{
  add (kind, "round-trip/every-column", test_round_trip);
  add (kind, "round-trip/absent", test_round_trip_bare);
  add (kind, "last-wins", test_last_wins);
  add (kind, "drop", test_drop);
  add (kind, "order/many", test_order);
  add (kind, "order/case", test_order_case);
  add (kind, "load/sweeps", test_load_sweeps);
  add (kind, "users", test_users);
  add (kind, "policy", test_policy);
  add (kind, "members", test_members);
  add (kind, "policy/request", test_request);
  add (kind, "policy/request-dropped", test_request_dropped);
  add (kind, "policy/away", test_policy_away);
  add (kind, "away", test_away);
  add (kind, "refused", test_refused);
  add (kind, "flush", test_flush);
  add (kind, "health", test_health);
  add (kind, "lag", test_lag);
}
