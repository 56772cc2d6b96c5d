/* SPDX-License-Identifier: ISC
 *
 * Carries out what watch/ decides: SUBSCRIBEs to the SIP side, news to who holds
 * a watch. */
#define G_LOG_DOMAIN "service"
#include "service/backend.h"
#include "service/service-priv.h"

#include "addr/aor.h"
#include "addr/uri.h"

#include <string.h>

/* What can be shown of other domains: partial documents would need state that
 * nobody keeps. */
static const struct {
  const char *package, *accept;
} ACCEPTS[] = {
  { "presence", "application/pidf+xml" },
  { "message-summary", "application/simple-message-summary" },
};

struct BackendWatch {
  Backend *backend;
  Watch *watch; /* a reference */
  BackendFn changed;
  gpointer data;
  GList link; /* in the queue of holders of its watch */
  GList news; /* in backend->changed, if has_news */
  gboolean has_news;
};

/* A SUBSCRIBE on its way. */
typedef struct {
  GList link; /* in backend->asking */
  Backend *backend;
  Watch *watch; /* a reference */
  guint32 cseq;
} Asking;

struct Backend {
  Service *service;
  Watches *watches;
  GHashTable *holders; /* Watch -> GQueue of BackendWatch */
  GQueue asking;
  GQueue changed; /* BackendWatch, to be told by teller */
  LoopTimer *teller;
  gint64 *n_dialogs, *n_waiting, *n_bounded, *n_notifies, *n_refused;
};

/* --- news --- */

static void
tell_cb (gpointer data)
{
  Backend *self = data;
  GList *link;

  self->teller = NULL;
  while ((link = g_queue_pop_head_link (&self->changed)) != NULL) {
    BackendWatch *watch = link->data;

    watch->has_news = FALSE;
    watch->changed (watch->data);
  }
}

static void
note_news (Backend *self, const Watch *watch)
{
  GQueue *holders = g_hash_table_lookup (self->holders, watch);
  LoopPort *loop = self->service->loop;

  for (GList *at = holders != NULL ? holders->head : NULL; at != NULL;
       at = at->next) {
    BackendWatch *holder = at->data;

    if (holder->has_news)
      continue;
    holder->has_news = TRUE;
    g_queue_push_tail_link (&self->changed, &holder->news);
  }
  if (self->teller == NULL && self->changed.length > 0)
    self->teller = loop->after (loop->self, 0, tell_cb, self);
}

/* --- actions --- */

static void act (Backend *self, GArray *actions);

static void
asking_free (Asking *self)
{
  g_queue_unlink (&self->backend->asking, &self->link);
  watch_unref (self->watch);
  g_free (self);
}

static void
answered_cb (const WatchAnswer *answer, gpointer data)
{
  Asking *asking = data;
  Backend *self = asking->backend;
  GArray *actions = watch_actions_new ();
  const WatchWish *wish = watch_wish (asking->watch);

  if (answer->status < 200 || answer->status >= 300)
    g_info ("SUBSCRIBE of %s to %s (%s): %u", wish->user, wish->target,
            wish->package, answer->status);
  watches_answered (self->watches, asking->watch, asking->cseq, answer,
                    service_now (self->service), actions);
  asking_free (asking);
  act (self, actions);
}

/* Without a SIP side nobody answers: Timer N sees to that. */
static void
ask (Backend *self, const WatchAction *action)
{
  SipOutPort *sip = self->service->sip;
  SipSubscribe subscribe = { .wish = watch_wish (action->watch),
                             .cseq = action->cseq,
                             .expires = action->expires };
  Asking *asking;

  if (sip == NULL)
    return;
  asking = g_new0 (Asking, 1);
  asking->backend = self;
  asking->watch = watch_ref (action->watch);
  asking->cseq = action->cseq;
  asking->link.data = asking;
  g_queue_push_tail_link (&self->asking, &asking->link);
  watch_dialog (action->watch, &subscribe.dialog);
  sip->subscribe (sip->self, &subscribe, answered_cb, asking);
}

/* Takes actions. */
static void
act (Backend *self, GArray *actions)
{
  for (guint i = 0; i < actions->len; i++) {
    const WatchAction *action = &g_array_index (actions, WatchAction, i);

    switch (action->kind) {
    case WATCH_ACT_SEND:
      ask (self, action);
      break;
    case WATCH_ACT_CHANGED:
      note_news (self, action->watch);
      break;
    case WATCH_ACT_FREE:
      watch_unref (action->watch);
      break;
    }
  }
  g_array_unref (actions);
  *self->n_dialogs = watches_size (self->watches);
  *self->n_waiting = watches_waiting (self->watches);
}

void
backend_advance (Backend *self)
{
  GArray *actions = watch_actions_new ();

  watches_advance (self->watches, service_now (self->service), actions);
  act (self, actions);
}

static ServiceVerdict
verdict_of (WatchVerdict verdict)
{
  static const ServiceVerdict verdicts[]
      = { [WATCH_OK] = SERVICE_OK,
          [WATCH_BAD] = SERVICE_BAD_REQUEST,
          [WATCH_TOO_LARGE] = SERVICE_TOO_LARGE,
          [WATCH_BAD_TYPE] = SERVICE_BAD_TYPE,
          [WATCH_GONE] = SERVICE_GONE,
          [WATCH_OUT_OF_ORDER] = SERVICE_OUT_OF_ORDER };

  return verdicts[verdict];
}

ServiceVerdict
service_notified (Service *service, const WatchNotify *notify,
                  const char **accept_out)
{
  Backend *self = service->backend;
  GArray *actions = watch_actions_new ();
  WatchVerdict verdict = watches_notified (
      self->watches, notify, service_now (service), accept_out, actions);

  (*(verdict == WATCH_OK ? self->n_notifies : self->n_refused))++;
  act (self, actions);
  return verdict_of (verdict);
}

/* --- holders --- */

/* pres: is read as the sip: of that user (RFC 3856 5); headers and what else
 * does not belong into a Request-URI go.  NULL: it is not of another domain. */
static char *
target_of (Service *service, const char *text, char **key_out)
{
  g_autofree char *as_sip = g_ascii_strncasecmp (text, "pres:", 5) == 0
                                ? g_strconcat ("sip:", text + 5, NULL)
                                : NULL;
  g_autoptr (Uri) uri = NULL;
  g_autofree char *target = NULL;

  if (!uri_parse (as_sip != NULL ? as_sip : text, -1, &uri, NULL)
      || uri_scheme (uri) == URI_TEL
      || service_has_domain (service, uri_host (uri)))
    return NULL;
  target = uri_to_string (uri);
  if (strchr (target, '?') != NULL)
    return NULL;
  *key_out = uri_key (uri);
  return g_steal_pointer (&target);
}

static const char *
accept_of (const char *package)
{
  for (guint i = 0; i < G_N_ELEMENTS (ACCEPTS); i++)
    if (g_str_equal (package, ACCEPTS[i].package))
      return ACCEPTS[i].accept;
  return NULL;
}

static void
add_holder (Backend *self, BackendWatch *holder)
{
  GQueue *holders = g_hash_table_lookup (self->holders, holder->watch);

  if (holders == NULL) {
    holders = g_queue_new ();
    g_hash_table_insert (self->holders, holder->watch, holders);
  }
  g_queue_push_tail_link (holders, &holder->link);
}

static void
remove_holder (Backend *self, BackendWatch *holder)
{
  GQueue *holders = g_hash_table_lookup (self->holders, holder->watch);

  g_queue_unlink (holders, &holder->link);
  if (holders->length > 0)
    return;
  g_hash_table_remove (self->holders, holder->watch);
  g_queue_free (holders);
}

BackendWatch *
backend_watch (Service *service, const char *user, const char *target,
               const char *package, BackendFn changed, gpointer data)
{
  Backend *self = service->backend;
  GArray *actions;
  g_autofree char *from = aor_to_uri (user), *key = NULL;
  g_autofree char *uri = target_of (service, target, &key);
  const WatchWish wish = { user, from, uri, key, package, accept_of (package) };
  BackendWatch *holder;
  gboolean is_bounded;

  if (uri == NULL || wish.accept == NULL)
    return NULL;
  actions = watch_actions_new ();
  holder = g_new0 (BackendWatch, 1);
  holder->backend = self;
  holder->changed = changed;
  holder->data = data;
  holder->link.data = holder->news.data = holder;
  holder->watch = watch_ref (watches_take (
      self->watches, &wish, service_now (service), &is_bounded, actions));
  *self->n_bounded += is_bounded;
  add_holder (self, holder);
  act (self, actions);
  return holder;
}

void
backend_unwatch (BackendWatch *holder)
{
  Backend *self;
  GArray *actions;

  if (holder == NULL)
    return;
  self = holder->backend;
  actions = watch_actions_new ();
  if (holder->has_news)
    g_queue_unlink (&self->changed, &holder->news);
  remove_holder (self, holder);
  watches_drop (self->watches, holder->watch, service_now (self->service),
                actions);
  act (self, actions);
  watch_unref (holder->watch);
  g_free (holder);
}

static SubsState
state_of (WatchState state)
{
  return state == WATCH_ACTIVE    ? SUBS_ACTIVE
         : state == WATCH_PENDING ? SUBS_PENDING
                                  : SUBS_TERMINATED;
}

static SubsReason
reason_of (WatchReason reason)
{
  static const SubsReason reasons[] = { [WATCH_NO_REASON] = SUBS_NO_REASON,
                                        [WATCH_DEACTIVATED] = SUBS_DEACTIVATED,
                                        [WATCH_PROBATION] = SUBS_PROBATION,
                                        [WATCH_REJECTED] = SUBS_REJECTED,
                                        [WATCH_TIMEOUT] = SUBS_TIMEOUT,
                                        [WATCH_GIVEUP] = SUBS_GIVEUP,
                                        [WATCH_NORESOURCE] = SUBS_NORESOURCE,
                                        [WATCH_INVARIANT] = SUBS_INVARIANT };

  return reasons[reason];
}

void
backend_look (const BackendWatch *holder, BackendView *out)
{
  WatchView view;

  watch_look (holder->watch, &view);
  *out = (BackendView){ 0 };
  if (view.state == WATCH_UNKNOWN)
    return;
  *out = (BackendView){ .is_known = TRUE,
                        .state = state_of (view.state),
                        .reason = reason_of (view.reason),
                        .content_type = view.content_type,
                        .body = view.body,
                        .version = view.version };
}

/* --- life --- */

static WatchLimits
limits_of (const Service *service)
{
  return service->limits.watch;
}

Backend *
backend_new (Service *service)
{
  Backend *self = g_new0 (Backend, 1);
  const WatchLimits limits = limits_of (service);
  Counters *counters = service->counters;

  self->service = service;
  self->watches = watches_new (&limits, service_now (service));
  self->holders = g_hash_table_new (NULL, NULL);
  self->n_dialogs = counters_cell (counters, "backend_subscriptions");
  self->n_waiting = counters_cell (counters, "backend_waiting");
  self->n_bounded = counters_cell (counters, "backend_bounded_total");
  self->n_notifies
      = counters_cell (counters, "backend_notifies_total{result=\"ok\"}");
  self->n_refused
      = counters_cell (counters, "backend_notifies_total{result=\"refused\"}");
  return self;
}

void
backend_detach (Backend *self)
{
  while (self->asking.head != NULL)
    asking_free (self->asking.head->data);
}

void
backend_free (Backend *self)
{
  if (self == NULL)
    return;
  backend_detach (self);
  if (self->teller != NULL)
    self->service->loop->remove_timer (self->service->loop->self, self->teller);
  g_warn_if_fail (g_hash_table_size (self->holders) == 0);
  g_hash_table_unref (self->holders);
  watches_free (self->watches);
  g_free (self);
}

void
backend_settings_changed (Backend *self)
{
  const WatchLimits limits = limits_of (self->service);

  watches_set_limits (self->watches, &limits);
}

guint
backend_size (const Backend *self)
{
  return watches_size (self->watches);
}
