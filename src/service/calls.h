/* SPDX-License-Identifier: ISC
 *
 * The event package dialog (RFC 4235): what the devices of a user publish about
 * their calls, brought together for who watches, and "on the phone" for who
 * watches presence. */
#pragma once
#include "service/service-priv.h"

#define CALLS_EVENT "dialog"

Calls *calls_new (void);
void calls_free (Calls *self);

/* Is body a document that calls_changed can read? */
gboolean calls_check (const char *bytes, gsize len, GError **error);
/* What is published about the calls of aor changed, and is committed. */
void calls_changed (Service *service, const char *aor);
/* The same while the store is loaded: nobody is told. */
void calls_restored (Service *service, const char *aor);
/* What watchers of aor may see changed, as everybody's. */
void calls_show (Service *service, const char *aor);

/* All calls, with their participants, to oneself and to whoever sees all of the
 * user's presence; their state alone to those who see activities; none to
 * others. */
GBytes *calls_document (Service *service, Sub *sub);
/* The same with a version of no meaning, which uses none up. */
GBytes *calls_look (Service *service, Sub *sub);
