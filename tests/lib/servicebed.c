/* SPDX-License-Identifier: ISC
 *
 * The bed of tests of what watchers see. */
#include "servicebed.h"

#include <string.h>

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
  .imdn_window = 2,
  .ledger_keep = 86400,
  .max_pending = 100,
  .watch = { .max = 3, .max_per_user = 2, .expires = 3600, .max_body = 1000 },
  .rooms = { .max_rooms = 3,
             .max_roster = 100,
             .rejoins = 100,
             .ping = 600,
             .grace = 30 },
  .room_history = 20,
  .room_delay = 200,
  .list_max = 10,
  .list_members = 100,
  .list_delay = 100,
};

static void
ready_cb (gpointer data)
{
  *(gboolean *)data = TRUE;
}

void
bed_put_user (ServiceBed *self, const char *aor, PolicyOverride share,
              PolicyOverride approval)
{
  const StoreUser user = { .aor = (char *)aor,
                           .ha1_md5 = (char *)"x",
                           .ha1_sha256 = (char *)"y",
                           .is_enabled = TRUE,
                           .share_availability = share,
                           .allow_without_approval = approval };

  store_mem_put_user (self->store, &user);
}

void
bed_set (ServiceBed *self)
{
  store_mem_put_settings (self->store, &self->settings);
}

static void
set_xmpp (ServiceBed *self)
{
  static const char *const domains[] = { XMPP_DOMAIN, NULL };
  static const char *const rooms[] = { XMPP_ROOMS, NULL };

  if (self->has_no_xmpp)
    return;
  self->xmpp->events = service_xmpp_events (self->service);
  service_set_xmpp (self->service, &self->xmpp->port,
                    &(XmppPlaces){ domains, rooms });
}

void
bed_start (ServiceBed *self)
{
  static const char *const domains[] = { "example.com", NULL };
  gboolean is_ready = FALSE;

  self->service = service_new (&limits, domains, fake_loop_clock (self->loop),
                               fake_loop_port (self->loop),
                               store_mem_port (self->store), self->counters);
  service_set_sip (self->service, &self->sip->port);
  service_set_messages (self->service, store_mem_messages (self->store));
  service_set_documents (self->service, store_mem_documents (self->store),
                         self->xcap_root);
  set_xmpp (self);
  service_start (self->service, ready_cb, &is_ready);
  fake_loop_settle (self->loop);
  g_assert_true (is_ready);
  if (!self->has_no_xmpp)
    fake_xmpp_link (self->xmpp, TRUE);
  fake_loop_settle (self->loop);
}

void
bed_stop (ServiceBed *self)
{
  service_set_sip (self->service, NULL);
  service_set_xmpp (self->service, NULL, NULL);
  self->xmpp->is_up = FALSE;
  g_clear_pointer (&self->service, service_free);
}

ServiceBed *
bed_new (void)
{
  static const char *const users[] = { ALICE, BOB, CAROL };
  ServiceBed *self = g_new0 (ServiceBed, 1);

  self->loop = fake_loop_new ();
  self->sip = fake_sip_new ();
  self->xmpp = fake_xmpp_new ();
  self->counters = counters_new ();
  self->store = store_mem_new (fake_loop_port (self->loop),
                               fake_loop_clock (self->loop));
  self->settings = policy_settings_default;
  self->settings.adhoc_enabled = TRUE;
  self->settings.adhoc_ttl = POLICY_NO_LIMIT;
  bed_set (self);
  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    bed_put_user (self, users[i], POLICY_AS_SETTINGS, POLICY_AS_SETTINGS);
  bed_start (self);
  return self;
}

void
bed_restart (ServiceBed *self)
{
  bed_drain (self);
  bed_stop (self);
  bed_start (self);
}

void
bed_free (ServiceBed *self)
{
  if (self == NULL)
    return;
  bed_drain (self);
  service_free (self->service);
  store_mem_free (self->store);
  fake_sip_free (self->sip);
  fake_xmpp_free (self->xmpp);
  fake_loop_free (self->loop);
  counters_free (self->counters);
  g_free (self);
}

static void
add_decisions (StorePolicy *policy, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 0);

  for (char **word = words; *word != NULL; word++) {
    g_auto (GStrv) parts = g_strsplit (*word, "=", 2);

    if (parts[0] != NULL && parts[1] != NULL)
      store_policy_add_decision (policy, parts[0], parts[1]);
  }
}

void
bed_put_policy (ServiceBed *self, const char *rules, const char *lists,
                const char *decisions)
{
  StorePolicy *policy = store_policy_new (ALICE);

  if (rules != NULL) {
    g_ptr_array_add (policy->rules, g_bytes_new (rules, strlen (rules)));
    g_ptr_array_add (policy->places, g_strdup ("pres-rules"));
  }
  if (lists != NULL)
    policy->lists = g_bytes_new (lists, strlen (lists));
  add_decisions (policy, decisions != NULL ? decisions : "");
  store_mem_put_policy (self->store, policy);
  fake_loop_settle (self->loop);
}

typedef struct {
  const char *watcher;
  char *decision;
} Finding;

static void
policy_cb (StorePolicy *policy, gpointer data)
{
  Finding *finding = data;

  for (guint i = 0; i < policy->decisions->len; i++) {
    const StoreDecision *row = policy->decisions->pdata[i];

    if (strcmp (row->watcher, finding->watcher) == 0)
      finding->decision = g_strdup (row->decision);
  }
  store_policy_free (policy);
}

char *
bed_decision (ServiceBed *self, const char *watcher)
{
  StorePort *port = store_mem_port (self->store);
  Finding finding = { watcher, NULL };

  port->load_policy (port->self, ALICE, policy_cb, &finding);
  fake_loop_settle (self->loop);
  return finding.decision;
}

static ServiceCaller
caller_of (ServiceBed *self, const char *user, const char *call_id)
{
  return (ServiceCaller){ .user = user,
                          .source = "udp:127.0.0.1:5099",
                          .call_id = call_id,
                          .from_tag = "ft",
                          .cseq = ++self->cseq };
}

static void
subscribed_cb (const SubscribeAnswer *answer, gpointer data)
{
  ServiceBed *self = data;

  self->verdict = answer->verdict;
  self->granted = answer->expires;
}

void
bed_subscribe (ServiceBed *self, const char *watcher, const char *presentity,
               const char *package, gint64 expires)
{
  g_autofree char *call_id
      = g_strdup_printf ("%s-%s-%u", watcher, package, self->cseq);
  g_autofree char *target = g_strdup_printf ("sip:%s:5099", watcher);
  g_autofree char *uri = g_strconcat ("sip:", watcher, NULL);
  ServiceCaller caller = caller_of (self, watcher, call_id);
  const SubscribeCommand command
      = { .dialog = { .presentity = presentity,
                      .watcher = watcher,
                      .package = package,
                      .event = package,
                      .call_id = call_id,
                      .remote_tag = "ft",
                      .local_uri = "sip:p@example.com",
                      .remote_uri = uri,
                      .target = target,
                      .accept = self->accept,
                      .body = self->body,
                      .source = "udp:127.0.0.1:5099",
                      .local_contact = "sip:127.0.0.1:5060" },
          .profile_type = self->profile_type,
          .suppress = self->suppress,
          .has_lists = self->body != NULL,
          .expires = expires };

  service_subscribe (self->service, &caller, &command, subscribed_cb, self);
  fake_loop_settle (self->loop);
}

static void
published_cb (const PublishAnswer *answer, gpointer data)
{
  ServiceBed *self = data;

  self->verdict = answer->verdict;
  if (answer->etag != NULL)
    g_strlcpy (self->etag, answer->etag, sizeof self->etag);
}

void
bed_publish (ServiceBed *self, const char *inner)
{
  g_autofree char *text
      = g_strdup_printf ("<presence xmlns='urn:ietf:params:xml:ns:pidf'"
                         " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"
                         " xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid'"
                         " entity='sip:" ALICE "'>%s</presence>",
                         inner);
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));
  ServiceCaller caller = caller_of (self, ALICE, "publish");
  const PublishCommand command
      = { .presentity = ALICE,
          .event = "presence",
          .if_match = *self->etag != '\0' ? self->etag : NULL,
          .expires = 3600,
          .body = body,
          .content_type = "application/pidf+xml" };

  service_publish (self->service, &caller, &command, published_cb, self);
  fake_loop_settle (self->loop);
  g_assert_cmpint (self->verdict, ==, SERVICE_OK);
}

void
bed_expect (ServiceBed *self, const char *watcher, SubsState state,
            const char *text)
{
  g_autoptr (FakeNotify) notify
      = fake_sip_answer (self->sip, watcher, SUBS_NOTIFY_OK);

  fake_loop_settle (self->loop);
  g_assert_cmpint (notify->state, ==, state);
  if (text == NULL)
    g_assert_null (notify->body);
  else if (notify->body == NULL || strstr (notify->body, text) == NULL)
    g_error ("no \"%s\" in the NOTIFY to %s: %s", text, watcher, notify->body);
}

guint
bed_drain (ServiceBed *self)
{
  guint n = 0, some;

  do {
    some = fake_sip_drain (self->sip);
    fake_loop_settle (self->loop);
    n += some;
  } while (some > 0);
  return n;
}
