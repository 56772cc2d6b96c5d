/* SPDX-License-Identifier: ISC
 *
 * The event package reg (RFC 3680, RFC 5628): where a user is registered, for
 * himself, for applications behind trusted peers, and for whom he (or the
 * administrator) has allowed by name.  The first document after a SUBSCRIBE is
 * full state, the others say what changed since the last one that was taken.
 * Costs nothing while nobody watches. */
#pragma once
#include "service/service-priv.h"

#define REGISTRATIONS_EVENT "reg"

void registrations_free (Registrations *self);

/* Package callbacks. */
GBytes *registrations_document (Service *service, Sub *sub);
void registrations_notified (Service *service, Sub *sub, gboolean is_ok);
/* sub is gone. */
void registrations_forget (Service *service, Sub *sub);

/* Bindings were put or dropped (RegChange), and it is committed. */
void registrations_changed (Service *service, const GPtrArray *changes);
/* What ended so long ago that everybody was told is forgotten. */
void registrations_advance (Service *service);
