/* SPDX-License-Identifier: ISC
 *
 * The devices of a user, as im/ knows them: by +sip.instance, or else by their
 * Contact; each is one of its bindings, the newest that can be reached. */
#pragma once
#include "service/service-priv.h"

/* Borrowed from the binding. */
const char *device_name (const RegBinding *binding);

/* Those of aor that can be reached now, each once: borrowed names, until the
 * next change of its bindings; a new array.  instance: that one alone; NULL:
 * all. */
GPtrArray *devices_reachable (Service *self, const char *aor,
                              const char *instance);

/* How to reach a device now; what *out points to is borrowed as above.  FALSE:
 * there is no way.  For an address of another domain device is its URI. */
gboolean device_target (Service *self, const char *aor, const char *device,
                        SipTarget *out);

/* Which of his devices caller is (DESIGN section 6): the one of its flow or
 * source, unless that is a proxy's; else the one that the request names; else
 * his only one; else NULL. */
const char *device_of_caller (Service *self, const ServiceCaller *caller);

/* Has aor a binding of this device, that can be reached if is_reachable? */
gboolean device_is_here (Service *self, const char *aor, const char *device,
                         gboolean is_reachable);

/* Those whose bindings came by this flow: AoR and device by turns, a new array
 * that owns its strings. */
GPtrArray *devices_of_flow (Service *self, guint64 flow);
