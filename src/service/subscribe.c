/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBE (RFC 6665 4.2.1): check the package and the policy, let subs/
 * decide, write, answer; the NOTIFY follows the answer. */
#define G_LOG_DOMAIN "service"
#include "service/asking.h"
#include "service/bodies.h"
#include "service/judge.h"
#include "service/lists.h"
#include "service/packages.h"
#include "service/shape.h"
#include "service/xcap_events.h"

#include "addr/aor.h"

/* A SUBSCRIBE while it is being decided. */
typedef struct {
  const ServiceCaller *caller;
  const SubscribeCommand *command;
  XcapWatch *watch; /* what it asks to be told of, when that has to be read */
  List *list;       /* the same of a list; NULL in a refresh: it is there */
  SubscribeAnswerFn answer;
  gpointer data;
} Request;

/* What was read for it and is not needed. */
static void
forget_read (const Request *request)
{
  xcap_watch_free (request->watch);
  list_free (request->list);
}

typedef struct {
  Service *service;
  Sub *sub;
  guint32 cseq;
  guint granted;
  gboolean is_quiet; /* it wants no NOTIFY, for it has... */
  char *etag;        /* ...this, or NULL */
  SubscribeAnswerFn answer;
  gpointer data;
} Subscribing;

/* etag: NULL, or where it is taken from when no NOTIFY is wanted. */
static Subscribing *
subscribing_new (Service *service, Sub *sub, guint granted,
                 const Request *request, char **etag)
{
  Subscribing *self = g_new0 (Subscribing, 1);

  self->service = service;
  self->sub = sub_ref (sub);
  self->cseq = sub_remote_cseq (sub);
  self->granted = granted;
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

static void
answer_now (Service *self, ServiceVerdict verdict, const char *text,
            SubscribeAnswerFn answer, gpointer data)
{
  SubscribeAnswer out = { .verdict = verdict, .text = text };

  out.min_expires = self->limits.subs.min_expires;
  answer (&out, data);
}

static void
refuse (Service *self, ServiceVerdict verdict, const char *text,
        const Request *request)
{
  answer_now (self, verdict, text, request->answer, request->data);
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

static void
stored (Service *service, Sub *sub, guint64 ticket, StoreOutcome outcome,
        gpointer data)
{
  Subscribing *self = data;
  GArray *actions = subs_actions_new ();

  if (outcome == STORE_REFUSED) {
    answer_now (service, SERVICE_FAILED, NULL, self->answer, self->data);
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
    answer_now (self->service, SERVICE_FAILED, NULL, self->answer, self->data);
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
merge_body (Service *self, const SubsDialog *before, const Request *request,
            SubsBody **out)
{
  const SubsDialog *dialog = &request->command->dialog;
  g_autoptr (GError) error = NULL;

  *out = filters_merge (package_find (dialog->package),
                        before != NULL ? before->body : NULL, dialog->body,
                        &error);
  if (error == NULL)
    return TRUE;
  forget_read (request);
  refuse (self, SERVICE_BAD_FILTER, error->message, request);
  return FALSE;
}

/* An in-dialog SUBSCRIBE, or an initial one that is repeated (DESIGN section 3,
 * rule 6). */
static void
refresh (Service *self, Sub *sub, const Request *request)
{
  const SubscribeCommand *command = request->command;
  SubsDialog dialog = command->dialog;
  g_autoptr (SubsBody) body = NULL;
  g_autofree char *etag = NULL;
  gboolean is_list = lists_is_list (sub_dialog (sub)), is_quiet;
  guint granted = 0;
  GArray *actions;
  SubsVerdict verdict;

  if (!merge_body (self, sub_dialog (sub), request, &body))
    return;
  dialog.body = body;
  is_quiet = dialog.local_tag != NULL && !is_list
             && shape_matches (self, sub, command->suppress, dialog.accept,
                               body, &etag);
  actions = subs_actions_new ();
  verdict = (is_quiet ? subs_refresh_quietly : subs_refresh) (
      self->subs, sub, &dialog, request->caller->cseq, command->expires,
      service_now (self), &granted, actions);
  if (verdict != SUBS_OK && verdict != SUBS_REPEAT) {
    forget_read (request);
    refuse (self, verdict_of (verdict), NULL, request);
    service_act (self, actions);
    return;
  }
  xcap_events_attach (self, sub, request->watch);
  lists_attach (self, sub, request->list);
  shape_attach (self, sub, command->suppress);
  answer_refresh (
      subscribing_new (self, sub, granted, request, is_quiet ? &etag : NULL),
      verdict, actions);
}

/* The dialog of an in-dialog SUBSCRIBE; NULL with a verdict. */
static Sub *
dialog_of (Service *self, const Request *request, ServiceVerdict *verdict,
           const char **text)
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

static void
in_dialog (Service *self, const Request *request)
{
  ServiceVerdict verdict;
  const char *text;
  Sub *sub = dialog_of (self, request, &verdict, &text);

  if (sub != NULL) {
    refresh (self, sub, request);
    return;
  }
  forget_read (request);
  refuse (self, verdict, text, request);
}

/* RFC 3261 8.2.3: to leave out a filter (RFC 4660) or a list (RFC 5367) would be
 * to answer another question. */
static gboolean
takes_body (const Package *package, const SubsBody *body)
{
  const char *const types[]
      = { package->body, package->is_filtered ? FILTER_TYPE : NULL };

  return body == NULL || body_is_of (body, types, G_N_ELEMENTS (types));
}

static ServiceVerdict
check (Service *self, const ServiceCaller *caller,
       const SubscribeCommand *command, const Package **package_out,
       const char **text)
{
  const SubsDialog *dialog = &command->dialog;
  ServiceVerdict gate = service_gate (self);

  if (gate != SERVICE_OK)
    return gate;
  *package_out = package_find (dialog->package);
  if (*package_out == NULL)
    return SERVICE_BAD_EVENT;
  if (dialog->target == NULL) {
    *text = "Contact missing";
    return SERVICE_BAD_REQUEST;
  }
  if ((*package_out)->check != NULL)
    gate = (*package_out)->check (command, text);
  if (gate != SERVICE_OK)
    return gate;
  if (lists_is_asked (self, dialog))
    return lists_check (self, caller, command, text);
  if (!package_is_acceptable (*package_out, self, dialog->accept))
    return SERVICE_NOT_ACCEPTABLE;
  if (!command->is_body_optional && !(*package_out)->ignores_body
      && !takes_body (*package_out, dialog->body))
    return SERVICE_BAD_TYPE;
  if (dialog->local_tag == NULL
      && service_enabled_user (self, dialog->presentity) == NULL)
    return SERVICE_NOT_FOUND;
  return SERVICE_OK;
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

static void
create (Service *self, SubsDialog *dialog, const PolicyAnswer *judged,
        const Request *request)
{
  g_autoptr (SubsBody) body = NULL;
  guint granted = 0;
  Sub *sub = NULL;
  GArray *actions;
  SubsVerdict verdict;

  if (!merge_body (self, NULL, request, &body))
    return;
  dialog->body = body;
  actions = subs_actions_new ();
  verdict = subs_create (
      self->subs, dialog, request->caller->cseq, request->command->expires,
      judged->decision == POLICY_PENDING ? SUBS_PENDING : SUBS_ACTIVE,
      service_now (self), &sub, &granted, actions);
  if (verdict == SUBS_OK) {
    judge_made (self, sub, judged);
    xcap_events_attach (self, sub, request->watch);
    shape_attach (self, sub, request->command->suppress);
    wait_for_store (subscribing_new (self, sub, granted, request, NULL),
                    actions);
    return;
  }
  forget_read (request);
  refuse (self, verdict_of (verdict), NULL, request);
  service_act (self, actions);
}

/* What the policy and the limits say of a new one; FALSE: forbidden, and *text
 * says why or is NULL. */
static gboolean
may_watch (Service *self, const SubsDialog *dialog, PolicyAnswer *judged,
           const char **text)
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

/* The dialog with the names as we know them. */
static SubsDialog
known_dialog (Service *self, const Request *request)
{
  SubsDialog dialog = request->command->dialog;

  dialog.package = package_find (dialog.package)->name;
  dialog.presentity = service_user (self, dialog.presentity)->aor;
  dialog.watcher = request->caller->user;
  return dialog;
}

static void
initial (Service *self, const Request *request)
{
  SubsDialog dialog = known_dialog (self, request);
  PolicyAnswer judged;
  const char *text;

  if (may_watch (self, &dialog, &judged, &text)) {
    dialog.limit_at = judge_limit_at (self, &judged);
    create (self, &dialog, &judged, request);
  } else {
    forget_read (request);
    refuse (self, SERVICE_FORBIDDEN, text, request);
  }
  policy_answer_clear (&judged);
}

/* What an earlier copy of a SUBSCRIBE without To tag made; NULL: it is new. */
static Sub *
repeated (Service *self, const Request *request)
{
  Sub *sub = subs_find_initial (self->subs, &request->command->dialog);

  return sub != NULL && sub_remote_cseq (sub) == request->caller->cseq ? sub
                                                                       : NULL;
}

/* A list is judged member by member. */
static void
initial_list (Service *self, const Request *request)
{
  SubsDialog dialog = request->command->dialog;
  g_autoptr (SubsBody) body = NULL;
  guint granted = 0;
  Sub *sub = NULL;
  GArray *actions;
  SubsVerdict verdict;

  if (!merge_body (self, NULL, request, &body))
    return;
  actions = subs_actions_new ();
  dialog.body = body;
  dialog.package = package_find (dialog.package)->name;
  dialog.watcher = service_user (self, request->caller->user)->aor;
  verdict = subs_create (self->subs, &dialog, request->caller->cseq,
                         request->command->expires, SUBS_ACTIVE,
                         service_now (self), &sub, &granted, actions);
  if (verdict == SUBS_OK) {
    lists_attach (self, sub, request->list);
    wait_for_store (subscribing_new (self, sub, granted, request, NULL),
                    actions);
    return;
  }
  forget_read (request);
  refuse (self, verdict_of (verdict), NULL, request);
  service_act (self, actions);
}

static void
outside (Service *self, const Request *request)
{
  Sub *sub = repeated (self, request);

  if (sub != NULL)
    refresh (self, sub, request);
  else if (request->list != NULL)
    initial_list (self, request);
  else
    initial (self, request);
}

/* The list of this one is counted. */
static gboolean
has_too_many (Service *self, const Request *request)
{
  return request->command->dialog.local_tag == NULL
         && repeated (self, request) == NULL
         && lists_n_of (self, request->caller->user) > self->limits.list_max;
}

/* Things may have changed while it waited. */
static void
decide_asked (Asking *self, XcapWatch *watch, List *list)
{
  Service *service = self->service;
  const Request request = { .caller = &self->caller,
                            .command = &self->command,
                            .watch = watch,
                            .list = list,
                            .answer = self->answer,
                            .data = self->data };
  const Package *package = NULL;
  const char *text = NULL;
  ServiceVerdict verdict
      = check (service, &self->caller, &self->command, &package, &text);

  if (verdict == SERVICE_OK && list != NULL)
    verdict = lists_check_support (&self->command);
  if (verdict == SERVICE_OK && list != NULL
      && has_too_many (service, &request)) {
    verdict = SERVICE_FORBIDDEN;
    text = "Too many subscriptions to lists";
  }
  if (verdict != SERVICE_OK) {
    forget_read (&request);
    refuse (service, verdict, text, &request);
  } else if (self->command.dialog.local_tag != NULL) {
    in_dialog (service, &request);
  } else {
    outside (service, &request);
  }
  service_leave (service);
  asking_free (self);
}

static void
asked_cb (gpointer data)
{
  decide_asked (data, NULL, NULL);
}

static void
read_cb (XcapWatch *watch, gpointer data)
{
  decide_asked (data, watch, NULL);
}

static void
prepared_cb (const ListsPrepared *prepared, gpointer data)
{
  Asking *self = data;

  if (prepared->list != NULL) {
    decide_asked (self, NULL, prepared->list);
    return;
  }
  answer_now (self->service, prepared->verdict, prepared->text, self->answer,
              self->data);
  service_leave (self->service);
  asking_free (self);
}

/* The first NOTIFY has the state of all (RFC 4662 5.2), so the list and the
 * policy of its members are read before the answer. */
static void
read_list (Service *self, const Request *request)
{
  SubsDialog dialog = request->command->dialog;
  const char *text = NULL;
  ServiceVerdict verdict = SERVICE_OK;
  Sub *sub = NULL;

  if (dialog.local_tag != NULL)
    sub = dialog_of (self, request, &verdict, &text);
  if (sub != NULL) {
    dialog = *sub_dialog (sub);
    verdict = SERVICE_OK;
  }
  dialog.watcher = request->caller->user;
  if (verdict != SERVICE_OK)
    refuse (self, verdict, text, request);
  else if (sub != NULL && lists_is_ready (self, sub))
    refresh (self, sub, request);
  else
    lists_prepare (self, &dialog, request->command->expires == 0, prepared_cb,
                   asking_new (self, request->caller, request->command,
                               request->answer, request->data));
}

static void
ask_policy (Service *self, const Request *request)
{
  Asking *asking = asking_new (self, request->caller, request->command,
                               request->answer, request->data);

  judge_prepare (self, asking->caller.user, asking->stored->dialog.presentity,
                 asked_cb, asking);
}

/* What is refused anyway is not worth the reading. */
static ServiceVerdict
check_reader (Service *self, const Request *request, SubsDialog *dialog,
              const char **text)
{
  ServiceVerdict verdict = SERVICE_OK;
  PolicyAnswer judged;
  Sub *sub;

  *text = "there is no XCAP server here";
  if (self->xcap_root == NULL)
    return SERVICE_FORBIDDEN;
  if (request->command->dialog.local_tag == NULL) {
    *dialog = known_dialog (self, request);
    if (repeated (self, request) != NULL)
      return SERVICE_OK;
    if (!may_watch (self, dialog, &judged, text))
      verdict = SERVICE_FORBIDDEN;
    policy_answer_clear (&judged);
    return verdict;
  }
  sub = dialog_of (self, request, &verdict, text);
  if (sub == NULL)
    return verdict;
  *dialog = *sub_dialog (sub);
  if (request->command->dialog.body != NULL)
    dialog->body = request->command->dialog.body;
  return SERVICE_OK;
}

/* The first NOTIFY has all that is subscribed to (RFC 5875 4.1), so it is read
 * before the answer. */
static void
read_first (Service *self, const Request *request)
{
  g_autoptr (GError) error = NULL;
  SubsDialog dialog = { 0 };
  const char *text = NULL;
  ServiceVerdict verdict = check_reader (self, request, &dialog, &text);
  Asking *asking;

  if (verdict != SERVICE_OK) {
    refuse (self, verdict, text, request);
    return;
  }
  asking = asking_new (self, request->caller, request->command, request->answer,
                       request->data);
  if (xcap_events_prepare (self, dialog.presentity, dialog.body, read_cb,
                           asking, &error))
    return;
  refuse (self, SERVICE_BAD_REQUEST, "the list cannot be read", request);
  g_info ("SUBSCRIBE of %s (Call-ID %s): %s", request->caller->user,
          request->caller->call_id, error->message);
  service_leave (self);
  asking_free (asking);
}

static gboolean
may_tell (Sub *sub, gpointer data)
{
  return xcap_events_may_tell (sub, data) && lists_may_tell (sub, data);
}

void
service_resume (Service *self, const ServiceCaller *caller)
{
  GArray *actions = subs_actions_new ();
  SubsDevice device = { .watcher = caller->user,
                        .instance = caller->instance,
                        .contact = caller->contact,
                        .source = caller->source,
                        .flow = caller->flow,
                        .may_tell = may_tell,
                        .data = self };

  subs_resume (self->subs, &device, service_now (self), actions);
  service_act (self, actions);
}

static void
subscribe (Service *self, const Package *package, const Request *request)
{
  const SubsDialog *dialog = &request->command->dialog;

  if (package->is_read)
    read_first (self, request);
  else if (lists_is_asked (self, dialog))
    read_list (self, request);
  else if (dialog->local_tag != NULL)
    in_dialog (self, request);
  else if (judge_is_ready (self, request->caller->user, dialog->presentity,
                           dialog->package))
    outside (self, request);
  else
    ask_policy (self, request);
}

/* RFC 3261 21.4.13: with what is taken. */
static void
refuse_type (Service *self, const Package *package, const Request *request)
{
  SubscribeAnswer out = { .verdict = SERVICE_BAD_TYPE, .accept = "" };
  g_autofree char *types = NULL;

  if (lists_is_asked (self, &request->command->dialog))
    out.accept
        = "application/resource-lists+xml, " FILTER_TYPE ", multipart/mixed";
  else if (package->is_filtered)
    out.accept = types
        = g_strconcat (package->body != NULL ? package->body : "",
                       package->body != NULL ? ", " : "", FILTER_TYPE,
                       ", multipart/mixed", NULL);
  else if (package->body != NULL)
    out.accept = package->body;
  request->answer (&out, request->data);
}

/* Is its body of a kind that says something? */
static gboolean
understands (Service *self, const Package *package, const SubsDialog *dialog)
{
  return lists_is_asked (self, dialog) ? lists_takes_body (self, dialog)
                                       : takes_body (package, dialog->body);
}

void
service_subscribe (Service *self, const ServiceCaller *caller,
                   const SubscribeCommand *command, SubscribeAnswerFn answer,
                   gpointer data)
{
  SubscribeCommand understood = *command;
  const Request request = {
    .caller = caller, .command = &understood, .answer = answer, .data = data
  };
  g_autofree char *address
      = command->dialog.local_tag == NULL
            ? lists_address (self, command->dialog.package,
                             command->dialog.presentity, command->list)
            : NULL;
  const Package *package = NULL;
  const char *text = NULL;
  ServiceVerdict verdict;

  if (address != NULL)
    understood.dialog.presentity = address;
  verdict = check (self, caller, &understood, &package, &text);
  if (verdict == SERVICE_BAD_TYPE) {
    refuse_type (self, package, &request);
    return;
  }
  if (verdict != SERVICE_OK) {
    refuse (self, verdict, text, &request);
    return;
  }
  if (!understands (self, package, &understood.dialog))
    understood.dialog.body = NULL;
  if (understood.expires < 0 && package->default_expires > 0)
    understood.expires = package->default_expires;
  subscribe (self, package, &request);
  service_resume (self, caller);
}
