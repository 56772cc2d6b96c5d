/* SPDX-License-Identifier: ISC
 *
 * What the policy knows of users: read from the store at first need, kept while
 * it is true and there is room. */
#pragma once
#include "service/service-priv.h"

Facts *facts_new (Service *service);
/* Who waits is not called. */
void facts_free (Facts *self);

/* What is in memory; NULL: nothing yet. Borrowed until the next turn of the
 * loop. */
PolicyUser *facts_peek (Facts *self, const char *aor);

/* user: borrowed, NULL when PostgreSQL is away. */
typedef void (*FactsFn) (PolicyUser *user, gpointer data);
/* Calls fn once, never inside this call, with what is true after it. */
void facts_want (Facts *self, const char *aor, FactsFn fn, gpointer data);

/* What was read of aor (NULL: of anybody) is old. */
void facts_forget (Facts *self, const char *aor);
/* Users in memory. */
guint facts_size (const Facts *self);
