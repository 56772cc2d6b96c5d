/* SPDX-License-Identifier: ISC
 *
 * The bounds of text conferences. */
#pragma once
#include <glib.h>

typedef struct {
  guint max_rooms;  /* of one user */
  guint max_roster; /* occupants of one room that are known */
  guint rejoins;    /* a second, after a lost link */
  guint ping;       /* seconds without a word of a room, after which it is asked
                       whether he is still in; 0: never */
  guint grace;      /* seconds that he stays after his last device left */
} RoomsLimits;
