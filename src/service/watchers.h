/* SPDX-License-Identifier: ISC
 *
 * Watcher information (RFC 3857): who watches a presentity, for its owner.
 * Every document is full state; a watcher that ended since the subscription's
 * last document is named in it once more, as terminated. */
#pragma once
#include "service/service-priv.h"

Watchers *watchers_new (void);
void watchers_free (Watchers *self);

/* The watcher-information document for this winfo subscription. */
GBytes *watchers_document (Service *service, Sub *sub);

/* The same without telling it: of version 0, and who ended is told once more
 * all the same. */
GBytes *watchers_look (Service *service, Sub *sub);

/* A watcher's state changed (SUBS_ACT_WATCHER): remembers it if it ended. */
void watchers_note (Service *service, const SubsAction *action);

/* The same for one who watches package through a list. */
void watchers_note_ended (Service *service, const char *presentity,
                          const char *package, const char *id,
                          const char *watcher, SubsReason reason);

/* sub is gone. */
void watchers_forget (Service *service, Sub *sub);

/* Forgets watchers that ended so long ago that everybody was told. */
void watchers_advance (Service *service);

/* Who watches the watchers of presentity hears of it. */
void watchers_changed (Service *service, const char *presentity);
