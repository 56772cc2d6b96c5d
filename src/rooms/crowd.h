/* SPDX-License-Identifier: ISC
 *
 * Who is in a room, as XMPP tells it (XEP-0045 7.2), with a serial number for
 * each change, so that what is new since somebody was told can be said (RFC 4575
 * 4.4).  Knows no XML and no clock. */
#pragma once
#include <glib.h>

typedef struct Crowd Crowd;

typedef enum {
  CROWD_AVAILABLE,
  CROWD_CHAT,
  CROWD_AWAY,
  CROWD_XA,
  CROWD_DND,
} CrowdShow;

/* Borrowed. */
typedef struct {
  const char *nick;
  const char *role;        /* "moderator", "participant", "visitor"; or NULL */
  const char *affiliation; /* "owner", "admin", "member", "none"; or NULL */
  CrowdShow show;
  gboolean is_hidden; /* how he is is nobody's business: when that alone is
                         another, nothing changed */
} CrowdOccupant;

/* At most max occupants are known, and max_gone who left are remembered. */
Crowd *crowd_new (guint max, guint max_gone);
void crowd_free (Crowd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Crowd, crowd_free)
void crowd_set_max (Crowd *self, guint max);

/* Each of these is TRUE when something changed. */

/* He is there, or is now as this says.  One too many is left out. */
gboolean crowd_put (Crowd *self, const CrowdOccupant *occupant);
gboolean crowd_drop (Crowd *self, const char *nick);
/* The same person under another nick. */
gboolean crowd_rename (Crowd *self, const char *from, const char *to);
/* NULL or "": there is none. */
gboolean crowd_set_subject (Crowd *self, const char *subject);

/* Who is not among nicks (a set) has left. */
gboolean crowd_keep (Crowd *self, GHashTable *nicks);

const char *crowd_subject (const Crowd *self); /* or NULL */
guint crowd_size (const Crowd *self);
/* NULL: nobody is called so. */
const CrowdOccupant *crowd_find (const Crowd *self, const char *nick);

/* Grows with each change; 1 at first. */
guint64 crowd_serial (const Crowd *self);
/* The subject's last change. */
guint64 crowd_subject_serial (const Crowd *self);
/* Is all that changed after serial still known?  FALSE: who was told up to there
 * needs everything. */
gboolean crowd_reaches (const Crowd *self, guint64 serial);
/* How many occupants changed, or left, after serial; for 0 how many there are. */
guint crowd_count_since (const Crowd *self, guint64 serial);
/* Calls fn for each of them, the oldest change first; is_gone: he left.  For 0
 * for all who are there. */
typedef void (*CrowdFn) (const CrowdOccupant *occupant, gboolean is_gone,
                         gpointer data);
void crowd_foreach_since (const Crowd *self, guint64 serial, CrowdFn fn,
                          gpointer data);
