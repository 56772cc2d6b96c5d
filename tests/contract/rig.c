/* SPDX-License-Identifier: ISC
 *
 * The store under test and what it told. */
#include "tests/contract/rig.h"

#include <string.h>

#define PATIENCE 20000 /* ms; only a broken store waits that long */
#define SLACK ((gint64)10 * G_USEC_PER_SEC)

/* --- What the store tells --- */

static void
load_user_cb (StoreUser *user, gpointer data)
{
  g_ptr_array_add (((Rig *)data)->users, user);
}

static void
load_binding_cb (RegBinding *row, gpointer data)
{
  g_ptr_array_add (((Rig *)data)->bindings, row);
}

static void
load_publication_cb (PresenceRow *row, gpointer data)
{
  g_ptr_array_add (((Rig *)data)->publications, row);
}

static void
load_member_cb (StoreMember *row, gpointer data)
{
  g_ptr_array_add (((Rig *)data)->members, row);
}

static void
load_subscription_cb (SubsStored *row, gpointer data)
{
  g_ptr_array_add (((Rig *)data)->subscriptions, row);
}

static void
load_permanent_cb (const char *owner, GBytes *body, gpointer data)
{
  Rig *rig = data;

  g_assert_false (rig->is_loaded);
  g_assert_cmpuint (rig->users->len, >, 0);
  g_string_append_printf (rig->permanents, "%s %.*s\n", owner,
                          (int)g_bytes_get_size (body),
                          (const char *)g_bytes_get_data (body, NULL));
  g_bytes_unref (body);
}

static void
loaded_cb (gpointer data)
{
  Rig *rig = data;

  g_assert_false (rig->is_loaded);
  rig->is_loaded = TRUE;
}

static void
load_settings_cb (const PolicySettings *settings, gpointer data)
{
  ((Rig *)data)->settings = *settings;
}

static void
settings_changed_cb (const PolicySettings *settings, gpointer data)
{
  Rig *rig = data;

  rig->settings = *settings;
  g_string_append (rig->events, "settings\n");
}

static void
policy_changed_cb (const char *aor, gpointer data)
{
  g_string_append_printf (((Rig *)data)->events, "policy %s\n",
                          aor != NULL ? aor : "*");
}

static void
documents_changed_cb (const char *auid, const char *owner, const char *name,
                      gpointer data)
{
  g_string_append_printf (
      ((Rig *)data)->changed, "%s %s %s\n", auid != NULL ? auid : "*",
      owner != NULL ? owner : "*", name != NULL ? name : "*");
}

static void
messages_changed_cb (const char *recipient, gpointer data)
{
  g_string_append_printf (((Rig *)data)->events, "messages %s\n",
                          recipient != NULL ? recipient : "*");
}

static void
load_waiting_cb (const char *recipient, guint n, gpointer data)
{
  g_assert_false (((Rig *)data)->is_loaded);
  g_string_append_printf (((Rig *)data)->loaded, "waiting %s %u\n", recipient,
                          n);
}

static void
load_seen_cb (const char *call_id, const char *from_tag, guint32 cseq,
              gpointer data)
{
  g_string_append_printf (((Rig *)data)->loaded, "seen %s %s %u\n", call_id,
                          from_tag, cseq);
}

static void
load_last_cb (guint64 id, gpointer data)
{
  g_string_append_printf (((Rig *)data)->loaded, "last %" G_GUINT64_FORMAT "\n",
                          id);
}

static void
policy_cb (StorePolicy *policy, gpointer data)
{
  Rig *rig = data;

  g_assert_false (rig->is_submitting);
  g_clear_pointer (&rig->policy, store_policy_free);
  rig->policy = policy;
  rig->has_policy = TRUE;
}

static gboolean
has_policy (gpointer data)
{
  return ((Rig *)data)->has_policy;
}

const StorePolicy *
rig_policy (Rig *rig, const char *aor)
{
  rig->has_policy = FALSE;
  rig->is_submitting = TRUE;
  rig->port->load_policy (rig->port->self, aor, policy_cb, rig);
  rig->is_submitting = FALSE;
  rig_wait (rig, has_policy, rig);
  return rig->policy;
}

static void
user_changed_cb (const char *aor, StoreUser *user, gpointer data)
{
  Rig *rig = data;

  if (user == NULL)
    g_string_append_printf (rig->events, "-%s\n", aor);
  else
    g_string_append_printf (rig->events, "+%s %s%s\n", user->aor,
                            user->display_name != NULL ? user->display_name
                                                       : "(none)",
                            user->is_enabled ? "" : " disabled");
  store_user_free (user);
}

static void
users_begin_cb (gpointer data)
{
  g_string_append (((Rig *)data)->events, "begin\n");
}

static void
users_end_cb (gpointer data)
{
  g_string_append (((Rig *)data)->events, "end\n");
}

static void
up_changed_cb (gboolean is_up, gpointer data)
{
  Rig *rig = data;

  g_assert_cmpint (is_up, ==, rig->port->is_up (rig->port->self));
  g_string_append (rig->events, is_up ? "up\n" : "away\n");
}

static void
fatal_cb (const char *message, gpointer data)
{
  Rig *rig = data;

  g_assert_null (rig->fatal);
  rig->fatal = g_strdup (message);
  rig->has_failed = TRUE;
}

/* --- Life --- */

static void
clear_told (Rig *rig)
{
  g_ptr_array_set_size (rig->users, 0);
  g_ptr_array_set_size (rig->bindings, 0);
  g_ptr_array_set_size (rig->publications, 0);
  g_ptr_array_set_size (rig->subscriptions, 0);
  g_ptr_array_set_size (rig->members, 0);
  g_string_truncate (rig->events, 0);
  g_string_truncate (rig->changed, 0);
  g_string_truncate (rig->loaded, 0);
  g_string_truncate (rig->permanents, 0);
  rig->is_loaded = FALSE;
  rig->has_failed = FALSE;
  g_clear_pointer (&rig->fatal, g_free);
}

Rig *
rig_new (const RigKind *kind)
{
  Rig *rig = g_new0 (Rig, 1);

  rig->kind = kind;
  rig->loop = test_loop_new ();
  rig->clock = test_clock ();
  rig->counters = counters_new ();
  rig->users = g_ptr_array_new_with_free_func ((GDestroyNotify)store_user_free);
  rig->bindings
      = g_ptr_array_new_with_free_func ((GDestroyNotify)reg_binding_free);
  rig->publications
      = g_ptr_array_new_with_free_func ((GDestroyNotify)presence_row_free);
  rig->members
      = g_ptr_array_new_with_free_func ((GDestroyNotify)store_member_free);
  rig->subscriptions
      = g_ptr_array_new_with_free_func ((GDestroyNotify)subs_stored_free);
  rig->events = g_string_new (NULL);
  rig->changed = g_string_new (NULL);
  rig->loaded = g_string_new (NULL);
  rig->permanents = g_string_new (NULL);
  rig->outcomes = g_string_new (NULL);
  kind->wipe (rig);
  return rig;
}

void
rig_free (Rig *rig)
{
  rig_stop (rig);
  rig->kind->wipe (rig);
  clear_told (rig);
  test_loop_free (rig->loop);
  counters_free (rig->counters);
  g_ptr_array_unref (rig->users);
  g_ptr_array_unref (rig->bindings);
  g_ptr_array_unref (rig->publications);
  g_ptr_array_unref (rig->subscriptions);
  g_ptr_array_unref (rig->members);
  g_string_free (rig->events, TRUE);
  g_string_free (rig->changed, TRUE);
  g_string_free (rig->loaded, TRUE);
  g_string_free (rig->permanents, TRUE);
  g_string_free (rig->outcomes, TRUE);
  store_policy_free (rig->policy);
  g_free (rig);
}

void
rig_start_only (Rig *rig)
{
  static const StoreEvents events = { .user_changed = user_changed_cb,
                                      .users_begin = users_begin_cb,
                                      .users_end = users_end_cb,
                                      .settings_changed = settings_changed_cb,
                                      .policy_changed = policy_changed_cb,
                                      .documents_changed = documents_changed_cb,
                                      .messages_changed = messages_changed_cb,
                                      .up_changed = up_changed_cb,
                                      .fatal = fatal_cb };
  static const StoreLoadFns fns = { .user = load_user_cb,
                                    .binding = load_binding_cb,
                                    .publication = load_publication_cb,
                                    .subscription = load_subscription_cb,
                                    .member = load_member_cb,
                                    .loaded = loaded_cb,
                                    .settings = load_settings_cb,
                                    .waiting = load_waiting_cb,
                                    .message_seen = load_seen_cb,
                                    .last_message = load_last_cb,
                                    .permanent = load_permanent_cb };

  clear_told (rig);
  rig->kind->open (rig);
  rig->port->set_events (rig->port->self, &events, rig);
  rig->port->load (rig->port->self, &fns, rig);
  g_assert_false (rig->is_loaded);
}

void
rig_start (Rig *rig)
{
  rig_start_only (rig);
  g_assert_true (
      test_loop_run_until_set (rig->loop, &rig->is_loaded, PATIENCE));
  g_assert_true (rig->port->is_up (rig->port->self));
}

void
rig_stop (Rig *rig)
{
  if (rig->port != NULL)
    rig->kind->close (rig);
  rig->port = NULL;
}

void
rig_restart (Rig *rig)
{
  rig_stop (rig);
  rig_start (rig);
}

/* --- Doing --- */

void
rig_add_user (Rig *rig, const char *name)
{
  g_autofree char *aor = g_strconcat (name, "@example.com", NULL);
  StoreUser user = { .aor = aor, .display_name = "New", .is_enabled = TRUE };

  rig->kind->put_user (rig, &user);
}

typedef struct {
  Rig *rig;
  char *label;
} Waiter;

static void
done_cb (StoreOutcome outcome, gpointer data)
{
  static const char *const names[] = { "COMMITTED", "AWAY", "REFUSED" };
  Waiter *waiter = data;

  g_assert_false (waiter->rig->is_submitting);
  g_string_append_printf (waiter->rig->outcomes, "%s=%s\n", waiter->label,
                          names[outcome]);
  waiter->rig->n_outcomes++;
  g_free (waiter->label);
  g_free (waiter);
}

static Waiter *
waiter_new (Rig *rig, const char *label)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->rig = rig;
  waiter->label = g_strdup (label);
  return waiter;
}

void
rig_submit (Rig *rig, const char *label, const char *aor, StoreWrite *writes,
            gsize n, gboolean is_durable)
{
  rig->is_submitting = TRUE;
  rig->port->submit (rig->port->self, aor, writes, n, is_durable,
                     label != NULL ? done_cb : NULL,
                     label != NULL ? waiter_new (rig, label) : NULL);
  rig->is_submitting = FALSE;
}

static const char *
aor_of (const StoreWrite *write)
{
  if (write->kind <= STORE_DROP_BINDING)
    return write->binding->aor;
  if (write->kind <= STORE_DROP_PUBLICATION)
    return write->publication->aor;
  if (write->kind == STORE_PUT_MEMBER || write->kind == STORE_DROP_MEMBER)
    return "rooms@example.com";
  return write->subscription->dialog.watcher;
}

void
rig_submit_one (Rig *rig, const char *label, StoreWrite write)
{
  g_autofree char *aor = g_strdup (aor_of (&write));

  rig_submit (rig, label, aor, &write, 1, FALSE);
}

void
rig_sync (Rig *rig, const char *label)
{
  rig->is_submitting = TRUE;
  rig->port->sync (rig->port->self, done_cb, waiter_new (rig, label));
  rig->is_submitting = FALSE;
}

void
rig_flush (Rig *rig, const char *label, guint timeout_ms)
{
  rig->is_submitting = TRUE;
  rig->port->flush (rig->port->self, timeout_ms, done_cb,
                    waiter_new (rig, label));
  rig->is_submitting = FALSE;
}

/* --- Waiting --- */

void
rig_wait (Rig *rig, gboolean (*is_done) (gpointer), gpointer data)
{
  g_assert_true (test_loop_run_until (rig->loop, is_done, data, PATIENCE));
}

typedef struct {
  Rig *rig;
  guint n;
  const char *line;
} Goal;

static gboolean
has_outcomes (gpointer data)
{
  Goal *goal = data;

  return goal->rig->n_outcomes >= goal->n;
}

void
rig_expect_outcomes (Rig *rig, guint n, const char *outcomes)
{
  rig_wait (rig, has_outcomes, &(Goal){ rig, n, NULL });
  g_assert_cmpstr (rig->outcomes->str, ==, outcomes);
  g_string_truncate (rig->outcomes, 0);
  rig->n_outcomes = 0;
}

gboolean
rig_has_event (Rig *rig, const char *line)
{
  g_autofree char *whole = g_strconcat ("\n", rig->events->str, NULL);
  g_autofree char *needle = g_strconcat ("\n", line, "\n", NULL);

  return strstr (whole, needle) != NULL;
}

static gboolean
has_event (gpointer data)
{
  Goal *goal = data;

  return rig_has_event (goal->rig, goal->line);
}

void
rig_wait_event (Rig *rig, const char *line)
{
  if (!test_loop_run_until (rig->loop, has_event, &(Goal){ rig, 0, line },
                            PATIENCE))
    g_error ("no event \"%s\" in:\n%s", line, rig->events->str);
}

/* --- Samples --- */

static char *
user_aor (const char *user)
{
  return g_strconcat (user, "@example.com", NULL);
}

RegBinding *
sample_binding (const char *user, const char *key)
{
  RegBinding *b = g_new0 (RegBinding, 1);
  gint64 now = g_get_monotonic_time ();

  b->aor = user_aor (user);
  b->key = g_strdup (key);
  b->contact = g_strdup ("<sip:alice@192.0.2.1:5060;x=\"q\\{},\">");
  b->params = g_strdup (";+sip.rendering=\"no\";methods=\"A,B\"");
  b->instance = g_strdup ("urn:uuid:00000000-0000-1000-8000-000A95A0E128");
  b->reg_id = 4294967295u;
  b->path = g_strdup ("<sip:p1.example.com;lr>,<sip:p2.example.com;lr>");
  b->q = 700;
  b->call_id = g_strdup ("ca\tll 'id' \\ \"x\" \xc3\xa9");
  b->cseq = 4294967294u;
  b->received = g_strdup ("tls:[2001:db8::1]:40000");
  b->user_agent = g_strdup ("NULL");
  b->expires_at = now + (gint64)3600 * G_USEC_PER_SEC;
  b->updated_at = now - 30 * G_USEC_PER_SEC;
  return b;
}

PresenceRow *
sample_publication (const char *user, const char *key)
{
  PresenceRow *p = g_new0 (PresenceRow, 1);
  gint64 now = g_get_monotonic_time ();

  p->aor = user_aor (user);
  p->event = g_strdup ("presence");
  p->key = g_strdup (key);
  p->etag = g_strdup ("etag-1");
  p->device = g_strdup ("urn:uuid:1");
  p->body = g_bytes_new_static ("\0<x/>\xff\\'", 8);
  p->call_id = g_strdup ("");
  p->from_tag = g_strdup ("{a,b}");
  p->cseq = 7;
  p->granted = 4000000000u;
  p->is_removed = FALSE;
  p->published_at = now - (gint64)86400 * 365 * G_USEC_PER_SEC;
  p->expires_at = now + (gint64)64 * G_USEC_PER_SEC;
  return p;
}

SubsStored *
sample_subscription (const char *user, const char *tag)
{
  g_autofree char *presentity = user_aor (user);
  g_autoptr (GBytes) body = g_bytes_new_static ("\0\\x{,\"'\xff", 8);
  gint64 now = g_get_monotonic_time ();
  SubsStored s = {
    .dialog = { .presentity = presentity,
                .watcher = "bob@example.com",
                .package = g_intern_string ("presence.winfo"),
                .event = "Presence.WInfo;id=7",
                .call_id = "call",
                .local_tag = tag,
                .remote_tag = "remote",
                .local_uri = "sip:alice@example.com",
                .remote_uri = "sip:bob@example.com",
                .target = "sip:bob@192.0.2.7:5062;ob",
                .instance = "urn:uuid:2",
                .route_set = "<sip:p.example.com;lr>",
                .accept = "application/pidf+xml, */*",
                .source = "udp:192.0.2.7:5062",
                .local_contact = "sip:192.0.2.1:5060",
                .is_trusted = TRUE,
                .limit_at = (guint32)(now / G_USEC_PER_SEC) + 3600 },
    .body_type = (char *)"application/resource-lists+xml",
    .body = body,
    .state = SUBS_PENDING,
    .remote_cseq = 4294967295u,
    .cseq_reserved = 4294967290u,
    .version_reserved = 4294967280u,
    .created_at = now - 5 * G_USEC_PER_SEC,
    .expires_at = now + (gint64)600 * G_USEC_PER_SEC,
  };

  return subs_stored_copy (&s);
}

StoreWrite
write_of (StoreWriteKind kind, gpointer row)
{
  return (StoreWrite){ .kind = kind, .binding = row };
}

RegBinding *
rig_binding (Rig *rig, const char *key)
{
  for (guint i = 0; i < rig->bindings->len; i++) {
    RegBinding *b = g_ptr_array_index (rig->bindings, i);

    if (strcmp (b->key, key) == 0)
      return b;
  }
  return NULL;
}

/* --- Comparing --- */

static void
assert_time (gint64 a, gint64 b)
{
  g_assert_cmpint (ABS (a - b), <, SLACK);
}

void
assert_binding_equal (const RegBinding *a, const RegBinding *b)
{
  g_assert_cmpstr (a->aor, ==, b->aor);
  g_assert_cmpstr (a->contact, ==, b->contact);
  g_assert_cmpstr (a->key, ==, b->key);
  g_assert_cmpstr (a->params, ==, b->params);
  g_assert_cmpstr (a->instance, ==, b->instance);
  g_assert_cmpuint (a->reg_id, ==, b->reg_id);
  g_assert_cmpstr (a->path, ==, b->path);
  g_assert_cmpuint (a->q, ==, b->q);
  g_assert_cmpstr (a->call_id, ==, b->call_id);
  g_assert_cmpuint (a->cseq, ==, b->cseq);
  g_assert_cmpstr (a->received, ==, b->received);
  g_assert_cmpstr (a->user_agent, ==, b->user_agent);
  assert_time (a->expires_at, b->expires_at);
  assert_time (a->updated_at, b->updated_at);
}

void
assert_publication_equal (const PresenceRow *a, const PresenceRow *b)
{
  g_assert_cmpstr (a->aor, ==, b->aor);
  g_assert_cmpstr (a->event, ==, b->event);
  g_assert_cmpstr (a->key, ==, b->key);
  g_assert_cmpstr (a->etag, ==, b->etag);
  g_assert_cmpstr (a->device, ==, b->device);
  g_assert_cmpint (a->body == NULL, ==, b->body == NULL);
  if (a->body != NULL)
    g_assert_true (g_bytes_equal (a->body, b->body));
  g_assert_cmpstr (a->call_id, ==, b->call_id);
  g_assert_cmpstr (a->from_tag, ==, b->from_tag);
  g_assert_cmpuint (a->cseq, ==, b->cseq);
  g_assert_cmpuint (a->granted, ==, b->granted);
  g_assert_cmpint (a->is_removed, ==, b->is_removed);
  assert_time (a->published_at, b->published_at);
  assert_time (a->expires_at, b->expires_at);
}

void
assert_subscription_equal (const SubsStored *a, const SubsStored *b)
{
  const SubsDialog *x = &a->dialog, *y = &b->dialog;

  g_assert_cmpstr (x->presentity, ==, y->presentity);
  g_assert_cmpstr (x->watcher, ==, y->watcher);
  g_assert_true (x->package == y->package);
  g_assert_cmpstr (x->event, ==, y->event);
  g_assert_cmpstr (x->call_id, ==, y->call_id);
  g_assert_cmpstr (x->local_tag, ==, y->local_tag);
  g_assert_cmpstr (x->remote_tag, ==, y->remote_tag);
  g_assert_cmpstr (x->local_uri, ==, y->local_uri);
  g_assert_cmpstr (x->remote_uri, ==, y->remote_uri);
  g_assert_cmpstr (x->target, ==, y->target);
  g_assert_cmpstr (x->instance, ==, y->instance);
  g_assert_cmpstr (x->route_set, ==, y->route_set);
  g_assert_cmpstr (x->accept, ==, y->accept);
  g_assert_cmpstr (x->source, ==, y->source);
  g_assert_cmpstr (x->local_contact, ==, y->local_contact);
  g_assert_cmpint (x->is_trusted, ==, y->is_trusted);
  g_assert_cmpint (ABS ((gint64)x->limit_at - y->limit_at), <=, 5);
  g_assert_cmpstr (a->body_type, ==, b->body_type);
  g_assert_true (g_bytes_equal (a->body, b->body));
  g_assert_cmpint (a->state, ==, b->state);
  g_assert_cmpuint (a->remote_cseq, ==, b->remote_cseq);
  g_assert_cmpuint (a->cseq_reserved, ==, b->cseq_reserved);
  g_assert_cmpuint (a->version_reserved, ==, b->version_reserved);
  assert_time (a->created_at, b->created_at);
  assert_time (a->expires_at, b->expires_at);
}
