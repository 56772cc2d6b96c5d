/* SPDX-License-Identifier: ISC
 *
 * Requests that are relayed to another domain. */
#pragma once
#include "service/service-priv.h"

/* Sends request on as it came; fn is called once, later: the response, or
 * SERVICE_UNAVAILABLE when there is none in time. */
void relay_start (Service *service, SipIncoming *request, MessageAnswerFn fn,
                  gpointer data);
/* Answers all that wait. */
void relays_give_up (Service *service);
/* Forgets them. */
void relays_free (Service *service);
