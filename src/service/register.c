/* SPDX-License-Identifier: ISC
 *
 * REGISTER: decide, write, then show and answer (RFC 3261 10.3). */
#define G_LOG_DOMAIN "service"
#include "service/mail.h"
#include "service/orphans.h"
#include "service/registrations.h"
#include "service/xmpp-rooms.h"

#include "addr/aor.h"

#include <string.h>

typedef struct {
  Service *service;
  char *aor;
  GPtrArray *changes;     /* RegChange */
  gboolean is_registered; /* as decided at arrival */
  char *instance, *contact, *source;
  guint64 flow;
  RegisterAnswerFn answer;
  gpointer data;
} Registering;

static void
registering_free (Registering *self)
{
  service_leave (self->service);
  g_ptr_array_unref (self->changes);
  g_free (self->aor);
  g_free (self->instance);
  g_free (self->contact);
  g_free (self->source);
  g_free (self);
}

static void
answer_now (Service *self, ServiceVerdict verdict, const char *text,
            RegisterAnswerFn answer, gpointer data)
{
  RegisterAnswer out = { .verdict = verdict, .text = text };

  out.min_expires = self->limits.reg.min_expires;
  out.now = service_now (self);
  answer (&out, data);
}

/* A binding that ends leaves its row, expired, when it names an instance: its
 * GRUU is then known to be away (480), also after a restart. */
static StoreWrite
write_of (Service *self, const RegChange *change)
{
  StoreWrite write = { .kind = STORE_PUT_BINDING,
                       .binding = reg_binding_copy (change->binding) };

  if (change->kind == REG_PUT)
    return write;
  if (write.binding->instance == NULL)
    write.kind = STORE_DROP_BINDING;
  else
    write.binding->expires_at
        = MIN (write.binding->expires_at, service_now (self));
  return write;
}

void
service_store_bindings (Service *self, const char *aor, GPtrArray *changes,
                        StoreDoneFn done, gpointer data)
{
  g_autofree StoreWrite *writes = g_new0 (StoreWrite, MAX (changes->len, 1));

  for (guint i = 0; i < changes->len; i++)
    writes[i] = write_of (self, g_ptr_array_index (changes, i));
  self->store->submit (self->store->self, aor, writes, changes->len, FALSE,
                       done, data);
}

/* Its time ran out, and its row says so. */
static gboolean
is_remembered (Service *self, const RegBinding *binding)
{
  return binding->instance != NULL && binding->expires_at <= service_now (self);
}

void
service_bindings_gone (Service *self, GPtrArray *changes)
{
  for (guint i = 0; i < changes->len; i++) {
    const RegChange *change = g_ptr_array_index (changes, i);
    const char *aor = change->binding->aor;

    if (!is_remembered (self, change->binding)) {
      StoreWrite write = write_of (self, change);

      self->store->submit (self->store->self, aor, &write, 1, FALSE, NULL,
                           NULL);
    }
    if (presence_set_registered (self->presence, aor,
                                 reg_is_online (self->reg, aor)))
      service_presence_changed (self, aor);
  }
  orphans_bindings_changed (self, changes);
  registrations_changed (self, changes);
  mail_bindings_changed (self->mail, changes);
  xmpp_rooms_bindings_changed (self, changes);
}

/* The dialogs of the device that registered go on over its new flow. */
static void
resume_dialogs (Registering *self)
{
  const ServiceCaller device = { .user = self->aor,
                                 .instance = self->instance,
                                 .contact = self->contact,
                                 .source = self->source,
                                 .flow = self->flow };

  if (self->contact != NULL)
    service_resume (self->service, &device);
}

/* From memory while PostgreSQL is away (DESIGN section 3, rule 5): granted for
 * a short time, written when it is back. */
static void
shorten (Registering *self)
{
  Service *service = self->service;

  reg_shorten (service->reg, self->changes, service->limits.away_expires,
               service_now (service));
  service_store_bindings (service, self->aor, self->changes, NULL, NULL);
  counters_add (service->counters, "answers_from_memory", 1);
}

static void
accepted (Registering *self, StoreOutcome outcome)
{
  Service *service = self->service;
  g_autoptr (GPtrArray) bindings = NULL;
  RegisterAnswer out = { .verdict = SERVICE_OK };

  if (outcome == STORE_AWAY && self->changes->len > 0)
    shorten (self);
  bindings = reg_bindings (service->reg, self->aor);
  out.bindings = bindings;
  out.now = service_now (service);
  self->answer (&out, self->data);
  if (presence_set_registered (service->presence, self->aor,
                               self->is_registered))
    service_presence_changed (service, self->aor);
  resume_dialogs (self);
  orphans_bindings_changed (service, self->changes);
  registrations_changed (service, self->changes);
  mail_bindings_changed (service->mail, self->changes);
  xmpp_rooms_bindings_changed (service, self->changes);
}

/* Who has been disabled meanwhile has lost his bindings, this one too. */
static void
stored_cb (StoreOutcome outcome, gpointer data)
{
  Registering *self = data;
  Service *service = self->service;

  if (outcome == STORE_REFUSED) {
    reg_undo (service->reg, self->changes, service_now (service));
    answer_now (service, SERVICE_FAILED, NULL, self->answer, self->data);
  } else if (service_enabled_user (service, self->aor) == NULL) {
    answer_now (service, SERVICE_NOT_FOUND, NULL, self->answer, self->data);
  } else {
    accepted (self, outcome);
  }
  registering_free (self);
}

static ServiceVerdict
verdict_of (RegVerdict verdict, const char **text)
{
  static const struct {
    ServiceVerdict verdict;
    const char *text;
  } rows[] = {
    [REG_OK] = { SERVICE_OK, NULL },
    [REG_REPEAT] = { SERVICE_OK, NULL },
    [REG_BRIEF] = { SERVICE_BRIEF, NULL },
    [REG_BAD_STAR] = { SERVICE_BAD_REQUEST, "Contact: * needs Expires: 0" },
    [REG_BAD_CONTACT] = { SERVICE_BAD_REQUEST, "Contact is no SIP URI" },
    [REG_OUT_OF_ORDER] = { SERVICE_OUT_OF_ORDER, "CSeq out of order" },
    [REG_TOO_MANY] = { SERVICE_FORBIDDEN, "Too many contacts" },
    [REG_LOOP] = { SERVICE_FORBIDDEN, "Contact is the address itself" },
  };

  *text = rows[verdict].text;
  return rows[verdict].verdict;
}

static Registering *
registering_new (Service *service, const ServiceCaller *caller, const char *aor,
                 GPtrArray *changes)
{
  Registering *self = g_new0 (Registering, 1);

  self->service = service;
  self->aor = g_strdup (aor);
  self->changes = changes;
  self->is_registered = reg_is_online (service->reg, aor);
  self->instance = g_strdup (caller->instance);
  self->contact = g_strdup (caller->contact);
  self->source = g_strdup (caller->source);
  self->flow = caller->flow;
  service_enter (service);
  return self;
}

void
service_register (Service *self, const ServiceCaller *caller,
                  const RegRequest *request, RegisterAnswerFn answer,
                  gpointer data)
{
  const StoreUser *user = service_enabled_user (self, request->aor);
  g_autoptr (GPtrArray) changes
      = g_ptr_array_new_with_free_func ((GDestroyNotify)reg_change_free);
  RegRequest decided = *request;
  Registering *registering;
  ServiceVerdict verdict;
  const char *text = NULL;

  if ((verdict = service_gate (self)) != SERVICE_OK) {
    answer_now (self, verdict, NULL, answer, data);
    return;
  }
  if (!aor_equal (caller->user, request->aor)) {
    answer_now (self, SERVICE_FORBIDDEN, "To is not the authenticated user",
                answer, data);
    return;
  }
  if (user == NULL) {
    answer_now (self, SERVICE_NOT_FOUND, NULL, answer, data);
    return;
  }
  decided.aor = user->aor;
  verdict = verdict_of (reg_register (self->reg, &decided, &self->limits.reg,
                                      service_now (self), changes),
                        &text);
  if (verdict != SERVICE_OK) {
    answer_now (self, verdict, text, answer, data);
    return;
  }
  registering
      = registering_new (self, caller, user->aor, g_steal_pointer (&changes));
  registering->answer = answer;
  registering->data = data;
  service_store_bindings (self, user->aor, registering->changes, stored_cb,
                          registering);
}
