/* SPDX-License-Identifier: ISC
 *
 * A SUBSCRIBE that waits until the policy of both, or what it asks for, has been
 * read: a copy of all that it says. */
#pragma once
#include "service/service-priv.h"

typedef struct {
  Service *service;
  ServiceCaller caller;     /* owns its strings */
  SubsStored *stored;       /* of which the dialog */
  SubscribeCommand command; /* with that dialog */
  SubscribeAnswerFn answer;
  gpointer data;
} Asking;

/* Counts as a request in flight (service_enter); whoever answers leaves. */
Asking *asking_new (Service *service, const ServiceCaller *caller,
                    const SubscribeCommand *command, SubscribeAnswerFn answer,
                    gpointer data);
void asking_free (Asking *self);

/* subscribe.c: what it waited for has come, and it is decided now; frees it. */
void subscribe_asked (Asking *asking);
