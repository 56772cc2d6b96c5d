/* SPDX-License-Identifier: ISC
 *
 * What the policy knows of users: read from the store at first need, kept while
 * it is true and there is room. */
#pragma once
#include "service/service-priv.h"

Facts *facts_new (Service *service);
/* Who waits is not called, but for facts_when_read. */
void facts_free (Facts *self);

/* What is in memory; NULL: nothing yet. Borrowed until the next turn of the
 * loop. */
PolicyUser *facts_peek (Facts *self, const char *aor);

/* user: borrowed, NULL when PostgreSQL is away. */
typedef void (*FactsFn) (PolicyUser *user, gpointer data);
/* Calls fn once, never inside this call, with what is true after it. */
void facts_want (Facts *self, const char *aor, FactsFn fn, gpointer data);

/* Calls done (inside the call or later) when all that is being read now has been
 * read, and whoever waits for it judged.  STORE_AWAY: some could not be read, or
 * self is freed. */
void facts_when_read (Facts *self, StoreDoneFn done, gpointer data);

/* What was read of aor (NULL: of anybody) is old. */
void facts_forget (Facts *self, const char *aor);
/* Users in memory. */
guint facts_size (const Facts *self);
