/* SPDX-License-Identifier: ISC
 *
 * Requests that go on to another domain: one copy, statefully (RFC 3261 16),
 * and its answer upstream. */
#define G_LOG_DOMAIN "service"
#include "service/relay.h"

typedef struct {
  GList link; /* in service->relaying */
  Service *service;
  LoopTimer *timer;
  MessageAnswerFn answer; /* NULL: answered */
  gpointer data;
} Relay;

static void
relay_free (Relay *self)
{
  Service *service = self->service;

  if (self->timer != NULL)
    service->loop->remove_timer (service->loop->self, self->timer);
  g_queue_unlink (&service->relaying, &self->link);
  g_free (self);
}

/* response NULL, as after a timeout or a failed transport: nobody took it. */
static void
answer (Relay *self, SipResponse *response)
{
  MessageAnswer out = { .verdict = SERVICE_RELAYED, .response = response };
  MessageAnswerFn fn = g_steal_pointer (&self->answer);

  if (fn == NULL)
    return;
  if (response == NULL) {
    out.verdict = SERVICE_UNAVAILABLE;
    out.text = "No answer from the next hop";
  }
  fn (&out, self->data);
  service_leave (self->service);
}

static void
answered_cb (guint status, SipResponse *response, gpointer data)
{
  Relay *self = data;

  answer (self, response);
  relay_free (self);
}

/* The copy is still under way: what comes back is for nobody. */
static void
timeout_cb (gpointer data)
{
  Relay *self = data;

  self->timer = NULL;
  answer (self, NULL);
}

void
relay_start (Service *service, SipIncoming *request, MessageAnswerFn fn,
             gpointer data)
{
  static const SipTarget as_it_came;
  Relay *self = g_new0 (Relay, 1);

  self->service = service;
  self->link.data = self;
  g_queue_push_tail_link (&service->relaying, &self->link);
  self->answer = fn;
  self->data = data;
  service_enter (service);
  self->timer = service->loop->after (
      service->loop->self, service->limits.im.fork / 1000, timeout_cb, self);
  service->sip->forward (service->sip->self, request, &as_it_came, answered_cb,
                         self);
}

void
relays_give_up (Service *service)
{
  for (GList *at = service->relaying.head; at != NULL; at = at->next)
    answer (at->data, NULL);
}

void
relays_free (Service *service)
{
  while (service->relaying.head != NULL)
    relay_free (service->relaying.head->data);
}
