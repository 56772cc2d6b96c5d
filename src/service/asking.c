/* SPDX-License-Identifier: ISC
 *
 * Copies of SUBSCRIBEs: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/asking.h"

void
asking_free (Asking *self)
{
  g_free ((char *)self->caller.user);
  g_free ((char *)self->caller.source);
  g_free ((char *)self->caller.call_id);
  g_free ((char *)self->caller.from_tag);
  g_free ((char *)self->caller.contact);
  g_free ((char *)self->caller.instance);
  g_free ((char *)self->command.profile_type);
  g_free ((char *)self->command.suppress);
  g_free ((char *)self->command.list);
  g_free ((char *)self->command.password);
  subs_stored_free (self->stored);
  g_free (self);
}

Asking *
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
  self->command = *command;
  self->command.profile_type = g_strdup (command->profile_type);
  self->command.suppress = g_strdup (command->suppress);
  self->command.list = g_strdup (command->list);
  self->command.password = g_strdup (command->password);
  self->command.dialog = self->stored->dialog;
  self->answer = answer;
  self->data = data;
  service_enter (service);
  return self;
}
