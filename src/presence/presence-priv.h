/* SPDX-License-Identifier: ISC
 *
 * A publication inside presence/: what is committed and shown, and the
 * decisions on it that are still on their way to the store. */
#pragma once
#include "base/wheel.h"
#include "presence/presence.h"

typedef struct Presentity Presentity;
typedef struct Publication Publication;
typedef struct Decision Decision;

struct Decision {
  guint64 ticket;
  Decision *next;
  PresenceRow *row;    /* what will be stored */
  PresenceDoc *doc;    /* new content, or NULL */
  gboolean is_content; /* FALSE: a refresh or a removal */
};

struct Publication {
  WheelTimer timer; /* first: a timer is its publication */
  Publication *next;
  Presentity *owner;
  PresenceRow *row;     /* committed; NULL before the first commit */
  PresenceDoc *doc;     /* of row, or NULL */
  Decision *flight;     /* oldest first */
  guint64 order;        /* of becoming visible: breaks ties of published_at */
  guint is_visible : 1; /* committed and not removed */
  guint is_superseded : 1; /* its device has published something newer */
  guint is_renamed : 1;    /* its ids carry a suffix of its own */
  guint is_counted : 1;    /* in presence_size */
};

/* Which device a publication speaks for: the row's, else the only dm:deviceID
 * of doc; NULL: none but itself.  Borrowed. */
const char *presence_device_of (const PresenceRow *row, const PresenceDoc *doc);

/* Does a and b use an id in common? */
gboolean presence_ids_clash (const PresenceDoc *a, const PresenceDoc *b);

/* The document of n shown publications, newest first. */
PresenceDoc *presence_compose_shown (const char *aor, Publication *const *shown,
                                     guint n, gboolean is_registered);
