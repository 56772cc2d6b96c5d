/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBE (RFC 6665 4.2.1): check the package and the policy, let subs/
 * decide, write, answer; the NOTIFY follows the answer. */
#define G_LOG_DOMAIN "service"
#include "service/judge.h"
#include "service/packages.h"

#include "addr/aor.h"

typedef struct {
  Service *service;
  Sub *sub;
  guint32 cseq;
  guint granted;
  SubscribeAnswerFn answer;
  gpointer data;
} Subscribing;

static Subscribing *
subscribing_new (Service *service, Sub *sub, guint granted,
                 SubscribeAnswerFn answer, gpointer data)
{
  Subscribing *self = g_new0 (Subscribing, 1);

  self->service = service;
  self->sub = sub_ref (sub);
  self->cseq = sub_remote_cseq (sub);
  self->granted = granted;
  self->answer = answer;
  self->data = data;
  service_enter (service);
  return self;
}

static void
subscribing_free (Subscribing *self)
{
  service_leave (self->service);
  sub_unref (self->sub);
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
answer_ok (Sub *sub, guint granted, SubscribeAnswerFn answer, gpointer data)
{
  SubscribeAnswer out = { .verdict = SERVICE_OK,
                          .local_tag = sub_dialog (sub)->local_tag,
                          .expires = granted };

  answer (&out, data);
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
  } else {
    if (outcome == STORE_AWAY)
      shorten (self);
    answer_ok (sub, self->granted, self->answer, self->data);
    subs_committed (service->subs, sub, ticket, service_now (service), actions);
  }
  service_act (service, actions);
  subscribing_free (self);
}

static void
wait_for_store (Service *self, Sub *sub, guint granted, GArray *actions,
                SubscribeAnswerFn answer, gpointer data)
{
  Subscribing *subscribing = subscribing_new (self, sub, granted, answer, data);

  if (!service_act_stored (self, actions, sub, stored, subscribing))
    stored (self, sub, 0, STORE_COMMITTED, subscribing);
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
    answer_ok (self->sub, still_granted (self), self->answer, self->data);
  subscribing_free (self);
}

/* A repetition while the first is on its way to the store is answered when that
 * has ended: nothing is written, but the store keeps the order. */
static void
wait_for_first (Service *self, Sub *sub, guint granted,
                SubscribeAnswerFn answer, gpointer data)
{
  self->store->submit (self->store->self, sub_dialog (sub)->presentity, NULL, 0,
                       FALSE, repeated_cb,
                       subscribing_new (self, sub, granted, answer, data));
}

/* An in-dialog SUBSCRIBE, or an initial one that is repeated (DESIGN section 3,
 * rule 6). */
static void
refresh (Service *self, Sub *sub, const ServiceCaller *caller,
         const SubscribeCommand *command, SubscribeAnswerFn answer,
         gpointer data)
{
  GArray *actions = subs_actions_new ();
  guint granted = 0;
  SubsVerdict verdict
      = subs_refresh (self->subs, sub, &command->dialog, caller->cseq,
                      command->expires, service_now (self), &granted, actions);

  switch (verdict) {
  case SUBS_OK:
    wait_for_store (self, sub, granted, actions, answer, data);
    break;
  case SUBS_REPEAT:
    if (sub_is_settled (sub))
      answer_ok (sub, granted, answer, data);
    else
      wait_for_first (self, sub, granted, answer, data);
    service_act (self, actions);
    break;
  default:
    answer_now (self, verdict_of (verdict), NULL, answer, data);
    service_act (self, actions);
  }
}

static void
in_dialog (Service *self, const ServiceCaller *caller,
           const SubscribeCommand *command, SubscribeAnswerFn answer,
           gpointer data)
{
  const SubsDialog *dialog = &command->dialog;
  Sub *sub = subs_find (self->subs, dialog->local_tag, dialog->call_id,
                        dialog->remote_tag);

  if (sub == NULL)
    answer_now (self, SERVICE_GONE, NULL, answer, data);
  else if (!aor_equal (sub_dialog (sub)->watcher, caller->user))
    answer_now (self, SERVICE_FORBIDDEN, "Not your subscription", answer, data);
  else if (!sub_is_of_event (sub, dialog->event)) /* RFC 6665 4.5.2 */
    answer_now (self, SERVICE_FORBIDDEN, "Dialog sharing is not supported",
                answer, data);
  else
    refresh (self, sub, caller, command, answer, data);
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
  if (!package_is_acceptable (*package_out, dialog->accept))
    return SERVICE_NOT_ACCEPTABLE;
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
create (Service *self, const SubsDialog *dialog, guint32 cseq, gint64 expires,
        const PolicyAnswer *judged, SubscribeAnswerFn answer, gpointer data)
{
  GArray *actions = subs_actions_new ();
  guint granted = 0;
  Sub *sub = NULL;
  SubsVerdict verdict = subs_create (
      self->subs, dialog, cseq, expires,
      judged->decision == POLICY_PENDING ? SUBS_PENDING : SUBS_ACTIVE,
      service_now (self), &sub, &granted, actions);

  if (verdict == SUBS_OK) {
    judge_made (self, sub, judged);
    wait_for_store (self, sub, granted, actions, answer, data);
    return;
  }
  answer_now (self, verdict_of (verdict), NULL, answer, data);
  service_act (self, actions);
}

static void
initial (Service *self, const ServiceCaller *caller,
         const SubscribeCommand *command, SubscribeAnswerFn answer,
         gpointer data)
{
  SubsDialog dialog = command->dialog;
  PolicyAnswer judged;
  const char *refusal;

  dialog.package = package_find (dialog.package)->name;
  dialog.presentity = service_user (self, dialog.presentity)->aor;
  dialog.watcher = caller->user;
  judged = judge_watch (self, dialog.watcher, dialog.presentity, dialog.package,
                        NULL);
  refusal = judged.decision == POLICY_BLOCK
                ? text_of (&judged)
                : judge_limits (self, dialog.watcher, dialog.presentity,
                                dialog.package, &judged);
  if (judged.decision == POLICY_BLOCK || refusal != NULL) {
    answer_now (self, SERVICE_FORBIDDEN, refusal, answer, data);
  } else {
    dialog.limit_at = judge_limit_at (self, &judged);
    create (self, &dialog, caller->cseq, command->expires, &judged, answer,
            data);
  }
  policy_answer_clear (&judged);
}

/* A SUBSCRIBE without To tag: a new one, or one that is repeated. */
static void
outside (Service *self, const ServiceCaller *caller,
         const SubscribeCommand *command, SubscribeAnswerFn answer,
         gpointer data)
{
  Sub *sub = subs_find_initial (self->subs, &command->dialog);

  if (sub != NULL && sub_remote_cseq (sub) == caller->cseq)
    refresh (self, sub, caller, command, answer, data);
  else
    initial (self, caller, command, answer, data);
}

/* One that waits until the policy of both has been read. */
typedef struct {
  Service *service;
  ServiceCaller caller; /* owns its strings */
  SubsStored *stored;   /* of which the dialog */
  gint64 expires;
  SubscribeAnswerFn answer;
  gpointer data;
} Asking;

static void
asking_free (Asking *self)
{
  g_free ((char *)self->caller.user);
  g_free ((char *)self->caller.source);
  g_free ((char *)self->caller.call_id);
  g_free ((char *)self->caller.from_tag);
  g_free ((char *)self->caller.contact);
  g_free ((char *)self->caller.instance);
  subs_stored_free (self->stored);
  g_free (self);
}

static Asking *
asking_new (Service *service, const ServiceCaller *caller,
            const SubscribeCommand *command, SubscribeAnswerFn answer,
            gpointer data)
{
  Asking *self = g_new0 (Asking, 1);

  self->service = service;
  self->caller = *caller;
  self->caller.user = g_strdup (caller->user);
  self->caller.source = g_strdup (caller->source);
  self->caller.call_id = g_strdup (caller->call_id);
  self->caller.from_tag = g_strdup (caller->from_tag);
  self->caller.contact = g_strdup (caller->contact);
  self->caller.instance = g_strdup (caller->instance);
  self->stored = subs_stored_copy (&(SubsStored){ .dialog = command->dialog });
  self->expires = command->expires;
  self->answer = answer;
  self->data = data;
  return self;
}

/* Things may have changed while it waited. */
static void
asked_cb (gpointer data)
{
  Asking *self = data;
  Service *service = self->service;
  const SubscribeCommand command
      = { .dialog = self->stored->dialog, .expires = self->expires };
  const Package *package = NULL;
  const char *text = NULL;
  ServiceVerdict verdict
      = check (service, &self->caller, &command, &package, &text);

  if (verdict == SERVICE_OK)
    outside (service, &self->caller, &command, self->answer, self->data);
  else
    answer_now (service, verdict, text, self->answer, self->data);
  service_leave (service);
  asking_free (self);
}

static void
ask_policy (Service *self, const ServiceCaller *caller,
            const SubscribeCommand *command, SubscribeAnswerFn answer,
            gpointer data)
{
  Asking *asking = asking_new (self, caller, command, answer, data);

  service_enter (self);
  judge_prepare (self, asking->caller.user, asking->stored->dialog.presentity,
                 asked_cb, asking);
}

void
service_resume (Service *self, const ServiceCaller *caller)
{
  GArray *actions = subs_actions_new ();
  SubsDevice device = { .watcher = caller->user,
                        .instance = caller->instance,
                        .contact = caller->contact,
                        .source = caller->source,
                        .flow = caller->flow };

  subs_resume (self->subs, &device, service_now (self), actions);
  service_act (self, actions);
}

void
service_subscribe (Service *self, const ServiceCaller *caller,
                   const SubscribeCommand *command, SubscribeAnswerFn answer,
                   gpointer data)
{
  const SubsDialog *dialog = &command->dialog;
  const Package *package = NULL;
  const char *text = NULL;
  ServiceVerdict verdict = check (self, caller, command, &package, &text);

  if (verdict != SERVICE_OK) {
    answer_now (self, verdict, text, answer, data);
    return;
  }
  if (dialog->local_tag != NULL)
    in_dialog (self, caller, command, answer, data);
  else if (judge_is_ready (self, caller->user, dialog->presentity,
                           dialog->package))
    outside (self, caller, command, answer, data);
  else
    ask_policy (self, caller, command, answer, data);
  service_resume (self, caller);
}
