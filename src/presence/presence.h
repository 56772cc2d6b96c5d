/* SPDX-License-Identifier: ISC
 *
 * Publications and what they add up to: entity tags by compare-and-swap (RFC
 * 3903 section 6), soft state, composition over devices.  Two views of one
 * publication: *decided* at arrival (what the next PUBLISH is judged by) and
 * *visible* after its commit (what watchers see).  Knows no XML, socket or SQL;
 * times are microseconds on the monotonic clock. */
#pragma once
#include "presence/model.h"

typedef struct Presence Presence;

typedef struct {
  const char *aor;      /* canonical */
  const char *event;    /* "presence" */
  const char *if_match; /* SIP-If-Match, or NULL */
  gint64 expires;       /* seconds, -1 not given; 0 removes */
  GBytes *body;         /* as sent, or NULL */
  PresenceDoc *doc;     /* parsed from body, or NULL; taken */
  const char *device;   /* which device this is; NULL: the publication is one */
  const char *call_id, *from_tag;
  guint32 cseq;
} PresencePublish;

typedef struct {
  guint min_expires, max_expires, default_expires; /* seconds */
  guint max_publications; /* per presentity and event; of one more the oldest
                             that its device has replaced goes, if any */
} PresenceLimits;

typedef enum {
  PRESENCE_OK,
  PRESENCE_REPEAT,   /* same Call-ID, From tag and CSeq as stored: answered as
                        the first time; nothing changes */
  PRESENCE_NO_MATCH, /* 412 */
  PRESENCE_BRIEF,    /* 423 */
  PRESENCE_NO_BODY,  /* 400: an initial one without body */
  PRESENCE_TOO_MANY, /* 403 */
} PresenceVerdict;

/* A publication's row, as the store keeps it; a copy that owns its strings.  A
 * removed one is kept as a tombstone (body NULL, is_removed) for 64 s, so that
 * its repetition after a crash is answered as the first time. */
typedef struct {
  char *aor, *event;
  char *key;  /* names the publication through all its etags */
  char *etag; /* the current one */
  char *device;
  GBytes *body;
  char *call_id, *from_tag;
  guint32 cseq;
  guint32 granted; /* seconds, as answered: for a repetition */
  gboolean is_removed;
  gint64 published_at; /* us; older than a restart: negative is fine */
  gint64 expires_at;   /* us */
} PresenceRow;
PresenceRow *presence_row_copy (const PresenceRow *self);
void presence_row_free (PresenceRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PresenceRow, presence_row_free)

typedef struct {
  char etag[32];
  guint expires;    /* granted, seconds (0: removed) */
  PresenceRow *row; /* to be stored; NULL for anything but PRESENCE_OK. Owned by
                       the caller */
  guint64 ticket;   /* names this decision to presence_commit; of a repetition:
                       the one that it repeats while in flight, else 0 */
} PresenceOutcome;
void presence_outcome_clear (PresenceOutcome *self);

Presence *presence_new (gint64 now);
void presence_free (Presence *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Presence, presence_free)

/* Decides a PUBLISH.  Takes request->doc whatever the verdict. Each accepted one
 * gets a new etag (RFC 3903 6: also a refresh). */
PresenceVerdict presence_publish (Presence *self, PresencePublish *request,
                                  const PresenceLimits *limits, gint64 now,
                                  PresenceOutcome *out);

/* The body of the publication whose etag this is, as decided; the caller unrefs.
 * NULL: there is none. */
GBytes *presence_body (Presence *self, const char *aor, const char *event,
                       const char *etag);

/* Is etag the current one of a publication? */
gboolean presence_has_etag (Presence *self, const char *aor, const char *event,
                            const char *etag);

/* Bounds the decided expiry to at most seconds from now, also in out (its row
 * too, when there).  Call it before presence_commit of that ticket. */
void presence_shorten (Presence *self, PresenceOutcome *out, guint seconds,
                       gint64 now);

/* What was decided under ticket has been committed: it becomes visible.  TRUE
 * when what watchers see changed.  Tickets of one publication are committed in
 * the order of their decisions. */
gboolean presence_commit (Presence *self, const char *aor, guint64 ticket);
/* It could not be stored: the decision is undone, the publication is again what
 * it was before (an initial one is dropped), its old etag counts again; what
 * was decided later on top of it stands.  TRUE when what watchers see changed.
 */
gboolean presence_abort (Presence *self, const char *aor, guint64 ticket);

/* Registration: is there a committed binding?  TRUE when what watchers see
 * changed (an unpublished user is open with one and closed without). */
gboolean presence_set_registered (Presence *self, const char *aor,
                                  gboolean is_registered);

/* The presence that the user keeps on the server beside all devices (RFC 4827):
 * one more source of the composition, which never expires.  Takes doc; NULL:
 * there is none (any more).  TRUE when what watchers see changed. */
gboolean presence_set_permanent (Presence *self, const char *aor,
                                 PresenceDoc *doc);

/* Puts a stored publication back after a restart, visible; takes both. doc is
 * NULL for a tombstone. */
void presence_restore (Presence *self, PresenceRow *row, PresenceDoc *doc,
                       gint64 now);

/* What watchers with full rights see: the newest publication of each device,
 * one tuple per device (ids made unique), open ones first; person and device
 * elements of all, newest first, identical ones once; notes.  Several tuples of
 * one publication are kept when they differ in contact or dm:deviceID: then
 * they are services that a watcher can tell apart (RFC 4479 3.2).  An older
 * publication of a device stays hidden when the newer one is removed, until it
 * is modified itself.  The permanent document comes last, and what is published
 * wins where both speak of the same: a tuple of it gives way to a published one
 * of its device or with its contact, a device element to one of its dm:deviceID,
 * and what its person elements say (activities, mood, notes...) to the same kind
 * of word in a published person element.  From the registration when there is no
 * tuple: one tuple, open with a binding and closed without. Only event "presence"
 * is composed. Caller frees. */
PresenceDoc *presence_compose (Presence *self, const char *aor);
/* Changes each time the composed document may have changed; never 0, and never
 * used again for another document of this AoR (1 is the one of nobody there). */
guint64 presence_version (Presence *self, const char *aor);

/* The *unknown* document: valid, no tuple at all. */
PresenceDoc *presence_unknown (const char *aor);
/* What presence_compose gives for somebody with neither publication, binding nor
 * permanent document: also what who is politely blocked gets to see. */
PresenceDoc *presence_offline (const char *aor);
/* The same for somebody who left at since (us since 1970; 0: not known). */
PresenceDoc *presence_offline_since (const char *aor, gint64 since);

/* Expires publications and forgets tombstones.  fn is called once per row gone;
 * is_visible when what watchers see changed. */
typedef void (*PresenceGoneFn) (const PresenceRow *row, gboolean is_visible,
                                gpointer data);
void presence_advance (Presence *self, gint64 now, PresenceGoneFn fn,
                       gpointer data);
/* Drops all of a user (disabled, removed), his registration and permanent
 * document too. */
void presence_drop_user (Presence *self, const char *aor, PresenceGoneFn fn,
                         gpointer data);

/* --- Who and what is away --- */

/* The device that published for aor is not signed in any more (or cannot be
 * reached): what it published ends at due (us) if nothing comes of it before. */
void presence_orphan (Presence *self, const char *aor, const char *device,
                      gint64 due);
/* It is back: what it published ends when it expires.  Costs nothing while no
 * device is away. */
void presence_adopt (Presence *self, const char *aor, const char *device);
/* Calls fn for each device that has published, for each publication of its. */
typedef void (*PresenceDeviceFn) (const char *aor, const char *device,
                                  gpointer data);
void presence_foreach_device (Presence *self, PresenceDeviceFn fn,
                              gpointer data);

/* The time of day, us since 1970.  Once there is one, the document of somebody
 * who is not here says since when (the timestamp of its closed tuple, RFC 3863
 * 4.1.7). */
typedef gint64 (*PresenceWallFn) (gpointer data);
void presence_set_wall (Presence *self, PresenceWallFn wall, gpointer data);
/* Since when aor is not here; now when he is; 0: not known. */
gint64 presence_since (Presence *self, const char *aor);
/* Somebody who left since it was asked last, and when; FALSE: nobody.  The
 * caller frees *aor_out. */
gboolean presence_take_left (Presence *self, char **aor_out, gint64 *since_out);
/* After a restart: aor was here last at since. */
void presence_restore_since (Presence *self, const char *aor, gint64 since);

/* --- Other event packages --- */

/* Calls fn for what watchers of event see of aor: the body of the newest
 * publication of each device, in no order. */
typedef void (*PresenceBodyFn) (const char *key, GBytes *body, gpointer data);
void presence_foreach_body (Presence *self, const char *aor, const char *event,
                            PresenceBodyFn fn, gpointer data);
/* Is he in a call?  The activity on-the-phone (RFC 4480 3.2) is added to his
 * person unless a device has published activities.  TRUE when what watchers see
 * changed. */
gboolean presence_set_on_phone (Presence *self, const char *aor,
                                gboolean is_on_phone);

/* Live publications, without tombstones. */
guint presence_size (Presence *self);
