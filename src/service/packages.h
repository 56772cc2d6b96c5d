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
  const char
      *body; /* the type of a SUBSCRIBE's body that it takes; NULL: none */
  /* What it tells has to be read first (xcap_events.h). */
  gboolean is_read;
  /* A NOTIFY without answer ends the subscription, not only its device's
   * reachability (RFC 5875 4.7). */
  gboolean ends_at_timeout;
} Package;

/* NULL: we do not have it (489). */
const Package *package_find (const char *name);
/* Does an Accept value (NULL: none given, RFC 6665 3.1.3: the default type)
 * allow the package's type? */
gboolean package_is_acceptable (const Package *self, const char *accept);
