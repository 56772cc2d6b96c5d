/* SPDX-License-Identifier: ISC
 *
 * Publications die with their device (limits.device_grace): its registration
 * ended, or the connection that it was registered by closed, and it did not
 * come back in time.  What a client published that never registered, or that
 * cannot be told from others, ends when it expires. */
#pragma once
#include "service/service-priv.h"

/* The device of one who publishes, as its publications name it: by its instance,
 * its flow or source, or its Contact; NULL: it cannot be told.  Borrowed. */
const char *orphans_device_of (Service *service, const ServiceCaller *caller,
                               const char *aor);

/* Bindings were put or dropped (RegChange). */
void orphans_bindings_changed (Service *service, const GPtrArray *changes);
/* A connection closes; call it before reg_flow_closed. */
void orphans_flow_closed (Service *service, guint64 flow);
/* Everything is loaded: those who were away still are. */
void orphans_loaded (Service *service);
