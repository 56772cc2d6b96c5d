/* SPDX-License-Identifier: ISC
 *
 * The fake SIP side of the unit tests. */
#include "fakesip.h"

static const guint STATUS[] = { [SUBS_NOTIFY_OK] = 200,
                                [SUBS_NOTIFY_DEAD] = 481,
                                [SUBS_NOTIFY_REFUSED] = 500,
                                [SUBS_NOTIFY_SUSPENDED] = 408 };

void
fake_notify_free (FakeNotify *self)
{
  if (self == NULL)
    return;
  g_free (self->watcher);
  g_free (self->target);
  g_free (self->body);
  g_free (self->content_type);
  g_free (self->event_params);
  g_free (self->state_params);
  g_free (self->etag);
  g_free (self);
}

static void
forward_free (gpointer data)
{
  FakeForward *self = data;

  g_free (self->target);
  g_free (self->call_id);
  g_free (self->headers);
  g_free (self->content_type);
  g_free (self->body);
  g_free (self);
}

static void
notify_cb (gpointer port, const SipNotify *notify, SipNotifyFn done,
           gpointer data)
{
  FakeSip *self = port;
  FakeNotify *note = g_new0 (FakeNotify, 1);

  note->watcher = g_strdup (notify->dialog->watcher);
  note->target = g_strdup (notify->target != NULL ? notify->target
                                                  : notify->dialog->target);
  if (notify->body != NULL)
    note->body = g_strndup (g_bytes_get_data (notify->body, NULL),
                            g_bytes_get_size (notify->body));
  note->content_type = g_strdup (notify->content_type);
  note->event_params = g_strdup (notify->event_params);
  note->state_params = g_strdup (notify->state_params);
  note->etag = g_strdup (notify->etag);
  note->state = notify->state;
  note->reason = notify->reason;
  note->cseq = notify->cseq;
  note->flow = notify->flow;
  note->done = done;
  note->data = data;
  g_ptr_array_add (self->notifies, note);
  self->sent++;
}

static void
forward_cb (gpointer port, SipIncoming *request, const SipTarget *target,
            SipForwardFn done, gpointer data)
{
  FakeSip *self = port;
  FakeForward *forward = g_new0 (FakeForward, 1);

  forward->target = g_strdup (target->target);
  forward->flow = target->flow;
  forward->done = done;
  forward->data = data;
  g_ptr_array_add (self->forwards, forward);
}

static void
message_cb (gpointer port, const SipMessage *message, const SipTarget *target,
            SipForwardFn done, gpointer data)
{
  FakeSip *self = port;
  FakeForward *forward;

  forward_cb (port, NULL, target, done, data);
  forward = self->forwards->pdata[self->forwards->len - 1];
  forward->call_id = g_strdup (message->call_id);
  forward->headers = g_strdup (message->headers);
  forward->content_type = g_strdup (message->content_type);
  forward->date = message->date;
  forward->cseq = message->cseq;
  if (message->body != NULL)
    forward->body = g_strndup (g_bytes_get_data (message->body, NULL),
                               g_bytes_get_size (message->body));
}

void
fake_subscribe_free (FakeSubscribe *self)
{
  if (self == NULL)
    return;
  g_free (self->from);
  g_free (self->to);
  g_free (self->target);
  g_free (self->package);
  g_free (self->accept);
  g_free (self->call_id);
  g_free (self->local_tag);
  g_free (self->remote_tag);
  g_free (self->route_set);
  g_free (self);
}

static void
subscribe_cb (gpointer port, const SipSubscribe *subscribe, SipSubscribeFn done,
              gpointer data)
{
  FakeSip *self = port;
  const WatchDialog *dialog = &subscribe->dialog;
  FakeSubscribe *note = g_new0 (FakeSubscribe, 1);

  note->from = g_strdup (subscribe->wish->from);
  note->to = g_strdup (subscribe->wish->target);
  note->target = g_strdup (dialog->target);
  note->package = g_strdup (subscribe->wish->package);
  note->accept = g_strdup (subscribe->wish->accept);
  note->call_id = g_strdup (dialog->call_id);
  note->local_tag = g_strdup (dialog->local_tag);
  note->remote_tag = g_strdup (dialog->remote_tag);
  note->route_set = g_strdup (dialog->route_set);
  note->cseq = subscribe->cseq;
  note->expires = subscribe->expires;
  note->done = done;
  note->data = data;
  g_ptr_array_add (self->subscribes, note);
}

FakeSubscribe *
fake_sip_accept (FakeSip *self, const char *target, const WatchAnswer *answer)
{
  for (guint i = 0; i < self->subscribes->len; i++) {
    FakeSubscribe *note = g_ptr_array_index (self->subscribes, i);

    if (target != NULL && g_strcmp0 (note->target, target) != 0)
      continue;
    g_ptr_array_remove_index (self->subscribes, i);
    note->done (answer, note->data);
    return note;
  }
  g_error ("no SUBSCRIBE to %s", target);
}

static SipIncoming *
keep_request_cb (gpointer port, SipIncoming *request)
{
  ((FakeSip *)port)->requests++;
  return request;
}

static void
drop_request_cb (gpointer port, SipIncoming *request)
{
  ((FakeSip *)port)->requests--;
}

static char *
describe_cb (gpointer port, SipIncoming *request)
{
  return g_strdup ("From: <sip:alice@example.com>;tag=a\r\n"
                   "To: <sip:bob@example.com>\r\n");
}

static SipResponse *
keep_cb (gpointer port, SipResponse *response)
{
  response->refs++;
  return response;
}

static void
drop_cb (gpointer port, SipResponse *response)
{
  if (--response->refs == 0)
    g_free (response);
}

FakeSip *
fake_sip_new (void)
{
  FakeSip *self = g_new0 (FakeSip, 1);

  self->notifies = g_ptr_array_new ();
  self->forwards = g_ptr_array_new ();
  self->subscribes = g_ptr_array_new ();
  self->port.self = self;
  self->port.notify = notify_cb;
  self->port.forward = forward_cb;
  self->port.message = message_cb;
  self->port.subscribe = subscribe_cb;
  self->port.keep_request = keep_request_cb;
  self->port.drop_request = drop_request_cb;
  self->port.describe = describe_cb;
  self->port.keep_response = keep_cb;
  self->port.drop_response = drop_cb;
  return self;
}

void
fake_sip_free (FakeSip *self)
{
  g_assert_cmpuint (self->notifies->len, ==, 0);
  g_assert_cmpuint (self->forwards->len, ==, 0);
  g_assert_cmpuint (self->subscribes->len, ==, 0);
  g_assert_cmpint (self->requests, ==, 0);
  g_ptr_array_unref (self->notifies);
  g_ptr_array_unref (self->forwards);
  g_ptr_array_unref (self->subscribes);
  g_free (self);
}

FakeNotify *
fake_sip_answer (FakeSip *self, const char *watcher, SubsNotifyResult result)
{
  for (guint i = 0; i < self->notifies->len; i++) {
    FakeNotify *note = g_ptr_array_index (self->notifies, i);

    if (watcher != NULL && g_strcmp0 (note->watcher, watcher) != 0)
      continue;
    g_ptr_array_remove_index (self->notifies, i);
    note->done (result, STATUS[result], 0, NULL, note->data);
    return note;
  }
  g_error ("no NOTIFY to %s", watcher);
}

guint
fake_sip_drain (FakeSip *self)
{
  guint n = 0;

  for (; self->notifies->len > 0; n++)
    fake_notify_free (fake_sip_answer (self, NULL, SUBS_NOTIFY_OK));
  return n;
}

void
fake_sip_respond (FakeSip *self, const char *target, guint status)
{
  for (guint i = 0; i < self->forwards->len; i++) {
    FakeForward *forward = g_ptr_array_index (self->forwards, i);
    SipResponse *response = NULL;

    if (g_strcmp0 (forward->target, target) != 0)
      continue;
    g_ptr_array_remove_index (self->forwards, i);
    if (status != 0) {
      response = g_new0 (SipResponse, 1);
      response->status = status;
      response->refs = 1;
    }
    forward->done (status != 0 ? status : 503, response, forward->data);
    if (response != NULL)
      drop_cb (self, response);
    forward_free (forward);
    return;
  }
  g_error ("nothing forwarded to %s", target);
}

void
fake_sip_nobody_cb (guint status, SipResponse *response, gpointer data)
{
}
