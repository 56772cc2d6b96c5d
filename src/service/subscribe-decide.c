/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBE (RFC 6665 4.2.1): let subs/ decide, write, answer; the NOTIFY follows
 * the answer. */
#define G_LOG_DOMAIN "service"
#include "service/subscribe-priv.h"

#include "service/judge.h"
#include "service/lists.h"
#include "service/packages.h"
#include "service/shape.h"
#include "service/xcap_events.h"
#include "service/xmpp-rooms.h"

#include "addr/aor.h"

void
subscribe_forget_read (const SubscribeRequest *request)
{
  xcap_watch_free (request->watch);
  list_free (request->list);
}

typedef struct {
  Service *service;
  Sub *sub;
  guint32 cseq;
  guint granted;
  guint policy_changes; /* service->policy_changes when it was decided */
  gboolean is_quiet; /* it wants no NOTIFY, for it has... */
  char *etag;        /* ...this, or NULL */
  SubscribeAnswerFn answer;
  gpointer data;
} Subscribing;

/* etag: NULL, or where it is taken from when no NOTIFY is wanted. */
static Subscribing *
subscribing_new (Service *service, Sub *sub, guint granted,
                 const SubscribeRequest *request, char **etag)
{
  Subscribing *self = g_new0 (Subscribing, 1);

  self->service = service;
  self->sub = sub_ref (sub);
  self->cseq = sub_remote_cseq (sub);
  self->granted = granted;
  self->policy_changes = service->policy_changes;
  self->is_quiet = etag != NULL;
  if (etag != NULL)
    self->etag = g_steal_pointer (etag);
  self->answer = request->answer;
  self->data = request->data;
  service_enter (service);
  return self;
}

static void
subscribing_free (Subscribing *self)
{
  service_leave (self->service);
  sub_unref (self->sub);
  g_free (self->etag);
  g_free (self);
}

void
subscribe_answer_now (Service *self, ServiceVerdict verdict, const char *text,
                      SubscribeAnswerFn answer, gpointer data)
{
  SubscribeAnswer out = { .verdict = verdict, .text = text };

  out.min_expires = self->limits.subs.min_expires;
  answer (&out, data);
}

void
subscribe_refuse (Service *self, ServiceVerdict verdict, const char *text,
                  const SubscribeRequest *request)
{
  subscribe_answer_now (self, verdict, text, request->answer, request->data);
}

static void
answer_ok (const Subscribing *self, guint granted)
{
  const SubsDialog *dialog = sub_dialog (self->sub);
  SubscribeAnswer out = { .verdict = SERVICE_OK,
                          .local_tag = dialog->local_tag,
                          .is_quiet = self->is_quiet,
                          .etag = self->etag,
                          .is_list = lists_is_list (dialog),
                          .expires = granted };

  self->answer (&out, self->data);
}

static void
shorten (Subscribing *self)
{
  Service *service = self->service;
  StoreWrite write = { .kind = STORE_PUT_SUBSCRIPTION };

  self->granted
      = MIN (self->granted, subs_shorten (service->subs, self->sub,
                                          service->limits.away_expires,
                                          service_now (service)));
  write.subscription = subs_stored_of (self->sub);
  service->store->submit (service->store->self,
                          sub_dialog (self->sub)->presentity, &write, 1, FALSE,
                          NULL, NULL);
  counters_add (service->counters, "answers_from_memory", 1);
}

/* What changed since it was decided has not found a dialog to judge. */
static void
stored (Service *service, Sub *sub, guint64 ticket, StoreOutcome outcome,
        gpointer data)
{
  Subscribing *self = data;
  GArray *actions = subs_actions_new ();

  if (outcome == STORE_REFUSED) {
    subscribe_answer_now (service, SERVICE_FAILED, NULL, self->answer,
                          self->data);
    subs_aborted (service->subs, sub, ticket, service_now (service), actions);
    shape_attach (service, sub, NULL);
    xcap_events_revert (service, sub);
  } else {
    if (outcome == STORE_AWAY)
      shorten (self);
    answer_ok (self, self->granted);
    subs_committed (service->subs, sub, ticket, service_now (service), actions);
  }
  service_act (service, actions);
  if (self->policy_changes != service->policy_changes && !sub_is_gone (sub))
    judge_again (service, sub, JUDGE_ONLY);
  subscribing_free (self);
}

static void
wait_for_store (Subscribing *self, GArray *actions)
{
  Service *service = self->service;
  Sub *sub = self->sub;

  if (!service_act_stored (service, actions, sub, stored, self))
    stored (service, sub, 0, STORE_COMMITTED, self);
}

static ServiceVerdict
verdict_of (SubsVerdict verdict)
{
  static const ServiceVerdict rows[] = {
    [SUBS_OK] = SERVICE_OK,       [SUBS_REPEAT] = SERVICE_OK,
    [SUBS_BRIEF] = SERVICE_BRIEF, [SUBS_OUT_OF_ORDER] = SERVICE_OUT_OF_ORDER,
    [SUBS_GONE] = SERVICE_GONE,
  };

  return rows[verdict];
}

/* The first may have been granted less meanwhile. */
static guint
still_granted (const Subscribing *self)
{
  gint64 left = sub_expires_at (self->sub) - service_now (self->service);

  return (guint)CLAMP (left / G_USEC_PER_SEC, 0, self->granted);
}

static void
repeated_cb (StoreOutcome outcome, gpointer data)
{
  Subscribing *self = data;

  if (sub_is_gone (self->sub) || sub_remote_cseq (self->sub) != self->cseq)
    subscribe_answer_now (self->service, SERVICE_FAILED, NULL, self->answer,
                          self->data);
  else
    answer_ok (self, still_granted (self));
  subscribing_free (self);
}

/* A repetition while the first is on its way to the store is answered when that
 * has ended: nothing is written, but the store keeps the order. */
static void
wait_for_first (Subscribing *self)
{
  StorePort *store = self->service->store;

  store->submit (store->self, sub_dialog (self->sub)->presentity, NULL, 0,
                 FALSE, repeated_cb, self);
}

/* Answers a refresh, now or when it is committed; carries out actions. */
static void
answer_refresh (Subscribing *self, SubsVerdict verdict, GArray *actions)
{
  Service *service = self->service;

  if (verdict == SUBS_OK) {
    wait_for_store (self, actions);
    return;
  }
  if (sub_is_settled (self->sub)) {
    answer_ok (self, self->granted);
    subscribing_free (self);
  } else {
    wait_for_first (self);
  }
  service_act (service, actions);
}

/* What the body and the one before it in the dialog are together; FALSE: it has
 * been refused (RFC 4660 5.4). */
static gboolean
merge_body (Service *self, const SubsDialog *before,
            const SubscribeRequest *request, SubsBody **out)
{
  const SubsDialog *dialog = &request->command->dialog;
  g_autoptr (GError) error = NULL;

  *out = filters_merge (package_find (dialog->package),
                        before != NULL ? before->body : NULL, dialog->body,
                        &error);
  if (error == NULL)
    return TRUE;
  subscribe_forget_read (request);
  subscribe_refuse (self, SERVICE_BAD_FILTER, error->message, request);
  return FALSE;
}

/* What it asks for goes with its dialog from now on.  is_quiet: no NOTIFY
 * follows. */
static void
attach (Service *self, Sub *sub, const SubscribeRequest *request,
        gboolean is_quiet)
{
  xcap_events_attach (self, sub, request->watch);
  if (is_quiet)
    list_free (request->list); /* the one that is there is the same */
  else
    lists_attach (self, sub, request->list);
  lists_condition (self, sub, request->command->suppress);
  shape_attach (self, sub, request->command->suppress);
}

static gboolean
is_as_before (const SubsBody *body, const SubsBody *before)
{
  return body == NULL
         || (before != NULL && g_str_equal (body->type, before->type)
             && g_bytes_equal (body->bytes, before->bytes));
}

/* Is it told nothing, for it has what there is (RFC 5839 6.3)? */
static gboolean
has_it_all (Service *self, Sub *sub, const SubsDialog *dialog,
            const char *suppress, char **etag_out)
{
  *etag_out = NULL;
  if (dialog->local_tag == NULL)
    return FALSE;
  if (lists_is_list (sub_dialog (sub)))
    return is_as_before (dialog->body, sub_dialog (sub)->body)
           && lists_matches (self, sub, suppress, etag_out);
  return shape_matches (self, sub, suppress, dialog->accept, dialog->body,
                        etag_out);
}

void
subscribe_refresh (Service *self, Sub *sub, const SubscribeRequest *request)
{
  const SubscribeCommand *command = request->command;
  SubsDialog dialog = command->dialog;
  g_autoptr (SubsBody) body = NULL;
  g_autofree char *etag = NULL;
  gboolean is_quiet;
  guint granted = 0;
  GArray *actions;
  SubsVerdict verdict;

  if (!merge_body (self, sub_dialog (sub), request, &body))
    return;
  dialog.body = body;
  is_quiet = has_it_all (self, sub, &dialog, command->suppress, &etag);
  actions = subs_actions_new ();
  verdict = (is_quiet ? subs_refresh_quietly : subs_refresh) (
      self->subs, sub, &dialog, request->caller->cseq, command->expires,
      service_now (self), &granted, actions);
  if (verdict != SUBS_OK && verdict != SUBS_REPEAT) {
    subscribe_forget_read (request);
    subscribe_refuse (self, verdict_of (verdict), NULL, request);
    service_act (self, actions);
    return;
  }
  attach (self, sub, request, is_quiet);
  answer_refresh (
      subscribing_new (self, sub, granted, request, is_quiet ? &etag : NULL),
      verdict, actions);
}

Sub *
subscribe_dialog_of (Service *self, const SubscribeRequest *request,
                     ServiceVerdict *verdict, const char **text)
{
  const SubsDialog *dialog = &request->command->dialog;
  Sub *sub = subs_find (self->subs, dialog->local_tag, dialog->call_id,
                        dialog->remote_tag);

  *verdict = sub == NULL ? SERVICE_GONE : SERVICE_FORBIDDEN;
  *text = NULL;
  if (sub == NULL)
    return NULL;
  if (!aor_equal (sub_dialog (sub)->watcher, request->caller->user))
    *text = "Not your subscription";
  else if (!sub_is_of_event (sub, dialog->event)) /* RFC 6665 4.5.2 */
    *text = "Dialog sharing is not supported";
  return *text == NULL ? sub : NULL;
}

void
subscribe_in_dialog (Service *self, const SubscribeRequest *request)
{
  ServiceVerdict verdict;
  const char *text;
  Sub *sub = subscribe_dialog_of (self, request, &verdict, &text);

  if (sub != NULL) {
    subscribe_refresh (self, sub, request);
    return;
  }
  subscribe_forget_read (request);
  subscribe_refuse (self, verdict, text, request);
}

/* Who is blocked learns why only where it is no secret between people. */
static const char *
text_of (const PolicyAnswer *answer)
{
  return answer->step == POLICY_BY_ADHOC_OFF
                 || answer->step == POLICY_BY_ADHOC_MAX
             ? policy_step_text (answer->step)
             : NULL;
}

/* judged: NULL of a list, which is judged member by member. */
static void
create (Service *self, SubsDialog *dialog, const PolicyAnswer *judged,
        const SubscribeRequest *request)
{
  gboolean is_pending = judged != NULL && judged->decision == POLICY_PENDING;
  g_autoptr (SubsBody) body = NULL;
  guint granted = 0;
  Sub *sub = NULL;
  GArray *actions;
  SubsVerdict verdict;

  if (!merge_body (self, NULL, request, &body))
    return;
  dialog->body = body;
  actions = subs_actions_new ();
  verdict = subs_create (self->subs, dialog, request->caller->cseq,
                         request->command->expires,
                         is_pending ? SUBS_PENDING : SUBS_ACTIVE,
                         service_now (self), &sub, &granted, actions);
  if (verdict == SUBS_OK) {
    if (judged != NULL)
      judge_made (self, sub, judged);
    attach (self, sub, request, FALSE);
    wait_for_store (subscribing_new (self, sub, granted, request, NULL),
                    actions);
    return;
  }
  subscribe_forget_read (request);
  subscribe_refuse (self, verdict_of (verdict), NULL, request);
  service_act (self, actions);
}

gboolean
subscribe_may_watch (Service *self, const SubsDialog *dialog,
                     PolicyAnswer *judged, const char **text)
{
  *judged = judge_dialog (self, dialog, NULL);
  if (judged->decision == POLICY_BLOCK) {
    *text = text_of (judged);
    return FALSE;
  }
  *text = judge_limits (self, dialog->watcher, dialog->presentity,
                        dialog->package, judged);
  return *text == NULL;
}

SubsDialog
subscribe_known_dialog (Service *self, const SubscribeRequest *request)
{
  SubsDialog dialog = request->command->dialog;
  const StoreUser *presentity = service_user (self, dialog.presentity);

  dialog.package = package_find (dialog.package)->name;
  if (presentity != NULL) /* an XMPP user is none */
    dialog.presentity = presentity->aor;
  dialog.watcher = request->caller->user;
  return dialog;
}

static void
initial (Service *self, const SubscribeRequest *request)
{
  SubsDialog dialog = subscribe_known_dialog (self, request);
  PolicyAnswer judged;
  const char *text;

  if (subscribe_may_watch (self, &dialog, &judged, &text)) {
    dialog.limit_at = judge_limit_at (self, &judged);
    create (self, &dialog, &judged, request);
  } else {
    subscribe_forget_read (request);
    subscribe_refuse (self, SERVICE_FORBIDDEN, text, request);
  }
  policy_answer_clear (&judged);
}

Sub *
subscribe_repeated (Service *self, const SubscribeRequest *request)
{
  Sub *sub = subs_find_initial (self->subs, &request->command->dialog);

  return sub != NULL && sub_remote_cseq (sub) == request->caller->cseq ? sub
                                                                       : NULL;
}

static void
initial_list (Service *self, const SubscribeRequest *request)
{
  SubsDialog dialog = request->command->dialog;

  dialog.package = package_find (dialog.package)->name;
  dialog.watcher = service_user (self, request->caller->user)->aor;
  create (self, &dialog, NULL, request);
}

void
subscribe_outside (Service *self, const SubscribeRequest *request)
{
  Sub *sub = subscribe_repeated (self, request);

  if (sub != NULL)
    subscribe_refresh (self, sub, request);
  else if (request->list != NULL)
    initial_list (self, request);
  else
    initial (self, request);
}
