/* SPDX-License-Identifier: ISC
 *
 * Carries out what subs/ decided: rows to the store, NOTIFYs to the SIP side,
 * watcher information to whom it concerns. */
#define G_LOG_DOMAIN "service"
#include "service/documents.h"
#include "service/judge.h"
#include "service/lists.h"
#include "service/packages.h"
#include "service/registrations.h"
#include "service/renew.h"
#include "service/seen.h"
#include "service/shape.h"
#include "service/watchers.h"
#include "service/xcap_events.h"
#include "service/xmpp-presence.h"
#include "service/xmpp-rooms.h"

#include "addr/uri.h"

#include <string.h>

/* A row on its way to the store. */
typedef struct {
  Service *service;
  Sub *sub;
  guint64 ticket;
  gboolean is_reserve;
  ServiceStoredFn stored; /* NULL: nobody waits for it */
  gpointer data;
} Storing;

/* A NOTIFY on its way. */
typedef struct {
  GList link; /* in service->notifying */
  Service *service;
  Sub *sub;
  guint32 cseq;
} Notifying;

static void
notifying_free (Notifying *self)
{
  g_queue_unlink (&self->service->notifying, &self->link);
  sub_unref (self->sub);
  g_free (self);
}

void
service_notifying_free (Service *self)
{
  while (self->notifying.head != NULL)
    notifying_free (self->notifying.head->data);
}

static void submit_row (Storing *storing);

static void
storing_free (Storing *self)
{
  sub_unref (self->sub);
  g_free (self);
}

/* CSeq and versions may only be used once their range is on disk: without
 * PostgreSQL the reservation waits for it. */
static void
reserve_done (Storing *self, StoreOutcome outcome)
{
  Service *service = self->service;
  GArray *actions;

  if (outcome == STORE_AWAY) {
    g_ptr_array_add (service->reserves, self);
    return;
  }
  actions = subs_actions_new ();
  if (outcome == STORE_COMMITTED)
    subs_reserved (service->subs, self->sub, self->ticket,
                   service_now (service), actions);
  else
    subs_aborted (service->subs, self->sub, self->ticket, service_now (service),
                  actions);
  service_act (service, actions);
  storing_free (self);
}

void
service_retry_reserves (Service *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->reserves);

  self->reserves = g_ptr_array_new ();
  for (guint i = 0; i < waiting->len; i++)
    submit_row (g_ptr_array_index (waiting, i));
}

static void
row_done_cb (StoreOutcome outcome, gpointer data)
{
  Storing *self = data;
  Service *service = self->service;

  if (self->is_reserve) {
    reserve_done (self, outcome);
    return;
  }
  if (self->stored != NULL) {
    self->stored (service, self->sub, self->ticket, outcome, self->data);
  } else {
    GArray *actions = subs_actions_new ();

    if (outcome == STORE_REFUSED)
      subs_aborted (service->subs, self->sub, self->ticket,
                    service_now (service), actions);
    else
      subs_committed (service->subs, self->sub, self->ticket,
                      service_now (service), actions);
    service_act (service, actions);
  }
  storing_free (self);
}

static void
submit_row (Storing *storing)
{
  StorePort *store = storing->service->store;
  StoreWrite write = { .kind = STORE_PUT_SUBSCRIPTION };

  write.subscription = subs_stored_of (storing->sub);
  store->submit (store->self, sub_dialog (storing->sub)->presentity, &write, 1,
                 storing->is_reserve, row_done_cb, storing);
}

static Storing *
storing_new (Service *service, const SubsAction *action)
{
  Storing *self = g_new0 (Storing, 1);

  self->service = service;
  self->sub = sub_ref (action->sub);
  self->ticket = action->ticket;
  self->is_reserve = action->kind == SUBS_ACT_RESERVE;
  return self;
}

static void
erase_row (Service *self, Sub *sub)
{
  StoreWrite write = { .kind = STORE_DROP_SUBSCRIPTION };

  write.subscription = subs_stored_of (sub);
  self->store->submit (self->store->self, sub_dialog (sub)->presentity, &write,
                       1, FALSE, NULL, NULL);
}

static void
notified_cb (SubsNotifyResult result, guint status, guint retry_after,
             const char *event, gpointer data)
{
  Notifying *self = data;
  Service *service = self->service;
  const SubsDialog *dialog = sub_dialog (self->sub);
  const Package *package = package_find (dialog->package);
  GArray *actions = subs_actions_new ();

  if (status == 408 && package != NULL && package->ends_at_timeout)
    result = SUBS_NOTIFY_DEAD;
  xcap_events_notified (service, self->sub, result == SUBS_NOTIFY_OK);
  if (sub_is_shaped (self->sub))
    shape_notified (self->sub, result == SUBS_NOTIFY_OK);
  if (event != NULL)
    subs_set_rates (service->subs, self->sub, event, service_now (service));
  if (package != NULL && package->notified != NULL)
    package->notified (service, self->sub, result == SUBS_NOTIFY_OK);
  lists_notified (service, self->sub, result == SUBS_NOTIFY_OK);
  if (result != SUBS_NOTIFY_OK)
    g_info ("NOTIFY of %s to %s (Call-ID %s): %u", dialog->presentity,
            dialog->watcher, dialog->call_id, status);
  sub_note_answer (self->sub, status, service_now (service));
  subs_notified (service->subs, self->sub, self->cseq, result, retry_after,
                 service_now (service), actions);
  service_act (service, actions);
  notifying_free (self);
}

/* A watcher whose Contact is a GRUU of ours (RFC 5627 4.1) is reached through
 * the binding of that instance. */
static void
aim_at_gruu (Service *self, const SubsDialog *dialog, SipNotify *notify)
{
  g_autoptr (Uri) uri = NULL;
  g_autofree char *aor = NULL;
  const RegBinding *binding;
  const char *gr;

  if (strstr (dialog->target, ";gr") == NULL
      || !uri_parse (dialog->target, -1, &uri, NULL)
      || (gr = uri_param (uri, "gr")) == NULL || uri_host (uri) == NULL
      || !service_has_domain (self, uri_host (uri)))
    return;
  aor = uri_aor (uri);
  binding = reg_find_instance (self->reg, aor, gr);
  if (binding == NULL)
    return;
  notify->target = binding->contact;
  notify->path = binding->path;
  notify->received = binding->path == NULL ? binding->received : NULL;
  notify->flow = binding->flow;
}

/* It would have said nothing new. */
static void
skip_notify (Service *self, const SubsAction *action)
{
  GArray *actions = subs_actions_new ();

  subs_skipped (self->subs, action->sub, action->cseq, service_now (self),
                actions);
  service_act (self, actions);
}

/* FALSE: it would say nothing. */
static gboolean
shape (Service *self, const Package *package, const SubsAction *action,
       Shaped *out)
{
  if (lists_is_list (sub_dialog (action->sub)))
    return shape_list (self, action, out);
  return package == NULL || shape_compose (self, package, action, out);
}

static void
send_notify (Service *self, const SubsAction *action)
{
  Sub *sub = action->sub;
  const SubsDialog *dialog = sub_dialog (sub);
  const Package *package = package_find (dialog->package);
  g_auto (Shaped) shaped = { 0 };
  Notifying *notifying;
  SipNotify notify = { .dialog = dialog,
                       .cseq = action->cseq,
                       .state = action->state,
                       .reason = action->reason,
                       .expires = action->expires,
                       .flow = dialog->flow };

  if (lists_is_list (dialog))
    notify.require = LISTS_OPTION;
  if (!shape (self, package, action, &shaped)) {
    skip_notify (self, action);
    return;
  }
  if (package != NULL)
    notify.event_params = package->event_params;
  notify.body = shaped.body;
  notify.content_type = shaped.content_type;
  notify.state_params = shaped.rates;
  notify.etag = *shaped.etag != '\0' ? shaped.etag : NULL;
  aim_at_gruu (self, dialog, &notify);
  notifying = g_new0 (Notifying, 1);
  notifying->service = self;
  notifying->sub = sub_ref (sub);
  notifying->cseq = action->cseq;
  notifying->link.data = notifying;
  g_queue_push_tail_link (&self->notifying, &notifying->link);
  self->sip->notify (self->sip->self, &notify, notified_cb, notifying);
}

/* Who watches the watchers hears of it; a winfo subscription's own watchers are
 * nobody's concern (RFC 3857 4.7.1: no recursion here). */
static void
watcher_changed (Service *self, const SubsAction *action, GArray *actions)
{
  const SubsDialog *dialog = sub_dialog (action->sub);
  const char *template = package_template (dialog->package);

  if (lists_is_list (dialog)) {
    lists_ended (self, action);
    return;
  }
  xmpp_rooms_watcher_changed (self, action);
  if (template == NULL)
    return;
  watchers_note (self, action);
  subs_changed (self->subs, dialog->presentity, template, service_now (self),
                actions);
}

gboolean
service_act_stored (Service *self, GArray *actions, Sub *sub,
                    ServiceStoredFn stored, gpointer data)
{
  gboolean is_taken = FALSE;

  for (guint i = 0; i < actions->len; i++) {
    SubsAction action = g_array_index (actions, SubsAction, i);
    Storing *storing;

    switch (action.kind) {
    case SUBS_ACT_STORE:
    case SUBS_ACT_RESERVE:
      storing = storing_new (self, &action);
      if (!is_taken && stored != NULL && action.kind == SUBS_ACT_STORE
          && action.sub == sub) {
        storing->stored = stored;
        storing->data = data;
        is_taken = TRUE;
      }
      submit_row (storing);
      break;
    case SUBS_ACT_ERASE:
      erase_row (self, action.sub);
      break;
    case SUBS_ACT_NOTIFY:
      if (xmpp_presence_is_watcher (sub_dialog (action.sub)))
        xmpp_presence_notify (self, &action);
      else
        send_notify (self, &action);
      break;
    case SUBS_ACT_WATCHER:
      watcher_changed (self, &action, actions);
      break;
    case SUBS_ACT_FREE:
      watchers_forget (self, action.sub);
      xcap_events_forget (self, action.sub);
      registrations_forget (self, action.sub);
      lists_forget (self, action.sub);
      xmpp_presence_ended (self, action.sub);
      xmpp_rooms_forget (self, action.sub);
      sub_unref (action.sub);
      break;
    }
  }
  g_array_unref (actions);
  return is_taken;
}

void
service_act (Service *self, GArray *actions)
{
  service_act_stored (self, actions, NULL, NULL, NULL);
}

/* Who sees no state, or nothing of what changed, must not learn from the time
 * of a NOTIFY that something did. */
static gboolean
sees_change (Sub *sub, gpointer data)
{
  Service *self = data;
  const SubsDialog *dialog = sub_dialog (sub);
  const char *view = sub_view (sub);

  if (!judge_shares (self, dialog->watcher, dialog->presentity)
      || (self->shown != NULL && g_hash_table_contains (self->shown, sub)))
    return FALSE;
  if (view == NULL || strcmp (view, VIEW_ALL) == 0)
    return TRUE;
  return strcmp (view, VIEW_OFFLINE) != 0
         && documents_has_changed (self, dialog->presentity, view);
}

void
service_presence_changed (Service *self, const char *aor)
{
  GArray *actions = subs_actions_new ();
  g_autoptr (GHashTable) shown = NULL;

  seen_advance (self);
  if (renewals_has_moved (self, aor)) {
    shown = g_hash_table_new (NULL, NULL);
    self->shown = shown;
    judge_sphere_changed (self, aor);
  }
  subs_changed_for (self->subs, aor, g_intern_static_string ("presence"),
                    sees_change, self, service_now (self), actions);
  self->shown = NULL;
  service_act (self, actions);
  service_wake_watchers (self, aor);
  lists_presence_changed (self, aor);
}
