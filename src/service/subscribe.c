/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBE (RFC 6665 4.2.1): check it, and read what the decision needs: the
 * policy of both, a list, documents. */
#define G_LOG_DOMAIN "service"
#include "service/subscribe-priv.h"

#include "service/asking.h"
#include "service/bodies.h"
#include "service/judge.h"
#include "service/lists.h"
#include "service/packages.h"
#include "service/xcap_events.h"
#include "service/xmpp-presence.h"
#include "service/xmpp-rooms.h"

#include <string.h>

/* RFC 3261 8.2.3: to leave out a filter (RFC 4660) or a list (RFC 5367) would be
 * to answer another question. */
static gboolean
takes_body (const Package *package, const SubsBody *body)
{
  const char *const types[]
      = { package->body, package->is_filtered ? FILTER_TYPE : NULL };

  return body == NULL || body_is_of (body, types, G_N_ELEMENTS (types));
}

/* Of XMPP users there is presence and nothing else. */
static ServiceVerdict
check_presentity (Service *self, const SubsDialog *dialog)
{
  if (xmpp_presence_is_contact (self, dialog->presentity))
    return strcmp (dialog->package, "presence") == 0 ? SERVICE_OK
                                                     : SERVICE_BAD_EVENT;
  return service_enabled_user (self, dialog->presentity) != NULL
             ? SERVICE_OK
             : SERVICE_NOT_FOUND;
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
  if (dialog->local_tag != NULL)
    return SERVICE_OK;
  if ((*package_out)->is_room || xmpp_rooms_is_asked (self, dialog))
    return xmpp_rooms_check (self, command, caller->user, text);
  return check_presentity (self, dialog);
}

/* The list of this one is counted. */
static gboolean
has_too_many (Service *self, const SubscribeRequest *request)
{
  return request->command->dialog.local_tag == NULL
         && subscribe_repeated (self, request) == NULL
         && lists_n_of (self, request->caller->user) > self->limits.list_max;
}

/* Things may have changed while it waited. */
static void
decide_asked (Asking *self, XcapWatch *watch, List *list)
{
  Service *service = self->service;
  const SubscribeRequest request = { .caller = &self->caller,
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
    subscribe_forget_read (&request);
    subscribe_refuse (service, verdict, text, &request);
  } else if (self->command.dialog.local_tag != NULL) {
    subscribe_in_dialog (service, &request);
  } else {
    subscribe_outside (service, &request);
  }
  service_leave (service);
  asking_free (self);
}

void
subscribe_asked (Asking *asking)
{
  decide_asked (asking, NULL, NULL);
}

static void
asked_cb (gpointer data)
{
  subscribe_asked (data);
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
  subscribe_answer_now (self->service, prepared->verdict, prepared->text,
                        self->answer, self->data);
  service_leave (self->service);
  asking_free (self);
}

/* The first NOTIFY has the state of all (RFC 4662 5.2), so the list and the
 * policy of its members are read before the answer. */
static void
read_list (Service *self, const SubscribeRequest *request)
{
  SubsDialog dialog = request->command->dialog;
  const char *text = NULL;
  ServiceVerdict verdict = SERVICE_OK;
  Sub *sub = NULL;

  if (dialog.local_tag != NULL)
    sub = subscribe_dialog_of (self, request, &verdict, &text);
  if (sub != NULL) {
    dialog = *sub_dialog (sub);
    verdict = SERVICE_OK;
  }
  dialog.watcher = request->caller->user;
  if (verdict != SERVICE_OK)
    subscribe_refuse (self, verdict, text, request);
  else if (sub != NULL && lists_is_ready (self, sub))
    subscribe_refresh (self, sub, request);
  else
    lists_prepare (self, &dialog, request->command->expires == 0, prepared_cb,
                   asking_new (self, request->caller, request->command,
                               request->answer, request->data));
}

static void
ask_policy (Service *self, const SubscribeRequest *request)
{
  Asking *asking = asking_new (self, request->caller, request->command,
                               request->answer, request->data);

  judge_prepare (self, asking->caller.user, asking->stored->dialog.presentity,
                 asked_cb, asking);
}

/* What is refused anyway is not worth the reading. */
static ServiceVerdict
check_reader (Service *self, const SubscribeRequest *request,
              SubsDialog *dialog, const char **text)
{
  ServiceVerdict verdict = SERVICE_OK;
  PolicyAnswer judged;
  Sub *sub;

  *text = "there is no XCAP server here";
  if (self->xcap_root == NULL)
    return SERVICE_FORBIDDEN;
  if (request->command->dialog.local_tag == NULL) {
    *dialog = subscribe_known_dialog (self, request);
    if (subscribe_repeated (self, request) != NULL)
      return SERVICE_OK;
    if (!subscribe_may_watch (self, dialog, &judged, text))
      verdict = SERVICE_FORBIDDEN;
    policy_answer_clear (&judged);
    return verdict;
  }
  sub = subscribe_dialog_of (self, request, &verdict, text);
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
read_first (Service *self, const SubscribeRequest *request)
{
  g_autoptr (GError) error = NULL;
  SubsDialog dialog = { 0 };
  const char *text = NULL;
  ServiceVerdict verdict = check_reader (self, request, &dialog, &text);
  Asking *asking;

  if (verdict != SERVICE_OK) {
    subscribe_refuse (self, verdict, text, request);
    return;
  }
  asking = asking_new (self, request->caller, request->command, request->answer,
                       request->data);
  if (xcap_events_prepare (self, dialog.presentity, dialog.body, read_cb,
                           asking, &error))
    return;
  subscribe_refuse (self, SERVICE_BAD_REQUEST, "the list cannot be read",
                    request);
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
subscribe (Service *self, const Package *package,
           const SubscribeRequest *request)
{
  const SubsDialog *dialog = &request->command->dialog;

  if (package->is_read)
    read_first (self, request);
  else if (lists_is_asked (self, dialog))
    read_list (self, request);
  else if (dialog->local_tag != NULL)
    subscribe_in_dialog (self, request);
  else if (package->is_room)
    xmpp_rooms_subscribe (self, request);
  else if (judge_is_ready (self, request->caller->user, dialog->presentity,
                           dialog->package))
    subscribe_outside (self, request);
  else
    ask_policy (self, request);
}

/* RFC 3261 21.4.13: with what is taken. */
static void
refuse_type (Service *self, const Package *package,
             const SubscribeRequest *request)
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
  const SubscribeRequest request = {
    .caller = caller, .command = &understood, .answer = answer, .data = data
  };
  g_autofree char *address
      = command->dialog.local_tag == NULL
            ? lists_address (self, command->dialog.package,
                             command->dialog.presentity, command->list)
            : NULL;
  g_autofree char *room = xmpp_rooms_address (self, &command->dialog);
  const Package *package = NULL;
  const char *text = NULL;
  ServiceVerdict verdict;

  if (room != NULL)
    understood.dialog.presentity = room;
  else if (address != NULL)
    understood.dialog.presentity = address;
  verdict = check (self, caller, &understood, &package, &text);
  if (verdict == SERVICE_BAD_TYPE) {
    refuse_type (self, package, &request);
    return;
  }
  if (verdict != SERVICE_OK) {
    subscribe_refuse (self, verdict, text, &request);
    return;
  }
  if (!understands (self, package, &understood.dialog))
    understood.dialog.body = NULL;
  if (understood.expires < 0 && package->default_expires > 0)
    understood.expires = package->default_expires;
  subscribe (self, package, &request);
  service_resume (self, caller);
}
