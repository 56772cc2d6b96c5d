/* SPDX-License-Identifier: ISC
 *
 * service/: the use cases over the store in memory, a SIP side that only notes
 * and a clock that stands still. */
#include "service/service.h"
#include "store/store.h"
#include "tests/lib/fakeloop.h"
#include "tests/lib/fakesip.h"

#include <string.h>

#define OPEN_BODY                                                              \
  "<?xml version='1.0'?><presence xmlns='urn:ietf:params:xml:ns:pidf' "        \
  "entity='sip:alice@example.com'><tuple id='t1'><status><basic>open</basic>"  \
  "</status><note>here</note></tuple></presence>"
#define CLOSED_BODY                                                            \
  "<?xml version='1.0'?><presence xmlns='urn:ietf:params:xml:ns:pidf' "        \
  "entity='sip:alice@example.com'><tuple id='t1'><status><basic>closed"        \
  "</basic></status></tuple></presence>"

typedef struct {
  FakeLoop *loop;
  FakeSip *sip;
  StoreMem *store;
  Counters *counters;
  Service *service;
  gboolean is_ready;
  /* The last answer of each kind. */
  guint answers;
  ServiceVerdict verdict;
  guint expires, bindings, n_sent_at_answer;
  gint64 longest;
  char etag[64], tag[64];
  char *fatal;
} Bed;

static const ServiceLimits limits = {
  .reg = { 60, 7200, 3600, 10 },
  .presence = { 60, 7200, 3600, 10 },
  .subs = { 60, 7200, 3600, 60, 64, 0, 0 },
  .wake_rate = 1000,
  .away_expires = 120,
  .im = { .alone = 4000000,
          .fork = 10000000,
          .idle = 600000000,
          .retry = 30000000,
          .max_locks = 1000,
          .chunk = 10,
          .max_waiting = 20 },
  .max_recipients = 20,
  .broadcast_rate = 100,
  .ledger_keep = 86400,
  .max_pending = 2,
};

static void
ready_cb (gpointer data)
{
  ((Bed *)data)->is_ready = TRUE;
}

static void
start_service (Bed *bed)
{
  static const char *const domains[] = { "example.com", NULL };

  bed->service = service_new (&limits, domains, fake_loop_clock (bed->loop),
                              fake_loop_port (bed->loop),
                              store_mem_port (bed->store), bed->counters);
  service_set_sip (bed->service, &bed->sip->port);
  bed->is_ready = FALSE;
  service_start (bed->service, ready_cb, bed);
  fake_loop_settle (bed->loop);
  g_assert_true (bed->is_ready);
}

static void
put_user (Bed *bed, const char *aor, gboolean is_enabled)
{
  StoreUser user = { .aor = (char *)aor,
                     .ha1_md5 = (char *)"x",
                     .ha1_sha256 = (char *)"y",
                     .is_enabled = is_enabled };

  store_mem_put_user (bed->store, &user);
}

/* Anybody may watch anybody. */
static PolicySettings
open_settings (void)
{
  PolicySettings settings = policy_settings_default;

  settings.adhoc_enabled = TRUE;
  settings.adhoc_ttl = POLICY_NO_LIMIT;
  return settings;
}

static void
setup (Bed *bed, gconstpointer data)
{
  const PolicySettings settings = open_settings ();

  bed->loop = fake_loop_new ();
  bed->sip = fake_sip_new ();
  bed->counters = counters_new ();
  bed->store
      = store_mem_new (fake_loop_port (bed->loop), fake_loop_clock (bed->loop));
  store_mem_put_settings (bed->store, &settings);
  put_user (bed, "alice@example.com", TRUE);
  put_user (bed, "bob@example.com", TRUE);
  put_user (bed, "carol@example.com", TRUE);
  start_service (bed);
}

static void
teardown (Bed *bed, gconstpointer data)
{
  fake_sip_drain (bed->sip);
  fake_loop_settle (bed->loop);
  fake_sip_drain (bed->sip);
  service_free (bed->service);
  store_mem_free (bed->store);
  fake_sip_free (bed->sip);
  fake_loop_free (bed->loop);
  counters_free (bed->counters);
  g_free (bed->fatal);
}

static ServiceCaller
caller_of (const char *user, const char *call_id, guint32 cseq)
{
  ServiceCaller caller = { .user = user,
                           .source = "udp:127.0.0.1:5099",
                           .call_id = call_id,
                           .from_tag = "ft",
                           .cseq = cseq };

  return caller;
}

static void do_message (Bed *bed, const char *recipient, const char *instance);

/* REGISTER */

static void
registered_cb (const RegisterAnswer *answer, gpointer data)
{
  Bed *bed = data;

  bed->answers++;
  bed->verdict = answer->verdict;
  bed->bindings = answer->bindings != NULL ? answer->bindings->len : 0;
  bed->longest = 0;
  for (guint i = 0; i < bed->bindings; i++) {
    RegBinding *binding = g_ptr_array_index (answer->bindings, i);

    bed->longest = MAX (bed->longest,
                        (binding->expires_at - answer->now) / G_USEC_PER_SEC);
  }
}

static void
do_register (Bed *bed, const char *aor, const char *contact, guint32 cseq,
             gint64 expires)
{
  ServiceCaller caller = caller_of (aor, contact, cseq);
  RegContact item = { .uri = contact, .q = -1, .expires = -1 };
  RegRequest request = { .aor = aor,
                         .call_id = contact,
                         .cseq = cseq,
                         .contacts = &item,
                         .n_contacts = 1,
                         .expires = expires,
                         .received = "udp:127.0.0.1:5099" };

  caller.contact = contact;
  service_register (bed->service, &caller, &request, registered_cb, bed);
}

static void
test_register_answers_after_commit (Bed *bed, gconstpointer data)
{
  do_register (bed, "alice@example.com", "sip:alice@127.0.0.1:5070", 1, 600);
  g_assert_cmpuint (bed->answers, ==, 0);
  fake_loop_settle (bed->loop);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (bed->bindings, ==, 1);
  g_assert_cmpint (bed->longest, ==, 600);
}

static void
test_register_forbidden (Bed *bed, gconstpointer data)
{
  ServiceCaller caller = caller_of ("bob@example.com", "c", 1);
  RegRequest request
      = { .aor = "alice@example.com", .call_id = "c", .expires = -1 };

  service_register (bed->service, &caller, &request, registered_cb, bed);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
}

static void
test_register_refused (Bed *bed, gconstpointer data)
{
  store_mem_refuse_next (bed->store);
  do_register (bed, "alice@example.com", "sip:alice@127.0.0.1:5070", 1, 600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FAILED);
  do_message (bed, "alice@example.com", NULL);
  g_assert_cmpint (bed->verdict, ==, SERVICE_UNAVAILABLE);
}

/* SUBSCRIBE */

static void
subscribed_cb (const SubscribeAnswer *answer, gpointer data)
{
  Bed *bed = data;

  bed->answers++;
  bed->verdict = answer->verdict;
  bed->expires = answer->expires;
  bed->n_sent_at_answer = bed->sip->sent;
  g_strlcpy (bed->tag, answer->local_tag != NULL ? answer->local_tag : "",
             sizeof bed->tag);
}

static void
do_subscribe (Bed *bed, const char *watcher, const char *presentity,
              const char *package, const char *tag, guint32 cseq,
              gint64 expires)
{
  g_autofree char *call_id = g_strconcat (watcher, package, NULL);
  g_autofree char *target = g_strdup_printf ("sip:%s:5099", watcher);
  ServiceCaller caller = caller_of (watcher, call_id, cseq);
  SubscribeCommand command
      = { .dialog = { .presentity = presentity,
                      .watcher = watcher,
                      .package = package,
                      .event = package,
                      .call_id = call_id,
                      .local_tag = tag,
                      .remote_tag = "ft",
                      .local_uri = "sip:p@example.com",
                      .remote_uri = "sip:w@example.com",
                      .target = target,
                      .source = "udp:127.0.0.1:5099",
                      .local_contact = "sip:127.0.0.1:5060" },
          .expires = expires };

  service_subscribe (bed->service, &caller, &command, subscribed_cb, bed);
}

static void
expect_notify (Bed *bed, const char *watcher, SubsState state, const char *text)
{
  g_autoptr (FakeNotify) notify
      = fake_sip_answer (bed->sip, watcher, SUBS_NOTIFY_OK);

  g_assert_cmpint (notify->state, ==, state);
  if (text == NULL)
    g_assert_null (notify->body);
  else if (notify->body == NULL || strstr (notify->body, text) == NULL)
    g_error ("no \"%s\" in the NOTIFY to %s: %s", text, watcher, notify->body);
}

static void
subscribe_bob_to_alice (Bed *bed)
{
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "<basic>closed");
}

static void
test_subscribe_notify_follows_answer (Bed *bed, gconstpointer data)
{
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 600);
  g_assert_cmpuint (bed->answers, ==, 0);
  g_assert_cmpuint (bed->sip->sent, ==, 0);
  fake_loop_settle (bed->loop);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpuint (bed->expires, ==, 600);
  g_assert_cmpuint (bed->n_sent_at_answer, ==, 0);
  g_assert_cmpuint (bed->sip->sent, ==, 1);
  expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "<basic>closed");
}

static void
test_subscribe_refusals (Bed *bed, gconstpointer data)
{
  do_subscribe (bed, "bob@example.com", "nobody@example.com", "presence", NULL,
                1, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_NOT_FOUND);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "weather", NULL, 1,
                600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BAD_EVENT);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence.winfo",
                NULL, 1, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 10);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BRIEF);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence",
                "no-such-tag", 1, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_GONE);
}

static void
test_subscribe_unsubscribe (Bed *bed, gconstpointer data)
{
  g_autofree char *tag = NULL;

  subscribe_bob_to_alice (bed);
  tag = g_strdup (bed->tag);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", tag, 2,
                0);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (bed->expires, ==, 0);
  expect_notify (bed, "bob@example.com", SUBS_TERMINATED, "<basic>closed");
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", tag, 3,
                600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_GONE);
}

static void
test_subscribe_fetch (Bed *bed, gconstpointer data)
{
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 0);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  expect_notify (bed, "bob@example.com", SUBS_TERMINATED, "<basic>closed");
}

/* PUBLISH */

static void
published_cb (const PublishAnswer *answer, gpointer data)
{
  Bed *bed = data;

  bed->answers++;
  bed->verdict = answer->verdict;
  bed->expires = answer->expires;
  bed->n_sent_at_answer = bed->sip->sent;
  if (answer->etag != NULL)
    g_strlcpy (bed->etag, answer->etag, sizeof bed->etag);
}

static void
do_publish (Bed *bed, const char *if_match, guint32 cseq, const char *body,
            gint64 expires)
{
  ServiceCaller caller = caller_of ("alice@example.com", "publish", cseq);
  g_autoptr (GBytes) bytes
      = body != NULL ? g_bytes_new (body, strlen (body)) : NULL;
  PublishCommand command
      = { .presentity = "alice@example.com",
          .event = "presence",
          .if_match = if_match,
          .expires = expires,
          .body = bytes,
          .content_type = body != NULL ? "application/pidf+xml" : NULL };

  service_publish (bed->service, &caller, &command, published_cb, bed);
}

static void
test_publish_shown_after_commit (Bed *bed, gconstpointer data)
{
  subscribe_bob_to_alice (bed);
  do_publish (bed, NULL, 1, OPEN_BODY, 600);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (bed->n_sent_at_answer, ==, 1);
  expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "<basic>open");
}

static void
test_publish_two_for_one_etag (Bed *bed, gconstpointer data)
{
  g_autofree char *etag = NULL;

  do_publish (bed, NULL, 1, OPEN_BODY, 600);
  fake_loop_settle (bed->loop);
  etag = g_strdup (bed->etag);
  bed->answers = 0;
  do_publish (bed, etag, 2, CLOSED_BODY, 600);
  g_assert_cmpuint (bed->answers, ==, 0);
  do_publish (bed, etag, 3, OPEN_BODY, 600);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_NO_MATCH);
  fake_loop_settle (bed->loop);
  g_assert_cmpuint (bed->answers, ==, 2);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
}

static void
test_publish_refusals (Bed *bed, gconstpointer data)
{
  do_publish (bed, NULL, 1, "<not a document", 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BAD_REQUEST);
  do_publish (bed, NULL, 2, NULL, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BAD_REQUEST);
  do_publish (bed, "unknown", 3, NULL, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_NO_MATCH);
  do_publish (bed, NULL, 4, OPEN_BODY, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BRIEF);
  store_mem_refuse_next (bed->store);
  do_publish (bed, NULL, 5, OPEN_BODY, 600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_FAILED);
  subscribe_bob_to_alice (bed);
}

static void
test_publish_expires (Bed *bed, gconstpointer data)
{
  subscribe_bob_to_alice (bed);
  do_publish (bed, NULL, 1, OPEN_BODY, 60);
  fake_loop_settle (bed->loop);
  expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "<basic>open");
  fake_loop_run (bed->loop, 62);
  expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "<basic>closed");
}

/* DESIGN section 3, rule 5. */
static void
test_away_answers_from_memory (Bed *bed, gconstpointer data)
{
  store_mem_set_up (bed->store, FALSE);
  do_register (bed, "alice@example.com", "sip:alice@127.0.0.1:5070", 1, 3600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpint (bed->longest, <=, 120);
  do_publish (bed, NULL, 1, OPEN_BODY, 3600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (bed->expires, <=, 120);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 3600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (bed->expires, <=, 120);
  /* what alice decided about bob cannot be read: nothing is shown */
  expect_notify (bed, "bob@example.com", SUBS_PENDING, NULL);
  store_mem_set_up (bed->store, TRUE);
  fake_loop_run (bed->loop, 1);
  expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "<basic>open");
  g_assert_cmpint (*counters_cell (bed->counters, "answers_from_memory"), ==,
                   3);
}

/* DESIGN section 3, rule 8. */
static void
test_restart_goes_on_in_old_dialogs (Bed *bed, gconstpointer data)
{
  g_autoptr (FakeNotify) before = NULL, after = NULL;
  g_autofree char *tag = NULL;

  do_publish (bed, NULL, 1, OPEN_BODY, 600);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 600);
  fake_loop_settle (bed->loop);
  tag = g_strdup (bed->tag);
  before = fake_sip_answer (bed->sip, "bob@example.com", SUBS_NOTIFY_OK);
  fake_loop_settle (bed->loop);
  service_free (bed->service);
  start_service (bed);
  fake_loop_run (bed->loop, 1);
  after = fake_sip_answer (bed->sip, "bob@example.com", SUBS_NOTIFY_OK);
  g_assert_cmpuint (after->cseq, >, before->cseq);
  g_assert_nonnull (strstr (after->body, "<basic>open"));
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", tag, 2,
                600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "<basic>open");
}

/* DESIGN section 3, rule 6. */
static void
test_restart_repeats_answers (Bed *bed, gconstpointer data)
{
  g_autofree char *tag = NULL, *etag = NULL;

  do_publish (bed, NULL, 1, OPEN_BODY, 600);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 600);
  do_register (bed, "alice@example.com", "sip:alice@127.0.0.1:5070", 1, 600);
  fake_loop_settle (bed->loop);
  tag = g_strdup (bed->tag);
  etag = g_strdup (bed->etag);
  fake_sip_drain (bed->sip);
  service_free (bed->service);
  start_service (bed);
  do_publish (bed, NULL, 1, OPEN_BODY, 600);
  fake_loop_settle (bed->loop);
  g_assert_cmpstr (bed->etag, ==, etag);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 600);
  fake_loop_settle (bed->loop);
  g_assert_cmpstr (bed->tag, ==, tag);
  do_register (bed, "alice@example.com", "sip:alice@127.0.0.1:5070", 1, 600);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (bed->bindings, ==, 1);
}

/* Users */

static void
test_user_disabled (Bed *bed, gconstpointer data)
{
  g_autoptr (FakeNotify) last = NULL;

  subscribe_bob_to_alice (bed);
  do_register (bed, "alice@example.com", "sip:alice@127.0.0.1:5070", 1, 600);
  put_user (bed, "alice@example.com", FALSE); /* before its commit */
  fake_loop_settle (bed->loop);
  last = fake_sip_answer (bed->sip, "bob@example.com", SUBS_NOTIFY_OK);
  g_assert_cmpint (last->state, ==, SUBS_TERMINATED);
  g_assert_cmpint (last->reason, ==, SUBS_REJECTED);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                9, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_NOT_FOUND);
  put_user (bed, "alice@example.com", TRUE);
  subscribe_bob_to_alice (bed); /* she has no binding: closed */
}

static void
test_user_removed (Bed *bed, gconstpointer data)
{
  g_autoptr (FakeNotify) last = NULL;

  subscribe_bob_to_alice (bed);
  store_mem_drop_user (bed->store, "alice@example.com");
  fake_loop_settle (bed->loop);
  last = fake_sip_answer (bed->sip, "bob@example.com", SUBS_NOTIFY_OK);
  g_assert_cmpint (last->state, ==, SUBS_TERMINATED);
  g_assert_cmpint (last->reason, ==, SUBS_NORESOURCE);
}

/* RFC 3857 */
static void
test_winfo (Bed *bed, gconstpointer data)
{
  g_autofree char *tag = NULL;

  do_subscribe (bed, "alice@example.com", "alice@example.com", "presence.winfo",
                NULL, 1, 600);
  fake_loop_settle (bed->loop);
  expect_notify (bed, "alice@example.com", SUBS_ACTIVE, "version=\"0\"");
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                1, 600);
  fake_loop_settle (bed->loop);
  tag = g_strdup (bed->tag);
  expect_notify (bed, "alice@example.com", SUBS_ACTIVE, "bob@example.com");
  fake_sip_drain (bed->sip);
  do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", tag, 2,
                0);
  fake_loop_settle (bed->loop);
  expect_notify (bed, "alice@example.com", SUBS_ACTIVE, "terminated");
  fake_sip_drain (bed->sip);
}

static guint
count_of (const char *text, const char *part)
{
  guint n = 0;

  for (; (text = strstr (text, part)) != NULL; text++)
    n++;
  return n;
}

/* Who comes and goes all the time makes no document of any size. */
static void
test_winfo_bounded (Bed *bed, gconstpointer data)
{
  g_autoptr (FakeNotify) notify = NULL;

  do_subscribe (bed, "alice@example.com", "alice@example.com", "presence.winfo",
                NULL, 1, 600);
  fake_loop_settle (bed->loop);
  expect_notify (bed, "alice@example.com", SUBS_ACTIVE, "version=\"0\"");
  for (guint32 i = 1; i < 300; i += 2) {
    g_autofree char *tag = NULL;

    do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", NULL,
                  i, 600);
    fake_loop_settle (bed->loop);
    tag = g_strdup (bed->tag);
    expect_notify (bed, "bob@example.com", SUBS_ACTIVE, "");
    do_subscribe (bed, "bob@example.com", "alice@example.com", "presence", tag,
                  i + 1, 0);
    fake_loop_settle (bed->loop);
    expect_notify (bed, "bob@example.com", SUBS_TERMINATED, "");
  }
  expect_notify (bed, "alice@example.com", SUBS_ACTIVE, "");
  notify = fake_sip_answer (bed->sip, "alice@example.com", SUBS_NOTIFY_OK);
  g_assert_cmpuint (count_of (notify->body, "\"terminated\""), ==, 100);
}

/* MESSAGE */

static void
messaged_cb (const MessageAnswer *answer, gpointer data)
{
  Bed *bed = data;

  bed->answers++;
  bed->verdict = answer->verdict;
  bed->expires = answer->response != NULL ? answer->response->status : 0;
}

static void
do_message (Bed *bed, const char *recipient, const char *instance)
{
  ServiceCaller caller = caller_of ("alice@example.com", "message", 1);
  MessageCommand command = { .recipient = recipient, .instance = instance };

  bed->answers = 0;
  service_message (bed->service, &caller, &command, messaged_cb, bed);
}

static void
test_message_forks (Bed *bed, gconstpointer data)
{
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5071", 1, 600);
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5072", 1, 600);
  fake_loop_settle (bed->loop);
  do_message (bed, "bob@example.com", NULL);
  g_assert_cmpuint (bed->sip->forwards->len, ==, 2);
  fake_sip_respond (bed->sip, "sip:bob@127.0.0.1:5071", 486);
  g_assert_cmpuint (bed->answers, ==, 0);
  fake_sip_respond (bed->sip, "sip:bob@127.0.0.1:5072", 200);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpuint (bed->expires, ==, 200);
}

static void
test_message_first_answer_wins (Bed *bed, gconstpointer data)
{
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5071", 1, 600);
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5072", 1, 600);
  fake_loop_settle (bed->loop);
  do_message (bed, "bob@example.com", NULL);
  fake_sip_respond (bed->sip, "sip:bob@127.0.0.1:5071", 200);
  g_assert_cmpuint (bed->answers, ==, 1);
  fake_sip_respond (bed->sip, "sip:bob@127.0.0.1:5072", 0);
  g_assert_cmpuint (bed->answers, ==, 1);
}

static void
test_message_silence (Bed *bed, gconstpointer data)
{
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5071", 1, 600);
  fake_loop_settle (bed->loop);
  do_message (bed, "bob@example.com", NULL);
  fake_loop_run (bed->loop, 10.5);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_UNAVAILABLE);
  fake_sip_respond (bed->sip, "sip:bob@127.0.0.1:5071", 200);
  g_assert_cmpuint (bed->answers, ==, 1);
}

static void
test_message_nobody (Bed *bed, gconstpointer data)
{
  do_message (bed, "bob@example.com", NULL);
  g_assert_cmpint (bed->verdict, ==, SERVICE_UNAVAILABLE);
  do_message (bed, "nobody@example.com", NULL);
  g_assert_cmpint (bed->verdict, ==, SERVICE_NOT_FOUND);
}

static void
register_instance (Bed *bed, guint32 cseq, gint64 expires)
{
  ServiceCaller caller = caller_of ("bob@example.com", "i", cseq);
  RegContact item = { .uri = "sip:bob@127.0.0.1:5073",
                      .instance = "urn:uuid:1",
                      .q = -1,
                      .expires = -1 };
  RegRequest request = { .aor = "bob@example.com",
                         .call_id = "i",
                         .cseq = cseq,
                         .contacts = &item,
                         .n_contacts = 1,
                         .expires = expires,
                         .received = "udp:127.0.0.1:5099" };

  service_register (bed->service, &caller, &request, registered_cb, bed);
  fake_loop_settle (bed->loop);
}

/* RFC 5627 */
static void
test_message_gruu (Bed *bed, gconstpointer data)
{
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5071", 1, 600);
  register_instance (bed, 1, 600);
  do_message (bed, "bob@example.com", "urn:uuid:1");
  g_assert_cmpuint (bed->sip->forwards->len, ==, 1);
  fake_sip_respond (bed->sip, "sip:bob@127.0.0.1:5073", 200);
  g_assert_cmpint (bed->verdict, ==, SERVICE_RELAYED);
  do_message (bed, "bob@example.com", "urn:uuid:2");
  g_assert_cmpint (bed->verdict, ==, SERVICE_NOT_FOUND);
  register_instance (bed, 2, 0);
  do_message (bed, "bob@example.com", "urn:uuid:1");
  g_assert_cmpint (bed->verdict, ==, SERVICE_UNAVAILABLE);
  service_free (bed->service);
  start_service (bed);
  do_message (bed, "bob@example.com", "urn:uuid:1");
  g_assert_cmpint (bed->verdict, ==, SERVICE_UNAVAILABLE);
}

/* Stop */

static void
stopped_cb (gpointer data)
{
  ((Bed *)data)->is_ready = FALSE;
}

static void
test_stop_finishes_in_flight (Bed *bed, gconstpointer data)
{
  do_register (bed, "alice@example.com", "sip:alice@127.0.0.1:5070", 1, 600);
  service_stop (bed->service, 5000, stopped_cb, bed);
  g_assert_true (bed->is_ready);
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5071", 1, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BUSY);
  fake_loop_settle (bed->loop);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_false (bed->is_ready);
}

/* No phone answers within the time that is left. */
static void
test_stop_answers_messages (Bed *bed, gconstpointer data)
{
  do_register (bed, "bob@example.com", "sip:bob@127.0.0.1:5071", 1, 600);
  fake_loop_settle (bed->loop);
  do_message (bed, "bob@example.com", NULL);
  fake_loop_settle (bed->loop);
  service_stop (bed->service, 5000, stopped_cb, bed);
  g_assert_cmpuint (bed->answers, ==, 0);
  fake_loop_run (bed->loop, 5.5);
  g_assert_false (bed->is_ready);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_UNAVAILABLE);
  fake_sip_respond (bed->sip, "sip:bob@127.0.0.1:5071", 200);
}

static void
test_drain (Bed *bed, gconstpointer data)
{
  g_autoptr (FakeNotify) last = NULL;

  subscribe_bob_to_alice (bed);
  g_assert_cmpuint (service_drain (bed->service), ==, 1);
  fake_loop_run (bed->loop, 1);
  last = fake_sip_answer (bed->sip, "bob@example.com", SUBS_NOTIFY_OK);
  g_assert_cmpint (last->state, ==, SUBS_TERMINATED);
  g_assert_cmpint (last->reason, ==, SUBS_DEACTIVATED);
}

#define ADD(path, fn) g_test_add (path, Bed, NULL, setup, fn, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/service/register/answers-after-commit",
       test_register_answers_after_commit);
  ADD ("/service/register/forbidden", test_register_forbidden);
  ADD ("/service/register/refused", test_register_refused);
  ADD ("/service/subscribe/rfc6665-4.2.1.2/notify-follows-answer",
       test_subscribe_notify_follows_answer);
  ADD ("/service/subscribe/refusals", test_subscribe_refusals);
  ADD ("/service/subscribe/unsubscribe", test_subscribe_unsubscribe);
  ADD ("/service/subscribe/rfc6665-4.4.3/fetch", test_subscribe_fetch);
  ADD ("/service/publish/shown-after-commit", test_publish_shown_after_commit);
  ADD ("/service/publish/rfc3903-6/two-for-one-etag",
       test_publish_two_for_one_etag);
  ADD ("/service/publish/refusals", test_publish_refusals);
  ADD ("/service/publish/expires", test_publish_expires);
  ADD ("/service/away/answers-from-memory", test_away_answers_from_memory);
  ADD ("/service/restart/old-dialogs", test_restart_goes_on_in_old_dialogs);
  ADD ("/service/restart/repeats-answers", test_restart_repeats_answers);
  ADD ("/service/user/disabled", test_user_disabled);
  ADD ("/service/user/removed", test_user_removed);
  ADD ("/service/winfo", test_winfo);
  ADD ("/service/winfo/bounded", test_winfo_bounded);
  ADD ("/service/message/forks", test_message_forks);
  ADD ("/service/message/first-answer-wins", test_message_first_answer_wins);
  ADD ("/service/message/silence", test_message_silence);
  ADD ("/service/message/nobody", test_message_nobody);
  ADD ("/service/message/rfc5627/gruu", test_message_gruu);
  ADD ("/service/stop/finishes-in-flight", test_stop_finishes_in_flight);
  ADD ("/service/stop/answers-messages", test_stop_answers_messages);
  ADD ("/service/drain", test_drain);
  return g_test_run ();
}
