/* SPDX-License-Identifier: ISC
 *
 * The event packages: one row each. A new package is a row here and a function
 * that makes its document. */
#pragma once
#include "service/service-priv.h"

typedef struct {
  const char *name;         /* interned */
  const char *content_type; /* of its NOTIFYs, exactly as sent */
  const char *accept;       /* the type in Accept that asks for it */
  /* The document for this watcher now; NULL: an empty NOTIFY. */
  GBytes *(*compose) (Service *service, Sub *sub);
  /* The same for a member of a list, by what the watcher sees of it (sub_view);
   * NULL: there are no lists for this package. */
  GBytes *(*member) (Service *service, const char *watcher,
                     const char *presentity, const char *view);
  /* The type of a document that is not always of content_type; new.  NULL: it
   * is. */
  char *(*type) (Service *service, Sub *sub);
  /* What else may be asked of a SUBSCRIBE; SERVICE_OK, or the answer and why.
   * NULL: nothing. */
  ServiceVerdict (*check) (const SubscribeCommand *command, const char **text);
  const char
      *body; /* the type of a SUBSCRIBE's body that it takes; NULL: none */
  /* The document without any effect of telling it; NULL: compose has none. */
  GBytes *(*look) (Service *service, Sub *sub);
  const char *const *passing; /* names of its attributes that change with the
                                 time alone, up to NULL; or NULL */
  gboolean has_etag;   /* its NOTIFYs have entity tags (RFC 5839): they are full
                          state */
  gboolean is_partial; /* in application/pidf-diff+xml too (RFC 5263) */
  gboolean is_filtered;     /* a SUBSCRIBE may bring a filter (RFC 4660) */
  const char *pointer;      /* the type in Accept that will do too where there
                                is an XCAP server; or NULL */
  const char *event_params; /* what its NOTIFYs add to Event; or NULL */
  /* A NOTIFY of it ended: was it taken?  NULL: nobody cares. */
  void (*notified) (Service *service, Sub *sub, gboolean is_ok);
  const char *watched; /* the package whose watchers it is about (RFC 3857), or
                          NULL */
  guint default_expires;    /* seconds; 0: as the limits have it */
  gboolean ignores_body;    /* a SUBSCRIBE's, of whatever type */
  gboolean is_room; /* of a text conference (xmpp-rooms.h) */
  /* What it tells has to be read first (xcap_events.h). */
  gboolean is_read;
  /* A NOTIFY without answer ends the subscription, not only its device's
   * reachability (RFC 5875 4.7). */
  gboolean ends_at_timeout;
} Package;

/* NULL: we do not have it (489). */
const Package *package_find (const char *name);
/* The package about the watchers of a package, interned: "presence.winfo" for
 * "presence"; NULL: there is none. */
const char *package_template (const char *watched);
/* Does an Accept value (NULL: none given, RFC 6665 3.1.3: the default type)
 * allow a type that the package can send? */
gboolean package_is_acceptable (const Package *self, Service *service,
                                const char *accept);
/* Does it name application/pidf-diff+xml, and like it no less than PIDF (RFC
 * 5263 4.3)?  FALSE for NULL. */
gboolean package_prefers_partial (const char *accept);
/* Does it allow this type?  NULL: the default type alone, any is TRUE. */
gboolean package_accepts (const char *accept, const char *type);
