/* SPDX-License-Identifier: ISC
 *
 * Making, starting, ticking and stopping the use cases. */
#define G_LOG_DOMAIN "service"
#include "service/aggregate.h"
#include "service/backend.h"
#include "service/calls.h"
#include "service/devices.h"
#include "service/documents.h"
#include "service/judge.h"
#include "service/lists.h"
#include "service/mail.h"
#include "service/orphans.h"
#include "service/permanent.h"
#include "service/registrations.h"
#include "service/relay.h"
#include "service/renew.h"
#include "service/seen.h"
#include "service/shape.h"
#include "service/summary.h"
#include "service/watchers.h"
#include "service/xcap_events.h"
#include "service/xmpp-presence.h"
#include "service/xmpp-rooms.h"
#include "service/xmpp-priv.h"

#define TICK_MS 100

static gint64
count (guint value)
{
  return value;
}

static void
expire_publications (Service *self)
{
  presence_advance (self->presence, service_now (self),
                    service_publication_gone_cb, self);
}

static void
expire_bindings (Service *self)
{
  g_autoptr (GPtrArray) changes
      = g_ptr_array_new_with_free_func ((GDestroyNotify)reg_change_free);

  reg_advance (self->reg, service_now (self), changes);
  service_bindings_gone (self, changes);
}

static void
expire_subscriptions (Service *self)
{
  GArray *actions = subs_actions_new ();

  subs_advance (self->subs, service_now (self), actions);
  service_act (self, actions);
}

static void
tick_cb (gpointer data)
{
  Service *self = data;

  if (!self->is_ready)
    return;
  expire_bindings (self);
  expire_publications (self);
  expire_subscriptions (self);
  seen_advance (self);
  aggregates_advance (self->aggregates);
  mail_advance (self->mail);
  registrations_advance (self);
  watchers_advance (self);
  renewals_advance (self);
  backend_advance (self->backend);
  lists_advance (self);
  xmpp_advance (self->xmpp);
  *counters_cell (self->counters, "bindings") = count (reg_size (self->reg));
  *counters_cell (self->counters, "subscriptions")
      = count (subs_size (self->subs));
  *counters_cell (self->counters, "publications")
      = count (presence_size (self->presence));
}

static void
fatal_cb (const char *message, gpointer data)
{
  Service *self = data;

  if (self->fatal_fn != NULL)
    self->fatal_fn (message, self->fatal_data);
  else
    g_critical ("%s", message);
}

static void
documents_changed_cb (const char *auid, const char *owner, const char *name,
                      gpointer data)
{
  permanent_changed (auid, owner, name, data);
  xcap_events_changed (auid, owner, name, data);
  lists_documents_changed (data, auid, owner);
}

static const StoreEvents store_events
    = { .user_changed = service_user_changed,
        .users_begin = service_users_begin,
        .users_end = service_users_end,
        .settings_changed = judge_settings_changed,
        .policy_changed = judge_policy_changed,
        .documents_changed = documents_changed_cb,
        .messages_changed = mail_changed_cb,
        .up_changed = service_up_changed,
        .fatal = fatal_cb };

Service *
service_new (const ServiceLimits *limits, const char *const *domains,
             const Clock *clock, LoopPort *loop, StorePort *store,
             Counters *counters)
{
  Service *self = g_new0 (Service, 1);
  gint64 now = clock_now (clock);

  self->limits = *limits;
  self->clock = clock;
  self->loop = loop;
  self->store = store;
  self->counters = counters;
  self->domains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (; *domains != NULL; domains++)
    g_hash_table_add (self->domains, g_ascii_strdown (*domains, -1));
  service_users_init (self);
  self->reg = reg_new (now);
  self->presence = presence_new (now);
  seen_init (self);
  self->subs = subs_new (&limits->subs, now);
  self->settings = policy_settings_default;
  self->facts = facts_new (self);
  self->calls = calls_new ();
  self->documents = documents_new ();
  self->watchers = watchers_new ();
  self->xcap = xcap_events_new ();
  self->lists = all_lists_new (self);
  self->permanents = permanents_new (self);
  self->renewals = renewals_new (self);
  self->shapes = shapes_new ();
  self->summaries = summaries_new ();
  self->pacing = g_hash_table_new (NULL, NULL);
  self->reserves = g_ptr_array_new ();
  self->mail = mail_new (self);
  self->backend = backend_new (self);
  lists_watch_elsewhere (self);
  self->aggregates = aggregates_new (self);
  self->xmpp = xmpp_new (self);
  store->set_events (store->self, &store_events, self);
  self->tick = loop->every (loop->self, TICK_MS, tick_cb, self);
  return self;
}

void
service_free (Service *self)
{
  if (self == NULL)
    return;
  self->loop->remove_timer (self->loop->self, self->tick);
  if (self->stop_timer != NULL)
    self->loop->remove_timer (self->loop->self, self->stop_timer);
  service_pace_free (self);
  service_set_sip (self, NULL);
  xmpp_free (self->xmpp);
  aggregates_free (self->aggregates);
  mail_free (self->mail);
  g_ptr_array_unref (self->reserves);
  xcap_events_free (self->xcap);
  all_lists_free (self->lists);
  permanents_free (self->permanents);
  g_free (self->xcap_root);
  watchers_free (self->watchers);
  summaries_free (self->summaries);
  registrations_free (self->registrations);
  renewals_free (self->renewals);
  documents_free (self->documents);
  calls_free (self->calls);
  facts_free (self->facts);
  backend_free (self->backend);
  subs_free (self->subs);
  shapes_free (self->shapes);
  presence_free (self->presence);
  reg_free (self->reg);
  service_users_free (self);
  g_hash_table_unref (self->domains);
  g_free (self);
}

void
service_set_sip (Service *self, SipOutPort *sip)
{
  if (sip == NULL && self->sip != NULL) {
    service_notifying_free (self);
    relays_free (self);
    backend_detach (self->backend);
    mail_detach (self->mail);
  }
  self->sip = sip;
}

void
service_set_documents (Service *self, DocumentsPort *documents,
                       const char *root)
{
  self->documents_port = documents;
  g_free (self->xcap_root);
  self->xcap_root = g_strdup (root);
}

void
service_set_limits (Service *self, const ServiceLimits *limits)
{
  self->limits = *limits;
  subs_set_limits (self->subs, &limits->subs);
  mail_settings_changed (self->mail);
  backend_settings_changed (self->backend);
  xmpp_rooms_limits_changed (self);
}

void
service_set_messages (Service *self, MessagesPort *messages)
{
  self->messages = messages;
}

void
service_set_fatal (Service *self, ServiceFatalFn fn, gpointer data)
{
  self->fatal_fn = fn;
  self->fatal_data = data;
}

gboolean
service_is_ready (Service *self)
{
  return self->is_ready && !self->is_stopping;
}

const guint8 *
service_secret (Service *self)
{
  return self->secret;
}

gboolean
service_has_domain (Service *self, const char *host)
{
  g_autofree char *lower = NULL;

  if (g_hash_table_contains (self->domains, host))
    return TRUE;
  lower = g_ascii_strdown (host, -1);
  return g_hash_table_contains (self->domains, lower);
}

ServiceVerdict
service_gate (Service *self)
{
  return service_is_ready (self) ? SERVICE_OK : SERVICE_BUSY;
}

static void
flushed_cb (StoreOutcome outcome, gpointer data)
{
  Service *self = data;

  if (outcome != STORE_COMMITTED)
    g_warning ("stopped before PostgreSQL took everything");
  self->stopped_fn (self->stopped_data);
}

static void
finish_stop (gpointer data)
{
  Service *self = data;

  if (self->stop_timer != NULL)
    self->loop->remove_timer (self->loop->self,
                              g_steal_pointer (&self->stop_timer));
  seen_advance (self);
  self->store->flush (self->store->self, 5000, flushed_cb, self);
}

static void
stop_timeout_cb (gpointer data)
{
  Service *self = data;

  self->stop_timer = NULL;
  relays_give_up (self);
  aggregates_give_up (self->aggregates);
  mail_give_up (self->mail);
  xmpp_rooms_give_up (self);
  if (self->in_flight > 0)
    g_warning ("stopped with %u requests unanswered", self->in_flight);
  finish_stop (self);
}

void
service_enter (Service *self)
{
  self->in_flight++;
}

void
service_leave (Service *self)
{
  g_assert (self->in_flight > 0);
  self->in_flight--;
  if (self->in_flight == 0 && self->stop_timer != NULL)
    finish_stop (self);
}

void
service_stop (Service *self, guint timeout_ms, void (*done) (gpointer),
              gpointer data)
{
  if (self->is_stopping)
    return;
  self->is_stopping = TRUE;
  self->stopped_fn = done;
  self->stopped_data = data;
  if (self->in_flight == 0)
    finish_stop (self);
  else
    self->stop_timer = self->loop->after (self->loop->self, timeout_ms,
                                          stop_timeout_cb, self);
}

typedef struct {
  Service *service;
  StoreDoneFn done;
  gpointer data;
} Sync;

static void
facts_read_cb (StoreOutcome outcome, gpointer data)
{
  g_autofree Sync *sync = data;

  if (outcome == STORE_COMMITTED)
    mail_when_looked (sync->service->mail, sync->done, sync->data);
  else
    sync->done (outcome, sync->data);
}

static void
synced_cb (StoreOutcome outcome, gpointer data)
{
  Sync *sync = data;

  if (outcome == STORE_COMMITTED)
    facts_when_read (sync->service->facts, facts_read_cb, sync);
  else
    facts_read_cb (outcome, sync);
}

void
service_sync (Service *self, StoreDoneFn done, gpointer data)
{
  Sync *sync = g_new (Sync, 1);

  *sync = (Sync){ self, done, data };
  self->store->sync (self->store->self, synced_cb, sync);
}

static void
status_number (const char *name, gint64 value, ServiceStatusFn fn,
               gpointer data)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);

  fn (name, text, data);
}

void
service_status (Service *self, ServiceStatusFn fn, gpointer data)
{
  const char *state = self->is_stopping ? "stopping"
                      : self->is_ready  ? "ready"
                                        : "loading";
  gboolean is_up = self->store->is_up (self->store->self);
  guint n_lists, n_members;
  XmppPresenceSize xmpp;

  lists_size (self, &n_lists, &n_members);
  xmpp_presence_size (self, &xmpp);
  fn ("state", state, data);
  fn ("database", is_up ? "up" : "away", data);
  fn ("xmpp", xmpp_word (self->xmpp), data);
  status_number ("users", g_hash_table_size (self->users), fn, data);
  status_number ("bindings", reg_size (self->reg), fn, data);
  status_number ("publications", presence_size (self->presence), fn, data);
  status_number ("subscriptions", subs_size (self->subs), fn, data);
  status_number ("backend_subscriptions", backend_size (self->backend), fn,
                 data);
  status_number ("lists", n_lists, fn, data);
  status_number ("list_members", n_members, fn, data);
  status_number ("xmpp_pairs", xmpp.n_pairs, fn, data);
  status_number ("xmpp_pairs_paced", xmpp.n_paced, fn, data);
  status_number ("room_members", xmpp_rooms_size (self), fn, data);
  status_number ("policies_in_memory", facts_size (self->facts), fn, data);
  status_number ("messages_waiting", im_count_all (mail_im (self->mail)), fn,
                 data);
  status_number ("messages_in_memory", mail_size (self->mail), fn, data);
  status_number ("requests_in_flight", self->in_flight, fn, data);
  status_number ("dialogs_paced", service_n_paced (self), fn, data);
}

typedef struct {
  ServiceWatchFn fn;
  gpointer data;
} Unreachable;

static void
unreachable_cb (Sub *sub, gpointer data)
{
  const SubsDialog *dialog = sub_dialog (sub);
  Unreachable *walk = data;

  walk->fn (dialog->watcher, dialog->presentity, walk->data);
}

guint
service_unreachable (Service *self, guint max, ServiceWatchFn fn, gpointer data)
{
  return subs_suspended (self->subs, max, unreachable_cb,
                         &(Unreachable){ fn, data });
}

void
service_flow_closed (Service *self, guint64 flow)
{
  GArray *actions = subs_actions_new ();
  g_autoptr (GPtrArray) devices = devices_of_flow (self, flow);

  orphans_flow_closed (self, flow);
  reg_flow_closed (self->reg, flow);
  mail_flow_closed (self->mail, devices);
  subs_flow_closed (self->subs, flow, service_now (self), actions);
  service_act (self, actions);
}
