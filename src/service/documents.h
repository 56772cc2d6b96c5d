/* SPDX-License-Identifier: ISC
 *
 * Presence documents as bytes: built once for each (presentity version, rights)
 * and shared by all watchers who see the same. */
#pragma once
#include "service/service-priv.h"

Documents *documents_new (void);
void documents_free (Documents *self);

/* What this watcher sees of its presentity now. Caller unrefs. */
GBytes *documents_presence (Service *service, Sub *sub);

/* The same of one who sees this view (NULL: not known yet) of it. */
GBytes *documents_view (Service *service, const char *watcher,
                        const char *presentity, const char *view);

/* Does the presentity's newest version look different through a view (sub_view)
 * than the one before?  Where none before is known, yes. */
gboolean documents_has_changed (Service *service, const char *presentity,
                                const char *view);
