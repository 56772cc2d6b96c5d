/* SPDX-License-Identifier: ISC
 *
 * Permanent presence (RFC 4827): keeps presence/ in step with the documents of
 * pidf-manipulation in the store.  Told of all of them at the start, reads one
 * when it changed.  One that cannot be read as a presence document is passed
 * over, as if it was not there. */
#pragma once
#include "service/service-priv.h"

Permanents *permanents_new (Service *service);
/* What is being read is forgotten. */
void permanents_free (Permanents *self);

/* While the store is loaded: owner has this document; takes body.  In the form of
 * StoreLoadFns. */
void permanent_load_cb (const char *owner, GBytes *body, gpointer service);
/* Loaded: what changed meanwhile is read. */
void permanent_loaded (Service *service);

/* Event of the store: see documents_changed of port/store.h. */
void permanent_changed (const char *auid, const char *owner, const char *name,
                        gpointer service);
/* A user who was disabled is not any more: his document counts again. */
void permanent_enabled (Service *service, const char *aor);
/* PostgreSQL is back. */
void permanent_retry (Service *service);
