/* SPDX-License-Identifier: ISC
 *
 * A resource of an XMPP user, or a device of a SIP user as XMPP sees it: who is
 * available, how, and since when. */
#pragma once
#include <glib.h>

/* RFC 6121 4.7.2.1; NONE: simply available. */
typedef enum {
  ROSTER_SHOW_NONE,
  ROSTER_SHOW_CHAT,
  ROSTER_SHOW_AWAY,
  ROSTER_SHOW_XA,
  ROSTER_SHOW_DND,
} RosterShow;

typedef struct {
  char *name; /* the resourcepart; NULL: the bare address */
  RosterShow show;
  char *status, *lang; /* NULL: none */
  int priority;        /* -128 to 127 */
  gint64 at;           /* us since 1970; 0: not known */
} RosterResource;

RosterResource *roster_resource_new (const char *name);
RosterResource *roster_resource_copy (const RosterResource *self);
void roster_resource_free (RosterResource *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RosterResource, roster_resource_free)
/* Do they say the same, whenever? */
gboolean roster_resource_equal (const RosterResource *a,
                                const RosterResource *b);
/* Is a the more available of the two (RFC 8048 6.2): by how he is, then by
 * priority, then the newer one? */
gboolean roster_resource_is_better (const RosterResource *a,
                                    const RosterResource *b);
