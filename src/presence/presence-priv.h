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

struct Presence {
  GHashTable *presentities; /* aor -> Presentity */
  GHashTable *tickets;      /* &Decision.ticket -> Publication */
  Wheel *wheel;
  guint64 last_ticket, last_version, last_order;
  guint live;
  guint n_orphans;     /* publications that are is_orphaned */
  PresenceGoneFn gone; /* while presence_advance runs */
  gpointer gone_data;
  PresenceWallFn wall; /* or NULL */
  gpointer wall_data;
  GQueue left; /* char *: AoRs for presence_take_left */
};

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
  guint is_orphaned : 1; /* its device is away: its timer is the end of that */
};

struct Presentity {
  char *aor;
  Publication *first;
  Publication *permanent; /* what presence_set_permanent gave, as if it had been
                             published; in no list, without a timer; or NULL */
  guint64 version;
  gint64 since; /* us since 1970: not here since then; 0: not known */
  guint is_registered : 1;
  guint is_here : 1;     /* registered, or a device says so */
  guint is_on_phone : 1; /* presence_set_on_phone */
};

/* presence.c: the document may be another one now. */
void presence_touch (Presence *self, Presentity *user);
/* NULL: nothing is known of aor. */
Presentity *presence_find (Presence *self, const char *aor);
Presentity *presence_need (Presence *self, const char *aor);
void presence_forget_if_empty (Presence *self, Presentity *user);
/* Something of user was set; before: his document until then.  TRUE when it is
 * another one now.  Forgets him if nothing is left. */
gboolean presence_settle (Presence *self, Presentity *user,
                          const PresenceDoc *before);
/* away.c: is he here still?  Notes since when he is not. */
void presentity_look (Presence *self, Presentity *user);
/* The device of a publication is back. */
void publication_adopt (Presence *self, Publication *publication);

/* The one event package that is composed. */
#define PRESENCE_COMPOSED "presence"

gboolean presence_row_is_of (const PresenceRow *row, const char *event);

/* What the next PUBLISH is judged by; NULL only for a publication that is being
 * taken apart. */
PresenceRow *publication_decided (const Publication *self);

/* Is it committed, not removed, and the newest of its device?  Composed: is it
 * of the event package that is, too? */
gboolean publication_is_shown (const Publication *self);
gboolean publication_is_composed (const Publication *self);
/* Was a published after b?  Both committed. */
gboolean publication_is_newer (const Publication *a, const Publication *b);

/* Shows new content (doc is taken) and hides older ones of the same device, or
 * stays hidden when it is the older one.  order grows with each call.  TRUE
 * when another one was hidden. */
gboolean publication_show (Publication *self, PresenceDoc *doc, guint64 order);
/* Makes decision (emptied, not freed) the committed state; TRUE when watchers
 * see a difference. */
gboolean publication_apply (Publication *self, Decision *decision,
                            guint64 order);

/* Nothing composed has a tuple: the registration is seen. */
gboolean presentity_shows_registration (const Presentity *self);
/* Neither a binding nor anything composed nor a permanent document. */
gboolean presentity_is_blank (const Presentity *self);

/* Shows new content (doc is taken) of the permanent document: it hides nothing
 * and nothing hides it. */
void publication_show_permanent (Publication *self, PresenceDoc *doc);
/* Takes doc in the place of the permanent document there is; NULL: none. */
void presentity_set_permanent (Presentity *self, PresenceDoc *doc);
/* What is left of a permanent document (which has one doc) beside n shown
 * publications: all that they say nothing about.  New. */
PresenceDoc *permanent_beside (const PresenceDoc *doc,
                               Publication *const *shown, guint n);

/* Which device a publication speaks for: the row's, else the only dm:deviceID
 * of doc; NULL: none but itself.  Borrowed. */
const char *presence_device_of (const PresenceRow *row, const PresenceDoc *doc);

/* Does a and b use an id in common? */
gboolean presence_ids_clash (const PresenceDoc *a, const PresenceDoc *b);

/* The document of n shown publications, newest first, and of what else is known
 * of the presentity (NULL: nothing). */
PresenceDoc *presence_compose_shown (const char *aor, Publication *const *shown,
                                     guint n, const Presentity *user);
