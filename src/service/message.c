/* SPDX-License-Identifier: ISC
 *
 * MESSAGE (RFC 3428): to every signed-in device of a local user, or on to
 * another domain; one final answer upstream. */
#define G_LOG_DOMAIN "service"
#include "service/judge.h"

#include "im/fork.h"

#include <string.h>

typedef struct Forking Forking;

typedef struct {
  Forking *forking;
  guint branch;
} Branch;

/* One MESSAGE; lives until upstream is answered and every branch has ended. */
struct Forking {
  GList link; /* in service->forking */
  Service *service;
  ImFork *fork;
  SipResponse *kept[IM_FORK_MAX];
  Branch branches[IM_FORK_MAX];
  guint n;
  gboolean is_answered, is_relay;
  LoopTimer *timer;
  MessageAnswerFn answer;
  gpointer data;
};

static void
answer_now (ServiceVerdict verdict, const char *text, MessageAnswerFn answer,
            gpointer data)
{
  MessageAnswer out = { .verdict = verdict, .text = text };

  answer (&out, data);
}

static void
forking_free (Forking *self)
{
  SipOutPort *sip = self->service->sip;

  for (guint i = 0; i < self->n; i++)
    if (self->kept[i] != NULL)
      sip->drop_response (sip->self, self->kept[i]);
  if (self->timer != NULL)
    self->service->loop->remove_timer (self->service->loop->self, self->timer);
  g_queue_unlink (&self->service->forking, &self->link);
  im_fork_free (self->fork);
  g_free (self);
}

void
service_forking_free (Service *self)
{
  while (self->forking.head != NULL)
    forking_free (self->forking.head->data);
}

static void
release_if_done (Forking *self)
{
  if (self->is_answered && im_fork_is_done (self->fork))
    forking_free (self);
}

/* branch < 0, or one without a response (timeout, transport failure): nobody
 * took it. */
static void
answer_upstream (Forking *self, gint branch)
{
  SipResponse *response = branch >= 0 ? self->kept[branch] : NULL;
  MessageAnswer out = { .verdict = SERVICE_UNAVAILABLE };

  if (response != NULL) {
    out.verdict = SERVICE_RELAYED;
    out.response = response;
  } else {
    out.text = self->is_relay ? "No answer from the next hop"
                              : "No device took the message";
  }
  if (self->timer != NULL)
    self->service->loop->remove_timer (self->service->loop->self,
                                       g_steal_pointer (&self->timer));
  self->is_answered = TRUE;
  self->answer (&out, self->data);
  service_leave (self->service);
}

static void
forwarded_cb (guint status, SipResponse *response, gpointer data)
{
  Branch *branch = data;
  Forking *self = branch->forking;
  SipOutPort *sip = self->service->sip;
  guint best;

  if (response != NULL && self->kept[branch->branch] == NULL)
    self->kept[branch->branch] = sip->keep_response (sip->self, response);
  if (im_fork_answer (self->fork, branch->branch, status, &best) == IM_ANSWER)
    answer_upstream (self, (gint)best);
  release_if_done (self);
}

static void
timeout_cb (gpointer data)
{
  Forking *self = data;
  gint best = -1;

  self->timer = NULL;
  if (im_fork_timeout (self->fork, &best) == IM_ANSWER)
    answer_upstream (self, best);
  release_if_done (self);
}

void
service_forking_give_up (Service *self)
{
  GList *next;

  for (GList *l = self->forking.head; l != NULL; l = next) {
    Forking *forking = l->data;
    gint best = -1;

    next = l->next;
    if (im_fork_timeout (forking->fork, &best) == IM_ANSWER)
      answer_upstream (forking, best);
    release_if_done (forking);
  }
}

static void
start (Service *service, const MessageCommand *command, GPtrArray *targets,
       MessageAnswerFn answer, gpointer data)
{
  Forking *self = g_new0 (Forking, 1);
  SipOutPort *sip = service->sip;

  self->service = service;
  self->link.data = self;
  g_queue_push_tail_link (&service->forking, &self->link);
  self->n = MIN (targets->len, IM_FORK_MAX);
  self->fork = im_fork_new (self->n);
  self->is_relay = command->recipient == NULL;
  self->answer = answer;
  self->data = data;
  service_enter (service);
  self->timer = service->loop->after (service->loop->self,
                                      service->limits.fork_timeout * 1000,
                                      timeout_cb, self);
  for (guint i = 0; i < self->n; i++) {
    self->branches[i].forking = self;
    self->branches[i].branch = i;
    sip->forward (sip->self, command->request, g_ptr_array_index (targets, i),
                  forwarded_cb, &self->branches[i]);
  }
}

static SipTarget *
target_of (const RegBinding *binding)
{
  SipTarget *target = g_new0 (SipTarget, 1);

  target->target = binding->contact;
  target->path = binding->path;
  target->flow = binding->flow;
  /* RFC 3327 5.3: with a Path its first hop is the way, whoever sent it. */
  if (binding->path == NULL && g_str_has_prefix (binding->received, "udp:"))
    target->received = binding->received;
  return target;
}

/* A connection that has closed cannot be opened from here. */
static gboolean
is_reachable (const RegBinding *binding)
{
  return binding->flow != 0 || binding->path != NULL
         || binding->received == NULL
         || g_str_has_prefix (binding->received, "udp:");
}

/* Does a binding of the same device stand before it (newer)? */
static gboolean
is_older_twin (GPtrArray *bindings, const RegBinding *binding)
{
  if (binding->instance == NULL)
    return FALSE;
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *other = g_ptr_array_index (bindings, i);

    if (other != binding && g_strcmp0 (other->instance, binding->instance) == 0
        && is_reachable (other)
        && (other->updated_at > binding->updated_at
            || (other->updated_at == binding->updated_at && other < binding)))
      return TRUE;
  }
  return FALSE;
}

/* The devices of a user: one binding each, the newest that can be reached. */
static GPtrArray *
targets_of (Service *self, const char *aor, const char *instance)
{
  g_autoptr (GPtrArray) bindings = reg_bindings (self->reg, aor);
  GPtrArray *targets = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = g_ptr_array_index (bindings, i);

    if (instance != NULL && g_strcmp0 (binding->instance, instance) != 0)
      continue;
    if (is_reachable (binding) && !is_older_twin (bindings, binding))
      g_ptr_array_add (targets, target_of (binding));
  }
  return targets;
}

/* What cannot be read now stops no message: those who are there go on writing
 * while PostgreSQL is away (DESIGN section 3, rule 5). */
static ServiceVerdict
judge (Service *self, const char *sender, const MessageCommand *command,
       const char **text)
{
  PolicyAnswer judged;

  if (!command->is_message)
    return SERVICE_OK;
  judged = judge_message (self, sender,
                          command->recipient != NULL ? command->recipient : "");
  if (judged.step == POLICY_BY_IM_OFF)
    *text = policy_step_text (judged.step);
  if (judged.decision == POLICY_BLOCK)
    return SERVICE_FORBIDDEN;
  return judged.decision == POLICY_POLITE_BLOCK ? SERVICE_ACCEPTED : SERVICE_OK;
}

static ServiceVerdict
check (Service *self, const char *sender, const MessageCommand *command,
       const char **text)
{
  ServiceVerdict verdict = service_gate (self);
  const StoreUser *user;

  if (verdict != SERVICE_OK)
    return verdict;
  if (command->recipient == NULL)
    return judge (self, sender, command, text);
  user = service_enabled_user (self, command->recipient);
  if (user == NULL)
    return SERVICE_NOT_FOUND;
  verdict = judge (self, sender, command, text);
  if (verdict == SERVICE_OK && command->instance != NULL
      && !reg_knows_instance (self->reg, user->aor, command->instance))
    return SERVICE_NOT_FOUND;
  return verdict;
}

static void
send_on (Service *self, const MessageCommand *command, MessageAnswerFn answer,
         gpointer data)
{
  g_autoptr (GPtrArray) targets = NULL;

  if (command->recipient == NULL) {
    targets = g_ptr_array_new_with_free_func (g_free);
    g_ptr_array_add (targets, g_new0 (SipTarget, 1));
  } else {
    targets = targets_of (self, command->recipient, command->instance);
  }
  if (targets->len == 0)
    answer_now (SERVICE_UNAVAILABLE, "Nobody is signed in there", answer, data);
  else
    start (self, command, targets, answer, data);
}

static void
check_and_send (Service *self, const char *sender,
                const MessageCommand *command, MessageAnswerFn answer,
                gpointer data)
{
  const char *text = NULL;
  ServiceVerdict verdict = check (self, sender, command, &text);

  if (verdict == SERVICE_OK)
    send_on (self, command, answer, data);
  else
    answer_now (verdict, text, answer, data);
}

/* One that waits until its recipient's policy has been read. */
typedef struct {
  Service *service;
  MessageCommand command; /* owns its strings */
  char *sender;
  MessageAnswerFn answer;
  gpointer data;
} Asking;

static void
asked_cb (PolicyUser *user, gpointer data)
{
  Asking *self = data;

  check_and_send (self->service, self->sender, &self->command, self->answer,
                  self->data);
  service_leave (self->service);
  g_free ((char *)self->command.recipient);
  g_free ((char *)self->command.instance);
  g_free (self->sender);
  g_free (self);
}

static void
ask_policy (Service *self, const char *sender, const MessageCommand *command,
            MessageAnswerFn answer, gpointer data)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->service = self;
  asking->command = *command;
  asking->command.recipient = g_strdup (command->recipient);
  asking->command.instance = g_strdup (command->instance);
  asking->sender = g_strdup (sender);
  asking->answer = answer;
  asking->data = data;
  service_enter (self);
  facts_want (self->facts, asking->command.recipient, asked_cb, asking);
}

/* The policy of somebody who is there, and not known yet. */
static gboolean
needs_policy (Service *self, const MessageCommand *command)
{
  return command->is_message && command->recipient != NULL
         && service_gate (self) == SERVICE_OK
         && service_enabled_user (self, command->recipient) != NULL
         && facts_peek (self->facts, command->recipient) == NULL;
}

void
service_message (Service *self, const ServiceCaller *caller,
                 const MessageCommand *command, MessageAnswerFn answer,
                 gpointer data)
{
  if (needs_policy (self, command))
    ask_policy (self, caller->user, command, answer, data);
  else
    check_and_send (self, caller->user, command, answer, data);
  if (service_gate (self) != SERVICE_BUSY)
    service_resume (self, caller);
}
