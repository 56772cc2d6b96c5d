/* SPDX-License-Identifier: ISC
 *
 * Writing application/conference-info+xml (RFC 4575), for text conferences as of
 * RFC 7702 6.2: an occupant is a user with one endpoint, whose entity is his
 * address in the room.
 *
 * A document is a head, which is each watcher's own (its version), and the users,
 * which many share: so they are written apart. */
#pragma once
#include <glib.h>

#define CONFERENCE_TYPE "application/conference-info+xml"

/* What is said of the conference; everything borrowed. */
typedef struct {
  guint32 version;
  gboolean is_full;     /* else partial: what changed */
  const char *entity;   /* its URI */
  const char *display;  /* or NULL: not said */
  gboolean has_subject; /* said; subject NULL: there is none */
  const char *subject;
  gboolean is_active;
  gboolean has_count;
  guint n_users;
} ConferenceHead;

typedef enum {
  CONFERENCE_CONNECTED,
  CONFERENCE_AWAY,
  CONFERENCE_BUSY,
  CONFERENCE_UNKNOWN, /* availability is not shared: there, and no more */
  CONFERENCE_GONE,    /* of a partial document: he left (4.4: deleted) */
} ConferenceState;

typedef struct {
  const char *entity; /* his URI */
  const char *nick;
  const char *role; /* or NULL */
  ConferenceState state;
} ConferenceUser;

/* Appends one <user>. */
void conference_put_user (GString *out, const ConferenceUser *user);
/* The whole document; users is what conference_put_user wrote, or NULL: of a full
 * one that there are none, of a partial one that nothing changed there. */
GBytes *conference_write (const ConferenceHead *head, const GString *users);
