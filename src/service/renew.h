/* SPDX-License-Identifier: ISC
 *
 * When what was decided about a presentity's watchers has to be asked again by
 * itself: a rule's validity begins or ends (RFC 4745 7.4), or the presentity's
 * sphere changes (RFC 4745 7.3).  Costs nothing for those whose rules look at
 * neither. */
#pragma once
#include "service/service-priv.h"

Renewals *renewals_new (Service *service);
void renewals_free (Renewals *self);

/* What was decided about a watcher of presentity may change at that time
 * (microseconds since 1970). */
void renewals_note (Service *service, const char *presentity, gint64 at);

/* The sphere of a presentity whose rules look at it; from now on its changes
 * are noticed.  NULL: undefined.  Borrowed until the next call. */
const char *renewals_sphere (Service *service, const char *presentity);
/* The presentity's state changed: its sphere too, so that its watchers have to
 * be judged? */
gboolean renewals_has_moved (Service *service, const char *presentity);

/* Judges again who is due; also everybody who waits for a time when somebody
 * has set the clock. */
void renewals_advance (Service *service);
/* Presentities that are looked after. */
guint renewals_size (const Renewals *self);
