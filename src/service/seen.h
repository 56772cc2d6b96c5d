/* SPDX-License-Identifier: ISC
 *
 * Since when those are away who are: kept beside the publications, as a row of
 * the event SEEN_EVENT that is removed already, for 30 days. */
#pragma once
#include "service/service-priv.h"

#define SEEN_EVENT "last-seen"

/* From now on presence/ knows the time of day. */
void seen_init (Service *service);
/* Writes who has left since the last call. */
void seen_advance (Service *service);
/* While the store is loaded: is this such a row?  Then it is taken. */
gboolean seen_restore (Service *service, PresenceRow *row);
/* The user is gone. */
void seen_forget (Service *service, const char *aor);
