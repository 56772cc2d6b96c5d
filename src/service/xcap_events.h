/* SPDX-License-Identifier: ISC
 *
 * Event package xcap-diff (RFC 5875): which subscription watches which
 * documents, and what it has been told of them.  The store is read when a
 * SUBSCRIBE comes, after a start and when documents changed; a NOTIFY is made of
 * what has been read, so that it never waits.  Of diff-processing we do
 * no-patching, which every other mode may fall back to (RFC 5875 4.3, 4.7). */
#pragma once
#include "service/service-priv.h"

#define XCAP_DIFF "xcap-diff"

XcapEvents *xcap_events_new (void);
/* What is being read is forgotten; who waits for it is not called. */
void xcap_events_free (XcapEvents *self);

/* What one SUBSCRIBE asks for, as read from the store. */
typedef struct XcapWatch XcapWatch;
typedef void (*XcapWatchFn) (XcapWatch *watch, gpointer data);

/* Reads what body selects of owner's documents (NULL: all of them), then calls
 * fn once, inside the call or later, also when PostgreSQL is away.  fn owns the
 * watch, for xcap_events_attach or xcap_watch_free.  FALSE: the body is wrong,
 * and fn is not called. */
gboolean xcap_events_prepare (Service *service, const char *owner,
                              const SubsBody *body, XcapWatchFn fn,
                              gpointer data, GError **error);
void xcap_watch_free (XcapWatch *self);

/* sub was made or refreshed by that SUBSCRIBE: its next NOTIFY tells everything
 * (RFC 5875 4.7).  Takes the watch. */
void xcap_events_attach (Service *service, Sub *sub, XcapWatch *watch);
/* A SUBSCRIBE of sub could not be written: its old list counts again. */
void xcap_events_revert (Service *service, Sub *sub);

/* After a start: reads what sub watches.  TRUE: sub is judged, and with wakes
 * woken, when that is done; FALSE: the caller goes on. */
gboolean xcap_events_restore (Service *service, Sub *sub, gboolean wakes);

/* A device was heard of: has what sub watches been read (also: is it of another
 * package)?  FALSE: sub is woken when it has.  For SubsDevice. */
gboolean xcap_events_may_tell (Sub *sub, gpointer service);

/* The document for this subscription: everything, or what changed since the last
 * one that was answered; NULL: PostgreSQL has been away since its SUBSCRIBE. */
GBytes *xcap_events_document (Service *service, Sub *sub);
/* The NOTIFY with the last document ended; is_told: by a 2xx. */
void xcap_events_notified (Service *service, Sub *sub, gboolean is_told);
/* sub is gone. */
void xcap_events_forget (Service *service, Sub *sub);

/* Event of the store: see documents_changed of port/store.h. */
void xcap_events_changed (const char *auid, const char *owner, const char *name,
                          gpointer service);
/* PostgreSQL is back. */
void xcap_events_retry (Service *service);
/* sub's turn has come: what it watches is read again. */
void xcap_events_read_again (Service *service, Sub *sub);
